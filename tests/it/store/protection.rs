//! Protected rows, the order of a batch, and files that responses cite.

use arkdeck::domain::{Kind, Outcome, RowId, Sighting, State};

use super::{at, delete, id, open, resource, responses, sighting, states, track};

#[tokio::test]
async fn protected_rows_enter_no_batch_whoever_asks() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 4).await;
    let protected = vec![rows[1], rows[3], RowId(99)];
    assert_eq!(
        ledger.protect(protected, true).await.unwrap(),
        [rows[1], rows[3]]
    );
    let review = ledger.review(rows.clone(), at(1)).await.unwrap();
    assert_eq!((review.rows, review.protected), (vec![rows[0], rows[2]], 2));
    let other = open(&dir);
    assert_eq!(other.enqueue(vec![rows[1]], at(1)).await.unwrap(), None);
    let (batch, taken) = other.enqueue(rows.clone(), at(1)).await.unwrap().unwrap();
    assert_eq!(taken, [rows[0], rows[2]]);

    // What a batch has in hand cannot be protected any more; afterwards it can.
    let asked = vec![rows[0], rows[1]];
    assert_eq!(
        ledger.protect(asked.clone(), true).await.unwrap(),
        rows[1..2]
    );
    other.release(batch, at(2)).await.unwrap();
    assert_eq!(ledger.protect(asked.clone(), true).await.unwrap(), asked);

    // It stays when the row is seen or fetched again, and ends when it is lifted.
    let seen = vec![sighting(Kind::Response, "resp_0001")];
    ledger.track(seen, at(3)).await.unwrap();
    let facts = sighting(Kind::Response, "x").facts;
    ledger.merge(rows[1], facts, at(3)).await.unwrap();
    assert!(resource(&ledger, rows[1]).await.protected);
    ledger.protect(vec![rows[1]], false).await.unwrap();
    delete(&ledger, &rows, Outcome::Deleted, 4).await;
    let expected = [
        State::Tracked,
        State::Deleted,
        State::Deleted,
        State::Tracked,
    ];
    assert_eq!(states(&ledger, &rows).await, expected);
}

fn later(text: &str, previous: &str) -> Sighting {
    let mut sighting = sighting(Kind::Response, text);
    sighting.facts.previous_response_id = Some(previous.into());
    sighting
}

#[tokio::test]
async fn later_turns_go_before_the_ones_they_build_on() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let sightings = vec![
        sighting(Kind::Response, "first"),
        sighting(Kind::File, "second"),
        later("second", "first"),
        later("third", "second"),
        later("else", "untracked"),
        later("ring-a", "ring-b"),
        later("ring-b", "ring-a"),
    ];
    let tracked = ledger.track(sightings, at(0)).await.unwrap();
    let rows: Vec<_> = tracked.iter().map(|each| each.row).collect();
    let (_, taken) = ledger.enqueue(rows.clone(), at(1)).await.unwrap().unwrap();
    let expected = [3, 2, 0, 1, 4, 6, 5].map(|at| rows[at]);
    assert_eq!(taken, expected);
}

#[tokio::test]
async fn the_review_points_at_files_that_living_responses_cite() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let files = track(&ledger, Kind::File, &["file-1", "file-2", "file-3"]).await;
    let made = responses(&ledger, 2).await;
    for row in [made[0], made[0], files[1]] {
        ledger
            .cite(row, vec![id("file-1"), id("file-2")])
            .await
            .unwrap();
    }
    ledger.cite(made[1], vec![id("file-2")]).await.unwrap();
    let cited = async |rows: &[RowId]| ledger.review(rows.to_vec(), at(9)).await.unwrap().cited;
    assert_eq!(cited(&files).await, files[..2]);
    // A response that goes as well does not count, nor does one that is gone or forgotten.
    assert_eq!(cited(&[files[0], made[0], files[1]]).await, files[1..2]);
    delete(&ledger, &made[1..], Outcome::Deleted, 1).await;
    assert_eq!(cited(&[files[0], made[0], files[1]]).await, []);
    ledger.forget(vec![made[0]]).await.unwrap();
    assert_eq!(cited(&files).await, []);
}
