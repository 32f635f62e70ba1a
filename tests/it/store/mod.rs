//! The ledger, on real files.

mod crash;
mod files;
mod filters;
mod free;
mod history;
mod journal;
mod merging;
mod protection;
mod query;
mod resources;
mod sharing;
mod speed;
mod trees;

use arkdeck::domain::{
    Answer, BatchId, Facts, Kind, ListQuery, Outcome, Query, Resource, ResourceId, RowId,
    Settlement, Sighting, Sort, Source, State, Tombstones,
};
use arkdeck::store::{Claim, Ledger};
use jiff::Timestamp;
use tempfile::TempDir;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn open(dir: &TempDir) -> Ledger {
    Ledger::open(dir.path(), "test").unwrap()
}

/// The file itself, as another program sees it.
fn raw(dir: &TempDir) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.path().join("ledger.db")).unwrap()
}

fn id(text: &str) -> ResourceId {
    ResourceId::new(text).unwrap()
}

fn sighting(kind: Kind, text: &str) -> Sighting {
    Sighting {
        kind,
        id: id(text),
        source: Source::Hand,
        tags: Vec::new(),
        facts: Facts::default(),
    }
}

async fn track(ledger: &Ledger, kind: Kind, ids: &[&str]) -> Vec<RowId> {
    let sightings = ids.iter().map(|id| sighting(kind, id)).collect();
    let tracked = ledger.track(sightings, at(0)).await.unwrap();
    tracked.into_iter().map(|each| each.row).collect()
}

/// `count` responses.
async fn responses(ledger: &Ledger, count: usize) -> Vec<RowId> {
    let ids: Vec<_> = (0..count).map(|n| format!("resp_{n:04}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    track(ledger, Kind::Response, &ids).await
}

async fn resource(ledger: &Ledger, row: RowId) -> Resource {
    ledger.rows(vec![row]).await.unwrap().remove(0)
}

async fn states(ledger: &Ledger, rows: &[RowId]) -> Vec<State> {
    let rows = ledger.rows(rows.to_vec()).await.unwrap();
    rows.into_iter().map(|resource| resource.state).collect()
}

fn settlement(claim: &Claim, outcome: Outcome) -> Settlement {
    Settlement {
        row: claim.row,
        kind: claim.kind,
        id: claim.id.clone(),
        outcome,
        answer: Answer {
            attempts: 1,
            ..Answer::default()
        },
    }
}

/// Takes rows through a batch to this outcome.
async fn delete(ledger: &Ledger, rows: &[RowId], outcome: Outcome, second: i64) -> BatchId {
    let (batch, _) = ledger
        .enqueue(rows.to_vec(), at(second))
        .await
        .unwrap()
        .unwrap();
    for claim in ledger.intend(batch, usize::MAX, at(second)).await.unwrap() {
        let settlement = settlement(&claim, outcome);
        ledger.settle(batch, settlement, at(second)).await.unwrap();
    }
    batch
}

fn list(query: &str) -> ListQuery {
    ListQuery {
        kind: None,
        query: Query::parse(query).unwrap(),
        sort: Sort::default(),
        tombstones: Tombstones::Hide,
        now: at(1_000),
    }
}

/// Every entry of the journal, as `id entry outcome`.
fn entries(dir: &TempDir) -> Vec<String> {
    let entries = crate::entries::entries(&raw(dir)).into_iter();
    let told = entries.map(|entry| {
        let outcome = entry.outcome.map(|outcome| format!(" {outcome}"));
        format!("{} {}{}", entry.id, entry.word, outcome.unwrap_or_default())
    });
    told.collect()
}
