//! Help with writing a filter: what was looked for before, and how a word can go on.

use tui_input::Input;

use crate::domain::{Kind, QUERY_KEYS as KEYS, State};

/// Filters remembered.
const REMEMBERED: usize = 50;

#[derive(Debug, Default)]
pub struct Finder {
    /// Newest last; each once.
    past: Vec<String>,
    /// Which of them is shown, and what was being written before.
    recalled: Option<(usize, String)>,
    /// How the word at the cursor can go on, as far as it was asked for.
    pub offered: Vec<String>,
}

impl Finder {
    /// A filter that was kept; what is new of it.
    pub(super) fn remember(&mut self, filter: &str) -> Option<String> {
        self.rest();
        let filter = filter.trim();
        if filter.is_empty() || self.past.last().is_some_and(|last| last == filter) {
            return None;
        }
        self.past.retain(|past| past != filter);
        self.past.push(filter.to_owned());
        let old = self.past.len().saturating_sub(REMEMBERED);
        self.past.drain(..old);
        Some(filter.to_owned())
    }

    /// What the ledger has, of earlier runs and of other instances too; not while somebody goes
    /// through it.
    pub(super) fn take(&mut self, past: Vec<String>) {
        if self.recalled.is_none() {
            self.past = past;
        }
    }

    /// Somebody writes on.
    pub(super) fn rest(&mut self) {
        self.recalled = None;
        self.offered.clear();
    }

    /// Shows the filter before the one shown, or with `newer` the one after it; after the newest comes
    /// what was being written.
    pub(super) fn recall(&mut self, input: &mut Input, newer: bool) {
        let at = self
            .recalled
            .as_ref()
            .map_or(self.past.len(), |(at, _)| *at);
        let at = if newer { at + 1 } else { at.wrapping_sub(1) };
        let (_, written) = self
            .recalled
            .get_or_insert_with(|| (at, input.value().to_owned()));
        let text = match self.past.get(at) {
            Some(past) => past.clone(),
            None if newer => written.clone(),
            None => return,
        };
        self.recalled = (at < self.past.len()).then(|| (at, written.clone()));
        self.offered.clear();
        *input = Input::new(text);
    }

    /// Writes the word before the cursor on as far as there is no choice, and offers the choice.
    pub(super) fn complete(&mut self, input: &mut Input) {
        let (before, after) = split(input);
        let start = before.rfind(char::is_whitespace).map_or(0, |at| at + 1);
        let word = before[start..].trim_start_matches('-');
        let offered = continuations(word);
        if let Some(common) = common(&offered) {
            let text = format!("{}{common}", &before[..before.len() - word.len()]);
            let cursor = text.chars().count();
            *input = Input::new(text + after).with_cursor(cursor);
        }
        self.rest();
        if offered.len() > 1 {
            self.offered = offered;
        }
    }
}

fn split(input: &Input) -> (&str, &str) {
    let text = input.value();
    let at = text.char_indices().nth(input.cursor());
    text.split_at(at.map_or(text.len(), |(at, _)| at))
}

/// What the beginning of a term can become.
fn continuations(word: &str) -> Vec<String> {
    let word = word.to_ascii_lowercase();
    let values = |key: &str, values: &[&str]| {
        let all = values.iter().map(|value| format!("{key}:{value} "));
        all.filter(|term| term.starts_with(&word)).collect()
    };
    match word.split_once(':') {
        Some(("kind", _)) => values("kind", &Kind::ALL.map(Kind::as_str)),
        Some(("state", _)) => values("state", &State::ALL.map(State::as_str)),
        Some(_) => Vec::new(),
        None => {
            let keys = KEYS.iter().filter(|key| key.starts_with(&word));
            let sign = |key: &str| match key {
                "age" | "size" => '>',
                "expires" => '<',
                _ => ':',
            };
            keys.map(|key| format!("{key}{}", sign(key))).collect()
        }
    }
}

/// What all of them begin with.
fn common(all: &[String]) -> Option<&str> {
    let (first, rest) = all.split_first()?;
    let same = |other: &String| {
        let pairs = first.bytes().zip(other.bytes());
        pairs.take_while(|(a, b)| a == b).count()
    };
    // Keys and values are ASCII.
    let len = rest.iter().map(same).min().unwrap_or(first.len());
    Some(&first[..len])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(text: &str) -> (String, Vec<String>) {
        let mut finder = Finder::default();
        let mut input = Input::new(text.to_owned());
        finder.complete(&mut input);
        (input.value().to_owned(), finder.offered)
    }

    #[test]
    fn a_word_goes_on_as_far_as_there_is_no_choice() {
        let done = |text: &str| completed(text).0;
        assert_eq!(done("ki"), "kind:");
        assert_eq!(done("kind:f"), "kind:file ");
        assert_eq!(done("seed -state:fa"), "seed -state:failed ");
        assert_eq!(done("ag"), "age>");
        assert_eq!(done("model:x"), "model:x");
        assert_eq!(done("zebra"), "zebra");
        let (text, offered) = completed("s");
        assert_eq!(text, "s");
        assert_eq!(offered, ["state:", "status:", "source:", "size>"]);
        assert_eq!(completed("sta").0, "stat");
        assert_eq!(completed("").1.len(), KEYS.len());
    }

    #[test]
    fn what_stands_behind_the_cursor_stays() {
        let mut input = Input::new("ki é".to_owned()).with_cursor(2);
        Finder::default().complete(&mut input);
        assert_eq!((input.value(), input.cursor()), ("kind: é", 5));
    }

    #[test]
    fn filters_come_back_newest_first_and_what_was_written_last() {
        let mut finder = Finder::default();
        for past in ["one", "two", "one", " "] {
            finder.remember(past);
        }
        let mut input = Input::new("new".to_owned());
        let mut shown = |newer| {
            finder.recall(&mut input, newer);
            input.value().to_owned()
        };
        let steps = [false, false, false, true, true, true, false];
        assert_eq!(
            steps.map(&mut shown),
            ["one", "two", "two", "one", "new", "new", "one"]
        );
    }
}
