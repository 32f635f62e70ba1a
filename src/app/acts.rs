//! Carrying out what the user asks for.

use std::mem;

use crate::domain::{Kind, Order, Refusal, ResourceId, RowId, SyncTally};

use super::{
    Action, AddIds, App, Button, Confirm, Effect, Errand, Event, Focus, Layout, Mode, Motion,
};

impl App {
    pub(super) fn act(&mut self, action: Action, effects: &mut Vec<Effect>) {
        if action == Action::Suspend {
            effects.push(Effect::Suspend);
            return;
        }
        match mem::replace(&mut self.mode, Mode::Browse) {
            Mode::Browse => self.act_browsing(action, effects),
            Mode::Filter => self.act_filtering(action, effects),
            Mode::Add(add) => self.act_adding(action, add, effects),
            Mode::Form(form) => self.act_in_form(action, form, effects),
            Mode::Import(path) => self.act_importing(action, path, effects),
            Mode::Confirm(confirm) => self.act_confirming(action, confirm, effects),
            Mode::Details(details) => self.act_on_details(action, details, effects),
            Mode::Entry { entry, offset } => {
                self.act_reading(action, offset, |offset| Mode::Entry { entry, offset });
            }
            Mode::Help { offset } => {
                self.act_reading(action, offset, |offset| Mode::Help { offset });
            }
            Mode::Palette(palette) => self.act_in_palette(action, palette, effects),
            Mode::Quit { button } => self.act_quitting(action, button, effects),
            Mode::Leaving { deadline } => {
                // Asked twice: leave at once. What is on the wire has its intent on disk.
                if action == Action::Yes {
                    effects.push(Effect::Leave);
                } else {
                    self.mode = Mode::Leaving { deadline };
                }
            }
        }
    }

    fn act_browsing(&mut self, action: Action, effects: &mut Vec<Effect>) {
        match action {
            Action::Move(motion) => self.go(motion),
            Action::NextPane => self.set_focus(match self.focus {
                Focus::Responses => Focus::Files,
                Focus::Files => Focus::Queue,
                Focus::Queue => Focus::Responses,
            }),
            Action::Responses => self.set_focus(Focus::Responses),
            Action::Files => self.set_focus(Focus::Files),
            Action::Queue => self.set_focus(Focus::Queue),
            Action::Filter if self.focus != Focus::Queue || self.history.shown => {
                self.mode = Mode::Filter;
            }
            Action::History => {
                self.history.shown = !self.history.shown;
                self.history.outdate();
            }
            Action::Details if self.focus == Focus::Queue => {
                let entry = self.history.current().filter(|_| self.history.shown);
                if let Some(entry) = entry.cloned().map(Box::new) {
                    self.mode = Mode::Entry { entry, offset: 0 };
                }
            }
            Action::No if self.focus == Focus::Queue => {
                self.history.filter.reset();
                self.history.read_filter(self.now);
            }
            Action::Protect => self.protect(effects),
            Action::Label => self.label(),
            Action::Free => self.free(),
            Action::Upload => self.upload(),
            Action::Details => self.enter(effects),
            Action::Palette => effects.push(Effect::Offer),
            Action::Help => self.mode = Mode::Help { offset: 0 },
            Action::Add => self.add_ids(AddIds::default()),
            Action::Import => self.import(),
            Action::Delete => {
                let (rows, hidden) = self.pane_of(self.pane).selection();
                self.review(rows, hidden, effects);
            }
            Action::Retry => {
                let failed = self.queue.failed();
                if failed.is_empty() {
                    self.note(Event::NothingToRetry);
                } else {
                    self.review(failed, 0, effects);
                }
            }
            Action::Settle => self.settle(effects),
            Action::Refresh => self.refresh(effects),
            Action::TakeBack => match self.queue.take_back() {
                Some(batch) => effects.push(Effect::Order(Order::TakeBack(batch))),
                None => self.note(Event::NothingToTakeBack),
            },
            Action::Pause if self.queue.paused => effects.push(Effect::Order(Order::Unpause)),
            Action::Pause => effects.push(Effect::Order(Order::Pause)),
            Action::Stop => {
                if self.queue.pending() {
                    effects.push(Effect::Order(Order::Stop));
                }
                if self.queue.import.is_some() {
                    effects.push(Effect::StopImport);
                }
            }
            Action::Copy | Action::CopyCurl => {
                let row = self.pane_of(self.pane).cursor();
                self.copy(action, row, effects);
            }
            Action::Quit if self.queue.pending() => {
                self.mode = Mode::Quit {
                    button: Button::Cancel,
                };
            }
            Action::Quit => effects.push(Effect::Leave),
            _ => self.act_on_pane(action),
        }
    }

    /// Unfolds what is folded away under the cursor, else opens its details.
    fn enter(&mut self, effects: &mut Vec<Effect>) {
        let page = self.page(self.pane);
        if self.pane_of_mut(self.pane).unfold(page) {
            return;
        }
        if let Some(row) = self.pane_of(self.pane).cursor()
            && row.is_tracked()
        {
            self.open(row, effects);
        }
    }

    /// What changes nothing but the focused pane.
    fn act_on_pane(&mut self, action: Action) {
        let page = self.page(self.pane);
        let pane = self.pane_of_mut(self.pane);
        match action {
            Action::Mark => {
                pane.toggle_mark();
                pane.go(Motion::Down, page);
            }
            Action::MarkChain => pane.toggle_chain(),
            Action::Chains if pane.kind == Kind::Response => pane.toggle_chains(),
            Action::Unfold => {
                pane.unfold(page);
            }
            Action::Fold => pane.fold(page),
            Action::Range => pane.toggle_range(),
            Action::MarkAll => pane.mark_all(),
            Action::Invert => pane.invert_marks(),
            Action::Unmark => pane.unmark_all(),
            Action::Sort => pane.next_sort(),
            Action::Reverse => pane.reverse_sort(),
            Action::Tombstones => pane.toggle_tombstones(),
            Action::No if pane.range_from().is_some() => pane.drop_range(),
            Action::No if !pane.filter.value().is_empty() => pane.clear_filter(),
            _ => {}
        }
    }

    fn go(&mut self, motion: Motion) {
        if self.focus == Focus::Queue && self.history.shown {
            let page = self.history_page();
            self.history.go(motion, page);
        } else if self.focus == Focus::Queue {
            let page = usize::from(self.layout().queue.inner().height).max(1);
            let len = self.queue.activity.len();
            let last = len.saturating_sub(page);
            let next = motion.apply(self.activity_offset, len, page);
            self.activity_offset = next.min(last);
        } else {
            let page = self.page(self.pane);
            self.pane_of_mut(self.pane).go(motion, page);
        }
    }

    pub(super) fn set_focus(&mut self, focus: Focus) {
        self.focus = focus;
        match focus {
            Focus::Responses => self.pane = Kind::Response,
            Focus::Files => self.pane = Kind::File,
            Focus::Queue => {}
        }
        self.refit();
    }

    fn act_filtering(&mut self, action: Action, effects: &mut Vec<Effect>) {
        match action {
            // It would look as if it were in force; with nothing offered, the line says what is wrong.
            Action::Press if self.is_misread() => {
                self.finder.rest();
                self.mode = Mode::Filter;
            }
            Action::Press => {
                if self.focus == Focus::Queue {
                    return;
                }
                let filter = self.filter_mut().value().to_owned();
                let new = self.finder.remember(&filter);
                let can_keep = self.session.refusal != Some(Refusal::ReadOnly);
                effects.extend(new.filter(|_| can_keep).map(Effect::Remember));
            }
            Action::No => {
                self.filter_mut().reset();
                self.finder.rest();
                self.read_filter();
            }
            // The history has a language of its own.
            Action::Earlier | Action::Later | Action::Complete if self.focus != Focus::Queue => {
                self.mode = Mode::Filter;
                let input = &mut self.pane_of_mut(self.pane).filter;
                let mut text = mem::take(input);
                match action {
                    Action::Complete => self.finder.complete(&mut text),
                    _ => self.finder.recall(&mut text, action == Action::Later),
                }
                self.pane_of_mut(self.pane).filter = text;
                self.read_filter();
            }
            Action::Move(motion) => {
                self.mode = Mode::Filter;
                self.go(motion);
            }
            _ => self.mode = Mode::Filter,
        }
    }

    fn act_adding(&mut self, action: Action, mut add: AddIds, effects: &mut Vec<Effect>) {
        match action {
            Action::No => return,
            Action::Switch => add.switch_kind(),
            Action::Press => {
                let sightings = add.take();
                if !sightings.is_empty() {
                    effects.push(Effect::Track(sightings));
                }
                if add.is_empty() {
                    return;
                }
            }
            _ => {}
        }
        self.mode = Mode::Add(add);
    }

    fn act_reading(&mut self, action: Action, offset: usize, mode: impl FnOnce(usize) -> Mode) {
        let page = usize::from(Layout::dialog(self.width, self.height).inner().height);
        match action {
            Action::Move(motion) => self.mode = mode(motion.apply(offset, self.overflow + 1, page)),
            Action::No => {}
            _ => self.mode = mode(offset),
        }
    }

    fn act_quitting(&mut self, action: Action, button: Button, effects: &mut Vec<Effect>) {
        match action {
            Action::Switch => {
                self.mode = Mode::Quit {
                    button: other(button),
                };
            }
            Action::No => {}
            Action::Press if button == Button::Cancel => {}
            Action::Yes | Action::Press if !self.queue.pending() => {
                effects.push(Effect::Leave);
            }
            Action::Yes | Action::Press => {
                effects.push(Effect::Order(Order::Stop));
                self.mode = Mode::Leaving { deadline: None };
            }
            _ => self.mode = Mode::Quit { button },
        }
    }

    /// Opens the dialog for new ids, where they can be kept.
    pub(super) fn add_ids(&mut self, add: AddIds) {
        if self.session.refusal == Some(Refusal::ReadOnly) {
            self.note(Event::Refused(Refusal::ReadOnly));
        } else {
            self.mode = Mode::Add(add);
        }
    }

    /// Opens the review of a deletion; nothing is asked of the worker before it is confirmed.
    fn review(&mut self, rows: Vec<RowId>, hidden: usize, effects: &mut Vec<Effect>) {
        if let Some(refusal) = self.session.refusal.clone() {
            self.note(Event::Refused(refusal));
            return;
        }
        if rows.is_empty() {
            return;
        }
        let asked = rows.len() as u64;
        if let Some(limit) = self.session.max_batch.filter(|limit| asked > *limit) {
            self.note(Event::Refused(Refusal::TooMany { asked, limit }));
            return;
        }
        self.reviews += 1;
        let generation = self.reviews;
        effects.push(Effect::Review {
            generation,
            rows: rows.clone(),
        });
        self.mode = Mode::Confirm(Confirm::new(
            rows,
            hidden,
            generation,
            self.session.protected,
            self.now,
        ));
    }

    fn act_confirming(&mut self, action: Action, mut confirm: Confirm, effects: &mut Vec<Effect>) {
        if confirm.is_deaf(self.now) {
            self.mode = Mode::Confirm(confirm);
            return;
        }
        let page = self.dialog_page();
        match action {
            Action::Move(motion) => confirm.go(motion, page),
            Action::Mark => {
                self.reviews += 1;
                let generation = self.reviews;
                let rows = confirm.strike(generation);
                confirm.go(Motion::Down, page);
                effects.push(Effect::Review { generation, rows });
            }
            Action::No => return,
            Action::Switch => confirm.button = other(confirm.button),
            // With a number to type, Enter is how typing it ends; without, it presses the button.
            Action::Press if !confirm.must_type() && confirm.button == Button::Cancel => return,
            Action::Yes | Action::Press if confirm.is_ready() => {
                self.submit(confirm, effects);
                return;
            }
            Action::Yes | Action::Press => confirm.is_hasty = true,
            _ => {}
        }
        self.mode = Mode::Confirm(confirm);
    }

    fn submit(&mut self, confirm: Confirm, effects: &mut Vec<Effect>) {
        let ticket = self.ticket();
        // What the ledger added up last is what the user saw.
        let rows = confirm.review.map(|review| review.rows).unwrap_or_default();
        self.queue.submitted.insert(ticket, rows.len());
        for kind in Kind::ALL {
            let pane = self.pane_of_mut(kind);
            pane.unmark(&rows);
            pane.drop_range();
        }
        effects.push(Effect::Order(Order::Delete {
            ticket,
            rows,
            hold: self.session.undo,
        }));
    }

    /// Protects what is selected, or stops protecting it if all of it at hand is protected.
    fn protect(&mut self, effects: &mut Vec<Effect>) {
        if self.session.refusal == Some(Refusal::ReadOnly) {
            self.note(Event::Refused(Refusal::ReadOnly));
            return;
        }
        let (rows, _) = self.pane_of(self.pane).selection();
        let at_hand = rows.iter().filter_map(|row| self.row(*row));
        let protected = at_hand.clone().any(|resource| !resource.protected);
        if !rows.is_empty() {
            effects.push(Effect::Protect { rows, protected });
        }
    }

    fn settle(&mut self, effects: &mut Vec<Effect>) {
        if let Some(refusal) = self.session.refusal.clone() {
            self.note(Event::Refused(refusal));
        } else if self.counts.unsettled > 0 {
            let ticket = self.ticket();
            self.queue.errands.insert(ticket, Errand::Settle);
            effects.push(Effect::Order(Order::Settle { ticket }));
        }
    }

    /// Responses are fetched; files are mirrored as a whole, which is one call for a hundred.
    fn refresh(&mut self, effects: &mut Vec<Effect>) {
        if self.walk_from_cursor(effects) {
            return;
        }
        match self.pane {
            Kind::Response => {
                let (rows, _) = self.responses.selection();
                self.fetch(rows, effects);
            }
            Kind::File => {
                if self.can_look_up() && self.files.syncing.is_none() {
                    self.files.syncing = Some(SyncTally::default());
                    let ticket = self.ticket();
                    self.queue.errands.insert(ticket, Errand::Sync);
                    effects.push(Effect::Order(Order::Sync { ticket }));
                }
            }
        }
    }

    fn fetch(&mut self, rows: Vec<RowId>, effects: &mut Vec<Effect>) {
        if !self.can_look_up() || rows.is_empty() {
            return;
        }
        let (done, total) = (0, rows.len());
        let ticket = self.ticket();
        let errand = Errand::Refresh { done, total };
        self.queue.errands.insert(ticket, errand);
        effects.push(Effect::Order(Order::Refresh { ticket, rows }));
    }

    /// Without a key the service answers nothing, and read-only nothing can be kept; the user is told.
    pub(super) fn can_look_up(&mut self) -> bool {
        let refusal = self.session.refusal.clone();
        let can = refusal.is_none();
        if let Some(refusal) = refusal {
            self.note(Event::Refused(refusal));
        }
        can
    }

    pub(super) fn copy(&mut self, action: Action, row: Option<RowId>, effects: &mut Vec<Effect>) {
        let Some(resource) = row.and_then(|row| self.row(row)) else {
            return;
        };
        let text = if action == Action::CopyCurl {
            curl(&self.session.base_url, resource.kind, &resource.id)
        } else {
            resource.id.as_str().to_owned()
        };
        effects.push(Effect::Copy(text));
        self.note(Event::Copied);
    }
}

fn other(button: Button) -> Button {
    match button {
        Button::Cancel => Button::Delete,
        Button::Delete => Button::Cancel,
    }
}

/// A command line that deletes this resource, with the key left to the shell's environment.
pub(super) fn curl(base_url: &str, kind: Kind, id: &ResourceId) -> String {
    let id = id.path_segment();
    let base = base_url.trim_end_matches('/');
    let collection = kind.collection();
    format!("curl -X DELETE -H \"Authorization: Bearer $ARK_API_KEY\" '{base}/{collection}/{id}'")
}
