//! The JSON of the service, and what passes for it elsewhere: objects, errors, facts.
//!
//! Shapes are read field by field and leniently: an unknown or wrongly typed field says nothing, and
//! never spoils its neighbours (`ark-api` sections 4 and 5: absent keys, nulls, foreign enums). Only
//! bodies that decide over a deletion are read strictly.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::{Map, Value};

use crate::domain::{Facts, Kind, ResourceId, visible};

/// How much of a body that is no JSON is quoted, in characters.
const LONGEST_EXCERPT: usize = 200;

/// Why a body is not one JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotObject {
    /// It ends in the middle.
    CutShort,
    /// What it looks like instead: `HTML`, `XML`, `JSON` (not an object, or a broken one), `text`, `binary`.
    Looks(&'static str),
}

/// [`object`] or [`strict_object`].
pub(super) type Reader = fn(&[u8]) -> Result<Map<String, Value>, NotObject>;

/// One JSON object and nothing else. Duplicate keys, at any depth, make it no object: two readers
/// of `{"deleted":false,"deleted":true}` may see two answers.
pub(super) fn strict_object(body: &[u8]) -> Result<Map<String, Value>, NotObject> {
    as_object(body, serde_json::from_slice::<Strict>(body).map(|v| v.0))
}

/// One JSON object; of duplicate keys the last counts.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Value>, NotObject> {
    as_object(body, serde_json::from_slice(body))
}

fn as_object(
    body: &[u8],
    read: serde_json::Result<Value>,
) -> Result<Map<String, Value>, NotObject> {
    let opens = |c: u8| body.trim_ascii_start().first() == Some(&c);
    match read {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(NotObject::Looks("JSON")),
        Err(error) if error.classify() == Category::Eof && (opens(b'{') || opens(b'[')) => {
            Err(NotObject::CutShort)
        }
        Err(_) if opens(b'{') || opens(b'[') => Err(NotObject::Looks("JSON")),
        Err(_) => Err(NotObject::Looks(looks_like(body))),
    }
}

fn looks_like(body: &[u8]) -> &'static str {
    match std::str::from_utf8(body) {
        Ok(text) if is_html(text) => "HTML",
        Ok(text) if text.trim_start().starts_with('<') => "XML",
        Ok(text) if !text.contains('\0') => "text",
        // The cap on a body may cut a character in two.
        Err(error) if error.error_len().is_none() => "text",
        _ => "binary",
    }
}

fn is_html(text: &str) -> bool {
    let head = &text[..text.floor_char_boundary(1024)];
    let head = head.to_ascii_lowercase();
    head.contains("<html") || head.contains("<!doctype html")
}

/// What a body that is no JSON says, in one short line safe to show; `None` if it says nothing.
pub(super) fn excerpt(body: &str) -> Option<String> {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || c == b'-';
    if (1..=LONGEST_EXCERPT).contains(&body.len()) && body.bytes().all(is_plain) {
        // An id, which every answer has.
        return Some(body.to_owned());
    }
    let text = if is_html(body) {
        title(body).unwrap_or(body)
    } else {
        body
    };
    let mut line = String::new();
    for word in text.split_whitespace() {
        if line.len() > 4 * LONGEST_EXCERPT {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let mut shown = visible(&line).into_owned();
    if let Some((end, _)) = shown.char_indices().nth(LONGEST_EXCERPT) {
        shown.truncate(end);
    }
    (!shown.is_empty()).then_some(shown)
}

fn title(html: &str) -> Option<&str> {
    // ASCII lower case keeps the byte offsets.
    let lower = html.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower[open..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    let title = html[start..end].trim();
    (!title.is_empty()).then_some(title)
}

/// How an error body is built. What may be concluded from its words depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Envelope {
    /// `{"error":{…}}`, or the flat `{"object":"error",…}` of vLLM: made by a service of this family.
    Error,
    /// Any other JSON that tells an error: a flat object, `{"error":"text"}`, `{"detail":…}`. Web frameworks
    /// answer so for paths they do not know.
    Loose,
}

/// An error as the service told it; nothing is scrubbed or cut yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServiceError {
    pub(super) envelope: Envelope,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) param: Option<String>,
    /// The code says no more than the status does: absent, null, empty, or the number 404.
    pub(super) is_codeless: bool,
}

/// The error in a JSON object, if it has one (`ark-api` section 6).
pub(super) fn service_error(object: &Map<String, Value>) -> Option<ServiceError> {
    match object.get("error") {
        Some(Value::Object(error)) => Some(error_fields(error, Envelope::Error)),
        Some(Value::String(error)) => Some(ServiceError {
            envelope: Envelope::Loose,
            code: None,
            // Some frameworks put the status line into `error` and the reason into `message`.
            message: text(object, "message").or_else(|| Some(error.clone())),
            param: None,
            is_codeless: true,
        }),
        Some(Value::Null) | None => {
            let envelope = if object.get("object") == Some(&Value::from("error")) {
                Envelope::Error
            } else {
                Envelope::Loose
            };
            let mut flat = error_fields(object, envelope);
            if flat.message.is_none() {
                flat.message = match object.get("detail") {
                    None | Some(Value::Null) => None,
                    Some(Value::String(detail)) => Some(detail.clone()),
                    Some(detail) => Some(detail.to_string()),
                };
            }
            (flat.code.is_some() || flat.message.is_some()).then_some(flat)
        }
        Some(other) => Some(ServiceError {
            envelope: Envelope::Loose,
            code: None,
            message: Some(other.to_string()),
            param: None,
            is_codeless: true,
        }),
    }
}

fn error_fields(error: &Map<String, Value>, envelope: Envelope) -> ServiceError {
    let (code, is_codeless) = match error.get("code") {
        None | Some(Value::Null) => (None, true),
        Some(Value::String(code)) if code.is_empty() => (None, true),
        Some(Value::String(code)) => (Some(code.clone()), false),
        Some(code) => (Some(code.to_string()), code.as_u64() == Some(404)),
    };
    ServiceError {
        envelope,
        code,
        message: text(error, "message"),
        param: text(error, "param"),
        is_codeless,
    }
}

/// A string field with something in it.
fn text(object: &Map<String, Value>, key: &str) -> Option<String> {
    let text = object.get(key)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

/// The request id at the end of every error message of Ark (`… Request id: 02…`), for answers that lost
/// their headers on the way.
pub(super) fn request_id_in(message: &str) -> Option<&str> {
    let (_, rest) = message.rsplit_once("Request id: ")?;
    let id = rest
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .next()?;
    (!id.is_empty()).then_some(id)
}

/// One page of the list of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of the page.
    pub files: Vec<(ResourceId, Facts)>,
    /// Entries without a usable id.
    pub skipped: usize,
    /// What the service says; servers are known to leave it out, and to lie.
    pub has_more: Option<bool>,
    /// What the service says is the last id of the page; the SDKs page by the last entry instead.
    pub last_id: Option<String>,
}

/// What a page of any list holds; `None` if it is none.
pub(super) fn entries(page: &Map<String, Value>) -> Option<&[Value]> {
    match page.get("data")? {
        Value::Null => Some(&[]),
        Value::Array(entries) => Some(entries),
        _ => None,
    }
}

/// Reads a page (`ark-api` section 5.3). `object` may be anything, `data` may be null when empty; an
/// object without `data` is no page.
pub(super) fn page(object: &Map<String, Value>) -> Option<Page> {
    let entries = entries(object)?;
    let mut page = Page {
        has_more: object.get("has_more").and_then(Value::as_bool),
        last_id: text(object, "last_id"),
        ..Page::default()
    };
    for entry in entries {
        let file = entry.as_object().and_then(|file| {
            let id = ResourceId::new(file.get("id")?.as_str()?).ok()?;
            Some((id, Facts::of(Kind::File, file)))
        });
        match file {
            Some(file) => page.files.push(file),
            None => page.skipped += 1,
        }
    }
    Some(page)
}

/// A [`Value`] whose objects had no key twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON without duplicate keys")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Strict(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, Strict(value))) = entries.next_entry::<String, Strict>()? {
            if object.insert(key, value).is_some() {
                return Err(A::Error::custom("duplicate key"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::Envelope::{Error, Loose};
    use super::*;
    use crate::domain::{Expiry, Usage};

    fn read(text: &str) -> Map<String, Value> {
        object(text.as_bytes()).unwrap()
    }

    #[test]
    fn reads_the_facts_of_the_sample_bodies() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let response = read(include_str!("../../assets/samples/response.json"));
        assert_eq!(
            Facts::of(Kind::Response, &response),
            Facts {
                model: Some("doubao-seed-2-0-lite-260215".into()),
                status: Some("completed".into()),
                created_at: Some(at(1_795_227_300)),
                expires_at: Some(Expiry::At(at(1_795_486_500))),
                usage: Some(Usage {
                    input: 50,
                    output: 19,
                    total: 69,
                    cached: 0
                }),
                ..Facts::default()
            }
        );
        let list = read(include_str!("../../assets/samples/file_list.json"));
        let page = page(&list).unwrap();
        assert_eq!(page.has_more, Some(false));
        assert_eq!(page.skipped, 0);
        let (id, file) = &page.files[0];
        assert_eq!(Some(id.as_str()), page.last_id.as_deref());
        assert_eq!(
            *file,
            Facts::of(
                Kind::File,
                &read(include_str!("../../assets/samples/file.json"))
            )
        );
        assert_eq!(
            *file,
            Facts {
                name: Some("demo.mp4".into()),
                bytes: Some(695_110),
                purpose: Some("user_data".into()),
                status: Some("processing".into()),
                mime_type: Some("video/mp4".into()),
                created_at: Some(at(1_795_227_300)),
                expires_at: Some(Expiry::At(at(1_795_832_100))),
                ..Facts::default()
            }
        );
    }

    #[test]
    fn a_page_needs_data_and_nothing_else() {
        let empty = page(&read(r#"{"object":"whatever","data":null}"#)).unwrap();
        assert_eq!(empty, Page::default());
        let odd = page(&read(
            r#"{"data":[{"id":"file-a"},{"id":7},null,{"id":"a b"},{"id":".."},{"id":"x/y"}],"has_more":"yes"}"#,
        ))
        .unwrap();
        let ids: Vec<&str> = odd.files.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["file-a", "x/y"]);
        assert_eq!((odd.skipped, odd.has_more), (4, None));
        for no_page in [r#"{"object":"list"}"#, r#"{"data":{}}"#, r#"{"data":"[]"}"#] {
            assert_eq!(page(&read(no_page)), None, "{no_page}");
        }
    }

    #[test]
    fn tells_what_a_body_is() {
        use NotObject::{CutShort, Looks};
        let cases: [(&[u8], NotObject); 14] = [
            (b"<!DOCTYPE html><title>Sign in</title>", Looks("HTML")),
            (b"\n <HTML>", Looks("HTML")),
            (b"<Error><Code>NoSuchKey</Code></Error>", Looks("XML")),
            (b"OK", Looks("text")),
            (b" \n", Looks("text")),
            (b"\xff\xfe\x00\x01", Looks("binary")),
            (b"[]", Looks("JSON")),
            (b"null", Looks("JSON")),
            (b"{deleted:true}", Looks("JSON")),
            (br#"{"deleted":true} {}"#, Looks("JSON")),
            (br#"{"deleted":false,"deleted":true}"#, Looks("JSON")),
            (br#"{"a":{"b":1,"b":1}}"#, Looks("JSON")),
            (br#"{"deleted":true"#, CutShort),
            (br#"[{"deleted":tr"#, CutShort),
        ];
        for (body, expected) in cases {
            assert_eq!(
                strict_object(body),
                Err(expected),
                "{}",
                String::from_utf8_lossy(body)
            );
        }
        assert!(
            strict_object(b" {\"deleted\" : true , \"x\":[1,-2,3.5,null,\"\\u00e9\"]}\n").is_ok()
        );
        // Deep nesting ends in an error, not in a stack overflow.
        assert!(strict_object(&b"{\"a\":".repeat(100_000)).is_err());
    }

    #[test]
    fn quotes_what_is_no_json_in_one_short_line() {
        assert_eq!(
            excerpt("<html><head><TITLE lang=en>\n Sign   in\n</TITLE>…").as_deref(),
            Some("Sign in")
        );
        assert_eq!(excerpt("a\n\tb\u{1b}[2J").as_deref(), Some("a b\\u{1b}[2J"));
        assert_eq!(excerpt(" \r\n"), None);
        assert_eq!(excerpt(&"长".repeat(5000)).unwrap().chars().count(), 200);
        assert_eq!(excerpt("<html><title>x"), Some("<html><title>x".into()));
    }

    #[test]
    fn reads_errors_of_every_build() {
        let error = |text| {
            let e = service_error(&read(text))?;
            Some((e.code, e.message, e.envelope, e.is_codeless))
        };
        let says = |code: Option<&str>, message: &str, envelope, codeless| {
            let message = (!message.is_empty()).then(|| message.to_owned());
            Some((code.map(str::to_owned), message, envelope, codeless))
        };
        let cases = [
            (
                r#"{"error":{"code":"X.Y","message":"m","param":"","type":""}}"#,
                says(Some("X.Y"), "m", Error, false),
            ),
            (
                r#"{"error":{"code":404,"message":"m"}}"#,
                says(Some("404"), "m", Error, true),
            ),
            (
                r#"{"error":{"code":400,"message":"m"}}"#,
                says(Some("400"), "m", Error, false),
            ),
            (r#"{"error":{"code":null}}"#, says(None, "", Error, true)),
            (r#"{"error":{"code":""}}"#, says(None, "", Error, true)),
            (
                r#"{"code":"X","message":"m"}"#,
                says(Some("X"), "m", Loose, false),
            ),
            (
                r#"{"object":"error","message":"m","code":404}"#,
                says(Some("404"), "m", Error, true),
            ),
            (r#"{"error":"down"}"#, says(None, "down", Loose, true)),
            (
                r#"{"error":"Not Found","message":"m"}"#,
                says(None, "m", Loose, true),
            ),
            (
                r#"{"detail":"Not Found"}"#,
                says(None, "Not Found", Loose, true),
            ),
            (
                r#"{"detail":[{"loc":1}]}"#,
                says(None, r#"[{"loc":1}]"#, Loose, true),
            ),
            (r#"{"error":true}"#, says(None, "true", Loose, true)),
            ("{}", None),
            (r#"{"error":null,"id":"x"}"#, None),
        ];
        for (text, expected) in cases {
            assert_eq!(error(text), expected, "{text}");
        }
    }

    #[test]
    fn finds_the_request_id_in_a_message() {
        assert_eq!(request_id_in("No. Request id: 02179aB"), Some("02179aB"));
        assert_eq!(request_id_in("No. Request id: 02179."), Some("02179"));
        assert_eq!(request_id_in("Request id: "), None);
        assert_eq!(request_id_in("nothing"), None);
    }
}
