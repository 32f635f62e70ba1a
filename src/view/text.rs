//! Text measured in cells and cut between graphemes.

use std::borrow::Cow;

use ratatui::text::Span;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub(super) use crate::domain::width;

/// The longest beginning of `text` that takes at most `cells`.
fn head(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true) {
        used += grapheme.width();
        if used > cells {
            return &text[..at];
        }
    }
    text
}

/// The longest end of `text` that takes at most `cells`.
fn tail(text: &str, cells: usize) -> &str {
    let mut used = 0;
    for (at, grapheme) in text.grapheme_indices(true).rev() {
        used += grapheme.width();
        if used > cells {
            return &text[at + grapheme.len()..];
        }
    }
    text
}

/// `text` in at most `cells`, with `…` where its end is missing.
pub(super) fn cut(text: &str, cells: usize) -> Cow<'_, str> {
    // Bytes are never fewer than cells: most text is short and needs no measuring.
    if text.len() <= cells || (text.len() <= cells * 8 && width(text) <= cells) {
        return Cow::Borrowed(text);
    }
    match cells {
        0 => Cow::Borrowed(""),
        _ => Cow::Owned(format!("{}…", head(text, cells - 1))),
    }
}

/// `text` in at most `cells`, with `…` in its middle: ids differ at their ends.
pub(super) fn cut_middle(text: &str, cells: usize) -> Cow<'_, str> {
    if text.len() <= cells {
        return Cow::Borrowed(text);
    }
    if cells < 5 {
        return cut(text, cells);
    }
    let back = (cells - 1) / 2;
    let front = cells - 1 - back;
    Cow::Owned(format!("{}…{}", head(text, front), tail(text, back)))
}

/// Spans in at most `cells` together, with `…` where one is cut.
pub(super) fn cut_spans(spans: Vec<Span<'static>>, cells: usize) -> Vec<Span<'static>> {
    let mut left = cells;
    let spans = spans.into_iter().map_while(|span| {
        let text = (left > 0).then(|| cut(&span.content, left).into_owned())?;
        left -= width(&text).min(left);
        Some(Span::styled(text, span.style))
    });
    spans.collect()
}

/// `text` in exactly `cells`.
pub(super) fn pad(text: &str, cells: usize, right: bool) -> String {
    let text = cut(text, cells);
    let blank = " ".repeat(cells - width(&text).min(cells));
    if right {
        blank + &text
    } else {
        text.into_owned() + &blank
    }
}

/// Lines of at most `cells`, broken at spaces where there are some, else between graphemes.
pub(super) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let lines = crate::domain::wrap(text, cells).into_iter();
    lines
        .map(|line| text[line].trim_end_matches(' ').to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cuts_between_graphemes_and_counts_wide_ones_twice() {
        assert_eq!(cut("报告终稿.pdf", 7), "报告终…");
        assert_eq!(cut("short", 7), "short");
        assert_eq!(
            cut("👩\u{200d}👩\u{200d}👧 family", 3),
            "👩\u{200d}👩\u{200d}👧…"
        );
        assert_eq!(cut_middle("resp_0217952273", 9), "resp…2273");
        assert_eq!(pad("x", 3, true), "  x");
        assert_eq!(pad("报", 3, false), "报 ");
    }

    #[test]
    fn wraps_at_spaces_and_breaks_what_has_none() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("报告终稿", 5), ["报告", "终稿"]);
        assert_eq!(wrap("", 5), [""]);
    }

    proptest! {
        #[test]
        fn nothing_is_ever_wider_than_asked(text in "\\PC{0,60}", cells in 0_usize..30) {
            prop_assert!(width(&cut(&text, cells)) <= cells);
            prop_assert_eq!(width(&pad(&text, cells, false)), cells);
            for line in wrap(&text, cells.max(2)) {
                // A cluster of several characters can be wider than the line; it is never torn.
                let whole = line.graphemes(true).count() == 1;
                prop_assert!(whole || width(&line) <= cells.max(2), "{:?}", line);
            }
        }

        #[test]
        fn wrapping_loses_nothing_but_blanks(text in "\\PC{0,60}", cells in 2_usize..30) {
            let bare = |t: &str| t.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(bare(&wrap(&text, cells).concat()), bare(&text));
        }
    }
}
