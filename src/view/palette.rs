//! The list of what can be done here and now, narrowed by what is typed.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{Layout, Palette};

use super::Screen;
use super::add::edited;
use super::text::{cut, pad};

/// Room for the keys of a line.
const KEYS: usize = 14;

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, palette: &Palette) {
    let Screen {
        app, words, theme, ..
    } = screen;
    let area = Layout::dialog(app.width, app.height);
    let room = usize::from(area.inner().width);
    let found = palette.found();
    let typed = edited(
        palette.line.value(),
        palette.line.cursor(),
        room.saturating_sub(2),
    );
    let mut lines = vec![Line::from(vec![
        Span::styled(": ", theme.key()),
        Span::raw(typed),
    ])];
    if found.is_empty() {
        lines.push(Line::styled(words.text("palette-nothing"), theme.faint()));
    }
    let page = app.palette_page();
    for (at, offer) in found.iter().enumerate().skip(palette.offset()).take(page) {
        let is_here = at == palette.position();
        let mark = if is_here { "▸ " } else { "  " };
        let said = cut(&offer.words, room.saturating_sub(KEYS + 3)).into_owned();
        let line = Line::from(vec![
            Span::raw(mark),
            Span::styled(pad(&offer.keys, KEYS, false), theme.key()),
            Span::raw(" "),
            Span::raw(said),
        ]);
        lines.push(if is_here {
            line.style(theme.cursor(true))
        } else {
            line
        });
    }
    let place = match found.len() {
        0 => String::new(),
        count => format!(" {}/{count} ", palette.position() + 1),
    };
    let inner = screen.dialog(frame, area, &words.text("palette-title"), place);
    frame.render_widget(Paragraph::new(lines), inner);
}
