//! Ends that nobody planned.

use std::fs;
use std::path::Path;

use arkdeck::domain::{Cause, Outcome, State};
use arkdeck::store::{Ledger, Recovered};
use tempfile::TempDir;

use super::{at, entries, open, resource, responses, settlement, states};

/// What a power cut would leave of a living ledger, with the log cut off at `len`.
fn wreck(dir: &TempDir, len: Option<usize>) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::copy(dir.path().join("ledger.db"), copy.path().join("ledger.db")).unwrap();
    let mut log = fs::read(wal(dir.path())).unwrap();
    log.truncate(len.unwrap_or(log.len()));
    fs::write(wal(copy.path()), log).unwrap();
    copy
}

fn wal(dir: &Path) -> std::path::PathBuf {
    dir.join("ledger.db-wal")
}

#[tokio::test]
async fn what_a_dead_instance_left_is_doubted_or_returned() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 4).await;
    let (batch, _) = ledger.enqueue(rows.clone(), at(0)).await.unwrap().unwrap();
    let claims = ledger.intend(batch, 2, at(1)).await.unwrap();
    let deleted = settlement(&claims[0], Outcome::Deleted);
    ledger.settle(batch, deleted, at(2)).await.unwrap();

    let after = wreck(&dir, None);
    let next = open(&after);
    let left = [State::Deleted, State::Sending, State::Queued, State::Queued];
    assert_eq!(states(&next, &rows).await, left);
    let recovered = next.recover(at(3)).await.unwrap();
    assert_eq!(
        recovered,
        Recovered {
            unsettled: 1,
            returned: rows[2..].to_vec(),
            batches: [batch].into(),
        }
    );
    assert_eq!(next.recover(at(3)).await.unwrap(), Recovered::default());
    let now = [
        State::Deleted,
        State::Unsettled,
        State::Tracked,
        State::Tracked,
    ];
    assert_eq!(states(&next, &rows).await, now);
    let doubt = resource(&next, rows[1]).await;
    assert_eq!(doubt.answer.unwrap().cause, Some(Cause::Interrupted));
    assert_eq!(next.unsettled().await.unwrap().len(), 1);
    assert_eq!(
        next.intend(batch, 9, at(4)).await.unwrap(),
        [],
        "never sent again"
    );
    assert_eq!(
        entries(&after)[7..],
        [
            "resp_0001 settlement unsettled",
            "resp_0002 cancelled cancelled",
            "resp_0003 cancelled cancelled"
        ]
    );
}

#[tokio::test]
async fn the_living_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let busy = open(&dir);
    let rows = responses(&busy, 2).await;
    let (batch, _) = busy.enqueue(rows.clone(), at(0)).await.unwrap().unwrap();
    busy.intend(batch, 1, at(0)).await.unwrap();
    let other = open(&dir);
    assert_eq!(other.recover(at(1)).await.unwrap(), Recovered::default());
    drop(busy);
    let recovered = other.recover(at(2)).await.unwrap();
    assert_eq!(
        recovered,
        Recovered {
            unsettled: 1,
            returned: rows[1..].to_vec(),
            batches: [batch].into(),
        }
    );
}

#[tokio::test]
async fn a_log_cut_anywhere_opens_and_keeps_what_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 6).await;
    let (batch, _) = ledger.enqueue(rows.clone(), at(0)).await.unwrap().unwrap();
    let log_len = || usize::try_from(fs::metadata(wal(dir.path())).unwrap().len()).unwrap();
    // After how many bytes of log each settlement was acknowledged.
    let start = log_len();
    let mut acknowledged = Vec::new();
    let claims = ledger.intend(batch, 6, at(1)).await.unwrap();
    let intended = log_len();
    for claim in &claims {
        let deleted = settlement(claim, Outcome::Deleted);
        ledger.settle(batch, deleted, at(2)).await.unwrap();
        acknowledged.push(log_len());
    }
    let end = log_len();
    assert!(
        start < intended && intended < end,
        "the log was written back too early to test"
    );

    // A step that is a divisor of nothing, so that cuts fall everywhere in a frame.
    for len in (start..=end).step_by(1_237).chain([intended, end]) {
        let after = wreck(&dir, Some(len));
        let next = Ledger::open(after.path(), "test").unwrap();
        let recovered = next.recover(at(3)).await.unwrap();
        let durable = acknowledged.iter().filter(|end| **end <= len).count();
        let states = states(&next, &rows).await;
        let deleted = states
            .iter()
            .filter(|state| **state == State::Deleted)
            .count();
        assert!(
            deleted >= durable,
            "cut at {len}: an acknowledged settlement is lost"
        );
        let doubted = usize::try_from(recovered.unsettled).unwrap();
        if len >= intended {
            assert_eq!(deleted + doubted, 6, "cut at {len}: an intent is lost");
        } else {
            assert_eq!(
                (deleted, doubted, recovered.returned.len()),
                (0, 0, 6),
                "cut at {len}"
            );
        }
        let settled = entries(&after)
            .iter()
            .filter(|e| e.ends_with("deleted"))
            .count();
        assert_eq!(settled, deleted, "cut at {len}: journal and rows differ");
    }
}

#[tokio::test]
async fn the_last_handle_finishes_what_was_asked() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 1).await;
    let (batch, _) = ledger.enqueue(rows.clone(), at(0)).await.unwrap().unwrap();
    let claim = ledger.intend(batch, 1, at(1)).await.unwrap().remove(0);
    {
        let settling = ledger.settle(batch, settlement(&claim, Outcome::Deleted), at(2));
        let mut settling = std::pin::pin!(settling);
        // Polled once: the job is in the queue, and its asker goes away.
        let once = std::future::poll_fn(|cx| {
            std::task::Poll::Ready(settling.as_mut().poll(cx).is_ready())
        });
        once.await;
    }
    drop(ledger);
    assert_eq!(states(&open(&dir), &rows).await, [State::Deleted]);
}
