//! One resource being looked at.

use super::*;

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
        let turns = Turns {
            next: vec![resources()[1].row],
            ..Turns::default()
        };
        update(&mut app, Message::Turns { row, turns });
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
fn one_turn_of_many() {
    snapshot("details-turns", |width, height| {
        let rows = chained();
        let mut app = app_with(session(), &rows, width, height);
        // One of two that continue the seventh; which continues what is not in the ledger.
        let mut actions = vec![Action::Move(Motion::Down); 4];
        actions.push(Action::Details);
        act(&mut app, &rows, &actions);
        app
    });
    snapshot("details-unknown-turn", |width, height| {
        let rows = chained();
        let mut app = app_with(session(), &rows, width, height);
        let mut actions = vec![Action::Move(Motion::Down); 7];
        actions.push(Action::Details);
        act(&mut app, &rows, &actions);
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
