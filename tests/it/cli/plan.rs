//! `plan`, `apply` and `--verify`.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use arkdeck::emulator::{Call, Fault, Faults, Options, Rule, Scope, When};
use serde_json::{Value, json};

use super::{Deck, lines, response};

async fn tagged(count: usize) -> (Deck, Vec<String>, String) {
    let deck = Deck::start(Options {
        responses: count,
        ..Options::default()
    })
    .await;
    let ids = deck.emulator.response_ids();
    for id in &ids[1..] {
        deck.ok(&["add", id, "--tag", "ci"]);
    }
    let file = deck.path().join("plan.json").to_str().unwrap().to_owned();
    (deck, ids, file)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_deletes_what_it_names_and_what_matches_later_stays() {
    let (deck, ids, file) = tagged(5).await;
    let ran = deck.run(&["plan", "--filter", "tag:ci", "--out", &file]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.err.contains("Nothing was deleted"), "{ran:?}");
    assert!(deck.emulator.requests().is_empty());
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let plan: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(plan["profile"], "default");
    assert_eq!(plan["base_url"], deck.emulator.base_url());
    assert_eq!(
        (&plan["filter"], &plan["total"]),
        (&json!("tag:ci"), &json!(4))
    );
    assert_eq!(plan["items"].as_array().unwrap().len(), 4);
    assert_eq!(plan["items"][0]["state"], "tracked");
    // Never over another file.
    let again = deck.run(&["plan", "--filter", "tag:ci", "--out", &file]);
    assert_eq!(again.code, 3, "{again:?}");
    assert!(again.err.contains("exists"), "{again:?}");

    // One is gone meanwhile, and a new one would match.
    deck.ok(&["delete", "--yes", &ids[1]]);
    deck.ok(&["add", &ids[0], "--tag", "ci"]);
    let before = deck.emulator.requests().len();
    assert_eq!(deck.run(&["apply", &file]).code, 2, "nobody was asked");
    assert_eq!(deck.run(&["--read-only", "apply", "--yes", &file]).code, 3);
    assert_eq!(deck.run(&["apply", "--yes", "--max", "2", &file]).code, 3);
    assert_eq!(deck.emulator.requests().len(), before);
    let told = lines(&deck.ok(&["apply", "--yes", "-o", "jsonl", &file]));
    assert_eq!(told.len(), 4);
    let sent = told.iter().filter(|line| line["attempts"] == 1).count();
    assert_eq!(sent, 3, "{told:?}");
    assert_eq!(deck.emulator.response_ids(), [ids[0].clone()]);
    // Once more: all of it is so.
    let told = lines(&deck.ok(&["apply", "--yes", "-o", "jsonl", &file]));
    assert!(
        told.iter()
            .all(|line| line["outcome"] == "deleted" && line["attempts"] == 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_can_shrink_and_never_grow() {
    let (deck, ids, file) = tagged(4).await;
    let args = ["plan", "--out", &file, &ids[1], &ids[2], &response(7)];
    deck.ok(&args);
    assert_eq!(deck.list(&["--all"]).len(), 3, "planning tracks nothing");
    let text = fs::read_to_string(&file).unwrap();
    let edited = |text: &str| {
        fs::write(&file, text).unwrap();
        let ran = deck.run(&["apply", "--yes", &file]);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{text}: {ran:?}");
        assert!(ran.err.contains("nothing was sent"), "{ran:?}");
        ran.err
    };
    assert!(edited(&text.replace(&ids[1], &ids[0])).contains(&ids[0]));
    edited(&text.replace("\"name\":null", "\"name\":\"harmless\""));
    edited(&text.replace("\"total\": 3", "\"total\": 9"));
    edited(&text.replace("\"kind\":\"response\"", "\"kind\":\"file\""));
    edited(&text[..text.len() / 2]);
    edited("");
    edited("{}");
    edited(&text.replace("\"arkdeck_plan\": 1", "\"arkdeck_plan\": 2"));
    edited(&text.replace("\"total\"", "\"extra\": 1, \"total\""));
    // Made longer ago, so that its age is all that is wrong: the checksums say that it is not.
    let year = text.find("\"made_at\": \"20").unwrap() + 14;
    let mut older = text.clone();
    older.replace_range(year..year + 2, "10");
    edited(&older);
    assert!(deck.emulator.requests().is_empty());

    // Struck out: the rest is as it was.
    let mut plan: Value = serde_json::from_str(&text).unwrap();
    plan["items"].as_array_mut().unwrap().remove(0);
    fs::write(&file, serde_json::to_string(&plan).unwrap()).unwrap();
    let ran = deck.run(&["apply", "--yes", "-o", "jsonl", &file]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err
            .contains("Struck out of the plan since it was made: 1"),
        "{ran:?}"
    );
    assert_eq!(lines(&ran.out).len(), 2);
    let left = [ids[0].clone(), ids[1].clone(), ids[3].clone()];
    assert_eq!(deck.emulator.response_ids(), left);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_for_its_profile_and_service_and_for_some_time() {
    let (deck, ids, file) = tagged(2).await;
    deck.ok(&["plan", "--out", &file, &ids[0]]);
    let url = "http://127.0.0.1:9/api/v3";
    let ran = deck.run(&["--base-url", url, "apply", "--yes", &file]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains(url) && ran.err.contains(&deck.emulator.base_url()));
    let ran = deck.run(&["apply", "--yes", "--max-age", "0s", &file]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("--max-age"), "{ran:?}");
    assert_eq!(
        deck.run(&["apply", "--yes", "--max-age", "soon", &file])
            .code,
        2
    );
    assert_eq!(deck.run(&["apply", "--yes", "/nonexistent/plan"]).code, 2);
    assert_eq!(
        deck.run(&["plan", "--out", "/nonexistent/plan", &ids[0]])
            .code,
        3
    );
    assert!(deck.emulator.requests().is_empty());

    let dir = deck.path().join(".config/arkdeck");
    fs::create_dir_all(&dir).unwrap();
    fs::write(
        dir.join("config.toml"),
        "[profiles.default]\nprotected = true\n",
    )
    .unwrap();
    let ran = deck.run(&["apply", "--yes", &file]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("ARKDECK_CONFIRM=1"), "{ran:?}");
    let deck = deck.var("ARKDECK_CONFIRM", Some("1"));
    deck.ok(&["apply", "--yes", &file]);
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_believes_a_deletion_when_a_lookup_finds_nothing() {
    let (deck, ids, file) = tagged(4).await;
    // The service lies about one, is slow to forget another, and is unwell about a third.
    let lie = Fault::Answer {
        when: When::Before,
        status: 200,
        content_type: Some("application/json".to_owned()),
        body: "{\"id\":\"{id}\",\"deleted\":true}".to_owned(),
    };
    let stale = Fault::Answer {
        when: When::Before,
        status: 200,
        content_type: Some("application/json".to_owned()),
        body: "{\"id\":\"{id}\",\"object\":\"response\"}".to_owned(),
    };
    let get = Scope::Call(Call::GetResponse);
    deck.emulator.set_faults(Faults {
        rules: vec![
            Rule::always(Scope::DeletesOf(ids[0].clone()), lie),
            Rule::times(2, get, stale),
        ],
        ..Faults::default()
    });
    let args = [
        "delete",
        "--yes",
        "--verify",
        "-o",
        "jsonl",
        "--concurrency",
        "1",
    ];
    let told = lines(&deck.ok(&[&args[..], &[&ids[1]]].concat()));
    assert_eq!(
        (&told[0]["outcome"], &told[0]["attempts"]),
        (&json!("deleted"), &json!(1))
    );
    let gets = deck
        .emulator
        .requests()
        .iter()
        .filter(|seen| seen.method == "GET")
        .count();
    assert_eq!(gets, 3, "asked until it was gone");

    let ran = deck.run(&[&args[..], &[&ids[0], &ids[2]]].concat());
    assert_eq!(ran.code, 1, "{ran:?}");
    for line in lines(&ran.out) {
        let wanted = if line["id"] == ids[0].as_str() {
            "unsettled"
        } else {
            "deleted"
        };
        assert_eq!(line["outcome"], wanted, "{ran:?}");
    }
    assert!(ran.err.contains("arkdeck resume"), "{ran:?}");
    let table = deck.run(&["show", &ids[0]]);
    assert!(table.out.contains("still shows it"), "{table:?}");
    assert_eq!(deck.list(&["--filter", "state:unsettled"]).len(), 1);

    // Without --verify its word is taken; with it, a plan's is not either.
    let unwell = Rule::always(Scope::Call(Call::GetResponse), Fault::Html);
    deck.emulator.set_faults(Faults {
        rules: vec![unwell],
        ..Faults::default()
    });
    deck.ok(&["plan", "--out", &file, &ids[3]]);
    let ran = deck.run(&["apply", "--yes", "--verify", "-o", "jsonl", &file]);
    assert_eq!(
        (ran.code, &lines(&ran.out)[0]["outcome"]),
        (1, &json!("unsettled")),
        "{ran:?}"
    );
    deck.emulator.set_faults(Faults::default());
    deck.ok(&["resume"]);
    assert!(deck.emulator.response_ids().is_empty());
}
