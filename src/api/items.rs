//! What a response was made from: pages of its input items, read for the files they name.
//!
//! Nothing else of an item is kept, unless somebody wants to read them. Which types of items and parts there are depends on the service and
//! its day, so a `file_id` counts wherever in an item it stands (`ark-api` section 4.3 knows of
//! `input_image`, `input_video`, `input_file` and `input_audio` parts): a file that is pointed out once
//! too often costs a look, one that is not costs the file.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::wire;
use crate::domain::ResourceId;

/// One page of a response's input items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Items {
    /// The files that the items name, each once, in the order of the page.
    pub files: Vec<ResourceId>,
    /// The items' own ids, in the order of the page, of those that have a usable one.
    pub ids: Vec<ResourceId>,
    /// How many items there are on the page.
    pub count: usize,
    /// What the service says; servers are known to leave it out, and to lie.
    pub has_more: Option<bool>,
    /// The id of the last item, as the item or else the page says: the next page comes after it.
    pub last_id: Option<ResourceId>,
    /// The items themselves, if they were asked for. Their text is hostile until made visible.
    pub entries: Vec<Value>,
}

/// Reads a page (`ark-api` section 4.4). `object` may be anything, `data` may be null when empty; an
/// object without `data` is no page.
pub(super) fn items(object: &Map<String, Value>) -> Option<Items> {
    let entries = wire::entries(object)?;
    let id = |object: &Map<String, Value>, key| ResourceId::new(object.get(key)?.as_str()?).ok();
    let of = |entry: &Value| id(entry.as_object()?, "id");
    let mut seen = HashSet::new();
    let mut files = Vec::new();
    for entry in entries {
        named(entry, &mut |file| {
            if let Ok(file) = ResourceId::new(file)
                && seen.insert(file.clone())
            {
                files.push(file);
            }
        });
    }
    Some(Items {
        files,
        ids: entries.iter().filter_map(of).collect(),
        count: entries.len(),
        has_more: object.get("has_more").and_then(Value::as_bool),
        last_id: entries
            .last()
            .and_then(of)
            .or_else(|| id(object, "last_id")),
        entries: Vec::new(),
    })
}

/// The same, with the items themselves.
pub(super) fn whole(object: &Map<String, Value>) -> Option<Items> {
    let entries = wire::entries(object)?.to_vec();
    items(object).map(|items| Items { entries, ..items })
}

/// Goes through every `file_id` of a value. The depth is bounded by the reader of the JSON.
fn named(value: &Value, on: &mut impl FnMut(&str)) {
    match value {
        Value::Array(values) => values.iter().for_each(|value| named(value, on)),
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(file) if key == "file_id" => on(file),
                    _ => named(value, on),
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Items> {
        items(&wire::object(text.as_bytes()).unwrap())
    }

    fn texts(ids: &[ResourceId]) -> Vec<&str> {
        ids.iter().map(ResourceId::as_str).collect()
    }

    #[test]
    fn reads_the_files_of_the_sample_body() {
        let page = read(include_str!("../../assets/samples/input_items.json")).unwrap();
        assert_eq!(
            texts(&page.files),
            [
                "file-20261121101500-k3v9q",
                "file-20261120090000-a1b2c",
                "file-20261120090500-d3e4f"
            ]
        );
        assert_eq!((page.count, page.ids.len()), (4, 4));
        assert_eq!(page.has_more, Some(false));
        assert_eq!(page.last_id, page.ids.last().cloned());
    }

    #[test]
    fn finds_files_however_deep_and_in_items_of_any_type() {
        let page = read(
            r#"{"data":[
                {"id":"i1","type":"input_file","file_id":"file-top"},
                {"id":"i2","type":"function_call_output","output":[{"type":"input_image","file_id":"file-tool"}]},
                {"id":"i3","type":"tomorrow","a":{"b":[[{"file_id":"file-deep"}]]}},
                {"id":"i4","content":[{"file_id":"file-top"},{"file_id":null,"file_url":"https://h/f"}]},
                {"id":"i5","content":"file-in-text","arguments":"{\"file_id\":\"file-quoted\"}"}
            ]}"#,
        )
        .unwrap();
        assert_eq!(texts(&page.files), ["file-top", "file-tool", "file-deep"]);
        assert_eq!(page.has_more, None);
    }

    #[test]
    fn what_is_no_id_is_left_out() {
        let long = "x".repeat(1001);
        let page = read(&format!(
            r#"{{"data":[null,7,"file-a",[],
                {{"id":7,"content":[{{"file_id":7}},{{"file_id":""}},{{"file_id":"a b"}},{{"file_id":".."}}]}},
                {{"id":"a\u001b[2J","content":[{{"file_id":"a\u202eb"}},{{"file_id":"{long}"}}]}},
                {{"id":"ok","file_id":"../files/x"}},
                {{"type":"message"}}],
               "has_more":"yes","last_id":"cursor"}}"#
        ))
        .unwrap();
        // It is percent-encoded wherever it goes, and compared with ids of the ledger only.
        assert_eq!(texts(&page.files), ["../files/x"]);
        assert_eq!(texts(&page.ids), ["ok"]);
        assert_eq!((page.count, page.has_more), (8, None));
        assert_eq!(page.last_id, ResourceId::new("cursor").ok());
    }

    #[test]
    fn a_page_needs_data_and_nothing_else() {
        assert_eq!(read(r#"{"data":null}"#), Some(Items::default()));
        assert_eq!(read(r#"{"object":"x","data":[]}"#), Some(Items::default()));
        for no_page in ["{}", r#"{"data":{}}"#, r#"{"data":"[]"}"#] {
            assert_eq!(read(no_page), None, "{no_page}");
        }
    }
}
