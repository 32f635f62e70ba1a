//! Every key and what it does, from the key table.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use crate::app::Layout;

use super::Screen;
use super::text::{pad, wrap};

/// Room for the chords of a line.
const CHORDS: usize = 16;

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, offset: usize) -> usize {
    let Screen {
        app,
        words,
        keys,
        theme,
    } = screen;
    let area = Layout::dialog(app.width, app.height);
    let title = words.text("key-help-title").into_owned();
    let inner = screen.dialog(frame, area, &title, String::new());
    let mut lines: Vec<Line<'_>> = Vec::new();
    // A key that means the same in several contexts is said once.
    let mut said = std::collections::HashSet::new();
    for (binding, chords) in keys.all() {
        let fresh: Vec<String> = chords
            .iter()
            .filter(|chord| said.insert((**chord, binding.hint)))
            .map(ToString::to_string)
            .collect();
        if fresh.is_empty() {
            continue;
        }
        let chords = fresh.join(" ");
        let room = usize::from(inner.width).saturating_sub(CHORDS + 1);
        for (i, part) in wrap(&words.text(binding.hint), room)
            .into_iter()
            .enumerate()
        {
            let head = if i == 0 { chords.as_str() } else { "" };
            lines.push(Line::from(vec![
                Span::styled(pad(head, CHORDS, false), theme.key()),
                Span::raw(" "),
                Span::raw(part),
            ]));
        }
    }
    lines.push(Line::raw(""));
    for part in wrap(&words.text("key-query-language"), usize::from(inner.width)) {
        lines.push(Line::raw(part));
    }
    super::details::scrolled(frame, inner, lines, offset)
}
