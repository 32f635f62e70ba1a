//! How much room files take, and how to get some back.

use jiff::Timestamp;

use super::{Query, RowId};

/// What there is room for by default, in bytes: all files of an account (`ark-api` section 5.2).
pub const QUOTA: u64 = 20_000_000_000;

/// Which files go first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FreeFirst {
    #[default]
    Oldest,
    Largest,
}

/// Some room to be freed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreeQuery {
    /// Only files that match.
    pub query: Query,
    pub bytes: u64,
    pub first: FreeFirst,
    pub now: Timestamp,
}

/// Files whose deletion frees some room. Nothing protected is among them, and nothing that a batch has
/// in hand or that is in doubt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// In the order they were chosen.
    pub rows: Vec<RowId>,
    /// What was asked for.
    pub asked: u64,
    /// What these take.
    pub bytes: u64,
    /// The known sizes of all living files added up, these included.
    pub in_use: u64,
    /// Passed over on the way, and so all that there are if it is not enough.
    pub protected: u64,
    /// In a batch, or in doubt.
    pub busy: u64,
    /// Of unknown size.
    pub unknown: u64,
}

impl Freed {
    pub const fn is_enough(&self) -> bool {
        self.bytes >= self.asked
    }

    /// The known sizes of what stays.
    pub const fn left(&self) -> u64 {
        self.in_use.saturating_sub(self.bytes)
    }
}
