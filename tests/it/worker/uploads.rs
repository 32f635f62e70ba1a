//! Uploads: headway, silence, nobody there, and what the ledger knows when it is told.

use std::fs::File;
use std::path::PathBuf;

use arkdeck::domain::{Cause, Life, NotUploaded, Upload};
use arkdeck::emulator::{Call, Fault, Scope, When};

use super::*;

fn upload(bench: &Bench, name: &str, bytes: u64) -> Upload {
    let path = bench.dir.path().join(name);
    File::create(&path).unwrap().set_len(bytes).unwrap();
    of(path)
}

fn of(path: PathBuf) -> Upload {
    Upload {
        path,
        purpose: "user_data".into(),
        life: Life::Default,
        tags: Vec::new(),
    }
}

async fn uploaded(bench: &mut Bench, files: Vec<Upload>) -> Vec<Report> {
    let ticket = Ticket(7);
    bench.order(Order::Upload { ticket, files }).await;
    bench.until_idle().await
}

fn why(reports: &[Report]) -> &NotUploaded {
    let why = reports.iter().find_map(|report| match report {
        Report::NotUploaded { why, .. } => Some(why),
        _ => None,
    });
    why.expect("it is not uploaded")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_in_the_ledger_when_it_is_told() {
    let service = faulty(0, 0, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let files = vec![
        upload(&bench, "a.bin", 40_000_000),
        upload(&bench, "b.bin", 1),
    ];
    let ticket = Ticket(7);
    bench.order(Order::Upload { ticket, files }).await;
    let is_told = |report: &Report| matches!(report, Report::Uploaded { .. });
    let reports = bench.until(is_told).await;
    let Some(Report::Uploaded {
        at: 0,
        id,
        row: Some(row),
        ..
    }) = reports.last()
    else {
        panic!("{reports:#?}");
    };
    let known = bench.ledger.rows(vec![*row]).await.unwrap();
    assert_eq!((&known[0].id, known[0].facts.bytes), (id, Some(40_000_000)));
    let mut sent = reports.iter().filter_map(|report| match report {
        Report::Uploading {
            sent,
            bytes: 40_000_000,
            ..
        } => Some(*sent),
        _ => None,
    });
    assert!(sent.next().is_some() && sent.is_sorted(), "{reports:#?}");
    bench.until(is_told).await;
    assert_eq!(bench.until_idle().await.len(), 2);
    assert_eq!(service.file_ids().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_no_answer_and_half_a_file_is_none() {
    let scope = Scope::Call(Call::UploadFile);
    let silence = Rule::always(scope, Fault::Silence(When::Before));
    let service = faulty(0, 0, ruled(vec![silence])).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let files = vec![upload(&bench, "small.bin", 10)];
    let reports = uploaded(&mut bench, files).await;
    assert!(
        matches!(why(&reports), NotUploaded::InDoubt(a) if a.cause == Some(Cause::Timeout) && a.attempts == 1),
        "{reports:#?}"
    );
    let files = vec![upload(&bench, "large.bin", 300 << 20)];
    let reports = uploaded(&mut bench, files).await;
    assert!(matches!(why(&reports), NotUploaded::Failed(a) if a.cause == Some(Cause::Timeout)));
    assert_eq!(service.arrived(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_listens_it_is_tried_again_and_then_the_rest_is_not() {
    let mut bench = Bench::new("http://127.0.0.1:1/api/v3", limits()).await;
    let files = vec![upload(&bench, "a.bin", 10), upload(&bench, "b.bin", 10)];
    let reports = uploaded(&mut bench, files).await;
    assert!(
        matches!(why(&reports), NotUploaded::Failed(a) if a.cause == Some(Cause::Unreachable) && a.attempts == 0),
        "{reports:#?}"
    );
    let waits = |report: &&Report| {
        matches!(
            report,
            Report::Uploading {
                waiting: Some(_),
                ..
            }
        )
    };
    assert_eq!(reports.iter().filter(waits).count(), 1, "two tries");
    let ended = |report: &&Report| matches!(report, Report::NotUploaded { .. });
    assert_eq!(
        reports.iter().filter(ended).count(),
        1,
        "the second is not begun"
    );
    assert!(
        reports
            .iter()
            .any(|report| matches!(report, Report::Done { halt: Some(_), .. }))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_stops_the_order_and_the_next_is_heard() {
    let scope = Scope::Call(Call::UploadFile);
    let refusal = Rule::times(1, scope, Fault::Error(401));
    let service = faulty(0, 0, ruled(vec![refusal])).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let names = ["a.bin", "b.bin", "c.bin"];
    let files = names.map(|name| upload(&bench, name, 10)).to_vec();
    let reports = uploaded(&mut bench, files.clone()).await;
    let [
        ..,
        Report::NotUploaded { at: 0, why, .. },
        Report::Done {
            halt: Some(halt), ..
        },
        Report::Idle,
    ] = &reports[..]
    else {
        panic!("{reports:#?}");
    };
    assert!(
        matches!(why, NotUploaded::Failed(answer) if answer.status == Some(401)),
        "{why:?}"
    );
    assert_eq!(halt.cause, Cause::KeyRefused);
    let is_about_another = |report: &Report| {
        matches!(
            report,
            Report::Uploading { at: 1.., .. } | Report::Uploaded { .. }
        )
    };
    assert!(!reports.iter().any(is_about_another), "{reports:#?}");
    assert_eq!(service.arrived(), 1);
    // Another key may be in force by then; what was not begun can be.
    let reports = uploaded(&mut bench, files).await;
    let kept = |report: &&Report| matches!(report, Report::Uploaded { .. });
    assert_eq!(reports.iter().filter(kept).count(), 3, "{reports:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_file_by_then_is_told_and_the_next_goes_on() {
    let service = faulty(0, 0, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let folder = of(bench.dir.path().to_owned());
    let absent = of(bench.dir.path().join("absent"));
    let large = upload(&bench, "large.bin", (512 << 20) + 1);
    let good = upload(&bench, "good.bin", 3);
    let reports = uploaded(&mut bench, vec![folder, absent, large, good]).await;
    let reasons: Vec<_> = reports
        .iter()
        .filter_map(|report| match report {
            Report::NotUploaded { at, why, .. } => Some((*at, why.clone())),
            _ => None,
        })
        .collect();
    assert!(
        matches!(
            &reasons[..],
            [
                (0, NotUploaded::NoFile),
                (1, NotUploaded::Unreadable(_)),
                (2, NotUploaded::TooLarge(536_870_913)),
            ]
        ),
        "{reasons:?}"
    );
    assert_eq!((service.arrived(), service.file_ids().len()), (1, 1));
}
