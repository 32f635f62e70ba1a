//! `arkdeck upload`: files to the service, and their ids into the ledger.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{
    Answer, Expiry, Facts, Life, MAX_UPLOAD, NotUploaded, Order, Report, ResourceId, Upload,
    visible,
};

use super::args;
use super::context::{Context, Exit, Failure};
use super::output::{AnswerPart, Line, Printer, pad};
use super::work::{self, Ended};

pub(super) async fn run(args: args::Upload, context: &mut Context) -> Result<Exit, Failure> {
    let life = match (args.expire_at, args.expires_in) {
        (Some(at), _) => Life::Until(at),
        (None, Some(life)) => Life::For(life),
        (None, None) => Life::Default,
    };
    if !life.is_allowed(Timestamp::now()) {
        let text = context.words.text("upload-life").into_owned();
        return Err(Failure::Usage(text));
    }
    // All are looked at before anything is sent: a mistyped name stops the whole.
    for path in &args.files {
        check(context, path)?;
    }
    work::refuse_read_only(context)?;
    let ledger = context.ledger().await?;
    let client = context.ready_client().await?;
    let limits = crate::worker::Limits::of(context.settings()?);
    let worker = crate::worker::start(ledger, Ok(client), limits).await;
    let files = args.files.iter().map(|path| Upload {
        path: path.clone(),
        purpose: args.purpose.clone(),
        life,
        tags: args.tag.clone(),
    });
    let order = Order::Upload {
        ticket: work::TICKET,
        files: files.collect(),
    };
    let mut told = Told {
        files: &args.files,
        purpose: &args.purpose,
        format: args.output.format(),
        printer: Printer::new(args.output.format()),
        named: vec![false; args.files.len()],
        kept: 0,
    };
    let ended = work::carry_out(context, worker, order, async |context, report| {
        told.take(context, report);
        None
    })
    .await?;
    Ok(told.end(context, &ended))
}

fn check(context: &Context, path: &Path) -> Result<(), Failure> {
    let about = |why: NotUploaded| {
        let name = visible(&path.to_string_lossy()).into_owned();
        format!("{name}: {}", context.words.not_uploaded(&why))
    };
    let unreadable =
        |error: std::io::Error| Failure::Usage(about(NotUploaded::Unreadable(error.into())));
    let file = path.metadata().map_err(unreadable)?;
    if !file.is_file() {
        return Err(Failure::Usage(about(NotUploaded::NoFile)));
    }
    if file.len() > MAX_UPLOAD {
        return Err(Failure::Refused(about(NotUploaded::TooLarge(file.len()))));
    }
    // Another may change it until it is its turn; what is plain now is told now.
    std::fs::File::open(path).map(drop).map_err(unreadable)
}

/// What came of one file, as `upload` prints it.
#[derive(Clone, Debug, Serialize)]
struct UploadLine<'a> {
    /// As it was given.
    file: &'a str,
    /// `uploaded`, `failed`, `in_doubt` or `cancelled`.
    outcome: &'static str,
    id: Option<&'a str>,
    bytes: Option<u64>,
    purpose: &'a str,
    expires_at: Option<Timestamp>,
    /// Its message may also say why the file cannot be read.
    #[serde(flatten)]
    answer: AnswerPart<'a>,
}

impl Line for UploadLine<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "file",
        "outcome",
        "id",
        "bytes",
        "purpose",
        "expires_at",
        "attempts",
        "status",
        "code",
        "message",
        "request_id",
    ];

    fn id(&self) -> &str {
        self.id.unwrap_or_default()
    }
}

/// A line for each file, as it is known.
struct Told<'a> {
    files: &'a [PathBuf],
    purpose: &'a str,
    format: args::Format,
    printer: Printer,
    named: Vec<bool>,
    kept: usize,
}

impl Told<'_> {
    fn take(&mut self, context: &mut Context, report: Option<Report>) {
        match report {
            Some(Report::Uploading {
                at,
                sent,
                bytes,
                waiting,
                ..
            }) => {
                let name = self.name(at);
                let (number, total) = (at + 1, self.files.len());
                let words = &context.words;
                context.streams.notes.progress(|| {
                    let how = match &waiting {
                        Some((_, answer)) => {
                            words.with("upload-waiting", &[("reason", words.answer(answer).into())])
                        }
                        None => words.with(
                            "upload-sent",
                            &[
                                ("sent", words.bytes(sent).into()),
                                ("bytes", words.bytes(bytes).into()),
                            ],
                        ),
                    };
                    format!("{number}/{total} · {} · {how}", visible(&name))
                });
            }
            Some(Report::Uploaded {
                at,
                id,
                facts,
                answer,
                ..
            }) => {
                self.kept += 1;
                self.print(context, at, "uploaded", Some((&id, &facts)), &answer);
            }
            Some(Report::NotUploaded { at, why, .. }) => self.not_uploaded(context, at, &why),
            _ => {}
        }
    }

    fn name(&self, at: usize) -> String {
        let path = self.files.get(at);
        path.map_or_else(String::new, |path| path.to_string_lossy().into_owned())
    }

    fn not_uploaded(&mut self, context: &mut Context, at: usize, why: &NotUploaded) {
        let reason = context.words.not_uploaded(why);
        context.note_about(&self.name(at), &reason);
        let ours = Answer {
            message: Some(reason),
            ..Answer::default()
        };
        let (outcome, answer) = match why {
            NotUploaded::Failed(answer) => ("failed", &**answer),
            NotUploaded::InDoubt(answer) => ("in_doubt", &**answer),
            _ => ("failed", &ours),
        };
        self.print(context, at, outcome, None, answer);
    }

    fn print(
        &mut self,
        context: &mut Context,
        at: usize,
        outcome: &'static str,
        kept: Option<(&ResourceId, &Facts)>,
        answer: &Answer,
    ) {
        if let Some(named) = self.named.get_mut(at) {
            *named = true;
        }
        if kept.is_none() && self.format == args::Format::Id {
            return;
        }
        let file = self.name(at);
        let line = UploadLine {
            file: &file,
            outcome,
            id: kept.map(|(id, _)| id.as_str()),
            bytes: kept.and_then(|(_, facts)| facts.bytes),
            purpose: self.purpose,
            expires_at: kept.and_then(|(_, facts)| facts.expires_at.and_then(Expiry::at)),
            answer: answer.into(),
        };
        let words = &context.words;
        let out = &mut context.streams.results;
        self.printer.line_or_row(out, &line, || {
            let outcome = words.text(match outcome {
                "uploaded" => "upload-done",
                "in_doubt" => "upload-in-doubt",
                "cancelled" => "state-cancelled",
                _ => "state-failed",
            });
            format!(
                "{}  {}  {}",
                pad(&outcome, 9),
                pad(line.id(), 25),
                visible(&file)
            )
        });
    }

    /// Lines for those that were never begun, and the exit code.
    fn end(mut self, context: &mut Context, ended: &Ended) -> Exit {
        let reason = context.words.text("upload-not-begun").into_owned();
        for at in 0..self.files.len() {
            if !self.named[at] {
                context.note_about(&self.name(at), &reason);
                self.print(context, at, "cancelled", None, &Answer::default());
            }
        }
        let (kept, total) = (self.kept, self.files.len());
        self.printer
            .end::<UploadLine<'_>>(&mut context.streams.results);
        match ended.exit() {
            Exit::Done if kept < total => Exit::Partly,
            // Something was sent, and taken.
            Exit::Refused if kept > 0 => Exit::Partly,
            exit => exit,
        }
    }
}
