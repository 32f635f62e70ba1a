//! Which response continues which, and what their trees weigh.

use rusqlite::{OptionalExtension as _, params};

use crate::domain::{Link, RowId, Turns, Weight};

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

/// Turns told on either side of one: more branches are not gone through one by one.
const BRANCHES: i64 = 1_000;

/// The talk around a response. `previous` is what it continues by a later word than the ledger's.
pub(super) fn turns(disk: &Disk, row: RowId, previous: Option<&str>) -> Result<Turns, StoreError> {
    let asked = disk.db.query_row(
        "SELECT id, previous FROM resources WHERE row = ?1 AND profile = ?2 AND kind = 0",
        params![row.0, disk.profile],
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?)),
    );
    let Some((id, known)) = asked.optional()? else {
        return Ok(Turns::default());
    };
    let mut turns = Turns {
        next: continuing(disk, &id)?,
        ..Turns::default()
    };
    if let Some(previous) = previous.map(str::to_owned).or(known) {
        let earlier = disk.db.query_row(
            "SELECT row FROM resources WHERE profile = ?1 AND kind = 0 AND id = ?2",
            params![disk.profile, previous],
            |row| row.get(0),
        );
        turns.branches = continuing(disk, &previous)?;
        let earlier = earlier.optional()?;
        turns.previous = Some(earlier.map_or(Link::Unknown(previous), |row| Link::Row(RowId(row))));
    }
    Ok(turns)
}

fn continuing(disk: &Disk, id: &str) -> Result<Vec<RowId>, StoreError> {
    let mut statement = disk.db.prepare_cached(
        "SELECT row FROM resources WHERE profile = ?1 AND previous = ?2
         ORDER BY created_at, row LIMIT ?3",
    )?;
    let rows = statement.query_map(params![disk.profile, id, BRANCHES], |row| row.get(0))?;
    Ok(rows.map(|row| row.map(RowId)).collect::<Result<_, _>>()?)
}

/// What some rows add up to.
pub(super) fn weigh(disk: &Disk, rows: &[RowId]) -> Result<Weight, StoreError> {
    // A count beyond what SQLite counts in would come as a fraction; the cast takes the nearest it has.
    let mut usage = disk.db.prepare_cached(
        "SELECT CAST(usage ->> '$.total' AS INTEGER), created_at FROM resources WHERE row = ?1 AND profile = ?2",
    )?;
    let mut weight = Weight::default();
    let mut latest: Option<(Option<i64>, RowId)> = None;
    for row in rows {
        let told = usage.query_row(params![row.0, disk.profile], |row| {
            Ok((row.get::<_, Option<i64>>(0)?, row.get(1)?))
        });
        let Some((tokens, created)) = told.optional()? else {
            weight.untold += 1;
            continue;
        };
        latest = latest.max(Some((created, *row)));
        match tokens {
            Some(tokens) => weight.tokens = weight.tokens.saturating_add(tokens.unsigned_abs()),
            None => weight.untold += 1,
        }
    }
    weight.latest = latest.map(|(_, row)| row);
    Ok(weight)
}
