//! Finding ids in a large log side by side with what else could do it, in one run on one machine.
//!
//! ```text
//! cargo bench --bench import -- [--mb SIZE] [--rounds N] [--keep DIR]
//! ```
//!
//! The log is made up: lines of a service with times, levels, paths and trace ids, and an Ark id in one of
//! two hundred. It is read once before anybody is timed, so that all find it in the system's memory.
//! Arkdeck is the real binary; that it starts, keeps a ledger on a disk and tracks what it finds is part of
//! its time. The contestants take turns, and the best round of each counts.
//!
//! Refuses to judge: it prints figures and what is missing, and always succeeds.

#![expect(clippy::print_stdout, reason = "the table is what this is for")]

mod machine;

use std::error::Error;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

use machine::{high_water, machine};

type Outcome<T> = Result<T, Box<dyn Error>>;

const ARKDECK: &str = env!("CARGO_BIN_EXE_arkdeck");
/// The shapes that are searched for, as ripgrep finds them fastest: without word boundaries.
const PATTERN: &str = r"resp_02[0-9]{13}[0-9a-f]{38}|file-20[0-9]{12}-[a-z0-9]{5}";

/// How often it is looked how much memory there is in use.
const SAMPLES: Duration = Duration::from_millis(5);

struct Flags {
    megabytes: u64,
    rounds: u32,
    keep: Option<PathBuf>,
}

impl Flags {
    fn read() -> Outcome<Self> {
        let mut flags = Self {
            megabytes: 1_000,
            rounds: 3,
            keep: None,
        };
        let mut args = std::env::args().skip(1);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or("a value is missing");
            match arg.as_str() {
                "--mb" => flags.megabytes = value()?.parse()?,
                "--rounds" => flags.rounds = value()?.parse()?,
                "--keep" => flags.keep = Some(value()?.into()),
                // What cargo passes on.
                "--bench" => {}
                _ => return Err(format!("unknown argument {arg}").into()),
            }
        }
        Ok(flags)
    }
}

fn main() -> Outcome<()> {
    let flags = Flags::read()?;
    let folder = tempfile::tempdir()?;
    let place = flags.keep.as_deref().unwrap_or(folder.path());
    let log = place.join(format!("import-{}.log", flags.megabytes));
    if !log.exists() {
        make_log(&log, flags.megabytes * 1_000_000)?;
    }
    let size = io::copy(&mut File::open(&log)?, &mut io::sink())?;
    println!("{}; a log of {} MB\n", machine(), size / 1_000_000);
    let mut best: Vec<(&str, Result<Ran, String>)> = Vec::new();
    for _ in 0..flags.rounds.max(1) {
        for (name, command) in CONTESTANTS {
            let work = tempfile::tempdir()?;
            let ran = command(&log, work.path()).and_then(run);
            let ran = ran.map_err(|error| error.to_string());
            match best.iter_mut().find(|(known, _)| known == name) {
                None => best.push((name, ran)),
                Some((_, Ok(known))) => {
                    if let Ok(ran) = ran
                        && ran.took < known.took
                    {
                        *known = ran;
                    }
                }
                Some(_) => {}
            }
        }
    }
    let rg = best
        .first()
        .and_then(|(_, ran)| Some(ran.as_ref().ok()?.took));
    println!("| contestant | ids | seconds | MB/s | × rg (bar: 1.5) | peak RSS |");
    println!("|---|---:|---:|---:|---:|---:|");
    for (name, ran) in &best {
        match ran {
            Err(error) => println!("| {name} | – | {error} | – | – | – |"),
            Ok(Ran { took, peak, found }) => {
                #[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
                let rate = size as f64 / 1e6 / took.as_secs_f64();
                let ratio = rg.map_or("–".to_owned(), |rg| {
                    format!("{:.2}", took.as_secs_f64() / rg.as_secs_f64())
                });
                println!(
                    "| {name} | {found} | {:.3} | {rate:.0} | {ratio} | {} MiB |",
                    took.as_secs_f64(),
                    peak / 1024
                );
            }
        }
    }
    Ok(())
}

type Make = fn(&Path, &Path) -> Outcome<Command>;

const CONTESTANTS: &[(&str, Make)] = &[
    ("`rg -o`", |log, _| Ok(rg(PATTERN, log))),
    ("`rg -o` with `\\b` around it", |log, _| {
        Ok(rg(&format!(r"\b({PATTERN})\b"), log))
    }),
    ("`LC_ALL=C grep -oE`", |log, _| {
        let mut command = Command::new("grep");
        command.env("LC_ALL", "C").args(["-oE", PATTERN]).arg(log);
        Ok(command)
    }),
    ("**arkdeck add --from**", |log, work| {
        let mut command = Command::new(ARKDECK);
        command.args(["add", "--from"]).arg(log);
        settings(&mut command, work)?;
        Ok(command)
    }),
    ("**cat \\| arkdeck add**", |log, work| {
        let mut cat = Command::new("cat");
        let cat = cat.arg(log).stdout(Stdio::piped()).spawn()?;
        let mut command = Command::new(ARKDECK);
        command.arg("add").stdin(cat.stdout.ok_or("no output")?);
        settings(&mut command, work)?;
        Ok(command)
    }),
];

fn rg(pattern: &str, log: &Path) -> Command {
    let mut command = Command::new("rg");
    command
        .args(["--no-config", "-o", "--no-line-number", pattern])
        .arg(log);
    command
}

fn settings(command: &mut Command, work: &Path) -> io::Result<()> {
    let config = work.join("config.toml");
    fs::write(&config, "")?;
    command
        .env("ARKDECK_DATA_DIR", work.join("data"))
        .env("ARKDECK_CONFIG", config);
    Ok(())
}

struct Ran {
    took: Duration,
    /// The most memory it ever had, in KiB.
    peak: u64,
    /// Lines printed.
    found: usize,
}

fn run(mut command: Command) -> Outcome<Ran> {
    let start = Instant::now();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut output = child.stdout.take().ok_or("no output")?;
    let id = child.id();
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        io::copy(&mut output, &mut text).map(|_| text)
    });
    let (ended, end) = mpsc::channel();
    thread::spawn(move || ended.send((child.wait(), Instant::now())));
    let mut peak = 0;
    // The system keeps the most that it had, for as long as it lives.
    let (status, stop) = loop {
        match end.recv_timeout(SAMPLES) {
            Err(RecvTimeoutError::Timeout) => peak = peak.max(high_water(id)),
            ended => break ended?,
        }
    };
    let (status, took) = (status?, stop - start);
    let text = reader.join().map_err(|_| "the reader panicked")??;
    if !status.success() {
        return Err(format!("it ended with {status}").into());
    }
    Ok(Ran {
        took,
        peak,
        found: memchr::memchr_iter(b'\n', &text).count(),
    })
}

/// A service's log: an id in one of two hundred lines, and all else that logs have.
fn make_log(path: &Path, size: u64) -> Outcome<()> {
    const LEVELS: [&str; 4] = ["DEBUG", "INFO ", "INFO ", "WARN "];
    const PARTS: [&str; 6] = [
        "http.server",
        "worker-3",
        "db.pool",
        "auth",
        "profile-2026",
        "file-store",
    ];
    const TEXTS: [&str; 5] = [
        "request handled",
        "response sent, resp_time within limits",
        "retrying after 503 from upstream",
        "cache miss for key user:profile",
        "GET /api/v3/models?limit=20 HTTP/1.1",
    ];
    let mut random = SmallRng::seed_from_u64(2026);
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut line = String::new();
    let (mut written, mut number) = (0, 0_u64);
    while written < size {
        line.clear();
        let (second, millis) = (number / 40 % 60, number * 25 % 1_000);
        let (minute, hour) = (number / 2_400 % 60, number / 144_000 % 24);
        write!(
            line,
            "2026-11-21T{hour:02}:{minute:02}:{second:02}.{millis:03}Z {} [{}] {} trace={:016x} user={} ms={} bytes={}",
            LEVELS[random.random_range(0..LEVELS.len())],
            PARTS[random.random_range(0..PARTS.len())],
            TEXTS[random.random_range(0..TEXTS.len())],
            random.random::<u64>(),
            random.random_range(1_000..9_999_999),
            random.random_range(1..30_000),
            random.random_range(1..9_000_000),
        )?;
        if number.is_multiple_of(200) {
            let time = 1_795_227_300_000 + number;
            let (a, b) = (random.random::<u128>(), random.random::<u32>() & 0xff_ffff);
            write!(line, " id=resp_02{time}{a:032x}{b:06x}")?;
        }
        line.push('\n');
        file.write_all(line.as_bytes())?;
        written += line.len() as u64;
        number += 1;
    }
    file.flush()?;
    Ok(())
}
