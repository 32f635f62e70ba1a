//! `sync`, `doctor` and `emulate`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use arkdeck::emulator::{Call, Fault, Faults, Missing, Options, Rule, Scope, When};

use super::{Deck, Ran};

fn listing(body: &str) -> Faults {
    Faults {
        rules: vec![Rule::always(
            Scope::Call(Call::ListFiles),
            Fault::Answer {
                when: When::Before,
                status: 200,
                content_type: Some("application/json".to_owned()),
                body: body.to_owned(),
            },
        )],
        ..Faults::default()
    }
}

/// `cargo test --test it quarter -- --ignored`: a minute unoptimised.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute"]
async fn a_quarter_of_a_million_files_are_mirrored_and_none_called_gone() {
    let deck = Deck::start(Options {
        files: 250_000,
        ..Options::default()
    })
    .await;
    for new in [250_000, 0] {
        let out = deck.ok(&["sync"]);
        let wanted = format!("250000 files on the server · new: {new} · gone: 0 · ");
        assert!(out.starts_with(&wanted), "{out}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_mirrors_the_files_and_shows_no_name_raw() {
    let deck = Deck::start(Options {
        files: 250,
        responses: 1,
        ..Options::default()
    })
    .await;
    let out = deck.ok(&["sync"]);
    assert_eq!(
        out,
        "250 files on the server · new: 250 · gone: 0 · failed: 13 · stuck: 13\n"
    );
    assert_eq!(deck.list(&["files", "--filter", "source:sync"]).len(), 250);

    // Now the server has one file, with a name that would clear the screen.
    deck.emulator.set_faults(listing(
        "{\"object\":\"list\",\"data\":[{\"id\":\"file-20261121101500-k3v9q\",\"object\":\"file\",\
         \"filename\":\"a\\u001b[2J\\u202eb\u{9b}\",\"bytes\":7,\"created_at\":1795227300,\
         \"purpose\":\"user_data\",\"expire_at\":-1}],\"has_more\":false}",
    ));
    assert_eq!(
        deck.ok(&["sync"]),
        "1 file on the server · new: 1 · gone: 250 · failed: 0 · stuck: 0\n"
    );
    let files = deck.list(&["files"]);
    assert_eq!(files[0]["name"], "a\u{1b}[2J\u{202e}b\u{9b}");
    assert_eq!(files[0]["expires_at"], serde_json::Value::Null);
    for format in ["table", "csv"] {
        let shown = deck.ok(&["list", "-o", format]);
        assert!(shown.contains("a\\u{1b}[2J\\u{202e}b\\u{9b}"), "{shown}");
    }
    deck.ok(&["delete", "--dry-run", "--filter", "kind:file"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn sync_can_refresh_the_responses_too() {
    let deck = Deck::start(Options {
        responses: 2,
        ..Options::default()
    })
    .await;
    let ids = deck.emulator.response_ids();
    let absent = super::response(9);
    deck.ok(&["add", &ids[0], &ids[1], &absent]);
    let out = deck.ok(&["sync", "--responses"]);
    assert!(
        out.ends_with("2 responses refreshed · gone: 1 · failed: 0\n"),
        "{out}"
    );
    assert!(
        deck.list(&["responses"])
            .iter()
            .all(|row| row["model"].is_string())
    );
    assert_eq!(deck.list(&["--filter", "state:gone"]).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incomplete_listing_is_exit_1_and_nothing_is_gone() {
    let deck = Deck::start(Options {
        files: 3,
        ..Options::default()
    })
    .await;
    deck.ok(&["sync"]);
    // Says that there is more, and brings nothing new.
    deck.emulator.set_faults(listing(
        "{\"object\":\"file\",\"data\":[],\"has_more\":true}",
    ));
    let ran = deck.run(&["sync"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(deck.list(&["files"]).len(), 3);
    let deck = deck.var("ARK_API_KEY", Some("another"));
    assert_eq!(deck.run(&["sync"]).code, 3);
    let deck = deck.var("ARK_API_KEY", None);
    assert_eq!(deck.run(&["sync"]).code, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_is_wrong_and_what_to_do() {
    let deck = Deck::empty().await;
    let ran = deck.run(&["doctor"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for line in [
        "ok    key",
        "ok    ledger",
        "ok    service",
        "warn  terminal",
    ] {
        assert!(ran.out.contains(line), "{ran:?}");
    }
    assert_eq!(deck.emulator.requests().len(), 1);
    let deck = deck.var("ARK_API_KEY", Some("another"));
    let ran = deck.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("fail  service") && ran.out.contains("Check that the key"));
    let deck = deck.var("ARK_API_KEY", None);
    let ran = deck.run(&["doctor"]);
    assert!(ran.out.contains("fail  key"), "{ran:?}");
    let deck = deck.var("ARK_BASE_URL", Some("ark"));
    let ran = deck.run(&["doctor"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("fail  config"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_learns_how_the_service_says_not_found() {
    let deck = Deck::start(Options {
        responses: 1,
        missing_file: Missing::new(404, "Nowhere"),
        ..Options::default()
    })
    .await;
    let ran = deck.run(&["doctor", "--probe"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out
            .contains("400 InvalidParameter.PreviousResponseNotFound, which is known")
    );
    assert!(
        ran.out.contains("not_found_codes = [\"Nowhere\"]"),
        "{ran:?}"
    );
    let deletes = deck.emulator.requests();
    let deletes = deletes.iter().filter(|seen| seen.method == "DELETE");
    assert_eq!(deletes.count(), 2);
    assert_eq!(deck.emulator.response_ids().len(), 1);

    let dir = deck.path().join(".config/arkdeck");
    std::fs::create_dir_all(&dir).unwrap();
    let config = "[profiles.default]\nnot_found_codes = [\"Nowhere\"]\n";
    std::fs::write(dir.join("config.toml"), config).unwrap();
    let ran = deck.run(&["doctor", "--probe"]);
    assert!(ran.out.contains("404 Nowhere, which is known"), "{ran:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn emulate_says_where_it_is_and_ends_when_told() {
    let deck = Deck::empty().await;
    let mut child = deck
        .command(&[
            "emulate",
            "--responses",
            "3",
            "--files",
            "2",
            "--api-key",
            "k",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let url = line.trim_end().to_owned();
    assert!(
        url.starts_with("http://127.0.0.1:") && url.ends_with("/api/v3"),
        "{url}"
    );
    let deck = deck.var("ARK_BASE_URL", Some(&url));
    assert_eq!(deck.run(&["doctor"]).code, 1);
    let deck = deck.var("ARK_API_KEY", Some("k"));
    deck.ok(&["doctor"]);
    super::deletion::signal(&child, "TERM");
    let ran = Ran::of(child.wait_with_output().unwrap());
    assert_eq!(ran.code, 0, "{ran:?}");
    // The port of the other emulator is taken.
    let taken = deck.emulator.address().to_string();
    assert_eq!(deck.run(&["emulate", "--listen", &taken]).code, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_never_began_says_nothing_of_the_server() {
    let deck = Deck::empty().await;
    deck.ok(&["add", "file-1"]);
    let deck = deck.var("ARK_API_KEY", Some("ark-other-1234"));
    let ran = deck.run(&["sync"]);
    assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{ran:?}");
    assert_eq!(deck.list(&["files"])[0]["state"], "tracked");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_one_service_are_nobody_elses_to_judge() {
    let deck = Deck::empty().await;
    let data = deck.path().join("data");
    let deck = deck.var("ARKDECK_DATA_DIR", data.to_str());
    let ids = ["resp_elsewhere", "file-elsewhere"];
    deck.ok(&["add", ids[0], ids[1]]);
    let ledger = arkdeck::store::Ledger::open(&data, "default").unwrap();
    let own = "https://ark.example/api/v3";
    let now = jiff::Timestamp::now();
    assert_eq!(ledger.serve(own, true).await.unwrap(), None);
    let began = ledger.begin_sync(now).await.unwrap();
    assert_eq!(ledger.service().await.unwrap(), None, "it has said nothing");
    ledger.sync_page(began, Vec::new(), now).await.unwrap();
    assert_eq!(ledger.service().await.unwrap().as_deref(), Some(own));
    drop(ledger);
    for args in [
        &["sync"][..],
        &["sync", "--responses"],
        &["delete", "--yes", ids[0]],
    ] {
        let ran = deck.run(args);
        assert_eq!(ran.code, 3, "{args:?}: {ran:?}");
        assert!(ran.err.contains(own), "{args:?}: {ran:?}");
        assert!(ran.err.contains(&deck.emulator.base_url()), "{ran:?}");
    }
    let shown = deck.run(&["show", ids[0]]);
    assert!(shown.err.contains(own), "{shown:?}");
    assert_eq!(deck.emulator.requests().len(), 0);
    for row in deck.list(&["--all"]) {
        assert_eq!(row["state"], "tracked", "{row}");
    }
    // A ledger of its own is nobody's yet.
    deck.ok(&[
        "--data-dir",
        deck.path().join("other").to_str().unwrap(),
        "sync",
    ]);
}
