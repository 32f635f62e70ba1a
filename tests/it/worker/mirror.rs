//! Mirroring the list of files, from honest and from lying servers.

use std::fmt::Write as _;

use arkdeck::domain::{Cause, Halt, Order, Report, State, SyncTally, Ticket};
use arkdeck::emulator::{Call, Fault, Faults, Rule, Scope};

use super::stub::{Scripted, answer, ok};
use super::{Bench, faulty, limits};

async fn sync(bench: &mut Bench) -> (SyncTally, Option<Halt>, usize) {
    let ticket = Ticket(4);
    bench.order(Order::Sync { ticket }).await;
    let reports = bench.until_idle().await;
    let progress = reports
        .iter()
        .filter(|r| matches!(r, Report::SyncProgress { .. }))
        .count();
    let [
        ..,
        Report::Synced { tally, .. },
        Report::Done {
            ticket: Ticket(4),
            halt,
        },
        Report::Idle,
    ] = &reports[..]
    else {
        panic!("{reports:#?}");
    };
    (*tally, halt.clone(), progress)
}

fn page(ids: &[&str], has_more: &str) -> String {
    let mut data = String::new();
    for id in ids {
        let comma = if data.is_empty() { "" } else { "," };
        write!(data, r#"{comma}{{"id":"{id}","object":"file"}}"#).unwrap();
    }
    let has_more = if has_more.is_empty() {
        String::new()
    } else {
        format!(r#","has_more":{has_more}"#)
    };
    ok(&format!(r#"{{"object":"list","data":[{data}]{has_more}}}"#))
}

#[tokio::test]
async fn an_honest_listing_is_mirrored_whole() {
    let service = faulty(0, 250, Faults::default()).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let lost = bench.track(["file-20261121101500-k3v9q"]).await;
    let known = bench.track(service.file_ids().into_iter().take(10)).await;
    let (tally, halt, progress) = sync(&mut bench).await;
    assert_eq!((tally.seen, tally.new, tally.gone), (250, 240, 1));
    assert_eq!((tally.complete, halt), (true, None));
    assert_eq!(progress as u64, tally.pages);
    assert_eq!(bench.states(&lost).await, [State::Gone]);
    let first = bench.ledger.rows(known).await.unwrap().remove(0);
    assert!(first.facts.name.is_some());

    let (tally, _, _) = sync(&mut bench).await;
    assert_eq!((tally.seen, tally.new, tally.gone), (250, 0, 0));
}

/// What a listing by these pages amounts to: seen, complete, and the requests it took. A file that is on
/// none of the pages is tracked; it is gone only if the listing was complete.
async fn listing(
    script: impl Fn(usize, &str) -> String + Send + Sync + 'static,
) -> (u64, bool, usize) {
    let service = Scripted::start(script).await;
    let mut bench = Bench::new(&service.base_url, limits()).await;
    let other = bench.track(["file-other"]).await;
    let (tally, _, _) = sync(&mut bench).await;
    let expected = if tally.complete {
        State::Gone
    } else {
        State::Tracked
    };
    assert_eq!(bench.states(&other).await, [expected]);
    (tally.seen, tally.complete, service.seen().len())
}

#[tokio::test]
async fn the_end_is_believed_when_it_is_said_twice() {
    let said = listing(|_, request| {
        if request.contains("after=file-b") {
            page(&[], "false")
        } else {
            page(&["file-a", "file-b"], "false")
        }
    });
    assert_eq!(said.await, (2, true, 2));
    let repeated = listing(|_, _| page(&["file-a", "file-b"], "false"));
    assert_eq!(
        repeated.await,
        (2, true, 2),
        "it ignores the cursor, and says that this is all"
    );
    let nothing = listing(|_, _| page(&[], "false"));
    assert_eq!(nothing.await, (0, true, 1));
}

#[tokio::test]
async fn an_end_that_was_none_makes_the_listing_incomplete() {
    let lying = listing(|number, _| match number {
        0 => page(&["file-a"], "false"),
        1 => page(&["file-b"], "false"),
        _ => page(&[], "false"),
    });
    assert_eq!(lying.await, (2, false, 3));
}

#[tokio::test]
async fn without_has_more_an_empty_page_is_the_end() {
    let silent = listing(|number, _| match number {
        0 => page(&["file-a"], ""),
        1 => page(&["file-b"], ""),
        _ => page(&[], ""),
    });
    assert_eq!(silent.await, (2, true, 3));
    let null = listing(|_, _| ok(r#"{"object":"file","data":null}"#));
    assert_eq!(null.await, (0, true, 1));
}

#[tokio::test]
async fn a_listing_that_loops_ends_and_proves_nothing() {
    let looping = listing(|_, _| page(&["file-a", "file-b"], "true"));
    assert_eq!(looping.await, (2, false, 2));
    let between_two = listing(|number, _| page(&[["file-a"], ["file-b"]][number % 2], "true"));
    assert_eq!(between_two.await, (2, false, 3));
    let promising = listing(|_, _| page(&[], "true"));
    assert_eq!(promising.await, (0, false, 1));
    let ignorant = listing(|_, _| page(&["file-a"], ""));
    assert_eq!(ignorant.await, (1, false, 2));
}

#[tokio::test]
async fn files_that_come_and_go_meanwhile_are_mirrored_as_they_were_seen() {
    // A file came on top: what was last on the page before is first on the next one.
    let come = listing(|_, request| match request {
        _ if request.contains("after=file-c") => page(&["file-c", "file-d"], "true"),
        _ if request.contains("after=file-d") => page(&[], "false"),
        _ => page(&["file-a", "file-b", "file-c"], "true"),
    });
    assert_eq!(come.await, (4, true, 3));
    // The one that the listing was to go on after went: the service does not know it.
    let refused = listing(|number, _| match number {
        0 => page(&["file-a", "file-b"], "true"),
        _ => answer(
            400,
            "",
            r#"{"error":{"code":"InvalidParameter","message":"no such file: file-b"}}"#,
        ),
    });
    assert_eq!(refused.await, (2, false, 2));
    // Or it goes on from somewhere else, with nothing left to tell it by.
    let anew = listing(|number, _| match number {
        0 => page(&["file-a", "file-b"], "true"),
        _ => page(&["file-a"], "true"),
    });
    assert_eq!(anew.await, (2, false, 2));
}

#[tokio::test]
async fn entries_that_cannot_be_read_make_it_incomplete() {
    let odd = listing(|number, _| match number {
        0 => ok(r#"{"data":[{"id":"file-a"},{"name":"x"},7],"has_more":false}"#),
        _ => page(&[], "false"),
    });
    assert_eq!(odd.await, (1, false, 2));
}

#[tokio::test]
async fn a_page_that_fails_is_tried_again_and_ends_the_sync_if_it_goes_on() {
    let rules = |times| {
        let scope = Scope::Call(Call::ListFiles);
        let fault = Fault::Error(500);
        let rules = vec![Rule {
            scope,
            fault,
            times,
        }];
        Faults {
            rules,
            ..Faults::default()
        }
    };
    let service = faulty(0, 3, rules(Some(1))).await;
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let (tally, halt, _) = sync(&mut bench).await;
    assert_eq!((tally.seen, tally.complete, halt), (3, true, None));
    service.set_faults(rules(None));
    let (tally, halt, _) = sync(&mut bench).await;
    assert_eq!((tally.complete, tally.gone), (false, 0));
    let halt = halt.unwrap();
    assert_eq!(
        (halt.cause, halt.answer.unwrap().attempts),
        (Cause::Exhausted, 2)
    );
}

#[tokio::test]
async fn a_wrong_address_is_no_empty_listing() {
    for (status, body) in [
        (404, ""),
        (200, "<html>login</html>"),
        (200, "{}"),
        (401, "{}"),
    ] {
        let (seen, complete, _) = listing(move |_, _| answer(status, "", body)).await;
        assert_eq!((seen, complete), (0, false), "{status} {body}");
    }
}

#[tokio::test]
async fn what_failed_and_what_never_ends_is_counted() {
    let file = |id: &str, status: &str, created_at: i64| {
        format!(r#"{{"id":"{id}","object":"file","status":"{status}","created_at":{created_at}}}"#)
    };
    let now = jiff::Timestamp::now().as_second();
    let files = [
        file("file-a", "active", now - 9_000),
        file("file-b", "failed", now - 9_000),
        file("file-c", "processing", now - 9_000),
        file("file-d", "processing", now - 60),
    ];
    let list = ok(&format!(
        r#"{{"object":"list","data":[{}],"has_more":false}}"#,
        files.join(",")
    ));
    let service = Scripted::start(move |_, _| list.clone()).await;
    let mut bench = Bench::new(&service.base_url, limits()).await;
    let (tally, _, _) = sync(&mut bench).await;
    assert_eq!((tally.seen, tally.failed, tally.stuck), (4, 1, 1));
}
