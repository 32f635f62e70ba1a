//! What came of deletions, told item by item and in sum.

use jiff::Timestamp;
use unicode_width::UnicodeWidthStr;

use crate::domain::{Answer, Meter, Outcome, Pace, Report, Resource, RowId, Settlement, Throttle};
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
    meter: Meter,
}

impl Lines {
    pub(super) fn new(format: Format, total: u64) -> Self {
        Self {
            format,
            printer: Printer::new(format),
            done: 0,
            total,
            meter: Meter::default(),
        }
    }

    pub(super) async fn report(&mut self, context: &mut Context, ledger: &Ledger, report: &Report) {
        match report {
            Report::Started { .. } => self.meter.begin(Timestamp::now()),
            Report::Pace(Pace {
                throttle: Some(throttle),
                ..
            }) => {
                let Throttle { until, answer } = &**throttle;
                let wait = until.duration_since(Timestamp::now()).as_secs();
                let args = [
                    ("span", context.words.span(wait + 1).into()),
                    ("reason", context.words.answer(answer).into()),
                ];
                let text = context.words.with("work-throttled", &args);
                let text = self.text(&context.words, Some(&text));
                context.streams.notes.progress_now(|| text);
            }
            Report::Settled { settlement, at, .. } => {
                self.done += 1;
                self.meter.count(*at);
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
        context.streams.notes.progress(|| self.text(words, more));
    }

    /// `120 of 10000 · 19.6/s · 8m left`, and what else there is to say.
    fn text(&self, words: &Catalogue, more: Option<&str>) -> String {
        let now = Timestamp::now();
        let args = [
            ("done", self.done.into()),
            ("total", self.total.into()),
            ("rate", format!("{:.1}", self.meter.rate(now)).into()),
        ];
        let mut text = words.with("work-progress", &args);
        let left = self.total.saturating_sub(self.done);
        let eta = self.meter.eta(left, now).map(|eta| {
            let span = words.span(eta.as_secs());
            words.with("work-left", &[("span", span.into())])
        });
        for part in eta.as_deref().into_iter().chain(more) {
            text.push_str(" · ");
            text.push_str(part);
        }
        text
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
