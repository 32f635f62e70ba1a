//! A confirmed set of deletions on its way: what of it is where.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use crate::domain::{Halt, RowId, Settlement, State, Tally, Ticket};

use super::Signal;
use super::item::Errand;
use super::turns::Turns;

/// How long what came of an item waits for company to be written down with. The next requests do not
/// wait for it.
const LINGER: Duration = Duration::from_millis(16);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The undo window.
    Held(Instant),
    Sending,
    /// Claims nothing more; items are in hand.
    Ending,
    /// What is still queued is on its way back.
    Releasing,
}

pub(super) struct Batch {
    pub(super) errand: Errand,
    pub(super) ticket: Ticket,
    pub(super) phase: Phase,
    pub(super) signal: Arc<watch::Sender<Signal>>,
    pub(super) turns: Arc<Turns>,
    pub(super) halt: Option<Halt>,
    pub(super) taken_back: bool,
    /// The ledger could not take what came of it.
    pub(super) is_unwritten: bool,
    pub(super) tally: Tally,
    pub(super) returned: Vec<(RowId, State)>,
    /// Items that are being claimed.
    pub(super) claiming: usize,
    /// Items under way: claimed, and nothing came of them yet.
    pub(super) busy: usize,
    /// Those of them that wait for something else than their place on the wire.
    pub(super) aside: usize,
    /// What came of the others, and since when the first of these waits to be written down.
    ended: Vec<Settlement>,
    since: Option<Instant>,
    /// Items of which it is being written down.
    pub(super) settling: usize,
}

impl Batch {
    pub(super) fn new(errand: Errand, ticket: Ticket, until: Instant, signal: Signal) -> Self {
        Self {
            errand,
            ticket,
            phase: Phase::Held(until),
            signal: Arc::new(watch::Sender::new(signal)),
            turns: Arc::default(),
            halt: None,
            taken_back: false,
            is_unwritten: false,
            tally: Tally::default(),
            returned: Vec::new(),
            claiming: 0,
            busy: 0,
            aside: 0,
            ended: Vec::new(),
            since: None,
            settling: 0,
        }
    }

    /// Items that a request may leave for, now or soon.
    pub(super) fn under_way(&self) -> usize {
        self.claiming + self.busy
    }

    /// Items with an intent on disk and no settlement, at most.
    pub(super) fn in_hand(&self) -> usize {
        self.under_way() + self.ended.len() + self.settling
    }

    pub(super) fn end(&mut self, settlement: Settlement, now: Instant) {
        self.busy -= 1;
        self.ended.push(settlement);
        self.since.get_or_insert(now);
    }

    /// What is to be written down now: all of it once `company` of them are there, the first has waited
    /// long enough, or no other is to be waited for.
    pub(super) fn take_ended(&mut self, now: Instant, company: usize) -> Option<Vec<Settlement>> {
        let is_over = self.waits_until().is_some_and(|until| until <= now);
        if self.ended.is_empty() || !(is_over || self.ended.len() >= company || self.busy == 0) {
            return None;
        }
        self.since = None;
        self.settling += self.ended.len();
        Some(std::mem::take(&mut self.ended))
    }

    /// When what came of items is to be written down, if anything waits for company.
    pub(super) fn waits_until(&self) -> Option<Instant> {
        self.since.map(|since| since + LINGER)
    }
}
