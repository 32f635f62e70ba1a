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
    #[error("the ledger was opened read-only")]
    ReadOnly,
    #[error("another program has held the ledger's lock for too long")]
    Busy,
    #[error("no room is left for the ledger")]
    Full,
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
            _ => Self::Sqlite(Arc::new(error)),
        }
    }
}

impl StoreError {
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
