//! Ids in text: in pasted lines, logs, documents.
//!
//! In free text only what has Ark's exact shapes counts (`ark-api` section 7), because a ledger that
//! takes look-alikes would later ask the service to delete them. A line that is nothing but an id may be
//! any id. Refuses I/O and guesses: where a kind cannot be known, it is asked for.

mod json;
mod list;
mod stream;

use std::iter;
use std::ops::Range;

use memchr::arch::all::packedpair::HeuristicFrequencyRank;
use memchr::memmem::FinderBuilder;

use crate::domain::{IdError, Kind, ResourceId};

pub use stream::{Item, Said, Scanner};

/// `02`, 13 digits of epoch milliseconds, 38 hexadecimal digits.
const RESPONSE: &[u8] = b"resp_02";
const RESPONSE_LEN: usize = RESPONSE.len() + 13 + 38;

/// 14 digits of wall clock in this century, a dash, 5 letters or digits.
const FILE: &[u8] = b"file-20";
const FILE_LEN: usize = FILE.len() + 12 + 1 + 5;

/// What may stand around an id on a line of its own: it was copied out of JSON, code or a list.
const OPENING: &[char] = &['"', '\'', '`', '[', '(', '{', '<'];
const CLOSING: &[char] = &['"', '\'', '`', ']', ')', '}', '>', ',', ';'];
/// How many of [`OPENING`] and [`CLOSING`] are quotation marks.
const QUOTES: usize = 3;

/// An id found in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub kind: Kind,
    pub id: ResourceId,
    /// Where it stands, in bytes.
    pub at: Range<usize>,
}

/// What one line that a user typed, pasted or piped in turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The line is an id, and its kind is known.
    Id(Kind, ResourceId),
    /// The line is one word that could be an id of either kind.
    NeedsKind(ResourceId),
    /// The line is a text with ids in it: a log line, a URL, a row of a table. Never empty.
    Ids(Vec<Found>),
    /// The line is neither; [`IdError::Empty`] if there is nothing on it but brackets and commas.
    Bad(IdError),
}

/// All ids of Ark's exact shapes in `text`, in order. Text in any encoding that keeps ASCII will do.
///
/// Passed over are masked ids (`resp_0217****`), what is part of a longer word, and digits that are no
/// plausible time.
pub fn ids<T: AsRef<[u8]> + ?Sized>(text: &T) -> impl Iterator<Item = Found> {
    let text = text.as_ref();
    ids_from(text, 0, text.len())
}

/// The same for those that begin from `from` on and before `to`; what is around them counts.
fn ids_from(text: &[u8], from: usize, to: usize) -> impl Iterator<Item = Found> {
    // All needles have this length.
    let part = &text[from..(to + RESPONSE.len() - 1).min(text.len())];
    let mut responses = occurrences(part, RESPONSE).peekable();
    let mut files = occurrences(part, FILE).peekable();
    // Neither shape can hold the beginning of another, so no candidate lies inside a match.
    let candidates = iter::from_fn(move || match (responses.peek(), files.peek()) {
        (Some(response), Some(file)) if response < file => {
            responses.next().map(|at| (Kind::Response, at))
        }
        (_, Some(_)) => files.next().map(|at| (Kind::File, at)),
        (_, None) => responses.next().map(|at| (Kind::Response, at)),
    });
    candidates.filter_map(move |(kind, start)| {
        let start = from + start;
        let len = match kind {
            Kind::Response => RESPONSE_LEN,
            Kind::File => FILE_LEN,
        };
        let at = start..start + len;
        let id = text.get(at.clone())?;
        let is_shaped = match kind {
            Kind::Response => is_response(id),
            Kind::File => is_file(id),
        };
        // A dash joins words in the names around files (`my-file-2026…`), and separates elsewhere.
        let joins = |c: u8| is_word(c) || (c == b'-' && kind == Kind::File);
        let before = &text[..start];
        let is_joined = before.last().is_some_and(|c| joins(*c)) && !ends_escape(before);
        let after = text.get(at.end).copied();
        if !is_shaped || is_joined || after.is_some_and(|c| joins(c) || c == b'*') {
            return None;
        }
        let id = ResourceId::new(std::str::from_utf8(id).ok()?).ok()?;
        id.birth()?;
        Some(Found { kind, id, at })
    })
}

fn occurrences(text: &[u8], needle: &'static [u8]) -> impl Iterator<Item = usize> {
    let finder = FinderBuilder::new().build_forward_with_ranker(InLogs, needle);
    let mut from = 0;
    iter::from_fn(move || {
        let at = from + finder.find(&text[from..])?;
        from = at + needle.len();
        Some(at)
    })
}

/// How often a byte comes in logs: with the search's own idea, of prose and code, it looks for digits,
/// and takes twice as long.
struct InLogs;

impl HeuristicFrequencyRank for InLogs {
    fn rank(&self, byte: u8) -> u8 {
        match byte {
            b'0'..=b'9' => 255,
            b'a'..=b'f' => 220,
            b'_' => 60,
            b'p' => 100,
            b'-' => 110,
            b'l' => 120,
            b'i' | b'r' | b's' => 160,
            _ => 200,
        }
    }
}

/// Whether a text ends with something that stands for a character that is no letter, though it is
/// written with some: `\n` and `\u003c` of JSON, `%2F` of URLs, the colours of a terminal.
fn ends_escape(text: &[u8]) -> bool {
    // A character's code, if it is no letter, digit, `_` or `-`: %41 is a letter of the same word.
    let separates = |hex: &[u8]| {
        let code = std::str::from_utf8(hex).ok();
        let code = code.and_then(|hex| u32::from_str_radix(hex, 16).ok());
        code.and_then(char::from_u32)
            .is_some_and(|c| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
    };
    match text {
        [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f'] => true,
        [.., b'%', a, b] if separates(&[*a, *b]) => true,
        [.., b'\\', b'u', a, b, c, d] if separates(&[*a, *b, *c, *d]) => true,
        [.., b'm'] => {
            let codes = |c: &u8| c.is_ascii_digit() || *c == b';';
            let codes = text.iter().rev().skip(1).take(16).take_while(|c| codes(c));
            text[..text.len() - 1 - codes.count()].ends_with(b"\x1b[")
        }
        _ => false,
    }
}

/// Reads one line. `kind` is what a word is taken for whose prefix names no kind; where the prefix does,
/// the prefix wins.
pub fn entry(line: &str, kind: Option<Kind>) -> Entry {
    let line = line.trim();
    let bare = line.trim_start_matches(OPENING).trim_end_matches(CLOSING);
    // Brackets can belong to the ids of servers that are not Ark.
    let is_known = ResourceId::new(bare).is_ok_and(|id| id.kind().is_some());
    if is_known || bare.is_empty() {
        return argument(bare, kind);
    }
    let quoted = line
        .trim_end_matches([',', ';'])
        .trim_start_matches(&OPENING[..QUOTES])
        .trim_end_matches(&CLOSING[..QUOTES]);
    argument(quoted, kind)
}

/// The same for what somebody gave as an id: nothing is taken off it.
pub fn argument(word: &str, kind: Option<Kind>) -> Entry {
    let found: Vec<Found> = ids(word).collect();
    match ResourceId::new(word) {
        // A URL or a list without blanks is one word, too. Ids of other vendors do not hold Ark's.
        Ok(_) if !found.is_empty() && found[0].at != (0..word.len()) => Entry::Ids(found),
        Ok(id) => match id.kind().or(kind) {
            Some(kind) => Entry::Id(kind, id),
            None => Entry::NeedsKind(id),
        },
        Err(_) if !found.is_empty() => Entry::Ids(found),
        Err(error) => Entry::Bad(error),
    }
}

fn is_word(c: u8) -> bool {
    c.is_ascii_alphanumeric() || c == b'_'
}

fn is_response(id: &[u8]) -> bool {
    let (digits, rest) = id[RESPONSE.len()..].split_at(13);
    digits.iter().all(u8::is_ascii_digit)
        && rest.iter().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the digits are a date is left to [`ResourceId::birth`].
fn is_file(id: &[u8]) -> bool {
    let (digits, rest) = id[FILE.len()..].split_at(12);
    digits.iter().all(u8::is_ascii_digit)
        && rest[0] == b'-'
        && rest[1..]
            .iter()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::bytes::Regex;

    use super::*;

    const RESP: &str = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3";
    const FILE_ID: &str = "file-20261121101500-k3v9q";

    fn found(text: &str) -> Vec<&str> {
        ids(text).map(|found| &text[found.at]).collect()
    }

    fn id(text: &str) -> ResourceId {
        ResourceId::new(text).unwrap()
    }

    #[test]
    fn finds_ids_wherever_they_stand() {
        for text in [
            format!("{RESP} {FILE_ID}"),
            format!("{RESP}\n{FILE_ID}\r\n"),
            format!(r#"{{"id":"{RESP}","file_id":"{FILE_ID}"}}"#),
            format!("DELETE /api/v3/responses/{RESP}?x=1, then {FILE_ID}."),
            format!("响应{RESP}已删除，文件{FILE_ID}还在"),
            format!("profile-2026 file-20 resp_02 {RESP};;{FILE_ID}"),
            format!("resp_02{RESP} {RESP}/{FILE_ID} file-20{FILE_ID}"),
        ] {
            assert_eq!(found(&text), [RESP, FILE_ID], "{text}");
        }
        for before in [
            "\\n",
            "\\\\t",
            "\\u003c",
            "%2F",
            "%22",
            "\u{1b}[1;32m",
            "\u{1b}[m",
        ] {
            let text = format!("x{before}{RESP}\\n{before}{FILE_ID}\u{1b}[0m");
            assert_eq!(found(&text), [RESP, FILE_ID], "{text}");
        }
        let invalid = [b"\xff\xfe", RESP.as_bytes(), b"\x80"].concat();
        assert_eq!(ids(&invalid).count(), 1);
    }

    #[test]
    fn ids_one_separator_apart_are_all_found() {
        let files = [FILE_ID; 5].join(" ");
        assert_eq!(found(&files).len(), 5);
        let responses = [RESP; 5].join(",");
        assert_eq!(found(&responses).len(), 5);
    }

    #[test]
    fn passes_over_look_alikes() {
        for text in [
            "resp_0217****",
            "file-20251014****",
            "file-20261121101500-*****",
            &format!("{RESP}*"),
            &format!("{FILE_ID}***"),
            &format!("x{RESP}"),
            &format!("\\x{RESP}"),
            &format!("%41{RESP}"),
            &format!("\\u0041{RESP}"),
            &format!("[1m{RESP}"),
            &format!("_{RESP}"),
            &format!("{RESP}0"),
            &format!("pro{FILE_ID}"),
            &format!("my-{FILE_ID}"),
            &format!("{FILE_ID}-2"),
            &format!("{FILE_ID}x"),
            // OpenAI's: 48 to 50 hexadecimal digits; one had a letter among the 13.
            "resp_02179522730a456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3",
            "resp_0217952273004568f9b8a1b2c3d4e5f60718293a4b5c6d7",
            "file-20260323231911855.jpg",
            // No such time, or none in which there was an Ark.
            "file-20261321101500-k3v9q",
            "file-20260230101500-k3v9q",
            "file-20261121246000-k3v9q",
            "file-20190101000000-k3v9q",
            "resp_020000000000456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3",
            "ep-20261121101500-k3v9q",
            &RESP[..RESP.len() - 1],
            "resp_02",
            "",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn a_line_may_be_an_id_with_what_it_was_copied_with() {
        let response = Entry::Id(Kind::Response, id(RESP));
        for line in [
            RESP.to_owned(),
            format!("  {RESP}\r\n"),
            format!("\"{RESP}\","),
            format!("['{RESP}',"),
            format!("`{RESP}`;"),
            format!("<{RESP}>"),
        ] {
            assert_eq!(entry(&line, None), response, "{line}");
            assert_eq!(entry(&line, Some(Kind::File)), response, "{line}");
        }
        assert_eq!(entry("file_1", None), Entry::Id(Kind::File, id("file_1")));
        for (line, word) in [
            ("{x}", "{x}"),
            ("\"{x}\",", "{x}"),
            ("'a[0]'", "a[0]"),
            ("x***", "x***"),
        ] {
            assert_eq!(entry(line, None), Entry::NeedsKind(id(word)), "{line}");
        }
        assert_eq!(argument("\"x\",", None), Entry::NeedsKind(id("\"x\",")));
        let foreign = id("a/b?c");
        assert_eq!(entry("a/b?c", None), Entry::NeedsKind(foreign.clone()));
        assert_eq!(
            entry("a/b?c", Some(Kind::File)),
            Entry::Id(Kind::File, foreign)
        );
    }

    #[test]
    fn a_line_may_hold_ids_or_nothing_of_use() {
        let held = |line: &str| match entry(line, Some(Kind::Response)) {
            Entry::Ids(found) => found.len(),
            _ => 0,
        };
        assert_eq!(held(&format!("2026-11-21 deleted {RESP} and {FILE_ID}")), 2);
        assert_eq!(held(&format!("https://host/api/v3/files/{FILE_ID}")), 1);
        assert_eq!(held(&format!("{RESP},{RESP}")), 2);
        assert_eq!(held(&format!("{{\"id\":\"{RESP}\"}}")), 1);
        let bad = [
            ("", IdError::Empty),
            ("  [ ", IdError::Empty),
            ("],", IdError::Empty),
            ("two words", IdError::NotVisibleAscii { at: 4 }),
            ("resp_0217****", IdError::Masked),
            ("..", IdError::DotSegment),
        ];
        for (line, error) in bad {
            assert_eq!(entry(line, None), Entry::Bad(error), "{line:?}");
        }
    }

    /// The reference's own patterns, searched as it says: take group 1, resume at its end. Behind
    /// what stands for a separator, too.
    fn by_pattern(text: &[u8]) -> Vec<(usize, String)> {
        const ESCAPES: &str = concat!(
            r"\\[nrtbf]|%(?:[0189A-Fa-f][0-9A-Fa-f]|2[0-9A-CEFa-cef]|3[A-Fa-f]|40|5[B-Eb-e]|60|",
            r"7[B-Fb-f])"
        );
        let patterns = [
            format!(r"(?-u)(?:\b|{ESCAPES})(resp_02[0-9]{{13}}[0-9a-f]{{38}})\b"),
            format!(r"(?-u)(?:^|[^0-9A-Za-z_-]|{ESCAPES})")
                + concat!(
                    r"(file-20[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])",
                    r"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]-[a-z0-9]{5})(?:$|[^0-9A-Za-z_-])"
                ),
        ];
        let mut all = Vec::new();
        for pattern in patterns {
            let pattern = Regex::new(&pattern).unwrap();
            let mut from = 0;
            while let Some(groups) = pattern.captures_at(text, from) {
                let group = groups.get(1).unwrap();
                let id = String::from_utf8(group.as_bytes().to_vec()).unwrap();
                if text.get(group.end()) != Some(&b'*') && self::id(&id).birth().is_some() {
                    all.push((group.start(), id));
                }
                from = group.end();
            }
        }
        all.sort();
        all
    }

    fn strict_id() -> impl Strategy<Value = String> {
        prop_oneof![
            "resp_0217[0-9]{11}[0-9a-f]{38}",
            "file-202[4-9](0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]-[a-z0-9]{5}",
        ]
    }

    proptest! {
        #[test]
        fn planted_ids_are_found_and_nothing_else(
            parts in prop::collection::vec(
                prop_oneof![
                    3 => strict_id(),
                    1 => Just("file-20".to_owned()),
                    1 => Just("resp_02".to_owned()),
                    3 => Just(" ".to_owned()),
                    1 => "[ \"/,*_a0中-]{1,2}",
                    1 => "\\PC{0,8}",
                ],
                0..12,
            ),
        ) {
            let text = parts.concat();
            let ours: Vec<_> = ids(&text).map(|f| (f.at.start, f.id.to_string())).collect();
            prop_assert_eq!(ours, by_pattern(text.as_bytes()));
        }

        #[test]
        fn any_line_is_read_without_a_panic(line in "\\PC*", kind in prop::option::of(Just(Kind::File))) {
            if let Entry::Ids(found) = entry(&line, kind) {
                prop_assert!(!found.is_empty());
            }
        }
    }
}
