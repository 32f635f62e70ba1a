//! What an import tells, while it goes on and at its end.

use std::io::{self, ErrorKind};

/// What came of an import, or of one file of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportTally {
    /// Ids that the ledger did not have.
    pub new: u64,
    /// Ids that it had when the file began, each counted once for a file.
    pub known: u64,
    /// Ids that it did not have and does not get, because what was read says they are deleted.
    pub deleted: u64,
    /// Of the known, those not known as deleted of which what was read says that they are.
    pub doubted: u64,
    /// Lines of lists that are no ids.
    pub rejected: u64,
    /// Files that were read, at least in part.
    pub files: u64,
    /// Files and folders that could not be read, or not to their end.
    pub unreadable: u64,
    pub lines: u64,
    /// Of those, how many have no id.
    pub bare_lines: u64,
    /// It was stopped before its end.
    pub stopped: bool,
}

impl ImportTally {
    /// More was looked at than one list, whose ids tell all there is to tell.
    pub fn is_of_a_search(&self) -> bool {
        self.files > 1 || self.bare_lines > 0
    }

    pub fn add(&mut self, other: &Self) {
        self.new += other.new;
        self.known += other.known;
        self.deleted += other.deleted;
        self.doubted += other.doubted;
        self.rejected += other.rejected;
        self.files += other.files;
        self.unreadable += other.unreadable;
        self.lines += other.lines;
        self.bare_lines += other.bare_lines;
        self.stopped |= other.stopped;
    }
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// Read so far, as it is on disk: compressed files count as they are.
    pub bytes: u64,
    /// Of so many, where that is known.
    pub total: Option<u64>,
    /// Ids found that are new to the ledger.
    pub new: u64,
    /// Read in a second, on the average.
    pub rate: u64,
}

impl ImportProgress {
    /// So many of `cells` are done, if that is known.
    pub fn share(&self, cells: usize) -> Option<usize> {
        let share = u128::from(self.bytes) * cells as u128 / u128::from(self.total?.max(1));
        Some(usize::try_from(share).map_or(cells, |share| share.min(cells)))
    }
}

/// Why a file or a folder is not read, or not to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    Missing,
    Denied,
    /// A folder, where a file was meant.
    Folder,
    /// A part of the path is no folder.
    NotAFolder,
    /// It ends in the middle of what it holds.
    CutShort,
    /// Compressed in a way that is not read here, and in which.
    Packed(&'static str),
    /// In the words of the system.
    Other(String),
}

impl From<io::Error> for Unreadable {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::Missing,
            ErrorKind::PermissionDenied => Self::Denied,
            ErrorKind::IsADirectory => Self::Folder,
            ErrorKind::NotADirectory => Self::NotAFolder,
            ErrorKind::UnexpectedEof => Self::CutShort,
            _ => Self::Other(error.to_string()),
        }
    }
}
