//! Folding the worker's reports into the state.

use jiff::Timestamp;

use crate::domain::{
    Answer, BatchId, Halt, Kind, Report, RowId, RowSet, Settlement, State, SyncTally, Tally, Ticket,
};

use super::{App, Batch, Effect, Errand, Event, Live, Mode, Phase};

impl App {
    pub(super) fn report(&mut self, report: Report, effects: &mut Vec<Effect>) {
        if self.opened(&report, effects) {
            return;
        }
        match report {
            // Of what is no longer looked at.
            Report::Opened { .. } | Report::InputOpened { .. } | Report::NotOpened { .. } => {}
            Report::Accepted {
                ticket,
                batch,
                rows,
                starts_at,
            } => {
                self.queue.submitted.remove(&ticket);
                self.accepted(batch, rows, starts_at);
            }
            Report::Rejected { ticket, refusal } => {
                self.queue.submitted.remove(&ticket);
                self.end_errand(ticket);
                self.note(Event::Rejected(refusal));
            }
            Report::TakenBack { batch, rows } => {
                // Its end is told next, and its rows are read again then.
                self.queue.batches.retain(|b| b.id != batch);
                let count = rows.len() as u64;
                self.note(Event::TakenBack { batch, count });
            }
            Report::Started { batch } => self.queue.started(batch, self.now),
            Report::Sending {
                batch,
                row,
                attempt,
            } => self.under_way(batch, row, attempt, None),
            Report::Waiting {
                batch,
                row,
                attempt,
                until,
                answer,
            } => self.under_way(batch, row, attempt, Some((until, answer))),
            Report::Settled {
                batch,
                settlement,
                state,
                at,
            } => self.settled(batch, settlement, state, at),
            Report::Halted { batch, halt } => {
                if let Some(batch) = self.queue.batch(batch) {
                    batch.halt = Some(halt.clone());
                }
                self.note(Event::Halted { batch, halt });
            }
            Report::Finished {
                batch,
                tally,
                returned,
            } => {
                self.finished(batch, tally);
                if !returned.is_empty() {
                    self.read_again(effects);
                }
                effects.push(Effect::Count);
            }
            Report::Pace(pace) => self.queue.pace = Some(pace),
            Report::JournalFailed { error } => self.note(Event::JournalFailed(error)),
            Report::Paused => self.paused(true),
            Report::Unpaused => self.paused(false),
            Report::SyncProgress { tally, .. } => {
                self.files.syncing = Some(tally);
                if tally.new > 0 {
                    self.files.outdate();
                }
            }
            Report::Synced { began, tally, .. } => self.synced(began, tally, effects),
            Report::Refreshed {
                ticket, id, row, ..
            } => {
                // The ledger merged what came with what it knew: read the row back.
                self.reload(&[row]);
                if self.queue.refreshed(ticket) {
                    self.note(Event::Refreshed(id));
                }
                self.look_for_chains(ticket);
            }
            Report::Walked { ticket, id, row } => self.walked(ticket, &id, row, effects),
            Report::NotRefreshed { ticket, id, answer } => {
                self.queue.refreshed(ticket);
                self.note(Event::NotRefreshed(id, answer));
            }
            report @ (Report::Uploading { .. }
            | Report::Uploaded { .. }
            | Report::NotUploaded { .. }) => self.upload_report(report, effects),
            Report::Done { ticket, halt } => {
                self.end_errand(ticket);
                self.note_halt(halt);
                effects.push(Effect::Count);
            }
            Report::Idle => {
                // One from before the last order may still have been on its way.
                if matches!(self.mode, Mode::Leaving { .. }) && !self.queue.pending() {
                    effects.push(Effect::Leave);
                }
            }
        }
    }

    fn upload_report(&mut self, report: Report, effects: &mut Vec<Effect>) {
        match report {
            Report::Uploading {
                ticket,
                at,
                sent,
                bytes,
                waiting,
            } => {
                if let Some(sending) = self.queue.uploads.get_mut(&ticket) {
                    sending.at = at;
                    sending.sent = sent;
                    sending.bytes = bytes;
                    sending.waiting = waiting;
                }
            }
            Report::Uploaded {
                ticket,
                at,
                id,
                row,
                ..
            } => {
                if let Some(path) = self.queue.uploaded(ticket, at) {
                    self.note(Event::Uploaded { path, id });
                }
                self.reload(row.as_slice());
                self.outdate_all(effects);
            }
            Report::NotUploaded { ticket, at, why } => {
                if let Some(path) = self.queue.uploaded(ticket, at) {
                    self.note(Event::NotUploaded { path, why });
                }
            }
            _ => {}
        }
    }

    /// Costs no more than the rows at hand, however many the batch has.
    fn accepted(&mut self, batch: BatchId, rows: RowSet, starts_at: Timestamp) {
        let count = rows.len() as u64;
        let at_hand = self.rows.keys().chain(self.fetching.keys());
        let at_hand: Vec<RowId> = at_hand.copied().filter(|row| rows.contains(*row)).collect();
        for row in at_hand {
            self.set_state(row, State::Queued);
        }
        self.queue.begin(Batch {
            id: batch,
            rows,
            phase: Phase::Held { starts_at },
            tally: Tally::default(),
            retried: 0,
            failed: Vec::new(),
            halt: None,
        });
        self.note(Event::Accepted { batch, count });
    }

    fn under_way(
        &mut self,
        batch: BatchId,
        row: RowId,
        attempt: u32,
        waiting: Option<(Timestamp, Answer)>,
    ) {
        if let Some(batch) = self.queue.batch(batch) {
            batch.retried += u64::from(waiting.is_some());
        }
        if self.queue.owns(batch, row) {
            self.set_state(row, State::Sending);
            let live = Live {
                batch,
                attempt,
                waiting,
            };
            self.queue.live.insert(row, live);
        }
    }

    fn settled(&mut self, batch: BatchId, settlement: Settlement, state: State, at: Timestamp) {
        let row = settlement.row;
        self.count_settled(settlement.kind, state);
        if self.queue.owns(batch, row) {
            self.set_state(row, state);
            if let Some(resource) = self.rows.get_mut(&row) {
                resource.settled_at = Some(at);
                let is_success = settlement.outcome.is_success();
                resource.answer = (!is_success).then(|| settlement.answer.clone());
            }
        }
        self.queue.settled(batch, settlement, at);
    }

    fn finished(&mut self, batch: BatchId, tally: Tally) {
        self.queue.live.retain(|_, live| live.batch != batch);
        if let Some(batch) = self.queue.batch(batch) {
            batch.phase = Phase::Ended;
            batch.tally = tally;
        }
        self.note(Event::Finished { batch, tally });
        self.history.outdate();
    }

    fn paused(&mut self, paused: bool) {
        self.queue.paused = paused;
        self.note(if paused {
            Event::Paused
        } else {
            Event::Unpaused
        });
    }

    /// What was fetched may have turned out to continue something; once for an order.
    fn look_for_chains(&mut self, ticket: Ticket) {
        if self.responses.is_chained() && !self.queue.errands.contains_key(&ticket) {
            self.responses.outdate();
        }
    }

    fn synced(&mut self, began: Timestamp, tally: SyncTally, effects: &mut Vec<Effect>) {
        self.files.synced(began, tally.complete);
        self.read_again(effects);
        self.note(Event::Synced(tally));
        self.outdate_all(effects);
    }

    fn end_errand(&mut self, ticket: Ticket) {
        // Gone by now, unless it ended early.
        if let Some(sending) = self.queue.uploads.remove(&ticket) {
            let left = sending.paths.len() - sending.told;
            self.note(Event::NotBegun(left));
        }
        match self.queue.errands.remove(&ticket) {
            Some(Errand::Sync) => self.files.syncing = None,
            Some(Errand::Walk { found }) => self.end_walk(ticket, found),
            Some(Errand::Refresh { done, total }) if total > 1 => {
                self.note(Event::Fetched { done, total });
            }
            _ => {}
        }
        self.look_for_chains(ticket);
    }

    fn note_halt(&mut self, halt: Option<Halt>) {
        if let Some(halt) = halt {
            self.note(Event::ErrandHalted(halt));
        }
    }

    /// Keeps the header right while a batch runs, without asking the ledger for every item.
    fn count_settled(&mut self, kind: Kind, state: State) {
        if state.is_tombstone() {
            let count = match kind {
                Kind::Response => &mut self.counts.responses,
                Kind::File => &mut self.counts.files,
            };
            *count = count.saturating_sub(1);
        }
    }

    /// Rows that have to be read from the ledger again.
    pub(super) fn reload(&mut self, rows: &[RowId]) {
        for row in rows {
            self.rows.remove(row);
            if let Some(old) = self.fetching.get_mut(row) {
                *old = true;
            }
        }
    }
}
