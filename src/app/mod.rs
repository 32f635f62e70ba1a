//! What the screen is about: state, and the one function that changes it.
//!
//! [`update`] takes what happened and returns what should be done. It has no clock, no runtime, no
//! disk and no terminal; time comes in as a message. What is drawn is a function of [`App`] alone.

mod acts;
mod chains;
mod details;
mod dialog;
mod finder;
mod form;
mod history;
mod import;
mod layout;
mod message;
mod palette;
mod pane;
mod queue;
mod reader;
mod reports;
mod turns;
mod walk;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tui_input::{Input, InputRequest};

use crate::domain::{
    Citing, Counts, HistoryEntry, Kind, Order, Refusal, Resource, RowId, State, Ticket, Tracked,
};

pub use chains::{Folded, Stem};
pub use details::{Details, Face, Look};
pub use dialog::{AddIds, Button, Confirm, DEAF, ImportPath, Reading, TYPE_ABOVE};
pub use finder::Finder;
pub use form::{About, Form, FormProblem, Written};
pub use history::History;
pub use import::{Import, ImportEvent, ImportNews};
pub use layout::{Area, Focus, Layout};
pub use message::{Action, Effect, Message};
pub use palette::{Offer, Palette};
pub use pane::{Marked, Motion, Pane, scroll};
pub use queue::{Activity, Batch, Errand, Event, Live, Phase, Queue, Sending};
pub use reader::{Place, Reader};
pub use walk::Walk;

/// Rows kept in memory beyond those on the screen.
const CACHED: usize = 2_000;

/// How long leaving waits for what is on the wire when the system asked us to end.
const LAST_CALL: SignedDuration = SignedDuration::from_secs(3);

/// What does not change while the program runs.
#[derive(Clone, Debug)]
pub struct Session {
    pub profile: String,
    /// Where requests go, without the scheme and path: what the user has to recognise.
    pub host: String,
    /// The whole base URL.
    pub base_url: String,
    pub demo: bool,
    /// `None` when deleting is possible, else why not.
    pub refusal: Option<Refusal>,
    pub protected: bool,
    pub max_batch: Option<u64>,
    /// What the account's files may take together, in bytes; `None` = nobody counts.
    pub quota: Option<u64>,
    pub undo: Duration,
    pub began: Timestamp,
}

/// Which keys apply. A context of its own wherever the same chord means something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    Pane,
    Queue,
    Filter,
    Confirm,
    /// The review of a deletion whose number has to be typed.
    ConfirmTyped,
    Add,
    /// A few lines to fill in.
    Form,
    /// One of them that takes paths.
    FormPath,
    Import,
    Details,
    /// Typing what to look for in a text.
    Search,
    Help,
    Palette,
    /// Work is pending: really quit?
    Quit,
    Leaving,
}

/// What lies over the main screen. One at a time.
#[derive(Debug)]
pub enum Mode {
    Browse,
    /// Editing the filter of the focused pane.
    Filter,
    Add(AddIds),
    Form(Form),
    Import(ImportPath),
    Confirm(Confirm),
    Details(Box<Details>),
    Help {
        offset: usize,
    },
    Palette(Palette),
    /// One entry of the history.
    Entry {
        entry: Box<HistoryEntry>,
        offset: usize,
    },
    /// Work is pending: really quit?
    Quit {
        button: Button,
    },
    /// Quitting; waiting for what is on the wire to settle, at most until the deadline.
    Leaving {
        deadline: Option<Timestamp>,
    },
}

#[derive(Debug)]
pub struct App {
    pub now: Timestamp,
    pub session: Session,
    pub width: u16,
    pub height: u16,
    pub focus: Focus,
    /// The pane that was focused last, for what concerns a pane while the queue has the focus.
    pub pane: Kind,
    pub responses: Pane,
    pub files: Pane,
    pub queue: Queue,
    pub history: History,
    pub finder: Finder,
    /// The first line of activity on the screen.
    pub activity_offset: usize,
    pub counts: Counts,
    pub mode: Mode,
    /// Lines that did not fit on the last screen of something to read.
    pub overflow: usize,
    cited_by: Option<(RowId, Citing)>,
    /// Responses that are not in the ledger, and were looked for.
    walks: HashMap<String, Walk>,
    rows: HashMap<RowId, Resource>,
    /// Rows asked for; true if a report has changed the row since, so that the answer is old.
    fetching: HashMap<RowId, bool>,
    /// The ledger could not answer: what it is asked on the screen's account waits for the next listing
    /// or key, or every frame would ask the same again.
    hushed: bool,
    tickets: u64,
    reviews: u64,
}

impl App {
    pub fn new(session: Session, width: u16, height: u16) -> Self {
        Self {
            now: session.began,
            session,
            width,
            height,
            focus: Focus::Responses,
            pane: Kind::Response,
            responses: Pane::new(Kind::Response),
            files: Pane::new(Kind::File),
            queue: Queue::default(),
            history: History::default(),
            finder: Finder::default(),
            activity_offset: 0,
            counts: Counts::default(),
            mode: Mode::Browse,
            overflow: 0,
            cited_by: None,
            walks: HashMap::new(),
            rows: HashMap::new(),
            fetching: HashMap::new(),
            hushed: false,
            tickets: 0,
            reviews: 0,
        }
    }

    /// What has to be done before anything happened.
    pub fn start(&mut self) -> Vec<Effect> {
        let mut effects = vec![Effect::Count, Effect::Filters];
        self.look_up(&mut effects);
        effects
    }

    pub fn pane_of(&self, kind: Kind) -> &Pane {
        match kind {
            Kind::Response => &self.responses,
            Kind::File => &self.files,
        }
    }

    pub fn pane_of_mut(&mut self, kind: Kind) -> &mut Pane {
        match kind {
            Kind::Response => &mut self.responses,
            Kind::File => &mut self.files,
        }
    }

    /// The row, if it is at hand.
    pub fn row(&self, row: RowId) -> Option<&Resource> {
        self.rows.get(&row)
    }

    /// The responses that were made with the file whose details were asked for last.
    pub fn cited_by(&self, row: RowId) -> Option<&Citing> {
        let (of, citing) = self.cited_by.as_ref()?;
        (*of == row).then_some(citing)
    }

    /// The row under the cursor of the pane focused last.
    pub fn current(&self) -> Option<&Resource> {
        self.row(self.pane_of(self.pane).cursor()?)
    }

    /// Lines of the banner: what the user has to know before anything else.
    pub fn banner_height(&self) -> u16 {
        let no_key = self.session.refusal == Some(Refusal::NoKey);
        let any = self.session.demo || self.session.refusal.is_some() || self.counts.unsettled > 0;
        u16::from(no_key) + u16::from(any) + u16::from(self.shows_unsent())
    }

    /// The banner tells what an earlier run never sent, as long as it is marked and can be reviewed.
    pub fn shows_unsent(&self) -> bool {
        let is_any = Kind::ALL
            .iter()
            .any(|kind| self.pane_of(*kind).unsent() > 0);
        is_any && self.session.refusal.is_none()
    }

    pub fn layout(&self) -> Layout {
        Layout::new(self.width, self.height, self.focus, self.banner_height())
    }

    /// Rows of a pane on the screen.
    pub fn page(&self, kind: Kind) -> usize {
        let layout = self.layout();
        Layout::page(match kind {
            Kind::Response => layout.responses,
            Kind::File => layout.files,
        })
    }

    /// Entries of the history on the screen: inside the border, under the column heads.
    pub fn history_page(&self) -> usize {
        Layout::page(self.layout().queue).max(1)
    }

    /// Items of the review on the screen.
    pub fn dialog_page(&self) -> usize {
        let inner = Layout::dialog(self.width, self.height).inner();
        usize::from(inner.height.saturating_sub(8)).max(1)
    }

    pub fn context(&self) -> Context {
        match &self.mode {
            Mode::Browse if self.focus == Focus::Queue => Context::Queue,
            Mode::Browse => Context::Pane,
            Mode::Filter => Context::Filter,
            Mode::Add(_) => Context::Add,
            Mode::Form(form) if form.is_at_path() => Context::FormPath,
            Mode::Form(_) => Context::Form,
            Mode::Import(_) => Context::Import,
            Mode::Confirm(confirm) if confirm.must_type() => Context::ConfirmTyped,
            Mode::Confirm(_) => Context::Confirm,
            Mode::Details(details) if details.searching => Context::Search,
            Mode::Details(_) => Context::Details,
            Mode::Help { .. } | Mode::Entry { .. } => Context::Help,
            Mode::Palette(_) => Context::Palette,
            Mode::Quit { .. } => Context::Quit,
            Mode::Leaving { .. } => Context::Leaving,
        }
    }

    /// Whether an action would do something here and now; the footer shows only those.
    pub fn allows(&self, action: Action) -> bool {
        let pane = self.pane_of(self.pane);
        match action {
            Action::Filter | Action::Details if self.focus == Focus::Queue => self.history.shown,
            Action::Add => self.session.refusal != Some(Refusal::ReadOnly),
            Action::Import => {
                self.session.refusal != Some(Refusal::ReadOnly) && self.queue.import.is_none()
            }
            Action::Delete => self.session.refusal.is_none() && pane.cursor().is_some(),
            Action::Mark | Action::Range | Action::Details | Action::Copy | Action::CopyCurl => {
                pane.cursor().is_some()
            }
            Action::Protect | Action::Label => {
                self.session.refusal != Some(Refusal::ReadOnly) && pane.cursor().is_some()
            }
            Action::Free => self.focus == Focus::Files && !self.files.rows().is_empty(),
            Action::Upload => self.focus == Focus::Files && self.session.refusal.is_none(),
            Action::Chains => self.pane == Kind::Response,
            Action::MarkChain | Action::Unfold | Action::Fold => pane.is_chained(),
            Action::Unmark => !pane.marks().is_empty() || pane.range_from().is_some(),
            Action::Refresh => {
                self.session.refusal.is_none() || matches!(self.mode, Mode::Details(_))
            }
            Action::TakeBack => self.queue.held().is_some(),
            Action::Pause => self.queue.deleting() || self.queue.paused,
            Action::Stop => {
                let q = &self.queue;
                q.deleting() || q.import.is_some() || !q.uploads.is_empty()
            }
            Action::Settle => self.session.refusal.is_none() && self.counts.unsettled > 0,
            Action::No if matches!(self.mode, Mode::Browse) => self.steps_back(),
            Action::Press if matches!(self.mode, Mode::Filter) => !self.is_misread(),
            Action::NextHit | Action::PreviousHit => match &self.mode {
                Mode::Details(details) => details.reader().is_some_and(|it| it.hit().is_some()),
                _ => false,
            },
            Action::PreviousTurn | Action::NextTurn | Action::NextBranch => self.leads_on(action),
            Action::Retry => self.session.refusal.is_none() && self.queue.has_failed(),
            _ => true,
        }
    }

    /// What stands in the filter being edited is no query; an earlier one is in force.
    fn is_misread(&self) -> bool {
        if self.focus == Focus::Queue {
            self.history.misread.is_some()
        } else {
            self.pane_of(self.pane).query_error().is_some()
        }
    }

    /// There is a range or a filter to step back from.
    fn steps_back(&self) -> bool {
        let pane = self.pane_of(self.pane);
        if self.focus == Focus::Queue {
            !self.history.filter.value().is_empty()
        } else {
            pane.range_from().is_some() || !pane.filter.value().is_empty()
        }
    }

    /// When something on the screen will change by itself, if it will.
    pub fn next_wake(&self) -> Option<Timestamp> {
        let second = self.now + SignedDuration::from_secs(1);
        let countdown = self.queue.counts_down()
            || self.queue.uploads.values().any(|u| u.waiting.is_some())
            || self.queue.live.values().any(|l| l.waiting.is_some())
            // A rate falls when nothing happens, until there is none.
            || self.queue.is_running() && self.queue.meter.rate(self.now) > 0.0
            || self.queue.throttle(self.now).is_some();
        let deaf = match &self.mode {
            Mode::Confirm(c) if c.is_deaf(self.now) => Some(c.opened_at + DEAF),
            Mode::Leaving { deadline } => *deadline,
            _ => None,
        };
        // Ages and expiries change on their own, but nobody reads them to the second: a screen with
        // nothing going on may sleep for a minute at a time.
        let has_rows = !self.responses.rows().is_empty() || !self.files.rows().is_empty();
        let minute = has_rows.then(|| self.now + SignedDuration::from_secs(60));
        [countdown.then_some(second), deaf, minute]
            .into_iter()
            .flatten()
            .min()
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn note(&mut self, event: Event) {
        let now = self.now;
        self.queue.note(now, event);
    }

    /// Asks for listings that are out of date and for rows near the screen that are not at hand.
    fn look_up(&mut self, effects: &mut Vec<Effect>) {
        let (now, began) = (self.now, self.session.began);
        for kind in Kind::ALL {
            if let Some((generation, query)) = self.pane_of_mut(kind).ask(now, began) {
                let chained = self.pane_of(kind).is_chained();
                effects.push(Effect::List {
                    kind,
                    generation,
                    query,
                    chained,
                });
            }
            let page = self.page(kind);
            if !self.hushed
                && let Some((generation, chains)) = self.pane_of_mut(kind).weigh(page)
            {
                effects.push(Effect::Weigh { generation, chains });
            }
        }
        if let Some((generation, query)) = self.history.ask(self.hushed) {
            effects.push(Effect::History { generation, query });
        }
        if self.hushed {
            return;
        }
        let wanted = self.wanted();
        if !wanted.is_empty() {
            self.fetching.extend(wanted.iter().map(|row| (*row, false)));
            effects.push(Effect::Fetch(wanted));
        }
    }

    /// Rows to have at hand that are not, and are not on their way.
    fn wanted(&self) -> Vec<RowId> {
        let missing = |row: &RowId| {
            row.is_tracked() && !self.rows.contains_key(row) && !self.fetching.contains_key(row)
        };
        let mut wanted: Vec<RowId> = self.near().into_iter().filter(missing).collect();
        wanted.sort_unstable();
        wanted
    }

    /// Drops rows far from the screen when too many are at hand.
    fn prune(&mut self) {
        if self.rows.len() <= CACHED {
            return;
        }
        let near = self.near();
        self.rows.retain(|row, _| near.contains(row));
    }

    /// What is on the screen or a page away from it.
    fn near(&self) -> HashSet<RowId> {
        let mut near = HashSet::new();
        for kind in Kind::ALL {
            near.extend(self.pane_of(kind).near(self.page(kind)));
        }
        if let Mode::Confirm(confirm) = &self.mode {
            let page = 2 * self.dialog_page();
            near.extend(confirm.rows.iter().skip(confirm.offset).take(page));
        }
        if let Some(details) = self.details() {
            near.insert(details.row);
            near.extend(details.near());
        }
        near
    }

    /// Puts a row into a state on the screen, and makes sure that an answer under way which may
    /// have been read before does not put it back.
    fn set_state(&mut self, row: RowId, state: State) {
        if let Some(resource) = self.rows.get_mut(&row) {
            resource.state = state;
        }
        if let Some(old) = self.fetching.get_mut(&row) {
            *old = true;
        }
    }
}

/// Changes the state by what happened and says what should be done.
pub fn update(app: &mut App, message: Message) -> Vec<Effect> {
    let mut effects = Vec::new();
    let banner = app.banner_height();
    if app.hushed && is_reason_to_ask_again(&message) {
        app.unhush();
    }
    match message {
        Message::Time(now) => app.time(now, &mut effects),
        Message::Resize { width, height } => {
            app.width = width;
            app.height = height;
            app.refit();
        }
        Message::Act(action) => app.act(action, &mut effects),
        Message::Edit(request) => app.edit(request),
        Message::Paste(text) => app.paste(&text),
        Message::Report(report) => app.report(report, &mut effects),
        Message::Listed {
            kind,
            generation,
            listing,
        } => {
            let page = app.page(kind);
            app.pane_of_mut(kind).take(generation, listing, page);
        }
        Message::Weighed {
            generation,
            weights,
        } => app.responses.weighed(generation, weights),
        Message::Fetched { asked, rows } => app.fetched(&asked, rows, &mut effects),
        Message::Reviewed { generation, review } => {
            if let Mode::Confirm(confirm) = &mut app.mode
                && confirm.generation == generation
            {
                confirm.reviewed(review);
            }
        }
        Message::Cited { row, citing } => app.cited_by = Some((row, citing)),
        Message::FoundFiles {
            asked,
            files,
            bytes,
        } => app.found_files(&asked, files, bytes, &mut effects),
        Message::Offered(offers) => app.offered(offers),
        Message::Filters(past) => app.finder.take(past),
        Message::Turns { row, turns } => app.told_turns(row, turns),
        Message::Counted(counts) => {
            app.counts = counts;
            app.refit();
        }
        Message::Told {
            generation,
            is_older,
            page,
        } => {
            let height = app.history_page();
            app.history.take(generation, is_older, page, height);
        }
        Message::Changed(rows) => {
            app.reload(&rows);
            app.outdate_all(&mut effects);
        }
        Message::Freed { asked, freed } => app.freed(&asked, freed),
        Message::Tracked(tracked) => app.tracked(&tracked, &mut effects),
        Message::Import(news) => app.import_news(news, &mut effects),
        Message::Recovered {
            unsettled,
            returned,
        } => app.recovered(unsettled, &returned, &mut effects),
        Message::ChangedElsewhere => {
            app.read_again(&mut effects);
            app.outdate_all(&mut effects);
        }
        Message::LedgerFailed(error) => {
            app.hushed = true;
            app.responses.ask_failed();
            app.files.ask_failed();
            app.history.ask_failed();
            app.note(Event::LedgerFailed(error));
            return effects;
        }
        Message::Drawn { overflow } => app.overflow = overflow,
        Message::Terminate => app.terminate(&mut effects),
    }
    if app.banner_height() != banner {
        app.refit();
    }
    app.fit_details();
    app.prune();
    app.look_up(&mut effects);
    effects
}

/// Somebody looks, or the ledger has answered: what failed before may be asked again.
const fn is_reason_to_ask_again(message: &Message) -> bool {
    matches!(
        message,
        Message::Act(_)
            | Message::Edit(_)
            | Message::Paste(_)
            | Message::Listed { .. }
            | Message::ChangedElsewhere
    )
}

impl App {
    /// What was never sent is marked: the user had confirmed it once, and may do so again at one key.
    fn recovered(&mut self, unsettled: u64, returned: &[(Kind, RowId)], effects: &mut Vec<Effect>) {
        let count = returned.len() as u64;
        if unsettled + count > 0 {
            self.read_again(effects);
            self.outdate_all(effects);
        }
        if unsettled > 0 {
            self.note(Event::Recovered { unsettled });
        }
        if count == 0 {
            return;
        }
        for (kind, row) in returned {
            self.pane_of_mut(*kind).mark_unsent(*row);
        }
        self.note(Event::Unsent(count));
        // The key that reviews them is about the pane in focus.
        if self.pane_of(self.pane).unsent() == 0 {
            self.set_focus(match self.pane {
                Kind::Response => Focus::Files,
                Kind::File => Focus::Responses,
            });
        }
    }

    fn tracked(&mut self, tracked: &[Tracked], effects: &mut Vec<Effect>) {
        let new = tracked.iter().filter(|t| t.is_new).count() as u64;
        let known = tracked.len() as u64 - new;
        self.note(Event::Tracked { new, known });
        for row in tracked {
            self.rows.remove(&row.row);
        }
        self.outdate_all(effects);
    }

    fn terminate(&mut self, effects: &mut Vec<Effect>) {
        if self.queue.pending() {
            effects.push(Effect::Order(Order::Stop));
            let deadline = Some(self.now + LAST_CALL);
            self.mode = Mode::Leaving { deadline };
        } else {
            effects.push(Effect::Leave);
        }
    }

    fn time(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.now = now;
        if let Mode::Leaving {
            deadline: Some(deadline),
        } = self.mode
            && now >= deadline
        {
            effects.push(Effect::Leave);
        }
    }

    /// What was not answered may be asked again.
    fn unhush(&mut self) {
        self.hushed = false;
        self.fetching.clear();
        self.responses.weigh_again();
    }

    /// The panes' sizes may have changed.
    fn refit(&mut self) {
        for kind in Kind::ALL {
            let page = self.page(kind);
            self.pane_of_mut(kind).fit(page);
        }
    }

    fn outdate_all(&mut self, effects: &mut Vec<Effect>) {
        self.responses.outdate();
        self.files.outdate();
        self.ask_for_turns(effects);
        effects.push(Effect::Count);
    }

    /// Reads the rows near the screen again, which stay on it meanwhile; others are dropped.
    fn read_again(&mut self, effects: &mut Vec<Effect>) {
        let near: HashSet<RowId> = self.near();
        self.rows.retain(|row, _| near.contains(row));
        let asked: Vec<RowId> = self.rows.keys().copied().collect();
        self.fetch_again(asked, effects);
    }

    /// Asks for rows at hand. An answer under way is old then, and they are asked for when it has come.
    fn fetch_again(&mut self, mut rows: Vec<RowId>, effects: &mut Vec<Effect>) {
        rows.retain(|row| match self.fetching.entry(*row) {
            Entry::Occupied(mut old) => {
                old.insert(true);
                false
            }
            Entry::Vacant(new) => {
                new.insert(false);
                true
            }
        });
        if !rows.is_empty() {
            effects.push(Effect::Fetch(rows));
        }
    }

    fn fetched(&mut self, asked: &[RowId], rows: Vec<Resource>, effects: &mut Vec<Effect>) {
        for resource in rows {
            if self.fetching.get(&resource.row) == Some(&false) {
                self.rows.insert(resource.row, resource);
            }
        }
        let mut again = Vec::new();
        for row in asked {
            if self.fetching.remove(row) == Some(true) && self.rows.contains_key(row) {
                again.push(*row);
            }
        }
        self.fetch_again(again, effects);
    }

    fn edit(&mut self, request: InputRequest) {
        match &mut self.mode {
            Mode::Filter => {
                self.filter_mut().handle(request);
                self.finder.rest();
                self.read_filter();
            }
            Mode::Add(add) => add.edit(request),
            Mode::Form(form) => form.edit(request),
            Mode::Import(path) => path.edit(request),
            Mode::Palette(palette) => palette.edit(request),
            Mode::Details(details) if details.searching => {
                details.needle.handle(request);
                self.find();
            }
            Mode::Confirm(confirm) if confirm.must_type() && !confirm.is_deaf(self.now) => {
                confirm.typed.handle(request);
                confirm.is_hasty = false;
            }
            _ => {}
        }
    }

    /// The filter being edited: the history's if that has the keys, else the pane's.
    fn filter_mut(&mut self) -> &mut Input {
        if self.focus == Focus::Queue {
            &mut self.history.filter
        } else {
            &mut self.pane_of_mut(self.pane).filter
        }
    }

    fn read_filter(&mut self) {
        if self.focus == Focus::Queue {
            self.history.read_filter(self.now);
        } else {
            self.pane_of_mut(self.pane).read_filter();
        }
    }

    /// Pasted text goes into the field being edited. On the main screen it opens the dialog for
    /// new ids: it must never be read as keys.
    fn paste(&mut self, text: &str) {
        match &mut self.mode {
            Mode::Filter => {
                dialog::insert(self.filter_mut(), text);
                self.read_filter();
            }
            Mode::Add(add) => add.paste(text),
            Mode::Form(form) => form.paste(text),
            Mode::Import(path) => path.paste(text),
            Mode::Palette(palette) => palette.paste(text),
            Mode::Details(details) if details.searching => {
                dialog::insert(&mut details.needle, text);
                self.find();
            }
            Mode::Browse => {
                let mut add = AddIds::default();
                add.paste(text);
                self.add_ids(add);
            }
            // A number that is to be typed is not pasted.
            _ => {}
        }
    }
}
