//! What the user writes on rows: tags and a note. They stay in the ledger and are never sent.

/// The longest tag, in characters.
pub const MAX_TAG: usize = 64;

/// The longest note, in characters.
pub const MAX_NOTE: usize = 1000;

/// A change to what stands on a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Each as [`tag`] gave it.
    pub add: Vec<String>,
    /// Taken off before the others are added, without regard to ASCII case.
    pub remove: Vec<String>,
    /// `None` leaves the note as it is, an empty one takes it away.
    pub note: Option<String>,
}

impl Labels {
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty() && self.note.is_none()
    }
}

/// Why a text is no tag or no note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    #[error("a tag has 1 to {MAX_TAG} characters, and this has {0}")]
    TagLength(usize),
    #[error("a tag has no spaces, no control characters, and does not begin with -")]
    TagCharacter,
    #[error("a note has at most {MAX_NOTE} characters, and this has {0}")]
    NoteLength(usize),
}

/// A tag as it may be stored. It has no spaces, because tags are written side by side, and does not begin
/// with `-`, which takes tags off.
pub fn tag(text: &str) -> Result<String, LabelError> {
    let length = text.chars().count();
    if !(1..=MAX_TAG).contains(&length) {
        return Err(LabelError::TagLength(length));
    }
    let is_odd = |c: char| c.is_whitespace() || super::is_obeyed(c);
    if text.starts_with('-') || text.contains(is_odd) {
        return Err(LabelError::TagCharacter);
    }
    Ok(text.to_owned())
}

/// A note as it may be stored; whatever is in it is made visible where it is shown.
pub fn note(text: &str) -> Result<String, LabelError> {
    let text = text.trim();
    match text.chars().count() {
        length if length > MAX_NOTE => Err(LabelError::NoteLength(length)),
        _ => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_words_and_notes_are_short() {
        for good in ["ci", "夜间", "a:b", "x-y", "2026/11"] {
            assert_eq!(tag(good).as_deref(), Ok(good));
        }
        for bad in ["-ci", "a b", "a\u{202e}b", "\u{1b}[2J", "a\u{3000}b"] {
            assert_eq!(tag(bad), Err(LabelError::TagCharacter), "{bad:?}");
        }
        assert_eq!(tag(""), Err(LabelError::TagLength(0)));
        assert_eq!(tag(&"文".repeat(65)), Err(LabelError::TagLength(65)));
        assert_eq!(note("  keep \u{1b} \n").as_deref(), Ok("keep \u{1b}"));
        assert_eq!(note(&"文".repeat(1001)), Err(LabelError::NoteLength(1001)));
    }
}
