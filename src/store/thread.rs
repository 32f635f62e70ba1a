//! The two threads that own the connections.
//!
//! The writer takes all jobs that wait, runs them in one transaction, commits once and then answers
//! them all: with `synchronous=FULL` a commit costs a flush of the disk, and a hundred settlements
//! share it. A savepoint each keeps a failing job from spoiling its neighbours. The reader has a
//! connection of its own, so that no listing stands before the journal.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::error::StoreError;
use super::lock::Instance;

/// Jobs that may wait before askers do.
const WAITING: usize = 1024;
/// Jobs in one commit at most. The others wait for it, so this bounds their delay.
const GROUP: usize = 512;

/// What a job works on.
pub(super) struct Disk {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    /// The profile's key; -1 in a ledger that has never been written for it.
    pub(super) profile: i64,
    /// Only a writer is one.
    pub(super) instance: Option<Instance>,
}

/// Does its work, or is told that it cannot; says what to answer once the commit is through.
type Job = Box<dyn FnOnce(Result<&Disk, StoreError>) -> Answer + Send>;

struct Answer {
    keep: bool,
    tell: Box<dyn FnOnce(Result<(), StoreError>) + Send>,
}

/// A thread with its queue. Dropping it finishes the queue first.
pub(super) struct Desk {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Desk {
    pub(super) fn writer(disk: Disk) -> Result<Self, StoreError> {
        Self::start("ledger-writer", move |mut jobs| {
            while let Some(job) = jobs.blocking_recv() {
                commit_group(&disk, job, &mut jobs);
            }
        })
    }

    pub(super) fn reader(disk: Disk) -> Result<Self, StoreError> {
        Self::start("ledger-reader", move |mut jobs| {
            while let Some(job) = jobs.blocking_recv() {
                (job(Ok(&disk)).tell)(Ok(()));
            }
        })
    }

    fn start(
        name: &str,
        run: impl FnOnce(mpsc::Receiver<Job>) + Send + 'static,
    ) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let thread = thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || run(receiver))
            .map_err(|error| StoreError::Thread(Arc::new(error)))?;
        Ok(Self {
            jobs: Some(sender),
            thread: Some(thread),
        })
    }

    /// The job is done whether or not the asker waits for the answer, once this has been polled far
    /// enough to find room in the queue.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Disk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |disk| {
            let result = disk.and_then(|disk| work(disk).map_err(|error| error.at(&disk.path)));
            Answer {
                keep: result.is_ok(),
                // Nobody may be waiting any more; the work is done all the same.
                tell: Box::new(move |commit| {
                    let _ = reply.send(result.and_then(|value| commit.map(|()| value)));
                }),
            }
        });
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic there has been told by the hook already.
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

fn commit_group(disk: &Disk, first: Job, jobs: &mut mpsc::Receiver<Job>) {
    if let Err(error) = execute(disk, "BEGIN IMMEDIATE") {
        (first(Err(error)).tell)(Ok(()));
        return;
    }
    let mut answers = Vec::new();
    let mut next = Some(first);
    let mut state = Ok(());
    while let Some(job) = next {
        let (answer, left) = run_job(disk, job);
        answers.push(answer);
        state = left;
        if state.is_err() || answers.len() == GROUP {
            break;
        }
        next = jobs.try_recv().ok();
    }
    let done = state
        .and_then(|()| execute(disk, "COMMIT"))
        .inspect_err(|_| {
            // After some errors (a full disk) SQLite has rolled back by itself.
            if !disk.db.is_autocommit() {
                let _ = execute(disk, "ROLLBACK");
            }
        });
    for answer in answers {
        (answer.tell)(done.clone());
    }
}

/// Runs one job in a savepoint. The second value is an error if the transaction did not survive.
fn run_job(disk: &Disk, job: Job) -> (Answer, Result<(), StoreError>) {
    if let Err(error) = execute(disk, "SAVEPOINT job") {
        return (job(Err(error.clone())), Err(error));
    }
    let answer = job(Ok(disk));
    let state = if disk.db.is_autocommit() {
        Err(StoreError::Full)
    } else if answer.keep {
        execute(disk, "RELEASE job")
    } else {
        execute(disk, "ROLLBACK TO job").and_then(|()| execute(disk, "RELEASE job"))
    };
    (answer, state)
}

fn execute(disk: &Disk, sql: &str) -> Result<(), StoreError> {
    let mut statement = disk.db.prepare_cached(sql)?;
    statement
        .execute([])
        .map_err(|error| StoreError::from(error).at(&disk.path))?;
    Ok(())
}
