//! Walking a chain of responses back to its beginning: each one names the one before it.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::{
    Answer, Cause, Halt, Kind, Report, ResourceId, RowId, Sighting, Source, Ticket,
};
use crate::store::StoreError;

use super::fetch::{Looked, look};
use super::refresh::unwritable;
use super::{Signal, Tools};

/// Steps at most. The service keeps 1,000 items to a chain; who wants more asks again from there.
const LONGEST_WALK: usize = 100;

pub(super) async fn run(
    tools: Arc<Tools>,
    ticket: Ticket,
    id: ResourceId,
    mut signal: watch::Receiver<Signal>,
) {
    let halt = walk(&tools, ticket, id, &mut signal).await;
    tools.tell(Report::Done { ticket, halt }).await;
}

async fn walk(
    tools: &Tools,
    ticket: Ticket,
    mut id: ResourceId,
    signal: &mut watch::Receiver<Signal>,
) -> Option<Halt> {
    let halt = |cause, answer| Some(Halt { cause, answer });
    let of = |answer: Answer| halt(answer.cause.unwrap_or(Cause::Service), Some(answer));
    let mut seen = HashSet::new();
    while seen.len() < LONGEST_WALK && seen.insert(id.clone()) {
        let walked = |row| Report::Walked {
            ticket,
            id: id.clone(),
            row,
        };
        let facts = match look(tools, &tools.client, Kind::Response, &id, signal).await {
            Looked::Found(facts, _) => facts,
            Looked::Gone(_) => {
                tools.tell(walked(None)).await;
                return None;
            }
            Looked::Unknown(answer) => {
                let unknown = Report::NotRefreshed { ticket, id, answer };
                tools.tell(unknown).await;
                return None;
            }
            Looked::Halt(answer) => return of(answer),
            Looked::Stopped => return halt(Cause::Stopped, None),
        };
        let previous = facts.previous_response_id.clone();
        let sighting = Sighting {
            kind: Kind::Response,
            id: id.clone(),
            source: Source::Sync,
            tags: Vec::new(),
            facts,
        };
        let (row, next) = match keep(tools, sighting, previous).await {
            Ok(kept) => kept,
            Err(error) => return Some(unwritable(tools, &error).await),
        };
        tools.tell(walked(Some(row))).await;
        id = next?;
    }
    None
}

/// Tracks what was found; the one before it, if that is not tracked yet.
async fn keep(
    tools: &Tools,
    sighting: Sighting,
    previous: Option<String>,
) -> Result<(RowId, Option<ResourceId>), StoreError> {
    let tracked = tools.ledger.track(vec![sighting], Timestamp::now()).await?;
    let row = tracked.first().map_or(RowId(0), |tracked| tracked.row);
    // An id that cannot be one is where the walk ends.
    let Some(previous) = previous.and_then(|id| ResourceId::new(&id).ok()) else {
        return Ok((row, None));
    };
    let known = tools
        .ledger
        .find(vec![(Some(Kind::Response), previous.clone())]);
    let is_known = known.await?.iter().any(|rows| !rows.is_empty());
    Ok((row, (!is_known).then_some(previous)))
}
