//! JSON around an id: where the object is that it is the `id` of, and what that object says.
//!
//! The text may begin and end anywhere, have JSON in the middle of a log line, and JSON written into
//! strings of JSON. So nothing is parsed from a beginning: quotes and braces are followed from the id
//! outwards, and the object alone is parsed.

use std::borrow::Cow;
use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use memchr::{memchr, memchr3, memrchr, memrchr3};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use crate::domain::{Facts, Kind, ResourceId};

use super::stream::Said;

/// How deep JSON is followed into strings of JSON.
const DEEPEST: u32 = 3;

/// In how many layers of strings a piece of JSON stands. In each, a quote has twice the backslashes of
/// the one around it and one more: `"`, `\"`, `\\\"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Depth(u32);

/// What a quote is to somebody at some depth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quote {
    /// It begins or ends a string.
    Delimits,
    /// It is a character of a string.
    Inside,
    /// It ends the string in which all this JSON stands.
    Outside,
}

impl Depth {
    fn of_backslashes(count: usize) -> Option<Self> {
        (0..=DEEPEST)
            .find(|depth| (1 << depth) - 1 == count)
            .map(Self)
    }

    /// The backslashes of a quote.
    const fn backslashes(self) -> usize {
        (1 << self.0) - 1
    }

    fn quote(self, text: &[u8], at: usize) -> Quote {
        let own = self.backslashes();
        match backslashes(&text[..at]) % (own + own + 2) {
            count if count == own => Quote::Delimits,
            count if count == own + own + 1 => Quote::Inside,
            _ => Quote::Outside,
        }
    }
}

fn backslashes(text: &[u8]) -> usize {
    text.iter().rev().take_while(|c| **c == b'\\').count()
}

/// If what begins at `at` is the string behind `"key":`, how deep that is, and where the key begins.
pub(super) fn behind_key(text: &[u8], at: usize, key: &str) -> Option<(Depth, usize)> {
    let before = text[..at].strip_suffix(b"\"")?;
    let depth = Depth::of_backslashes(backslashes(before))?;
    let escaped = depth.backslashes();
    let before = before[..before.len() - escaped].trim_ascii_end();
    let before = before.strip_suffix(b":")?.trim_ascii_end();
    let before = before.strip_suffix(b"\"")?;
    if backslashes(before) != escaped {
        return None;
    }
    let before = before[..before.len() - escaped].strip_suffix(key.as_bytes())?;
    let before = before.strip_suffix(b"\"")?;
    (backslashes(before) == escaped).then(|| (depth, before.len() - escaped))
}

/// Where the object begins that has a key at `key`; not looked for before `floor`.
pub(super) fn object_start(text: &[u8], key: usize, depth: Depth, floor: usize) -> Option<usize> {
    let mut at = key;
    let mut open = 0_u32;
    loop {
        at = floor + memrchr3(b'"', b'{', b'}', text.get(floor..at)?)?;
        match text[at] {
            b'}' => open += 1,
            b'{' if open == 0 => return Some(at),
            b'{' => open -= 1,
            _ if depth.quote(text, at) != Quote::Delimits => return None,
            _ => loop {
                at = floor + memrchr(b'"', &text[floor..at])?;
                match depth.quote(text, at) {
                    Quote::Delimits => break,
                    Quote::Inside => {}
                    Quote::Outside => return None,
                }
            },
        }
    }
}

/// Follows an object to its end, as the text comes in.
#[derive(Clone, Debug)]
pub(super) struct Object {
    depth: Depth,
    open: u32,
    in_string: bool,
}

/// How far an object goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// To before here.
    At(usize),
    /// Beyond what there is.
    NotYet,
    /// What begins as one is none, as is seen here.
    Nowhere(usize),
}

impl Object {
    pub(super) fn new(depth: Depth) -> Self {
        Self {
            depth,
            open: 0,
            in_string: false,
        }
    }

    /// Goes on from `from`, at first the object's start, then where the text ended the last time.
    pub(super) fn end(&mut self, text: &[u8], from: usize) -> End {
        let mut at = from;
        loop {
            let rest = &text[at..];
            let next = if self.in_string {
                memchr(b'"', rest)
            } else {
                memchr3(b'"', b'{', b'}', rest)
            };
            let Some(next) = next else {
                return End::NotYet;
            };
            at += next;
            match text[at] {
                b'{' => self.open += 1,
                b'}' => self.open = self.open.saturating_sub(1),
                _ => match self.depth.quote(text, at) {
                    Quote::Delimits => self.in_string = !self.in_string,
                    Quote::Inside if self.in_string => {}
                    _ => return End::Nowhere(at),
                },
            }
            at += 1;
            if self.open == 0 {
                return End::At(at);
            }
        }
    }

    /// Reads the whole object.
    fn read(&self, text: &[u8]) -> Option<Map<String, Value>> {
        let mut text = Cow::Borrowed(std::str::from_utf8(text).ok()?);
        for _ in 0..self.depth.0 {
            text = Cow::Owned(serde_json::from_str(&format!("\"{text}\"")).ok()?);
        }
        serde_json::from_str::<Wanted>(&text)
            .ok()
            .map(|wanted| wanted.0)
    }

    /// What the object says about the resource of this id, if it is that resource (`"object"` says so),
    /// or tells of its deletion. There some servers write `response.deleted`, and some nothing
    /// (`ark-api` section 9). In the strings of another document that may be what a model wrote, and an id
    /// that is left out for it could never be deleted: it is not believed there.
    pub(super) fn said(&self, text: &[u8], kind: Kind, id: &ResourceId) -> Option<Said> {
        let object = self.read(text)?;
        object.get("id").filter(|said| *said == id.as_str())?;
        let what = object.get("object").and_then(Value::as_str);
        let rest = what.map(|what| what.strip_prefix(kind.as_str()));
        let is_deleted = object.get("deleted") == Some(&Value::Bool(true));
        let is_quoted = self.depth.0 > 0;
        match rest {
            _ if is_deleted && is_quoted => None,
            None | Some(Some("" | ".deleted")) if is_deleted => Some(Said::Deleted),
            Some(Some("")) => {
                let facts = Facts::of(kind, &object).recorded(id);
                Some(Said::Facts(Box::new(facts)))
            }
            _ => None,
        }
    }

    /// The body that the object has as base64, as HAR files do.
    pub(super) fn decoded(&self, text: &[u8]) -> Option<Vec<u8>> {
        let object = self.read(text)?;
        BASE64_STANDARD.decode(object.get("text")?.as_str()?).ok()
    }
}

/// An object without what nobody here asks for: outputs are long.
struct Wanted(Map<String, Value>);

impl<'de> Deserialize<'de> for Wanted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;

        impl<'de> Visitor<'de> for Keys {
            type Value = Wanted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Wanted, A::Error> {
                let mut wanted = Map::new();
                while let Some(key) = map.next_key::<String>()? {
                    if ["id", "object", "deleted", "text"].contains(&&*key)
                        || Facts::KEYS.contains(&&*key)
                    {
                        wanted.insert(key, map.next_value()?);
                    } else {
                        map.next_value::<IgnoredAny>()?;
                    }
                }
                Ok(Wanted(wanted))
            }
        }

        deserializer.deserialize_map(Keys)
    }
}
