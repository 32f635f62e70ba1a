//! The sample bodies that the client is held to as well.

use std::time::Duration;

use arkdeck::emulator::{Faults, Options};
use reqwest::Method;
use serde_json::{Value, json};

use super::{Ark, MODEL, form, read};

const SAMPLE_RESPONSE: &str = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3";
const SAMPLE_FILE: &str = "file-20261121101500-k3v9q";

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../assets/samples/", $name))
    };
}

/// Keys and types, without the values; of a list, what its first element is.
fn shape(value: &Value) -> Value {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(_) => "number".into(),
        Value::String(_) => "string".into(),
        Value::Array(items) => items.iter().take(1).map(shape).collect(),
        Value::Object(object) => object
            .iter()
            .map(|(key, value)| (key.clone(), shape(value)))
            .collect(),
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// An error without its request id.
fn known_part(mut error: Value) -> Value {
    let message = error["error"]["message"].as_str().unwrap();
    let (known, request_id) = message.rsplit_once("Request id: ").unwrap();
    assert!(
        request_id.starts_with("02") && request_id.len() == 53,
        "{request_id}"
    );
    error["error"]["message"] = known.into();
    error
}

#[tokio::test]
async fn objects_have_the_shape_of_the_samples() {
    let ark = Ark::empty().await;
    let body = json!({"model": MODEL, "input": "hi", "max_output_tokens": 64, "thinking": {"type": "disabled"}});
    let (_, created) = ark.post(&body).await;
    assert_eq!(shape(&created), shape(&json(sample!("response.json"))));
    let id = created["id"].as_str().unwrap();
    let (_, got) = ark.get(&format!("/responses/{id}")).await;
    assert_eq!(got, created);

    let fps = form().text("preprocess_configs[video][fps]", "0.3");
    let (_, file) = ark.upload(fps).await;
    assert_eq!(shape(&file), shape(&json(sample!("file.json"))));
    let (_, list) = ark.get("/files").await;
    assert_eq!(shape(&list), shape(&json(sample!("file_list.json"))));
    assert_eq!(list["object"], "file");
}

#[tokio::test]
async fn input_items_have_the_shape_of_the_sample() {
    let ark = Ark::empty().await;
    let sample = json(sample!("input_items.json"));
    let content = |at: usize| sample["data"][at]["content"].clone();
    let ask = |parts: Value, previous: Option<&str>| {
        let input = json!([{"role": "user", "content": parts}]);
        json!({"model": MODEL, "input": input, "previous_response_id": previous,
               "thinking": {"type": "enabled"}})
    };
    let (_, first) = ark.post(&ask(content(3), None)).await;
    let first = first["id"].as_str().unwrap();
    let (_, second) = ark.post(&ask(content(0), Some(first))).await;
    let id = second["id"].as_str().unwrap();
    let (_, list) = ark.get(&format!("/responses/{id}/input_items")).await;
    assert_eq!(shape(&list), shape(&sample));
    let each = |list: &Value, at: usize| shape(&list["data"][at]);
    for at in 0..4 {
        assert_eq!(each(&list, at), each(&sample, at), "{at}");
        assert_eq!(list["data"][at]["type"], sample["data"][at]["type"]);
    }
    assert_eq!(list["data"][3]["content"], content(3), "files as given");
}

#[tokio::test]
async fn deletions_are_answered_as_in_the_samples() {
    let ark = Ark::empty().await;
    let id = ark.say("hi", None).await;
    let (_, said) = ark.delete(&format!("/responses/{id}")).await;
    let sample = sample!("delete_response.json").replace(SAMPLE_RESPONSE, &id);
    assert_eq!(said, json(&sample));

    let (_, file) = ark.upload(form()).await;
    let id = file["id"].as_str().unwrap();
    let (_, said) = ark.delete(&format!("/files/{id}")).await;
    let sample = sample!("delete_file.json").replace(SAMPLE_FILE, id);
    assert_eq!(said, json(&sample));
}

#[tokio::test]
async fn errors_are_word_for_word_those_of_the_samples() {
    let ark = Ark::start(Options {
        api_key: Some("key".to_owned()),
        ..Options::default()
    })
    .await;
    let with_key = |method, path: &str| read(ark.request(method, path).bearer_auth("key"));
    let response = format!("/responses/{SAMPLE_RESPONSE}");
    let file = format!("/files/{SAMPLE_FILE}");
    let cases = [
        (
            400,
            sample!("error_gone_response.json"),
            with_key(Method::GET, &response).await,
        ),
        (
            400,
            sample!("error_gone_response.json"),
            with_key(Method::DELETE, &response).await,
        ),
        (
            404,
            sample!("error_gone_file.json"),
            with_key(Method::GET, &file).await,
        ),
        (
            404,
            sample!("error_gone_file.json"),
            with_key(Method::DELETE, &file).await,
        ),
        (
            404,
            sample!("error_invalid_action.json"),
            with_key(Method::GET, "/nothing/here").await,
        ),
        (
            404,
            sample!("error_invalid_action.json"),
            with_key(Method::PUT, "/files").await,
        ),
        (401, sample!("error_401.json"), ark.delete(&response).await),
    ];
    for (status, sample, (answered, error)) in cases {
        assert_eq!(answered, status, "{error}");
        assert_eq!(known_part(error), known_part(json(sample)));
    }
}

#[tokio::test]
async fn a_stream_has_the_events_of_the_sample_in_its_order() {
    let ark = Ark::empty().await;
    let body = json!({"model": MODEL, "input": "hi", "max_output_tokens": 64, "stream": true, "thinking": {"type": "disabled"}});
    let response = ark.request(Method::POST, "/responses").json(&body);
    let response = response.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let text = response.text().await.unwrap();

    let events = |text: &str| {
        let (events, end) = text.trim_end().rsplit_once("\n\n").unwrap();
        assert_eq!(end, "data: [DONE]");
        let events = events.split("\n\n").map(|event| {
            let (name, data) = event.split_once('\n').unwrap();
            let data = json(data.strip_prefix("data: ").unwrap());
            assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
            data
        });
        events.collect::<Vec<_>>()
    };
    let outline = |events: &[Value]| {
        let mut outline: Vec<_> = events
            .iter()
            .map(|event| (event["type"].clone(), shape(event)))
            .collect();
        outline.dedup();
        outline
    };
    let events_said = events(&text);
    assert_eq!(
        outline(&events_said),
        outline(&events(sample!("stream.txt")))
    );
    for (number, event) in events_said.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    let whole = &events_said.last().unwrap()["response"];
    let id = whole["id"].as_str().unwrap();
    assert_eq!(events_said[0]["response"]["id"], id);
    assert_eq!(ark.get(&format!("/responses/{id}")).await.1, *whole);
}

#[tokio::test]
async fn events_arrive_one_by_one() {
    let ark = Ark::start(Options {
        faults: Faults {
            event_pause: Duration::from_hours(1),
            ..Faults::default()
        },
        ..Options::default()
    })
    .await;
    let body = json!({"model": MODEL, "input": "hi", "stream": true});
    let request = ark.request(Method::POST, "/responses").json(&body);
    let first = request
        .send()
        .await
        .unwrap()
        .chunk()
        .await
        .unwrap()
        .unwrap();
    assert!(first.starts_with(b"event: response.created\n"));
    assert_eq!(ark.emulator.response_ids().len(), 1, "stored already");
}
