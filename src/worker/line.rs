//! Items that wait to be sent, and the runners that send them: each takes one after the other off the
//! line, so that what waits is plain data, and only what is on the wire is a task.
//!
//! A kind has a line and runners of its own, because one may have to wait while the other goes on. A
//! runner whose item has to wait for something else than the limiter steps aside: another takes its
//! place, so that no item waits because another does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::{BatchId, Halt, Kind, Settlement};

use super::item::Item;
use super::senders::Sender;

/// What runners may tell before they have to wait.
pub(super) const NEWS: usize = 256;

/// What a runner tells.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are of the large kind"
)]
pub(super) enum News {
    Ended {
        batch: BatchId,
        /// [`News::Aside`] was told of it.
        was_aside: bool,
        settlement: Settlement,
        halt: Option<Box<Halt>>,
    },
    /// An item waits for something else than the wire; another runner is wanted.
    Aside(BatchId),
}

#[derive(Debug, Default)]
pub(super) struct Lines {
    responses: Arc<Line>,
    files: Arc<Line>,
}

#[derive(Debug, Default)]
struct Line(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Item>,
    /// Those who take items off it.
    runners: usize,
}

/// One of them, until dropped.
#[derive(Debug)]
pub(super) struct Runner {
    pub(super) sender: Arc<Sender>,
    line: Arc<Line>,
    /// At most so many for one line.
    most: usize,
    is_aside: bool,
}

impl Lines {
    pub(super) fn push(&self, item: Item) {
        self.of(item.kind()).waiting().items.push_back(item);
    }

    /// Takes a batch's items off the lines.
    pub(super) fn withdraw(&self, batch: BatchId) -> Vec<Item> {
        let mut withdrawn = Vec::new();
        for kind in Kind::ALL {
            let mut waiting = self.of(kind).waiting();
            let items = std::mem::take(&mut waiting.items);
            for item in items {
                if item.batch() == batch {
                    withdrawn.push(item);
                } else {
                    waiting.items.push_back(item);
                }
            }
        }
        withdrawn
    }

    /// The runners that are missing, with `most` for a line, each to run where `sender` says.
    pub(super) fn runners(
        &self,
        most: usize,
        mut sender: impl FnMut() -> Arc<Sender>,
    ) -> Vec<Runner> {
        let mut runners = Vec::new();
        for kind in Kind::ALL {
            let line = self.of(kind);
            let mut waiting = line.waiting();
            let wanted = most.min(waiting.runners + waiting.items.len());
            while waiting.runners < wanted {
                waiting.runners += 1;
                runners.push(Runner {
                    sender: sender(),
                    line: Arc::clone(line),
                    most,
                    is_aside: false,
                });
            }
        }
        runners
    }

    fn of(&self, kind: Kind) -> &Arc<Line> {
        match kind {
            Kind::Response => &self.responses,
            Kind::File => &self.files,
        }
    }
}

impl Line {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Runner {
    /// Carries out item after item until none is left, or others do.
    pub(super) async fn run(mut self) {
        while let Some(item) = self.next() {
            let batch = item.batch();
            let (settlement, halt) = item.carry_out(&mut self).await;
            let ended = News::Ended {
                batch,
                was_aside: self.is_aside,
                settlement,
                halt: halt.map(Box::new),
            };
            // An error: the dispatcher has gone, and with it whoever would write this down.
            if self.sender.news.send(ended).await.is_err() {
                break;
            }
        }
    }

    fn next(&mut self) -> Option<Item> {
        let mut waiting = self.line.waiting();
        if self.is_aside {
            if waiting.runners >= self.most {
                return None;
            }
            waiting.runners += 1;
            self.is_aside = false;
        }
        let item = waiting.items.pop_front();
        if item.is_none() {
            // Not later: whoever adds items counts on those who run.
            waiting.runners -= 1;
            self.is_aside = true;
        }
        item
    }

    /// An item of this batch has to wait for something.
    pub(super) async fn step_aside(&mut self, batch: BatchId) {
        if !std::mem::replace(&mut self.is_aside, true) {
            self.line.waiting().runners -= 1;
            // An error: as above.
            let _ = self.sender.news.send(News::Aside(batch)).await;
        }
    }
}

impl Drop for Runner {
    fn drop(&mut self) {
        if !self.is_aside {
            self.line.waiting().runners -= 1;
        }
    }
}
