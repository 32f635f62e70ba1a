//! Responses as trees.

use arkdeck::domain::{Facts, Kind, ListQuery, RowId, Sighting, Usage, Weight};
use arkdeck::store::Ledger;
use tempfile::TempDir;

use super::{at, list, sighting};

/// Tracks responses, each with what it continues.
async fn talk(ledger: &Ledger, turns: &[(&str, Option<&str>)]) -> Vec<RowId> {
    let turn = |(n, (id, previous)): (usize, &(&str, Option<&str>))| Sighting {
        facts: Facts {
            previous_response_id: previous.map(str::to_owned),
            created_at: Some(at(i64::try_from(n).unwrap())),
            usage: (n > 0).then_some(Usage {
                total: 10,
                ..Usage::default()
            }),
            ..Facts::default()
        },
        ..sighting(Kind::Response, id)
    };
    let turns = turns.iter().enumerate().map(turn).collect();
    let tracked = ledger.track(turns, at(0)).await.unwrap();
    tracked.into_iter().map(|each| each.row).collect()
}

#[tokio::test]
async fn listings_come_as_trees_of_what_they_list() {
    let dir = TempDir::new().unwrap();
    let ledger = Ledger::open(dir.path(), "test").unwrap();
    let turns = [
        ("resp_a", None),
        ("resp_b", Some("resp_a")),
        ("resp_c", Some("resp_b")),
        ("resp_x", Some("resp_lost")),
        ("resp_self", Some("resp_self")),
    ];
    let rows = talk(&ledger, &turns).await;
    // Another profile's rows, and files, are nobody's turns.
    let other = Ledger::open(dir.path(), "other").unwrap();
    talk(&other, &[("resp_lost", None), ("resp_c", Some("resp_b"))]).await;
    let responses = || ListQuery {
        kind: Some(Kind::Response),
        ..list("")
    };
    let listing = ledger.forest(responses()).await.unwrap();
    let forest = listing.forest.unwrap();
    let shape: Vec<_> = forest.nodes().iter().map(|n| (n.row, n.depth)).collect();
    let lost = RowId(-1);
    let expected = [
        (rows[4], 0),
        (lost, 0),
        (rows[3], 1),
        (rows[0], 0),
        (rows[1], 1),
        (rows[2], 1),
    ];
    assert_eq!(shape, expected);
    assert_eq!(forest.unknown(lost), Some("resp_lost"));
    assert_eq!(
        ledger.listing(responses()).await.unwrap().rows,
        listing.rows
    );
    // Of what a filter leaves, those that it took the beginning from begin by themselves.
    let query = ListQuery {
        kind: Some(Kind::Response),
        ..list("-resp_b")
    };
    let forest = ledger.forest(query).await.unwrap().forest.unwrap();
    let roots: Vec<_> = forest
        .nodes()
        .iter()
        .filter(|n| n.depth == 0)
        .map(|n| n.row)
        .collect();
    assert_eq!(roots, [rows[4], lost, rows[2], rows[0]]);
    let weights = ledger
        .weigh(vec![rows[..3].to_vec(), Vec::new()])
        .await
        .unwrap();
    let weight = |tokens, untold| Weight { tokens, untold };
    assert_eq!(weights, [weight(20, 1), weight(0, 0)]);
    let next = ledger
        .continuing("resp_b".parse().unwrap(), at(9))
        .await
        .unwrap();
    assert_eq!(
        (next.count, next.some),
        (1, vec!["resp_c".parse().unwrap()])
    );
}
