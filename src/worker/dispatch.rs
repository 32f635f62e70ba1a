//! The task that owns the batches: takes orders, claims items, counts them home.
//!
//! Requests and long writes run in tasks of their own, so an order is never kept waiting by one.

mod orders;

use std::collections::BTreeMap;
use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet, unconstrained};
use tokio::time::{self, Instant};

use crate::domain::{
    BatchId, Cause, Halt, Kind, Order, Outcome, Refusal, Report, RowId, RowSet, State, Ticket,
};
use crate::store::{Claim, StoreError};

use super::ahead::Ahead;
use super::batch::{Batch, Phase};
use super::item::{Errand, Item, Job};
use super::line::{Lines, NEWS, News};
use super::senders::Senders;
use super::settle::Fate;
use super::turns::Turn;
use super::{Signal, Tools, settle};

type Enqueued = Result<Option<(BatchId, RowSet)>, StoreError>;

struct Dispatcher {
    /// To look with, or why not even that can be done.
    tools: Result<Arc<Tools>, Refusal>,
    /// Why nothing may be changed.
    refusal: Option<Refusal>,
    reports: mpsc::Sender<Report>,
    /// Oldest first: that is the order of sending.
    batches: BTreeMap<BatchId, Batch>,
    concurrency: usize,
    ahead: Ahead,
    senders: Senders,
    lines: Lines,
    /// For the runners.
    news: mpsc::Sender<News>,
    tasks: JoinSet<Ended>,
    /// What syncs and refreshes listen to; replaced after a stop.
    chores: watch::Sender<Signal>,
    /// What the one who opens something to look at listens to.
    opening: watch::Sender<Signal>,
    paused: bool,
    /// Stops so far: a batch that was still being written when one came is stopped by it too.
    stops: u64,
    /// [`Report::Idle`] has been told.
    idle: bool,
}

/// What a task has to say at its end.
enum Ended {
    /// So many were asked for.
    Claimed(BatchId, usize, Result<Vec<Claim>, StoreError>),
    Settled(BatchId, Vec<Fate>),
    Enqueued {
        ticket: Ticket,
        errand: Errand,
        hold: Duration,
        stops: u64,
        result: Enqueued,
    },
    Released(BatchId, Result<Vec<(RowId, State)>, StoreError>),
    Runner,
    Chore,
}

pub(super) async fn run(
    tools: Result<Arc<Tools>, Refusal>,
    refusal: Option<Refusal>,
    reports: mpsc::Sender<Report>,
    mut orders: mpsc::Receiver<Order>,
) {
    let (news, mut newest) = mpsc::channel(NEWS);
    let mut told = Vec::new();
    let concurrency = tools
        .as_ref()
        .map_or(1, |tools| tools.limits.concurrency.max(1));
    let mut this = Dispatcher {
        tools,
        refusal,
        reports,
        batches: BTreeMap::new(),
        concurrency,
        ahead: Ahead::new(concurrency),
        senders: Senders::new(concurrency),
        lines: Lines::default(),
        news,
        tasks: JoinSet::new(),
        chores: watch::Sender::new(Signal::Go),
        opening: watch::Sender::new(Signal::Go),
        paused: false,
        stops: 0,
        idle: true,
    };
    let mut is_open = true;
    loop {
        let due = this.advance().await;
        let is_done = this.batches.is_empty() && this.tasks.is_empty();
        if is_done && !this.idle {
            this.idle = true;
            this.tell(Report::Idle).await;
        }
        if is_done && !is_open {
            return;
        }
        tokio::select! {
            order = orders.recv(), if is_open => {
                this.idle = false;
                if let Some(order) = order {
                    this.take(order).await;
                } else {
                    is_open = false;
                    this.stop().await;
                }
            }
            _ = newest.recv_many(&mut told, NEWS) => {
                let now = Instant::now();
                for news in told.drain(..) {
                    this.hear(news, now).await;
                }
            }
            Some(ended) = this.tasks.join_next() => {
                this.end(ended).await;
                while let Some(ended) = this.tasks.try_join_next() {
                    this.end(ended).await;
                }
            }
            () = sleep_until(due), if due.is_some() => {}
        }
    }
}

async fn sleep_until(due: Option<Instant>) {
    if let Some(due) = due {
        time::sleep_until(due).await;
    }
}

impl Dispatcher {
    async fn tell(&self, report: Report) {
        let _ = self.reports.send(report).await;
    }

    /// Ends a batch before its end. Only the first reason is told.
    async fn halt(&mut self, id: BatchId, halt: Halt) {
        let Some(batch) = self.batches.get_mut(&id) else {
            return;
        };
        batch.signal.send_replace(Signal::Stopped);
        // The runners may be kept waiting by another batch.
        for item in self.lines.withdraw(id) {
            batch.end(item.withdraw(), Instant::now());
        }
        if batch.halt.is_some() || batch.phase == Phase::Releasing {
            return;
        }
        batch.halt = Some(halt.clone());
        batch.phase = Phase::Ending;
        self.tell(Report::Halted { batch: id, halt }).await;
    }

    /// The journal failed: told, and the batch halted.
    async fn halt_unwritten(&mut self, id: BatchId, error: &StoreError) {
        if self
            .batches
            .get(&id)
            .is_some_and(|batch| batch.halt.is_none())
        {
            let error = error.whole();
            self.tell(Report::JournalFailed { error }).await;
        }
        let halt = Halt {
            cause: Cause::Unwritten,
            answer: None,
        };
        self.halt(id, halt).await;
    }

    /// Starts, feeds and ends batches as far as that goes now; says when there is something to do next.
    async fn advance(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let ids: Vec<_> = self.batches.keys().copied().collect();
        let mut due = None;
        for id in ids {
            let Some(batch) = self.batches.get_mut(&id) else {
                continue;
            };
            match batch.phase {
                Phase::Held(until) if until > now => {
                    due = due.into_iter().chain([until]).min();
                }
                // As long as nothing may be sent, all of it can be taken back.
                Phase::Held(_) if self.paused => {}
                Phase::Held(_) => {
                    batch.phase = Phase::Sending;
                    self.tell(Report::Started { batch: id }).await;
                }
                Phase::Sending | Phase::Ending | Phase::Releasing => {}
            }
            self.settle(id, now).await;
            self.feed(id).await;
            let Some(batch) = self.batches.get(&id) else {
                continue;
            };
            due = due.into_iter().chain(batch.waits_until()).min();
            if batch.phase == Phase::Ending && batch.in_hand() == 0 {
                if batch.halt.is_some() {
                    self.release(id);
                } else {
                    self.finish(id).await;
                }
            }
        }
        due
    }

    /// Has what came of items written down, if it is time to.
    async fn settle(&mut self, id: BatchId, now: Instant) {
        let company = self.ahead.items() / 2;
        let (Ok(tools), Some(batch)) = (&self.tools, self.batches.get_mut(&id)) else {
            return;
        };
        let Some(settlements) = batch.take_ended(now, company) else {
            return;
        };
        let (tools, signal) = (Arc::clone(tools), Arc::clone(&batch.signal));
        self.begin(async move {
            let fates = settle::run(tools, id, settlements, signal).await;
            Ended::Settled(id, fates)
        })
        .await;
    }

    /// Claims as many items of a batch as may go ahead.
    async fn feed(&mut self, id: BatchId) {
        let sum = |count: fn(&Batch) -> usize| self.batches.values().map(count).sum::<usize>();
        // What waits for something of its own is no reason for the others to wait.
        let ready = sum(Batch::under_way).saturating_sub(sum(|batch| batch.aside));
        let room = self.ahead.items().saturating_sub(ready);
        let room = room.min(self.ahead.most().saturating_sub(sum(Batch::in_hand)));
        // A few at a time would be a commit for each few.
        let is_worth_it = room >= self.ahead.items() / 2 || ready == 0;
        // A younger batch is to have only what an older one leaves.
        let is_claiming = sum(|batch| batch.claiming) > 0;
        let (Ok(tools), Some(batch)) = (&self.tools, self.batches.get_mut(&id)) else {
            return;
        };
        let is_able = batch.phase == Phase::Sending && !self.paused && !is_claiming;
        if !is_able || room == 0 || !is_worth_it {
            return;
        }
        batch.claiming = room;
        self.ahead.claim(Instant::now());
        let tools = Arc::clone(tools);
        self.begin(async move {
            let claims = tools.ledger.intend(id, room, Timestamp::now()).await;
            Ended::Claimed(id, room, claims)
        })
        .await;
    }

    async fn claimed(&mut self, id: BatchId, asked: usize, claims: Result<Vec<Claim>, StoreError>) {
        let (Ok(tools), Some(batch)) = (&self.tools, self.batches.get_mut(&id)) else {
            return;
        };
        batch.claiming = 0;
        let claims = match claims {
            Ok(claims) => claims,
            Err(error) => return self.halt_unwritten(id, &error).await,
        };
        if claims.len() < asked && batch.phase == Phase::Sending {
            batch.phase = Phase::Ending;
        }
        batch.busy += claims.len();
        let job = Arc::new(Job {
            tools: Arc::clone(tools),
            batch: id,
            errand: batch.errand,
            signal: Arc::clone(&batch.signal),
        });
        for claim in claims {
            let is_response = claim.kind == Kind::Response;
            self.lines.push(Item {
                job: Arc::clone(&job),
                turn: is_response.then(|| Turn::begin(&batch.turns, claim.row, &claim.later)),
                claim,
            });
        }
        self.send_runners();
    }

    fn send_runners(&mut self) {
        let Ok(tools) = &self.tools else {
            return;
        };
        let next = || self.senders.next(&tools.client, &self.news);
        for runner in self.lines.runners(self.concurrency, next) {
            let runtime = runner.sender.runtime().cloned();
            let run = async move {
                runner.run().await;
                Ended::Runner
            };
            match runtime {
                Some(runtime) => self.tasks.spawn_on(run, &runtime),
                None => self.tasks.spawn(run),
            };
        }
    }

    async fn hear(&mut self, news: News, now: Instant) {
        match news {
            News::Ended {
                batch: id,
                was_aside,
                settlement,
                halt,
            } => {
                self.ahead.end();
                if let Some(batch) = self.batches.get_mut(&id) {
                    batch.aside -= usize::from(was_aside);
                    batch.end(settlement, now);
                }
                if let Some(halt) = halt {
                    self.halt(id, *halt).await;
                }
            }
            News::Aside(id) => {
                if let Some(batch) = self.batches.get_mut(&id) {
                    batch.aside += 1;
                }
                self.send_runners();
            }
        }
    }

    /// Starts a task whose first step is taken here: what is begun first queues up first, and tasks are
    /// polled in any order.
    async fn begin(&mut self, work: impl Future<Output = Ended> + Send + 'static) {
        let mut work = Box::pin(work);
        let begun = poll_fn(|cx| Poll::Ready(work.as_mut().poll(cx)));
        match unconstrained(begun).await {
            Poll::Ready(ended) => self.tasks.spawn(ready(ended)),
            Poll::Pending => self.tasks.spawn(work),
        };
    }

    /// Sends what is still queued back to where it was.
    fn release(&mut self, id: BatchId) {
        let (Ok(tools), Some(batch)) = (&self.tools, self.batches.get_mut(&id)) else {
            return;
        };
        batch.phase = Phase::Releasing;
        let tools = Arc::clone(tools);
        self.tasks.spawn(async move {
            let result = tools.ledger.release(id, Timestamp::now()).await;
            Ended::Released(id, result)
        });
    }

    async fn finish(&mut self, id: BatchId) {
        let Some(mut batch) = self.batches.remove(&id) else {
            return;
        };
        if batch.is_unwritten
            && let Ok(tools) = &self.tools
        {
            // What is left is put in order when the disk has room again. If not even the reading goes,
            // the next start tells what was never sent.
            let left = tools.ledger.abandon(id).await.unwrap_or_default();
            batch.returned.extend(left);
        }
        batch
            .tally
            .add(Outcome::Cancelled, batch.returned.len() as u64);
        if batch.taken_back {
            let rows = batch.returned.iter().map(|(row, _)| *row).collect();
            self.tell(Report::TakenBack { batch: id, rows }).await;
        }
        let report = Report::Finished {
            batch: id,
            tally: batch.tally,
            returned: batch.returned,
        };
        self.tell(report).await;
        if batch.errand == Errand::Settle {
            let (ticket, halt) = (batch.ticket, batch.halt);
            self.tell(Report::Done { ticket, halt }).await;
        }
    }

    async fn end(&mut self, ended: Result<Ended, JoinError>) {
        let ended = match ended {
            Ok(ended) => ended,
            // A bug in a task is one of the worker.
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => return,
            },
        };
        match ended {
            Ended::Claimed(id, asked, claims) => self.claimed(id, asked, claims).await,
            Ended::Settled(id, fates) => self.settled(id, fates).await,
            Ended::Enqueued {
                ticket,
                errand,
                hold,
                stops,
                result,
            } => {
                if let Some(id) = self.accept(ticket, errand, hold, result).await
                    && stops != self.stops
                {
                    self.halt(id, by_user()).await;
                }
            }
            Ended::Released(id, result) => {
                match result {
                    Ok(returned) => {
                        if let Some(batch) = self.batches.get_mut(&id) {
                            batch.returned.extend(returned);
                        }
                    }
                    Err(error) => {
                        let error = error.whole();
                        self.tell(Report::JournalFailed { error }).await;
                        if let Some(batch) = self.batches.get_mut(&id) {
                            batch.is_unwritten = true;
                        }
                    }
                }
                self.finish(id).await;
            }
            Ended::Runner | Ended::Chore => {}
        }
    }

    async fn settled(&mut self, id: BatchId, fates: Vec<Fate>) {
        for fate in fates {
            let Some(batch) = self.batches.get_mut(&id) else {
                return;
            };
            batch.settling -= 1;
            match fate {
                Fate::Settled(outcome) => batch.tally.add(outcome, 1),
                Fate::Returned(row, state) => batch.returned.push((row, state)),
                Fate::Lost(error) => {
                    batch.tally.add(Outcome::Unsettled, 1);
                    batch.is_unwritten = true;
                    self.halt_unwritten(id, &error).await;
                }
            }
        }
    }
}

fn by_user() -> Halt {
    Halt {
        cause: Cause::Stopped,
        answer: None,
    }
}
