//! Text from elsewhere, made safe to put on a terminal.

use std::borrow::Cow;

/// Shows what a terminal would obey: control, escape and format characters (bidi, zero-width joins
/// that hide text, line separators) become `\u{…}`, and line breaks become `⏎`.
///
/// The variation selectors stay, and so does the zero-width joiner U+200D where it joins: emoji families
/// need them. A joiner at an end would join with what stands beside the text.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| is_obeyed(c) || c == JOINER) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let can_join = |c: char| !c.is_ascii() && !c.is_whitespace() && !is_obeyed(c);
        let joins = before.is_some_and(can_join) && chars.peek().copied().is_some_and(can_join);
        before = Some(c);
        match c {
            JOINER if !joins => shown.extend(c.escape_unicode()),
            '\n' => shown.push('⏎'),
            '\t' => shown.push(' '),
            c if is_obeyed(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

const JOINER: char = '\u{200d}';

/// A terminal, or the layout of text, obeys this character instead of showing it.
pub fn is_obeyed(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}'
            | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_ordinary_text_of_any_script_alone() {
        for text in [
            "demo.mp4",
            "报告 终稿.pdf",
            "naïve café",
            "👩\u{200d}👩\u{200d}👧",
            "שלום",
        ] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn shows_what_a_terminal_would_obey() {
        assert_eq!(visible("\u{1b}[2Jx"), "\\u{1b}[2Jx");
        assert_eq!(visible("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(visible("gpj\u{202e}exe"), "gpj\\u{202e}exe");
        assert_eq!(visible("a\r\nb\tc\u{7}"), "a\\u{d}⏎b c\\u{7}");
        assert_eq!(visible("👩\u{200d}"), "👩\\u{200d}");
        assert_eq!(visible("\u{200d}👩 a\u{200d}b"), "\\u{200d}👩 a\\u{200d}b");
        assert_eq!(visible("\u{2066}\u{feff}"), "\\u{2066}\\u{feff}");
    }
}
