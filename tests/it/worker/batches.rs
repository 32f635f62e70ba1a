//! Batches that go well, and the orders about them.

use std::time::Duration;

use arkdeck::domain::{Facts, Kind, Order, Outcome, Refusal, Report, RowId, State, Tally, Ticket};
use arkdeck::emulator::{Emulator, Faults};
use arkdeck::store::Ledger;
use arkdeck::worker::{self, Limits};
use jiff::Timestamp;

use super::{Bench, client, faulty, finished, halt, kinds, limits, settled, sighting};

/// Long enough to be taken back in, whatever the machine is doing.
const LONG: Duration = Duration::from_mins(10);

async fn bench(responses: usize, files: usize, limits: Limits) -> (Bench, Emulator, Vec<RowId>) {
    let service = faulty(responses, files, Faults::default()).await;
    let bench = Bench::new(&service.base_url(), limits).await;
    let ids = [service.response_ids(), service.file_ids()].concat();
    let rows = bench.track(ids).await;
    (bench, service, rows)
}

#[tokio::test]
async fn a_batch_is_deleted_and_told_step_by_step() {
    let (mut bench, service, rows) = bench(30, 20, limits()).await;
    bench.delete(&rows).await;
    let reports = bench.until_idle().await;

    assert!(matches!(
        &reports[0],
        Report::Accepted { ticket: Ticket(7), rows: taken, .. } if *taken == rows.clone().into()
    ));
    assert!(matches!(reports[1], Report::Started { .. }));
    let settled = settled(&reports);
    assert_eq!(settled.len(), 50);
    assert_eq!(
        settled
            .iter()
            .copied()
            .filter(|s| kinds(Kind::File)(s))
            .count(),
        20
    );
    for settlement in settled {
        assert_eq!(
            (settlement.outcome, settlement.answer.attempts),
            (Outcome::Deleted, 1)
        );
        let place = |wanted: &dyn Fn(&Report) -> bool| reports.iter().position(wanted);
        let sending = place(
            &|r| matches!(r, Report::Sending { row, attempt: 1, .. } if *row == settlement.row),
        );
        let done = place(
            &|r| matches!(r, Report::Settled { settlement: s, .. } if s.row == settlement.row),
        );
        assert!(sending.unwrap() < done.unwrap());
    }
    let (_, tally, returned) = finished(&reports);
    assert_eq!(
        tally,
        Tally {
            deleted: 50,
            ..Tally::default()
        }
    );
    assert!(tally.is_success() && returned.is_empty());
    assert_eq!(halt(&reports), None);

    assert_eq!(bench.states(&rows).await, [State::Deleted; 50]);
    assert_eq!(
        (service.response_ids().len(), service.file_ids().len()),
        (0, 0)
    );
    assert!(
        service.peak_in_flight() <= 4,
        "{} at once",
        service.peak_in_flight()
    );
}

#[tokio::test]
async fn a_settlement_is_on_disk_before_it_is_told() {
    let (mut bench, _service, rows) = bench(40, 0, limits()).await;
    let elsewhere = bench.raw();
    let mut entry = elsewhere
        .prepare("SELECT count(*) FROM journal WHERE row = ?1 AND outcome = 'deleted'")
        .unwrap();
    bench.delete(&rows).await;
    let mut told = 0;
    while told < 40 {
        if let Report::Settled { settlement, .. } = bench.report().await {
            let written: i64 = entry
                .query_row([settlement.row.0], |row| row.get(0))
                .unwrap();
            assert_eq!(written, 1, "{:?} was told first", settlement.id);
            told += 1;
        }
    }
}

#[tokio::test]
async fn what_is_gone_already_is_a_success_of_its_own() {
    let (mut bench, service, _) = bench(1, 1, limits()).await;
    let missing = [
        "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3",
        "file-20261121101500-k3v9q",
    ];
    let rows = bench.track(missing).await;
    bench.delete(&rows).await;
    let (_, tally, _) = finished(&bench.until_idle().await);
    assert_eq!(
        tally,
        Tally {
            gone: 2,
            ..Tally::default()
        }
    );
    assert!(tally.is_success());
    assert_eq!(bench.states(&rows).await, [State::Gone; 2]);
    assert_eq!(service.response_ids().len(), 1);
}

#[tokio::test]
async fn a_held_batch_can_be_taken_back_unsent() {
    let (mut bench, service, rows) = bench(3, 0, limits()).await;
    bench.delete_after(&rows, LONG).await;
    let Report::Accepted {
        batch, starts_at, ..
    } = bench.report().await
    else {
        panic!("not accepted");
    };
    assert!(starts_at > Timestamp::now());
    assert_eq!(bench.states(&rows).await, [State::Queued; 3]);
    bench.order(Order::TakeBack(batch)).await;
    let reports = bench.until_idle().await;
    assert_eq!(
        reports[0],
        Report::TakenBack {
            batch,
            rows: rows.clone()
        }
    );
    let (_, tally, returned) = finished(&reports);
    assert_eq!(
        tally,
        Tally {
            cancelled: 3,
            ..Tally::default()
        }
    );
    assert_eq!(returned[0], (rows[0], State::Tracked));
    assert_eq!(bench.states(&rows).await, [State::Tracked; 3]);
    assert_eq!(service.arrived(), 0);
}

#[tokio::test]
async fn a_short_hold_is_waited_for() {
    let (mut bench, _service, rows) = bench(1, 0, limits()).await;
    bench.delete_after(&rows, Duration::from_millis(50)).await;
    let Report::Accepted { starts_at, .. } = bench.report().await else {
        panic!("not accepted");
    };
    bench
        .until(|report| matches!(report, Report::Started { .. }))
        .await;
    assert!(Timestamp::now() >= starts_at);
    assert!(finished(&bench.until_idle().await).1.is_success());
}

#[tokio::test]
async fn a_paused_queue_sends_nothing_until_unpaused() {
    let (mut bench, service, rows) = bench(3, 0, limits()).await;
    bench.order(Order::Pause).await;
    assert_eq!(bench.report().await, Report::Paused);
    bench.delete(&rows).await;
    bench
        .until(|report| matches!(report, Report::Accepted { .. }))
        .await;
    // The listing is served by the same worker, after the batch was accepted.
    bench.order(Order::Sync { ticket: Ticket(1) }).await;
    bench
        .until(|report| matches!(report, Report::Done { .. }))
        .await;
    assert!(
        service
            .requests()
            .iter()
            .all(|seen| seen.method != "DELETE")
    );
    assert_eq!(bench.states(&rows).await, [State::Queued; 3]);
    bench.order(Order::Unpause).await;
    assert!(finished(&bench.until_idle().await).1.is_success());
}

#[tokio::test]
async fn as_long_as_a_pause_holds_a_batch_it_can_be_taken_back() {
    let (mut bench, service, rows) = bench(3, 0, limits()).await;
    bench.order(Order::Pause).await;
    bench.delete(&rows).await;
    let accepted = bench
        .until(|report| matches!(report, Report::Accepted { .. }))
        .await;
    let Some(Report::Accepted { batch, .. }) = accepted.last() else {
        unreachable!("waited for")
    };
    bench.order(Order::TakeBack(*batch)).await;
    bench
        .until(|report| matches!(report, Report::TakenBack { .. }))
        .await;
    bench.order(Order::Unpause).await;
    bench.until_idle().await;
    assert_eq!(service.arrived(), 0);
    assert_eq!(bench.states(&rows).await, [State::Tracked; 3]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn batches_are_sent_in_their_order() {
    let (mut bench, service, rows) = bench(
        400,
        0,
        Limits {
            concurrency: 1,
            ..limits()
        },
    )
    .await;
    for rows in [&rows[200..], &rows[..200]] {
        bench.delete(rows).await;
        bench
            .until(|report| matches!(report, Report::Accepted { .. }))
            .await;
    }
    bench
        .until(|report| matches!(report, Report::Finished { .. }))
        .await;
    bench
        .until(|report| matches!(report, Report::Finished { .. }))
        .await;
    let sent = service.requests();
    let known = bench
        .ledger
        .rows([&rows[200..], &rows[..200]].concat())
        .await
        .unwrap();
    for (n, (seen, resource)) in sent.iter().zip(&known).enumerate() {
        let sent = seen.path.rsplit('/').next().unwrap();
        assert_eq!(sent, resource.id.as_str(), "{n} of {}", known.len());
    }
    assert_eq!(sent.len(), known.len());
}

#[tokio::test]
async fn the_rate_is_kept_for_each_kind() {
    let limits = Limits {
        rate: Some(50.0),
        concurrency: 8,
        ..limits()
    };
    let (mut bench, _service, rows) = bench(11, 11, limits).await;
    let start = std::time::Instant::now();
    bench.delete(&rows).await;
    assert!(finished(&bench.until_idle().await).1.is_success());
    // Ten gaps of 20 ms; the kinds do not wait for each other's turns.
    assert!(
        start.elapsed() >= Duration::from_millis(200),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test]
async fn what_may_be_on_the_wire_is_counted_over_kinds_and_lookups() {
    let limits = Limits {
        verify: true,
        ..limits()
    };
    let faults = Faults {
        latency: Duration::from_millis(5),
        ..Faults::default()
    };
    let service = faulty(30, 30, faults).await;
    let mut bench = Bench::new(&service.base_url(), limits).await;
    let ids = [service.response_ids(), service.file_ids()].concat();
    let rows = bench.track(ids).await;
    bench.delete(&rows).await;
    let reports = bench.until_idle().await;
    assert!(finished(&reports).1.is_success());
    assert_eq!(service.peak_in_flight(), 4);
    let limits = reports.iter().filter_map(|report| match report {
        Report::Pace(pace) => Some(pace.limit),
        _ => None,
    });
    assert_eq!(limits.max(), Some(4));
}

#[tokio::test]
async fn nothing_to_delete_is_said_so() {
    let (mut bench, _service, rows) = bench(1, 0, limits()).await;
    bench.delete(&rows).await;
    bench.until_idle().await;
    bench.delete(&[rows[0], RowId(999)]).await;
    let rejected = Report::Rejected {
        ticket: Ticket(7),
        refusal: Refusal::Nothing,
    };
    assert_eq!(bench.until_idle().await, [rejected, Report::Idle]);
}

#[tokio::test]
async fn without_key_or_leave_to_write_every_order_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path(), "test").unwrap();
    let tracked = ledger
        .track(vec![sighting("resp_1")], Timestamp::now())
        .await
        .unwrap();
    let service = faulty(1, 1, Faults::default()).await;
    let client = || Ok(client(&service.base_url(), "key"));
    let frozen = Limits {
        read_only: true,
        ..limits()
    };
    let read_only = Ledger::open_read_only(dir.path(), "test").unwrap();
    for (ledger, service, limits, refusal) in [
        (
            ledger.clone(),
            Err(Refusal::NoKey),
            limits(),
            Refusal::NoKey,
        ),
        (ledger, client(), frozen, Refusal::ReadOnly),
        (read_only, client(), limits(), Refusal::ReadOnly),
    ] {
        let mut worker = worker::start(ledger, service, limits).await;
        let (ticket, rows, hold) = (Ticket(1), vec![tracked[0].row], Duration::ZERO);
        for order in [
            Order::Delete {
                ticket,
                rows: rows.clone(),
                hold,
            },
            Order::Settle { ticket },
            Order::Refresh { ticket, rows },
            Order::Sync { ticket },
        ] {
            worker.orders.send(order).await.unwrap();
            let rejected = Report::Rejected {
                ticket,
                refusal: refusal.clone(),
            };
            assert_eq!(worker.reports.recv().await, Some(rejected));
            assert_eq!(worker.reports.recv().await, Some(Report::Idle));
        }
    }
    assert_eq!(service.arrived(), 0);
}

#[tokio::test]
async fn the_window_of_intents_is_bounded() {
    let faults = Faults {
        latency: Duration::from_millis(5),
        ..Faults::default()
    };
    let service = faulty(400, 0, faults).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = bench.track(service.response_ids()).await;
    let elsewhere = bench.raw();
    bench.delete(&rows).await;
    let mut most = 0;
    loop {
        match bench.report().await {
            Report::Finished { tally, .. } => {
                assert_eq!(tally.deleted, 400);
                break;
            }
            Report::Settled { .. } => {
                let sending: i64 = elsewhere
                    .query_row(
                        "SELECT count(*) FROM queue WHERE intended_at IS NOT NULL",
                        [],
                        |row| row.get(0),
                    )
                    .unwrap();
                most = most.max(sending);
            }
            _ => {}
        }
    }
    assert!((1..=32 * 4).contains(&most), "{most} intents at once");
}

#[tokio::test]
async fn nobody_listening_is_no_reason_to_stop() {
    let (bench, service, rows) = bench(30, 0, limits()).await;
    let Bench {
        dir: _dir,
        ledger,
        worker,
    } = bench;
    drop(worker.reports);
    let (ticket, hold) = (Ticket(1), Duration::ZERO);
    let delete = Order::Delete {
        ticket,
        rows: rows.clone(),
        hold,
    };
    worker.orders.send(delete).await.unwrap();
    service.wait_for_arrivals(30).await;
    worker.orders.send(Order::Pause).await.unwrap();
    // Facts are merged after every settlement that was asked for before them.
    loop {
        let merged = ledger
            .merge(rows[29], Facts::default(), Timestamp::now())
            .await
            .unwrap();
        let known = ledger.rows(rows.clone()).await.unwrap();
        if merged.state == State::Deleted && known.iter().all(|r| r.state == State::Deleted) {
            return;
        }
        tokio::task::yield_now().await;
    }
}
