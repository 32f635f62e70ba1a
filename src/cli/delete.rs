//! `arkdeck delete`: what was selected, after it was confirmed, through the worker.

use std::collections::HashSet;
use std::io::BufRead;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::{
    Answer, Facts, Kind, ListQuery, Order, Outcome, Report, Resource, ResourceId, Review, RowId,
    Settlement, Sighting, Sort, Source, State, Tombstones, visible,
};
use crate::locale::Catalogue;
use crate::store::Ledger;

use super::args::{Delete, Format, Rate};
use super::context::{Context, Exit, Failure};
use super::ids::{self, CHUNK, Line};
use super::list::parse_query;
use super::output::{DeleteLine, ListLine, Printer, Table, list_header, list_row, pad};
use super::work::{self, Ended};

/// How many items are named before the question; the totals cover the rest.
const NAMED: usize = 20;

/// Above this many items the number has to be typed, not just `y`.
const MANY: u64 = 20;

pub(super) async fn run(args: Delete, context: &mut Context) -> Result<Exit, Failure> {
    let query = args.filter.as_deref();
    let query = query
        .map(|text| parse_query(&context.words, Some(text)))
        .transpose()?;
    let typed = read_ids(&args, context)?;
    if typed.is_empty() && query.is_none() && !args.ids.iter().any(|id| id == "-") {
        let text = context.words.text("delete-nothing").into_owned();
        return Err(Failure::Usage(text));
    }
    let read_only = context.settings()?.read_only;
    if read_only && !args.dry_run {
        let text = context.words.text("refusal-read-only").into_owned();
        return Err(Failure::Refused(text));
    }
    let ledger = context.ledger().await?;
    let mut selection = match query {
        Some(query) => Selection::matching(context, &ledger, query).await?,
        None => Selection::named(context, &ledger, typed).await?,
    };
    selection.check_size(context, args.max)?;
    let format = args.output.format();
    if args.dry_run {
        return selection.print(context, &ledger, format).await;
    }
    let mut client = None;
    if selection.total() > 0 {
        // Before anybody is asked and anything is written: without a key this ends here.
        client = Some(context.ready_client().await?);
        selection.confirm(context, &ledger, args.yes).await?;
    }
    let mut lines = Lines::new(format, selection.total());
    let mut is_success = selection
        .report_skipped(context, &ledger, &mut lines)
        .await?;
    let Some(client) = client else {
        lines.end(context);
        return Ok(if is_success { Exit::Done } else { Exit::Partly });
    };
    let rows = selection.track(context, &ledger).await?;
    let mut limits = work::limits(context)?;
    if let Some(concurrency) = args.concurrency {
        limits.concurrency = concurrency.into();
    }
    if let Some(Rate(rate)) = args.rate {
        limits.rate = rate;
    }
    let order = Order::Delete {
        ticket: work::TICKET,
        rows: rows.clone(),
        // The undo window is the screen's: who calls a command has confirmed it.
        hold: Duration::ZERO,
    };
    let mut left: HashSet<RowId> = rows.into_iter().collect();
    let reader = ledger.clone();
    let ended = work::carry_out(
        context,
        ledger,
        client,
        limits,
        order,
        async |context, report| {
            if let Report::Accepted { rows, .. } = &report {
                for row in rows {
                    left.remove(row);
                }
            }
            lines.report(context, &reader, &report).await;
        },
    )
    .await?;
    // Another instance was faster, or the order was not taken: these were never sent.
    let left: Vec<RowId> = left.into_iter().collect();
    is_success &= left.is_empty();
    lines.cancelled(context, &reader, &left).await;
    lines.end(context);
    note_end(context, &ended);
    Ok(match ended.exit() {
        Exit::Done if !is_success => Exit::Partly,
        exit => exit,
    })
}

/// The ids of the arguments, and for `-` those on standard input: one a line, and nothing else on it,
/// because what is deleted from a list should be what stands in the list.
fn read_ids(
    args: &Delete,
    context: &mut Context,
) -> Result<Vec<(Option<Kind>, ResourceId)>, Failure> {
    let mut typed = Vec::new();
    for text in &args.ids {
        if text != "-" {
            typed.push(ids::typed(&context.words, text, args.kind)?);
            continue;
        }
        let input: &mut dyn BufRead = &mut *context.streams.input;
        loop {
            let line = ids::next_line(input).map_err(|error| {
                let name = context.words.text("add-stdin").into_owned();
                let args = [("name", name.into()), ("error", error.to_string().into())];
                Failure::Usage(context.words.with("add-unreadable", &args))
            })?;
            match line {
                None => break,
                Some(Line::Text(line)) if line.trim().is_empty() => {}
                Some(Line::Text(line)) => {
                    typed.push(ids::typed(&context.words, &line, args.kind)?);
                }
                Some(Line::TooLong) => {
                    let text = context.words.text("add-line-too-long").into_owned();
                    return Err(Failure::Usage(text));
                }
            }
        }
    }
    Ok(typed)
}

/// What is to go.
#[derive(Default)]
struct Selection {
    review: Review,
    /// Named, but already gone or in another batch.
    skipped: Vec<RowId>,
    /// Named, and new to the ledger.
    unknown: Vec<(Kind, ResourceId)>,
}

impl Selection {
    async fn named(
        context: &Context,
        ledger: &Ledger,
        typed: Vec<(Option<Kind>, ResourceId)>,
    ) -> Result<Self, Failure> {
        let named = ids::look_up(context, ledger, typed).await?;
        if let Some(failure) = named.needs_kind(&context.words) {
            return Err(failure);
        }
        let unknown = named.unknown.into_iter();
        Ok(Self {
            unknown: unknown.filter_map(|(kind, id)| Some((kind?, id))).collect(),
            ..Self::reviewed(context, ledger, named.rows).await?
        })
    }

    async fn matching(
        context: &Context,
        ledger: &Ledger,
        query: crate::domain::Query,
    ) -> Result<Self, Failure> {
        let now = Timestamp::now();
        let listing = ledger
            .listing(ListQuery {
                kind: None,
                query,
                sort: Sort::default(),
                tombstones: Tombstones::Hide,
                now,
            })
            .await
            .map_err(|e| context.store_failure(&e))?;
        // What cannot be deleted was not named, only matched: no word about it.
        Ok(Self {
            skipped: Vec::new(),
            ..Self::reviewed(context, ledger, listing.rows).await?
        })
    }

    async fn reviewed(
        context: &Context,
        ledger: &Ledger,
        rows: Vec<RowId>,
    ) -> Result<Self, Failure> {
        let review = ledger
            .review(rows.clone(), Timestamp::now())
            .await
            .map_err(|e| context.store_failure(&e))?;
        let deletable: HashSet<RowId> = review.rows.iter().copied().collect();
        let skipped = rows.into_iter().filter(|row| !deletable.contains(row));
        Ok(Self {
            skipped: skipped.collect(),
            review,
            unknown: Vec::new(),
        })
    }

    /// How many would be deleted.
    fn total(&self) -> u64 {
        (self.review.rows.len() + self.unknown.len()) as u64
    }

    fn check_size(&self, context: &Context, max: Option<u64>) -> Result<(), Failure> {
        let profile = &context.settings()?.profile;
        let limit = [max, profile.max_batch].into_iter().flatten().min();
        match limit {
            Some(limit) if self.total() > limit => {
                let args = [("count", self.total().into()), ("limit", limit.into())];
                let text = context.words.with("delete-too-many", &args);
                Err(Failure::Refused(text))
            }
            _ => Ok(()),
        }
    }

    /// What would be deleted, as `list` prints it.
    async fn print(
        &self,
        context: &mut Context,
        ledger: &Ledger,
        format: Format,
    ) -> Result<Exit, Failure> {
        let mut printer = Printer::new(format);
        let now = Timestamp::now();
        let mut table = Table::new(list_header(&context.words));
        for rows in self.review.rows.chunks(CHUNK) {
            for resource in resources(context, ledger, rows).await? {
                if format == Format::Table {
                    table.row(list_row(&context.words, &resource, now));
                } else {
                    let line = ListLine::new(&resource, now);
                    printer.line(&mut context.streams.results, &line);
                }
            }
        }
        let facts = Facts::default();
        for (kind, id) in &self.unknown {
            if format == Format::Table {
                let kind = context.words.kind(*kind);
                table.row(vec![id.to_string(), kind]);
            } else {
                let line = ListLine::untracked(*kind, id, &facts);
                printer.line(&mut context.streams.results, &line);
            }
        }
        if format == Format::Table && self.total() > 0 {
            table.print(&mut context.streams.results);
        }
        printer.end::<ListLine<'_>>(&mut context.streams.results);
        let text = format!(
            "{} {}",
            self.totals(&context.words),
            context.words.text("delete-dry-run")
        );
        context.streams.notes.line(&text);
        Ok(Exit::Done)
    }

    fn totals(&self, words: &Catalogue) -> String {
        let unknown = |kind| self.unknown.iter().filter(|(k, _)| *k == kind).count() as u64;
        let responses = self.review.responses + unknown(Kind::Response);
        let files = self.review.files + unknown(Kind::File);
        let args = [
            (
                "responses",
                words.count_of(Kind::Response, responses).into(),
            ),
            ("files", words.count_of(Kind::File, files).into()),
            ("size", words.bytes(self.review.bytes).into()),
            ("dependents", self.review.dependents.into()),
        ];
        words.with("delete-totals", &args)
    }

    /// Shows what will go and asks, or checks what stands for an answer where nobody can be asked.
    async fn confirm(
        &self,
        context: &mut Context,
        ledger: &Ledger,
        yes: bool,
    ) -> Result<(), Failure> {
        let total = self.total();
        let settings = context.settings()?;
        let is_protected = settings.profile.protected;
        let is_confirmed = settings.confirm.as_deref() == Some(total.to_string().as_str());
        if yes && (!is_protected || is_confirmed) {
            return Ok(());
        }
        if !context.streams.can_ask() {
            return Err(if yes {
                let args = [("count", total.to_string().into())];
                Failure::Refused(context.words.with("delete-needs-confirm", &args))
            } else {
                Failure::Usage(context.words.text("delete-needs-yes").into_owned())
            });
        }
        self.show(context, ledger).await?;
        let wanted = if is_protected || total > MANY {
            let args = [("count", total.to_string().into())];
            let question = context.words.with("delete-ask-number", &args);
            context.streams.notes.ask(&question);
            total.to_string()
        } else {
            let question = context.words.text("delete-ask").into_owned();
            context.streams.notes.ask(&question);
            "y".to_owned()
        };
        let mut answer = String::new();
        // No answer is a no.
        let _ = context.streams.input.read_line(&mut answer);
        if answer.trim().eq_ignore_ascii_case(&wanted) {
            Ok(())
        } else {
            let text = context.words.text("delete-declined").into_owned();
            Err(Failure::Refused(text))
        }
    }

    async fn show(&self, context: &mut Context, ledger: &Ledger) -> Result<(), Failure> {
        let now = Timestamp::now();
        let first = &self.review.rows[..self.review.rows.len().min(NAMED)];
        let mut table = Table::new(list_header(&context.words));
        for resource in resources(context, ledger, first).await? {
            table.row(list_row(&context.words, &resource, now));
        }
        for (kind, id) in self.unknown.iter().take(NAMED - first.len()) {
            let unknown = context.words.text("delete-unknown").into_owned();
            table.row(vec![id.to_string(), context.words.kind(*kind), unknown]);
        }
        for line in table.lines() {
            context.streams.notes.line(&line);
        }
        let more = self.total().saturating_sub(NAMED as u64);
        if more > 0 {
            let text = context.words.with("delete-more", &[("count", more.into())]);
            context.streams.notes.line(&text);
        }
        let totals = self.totals(&context.words);
        context.streams.notes.line(&totals);
        let profile = &context.settings()?.profile;
        let args = [
            ("profile", visible(&profile.name).into_owned().into()),
            ("host", profile.base_url.to_string().into()),
        ];
        let text = context.words.with("delete-where", &args);
        context.streams.notes.line(&text);
        Ok(())
    }

    /// A line for each id that was named and needs no request, or cannot have one. False: some of
    /// them are still there.
    async fn report_skipped(
        &self,
        context: &mut Context,
        ledger: &Ledger,
        lines: &mut Lines,
    ) -> Result<bool, Failure> {
        let mut is_success = true;
        for rows in self.skipped.chunks(CHUNK) {
            for resource in resources(context, ledger, rows).await? {
                let outcome = match resource.state_at(Timestamp::now()) {
                    State::Deleted => Outcome::Deleted,
                    State::Gone | State::Expired => Outcome::Gone,
                    _ => Outcome::Cancelled,
                };
                is_success &= outcome.is_success();
                lines.unsent(context, &resource, outcome);
            }
        }
        Ok(is_success)
    }

    /// The rows to delete; what was unknown is in the ledger from here on.
    async fn track(&mut self, context: &Context, ledger: &Ledger) -> Result<Vec<RowId>, Failure> {
        let sightings = std::mem::take(&mut self.unknown).into_iter();
        let sightings = sightings.map(|(kind, id)| Sighting {
            kind,
            id,
            source: Source::Hand,
            tags: Vec::new(),
            facts: Facts::default(),
        });
        let tracked = ledger
            .track(sightings.collect(), Timestamp::now())
            .await
            .map_err(|e| context.store_failure(&e))?;
        let mut rows = std::mem::take(&mut self.review.rows);
        rows.extend(tracked.into_iter().map(|tracked| tracked.row));
        Ok(rows)
    }
}

async fn resources(
    context: &Context,
    ledger: &Ledger,
    rows: &[RowId],
) -> Result<Vec<Resource>, Failure> {
    ledger
        .rows(rows.to_vec())
        .await
        .map_err(|e| context.store_failure(&e))
}

/// Prints what came of each item as it settles, and how far things are.
pub(super) struct Lines {
    format: Format,
    printer: Printer,
    done: u64,
    total: u64,
}

impl Lines {
    pub(super) const fn new(format: Format, total: u64) -> Self {
        Self {
            format,
            printer: Printer::new(format),
            done: 0,
            total,
        }
    }

    pub(super) async fn report(&mut self, context: &mut Context, ledger: &Ledger, report: &Report) {
        match report {
            Report::Settled { settlement, .. } => {
                self.done += 1;
                self.print(context, settlement);
                self.progress(context, None);
            }
            Report::Waiting { until, answer, .. } => {
                let wait = until.as_second() - Timestamp::now().as_second();
                let reason = context.words.answer(answer);
                let args = [
                    ("span", context.words.span(wait).into()),
                    ("reason", reason.into()),
                ];
                let text = context.words.with("work-waiting", &args);
                self.progress(context, Some(&text));
            }
            Report::Finished { returned, .. } => {
                let rows: Vec<RowId> = returned.iter().map(|(row, _)| *row).collect();
                self.cancelled(context, ledger, &rows).await;
            }
            _ => {}
        }
    }

    /// Lines for items that were never sent.
    pub(super) async fn cancelled(
        &mut self,
        context: &mut Context,
        ledger: &Ledger,
        rows: &[RowId],
    ) {
        for rows in rows.chunks(CHUNK) {
            // The ids are all that is missing; without them there is nothing to print.
            let resources = ledger.rows(rows.to_vec()).await.unwrap_or_default();
            for resource in resources {
                self.unsent(context, &resource, Outcome::Cancelled);
            }
        }
    }

    fn unsent(&mut self, context: &mut Context, resource: &Resource, outcome: Outcome) {
        let settlement = Settlement {
            row: resource.row,
            kind: resource.kind,
            id: resource.id.clone(),
            outcome,
            answer: Answer::default(),
        };
        self.print(context, &settlement);
    }

    fn print(&mut self, context: &mut Context, settlement: &Settlement) {
        let words = &context.words;
        let line = DeleteLine::new(settlement);
        let row = || table_row(words, settlement);
        if self.format == Format::Table {
            context.streams.notes.clear();
        }
        self.printer
            .line_now(&mut context.streams.results, &line, row);
    }

    fn progress(&self, context: &mut Context, more: Option<&str>) {
        let words = &context.words;
        context.streams.notes.progress(|| {
            let args = [("done", self.done.into()), ("total", self.total.into())];
            let text = words.with("work-progress", &args);
            more.map_or_else(|| text.clone(), |more| format!("{text} · {more}"))
        });
    }

    pub(super) fn end(self, context: &mut Context) {
        self.printer
            .end::<DeleteLine<'_>>(&mut context.streams.results);
    }
}

/// `deleted  resp_…  why not`.
fn table_row(words: &Catalogue, settlement: &Settlement) -> String {
    use unicode_width::UnicodeWidthStr;
    let widest = Outcome::ALL.map(|outcome| words.outcome(outcome).width());
    let width = widest.into_iter().max().unwrap_or(0);
    let outcome = pad(&words.outcome(settlement.outcome), width);
    let reason = if settlement.outcome.is_success() {
        String::new()
    } else {
        words.answer(&settlement.answer)
    };
    format!("{outcome}  {}  {reason}", settlement.id)
        .trim_end()
        .to_owned()
}

/// The sum of it, on standard error.
pub(super) fn note_end(context: &mut Context, ended: &Ended) {
    let words = &context.words;
    let counts = Outcome::ALL
        .into_iter()
        .filter(|outcome| ended.tally.get(*outcome) > 0)
        .map(|outcome| {
            let args = [
                ("count", ended.tally.get(outcome).into()),
                ("outcome", words.outcome(outcome).into()),
            ];
            words.with("work-count", &args)
        });
    let text = counts.collect::<Vec<_>>().join(" · ");
    if !text.is_empty() {
        context.streams.notes.line(&text);
    }
    if ended.tally.unsettled > 0 || ended.abandoned {
        let text = context.words.text("work-unsettled").into_owned();
        context.streams.notes.line(&text);
    }
}
