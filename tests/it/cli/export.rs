//! What is printed for other programs, held to what the README says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use arkdeck::domain::visible;
use arkdeck::emulator::Options;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Deck, lines, response};

/// What stands in the README between the marks of this name.
fn readme(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once(&format!("<!-- {name}: begin -->")).unwrap();
    let (part, _) = rest.split_once(&format!("<!-- {name}: end -->")).unwrap();
    part.to_owned()
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<String> {
    let parts = text.split('`').skip(1).step_by(2);
    parts.map(str::to_owned).collect()
}

/// Names and types of the fields, in order.
fn fields() -> Vec<(String, String)> {
    let table = readme("fields");
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        (quoted(cells[1]).remove(0), cells[2].to_owned())
    })
    .collect()
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "text" => value.is_string(),
        "number" => value.is_u64(),
        "true or false" => value.is_boolean(),
        "time" => value
            .as_str()
            .is_some_and(|time| time.ends_with('Z') && time.parse::<Timestamp>().is_ok()),
        "list of texts" => value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_string)),
        other => panic!("{other} is no type"),
    }
}

/// The value of a JSON field as a cell of CSV.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => {
            let texts: Vec<_> = list.iter().map(cell).collect();
            texts.join(" ")
        }
        other => other.to_string(),
    }
}

fn names(object: &Map<String, Value>) -> Vec<&str> {
    object.keys().map(String::as_str).collect()
}

fn csv(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).from_reader(text.as_bytes());
    let records = reader.records().map(|record| {
        let record = record.unwrap();
        record.iter().map(str::to_owned).collect()
    });
    records.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn list_prints_the_fields_of_the_readme() {
    let deck = Deck::start(Options {
        responses: 12,
        files: 3,
        ..Options::default()
    })
    .await;
    for id in deck.emulator.response_ids() {
        deck.ok(&["add", &id, "--tag", "a,b", "--tag", "\"c\""]);
    }
    deck.ok(&["sync", "--responses"]);
    let noted = &deck.emulator.file_ids()[0];
    deck.ok(&["tag", noted, "--note", "=1+1, \"say\" the\n\u{1b}[2Jleast"]);
    deck.ok(&["protect", noted]);
    // Of this one only the id is known.
    deck.ok(&["add", "odd", "--kind", "response"]);

    let fields = fields();
    let wanted: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
    let rows = deck.list(&[]);
    assert_eq!(rows.len(), 16);
    let mut seen = BTreeSet::new();
    for row in &rows {
        assert_eq!(names(row.as_object().unwrap()), wanted);
        for (name, kind) in &fields {
            let value = &row[name];
            assert!(value.is_null() || is_of(kind, value), "{name}: {value}");
            if !value.is_null() {
                seen.insert(name.as_str());
            }
        }
    }
    assert_eq!(seen, wanted.iter().copied().collect(), "each has been seen");
    let array: Vec<Value> = serde_json::from_str(&deck.ok(&["list", "-o", "json"])).unwrap();
    assert_eq!(array, rows);
    let dry = deck.ok(&[
        "delete",
        "--filter",
        "kind:response",
        "--dry-run",
        "-o",
        "jsonl",
    ]);
    for row in lines(&dry) {
        assert_eq!(names(row.as_object().unwrap()), wanted);
    }

    let text = deck.ok(&["list", "-o", "csv"]);
    assert!(!text.contains('\r'), "lines end in LF");
    assert!(text.contains("the⏎\\u{1b}[2Jleast"), "{text}");
    let mut records = csv(&text).into_iter();
    assert_eq!(records.next().unwrap(), wanted);
    for (record, row) in records.by_ref().zip(&rows) {
        let cells = wanted.iter().map(|name| cell(&row[name]));
        // What a terminal would obey is shown.
        let shown = cells.map(|cell| visible(&cell).into_owned());
        assert_eq!(record, shown.collect::<Vec<_>>());
    }
    assert!(records.next().is_none());
    let empty = deck.ok(&["list", "--filter", "nothing", "-o", "csv"]);
    assert_eq!(csv(&empty), [wanted]);
}

#[tokio::test(flavor = "multi_thread")]
async fn show_has_one_shape_whoever_answers() {
    let deck = Deck::start(Options {
        responses: 1,
        files: 1,
        ..Options::default()
    })
    .await;
    let ids = [
        deck.emulator.response_ids().remove(0),
        deck.emulator.file_ids().remove(0),
    ];
    let fields = fields();
    let mut wanted: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
    wanted.extend(["cited_by", "raw"]);
    let show = |deck: &Deck, id: &str, format: &str| -> Map<String, Value> {
        serde_json::from_str(&deck.ok(&["show", id, "-o", format])).unwrap()
    };
    let mut live = BTreeMap::new();
    for id in &ids {
        let unknown = show(&deck, id, "json");
        assert_eq!(names(&unknown), wanted);
        assert_eq!(unknown["state"], Value::Null);
        deck.ok(&["add", id]);
        let object = show(&deck, id, "jsonl");
        assert_eq!(names(&object), wanted);
        assert_eq!(object["raw"]["id"], **id);
        assert_eq!(object["raw"], unknown["raw"]);
        live.insert(id, object);
    }
    let deck = deck.var("ARK_API_KEY", None);
    for (id, live) in live {
        let mut object = show(&deck, id, "json");
        assert_eq!(
            object.insert("raw".to_owned(), live["raw"].clone()),
            Some(Value::Null)
        );
        assert_eq!(object, live);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_commands_print_the_columns_of_the_readme() {
    let deck = Deck::empty().await;
    let file = deck.path().join("a.txt");
    std::fs::write(&file, "text").unwrap();
    let listed = readme("columns");
    let mut told = 0;
    for line in listed.split("\n- ").skip(1) {
        let mut columns = quoted(line);
        let command = columns.remove(0);
        let args: &[&str] = match command.as_str() {
            "delete" => &["delete", &response(1), "--yes"],
            "upload" => &["upload", file.to_str().unwrap()],
            "history" => &["history"],
            other => panic!("how to call {other}?"),
        };
        let as_csv = deck.ok(&[args, &["-o", "csv"]].concat());
        assert_eq!(csv(&as_csv)[0], columns, "{command}");
        let as_json = lines(&deck.ok(&[args, &["-o", "jsonl"]].concat()));
        assert_eq!(names(as_json[0].as_object().unwrap()), columns, "{command}");
        told += 1;
    }
    assert_eq!(told, 3);
}
