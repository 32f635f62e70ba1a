//! A few lines to fill in before something is done: what to write on rows, how much room to
//! free, which file to upload.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tui_input::{Input, InputRequest};

use crate::domain::{
    FreeFirst, FreeQuery, Freed, Kind, LabelError, Labels, Life, Order, PURPOSE, Refusal, Resource,
    RowId, Unreadable, Upload, duration, is_purpose, note, size, tag,
};

use super::dialog::insert;
use super::{Action, App, Effect, Errand, Event, Focus, Mode, Sending};

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
    /// How much room to free. It stays open to say what would be marked for that; a second Enter
    /// marks it.
    Free {
        first: FreeFirst,
        /// What was asked last, as the lines stand.
        asked: Option<FreeQuery>,
        freed: Option<Freed>,
    },
    /// Which files to upload, and as what.
    Upload {
        /// What the line stands for, if that is more than one file: a second Enter uploads them.
        found: Vec<PathBuf>,
        /// What those hold together.
        bytes: u64,
        /// How the path can go on, as far as it was asked for.
        names: Vec<String>,
    },
}

/// What stands on a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    pub tags: Vec<String>,
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormProblem {
    Label(LabelError),
    NotASize,
    NoPath,
    Unreadable { name: String, error: Unreadable },
    NotAPurpose,
    NotALife,
}

impl About {
    /// The catalogue's keys of what the lines are.
    pub const fn fields(&self) -> &'static [&'static str] {
        match self {
            Self::Label { .. } => &["form-tags", "form-note"],
            Self::Free { .. } => &["form-size"],
            Self::Upload { .. } => &["form-path", "form-purpose", "form-life"],
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

    /// The lines are being changed: what was said of them no longer holds.
    fn reopen(&mut self) {
        self.problem = None;
        match &mut self.about {
            About::Free { asked, freed, .. } => {
                *asked = None;
                *freed = None;
            }
            About::Upload { found, names, .. } => {
                found.clear();
                names.clear();
            }
            About::Label { .. } => {}
        }
    }

    /// The line being edited is one of paths.
    pub fn is_at_path(&self) -> bool {
        matches!(self.about, About::Upload { .. }) && self.at == 0
    }

    /// Takes what a path goes on with, unless somebody has typed on.
    pub(super) fn completed(&mut self, asked: &str, text: String, to: Vec<String>) {
        if let About::Upload { names, .. } = &mut self.about
            && let Some(line) = self.lines.first_mut().filter(|line| line.value() == asked)
        {
            *line = Input::new(text);
            *names = to;
        }
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        self.reopen();
        if let Some(line) = self.lines.get_mut(self.at) {
            line.handle(request);
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.reopen();
        if let Some(line) = self.lines.get_mut(self.at) {
            insert(line, text.trim_end_matches(['\r', '\n']));
        }
    }

    /// The next line, or the other choice.
    fn switch(&mut self) {
        self.reopen();
        self.at = (self.at + 1) % self.lines.len().max(1);
        if let About::Free { first, .. } = &mut self.about {
            *first = match first {
                FreeFirst::Oldest => FreeFirst::Largest,
                FreeFirst::Largest => FreeFirst::Oldest,
            };
        }
    }

    fn text(&self, line: usize) -> &str {
        self.lines.get(line).map_or("", Input::value).trim()
    }

    /// How these files are to be uploaded.
    fn uploads(&self, files: &[PathBuf], now: Timestamp) -> Result<Vec<Upload>, FormProblem> {
        let life = match self.text(2) {
            "" => Life::Default,
            text => duration(text)
                .and_then(|seconds| u64::try_from(seconds).ok())
                .map(|seconds| Life::For(Duration::from_secs(seconds)))
                .filter(|life| life.is_allowed(now))
                .ok_or(FormProblem::NotALife)?,
        };
        let purpose = self.text(1);
        if !is_purpose(purpose) {
            return Err(FormProblem::NotAPurpose);
        }
        let upload = |path: &PathBuf| Upload {
            path: path.clone(),
            purpose: purpose.to_owned(),
            life,
            tags: Vec::new(),
        };
        Ok(files.iter().map(upload).collect())
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
            Action::Complete if form.is_at_path() => {
                effects.extend(
                    form.lines
                        .first()
                        .map(|line| Effect::Complete(line.value().to_owned())),
                );
            }
            Action::Press => match self.submit_form(&mut form, effects) {
                Ok(true) => return,
                Ok(false) => {}
                Err(problem) => form.problem = Some(problem),
            },
            _ => {}
        }
        self.mode = Mode::Form(form);
    }

    /// Opens the form for how much room to free, in the files pane.
    pub(super) fn free(&mut self) {
        if self.focus == Focus::Files {
            let about = About::Free {
                first: FreeFirst::default(),
                asked: None,
                freed: None,
            };
            self.mode = Mode::Form(Form::new(about, [String::new()]));
        }
    }

    /// Opens the form for files to upload, in the files pane.
    pub(super) fn upload(&mut self) {
        if self.focus != Focus::Files {
            return;
        }
        if let Some(refusal) = self.session.refusal.clone() {
            self.note(Event::Refused(refusal));
            return;
        }
        let lines = [String::new(), PURPOSE.to_owned(), String::new()];
        let about = About::Upload {
            found: Vec::new(),
            bytes: 0,
            names: Vec::new(),
        };
        self.mode = Mode::Form(Form::new(about, lines));
    }

    /// What a line of paths stands for: a file that was meant is uploaded, several are shown first.
    pub(super) fn found_files(
        &mut self,
        asked: &str,
        files: Result<Vec<PathBuf>, (String, Unreadable)>,
        together: u64,
        effects: &mut Vec<Effect>,
    ) {
        let now = self.now;
        let Mode::Form(form) = &mut self.mode else {
            return;
        };
        if form.text(0) != asked {
            return;
        }
        let About::Upload { found, bytes, .. } = &mut form.about else {
            return;
        };
        match files {
            Ok(files) if files.len() > 1 => (*found, *bytes) = (files, together),
            Ok(files) => match form.uploads(&files, now) {
                Ok(uploads) if uploads.is_empty() => form.problem = Some(FormProblem::NoPath),
                Ok(uploads) => {
                    self.mode = Mode::Browse;
                    self.send_files(uploads, effects);
                }
                Err(problem) => form.problem = Some(problem),
            },
            Err((name, error)) => form.problem = Some(FormProblem::Unreadable { name, error }),
        }
    }

    /// One order for all: what would stop every file stops the rest of them.
    fn send_files(&mut self, files: Vec<Upload>, effects: &mut Vec<Effect>) {
        let ticket = self.ticket();
        self.queue.errands.insert(ticket, Errand::Upload);
        let sending = Sending {
            paths: files.iter().map(|file| file.path.clone()).collect(),
            at: 0,
            told: 0,
            sent: 0,
            bytes: 0,
            waiting: None,
        };
        self.queue.uploads.insert(ticket, sending);
        effects.push(Effect::Order(Order::Upload { ticket, files }));
    }

    /// Shows what was chosen, unless nobody waits for that answer any more.
    pub(super) fn freed(&mut self, of: &FreeQuery, freed: Freed) {
        if let Mode::Form(form) = &mut self.mode
            && let About::Free {
                asked, freed: said, ..
            } = &mut form.about
            && asked.as_ref() == Some(of)
        {
            *said = Some(freed);
        }
    }

    /// Does what the form says. True: there is nothing more to say about it.
    fn submit_form(
        &mut self,
        form: &mut Form,
        effects: &mut Vec<Effect>,
    ) -> Result<bool, FormProblem> {
        match &form.about {
            About::Label { rows, one } => {
                let labels = form.labels(one.as_ref()).map_err(FormProblem::Label)?;
                if !labels.is_empty() {
                    let rows = rows.clone();
                    effects.push(Effect::Label { rows, labels });
                }
                Ok(true)
            }
            About::Upload { found, .. } => {
                let uploads = form.uploads(found, self.now)?;
                let text = form.text(0);
                if text.is_empty() {
                    return Err(FormProblem::NoPath);
                }
                if uploads.is_empty() {
                    effects.push(Effect::FindFiles(text.to_owned()));
                    return Ok(false);
                }
                self.send_files(uploads, effects);
                Ok(true)
            }
            // What was chosen is marked, and nothing else; it goes as everything marked does.
            About::Free {
                freed: Some(freed), ..
            } => {
                self.files.mark_only(&freed.rows);
                self.note(Event::Freed(freed.clone()));
                Ok(true)
            }
            About::Free { first, .. } => {
                let first = *first;
                let text: String = form.text(0).split_whitespace().collect();
                let bytes = size(&text).filter(|bytes| *bytes > 0);
                let query = FreeQuery {
                    query: self.pane_of(Kind::File).query().clone(),
                    bytes: bytes.ok_or(FormProblem::NotASize)?,
                    first,
                    now: self.now,
                };
                form.about = About::Free {
                    first,
                    asked: Some(query.clone()),
                    freed: None,
                };
                effects.push(Effect::Free(query));
                Ok(false)
            }
        }
    }
}
