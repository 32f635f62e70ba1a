//! `arkdeck show`: one resource, from the service where possible, else from the ledger.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::api::Fetched;
use crate::domain::{Citing, Expiry, Facts, Kind, Resource, ResourceId, State};
use crate::store::Ledger;

use super::args::{Format, Show};
use super::context::{Context, Exit, Failure};
use super::ids;
use super::output::{ListLine, Printer, Table, created, json, json_pretty, minute, print, state};

/// A resource as JSON, the same whether the service was asked or only the ledger.
#[derive(Debug, Serialize)]
struct ShowLine<'a> {
    #[serde(flatten)]
    line: ListLine<'a>,
    /// Null: no response of the ledger is known to cite it.
    cited_by: Option<CitedBy<'a>>,
    /// The service's object, as it came. Null: it could not be had.
    raw: Option<&'a Value>,
}

#[derive(Debug, Serialize)]
struct CitedBy<'a> {
    count: u64,
    /// Some of them.
    ids: &'a [ResourceId],
}

pub(super) async fn run(args: Show, context: &mut Context) -> Result<Exit, Failure> {
    let (kind, id) = ids::typed(&context.words, &args.id, args.kind)?;
    let ledger = context.ledger().await?;
    let named = ids::look_up(context, &ledger, vec![(kind, id.clone())]).await?;
    let known = ledger
        .rows(named.rows)
        .await
        .map_err(|e| context.store_failure(&e))?
        .pop();
    let kind = id.kind().or(kind);
    let Some(kind) = known.as_ref().map(|known| known.kind).or(kind) else {
        return Err(ids::needs_kind(&context.words, &id));
    };
    let mut shown = Shown {
        kind,
        id,
        facts: known.as_ref().map(|known| known.facts.clone()),
        known,
        cited_by: None,
        raw: None,
        exit: Exit::Done,
    };
    if kind == Kind::File {
        let citing = ledger.citing(shown.id.clone(), Timestamp::now()).await;
        let citing = citing.map_err(|e| context.store_failure(&e))?;
        shown.cited_by = Some(citing).filter(|citing| citing.count > 0);
    }
    match context.client_for(&ledger).await {
        Ok(client) => {
            let asked = Timestamp::now();
            let fetched = client.get(kind, &shown.id).await;
            shown.take(context, &ledger, fetched, asked).await?;
        }
        Err(failure) if shown.known.is_some() => {
            context.streams.notes.line(&failure.to_string());
            shown.note_ledger(context);
        }
        Err(failure) => return Err(failure),
    }
    shown.print(context, args.output.format());
    Ok(shown.exit)
}

struct Shown {
    kind: Kind,
    id: ResourceId,
    known: Option<Resource>,
    /// None: neither the ledger nor the service knows it.
    facts: Option<Facts>,
    /// Responses of the ledger that were made with this file.
    cited_by: Option<Citing>,
    /// The service's object, as it came.
    raw: Option<Value>,
    exit: Exit,
}

impl Shown {
    /// Takes over what the service said when it was `asked`, into the ledger too where it has the
    /// resource: what was settled since is newer.
    async fn take(
        &mut self,
        context: &mut Context,
        ledger: &Ledger,
        fetched: Fetched,
        asked: Timestamp,
    ) -> Result<(), Failure> {
        let answer = match fetched {
            Fetched::Found { facts, raw } => {
                self.raw = Some(raw);
                if let Some(known) = &mut self.known {
                    if ledger.is_read_only() {
                        known.state = State::Tracked;
                        known.created_approx &= facts.created_at.is_none();
                        known.facts = facts;
                    } else {
                        *known = ledger
                            .merge(known.row, facts, asked)
                            .await
                            .map_err(|e| context.store_failure(&e))?;
                    }
                    self.facts = Some(known.facts.clone());
                } else {
                    self.facts = Some(facts);
                }
                return Ok(());
            }
            Fetched::Gone(answer) => {
                if let Some(known) = &mut self.known
                    && !ledger.is_read_only()
                {
                    known.state = ledger
                        .mark_gone(known.row, answer.clone(), Timestamp::now())
                        .await
                        .map_err(|e| context.store_failure(&e))?;
                }
                answer
            }
            Fetched::Retry { answer, .. } | Fetched::Failed(answer) | Fetched::Stop(answer) => {
                answer
            }
        };
        self.exit = Exit::Partly;
        let reason = context.words.answer(&answer);
        context.note_about(self.id.as_str(), &reason);
        self.note_ledger(context);
        Ok(())
    }

    fn note_ledger(&self, context: &mut Context) {
        if self.known.is_some() {
            let text = context.words.text("show-from-ledger").into_owned();
            context.streams.notes.line(&text);
        }
    }

    fn print(&self, context: &mut Context, format: Format) {
        let Some(facts) = &self.facts else {
            // The reason is on standard error.
            return;
        };
        let out = &mut context.streams.results;
        let line = match &self.known {
            Some(known) => ListLine::new(known, Timestamp::now()),
            None => ListLine::untracked(self.kind, &self.id, facts),
        };
        let whole = |line| ShowLine {
            line,
            cited_by: self.cited_by.as_ref().map(|by| CitedBy {
                count: by.count,
                ids: &by.some,
            }),
            raw: self.raw.as_ref(),
        };
        match format {
            Format::Json => print(out, &json_pretty(&whole(line))),
            Format::Jsonl => print(out, &json(&whole(line))),
            Format::Csv | Format::Id => {
                let mut printer = Printer::new(format);
                printer.line(out, &line);
                printer.end::<ListLine<'_>>(out);
            }
            Format::Table => self.print_view(context, facts),
        }
    }

    /// Why the service could not make it, in its own words.
    fn error(&self) -> Option<String> {
        let error = self.raw.as_ref()?.get("error")?;
        let text = |key: &str| error.get(key)?.as_str();
        let parts = [text("code"), text("message")];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(": "))
    }

    /// A line for each thing known.
    fn print_view(&self, context: &mut Context, facts: &Facts) {
        let words = &context.words;
        let mut table = Table::headless();
        let mut row = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                table.row(vec![words.text(key).into_owned(), value]);
            }
        };
        row("show-id", Some(self.id.to_string()));
        row("show-kind", Some(words.kind(self.kind)));
        if let Some(known) = &self.known {
            let state = state(words, known, Timestamp::now());
            row("show-state", Some(state));
        }
        row("show-name", facts.name.clone());
        row("show-model", facts.model.clone());
        row("show-size", facts.bytes.map(|b| words.bytes(b)));
        row("show-type", facts.mime_type.clone());
        row("show-status", facts.status.clone());
        row("show-error", self.error());
        row("show-purpose", facts.purpose.clone());
        let made = self.known.as_ref().filter(|known| known.created_approx);
        let made = made.map(created).or(facts.created_at.map(minute));
        row("show-created", made);
        let expires = facts.expires_at.map(|expiry| match expiry {
            Expiry::Never => words.text("listing-never").into_owned(),
            Expiry::At(at) => minute(at),
        });
        row("show-expires", expires);
        row("show-previous", facts.previous_response_id.clone());
        let usage = facts.usage.map(|usage| {
            let args = [
                ("input", usage.input.into()),
                ("cached", usage.cached.into()),
                ("output", usage.output.into()),
                ("total", usage.total.into()),
            ];
            words.with("show-usage-tokens", &args)
        });
        row("show-usage", usage);
        row(
            "show-cited-by",
            self.cited_by.as_ref().map(|by| words.citing(by)),
        );
        if let Some(known) = &self.known {
            let tags = (!known.tags.is_empty()).then(|| known.tags.join(" "));
            row("show-tags", tags);
            row("show-note", known.note.clone());
            row("show-source", Some(words.source(known.source)));
            row("show-tracked", Some(minute(known.tracked_at)));
            row(
                "show-answer",
                known.answer.as_ref().map(|a| words.answer(a)),
            );
        }
        table.print(&mut context.streams.results);
    }
}
