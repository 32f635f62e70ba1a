//! Looking for the beginning of a chain.

use arkdeck::domain::{Kind, Order, Report, Ticket};
use arkdeck::emulator::{Call, Fault, Rule, Scope};

use super::stub::{Scripted, answer, not_found, ok};
use super::{Bench, faulty, limits, ruled};

const TICKET: Ticket = Ticket(9);

async fn walk(bench: &mut Bench, id: &str) -> Vec<Report> {
    let (ticket, id) = (TICKET, id.parse().unwrap());
    bench.order(Order::Walk { ticket, id }).await;
    bench.until_idle().await
}

/// The ids that were walked to, each with whether it was found.
fn steps(reports: &[Report]) -> Vec<(String, bool)> {
    let step = |report: &Report| match report {
        Report::Walked { ticket, id, row } if *ticket == TICKET => {
            Some((id.to_string(), row.is_some()))
        }
        _ => None,
    };
    reports.iter().filter_map(step).collect()
}

/// A service whose responses continue one another as `previous` says; `None` has no such id.
async fn talk(previous: impl Fn(u32) -> Option<String> + Send + Sync + 'static) -> Scripted {
    Scripted::start(move |_, request| {
        let id = request.rsplit('/').next().unwrap();
        let number = id.trim_start_matches("resp_").parse().unwrap_or(0);
        match previous(number) {
            None => not_found(),
            Some(previous) => ok(&format!(
                r#"{{"id":"{id}","object":"response","model":"m","previous_response_id":"{previous}"}}"#
            )),
        }
    })
    .await
}

#[tokio::test]
async fn a_walk_goes_back_to_what_is_gone() {
    let service = talk(|n| (n > 1).then(|| format!("resp_{}", n - 1))).await;
    let mut bench = Bench::new(&service.base_url, limits()).await;
    let reports = walk(&mut bench, "resp_4").await;
    let found = |id: &str, found| (id.to_owned(), found);
    let expected = [
        found("resp_4", true),
        found("resp_3", true),
        found("resp_2", true),
        found("resp_1", false),
    ];
    assert_eq!(steps(&reports), expected);
    let ids = (1..=4).map(|n| (Some(Kind::Response), format!("resp_{n}").parse().unwrap()));
    let known = bench.ledger.find(ids.collect()).await.unwrap();
    let known: Vec<usize> = known.iter().map(Vec::len).collect();
    assert_eq!(known, [0, 1, 1, 1], "what is gone is not tracked");
    let rows = bench
        .ledger
        .find(vec![(None, "resp_3".parse().unwrap())])
        .await
        .unwrap();
    let kept = bench.ledger.rows(rows[0].clone()).await.unwrap();
    assert_eq!(kept[0].facts.model.as_deref(), Some("m"));
}

#[tokio::test]
async fn a_walk_ends_at_what_is_tracked_and_where_it_began() {
    let service = talk(|n| Some(format!("resp_{}", n - 1))).await;
    let mut bench = Bench::new(&service.base_url, limits()).await;
    bench.track(["resp_2"]).await;
    let reports = walk(&mut bench, "resp_4").await;
    assert_eq!(steps(&reports).len(), 2);
    assert_eq!(service.seen().len(), 2);
    // Round and round.
    let circle = talk(|n| Some(format!("resp_{}", 30 - n % 3 - 1))).await;
    let mut bench = Bench::new(&circle.base_url, limits()).await;
    walk(&mut bench, "resp_29").await;
    assert!(circle.seen().len() <= 3, "{:?}", circle.seen());
}

#[tokio::test]
async fn a_walk_is_no_longer_than_a_hundred_steps_and_no_further_than_ids_go() {
    let endless = talk(|n| Some(format!("resp_{}", n + 1))).await;
    let mut bench = Bench::new(&endless.base_url, limits()).await;
    let reports = walk(&mut bench, "resp_1").await;
    assert_eq!(steps(&reports).len(), 100);
    let hostile = talk(|_| Some("../files/x y".into())).await;
    let mut bench = Bench::new(&hostile.base_url, limits()).await;
    let reports = walk(&mut bench, "resp_1").await;
    assert_eq!(steps(&reports), [("resp_1".to_owned(), true)]);
    assert_eq!(hostile.seen().len(), 1);
}

#[tokio::test]
async fn a_walk_that_fails_says_why_and_tracks_nothing() {
    let rules = vec![Rule::always(
        Scope::Call(Call::GetResponse),
        Fault::Error(500),
    )];
    let service = faulty(1, 0, ruled(rules)).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let reports = walk(&mut bench, &service.response_ids()[0]).await;
    assert!(
        matches!(&reports[0], Report::NotRefreshed { ticket: TICKET, .. }),
        "{reports:#?}"
    );
    assert!(
        matches!(&reports[1], Report::Done { halt: None, .. }),
        "{reports:#?}"
    );
    // A refused key ends it for a reason of its own.
    let refusing = Scripted::start(|_, _| answer(401, "", "{}")).await;
    let mut bench = Bench::new(&refusing.base_url, limits()).await;
    let reports = walk(&mut bench, "resp_1").await;
    assert!(
        matches!(&reports[0], Report::Done { halt: Some(_), .. }),
        "{reports:#?}"
    );
    assert_eq!(
        bench
            .ledger
            .counts(jiff::Timestamp::now())
            .await
            .unwrap()
            .responses,
        0
    );
}
