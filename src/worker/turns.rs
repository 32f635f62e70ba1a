//! Whose turn comes first: in a chain of responses a later turn has to be done with, however many tries
//! it takes, before the one it builds on is sent.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::domain::RowId;

/// The responses of a batch that are under way.
#[derive(Debug, Default)]
pub(super) struct Turns {
    under_way: Mutex<HashSet<RowId>>,
    ended: Notify,
}

/// One of them. It has ended when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    row: RowId,
    later: Vec<RowId>,
}

impl Turn {
    /// One more that is under way. It waits for those of `later` that are so already, and for no other: a
    /// circle cannot wait for itself.
    pub(super) fn begin(turns: &Arc<Turns>, row: RowId, mut later: Vec<RowId>) -> Self {
        let mut under_way = turns.under_way();
        later.retain(|row| under_way.contains(row));
        under_way.insert(row);
        drop(under_way);
        Self {
            turns: Arc::clone(turns),
            row,
            later,
        }
    }

    pub(super) fn is_first(&self) -> bool {
        self.later.is_empty()
    }

    /// Waits until the later ones have ended.
    pub(super) async fn come(&self) {
        loop {
            let ended = self.turns.ended.notified();
            tokio::pin!(ended);
            // Before the look: one that ends right after it is to be heard.
            ended.as_mut().enable();
            let is_under_way = |row: &RowId| self.turns.under_way().contains(row);
            if !self.later.iter().any(is_under_way) {
                return;
            }
            ended.await;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.under_way().remove(&self.row);
        self.turns.ended.notify_waiters();
    }
}

impl Turns {
    fn under_way(&self) -> MutexGuard<'_, HashSet<RowId>> {
        self.under_way
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_one_built_on_waits_for_all_that_build_on_it_and_for_nobody_else() {
        let turns = Arc::default();
        let begin = |row, later: &[i64]| {
            let later = later.iter().copied().map(RowId).collect();
            Turn::begin(&turns, RowId(row), later)
        };
        let (last, branch) = (begin(3, &[]), begin(4, &[]));
        // 9 is not under way, and 1 is not yet: in a circle the first does not wait.
        let first = begin(1, &[3, 4, 9, 1]);
        assert!(last.is_first() && !first.is_first());
        let mut come = std::pin::pin!(first.come());
        for ending in [last, branch] {
            tokio::select! {
                biased;
                () = &mut come => panic!("{ending:?} is under way"),
                () = tokio::task::yield_now() => {}
            }
            drop(ending);
        }
        come.await;
    }
}
