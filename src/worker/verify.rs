//! A second opinion on a deletion: the service is asked for what it says it has deleted.
//!
//! What is read may lag behind what was written, so a thing that is still there is asked for a few
//! times more. The row stays `sending` meanwhile: a crash leaves it in doubt, which is what it is.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time;

use crate::api::Client;
use crate::domain::{Answer, Cause, Halt, Outcome};
use crate::store::Claim;

use super::fetch::{Looked, look};
use super::tries::Ending;
use super::{Signal, Tools, stopped};

/// Waits between one look and the next.
const WAITS: [Duration; 4] = [
    Duration::from_millis(100),
    Duration::from_millis(400),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

/// `ending` if the service has no such id any more; else the deletion is in doubt.
pub(super) async fn verify(
    tools: &Tools,
    client: &Client,
    claim: &Claim,
    ending: Ending,
    signal: &mut watch::Receiver<Signal>,
) -> Ending {
    let mut waits = WAITS.iter();
    loop {
        let (cause, seen) = match look(tools, client, claim.kind, &claim.id, signal).await {
            Looked::Gone(_) => return ending,
            Looked::Found(..) => match waits.next() {
                Some(wait) => {
                    tokio::select! {
                        () = stopped(signal) => {}
                        () = time::sleep(*wait) => {}
                    }
                    continue;
                }
                None => (Some(Cause::StillThere), None),
            },
            Looked::Unknown(answer) => (answer.cause, Some(answer)),
            Looked::Halt(answer) => {
                let halt = Halt {
                    cause: answer.cause.unwrap_or(Cause::Service),
                    answer: Some(answer.clone()),
                };
                return Ending {
                    halt: Some(halt),
                    ..doubt(ending, answer.cause, Some(answer))
                };
            }
            Looked::Stopped => (Some(Cause::Stopped), None),
        };
        return doubt(ending, cause, seen);
    }
}

/// What the lookup was answered, if it was; `attempts` counts deletions all the same.
fn doubt(ending: Ending, cause: Option<Cause>, seen: Option<Answer>) -> Ending {
    let attempts = ending.answer.attempts;
    Ending {
        outcome: Outcome::Unsettled,
        answer: Answer {
            attempts,
            cause,
            ..seen.unwrap_or(ending.answer)
        },
        halt: ending.halt,
    }
}
