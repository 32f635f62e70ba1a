//! Batches, the history of them, and leaving while they run.

use super::*;

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
fn a_batch_that_is_held_while_the_queue_is_paused_counts_nothing_down() {
    let rows = resources();
    let mut app = browsing(80, 24);
    let accepted = Report::Accepted {
        ticket: Ticket(1),
        batch: BatchId(7),
        rows: vec![rows[0].row].into(),
        starts_at: app.now + SignedDuration::from_secs(5),
    };
    update(&mut app, Message::Report(Report::Paused));
    update(&mut app, Message::Report(accepted));
    wait(&mut app, 60_000);
    for (lang, held) in [
        (
            Lang::En,
            "Batch 7: 1 to delete, not before the queue is resumed. z takes it back.",
        ),
        (
            Lang::ZhCn,
            "批次 7：将删除 1 项，队列已暂停，继续后才开始。按 z 撤回。",
        ),
    ] {
        let text = screen(&app, lang);
        assert!(text.contains(held) && text.contains(" z "), "{text}");
    }
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

/// Two settled deletions, one of them failed.
fn with_history(width: u16, height: u16) -> App {
    history_of(&resources(), width, height)
}

fn history_of(rows: &[Resource], width: u16, height: u16) -> App {
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
fn hostile_text_in_the_history_is_shown_and_stays_in_its_pane() {
    for name in [
        "\u{1b}[2J\u{9b}31m\u{202e}fdp.exe".to_owned(),
        "长".repeat(10_000),
        format!("e{}", "\u{301}".repeat(300)),
        "👩\u{200d}👩\u{200d}👧".repeat(40),
        "👨\u{200d}".to_owned(),
    ] {
        let mut rows = resources();
        for row in &mut rows {
            row.facts.model = Some(name.clone());
        }
        for (width, height) in [(7, 3), (40, 12), (80, 24), (160, 45)] {
            let mut app = history_of(&rows, width, height);
            for _ in 0..2 {
                let text = screen(&app, Lang::En);
                let is_raw = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
                assert!(!text.contains(is_raw), "{width}x{height} {name:.20}");
                assert!(!text.contains("\u{200d} "), "{width}x{height} {name:.20}");
                // Again with the entry's details open.
                update(&mut app, Message::Act(Action::Details));
            }
        }
    }
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
