//! The review of a deletion: exactly what will go, what it adds up to, where it goes, and the buttons.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{Button, Confirm, Layout};
use crate::domain::{Kind, RowId, visible};

use super::Screen;
use super::pane::{age, split_at_char};
use super::text::{cut_middle, pad, wrap};
use super::theme::glyph;

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, confirm: &Confirm) {
    let Screen { app, words, .. } = screen;
    let mut area = Layout::dialog(app.width, app.height);
    let count = confirm.rows.len();
    let page = app.dialog_page();
    let title = words.with("confirm-title", &[("count", confirm.going().into())]);
    let foot = foot(screen, confirm, usize::from(area.inner().width));
    // No taller than its content.
    let needed = u16::try_from(count.min(page) + foot.len() + 2).unwrap_or(area.height);
    area = area.centred(area.width, needed);
    let place = if count > page {
        let last = (confirm.offset + page).min(count);
        format!(" {}–{last}/{count} ", confirm.offset + 1)
    } else {
        String::new()
    };
    let inner = screen.dialog(frame, area, &title, place);
    let room = usize::from(inner.width);
    let lines: Vec<Line<'_>> = confirm
        .rows
        .iter()
        .skip(confirm.offset)
        .take(page)
        .map(|row| item(screen, confirm, *row, room))
        .collect();
    frame.render_widget(Paragraph::new(lines), inner);
    let height = u16::try_from(foot.len())
        .unwrap_or(inner.height)
        .min(inner.height);
    let bottom = Rect {
        y: inner.y + inner.height - height,
        height,
        ..inner
    };
    frame.render_widget(Paragraph::new(foot), bottom);
}

/// One item: state, id, age, size, name or model.
fn item(screen: Screen<'_>, confirm: &Confirm, row: RowId, room: usize) -> Line<'static> {
    let Screen {
        app, words, theme, ..
    } = screen;
    let Some(resource) = app.row(row) else {
        return Line::styled(" ⋯", theme.faint());
    };
    let facts = &resource.facts;
    let state = resource.state_at(app.now);
    let name = match resource.kind {
        Kind::Response => &facts.model,
        Kind::File => &facts.name,
    };
    let name = visible(name.as_deref().unwrap_or("")).into_owned();
    let size = facts.bytes.map_or_else(String::new, |b| words.bytes(b));
    let id_room = (room.saturating_sub(3 + 7 + 8) * 3 / 5).clamp(8, 58);
    let rest = room.saturating_sub(3 + id_room + 7 + 8);
    let text = format!(
        "{} {} {} {}",
        pad(&cut_middle(resource.id.as_str(), id_room), id_room, false),
        pad(&age(screen, resource), 6, true),
        pad(&size, 7, true),
        pad(&name, rest, false),
    );
    let struck = confirm.struck.contains(&row);
    let line = if struck {
        let style = theme.faint().add_modifier(Modifier::CROSSED_OUT);
        Line::from(vec![Span::raw(" - "), Span::styled(text, style)])
    } else {
        Line::from(vec![
            Span::styled(format!(" {} ", glyph(state)), theme.state(state)),
            Span::raw(text),
        ])
    };
    if confirm.rows.get(confirm.at) == Some(&row) {
        line.style(theme.cursor(true))
    } else {
        line
    }
}

fn foot(screen: Screen<'_>, confirm: &Confirm, room: usize) -> Vec<Line<'static>> {
    let Screen {
        app, words, theme, ..
    } = screen;
    let mut lines = vec![Line::raw("")];
    let mut say = |text: String, style| {
        for part in wrap(&text, room.saturating_sub(2)) {
            lines.push(Line::styled(format!(" {part}"), style));
        }
    };
    let plain = ratatui::style::Style::new();
    match &confirm.review {
        None => say(words.text("confirm-counting").into_owned(), theme.faint()),
        Some(review) => {
            let mut parts = Vec::new();
            if review.responses > 0 {
                parts.push(words.count_of(Kind::Response, review.responses));
            }
            if review.files > 0 {
                parts.push(words.count_of(Kind::File, review.files));
                parts.push(words.bytes(review.bytes));
            }
            if !confirm.struck.is_empty() {
                let count = confirm.struck.len().into();
                parts.push(words.with("confirm-struck", &[("count", count)]));
            }
            if confirm.hidden > 0 {
                parts.push(words.with("confirm-hidden", &[("count", confirm.hidden.into())]));
            }
            if confirm.left_out > 0 {
                parts.push(words.with("confirm-left-out", &[("count", confirm.left_out.into())]));
            }
            say(parts.join(" · "), plain);
            if review.dependents > 0 {
                let text = words.with("confirm-dependents", &[("count", review.dependents.into())]);
                say(text, theme.warn());
            }
        }
    }
    let session = &app.session;
    let place = words.with(
        "confirm-place",
        &[
            ("profile", visible(&session.profile).into()),
            ("host", visible(&session.host).into()),
            ("seconds", session.undo.as_secs().into()),
        ],
    );
    say(place, theme.strong());
    if confirm.must_type() && confirm.going() > 0 {
        let (before, after) = split_at_char(confirm.typed.value(), confirm.typed.cursor());
        let ask = words.with("confirm-type", &[("count", confirm.going().into())]);
        say(format!("{ask} {before}▏{after}"), theme.key());
    }
    let ready = confirm.is_ready() && !confirm.is_deaf(app.now);
    let label = |key: &str| format!("[ {} ]", words.text(key));
    let delete = if ready {
        theme.button(confirm.button == Button::Delete || confirm.must_type())
    } else {
        theme.faint()
    };
    let cancel = confirm.button == Button::Cancel && !(confirm.must_type() && ready);
    lines.push(Line::from(vec![
        Span::raw(" "),
        Span::styled(label("confirm-cancel"), theme.button(cancel)),
        Span::raw("  "),
        Span::styled(label("confirm-delete"), delete),
    ]));
    lines
}
