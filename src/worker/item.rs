//! One deletion, from its intent on disk to what came of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time;

use crate::api::{self, Verdict};
use crate::domain::{Answer, BatchId, Cause, Halt, Outcome, Report, Settlement};
use crate::store::Claim;

use super::fetch::{Looked, look};
use super::limit::Place;
use super::tries::{Ending, Next, Tries};
use super::turns::Turn;
use super::{Signal, Tools, after, stopped, verify};

/// What the items of a batch are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errand {
    Delete,
    /// Ask first, and delete what is still there.
    Settle,
}

pub(super) struct Item {
    pub(super) tools: Arc<Tools>,
    pub(super) batch: BatchId,
    pub(super) claim: Claim,
    pub(super) errand: Errand,
    /// A response's.
    pub(super) turn: Option<Turn>,
    /// The batch's; an item that meets a reason to halt says so to all others at once.
    pub(super) signal: Arc<watch::Sender<Signal>>,
}

impl Item {
    pub(super) async fn carry_out(self) -> (Settlement, Option<Halt>) {
        let mut signal = self.signal.subscribe();
        if let Some(turn) = self.turn.as_ref().filter(|turn| !turn.is_first()) {
            tokio::select! {
                () = stopped(&mut signal) => {}
                () = turn.come() => {}
            }
        }
        let Ending {
            outcome,
            answer,
            halt,
        } = match self.errand {
            Errand::Delete if self.claim.in_doubt => {
                self.delete_for_sure(&mut signal, Tries::after_doubt())
                    .await
            }
            Errand::Delete => self.delete_for_sure(&mut signal, Tries::default()).await,
            // Seldom, and large: apart, so that each item that only waits is small.
            Errand::Settle => Box::pin(self.settle(&mut signal)).await,
        };
        if halt.is_some() {
            self.signal.send_replace(Signal::Stopped);
        }
        let settlement = Settlement {
            row: self.claim.row,
            kind: self.claim.kind,
            id: self.claim.id,
            outcome,
            answer,
        };
        (settlement, halt)
    }

    async fn delete_for_sure(&self, signal: &mut watch::Receiver<Signal>, tries: Tries) -> Ending {
        let ending = self.delete(signal, tries).await;
        if self.tools.limits.verify && ending.outcome.is_success() {
            return Box::pin(verify::verify(&self.tools, &self.claim, ending, signal)).await;
        }
        ending
    }

    async fn delete(&self, signal: &mut watch::Receiver<Signal>, mut tries: Tries) -> Ending {
        let Claim { row, kind, id, .. } = &self.claim;
        let tools = &self.tools;
        loop {
            let Some(place) = self.place(signal).await else {
                return tries.stopped();
            };
            let attempt = tries.count() + 1;
            tools
                .tell(Report::Sending {
                    batch: self.batch,
                    row: *row,
                    attempt,
                })
                .await;
            tools.tell_pace().await;
            tries.leave(Timestamp::now());
            let heard = tools.client.delete(*kind, id).await;
            let wait = match heard.verdict {
                Verdict::Retry { after, throttled } => {
                    let wait = api::backoff(attempt, after, rand::random());
                    place.put_off(throttled, after.is_some(), wait, &heard.answer);
                    wait
                }
                Verdict::Settle(_) | Verdict::Stop => {
                    place.taken();
                    Duration::ZERO
                }
            };
            let is_silent = tools.is_silent(Some(&heard.answer));
            let answer = match tries.judge(heard, tools.limits.attempts) {
                Next::End(ending) if is_silent => return silenced(ending),
                Next::End(ending) => return ending,
                Next::Again(_) if is_silent => return silenced(tries.stopped()),
                Next::Again(answer) => answer,
            };
            tools
                .tell(Report::Waiting {
                    batch: self.batch,
                    row: *row,
                    attempt,
                    until: after(wait),
                    answer,
                })
                .await;
            tools.tell_pace().await;
            tokio::select! {
                () = stopped(signal) => return tries.stopped(),
                () = time::sleep(wait) => {}
            }
        }
    }

    /// Finds out what came of an earlier try. Only the service's word settles it.
    async fn settle(&self, signal: &mut watch::Receiver<Signal>) -> Ending {
        let Claim { kind, id, .. } = &self.claim;
        let (outcome, answer, halt) = match look(&self.tools, *kind, id, signal).await {
            // It is there, so whatever was sent before did not delete it.
            Looked::Found(..) => return self.delete(signal, Tries::default()).await,
            Looked::Gone(answer) => (Outcome::Gone, answer, None),
            Looked::Unknown(answer) => (Outcome::Unsettled, answer, None),
            Looked::Halt(answer) => {
                let halt = Halt {
                    cause: answer.cause.unwrap_or(Cause::Service),
                    answer: Some(answer.clone()),
                };
                (Outcome::Unsettled, answer, Some(halt))
            }
            Looked::Stopped => (Outcome::Cancelled, Answer::default(), None),
        };
        Ending {
            outcome,
            answer,
            halt,
        }
    }

    /// Waits until this item may send. `None`: it may not any more.
    async fn place(&self, signal: &mut watch::Receiver<Signal>) -> Option<Place<'_>> {
        loop {
            signal
                .wait_for(|signal| *signal != Signal::Paused)
                .await
                .ok()?;
            let place = tokio::select! {
                biased;
                () = stopped(signal) => return None,
                place = self.tools.deletions.enter(self.claim.kind) => place,
            };
            // It may have changed while this waited.
            match *signal.borrow_and_update() {
                Signal::Go => return Some(place),
                Signal::Paused => {}
                Signal::Stopped => return None,
            }
        }
    }
}

/// Nobody is there, so the batch ends with this item.
fn silenced(ending: Ending) -> Ending {
    let halt = Halt {
        cause: Cause::Timeout,
        answer: Some(ending.answer.clone()),
    };
    Ending {
        halt: ending.halt.or(Some(halt)),
        ..ending
    }
}
