//! Messages in, state and effects out.

use std::sync::Arc;

use tui_input::InputRequest;

use super::acts::curl;
use super::fixtures::{act, answer, app_with, resources, response, session, wait};
use super::*;
use crate::domain::{
    Answer, BatchId, Cause, Citing, Content, FreeFirst, FreeQuery, Freed, Halt, HistoryPage,
    ImportTally, Labels, Life, NotUploaded, Outcome, Report, ResourceId, Review, Settlement, Tally,
    Tint, Tracked, Unreadable, Upload, Weight,
};

fn app() -> (App, Vec<Resource>) {
    let rows = resources();
    (app_with(session(), &rows, 80, 24), rows)
}

fn type_text(app: &mut App, text: &str) {
    for c in text.chars() {
        update(app, Message::Edit(InputRequest::InsertChar(c)));
    }
}

fn order(effects: &[Effect]) -> Option<&Order> {
    effects.iter().find_map(|effect| match effect {
        Effect::Order(order) => Some(order),
        _ => None,
    })
}

fn settled(row: &Resource, outcome: Outcome, state: State) -> Report {
    Report::Settled {
        batch: BatchId(1),
        settlement: Settlement {
            row: row.row,
            kind: row.kind,
            id: row.id.clone(),
            outcome,
            answer: Answer::default(),
        },
        state,
        at: fixtures::now(),
    }
}

#[test]
fn deleting_takes_a_review_a_pause_and_a_yes() {
    let (mut app, rows) = app();
    let asked = act(&mut app, &rows, &[Action::Delete]);
    assert_eq!(asked, []);
    // Typed ahead: deaf.
    assert_eq!(act(&mut app, &rows, &[Action::Yes]), []);
    assert!(matches!(app.mode, Mode::Confirm(_)));
    wait(&mut app, 300);
    // Enter presses the focused button, which is Cancel.
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
    assert!(matches!(app.mode, Mode::Browse));

    act(&mut app, &rows, &[Action::Delete]);
    wait(&mut app, 300);
    let effects = act(&mut app, &rows, &[Action::Yes]);
    let Some(Order::Delete {
        rows: asked, hold, ..
    }) = order(&effects)
    else {
        panic!("{effects:?}");
    };
    assert_eq!(asked, &[rows[0].row]);
    assert_eq!(*hold, session().undo);
    assert!(app.queue.pending());
}

#[test]
fn nothing_is_confirmed_before_the_ledger_has_added_up() {
    let (mut app, _) = app();
    let effects = update(&mut app, Message::Act(Action::Delete));
    assert!(matches!(effects[..], [Effect::Review { .. }]));
    wait(&mut app, 1_000);
    assert_eq!(update(&mut app, Message::Act(Action::Yes)), []);
    // An answer to an older review is not taken for this one's.
    let stale = Message::Reviewed {
        generation: 0,
        review: Review::default(),
    };
    update(&mut app, stale);
    assert_eq!(update(&mut app, Message::Act(Action::Yes)), []);
    assert!(matches!(app.mode, Mode::Confirm(_)));
}

#[test]
fn the_review_holds_exactly_what_can_go() {
    let (mut app, rows) = app();
    let mut actions = vec![Action::MarkAll, Action::Delete];
    act(&mut app, &rows, &actions);
    let Mode::Confirm(confirm) = &app.mode else {
        panic!("{:?}", app.mode);
    };
    // Twelve responses, one of them deleted already.
    assert_eq!((confirm.rows.len(), confirm.left_out), (11, 1));
    actions.truncate(1);
    assert!(!confirm.rows.contains(&rows[2].row));
}

#[test]
fn the_review_counts_the_protected_apart_and_knows_who_cites_a_file() {
    let mut rows = resources();
    for at in [5, 6, 12] {
        rows[at].protected = true;
    }
    let mut app = app_with(session(), &rows, 80, 24);
    act(&mut app, &rows, &[Action::MarkAll, Action::Delete]);
    let Mode::Confirm(confirm) = &mut app.mode else {
        panic!("{:?}", app.mode);
    };
    // One is deleted already, two are protected.
    assert_eq!(
        (confirm.rows.len(), confirm.left_out, confirm.kept),
        (9, 1, 2)
    );
    // An answer to what is left after striking out one says nothing new of those.
    let left = confirm.strike(confirm.generation + 1);
    let file = left[0];
    let cited = std::iter::once((file, Citing::default())).collect();
    let review = Review {
        rows: left,
        protected: 1,
        cited,
        ..Review::default()
    };
    assert_eq!(confirm.citing(file), None, "not added up yet");
    confirm.reviewed(review);
    assert_eq!(
        (confirm.rows.len(), confirm.left_out, confirm.kept),
        (9, 1, 2)
    );
    assert!(confirm.citing(file).is_some() && confirm.citing(rows[0].row).is_none());
}

#[test]
fn the_details_of_a_file_say_who_cites_it() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Files]);
    let effects = update(&mut app, Message::Act(Action::Details));
    let (row, id) = (rows[12].row, rows[12].id.clone());
    let kind = Kind::File;
    assert_eq!(effects[0], Effect::Citing { row, kind, id });
    let citing = Citing {
        count: 1,
        some: vec![rows[0].id.clone()],
    };
    let message = Message::Cited {
        row,
        citing: citing.clone(),
    };
    update(&mut app, message);
    assert_eq!(app.cited_by(row), Some(&citing));
    assert_eq!(app.cited_by(rows[13].row), None);
}

#[test]
fn many_items_take_their_number_and_not_a_letter() {
    let rows: Vec<Resource> = (1..=21).map(|n| response(n, State::Tracked)).collect();
    let mut app = app_with(session(), &rows, 80, 24);
    act(&mut app, &rows, &[Action::MarkAll, Action::Delete]);
    wait(&mut app, 300);
    assert_eq!(app.context(), Context::ConfirmTyped);
    assert_eq!(act(&mut app, &rows, &[Action::Yes]), []);
    type_text(&mut app, "20");
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
    update(&mut app, Message::Edit(InputRequest::DeletePrevChar));
    type_text(&mut app, "1");
    let effects = act(&mut app, &rows, &[Action::Press]);
    assert!(matches!(order(&effects), Some(Order::Delete { rows, .. }) if rows.len() == 21));
    assert!(
        app.responses.marks().is_empty(),
        "what was ordered is no longer marked"
    );
}

#[test]
fn a_protected_profile_asks_for_the_number_of_even_one() {
    let rows = resources();
    let protected = Session {
        protected: true,
        ..session()
    };
    let mut app = app_with(protected, &rows, 80, 24);
    act(&mut app, &rows, &[Action::Delete]);
    wait(&mut app, 300);
    assert_eq!(act(&mut app, &rows, &[Action::Yes]), []);
    type_text(&mut app, "1");
    assert!(order(&act(&mut app, &rows, &[Action::Press])).is_some());
}

#[test]
fn without_a_key_or_read_only_nothing_can_be_deleted_and_the_footer_does_not_offer_it() {
    for refusal in [Refusal::NoKey, Refusal::ReadOnly] {
        let rows = resources();
        let refused = Session {
            refusal: Some(refusal.clone()),
            ..session()
        };
        let mut app = app_with(refused, &rows, 80, 24);
        assert_eq!(act(&mut app, &rows, &[Action::Delete, Action::Yes]), []);
        assert!(matches!(app.mode, Mode::Browse));
        assert!(!app.allows(Action::Delete));
        let last = app.queue.activity.front().map(|a| &a.event);
        assert!(matches!(last, Some(Event::Refused(r)) if *r == refusal));
    }
}

#[test]
fn what_is_struck_out_in_the_review_stays() {
    let (mut app, rows) = app();
    act(
        &mut app,
        &rows,
        &[Action::Mark, Action::Mark, Action::Delete],
    );
    wait(&mut app, 300);
    // Struck out, and the number of what goes follows; nothing can be confirmed until the ledger
    // has added up again.
    let effects = update(&mut app, Message::Act(Action::Mark));
    assert_eq!(update(&mut app, Message::Act(Action::Yes)), []);
    answer(&mut app, effects, &rows);
    let Mode::Confirm(confirm) = &app.mode else {
        panic!("{:?}", app.mode);
    };
    assert_eq!((confirm.rows.len(), confirm.going()), (2, 1));
    let effects = act(&mut app, &rows, &[Action::Yes]);
    assert!(
        matches!(order(&effects), Some(Order::Delete { rows: asked, .. }) if *asked == [rows[1].row])
    );
    // All struck out: nothing to confirm.
    act(
        &mut app,
        &rows,
        &[Action::Unmark, Action::Move(Motion::Bottom), Action::Delete],
    );
    wait(&mut app, 300);
    act(&mut app, &rows, &[Action::Mark]);
    assert_eq!(act(&mut app, &rows, &[Action::Yes]), []);
}

#[test]
fn protecting_is_one_key_for_all_that_is_selected() {
    let (mut app, rows) = app();
    let effects = act(
        &mut app,
        &rows,
        &[Action::Mark, Action::Mark, Action::Protect],
    );
    let both = vec![rows[0].row, rows[1].row];
    let protect = Effect::Protect {
        rows: both.clone(),
        protected: true,
    };
    assert_eq!(effects, [protect]);
    // All of it protected: the same key takes the protection off.
    let mut now_protected = rows.clone();
    for row in &mut now_protected {
        row.protected = true;
    }
    let effects = update(&mut app, Message::Changed(both.clone()));
    answer(&mut app, effects, &now_protected);
    let effects = act(&mut app, &now_protected, &[Action::Protect]);
    let protected = false;
    assert_eq!(
        effects,
        [Effect::Protect {
            rows: both,
            protected
        }]
    );
}

#[test]
fn the_history_is_asked_for_a_page_at_a_time_and_only_while_it_is_shown() {
    let (mut app, _) = app();
    assert_eq!(update(&mut app, Message::Act(Action::Queue)), []);
    let effects = update(&mut app, Message::Act(Action::History));
    let [Effect::History { generation, query }] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(query.before, None);
    let page = HistoryPage {
        entries: Vec::new(),
        older: Some(40),
    };
    let told = Message::Told {
        generation: *generation,
        is_older: false,
        page,
    };
    // There is more, and the cursor is near the end of what is at hand.
    let effects = update(&mut app, told);
    assert!(matches!(&effects[..], [Effect::History { query, .. }] if query.before == Some(40)));
    assert_eq!(update(&mut app, Message::Act(Action::History)), []);
}

#[test]
fn read_only_takes_no_ids_and_asks_the_service_nothing() {
    let rows = resources();
    let read_only = Session {
        refusal: Some(Refusal::ReadOnly),
        ..session()
    };
    let mut app = app_with(read_only, &rows, 80, 24);
    let asked = act(
        &mut app,
        &rows,
        &[Action::Add, Action::Refresh, Action::Files, Action::Refresh],
    );
    assert_eq!(asked, []);
    update(&mut app, Message::Paste("resp_1".into()));
    assert!(matches!(app.mode, Mode::Browse));
    for action in [Action::Add, Action::Refresh, Action::Delete, Action::Settle] {
        assert!(!app.allows(action), "{action:?}");
    }
}

#[test]
fn a_selection_above_the_profiles_limit_is_refused_with_both_numbers() {
    let rows = resources();
    let limited = Session {
        max_batch: Some(11),
        ..session()
    };
    let mut app = app_with(limited, &rows, 80, 24);
    assert_eq!(act(&mut app, &rows, &[Action::MarkAll, Action::Delete]), []);
    let last = app.queue.activity.front().map(|a| &a.event);
    let refusal = Refusal::TooMany {
        asked: 12,
        limit: 11,
    };
    assert!(matches!(last, Some(Event::Refused(r)) if *r == refusal));
}

#[test]
fn marks_are_ids_and_survive_filter_and_sort() {
    let (mut app, rows) = app();
    act(
        &mut app,
        &rows,
        &[Action::Mark, Action::Mark, Action::Filter],
    );
    assert_eq!(app.responses.position(), 2);
    for c in "state:failed".chars() {
        let effects = update(&mut app, Message::Edit(InputRequest::InsertChar(c)));
        answer(&mut app, effects, &rows);
    }
    act(&mut app, &rows, &[Action::Press]);
    assert_eq!(app.responses.rows(), [rows[3].row]);
    let (chosen, hidden) = app.responses.selection();
    assert_eq!((chosen.as_slice(), hidden), (&[RowId(1), RowId(2)][..], 2));
    // Esc clears the filter, not the marks.
    act(&mut app, &rows, &[Action::No]);
    assert_eq!(app.responses.rows().len(), 12);
    assert_eq!(app.responses.selection().1, 0);
}

#[test]
fn a_text_that_is_no_query_leaves_the_last_good_one() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Filter]);
    type_text(&mut app, "size>1x");
    assert!(app.responses.query_error().is_some());
    assert_eq!(app.responses.rows().len(), 12);
}

#[test]
fn ranges_mark_from_one_end_to_the_other() {
    let (mut app, rows) = app();
    act(
        &mut app,
        &rows,
        &[
            Action::Move(Motion::Down),
            Action::Range,
            Action::Move(Motion::Down),
            Action::Move(Motion::Down),
            Action::Range,
        ],
    );
    let mut marks: Vec<RowId> = app.responses.marks().iter().copied().collect();
    marks.sort_unstable();
    assert_eq!(marks, [RowId(2), RowId(3), RowId(4)]);
    act(&mut app, &rows, &[Action::Invert]);
    assert_eq!(app.responses.marks().len(), 9);
    act(&mut app, &rows, &[Action::Unmark]);
    assert!(app.responses.marks().is_empty());
}

#[test]
fn the_cursor_stays_on_its_row_when_rows_come_and_go() {
    let (mut app, rows) = app();
    act(
        &mut app,
        &rows,
        &[Action::Move(Motion::Down), Action::Move(Motion::Down)],
    );
    let at = app.responses.cursor();
    let mut more = vec![response(99, State::Tracked)];
    more.extend(rows.clone());
    let effects = update(
        &mut app,
        Message::Tracked(vec![Tracked {
            row: RowId(99),
            is_new: true,
        }]),
    );
    answer(&mut app, effects, &more);
    assert_eq!((app.responses.cursor(), app.responses.position()), (at, 3));
    // Its row gone, it stays at its place.
    let less: Vec<Resource> = more.into_iter().filter(|r| Some(r.row) != at).collect();
    let effects = update(&mut app, Message::Tracked(Vec::new()));
    answer(&mut app, effects, &less);
    assert_eq!(app.responses.position(), 3);
}

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
fn pasted_lines_are_read_one_by_one_and_bad_ones_stay() {
    let (mut app, rows) = app();
    let text = "resp_a1\r\nnot an id\nfile-b2\n\nmystery";
    update(&mut app, Message::Paste(text.into()));
    assert!(
        matches!(app.mode, Mode::Add(_)),
        "a paste is never read as keys"
    );
    let effects = act(&mut app, &rows, &[Action::Press]);
    let [Effect::Track(sightings)] = &effects[..] else {
        panic!("{effects:?}");
    };
    let ids: Vec<&str> = sightings.iter().map(|s| s.id.as_str()).collect();
    assert_eq!(ids, ["resp_a1", "file-b2"]);
    let Mode::Add(add) = &app.mode else {
        panic!("{:?}", app.mode);
    };
    assert_eq!(add.lines.len(), 1);
    assert_eq!(
        (add.lines[0].0.as_str(), add.line.value()),
        ("not an id", "mystery")
    );
    // The kind of an id without a prefix is asked for.
    assert_eq!(add.reading(), Reading::NeedsKind);
    let effects = act(&mut app, &rows, &[Action::Switch, Action::Press]);
    let [Effect::Track(sightings)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(sightings[0].kind, Kind::Response);
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

#[test]
fn moving_in_a_large_listing_fetches_only_what_is_near() {
    let rows: Vec<Resource> = (1..=5_000).map(|n| response(n, State::Tracked)).collect();
    let mut app = app_with(session(), &rows, 80, 24);
    let effects = update(&mut app, Message::Act(Action::Move(Motion::Bottom)));
    let [Effect::Fetch(asked)] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert!(
        asked.len() <= 3 * app.page(Kind::Response),
        "{}",
        asked.len()
    );
    assert!(asked.contains(&RowId(5_000)));
}

#[test]
fn an_idle_screen_sleeps_for_a_minute_at_a_time_and_an_empty_one_for_good() {
    let (app, _) = app();
    let wake = app.next_wake().unwrap();
    assert_eq!(wake.duration_since(app.now), SignedDuration::from_secs(60));
    let empty = app_with(session(), &[], 80, 24);
    assert_eq!(empty.next_wake(), None);
}

#[test]
fn the_curl_line_leaves_the_key_to_the_shell_and_quotes_the_id() {
    let id = ResourceId::new("a/b'c").unwrap();
    assert_eq!(
        curl("https://h/api/v3/", Kind::File, &id),
        "curl -X DELETE -H \"Authorization: Bearer $ARK_API_KEY\" 'https://h/api/v3/files/a%2Fb%27c'"
    );
}

#[test]
fn what_is_copied_from_the_details_is_what_they_show() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Details]);
    // The row shown leaves the listing, and the cursor goes to another.
    let left: Vec<Resource> = rows[1..].to_vec();
    app.responses.outdate();
    let effects = update(&mut app, Message::Time(fixtures::now()));
    answer(&mut app, effects, &left);
    assert_eq!(app.current().unwrap().row, rows[1].row);
    let effects = update(&mut app, Message::Act(Action::Copy));
    assert!(
        effects.contains(&Effect::Copy(rows[0].id.to_string())),
        "{effects:?}"
    );
    let effects = update(&mut app, Message::Act(Action::Refresh));
    assert!(
        matches!(order(&effects), Some(Order::Open { row, .. }) if *row == rows[0].row),
        "{effects:?}"
    );
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

#[test]
fn a_filter_is_completed_and_comes_back() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Filter]);
    type_text(&mut app, "s");
    act(&mut app, &rows, &[Action::Complete]);
    assert_eq!(app.finder.offered.len(), 4);
    type_text(&mut app, "tate:fa");
    assert!(app.finder.offered.is_empty(), "somebody writes on");
    act(&mut app, &rows, &[Action::Complete]);
    assert_eq!(app.responses.filter.value(), "state:failed ");
    assert!(app.responses.query().asks_for_state(), "in force at once");
    act(&mut app, &rows, &[Action::Press]);
    act(&mut app, &rows, &[Action::Filter]);
    act(&mut app, &rows, &[Action::No]);
    assert_eq!(app.responses.filter.value(), "");
    act(&mut app, &rows, &[Action::Filter]);
    act(&mut app, &rows, &[Action::Earlier]);
    assert_eq!(app.responses.filter.value(), "state:failed");
}

#[test]
fn tags_and_a_note_of_one_row_are_changed_where_they_stand() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Label]);
    assert_eq!(app.context(), Context::Form);
    // It stands there, so it is neither put on again nor taken off.
    type_text(&mut app, " nightly");
    act(&mut app, &rows, &[Action::Switch]);
    type_text(&mut app, " keep ");
    let rest = act(&mut app, &rows, &[Action::Press]);
    let labels = Labels {
        add: vec!["nightly".into()],
        remove: Vec::new(),
        note: Some("keep".into()),
    };
    let row = rows[0].row;
    let asked = |labels| {
        [Effect::Label {
            rows: vec![row],
            labels,
        }]
    };
    assert_eq!(rest, asked(labels));

    act(&mut app, &rows, &[Action::Label]);
    update(&mut app, Message::Edit(InputRequest::DeleteFromStart));
    type_text(&mut app, "\u{7}-x");
    let labels = Labels {
        remove: vec!["x".into(), "test".into()],
        ..Labels::default()
    };
    // A control character cannot be typed into the field on a terminal, and is no tag either.
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
    assert!(matches!(&app.mode, Mode::Form(form) if form.problem.is_some()));
    update(&mut app, Message::Edit(InputRequest::DeleteFromStart));
    type_text(&mut app, "-x");
    assert_eq!(act(&mut app, &rows, &[Action::Press]), asked(labels));
    // Nothing changed, nothing written.
    assert_eq!(act(&mut app, &rows, &[Action::Label, Action::Press]), []);
    assert!(matches!(app.mode, Mode::Browse));
}

#[test]
fn tags_of_several_rows_are_put_on_and_taken_off() {
    let (mut app, rows) = app();
    act(
        &mut app,
        &rows,
        &[Action::Mark, Action::Mark, Action::Label],
    );
    update(&mut app, Message::Paste("ci -test\n".into()));
    act(&mut app, &rows, &[Action::Switch]);
    type_text(&mut app, "-");
    let rest = act(&mut app, &rows, &[Action::Press]);
    let labels = Labels {
        add: vec!["ci".into()],
        remove: vec!["test".into()],
        note: Some(String::new()),
    };
    let marked = vec![rows[0].row, rows[1].row];
    assert_eq!(
        rest,
        [Effect::Label {
            rows: marked,
            labels
        }]
    );
    let read_only = Session {
        refusal: Some(Refusal::ReadOnly),
        ..session()
    };
    let mut app = app_with(read_only, &rows, 80, 24);
    act(&mut app, &rows, &[Action::Label]);
    assert!(matches!(app.mode, Mode::Browse));
}

#[test]
fn freeing_room_marks_and_says_what_and_deletes_nothing() {
    let (mut app, rows) = app();
    // Files only.
    act(&mut app, &rows, &[Action::Free]);
    assert!(matches!(app.mode, Mode::Browse) && !app.allows(Action::Free));
    act(
        &mut app,
        &rows,
        &[Action::Files, Action::Mark, Action::Free],
    );
    type_text(&mut app, "lots");
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
    assert!(matches!(&app.mode, Mode::Form(form) if form.problem.is_some()));
    update(&mut app, Message::Edit(InputRequest::DeleteFromStart));
    type_text(&mut app, "13 MB");
    let rest = act(&mut app, &rows, &[Action::Switch, Action::Press]);
    let asked = FreeQuery {
        query: crate::domain::Query::default(),
        bytes: 13_000_000,
        first: FreeFirst::Largest,
        now: app.now,
    };
    assert_eq!(rest, [Effect::Free(asked)]);
    let chosen = vec![RowId(102), RowId(101)];
    let freed = Freed {
        rows: chosen.clone(),
        asked: 13_000_000,
        bytes: 13_195_110,
        in_use: 2_013_196_110,
        ..Freed::default()
    };
    assert_eq!(update(&mut app, Message::Freed(freed)), []);
    // Exactly these are marked; the form says so and is closed by another Enter.
    assert_eq!(app.files.marks(), &chosen.iter().copied().collect());
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
    assert!(matches!(app.mode, Mode::Browse));
    let event = &app.queue.activity[0].event;
    assert!(matches!(event, Event::Freed(freed) if freed.left() == 2_000_001_000));
    act(&mut app, &rows, &[Action::Delete]);
    assert!(
        matches!(&app.mode, Mode::Confirm(confirm) if confirm.rows == [RowId(101), RowId(102)])
    );
}

#[test]
fn one_import_at_a_time_and_escape_stops_it_last() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Import]);
    assert_eq!(act(&mut app, &rows, &[Action::Press]), [], "nothing typed");
    type_text(&mut app, "~/a");
    let effects = act(&mut app, &rows, &[Action::Complete]);
    assert_eq!(effects, [Effect::Complete("~/a".into())]);
    let answer = |asked: &str| {
        Message::Import(ImportNews::Completed {
            asked: asked.into(),
            text: "~/app.log".into(),
            names: Vec::new(),
        })
    };
    // Somebody typed on.
    type_text(&mut app, "p");
    update(&mut app, answer("~/a"));
    let effects = act(&mut app, &rows, &[Action::Press]);
    assert_eq!(effects, [Effect::Import("~/ap".into())]);
    assert!(app.allows(Action::Stop) && !app.allows(Action::Import));
    assert_eq!(act(&mut app, &rows, &[Action::Import]), []);
    assert!(matches!(app.mode, Mode::Browse));
    act(&mut app, &rows, &[Action::Range]);
    assert_eq!(
        act(&mut app, &rows, &[Action::No]),
        [],
        "the range goes first"
    );
    let effects = act(&mut app, &rows, &[Action::No, Action::Stop]);
    assert_eq!(effects, [Effect::StopImport, Effect::StopImport]);
    let ended = ImportTally {
        files: 1,
        stopped: true,
        ..ImportTally::default()
    };
    update(&mut app, Message::Import(ImportNews::Ended(ended)));
    assert_eq!(act(&mut app, &rows, &[Action::No, Action::Stop]), []);
}

#[test]
fn what_could_not_be_read_can_be_corrected() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Import]);
    type_text(&mut app, "x");
    act(&mut app, &rows, &[Action::Press]);
    let unreadable = ImportNews::Unreadable {
        name: "x".into(),
        error: Unreadable::Missing,
    };
    update(&mut app, Message::Import(unreadable));
    let ended = ImportTally {
        unreadable: 1,
        ..ImportTally::default()
    };
    update(&mut app, Message::Import(ImportNews::Ended(ended)));
    let Mode::Import(path) = &app.mode else {
        panic!("{:?}", app.mode);
    };
    assert_eq!(path.error, Some(Unreadable::Missing));
    assert_eq!(path.line.value(), "x");
    let refused = Session {
        refusal: Some(Refusal::ReadOnly),
        ..session()
    };
    let mut app = app_with(refused, &rows, 80, 24);
    act(&mut app, &rows, &[Action::Import]);
    assert!(matches!(app.mode, Mode::Browse) && !app.allows(Action::Import));
}

#[test]
fn a_file_is_uploaded_from_the_files_pane_and_stopping_is_offered() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Upload]);
    assert!(matches!(app.mode, Mode::Browse));
    act(&mut app, &rows, &[Action::Files, Action::Upload]);
    let problem = |app: &App| match &app.mode {
        Mode::Form(form) => form.problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
    assert_eq!(problem(&app), Some(FormProblem::NoPath));
    // As a terminal quotes what is dropped onto it.
    update(&mut app, Message::Paste("'~/demo film.mp4'\n".into()));
    act(&mut app, &rows, &[Action::Switch, Action::Switch]);
    type_text(&mut app, "1h");
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
    assert_eq!(problem(&app), Some(FormProblem::NotALife));
    update(&mut app, Message::Edit(InputRequest::DeleteFromStart));
    type_text(&mut app, "3d");
    let rest = act(&mut app, &rows, &[Action::Press]);
    let path = std::path::PathBuf::from("/home/li/demo film.mp4");
    let [Effect::Order(Order::Upload { ticket, files })] = &rest[..] else {
        panic!("{rest:?}");
    };
    let upload = Upload {
        path,
        purpose: "user_data".into(),
        life: Life::For(Duration::from_hours(72)),
        tags: Vec::new(),
    };
    assert_eq!(files, &[upload]);
    assert!(app.queue.pending() && app.allows(Action::Stop));
    let rest = act(&mut app, &rows, &[Action::Stop]);
    assert_eq!(rest, [Effect::Order(Order::Stop)]);
    let (ticket, at) = (*ticket, 0);
    let why = NotUploaded::Failed(Box::default());
    update(
        &mut app,
        Message::Report(Report::NotUploaded { ticket, at, why }),
    );
    update(
        &mut app,
        Message::Report(Report::Done { ticket, halt: None }),
    );
    assert!(!app.queue.pending() && app.queue.uploads.is_empty());
    assert!(app.queue.activity[0].event.is_bad());

    let no_key = Session {
        refusal: Some(Refusal::NoKey),
        ..session()
    };
    let mut app = app_with(no_key, &rows, 80, 24);
    act(&mut app, &rows, &[Action::Files, Action::Upload]);
    assert!(matches!(app.mode, Mode::Browse) && app.queue.activity[0].event.is_bad());
}

/// Opens the details of the first response; returns the ticket of what was asked of the worker.
fn opened(app: &mut App, rows: &[Resource]) -> Ticket {
    let effects = act(app, rows, &[Action::Details]);
    let Some(Order::Open { ticket, row }) = order(&effects) else {
        panic!("{effects:?}");
    };
    assert_eq!(*row, rows[0].row);
    *ticket
}

fn content(text: &str) -> Arc<Content> {
    let mut content = Content::default();
    content.text.push(Tint::Plain, text);
    content.json.push(Tint::JsonText, text);
    Arc::new(content)
}

fn details(app: &App) -> &Details {
    match &app.mode {
        Mode::Details(details) => details,
        mode => panic!("{mode:?}"),
    }
}

#[test]
fn details_show_what_comes_when_it_comes() {
    let (mut app, rows) = app();
    let ticket = opened(&mut app, &rows);
    assert_eq!(details(&app).look, Look::Awaited);
    let report = |report| Message::Report(report);
    let of = |ticket, text| Report::Opened {
        ticket,
        facts: Box::default(),
        content: content(text),
    };
    // What was asked for a row that is no longer shown is not taken for this one's.
    update(&mut app, report(of(Ticket(ticket.0 + 1), "other")));
    assert_eq!(details(&app).look, Look::Awaited);
    update(&mut app, report(of(ticket, "said")));
    assert_eq!(details(&app).look, Look::Here);
    act(&mut app, &rows, &[Action::Switch]);
    let text = |app: &App| details(app).reader().unwrap().document().text().to_owned();
    assert_eq!(text(&app), "said");
    let input = Ok(content("asked"));
    update(&mut app, report(Report::InputOpened { ticket, input }));
    assert_eq!(text(&app), "asked\nsaid");
    act(&mut app, &rows, &[Action::Switch]);
    assert_eq!(text(&app), "said\nasked");
    act(&mut app, &rows, &[Action::Switch]);
    assert!(details(&app).reader().is_none(), "back at the facts");
    act(&mut app, &rows, &[Action::No]);
    assert!(matches!(app.mode, Mode::Browse));
    // Too late: nobody looks any more, and nobody is bothered.
    let events = app.queue.activity.len();
    update(&mut app, report(of(ticket, "late")));
    assert_eq!(app.queue.activity.len(), events);
}

#[test]
fn details_say_why_there_is_nothing_to_read() {
    let (mut app, rows) = app();
    let ticket = opened(&mut app, &rows);
    let refusal = Refusal::NoKey;
    let rejected = Report::Rejected {
        ticket,
        refusal: refusal.clone(),
    };
    update(&mut app, Message::Report(rejected));
    assert_eq!(details(&app).look, Look::Refused(refusal));
    assert!(app.queue.activity.is_empty(), "said where it was asked");
    // Asked again, as the key for it says.
    let effects = act(&mut app, &rows, &[Action::Refresh]);
    let Some(Order::Open { ticket, .. }) = order(&effects) else {
        panic!("{effects:?}");
    };
    let gone = Report::NotOpened {
        ticket: *ticket,
        answer: Box::default(),
        is_gone: true,
    };
    update(&mut app, Message::Report(gone));
    assert_eq!(details(&app).look, Look::Gone(Box::default()));
    // The third is deleted: nothing is asked before the user insists.
    act(&mut app, &rows, &[Action::No]);
    let down = Action::Move(Motion::Down);
    let effects = act(&mut app, &rows, &[down, down, Action::Details]);
    assert_eq!(order(&effects), None);
    assert_eq!(details(&app).look, Look::NoMore);
    let effects = act(&mut app, &rows, &[Action::Refresh]);
    assert!(order(&effects).is_some());
}

#[test]
fn a_text_is_searched_as_the_needle_is_typed() {
    let (mut app, rows) = app();
    let ticket = opened(&mut app, &rows);
    let lines: Vec<_> = (0..100).map(|n| format!("line {n} of many")).collect();
    let text = lines.join("\n");
    let report = Report::Opened {
        ticket,
        facts: Box::default(),
        content: content(&text),
    };
    update(&mut app, Message::Report(report));
    act(&mut app, &rows, &[Action::Filter]);
    assert_eq!(app.context(), Context::Search);
    type_text(&mut app, "LINE 9");
    let reader = |app: &App| {
        let reader = details(app).reader().unwrap();
        (reader.hit(), reader.top())
    };
    assert_eq!(reader(&app).0, Some((1, 11)));
    act(&mut app, &rows, &[Action::Press]);
    assert_eq!(app.context(), Context::Details);
    assert!(app.allows(Action::NextHit));
    let (_, before) = reader(&app);
    act(&mut app, &rows, &[Action::NextHit]);
    let (hit, after) = reader(&app);
    assert_eq!(hit, Some((2, 11)));
    assert!(after > before, "line 90 is not on the first page");
    act(&mut app, &rows, &[Action::PreviousHit, Action::PreviousHit]);
    assert_eq!(reader(&app).0, Some((11, 11)));
    // Another page of the same is searched for the same.
    act(&mut app, &rows, &[Action::Switch]);
    assert_eq!(reader(&app).0, Some((1, 11)));
    act(&mut app, &rows, &[Action::Filter, Action::No]);
    assert_eq!(reader(&app).0, None);
    assert!(!app.allows(Action::NextHit));
    assert_eq!(details(&app).face, Face::Json);
}

/// The rows of the lines of the responses' pane, or what stands for them.
fn lines(app: &App) -> Vec<i64> {
    app.responses.rows().iter().map(|row| row.0).collect()
}

fn chains() -> (App, Vec<Resource>) {
    let rows = fixtures::chained();
    let mut app = app_with(session(), &rows, 80, 24);
    act(&mut app, &rows, &[Action::Chains]);
    (app, rows)
}

#[test]
fn chains_come_folded_and_are_unfolded_one_by_one() {
    let (mut app, rows) = chains();
    assert_eq!(lines(&app), [4, 7, -1, 10, 11]);
    let stem = app.responses.stem(0).unwrap();
    assert_eq!((stem.folded, stem.depth), (Some(4), 0));
    let tokens = |tokens, untold| Some(Weight { tokens, untold });
    assert_eq!(stem.weight, tokens(4 * 69, 0));
    assert_eq!(app.responses.stem(1).unwrap().weight, tokens(2 * 69, 1));
    let lost = app.responses.stem(2).unwrap();
    assert_eq!((lost.unknown, lost.folded), (Some("resp_lost"), Some(2)));
    assert_eq!(app.responses.stem(3).unwrap().folded, None);
    act(&mut app, &rows, &[Action::Unfold]);
    assert_eq!(lines(&app), [4, 3, 2, 1, 7, -1, 10, 11]);
    // Within a talk, what follows a turn can be folded away; folding on goes to the turn before.
    let down = Action::Move(Motion::Down);
    act(&mut app, &rows, &[down, Action::Fold]);
    assert_eq!(lines(&app), [4, 3, 7, -1, 10, 11]);
    act(&mut app, &rows, &[Action::Fold]);
    assert_eq!(app.responses.cursor(), Some(RowId(4)));
    act(&mut app, &rows, &[Action::Fold]);
    assert_eq!(lines(&app), [4, 7, -1, 10, 11]);
    // Enter unfolds first, and shows the details of what is unfolded.
    act(&mut app, &rows, &[Action::Details]);
    assert_eq!(lines(&app), [4, 3, 7, -1, 10, 11]);
    act(&mut app, &rows, &[Action::Details]);
    assert_eq!(details(&app).row, RowId(4));
    act(&mut app, &rows, &[Action::No, Action::Chains]);
    assert_eq!(lines(&app), (1..=12).collect::<Vec<i64>>());
}

#[test]
fn a_mark_on_a_folded_chain_is_on_all_of_it() {
    let (mut app, rows) = chains();
    act(&mut app, &rows, &[Action::Mark]);
    let marks = |app: &App| {
        let mut marks: Vec<i64> = app.responses.marks().iter().map(|row| row.0).collect();
        marks.sort_unstable();
        marks
    };
    assert_eq!(marks(&app), [1, 2, 3, 4]);
    assert_eq!(app.responses.marked(0), Marked::All);
    // Part of a chain by its subtree, and the rest of it with one more key.
    let up = Action::Move(Motion::Up);
    let down = Action::Move(Motion::Down);
    let actions = [
        Action::Unmark,
        up,
        Action::Unfold,
        down,
        down,
        Action::MarkChain,
    ];
    act(&mut app, &rows, &actions);
    assert_eq!(marks(&app), [1, 2]);
    act(&mut app, &rows, &[up, up, Action::Fold]);
    assert_eq!(app.responses.marked(0), Marked::Some);
    let (chosen, hidden) = app.responses.selection();
    assert_eq!(
        (chosen.len(), hidden),
        (2, 0),
        "folded away is not filtered away"
    );
    act(&mut app, &rows, &[Action::MarkChain]);
    assert_eq!(marks(&app), [1, 2, 3, 4]);
    // Everything is everything, and never what the ledger lacks.
    act(&mut app, &rows, &[Action::MarkAll]);
    assert_eq!(marks(&app), (1..=12).collect::<Vec<i64>>());
    act(&mut app, &rows, &[Action::Invert]);
    assert_eq!(marks(&app), [0; 0]);
    let actions = [Action::Range, down, down, Action::Range];
    act(&mut app, &rows, &actions);
    assert_eq!(marks(&app), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(app.responses.marked(2), Marked::All);
}

#[test]
fn deleting_under_the_cursor_reviews_the_whole_folded_chain() {
    let (mut app, rows) = chains();
    act(&mut app, &rows, &[Action::Delete]);
    let Mode::Confirm(confirm) = &app.mode else {
        panic!("{:?}", app.mode);
    };
    assert_eq!(confirm.rows, [4, 3, 2, 1].map(RowId));
}

#[test]
fn the_beginning_of_a_chain_is_looked_for_and_found_or_gone() {
    let (mut app, rows) = chains();
    let down = Action::Move(Motion::Down);
    act(&mut app, &rows, &[down, down]);
    let effects = act(&mut app, &rows, &[Action::Refresh]);
    let Some(Order::Walk { ticket, id }) = order(&effects) else {
        panic!("{effects:?}");
    };
    let (ticket, id) = (*ticket, id.clone());
    assert_eq!(id.as_str(), "resp_lost");
    assert_eq!(app.walk("resp_lost"), Some(Walk::Asked(ticket)));
    // Asked once is enough.
    assert_eq!(act(&mut app, &rows, &[Action::Refresh]), []);
    let gone = Report::Walked {
        ticket,
        id: id.clone(),
        row: None,
    };
    update(&mut app, Message::Report(gone));
    let done = Report::Done { ticket, halt: None };
    let effects = update(&mut app, Message::Report(done.clone()));
    answer(&mut app, effects, &rows);
    assert_eq!(app.walk("resp_lost"), Some(Walk::Gone));
    // It can be asked for again, and then it is there: its chain stays where the cursor is.
    act(&mut app, &rows, &[Action::Unfold]);
    assert_eq!(lines(&app), [4, 7, -1, 8, 9, 10, 11]);
    act(&mut app, &rows, &[down]);
    let mut more = rows.clone();
    let mut found = response(13, State::Tracked);
    found.id = id.clone();
    more.push(found);
    let effects = update(
        &mut app,
        Message::Report(Report::Walked {
            ticket,
            id,
            row: Some(RowId(13)),
        }),
    );
    answer(&mut app, effects, &more);
    let effects = update(&mut app, Message::Report(done));
    answer(&mut app, effects, &more);
    assert_eq!(lines(&app), [4, 7, 13, 8, 9, 10, 11]);
    assert_eq!(app.responses.cursor(), Some(RowId(8)));
    assert_eq!(app.walk("resp_lost"), None);
}

#[test]
fn nothing_that_is_not_in_the_ledger_is_opened_copied_or_fetched() {
    let (mut app, rows) = chains();
    let down = Action::Move(Motion::Down);
    act(&mut app, &rows, &[down, down, Action::Unfold]);
    assert_eq!(app.responses.cursor(), Some(RowId(-1)));
    for action in [
        Action::Details,
        Action::Copy,
        Action::CopyCurl,
        Action::Protect,
        Action::Delete,
    ] {
        assert_eq!(act(&mut app, &rows, &[action]), [], "{action:?}");
        assert!(matches!(app.mode, Mode::Browse), "{action:?}");
    }
    act(&mut app, &rows, &[Action::Mark]);
    assert!(app.responses.marks().is_empty());
}
