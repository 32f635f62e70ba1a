//! Ids out of files into the ledger: logs, recorded traffic, lists, whole folders of them.
//!
//! A thread reads and searches; a task tracks what it finds and reports. What has been found is in the
//! ledger soon after, so that stopping loses nothing but the rest. Memory does not grow with what is
//! read. Refuses to know what is an id (`scan` does), and to change what it reads.

mod keep;
mod open;
mod paths;
mod pile;
mod read;

use std::io::Read;
use std::panic;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{self, MissedTickBehavior, sleep_until};

use crate::domain::{IdError, ImportProgress, ImportTally, Kind, ResourceId, Unreadable};
use crate::store::{Ledger, StoreError};

use keep::Keeper;
pub use paths::{chosen, complete_last, expand, roots};
use pile::pile;
use read::{Meter, Reader};

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
    /// Ids that the ledger did not have.
    New(Vec<(ResourceId, Spot)>),
    /// Ids that it had before; each once for a file.
    Known(Vec<(ResourceId, Spot)>),
    /// A line of a list; `None`: an id that may be of either kind.
    Rejected(Spot, Option<IdError>),
    Unreadable {
        name: Arc<str>,
        error: Unreadable,
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
    let (sender, reports) = mpsc::channel(16);
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
    let (giver, pieces) = pile();
    let mut keeper = Keeper::new(ledger, request.tags, reports);
    let reader = Reader {
        kind: request.kind,
        apart: request.apart,
        meter: meter.clone(),
        stop: stop.clone(),
        pieces: giver,
    };
    let reader = tokio::task::spawn_blocking(move || reader.read(request.from));
    let began = Instant::now();
    let mut tick = time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut deadline = None;
    loop {
        tokio::select! {
            () = pieces.some() => {}
            _ = tick.tick() => {
                let progress = meter.progress(keeper.new_ids(), began.elapsed());
                // Nobody misses one that has to wait.
                let _ = reports.try_send(Report::Progress(progress));
                continue;
            }
            () = stopped(&mut stop), if deadline.is_none() => {
                keeper.stopped();
                deadline = Some(time::Instant::now() + GRACE);
                continue;
            }
            () = sleep_until(deadline.unwrap_or_else(time::Instant::now)), if deadline.is_some() => {
                break;
            }
        }
        let Some(all) = pieces.take().await else {
            finish(reader).await;
            break;
        };
        keeper.take(all).await?;
    }
    Ok(keeper.end().await)
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

/// A path as text.
fn name_of(path: &Path) -> Arc<str> {
    path.to_string_lossy().into()
}
