//! `delete` and `resume`: what is deleted, what is said of it, and how the program leaves.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use arkdeck::emulator::{Call, Fault, Faults, Options, Rule, Scope, When};
use serde_json::{Value, json};

use super::{Deck, Ran, delete_all, lines, response, with_responses};

fn rules(rules: Vec<Rule>) -> Faults {
    Faults {
        rules,
        ..Faults::default()
    }
}

fn answer(status: u16, body: &str) -> Fault {
    Fault::Answer {
        when: When::Before,
        status,
        content_type: Some("application/json".to_owned()),
        body: body.to_owned(),
    }
}

fn outcomes(out: &str) -> Vec<(String, String)> {
    let mut outcomes: Vec<_> = lines(out)
        .iter()
        .map(|line| {
            let text = |name: &str| line[name].as_str().unwrap().to_owned();
            (text("id"), text("outcome"))
        })
        .collect();
    outcomes.sort();
    outcomes
}

#[tokio::test(flavor = "multi_thread")]
async fn delete_prints_a_line_for_each_id_and_keeps_it_in_the_ledger() {
    let deck = Deck::start(Options {
        responses: 2,
        files: 1,
        ..Options::default()
    })
    .await;
    let ids = deck.emulator.response_ids();
    let file = deck.emulator.file_ids()[0].clone();
    let absent = response(7);
    deck.ok(&["add", &ids[0]]);
    let out = deck.ok(&[
        "delete", "--yes", "-o", "jsonl", &ids[0], &ids[1], &file, &absent,
    ]);
    let mut deleted = lines(&out);
    deleted.sort_by_key(|line| line["id"].to_string());
    let line = |id: &str| deleted.iter().find(|line| line["id"] == id).unwrap();
    assert_eq!(deleted.len(), 4);
    assert_eq!(
        line(&ids[0]).to_owned(),
        json!({
            "id": ids[0], "kind": "response", "outcome": "deleted", "attempts": 1, "status": 200,
            "code": null, "message": null, "request_id": line(&ids[0])["request_id"],
        })
    );
    assert!(line(&ids[0])["request_id"].is_string());
    assert_eq!(line(&file)["kind"], "file");
    assert_eq!(line(&absent)["outcome"], "gone");
    assert_eq!(
        line(&absent)["code"],
        "InvalidParameter.PreviousResponseNotFound"
    );
    assert!(deck.emulator.response_ids().is_empty() && deck.emulator.file_ids().is_empty());
    assert!(deck.list(&[]).is_empty());
    assert_eq!(deck.list(&["--filter", "state:deleted"]).len(), 3);
    assert_eq!(deck.list(&["--all"]).len(), 4);

    // Asked again, nothing is sent: the ledger knows.
    let before = deck.emulator.requests().len();
    let out = deck.ok(&["delete", "--yes", "-o", "jsonl", &ids[0], &absent]);
    assert_eq!(lines(&out)[0]["attempts"], 0);
    assert_eq!(deck.emulator.requests().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn delete_takes_a_filter_or_a_list_on_stdin() {
    let (deck, ids) = with_responses(3).await;
    deck.ok(&["add", &ids[0], "--tag", "old"]);
    deck.ok(&["add", &ids[1]]);
    let out = deck.ok(&["delete", "--filter", "tag:old", "--yes", "-o", "id"]);
    assert_eq!(out, format!("{}\n", ids[0]));
    let input = format!("{}\n\n{}\r\n{}\n", ids[1], ids[2], ids[1]);
    let ran = deck.run_fed(&["delete", "-", "--yes", "-o", "csv"], &input);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(ran.out.lines().count(), 3, "{ran:?}");
    assert!(
        ran.out
            .starts_with("id,kind,outcome,attempts,status,code,message,request_id\n")
    );
    assert!(deck.emulator.response_ids().is_empty());
    // Nothing matches, nothing to do.
    assert_eq!(
        deck.ok(&["delete", "--filter", "tag:old", "--yes", "-o", "json"]),
        "[]\n"
    );
    // One bad line and nothing is sent.
    let ran = deck.run_fed(&["delete", "-", "--yes"], "resp_1\nresp_2 resp_3\n");
    assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_lists_and_touches_nothing() {
    let (deck, ids) = with_responses(2).await;
    deck.ok(&["add", &ids[0]]);
    let ran = deck.run(&["delete", "--dry-run", "-o", "jsonl", &ids[0], &ids[1]]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let listed = lines(&ran.out);
    assert_eq!(
        (&listed[0]["id"], &listed[0]["state"]),
        (&json!(ids[0]), &json!("tracked"))
    );
    assert_eq!(
        (&listed[1]["id"], &listed[1]["state"]),
        (&json!(ids[1]), &Value::Null)
    );
    assert!(ran.err.contains("Nothing was deleted"), "{ran:?}");
    assert!(deck.emulator.requests().is_empty());
    assert_eq!(
        deck.list(&["--all"]).len(),
        1,
        "the unknown id stays unknown"
    );
    // It needs no key and nobody to confirm.
    let deck = deck.var("ARK_API_KEY", None);
    deck.ok(&["delete", "--dry-run", &ids[0]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_go_is_exit_1_with_the_reason() {
    let (deck, ids) = with_responses(4).await;
    deck.emulator.set_faults(rules(vec![
        Rule::always(Scope::DeletesOf(ids[0].clone()), Fault::NotDeleted),
        Rule::always(
            Scope::DeletesOf(ids[1].clone()),
            answer(
                400,
                "{\"error\":{\"code\":\"Odd\",\"message\":\"\\u001b[2J\u{202e}no\"}}",
            ),
        ),
        Rule::always(Scope::DeletesOf(ids[2].clone()), Fault::OtherId),
    ]));
    let mut args = vec!["delete", "--yes", "-o", "jsonl"];
    args.extend(ids.iter().map(String::as_str));
    let ran = deck.run(&args);
    assert_eq!(ran.code, 1, "{ran:?}");
    let find = |id: &str| {
        let found = lines(&ran.out).into_iter().find(|line| line["id"] == id);
        found.unwrap()
    };
    assert_eq!(find(&ids[0])["outcome"], "refused");
    assert_eq!(find(&ids[1])["outcome"], "failed");
    // Escaped on the way, the same text when read.
    assert_eq!(find(&ids[1])["message"], "\u{1b}[2J\u{202e}no");
    assert_eq!(find(&ids[2])["outcome"], "unsettled");
    assert_eq!(find(&ids[3])["outcome"], "deleted");
    assert!(ran.err.contains("arkdeck resume"), "{ran:?}");
    assert_eq!(deck.list(&["--filter", "state:failed"]).len(), 1);
    let table = deck.run(&["delete", "--yes", &ids[1]]);
    assert_eq!(table.code, 1);
    assert!(table.out.contains("\\u{1b}[2J\\u{202e}no"), "{table:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_confirmation() {
    let (deck, ids) = with_responses(3).await;
    let id = ids[0].as_str();
    let ran = deck.run(&["delete", id]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("--yes"), "{ran:?}");
    assert_eq!(
        deck.run(&["delete", "--yes", "--max", "2", &ids[0], &ids[1], &ids[2]])
            .code,
        3
    );

    let dir = deck.path().join(".config/arkdeck");
    std::fs::create_dir_all(&dir).unwrap();
    let config = "[profiles.default]\nprotected = true\nmax_batch = 2\n";
    std::fs::write(dir.join("config.toml"), config).unwrap();
    assert_eq!(
        deck.run(&["delete", "--yes", &ids[0], &ids[1], &ids[2]])
            .code,
        3
    );
    let ran = deck.run(&["delete", "--yes", id]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("ARKDECK_CONFIRM=1"), "{ran:?}");
    let deck = deck.var("ARKDECK_CONFIRM", Some("2"));
    assert_eq!(deck.run(&["delete", "--yes", id]).code, 3);
    assert!(deck.emulator.requests().is_empty());
    assert!(deck.list(&["--all"]).is_empty());
    let deck = deck.var("ARKDECK_CONFIRM", Some("1"));
    deck.ok(&["delete", "--yes", id]);
    assert_eq!(deck.emulator.response_ids().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_and_a_refused_key_are_exit_3() {
    let (deck, ids) = with_responses(2).await;
    let deck = deck.var("ARK_API_KEY", None);
    let ran = deck.run(&["delete", "--yes", &ids[0]]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(
        ran.err.contains("ARK_API_KEY") && ran.err.contains("console"),
        "{ran:?}"
    );
    assert!(deck.emulator.requests().is_empty());

    let deck = deck.var("ARK_API_KEY", Some("another"));
    let ran = deck.run(&[
        "delete",
        "--yes",
        "-o",
        "jsonl",
        "--concurrency",
        "1",
        &ids[0],
        &ids[1],
    ]);
    assert_eq!(ran.code, 3, "{ran:?}");
    let told = outcomes(&ran.out);
    assert_eq!(told.len(), 2, "{ran:?}");
    assert!(
        told.iter().any(|(_, outcome)| outcome == "failed"),
        "{told:?}"
    );
    assert_eq!(deck.emulator.response_ids().len(), 2);
    // A plain-http host that is not this machine would hear the key in clear.
    let ran = deck.run(&[
        "--base-url",
        "http://ark.example/v3",
        "delete",
        "--yes",
        &ids[0],
    ]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("ark.example"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_comes_when_its_deletion_settles() {
    let (deck, ids) = with_responses(2).await;
    // The second is never answered while the first line is read.
    let silence = Rule::always(
        Scope::DeletesOf(ids[1].clone()),
        Fault::Silence(When::Before),
    );
    deck.emulator.set_faults(rules(vec![silence]));
    let mut child = start(deck.command(&["delete", "--yes", "-o", "jsonl", &ids[0], &ids[1]]));
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(outcomes(&line), [(ids[0].clone(), "deleted".to_owned())]);
    deck.emulator.wait_for_arrivals(2).await;
    child.kill().unwrap();
    child.wait().unwrap();

    // The kill left an intent behind: it shows, and is settled.
    deck.emulator.set_faults(Faults::default());
    let ran = deck.run(&["list", "-o", "jsonl", "--filter", "state:unsettled"]);
    assert_eq!(lines(&ran.out)[0]["id"], *ids[1], "{ran:?}");
    assert!(ran.err.contains("arkdeck resume"), "{ran:?}");
    let out = deck.ok(&["resume", "-o", "jsonl"]);
    assert_eq!(outcomes(&out), [(ids[1].clone(), "deleted".to_owned())]);
    assert!(deck.emulator.response_ids().is_empty());
    let ran = deck.run(&["resume", "-o", "json"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, "[]\n"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_hangs_up_ends_no_deletion() {
    let (deck, ids) = with_responses(50).await;
    deck.ok(&[
        &["add"],
        &ids.iter().map(String::as_str).collect::<Vec<_>>()[..],
    ]
    .concat());
    let mut child =
        start(deck.command(&["delete", "--filter", "kind:response", "--yes", "-o", "id"]));
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(deck.emulator.response_ids().is_empty());
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn the_first_interrupt_settles_what_was_sent_the_second_leaves() {
    let (deck, ids) = with_responses(10).await;
    deck.ok(&[
        &["add"],
        &ids.iter().map(String::as_str).collect::<Vec<_>>()[..],
    ]
    .concat());
    deck.emulator.set_faults(Faults {
        latency: std::time::Duration::from_millis(300),
        ..Faults::default()
    });
    let child = start(deck.command(&delete_all("2")));
    deck.emulator.wait_for_arrivals(2).await;
    signal(&child, "INT");
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{ran:?}");
    let told = outcomes(&ran.out);
    let count = |which: &str| told.iter().filter(|(_, outcome)| outcome == which).count();
    assert_eq!(told.len(), 10, "{ran:?}");
    assert!(count("deleted") >= 2 && count("cancelled") >= 1, "{told:?}");
    assert_eq!(deck.emulator.response_ids().len(), count("cancelled"));
    assert_eq!(
        deck.list(&["--filter", "state:tracked"]).len(),
        count("cancelled")
    );

    // Nobody answers now: one interrupt waits, the next does not.
    let silence = Rule::always(Scope::Deletes, Fault::Silence(When::Before));
    deck.emulator.set_faults(rules(vec![silence]));
    let before = deck.emulator.arrived();
    let mut child = start(deck.command(&delete_all("2")));
    deck.emulator.wait_for_arrivals(before + 1).await;
    signal(&child, "INT");
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    err.read_line(&mut line).unwrap();
    assert!(line.contains("Ctrl-C"), "{line}");
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(130));
    // What was claimed on disk is in doubt, sent or not, and nothing else is.
    let unsettled = deck.list(&["--filter", "state:unsettled"]).len();
    let tracked = deck.list(&["--filter", "state:tracked"]).len();
    let left = deck.emulator.response_ids().len();
    assert!(
        unsettled >= 1 && unsettled + tracked == left,
        "{unsettled} {tracked} {left}"
    );
    deck.emulator.set_faults(Faults::default());
    deck.ok(&["resume"]);
    assert_eq!(deck.list(&["--filter", "state:unsettled"]).len(), 0);
    assert_eq!(deck.emulator.response_ids().len(), tracked);
}

fn start(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

#[cfg(unix)]
pub(super) fn signal(child: &Child, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status();
    assert!(status.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_id_is_gone_only_when_the_service_says_so() {
    let (deck, ids) = with_responses(1).await;
    let data = deck.path().join("data");
    let deck = deck.var("ARKDECK_DATA_DIR", data.to_str());
    deck.ok(&["add", &ids[0]]);
    let ledger = rusqlite::Connection::open(data.join("ledger.db")).unwrap();
    ledger
        .execute("UPDATE resources SET expires_at = 1000", [])
        .unwrap();
    assert_eq!(deck.list(&["--all"])[0]["state"], "expired");
    let out = deck.ok(&["delete", "--yes", "-o", "jsonl", &ids[0]]);
    assert_eq!(lines(&out)[0]["outcome"], "deleted");
    assert!(deck.emulator.response_ids().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_is_of_the_kind_the_ledger_has_it_as() {
    let deck = Deck::empty().await;
    deck.emulator.set_faults(rules(vec![Rule::always(
        Scope::Call(Call::ListFiles),
        answer(200, r#"{"data":[{"id":"resp_file"}],"has_more":false}"#),
    )]));
    deck.ok(&["sync"]);
    let line = |args: &[&str]| {
        let mut all = vec!["delete", "--yes", "-o", "jsonl"];
        all.extend(args);
        lines(&deck.ok(&all)).remove(0)["kind"].clone()
    };
    assert_eq!(line(&["resp_file"]), "file");
    // Where it is known as both, the prefix or else `--kind` decides.
    deck.ok(&["add", "resp_both"]);
    deck.emulator.set_faults(rules(vec![Rule::always(
        Scope::Call(Call::ListFiles),
        answer(200, r#"{"data":[{"id":"resp_both"}],"has_more":false}"#),
    )]));
    deck.ok(&["sync"]);
    assert_eq!(line(&["resp_both", "--kind", "file"]), "file");
    assert_eq!(line(&["resp_both"]), "response");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_filter_is_not_everything() {
    let (deck, ids) = with_responses(3).await;
    deck.ok(&["add", &ids[0], &ids[1], &ids[2]]);
    let plan = deck.path().join("plan.json");
    let plan = plan.to_str().unwrap();
    for empty in ["", "  ", "\"\"", "-\"\""] {
        for args in [
            &["delete", "--yes"][..],
            &["delete", "--dry-run"],
            &["plan", "--out", plan],
            &["tag", "--add", "x"],
        ] {
            let ran = deck.run(&[args, &["--filter", empty]].concat());
            assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {ran:?}");
        }
    }
    assert!(deck.emulator.requests().is_empty());
    assert_eq!(deck.list(&["--filter", "-tag:x"]).len(), 3);
}
