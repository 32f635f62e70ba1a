//! What can go wrong with the ledger, with the cause kept.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;

use crate::domain::{BatchId, RowId};

/// Why the ledger did not do what was asked. Cheap to clone: when a commit fails, everyone whose
/// work was in it is told.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// Left untouched.
    #[error("the ledger {path} has format {found}; this Arkdeck knows formats up to {known}", path = path.display())]
    Newer {
        path: PathBuf,
        found: i64,
        known: i64,
    },
    /// Left untouched when found on opening.
    #[error("{path} is damaged or not a ledger: {cause}", path = path.display())]
    Corrupt { path: PathBuf, cause: String },
    /// Reading may still be possible: [`super::Ledger::open_read_only`].
    #[error("the ledger {path} cannot be written", path = path.display())]
    NotWritable {
        path: PathBuf,
        #[source]
        source: Arc<std::io::Error>,
    },
    #[error("cannot use {path}", path = path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: Arc<std::io::Error>,
    },
    #[error("the rows of this profile belong to another service by now, {theirs}")]
    OtherService { theirs: String },
    #[error("the ledger was opened read-only")]
    ReadOnly,
    #[error("another program has held the ledger's lock for too long")]
    Busy,
    #[error("no room is left for the ledger")]
    Full,
    /// What the system says of quotas and file-size limits, among others; a full disk is [`Self::Full`].
    #[error("a write to the ledger failed; a quota, a file-size limit or the disk itself")]
    NotWritten(#[source] Arc<rusqlite::Error>),
    #[error("the ledger has no row {0:?}")]
    NoSuchRow(RowId),
    #[error("row {row:?} is not being sent in {batch:?}")]
    NotSending { row: RowId, batch: BatchId },
    #[error("the history is not as it was written: entry {at}")]
    BrokenHistory { at: u64 },
    #[error("the ledger could not be read or written")]
    Sqlite(#[source] Arc<rusqlite::Error>),
    #[error("the ledger's thread could not be started")]
    Thread(#[source] Arc<std::io::Error>),
    #[error("the ledger is closed")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::ReadOnly) => Self::ReadOnly,
            Some(ErrorCode::SystemIoFailure) if is_write(&error) => {
                Self::NotWritten(Arc::new(error))
            }
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}

fn is_write(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{
        SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE,
    };
    let writes = [
        SQLITE_IOERR_WRITE,
        SQLITE_IOERR_FSYNC,
        SQLITE_IOERR_TRUNCATE,
        SQLITE_IOERR_SHMSIZE,
    ];
    error
        .sqlite_error()
        .is_some_and(|error| writes.contains(&error.extended_code))
}

impl StoreError {
    /// In one line, causes included.
    pub fn whole(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(cause) = source {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        text
    }

    pub(super) fn io(path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io {
            path: path.into(),
            source: Arc::new(source),
        }
    }

    /// Puts the file's name to an error that says that the file itself is bad.
    pub(super) fn at(self, path: &std::path::Path) -> Self {
        let Self::Sqlite(error) = &self else {
            return self;
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt {
                path: path.to_owned(),
                cause: error.to_string(),
            },
            _ => self,
        }
    }
}
