//! Figures to look at, not to assert: `cargo test --release -- --ignored --nocapture speed`.

use std::time::Instant;

use arkdeck::domain::{
    Expiry, Facts, Kind, ListQuery, Outcome, ResourceId, Sighting, Sort, SortKey, Source,
};
use futures_util::StreamExt as _;

use super::{at, list, open, settlement};

const ROWS: i64 = 100_000;

/// Spread over time as ids that were collected late are.
fn id_of(n: i64) -> String {
    let ms = 1_795_227_300_000 + n * 7_919 % ROWS * 1_000;
    format!("resp_02{ms}{n:038x}")
}

fn response(n: i64) -> Sighting {
    Sighting {
        kind: Kind::Response,
        id: ResourceId::new(&id_of(n)).unwrap(),
        source: Source::Import,
        tags: vec!["nightly".into()],
        facts: Facts {
            model: Some("doubao-seed-2-0-lite-260215".into()),
            status: Some("completed".into()),
            expires_at: Some(Expiry::At(at(n))),
            // Talks of five turns.
            previous_response_id: (n % 5 > 0).then(|| id_of(n - 1)),
            ..Facts::default()
        },
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures"]
async fn one_hundred_thousand_rows() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let timed = |what: &str, since: Instant| println!("{what:<44}{:>10.1?}", since.elapsed());

    let start = Instant::now();
    let tracked = ledger
        .track((0..ROWS).map(response).collect(), at(0))
        .await
        .unwrap();
    timed("track 100,000", start);
    let start = Instant::now();
    ledger
        .track((0..ROWS).map(response).collect(), at(0))
        .await
        .unwrap();
    timed("track them again", start);

    for text in [
        "",
        "f00d",
        "-nightly",
        "model:seed 7a",
        "tag:nightly",
        "status:completed",
        "age>3d expires>1h",
        "state:failed",
    ] {
        let asked = ListQuery {
            kind: Some(Kind::Response),
            now: at(-9),
            ..list(text)
        };
        ledger.listing(asked.clone()).await.unwrap();
        let start = Instant::now();
        let rows = ledger.listing(asked).await.unwrap().rows.len();
        timed(&format!("listing {text:?}: {rows}"), start);
    }
    for key in SortKey::ALL {
        let sort = Sort {
            key,
            reversed: false,
        };
        let asked = ListQuery {
            kind: Some(Kind::Response),
            sort,
            now: at(-9),
            ..list("")
        };
        let start = Instant::now();
        ledger.listing(asked).await.unwrap();
        timed(&format!("listing by {key:?}"), start);
    }
    let asked = || ListQuery {
        kind: Some(Kind::Response),
        now: at(-9),
        ..list("")
    };
    let start = Instant::now();
    let forest = ledger.forest(asked()).await.unwrap().forest.unwrap();
    timed("listing as trees", start);
    let chains = forest.nodes().iter().filter(|node| node.depth == 0);
    println!("{} chains", chains.count());
    let rows: Vec<_> = tracked.iter().map(|each| each.row).collect();
    let start = Instant::now();
    ledger.rows(rows[50_000..50_100].to_vec()).await.unwrap();
    timed("a window of 100 rows", start);
    let start = Instant::now();
    ledger.counts(at(0)).await.unwrap();
    timed("counts", start);
    let start = Instant::now();
    ledger.review(rows.clone(), at(0)).await.unwrap();
    timed("review of all", start);

    let start = Instant::now();
    let (batch, _) = ledger.enqueue(rows, at(0)).await.unwrap().unwrap();
    timed("enqueue 100,000", start);
    let start = Instant::now();
    let mut settled = 0_u32;
    while settled < 20_000 {
        let claims = ledger.intend(batch, 256, at(1)).await.unwrap();
        let settle = claims
            .iter()
            .map(|claim| ledger.settle(batch, settlement(claim, Outcome::Deleted), at(2)));
        let mut settle = futures_util::stream::iter(settle).buffer_unordered(128);
        while let Some(state) = settle.next().await {
            state.unwrap();
            settled += 1;
        }
    }
    let rate = f64::from(settled) / start.elapsed().as_secs_f64();
    println!("intend and settle: {rate:.0}/s");
    let start = Instant::now();
    ledger.release(batch, at(3)).await.unwrap();
    timed("release 80,000", start);
}
