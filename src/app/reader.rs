//! A document on the screen, scrolled and searched.
//!
//! It may hold megabytes, in hundreds of thousands of lines or in a single one, and no key waits until
//! all of it is wrapped: only the paragraphs around the screen ever are. A paragraph is a line of the
//! text, or a piece of one that is long. The place of the reader is where the first row on the screen
//! begins, in bytes, and the way to another is wrapped as it is gone.

use std::ops::Range;

use memchr::{memchr_iter, memmem};

use crate::domain::{Document, clusters, wrap};

use super::pane::Motion;

/// Places found at most: more are not gone through one by one.
const HITS: usize = 100_000;

/// Documents of at most this many bytes are wrapped whole when they come and when the width changes, some
/// milliseconds of work, so that their rows can be counted. The place in others is told in percent.
const COUNTED: usize = 256 * 1024;

/// Bytes of a line that are wrapped together; where one is longer, a row may end early.
const PIECE: usize = 4 * 1024;

/// Bytes looked at for a good place to end a piece: more than a document's longest cluster has.
const PIECE_END: usize = 128;

#[derive(Debug)]
pub struct Reader {
    document: Document,
    /// Where its paragraphs begin.
    starts: Vec<usize>,
    /// Rows in front of each paragraph, and in all; empty if nobody counts them.
    counted: Vec<usize>,
    width: usize,
    /// Where the first row on the screen begins.
    top: usize,
    /// What is looked for, in lower case.
    needle: String,
    /// Where it begins, in order.
    hits: Vec<usize>,
    hit: usize,
}

/// Where in the document the screen is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The first row on it, counted from 1, of how many.
    Row(usize, usize),
    /// So much of the text is on it or before it.
    Percent(usize),
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            document: Document::default(),
            starts: vec![0],
            counted: Vec::new(),
            width: 0,
            top: 0,
            needle: String::new(),
            hits: Vec::new(),
            hit: 0,
        }
    }
}

impl Reader {
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Every row from the first on the screen on.
    pub fn shown(&self) -> impl Iterator<Item = Range<usize>> {
        // Before the width is known there are none.
        let all = if self.width == 0 { 0 } else { usize::MAX };
        self.rows_from(self.top).take(all)
    }

    pub fn is_empty(&self) -> bool {
        self.document.is_empty()
    }

    /// Where the first row on the screen begins.
    pub fn top(&self) -> usize {
        self.top
    }

    /// Where a screen of so many rows is.
    pub fn place(&self, height: usize) -> Place {
        if let Some(all) = self.counted.last() {
            let paragraph = self.paragraph_at(self.top);
            let rows = self.rows(paragraph);
            let above = rows.iter().filter(|row| row.start < self.top).count();
            return Place::Row(self.counted[paragraph] + above + 1, *all);
        }
        let end = self.shown().take(height).last().map_or(0, |row| row.end);
        Place::Percent(end * 100 / self.document.text().len().max(1))
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
        let (new, old) = (document.text().len(), self.document.text().len());
        let keep = longer && self.top > 0;
        let was = if keep {
            (self.top + new).saturating_sub(old)
        } else {
            0
        };
        self.starts = paragraphs(document.text());
        self.document = document;
        self.wrap(was);
        self.search();
    }

    /// Wraps for this width, if that is not done.
    pub fn fit(&mut self, width: usize) {
        if self.width != width {
            self.width = width;
            self.wrap(self.top);
        }
    }

    /// Begins anew, with the row that has a place in it on top.
    fn wrap(&mut self, at: usize) {
        self.counted.clear();
        if self.width > 0 && self.document.text().len() <= COUNTED {
            let mut rows = 0;
            self.counted.push(0);
            for paragraph in 0..self.starts.len() {
                rows += self.rows(paragraph).len();
                self.counted.push(rows);
            }
        }
        self.top = self.row_at(at);
    }

    fn paragraph_at(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at) - 1
    }

    /// The rows of one paragraph.
    fn rows(&self, paragraph: usize) -> Vec<Range<usize>> {
        let text = self.document.text();
        let start = self.starts[paragraph];
        let end = self.starts.get(paragraph + 1).copied();
        let text = &text[start..end.unwrap_or(text.len())];
        let rows = wrap(text.strip_suffix('\n').unwrap_or(text), self.width);
        let at = |row: Range<usize>| start + row.start..start + row.end;
        rows.into_iter().map(at).collect()
    }

    /// Where the row begins that has a place in it.
    fn row_at(&self, at: usize) -> usize {
        let rows = self.rows(self.paragraph_at(at));
        let mut starts = rows.iter().rev().map(|row| row.start);
        starts.find(|start| *start <= at).unwrap_or(0)
    }

    /// The rows from a place on, which is where one begins.
    fn rows_from(&self, at: usize) -> impl Iterator<Item = Range<usize>> {
        let paragraphs = self.paragraph_at(at)..self.starts.len();
        let rows = paragraphs.flat_map(|paragraph| self.rows(paragraph));
        rows.skip_while(move |row| row.start < at)
    }

    /// Where so many rows before a place the reader is, or as many as there are.
    fn back(&self, at: usize, count: usize) -> usize {
        let paragraphs = (0..=self.paragraph_at(at)).rev();
        let rows = paragraphs.flat_map(|paragraph| self.rows(paragraph).into_iter().rev());
        let before = rows.map(|row| row.start).skip_while(|start| *start >= at);
        before.take(count).last().unwrap_or(at)
    }

    /// The last place that the screen can begin with, unless all of the text is on it.
    fn last(&self, height: usize) -> usize {
        let end = self.row_at(self.document.text().len());
        self.back(end, height.max(1) - 1)
    }

    pub fn go(&mut self, motion: Motion, height: usize) {
        let last = self.last(height);
        let here = self.top.min(last);
        let on = motion.rows(height);
        let there = match motion {
            Motion::Top => 0,
            Motion::Bottom => last,
            _ if on < 0 => self.back(here, on.unsigned_abs()),
            _ => {
                let ahead = self.rows_from(here).nth(on.unsigned_abs());
                ahead.map_or(last, |row| row.start)
            }
        };
        self.top = there.min(last);
    }

    /// Looks for text, without regard to the case of ASCII, and goes to the first place from here on.
    pub fn find(&mut self, needle: &str, height: usize) {
        self.needle = needle.to_ascii_lowercase();
        self.search();
        let next = self.hits.partition_point(|at| *at < self.top);
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
        let places = memmem::find_iter(text.as_bytes(), &self.needle);
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

    /// Scrolls to the place the reader is at, no more than needed.
    fn show(&mut self, height: usize) {
        if let Some(hit) = self.hits.get(self.hit) {
            let row = self.row_at(*hit);
            let lowest = self.back(row, height.max(1) - 1);
            self.top = self.top.clamp(lowest, row).min(self.last(height));
        }
    }
}

/// Where paragraphs begin: every line, and every piece of a long one.
fn paragraphs(text: &str) -> Vec<usize> {
    let mut starts = vec![0];
    let mut begin = 0;
    let ends = memchr_iter(b'\n', text.as_bytes()).chain([text.len()]);
    for end in ends {
        while end - begin > PIECE {
            begin += piece(&text[begin..end]);
            starts.push(begin);
        }
        begin = end + 1;
        starts.push(begin);
    }
    starts.pop();
    starts
}

/// The length of the first piece of a long line: to the end of a word, else of a cluster.
fn piece(line: &str) -> usize {
    let end = line.floor_char_boundary(PIECE);
    let tail = &line[line.floor_char_boundary(end - PIECE_END)..end];
    let cut = match tail.rfind(' ') {
        Some(blank) => tail.len() - blank - 1,
        // It may go on.
        None => clusters(tail).last().map_or(0, str::len),
    };
    end - cut
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::app::pane::scroll;
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
        assert_eq!(reader.place(20), Place::Row(1, 50));
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

    #[test]
    fn a_line_of_megabytes_is_read_in_pieces_and_its_place_told_in_percent() {
        for part in ["word ", "x", "报告", "👩\u{200d}👩\u{200d}👧", "    "] {
            let text = part.repeat(COUNTED / part.len() + 1);
            let length = text.len();
            let mut reader = reader(&text);
            reader.fit(30);
            let ends = reader.starts[1..].iter().chain([&length]);
            for (start, end) in reader.starts.iter().zip(ends) {
                assert!((1..=PIECE).contains(&(end - start)));
                assert_eq!((end - start) % part.len(), 0, "{part:?} stays whole");
            }
            reader.go(Motion::Bottom, 10);
            let rows: Vec<_> = reader.shown().collect();
            assert_eq!((rows.len(), rows[9].end), (10, text.len()));
            assert_eq!(reader.place(10), Place::Percent(100));
            reader.go(Motion::Top, 10);
            assert_eq!(reader.top(), 0);
        }
    }

    fn motion() -> impl Strategy<Value = Motion> {
        use Motion::{Bottom, Down, HalfDown, HalfUp, PageDown, PageUp, Top, Up};
        let all = vec![Up, Down, HalfUp, HalfDown, PageUp, PageDown, Top, Bottom];
        prop::sample::select(all)
    }

    proptest! {
        /// Where the whole text is wrapped at once there is nothing to go wrong.
        #[test]
        fn going_is_what_it_is_in_a_text_wrapped_whole(
            text in "([a-z]{1,9}|[ \n]|报|👩\u{200d}👧){1,80}",
            width in 2_usize..12,
            height in 1_usize..9,
            ways in prop::collection::vec(motion(), 0..20),
        ) {
            let rows = wrap(&text, width);
            let tops = rows.len().saturating_sub(height) + 1;
            let mut reader = reader(&text);
            reader.fit(width);
            let mut top = 0;
            for way in ways {
                reader.go(way, height);
                top = way.apply(top, tops, height);
                prop_assert_eq!(reader.place(height), Place::Row(top + 1, rows.len()));
                prop_assert!(reader.shown().eq(rows[top..].iter().cloned()));
            }
            reader.find("报", height);
            let hit = reader.hits.get(reader.hit);
            let row = hit.map(|hit| rows.partition_point(|row| row.start <= *hit) - 1);
            let top = row.map_or(top, |row| scroll(top, row, rows.len(), height));
            prop_assert_eq!(reader.place(height), Place::Row(top + 1, rows.len()));
        }
    }
}
