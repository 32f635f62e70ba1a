//! What goes wrong when it is ordered to.

use std::time::Duration;

use arkdeck::emulator::{Call, Fault, Faults, Options, RetryAfter, Rule, Scope, When};
use reqwest::Method;
use serde_json::Value;

use super::Ark;

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
        (Fault::Limited(RetryAfter::Seconds(9)), 429, 1),
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
        let retry_after = header("retry-after");
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
            Fault::Limited(_) => retry_after.as_deref() == Some("9") && read.is_some(),
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
