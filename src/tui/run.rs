//! The loop: wait, fold in what happened, carry out what follows, draw once.
//!
//! Nothing here awaits the disk or the network. Orders go to the worker without waiting for room;
//! questions to the ledger run as tasks whose answers come back as messages. There is no tick: the
//! state says when it next has to be woken.

use std::collections::VecDeque;
use std::fs::Metadata;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::Event;
use futures_util::{Stream, StreamExt};
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::Backend;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::app::{App, Effect, ImportNews, Message, update};
use crate::domain::{Labels, Order, RowId, Sighting};
use crate::import::{self, Origin};
use crate::keys::Keymap;
use crate::locale::Catalogue;
use crate::store::Ledger;
use crate::view::{Screen, Theme, draw};
use crate::worker;

use super::input;
use super::recovery;

/// A flood of reports is drawn at most this often; keys are drawn at once.
const FRAME: Duration = Duration::from_millis(16);

/// How long writing to the ledger may go on before others' changes are looked for.
const SETTLE: Duration = Duration::from_millis(100);
/// How long leaving waits for ids that are being written down.
const LAST_WRITES: Duration = Duration::from_secs(3);

/// Reports folded in between looks at the keyboard.
const BATCH: usize = 512;

/// What the system tells us, apart from the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// SIGTERM, SIGHUP or SIGINT.
    Terminate,
    /// SIGTSTP from outside; the key Ctrl-Z comes as a key.
    Suspend,
    /// A file of the ledger was written, by whomever.
    Written,
    /// A thread panicked; the terminal has been given back already.
    Panicked,
}

/// Puts text on the clipboard.
pub type Clipboard = Box<dyn FnMut(&str) -> io::Result<()>>;

/// Stops the process until it is continued.
pub type Suspend = Box<dyn FnMut() -> io::Result<()>>;

/// What the loop does to the world besides drawing.
#[expect(
    missing_debug_implementations,
    reason = "closures have nothing to show"
)]
pub struct Hands {
    pub copy: Clipboard,
    pub suspend: Suspend,
}

/// Everything the loop works with.
#[expect(missing_debug_implementations, reason = "holds closures")]
pub struct Parts {
    pub app: App,
    pub words: Catalogue,
    pub keys: Keymap,
    pub theme: Theme,
    pub ledger: Ledger,
    pub worker: worker::Handle,
    pub hands: Hands,
    /// Where `~` is.
    pub home: Option<PathBuf>,
    /// The ledger's folder.
    pub folder: Option<PathBuf>,
}

#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("the terminal cannot be drawn on")]
    Draw(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the terminal cannot be read")]
    Input(#[source] io::Error),
    #[error("the terminal went away")]
    Closed,
    #[error("a part of the program panicked")]
    Panicked,
    #[error("the terminal cannot be given back or taken again")]
    Suspend(#[source] io::Error),
}

/// Runs until the user leaves.
pub async fn run<B>(
    terminal: &mut Terminal<B>,
    events: impl Stream<Item = io::Result<Event>>,
    signals: &mut mpsc::Receiver<Signal>,
    parts: Parts,
) -> Result<(), RunError>
where
    B: Backend<Error: Send + Sync + 'static>,
{
    let mut events = std::pin::pin!(events);
    let orders = parts.worker.orders.clone();
    let mut run = Run::new(parts);
    let first = run.app.start();
    run.carry_out(first);
    run.ask_who_wrote();
    drop(run.recover());
    loop {
        match run.want.take() {
            Some(Want::Leave) => {
                run.finish_writes().await;
                return Ok(());
            }
            Some(Want::Suspend) => run.suspend(terminal)?,
            None => {}
        }
        if run.next_draw().is_some_and(|at| at <= Instant::now()) {
            run.draw(terminal)?;
        }
        let wake = run.next_wake();
        tokio::select! {
            biased;
            Some(signal) = signals.recv() => match signal {
                Signal::Terminate => run.take(Message::Terminate, Frame::Due),
                Signal::Suspend => run.want = Some(Want::Suspend),
                Signal::Written => run.ask_who_wrote(),
                Signal::Panicked => return Err(RunError::Panicked),
            },
            Some(version) = run.foreign.join_next(), if !run.foreign.is_empty() => {
                run.others_wrote(version.map_err(|_| RunError::Panicked)?);
            }
            event = events.next() => {
                let event = event.ok_or(RunError::Closed)?.map_err(RunError::Input)?;
                if let Some(message) = input::message(event, run.app.context(), &run.keys) {
                    run.take(message, Frame::Due);
                }
            }
            Some(answer) = run.writes.join_next(), if !run.writes.is_empty() => {
                let message = answer.map_err(|_| RunError::Panicked)?;
                run.take(message, Frame::Due);
            }
            Some(answer) = run.questions.join_next(), if !run.questions.is_empty() => {
                // A question's task only fails by panicking, which the panic hook reports.
                let message = answer.map_err(|_| RunError::Panicked)?;
                run.take(message, Frame::Due);
            }
            room = orders.clone().reserve_owned(), if !run.orders.is_empty() => {
                let Ok(room) = room else { return Err(RunError::Panicked) };
                if let Some(order) = run.orders.pop_front() {
                    room.send(order);
                }
            }
            report = run.worker.reports.recv() => {
                let report = report.ok_or(RunError::Panicked)?;
                run.take(Message::Report(report), Frame::Behind);
                for _ in 0..BATCH {
                    let Ok(report) = run.worker.reports.try_recv() else { break };
                    run.take(Message::Report(report), Frame::Behind);
                }
            }
            report = next_report(&mut run.import), if run.import.is_some() => {
                let mut report = Some(report.ok_or(RunError::Panicked)?);
                for _ in 0..BATCH {
                    let Some(said) = report.take() else { break };
                    run.import_said(said);
                    report = run.import.as_mut().and_then(|import| import.reports.try_recv().ok());
                }
                if let Some(said) = report {
                    run.import_said(said);
                }
            }
            () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {
                run.tick();
            }
        }
    }
}

/// What the import under way says next; `None`: it will say nothing more.
async fn next_report(import: &mut Option<import::Handle>) -> Option<import::Report> {
    match import {
        Some(import) => import.reports.recv().await,
        None => None,
    }
}

struct Run {
    app: App,
    words: Catalogue,
    keys: Keymap,
    theme: Theme,
    ledger: Ledger,
    worker: worker::Handle,
    hands: Hands,
    home: Option<PathBuf>,
    folder: Option<PathBuf>,
    import: Option<import::Handle>,
    /// Asked of the ledger, not answered yet.
    questions: JoinSet<Message>,
    /// Ids on their way into the ledger: not to be lost by leaving.
    writes: JoinSet<Message>,
    /// Orders the worker had no room for yet.
    orders: VecDeque<Order>,
    /// Whether others wrote to the ledger: the question under way, and the last answer.
    foreign: JoinSet<Option<i64>>,
    foreign_version: Option<i64>,
    written_again: bool,
    frame: Frame,
    drawn: Option<Instant>,
    /// What the state asked for that ends or interrupts the loop.
    want: Option<Want>,
}

/// Whether the screen is behind the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Frame {
    Current,
    /// Behind; reports may still be coming.
    Behind,
    /// Behind, and the user is waiting.
    Due,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Want {
    Suspend,
    Leave,
}

impl Run {
    fn new(parts: Parts) -> Self {
        Self {
            app: parts.app,
            words: parts.words,
            keys: parts.keys,
            theme: parts.theme,
            ledger: parts.ledger,
            worker: parts.worker,
            hands: parts.hands,
            home: parts.home,
            folder: parts.folder,
            import: None,
            questions: JoinSet::new(),
            writes: JoinSet::new(),
            orders: VecDeque::new(),
            foreign: JoinSet::new(),
            foreign_version: None,
            written_again: false,
            frame: Frame::Due,
            drawn: None,
            want: None,
        }
    }

    /// Folds a message in; `frame` says how soon it has to be seen.
    fn take(&mut self, message: Message, frame: Frame) {
        self.frame = self.frame.max(frame);
        let mut effects = update(&mut self.app, Message::Time(Timestamp::now()));
        effects.extend(update(&mut self.app, message));
        self.carry_out(effects);
    }

    /// Something on the screen changes by itself.
    fn tick(&mut self) {
        self.frame = Frame::Due;
        let effects = update(&mut self.app, Message::Time(Timestamp::now()));
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Order(order) => {
                    // Behind orders that wait already, so that they arrive as they were given.
                    self.orders.push_back(order);
                    while let Some(order) = self.orders.pop_front() {
                        if let Err(mpsc::error::TrySendError::Full(order)) =
                            self.worker.orders.try_send(order)
                        {
                            self.orders.push_front(order);
                            break;
                        }
                    }
                }
                Effect::Copy(text) => {
                    // A terminal without a clipboard ignores it; there is nothing to tell.
                    let _ = (self.hands.copy)(&text);
                }
                Effect::Suspend => self.want = Some(Want::Suspend),
                Effect::Leave => self.want = Some(Want::Leave),
                Effect::Offer => self.offer(),
                Effect::Track(sightings) => self.track(sightings),
                Effect::Label { rows, labels } => self.label(rows, labels),
                Effect::Remember(filter) => self.remember(filter),
                Effect::Import(text) => {
                    let path = import::expand(&text, self.home.as_deref());
                    let request = import::Request {
                        from: vec![Origin::Path(path)],
                        kind: None,
                        tags: Vec::new(),
                        apart: self.folder.clone(),
                    };
                    self.import = Some(import::start(self.ledger.clone(), request));
                }
                Effect::StopImport => {
                    if let Some(import) = &self.import {
                        import.stop();
                    }
                }
                Effect::Complete(asked) => {
                    let home = self.home.clone();
                    self.questions.spawn_blocking(move || {
                        let (text, names) = import::complete_last(&asked, home.as_deref());
                        Message::Import(ImportNews::Completed { asked, text, names })
                    });
                }
                Effect::FindFiles(asked) => {
                    let home = self.home.clone();
                    self.questions.spawn_blocking(move || {
                        let files = import::chosen(&asked, home.as_deref());
                        let sizes = files
                            .iter()
                            .flatten()
                            .filter_map(|file| file.metadata().ok());
                        let bytes = sizes.filter(Metadata::is_file).map(|it| it.len()).sum();
                        Message::FoundFiles {
                            asked,
                            files,
                            bytes,
                        }
                    });
                }
                question => self.ask(question),
            }
        }
    }

    /// Says what the keys do now; at once, so that what is typed next meets the palette.
    fn offer(&mut self) {
        let offers = self.keys.offers(&self.app, &self.words);
        self.take(Message::Offered(offers), Frame::Due);
    }

    /// Has what instances that ended in the middle left behind put in order; says when that is done.
    fn recover(&mut self) -> oneshot::Receiver<()> {
        let (done, is_done) = oneshot::channel();
        if self.ledger.is_read_only() {
            return is_done;
        }
        let ledger = self.ledger.clone();
        let now = self.app.now;
        self.writes.spawn(async move {
            let recovered = recovery::recover(&ledger, now).await;
            drop(done);
            recovered.unwrap_or_else(|error| Message::LedgerFailed(error.to_string()))
        });
        is_done
    }

    /// Asks the ledger; the answer comes back as a message.
    fn ask(&mut self, question: Effect) {
        // What another instance died with since can be deleted, too.
        let recovered = matches!(question, Effect::Review { .. }).then(|| self.recover());
        let ledger = self.ledger.clone();
        let now = self.app.now;
        self.questions.spawn(async move {
            let answer = match question {
                Effect::List {
                    kind,
                    generation,
                    query,
                    chained,
                } => if chained {
                    ledger.forest(query).await
                } else {
                    ledger.listing(query).await
                }
                .map(|listing| Message::Listed {
                    kind,
                    generation,
                    listing,
                }),
                Effect::Weigh { generation, chains } => {
                    let (rows, sets): (Vec<_>, Vec<_>) = chains.into_iter().unzip();
                    ledger.weigh(sets).await.map(|weights| Message::Weighed {
                        generation,
                        weights: rows.into_iter().zip(weights).collect(),
                    })
                }
                Effect::Fetch(asked) => ledger
                    .rows(asked.clone())
                    .await
                    .map(|rows| Message::Fetched { asked, rows }),
                Effect::Review { generation, rows } => {
                    if let Some(recovered) = recovered {
                        // An error is how the end is told.
                        let _ = recovered.await;
                    }
                    let review = ledger.review(rows, now).await;
                    review.map(|review| Message::Reviewed { generation, review })
                }
                Effect::Citing { row, id } => ledger
                    .citing(id, now)
                    .await
                    .map(|citing| Message::Cited { row, citing }),
                Effect::Turns { row, previous } => ledger
                    .turns(row, previous)
                    .await
                    .map(|turns| Message::Turns { row, turns }),
                Effect::History { generation, query } => {
                    let is_older = query.before.is_some();
                    ledger.history(query).await.map(|page| Message::Told {
                        generation,
                        is_older,
                        page,
                    })
                }
                Effect::Filters => ledger.filters().await.map(Message::Filters),
                Effect::Free(asked) => ledger
                    .free(asked.clone())
                    .await
                    .map(|freed| Message::Freed { asked, freed }),
                Effect::Protect { rows, protected } => ledger
                    .protect(rows.clone(), protected)
                    .await
                    .map(|_| Message::Changed(rows)),
                _ => ledger.counts(now).await.map(Message::Counted),
            };
            answer.unwrap_or_else(|error| Message::LedgerFailed(error.to_string()))
        });
    }

    /// Asks whether what was written came from another instance. One question at a time, and not at
    /// once: writing comes in flurries.
    fn ask_who_wrote(&mut self) {
        if !self.foreign.is_empty() {
            // Written after the question was answered, perhaps: ask once more.
            self.written_again = true;
            return;
        }
        let ledger = self.ledger.clone();
        self.foreign.spawn(async move {
            sleep(SETTLE).await;
            ledger.foreign_changes().await.ok()
        });
    }

    fn others_wrote(&mut self, version: Option<i64>) {
        // Also on the first answer: what was read before it may be older than it.
        if version.is_some() && version != self.foreign_version {
            self.take(Message::ChangedElsewhere, Frame::Behind);
        }
        self.foreign_version = version.or(self.foreign_version);
        if std::mem::take(&mut self.written_again) {
            self.ask_who_wrote();
        }
    }

    fn track(&mut self, sightings: Vec<Sighting>) {
        let ledger = self.ledger.clone();
        let now = self.app.now;
        self.writes.spawn(async move {
            let tracked = ledger.track(sightings, now).await.map(Message::Tracked);
            tracked.unwrap_or_else(|error| Message::LedgerFailed(error.to_string()))
        });
    }

    fn label(&mut self, rows: Vec<RowId>, labels: Labels) {
        let ledger = self.ledger.clone();
        self.writes.spawn(async move {
            let labelled = ledger.label(rows, labels).await.map(Message::Changed);
            labelled.unwrap_or_else(|error| Message::LedgerFailed(error.to_string()))
        });
    }

    fn remember(&mut self, filter: String) {
        // Nothing that anybody waits for, or has to hear about.
        if self.ledger.is_read_only() {
            return;
        }
        let ledger = self.ledger.clone();
        self.writes.spawn(async move {
            let kept = ledger.remember(filter).await.map(Message::Filters);
            kept.unwrap_or_else(|error| Message::LedgerFailed(error.to_string()))
        });
    }

    /// An import says something.
    fn import_said(&mut self, report: import::Report) {
        use import::Report;
        let news = match report {
            Report::Progress(progress) => ImportNews::Progress(progress),
            Report::Unreadable { name, error } => {
                let name = name.to_string();
                ImportNews::Unreadable { name, error }
            }
            Report::Rejected(spot, error) => ImportNews::Rejected {
                name: spot.name.to_string(),
                line: spot.line,
                error,
            },
            Report::Done(Ok(tally)) => ImportNews::Ended(tally),
            Report::Done(Err(error)) => ImportNews::Failed(error.to_string()),
            // Counted at the end.
            Report::New(_) | Report::Known(_) | Report::Read { .. } => return,
        };
        if matches!(news, ImportNews::Ended(_) | ImportNews::Failed(_)) {
            self.import = None;
        }
        self.take(Message::Import(news), Frame::Behind);
    }

    /// The screen is of no more use, so this may wait for the disk; a ledger that does not answer by
    /// then will not.
    async fn finish_writes(&mut self) {
        let writes = async {
            while self.writes.join_next().await.is_some() {}
            if let Some(mut import) = self.import.take() {
                import.stop();
                while import.reports.recv().await.is_some() {}
            }
        };
        let _ = timeout(LAST_WRITES, writes).await;
    }

    /// When the next frame is due; at once if the user waits for it.
    fn next_draw(&self) -> Option<Instant> {
        match (self.frame, self.drawn) {
            (Frame::Current, _) => None,
            (Frame::Behind, Some(last)) => Some(last + FRAME),
            (Frame::Behind, None) | (Frame::Due, _) => Some(Instant::now()),
        }
    }

    fn next_wake(&self) -> Option<Instant> {
        let by_state = self.app.next_wake().map(|at| {
            let left = at.duration_since(Timestamp::now()).unsigned_abs();
            let due = at > Timestamp::now();
            Instant::now() + if due { left } else { Duration::ZERO }
        });
        [by_state, self.next_draw()].into_iter().flatten().min()
    }

    fn draw<B>(&mut self, terminal: &mut Terminal<B>) -> Result<(), RunError>
    where
        B: Backend<Error: Send + Sync + 'static>,
    {
        let mut overflow = 0;
        terminal
            .draw(|frame| {
                let screen = Screen {
                    app: &self.app,
                    words: &self.words,
                    keys: &self.keys,
                    theme: self.theme,
                };
                overflow = draw(frame, screen);
            })
            .map_err(|error| RunError::Draw(Box::new(error)))?;
        let effects = update(&mut self.app, Message::Drawn { overflow });
        self.frame = Frame::Current;
        self.drawn = Some(Instant::now());
        self.carry_out(effects);
        Ok(())
    }

    fn suspend<B>(&mut self, terminal: &mut Terminal<B>) -> Result<(), RunError>
    where
        B: Backend<Error: Send + Sync + 'static>,
    {
        (self.hands.suspend)().map_err(RunError::Suspend)?;
        // Forgets what was on the screen, so that the next frame is drawn whole. `Terminal::clear`
        // would ask the terminal where its cursor is, and the keyboard's reader would get the answer.
        terminal.swap_buffers();
        // The size may have changed meanwhile, and nobody sent an event for it.
        let size = terminal
            .size()
            .map_err(|error| RunError::Draw(Box::new(error)))?;
        let (width, height) = (size.width, size.height);
        self.take(Message::Resize { width, height }, Frame::Due);
        Ok(())
    }
}
