//! From one turn of a talk to another, in the details of a response.

use crate::domain::{Kind, Link, RowId, Turns};

use super::{Action, App, Details, Effect, Walk};

/// Turns after one that are kept at hand, to be named.
const NAMED: usize = 3;

impl Details {
    pub(super) fn ask_for_turns(&self) -> Effect {
        let facts = self.facts.as_ref();
        Effect::Turns {
            row: self.row,
            previous: facts.and_then(|facts| facts.previous_response_id.clone()),
        }
    }

    /// Which of how many continue the same, if others do.
    pub fn branch(&self) -> Option<(usize, usize)> {
        let branches = &self.turns.as_ref()?.branches;
        let at = branches.iter().position(|row| *row == self.row)?;
        (branches.len() > 1).then_some((at + 1, branches.len()))
    }

    /// The turns that keys lead to from here, and those after it.
    pub(super) fn near(&self) -> impl Iterator<Item = RowId> {
        let turns = [Action::PreviousTurn, Action::NextTurn, Action::NextBranch];
        let turns = turns.into_iter().filter_map(|action| self.way(action));
        turns.chain(self.named())
    }

    /// A few of the turns after this one.
    pub fn named(&self) -> impl Iterator<Item = RowId> {
        let next = self.turns.iter().flat_map(|turns| &turns.next);
        next.take(NAMED).copied()
    }

    /// Where a key leads. Forward: to where one came back from, else to the first there is.
    fn way(&self, action: Action) -> Option<RowId> {
        let turns = self.turns.as_ref()?;
        match action {
            Action::PreviousTurn => match turns.previous {
                Some(Link::Row(row)) => Some(row),
                _ => None,
            },
            Action::NextTurn => {
                let ahead = self.ahead.last().filter(|row| turns.next.contains(row));
                ahead.or(turns.next.first()).copied()
            }
            _ => {
                let (at, of) = self.branch()?;
                turns.branches.get(at % of).copied()
            }
        }
    }

    /// What it continues, if that is not in the ledger.
    pub fn unknown(&self) -> Option<&str> {
        match &self.turns.as_ref()?.previous {
            Some(Link::Unknown(id)) => Some(id),
            _ => None,
        }
    }
}

impl App {
    /// Asks the ledger, which may have changed, for what stands around the response looked at.
    pub(super) fn ask_for_turns(&self, effects: &mut Vec<Effect>) {
        if let Some(details) = self.details()
            && details.kind == Kind::Response
        {
            effects.push(details.ask_for_turns());
        }
    }

    pub(super) fn told_turns(&mut self, row: RowId, turns: Turns) {
        if let Some(details) = self.details_mut()
            && details.row == row
        {
            details.turns = Some(turns);
        }
    }

    /// Whether a key leads anywhere from the response looked at, if only to the service.
    pub(super) fn leads_on(&self, action: Action) -> bool {
        let Some(details) = self.details() else {
            return false;
        };
        let may_look = |id| {
            let is_open = matches!(self.walk(id), None | Some(Walk::Gone));
            is_open && self.session.refusal.is_none()
        };
        let looks = action == Action::PreviousTurn && details.unknown().is_some_and(may_look);
        details.way(action).is_some() || looks
    }

    /// Goes to another turn, at the same page and with the same search.
    pub(super) fn turn(
        &mut self,
        action: Action,
        details: &mut Details,
        effects: &mut Vec<Effect>,
    ) {
        let Some(row) = details.way(action) else {
            if action == Action::PreviousTurn
                && let Some(unknown) = details.unknown().map(str::to_owned)
            {
                self.walk_to(unknown, effects);
            }
            return;
        };
        let mut ahead = std::mem::take(&mut details.ahead);
        match action {
            Action::PreviousTurn => ahead.push(details.row),
            Action::NextTurn if ahead.last() == Some(&row) => {
                ahead.pop();
            }
            _ => ahead.clear(),
        }
        let mut turn = self.look_at(row, details.kind, effects);
        turn.ahead = ahead;
        turn.face = details.face;
        turn.needle = std::mem::take(&mut details.needle);
        *details = turn;
    }
}
