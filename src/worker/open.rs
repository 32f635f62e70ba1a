//! Fetching one resource for somebody to look at. What was said in it is told and never kept; its facts
//! and citations are, as with a refresh, where writing is allowed.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::api;
use crate::domain::{Answer, Cause, Kind, Report, Resource, ResourceId, RowId, Ticket};
use crate::store::StoreError;

use super::cite::{Cited, Reading};
use super::fetch::{Looked, look};
use super::refresh::unwritable;
use super::{Signal, Tools, stopped};

/// `keeps`: what is learnt goes into the ledger. Who opens something else no longer waits for this one.
pub(super) async fn run(
    tools: &Tools,
    ticket: Ticket,
    row: RowId,
    keeps: bool,
    signal: watch::Receiver<Signal>,
) {
    let mut stop = signal.clone();
    tokio::select! {
        () = open(tools, ticket, row, keeps, signal) => {}
        () = stopped(&mut stop) => tools.tell(not_opened(ticket, dropped(), false)).await,
    }
}

async fn open(
    tools: &Tools,
    ticket: Ticket,
    row: RowId,
    keeps: bool,
    mut signal: watch::Receiver<Signal>,
) {
    let found = tools.ledger.rows(vec![row]).await;
    let Ok(Some(resource)) = found.map(|mut rows| rows.pop()) else {
        // Forgotten meanwhile, or a ledger that cannot be read: others tell that.
        return tools.tell(not_opened(ticket, dropped(), false)).await;
    };
    let (kind, id) = (resource.kind, resource.id.clone());
    // What is settled from here on is newer than the answer.
    let now = Timestamp::now();
    let report = match look(tools, &tools.client, kind, &id, &mut signal).await {
        Looked::Found(facts, object) => {
            let report = Report::Opened {
                ticket,
                facts: Box::new(facts.clone()),
                content: Arc::new(api::content(kind, &object)),
            };
            tools.tell(report).await;
            if keeps {
                let merged = tools.ledger.merge(row, facts, now).await;
                told(tools, ticket, merged).await;
            }
            if kind == Kind::Response {
                open_input(tools, ticket, row, &id, keeps, &mut signal).await;
            }
            return;
        }
        Looked::Gone(answer) => {
            if keeps {
                let gone = tools.ledger.mark_gone(row, answer.clone(), now).await;
                let gone = gone.map(|state| Resource { state, ..resource });
                told(tools, ticket, gone).await;
            }
            not_opened(ticket, answer, true)
        }
        Looked::Unknown(answer) | Looked::Halt(answer) => not_opened(ticket, answer, false),
        Looked::Stopped => not_opened(ticket, dropped(), false),
    };
    tools.tell(report).await;
}

/// Tells what the ledger made of what was learnt.
async fn told(tools: &Tools, ticket: Ticket, kept: Result<Resource, StoreError>) {
    match kept {
        Ok(resource) => {
            let report = Report::Refreshed {
                ticket,
                kind: resource.kind,
                id: resource.id,
                row: resource.row,
                state: resource.state,
                facts: Box::new(resource.facts),
            };
            tools.tell(report).await;
        }
        Err(StoreError::NoSuchRow(_)) => {}
        Err(error) => {
            unwritable(tools, &error).await;
        }
    }
}

async fn open_input(
    tools: &Tools,
    ticket: Ticket,
    row: RowId,
    id: &ResourceId,
    keeps: bool,
    signal: &mut watch::Receiver<Signal>,
) {
    let mut reading = Reading::to_show();
    let cited = reading.read(tools, id, signal).await;
    if keeps && let Err(error) = reading.keep(tools, row).await {
        unwritable(tools, &error).await;
    }
    let trouble = match cited {
        Cited::Kept | Cited::NoSuchCall => reading.unlearnt,
        Cited::Halt(answer) => Some(answer),
        Cited::Stopped => Some(dropped()),
    };
    let items = reading.shown.unwrap_or_default();
    let input = match trouble {
        // What was read before the trouble is better than nothing.
        Some(answer) if items.is_empty() => Err(Box::new(answer)),
        _ => Ok(Arc::new(api::input(&items, !reading.is_whole))),
    };
    tools.tell(Report::InputOpened { ticket, input }).await;
}

fn not_opened(ticket: Ticket, answer: Answer, is_gone: bool) -> Report {
    Report::NotOpened {
        ticket,
        answer: Box::new(answer),
        is_gone,
    }
}

fn dropped() -> Answer {
    Answer {
        cause: Some(Cause::Stopped),
        ..Answer::default()
    }
}
