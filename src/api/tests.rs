use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::domain::Outcome;

const KEY: &str = "ark-00000000-secret";

fn options(base_url: &str) -> Options {
    Options {
        base_url: base_url.parse().unwrap(),
        key: ApiKey::new(KEY).unwrap(),
        not_found_codes: Vec::new(),
        allow_plain_http: false,
        timeout: Duration::from_secs(15),
        connect_timeout: Duration::from_secs(10),
    }
}

fn client(base_url: &str) -> Client {
    Client::new(options(base_url)).unwrap()
}

#[test]
fn takes_base_urls_that_keep_the_key_safe() {
    for url in [
        "https://ark.cn-beijing.volces.com/api/v3",
        "http://127.0.0.1:8080/api/v3/",
        "http://127.9.9.9",
        "http://[::1]:1/",
        "http://LocalHost/v1",
    ] {
        assert!(Client::new(options(url)).is_ok(), "{url}");
    }
    let refusal = |url: &str| Client::new(options(url)).unwrap_err();
    for url in [
        "http://ark.cn-beijing.volces.com/api/v3",
        "http://10.0.0.1/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "http://[::2]/",
        "http://0.0.0.0/",
    ] {
        assert!(
            matches!(refusal(url), ClientError::PlainHttp { .. }),
            "{url}"
        );
        let mut allowed = options(url);
        allowed.allow_plain_http = true;
        assert!(Client::new(allowed).is_ok(), "{url}");
    }
    for url in ["ftp://127.0.0.1/", "unix:/run/ark", "data:,x"] {
        assert!(matches!(refusal(url), ClientError::Scheme { .. }), "{url}");
    }
    for url in ["https://h/v1?a=b", "https://h/v1#f", "https://h/?"] {
        assert!(
            matches!(refusal(url), ClientError::QueryOrFragment),
            "{url}"
        );
    }
    for url in [
        "https://me:hunter2@h/v1",
        "https://hunter2@h/",
        "https://:hunter2@h/",
    ] {
        let error = refusal(url);
        assert!(matches!(error, ClientError::UserInfo), "{url}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}

#[test]
fn an_id_is_one_segment_whatever_is_in_it() {
    let cases = [
        ("resp_1", "resp_1"),
        ("a/b?c#d%2F", "a%2Fb%3Fc%23d%252F"),
        ("../files/x", "..%2Ffiles%2Fx"),
        ("%2e%2e", "%252e%252e"),
        ("...", "..."),
        ("~-._", "~-._"),
        ("!$&'()*+,;=:@", "%21%24%26%27%28%29%2A%2B%2C%3B%3D%3A%40"),
    ];
    for base in ["http://127.0.0.1/api/v3", "http://127.0.0.1/api/v3///"] {
        for (id, segment) in cases {
            let id = ResourceId::new(id).unwrap();
            let url = client(base).url_of(Kind::File, &id);
            assert_eq!(url.path(), format!("/api/v3/files/{segment}"));
            assert_eq!((url.query(), url.fragment()), (None, None));
        }
    }
    let id = ResourceId::new("resp_1").unwrap();
    let at_root = client("http://127.0.0.1").url_of(Kind::Response, &id);
    assert_eq!(at_root.as_str(), "http://127.0.0.1/responses/resp_1");
}

/// Answers every request with `answer` and gives back the head of the first.
async fn serve_once(answer: &'static str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}/api/v3", listener.local_addr().unwrap());
    let served = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(socket.read_u8().await.unwrap());
        }
        socket.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(head).unwrap()
    });
    (base, served)
}

#[tokio::test]
async fn sends_what_the_service_expects_and_no_more() {
    let (base, served) = serve_once("HTTP/1.1 204 No Content\r\n\r\n").await;
    let id = ResourceId::new("resp_1").unwrap();
    let attempt = client(&base).delete(Kind::Response, &id).await;
    assert_eq!(attempt.verdict, Verdict::Settle(Outcome::Deleted));
    let head = served.await.unwrap().to_ascii_lowercase();
    assert!(head.starts_with("delete /api/v3/responses/resp_1 http/1.1\r\n"));
    assert!(head.contains(&format!("\r\nauthorization: bearer {KEY}\r\n")));
    assert!(head.contains(&format!("\r\nuser-agent: {USER_AGENT}\r\n")));
    let sent = attempt
        .answer
        .client_request_id
        .unwrap()
        .to_ascii_lowercase();
    assert!(head.contains(&format!("\r\nx-client-request-id: {sent}\r\n")));
    for unwanted in [
        "content-length",
        "content-type",
        "transfer-encoding",
        "cookie",
        "referer",
    ] {
        assert!(!head.contains(unwanted), "{head}");
    }
}

#[tokio::test]
async fn asks_for_pages_of_a_hundred_after_a_cursor() {
    let (base, served) =
        serve_once("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"data\":[]}").await;
    let page = client(&base).list_files(Some("a&b/c")).await.unwrap();
    assert_eq!(page, Page::default());
    let head = served.await.unwrap();
    assert!(
        head.starts_with("GET /api/v3/files?limit=100&order=desc&after=a%26b%2Fc HTTP/1.1\r\n"),
        "{head}"
    );
}

#[tokio::test]
async fn asks_for_the_items_of_one_response() {
    let (base, served) =
        serve_once("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"data\":[]}").await;
    let id = |text| ResourceId::new(text).unwrap();
    let (client, response, item) = (client(&base), id("a/../b"), id("m&1"));
    let page = client.input_items(&response, Some(&item), false).await;
    assert_eq!(page.unwrap(), Items::default());
    let head = served.await.unwrap();
    let target = "/api/v3/responses/a%2F..%2Fb/input_items?limit=100&order=desc&after=m%261";
    assert!(
        head.starts_with(&format!("GET {target} HTTP/1.1\r\n")),
        "{head}"
    );
}

#[tokio::test]
async fn nothing_was_sent_where_nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let id = ResourceId::new("resp_1").unwrap();
    let attempt = client(&base).delete(Kind::Response, &id).await;
    assert!(matches!(
        attempt.verdict,
        Verdict::Retry {
            throttled: false,
            ..
        }
    ));
    assert_eq!(attempt.answer.attempts, 0);
    assert_eq!(attempt.answer.cause, Some(Cause::Unreachable));
    let detail = attempt.answer.detail.unwrap().to_ascii_lowercase();
    assert!(detail.contains("refused"), "{detail}");
}

#[tokio::test]
async fn no_debug_output_carries_the_key() {
    let (base, served) = serve_once(
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 25\r\n\r\nbad ark-00000000-secret !",
    )
    .await;
    let client = client(&base);
    let id = ResourceId::new("resp_1").unwrap();
    let attempt = client.delete(Kind::Response, &id).await;
    served.await.unwrap();
    assert_eq!(attempt.answer.message.as_deref(), Some("bad [key] !"));
    let said = format!("{:?} {client:?} {attempt:?}", options(&base));
    assert!(!said.contains("secret"), "{said}");
}
