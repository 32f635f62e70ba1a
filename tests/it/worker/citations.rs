//! Refreshing learns which files responses were made with, and the review points those out.

use std::fmt::Write as _;

use arkdeck::domain::{Cause, Halt, Order, Report, ResourceId, RowId, Ticket};
use arkdeck::emulator::{Call, Emulator, Fault, Faults, Rule, Scope, When};
use arkdeck::worker::Limits;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::stub::{Scripted, answer, not_found, ok};
use super::{Bench, faulty, limits};

const FILES: [&str; 3] = ["file-a", "file-b", "file-old"];

/// How many were refreshed, how many were not, and why it ended early.
async fn refresh(bench: &mut Bench, rows: &[RowId]) -> (usize, usize, Option<Halt>) {
    let (ticket, rows) = (Ticket(3), rows.to_vec());
    bench.order(Order::Refresh { ticket, rows }).await;
    let reports = bench.until_idle().await;
    let count = |is: fn(&&Report) -> bool| reports.iter().filter(is).count();
    let halt = reports.iter().find_map(|report| match report {
        Report::Done { halt, .. } => Some(halt.clone()),
        _ => None,
    });
    (
        count(|report| matches!(report, Report::Refreshed { .. })),
        count(|report| matches!(report, Report::NotRefreshed { .. })),
        halt.unwrap(),
    )
}

/// Which of these files the review points out, and by how many responses they are cited.
async fn cited<'a>(bench: &Bench, files: &[&'a str]) -> Vec<(&'a str, u64)> {
    let rows = bench.track(files).await;
    let review = bench.ledger.review(rows.clone(), Timestamp::now()).await;
    let cited = review.unwrap().cited;
    let each = files.iter().zip(rows);
    each.filter_map(|(file, row)| Some((*file, cited.get(&row)?.count)))
        .collect()
}

async fn create(service: &Emulator, body: Value) -> String {
    // Err: another test was first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!("{}/responses", service.base_url());
    let made = http.post(url).json(&body).send().await.unwrap();
    let made: Value = made.json().await.unwrap();
    made["id"].as_str().unwrap().to_owned()
}

fn input_items(service: &Emulator) -> usize {
    let requests = service.requests();
    let of = |path: &str| path.contains("/input_items?");
    requests.iter().filter(|seen| of(&seen.path)).count()
}

#[tokio::test]
async fn a_refresh_learns_the_files_and_the_review_points_them_out() {
    let service = faulty(0, 3, Faults::default()).await;
    let files = service.file_ids();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let about = |previous: Option<&str>, parts: Value| {
        json!({"model": "m", "previous_response_id": previous,
               "input": [{"role": "user", "content": parts}]})
    };
    let video = json!([{"type": "input_video", "file_id": files[0]},
                       {"type": "input_text", "text": "How many?"}]);
    let first = create(&service, about(None, video)).await;
    let report = json!([{"type": "input_file", "file_id": files[1]}]);
    let second = create(&service, about(Some(&first), report)).await;
    let none = create(&service, json!({"model": "m", "input": files[2]})).await;

    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let gone = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3";
    let rows = bench.track([&*first, &second, &none, gone, files[0]]).await;
    assert_eq!(cited(&bench, &files).await, []);
    assert_eq!(refresh(&mut bench, &rows).await, (5, 0, None));
    // One more request for each response that is there, and for nothing else.
    assert_eq!(input_items(&service), 3);
    // A later round depends on what the earlier ones were made with.
    let expected = [(files[0], 2), (files[1], 1)];
    assert_eq!(cited(&bench, &files).await, expected);

    // What is said anew takes the place of what was said before: a deleted round vanishes.
    let path = format!("{}/responses/{first}", service.base_url());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(
        http.delete(path)
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );
    assert_eq!(refresh(&mut bench, &rows[..2]).await, (2, 0, None));
    assert_eq!(cited(&bench, &files).await, [(files[1], 1)]);
}

#[tokio::test]
async fn the_emulators_own_responses_are_made_with_its_files() {
    let service = faulty(120, 30, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = bench.track(service.response_ids()).await;
    assert_eq!(refresh(&mut bench, &rows).await, (120, 0, None));
    assert!(service.peak_in_flight() <= 4);
    let files = service.file_ids();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let cited = cited(&bench, &files).await;
    assert!(!cited.is_empty() && cited.len() < files.len(), "{cited:?}");
}

/// An answer to GET of a response, whichever it is.
fn found(request: &str) -> String {
    let id = request.rsplit('/').next().unwrap();
    ok(&json!({"id": id, "object": "response", "status": "completed"}).to_string())
}

fn page(items: &[(&str, &str)], rest: &str) -> String {
    let mut data = String::new();
    for (id, file) in items {
        let comma = if data.is_empty() { "" } else { "," };
        let parts = format!(r#"[{{"type":"input_file","file_id":"{file}"}}]"#);
        write!(data, r#"{comma}{{"id":"{id}","content":{parts}}}"#).unwrap();
    }
    ok(&format!(r#"{{"object":"list","data":[{data}]{rest}}}"#))
}

const MORE: &str = r#","has_more":true"#;
const END: &str = r#","has_more":false"#;

/// A service that has every response and answers for their items by the script: the number of such a
/// request, from 0, and its target.
async fn service(script: impl Fn(usize, &str) -> String + Send + Sync + 'static) -> Scripted {
    let asked = std::sync::atomic::AtomicUsize::new(0);
    Scripted::start(move |_, request| {
        if request.contains("/input_items?") {
            let number = asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            script(number, request)
        } else {
            found(request)
        }
    })
    .await
}

struct Told {
    /// Of [`FILES`]; `file-old` was known to be cited before.
    cited: Vec<&'static str>,
    requests: usize,
    refreshed: usize,
    halt: Option<Cause>,
}

/// What comes of refreshing three responses, one after the other, of which the first is known to cite
/// `file-old`.
async fn told(script: impl Fn(usize, &str) -> String + Send + Sync + 'static) -> Told {
    let service = service(script).await;
    let one_at_a_time = Limits {
        concurrency: 1,
        ..limits()
    };
    let mut bench = Bench::new(&service.base_url, one_at_a_time).await;
    let rows = bench.track(["resp_0", "resp_1", "resp_2"]).await;
    let old = vec![ResourceId::new("file-old").unwrap()];
    bench.ledger.cite(rows[0], old, true).await.unwrap();
    let (refreshed, failed, halt) = refresh(&mut bench, &rows).await;
    assert_eq!(failed, 0, "the responses themselves were found");
    let seen = service.seen();
    let asked = seen.iter().filter(|seen| seen.contains("input_items"));
    Told {
        cited: cited(&bench, &FILES)
            .await
            .into_iter()
            .map(|(file, _)| file)
            .collect(),
        requests: asked.count(),
        refreshed,
        halt: halt.map(|halt| halt.cause),
    }
}

fn only_of(
    id: &'static str,
    script: impl Fn(usize, &str) -> String + Send + Sync + 'static,
) -> impl Fn(usize, &str) -> String + Send + Sync + 'static {
    move |number, request| {
        if request.contains(id) {
            script(number, request)
        } else {
            page(&[], END)
        }
    }
}

#[tokio::test]
async fn lists_are_read_to_their_end() {
    let paged = told(only_of("resp_0", |_, request| {
        if request.contains("after=m1") {
            page(&[("m2", "file-b")], END)
        } else {
            page(&[("m1", "file-a")], MORE)
        }
    }));
    let paged = paged.await;
    assert_eq!((paged.cited, paged.requests), (vec!["file-a", "file-b"], 4));
    assert_eq!((paged.refreshed, paged.halt), (3, None));

    let silent = told(only_of("resp_0", |number, _| match number {
        0 => page(&[("m1", "file-a")], ""),
        _ => page(&[], ""),
    }));
    let silent = silent.await;
    assert_eq!((silent.cited, silent.requests), (vec!["file-a"], 4));

    let null = told(|_, _| ok(r#"{"object":"list","data":null}"#)).await;
    assert_eq!((null.cited, null.requests), (vec![], 3));
}

#[tokio::test]
async fn a_list_that_contradicts_itself_ends_and_takes_nothing_back() {
    let looping = told(only_of("resp_0", |_, _| page(&[("m1", "file-a")], MORE))).await;
    assert_eq!(
        (looping.cited, looping.requests),
        (vec!["file-a", "file-old"], 4)
    );

    let repeated = told(only_of("resp_0", |number, _| {
        page(&[("m1", "file-a")], if number == 0 { MORE } else { END })
    }));
    let repeated = repeated.await;
    assert_eq!(
        (repeated.cited, repeated.requests),
        (vec!["file-a", "file-old"], 4)
    );

    let promising = told(only_of("resp_0", |_, _| page(&[], MORE))).await;
    assert_eq!((promising.cited, promising.requests), (vec!["file-old"], 3));

    let without_ids = told(only_of("resp_0", |_, _| {
        ok(r#"{"data":[{"file_id":"file-a"}],"has_more":true}"#)
    }));
    let without_ids = without_ids.await;
    assert_eq!(
        (without_ids.cited, without_ids.requests),
        (vec!["file-a", "file-old"], 3)
    );

    let endless = told(only_of("resp_0", |number, _| {
        page(&[(&format!("m{number}"), "file-a")], MORE)
    }));
    let endless = endless.await;
    assert_eq!(
        (endless.cited, endless.requests),
        (vec!["file-a", "file-old"], 102)
    );
    assert_eq!((endless.refreshed, endless.halt), (3, None));
}

#[tokio::test]
async fn no_items_are_no_failure_of_a_refresh() {
    for (body, what) in [
        ("<html>login</html>", "a login page"),
        ("{}", "no list"),
        (r#"{"id":"resp_0","object":"response"}"#, "the response"),
        (r#"{"data":[{"id":"m1","content":[{"file_id"#, "half a list"),
    ] {
        let told = told(only_of("resp_0", move |_, _| ok(body))).await;
        assert_eq!(told.cited, ["file-old"], "{what}");
        assert_eq!((told.refreshed, told.requests, told.halt), (3, 3, None));
    }
    // About this id only.
    let told_gone = told(only_of("resp_0", |_, _| not_found())).await;
    assert_eq!((told_gone.cited, told_gone.requests), (vec!["file-old"], 3));
    assert_eq!((told_gone.refreshed, told_gone.halt), (3, None));
    // Tried again, then left.
    let failing = told(only_of("resp_0", |_, _| answer(500, "", "{}"))).await;
    assert_eq!((failing.cited, failing.requests), (vec!["file-old"], 4));
    assert_eq!((failing.refreshed, failing.halt), (3, None));
    // What was read before the trouble counts.
    let broken = told(only_of("resp_0", |number, _| match number {
        0 => page(&[("m1", "file-a")], MORE),
        _ => answer(400, "", r#"{"error":{"code":"InvalidParameter"}}"#),
    }));
    let broken = broken.await;
    assert_eq!(broken.cited, ["file-a", "file-old"]);
    assert_eq!((broken.refreshed, broken.halt), (3, None));
}

#[tokio::test]
async fn a_service_without_the_call_is_asked_once() {
    for (status, headers, body) in [
        (404, "", ""),
        (404, "", r#"{"error":{"code":"InvalidAction"}}"#),
        (404, "", r#"{"detail":"Not Found"}"#),
        (405, "", "{}"),
        (307, "Location: https://h/login\r\n", ""),
    ] {
        let told = told(move |_, _| answer(status, headers, body)).await;
        assert_eq!((told.requests, told.refreshed, told.halt), (1, 3, None));
        assert_eq!(told.cited, ["file-old"], "{status} {body}");
    }
}

#[tokio::test]
async fn a_key_refused_or_a_quota_used_up_ends_the_refresh() {
    let quota = r#"{"error":{"code":"QuotaExceeded"}}"#;
    for (status, body, cause) in [
        (401, "", Cause::KeyRefused),
        (403, "", Cause::KeyRefused),
        (429, quota, Cause::Quota),
    ] {
        let told = told(move |_, _| answer(status, "", body)).await;
        assert_eq!((told.requests, told.halt), (1, Some(cause)));
        // What was found out until then was.
        assert_eq!((told.refreshed, told.cited), (1, vec!["file-old"]));
    }
}

#[tokio::test]
async fn floods_and_silence_end_and_the_refresh_goes_on() {
    for fault in [
        Fault::Huge(40_000_000),
        Fault::Silence(When::Before),
        Fault::Drop(When::After),
        Fault::Truncated,
        Fault::Html,
    ] {
        let service = faulty(2, 0, Faults::default()).await;
        let rules = vec![Rule::always(Scope::Call(Call::InputItems), fault.clone())];
        service.set_faults(Faults {
            rules,
            ..Faults::default()
        });
        let mut bench = Bench::new(&service.base_url(), limits()).await;
        let rows = bench.track(service.response_ids()).await;
        assert_eq!(refresh(&mut bench, &rows).await, (2, 0, None), "{fault:?}");
    }
}

#[tokio::test]
async fn hostile_ids_are_held_and_not_obeyed() {
    let told = told(only_of("resp_0", |_, request| {
        assert!(!request.contains(' ') || request.starts_with("GET /"));
        if request.contains("after=") {
            let once = "after=..%2F..%2Fx%3Fy%23z%26limit%3D1";
            assert!(request.ends_with(once), "{request}");
            return page(&[("m2", "file-b")], END);
        }
        page(
            &[
                ("m1", "\\u001b]52;c;A\\u0007"),
                ("../../x?y#z&limit=1", "../files/a"),
            ],
            MORE,
        )
    }));
    let told = told.await;
    assert_eq!((told.cited, told.halt), (vec!["file-b"], None));
}
