//! The journal as it lies on the disk, an item at a time.

use rusqlite::Connection;

/// What the journal says of an item. `asked` and `intent` are one entry for many items.
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) word: String,
    pub(crate) outcome: Option<String>,
    pub(crate) client_request_id: Option<String>,
}

/// All of it, oldest first.
pub(crate) fn entries(journal: &Connection) -> Vec<Entry> {
    let mut statement = journal
        .prepare(
            "SELECT coalesce(journal.id, listed.value), entry, outcome, client_request_id
             FROM journal LEFT JOIN json_each(
                 CASE WHEN entry IN ('asked', 'intent') THEN detail ELSE '[]' END) AS listed
             WHERE entry <> 'purged' ORDER BY seq, listed.key",
        )
        .unwrap();
    let entries = statement.query_map([], |row| {
        Ok(Entry {
            id: row.get(0)?,
            word: row.get(1)?,
            outcome: row.get(2)?,
            client_request_id: row.get(3)?,
        })
    });
    entries.unwrap().map(Result::unwrap).collect()
}
