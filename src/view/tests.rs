//! Every view as text at four sizes, in English; and each once more in Simplified Chinese.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::app::fixtures::{
    act, answer, app_with, chained, failed, file, now, resources, response, session, wait,
};
use crate::app::{Action, ImportNews, Message, Motion, Session, update};
use crate::domain::{
    Answer, BatchId, Cause, Citing, Counts, Freed, Halt, HistoryEntry, HistoryPage, ImportProgress,
    ImportTally, Lang, NotUploaded, Order, Outcome, Pace, Refusal, Report, Resource, RowId,
    Settlement, State, Tally, Throttle, Ticket, Unreadable,
};

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 40), (200, 60), (40, 12)];

fn screen(app: &App, lang: Lang) -> String {
    let words = Catalogue::new(lang);
    let keys = Keymap::new(&BTreeMap::new()).unwrap();
    let mut terminal = Terminal::new(TestBackend::new(app.width, app.height)).unwrap();
    let theme = Theme::new(false);
    terminal
        .draw(|frame| {
            draw(
                frame,
                Screen {
                    app,
                    words: &words,
                    keys: &keys,
                    theme,
                },
            );
        })
        .unwrap();
    let buffer = terminal.backend().buffer();
    let mut text = String::new();
    for y in 0..app.height {
        let mut x = 0;
        while x < app.width {
            let symbol = buffer[(x, y)].symbol();
            text.push_str(symbol);
            // A wide character owns the cells behind it.
            x += u16::try_from(text::width(symbol)).unwrap().max(1);
        }
        text.push('\n');
    }
    text
}

/// A view by name, from a screen of the given size.
fn snapshot(name: &str, make: impl Fn(u16, u16) -> App) {
    for (width, height) in SIZES {
        let app = make(width, height);
        insta::assert_snapshot!(format!("{name}-{width}x{height}"), screen(&app, Lang::En));
    }
    let app = make(80, 24);
    insta::assert_snapshot!(format!("{name}-zh-80x24"), screen(&app, Lang::ZhCn));
}

fn browsing(width: u16, height: u16) -> App {
    app_with(session(), &resources(), width, height)
}

fn after(width: u16, height: u16, actions: &[Action]) -> App {
    let mut app = browsing(width, height);
    act(&mut app, &resources(), actions);
    wait(&mut app, 300);
    app
}

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
                returned: 40,
            },
        );
        app
    });
}

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

/// A batch at work: one done, one on the wire, one waiting for another try, one queued.
fn at_work(width: u16, height: u16) -> App {
    let rows = resources();
    let mut app = browsing(width, height);
    let batch = BatchId(7);
    let report = |report| Message::Report(report);
    let ids: Vec<_> = [0, 1, 5, 6].map(|i| rows[i].row).to_vec();
    let accepted = Report::Accepted {
        ticket: Ticket(1),
        batch,
        rows: ids.into(),
        starts_at: now(),
    };
    update(&mut app, report(accepted));
    update(&mut app, report(Report::Started { batch }));
    wait(&mut app, 2_000);
    let settlement = Settlement {
        row: rows[0].row,
        kind: rows[0].kind,
        id: rows[0].id.clone(),
        outcome: Outcome::Deleted,
        answer: Answer {
            attempts: 1,
            status: Some(200),
            ..Answer::default()
        },
    };
    let at = app.now;
    update(
        &mut app,
        report(Report::Settled {
            batch,
            settlement,
            state: State::Deleted,
            at,
        }),
    );
    update(
        &mut app,
        report(Report::Sending {
            batch,
            row: rows[1].row,
            attempt: 2,
        }),
    );
    update(
        &mut app,
        report(Report::Sending {
            batch,
            row: rows[5].row,
            attempt: 1,
        }),
    );
    let waiting = Report::Waiting {
        batch,
        row: rows[5].row,
        attempt: 1,
        until: app.now + SignedDuration::from_secs(4),
        answer: Answer {
            attempts: 1,
            status: Some(429),
            code: Some("AccountRateLimitExceeded".into()),
            message: Some("Too many requests".into()),
            cause: Some(Cause::Service),
            ..Answer::default()
        },
    };
    let Report::Waiting { until, answer, .. } = waiting.clone() else {
        unreachable!()
    };
    update(&mut app, report(waiting));
    let pace = Pace {
        in_flight: 1,
        limit: 4,
        throttle: Some(Box::new(Throttle { until, answer })),
    };
    update(&mut app, report(Report::Pace(pace)));
    app
}

#[test]
fn the_footer_says_what_p_does_now() {
    let mut app = at_work(80, 24);
    for (report, hint) in [
        (None, " p pause "),
        (Some(Report::Paused), " p resume "),
        (Some(Report::Unpaused), " p pause "),
    ] {
        if let Some(report) = report {
            update(&mut app, Message::Report(report));
        }
        let text = screen(&app, Lang::En);
        assert!(text.contains(hint), "{hint}: {text}");
    }
    // Also where nothing is under way: what is paused has to be resumed somehow.
    let mut app = browsing(80, 24);
    assert!(!screen(&app, Lang::ZhCn).contains(" p "));
    update(&mut app, Message::Report(Report::Paused));
    assert!(screen(&app, Lang::ZhCn).contains(" p 继续 "));
}

#[test]
fn a_batch_at_work() {
    snapshot("at-work", at_work);
}

#[test]
fn a_batch_that_is_being_written_down() {
    snapshot("writing", |width, height| {
        let actions = [Action::MarkAll, Action::Delete];
        let mut app = after(width, height, &actions);
        act(&mut app, &resources(), &[Action::Yes]);
        app
    });
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

#[test]
fn a_batch_in_its_undo_window() {
    snapshot("held", |width, height| {
        let rows = resources();
        let mut app = browsing(width, height);
        let accepted = Report::Accepted {
            ticket: Ticket(1),
            batch: BatchId(7),
            rows: vec![rows[0].row].into(),
            starts_at: app.now + SignedDuration::from_millis(4_200),
        };
        update(&mut app, Message::Report(accepted));
        app
    });
}

#[test]
fn the_queue_in_focus_after_a_stop() {
    snapshot("queue", |width, height| {
        let mut app = at_work(width, height);
        let batch = BatchId(7);
        let halt = Halt {
            cause: Cause::KeyRefused,
            answer: Some(Answer {
                attempts: 1,
                status: Some(401),
                code: Some("AuthenticationError".into()),
                message: Some("The API key in the request is missing or invalid.".into()),
                request_id: Some("021795227300456".into()),
                cause: Some(Cause::KeyRefused),
                ..Answer::default()
            }),
        };
        let mut rows = resources();
        rows[0].state = State::Deleted;
        rows[1] = failed(rows[1].clone());
        rows[1].answer.clone_from(&halt.answer);
        let settlement = Settlement {
            row: rows[1].row,
            kind: rows[1].kind,
            id: rows[1].id.clone(),
            outcome: Outcome::Failed,
            answer: halt.answer.clone().unwrap(),
        };
        update(&mut app, Message::Report(Report::Halted { batch, halt }));
        let at = app.now;
        let settled = Report::Settled {
            batch,
            settlement,
            state: State::Failed,
            at,
        };
        update(&mut app, Message::Report(settled));
        let tally = Tally {
            deleted: 1,
            failed: 1,
            cancelled: 2,
            ..Tally::default()
        };
        let finished = Report::Finished {
            batch,
            tally,
            returned: [5, 6].map(|at| (rows[at].row, State::Tracked)).to_vec(),
        };
        let effects = update(&mut app, Message::Report(finished));
        answer(&mut app, effects, &rows);
        act(&mut app, &rows, &[Action::Queue]);
        app
    });
}

#[test]
fn details() {
    snapshot("details", |width, height| {
        let mut rows = resources();
        rows[0] = failed(rows[0].clone());
        let mut app = app_with(session(), &rows, width, height);
        act(&mut app, &rows, &[Action::Details]);
        app
    });
}

/// A response as the service shows it, with all that a response can have.
fn shown() -> serde_json::Value {
    serde_json::json!({
        "id": "resp_021795223300000000000000000000000000000000000000abcdef",
        "object": "response", "created_at": 1_795_223_300, "status": "incomplete",
        "model": "doubao-seed-2-0-lite-260215", "previous_response_id": "resp_0217952200000000000000000000000000000000000000000abcd",
        "caching": {"type": "enabled", "prefix": true}, "store": true, "service_tier": "default",
        "incomplete_details": {"reason": "length"}, "temperature": 0.7,
        "instructions": "Answer in one sentence. 用一句话回答。",
        "tools": [{"type": "function", "name": "get_weather"}],
        "usage": {"input_tokens": 50, "output_tokens": 19, "total_tokens": 69,
            "output_tokens_details": {"reasoning_tokens": 7}},
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "The user asks for the weather; a tool knows it."}]},
            {"type": "function_call", "call_id": "call_7", "name": "get_weather", "arguments": "{\"city\":\"上海\"}"},
            {"type": "message", "role": "assistant", "status": "incomplete", "content": [{"type": "output_text",
                "text": "上海今天多云转晴，气温十二到十八度，东北风三级，适合外出；早晚温差较大，请注意添衣。Air quality is good. 👩\u{200d}👩\u{200d}👧\r\n\u{1b}[2Jevil\u{202e}gpj.exe e\u{301}"}]},
        ],
    })
}

/// The details of a response whose object and input have come.
fn opened(width: u16, height: u16, rows: &[Resource]) -> App {
    let mut app = app_with(session(), rows, width, height);
    let effects = act(&mut app, rows, &[Action::Details]);
    let ticket = effects.iter().find_map(|effect| match effect {
        crate::app::Effect::Order(Order::Open { ticket, .. }) => Some(*ticket),
        _ => None,
    });
    let ticket = ticket.unwrap();
    let items = [
        serde_json::json!({"type": "message", "role": "user", "content": [
            {"type": "input_image", "file_id": "file-20261121101500-k3v9q"},
            {"type": "input_text", "text": "What is the weather in Shanghai today?"}]}),
        serde_json::json!({"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hello."}]}),
        serde_json::json!({"type": "message", "role": "user", "content": "Hi!"}),
    ];
    let kind = rows[0].kind;
    for report in [
        Report::Opened {
            ticket,
            facts: Box::new(rows[0].facts.clone()),
            content: crate::api::content(kind, &shown()).into(),
        },
        Report::InputOpened {
            ticket,
            input: Ok(crate::api::input(&items, false).into()),
        },
    ] {
        update(&mut app, Message::Report(report));
    }
    app
}

#[test]
fn details_that_have_come() {
    snapshot("details-facts", |width, height| {
        let mut app = opened(width, height, &resources());
        let row = resources()[0].row;
        let some = vec![resources()[1].id.clone()];
        update(
            &mut app,
            Message::Cited {
                row,
                citing: Citing { count: 1, some },
            },
        );
        app
    });
    snapshot("details-text", |width, height| {
        let mut app = opened(width, height, &resources());
        act(&mut app, &resources(), &[Action::Switch]);
        app
    });
    snapshot("details-json", |width, height| {
        let mut app = opened(width, height, &resources());
        let actions = [Action::Switch, Action::Switch, Action::Filter];
        act(&mut app, &resources(), &actions);
        for c in "type".chars() {
            let edit = tui_input::InputRequest::InsertChar(c);
            update(&mut app, Message::Edit(edit));
        }
        app
    });
    snapshot("details-failed", |width, height| {
        let rows = resources();
        let mut app = app_with(session(), &rows, width, height);
        act(&mut app, &rows, &[Action::Details, Action::Switch]);
        let answer = failed(rows[0].clone()).answer.unwrap();
        let report = Report::NotOpened {
            ticket: Ticket(1),
            answer: Box::new(answer),
            is_gone: false,
        };
        update(&mut app, Message::Report(report));
        app
    });
}

#[test]
fn hostile_text_in_the_details_is_shown_and_stays_in_its_window() {
    let hostile = [
        "\u{1b}]52;c;AAAA\u{7}\u{9b}31m\u{202e}\u{2066}".repeat(200),
        "a\u{301}".repeat(3_000) + &"\u{301}".repeat(7_000),
        "👩\u{200d}".repeat(10_000),
        "🇨🇳".repeat(5_000),
        "长".repeat(10_000),
        "word ".repeat(2_000),
        "\r\n\t".repeat(1_000),
    ];
    for said in hostile {
        let mut object = shown();
        object["output"][2]["content"][0]["text"] = said.clone().into();
        object["output"][1]["name"] = said.clone().into();
        object["error"] = serde_json::json!({"code": said, "message": said});
        object[&said] = serde_json::json!({"type": said});
        let items = [serde_json::json!({"type": said, "status": said, "content": said})];
        for (width, height) in [
            (1, 1),
            (2, 5),
            (7, 3),
            (13, 9),
            (40, 12),
            (80, 24),
            (200, 60),
        ] {
            let rows = resources();
            let mut app = app_with(session(), &rows, width, height);
            act(&mut app, &rows, &[Action::Details]);
            let ticket = Ticket(1);
            for report in [
                Report::Opened {
                    ticket,
                    facts: Box::default(),
                    content: crate::api::content(Kind::Response, &object).into(),
                },
                Report::InputOpened {
                    ticket,
                    input: Ok(crate::api::input(&items, true).into()),
                },
            ] {
                update(&mut app, Message::Report(report));
            }
            let frame = |text: &str| -> Vec<String> {
                let lines = text.lines().filter(|line| line.contains('┃'));
                let side =
                    |line: &str| text::width(&line[..line.rfind('┃').unwrap_or(0)]).to_string();
                lines.map(side).collect()
            };
            for actions in [
                &[][..],
                &[Action::Move(Motion::Bottom)],
                &[Action::Switch],
                &[Action::Move(Motion::PageDown)],
                &[Action::Move(Motion::Bottom)],
                &[Action::Switch],
                &[Action::Move(Motion::HalfDown)],
                &[Action::Move(Motion::Bottom)],
            ] {
                act(&mut app, &rows, actions);
                let text = screen(&app, Lang::En);
                let raw = |c: &char| c.is_control() && *c != '\n' || *c == '\u{202e}';
                assert_eq!(text.chars().find(raw), None, "{width}x{height}");
                // The right edge of the window is one straight line.
                let mut edges = frame(&text);
                edges.dedup();
                assert!(edges.len() <= 1, "{width}x{height}\n{text}");
            }
        }
    }
}

/// Chains of responses, one of them unfolded and one marked in part.
fn chains(width: u16, height: u16) -> App {
    let rows = chained();
    let mut app = app_with(session(), &rows, width, height);
    let (down, up) = (Action::Move(Motion::Down), Action::Move(Motion::Up));
    let actions = [
        Action::Chains,
        down,
        Action::Unfold,
        down,
        Action::MarkChain,
        down,
        down,
        Action::Mark,
        up,
    ];
    act(&mut app, &rows, &actions);
    app
}

#[test]
fn responses_as_chains() {
    snapshot("chains", chains);
    snapshot("chains-unfolded", |width, height| {
        let rows = chained();
        let mut app = app_with(session(), &rows, width, height);
        let (down, up) = (Action::Move(Motion::Down), Action::Move(Motion::Up));
        let actions = [
            Action::Chains,
            Action::Unfold,
            down,
            down,
            Action::MarkChain,
            Action::Fold,
            down,
            down,
            Action::Unfold,
            Action::Refresh,
            up,
        ];
        act(&mut app, &rows, &actions);
        app
    });
}

#[test]
fn hostile_text_in_chains_is_shown_and_stays_in_its_pane() {
    for hostile in [
        "\u{1b}[2J\u{202e}evil\r\n",
        "长",
        "👩\u{200d}",
        "a\u{301}\u{301}",
    ] {
        let mut rows = chained();
        for row in &mut rows {
            row.facts.previous_response_id = Some(hostile.repeat(2_000));
        }
        for (width, height) in [(1, 1), (7, 3), (13, 9), (40, 12), (80, 24), (200, 60)] {
            let mut app = app_with(session(), &rows, width, height);
            for action in [
                Action::Chains,
                Action::Unfold,
                Action::Refresh,
                Action::Mark,
            ] {
                act(&mut app, &rows, &[action]);
                let text = screen(&app, Lang::En);
                let raw = |c: &char| c.is_control() && *c != '\n' || *c == '\u{202e}';
                assert_eq!(text.chars().find(raw), None, "{width}x{height}");
            }
        }
    }
}

#[test]
fn adding_ids() {
    snapshot("add", |width, height| {
        let mut app = browsing(width, height);
        let text = "resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3\n\
                    file-20261121101500-k3v9q\nmystery\nresp_0217****\nnaïve id\nresp_half";
        update(&mut app, Message::Paste(text.into()));
        app
    });
}

/// Two settled deletions, one of them failed.
fn with_history(width: u16, height: u16) -> App {
    let rows = resources();
    let mut app = browsing(width, height);
    let entry = |seq: u64, row: &Resource, outcome, answer| HistoryEntry {
        seq,
        batch: Some(BatchId(7)),
        row: row.row,
        kind: row.kind,
        id: row.id.clone(),
        name: row.facts.model.clone(),
        outcome: Some(outcome),
        asked_at: Some(now()),
        sent_at: Some(now() + SignedDuration::from_secs(5)),
        settled_at: Some(now() + SignedDuration::from_secs(6)),
        answer,
    };
    let failed = failed(rows[1].clone()).answer.unwrap();
    let page = HistoryPage {
        entries: vec![
            entry(2, &rows[1], Outcome::Failed, failed),
            entry(1, &rows[0], Outcome::Deleted, Answer::default()),
        ],
        older: None,
    };
    update(&mut app, Message::Act(Action::Queue));
    let effects = update(&mut app, Message::Act(Action::History));
    let generation = effects.iter().find_map(|effect| match effect {
        crate::app::Effect::History { generation, .. } => Some(*generation),
        _ => None,
    });
    let told = Message::Told {
        generation: generation.unwrap(),
        is_older: false,
        page,
    };
    update(&mut app, told);
    app
}

#[test]
fn history() {
    snapshot("history", with_history);
    snapshot("history-entry", |width, height| {
        let mut app = with_history(width, height);
        update(&mut app, Message::Act(Action::Details));
        app
    });
}

#[test]
fn help() {
    snapshot("help", |width, height| {
        after(width, height, &[Action::Help])
    });
}

#[test]
fn quitting_with_work_pending() {
    snapshot("quit", |width, height| {
        let mut app = at_work(width, height);
        act(&mut app, &resources(), &[Action::Quit]);
        app
    });
    snapshot("leaving", |width, height| {
        let mut app = at_work(width, height);
        act(&mut app, &resources(), &[Action::Quit, Action::Yes]);
        app
    });
}

#[test]
fn hostile_text_never_reaches_a_cell_raw_at_any_size() {
    let mut rows = resources();
    rows[0].facts.model = Some("\u{1b}]52;c;AAAA\u{7}".into());
    rows[1] = failed(rows[1].clone());
    if let Some(answer) = &mut rows[1].answer {
        answer.message = Some("\u{1b}[31mred\u{9b}\u{202e}\r\n".repeat(500));
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
            &[Action::Queue],
        ] {
            let mut app = app_with(session(), &rows, width, height);
            act(&mut app, &rows, actions);
            let text = screen(&app, Lang::En);
            let raw = text
                .chars()
                .find(|c| c.is_control() && *c != '\n' || *c == '\u{202e}');
            assert_eq!(raw, None, "{width}x{height} {actions:?}");
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

#[test]
fn tags_and_note() {
    snapshot("label", |width, height| {
        let mut app = after(width, height, &[Action::Move(Motion::Down), Action::Label]);
        for c in "-x \"".chars() {
            let edit = tui_input::InputRequest::InsertChar(c);
            update(&mut app, Message::Edit(edit));
        }
        update(&mut app, Message::Paste(" \u{202e}夜间".into()));
        act(&mut app, &resources(), &[Action::Press]);
        app
    });
}

#[test]
fn asking_for_a_path() {
    snapshot("import", |width, height| {
        let mut app = after(width, height, &[Action::Import]);
        update(&mut app, Message::Paste("~/logs/app".into()));
        let completed = ImportNews::Completed {
            asked: "~/logs/app".into(),
            text: "~/logs/app.".into(),
            names: vec![
                "app.2.log.gz".into(),
                "app.\u{1b}[2J".into(),
                "app.har".into(),
            ],
        };
        update(&mut app, Message::Import(completed));
        app
    });
}

#[test]
fn room_to_be_freed() {
    snapshot("free", |width, height| {
        let mut app = after(width, height, &[Action::Files, Action::Free]);
        let counts = Counts {
            file_bytes: 16_400_000_000,
            unsized_files: 2,
            ..app.counts
        };
        update(&mut app, Message::Counted(counts));
        update(&mut app, Message::Paste("5GB".into()));
        let freed = Freed {
            rows: vec![RowId(102), RowId(101)],
            asked: 5_000_000_000,
            bytes: 13_195_110,
            in_use: 16_400_000_000,
            protected: 1,
            unknown: 2,
            ..Freed::default()
        };
        update(&mut app, Message::Freed(freed));
        app
    });
}

#[test]
fn importing() {
    snapshot("importing", |width, height| {
        let mut app = after(width, height, &[Action::Import]);
        update(&mut app, Message::Paste("~/logs".into()));
        update(&mut app, Message::Act(Action::Press));
        let tally = ImportTally {
            new: 40,
            known: 2,
            files: 3,
            unreadable: 1,
            ..ImportTally::default()
        };
        let unreadable = ImportNews::Unreadable {
            name: "~/logs/\u{202e}x.xz".into(),
            error: Unreadable::Packed("xz"),
        };
        update(&mut app, Message::Import(unreadable));
        update(&mut app, Message::Import(ImportNews::Ended(tally)));
        update(&mut app, Message::Act(Action::Import));
        update(&mut app, Message::Paste("~/app.log".into()));
        update(&mut app, Message::Act(Action::Press));
        let progress = ImportProgress {
            bytes: 420_000_000,
            total: Some(1_000_000_000),
            new: 312,
            rate: 480_000_000,
        };
        update(&mut app, Message::Import(ImportNews::Progress(progress)));
        app
    });
}

#[test]
fn a_file_to_be_uploaded() {
    snapshot("upload", |width, height| {
        let mut app = after(width, height, &[Action::Files, Action::Upload]);
        update(&mut app, Message::Paste("~/季度报告\u{202e}.pdf".into()));
        act(&mut app, &resources(), &[Action::Switch, Action::Switch]);
        update(&mut app, Message::Paste("1h".into()));
        act(&mut app, &resources(), &[Action::Press]);
        app
    });
}

#[test]
fn files_on_their_way() {
    snapshot("uploading", |width, height| {
        let mut app = after(width, height, &[Action::Files]);
        for path in [
            "~/demo.mp4",
            "/tmp/\u{1b}[2J.pdf",
            "/tmp/known.pdf",
            "/tmp/lost.pdf",
        ] {
            act(&mut app, &resources(), &[Action::Upload]);
            update(&mut app, Message::Paste(path.into()));
            act(&mut app, &resources(), &[Action::Press]);
        }
        let unreached = Answer {
            attempts: 1,
            status: Some(429),
            code: Some("RequestBurstTooFast".into()),
            cause: Some(Cause::Service),
            ..Answer::default()
        };
        let lost = Answer {
            attempts: 1,
            cause: Some(Cause::Timeout),
            detail: Some("120".into()),
            ..Answer::default()
        };
        let (at, bytes) = (0, 300_000_000);
        for report in [
            Report::Uploading {
                ticket: Ticket(1),
                at,
                sent: 120_000_000,
                bytes,
                waiting: None,
            },
            Report::Uploading {
                ticket: Ticket(2),
                at,
                sent: 0,
                bytes,
                waiting: Some((now() + SignedDuration::from_millis(4_200), unreached)),
            },
            Report::Uploaded {
                ticket: Ticket(3),
                at,
                id: crate::domain::ResourceId::new("file-20261121101500-k3v9q").unwrap(),
                row: None,
                facts: Box::default(),
                answer: Answer::default(),
            },
            Report::NotUploaded {
                ticket: Ticket(4),
                at,
                why: NotUploaded::InDoubt(Box::new(lost)),
            },
        ] {
            update(&mut app, Message::Report(report));
        }
        app
    });
}
