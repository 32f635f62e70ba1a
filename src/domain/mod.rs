//! Plain data and the rules between them: ids, resources, outcomes, orders and reports, the query language.
//!
//! Refuses I/O, clocks, runtimes, and every other module of this crate but its own parts.

mod id;
mod lang;
mod outcome;
mod query;
mod resource;
mod traffic;
mod visible;

pub use id::{IdError, Kind, MAX_ID_LEN, ResourceId};
pub use lang::Lang;
pub use outcome::{Answer, Cause, Outcome, Settlement};
pub use query::{Cmp, KEYS as QUERY_KEYS, Problem, Query, QueryError, Term, Test, parse_duration};
pub use resource::{
    Counts, Expiry, Facts, ListQuery, Listing, Resource, Review, RowId, Sighting, Sort, SortKey,
    Source, State, Tombstones, Tracked, Usage,
};
pub use traffic::{BatchId, Halt, Order, Refusal, Report, SyncTally, Tally, Ticket};
pub use visible::{is_obeyed, visible};
