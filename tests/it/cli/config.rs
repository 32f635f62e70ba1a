//! `arkdeck config`, and what is never printed.

use std::fs;

use super::{Deck, KEY};

#[tokio::test(flavor = "multi_thread")]
async fn a_config_file_is_written_once_shown_and_checked() {
    let deck = Deck::empty().await;
    let path = deck.ok(&["config", "path"]);
    let path = path.trim_end();
    assert!(path.starts_with(deck.path().to_str().unwrap()), "{path}");
    let ran = deck.run(&["config", "check"]);
    assert!(
        ran.code == 0 && ran.err.contains("does not exist"),
        "{ran:?}"
    );

    assert_eq!(deck.ok(&["config", "init"]).trim_end(), path);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(
            fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    let ran = deck.run(&["config", "init"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("left as it is"), "{ran:?}");
    deck.ok(&["config", "check"]);

    fs::write(
        path,
        "[profiles.default]\nprotected = true\nmax_batch = 5\n",
    )
    .unwrap();
    let shown = deck.ok(&["config", "show"]);
    for line in [
        "protected",
        "config file, line 2",
        "ARK_BASE_URL",
        "ARK_API_KEY",
    ] {
        assert!(shown.contains(line), "{shown}");
    }

    fs::write(path, "[profiles.default]\nrate = 0\nconcurrency = 9999\n").unwrap();
    let ran = deck.run(&["config", "check"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("config.toml:2:8: rate"), "{ran:?}");
    assert!(ran.err.contains("config.toml:3:15: concurrency"), "{ran:?}");
    // Where to write is known even so.
    assert_eq!(deck.ok(&["config", "path"]).trim_end(), path);
    assert_eq!(deck.run(&["list"]).code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_is_in_nothing_that_is_printed_or_written() {
    // Every run checks what it printed.
    let deck = Deck::empty().await.var("ARKDECK_LOG", Some("trace"));
    deck.ok(&["config", "show"]);
    deck.ok(&["add", "resp_1", "file-1"]);
    deck.run(&["show", "resp_1"]);
    deck.run(&["doctor"]);
    deck.run(&["-v", "delete", "--yes", "resp_1"]);
    let mut files = vec![deck.path().to_owned()];
    let mut seen = 0;
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(path).unwrap().map(|e| e.unwrap().path()));
            continue;
        }
        seen += 1;
        let bytes = fs::read(&path).unwrap();
        let found = bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes());
        assert!(!found, "the key is in {}", path.display());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode, 0o600, "{}", path.display());
        }
    }
    assert!(seen >= 2, "ledger and log");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_command_gives_the_key_and_does_not_eat_the_list_on_stdin() {
    let deck = Deck::empty().await.var("ARK_API_KEY", None);
    let dir = deck.path().join(".config/arkdeck");
    fs::create_dir_all(&dir).unwrap();
    let command =
        format!("[profiles.default]\nkey_command = [\"/bin/sh\", \"-c\", \"cat; echo {KEY}\"]\n");
    fs::write(dir.join("config.toml"), command).unwrap();
    let ran = deck.run_fed(&["show", "resp_1", "-o", "json"], "resp_2\n");
    // The key was taken: the service knows no such response.
    assert!(ran.err.contains("HTTP 400"), "{ran:?}");
    let shown = deck.run(&["config", "show"]);
    assert_eq!(shown.code, 0);
}
