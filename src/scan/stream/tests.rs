//! Texts in pieces of any size are read like the whole; objects next to ids fill in facts.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::Expiry;

const RESP: &str = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3";
const FILE_ID: &str = "file-20261121101500-k3v9q";
const RESPONSE: &str = include_str!("../../../assets/samples/response.json");
const FILE: &str = include_str!("../../../assets/samples/file.json");
const STREAM: &str = include_str!("../../../assets/samples/stream.txt");

/// Reads a text in pieces of these sizes, over and over.
fn read(text: &[u8], kind: Option<Kind>, pieces: &[usize], object: usize) -> (Vec<Item>, Scanner) {
    let sizes = Sizes { step: 64, object };
    let mut scanner = Scanner::with(kind, sizes, Vec::new());
    let mut items = Vec::new();
    let mut rest = text;
    for piece in pieces.iter().cycle() {
        let room = scanner.room();
        assert!(!room.is_empty());
        let len = room.len().min(rest.len()).min(*piece);
        room[..len].copy_from_slice(&rest[..len]);
        rest = &rest[len..];
        scanner.filled(len, &mut items);
        if rest.is_empty() {
            break;
        }
    }
    scanner.finish(&mut items);
    (items, scanner)
}

fn items(text: &str) -> Vec<Item> {
    read(text.as_bytes(), None, &[37], OBJECT).0
}

fn ids_of(items: &[Item]) -> Vec<&str> {
    let ids = items.iter().filter_map(|item| match item {
        Item::Id { id, .. } => Some(id.as_str()),
        _ => None,
    });
    ids.collect()
}

/// The facts of all ids that have some.
fn facts_of(items: &[Item]) -> Vec<Facts> {
    let facts = items.iter().filter_map(|item| match item {
        Item::Id {
            said: Some(Said::Facts(facts)),
            ..
        } => Some((**facts).clone()),
        _ => None,
    });
    facts.collect()
}

#[test]
fn lists_name_what_is_no_id_and_take_ids_of_any_shape() {
    let list = format!("resp_a\n\n\"thing/1\",\r\n{RESP}\nre sp\n..\nfile_b\nresp_0217****");
    let (found, _) = read(list.as_bytes(), None, &[3], OBJECT);
    assert_eq!(ids_of(&found), [RESP, "resp_a", "file_b"], "{found:?}");
    let bad: Vec<u64> = found
        .iter()
        .filter_map(|item| match item {
            Item::Bad { line, .. } | Item::NeedsKind { line } => Some(*line),
            Item::Id { .. } => None,
        })
        .collect();
    assert_eq!(bad, [3, 5, 6, 8]);
    let (found, _) = read(b"a/1\rb/2\rtwo words", Some(Kind::File), &[4], OBJECT);
    assert_eq!(ids_of(&found), ["a/1", "b/2"]);
    // All words, none of which says what it is.
    assert_eq!(items("a/1\nb/2\n").len(), 2);
    // A line without end is no entry of a list, and what follows it is.
    let long = format!("resp_a\n{}\nresp_b\n", "x".repeat(200_000));
    let (found, _) = read(long.as_bytes(), None, &[1_000], OBJECT);
    assert_eq!(ids_of(&found), ["resp_a", "resp_b"]);
}

#[test]
fn text_is_searched_for_arks_shapes_alone() {
    for text in [
        "ls\nmake test\ngit push\ncat file-system.txt\n",
        "2026-11-21 resp_time=4 ms resp_0217****\nresp_abcdefgh is no id of Ark\n",
        "[\n  {\n    \"id\": \"resp_abcdefgh\"\n  }\n]\n",
        "{\"id\":\"resp_abcdefgh\"}\n{\"id\":\"resp_abcdefgi\"}\n",
        "id,model\nresp_abcdefgh,x\nresp_abcdefgi,x\n",
        "a\0b\nresp_abcdefgh\n",
        "",
    ] {
        assert_eq!(items(text), [], "{text}");
    }
    let text = format!("one\ntwo {RESP} words {FILE_ID}\r\n\nthree {RESP}\nlast");
    let (found, scanner) = read(text.as_bytes(), None, &[5], OBJECT);
    let lines: Vec<u64> = found
        .iter()
        .map(|item| match item {
            Item::Id { line, .. } | Item::NeedsKind { line } | Item::Bad { line, .. } => *line,
        })
        .collect();
    assert_eq!(lines, [2, 2, 4]);
    assert_eq!(scanner.lines(), (5, 2));
}

#[test]
fn an_object_next_to_its_id_fills_in_facts() {
    let compact = |json: &str| serde_json::from_str::<serde_json::Value>(json).unwrap();
    let (response, file) = (compact(RESPONSE), compact(FILE));
    let of = |kind, object: &serde_json::Value| Facts::of(kind, object.as_object().unwrap());
    let expected = [of(Kind::Response, &response), of(Kind::File, &file)];
    assert_eq!(
        expected[1]
            .expires_at
            .and_then(Expiry::at)
            .map(jiff::Timestamp::as_second),
        Some(1_795_832_100)
    );
    let both = json!({"request": {"x": "}{\""}, "list": [response, file, {"a": []}]});
    let in_string = json!({"mimeType": "application/json", "text": both.to_string()}).to_string();
    let twice = json!({ "text": in_string }).to_string();
    let pretty = serde_json::to_string_pretty(&both).unwrap();
    for text in [
        both.to_string(),
        pretty.clone(),
        json!({ "text": pretty }).to_string(),
        format!("2026-11-21 INFO \"got\" {{x}} response={response} file={file} done"),
        format!("data: {response}\n\ndata: {file}\r\n"),
        in_string,
        twice,
    ] {
        assert_eq!(facts_of(&items(&text)), expected, "{text}");
    }
    let events = facts_of(&items(STREAM));
    let all = events.iter().skip(1);
    let all = all.fold(events[0].clone(), |known, next| known.filled_from(next));
    assert_eq!(all.status.as_deref(), Some("completed"), "{events:?}");
    assert!(all.usage.is_some() && all.model.is_some());
}

#[test]
fn har_files_keep_bodies_as_base64() {
    let body = BASE64_STANDARD.encode(RESPONSE);
    for content in [
        json!({"size": 5, "mimeType": "application/json", "text": body, "encoding": "base64"})
            .to_string(),
        format!("{{\n \"encoding\": \"base64\", \"text\": \"{body}\"}}"),
    ] {
        let har = format!(
            "{{\n\"log\":{{\"version\":\"1.2\",\"entries\":[{{\"response\":{{\"content\":{content}}}}}]}}}}"
        );
        let found = items(&har);
        assert_eq!(ids_of(&found).len(), 1, "{har}");
        let model = facts_of(&found).pop().and_then(|facts| facts.model);
        assert_eq!(model.as_deref(), Some("doubao-seed-2-0-lite-260215"));
        assert_eq!(items(&har.replace("\"log\"", "\"logs\"")), []);
    }
}

#[test]
fn what_is_no_object_of_the_id_says_nothing() {
    for text in [
        format!(r#"{{"object":"response","previous_response_id":"{RESP}","model":"m"}}"#),
        format!(r#"{{"object":"list","id":"{RESP}","model":"m"}}"#),
        format!(r#"{{"object":"file","id":"{RESP}","model":"m"}}"#),
        format!(r#"{{"object":"response","model":"m","x":"\"id\":\"{RESP}\""}}"#),
        format!(r#"{{"object":"response","id":"{RESP}","model":"m""#),
        format!(r#""object":"response","id":"{RESP}","model":"m"}}"#),
        format!(r#"}}"id":"{RESP}""#),
        format!(r#""id":"{RESP}""#),
    ] {
        let found = items(&text);
        assert_eq!(ids_of(&found), [RESP], "{text}");
        assert_eq!(facts_of(&found), [], "{text}");
    }
}

#[test]
fn objects_beyond_the_limit_are_searched_for_ids_alone() {
    let object = json!({"id": RESP, "object": "response", "model": "m", "output": "x".repeat(4_000), "z": FILE_ID});
    let text = object.to_string();
    for (limit, known) in [(8_000, 1), (1_000, 0)] {
        let (found, _) = read(text.as_bytes(), None, &[64], limit);
        assert_eq!(ids_of(&found), [RESP, FILE_ID]);
        assert_eq!(facts_of(&found).len(), known);
    }
}

/// What is said of the last id.
fn last_said(text: &str) -> Option<Said> {
    match items(text).pop() {
        Some(Item::Id { said, .. }) => said,
        item => panic!("{item:?}"),
    }
}

#[test]
fn every_line_of_a_dump_is_read() {
    let line = json!({"id": RESP, "object": "response", "model": "m"}).to_string() + "\n";
    let text = line.repeat(30_000);
    let (found, _) = read(text.as_bytes(), None, &[STEP], OBJECT);
    assert_eq!((found.len(), facts_of(&found).len()), (30_000, 30_000));
}

#[test]
fn an_object_may_tell_of_a_deletion() {
    for object in [
        json!({"id": RESP, "object": "response", "deleted": true}),
        json!({"id": RESP, "object": "response.deleted", "deleted": true}),
        json!({"deleted": true, "id": RESP}),
        json!({"id": FILE_ID, "object": "file", "deleted": true}),
    ] {
        for text in [object.to_string(), format!("200 {object:#} (12 ms)")] {
            assert_eq!(last_said(&text), Some(Said::Deleted), "{text}");
        }
        // Somebody's words, perhaps a model's: the id is taken as if nothing had been said.
        let quoted = json!({ "body": object.to_string() }).to_string();
        assert_eq!(last_said(&quoted), None, "{quoted}");
    }
    for object in [
        json!({"id": RESP, "object": "response", "deleted": false}),
        json!({"id": RESP, "object": "response", "deleted": "true"}),
        json!({"id": "resp_1", "deleted": true, "previous_response_id": RESP}),
        // Taken out of a store of vectors; the file is still there.
        json!({"id": FILE_ID, "object": "vector_store.file.deleted", "deleted": true}),
        json!({"id": FILE_ID, "object": "response", "deleted": true}),
    ] {
        let said = last_said(&object.to_string());
        assert_ne!(said, Some(Said::Deleted), "{object}");
    }
}

#[test]
fn made_up_trouble_costs_no_ids() {
    let text = format!("\"id\":\"{RESP}\",").repeat(20_000);
    assert_eq!(items(&text).len(), 20_000);
    let text = format!("{{\"id\":\"{RESP}\",\"x\":").repeat(20_000);
    assert_eq!(items(&text).len(), 20_000);
    let slashes = format!("{}\"{RESP}", "\\".repeat(100_000)).repeat(3);
    assert_eq!(items(&slashes).len(), 3);
}

fn noise() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[ -~]{0,40}",
        1 => Just("\n".to_owned()),
        1 => Just("\r\n".to_owned()),
        1 => Just("\r".to_owned()),
        1 => "(resp_02|file-20)[0-9a-f]{0,30}",
        1 => "resp_0217[0-9]{5,11}\\*{4}",
        1 => "[{}\\[\\]\":,\\\\]{1,9}",
        1 => "\\PC{0,8}",
    ]
}

proptest! {
    #[test]
    fn pieces_of_any_size_are_read_like_the_whole(
        parts in prop::collection::vec(
            prop_oneof![
                4 => noise(),
                1 => "resp_0217[0-9]{11}[0-9a-f]{38}",
                1 => "file-202[4-9](0[1-9]|1[0-2])(0[1-9]|1[0-9])(0[0-9])[0-5][0-9][0-5][0-9]-[a-z0-9]{5}",
                1 => Just(format!("{{\"id\":\"{RESP}\",\"object\":\"response\",\"model\":\"m\"}}")),
                1 => Just(format!("\\\"id\\\": \\\"{RESP}\\\"")),
            ],
            0..60,
        ),
        pieces in prop::collection::vec(1_usize..100, 1..8),
        object in 100_usize..400,
    ) {
        let text = parts.concat();
        // Text, whatever comes after.
        let text = format!("some words\nand more words\n\0{text}");
        let (found, scanner) = read(text.as_bytes(), None, &pieces, object);
        let whole: Vec<_> = ids(&text).map(|found| found.id).collect();
        let whole: Vec<&str> = whole.iter().map(ResourceId::as_str).collect();
        prop_assert_eq!(ids_of(&found), whole);
        let newlines = text.matches('\n').count() as u64;
        prop_assert_eq!(scanner.lines().0, newlines + u64::from(!text.ends_with('\n')));
        for item in &found {
            let Item::Id { line, id, .. } = item else { panic!("{item:?}") };
            let at = usize::try_from(*line).unwrap() - 1;
            prop_assert!(text.split('\n').nth(at).unwrap().contains(id.as_str()));
        }
        let (other, _) = read(text.as_bytes(), None, &[64], object);
        prop_assert_eq!(found, other);
    }

    #[test]
    fn lists_do_not_depend_on_their_pieces(
        lines in prop::collection::vec(prop_oneof!["resp_[a-z]{1,9}", "[a-z ]{0,9}", "\\PC{0,9}"], 0..30),
        end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
        pieces in prop::collection::vec(1_usize..40, 1..8),
    ) {
        let text = lines.join(end);
        let (found, _) = read(text.as_bytes(), None, &pieces, 200);
        let (other, _) = read(text.as_bytes(), None, &[64], 200);
        prop_assert_eq!(found, other);
    }
}
