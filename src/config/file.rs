//! The config file: TOML, every name known, every value checked where it stands.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;
use url::Url;

use crate::domain::{Lang, size};

use super::{ConfigError, Origin, Problem, UrlProblem};

/// A value and the line it stands on.
#[derive(Debug)]
pub(super) struct Placed<T> {
    pub(super) value: T,
    pub(super) line: usize,
}

impl<T> From<Placed<T>> for (T, Origin) {
    fn from(placed: Placed<T>) -> Self {
        (placed.value, Origin::File { line: placed.line })
    }
}

/// The file, checked.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) profile: Option<Placed<String>>,
    pub(super) lang: Option<Placed<Lang>>,
    pub(super) keys: BTreeMap<String, Vec<String>>,
    pub(super) profiles: BTreeMap<String, Table>,
}

/// `[profiles.NAME]`, checked.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) base_url: Option<Placed<Url>>,
    pub(super) key: Option<Placed<Key>>,
    pub(super) protected: Option<Placed<bool>>,
    pub(super) max_batch: Option<Placed<Option<u64>>>,
    pub(super) concurrency: Option<Placed<usize>>,
    pub(super) rate: Option<Placed<Option<f64>>>,
    pub(super) undo: Option<Placed<u64>>,
    pub(super) timeout: Option<Placed<u64>>,
    pub(super) not_found_codes: Option<Placed<Vec<String>>>,
    pub(super) allow_plain_http: Option<Placed<bool>>,
    pub(super) quota: Option<Placed<Option<u64>>>,
}

#[derive(Debug)]
pub(super) enum Key {
    Env(String),
    Command(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    profile: Option<Spanned<String>>,
    lang: Option<Spanned<String>>,
    #[serde(default)]
    keys: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    profiles: BTreeMap<Spanned<String>, RawTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTable {
    base_url: Option<Spanned<String>>,
    key_env: Option<Spanned<String>>,
    key_command: Option<Spanned<Vec<String>>>,
    protected: Option<Spanned<bool>>,
    max_batch: Option<Spanned<i64>>,
    concurrency: Option<Spanned<i64>>,
    rate: Option<Spanned<toml::Value>>,
    undo_seconds: Option<Spanned<i64>>,
    timeout_seconds: Option<Spanned<i64>>,
    not_found_codes: Option<Spanned<Vec<String>>>,
    allow_plain_http: Option<Spanned<bool>>,
    quota: Option<Spanned<toml::Value>>,
}

/// Reads `text`; `path` is for the errors. All that is wrong with it is found in one go, unless it
/// is not even TOML of the right shape.
pub(super) fn parse(path: &Path, text: &str) -> Result<File, Vec<ConfigError>> {
    let raw: RawFile = toml::from_str(text).map_err(|error| {
        let (line, column) = position(text, error.span().map_or(0, |span| span.start));
        vec![ConfigError::Syntax {
            path: path.to_owned(),
            line,
            column,
            // Not its `Display`, which quotes the line: a misplaced key would be printed.
            message: unquoted(error.message()),
        }]
    })?;
    let mut checker = Checker {
        path,
        text,
        errors: Vec::new(),
    };
    let file = checker.file(raw);
    if checker.errors.is_empty() {
        Ok(file)
    } else {
        Err(checker.errors)
    }
}

/// The parser's words without the text that stands where another type is wanted: it may be a key, put
/// into the wrong place.
fn unquoted(message: &str) -> String {
    const BEFORE: &str = "invalid type: string ";
    match (message.strip_prefix(BEFORE), message.rfind(", expected ")) {
        (Some(_), Some(end)) => format!("{}{}", BEFORE.trim_end(), &message[end..]),
        _ => message.to_owned(),
    }
}

/// Line and column of a byte, from 1.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.matches('\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

struct Checker<'a> {
    path: &'a Path,
    text: &'a str,
    errors: Vec<ConfigError>,
}

impl Checker<'_> {
    fn file(&mut self, raw: RawFile) -> File {
        let profile = raw.profile.map(|name| self.place(name));
        let lang = self.take("lang", raw.lang, |text| {
            text.parse().map_err(|()| Problem::UnknownLang)
        });
        let mut profiles = BTreeMap::new();
        for (name, table) in raw.profiles {
            if !is_profile_name(name.get_ref()) {
                self.fail("profiles", name.span(), Problem::ProfileName);
            }
            profiles.insert(name.into_inner(), self.table(table));
        }
        File {
            profile,
            lang,
            keys: raw.keys,
            profiles,
        }
    }

    fn table(&mut self, raw: RawTable) -> Table {
        let key = self.key(raw.key_env, raw.key_command);
        Table {
            base_url: self.take("base_url", raw.base_url, |text| {
                base_url(&text).map_err(Problem::Url)
            }),
            key,
            protected: raw.protected.map(|v| self.place(v)),
            max_batch: self.take("max_batch", raw.max_batch, |n| {
                within(n, 1, 1_000_000_000).map(Some)
            }),
            concurrency: self.take("concurrency", raw.concurrency, |n| {
                within(n, 1, 1_024).map(|n| usize::try_from(n).unwrap_or(usize::MAX))
            }),
            rate: self.take("rate", raw.rate, |value| rate(&value)),
            undo: self.take("undo_seconds", raw.undo_seconds, |n| within(n, 0, 3_600)),
            timeout: self.take("timeout_seconds", raw.timeout_seconds, |n| {
                within(n, 1, 3_600)
            }),
            not_found_codes: self.take("not_found_codes", raw.not_found_codes, |codes| {
                if codes.iter().all(|code| is_code_pattern(code)) {
                    Ok(codes)
                } else {
                    Err(Problem::NotACode)
                }
            }),
            allow_plain_http: raw.allow_plain_http.map(|v| self.place(v)),
            quota: self.take("quota", raw.quota, |value| quota(&value)),
        }
    }

    fn key(
        &mut self,
        variable: Option<Spanned<String>>,
        command: Option<Spanned<Vec<String>>>,
    ) -> Option<Placed<Key>> {
        if let (Some(_), Some(command)) = (&variable, &command) {
            self.fail("key_command", command.span(), Problem::TwoKeySources);
            return None;
        }
        let variable = self.take("key_env", variable, |name| {
            let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let first = |c: char| c.is_ascii_alphabetic() || c == '_';
            if name.starts_with(first) && name.chars().all(plain) {
                Ok(Key::Env(name))
            } else {
                Err(Problem::NotAVariable)
            }
        });
        let command = self.take("key_command", command, |argv| {
            if argv.first().is_none_or(String::is_empty) {
                return Err(Problem::EmptyCommand);
            }
            Ok(Key::Command(argv))
        });
        variable.or(command)
    }

    fn take<T, U>(
        &mut self,
        name: &'static str,
        value: Option<Spanned<T>>,
        check: impl FnOnce(T) -> Result<U, Problem>,
    ) -> Option<Placed<U>> {
        let value = value?;
        let span = value.span();
        match check(value.into_inner()) {
            Ok(value) => Some(Placed {
                value,
                line: position(self.text, span.start).0,
            }),
            Err(problem) => {
                self.fail(name, span, problem);
                None
            }
        }
    }

    fn place<T>(&self, value: Spanned<T>) -> Placed<T> {
        Placed {
            line: position(self.text, value.span().start).0,
            value: value.into_inner(),
        }
    }

    fn fail(&mut self, name: &'static str, span: Range<usize>, problem: Problem) {
        let (line, column) = position(self.text, span.start);
        self.errors.push(ConfigError::Value {
            path: self.path.to_owned(),
            line,
            column,
            name,
            problem,
        });
    }
}

/// A base URL that can carry a path, without the trailing slash.
pub(super) fn base_url(text: &str) -> Result<Url, UrlProblem> {
    let mut url = Url::parse(text.trim()).map_err(|_| UrlProblem::NotAUrl)?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(UrlProblem::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(UrlProblem::Credentials);
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(UrlProblem::QueryOrFragment);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

fn within(number: i64, min: u64, max: u64) -> Result<u64, Problem> {
    u64::try_from(number)
        .ok()
        .filter(|n| (min..=max).contains(n))
        .ok_or(Problem::OutOfRange { min, max })
}

fn rate(value: &toml::Value) -> Result<Option<f64>, Problem> {
    let text = match value {
        toml::Value::Integer(n) => n.to_string(),
        toml::Value::Float(n) => n.to_string(),
        toml::Value::String(text) => text.clone(),
        _ => return Err(Problem::NotARate),
    };
    super::parse_rate(&text).ok_or(Problem::NotARate)
}

fn quota(value: &toml::Value) -> Result<Option<u64>, Problem> {
    let text = match value {
        toml::Value::Integer(n) => n.to_string(),
        toml::Value::String(text) => text.clone(),
        _ => return Err(Problem::NotASize),
    };
    if text == "unlimited" {
        return Ok(None);
    }
    let bytes = size(&text).ok_or(Problem::NotASize)?;
    Ok((bytes > 0).then_some(bytes))
}

/// Names stand in the ledger, in headers and on command lines.
fn is_profile_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=64).contains(&name.len()) && name.chars().all(plain)
}

fn is_code_pattern(text: &str) -> bool {
    let core = text
        .strip_suffix('*')
        .or_else(|| text.strip_prefix('*'))
        .unwrap_or(text);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    core.chars().any(|c| c.is_ascii_alphanumeric()) && core.chars().all(plain)
}
