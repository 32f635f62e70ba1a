//! Leaving with work pending.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{Area, Button};

use super::Screen;
use super::text::wrap;

const WIDTH: u16 = 64;

pub(super) fn draw_question(frame: &mut Frame<'_>, screen: Screen<'_>, button: Button) {
    let Screen { words, theme, .. } = screen;
    let inner = open(frame, screen, 9);
    let mut lines: Vec<Line<'_>> = wrap(&words.text("quit-question"), usize::from(inner.width))
        .into_iter()
        .map(Line::raw)
        .collect();
    lines.push(Line::raw(""));
    let label = |key: &str| format!("[ {} ]", words.text(key));
    lines.push(Line::from(vec![
        Span::styled(label("quit-stay"), theme.button(button == Button::Cancel)),
        Span::raw("  "),
        Span::styled(label("quit-leave"), theme.button(button == Button::Delete)),
    ]));
    frame.render_widget(Paragraph::new(lines), inner);
}

pub(super) fn draw_leaving(frame: &mut Frame<'_>, screen: Screen<'_>) {
    let inner = open(frame, screen, 7);
    let live = screen.app.queue.live.len();
    let text = screen.words.with("quit-leaving", &[("count", live.into())]);
    let lines: Vec<Line<'_>> = wrap(&text, usize::from(inner.width))
        .into_iter()
        .map(Line::raw)
        .collect();
    frame.render_widget(Paragraph::new(lines), inner);
}

fn open(frame: &mut Frame<'_>, screen: Screen<'_>, height: u16) -> Rect {
    let whole = Area {
        x: 0,
        y: 0,
        width: screen.app.width,
        height: screen.app.height,
    };
    let area = whole.centred(WIDTH, height);
    screen.dialog(frame, area, &screen.words.text("quit-title"), String::new())
}
