//! `arkdeck sync`: the server's files into the ledger, and with `--responses` what it says of the
//! responses we know.

use jiff::Timestamp;

use crate::domain::{Kind, ListQuery, Order, Query, Report, Sort, State, SyncTally, Tombstones};
use crate::locale::Catalogue;
use crate::store::Ledger;

use super::args::Sync;
use super::context::{Context, Exit, Failure};
use super::output::print;
use super::work;

pub(super) async fn run(args: Sync, context: &mut Context) -> Result<Exit, Failure> {
    work::refuse_read_only(context)?;
    let ledger = context.ledger().await?;
    let exit = files(context, ledger.clone()).await?;
    if !args.responses || matches!(exit, Exit::Refused | Exit::Interrupted) {
        return Ok(exit);
    }
    Ok(match responses(context, ledger).await? {
        Exit::Done => exit,
        worse => worse,
    })
}

async fn files(context: &mut Context, ledger: Ledger) -> Result<Exit, Failure> {
    let worker = work::worker(context, ledger).await?;
    let order = Order::Sync {
        ticket: work::TICKET,
    };
    let mut synced = None;
    let ended = work::carry_out(context, worker, order, async |context, report| {
        match report {
            Some(Report::SyncProgress { tally, .. }) => {
                let words = &context.words;
                let args = [("pages", tally.pages.into()), ("seen", tally.seen.into())];
                context
                    .streams
                    .notes
                    .progress(|| words.with("sync-progress", &args));
            }
            Some(Report::Synced { tally, .. }) => synced = Some(tally),
            _ => {}
        }
        None
    })
    .await?;
    let Some(tally) = synced else {
        return Ok(match ended.exit() {
            Exit::Done => Exit::Partly,
            exit => exit,
        });
    };
    // A listing that never began says nothing, least of all that there are no files.
    if tally.pages > 0 {
        let text = summary(&context.words, tally);
        print(&mut context.streams.results, &text);
    }
    if tally.skipped > 0 {
        let args = [("count", tally.skipped.into())];
        let text = context.words.with("sync-skipped", &args);
        context.streams.notes.line(&text);
    }
    if !tally.complete {
        let text = context.words.text("sync-incomplete").into_owned();
        context.streams.notes.line(&text);
    }
    Ok(match ended.exit() {
        Exit::Done if !tally.complete => Exit::Partly,
        exit => exit,
    })
}

fn summary(words: &Catalogue, tally: SyncTally) -> String {
    let args = [
        ("seen", words.count_of(Kind::File, tally.seen).into()),
        ("new", tally.new.into()),
        ("gone", tally.gone.into()),
        ("failed", tally.failed.into()),
        ("stuck", tally.stuck.into()),
    ];
    words.with("sync-files", &args)
}

async fn responses(context: &mut Context, ledger: Ledger) -> Result<Exit, Failure> {
    let listing = ledger
        .listing(ListQuery {
            kind: Some(Kind::Response),
            query: Query::default(),
            sort: Sort::default(),
            tombstones: Tombstones::Hide,
            now: Timestamp::now(),
        })
        .await
        .map_err(|e| context.store_failure(&e))?;
    let total = listing.rows.len() as u64;
    let worker = work::worker(context, ledger).await?;
    let order = Order::Refresh {
        ticket: work::TICKET,
        rows: listing.rows,
    };
    let (mut fresh, mut gone, mut failed) = (0_u64, 0_u64, 0_u64);
    let ended = work::carry_out(context, worker, order, async |context, report| {
        match report {
            Some(Report::Refreshed {
                state: State::Gone, ..
            }) => gone += 1,
            Some(Report::Refreshed { .. }) => fresh += 1,
            Some(Report::NotRefreshed { id, answer, .. }) => {
                failed += 1;
                let reason = context.words.answer(&answer);
                context.note_about(id.as_str(), &reason);
            }
            _ => return None,
        }
        let words = &context.words;
        let args = [
            ("done", (fresh + gone + failed).into()),
            ("total", total.into()),
        ];
        context
            .streams
            .notes
            .progress(|| words.with("work-progress", &args));
        None
    })
    .await?;
    let args = [
        (
            "fresh",
            context.words.count_of(Kind::Response, fresh).into(),
        ),
        ("gone", gone.into()),
        ("failed", failed.into()),
    ];
    let text = context.words.with("sync-responses", &args);
    print(&mut context.streams.results, &text);
    Ok(match ended.exit() {
        Exit::Done if failed > 0 => Exit::Partly,
        exit => exit,
    })
}
