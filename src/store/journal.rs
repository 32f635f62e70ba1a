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
//! What is queued and what is being sent stands in `queue`. An instance that dies leaves items there:
//! `recover` sends the queued ones back and calls the sending ones unsettled, for an intent says that
//! a request may have left.
//!
//! The `journal` table names each resource itself, so that forgetting a row forgets no deletion. What
//! comes of each item is an entry of its own; `asked` and `intent` are about many items at once and
//! list their ids. It only ever grows, but for purges of its old end; `chain` links its entries.

use jiff::Timestamp;
use rusqlite::params;
use rusqlite::types::ValueRef;

use crate::domain::{
    Answer, BatchId, Cause, Kind, Outcome, Resource, ResourceId, RowId, Settlement, State,
};

use super::chain;
use super::codes::{Code, array, stored};
use super::error::StoreError;
use super::ledger::{admit, claim, json};
use super::lock;
use super::order;
use super::select::IN_HAND;
use super::thread::Disk;
use super::{Claim, INSTANCES, Recovered};

/// Items that an entry lists, at most: checking the chain reads whole entries.
const LISTED: usize = 512;

/// What comes of an item: an entry of its own.
#[derive(Clone, Copy)]
enum End<'a> {
    Settlement(Outcome, &'a Answer),
    Cancelled,
}

fn append(
    disk: &Disk,
    batch: Option<BatchId>,
    item: (RowId, Kind, &str),
    end: End<'_>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (row, kind, id) = item;
    let (word, outcome, answer) = match end {
        End::Settlement(outcome, answer) => ("settlement", outcome, Some(answer)),
        End::Cancelled => ("cancelled", Outcome::Cancelled, None),
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
    chain::append(
        disk,
        &[
            number(batch.map(|batch| batch.0)),
            number(Some(row.0)),
            text(Some(kind.as_str())),
            text(Some(id)),
            text(Some(word)),
            number(Some(at.as_millisecond())),
            text(Some(outcome.as_str())),
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

/// Writes what is about to become of items: `asked` or `intent`. They get places one after the other;
/// returns the first.
fn announce<'a>(
    disk: &Disk,
    batch: BatchId,
    word: &str,
    items: impl IntoIterator<Item = (Kind, &'a str)>,
    at: Timestamp,
) -> Result<Option<i64>, StoreError> {
    let items: Vec<_> = items.into_iter().collect();
    let mut first = None;
    for items in items
        .chunk_by(|a, b| a.0 == b.0)
        .flat_map(|run| run.chunks(LISTED))
    {
        let ids: Vec<_> = items.iter().map(|(_, id)| *id).collect();
        let ids = json(&ids);
        let mut content = [ValueRef::Null; chain::CONTENT];
        content[0] = number(Some(batch.0));
        content[2] = text(items.first().map(|(kind, _)| kind.as_str()));
        content[4] = text(Some(word));
        content[5] = number(Some(at.as_millisecond()));
        content[15] = text(Some(&ids));
        let place = chain::append_for(disk, items.len(), &content)?;
        first.get_or_insert(place);
    }
    Ok(first)
}

fn number(number: Option<i64>) -> ValueRef<'static> {
    number.map_or(ValueRef::Null, ValueRef::Integer)
}

fn text(text: Option<&str>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

/// Takes rows, each of them named once, into a batch, which is made with the first that can be taken.
/// Pending rows, protected ones and stored tombstones cannot enter; an expired row can, as only our clock
/// calls it so.
pub(super) fn enqueue(
    disk: &Disk,
    batch: Option<BatchId>,
    rows: &[RowId],
    now: Timestamp,
) -> Result<(Option<BatchId>, Vec<RowId>), StoreError> {
    let mut able = disk.db.prepare_cached(&format!(
        "SELECT row, kind, id FROM rarray(?1) CROSS JOIN resources ON row = value
         WHERE profile = ?2 AND state NOT IN (3, 4) AND NOT protected AND NOT {IN_HAND}"
    ))?;
    let mut found = able.query(params![array(rows), disk.profile])?;
    let mut items = Vec::with_capacity(rows.len());
    let mut taken = Vec::with_capacity(rows.len());
    while let Some(row) = found.next()? {
        taken.push(RowId(row.get(0)?));
        items.push((row.get::<_, Code<Kind>>(1)?.0, row.get::<_, String>(2)?));
    }
    let batch = match batch {
        Some(batch) => batch,
        None if taken.is_empty() => return Ok((None, taken)),
        None => begin(disk, now)?,
    };
    let ids = items.iter().map(|(kind, id)| (*kind, id.as_str()));
    let Some(first) = announce(disk, batch, "asked", ids, now)? else {
        return Ok((Some(batch), taken));
    };
    disk.db
        .prepare_cached(
            "INSERT INTO queue (row, batch, seq)
             SELECT value, ?2, ?3 + rowid - 1 FROM rarray(?1)",
        )?
        .execute(params![array(&taken), batch.0, first])?;
    Ok((Some(batch), taken))
}

fn begin(disk: &Disk, now: Timestamp) -> Result<BatchId, StoreError> {
    let instance = disk.instance.as_ref().ok_or(StoreError::ReadOnly)?;
    let mut statement = disk
        .db
        .prepare_cached("INSERT INTO batches (profile, instance, asked_at) VALUES (?1, ?2, ?3)")?;
    let batch = statement.insert(params![disk.profile, instance.name(), Code(now)])?;
    Ok(BatchId(batch))
}

/// An item that a batch has in hand, with what only its end needs.
struct InHand {
    claim: Claim,
    prior: State,
    seq: i64,
    intended_at: Option<Timestamp>,
}

/// The batch's items that are being sent, or that are queued, in its order.
fn in_hand(
    disk: &Disk,
    batch: BatchId,
    is_sending: bool,
    limit: usize,
) -> Result<Vec<InHand>, StoreError> {
    let mut statement = disk.db.prepare_cached(
        "SELECT row, kind, id, state, seq, intended_at
         FROM queue INDEXED BY turn CROSS JOIN resources USING (row)
         WHERE queue.batch = ?1 AND (intended_at IS NOT NULL) = ?2 ORDER BY seq LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![batch.0, is_sending, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id: String = row.get(2)?;
        // Nothing but our own validated ids is ever put in.
        let Ok(id) = ResourceId::new(&id) else {
            continue;
        };
        let prior = row.get::<_, Code<State>>(3)?.0;
        found.push(InHand {
            claim: Claim {
                row: RowId(row.get(0)?),
                kind: row.get::<_, Code<Kind>>(1)?.0,
                id,
                in_doubt: prior == State::Unsettled,
                later: Vec::new(),
            },
            prior,
            seq: row.get(4)?,
            intended_at: row.get::<_, Option<Code<_>>>(5)?.map(|code| code.0),
        });
    }
    Ok(found)
}

pub(super) fn intend(
    disk: &Disk,
    batch: BatchId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<Claim>, StoreError> {
    admit(disk)?;
    let queued = in_hand(disk, batch, false, limit)?;
    let (Some(first), Some(last)) = (queued.first(), queued.last()) else {
        return Ok(Vec::new());
    };
    disk.db
        .prepare_cached(
            "UPDATE queue INDEXED BY turn SET intended_at = ?1
             WHERE batch = ?2 AND seq BETWEEN ?3 AND ?4 AND intended_at IS NULL",
        )?
        .execute(params![Code(now), batch.0, first.seq, last.seq])?;
    let items = queued.iter().map(|item| {
        let (_, kind, id) = item.claim.item();
        (kind, id)
    });
    announce(disk, batch, "intent", items, now)?;
    let mut claims: Vec<_> = queued.into_iter().map(|item| item.claim).collect();
    order::put_later(disk, batch, &mut claims)?;
    Ok(claims)
}

pub(super) fn settle(
    disk: &Disk,
    batch: BatchId,
    settlements: &[Settlement],
    now: Timestamp,
) -> Result<Vec<State>, StoreError> {
    let is_success = |settlement: &Settlement| settlement.outcome.is_success();
    if settlements.iter().any(is_success) {
        claim(disk)?;
    }
    let mut sending = disk.db.prepare_cached(
        "DELETE FROM queue WHERE row = ?1 AND batch = ?2 AND intended_at IS NOT NULL",
    )?;
    let mut prior = disk
        .db
        .prepare_cached("SELECT state FROM resources WHERE row = ?1")?;
    let mut settled = disk.db.prepare_cached(
        "UPDATE resources SET state = ?1, batch = ?2, settled_at = ?3, answer = ?4 WHERE row = ?5",
    )?;
    let settle = |settlement: &Settlement| {
        let Settlement {
            row,
            kind,
            id,
            outcome,
            answer,
        } = settlement;
        if sending.execute([row.0, batch.0])? == 0 {
            return Err(StoreError::NotSending { row: *row, batch });
        }
        let item = (*row, *kind, id.as_str());
        let Some(state) = state_after(*outcome) else {
            append(disk, Some(batch), item, End::Cancelled, now)?;
            return Ok(prior.query_row([row.0], |row| row.get::<_, Code<_>>(0))?.0);
        };
        let end = End::Settlement(*outcome, answer);
        append(disk, Some(batch), item, end, now)?;
        let at = (*outcome != Outcome::Unsettled).then_some(Code(now));
        let answer = (!is_success(settlement)).then(|| json(&cut(answer)));
        settled.execute(params![Code(state), batch.0, at, answer, row.0])?;
        Ok(state)
    };
    settlements.iter().map(settle).collect()
}

/// What an item's row is then; `None`: what it was before.
fn state_after(outcome: Outcome) -> Option<State> {
    Some(match outcome {
        Outcome::Deleted => State::Deleted,
        Outcome::Gone => State::Gone,
        Outcome::Refused => State::Refused,
        Outcome::Failed => State::Failed,
        Outcome::Unsettled => State::Unsettled,
        Outcome::Cancelled => return None,
    })
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
    let entry = End::Settlement(Outcome::Gone, answer);
    append(disk, batch.map(BatchId), item, entry, now)
}

/// Sends up to `limit` queued items back to where they were.
pub(super) fn release(
    disk: &Disk,
    batch: BatchId,
    limit: usize,
    now: Timestamp,
) -> Result<Vec<(RowId, State)>, StoreError> {
    let mut let_go = disk.db.prepare_cached("DELETE FROM queue WHERE row = ?1")?;
    let mut returned = Vec::new();
    for InHand { claim, prior, .. } in in_hand(disk, batch, false, limit)? {
        append(disk, Some(batch), claim.item(), End::Cancelled, now)?;
        let_go.execute([claim.row.0])?;
        returned.push((claim.row, prior));
    }
    Ok(returned)
}

/// Takes up to `limit` items out of the hands of instances that died, or gave up.
pub(super) fn recover(disk: &Disk, limit: usize, now: Timestamp) -> Result<Recovered, StoreError> {
    let total = |recovered: &Recovered| {
        let unsettled = usize::try_from(recovered.unsettled).unwrap_or(usize::MAX);
        recovered.returned.len().saturating_add(unsettled)
    };
    let mut recovered = Recovered::default();
    for batch in orphans(disk)? {
        let left = limit.saturating_sub(total(&recovered));
        let in_doubt: Vec<_> = in_hand(disk, batch, true, left)?
            .into_iter()
            .map(|item| Settlement {
                row: item.claim.row,
                kind: item.claim.kind,
                id: item.claim.id,
                outcome: Outcome::Unsettled,
                answer: Answer {
                    attempts: 1,
                    sent_at: item.intended_at,
                    cause: Some(Cause::Interrupted),
                    ..Answer::default()
                },
            })
            .collect();
        recovered.unsettled += settle(disk, batch, &in_doubt, now)?.len() as u64;
        let left = limit.saturating_sub(total(&recovered));
        let returned = release(disk, batch, left, now)?;
        if !returned.is_empty() {
            recovered.batches.insert(batch);
        }
        recovered
            .returned
            .extend(returned.into_iter().map(|(row, _)| row));
        if total(&recovered) >= limit {
            break;
        }
    }
    Ok(recovered)
}

/// The items of a batch that are still queued, and the states they go back to.
pub(super) fn queued(disk: &Disk, batch: BatchId) -> Result<Vec<(RowId, State)>, StoreError> {
    let queued = in_hand(disk, batch, false, usize::MAX)?;
    Ok(queued
        .into_iter()
        .map(|item| (item.claim.row, item.prior))
        .collect())
}

/// Batches of this profile that have rows in hand, oldest first.
pub(super) fn open(disk: &Disk) -> Result<Vec<BatchId>, StoreError> {
    // One step in the index for each batch, however many rows it has.
    let mut next = disk
        .db
        .prepare_cached("SELECT min(batch) FROM queue WHERE batch > ?1")?;
    let mut is_ours = disk
        .db
        .prepare_cached("SELECT 1 FROM batches WHERE batch = ?1 AND profile = ?2")?;
    let mut open = Vec::new();
    let mut last = 0;
    while let Some(batch) = next.query_row([last], |row| row.get::<_, Option<i64>>(0))? {
        if is_ours.exists([batch, disk.profile])? {
            open.push(BatchId(batch));
        }
        last = batch;
    }
    Ok(open)
}

/// Batches of this profile that still have rows in hand, though nobody lives to deal with them.
fn orphans(disk: &Disk) -> Result<Vec<BatchId>, StoreError> {
    let Some(dir) = disk.path.parent().map(|dir| dir.join(INSTANCES)) else {
        return Ok(Vec::new());
    };
    let mut owner = disk
        .db
        .prepare_cached("SELECT instance FROM batches WHERE batch = ?1")?;
    let mut orphans = Vec::new();
    for batch in open(disk)? {
        let instance: String = owner.query_row([batch.0], |row| row.get(0))?;
        if disk.abandoned.borrow().contains(&batch) || !lock::is_alive(&dir, &instance) {
            orphans.push(batch);
        }
    }
    Ok(orphans)
}
