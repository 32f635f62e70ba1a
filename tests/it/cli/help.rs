//! Help, completions and manual pages, which all come from one tree.

use std::collections::BTreeSet;
use std::fmt::Write;

use arkdeck::cli::help::{arg_key, command};
use arkdeck::domain::Lang;
use arkdeck::locale::{Catalogue, sources};
use clap::Command;

use super::Deck;

fn walk(command: &Command, key: &str, into: &mut BTreeSet<String>) {
    into.insert(key.to_owned());
    for arg in command.get_arguments() {
        into.insert(arg_key(key, arg));
    }
    for sub in command.get_subcommands() {
        walk(sub, &format!("{key}-{}", sub.get_name()), into);
    }
}

#[test]
fn every_command_and_flag_has_a_help_text_and_every_text_a_use() {
    for lang in Lang::ALL {
        let mut wanted = BTreeSet::new();
        walk(&command(&Catalogue::new(lang)), "help", &mut wanted);
        let commands = wanted.clone();
        let mut found = BTreeSet::new();
        for (file, source) in sources(lang) {
            let keys = source
                .lines()
                .filter_map(|line| line.split_once(" = "))
                .map(|(key, _)| key.to_owned());
            let help = keys.filter(|key| key == "help" || key.starts_with("help-"));
            found.extend(help.filter(|_| file == "help.ftl"));
        }
        // Headings are named in the source; what stands below the flags is for those who have it.
        found.retain(|key| {
            let owner = key.strip_suffix("-after");
            !key.starts_with("help-heading-") && !owner.is_some_and(|key| commands.contains(key))
        });
        assert_eq!(found, wanted, "{}", lang.as_str());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn help_of_every_command() {
    let deck = Deck::empty().await;
    let mut all = String::new();
    let tree = command(&Catalogue::new(Lang::En));
    let mut paths = vec![vec![]];
    for sub in tree.get_subcommands() {
        paths.push(vec![sub.get_name()]);
        let deeper = sub.get_subcommands();
        paths.extend(deeper.map(|deeper| vec![sub.get_name(), deeper.get_name()]));
    }
    for mut path in paths {
        path.push("--help");
        // The flags of every command are printed with each; once is enough.
        let text = deck.ok(&path);
        let own = text.split("Options of every command:\n");
        let shown = if path.len() == 1 {
            text.clone()
        } else {
            let mut parts = own;
            let before = parts.next().unwrap_or_default();
            let after = parts.next().and_then(|rest| rest.split_once("\n\n"));
            format!("{before}{}", after.map_or("", |(_, after)| after))
        };
        let call = path.join(" ");
        write!(all, "$ arkdeck {call}\n{}\n\n", shown.trim_end()).unwrap();
    }
    insta::assert_snapshot!(all);
}

#[tokio::test(flavor = "multi_thread")]
async fn help_speaks_the_language_asked_for_wherever_the_flag_stands() {
    let deck = Deck::empty().await;
    for args in [
        &["--lang", "zh-CN", "delete", "--help"][..],
        &["delete", "--help", "--lang=zh-CN"],
    ] {
        assert!(deck.ok(args).contains("在服务上删除响应和文件"), "{args:?}");
    }
    let deck = deck.var("LANG", Some("zh_CN.UTF-8"));
    assert!(deck.ok(&["--help"]).contains("所有命令的选项"));
    assert!(deck.ok(&["--help", "--lang", "en"]).contains("Options"));
    std::fs::create_dir_all(deck.path().join(".config/arkdeck")).unwrap();
    let config = deck.path().join(".config/arkdeck/config.toml");
    std::fs::write(config, "lang = \"en\"\n").unwrap();
    assert!(deck.ok(&["--help"]).contains("Options"));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_usage_is_exit_2_and_prints_no_results() {
    let deck = Deck::empty().await;
    for args in [
        &["fly"][..],
        &["list", "--filter", "age:3d"],
        &["list", "--filter", "--all"],
        &["delete", "--filter", "--yes"],
        &["delete", "--yes", "--filter", "-v"],
        &["delete", "--yes", "--filter=-y"],
        &["plan", "--filter", "--out", "plan.json"],
        &["tag", "--filter", "--add", "x"],
        &["history", "--filter", "--check"],
        &["list", "tapes"],
        &["list", "-o", "xml"],
        &["--lang", "fr", "list"],
        &["forget"],
        &["show", "a b"],
        &["delete"],
        &["delete", "resp_1", "--filter", "x"],
        &["delete", "resp_1", "--rate", "fast"],
        &["delete", "resp_1"],
        &["delete", "noprefix", "--yes"],
        &["--profile", "nobody", "list"],
        &["--base-url", "ark", "list"],
        &["add", "--from", "/nonexistent/list"],
        &["man", "fly"],
        &["--bad\u{1b}[31m"],
    ] {
        let ran = deck.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {ran:?}");
        assert!(!ran.err.is_empty(), "{args:?}");
    }
    // Nothing of this got as far as the service.
    assert!(deck.emulator.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_and_manual_pages_come_from_the_same_tree() {
    let deck = Deck::empty().await;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            deck.ok(&["completions", shell]).contains("dry-run"),
            "{shell}"
        );
    }
    let page = deck.ok(&["man"]);
    assert!(page.contains(".TH arkdeck 1") && page.contains("base\\-url"));
    let page = deck.ok(&["man", "delete"]);
    assert!(page.contains(".TH arkdeck-delete 1") && page.contains("dry\\-run"));
}
