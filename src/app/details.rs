//! One resource being looked at: what the ledger knows, and what the service shows of it now.

use std::sync::Arc;

use tui_input::Input;

use crate::domain::{
    Answer, Content, Document, Facts, Kind, Order, Particular, Refusal, Report, RowId, Ticket,
    Turns,
};

use super::reader::Reader;
use super::{Action, App, Effect, Layout, Mode};

/// The pages of the details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    Facts,
    /// What was said.
    Text,
    Json,
}

/// What has come of asking the service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    Awaited,
    Here,
    /// By the ledger there is nothing to ask for.
    NoMore,
    Refused(Refusal),
    Failed(Box<Answer>),
    /// By the service's own word.
    Gone(Box<Answer>),
}

#[derive(Debug)]
pub struct Details {
    pub row: RowId,
    pub kind: Kind,
    pub face: Face,
    /// The first line of the facts on the screen.
    pub offset: usize,
    pub look: Look,
    /// What a response was made from: here, or why not; `None` while it is awaited.
    pub input: Option<Result<(), Box<Answer>>>,
    /// As the service tells them.
    pub facts: Option<Box<Facts>>,
    /// What stands around a response; `None` until the ledger has answered.
    pub turns: Option<Turns>,
    /// Turns that were gone back from, the last one last: the way forward again.
    pub(super) ahead: Vec<RowId>,
    pub needle: Input,
    /// The needle is being typed.
    pub searching: bool,
    ticket: Option<Ticket>,
    object: Arc<Content>,
    made_from: Arc<Content>,
    text: Reader,
    json: Reader,
}

impl Details {
    fn new(row: RowId, kind: Kind) -> Self {
        Self {
            row,
            kind,
            face: Face::Facts,
            offset: 0,
            look: Look::NoMore,
            input: None,
            facts: None,
            turns: None,
            ahead: Vec::new(),
            needle: Input::default(),
            searching: false,
            ticket: None,
            object: Arc::default(),
            made_from: Arc::default(),
            text: Reader::default(),
            json: Reader::default(),
        }
    }

    pub fn faces(&self) -> &'static [Face] {
        match self.kind {
            Kind::Response => &[Face::Facts, Face::Text, Face::Json],
            Kind::File => &[Face::Facts, Face::Json],
        }
    }

    /// What is read on this page, if it is a document.
    pub fn reader(&self) -> Option<&Reader> {
        match self.face {
            Face::Facts => None,
            Face::Text => Some(&self.text),
            Face::Json => Some(&self.json),
        }
    }

    fn reader_mut(&mut self) -> Option<&mut Reader> {
        match self.face {
            Face::Facts => None,
            Face::Text => Some(&mut self.text),
            Face::Json => Some(&mut self.json),
        }
    }

    pub fn particulars(&self) -> &[(Particular, String)] {
        &self.object.particulars
    }

    /// Wraps what is on the screen, if that is not done.
    pub(super) fn fit(&mut self, width: usize) {
        if let Some(reader) = self.reader_mut() {
            reader.fit(width);
        }
    }

    /// Looks for the needle on this page.
    pub(super) fn find(&mut self, height: usize) {
        let needle = self.needle.value().to_owned();
        if let Some(reader) = self.reader_mut() {
            reader.find(&needle, height);
        }
    }

    fn turn(&mut self, width: usize, height: usize) {
        let faces = self.faces();
        let at = faces.iter().position(|face| *face == self.face);
        self.face = faces[at.map_or(0, |at| (at + 1) % faces.len())];
        self.fit(width);
        self.find(height);
    }

    /// Puts together what has come, in the order of the talk.
    fn compose(&mut self, longer: bool) {
        let join = |parts: [&Document; 2]| {
            let mut whole = parts[0].clone();
            whole.append(parts[1]);
            whole
        };
        let text = join([&self.made_from.text, &self.object.text]);
        self.text.put(text, longer);
        let json = join([&self.object.json, &self.made_from.json]);
        self.json.put(json, false);
    }

    /// True: the report was about this.
    fn take(&mut self, report: &Report) -> bool {
        match report {
            Report::Opened {
                ticket,
                facts,
                content,
            } if self.ticket == Some(*ticket) => {
                self.look = Look::Here;
                self.facts = Some(facts.clone());
                self.object = Arc::clone(content);
                self.compose(false);
            }
            Report::InputOpened { ticket, input } if self.ticket == Some(*ticket) => match input {
                Ok(content) => {
                    self.made_from = Arc::clone(content);
                    self.input = Some(Ok(()));
                    self.compose(true);
                }
                Err(answer) => self.input = Some(Err(answer.clone())),
            },
            Report::NotOpened {
                ticket,
                answer,
                is_gone,
            } if self.ticket == Some(*ticket) => {
                let answer = answer.clone();
                self.look = if *is_gone {
                    Look::Gone(answer)
                } else {
                    Look::Failed(answer)
                };
            }
            Report::Rejected { ticket, refusal } if self.ticket == Some(*ticket) => {
                self.look = Look::Refused(refusal.clone());
            }
            _ => return false,
        }
        true
    }
}

impl App {
    /// Opens the details of a row.
    pub(super) fn open(&mut self, row: RowId, effects: &mut Vec<Effect>) {
        let details = self.look_at(row, self.pane, effects);
        self.mode = Mode::Details(Box::new(details));
    }

    /// Asks the service for a row, unless the ledger says that it is no more, and the ledger for what
    /// stands around it.
    pub(super) fn look_at(&mut self, row: RowId, kind: Kind, effects: &mut Vec<Effect>) -> Details {
        let mut details = Details::new(row, kind);
        let resource = self.row(row);
        let is_tombstone = resource.is_some_and(|it| it.state_at(self.now).is_tombstone());
        match kind {
            Kind::Response => effects.push(details.ask_for_turns()),
            Kind::File => {
                let id = resource.map(|resource| resource.id.clone());
                effects.extend(id.map(|id| Effect::Citing { row, id }));
            }
        }
        if !is_tombstone {
            self.ask_for(&mut details, effects);
        }
        details
    }

    fn ask_for(&mut self, details: &mut Details, effects: &mut Vec<Effect>) {
        let (ticket, row) = (self.ticket(), details.row);
        details.ticket = Some(ticket);
        details.look = Look::Awaited;
        details.input = None;
        effects.push(Effect::Order(Order::Open { ticket, row }));
    }

    pub(super) fn act_on_details(
        &mut self,
        action: Action,
        mut details: Box<Details>,
        effects: &mut Vec<Effect>,
    ) {
        let area = Layout::reading(self.width, self.height);
        let (width, height) = (usize::from(area.width), usize::from(area.height));
        match action {
            Action::No if details.searching => {
                details.searching = false;
                details.needle.reset();
                details.find(height);
            }
            Action::No => return,
            Action::Press => details.searching = false,
            Action::Move(motion) => match details.reader_mut() {
                Some(reader) => reader.go(motion, height),
                None => details.offset = motion.apply(details.offset, self.overflow + 1, height),
            },
            Action::Switch => details.turn(width, height),
            Action::Filter => {
                if details.face == Face::Facts {
                    details.turn(width, height);
                }
                details.searching = true;
            }
            Action::NextHit | Action::PreviousHit => {
                if let Some(reader) = details.reader_mut() {
                    reader.step(action == Action::NextHit, height);
                }
            }
            // About the row shown: the cursor may have moved on from it, if it left the listing.
            Action::Copy | Action::CopyCurl => self.copy(action, Some(details.row), effects),
            Action::Refresh => self.ask_for(&mut details, effects),
            Action::PreviousTurn | Action::NextTurn | Action::NextBranch => {
                self.turn(action, &mut details, effects);
                details.fit(width);
                details.find(height);
            }
            Action::Palette => effects.push(Effect::Offer),
            _ => {}
        }
        self.mode = Mode::Details(details);
    }

    /// What is being looked at, if only under the palette.
    pub(super) fn details(&self) -> Option<&Details> {
        match &self.mode {
            Mode::Details(details) => Some(details),
            Mode::Palette(palette) => palette.details.as_deref(),
            _ => None,
        }
    }

    pub(super) fn details_mut(&mut self) -> Option<&mut Details> {
        match &mut self.mode {
            Mode::Details(details) => Some(details),
            Mode::Palette(palette) => palette.details.as_deref_mut(),
            _ => None,
        }
    }

    /// Wraps what is read for the screen as it is.
    pub(super) fn fit_details(&mut self) {
        let area = Layout::reading(self.width, self.height);
        if let Some(details) = self.details_mut() {
            details.fit(usize::from(area.width));
        }
    }

    /// Looks for what is being typed.
    pub(super) fn find(&mut self) {
        let area = Layout::reading(self.width, self.height);
        if let Mode::Details(details) = &mut self.mode {
            details.find(usize::from(area.height));
        }
    }

    /// True: the report was about what is being looked at.
    pub(super) fn opened(&mut self, report: &Report, effects: &mut Vec<Effect>) -> bool {
        let Some(details) = self.details_mut() else {
            return false;
        };
        let is_so = details.take(report);
        if is_so && matches!(report, Report::Opened { .. }) {
            self.ask_for_turns(effects);
        }
        is_so
    }
}
