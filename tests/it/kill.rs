//! The kill test: the real binary deletes 2,000 responses in bad weather and is killed with SIGKILL at
//! random moments, until everything is done. After each kill and at the end the ledger is held against
//! the service's truth and the service's log against the journal.
//!
//! `ARKDECK_KILL_ROUNDS=50 cargo test --test it kill:: -- --nocapture` is the long form. Each round prints its
//! seed; `ARKDECK_KILL_SEED=<seed> ARKDECK_KILL_ROUNDS=1` gives the same weather and kills at the same
//! events again (what the system's scheduler does in between is its own affair).
#![expect(
    clippy::print_stdout,
    reason = "the seeds are what a failure is replayed with"
)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::File;
use std::process::Stdio;
use std::time::{Duration, Instant};

use arkdeck::domain::{ListQuery, Query, Resource, Sort, State, Tombstones};
use arkdeck::emulator::{Fault, Faults, Options, RetryAfter, Rule, Scope, Seen};
use arkdeck::store::Ledger;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::watch;

use crate::cli::Deck;
use crate::entries::{Entry, entries};

/// Rounds of the short form.
const ROUNDS: u64 = 3;
/// What is to be deleted in a round, the stubborn ones included.
const ITEMS: usize = 2_000;
/// Tracked, and not to be deleted.
const KEPT: usize = 40;
/// To be deleted, but the service says `deleted:false` each time.
const STUBBORN: usize = 10;
/// Runs that are to be killed, at most: some end before their moment comes.
const RUNS: usize = 12;
/// Passes after the last kill; a handful is usual.
const PASSES: usize = 40;

/// `SplitMix64`: the same numbers for a seed for ever, whatever any crate does.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// An event that a run is killed at, if it lives to see it.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// So many more requests have arrived.
    Arrivals(u64),
    /// So many more entries are in the journal: also while a batch is still being written down.
    Entries(i64),
    /// So many lines were printed.
    Lines(u64),
}

impl Moment {
    /// For a run that has `items` to deal with: early, in the middle, or anywhere.
    fn random(dice: &mut Dice, items: u64) -> Self {
        let limit = [30, 400, items][usize::try_from(dice.below(3)).unwrap()];
        let count = 1 + dice.below(limit.min(items).max(1));
        match dice.below(3) {
            0 => Self::Arrivals(count),
            // Three for each item that settles.
            1 => Self::Entries(3 * i64::try_from(count).unwrap()),
            _ => Self::Lines(count),
        }
    }
}

struct Round {
    deck: Deck,
    ids: Vec<String>,
}

impl Round {
    async fn start(seed: u64, dice: &mut Dice) -> Self {
        let deck = Deck::start(Options {
            responses: ITEMS + KEPT,
            seed,
            log_limit: usize::MAX,
            ..Options::default()
        })
        .await;
        let data = deck.path().join("data").to_str().unwrap().to_owned();
        let deck = deck.var("ARKDECK_DATA_DIR", Some(&data));
        let ids = deck.emulator.response_ids();
        let stubborn = ids[..STUBBORN]
            .iter()
            .map(|id| Rule::always(Scope::DeletesOf(id.clone()), Fault::NotDeleted));
        let millis = |dice: &mut Dice, limit| Duration::from_millis(dice.below(limit));
        let faults = Faults {
            latency: millis(dice, 8),
            jitter: millis(dice, 20),
            rate_limit: Some(600 + u32::try_from(dice.below(900)).unwrap()),
            retry_after: match dice.below(3) {
                0 => RetryAfter::Seconds(0),
                1 => RetryAfter::Date(Duration::from_millis(500)),
                _ => RetryAfter::Absent,
            },
            fail_percent: 5 + u8::try_from(dice.below(12)).unwrap(),
            rules: stubborn.collect(),
            ..Faults::default()
        };
        println!(
            "  {faults:?}",
            faults = Faults {
                rules: Vec::new(),
                ..faults.clone()
            }
        );
        deck.emulator.set_faults(faults);
        let add = |tag, ids: &[String]| {
            let ran = deck.run_fed(&["add", "--from", "-", "--tag", tag], &ids.join("\n"));
            assert_eq!(ran.code, 0, "{ran:?}");
        };
        add("go", &ids[..ITEMS]);
        add("keep", &ids[ITEMS..]);
        Self { deck, ids }
    }

    fn journal(&self) -> Connection {
        let path = self.deck.path().join("data/ledger.db");
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
    }

    /// Runs a command to its end, or to the moment at which it is killed: then `None`.
    async fn run(&self, args: &[&str], kill: Option<Moment>) -> Option<i32> {
        let mut command = tokio::process::Command::from(self.deck.command(args));
        let told = File::create(self.deck.path().join("stderr")).unwrap();
        command.stdout(Stdio::piped()).stderr(told);
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let (printed, mut lines) = watch::channel(0);
        let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
        let reading = tokio::spawn(async move {
            while let Ok(Some(_)) = out.next_line().await {
                printed.send_modify(|count| *count += 1);
            }
        });
        let arrived = self.deck.emulator.arrived();
        let moment = async {
            match kill {
                None => std::future::pending().await,
                Some(Moment::Arrivals(count)) => {
                    self.deck.emulator.wait_for_arrivals(arrived + count).await;
                }
                Some(Moment::Entries(count)) => {
                    let journal = self.journal();
                    let before = newest(&journal);
                    while newest(&journal) < before + count {
                        tokio::task::yield_now().await;
                    }
                }
                Some(Moment::Lines(count)) => {
                    // An error: there will be no more lines, and so the run is about to end.
                    if lines.wait_for(|lines| *lines >= count).await.is_err() {
                        std::future::pending::<()>().await;
                    }
                }
            }
        };
        let code = tokio::select! {
            status = child.wait() => Some(status.unwrap().code().unwrap()),
            () = moment => {
                child.kill().await.unwrap();
                None
            }
        };
        reading.await.unwrap();
        code
    }

    /// What went to standard error in the last run.
    fn told(&self) -> String {
        std::fs::read_to_string(self.deck.path().join("stderr")).unwrap()
    }

    async fn rows(&self) -> HashMap<String, Resource> {
        let ledger = Ledger::open_read_only(&self.deck.path().join("data"), "default").unwrap();
        let query = ListQuery {
            kind: None,
            query: Query::default(),
            sort: Sort::default(),
            tombstones: Tombstones::Show,
            now: Timestamp::now(),
        };
        let listing = ledger.listing(query).await.unwrap();
        let rows = ledger.rows(listing.rows).await.unwrap();
        let rows = rows.into_iter();
        rows.map(|row| (row.id.as_str().to_owned(), row)).collect()
    }

    /// Entries by id, in order.
    fn entries(&self) -> HashMap<String, Vec<Entry>> {
        let mut of_id: HashMap<String, Vec<Entry>> = HashMap::new();
        for entry in entries(&self.journal()) {
            of_id.entry(entry.id.clone()).or_default().push(entry);
        }
        of_id
    }

    /// What holds at every moment, between any two runs.
    async fn check(&self) {
        // The ledger first: what a killed run left on the wire may still be carried out.
        let rows = self.rows().await;
        let there: HashSet<String> = self.deck.emulator.response_ids().into_iter().collect();
        let entries = self.entries();
        let requests = self.deck.emulator.requests();
        let mut deletes: HashMap<&str, Vec<&Seen>> = HashMap::new();
        let mut numbers: HashMap<&str, u64> = HashMap::new();
        for seen in &requests {
            if let Some(sent) = &seen.client_request_id {
                numbers.insert(sent, seen.number);
            }
            if seen.method == axum::http::Method::DELETE {
                let id = seen.path.rsplit('/').next().unwrap();
                deletes.entry(id).or_default().push(seen);
            }
        }
        assert_eq!(
            rows.len(),
            ITEMS + KEPT,
            "no id is lost and none is invented"
        );
        for (n, id) in self.ids.iter().enumerate() {
            let state = rows[id].state;
            let entries = entries.get(id).map_or(&[][..], Vec::as_slice);
            let deletes = deletes.get(id.as_str()).map_or(&[][..], Vec::as_slice);
            let is_there = there.contains(id);
            match state {
                State::Deleted | State::Gone => assert!(!is_there, "{id}: {state:?} and there"),
                State::Sending | State::Unsettled => {}
                // Waiting to be settled: it goes back into doubt, not to tracked.
                State::Queued if is_in_doubt(entries) => {}
                _ => assert!(
                    is_there,
                    "{id}: {state:?}, but gone: a deletion is forgotten"
                ),
            }
            if n >= ITEMS {
                assert_eq!(
                    (state, deletes.len()),
                    (State::Tracked, 0),
                    "{id} was not asked for"
                );
            }
            let intents = entries.iter().filter(|e| e.word == "intent").count();
            assert!(
                intents > 0 || deletes.is_empty(),
                "{id}: sent without an intent"
            );
            check_settled(id, state, entries, deletes, &numbers);
        }
    }

    /// How many are in doubt, and how many are not deleted.
    async fn left(&self) -> (u64, u64) {
        let rows = self.rows().await;
        let go = self.ids[..ITEMS].iter().map(|id| rows[id].state);
        let left = go.filter(|state| !matches!(state, State::Deleted | State::Gone));
        left.fold((0, 0), |(unsettled, left), state| {
            // A killed run's intents are in doubt once the next run has looked.
            let is_doubt = matches!(state, State::Unsettled | State::Sending);
            (unsettled + u64::from(is_doubt), left + 1)
        })
    }

    /// Deleted is what was to be deleted, but for the stubborn ones.
    async fn is_done(&self) -> bool {
        let rows = self.rows().await;
        let go = self.ids[..ITEMS].iter().enumerate();
        go.into_iter().all(|(n, id)| match rows[id].state {
            State::Deleted | State::Gone => true,
            State::Refused => n < STUBBORN,
            _ => false,
        })
    }
}

/// A success is the last entry, and its request the last DELETE that was ever sent.
fn check_settled(
    id: &str,
    state: State,
    entries: &[Entry],
    deletes: &[&Seen],
    numbers: &HashMap<&str, u64>,
) {
    let is_success = |entry: &Entry| {
        let outcome = entry.outcome.as_deref();
        entry.word == "settlement" && matches!(outcome, Some("deleted" | "gone"))
    };
    let Some(at) = entries.iter().position(is_success) else {
        let is_settled = matches!(state, State::Deleted | State::Gone);
        assert!(!is_settled, "{id}: {state:?} without a settlement");
        return;
    };
    assert_eq!(
        at + 1,
        entries.len(),
        "{id}: something follows its settlement"
    );
    let settled = entries[at].client_request_id.as_deref().unwrap();
    let settled = numbers[settled];
    let last = deletes.iter().map(|seen| seen.number).max();
    assert!(
        last <= Some(settled),
        "{id}: sent again after it was settled"
    );
}

/// The last thing heard of it was that nobody knows.
fn is_in_doubt(entries: &[Entry]) -> bool {
    let last = entries.iter().rfind(|entry| entry.word == "settlement");
    last.is_some_and(|entry| entry.outcome.as_deref() == Some("unsettled"))
}

fn newest(journal: &Connection) -> i64 {
    let count = "SELECT coalesce(max(seq), 0) FROM journal";
    journal.query_row(count, [], |row| row.get(0)).unwrap()
}

const DELETE: [&str; 6] = ["delete", "--filter", "tag:go", "--yes", "-o", "jsonl"];
/// So many that more than one thread sends.
const DELETE_MANY_AT_ONCE: [&str; 8] = [
    "delete",
    "--filter",
    "tag:go",
    "--yes",
    "-o",
    "jsonl",
    "--concurrency",
    "64",
];
const RESUME: [&str; 3] = ["resume", "-o", "jsonl"];

async fn round(seed: u64) {
    let mut dice = Dice(seed);
    let round = Round::start(seed, &mut dice).await;
    let (mut kills, wanted) = (0, 3 + dice.below(4));
    for _ in 0..RUNS {
        let (unsettled, left) = round.left().await;
        let resumes = unsettled > 0 && dice.below(2) == 0;
        let (args, items) = if resumes {
            (&RESUME[..], unsettled)
        } else if dice.below(2) == 0 {
            (&DELETE[..], left)
        } else {
            (&DELETE_MANY_AT_ONCE[..], left)
        };
        let moment = Moment::random(&mut dice, items);
        let code = round.run(args, Some(moment)).await;
        println!("  {} {items}, {moment:?}: {code:?}", args[0]);
        kills += u64::from(code.is_none());
        assert!(
            matches!(code, None | Some(0 | 1)),
            "{code:?}: {}",
            round.told()
        );
        round.check().await;
        if kills == wanted {
            break;
        }
    }
    let mut passes = 0;
    while !round.is_done().await {
        passes += 1;
        assert!(passes <= PASSES, "never done: {}", round.told());
        for args in [&RESUME[..], &DELETE[..]] {
            let code = round.run(args, None).await;
            assert!(matches!(code, Some(0 | 1)), "{code:?}: {}", round.told());
            round.check().await;
        }
    }
    // As a user sees it in the end.
    let there = round.deck.emulator.response_ids();
    assert_eq!(there.len(), KEPT + STUBBORN);
    let mut states: BTreeMap<String, usize> = BTreeMap::new();
    for line in round.deck.list(&["--all"]) {
        let state = line["state"].as_str().unwrap().to_owned();
        let id = line["id"].as_str().unwrap().to_owned();
        let is_there = there.contains(&id);
        assert_eq!(
            is_there,
            matches!(state.as_str(), "tracked" | "refused"),
            "{id} {state}"
        );
        *states.entry(state).or_default() += 1;
    }
    println!("  {kills} kills, {passes} more passes, {states:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_loses_nothing_and_sends_nothing_twice() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let rounds = number("ARKDECK_KILL_ROUNDS").unwrap_or(ROUNDS);
    let first = number("ARKDECK_KILL_SEED").unwrap_or_else(rand::random);
    for seed in (0..rounds).map(|n| first.wrapping_add(n)) {
        let began = Instant::now();
        println!("ARKDECK_KILL_SEED={seed} ARKDECK_KILL_ROUNDS=1");
        round(seed).await;
        println!("  {:.1} s", began.elapsed().as_secs_f64());
    }
}
