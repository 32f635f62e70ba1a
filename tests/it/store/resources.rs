//! Tracking, merging, listing, forgetting, mirroring.

use arkdeck::domain::{
    Answer, Counts, Expiry, Facts, Kind, ListQuery, Outcome, Review, RowId, Sighting, Sort,
    SortKey, Source, State, Tombstones,
};
use arkdeck::store::{Ledger, StoreError};
use jiff::Timestamp;

use super::{at, delete, id, list, open, resource, responses, sighting, states, track};

const RESPONSE: &str = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3";

#[tokio::test]
async fn a_second_sighting_merges_into_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let first = Sighting {
        tags: vec!["a".into()],
        facts: Facts {
            model: Some("seed".into()),
            ..Facts::default()
        },
        ..sighting(Kind::Response, RESPONSE)
    };
    let second = Sighting {
        source: Source::Import,
        tags: vec!["B".into(), "A".into()],
        facts: Facts {
            status: Some("completed".into()),
            created_at: Some(at(5)),
            ..Facts::default()
        },
        ..first.clone()
    };

    let tracked = ledger.track(vec![first], at(1)).await.unwrap();
    let row = tracked[0].row;
    let known = resource(&ledger, row).await;
    assert_eq!(
        known.facts.created_at,
        Timestamp::from_millisecond(1_795_227_300_456).ok()
    );
    assert!(known.created_approx && tracked[0].is_new);

    let again = ledger
        .track(vec![second.clone(), second], at(2))
        .await
        .unwrap();
    assert!(again.iter().all(|each| each.row == row && !each.is_new));
    let known = resource(&ledger, row).await;
    assert_eq!(known.facts.model.as_deref(), Some("seed"));
    assert_eq!(known.facts.status.as_deref(), Some("completed"));
    assert_eq!(known.facts.created_at, Some(at(5)));
    assert_eq!((known.created_approx, known.source), (false, Source::Hand));
    assert_eq!(
        (known.tags, known.tracked_at),
        (vec!["a".to_owned(), "B".to_owned()], at(1))
    );
}

#[tokio::test]
async fn profiles_do_not_see_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = track(&ledger, Kind::File, &["file-1"]).await;
    let other = Ledger::open(dir.path(), "other").unwrap();
    assert_eq!(other.rows(rows.clone()).await.unwrap(), []);
    assert_eq!(other.forget(rows.clone()).await.unwrap(), []);
    assert_eq!(other.enqueue(rows.clone(), at(0)).await.unwrap(), None);
    assert!(matches!(
        other.merge(rows[0], Facts::default(), at(0)).await,
        Err(StoreError::NoSuchRow(_))
    ));
    assert_ne!(track(&other, Kind::File, &["file-1"]).await, rows);
}

#[tokio::test]
async fn ids_are_found_in_either_kind() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let response = track(&ledger, Kind::Response, &["x"]).await[0];
    let file = track(&ledger, Kind::File, &["x"]).await[0];
    let asked = vec![
        (None, id("x")),
        (Some(Kind::File), id("x")),
        (None, id("y")),
    ];
    let found = ledger.find(asked).await.unwrap();
    assert_eq!(found, [vec![response, file], vec![file], vec![]]);
}

#[tokio::test]
async fn listings_are_in_order_and_reverse_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let file = |name: &str, facts: Facts| Sighting {
        facts,
        ..sighting(Kind::File, name)
    };
    let sightings = vec![
        file(
            "a",
            Facts {
                name: Some("beta".into()),
                bytes: Some(9),
                ..Facts::default()
            },
        ),
        file(
            "b",
            Facts {
                name: Some("Alpha".into()),
                created_at: Some(at(2)),
                ..Facts::default()
            },
        ),
        file(
            "c",
            Facts {
                expires_at: Some(Expiry::Never),
                created_at: Some(at(1)),
                ..Facts::default()
            },
        ),
        file(
            "d",
            Facts {
                expires_at: Some(Expiry::At(at(9_000))),
                bytes: Some(10),
                ..Facts::default()
            },
        ),
    ];
    let rows: Vec<RowId> = ledger
        .track(sightings, at(0))
        .await
        .unwrap()
        .iter()
        .map(|each| each.row)
        .collect();
    for (key, order) in [
        (SortKey::Created, [1, 2, 3, 0]),
        (SortKey::Expires, [2, 3, 1, 0]),
        (SortKey::Name, [1, 0, 2, 3]),
        (SortKey::Size, [3, 0, 2, 1]),
        (SortKey::State, [0, 1, 2, 3]),
        (SortKey::Id, [0, 1, 2, 3]),
    ] {
        let mut asked = ListQuery {
            sort: Sort {
                key,
                reversed: false,
            },
            ..list("")
        };
        let listed = ledger.listing(asked.clone()).await.unwrap().rows;
        assert_eq!(listed, order.map(|at: usize| rows[at]), "{key:?}");
        asked.sort.reversed = true;
        let mut reversed = ledger.listing(asked).await.unwrap().rows;
        reversed.reverse();
        assert_eq!(reversed, listed, "{key:?} reversed");
    }
}

#[tokio::test]
async fn tombstones_show_when_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 4).await;
    delete(&ledger, &rows[..1], Outcome::Deleted, 10).await;
    delete(&ledger, &rows[1..2], Outcome::Gone, 20).await;
    let facts = Facts {
        expires_at: Some(Expiry::At(at(30))),
        ..Facts::default()
    };
    ledger.merge(rows[2], facts, at(0)).await.unwrap();

    let shown = async |tombstones, query: &str| {
        let asked = ListQuery {
            tombstones,
            ..list(query)
        };
        let mut listed = ledger.listing(asked).await.unwrap().rows;
        listed.sort();
        listed
    };
    assert_eq!(shown(Tombstones::Hide, "").await, rows[3..]);
    assert_eq!(shown(Tombstones::Show, "").await, rows);
    assert_eq!(shown(Tombstones::Since(at(20)), "").await, rows[1..]);
    assert_eq!(shown(Tombstones::Since(at(31)), "").await, rows[3..]);
    assert_eq!(shown(Tombstones::Hide, "state:deleted").await, rows[..1]);
    assert_eq!(shown(Tombstones::Hide, "state:expired").await, rows[2..3]);
    assert_eq!(shown(Tombstones::Hide, "-state:tracked").await, []);
}

#[tokio::test]
async fn counts_and_reviews_add_up() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let chained = |name: &str, previous: &str| Sighting {
        facts: Facts {
            previous_response_id: Some(previous.into()),
            ..Facts::default()
        },
        ..sighting(Kind::Response, name)
    };
    let sized = |name: &str, bytes| Sighting {
        facts: Facts {
            bytes: Some(bytes),
            ..Facts::default()
        },
        ..sighting(Kind::File, name)
    };
    let sightings = vec![
        sighting(Kind::Response, "r1"),
        chained("r2", "r1"),
        chained("r3", "r2"),
        chained("r4", "r2"),
        sized("f1", 5),
        sized("f2", 7),
        sighting(Kind::File, "f3"),
    ];
    let tracked = ledger.track(sightings, at(0)).await.unwrap();
    let rows: Vec<_> = tracked.iter().map(|each| each.row).collect();
    let review = |rows: &[RowId]| ledger.review(rows.to_vec(), at(0));
    let chosen = [rows[0], rows[1], rows[4], rows[6], rows[0]];
    let expected = Review {
        rows: chosen[..4].to_vec(),
        responses: 2,
        files: 2,
        bytes: 5,
        dependents: 2,
        ..Review::default()
    };
    assert_eq!(review(&chosen).await.unwrap(), expected);

    delete(&ledger, &rows[3..5], Outcome::Deleted, 1).await;
    delete(&ledger, &rows[..1], Outcome::Unsettled, 1).await;
    assert_eq!(review(&rows[1..2]).await.unwrap().dependents, 1);
    let (batch, _) = ledger
        .enqueue(rows[6..].to_vec(), at(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        review(&rows).await.unwrap().rows,
        [0, 1, 2, 5].map(|n: usize| rows[n])
    );
    // Looked for and added up in one go comes to the same.
    ledger.protect(vec![rows[5]], true).await.unwrap();
    for (text, expected) in [("", 4), ("kind:response", 3), ("kind:file", 1), ("r2", 1)] {
        let found = ledger.listing(list(text)).await.unwrap().rows;
        let ordered = ledger.ordered(found).await.unwrap();
        let one_by_one = review(&ordered).await.unwrap();
        let at_once = ledger.review_matching(list(text)).await.unwrap();
        assert_eq!(at_once, one_by_one, "{text}");
        let counted = at_once.responses + at_once.files + at_once.protected;
        assert_eq!(counted, expected, "{text}");
    }
    ledger.protect(vec![rows[5]], false).await.unwrap();
    ledger.release(batch, at(1)).await.unwrap();
    let expected = Counts {
        responses: 3,
        files: 2,
        file_bytes: 7,
        unsized_files: 1,
        is_mirrored: false,
        unsettled: 1,
    };
    assert_eq!(ledger.counts(at(2)).await.unwrap(), expected);
    assert_eq!(ledger.unsettled().await.unwrap()[0].row, rows[0]);
}

#[tokio::test]
async fn what_only_our_clock_calls_expired_can_still_be_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let expired = Sighting {
        facts: Facts {
            expires_at: Some(Expiry::At(at(10))),
            ..Facts::default()
        },
        ..sighting(Kind::Response, "r1")
    };
    let rows = [ledger.track(vec![expired], at(0)).await.unwrap()[0].row];
    let review = ledger.review(rows.to_vec(), at(20)).await.unwrap();
    assert_eq!(review.rows, rows);
}

#[tokio::test]
async fn a_recorded_expiry_yields_to_a_service_that_shows_it_later() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let recorded = Sighting {
        source: Source::Import,
        facts: Facts {
            expires_at: Some(Expiry::At(at(10))),
            ..Facts::default()
        },
        ..sighting(Kind::File, "f1")
    };
    let row = ledger.track(vec![recorded], at(0)).await.unwrap()[0].row;
    let state = async || resource(&ledger, row).await.state_at(at(20));
    let looked = ledger.merge(row, Facts::default(), at(9)).await.unwrap();
    assert_eq!(looked.facts.expires_at, Some(Expiry::At(at(10))));
    assert_eq!(state().await, State::Expired);
    let sync = ledger.begin_sync(at(11)).await.unwrap();
    let listed = vec![sighting(Kind::File, "f1")];
    ledger.sync_page(sync, listed, at(12)).await.unwrap();
    assert_eq!(state().await, State::Tracked);
}

#[tokio::test]
async fn what_a_batch_has_in_hand_is_not_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 3).await;
    let (batch, _) = ledger
        .enqueue(rows[..2].to_vec(), at(0))
        .await
        .unwrap()
        .unwrap();
    ledger.intend(batch, 1, at(0)).await.unwrap();
    assert_eq!(ledger.forget(rows.clone()).await.unwrap(), rows[2..]);
    assert_eq!(
        states(&ledger, &rows).await,
        [State::Sending, State::Queued]
    );
    // The key of a forgotten row is not given to another.
    let new = track(&ledger, Kind::Response, &["resp_0002"]).await;
    assert!(new[0] > rows[2]);
}

#[tokio::test]
async fn what_is_there_again_is_tracked_again() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 2).await;
    ledger
        .mark_gone(rows[0], Answer::default(), at(10))
        .await
        .unwrap();
    delete(&ledger, &rows[1..], Outcome::Deleted, 10).await;
    let merged = async |row, second| {
        let merged = ledger
            .merge(row, Facts::default(), at(second))
            .await
            .unwrap();
        (merged.state, merged.settled_at)
    };
    assert_eq!(merged(rows[0], 11).await, (State::Tracked, None));
    // A read right after a deletion may be an echo.
    assert_eq!(merged(rows[1], 11).await, (State::Deleted, Some(at(10))));
    assert_eq!(merged(rows[1], 500).await, (State::Tracked, None));
}

#[tokio::test]
async fn only_a_complete_listing_makes_files_gone() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = track(
        &ledger,
        Kind::File,
        &["kept", "lost", "busy", "doubt", "failed"],
    )
    .await;
    track(&ledger, Kind::Response, &["resp_1"]).await;
    delete(&ledger, &rows[3..4], Outcome::Unsettled, 1).await;
    delete(&ledger, &rows[4..], Outcome::Failed, 1).await;
    let (batch, _) = ledger
        .enqueue(rows[2..3].to_vec(), at(1))
        .await
        .unwrap()
        .unwrap();
    let page = || vec![sighting(Kind::File, "kept"), sighting(Kind::File, "new")];
    let before = [
        State::Tracked,
        State::Tracked,
        State::Queued,
        State::Unsettled,
        State::Failed,
    ];

    let sync = ledger.begin_sync(at(2)).await.unwrap();
    assert_eq!(ledger.sync_page(sync, page(), at(3)).await.unwrap(), 1);
    assert_eq!(ledger.finish_sync(sync, false, at(4)).await.unwrap(), 0);
    assert_eq!(states(&ledger, &rows).await, before);

    let sync = ledger.begin_sync(at(5)).await.unwrap();
    let late = ledger
        .track(vec![sighting(Kind::File, "late")], at(6))
        .await
        .unwrap();
    assert_eq!(ledger.sync_page(sync, page(), at(6)).await.unwrap(), 0);
    assert_eq!(ledger.finish_sync(sync, true, at(7)).await.unwrap(), 2);
    let after = [
        State::Tracked,
        State::Gone,
        State::Queued,
        State::Unsettled,
        State::Gone,
    ];
    assert_eq!(states(&ledger, &rows).await, after);
    assert_eq!(states(&ledger, &[late[0].row]).await, [State::Tracked]);
    assert_eq!(ledger.counts(at(7)).await.unwrap().responses, 1);

    // Listed again: there again. What a batch has in hand is the batch's.
    let sync = ledger.begin_sync(at(8)).await.unwrap();
    let back = vec![sighting(Kind::File, "lost"), sighting(Kind::File, "busy")];
    ledger.sync_page(sync, back, at(9)).await.unwrap();
    assert_eq!(
        states(&ledger, &rows[1..3]).await,
        [State::Tracked, State::Queued]
    );
    ledger.release(batch, at(9)).await.unwrap();
}

#[tokio::test]
async fn a_file_seen_by_a_later_sync_is_seen_for_an_earlier_one() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = track(&ledger, Kind::File, &["f"]).await;
    let page = || vec![sighting(Kind::File, "f")];
    let one = ledger.begin_sync(at(1)).await.unwrap();
    let two = ledger.begin_sync(at(2)).await.unwrap();
    ledger.sync_page(two, page(), at(3)).await.unwrap();
    ledger.sync_page(one, page(), at(3)).await.unwrap();
    assert_eq!(ledger.finish_sync(one, true, at(4)).await.unwrap(), 0);
    assert_eq!(ledger.finish_sync(two, true, at(4)).await.unwrap(), 0);
    assert_eq!(states(&ledger, &rows).await, [State::Tracked]);
}

#[tokio::test]
async fn service_text_is_capped() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = track(&ledger, Kind::File, &["f"]).await;
    let facts = Facts {
        name: Some("名".repeat(5_000)),
        model: Some("a\0b".into()),
        bytes: Some(u64::MAX),
        ..Facts::default()
    };
    ledger.merge(rows[0], facts, at(1)).await.unwrap();
    let known = resource(&ledger, rows[0]).await.facts;
    assert_eq!(known.name.unwrap().len(), 4_095);
    assert_eq!(known.model.as_deref(), Some("a\u{fffd}b"));
    assert_eq!(known.bytes, Some(i64::MAX as u64));
}
