//! The dialog for new ids: what was typed or pasted, how each line reads, what will happen.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{AddIds, Layout, Reading};
use crate::domain::{Kind, visible};

use super::Screen;
use super::pane::split_at_char;
use super::text::{cut, width, wrap};

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, add: &AddIds) {
    let Screen {
        app, words, theme, ..
    } = screen;
    let area = Layout::dialog(app.width, app.height);
    let inner = screen.dialog(frame, area, &words.text("add-title"), String::new());
    let room = usize::from(inner.width);
    let mut head: Vec<Line<'_>> = wrap(&words.text("add-intro"), room)
        .into_iter()
        .map(|line| Line::styled(line, theme.faint()))
        .collect();
    let kind = add.kind.map_or_else(
        || words.text("add-kind-ask").into_owned(),
        |kind| words.kind(kind),
    );
    head.push(Line::raw(words.with("add-kind", &[("kind", kind.into())])));
    let mut foot = Vec::new();
    let bad = add
        .lines
        .iter()
        .filter(|(_, reading)| is_trouble(reading))
        .count();
    let ids: usize = add.lines.iter().map(|(_, reading)| ids(reading)).sum();
    let last = add.reading();
    foot.push(Line::styled(
        words.with(
            "add-summary",
            &[
                ("ids", (ids + self::ids(&last)).into()),
                ("bad", (bad + usize::from(is_trouble(&last))).into()),
            ],
        ),
        theme.strong(),
    ));
    // The end of what was pasted, then the line being edited; troubles first where room is short,
    // because they are what has to be done.
    let middle = usize::from(inner.height).saturating_sub(head.len() + foot.len() + 1);
    let mut lines = Vec::new();
    let numbered = add.lines.iter().enumerate();
    let (troubles, fine): (Vec<_>, Vec<_>) = numbered.partition(|(_, (_, r))| is_trouble(r));
    let mut shown: Vec<_> = troubles.into_iter().take(middle).collect();
    let left = middle - shown.len();
    shown.extend(fine.into_iter().rev().take(left));
    shown.sort_by_key(|(at, _)| *at);
    for (at, (text, reading)) in shown {
        lines.push(line(
            screen,
            &format!("{:>3} ", at + 1),
            text,
            None,
            reading,
            room,
        ));
    }
    let number = format!("{:>3} ", add.lines.len() + 1);
    let cursor = Some(add.line.cursor());
    lines.push(line(screen, &number, add.line.value(), cursor, &last, room));
    head.extend(lines);
    frame.render_widget(Paragraph::new(head), inner);
    let bottom = Rect {
        y: inner.y + inner.height.saturating_sub(1),
        height: 1.min(inner.height),
        ..inner
    };
    frame.render_widget(Paragraph::new(foot), bottom);
}

fn is_trouble(reading: &Reading) -> bool {
    matches!(reading, Reading::NeedsKind | Reading::Bad(_))
}

fn ids(reading: &Reading) -> usize {
    match reading {
        Reading::Ids(ids) => ids.len(),
        _ => 0,
    }
}

fn line(
    screen: Screen<'_>,
    number: &str,
    text: &str,
    cursor: Option<usize>,
    reading: &Reading,
    room: usize,
) -> Line<'static> {
    let Screen { words, theme, .. } = screen;
    let (verdict, style) = match reading {
        Reading::Blank => (String::new(), theme.faint()),
        Reading::Ids(ids) => {
            let count = |kind| ids.iter().filter(|(k, _)| *k == kind).count() as u64;
            let parts: Vec<String> = Kind::ALL
                .into_iter()
                .filter(|kind| count(*kind) > 0)
                .map(|kind| words.count_of(kind, count(kind)))
                .collect();
            (format!("✓ {}", parts.join(", ")), theme.good())
        }
        Reading::NeedsKind => (format!("? {}", words.text("add-needs-kind")), theme.warn()),
        Reading::Bad(error) => (format!("✗ {}", words.id_error(error)), theme.bad()),
    };
    let verdict = cut(&verdict, room / 2).into_owned();
    let text_room = room.saturating_sub(width(number) + width(&verdict) + 2);
    let shown = match cursor {
        None => cut(&visible(text), text_room).into_owned(),
        Some(at) => edited(text, at, text_room),
    };
    Line::from(vec![
        Span::styled(number.to_owned(), theme.faint()),
        Span::raw(shown),
        Span::raw("  "),
        Span::styled(verdict, style),
    ])
}

/// A line being edited in so much room, with the cursor in sight.
pub(super) fn edited(text: &str, cursor: usize, room: usize) -> String {
    let (before, after) = split_at_char(text, cursor);
    let before = visible(before);
    // The end of what is before it.
    let skip = width(&before).saturating_sub(room.saturating_sub(2));
    let before: String = before.chars().skip(skip).collect();
    cut(&format!("{before}▏{}", visible(after)), room).into_owned()
}
