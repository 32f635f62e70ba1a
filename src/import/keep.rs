//! What the reader finds goes into the ledger, and what came of it is told.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;

use crate::domain::{
    Facts, ImportTally, Kind, Resource, ResourceId, RowId, Sighting, Source, State, Tracked,
};
use crate::scan::{Item, Said};
use crate::store::{Ledger, StoreError};

use super::read::Piece;
use super::{Report, Spot};

/// Deletions that are remembered: what else names the deleted is close to them, mostly.
const REMEMBERED: usize = 1 << 15;

pub(super) struct Keeper<'a> {
    ledger: Ledger,
    tags: Vec<String>,
    reports: &'a mpsc::Sender<Report>,
    total: ImportTally,
    file: File,
    /// Rows from here on were added by this import.
    first_new: Option<RowId>,
    /// What was read says that these are deleted, and the ledger does not have them.
    deleted: HashSet<ResourceId>,
    /// New ids that have not been told yet: one by one they would cost more than to find them.
    fresh: Vec<(ResourceId, Spot)>,
    /// Likewise, of known ones.
    known: Vec<(ResourceId, Spot)>,
}

/// The file being read.
#[derive(Default)]
struct File {
    tally: ImportTally,
    /// Rows from here on were added while it was read.
    first_new: Option<RowId>,
    known: HashSet<RowId>,
    /// How many of these this import has added, from another file.
    again: u64,
    doubted: HashSet<RowId>,
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
            first_new: None,
            deleted: HashSet::new(),
            known: Vec::new(),
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
        self.note_deletions(&pieces).await?;
        let sightings: Vec<Sighting> = items(&pieces)
            .filter_map(|item| self.sighting(item))
            .collect();
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
        let Item::Id { kind, id, said, .. } = item else {
            return None;
        };
        let facts = match said {
            Some(Said::Facts(facts)) => (**facts).clone(),
            _ => Facts::default(),
        };
        (!self.deleted.contains(id)).then(|| Sighting {
            kind: *kind,
            id: id.clone(),
            source: Source::Import,
            tags: self.tags.clone(),
            facts,
        })
    }

    /// What is said to be deleted is not added, wherever else it is named, and goes again if this
    /// import has added it. What was known before stays as it is: only the service's word changes
    /// that.
    async fn note_deletions(&mut self, pieces: &[Piece]) -> Result<(), StoreError> {
        if self.deleted.len() >= REMEMBERED {
            self.deleted.clear();
        }
        let said: HashSet<(Kind, ResourceId)> = items(pieces)
            .filter_map(|item| match item {
                Item::Id {
                    kind,
                    id,
                    said: Some(Said::Deleted),
                    ..
                } => (!self.deleted.contains(id)).then(|| (*kind, id.clone())),
                _ => None,
            })
            .collect();
        if said.is_empty() {
            return Ok(());
        }
        let ids = said.iter().map(|(kind, id)| (Some(*kind), id.clone()));
        let rows = self.ledger.find(ids.collect()).await?.concat();
        let known = self.ledger.rows(rows).await?;
        let ours: Vec<RowId> = known
            .iter()
            .filter(|known| self.has_added(known))
            .map(|known| known.row)
            .collect();
        let dropped: HashSet<RowId> = if ours.is_empty() {
            HashSet::new()
        } else {
            self.ledger.forget(ours).await?.into_iter().collect()
        };
        let mut there = HashSet::new();
        for resource in &known {
            if dropped.contains(&resource.row) {
                // It may have been counted with an earlier file.
                let tally = if since(self.file.first_new, resource.row) {
                    &mut self.file.tally
                } else {
                    &mut self.total
                };
                tally.new = tally.new.saturating_sub(1);
                continue;
            }
            there.insert((resource.kind, &resource.id));
            let is_news = !matches!(resource.state, State::Deleted | State::Gone);
            if is_news && self.file.doubted.insert(resource.row) {
                self.file.tally.doubted += 1;
            }
        }
        for (kind, id) in said {
            if !there.contains(&(kind, &id)) {
                self.deleted.insert(id);
                self.file.tally.deleted += 1;
            }
        }
        Ok(())
    }

    /// This import has added it, and nobody has touched it since.
    fn has_added(&self, known: &Resource) -> bool {
        since(self.first_new, known.row)
            && known.source == Source::Import
            && known.state == State::Tracked
            && known.note.is_none()
            && !known.protected
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
            // It had no sighting.
            Item::Id { id, .. } if self.deleted.contains(&id) => return,
            Item::Id { id, line, .. } => {
                let Some(tracked) = tracked.next() else {
                    return;
                };
                if tracked.is_new {
                    self.first_new.get_or_insert(tracked.row);
                    self.file.first_new.get_or_insert(tracked.row);
                    self.file.tally.new += 1;
                    self.fresh.push((id, spot(line)));
                } else {
                    let is_ours = since(self.first_new, tracked.row);
                    if self.file.known(tracked.row, is_ours) {
                        self.known.push((id, spot(line)));
                    }
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
        let File {
            mut tally, again, ..
        } = std::mem::take(&mut self.file);
        tally.lines = lines;
        tally.bare_lines = lines - with_ids;
        self.total.add(&tally);
        self.total.known -= again;
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
        if !self.known.is_empty() {
            let known = std::mem::take(&mut self.known);
            let _ = self.reports.send(Report::Known(known)).await;
        }
    }
}

fn since(first: Option<RowId>, row: RowId) -> bool {
    first.is_some_and(|first| row >= first)
}

fn items(pieces: &[Piece]) -> impl Iterator<Item = &Item> {
    pieces.iter().flat_map(|piece| match piece {
        Piece::Found(_, items) => items.as_slice(),
        _ => &[],
    })
}

impl File {
    /// Whether it was known before this import, and this file had not named it yet.
    fn known(&mut self, row: RowId, is_ours: bool) -> bool {
        let is_first = !since(self.first_new, row) && self.known.insert(row);
        if is_first {
            self.tally.known += 1;
            self.again += u64::from(is_ours);
        }
        is_first && !is_ours
    }
}
