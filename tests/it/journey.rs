//! The real loop with scripted keys, a real service on a socket and a real ledger: stories that end
//! by looking at the ledger and at the service.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::time::Duration;

use arkdeck::api::{self, Client};
use arkdeck::app::{App, Session};
use arkdeck::domain::{
    Facts, Kind, Lang, ListQuery, Query, Resource, ResourceId, Sighting, Sort, Source, State,
    Tombstones,
};
use arkdeck::emulator::{self, Emulator};
use arkdeck::keys::Keymap;
use arkdeck::locale::Catalogue;
use arkdeck::secret::ApiKey;
use arkdeck::store::Ledger;
use arkdeck::tui::{Hands, Parts, RunError, Signal, run};
use arkdeck::view::Theme;
use arkdeck::worker::{self, Limits};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::stream;
use jiff::Timestamp;
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Size};
use ratatui::style::Color;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, LocalSet};

/// No story takes this long; a condition that does not come true by then never will.
const PATIENCE: Duration = Duration::from_secs(30);

const KEY: &str = "ark-journey-key";

/// A screen in memory that tells about every frame.
struct Watched {
    screen: TestBackend,
    frames: watch::Sender<Buffer>,
}

impl Backend for Watched {
    type Error = Infallible;

    fn draw<'a, I>(&mut self, content: I) -> Result<(), Infallible>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.screen.draw(content)
    }

    fn hide_cursor(&mut self) -> Result<(), Infallible> {
        self.screen.hide_cursor()
    }

    fn show_cursor(&mut self) -> Result<(), Infallible> {
        self.screen.show_cursor()
    }

    fn get_cursor_position(&mut self) -> Result<Position, Infallible> {
        self.screen.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> Result<(), Infallible> {
        self.screen.set_cursor_position(position)
    }

    fn clear(&mut self) -> Result<(), Infallible> {
        self.screen.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> Result<(), Infallible> {
        self.screen.clear_region(clear_type)
    }

    fn size(&self) -> Result<Size, Infallible> {
        self.screen.size()
    }

    fn window_size(&mut self) -> Result<WindowSize, Infallible> {
        self.screen.window_size()
    }

    fn flush(&mut self) -> Result<(), Infallible> {
        self.frames.send_replace(self.screen.buffer().clone());
        Ok(())
    }
}

/// A story under way.
struct Journey {
    service: Emulator,
    folder: TempDir,
    keys: mpsc::UnboundedSender<io::Result<Event>>,
    signals: mpsc::Sender<Signal>,
    frames: watch::Receiver<Buffer>,
    running: JoinHandle<Result<(), RunError>>,
}

struct Start {
    undo: Duration,
    options: emulator::Options,
    /// How many of the service's responses the ledger knows.
    known: usize,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            undo: Duration::ZERO,
            options: emulator::Options {
                responses: 5,
                files: 4,
                api_key: Some(KEY.to_owned()),
                ..emulator::Options::default()
            },
            known: 5,
        }
    }
}

impl Journey {
    async fn begin(start: Start) -> Self {
        let service = Emulator::start(start.options).await.unwrap();
        let folder = TempDir::new().unwrap();
        let ledger = Ledger::open(folder.path(), "default").unwrap();
        let known = service.response_ids().into_iter().take(start.known);
        let sightings = known.map(|id| sighting(&id)).collect();
        ledger.track(sightings, Timestamp::now()).await.unwrap();
        let client = client(&service);
        let worker = worker::start(ledger.clone(), Ok(client), Limits::default()).await;
        let session = Session {
            profile: "default".into(),
            host: service.address().to_string(),
            base_url: service.base_url(),
            demo: false,
            refusal: None,
            protected: false,
            max_batch: None,
            quota: Some(1_000_000_000),
            undo: start.undo,
            began: Timestamp::now(),
        };
        let parts = Parts {
            app: App::new(session, 120, 40),
            words: Catalogue::new(Lang::En),
            keys: Keymap::new(&BTreeMap::new()).unwrap(),
            theme: Theme::new(false),
            ledger,
            worker,
            hands: Hands {
                copy: Box::new(|_| Ok(())),
                suspend: Box::new(|| Ok(())),
            },
            home: Some(folder.path().to_owned()),
            folder: None,
        };
        let (frames, watched) = watch::channel(Buffer::default());
        let (keys, mut pressed) = mpsc::unbounded_channel();
        let (signals, mut heard) = mpsc::channel(4);
        let running = tokio::task::spawn_local(async move {
            let screen = TestBackend::new(120, 40);
            let mut terminal = Terminal::new(Watched { screen, frames }).unwrap();
            let events = stream::poll_fn(move |context| pressed.poll_recv(context));
            run(&mut terminal, events, &mut heard, parts).await
        });
        Self {
            service,
            folder,
            keys,
            signals,
            frames: watched,
            running,
        }
    }

    /// All five responses in a batch that is in its undo window.
    async fn held() -> Self {
        let mut journey = Self::begin(Start {
            undo: Duration::from_mins(10),
            ..Start::default()
        })
        .await;
        journey.until_text("1/5").await;
        journey.press("a d");
        journey.until_text("Delete 5 items for good?").await;
        journey.confirm().await;
        journey.until_text("z takes it back").await;
        journey
    }

    /// Presses keys: a word for a named one, else each character.
    fn press(&self, keys: &str) {
        for word in keys.split(' ') {
            match word {
                "enter" => self.key(KeyCode::Enter),
                "esc" => self.key(KeyCode::Esc),
                "tab" => self.key(KeyCode::Tab),
                "space" => self.key(KeyCode::Char(' ')),
                other => other.chars().for_each(|c| self.key(KeyCode::Char(c))),
            }
        }
    }

    fn key(&self, code: KeyCode) {
        let event = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
        self.keys.send(Ok(event)).unwrap();
    }

    fn paste(&self, text: &str) {
        self.keys.send(Ok(Event::Paste(text.to_owned()))).unwrap();
    }

    /// Waits until the screen fulfils a condition.
    async fn until(&mut self, what: &str, is_so: impl Fn(&Buffer) -> bool) {
        let seen = self.frames.wait_for(|buffer| is_so(buffer));
        let came = tokio::time::timeout(PATIENCE, seen).await;
        let came = came.is_ok_and(|waited| waited.is_ok());
        assert!(came, "{what} never came:\n{}", text(&self.frames.borrow()));
    }

    async fn until_text(&mut self, wanted: &str) {
        self.until(wanted, |buffer| text(buffer).contains(wanted))
            .await;
    }

    /// Waits for the review to stop being deaf, then confirms it.
    async fn confirm(&mut self) {
        self.until_it_listens().await;
        self.press("y");
    }

    /// The ids of a chain of the service, its last turn first.
    async fn longest_chain(&self, ids: &[String]) -> Vec<String> {
        let client = client(&self.service);
        let mut previous = BTreeMap::new();
        for id in ids {
            let id = ResourceId::new(id).unwrap();
            if let api::Fetched::Found { facts, .. } = client.get(Kind::Response, &id).await
                && let Some(before) = facts.previous_response_id
            {
                previous.insert(id.to_string(), before);
            }
        }
        let chain = |id: &String| -> Vec<String> {
            std::iter::successors(Some(id.clone()), |id| previous.get(id).cloned()).collect()
        };
        ids.iter().map(chain).max_by_key(Vec::len).unwrap()
    }

    async fn until_it_listens(&mut self) {
        self.until("a Delete button that can be pressed", |buffer| {
            find(buffer, "[ Delete ]").is_some_and(|cell| cell.fg != Color::DarkGray)
        })
        .await;
    }

    /// Presses `q` and waits for the loop to end; then what is left is the ledger and the service.
    async fn quit(self) -> (Emulator, Ledger, TempDir) {
        self.press("q");
        self.end().await
    }

    async fn end(self) -> (Emulator, Ledger, TempDir) {
        let ended = tokio::time::timeout(PATIENCE, self.running).await;
        ended.expect("the loop never ended").unwrap().unwrap();
        let ledger = Ledger::open(self.folder.path(), "default").unwrap();
        (self.service, ledger, self.folder)
    }
}

fn client(service: &Emulator) -> Client {
    Client::new(api::Options {
        base_url: service.base_url().parse().unwrap(),
        key: ApiKey::new(KEY).unwrap(),
        not_found_codes: Vec::new(),
        allow_plain_http: false,
        timeout: Duration::from_secs(5),
        connect_timeout: Duration::from_secs(5),
    })
    .unwrap()
}

fn sighting(id: &str) -> Sighting {
    Sighting {
        kind: Kind::Response,
        id: ResourceId::new(id).unwrap(),
        source: Source::Hand,
        tags: Vec::new(),
        facts: Facts::default(),
    }
}

fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width.max(1));
    let rows = buffer.content.chunks(width);
    let lines = rows.map(|row| row.iter().map(Cell::symbol).collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}

/// The first cell of a text on the screen.
fn find<'a>(buffer: &'a Buffer, wanted: &str) -> Option<&'a Cell> {
    let width = usize::from(buffer.area.width.max(1));
    buffer.content.chunks(width).find_map(|row| {
        let line: String = row.iter().map(Cell::symbol).collect();
        let at = line[..line.find(wanted)?].chars().count();
        row.get(at)
    })
}

async fn everything(ledger: &Ledger) -> Vec<Resource> {
    let now = Timestamp::now();
    let query = ListQuery {
        kind: None,
        query: Query::default(),
        sort: Sort::default(),
        tombstones: Tombstones::Show,
        now,
    };
    let listing = ledger.listing(query).await.unwrap();
    ledger.rows(listing.rows).await.unwrap()
}

fn states(rows: &[Resource], kind: Kind, state: State) -> usize {
    rows.iter()
        .filter(|r| r.kind == kind && r.state == state)
        .count()
}

/// Runs a story; the loop's hands are not `Send`, so it shares the story's thread.
async fn tell<F: Future<Output = ()>>(story: F) {
    LocalSet::new().run_until(story).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_first_screen_to_deleted_rows() {
    tell(async {
        let mut journey = Journey::begin(Start::default()).await;
        journey.until_text("5 responses · 0 files").await;
        // The files are discovered.
        journey.press("2 r");
        journey.until_text("4 files synced · 4 new · 0 gone").await;
        journey.until_text("5 responses · 4 files").await;
        // Two files by marks.
        journey.press("g space space d");
        journey.until_text("Delete 2 items for good?").await;
        journey.confirm().await;
        journey.until_text("2 deleted").await;
        // One response under the cursor.
        journey.press("1 g d");
        journey.until_text("Delete 1 item for good?").await;
        journey.confirm().await;
        journey.until_text("batch 2 done: 1 deleted").await;
        journey.until_text("4 responses · 2 files").await;
        let (service, ledger, _folder) = journey.quit().await;
        let rows = everything(&ledger).await;
        assert_eq!(states(&rows, Kind::File, State::Deleted), 2);
        assert_eq!(states(&rows, Kind::Response, State::Deleted), 1);
        assert_eq!(states(&rows, Kind::Response, State::Tracked), 4);
        let left: Vec<&str> = rows
            .iter()
            .filter(|r| r.state == State::Tracked)
            .map(|r| r.id.as_str())
            .collect();
        let mut there = service.response_ids();
        there.extend(service.file_ids());
        assert_eq!(there.len(), 6);
        assert!(
            there.iter().all(|id| left.contains(&id.as_str())),
            "{left:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_taken_back_in_its_undo_window_sends_nothing() {
    tell(async {
        let mut journey = Journey::held().await;
        journey.until_text("queued").await;
        journey.press("z");
        journey
            .until_text("taken back: nothing of its 5 was sent")
            .await;
        let (service, ledger, _folder) = journey.quit().await;
        let rows = everything(&ledger).await;
        assert_eq!(states(&rows, Kind::Response, State::Tracked), 5);
        assert_eq!(service.response_ids().len(), 5);
        assert!(service.requests().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quitting_inside_the_undo_window_asks_and_then_puts_everything_back() {
    tell(async {
        let mut journey = Journey::held().await;
        journey.press("q");
        journey.until_text("Stop and leave").await;
        journey.press("y");
        let (service, ledger, _folder) = journey.end().await;
        let rows = everything(&ledger).await;
        assert_eq!(states(&rows, Kind::Response, State::Tracked), 5);
        assert!(service.requests().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pasted_ids_are_tracked_fetched_and_filtered() {
    tell(async {
        let mut journey = Journey::begin(Start {
            known: 0,
            ..Start::default()
        })
        .await;
        journey.until_text("No responses yet").await;
        let ids = journey.service.response_ids();
        journey.paste(&format!("{}\n{}\nnot an id\n", ids[0], ids[1]));
        journey.until_text("2 to add, 1 to correct").await;
        journey.press("enter");
        journey.until_text("0 to add, 1 to correct").await;
        journey.press("esc");
        journey.until_text("1/2").await;
        journey.press("a r");
        journey.until_text("doubao").await;
        journey.press("/model:doubao");
        journey.until_text("1/2").await;
        journey.press(" -doubao enter");
        journey.until_text("fetched 2 of 2").await;
        let (_service, ledger, _folder) = journey.quit().await;
        let rows = everything(&ledger).await;
        assert_eq!(rows.len(), 2);
        assert!(rows.iter().all(|r| r.facts.model.is_some()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_response_says_is_read_and_searched() {
    tell(async {
        let mut journey = Journey::begin(Start::default()).await;
        // The first row is there, and not only the count of all.
        journey.until_text("▪ tracked").await;
        journey.press("enter tab");
        journey.until_text("── Output ──").await;
        journey.until_text("── Input ──").await;
        journey.press("tab");
        journey.until_text("\"object\": \"response\"").await;
        journey.press("/MODEL enter");
        journey.until_text("/MODEL 1/1").await;
        journey.press("q 2 r");
        journey.until_text("4 files synced · 4 new").await;
        journey.press("enter tab");
        journey.until_text("\"object\": \"file\"").await;
        journey.press("esc");
        let (service, ledger, _folder) = journey.quit().await;
        // A look leaves the facts in the ledger, and everything on the service.
        let rows = everything(&ledger).await;
        let fetched = rows.iter().filter(|row| row.facts.model.is_some());
        assert_eq!(fetched.count(), 1);
        assert_eq!(service.response_ids().len(), 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_is_found_back_to_its_beginning_and_deleted_as_one() {
    tell(async {
        // What the service has, the last turn of a chain that is as long as can be.
        let mut options = Start::default().options;
        options.responses = 40;
        let start = Start {
            options,
            known: 0,
            ..Start::default()
        };
        let mut journey = Journey::begin(start).await;
        journey.until_text("No responses yet").await;
        let ids = journey.service.response_ids();
        let chain = journey.longest_chain(&ids).await;
        assert!(chain.len() > 2, "{chain:?}");
        journey.paste(&chain[0]);
        journey.press("enter");
        journey.until_text("1/1").await;
        journey.press("r");
        journey.until_text("fetched resp_").await;
        journey.press("t");
        journey
            .until_text("not in the ledger: r looks for it")
            .await;
        journey.press("r");
        let found = chain.len() - 1;
        let turns = if found == 1 { "turn" } else { "turns" };
        journey
            .until_text(&format!("{found} earlier {turns} found"))
            .await;
        // Folded it is one line, and one mark.
        journey.press("g h");
        journey
            .until_text(&format!("{} turns · ", chain.len()))
            .await;
        journey.press("d");
        journey
            .until_text(&format!("Delete {} items for good?", chain.len()))
            .await;
        journey.confirm().await;
        journey
            .until_text(&format!("{} deleted", chain.len()))
            .await;
        let (service, _ledger, _folder) = journey.quit().await;
        let left = service.response_ids();
        assert!(chain.iter().all(|id| !left.contains(id)));
        assert_eq!(left.len(), ids.len() - chain.len());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_screen_goes_on_while_the_service_is_silent() {
    tell(async {
        let mut options = Start::default().options;
        options.faults.latency = Duration::from_hours(1);
        let mut journey = Journey::begin(Start {
            options,
            ..Start::default()
        })
        .await;
        journey.until_text("1/5").await;
        journey.press("d");
        journey.until_text("Delete 1 item for good?").await;
        journey.confirm().await;
        journey.until_text("sending 1").await;
        // Nothing of this waits for the service.
        journey.press("?");
        journey.until_text("half a page down").await;
        journey.press("esc G");
        journey.until_text("5/5").await;
        journey.signals.send(Signal::Terminate).await.unwrap();
        let (service, ledger, _folder) = journey.end().await;
        // It left with its request on the wire, and the ledger knows of it.
        let rows = everything(&ledger).await;
        assert_eq!(states(&rows, Kind::Response, State::Sending), 1);
        assert_eq!(service.response_ids().len(), 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "makes assets/screen.svg"]
async fn picture_for_the_readme() {
    tell(async {
        let mut options = Start::default().options;
        options.responses = 40;
        options.files = 12;
        let mut journey = Journey::begin(Start {
            options,
            known: 40,
            ..Start::default()
        })
        .await;
        journey.until_text("1/40").await;
        journey.press("2 r");
        journey.until_text("12 files synced · 12 new").await;
        journey.press("1 a r U");
        journey.until_text("fetched 40 of 40").await;
        journey.press("g v jjjj v d");
        journey.until_text("Delete 5 items for good?").await;
        // From here on the service takes its time, so that the batch is seen at work.
        journey.service.set_faults(emulator::Faults {
            latency: Duration::from_millis(1_500),
            ..emulator::Faults::default()
        });
        journey.confirm().await;
        journey.until_text("on the wire").await;
        journey.press("z");
        journey.until_text("sending 1").await;
        crate::picture::write(&journey.frames.borrow());
        journey.until_text("batch 1 done").await;
        journey.quit().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_instance_died_with_can_be_deleted_without_a_restart() {
    tell(async {
        let mut journey = Journey::begin(Start::default()).await;
        journey.until_text("5 responses · 0 files").await;
        // It had all five in hand, one of them on the wire.
        let other = Ledger::open(journey.folder.path(), "default").unwrap();
        let rows = everything(&other).await.into_iter().map(|it| it.row);
        let now = Timestamp::now();
        let (batch, _) = other.enqueue(rows.collect(), now).await.unwrap().unwrap();
        other.intend(batch, 1, now).await.unwrap();
        drop(other);
        journey.press("d");
        journey.until_text("deletions were never sent").await;
        journey.until_it_listens().await;
        journey.press("esc a d");
        journey.until_text("Delete 5 items for good?").await;
        journey.confirm().await;
        journey.until_text("5 deleted").await;
        let (service, ledger, _folder) = journey.quit().await;
        let rows = everything(&ledger).await;
        assert_eq!(states(&rows, Kind::Response, State::Deleted), 5);
        assert!(service.response_ids().is_empty());
    })
    .await;
}

#[tokio::test]
async fn ids_that_were_just_added_are_not_lost_by_quitting() {
    tell(async {
        let mut journey = Journey::begin(Start {
            known: 0,
            ..Start::default()
        })
        .await;
        journey.until_text("0 responses · 0 files").await;
        // One thread: nothing is written before the loop waits for something.
        journey.press("n resp_typed enter q");
        let (_service, ledger, _folder) = journey.end().await;
        let rows = everything(&ledger).await;
        assert_eq!(rows.len(), 1, "{rows:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refreshed_responses_point_at_their_files_in_the_review() {
    tell(async {
        let start = Start {
            options: emulator::Options {
                responses: 60,
                files: 12,
                api_key: Some(KEY.to_owned()),
                ..emulator::Options::default()
            },
            known: 60,
            ..Start::default()
        };
        let mut journey = Journey::begin(start).await;
        journey.until_text("60 responses · 0 files").await;
        journey.press("2 r");
        journey.until_text("60 responses · 12 files").await;
        journey.press("a d");
        journey.until_it_listens().await;
        let screen = text(&journey.frames.borrow());
        assert!(!screen.contains("cited by"), "{screen}");
        journey.press("esc 1 a r");
        journey.until_text("fetched 60 of 60").await;
        journey.press("2 d");
        journey
            .until_text("cited by responses that stay and may need them again.")
            .await;
        journey.until_text(" · cited by resp_").await;
        journey.until_it_listens().await;
        journey.press("esc");
        journey.quit().await;
    })
    .await;
}

/// A line of a log for each id.
fn log(ids: &[String]) -> String {
    let lines = ids.iter().map(|id| format!("INFO made {id} in 4 ms\n"));
    lines.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ids_are_imported_from_a_log_by_its_path() {
    tell(async {
        let mut journey = Journey::begin(Start {
            known: 1,
            ..Start::default()
        })
        .await;
        journey.until_text("1 response · 0 files").await;
        let ids = journey.service.response_ids();
        std::fs::write(journey.folder.path().join("old.log"), log(&ids)).unwrap();
        std::fs::write(
            journey.folder.path().join("old.txt"),
            "nothing\nof any use\n",
        )
        .unwrap();
        // Mistyped: it says so, and what was typed is still there.
        journey.press("i");
        journey.until_text("Import ids").await;
        journey.press("~/old.lug enter");
        journey.until_text("there is no such file").await;
        journey.until_text("> ~/old.lug").await;
        for _ in 0..5 {
            journey.key(KeyCode::Backspace);
        }
        journey.until_text("> ~/ol▏").await;
        // Two names go on so.
        journey.press("tab");
        journey.until_text("> ~/old.▏").await;
        journey.until_text("old.txt").await;
        journey.press("l tab");
        journey.until_text("> ~/old.log▏").await;
        journey.press("enter");
        journey
            .until_text("imported ~/old.log: added: 4 · known already: 1 · rejected: 0")
            .await;
        journey.until_text("5 responses · 0 files").await;
        // A list: the first of its lines that are no ids are named.
        let bad = "resp_0217****\n".repeat(5);
        let list = journey.folder.path().join("ids.list");
        std::fs::write(list, format!("{}\n{bad}", ids[0])).unwrap();
        journey.press("i ~/ids.list enter");
        journey.until_text("imported ~/ids.list: added: 0").await;
        journey.press("3");
        journey
            .until_text("ids.list, line 4, is no id: it is masked")
            .await;
        assert!(!text(&journey.frames.borrow()).contains("line 5, is no id"));
        let (_service, ledger, _folder) = journey.quit().await;
        let rows = everything(&ledger).await;
        assert_eq!(states(&rows, Kind::Response, State::Tracked), 5);
        let imported = rows.iter().filter(|r| r.source == Source::Import);
        assert_eq!(imported.count(), 4);
    })
    .await;
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_goes_on_behind_the_screen_and_can_be_stopped() {
    use std::io::Write as _;

    tell(async {
        let mut journey = Journey::begin(Start {
            known: 0,
            ..Start::default()
        })
        .await;
        let ids = journey.service.response_ids();
        let pipe = journey.folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        journey.press("i ~/pipe enter");
        // Opens once somebody reads; stays open, so that the import has no end of its own.
        let writer = tokio::task::spawn_blocking(move || {
            let mut writer = std::fs::File::create(pipe).unwrap();
            writer.write_all(log(&ids[..3]).as_bytes()).unwrap();
            writer
        });
        journey.until_text("3 responses · 0 files").await;
        journey.until_text("~/pipe: ").await;
        journey.press("i");
        journey.until_text("one import at a time").await;
        journey.press("?");
        journey.until_text("half a page down").await;
        journey.press("esc x");
        journey
            .until_text("stopped importing ~/pipe, what was found is kept: added: 3")
            .await;
        let writer = writer.await.unwrap();
        let (_service, ledger, _folder) = journey.quit().await;
        assert_eq!(everything(&ledger).await.len(), 3);
        drop(writer);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_uploaded_noted_and_chosen_to_free_its_room() {
    tell(async {
        let mut journey = Journey::begin(Start::default()).await;
        journey.until_text("5 responses · 0 files").await;
        let path = journey.folder.path().join("demo film.mp4");
        std::fs::write(&path, vec![7; 900_000]).unwrap();
        journey.press("2 u");
        journey.until_text("Upload files").await;
        journey.paste(path.to_str().unwrap());
        journey.press("enter");
        journey.until_text("uploaded demo film.mp4 as file-").await;
        // It takes room, and nobody has asked yet whether others do.
        journey.until_text("at least 900 kB of 1.0 GB").await;
        journey.until_text(" 1/1 ").await;
        // Several are shown first, with what they hold together.
        std::fs::write(path.with_file_name("more.mp4"), vec![7; 300_000]).unwrap();
        journey.press("u");
        journey.until_text("Upload files").await;
        journey.paste(path.with_file_name("*.mp4").to_str().unwrap());
        journey.press("enter");
        journey.until_text("2 files, 1.2 MB in all").await;
        // By its words, where the key is not known.
        journey.press("esc :TAGS enter");
        journey.until_text("Tags and note").await;
        journey.paste("demo");
        journey.press("tab");
        journey.paste("for the talk");
        journey.press("enter /note:talk enter");
        journey.until_text("note for the talk").await;
        journey.press("f");
        journey.until_text("Free some room").await;
        journey.paste("500kB");
        journey.press("enter");
        journey.until_text("1 file chosen, 900 kB: enough").await;
        journey.press("enter d");
        journey.until_text("Delete 1 item for good?").await;
        journey.confirm().await;
        journey.until_text("batch 1 done: 1 deleted").await;
        let (service, ledger, _folder) = journey.quit().await;
        let rows = everything(&ledger).await;
        let file = rows.iter().find(|row| row.kind == Kind::File).unwrap();
        assert_eq!((file.source, file.state), (Source::Upload, State::Deleted));
        assert_eq!(file.tags, ["demo"]);
        assert_eq!(service.file_ids().len(), 4, "what was there before");
    })
    .await;
}
