//! The README says what the program does, where that can be checked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use arkdeck::domain::Lang;
use arkdeck::keys::Keymap;
use arkdeck::locale::Catalogue;

const BEGIN: &str = "<!-- keys: begin -->\n";
const END: &str = "<!-- keys: end -->";

/// The key table as Markdown, one line for each name that can be remapped.
fn table() -> String {
    let words = Catalogue::new(Lang::En);
    let keys = Keymap::new(&BTreeMap::new()).unwrap();
    let mut table = String::from("| key | action | where | name |\n|---|---|---|---|\n");
    for (binding, chords) in keys.all() {
        let chords: Vec<String> = chords.iter().map(|c| format!("`{c}`")).collect();
        let places: Vec<String> = binding
            .contexts
            .iter()
            .map(|context| format!("{context:?}").to_lowercase())
            .collect();
        writeln!(
            table,
            "| {} | {} | {} | `{}` |",
            chords.join(" "),
            words.text(binding.hint),
            places.join(", "),
            binding.name
        )
        .unwrap();
    }
    table
}

/// Run with `UPDATE_README=1` to write the table.
#[test]
fn the_key_table_is_the_programs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let start = readme.find(BEGIN).expect("the table's place") + BEGIN.len();
    let end = readme.find(END).expect("the table's end");
    let table = table();
    if std::env::var_os("UPDATE_README").is_some() {
        let updated = format!("{}{table}{}", &readme[..start], &readme[end..]);
        fs::write(&path, updated).unwrap();
        return;
    }
    assert_eq!(
        &readme[start..end],
        table,
        "run this test with UPDATE_README=1"
    );
}

#[test]
fn the_two_commands_stand_as_they_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(path).unwrap();
    assert!(readme.contains("\ncargo run --release -- demo"));
    assert!(readme.contains("\ncargo test "));
}
