//! Folding the worker's reports into the state.

use jiff::Timestamp;

use crate::domain::{BatchId, Kind, Report, RowId, Settlement, State, Tally, Ticket};

use super::{App, Batch, Effect, Errand, Event, Live, Mode, Phase};

impl App {
    pub(super) fn report(&mut self, report: Report, effects: &mut Vec<Effect>) {
        match report {
            Report::Accepted {
                ticket,
                batch,
                rows,
                starts_at,
            } => {
                self.queue.submitted.remove(&ticket);
                self.accepted(batch, &rows, starts_at);
            }
            Report::Rejected { ticket, refusal } => {
                self.queue.submitted.remove(&ticket);
                self.end_errand(ticket);
                self.note(Event::Rejected(refusal));
            }
            Report::TakenBack { batch, rows } => {
                self.queue.batches.retain(|b| b.id != batch);
                self.reload(&rows);
                let count = rows.len() as u64;
                self.note(Event::TakenBack { batch, count });
            }
            Report::Started { batch } => self.queue.started(batch, self.now),
            Report::Sending { row, attempt, .. } => {
                self.set_state(row, State::Sending);
                let waiting = None;
                self.queue.live.insert(row, Live { attempt, waiting });
            }
            Report::Waiting {
                row,
                attempt,
                until,
                answer,
                ..
            } => {
                let waiting = Some((until, answer));
                self.queue.live.insert(row, Live { attempt, waiting });
            }
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
                self.finished(batch, tally, returned);
                effects.push(Effect::Count);
            }
            Report::Pace(pace) => {
                self.queue.paces.insert(pace.kind, pace);
            }
            Report::JournalFailed { error } => self.note(Event::JournalFailed(error)),
            Report::Paused => self.paused(true),
            Report::Unpaused => self.paused(false),
            Report::SyncProgress { tally, .. } => {
                self.files.syncing = Some(tally);
                if tally.new > 0 {
                    self.files.outdate();
                }
            }
            Report::Synced { tally, .. } => {
                self.files.syncing = None;
                self.read_again(effects);
                self.note(Event::Synced(tally));
                self.outdate_all(effects);
            }
            Report::Refreshed {
                ticket, id, row, ..
            } => {
                // The ledger merged what came with what it knew: read the row back.
                self.reload(&[row]);
                if self.queue.refreshed(ticket) {
                    self.note(Event::Refreshed(id));
                }
            }
            Report::NotRefreshed { ticket, id, answer } => {
                self.queue.refreshed(ticket);
                self.note(Event::NotRefreshed(id, answer));
            }
            Report::Done { ticket, halt } => {
                self.end_errand(ticket);
                if let Some(halt) = halt {
                    self.note(Event::ErrandHalted(halt));
                }
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

    fn accepted(&mut self, batch: BatchId, rows: &[RowId], starts_at: Timestamp) {
        for row in rows {
            self.set_state(*row, State::Queued);
        }
        let total = rows.len() as u64;
        self.queue.begin(Batch {
            id: batch,
            total,
            phase: Phase::Held { starts_at },
            tally: Tally::default(),
            failed: Vec::new(),
            halt: None,
        });
        let count = total;
        self.note(Event::Accepted { batch, count });
    }

    fn settled(&mut self, batch: BatchId, settlement: Settlement, state: State, at: Timestamp) {
        let row = settlement.row;
        self.count_settled(settlement.kind, state);
        self.set_state(row, state);
        if let Some(resource) = self.rows.get_mut(&row) {
            resource.settled_at = Some(at);
            resource.answer = (!settlement.outcome.is_success()).then(|| settlement.answer.clone());
        }
        self.queue.settled(batch, settlement, at);
    }

    fn finished(&mut self, batch: BatchId, tally: Tally, returned: Vec<(RowId, State)>) {
        for (row, state) in returned {
            self.queue.live.remove(&row);
            self.set_state(row, state);
        }
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

    fn end_errand(&mut self, ticket: Ticket) {
        match self.queue.errands.remove(&ticket) {
            Some(Errand::Sync) => self.files.syncing = None,
            Some(Errand::Refresh { done, total }) if total > 1 => {
                self.note(Event::Fetched { done, total });
            }
            _ => {}
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
