//! Which files a response was made with: its input items, read to their end and kept for the review.
//!
//! Lists lie here as they do in `mirror`, but nothing is ever called gone by this one: what a list does
//! not name only stops being pointed out. So a `has_more:false` is believed without asking twice, and a
//! list that contradicts itself adds to what is known and takes nothing back.

use std::collections::{BTreeSet, HashSet};

use serde_json::Value;
use tokio::sync::watch;

use crate::api;
use crate::domain::{Answer, Cause, Kind, ResourceId, RowId};
use crate::store::StoreError;

use super::fetch::{Asked, ask};
use super::{Signal, Tools};

/// Pages of one response at most. The service keeps 1,000 items to a chain (`ark-api` section 4.5), which
/// is 50 pages where twenty items make one.
const MAX_PAGES: usize = 100;
/// Items, and files, of one response at most: a server that names more makes them up.
const MAX_ITEMS: usize = 10_000;
/// What is kept of the items to be read, in bytes.
const MAX_SHOWN: usize = 3 * 1024 * 1024;

/// What trying to learn the files came to.
pub(super) enum Cited {
    /// What could be learnt is in the ledger.
    Kept,
    /// The service has no such call: asking it for another response is in vain.
    NoSuchCall,
    /// No other question would fare better.
    Halt(Answer),
    Stopped,
}

/// Asks for the input items of a response and notes the files they name. Where the whole list was read,
/// they are all that is noted from then on.
pub(super) async fn cite(
    tools: &Tools,
    row: RowId,
    id: &ResourceId,
    signal: &mut watch::Receiver<Signal>,
) -> Result<Cited, StoreError> {
    let mut reading = Reading::default();
    let cited = reading.read(tools, id, signal).await;
    reading.keep(tools, row).await?;
    Ok(cited)
}

/// A list of input items, as far as it was read.
#[derive(Default)]
pub(super) struct Reading {
    files: BTreeSet<ResourceId>,
    items: HashSet<ResourceId>,
    /// The list came to its end and did not contradict itself.
    pub(super) is_whole: bool,
    /// The items themselves, the latest first, if somebody wants to read them.
    pub(super) shown: Option<Vec<Value>>,
    /// Why the list was not read to its end, if it was the service's fault.
    pub(super) unlearnt: Option<Answer>,
}

impl Reading {
    /// For somebody who wants to read the items.
    pub(super) fn to_show() -> Self {
        Self {
            shown: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Notes the files that were named.
    pub(super) async fn keep(&mut self, tools: &Tools, row: RowId) -> Result<(), StoreError> {
        let files = std::mem::take(&mut self.files);
        if self.is_whole || !files.is_empty() {
            let files = files.into_iter().take(MAX_ITEMS).collect();
            tools.ledger.cite(row, files, self.is_whole).await?;
        }
        Ok(())
    }

    pub(super) async fn read(
        &mut self,
        tools: &Tools,
        id: &ResourceId,
        signal: &mut watch::Receiver<Signal>,
    ) -> Cited {
        let mut after: Option<ResourceId> = None;
        let mut weight = 0;
        let whole = self.shown.is_some();
        for _ in 0..MAX_PAGES {
            let last = after.as_ref();
            let question = || tools.client.input_items(id, last, whole);
            let asked = ask(tools, &tools.input_items, Kind::Response, signal, question);
            let page = match asked.await {
                Asked::Answered(page, _) => page,
                Asked::Unknown(answer) => {
                    unlearnt(id, &answer);
                    self.unlearnt = Some(answer);
                    return Cited::Kept;
                }
                // The response itself was found under this address: it is only this call that is not.
                Asked::Halt(answer)
                    if matches!(answer.cause, Some(Cause::WrongAddress | Cause::Redirected)) =>
                {
                    unlearnt(id, &answer);
                    self.unlearnt = Some(answer);
                    return Cited::NoSuchCall;
                }
                Asked::Halt(answer) => return Cited::Halt(answer),
                Asked::Stopped => return Cited::Stopped,
            };
            let (files, items) = (self.files.len(), self.items.len());
            self.files.extend(page.files);
            self.items.extend(page.ids);
            if self.items.len() > MAX_ITEMS || self.files.len() > MAX_ITEMS {
                break;
            }
            if let Some(shown) = &mut self.shown {
                for entry in page.entries {
                    // The latest is told however long it is.
                    if weight > 0 && weight + api::weight(&entry) > MAX_SHOWN {
                        return Cited::Kept;
                    }
                    weight += api::weight(&entry);
                    shown.push(entry);
                }
            }
            let is_repeated = after.is_some()
                && page.count > 0
                && (self.files.len(), self.items.len()) == (files, items);
            let is_end = match page.has_more {
                Some(more) => !more,
                None => page.count == 0,
            };
            if is_end || is_repeated || page.count == 0 {
                self.is_whole = is_end && !is_repeated;
                break;
            }
            after = page.last_id;
            if after.is_none() {
                break;
            }
        }
        Cited::Kept
    }
}

/// That a file is not pointed out is no failure of a refresh; who wonders why finds it in the log.
fn unlearnt(id: &ResourceId, answer: &Answer) {
    let cause = answer.cause.map(Cause::as_str);
    tracing::warn!(%id, status = answer.status, cause, "the input items cannot be read");
}
