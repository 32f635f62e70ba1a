//! One order to the worker, from handing it in to its last report.
//!
//! Ctrl-C is answered here: the first stops what has not been sent and waits for what has, the
//! second leaves at once. What is then on the wire is `unsettled` in the journal.

use std::collections::VecDeque;
use std::io;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::domain::{BatchId, Halt, Order, Refusal, Report, Tally, Ticket};
use crate::store::Ledger;
use crate::worker::{self, Handle, Limits};

use super::context::{Context, Exit, Failure};

/// The command line gives one order a run.
pub(super) const TICKET: Ticket = Ticket(1);

/// Reports taken in at a time.
const TOGETHER: usize = 64;

/// How an order ended.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub tally: Tally,
    pub halt: Option<Halt>,
    pub refusal: Option<Refusal>,
    /// The journal's own words, if it stopped taking writes.
    pub journal: Option<String>,
    /// Ctrl-C, and what was sent is settled.
    pub interrupted: bool,
    /// A second Ctrl-C.
    pub abandoned: bool,
}

impl Ended {
    /// The exit code, unless items that were no part of the order make it worse.
    pub(super) fn exit(&self) -> Exit {
        use crate::domain::Cause;
        let key_refused = self
            .halt
            .as_ref()
            .is_some_and(|halt| halt.cause == Cause::KeyRefused);
        let none_done = self.tally.deleted + self.tally.gone == 0;
        if self.interrupted || self.abandoned {
            Exit::Interrupted
        } else if self.refusal.is_some() || (key_refused && none_done) {
            Exit::Refused
        } else if self.halt.is_some() || self.journal.is_some() || !self.tally.is_success() {
            Exit::Partly
        } else {
            Exit::Done
        }
    }
}

pub(super) fn refuse_read_only(context: &Context) -> Result<(), Failure> {
    if context.settings()?.read_only {
        let text = context.words.text("refusal-read-only").into_owned();
        return Err(Failure::Refused(text));
    }
    Ok(())
}

/// A worker as the profile has it.
pub(super) async fn worker(context: &Context, ledger: Ledger) -> Result<Handle, Failure> {
    let limits = Limits::of(context.settings()?);
    Ok(worker::start(ledger, Ok(context.client()?), limits).await)
}

/// Hands `order` to a worker and every report on it to `on`, until the worker has nothing left to do.
/// `on` says when it wants to be called without a report, if none comes before.
pub(super) async fn carry_out(
    context: &mut Context,
    worker: Handle,
    order: Order,
    mut on: impl AsyncFnMut(&mut Context, Option<Report>) -> Option<Instant>,
) -> Result<Ended, Failure> {
    let mut interrupts = Interrupts::listen().map_err(|error| {
        let args = [("error", error.to_string().into())];
        Failure::Refused(context.words.with("failure-signals", &args))
    })?;
    let Handle {
        orders,
        mut reports,
        refusal: _,
    } = worker;
    let mut orders = Some(orders);
    // Orders wait here, not in a send: the worker may itself be waiting for us to take a report.
    let mut outbox = VecDeque::from([order]);
    let mut batch: Option<BatchId> = None;
    let mut ended = Ended::default();
    let mut due = None;
    let mut news = Vec::new();
    loop {
        let sender = orders.clone().filter(|_| !outbox.is_empty());
        tokio::select! {
            count = reports.recv_many(&mut news, TOGETHER) => {
                if count == 0 {
                    break;
                }
                let mut is_last = false;
                for report in news.drain(..) {
                    tracing::debug!(?report);
                    fold(context, &mut ended, &mut batch, &report);
                    is_last |= match &report {
                        Report::Rejected { .. } | Report::Done { .. } => true,
                        Report::Finished { batch: finished, .. } => batch == Some(*finished),
                        _ => false,
                    };
                    due = on(context, Some(report)).await;
                }
                // Whoever follows sees each as it happens; where many do, a system call for each would
                // slow the worker down.
                context.streams.results.flush_aside().await;
                if is_last {
                    // The worker ends its reports when no order can come any more.
                    orders = None;
                    outbox.clear();
                }
            }
            Ok(permit) = reserve(sender) => {
                if let Some(order) = outbox.pop_front() {
                    permit.send(order);
                }
            }
            () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {
                due = on(context, None).await;
            }
            () = interrupts.next() => {
                if orders.is_none() {
                    // All of it was done already.
                    break;
                }
                if ended.interrupted {
                    ended.abandoned = true;
                    break;
                }
                ended.interrupted = true;
                outbox.push_back(Order::Stop);
                let text = context.words.text("work-stopping").into_owned();
                context.streams.notes.line(&text);
            }
        }
    }
    context.streams.notes.clear();
    Ok(ended)
}

/// A place for one order; never, if there is nobody to take it.
async fn reserve(
    sender: Option<mpsc::Sender<Order>>,
) -> Result<mpsc::OwnedPermit<Order>, mpsc::error::SendError<()>> {
    match sender {
        Some(sender) => sender.reserve_owned().await,
        None => std::future::pending().await,
    }
}

/// What is the same for every order.
fn fold(context: &mut Context, ended: &mut Ended, batch: &mut Option<BatchId>, report: &Report) {
    let text = match report {
        Report::Accepted {
            batch: accepted, ..
        } => {
            *batch = Some(*accepted);
            return;
        }
        Report::Settled { settlement, .. } => {
            ended.tally.add(settlement.outcome, 1);
            return;
        }
        Report::Finished { tally, .. } => {
            ended.tally = *tally;
            return;
        }
        Report::Rejected { refusal, .. } => {
            ended.refusal = Some(refusal.clone());
            context.words.refusal(refusal)
        }
        Report::Halted { halt, .. }
        | Report::Done {
            halt: Some(halt), ..
        } if ended.halt.is_none() && !ended.interrupted => {
            ended.halt = Some(halt.clone());
            let reason = context.words.halt(halt);
            context
                .words
                .with("work-halted", &[("reason", reason.into())])
        }
        Report::JournalFailed { error } => {
            ended.journal = Some(error.clone());
            let error = crate::domain::visible(error).into_owned();
            context
                .words
                .with("work-journal", &[("error", error.into())])
        }
        _ => return,
    };
    context.streams.notes.line(&text);
}

/// Ctrl-C, and the polite ways a system has of ending a program.
pub(super) struct Interrupts {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl Interrupts {
    #[cfg(unix)]
    pub(super) fn listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            signals: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::terminate())?,
                signal(SignalKind::hangup())?,
            ],
        })
    }

    #[cfg(not(unix))]
    pub fn listen() -> io::Result<Self> {
        Ok(Self {})
    }

    #[cfg(unix)]
    pub(super) async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    #[cfg(not(unix))]
    pub async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
