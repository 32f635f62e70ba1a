//! The review of a deletion: exactly what will go, what it adds up to, where it goes, and the buttons.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{Button, Confirm, Layout, scroll};
use crate::domain::{Citing, Kind, RowId, visible};
use crate::locale::Catalogue;

use super::Screen;
use super::pane::{age, split_at_char};
use super::text::{cut, cut_middle, pad, width, wrap};
use super::theme::glyph;

/// Before a file that responses cite which stay; the words below the list begin with it, too.
const CITED: &str = "!";

/// Cells that a file's name is left before it is said who cites it and not only how many.
const NAME: usize = 16;

/// Cells for the id of who cites it: its ends tell it from others.
const ID: usize = 20;

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, confirm: &Confirm) {
    let Screen { app, words, .. } = screen;
    let mut area = Layout::dialog(app.width, app.height);
    let count = confirm.rows.len();
    let title = words.with("confirm-title", &[("count", confirm.going().into())]);
    let (width, height) = (
        usize::from(area.inner().width),
        usize::from(area.inner().height),
    );
    // The item under the cursor and the buttons stay in sight, whatever there is to be said.
    let mut foot = said(screen, confirm, width);
    let asked = asked(screen, confirm, width);
    let room = height.saturating_sub(asked.len() + 1);
    if foot.len() > room {
        foot.remove(0);
        foot.truncate(room);
    }
    foot.extend(asked);
    let page = app
        .dialog_page()
        .min(height.saturating_sub(foot.len()).max(1));
    let offset = scroll(confirm.offset, confirm.at, count, page);
    // No taller than its content.
    let needed = u16::try_from(count.min(page) + foot.len() + 2).unwrap_or(area.height);
    area = area.centred(area.width, needed);
    let place = if count > page {
        let last = (offset + page).min(count);
        format!(" {}–{last}/{count} ", offset + 1)
    } else {
        String::new()
    };
    let inner = screen.dialog(frame, area, &title, place);
    let room = usize::from(inner.width);
    let rows = confirm.rows.iter().skip(offset).take(page);
    let ids = rows.clone().filter_map(|row| app.row(*row));
    let longest = ids.map(|row| row.id.as_str().len()).max().unwrap_or(0);
    let id_room = (room.saturating_sub(3 + 7 + 8) * 3 / 5)
        .clamp(8, 58)
        .min(longest.max(8));
    let lines: Vec<Line<'_>> = rows
        .map(|row| item(screen, confirm, *row, room, id_room))
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

/// One item: state, id, age, size, name or model, and of a file that it is cited.
fn item(
    screen: Screen<'_>,
    confirm: &Confirm,
    row: RowId,
    room: usize,
    id_room: usize,
) -> Line<'static> {
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
    let struck = confirm.struck.contains(&row);
    let cited = confirm.citing(row);
    let rest = room.saturating_sub(3 + id_room + 7 + 8 + 1);
    let (name, cited_by) = match cited {
        None => (pad(&name, rest, false), None),
        Some(citing) => {
            let words = cited_by(words, citing, rest);
            let name = cut(&name, rest.saturating_sub(width(&words) + 3));
            let name = if name.is_empty() {
                String::new()
            } else {
                format!("{name} · ")
            };
            let words = pad(&words, rest.saturating_sub(width(&name)), false);
            (name, Some(words))
        }
    };
    let text = format!(
        "{} {} {} {name}",
        pad(&cut_middle(resource.id.as_str(), id_room), id_room, false),
        pad(&age(screen, resource), 6, true),
        pad(&size, 7, true),
    );
    let line = if struck {
        let style = theme.faint().add_modifier(Modifier::CROSSED_OUT);
        Line::from(vec![Span::raw(" - "), Span::styled(text, style)])
    } else {
        let mark = if cited.is_some() { CITED } else { " " };
        let mut line = vec![
            Span::styled(mark, theme.warn()),
            Span::styled(format!("{} ", glyph(state)), theme.state(state)),
            Span::raw(text),
        ];
        line.extend(cited_by.map(|words| Span::styled(words, theme.warn())));
        Line::from(line)
    };
    if confirm.rows.get(confirm.at) == Some(&row) {
        line.style(theme.cursor(true))
    } else {
        line
    }
}

/// By whom a file is cited: by name, if `room` has that many cells and some more for the file's own.
fn cited_by(words: &Catalogue, citing: &Citing, room: usize) -> String {
    if let Some(id) = citing.some.first() {
        let id = cut_middle(id.as_str(), ID);
        let ids = match citing.count.saturating_sub(1) {
            0 => id.into_owned(),
            more => words.with(
                "citing-more",
                &[("ids", (&*id).into()), ("more", more.into())],
            ),
        };
        let by_name = words.with("confirm-cited-by-id", &[("ids", ids.into())]);
        if width(&by_name) + NAME <= room {
            return by_name;
        }
    }
    words.with("confirm-cited-by", &[("count", citing.count.into())])
}

fn wrapped(text: &str, style: Style, room: usize) -> impl Iterator<Item = Line<'static>> {
    let parts = wrap(text, room.saturating_sub(2)).into_iter();
    parts.map(move |part| Line::styled(format!(" {part}"), style))
}

/// A blank line, then what has to be said of all items, what matters most first.
fn said(screen: Screen<'_>, confirm: &Confirm, room: usize) -> Vec<Line<'static>> {
    let Screen {
        app, words, theme, ..
    } = screen;
    let mut lines = vec![Line::raw("")];
    let mut say = |text: String, style| lines.extend(wrapped(&text, style, room));
    match &confirm.review {
        None if confirm.is_hasty => say(
            words.text("confirm-still-counting").into_owned(),
            theme.warn(),
        ),
        None => say(words.text("confirm-counting").into_owned(), theme.faint()),
        Some(review) if confirm.is_hasty && review.rows.is_empty() => {
            say(words.text("confirm-nothing").into_owned(), theme.warn());
        }
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
            let hidden = confirm.hidden();
            if hidden > 0 {
                parts.push(words.with("confirm-hidden", &[("count", hidden.into())]));
            }
            if confirm.kept > 0 {
                parts.push(words.with("confirm-protected", &[("count", confirm.kept.into())]));
            }
            if confirm.left_out > 0 {
                parts.push(words.with("confirm-left-out", &[("count", confirm.left_out.into())]));
            }
            say(parts.join(" · "), Style::new());
            if review.dependents > 0 {
                let text = words.with("confirm-dependents", &[("count", review.dependents.into())]);
                say(text, theme.warn());
            }
            if !review.cited.is_empty() {
                let text = words.with("confirm-cited", &[("count", review.cited.len().into())]);
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
    lines
}

/// The number to type, where one has to be, and the buttons.
fn asked(screen: Screen<'_>, confirm: &Confirm, room: usize) -> Vec<Line<'static>> {
    let Screen {
        app, words, theme, ..
    } = screen;
    let mut lines = Vec::new();
    if confirm.must_type() && confirm.going() > 0 {
        let (before, after) = split_at_char(confirm.typed.value(), confirm.typed.cursor());
        let ask = words.with("confirm-type", &[("count", confirm.going().into())]);
        let mut text = format!("{ask} {before}▏{after}");
        let is_wrong = confirm.is_hasty && confirm.review.is_some();
        if is_wrong {
            text.push_str("  ← ");
            text.push_str(&words.text("confirm-wrong-number"));
        }
        let style = if is_wrong { theme.bad() } else { theme.key() };
        lines.extend(wrapped(&text, style, room));
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
