//! `delete --free`: as many files as free some room, through the same confirmation as any others.

use arkdeck::emulator::Options;

use super::{Deck, lines};

async fn synced(files: usize) -> (Deck, Vec<(String, u64)>) {
    let deck = Deck::start(Options {
        files,
        ..Options::default()
    })
    .await;
    deck.ok(&["sync"]);
    let rows = deck.list(&["files"]);
    let sizes = rows.iter().map(|row| {
        let id = row["id"].as_str().unwrap().to_owned();
        (id, row["bytes"].as_u64().unwrap())
    });
    let sizes = sizes.collect();
    (deck, sizes)
}

#[tokio::test(flavor = "multi_thread")]
async fn enough_files_go_and_the_protected_stay() {
    let (deck, mut sizes) = synced(8).await;
    sizes.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    deck.ok(&["protect", &sizes[0].0]);
    // The two largest that may go, and a byte less than both.
    let asked = (sizes[1].1 + sizes[2].1 - 1).to_string();
    let choice = ["delete", "--free", &asked, "--largest", "-o", "id"];
    let wanted = [sizes[1].0.as_str(), sizes[2].0.as_str()];
    let dry = deck.run(&[&choice[..], &["--dry-run"]].concat());
    assert_eq!((dry.code, dry.out), (0, format!("{}\n", wanted.join("\n"))));
    assert!(
        dry.err.contains("2 files chosen") && dry.err.contains("enough"),
        "{}",
        dry.err
    );
    // Somebody has to confirm it.
    assert_eq!(deck.run(&choice).code, 2);
    let out = deck.ok(&[&choice[..], &["--yes"]].concat());
    let mut deleted: Vec<&str> = out.lines().collect();
    deleted.sort_unstable();
    let mut wanted = wanted.to_vec();
    wanted.sort_unstable();
    assert_eq!(deleted, wanted);
    assert_eq!(deck.emulator.file_ids().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_go_first_and_only_such_as_match() {
    let (deck, sizes) = synced(5).await;
    // `list` has the newest first.
    let (oldest, bytes) = &sizes[4];
    let out = deck.ok(&["delete", "--free", "1", "--dry-run", "-o", "jsonl"]);
    assert_eq!(lines(&out)[0]["id"], **oldest);
    let (newest, _) = &sizes[0];
    let out = deck.ok(&[
        "delete",
        "--free",
        "1B",
        "--filter",
        newest,
        "--dry-run",
        "-o",
        "id",
    ]);
    assert_eq!(out, format!("{newest}\n"));
    let plan = deck.path().join("plan.json");
    deck.ok(&[
        "plan",
        "--free",
        &bytes.to_string(),
        "--out",
        plan.to_str().unwrap(),
    ]);
    deck.ok(&["apply", plan.to_str().unwrap(), "--yes"]);
    assert!(!deck.emulator.file_ids().contains(oldest));
    assert_eq!(deck.emulator.file_ids().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_there_is_is_refused_unless_somebody_looks_at_it() {
    let (deck, _) = synced(3).await;
    let ran = deck.run(&["delete", "--free", "900TB", "--yes"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(ran.err.contains("Not enough for 900 TB"), "{ran:?}");
    assert_eq!(
        deck.run(&["delete", "--free", "900TB", "--dry-run"]).code,
        1
    );
    assert_eq!(deck.emulator.file_ids().len(), 3);
    for args in [
        &["delete", "--free", "0"][..],
        &["delete", "--free", "lots"],
        &["delete", "--free", "1", "resp_1"],
        &["delete", "--largest", "resp_1"],
        &["delete", "--free", "1", "--largest", "--oldest"],
    ] {
        assert_eq!(deck.run(args).code, 2, "{args:?}");
    }
}
