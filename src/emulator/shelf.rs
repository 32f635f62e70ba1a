//! What the service keeps: rounds (stored responses) and files, by id.
//!
//! Ids sort by time of creation within a kind, so the maps are in the order of the lists, and a cursor
//! is a place in the map whether or not its id still exists.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::{Map, Value};

pub(super) type Id = Arc<str>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    InProgress,
    Completed,
    Incomplete,
    Failed,
}

impl Status {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
            Self::Failed => "failed",
        }
    }
}

/// In tokens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usage {
    pub(super) input: u64,
    pub(super) cached: u64,
    pub(super) output: u64,
    pub(super) reasoning: u64,
}

impl Usage {
    pub(super) const fn total(self) -> u64 {
        self.input + self.output
    }
}

/// What was asked, as given or as seeded.
#[derive(Clone)]
pub(super) enum Input {
    Text(Cow<'static, str>),
    /// A question about a file.
    About {
        text: &'static str,
        /// The type of the part of the message that names the file.
        part: &'static str,
        file: Id,
    },
    Items(Vec<Value>),
}

/// A response. Items and JSON are made from it when asked for: a hundred thousand of these lie in memory.
#[derive(Clone)]
pub(super) struct Round {
    pub(super) created_ms: i64,
    pub(super) model: Cow<'static, str>,
    pub(super) status: Status,
    pub(super) previous: Option<Id>,
    /// Epoch seconds; `None` if not stored.
    pub(super) expire_at: Option<i64>,
    pub(super) input: Input,
    pub(super) answer: Cow<'static, str>,
    /// The summary of the model's thoughts, if it was asked to think.
    pub(super) thoughts: Option<&'static str>,
    pub(super) usage: Usage,
    /// Given fields that are echoed; `None` for the defaults.
    pub(super) echo: Option<Box<Map<String, Value>>>,
}

impl Round {
    fn is_due(&self, now_ms: i64) -> bool {
        self.expire_at.is_some_and(|at| at <= now_ms / 1000)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    /// `active` from this time on, in epoch milliseconds.
    ActiveAt(i64),
    Failed,
}

pub(super) struct File {
    /// Epoch seconds.
    pub(super) created_at: i64,
    /// Epoch seconds; -1 = never.
    pub(super) expire_at: i64,
    pub(super) readiness: Readiness,
    pub(super) purpose: Cow<'static, str>,
    pub(super) filename: String,
    pub(super) bytes: u64,
    pub(super) mime_type: Cow<'static, str>,
    /// Given fields that are echoed.
    pub(super) echo: Option<Box<Map<String, Value>>>,
}

impl File {
    fn is_due(&self, now_ms: i64) -> bool {
        self.expire_at >= 0 && self.expire_at <= now_ms / 1000
    }
}

#[derive(Default)]
pub(super) struct Shelf {
    rounds: BTreeMap<Id, Round>,
    files: BTreeMap<Id, File>,
    /// Deleted rounds that continued another: their chains still reach back through them.
    holes: HashMap<Id, Id>,
}

impl Shelf {
    pub(super) fn new(rounds: Vec<(Id, Round)>, files: Vec<(Id, File)>) -> Self {
        Self {
            rounds: rounds.into_iter().collect(),
            files: files.into_iter().collect(),
            holes: HashMap::new(),
        }
    }

    pub(super) fn response_ids(&self, now_ms: i64) -> Vec<String> {
        let living = self
            .rounds
            .iter()
            .filter(|(_, round)| !round.is_due(now_ms));
        living.map(|(id, _)| id.to_string()).collect()
    }

    pub(super) fn file_ids(&self, now_ms: i64) -> Vec<String> {
        let living = self.files.iter().filter(|(_, file)| !file.is_due(now_ms));
        living.map(|(id, _)| id.to_string()).collect()
    }

    /// The stored response of this id. An expired one is as good as missing; that the real service answers
    /// for both alike is assumed.
    pub(super) fn round(&self, id: &str, now_ms: i64) -> Option<(&Id, &Round)> {
        let (id, round) = self.rounds.get_key_value(id)?;
        (!round.is_due(now_ms)).then_some((id, round))
    }

    pub(super) fn store(&mut self, id: Id, round: Round) {
        self.rounds.insert(id, round);
    }

    /// True if it was there. Other rounds of its chain stay.
    pub(super) fn delete_round(&mut self, id: &str, now_ms: i64) -> bool {
        let Some((id, round)) = self.rounds.remove_entry(id) else {
            return false;
        };
        let was_there = !round.is_due(now_ms);
        if let Some(previous) = round.previous {
            self.holes.insert(id, previous);
        }
        was_there
    }

    /// The living rounds that `last` continues and `last` itself, oldest first.
    pub(super) fn chain(&self, last: &str, now_ms: i64) -> Vec<(&Id, &Round)> {
        let mut chain = Vec::new();
        let mut next = self.rounds.get_key_value(last).map(|(id, _)| id);
        while let Some(id) = next {
            next = match self.rounds.get_key_value(id) {
                Some((id, round)) => {
                    if !round.is_due(now_ms) {
                        chain.push((id, round));
                    }
                    round.previous.as_ref()
                }
                None => self.holes.get(id),
            };
        }
        chain.reverse();
        chain
    }

    pub(super) fn file(&self, id: &str, now_ms: i64) -> Option<(&Id, &File)> {
        let (id, file) = self.files.get_key_value(id)?;
        (!file.is_due(now_ms)).then_some((id, file))
    }

    pub(super) fn has_file(&self, id: &str) -> bool {
        self.files.contains_key(id)
    }

    pub(super) fn keep(&mut self, id: Id, file: File) {
        self.files.insert(id, file);
    }

    /// True if it was there.
    pub(super) fn delete_file(&mut self, id: &str, now_ms: i64) -> bool {
        self.files
            .remove(id)
            .is_some_and(|file| !file.is_due(now_ms))
    }

    /// The living files after a cursor, oldest first.
    pub(super) fn files_after(
        &self,
        cursor: Option<&str>,
        now_ms: i64,
    ) -> impl Iterator<Item = (&Id, &File)> {
        let from = cursor.map_or(Bound::Unbounded, Bound::Excluded);
        self.files
            .range::<str, _>((from, Bound::Unbounded))
            .filter(move |(_, file)| !file.is_due(now_ms))
    }

    /// The living files before a cursor, newest first.
    pub(super) fn files_before(
        &self,
        cursor: Option<&str>,
        now_ms: i64,
    ) -> impl Iterator<Item = (&Id, &File)> {
        let to = cursor.map_or(Bound::Unbounded, Bound::Excluded);
        self.files
            .range::<str, _>((Bound::Unbounded, to))
            .rev()
            .filter(move |(_, file)| !file.is_due(now_ms))
    }
}
