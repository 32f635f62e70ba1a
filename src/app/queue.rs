//! What the worker has in hand and what it did: batches, requests on the wire, recent activity.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Answer, BatchId, Freed, Halt, Meter, NotUploaded, Outcome, Pace, Refusal, ResourceId, RowId,
    RowSet, Settlement, SyncTally, Tally, Throttle, Ticket,
};

use super::import::{Import, ImportEvent};

/// How much activity is kept; the journal has the rest.
const KEPT: usize = 1_000;

#[derive(Debug, Default)]
pub struct Queue {
    /// In the order of acceptance. Ended ones stay until another begins, and as long as an earlier one
    /// may still have something to say of their rows.
    pub batches: Vec<Batch>,
    /// Requests on the wire or waiting for another try, by row.
    pub live: HashMap<RowId, Live>,
    /// Newest first.
    pub activity: VecDeque<Activity>,
    /// Orders under way that delete nothing of their own.
    pub errands: HashMap<Ticket, Errand>,
    /// Files on their way to the service.
    pub uploads: HashMap<Ticket, Sending>,
    /// Deletions confirmed and not yet answered by the worker, which writes them down: how many rows.
    pub submitted: HashMap<Ticket, usize>,
    pub paused: bool,
    /// How fast deletions go, as far as the worker said.
    pub pace: Option<Pace>,
    /// Deletions that came to an end lately.
    pub meter: Meter,
    /// The import under way.
    pub import: Option<Import>,
}

/// An order that deletes nothing of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Errand {
    Settle,
    Sync,
    Upload,
    /// `done`: fetched, or found that they cannot be.
    Refresh {
        done: usize,
        total: usize,
    },
    /// Looking for the beginning of a chain.
    Walk {
        found: u64,
    },
}

#[derive(Clone, Debug)]
pub struct Batch {
    pub id: BatchId,
    pub rows: RowSet,
    pub phase: Phase,
    pub tally: Tally,
    /// Tries that were or will be repeated.
    pub retried: u64,
    /// For another try: what failed, was refused or is unsettled.
    pub failed: Vec<RowId>,
    pub halt: Option<Halt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// In its undo window, or past it while the queue is paused: nothing of it was sent before the worker
    /// says that it started, and until then it can be taken back whole.
    Held {
        /// The end of the undo window.
        starts_at: Timestamp,
    },
    /// The worker was asked to take it back. If that was too late, it says that it started.
    TakingBack,
    Running {
        since: Timestamp,
    },
    Ended,
}

/// Files on their way to the service, one after another.
#[derive(Clone, Debug)]
pub struct Sending {
    pub paths: Vec<PathBuf>,
    /// The one it is the turn of.
    pub at: usize,
    /// How many of them the worker has had its last word on.
    pub told: usize,
    /// Bytes of that one handed to the connection, of how many; 0 of 0 while nothing is known.
    pub sent: u64,
    pub bytes: u64,
    /// When the next try is due and why the last one was not the last.
    pub waiting: Option<(Timestamp, Answer)>,
}

/// One request under way.
#[derive(Clone, Debug)]
pub struct Live {
    pub batch: BatchId,
    pub attempt: u32,
    /// When the next try is due and why the last one was not the last; `None` while on the wire.
    pub waiting: Option<(Timestamp, Answer)>,
}

#[derive(Clone, Debug)]
pub struct Activity {
    pub at: Timestamp,
    pub event: Event,
}

/// Something worth a line. The view puts it into words.
#[derive(Clone, Debug)]
pub enum Event {
    Accepted {
        batch: BatchId,
        count: u64,
    },
    Rejected(Refusal),
    TakenBack {
        batch: BatchId,
        count: u64,
    },
    Settled(Settlement),
    Halted {
        batch: BatchId,
        halt: Halt,
    },
    Finished {
        batch: BatchId,
        tally: Tally,
    },
    JournalFailed(String),
    Paused,
    Unpaused,
    Synced(SyncTally),
    Refreshed(ResourceId),
    Fetched {
        done: usize,
        total: usize,
    },
    NotRefreshed(ResourceId, Answer),
    /// How many turns that the ledger lacked were found.
    Walked(u64),
    ErrandHalted(Halt),
    Tracked {
        new: u64,
        known: u64,
    },
    Uploaded {
        path: PathBuf,
        id: ResourceId,
    },
    NotUploaded {
        path: PathBuf,
        why: NotUploaded,
    },
    /// Files of an order that ended early and whose turn never came.
    NotBegun(usize),
    /// Files were marked to free some room.
    Freed(Freed),
    Import(ImportEvent),
    /// So many deletions of an earlier run are in doubt.
    Recovered {
        unsettled: u64,
    },
    /// So many deletions that an earlier run never sent are marked, to be confirmed anew.
    Unsent(u64),
    LedgerFailed(String),
    Copied,
    /// The key does nothing here and now, and this is why.
    Refused(Refusal),
    NothingToRetry,
    NothingToTakeBack,
}

impl Event {
    /// Deserves attention.
    pub fn is_bad(&self) -> bool {
        match self {
            Self::Settled(s) => !s.outcome.is_success(),
            Self::Finished { tally, .. } => !tally.is_success(),
            Self::Rejected(_)
            | Self::Halted { .. }
            | Self::JournalFailed(_)
            | Self::NotRefreshed(..)
            | Self::NotUploaded { .. }
            | Self::NotBegun(_)
            | Self::ErrandHalted(_)
            | Self::Recovered { .. }
            | Self::LedgerFailed(_)
            | Self::Refused(_) => true,
            Self::Synced(tally) => !tally.complete,
            Self::Freed(freed) => !freed.is_enough(),
            Self::Import(event) => event.is_bad(),
            _ => false,
        }
    }
}

impl Queue {
    pub fn note(&mut self, at: Timestamp, event: Event) {
        self.activity.push_front(Activity { at, event });
        self.activity.truncate(KEPT);
    }

    pub fn begin(&mut self, batch: Batch) {
        let is_open = |b: &Batch| b.phase != Phase::Ended;
        let ended = self.batches.iter().position(is_open);
        self.batches.drain(..ended.unwrap_or(self.batches.len()));
        self.live.retain(|row, _| !batch.rows.contains(*row));
        // A row whose last try did not work is in hand again: it is no longer to be retried.
        for earlier in &mut self.batches {
            earlier.failed.retain(|row| !batch.rows.contains(*row));
        }
        self.batches.push(batch);
    }

    /// Whether a batch's word on a row is the last one: a batch accepted after it may have the row by
    /// now. What a batch is told of a row is told in order, but batches are not told one by one.
    pub fn owns(&self, batch: BatchId, row: RowId) -> bool {
        let at = self.batches.iter().position(|b| b.id == batch);
        let later = at.map_or(&[][..], |at| &self.batches[at + 1..]);
        !later.iter().any(|b| b.rows.contains(row))
    }

    /// The worker's last word on a file of an order: which it was. The next one's turn is next.
    pub fn uploaded(&mut self, ticket: Ticket, at: usize) -> Option<PathBuf> {
        let sending = self.uploads.get_mut(&ticket)?;
        let path = sending.paths.get(at)?.clone();
        sending.told += 1;
        if sending.told == sending.paths.len() {
            self.uploads.remove(&ticket);
        } else {
            sending.turn(at + 1);
        }
        Some(path)
    }

    pub fn batch(&mut self, id: BatchId) -> Option<&mut Batch> {
        self.batches.iter_mut().find(|b| b.id == id)
    }

    pub fn started(&mut self, batch: BatchId, since: Timestamp) {
        if !self.is_running() {
            self.meter.begin(since);
        }
        if let Some(batch) = self.batch(batch) {
            batch.phase = Phase::Running { since };
        }
    }

    /// A batch is past its undo window, and not at its end.
    pub fn is_running(&self) -> bool {
        let running = |b: &Batch| matches!(b.phase, Phase::Running { .. });
        self.batches.iter().any(running)
    }

    /// Until when the service wants to be left alone, and why.
    pub fn throttle(&self, now: Timestamp) -> Option<&Throttle> {
        let throttle = self.pace.as_ref()?.throttle.as_deref();
        throttle.filter(|throttle| throttle.until > now)
    }

    /// How long what is left will take at the present rate.
    pub fn eta(&self, now: Timestamp) -> Option<SignedDuration> {
        let running = self.batches.iter().filter(|b| b.phase != Phase::Ended);
        let left = running.map(|b| b.total().saturating_sub(b.done())).sum();
        self.meter.eta(left, now)
    }

    /// A clock is running: a batch starts when its undo window ends.
    pub fn counts_down(&self) -> bool {
        !self.paused && self.held().is_some()
    }

    /// The newest batch that can still be taken back whole.
    pub fn held(&self) -> Option<BatchId> {
        let held = |b: &&Batch| matches!(b.phase, Phase::Held { .. });
        self.batches.iter().rev().find(held).map(|b| b.id)
    }

    /// The same, which is then on its way back: a second press is about the batch before it.
    pub fn take_back(&mut self) -> Option<BatchId> {
        let id = self.held()?;
        self.batch(id)?.phase = Phase::TakingBack;
        Some(id)
    }

    pub fn deleting(&self) -> bool {
        !self.submitted.is_empty() || self.batches.iter().any(|b| b.phase != Phase::Ended)
    }

    /// Quitting now would leave a deletion or an upload undone or in doubt. Looking things up can be cut short.
    pub fn pending(&self) -> bool {
        let matters = |e: &Errand| matches!(e, Errand::Settle | Errand::Upload);
        self.deleting() || self.errands.values().any(matters)
    }

    /// How far the refreshes under way are: done and asked for.
    pub fn refreshing(&self) -> Option<(usize, usize)> {
        let parts = self.errands.values().filter_map(|errand| match errand {
            Errand::Refresh { done, total } => Some((*done, *total)),
            _ => None,
        });
        parts.reduce(|a, b| (a.0 + b.0, a.1 + b.1))
    }

    /// One row of a refresh is done with; true if it was the only one asked for.
    pub fn refreshed(&mut self, ticket: Ticket) -> bool {
        let Some(Errand::Refresh { done, total }) = self.errands.get_mut(&ticket) else {
            return false;
        };
        *done += 1;
        *total == 1
    }

    pub fn has_failed(&self) -> bool {
        self.batches.iter().any(|batch| !batch.failed.is_empty())
    }

    /// What failed in the batches at hand.
    pub fn failed(&self) -> Vec<RowId> {
        let mut rows: Vec<RowId> = Vec::new();
        for batch in &self.batches {
            rows.extend(&batch.failed);
        }
        rows
    }

    pub fn settled(&mut self, batch: BatchId, settlement: Settlement, at: Timestamp) {
        let owns = self.owns(batch, settlement.row);
        if owns {
            self.live.remove(&settlement.row);
        }
        self.meter.count(at);
        if let Some(batch) = self.batch(batch) {
            batch.tally.add(settlement.outcome, 1);
            if owns && !settlement.outcome.is_success() && settlement.outcome != Outcome::Cancelled
            {
                batch.failed.push(settlement.row);
            }
        }
        self.note(at, Event::Settled(settlement));
    }
}

impl Sending {
    /// It is the turn of this file, of which nothing is known.
    fn turn(&mut self, at: usize) {
        self.at = at;
        (self.sent, self.bytes, self.waiting) = (0, 0, None);
    }
}

impl Batch {
    pub fn total(&self) -> u64 {
        self.rows.len() as u64
    }

    pub fn done(&self) -> u64 {
        self.tally.total()
    }
}
