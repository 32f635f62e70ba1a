//! What came of deletions, told item by item and in sum.

use std::time::Duration;

use std::io::Write as _;

use jiff::Timestamp;
use tokio::time::Instant;
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
    wait: Option<Wait>,
}

/// What is waited for, and why.
#[derive(Debug)]
struct Wait {
    until: Timestamp,
    answer: Answer,
    /// The service wants to be left alone; else one item waits for another try.
    is_throttle: bool,
}

impl Lines {
    pub(super) fn new(format: Format, total: u64) -> Self {
        Self {
            format,
            printer: Printer::new(format),
            done: 0,
            total,
            meter: Meter::default(),
            wait: None,
        }
    }

    /// Takes in a report, or draws what only the clock has changed; says when the clock next will.
    pub(super) async fn report(
        &mut self,
        context: &mut Context,
        ledger: &Ledger,
        report: Option<Report>,
    ) -> Option<Instant> {
        match report {
            Some(report) => self.take(context, ledger, report).await,
            None => self.progress_now(context),
        }
        if !context.streams.terminals.error {
            return None;
        }
        let due = self.due(Timestamp::now())?;
        Some(Instant::now() + due)
    }

    /// How long the seconds that are counted down stay as they are; `None` if none are.
    fn due(&self, now: Timestamp) -> Option<Duration> {
        let left = self.wait.as_ref()?.left(now)?;
        let part = left.subsec_nanos();
        Some(match part {
            0 => Duration::from_secs(1),
            part => Duration::from_nanos(part.into()),
        })
    }

    async fn take(&mut self, context: &mut Context, ledger: &Ledger, report: Report) {
        match report {
            Report::Started { .. } => self.meter.begin(Timestamp::now()),
            Report::Pace(Pace {
                throttle: Some(throttle),
                ..
            }) => {
                let Throttle { until, answer } = *throttle;
                self.wait = Some(Wait {
                    until,
                    answer,
                    is_throttle: true,
                });
                self.progress_now(context);
            }
            Report::Settled { settlement, at, .. } => {
                self.done += 1;
                self.meter.count(at);
                self.print(context, &settlement);
                self.wait.take_if(|wait| !wait.is_throttle);
                self.progress(context);
            }
            Report::Waiting { until, answer, .. } => {
                let now = Timestamp::now();
                let throttle = self.wait.take_if(|w| w.is_throttle && w.until > now);
                self.wait = throttle.or(Some(Wait {
                    until,
                    answer,
                    is_throttle: false,
                }));
                self.progress(context);
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
            .line_or_row(&mut context.streams.results, &line, row);
        if context.streams.terminals.output {
            // It has to be out before the progress is drawn below it. `Results` keeps its own errors.
            let _ = context.streams.results.flush();
        }
    }

    fn progress(&self, context: &mut Context) {
        let words = &context.words;
        context.streams.notes.progress(|| self.text(words));
    }

    fn progress_now(&self, context: &mut Context) {
        let words = &context.words;
        context.streams.notes.progress_now(|| self.text(words));
    }

    /// `120 of 10000 · 19.6/s · 8m left`, and what is waited for.
    fn text(&self, words: &Catalogue) -> String {
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
        let wait = self.wait.as_ref().and_then(|wait| wait.text(words, now));
        for part in eta.into_iter().chain(wait) {
            text.push_str(" · ");
            text.push_str(&part);
        }
        text
    }

    pub(super) fn end(self, context: &mut Context) {
        self.printer
            .end::<DeleteLine<'_>>(&mut context.streams.results);
    }
}

impl Wait {
    /// What is left of it, if anything.
    fn left(&self, now: Timestamp) -> Option<Duration> {
        let left = Duration::try_from(self.until.duration_since(now)).ok()?;
        (!left.is_zero()).then_some(left)
    }

    fn text(&self, words: &Catalogue, now: Timestamp) -> Option<String> {
        let seconds = self.left(now)?.as_nanos().div_ceil(1_000_000_000);
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
        let args = [
            ("span", words.span(seconds).into()),
            ("reason", words.answer(&self.answer).into()),
        ];
        let key = if self.is_throttle {
            "work-throttled"
        } else {
            "work-waiting"
        };
        Some(words.with(key, &args))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Lang;

    #[test]
    fn seconds_are_counted_down_and_nothing_else_asks_for_the_clock() {
        let at = |millis: i64| Timestamp::from_millisecond(1_795_227_300_000 + millis).unwrap();
        let words = Catalogue::new(Lang::En);
        let mut lines = Lines::new(Format::Table, 3);
        assert_eq!(lines.due(at(0)), None);
        lines.wait = Some(Wait {
            until: at(2_500),
            answer: Answer::default(),
            is_throttle: true,
        });
        for (now, due, span) in [(0, 500, "3s"), (500, 1_000, "2s"), (2_499, 1, "1s")] {
            assert_eq!(lines.due(at(now)), Some(Duration::from_millis(due)));
            let text = lines.wait.as_ref().unwrap().text(&words, at(now)).unwrap();
            assert!(text.contains(span), "{text}");
        }
        assert_eq!(lines.due(at(2_500)), None);
    }
}
