//! Answers that are no answers: trying again, and what is said in the end.

use std::time::{Duration, Instant};

use arkdeck::domain::{Cause, Outcome, Report, State};
use arkdeck::emulator::{Fault, Faults, RetryAfter, Rule, Scope, When};
use arkdeck::worker::{self, Limits};
use jiff::Timestamp;
use tokio::net::TcpListener;

use super::stub::{Scripted, answer, deleted};
use super::{Bench, client, faulty, finished, halt, limits, one, ruled, settled};

/// One response on a service with this rule for deletions; its reports, and how many DELETEs came.
async fn meet(fault: Fault, times: Option<u32>) -> (Vec<Report>, u32, Bench) {
    let scope = Scope::Deletes;
    let rules = vec![Rule {
        scope,
        fault,
        times,
    }];
    let service = faulty(1, 0, ruled(rules)).await;
    let ids = service.response_ids();
    let (mut bench, _) = Bench::deleting(&service.base_url(), limits(), &ids).await;
    let reports = bench.until_idle().await;
    let deletes = service.deletes(&ids[0]);
    (reports, deletes, bench)
}

#[tokio::test]
async fn errors_of_the_service_are_tried_again() {
    for status in [408, 429, 500, 502, 503, 504] {
        let (reports, deletes, _) = meet(Fault::Error(status), Some(1)).await;
        let (outcome, answer) = one(&reports);
        assert_eq!(
            (outcome, answer.attempts, deletes),
            (Outcome::Deleted, 2, 2),
            "{status}"
        );
        let waited = reports.iter().any(|report| {
            matches!(report, Report::Waiting { attempt: 1, answer, .. }
                if answer.status == Some(status))
        });
        let again = reports
            .iter()
            .any(|r| matches!(r, Report::Sending { attempt: 2, .. }));
        assert!(waited && again, "{status}");
    }
}

#[tokio::test]
async fn what_waits_for_another_try_keeps_no_other_from_its_own() {
    let service = Scripted::start(|number, _| match number {
        0..5 => answer(500, "", ""),
        _ => deleted(),
    })
    .await;
    let limits = Limits {
        concurrency: 1,
        ..limits()
    };
    let ids = (0..5).map(|n| format!("resp_{n}"));
    let (mut bench, _) = Bench::deleting(&service.base_url, limits, ids).await;
    let (_, tally, _) = finished(&bench.until_idle().await);
    assert_eq!((tally.deleted, tally.total()), (5, 5));
    let seen = service.seen();
    let firsts: std::collections::HashSet<_> = seen[..5].iter().collect();
    // That all five wait for less than the next takes does not happen.
    assert!(firsts.len() > 1, "{seen:?}");
}

/// More than one thread sends them then.
#[tokio::test]
async fn many_at_once_are_all_told_once_and_in_doubt_only_if_never_answered() {
    let faults = Faults {
        jitter: Duration::from_millis(4),
        fail_percent: 20,
        ..Faults::default()
    };
    let service = faulty(600, 600, faults).await;
    let limits = Limits {
        concurrency: 96,
        attempts: 20,
        ..limits()
    };
    let ids = [service.response_ids(), service.file_ids()].concat();
    let (mut bench, rows) = Bench::deleting(&service.base_url(), limits, &ids).await;
    let reports = bench.until_idle().await;
    let mut told: Vec<_> = settled(&reports).iter().map(|s| s.row).collect();
    told.sort_unstable();
    assert!(told.iter().eq(&rows), "each once");
    let (_, tally, returned) = finished(&reports);
    assert_eq!((tally.total(), returned.len()), (1_200, 0));
    assert_eq!((tally.failed, tally.refused, tally.cancelled), (0, 0, 0));
    let left = service.response_ids().len() + service.file_ids().len();
    assert!(left as u64 <= tally.unsettled, "{left} left: {tally:?}");
    // Seen from the other side: what was answered is not sent again.
    let states = bench.states(&rows).await;
    let settled = states
        .iter()
        .filter(|s| matches!(s, State::Deleted | State::Gone));
    assert_eq!(settled.count() as u64, tally.deleted + tally.gone);
}

#[tokio::test]
async fn when_tries_are_used_up_the_item_failed_and_says_why() {
    let (reports, deletes, bench) = meet(Fault::Error(503), None).await;
    let (outcome, answer) = one(&reports);
    assert_eq!((outcome, answer.attempts, deletes), (Outcome::Failed, 2, 2));
    assert_eq!(
        (answer.status, answer.cause),
        (Some(503), Some(Cause::Exhausted))
    );
    assert_eq!(halt(&reports), None, "the next item may fare better");
    let row = finished(&reports).1;
    assert_eq!(row.failed, 1);
    let listed = bench.raw();
    let (cause, attempts): (String, i64) = listed
        .query_row(
            "SELECT cause, attempts FROM journal WHERE outcome = 'failed'",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((cause.as_str(), attempts), ("exhausted", 2));
}

#[tokio::test]
async fn a_deletion_that_went_through_unheard_is_gone_at_the_second_try() {
    let (reports, deletes, _) = meet(Fault::Drop(When::After), Some(1)).await;
    let (outcome, answer) = one(&reports);
    assert_eq!((outcome, answer.attempts, deletes), (Outcome::Gone, 2, 2));
}

#[tokio::test]
async fn what_may_have_been_sent_and_is_never_answered_is_in_doubt() {
    let (reports, deletes, bench) = meet(Fault::Drop(When::After), None).await;
    let (outcome, answer) = one(&reports);
    assert_eq!(
        (outcome, answer.cause),
        (Outcome::Unsettled, Some(Cause::Disconnected))
    );
    assert_eq!((answer.attempts, deletes), (2, 2));
    let doubt = bench.ledger.unsettled().await.unwrap();
    assert_eq!(
        doubt[0].answer.as_ref().unwrap().cause,
        Some(Cause::Disconnected)
    );
}

#[tokio::test]
async fn an_error_after_an_unheard_try_leaves_the_doubt() {
    let scope = || Scope::Deletes;
    let rules = vec![
        Rule::times(1, scope(), Fault::Drop(When::Before)),
        Rule::times(1, scope(), Fault::Error(500)),
    ];
    let service = faulty(1, 0, ruled(rules)).await;
    let (mut bench, _) =
        Bench::deleting(&service.base_url(), limits(), service.response_ids()).await;
    let reports = bench.until_idle().await;
    assert_eq!(one(&reports).0, Outcome::Unsettled);
}

#[tokio::test]
async fn a_doubt_of_an_earlier_batch_outlives_a_failure_of_the_next() {
    let (_, _, mut bench) = meet(Fault::Drop(When::After), None).await;
    let rows = [bench.ledger.unsettled().await.unwrap()[0].row];
    let refusing = faulty(
        0,
        0,
        ruled(vec![Rule::always(Scope::Deletes, Fault::Error(500))]),
    )
    .await;
    bench.worker = worker::start(
        bench.ledger.clone(),
        Ok(client(&refusing.base_url(), "key")),
        limits(),
    )
    .await;
    bench.delete(&rows).await;
    assert_eq!(one(&bench.until_idle().await).0, Outcome::Unsettled);
    assert_eq!(bench.states(&rows).await, [State::Unsettled]);
}

#[tokio::test]
async fn silence_ends_in_about_two_timeouts_and_in_doubt() {
    let start = Instant::now();
    let (reports, deletes, bench) = meet(Fault::Silence(When::Before), None).await;
    let (outcome, answer) = one(&reports);
    assert_eq!(
        (outcome, answer.cause),
        (Outcome::Unsettled, Some(Cause::Timeout))
    );
    assert_eq!(deletes, 2);
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(bench.ledger.unsettled().await.unwrap().len(), 1);
}

#[tokio::test]
async fn silence_is_tried_twice_however_many_tries_there_are() {
    let rules = vec![Rule::always(Scope::Deletes, Fault::Silence(When::Before))];
    let service = faulty(1, 0, ruled(rules)).await;
    let ids = service.response_ids();
    let (mut bench, _) = Bench::deleting(
        &service.base_url(),
        Limits {
            attempts: 9,
            ..limits()
        },
        &ids,
    )
    .await;
    assert_eq!(one(&bench.until_idle().await).0, Outcome::Unsettled);
    assert_eq!(service.deletes(&ids[0]), 2);
}

#[tokio::test]
async fn where_nobody_listens_the_item_failed_and_the_rest_is_spared() {
    // A port that was free a moment ago.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/api/v3", listener.local_addr().unwrap());
    drop(listener);
    let (mut bench, rows) = Bench::deleting(
        &base_url,
        Limits {
            concurrency: 1,
            ..limits()
        },
        (0..30).map(|n| format!("resp_{n}")),
    )
    .await;
    let reports = bench.until_idle().await;
    let (outcome, answer) = one(&reports);
    assert_eq!((outcome, answer.attempts), (Outcome::Failed, 0));
    assert_eq!(answer.cause, Some(Cause::Unreachable));
    assert_eq!(halt(&reports).unwrap().cause, Cause::Unreachable);
    let (_, tally, returned) = finished(&reports);
    assert_eq!((tally.failed, tally.cancelled, returned.len()), (1, 29, 29));
    let states = bench.states(&rows).await;
    assert_eq!(
        states
            .iter()
            .filter(|state| **state == State::Tracked)
            .count(),
        29
    );
}

#[tokio::test]
async fn retry_after_is_obeyed_as_seconds_and_as_a_date() {
    let a_second = Duration::from_secs(1);
    // A date has whole seconds: this one is between one and two seconds away.
    for retry_after in [RetryAfter::Seconds(1), RetryAfter::Date(2 * a_second)] {
        let start = Instant::now();
        let asked = Timestamp::now();
        let fault = Fault::Limited(retry_after.clone());
        let (reports, _, _) = meet(fault, Some(1)).await;
        assert_eq!(one(&reports).0, Outcome::Deleted);
        assert!(
            start.elapsed() >= a_second,
            "{retry_after:?}: {:?}",
            start.elapsed()
        );
        let told = reports.iter().find_map(|report| match report {
            Report::Waiting { until, .. } => Some(until.duration_since(asked)),
            _ => None,
        });
        let told = told.unwrap().as_secs_f64();
        assert!((1.0..3.5).contains(&told), "{retry_after:?}: told {told}");
    }
}

#[tokio::test]
async fn a_refusal_for_being_too_many_quiets_the_others_too() {
    let start = Instant::now();
    let service = Scripted::start(move |number, _| {
        if number == 0 {
            answer(
                429,
                "Retry-After: 1\r\n",
                r#"{"error":{"code":"RateLimitExceeded.X","message":"slow"}}"#,
            )
        } else if start.elapsed() < Duration::from_secs(1) {
            answer(
                429,
                "Retry-After: 60\r\n",
                r#"{"error":{"code":"RateLimitExceeded.X","message":"too soon"}}"#,
            )
        } else {
            deleted()
        }
    })
    .await;
    let (mut bench, _) = Bench::deleting(
        &service.base_url,
        Limits {
            concurrency: 1,
            ..limits()
        },
        (0..8).map(|n| format!("resp_{n}")),
    )
    .await;
    let reports = bench.until_idle().await;
    assert_eq!(finished(&reports).1.deleted, 8);
    assert_eq!(service.seen().len(), 9, "one refusal for all");
}

#[tokio::test]
async fn through_a_storm_every_item_comes_to_an_end_that_is_true() {
    let faults = Faults {
        fail_percent: 30,
        ..Faults::default()
    };
    let service = faulty(150, 50, faults).await;
    let (mut bench, rows) = Bench::deleting(
        &service.base_url(),
        Limits {
            concurrency: 16,
            attempts: 3,
            ..limits()
        },
        [service.response_ids(), service.file_ids()].concat(),
    )
    .await;
    let reports = bench.until_idle().await;
    let (_, tally, _) = finished(&reports);
    assert_eq!(tally.total(), 200);
    let left = [service.response_ids(), service.file_ids()].concat();
    for resource in bench.ledger.rows(rows).await.unwrap() {
        let is_left = left.iter().any(|id| id == resource.id.as_str());
        match resource.state {
            State::Deleted | State::Gone => assert!(!is_left, "{resource:#?}"),
            State::Failed => assert!(is_left, "{resource:#?}"),
            State::Unsettled => {}
            state => panic!("{state:?} is no end"),
        }
    }
}
