//! Refreshing rows, and settling what is in doubt.

use arkdeck::domain::{Cause, Kind, Order, Outcome, Report, RowId, State, Ticket};
use arkdeck::emulator::{Call, Fault, Faults, Rule, Scope, When};
use jiff::Timestamp;

use super::stub::{Scripted, answer, deleted, not_found, ok};
use super::{Bench, faulty, finished, halt, limits, one, settled};

async fn refresh(bench: &mut Bench, rows: &[RowId]) -> Vec<Report> {
    let (ticket, rows) = (Ticket(3), rows.to_vec());
    bench.order(Order::Refresh { ticket, rows }).await;
    bench.until_idle().await
}

#[tokio::test]
async fn refreshing_fills_in_what_the_service_says() {
    let service = faulty(20, 5, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = bench
        .track([service.response_ids(), service.file_ids()].concat())
        .await;
    let reports = refresh(&mut bench, &rows).await;
    let count = reports
        .iter()
        .filter(|r| matches!(r, Report::Refreshed { .. }))
        .count();
    assert_eq!(count, 25);
    assert_eq!(
        reports[25..],
        [
            Report::Done {
                ticket: Ticket(3),
                halt: None
            },
            Report::Idle
        ]
    );
    for resource in bench.ledger.rows(rows).await.unwrap() {
        assert_eq!(resource.state, State::Tracked);
        assert!(!resource.created_approx && resource.facts.status.is_some());
        match resource.kind {
            Kind::Response => assert!(resource.facts.model.is_some()),
            Kind::File => assert!(resource.facts.name.is_some() && resource.facts.bytes.is_some()),
        }
    }
    assert!(service.peak_in_flight() <= 4);
}

#[tokio::test]
async fn a_refresh_believes_only_the_service_own_not_found() {
    let service = faulty(1, 0, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let row = bench.track(["file-20261121101500-k3v9q"]).await;
    let reports = refresh(&mut bench, &row).await;
    assert!(
        matches!(
            &reports[0],
            Report::Refreshed {
                state: State::Gone,
                ..
            }
        ),
        "{reports:#?}"
    );
    assert_eq!(bench.states(&row).await, [State::Gone]);

    let proxy = Scripted::start(|_, _| answer(404, "", "<html>")).await;
    let mut bench = Bench::new(&proxy.base_url, limits()).await;
    let rows = bench.track(["resp_1", "resp_2"]).await;
    let reports = refresh(&mut bench, &rows).await;
    assert!(
        matches!(&reports[0], Report::NotRefreshed { .. }),
        "{reports:#?}"
    );
    let done = reports.iter().find_map(|report| match report {
        Report::Done { halt, .. } => halt.as_ref(),
        _ => None,
    });
    assert_eq!(done.unwrap().cause, Cause::WrongAddress);
    assert_eq!(bench.states(&rows).await, [State::Tracked; 2]);
}

#[tokio::test]
async fn a_refresh_tries_again_and_goes_on_past_what_fails() {
    let service = faulty(3, 0, Faults::default()).await;
    let ids = service.response_ids();
    let rules = vec![
        Rule::times(1, Scope::Id(ids[0].clone()), Fault::Error(500)),
        Rule::always(Scope::Id(ids[1].clone()), Fault::Error(500)),
    ];
    service.set_faults(Faults {
        rules,
        ..Faults::default()
    });
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = bench.track(&ids).await;
    let reports = refresh(&mut bench, &rows).await;
    let failed: Vec<_> = reports
        .iter()
        .filter_map(|report| match report {
            Report::NotRefreshed { id, answer, .. } => {
                Some((id.as_str(), answer.cause, answer.attempts))
            }
            _ => None,
        })
        .collect();
    assert_eq!(failed, [(ids[1].as_str(), Some(Cause::Exhausted), 2)]);
    assert!(reports.contains(&Report::Done {
        ticket: Ticket(3),
        halt: None
    }));
}

/// A bench with these responses, all in doubt.
async fn in_doubt(base_url: &str, ids: &[String]) -> (Bench, Vec<RowId>) {
    let bench = Bench::new(base_url, limits()).await;
    let rows = bench.track(ids).await;
    let now = Timestamp::now();
    let (batch, _) = bench
        .ledger
        .enqueue(rows.clone(), now)
        .await
        .unwrap()
        .unwrap();
    for claim in bench.ledger.intend(batch, 99, now).await.unwrap() {
        let settlement = arkdeck::domain::Settlement {
            row: claim.row,
            kind: claim.kind,
            id: claim.id,
            outcome: Outcome::Unsettled,
            answer: arkdeck::domain::Answer::default(),
        };
        bench.ledger.settle(batch, settlement, now).await.unwrap();
    }
    (bench, rows)
}

async fn settle(bench: &mut Bench) -> Vec<Report> {
    let ticket = Ticket(5);
    bench.order(Order::Settle { ticket }).await;
    bench.until_idle().await
}

#[tokio::test]
async fn settling_asks_first_and_deletes_what_is_still_there() {
    let service = faulty(2, 0, Faults::default()).await;
    let mut ids = service.response_ids();
    ids.push("resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3".into());
    let (mut bench, rows) = in_doubt(&service.base_url(), &ids).await;
    let reports = settle(&mut bench).await;
    assert_eq!(settled(&reports).len(), 3);
    assert_eq!(
        bench.states(&rows).await,
        [State::Deleted, State::Deleted, State::Gone]
    );
    assert!(finished(&reports).1.is_success());
    assert!(reports.contains(&Report::Done {
        ticket: Ticket(5),
        halt: None
    }));
    assert_eq!(
        service.deletes(&ids[2]),
        0,
        "what is not there is not deleted again"
    );
    assert_eq!(service.response_ids().len(), 0);
}

#[tokio::test]
async fn nothing_in_doubt_is_nothing_to_do() {
    let service = faulty(1, 0, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let done = Report::Done {
        ticket: Ticket(5),
        halt: None,
    };
    assert_eq!(settle(&mut bench).await, [done, Report::Idle]);
}

#[tokio::test]
async fn what_cannot_be_found_out_stays_in_doubt_with_the_reason() {
    let rules = vec![Rule::always(
        Scope::Call(Call::GetResponse),
        Fault::Error(500),
    )];
    let service = faulty(
        1,
        0,
        Faults {
            rules,
            ..Faults::default()
        },
    )
    .await;
    let ids = service.response_ids();
    let (mut bench, rows) = in_doubt(&service.base_url(), &ids).await;
    let reports = settle(&mut bench).await;
    let (outcome, answer) = one(&reports);
    assert_eq!(
        (outcome, answer.cause),
        (Outcome::Unsettled, Some(Cause::Exhausted))
    );
    assert_eq!(
        (bench.states(&rows).await, service.deletes(&ids[0])),
        (vec![State::Unsettled], 0)
    );

    // The deletion that follows may go wrong like any other.
    let rules = vec![Rule::always(Scope::Deletes, Fault::Drop(When::Before))];
    service.set_faults(Faults {
        rules,
        ..Faults::default()
    });
    assert_eq!(one(&settle(&mut bench).await).0, Outcome::Unsettled);
    service.set_faults(Faults::default());
    assert_eq!(one(&settle(&mut bench).await).0, Outcome::Deleted);
}

#[tokio::test]
async fn a_wrong_address_settles_nothing() {
    let proxy = Scripted::start(|_, _| answer(404, "", "")).await;
    let ids: Vec<_> = (0..20).map(|n| format!("resp_{n}")).collect();
    let (mut bench, rows) = in_doubt(&proxy.base_url, &ids).await;
    let reports = settle(&mut bench).await;
    assert_eq!(halt(&reports).unwrap().cause, Cause::WrongAddress);
    assert_eq!(bench.states(&rows).await, [State::Unsettled; 20]);
    assert!(proxy.seen().len() <= 4);
    assert!(matches!(
        &reports[reports.len() - 2],
        Report::Done { halt: Some(_), .. }
    ));
}

#[tokio::test]
async fn another_answer_than_the_id_s_own_settles_nothing() {
    for body in [
        r#"{"id":"resp_other","object":"response"}"#,
        "<html>login</html>",
    ] {
        let service = Scripted::start(move |_, request| {
            if request.starts_with("DELETE") {
                deleted()
            } else {
                ok(body)
            }
        })
        .await;
        let (mut bench, rows) = in_doubt(&service.base_url, &["resp_1".into()]).await;
        settle(&mut bench).await;
        assert_eq!(bench.states(&rows).await, [State::Unsettled], "{body}");
        assert!(service.seen().iter().all(|seen| seen.starts_with("GET")));
    }
    let service = Scripted::start(|_, _| not_found()).await;
    let (mut bench, rows) = in_doubt(&service.base_url, &["resp_1".into()]).await;
    settle(&mut bench).await;
    assert_eq!(bench.states(&rows).await, [State::Gone]);
}
