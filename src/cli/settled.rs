//! What came of deletions, told item by item and in sum.

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

use crate::domain::{Answer, Outcome, Report, Resource, RowId, Settlement};
use crate::locale::Catalogue;
use crate::store::Ledger;

use super::args::Format;
use super::context::Context;
use super::ids::CHUNK;
use super::output::{DeleteLine, Printer, pad};
use super::work::Ended;

/// Prints what came of each item as it settles, and how far things are.
#[derive(Debug)]
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

    pub(super) fn unsent(&mut self, context: &mut Context, resource: &Resource, outcome: Outcome) {
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
