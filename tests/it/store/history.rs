//! The journal as history, and as proof.

use arkdeck::domain::{
    Answer, BatchId, Cause, Chain, HistoryEntry, HistoryQuery, Kind, Outcome, Purged, Settlement,
    State,
};
use arkdeck::store::{FILE, Ledger, StoreError};
use futures_util::future::join_all;
use proptest::prelude::*;
use rusqlite::types::Value;
use tempfile::TempDir;

use super::{at, delete, id, open, raw, responses, settlement, sighting, states, track};

/// All pages of a query.
async fn all(ledger: &Ledger, query: HistoryQuery) -> Vec<HistoryEntry> {
    let mut query = HistoryQuery { limit: 7, ..query };
    let mut all = Vec::new();
    loop {
        let page = ledger.history(query.clone()).await.unwrap();
        assert!(page.entries.len() <= 7);
        all.extend(page.entries);
        let Some(older) = page.older else {
            return all;
        };
        query.before = Some(older);
    }
}

fn ids(entries: &[HistoryEntry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.id.as_str()).collect()
}

async fn check(ledger: &Ledger) -> Chain {
    ledger.check_history().await.unwrap()
}

const fn whole(entries: u64, purged: u64) -> Chain {
    Chain::Whole { entries, purged }
}

#[tokio::test]
async fn an_entry_tells_when_how_often_and_by_whose_ids() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let mut named = sighting(Kind::File, "file-1");
    named.facts.name = Some("talk.mp4".into());
    let rows = ledger.track(vec![named], at(0)).await.unwrap();
    let (batch, _) = ledger
        .enqueue(vec![rows[0].row], at(1))
        .await
        .unwrap()
        .unwrap();
    let pending = all(&ledger, HistoryQuery::default()).await;
    assert_eq!(
        (pending.len(), pending[0].outcome, pending[0].asked_at),
        (1, None, Some(at(1)))
    );
    assert_eq!((pending[0].sent_at, pending[0].settled_at), (None, None));
    let claim = ledger.intend(batch, 1, at(2)).await.unwrap().remove(0);
    let answer = Answer {
        attempts: 2,
        sent_at: Some(at(3)),
        status: Some(503),
        code: Some("Overload".into()),
        message: Some("busy".into()),
        request_id: Some("0217".into()),
        client_request_id: Some("mine".into()),
        cause: Some(Cause::Exhausted),
        detail: Some("x".into()),
    };
    let failed = Settlement {
        answer: answer.clone(),
        ..settlement(&claim, Outcome::Failed)
    };
    ledger.settle(batch, failed, at(5)).await.unwrap();
    let told = all(&ledger, HistoryQuery::default()).await;
    let expected = HistoryEntry {
        seq: 3,
        batch: Some(batch),
        row: rows[0].row,
        kind: Kind::File,
        id: id("file-1"),
        name: Some("talk.mp4".into()),
        outcome: Some(Outcome::Failed),
        asked_at: Some(at(1)),
        sent_at: Some(at(3)),
        settled_at: Some(at(5)),
        answer,
    };
    assert_eq!(told, [expected]);
    // Whatever becomes of the row, what was done to it is known.
    ledger.forget(vec![rows[0].row]).await.unwrap();
    let of_it = HistoryQuery {
        id: Some(id("file-1")),
        ..HistoryQuery::default()
    };
    let told = all(&ledger, of_it).await;
    assert_eq!((told.len(), &told[0].name), (1, &None));
}

#[tokio::test]
async fn all_that_several_open_batches_have_pending_is_on_a_page_once() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 14_000).await;
    // Written in parts, which take turns.
    let (large, small) = rows.split_at(9_000);
    let (large, small) = tokio::join!(
        ledger.enqueue(large.to_vec(), at(1)),
        ledger.enqueue(small.to_vec(), at(1)),
    );
    let batches = [large, small].map(|batch| batch.unwrap().unwrap().0);
    let mut query = HistoryQuery {
        limit: 999,
        ..HistoryQuery::default()
    };
    let mut told = Vec::new();
    loop {
        let page = ledger.history(query.clone()).await.unwrap();
        told.extend(page.entries);
        match page.older {
            Some(older) => query.before = Some(older),
            None => break,
        }
    }
    assert_eq!(told.len(), 14_000);
    assert!(told.is_sorted_by(|later, earlier| later.seq > earlier.seq));
    for (batch, count) in batches.into_iter().zip([9_000, 5_000]) {
        let of_it = told.iter().filter(|entry| entry.batch == Some(batch));
        assert_eq!(of_it.count(), count);
    }
}

#[tokio::test]
async fn what_was_never_sent_has_no_time_of_it_and_what_may_have_been_has() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 3).await;
    let (batch, _) = ledger.enqueue(rows.clone(), at(1)).await.unwrap().unwrap();
    let claims = ledger.intend(batch, 2, at(2)).await.unwrap();
    let cancelled = settlement(&claims[0], Outcome::Cancelled);
    ledger.settle(batch, cancelled, at(3)).await.unwrap();
    drop(ledger);
    let ledger = open(&dir);
    ledger.recover(at(9)).await.unwrap();
    let told = all(&ledger, HistoryQuery::default()).await;
    let brief: Vec<_> = told
        .iter()
        .map(|e| (e.id.as_str(), e.outcome.unwrap(), e.sent_at, e.settled_at))
        .collect();
    let expected = [
        ("resp_0002", Outcome::Cancelled, None, Some(at(9))),
        ("resp_0001", Outcome::Unsettled, Some(at(2)), Some(at(9))),
        ("resp_0000", Outcome::Cancelled, None, Some(at(3))),
    ];
    assert_eq!(brief, expected);
    // Settled later by a look: both stand, under the batch that left it in doubt.
    let gone = Answer::default();
    ledger.mark_gone(rows[1], gone, at(20)).await.unwrap();
    let of_it = HistoryQuery {
        id: Some(id("resp_0001")),
        ..HistoryQuery::default()
    };
    let told = all(&ledger, of_it).await;
    let outcomes: Vec<_> = told.iter().filter_map(|entry| entry.outcome).collect();
    assert_eq!(outcomes, [Outcome::Gone, Outcome::Unsettled]);
    assert!(told.iter().all(|entry| entry.batch == Some(batch)));
}

#[tokio::test]
async fn every_filter_leaves_what_matches_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 30).await;
    let first = delete(&ledger, &rows[..20], Outcome::Deleted, 10).await;
    let second = delete(&ledger, &rows[20..], Outcome::Failed, 20).await;
    let ask = async |change: &dyn Fn(&mut HistoryQuery)| {
        let mut query = HistoryQuery::default();
        change(&mut query);
        all(&ledger, query).await
    };
    let everything = ask(&|_| {}).await;
    assert_eq!(everything.len(), 30);
    assert!(everything.is_sorted_by(|a, b| a.seq > b.seq));
    assert_eq!(ask(&|q| q.batch = Some(first)).await.len(), 20);
    assert_eq!(ask(&|q| q.batch = Some(BatchId(9))).await, []);
    assert_eq!(ask(&|q| q.outcome = Some(Outcome::Failed)).await.len(), 10);
    assert_eq!(ask(&|q| q.since = Some(at(20))).await.len(), 10);
    assert_eq!(ask(&|q| q.kind = Some(Kind::File)).await, []);
    let one = ask(&|q| q.words = vec!["RESP_".into(), "0021".into()]).await;
    assert_eq!(ids(&one), ["resp_0021"]);
    assert_eq!(one[0].batch, Some(second));
    let both = ask(&|q| {
        q.id = Some(id("resp_0003"));
        q.outcome = Some(Outcome::Failed);
    });
    assert_eq!(both.await, []);
    // Another profile's is another history.
    let other = Ledger::open(dir.path(), "other").unwrap();
    assert_eq!(all(&other, HistoryQuery::default()).await, []);
    assert_eq!(check(&other).await, whole(0, 0));
}

#[tokio::test]
async fn pages_are_short_even_where_nothing_matches() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 9_000).await;
    delete(&ledger, &rows, Outcome::Deleted, 1).await;
    let nothing = HistoryQuery {
        outcome: Some(Outcome::Refused),
        limit: 100,
        ..HistoryQuery::default()
    };
    let page = ledger.history(nothing.clone()).await.unwrap();
    assert!(page.entries.is_empty() && page.older.is_some());
    assert_eq!(all(&ledger, nothing).await, []);
    assert_eq!(all(&ledger, HistoryQuery::default()).await.len(), 9_000);
    assert!(matches!(
        check(&ledger).await,
        Chain::Whole {
            entries: 9_000..,
            ..
        }
    ));
}

#[tokio::test]
async fn purging_drops_old_deletions_and_their_tombstones_and_keeps_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 6).await;
    delete(&ledger, &rows[..2], Outcome::Deleted, 10).await;
    delete(&ledger, &rows[2..3], Outcome::Failed, 10).await;
    delete(&ledger, &rows[3..4], Outcome::Gone, 30).await;
    let purged = ledger.purge_history(at(20), at(40)).await.unwrap();
    let expected = Purged {
        entries: 7,
        tombstones: 2,
    };
    assert_eq!(purged, expected);
    assert_eq!(check(&ledger).await, whole(4, 7));
    let told = all(&ledger, HistoryQuery::default()).await;
    assert_eq!(ids(&told), ["resp_0003"]);
    assert_eq!(states(&ledger, &rows[..2]).await, []);
    // What still exists stays, whatever is forgotten of it.
    assert_eq!(
        states(&ledger, &rows[2..4]).await,
        [State::Failed, State::Gone]
    );
    // Once more, nothing to do; then what is left, the record of the first purge with it.
    let again = ledger.purge_history(at(20), at(41)).await.unwrap();
    assert_eq!(again, Purged::default());
    delete(&ledger, &rows[4..5], Outcome::Deleted, 50).await;
    let rest = ledger.purge_history(at(60), at(60)).await.unwrap();
    assert_eq!((rest.entries, rest.tombstones), (7, 2));
    assert_eq!(check(&ledger).await, whole(1, 14));
    delete(&ledger, &rows[5..], Outcome::Deleted, 70).await;
    assert_eq!(check(&ledger).await, whole(4, 14));
}

#[tokio::test]
async fn what_is_pending_or_in_doubt_keeps_its_story() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 4).await;
    delete(&ledger, &rows[..1], Outcome::Deleted, 1).await;
    delete(&ledger, &rows[1..2], Outcome::Unsettled, 2).await;
    delete(&ledger, &rows[2..3], Outcome::Deleted, 3).await;
    let purged = ledger.purge_history(at(9), at(9)).await.unwrap();
    assert_eq!(purged.entries, 3);
    ledger
        .mark_gone(rows[1], Answer::default(), at(10))
        .await
        .unwrap();
    let (batch, _) = ledger
        .enqueue(rows[3..].to_vec(), at(11))
        .await
        .unwrap()
        .unwrap();
    // The record of the first purge, two stories, and the doubt settled.
    let purged = ledger.purge_history(at(20), at(20)).await.unwrap();
    assert_eq!(purged.entries, 8);
    assert_eq!(ledger.intend(batch, 1, at(21)).await.unwrap().len(), 1);
    assert_eq!(check(&ledger).await, whole(3, 11));
}

#[tokio::test]
async fn damage_cannot_be_purged_away() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 3).await;
    delete(&ledger, &rows, Outcome::Deleted, 1).await;
    raw(&dir)
        .execute("UPDATE journal SET at = at + 1 WHERE seq = 8", [])
        .unwrap();
    assert_eq!(check(&ledger).await, Chain::Broken { at: 8 });
    let error = ledger.purge_history(at(9), at(9)).await.unwrap_err();
    assert!(
        matches!(error, StoreError::BrokenHistory { at: 8 }),
        "{error}"
    );
    assert_eq!(check(&ledger).await, Chain::Broken { at: 8 });
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_that_write_at_once_write_one_chain() {
    const ROWS: usize = 120;
    let dir = tempfile::tempdir().unwrap();
    let rows = responses(&open(&dir), 3 * ROWS).await;
    let tasks = rows.chunks(ROWS).map(|rows| {
        let ledger = open(&dir);
        let rows = rows.to_vec();
        tokio::spawn(async move {
            for rows in rows.chunks(10) {
                delete(&ledger, rows, Outcome::Deleted, 1).await;
                // In the middle of it all the chain is whole.
                assert!(matches!(check(&ledger).await, Chain::Whole { .. }));
            }
        })
    });
    for done in join_all(tasks.collect::<Vec<_>>()).await {
        done.unwrap();
    }
    assert_eq!(
        check(&open(&dir)).await,
        whole(3 * (ROWS + 2 * ROWS / 10) as u64, 0)
    );
}

/// A history with all kinds of entries in it, a purge among them.
async fn story(dir: &TempDir) {
    let ledger = open(dir);
    let rows = responses(&ledger, 4).await;
    delete(&ledger, &rows[..1], Outcome::Deleted, 1).await;
    ledger.purge_history(at(2), at(2)).await.unwrap();
    let files = track(&ledger, Kind::File, &["file-1"]).await;
    delete(&ledger, &files, Outcome::Failed, 3).await;
    delete(&ledger, &rows[1..2], Outcome::Unsettled, 4).await;
    let (batch, _) = ledger
        .enqueue(rows[2..].to_vec(), at(5))
        .await
        .unwrap()
        .unwrap();
    ledger.intend(batch, 1, at(6)).await.unwrap();
    let _ = ledger.release(batch, at(7)).await.unwrap();
}

const COLUMNS: [&str; 18] = [
    "profile",
    "batch",
    "row",
    "kind",
    "id",
    "entry",
    "at",
    "outcome",
    "attempts",
    "sent_at",
    "status",
    "code",
    "message",
    "request_id",
    "client_request_id",
    "cause",
    "detail",
    "hash",
];

#[derive(Clone, Debug)]
enum Meddling {
    /// Entry, column, something to make another value of.
    Edit(prop::sample::Index, usize, u8),
    Drop(prop::sample::Index),
    /// The contents of two entries change places.
    Swap(prop::sample::Index, prop::sample::Index),
    /// A copy of an entry goes in at this distance from the end.
    Insert(prop::sample::Index, i64),
    /// An entry moves to this distance from the end.
    Move(prop::sample::Index, i64),
}

fn meddling() -> impl Strategy<Value = Meddling> {
    let entry = any::<prop::sample::Index>;
    prop_oneof![
        4 => (entry(), 0..COLUMNS.len(), 1_u8..).prop_map(|(e, c, v)| Meddling::Edit(e, c, v)),
        1 => entry().prop_map(Meddling::Drop),
        1 => (entry(), entry()).prop_map(|(a, b)| Meddling::Swap(a, b)),
        1 => (entry(), -20_i64..20).prop_map(|(e, to)| Meddling::Insert(e, to)),
        1 => (entry(), -20_i64..20).prop_map(|(e, to)| Meddling::Move(e, to)),
    ]
}

/// Does it to the file; false if that came to no change.
fn meddle(db: &rusqlite::Connection, meddling: &Meddling) -> bool {
    let mut statement = db.prepare("SELECT seq FROM journal ORDER BY seq").unwrap();
    let seqs = statement.query_map([], |row| row.get(0)).unwrap();
    let seqs: Vec<i64> = seqs.map(Result::unwrap).collect();
    let of = |index: &prop::sample::Index| *index.get(&seqs);
    let last = *seqs.last().unwrap();
    let columns = COLUMNS.join(", ");
    match meddling {
        Meddling::Edit(entry, column, by) => {
            let seq = of(entry);
            let name = COLUMNS[*column];
            let old: Value = db
                .query_row(
                    &format!("SELECT {name} FROM journal WHERE seq = ?1"),
                    [seq],
                    |row| row.get(0),
                )
                .unwrap();
            let is_number = [
                "profile", "batch", "row", "at", "attempts", "sent_at", "status",
            ]
            .contains(&name);
            let new = match old {
                Value::Null if is_number => Value::Integer(i64::from(*by)),
                Value::Null => Value::Text(String::new()),
                Value::Integer(n) => Value::Integer(n ^ i64::from(*by)),
                Value::Text(text) => Value::Text(format!("{text}{}", char::from(b'a' + by % 26))),
                Value::Blob(mut bytes) => {
                    let at = usize::from(*by) % bytes.len();
                    bytes[at] ^= by;
                    Value::Blob(bytes)
                }
                Value::Real(_) => panic!("no such column"),
            };
            db.execute(
                &format!("UPDATE journal SET {name} = ?1 WHERE seq = ?2"),
                (new, seq),
            )
            .unwrap();
        }
        Meddling::Drop(entry) => {
            db.execute("DELETE FROM journal WHERE seq = ?1", [of(entry)])
                .unwrap();
        }
        Meddling::Swap(a, b) => {
            let (a, b) = (of(a), of(b));
            for (from, to) in [(a, -1), (b, a), (-1, b)] {
                db.execute("UPDATE journal SET seq = ?1 WHERE seq = ?2", (to, from))
                    .unwrap();
            }
            return a != b;
        }
        Meddling::Insert(entry, to) => {
            let done = db.execute(
                &format!(
                    "INSERT OR IGNORE INTO journal (seq, {columns})
                     SELECT ?1, {columns} FROM journal WHERE seq = ?2"
                ),
                (last + to, of(entry)),
            );
            return done.unwrap() == 1;
        }
        Meddling::Move(entry, to) => {
            let from = of(entry);
            let done = db.execute(
                "UPDATE OR IGNORE journal SET seq = ?1 WHERE seq = ?2",
                (last + to, from),
            );
            return done.unwrap() == 1 && last + to != from;
        }
    }
    true
}

#[test]
fn nothing_in_the_journal_can_be_changed_unseen() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let told = tempfile::tempdir().unwrap();
    runtime.block_on(story(&told));
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(256)
    };
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let result = runner.run(&meddling(), |meddling| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::copy(told.path().join(FILE), dir.path().join(FILE)).unwrap();
        let is_changed = meddle(&raw(&dir), &meddling);
        let ledger = open(&dir);
        let (before, after) = runtime.block_on(async {
            let before = check(&ledger).await;
            // It does not heal when the story goes on.
            let rows = track(&ledger, Kind::File, &["file-2"]).await;
            ledger.enqueue(rows, at(90)).await.unwrap();
            (before, check(&ledger).await)
        });
        let is_broken = |chain| matches!(chain, Chain::Broken { .. });
        prop_assert_eq!(is_broken(before), is_changed, "{:?}", before);
        prop_assert_eq!(is_broken(after), is_changed, "{:?}", after);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]
    #[test]
    fn purging_leaves_the_chain_whole_wherever_it_cuts(cuts in prop::collection::vec(0_i64..60, 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let chain = runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let ledger = open(&dir);
            let rows = responses(&ledger, 12).await;
            for (second, rows) in (0..).step_by(5).zip(rows.chunks(1)) {
                delete(&ledger, rows, Outcome::Deleted, second).await;
            }
            let mut purged = 0;
            for cut in cuts {
                purged += ledger.purge_history(at(cut), at(60)).await.unwrap().entries;
            }
            (check(&ledger).await, purged)
        });
        let (Chain::Whole { entries, purged }, counted) = chain else {
            return Err(TestCaseError::fail("broken"));
        };
        prop_assert_eq!(purged, counted);
        prop_assert!(entries + purged >= 36);
    }
}

#[tokio::test]
async fn a_ledger_that_is_not_there_has_a_whole_and_empty_history() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open_read_only(dir.path(), "test").unwrap();
    assert_eq!(check(&ledger).await, whole(0, 0));
    assert_eq!(all(&ledger, HistoryQuery::default()).await, []);
    let error = ledger.purge_history(at(0), at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly));
}
