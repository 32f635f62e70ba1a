use std::collections::BTreeMap;
use std::fmt::Write as _;

use proptest::prelude::*;
use reqwest::header::HeaderName;

use super::super::items::items;
use super::*;

const ID: &str = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3";
const KEY: &str = "ark-00000000-secret";

fn id() -> ResourceId {
    ResourceId::new(ID).unwrap()
}

fn rules(extra: &[&str]) -> Rules {
    Rules {
        key: ApiKey::new(KEY).unwrap(),
        not_found_codes: extra.iter().map(ToString::to_string).collect(),
    }
}

fn heard(status: u16, body: impl AsRef<[u8]>) -> Heard {
    Heard {
        status,
        headers: HeaderMap::new(),
        body: body.as_ref().to_vec(),
        end: End::Complete,
    }
}

fn now() -> Timestamp {
    "2026-11-21T02:15:00Z".parse().unwrap()
}

fn delete(status: u16, body: impl AsRef<[u8]>) -> Attempt {
    rules(&[]).delete(&id(), &heard(status, body), now())
}

fn error(code: &str, message: &str) -> String {
    serde_json::json!({"error": {"code": code, "message": message, "param": "", "type": ""}})
        .to_string()
}

fn word(attempt: &Attempt) -> String {
    let cause = attempt.answer.cause.map_or("-", Cause::as_str);
    match attempt.verdict {
        Verdict::Settle(outcome) => format!("{} ({cause})", outcome.as_str()),
        Verdict::Retry { throttled, .. } => {
            let how = if throttled {
                "retry, throttled"
            } else {
                "retry"
            };
            format!("{how} ({cause})")
        }
        Verdict::Stop => format!("stop ({cause})"),
    }
}

/// Every status with an error body of Ark's and with none, as ranges that fare alike.
#[test]
fn every_status_has_its_verdict() {
    let ark = error("InvalidParameter", "No. Request id: 02179");
    let mut table = String::new();
    let mut from = 100;
    let row = |status| (word(&delete(status, &ark)), word(&delete(status, "")));
    for status in 100..=599 {
        if status == 599 || row(status + 1) != row(from) {
            let (with, without) = row(from);
            writeln!(table, "{from}-{status}  {with:<30} {without}").unwrap();
            from = status + 1;
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn the_sample_bodies_mean_what_the_reference_says() {
    let response = delete(
        200,
        include_str!("../../../assets/samples/delete_response.json"),
    );
    assert_eq!(response.verdict, Verdict::Settle(Outcome::Deleted));
    let file = ResourceId::new("file-20261121101500-k3v9q").unwrap();
    let on_file = |status, body: &str| rules(&[]).delete(&file, &heard(status, body), now());
    let deleted = on_file(
        200,
        include_str!("../../../assets/samples/delete_file.json"),
    );
    assert_eq!(deleted.verdict, Verdict::Settle(Outcome::Deleted));
    let gone = on_file(
        404,
        include_str!("../../../assets/samples/error_gone_file.json"),
    );
    assert_eq!(gone.verdict, Verdict::Settle(Outcome::Gone));

    let gone = delete(
        400,
        include_str!("../../../assets/samples/error_gone_response.json"),
    );
    assert_eq!(gone.verdict, Verdict::Settle(Outcome::Gone));
    assert_eq!(
        gone.answer.code.as_deref(),
        Some("InvalidParameter.PreviousResponseNotFound")
    );
    // Without a header the request id is read off the message.
    assert!(ID.ends_with(gone.answer.request_id.as_deref().unwrap()));
    let key = delete(401, include_str!("../../../assets/samples/error_401.json"));
    assert_eq!(word(&key), "stop (key_refused)");
    let path = delete(
        404,
        include_str!("../../../assets/samples/error_invalid_action.json"),
    );
    assert_eq!(word(&path), "stop (wrong_address)");
}

#[test]
fn a_2xx_is_a_deletion_only_if_it_says_so_or_nothing() {
    let with_id = |rest: &str| format!(r#"{{"id":"{ID}",{rest}}}"#);
    let cases: Vec<(String, &str)> = vec![
        (String::new(), "deleted (-)"),
        (
            with_id(r#""deleted":true,"object":"response.deleted""#),
            "deleted (-)",
        ),
        (r#"{"deleted":true}"#.into(), "deleted (-)"),
        (
            r#"{"id":null,"deleted":true,"error":null}"#.into(),
            "deleted (-)",
        ),
        (with_id(r#""deleted":false"#), "refused (not_deleted)"),
        (with_id(r#""object":"response""#), "unsettled (no_verdict)"),
        (with_id(r#""deleted":null"#), "unsettled (no_verdict)"),
        (with_id(r#""deleted":"true""#), "unsettled (no_verdict)"),
        (with_id(r#""deleted":1"#), "unsettled (no_verdict)"),
        ("{}".into(), "unsettled (no_verdict)"),
        (
            r#"{"id":"resp_x","deleted":true}"#.into(),
            "unsettled (other_id)",
        ),
        (
            r#"{"id":"resp_x","deleted":false}"#.into(),
            "unsettled (other_id)",
        ),
        (r#"{"id":7,"deleted":true}"#.into(), "unsettled (other_id)"),
        (
            with_id(r#""deleted":true,"error":{"code":"X"}"#),
            "unsettled (error_in_success)",
        ),
        (
            with_id(r#""deleted":true,"error":"no""#),
            "unsettled (error_in_success)",
        ),
        (error("X", "m"), "unsettled (error_in_success)"),
        (
            "<!doctype html><title>Sign in</title>".into(),
            "unsettled (not_json)",
        ),
        ("OK".into(), "unsettled (not_json)"),
        ("\n".into(), "unsettled (not_json)"),
        ("true".into(), "unsettled (not_json)"),
        (r#"[{"deleted":true}]"#.into(), "unsettled (not_json)"),
        (
            r#"{"deleted":false,"deleted":true}"#.into(),
            "unsettled (not_json)",
        ),
        (r#"{"deleted":true}{}"#.into(), "unsettled (not_json)"),
        (r#"{"deleted":true"#.into(), "unsettled (truncated)"),
    ];
    for (body, expected) in cases {
        for status in [200, 202, 299] {
            assert_eq!(word(&delete(status, &body)), expected, "{status} {body}");
        }
    }
    assert_eq!(word(&delete(204, "")), "deleted (-)");
}

#[test]
fn the_answer_says_what_was_wrong_with_a_2xx() {
    let other = delete(200, r#"{"id":"resp_x","deleted":true}"#).answer;
    assert_eq!(other.detail.as_deref(), Some("resp_x"));
    let html = delete(200, "<html><title>Hotel\n WiFi</title>").answer;
    assert_eq!(html.detail.as_deref(), Some("HTML"));
    assert_eq!(html.message.as_deref(), Some("Hotel WiFi"));
    let failed = delete(200, error("X", "why")).answer;
    assert_eq!(failed.code.as_deref(), Some("X"));
    assert_eq!(failed.message.as_deref(), Some("why"));
}

#[test]
fn a_body_that_did_not_arrive_decides_nothing() {
    let ends = |status, end| {
        let heard = Heard {
            end,
            ..heard(status, r#"{"deleted":true}"#)
        };
        let attempt = rules(&[]).delete(&id(), &heard, now());
        (word(&attempt), attempt.answer.detail)
    };
    let cut = || End::Cut(Cause::Disconnected, "reset".into());
    let slow = || End::Cut(Cause::Timeout, "15".into());
    let detail = |text: &str| Some(text.to_owned());
    assert_eq!(
        ends(200, cut()),
        ("unsettled (truncated)".into(), detail("reset"))
    );
    assert_eq!(
        ends(200, slow()),
        ("unsettled (timeout)".into(), detail("15"))
    );
    assert_eq!(
        ends(200, End::Capped(65_536)),
        ("unsettled (too_large)".into(), detail("65536"))
    );
    assert_eq!(
        ends(404, cut()),
        ("retry (disconnected)".into(), detail("reset"))
    );
    assert_eq!(ends(403, slow()), ("retry (timeout)".into(), detail("15")));
    assert_eq!(ends(401, cut()).0, "stop (key_refused)");
    assert_eq!(ends(503, cut()).0, "retry (service)");
    assert_eq!(ends(404, End::Capped(65_536)).0, "stop (wrong_address)");
}

#[test]
fn gone_needs_the_services_own_word() {
    let codes = [
        ("InvalidParameter.PreviousResponseNotFound", true),
        ("NotFound.file", true),
        ("InvalidFile.NotFound", true),
        ("InvalidParameter.ResponseNotFound", true),
        ("FileNotFound", true),
        ("NotFound", false),
        ("NotFound.", false),
        ("InvalidParameter", false),
        ("InvalidEndpointOrModel.NotFound", false),
        ("InvalidAction", false),
        ("ModelNotOpen", false),
        ("notfound.file", false),
    ];
    for (code, gone) in codes {
        for (status, otherwise) in [(400, "failed (service)"), (404, "stop (wrong_address)")] {
            let expected = if gone { "gone (-)" } else { otherwise };
            let body = error(code, "m");
            assert_eq!(word(&delete(status, &body)), expected, "{status} {code}");
        }
        // On any other status the same code is only an error.
        assert_eq!(word(&delete(409, error(code, "m"))), "failed (service)");
        assert_eq!(word(&delete(500, error(code, "m"))), "retry (service)");
        // Nor does it count in a body that is no error.
        assert_ne!(word(&delete(404, code)), "gone (-)");
    }
}

#[test]
fn a_profile_may_know_more_codes_but_not_every_code() {
    let with = |patterns: &[&str], code: &str| {
        let heard = heard(404, error(code, "m"));
        word(&rules(patterns).delete(&id(), &heard, now())) == "gone (-)"
    };
    assert!(with(&["response_not_found"], "response_not_found"));
    assert!(with(&["Missing.*"], "Missing.Response"));
    assert!(with(&["*_missing"], "response_missing"));
    for pattern in ["*", "", ".*", "Missing.*"] {
        assert!(!with(&[pattern], "Missing"), "{pattern:?}");
    }
    assert!(!with(&["*NotFound"], "InvalidEndpointOrModel.NotFound"));
    assert!(!with(&["InvalidAction"], "InvalidAction"));
}

#[test]
fn without_codes_gone_needs_an_error_about_that_very_id() {
    let gone = |body: String| word(&delete(404, body)) == "gone (-)";
    let wrapped = |code: &str, message: &str| {
        let message = serde_json::Value::from(message);
        format!(r#"{{"error":{{"code":{code},"message":{message},"param":null}}}}"#)
    };
    for code in ["null", r#""""#, "404"] {
        assert!(gone(wrapped(
            code,
            &format!("Response with id '{ID}' not found.")
        )));
        assert!(gone(wrapped(code, &format!("No such response: {ID}."))));
        assert!(gone(wrapped(code, &format!("id={ID}"))));
        assert!(!gone(wrapped(code, "Not Found")));
        // What OpenAI says to a path it does not know.
        assert!(!gone(wrapped(
            code,
            &format!("Invalid URL (DELETE /v1/respons/{ID})")
        )));
        // Longer ids that contain this one.
        assert!(!gone(wrapped(code, &format!("No such response: {ID}0"))));
        assert!(!gone(wrapped(code, &format!("No such response: x-{ID}"))));
        assert!(!gone(wrapped(code, &format!("No such file: {ID}.json"))));
    }
    assert!(gone(format!(r#"{{"error":{{"param":"{ID}"}}}}"#)));
    assert!(gone(format!(
        r#"{{"object":"error","message":"Response '{ID}' not found","code":404}}"#
    )));
    assert!(!gone(wrapped(r#""SomeCode""#, &format!("'{ID}'"))));
    assert!(!gone(wrapped("400", &format!("'{ID}'"))));
    // Web frameworks name the path, or put the reason elsewhere.
    for body in [
        format!(r#"{{"message":"Cannot DELETE '{ID}'","error":"Not Found","statusCode":404}}"#),
        format!(r#"{{"message":"No static resource '{ID}'","status":404}}"#),
        format!(r#"{{"detail":"'{ID}'"}}"#),
        format!(r#"{{"error":"no '{ID}'"}}"#),
        format!("<html>'{ID}'"),
        format!("no '{ID}'"),
        r#"{"detail":"Not Found"}"#.into(),
        String::new(),
    ] {
        assert_eq!(word(&delete(404, &body)), "stop (wrong_address)", "{body}");
    }
    // Only ever on a 404.
    let about = wrapped("null", &format!("'{ID}'"));
    assert_eq!(word(&delete(400, about)), "failed (service)");
}

#[test]
fn a_short_id_has_to_stand_in_quotes() {
    let gone = |id: &str, message: &str| {
        let id = ResourceId::new(id).unwrap();
        let body = serde_json::json!({"error": {"message": message}}).to_string();
        rules(&[]).delete(&id, &heard(404, body), now()).verdict == Verdict::Settle(Outcome::Gone)
    };
    assert!(!gone("found", "The page was not found."));
    assert!(gone("found", "No file 'found'."));
    assert!(!gone("found", "No file 'found\"."));
    assert!(gone("long-enough", "No file long-enough"));
}

#[test]
fn some_refusals_are_about_the_item_and_some_about_the_key() {
    let of = |status, code| word(&delete(status, error(code, "m")));
    assert_eq!(of(403, "OperationDenied.InvalidState"), "failed (service)");
    assert_eq!(
        of(403, "OperationDenied.UnsupportedPhase"),
        "failed (service)"
    );
    assert_eq!(
        of(403, "OperationDenied.PermissionDenied"),
        "stop (key_refused)"
    );
    assert_eq!(of(403, "AccessDenied"), "stop (key_refused)");
    assert_eq!(word(&delete(403, "<html>WAF")), "stop (key_refused)");
    assert_eq!(of(401, "InvalidAccountStatus"), "stop (key_refused)");
    assert_eq!(of(429, "QuotaExceeded"), "stop (quota)");
    assert_eq!(of(429, "SetLimitExceeded"), "stop (quota)");
    assert_eq!(
        of(429, "AccountRateLimitExceeded"),
        "retry, throttled (service)"
    );
    assert_eq!(of(405, "MethodNotAllowed"), "stop (wrong_address)");
    assert_eq!(word(&delete(400, r#"{"detail":"no"}"#)), "failed (service)");
    assert_eq!(
        word(&delete(400, "<html>400 Bad Request")),
        "stop (wrong_address)"
    );
    assert_eq!(word(&delete(414, "<html>too long")), "failed (service)");
    assert_eq!(word(&delete(501, "no DELETE here")), "retry (service)");
}

#[test]
fn headers_tell_when_where_and_who() {
    let with = |status, name: HeaderName, value: &str| {
        let mut heard = heard(status, "");
        heard.headers.insert(name, value.parse().unwrap());
        rules(&[]).delete(&id(), &heard, now())
    };
    let retry = |value| with(503, RETRY_AFTER, value).verdict;
    let after = |seconds: Option<u64>| Verdict::Retry {
        after: seconds.map(Duration::from_secs),
        throttled: false,
    };
    assert_eq!(retry("7"), after(Some(7)));
    assert_eq!(retry("Sat, 21 Nov 2026 02:15:09 GMT"), after(Some(9)));
    assert_eq!(retry("400"), after(Some(60)));
    assert_eq!(retry("soon"), after(None));

    let to = with(
        302,
        LOCATION,
        &format!("https://login.example/?k={KEY}&x=1"),
    );
    assert_eq!(word(&to), "stop (redirected)");
    let detail = to.answer.detail.unwrap();
    assert_eq!(detail, "https://login.example/?k=[key]&x=1");

    let named = with(500, HeaderName::from_static("x-request-id"), "0217");
    assert_eq!(named.answer.request_id.as_deref(), Some("0217"));
}

#[test]
fn a_get_finds_only_what_names_the_id() {
    let get =
        |status, body: &str| rules(&[]).get(Kind::Response, &id(), &heard(status, body), now());
    let cause = |fetched| match fetched {
        Fetched::Failed(answer) => answer.cause,
        other => panic!("{other:?}"),
    };
    let Fetched::Found { facts, raw } =
        get(200, include_str!("../../../assets/samples/response.json"))
    else {
        panic!("not found");
    };
    assert_eq!(facts.status.as_deref(), Some("completed"));
    assert_eq!(raw["store"], true);
    assert_eq!(cause(get(200, r#"{"id":"resp_x"}"#)), Some(Cause::OtherId));
    assert_eq!(
        cause(get(200, r#"{"object":"response"}"#)),
        Some(Cause::NotJson)
    );
    assert_eq!(
        cause(get(200, &error("X", "m"))),
        Some(Cause::ErrorInSuccess)
    );
    assert_eq!(cause(get(200, "<html>")), Some(Cause::NotJson));
    assert_eq!(cause(get(200, "")), Some(Cause::NotJson));
    assert_eq!(cause(get(200, r#"{"id":"#)), Some(Cause::Truncated));
    assert_eq!(cause(get(400, &error("X", "m"))), Some(Cause::Service));
    let gone = get(404, &error("NotFound.response", "m"));
    assert!(matches!(gone, Fetched::Gone(answer) if answer.status == Some(404)));
    assert!(matches!(get(404, ""), Fetched::Stop(_)));
    assert!(matches!(
        get(429, ""),
        Fetched::Retry {
            throttled: true,
            ..
        }
    ));
    // A failed run of a model has an `error` of its own, and is there all the same.
    let failed = format!(r#"{{"id":"{ID}","status":"failed","error":{{"code":"X"}}}}"#);
    assert!(matches!(get(200, &failed), Fetched::Found { .. }));
}

#[test]
fn a_page_is_an_object_with_data_or_trouble() {
    let page = |status, body: &str| rules(&[]).page(None, &heard(status, body), now(), wire::page);
    let list = page(200, include_str!("../../../assets/samples/file_list.json")).unwrap();
    assert_eq!(list.files.len(), 1);
    for body in ["{}", "[]", "", "<html>", r#"{"data":[}"#] {
        assert!(matches!(page(200, body), Err(Trouble::Failed(_))), "{body}");
    }
    assert!(matches!(page(404, ""), Err(Trouble::Stop(_))));
    // There is no id here that could be gone.
    assert!(matches!(
        page(404, &error("NotFound.file", "m")),
        Err(Trouble::Stop(_))
    ));
    assert!(matches!(
        page(400, &error("NotFound.file", "m")),
        Err(Trouble::Failed(_))
    ));
    assert!(matches!(page(401, ""), Err(Trouble::Stop(_))));
    assert!(matches!(page(500, ""), Err(Trouble::Retry { .. })));
}

#[test]
fn input_items_are_about_an_id_that_may_be_gone() {
    let page = |status, body: &str| {
        let heard = heard(status, body);
        rules(&[]).page(Some(&id()), &heard, now(), items)
    };
    let failed = |status, body: &str| matches!(page(status, body), Err(Trouble::Failed(_)));
    let sample = include_str!("../../../assets/samples/input_items.json");
    assert_eq!(page(200, sample).unwrap().files.len(), 3);
    let gone = error("InvalidParameter.PreviousResponseNotFound", "m");
    assert!(failed(400, &gone) && failed(404, &gone));
    assert!(failed(404, &error("", &format!("No item of '{ID}'."))));
    // The response itself is no page, nor is a login page.
    for body in [&format!(r#"{{"id":"{ID}"}}"#), "<html>", "", "[]"] {
        assert!(failed(200, body), "{body}");
    }
    let cause = |status, body: &str| match page(status, body) {
        Err(Trouble::Stop(answer)) => answer.cause,
        other => panic!("{status} {body}: {other:?}"),
    };
    assert_eq!(cause(404, ""), Some(Cause::WrongAddress));
    assert_eq!(
        cause(404, &error("InvalidAction", "m")),
        Some(Cause::WrongAddress)
    );
    assert_eq!(cause(401, ""), Some(Cause::KeyRefused));
}

#[test]
fn no_text_of_the_service_carries_the_key_or_floods() {
    let long = format!("{} {KEY}", "长".repeat(10_000));
    let bodies = [
        error(KEY, &format!("Incorrect key {KEY}")),
        error("X", &long),
        format!("<html><title>{KEY}</title>"),
        format!("{}{KEY}", "x".repeat(190)),
        format!(r#"{{"id":"{KEY}","deleted":true}}"#),
        format!(r#"{{"error":"{KEY}"}}"#),
        format!(r#"{{"detail":{{"a":"{KEY}"}}}}"#),
        format!(r#"{{"id":"{ID}","model":"{KEY}","x":[{{"y":"{KEY}"}}]}}"#),
        format!(r#"{{"data":[{{"id":"file-1","filename":"{KEY}"}}],"last_id":"{KEY}"}}"#),
        format!(r#"{{"data":[{{"id":"{KEY}","content":[{{"file_id":"{KEY}"}}]}}]}}"#),
    ];
    for body in bodies {
        for status in [200, 302, 400, 401, 404, 429, 503] {
            let heard = heard(status, &body);
            let said = format!(
                "{:?} {:?} {:?} {:?}",
                rules(&[]).delete(&id(), &heard, now()),
                rules(&[]).get(Kind::Response, &id(), &heard, now()),
                rules(&[]).page(None, &heard, now(), wire::page),
                rules(&[]).page(Some(&id()), &heard, now(), items),
            );
            assert!(!said.contains("secret"), "{said}");
            let answer = rules(&[]).delete(&id(), &heard, now()).answer;
            for text in [answer.code, answer.message, answer.detail] {
                assert!(text.is_none_or(|text| text.len() <= 2048));
            }
        }
    }
}

/// The rules for success once more, written from the words of the design and not from the code above.
fn may_be_deleted(status: u16, body: &[u8]) -> bool {
    if !(200..=299).contains(&status) {
        return false;
    }
    let Ok(fields) = serde_json::from_slice::<BTreeMap<String, Value>>(body) else {
        return body.is_empty();
    };
    fields.get("deleted") == Some(&Value::Bool(true))
        && fields.get("error").unwrap_or(&Value::Null).is_null()
        && [&Value::Null, &Value::from(ID)].contains(&fields.get("id").unwrap_or(&Value::Null))
}

fn may_be_gone(status: u16, body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return false;
    };
    let error = if body["error"].is_object() {
        &body["error"]
    } else {
        &body
    };
    let code = error["code"].as_str().unwrap_or_default();
    let known = code == "InvalidParameter.PreviousResponseNotFound"
        || code.starts_with("NotFound.")
        || code == "InvalidFile.NotFound"
        || code.ends_with("ResponseNotFound")
        || code.ends_with("FileNotFound");
    let about_it = [&error["message"], &error["param"]]
        .iter()
        .any(|text| text.as_str().unwrap_or_default().contains(ID));
    (known && (status == 400 || status == 404)) || (code.is_empty() && about_it && status == 404)
}

fn any_status() -> impl Strategy<Value = u16> {
    prop_oneof![
        Just(200),
        Just(204),
        Just(400),
        Just(403),
        Just(404),
        Just(429),
        any::<u16>()
    ]
}

/// Bodies near the truth: fields and values that matter, put together at random.
fn any_body() -> impl Strategy<Value = Vec<u8>> {
    let value = prop_oneof![
        Just(serde_json::json!(true)),
        Just(serde_json::json!(false)),
        Just(Value::Null),
        Just(serde_json::json!(404)),
        Just(serde_json::json!("")),
        Just(serde_json::json!(ID)),
        Just(serde_json::json!(format!("no '{ID}'"))),
        Just(serde_json::json!("NotFound.file")),
        Just(serde_json::json!("InvalidEndpointOrModel.NotFound")),
        "[ -~]{0,12}".prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "id", "deleted", "error", "code", "message", "param", "detail", "object", "data",
    ]);
    let object = |value: BoxedStrategy<Value>| {
        prop::collection::btree_map(key.clone().prop_map(str::to_owned), value, 0..5)
            .prop_map(|map| Value::Object(map.into_iter().collect()))
    };
    let inner = object(value.clone().boxed());
    let outer = object(prop_oneof![3 => value, 2 => inner].boxed());
    prop_oneof![
        4 => outer.prop_map(|v| v.to_string().into_bytes()),
        1 => prop::collection::vec(any::<u8>(), 0..200),
        1 => "[ -~]{0,80}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn success_is_never_claimed_without_its_condition(
        status in any_status(),
        body in any_body(),
        cut in prop::option::of(0_usize..200),
    ) {
        let body = &body[..cut.unwrap_or(body.len()).min(body.len())];
        let heard = heard(status, body);
        let attempt = rules(&[]).delete(&id(), &heard, now());
        match attempt.verdict {
            Verdict::Settle(Outcome::Deleted) => prop_assert!(may_be_deleted(status, body)),
            Verdict::Settle(Outcome::Gone) => prop_assert!(may_be_gone(status, body)),
            Verdict::Settle(_) => prop_assert!(attempt.answer.cause.is_some()),
            Verdict::Retry { .. } | Verdict::Stop => {
                prop_assert!(attempt.answer.cause.is_some());
                prop_assert!(!(200..300).contains(&status));
            }
        }
        prop_assert_eq!(attempt.answer.attempts, 1);
        // The other calls take anything, too.
        if let Fetched::Gone(_) = rules(&[]).get(Kind::File, &id(), &heard, now()) {
            prop_assert!(may_be_gone(status, body));
        }
        let _ = rules(&[]).page(None, &heard, now(), wire::page);
        let _ = rules(&[]).page(Some(&id()), &heard, now(), items);
    }
}
