//! Results as tables, JSON, CSV and bare ids.
//!
//! No character that a terminal obeys leaves here raw: in JSON it is escaped, which reads back as
//! the same text; in tables and CSV it is shown by [`visible`]. CSV is guarded against nothing else:
//! a spreadsheet that takes `=1+1` for a formula will do so. What the fields mean is in the README, and
//! a test holds both to each other.

use std::fmt::Write as _;
use std::io::Write as _;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use crate::domain::{
    Answer, Expiry, Facts, Kind, Resource, ResourceId, Settlement, cells, clusters, is_obeyed,
    visible,
};
use crate::locale::Catalogue;

use super::args::Format;
use super::streams::Results;

/// Cells of a name in a table, at most; JSON and CSV have the whole.
const WIDEST_NAME: usize = 60;

/// A line of results.
pub(super) trait Line: Serialize {
    /// The columns of CSV: the names of the JSON object, in its order.
    const COLUMNS: &'static [&'static str];
    fn id(&self) -> &str;
}

/// A line of CSV: what JSON says, with nothing for null and lists side by side.
fn csv_cells<L: Line>(line: &L) -> Vec<String> {
    fn cell(value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            Value::Array(list) => list.iter().map(cell).collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        }
    }
    // Our own plain structs always have a JSON form.
    let object = serde_json::to_value(line).unwrap_or_default();
    L::COLUMNS.iter().map(|name| cell(&object[name])).collect()
}

/// A resource as `list` prints it. Unknown is null.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ListLine<'a> {
    pub id: &'a str,
    pub kind: Kind,
    pub state: Option<&'static str>,
    pub name: Option<&'a str>,
    pub bytes: Option<u64>,
    pub model: Option<&'a str>,
    pub status: Option<&'a str>,
    pub purpose: Option<&'a str>,
    pub created_at: Option<Timestamp>,
    /// Null also for what never expires: the contract knows times and unknown.
    pub expires_at: Option<Timestamp>,
    pub previous_response_id: Option<&'a str>,
    pub tags: &'a [String],
    pub source: Option<&'static str>,
    pub tracked_at: Option<Timestamp>,
    pub note: Option<&'a str>,
    pub protected: bool,
    pub mime_type: Option<&'a str>,
    /// Side by side, not as an object: CSV has the same names.
    pub input_tokens: Option<u64>,
    pub cached_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub total_tokens: Option<u64>,
    /// `created_at` was read off the id.
    pub created_approx: bool,
}

impl<'a> ListLine<'a> {
    pub(super) fn new(resource: &'a Resource, now: Timestamp) -> Self {
        Self {
            state: Some(resource.state_at(now).as_str()),
            created_at: resource.facts.created_at,
            tags: &resource.tags,
            source: Some(resource.source.as_str()),
            tracked_at: Some(resource.tracked_at),
            note: resource.note.as_deref(),
            protected: resource.protected,
            created_approx: resource.created_approx,
            ..Self::untracked(resource.kind, &resource.id, &resource.facts)
        }
    }

    /// What the ledger does not have.
    pub(super) fn untracked(kind: Kind, id: &'a ResourceId, facts: &'a Facts) -> Self {
        let created_at = facts.created_at.or_else(|| id.birth());
        Self {
            id: id.as_str(),
            kind,
            state: None,
            name: facts.name.as_deref(),
            bytes: facts.bytes,
            model: facts.model.as_deref(),
            status: facts.status.as_deref(),
            purpose: facts.purpose.as_deref(),
            created_at,
            expires_at: facts.expires_at.and_then(Expiry::at),
            previous_response_id: facts.previous_response_id.as_deref(),
            tags: &[],
            source: None,
            tracked_at: None,
            note: None,
            protected: false,
            mime_type: facts.mime_type.as_deref(),
            input_tokens: facts.usage.map(|usage| usage.input),
            cached_tokens: facts.usage.map(|usage| usage.cached),
            output_tokens: facts.usage.map(|usage| usage.output),
            total_tokens: facts.usage.map(|usage| usage.total),
            created_approx: facts.created_at.is_none() && created_at.is_some(),
        }
    }
}

impl Line for ListLine<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "kind",
        "state",
        "name",
        "bytes",
        "model",
        "status",
        "purpose",
        "created_at",
        "expires_at",
        "previous_response_id",
        "tags",
        "source",
        "tracked_at",
        "note",
        "protected",
        "mime_type",
        "input_tokens",
        "cached_tokens",
        "output_tokens",
        "total_tokens",
        "created_approx",
    ];

    fn id(&self) -> &str {
        self.id
    }
}

/// What came of one deletion, as `delete` prints it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DeleteLine<'a> {
    pub id: &'a str,
    pub kind: Kind,
    pub outcome: &'static str,
    // As in `AnswerPart`. A flattened one takes twice the time, and of these there are many.
    attempts: u32,
    status: Option<u16>,
    code: Option<&'a str>,
    message: Option<&'a str>,
    request_id: Option<&'a str>,
}

/// What every line tells of an answer.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct AnswerPart<'a> {
    /// Requests that may have left this machine.
    attempts: u32,
    /// The last HTTP status.
    status: Option<u16>,
    /// The service's own, as is what follows, or why there is none.
    code: Option<&'a str>,
    message: Option<&'a str>,
    request_id: Option<&'a str>,
}

impl<'a> From<&'a Answer> for AnswerPart<'a> {
    fn from(answer: &'a Answer) -> Self {
        Self {
            attempts: answer.attempts,
            status: answer.status,
            code: answer.code.as_deref(),
            message: answer.message.as_deref(),
            request_id: answer.request_id.as_deref(),
        }
    }
}

impl<'a> DeleteLine<'a> {
    pub(super) fn new(settlement: &'a Settlement) -> Self {
        let AnswerPart {
            attempts,
            status,
            code,
            message,
            request_id,
        } = (&settlement.answer).into();
        Self {
            id: settlement.id.as_str(),
            kind: settlement.kind,
            outcome: settlement.outcome.as_str(),
            attempts,
            status,
            code,
            message,
            request_id,
        }
    }
}

impl Line for DeleteLine<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "kind",
        "outcome",
        "attempts",
        "status",
        "code",
        "message",
        "request_id",
    ];

    fn id(&self) -> &str {
        self.id
    }
}

pub(super) fn text(value: Option<impl ToString>) -> String {
    value.map_or_else(String::new, |v| v.to_string())
}

/// Prints lines as they come, except for the table, which is each command's own.
#[derive(Debug)]
pub(super) struct Printer {
    format: Format,
    count: u64,
}

impl Printer {
    pub(super) const fn new(format: Format) -> Self {
        Self { format, count: 0 }
    }

    /// Prints one line in any format; `row` is what a table says of it.
    pub(super) fn line_or_row<L: Line>(
        &mut self,
        out: &mut Results,
        line: &L,
        row: impl FnOnce() -> String,
    ) {
        if self.format == Format::Table {
            print(out, &row());
        } else {
            self.line(out, line);
        }
    }

    /// Prints one line in any format but the table.
    pub(super) fn line<L: Line>(&mut self, out: &mut Results, line: &L) {
        match self.format {
            Format::Table => {}
            Format::Json => {
                let start = if self.count == 0 { "[\n  " } else { ",\n  " };
                let _ = write!(out, "{start}{}", json(line));
            }
            Format::Jsonl => print(out, &json(line)),
            Format::Csv => {
                if self.count == 0 {
                    csv_record(out, L::COLUMNS.iter().map(ToString::to_string));
                }
                csv_record(out, csv_cells(line).into_iter());
            }
            Format::Id => print(out, line.id()),
        }
        self.count += 1;
    }

    /// Closes what is open. An empty result is still an empty list or a lone header.
    pub(super) fn end<L: Line>(self, out: &mut Results) {
        match self.format {
            Format::Json if self.count == 0 => print(out, "[]"),
            Format::Json => print(out, "\n]"),
            Format::Csv if self.count == 0 => {
                csv_record(out, L::COLUMNS.iter().map(ToString::to_string));
            }
            _ => {}
        }
    }
}

/// Text that ends its own lines.
pub(super) fn print_text(out: &mut Results, text: &str) {
    // `Results` keeps its own errors.
    let _ = out.write_all(text.as_bytes());
}

pub(super) fn print(out: &mut Results, text: &str) {
    // `Results` keeps its own errors.
    let _ = writeln!(out, "{text}");
}

fn csv_record(out: &mut Results, cells: impl Iterator<Item = String>) {
    let mut writer = csv::Writer::from_writer(out);
    let shown: Vec<String> = cells.map(|cell| visible(&cell).into_owned()).collect();
    // `Results` keeps its own errors.
    let _ = writer
        .write_record(&shown)
        .and_then(|()| Ok(writer.flush()?));
}

/// One line of JSON that a terminal can bear.
pub(super) fn json(value: &impl Serialize) -> String {
    escape(serde_json::to_string(value).unwrap_or_default())
}

/// The same over several lines.
pub(super) fn json_pretty(value: &impl Serialize) -> String {
    escape(serde_json::to_string_pretty(value).unwrap_or_default())
}

/// `serde_json` escapes the control characters below U+0020 itself. All others that a terminal obeys
/// can only stand inside strings, so escaping them wherever they are keeps the JSON what it was.
fn escape(json: String) -> String {
    let is_raw = |c: char| c >= '\u{7f}' && is_obeyed(c);
    if json.bytes().all(|byte| byte < 0x7f) || !json.contains(is_raw) {
        return json;
    }
    let mut escaped = String::with_capacity(json.len());
    for c in json.chars() {
        if is_raw(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // A `String` takes everything.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// A table: columns as wide as their widest cell on the screen, two spaces between them.
#[derive(Debug)]
pub(super) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(header: Vec<String>) -> Self {
        Self { rows: vec![header] }
    }

    /// For lines that explain themselves.
    pub(super) const fn headless() -> Self {
        Self { rows: Vec::new() }
    }

    /// Cells are made visible here.
    pub(super) fn row(&mut self, cells: Vec<String>) {
        let cells = cells.into_iter().map(|c| visible(&c).into_owned());
        self.rows.push(cells.collect());
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        self.rows.iter().map(move |row| {
            let padded = widths
                .iter()
                .zip(row)
                .map(|(width, cell)| pad(cell, *width));
            let line = padded.collect::<Vec<_>>().join("  ");
            line.trim_end().to_owned()
        })
    }

    pub(super) fn print(&self, out: &mut Results) {
        for line in self.lines() {
            if out.is_closed() {
                return;
            }
            print(out, &line);
        }
    }
}

/// `text` and as many spaces as make it `width` cells wide.
pub(super) fn pad(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

/// The columns of `list` for people.
pub(super) fn list_header(words: &Catalogue) -> Vec<String> {
    [
        "listing-column-id",
        "listing-column-kind",
        "listing-column-state",
        "listing-column-created",
        "listing-column-expires",
        "listing-column-size",
        "listing-column-name",
        "listing-column-tags",
    ]
    .map(|key| words.text(key).into_owned())
    .into()
}

/// A row under [`list_header`]; `name` is the model for responses.
pub(super) fn list_row(words: &Catalogue, resource: &Resource, now: Timestamp) -> Vec<String> {
    let facts = &resource.facts;
    let expires = match facts.expires_at {
        None => String::new(),
        Some(Expiry::Never) => words.text("listing-never").into_owned(),
        Some(Expiry::At(at)) => minute(at),
    };
    let name = facts.name.as_ref().or(facts.model.as_ref());
    vec![
        resource.id.to_string(),
        words.kind(resource.kind),
        state(words, resource, now),
        created(resource),
        expires,
        facts.bytes.map_or_else(String::new, |b| words.bytes(b)),
        name.map_or_else(String::new, |name| clipped(&visible(name))),
        resource.tags.join(" "),
    ]
}

/// When it was made, with a `~` if only the id says so.
pub(super) fn created(resource: &Resource) -> String {
    let mark = if resource.created_approx { "~" } else { "" };
    let at = resource.facts.created_at;
    at.map_or_else(String::new, |at| format!("{mark}{}", minute(at)))
}

/// A name as it is for people: one of ten thousand letters would widen every row.
fn clipped(name: &str) -> String {
    let mut used = 0;
    let fits = |cluster: &&str| {
        used += cells(cluster);
        used < WIDEST_NAME
    };
    let shown: String = clusters(name).take_while(fits).collect();
    if shown.len() < name.len() {
        shown + "…"
    } else {
        shown
    }
}

/// The state, and whether the row is protected.
pub(super) fn state(words: &Catalogue, resource: &Resource, now: Timestamp) -> String {
    let state = words.state(resource.state_at(now));
    if resource.protected {
        words.with("listing-protected", &[("state", state.into())])
    } else {
        state
    }
}

/// UTC, to the second.
pub(super) fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// UTC, to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_are_cut_in_tables_only() {
        assert_eq!(clipped("talk.mp4"), "talk.mp4");
        let long = clipped(&"季".repeat(5_000));
        assert!(
            long.ends_with("季…") && long.width() <= WIDEST_NAME,
            "{long}"
        );
    }

    #[test]
    fn json_reads_back_the_same_and_obeys_nobody() {
        let text = "\u{1b}[2J\u{7f}\u{9b}\u{202e}\u{e0041}名 \"q\" \n";
        for json in [json(&text), json_pretty(&[text])] {
            assert!(
                !json.contains(|c: char| c != '\n' && is_obeyed(c)),
                "{json:?}"
            );
        }
        let back: String = serde_json::from_str(&json(&text)).unwrap();
        assert_eq!(back, text);
    }

    #[test]
    fn columns_are_as_wide_as_they_look() {
        let mut table = Table::headless();
        table.row(vec!["名称".into(), "x".into()]);
        table.row(vec!["ab".into(), "\u{1b}c".into()]);
        table.row(vec!["abcde".into(), String::new()]);
        let lines: Vec<String> = table.lines().collect();
        assert_eq!(lines, ["名称   x", "ab     \\u{1b}c", "abcde"]);
    }
}
