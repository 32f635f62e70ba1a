//! The real binary in a real terminal: that it starts, works, and gives the terminal back.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use arkdeck::domain::{Facts, Kind, ResourceId, Sighting, Source};
use arkdeck::emulator::{self, Emulator, Fault, Faults, RetryAfter, Rule, Scope};
use arkdeck::store::Ledger;
use arkdeck::tui::{Guard, leave_on_panic};
use jiff::Timestamp;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;
use vt100::Parser;

/// No condition takes this long to come true.
const PATIENCE: Duration = Duration::from_secs(30);

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;
const KEY: &str = "ark-pty-key-0123456789";

/// A program in a terminal of its own.
struct Session {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: Parser,
    /// Everything the program wrote.
    bytes: Vec<u8>,
    /// The terminal's settings before the program started.
    settings: String,
}

impl Session {
    fn start(command: CommandBuilder) -> Self {
        let size = PtySize {
            rows: ROWS,
            cols: COLUMNS,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let settings = format!("{:?}", pair.master.get_termios().unwrap());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 8_192];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..read].to_vec()).is_err() {
                    return;
                }
            }
        });
        let screen = Parser::new(ROWS.try_into().unwrap(), COLUMNS.try_into().unwrap(), 0);
        Self {
            child,
            keys: pair.master.take_writer().unwrap(),
            master: pair.master,
            output,
            screen,
            bytes: Vec::new(),
            settings,
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Takes in output until a condition holds.
    fn until(&mut self, what: &str, is_so: impl Fn(&Parser) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(&self.screen) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.output.recv_timeout(left) else {
                panic!("{what} never came:\n{}", self.screen.screen().contents());
            };
            self.screen.process(&bytes);
            self.bytes.extend(bytes);
        }
    }

    fn until_text(&mut self, wanted: &str) {
        self.until(wanted, |screen| screen.screen().contents().contains(wanted));
    }

    /// Waits for the review to stop being deaf: its button is faint until then.
    fn until_ready(&mut self) {
        self.until("a Delete button that can be pressed", |screen| {
            let screen = screen.screen();
            (0..ROWS).any(|y| {
                let text = screen.contents_between(y, 0, y, COLUMNS);
                let Some(at) = text.find("[ Delete ]") else {
                    return false;
                };
                let x = u16::try_from(text[..at].chars().count()).unwrap();
                let faint = vt100::Color::Idx(8);
                screen
                    .cell(y, x + 3)
                    .is_some_and(|cell| cell.fgcolor() != faint)
            })
        });
    }

    /// Waits for the end, and checks that the terminal is as it was before.
    fn end(mut self) -> (u32, Vec<u8>) {
        let status = self.child.wait().unwrap();
        // The program is gone: what it wrote ends.
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.screen.process(&bytes);
            self.bytes.extend(bytes);
        }
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen was left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "paste is plain again");
        let settings = format!("{:?}", self.master.get_termios().unwrap());
        assert_eq!(settings, self.settings, "raw mode was left");
        (status.exit_code(), self.bytes)
    }

    fn signal(&self, name: &str) {
        let process = self.child.process_id().unwrap();
        let sent = Command::new("sh")
            .args(["-c", &format!("kill -{name} {process}")])
            .status();
        assert!(sent.unwrap().success());
    }

    /// Waits until the process is stopped; what continues it before that is lost.
    fn until_stopped(&self) {
        let status = format!("/proc/{}/stat", self.child.process_id().unwrap());
        let deadline = Instant::now() + PATIENCE;
        loop {
            let status = std::fs::read_to_string(&status).unwrap();
            // Its name comes before, in parentheses.
            let (_, state) = status.rsplit_once(") ").unwrap();
            if state.starts_with('T') {
                return;
            }
            assert!(Instant::now() < deadline, "it was never stopped");
        }
    }
}

fn arkdeck(data: &Path, service: &Emulator, args: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_arkdeck"));
    command.env_clear();
    command.env("TERM", "xterm-256color");
    command.env("HOME", data);
    command.env("ARK_API_KEY", KEY);
    command.env("ARK_BASE_URL", service.base_url());
    command.env("ARKDECK_DATA_DIR", data);
    command.env("ARKDECK_CONFIG", data.join("config.toml"));
    command.args(args);
    command
}

/// A service with something on it, and a ledger whose batches start at once.
async fn set() -> (Emulator, TempDir) {
    let service = Emulator::start(emulator::Options {
        responses: 3,
        files: 3,
        api_key: Some(KEY.to_owned()),
        ..emulator::Options::default()
    })
    .await
    .unwrap();
    let data = TempDir::new().unwrap();
    let config = "[profiles.default]\nundo_seconds = 0\n";
    std::fs::write(data.path().join("config.toml"), config).unwrap();
    (service, data)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deletes_one_response_and_one_file_and_gives_the_terminal_back() {
    let (service, data) = set().await;
    let response = service.response_ids().remove(0);
    let mut session = Session::start(arkdeck(data.path(), &service, &[]));
    session.until_text("No responses yet");
    // By bracketed paste, as a terminal sends it.
    session.press(&format!("\x1b[200~{response}\x1b[201~"));
    session.until_text("1 to add, 0 to correct");
    session.press("\r");
    session.until_text("1/1");
    session.press("d");
    session.until_text("Delete 1 item for good?");
    session.until_ready();
    session.press("y");
    session.until_text("batch 1 done: 1 deleted");
    session.press("2r");
    session.until_text("3 files synced · 3 new");
    session.press("d");
    session.until_text("Delete 1 item for good?");
    session.until_ready();
    session.press("y");
    session.until_text("batch 2 done: 1 deleted");
    session.press("q");
    let (code, bytes) = session.end();
    assert_eq!(code, 0);
    assert!(!service.response_ids().contains(&response));
    assert_eq!(
        (service.response_ids().len(), service.file_ids().len()),
        (2, 2)
    );
    let text = String::from_utf8_lossy(&bytes);
    assert!(!text.contains(KEY), "the key was on the screen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ends_on_signals_and_gives_the_terminal_back() {
    for signal in ["TERM", "HUP", "INT"] {
        let (service, data) = set().await;
        let mut session = Session::start(arkdeck(data.path(), &service, &[]));
        session.until_text("No responses yet");
        session.signal(signal);
        let (code, _) = session.end();
        assert_eq!(code, 0, "{signal}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_suspended_by_ctrl_z_and_draws_again_when_continued() {
    let (service, data) = set().await;
    let mut session = Session::start(arkdeck(data.path(), &service, &[]));
    session.until_text("No responses yet");
    session.press("\x1a");
    session.until("the main screen", |screen| {
        !screen.screen().alternate_screen()
    });
    session.until_stopped();
    session.signal("CONT");
    session.until_text("No responses yet");
    session.press("q");
    assert_eq!(session.end().0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_says_that_it_is_one_and_leaves_nothing_behind() {
    let (service, data) = set().await;
    let mut command = arkdeck(
        data.path(),
        &service,
        &["demo", "--responses", "8", "--files", "3"],
    );
    command.env("TMPDIR", data.path());
    let mut session = Session::start(command);
    session.until_text("DEMO");
    session.until_text("3 files synced · 3 new");
    session.press("q");
    assert_eq!(session.end().0, 0);
    assert!(service.requests().is_empty(), "a demo asks nobody else");
    let left: Vec<_> = std::fs::read_dir(data.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["config.toml"], "only what was there before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_it_opens_and_says_how_to_get_one() {
    let (service, data) = set().await;
    let mut command = arkdeck(data.path(), &service, &["--lang", "zh-CN"]);
    command.env_remove("ARK_API_KEY");
    let mut session = Session::start(command);
    session.until_text("没有 API Key");
    session.until_text("https://console.volcengine.com/ark");
    session.press("q");
    assert_eq!(session.end().0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_instance_does_shows_by_itself() {
    let (service, data) = set().await;
    let mut session = Session::start(arkdeck(data.path(), &service, &[]));
    session.until_text("No responses yet");
    let run = |args: &[&str]| {
        let status = Command::new(env!("CARGO_BIN_EXE_arkdeck"))
            .args(args)
            .env("ARK_API_KEY", KEY)
            .env("ARK_BASE_URL", service.base_url())
            .env("ARKDECK_DATA_DIR", data.path())
            .env("ARKDECK_CONFIG", data.path().join("config.toml"))
            .status();
        assert!(status.unwrap().success());
    };
    let response = service.response_ids().remove(0);
    run(&["add", &response]);
    session.until_text("tracked");
    session.until_text("1/1");
    run(&["delete", "--yes", &response]);
    session.until_text("deleted");
    session.until_text("0 responses");
    session.press("q");
    assert_eq!(session.end().0, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_run_never_sent_is_marked_and_reviewed_at_one_key() {
    let (service, data) = set().await;
    let ids = service.response_ids();
    let ledger = Ledger::open(data.path(), "default").unwrap();
    let sightings = ids.iter().map(|id| Sighting {
        kind: Kind::Response,
        id: ResourceId::new(id).unwrap(),
        source: Source::Hand,
        tags: Vec::new(),
        facts: Facts::default(),
    });
    let now = Timestamp::now();
    let tracked = ledger.track(sightings.collect(), now).await.unwrap();
    let rows = tracked[..2].iter().map(|t| t.row).collect();
    ledger.enqueue(rows, now).await.unwrap().unwrap();
    drop(ledger);

    let mut session = Session::start(arkdeck(data.path(), &service, &[]));
    session.until_text("Deletions never sent, now marked: 2 responses. d reviews them.");
    session.until_text("2 deletions were never sent; they are marked: d reviews them");
    assert_eq!(service.response_ids().len(), 3, "nothing is sent by itself");
    session.press("d");
    session.until_text("Delete 2 items for good?");
    session.until_ready();
    session.press("y");
    session.until_text("batch 2 done: 2 deleted");
    session.press("q");
    assert_eq!(session.end().0, 0);
    assert_eq!(service.response_ids(), ids[2..]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_counts_down_while_it_is_throttled() {
    let (service, data) = set().await;
    let fault = Fault::Limited(RetryAfter::Seconds(3));
    service.set_faults(Faults {
        rules: vec![Rule::times(1, Scope::Deletes, fault)],
        ..Faults::default()
    });
    let id = service.response_ids().remove(0);
    let session = Session::start(arkdeck(data.path(), &service, &["delete", "--yes", &id]));
    let (code, bytes) = session.end();
    assert_eq!(code, 0);
    let mut text = &*String::from_utf8_lossy(&bytes);
    for wanted in ["throttled for 3s", "throttled for 2s", "throttled for 1s"] {
        let found = text.split_once(wanted);
        text = found.unwrap_or_else(|| panic!("{wanted}: {text}")).1;
    }
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_is_reported() {
    // The guard and the hook of the program, in a process of its own that panics.
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.env("TERM", "xterm-256color");
    command.args([
        "--ignored",
        "--exact",
        "pty::takes_the_terminal_and_panics",
        "--nocapture",
    ]);
    let session = Session::start(command);
    let (code, bytes) = session.end();
    assert_ne!(code, 0);
    let text = String::from_utf8_lossy(&bytes);
    let left = text
        .find("\x1b[?1049l")
        .expect("the alternate screen was never left");
    let said = text.find("on purpose").expect("the panic was not reported");
    assert!(
        left < said,
        "the report would have been lost with the screen"
    );
}

#[test]
#[ignore = "half of a test, which runs it in a terminal of its own"]
fn takes_the_terminal_and_panics() {
    leave_on_panic(|| ());
    let _guard = Guard::enter().unwrap();
    panic!("on purpose");
}

/// What the terminal UI says when it cannot start on the files of `deck`.
pub(crate) fn refused(deck: &crate::cli::Deck) -> String {
    let plain = deck.command(&[]);
    let mut command = CommandBuilder::new(plain.get_program());
    command.env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.env("TERM", "xterm-256color");
    let (code, bytes) = Session::start(command).end();
    assert_ne!(code, 0);
    String::from_utf8_lossy(&bytes).into_owned()
}
