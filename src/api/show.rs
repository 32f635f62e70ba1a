//! The service's objects as text to read (`ark-api` sections 4.2, 4.4 and 5.1).
//!
//! As lenient as the rest of the client: what is unknown here is shown as JSON, and never a failure.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::domain::{
    Content, Document, Heading, Kind, LONGEST_DOCUMENT, Particular, Tint, capped, is_obeyed,
};

/// How far JSON is indented at most, in levels: no reader follows further, and each line pays for it.
const DEEPEST: usize = 16;
/// The longest value told in one line, in characters.
const LONGEST_LINE: usize = 400;

/// What a GET of a resource showed.
pub fn content(kind: Kind, object: &Value) -> Content {
    let mut content = Content::default();
    write_json(&mut content.json, object, 0);
    let fields: &[(&str, Particular)] = match kind {
        Kind::Response => &[
            ("incomplete_details", Particular::Incomplete),
            ("caching", Particular::Caching),
            ("thinking", Particular::Thinking),
            ("reasoning", Particular::Thinking),
            ("service_tier", Particular::Tier),
            ("store", Particular::Stored),
            ("temperature", Particular::Sampling),
            ("top_p", Particular::Sampling),
            ("max_output_tokens", Particular::Sampling),
        ],
        Kind::File => &[
            ("preprocess_configs", Particular::Preprocessing),
            ("tos", Particular::Storage),
            ("description", Particular::Description),
            ("model", Particular::Preprocessing),
        ],
    };
    let mut add = |particular, text: String| match content.particulars.last_mut() {
        Some((last, said)) if *last == particular => {
            said.push_str(", ");
            said.push_str(&text);
        }
        _ if text.is_empty() => {}
        // They are wrapped whenever they are drawn; the JSON has all of it.
        _ => {
            let told = capped(&text);
            let more = if told.len() < text.len() { "…" } else { "" };
            content
                .particulars
                .push((particular, format!("{told}{more}")));
        }
    };
    if let Some(error) = object.get("error").filter(|error| !error.is_null()) {
        let said = ["code", "message"].map(|key| error.get(key).and_then(Value::as_str));
        let said: Vec<&str> = said.into_iter().flatten().collect();
        let text = if said.is_empty() {
            flat(error)
        } else {
            said.join(": ")
        };
        add(Particular::Error, text);
    }
    for (key, particular) in fields {
        match object.get(*key) {
            None | Some(Value::Null) => {}
            Some(value) if *particular == Particular::Sampling => {
                add(*particular, format!("{key} {}", flat(value)));
            }
            Some(value) => add(*particular, flat(value)),
        }
    }
    if kind == Kind::Response {
        let usage = object.get("usage");
        let reasoning =
            usage.and_then(|usage| usage.pointer("/output_tokens_details/reasoning_tokens"));
        if let Some(count) = reasoning.and_then(Value::as_u64) {
            add(Particular::ReasoningTokens, count.to_string());
        }
        if let Some(used) = usage.and_then(|usage| usage.get("tool_usage")) {
            add(Particular::ToolUsage, flat(used));
        }
        let tools = object.get("tools").and_then(Value::as_array);
        let name = |tool: &Value| word(tool, "name").or(word(tool, "type")).map(str::to_owned);
        let names: Vec<String> = tools.into_iter().flatten().filter_map(name).collect();
        if !names.is_empty() {
            add(Particular::Tools, names.join(", "));
        }
        if let Some(instructions) = word(object, "instructions") {
            content.text.head(Heading::Instructions, "");
            content.text.push(Tint::Plain, instructions);
        }
        let output = object.get("output").and_then(Value::as_array);
        for (at, item) in output.into_iter().flatten().enumerate() {
            // One that is still in progress has none yet.
            if at == 0 {
                content.text.head(Heading::Output, "");
            }
            write_item(&mut content.text, item);
        }
    }
    content
}

/// What a response was made from: `items` as its input items tell, the latest first. With `is_cut` there
/// are earlier ones.
pub fn input(items: &[Value], is_cut: bool) -> Content {
    let mut content = Content::default();
    content.text.head(Heading::Input, "");
    content.json.head(Heading::Input, "");
    if is_cut {
        content.text.head(Heading::Cut, "");
        content.json.head(Heading::Cut, "");
    }
    for item in items.iter().rev() {
        write_item(&mut content.text, item);
        write_json(&mut content.json, item, 0);
        content.json.push(Tint::Plain, "\n");
    }
    content
}

/// About how long an item is as text, in bytes: enough to know when there are enough of them.
pub fn weight(item: &Value) -> usize {
    match item {
        Value::String(text) => text.len() + 16,
        Value::Array(values) => values.iter().map(weight).sum::<usize>() + 16,
        Value::Object(object) => {
            object
                .iter()
                .map(|(key, value)| key.len() + weight(value))
                .sum::<usize>()
                + 16
        }
        _ => 16,
    }
}

fn word<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// A value in one line: strings as they are, objects as their keys and values.
fn flat(value: &Value) -> String {
    let mut line = String::new();
    write_flat(&mut line, value);
    if let Some((end, _)) = line.char_indices().nth(LONGEST_LINE) {
        line.truncate(end);
        line.push('…');
    }
    line
}

fn write_flat(line: &mut String, value: &Value) {
    // What is longer than can be told does not have to be written.
    if line.len() > 4 * LONGEST_LINE {
        return;
    }
    match value {
        Value::String(text) => line.push_str(&text[..text.floor_char_boundary(4 * LONGEST_LINE)]),
        Value::Array(values) => {
            for (count, value) in values.iter().enumerate() {
                line.push_str(if count == 0 { "" } else { ", " });
                write_flat(line, value);
            }
        }
        Value::Object(object) => {
            for (count, (key, value)) in object.iter().enumerate() {
                line.push_str(if count == 0 { "" } else { ", " });
                line.push_str(key);
                line.push(' ');
                write_flat(line, value);
            }
        }
        other => line.push_str(&other.to_string()),
    }
}

fn write_item(text: &mut Document, item: &Value) {
    let kind = word(item, "type").unwrap_or("message");
    let role = match word(item, "role") {
        Some("user") => Some(Heading::User),
        Some("assistant") => Some(Heading::Assistant),
        Some("system") => Some(Heading::System),
        Some("developer") => Some(Heading::Developer),
        _ => None,
    };
    let status = word(item, "status").filter(|status| *status != "completed");
    let head = |parts: &[Option<&str>]| {
        let parts: Vec<&str> = parts.iter().copied().flatten().collect();
        let line = parts.join(" · ");
        line[..line.floor_char_boundary(LONGEST_LINE)].to_owned()
    };
    match (kind, role) {
        ("message", Some(role)) => {
            text.head(role, &head(&[status]));
            write_parts(text, item.get("content"));
        }
        ("reasoning", _) => {
            text.head(Heading::Reasoning, &head(&[status]));
            write_parts(text, item.get("summary"));
            write_parts(text, item.get("content"));
        }
        (call, _) if call.ends_with("_call") => {
            let name = word(item, "name").or(Some(call));
            text.head(
                Heading::ToolCall,
                &head(&[name, word(item, "call_id"), status]),
            );
            match item.get("arguments") {
                Some(Value::String(arguments)) => text.push(Tint::Plain, arguments),
                _ => write_rest(text, item),
            }
        }
        (result, _) if result.ends_with("_output") => {
            text.head(Heading::ToolResult, &head(&[word(item, "call_id"), status]));
            write_parts(text, item.get("output"));
        }
        (other, _) => {
            let role = word(item, "role");
            text.head(Heading::Item, &head(&[Some(other), role, status]));
            match item.get("content") {
                Some(content) => write_parts(text, Some(content)),
                None => write_rest(text, item),
            }
        }
    }
    end_line(text);
}

fn end_line(text: &mut Document) {
    if !text.text().ends_with('\n') {
        text.push(Tint::Plain, "\n");
    }
}

/// Everything of an item but what its heading told.
fn write_rest(text: &mut Document, item: &Value) {
    let told = ["type", "id", "status", "role", "call_id", "name"];
    let object = item.as_object().into_iter().flatten();
    let rest: Map<String, Value> = object
        .filter(|(key, _)| !told.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if !rest.is_empty() {
        write_json(text, &Value::Object(rest), 0);
    }
}

/// What was said, as text or in parts; what is no text is named.
fn write_parts(text: &mut Document, content: Option<&Value>) {
    match content {
        None | Some(Value::Null) => {}
        Some(Value::String(said)) => {
            end_line(text);
            text.push(Tint::Plain, said);
        }
        Some(Value::Array(parts)) => {
            for part in parts {
                end_line(text);
                match word(part, "text").or(word(part, "refusal")) {
                    Some(said) => text.push(Tint::Plain, said),
                    None => text.push(Tint::Faint, &format!("[{}]", flat(part))),
                }
            }
        }
        Some(other) => {
            end_line(text);
            write_json(text, other, 0);
        }
    }
}

/// The nesting is bounded by the reader of the JSON.
fn write_json(text: &mut Document, value: &Value, depth: usize) {
    let indent = |text: &mut Document, depth: usize| {
        text.push(Tint::Plain, "\n");
        text.push(Tint::Plain, &"  ".repeat(depth.min(DEEPEST)));
    };
    match value {
        // Goes on for as long as the value does, and there may be no room left for any of it.
        _ if text.is_cut() => {}
        Value::Array(values) if !values.is_empty() => {
            text.push(Tint::Plain, "[");
            for (count, value) in values.iter().enumerate() {
                text.push(Tint::Plain, if count == 0 { "" } else { "," });
                indent(text, depth + 1);
                write_json(text, value, depth + 1);
            }
            indent(text, depth);
            text.push(Tint::Plain, "]");
        }
        Value::Object(object) if !object.is_empty() => {
            text.push(Tint::Plain, "{");
            for (count, (key, value)) in object.iter().enumerate() {
                text.push(Tint::Plain, if count == 0 { "" } else { "," });
                indent(text, depth + 1);
                text.push(Tint::JsonKey, &quoted(key));
                text.push(Tint::Plain, ": ");
                write_json(text, value, depth + 1);
            }
            indent(text, depth);
            text.push(Tint::Plain, "}");
        }
        Value::Array(_) => text.push(Tint::Plain, "[]"),
        Value::Object(_) => text.push(Tint::Plain, "{}"),
        Value::String(said) => text.push(Tint::JsonText, &quoted(said)),
        Value::Number(number) => text.push(Tint::JsonNumber, &number.to_string()),
        Value::Bool(_) | Value::Null => text.push(Tint::JsonWord, &value.to_string()),
    }
}

/// A JSON string in which nothing is left that a terminal would obey.
fn quoted(said: &str) -> String {
    let said = &said[..said.floor_char_boundary(LONGEST_DOCUMENT)];
    let mut line = String::with_capacity(said.len() + 2);
    line.push('"');
    for c in said.chars() {
        match c {
            '"' | '\\' => line.extend(['\\', c]),
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            c if is_obeyed(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    // Writing to a String cannot fail.
                    let _ = write!(line, "\\u{unit:04x}");
                }
            }
            c => line.push(c),
        }
    }
    line.push('"');
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_response_is_told_from_the_sample_bodies() {
        let shown = content(
            Kind::Response,
            &sample(include_str!("../../assets/samples/response.json")),
        );
        assert_eq!(shown.text.text(), "\n\nhello\n");
        let told = |particular| shown.particulars.iter().find(|(it, _)| *it == particular);
        assert_eq!(told(Particular::Caching).unwrap().1, "type disabled");
        assert_eq!(told(Particular::ReasoningTokens).unwrap().1, "0");
        assert_eq!(
            told(Particular::Sampling).unwrap().1,
            "max_output_tokens 64"
        );
        assert_eq!(told(Particular::Error), None);
        let page = sample(include_str!("../../assets/samples/input_items.json"));
        let input = input(page["data"].as_array().unwrap(), false);
        assert!(
            input.text.text().contains("file-20261121101500-k3v9q"),
            "{}",
            input.text.text()
        );
    }

    #[test]
    fn every_kind_of_item_is_told() {
        let shown = content(
            Kind::Response,
            &json!({
                "instructions": "Be brief.",
                "error": {"code": "InternalServiceError", "message": "no"},
                "tools": [{"type": "function", "name": "weather"}, {"type": "web_search"}],
                "output": [
                    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "thought"}]},
                    {"type": "function_call", "name": "weather", "call_id": "c1", "arguments": "{\"city\":\"上海\"}"},
                    {"type": "web_search_call", "id": "x", "action": {"query": "ark"}},
                    {"type": "message", "role": "assistant", "status": "incomplete", "content": [
                        {"type": "refusal", "refusal": "cannot"}, {"type": "image", "file_id": "file-1"}]},
                    {"type": "tomorrow", "x": 1}, 7,
                ],
            }),
        );
        let expected = "\nBe brief.\n\n\n\nthought\n\nweather · c1\n{\"city\":\"上海\"}\n\nweb_search_call\n\
            {\n  \"action\": {\n    \"query\": \"ark\"\n  }\n}\n\nincomplete\ncannot\n[type image, file_id file-1]\n\n\
            tomorrow\n{\n  \"x\": 1\n}\n\nmessage\n";
        assert_eq!(shown.text.text(), expected);
        assert_eq!(
            shown.particulars[0],
            (Particular::Error, "InternalServiceError: no".into())
        );
        assert!(
            shown
                .particulars
                .contains(&(Particular::Tools, "weather, web_search".into()))
        );
    }

    #[test]
    fn what_is_drawn_as_a_line_is_short() {
        let message = "x".repeat(100_000);
        let shown = content(Kind::File, &json!({"error": {"message": message}}));
        let (_, told) = &shown.particulars[0];
        assert!(told.len() < 4_096 && told.ends_with('…'));
        assert!(shown.json.text().contains(&message));
    }

    #[test]
    fn the_json_is_in_the_order_of_the_service() {
        let raw = include_str!("../../assets/samples/response.json");
        let object = sample(raw);
        let shown = content(Kind::Response, &object);
        let place = |text: &str, key: &str| text.find(&format!("\"{key}\":")).unwrap();
        let mut keys: Vec<&str> = object
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        keys.sort_by_key(|key| place(raw, key));
        let places = keys.iter().map(|key| place(shown.json.text(), key));
        assert!(places.is_sorted(), "{keys:?}");
        assert!(!keys.is_sorted(), "which is not that of the alphabet");
    }

    #[test]
    fn the_json_is_json_again_and_obeys_nothing() {
        let hostile = "a\u{1b}[2J\u{202e}b\n\"\\\u{e0001}\u{7f}报";
        let value = json!({"b": [1, -2.5, true, null, [], {}, {"x": hostile}], hostile: ""});
        let mut text = Document::default();
        write_json(&mut text, &value, 0);
        assert_eq!(sample(text.text()), value);
        assert!(!text.text().chars().any(|c| c != '\n' && is_obeyed(c)));
        let spans: Vec<_> = text.spans(0..text.text().len()).collect();
        let number = spans
            .iter()
            .find(|(tint, _)| *tint == Tint::JsonNumber)
            .unwrap();
        assert_eq!(&text.text()[number.1.clone()], "1");
    }

    #[test]
    fn what_is_huge_or_deep_ends() {
        let mut deep = json!(1);
        for _ in 0..120 {
            deep = json!([deep, deep]);
            if weight(&deep) > 1_000_000 {
                break;
            }
        }
        let wide = json!({"output": [{"type": "message", "role": "assistant", "content": "长".repeat(3_000_000)}], "x": deep});
        let shown = content(Kind::Response, &wide);
        for document in [&shown.json, &shown.text] {
            assert!(document.is_cut());
            assert!(document.text().len() < LONGEST_DOCUMENT + 100);
        }
        assert!(flat(&wide).chars().count() <= LONGEST_LINE + 1);
    }
}
