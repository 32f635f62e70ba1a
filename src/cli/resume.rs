//! `arkdeck resume`: settles what an earlier run sent and did not live to see answered.

use crate::domain::Order;

use super::args::Resume;
use super::context::{Context, Exit, Failure};
use super::settled::{Lines, note_end};
use super::work;

pub(super) async fn run(args: Resume, context: &mut Context) -> Result<Exit, Failure> {
    work::refuse_read_only(context)?;
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
    let worker = work::worker(context, ledger.clone()).await?;
    let order = Order::Settle {
        ticket: work::TICKET,
    };
    let ended = work::carry_out(context, worker, order, async |context, report| {
        lines.report(context, &ledger, report).await
    })
    .await?;
    lines.end(context);
    note_end(context, &ended);
    Ok(ended.exit())
}
