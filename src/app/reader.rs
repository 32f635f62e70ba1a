//! A document on the screen: wrapped once for each width, scrolled and searched.

use std::ops::Range;

use crate::domain::{Document, wrap};

use super::pane::{Motion, scroll};

/// Places found at most: more are not gone through one by one.
const HITS: usize = 100_000;

#[derive(Debug, Default)]
pub struct Reader {
    document: Document,
    /// The lines of the text at `width`.
    lines: Vec<Range<usize>>,
    width: usize,
    /// The first line on the screen.
    top: usize,
    /// What is looked for, in lower case.
    needle: String,
    /// Where it begins, in order.
    hits: Vec<usize>,
    hit: usize,
}

impl Reader {
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Every line from the first on the screen on.
    pub fn shown(&self) -> impl Iterator<Item = Range<usize>> {
        self.lines.iter().skip(self.top).cloned()
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.document.is_empty()
    }

    pub fn top(&self) -> usize {
        self.top
    }

    /// Which of how many places the reader is at.
    pub fn hit(&self) -> Option<(usize, usize)> {
        let of = self.hits.len();
        (of > 0).then_some((self.hit + 1, of))
    }

    /// The places that reach into a part of the text; true for the one the reader is at.
    pub fn hits(&self, part: &Range<usize>) -> impl Iterator<Item = (Range<usize>, bool)> {
        let end = part.end;
        let length = self.needle.len();
        let first = self.hits.partition_point(|at| at + length <= part.start);
        let rest = self.hits.iter().enumerate().skip(first);
        rest.take_while(move |(_, at)| **at < end)
            .map(move |(count, at)| (*at..*at + length, count == self.hit))
    }

    /// Takes a document in place of the one before, to which something was put in front if it is
    /// `longer`: the reader then stays where he was.
    pub fn put(&mut self, document: Document, longer: bool) {
        let was = self.lines.get(self.top).map_or(0, |line| line.start);
        let (new, old) = (document.text().len(), self.document.text().len());
        self.document = document;
        self.lines.clear();
        self.hits.clear();
        let keep = longer && self.top > 0;
        self.wrap(if keep {
            (was + new).saturating_sub(old)
        } else {
            0
        });
        self.search();
    }

    /// Wraps for this width, if that is not done.
    pub fn fit(&mut self, width: usize) {
        if self.width != width {
            let was = self.lines.get(self.top).map_or(0, |line| line.start);
            self.width = width;
            self.wrap(was);
        }
    }

    /// Wraps, with the line that has a place in it on top.
    fn wrap(&mut self, at: usize) {
        if self.width == 0 {
            return;
        }
        self.lines = if self.document.is_empty() {
            Vec::new()
        } else {
            wrap(self.document.text(), self.width)
        };
        self.top = self.line_of(at);
    }

    fn line_of(&self, at: usize) -> usize {
        let after = self.lines.partition_point(|line| line.start <= at);
        after.saturating_sub(1)
    }

    pub fn go(&mut self, motion: Motion, height: usize) {
        let tops = self.lines.len().saturating_sub(height) + 1;
        self.top = motion.apply(self.top.min(tops - 1), tops, height);
    }

    /// Looks for text, without regard to the case of ASCII, and goes to the first place from here on.
    pub fn find(&mut self, needle: &str, height: usize) {
        self.needle = needle.to_ascii_lowercase();
        self.search();
        let here = self.lines.get(self.top).map_or(0, |line| line.start);
        let next = self.hits.partition_point(|at| *at < here);
        self.hit = if next < self.hits.len() { next } else { 0 };
        self.show(height);
    }

    fn search(&mut self) {
        self.hits.clear();
        self.hit = 0;
        if self.needle.is_empty() {
            return;
        }
        let text = self.document.text().to_ascii_lowercase();
        let places = text.match_indices(&self.needle).map(|(at, _)| at);
        self.hits.extend(places.take(HITS));
    }

    /// Goes to the next place, or to the one before; round at the end.
    pub fn step(&mut self, forward: bool, height: usize) {
        let count = self.hits.len();
        if count > 0 {
            let step = if forward { 1 } else { count - 1 };
            self.hit = (self.hit + step) % count;
            self.show(height);
        }
    }

    /// Scrolls to the place the reader is at, if it is not on the screen.
    fn show(&mut self, height: usize) {
        if let Some(at) = self.hits.get(self.hit) {
            let line = self.line_of(*at);
            self.top = scroll(self.top, line, self.lines.len(), height);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Tint;

    fn reader(text: &str) -> Reader {
        let mut document = Document::default();
        document.push(Tint::Plain, text);
        let mut reader = Reader::default();
        reader.put(document, false);
        reader
    }

    fn first(reader: &Reader) -> &str {
        let line = reader.shown().next().unwrap();
        &reader.document().text()[line]
    }

    #[test]
    fn scrolling_ends_where_the_text_does() {
        let mut reader = reader("1\n2\n3\n4\n5");
        reader.fit(10);
        reader.go(Motion::Bottom, 3);
        assert_eq!(first(&reader), "3");
        reader.go(Motion::PageUp, 3);
        assert_eq!(first(&reader), "1");
        reader.go(Motion::PageDown, 9);
        assert_eq!(first(&reader), "1", "all of it is on the screen");
    }

    #[test]
    fn another_width_leaves_the_reader_where_he_was() {
        let mut reader = reader(&"word ".repeat(100));
        reader.fit(10);
        assert_eq!(reader.len(), 50);
        reader.go(Motion::PageDown, 20);
        let was = reader.shown().next().unwrap().start;
        reader.fit(25);
        let line = reader.shown().next().unwrap();
        assert!(line.contains(&was), "{line:?} {was}");
    }

    #[test]
    fn what_is_put_in_front_moves_nothing() {
        let mut reader = reader("a\nb\nc\nd");
        reader.fit(10);
        reader.go(Motion::Down, 2);
        let mut longer = Document::default();
        longer.push(Tint::Plain, "x\ny\na\nb\nc\nd");
        reader.put(longer, true);
        assert_eq!(first(&reader), "b");
    }

    #[test]
    fn search_goes_round_and_shows_what_it_found() {
        let mut reader = reader("Ark\n1\n2\n3\nark 方舟 ARK\n5\n6");
        reader.fit(20);
        reader.find("ark", 2);
        assert_eq!(reader.hit(), Some((1, 3)));
        reader.step(true, 2);
        assert!(
            reader
                .shown()
                .take(2)
                .any(|line| reader.document().text()[line].starts_with("ark"))
        );
        let line = reader
            .shown()
            .find(|line| reader.document().text()[line.clone()].starts_with("ark"));
        let hits: Vec<bool> = reader
            .hits(&line.unwrap())
            .map(|(_, current)| current)
            .collect();
        assert_eq!(hits, [true, false]);
        reader.step(true, 2);
        reader.step(true, 2);
        assert_eq!((reader.hit(), first(&reader)), (Some((1, 3)), "Ark"));
        reader.step(false, 2);
        assert_eq!(reader.hit(), Some((3, 3)));
        reader.find("方", 2);
        assert_eq!(reader.hit(), Some((1, 1)));
        reader.find("nowhere", 2);
        assert_eq!(reader.hit(), None);
        reader.step(true, 2);
    }
}
