//! Messages in, state and effects out.

mod batches;
mod chains;
mod deletion;
mod details;
mod forms;
mod panes;

use std::sync::Arc;

use tui_input::InputRequest;

use super::acts::curl;
use super::fixtures::{act, answer, app_with, file, resources, response, session, wait};
use super::*;
use crate::domain::{
    Answer, BatchId, Cause, Citing, Content, FreeFirst, FreeQuery, Freed, Halt, HistoryPage,
    ImportTally, Labels, Life, NotUploaded, Outcome, Report, ResourceId, Review, Settlement,
    Source, SyncTally, Tally, Tint, Tracked, Unready, Upload, Weight,
};

fn app() -> (App, Vec<Resource>) {
    let rows = resources();
    (app_with(session(), &rows, 80, 24), rows)
}

fn type_text(app: &mut App, text: &str) {
    for c in text.chars() {
        update(app, Message::Edit(InputRequest::InsertChar(c)));
    }
}

fn order(effects: &[Effect]) -> Option<&Order> {
    effects.iter().find_map(|effect| match effect {
        Effect::Order(order) => Some(order),
        _ => None,
    })
}

fn settled(row: &Resource, outcome: Outcome, state: State) -> Report {
    Report::Settled {
        batch: BatchId(1),
        settlement: Settlement {
            row: row.row,
            kind: row.kind,
            id: row.id.clone(),
            outcome,
            answer: Answer::default(),
        },
        state,
        at: fixtures::now(),
    }
}

fn details(app: &App) -> &Details {
    match &app.mode {
        Mode::Details(details) => details,
        mode => panic!("{mode:?}"),
    }
}
