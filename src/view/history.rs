//! The journal as a list, and one entry of it to read.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{Focus, Layout, Mode};
use crate::domain::{HistoryEntry, Outcome, State, visible};

use super::Screen;
use super::details::{scrolled, table, time};
use super::text::{cut, cut_middle, pad};
use super::theme::glyph;

/// Month, day and time; the year is in the entry's details.
const TIME: usize = 14;
const BATCH: usize = 6;
const OUTCOME: usize = 12;

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, area: Rect) {
    let Screen {
        app, words, theme, ..
    } = screen;
    let history = &app.history;
    let focused = screen.is_focused(Focus::Queue);
    let title = format!(" 3 {} ", words.text("pane-history"));
    let block = screen
        .block(title, focused)
        .title_bottom(bottom(screen, usize::from(area.width)));
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let room = usize::from(inner.width);
    let head = [
        pad(&words.text("field-settled"), TIME, false),
        pad(&words.text("history-batch"), BATCH, true),
        pad(&words.text("history-outcome"), OUTCOME, false),
        words.text("column-id").into_owned(),
    ]
    .join(" ");
    let mut lines = vec![Line::styled(cut(&head, room).into_owned(), theme.faint())];
    if history.entries().is_empty() {
        let text = words.text("history-empty");
        lines.push(Line::styled(cut(&text, room).into_owned(), theme.faint()));
    }
    let page = usize::from(inner.height.saturating_sub(1));
    let shown = history.entries().iter().enumerate();
    for (at, entry) in shown.skip(history.offset()).take(page) {
        let line = line(screen, entry, room);
        lines.push(if at == history.position() {
            line.style(theme.cursor(focused))
        } else {
            line
        });
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

fn bottom(screen: Screen<'_>, room: usize) -> Line<'static> {
    let Screen {
        app, words, theme, ..
    } = screen;
    let history = &app.history;
    let editing = matches!(app.mode, Mode::Filter) && app.focus == Focus::Queue;
    let text = visible(history.filter.value()).into_owned();
    let mut shown = String::new();
    if editing || !text.is_empty() {
        shown = format!(" /{text}{} ", if editing { "▏" } else { "" });
    }
    let mut style = theme.key();
    if let Some(word) = &history.misread {
        shown.push_str("← ");
        shown.push_str(&words.with("history-misread", &[("word", visible(word).into())]));
        shown.push(' ');
        style = theme.bad();
    }
    let more = if history.has_older() { "+" } else { "" };
    let count = history.entries().len();
    let place = match count {
        0 => String::new(),
        _ => format!(" {}/{count}{more} ", history.position() + 1),
    };
    let room = room.saturating_sub(place.len() + 2);
    Line::from(vec![
        Span::styled(cut(&shown, room).into_owned(), style),
        Span::raw(place),
    ])
}

fn line(screen: Screen<'_>, entry: &HistoryEntry, room: usize) -> Line<'static> {
    let theme = screen.theme;
    let at = entry
        .at()
        .map(|at| at.strftime("%m-%d %H:%M:%S").to_string());
    let batch = entry.batch.map(|batch| batch.0.to_string());
    let state = state(entry.outcome);
    let rest = room.saturating_sub(TIME + BATCH + OUTCOME + 3);
    let id = cut_middle(entry.id.as_str(), rest.min(57)).into_owned();
    let about = match entry.outcome {
        Some(outcome) if outcome.is_success() => {
            visible(entry.name.as_deref().unwrap_or("")).into()
        }
        _ => screen.words.answer(&entry.answer),
    };
    let about = cut(&about, rest.saturating_sub(58)).into_owned();
    Line::from(vec![
        Span::styled(pad(&at.unwrap_or_default(), TIME, false), theme.faint()),
        Span::raw(" "),
        Span::raw(pad(&batch.unwrap_or_default(), BATCH, true)),
        Span::raw(" "),
        Span::styled(
            pad(&outcome_cell(screen, entry.outcome), OUTCOME, false),
            theme.state(state),
        ),
        Span::raw(" "),
        Span::raw(id),
        Span::raw(" "),
        Span::raw(about),
    ])
}

/// The state that looks like an outcome; what is not settled yet is on its way.
fn state(outcome: Option<Outcome>) -> State {
    match outcome {
        None => State::Sending,
        Some(Outcome::Deleted) => State::Deleted,
        Some(Outcome::Gone) => State::Gone,
        Some(Outcome::Refused) => State::Refused,
        Some(Outcome::Failed) => State::Failed,
        Some(Outcome::Cancelled) => State::Tracked,
        Some(Outcome::Unsettled) => State::Unsettled,
    }
}

fn outcome_cell(screen: Screen<'_>, outcome: Option<Outcome>) -> String {
    let word = match outcome {
        Some(outcome) => screen.words.outcome(outcome),
        None => screen.words.state(State::Sending),
    };
    format!("{} {word}", glyph(state(outcome)))
}

pub(super) fn draw_entry(
    frame: &mut Frame<'_>,
    screen: Screen<'_>,
    entry: &HistoryEntry,
    offset: usize,
) -> usize {
    let Screen { app, words, .. } = screen;
    let area = Layout::dialog(app.width, app.height);
    let title = words.text("pane-history");
    let inner = screen.dialog(frame, area, &title, String::new());
    let answer = &entry.answer;
    let own = |text: &Option<String>| text.as_deref().map(|t| visible(t).into_owned());
    let rows = [
        ("field-id", Some(entry.id.to_string())),
        ("column-name", own(&entry.name)),
        ("history-batch", entry.batch.map(|b| b.0.to_string())),
        ("history-outcome", Some(outcome_cell(screen, entry.outcome))),
        ("field-reason", Some(words.answer(answer))),
        ("history-asked", entry.asked_at.map(time)),
        ("history-sent", entry.sent_at.map(time)),
        ("field-settled", entry.settled_at.map(time)),
        ("history-tries", Some(answer.attempts.to_string())),
        ("history-status", answer.status.map(|s| format!("HTTP {s}"))),
        ("history-code", own(&answer.code)),
        ("history-request", own(&answer.request_id)),
        ("history-client-request", own(&answer.client_request_id)),
    ];
    let fields = rows
        .into_iter()
        .filter_map(|(key, value)| Some((words.text(key).into_owned(), value?)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let lines = table(screen, fields, usize::from(inner.width));
    scrolled(frame, inner, lines, offset)
}
