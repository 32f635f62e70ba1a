//! `arkdeck delete`: what was selected, after it was confirmed, through the worker.

use std::collections::HashSet;
use std::io::BufRead;
use std::time::Duration;

use crate::domain::{Order, Report, RowId};
use crate::worker::Limits;

use super::args::{Delete, Rate};
use super::context::{Context, Exit, Failure};
use super::ids::{self, Line, Typed};
use super::list::parse_query;
use super::selection::Selection;
use super::settled::{Lines, note_end};
use super::work;

pub(super) async fn run(args: Delete, context: &mut Context) -> Result<Exit, Failure> {
    let query = args.filter.as_deref();
    let query = query
        .map(|text| parse_query(&context.words, Some(text)))
        .transpose()?;
    let typed = read_ids(&args, context)?;
    if typed.is_empty() && query.is_none() && !args.ids.iter().any(|id| id == "-") {
        let text = context.words.text("delete-nothing").into_owned();
        return Err(Failure::Usage(text));
    }
    let read_only = context.settings()?.read_only;
    if read_only && !args.dry_run {
        let text = context.words.text("refusal-read-only").into_owned();
        return Err(Failure::Refused(text));
    }
    let ledger = context.ledger().await?;
    let mut selection = match query {
        Some(query) => Selection::matching(context, &ledger, query).await?,
        None => Selection::named(context, &ledger, typed).await?,
    };
    selection.check_size(context, args.max)?;
    let format = args.output.format();
    if args.dry_run || args.filter.is_some() {
        selection.note_protected(context);
    }
    if args.dry_run {
        return selection.print(context, &ledger, format).await;
    }
    let mut client = None;
    if selection.total() > 0 {
        // Before anybody is asked and anything is written: without a key this ends here.
        client = Some(context.ready_client().await?);
        selection.confirm(context, &ledger, args.yes).await?;
    }
    let mut lines = Lines::new(format, selection.total());
    let mut is_success = selection
        .report_skipped(context, &ledger, &mut lines)
        .await?;
    let Some(client) = client else {
        lines.end(context);
        return Ok(if is_success { Exit::Done } else { Exit::Partly });
    };
    let rows = selection.track(context, &ledger).await?;
    let mut limits = Limits::of(context.settings()?);
    if let Some(concurrency) = args.concurrency {
        limits.concurrency = concurrency.into();
    }
    if let Some(Rate(rate)) = args.rate {
        limits.rate = rate;
    }
    let order = Order::Delete {
        ticket: work::TICKET,
        rows: rows.clone(),
        // The undo window is the screen's: who calls a command has confirmed it.
        hold: Duration::ZERO,
    };
    let mut left: HashSet<RowId> = rows.into_iter().collect();
    let reader = ledger.clone();
    let ended = work::carry_out(
        context,
        ledger,
        client,
        limits,
        order,
        async |context, report| {
            if let Report::Accepted { rows, .. } = &report {
                for row in rows {
                    left.remove(row);
                }
            }
            lines.report(context, &reader, &report).await;
        },
    )
    .await?;
    // Another instance was faster, or the order was not taken: these were never sent.
    let left: Vec<RowId> = left.into_iter().collect();
    is_success &= left.is_empty();
    lines.cancelled(context, &reader, &left).await;
    lines.end(context);
    note_end(context, &ended);
    Ok(match ended.exit() {
        Exit::Done if !is_success => Exit::Partly,
        exit => exit,
    })
}

/// The ids of the arguments, and for `-` those on standard input: one a line, and nothing else on it,
/// because what is deleted from a list should be what stands in the list.
fn read_ids(args: &Delete, context: &mut Context) -> Result<Vec<Typed>, Failure> {
    let mut typed = Vec::new();
    for text in &args.ids {
        if text != "-" {
            typed.push(ids::typed(&context.words, text, args.kind)?);
            continue;
        }
        let input: &mut dyn BufRead = &mut *context.streams.input;
        loop {
            let line = ids::next_line(input).map_err(|error| {
                let name = context.words.text("add-stdin").into_owned();
                let args = [("name", name.into()), ("error", error.to_string().into())];
                Failure::Usage(context.words.with("add-unreadable", &args))
            })?;
            match line {
                None => break,
                Some(Line::Text(line)) if line.trim().is_empty() => {}
                Some(Line::Text(line)) => {
                    typed.push(ids::typed(&context.words, &line, args.kind)?);
                }
                Some(Line::TooLong) => {
                    let text = context.words.text("add-line-too-long").into_owned();
                    return Err(Failure::Usage(text));
                }
            }
        }
    }
    Ok(typed)
}
