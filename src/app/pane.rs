//! One pane of resources: an ordered list of keys, a cursor, marks and a filter.
//!
//! A pane holds no rows. It holds the keys of the whole listing, eight bytes each, and the app
//! fetches the rows around what is on the screen. Moving is arithmetic on the list; nothing a key
//! does costs more than what it names.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};

use jiff::Timestamp;
use tui_input::Input;

use super::chains::{Chains, Folded, Stem};
use crate::domain::{
    Kind, ListQuery, Listing, Query, QueryError, Resource, RowId, Sort, SortKey, Source, SyncTally,
    Tombstones, Unready, Weight,
};

#[derive(Debug)]
pub struct Pane {
    pub kind: Kind,
    /// What can be on the screen, a row each line.
    rows: Vec<RowId>,
    chains: Chains,
    cursor: Option<RowId>,
    /// Where in `rows` the cursor is.
    at: usize,
    /// The first row on the screen.
    offset: usize,
    marks: HashSet<RowId>,
    /// Those of them that were marked because an earlier run never sent their deletion.
    unsent: HashSet<RowId>,
    /// Where a range mark began.
    range: Option<RowId>,
    pub filter: Input,
    query: Query,
    query_error: Option<QueryError>,
    sort: Sort,
    show_tombstones: bool,
    /// Of the last listing asked for.
    generation: u64,
    /// Of the last listing that came or failed; behind `generation` while one is under way.
    answered: u64,
    /// The listing is out of date.
    stale: bool,
    /// A listing came at least once.
    pub listed: bool,
    /// A sync of this pane is under way.
    pub syncing: Option<SyncTally>,
    /// When this run's last sync began: what is tracked since then and came by a sync, it discovered.
    new_since: Option<Timestamp>,
    /// When this run's last complete one did: it told the status of every file.
    told_at: Option<Timestamp>,
}

/// Rows of a line that are looked at to tell how much of it is marked: more than a chain can have turns.
const LOOKED_AT: usize = 1_000;

/// How much of a line is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    None,
    Some,
    All,
}

/// A way to move the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Motion {
    Up,
    Down,
    HalfUp,
    HalfDown,
    PageUp,
    PageDown,
    Top,
    Bottom,
}

impl Motion {
    /// How many rows it leads on, or back if that is negative, where `page` are on the screen; to an end,
    /// more than there can be.
    pub fn rows(self, page: usize) -> isize {
        let page = isize::try_from(page).unwrap_or(isize::MAX).max(1);
        let half = (page / 2).max(1);
        match self {
            Self::Up => -1,
            Self::Down => 1,
            Self::HalfUp => -half,
            Self::HalfDown => half,
            Self::PageUp => -page,
            Self::PageDown => page,
            Self::Top => isize::MIN,
            Self::Bottom => isize::MAX,
        }
    }

    /// Where it leads from `at` in a list of `len`, `page` of which are on the screen.
    pub fn apply(self, at: usize, len: usize, page: usize) -> usize {
        let there = at.saturating_add_signed(self.rows(page));
        there.min(len.saturating_sub(1))
    }
}

/// The first row to show so that `at` is among `page` rows, moving no more than needed.
pub fn scroll(offset: usize, at: usize, len: usize, page: usize) -> usize {
    let page = page.max(1);
    let highest = len.saturating_sub(page);
    offset.clamp((at + 1).saturating_sub(page), at).min(highest)
}

impl Pane {
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            rows: Vec::new(),
            chains: Chains::default(),
            cursor: None,
            at: 0,
            offset: 0,
            marks: HashSet::new(),
            unsent: HashSet::new(),
            range: None,
            filter: Input::default(),
            query: Query::default(),
            query_error: None,
            sort: Sort::default(),
            show_tombstones: false,
            generation: 0,
            answered: 0,
            stale: true,
            listed: false,
            syncing: None,
            new_since: None,
            told_at: None,
        }
    }

    pub fn rows(&self) -> &[RowId] {
        &self.rows
    }

    pub fn cursor(&self) -> Option<RowId> {
        self.cursor
    }

    /// The cursor's place in [`Pane::rows`].
    pub fn position(&self) -> usize {
        self.at
    }

    pub fn offset(&self) -> usize {
        self.offset
    }

    pub fn marks(&self) -> &HashSet<RowId> {
        &self.marks
    }

    /// How many are still marked as [`Pane::mark_unsent`] did.
    pub fn unsent(&self) -> usize {
        self.unsent.len()
    }

    pub fn range_from(&self) -> Option<RowId> {
        self.range
    }

    pub fn query(&self) -> &Query {
        &self.query
    }

    pub fn query_error(&self) -> Option<&QueryError> {
        self.query_error.as_ref()
    }

    pub fn sort(&self) -> Sort {
        self.sort
    }

    pub fn shows_tombstones(&self) -> bool {
        self.show_tombstones
    }

    /// A sync of this pane has ended.
    pub fn synced(&mut self, began: Timestamp, complete: bool) {
        self.syncing = None;
        self.new_since = Some(began);
        if complete {
            self.told_at = self.new_since;
        }
    }

    /// The last sync discovered it.
    pub fn is_new(&self, resource: &Resource) -> bool {
        // The ledger keeps milliseconds.
        let since = self.new_since.map(Timestamp::as_millisecond);
        resource.source == Source::Sync
            && since.is_some_and(|since| resource.tracked_at.as_millisecond() >= since)
    }

    /// Why what the service has cannot be used, as far as it told.
    pub fn unready(&self, resource: &Resource, now: Timestamp) -> Option<Unready> {
        let is_there = !resource.state_at(now).is_tombstone();
        let is_file = resource.kind == Kind::File;
        Unready::of(&resource.facts, self.told_at).filter(|_| is_there && is_file)
    }

    /// The part of the listing within `page` rows of the screen, to have at hand before it is needed, and
    /// what its lines tell of others.
    pub fn near(&self, page: usize) -> impl Iterator<Item = RowId> {
        let places = self.near_places(page);
        let rows = self.rows.get(places.clone()).unwrap_or_default().iter();
        let hidden = self.stem(self.at).and_then(|stem| stem.hidden);
        let told = self.chains.latest(places).chain(hidden);
        rows.copied().chain(told)
    }

    fn near_places(&self, page: usize) -> Range<usize> {
        let from = self.offset.saturating_sub(page);
        let to = (self.offset + 2 * page).min(self.rows.len());
        from..to
    }

    pub fn visible(&self, page: usize) -> &[RowId] {
        let to = (self.offset + page).min(self.rows.len());
        self.rows.get(self.offset..to).unwrap_or_default()
    }

    pub fn go(&mut self, motion: Motion, page: usize) {
        self.place(motion.apply(self.at, self.rows.len(), page), page);
    }

    /// Keeps the cursor on the screen after the screen changed.
    pub fn fit(&mut self, page: usize) {
        self.place(self.at.min(self.rows.len().saturating_sub(1)), page);
    }

    fn place(&mut self, at: usize, page: usize) {
        self.at = at;
        self.cursor = self.rows.get(at).copied();
        self.offset = scroll(self.offset, at, self.rows.len(), page);
    }

    /// Marks what is under the cursor, with what is folded away there; or unmarks it, if all of it is marked.
    pub fn toggle_mark(&mut self) {
        let under = self.members(self.at..=self.at);
        self.toggle_marks(&under);
    }

    /// The same with everything that continues what is under the cursor, folded away or not.
    pub fn toggle_chain(&mut self) {
        let under = self.chains.subtree(self.at);
        self.toggle_marks(&under);
    }

    fn toggle_marks(&mut self, rows: &[RowId]) {
        if rows.iter().all(|row| self.marks.contains(row)) {
            self.unmark(rows);
        } else {
            self.marks.extend(rows);
        }
    }

    /// How much of a line is marked.
    pub fn marked(&self, at: usize) -> Marked {
        if self.marks.is_empty() {
            return Marked::None;
        }
        let mut under = self.chains.members(at, &self.rows).take(LOOKED_AT);
        let Some(first) = under.next() else {
            return Marked::None;
        };
        let is_marked = self.marks.contains(&first);
        match under.all(|row| self.marks.contains(&row) == is_marked) {
            false => Marked::Some,
            true if is_marked => Marked::All,
            true => Marked::None,
        }
    }

    /// Begins a range at the cursor, or marks from where it began to the cursor and ends it.
    pub fn toggle_range(&mut self) {
        match self.range.take() {
            None => self.range = self.cursor,
            Some(from) => {
                let rows = self.members(self.range_places(from));
                self.marks.extend(rows);
            }
        }
    }

    /// Marks these rows and no others.
    pub fn mark_only(&mut self, rows: &[RowId]) {
        self.unmark_all();
        self.marks.extend(rows);
    }

    /// Marks a row whose deletion was confirmed in an earlier run and never sent.
    pub fn mark_unsent(&mut self, row: RowId) {
        self.marks.insert(row);
        self.unsent.insert(row);
    }

    /// Ends an open range without marking anything.
    pub fn drop_range(&mut self) {
        self.range = None;
    }

    /// Where in the listing the range from a row to the cursor is.
    fn range_places(&self, from: RowId) -> RangeInclusive<usize> {
        let start = self.rows.iter().position(|r| *r == from);
        let start = start.unwrap_or(self.at);
        start.min(self.at)..=start.max(self.at)
    }

    pub fn mark_all(&mut self) {
        let all: Vec<RowId> = self.chains.all(&self.rows).collect();
        self.marks.extend(all);
    }

    /// The rows of some lines, with what is folded away in them.
    fn members(&self, places: RangeInclusive<usize>) -> Vec<RowId> {
        let last = self.rows.len().saturating_sub(1);
        let places = *places.start()..=(*places.end()).min(last);
        places
            .flat_map(|at| self.chains.members(at, &self.rows))
            .collect()
    }

    /// Inverts the marks of what is in view; marks hidden by the filter stay.
    pub fn invert_marks(&mut self) {
        for row in self.chains.all(&self.rows) {
            if self.marks.remove(&row) {
                self.unsent.remove(&row);
            } else {
                self.marks.insert(row);
            }
        }
    }

    pub fn unmark_all(&mut self) {
        self.marks.clear();
        self.unsent.clear();
        self.range = None;
    }

    pub fn unmark(&mut self, rows: &[RowId]) {
        for row in rows {
            if self.marks.is_empty() {
                return;
            }
            self.marks.remove(row);
            self.unsent.remove(row);
        }
    }

    /// What the next action is about, in view order, then what the filter hides: the open range if
    /// there is one, else the marks, else the row under the cursor. The second part is how many of
    /// them are hidden.
    pub fn selection(&self) -> (Vec<RowId>, usize) {
        let range = self.range.map(|from| self.range_places(from));
        if range.is_none() && self.marks.is_empty() {
            return (self.members(self.at..=self.at), 0);
        }
        let in_range: HashSet<RowId> = range.into_iter().flat_map(|at| self.members(at)).collect();
        let mut chosen = Vec::with_capacity(self.marks.len());
        let mut marked = 0;
        for row in self.chains.all(&self.rows) {
            let is_marked = self.marks.contains(&row);
            marked += usize::from(is_marked);
            if is_marked || in_range.contains(&row) {
                chosen.push(row);
            }
        }
        let count = self.marks.len() - marked;
        if count > 0 {
            let shown: HashSet<RowId> = chosen.iter().copied().collect();
            let mut hidden: Vec<RowId> = self.marks.difference(&shown).copied().collect();
            hidden.sort_unstable();
            chosen.append(&mut hidden);
        }
        (chosen, count)
    }

    /// Reads the filter's text; a text that is no query leaves the last good one in force.
    pub fn read_filter(&mut self) {
        match Query::parse(self.filter.value()) {
            Ok(query) => {
                self.query_error = None;
                if query != self.query {
                    self.query = query;
                    self.stale = true;
                }
            }
            Err(error) => self.query_error = Some(error),
        }
    }

    pub fn clear_filter(&mut self) {
        self.filter.reset();
        self.read_filter();
    }

    pub fn next_sort(&mut self) {
        let keys: Vec<SortKey> = SortKey::ALL
            .into_iter()
            // Responses have no size.
            .filter(|key| self.kind == Kind::File || *key != SortKey::Size)
            .collect();
        let now = keys.iter().position(|key| *key == self.sort.key);
        let next = now.map_or(0, |at| (at + 1) % keys.len());
        self.sort.key = keys[next];
        self.stale = true;
    }

    pub fn reverse_sort(&mut self) {
        self.sort.reversed = !self.sort.reversed;
        self.stale = true;
    }

    pub fn toggle_tombstones(&mut self) {
        self.show_tombstones = !self.show_tombstones;
        self.stale = true;
    }

    /// Rows as trees, or one by one.
    pub fn toggle_chains(&mut self) {
        self.chains.wanted = !self.chains.wanted;
        self.stale = true;
    }

    /// Rows are to be shown as trees.
    pub fn is_chained(&self) -> bool {
        self.chains.wanted
    }

    /// What a line is in its tree, if there are trees.
    pub fn stem(&self, at: usize) -> Option<Stem<'_>> {
        self.chains.stem(at)
    }

    /// Unfolds what is folded away under the cursor. True: there was something.
    pub fn unfold(&mut self, page: usize) -> bool {
        let unfolded = self.chains.unfold(self.at);
        if unfolded {
            self.rows = self.chains.lay_out();
            self.place(self.at, page);
        }
        unfolded
    }

    /// Folds away what continues the row under the cursor; if there is nothing, goes to the one before.
    pub fn fold(&mut self, page: usize) {
        if self.chains.fold(self.at) {
            self.rows = self.chains.lay_out();
            self.place(self.at, page);
        } else if let Some(before) = self.chains.before(self.at) {
            self.place(before, page);
        }
    }

    /// Chains near the screen whose weight is not known and not asked for, with the generation that they
    /// belong to.
    pub fn weigh(&mut self, page: usize) -> Option<(u64, Vec<Folded>)> {
        let chains = self.chains.unweighed(self.near_places(page));
        (!chains.is_empty()).then_some((self.generation, chains))
    }

    pub fn weighed(&mut self, generation: u64, weights: Vec<(RowId, Weight)>) {
        if generation == self.generation {
            self.chains.weighed(weights);
        }
    }

    /// The listing is out of date: ask again when the one under way has come.
    pub fn outdate(&mut self) {
        self.stale = true;
    }

    /// What to ask the ledger for, if it has to be asked: one listing at a time.
    pub fn ask(&mut self, now: Timestamp, run_began: Timestamp) -> Option<(u64, ListQuery)> {
        if !self.stale || self.answered < self.generation {
            return None;
        }
        self.stale = false;
        self.generation += 1;
        let tombstones = if self.show_tombstones {
            Tombstones::Show
        } else {
            Tombstones::Since(run_began)
        };
        let query = ListQuery {
            kind: Some(self.kind),
            query: self.query.clone(),
            sort: self.sort,
            tombstones,
            now,
        };
        Some((self.generation, query))
    }

    /// The listing could not be had; the next change asks again.
    pub fn ask_failed(&mut self) {
        self.answered = self.generation;
    }

    /// Weights that were asked for did not come, and are asked for again.
    pub fn weigh_again(&mut self) {
        self.chains.weigh_again();
    }

    /// Takes a listing, keeping the cursor on its row or, if that is gone, at its place.
    pub fn take(&mut self, generation: u64, listing: Listing, page: usize) {
        if generation != self.generation {
            return;
        }
        self.answered = generation;
        self.listed = true;
        self.rows = self.chains.take(listing.forest).unwrap_or(listing.rows);
        let kept = self.cursor.and_then(|row| {
            // Most listings change little: look where it was before looking everywhere.
            let there = self.rows.get(self.at) == Some(&row);
            there
                .then_some(self.at)
                .or_else(|| self.rows.iter().position(|r| *r == row))
                .or_else(|| self.chains.line_over(row))
        });
        let last = self.rows.len().saturating_sub(1);
        self.place(kept.unwrap_or(self.at.min(last)), page);
        if self.range.is_some_and(|from| !self.rows.contains(&from)) {
            self.range = None;
        }
    }
}
