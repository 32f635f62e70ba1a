//! The command line as a tree. Its help texts are not here but in the catalogue, see [`super::help`];
//! values and defaults are named there too, translated, which is why clap is kept from adding them.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args as Group, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::config::{self, Overrides};
use crate::domain::{self, Kind, LabelError, Lang, Outcome, duration};

#[derive(Clone, Debug, Parser)]
#[command(
    name = "arkdeck",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Args {
    #[command(flatten)]
    pub global: Global,
    /// None: the terminal UI.
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Clone, Debug, Group)]
pub struct Global {
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    #[arg(long, global = true, value_name = "URL")]
    base_url: Option<String>,
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[arg(long, global = true)]
    read_only: bool,
    #[arg(long, global = true, value_name = "en|zh-CN", value_parser = lang)]
    lang: Option<Lang>,
    #[arg(short, long, global = true)]
    verbose: bool,
    #[arg(short, long, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
}

impl Global {
    pub fn overrides(&self) -> Overrides {
        Overrides {
            profile: self.profile.clone(),
            base_url: self.base_url.clone(),
            data_dir: self.data_dir.clone(),
            config: self.config.clone(),
            read_only: self.read_only,
            lang: self.lang,
            verbose: self.verbose,
        }
    }
}

#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    Demo(Demo),
    Emulate(Emulate),
    Add(Add),
    List(List),
    Show(Show),
    Sync(Sync),
    Upload(Upload),
    Delete(Delete),
    Plan(Plan),
    Apply(Apply),
    Forget(Ids),
    Protect(Ids),
    Unprotect(Ids),
    Tag(Tag),
    Resume(Resume),
    History(History),
    Doctor(Doctor),
    #[command(subcommand)]
    Config(Config),
    Completions(Completions),
    Man(Man),
}

/// What the emulator holds and how it misbehaves; the same flags for `demo` and `emulate`.
#[derive(Clone, Debug, Group)]
pub struct Seeds {
    #[arg(long, value_name = "N")]
    pub responses: Option<usize>,
    #[arg(long, value_name = "N")]
    pub files: Option<usize>,
    /// Milliseconds added to each answer.
    #[arg(long, value_name = "MS")]
    pub latency: Option<u64>,
    /// Requests a second for each call before 429.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub rate_limit: Option<u32>,
    /// How many of 100 requests fail with a 500.
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
    pub fail: Option<u8>,
}

#[derive(Clone, Debug, Group)]
pub struct Demo {
    #[command(flatten)]
    pub seeds: Seeds,
}

#[derive(Clone, Debug, Group)]
pub struct Emulate {
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:0",
        hide_default_value = true
    )]
    pub listen: SocketAddr,
    /// The emulator's own key, made up by whoever starts it: no secret.
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,
    #[command(flatten)]
    pub seeds: Seeds,
}

#[derive(Clone, Debug, Group)]
pub struct Add {
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    #[arg(long, value_name = "PATH|-")]
    pub from: Vec<PathBuf>,
    #[arg(long, value_name = "response|file", value_parser = kind)]
    pub kind: Option<Kind>,
    #[arg(long, value_name = "TAG", value_parser = tag)]
    pub tag: Vec<String>,
}

#[derive(Clone, Debug, Group)]
pub struct List {
    #[arg(value_name = "responses|files", value_parser = kind)]
    pub kind: Option<Kind>,
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true, value_parser = filter)]
    pub filter: Option<String>,
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, Group)]
pub struct Show {
    #[arg(value_name = "ID")]
    pub id: String,
    #[arg(long, value_name = "response|file", value_parser = kind)]
    pub kind: Option<Kind>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, Group)]
pub struct Sync {
    #[arg(long)]
    pub responses: bool,
}

#[derive(Clone, Debug, Group)]
pub struct Upload {
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,
    #[arg(long, value_name = "PURPOSE", default_value = domain::PURPOSE, hide_default_value = true, value_parser = purpose)]
    pub purpose: String,
    #[arg(long, value_name = "TIME", value_parser = moment, conflicts_with = "expires_in")]
    pub expire_at: Option<Timestamp>,
    #[arg(long, value_name = "DURATION", value_parser = span)]
    pub expires_in: Option<Duration>,
    #[arg(long, value_name = "TAG", value_parser = tag)]
    pub tag: Vec<String>,
    #[command(flatten)]
    pub output: Output,
}

/// What to delete; the same for `delete` and `plan`.
#[derive(Clone, Debug, Group)]
pub struct Choice {
    /// `-` reads ids from standard input. With a filter it would be anyone's guess whether both or
    /// either are meant, and the wrong guess cannot be undone.
    #[arg(value_name = "ID", conflicts_with = "filter")]
    pub ids: Vec<String>,
    #[arg(long, value_name = "response|file", value_parser = kind)]
    pub kind: Option<Kind>,
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true, value_parser = filter)]
    pub filter: Option<String>,
}

/// What to delete instead of ids: enough to free some room.
#[derive(Clone, Copy, Debug, Group)]
pub struct Room {
    #[arg(long, value_name = "SIZE", value_parser = size, conflicts_with = "ids")]
    pub free: Option<u64>,
    #[arg(long, requires = "free", conflicts_with = "largest")]
    pub oldest: bool,
    #[arg(long, requires = "free")]
    pub largest: bool,
}

#[derive(Clone, Debug, Group)]
pub struct Delete {
    #[command(flatten)]
    pub choice: Choice,
    #[command(flatten)]
    pub room: Room,
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub manner: Manner,
}

/// How to delete; the same flags for `delete` and `apply`.
#[derive(Clone, Copy, Debug, Group)]
pub struct Manner {
    #[arg(long, short)]
    pub yes: bool,
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: Option<u16>,
    #[arg(long, value_name = "N|unlimited", value_parser = rate)]
    pub rate: Option<Rate>,
    #[arg(long, value_name = "N")]
    pub max: Option<u64>,
    /// Ask for each again before it is called deleted.
    #[arg(long)]
    pub verify: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, Group)]
pub struct Plan {
    #[command(flatten)]
    pub choice: Choice,
    #[command(flatten)]
    pub room: Room,
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

#[derive(Clone, Debug, Group)]
pub struct Apply {
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// A plan is as good as the knowledge it was made with.
    #[arg(long, value_name = "TIME", default_value = "7d", hide_default_value = true, value_parser = span)]
    pub max_age: Duration,
    #[command(flatten)]
    pub manner: Manner,
}

/// Ids, and nothing else.
#[derive(Clone, Debug, Group)]
pub struct Ids {
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    #[arg(long, value_name = "response|file", value_parser = kind)]
    pub kind: Option<Kind>,
}

#[derive(Clone, Debug, Group)]
pub struct Tag {
    #[arg(value_name = "ID", conflicts_with = "filter")]
    pub ids: Vec<String>,
    #[arg(long, value_name = "response|file", value_parser = kind)]
    pub kind: Option<Kind>,
    #[arg(long, value_name = "QUERY", allow_hyphen_values = true, value_parser = filter)]
    pub filter: Option<String>,
    #[arg(long, value_name = "TAG", value_parser = tag)]
    pub add: Vec<String>,
    /// Any text: a tag that is no good any more must be possible to take off.
    #[arg(long, value_name = "TAG")]
    pub remove: Vec<String>,
    #[arg(long, value_name = "TEXT", value_parser = note)]
    pub note: Option<String>,
}

#[derive(Clone, Debug, Group)]
pub struct History {
    #[arg(value_name = "ID")]
    pub id: Option<String>,
    #[arg(long, value_name = "response|file", value_parser = kind)]
    pub kind: Option<Kind>,
    #[arg(long, value_name = "WORDS", allow_hyphen_values = true, value_parser = filter)]
    pub filter: Option<String>,
    #[arg(long, value_name = "OUTCOME", value_parser = outcome)]
    pub outcome: Option<Outcome>,
    #[arg(long, value_name = "N")]
    pub batch: Option<i64>,
    #[arg(long, value_name = "DURATION|DATE", value_parser = since)]
    pub since: Option<Since>,
    /// Of the whole history or not at all: a chain cannot be checked in parts.
    #[arg(long, conflicts_with_all = ["id", "kind", "filter", "outcome", "batch", "since"])]
    pub check: bool,
    #[arg(long, value_name = "DURATION", value_parser = span,
        conflicts_with_all = ["id", "kind", "filter", "outcome", "batch", "since", "check"])]
    pub purge_older_than: Option<Duration>,
    #[arg(long, short, requires = "purge_older_than")]
    pub yes: bool,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, Group)]
pub struct Resume {
    #[command(flatten)]
    pub output: Output,
}

#[derive(Clone, Debug, Group)]
pub struct Doctor {
    #[arg(long)]
    pub probe: bool,
}

#[derive(Clone, Copy, Debug, Subcommand)]
pub enum Config {
    Path,
    Init,
    Show,
    Check,
}

#[derive(Clone, Debug, Group)]
pub struct Completions {
    #[arg(
        value_name = "bash|elvish|fish|powershell|zsh",
        hide_possible_values = true
    )]
    pub shell: clap_complete::Shell,
}

#[derive(Clone, Debug, Group)]
pub struct Man {
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
}

#[derive(Clone, Copy, Debug, Group)]
pub struct Output {
    #[arg(
        id = "output",
        short,
        long = "output",
        value_name = "table|json|jsonl|csv|id",
        hide_possible_values = true
    )]
    format: Option<Format>,
}

impl Output {
    pub fn format(self) -> Format {
        self.format.unwrap_or_default()
    }
}

/// How results are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One array.
    Json,
    /// One object a line.
    Jsonl,
    Csv,
    /// Only the ids, one a line.
    Id,
}

/// Requests a second; `None` = unlimited.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(pub Option<f64>);

/// The beginning of a stretch of time that ends now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    Ago(Duration),
    At(Timestamp),
}

fn since(text: &str) -> Result<Since, &'static str> {
    if let Ok(age) = span(text) {
        Ok(Since::Ago(age))
    } else if let Ok(at) = moment(text) {
        Ok(Since::At(at))
    } else {
        Err("it is 90s, 15m, 12h, 3d or 2w, a date such as 2026-11-21, or a time of RFC 3339")
    }
}

/// A time, or the beginning of a day in UTC.
fn moment(text: &str) -> Result<Timestamp, &'static str> {
    let midnight = || {
        let date: Date = text.parse().ok()?;
        Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp())
    };
    let time = text.parse().ok().or_else(midnight);
    time.ok_or("it is a date such as 2026-11-21, or a time of RFC 3339")
}

fn purpose(text: &str) -> Result<String, &'static str> {
    if domain::is_purpose(text) {
        Ok(text.to_owned())
    } else {
        Err("it is a word such as user_data")
    }
}

/// As in a filter: `90m`, `12h`, `7d`.
fn span(text: &str) -> Result<Duration, &'static str> {
    duration(text)
        .and_then(|seconds| u64::try_from(seconds).ok())
        .map(Duration::from_secs)
        .ok_or("it is 90s, 15m, 12h, 3d or 2w")
}

fn size(text: &str) -> Result<u64, &'static str> {
    domain::size(text)
        .filter(|bytes| *bytes > 0)
        .ok_or("it is 500, 20KB, 10MB, 1.5GB or 1GiB")
}

fn outcome(text: &str) -> Result<Outcome, &'static str> {
    Outcome::parse(text).ok_or("it is deleted, gone, refused, failed, cancelled or unsettled")
}

/// A flag here is a filter that was forgotten, and negated it would be nearly everything: `-tag:x` is a
/// filter, `--yes` and `-y` are none.
fn filter(text: &str) -> Result<String, &'static str> {
    match text.as_bytes() {
        [b'-', b'-', ..] => {}
        [b'-', letter] if letter.is_ascii_alphabetic() => {}
        _ => return Ok(text.to_owned()),
    }
    Err("that is a flag, and the filter is missing; a space in front of it makes it a filter")
}

fn tag(text: &str) -> Result<String, LabelError> {
    domain::tag(text)
}

fn note(text: &str) -> Result<String, LabelError> {
    domain::note(text)
}

fn kind(text: &str) -> Result<Kind, &'static str> {
    text.parse().map_err(|()| "it is response or file")
}

fn lang(text: &str) -> Result<Lang, &'static str> {
    text.parse().map_err(|()| "it is en or zh-CN")
}

fn rate(text: &str) -> Result<Rate, &'static str> {
    config::parse_rate(text)
        .map(Rate)
        .ok_or("it is a number of requests a second above 0 and up to 100000, or `unlimited`")
}
