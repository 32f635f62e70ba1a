//! What deleting a set of rows would come to.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, Statement, params};

use crate::domain::{Citing, Kind, ResourceId, Review, RowId};

use super::codes::Code;
use super::error::StoreError;
use super::select::due;
use super::thread::Disk;

/// How many of the responses that cite a file are named.
const NAMED: usize = 3;

/// See [`Review::rows`] for which of them count.
pub(super) fn review(disk: &Disk, rows: &[RowId], now: Timestamp) -> Result<Review, StoreError> {
    // As in `enqueue`, an expired row counts: that it is gone is for the service to say.
    let mut able = disk.db.prepare_cached(
        "SELECT kind, id, bytes, protected FROM resources
         WHERE row = ?1 AND profile = ?2 AND state NOT IN (1, 2, 3, 4)",
    )?;
    let mut review = Review::default();
    let mut seen = HashSet::with_capacity(rows.len());
    let mut responses = Vec::new();
    let mut files = Vec::new();
    for row in rows {
        if !seen.insert(*row) {
            continue;
        }
        let found = able.query_row(params![row.0, disk.profile], |found| {
            if found.get(3)? {
                review.protected += 1;
                return Ok(false);
            }
            let id: String = found.get(1)?;
            match found.get::<_, Code<Kind>>(0)?.0 {
                Kind::Response => responses.push(id),
                Kind::File => {
                    let bytes: Option<i64> = found.get(2)?;
                    review.bytes += bytes.unwrap_or(0).unsigned_abs();
                    files.push((*row, id));
                }
            }
            Ok(true)
        });
        if found.optional()? == Some(true) {
            review.rows.push(*row);
        }
    }
    review.responses = responses.len() as u64;
    review.files = files.len() as u64;
    let mut chosen = seen;
    if chosen.len() > review.rows.len() {
        chosen = review.rows.iter().copied().collect();
    }
    let living = living(now);
    review.dependents = dependents(disk, &living, &responses, &chosen)?;
    review.cited = cited(disk, &living, files, &chosen)?;
    Ok(review)
}

fn dependents(
    disk: &Disk,
    living: &str,
    responses: &[String],
    chosen: &HashSet<RowId>,
) -> Result<u64, StoreError> {
    let mut continued = disk.db.prepare(&format!(
        "SELECT row FROM resources WHERE {living} AND previous = ?2"
    ))?;
    let mut dependents = HashSet::new();
    for id in responses {
        let mut rows = continued.query(params![disk.profile, id])?;
        while let Some(row) = rows.next()? {
            let row = RowId(row.get(0)?);
            if !chosen.contains(&row) {
                dependents.insert(row);
            }
        }
    }
    Ok(dependents.len() as u64)
}

fn cited(
    disk: &Disk,
    living: &str,
    files: Vec<(RowId, String)>,
    chosen: &HashSet<RowId>,
) -> Result<BTreeMap<RowId, Citing>, StoreError> {
    let mut statement = disk.db.prepare(&citing_rows(living))?;
    let mut cited = BTreeMap::new();
    for (row, file) in files {
        let citing = read(&mut statement, disk, &file, chosen)?;
        if citing.count > 0 {
            cited.insert(row, citing);
        }
    }
    Ok(cited)
}

/// The living responses that cite a file.
pub(super) fn citing(disk: &Disk, file: &ResourceId, now: Timestamp) -> Result<Citing, StoreError> {
    let mut statement = disk.db.prepare(&citing_rows(&living(now)))?;
    read(&mut statement, disk, file.as_str(), &HashSet::new())
}

/// The living responses that continue one.
pub(super) fn continuing(
    disk: &Disk,
    id: &ResourceId,
    now: Timestamp,
) -> Result<Citing, StoreError> {
    let living = living(now);
    let mut statement = disk.db.prepare(&format!(
        "SELECT row, id FROM resources WHERE {living} AND previous = ?2 ORDER BY row DESC"
    ))?;
    read(&mut statement, disk, id.as_str(), &HashSet::new())
}

fn living(now: Timestamp) -> String {
    let due = due(now.as_millisecond());
    format!("profile = ?1 AND kind = 0 AND state NOT IN (3, 4) AND NOT {due}")
}

fn citing_rows(living: &str) -> String {
    format!(
        "SELECT row, id FROM cites JOIN resources USING (row) WHERE {living} AND file = ?2
         ORDER BY row DESC"
    )
}

/// Those that cite a file, or continue a response, and are not among the chosen.
fn read(
    statement: &mut Statement<'_>,
    disk: &Disk,
    file: &str,
    chosen: &HashSet<RowId>,
) -> Result<Citing, StoreError> {
    let mut citing = Citing::default();
    let mut rows = statement.query(params![disk.profile, file])?;
    while let Some(row) = rows.next()? {
        if chosen.contains(&RowId(row.get(0)?)) {
            continue;
        }
        citing.count += 1;
        if citing.some.len() < NAMED {
            let id: String = row.get(1)?;
            // Whatever is in the ledger was an id when it came in.
            citing.some.extend(ResourceId::new(&id));
        }
    }
    Ok(citing)
}
