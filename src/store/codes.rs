//! How domain values stand in columns.
//!
//! Kinds and states are numbers there, because a filter compares them a million times; everything
//! else is in the words of the domain, for whoever opens the file with another tool.

use std::borrow::Cow;
use std::rc::Rc;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, Value, ValueRef};
use rusqlite::vtab::array::Array;

use crate::domain::{Expiry, Kind, RowId, State};

/// The longest text of a service that is stored, in bytes. Names and errors are shorter; what is
/// longer is an attack or a web page.
pub(super) const MAX_TEXT: usize = 4096;
/// Stands between the parts of `hay`; `schema` writes it, too.
pub(super) const AFTER_PART: char = '\u{1c}';
/// Stands between tags and around each.
pub(super) const BY_TAG: char = '\u{1f}';

/// A domain value as a column.
pub(super) struct Code<T>(pub(super) T);

impl ToSql for Code<Kind> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(kind(self.0).into())
    }
}

impl FromSql for Code<Kind> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        from(&Kind::ALL, value).map(Self)
    }
}

impl ToSql for Code<State> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(state(self.0).into())
    }
}

impl FromSql for Code<State> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        from(&State::ALL, value).map(Self)
    }
}

impl ToSql for Code<Timestamp> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_millisecond().into())
    }
}

impl FromSql for Code<Timestamp> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let at = i64::column_result(value)?;
        Timestamp::from_millisecond(at)
            .map(Self)
            .map_err(|_| FromSqlError::OutOfRange(at))
    }
}

impl ToSql for Code<Expiry> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self.0 {
            Expiry::Never => -1,
            // The millisecond before 1970 is taken.
            Expiry::At(at) if at.as_millisecond() == -1 => 0,
            Expiry::At(at) => at.as_millisecond(),
        }
        .into())
    }
}

impl FromSql for Code<Expiry> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(Self(match i64::column_result(value)? {
            -1 => Expiry::Never,
            _ => Expiry::At(Code::<Timestamp>::column_result(value)?.0),
        }))
    }
}

/// For `rarray`, which gives them back in this order: one statement for many rows takes half the time of
/// one for each.
pub(super) fn array(rows: &[RowId]) -> Array {
    Rc::new(rows.iter().map(|row| Value::Integer(row.0)).collect())
}

pub(super) const fn kind(kind: Kind) -> i64 {
    match kind {
        Kind::Response => 0,
        Kind::File => 1,
    }
}

pub(super) const fn state(state: State) -> i64 {
    match state {
        State::Tracked => 0,
        State::Queued => 1,
        State::Sending => 2,
        State::Deleted => 3,
        State::Gone => 4,
        State::Refused => 5,
        State::Failed => 6,
        State::Unsettled => 7,
        // Computed, and here only to be sorted and asked for.
        State::Expired => 8,
    }
}

fn from<T: Copy>(all: &[T], value: ValueRef<'_>) -> FromSqlResult<T> {
    let code = i64::column_result(value)?;
    usize::try_from(code)
        .ok()
        .and_then(|code| all.get(code).copied())
        .ok_or(FromSqlError::OutOfRange(code))
}

/// Means something in our columns, or (NUL) to `SQLite`; no stored text has it.
pub(super) const fn is_special(c: char) -> bool {
    matches!(c, '\0' | AFTER_PART | BY_TAG)
}

/// Text that came from elsewhere, at a length that can be kept.
pub(super) fn stored(text: &str) -> Cow<'_, str> {
    let text = &text[..text.floor_char_boundary(MAX_TEXT)];
    if text.contains(is_special) {
        Cow::Owned(text.replace(is_special, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Separators on both sides of each tag, so that one is found whole.
pub(super) fn join_tags(tags: &[String]) -> String {
    let mut joined = String::new();
    for tag in tags {
        joined.push(BY_TAG);
        joined.push_str(&stored(tag));
    }
    if !joined.is_empty() {
        joined.push(BY_TAG);
    }
    joined
}

pub(super) fn split_tags(joined: &str) -> Vec<String> {
    let tags = joined.split(BY_TAG).filter(|tag| !tag.is_empty());
    tags.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_places_in_the_lists_they_are_read_by() {
        for (place, each) in (0..).zip(Kind::ALL) {
            assert_eq!(kind(each), place);
        }
        for (place, each) in (0..).zip(State::ALL) {
            assert_eq!(state(each), place);
        }
    }

    #[test]
    fn stored_text_is_cut_on_a_character() {
        let long = "文".repeat(MAX_TEXT);
        assert_eq!(stored(&long).len(), MAX_TEXT - 1);
        assert_eq!(stored("a\0b\u{1f}"), "a\u{fffd}b\u{fffd}");
    }
}
