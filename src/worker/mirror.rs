//! Mirroring the account's list of files.
//!
//! Servers lie about `has_more`, ignore `after`, and loop. So: the end is where a page brings nothing new,
//! `has_more:false` is checked by asking once more, and only a listing that came to its end without
//! contradicting itself says anything about what is not in it.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::api::Page;
use crate::domain::{
    Cause, Halt, Kind, Report, ResourceId, Sighting, Source, SyncTally, Ticket, Unready,
};
use crate::store::{StoreError, SyncId};

use super::fetch::{Asked, ask};
use super::refresh::unwritable;
use super::{Signal, Tools};

/// More files than any account has (20 GB in all): a server that names more makes them up.
const MAX_FILES: u64 = 1_000_000;
/// Pages that may hold them, were each to bring but a few.
const MAX_PAGES: u64 = 100_000;

pub(super) async fn run(tools: Arc<Tools>, ticket: Ticket, signal: watch::Receiver<Signal>) {
    let mut mirror = Mirror {
        tools: &tools,
        ticket,
        began: Timestamp::now(),
        signal,
        tally: SyncTally::default(),
        seen: HashSet::new(),
    };
    let halt = match mirror.run().await {
        Ok(halt) => halt,
        Err(error) => Some(unwritable(&tools, &error).await),
    };
    tools.tell(Report::Done { ticket, halt }).await;
}

struct Mirror<'a> {
    tools: &'a Tools,
    ticket: Ticket,
    began: Timestamp,
    signal: watch::Receiver<Signal>,
    tally: SyncTally,
    seen: HashSet<ResourceId>,
}

/// What is known of the listing's end.
enum End {
    /// There is more, or it has not been said that there is not.
    Open,
    /// The server said that this was all; being asked once more, it has to stick to it.
    Said,
}

impl Mirror<'_> {
    async fn run(&mut self) -> Result<Option<Halt>, StoreError> {
        let ledger = &self.tools.ledger;
        let sync = ledger.begin_sync(self.began).await?;
        let listed = self.list(sync).await;
        let complete = matches!(listed, Ok(Ok(true))) && self.tally.skipped == 0;
        self.tally.gone = ledger.finish_sync(sync, complete, Timestamp::now()).await?;
        self.tally.complete = complete;
        let report = Report::Synced {
            ticket: self.ticket,
            began: self.began,
            tally: self.tally,
        };
        self.tools.tell(report).await;
        Ok(listed?.err())
    }

    /// Reads the pages; says whether they were all.
    async fn list(&mut self, sync: SyncId) -> Result<Result<bool, Halt>, StoreError> {
        let mut after: Option<ResourceId> = None;
        let mut end = End::Open;
        let mut lied = false;
        loop {
            let page = match self.page(after.as_ref()).await {
                Ok(page) => page,
                Err(halt) => return Ok(Err(halt)),
            };
            self.tally.pages += 1;
            self.tally.skipped += page.skipped as u64;
            let is_empty = page.files.is_empty() && page.skipped == 0;
            let last = page.files.last().map(|(id, _)| id.clone());
            let new = self.unseen(page.files);
            let is_over = new.is_empty();
            self.tally.new += self.keep(sync, new).await?;
            let report = Report::SyncProgress {
                ticket: self.ticket,
                tally: self.tally,
            };
            self.tools.tell(report).await;
            if is_over {
                let is_end = match (end, page.has_more) {
                    (_, Some(true)) => false,
                    (End::Said, _) => true,
                    // A page that repeats what was there may hide what was not.
                    (End::Open, _) => is_empty,
                };
                return Ok(Ok(is_end && !lied));
            }
            lied |= matches!(end, End::Said);
            if self.tally.seen >= MAX_FILES || self.tally.pages >= MAX_PAGES {
                return Ok(Ok(false));
            }
            end = match page.has_more {
                Some(false) => End::Said,
                Some(true) | None => End::Open,
            };
            after = last;
        }
    }

    fn unseen(&mut self, files: Vec<(ResourceId, crate::domain::Facts)>) -> Vec<Sighting> {
        let mut new = Vec::with_capacity(files.len());
        for (id, facts) in files {
            if self.seen.insert(id.clone()) {
                match Unready::of(&facts, Some(self.began)) {
                    Some(Unready::Failed) => self.tally.failed += 1,
                    Some(Unready::Stuck) => self.tally.stuck += 1,
                    Some(Unready::Processing) | None => {}
                }
                new.push(Sighting {
                    kind: Kind::File,
                    id,
                    source: Source::Sync,
                    tags: Vec::new(),
                    facts,
                });
            }
        }
        self.tally.seen += new.len() as u64;
        new
    }

    async fn keep(&self, sync: SyncId, new: Vec<Sighting>) -> Result<u64, StoreError> {
        if new.is_empty() {
            return Ok(0);
        }
        self.tools
            .ledger
            .sync_page(sync, new, Timestamp::now())
            .await
    }

    async fn page(&mut self, after: Option<&ResourceId>) -> Result<Page, Halt> {
        let tools = self.tools;
        let after = after.map(ResourceId::as_str);
        let list = || tools.client.list_files(after);
        match ask(tools, &tools.lookups, Kind::File, &mut self.signal, list).await {
            Asked::Answered(page, _) => Ok(page),
            Asked::Unknown(answer) | Asked::Halt(answer) => Err(Halt {
                cause: answer.cause.unwrap_or(Cause::Service),
                answer: Some(answer),
            }),
            Asked::Stopped => Err(Halt {
                cause: Cause::Stopped,
                answer: None,
            }),
        }
    }
}
