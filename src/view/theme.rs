//! Colours and glyphs. Every state has a glyph and a word, so colour only ever repeats what is said.

use ratatui::style::{Color, Modifier, Style};

use crate::domain::{State, Tint, Unready};

/// Whether to use colour at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Theme {
    colour: bool,
}

impl Theme {
    /// `no_color`: `NO_COLOR` is set and not empty (<https://no-color.org>).
    pub fn new(no_color: bool) -> Self {
        Self { colour: !no_color }
    }

    fn fg(self, colour: Color) -> Style {
        if self.colour {
            Style::new().fg(colour)
        } else {
            Style::new()
        }
    }

    pub fn border(self, focused: bool) -> Style {
        if focused {
            self.fg(Color::Cyan)
        } else {
            self.fg(Color::DarkGray)
        }
    }

    pub fn title(self, focused: bool) -> Style {
        if focused {
            self.fg(Color::Cyan).add_modifier(Modifier::BOLD)
        } else {
            Style::new()
        }
    }

    pub fn strong(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    pub fn faint(self) -> Style {
        if self.colour {
            Style::new().fg(Color::DarkGray)
        } else {
            Style::new().add_modifier(Modifier::DIM)
        }
    }

    pub fn key(self) -> Style {
        self.fg(Color::Yellow).add_modifier(Modifier::BOLD)
    }

    pub fn good(self) -> Style {
        self.fg(Color::Green)
    }

    pub fn warn(self) -> Style {
        self.fg(Color::Yellow)
    }

    pub fn bad(self) -> Style {
        self.fg(Color::Red)
    }

    /// The badge and the banner that must not be overlooked.
    pub fn loud(self) -> Style {
        self.fg(Color::Yellow)
            .add_modifier(Modifier::BOLD | Modifier::REVERSED)
    }

    /// A line that says what follows.
    pub fn heading(self) -> Style {
        self.fg(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub fn tint(self, tint: Tint) -> Style {
        match tint {
            Tint::JsonKey => self.fg(Color::Cyan),
            Tint::JsonText => self.fg(Color::Green),
            Tint::JsonNumber => self.fg(Color::Magenta),
            Tint::JsonWord => self.fg(Color::Yellow),
            Tint::Faint => self.faint(),
            Tint::Heading(_) => self.heading(),
            Tint::Plain => Style::new(),
        }
    }

    /// A place that was looked for; the one the reader is at stands out.
    pub fn hit(self, current: bool) -> Style {
        if current {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().add_modifier(Modifier::UNDERLINED | Modifier::BOLD)
        }
    }

    pub fn cursor(self, focused: bool) -> Style {
        if focused {
            Style::new().add_modifier(Modifier::REVERSED)
        } else {
            Style::new().add_modifier(Modifier::UNDERLINED)
        }
    }

    pub fn button(self, focused: bool) -> Style {
        if focused {
            Style::new().add_modifier(Modifier::REVERSED | Modifier::BOLD)
        } else {
            Style::new()
        }
    }

    pub fn state(self, state: State) -> Style {
        match state {
            State::Tracked => Style::new(),
            State::Queued => self.fg(Color::Cyan),
            State::Sending => self.fg(Color::Cyan).add_modifier(Modifier::BOLD),
            State::Deleted | State::Gone => self.good(),
            State::Refused | State::Unsettled => self.warn(),
            State::Failed => self.bad(),
            State::Expired => self.faint(),
        }
    }

    pub fn unready(self, why: Unready) -> Style {
        match why {
            Unready::Processing => self.fg(Color::Cyan),
            Unready::Stuck => self.warn(),
            Unready::Failed => self.bad(),
        }
    }
}

/// Of a row that the last sync discovered.
pub(super) const NEW: &str = "+";

pub(super) fn unready_glyph(why: Unready) -> &'static str {
    match why {
        Unready::Processing => "◌",
        Unready::Stuck => "!",
        Unready::Failed => "✘",
    }
}

/// One cell wide in every terminal, also where East Asian ambiguous characters are wide.
pub(super) fn glyph(state: State) -> &'static str {
    match state {
        State::Tracked => "▪",
        State::Queued => "⋯",
        State::Sending => "▸",
        State::Deleted => "✓",
        State::Gone => "∅",
        State::Refused => "⊘",
        State::Failed => "✗",
        State::Unsettled => "?",
        State::Expired => "✝",
    }
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn glyphs_are_one_cell_wide_even_where_ambiguous_is_wide_and_all_differ() {
        let mut seen = std::collections::HashSet::new();
        let states = State::ALL.map(glyph).into_iter();
        let others = Unready::ALL.map(unready_glyph).into_iter().chain([NEW]);
        for glyph in states.chain(others) {
            assert_eq!(glyph.width_cjk(), 1, "{glyph}");
            assert!(seen.insert(glyph), "{glyph}");
        }
    }

    #[test]
    fn no_color_turns_every_colour_off() {
        let plain = Theme::new(true);
        for state in State::ALL {
            assert_eq!(plain.state(state).fg, None);
        }
        assert_eq!(plain.loud().fg, None);
        assert!(Theme::new(false).state(State::Failed).fg.is_some());
    }
}
