//! Everything that can be done here and now, to be found by its words instead of its key.

use std::mem;

use tui_input::{Input, InputRequest};

use super::dialog::insert;
use super::pane::scroll;
use super::{Action, App, Details, Effect, Layout, Mode, Motion};

/// Something that can be done, as the key table tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub action: Action,
    /// What the config file calls it.
    pub name: &'static str,
    pub keys: String,
    /// What it does, in the language of the screen.
    pub words: String,
}

#[derive(Debug)]
pub struct Palette {
    offers: Vec<Offer>,
    /// What they are narrowed by.
    pub line: Input,
    /// Where among those found the cursor is.
    at: usize,
    /// The first of them on the screen.
    offset: usize,
    /// The details that it was opened from, which go on taking what comes for them.
    pub(super) details: Option<Box<Details>>,
}

impl Offer {
    /// Whether it has this in its words or its name, and begins with it.
    fn is_found(&self, needle: &str) -> Option<bool> {
        let texts = [self.words.to_lowercase(), self.name.to_owned()];
        let has = |word| texts.iter().any(|text| text.contains(word));
        let begins = texts.iter().any(|text| text.starts_with(needle));
        needle.split_whitespace().all(has).then_some(begins)
    }
}

impl Palette {
    fn new(offers: Vec<Offer>, details: Option<Box<Details>>) -> Self {
        Self {
            offers,
            line: Input::default(),
            at: 0,
            offset: 0,
            details,
        }
    }

    /// What has all that was typed, and first what begins with it.
    pub fn found(&self) -> Vec<&Offer> {
        let needle = self.line.value().trim().to_lowercase();
        let found = |offer| Some((Offer::is_found(offer, &needle)?, offer));
        let (first, rest): (Vec<_>, Vec<_>) = self
            .offers
            .iter()
            .filter_map(found)
            .partition(|(begins, _)| *begins);
        first.into_iter().chain(rest).map(|(_, it)| it).collect()
    }

    /// What it was opened from.
    fn below(self) -> Mode {
        self.details.map_or(Mode::Browse, Mode::Details)
    }

    pub fn position(&self) -> usize {
        self.at
    }

    pub fn offset(&self) -> usize {
        self.offset
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.line.handle(request);
        (self.at, self.offset) = (0, 0);
    }

    pub(super) fn paste(&mut self, text: &str) {
        insert(&mut self.line, text);
        (self.at, self.offset) = (0, 0);
    }

    fn go(&mut self, motion: Motion, page: usize) {
        let count = self.found().len();
        self.at = motion.apply(self.at, count, page);
        self.offset = scroll(self.offset, self.at, count, page);
    }
}

impl App {
    /// Lines of the palette on the screen, under what is typed.
    pub fn palette_page(&self) -> usize {
        let inner = Layout::dialog(self.width, self.height).inner();
        usize::from(inner.height.saturating_sub(1)).max(1)
    }

    /// Opens the palette, unless something else was opened before it could be.
    pub(super) fn offered(&mut self, offers: Vec<Offer>) {
        let details = match mem::replace(&mut self.mode, Mode::Browse) {
            Mode::Browse => None,
            Mode::Details(details) => Some(details),
            mode => {
                self.mode = mode;
                return;
            }
        };
        self.mode = Mode::Palette(Palette::new(offers, details));
    }

    pub(super) fn act_in_palette(
        &mut self,
        action: Action,
        mut palette: Palette,
        effects: &mut Vec<Effect>,
    ) {
        match action {
            Action::No => {
                self.mode = palette.below();
                return;
            }
            Action::Press => {
                let chosen = palette.found().get(palette.at).map(|offer| offer.action);
                if let Some(action) = chosen {
                    // As if its key had been pressed.
                    self.mode = palette.below();
                    self.act(action, effects);
                    return;
                }
            }
            Action::Move(motion) => palette.go(motion, self.palette_page()),
            _ => {}
        }
        self.mode = Mode::Palette(palette);
    }
}
