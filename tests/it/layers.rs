//! The code is held to the picture in `src/lib.rs`: a module names only modules of lower layers.

use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Lowest first; the modules of a line do not name each other.
const LAYERS: [&[&str]; 6] = [
    &["domain", "secret"],
    &["config", "store", "api", "scan", "locale", "emulator"],
    &["app", "worker", "recorder", "import"],
    &["keys"],
    &["view"],
    &["tui", "cli"],
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

fn files(path: &Path, into: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            files(&entry.unwrap().path(), into);
        }
    } else if path.extension().is_some_and(|e| e == "rs") {
        into.push(path.to_owned());
    }
}

/// The modules a source names by `crate::…`, also in groups: `crate::{a, b::c}`.
fn named(source: &str) -> Vec<String> {
    let path = Regex::new(r"\bcrate::(\{[^;]*|[a-z_]+)").unwrap();
    let word = Regex::new(r"(?:\{|,)\s*([a-z_]+)").unwrap();
    let mut named = Vec::new();
    for found in path.captures_iter(source) {
        let tail = &found[1];
        if tail.starts_with('{') {
            named.extend(word.captures_iter(tail).map(|c| c[1].to_owned()));
        } else {
            named.push(tail.to_owned());
        }
    }
    named
}

#[test]
fn modules_name_only_lower_layers() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut checked = 0;
    for entry in fs::read_dir(&src).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if ["lib", "main", "log", "screen"].contains(&module.as_str()) {
            continue;
        }
        let own = layer(&module).unwrap_or_else(|| panic!("{module} is in no layer"));
        let mut sources = Vec::new();
        files(&path, &mut sources);
        for file in sources {
            let text = fs::read_to_string(&file).unwrap();
            for other in named(&text).into_iter().filter(|other| *other != module) {
                // A name that is no module is a macro or an item of the crate's root; there is none.
                let below =
                    layer(&other).unwrap_or_else(|| panic!("{}: crate::{other}", file.display()));
                assert!(
                    below < own,
                    "{} names {other}, which is not below it",
                    file.display()
                );
                checked += 1;
            }
        }
    }
    assert!(
        checked > 50,
        "only {checked} paths were found: is the pattern still right?"
    );
}

#[test]
fn groups_are_read_too() {
    assert_eq!(named("use crate::{api, store::Ledger};"), ["api", "store"]);
    assert_eq!(named("crate::domain::Kind::File"), ["domain"]);
}

#[test]
fn the_emulator_shares_nothing_with_the_client() {
    let mut sources = Vec::new();
    files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src/emulator"),
        &mut sources,
    );
    assert!(!sources.is_empty());
    for file in sources {
        let text = fs::read_to_string(&file).unwrap();
        let outside = named(&text).into_iter().find(|m| m != "emulator");
        assert_eq!(outside, None, "{}", file.display());
    }
}
