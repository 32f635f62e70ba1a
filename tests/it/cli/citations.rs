//! Files that responses cite which stay, and protected ones: named before anything is deleted.

use arkdeck::emulator::Options;

use super::Deck;
use super::asking::answer;

/// A deck that knows everything of a service whose responses are made with some of its files; the
/// first such file, and a response that cites it.
async fn citing() -> (Deck, String, String) {
    let deck = Deck::start(Options {
        responses: 100,
        files: 15,
        ..Options::default()
    })
    .await;
    let ids = deck.emulator.response_ids().join("\n");
    let added = deck.run_fed(&["add", "--from", "-"], &ids);
    assert_eq!(added.code, 0, "{added:?}");
    let out = deck.ok(&["sync", "--responses"]);
    assert!(out.contains("100 responses refreshed"), "{out}");
    let ran = deck.run(&["delete", "--dry-run", "--filter", "kind:file"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let heading = "Cited by responses that stay, which may need them again: ";
    let (_, cited) = ran.err.split_once(heading).expect(&ran.err);
    let (file, by) = cited.lines().nth(1).unwrap().split_once(": ").unwrap();
    let by = by.split([',', ' ']).next().unwrap();
    assert!(
        file.starts_with("file-") && by.starts_with("resp_"),
        "{cited}"
    );
    (deck, file.to_owned(), by.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_responses_cite_are_pointed_out() {
    let (deck, file, by) = citing().await;
    let pointed_out = |text: &str| text.contains(&format!("{file}: {by}"));
    let shown = deck.ok(&["show", &file]);
    let line = shown.lines().find(|line| line.starts_with("cited by"));
    assert!(line.is_some_and(|line| line.contains(&by)), "{shown}");

    let plan = deck.path().join("plan.json");
    let plan = plan.to_str().unwrap();
    let planned = deck.run(&["plan", &file, "--out", plan]);
    assert!(pointed_out(&planned.err), "{planned:?}");

    let (screen, code) = answer(&deck, &["delete", &file], "y or n:", "n");
    assert_eq!(code, 3, "{screen}");
    assert!(pointed_out(&screen), "{screen}");
    let (screen, _) = answer(
        &deck,
        &["--lang", "zh-CN", "delete", &file],
        "y 或 n：",
        "n",
    );
    assert!(screen.contains("可能仍需要的文件：1 个文件"), "{screen}");

    // A file that goes together with all that cite it is one like any other.
    let everything = deck.run(&["delete", "--dry-run", "--filter", "-tag:keep"]);
    assert!(!pointed_out(&everything.err), "{everything:?}");

    // Nobody is asked, and it is said all the same.
    let applied = deck.run(&["apply", "--yes", plan]);
    assert_eq!(applied.code, 0, "{applied:?}");
    assert!(pointed_out(&applied.err), "{applied:?}");
    assert!(!deck.emulator.file_ids().contains(&file));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_and_a_question_name_the_protected_apart() {
    let deck = Deck::start(Options {
        responses: 3,
        ..Options::default()
    })
    .await;
    let ids = deck.emulator.response_ids();
    deck.ok(&["add", &ids[0], &ids[1], &ids[2]]);
    deck.ok(&["protect", &ids[0]]);
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let question = [&["delete"], &ids[..]].concat();
    let (screen, code) = answer(&deck, &question, "y or n:", "n");
    assert_eq!(code, 3, "{screen}");
    assert!(
        screen.contains("Protected, and so left out: 1."),
        "{screen}"
    );
    let plan = deck.path().join("plan.json");
    let planned = [&["plan", "--out", plan.to_str().unwrap()], &ids[..]].concat();
    let ran = deck.run(&planned);
    assert!(
        ran.err.contains("Protected, and so left out: 1."),
        "{ran:?}"
    );
    assert!(!ran.err.contains("Left out, because"), "{ran:?}");
}
