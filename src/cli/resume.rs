//! `arkdeck resume`: settles what an earlier run sent and did not live to see answered.

use crate::domain::Order;
use crate::worker::Limits;

use super::args::Resume;
use super::context::{Context, Exit, Failure};
use super::settled::{Lines, note_end};
use super::work;

pub(super) async fn run(args: Resume, context: &mut Context) -> Result<Exit, Failure> {
    if context.settings()?.read_only {
        let text = context.words.text("refusal-read-only").into_owned();
        return Err(Failure::Refused(text));
    }
    let ledger = context.ledger().await?;
    let unsettled = ledger
        .unsettled()
        .await
        .map_err(|e| context.store_failure(&e))?;
    let mut lines = Lines::new(args.output.format(), unsettled.len() as u64);
    if unsettled.is_empty() {
        lines.end(context);
        let text = context.words.text("resume-nothing").into_owned();
        context.streams.notes.line(&text);
        return Ok(Exit::Done);
    }
    let client = context.client()?;
    let limits = Limits::of(context.settings()?);
    let order = Order::Settle {
        ticket: work::TICKET,
    };
    let reader = ledger.clone();
    let ended = work::carry_out(
        context,
        ledger,
        client,
        limits,
        order,
        async |context, report| lines.report(context, &reader, report).await,
    )
    .await?;
    lines.end(context);
    note_end(context, &ended);
    Ok(ended.exit())
}
