//! `history`, `protect` and `unprotect`.

use serde_json::{Value, json};

use super::{lines, response, with_responses};

fn time(value: &Value) -> jiff::Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn history_tells_each_deletion_in_every_format() {
    let (deck, ids) = with_responses(2).await;
    let absent = response(7);
    deck.ok(&["delete", "--yes", &ids[0], &ids[1]]);
    deck.ok(&["delete", "--yes", &absent]);
    let told = lines(&deck.ok(&["history", "-o", "jsonl"]));
    assert_eq!(told.len(), 3);
    let last = &told[0];
    assert_eq!(
        (&last["id"], &last["outcome"]),
        (&json!(absent), &json!("gone"))
    );
    assert_eq!((&last["attempts"], &last["batch"]), (&json!(1), &json!(2)));
    let (asked, sent) = (time(&last["asked_at"]), time(&last["sent_at"]));
    assert!(asked <= sent && sent <= time(&last["settled_at"]), "{last}");
    // What the service saw is what is told.
    let seen = deck.emulator.requests();
    assert_eq!(last["status"], json!(seen.last().unwrap().status));
    for name in ["code", "message", "request_id", "client_request_id"] {
        assert!(last[name].is_string(), "{name}: {last}");
    }

    let count = |args: &[&str]| {
        let mut all = vec!["history", "-o", "jsonl"];
        all.extend(args);
        lines(&deck.ok(&all)).len()
    };
    assert_eq!(count(&[&ids[0]]), 1);
    assert_eq!(count(&[&response(8)]), 0);
    assert_eq!(count(&["--batch", "1"]), 2);
    assert_eq!(count(&["--outcome", "deleted"]), 2);
    assert_eq!(count(&["--kind", "file"]), 0);
    assert_eq!(count(&["--filter", "previousresponsenotfound resp_"]), 1);
    assert_eq!(count(&["--since", "1h"]), 3);
    assert_eq!(count(&["--since", "2000-01-01"]), 3);
    assert_eq!(count(&["--since", "2999-01-01T00:00:00Z"]), 0);

    let all: Value = serde_json::from_str(&deck.ok(&["history", "-o", "json"])).unwrap();
    assert_eq!(all, Value::Array(told));
    let csv = deck.ok(&["history", "-o", "csv", "--batch", "2"]);
    assert!(csv.starts_with("seq,batch,id,kind,name,outcome,asked_at,sent_at,settled_at,"));
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let table = deck.ok(&["history", &ids[0]]);
    assert!(
        table.contains("deleted") && table.contains("request id"),
        "{table}"
    );

    for wrong in [
        &["history", "--outcome", "lost"][..],
        &["history", "--since", "yesterday"],
        &["history", "--check", "--batch", "1"],
        &["history", "--purge-older-than", "old"],
        &["history", "--yes"],
    ] {
        let ran = deck.run(wrong);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{wrong:?}: {ran:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_is_exit_1_once_somebody_edits_the_ledger() {
    let (deck, ids) = with_responses(2).await;
    deck.ok(&["delete", "--yes", &ids[0]]);
    assert!(deck.ok(&["history", "--check"]).contains("3 entries"));
    let found = deck.ok(&["--read-only", "history", "--check", "-o", "json"]);
    let whole = json!({"whole": true, "entries": 3, "purged": 0, "broken_at": null});
    assert_eq!(lines(&found), [whole]);

    let dir = deck.path().join("edited");
    let dir = dir.to_str().unwrap();
    deck.ok(&["--data-dir", dir, "delete", "--yes", &ids[1]]);
    let db = rusqlite::Connection::open(format!("{dir}/ledger.db")).unwrap();
    db.execute("UPDATE journal SET outcome = 'failed' WHERE seq = 3", [])
        .unwrap();
    drop(db);
    let ran = deck.run(&["--data-dir", dir, "history", "--check"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("entry 3"), "{ran:?}");
    let purge = ["history", "--purge-older-than", "0s", "--yes"];
    let ran = deck.run(&[&["--data-dir", dir], &purge[..]].concat());
    assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn purging_asks_first_and_is_refused_read_only() {
    let (deck, ids) = with_responses(1).await;
    deck.ok(&["delete", "--yes", &ids[0]]);
    let purge = ["history", "--purge-older-than", "0s"];
    assert_eq!(deck.run(&purge).code, 2, "nobody can be asked");
    let ran = deck.run(&[&["--read-only"], &purge[..], &["--yes"]].concat());
    assert_eq!(ran.code, 3, "{ran:?}");
    deck.ok(&["history", "--purge-older-than", "1d", "--yes"]);
    assert_eq!(deck.list(&["--all"]).len(), 1);

    let ran = deck.run(&[&purge[..], &["--yes"]].concat());
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.err.contains("3 entries, 1 tombstones"), "{ran:?}");
    assert!(deck.list(&["--all"]).is_empty());
    assert_eq!(deck.ok(&["history", "-o", "jsonl"]), "");
    assert!(
        deck.ok(&["history", "--check"])
            .contains("purged earlier: 3")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_protected_is_never_sent() {
    let (deck, ids) = with_responses(3).await;
    deck.ok(&["add", &ids[0], "--tag", "keep"]);
    // Also what was unknown.
    let out = deck.ok(&["protect", &ids[0], &ids[1]]);
    assert_eq!(out, format!("{}\n{}\n", ids[0], ids[1]));
    let kept = deck.list(&["--filter", "tag:keep"]);
    assert_eq!(kept[0]["protected"], true);
    assert!(deck.ok(&["list"]).contains("tracked, protected"));

    let ran = deck.run(&["delete", "--yes", "-o", "jsonl", &ids[0], &ids[2]]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let told = lines(&ran.out);
    let outcome = |id: &str| &told.iter().find(|line| line["id"] == id).unwrap()["outcome"];
    assert_eq!(
        (outcome(&ids[0]), outcome(&ids[2])),
        (&json!("cancelled"), &json!("deleted"))
    );
    let why = format!("{}: it is protected", ids[0]);
    assert!(
        ran.err.contains(&why) && ran.err.contains("unprotect"),
        "{ran:?}"
    );

    let ran = deck.run(&["delete", "--yes", &ids[0]]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains(&why), "{ran:?}");
    // A filter names nothing; what it leaves out is counted.
    let ran = deck.run(&["delete", "--yes", "--filter", "resp_"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.err.contains("left out: 2"), "{ran:?}");
    let ran = deck.run(&["delete", "--dry-run", &ids[0]]);
    assert!(ran.code == 0 && ran.err.contains("left out: 1"), "{ran:?}");
    assert_eq!(deck.emulator.response_ids().len(), 2);

    let ran = deck.run(&["--read-only", "unprotect", &ids[0]]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let ran = deck.run(&["unprotect", &ids[0], &response(9)]);
    assert_eq!((ran.code, ran.out), (0, format!("{}\n", ids[0])));
    assert!(ran.err.contains("not in the ledger"));
    deck.ok(&["delete", "--yes", &ids[0]]);
    assert_eq!(deck.emulator.response_ids(), ids[1..2]);
}
