//! Everything the ledger knows of one resource: a strip under the panes, and a window to read.

use jiff::Timestamp;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::Layout;
use crate::domain::{Expiry, Resource, RowId, visible};

use super::Screen;
use super::text::{pad, width, wrap};
use super::theme::glyph;

/// Name and value of everything known, in reading order.
fn fields(screen: Screen<'_>, resource: &Resource) -> Vec<(String, String)> {
    let Screen { app, words, .. } = screen;
    let facts = &resource.facts;
    let mut fields = Vec::new();
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value.filter(|v| !v.is_empty()) {
            fields.push((words.text(key).into_owned(), value));
        }
    };
    let text = |value: &Option<String>| value.as_deref().map(|v| visible(v).into_owned());
    let state = resource.state_at(app.now);
    add("field-id", Some(resource.id.to_string()));
    add(
        "field-state",
        Some(format!("{} {}", glyph(state), words.state(state))),
    );
    add(
        "field-reason",
        resource.answer.as_ref().map(|a| words.answer(a)),
    );
    add("field-name", text(&facts.name));
    add("field-model", text(&facts.model));
    add("field-status", text(&facts.status));
    add(
        "field-size",
        facts.bytes.map(|b| format!("{} ({b} B)", words.bytes(b))),
    );
    add("field-purpose", text(&facts.purpose));
    add("field-mime", text(&facts.mime_type));
    add(
        "field-created",
        facts.created_at.map(|at| {
            let ago = words.span(app.now.duration_since(at).as_secs());
            let key = if resource.created_approx {
                "time-ago-approx"
            } else {
                "time-ago"
            };
            words.with(key, &[("time", time(at).into()), ("span", ago.into())])
        }),
    );
    add(
        "field-expires",
        facts.expires_at.map(|expiry| match expiry {
            Expiry::Never => words.text("expiry-never").into_owned(),
            Expiry::At(at) if at <= app.now => words.with(
                "time-ago",
                &[
                    ("time", time(at).into()),
                    (
                        "span",
                        words.span(app.now.duration_since(at).as_secs()).into(),
                    ),
                ],
            ),
            Expiry::At(at) => words.with(
                "time-in",
                &[
                    ("time", time(at).into()),
                    (
                        "span",
                        words.span(at.duration_since(app.now).as_secs()).into(),
                    ),
                ],
            ),
        }),
    );
    add("field-previous", text(&facts.previous_response_id));
    add(
        "field-usage",
        facts.usage.map(|u| {
            words.with(
                "field-tokens",
                &[
                    ("input", u.input.into()),
                    ("cached", u.cached.into()),
                    ("output", u.output.into()),
                    ("total", u.total.into()),
                ],
            )
        }),
    );
    let tags: Vec<_> = resource.tags.iter().map(|t| visible(t)).collect();
    add("field-tags", Some(tags.join(", ")));
    add("field-note", text(&resource.note));
    let protected = resource
        .protected
        .then(|| words.text("field-protected-yes").into_owned());
    add("field-protected", protected);
    add(
        "field-tracked",
        Some(format!(
            "{} · {}",
            time(resource.tracked_at),
            words.source(resource.source)
        )),
    );
    add("field-settled", resource.settled_at.map(time));
    fields
}

/// To the second, in UTC, so that it can be compared with logs.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

pub(super) fn draw_strip(frame: &mut Frame<'_>, screen: Screen<'_>, area: Rect) {
    if area.height < 3 {
        return;
    }
    let Screen {
        app, words, theme, ..
    } = screen;
    let block = screen.block(format!(" {} ", words.text("pane-details")), false);
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let Some(resource) = app.current() else {
        return;
    };
    // As many fields as fit, flowing from line to line.
    let room = usize::from(inner.width);
    let mut lines: Vec<Vec<Span<'_>>> = vec![Vec::new()];
    let mut used = 0;
    for (name, value) in fields(screen, resource) {
        let value = super::text::cut(&value, room.saturating_sub(width(&name) + 3)).into_owned();
        let needed = width(&name) + width(&value) + 3;
        if used + needed > room && used > 0 {
            lines.push(Vec::new());
            used = 0;
        }
        used += needed;
        if let Some(line) = lines.last_mut() {
            line.push(Span::styled(format!("{name} "), theme.faint()));
            line.push(Span::raw(format!("{value}  ")));
        }
    }
    lines.truncate(usize::from(inner.height));
    let lines: Vec<Line<'_>> = lines.into_iter().map(Line::from).collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, row: RowId, offset: usize) -> usize {
    let Screen { app, words, .. } = screen;
    let area = Layout::dialog(app.width, app.height);
    let inner = screen.dialog(frame, area, &words.text("pane-details"), String::new());
    let Some(resource) = app.row(row) else {
        frame.render_widget(Paragraph::new("⋯"), inner);
        return 0;
    };
    let mut fields = fields(screen, resource);
    if let Some(citing) = app.cited_by(row).filter(|citing| citing.count > 0) {
        let name = words.text("field-cited-by").into_owned();
        fields.push((name, words.citing(citing)));
    }
    let lines = table(screen, fields, usize::from(inner.width));
    scrolled(frame, inner, lines, offset)
}

/// Names on the left, values wrapped on the right.
pub(super) fn table(
    screen: Screen<'_>,
    fields: Vec<(String, String)>,
    width_all: usize,
) -> Vec<Line<'static>> {
    let theme = screen.theme;
    let names = fields
        .iter()
        .map(|(name, _)| width(name))
        .max()
        .unwrap_or(0)
        + 2;
    let room = width_all.saturating_sub(names);
    let mut lines = Vec::new();
    for (name, value) in fields {
        for (i, part) in wrap(&value, room).into_iter().enumerate() {
            let head = if i == 0 { name.as_str() } else { "" };
            lines.push(Line::from(vec![
                Span::styled(pad(head, names, false), theme.faint()),
                Span::raw(part),
            ]));
        }
    }
    lines
}

/// Draws lines from `offset` on, or from as far down as fills the window; returns how far that is.
pub(super) fn scrolled(
    frame: &mut Frame<'_>,
    area: Rect,
    lines: Vec<Line<'_>>,
    offset: usize,
) -> usize {
    let overflow = lines.len().saturating_sub(usize::from(area.height));
    let lines: Vec<Line<'_>> = lines.into_iter().skip(offset.min(overflow)).collect();
    frame.render_widget(Paragraph::new(lines), area);
    overflow
}
