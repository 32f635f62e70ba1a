//! Reasons to stop: the user, a refused key, a wrong address.

use std::time::Duration;

use arkdeck::domain::{Cause, Order, Outcome, Report, State, Ticket};
use arkdeck::emulator::{self, Fault, Faults, Rule, Scope, When};
use arkdeck::worker::Limits;

use super::stub::{Scripted, answer, deleted};
use super::{Bench, faulty, finished, halt, limits, one, ruled, service, settled};

fn ids(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("resp_{n:03}")).collect()
}

#[tokio::test]
async fn a_refused_key_stops_the_batch_after_what_is_in_flight() {
    let service = service(emulator::Options {
        responses: 60,
        api_key: Some("another".into()),
        ..emulator::Options::default()
    })
    .await;
    let (mut bench, _) =
        Bench::deleting(&service.base_url(), limits(), service.response_ids()).await;
    let reports = bench.until_idle().await;
    let halt = halt(&reports).unwrap();
    assert_eq!(halt.cause, Cause::KeyRefused);
    assert_eq!(halt.answer.as_ref().unwrap().status, Some(401));
    assert!(service.arrived() <= 4, "{} requests", service.arrived());
    let failed = settled(&reports);
    assert_eq!(failed.len() as u64, service.arrived());
    assert!(failed.iter().all(|s| s.outcome == Outcome::Failed));
    let (_, tally, returned) = finished(&reports);
    assert_eq!(
        (tally.failed, tally.cancelled),
        (failed.len() as u64, returned.len() as u64)
    );
    assert_eq!(tally.total(), 60);
    assert!(returned.iter().all(|(_, state)| *state == State::Tracked));
    let returned: Vec<_> = returned.iter().map(|(row, _)| *row).collect();
    assert!(
        bench
            .states(&returned)
            .await
            .iter()
            .all(|s| *s == State::Tracked)
    );
    assert_eq!(service.response_ids().len(), 60);
}

#[tokio::test]
async fn nor_does_another_thread_send_after_a_refusal_was_heard() {
    // So many are on the wire at first.
    const FIRST: u64 = 8;
    for round in 0..10 {
        let service = service(emulator::Options {
            responses: 400,
            api_key: Some("another".into()),
            ..emulator::Options::default()
        })
        .await;
        let limits = Limits {
            concurrency: 128,
            ..limits()
        };
        let (mut bench, _) =
            Bench::deleting(&service.base_url(), limits, service.response_ids()).await;
        let reports = bench.until_idle().await;
        assert_eq!(halt(&reports).unwrap().cause, Cause::KeyRefused);
        let arrived = service.arrived();
        assert!(arrived <= FIRST, "{arrived} requests in round {round}");
        let (_, tally, _) = finished(&reports);
        assert_eq!((tally.failed, tally.total()), (arrived, 400));
    }
}

#[tokio::test]
async fn a_wrong_address_never_empties_the_ledger() {
    for (what, status, headers, body) in [
        ("nothing", 404, "", ""),
        ("html", 404, "", "<html>404 not found</html>"),
        (
            "the wrong path",
            404,
            "",
            r#"{"error":{"code":"InvalidAction","message":"no"}}"#,
        ),
        ("a redirect", 307, "Location: http://127.0.0.1:1/\r\n", ""),
    ] {
        let service = Scripted::start(move |_, _| answer(status, headers, body)).await;
        let (mut bench, rows) = Bench::deleting(
            &service.base_url,
            Limits {
                concurrency: 1,
                ..limits()
            },
            ids(40),
        )
        .await;
        let reports = bench.until_idle().await;
        assert_eq!(one(&reports).0, Outcome::Failed, "{what}");
        assert!(halt(&reports).is_some(), "{what}");
        assert_eq!(service.seen().len(), 1, "{what}");
        assert_eq!(finished(&reports).2.len(), 39, "{what}");
        assert_eq!(
            bench.states(&rows[1..]).await,
            [State::Tracked; 39],
            "{what}"
        );
    }
}

#[tokio::test]
async fn a_stop_settles_what_is_on_the_wire_and_returns_the_rest() {
    let latency = Duration::from_millis(100);
    let service = faulty(
        60,
        0,
        Faults {
            latency,
            ..Faults::default()
        },
    )
    .await;
    let (mut bench, rows) =
        Bench::deleting(&service.base_url(), limits(), service.response_ids()).await;
    bench
        .until(|report| matches!(report, Report::Sending { .. }))
        .await;
    bench.order(Order::Stop).await;
    let reports = bench.until_idle().await;
    let stop = halt(&reports).unwrap();
    assert_eq!((stop.cause, &stop.answer), (Cause::Stopped, &None));
    let (_, tally, returned) = finished(&reports);
    assert_eq!(tally.deleted, service.arrived());
    assert_eq!(tally.deleted + tally.cancelled, 60);
    assert!(tally.deleted <= 4, "{tally:?}");
    assert_eq!(returned.len() as u64, tally.cancelled);
    let states = bench.states(&rows).await;
    assert_eq!(
        states.iter().filter(|s| **s == State::Tracked).count(),
        returned.len()
    );
    assert_eq!(service.response_ids().len(), returned.len());
}

#[tokio::test]
async fn a_stop_ends_the_wait_between_tries() {
    let script = |_, _: &str| answer(503, "Retry-After: 60\r\n", "");
    let service = Scripted::start(script).await;
    let (mut bench, _) = Bench::deleting(&service.base_url, limits(), ids(1)).await;
    bench
        .until(|report| matches!(report, Report::Waiting { .. }))
        .await;
    bench.order(Order::Stop).await;
    let reports = bench.until_idle().await;
    let (outcome, answer) = one(&reports);
    assert_eq!(
        (outcome, answer.cause),
        (Outcome::Failed, Some(Cause::Stopped))
    );
    assert_eq!((answer.attempts, answer.status), (1, Some(503)));
}

#[tokio::test]
async fn a_stop_reaches_a_batch_that_is_still_held_or_being_written() {
    let service = Scripted::start(|_, _| deleted()).await;
    let mut bench = Bench::new(&service.base_url, limits()).await;
    let rows = bench.track(ids(20)).await;
    bench
        .delete_after(&rows[..10], Duration::from_mins(10))
        .await;
    // The second is not yet accepted when the stop comes.
    bench.delete(&rows[10..]).await;
    bench.order(Order::Stop).await;
    let reports = bench.until_idle().await;
    let ended = |report: &&Report| matches!(report, Report::Finished { tally, .. } if tally.cancelled == 10);
    assert_eq!(reports.iter().filter(ended).count(), 2, "{reports:#?}");
    assert_eq!(service.seen(), <[&str; 0]>::default());
    assert_eq!(bench.states(&rows).await, [State::Tracked; 20]);
}

#[tokio::test]
async fn a_stop_ends_the_pause_and_the_next_batch_is_sent() {
    let service = Scripted::start(|_, _| deleted()).await;
    let mut bench = Bench::new(&service.base_url, limits()).await;
    let rows = bench.track(ids(10)).await;
    bench.order(Order::Pause).await;
    bench.delete(&rows).await;
    bench
        .until(|report| matches!(report, Report::Accepted { .. }))
        .await;
    bench.order(Order::Stop).await;
    let reports = bench.until_idle().await;
    assert_eq!(finished(&reports).1.cancelled, 10);
    assert!(reports.contains(&Report::Unpaused), "{reports:#?}");
    assert_eq!(service.seen(), <[&str; 0]>::default());
    bench.delete(&rows).await;
    assert_eq!(finished(&bench.until_idle().await).1.deleted, 10);
}

#[tokio::test]
async fn a_stop_ends_syncs_and_refreshes_and_the_next_ones_run() {
    let rules = vec![Rule::times(
        1,
        Scope::Everything,
        Fault::Silence(When::Before),
    )];
    let service = faulty(1, 1, ruled(rules)).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    bench.order(Order::Sync { ticket: Ticket(1) }).await;
    service.wait_for_arrivals(1).await;
    bench.order(Order::Stop).await;
    let reports = bench.until_idle().await;
    assert!(
        matches!(
            &reports[..],
            [
                Report::Synced { tally, .. },
                Report::Done { ticket: Ticket(1), halt: Some(halt) },
                Report::Idle
            ] if !tally.complete && halt.cause == Cause::Stopped
        ),
        "{reports:#?}"
    );
    bench.order(Order::Sync { ticket: Ticket(2) }).await;
    let reports = bench.until_idle().await;
    assert!(reports.contains(&Report::Done {
        ticket: Ticket(2),
        halt: None
    }));
}

#[tokio::test]
async fn dropping_the_orders_stops_settles_and_ends_the_reports() {
    let latency = Duration::from_millis(50);
    let service = faulty(
        60,
        0,
        Faults {
            latency,
            ..Faults::default()
        },
    )
    .await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = bench.track(service.response_ids()).await;
    bench.delete(&rows).await;
    bench
        .until(|report| matches!(report, Report::Sending { .. }))
        .await;
    let Bench { worker, ledger, .. } = bench;
    let (orders, mut reports) = (worker.orders, worker.reports);
    drop(orders);
    let mut last = None;
    while let Some(report) = reports.recv().await {
        last = Some(report);
    }
    assert_eq!(last, Some(Report::Idle));
    let known = ledger.rows(rows).await.unwrap();
    let deleted = known.iter().filter(|r| r.state == State::Deleted).count();
    let tracked = known.iter().filter(|r| r.state == State::Tracked).count();
    assert_eq!((deleted as u64, deleted + tracked), (service.arrived(), 60));
}
