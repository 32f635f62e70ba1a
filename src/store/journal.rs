//! What we promised and what came of it.
//!
//! ```text
//!   enqueue          intend            settle
//!  ────────► queued ────────► sending ────────► deleted · gone · refused · failed · unsettled
//!               │ release        │ withdraw: claimed, and never sent
//!               ▼                ▼
//!            back in its state, "cancelled" in the journal
//! ```
//!
//! An instance that dies leaves rows in the middle of this. `recover` sends the queued ones back and
//! calls the sending ones unsettled: an intent says that a request may have left.
//!
//! The `journal` table names each resource itself, so that forgetting a row forgets no deletion. It
//! only ever grows, but for purges of its old end; `chain` links its entries.

use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension as _, params};

use crate::domain::{
    Answer, BatchId, Cause, Kind, Outcome, Resource, ResourceId, RowId, Settlement, State,
};

use super::chain;
use super::codes::{Code, stored};
use super::error::StoreError;
use super::ledger::{claim, json};
use super::lock;
use super::thread::Disk;
use super::{Claim, INSTANCES, Recovered};

#[derive(Clone, Copy)]
enum Entry<'a> {
    Asked,
    Intent,
    Settlement(Outcome, &'a Answer),
    Cancelled,
}

fn append(
    disk: &Disk,
    batch: Option<BatchId>,
    item: (RowId, Kind, &str),
    entry: Entry<'_>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (row, kind, id) = item;
    let batch = batch.map(|batch| batch.0);
    let (word, outcome, answer) = match entry {
        Entry::Asked => ("asked", None, None),
        Entry::Intent => ("intent", None, None),
        Entry::Settlement(outcome, answer) => ("settlement", Some(outcome), Some(answer)),
        Entry::Cancelled => ("cancelled", Some(Outcome::Cancelled), None),
    };
    let nothing = Answer::default();
    let told = answer.unwrap_or(&nothing);
    let [code, message, request_id, client_request_id, detail] = [
        &told.code,
        &told.message,
        &told.request_id,
        &told.client_request_id,
        &told.detail,
    ]
    .map(|text| text.as_deref().map(stored));
    let number = |number: Option<i64>| number.map_or(ValueRef::Null, ValueRef::Integer);
    chain::append(
        disk,
        &[
            number(batch),
            number(Some(row.0)),
            text(Some(kind.as_str())),
            text(Some(id)),
            text(Some(word)),
            number(Some(at.as_millisecond())),
            text(outcome.map(Outcome::as_str)),
            number(answer.map(|answer| answer.attempts.into())),
            number(told.sent_at.map(Timestamp::as_millisecond)),
            number(told.status.map(Into::into)),
            text(code.as_deref()),
            text(message.as_deref()),
            text(request_id.as_deref()),
            text(client_request_id.as_deref()),
            text(told.cause.map(Cause::as_str)),
            text(detail.as_deref()),
        ],
    )
}

fn text(text: Option<&str>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

/// Takes rows into a batch, which is made with the first that can be taken. `place` is the turn of
/// the first of these rows. Pending rows, protected ones and stored tombstones cannot enter; an
/// expired row can, as only our clock calls it so.
pub(super) fn enqueue(
    disk: &Disk,
    mut batch: Option<BatchId>,
    rows: &[RowId],
    place: usize,
    now: Timestamp,
) -> Result<(Option<BatchId>, Vec<RowId>), StoreError> {
    let mut able = disk.db.prepare_cached(
        "SELECT kind, id FROM resources
         WHERE row = ?1 AND profile = ?2 AND state NOT IN (1, 2, 3, 4) AND NOT protected",
    )?;
    let mut take = disk.db.prepare_cached(
        "UPDATE resources SET prior = state, state = 1, batch = ?1, place = ?2 WHERE row = ?3",
    )?;
    let mut taken = Vec::new();
    for (row, place) in rows.iter().zip(place..) {
        let item = able.query_row(params![row.0, disk.profile], |row| {
            Ok((row.get::<_, Code<Kind>>(0)?.0, row.get::<_, String>(1)?))
        });
        let Some((kind, id)) = item.optional()? else {
            continue;
        };
        let batch = match batch {
            Some(batch) => batch,
            None => *batch.insert(begin(disk, now)?),
        };
        take.execute(params![
            batch.0,
            i64::try_from(place).unwrap_or(i64::MAX),
            row.0
        ])?;
        append(disk, Some(batch), (*row, kind, &id), Entry::Asked, now)?;
        taken.push(*row);
    }
    Ok((batch, taken))
}

fn begin(disk: &Disk, now: Timestamp) -> Result<BatchId, StoreError> {
    let instance = disk.instance.as_ref().ok_or(StoreError::ReadOnly)?;
    let mut statement = disk
        .db
        .prepare_cached("INSERT INTO batches (profile, instance, asked_at) VALUES (?1, ?2, ?3)")?;
    let batch = statement.insert(params![disk.profile, instance.name(), Code(now)])?;
    Ok(BatchId(batch))
}

/// Rows of `batch` in `state`, in its order.
fn in_hand(
    disk: &Disk,
    batch: BatchId,
    state: State,
    limit: usize,
) -> Result<Vec<(Claim, State)>, StoreError> {
    let mut statement = disk.db.prepare_cached(
        "SELECT row, kind, id, prior FROM resources
         WHERE batch = ?1 AND place IS NOT NULL AND state = ?2 ORDER BY place LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![batch.0, Code(state), limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id: String = row.get(2)?;
        // Nothing but our own validated ids is ever put in.
        let Ok(id) = ResourceId::new(&id) else {
            continue;
        };
        let prior = row.get::<_, Option<Code<State>>>(3)?;
        let prior = prior.map_or(State::Tracked, |code| code.0);
        let claim = Claim {
            row: RowId(row.get(0)?),
            kind: row.get::<_, Code<Kind>>(1)?.0,
            id,
            in_doubt: prior == State::Unsettled,
        };
        found.push((claim, prior));
    }
    Ok(found)
}

/// Lets the row out of its batch's hand.
fn let_go(disk: &Disk, row: RowId, state: State) -> Result<(), StoreError> {
    disk.db
        .prepare_cached(
            "UPDATE resources SET state = ?1, place = NULL, prior = NULL WHERE row = ?2",
        )?
        .execute(params![Code(state), row.0])?;
    Ok(())
}

pub(super) fn intend(
    disk: &Disk,
    batch: BatchId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Claim>, StoreError> {
    let mut send = disk
        .db
        .prepare_cached("UPDATE resources SET state = 2 WHERE row = ?1")?;
    let mut claims = Vec::new();
    for (claim, _) in in_hand(disk, batch, State::Queued, limit)? {
        send.execute([claim.row.0])?;
        append(disk, Some(batch), claim.item(), Entry::Intent, now)?;
        claims.push(claim);
    }
    Ok(claims)
}

pub(super) fn settle(
    disk: &Disk,
    batch: BatchId,
    settlement: &Settlement,
    now: Timestamp,
) -> Result<State, StoreError> {
    let Settlement {
        row,
        kind,
        id,
        outcome,
        answer,
    } = settlement;
    let mut sending = disk.db.prepare_cached(
        "SELECT prior FROM resources WHERE row = ?1 AND batch = ?2 AND state = 2",
    )?;
    let prior = sending
        .query_row(params![row.0, batch.0], |row| {
            row.get::<_, Option<Code<State>>>(0)
        })
        .optional()?
        .ok_or(StoreError::NotSending { row: *row, batch })?;
    if outcome.is_success() {
        claim(disk)?;
    }
    let item = (*row, *kind, id.as_str());
    let state = match outcome {
        Outcome::Deleted => State::Deleted,
        Outcome::Gone => State::Gone,
        Outcome::Refused => State::Refused,
        Outcome::Failed => State::Failed,
        Outcome::Unsettled => State::Unsettled,
        Outcome::Cancelled => {
            let state = prior.map_or(State::Tracked, |code| code.0);
            append(disk, Some(batch), item, Entry::Cancelled, now)?;
            let_go(disk, *row, state)?;
            return Ok(state);
        }
    };
    append(
        disk,
        Some(batch),
        item,
        Entry::Settlement(*outcome, answer),
        now,
    )?;
    let settled = (*outcome != Outcome::Unsettled).then_some(Code(now));
    let answer = (!outcome.is_success()).then(|| json(&cut(answer)));
    disk.db
        .prepare_cached(
            "UPDATE resources SET state = ?1, place = NULL, prior = NULL, settled_at = ?2,
                 answer = ?3 WHERE row = ?4",
        )?
        .execute(params![Code(state), settled, answer, row.0])?;
    Ok(state)
}

fn cut(answer: &Answer) -> Answer {
    let cut = |text: &Option<String>| text.as_deref().map(|text| stored(text).into_owned());
    Answer {
        code: cut(&answer.code),
        message: cut(&answer.message),
        request_id: cut(&answer.request_id),
        client_request_id: cut(&answer.client_request_id),
        detail: cut(&answer.detail),
        ..*answer
    }
}

/// The settlement of a row that was in doubt, in the batch that left it so.
pub(super) fn settle_doubt(
    disk: &Disk,
    resource: &Resource,
    answer: &Answer,
    now: Timestamp,
) -> Result<(), StoreError> {
    let batch: Option<i64> = disk
        .db
        .prepare_cached("SELECT batch FROM resources WHERE row = ?1")?
        .query_row([resource.row.0], |row| row.get(0))?;
    let item = (resource.row, resource.kind, resource.id.as_str());
    let entry = Entry::Settlement(Outcome::Gone, answer);
    append(disk, batch.map(BatchId), item, entry, now)
}

/// Sends up to `limit` queued items back to where they were.
pub(super) fn release(
    disk: &Disk,
    batch: BatchId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<(RowId, State)>, StoreError> {
    let mut returned = Vec::new();
    for (claim, prior) in in_hand(disk, batch, State::Queued, limit)? {
        append(disk, Some(batch), claim.item(), Entry::Cancelled, now)?;
        let_go(disk, claim.row, prior)?;
        returned.push((claim.row, prior));
    }
    Ok(returned)
}

/// Takes up to `limit` items out of the hands of instances that died.
pub(super) fn recover(disk: &Disk, limit: usize, now: Timestamp) -> Result<Recovered, StoreError> {
    let mut recovered = Recovered::default();
    let interrupted = Answer {
        attempts: 1,
        cause: Some(Cause::Interrupted),
        ..Answer::default()
    };
    for batch in orphans(disk)? {
        let left = limit.saturating_sub(recovered.total());
        for (claim, _) in in_hand(disk, batch, State::Sending, left)? {
            let Claim { row, kind, id, .. } = claim;
            let settlement = Settlement {
                row,
                kind,
                id,
                outcome: Outcome::Unsettled,
                answer: interrupted.clone(),
            };
            settle(disk, batch, &settlement, now)?;
            recovered.unsettled += 1;
        }
        let left = limit.saturating_sub(recovered.total());
        recovered.returned += release(disk, batch, left, now)?.len() as u64;
        if recovered.total() >= limit {
            break;
        }
    }
    Ok(recovered)
}

/// Batches of this profile that still have rows in hand, though nobody lives to deal with them.
fn orphans(disk: &Disk) -> Result<Vec<BatchId>, StoreError> {
    let Some(dir) = disk.path.parent().map(|dir| dir.join(INSTANCES)) else {
        return Ok(Vec::new());
    };
    // One step in the index for each batch, however many rows it has.
    let mut next = disk.db.prepare_cached(
        "SELECT min(batch) FROM resources WHERE place IS NOT NULL AND batch > ?1",
    )?;
    let mut owner = disk
        .db
        .prepare_cached("SELECT instance FROM batches WHERE batch = ?1 AND profile = ?2")?;
    let mut orphans = Vec::new();
    let mut last = 0;
    while let Some(batch) = next.query_row([last], |row| row.get::<_, Option<i64>>(0))? {
        let instance = owner.query_row([batch, disk.profile], |row| row.get::<_, String>(0));
        if instance
            .optional()?
            .is_some_and(|name| !lock::is_alive(&dir, &name))
        {
            orphans.push(BatchId(batch));
        }
        last = batch;
    }
    Ok(orphans)
}
