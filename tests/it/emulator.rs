//! The emulator over real sockets, held to the wire reference and to the sample bodies that the client is
//! held to as well.

use std::time::Duration;

use arkdeck::emulator::{
    Call, Emulator, Fault, Faults, Missing, Options, RetryAfter, Rule, Scope, When,
};
use jiff::Timestamp;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Response, StatusCode, redirect};
use serde_json::{Value, json};

const MODEL: &str = "doubao-seed-2-0-lite-260215";
const GONE: &str = "InvalidParameter.PreviousResponseNotFound";
const SAMPLE_RESPONSE: &str = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3";
const SAMPLE_FILE: &str = "file-20261121101500-k3v9q";

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../assets/samples/", $name))
    };
}

/// An emulator and a client that does nothing by itself.
struct Ark {
    emulator: Emulator,
    http: reqwest::Client,
}

impl Ark {
    async fn start(options: Options) -> Self {
        // Err: another test was first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .build();
        Self {
            emulator: Emulator::start(options).await.unwrap(),
            http: http.unwrap(),
        }
    }

    async fn empty() -> Self {
        Self::start(Options::default()).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.emulator.base_url());
        self.http.request(method, url)
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.request(Method::GET, path)).await
    }

    async fn delete(&self, path: &str) -> (StatusCode, Value) {
        read(self.request(Method::DELETE, path)).await
    }

    async fn post(&self, body: &Value) -> (StatusCode, Value) {
        read(self.request(Method::POST, "/responses").json(body)).await
    }

    /// Creates a response and gives its id.
    async fn say(&self, text: &str, previous: Option<&str>) -> String {
        let body = json!({"model": MODEL, "input": text, "previous_response_id": previous});
        let (status, response) = self.post(&body).await;
        assert_eq!(status, 200, "{response}");
        response["id"].as_str().unwrap().to_owned()
    }

    async fn upload(&self, form: Form) -> (StatusCode, Value) {
        read(self.request(Method::POST, "/files").multipart(form)).await
    }

    async fn list(&self, query: &str) -> (Vec<String>, bool) {
        let (status, list) = self.get(&format!("/files?{query}")).await;
        assert_eq!(status, 200, "{list}");
        (ids(&list), list["has_more"].as_bool().unwrap())
    }
}

async fn read(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    (status, response.json().await.unwrap())
}

fn ids(list: &Value) -> Vec<String> {
    let items = list["data"].as_array().unwrap().iter();
    items
        .map(|item| item["id"].as_str().unwrap().to_owned())
        .collect()
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

fn code(answer: &(StatusCode, Value)) -> (u16, &str) {
    let code = answer.1["error"]["code"].as_str();
    (answer.0.as_u16(), code.unwrap_or("none"))
}

fn demo() -> Part {
    Part::bytes(vec![7; 1500]).file_name("demo.mp4")
}

fn form() -> Form {
    Form::new()
        .text("purpose", "user_data")
        .part("file", demo())
}

// --- the sample bodies

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

// --- responses

#[tokio::test]
async fn times_and_ids_agree_and_the_default_life_is_three_days() {
    let now: Timestamp = "2026-11-21T02:15:00Z".parse().unwrap();
    let ark = Ark::start(Options {
        now: Some(now),
        ..Options::default()
    })
    .await;
    let (_, response) = ark.post(&json!({"model": MODEL, "input": "hi"})).await;
    let created_at = response["created_at"].as_i64().unwrap();
    assert!((0..60).contains(&(created_at - now.as_second())));
    assert_eq!(response["expire_at"], created_at + 259_200);
    let id = response["id"].as_str().unwrap();
    let ms: i64 = id["resp_02".len()..][..13].parse().unwrap();
    assert_eq!(ms / 1000, created_at);

    let (_, file) = ark.upload(form()).await;
    let id = file["id"].as_str().unwrap();
    assert!(
        id.starts_with("file-202611211015"),
        "the clock of UTC+8: {id}"
    );
    let created_at = file["created_at"].as_i64().unwrap();
    assert_eq!(file["expire_at"], created_at + 604_800);
}

#[tokio::test]
async fn null_is_as_good_as_not_given_and_unknown_fields_are_refused() {
    let ark = Ark::empty().await;
    let fields = [
        "instructions",
        "previous_response_id",
        "store",
        "expire_at",
        "stream",
        "thinking",
        "reasoning",
        "caching",
        "max_output_tokens",
        "temperature",
        "top_p",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "max_tool_calls",
        "text",
        "include",
        "service_tier",
        "context_management",
        "session",
        "prompt_cache_key",
        "safety_identifier",
    ];
    let mut body = json!({"model": MODEL, "input": "hi"});
    for field in fields {
        body[field] = Value::Null;
    }
    let (status, response) = ark.post(&body).await;
    assert_eq!(status, 200, "{response}");
    assert!(
        response
            .as_object()
            .unwrap()
            .values()
            .all(|value| !value.is_null())
    );

    body["metadata"] = Value::Null;
    let (status, error) = ark.post(&body).await;
    assert_eq!(status, 400);
    let message = error["error"]["message"].as_str().unwrap();
    assert!(
        message.starts_with("json: unknown field \"metadata\""),
        "{message}"
    );
}

#[tokio::test]
async fn what_was_given_is_echoed() {
    let ark = Ark::empty().await;
    let given = json!({
        "instructions": "Be brief.", "temperature": 0.5, "top_p": 0.9, "max_tool_calls": 2,
        "tools": [{"type": "web_search"}], "tool_choice": "auto", "parallel_tool_calls": true,
        "text": {"format": {"type": "text"}}, "service_tier": "fast", "caching": {"type": "enabled"},
        "reasoning": {"effort": "low"}, "thinking": {"type": "auto"}, "session": {"id": "s"},
        "prompt_cache_key": "p", "safety_identifier": "u", "max_output_tokens": 999,
    });
    let mut body = given.clone();
    body["model"] = MODEL.into();
    body["input"] = "hi".into();
    body["include"] = json!(["reasoning.encrypted_content"]);
    let (_, response) = ark.post(&body).await;
    for (name, value) in given.as_object().unwrap() {
        assert_eq!(response[name], *value, "{name}");
    }
}

#[tokio::test]
async fn bad_requests_name_the_parameter() {
    let ark = Ark::empty().await;
    let now = Timestamp::now().as_second();
    let cases = [
        (json!({"input": "x"}), "MissingParameter.model", "model"),
        (json!({"model": MODEL}), "MissingParameter.input", "input"),
        (
            json!({"model": MODEL, "input": 3}),
            "InvalidParameter",
            "input",
        ),
        (
            json!({"model": MODEL, "input": "x", "store": "yes"}),
            "InvalidParameter",
            "store",
        ),
        (
            json!({"model": MODEL, "input": "x", "thinking": {"type": "hard"}}),
            "InvalidParameter",
            "thinking.type",
        ),
        (
            json!({"model": MODEL, "input": "x", "include": ["all"]}),
            "InvalidParameter",
            "include",
        ),
        (
            json!({"model": MODEL, "input": "x", "expire_at": now - 5}),
            "InvalidParameter",
            "expire_at",
        ),
        (
            json!({"model": MODEL, "input": "x", "expire_at": now + 700_000}),
            "InvalidParameter",
            "expire_at",
        ),
        (
            json!({"model": MODEL, "input": "x", "previous_response_id": "resp_x"}),
            GONE,
            "previous_response_id",
        ),
    ];
    for (body, code, param) in cases {
        let (status, error) = ark.post(&body).await;
        assert_eq!(status, 400, "{body}");
        assert_eq!(error["error"]["code"], code, "{body}");
        assert_eq!(error["error"]["param"], param, "{body}");
    }
    let broken = ark.request(Method::POST, "/responses").body("{\"model\":");
    assert_eq!(code(&read(broken).await), (400, "InvalidParameter"));
    let bad_include = ark.get("/responses/resp_x?include[]=all").await;
    assert_eq!(code(&bad_include), (400, "InvalidParameter"));
    assert!(ark.emulator.response_ids().is_empty());
}

#[tokio::test]
async fn what_is_not_stored_cannot_be_found_and_does_not_expire() {
    let ark = Ark::empty().await;
    let (_, response) = ark
        .post(&json!({"model": MODEL, "input": "hi", "store": false}))
        .await;
    assert_eq!(response["store"], false);
    assert_eq!(response.get("expire_at"), None);
    let id = response["id"].as_str().unwrap();
    assert_eq!(
        code(&ark.get(&format!("/responses/{id}")).await),
        (400, GONE)
    );
}

#[tokio::test]
async fn a_limit_on_output_cuts_the_answer_short() {
    let ark = Ark::empty().await;
    let body = json!({"model": MODEL, "input": "a longer text", "max_output_tokens": 5});
    let (_, response) = ark.post(&body).await;
    assert_eq!(response["status"], "incomplete");
    assert_eq!(response["incomplete_details"]["reason"], "length");
    assert_eq!(response["usage"]["output_tokens"], 5);
}

#[tokio::test]
async fn a_response_can_be_read_after_a_delay() {
    let ark = Ark::start(Options {
        readable_after: Duration::from_hours(1),
        ..Options::default()
    })
    .await;
    let id = ark.say("hi", None).await;
    assert_eq!(
        code(&ark.get(&format!("/responses/{id}")).await),
        (400, GONE)
    );
    let (status, _) = ark.delete(&format!("/responses/{id}")).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn deleting_a_round_leaves_the_others() {
    let ark = Ark::empty().await;
    let first = ark.say("one", None).await;
    let second = ark.say("two", Some(&first)).await;
    let third = ark.say("three", Some(&second)).await;
    let texts = |list: &Value| {
        let items = list["data"].as_array().unwrap().iter();
        let texts = items.map(|item| item["content"][0]["text"].as_str().unwrap().to_owned());
        texts.collect::<Vec<_>>()
    };
    let items = format!("/responses/{third}/input_items?order=asc");
    let (_, list) = ark.get(&items).await;
    let all = ["one", "You wrote: one", "two", "You wrote: two", "three"];
    assert_eq!(texts(&list), all);

    ark.delete(&format!("/responses/{second}")).await;
    let (_, list) = ark.get(&items).await;
    assert_eq!(texts(&list), ["one", "You wrote: one", "three"]);
    assert_eq!(
        code(&ark.delete(&format!("/responses/{second}")).await),
        (400, GONE)
    );
    let (_, response) = ark.get(&format!("/responses/{third}")).await;
    assert_eq!(response["previous_response_id"], second);
    assert_eq!(ark.emulator.response_ids().len(), 2);
    assert_eq!(ark.emulator.deletes(&second), 2);
    assert_eq!(ark.emulator.deletes(&first), 0);
}

#[tokio::test]
async fn input_items_are_paged_both_ways() {
    let ark = Ark::empty().await;
    let input: Vec<_> = (0..25)
        .map(|n| json!({"role": "user", "content": n.to_string()}))
        .collect();
    let (_, response) = ark.post(&json!({"model": MODEL, "input": input})).await;
    let base = format!(
        "/responses/{}/input_items",
        response["id"].as_str().unwrap()
    );
    let page = async |query: String| {
        let (status, page) = ark.get(&format!("{base}?{query}")).await;
        assert_eq!(status, 200, "{page}");
        (ids(&page), page["has_more"] == true)
    };
    let (all, _) = page("limit=100".to_owned()).await;
    assert_eq!(all.len(), 25);
    let (first, more) = page(String::new()).await;
    assert_eq!((first.as_slice(), more), (&all[..20], true));
    let (second, more) = page(format!("after={}", first[19])).await;
    assert_eq!((second.as_slice(), more), (&all[20..], false));
    let (back, more) = page(format!("before={}&limit=3", second[0])).await;
    assert_eq!((back.as_slice(), more), (&all[17..20], true));
    let (none, more) = page(format!("before={}", all[0])).await;
    assert_eq!((none.len(), more), (0, false));
    for bad in ["limit=0", "limit=101", "order=up", "after=msg_none"] {
        assert_eq!(
            code(&ark.get(&format!("{base}?{bad}")).await),
            (400, "InvalidParameter"),
            "{bad}"
        );
    }
}

// --- files

#[tokio::test]
async fn a_form_is_taken_in_any_order() {
    let ark = Ark::empty().await;
    let name = "报告 终稿.pdf";
    let due = (Timestamp::now().as_second() + 2 * 86_400).to_string();
    let forms = [
        Form::new()
            .part("file", Part::bytes(vec![1; 10]).file_name(name))
            .text("purpose", "user_data")
            .text("expire_at", due.clone()),
        Form::new()
            .text("expire_at", due.clone())
            .part("file", Part::bytes(vec![1; 10]).file_name(name))
            .text("purpose", "user_data"),
    ];
    for form in forms {
        let (status, file) = ark.upload(form).await;
        assert_eq!(status, 200, "{file}");
        assert_eq!(file["filename"], name);
        assert_eq!(
            (&file["bytes"], &file["mime_type"]),
            (&json!(10), &json!("application/pdf"))
        );
        assert_eq!(file["expire_at"].to_string(), due);
    }
    let form = Form::new()
        .text("url", "https://example.com/%E8%A7%86%E9%A2%91.mp4")
        .text("preprocess_configs[video][max_frame_tokens]", "128")
        .text("preprocess_configs[video][model]", MODEL)
        .text("description", "two of them")
        .text("purpose", "agent");
    let (_, file) = ark.upload(form).await;
    assert_eq!(file["filename"], "视频.mp4");
    let configs = json!({"video": {"max_frame_tokens": 128, "model": MODEL}});
    assert_eq!(file["preprocess_configs"], configs);
    assert_eq!(file["description"], "two of them");
    assert_eq!(ark.emulator.file_ids().len(), 3);
}

#[tokio::test]
async fn a_bad_form_names_the_field() {
    let ark = Ark::empty().await;
    let soon = (Timestamp::now().as_second() + 60).to_string();
    let cases = [
        (Form::new().text("purpose", "user_data"), "file"),
        (Form::new().part("file", demo()), "purpose"),
        (form().text("url", "https://example.com/a"), "file"),
        (
            Form::new()
                .part("file", demo())
                .text("purpose", "fine-tune"),
            "purpose",
        ),
        (form().text("expire_at", soon), "expire_at"),
        (form().text("description", "x".repeat(501)), "description"),
        (
            Form::new()
                .text("url", "ftp://example.com/a")
                .text("purpose", "voice"),
            "url",
        ),
    ];
    for (form, param) in cases {
        let (status, error) = ark.upload(form).await;
        assert_eq!(
            (status.as_u16(), &error["error"]["param"]),
            (400, &param.into()),
            "{error}"
        );
    }
    assert!(ark.emulator.file_ids().is_empty());
    let not_a_form = ark.request(Method::POST, "/files").json(&json!({}));
    assert_eq!(code(&read(not_a_form).await), (400, "InvalidParameter"));
}

#[tokio::test]
async fn a_file_is_processing_until_its_time() {
    for (wait, status) in [
        (Duration::ZERO, "active"),
        (Duration::from_hours(1), "processing"),
    ] {
        let ark = Ark::start(Options {
            active_after: wait,
            ..Options::default()
        })
        .await;
        let (_, file) = ark.upload(form()).await;
        let (_, file) = ark
            .get(&format!("/files/{}", file["id"].as_str().unwrap()))
            .await;
        assert_eq!(file["status"], status);
    }
}

#[tokio::test]
async fn files_are_listed_in_pages() {
    let ark = Ark::start(Options {
        files: 250,
        list_object: "list".to_owned(),
        ..Options::default()
    })
    .await;
    let (_, list) = ark.get("/files").await;
    assert_eq!(list["object"], "list");
    assert_eq!(ids(&list).len(), 100);
    assert_eq!(list["first_id"], list["data"][0]["id"]);
    assert_eq!(list["last_id"], list["data"][99]["id"]);

    let mut oldest_first = ark.emulator.file_ids();
    for (order, has_turned) in [("desc", true), ("asc", false)] {
        let mut all = Vec::new();
        loop {
            let after = all
                .last()
                .map_or(String::new(), |last| format!("&after={last}"));
            let (page, has_more) = ark.list(&format!("limit=60&order={order}{after}")).await;
            all.extend(page);
            if !has_more {
                break;
            }
        }
        if has_turned {
            all.reverse();
        }
        assert_eq!(all, oldest_first, "{order}");
    }

    // A cursor keeps its place when its file goes.
    let gone = oldest_first.remove(100);
    ark.delete(&format!("/files/{gone}")).await;
    let (next, _) = ark.list(&format!("order=asc&limit=1&after={gone}")).await;
    assert_eq!(next[0], oldest_first[100]);

    let (_, voices) = ark.get("/files?purpose=voice").await;
    let voices = voices["data"].as_array().unwrap();
    assert!(!voices.is_empty() && voices.iter().all(|file| file["purpose"] == "voice"));
    for bad in ["limit=0", "limit=1000", "order=newest"] {
        let answer = ark.get(&format!("/files?{bad}")).await;
        assert_eq!(code(&answer), (400, "InvalidParameter"), "{bad}");
    }
}

// --- what all calls share

#[tokio::test]
async fn only_the_right_key_is_taken() {
    let ark = Ark::start(Options {
        responses: 1,
        api_key: Some("right".to_owned()),
        ..Options::default()
    })
    .await;
    let id = ark.emulator.response_ids().remove(0);
    let path = format!("/responses/{id}");
    for header in [
        "Bearer wrong",
        "Bearer right ",
        "Basic right",
        "right",
        "bearer right",
    ] {
        let answer = read(
            ark.request(Method::DELETE, &path)
                .header("Authorization", header),
        )
        .await;
        // The space at the end is not part of a header's value.
        if header == "Bearer right " {
            assert_eq!(answer.0, 200);
        } else {
            assert_eq!(code(&answer), (401, "AuthenticationError"), "{header}");
        }
    }
    assert_eq!(code(&ark.delete(&path).await), (401, "AuthenticationError"));
}

#[tokio::test]
async fn every_answer_carries_its_request_id_and_echoes_the_clients() {
    let ark = Ark::empty().await;
    for path in ["/files", "/files/none", "/none"] {
        let request = ark
            .request(Method::GET, path)
            .header("X-Client-Request-Id", "mine");
        let response: Response = request.send().await.unwrap();
        assert_eq!(response.headers()["x-client-request-id"], "mine");
        let id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let body = response.text().await.unwrap();
        assert!(
            path == "/files" || body.contains(&format!("Request id: {id}\"")),
            "{body}"
        );
    }
    let seen = ark.emulator.requests();
    assert!(
        seen.iter()
            .all(|seen| seen.client_request_id.as_deref() == Some("mine"))
    );
}

#[tokio::test]
async fn a_delete_is_taken_with_and_without_a_body() {
    let ark = Ark::start(Options {
        files: 2,
        ..Options::default()
    })
    .await;
    let ids = ark.emulator.file_ids();
    let path = format!("/files/{}", ids[0]);
    let with_body = ark.request(Method::DELETE, &path).json(&json!({}));
    assert_eq!(read(with_body).await.0, 200);
    assert_eq!(ark.delete(&format!("/files/{}", ids[1])).await.0, 200);
    assert!(ark.emulator.file_ids().is_empty());
}

#[tokio::test]
async fn an_escaped_slash_is_part_of_the_id() {
    let ark = Ark::empty().await;
    let (status, error) = ark.delete("/files/a%2F..%2Fb").await;
    assert_eq!(status, 404);
    let message = error["error"]["message"].as_str().unwrap();
    assert!(message.contains("a/../b"), "{message}");
    assert_eq!(ark.emulator.deletes("a/../b"), 1);
    assert_eq!(ark.emulator.requests()[0].path, "/api/v3/files/a%2F..%2Fb");
    assert_eq!(
        code(&ark.delete("/files/a/b").await),
        (404, "InvalidAction")
    );
}

#[tokio::test]
async fn how_a_missing_id_is_told_can_be_chosen() {
    let ark = Ark::start(Options {
        missing_response: Missing::new(404, "NotFound.response"),
        missing_file: Missing::new(400, "InvalidFile.NotFound"),
        ..Options::default()
    })
    .await;
    assert_eq!(
        code(&ark.delete("/responses/r").await),
        (404, "NotFound.response")
    );
    assert_eq!(
        code(&ark.delete("/files/f").await),
        (400, "InvalidFile.NotFound")
    );
    let chained = json!({"model": MODEL, "input": "x", "previous_response_id": "r"});
    assert_eq!(
        code(&ark.post(&chained).await),
        (400, GONE),
        "create does not change"
    );
}

#[tokio::test]
async fn the_same_seed_and_time_give_the_same_service() {
    let options = || Options {
        responses: 300,
        files: 300,
        now: "2026-11-21T02:15:00Z".parse().ok(),
        ..Options::default()
    };
    let (one, two) = (Ark::start(options()).await, Ark::start(options()).await);
    let ids = one.emulator.response_ids();
    assert_eq!((ids.len(), one.emulator.file_ids().len()), (300, 300));
    assert_eq!(ids, two.emulator.response_ids());
    assert_eq!(one.get("/files").await, two.get("/files").await);

    let mut statuses = std::collections::BTreeSet::new();
    let mut chained = 0;
    for id in &ids {
        let response = one.get(&format!("/responses/{id}")).await;
        assert_eq!(response, two.get(&format!("/responses/{id}")).await);
        statuses.insert(response.1["status"].as_str().unwrap().to_owned());
        if let Some(previous) = response.1["previous_response_id"].as_str() {
            assert!(ids.iter().any(|id| id == previous));
            chained += 1;
        }
    }
    let statuses: Vec<_> = statuses.iter().map(String::as_str).collect();
    assert_eq!(
        statuses,
        ["completed", "failed", "in_progress", "incomplete"]
    );
    assert!(chained > 50, "{chained}");

    let (_, files) = one.get("/files").await;
    let has = |name: &str, value: Value| {
        files["data"]
            .as_array()
            .unwrap()
            .iter()
            .any(|file| file[name] == value)
    };
    assert!(has("expire_at", (-1).into()));
    assert!(has("status", "failed".into()) && has("status", "processing".into()));
}

// --- faults

async fn with_rule(rule: Rule) -> (Ark, String) {
    let ark = Ark::start(Options {
        responses: 1,
        faults: Faults {
            rules: vec![rule],
            ..Faults::default()
        },
        ..Options::default()
    })
    .await;
    let id = ark.emulator.response_ids().remove(0);
    (ark, format!("/responses/{id}"))
}

#[tokio::test]
async fn a_connection_can_be_dropped_before_or_after_the_request_is_carried_out() {
    for (when, left) in [(When::Before, 1), (When::After, 0)] {
        let (ark, path) = with_rule(Rule::times(1, Scope::Deletes, Fault::Drop(when))).await;
        let error = ark.request(Method::DELETE, &path).send().await.unwrap_err();
        assert!(!error.is_connect(), "{error:?}");
        assert_eq!(ark.emulator.response_ids().len(), left, "{when:?}");
        assert_eq!(ark.emulator.requests()[0].status, None);
        let again = ark.delete(&path).await;
        assert_eq!(again.0 == 200, left == 1, "{again:?}");
    }
}

#[tokio::test]
async fn bodies_can_be_spoilt() {
    let cases = [
        (Fault::MalformedJson, 200, 0),
        (Fault::WrongContentType, 200, 0),
        (Fault::Huge(3_000_000), 200, 0),
        (Fault::Drip(Duration::from_nanos(1)), 200, 0),
        (Fault::Html, 200, 1),
        (Fault::NotDeleted, 200, 1),
        (Fault::OtherId, 200, 1),
        (Fault::Error(503), 503, 1),
        (
            Fault::Redirect("http://127.0.0.1:1/elsewhere".to_owned()),
            307,
            1,
        ),
    ];
    for (fault, status, left) in cases {
        let (ark, path) = with_rule(Rule::always(Scope::Deletes, fault.clone())).await;
        let response = ark.request(Method::DELETE, &path).send().await.unwrap();
        assert_eq!(response.status(), status, "{fault:?}");
        let header = |name: &str| Some(response.headers().get(name)?.to_str().unwrap().to_owned());
        let (content_type, location) = (header("content-type"), header("location"));
        let body = response.text().await.unwrap();
        let read = serde_json::from_str::<Value>(&body).ok();
        assert_eq!(ark.emulator.response_ids().len(), left, "{fault:?}");
        let is_as_ordered = match &fault {
            Fault::MalformedJson | Fault::Error(_) => read.is_none() && !body.is_empty(),
            Fault::WrongContentType => {
                content_type.as_deref() == Some("text/plain") && read.is_some()
            }
            Fault::Huge(bytes) => body.len() as u64 > *bytes && read.is_some(),
            Fault::Html => body.starts_with("<!DOCTYPE html>"),
            Fault::NotDeleted => read.is_some_and(|read| read["deleted"] == false),
            Fault::OtherId => read.is_some_and(|read| {
                let id = read["id"].as_str().unwrap();
                read["deleted"] == true && !path.ends_with(id)
            }),
            Fault::Redirect(to) => location.as_ref() == Some(to),
            _ => read.is_some_and(|read| read["deleted"] == true),
        };
        assert!(is_as_ordered, "{fault:?}: {body:.200}");
    }
}

#[tokio::test]
async fn a_body_can_break_off() {
    let (ark, path) = with_rule(Rule::always(Scope::Deletes, Fault::Truncated)).await;
    let mut response = ark.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let half = response.chunk().await.unwrap().unwrap();
    assert!(half.starts_with(b"{\"id\":"));
    assert!(response.chunk().await.is_err());
    assert!(ark.emulator.response_ids().is_empty());
}

#[tokio::test]
async fn any_answer_can_be_given() {
    let fault = Fault::Answer {
        when: When::After,
        status: 202,
        content_type: None,
        body: "{\"id\":\"{id}\",\"object\":\"response.deleted\"}".to_owned(),
    };
    let (ark, path) = with_rule(Rule::always(Scope::Call(Call::DeleteResponse), fault)).await;
    let response = ark.request(Method::DELETE, &path).send().await.unwrap();
    assert_eq!(response.status(), 202);
    assert_eq!(response.headers().get("content-type"), None);
    let said: Value = response.json().await.unwrap();
    assert!(path.ends_with(said["id"].as_str().unwrap()));
    assert!(ark.emulator.response_ids().is_empty());
}

#[tokio::test]
async fn a_silent_service_answers_nothing_until_it_stops() {
    let silence = Fault::Silence(When::After);
    let (ark, path) = with_rule(Rule::always(Scope::Everything, silence)).await;
    let waiting = tokio::spawn(ark.request(Method::DELETE, &path).send());
    ark.emulator.wait_for_arrivals(1).await;
    ark.emulator.stop().await;
    assert!(waiting.await.unwrap().is_err());
}

#[tokio::test]
async fn beyond_the_rate_limit_each_call_is_refused_by_itself() {
    let after = [
        (RetryAfter::Absent, None),
        (RetryAfter::Seconds(7), Some("7")),
        (RetryAfter::Text("soon".to_owned()), Some("soon")),
    ];
    for (retry_after, header) in after {
        let ark = Ark::empty().await;
        ark.emulator.set_faults(Faults {
            rate_limit: Some(1),
            retry_after,
            ..Faults::default()
        });
        assert_eq!(ark.get("/files").await.0, 200);
        let refused = ark.request(Method::GET, "/files").send().await.unwrap();
        assert_eq!(refused.status(), 429);
        let said = refused.headers().get("retry-after");
        assert_eq!(said.map(|said| said.to_str().unwrap()), header);
        let body: Value = refused.json().await.unwrap();
        assert_eq!(body["error"]["code"], "AccountRateLimitExceeded");
        assert_eq!(ark.get("/files/none").await.0, 404);
    }
    let ark = Ark::empty().await;
    ark.emulator.set_faults(Faults {
        rate_limit: Some(0),
        retry_after: RetryAfter::Date(Duration::from_mins(5)),
        ..Faults::default()
    });
    let refused = ark.request(Method::GET, "/files").send().await.unwrap();
    let date = refused.headers()["retry-after"].to_str().unwrap();
    let ahead = httpdate::parse_http_date(date).unwrap();
    assert!(ahead > std::time::SystemTime::now() + Duration::from_mins(4));
}

#[tokio::test]
async fn latency_is_waited_out_and_requests_overlap() {
    let ark = Ark::start(Options {
        faults: Faults {
            latency: Duration::from_millis(40),
            jitter: Duration::from_millis(10),
            ..Faults::default()
        },
        ..Options::default()
    })
    .await;
    let start = std::time::Instant::now();
    let (one, two) = tokio::join!(ark.get("/files"), ark.get("/files/none"));
    assert!(start.elapsed() >= Duration::from_millis(40));
    assert_eq!((one.0.as_u16(), two.0.as_u16()), (200, 404));
    assert_eq!(ark.emulator.peak_in_flight(), 2);
}

#[tokio::test]
async fn mishaps_come_in_every_kind_and_end_when_told() {
    let ark = Ark::start(Options {
        files: 200,
        ..Options::default()
    })
    .await;
    ark.emulator.set_faults(Faults {
        fail_percent: 100,
        ..Faults::default()
    });
    for id in ark.emulator.file_ids() {
        let sent = ark
            .request(Method::DELETE, &format!("/files/{id}"))
            .send()
            .await;
        if let Ok(response) = sent
            && response.status() == 200
        {
            assert!(response.bytes().await.is_err(), "a body that breaks off");
        }
    }
    let seen = ark.emulator.requests();
    assert_eq!(seen.len(), 200);
    for status in [None, Some(200), Some(500), Some(502), Some(503)] {
        assert!(seen.iter().any(|seen| seen.status == status), "{status:?}");
    }
    let left = ark.emulator.file_ids().len();
    assert!((80..160).contains(&left), "a third is carried out: {left}");
    ark.emulator.set_faults(Faults::default());
    assert_eq!(ark.get("/files").await.0, 200);
}

// --- life

#[tokio::test]
async fn the_log_is_bounded_and_says_what_was_sent() {
    let ark = Ark::start(Options {
        log_limit: 3,
        ..Options::default()
    })
    .await;
    for n in 0..5 {
        ark.get(&format!("/files/{n}?x=%20")).await;
    }
    let request = ark.request(Method::DELETE, "/files/5").bearer_auth("k");
    read(request).await;
    let seen = ark.emulator.requests();
    let paths: Vec<_> = seen.iter().map(|seen| seen.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "/api/v3/files/3?x=%20",
            "/api/v3/files/4?x=%20",
            "/api/v3/files/5"
        ]
    );
    assert_eq!(
        (&seen[2].method, seen[2].status, seen[2].authorized),
        (&Method::DELETE, Some(404), true)
    );
    assert!(!seen[0].authorized);
    assert_eq!(ark.emulator.arrived(), 6);
}

#[tokio::test]
async fn stopping_frees_the_port() {
    let ark = Ark::empty().await;
    let listen = ark.emulator.address();
    ark.get("/files").await;
    ark.emulator.stop().await;
    let again = Emulator::start(Options {
        listen,
        ..Options::default()
    });
    let again = again.await.unwrap();
    assert_eq!(again.address(), listen);
    let taken = Emulator::start(Options {
        listen,
        ..Options::default()
    });
    assert_eq!(
        taken.await.unwrap_err().kind(),
        std::io::ErrorKind::AddrInUse
    );
}
