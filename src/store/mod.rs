//! The ledger: which resources we know, and the journal of what we did to them. The one door to
//! durable data.
//!
//! One `SQLite` file for all profiles; a [`Ledger`] sees one of them. What a method that writes
//! returns is on disk when it returns: committed, and flushed.
//!
//! Refuses to know who calls it, to touch a file that is not a ledger or is one from the future, and
//! to look at the environment or the clock: the folder and the time are passed in.

mod chain;
mod codes;
mod error;
mod files;
mod filters;
mod free;
mod history;
mod journal;
mod ledger;
mod lock;
mod order;
mod review;
mod schema;
mod select;
mod thread;
mod tree;

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::OptionalExtension as _;

use crate::domain::{
    Answer, BatchId, Chain, Citing, Counts, Facts, Forest, FreeQuery, Freed, HistoryPage,
    HistoryQuery, Kind, Labels, ListQuery, Listing, Purged, Resource, ResourceId, Review, RowId,
    Settlement, Sighting, State, Tracked, Turns, Weight,
};

pub use error::StoreError;
use lock::Instance;
use thread::{Desk, Disk, Service};

/// The file in the data folder.
pub const FILE: &str = "ledger.db";
/// The folder of the locks that tell the living from the dead, beside the file.
const INSTANCES: &str = "instances";
/// Rows written at a time, where an order may have any number: others' settlements get in between.
const CHUNK: usize = 4096;
/// Entries purged at a time: each time leaves an entry that says so.
const PURGED: usize = 8 * CHUNK;

/// The ledger of one profile. Cheap to clone. When the last clone goes, what was asked is finished
/// first.
#[derive(Clone, Debug)]
pub struct Ledger {
    threads: Arc<Threads>,
}

#[derive(Debug)]
struct Threads {
    /// Before the writer, that is dropped first: the last connection to go writes the log back into
    /// the file, and this one cannot.
    reader: Desk,
    /// None: read-only.
    writer: Option<Desk>,
}

/// An item whose intent is on disk: it may be sent, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub row: RowId,
    pub kind: Kind,
    pub id: ResourceId,
    /// An earlier deletion of it was sent and never settled.
    pub in_doubt: bool,
    /// Later turns of its chain that the batch has in hand, too: they go first.
    pub later: Vec<RowId>,
}

impl Claim {
    fn item(&self) -> (RowId, Kind, &str) {
        (self.row, self.kind, self.id.as_str())
    }
}

/// What was found of runs that ended without settling.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// May have been sent; the rows say so.
    pub unsettled: u64,
    /// Were queued and never sent; back in their states, to be sent only when confirmed anew.
    pub returned: Vec<RowId>,
    /// The batches that those were of.
    pub batches: BTreeSet<BatchId>,
}

/// One reading of the server's list of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncId(i64);

impl Ledger {
    /// Opens the ledger in `dir` for `profile`, making both if they are missing, for the owner
    /// alone. Blocks.
    ///
    /// [`StoreError::NotWritable`] says that [`Ledger::open_read_only`] may still do.
    pub fn open(dir: &Path, profile: &str) -> Result<Self, StoreError> {
        let io = |error| StoreError::io(dir, error);
        files::make_dir(dir).map_err(io)?;
        let path = dir.join(FILE);
        let db = schema::open(&path)?;
        let instance = Instance::enter(&dir.join(INSTANCES)).map_err(io)?;
        db.execute(
            "INSERT OR IGNORE INTO profiles (name) VALUES (?1)",
            [profile],
        )?;
        let key = profile_key(&db, profile)?;
        let writer = Desk::writer(Disk {
            db,
            path: path.clone(),
            profile: key,
            instance: Some(instance),
            head: Cell::default(),
            service: RefCell::default(),
            is_theirs: Cell::default(),
            abandoned: RefCell::default(),
        })?;
        let reader = Self::reader(&path, key)?;
        Ok(Self {
            threads: Arc::new(Threads {
                writer: Some(writer),
                reader,
            }),
        })
    }

    /// Opens the ledger to look at only; changes nothing on disk. One that does not exist is empty.
    /// Whatever would write gives [`StoreError::ReadOnly`]. Blocks.
    pub fn open_read_only(dir: &Path, profile: &str) -> Result<Self, StoreError> {
        let path = dir.join(FILE);
        let db = schema::open_read_only(&path)?;
        let profile = profile_key(&db, profile)?;
        let reader = Desk::reader(Disk {
            db,
            path,
            profile,
            instance: None,
            head: Cell::default(),
            service: RefCell::default(),
            is_theirs: Cell::default(),
            abandoned: RefCell::default(),
        })?;
        Ok(Self {
            threads: Arc::new(Threads {
                writer: None,
                reader,
            }),
        })
    }

    fn reader(path: &Path, profile: i64) -> Result<Desk, StoreError> {
        Desk::reader(Disk {
            db: schema::open_beside(path)?,
            path: path.to_owned(),
            profile,
            instance: None,
            head: Cell::default(),
            service: RefCell::default(),
            is_theirs: Cell::default(),
            abandoned: RefCell::default(),
        })
    }

    async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&Disk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.threads.reader.ask(work).await
    }

    async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Disk) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer()?.ask(work).await
    }

    fn writer(&self) -> Result<&Desk, StoreError> {
        self.threads.writer.as_ref().ok_or(StoreError::ReadOnly)
    }

    /// Whether this opening can write at all.
    pub fn is_read_only(&self) -> bool {
        self.threads.writer.is_none()
    }

    /// The base URL that the profile's rows belong to, if that is settled.
    pub async fn service(&self) -> Result<Option<String>, StoreError> {
        self.read(ledger::profile_service).await
    }

    /// From the first word of a service that is written down, the profile's rows belong to it, for
    /// what another does not know is not gone: [`StoreError::OtherService`]. Says here that this
    /// service is at `base_url`, and whether it `claims` what belongs to none yet; returns whose the
    /// rows are already.
    pub async fn serve(&self, base_url: &str, claims: bool) -> Result<Option<String>, StoreError> {
        let base_url = base_url.to_owned();
        self.write(move |disk| {
            disk.service.replace(Some(Service {
                base_url: base_url.clone(),
                claims,
            }));
            disk.is_theirs.set(false);
            ledger::profile_service(disk)
        })
        .await
    }

    /// A number that changes when somebody else has written to the ledger since it was last asked
    /// for: another instance of this program. What this opening writes does not change it.
    pub async fn foreign_changes(&self) -> Result<i64, StoreError> {
        let ask = |disk: &Disk| {
            let version = disk
                .db
                .pragma_query_value(None, "data_version", |row| row.get(0));
            version.map_err(StoreError::from)
        };
        // Versions are counted for each connection apart, and only our writer's leaves us out.
        if self.is_read_only() {
            self.read(ask).await
        } else {
            self.write(ask).await
        }
    }

    // What we know ------------------------------------------------------------------------------

    /// Tracks each sighting, in order; what is known already gets the new facts and tags. Every few
    /// thousand are a commit of their own.
    pub async fn track(
        &self,
        sightings: Vec<Sighting>,
        now: Timestamp,
    ) -> Result<Vec<Tracked>, StoreError> {
        let mut tracked = Vec::with_capacity(sightings.len());
        let mut sightings = sightings.into_iter();
        loop {
            let chunk: Vec<_> = sightings.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                return Ok(tracked);
            }
            tracked.extend(
                self.write(move |disk| ledger::track(disk, &chunk, now))
                    .await?,
            );
        }
    }

    /// The rows of each id, in order; both kinds are looked for where none is given.
    pub async fn find(
        &self,
        ids: Vec<(Option<Kind>, ResourceId)>,
    ) -> Result<Vec<Vec<RowId>>, StoreError> {
        self.read(move |disk| ledger::find(disk, &ids)).await
    }

    pub async fn listing(&self, query: ListQuery) -> Result<Listing, StoreError> {
        self.read(move |disk| ledger::listing(disk, &query)).await
    }

    /// A listing with its rows as trees, each response under the one it continues.
    pub async fn forest(&self, query: ListQuery) -> Result<Listing, StoreError> {
        self.read(move |disk| {
            let Listing { rows, .. } = ledger::listing(disk, &query)?;
            let forest = Some(Forest::new(&rows, tree::links(disk)?));
            Ok(Listing { rows, forest })
        })
        .await
    }

    /// What each of some sets of responses adds up to.
    pub async fn weigh(&self, sets: Vec<Vec<RowId>>) -> Result<Vec<Weight>, StoreError> {
        self.read(move |disk| sets.iter().map(|rows| tree::weigh(disk, rows)).collect())
            .await
    }

    /// In the order asked; unknown rows are left out.
    pub async fn rows(&self, rows: Vec<RowId>) -> Result<Vec<Resource>, StoreError> {
        self.read(move |disk| ledger::rows(disk, &rows)).await
    }

    /// What deleting these rows would amount to.
    pub async fn review(&self, rows: Vec<RowId>, now: Timestamp) -> Result<Review, StoreError> {
        self.read(move |disk| review::review(disk, &rows, now))
            .await
    }

    /// The same of all that match, in the order in which a batch of them is sent.
    pub async fn review_matching(&self, query: ListQuery) -> Result<Review, StoreError> {
        self.read(move |disk| review::review_matching(disk, &query))
            .await
    }

    pub async fn counts(&self, now: Timestamp) -> Result<Counts, StoreError> {
        self.read(move |disk| ledger::counts(disk, now)).await
    }

    /// Chooses files whose deletion frees this much room; changes nothing.
    pub async fn free(&self, asked: FreeQuery) -> Result<Freed, StoreError> {
        self.read(move |disk| free::free(disk, &asked)).await
    }

    /// What was looked for before, newest last, each once.
    pub async fn filters(&self) -> Result<Vec<String>, StoreError> {
        self.read(filters::filters).await
    }

    /// Keeps a filter for later runs, in place of the oldest of too many; returns all of them.
    pub async fn remember(&self, filter: String) -> Result<Vec<String>, StoreError> {
        self.write(move |disk| {
            filters::remember(disk, &filter)?;
            filters::filters(disk)
        })
        .await
    }

    /// Rows whose deletion was sent and never settled, oldest first.
    pub async fn unsettled(&self) -> Result<Vec<Resource>, StoreError> {
        self.read(ledger::unsettled).await
    }

    /// Drops rows from the ledger, and nothing else. Returns those dropped: what a batch has in hand
    /// stays.
    pub async fn forget(&self, rows: Vec<RowId>) -> Result<Vec<RowId>, StoreError> {
        self.write(move |disk| ledger::forget(disk, &rows)).await
    }

    /// Protects rows from deletion, or no longer does. Returns those that are so now: what a batch has
    /// in hand stays as it is.
    pub async fn protect(
        &self,
        rows: Vec<RowId>,
        protected: bool,
    ) -> Result<Vec<RowId>, StoreError> {
        self.write(move |disk| ledger::protect(disk, &rows, protected))
            .await
    }

    /// Changes what the user wrote on rows. Returns those that the ledger has. Every few thousand are a
    /// commit of their own.
    pub async fn label(&self, rows: Vec<RowId>, labels: Labels) -> Result<Vec<RowId>, StoreError> {
        let mut done = Vec::with_capacity(rows.len());
        for chunk in rows.chunks(CHUNK) {
            let (chunk, labels) = (chunk.to_vec(), labels.clone());
            done.extend(
                self.write(move |disk| ledger::label(disk, &chunk, &labels))
                    .await?,
            );
        }
        Ok(done)
    }

    /// Notes that a response was made with these files, and with `is_all` that it was with no others.
    /// For a file's row it does nothing.
    pub async fn cite(
        &self,
        row: RowId,
        files: Vec<ResourceId>,
        is_all: bool,
    ) -> Result<(), StoreError> {
        self.write(move |disk| ledger::cite(disk, row, &files, is_all))
            .await
    }

    /// The tracked, living responses that were made with a file, as far as they were refreshed.
    pub async fn citing(&self, file: ResourceId, now: Timestamp) -> Result<Citing, StoreError> {
        self.read(move |disk| review::citing(disk, &file, now))
            .await
    }

    /// What stands before, beside and after a response. `previous` is what it continues, if the caller
    /// knows that better than the ledger.
    pub async fn turns(&self, row: RowId, previous: Option<String>) -> Result<Turns, StoreError> {
        self.read(move |disk| tree::turns(disk, row, previous.as_deref()))
            .await
    }

    /// Takes over what a GET said. A tombstone that is contradicted by it becomes tracked again.
    pub async fn merge(
        &self,
        row: RowId,
        facts: Facts,
        now: Timestamp,
    ) -> Result<Resource, StoreError> {
        self.write(move |disk| ledger::merge(disk, row, &facts, now))
            .await
    }

    /// Believes the service's own not-found, the answer to a GET; settles a row that was in doubt.
    /// Returns the row's state, which is not `gone` for a row that is in a batch.
    pub async fn mark_gone(
        &self,
        row: RowId,
        answer: Answer,
        now: Timestamp,
    ) -> Result<State, StoreError> {
        self.write(move |disk| ledger::mark_gone(disk, row, &answer, now))
            .await
    }

    // Mirroring the list of files ---------------------------------------------------------------

    /// `now` has to be before the first page is asked for.
    pub async fn begin_sync(&self, now: Timestamp) -> Result<SyncId, StoreError> {
        self.write(move |disk| ledger::begin_sync(disk, now)).await
    }

    /// Tracks a page; returns how many of its files are new.
    pub async fn sync_page(
        &self,
        sync: SyncId,
        files: Vec<Sighting>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(move |disk| ledger::sync_page(disk, sync, &files, now))
            .await
    }

    /// If the listing was complete, files that were known before it and are not in it are gone.
    /// Returns how many.
    pub async fn finish_sync(
        &self,
        sync: SyncId,
        complete: bool,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(move |disk| ledger::finish_sync(disk, sync, complete, now))
            .await
    }

    // The journal -------------------------------------------------------------------------------

    /// Makes a batch of those of `rows` that can be deleted: not in a batch already, not deleted, not
    /// gone, not protected. `None` if there are none. It is in the order asked, but that responses go
    /// before those they continue.
    ///
    /// Long batches are written in parts; if one fails, those before it are taken back.
    pub async fn enqueue(
        &self,
        rows: Vec<RowId>,
        now: Timestamp,
    ) -> Result<Option<(BatchId, Vec<RowId>)>, StoreError> {
        let rows = self.ordered(rows).await?;
        let mut batch = None;
        let mut taken = Vec::with_capacity(rows.len());
        for chunk in rows.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            let part = self
                .write(move |disk| journal::enqueue(disk, batch, &chunk, now))
                .await;
            match (part, batch) {
                (Ok((with, rows)), _) => {
                    batch = with;
                    taken.extend(rows);
                }
                (Err(error), Some(batch)) => {
                    // If that fails as well, the rows come back when this instance has ended.
                    let _ = self.release(batch, now).await;
                    return Err(error);
                }
                (Err(error), None) => return Err(error),
            }
        }
        Ok(batch.map(|batch| (batch, taken)))
    }

    /// The rows, each once, in the order in which a batch of them is sent.
    pub async fn ordered(&self, rows: Vec<RowId>) -> Result<Vec<RowId>, StoreError> {
        if !self.read(order::has_chains).await? {
            return Ok(order::unique(rows));
        }
        let mut parents = Vec::with_capacity(rows.len());
        for chunk in rows.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            parents.extend(self.read(move |disk| order::parents(disk, &chunk)).await?);
        }
        Ok(order::children_first(&rows, &parents))
    }

    /// Claims the next items of a batch, at most `limit`. Their intents are on disk when this
    /// returns; only then may a request leave. Empty: nothing is queued any more.
    pub async fn intend(
        &self,
        batch: BatchId,
        limit: usize,
        now: Timestamp,
    ) -> Result<Vec<Claim>, StoreError> {
        self.write(move |disk| journal::intend(disk, batch, limit, now))
            .await
    }

    /// Writes down what came of a claimed item; returns the row's new state. `Cancelled` is for
    /// what never left: the row goes back to the state it had before the batch.
    pub async fn settle(
        &self,
        batch: BatchId,
        settlement: Settlement,
        now: Timestamp,
    ) -> Result<State, StoreError> {
        let states = self
            .settle_all(batch, Arc::new(vec![settlement]), now)
            .await?;
        states.first().copied().ok_or(StoreError::Closed)
    }

    /// As [`Ledger::settle`] for many items, in one commit: all of them, or none.
    pub async fn settle_all(
        &self,
        batch: BatchId,
        settlements: Arc<Vec<Settlement>>,
        now: Timestamp,
    ) -> Result<Vec<State>, StoreError> {
        self.write(move |disk| journal::settle(disk, batch, &settlements, now))
            .await
    }

    /// Sends all items of a batch that are still queued back to where they were, cancelled.
    pub async fn release(
        &self,
        batch: BatchId,
        now: Timestamp,
    ) -> Result<Vec<(RowId, State)>, StoreError> {
        let mut returned = Vec::new();
        loop {
            let part = self
                .write(move |disk| journal::release(disk, batch, CHUNK, now))
                .await?;
            let last = part.len() < CHUNK;
            returned.extend(part);
            if last {
                return Ok(returned);
            }
        }
    }

    /// Deals with what instances that no longer live left in the middle, and with what this one has
    /// given up; to be called at start, and before new work is chosen.
    pub async fn recover(&self, now: Timestamp) -> Result<Recovered, StoreError> {
        let mut all = Recovered::default();
        loop {
            let mut part = self
                .write(move |disk| journal::recover(disk, CHUNK, now))
                .await?;
            let count = part.returned.len() as u64 + part.unsettled;
            all.unsettled += part.unsettled;
            all.returned.append(&mut part.returned);
            all.batches.append(&mut part.batches);
            if count < CHUNK as u64 {
                return Ok(all);
            }
        }
    }

    /// Gives up a batch of this instance's that could not be ended: [`Ledger::recover`] then treats what
    /// is left of it as if this instance had died. Returns the items that were never sent.
    pub async fn abandon(&self, batch: BatchId) -> Result<Vec<(RowId, State)>, StoreError> {
        self.write(move |disk| {
            disk.abandoned.borrow_mut().insert(batch);
            Ok(())
        })
        .await?;
        self.read(move |disk| journal::queued(disk, batch)).await
    }

    // History -----------------------------------------------------------------------------------

    /// What the journal tells, newest first and a page at a time.
    pub async fn history(&self, query: HistoryQuery) -> Result<HistoryPage, StoreError> {
        self.read(move |disk| history::history(disk, &query)).await
    }

    /// Follows the journal's chain of hashes from end to end. Others read and write meanwhile.
    pub async fn check_history(&self) -> Result<Chain, StoreError> {
        let mut walk = None;
        loop {
            let step = self
                .read(move |disk| chain::walk(disk, walk.take(), CHUNK))
                .await?;
            match step {
                chain::Step::Onward(on) => walk = Some(on),
                chain::Step::Done(chain) => return Ok(chain),
            }
        }
    }

    /// Drops the journal's entries from before `older`, and the rows of what was deleted or gone
    /// before it. What is pending or in doubt keeps its story, and so does all that is younger than
    /// the first entry that has to stay. The chain is checked on the way:
    /// [`StoreError::BrokenHistory`] leaves the rest as it is.
    ///
    /// Done in steps, each of which leaves a whole chain.
    pub async fn purge_history(
        &self,
        older: Timestamp,
        now: Timestamp,
    ) -> Result<Purged, StoreError> {
        let older = older.min(now);
        let mut all = Purged::default();
        loop {
            let part = self
                .write(move |disk| chain::purge(disk, older, PURGED, now))
                .await?;
            all.entries += part;
            if part < PURGED as u64 {
                break;
            }
        }
        loop {
            let part = self
                .write(move |disk| chain::forget_tombstones(disk, older, PURGED))
                .await?;
            all.tombstones += part;
            if part < PURGED as u64 {
                return Ok(all);
            }
        }
    }
}

fn profile_key(db: &rusqlite::Connection, profile: &str) -> Result<i64, StoreError> {
    let key = db.query_row(
        "SELECT profile FROM profiles WHERE name = ?1",
        [profile],
        |row| row.get(0),
    );
    // No row has this key.
    Ok(key.optional()?.unwrap_or(-1))
}
