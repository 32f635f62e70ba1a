//! `add --from`: logs, recorded traffic, compressed files, folders, patterns, pipes.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::Stdio;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::{Deck, Ran, response};

fn file(number: u32) -> String {
    format!("file-20261121101500-{number:05}")
}

/// A log with these ids in it, and much else that looks a little like them.
fn log(ids: &[String]) -> String {
    let mut log = String::from("2026-11-21T10:15:00Z starting\n\n");
    for id in ids {
        log += "2026-11-21T10:15:01Z INFO GET /api/v3/files/file-20251014**** 200 profile-2026\n";
        log += "2026-11-21T10:15:02Z INFO DELETE /api/v3/x/";
        log += id;
        log += " trace=0217952273004561\n";
        log += "2026-11-21T10:15:03Z WARN resp_0217**** resp_time=4ms file-system full\n";
    }
    log
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text).unwrap();
    packed.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn feed(deck: &Deck, args: &[&str], input: Vec<u8>) -> Ran {
    let mut child = deck
        .command(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let feeder = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap().unwrap();
    Ran::of(output)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_searched_and_not_scolded() {
    let deck = Deck::empty().await;
    let ids = [response(1), file(1), response(2)];
    let path = deck.path().join("app.log");
    fs::write(&path, log(&ids)).unwrap();
    let path = path.to_str().unwrap();
    let ran = deck.run(&["add", "--from", path, "-v", "--tag", "night"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out.lines().collect::<Vec<_>>(), ids);
    for (id, line) in ids.iter().zip([4, 7, 10]) {
        assert!(
            ran.err.contains(&format!("{path}:{line}: {id}\n")),
            "{ran:?}"
        );
    }
    assert!(
        ran.err
            .contains("searched: 1 file, 11 lines, 8 of them without an id"),
        "{ran:?}"
    );
    assert!(
        ran.err
            .contains("added: 3 · known already: 0 · rejected: 0"),
        "{ran:?}"
    );
    // Once more, and all of it is known; each id counts once.
    let ran = deck.run(&["add", "--from", path]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""));
    assert!(
        ran.err
            .contains("added: 0 · known already: 3 · rejected: 0"),
        "{ran:?}"
    );
    assert!(!ran.err.contains("app.log:"), "{ran:?}");
    assert_eq!(deck.list(&["--filter", "tag:night source:import"]).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_files_are_known_by_what_they_hold() {
    let deck = Deck::empty().await;
    let ids: Vec<String> = (0..6).map(response).collect();
    let part = |from: usize| log(&ids[from..=from]).into_bytes();
    let members = [gzip(&part(0)), gzip(&part(1))].concat();
    let frames = [zstd(&part(2)), zstd(&part(3))].concat();
    for (name, bytes, found) in [
        ("app.log", members.clone(), 2),
        ("app.txt", frames, 2),
        ("windows.txt", utf16(&log(&ids[4..5])), 1),
    ] {
        let path = deck.path().join(name);
        fs::write(&path, bytes).unwrap();
        let out = deck.ok(&["add", "--from", path.to_str().unwrap()]);
        assert_eq!(out.lines().count(), found, "{name}");
    }
    let ran = feed(&deck, &["add", "--from", "-"], zstd(&gzip(&part(5))));
    // Packed twice: nothing is found, and nothing is made up.
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    let ran = feed(&deck, &["add"], gzip(&part(5)));
    assert_eq!((ran.code, ran.out), (0, format!("{}\n", ids[5])));

    // A log that is still being written: what can be read is, and what cannot is named.
    let cut = deck.path().join("cut.gz");
    let more = log(&(10..400).map(response).collect::<Vec<_>>());
    let packed = gzip(more.as_bytes());
    fs::write(&cut, &packed[..packed.len() - 20]).unwrap();
    let ran = deck.run(&["add", "--from", cut.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.lines().count() > 300, "{ran:?}");
    assert!(ran.err.contains("cut.gz cannot be read: "), "{ran:?}");
    let other = deck.path().join("app.xz");
    fs::write(&other, b"\xfd7zXZ\0....").unwrap();
    let ran = deck.run(&["add", "--from", other.to_str().unwrap()]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("(xz)"), "{ran:?}");
}

#[cfg(unix)]
#[tokio::test]
async fn what_two_files_name_is_added_once_and_was_not_known_before() {
    let deck = Deck::empty().await;
    let folder = deck.path().join("logs");
    fs::create_dir(&folder).unwrap();
    for name in ["a.log", "b.log"] {
        fs::write(folder.join(name), log(&[file(1), file(2)])).unwrap();
    }
    let from = folder.to_str().unwrap();
    let ran = deck.run(&["add", "--from", from]);
    assert!(ran.err.contains("added: 2 · known already: 0"), "{ran:?}");
    assert_eq!(lines(&ran.out), [file(1), file(2)]);
    // Where each stands is told of those that are known, too.
    let ran = deck.run(&["add", "--from", from, "-v"]);
    let told = format!("a.log:4: {} is known already", file(1));
    assert!(ran.err.contains(&told), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_are_searched_whole_but_for_the_ledgers_own() {
    let deck = Deck::empty().await;
    let root = deck.path().join("logs");
    let inner = root.join("a/b");
    fs::create_dir_all(&inner).unwrap();
    fs::write(root.join("1.log"), log(&[response(1)])).unwrap();
    fs::write(inner.join("2.log.gz"), gzip(log(&[response(2)]).as_bytes())).unwrap();
    fs::write(
        inner.join("blob"),
        [&[0, 255, 7][..], b" ", response(3).as_bytes(), &[0; 9]].concat(),
    )
    .unwrap();
    std::os::unix::fs::symlink("../..", inner.join("round")).unwrap();
    std::os::unix::fs::symlink("nowhere", inner.join("broken")).unwrap();
    std::os::unix::fs::symlink("1.log", root.join("current")).unwrap();
    let socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();
    let data = root.join("ledger");
    let data = data.to_str().unwrap();
    deck.ok(&["--data-dir", data, "add", "resp_1"]);
    fs::write(root.join("ledger/old.log"), log(&[response(4)])).unwrap();

    let ran = deck.run(&["--data-dir", data, "add", "--from", root.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(lines(&ran.out), [response(1), response(2), response(3)]);
    assert!(
        ran.err.contains("1.log: added: 1 · known already: 0"),
        "{ran:?}"
    );
    assert!(ran.err.contains("2.log.gz: added: 1"), "{ran:?}");
    assert!(ran.err.contains("searched: 3 files"), "{ran:?}");
    drop(socket);

    // An entry that cannot be read does not stop the rest.
    fs::write(root.join("0.bz2"), b"BZh91AY&SY").unwrap();
    fs::write(root.join("9.log"), log(&[response(9)])).unwrap();
    let ran = deck.run(&["--data-dir", data, "add", "--from", root.to_str().unwrap()]);
    assert_eq!((ran.code, ran.out), (1, format!("{}\n", response(9))));
    assert!(ran.err.contains("0.bz2 cannot be read: "), "{}", ran.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn patterns_are_expanded_where_no_shell_has_done_it() {
    let deck = Deck::empty().await;
    for (number, name) in [(1, "a.log"), (2, "b.log"), (3, "c.txt"), (4, "[a].log")] {
        fs::write(deck.path().join(name), log(&[response(number)])).unwrap();
    }
    let at = |name: &str| deck.path().join(name).to_str().unwrap().to_owned();
    // What is there by that name wins.
    assert_eq!(
        deck.ok(&["add", "--from", &at("[a].log")]),
        response(4) + "\n"
    );
    let out = deck.ok(&["add", "--from", &at("*.log")]);
    assert_eq!(lines(&out), [response(1), response(2)]);
    for none in ["*.gz", "no.log"] {
        let ran = deck.run(&["add", "--from", &at("c.txt"), "--from", &at(none)]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains(none), "{ran:?}");
    }
    assert_eq!(deck.list(&[]).len(), 3);
}

/// As a browser saves it.
fn har(bodies: &[(String, bool)]) -> String {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    let entry = |(body, encoded): &(String, bool)| {
        let content = if *encoded {
            json!({"mimeType": "application/json", "text": BASE64_STANDARD.encode(body), "encoding": "base64"})
        } else {
            json!({"mimeType": "application/json", "text": body})
        };
        json!({"request": {"method": "GET"}, "response": {"status": 200, "content": content}})
    };
    let entries: Vec<Value> = bodies.iter().map(entry).collect();
    serde_json::to_string_pretty(&json!({"log": {"version": "1.2", "entries": entries}})).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_objects_fill_in_what_is_not_known() {
    let deck = Deck::empty().await;
    let object = |number, model: &str| {
        json!({
            "created_at": 1_795_227_300, "id": response(number), "object": "response", "model": model,
            "status": "completed", "expire_at": 1_795_486_500, "previous_response_id": response(99),
            "output": [{"type": "message", "content": [{"text": "a \"}{\" b"}]}],
        })
    };
    let file_object = json!({
        "object": "file", "id": file(1), "filename": "图.mp4", "bytes": 695_110, "purpose": "user_data",
        "created_at": 1_795_227_300, "expire_at": -1, "status": "active",
    });
    let jsonl = format!("{}\n{}\n", object(1, "one"), file_object);
    let sse = format!(
        "event: response.completed\ndata: {}\n\n",
        json!({"response": object(2, "two")})
    );
    let har = har(&[
        (object(3, "three").to_string(), false),
        (
            serde_json::to_string_pretty(&object(4, "four")).unwrap(),
            true,
        ),
    ]);
    let prefixed = format!("2026-11-21 INFO answer: {} (12 ms)\n", object(5, "five"));
    for (name, text) in [
        ("a.jsonl", jsonl),
        ("b.txt", sse),
        ("c.har", har),
        ("d.log", prefixed),
    ] {
        fs::write(deck.path().join(name), text).unwrap();
    }
    let pattern = deck.path().join("?.*");
    deck.ok(&["add", "--from", pattern.to_str().unwrap()]);
    for (number, model) in ["one", "two", "three", "four", "five"].iter().enumerate() {
        let id = response(u32::try_from(number).unwrap() + 1);
        let row = &deck.list(&["--filter", &format!("id:{id}"), "--all"])[0];
        assert_eq!(row["model"], *model, "{row}");
        assert_eq!(row["status"], "completed");
        assert_eq!(row["created_at"], "2026-11-21T02:15:00Z");
        assert_eq!(row["expires_at"], "2026-11-24T02:15:00Z");
        assert_eq!(row["previous_response_id"], response(99));
    }
    let row = &deck.list(&["files"])[0];
    assert_eq!(
        (&row["name"], &row["bytes"]),
        (&json!("图.mp4"), &json!(695_110))
    );
    // What continues from it was named, too.
    assert_eq!(deck.list(&["--all"]).len(), 7);

    // What is known is not replaced by what was recorded some time.
    let later = format!("{}\n", object(1, "another"));
    let ran = deck.run_fed(&["add"], &later);
    assert!(ran.err.contains("added: 0 · known already: 2"), "{ran:?}");
    let row = &deck.list(&["--filter", &format!("id:{}", response(1)), "--all"])[0];
    assert_eq!(row["model"], "one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_object_brings_nothing_back_to_life() {
    let deck = Deck::empty().await;
    deck.ok(&["add", &response(1)]);
    // The service does not know it.
    assert_eq!(deck.run(&["show", &response(1)]).code, 1);
    let text = format!(
        "{{\"id\":\"{}\",\"object\":\"response\",\"model\":\"m\"}}\n",
        response(1)
    );
    assert_eq!(deck.run_fed(&["add"], &text).code, 0);
    let row = &deck.list(&["--all"])[0];
    assert_eq!(
        (&row["state"], &row["model"]),
        (&json!("gone"), &json!("m"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_expiry_that_cannot_be_hides_nothing() {
    let deck = Deck::empty().await;
    // Both of May 2024. Three days later one of them was dropped; of the other somebody noted for how
    // long it is kept.
    let old = |number: u32| format!("resp_021714521600456{number:038x}");
    let object = |id: &str, expire_at: u64| {
        let object = json!({"id": id, "object": "response", "model": "m", "expire_at": expire_at});
        format!("{object}\n")
    };
    deck.ok(&["add", &old(1), &old(2)]);
    let text = object(&old(1), 1_714_780_800) + &object(&old(2), 259_200);
    assert_eq!(deck.run_fed(&["add"], &text).code, 0);
    let rows = deck.list(&["--all", "--filter", "model:m"]);
    let told = |number: u32| {
        let row = rows.iter().find(|row| row["id"] == old(number)).unwrap();
        (row["state"].clone(), row["expires_at"].clone())
    };
    let retired = (json!("expired"), json!("2024-05-04T00:00:00Z"));
    assert_eq!(told(1), retired);
    assert_eq!(told(2), (json!("tracked"), Value::Null));
}

fn deletion(id: &str) -> String {
    let object = json!({"id": id, "object": "response", "deleted": true});
    format!("200 OK {object}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_while_it_was_logged_is_not_tracked() {
    let deck = Deck::empty().await;
    let request = |number| format!("DELETE /api/v3/responses/{}\n", response(number));
    let mut text = String::from("a few words\nand a few more words\n");
    // Named first, and last; with an answer that says no; without an answer.
    text += &(request(1) + &deletion(&response(1)));
    text += &(deletion(&response(2)) + &request(2));
    text += &(request(3) + &deletion(&response(3)).replace("true", "false"));
    text += &request(4);
    let path = deck.path().join("app.log");
    fs::write(&path, &text).unwrap();
    let path = path.to_str().unwrap();
    let ran = deck.run(&["add", "--from", path]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(lines(&ran.out), [response(3), response(4)]);
    let tally = "added: 2 · known already: 0 · rejected: 0 · deleted by now and not added: 2\n";
    assert!(ran.err.contains(tally), "{ran:?}");
    assert_eq!(deck.list(&["--all"]).len(), 2);

    // What is known stays as it is: a log is not the service.
    deck.ok(&["add", &response(1)]);
    let ran = deck.run(&["--lang", "zh-CN", "add", "--from", path]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(
        ran.err.contains(
            "新增：0 · 已有：3 · 未接受：0 · 已被删除、未添加：1 · 已有但记录显示已删除：1"
        ),
        "{ran:?}"
    );
    assert!(ran.err.contains("sync --responses"), "{ran:?}");
    let row = &deck.list(&["--filter", &format!("id:{}", response(1))])[0];
    assert_eq!(row["state"], "tracked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_far_behind_takes_back_what_was_added() {
    let deck = Deck::empty().await;
    // Not in one commit.
    let ids: Vec<String> = (0..9_000).map(response).collect();
    let mut text = log(&ids);
    for id in ids.iter().step_by(3) {
        text += &deletion(id);
    }
    let path = deck.path().join("app.log");
    fs::write(&path, &text).unwrap();
    let ran = deck.run(&["add", "--from", path.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let tally = "added: 6000 · known already: 0 · rejected: 0 · deleted by now and not added: 3000";
    assert!(ran.err.contains(tally), "{}", ran.err);
    let left = deck.list(&["--all"]);
    assert_eq!(left.len(), 6_000);
    let is_deleted = |row: &Value| ids.iter().step_by(3).any(|id| row["id"] == id.as_str());
    assert!(!left.iter().take(50).any(is_deleted));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_is_said_in_the_users_words() {
    let deck = Deck::empty().await;
    let at = |name: &str| deck.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("a.log"), b"BZh91AY&SY").unwrap();
    for (path, english, chinese) in [
        (
            at("none"),
            "there is no such file or folder",
            "没有这个文件或文件夹",
        ),
        (
            at("a.log/b"),
            "a part of the path is a file",
            "路径中有一部分是文件",
        ),
        (at("a.log"), "(bzip2)", "压缩格式（bzip2）不受支持"),
    ] {
        for (lang, words) in [("en", english), ("zh-CN", chinese)] {
            let ran = deck.run(&["--lang", lang, "add", "--from", &path]);
            assert!(ran.code > 0 && ran.err.contains(words), "{ran:?}");
        }
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_keeps_what_was_found() {
    let deck = Deck::empty().await;
    let mut child = deck
        .command(&["add", "-v", "--from", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let ids: Vec<String> = (0..20).map(response).collect();
    stdin.write_all(log(&ids).as_bytes()).unwrap();
    // The pipe stays open. Told of, and printed: in the ledger.
    let mut told = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains(&ids[19]) {
        line.clear();
        assert!(told.read_line(&mut line).unwrap() > 0, "it ended early");
    }
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    assert_eq!(first.trim(), ids[0]);
    super::deletion::signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("Interrupted"), "{rest}");
    assert!(rest.contains("added: 20 · known already: 0"), "{rest}");
    let mut printed = String::new();
    out.read_to_string(&mut printed).unwrap();
    assert_eq!(printed.lines().count(), 19);
    assert_eq!(deck.list(&[]).len(), 20);
    drop(stdin);
}

fn write(path: &Path, text: &str, how: usize) {
    let text = match how {
        0 => text.as_bytes().to_vec(),
        1 => gzip(text.as_bytes()),
        2 => zstd(text.as_bytes()),
        _ => utf16(text),
    };
    File::create(path).unwrap().write_all(&text).unwrap();
}

/// What was planted is found, all of it and nothing else, however it is packed.
#[tokio::test(flavor = "multi_thread")]
async fn planted_ids_are_found_in_any_noise() {
    let deck = Deck::empty().await;
    let path = deck.path().join("noise");
    let noise = prop_oneof![
        3 => "[ -~]{0,60}",
        1 => "(resp_02|file-20)[0-9a-f]{0,30}",
        1 => "resp_0217[0-9]{5,11}\\*{4}",
        1 => "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}",
        1 => "\\PC{0,30}",
        1 => "[a-z ]{1000,9000}",
    ];
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r"), Just(" ")];
    let strategy = (
        prop::collection::vec((noise, prop::option::of(any::<u32>()), end), 1..40),
        0_usize..4,
    );
    let mut runner = TestRunner::new(Config::with_cases(24));
    runner
        .run(&strategy, |(parts, how)| {
            // Not a list, whatever follows.
            let mut text = String::from("a few words\nand a few more words\n");
            let mut planted = std::collections::BTreeSet::new();
            for (noise, id, end) in parts {
                text += &noise;
                text += " ";
                if let Some(number) = id {
                    let id = if number % 2 == 0 {
                        response(number)
                    } else {
                        file(number % 100_000)
                    };
                    text += &id;
                    planted.insert(id);
                }
                text += end;
            }
            write(&path, &text, how);
            let dir = tempfile::tempdir().unwrap();
            let found = deck.run(&[
                "--data-dir",
                dir.path().to_str().unwrap(),
                "add",
                "--from",
                path.to_str().unwrap(),
            ]);
            prop_assert_eq!(found.code, 0, "{:?}", found);
            let found: std::collections::BTreeSet<String> =
                found.out.lines().map(str::to_owned).collect();
            prop_assert_eq!(found, planted);
            Ok(())
        })
        .unwrap();
}
