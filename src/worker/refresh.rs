//! Fetching rows anew, and with responses the files that they were made with.
//!
//! What the service says of a resource is told as soon as it is in the ledger; its citations follow, and
//! whether they can be had changes nothing about that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::{Answer, Cause, Halt, Kind, Report, Resource, ResourceId, RowId, Ticket};
use crate::store::StoreError;

use super::cite::{Cited, cite};
use super::fetch::{Looked, look};
use super::{Signal, Tools};

/// Rows read from the ledger at a time.
const WINDOW: usize = 256;

pub(super) async fn run(
    tools: Arc<Tools>,
    ticket: Ticket,
    rows: Vec<RowId>,
    signal: watch::Receiver<Signal>,
) {
    let halt = refresh(&tools, ticket, &rows, &signal).await;
    tools.tell(Report::Done { ticket, halt }).await;
}

async fn refresh(
    tools: &Tools,
    ticket: Ticket,
    rows: &[RowId],
    signal: &watch::Receiver<Signal>,
) -> Option<Halt> {
    let tells_items = AtomicBool::new(true);
    for window in rows.chunks(WINDOW) {
        let found = match tools.ledger.rows(window.to_vec()).await {
            Ok(found) => found,
            Err(error) => return Some(unwritable(tools, &error).await),
        };
        let each = found
            .into_iter()
            .map(|resource| one(tools, ticket, resource, &tells_items, signal.clone()));
        let mut each = stream::iter(each).buffer_unordered(tools.limits.concurrency.max(1));
        while let Some(halt) = each.next().await {
            // Those on the wire are dropped: a lookup that nobody hears changes nothing.
            if halt.is_some() {
                return halt;
            }
        }
    }
    None
}

/// `tells_items`: the service is not known to lack the call that says what a response was made from.
async fn one(
    tools: &Tools,
    ticket: Ticket,
    resource: Resource,
    tells_items: &AtomicBool,
    mut signal: watch::Receiver<Signal>,
) -> Option<Halt> {
    let Resource {
        row,
        kind,
        id,
        facts: known,
        ..
    } = resource;
    let unknown = |answer| Report::NotRefreshed {
        ticket,
        id: id.clone(),
        answer,
    };
    let now = Timestamp::now();
    let merged = match look(tools, &tools.client, kind, &id, &mut signal).await {
        // As of before the lookup: what is settled meanwhile is newer than its answer.
        Looked::Found(facts, _) => tools.ledger.merge(row, facts, now).await.map(|merged| {
            let is_living = !merged.state_at(now).is_tombstone();
            (merged.state, merged.facts, is_living)
        }),
        Looked::Gone(answer) => {
            let state = tools.ledger.mark_gone(row, answer, Timestamp::now()).await;
            state.map(|state| (state, known, false))
        }
        Looked::Unknown(answer) => {
            tools.tell(unknown(answer)).await;
            return None;
        }
        Looked::Halt(answer) => {
            tools.tell(unknown(answer.clone())).await;
            return Some(halt(answer));
        }
        Looked::Stopped => return Some(stop()),
    };
    let (state, facts, is_living) = match merged {
        Ok(merged) => merged,
        // Forgotten meanwhile.
        Err(StoreError::NoSuchRow(_)) => return None,
        Err(error) => return Some(unwritable(tools, &error).await),
    };
    let report = Report::Refreshed {
        ticket,
        kind,
        id: id.clone(),
        row,
        state,
        facts: Box::new(facts),
    };
    tools.tell(report).await;
    if kind == Kind::Response && is_living && tells_items.load(Ordering::Relaxed) {
        return note_citations(tools, row, &id, tells_items, &mut signal).await;
    }
    None
}

async fn note_citations(
    tools: &Tools,
    row: RowId,
    id: &ResourceId,
    tells_items: &AtomicBool,
    signal: &mut watch::Receiver<Signal>,
) -> Option<Halt> {
    match cite(tools, row, id, signal).await {
        Ok(Cited::Kept) => None,
        Ok(Cited::NoSuchCall) => {
            tells_items.store(false, Ordering::Relaxed);
            None
        }
        Ok(Cited::Halt(answer)) => Some(halt(answer)),
        Ok(Cited::Stopped) => Some(stop()),
        Err(error) => Some(unwritable(tools, &error).await),
    }
}

fn halt(answer: Answer) -> Halt {
    Halt {
        cause: answer.cause.unwrap_or(Cause::Service),
        answer: Some(answer),
    }
}

fn stop() -> Halt {
    Halt {
        cause: Cause::Stopped,
        answer: None,
    }
}

/// Tells that the ledger fails; the halt that follows from it.
pub(super) async fn unwritable(tools: &Tools, error: &StoreError) -> Halt {
    let error = error.whole();
    tools.tell(Report::JournalFailed { error }).await;
    Halt {
        cause: Cause::Stopped,
        answer: None,
    }
}
