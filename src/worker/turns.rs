//! Whose turn comes first: in a chain of responses a later turn has to be done with, however many tries
//! it takes, before the one it builds on is sent.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::domain::RowId;

/// The responses of a batch that are under way, each with what tells of its end.
#[derive(Debug, Default)]
pub(super) struct Turns(Mutex<HashMap<RowId, watch::Receiver<()>>>);

/// One of them. It has ended when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    row: RowId,
    _end: watch::Sender<()>,
    later: Vec<watch::Receiver<()>>,
}

impl Turn {
    /// One more that is under way. It waits for those of `later` that are so already, and for no other: a
    /// circle cannot wait for itself.
    pub(super) fn begin(turns: &Arc<Turns>, row: RowId, later: &[RowId]) -> Self {
        let (sender, receiver) = watch::channel(());
        let mut under_way = turns.under_way();
        let later = later.iter().filter_map(|row| under_way.get(row).cloned());
        let later = later.collect();
        under_way.insert(row, receiver);
        drop(under_way);
        Self {
            turns: Arc::clone(turns),
            row,
            _end: sender,
            later,
        }
    }

    pub(super) fn is_first(&self) -> bool {
        self.later.is_empty()
    }

    /// Waits until the later ones have ended.
    pub(super) async fn come(&self) {
        for mut later in self.later.iter().cloned() {
            // Nothing is ever sent: an error says that the sender is gone.
            while later.changed().await.is_ok() {}
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.under_way().remove(&self.row);
    }
}

impl Turns {
    fn under_way(&self) -> MutexGuard<'_, HashMap<RowId, watch::Receiver<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_one_built_on_waits_for_all_that_build_on_it_and_for_nobody_else() {
        let turns = Arc::default();
        let begin = |row, later: &[i64]| {
            let later: Vec<_> = later.iter().copied().map(RowId).collect();
            Turn::begin(&turns, RowId(row), &later)
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
