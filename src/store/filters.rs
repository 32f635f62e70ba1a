//! What was looked for before, each text once.

use rusqlite::params;

use super::error::StoreError;
use super::thread::Disk;

/// Filters kept for a profile.
const KEPT: i64 = 50;

/// Longer ones, in bytes, are nothing that anybody would look for again.
const LONGEST: usize = 1_000;

/// Newest last.
pub(super) fn filters(disk: &Disk) -> Result<Vec<String>, StoreError> {
    let mut statement = disk
        .db
        .prepare_cached("SELECT text FROM filters WHERE profile = ?1 ORDER BY seq")?;
    let texts = statement.query_map([disk.profile], |row| row.get(0))?;
    Ok(texts.collect::<Result<_, _>>()?)
}

/// Makes it the newest, and drops the oldest of too many.
pub(super) fn remember(disk: &Disk, text: &str) -> Result<(), StoreError> {
    if text.len() > LONGEST {
        return Ok(());
    }
    disk.db.execute(
        "INSERT OR REPLACE INTO filters (profile, text) VALUES (?1, ?2)",
        params![disk.profile, text],
    )?;
    disk.db.execute(
        "DELETE FROM filters WHERE profile = ?1 AND seq NOT IN
            (SELECT seq FROM filters WHERE profile = ?1 ORDER BY seq DESC LIMIT ?2)",
        params![disk.profile, KEPT],
    )?;
    Ok(())
}
