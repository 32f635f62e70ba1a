//! Ids out of files into the ledger: logs, recorded traffic, lists, whole folders of them.
//!
//! A thread reads and searches; a task tracks what it finds and reports. What has been found is in the
//! ledger soon after, so that stopping loses nothing but the rest. Memory does not grow with what is
//! read. Refuses to know what is an id (`scan` does), and to change what it reads.

mod open;
mod paths;
mod read;

use std::collections::HashSet;
use std::io::Read;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{self, MissedTickBehavior, sleep_until};

use crate::domain::{
    IdError, ImportProgress, ImportTally, Kind, ResourceId, RowId, Sighting, Source, Tracked,
};
use crate::scan::Item;
use crate::store::{Ledger, StoreError};

pub use paths::{chosen, complete_last, expand, roots};
use read::{Meter, Piece, Reader};

/// Ids that go to the ledger at a time, at least when there are many.
const CHUNK: usize = 4096;
/// How long fewer wait for more: each time costs a flush of the disk.
const LINGER: Duration = Duration::from_millis(50);
/// How often progress is reported.
const TICK: Duration = Duration::from_millis(100);
/// How long a stop waits for the reader, which may itself be waiting for a pipe.
const GRACE: Duration = Duration::from_millis(500);

/// What is to be read.
#[expect(missing_debug_implementations, reason = "holds readers")]
pub struct Request {
    pub from: Vec<Origin>,
    /// What ids in lists are whose prefix does not tell.
    pub kind: Option<Kind>,
    pub tags: Vec<String>,
    /// The ledger's own folder, which is not searched.
    pub apart: Option<PathBuf>,
}

/// Where ids come from.
#[expect(missing_debug_implementations, reason = "holds a reader")]
pub enum Origin {
    /// A file, a folder with all files in it, or a pattern.
    Path(PathBuf),
    /// What is open already, and what to call it.
    Input(String, Box<dyn Read + Send>),
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// A path, or what an input is called; may be any text.
    pub name: Arc<str>,
    /// From 1.
    pub line: u64,
}

/// What happened, in order; [`Report::Done`] is the last.
#[derive(Debug)]
pub enum Report {
    New(ResourceId, Spot),
    /// A line of a list; `None`: an id that may be of either kind.
    Rejected(Spot, Option<IdError>),
    Unreadable {
        name: Arc<str>,
        error: String,
    },
    Progress(ImportProgress),
    /// The end of a file.
    Read {
        name: Arc<str>,
        tally: ImportTally,
    },
    Done(Result<ImportTally, StoreError>),
}

/// An import under way. Dropping it stops it.
#[derive(Debug)]
pub struct Handle {
    /// Has to be read until its end.
    pub reports: mpsc::Receiver<Report>,
    stop: watch::Sender<bool>,
}

impl Handle {
    /// Reads no further; what has been found is tracked.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

/// Starts an import on the current runtime.
pub fn start(ledger: Ledger, request: Request) -> Handle {
    let (sender, reports) = mpsc::channel(64);
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        let end = run(ledger, request, &sender, stopped).await;
        // Nobody may be listening any more.
        let _ = sender.send(Report::Done(end)).await;
    });
    Handle { reports, stop }
}

async fn run(
    ledger: Ledger,
    request: Request,
    reports: &mpsc::Sender<Report>,
    mut stop: watch::Receiver<bool>,
) -> Result<ImportTally, StoreError> {
    if ledger.is_read_only() {
        return Err(StoreError::ReadOnly);
    }
    let meter = Arc::new(Meter::default());
    let (sender, mut pieces) = mpsc::channel(64);
    let mut importer = Importer {
        ledger,
        tags: request.tags,
        reports,
        total: ImportTally::default(),
        file: File::default(),
    };
    let reader = Reader {
        kind: request.kind,
        apart: request.apart,
        meter: meter.clone(),
        stop: stop.clone(),
        pieces: sender,
    };
    let reader = tokio::task::spawn_blocking(move || reader.read(request.from));
    let began = Instant::now();
    let mut tick = time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut deadline = None;
    loop {
        let first = tokio::select! {
            piece = pieces.recv() => if let Some(piece) = piece {
                piece
            } else {
                finish(reader).await;
                break;
            },
            _ = tick.tick() => {
                let new = importer.total.new + importer.file.tally.new;
                let progress = meter.progress(new, began.elapsed());
                // Nobody misses one that has to wait.
                let _ = reports.try_send(Report::Progress(progress));
                continue;
            }
            () = stopped(&mut stop), if deadline.is_none() => {
                importer.total.stopped = true;
                deadline = Some(time::Instant::now() + GRACE);
                continue;
            }
            () = sleep_until(deadline.unwrap_or_else(time::Instant::now)), if deadline.is_some() => {
                break;
            }
        };
        let mut all = vec![first];
        let mut ids = all[0].len();
        let linger = time::Instant::now() + LINGER;
        while ids < CHUNK
            && let Ok(Some(piece)) = time::timeout_at(linger, pieces.recv()).await
        {
            ids += piece.len();
            all.push(piece);
        }
        importer.take(all).await?;
    }
    importer.end_file(Arc::default(), 0, 0).await;
    Ok(importer.total)
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error: nobody listens, and nobody will.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// The reader has nothing more to say.
async fn finish(reader: JoinHandle<()>) {
    if let Err(error) = reader.await
        && let Ok(panic) = error.try_into_panic()
    {
        panic::resume_unwind(panic);
    }
}

struct Importer<'a> {
    ledger: Ledger,
    tags: Vec<String>,
    reports: &'a mpsc::Sender<Report>,
    total: ImportTally,
    file: File,
}

/// The file being read.
#[derive(Default)]
struct File {
    tally: ImportTally,
    /// Rows from here on were added while it was read.
    first_new: Option<RowId>,
    known: HashSet<RowId>,
}

impl Importer<'_> {
    async fn take(&mut self, pieces: Vec<Piece>) -> Result<(), StoreError> {
        let mut sightings = Vec::new();
        let items = pieces.iter().flat_map(|piece| match piece {
            Piece::Found(_, items) => items.as_slice(),
            _ => &[],
        });
        for item in items {
            if let Item::Id {
                kind, id, facts, ..
            } = item
            {
                sightings.push(Sighting {
                    kind: *kind,
                    id: id.clone(),
                    source: Source::Import,
                    tags: self.tags.clone(),
                    facts: facts.as_deref().cloned().unwrap_or_default(),
                });
            }
        }
        let tracked = self.ledger.track(sightings, Timestamp::now()).await?;
        let mut tracked = tracked.into_iter();
        for piece in pieces {
            match piece {
                Piece::Found(name, items) => {
                    for item in items {
                        self.found(&name, item, &mut tracked).await;
                    }
                }
                Piece::Unreadable(name, error) => {
                    self.file.tally.unreadable += 1;
                    self.tell(Report::Unreadable { name, error }).await;
                }
                Piece::End(name, lines, with_ids) => {
                    self.file.tally.files = 1;
                    self.end_file(name, lines, with_ids).await;
                }
            }
        }
        Ok(())
    }

    async fn found(
        &mut self,
        name: &Arc<str>,
        item: Item,
        tracked: &mut impl Iterator<Item = Tracked>,
    ) {
        let spot = |line| Spot {
            name: name.clone(),
            line,
        };
        let report = match item {
            Item::Id { id, line, .. } => {
                let Some(tracked) = tracked.next() else {
                    return;
                };
                if !tracked.is_new {
                    self.file.known(tracked.row);
                    return;
                }
                self.file.first_new.get_or_insert(tracked.row);
                self.file.tally.new += 1;
                Report::New(id, spot(line))
            }
            Item::NeedsKind { line } => Report::Rejected(spot(line), None),
            Item::Bad { line, error } => Report::Rejected(spot(line), Some(error)),
        };
        self.file.tally.rejected += u64::from(matches!(report, Report::Rejected(..)));
        self.tell(report).await;
    }

    async fn end_file(&mut self, name: Arc<str>, lines: u64, with_ids: u64) {
        let mut tally = std::mem::take(&mut self.file).tally;
        tally.lines = lines;
        tally.bare_lines = lines - with_ids;
        self.total.add(&tally);
        if tally.files > 0 {
            self.tell(Report::Read { name, tally }).await;
        }
    }

    async fn tell(&self, report: Report) {
        // Nobody may be listening any more.
        let _ = self.reports.send(report).await;
    }
}

impl File {
    fn known(&mut self, row: RowId) {
        let added_by_this = self.first_new.is_some_and(|first| row >= first);
        if !added_by_this && self.known.insert(row) {
            self.tally.known += 1;
        }
    }
}

/// A path as text.
fn name_of(path: &Path) -> Arc<str> {
    path.to_string_lossy().into()
}
