//! One deletion, from its intent on disk to its settlement on disk.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time;

use crate::api::{self, Verdict};
use crate::domain::{Answer, BatchId, Cause, Halt, Outcome, Report, RowId, Settlement, State};
use crate::store::{Claim, StoreError};

use super::fetch::{Looked, look};
use super::limit::Place;
use super::tries::{Ending, Next, Tries};
use super::{Signal, Tools, after, stopped, verify};

/// Waits between tries to write a settlement. A disk that is full may have room again in a moment; after
/// that the row stays as it is on disk, and the next start finds it unsettled.
const REWRITES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

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
    /// The batch's; an item that meets a reason to halt says so to all others at once.
    pub(super) signal: Arc<watch::Sender<Signal>>,
}

/// What has become of an item.
pub(super) enum Fate {
    /// On disk, and reported.
    Settled(Outcome),
    /// Never sent; the row is back in this state.
    Returned(RowId, State),
    /// The settlement cannot be written. The intent is on disk, so the next start knows the doubt.
    Lost(StoreError),
}

impl Item {
    pub(super) async fn carry_out(self) -> (Fate, Option<Halt>) {
        let mut signal = self.signal.subscribe();
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
            Errand::Settle => self.settle(&mut signal).await,
        };
        if halt.is_some() {
            self.stop_all();
        }
        let settlement = Settlement {
            row: self.claim.row,
            kind: self.claim.kind,
            id: self.claim.id.clone(),
            outcome,
            answer,
        };
        let fate = match self.write(&settlement).await {
            Ok((state, _)) if outcome == Outcome::Cancelled => {
                Fate::Returned(self.claim.row, state)
            }
            Ok((state, at)) => {
                let report = Report::Settled {
                    batch: self.batch,
                    settlement,
                    state,
                    at,
                };
                self.tools.tell(report).await;
                self.tell_pace().await;
                Fate::Settled(outcome)
            }
            Err(error) => {
                self.stop_all();
                Fate::Lost(error)
            }
        };
        (fate, halt)
    }

    async fn delete_for_sure(&self, signal: &mut watch::Receiver<Signal>, tries: Tries) -> Ending {
        let ending = self.delete(signal, tries).await;
        if self.tools.limits.verify && ending.outcome.is_success() {
            return verify::verify(&self.tools, &self.claim, ending, signal).await;
        }
        ending
    }

    async fn tell_pace(&self) {
        if let Some(report) = self.tools.deletions.news() {
            self.tools.tell(report).await;
        }
    }

    fn stop_all(&self) {
        self.signal.send_replace(Signal::Stopped);
    }

    async fn delete(&self, signal: &mut watch::Receiver<Signal>, mut tries: Tries) -> Ending {
        let Claim { row, kind, id, .. } = &self.claim;
        let tools = &self.tools;
        loop {
            let Some(place) = self.turn(signal).await else {
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
            self.tell_pace().await;
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
            self.tell_pace().await;
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
    async fn turn(&self, signal: &mut watch::Receiver<Signal>) -> Option<Place<'_>> {
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

    async fn write(&self, settlement: &Settlement) -> Result<(State, Timestamp), StoreError> {
        let mut waits = REWRITES.iter();
        loop {
            let at = Timestamp::now();
            let ledger = &self.tools.ledger;
            match (
                ledger.settle(self.batch, settlement.clone(), at).await,
                waits.next(),
            ) {
                (Ok(state), _) => return Ok((state, at)),
                (Err(error), None) => return Err(error),
                (Err(_), Some(wait)) => time::sleep(*wait).await,
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
