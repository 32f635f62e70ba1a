//! Lists of ids: a line is an id, whatever it looks like, or a mistake that is worth a word.
//!
//! Whether a text is a list is decided once, by its beginning, and does not depend on the pieces it
//! comes in.

use std::mem;

use crate::domain::{IdError, Kind, ResourceId};

use super::{CLOSING, Entry, OPENING, entry, ids};

/// How much of a text decides whether it is a list, in bytes. A longer line is no entry of one.
const SAMPLE: usize = 1 << 16;

#[derive(Debug)]
pub(super) struct List {
    state: State,
    kind: Option<Kind>,
    /// The beginning, or the line that has no end yet.
    text: Vec<u8>,
    /// The number of the first line in `text`.
    line: u64,
    /// Inside of a line that is too long.
    skipping: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Undecided,
    List,
    /// Not a list: nothing here is of interest.
    Text,
}

impl List {
    pub(super) fn new(kind: Option<Kind>) -> Self {
        Self {
            state: State::Undecided,
            kind,
            text: Vec::new(),
            line: 1,
            skipping: false,
        }
    }

    /// Takes what comes next; what has to be said of lines goes to `tell`. Lines with ids of Ark's
    /// shapes are left to those who find them in any text.
    pub(super) fn feed(&mut self, part: &[u8], is_end: bool, tell: &mut impl FnMut(u64, Entry)) {
        if self.state == State::Text {
            return;
        }
        self.text.extend_from_slice(part);
        if self.state == State::Undecided {
            if self.text.len() < SAMPLE && !is_end {
                return;
            }
            let sample = &self.text[..self.text.len().min(SAMPLE)];
            if !is_list(sample, self.text.len() < SAMPLE, self.kind) {
                self.state = State::Text;
                self.text = Vec::new();
                return;
            }
            self.state = State::List;
        }
        let text = mem::take(&mut self.text);
        let lines = text.split_inclusive(|c| is_break(*c));
        for line in lines {
            let is_whole = line.last().is_some_and(|c| is_break(*c)) || is_end;
            if !is_whole {
                if self.skipping || line.len() > SAMPLE {
                    self.skipping = true;
                } else {
                    line.clone_into(&mut self.text);
                }
                break;
            }
            if !mem::take(&mut self.skipping) && line.len() <= SAMPLE {
                self.line(line, tell);
            }
            self.line += u64::from(line.last() == Some(&b'\n'));
        }
    }

    fn line(&self, line: &[u8], tell: &mut impl FnMut(u64, Entry)) {
        if line.trim_ascii().is_empty() || ids(line).next().is_some() {
            return;
        }
        // U+FFFD for what is no UTF-8: no id has one.
        match entry(&String::from_utf8_lossy(line), self.kind) {
            Entry::Ids(_) | Entry::Bad(IdError::Empty) => {}
            entry => tell(self.line, entry),
        }
    }
}

fn is_break(c: u8) -> bool {
    matches!(c, b'\n' | b'\r')
}

/// A text is a list if all its lines are single words, or half of them are ids by their prefix, or, with
/// a kind given for those without one, half are words.
fn is_list(sample: &[u8], is_whole: bool, kind: Option<Kind>) -> bool {
    if sample.contains(&0) {
        return false;
    }
    let mut lines: Vec<&[u8]> = sample.split(|c| is_break(*c)).collect();
    if !is_whole {
        // It goes on.
        lines.pop();
    }
    let (mut all, mut words, mut prefixed) = (0_usize, 0, 0);
    for line in lines {
        let line = String::from_utf8_lossy(line);
        let bare = line.trim().trim_start_matches(OPENING);
        let bare = bare.trim_end_matches(CLOSING).trim();
        if bare.is_empty() {
            continue;
        }
        all += 1;
        // JSON and tables are no words, however dense.
        let is_word = !bare.contains(|c: char| c.is_whitespace() || "\"'`{},;=".contains(c));
        words += usize::from(is_word);
        let is_id = match ResourceId::new(bare) {
            Ok(id) => id.kind().is_some(),
            Err(error) => error == IdError::Masked,
        };
        prefixed += usize::from(is_word && is_id);
    }
    let half = all.div_ceil(2);
    all > 0 && (words == all || prefixed >= half || (kind.is_some() && words >= half))
}
