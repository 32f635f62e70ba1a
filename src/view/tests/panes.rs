//! The main screen, and help over it.

use super::*;

#[test]
fn main_screen() {
    snapshot("main", browsing);
}

#[test]
fn main_screen_with_marks_filter_and_files_in_focus() {
    snapshot("files", |width, height| {
        let mut app = after(
            width,
            height,
            &[Action::Mark, Action::Files, Action::Mark, Action::Filter],
        );
        for c in "-evil size>1x".chars() {
            let edit = tui_input::InputRequest::InsertChar(c);
            let effects = update(&mut app, Message::Edit(edit));
            answer(&mut app, effects, &resources());
        }
        app
    });
}

/// Files as a sync leaves them.
fn synced(width: u16, height: u16) -> App {
    let mut rows = resources();
    let status = |row: &mut Resource, status: &str| row.facts.status = Some(status.into());
    // Discovered by it; the others were known before.
    rows[12].tracked_at = now();
    status(&mut rows[12], "failed");
    status(&mut rows[13], "processing");
    rows[14].facts.created_at = Some(now());
    rows[14].tracked_at = now();
    status(&mut rows[14], "processing");
    status(&mut rows[15], "failed");
    rows.push(file(105, "talk.wav", 4_000, State::Tracked));
    rows[16].tracked_at = now();
    rows.push(file(106, "stuck.mov", 4_000, State::Queued));
    status(&mut rows[17], "processing");
    let mut app = app_with(session(), &rows, width, height);
    act(&mut app, &rows, &[Action::Files]);
    let report = Report::Synced {
        ticket: Ticket(1),
        began: now(),
        tally: SyncTally {
            pages: 2,
            seen: 5,
            new: 3,
            gone: 1,
            failed: 1,
            stuck: 2,
            complete: true,
            ..SyncTally::default()
        },
    };
    let effects = update(&mut app, Message::Report(report));
    answer(&mut app, effects, &rows);
    app
}

#[test]
fn what_a_sync_found() {
    snapshot("synced", synced);
}

#[test]
fn what_a_sync_found_is_told_in_words() {
    let text = screen(&synced(80, 24), Lang::En);
    for said in [
        "+ new",
        "✘ failed · ",
        "! stuck · ",
        "◌ processing",
        "∅ gone",
    ] {
        assert!(text.contains(said), "{said}");
    }
    // What is gone cannot be waited for any more.
    assert_eq!(text.matches("✘ failed").count(), 1);
}

#[test]
fn empty_ledger_without_a_key() {
    snapshot("no-key", |width, height| {
        let session = Session {
            refusal: Some(Refusal::NoKey),
            ..session()
        };
        app_with(session, &[], width, height)
    });
}

#[test]
fn demo() {
    snapshot("demo", |width, height| {
        let session = Session {
            demo: true,
            host: "127.0.0.1:41234".into(),
            ..session()
        };
        app_with(session, &resources(), width, height)
    });
}

#[test]
fn deletions_in_doubt() {
    snapshot("unsettled", |width, height| {
        let mut app = browsing(width, height);
        let counts = Counts {
            unsettled: 3,
            ..app.counts
        };
        update(&mut app, Message::Counted(counts));
        update(
            &mut app,
            Message::Recovered {
                unsettled: 3,
                returned: resources()[..2].iter().map(|r| (r.kind, r.row)).collect(),
            },
        );
        app
    });
}

#[test]
fn deletions_never_sent() {
    snapshot("unsent", |width, height| {
        let rows = resources();
        let mut app = browsing(width, height);
        let returned = [0, 1, 5, 12].map(|at| (rows[at].kind, rows[at].row));
        let recovered = Message::Recovered {
            unsettled: 0,
            returned: returned.to_vec(),
        };
        update(&mut app, recovered);
        app
    });
}

#[test]
fn help() {
    snapshot("help", |width, height| {
        after(width, height, &[Action::Help])
    });
}

/// The palette with something typed into it.
fn palette(lang: Lang, typed: &str, width: u16, height: u16) -> App {
    let mut app = browsing(width, height);
    let asked = act(&mut app, &resources(), &[Action::Palette]);
    assert_eq!(asked, [Effect::Offer]);
    let keys = Keymap::new(&BTreeMap::new()).unwrap();
    let offers = keys.offers(&app, &Catalogue::new(lang));
    update(&mut app, Message::Offered(offers));
    update(&mut app, Message::Paste(typed.into()));
    app
}

#[test]
fn the_palette() {
    for (width, height) in SIZES {
        let app = palette(Lang::En, "", width, height);
        snapshot_of("palette", &app, Lang::En);
    }
    let narrowed = palette(Lang::En, "mark", 80, 24);
    snapshot_of("palette-narrowed", &narrowed, Lang::En);
    let chinese = palette(Lang::ZhCn, "标记", 80, 24);
    snapshot_of("palette-zh", &chinese, Lang::ZhCn);
    let nothing = screen(&palette(Lang::En, "colour", 80, 24), Lang::En);
    assert!(nothing.contains("Nothing that can be done"), "{nothing}");
}

#[test]
fn the_cursor_of_the_palette_is_in_sight_at_any_size() {
    for (width, height) in SIZES {
        for way in [Motion::PageDown, Motion::Up, Motion::Bottom] {
            let mut app = palette(Lang::En, "", width, height);
            for _ in 0..3 {
                update(&mut app, Message::Act(Action::Move(way)));
            }
            let text = screen(&app, Lang::En);
            assert_eq!(text.matches("┃▸ ").count(), 1, "{width}x{height}\n{text}");
        }
    }
}

#[test]
fn hostile_text_never_reaches_a_cell_raw_at_any_size() {
    let mut rows = resources();
    rows[0].facts.model = Some("\u{1b}]52;c;AAAA\u{7}".into());
    rows[1] = failed(rows[1].clone());
    if let Some(answer) = &mut rows[1].answer {
        answer.message = Some("\u{1b}[31mred\u{9b}\u{202e}\r\n".repeat(500));
    }
    let names = [
        "\u{1b}[2J\u{1b}]0;title\u{7}\u{202e}fdp.exe".to_owned(),
        "长".repeat(10_000),
        format!("e{}", "\u{301}".repeat(300)),
        "👩\u{200d}👩\u{200d}👧\u{200d}👦".repeat(40),
        "👨\u{200d}".to_owned(),
    ];
    let files = rows.iter_mut().filter(|row| row.kind == Kind::File);
    for (row, name) in files.zip(names.iter().cycle()) {
        row.facts.name = Some(name.clone());
        row.tags = vec![name.chars().take(20).collect()];
    }
    for (width, height) in [
        (1, 1),
        (2, 5),
        (7, 3),
        (13, 9),
        (40, 12),
        (80, 24),
        (200, 60),
    ] {
        for actions in [
            &[][..],
            &[Action::Delete],
            &[Action::Details],
            &[Action::Help],
            &[Action::Add],
            &[Action::Files, Action::Details],
            &[Action::Files, Action::MarkAll, Action::Delete],
            &[Action::Files, Action::Label],
            &[Action::Files, Action::Upload],
            &[Action::Chains],
            &[Action::Import],
            &[Action::Palette],
            &[Action::Queue],
        ] {
            let mut app = app_with(session(), &rows, width, height);
            act(&mut app, &rows, actions);
            let text = screen(&app, Lang::En);
            let raw = text
                .chars()
                .find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
            assert_eq!(raw, None, "{width}x{height} {actions:?}");
            assert!(!text.contains("\u{200d} "), "{width}x{height} {actions:?}");
        }
    }
}

#[test]
fn no_state_is_told_by_colour_alone() {
    let rows: Vec<Resource> = State::ALL
        .into_iter()
        .zip(1..)
        .map(|(state, row)| response(row, state))
        .collect();
    let app = app_with(session(), &rows, 200, 60);
    let text = screen(&app, Lang::En);
    let words = Catalogue::new(Lang::En);
    for state in State::ALL.into_iter().filter(|s| *s != State::Expired) {
        let said = format!("{} {}", theme::glyph(state), words.state(state));
        assert!(text.contains(&said), "{said}");
    }
}
