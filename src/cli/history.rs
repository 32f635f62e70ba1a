//! `arkdeck history`: the journal told, checked, or shortened.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::domain::{BatchId, Cause, Chain, HistoryEntry, HistoryQuery, Kind, Outcome};
use crate::locale::Catalogue;
use crate::store::{Ledger, StoreError};

use super::args::{Format, History, Since};
use super::context::{Context, Exit, Failure};
use super::ids::{self, CHUNK};
use super::output::{AnswerPart, Line, Printer, Table, json, print, second, text};
use super::work;

pub(super) async fn run(args: History, context: &mut Context) -> Result<Exit, Failure> {
    if args.purge_older_than.is_some() {
        work::refuse_read_only(context)?;
    }
    let id = args.id.as_deref();
    let id = id
        .map(|text| ids::typed(&context.words, text, args.kind))
        .transpose()?;
    let ledger = context.ledger().await?;
    if args.check {
        return check(context, &ledger, args.output.format()).await;
    }
    if let Some(age) = args.purge_older_than {
        return purge(context, &ledger, age, args.yes).await;
    }
    let now = Timestamp::now();
    let query = HistoryQuery {
        kind: id.as_ref().and_then(|(kind, _)| *kind).or(args.kind),
        id: id.map(|(_, id)| id),
        batch: args.batch.map(BatchId),
        outcome: args.outcome,
        since: args.since.map(|since| match since {
            Since::Ago(age) => before(now, age),
            Since::At(at) => at,
        }),
        words: args
            .filter
            .iter()
            .flat_map(|text| text.split_whitespace())
            .map(str::to_owned)
            .collect(),
        before: None,
        limit: CHUNK,
    };
    tell(context, &ledger, query, args.output.format()).await
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    SignedDuration::try_from(age)
        .ok()
        .and_then(|age| now.checked_sub(age).ok())
        .unwrap_or(Timestamp::MIN)
}

async fn tell(
    context: &mut Context,
    ledger: &Ledger,
    mut query: HistoryQuery,
    format: Format,
) -> Result<Exit, Failure> {
    let mut printer = Printer::new(format);
    let mut table = Table::new(header(&context.words));
    // Whoever read this may have hung up.
    while !context.streams.results.is_closed() {
        let page = ledger
            .history(query.clone())
            .await
            .map_err(|e| context.store_failure(&e))?;
        for entry in &page.entries {
            if format == Format::Table {
                table.row(row(&context.words, entry));
            } else {
                let line = HistoryLine::new(entry);
                printer.line(&mut context.streams.results, &line);
            }
        }
        query.before = page.older;
        if page.older.is_none() {
            break;
        }
    }
    if format == Format::Table {
        table.print(&mut context.streams.results);
    }
    printer.end::<HistoryLine<'_>>(&mut context.streams.results);
    Ok(Exit::Done)
}

async fn check(context: &mut Context, ledger: &Ledger, format: Format) -> Result<Exit, Failure> {
    /// What is found, for scripts.
    #[derive(Serialize)]
    struct Found {
        whole: bool,
        entries: Option<u64>,
        purged: Option<u64>,
        broken_at: Option<u64>,
    }
    let chain = ledger
        .check_history()
        .await
        .map_err(|e| context.store_failure(&e))?;
    let (found, said, exit) = match chain {
        Chain::Whole { entries, purged } => {
            let args = [("count", entries.into()), ("purged", purged.into())];
            let found = Found {
                whole: true,
                entries: Some(entries),
                purged: Some(purged),
                broken_at: None,
            };
            let said = context.words.with("history-whole", &args);
            (found, said, Exit::Done)
        }
        Chain::Broken { at } => {
            let found = Found {
                whole: false,
                entries: None,
                purged: None,
                broken_at: Some(at),
            };
            (found, broken(&context.words, at), Exit::Partly)
        }
    };
    let out = &mut context.streams.results;
    match format {
        Format::Table => print(out, &said),
        _ => print(out, &json(&found)),
    }
    Ok(exit)
}

fn broken(words: &Catalogue, at: u64) -> String {
    words.with("history-broken", &[("seq", at.to_string().into())])
}

async fn purge(
    context: &mut Context,
    ledger: &Ledger,
    age: Duration,
    yes: bool,
) -> Result<Exit, Failure> {
    let now = Timestamp::now();
    let older = before(now, age);
    if !yes {
        if !context.streams.can_ask() {
            let text = context.words.text("delete-needs-yes").into_owned();
            return Err(Failure::Usage(text));
        }
        let args = [("time", second(older).into())];
        let question = context.words.with("history-ask", &args);
        context.streams.notes.ask(&question);
        let mut answer = String::new();
        // No answer is a no.
        let _ = context.streams.input.read_line(&mut answer);
        if !answer.trim().eq_ignore_ascii_case("y") {
            let text = context.words.text("history-declined").into_owned();
            return Err(Failure::Refused(text));
        }
    }
    let purged = match ledger.purge_history(older, now).await {
        Err(StoreError::BrokenHistory { at }) => {
            return Err(Failure::Failed(broken(&context.words, at)));
        }
        purged => purged.map_err(|e| context.store_failure(&e))?,
    };
    let args = [
        ("entries", purged.entries.into()),
        ("tombstones", purged.tombstones.into()),
    ];
    let text = context.words.with("history-purged", &args);
    context.streams.notes.line(&text);
    Ok(Exit::Done)
}

fn header(words: &Catalogue) -> Vec<String> {
    [
        "history-column-time",
        "history-column-batch",
        "history-column-outcome",
        "history-column-id",
        "history-column-answer",
    ]
    .map(|key| words.text(key).into_owned())
    .into()
}

fn row(words: &Catalogue, entry: &HistoryEntry) -> Vec<String> {
    let outcome = entry.outcome.map_or_else(
        || words.text("history-pending").into_owned(),
        |outcome| words.outcome(outcome),
    );
    let answer = words.answer(&entry.answer);
    let answer = match &entry.name {
        Some(name) if answer.is_empty() => name.clone(),
        Some(name) => format!("{name} · {answer}"),
        None => answer,
    };
    vec![
        entry.at().map_or_else(String::new, second),
        text(entry.batch.map(|batch| batch.0)),
        outcome,
        entry.id.to_string(),
        answer,
    ]
}

/// An entry as `history` prints it. Unknown is null, and so is what did not happen.
#[derive(Clone, Debug, Serialize)]
struct HistoryLine<'a> {
    seq: u64,
    batch: Option<i64>,
    id: &'a str,
    kind: Kind,
    name: Option<&'a str>,
    /// Null: pending.
    outcome: Option<&'static str>,
    asked_at: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    settled_at: Option<Timestamp>,
    #[serde(flatten)]
    answer: AnswerPart<'a>,
    client_request_id: Option<&'a str>,
    /// Our reading of the answer, where it was no plain success.
    cause: Option<&'static str>,
    detail: Option<&'a str>,
}

impl<'a> HistoryLine<'a> {
    fn new(entry: &'a HistoryEntry) -> Self {
        let answer = &entry.answer;
        Self {
            seq: entry.seq,
            batch: entry.batch.map(|batch| batch.0),
            id: entry.id.as_str(),
            kind: entry.kind,
            name: entry.name.as_deref(),
            outcome: entry.outcome.map(Outcome::as_str),
            asked_at: entry.asked_at,
            sent_at: entry.sent_at,
            settled_at: entry.settled_at,
            answer: answer.into(),
            client_request_id: answer.client_request_id.as_deref(),
            cause: answer.cause.map(Cause::as_str),
            detail: answer.detail.as_deref(),
        }
    }
}

impl Line for HistoryLine<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "seq",
        "batch",
        "id",
        "kind",
        "name",
        "outcome",
        "asked_at",
        "sent_at",
        "settled_at",
        "attempts",
        "status",
        "code",
        "message",
        "request_id",
        "client_request_id",
        "cause",
        "detail",
    ];

    fn id(&self) -> &str {
        self.id
    }
}
