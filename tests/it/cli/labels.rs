//! `tag`: what the user writes on rows, which nobody else gets to see.

use arkdeck::emulator::Options;
use serde_json::{Value, json};

use super::{Deck, response};

#[tokio::test(flavor = "multi_thread")]
async fn tags_and_notes_are_written_found_and_taken_off() {
    let deck = Deck::start(Options {
        responses: 1,
        ..Options::default()
    })
    .await;
    let known = deck.emulator.response_ids()[0].clone();
    let new = response(7);
    deck.ok(&["add", &known, "--tag", "old"]);
    let out = deck.ok(&[
        "tag",
        &known,
        &new,
        "--add",
        "ci",
        "--add",
        "CI",
        "--remove",
        "OLD",
        "--note",
        " ask \u{1b}[2J\u{202e}Li ",
    ]);
    // One that was unknown is in the ledger now.
    assert_eq!(out, format!("{known}\n{new}\n"));
    for filter in [
        "tag:ci",
        "note:\u{202e}LI",
        "ask",
        "ci -tag:old",
        "\"ask \u{1b}[2J\"",
    ] {
        assert_eq!(deck.list(&["--filter", filter]).len(), 2, "{filter:?}");
    }
    assert!(deck.list(&["--filter", "note:nothing"]).is_empty());
    let row = deck.list(&["--filter", &known])[0].clone();
    assert_eq!(
        (&row["tags"], &row["note"]),
        (&json!(["ci"]), &json!("ask \u{1b}[2J\u{202e}Li"))
    );
    // `Ran` looks for what a terminal would obey.
    let shown = deck.ok(&["show", &known]);
    assert!(shown.contains("ask \\u{1b}[2J\\u{202e}Li"), "{shown}");
    let sent = deck.emulator.requests();
    assert!(sent.iter().all(|seen| seen.method == "GET"), "{sent:?}");
    // What the service says leaves it alone.
    deck.ok(&["sync", "--responses"]);
    assert_eq!(deck.list(&["--filter", "tag:ci note:ask"]).len(), 1);

    let out = deck.ok(&["tag", "--filter", "tag:ci", "--note", "", "--remove", "ci"]);
    assert_eq!(out.lines().count(), 1, "{out}");
    let row = deck.list(&["--filter", &known])[0].clone();
    assert_eq!((&row["tags"], &row["note"]), (&json!([]), &Value::Null));
    // Taking off needs no row.
    let ran = deck.run(&["tag", &response(9), "--remove", "ci"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(deck.list(&["--all", "--filter", &response(9)]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_may_begin_with_a_hyphen_wherever_there_is_one() {
    let deck = Deck::empty().await;
    let [kept, other] = [response(1), response(2)];
    deck.ok(&["add", &kept, "--tag", "keep"]);
    deck.ok(&["add", &other]);
    for filter in [
        ["--filter", "-tag:keep"].as_slice(),
        &["--filter=-tag:keep"],
    ] {
        let with = |args: &[&str]| deck.ok(&[args, filter].concat());
        assert_eq!(with(&["list", "-o", "id"]), format!("{other}\n"));
        let plan = deck.path().join(format!("plan{}.json", filter.len()));
        with(&["plan", "--out", plan.to_str().unwrap()]);
        let plan = std::fs::read_to_string(plan).unwrap();
        assert!(plan.contains(&other) && !plan.contains(&kept), "{plan}");
        assert_eq!(with(&["tag", "--add", "seen"]), format!("{other}\n"));
        assert_eq!(
            with(&["delete", "--dry-run", "-o", "id"]),
            format!("{other}\n")
        );
        with(&["history"]);
    }
    // What only looks like a flag is a filter with a space in front.
    assert_eq!(deck.list(&["--filter", " -v"]).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_tag_is_wrong_usage_and_read_only_is_refused() {
    let deck = Deck::empty().await;
    let id = response(1);
    deck.ok(&["add", &id]);
    let long = "文".repeat(65);
    let note = "n".repeat(1001);
    for args in [
        &["tag", &id][..],
        &["tag", "--add", "x"],
        &["tag", &id, "--filter", "x", "--add", "x"],
        &["tag", &id, "--add", "a b"],
        &["tag", &id, "--add", ""],
        &["tag", &id, "--add", "\u{1b}[2J"],
        &["tag", &id, "--add", &long],
        &["tag", &id, "--note", &note],
        &["tag", "noprefix", "--add", "x"],
        &["add", &id, "--tag", "a b"],
    ] {
        let ran = deck.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {ran:?}");
    }
    let ran = deck.run(&["--read-only", "tag", &id, "--add", "x"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert_eq!(deck.list(&[])[0]["tags"], json!([]));
}
