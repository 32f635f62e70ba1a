//! One deletion, from its intent on disk to what came of it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time;

use crate::api::{self, Verdict};
use crate::domain::{Answer, BatchId, Cause, Halt, Kind, Outcome, Report, Settlement};
use crate::store::Claim;

use super::fetch::{Looked, look};
use super::limit::Place;
use super::line::Runner;
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

/// What all items of a batch have in common.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) tools: Arc<Tools>,
    pub(super) batch: BatchId,
    pub(super) errand: Errand,
    /// An item that meets a reason to halt says so to all others at once.
    pub(super) signal: Arc<watch::Sender<Signal>>,
}

#[derive(Debug)]
pub(super) struct Item {
    pub(super) job: Arc<Job>,
    pub(super) claim: Claim,
    /// A response's.
    pub(super) turn: Option<Turn>,
}

impl Item {
    pub(super) fn kind(&self) -> Kind {
        self.claim.kind
    }

    pub(super) fn batch(&self) -> BatchId {
        self.job.batch
    }

    /// Nothing was sent, and nothing will be.
    pub(super) fn withdraw(self) -> Settlement {
        self.settlement(Tries::default().stopped())
    }

    fn settlement(self, ending: Ending) -> Settlement {
        Settlement {
            row: self.claim.row,
            kind: self.claim.kind,
            id: self.claim.id,
            outcome: ending.outcome,
            answer: ending.answer,
        }
    }

    pub(super) async fn carry_out(self, runner: &mut Runner) -> (Settlement, Option<Halt>) {
        let mut signal = self.job.signal.subscribe();
        if let Some(turn) = self.turn.as_ref().filter(|turn| !turn.is_first()) {
            runner.step_aside(self.job.batch).await;
            tokio::select! {
                () = stopped(&mut signal) => {}
                () = turn.come() => {}
            }
        }
        let mut ending = match self.job.errand {
            Errand::Delete if self.claim.in_doubt => {
                self.delete_for_sure(runner, &mut signal, Tries::after_doubt())
                    .await
            }
            Errand::Delete => {
                self.delete_for_sure(runner, &mut signal, Tries::default())
                    .await
            }
            // Seldom, and large: apart, so that each runner is small.
            Errand::Settle => Box::pin(self.settle(runner, &mut signal)).await,
        };
        if ending.halt.is_some() {
            self.job.signal.send_replace(Signal::Stopped);
        }
        let halt = ending.halt.take();
        (self.settlement(ending), halt)
    }

    async fn delete_for_sure(
        &self,
        runner: &mut Runner,
        signal: &mut watch::Receiver<Signal>,
        tries: Tries,
    ) -> Ending {
        let ending = self.delete(runner, signal, tries).await;
        let tools = &self.job.tools;
        if tools.limits.verify && ending.outcome.is_success() {
            runner.step_aside(self.job.batch).await;
            let client = &runner.sender.client;
            return Box::pin(verify::verify(tools, client, &self.claim, ending, signal)).await;
        }
        ending
    }

    async fn delete(
        &self,
        runner: &mut Runner,
        signal: &mut watch::Receiver<Signal>,
        mut tries: Tries,
    ) -> Ending {
        let Claim { row, kind, id, .. } = &self.claim;
        let Job { tools, batch, .. } = &*self.job;
        loop {
            let Some(place) = self.place(signal).await else {
                return tries.stopped();
            };
            let attempt = tries.count() + 1;
            if tools.limits.tells_tries {
                tools
                    .tell(Report::Sending {
                        batch: *batch,
                        row: *row,
                        attempt,
                    })
                    .await;
            }
            tools.tell_pace().await;
            tries.leave(Timestamp::now());
            let heard = runner.sender.client.delete(*kind, id).await;
            let is_silent = tools.is_silent(Some(&heard.answer));
            if is_silent || heard.verdict == Verdict::Stop {
                // Before the place is free: another thread may be waiting for it.
                self.job.signal.send_replace(Signal::Stopped);
            }
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
            let answer = match tries.judge(heard, tools.limits.attempts) {
                Next::End(ending) if is_silent => return silenced(ending),
                Next::End(ending) => return ending,
                Next::Again(_) if is_silent => return silenced(tries.stopped()),
                Next::Again(answer) => answer,
            };
            runner.step_aside(self.job.batch).await;
            tools
                .tell(Report::Waiting {
                    batch: *batch,
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
    async fn settle(&self, runner: &mut Runner, signal: &mut watch::Receiver<Signal>) -> Ending {
        let Claim { kind, id, .. } = &self.claim;
        runner.step_aside(self.job.batch).await;
        let (outcome, answer, halt) =
            match look(&self.job.tools, &runner.sender.client, *kind, id, signal).await {
                // It is there, so whatever was sent before did not delete it.
                Looked::Found(..) => return self.delete(runner, signal, Tries::default()).await,
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
                // Mostly there is one, and then nobody has to listen for a stop.
                biased;
                place = self.job.tools.deletions.enter(self.claim.kind) => place,
                () = stopped(signal) => return None,
            };
            // It may have changed meanwhile.
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
