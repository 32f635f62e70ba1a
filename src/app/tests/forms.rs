//! What is typed or pasted: ids, tags, room to be freed, paths.

use super::*;
use crate::domain::Unreadable;

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
    assert_eq!(rest, [Effect::Free(asked.clone())]);
    let chosen = vec![RowId(102), RowId(101)];
    let freed = Freed {
        rows: chosen.clone(),
        asked: 13_000_000,
        bytes: 13_195_110,
        in_use: 2_013_196_110,
        ..Freed::default()
    };
    let told = |asked: &FreeQuery| Message::Freed {
        asked: asked.clone(),
        freed: freed.clone(),
    };
    let mine = app.files.marks().clone();
    assert_eq!(mine.len(), 1);
    let has_answer = |app: &App| matches!(&app.mode, Mode::Form(Form { about: About::Free { freed, .. }, .. }) if freed.is_some());
    // An answer to what the form no longer asks, or to a form that is gone, says nothing.
    act(&mut app, &rows, &[Action::Switch]);
    update(&mut app, told(&asked));
    assert!(!has_answer(&app));
    act(&mut app, &rows, &[Action::No]);
    update(&mut app, told(&asked));
    assert_eq!(app.files.marks(), &mine);
    // The answer is shown, and leaves the marks to another Enter; Esc leaves them as they were.
    for last in [Action::No, Action::Press] {
        act(&mut app, &rows, &[Action::Free, Action::Switch]);
        type_text(&mut app, "13 MB");
        act(&mut app, &rows, &[Action::Press]);
        assert_eq!(update(&mut app, told(&asked)), []);
        assert!(has_answer(&app));
        assert_eq!(app.files.marks(), &mine);
        assert!(app.queue.activity.is_empty());
        assert_eq!(act(&mut app, &rows, &[last]), []);
        if last == Action::No {
            assert_eq!(app.files.marks(), &mine);
        }
    }
    // Exactly these are marked.
    assert_eq!(app.files.marks(), &chosen.iter().copied().collect());
    assert!(matches!(app.mode, Mode::Browse));
    let event = &app.queue.activity[0].event;
    assert!(matches!(event, Event::Freed(freed) if freed.left() == 2_000_001_000));
    act(&mut app, &rows, &[Action::Delete]);
    assert!(
        matches!(&app.mode, Mode::Confirm(confirm) if confirm.rows == [RowId(101), RowId(102)])
    );
}

#[test]
fn one_import_at_a_time_and_only_the_stop_key_ends_it() {
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
    assert_eq!(act(&mut app, &rows, &[Action::No]), [], "hit by accident");
    assert!(!app.allows(Action::No));
    assert_eq!(act(&mut app, &rows, &[Action::Stop]), [Effect::StopImport]);
    let ended = ImportTally {
        files: 1,
        stopped: true,
        ..ImportTally::default()
    };
    update(&mut app, Message::Import(ImportNews::Ended(ended)));
    assert_eq!(act(&mut app, &rows, &[Action::Stop]), []);
}

#[test]
fn an_import_tells_what_it_searched() {
    let told = |files, lines, bare_lines| {
        let (mut app, rows) = app();
        act(&mut app, &rows, &[Action::Import]);
        type_text(&mut app, "x");
        act(&mut app, &rows, &[Action::Press]);
        let ended = ImportTally {
            files,
            lines,
            bare_lines,
            ..ImportTally::default()
        };
        update(&mut app, Message::Import(ImportNews::Ended(ended)));
        let events = app.queue.activity.iter().map(|it| &it.event);
        let searched = |event: &&Event| matches!(event, Event::Import(ImportEvent::Searched(_)));
        events.filter(searched).count()
    };
    assert_eq!([told(1, 3, 1), told(2, 3, 0), told(1, 3, 0)], [1, 1, 0]);
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

/// What the line of paths stands for.
fn found(
    app: &mut App,
    asked: &str,
    files: Result<Vec<std::path::PathBuf>, (String, Unreadable)>,
) -> Vec<Effect> {
    let asked = asked.to_owned();
    let bytes = 7_000;
    update(
        app,
        Message::FoundFiles {
            asked,
            files,
            bytes,
        },
    )
}

#[test]
fn several_files_are_shown_before_they_are_uploaded() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Files, Action::Upload]);
    assert_eq!(app.context(), Context::FormPath);
    type_text(&mut app, "~/*.p");
    let effects = act(&mut app, &rows, &[Action::Complete]);
    assert_eq!(effects, [Effect::Complete("~/*.p".into())]);
    type_text(&mut app, "df");
    let completed = ImportNews::Completed {
        asked: "~/*.p".into(),
        text: "late".into(),
        names: Vec::new(),
    };
    update(&mut app, Message::Import(completed));
    act(&mut app, &rows, &[Action::Press]);
    let unreadable = Err(("~/x".into(), Unreadable::Missing));
    // Of what is no longer there, and of what is.
    assert_eq!(found(&mut app, "~/*.p", unreadable.clone()), []);
    assert!(matches!(&app.mode, Mode::Form(form) if form.problem.is_none()));
    assert_eq!(found(&mut app, "~/*.pdf", unreadable), []);
    assert!(matches!(&app.mode, Mode::Form(form) if form.problem.is_some()));
    let files = || Ok(vec!["/home/li/a.pdf".into(), "/home/li/b.pdf".into()]);
    assert_eq!(found(&mut app, "~/*.pdf", files()), []);
    // Somebody types on: another line, another look.
    type_text(&mut app, "x");
    let effects = act(&mut app, &rows, &[Action::Press]);
    assert_eq!(effects, [Effect::FindFiles("~/*.pdfx".into())]);
    assert_eq!(found(&mut app, "~/*.pdfx", files()), []);
    let is_told = |form: &Form| matches!(form.about, About::Upload { bytes: 7_000, .. });
    assert!(matches!(&app.mode, Mode::Form(form) if is_told(form)));
    let effects = act(&mut app, &rows, &[Action::Press]);
    // One order, so that what refuses one refuses the rest.
    let [Effect::Order(Order::Upload { files, .. })] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(files.len(), 2);
    assert!(matches!(app.mode, Mode::Browse));
}

#[test]
fn stopping_many_uploads_is_one_line() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Files, Action::Upload]);
    type_text(&mut app, "~/*");
    let files = (0..2_470).map(|n| format!("/home/li/{n}").into()).collect();
    found(&mut app, "~/*", Ok(files));
    let effects = act(&mut app, &rows, &[Action::Press]);
    let [Effect::Order(Order::Upload { ticket, .. })] = effects[..] else {
        panic!("{effects:?}");
    };
    let before = app.queue.activity.len();
    let why = || NotUploaded::Failed(Box::default());
    for at in 0..3 {
        assert_eq!(app.queue.uploads[&ticket].at, at);
        let why = why();
        update(
            &mut app,
            Message::Report(Report::NotUploaded { ticket, at, why }),
        );
    }
    assert!(app.allows(Action::Stop));
    update(
        &mut app,
        Message::Report(Report::Done { ticket, halt: None }),
    );
    assert_eq!(app.queue.activity.len(), before + 4);
    let last = &app.queue.activity[0].event;
    assert!(matches!(last, Event::NotBegun(2_467)), "{last:?}");
    assert!(!app.queue.pending() && app.queue.uploads.is_empty());
}

#[test]
fn a_file_is_uploaded_from_the_files_pane_and_stopping_is_offered() {
    let (mut app, rows) = app();
    act(&mut app, &rows, &[Action::Upload]);
    assert!(matches!(app.mode, Mode::Browse));
    act(&mut app, &rows, &[Action::Files, Action::Upload]);
    let problem = |app: &App| match &app.mode {
        Mode::Form(form) => form.problem.clone(),
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
    let asked = "'~/demo film.mp4'";
    let rest = act(&mut app, &rows, &[Action::Press]);
    assert_eq!(rest, [Effect::FindFiles(asked.into())]);
    let path = std::path::PathBuf::from("/home/li/demo film.mp4");
    let rest = found(&mut app, asked, Ok(vec![path.clone()]));
    assert!(matches!(app.mode, Mode::Browse));
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
