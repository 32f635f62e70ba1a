//! Disks that are full, that cannot be written, and ledgers that are not what they should be.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use arkdeck::emulator::Options;
use rusqlite::{Connection, OpenFlags};

use crate::cli::{Deck, Ran, lines};
use crate::entries::entries;

const DELETE: [&str; 6] = ["delete", "--filter", "tag:go", "--yes", "-o", "jsonl"];

async fn stocked(responses: usize) -> (Deck, Vec<String>) {
    let deck = Deck::start(Options {
        responses,
        ..Options::default()
    })
    .await;
    let data = deck.path().join("data").to_str().unwrap().to_owned();
    let deck = deck.var("ARKDECK_DATA_DIR", Some(&data));
    let ids = deck.emulator.response_ids();
    let ran = deck.run_fed(&["add", "--from", "-", "--tag", "go"], &ids.join("\n"));
    assert_eq!(ran.code, 0, "{ran:?}");
    (deck, ids)
}

/// The same command where no file may grow beyond `kib`, which is how a full disk looks to it.
fn limited(deck: &Deck, kib: u64, args: &[&str]) -> Ran {
    let inner = deck.command(args);
    let mut command = Command::new("bash");
    command
        .arg("-c")
        .arg("ulimit -f $0 && exec \"$@\"")
        .arg(kib.to_string())
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .stdin(Stdio::null());
    command.envs(
        inner
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?))),
    );
    Ran::of(command.output().unwrap())
}

/// `SQLite` tells a full disk from a file that may not grow.
fn is_about_the_disk(ran: &Ran) -> bool {
    ran.err.contains("no room is left") || ran.err.contains("a write to the ledger failed")
}

fn journal(deck: &Deck, word: &str) -> Vec<String> {
    let path = deck.path().join("data/ledger.db");
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let entries = entries(&db).into_iter();
    let entries = entries.filter(|entry| entry.word == word);
    entries.map(|entry| entry.id).collect()
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn on_a_full_disk_nothing_is_sent_and_the_reason_is_said() {
    let (deck, _) = stocked(300).await;
    let ran = limited(&deck, 1, &DELETE);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(is_about_the_disk(&ran), "{ran:?}");
    assert!(deck.emulator.requests().is_empty());
    // Looking is no writing.
    let listed = deck.ok(&["--read-only", "list", "-o", "id"]);
    assert_eq!(listed.lines().count(), 300);
    assert_eq!(deck.list(&["--filter", "state:tracked"]).len(), 300);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_fills_up_in_the_middle_leaves_nothing_unaccounted_for() {
    let (deck, ids) = stocked(600).await;
    let wal = deck.path().join("data/ledger.db-wal");
    let mut halved = 0;
    // From too little for the batch to more than enough; somewhere between, it fills up on the way.
    for kib in (100..3_000).step_by(150) {
        let left = deck.emulator.response_ids().len();
        if left == 0 {
            break;
        }
        let before = deck.emulator.arrived();
        let asked = deck.list(&["--filter", "tag:go"]).len();
        let ran = limited(&deck, kib, &DELETE);
        let sent = deck.emulator.arrived() - before;
        let intents = journal(&deck, "intent");
        for id in &ids {
            let is_sent = deck.emulator.deletes(id) > 0;
            assert!(
                !is_sent || intents.contains(id),
                "{id} was sent without an intent"
            );
        }
        assert!(matches!(ran.code, 0 | 1 | 3), "{ran:?}");
        if ran.code == 3 {
            assert_eq!(sent, 0, "refused, and sent all the same: {ran:?}");
        }
        if ran.code != 3 {
            assert_eq!(lines(&ran.out).len(), asked, "{kib} KiB: {}", ran.err);
        }
        if ran.code != 0 {
            assert!(is_about_the_disk(&ran), "{kib} KiB: {}", ran.err);
        }
        if ran.code == 1 && sent > 0 {
            halved += 1;
        }
        // What was told is so, and what is gone is known to be or in doubt.
        let there = deck.emulator.response_ids();
        for line in lines(&ran.out) {
            let is_there = there.iter().any(|id| line["id"] == id.as_str());
            match line["outcome"].as_str().unwrap() {
                "deleted" | "gone" => assert!(!is_there, "{line}"),
                _ => {}
            }
        }
        let states: BTreeMap<String, String> = deck
            .list(&["--all"])
            .iter()
            .map(|line| {
                let text = |name: &str| line[name].as_str().unwrap().to_owned();
                (text("id"), text("state"))
            })
            .collect();
        assert_eq!(states.len(), ids.len());
        for (id, state) in &states {
            match state.as_str() {
                "deleted" | "gone" => assert!(!there.contains(id), "{id} {state}"),
                "unsettled" => {}
                _ => assert!(there.contains(id), "{id} is {state}, and gone"),
            }
        }
    }
    assert!(
        halved > 0,
        "no run was caught in the middle; log: {:?}",
        fs::metadata(wal)
    );
    deck.ok(&["resume"]);
    deck.ok(&DELETE);
    assert!(deck.emulator.response_ids().is_empty());
}

/// All files under a folder with their bytes.
fn contents(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

/// Commands that look into the ledger, with what they need.
const COMMANDS: [&[&str]; 12] = [
    &["list"],
    &["add", "resp_1"],
    &["show", "resp_1"],
    &["sync"],
    &["delete", "--yes", "resp_1"],
    &["delete", "--dry-run", "resp_1"],
    &["plan", "--out", "/nonexistent/plan", "resp_1"],
    &["resume"],
    &["forget", "resp_1"],
    &["--read-only", "list"],
    &["doctor"],
    &["--read-only", "doctor"],
];

async fn left_alone(spoil: impl Fn(&Path), named: &str) {
    let (deck, _) = stocked(3).await;
    let data = deck.path().join("data");
    spoil(&data.join("ledger.db"));
    let before = contents(&data);
    let sent = deck.emulator.arrived();
    for args in COMMANDS {
        let ran = deck.run(args);
        let is_doctor = args.contains(&"doctor");
        let codes: &[i32] = if is_doctor { &[1, 3] } else { &[3] };
        assert!(codes.contains(&ran.code), "{args:?}: {ran:?}");
        let told = format!("{}{}", ran.out, ran.err);
        assert!(told.contains(named), "{args:?}: {ran:?}");
        assert!(told.contains("ledger.db"), "{args:?}: {ran:?}");
        assert!(contents(&data) == before, "{args:?} changed it");
        if !is_doctor {
            assert_eq!(deck.emulator.arrived(), sent, "{args:?} sent something");
        }
    }
    let said = crate::pty::refused(&deck);
    assert!(said.contains(named), "{said}");
    assert!(contents(&data) == before, "the terminal UI changed it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_is_none_is_named_and_left_alone() {
    let garbage = |path: &Path| fs::write(path, b"not a database at all".repeat(400)).unwrap();
    left_alone(garbage, "not a ledger").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_cut_short_is_named_and_left_alone() {
    let cut = |path: &Path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..60]).unwrap();
    };
    left_alone(cut, "not a ledger").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_from_the_future_is_named_and_left_alone() {
    let age = |path: &Path| {
        let db = Connection::open(path).unwrap();
        db.pragma_update(None, "user_version", 99).unwrap();
    };
    left_alone(age, "format 99").await;
}

/// Permissions do not bind root, so a read-only disk is a folder in the ledger's place for it.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_cannot_be_written_takes_no_deletion() {
    use std::os::unix::fs::PermissionsExt;
    let (deck, ids) = stocked(3).await;
    let path = deck.path().join("data/ledger.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let is_bound = fs::OpenOptions::new().append(true).open(&path).is_err();
    if is_bound {
        let ran = deck.run(&["delete", "--yes", &ids[0]]);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
        assert!(ran.err.contains("cannot be written"), "{ran:?}");
        assert_eq!(deck.list(&[]).len(), 3, "reading still works");
    } else {
        let deck = deck.var("ARKDECK_DATA_DIR", Some("/proc/arkdeck"));
        let ran = deck.run(&["delete", "--yes", &ids[0]]);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
        assert!(ran.err.contains("/proc/arkdeck"), "{ran:?}");
        assert!(deck.emulator.requests().is_empty());
    }
}
