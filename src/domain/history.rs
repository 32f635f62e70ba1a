//! The journal as history: what was asked of it, and what it tells.

use jiff::Timestamp;

use super::{Answer, BatchId, Kind, Outcome, ResourceId, RowId};

/// Which deletions to tell of. All that is set has to match; the default is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryQuery {
    pub id: Option<ResourceId>,
    pub kind: Option<Kind>,
    pub batch: Option<BatchId>,
    pub outcome: Option<Outcome>,
    /// Told of at or after this time; see [`HistoryEntry::at`].
    pub since: Option<Timestamp>,
    /// Each has to be in the id, in the name that the ledger still knows, in the service's code or
    /// message, or in a request id; ASCII case does not matter.
    pub words: Vec<String>,
    /// Only what is older than this place, which a [`HistoryPage::older`] gave.
    pub before: Option<u64>,
    /// Entries in a page, at most. A page may have fewer and still not be the last.
    pub limit: usize,
}

/// One deletion of one resource in one batch, or the settlement of one that was in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// Its place in the journal: grows with time, and is never given twice.
    pub seq: u64,
    pub batch: Option<BatchId>,
    pub row: RowId,
    pub kind: Kind,
    pub id: ResourceId,
    /// A file's name, a response's model: as long as the ledger has the row.
    pub name: Option<String>,
    /// `None`: it is still queued or being sent.
    pub outcome: Option<Outcome>,
    /// When the batch was confirmed. `None` where that part of the journal was purged.
    pub asked_at: Option<Timestamp>,
    /// When the first request left; of a run that did not live to say so, when it may have. `None`
    /// if none did.
    pub sent_at: Option<Timestamp>,
    /// When the outcome was written down: right after the answer, or when the item was cancelled.
    pub settled_at: Option<Timestamp>,
    pub answer: Answer,
}

impl HistoryEntry {
    /// When this was written: what lists are about.
    pub fn at(&self) -> Option<Timestamp> {
        self.settled_at.or(self.asked_at)
    }
}

/// Newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistoryPage {
    pub entries: Vec<HistoryEntry>,
    /// Where to go on; `None` when there is nothing older.
    pub older: Option<u64>,
}

/// What following the journal's chain of hashes from end to end found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    Whole {
        entries: u64,
        /// Entries that were here once and were purged, as the chain itself says.
        purged: u64,
    },
    /// The first place that is not as it was written.
    Broken { at: u64 },
}

/// What purging dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Purged {
    pub entries: u64,
    pub tombstones: u64,
}
