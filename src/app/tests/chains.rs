//! Responses as trees.

use super::*;

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
    let weight = |tokens, untold, latest| {
        let latest = Some(RowId(latest));
        Some(Weight {
            tokens,
            untold,
            latest,
        })
    };
    assert_eq!(stem.weight, weight(4 * 69, 0, 1));
    assert_eq!(app.responses.stem(1).unwrap().weight, weight(2 * 69, 1, 5));
    assert!(app.row(RowId(1)).is_some(), "its age is on the screen");
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
fn a_turn_whose_beginning_is_filtered_away_says_so() {
    let (mut app, rows) = chains();
    act(&mut app, &rows, &[Action::Filter]);
    for c in format!("-{}", rows[2].id).chars() {
        let effects = update(&mut app, Message::Edit(InputRequest::InsertChar(c)));
        answer(&mut app, effects, &rows);
    }
    act(&mut app, &rows, &[Action::Press]);
    assert_eq!(lines(&app), [2, 4, 7, -1, 10, 11]);
    let hidden: Vec<_> = (0..6)
        .map(|at| app.responses.stem(at).unwrap().hidden)
        .collect();
    assert_eq!(hidden, [Some(RowId(3)), None, None, None, None, None]);
    act(&mut app, &rows, &[Action::Move(Motion::Top)]);
    assert!(app.row(RowId(3)).is_some(), "to say what became of it");
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

#[test]
fn what_the_ledger_could_not_answer_is_asked_again_by_a_key_and_not_by_a_frame() {
    let rows = fixtures::chained();
    let mut app = app_with(session(), &rows, 80, 24);
    let listing = update(&mut app, Message::Act(Action::Chains));
    let mut questions = Vec::new();
    for effect in listing {
        let Effect::List {
            kind, generation, ..
        } = effect
        else {
            continue;
        };
        if kind == Kind::Response {
            let listed: Vec<RowId> = rows.iter().map(|row| row.row).collect();
            let listing = crate::domain::Listing {
                forest: Some(crate::domain::Forest::new(
                    &listed,
                    vec![(RowId(1), crate::domain::Link::Row(RowId(2)))],
                )),
                rows: listed,
            };
            questions = update(
                &mut app,
                Message::Listed {
                    kind,
                    generation,
                    listing,
                },
            );
        }
    }
    assert!(matches!(questions[..], [Effect::Weigh { .. }, ..]));
    app.rows.clear();
    let wanted = update(&mut app, Message::Drawn { overflow: 0 });
    assert!(matches!(wanted[..], [Effect::Fetch(_)]));
    for _ in 0..3 {
        let failed = Message::LedgerFailed("disk I/O error".into());
        assert_eq!(update(&mut app, failed), []);
        assert_eq!(update(&mut app, Message::Drawn { overflow: 0 }), []);
        assert_eq!(wait(&mut app, 60_000), []);
    }
    let again = update(&mut app, Message::Act(Action::Move(Motion::Down)));
    assert!(matches!(
        again[..],
        [Effect::Weigh { .. }, Effect::Fetch(_)]
    ));
}
