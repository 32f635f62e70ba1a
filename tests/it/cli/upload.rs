//! `upload`: files to the service, their ids into the ledger, and never one twice.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;

use arkdeck::emulator::{Call, Fault, Faults, RetryAfter, Rule, Scope, When};
use serde_json::{Value, json};

use super::{Deck, Ran, lines};

fn file(deck: &Deck, name: &str, bytes: u64) -> PathBuf {
    let path = deck.path().join(name);
    File::create(&path).unwrap().set_len(bytes).unwrap();
    path
}

fn uploads(deck: &Deck) -> usize {
    let seen = deck.emulator.requests();
    seen.iter().filter(|seen| seen.method == "POST").count()
}

fn ruled(rules: Vec<Rule>) -> Faults {
    Faults {
        rules,
        ..Faults::default()
    }
}

const POST: Scope = Scope::Call(Call::UploadFile);

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_and_their_ids_are_in_the_ledger() {
    let deck = Deck::empty().await;
    let names = ["季度 \"报告\"\r\nX: y.pdf", "demo.mp4"];
    let big = file(&deck, names[0], 3_000_000);
    let empty = file(&deck, names[1], 0);
    let (big, empty) = (big.to_str().unwrap(), empty.to_str().unwrap());
    let out = deck.ok(&[
        "upload",
        big,
        empty,
        "--purpose",
        "agent",
        "--expires-in",
        "1d",
        "--tag",
        "ci",
        "-o",
        "jsonl",
    ]);
    let told = lines(&out);
    assert_eq!(told.len(), 2);
    assert_eq!(told[0]["file"], big);
    assert_eq!(
        (&told[0]["outcome"], &told[0]["attempts"]),
        (&json!("uploaded"), &json!(1))
    );
    let mut there = deck.emulator.file_ids();
    there.sort();
    let mut ids: Vec<_> = told
        .iter()
        .map(|line| line["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, there);

    let known = deck.list(&["--filter", "source:upload tag:ci"]);
    assert_eq!(known.len(), 2);
    let row = known.iter().find(|row| row["id"] == told[0]["id"]).unwrap();
    // A line break would end the header that the name is in.
    assert_eq!(row["name"], names[0].replace("\r\n", "%0D%0A"));
    assert_eq!(
        (&row["bytes"], &row["purpose"]),
        (&json!(3_000_000), &json!("agent"))
    );
    let time = |name: &str| {
        row[name]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    let life = time("expires_at").duration_since(time("created_at"));
    assert!((86_400..87_000).contains(&life.as_secs()), "{life}");
    assert_eq!(told[0]["expires_at"], row["expires_at"]);
    let sync = deck.ok(&["sync"]);
    assert!(sync.contains("new: 0"), "{sync}");
    let ids = deck.ok(&["upload", empty, "-o", "id"]);
    assert!(deck.emulator.file_ids().contains(&ids.trim().to_owned()));
    let table = deck.ok(&["upload", empty]);
    assert!(
        table.starts_with("uploaded   file-") && table.contains("demo.mp4"),
        "{table}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_taken_is_tried_again() {
    let deck = Deck::empty().await;
    let path = file(&deck, "a.pdf", 10);
    deck.emulator.set_faults(ruled(vec![
        Rule::times(1, POST, Fault::Limited(RetryAfter::Seconds(0))),
        Rule::times(1, POST, Fault::Error(503)),
    ]));
    let out = deck.ok(&["upload", path.to_str().unwrap(), "-o", "jsonl"]);
    assert_eq!(lines(&out)[0]["attempts"], 3);
    assert_eq!((uploads(&deck), deck.emulator.file_ids().len()), (3, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_have_been_taken_is_never_sent_again() {
    for fault in [
        Fault::Drop(When::After),
        Fault::Drop(When::Before),
        Fault::Error(500),
        Fault::Error(502),
        Fault::Truncated,
        Fault::MalformedJson,
        Fault::Html,
    ] {
        let is_there = fault == Fault::Drop(When::After)
            || matches!(fault, Fault::Truncated | Fault::MalformedJson);
        let deck = Deck::empty().await;
        let path = file(&deck, "a.pdf", 10);
        deck.emulator
            .set_faults(ruled(vec![Rule::always(POST, fault.clone())]));
        let ran = deck.run(&["upload", path.to_str().unwrap(), "-o", "jsonl"]);
        assert_eq!(ran.code, 1, "{fault:?}: {ran:?}");
        let line = &lines(&ran.out)[0];
        assert_eq!(line["id"], Value::Null, "{fault:?}");
        if line["outcome"] == "failed" {
            // The answer came before the content had left.
            assert!(!is_there, "{fault:?}: {ran:?}");
        } else {
            assert_eq!(line["outcome"], "in_doubt", "{fault:?}");
            let told = "a.pdf: it may be uploaded or not";
            assert!(ran.err.contains(told), "{fault:?}: {ran:?}");
        }
        assert_eq!(uploads(&deck), 1, "{fault:?}");
        assert_eq!(
            deck.emulator.file_ids().len(),
            usize::from(is_there),
            "{fault:?}"
        );
        // A sync settles it.
        deck.ok(&["sync"]);
        assert_eq!(
            deck.list(&["files"]).len(),
            usize::from(is_there),
            "{fault:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_which_file_and_why_and_the_rest_goes_on() {
    let deck = Deck::empty().await;
    let (a, b) = (file(&deck, "a.pdf", 10), file(&deck, "b.pdf", 20));
    let quota = Fault::Answer {
        when: When::Before,
        status: 403,
        content_type: Some("application/json".to_owned()),
        body: r#"{"error":{"code":"OperationDenied.FileQuotaExceeded","message":"full\u001b[2J"}}"#
            .to_owned(),
    };
    deck.emulator
        .set_faults(ruled(vec![Rule::times(1, POST, quota)]));
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    let ran = deck.run(&["upload", a, b, "-o", "csv"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("a.pdf: not uploaded: ") && ran.err.contains("FileQuotaExceeded"),
        "{ran:?}"
    );
    let rows: Vec<&str> = ran.out.lines().collect();
    assert!(rows[0].starts_with("file,outcome,id,"), "{ran:?}");
    assert!(
        rows[1].contains("a.pdf,failed,,") && rows[2].contains("b.pdf,uploaded,file-"),
        "{ran:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_ends_all_of_it_and_the_rest_is_named() {
    let deck = Deck::empty().await;
    let paths = ["a.pdf", "b.pdf", "c.pdf"].map(|name| file(&deck, name, 10));
    let files = paths.each_ref().map(|path| path.to_str().unwrap());
    let deck = deck.var("ARK_API_KEY", Some("another"));
    let upload = |more: &[&str]| {
        let before = uploads(&deck);
        let ran = deck.run(&[&["upload"], &files[..], more].concat());
        assert_eq!(ran.code, 3, "{ran:?}");
        assert_eq!(uploads(&deck), before + 1, "{ran:?}");
        assert!(ran.err.contains("a.pdf: not uploaded: "), "{ran:?}");
        for name in &files[1..] {
            let told = format!("{name}: not begun\n");
            assert!(ran.err.contains(&told), "{ran:?}");
        }
        ran.out
    };
    let told = lines(&upload(&["-o", "jsonl"]));
    let each: Vec<_> = told
        .iter()
        .map(|line| (&line["file"], &line["outcome"], &line["attempts"]))
        .collect();
    let [a, b, c] = files.map(|name| json!(name));
    let (failed, cancelled) = (json!("failed"), json!("cancelled"));
    assert_eq!(
        each,
        [
            (&a, &failed, &json!(1)),
            (&b, &cancelled, &json!(0)),
            (&c, &cancelled, &json!(0)),
        ]
    );
    // Where only ids are printed, there are none.
    assert_eq!(upload(&["-o", "id"]), "");
    let table = upload(&[]);
    let cancelled = table.lines().filter(|line| line.starts_with("cancelled "));
    assert_eq!(cancelled.count(), 2, "{table}");
    assert!(deck.emulator.file_ids().is_empty() && deck.list(&["--all"]).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_uploaded_is_said_before_anything_is_sent() {
    let deck = Deck::empty().await;
    let good = file(&deck, "good.pdf", 10);
    let large = file(&deck, "large.mp4", (512 << 20) + 1);
    let (good, large) = (good.to_str().unwrap(), large.to_str().unwrap());
    let absent = deck.path().join("absent");
    let folder = deck.path().to_str().unwrap();
    for (code, args) in [
        (2, &["upload"][..]),
        (2, &["upload", good, absent.to_str().unwrap()]),
        (2, &["upload", good, folder]),
        (2, &["upload", good, "--expires-in", "12h"]),
        (2, &["upload", good, "--expires-in", "31d"]),
        (2, &["upload", good, "--expire-at", "2020-01-01"]),
        (
            2,
            &[
                "upload",
                good,
                "--expire-at",
                "2020-01-01",
                "--expires-in",
                "3d",
            ],
        ),
        (2, &["upload", good, "--purpose", "a b"]),
        (2, &["upload", good, "--tag", "a b"]),
        (3, &["upload", good, large]),
        (3, &["--read-only", "upload", good]),
    ] {
        let ran = deck.run(args);
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (code, ""),
            "{args:?}: {ran:?}"
        );
    }
    let ran = deck.run(&["upload", large]);
    assert!(
        ran.err.contains("large.mp4: 513 MiB are more than"),
        "{ran:?}"
    );
    let deck = deck.var("ARK_API_KEY", None);
    assert_eq!(deck.run(&["upload", good]).code, 3);
    assert_eq!(deck.emulator.arrived(), 0);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_stops_and_says_whether_the_file_may_be_there() {
    let deck = Deck::empty().await;
    // Nobody answers: what was sent whole may be there, and half a file is not.
    for (bytes, when, outcome) in [
        (10, When::After, "in_doubt"),
        (200 << 20, When::Before, "failed"),
    ] {
        let silence = Rule::always(POST, Fault::Silence(when));
        deck.emulator.set_faults(ruled(vec![silence]));
        let path = file(&deck, &format!("{outcome}.bin"), bytes);
        let next = file(&deck, "next.pdf", 1);
        let before = deck.emulator.arrived();
        let mut command = deck.command(&[
            "upload",
            path.to_str().unwrap(),
            next.to_str().unwrap(),
            "-o",
            "jsonl",
        ]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        deck.emulator.wait_for_arrivals(before + 1).await;
        while deck.emulator.file_ids().is_empty() {
            tokio::task::yield_now().await;
        }
        super::deletion::signal(&child, "INT");
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert_eq!(ran.code, 130, "{ran:?}");
        let told = lines(&ran.out);
        let outcomes: Vec<_> = told.iter().map(|line| line["outcome"].clone()).collect();
        assert_eq!(outcomes, [outcome, "cancelled"], "{ran:?}");
    }
    assert_eq!(deck.emulator.file_ids().len(), 1);
    assert!(deck.list(&["--all"]).is_empty());
}
