//! Ids out of files: asking for a path, and what comes of it.

use crate::domain::{IdError, ImportProgress, ImportTally, Refusal, Unreadable};

use super::{Action, App, Effect, Event, ImportPath, Mode};

/// Lines that were no ids are named as they are met, at most so many; all are counted.
const NAMED: u64 = 3;

/// Ids being read from files.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// What was typed.
    pub path: String,
    pub progress: ImportProgress,
    /// Why something could not be read, the last time.
    trouble: Option<Unreadable>,
    /// Lines that were no ids, so far.
    rejected: u64,
}

/// What an import tells, and what has to do with its path.
#[derive(Clone, Debug)]
pub enum ImportNews {
    /// The answer to [`Effect::Complete`]: how the path goes on, and what may follow.
    Completed {
        asked: String,
        text: String,
        names: Vec<String>,
    },
    Progress(ImportProgress),
    /// A file or folder that cannot be read.
    Unreadable {
        name: String,
        error: Unreadable,
    },
    /// A line of a list is no id, and why: `None`: it may be one of either kind.
    Rejected {
        name: String,
        line: u64,
        error: Option<IdError>,
    },
    Ended(ImportTally),
    /// The ledger takes nothing. The text is the store's.
    Failed(String),
}

/// What is worth a line.
#[derive(Clone, Debug)]
pub enum ImportEvent {
    Ended {
        path: String,
        tally: ImportTally,
    },
    /// What was looked at for what ended.
    Searched(ImportTally),
    Unreadable {
        name: String,
        error: Unreadable,
    },
    Rejected {
        name: String,
        line: u64,
        error: Option<IdError>,
    },
    UnderWay,
}

impl ImportEvent {
    pub(super) fn is_bad(&self) -> bool {
        match self {
            Self::Ended { tally, .. } => tally.rejected + tally.unreadable > 0,
            Self::Unreadable { .. } | Self::Rejected { .. } => true,
            Self::Searched(_) | Self::UnderWay => false,
        }
    }
}

impl App {
    /// Opens the dialog for a path, where ids can be kept.
    pub(super) fn import(&mut self) {
        if self.session.refusal == Some(Refusal::ReadOnly) {
            self.note(Event::Refused(Refusal::ReadOnly));
        } else if self.queue.import.is_some() {
            self.note(Event::Import(ImportEvent::UnderWay));
        } else {
            self.mode = Mode::Import(ImportPath::default());
        }
    }

    pub(super) fn act_importing(
        &mut self,
        action: Action,
        path: ImportPath,
        effects: &mut Vec<Effect>,
    ) {
        let text = path.line.value().to_owned();
        match action {
            Action::No => return,
            Action::Complete => effects.push(Effect::Complete(text)),
            Action::Press if !text.trim().is_empty() => {
                effects.push(Effect::Import(text.clone()));
                self.queue.import = Some(Import {
                    path: text,
                    ..Import::default()
                });
                return;
            }
            _ => {}
        }
        self.mode = Mode::Import(path);
    }

    pub(super) fn import_news(&mut self, news: ImportNews, effects: &mut Vec<Effect>) {
        match news {
            ImportNews::Completed { asked, text, names } => match &mut self.mode {
                Mode::Import(path) => path.completed(&asked, text, names),
                Mode::Form(form) => form.completed(&asked, text, names),
                _ => {}
            },
            ImportNews::Progress(progress) => {
                let Some(import) = &mut self.queue.import else {
                    return;
                };
                let has_more = progress.new > import.progress.new;
                import.progress = progress;
                if has_more {
                    self.outdate_all(effects);
                }
            }
            ImportNews::Unreadable { name, error } => {
                if let Some(import) = &mut self.queue.import {
                    import.trouble = Some(error.clone());
                }
                self.note(Event::Import(ImportEvent::Unreadable { name, error }));
            }
            ImportNews::Rejected { name, line, error } => {
                if let Some(import) = &mut self.queue.import {
                    import.rejected += 1;
                    if import.rejected <= NAMED {
                        let event = ImportEvent::Rejected { name, line, error };
                        self.note(Event::Import(event));
                    }
                }
            }
            ImportNews::Ended(tally) => self.imported(tally, effects),
            ImportNews::Failed(error) => {
                self.queue.import = None;
                self.note(Event::LedgerFailed(error));
            }
        }
    }

    fn imported(&mut self, tally: ImportTally, effects: &mut Vec<Effect>) {
        let Some(import) = self.queue.import.take() else {
            return;
        };
        if tally.files == 0 && tally.unreadable > 0 {
            // Mistyped, mostly.
            if matches!(self.mode, Mode::Browse) {
                self.mode = Mode::Import(ImportPath::again(import.path, import.trouble));
            }
            return;
        }
        if tally.is_of_a_search() {
            self.note(Event::Import(ImportEvent::Searched(tally)));
        }
        let path = import.path;
        self.note(Event::Import(ImportEvent::Ended { path, tally }));
        // Also of what was known more may be known now.
        self.read_again(effects);
        self.outdate_all(effects);
    }
}
