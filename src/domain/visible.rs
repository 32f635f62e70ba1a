//! Text from elsewhere, made safe to put on a terminal.

use std::borrow::Cow;

/// Shows what a terminal would obey: control, escape and format characters (bidi, zero-width joins
/// that hide text, line separators) become `\u{…}`, and line breaks become `⏎`.
///
/// The zero-width joiner U+200D and the variation selectors stay: emoji families need them, and they
/// cannot reorder or hide anything.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_obeyed) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => shown.push('⏎'),
            '\t' => shown.push(' '),
            c if is_obeyed(c) => shown.extend(c.escape_unicode()),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

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
            assert!(matches!(visible(text), Cow::Borrowed(_)), "{text}");
        }
    }

    #[test]
    fn shows_what_a_terminal_would_obey() {
        assert_eq!(visible("\u{1b}[2Jx"), "\\u{1b}[2Jx");
        assert_eq!(visible("\u{9b}31m"), "\\u{9b}31m");
        assert_eq!(visible("gpj\u{202e}exe"), "gpj\\u{202e}exe");
        assert_eq!(visible("a\r\nb\tc\u{7}"), "a\\u{d}⏎b c\\u{7}");
        assert_eq!(visible("\u{2066}\u{feff}"), "\\u{2066}\\u{feff}");
    }
}
