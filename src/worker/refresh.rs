//! Fetching rows anew.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::{Cause, Halt, Report, Resource, RowId, Ticket};
use crate::store::StoreError;

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
    for window in rows.chunks(WINDOW) {
        let found = match tools.ledger.rows(window.to_vec()).await {
            Ok(found) => found,
            Err(error) => return Some(unwritable(tools, &error).await),
        };
        let each = found
            .into_iter()
            .map(|resource| one(tools, ticket, resource, signal.clone()));
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

async fn one(
    tools: &Tools,
    ticket: Ticket,
    resource: Resource,
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
    let merged = match look(tools, kind, &id, &mut signal).await {
        // As of before the lookup: what is settled meanwhile is newer than its answer.
        Looked::Found(facts) => tools.ledger.merge(row, facts, now).await.map(|merged| {
            let Resource { state, facts, .. } = merged;
            (state, facts)
        }),
        Looked::Gone(answer) => {
            let state = tools.ledger.mark_gone(row, answer, Timestamp::now()).await;
            state.map(|state| (state, known))
        }
        Looked::Unknown(answer) => {
            tools.tell(unknown(answer)).await;
            return None;
        }
        Looked::Halt(answer) => {
            tools.tell(unknown(answer.clone())).await;
            return Some(Halt {
                cause: answer.cause.unwrap_or(Cause::Service),
                answer: Some(answer),
            });
        }
        Looked::Stopped => {
            return Some(Halt {
                cause: Cause::Stopped,
                answer: None,
            });
        }
    };
    match merged {
        Ok((state, facts)) => {
            let report = Report::Refreshed {
                ticket,
                kind,
                id: id.clone(),
                row,
                state,
                facts: Box::new(facts),
            };
            tools.tell(report).await;
            None
        }
        // Forgotten meanwhile.
        Err(StoreError::NoSuchRow(_)) => None,
        Err(error) => Some(unwritable(tools, &error).await),
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
