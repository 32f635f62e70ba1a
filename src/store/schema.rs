//! The file: how it is found fit to be used, and what is in it.
//!
//! A file that is no ledger, or one from the future, is named and left as it is, to the byte.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use super::error::StoreError;
use super::files;

/// The format this program writes, in `SQLite`'s `user_version`.
const FORMAT: i64 = 1;
/// "Ark1", in `SQLite`'s `application_id`: tells a ledger from any other database.
const APPLICATION: i64 = 0x4172_6b31;
/// How long to wait for another instance's commit. Those take milliseconds; a suspended process
/// holding the lock is what this is for.
const PATIENCE: Duration = Duration::from_secs(30);
/// What the writer may keep of the file, in KiB. Ids come in no order, so a batch touches pages all
/// over the indices: with the usual 2 MiB, taking in 100,000 ids wrote each page many times.
const CACHE_KIB: i64 = 6 * 1024;
/// The size of a page of a new ledger, in bytes, four times the usual: a batch changes most of each page
/// that it touches, and every page costs some calls to read, to write and to write back.
const PAGE: i64 = 16 * 1024;
/// How long the log grows before it is written back, in bytes.
const LOG: i64 = 4 * 1024 * 1024;
/// Prepared statements kept: all fixed ones and the last few queries.
const STATEMENTS: usize = 64;

/// The `listing` index holds what listings look at, in the order that panes usually have: they read
/// it from end to end, mostly without a look into the table, and usually sort nothing. `hay` is what
/// words are looked for in; it is stored in that index only.
///
/// `queue` has the rows that a batch has in hand: they are queued, or being sent from `intended_at`
/// on. `seq` is an item's place in the journal and its turn in its batch. The `state` of the row itself
/// is the one it had before and goes back to, so that taking it in hand leaves `resources` and its
/// indices alone; `batch` is the one that settled it last.
///
/// Times are milliseconds since 1970; an expiry of -1 is never. Kinds and states are numbers, see
/// `codes`. `cites` says which files a response was made with, where that is known. What `hash` and
/// `chains` are is told in `chain`, and what `service` is in [`super::Ledger::serve`].
const TABLES: &str = "
CREATE TABLE profiles (
    profile INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    service TEXT
) STRICT;

CREATE TABLE resources (
    row INTEGER PRIMARY KEY AUTOINCREMENT,
    profile INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    id TEXT NOT NULL,
    state INTEGER NOT NULL,
    created_at INTEGER,
    created_approx INTEGER NOT NULL,
    expires_at INTEGER,
    settled_at INTEGER,
    tracked_at INTEGER NOT NULL,
    bytes INTEGER,
    batch INTEGER,
    sync INTEGER,
    protected INTEGER NOT NULL DEFAULT 0,
    source TEXT NOT NULL,
    tags TEXT NOT NULL,
    note TEXT,
    name TEXT,
    model TEXT,
    status TEXT,
    purpose TEXT,
    mime_type TEXT,
    previous TEXT,
    usage TEXT,
    answer TEXT,
    hay TEXT NOT NULL GENERATED ALWAYS AS (lower(
        id || '\u{1c}' || coalesce(name, '') || '\u{1c}' || coalesce(model, '') || '\u{1c}' || tags
            || coalesce('\u{1c}' || note, '')
    )) VIRTUAL,
    UNIQUE (profile, kind, id)
) STRICT;
CREATE INDEX listing ON resources
    (profile, kind, created_at, row, state, expires_at, settled_at, bytes, protected, status,
     purpose, source, hay);
CREATE INDEX chain ON resources (profile, previous) WHERE previous IS NOT NULL;
CREATE INDEX doubt ON resources (profile, row) WHERE state = 7;

CREATE TABLE queue (
    row INTEGER PRIMARY KEY,
    batch INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    intended_at INTEGER
) STRICT;
CREATE UNIQUE INDEX turn ON queue (batch, seq);

CREATE TABLE cites (row INTEGER NOT NULL, file TEXT NOT NULL, PRIMARY KEY (row, file))
    STRICT, WITHOUT ROWID;
CREATE INDEX cited ON cites (file);

CREATE TABLE filters (
    seq INTEGER PRIMARY KEY,
    profile INTEGER NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (profile, text)
) STRICT;

CREATE TABLE syncs (
    sync INTEGER PRIMARY KEY AUTOINCREMENT,
    profile INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    newest INTEGER NOT NULL,
    finished_at INTEGER,
    complete INTEGER
) STRICT;

CREATE TABLE batches (
    batch INTEGER PRIMARY KEY AUTOINCREMENT,
    profile INTEGER NOT NULL,
    instance TEXT NOT NULL,
    asked_at INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    profile INTEGER NOT NULL,
    batch INTEGER,
    row INTEGER,
    kind TEXT,
    id TEXT,
    entry TEXT NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT,
    attempts INTEGER,
    sent_at INTEGER,
    status INTEGER,
    code TEXT,
    message TEXT,
    request_id TEXT,
    client_request_id TEXT,
    cause TEXT,
    detail TEXT,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX of_batch ON journal (batch);
CREATE INDEX of_id ON journal (id) WHERE outcome IS NOT NULL;

CREATE TABLE chains (
    profile INTEGER PRIMARY KEY,
    anchor INTEGER NOT NULL,
    anchor_hash BLOB NOT NULL,
    head INTEGER NOT NULL,
    head_hash BLOB NOT NULL,
    purged INTEGER NOT NULL
) STRICT;
";

/// Opens `path` to write, making it if it is missing.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    check_header(path)?;
    let not_writable = |source| match ErrorKind::PermissionDenied {
        kind if std::io::Error::kind(&source) == kind => not_writable(path, source),
        _ if source.kind() == ErrorKind::ReadOnlyFilesystem => not_writable(path, source),
        _ => StoreError::io(path, source),
    };
    files::private(OpenOptions::new().append(true).create(true))
        .open(path)
        .map_err(not_writable)?;
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    create(&mut db, path).map_err(|error| match error {
        // `SQLite` reports so what it opened for reading only: a side file or the folder.
        StoreError::ReadOnly => not_writable(std::io::Error::from(ErrorKind::PermissionDenied)),
        error => error,
    })?;
    files::tighten(path).map_err(|error| StoreError::io(path, error))?;
    Ok(db)
}

/// Opens `path` to read. A ledger that does not exist yet reads as an empty one.
pub(super) fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return empty();
    }
    check_header(path)?;
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let (db, format) = match format(&db, path) {
        // In a folder that cannot be written, a ledger that was closed well has no side files, and
        // none can be made. Nobody can be writing to it either.
        Err(_) if !wal(path).exists() => {
            drop(db);
            let whole = std::path::absolute(path).map_err(|error| StoreError::io(path, error))?;
            let uri = url::Url::from_file_path(whole)
                .map_err(|()| StoreError::io(path, ErrorKind::InvalidInput.into()))?;
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            let db = connect(Path::new(&format!("{uri}?immutable=1")), flags)?;
            let format = format(&db, path)?;
            (db, format)
        }
        format => (db, format?),
    };
    if format == 0 { empty() } else { Ok(db) }
}

/// Opens a file that this process has open to write already, and so has looked at.
///
/// It is not looked at again: that opens and closes it behind `SQLite`'s back, whose locks are POSIX
/// ones, and those of a whole process go when it closes any descriptor of the file. Another instance
/// would then take itself for the last and remove the log from under this one.
pub(super) fn open_beside(path: &Path) -> Result<Connection, StoreError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn empty() -> Result<Connection, StoreError> {
    let db = Connection::open_in_memory()?;
    rusqlite::vtab::array::load_module(&db)?;
    db.execute_batch(TABLES)?;
    Ok(db)
}

fn wal(path: &Path) -> std::path::PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    name.into()
}

fn not_writable(path: &Path, source: std::io::Error) -> StoreError {
    StoreError::NotWritable {
        path: path.to_owned(),
        source: Arc::new(source),
    }
}

/// Reads what `SQLite` promises about the first hundred bytes, without letting `SQLite` near the
/// file: opening a database can change it (recovery, checkpoint).
fn check_header(path: &Path) -> Result<(), StoreError> {
    let mut header = Vec::with_capacity(100);
    match File::open(path) {
        Ok(file) => file.take(100).read_to_end(&mut header),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => Err(error),
    }
    .map_err(|error| StoreError::io(path, error))?;
    // A crash right after the file was made leaves it empty.
    if header.is_empty() {
        return Ok(());
    }
    let number = |at: usize| {
        header
            .get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .map_or(0, |bytes| i64::from(u32::from_be_bytes(bytes)))
    };
    if header.len() < 100 || !header.starts_with(b"SQLite format 3\0") {
        return Err(not_a_ledger(path, "the first bytes are not SQLite's"));
    }
    check_numbers(path, number(68), number(60))
}

fn check_numbers(path: &Path, application: i64, found: i64) -> Result<(), StoreError> {
    // Both are 0 until the first commit.
    if application != APPLICATION && (application, found) != (0, 0) {
        return Err(not_a_ledger(path, "it is another program's database"));
    }
    if found > FORMAT {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found,
            known: FORMAT,
        });
    }
    Ok(())
}

fn not_a_ledger(path: &Path, cause: &str) -> StoreError {
    StoreError::Corrupt {
        path: path.to_owned(),
        cause: cause.to_owned(),
    }
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let mut db = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // SQLite's own handler backs off to 100 ms, in which a busy neighbour commits and begins again
    // many times over; asking every millisecond or so gets a turn.
    let mut since = Instant::now();
    db.busy_handler(Some(move |tries| {
        if tries == 0 {
            since = Instant::now();
        }
        thread::sleep(Duration::from_micros(700));
        since.elapsed() < PATIENCE
    }))?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    rusqlite::vtab::array::load_module(&db)?;
    Ok(db)
}

/// The format as the database sees it, its log included; 0 for an empty one.
fn format(db: &Connection, path: &Path) -> Result<i64, StoreError> {
    // One look, or another instance could make the ledger between the number and the tables.
    let _look = db
        .is_autocommit()
        .then(|| db.unchecked_transaction())
        .transpose()
        .map_err(|error| StoreError::from(error).at(path))?;
    let read = |pragma| db.pragma_query_value(None, pragma, |row| row.get(0));
    let (application, found) = (|| Ok((read("application_id")?, read("user_version")?)))()
        .map_err(|error: rusqlite::Error| StoreError::from(error).at(path))?;
    check_numbers(path, application, found)?;
    let first: Option<String> = db
        .query_row("SELECT name FROM sqlite_schema LIMIT 1", [], |row| {
            row.get(0)
        })
        .optional()
        .map_err(|error| StoreError::from(error).at(path))?;
    match (found, first) {
        (0, Some(_)) => Err(not_a_ledger(path, "it is another program's database")),
        (1.., None) => Err(not_a_ledger(path, "it has no tables")),
        _ => Ok(found),
    }
}

fn create(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    // Until the format is known, closing must not write the log back into the file.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    format(db, path)?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    db.pragma_update(None, "page_size", PAGE)?;
    set_wal(db)?;
    db.pragma_update(None, "synchronous", "FULL")?;
    db.pragma_update(None, "cache_size", -CACHE_KIB)?;
    // A ledger that is older has its own.
    let page: i64 = db.pragma_query_value(None, "page_size", |row| row.get(0))?;
    db.pragma_update(None, "wal_autocheckpoint", LOG / page.max(1))?;
    let tx = db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    // Under the lock: another instance may just have made it.
    if format(&tx, path)? == 0 {
        tx.execute_batch(TABLES)?;
        tx.pragma_update(None, "application_id", APPLICATION)?;
        tx.pragma_update(None, "user_version", FORMAT)?;
    }
    tx.commit()?;
    Ok(())
}

/// `SQLite` does not call the busy handler for this step when two instances take it at once.
fn set_wal(db: &Connection) -> Result<(), StoreError> {
    let start = Instant::now();
    loop {
        match db
            .pragma_update(None, "journal_mode", "WAL")
            .map_err(StoreError::from)
        {
            Err(StoreError::Busy) if start.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(1));
            }
            done => return done,
        }
    }
}
