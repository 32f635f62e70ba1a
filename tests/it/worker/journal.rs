//! The disk: what it has before anything leaves, what is left after a kill, and a journal that fails.

use std::time::Duration;

use arkdeck::domain::{Cause, Order, Outcome, Refusal, Report, State, Ticket};
use arkdeck::emulator::{Fault, Faults, Rule, Scope, When};
use arkdeck::store::{Ledger, Recovered};
use arkdeck::worker::{self, Limits};
use jiff::Timestamp;

use super::stub::{Scripted, deleted};
use super::{Bench, client, faulty, finished, limits, sighting};
use crate::entries::entries;

/// Makes the journal refuse these entries, as a broken disk would.
fn break_journal(bench: &Bench, entries: &str) {
    bench
        .raw()
        .execute_batch(&format!(
            "CREATE TRIGGER broken BEFORE INSERT ON journal WHEN new.entry IN ({entries})
             BEGIN SELECT raise(ABORT, 'the disk is on fire'); END"
        ))
        .unwrap();
}

#[tokio::test]
async fn no_request_leaves_before_its_intent_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path(), "test").unwrap();
    let path = dir.path().join("ledger.db");
    // The service looks into the ledger's file before it answers.
    let service = Scripted::start(move |_, request| {
        let id = request.rsplit('/').next().unwrap();
        let entries = entries(&rusqlite::Connection::open(&path).unwrap());
        let intents = entries.iter().filter(|e| e.word == "intent" && e.id == id);
        assert_eq!(intents.count(), 1, "{request} came first");
        deleted()
    })
    .await;
    let ids = (0..40).map(|n| sighting(&format!("resp_{n}"))).collect();
    let tracked = ledger.track(ids, Timestamp::now()).await.unwrap();
    let rows = tracked.into_iter().map(|each| each.row).collect();
    let worker = worker::start(
        ledger.clone(),
        Ok(client(&service.base_url, "key")),
        limits(),
    )
    .await;
    let mut bench = Bench {
        dir,
        ledger,
        worker,
    };
    let (ticket, hold) = (Ticket(1), Duration::ZERO);
    bench.order(Order::Delete { ticket, rows, hold }).await;
    assert_eq!(finished(&bench.until_idle().await).1.deleted, 40);
}

#[tokio::test]
async fn a_batch_that_cannot_be_written_down_is_refused_and_nothing_is_sent() {
    let service = faulty(5, 0, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = bench.track(service.response_ids()).await;
    break_journal(&bench, "'asked'");
    bench.delete(&rows).await;
    let reports = bench.until_idle().await;
    assert!(
        matches!(
            &reports[0],
            Report::Rejected {
                ticket: Ticket(7),
                refusal: Refusal::Journal(_)
            }
        ),
        "{reports:#?}"
    );
    assert_eq!(
        (service.arrived(), bench.states(&rows).await),
        (0, vec![State::Tracked; 5])
    );
}

#[tokio::test]
async fn an_intent_that_cannot_be_written_halts_the_batch_and_nothing_is_sent() {
    let service = faulty(5, 0, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = bench.track(service.response_ids()).await;
    break_journal(&bench, "'intent'");
    bench.delete(&rows).await;
    let reports = bench.until_idle().await;
    assert!(
        reports
            .iter()
            .any(|r| matches!(r, Report::JournalFailed { .. })),
        "{reports:#?}"
    );
    let (_, tally, returned) = finished(&reports);
    assert_eq!((tally.cancelled, returned.len()), (5, 5));
    assert_eq!(
        (service.arrived(), bench.states(&rows).await),
        (0, vec![State::Tracked; 5])
    );
}

#[tokio::test]
async fn what_could_not_be_written_is_settled_when_it_can_be_again() {
    let service = faulty(30, 0, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = bench.track(service.response_ids()).await;
    // Neither what came of items nor that the rest is let go.
    break_journal(&bench, "'settlement', 'cancelled'");
    bench.delete(&rows).await;
    let (_, tally, returned) = finished(&bench.until_idle().await);
    assert_eq!(tally.unsettled + tally.cancelled, 30, "{tally:?}");
    assert_eq!(tally.cancelled, returned.len() as u64);
    assert!(tally.unsettled > 0);

    rusqlite::Connection::open(bench.dir.path().join("ledger.db"))
        .unwrap()
        .execute_batch("DROP TRIGGER broken")
        .unwrap();
    bench.order(Order::Settle { ticket: Ticket(1) }).await;
    bench.until_idle().await;
    let states = bench.states(&rows).await;
    let gone = |state: &&State| matches!(state, State::Deleted | State::Gone);
    assert_eq!(states.iter().filter(gone).count() as u64, tally.unsettled);
    // The rest can be deleted anew.
    bench.delete(&rows).await;
    bench.until_idle().await;
    assert!(service.response_ids().is_empty());
}

#[tokio::test]
async fn a_settlement_that_cannot_be_written_is_not_told_and_stays_in_doubt() {
    let service = faulty(30, 0, Faults::default()).await;
    let mut bench = Bench::new(
        &service.base_url(),
        Limits {
            concurrency: 1,
            ..limits()
        },
    )
    .await;
    let rows = bench.track(service.response_ids()).await;
    break_journal(&bench, "'settlement'");
    bench.delete(&rows).await;
    let reports = bench.until_idle().await;
    assert!(
        reports
            .iter()
            .any(|r| matches!(r, Report::JournalFailed { .. }))
    );
    let told: Vec<_> = reports
        .iter()
        .filter_map(|report| match report {
            Report::Settled { settlement, .. } => {
                Some((settlement.outcome, settlement.answer.cause))
            }
            _ => None,
        })
        .collect();
    let doubt = (Outcome::Unsettled, Some(Cause::Unwritten));
    assert!(told.iter().all(|told| *told == doubt), "{told:?}");
    let (_, tally, _) = finished(&reports);
    assert_eq!(tally.unsettled, service.arrived());
    assert_eq!(tally.unsettled, told.len() as u64);
    assert_eq!(tally.total(), 30);

    let Bench {
        dir,
        ledger,
        worker,
    } = bench;
    rusqlite::Connection::open(dir.path().join("ledger.db"))
        .unwrap()
        .execute_batch("DROP TRIGGER broken")
        .unwrap();
    drop((worker, ledger));
    let doubts = loop {
        let next = Ledger::open(dir.path(), "test").unwrap();
        // The worker ends in its own time, and its instance with it.
        let recovered = next.recover(Timestamp::now()).await.unwrap();
        if recovered != Recovered::default() {
            break recovered.unsettled;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(doubts, tally.unsettled);
}

#[test]
fn a_kill_in_the_middle_leaves_every_item_in_a_state_that_is_true() {
    let dir = tempfile::tempdir().unwrap();
    let build = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap()
    };
    let outside = build();
    // One deletion is carried out and never answered; the others are.
    let service = outside.block_on(faulty(60, 0, Faults::default()));
    let tenth = service.response_ids()[10].clone();
    let silent = Scope::DeletesOf(tenth.clone());
    let rules = vec![Rule::always(silent, Fault::Silence(When::After))];
    service.set_faults(Faults {
        rules,
        ..Faults::default()
    });
    let ids = service.response_ids();
    let inside = build();
    let rows = inside.block_on(async {
        let ledger = Ledger::open(dir.path(), "test").unwrap();
        let sightings = ids.iter().map(|id| sighting(id)).collect();
        let tracked = ledger.track(sightings, Timestamp::now()).await.unwrap();
        let rows: Vec<_> = tracked.into_iter().map(|each| each.row).collect();
        let limits = Limits {
            concurrency: 1,
            ..limits()
        };
        let worker = worker::start(ledger, Ok(client(&service.base_url(), "key")), limits).await;
        let (ticket, hold) = (Ticket(1), Duration::ZERO);
        let delete = Order::Delete {
            ticket,
            rows: rows.clone(),
            hold,
        };
        worker.orders.send(delete).await.unwrap();
        for count in 1.. {
            service.wait_for_arrivals(count).await;
            if service.deletes(&tenth) > 0 {
                break;
            }
        }
        rows
    });
    // All tasks are dropped where they stand.
    inside.shutdown_background();

    let truth = service.response_ids();
    outside.block_on(async {
        let (next, recovered) = loop {
            let next = Ledger::open(dir.path(), "test").unwrap();
            let recovered = next.recover(Timestamp::now()).await.unwrap();
            if recovered != Recovered::default() {
                break (next, recovered);
            }
            tokio::task::yield_now().await;
        };
        assert!(
            recovered.unsettled >= 1 && !recovered.returned.is_empty(),
            "{recovered:?}"
        );
        let known = next.rows(rows.clone()).await.unwrap();
        for resource in &known {
            let is_left = truth.iter().any(|id| id == resource.id.as_str());
            match resource.state {
                State::Deleted => assert!(!is_left, "{resource:#?}"),
                State::Tracked => assert!(is_left, "{resource:#?}"),
                State::Unsettled => {
                    let cause = resource.answer.as_ref().and_then(|a| a.cause);
                    assert_eq!(cause, Some(Cause::Interrupted));
                }
                state => panic!("{state:?} is left after recovery"),
            }
        }
        assert_eq!(known[10].state, State::Unsettled);

        // One order settles what is in doubt, and sends nothing else.
        service.set_faults(Faults::default());
        let sent = service.arrived();
        let mut worker = worker::start(
            next.clone(),
            Ok(client(&service.base_url(), "key")),
            limits(),
        )
        .await;
        let ticket = Ticket(2);
        worker.orders.send(Order::Settle { ticket }).await.unwrap();
        while worker.reports.recv().await.unwrap() != Report::Idle {}
        assert_eq!(next.unsettled().await.unwrap(), []);
        let truth = service.response_ids();
        for resource in next.rows(rows).await.unwrap() {
            let is_left = truth.iter().any(|id| id == resource.id.as_str());
            assert_eq!(is_left, resource.state == State::Tracked, "{resource:#?}");
        }
        assert!(service.arrived() - sent <= 2 * recovered.unsettled);
    });
}
