//! What the reader finds goes into the ledger, and what came of it is told.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::domain::{ImportTally, ResourceId, RowId, Sighting, Source, Tracked};
use crate::scan::Item;
use crate::store::{Ledger, StoreError};

use super::read::Piece;
use super::{Report, Spot};

pub(super) struct Keeper<'a> {
    ledger: Ledger,
    tags: Vec<String>,
    reports: &'a mpsc::Sender<Report>,
    total: ImportTally,
    file: File,
    /// New ids that have not been told yet: one by one they would cost more than to find them.
    fresh: Vec<(ResourceId, Spot)>,
}

/// The file being read.
#[derive(Default)]
struct File {
    tally: ImportTally,
    /// Rows from here on were added while it was read.
    first_new: Option<RowId>,
    known: HashSet<RowId>,
}

impl<'a> Keeper<'a> {
    pub(super) fn new(
        ledger: Ledger,
        tags: Vec<String>,
        reports: &'a mpsc::Sender<Report>,
    ) -> Self {
        Self {
            ledger,
            tags,
            reports,
            total: ImportTally::default(),
            file: File::default(),
            fresh: Vec::new(),
        }
    }

    /// New ids so far.
    pub(super) fn new_ids(&self) -> u64 {
        self.total.new + self.file.tally.new
    }

    pub(super) fn stopped(&mut self) {
        self.total.stopped = true;
    }

    /// What all of it came to.
    pub(super) async fn end(mut self) -> ImportTally {
        self.end_file(Arc::default(), 0, 0).await;
        self.total
    }

    pub(super) async fn take(&mut self, pieces: Vec<Piece>) -> Result<(), StoreError> {
        let items = pieces.iter().flat_map(|piece| match piece {
            Piece::Found(_, items) => items.as_slice(),
            _ => &[],
        });
        let sightings: Vec<Sighting> = items.filter_map(|item| self.sighting(item)).collect();
        let mut tracked = if sightings.is_empty() {
            Vec::new()
        } else {
            self.ledger.track(sightings, Timestamp::now()).await?
        }
        .into_iter();
        for piece in pieces {
            match piece {
                Piece::Found(name, items) => {
                    for item in items {
                        self.found(&name, item, &mut tracked).await;
                    }
                }
                Piece::Unreadable(name, error) => {
                    self.file.tally.unreadable += 1;
                    self.tell(Report::Unreadable { name, error }).await;
                }
                Piece::End(name, lines, with_ids) => {
                    self.file.tally.files = 1;
                    self.end_file(name, lines, with_ids).await;
                }
            }
        }
        self.tell_fresh().await;
        Ok(())
    }

    fn sighting(&self, item: &Item) -> Option<Sighting> {
        let Item::Id {
            kind, id, facts, ..
        } = item
        else {
            return None;
        };
        Some(Sighting {
            kind: *kind,
            id: id.clone(),
            source: Source::Import,
            tags: self.tags.clone(),
            facts: facts.as_deref().cloned().unwrap_or_default(),
        })
    }

    async fn found(
        &mut self,
        name: &Arc<str>,
        item: Item,
        tracked: &mut impl Iterator<Item = Tracked>,
    ) {
        let spot = |line| Spot {
            name: name.clone(),
            line,
        };
        let (line, error) = match item {
            Item::Id { id, line, .. } => {
                let Some(tracked) = tracked.next() else {
                    return;
                };
                if tracked.is_new {
                    self.file.first_new.get_or_insert(tracked.row);
                    self.file.tally.new += 1;
                    self.fresh.push((id, spot(line)));
                } else {
                    self.file.known(tracked.row);
                }
                return;
            }
            Item::NeedsKind { line } => (line, None),
            Item::Bad { line, error } => (line, Some(error)),
        };
        self.file.tally.rejected += 1;
        self.tell(Report::Rejected(spot(line), error)).await;
    }

    async fn end_file(&mut self, name: Arc<str>, lines: u64, with_ids: u64) {
        let mut tally = std::mem::take(&mut self.file).tally;
        tally.lines = lines;
        tally.bare_lines = lines - with_ids;
        self.total.add(&tally);
        if tally.files > 0 {
            self.tell(Report::Read { name, tally }).await;
        }
    }

    /// In the order in which it was found.
    async fn tell(&mut self, report: Report) {
        self.tell_fresh().await;
        // Nobody may be listening any more.
        let _ = self.reports.send(report).await;
    }

    async fn tell_fresh(&mut self) {
        if !self.fresh.is_empty() {
            let fresh = std::mem::take(&mut self.fresh);
            let _ = self.reports.send(Report::New(fresh)).await;
        }
    }
}

impl File {
    fn known(&mut self, row: RowId) {
        let added_by_this = self.first_new.is_some_and(|first| row >= first);
        if !added_by_this && self.known.insert(row) {
            self.tally.known += 1;
        }
    }
}
