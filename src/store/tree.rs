//! Which response continues which, and what their trees weigh.

use rusqlite::{OptionalExtension as _, params};

use crate::domain::{Link, RowId, Weight};

use super::error::StoreError;
use super::thread::Disk;

/// What each response continues, if anything. Read from indices alone: no row of the table is looked at.
pub(super) fn links(disk: &Disk) -> Result<Vec<(RowId, Link)>, StoreError> {
    let mut statement = disk.db.prepare_cached(
        "SELECT later.row, earlier.row, CASE WHEN earlier.row IS NULL THEN later.previous END
         FROM resources AS later LEFT JOIN resources AS earlier
             ON earlier.profile = later.profile AND earlier.kind = 0 AND earlier.id = later.previous
         WHERE later.profile = ?1 AND later.previous IS NOT NULL",
    )?;
    let mut rows = statement.query([disk.profile])?;
    let mut links = Vec::new();
    while let Some(row) = rows.next()? {
        let earlier: Option<i64> = row.get(1)?;
        let link = match earlier {
            Some(earlier) => Link::Row(RowId(earlier)),
            None => Link::Unknown(row.get(2)?),
        };
        links.push((RowId(row.get(0)?), link));
    }
    Ok(links)
}

/// What some rows add up to.
pub(super) fn weigh(disk: &Disk, rows: &[RowId]) -> Result<Weight, StoreError> {
    let mut usage = disk.db.prepare_cached(
        "SELECT usage ->> '$.total' FROM resources WHERE row = ?1 AND profile = ?2",
    )?;
    let mut weight = Weight::default();
    for row in rows {
        let tokens = usage.query_row(params![row.0, disk.profile], |row| row.get(0));
        let tokens: Option<i64> = tokens.optional()?.flatten();
        match tokens {
            Some(tokens) => weight.tokens = weight.tokens.saturating_add(tokens.unsigned_abs()),
            None => weight.untold += 1,
        }
    }
    Ok(weight)
}
