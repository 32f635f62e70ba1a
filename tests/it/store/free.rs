//! Room in use, and what to delete to free some.

use arkdeck::domain::{
    Expiry, Facts, FreeFirst, FreeQuery, Freed, Kind, Outcome, Query, RowId, Sighting,
};
use arkdeck::store::Ledger;

use super::{at, delete, open, responses, sighting};

/// A file by age in seconds and size.
fn file(name: &str, age: i64, bytes: Option<u64>) -> Sighting {
    Sighting {
        facts: Facts {
            name: Some(name.to_owned()),
            bytes,
            created_at: Some(at(-age)),
            ..Facts::default()
        },
        ..sighting(Kind::File, &format!("file-{name}"))
    }
}

async fn free(ledger: &Ledger, bytes: u64, first: FreeFirst, query: &str) -> Freed {
    let asked = FreeQuery {
        query: Query::parse(query).unwrap(),
        bytes,
        first,
        now: at(0),
    };
    ledger.free(asked).await.unwrap()
}

#[tokio::test]
async fn the_oldest_or_the_largest_go_until_it_is_enough() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    responses(&ledger, 3).await;
    let mut expired = file("expired", 90, Some(900));
    expired.facts.expires_at = Some(Expiry::At(at(-1)));
    let files = vec![
        file("a", 50, Some(10)),
        file("b", 40, Some(300)),
        file("c", 30, Some(20)),
        file("d", 20, None),
        file("deleted", 99, Some(5_000)),
        file("protected", 80, Some(1_000)),
        file("queued", 70, Some(2_000)),
        file("empty", 60, Some(0)),
        expired,
    ];
    let tracked = ledger.track(files, at(-10)).await.unwrap();
    let rows: Vec<RowId> = tracked.into_iter().map(|each| each.row).collect();
    let [a, b, c, _, deleted, protected, queued, ..] = rows[..] else {
        panic!("{rows:?}");
    };
    delete(&ledger, &[deleted], Outcome::Deleted, -5).await;
    ledger.protect(vec![protected], true).await.unwrap();
    ledger.enqueue(vec![queued], at(-1)).await.unwrap();

    let counts = ledger.counts(at(0)).await.unwrap();
    assert_eq!((counts.files, counts.file_bytes), (7, 3_330));
    assert_eq!((counts.unsized_files, counts.is_mirrored), (1, false));

    let freed = free(&ledger, 300, FreeFirst::Oldest, "").await;
    assert_eq!((freed.rows.clone(), freed.bytes), (vec![a, b], 310));
    assert!(freed.is_enough() && freed.left() == 3_020);
    let freed = free(&ledger, 300, FreeFirst::Largest, "").await;
    assert_eq!((freed.rows, freed.bytes), (vec![b], 300));
    let freed = free(&ledger, 300, FreeFirst::Largest, "-name:b").await;
    assert_eq!((freed.rows.clone(), freed.bytes), (vec![c, a], 30));
    assert!(!freed.is_enough());
    assert_eq!((freed.protected, freed.busy, freed.unknown), (1, 1, 1));
    // A query for what is gone brings nothing back.
    let freed = free(&ledger, 1, FreeFirst::Oldest, "state:deleted").await;
    assert_eq!(freed.rows, []);

    let sync = ledger.begin_sync(at(1)).await.unwrap();
    ledger.finish_sync(sync, false, at(1)).await.unwrap();
    assert!(!ledger.counts(at(1)).await.unwrap().is_mirrored);
    let sync = ledger.begin_sync(at(2)).await.unwrap();
    ledger.finish_sync(sync, true, at(2)).await.unwrap();
    assert!(ledger.counts(at(2)).await.unwrap().is_mirrored);
}

#[tokio::test]
async fn sizes_that_add_up_to_too_much_are_as_much_as_there_can_be() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let most = i64::MAX.unsigned_abs();
    let files = ["a", "b", "c"].map(|name| file(name, 10, Some(most)));
    let tracked = ledger.track(files.to_vec(), at(-10)).await.unwrap();
    assert_eq!(ledger.counts(at(0)).await.unwrap().file_bytes, most);
    let freed = free(&ledger, u64::MAX, FreeFirst::Oldest, "").await;
    assert_eq!((freed.rows.len(), freed.bytes), (3, u64::MAX));
    let rows = tracked.into_iter().map(|each| each.row).collect();
    assert_eq!(ledger.review(rows, at(0)).await.unwrap().bytes, u64::MAX);
}
