//! The worker, on real sockets and a real ledger.

mod batches;
mod citations;
mod interleavings;
mod journal;
mod lookups;
mod mirror;
mod open;
mod retries;
mod speed;
mod stops;
mod stub;
mod turns;
mod uploads;
mod walks;

use std::time::Duration;

use arkdeck::api::{self, Client};
use arkdeck::domain::{
    Answer, BatchId, Facts, Halt, Kind, Order, Outcome, Report, ResourceId, RowId, Settlement,
    Sighting, Source, State, Tally, Ticket,
};
use arkdeck::emulator::{self, Emulator, Faults, Rule};
use arkdeck::secret::ApiKey;
use arkdeck::store::Ledger;
use arkdeck::worker::{self, Handle, Limits};
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::time::timeout;

/// Longer than any step takes; ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(30);

struct Bench {
    dir: TempDir,
    ledger: Ledger,
    worker: Handle,
}

/// Silence shows itself after this.
const TIMEOUT: Duration = Duration::from_millis(400);

fn client(base_url: &str, key: &str) -> Client {
    Client::new(api::Options {
        base_url: base_url.parse().unwrap(),
        key: ApiKey::new(key).unwrap(),
        not_found_codes: Vec::new(),
        allow_plain_http: false,
        timeout: TIMEOUT,
        connect_timeout: TIMEOUT,
    })
    .unwrap()
}

impl Bench {
    async fn new(base_url: &str, limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(dir.path(), "test").unwrap();
        let worker = worker::start(ledger.clone(), Ok(client(base_url, "key")), limits).await;
        Self {
            dir,
            ledger,
            worker,
        }
    }

    /// With these ids tracked, and their deletion ordered.
    async fn deleting(
        base_url: &str,
        limits: Limits,
        ids: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> (Self, Vec<RowId>) {
        let bench = Self::new(base_url, limits).await;
        let rows = bench.track(ids).await;
        bench.delete(&rows).await;
        (bench, rows)
    }

    async fn track(&self, ids: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<RowId> {
        let sightings = ids.into_iter().map(|id| sighting(id.as_ref())).collect();
        let tracked = self.ledger.track(sightings, Timestamp::now()).await;
        tracked.unwrap().into_iter().map(|each| each.row).collect()
    }

    async fn order(&self, order: Order) {
        self.worker.orders.send(order).await.unwrap();
    }

    async fn delete(&self, rows: &[RowId]) {
        self.delete_after(rows, Duration::ZERO).await;
    }

    async fn delete_after(&self, rows: &[RowId], hold: Duration) {
        let rows = rows.to_vec();
        let ticket = Ticket(7);
        self.order(Order::Delete { ticket, rows, hold }).await;
    }

    async fn report(&mut self) -> Report {
        let report = timeout(PATIENCE, self.worker.reports.recv()).await;
        report
            .expect("the worker says nothing")
            .expect("the worker is gone")
    }

    /// Everything up to a report that is wanted, and that one.
    async fn until(&mut self, wanted: impl Fn(&Report) -> bool) -> Vec<Report> {
        let mut reports = Vec::new();
        loop {
            reports.push(self.report().await);
            if reports.last().is_some_and(&wanted) {
                return reports;
            }
        }
    }

    async fn until_idle(&mut self) -> Vec<Report> {
        self.until(|report| *report == Report::Idle).await
    }

    async fn states(&self, rows: &[RowId]) -> Vec<State> {
        let rows = self.ledger.rows(rows.to_vec()).await.unwrap();
        rows.into_iter().map(|resource| resource.state).collect()
    }

    /// The ledger's file, as another program sees it.
    fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.dir.path().join("ledger.db")).unwrap()
    }
}

fn sighting(id: &str) -> Sighting {
    let id = ResourceId::new(id).unwrap();
    Sighting {
        kind: id.kind().unwrap(),
        id,
        source: Source::Hand,
        tags: Vec::new(),
        facts: Facts::default(),
    }
}

async fn service(options: emulator::Options) -> Emulator {
    Emulator::start(options).await.unwrap()
}

/// A service with these many responses and files, and these faults.
async fn faulty(responses: usize, files: usize, faults: Faults) -> Emulator {
    service(emulator::Options {
        responses,
        files,
        faults,
        ..emulator::Options::default()
    })
    .await
}

/// Nothing wrong but by these rules.
fn ruled(rules: Vec<Rule>) -> Faults {
    Faults {
        rules,
        ..Faults::default()
    }
}

/// Some requests at a time, and two tries.
fn limits() -> Limits {
    Limits {
        concurrency: 4,
        attempts: 2,
        ..Limits::default()
    }
}

fn settled(reports: &[Report]) -> Vec<&Settlement> {
    let settled = reports.iter().filter_map(|report| match report {
        Report::Settled { settlement, .. } => Some(settlement),
        _ => None,
    });
    settled.collect()
}

/// Outcome and answer of the only item.
fn one(reports: &[Report]) -> (Outcome, &Answer) {
    let [settlement] = settled(reports)[..] else {
        panic!("not one settlement: {reports:#?}");
    };
    (settlement.outcome, &settlement.answer)
}

fn finished(reports: &[Report]) -> (BatchId, Tally, Vec<(RowId, State)>) {
    let finished = reports.iter().find_map(|report| match report {
        Report::Finished {
            batch,
            tally,
            returned,
        } => Some((*batch, *tally, returned.clone())),
        _ => None,
    });
    finished.expect("a batch finishes")
}

fn halt(reports: &[Report]) -> Option<&Halt> {
    let mut halts = reports.iter().filter_map(|report| match report {
        Report::Halted { halt, .. } => Some(halt),
        _ => None,
    });
    let first = halts.next();
    assert_eq!(halts.next(), None, "one reason is enough");
    first
}

fn kinds(kind: Kind) -> impl Fn(&&Settlement) -> bool {
    move |settlement| settlement.kind == kind
}
