//! Ids in a text of any size, which comes in pieces: ids may stand across their borders, and no line
//! needs to have an end.
//!
//! A window over the text is all that is kept of it. What is far from ids costs two searches for a
//! few bytes, and a count of lines.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use memchr::{memchr_iter, memmem};

use crate::domain::{Facts, IdError, Kind, ResourceId};

use super::json::{End, Object, behind_key, object_start};
use super::list::List;
use super::{Entry, Found, RESPONSE_LEN, ids, ids_from};

/// How much comes in at a time, in bytes: little enough to be in the processor's cache still when it is
/// searched.
const STEP: usize = 1 << 17;
/// The longest object whose facts are read.
const OBJECT: usize = 1 << 20;
/// How far before its id an object may begin.
const BACK: usize = 1 << 15;
/// How much of the window is used while nothing waits: what stays in the cache is quicker to fill.
const USUAL: usize = 1 << 19;
/// How much of the beginning shows that a text is a HAR file.
const HEAD: usize = 512;
/// How many bytes may be looked at for facts, for each byte of text. What needs more is made to need it.
const EFFORT: i64 = 16;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Id {
        kind: Kind,
        id: ResourceId,
        /// What a recorded object around it says.
        said: Option<Said>,
        line: u64,
    },
    /// In a list: an id that may be of either kind.
    NeedsKind { line: u64 },
    /// In a list: no id.
    Bad { line: u64, error: IdError },
}

/// What a recorded object says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    Facts(Box<Facts>),
    Deleted,
}

/// Finds ids in what is put into its [`Scanner::room`].
#[derive(Debug)]
pub struct Scanner {
    window: Vec<u8>,
    sizes: Sizes,
    /// How much of the window is filled.
    end: usize,
    /// Before here everything has been found.
    scanned: usize,
    /// The number of the line in which `scanned` is, from 1.
    line: u64,
    /// In order; what waits for the end of its object, and all that was found after it.
    found: VecDeque<Hit>,
    list: List,
    /// Bodies may stand in it as base64.
    is_har: bool,
    /// Bytes that came in.
    total: u64,
    /// Bytes that may still be looked at for facts.
    effort: i64,
    with_ids: u64,
    last_with_ids: u64,
}

#[derive(Clone, Copy, Debug)]
struct Sizes {
    step: usize,
    object: usize,
}

#[derive(Debug)]
struct Hit {
    what: What,
    line: u64,
    around: Option<Around>,
}

#[derive(Debug)]
enum What {
    Id(Kind, ResourceId),
    /// A body as base64, which may have ids.
    Encoded,
}

/// The object of which something was found.
#[derive(Debug)]
struct Around {
    object: Object,
    start: usize,
    /// Its end is not before here.
    walked: usize,
}

impl Scanner {
    /// `kind`: what words are in a list whose prefix names no kind.
    pub fn new(kind: Option<Kind>) -> Self {
        let sizes = Sizes {
            step: STEP,
            object: OBJECT,
        };
        Self::with(kind, sizes, Vec::new())
    }

    fn with(kind: Option<Kind>, sizes: Sizes, mut window: Vec<u8>) -> Self {
        // What may have to stay: an object that is not at its end, and one around it that began
        // earlier.
        window.resize(2 * (sizes.object + sizes.step + RESPONSE_LEN), 0);
        Self {
            window,
            sizes,
            end: 0,
            scanned: 0,
            line: 1,
            found: VecDeque::new(),
            list: List::new(kind),
            is_har: false,
            total: 0,
            effort: 1 << 20,
            with_ids: 0,
            last_with_ids: 0,
        }
    }

    /// Makes it ready for another text.
    pub fn reset(&mut self, kind: Option<Kind>) {
        *self = Self::with(kind, self.sizes, std::mem::take(&mut self.window));
    }

    /// Where the next piece of the text goes; never empty.
    pub fn room(&mut self) -> &mut [u8] {
        let is_usual = self.found.is_empty() && !self.is_har;
        let usual = if is_usual { USUAL } else { self.window.len() };
        if self.end + self.sizes.step > usual.min(self.window.len()) {
            self.forget();
        }
        let end = self.window.len().min(self.end + self.sizes.step);
        &mut self.window[self.end..end]
    }

    /// The next `len` bytes of the text are in the room.
    pub fn filled(&mut self, len: usize, items: &mut Vec<Item>) {
        let part = &self.window[self.end..self.end + len];
        let known = items.len();
        self.list.feed(part, false, &mut tell(items));
        self.count_entries(&items[known..]);
        if self.total < HEAD as u64 {
            let head = &self.window[..(self.end + len).min(HEAD)];
            self.is_har = head.trim_ascii_start().starts_with(b"{")
                && memmem::find(head, b"\"log\"").is_some();
        }
        self.end += len;
        self.total += len as u64;
        self.effort += EFFORT * i64::try_from(len).unwrap_or(0);
        // What begins here has its end and what follows it in the window.
        self.search(self.end.saturating_sub(RESPONSE_LEN));
        self.resolve(false, items);
    }

    /// That was all of the text.
    pub fn finish(&mut self, items: &mut Vec<Item>) {
        let known = items.len();
        self.list.feed(&[], true, &mut tell(items));
        self.count_entries(&items[known..]);
        self.search(self.end);
        self.resolve(true, items);
    }

    /// Each is a line of a list, without an id of Ark's shapes.
    fn count_entries(&mut self, entries: &[Item]) {
        let ids = entries
            .iter()
            .filter(|item| matches!(item, Item::Id { .. }));
        self.with_ids += ids.count() as u64;
    }

    /// Lines so far, and in how many of them there are ids.
    pub fn lines(&self) -> (u64, u64) {
        let ends_open = self.scanned > 0 && self.window[self.scanned - 1] != b'\n';
        (self.line - 1 + u64::from(ends_open), self.with_ids)
    }

    /// Drops what is not needed any more from the window.
    fn forget(&mut self) {
        let starts = self.found.iter().filter_map(|hit| hit.around.as_ref());
        let first = starts.map(|around| around.start).min();
        let keep = self.scanned.saturating_sub(self.back());
        let keep = first.map_or(keep, |first| first.min(keep));
        self.window.copy_within(keep..self.end, 0);
        self.end -= keep;
        self.scanned -= keep;
        let arounds = self.found.iter_mut().filter_map(|hit| hit.around.as_mut());
        for around in arounds {
            around.start -= keep;
            around.walked -= keep;
        }
    }

    fn back(&self) -> usize {
        // In HAR files what says that a body is base64 may follow that body.
        let back = if self.is_har { OBJECT } else { BACK };
        back.min(self.sizes.object)
    }

    /// Finds what begins before `to`.
    fn search(&mut self, to: usize) {
        if to < self.scanned {
            return;
        }
        let from = self.scanned;
        let mut counted = from;
        let found: Vec<Found> = ids_from(&self.window[..self.end], from, to).collect();
        for Found { kind, id, at } in found {
            self.line += lines(&self.window[counted..at.start]);
            counted = at.start;
            if self.last_with_ids != self.line {
                self.last_with_ids = self.line;
                self.with_ids += 1;
            }
            let around = self.around(at.start, "id");
            self.found.push_back(Hit {
                what: What::Id(kind, id),
                line: self.line,
                around,
            });
        }
        if self.is_har {
            let part = &self.window[from..(to + "base64".len() - 1).min(self.end)];
            let encoded: Vec<usize> = memmem::find_iter(part, b"base64").collect();
            for at in encoded {
                if let Some(around) = self.around(from + at, "encoding") {
                    self.found.push_back(Hit {
                        what: What::Encoded,
                        line: self.line,
                        around: Some(around),
                    });
                }
            }
        }
        self.line += lines(&self.window[counted..to]);
        self.scanned = to;
    }

    /// The object in which the value at `at` has this key.
    fn around(&mut self, at: usize, key: &str) -> Option<Around> {
        if self.effort < 0 {
            return None;
        }
        let text = &self.window[..self.end];
        let (depth, key) = behind_key(text, at, key)?;
        let floor = at.saturating_sub(self.back());
        let start = object_start(text, key, depth, floor);
        self.effort -= distance(start.unwrap_or(floor), at);
        let start = start?;
        Some(Around {
            object: Object::new(depth),
            start,
            walked: start,
        })
    }

    /// Gives out what does not wait for more of the text.
    fn resolve(&mut self, is_end: bool, items: &mut Vec<Item>) {
        let text = &self.window[..self.end];
        while let Some(hit) = self.found.front_mut() {
            let mut object = None;
            if let Some(around) = hit.around.as_mut().filter(|_| self.effort >= 0) {
                let end = around.object.end(text, around.walked);
                self.effort -= distance(
                    around.walked,
                    match end {
                        End::At(at) | End::Nowhere(at) => at,
                        End::NotYet => text.len(),
                    },
                );
                match end {
                    End::At(end) if end - around.start <= self.sizes.object => {
                        object = Some((&around.object, &text[around.start..end]));
                    }
                    End::NotYet if !is_end && self.end - around.start < self.sizes.object => {
                        around.walked = self.end;
                        return;
                    }
                    _ => {}
                }
            }
            match (&hit.what, object) {
                (What::Id(kind, id), object) => items.push(Item::Id {
                    kind: *kind,
                    id: id.clone(),
                    said: object.and_then(|(object, text)| object.said(text, *kind, id)),
                    line: hit.line,
                }),
                (What::Encoded, Some((object, text))) => {
                    let body = object.decoded(text).unwrap_or_default();
                    items.extend(ids(&body).map(|found| Item::Id {
                        said: said(&body, &found),
                        kind: found.kind,
                        id: found.id,
                        line: hit.line,
                    }));
                }
                (What::Encoded, None) => {}
            }
            self.found.pop_front();
        }
    }
}

/// What the object around an id says, in a text that is all there.
fn said(text: &[u8], found: &Found) -> Option<Said> {
    let at = found.at.start;
    let (depth, key) = behind_key(text, at, "id")?;
    let start = object_start(text, key, depth, at.saturating_sub(BACK))?;
    let mut object = Object::new(depth);
    match object.end(&text[..text.len().min(start + OBJECT)], start) {
        End::At(end) => object.said(&text[start..end], found.kind, &found.id),
        _ => None,
    }
}

fn tell(items: &mut Vec<Item>) -> impl FnMut(u64, Entry) {
    |line, entry| match entry {
        Entry::Id(kind, id) => items.push(Item::Id {
            kind,
            id,
            said: None,
            line,
        }),
        Entry::NeedsKind(_) => items.push(Item::NeedsKind { line }),
        Entry::Bad(error) => items.push(Item::Bad { line, error }),
        Entry::Ids(_) => {}
    }
}

fn lines(text: &[u8]) -> u64 {
    memchr_iter(b'\n', text).count() as u64
}

fn distance(from: usize, to: usize) -> i64 {
    i64::try_from(to - from).unwrap_or(i64::MAX)
}
