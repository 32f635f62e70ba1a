//! What each order starts.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::domain::{BatchId, Order, Refusal, Report, RowId, Ticket};
use crate::store::StoreError;

use super::super::batch::{Batch, Phase};
use super::super::item::Errand;
use super::super::{Signal, Tools, after, mirror, open, refresh, upload, walk};
use super::{Dispatcher, Ended, Enqueued, by_user};

/// A longer undo window is a mistake, and must not overflow a clock.
const LONGEST_HOLD: Duration = Duration::from_hours(24);

impl Dispatcher {
    /// The tools to change something with, or the refusal told.
    async fn tools(&self, ticket: Ticket) -> Option<Arc<Tools>> {
        if let Some(refusal) = self.refusal.clone() {
            self.tell(Report::Rejected { ticket, refusal }).await;
            return None;
        }
        self.tools.as_ref().ok().cloned()
    }

    /// Looking takes less than changing: no right to write.
    async fn open(&mut self, ticket: Ticket, row: RowId) {
        self.opening.send_replace(Signal::Stopped);
        self.opening = watch::Sender::new(Signal::Go);
        let signal = self.opening.subscribe();
        match self.tools.clone() {
            Ok(tools) => {
                let keeps = self.refusal.is_none();
                self.tasks.spawn(async move {
                    open::run(&tools, ticket, row, keeps, signal).await;
                    Ended::Chore
                });
            }
            Err(refusal) => self.tell(Report::Rejected { ticket, refusal }).await,
        }
    }

    /// Work of its own, which a stop ends.
    async fn chore<W: Future<Output = ()> + Send + 'static>(
        &mut self,
        ticket: Ticket,
        work: impl FnOnce(Arc<Tools>, watch::Receiver<Signal>) -> W,
    ) {
        if let Some(tools) = self.tools(ticket).await {
            let work = work(tools, self.chores.subscribe());
            self.tasks.spawn(async move {
                work.await;
                Ended::Chore
            });
        }
    }

    async fn batch<W: Future<Output = Enqueued> + Send + 'static>(
        &mut self,
        ticket: Ticket,
        errand: Errand,
        hold: Duration,
        enqueue: impl FnOnce(Arc<Tools>) -> W,
    ) {
        if let Some(tools) = self.tools(ticket).await {
            self.senders.start(&tools.client, &self.news);
            let stops = self.stops;
            let enqueued = enqueue(tools);
            self.tasks.spawn(async move {
                Ended::Enqueued {
                    ticket,
                    errand,
                    hold,
                    stops,
                    result: enqueued.await,
                }
            });
        }
    }

    pub(super) async fn take(&mut self, order: Order) {
        match order {
            Order::Delete { ticket, rows, hold } => {
                self.batch(ticket, Errand::Delete, hold, |tools| enqueue(tools, rows))
                    .await;
            }
            Order::Settle { ticket } => {
                let hold = Duration::ZERO;
                self.batch(ticket, Errand::Settle, hold, enqueue_unsettled)
                    .await;
            }
            Order::Refresh { ticket, rows } => {
                self.chore(ticket, |tools, signal| {
                    refresh::run(tools, ticket, rows, signal)
                })
                .await;
            }
            Order::Open { ticket, row } => self.open(ticket, row).await,
            Order::Walk { ticket, id } => {
                self.chore(ticket, |tools, signal| walk::run(tools, ticket, id, signal))
                    .await;
            }
            Order::Sync { ticket } => {
                self.chore(ticket, |tools, signal| mirror::run(tools, ticket, signal))
                    .await;
            }
            Order::Upload { ticket, files } => {
                self.chore(ticket, |tools, signal| {
                    upload::run(tools, ticket, files, signal)
                })
                .await;
            }
            Order::TakeBack(id) => {
                if let Some(batch) = self.batches.get_mut(&id)
                    && matches!(batch.phase, Phase::Held(_))
                {
                    batch.taken_back = true;
                    self.release(id);
                }
            }
            Order::Pause => self.pause(true).await,
            Order::Unpause => self.pause(false).await,
            Order::Stop => self.stop().await,
        }
    }

    pub(super) async fn pause(&mut self, paused: bool) {
        self.paused = paused;
        let (from, to) = if paused {
            (Signal::Go, Signal::Paused)
        } else {
            (Signal::Paused, Signal::Go)
        };
        for batch in self.batches.values() {
            batch.signal.send_if_modified(|signal| {
                let is_from = *signal == from;
                if is_from {
                    *signal = to;
                }
                is_from
            });
        }
        let report = if paused {
            Report::Paused
        } else {
            Report::Unpaused
        };
        self.tell(report).await;
    }

    pub(super) async fn stop(&mut self) {
        self.stops += 1;
        self.chores.send_replace(Signal::Stopped);
        self.chores = watch::Sender::new(Signal::Go);
        self.opening.send_replace(Signal::Stopped);
        let ids: Vec<_> = self.batches.keys().copied().collect();
        for id in ids {
            self.halt(id, by_user()).await;
        }
        // Nothing is left to be paused, and the next batch is not to wait for a key nobody offers.
        if self.paused {
            self.pause(false).await;
        }
    }

    /// Tells what came of writing down a batch, and takes it up.
    pub(super) async fn accept(
        &mut self,
        ticket: Ticket,
        errand: Errand,
        hold: Duration,
        result: Enqueued,
    ) -> Option<BatchId> {
        let refusal = match result {
            Ok(Some((id, rows))) => {
                let hold = hold.min(LONGEST_HOLD);
                let starts_at = after(hold);
                let signal = if self.paused {
                    Signal::Paused
                } else {
                    Signal::Go
                };
                let batch = Batch::new(errand, ticket, Instant::now() + hold, signal);
                self.batches.insert(id, batch);
                let report = Report::Accepted {
                    ticket,
                    batch: id,
                    rows,
                    starts_at,
                };
                self.tell(report).await;
                return Some(id);
            }
            // Nothing in doubt: that is what was wanted.
            Ok(None) if errand == Errand::Settle => {
                self.tell(Report::Done { ticket, halt: None }).await;
                return None;
            }
            Ok(None) => Refusal::Nothing,
            Err(StoreError::ReadOnly) => Refusal::ReadOnly,
            Err(error) => Refusal::Journal(error.whole()),
        };
        self.tell(Report::Rejected { ticket, refusal }).await;
        None
    }
}

async fn enqueue_unsettled(tools: Arc<Tools>) -> Enqueued {
    tools.ledger.recover(Timestamp::now()).await?;
    let unsettled = tools.ledger.unsettled().await?;
    let rows = unsettled.into_iter().map(|resource| resource.row).collect();
    take(&tools, rows).await
}

async fn enqueue(tools: Arc<Tools>, rows: Vec<RowId>) -> Enqueued {
    // What others left in the middle since this one started may be among them.
    tools.ledger.recover(Timestamp::now()).await?;
    take(&tools, rows).await
}

async fn take(tools: &Tools, rows: Vec<RowId>) -> Enqueued {
    let taken = tools.ledger.enqueue(rows, Timestamp::now()).await?;
    Ok(taken.map(|(batch, rows)| (batch, rows.into())))
}
