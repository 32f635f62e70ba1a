//! Intents and settlements.

use arkdeck::domain::{Answer, Cause, Facts, Kind, Outcome, Settlement, State};
use arkdeck::store::{Recovered, StoreError};

use super::{at, delete, entries, open, raw, resource, responses, settlement, states, track};

#[tokio::test]
async fn a_deletion_leaves_its_whole_story() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 3).await;
    let (batch, taken) = ledger
        .enqueue(vec![rows[2], rows[0], rows[2], rows[1]], at(0))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(taken, [rows[2], rows[0], rows[1]], "in order, each once");
    let claims = ledger.intend(batch, 2, at(1)).await.unwrap();
    assert_eq!(
        claims.iter().map(|c| c.row).collect::<Vec<_>>(),
        [rows[2], rows[0]]
    );
    assert_eq!(
        states(&ledger, &rows).await,
        [State::Sending, State::Queued, State::Sending]
    );

    let state = ledger
        .settle(batch, settlement(&claims[0], Outcome::Deleted), at(2))
        .await;
    assert_eq!(state.unwrap(), State::Deleted);
    let failed = Settlement {
        answer: Answer {
            attempts: 3,
            sent_at: Some(at(2)),
            status: Some(503),
            code: Some("Overload".into()),
            message: Some("m".repeat(9_000)),
            request_id: Some("02".into()),
            client_request_id: Some("c".into()),
            cause: Some(Cause::Exhausted),
            detail: None,
        },
        ..settlement(&claims[1], Outcome::Failed)
    };
    assert_eq!(
        ledger.settle(batch, failed, at(3)).await.unwrap(),
        State::Failed
    );
    assert_eq!(
        ledger.release(batch, at(4)).await.unwrap(),
        [(rows[1], State::Tracked)]
    );

    let story = [
        "resp_0002 asked",
        "resp_0000 asked",
        "resp_0001 asked",
        "resp_0002 intent",
        "resp_0000 intent",
        "resp_0002 settlement deleted",
        "resp_0000 settlement failed",
        "resp_0001 cancelled cancelled",
    ];
    assert_eq!(entries(&dir), story);
    ledger.forget(rows.clone()).await.unwrap();
    assert_eq!(entries(&dir), story, "forgetting a row forgets no deletion");

    let told: (i64, i64, String, i64, String, String) = raw(&dir)
        .query_row(
            "SELECT attempts, status, code, length(message), cause, client_request_id
             FROM journal WHERE outcome = 'failed'",
            [],
            |row| {
                let get = (row.get(0)?, row.get(1)?, row.get(2)?);
                Ok((get.0, get.1, get.2, row.get(3)?, row.get(4)?, row.get(5)?))
            },
        )
        .unwrap();
    assert_eq!(
        told,
        (
            3,
            503,
            "Overload".into(),
            4_096,
            "exhausted".into(),
            "c".into()
        )
    );
}

#[tokio::test]
async fn the_row_carries_why_it_is_still_there() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 1).await;
    delete(&ledger, &rows, Outcome::Refused, 1).await;
    let refused = resource(&ledger, rows[0]).await;
    assert_eq!(
        (refused.state, refused.settled_at),
        (State::Refused, Some(at(1)))
    );
    assert_eq!(refused.answer.unwrap().attempts, 1);
    delete(&ledger, &rows, Outcome::Deleted, 2).await;
    let deleted = resource(&ledger, rows[0]).await;
    assert_eq!((deleted.settled_at, deleted.answer), (Some(at(2)), None));
}

#[tokio::test]
async fn what_was_never_sent_goes_back_to_the_state_it_had() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 3).await;
    delete(&ledger, &rows[..1], Outcome::Failed, 1).await;
    delete(&ledger, &rows[1..2], Outcome::Unsettled, 1).await;
    let (batch, _) = ledger.enqueue(rows.clone(), at(2)).await.unwrap().unwrap();
    let claims = ledger.intend(batch, 1, at(2)).await.unwrap();
    let state = ledger
        .settle(batch, settlement(&claims[0], Outcome::Cancelled), at(2))
        .await;
    assert_eq!(state.unwrap(), State::Failed);
    let returned = ledger.release(batch, at(3)).await.unwrap();
    assert_eq!(
        returned,
        [(rows[1], State::Unsettled), (rows[2], State::Tracked)]
    );
    let before = [State::Failed, State::Unsettled, State::Tracked];
    assert_eq!(states(&ledger, &rows).await, before);
    assert_eq!(ledger.intend(batch, 9, at(4)).await.unwrap(), []);
}

#[tokio::test]
async fn an_item_settles_once_and_only_while_it_is_being_sent() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 2).await;
    let (batch, _) = ledger.enqueue(rows.clone(), at(0)).await.unwrap().unwrap();
    let claim = ledger.intend(batch, 1, at(0)).await.unwrap().remove(0);
    let deleted = settlement(&claim, Outcome::Deleted);
    ledger.settle(batch, deleted.clone(), at(1)).await.unwrap();
    let queued = Settlement {
        row: rows[1],
        ..deleted.clone()
    };
    for wrong in [deleted, queued] {
        let error = ledger.settle(batch, wrong, at(2)).await.unwrap_err();
        assert!(matches!(error, StoreError::NotSending { .. }), "{error}");
    }
    assert_eq!(
        entries(&dir).len(),
        4,
        "nothing of a refused settlement stays"
    );
}

#[tokio::test]
async fn pending_rows_and_tombstones_enter_no_batch() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 5).await;
    delete(&ledger, &rows[..1], Outcome::Deleted, 1).await;
    delete(&ledger, &rows[1..2], Outcome::Gone, 1).await;
    let (batch, _) = ledger
        .enqueue(rows[2..4].to_vec(), at(1))
        .await
        .unwrap()
        .unwrap();
    ledger.intend(batch, 1, at(1)).await.unwrap();
    assert_eq!(
        ledger.enqueue(rows[..4].to_vec(), at(2)).await.unwrap(),
        None
    );
    let (_, taken) = ledger.enqueue(rows.clone(), at(2)).await.unwrap().unwrap();
    assert_eq!(taken, rows[4..]);
}

#[tokio::test]
async fn doubt_is_settled_by_a_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = track(&ledger, Kind::File, &["f"]).await;
    delete(&ledger, &rows, Outcome::Unsettled, 1).await;
    let found = ledger
        .merge(rows[0], Facts::default(), at(2))
        .await
        .unwrap();
    assert_eq!(found.state, State::Unsettled, "being there settles nothing");
    let state = ledger
        .mark_gone(rows[0], Answer::default(), at(3))
        .await
        .unwrap();
    assert_eq!(
        (state, ledger.unsettled().await.unwrap()),
        (State::Gone, vec![])
    );
    assert_eq!(
        entries(&dir)[2..],
        ["f settlement unsettled", "f settlement gone"]
    );
    let batches: i64 = raw(&dir)
        .query_row("SELECT count(DISTINCT batch) FROM journal", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(batches, 1);
}

#[tokio::test]
async fn a_batch_in_hand_is_not_touched_by_a_not_found() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 1).await;
    let (batch, _) = ledger.enqueue(rows.clone(), at(0)).await.unwrap().unwrap();
    let state = ledger
        .mark_gone(rows[0], Answer::default(), at(1))
        .await
        .unwrap();
    assert_eq!(state, State::Queued);
    assert_eq!(ledger.intend(batch, 9, at(1)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn long_batches_keep_their_order_across_their_parts() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let mut rows = responses(&ledger, 9_000).await;
    rows.reverse();
    let (batch, taken) = ledger.enqueue(rows.clone(), at(0)).await.unwrap().unwrap();
    assert_eq!(taken, rows);
    let claims = ledger.intend(batch, 5_000, at(0)).await.unwrap();
    assert!(
        claims
            .iter()
            .map(|claim| claim.row)
            .eq(rows[..5_000].iter().copied())
    );
    let returned = ledger.release(batch, at(1)).await.unwrap();
    assert!(
        returned
            .iter()
            .map(|each| each.0)
            .eq(rows[5_000..].iter().copied())
    );
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_and_leaves_nothing_behind() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = open(&dir);
    let rows = responses(&ledger, 5_000).await;
    // The disk fails in the second part of the batch.
    raw(&dir)
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON journal WHEN instr(new.detail, 'resp_4500')
             BEGIN SELECT raise(ABORT, 'disk on fire'); END",
        )
        .unwrap();
    let error = ledger.enqueue(rows.clone(), at(0)).await.unwrap_err();
    assert!(matches!(error, StoreError::Sqlite(_)), "{error}");
    assert!(
        states(&ledger, &rows)
            .await
            .iter()
            .all(|state| *state == State::Tracked)
    );
    assert_eq!(ledger.recover(at(1)).await.unwrap(), Recovered::default());
}
