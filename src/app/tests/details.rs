//! One resource being looked at.

use super::*;

#[test]
fn the_palette_over_the_details_does_what_their_keys_do_and_leads_back_to_them() {
    let (mut app, rows) = app();
    let effects = act(&mut app, &rows, &[Action::Details]);
    let Some(Order::Open { ticket, row }) = order(&effects) else {
        panic!("{effects:?}");
    };
    let (ticket, row) = (*ticket, *row);
    let offer = |action, name| Offer {
        action,
        name,
        keys: "k".into(),
        words: name.into(),
    };
    let offers = || {
        vec![
            offer(Action::Switch, "next-page"),
            offer(Action::Copy, "copy"),
        ]
    };
    assert_eq!(act(&mut app, &rows, &[Action::Palette]), [Effect::Offer]);
    update(&mut app, Message::Offered(offers()));
    assert_eq!(app.context(), Context::Palette);
    // What comes meanwhile is about what is looked at all the same.
    let answer = Box::new(Answer::default());
    let not_opened = Report::NotOpened {
        ticket,
        answer,
        is_gone: true,
    };
    update(&mut app, Message::Report(not_opened));
    act(&mut app, &rows, &[Action::No]);
    assert_eq!(details(&app).row, row);
    assert!(matches!(details(&app).look, Look::Gone(_)));
    update(&mut app, Message::Offered(offers()));
    act(&mut app, &rows, &[Action::Press]);
    assert_eq!(details(&app).face, Face::Text);
    update(&mut app, Message::Offered(offers()));
    type_text(&mut app, "copy");
    let effects = act(&mut app, &rows, &[Action::Press]);
    assert_eq!(effects, [Effect::Copy(rows[0].id.as_str().to_owned())]);
    assert_eq!(details(&app).face, Face::Text);
}

#[test]
fn the_details_of_a_file_say_who_cites_it() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Files]);
    let effects = update(&mut app, Message::Act(Action::Details));
    let (row, id) = (rows[12].row, rows[12].id.clone());
    assert_eq!(effects[0], Effect::Citing { row, id });
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

/// The details of a row of some talks.
fn in_talk(row: usize) -> (App, Vec<Resource>) {
    let rows = fixtures::chained();
    let mut app = app_with(session(), &rows, 80, 24);
    let mut actions = vec![Action::Move(Motion::Down); row - 1];
    actions.push(Action::Details);
    act(&mut app, &rows, &actions);
    (app, rows)
}

#[test]
fn keys_lead_through_a_talk_at_the_same_page() {
    let (mut app, rows) = in_talk(2);
    act(&mut app, &rows, &[Action::Switch]);
    let effects = act(&mut app, &rows, &[Action::PreviousTurn]);
    let asked = matches!(order(&effects), Some(Order::Open { row, .. }) if *row == RowId(3));
    assert!(asked, "{effects:?}");
    assert_eq!(
        (details(&app).row, details(&app).face),
        (RowId(3), Face::Text)
    );
    act(&mut app, &rows, &[Action::PreviousTurn]);
    assert_eq!(details(&app).row, RowId(4));
    assert!(!app.allows(Action::PreviousTurn) && app.allows(Action::NextTurn));
    assert_eq!(act(&mut app, &rows, &[Action::PreviousTurn]), []);
    let next = [Action::NextTurn; 3];
    act(&mut app, &rows, &next);
    assert_eq!(details(&app).row, RowId(1));
    assert!(!app.allows(Action::NextTurn) && !app.allows(Action::NextBranch));
    act(&mut app, &rows, &[Action::No]);
    assert!(matches!(app.mode, Mode::Browse), "back in the pane at once");
}

#[test]
fn branches_are_gone_through_and_forward_is_where_one_came_from() {
    let (mut app, rows) = in_talk(7);
    // Two continue it: the older first, then the other, and round.
    act(&mut app, &rows, &[Action::NextTurn]);
    assert_eq!(details(&app).row, RowId(6));
    assert_eq!(details(&app).branch(), Some((1, 2)));
    act(&mut app, &rows, &[Action::NextBranch]);
    assert_eq!(
        (details(&app).row, details(&app).branch()),
        (RowId(5), Some((2, 2)))
    );
    act(&mut app, &rows, &[Action::PreviousTurn, Action::NextTurn]);
    assert_eq!(details(&app).row, RowId(5));
    act(&mut app, &rows, &[Action::NextBranch]);
    assert_eq!(details(&app).row, RowId(6));
}

#[test]
fn a_turn_that_the_ledger_lacks_is_looked_for_from_the_details() {
    let (mut app, mut rows) = in_talk(8);
    assert_eq!(details(&app).unknown(), Some("resp_lost"));
    assert!(app.allows(Action::PreviousTurn));
    let effects = act(&mut app, &rows, &[Action::PreviousTurn]);
    let Some(Order::Walk { ticket, id }) = order(&effects) else {
        panic!("{effects:?}");
    };
    assert!(!app.allows(Action::PreviousTurn), "asked once is enough");
    let mut found = response(13, State::Tracked);
    found.id = id.clone();
    rows.push(found);
    let walked = Report::Walked {
        ticket: *ticket,
        id: id.clone(),
        row: Some(RowId(13)),
    };
    let effects = update(&mut app, Message::Report(walked));
    answer(&mut app, effects, &rows);
    act(&mut app, &rows, &[Action::PreviousTurn]);
    assert_eq!(details(&app).row, RowId(13));
    // Nothing is asked of a service that nothing may be asked of.
    let rows = fixtures::chained();
    let refused = Session {
        refusal: Some(Refusal::NoKey),
        ..session()
    };
    let mut app = app_with(refused, &rows, 80, 24);
    let mut actions = vec![Action::Move(Motion::Down); 7];
    actions.push(Action::Details);
    act(&mut app, &rows, &actions);
    assert!(!app.allows(Action::PreviousTurn));
}

#[test]
fn what_the_service_says_it_continues_counts_before_the_ledger_knows() {
    let (mut app, rows) = in_talk(4);
    assert!(!app.allows(Action::PreviousTurn));
    let ticket = Ticket(1);
    let facts = crate::domain::Facts {
        previous_response_id: Some(rows[6].id.to_string()),
        ..crate::domain::Facts::default()
    };
    let opened = Report::Opened {
        ticket,
        facts: Box::new(facts),
        content: content("said"),
    };
    let effects = update(&mut app, Message::Report(opened));
    answer(&mut app, effects, &rows);
    act(&mut app, &rows, &[Action::PreviousTurn]);
    assert_eq!(details(&app).row, RowId(7));
}
