//! What the worker reports of its batches, and leaving while it works.

use super::*;

#[test]
fn reports_change_the_row_and_a_late_answer_does_not_change_it_back() {
    let (mut app, rows) = app();
    let row = &rows[0];
    // The ledger is asked again and reads the row before it is settled …
    let effects = update(
        &mut app,
        Message::Tracked(vec![Tracked {
            row: row.row,
            is_new: false,
        }]),
    );
    let asked = effects.iter().find_map(|e| match e {
        Effect::Fetch(asked) => Some(asked.clone()),
        _ => None,
    });
    // … and its answer comes after the report.
    update(
        &mut app,
        Message::Report(settled(row, Outcome::Deleted, State::Deleted)),
    );
    let late = Message::Fetched {
        asked: asked.unwrap(),
        rows: vec![row.clone()],
    };
    let effects = update(&mut app, late);
    assert!(app.row(row.row).is_none(), "the old row was not taken");
    assert!(matches!(&effects[..], [Effect::Fetch(again)] if again == &[row.row]));
}

#[test]
fn a_batch_is_followed_from_its_undo_window_to_its_end() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Delete]);
    wait(&mut app, 300);
    let effects = act(&mut app, &rows, &[Action::Yes]);
    let Some(Order::Delete { ticket, .. }) = order(&effects) else {
        panic!("{effects:?}");
    };
    let batch = BatchId(1);
    let starts_at = app.now + SignedDuration::from_secs(5);
    let accepted = Report::Accepted {
        ticket: *ticket,
        batch,
        rows: vec![rows[0].row].into(),
        starts_at,
    };
    update(&mut app, Message::Report(accepted));
    assert_eq!(app.row(rows[0].row).unwrap().state, State::Queued);
    assert!(app.allows(Action::TakeBack));
    let effects = act(&mut app, &rows, &[Action::TakeBack]);
    assert_eq!(order(&effects), Some(&Order::TakeBack(batch)));
    assert!(!app.allows(Action::TakeBack), "asked for already");
    // Too late: the worker started it.
    update(&mut app, Message::Report(Report::Started { batch }));
    assert!(!app.allows(Action::TakeBack));
    let sending = Report::Sending {
        batch,
        row: rows[0].row,
        attempt: 2,
    };
    update(&mut app, Message::Report(sending));
    assert_eq!(app.row(rows[0].row).unwrap().state, State::Sending);
    update(
        &mut app,
        Message::Report(settled(&rows[0], Outcome::Failed, State::Failed)),
    );
    let mut tally = Tally::default();
    tally.add(Outcome::Failed, 1);
    let finished = Report::Finished {
        batch,
        tally,
        returned: Vec::new(),
    };
    update(&mut app, Message::Report(finished));
    assert!(!app.queue.pending());
    assert_eq!(app.queue.failed(), [rows[0].row]);
    // What failed is tried again only through another review.
    act(&mut app, &rows, &[Action::Queue, Action::Retry]);
    assert!(matches!(&app.mode, Mode::Confirm(c) if c.rows == [rows[0].row]));
}

#[test]
fn while_paused_a_batch_can_be_taken_back_until_the_worker_says_that_it_started() {
    let (mut app, rows) = app();
    let batch = BatchId(1);
    let starts_at = app.now + SignedDuration::from_secs(5);
    let accepted = Report::Accepted {
        ticket: Ticket(0),
        batch,
        rows: vec![rows[0].row].into(),
        starts_at,
    };
    let second = |app: &App| Some(app.now + SignedDuration::from_secs(1));
    update(&mut app, Message::Report(Report::Paused));
    update(&mut app, Message::Report(accepted));
    assert_ne!(app.next_wake(), second(&app), "nothing counts down");
    wait(&mut app, 60_000);
    assert!(app.allows(Action::TakeBack));
    update(&mut app, Message::Report(Report::Unpaused));
    assert!(app.allows(Action::TakeBack));
    assert_eq!(app.next_wake(), second(&app));
    let effects = act(&mut app, &rows, &[Action::TakeBack]);
    assert_eq!(order(&effects), Some(&Order::TakeBack(batch)));
    update(&mut app, Message::Report(Report::Started { batch }));
    assert!(!app.allows(Action::TakeBack));
}

#[test]
fn what_an_earlier_run_never_sent_is_marked_and_takes_a_new_confirmation() {
    let (mut app, rows) = app();
    let of = |places: &[usize]| -> Vec<_> {
        let rows = places.iter().map(|at| &rows[*at]);
        rows.map(|row| (row.kind, row.row)).collect()
    };
    let recovered = |returned| Message::Recovered {
        unsettled: 0,
        returned,
    };
    let empty = update(&mut app, recovered(Vec::new()));
    assert_eq!((empty, app.queue.activity.len()), (Vec::new(), 0));
    let height = app.banner_height();
    // Nothing is ordered: two responses and a file are marked.
    let effects = update(&mut app, recovered(of(&[0, 5, 12])));
    assert_eq!(order(&effects), None);
    let last = app.queue.activity.front().map(|a| &a.event);
    assert!(matches!(last, Some(Event::Unsent(3))), "{last:?}");
    assert_eq!((app.responses.unsent(), app.files.unsent()), (2, 1));
    assert_eq!(app.banner_height(), height + 1);
    assert_eq!(app.focus, Focus::Responses);
    act(&mut app, &rows, &[Action::Delete]);
    wait(&mut app, 300);
    let effects = act(&mut app, &rows, &[Action::Yes]);
    let Some(Order::Delete { rows: asked, .. }) = order(&effects) else {
        panic!("{effects:?}");
    };
    assert_eq!(asked, &[rows[0].row, rows[5].row]);
    assert_eq!((app.responses.unsent(), app.files.unsent()), (0, 1));
    // Whoever takes the last mark off has decided, and the banner goes.
    assert!(app.shows_unsent());
    act(&mut app, &rows, &[Action::Files, Action::Unmark]);
    assert!(!app.shows_unsent());
    assert_eq!(app.banner_height(), height);
}

#[test]
fn every_way_to_take_a_mark_off_takes_what_was_never_sent_off_the_banner() {
    for actions in [
        &[Action::Mark][..],
        &[Action::Invert],
        &[Action::Unmark],
        &[Action::Chains, Action::MarkChain],
    ] {
        let (mut app, rows) = app();
        let returned = vec![(rows[0].kind, rows[0].row)];
        let unsettled = 0;
        let recovered = Message::Recovered {
            unsettled,
            returned,
        };
        let effects = update(&mut app, recovered);
        answer(&mut app, effects, &rows);
        assert!(app.shows_unsent());
        act(&mut app, &rows, actions);
        assert!(!app.shows_unsent(), "{actions:?}");
        assert!(!app.responses.marks().contains(&rows[0].row));
    }
}

#[test]
fn the_pane_with_what_was_never_sent_has_the_focus() {
    let (mut app, rows) = app();
    let recovered = Message::Recovered {
        unsettled: 2,
        returned: vec![(rows[12].kind, rows[12].row)],
    };
    update(&mut app, recovered);
    assert_eq!((app.focus, app.pane), (Focus::Files, Kind::File));
    // Without a key nothing can be reviewed, and the banner does not say so.
    let refused = Session {
        refusal: Some(Refusal::NoKey),
        ..session()
    };
    let mut app = app_with(refused, &rows, 80, 24);
    let recovered = Message::Recovered {
        unsettled: 0,
        returned: vec![(rows[0].kind, rows[0].row)],
    };
    update(&mut app, recovered);
    assert!(!app.shows_unsent() && app.responses.unsent() == 1);
}

#[test]
fn quitting_asks_only_when_work_is_pending_and_waits_for_what_is_on_the_wire() {
    let (mut app, rows) = app();
    assert_eq!(act(&mut app, &rows, &[Action::Quit]), [Effect::Leave]);

    act(&mut app, &rows, &[Action::Delete]);
    wait(&mut app, 300);
    act(&mut app, &rows, &[Action::Yes]);
    assert_eq!(act(&mut app, &rows, &[Action::Quit]), []);
    assert!(matches!(app.mode, Mode::Quit { .. }));
    // Enter presses Stay.
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
    assert!(matches!(app.mode, Mode::Browse));
    act(&mut app, &rows, &[Action::Quit]);
    let effects = act(&mut app, &rows, &[Action::Yes]);
    assert_eq!(effects, [Effect::Order(Order::Stop)]);
    // From before the deletion was asked for, and only now heard.
    let effects = update(&mut app, Message::Report(Report::Idle));
    assert_eq!(effects, []);
    let (ticket, refusal) = (Ticket(1), Refusal::Nothing);
    let rejected = Report::Rejected { ticket, refusal };
    update(&mut app, Message::Report(rejected));
    let effects = update(&mut app, Message::Report(Report::Idle));
    assert_eq!(effects, [Effect::Leave]);
}

#[test]
fn a_signal_to_end_leaves_within_a_bounded_time() {
    let (mut app, rows) = app();
    assert_eq!(update(&mut app, Message::Terminate), [Effect::Leave]);
    act(&mut app, &rows, &[Action::Delete]);
    wait(&mut app, 300);
    act(&mut app, &rows, &[Action::Yes]);
    assert_eq!(
        update(&mut app, Message::Terminate),
        [Effect::Order(Order::Stop)]
    );
    assert!(app.next_wake().is_some());
    assert_eq!(wait(&mut app, 3_000), [Effect::Leave]);
}

#[test]
fn a_stopped_batch_says_why_and_puts_its_rows_back() {
    let (mut app, rows) = app();
    let batch = BatchId(7);
    let accepted = Report::Accepted {
        ticket: Ticket(0),
        batch,
        rows: vec![rows[0].row, rows[1].row].into(),
        starts_at: app.now,
    };
    update(&mut app, Message::Report(accepted));
    let halt = Halt {
        cause: Cause::KeyRefused,
        answer: None,
    };
    update(&mut app, Message::Report(Report::Halted { batch, halt }));
    let finished = Report::Finished {
        batch,
        tally: Tally {
            failed: 1,
            cancelled: 1,
            ..Tally::default()
        },
        returned: vec![(rows[1].row, State::Tracked)],
    };
    let effects = update(&mut app, Message::Report(finished));
    answer(&mut app, effects, &rows);
    assert_eq!(app.row(rows[1].row).unwrap().state, State::Tracked);
    assert!(app.queue.batches[0].halt.is_some());
}

/// What a row's batches say of it, each in its own order: which batch, and which step of it.
#[derive(Clone, Copy, Debug)]
enum Step {
    Accepted,
    Sending,
    Settled,
    Finished,
}

/// A row fails in one batch after the other. A batch can take it once it has failed on disk, which is
/// before anybody hears of that: all a batch has to say after `Sending` comes as late as may be.
fn late(batches: usize, delays: &[usize]) -> Vec<(usize, Step)> {
    let mut told: Vec<(usize, usize, Step)> = Vec::new();
    let mut delays = delays.iter().copied().cycle();
    for batch in 0..batches {
        let begin = 4 * batch;
        let settled = begin + 2 + delays.next().unwrap_or(0);
        let finished = settled + delays.next().unwrap_or(0);
        told.push((begin, batch, Step::Accepted));
        told.push((begin + 1, batch, Step::Sending));
        told.push((settled, batch, Step::Settled));
        told.push((finished, batch, Step::Finished));
    }
    // Stable: what a batch says at one time stays in its order.
    told.sort_by_key(|(at, ..)| *at);
    told.into_iter().map(|(_, b, step)| (b, step)).collect()
}

proptest::proptest! {
    #[test]
    fn only_the_batch_that_has_a_row_says_what_it_is(
        batches in 1_usize..5,
        delays in proptest::collection::vec(0_usize..20, 1..10),
    ) {
        let (mut app, rows) = app();
        let row = &rows[0];
        let (mut newest, mut state) = (0, State::Tracked);
        for (batch, step) in late(batches, &delays) {
            let id = BatchId(i64::try_from(batch).unwrap());
            let report = match step {
                Step::Accepted => Report::Accepted {
                    ticket: Ticket(0),
                    batch: id,
                    rows: vec![row.row].into(),
                    starts_at: app.now,
                },
                Step::Sending => Report::Sending { batch: id, row: row.row, attempt: 1 },
                Step::Settled => {
                    let Report::Settled { settlement, state, at, .. } =
                        settled(row, Outcome::Failed, State::Failed)
                    else {
                        unreachable!()
                    };
                    Report::Settled { batch: id, settlement, state, at }
                }
                Step::Finished => Report::Finished {
                    batch: id,
                    tally: Tally { failed: 1, ..Tally::default() },
                    returned: Vec::new(),
                },
            };
            update(&mut app, Message::Report(report));
            if batch >= newest {
                newest = batch;
                state = match step {
                    Step::Accepted => State::Queued,
                    Step::Sending => State::Sending,
                    Step::Settled | Step::Finished => State::Failed,
                };
            }
            proptest::prop_assert_eq!(app.row(row.row).unwrap().state, state);
            proptest::prop_assert_eq!(app.queue.live.contains_key(&row.row), state == State::Sending);
            let to_retry = if state == State::Failed { vec![row.row] } else { Vec::new() };
            proptest::prop_assert_eq!(app.queue.failed(), to_retry);
        }
        proptest::prop_assert!(!app.queue.pending());
    }
}

#[test]
fn tries_that_are_repeated_are_counted_for_each_batch() {
    let (mut app, rows) = app();
    for batch in [BatchId(1), BatchId(2)] {
        let accepted = Report::Accepted {
            ticket: Ticket(0),
            batch,
            rows: vec![rows[0].row].into(),
            starts_at: app.now,
        };
        let waiting = Report::Waiting {
            batch,
            row: rows[0].row,
            attempt: 1,
            until: app.now,
            answer: Answer::default(),
        };
        let finished = Report::Finished {
            batch,
            tally: Tally::default(),
            returned: Vec::new(),
        };
        for report in [accepted, waiting, finished] {
            update(&mut app, Message::Report(report));
        }
        let retried: Vec<u64> = app.queue.batches.iter().map(|b| b.retried).collect();
        assert_eq!(retried, [1]);
    }
}

#[test]
fn rows_that_came_back_from_a_batch_are_what_the_ledger_says() {
    let (mut app, rows) = app();
    let (first, second) = (BatchId(1), BatchId(2));
    let accepted = |batch, starts_at| Report::Accepted {
        ticket: Ticket(0),
        batch,
        rows: vec![rows[0].row].into(),
        starts_at,
    };
    let now = app.now;
    update(&mut app, Message::Report(accepted(first, now)));
    // The first was stopped, the row went back, the second took it and deleted it; and only then the
    // first, which waited for another item, is at its end.
    update(&mut app, Message::Report(accepted(second, now)));
    let Report::Settled { settlement, at, .. } =
        settled(&rows[0], Outcome::Deleted, State::Deleted)
    else {
        unreachable!()
    };
    let state = State::Deleted;
    let deleted = Report::Settled {
        batch: second,
        settlement,
        state,
        at,
    };
    update(&mut app, Message::Report(deleted));
    let finished = Report::Finished {
        batch: first,
        tally: Tally::default(),
        returned: vec![(rows[0].row, State::Tracked)],
    };
    let effects = update(&mut app, Message::Report(finished));
    assert_eq!(app.row(rows[0].row).unwrap().state, State::Deleted);
    let asked =
        |effect: &Effect| matches!(effect, Effect::Fetch(asked) if asked.contains(&rows[0].row));
    assert!(effects.iter().any(asked), "{effects:?}");
    // Another reason to read again while the answer is under way: it is old by then.
    let again = update(&mut app, Message::ChangedElsewhere);
    assert!(!again.iter().any(asked), "one question at a time");
    let mut now_deleted = rows.clone();
    let late = Message::Fetched {
        asked: vec![rows[0].row],
        rows: vec![rows[0].clone()],
    };
    let effects = update(&mut app, late);
    assert_eq!(app.row(rows[0].row).unwrap().state, State::Deleted);
    now_deleted[0].state = State::Deleted;
    now_deleted[0].tags = vec!["read again".into()];
    answer(&mut app, effects, &now_deleted);
    assert_eq!(app.row(rows[0].row).unwrap().tags, ["read again"]);
}
