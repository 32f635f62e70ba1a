//! `add`, `list`, `show`, `forget`: the ledger from the command line.

use std::io::Read;
use std::process::Stdio;

use arkdeck::emulator::Options;
use serde_json::{Value, json};

use super::{Deck, response};

#[tokio::test(flavor = "multi_thread")]
async fn add_takes_arguments_files_and_stdin_and_names_each_bad_line() {
    let deck = Deck::empty().await;
    let ids: Vec<String> = (0..4).map(response).collect();
    let list = deck.path().join("ids.txt");
    std::fs::write(&list, format!("{}\r\n\nre sp\n", ids[1])).unwrap();

    let ran = deck.run_fed(
        &[
            "add",
            &ids[0],
            "--from",
            list.to_str().unwrap(),
            "--from",
            "-",
            "--tag",
            "night",
        ],
        &format!("{}\n{}\n\u{1b}[2J\n", ids[2], ids[0]),
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.out, format!("{}\n{}\n{}\n", ids[0], ids[1], ids[2]));
    assert!(ran.err.contains("ids.txt:3: "), "{ran:?}");
    assert!(ran.err.contains("stdin:3: "), "{ran:?}");
    assert!(
        ran.err
            .contains("added: 3 · known already: 1 · rejected: 2"),
        "{ran:?}"
    );

    let ran = deck.run_fed(&["add"], &format!("{}\n", ids[3]));
    assert_eq!((ran.code, ran.out), (0, format!("{}\n", ids[3])));
    assert_eq!(deck.list(&["--filter", "tag:night"]).len(), 3);
    assert_eq!(deck.list(&["--filter", "source:import"]).len(), 3);
    assert!(deck.emulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn add_asks_for_a_kind_where_nothing_tells_it() {
    let deck = Deck::empty().await;
    let ran = deck.run(&["add", "thing/1", "resp_1"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, "resp_1\n"), "{ran:?}");
    assert!(ran.err.contains("--kind"), "{ran:?}");
    assert_eq!(deck.ok(&["add", "thing/1", "--kind", "file"]), "thing/1\n");
    assert_eq!(deck.ok(&["list", "files", "-o", "id"]), "thing/1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn list_prints_the_same_rows_in_every_format() {
    let deck = Deck::empty().await;
    deck.ok(&["add", &response(1), "--tag", "a", "--tag", "b"]);
    let rows = deck.list(&[]);
    let row = rows[0].as_object().unwrap();
    let tracked_at: jiff::Timestamp = row["tracked_at"].as_str().unwrap().parse().unwrap();
    assert!(tracked_at <= jiff::Timestamp::now());
    let mut row = row.clone();
    row.remove("tracked_at");
    assert_eq!(
        Value::Object(row),
        json!({
            "id": response(1), "kind": "response", "state": "tracked", "name": null,
            "bytes": null, "model": null, "status": null, "purpose": null,
            "created_at": "2026-11-21T02:15:00.456Z", "expires_at": null,
            "previous_response_id": null, "tags": ["a", "b"], "source": "hand", "note": null,
            "protected": false, "mime_type": null, "input_tokens": null, "cached_tokens": null,
            "output_tokens": null, "total_tokens": null, "created_approx": true,
        })
    );
    let all: Value = serde_json::from_str(&deck.ok(&["list", "-o", "json"])).unwrap();
    assert_eq!(all, Value::Array(rows));
    let csv = deck.ok(&["list", "-o", "csv"]);
    assert!(
        csv.starts_with("id,kind,state,name,bytes,model,status,purpose,created_at,expires_at,")
    );
    assert!(
        csv.contains(&format!("{},response,tracked,,,", response(1))),
        "{csv}"
    );
    assert!(csv.contains(",a b,hand,"), "{csv}");
    assert_eq!(deck.ok(&["list", "-o", "id"]), format!("{}\n", response(1)));
    let table = deck.ok(&["list"]);
    assert!(table.contains("~2026-11-21 02:15Z"), "{table}");
    // Nothing found is no failure.
    assert_eq!(
        deck.ok(&["list", "--filter", "nothing", "-o", "json"]),
        "[]\n"
    );
    assert_eq!(deck.ok(&["list", "--filter", "nothing", "-o", "jsonl"]), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_hangs_up_is_no_error() {
    let deck = Deck::empty().await;
    let ids: String = (0..20_000).map(|n| response(n) + "\n").collect();
    assert_eq!(deck.run_fed(&["add"], &ids).code, 0);
    let mut child = deck
        .command(&["list", "-o", "jsonl"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut some = [0; 100];
    out.read_exact(&mut some).unwrap();
    drop(out);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn show_asks_the_service_and_keeps_what_it_says() {
    let options = Options {
        responses: 2,
        files: 1,
        ..Options::default()
    };
    let deck = Deck::start(options).await;
    let [id, other] = &deck.emulator.response_ids()[..] else {
        panic!("two responses");
    };
    let file = &deck.emulator.file_ids()[0];
    deck.ok(&["add", id]);
    let object: Value = serde_json::from_str(&deck.ok(&["show", id, "-o", "json"])).unwrap();
    assert_eq!(object["id"], **id);
    assert_eq!(object["raw"]["object"], "response");
    assert_eq!(deck.list(&[])[0]["model"], object["raw"]["model"]);
    // What the ledger does not have is shown all the same, and stays out of it.
    let view = deck.ok(&["show", other]);
    assert!(view.contains("model") && view.contains(&**other), "{view}");
    let line: Value = serde_json::from_str(&deck.ok(&["show", file, "-o", "jsonl"])).unwrap();
    assert_eq!(line["raw"]["object"], "file");
    assert_eq!(deck.list(&[]).len(), 1);

    // Without a key, or without an answer, the ledger speaks.
    let deck = deck.var("ARK_API_KEY", None);
    let ran = deck.run(&["show", id, "-o", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("ARK_API_KEY"), "{ran:?}");
    let line: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(line["model"], object["model"]);
    let ran = deck.run(&["show", other]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn show_believes_the_services_own_not_found() {
    let deck = Deck::empty().await;
    deck.ok(&["add", &response(1)]);
    let ran = deck.run(&["show", &response(1)]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("PreviousResponseNotFound"), "{ran:?}");
    assert!(ran.out.contains("gone"), "{ran:?}");
    assert_eq!(deck.list(&["--all"])[0]["state"], "gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn forget_drops_from_the_ledger_only() {
    let options = Options {
        responses: 1,
        ..Options::default()
    };
    let deck = Deck::start(options).await;
    let id = deck.emulator.response_ids()[0].clone();
    deck.ok(&["add", &id]);
    let ran = deck.run(&["forget", &id, &response(9)]);
    assert_eq!((ran.code, ran.out), (0, format!("{id}\n")));
    assert!(ran.err.contains("not in the ledger"));
    assert!(deck.list(&["--all"]).is_empty());
    assert_eq!(deck.emulator.response_ids(), [id]);
    assert!(deck.emulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_filter_is_shown_with_the_spot() {
    let deck = Deck::empty().await;
    let ran = deck.run(&["list", "--filter", "报告 stat:x age>1d"]);
    assert_eq!(ran.code, 2);
    let lines: Vec<_> = ran.err.lines().collect();
    assert_eq!(
        lines[1..],
        ["  报告 stat:x age>1d", "       ^^^^"],
        "{ran:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_is_the_id_itself() {
    let deck = Deck::empty().await;
    let ids = ["{x}", "\"x\",", "[", "x***", "a/b?c#d%2F"];
    deck.ok(&[&["add", "--kind", "response"], &ids[..]].concat());
    let mut listed: Vec<_> = deck
        .list(&[])
        .iter()
        .map(|row| row["id"].as_str().unwrap().to_owned())
        .collect();
    listed.sort();
    let mut asked = ids.map(str::to_owned);
    asked.sort();
    assert_eq!(listed, asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn read_only_writes_nothing_and_reads_everything() {
    let deck = Deck::empty().await;
    deck.ok(&["add", "resp_1"]);
    for args in [
        &["--read-only", "add", "resp_2"][..],
        &["--read-only", "forget", "resp_1"],
        &["--read-only", "delete", "--yes", "resp_1"],
        &["--read-only", "sync"],
        &["--read-only", "resume"],
    ] {
        let ran = deck.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{args:?}: {ran:?}");
    }
    assert_eq!(deck.ok(&["--read-only", "list", "-o", "id"]), "resp_1\n");
    let dry = deck.ok(&["--read-only", "delete", "--dry-run", "resp_1", "-o", "id"]);
    assert_eq!(dry, "resp_1\n");
    assert!(deck.emulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_cannot_be_used_is_exit_3() {
    let deck = Deck::empty().await;
    let not_a_folder = deck.path().join("file");
    std::fs::write(&not_a_folder, "").unwrap();
    let dir = not_a_folder.to_str().unwrap();
    let ran = deck.run(&["--data-dir", dir, "list"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(ran.err.contains(dir), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wide_characters_keep_their_columns() {
    let deck = Deck::empty().await;
    deck.ok(&["add", "resp_1", "--tag", "夜班"]);
    deck.ok(&["add", "resp_22", "--tag", "x"]);
    let table = deck.ok(&["--lang", "zh-CN", "list"]);
    let columns: Vec<usize> = table
        .lines()
        .skip(1)
        .filter_map(|line| line.find("已跟踪"))
        .collect();
    // Kind and state are wide in Chinese; every row of the table starts them at the same cell.
    assert_eq!(columns.len(), 2, "{table}");
    assert_eq!(columns[0], columns[1], "{table}");
}
