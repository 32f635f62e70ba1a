//! A key with its modifiers, as written in the table and the config file: `d`, `G`, `ctrl-d`,
//! `space`, `pageup`.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    modifiers: KeyModifiers,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChordError {
    #[error("write a character or one of {}", names())]
    UnknownKey,
    #[error("modifiers are ctrl- and alt-")]
    UnknownModifier,
}

const NAMED: [(&str, KeyCode); 14] = [
    ("space", KeyCode::Char(' ')),
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("backspace", KeyCode::Backspace),
    ("del", KeyCode::Delete),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
];

fn names() -> String {
    NAMED.map(|(name, _)| name).join(", ")
}

impl Chord {
    /// Shift is part of a character (`G`), so it is not a modifier of one; terminals differ in
    /// whether they send it along.
    pub fn of(event: KeyEvent) -> Self {
        let mut modifiers = event.modifiers & (KeyModifiers::CONTROL | KeyModifiers::ALT);
        let code = match event.code {
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                KeyCode::Char(c.to_ascii_lowercase())
            }
            code => code,
        };
        if !matches!(code, KeyCode::Char(_)) {
            modifiers |= event.modifiers & KeyModifiers::SHIFT;
        }
        Self { code, modifiers }
    }

    pub fn is_plain(self) -> bool {
        self.modifiers.is_empty()
    }
}

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, ChordError> {
        let mut modifiers = KeyModifiers::NONE;
        let mut rest = text;
        // A lone `-` is the key itself.
        while let Some((modifier, key)) = rest.split_once('-').filter(|(_, key)| !key.is_empty()) {
            modifiers |= match modifier {
                "ctrl" => KeyModifiers::CONTROL,
                "alt" => KeyModifiers::ALT,
                _ => return Err(ChordError::UnknownModifier),
            };
            rest = key;
        }
        let named = NAMED.iter().find(|(name, _)| *name == rest);
        let mut chars = rest.chars();
        let code = match (named, chars.next(), chars.next()) {
            (Some((_, code)), ..) => *code,
            (None, Some(c), None) if !c.is_control() => KeyCode::Char(c),
            _ => return Err(ChordError::UnknownKey),
        };
        Ok(Self { code, modifiers })
    }
}

impl fmt::Display for Chord {
    /// As a reader of help expects it: `j`, `↓`, `Ctrl-d`, `Enter`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.modifiers.contains(KeyModifiers::CONTROL) {
            f.write_str("Ctrl-")?;
        }
        if self.modifiers.contains(KeyModifiers::ALT) {
            f.write_str("Alt-")?;
        }
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::Up => f.write_str("↑"),
            KeyCode::Down => f.write_str("↓"),
            KeyCode::Left => f.write_str("←"),
            KeyCode::Right => f.write_str("→"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            code => write!(f, "{code}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_named_key_is_read_and_shown() {
        for (name, code) in NAMED {
            let chord: Chord = name.parse().unwrap();
            assert_eq!(chord.code, code);
            assert!(!chord.to_string().is_empty());
        }
        assert_eq!("ctrl-d".parse::<Chord>().unwrap().to_string(), "Ctrl-d");
        assert_eq!("-".parse::<Chord>().unwrap().to_string(), "-");
        assert_eq!("shift-x".parse::<Chord>(), Err(ChordError::UnknownModifier));
        assert_eq!("foo".parse::<Chord>(), Err(ChordError::UnknownKey));
    }

    #[test]
    fn shift_belongs_to_the_character() {
        let event = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(Chord::of(event), "G".parse().unwrap());
    }
}
