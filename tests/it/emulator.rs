//! The emulator over real sockets, held to the wire reference.

mod faults;
mod files;
mod responses;
mod samples;

use arkdeck::emulator::{Emulator, Missing, Options};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder, Response, StatusCode, redirect};
use serde_json::{Value, json};

const MODEL: &str = "doubao-seed-2-0-lite-260215";
const GONE: &str = "InvalidParameter.PreviousResponseNotFound";

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
