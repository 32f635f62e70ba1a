//! A few lines to fill in before something is done: what to write on rows.

use tui_input::{Input, InputRequest};

use crate::domain::{LabelError, Labels, Refusal, Resource, RowId, note, tag};

use super::dialog::insert;
use super::{Action, App, Effect, Event, Mode};

/// Takes the note away, where an empty line leaves each as it is.
const NO_NOTE: &str = "-";

#[derive(Debug)]
pub struct Form {
    pub about: About,
    /// As many as [`About::fields`].
    pub lines: Vec<Input>,
    /// The line being edited.
    pub at: usize,
    /// Why it could not be done as it stands.
    pub problem: Option<FormProblem>,
}

/// What a form is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Tags and a note. One row's stand in the lines and are changed there; of several rows the lines
    /// say what is put on and, with a `-` before it, taken off.
    Label {
        rows: Vec<RowId>,
        one: Option<Written>,
    },
}

/// What stands on a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub tags: Vec<String>,
    pub note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormProblem {
    Label(LabelError),
}

impl About {
    /// The catalogue's keys of what the lines are.
    pub const fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Label { .. } => &["form-tags", "form-note"],
        }
    }
}

impl Form {
    fn new(about: About, lines: impl IntoIterator<Item = String>) -> Self {
        Self {
            about,
            lines: lines.into_iter().map(Input::new).collect(),
            at: 0,
            problem: None,
        }
    }

    fn label(rows: Vec<RowId>, one: Option<&Resource>) -> Self {
        let one = one.map(|resource| Written {
            tags: resource.tags.clone(),
            note: resource.note.clone().unwrap_or_default(),
        });
        let Written { tags, note } = one.clone().unwrap_or_default();
        Self::new(About::Label { rows, one }, [tags.join(" "), note])
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.problem = None;
        if let Some(line) = self.lines.get_mut(self.at) {
            line.handle(request);
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.problem = None;
        if let Some(line) = self.lines.get_mut(self.at) {
            insert(line, text.trim_end_matches(['\r', '\n']));
        }
    }

    fn switch(&mut self) {
        self.at = (self.at + 1) % self.lines.len().max(1);
    }

    fn text(&self, line: usize) -> &str {
        self.lines.get(line).map_or("", Input::value).trim()
    }

    fn labels(&self, one: Option<&Written>) -> Result<Labels, LabelError> {
        let mut labels = Labels::default();
        for word in self.text(0).split_whitespace() {
            match word.strip_prefix('-') {
                Some(off) => labels.remove.push(off.to_owned()),
                // Also one that was there before there were rules for tags.
                None if one.is_some_and(|one| one.tags.iter().any(|tag| tag == word)) => {}
                None => labels.add.push(tag(word)?),
            }
        }
        let text = note(self.text(1))?;
        match one {
            Some(one) => {
                let words: Vec<&str> = self.text(0).split_whitespace().collect();
                let is_off = |tag: &&String| !words.contains(&tag.as_str());
                labels
                    .remove
                    .extend(one.tags.iter().filter(is_off).cloned());
                labels.note = (text != one.note).then_some(text);
            }
            None if text == NO_NOTE => labels.note = Some(String::new()),
            None => labels.note = (!text.is_empty()).then_some(text),
        }
        Ok(labels)
    }

    fn submit(&self, effects: &mut Vec<Effect>) -> Result<(), FormProblem> {
        match &self.about {
            About::Label { rows, one } => {
                let labels = self.labels(one.as_ref()).map_err(FormProblem::Label)?;
                if !labels.is_empty() {
                    let rows = rows.clone();
                    effects.push(Effect::Label { rows, labels });
                }
            }
        }
        Ok(())
    }
}

impl App {
    /// Opens the form for tags and a note of what is selected.
    pub(super) fn label(&mut self) {
        if self.session.refusal == Some(Refusal::ReadOnly) {
            self.note(Event::Refused(Refusal::ReadOnly));
            return;
        }
        let (rows, _) = self.pane_of(self.pane).selection();
        let one = match rows[..] {
            [] => return,
            [row] => self.row(row),
            _ => None,
        };
        self.mode = Mode::Form(Form::label(rows, one));
    }

    pub(super) fn act_in_form(
        &mut self,
        action: Action,
        mut form: Form,
        effects: &mut Vec<Effect>,
    ) {
        match action {
            Action::No => return,
            Action::Switch => form.switch(),
            Action::Press => match form.submit(effects) {
                Ok(()) => return,
                Err(problem) => form.problem = Some(problem),
            },
            _ => {}
        }
        self.mode = Mode::Form(form);
    }
}
