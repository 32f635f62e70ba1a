//! Chains of responses whose beginning the ledger lacks: asked for, found, or gone.

use crate::domain::{Order, ResourceId, RowId, Ticket};

use super::{App, Effect, Errand, Event};

/// What is known of a response that is not in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    Asked(Ticket),
    /// By the service's own word.
    Gone,
    /// It cannot be an id.
    NoId,
}

impl App {
    /// What came of looking for a response that is not in the ledger.
    pub fn walk(&self, id: &str) -> Option<Walk> {
        self.walks.get(id).copied()
    }

    /// Looks for what the line under the cursor stands for, if that is not in the ledger. True: it is not.
    pub(super) fn walk_from_cursor(&mut self, effects: &mut Vec<Effect>) -> bool {
        let pane = self.pane_of(self.pane);
        let stem = pane.stem(pane.position());
        let unknown = stem.and_then(|stem| stem.unknown).map(str::to_owned);
        let is_unknown = unknown.is_some();
        if let Some(unknown) = unknown {
            self.walk_to(unknown, effects);
        }
        is_unknown
    }

    /// Looks for a response that is not in the ledger, and for those before it.
    pub(super) fn walk_to(&mut self, unknown: String, effects: &mut Vec<Effect>) {
        let Ok(id) = ResourceId::new(&unknown) else {
            self.walks.insert(unknown, Walk::NoId);
            return;
        };
        let is_asked = matches!(self.walks.get(&unknown), Some(Walk::Asked(_)));
        if !is_asked && self.can_look_up() {
            let ticket = self.ticket();
            self.walks.insert(unknown, Walk::Asked(ticket));
            let errand = Errand::Walk { found: 0 };
            self.queue.errands.insert(ticket, errand);
            effects.push(Effect::Order(Order::Walk { ticket, id }));
        }
    }

    pub(super) fn walked(
        &mut self,
        ticket: Ticket,
        id: &ResourceId,
        row: Option<RowId>,
        effects: &mut Vec<Effect>,
    ) {
        if row.is_none() {
            self.walks.insert(id.as_str().to_owned(), Walk::Gone);
            return;
        }
        self.walks.remove(id.as_str());
        if let Some(Errand::Walk { found }) = self.queue.errands.get_mut(&ticket) {
            *found += 1;
        }
        self.responses.outdate();
        self.ask_for_turns(effects);
    }

    /// The walk is over: what was asked for and not told is as unknown as before.
    pub(super) fn end_walk(&mut self, ticket: Ticket, found: u64) {
        self.walks.retain(|_, walk| *walk != Walk::Asked(ticket));
        self.note(Event::Walked(found));
    }
}
