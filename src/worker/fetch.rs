//! One lookup with its tries: for settling and for refreshing.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time;

use crate::api::{self, Fetched};
use crate::domain::{Answer, Cause, Facts, Kind, ResourceId};

use super::{Signal, Tools, stopped};

/// Lookups that end in silence, at most.
const TIMEOUTS: u32 = 2;

/// What a lookup came to in the end.
pub(super) enum Looked {
    Found(Facts),
    /// The service's own not-found.
    Gone(Answer),
    /// No believable answer about this id.
    Unknown(Answer),
    /// No other lookup would fare better.
    Halt(Answer),
    /// The user does not want to know any more.
    Stopped,
}

/// Asks for a resource until there is an answer or the tries are used up.
pub(super) async fn look(
    tools: &Tools,
    kind: Kind,
    id: &ResourceId,
    signal: &mut watch::Receiver<Signal>,
) -> Looked {
    let (mut sent, mut timeouts) = (0, 0);
    for count in 1_u32.. {
        let place = tokio::select! {
            biased;
            () = stopped(signal) => return Looked::Stopped,
            place = tools.lookups.enter(kind) => place,
        };
        let fetched = tools.client.get(kind, id).await;
        let mut wait = Duration::ZERO;
        if let Fetched::Retry {
            after,
            throttled,
            answer,
        } = &fetched
        {
            wait = api::backoff(count, *after, rand::random());
            place.put_off(*throttled, after.is_some(), wait, answer);
        } else {
            place.taken();
        }
        let mut total = |mut answer: Answer| {
            sent += answer.attempts;
            answer.attempts = sent;
            answer
        };
        let answer = match fetched {
            Fetched::Found { facts, .. } => {
                tools.is_silent(None);
                return Looked::Found(facts);
            }
            Fetched::Gone(answer) => return Looked::Gone(total(answer)),
            Fetched::Failed(answer) => return Looked::Unknown(total(answer)),
            Fetched::Stop(answer) => return Looked::Halt(total(answer)),
            Fetched::Retry { answer, .. } => total(answer),
        };
        if tools.is_silent(Some(&answer)) {
            return Looked::Halt(answer);
        }
        timeouts += u32::from(answer.cause == Some(Cause::Timeout));
        if count >= tools.limits.attempts || timeouts >= TIMEOUTS {
            return match answer.cause {
                // Nobody is there, for this id or another.
                Some(Cause::Unreachable) if sent == 0 => Looked::Halt(answer),
                Some(Cause::Service) => Looked::Unknown(Answer {
                    cause: Some(Cause::Exhausted),
                    ..answer
                }),
                _ => Looked::Unknown(answer),
            };
        }
        tokio::select! {
            () = stopped(signal) => return Looked::Stopped,
            () = time::sleep(wait) => {}
        }
    }
    Looked::Stopped
}
