//! What is typed or pasted, and what becomes of it.

use super::*;
use crate::app::FormProblem;
use crate::domain::Unreadable;

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

/// A form opened and filled in, field after field, and Enter pressed.
fn filled_in(width: u16, height: u16, open: &[Action], fields: &[&str]) -> App {
    let mut app = after(width, height, open);
    for (at, field) in fields.iter().enumerate() {
        if at > 0 {
            act(&mut app, &resources(), &[Action::Switch]);
        }
        update(&mut app, Message::Paste((*field).into()));
    }
    act(&mut app, &resources(), &[Action::Press]);
    app
}

#[test]
fn tags_and_note() {
    snapshot("label", |width, height| {
        let open = [Action::Move(Motion::Down), Action::Label];
        filled_in(width, height, &open, &["-x \" \u{202e}夜间"])
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
        let effects = update(&mut app, Message::Act(Action::Press));
        for effect in effects {
            if let Effect::Free(asked) = effect {
                let freed = freed.clone();
                update(&mut app, Message::Freed { asked, freed });
            }
        }
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
            lines: 6_000,
            bare_lines: 5_958,
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
        let fields = ["~/季度报告\u{202e}.pdf", "", "1h"];
        filled_in(width, height, &[Action::Files, Action::Upload], &fields)
    });
}

#[test]
fn several_files_to_be_uploaded() {
    snapshot("upload-many", |width, height| {
        let open = [Action::Files, Action::Upload];
        let mut app = filled_in(width, height, &open, &["~/*.pdf"]);
        let names = ["季度报告 终稿.pdf", "\u{1b}[2J.pdf", "invoice.pdf"];
        let files = names.map(|name| std::path::Path::new("/home/li").join(name));
        let found = Message::FoundFiles {
            asked: "~/*.pdf".into(),
            files: Ok(files.to_vec()),
            bytes: 12_345_678,
        };
        update(&mut app, found);
        app
    });
}

#[test]
fn hundreds_of_files_to_be_uploaded() {
    snapshot("upload-hundreds", |width, height| {
        let open = [Action::Files, Action::Upload];
        let mut app = filled_in(width, height, &open, &["~/*.pdf"]);
        let files = (1..=2_470).map(|n| format!("/home/li/{}{n}.pdf", "季度报告".repeat(n % 12)));
        let found = Message::FoundFiles {
            asked: "~/*.pdf".into(),
            files: Ok(files.map(Into::into).collect()),
            bytes: 99_000_000_000,
        };
        update(&mut app, found);
        let Mode::Form(form) = &mut app.mode else {
            panic!("{:?}", app.mode);
        };
        form.problem = Some(FormProblem::NotALife);
        app
    });
}

#[test]
fn several_files_on_their_way() {
    snapshot("uploading-many", |width, height| {
        let mut app = after(width, height, &[Action::Files, Action::Upload]);
        update(&mut app, Message::Paste("~/*.mp4".into()));
        let files = Ok((1..=7)
            .map(|n| format!("/home/li/{n}.mp4").into())
            .collect());
        let asked = "~/*.mp4".into();
        update(
            &mut app,
            Message::FoundFiles {
                asked,
                files,
                bytes: 0,
            },
        );
        act(&mut app, &resources(), &[Action::Press]);
        update(
            &mut app,
            Message::Report(Report::Uploading {
                ticket: Ticket(1),
                at: 2,
                sent: 120_000_000,
                bytes: 300_000_000,
                waiting: None,
            }),
        );
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
            // What is pasted loses what a terminal would obey; a file's name may have it.
            let (asked, files) = (path.replace('\u{1b}', ""), Ok(vec![path.into()]));
            update(
                &mut app,
                Message::FoundFiles {
                    asked,
                    files,
                    bytes: 0,
                },
            );
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
