//! Plain data and the rules between them: ids, resources, outcomes, orders and reports, the query language.
//!
//! Refuses I/O, clocks, runtimes, and every other module of this crate but its own parts.

mod cells;
mod content;
mod facts;
mod forest;
mod history;
mod id;
mod intake;
mod label;
mod lang;
mod meter;
mod outcome;
mod query;
mod resource;
mod room;
mod traffic;
mod unready;
mod upload;
mod visible;

pub use cells::{cells, clusters, width, wrap};
pub use content::{Content, Document, Heading, LONGEST_DOCUMENT, Particular, Tint};
pub use facts::{capped, is_passing};
pub use forest::{Forest, Link, Node, Turns, Weight};
pub use history::{Chain, HistoryEntry, HistoryPage, HistoryQuery, Purged};
pub use id::{IdError, Kind, MAX_ID_LEN, ResourceId};
pub use intake::{ImportProgress, ImportTally, Unreadable};
pub use label::{LabelError, Labels, MAX_NOTE, MAX_TAG, note, tag};
pub use lang::Lang;
pub use meter::Meter;
pub use outcome::{Answer, Cause, Outcome, Settlement};
pub use query::{Cmp, KEYS as QUERY_KEYS, Problem, Query, QueryError, Term, Test, duration, size};
pub use resource::{
    Citing, Counts, Expiry, Facts, ListQuery, Listing, Resource, Review, RowId, Sighting, Sort,
    SortKey, Source, State, Tombstones, Tracked, Usage,
};
pub use room::{FreeFirst, FreeQuery, Freed, QUOTA};
pub use traffic::{
    BatchId, Halt, Order, Pace, Refusal, Report, RowSet, SyncTally, Tally, Throttle, Ticket,
};
pub use unready::Unready;
pub use upload::{LIFE, Life, MAX_UPLOAD, NotUploaded, PURPOSE, Upload, is_purpose};
pub use visible::{is_obeyed, visible};
