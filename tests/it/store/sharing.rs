//! Several at once: jobs on one ledger, ledgers on one file.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use arkdeck::domain::{Outcome, RowId, Settlement, State};
use arkdeck::store::{Ledger, StoreError};
use futures_util::future::join_all;

use super::{at, entries, open, responses, settlement, states};

/// Commits in the log: frames that carry the size of the database (`SQLite` file format, 4.1).
fn commits(dir: &Path) -> usize {
    let log = fs::read(dir.join("ledger.db-wal")).unwrap();
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    log[32..]
        .chunks_exact(24 + page)
        .filter(|frame| frame[4..8] != [0; 4])
        .count()
}

#[tokio::test]
async fn settlements_share_commits_and_a_failing_one_spoils_none() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 400).await;
    let (batch, _) = ledger.enqueue(rows.clone(), at(0)).await.unwrap().unwrap();
    let claims = ledger.intend(batch, 300, at(0)).await.unwrap();
    let before = commits(dir.path());
    let settlements = claims
        .iter()
        .map(|claim| settlement(claim, Outcome::Deleted));
    // Every third is about a row that is still queued.
    let wrong = rows[300..].iter().map(|row| Settlement {
        row: *row,
        ..settlement(&claims[0], Outcome::Deleted)
    });
    let mut mixed = Vec::new();
    for (n, each) in settlements.chain(wrong).enumerate() {
        mixed.insert(n * 7 % (n + 1), each);
    }
    let results = join_all(mixed.into_iter().map(|s| ledger.settle(batch, s, at(1)))).await;
    let refused = results.iter().filter(|result| match result {
        Ok(state) => *state != State::Deleted,
        Err(error) => matches!(error, StoreError::NotSending { .. }),
    });
    assert_eq!(refused.count(), 100);
    let states = states(&ledger, &rows).await;
    assert!(states[..300].iter().all(|state| *state == State::Deleted));
    assert!(states[300..].iter().all(|state| *state == State::Queued));
    let commits = commits(dir.path()).abs_diff(before);
    assert!(commits < 100, "400 jobs took {commits} commits");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ledgers_on_one_file_never_lock_each_other_out_nor_take_the_same() {
    const ROWS: usize = 600;
    let dir = tempfile::tempdir().unwrap();
    let rows = responses(&open(&dir), ROWS).await;
    let tasks = (0..4).map(|n| {
        let ledger = Ledger::open(dir.path(), "test").unwrap();
        let mut rows = rows.clone();
        // Each starts elsewhere, and all want everything.
        rows.rotate_left(n * ROWS / 4);
        tokio::spawn(async move {
            let mut sent: Vec<RowId> = Vec::new();
            for wanted in rows.chunks(25) {
                let Some((batch, _)) = ledger.enqueue(wanted.to_vec(), at(0)).await.unwrap() else {
                    continue;
                };
                loop {
                    let claims = ledger.intend(batch, 10, at(1)).await.unwrap();
                    if claims.is_empty() {
                        break;
                    }
                    sent.extend(claims.iter().map(|claim| claim.row));
                    let settle = claims.iter().map(|claim| {
                        ledger.settle(batch, settlement(claim, Outcome::Deleted), at(2))
                    });
                    for state in join_all(settle).await {
                        assert_eq!(state.unwrap(), State::Deleted);
                    }
                }
            }
            sent
        })
    });
    let sent: Vec<RowId> = join_all(tasks.collect::<Vec<_>>())
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    assert_eq!(sent.len(), ROWS, "each is sent, and by one only");
    assert_eq!(sent.iter().collect::<HashSet<_>>().len(), ROWS);
    assert_eq!(entries(&dir).len(), 3 * ROWS);
}

#[test]
fn many_can_make_the_same_ledger_at_once() {
    let dir = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let path = dir.path();
            scope.spawn(move || Ledger::open(path, &format!("p{n}")).unwrap());
        }
    });
}

/// `SQLite` holds a lock on the file while it is open; without it another instance that leaves takes
/// itself for the last, and removes the log.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_open_ledger_keeps_its_lock_on_the_file() {
    use std::os::unix::fs::MetadataExt as _;

    let folder = tempfile::TempDir::new().unwrap();
    let ledger = arkdeck::store::Ledger::open(folder.path(), "default").unwrap();
    ledger.counts(jiff::Timestamp::now()).await.unwrap();
    let file = folder.path().join(arkdeck::store::FILE);
    let inode = format!(":{} ", std::fs::metadata(file).unwrap().ino());
    let own = format!(" {} ", std::process::id());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let held = locks
        .lines()
        .any(|l| l.contains(&inode) && l.contains(&own));
    assert!(held, "no lock on the ledger:\n{locks}");
}

#[tokio::test]
async fn of_two_services_that_start_at_once_the_first_to_be_heard_has_the_rows() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second, here) = (open(&dir), open(&dir), open(&dir));
    let rows = responses(&first, 3).await;
    let urls = ["https://one.example/api/v3", "https://two.example/api/v3"];
    for (ledger, url, claims) in [
        (&first, urls[0], true),
        (&second, urls[1], true),
        (&here, "http://127.0.0.1:9/api/v3", false),
    ] {
        assert_eq!(ledger.serve(url, claims).await.unwrap(), None);
    }
    let mut claimed = Vec::new();
    for (ledger, row) in [&first, &second, &here].into_iter().zip(&rows) {
        let (batch, _) = ledger.enqueue(vec![*row], at(0)).await.unwrap().unwrap();
        claimed.push(batch);
    }
    let sent = first.intend(claimed[0], 9, at(1)).await.unwrap();
    let late = second.intend(claimed[1], 9, at(1)).await.unwrap();
    let deleted = settlement(&sent[0], Outcome::Deleted);
    first.settle(claimed[0], deleted, at(2)).await.unwrap();
    let is_refused = |error: &StoreError| match error {
        StoreError::OtherService { theirs } => theirs == urls[0],
        _ => false,
    };
    // What was on the wire already is in doubt, and nothing more is sent.
    let deleted = settlement(&late[0], Outcome::Deleted);
    let error = second.settle(claimed[1], deleted, at(3)).await.unwrap_err();
    assert!(is_refused(&error), "{error}");
    let error = here.intend(claimed[2], 9, at(3)).await.unwrap_err();
    assert!(is_refused(&error), "{error}");
    assert_eq!(
        states(&first, &rows).await,
        [State::Deleted, State::Sending, State::Queued]
    );
}
