//! Which files to delete to free some room. Chooses, and changes nothing.

use crate::domain::{FreeQuery, Freed, Kind, ListQuery, RowId, Sort, Tombstones};

use super::error::StoreError;
use super::ledger::room_in_use;
use super::select::Select;
use super::thread::Disk;

/// Takes file after file until it is enough, and none that no batch would take.
pub(super) fn free(disk: &Disk, asked: &FreeQuery) -> Result<Freed, StoreError> {
    let list = ListQuery {
        kind: Some(Kind::File),
        query: asked.query.clone(),
        sort: Sort::default(),
        tombstones: Tombstones::Hide,
        now: asked.now,
    };
    let Select { sql, values } = Select::to_free(disk.profile, &list, asked.first);
    let mut freed = Freed {
        asked: asked.bytes,
        in_use: room_in_use(disk, asked.now)?.bytes,
        ..Freed::default()
    };
    let mut statement = disk.db.prepare(&sql)?;
    let mut rows = statement.query(rusqlite::params_from_iter(values))?;
    while !freed.is_enough() {
        let Some(row) = rows.next()? else { break };
        let bytes: Option<i64> = row.get(1)?;
        match (bytes, row.get(2)?, row.get(3)?) {
            (_, true, _) => freed.protected += 1,
            (_, _, true) => freed.busy += 1,
            (None, ..) => freed.unknown += 1,
            (Some(0), ..) => {}
            (Some(bytes), ..) => {
                freed.bytes = freed.bytes.saturating_add(bytes.unsigned_abs());
                freed.rows.push(RowId(row.get(0)?));
            }
        }
    }
    Ok(freed)
}
