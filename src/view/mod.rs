//! `&App` -> cells. A file for each thing on the screen; nothing here changes state.

mod add;
mod chain;
mod confirm;
mod details;
mod footer;
mod form;
mod header;
mod help;
mod history;
mod import;
mod palette;
mod pane;
mod queue;
mod quit;
mod text;
mod theme;

#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear};

use crate::app::{App, Area, Context, Focus, Mode};
use crate::domain::Kind;
use crate::keys::Keymap;
use crate::locale::Catalogue;

pub use theme::Theme;

/// What drawing needs: the state, the words, the keys, the colours.
#[derive(Clone, Copy, Debug)]
pub struct Screen<'a> {
    pub app: &'a App,
    pub words: &'a Catalogue,
    pub keys: &'a Keymap,
    pub theme: Theme,
}

/// Draws everything. Returns how many lines of something to read lie beyond the end of its window,
/// so that scrolling can stop where the text does.
pub fn draw(frame: &mut Frame<'_>, screen: Screen<'_>) -> usize {
    let app = screen.app;
    let layout = app.layout();
    header::draw(frame, screen, rect(layout.header));
    header::draw_banner(frame, screen, rect(layout.banner));
    pane::draw(frame, screen, Kind::Response, layout.responses);
    pane::draw(frame, screen, Kind::File, layout.files);
    details::draw_strip(frame, screen, rect(layout.details));
    queue::draw(frame, screen, rect(layout.queue));
    footer::draw(frame, screen, rect(layout.footer));
    match &app.mode {
        Mode::Browse | Mode::Filter => 0,
        Mode::Add(add) => {
            add::draw(frame, screen, add);
            0
        }
        Mode::Form(form) => {
            form::draw(frame, screen, form);
            0
        }
        Mode::Import(path) => {
            import::draw(frame, screen, path);
            0
        }
        Mode::Palette(palette) => {
            palette::draw(frame, screen, palette);
            0
        }
        Mode::Confirm(confirm) => {
            confirm::draw(frame, screen, confirm);
            0
        }
        Mode::Details(details) => details::draw(frame, screen, details),
        Mode::Entry { entry, offset } => history::draw_entry(frame, screen, entry, *offset),
        Mode::Help { offset } => help::draw(frame, screen, *offset),
        Mode::Quit { button } => {
            quit::draw_question(frame, screen, *button);
            0
        }
        Mode::Leaving { .. } => {
            quit::draw_leaving(frame, screen);
            0
        }
    }
}

impl Screen<'_> {
    fn is_focused(&self, focus: Focus) -> bool {
        self.app.focus == focus
            && matches!(
                self.app.context(),
                Context::Pane | Context::Queue | Context::Filter
            )
    }

    /// A frame with a title for a part of the main screen.
    fn block(&self, title: String, focused: bool) -> Block<'static> {
        Block::bordered()
            .border_type(if focused {
                BorderType::Thick
            } else {
                BorderType::Plain
            })
            .border_style(self.theme.border(focused))
            .title(title)
            .title_style(self.theme.title(focused))
    }

    /// Opens a dialog over the middle of the screen and returns the room inside it. `place`
    /// says in the lower edge where in something longer the reader is.
    fn dialog(&self, frame: &mut Frame<'_>, area: Area, title: &str, place: String) -> Rect {
        let outer = rect(area);
        // A wide character that the dialog half covers would cover its edge.
        if let Some(x) = outer.x.checked_sub(1) {
            for y in outer.top()..outer.bottom() {
                let cell = frame.buffer_mut().cell_mut((x, y));
                if let Some(cell) = cell.filter(|cell| text::width(cell.symbol()) > 1) {
                    cell.set_symbol(" ");
                }
            }
        }
        frame.render_widget(Clear, outer);
        let block = self
            .block(format!(" {title} "), true)
            .title_bottom(Line::from(place).right_aligned());
        let inner = block.inner(outer);
        frame.render_widget(block, outer);
        inner
    }
}

fn rect(area: Area) -> Rect {
    Rect::new(area.x, area.y, area.width, area.height)
}
