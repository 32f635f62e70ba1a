//! The thread that reads: one file after the other, a window at a time.

use std::collections::HashSet;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::watch;

use crate::domain::{ImportProgress, Kind, ResourceId, Unreadable};
use crate::scan::{Item, Scanner};

use super::open::{Counted, decoded};
use super::paths::files;
use super::pile::{Giver, Stopped};
use super::{Origin, name_of};

/// Ids that are remembered so as not to be handed on again: logs name each a few times, close together.
const REMEMBERED: usize = 1 << 14;

/// What the thread hands on.
pub(super) enum Piece {
    Found(Arc<str>, Vec<Item>),
    Unreadable(Arc<str>, Unreadable),
    /// The end of a file, its lines, and how many of them have ids.
    End(Arc<str>, u64, u64),
}

impl Piece {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Found(_, items) => items.len(),
            _ => 0,
        }
    }
}

/// How much has been read; written by one thread, read by another.
#[derive(Debug, Default)]
pub(super) struct Meter {
    bytes: Arc<AtomicU64>,
    /// 0: not known.
    total: AtomicU64,
}

impl Meter {
    pub(super) fn progress(&self, new: u64, elapsed: Duration) -> ImportProgress {
        let bytes = self.bytes.load(Ordering::Relaxed);
        let total = self.total.load(Ordering::Relaxed);
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        ImportProgress {
            bytes,
            // It may have grown meanwhile.
            total: (total > 0).then_some(total.max(bytes)),
            new,
            rate: bytes.saturating_mul(1_000) / millis.max(1),
        }
    }
}

pub(super) struct Reader {
    pub(super) kind: Option<Kind>,
    pub(super) apart: Option<PathBuf>,
    pub(super) meter: Arc<Meter>,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) pieces: Giver,
}

impl Reader {
    pub(super) fn read(self, from: Vec<Origin>) {
        let apart = self.apart.as_deref();
        let apart = apart.and_then(|apart| fs::canonicalize(apart).ok());
        if let Some(total) = self.measure(&from, apart.as_deref()) {
            self.meter.total.store(total, Ordering::Relaxed);
        }
        let mut scanner = Scanner::new(self.kind);
        let mut seen = HashSet::new();
        for origin in from {
            let done = match origin {
                Origin::Input(name, input) => self.read_one(&mut scanner, &name.into(), Ok(input)),
                Origin::Path(path) => {
                    files(&path, apart.as_deref()).try_for_each(|found| match found {
                        Ok(path) => self.read_path(&mut scanner, &path, &mut seen),
                        Err((name, error)) => self.give(Piece::Unreadable(name, error)),
                    })
                }
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// How much there is to read, if that can be known.
    fn measure(&self, from: &[Origin], apart: Option<&Path>) -> Option<u64> {
        let mut total = 0;
        for origin in from {
            let Origin::Path(path) = origin else {
                return None;
            };
            for path in files(path, apart).filter_map(Result::ok) {
                if self.is_stopped() {
                    return None;
                }
                let metadata = fs::metadata(path).ok()?;
                if !metadata.is_file() {
                    return None;
                }
                total += metadata.len();
            }
        }
        Some(total)
    }

    fn read_path(
        &self,
        scanner: &mut Scanner,
        path: &Path,
        seen: &mut HashSet<(u64, u64)>,
    ) -> Result<(), Stopped> {
        let file = File::open(path).and_then(|file| {
            let metadata = file.metadata()?;
            Ok((file, identity(&metadata)))
        });
        match file {
            // Links lead to it more than once.
            Ok((_, Some(identity))) if !seen.insert(identity) => Ok(()),
            Ok((file, _)) => self.read_one(scanner, &name_of(path), Ok(Box::new(file))),
            Err(error) => self.read_one(scanner, &name_of(path), Err(error)),
        }
    }

    fn read_one(
        &self,
        scanner: &mut Scanner,
        name: &Arc<str>,
        input: io::Result<Box<dyn Read + Send>>,
    ) -> Result<(), Stopped> {
        let count = |input| Counted::new(input, self.meter.bytes.clone());
        let input = input
            .map_err(Unreadable::from)
            .and_then(|input| decoded(count(input)));
        let end = match input {
            Ok(input) => self.search(scanner, name, input)?,
            Err(error) => {
                return self.give(Piece::Unreadable(name.clone(), error));
            }
        };
        if let Err(error) = end {
            self.give(Piece::Unreadable(name.clone(), error.into()))?;
        }
        let (lines, with_ids) = scanner.lines();
        self.give(Piece::End(name.clone(), lines, with_ids))
    }

    /// Reads to the end, or to where it can be read.
    fn search(
        &self,
        scanner: &mut Scanner,
        name: &Arc<str>,
        mut input: Box<dyn Read + Send>,
    ) -> Result<io::Result<()>, Stopped> {
        scanner.reset(self.kind);
        let mut seen = HashSet::new();
        loop {
            if self.is_stopped() {
                return Err(Stopped);
            }
            let mut items = Vec::new();
            let end = match input.read(scanner.room()) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Ok(0) => Some(Ok(())),
                Err(error) => Some(Err(error)),
                Ok(len) => {
                    scanner.filled(len, &mut items);
                    None
                }
            };
            if end.is_some() {
                scanner.finish(&mut items);
            }
            items.retain(|item| is_worth_telling(item, &mut seen));
            if !items.is_empty() {
                self.give(Piece::Found(name.clone(), items))?;
            }
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    fn give(&self, piece: Piece) -> Result<(), Stopped> {
        self.pieces.give(piece)
    }

    fn is_stopped(&self) -> bool {
        *self.stop.borrow() || self.stop.has_changed().is_err()
    }
}

/// An id that was handed on a moment ago is not, unless more is known of it.
fn is_worth_telling(item: &Item, seen: &mut HashSet<ResourceId>) -> bool {
    let Item::Id { id, said, .. } = item else {
        return true;
    };
    if seen.contains(id) {
        return said.is_some();
    }
    if seen.len() >= REMEMBERED {
        seen.clear();
    }
    seen.insert(id.clone())
}

/// What tells a file from all others, whatever it is called.
#[cfg(unix)]
fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    // A pipe can be read on.
    metadata.is_file().then(|| (metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Metadata) -> Option<(u64, u64)> {
    None
}
