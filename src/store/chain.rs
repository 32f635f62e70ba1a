//! The chain that makes the journal a proof: each entry carries the SHA-256 of what the entry before
//! it carries and of all that is in itself, its place included. Editing, dropping, adding or moving
//! an entry breaks it there, or at the end, whose place and hash are kept apart in `chains`.
//!
//! Each profile has a chain of its own. Purging takes entries off its old end: `chains` then says
//! where it begins now, and an entry, chained like any other, says so too.
//!
//! It shows what was changed by accident or by the way; whoever can write the file can also write a
//! new chain. It refuses to purge what it cannot follow, which would hide the damage.

use jiff::Timestamp;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{OptionalExtension as _, Row, params, params_from_iter};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::domain::{BatchId, Chain};

use super::codes::Code;
use super::error::StoreError;
use super::journal;
use super::ledger::json;
use super::thread::Disk;

type Hash = [u8; 32];

/// What the first entry of a chain is linked to.
const NOTHING: Hash = [0; 32];

/// All columns of an entry but its hash, in the order in which they are hashed.
const COLUMNS: &str = "seq, profile, batch, row, kind, id, entry, at, outcome, attempts, sent_at, \
    status, code, message, request_id, client_request_id, cause, detail";
const WIDTH: usize = 18;

/// An entry has so many columns without its place and its profile, which are given here.
pub(super) const CONTENT: usize = WIDTH - 2;
pub(super) type Content<'a> = [ValueRef<'a>; CONTENT];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    seq: i64,
    hash: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ends {
    /// The last entry that was purged.
    anchor: Link,
    head: Link,
    /// Entries purged so far.
    purged: i64,
}

/// What the entry of a purge says; it binds the anchor to the chain.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Record {
    through: i64,
    hash: String,
    entries: i64,
}

impl Ends {
    fn record(&self) -> Record {
        let hex = self.anchor.hash.iter().map(|byte| format!("{byte:02x}"));
        Record {
            through: self.anchor.seq,
            hash: hex.collect(),
            entries: self.purged,
        }
    }
}

/// Lengths are hashed with texts, so that nothing can move from one column to the next.
fn link(before: &Hash, values: &[ValueRef<'_>; WIDTH]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(before);
    for value in values {
        match value {
            ValueRef::Null => hash.update([0]),
            ValueRef::Integer(number) => {
                hash.update([1]);
                hash.update(number.to_be_bytes());
            }
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                hash.update([2]);
                hash.update((bytes.len() as u64).to_be_bytes());
                hash.update(bytes);
            }
            // The table is strict and has no such column.
            ValueRef::Real(number) => hash.update(number.to_be_bytes()),
        }
    }
    hash.finalize().into()
}

/// Where the next entry goes, in a transaction that has appended one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head(Link);

/// Writes an entry as the next link. The chain's new end is written by [`flush`].
pub(super) fn append(disk: &Disk, content: &Content<'_>) -> Result<(), StoreError> {
    append_for(disk, 1, content).map(drop)
}

/// Writes one entry for several items, each of which gets a place of its own; the entry's is the last
/// of them. Returns the first.
pub(super) fn append_for(
    disk: &Disk,
    items: usize,
    content: &Content<'_>,
) -> Result<i64, StoreError> {
    let before = match disk.head.get() {
        Some(Head(link)) => link,
        None => newest(disk)?,
    };
    let seq = before
        .seq
        .saturating_add(i64::try_from(items).unwrap_or(i64::MAX));
    let mut values = [ValueRef::Null; WIDTH];
    values[0] = ValueRef::Integer(seq);
    values[1] = ValueRef::Integer(disk.profile);
    values[2..].copy_from_slice(content);
    let hash = link(&before.hash, &values);
    let mut insert = disk.db.prepare_cached(
        "INSERT INTO journal (seq, profile, batch, row, kind, id, entry, at, outcome, attempts,
             sent_at, status, code, message, request_id, client_request_id, cause, detail, hash)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,
             ?19)",
    )?;
    let all = values.into_iter().chain([ValueRef::Blob(&hash)]);
    insert.execute(params_from_iter(all.map(ToSqlOutput::Borrowed)))?;
    disk.head.set(Some(Head(Link { seq, hash })));
    Ok(before.seq.saturating_add(1))
}

/// The last place of any profile's, and the hash of this one's last entry.
fn newest(disk: &Disk) -> Result<Link, StoreError> {
    // The heads count too: all there was may have been purged.
    let mut newest = disk.db.prepare_cached(
        "SELECT max(coalesce((SELECT max(seq) FROM journal), 0),
                 coalesce((SELECT max(head) FROM chains), 0)),
             (SELECT head_hash FROM chains WHERE profile = ?1)",
    )?;
    Ok(newest.query_row([disk.profile], |row| {
        Ok(Link {
            seq: row.get(0)?,
            hash: row.get::<_, Option<Hash>>(1)?.unwrap_or(NOTHING),
        })
    })?)
}

/// Writes where the chain ends, once for all that a transaction appended.
pub(super) fn flush(disk: &Disk) -> Result<(), StoreError> {
    let Some(Head(Link { seq, hash })) = disk.head.get() else {
        return Ok(());
    };
    let mut update = disk.db.prepare_cached(
        "INSERT INTO chains (profile, anchor, anchor_hash, head, head_hash, purged)
         VALUES (?1, 0, ?2, ?3, ?4, 0)
         ON CONFLICT (profile) DO UPDATE SET head = excluded.head, head_hash = excluded.head_hash",
    )?;
    update.execute(params![disk.profile, NOTHING, seq, hash])?;
    Ok(())
}

fn ends(disk: &Disk) -> Result<Option<Ends>, StoreError> {
    flush(disk)?;
    let mut statement = disk.db.prepare_cached(
        "SELECT anchor, anchor_hash, head, head_hash, purged FROM chains WHERE profile = ?1",
    )?;
    let ends = statement.query_row([disk.profile], |row| {
        let link = |at: usize| -> rusqlite::Result<_> {
            // A hash of another length is none that we wrote.
            let hash = row.get::<_, Vec<u8>>(at + 1)?.try_into();
            Ok(Link {
                seq: row.get(at)?,
                hash: hash.unwrap_or(NOTHING),
            })
        };
        Ok(Ends {
            anchor: link(0)?,
            head: link(2)?,
            purged: row.get(4)?,
        })
    });
    Ok(ends.optional()?)
}

/// Reads an entry; `None` if it does not follow `before`.
fn follow(before: &Hash, row: &Row<'_>) -> rusqlite::Result<Option<Link>> {
    let mut values = [ValueRef::Null; WIDTH];
    for (at, value) in values.iter_mut().enumerate() {
        *value = row.get_ref(at)?;
    }
    let hash = link(before, &values);
    let is_so = row.get_ref(WIDTH)? == ValueRef::Blob(&hash);
    let seq = row.get(0)?;
    Ok(is_so.then_some(Link { seq, hash }))
}

/// A walk along the chain, somewhere on its way.
#[derive(Debug)]
pub(super) struct Walk {
    anchor: Link,
    at: Link,
    entries: u64,
    record: Option<Record>,
}

pub(super) enum Step {
    Onward(Walk),
    Done(Chain),
}

/// Follows the chain for `limit` entries. What is appended meanwhile is followed too; if something is
/// purged meanwhile, the walk begins anew.
pub(super) fn walk(disk: &Disk, walk: Option<Walk>, limit: usize) -> Result<Step, StoreError> {
    let broken = |at: i64| {
        Ok(Step::Done(Chain::Broken {
            at: at.unsigned_abs(),
        }))
    };
    let Some(ends) = ends(disk)? else {
        let first = first(disk, i64::MAX)?;
        return first.map_or(
            Ok(Step::Done(Chain::Whole {
                entries: 0,
                purged: 0,
            })),
            broken,
        );
    };
    let mut walk = match walk {
        Some(walk) if walk.anchor == ends.anchor => walk,
        _ => {
            if let Some(before) = first(disk, ends.anchor.seq)? {
                return broken(before);
            }
            Walk {
                anchor: ends.anchor,
                at: ends.anchor,
                entries: 0,
                record: None,
            }
        }
    };
    let mut statement = disk.db.prepare_cached(&format!(
        "SELECT {COLUMNS}, hash FROM journal NOT INDEXED
         WHERE profile = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
    ))?;
    let mut rows = statement.query(params![
        disk.profile,
        walk.at.seq,
        i64::try_from(limit).unwrap_or(i64::MAX)
    ])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let Some(next) = follow(&walk.at.hash, row)? else {
            return broken(row.get(0)?);
        };
        walk.at = next;
        count += 1;
        if row.get_ref(6)? == ValueRef::Text(PURGED.as_bytes()) {
            let detail: String = row.get(WIDTH - 1)?;
            walk.record = serde_json::from_str(&detail).ok();
        }
    }
    walk.entries += count as u64;
    if count == limit {
        return Ok(Step::Onward(walk));
    }
    if walk.at != ends.head {
        return broken(ends.head.seq);
    }
    // Where a chain begins has to be what its last purge says.
    let record = (ends.anchor.seq != 0).then(|| ends.record());
    if walk.record != record || (record.is_none() && ends.purged != 0) {
        return broken(ends.anchor.seq);
    }
    Ok(Step::Done(Chain::Whole {
        entries: walk.entries,
        purged: ends.purged.unsigned_abs(),
    }))
}

/// The first entry, if it is not after `last`.
fn first(disk: &Disk, last: i64) -> Result<Option<i64>, StoreError> {
    let mut statement = disk.db.prepare_cached(
        "SELECT seq FROM journal NOT INDEXED WHERE profile = ?1 AND seq <= ?2 ORDER BY seq LIMIT 1",
    )?;
    let first = statement.query_row(params![disk.profile, last], |row| row.get(0));
    Ok(first.optional()?)
}

const PURGED: &str = "purged";

/// Takes up to `limit` entries from before `older` off the old end: as far as one follows another in
/// time, and not past the first of a batch that still has something pending or in doubt. Returns how
/// many.
pub(super) fn purge(
    disk: &Disk,
    older: Timestamp,
    limit: usize,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let Some(Ends { anchor, purged, .. }) = ends(disk)? else {
        return Ok(0);
    };
    let needed = needed(disk)?;
    let mut cut = anchor;
    let mut count = 0;
    {
        let mut statement = disk.db.prepare_cached(&format!(
            "SELECT {COLUMNS}, hash FROM journal NOT INDEXED
             WHERE profile = ?1 AND seq > ?2 AND seq < ?3 ORDER BY seq LIMIT ?4"
        ))?;
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![disk.profile, anchor.seq, needed, limit])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, Code<Timestamp>>(7)?.0 >= older {
                break;
            }
            cut = follow(&cut.hash, row)?.ok_or(StoreError::BrokenHistory {
                at: row.get::<_, i64>(0)?.unsigned_abs(),
            })?;
            count += 1;
        }
    }
    if count == 0 {
        return Ok(0);
    }
    disk.db
        .prepare_cached("DELETE FROM journal WHERE profile = ?1 AND seq > ?2 AND seq <= ?3")?
        .execute(params![disk.profile, anchor.seq, cut.seq])?;
    let purged = purged + count;
    disk.db
        .prepare_cached(
            "UPDATE chains SET anchor = ?1, anchor_hash = ?2, purged = ?3 WHERE profile = ?4",
        )?
        .execute(params![cut.seq, cut.hash, purged, disk.profile])?;
    let ends = Ends {
        anchor: cut,
        head: cut,
        purged,
    };
    let record = json(&ends.record());
    let mut content = [ValueRef::Null; CONTENT];
    content[4] = ValueRef::Text(PURGED.as_bytes());
    content[5] = ValueRef::Integer(now.as_millisecond());
    content[WIDTH - 3] = ValueRef::Text(record.as_bytes());
    append(disk, &content)?;
    Ok(count.unsigned_abs())
}

/// The first entry of a batch that has something pending or in doubt.
fn needed(disk: &Disk) -> Result<i64, StoreError> {
    let mut batches = journal::open(disk)?;
    let mut doubt = disk.db.prepare_cached(
        "SELECT DISTINCT batch FROM resources
         WHERE profile = ?1 AND state = 7 AND batch IS NOT NULL",
    )?;
    for batch in doubt.query_map([disk.profile], |row| row.get(0).map(BatchId))? {
        batches.push(batch?);
    }
    let mut begin = disk.db.prepare_cached(
        "SELECT min(seq) FROM journal INDEXED BY of_batch WHERE batch = ?1 AND profile = ?2",
    )?;
    let mut needed = i64::MAX;
    for batch in batches {
        let first = begin.query_row([batch.0, disk.profile], |row| row.get::<_, Option<i64>>(0))?;
        needed = needed.min(first.unwrap_or(i64::MAX));
    }
    Ok(needed)
}

/// Drops up to `limit` of the rows of what was deleted or gone before `older`.
pub(super) fn forget_tombstones(
    disk: &Disk,
    older: Timestamp,
    limit: usize,
) -> Result<u64, StoreError> {
    let mut find = disk.db.prepare_cached(
        "SELECT row FROM resources
         WHERE profile = ?1 AND kind IN (0, 1) AND state IN (3, 4) AND settled_at < ?2 LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = find.query_map(params![disk.profile, Code(older), limit], |row| {
        row.get(0).map(crate::domain::RowId)
    })?;
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(super::ledger::forget(disk, &rows)?.len() as u64)
}
