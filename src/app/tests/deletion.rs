//! From a key to the order to delete: reviewed, confirmed, refused.

use super::*;

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

fn confirming(app: &App) -> &Confirm {
    match &app.mode {
        Mode::Confirm(confirm) => confirm,
        mode => panic!("{mode:?}"),
    }
}

#[test]
fn what_others_took_meanwhile_is_off_the_review_and_its_new_number_is_taken() {
    let mut rows: Vec<Resource> = (1..=40).map(|n| response(n, State::Tracked)).collect();
    let mut app = app_with(session(), &rows, 80, 24);
    act(&mut app, &rows, &[Action::MarkAll, Action::Delete]);
    wait(&mut app, 300);
    // Another instance deletes five, before and behind what is struck out, and one of them is protected.
    let taken = [0, 1, 8, 20, 39];
    for at in taken {
        rows[at].state = State::Deleted;
    }
    rows[30].protected = true;
    let strike = [
        Action::Move(Motion::PageDown),
        Action::Move(Motion::PageUp),
        Action::Move(Motion::Down),
        Action::Move(Motion::Down),
        Action::Mark,
    ];
    act(&mut app, &rows, &strike);
    let confirm = confirming(&app);
    assert_eq!((confirm.rows.len(), confirm.going()), (34, 33));
    assert_eq!((confirm.left_out, confirm.kept), (5, 1));
    assert!(confirm.struck.contains(&rows[2].row) && confirm.rows.contains(&rows[2].row));
    assert_eq!(confirm.review.as_ref().unwrap().rows.len(), 33);
    assert_eq!(confirm.rows[confirm.at], rows[3].row, "the cursor stays");
    // What was struck out goes, too, and is taken in again: the ledger has the last word on it.
    rows[2].state = State::Deleted;
    act(&mut app, &rows, &[Action::Move(Motion::Up), Action::Mark]);
    let confirm = confirming(&app);
    assert_eq!((confirm.rows.len(), confirm.going()), (33, 33));
    assert_eq!((confirm.left_out, confirm.struck.len()), (6, 0));
    type_text(&mut app, "33");
    let effects = act(&mut app, &rows, &[Action::Press]);
    let Some(Order::Delete { rows: asked, .. }) = order(&effects) else {
        panic!("{effects:?}");
    };
    let stay = |at: &usize| ![0, 1, 2, 8, 20, 30, 39].contains(at);
    let left: Vec<RowId> = (0..40).filter(stay).map(|at| rows[at].row).collect();
    assert_eq!(*asked, left);
}

#[test]
fn of_what_the_filter_hides_only_what_will_go_is_counted() {
    let mut rows: Vec<Resource> = (1..=4).map(|n| response(n, State::Tracked)).collect();
    let mut app = app_with(session(), &rows, 80, 24);
    let shown = rows[0].id.as_str().to_owned();
    act(&mut app, &rows, &[Action::MarkAll, Action::Filter]);
    for c in shown.chars() {
        let effects = update(&mut app, Message::Edit(InputRequest::InsertChar(c)));
        answer(&mut app, effects, &rows);
    }
    act(&mut app, &rows, &[Action::Press, Action::Delete]);
    wait(&mut app, 300);
    assert_eq!(confirming(&app).hidden(), 3);
    rows[3].state = State::Deleted;
    let last_but_one = [Action::Move(Motion::Bottom), Action::Move(Motion::Up)];
    act(&mut app, &rows, &last_but_one);
    act(&mut app, &rows, &[Action::Mark]);
    // One is struck out, one is gone.
    let confirm = confirming(&app);
    assert_eq!((confirm.hidden(), confirm.going()), (1, 2));
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
