//! The dialog for the path of an import: what was typed, how it can go on, why it was not right.

use ratatui::Frame;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::app::{ImportPath, Layout};
use crate::domain::visible;

use super::Screen;
use super::add::edited;
use super::text::{cut, wrap};

pub(super) fn draw(frame: &mut Frame<'_>, screen: Screen<'_>, path: &ImportPath) {
    let Screen {
        app, words, theme, ..
    } = screen;
    let area = Layout::dialog(app.width, app.height);
    let room = usize::from(area.inner().width);
    let mut lines: Vec<Line<'_>> = wrap(&words.text("import-intro"), room)
        .into_iter()
        .map(|line| Line::styled(line, theme.faint()))
        .collect();
    lines.push(Line::raw(""));
    let typed = edited(
        path.line.value(),
        path.line.cursor(),
        room.saturating_sub(2),
    );
    lines.push(Line::from(vec![
        Span::styled("> ", theme.key()),
        Span::raw(typed),
    ]));
    if let Some(error) = &path.error {
        let text = format!("✗ {}", words.unreadable(error));
        let text = wrap(&text, room).into_iter();
        lines.extend(text.map(|line| Line::styled(line, theme.bad())));
    }
    // One name is what the path went on with.
    if path.names.len() > 1 {
        lines.push(Line::raw(""));
        let names = path.names.iter();
        lines.extend(names.map(|name| Line::raw(cut(&visible(name), room).into_owned())));
    }
    let needed = u16::try_from(lines.len() + 2).unwrap_or(area.height);
    let area = area.centred(area.width, needed);
    let inner = screen.dialog(frame, area, &words.text("import-title"), String::new());
    frame.render_widget(Paragraph::new(lines), inner);
}
