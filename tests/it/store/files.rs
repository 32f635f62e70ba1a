//! What the ledger does to the folder it is given.

use std::fs;
use std::path::Path;

use arkdeck::domain::{Facts, Kind};
use arkdeck::store::{Ledger, StoreError};

use super::{at, list, open, raw, responses, sighting};

fn content(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().is_file())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("share").join("arkdeck");
    let ledger = Ledger::open(&dir, "test").unwrap();
    ledger
        .track(vec![sighting(Kind::File, "f")], at(0))
        .await
        .unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    assert_eq!(mode(&home.path().join("share")), 0o700);
    assert_eq!(mode(&dir.join("instances")), 0o700);
    for file in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        assert_eq!(mode(&dir.join(file)), 0o600, "{file}");
    }
    for lock in fs::read_dir(dir.join("instances")).unwrap() {
        assert_eq!(mode(&lock.unwrap().path()), 0o600);
    }

    drop(ledger);
    assert_eq!(fs::read_dir(dir.join("instances")).unwrap().count(), 0);
    fs::set_permissions(dir.join("ledger.db"), fs::Permissions::from_mode(0o644)).unwrap();
    let _ledger = Ledger::open(&dir, "test").unwrap();
    assert_eq!(mode(&dir.join("ledger.db")), 0o600);
}

#[tokio::test]
async fn a_newer_ledger_is_named_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    raw(&dir).pragma_update(None, "user_version", 99).unwrap();
    let before = content(dir.path());
    for opened in [
        Ledger::open(dir.path(), "p"),
        Ledger::open_read_only(dir.path(), "p"),
    ] {
        let error = opened.unwrap_err();
        assert!(
            matches!(
                error,
                StoreError::Newer {
                    found: 99,
                    known: 1,
                    ..
                }
            ),
            "{error}"
        );
    }
    assert!(content(dir.path()) == before);
}

#[test]
fn a_newer_ledger_is_left_alone_also_while_only_its_log_says_so() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    let newer = raw(&dir);
    newer.pragma_update(None, "user_version", 99).unwrap();
    // As a crash leaves it: the log is not yet written back into the file.
    let copy = tempfile::tempdir().unwrap();
    for file in ["ledger.db", "ledger.db-wal"] {
        fs::copy(dir.path().join(file), copy.path().join(file)).unwrap();
    }
    let main = |files: Vec<(String, Vec<u8>)>| -> Vec<_> {
        files
            .into_iter()
            .filter(|(name, _)| !name.ends_with("-shm"))
            .collect()
    };
    let before = main(content(copy.path()));
    let error = Ledger::open(copy.path(), "p").unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found: 99, .. }),
        "{error}"
    );
    assert!(main(content(copy.path())) == before);
}

#[test]
fn what_is_no_ledger_is_named_and_left_alone() {
    let database = tempfile::tempdir().unwrap();
    raw(&database)
        .execute_batch("CREATE TABLE other (x)")
        .unwrap();
    let other = fs::read(database.path().join("ledger.db")).unwrap();
    let ledger = tempfile::tempdir().unwrap();
    drop(open(&ledger));
    let whole = fs::read(ledger.path().join("ledger.db")).unwrap();
    let mut torn = whole.clone();
    torn[100..].fill(0xa5);
    for (what, bytes) in [
        (
            "text",
            b"my precious notes, far longer than a header".repeat(9),
        ),
        ("short", b"SQLite format 3\0".to_vec()),
        ("another database", other),
        ("torn pages", torn),
        ("cut off", whole[..whole.len() / 2].to_vec()),
    ] {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("ledger.db"), &bytes).unwrap();
        for opened in [
            Ledger::open(dir.path(), "p"),
            Ledger::open_read_only(dir.path(), "p"),
        ] {
            assert!(
                matches!(opened, Err(StoreError::Corrupt { .. })),
                "{what}: {opened:?}"
            );
        }
        let after = fs::read(dir.path().join("ledger.db")).unwrap();
        assert!(after == bytes, "{what}");
    }
}

#[test]
fn an_empty_file_becomes_a_ledger() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("ledger.db"), "").unwrap();
    drop(open(&dir));
    drop(open(&dir));
}

#[tokio::test]
async fn read_only_reads_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let rows = responses(&open(&dir), 3).await;
    let before = content(dir.path());
    let ledger = Ledger::open_read_only(dir.path(), "test").unwrap();
    assert!(ledger.is_read_only());
    assert_eq!(ledger.listing(list("")).await.unwrap().rows.len(), 3);
    let refused = [
        ledger
            .track(vec![sighting(Kind::File, "f")], at(0))
            .await
            .unwrap_err(),
        ledger.enqueue(rows.clone(), at(0)).await.unwrap_err(),
        ledger.forget(rows.clone()).await.unwrap_err(),
        ledger
            .merge(rows[0], Facts::default(), at(0))
            .await
            .unwrap_err(),
        ledger.begin_sync(at(0)).await.unwrap_err(),
        ledger.recover(at(0)).await.unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(error, StoreError::ReadOnly), "{error}");
    }
    drop(ledger);
    let after = content(dir.path());
    assert!(
        after.iter().any(|file| before.contains(file)),
        "the file itself is as it was"
    );
}

#[tokio::test]
async fn read_only_sees_what_a_living_writer_commits() {
    let dir = tempfile::tempdir().unwrap();
    let writer = open(&dir);
    let reader = Ledger::open_read_only(dir.path(), "test").unwrap();
    responses(&writer, 3).await;
    assert_eq!(reader.listing(list("")).await.unwrap().rows.len(), 3);
}

#[tokio::test]
async fn read_only_on_nothing_is_empty_and_stays_so() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("none");
    let ledger = Ledger::open_read_only(&dir, "test").unwrap();
    assert_eq!(ledger.listing(list("")).await.unwrap().rows, []);
    assert!(!dir.exists());
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_that_cannot_be_written_can_still_be_read() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    responses(&open(&dir), 3).await;
    fs::remove_dir(dir.path().join("instances")).unwrap();
    let path = dir.path().join("ledger.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
    // The superuser is not held back by permissions, and has nothing to see here.
    if fs::write(dir.path().join("probe"), "").is_err() {
        let error = Ledger::open(dir.path(), "test").unwrap_err();
        assert!(matches!(error, StoreError::NotWritable { .. }), "{error:?}");
        let ledger = Ledger::open_read_only(dir.path(), "test").unwrap();
        assert_eq!(ledger.listing(list("")).await.unwrap().rows.len(), 3);
    }
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
}
