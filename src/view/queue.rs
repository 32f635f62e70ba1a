//! The queue: a line of progress for each batch, then what happened, newest first.

use std::path::Path;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{Activity, Batch, Event, Focus, Import, ImportEvent, Phase, Sending};
use crate::domain::{BatchId, Outcome, SyncTally, Tally, visible};

use super::text::cut;
use super::{Screen, history};

/// Cells of a bar.
const BAR: usize = 16;

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, area: Rect) {
    if area.height < 3 {
        return;
    }
    if screen.app.history.shown {
        history::draw(frame, screen, area);
        return;
    }
    let Screen {
        app, words, theme, ..
    } = screen;
    let mut title = format!(" 3 {} ", words.text("pane-queue"));
    if app.queue.paused {
        title.push_str(&words.text("queue-paused"));
        title.push(' ');
    }
    let block = screen.block(title, screen.is_focused(Focus::Queue));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let room = usize::from(inner.width);
    let height = usize::from(inner.height);
    let mut lines: Vec<Line<'_>> = Vec::new();
    if app.queue.is_running() {
        lines.push(speed(screen, room));
    }
    if let Some(import) = &app.queue.import {
        lines.push(import_line(screen, import, room));
    }
    let writing: usize = app.queue.submitted.values().sum();
    if writing > 0 {
        let text = words.with("queue-writing", &[("count", writing.into())]);
        lines.push(Line::styled(cut(&text, room).into_owned(), theme.warn()));
    }
    let mut uploads: Vec<_> = app.queue.uploads.iter().collect();
    uploads.sort_by_key(|(ticket, _)| ticket.0);
    for (_, sending) in uploads {
        if lines.len() < height.div_ceil(2) {
            lines.push(upload(screen, sending, room));
        }
    }
    for batch in app.queue.batches.iter().rev() {
        // At least half the room is for what happened.
        if lines.len() < height.div_ceil(2) {
            lines.push(progress(screen, batch, room));
        }
    }
    for activity in app.queue.activity.iter().skip(app.activity_offset) {
        if lines.len() >= height {
            break;
        }
        lines.push(activity_line(screen, activity, room));
    }
    if lines.is_empty() {
        let hint = words.text("queue-empty").into_owned();
        lines.push(Line::styled(cut(&hint, room).into_owned(), theme.faint()));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// How far an import is; of a pipe nobody knows how much there is to read.
fn import_line(screen: Screen<'_>, import: &Import, room: usize) -> Line<'static> {
    let Screen { words, theme, .. } = screen;
    let progress = words.import_progress(import.progress);
    let path = visible(&import.path);
    let args = [
        ("path", path.as_ref().into()),
        ("progress", progress.into()),
    ];
    let text = words.with("queue-importing", &args);
    let read = import.progress.bytes;
    let bar = import.progress.total.map(|total| bar(read, total));
    let bar = bar.unwrap_or_default();
    let room = room.saturating_sub(bar.chars().count());
    Line::from(vec![
        Span::styled(bar, theme.good()),
        Span::raw(cut(&text, room).into_owned()),
    ])
}

fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    visible(&name.to_string_lossy()).into_owned()
}

/// How far an upload is.
fn upload(screen: Screen<'_>, sending: &Sending, room: usize) -> Line<'static> {
    let Screen {
        app, words, theme, ..
    } = screen;
    let path = sending.paths.get(sending.at);
    let mut shown = path.map_or_else(String::new, |path| name(path));
    let total = sending.paths.len();
    if total > 1 {
        let args = [
            ("at", (sending.at + 1).into()),
            ("total", total.into()),
            ("name", shown.into()),
        ];
        shown = words.with("queue-upload-of", &args);
    }
    let name = ("name", shown.into());
    if let Some((until, answer)) = &sending.waiting {
        let left = until.duration_since(app.now).as_secs().max(0);
        let args = [
            name,
            ("span", words.span(left + 1).into()),
            ("reason", words.answer(answer).into()),
        ];
        let text = words.with("queue-upload-waiting", &args);
        return Line::styled(cut(&text, room).into_owned(), theme.warn());
    }
    let args = [
        name,
        ("sent", words.bytes(sending.sent).into()),
        ("bytes", words.bytes(sending.bytes).into()),
    ];
    let text = words.with("queue-upload", &args);
    Line::from(vec![
        Span::styled(bar(sending.sent, sending.bytes), theme.good()),
        Span::raw(cut(&text, room.saturating_sub(BAR + 1)).into_owned()),
    ])
}

fn bar(done: u64, total: u64) -> String {
    let done = u128::from(done) * BAR as u128 / u128::from(total.max(1));
    let full = usize::try_from(done).unwrap_or(BAR).min(BAR);
    format!("{}{} ", "█".repeat(full), "░".repeat(BAR - full))
}

fn progress(screen: Screen<'_>, batch: &Batch, room: usize) -> Line<'static> {
    let Screen {
        app, words, theme, ..
    } = screen;
    let number = ("batch", batch.id.0.into());
    let total = ("total", batch.total().into());
    match batch.phase {
        Phase::Held { .. } if app.queue.paused => {
            let text = words.with("queue-held-paused", &[number, total]);
            Line::styled(cut(&text, room).into_owned(), theme.warn())
        }
        Phase::Held { starts_at } => {
            let left = starts_at.duration_since(app.now).as_millis();
            let seconds = u64::try_from(left.max(0)).unwrap_or(0).div_ceil(1_000);
            let text = words.with("queue-held", &[number, total, ("seconds", seconds.into())]);
            Line::styled(cut(&text, room).into_owned(), theme.warn())
        }
        Phase::TakingBack => {
            let text = words.with("queue-taking-back", &[number, total]);
            Line::styled(cut(&text, room).into_owned(), theme.warn())
        }
        Phase::Running { .. } => {
            let done = batch.done();
            let bar = bar(done, batch.total());
            let mut text = words.with(
                "queue-running",
                &[
                    number,
                    total,
                    ("done", done.into()),
                    ("tally", tally(screen, batch.tally).into()),
                ],
            );
            if batch.retried > 0 {
                text.push_str(&words.with("queue-retried", &[("count", batch.retried.into())]));
            }
            let room = room.saturating_sub(BAR + 1);
            Line::from(vec![
                Span::styled(bar, theme.good()),
                Span::raw(cut(&text, room).into_owned()),
            ])
        }
        Phase::Ended => {
            let mut text = words.with(
                "queue-ended",
                &[number, total, ("tally", tally(screen, batch.tally).into())],
            );
            if let Some(halt) = &batch.halt {
                text.push_str(" · ");
                text.push_str(&words.halt(halt));
            }
            Line::styled(cut(&text, room).into_owned(), theme.strong())
        }
    }
}

/// How fast it goes, of all batches; or why it does not.
fn speed(screen: Screen<'_>, room: usize) -> Line<'static> {
    let Screen {
        app, words, theme, ..
    } = screen;
    let queue = &app.queue;
    let (flying, limit) = queue
        .pace
        .as_ref()
        .map_or((0, 0), |p| (p.in_flight, p.limit));
    let mut text = words.with(
        "queue-speed",
        &[
            ("rate", rate(queue.meter.rate(app.now)).into()),
            ("flying", flying.into()),
            ("limit", limit.into()),
        ],
    );
    if let Some(eta) = queue.eta(app.now).filter(|_| !queue.paused) {
        let eta = words.span(eta.as_secs());
        text.push_str(&words.with("queue-eta", &[("span", eta.into())]));
    }
    let mut style = theme.faint();
    if let Some(throttle) = queue.throttle(app.now) {
        let left = throttle.until.duration_since(app.now).as_millis();
        let seconds = u64::try_from(left.max(0)).unwrap_or(0).div_ceil(1_000);
        let args = [
            ("seconds", seconds.into()),
            ("reason", words.answer(&throttle.answer).into()),
        ];
        text.push_str(&words.with("queue-throttled", &args));
        style = theme.warn();
    }
    Line::styled(cut(&text, room).into_owned(), style)
}

/// One decimal where whole numbers say too little.
fn rate(rate: f64) -> String {
    if rate < 10.0 {
        format!("{rate:.1}")
    } else {
        format!("{rate:.0}")
    }
}

/// `12 deleted, 1 failed`: what is not zero.
fn tally(screen: Screen<'_>, tally: Tally) -> String {
    let parts: Vec<String> = Outcome::ALL
        .into_iter()
        .filter(|o| tally.get(*o) > 0)
        .map(|o| format!("{} {}", tally.get(o), screen.words.outcome(o)))
        .collect();
    if parts.is_empty() {
        "0".to_owned()
    } else {
        parts.join(", ")
    }
}

fn activity_line(screen: Screen<'_>, activity: &Activity, room: usize) -> Line<'static> {
    let theme = screen.theme;
    let time = activity.at.strftime("%H:%M:%S").to_string();
    let text = event(screen, &activity.event);
    let style = if activity.event.is_bad() {
        theme.bad()
    } else {
        ratatui::style::Style::new()
    };
    Line::from(vec![
        Span::styled(format!("{time} "), theme.faint()),
        Span::styled(cut(&text, room.saturating_sub(9)).into_owned(), style),
    ])
}

fn event(screen: Screen<'_>, event: &Event) -> String {
    let words = screen.words;
    let of = |key: &str, batch: BatchId, count: u64| {
        words.with(key, &[("batch", batch.0.into()), ("count", count.into())])
    };
    match event {
        Event::Accepted { batch, count } => of("event-accepted", *batch, *count),
        Event::TakenBack { batch, count } => of("event-taken-back", *batch, *count),
        Event::Rejected(refusal) | Event::Refused(refusal) => words.with(
            "event-refused",
            &[("reason", words.refusal(refusal).into())],
        ),
        Event::Settled(s) if s.outcome.is_success() => {
            format!("{} {}", words.outcome(s.outcome), s.id)
        }
        Event::Settled(s) => {
            format!(
                "{} {}: {}",
                words.outcome(s.outcome),
                s.id,
                words.answer(&s.answer)
            )
        }
        Event::Halted { batch, halt } => words.with(
            "event-halted",
            &[
                ("batch", batch.0.into()),
                ("reason", words.halt(halt).into()),
            ],
        ),
        Event::Finished { batch, tally: t } => words.with(
            "event-finished",
            &[
                ("batch", batch.0.into()),
                ("tally", tally(screen, *t).into()),
            ],
        ),
        Event::JournalFailed(error) => {
            words.with("event-journal-failed", &[("error", visible(error).into())])
        }
        Event::Paused => words.text("event-paused").into_owned(),
        Event::Unpaused => words.text("event-unpaused").into_owned(),
        Event::Synced(tally) => synced(screen, tally),
        Event::Refreshed(id) => words.with("event-refreshed", &[("id", id.as_str().into())]),
        Event::Fetched { done, total } => words.with(
            "event-fetched",
            &[("done", (*done).into()), ("total", (*total).into())],
        ),
        Event::Walked(count) => words.with("event-walked", &[("count", (*count).into())]),
        Event::NotRefreshed(id, answer) => words.with(
            "event-not-refreshed",
            &[
                ("id", id.as_str().into()),
                ("reason", words.answer(answer).into()),
            ],
        ),
        Event::ErrandHalted(halt) => words.with(
            "event-errand-halted",
            &[("reason", words.halt(halt).into())],
        ),
        Event::Tracked { new, known } => words.with(
            "event-tracked",
            &[("new", (*new).into()), ("known", (*known).into())],
        ),
        Event::Uploaded { path, id } => words.with(
            "event-uploaded",
            &[("name", name(path).into()), ("id", id.as_str().into())],
        ),
        Event::NotUploaded { path, why } => {
            format!("{}: {}", name(path), words.not_uploaded(why))
        }
        Event::NotBegun(count) => words.with("event-not-begun", &[("count", (*count).into())]),
        Event::Freed(freed) => words.freed(freed),
        Event::Import(event) => import_event(screen, event),
        Event::Recovered { unsettled } => {
            words.with("event-recovered", &[("unsettled", (*unsettled).into())])
        }
        Event::Unsent(count) => words.with("event-unsent", &[("count", (*count).into())]),
        Event::LedgerFailed(error) => {
            words.with("event-ledger-failed", &[("error", visible(error).into())])
        }
        Event::Copied => words.text("event-copied").into_owned(),
        Event::NothingToRetry => words.text("event-nothing-to-retry").into_owned(),
        Event::NothingToTakeBack => words.text("event-nothing-to-take-back").into_owned(),
    }
}

fn import_event(screen: Screen<'_>, event: &ImportEvent) -> String {
    let words = screen.words;
    match event {
        ImportEvent::Ended { path, tally } => {
            let key = if tally.stopped {
                "event-import-stopped"
            } else {
                "event-imported"
            };
            let args = [
                ("path", visible(path).into()),
                ("tally", words.import_tally(tally).into()),
            ];
            words.with(key, &args)
        }
        ImportEvent::Searched(tally) => words.import_searched(tally),
        ImportEvent::Unreadable { name, error } => words.with(
            "event-not-imported",
            &[
                ("name", visible(name).into()),
                ("error", words.unreadable(error).into()),
            ],
        ),
        ImportEvent::Rejected { name, line, error } => words.with(
            "event-rejected-line",
            &[
                ("name", visible(name).into()),
                ("line", (*line).into()),
                ("error", words.not_an_id(error.as_ref()).into()),
            ],
        ),
        ImportEvent::UnderWay => words.text("event-import-under-way").into_owned(),
    }
}

fn synced(screen: Screen<'_>, tally: &SyncTally) -> String {
    let key = if tally.complete {
        "event-synced"
    } else {
        "event-synced-part"
    };
    screen.words.with(
        key,
        &[
            ("seen", tally.seen.into()),
            ("new", tally.new.into()),
            ("gone", tally.gone.into()),
            ("failed", tally.failed.into()),
            ("stuck", tally.stuck.into()),
            ("skipped", tally.skipped.into()),
        ],
    )
}
