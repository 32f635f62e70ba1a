//! What is asked of the worker, and what it reports.
//!
//! They live here because both ends may not name each other: the screen's logic and the worker are
//! neighbours.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::{
    Answer, Cause, Content, Facts, Kind, NotUploaded, Outcome, ResourceId, RowId, Settlement,
    State, Upload,
};

/// A batch's number in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BatchId(pub i64);

/// The asker's own number for an order, given back in the reports on whether it was taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Ticket(pub u64);

/// Some rows: shared, and quick to be asked for one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowSet(
    /// In ascending order.
    Arc<[RowId]>,
);

impl RowSet {
    pub fn contains(&self, row: RowId) -> bool {
        self.0.binary_search(&row).is_ok()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = RowId> {
        self.0.iter().copied()
    }
}

impl From<Vec<RowId>> for RowSet {
    fn from(mut rows: Vec<RowId>) -> Self {
        rows.sort_unstable();
        rows.dedup();
        Self(rows.into())
    }
}

/// What the worker is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Delete these rows. Answered by [`Report::Accepted`] once they are on disk as queued, or by
    /// [`Report::Rejected`]. The first request is sent `hold` later.
    Delete {
        ticket: Ticket,
        rows: Vec<RowId>,
        hold: Duration,
    },
    /// Take a batch back while it is held.
    TakeBack(BatchId),
    Pause,
    Unpause,
    /// End every batch: what is on the wire is settled, the rest goes back to where it was. Ends a pause
    /// as well.
    Stop,
    /// Settle what an earlier run left unsettled: ask by GET, and repeat the DELETE where the
    /// resource still exists.
    Settle {
        ticket: Ticket,
    },
    /// Fetch these rows and merge what the service says.
    Refresh {
        ticket: Ticket,
        rows: Vec<RowId>,
    },
    /// Fetch one row to be looked at, with what it was made from, and merge what the service says of it
    /// unless nothing may be written. Only the last of these orders is carried out to its end.
    Open {
        ticket: Ticket,
        row: RowId,
    },
    /// Fetch a response that the ledger lacks and track it, then the one that it continues, and so on back
    /// to the first, to one that is tracked, or for a hundred steps.
    Walk {
        ticket: Ticket,
        id: ResourceId,
    },
    /// Mirror the account's list of files.
    Sync {
        ticket: Ticket,
    },
    /// Upload files, in this order.
    Upload {
        ticket: Ticket,
        files: Vec<Upload>,
    },
}

/// Why an order was not taken; nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    NoKey,
    ReadOnly,
    /// More than the profile's `max_batch`.
    TooMany {
        asked: u64,
        limit: u64,
    },
    /// The journal could not be written. The text is the store's.
    Journal(String),
    /// The profile's rows belong to another service: its not-found would say nothing about them.
    OtherService {
        theirs: String,
        asked: String,
    },
    /// Nothing in the order can be deleted: all rows are gone or in another batch.
    Nothing,
}

/// Why a batch, a sync or a refresh ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    pub cause: Cause,
    /// The answer that ended it; `None` when the user did.
    pub answer: Option<Answer>,
}

/// How many items came to which outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub deleted: u64,
    pub gone: u64,
    pub refused: u64,
    pub failed: u64,
    pub cancelled: u64,
    pub unsettled: u64,
}

impl Tally {
    pub fn add(&mut self, outcome: Outcome, count: u64) {
        *self.slot(outcome) += count;
    }

    pub fn get(&self, outcome: Outcome) -> u64 {
        let mut copy = *self;
        *copy.slot(outcome)
    }

    pub fn total(&self) -> u64 {
        Outcome::ALL.into_iter().map(|o| self.get(o)).sum()
    }

    /// Everything asked is so.
    pub fn is_success(&self) -> bool {
        self.total() == self.deleted + self.gone
    }

    fn slot(&mut self, outcome: Outcome) -> &mut u64 {
        match outcome {
            Outcome::Deleted => &mut self.deleted,
            Outcome::Gone => &mut self.gone,
            Outcome::Refused => &mut self.refused,
            Outcome::Failed => &mut self.failed,
            Outcome::Cancelled => &mut self.cancelled,
            Outcome::Unsettled => &mut self.unsettled,
        }
    }
}

/// How fast deletions go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Requests on the wire.
    pub in_flight: usize,
    /// How many of the kinds at work there may be now; never more than were allowed.
    pub limit: usize,
    /// Set while the service wants to be left alone; if with both kinds, the longer.
    pub throttle: Option<Box<Throttle>>,
}

/// The service wants to be left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    pub until: Timestamp,
    /// The answer that said so.
    pub answer: Answer,
}

/// What mirroring the list of files found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncTally {
    pub pages: u64,
    /// Distinct files the server named.
    pub seen: u64,
    pub new: u64,
    /// Rows the server no longer has; only ever non-zero for a complete listing.
    pub gone: u64,
    /// Files of which the service could not make anything.
    pub failed: u64,
    /// Files that it has been processing for too long; see [`Unready`](super::Unready).
    pub stuck: u64,
    /// Entries that could not be read as a file.
    pub skipped: u64,
    /// The listing ran to its end and did not contradict itself.
    pub complete: bool,
}

/// What the worker did. Carries the id and the whole result, so that whoever listens can fold it in
/// without asking back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// A batch is on disk as queued. `rows` are those that entered it: what is reported of them by
    /// batches accepted before, and only heard now, is history.
    Accepted {
        ticket: Ticket,
        batch: BatchId,
        rows: RowSet,
        starts_at: Timestamp,
    },
    Rejected {
        ticket: Ticket,
        refusal: Refusal,
    },
    TakenBack {
        batch: BatchId,
        rows: Vec<RowId>,
    },
    /// The undo window is over.
    Started {
        batch: BatchId,
    },
    /// A request is about to leave; its intent is on disk. Only told to those who show it.
    Sending {
        batch: BatchId,
        row: RowId,
        attempt: u32,
    },
    /// This item will be tried again at `until`.
    Waiting {
        batch: BatchId,
        row: RowId,
        attempt: u32,
        until: Timestamp,
        answer: Answer,
    },
    /// The outcome is on disk, and the row's state with it. If it could not be written, it is unsettled.
    Settled {
        batch: BatchId,
        settlement: Settlement,
        state: State,
        at: Timestamp,
    },
    /// The batch sends nothing more; what is on the wire will still settle.
    Halted {
        batch: BatchId,
        halt: Halt,
    },
    /// Nothing of this batch is pending any more. `returned` never left; each is back in its state.
    Finished {
        batch: BatchId,
        tally: Tally,
        returned: Vec<(RowId, State)>,
    },
    /// How fast deletions go. Told when it changes, a few times a second at most.
    Pace(Pace),
    /// The journal stopped taking writes: nothing more is sent until it does.
    JournalFailed {
        error: String,
    },
    Paused,
    Unpaused,
    SyncProgress {
        ticket: Ticket,
        tally: SyncTally,
    },
    /// What the ledger tracks since it `began` was found by it.
    Synced {
        ticket: Ticket,
        began: Timestamp,
        tally: SyncTally,
    },
    /// A fetched resource, merged into the ledger.
    Refreshed {
        ticket: Ticket,
        kind: Kind,
        id: ResourceId,
        row: RowId,
        state: State,
        facts: Box<Facts>,
    },
    /// One row could not be refreshed.
    NotRefreshed {
        ticket: Ticket,
        id: ResourceId,
        answer: Answer,
    },
    /// How far an upload is, told a few times a second. `at` is its place in the order.
    Uploading {
        ticket: Ticket,
        at: usize,
        /// Bytes handed to the connection.
        sent: u64,
        bytes: u64,
        /// It was not taken and will be tried again, then and for this reason.
        waiting: Option<(Timestamp, Answer)>,
    },
    /// A file is on the service and in the ledger, unless the ledger failed (`row`).
    Uploaded {
        ticket: Ticket,
        at: usize,
        id: ResourceId,
        row: Option<RowId>,
        facts: Box<Facts>,
        answer: Answer,
    },
    NotUploaded {
        ticket: Ticket,
        at: usize,
        why: NotUploaded,
    },
    /// What [`Order::Open`] was about, as the service shows it.
    Opened {
        ticket: Ticket,
        facts: Box<Facts>,
        content: Arc<Content>,
    },
    /// What the response was made from, or why that cannot be told.
    InputOpened {
        ticket: Ticket,
        input: Result<Arc<Content>, Box<Answer>>,
    },
    /// There is nothing to look at; with `is_gone` by the service's own word.
    NotOpened {
        ticket: Ticket,
        answer: Box<Answer>,
        is_gone: bool,
    },
    /// A step of a walk: the response is tracked now. `None`: by the service's own word it is no more.
    Walked {
        ticket: Ticket,
        id: ResourceId,
        row: Option<RowId>,
    },
    /// A sync, a refresh, a walk, an upload or a settling came to its end; `halt` says if that was before its time.
    Done {
        ticket: Ticket,
        halt: Option<Halt>,
    },
    /// No order is left to carry out.
    Idle,
}
