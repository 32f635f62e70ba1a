//! What the terminal sends, as messages.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use tui_input::InputRequest;

use crate::app::{Context, Message};
use crate::keys::{Chord, Keymap};

/// The message for a terminal event in a context, if it means anything there.
pub(super) fn message(event: Event, context: Context, keys: &Keymap) -> Option<Message> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key_message(key, context, keys),
        Event::Paste(text) => Some(Message::Paste(text)),
        Event::Resize(width, height) => Some(Message::Resize { width, height }),
        _ => None,
    }
}

fn key_message(key: KeyEvent, context: Context, keys: &Keymap) -> Option<Message> {
    let chord = Chord::of(key);
    let is_text = matches!(key.code, KeyCode::Char(_)) && chord.is_plain();
    let takes_text = match context {
        Context::Filter
        | Context::Add
        | Context::Form
        | Context::FormPath
        | Context::Import
        | Context::Palette
        | Context::Search => true,
        Context::ConfirmTyped => {
            !is_text || matches!(key.code, KeyCode::Char(c) if c.is_ascii_digit())
        }
        _ => false,
    };
    if takes_text && is_text {
        return edit(key).map(Message::Edit);
    }
    keys.action(context, chord)
        .map(Message::Act)
        .or_else(|| takes_text.then(|| edit(key)).flatten().map(Message::Edit))
}

/// Editing keys are the shell's; they are not in the table because they do nothing of ours.
fn edit(key: KeyEvent) -> Option<InputRequest> {
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::Char('w') if ctrl => InputRequest::DeletePrevWord,
        KeyCode::Char('u') if ctrl => InputRequest::DeleteFromStart,
        KeyCode::Char('k') if ctrl => InputRequest::DeleteTillEnd,
        KeyCode::Char('a') if ctrl => InputRequest::GoToStart,
        KeyCode::Char('e') if ctrl => InputRequest::GoToEnd,
        KeyCode::Char('b') if alt => InputRequest::GoToPrevWord,
        KeyCode::Char('f') if alt => InputRequest::GoToNextWord,
        KeyCode::Char(c) if !ctrl && !alt => InputRequest::InsertChar(c),
        KeyCode::Backspace if alt => InputRequest::DeletePrevWord,
        KeyCode::Backspace => InputRequest::DeletePrevChar,
        KeyCode::Delete => InputRequest::DeleteNextChar,
        KeyCode::Left if ctrl => InputRequest::GoToPrevWord,
        KeyCode::Right if ctrl => InputRequest::GoToNextWord,
        KeyCode::Left => InputRequest::GoToPrevChar,
        KeyCode::Right => InputRequest::GoToNextChar,
        KeyCode::Home => InputRequest::GoToStart,
        KeyCode::End => InputRequest::GoToEnd,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::app::Action;

    fn press(c: char, context: Context) -> Option<Message> {
        let keys = Keymap::new(&BTreeMap::new()).unwrap();
        let event = Event::Key(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
        message(event, context, &keys)
    }

    #[test]
    fn letters_are_keys_in_a_pane_and_text_in_a_field() {
        assert!(matches!(
            press('d', Context::Pane),
            Some(Message::Act(Action::Delete))
        ));
        assert!(matches!(
            press('d', Context::Filter),
            Some(Message::Edit(InputRequest::InsertChar('d')))
        ));
    }

    #[test]
    fn only_digits_can_be_typed_where_a_number_is_asked_for() {
        assert!(matches!(
            press('7', Context::ConfirmTyped),
            Some(Message::Edit(InputRequest::InsertChar('7')))
        ));
        assert!(press('y', Context::ConfirmTyped).is_none());
    }
}
