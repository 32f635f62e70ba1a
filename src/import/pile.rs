//! What the reader has found and nobody has taken yet.
//!
//! The reader goes on while the ledger commits, up to a limit. Whoever takes is woken for the first find
//! and when there are many, not for each: a log that is read at gigabytes a second has thousands of
//! places with ids, and a wake-up costs more than the search between two of them.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::read::Piece;

/// Ids that are taken at a time, at least when there are many.
const MANY: usize = 1024;
/// Ids that may wait before the reader does.
const LIMIT: usize = 4 * MANY;
/// How long fewer than many wait for more: each time costs a flush of the disk.
const LINGER: Duration = Duration::from_millis(50);

/// The reader's end, and that of whoever takes. Either learns when the other is gone.
pub(super) fn pile() -> (Giver, Taker) {
    let pile = Arc::new(Pile::default());
    (Giver(Arc::clone(&pile)), Taker(pile))
}

pub(super) struct Giver(Arc<Pile>);

pub(super) struct Taker(Arc<Pile>);

/// Nobody wants more.
pub(super) struct Stopped;

#[derive(Default)]
struct Pile {
    heap: Mutex<Heap>,
    /// There is room again, or there will be none.
    room: Condvar,
    /// There is something, or much, or there will be no more.
    news: Notify,
}

#[derive(Default)]
struct Heap {
    pieces: Vec<Piece>,
    /// Ids in them; a piece without any counts as one.
    size: usize,
    is_complete: bool,
    is_unwanted: bool,
}

impl Giver {
    /// Waits while too much is there.
    pub(super) fn give(&self, piece: Piece) -> Result<(), Stopped> {
        let heap = self.0.lock();
        let is_full = |heap: &mut Heap| heap.size >= LIMIT && !heap.is_unwanted;
        let heap = self.0.room.wait_while(heap, is_full);
        let mut heap = heap.unwrap_or_else(PoisonError::into_inner);
        if heap.is_unwanted {
            return Err(Stopped);
        }
        let before = heap.size;
        heap.size += piece.len().max(1);
        heap.pieces.push(piece);
        if before == 0 || (before < MANY && heap.size >= MANY) {
            self.0.news.notify_one();
        }
        Ok(())
    }
}

impl Drop for Giver {
    fn drop(&mut self) {
        self.0.lock().is_complete = true;
        self.0.news.notify_one();
    }
}

impl Taker {
    /// Waits until there is something, or until there will be nothing. May be dropped and asked again.
    pub(super) async fn some(&self) {
        self.until(|heap| heap.size > 0).await;
    }

    /// All that is there, once that is much or has waited long enough; `None` at the end.
    pub(super) async fn take(&self) -> Option<Vec<Piece>> {
        self.some().await;
        // Out of patience: less will do.
        let _ = timeout(LINGER, self.until(|heap| heap.size >= MANY)).await;
        let mut heap = self.0.lock();
        heap.size = 0;
        self.0.room.notify_one();
        let pieces = mem::take(&mut heap.pieces);
        (!pieces.is_empty()).then_some(pieces)
    }

    async fn until(&self, is_enough: impl Fn(&Heap) -> bool) {
        loop {
            let news = self.0.news.notified();
            {
                let heap = self.0.lock();
                if heap.is_complete || is_enough(&heap) {
                    return;
                }
            }
            news.await;
        }
    }
}

impl Drop for Taker {
    fn drop(&mut self) {
        self.0.lock().is_unwanted = true;
        self.0.room.notify_one();
    }
}

impl Pile {
    fn lock(&self) -> MutexGuard<'_, Heap> {
        // Nothing panics while it is locked.
        self.heap.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
