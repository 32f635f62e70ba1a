//! Creating, chaining, reading and deleting responses.

use std::time::Duration;

use arkdeck::emulator::Options;
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Ark, GONE, MODEL, code, form, ids, read};

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
