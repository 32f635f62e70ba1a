//! `arkdeck list`: the ledger, filtered and printed.

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr as _;

use crate::domain::{ListQuery, Query, Sort, Tombstones, visible};
use crate::locale::Catalogue;

use super::args::{Format, List};
use super::context::{Context, Exit, Failure};
use super::ids::CHUNK;
use super::output::{ListLine, Printer, Table, list_header, list_row};

pub(super) async fn run(args: List, context: &mut Context) -> Result<Exit, Failure> {
    let query = parse_query(&context.words, args.filter.as_deref())?;
    let ledger = context.ledger().await?;
    let now = Timestamp::now();
    let listing = ledger
        .listing(ListQuery {
            kind: args.kind,
            query,
            sort: Sort::default(),
            tombstones: if args.all {
                Tombstones::Show
            } else {
                Tombstones::Hide
            },
            now,
        })
        .await
        .map_err(|e| context.store_failure(&e))?;
    let format = args.output.format();
    let mut printer = Printer::new(format);
    let mut table = Table::new(list_header(&context.words));
    for rows in listing.rows.chunks(CHUNK) {
        // Whoever read this has hung up.
        if context.streams.results.is_closed() {
            break;
        }
        let resources = ledger
            .rows(rows.to_vec())
            .await
            .map_err(|e| context.store_failure(&e))?;
        for resource in &resources {
            if format == Format::Table {
                table.row(list_row(&context.words, resource, now));
            } else {
                let line = ListLine::new(resource, now);
                printer.line(&mut context.streams.results, &line);
            }
        }
    }
    if format == Format::Table {
        table.print(&mut context.streams.results);
    }
    printer.end::<ListLine<'_>>(&mut context.streams.results);
    Ok(Exit::Done)
}

/// The query of a `--filter` that says what is to be changed. An empty one, of a variable that is not
/// set, is not taken for everything.
pub(super) fn parse_choice(words: &Catalogue, text: &str) -> Result<Query, Failure> {
    let query = parse_query(words, Some(text))?;
    if query.is_empty() {
        return Err(Failure::Usage(words.text("filter-empty").into_owned()));
    }
    Ok(query)
}

/// The query of `--filter`, or what is wrong with it and where.
pub(super) fn parse_query(words: &Catalogue, text: Option<&str>) -> Result<Query, Failure> {
    let text = text.unwrap_or_default();
    Query::parse(text).map_err(|error| {
        let args = [
            ("error", words.query_error(&error).into()),
            ("from", (text[..error.at.start].chars().count() + 1).into()),
            ("to", text[..error.at.end].chars().count().into()),
        ];
        let told = words.with("filter-error", &args);
        let [before, wrong] = [&text[..error.at.start], &text[error.at.clone()]].map(visible);
        let marks = "^".repeat(wrong.width().max(1));
        let blank = " ".repeat(before.width());
        Failure::Usage(format!("{told}\n  {}\n  {blank}{marks}", visible(text)))
    })
}
