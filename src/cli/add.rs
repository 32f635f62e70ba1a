//! `arkdeck add`: ids into the ledger, from arguments, files and standard input.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use jiff::Timestamp;

use crate::domain::{Facts, Kind, ResourceId, Sighting, Source, visible};
use crate::scan::{self, Entry};
use crate::store::Ledger;

use super::args::Add;
use super::context::{Context, Exit, Failure};
use super::ids::{self, CHUNK, Line};
use super::output::print;

pub(super) async fn run(args: Add, context: &mut Context) -> Result<Exit, Failure> {
    let mut from = args.from;
    if args.ids.is_empty() && from.is_empty() {
        if context.streams.terminals.input {
            let text = context.words.text("add-nothing").into_owned();
            return Err(Failure::Usage(text));
        }
        from.push("-".into());
    }
    // All files are opened before anything is added: a mistyped name stops the whole.
    let mut inputs = Vec::new();
    for path in from {
        inputs.push(Input::open(context, &path)?);
    }
    let ledger = context.ledger().await?;
    let mut adder = Adder {
        ledger,
        kind: args.kind,
        tags: args.tag,
        source: Source::Hand,
        batch: Vec::new(),
        new: 0,
        known: 0,
        rejected: 0,
        needs_kind: false,
    };
    for text in &args.ids {
        let entry = scan::argument(text.trim(), adder.kind);
        adder.take(context, text, entry).await?;
    }
    adder.flush(context).await?;
    adder.source = Source::Import;
    for input in inputs {
        adder.read(context, input).await?;
    }
    adder.flush(context).await?;
    let counts = [
        ("new", adder.new.into()),
        ("known", adder.known.into()),
        ("rejected", adder.rejected.into()),
    ];
    let text = context.words.with("add-counts", &counts);
    context.streams.notes.line(&text);
    Ok(match adder {
        Adder {
            needs_kind: true, ..
        } => {
            let text = context.words.text("add-give-kind").into_owned();
            context.streams.notes.line(&text);
            Exit::Usage
        }
        Adder { rejected: 0, .. } => Exit::Done,
        _ => Exit::Partly,
    })
}

/// A list of ids and what to call it.
struct Input {
    name: String,
    /// None: standard input.
    file: Option<BufReader<File>>,
}

impl Input {
    fn open(context: &Context, path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            let name = context.words.text("add-stdin").into_owned();
            return Ok(Self { name, file: None });
        }
        let name = visible(&path.to_string_lossy()).into_owned();
        match File::open(path) {
            Ok(file) => Ok(Self {
                name,
                file: Some(BufReader::with_capacity(1 << 16, file)),
            }),
            Err(error) => Err(Failure::Usage(unreadable(context, &name, &error))),
        }
    }
}

fn unreadable(context: &Context, name: &str, error: &std::io::Error) -> String {
    let args = [("name", name.into()), ("error", error.to_string().into())];
    context.words.with("add-unreadable", &args)
}

struct Adder {
    ledger: Ledger,
    kind: Option<Kind>,
    tags: Vec<String>,
    source: Source,
    batch: Vec<(Kind, ResourceId)>,
    new: u64,
    known: u64,
    rejected: u64,
    needs_kind: bool,
}

impl Adder {
    async fn read(&mut self, context: &mut Context, mut input: Input) -> Result<(), Failure> {
        for number in 1_u64.. {
            let source: &mut dyn BufRead = match &mut input.file {
                Some(file) => file,
                None => &mut *context.streams.input,
            };
            let line = ids::next_line(source)
                .map_err(|error| Failure::Failed(unreadable(context, &input.name, &error)))?;
            match line {
                None => break,
                Some(Line::Text(text)) if text.trim().is_empty() => {}
                Some(Line::Text(text)) => {
                    let place = format!("{}:{number}", input.name);
                    let entry = scan::entry(&text, self.kind);
                    self.take(context, &place, entry).await?;
                }
                Some(Line::TooLong) => {
                    let place = format!("{}:{number}", input.name);
                    let reason = context.words.text("add-line-too-long").into_owned();
                    self.reject(context, &place, &reason);
                }
            }
        }
        Ok(())
    }

    async fn take(
        &mut self,
        context: &mut Context,
        place: &str,
        entry: Entry,
    ) -> Result<(), Failure> {
        match entry {
            Entry::Id(kind, id) => self.batch.push((kind, id)),
            Entry::Ids(found) => {
                let found = found.into_iter().map(|found| (found.kind, found.id));
                self.batch.extend(found);
            }
            Entry::NeedsKind(_) => {
                self.needs_kind = true;
                let reason = context.words.text("add-no-kind").into_owned();
                self.reject(context, place, &reason);
            }
            Entry::Bad(error) => {
                let reason = context.words.id_error(&error);
                self.reject(context, place, &reason);
            }
        }
        if self.batch.len() >= CHUNK {
            self.flush(context).await?;
        }
        Ok(())
    }

    fn reject(&mut self, context: &mut Context, place: &str, reason: &str) {
        self.rejected += 1;
        context.note_about(place, reason);
    }

    async fn flush(&mut self, context: &mut Context) -> Result<(), Failure> {
        let batch = std::mem::take(&mut self.batch);
        let sightings = batch.iter().map(|(kind, id)| Sighting {
            kind: *kind,
            id: id.clone(),
            source: self.source,
            tags: self.tags.clone(),
            facts: Facts::default(),
        });
        let tracked = self
            .ledger
            .track(sightings.collect(), Timestamp::now())
            .await
            .map_err(|e| context.store_failure(&e))?;
        for ((_, id), tracked) in batch.iter().zip(tracked) {
            if tracked.is_new {
                self.new += 1;
                print(&mut context.streams.results, id.as_str());
            } else {
                self.known += 1;
            }
        }
        Ok(())
    }
}
