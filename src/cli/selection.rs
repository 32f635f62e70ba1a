//! What was chosen for deletion: shown, counted, asked about, and put into the ledger.

use jiff::Timestamp;

use crate::domain::{
    Facts, FreeQuery, Freed, Kind, Outcome, Query, Resource, ResourceId, Review, RowId, RowSet,
    State, visible,
};
use crate::locale::Catalogue;
use crate::store::Ledger;

use super::args::Format;
use super::context::{Context, Exit, Failure};
use super::ids::{self, CHUNK, Typed};
use super::output::{ListLine, Printer, Table, list_header, list_row};
use super::settled::Lines;

/// How many items are named before the question; the totals cover the rest.
const NAMED: usize = 20;

/// Above this many items the number has to be typed, not just `y`.
const MANY: u64 = 20;

/// What is to go.
#[derive(Debug, Default)]
pub(super) struct Selection {
    review: Review,
    /// Named, but already gone or in another batch.
    skipped: Vec<RowId>,
    /// Named, and new to the ledger.
    unknown: Vec<(Kind, ResourceId)>,
    /// What was chosen to free some room.
    freed: Option<Freed>,
}

/// One of what is to go.
#[derive(Clone, Copy, Debug)]
pub(super) enum Chosen<'a> {
    Known(&'a Resource),
    /// New to the ledger.
    New(Kind, &'a ResourceId),
}

impl Selection {
    pub(super) async fn named(
        context: &Context,
        ledger: &Ledger,
        typed: Vec<Typed>,
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

    pub(super) async fn matching(
        context: &Context,
        ledger: &Ledger,
        query: Query,
    ) -> Result<Self, Failure> {
        let review = ledger
            .review_matching(ids::matching_list(query, None))
            .await;
        // What cannot be deleted was not named, only matched: no word about it.
        Ok(Self {
            review: review.map_err(|e| context.store_failure(&e))?,
            ..Self::default()
        })
    }

    pub(super) async fn freeing(
        context: &Context,
        ledger: &Ledger,
        asked: FreeQuery,
    ) -> Result<Self, Failure> {
        let freed = ledger
            .free(asked)
            .await
            .map_err(|e| context.store_failure(&e))?;
        let rows = freed.rows.clone();
        Ok(Self {
            freed: Some(freed),
            ..Self::reviewed(context, ledger, rows).await?
        })
    }

    async fn reviewed(
        context: &Context,
        ledger: &Ledger,
        rows: Vec<RowId>,
    ) -> Result<Self, Failure> {
        // As they will be sent: whoever reads a plan sees later turns before those they build on.
        let ordered = ledger.ordered(rows.clone()).await;
        let ordered = ordered.map_err(|e| context.store_failure(&e))?;
        let review = ledger
            .review(ordered, Timestamp::now())
            .await
            .map_err(|e| context.store_failure(&e))?;
        let mut skipped = rows;
        if skipped.len() == review.rows.len() {
            skipped.clear();
        }
        if !skipped.is_empty() {
            let deletable = RowSet::from(review.rows.clone());
            skipped.retain(|row| !deletable.contains(*row));
        }
        Ok(Self {
            skipped,
            review,
            unknown: Vec::new(),
            freed: None,
        })
    }

    /// How many would be deleted.
    pub(super) fn total(&self) -> u64 {
        (self.review.rows.len() + self.unknown.len()) as u64
    }

    pub(super) fn check_size(&self, context: &Context, max: Option<u64>) -> Result<(), Failure> {
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

    /// False: some room was to be freed, and this is less than that.
    pub(super) fn is_enough(&self) -> bool {
        self.freed.as_ref().is_none_or(Freed::is_enough)
    }

    /// Says how much room this frees, if that was asked for.
    pub(super) fn note_freed(&self, context: &mut Context) {
        if let Some(freed) = &self.freed {
            let text = context.words.freed(freed);
            context.streams.notes.line(&text);
        }
    }

    /// Says what stays out because it is protected.
    pub(super) fn note_protected(&self, context: &mut Context) {
        if self.review.protected > 0 {
            let args = [("count", self.review.protected.into())];
            let text = context.words.with("delete-left-out", &args);
            context.streams.notes.line(&text);
        }
    }

    /// Points out the files that responses cite which stay.
    pub(super) async fn note_cited(
        &self,
        context: &mut Context,
        ledger: &Ledger,
    ) -> Result<(), Failure> {
        let cited = &self.review.cited;
        if cited.is_empty() {
            return Ok(());
        }
        let count = cited.len() as u64;
        let files = context.words.count_of(Kind::File, count);
        let text = context
            .words
            .with("delete-cited", &[("files", files.into())]);
        context.streams.notes.line(&text);
        let rows: Vec<_> = cited.keys().take(NAMED).copied().collect();
        for file in resources(context, ledger, &rows).await? {
            if let Some(citing) = cited.get(&file.row) {
                let ids = context.words.citing(citing);
                context.note_about(file.id.as_str(), &ids);
            }
        }
        note_more(context, count);
        Ok(())
    }

    /// What would be deleted, as `list` prints it.
    pub(super) async fn print(
        &self,
        context: &mut Context,
        ledger: &Ledger,
        format: Format,
    ) -> Result<Exit, Failure> {
        let mut printer = Printer::new(format);
        let now = Timestamp::now();
        let mut table = Table::new(list_header(&context.words));
        let facts = Facts::default();
        self.each(context, ledger, |context, chosen| {
            if format == Format::Table {
                table.row(match chosen {
                    Chosen::Known(resource) => list_row(&context.words, resource, now),
                    Chosen::New(kind, id) => vec![id.to_string(), context.words.kind(kind)],
                });
            } else {
                let line = match chosen {
                    Chosen::Known(resource) => ListLine::new(resource, now),
                    Chosen::New(kind, id) => ListLine::untracked(kind, id, &facts),
                };
                printer.line(&mut context.streams.results, &line);
            }
            Ok(())
        })
        .await?;
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
        self.note_cited(context, ledger).await?;
        Ok(Exit::Done)
    }

    /// Goes through all that would be deleted, in order; no more than a chunk of it is held.
    pub(super) async fn each(
        &self,
        context: &mut Context,
        ledger: &Ledger,
        mut on: impl FnMut(&mut Context, Chosen<'_>) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        for rows in self.review.rows.chunks(CHUNK) {
            for resource in resources(context, ledger, rows).await? {
                on(context, Chosen::Known(&resource))?;
            }
        }
        for (kind, id) in &self.unknown {
            on(context, Chosen::New(*kind, id))?;
        }
        Ok(())
    }

    /// How many were named and cannot be deleted, besides the protected.
    pub(super) fn skipped(&self) -> u64 {
        (self.skipped.len() as u64).saturating_sub(self.review.protected)
    }

    pub(super) fn totals(&self, words: &Catalogue) -> String {
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
    pub(super) async fn confirm(
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
            return self.note_cited(context, ledger).await;
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
        note_more(context, self.total());
        let totals = self.totals(&context.words);
        context.streams.notes.line(&totals);
        if !self.skipped.is_empty() {
            self.note_protected(context);
        }
        self.note_cited(context, ledger).await?;
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
    pub(super) async fn report_skipped(
        &self,
        context: &mut Context,
        ledger: &Ledger,
        lines: &mut Lines,
    ) -> Result<bool, Failure> {
        let mut is_success = true;
        for rows in self.skipped.chunks(CHUNK) {
            for resource in resources(context, ledger, rows).await? {
                let outcome = match resource.state {
                    State::Deleted => Outcome::Deleted,
                    State::Gone => Outcome::Gone,
                    _ => Outcome::Cancelled,
                };
                is_success &= outcome.is_success();
                if resource.protected && outcome == Outcome::Cancelled {
                    let reason = context.words.text("delete-protected").into_owned();
                    context.note_about(resource.id.as_str(), &reason);
                }
                lines.unsent(context, &resource, outcome);
            }
        }
        Ok(is_success)
    }

    /// The rows to delete; what was unknown is in the ledger from here on.
    pub(super) async fn track(
        &mut self,
        context: &Context,
        ledger: &Ledger,
    ) -> Result<Vec<RowId>, Failure> {
        let unknown = std::mem::take(&mut self.unknown).into_iter();
        let tracked = ids::track(context, ledger, unknown).await?;
        let mut rows = std::mem::take(&mut self.review.rows);
        rows.extend(tracked);
        Ok(rows)
    }
}

/// Says how many of so many are not named.
fn note_more(context: &mut Context, count: u64) {
    let more = count.saturating_sub(NAMED as u64);
    if more > 0 {
        let text = context.words.with("delete-more", &[("count", more.into())]);
        context.streams.notes.line(&text);
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
