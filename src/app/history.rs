//! The journal on the screen: a page at a time, newest first.

use jiff::{SignedDuration, Timestamp};
use tui_input::Input;

use crate::domain::{BatchId, HistoryEntry, HistoryPage, HistoryQuery, Kind, Outcome, duration};

use super::pane::{Motion, scroll};

/// Entries asked for at a time: some screens' worth.
const PAGE: usize = 200;

#[derive(Debug, Default)]
pub struct History {
    /// The queue's pane shows this instead of what happens now.
    pub shown: bool,
    pub filter: Input,
    /// The word of the filter that cannot be read.
    pub misread: Option<String>,
    entries: Vec<HistoryEntry>,
    /// Where what is older begins.
    older: Option<u64>,
    at: usize,
    offset: usize,
    query: HistoryQuery,
    /// Of the last page asked for, and of the last that came or failed.
    generation: u64,
    answered: u64,
    stale: bool,
}

impl History {
    pub fn entries(&self) -> &[HistoryEntry] {
        &self.entries
    }

    pub fn position(&self) -> usize {
        self.at
    }

    pub fn offset(&self) -> usize {
        self.offset
    }

    pub fn current(&self) -> Option<&HistoryEntry> {
        self.entries.get(self.at)
    }

    /// There is more than what is at hand.
    pub fn has_older(&self) -> bool {
        self.older.is_some()
    }

    pub fn outdate(&mut self) {
        self.stale = true;
    }

    pub fn go(&mut self, motion: Motion, page: usize) {
        self.at = motion.apply(self.at, self.entries.len(), page);
        self.offset = scroll(self.offset, self.at, self.entries.len(), page);
    }

    /// Reads the filter; a word that cannot be read leaves the last good one in force.
    pub fn read_filter(&mut self, now: Timestamp) {
        match parse(self.filter.value(), now) {
            Ok(query) => {
                self.misread = None;
                self.query = query;
                self.stale = true;
            }
            Err(word) => self.misread = Some(word),
        }
    }

    /// What to ask the ledger for: what is new, or what is older once the cursor comes near the end;
    /// `hushed`: not the latter.
    pub fn ask(&mut self, hushed: bool) -> Option<(u64, HistoryQuery)> {
        if !self.shown || self.answered < self.generation {
            return None;
        }
        let near_end = self.at + PAGE / 4 >= self.entries.len();
        let before = match (self.stale, self.older) {
            (true, _) => None,
            (false, Some(older)) if near_end && !hushed => Some(older),
            _ => return None,
        };
        self.stale = false;
        self.generation += 1;
        let query = HistoryQuery {
            before,
            limit: PAGE,
            ..self.query.clone()
        };
        Some((self.generation, query))
    }

    pub fn ask_failed(&mut self) {
        self.answered = self.generation;
    }

    /// Takes a page: behind what is there if it is older, else in its place, keeping the cursor on
    /// its entry.
    pub fn take(&mut self, generation: u64, is_older: bool, page: HistoryPage, height: usize) {
        if generation != self.generation {
            return;
        }
        self.answered = generation;
        self.older = page.older;
        if is_older {
            self.entries.extend(page.entries);
            return;
        }
        let kept = self.current().map(|entry| entry.seq);
        self.entries = page.entries;
        let place = self.entries.iter().position(|e| Some(e.seq) == kept);
        self.at = place.unwrap_or(0);
        self.offset = scroll(self.offset, self.at, self.entries.len(), height);
    }
}

/// Words, and `outcome:failed`, `kind:file`, `batch:3`, `since:2d`. The error is the word that
/// cannot be read.
fn parse(text: &str, now: Timestamp) -> Result<HistoryQuery, String> {
    let mut query = HistoryQuery::default();
    for word in text.split_whitespace() {
        let misread = || word.to_owned();
        match word.split_once(':') {
            Some(("outcome", value)) => {
                query.outcome = Some(Outcome::parse(value).ok_or_else(misread)?);
            }
            Some(("kind", value)) => {
                query.kind = Some(value.parse::<Kind>().map_err(|()| misread())?);
            }
            Some(("batch", value)) => {
                query.batch = Some(BatchId(value.parse().map_err(|_| misread())?));
            }
            Some(("since", value)) => {
                let seconds = duration(value).ok_or_else(misread)?;
                let since = now.checked_sub(SignedDuration::from_secs(seconds));
                query.since = Some(since.map_err(|_| misread())?);
            }
            _ => query.words.push(word.to_owned()),
        }
    }
    Ok(query)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::fixtures::now;

    #[test]
    fn filters_are_words_and_a_few_keys() {
        let query = parse("report outcome:failed kind:file batch:3 since:2d", now()).unwrap();
        assert_eq!(query.words, ["report"]);
        assert_eq!(query.outcome, Some(Outcome::Failed));
        assert_eq!(query.kind, Some(Kind::File));
        assert_eq!(query.batch, Some(BatchId(3)));
        assert_eq!(query.since, Some(now() - SignedDuration::from_hours(48)));
        for text in ["outcome:lost", "kind:tape", "batch:x", "since:yesterday"] {
            assert_eq!(parse(text, now()), Err(text.to_owned()));
        }
    }
}
