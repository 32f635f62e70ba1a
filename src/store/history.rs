//! The journal told as history: an entry for each outcome, and for what has none yet.

use rusqlite::types::Value;
use rusqlite::{Row, params_from_iter};

use crate::domain::{
    Answer, BatchId, Cause, HistoryEntry, HistoryPage, HistoryQuery, Kind, Outcome, ResourceId,
    RowId,
};

use super::codes::Code;
use super::error::StoreError;
use super::thread::Disk;

/// Journal entries looked at for a page, at most: whoever else reads has to wait no longer than for
/// these, however little of it matches.
const LOOKED_AT: i64 = 20_000;

const COLUMNS: &str = "seq, batch, row, kind, id, outcome, at, attempts, sent_at, status, code, \
    message, request_id, client_request_id, cause, detail, \
    (SELECT coalesce(name, model) FROM resources WHERE resources.row = entry.row), \
    (SELECT at FROM journal AS other INDEXED BY of_row WHERE other.row = entry.row \
        AND other.batch = entry.batch AND other.entry = 'asked'), \
    (SELECT at FROM journal AS other INDEXED BY of_row WHERE other.row = entry.row \
        AND other.batch = entry.batch AND other.entry = 'intent')";

/// Has an outcome, or is the first word on what has none.
const TELLS: &str = "(outcome IS NOT NULL OR entry.entry = 'asked' AND EXISTS (\
    SELECT 1 FROM resources WHERE resources.row = entry.row \
        AND resources.batch = entry.batch AND place IS NOT NULL))";

pub(super) fn history(disk: &Disk, asked: &HistoryQuery) -> Result<HistoryPage, StoreError> {
    let before = asked.before.map_or(i64::MAX, saturate);
    let Some(range) = Range::find(disk, asked, before)? else {
        return Ok(HistoryPage::default());
    };
    let mut values = vec![
        Value::from(disk.profile),
        Value::from(range.from),
        Value::from(before),
    ];
    let mut sql = format!(
        "SELECT {COLUMNS} FROM journal AS entry {}
         WHERE profile = ?1 AND seq >= ?2 AND seq < ?3 AND {TELLS}",
        range.index
    );
    let mut and = |condition: &str, value: Value| {
        values.push(value);
        sql.push_str(" AND ");
        sql.push_str(&condition.replace("??", &format!("?{}", values.len())));
    };
    if let Some(BatchId(batch)) = asked.batch {
        and("batch = ??", batch.into());
    }
    if let Some(id) = &asked.id {
        // Not by what is in a row: it may be forgotten.
        and(
            "seq IN (SELECT seq FROM journal INDEXED BY of_id WHERE id = ?? AND outcome IS NOT NULL
             UNION SELECT seq FROM resources JOIN journal USING (row)
                 WHERE resources.profile = ?1 AND resources.kind IN (0, 1) AND resources.id = ??)",
            id.as_str().to_owned().into(),
        );
    }
    if let Some(kind) = asked.kind {
        and("kind = ??", kind.as_str().to_owned().into());
    }
    if let Some(outcome) = asked.outcome {
        and("outcome = ??", outcome.as_str().to_owned().into());
    }
    if let Some(since) = asked.since {
        and("at >= ??", since.as_millisecond().into());
    }
    for word in &asked.words {
        and(
            "instr(lower(concat_ws(char(10), id, code, message, request_id, client_request_id, \
             (SELECT coalesce(name, model) FROM resources WHERE resources.row = entry.row))), ??)",
            word.to_ascii_lowercase().into(),
        );
    }
    let limit = i64::try_from(asked.limit).unwrap_or(i64::MAX);
    and("1 ORDER BY seq DESC LIMIT ??", limit.into());
    let mut statement = disk.db.prepare_cached(&sql)?;
    let entries = statement.query_map(params_from_iter(values), entry)?;
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    let older = if entries.len() >= asked.limit {
        entries.last().map(|entry| entry.seq)
    } else {
        range.more.then_some(range.from.unsigned_abs())
    };
    Ok(HistoryPage { entries, older })
}

fn saturate(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// The part of the journal that a page is made from.
struct Range {
    from: i64,
    /// There is more before it.
    more: bool,
    index: &'static str,
}

impl Range {
    /// `None`: there is nothing.
    fn find(disk: &Disk, asked: &HistoryQuery, before: i64) -> Result<Option<Self>, StoreError> {
        if asked.id.is_some() {
            // Found by index, and few.
            return Ok(Some(Self {
                from: 0,
                more: false,
                index: "",
            }));
        }
        let (index, batch) = if asked.batch.is_some() {
            ("INDEXED BY of_batch", "batch = ?1 AND")
        } else {
            ("NOT INDEXED", "?1 IS NULL AND")
        };
        let mut statement = disk.db.prepare_cached(&format!(
            "SELECT min(seq), count(*) FROM (SELECT seq FROM journal {index}
                 WHERE {batch} seq < ?2 ORDER BY seq DESC LIMIT {LOOKED_AT})"
        ))?;
        let batch = asked.batch.map(|batch| batch.0);
        let (from, count) = statement.query_row((batch, before), |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, i64>(1)?))
        })?;
        Ok(from.map(|from| Self {
            from,
            more: count == LOOKED_AT,
            index,
        }))
    }
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
    let intended = time(18)?;
    // An item that was claimed and then cancelled never left.
    let may_have_left = outcome.is_none() || attempts.is_some_and(|count| count > 0);
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
        asked_at: if outcome.is_none() {
            written
        } else {
            time(17)?
        },
        sent_at: time(8)?.or(intended.filter(|_| may_have_left)),
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
