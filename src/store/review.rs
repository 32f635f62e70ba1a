//! What deleting a set of rows would come to.

use std::collections::{BTreeMap, HashSet};

use jiff::Timestamp;
use rusqlite::{Rows, Statement, ToSql, params, params_from_iter};

use crate::domain::{Citing, Kind, ListQuery, ResourceId, Review, RowId, RowSet};

use super::codes::{Code, array};
use super::error::StoreError;
use super::order;
use super::select::{IN_HAND, Select, due};
use super::thread::Disk;

/// How many of the responses that cite a file are named.
const NAMED: usize = 3;

/// Rows asked about in one statement: their numbers are held twice meanwhile.
const TOGETHER: usize = 4096;

/// See [`Review::rows`] for which of them count.
pub(super) fn review(disk: &Disk, rows: &[RowId], now: Timestamp) -> Result<Review, StoreError> {
    // As in `enqueue`, an expired row counts: that it is gone is for the service to say.
    let mut able = disk.db.prepare_cached(&format!(
        "SELECT row, kind, bytes, protected FROM rarray(?1) CROSS JOIN resources ON row = value
         WHERE profile = ?2 AND state NOT IN (3, 4) AND NOT {IN_HAND}"
    ))?;
    let mut sum = Sum::new(disk)?;
    for rows in order::unique(rows.to_vec()).chunks(TOGETHER) {
        sum.add(&mut able.query(params![array(rows), disk.profile])?)?;
    }
    sum.end(disk, now)
}

/// The same of all rows that match, in the order in which a batch of them is sent.
pub(super) fn review_matching(disk: &Disk, list: &ListQuery) -> Result<Review, StoreError> {
    let Select { sql, values } = Select::to_review(disk.profile, list);
    let mut sum = Sum::new(disk)?;
    // Not cached: the time is in its text.
    let mut statement = disk.db.prepare(&sql)?;
    sum.add(&mut statement.query(params_from_iter(values))?)?;
    if sum.responses.is_some() {
        let rows = &mut sum.review.rows;
        let parents = order::parents(disk, rows)?;
        *rows = order::children_first(rows, &parents);
    }
    sum.end(disk, list.now)
}

/// What the rows so far add up to.
struct Sum {
    review: Review,
    /// Those of its rows that others may build on, if any do; and the files that may be cited.
    responses: Option<Vec<RowId>>,
    files: Option<Vec<RowId>>,
}

impl Sum {
    fn new(disk: &Disk) -> Result<Self, StoreError> {
        let mut cites = disk.db.prepare_cached("SELECT 1 FROM cites LIMIT 1")?;
        Ok(Self {
            review: Review::default(),
            responses: order::has_chains(disk)?.then(Vec::new),
            files: cites.exists([])?.then(Vec::new),
        })
    }

    /// Row, kind, bytes and whether it is protected, of each.
    fn add(&mut self, found: &mut Rows<'_>) -> Result<(), StoreError> {
        let review = &mut self.review;
        while let Some(found) = found.next()? {
            if found.get(3)? {
                review.protected += 1;
                continue;
            }
            let row = RowId(found.get(0)?);
            review.rows.push(row);
            match found.get::<_, Code<Kind>>(1)?.0 {
                Kind::Response => {
                    self.responses.iter_mut().for_each(|all| all.push(row));
                    review.responses += 1;
                }
                Kind::File => {
                    self.files.iter_mut().for_each(|all| all.push(row));
                    let bytes: Option<i64> = found.get(2)?;
                    let bytes = bytes.unwrap_or(0).unsigned_abs();
                    review.bytes = review.bytes.saturating_add(bytes);
                    review.files += 1;
                }
            }
        }
        Ok(())
    }

    fn end(self, disk: &Disk, now: Timestamp) -> Result<Review, StoreError> {
        let Self {
            mut review,
            responses,
            files,
        } = self;
        if responses.is_none() && files.is_none() {
            return Ok(review);
        }
        let chosen = RowSet::from(review.rows.clone());
        let living = living(now);
        review.dependents = dependents(disk, &living, &responses.unwrap_or_default(), &chosen)?;
        review.cited = cited(disk, &living, &files.unwrap_or_default(), &chosen)?;
        Ok(review)
    }
}

fn dependents(
    disk: &Disk,
    living: &str,
    rows: &[RowId],
    chosen: &RowSet,
) -> Result<u64, StoreError> {
    let mut continued = disk.db.prepare(&format!(
        "SELECT row FROM resources WHERE {living} AND previous = {}",
        id_of(Kind::Response)
    ))?;
    let mut dependents = HashSet::new();
    for row in rows {
        let mut later = continued.query(params![disk.profile, row.0])?;
        while let Some(row) = later.next()? {
            let row = RowId(row.get(0)?);
            if !chosen.contains(row) {
                dependents.insert(row);
            }
        }
    }
    Ok(dependents.len() as u64)
}

fn cited(
    disk: &Disk,
    living: &str,
    rows: &[RowId],
    chosen: &RowSet,
) -> Result<BTreeMap<RowId, Citing>, StoreError> {
    let mut cited = BTreeMap::new();
    let mut statement = disk.db.prepare(&citing_rows(living, &id_of(Kind::File)))?;
    for row in rows {
        let citing = read(&mut statement, disk, row.0, chosen)?;
        if citing.count > 0 {
            cited.insert(*row, citing);
        }
    }
    Ok(cited)
}

/// The living responses that cite a file.
pub(super) fn citing(disk: &Disk, file: &ResourceId, now: Timestamp) -> Result<Citing, StoreError> {
    let mut statement = disk.db.prepare(&citing_rows(&living(now), "?2"))?;
    read(&mut statement, disk, file.as_str(), &RowSet::default())
}

fn living(now: Timestamp) -> String {
    let due = due(now.as_millisecond());
    format!("profile = ?1 AND kind = 0 AND state NOT IN (3, 4) AND NOT {due}")
}

fn citing_rows(living: &str, file: &str) -> String {
    format!(
        "SELECT row, id FROM cites JOIN resources USING (row) WHERE {living} AND file = {file}
         ORDER BY row DESC"
    )
}

/// The id of the row `?2`, if it is of this kind: so that no list of ids has to be held.
fn id_of(kind: Kind) -> String {
    let kind = match kind {
        Kind::Response => 0,
        Kind::File => 1,
    };
    format!("(SELECT id FROM resources AS chosen WHERE chosen.row = ?2 AND chosen.kind = {kind})")
}

/// Those that cite a file, or continue a response, and are not among the chosen.
fn read(
    statement: &mut Statement<'_>,
    disk: &Disk,
    file: impl ToSql,
    chosen: &RowSet,
) -> Result<Citing, StoreError> {
    let mut citing = Citing::default();
    let mut rows = statement.query(params![disk.profile, file])?;
    while let Some(row) = rows.next()? {
        if chosen.contains(RowId(row.get(0)?)) {
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
