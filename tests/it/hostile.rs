//! Servers that are not Ark: each answer leads to the outcome the design names, within a time limit,
//! with bounded memory, and with a reason.

use std::process::Stdio;
use std::time::Duration;

use arkdeck::api::{Attempt, Client, Options, Verdict};
use arkdeck::domain::{Cause, Kind, Outcome, ResourceId};
use arkdeck::secret::ApiKey;
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::stub::{Stub, Then};

const ID: &str = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3";
const KEY: &str = "ark-00000000-secret";

/// No case may take longer, whatever the server does.
const PATIENCE: Duration = Duration::from_secs(10);

/// The limit of an attempt where the server is silent, so that the silence is short.
const SHORT: Duration = Duration::from_millis(300);

const MB: u64 = 1_000_000;

fn client(base_url: &str, timeout: Duration) -> Client {
    Client::new(Options {
        base_url: base_url.parse().unwrap(),
        key: ApiKey::new(KEY).unwrap(),
        not_found_codes: Vec::new(),
        allow_plain_http: true,
        timeout,
        connect_timeout: timeout,
    })
    .unwrap()
}

async fn delete(base_url: &str, timeout: Duration) -> Attempt {
    let id = ResourceId::new(ID).unwrap();
    let client = client(base_url, timeout);
    tokio::time::timeout(PATIENCE, client.delete(Kind::Response, &id))
        .await
        .expect("an attempt ends by itself")
}

/// A complete answer of HTTP/1.1.
fn reply(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n\r\n{body}")
}

const DELETED: (Verdict, Option<Cause>) = (Verdict::Settle(Outcome::Deleted), None);
const GONE: (Verdict, Option<Cause>) = (Verdict::Settle(Outcome::Gone), None);

const fn unsettled(cause: Cause) -> (Verdict, Option<Cause>) {
    (Verdict::Settle(Outcome::Unsettled), Some(cause))
}

const fn stop(cause: Cause) -> (Verdict, Option<Cause>) {
    (Verdict::Stop, Some(cause))
}

const fn retry(cause: Cause) -> (Verdict, Option<Cause>) {
    let verdict = Verdict::Retry {
        after: None,
        throttled: false,
    };
    (verdict, Some(cause))
}

async fn check(answer: String, then: Then, expected: (Verdict, Option<Cause>)) {
    let stub = Stub::start(answer.as_str(), then).await;
    let attempt = delete(&stub.base_url, SHORT * 20).await;
    let seen = (attempt.verdict, attempt.answer.cause);
    assert_eq!(seen, expected, "{then:?} after {answer:?}");
    assert_eq!(attempt.answer.attempts, 1);
    assert_eq!(stub.heads().len(), 1, "one call is one request");
}

#[tokio::test]
async fn complete_answers_of_other_servers() {
    let refused = (Verdict::Settle(Outcome::Refused), Some(Cause::NotDeleted));
    let failed = (Verdict::Settle(Outcome::Failed), Some(Cause::Service));
    let about = |rest: &str| format!(r#"{{"id":"{ID}",{rest}}}"#);
    let html = "<!doctype html><html><title>Hotel WiFi: sign in</title></html>";
    let cases = [
        ("200 OK", String::new(), DELETED),
        ("202 Accepted", r#"{"deleted":true}"#.into(), DELETED),
        (
            "200 OK",
            about(r#""object":"response.deleted","deleted":true"#),
            DELETED,
        ),
        (
            "200 OK",
            r#"{"id":"resp_other","deleted":true}"#.into(),
            unsettled(Cause::OtherId),
        ),
        ("200 OK", about(r#""deleted":false"#), refused),
        ("200 OK", "{}".into(), unsettled(Cause::NoVerdict)),
        ("200 OK", html.into(), unsettled(Cause::NotJson)),
        (
            "200 OK",
            r#"{"error":{"code":"X"}}"#.into(),
            unsettled(Cause::ErrorInSuccess),
        ),
        (
            "200 OK",
            r#"{"deleted":tr"#.into(),
            unsettled(Cause::Truncated),
        ),
        (
            "200 OK",
            r#"{"deleted":yes}"#.into(),
            unsettled(Cause::NotJson),
        ),
        (
            "404 Not Found",
            r#"{"error":{"code":"NotFound.response"}}"#.into(),
            GONE,
        ),
        (
            "404 Not Found",
            format!(r#"{{"error":{{"message":"No response '{ID}'.","code":null}}}}"#),
            GONE,
        ),
        (
            "404 Not Found",
            r#"{"error":{"code":"InvalidAction"}}"#.into(),
            stop(Cause::WrongAddress),
        ),
        (
            "404 Not Found",
            r#"{"detail":"Not Found"}"#.into(),
            stop(Cause::WrongAddress),
        ),
        ("404 Not Found", html.into(), stop(Cause::WrongAddress)),
        ("404 Not Found", String::new(), stop(Cause::WrongAddress)),
        (
            "400 Bad Request",
            r#"{"error":{"code":"InvalidParameter"}}"#.into(),
            failed,
        ),
        ("401 Unauthorized", String::new(), stop(Cause::KeyRefused)),
        (
            "407 Proxy Authentication Required",
            html.into(),
            stop(Cause::WrongAddress),
        ),
        (
            "501 Not Implemented",
            "no DELETE here".into(),
            retry(Cause::Service),
        ),
    ];
    for (status, body, expected) in cases {
        check(reply(status, &body), Then::KeepAlive, expected).await;
    }
}

#[tokio::test]
async fn answers_that_stretch_the_protocol() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    let cases = [
        // Bodies that broke off: a byte short of their length, or in the middle of a chunk.
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{\"deleted\":true}".to_owned(),
            unsettled(Cause::Truncated),
        ),
        (
            format!("{chunked}11\r\n{{\"deleted\":true}}"),
            unsettled(Cause::Truncated),
        ),
        // The last chunk, which says that this was all, is missing.
        (
            format!("{chunked}10\r\n{{\"deleted\":true}}\r\n"),
            unsettled(Cause::Truncated),
        ),
        (
            format!("{chunked}10\r\n{{\"deleted\":true}}\r\n0\r\n\r\n"),
            DELETED,
        ),
        // An error that broke off decides nothing yet.
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 99\r\n\r\n{\"error\"".into(),
            retry(Cause::Disconnected),
        ),
        // Bodies that end with the connection, as HTTP/1.0 has them.
        ("HTTP/1.0 200 OK\r\n\r\n".into(), DELETED),
        ("HTTP/1.0 200 OK\r\n\r\n{\"deleted\":true}".into(), DELETED),
        (
            "HTTP/1.0 200 OK\r\n\r\n{\"deleted\":".into(),
            unsettled(Cause::Truncated),
        ),
        // Interim answers are none.
        (
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n".into(),
            DELETED,
        ),
        // No HTTP at all.
        (String::new(), retry(Cause::Disconnected)),
        ("SSH-2.0-OpenSSH_9.9\r\n".into(), retry(Cause::Disconnected)),
        ("HTTP/1.1 200".into(), retry(Cause::Disconnected)),
        (
            format!("HTTP/1.1 200 OK\r\n{}", "X-Filler: x\r\n".repeat(100_000)),
            retry(Cause::Disconnected),
        ),
    ];
    for (answer, expected) in cases {
        check(answer, Then::Close, expected).await;
    }
}

#[tokio::test]
async fn silence_ends_with_the_time_limit() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n";
    let cases = [
        (String::new(), retry(Cause::Timeout)),
        ("HTTP/1.1 200 OK\r\nContent-".into(), retry(Cause::Timeout)),
        (head.into(), unsettled(Cause::Timeout)),
        (
            format!("{head}{{\"deleted\":true"),
            unsettled(Cause::Timeout),
        ),
    ];
    for (answer, expected) in cases {
        let stub = Stub::start(answer.as_str(), Then::Hang).await;
        let attempt = delete(&stub.base_url, SHORT).await;
        assert_eq!(
            (attempt.verdict, attempt.answer.cause),
            expected,
            "{answer:?}"
        );
        // It may have been done for all we know.
        assert_eq!(attempt.answer.attempts, 1);
        assert_eq!(attempt.answer.detail.as_deref(), Some("0.3"));
    }
}

#[tokio::test]
async fn a_hundred_megabytes_are_not_read() {
    let flood = Then::Flood(100 * MB);
    let length = 100 * MB;
    let cases = [
        (
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"),
            unsettled(Cause::TooLarge),
        ),
        (
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n"),
            unsettled(Cause::TooLarge),
        ),
        ("HTTP/1.0 200 OK\r\n\r\n".into(), unsettled(Cause::TooLarge)),
        (
            format!("HTTP/1.1 404 Not Found\r\nContent-Length: {length}\r\n\r\n"),
            stop(Cause::WrongAddress),
        ),
        (
            format!("HTTP/1.1 500 Oops\r\nContent-Length: {length}\r\n\r\n"),
            retry(Cause::Service),
        ),
        // A line of the head that never ends.
        (
            "HTTP/1.1 200 OK\r\nX-Filler: ".into(),
            retry(Cause::Disconnected),
        ),
    ];
    for (head, expected) in cases {
        let mut stub = Stub::start(head.as_str(), flood).await;
        let attempt = delete(&stub.base_url, PATIENCE).await;
        assert_eq!(
            (attempt.verdict, attempt.answer.cause),
            expected,
            "{head:?}"
        );
        let sent = tokio::time::timeout(PATIENCE, stub.flooded())
            .await
            .expect("the client hangs up");
        // What the kernel's buffers on both sides took; the client read 64 KiB of it.
        assert!(sent < 20 * MB, "{sent} bytes went out after {head:?}");
    }
}

#[tokio::test]
async fn a_redirect_is_named_and_never_followed() {
    let elsewhere = Stub::start(reply("200 OK", r#"{"deleted":true}"#), Then::KeepAlive).await;
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let to = format!("{}/login", elsewhere.base_url);
        let answer = format!("HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
        let stub = Stub::start(answer, Then::KeepAlive).await;
        let attempt = delete(&stub.base_url, PATIENCE).await;
        assert_eq!(
            (attempt.verdict, attempt.answer.cause),
            stop(Cause::Redirected)
        );
        assert_eq!(attempt.answer.detail, Some(to));
    }
    assert_eq!(elsewhere.heads(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_without_tls_never_sees_the_key_of_an_https_profile() {
    let stub = Stub::start(reply("200 OK", ""), Then::KeepAlive).await;
    let base_url = stub.base_url.replace("http://", "https://");
    let attempt = delete(&base_url, SHORT).await;
    // Without any CA certificates on this machine it does not even come to connecting.
    assert_eq!(attempt.answer.cause, Some(Cause::Unreachable));
    assert_eq!(attempt.answer.attempts, 0);
    assert_eq!(stub.heads(), Vec::<String>::new());
}

#[test]
fn any_visible_id_arrives_byte_for_byte_as_one_segment() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stub = runtime.block_on(Stub::start(reply("200 OK", ""), Then::KeepAlive));
    let client = client(&stub.base_url, PATIENCE);
    let ids = prop_oneof![3 => "[!-~]{1,40}", 1 => "[!-~]{900,1000}", 1 => "[./%?#\\\\]{1,9}"];
    let mut runner = TestRunner::new(Config {
        // The regressions file would be written beside the test.
        failure_persistence: None,
        ..Config::with_cases(200)
    });
    runner
        .run(&ids, |text| {
            // Dot segments and masked ids never get so far.
            let Ok(id) = ResourceId::new(&text) else {
                return Ok(());
            };
            let attempt = runtime.block_on(client.delete(Kind::File, &id));
            prop_assert_eq!(attempt.verdict, Verdict::Settle(Outcome::Deleted));
            let head = stub.heads().pop().unwrap_or_default();
            let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
            let segment = target.strip_prefix("/api/v3/files/").unwrap_or_default();
            prop_assert!(!segment.contains(['/', '?', '#']), "{}", target);
            let arrived: Vec<u8> = percent_decode_str(segment).collect();
            prop_assert_eq!(arrived, text.as_bytes());
            Ok(())
        })
        .unwrap();
}

/// Environment and log subscriber belong to a whole process, so some halves of tests get their own.
/// Gives back everything it said.
async fn in_a_process(test: &str, env: &[(&str, &str)]) -> String {
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture", test])
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .envs(env.iter().copied())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, child)
        .await
        .unwrap()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    said
}

#[tokio::test]
async fn proxies_are_for_other_hosts_and_logs_never_hold_the_key() {
    let ark = Stub::start(reply("200 OK", &format!("denied: {KEY}")), Then::KeepAlive).await;
    let proxy = Stub::start(reply("401 Unauthorized", KEY), Then::KeepAlive).await;
    let proxy_url = proxy.base_url.trim_end_matches("/api/v3");
    let env = [
        ("STUB", ark.base_url.as_str()),
        ("HTTP_PROXY", proxy_url),
        ("http_proxy", proxy_url),
        ("ALL_PROXY", proxy_url),
    ];
    let said = in_a_process("hostile::behind_a_proxy", &env).await;
    // The log was on, down to the transport's own lines.
    assert!(said.contains("TRACE") && said.contains(ID), "{said}");
    assert!(!said.contains("secret"), "{said}");

    assert_eq!(ark.heads().len(), 2);
    let by_proxy = proxy.heads();
    assert_eq!(by_proxy.len(), 1);
    assert!(by_proxy[0].starts_with("DELETE http://ark.invalid/api/v3/responses/resp_"));
}

#[test]
#[ignore = "half of a test, which runs it in a process with proxy variables"]
fn behind_a_proxy() {
    let base_url = std::env::var("STUB").unwrap();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .init();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for base_url in [&base_url, &base_url.replace("127.0.0.1", "localhost")] {
            let direct = delete(base_url, PATIENCE).await;
            assert_eq!(direct.answer.cause, Some(Cause::NotJson));
            println!("{direct:?}");
        }
        let proxied = delete("http://ark.invalid/api/v3", PATIENCE).await;
        assert_eq!(proxied.answer.cause, Some(Cause::KeyRefused));
        println!("{proxied:?}");
    });
}

#[tokio::test]
async fn a_machine_without_certificates_can_still_use_loopback() {
    let ark = Stub::start(reply("200 OK", ""), Then::KeepAlive).await;
    let env = [
        ("STUB", ark.base_url.as_str()),
        ("SSL_CERT_FILE", "/nonexistent"),
        ("SSL_CERT_DIR", "/nonexistent"),
    ];
    in_a_process("hostile::without_certificates", &env).await;
    assert_eq!(ark.heads().len(), 1);
}

#[test]
#[ignore = "half of a test, which runs it in a process without certificates"]
fn without_certificates() {
    let base_url = std::env::var("STUB").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let attempt = delete(&base_url, PATIENCE).await;
        assert_eq!((attempt.verdict, attempt.answer.cause), DELETED);

        let base_url = base_url.replace("http://", "https://");
        let error = client(&base_url, SHORT).prepare().await.unwrap_err();
        assert!(error.to_string().contains("CA certificates"), "{error}");
        let attempt = delete(&base_url, SHORT).await;
        let seen = (attempt.verdict, attempt.answer.cause);
        assert_eq!(seen, stop(Cause::Unreachable));
        assert_eq!(attempt.answer.attempts, 0);
    });
}
