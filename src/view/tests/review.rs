//! What stands between a key and a deletion.

use super::*;

#[test]
fn review_of_one() {
    snapshot("confirm", |width, height| {
        after(width, height, &[Action::Delete])
    });
}

#[test]
fn review_of_many_on_a_protected_profile() {
    snapshot("confirm-many", |width, height| {
        let rows: Vec<Resource> = (1..=150).map(|n| response(n, State::Tracked)).collect();
        let session = Session {
            protected: true,
            ..session()
        };
        let mut app = app_with(session, &rows, width, height);
        act(&mut app, &rows, &[Action::MarkAll, Action::Delete]);
        wait(&mut app, 300);
        for c in "15".chars() {
            update(
                &mut app,
                Message::Edit(tui_input::InputRequest::InsertChar(c)),
            );
        }
        app
    });
}

#[test]
fn review_with_an_item_struck_out() {
    snapshot("confirm-struck", |width, height| {
        let actions = [Action::Mark, Action::Mark, Action::Mark, Action::Delete];
        let mut app = after(width, height, &actions);
        act(&mut app, &resources(), &[Action::Mark]);
        app
    });
}

/// A review of files, one of them protected and two of them cited by responses that stay.
fn reviewing_cited(width: u16, height: u16) -> App {
    let mut rows = resources();
    rows.push(file(105, "protected.pdf", 7_000, State::Tracked));
    rows[16].protected = true;
    let mut app = app_with(session(), &rows, width, height);
    let actions = [Action::Files, Action::MarkAll, Action::Delete];
    act(&mut app, &rows, &actions);
    let Mode::Confirm(confirm) = &app.mode else {
        panic!("no review");
    };
    let mut review = confirm.review.clone().unwrap();
    review.bytes = 13_196_110;
    let citing = |count, some: &[usize]| Citing {
        count,
        some: some.iter().map(|at| rows[*at].id.clone()).collect(),
    };
    review.cited.insert(rows[12].row, citing(1, &[0]));
    review.cited.insert(rows[13].row, citing(12, &[0, 1, 5]));
    let generation = confirm.generation;
    update(&mut app, Message::Reviewed { generation, review });
    wait(&mut app, 300);
    app
}

#[test]
fn review_of_files_that_responses_cite() {
    snapshot("confirm-cited", reviewing_cited);
}

#[test]
fn the_cursor_of_the_review_is_in_sight_at_any_size() {
    for height in 8..40 {
        for width in [20, 40, 60, 80, 200] {
            let mut app = reviewing_cited(width, height);
            // A mark of the current one that is there in any width.
            act(
                &mut app,
                &resources(),
                &[Action::Move(Motion::Bottom), Action::Mark],
            );
            let text = screen(&app, Lang::En);
            assert!(text.contains("┃ - file"), "{width}x{height}\n{text}");
        }
    }
}

#[test]
fn a_key_that_cannot_confirm_yet_is_answered() {
    let says = |app: &App, key: &str| {
        for lang in [Lang::En, Lang::ZhCn] {
            let (text, words) = (screen(app, lang), Catalogue::new(lang));
            assert!(text.contains(&*words.text(key)), "{key}: {text}");
        }
    };
    let rows: Vec<Resource> = (1..=21).map(|n| response(n, State::Tracked)).collect();
    let mut app = app_with(session(), &rows, 80, 24);
    act(&mut app, &rows, &[Action::MarkAll]);
    let review = update(&mut app, Message::Act(Action::Delete));
    wait(&mut app, 300);
    says(&app, "confirm-counting");
    assert_eq!(update(&mut app, Message::Act(Action::Press)), []);
    says(&app, "confirm-still-counting");
    answer(&mut app, review, &rows);
    act(&mut app, &rows, &[Action::Press]);
    says(&app, "confirm-wrong-number");
    let typed = tui_input::InputRequest::InsertChar('2');
    update(&mut app, Message::Edit(typed));
    let text = screen(&app, Lang::En);
    assert!(
        !text.contains("not the number"),
        "it is being typed: {text}"
    );
    act(
        &mut app,
        &rows,
        &[Action::No, Action::Unmark, Action::Delete],
    );
    wait(&mut app, 300);
    act(
        &mut app,
        &rows,
        &[Action::Mark, Action::Switch, Action::Press],
    );
    says(&app, "confirm-nothing");
}
