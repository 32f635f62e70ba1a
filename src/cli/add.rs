//! `arkdeck add`: ids into the ledger, from arguments, files and standard input.

use std::io::{self, Write};
use std::mem;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::domain::{Facts, IdError, ImportProgress, ImportTally, Kind, Sighting, Source, visible};
use crate::import::{self, Origin, Report, Request, Spot};
use crate::scan::{self, Entry};
use crate::store::Ledger;

use super::args::Add;
use super::context::{Context, Exit, Failure};
use super::output::print;
use super::work::Interrupts;

pub(super) async fn run(args: Add, context: &mut Context) -> Result<Exit, Failure> {
    let mut from = args.from;
    if args.ids.is_empty() && from.is_empty() {
        if context.streams.terminals.input {
            let text = context.words.text("add-nothing").into_owned();
            return Err(Failure::Usage(text));
        }
        from.push("-".into());
    }
    // All that is named is looked at before anything is added: a mistyped name stops the whole.
    let from = origins(context, from)?;
    let apart = Some(context.settings()?.data_dir.clone());
    let ledger = context.ledger().await?;
    let mut adding = Adding {
        is_many: match &from[..] {
            [] | [Origin::Input(..)] => false,
            [Origin::Path(path)] => path.is_dir() || !path.exists(),
            _ => true,
        },
        tally: ImportTally::default(),
        needs_kind: false,
    };
    adding
        .arguments(context, &ledger, &args.ids, args.kind, &args.tag)
        .await?;
    if !from.is_empty() {
        let request = Request {
            from,
            kind: args.kind,
            tags: args.tag,
            apart,
        };
        adding.import(context, ledger, request).await?;
    }
    Ok(adding.end(context))
}

fn origins(context: &mut Context, from: Vec<PathBuf>) -> Result<Vec<Origin>, Failure> {
    let mut origins = Vec::new();
    for path in from {
        if path.as_os_str() == "-" {
            let name = context.words.text("add-stdin").into_owned();
            let input = mem::replace(&mut context.streams.input, Box::new(io::empty()));
            origins.push(Origin::Input(name, input));
            continue;
        }
        import::roots(&path).map_err(|error| {
            let name = visible(&path.to_string_lossy()).into_owned();
            let error = context.words.unreadable(&error);
            let args = [("name", name.into()), ("error", error.into())];
            Failure::Usage(context.words.with("add-unreadable", &args))
        })?;
        origins.push(Origin::Path(path));
    }
    Ok(origins)
}

struct Adding {
    /// Several files may be read: each that has something gets a line.
    is_many: bool,
    tally: ImportTally,
    needs_kind: bool,
}

impl Adding {
    async fn arguments(
        &mut self,
        context: &mut Context,
        ledger: &Ledger,
        ids: &[String],
        kind: Option<Kind>,
        tags: &[String],
    ) -> Result<(), Failure> {
        let mut taken = Vec::new();
        for text in ids {
            match scan::argument(text.trim(), kind) {
                Entry::Id(kind, id) => taken.push((kind, id)),
                Entry::Ids(found) => {
                    taken.extend(found.into_iter().map(|found| (found.kind, found.id)));
                }
                Entry::NeedsKind(_) => self.reject(context, text, None),
                Entry::Bad(error) => self.reject(context, text, Some(&error)),
            }
        }
        let sightings = taken.iter().map(|(kind, id)| Sighting {
            kind: *kind,
            id: id.clone(),
            source: Source::Hand,
            tags: tags.to_vec(),
            facts: Facts::default(),
        });
        let tracked = ledger.track(sightings.collect(), Timestamp::now()).await;
        let tracked = tracked.map_err(|error| context.store_failure(&error))?;
        for ((_, id), tracked) in taken.iter().zip(tracked) {
            if tracked.is_new {
                self.tally.new += 1;
                print(&mut context.streams.results, id.as_str());
            } else {
                self.tally.known += 1;
            }
        }
        Ok(())
    }

    async fn import(
        &mut self,
        context: &mut Context,
        ledger: Ledger,
        request: Request,
    ) -> Result<(), Failure> {
        let mut interrupts = Interrupts::listen().map_err(|error| {
            let args = [("error", error.to_string().into())];
            Failure::Refused(context.words.with("failure-signals", &args))
        })?;
        let mut import = import::start(ledger, request);
        loop {
            tokio::select! {
                report = import.reports.recv() => match report {
                    Some(Report::Done(end)) => {
                        context.streams.notes.clear();
                        let tally = end.map_err(|error| context.store_failure(&error))?;
                        let rejected = mem::take(&mut self.tally.rejected);
                        self.tally.add(&tally);
                        self.tally.rejected = rejected;
                        return Ok(());
                    }
                    Some(report) => self.take(context, report),
                    // Only a panic ends it so, which has been told.
                    None => {
                        self.tally.unreadable += 1;
                        return Ok(());
                    }
                },
                () = interrupts.next() => {
                    if mem::replace(&mut self.tally.stopped, true) {
                        return Ok(());
                    }
                    import.stop();
                }
            }
        }
    }

    fn take(&mut self, context: &mut Context, report: Report) {
        match report {
            Report::New(fresh) => {
                for (id, spot) in fresh {
                    print(&mut context.streams.results, id.as_str());
                    if context.overrides.verbose {
                        context.note_about(&place(&spot), id.as_str());
                    }
                }
            }
            Report::Known(known) => {
                for (id, spot) in known {
                    if context.overrides.verbose {
                        let text = context
                            .words
                            .with("add-known", &[("id", id.as_str().into())]);
                        context.note_about(&place(&spot), &text);
                    }
                }
            }
            Report::Rejected(spot, error) => self.reject(context, &place(&spot), error.as_ref()),
            Report::Unreadable { name, error } => {
                let name = visible(&name).into_owned();
                let error = context.words.unreadable(&error);
                let args = [("name", name.into()), ("error", error.into())];
                let text = context.words.with("add-unreadable", &args);
                context.streams.notes.line(&text);
            }
            Report::Progress(progress) => {
                // Somebody may be reading along while a pipe is slow; the results keep the error.
                let _ = context.streams.results.flush();
                show(context, progress);
            }
            Report::Read { name, tally } => {
                if self.is_many && tally.new + tally.known + tally.rejected > 0 {
                    let text = context.words.import_tally(&tally);
                    context.note_about(&name, &text);
                }
            }
            // Taken by whoever asked.
            Report::Done(_) => {}
        }
    }

    fn reject(&mut self, context: &mut Context, place: &str, error: Option<&IdError>) {
        self.tally.rejected += 1;
        self.needs_kind |= error.is_none();
        let reason = context.words.not_an_id(error);
        context.note_about(place, &reason);
    }

    fn end(self, context: &mut Context) -> Exit {
        let tally = self.tally;
        if tally.stopped {
            let text = context.words.text("add-stopped").into_owned();
            context.streams.notes.line(&text);
        }
        if tally.is_of_a_search() {
            let text = context.words.import_searched(&tally);
            context.streams.notes.line(&text);
        }
        let text = context.words.import_tally(&tally);
        context.streams.notes.line(&text);
        if tally.doubted > 0 {
            let args = [("count", tally.doubted.into())];
            let text = context.words.with("add-doubted", &args);
            context.streams.notes.line(&text);
        }
        if self.needs_kind {
            let text = context.words.text("add-give-kind").into_owned();
            context.streams.notes.line(&text);
        }
        match tally {
            ImportTally { stopped: true, .. } => Exit::Interrupted,
            _ if self.needs_kind => Exit::Usage,
            ImportTally {
                rejected: 0,
                unreadable: 0,
                ..
            } => Exit::Done,
            _ => Exit::Partly,
        }
    }
}

fn place(spot: &Spot) -> String {
    format!("{}:{}", spot.name, spot.line)
}

/// Cells of the bar.
const BAR: usize = 20;

fn show(context: &mut Context, progress: ImportProgress) {
    let words = &context.words;
    context.streams.notes.progress(|| {
        let text = words.import_progress(progress);
        match progress.share(BAR) {
            Some(full) => format!("{}{} {text}", "█".repeat(full), "░".repeat(BAR - full)),
            None => text,
        }
    });
}
