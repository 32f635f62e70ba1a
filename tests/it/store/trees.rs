//! Responses as trees.

use arkdeck::domain::{Facts, Kind, Link, ListQuery, RowId, Sighting, Turns, Usage, Weight};
use arkdeck::store::Ledger;
use tempfile::TempDir;

use super::{at, list, open, sighting};

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
    let hidden = forest.nodes().iter().filter_map(|node| node.hidden);
    assert_eq!(hidden.collect::<Vec<_>>(), [rows[1]]);
    let weights = ledger
        .weigh(vec![rows[..3].to_vec(), Vec::new()])
        .await
        .unwrap();
    let three = Weight {
        tokens: 20,
        untold: 1,
        latest: Some(rows[2]),
    };
    assert_eq!(weights, [three, Weight::default()]);
    let turns = async |row, previous| ledger.turns(row, previous).await.unwrap();
    let middle = Turns {
        previous: Some(Link::Row(rows[0])),
        branches: vec![rows[1]],
        next: vec![rows[2]],
    };
    assert_eq!(turns(rows[1], None).await, middle);
    let lost = Some(Link::Unknown("resp_lost".into()));
    assert_eq!(turns(rows[3], None).await.previous, lost);
    // As the service tells it, where the ledger does not know yet.
    let told = turns(rows[0], Some("resp_lost".into())).await;
    assert_eq!((told.previous, told.branches), (lost, vec![rows[3]]));
    assert_eq!(turns(RowId(999), None).await, Turns::default());
}

#[tokio::test]
async fn a_count_that_no_column_takes_weighs_as_much_as_there_can_be() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let mut told = sighting(Kind::Response, "resp_huge");
    told.facts.usage = Some(Usage {
        input: 0,
        output: 0,
        total: u64::MAX,
        cached: 0,
    });
    let tracked = ledger.track(vec![told], at(0)).await.unwrap();
    let weights = ledger.weigh(vec![vec![tracked[0].row]]).await.unwrap();
    assert_eq!(weights[0].tokens, i64::MAX.unsigned_abs());
}
