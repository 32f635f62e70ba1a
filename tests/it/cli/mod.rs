//! The command line: the real binary against the real emulator, on a ledger of its own.

mod asking;
mod citations;
mod config;
mod deletion;
mod export;
mod free;
mod help;
mod history;
mod import;
mod labels;
mod ledger;
mod plan;
mod service;
mod upload;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use arkdeck::emulator::{Emulator, Options};
use tempfile::TempDir;

/// Looked for in everything the program prints and writes.
pub(crate) const KEY: &str = "ark-secret-0f9e8d7c";

/// A place for the program's files, and nothing of the environment of whoever runs the tests.
pub(crate) struct Deck {
    dir: TempDir,
    pub(crate) emulator: Emulator,
    vars: Vec<(&'static str, String)>,
}

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Deck {
    pub(crate) async fn start(options: Options) -> Self {
        let emulator = Emulator::start(Options {
            api_key: Some(KEY.to_owned()),
            ..options
        })
        .await
        .unwrap();
        let base_url = emulator.base_url();
        let dir = TempDir::new().unwrap();
        let home = dir.path().to_str().unwrap().to_owned();
        Self {
            dir,
            emulator,
            vars: vec![
                ("ARK_API_KEY", KEY.to_owned()),
                ("ARK_BASE_URL", base_url),
                ("HOME", home),
            ],
        }
    }

    pub(crate) async fn empty() -> Self {
        Self::start(Options::default()).await
    }

    /// The same with a variable set or, with no value, without it.
    pub(crate) fn var(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.vars.retain(|(known, _)| *known != name);
        self.vars
            .extend(value.map(|value| (name, value.to_owned())));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_arkdeck"));
        command
            .args(args)
            .env_clear()
            .envs(self.vars.iter().cloned())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().unwrap())
    }

    pub(crate) fn run_fed(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_owned();
        let feeder = std::thread::spawn(move || {
            // A program that reads no further is no failure of the test.
            let _ = stdin.write_all(input.as_bytes());
        });
        let output = child.wait_with_output().unwrap();
        feeder.join().unwrap();
        Ran::of(output)
    }

    /// Runs a command that has to do all it was asked; returns its results.
    #[track_caller]
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran.out
    }

    /// The ledger as `list -o jsonl` shows it.
    #[track_caller]
    pub(crate) fn list(&self, args: &[&str]) -> Vec<serde_json::Value> {
        let mut all = vec!["list", "-o", "jsonl"];
        all.extend(args);
        lines(&self.ok(&all))
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Self {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        };
        let told = format!("{}{}", ran.out, ran.err);
        assert!(!told.contains("secret"), "the key was printed: {told}");
        let obeyed = |c: char| c != '\n' && arkdeck::domain::is_obeyed(c);
        assert!(!told.contains(obeyed), "raw control characters: {told:?}");
        ran
    }
}

/// A service with so many responses, and their ids.
async fn with_responses(responses: usize) -> (Deck, Vec<String>) {
    let deck = Deck::start(Options {
        responses,
        ..Options::default()
    })
    .await;
    let ids = deck.emulator.response_ids();
    (deck, ids)
}

/// Deletes all responses of the ledger, so many at once, and tells of each.
pub(crate) fn delete_all(concurrency: &str) -> [&str; 8] {
    [
        "delete",
        "--filter",
        "kind:response",
        "--yes",
        "-o",
        "jsonl",
        "--concurrency",
        concurrency,
    ]
}

/// One JSON value for each line.
#[track_caller]
pub(crate) fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// An id of the shape of Ark's, different for each number.
pub(crate) fn response(number: u32) -> String {
    format!("resp_021795227300456{number:038x}")
}
