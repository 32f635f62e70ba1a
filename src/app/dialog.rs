//! What is asked of the user before something is done: the review of a deletion, and new ids.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use tui_input::{Input, InputRequest};

use crate::domain::{
    Citing, Facts, IdError, Kind, ResourceId, Review, RowId, Sighting, Source, Unreadable,
};
use crate::scan::{self, Entry};

use super::pane::{Motion, scroll};

/// How long the review is deaf after opening, so that keys typed ahead confirm nothing.
pub const DEAF: SignedDuration = SignedDuration::from_millis(300);

/// More items than this have to be confirmed by typing their number.
pub const TYPE_ABOVE: usize = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Button {
    Cancel,
    Delete,
}

/// The review of a deletion, before anything is asked of the worker.
#[derive(Debug)]
pub struct Confirm {
    /// What was chosen and can go as far as the ledger said, struck out or not.
    pub rows: Vec<RowId>,
    /// Struck out here: these stay.
    pub struck: HashSet<RowId>,
    /// Where in `rows` the cursor is.
    pub at: usize,
    /// How many of them, the last ones, the filter hides from the pane.
    hidden: usize,
    /// Rows that were chosen and will not go: tombstones, and what another batch has.
    pub left_out: usize,
    /// Rows that were chosen and will not go because they are protected.
    pub kept: usize,
    /// Exactly what will go, added up by the ledger. `None` until it has; nothing can be confirmed
    /// before.
    pub review: Option<Review>,
    pub generation: u64,
    pub button: Button,
    /// The number to be typed, as typed so far.
    pub typed: Input,
    pub opened_at: Timestamp,
    /// It was to be done before it could be: the dialog says why not.
    pub is_hasty: bool,
    /// The first item on the screen.
    pub offset: usize,
    protected: bool,
}

impl Confirm {
    pub fn new(
        rows: Vec<RowId>,
        hidden: usize,
        generation: u64,
        protected: bool,
        now: Timestamp,
    ) -> Self {
        Self {
            rows,
            struck: HashSet::new(),
            at: 0,
            hidden,
            left_out: 0,
            kept: 0,
            review: None,
            generation,
            button: Button::Cancel,
            typed: Input::default(),
            opened_at: now,
            is_hasty: false,
            offset: 0,
            protected,
        }
    }

    pub fn is_deaf(&self, now: Timestamp) -> bool {
        now.duration_since(self.opened_at) < DEAF
    }

    /// Takes what the ledger added up of what is not struck out. What of that can no longer go, another
    /// instance may have it by now, is off the list, so that every number here is of the same items; what
    /// is struck out stays on it.
    pub fn reviewed(&mut self, review: Review) {
        let can_go: HashSet<RowId> = review.rows.iter().copied().collect();
        let stays = |row: &RowId| self.struck.contains(row) || can_go.contains(row);
        let staying = |rows: &[RowId]| rows.iter().filter(|row| stays(row)).count();
        let shown = self.rows.len().saturating_sub(self.hidden);
        let hidden = staying(&self.rows[shown..]);
        let (at, offset) = (
            staying(&self.rows[..self.at]),
            staying(&self.rows[..self.offset]),
        );
        let rows: Vec<RowId> = self.rows.iter().copied().filter(stays).collect();
        let out = self.rows.len() - rows.len();
        let kept = usize::try_from(review.protected).unwrap_or(out).min(out);
        self.kept += kept;
        self.left_out += out - kept;
        self.hidden = hidden;
        self.at = at.min(rows.len().saturating_sub(1));
        self.offset = offset;
        self.rows = rows;
        self.review = Some(review);
        self.is_hasty = false;
    }

    /// How many of what will go the filter hides from the pane.
    pub fn hidden(&self) -> usize {
        let shown = self.rows.len().saturating_sub(self.hidden);
        let struck = |row: &&RowId| self.struck.contains(row);
        let is_any_struck = !self.struck.is_empty();
        let out = is_any_struck.then(|| self.rows[shown..].iter().filter(struck).count());
        self.hidden - out.unwrap_or(0)
    }

    /// Responses that stay and cite this file, which is to go.
    pub fn citing(&self, row: RowId) -> Option<&Citing> {
        self.review.as_ref()?.cited.get(&row)
    }

    /// How many will go.
    pub fn going(&self) -> usize {
        self.rows.len() - self.struck.len()
    }

    pub fn must_type(&self) -> bool {
        self.protected || self.going() > TYPE_ABOVE
    }

    /// The ledger has answered, something is left to delete, and the number, if one has to be
    /// typed, is right.
    pub fn is_ready(&self) -> bool {
        self.review
            .as_ref()
            .is_some_and(|review| !review.rows.is_empty() && review.rows.len() == self.going())
            && (!self.must_type() || self.typed.value().trim() == self.going().to_string())
    }

    pub fn go(&mut self, motion: Motion, page: usize) {
        self.at = motion.apply(self.at, self.rows.len(), page);
        self.offset = scroll(self.offset, self.at, self.rows.len(), page);
    }

    /// Strikes the item under the cursor out, or takes it in again; returns what is then left, to
    /// be added up anew.
    pub fn strike(&mut self, generation: u64) -> Vec<RowId> {
        if let Some(row) = self.rows.get(self.at)
            && !self.struck.remove(row)
        {
            self.struck.insert(*row);
        }
        self.generation = generation;
        self.review = None;
        self.is_hasty = false;
        let left = self.rows.iter().filter(|row| !self.struck.contains(row));
        left.copied().collect()
    }
}

/// Ids being typed or pasted.
#[derive(Debug, Default)]
pub struct AddIds {
    /// Pasted lines above the one being edited, each with how it reads.
    pub lines: Vec<(String, Reading)>,
    pub line: Input,
    /// What ids without a known prefix are; asked for when one comes up.
    pub kind: Option<Kind>,
}

/// How one line of [`AddIds`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    Blank,
    Ids(Vec<(Kind, ResourceId)>),
    NeedsKind,
    Bad(IdError),
}

impl Reading {
    fn of(text: &str, kind: Option<Kind>) -> Self {
        if text.trim().is_empty() {
            return Self::Blank;
        }
        match scan::entry(text, kind) {
            Entry::Id(kind, id) => Self::Ids(vec![(kind, id)]),
            Entry::Ids(found) => Self::Ids(found.into_iter().map(|f| (f.kind, f.id)).collect()),
            Entry::NeedsKind(_) => Self::NeedsKind,
            Entry::Bad(IdError::Empty) => Self::Blank,
            Entry::Bad(error) => Self::Bad(error),
        }
    }
}

impl AddIds {
    pub fn edit(&mut self, request: InputRequest) {
        let at_start = self.line.cursor() == 0;
        if at_start
            && request == InputRequest::DeletePrevChar
            && let Some((above, _)) = self.lines.pop()
        {
            let cursor = above.chars().count();
            let joined = above + self.line.value();
            self.line = Input::new(joined).with_cursor(cursor);
            return;
        }
        self.line.handle(request);
    }

    /// Inserts pasted text at the cursor; line breaks make lines.
    pub fn paste(&mut self, text: &str) {
        let mut parts = text.split(['\n', '\r']).peekable();
        while let Some(part) = parts.next() {
            insert(&mut self.line, part);
            if parts.peek().is_some() && !self.line.value().trim().is_empty() {
                let line = self.line.value_and_reset();
                let reading = Reading::of(&line, self.kind);
                self.lines.push((line, reading));
            }
        }
    }

    pub fn switch_kind(&mut self) {
        self.kind = match self.kind {
            None => Some(Kind::Response),
            Some(Kind::Response) => Some(Kind::File),
            Some(Kind::File) => None,
        };
        for (text, reading) in &mut self.lines {
            *reading = Reading::of(text, self.kind);
        }
    }

    /// How the line being edited reads.
    pub fn reading(&self) -> Reading {
        Reading::of(self.line.value(), self.kind)
    }

    /// Takes every line that reads as ids out of the dialog; the others stay, so that nothing
    /// typed is lost.
    pub fn take(&mut self) -> Vec<Sighting> {
        let last = self.reading();
        let mut lines = std::mem::take(&mut self.lines);
        lines.push((self.line.value_and_reset(), last));
        let mut taken = Vec::new();
        for (text, reading) in lines {
            match reading {
                Reading::Ids(ids) => taken.extend(ids),
                Reading::Blank => {}
                Reading::NeedsKind | Reading::Bad(_) => self.lines.push((text, reading)),
            }
        }
        if let Some((text, _)) = self.lines.pop() {
            self.line = Input::new(text);
        }
        taken
            .into_iter()
            .map(|(kind, id)| Sighting {
                kind,
                id,
                source: Source::Hand,
                tags: Vec::new(),
                facts: Facts::default(),
            })
            .collect()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.line.value().trim().is_empty()
    }
}

/// The path of what is to be imported, being typed.
#[derive(Debug, Default)]
pub struct ImportPath {
    pub line: Input,
    /// How it can go on, as far as it was asked for.
    pub names: Vec<String>,
    /// Why what was typed could not be read.
    pub error: Option<Unreadable>,
}

impl ImportPath {
    /// The same text once more, which was not right.
    pub fn again(text: String, error: Option<Unreadable>) -> Self {
        Self {
            line: Input::new(text),
            names: Vec::new(),
            error,
        }
    }

    pub fn edit(&mut self, request: InputRequest) {
        self.line.handle(request);
        self.names.clear();
        self.error = None;
    }

    pub fn paste(&mut self, text: &str) {
        insert(&mut self.line, text);
        self.names.clear();
        self.error = None;
    }

    /// Takes what was asked for, unless somebody has typed on.
    pub fn completed(&mut self, asked: &str, text: String, names: Vec<String>) {
        if self.line.value() == asked {
            self.line = Input::new(text);
            self.names = names;
        }
    }
}

/// Inserts text at the cursor of a line at once; control characters cannot be part of it.
pub(super) fn insert(line: &mut Input, text: &str) {
    let clean: String = text.chars().filter(|c| !c.is_control()).collect();
    let at = line.cursor();
    let mut value: String = line.value().chars().take(at).collect();
    value.push_str(&clean);
    value.extend(line.value().chars().skip(at));
    *line = Input::new(value).with_cursor(at + clean.chars().count());
}
