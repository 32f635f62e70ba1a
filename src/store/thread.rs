//! The two threads that own the connections.
//!
//! The writer takes all jobs that wait, runs them in one transaction, commits once and then answers
//! them all: with `synchronous=FULL` a commit costs a flush of the disk, and a hundred settlements
//! share it. A job that fails after it has written spoils none of its neighbours: all are rolled
//! back and run again, each in a savepoint of its own. (Savepoints from the start would do, and copy
//! every page that a job touches.) The
//! reader has a connection of its own, so that no listing stands before the journal.

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::domain::BatchId;

use super::chain::{self, Head};
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
    /// The journal's end, in a transaction that has appended to it.
    pub(super) head: Cell<Option<Head>>,
    /// The service whose word is written down.
    pub(super) service: RefCell<Option<Service>>,
    /// The profile's rows are known to belong to it.
    pub(super) is_theirs: Cell<bool>,
    /// Batches that this instance began and cannot end.
    pub(super) abandoned: RefCell<HashSet<BatchId>>,
}

pub(super) struct Service {
    pub(super) base_url: String,
    /// With its first word the profile's rows belong to it.
    pub(super) claims: bool,
}

/// Something to do in a transaction, and somebody to tell what came of it.
trait Job: Send {
    /// Whether it was done. What it came to is kept; if it is done again, what the last time came to.
    fn run(&mut self, disk: &Disk) -> bool;
    /// Tells what it came to or, if that came to nothing, why.
    fn tell(self: Box<Self>, end: Result<(), StoreError>);
}

struct Asked<W, T> {
    work: W,
    result: Option<Result<T, StoreError>>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<W, T> Job for Asked<W, T>
where
    W: FnMut(&Disk) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn run(&mut self, disk: &Disk) -> bool {
        let result = (self.work)(disk).map_err(|error| error.at(&disk.path));
        self.result.insert(result).is_ok()
    }

    fn tell(self: Box<Self>, end: Result<(), StoreError>) {
        let result = match (self.result, end) {
            (Some(Err(error)), _) | (_, Err(error)) => Err(error),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::Closed),
        };
        // What it works on is the asker's again when the answer comes.
        drop(self.work);
        // Nobody may be waiting any more; the work is done all the same.
        let _ = self.reply.send(result);
    }
}

/// A thread with its queue. Dropping it finishes the queue first.
pub(super) struct Desk {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
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
            while let Some(mut job) = jobs.blocking_recv() {
                // One moment for all it looks at, and one lock of the file.
                let begun = execute(&disk, "BEGIN");
                if begun.is_ok() {
                    job.run(&disk);
                    roll_back(&disk);
                }
                job.tell(begun);
            }
        })
    }

    fn start(
        name: &str,
        run: impl FnOnce(mpsc::Receiver<Box<dyn Job>>) + Send + 'static,
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
        work: impl FnMut(&Disk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Asked {
            work,
            result: None,
            reply,
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

fn commit_group(disk: &Disk, first: Box<dyn Job>, jobs: &mut mpsc::Receiver<Box<dyn Job>>) {
    let mut group = Vec::new();
    let mut end = execute(disk, "BEGIN IMMEDIATE");
    let mut is_apart = false;
    let mut next = Some(first);
    while let Some(mut job) = next {
        if end.is_ok() && is_apart {
            end = run_apart(disk, job.as_mut());
            group.push(job);
        } else if end.is_ok() {
            let ran = run(disk, job.as_mut());
            group.push(job);
            end = match ran {
                Ok(Ran::Well) => Ok(()),
                Ok(Ran::Halfway) => {
                    is_apart = true;
                    again(disk, &mut group)
                }
                Err(error) => Err(error),
            };
        } else {
            group.push(job);
        }
        let has_room = end.is_ok() && group.len() < GROUP;
        next = if has_room { jobs.try_recv().ok() } else { None };
    }
    let end = end
        .and_then(|()| chain::flush(disk))
        .and_then(|()| execute(disk, "COMMIT"));
    disk.head.set(None);
    if end.is_err() {
        roll_back(disk);
    }
    for job in group {
        job.tell(end.clone());
    }
}

enum Ran {
    /// Done, or failed before it wrote anything.
    Well,
    /// Failed after it had written.
    Halfway,
}

/// An error: what was done so far is lost for all.
fn run(disk: &Disk, job: &mut dyn Job) -> Result<Ran, StoreError> {
    let changes = disk.db.total_changes();
    let is_done = job.run(disk);
    if disk.db.is_autocommit() {
        // After some errors SQLite rolls back by itself.
        return Err(StoreError::Full);
    }
    Ok(if is_done || disk.db.total_changes() == changes {
        Ran::Well
    } else {
        Ran::Halfway
    })
}

/// All from the beginning, each so that it can be undone alone.
fn again(disk: &Disk, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    roll_back(disk);
    execute(disk, "BEGIN IMMEDIATE")?;
    group
        .iter_mut()
        .try_for_each(|job| run_apart(disk, job.as_mut()))
}

fn run_apart(disk: &Disk, job: &mut dyn Job) -> Result<(), StoreError> {
    let (head, is_theirs) = (disk.head.get(), disk.is_theirs.get());
    execute(disk, "SAVEPOINT job")?;
    if matches!(run(disk, job)?, Ran::Halfway) {
        execute(disk, "ROLLBACK TO job")?;
        disk.head.set(head);
        disk.is_theirs.set(is_theirs);
    }
    execute(disk, "RELEASE job")
}

fn roll_back(disk: &Disk) {
    disk.head.set(None);
    disk.is_theirs.set(false);
    if !disk.db.is_autocommit() {
        let _ = execute(disk, "ROLLBACK");
    }
}

fn execute(disk: &Disk, sql: &str) -> Result<(), StoreError> {
    let mut statement = disk.db.prepare_cached(sql)?;
    statement
        .execute([])
        .map_err(|error| StoreError::from(error).at(&disk.path))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::future::join_all;

    use super::*;

    fn desk() -> Desk {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE notes (note)").unwrap();
        Desk::writer(Disk {
            db,
            path: PathBuf::new(),
            profile: 1,
            instance: None,
            head: Cell::default(),
            service: RefCell::default(),
            is_theirs: Cell::default(),
            abandoned: RefCell::default(),
        })
        .unwrap()
    }

    #[tokio::test]
    async fn a_job_that_fails_after_it_has_written_spoils_none_of_its_neighbours() {
        let desk = desk();
        let note = |note: &'static str, fails: bool| {
            move |disk: &Disk| {
                disk.db.execute("INSERT INTO notes VALUES (?1)", [note])?;
                if fails {
                    return Err(StoreError::ReadOnly);
                }
                Ok(disk.db.last_insert_rowid())
            }
        };
        // All wait while the first has not ended, and are in one group.
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let (first, a, b, c, d) = tokio::join!(
            desk.ask(move |_| {
                let _ = gate.recv();
                Ok(())
            }),
            desk.ask(note("a", false)),
            desk.ask(note("b", true)),
            desk.ask(note("c", false)),
            async {
                drop(go);
                desk.ask(note("d", true)).await
            },
        );
        first.unwrap();
        assert_eq!((a.unwrap(), c.unwrap()), (1, 2));
        for failed in [b, d] {
            assert!(matches!(failed, Err(StoreError::ReadOnly)));
        }
        let notes = desk.ask(|disk| {
            let sql = "SELECT group_concat(note) FROM notes";
            Ok(disk.db.query_row(sql, [], |row| row.get::<_, String>(0))?)
        });
        assert_eq!(notes.await.unwrap(), "a,c");
    }

    #[tokio::test]
    async fn jobs_that_fail_are_run_twice_and_not_for_each_other() {
        const JOBS: i64 = 40;
        let desk = desk();
        let runs = Arc::new(AtomicUsize::new(0));
        let (go, gate) = std::sync::mpsc::channel::<()>();
        let first = desk.ask(move |_| {
            let _ = gate.recv();
            Ok(())
        });
        let failing = join_all((0..JOBS).map(|note| {
            let runs = Arc::clone(&runs);
            desk.ask(move |disk: &Disk| -> Result<(), StoreError> {
                runs.fetch_add(1, Ordering::Relaxed);
                disk.db.execute("INSERT INTO notes VALUES (?1)", [note])?;
                Err(StoreError::ReadOnly)
            })
        }));
        let last = async {
            drop(go);
            let work = |disk: &Disk| Ok(disk.db.execute("INSERT INTO notes VALUES (-1)", [])?);
            desk.ask(work).await
        };
        let (first, failed, last) = tokio::join!(first, failing, last);
        first.unwrap();
        assert_eq!(last.unwrap(), 1);
        assert!(failed.iter().all(Result::is_err));
        assert!(runs.load(Ordering::Relaxed) <= 2 * failed.len());
        let sql = "SELECT group_concat(note) FROM notes";
        let notes =
            desk.ask(|disk| Ok(disk.db.query_row(sql, [], |row| row.get::<_, String>(0))?));
        assert_eq!(notes.await.unwrap(), "-1");
    }
}
