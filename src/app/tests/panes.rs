//! Listings: filters, marks, the cursor, and what is asked of the ledger for them.

use super::*;

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
fn a_text_that_is_no_query_is_not_kept() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Filter]);
    type_text(&mut app, "colour:red");
    act(&mut app, &rows, &[Action::Complete]);
    assert!(!app.allows(Action::Press));
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
    assert_eq!(app.context(), Context::Filter);
    assert!(app.finder.offered.is_empty(), "the line says what is wrong");
    // Corrected, it is.
    for _ in 0..6 {
        update(&mut app, Message::Edit(InputRequest::DeletePrevWord));
    }
    type_text(&mut app, "tag:red");
    let kept = act(&mut app, &rows, &[Action::Press]);
    assert_eq!(kept, [Effect::Remember("tag:red".into())]);
    assert_eq!(app.context(), Context::Pane);
    // The history's has a language of its own.
    act(
        &mut app,
        &rows,
        &[Action::Queue, Action::History, Action::Filter],
    );
    type_text(&mut app, "batch:red");
    act(&mut app, &rows, &[Action::Press]);
    assert_eq!(app.context(), Context::Filter);
    act(&mut app, &rows, &[Action::No]);
    assert_eq!(app.context(), Context::Queue);
}

#[test]
fn the_palette_is_narrowed_and_does_what_is_chosen() {
    let offer = |action, name, words: &str| Offer {
        action,
        name,
        keys: "k".into(),
        words: words.into(),
    };
    let offers = || {
        vec![
            offer(Action::Protect, "protect", "Protect from deletion"),
            offer(Action::Delete, "delete", "删除"),
            offer(Action::Help, "help", "help"),
        ]
    };
    let (mut app, rows) = app();
    assert_eq!(act(&mut app, &rows, &[Action::Palette]), [Effect::Offer]);
    assert_eq!(app.context(), Context::Pane, "not before they are known");
    update(&mut app, Message::Offered(offers()));
    assert_eq!(app.context(), Context::Palette);
    let found = |app: &App| match &app.mode {
        Mode::Palette(palette) => palette.found().iter().map(|it| it.name).collect(),
        _ => Vec::new(),
    };
    assert_eq!(found(&app), ["protect", "delete", "help"]);
    type_text(&mut app, "DELE");
    assert_eq!(found(&app), ["delete", "protect"], "first what begins so");
    type_text(&mut app, " from");
    assert_eq!(found(&app), ["protect"]);
    type_text(&mut app, "x");
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
    assert_eq!(app.context(), Context::Palette, "there is nothing to do");
    update(&mut app, Message::Edit(InputRequest::DeleteFromStart));
    let down = Action::Move(Motion::Down);
    act(&mut app, &rows, &[down, down, down, Action::Press]);
    assert!(matches!(app.mode, Mode::Help { .. }));
    // What comes late, comes to nothing.
    update(&mut app, Message::Offered(offers()));
    assert!(matches!(app.mode, Mode::Help { .. }));
    act(&mut app, &rows, &[Action::No]);
    update(&mut app, Message::Offered(offers()));
    act(&mut app, &rows, &[Action::No]);
    assert_eq!(app.context(), Context::Pane);
    // A deletion is reviewed, as ever.
    update(&mut app, Message::Offered(offers()));
    act(&mut app, &rows, &[down, Action::Press]);
    assert!(matches!(app.mode, Mode::Confirm(_)));
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
    let remembered = [Effect::Remember("state:failed".into())];
    assert_eq!(act(&mut app, &rows, &[Action::Press]), remembered);
    let again = [Action::Filter, Action::Press, Action::Filter, Action::No];
    assert_eq!(act(&mut app, &rows, &again), [], "it is the newest already");
    assert_eq!(app.responses.filter.value(), "");
    act(&mut app, &rows, &[Action::Filter]);
    act(&mut app, &rows, &[Action::Earlier]);
    assert_eq!(app.responses.filter.value(), "state:failed");
    // What the ledger has is not put in between what is being gone through.
    let of_others = || Message::Filters(vec!["tag:ci".into(), "state:failed".into()]);
    update(&mut app, of_others());
    act(&mut app, &rows, &[Action::Earlier]);
    assert_eq!(app.responses.filter.value(), "state:failed");
    act(&mut app, &rows, &[Action::Press]);
    update(&mut app, of_others());
    let earlier = [Action::Filter, Action::Earlier, Action::Earlier];
    act(&mut app, &rows, &earlier);
    assert_eq!(app.responses.filter.value(), "tag:ci");
}

#[test]
fn read_only_keeps_no_filter() {
    let rows = resources();
    let refused = Session {
        refusal: Some(Refusal::ReadOnly),
        ..session()
    };
    let mut app = app_with(refused, &rows, 80, 24);
    act(&mut app, &rows, &[Action::Filter]);
    type_text(&mut app, "seed");
    assert_eq!(act(&mut app, &rows, &[Action::Press]), []);
}

#[test]
fn only_a_complete_sync_tells_what_is_stuck_and_the_last_one_what_is_new() {
    let (mut app, _) = app();
    let mut known = file(101, "long.mov", 1, State::Tracked);
    known.facts.status = Some("processing".into());
    let (now, minute) = (app.now, SignedDuration::from_mins(1));
    let new = Resource {
        tracked_at: now,
        ..known.clone()
    };
    let added = Resource {
        source: Source::Hand,
        ..new.clone()
    };
    let mut sync = |began, complete| {
        let tally = SyncTally {
            complete,
            ..SyncTally::default()
        };
        let ticket = Ticket(1);
        let report = Report::Synced {
            ticket,
            began,
            tally,
        };
        update(&mut app, Message::Report(report));
        let is_new = [&known, &new, &added].map(|it| app.files.is_new(it));
        (is_new, app.files.unready(&known, now))
    };
    let processing = Some(Unready::Processing);
    assert_eq!(sync(now, false), ([false, true, false], processing));
    let stuck = Some(Unready::Stuck);
    assert_eq!(sync(now, true), ([false, true, false], stuck));
    assert_eq!(sync(now + minute, false), ([false; 3], stuck));
}
