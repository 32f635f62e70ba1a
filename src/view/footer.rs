//! The last line: the keys that do something here and now.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::Screen;
use super::text::width;

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, area: Rect) {
    let Screen {
        app,
        words,
        keys,
        theme,
    } = screen;
    let mut hints: Vec<(u8, String, String)> = keys
        .of(app.context())
        .filter(|(binding, _)| binding.footer > 0 && app.allows(binding.action))
        .filter_map(|(binding, chords)| {
            let chord = chords.first()?.to_string();
            let hint = binding.hint_now(app);
            Some((binding.footer, chord, words.text(hint).into_owned()))
        })
        .collect();
    hints.sort_by_key(|(rank, ..)| *rank);
    let mut room = usize::from(area.width);
    let mut spans = Vec::new();
    for (_, chord, hint) in hints {
        let needed = width(&chord) + width(&hint) + 4;
        if needed > room {
            break;
        }
        room -= needed;
        spans.push(Span::raw(" "));
        spans.push(Span::styled(chord, theme.key()));
        spans.push(Span::raw(format!(" {hint}  ")));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}
