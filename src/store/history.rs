//! The journal told as history: an entry for each outcome, and the queue for what has none yet.

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use crate::domain::{
    Answer, BatchId, Cause, HistoryEntry, HistoryPage, HistoryQuery, Kind, Outcome, ResourceId,
    RowId,
};

use super::codes::{self, Code};
use super::error::StoreError;
use super::journal;
use super::thread::Disk;

/// Journal entries, and queued items of each open batch, looked at for a page, at most: whoever else reads
/// has to wait no longer than for these, however little of it matches.
const LOOKED_AT: i64 = 8_000;

/// Where the looks of one settlement and of the one that left it in doubt are told apart, the first
/// request is the earlier one's.
const OUTCOMES: &str = "seq, batch, row, kind, id, outcome, at, attempts, \
    coalesce(sent_at, CASE WHEN attempts > 0 THEN (\
        SELECT max(sent_at) FROM journal AS other INDEXED BY of_id \
        WHERE other.id = entry.id AND other.outcome IS NOT NULL AND other.row = entry.row \
            AND other.batch = entry.batch) END), \
    status, code, message, request_id, client_request_id, cause, detail, \
    (SELECT coalesce(name, model) FROM resources WHERE resources.row = entry.row) AS name, \
    (SELECT CASE entry WHEN 'asked' THEN at END FROM journal AS first INDEXED BY of_batch \
        WHERE first.batch = entry.batch ORDER BY seq LIMIT 1)";

const PENDING: &str = "seq, queue.batch, row, CASE kind WHEN 0 THEN 'response' ELSE 'file' END, id, \
    NULL, asked_at, NULL, intended_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, \
    coalesce(name, model), asked_at";

pub(super) fn history(disk: &Disk, asked: &HistoryQuery) -> Result<HistoryPage, StoreError> {
    let open = match asked.batch {
        Some(batch) => vec![batch],
        None => journal::open(disk)?,
    };
    let range = Range::find(disk, asked, &open)?;
    let mut entries = outcomes(disk, asked, &range)?;
    if asked.outcome.is_none() {
        for batch in open {
            entries.extend(pending(disk, asked, &range, batch)?);
        }
        entries.sort_unstable_by_key(|entry| std::cmp::Reverse(entry.seq));
        entries.truncate(asked.limit);
    }
    let older = if entries.len() >= asked.limit {
        entries.last().map(|entry| entry.seq)
    } else {
        range.is_more.then_some(range.from.unsigned_abs())
    };
    Ok(HistoryPage { entries, older })
}

fn saturate(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// The places that a page is made from.
struct Range {
    from: i64,
    before: i64,
    /// There is more before it.
    is_more: bool,
}

impl Range {
    fn find(disk: &Disk, asked: &HistoryQuery, open: &[BatchId]) -> Result<Self, StoreError> {
        let mut range = Self {
            from: 0,
            before: asked.before.map_or(i64::MAX, saturate),
            is_more: false,
        };
        if asked.id.is_some() {
            // Found by index, and few.
            return Ok(range);
        }
        let journal = if asked.batch.is_some() {
            "journal INDEXED BY of_batch WHERE batch = ?1"
        } else {
            "journal NOT INDEXED WHERE ?1 IS NULL"
        };
        range.narrow(disk, journal, asked.batch)?;
        for batch in open {
            let queue = "queue INDEXED BY turn WHERE batch = ?1";
            range.narrow(disk, queue, Some(*batch))?;
        }
        Ok(range)
    }

    /// Leaves out what is further back in these than may be looked at.
    fn narrow(
        &mut self,
        disk: &Disk,
        these: &str,
        batch: Option<BatchId>,
    ) -> Result<(), StoreError> {
        let mut statement = disk.db.prepare_cached(&format!(
            "SELECT min(seq), count(*) FROM (SELECT seq FROM {these} AND seq < ?2
                 ORDER BY seq DESC LIMIT {LOOKED_AT})"
        ))?;
        let values = (batch.map(|batch| batch.0), self.before);
        let (from, count) = statement.query_row(values, |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, i64>(1)?))
        })?;
        if count == LOOKED_AT {
            self.from = self.from.max(from.unwrap_or(0));
            self.is_more = true;
        }
        Ok(())
    }
}

/// A statement in the making, whose conditions bring their values with them.
struct Asking {
    sql: String,
    values: Vec<Value>,
}

impl Asking {
    fn new(disk: &Disk, range: &Range, sql: String) -> Self {
        let mut asking = Self {
            sql,
            values: vec![Value::from(disk.profile)],
        };
        asking.and("seq >= ??", range.from);
        asking.and("seq < ??", range.before);
        asking
    }

    fn and(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        self.sql.push_str(" AND ");
        let bound = format!("?{}", self.values.len());
        self.sql.push_str(&condition.replace("??", &bound));
    }

    fn words(&mut self, asked: &HistoryQuery, texts: &str) {
        for word in &asked.words {
            self.and(
                &format!("instr(lower(concat_ws(char(10), {texts})), ??)"),
                word.to_ascii_lowercase(),
            );
        }
    }

    fn entries(mut self, disk: &Disk, limit: usize) -> Result<Vec<HistoryEntry>, StoreError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.and("1 ORDER BY seq DESC LIMIT ??", limit);
        let mut statement = disk.db.prepare_cached(&self.sql)?;
        let entries = statement.query_map(params_from_iter(self.values), entry)?;
        Ok(entries.collect::<Result<_, _>>()?)
    }
}

fn outcomes(
    disk: &Disk,
    asked: &HistoryQuery,
    range: &Range,
) -> Result<Vec<HistoryEntry>, StoreError> {
    let index = match (&asked.id, asked.batch) {
        (Some(_), _) => "INDEXED BY of_id",
        (None, Some(_)) => "INDEXED BY of_batch",
        (None, None) => "NOT INDEXED",
    };
    let sql = format!(
        "SELECT {OUTCOMES} FROM journal AS entry {index}
         WHERE profile = ?1 AND outcome IS NOT NULL"
    );
    let mut asking = Asking::new(disk, range, sql);
    if let Some(BatchId(batch)) = asked.batch {
        asking.and("batch = ??", batch);
    }
    if let Some(id) = &asked.id {
        // Not by what is in a row: it may be forgotten.
        asking.and("id = ??", id.as_str().to_owned());
    }
    if let Some(kind) = asked.kind {
        asking.and("kind = ??", kind.as_str().to_owned());
    }
    if let Some(outcome) = asked.outcome {
        asking.and("outcome = ??", outcome.as_str().to_owned());
    }
    if let Some(since) = asked.since {
        asking.and("at >= ??", since.as_millisecond());
    }
    let name = "(SELECT coalesce(name, model) FROM resources WHERE resources.row = entry.row)";
    let texts = format!("id, code, message, request_id, client_request_id, {name}");
    asking.words(asked, &texts);
    asking.entries(disk, asked.limit)
}

fn pending(
    disk: &Disk,
    asked: &HistoryQuery,
    range: &Range,
    batch: BatchId,
) -> Result<Vec<HistoryEntry>, StoreError> {
    // Either side is the one to begin with.
    let tables = if asked.id.is_some() {
        "resources CROSS JOIN queue USING (row)"
    } else {
        "queue INDEXED BY turn CROSS JOIN resources USING (row)"
    };
    let sql = format!(
        "SELECT {PENDING} FROM {tables} JOIN batches ON batches.batch = queue.batch
         WHERE resources.profile = ?1"
    );
    let mut asking = Asking::new(disk, range, sql);
    asking.and("queue.batch = ??", batch.0);
    if let Some(id) = &asked.id {
        asking.and("kind IN (0, 1) AND id = ??", id.as_str().to_owned());
    }
    if let Some(kind) = asked.kind {
        asking.and("kind = ??", codes::kind(kind));
    }
    if let Some(since) = asked.since {
        asking.and("asked_at >= ??", since.as_millisecond());
    }
    asking.words(asked, "id, coalesce(name, model)");
    asking.entries(disk, asked.limit)
}

fn entry(row: &Row<'_>) -> rusqlite::Result<HistoryEntry> {
    let unreadable = |at: usize| {
        rusqlite::Error::FromSqlConversionFailure(
            at,
            rusqlite::types::Type::Text,
            format!("column {at} of the journal").into(),
        )
    };
    let time = |at: usize| -> rusqlite::Result<_> {
        Ok(row.get::<_, Option<Code<_>>>(at)?.map(|time| time.0))
    };
    let outcome: Option<String> = row.get(5)?;
    let outcome = outcome
        .map(|word| Outcome::parse(&word).ok_or_else(|| unreadable(5)))
        .transpose()?;
    let attempts: Option<u32> = row.get(7)?;
    let written = time(6)?;
    let cause: Option<String> = row.get(14)?;
    Ok(HistoryEntry {
        seq: row.get::<_, i64>(0)?.unsigned_abs(),
        batch: row.get::<_, Option<i64>>(1)?.map(BatchId),
        row: RowId(row.get(2)?),
        kind: row
            .get::<_, String>(3)?
            .parse::<Kind>()
            .map_err(|()| unreadable(3))?,
        id: ResourceId::new(&row.get::<_, String>(4)?).map_err(|_| unreadable(4))?,
        name: row.get(16)?,
        outcome,
        asked_at: time(17)?,
        sent_at: time(8)?,
        settled_at: outcome.and(written),
        answer: Answer {
            attempts: attempts.unwrap_or(0),
            sent_at: time(8)?,
            status: row.get(9)?,
            code: row.get(10)?,
            message: row.get(11)?,
            request_id: row.get(12)?,
            client_request_id: row.get(13)?,
            cause: cause.as_deref().and_then(Cause::parse),
            detail: row.get(15)?,
        },
    })
}
