//! Opening one resource to look at it.

use arkdeck::domain::{Content, Facts, Kind, Order, Refusal, Report, RowId, State, Ticket};
use arkdeck::emulator::{Call, Fault, Faults, Rule, Scope, When};
use arkdeck::store::Ledger;
use arkdeck::worker::{self, Limits};

use super::{Bench, client, faulty, limits, ruled, sighting};

const TICKET: Ticket = Ticket(5);

async fn open(bench: &mut Bench, row: RowId) -> Vec<Report> {
    let ticket = TICKET;
    bench.order(Order::Open { ticket, row }).await;
    bench.until_idle().await
}

fn shown(reports: &[Report]) -> (&Facts, &Content) {
    let shown = reports.iter().find_map(|report| match report {
        Report::Opened { facts, content, .. } => Some((&**facts, &**content)),
        _ => None,
    });
    shown.expect("it is opened")
}

#[tokio::test]
async fn a_response_is_shown_with_its_input_and_only_its_facts_are_kept() {
    let service = faulty(40, 6, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = bench.track(service.response_ids()).await;
    // The last one is complete.
    let row = rows[0];
    let reports = open(&mut bench, row).await;
    let (facts, content) = shown(&reports);
    assert!(facts.model.is_some());
    assert!(content.json.text().contains("\"object\": \"response\""));
    let input = reports.iter().find_map(|report| match report {
        Report::InputOpened { ticket, input } if *ticket == TICKET => input.as_ref().ok(),
        _ => None,
    });
    let input = input.expect("it was made from something");
    assert!(input.json.text().contains("\"type\": \"input_text\""));
    let kept = bench.ledger.rows(vec![row]).await.unwrap();
    assert_eq!(kept[0].facts.model, facts.model);
    // Nothing of what was said is on disk.
    let said = input.text.text().lines().last().unwrap().to_owned();
    assert!(said.len() > 3, "{said}");
    for name in ["ledger.db", "ledger.db-wal"] {
        let bytes = std::fs::read(bench.dir.path().join(name)).unwrap_or_default();
        let found = bytes
            .windows(said.len())
            .any(|part| part == said.as_bytes());
        assert!(!found, "{said} is in {name}");
    }
}

#[tokio::test]
async fn what_is_gone_is_said_to_be_and_noted() {
    let service = faulty(1, 0, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let row = bench.track(["file-20261121101500-k3v9q"]).await[0];
    let reports = open(&mut bench, row).await;
    let is_gone = |report: &Report| matches!(report, Report::NotOpened { is_gone: true, .. });
    assert!(reports.iter().any(is_gone), "{reports:#?}");
    assert_eq!(bench.states(&[row]).await, [State::Gone]);
}

#[tokio::test]
async fn a_failure_says_what_failed() {
    let rules = vec![Rule::always(Scope::Call(Call::GetFile), Fault::Error(500))];
    let service = faulty(0, 1, ruled(rules)).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let row = bench.track(service.file_ids()).await[0];
    let reports = open(&mut bench, row).await;
    let [
        Report::NotOpened {
            answer,
            is_gone: false,
            ..
        },
        Report::Idle,
    ] = &reports[..]
    else {
        panic!("{reports:#?}");
    };
    assert_eq!((answer.status, answer.attempts), (Some(500), 2));
    assert_eq!(bench.states(&[row]).await, [State::Tracked]);
}

#[tokio::test]
async fn input_that_cannot_be_had_does_not_hide_the_rest() {
    let rules = vec![Rule::always(
        Scope::Call(Call::InputItems),
        Fault::Drop(When::Before),
    )];
    let service = faulty(1, 0, ruled(rules)).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let row = bench.track(service.response_ids()).await[0];
    let reports = open(&mut bench, row).await;
    shown(&reports);
    let is_told = |report: &Report| matches!(report, Report::InputOpened { input: Err(_), .. });
    assert!(reports.iter().any(is_told), "{reports:#?}");
}

#[tokio::test]
async fn read_only_looks_and_writes_nothing() {
    let service = faulty(0, 1, Faults::default()).await;
    let dir = tempfile::tempdir().unwrap();
    let id = service.file_ids().remove(0);
    {
        let ledger = Ledger::open(dir.path(), "test").unwrap();
        let now = jiff::Timestamp::now();
        ledger.track(vec![sighting(&id)], now).await.unwrap();
    }
    let ledger = Ledger::open_read_only(dir.path(), "test").unwrap();
    let found = ledger.find(vec![(Some(Kind::File), id.parse().unwrap())]);
    let row = found.await.unwrap()[0][0];
    let service = Ok(client(&service.base_url(), "key"));
    let worker = worker::start(ledger.clone(), service, Limits::default()).await;
    let mut bench = Bench {
        dir,
        ledger,
        worker,
    };
    assert_eq!(bench.worker.refusal, Some(Refusal::ReadOnly));
    let reports = open(&mut bench, row).await;
    assert!(shown(&reports).0.name.is_some());
    assert_eq!(reports.len(), 2, "{reports:#?}");
    let kept = bench.ledger.rows(vec![row]).await.unwrap();
    assert_eq!(kept[0].facts.name, None);
}

#[tokio::test]
async fn without_a_key_the_reason_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path(), "test").unwrap();
    let worker = worker::start(ledger.clone(), Err(Refusal::NoKey), Limits::default()).await;
    let mut bench = Bench {
        dir,
        ledger,
        worker,
    };
    let row = bench.track(["resp_1"]).await[0];
    let reports = open(&mut bench, row).await;
    let refusal = Refusal::NoKey;
    assert_eq!(
        reports[0],
        Report::Rejected {
            ticket: TICKET,
            refusal
        }
    );
}

#[tokio::test]
async fn opening_another_lets_go_of_the_one_before() {
    let service = faulty(
        2,
        0,
        ruled(vec![Rule::always(
            Scope::Everything,
            Fault::Silence(When::Before),
        )]),
    )
    .await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = bench.track(service.response_ids()).await;
    let (ticket, row) = (Ticket(1), rows[0]);
    bench.order(Order::Open { ticket, row }).await;
    let (ticket, row) = (Ticket(2), rows[1]);
    bench.order(Order::Open { ticket, row }).await;
    let reports = bench
        .until(|report| {
            matches!(
                report,
                Report::NotOpened {
                    ticket: Ticket(1),
                    ..
                }
            )
        })
        .await;
    let second = |report: &Report| {
        matches!(
            report,
            Report::NotOpened {
                ticket: Ticket(2),
                ..
            }
        )
    };
    assert!(!reports.iter().any(second));
    bench.until(second).await;
}
