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
    let expected = [1, 3, 4, 2, 0, 5, 6].map(|at| rows[at]);
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
            .cite(row, vec![id("file-1"), id("file-2")], false)
            .await
            .unwrap();
    }
    ledger
        .cite(made[1], vec![id("file-2")], true)
        .await
        .unwrap();
    let cited = async |rows: &[RowId]| {
        let review = ledger.review(rows.to_vec(), at(9)).await.unwrap();
        review.cited.into_keys().collect::<Vec<_>>()
    };
    assert_eq!(cited(&files).await, files[..2]);
    // A response that goes as well does not count, nor does one that is gone or forgotten.
    assert_eq!(cited(&[files[0], made[0], files[1]]).await, files[1..2]);
    delete(&ledger, &made[1..], Outcome::Deleted, 1).await;
    assert_eq!(cited(&[files[0], made[0], files[1]]).await, []);
    ledger.forget(vec![made[0]]).await.unwrap();
    assert_eq!(cited(&files).await, []);
}

#[tokio::test]
async fn what_a_response_was_made_with_is_added_to_or_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let file = track(&ledger, Kind::File, &["file-1"]).await[0];
    let made = responses(&ledger, 5).await;
    for row in &made {
        let cite = ledger.cite(*row, vec![id("file-1")], false).await;
        cite.unwrap();
    }
    let citing = async || ledger.citing(id("file-1"), at(9)).await.unwrap();
    let ids = async |rows: &[RowId]| {
        let rows = ledger.rows(rows.to_vec()).await.unwrap().into_iter();
        rows.map(|resource| resource.id).collect::<Vec<_>>()
    };
    let all = citing().await;
    assert_eq!(all.count, 5);
    assert_eq!(all.some, ids(&[made[4], made[3], made[2]]).await);

    // Part of a list takes nothing back, a whole one does, and only for its own response.
    ledger.cite(made[4], vec![], false).await.unwrap();
    assert_eq!(citing().await.count, 5);
    ledger.cite(made[4], vec![], true).await.unwrap();
    ledger
        .cite(made[3], vec![id("file-2")], true)
        .await
        .unwrap();
    assert_eq!(citing().await.count, 3);
    assert_eq!(
        ledger.citing(id("file-2"), at(9)).await.unwrap().some,
        ids(&made[3..4]).await
    );
    // The review leaves out what goes as well.
    let review = async |rows: Vec<RowId>| ledger.review(rows, at(9)).await.unwrap();
    let cited = review(vec![file, made[0]]).await.cited;
    assert_eq!((cited.len(), cited[&file].count), (1, 2));
    assert_eq!(cited[&file].some, ids(&[made[2], made[1]]).await);
    // Another profile's ledger has citations of its own.
    let other = arkdeck::store::Ledger::open(dir.path(), "other").unwrap();
    other.cite(made[0], vec![], true).await.unwrap();
    assert_eq!(citing().await.count, 3);
    assert_eq!(other.citing(id("file-1"), at(9)).await.unwrap().count, 0);
}
