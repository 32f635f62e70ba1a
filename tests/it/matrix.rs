//! The fault matrix: everything that can go wrong on the wire, each for every DELETE of a batch of 500,
//! through the real binary. What is printed, the exit code, what is then true at the service, how long
//! it takes and how much memory it needs.
//!
//! `ARKDECK_MATRIX_ITEMS=100 cargo test --test it matrix::` is a shorter form of it.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::{Duration, Instant};

use arkdeck::emulator::{Fault, Faults, Options, RetryAfter, Rule, Scope, When};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::cli::{Deck, delete_all, lines};
use crate::stub::{Stub, Then};

/// Deletions for each fault.
const ITEMS: usize = 500;
/// Six tries wait 15.5 s at most between them; the rest is for several cases that run side by side.
const LONGEST: Duration = Duration::from_mins(1);
/// Cases side by side. Mostly they wait.
const ABREAST: usize = 6;
/// More than the fault-free run needs, in KiB: room for the answers that are read at one time.
const ROOM: u64 = 24 * 1024;

/// What is at the service when a run is over.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    All,
    Some,
    None,
}

struct Case {
    name: &'static str,
    /// For these ids, and this address of somebody else.
    faults: fn(&[String], &str) -> Faults,
    /// Each occurs, and no other.
    outcomes: &'static [&'static str],
    code: i32,
    left: Left,
    /// What the profile waits for an answer, in seconds.
    timeout: u64,
}

/// Longer than a busy machine takes.
const LONG: u64 = 10;

const DONE: (&[&str], i32, Left) = (&["deleted"], 0, Left::None);
const GONE: (&[&str], i32, Left) = (&["gone"], 0, Left::None);
/// It was done, and nobody knows.
const DOUBT: (&[&str], i32, Left) = (&["unsettled"], 1, Left::None);
/// It was not done, and nobody knows.
const VAIN: (&[&str], i32, Left) = (&["unsettled"], 1, Left::All);
const FAILED: (&[&str], i32, Left) = (&["failed"], 1, Left::All);
const REFUSED: (&[&str], i32, Left) = (&["refused"], 1, Left::All);
/// The batch ends with the first answers.
const HALTED: (&[&str], i32, Left) = (&["failed", "cancelled"], 1, Left::All);
/// Nobody is there: the rest is spared the wait.
const SILENCE: (&[&str], i32, Left) = (&["unsettled", "cancelled"], 1, Left::All);
/// The same, and what was sent was done.
const LOST: (&[&str], i32, Left) = (&["unsettled", "cancelled"], 1, Left::Some);
/// Halted, because it is the key.
const NO_ENTRY: (&[&str], i32, Left) = (&["failed", "cancelled"], 3, Left::All);

fn always(fault: Fault) -> Faults {
    rules(vec![Rule::always(Scope::Deletes, fault)])
}

fn rules(rules: Vec<Rule>) -> Faults {
    Faults {
        rules,
        ..Faults::default()
    }
}

/// So many times for each id, then no more.
fn times(count: u32, ids: &[String], fault: &Fault) -> Faults {
    let each = |id: &String| Rule::times(count, Scope::DeletesOf(id.clone()), fault.clone());
    rules(ids.iter().map(each).collect())
}

fn limited(retry_after: RetryAfter) -> Faults {
    Faults {
        rate_limit: Some(250),
        retry_after,
        ..Faults::default()
    }
}

fn cases() -> Vec<Case> {
    type Expected = (&'static [&'static str], i32, Left);
    let case = |name, (outcomes, code, left): Expected, faults| Case {
        name,
        faults,
        outcomes,
        code,
        left,
        timeout: LONG,
    };
    // Silence is waited out.
    let silent = |case: Case| Case { timeout: 1, ..case };
    vec![
        case("latency and jitter", DONE, |_, _| Faults {
            latency: Duration::from_millis(20),
            jitter: Duration::from_millis(60),
            ..Faults::default()
        }),
        case("rate limit", DONE, |_, _| limited(RetryAfter::Absent)),
        case("rate limit, Retry-After in seconds", DONE, |_, _| {
            limited(RetryAfter::Seconds(1))
        }),
        case("rate limit, Retry-After as a date", DONE, |_, _| {
            limited(RetryAfter::Date(Duration::from_secs(2)))
        }),
        case("500 twice", DONE, |ids, _| {
            times(2, ids, &Fault::Error(500))
        }),
        case("502 twice", DONE, |ids, _| {
            times(2, ids, &Fault::Error(502))
        }),
        case("503 twice", DONE, |ids, _| {
            times(2, ids, &Fault::Error(503))
        }),
        case("504 twice", DONE, |ids, _| {
            times(2, ids, &Fault::Error(504))
        }),
        case("500 for ever", FAILED, |_, _| always(Fault::Error(500))),
        case("503 for ever", FAILED, |_, _| always(Fault::Error(503))),
        case("reset before applying, once", DONE, |ids, _| {
            times(1, ids, &Fault::Drop(When::Before))
        }),
        case("reset after applying, once", GONE, |ids, _| {
            times(1, ids, &Fault::Drop(When::After))
        }),
        case("reset before applying, for ever", VAIN, |_, _| {
            always(Fault::Drop(When::Before))
        }),
        case("reset after applying, for ever", DOUBT, |_, _| {
            always(Fault::Drop(When::After))
        }),
        case("truncation", DOUBT, |_, _| always(Fault::Truncated)),
        case("malformed JSON", DOUBT, |_, _| always(Fault::MalformedJson)),
        // What the body says counts: gateways are known to relabel.
        case("wrong content type", DONE, |_, _| {
            always(Fault::WrongContentType)
        }),
        case("a login page", VAIN, |_, _| always(Fault::Html)),
        case("a gateway's 404", HALTED, |_, _| {
            always(Fault::Answer {
                when: When::Before,
                status: 404,
                content_type: Some("text/html".to_owned()),
                body: "<html><h1>404 Not Found</h1></html>".to_owned(),
            })
        }),
        case("a refused key", NO_ENTRY, |_, _| always(Fault::Error(401))),
        case("deleted:false", REFUSED, |_, _| always(Fault::NotDeleted)),
        case("another id", VAIN, |_, _| always(Fault::OtherId)),
        case("a huge body", DOUBT, |_, _| always(Fault::Huge(64 << 20))),
        silent(case("a slow drip", DOUBT, |_, _| {
            always(Fault::Drip(Duration::from_millis(200)))
        })),
        case("a drip that is fast enough", DONE, |_, _| {
            always(Fault::Drip(Duration::from_millis(1)))
        }),
        silent(case("silence before applying", SILENCE, |_, _| {
            always(Fault::Silence(When::Before))
        })),
        silent(case("silence after applying", LOST, |_, _| {
            always(Fault::Silence(When::After))
        })),
        case("a redirect elsewhere", HALTED, |_, elsewhere| {
            always(Fault::Redirect(format!("{elsewhere}/responses/x")))
        }),
    ]
}

struct Ran {
    code: i32,
    told: Vec<Value>,
    err: String,
    took: Duration,
    /// The most memory it had, in KiB.
    peak: u64,
}

async fn deck(items: usize) -> Deck {
    let deck = Deck::start(Options {
        responses: items,
        ..Options::default()
    })
    .await;
    let ids = deck.emulator.response_ids().join("\n");
    let ran = deck.run_fed(&["add", "--from", "-"], &ids);
    assert_eq!(ran.code, 0, "{ran:?}");
    deck
}

fn be_patient(deck: &Deck, seconds: u64) {
    let dir = deck.path().join(".config/arkdeck");
    std::fs::create_dir_all(&dir).unwrap();
    let config = format!("[profiles.default]\ntimeout_seconds = {seconds}\n");
    std::fs::write(dir.join("config.toml"), config).unwrap();
}

async fn run(deck: &Deck, args: &[&str]) -> Ran {
    let began = Instant::now();
    let mut command = tokio::process::Command::from(deck.command(args));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().unwrap();
    let status = format!("/proc/{}/status", child.id().unwrap());
    let mut err = child.stderr.take().unwrap();
    let err = tokio::spawn(async move {
        let mut text = String::new();
        err.read_to_string(&mut text).await.unwrap();
        text
    });
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut text, mut peak) = (String::new(), 0);
    while let Some(line) = out.next_line().await.unwrap() {
        text.push_str(&line);
        text.push('\n');
        // With each line, because a process that has ended has no memory to tell of.
        let status = std::fs::read_to_string(&status).unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let most = most.and_then(|most| most.trim().strip_suffix(" kB"));
        peak = peak.max(most.map_or(0, |most| most.parse().unwrap()));
    }
    let status = child.wait().await.unwrap();
    Ran {
        code: status.code().unwrap(),
        told: lines(&text),
        err: err.await.unwrap(),
        took: began.elapsed(),
        peak,
    }
}

fn outcomes(told: &[Value]) -> BTreeSet<&str> {
    told.iter()
        .map(|line| line["outcome"].as_str().unwrap())
        .collect()
}

/// Holds a run to its case; the line of the report.
async fn hold(case: Case, items: usize, flat: u64) -> String {
    let Case { name, .. } = case;
    let elsewhere = Stub::start(
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        Then::KeepAlive,
    );
    let elsewhere = elsewhere.await;
    let deck = deck(items).await;
    let ids = deck.emulator.response_ids();
    deck.emulator
        .set_faults((case.faults)(&ids, &elsewhere.base_url));
    be_patient(&deck, case.timeout);
    let ran = tokio::time::timeout(LONGEST, run(&deck, &delete_all("128"))).await;
    let ran = ran.unwrap_or_else(|_| panic!("{name}: longer than {LONGEST:?}"));

    assert_eq!(ran.code, case.code, "{name}: {}", ran.err);
    let wanted: BTreeSet<&str> = case.outcomes.iter().copied().collect();
    assert_eq!(outcomes(&ran.told), wanted, "{name}: {}", ran.err);
    let told: BTreeSet<&str> = ran.told.iter().map(|l| l["id"].as_str().unwrap()).collect();
    assert_eq!(
        (ran.told.len(), told.len()),
        (items, items),
        "{name}: one line each"
    );
    let left = deck.emulator.response_ids().len();
    let is_so = match case.left {
        Left::All => left == items,
        Left::Some => (1..items).contains(&left),
        Left::None => left == 0,
    };
    assert!(is_so, "{name}: {left} left at the service");
    for line in &ran.told {
        let is_sent = line["outcome"] != "cancelled";
        assert_eq!(
            line["attempts"].as_u64() > Some(0),
            is_sent,
            "{name}: {line}"
        );
    }
    assert_eq!(
        elsewhere.heads(),
        Vec::<String>::new(),
        "{name}: sent elsewhere"
    );
    assert!(!ran.err.contains("secret"), "{name}: {}", ran.err);
    assert!(
        ran.peak <= flat + ROOM,
        "{name}: {} KiB, and {flat} without faults",
        ran.peak
    );

    // In better weather nothing is in doubt any more, and what is still there can go.
    deck.emulator.set_faults(Faults::default());
    be_patient(&deck, LONG);
    let resumed = run(&deck, &["resume", "-o", "jsonl"]).await;
    assert_eq!(resumed.code, 0, "{name}: {}", resumed.err);
    if outcomes(&ran.told).contains("unsettled") {
        let wanted = if case.left == Left::All {
            "deleted"
        } else {
            "gone"
        };
        assert_eq!(outcomes(&resumed.told), BTreeSet::from([wanted]), "{name}");
    }
    let rest = run(&deck, &delete_all("128")).await;
    assert_eq!(rest.code, 0, "{name}: {}", rest.err);
    assert!(deck.emulator.response_ids().is_empty(), "{name}");
    format!(
        "{name:36} {:22} {:5.1} s {:6} KiB",
        case.outcomes.join(", "),
        ran.took.as_secs_f64(),
        ran.peak
    )
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_comes_to_what_it_should_in_time_and_in_little_memory() {
    let items = std::env::var("ARKDECK_MATRIX_ITEMS");
    let items = items.map_or(ITEMS, |items| items.parse().unwrap());
    let began = Instant::now();
    let calm = deck(items).await;
    let fair = run(&calm, &delete_all("128")).await;
    assert_eq!(
        (fair.code, outcomes(&fair.told)),
        (0, BTreeSet::from(["deleted"]))
    );
    println!(
        "{items} deletions without faults: {:?}, {} KiB",
        fair.took, fair.peak
    );
    let held = cases().into_iter().map(|case| hold(case, items, fair.peak));
    let mut held = stream::iter(held).buffer_unordered(ABREAST);
    while let Some(line) = held.next().await {
        println!("{line}");
    }
    println!("{:.0} s in all", began.elapsed().as_secs_f64());
}
