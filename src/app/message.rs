//! What the user wants ([`Action`]), what happened ([`Message`]), what should be done ([`Effect`]).

use std::path::PathBuf;

use jiff::Timestamp;
use tui_input::InputRequest;

use crate::domain::{
    Citing, Counts, FreeQuery, Freed, HistoryPage, HistoryQuery, Kind, Labels, ListQuery, Listing,
    Order, Report, Resource, ResourceId, Review, RowId, Sighting, Tracked, Turns, Unreadable,
    Weight,
};

use super::{Folded, ImportNews, Motion, Offer};

/// What the user asks for. The `keys` table says which chord asks for it where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    Move(Motion),
    NextPane,
    Responses,
    Files,
    Queue,
    Mark,
    Range,
    MarkAll,
    Invert,
    Unmark,
    Filter,
    Sort,
    Reverse,
    Tombstones,
    Details,
    Copy,
    CopyCurl,
    Refresh,
    Add,
    /// Ids out of files.
    Import,
    Delete,
    TakeBack,
    Pause,
    Stop,
    /// Settle what is unsettled.
    Settle,
    /// Review what failed for another try.
    Retry,
    /// What happens now, or the journal.
    History,
    /// In a text: to the next place that was looked for.
    NextHit,
    PreviousHit,
    /// In the details of a response: to the turn before, the turn after, another that continues the same.
    PreviousTurn,
    NextTurn,
    NextBranch,
    /// Responses as trees, or one by one.
    Chains,
    /// Mark what is under the cursor and everything that continues it.
    MarkChain,
    Unfold,
    Fold,
    /// Protect from deletion, or no longer.
    Protect,
    /// Change tags and note.
    Label,
    /// Upload a file.
    Upload,
    /// Choose and mark files whose deletion frees some room.
    Free,
    Help,
    /// All that can be done here and now.
    Palette,
    Quit,
    Suspend,
    /// In a dialog: do it.
    Yes,
    /// In a dialog: leave it. Elsewhere: step back.
    No,
    /// In a dialog: press the focused button; in a text field: take the text.
    Press,
    /// In a filter: the one before, the one after.
    Earlier,
    Later,
    /// In a filter or a path: write the word on.
    Complete,
    /// In a dialog: move to the other button, or to the other choice.
    Switch,
}

/// Something that happened, in the order in which it did.
#[derive(Clone, Debug)]
pub enum Message {
    /// The clock; sent before every message that came from outside.
    Time(Timestamp),
    Resize {
        width: u16,
        height: u16,
    },
    Act(Action),
    Edit(InputRequest),
    Paste(String),
    Report(Report),
    /// The answer to [`Effect::List`].
    Listed {
        kind: Kind,
        generation: u64,
        listing: Listing,
    },
    /// The answer to [`Effect::Weigh`].
    Weighed {
        generation: u64,
        weights: Vec<(RowId, Weight)>,
    },
    /// The answer to [`Effect::Fetch`]: `asked`, and what of it the ledger has.
    Fetched {
        asked: Vec<RowId>,
        rows: Vec<Resource>,
    },
    Reviewed {
        generation: u64,
        review: Review,
    },
    /// The answer to [`Effect::Citing`].
    Cited {
        row: RowId,
        citing: Citing,
    },
    /// The answer to [`Effect::FindFiles`]; or what cannot be read, and why.
    FoundFiles {
        asked: String,
        files: Result<Vec<PathBuf>, (String, Unreadable)>,
        /// What they hold together.
        bytes: u64,
    },
    /// The answer to [`Effect::Offer`].
    Offered(Vec<Offer>),
    /// The answer to [`Effect::Filters`] and [`Effect::Remember`]: newest last.
    Filters(Vec<String>),
    /// The answer to [`Effect::Turns`].
    Turns {
        row: RowId,
        turns: Turns,
    },
    Counted(Counts),
    /// The answer to [`Effect::History`].
    Told {
        generation: u64,
        /// The page follows what was told before.
        is_older: bool,
        page: HistoryPage,
    },
    /// These rows were written and have to be read again.
    Changed(Vec<RowId>),
    /// The answer to [`Effect::Free`].
    Freed {
        asked: FreeQuery,
        freed: Freed,
    },
    Tracked(Vec<Tracked>),
    Import(ImportNews),
    /// What an earlier run left behind: how many deletions are in doubt, and of what they were never sent.
    Recovered {
        unsettled: u64,
        returned: Vec<(Kind, RowId)>,
    },
    /// Another instance wrote to the ledger.
    ChangedElsewhere,
    /// The ledger could not answer. The text is the store's.
    LedgerFailed(String),
    /// A frame was drawn; this many lines of something to read lie beyond its end.
    Drawn {
        overflow: usize,
    },
    /// SIGTERM, SIGHUP or SIGINT.
    Terminate,
}

/// Something to be done outside. Nothing here is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Order(Order),
    List {
        kind: Kind,
        generation: u64,
        query: ListQuery,
        /// As trees.
        chained: bool,
    },
    /// What do these chains add up to? Each by the row of its line.
    Weigh {
        generation: u64,
        chains: Vec<Folded>,
    },
    Fetch(Vec<RowId>),
    Review {
        generation: u64,
        rows: Vec<RowId>,
    },
    /// Which responses were made with this file?
    Citing {
        row: RowId,
        id: ResourceId,
    },
    /// Which responses stand around this one, which continues `previous`, if that is known better than
    /// by the ledger?
    Turns {
        row: RowId,
        previous: Option<String>,
    },
    Count,
    History {
        generation: u64,
        query: HistoryQuery,
    },
    Protect {
        rows: Vec<RowId>,
        protected: bool,
    },
    /// Which files free this much room?
    Free(FreeQuery),
    Label {
        rows: Vec<RowId>,
        labels: Labels,
    },
    Track(Vec<Sighting>),
    /// What can be done here and now, and how is it called? The key table knows.
    Offer,
    /// What was looked for in earlier runs?
    Filters,
    /// Keep this filter for later runs.
    Remember(String),
    /// Read ids from what was typed: a file, a folder, a pattern.
    Import(String),
    StopImport,
    /// Which files are named in this line?
    FindFiles(String),
    /// How can this path go on?
    Complete(String),
    /// Put this on the clipboard.
    Copy(String),
    Suspend,
    Leave,
}
