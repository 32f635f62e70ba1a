//! The catalogue and the sources agree: no key is missing in a language, none is used nowhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use arkdeck::domain::Lang;
use arkdeck::locale::sources;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use regex::Regex;

/// Each key of a language with the names of its arguments.
fn keys(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
    let mut keys = BTreeMap::new();
    for (file, source) in sources(lang) {
        let parsed = fluent_syntax::parser::parse(source)
            .unwrap_or_else(|(_, errors)| panic!("{}/{file}: {errors:?}", lang.as_str()));
        for entry in parsed.body {
            let Entry::Message(message) = entry else {
                continue;
            };
            let mut arguments = BTreeSet::new();
            if let Some(pattern) = &message.value {
                collect(pattern, &mut arguments);
            }
            let old = keys.insert(message.id.name.to_owned(), arguments);
            assert!(old.is_none(), "{} stands twice", message.id.name);
        }
    }
    keys
}

fn collect(pattern: &Pattern<&str>, into: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else {
            continue;
        };
        let (Expression::Inline(inline)
        | Expression::Select {
            selector: inline, ..
        }) = expression;
        if let InlineExpression::VariableReference { id } = inline {
            into.insert(id.name.to_owned());
        }
        if let Expression::Select { variants, .. } = expression {
            for variant in variants {
                collect(&variant.value, into);
            }
        }
    }
}

fn rust_files(dir: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("tests") || path.ends_with("tests.rs") {
            continue;
        }
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|e| e == "rs") {
            into.push(path);
        }
    }
}

fn source_text() -> String {
    let mut files = Vec::new();
    rust_files(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    files
        .iter()
        .map(|f| fs::read_to_string(f).unwrap())
        .collect()
}

#[test]
fn every_language_has_the_same_keys_and_arguments() {
    let english = keys(Lang::En);
    for lang in Lang::ALL {
        let other = keys(lang);
        for (key, arguments) in &english {
            assert_eq!(
                other.get(key),
                Some(arguments),
                "{key} in {}",
                lang.as_str()
            );
        }
        for key in other.keys() {
            assert!(
                english.contains_key(key),
                "{key} is only in {}",
                lang.as_str()
            );
        }
    }
}

#[test]
fn every_key_is_used_and_every_used_key_exists() {
    let text = source_text();
    let literal = Regex::new(r#""([a-z][a-z0-9]*(?:-[a-z0-9]+)+)""#).unwrap();
    let literals: BTreeSet<&str> = literal
        .captures_iter(&text)
        .map(|c| c.get(1).unwrap().as_str())
        .collect();
    let call = Regex::new(r#"\.(?:text|with)\(\s*"([^"]+)""#).unwrap();
    let called: BTreeSet<&str> = call
        .captures_iter(&text)
        .map(|c| c.get(1).unwrap().as_str())
        .collect();
    let keys = keys(Lang::En);
    for key in called {
        assert!(keys.contains_key(key), "no text for {key}");
    }
    for key in keys.keys() {
        // The texts of `--help` are looked up by command and flag: `tests/it/cli.rs` walks those.
        let used = key == "help" || key.starts_with("help-") || literals.contains(key.as_str());
        assert!(used, "{key} is used nowhere");
    }
    // A literal of a key family must exist too, however it reaches the catalogue.
    let families: BTreeSet<&str> = keys.keys().filter_map(|k| k.split('-').next()).collect();
    for literal in literals {
        let family = literal.split('-').next().unwrap();
        if families.contains(family) && family != "help" {
            assert!(keys.contains_key(literal), "no text for {literal}");
        }
    }
}
