//! What the ledger knows of a resource, and how panes and lists ask for it.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Forest, Kind, Query, ResourceId};

/// The ledger's key of a resource: stable for the row's life and never given to another.
/// Cursor, marks and batches hold these, never positions on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(pub i64);

impl RowId {
    /// False for what stands in a list for something that the ledger lacks; see [`Forest`].
    pub const fn is_tracked(self) -> bool {
        self.0 > 0
    }
}

/// What a ledger row is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Tracked,
    Queued,
    Sending,
    Deleted,
    Gone,
    Refused,
    Failed,
    Unsettled,
    /// Never stored: a tracked row whose expiry has passed. See [`Resource::state_at`].
    Expired,
}

impl State {
    pub const ALL: [Self; 9] = [
        Self::Tracked,
        Self::Queued,
        Self::Sending,
        Self::Deleted,
        Self::Gone,
        Self::Refused,
        Self::Failed,
        Self::Unsettled,
        Self::Expired,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tracked => "tracked",
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Deleted => "deleted",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Unsettled => "unsettled",
            Self::Expired => "expired",
        }
    }

    /// The resource no longer exists; the row stays to say so.
    pub const fn is_tombstone(self) -> bool {
        matches!(self, Self::Deleted | Self::Gone | Self::Expired)
    }

    /// A batch has this row in hand; it cannot enter another.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Sending)
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|s| s.as_str() == text).ok_or(())
    }
}

/// How a resource came into the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Typed or pasted, or given on the command line.
    Hand,
    /// Read from a file or stdin.
    Import,
    /// Found in the server's list.
    Sync,
    /// Seeded by the demo.
    Demo,
    /// Uploaded from here.
    Upload,
}

impl Source {
    pub const ALL: [Self; 5] = [
        Self::Hand,
        Self::Import,
        Self::Sync,
        Self::Demo,
        Self::Upload,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Import => "import",
            Self::Sync => "sync",
            Self::Demo => "demo",
            Self::Upload => "upload",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// When the service will drop a resource by itself. The wire's `-1` is [`Expiry::Never`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    Never,
    At(Timestamp),
}

impl Expiry {
    pub const fn at(self) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::At(time) => Some(time),
        }
    }
}

/// Tokens, as a response reports them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub input: u64,
    pub output: u64,
    pub total: u64,
    pub cached: u64,
}

/// What one look at a resource tells about it. `None` = not said, and changes nothing when merged.
/// All text in it comes from the service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub name: Option<String>,
    pub bytes: Option<u64>,
    pub model: Option<String>,
    pub status: Option<String>,
    pub purpose: Option<String>,
    pub mime_type: Option<String>,
    pub created_at: Option<Timestamp>,
    pub expires_at: Option<Expiry>,
    pub previous_response_id: Option<String>,
    pub usage: Option<Usage>,
}

/// An id to be tracked, with what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    pub kind: Kind,
    pub id: ResourceId,
    pub source: Source,
    pub tags: Vec<String>,
    pub facts: Facts,
}

/// What tracking one id did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tracked {
    pub row: RowId,
    /// False: the ledger had it already.
    pub is_new: bool,
}

/// One ledger row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    pub row: RowId,
    pub kind: Kind,
    pub id: ResourceId,
    /// As stored; [`Resource::state_at`] is what to show.
    pub state: State,
    pub facts: Facts,
    /// `facts.created_at` was read off the id and not said by the service.
    pub created_approx: bool,
    pub tags: Vec<String>,
    /// The user's own words about it.
    pub note: Option<String>,
    pub source: Source,
    /// No batch takes it, whoever asks.
    pub protected: bool,
    pub tracked_at: Timestamp,
    /// When the last deletion of this row was settled.
    pub settled_at: Option<Timestamp>,
    /// What the last deletion that did not succeed was answered.
    pub answer: Option<super::Answer>,
}

impl Resource {
    /// The state as of `now`: what the service has dropped by itself is `expired`.
    pub fn state_at(&self, now: Timestamp) -> State {
        let due = self
            .facts
            .expires_at
            .and_then(Expiry::at)
            .is_some_and(|at| at <= now);
        match self.state {
            State::Tracked if due => State::Expired,
            state => state,
        }
    }
}

/// What rows are sorted by; the row id breaks ties.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    #[default]
    Created,
    Expires,
    /// A file's name, a response's model.
    Name,
    Size,
    State,
    Id,
}

impl SortKey {
    pub const ALL: [Self; 6] = [
        Self::Created,
        Self::Expires,
        Self::Name,
        Self::Size,
        Self::State,
        Self::Id,
    ];
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    /// The default direction is newest first for times, largest first for sizes, A to Z for text.
    pub reversed: bool,
}

/// Which rows of what no longer exists are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tombstones {
    /// None, unless the query has a `state:` term, which then decides.
    Hide,
    /// Those settled at or after this time; a `state:` term asks for more.
    Since(Timestamp),
    Show,
}

/// Which rows, in which order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListQuery {
    pub kind: Option<Kind>,
    pub query: Query,
    pub sort: Sort,
    pub tombstones: Tombstones,
    /// What `age`, `expires` and `state:expired` are measured against.
    pub now: Timestamp,
}

/// The answer to a [`ListQuery`]: keys in order. Rows are fetched by key, a window at a time, so that
/// a pane costs eight bytes for each row it does not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub rows: Vec<RowId>,
    /// The same as trees, if they were asked for.
    pub forest: Option<Forest>,
}

/// What the ledger holds for one profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Responses that are not tombstones.
    pub responses: u64,
    /// Files that are not tombstones.
    pub files: u64,
    /// The known sizes of those files added up, in bytes.
    pub file_bytes: u64,
    /// Those of them whose size is unknown.
    pub unsized_files: u64,
    /// A listing of the server's files ran to its end at least once: there were no others then.
    pub is_mirrored: bool,
    /// Rows whose deletion was sent and never settled.
    pub unsettled: u64,
}

/// What a set of rows chosen for deletion adds up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Review {
    /// Those of the rows asked about that can be deleted, in the order asked: not what is deleted or
    /// gone, not what another batch has in hand, and not the protected. Everything else here is
    /// about these.
    pub rows: Vec<RowId>,
    pub responses: u64,
    pub files: u64,
    /// The known sizes of the files added up, in bytes.
    pub bytes: u64,
    /// Living responses outside the set that continue one inside it (`previous_response_id`).
    pub dependents: u64,
    /// Files in the set that living responses outside it are known to cite, each with those.
    pub cited: BTreeMap<RowId, Citing>,
    /// Rows that were left out because they are protected.
    pub protected: u64,
}

/// Some responses, such as those that were made with a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Citing {
    pub count: u64,
    /// A few of them, those tracked last.
    pub some: Vec<ResourceId>,
}
