//! `arkdeck delete`: what was selected, after it was confirmed, through the worker.

use std::time::Duration;

use crate::domain::{Order, Report};
use crate::store::Ledger;
use crate::worker::{self, Limits};

use super::args::{Delete, Manner, Rate};
use super::context::{Context, Exit, Failure};
use super::selection::Selection;
use super::settled::{Lines, note_end};
use super::wanted::Wanted;
use super::work;

pub(super) async fn run(args: Delete, context: &mut Context) -> Result<Exit, Failure> {
    let wanted = Wanted::read(context, &args.choice, args.room)?;
    if !args.dry_run {
        work::refuse_read_only(context)?;
    }
    let ledger = context.ledger().await?;
    let selection = wanted.select(context, &ledger).await?;
    selection.note_freed(context);
    let is_enough = selection.is_enough();
    if args.dry_run || args.choice.filter.is_some() {
        selection.note_protected(context);
    }
    if args.dry_run {
        selection.check_size(context, args.manner.max)?;
        let format = args.manner.output.format();
        let exit = selection.print(context, &ledger, format).await?;
        return Ok(if is_enough { exit } else { Exit::Partly });
    }
    // Whoever asks for more than there is may not mean all there is: somebody has to say so.
    if !is_enough && args.manner.yes {
        let text = context.words.text("delete-not-enough").into_owned();
        return Err(Failure::Refused(text));
    }
    let exit = delete(context, ledger, selection, args.manner).await?;
    Ok(match exit {
        Exit::Done if !is_enough => Exit::Partly,
        exit => exit,
    })
}

/// Deletes a selection, once it is confirmed.
pub(super) async fn delete(
    context: &mut Context,
    ledger: Ledger,
    mut selection: Selection,
    manner: Manner,
) -> Result<Exit, Failure> {
    selection.check_size(context, manner.max)?;
    let format = manner.output.format();
    let mut client = None;
    if selection.total() > 0 {
        // Before anybody is asked and anything is written: without a key this ends here.
        client = Some(context.ready_client().await?);
        selection.confirm(context, &ledger, manner.yes).await?;
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
    if let Some(concurrency) = manner.concurrency {
        limits.concurrency = concurrency.into();
    }
    if let Some(Rate(rate)) = manner.rate {
        limits.rate = rate;
    }
    limits.verify = manner.verify;
    limits.tells_tries = false;
    let order = Order::Delete {
        ticket: work::TICKET,
        rows: rows.clone(),
        // The undo window is the screen's: who calls a command has confirmed it.
        hold: Duration::ZERO,
    };
    let mut left = rows;
    let worker = worker::start(ledger.clone(), Ok(client), limits).await;
    let ended = work::carry_out(context, worker, order, async |context, report| {
        if let Some(Report::Accepted { rows, .. }) = &report {
            if rows.len() == left.len() {
                left.clear();
            }
            left.retain(|row| !rows.contains(*row));
        }
        lines.report(context, &ledger, report).await
    })
    .await?;
    // Another instance was faster, or the order was not taken: these were never sent.
    is_success &= left.is_empty();
    lines.cancelled(context, &ledger, &left).await;
    lines.end(context);
    note_end(context, &ended);
    Ok(match ended.exit() {
        Exit::Done if !is_success => Exit::Partly,
        exit => exit,
    })
}
