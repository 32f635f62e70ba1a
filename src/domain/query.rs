//! The query language of `/` and `--filter`.
//!
//! Bare words match id, name, model, tags and note; `key:value` and comparisons narrow; `-` negates; all
//! terms must match. Text is compared without regard to ASCII case. A word is only what can be nothing
//! else: `-tag=keep` taken for one would be nearly everything. The ledger answers a query in
//! SQL; [`Query::matches`] says what that answer has to be.

use std::fmt;
use std::ops::Range;

use jiff::Timestamp;

use super::{Expiry, Kind, Resource, State};

/// A parsed query. Empty matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    pub terms: Vec<Term>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub negated: bool,
    pub test: Test,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cmp {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// In id, name, model, note or a tag.
    Word(String),
    Id(String),
    Name(String),
    Model(String),
    Kind(Kind),
    State(State),
    Status(String),
    Purpose(String),
    Tag(String),
    Note(String),
    Source(String),
    /// Seconds since creation.
    Age(Cmp, i64),
    /// Seconds until expiry.
    Expires(Cmp, i64),
    /// Bytes.
    Size(Cmp, u64),
}

/// What is wrong with a query, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem} (characters {}–{})", at.start + 1, at.end)]
pub struct QueryError {
    /// In bytes of the query text; always on character boundaries.
    pub at: Range<usize>,
    pub problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    #[error("unknown key")]
    UnknownKey,
    #[error("unknown kind; it is response or file")]
    UnknownKind,
    #[error("unknown state")]
    UnknownState,
    #[error("a value is missing")]
    MissingValue,
    #[error("not a duration; write 90s, 15m, 12h, 3d or 2w")]
    NotADuration,
    #[error("not a size; write 500, 20KB, 10MB, 1.5GB or 1GiB")]
    NotASize,
    #[error("this key takes < or >, as in age>3d")]
    NeedsComparison,
    #[error("this key takes a colon, as in tag:keep")]
    NeedsColon,
    #[error("the quote is not closed")]
    OpenQuote,
}

/// Every key of the language, for help and completion.
pub const KEYS: [&str; 13] = [
    "id", "name", "model", "kind", "state", "status", "purpose", "tag", "note", "source", "age",
    "expires", "size",
];

impl Query {
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut terms = Vec::new();
        let mut rest = Cursor { text, at: 0 };
        while let Some(token) = rest.token()? {
            terms.push(token.term()?);
        }
        Ok(Self { terms })
    }

    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// The query names states itself, so tombstones are not hidden from it.
    pub fn asks_for_state(&self) -> bool {
        self.terms
            .iter()
            .any(|t| matches!(t.test, Test::State(_)) && !t.negated)
    }

    pub fn matches(&self, resource: &Resource, now: Timestamp) -> bool {
        self.terms
            .iter()
            .all(|term| term.test.matches(resource, now) != term.negated)
    }
}

impl Cmp {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }

    fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

impl Test {
    fn matches(&self, resource: &Resource, now: Timestamp) -> bool {
        let facts = &resource.facts;
        let within = |text: &Option<String>, part: &str| {
            text.as_deref().is_some_and(|text| contains(text, part))
        };
        let is = |text: &Option<String>, value: &str| {
            text.as_deref()
                .is_some_and(|text| text.eq_ignore_ascii_case(value))
        };
        match self {
            Self::Word(word) => {
                contains(resource.id.as_str(), word)
                    || within(&facts.name, word)
                    || within(&facts.model, word)
                    || resource.tags.iter().any(|tag| contains(tag, word))
                    || within(&resource.note, word)
            }
            Self::Id(part) => contains(resource.id.as_str(), part),
            Self::Name(part) => within(&facts.name, part),
            Self::Model(part) => within(&facts.model, part),
            Self::Kind(kind) => resource.kind == *kind,
            Self::State(state) => resource.state_at(now) == *state,
            Self::Status(value) => is(&facts.status, value),
            Self::Purpose(value) => is(&facts.purpose, value),
            Self::Tag(value) => resource.tags.iter().any(|t| t.eq_ignore_ascii_case(value)),
            Self::Note(part) => within(&resource.note, part),
            Self::Source(value) => resource.source.as_str().eq_ignore_ascii_case(value),
            Self::Age(cmp, seconds) => facts
                .created_at
                .is_some_and(|at| cmp.holds(&(now.as_second() - at.as_second()), seconds)),
            Self::Expires(cmp, seconds) => match facts.expires_at {
                None => false,
                Some(Expiry::Never) => matches!(cmp, Cmp::Greater | Cmp::GreaterOrEqual),
                Some(Expiry::At(at)) => cmp.holds(&(at.as_second() - now.as_second()), seconds),
            },
            Self::Size(cmp, bytes) => facts.bytes.is_some_and(|size| cmp.holds(&size, bytes)),
        }
    }
}

fn contains(text: &str, part: &str) -> bool {
    text.to_ascii_lowercase()
        .contains(&part.to_ascii_lowercase())
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// One term as written. `key` and `sign` are absent for a bare word.
struct Token {
    negated: bool,
    key: Option<(String, Range<usize>)>,
    sign: Option<Sign>,
    value: String,
    value_at: Range<usize>,
}

#[derive(Clone, Copy)]
enum Sign {
    Colon,
    Cmp(Cmp),
    /// No sign of ours.
    Equals,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn token(&mut self) -> Result<Option<Token>, QueryError> {
        while self.peek().is_some_and(char::is_whitespace) {
            self.bump();
        }
        if self.peek().is_none() {
            return Ok(None);
        }
        let negated = self.text[self.at..].starts_with('-')
            && self.text[self.at + 1..]
                .chars()
                .next()
                .is_some_and(|c| !c.is_whitespace());
        if negated {
            self.bump();
        }
        let (key, sign) = self.key();
        let start = self.at;
        let value = self.value()?;
        Ok(Some(Token {
            negated,
            key,
            sign,
            value,
            value_at: start..self.at,
        }))
    }

    /// Consumes `key:`, `key<` and so on if that is what comes next, also as Chinese keyboards write it.
    fn key(&mut self) -> (Option<(String, Range<usize>)>, Option<Sign>) {
        let rest = &self.text[self.at..];
        let len = rest
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at(len);
        let key = key.to_ascii_lowercase();
        let mut after = after.chars();
        let sign = after.next();
        let or_equal = matches!(after.next(), Some('=' | '＝'));
        let (sign, signs) = match (sign, or_equal) {
            (Some(':' | '：'), _) => (Sign::Colon, 1),
            (Some('<' | '＜'), true) => (Sign::Cmp(Cmp::LessOrEqual), 2),
            (Some('>' | '＞'), true) => (Sign::Cmp(Cmp::GreaterOrEqual), 2),
            (Some('<' | '＜'), false) => (Sign::Cmp(Cmp::Less), 1),
            (Some('>' | '＞'), false) => (Sign::Cmp(Cmp::Greater), 1),
            (Some('=' | '＝'), _) if KEYS.contains(&key.as_str()) => (Sign::Equals, 1),
            _ => return (None, None),
        };
        if len == 0 {
            return (None, None);
        }
        let span = self.at..self.at + len;
        self.at = span.end;
        for _ in 0..signs {
            self.bump();
        }
        (Some((key, span)), Some(sign))
    }

    fn value(&mut self) -> Result<String, QueryError> {
        let start = self.at;
        let mut value = String::new();
        if self.peek() != Some('"') {
            while let Some(c) = self.peek().filter(|c| !c.is_whitespace()) {
                value.push(c);
                self.bump();
            }
            return Ok(value);
        }
        self.bump();
        loop {
            match self.bump() {
                Some('"') => return Ok(value),
                Some('\\') => value.extend(self.bump()),
                Some(c) => value.push(c),
                None => {
                    return Err(QueryError {
                        at: start..self.at,
                        problem: Problem::OpenQuote,
                    });
                }
            }
        }
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }
}

impl Token {
    fn term(self) -> Result<Term, QueryError> {
        let negated = self.negated;
        Ok(Term {
            negated,
            test: self.test()?,
        })
    }

    fn test(self) -> Result<Test, QueryError> {
        let Self {
            key,
            sign,
            value,
            value_at,
            ..
        } = self;
        let fail = |at: &Range<usize>, problem| QueryError {
            at: at.clone(),
            problem,
        };
        let (Some((key, key_at)), Some(sign)) = (key, sign) else {
            if value.is_empty() {
                return Err(fail(&value_at, Problem::MissingValue));
            }
            return Ok(Test::Word(value));
        };
        if !KEYS.contains(&key.as_str()) {
            return Err(fail(&key_at, Problem::UnknownKey));
        }
        if value.is_empty() {
            return Err(fail(&(key_at.start..value_at.end), Problem::MissingValue));
        }
        match (key.as_str(), sign) {
            ("age" | "expires" | "size", Sign::Colon | Sign::Equals) => {
                Err(fail(&key_at, Problem::NeedsComparison))
            }
            ("age", Sign::Cmp(cmp)) => seconds(&value).map(|s| Test::Age(cmp, s)),
            ("expires", Sign::Cmp(cmp)) => seconds(&value).map(|s| Test::Expires(cmp, s)),
            ("size", Sign::Cmp(cmp)) => bytes(&value).map(|b| Test::Size(cmp, b)),
            (_, Sign::Cmp(_) | Sign::Equals) => Err(fail(&key_at, Problem::NeedsColon)),
            ("kind", Sign::Colon) => value
                .parse()
                .map(Test::Kind)
                .map_err(|()| Problem::UnknownKind)
                .map_err(|p| fail(&value_at, p)),
            ("state", Sign::Colon) => value
                .parse()
                .map(Test::State)
                .map_err(|()| fail(&value_at, Problem::UnknownState)),
            ("id", Sign::Colon) => Ok(Test::Id(value)),
            ("name", Sign::Colon) => Ok(Test::Name(value)),
            ("model", Sign::Colon) => Ok(Test::Model(value)),
            ("status", Sign::Colon) => Ok(Test::Status(value)),
            ("purpose", Sign::Colon) => Ok(Test::Purpose(value)),
            ("tag", Sign::Colon) => Ok(Test::Tag(value)),
            ("note", Sign::Colon) => Ok(Test::Note(value)),
            (_, Sign::Colon) => Ok(Test::Source(value)),
        }
        .map_err(|error: QueryError| QueryError {
            at: if error.at.is_empty() {
                value_at
            } else {
                error.at
            },
            problem: error.problem,
        })
    }
}

/// An error without a place of its own; [`Token::test`] puts it at the value.
fn at_value(problem: Problem) -> QueryError {
    QueryError { at: 0..0, problem }
}

/// Seconds, as queries write them: `90s`, `15m`, `12h`, `3d`, `2w`.
pub fn duration(text: &str) -> Option<i64> {
    seconds(text).ok()
}

/// Bytes, as queries write them: `500`, `20KB`, `10MB`, `1.5GB`, `1GiB`.
pub fn size(text: &str) -> Option<u64> {
    bytes(text).ok()
}

fn seconds(text: &str) -> Result<i64, QueryError> {
    let wrong = || at_value(Problem::NotADuration);
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let scale = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let number = &text[..text.len() - 1];
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    number
        .parse::<i64>()
        .ok()
        .and_then(|n| n.checked_mul(scale))
        // Keeps every later sum with a time inside i64.
        .filter(|n| *n <= i64::MAX / 4)
        .ok_or_else(wrong)
}

fn bytes(text: &str) -> Result<u64, QueryError> {
    let wrong = || at_value(Problem::NotASize);
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let scale: u64 = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
    if whole.is_empty() || part.is_empty() || part.contains('.') || part.len() > 9 {
        return Err(wrong());
    }
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    let tens = 10_u64.pow(u32::try_from(part.len()).map_err(|_| wrong())?);
    let part: u64 = part.parse().map_err(|_| wrong())?;
    let part = u64::try_from(u128::from(part) * u128::from(scale) / u128::from(tens));
    whole
        .checked_mul(scale)
        .and_then(|n| n.checked_add(part.ok()?))
        // SQLite's integers are signed.
        .filter(|n| i64::try_from(*n).is_ok())
        .ok_or_else(wrong)
}

impl fmt::Display for Query {
    /// Text that parses back to this query.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            if term.negated {
                f.write_str("-")?;
            }
            write!(f, "{}", term.test)?;
        }
        Ok(())
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => write!(f, "{}", Quoted(word, true)),
            Self::Id(v) => write!(f, "id:{}", Quoted(v, false)),
            Self::Name(v) => write!(f, "name:{}", Quoted(v, false)),
            Self::Model(v) => write!(f, "model:{}", Quoted(v, false)),
            Self::Kind(v) => write!(f, "kind:{}", v.as_str()),
            Self::State(v) => write!(f, "state:{}", v.as_str()),
            Self::Status(v) => write!(f, "status:{}", Quoted(v, false)),
            Self::Purpose(v) => write!(f, "purpose:{}", Quoted(v, false)),
            Self::Tag(v) => write!(f, "tag:{}", Quoted(v, false)),
            Self::Note(v) => write!(f, "note:{}", Quoted(v, false)),
            Self::Source(v) => write!(f, "source:{}", Quoted(v, false)),
            Self::Age(cmp, s) => write!(f, "age{}{s}s", cmp.as_str()),
            Self::Expires(cmp, s) => write!(f, "expires{}{s}s", cmp.as_str()),
            Self::Size(cmp, b) => write!(f, "size{}{b}B", cmp.as_str()),
        }
    }
}

/// A value, in quotes where it could be read as something else.
struct Quoted<'a>(&'a str, bool);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text, bare) = *self;
        let odd = text.is_empty()
            || text.contains(|c: char| c.is_whitespace() || c == '"' || c == '\\')
            || (bare
                && (text.starts_with('-')
                    || text.contains([':', '：', '<', '＜', '>', '＞', '=', '＝'])));
        if !odd {
            return f.write_str(text);
        }
        f.write_str("\"")?;
        for c in text.chars() {
            if c == '"' || c == '\\' {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tests(text: &str) -> Vec<(bool, Test)> {
        Query::parse(text)
            .unwrap()
            .terms
            .into_iter()
            .map(|t| (t.negated, t.test))
            .collect()
    }

    #[test]
    fn reads_the_examples_of_the_design() {
        assert_eq!(
            tests("kind:file state:failed purpose:user_data model:seed tag:test"),
            [
                (false, Test::Kind(Kind::File)),
                (false, Test::State(State::Failed)),
                (false, Test::Purpose("user_data".into())),
                (false, Test::Model("seed".into())),
                (false, Test::Tag("test".into())),
            ]
        );
        assert_eq!(
            tests("age>3d expires<12h size>10MB -report \"two words\""),
            [
                (false, Test::Age(Cmp::Greater, 259_200)),
                (false, Test::Expires(Cmp::Less, 43_200)),
                (false, Test::Size(Cmp::Greater, 10_000_000)),
                (true, Test::Word("report".into())),
                (false, Test::Word("two words".into())),
            ]
        );
    }

    #[test]
    fn errors_point_at_the_spot() {
        let cases = [
            ("colour:red", 0..6, Problem::UnknownKey),
            ("a kind:tape", 7..11, Problem::UnknownKind),
            ("state:", 0..6, Problem::MissingValue),
            ("age>3y", 4..6, Problem::NotADuration),
            ("size<1.2.3MB", 5..12, Problem::NotASize),
            ("age:3d", 0..3, Problem::NeedsComparison),
            ("kind>file", 0..4, Problem::NeedsColon),
            ("名 \"open", 4..9, Problem::OpenQuote),
            // Slips that would be words, and negated nearly everything.
            ("-tag=keep", 1..4, Problem::NeedsColon),
            ("-Size=3", 1..5, Problem::NeedsComparison),
            ("-Colour:red", 1..7, Problem::UnknownKey),
            ("-\"\"", 1..3, Problem::MissingValue),
        ];
        for (text, at, problem) in cases {
            assert_eq!(
                Query::parse(text),
                Err(QueryError { at, problem }),
                "{text}"
            );
        }
    }

    #[test]
    fn keys_are_read_in_either_case_and_as_chinese_keyboards_write_them() {
        let kept = [(true, Test::Tag("keep".into()))];
        for text in ["-tag:keep", "-Tag:keep", "-tag：keep", "-TAG：keep"] {
            assert_eq!(tests(text), kept, "{text}");
        }
        let large = [(false, Test::Size(Cmp::GreaterOrEqual, 3_000))];
        for text in ["size>=3KB", "Size＞＝3KB"] {
            assert_eq!(tests(text), large, "{text}");
        }
        assert_eq!(tests("a=b"), [(false, Test::Word("a=b".into()))]);
    }

    proptest! {
        #[test]
        fn any_text_parses_or_is_refused_at_a_place_inside_it(text in "\\PC{0,40}") {
            match Query::parse(&text) {
                Ok(query) => prop_assert_eq!(Query::parse(&query.to_string()), Ok(query)),
                Err(error) => prop_assert!(text.get(error.at).is_some()),
            }
        }

        #[test]
        fn words_survive_the_round_trip(words in prop::collection::vec("[ -~]{1,12}", 0..5)) {
            let query = Query {
                terms: words
                    .into_iter()
                    .map(|w| Term { negated: false, test: Test::Word(w) })
                    .collect(),
            };
            prop_assert_eq!(Query::parse(&query.to_string()), Ok(query));
        }
    }
}
