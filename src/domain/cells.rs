//! Text measured in cells, a cluster (what a reader takes for one character) at a time.

use std::iter;
use std::ops::Range;

use unicode_segmentation::{Graphemes, UnicodeSegmentation};
use unicode_width::UnicodeWidthStr;

/// The clusters of a text. ASCII, of which most text is, is not asked for its properties; `\r\n` is two.
pub fn clusters(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    let mut mixed: Graphemes<'_> = "".graphemes(true);
    iter::from_fn(move || {
        if let Some(cluster) = mixed.next() {
            return Some(cluster);
        }
        // Between two ASCII characters there is always an end.
        let bytes = rest.as_bytes();
        let is_end = |at: &usize| bytes[at - 1].is_ascii() && bytes[*at].is_ascii();
        let end = (1..bytes.len()).find(is_end).unwrap_or(bytes.len());
        let run;
        (run, rest) = rest.split_at(end);
        if run.len() == 1 {
            return Some(run);
        }
        mixed = run.graphemes(true);
        mixed.next()
    })
}

/// Cells that one cluster takes.
pub fn cells(cluster: &str) -> usize {
    if cluster.len() == 1 {
        1
    } else {
        cluster.width()
    }
}

/// Cells that a text of one line takes.
pub fn width(text: &str) -> usize {
    clusters(text).map(cells).sum()
}

/// Where the lines of a text of one or more lines begin and end when no line may be wider than `room`
/// cells: broken after blanks and beside wide characters where that is possible, else between clusters.
/// A line holds the blanks at its end, which may stand out, and not its `\n`. Put together in order and
/// with the `\n` between them, the lines are the text.
pub fn wrap(text: &str, room: usize) -> Vec<Range<usize>> {
    let room = room.max(2);
    let mut lines = Vec::new();
    let mut start = 0;
    for paragraph in text.split('\n') {
        wrap_paragraph(paragraph, start, room, &mut lines);
        start += paragraph.len() + 1;
    }
    lines
}

fn wrap_paragraph(text: &str, offset: usize, room: usize, lines: &mut Vec<Range<usize>>) {
    let mut line = 0;
    let mut used = 0;
    // The last place where the line may be broken, and the cells before it.
    let mut place = (0, 0);
    let mut after_blank = false;
    let mut after_wide = false;
    let mut at = 0;
    for cluster in clusters(text) {
        let is_blank = cluster == " ";
        let wide = cells(cluster);
        if !is_blank && (after_blank || after_wide || wide > 1) {
            place = (at, used);
        }
        if !is_blank && used + wide > room && at > line {
            let (end, before) = if place.0 > line { place } else { (at, used) };
            lines.push(offset + line..offset + end);
            line = end;
            used -= before;
            place = (line, 0);
        }
        used += wide;
        at += cluster.len();
        after_blank = is_blank;
        after_wide = wide > 1;
    }
    lines.push(offset + line..offset + text.len());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wrapped(text: &str, room: usize) -> Vec<&str> {
        wrap(text, room).into_iter().map(|at| &text[at]).collect()
    }

    #[test]
    fn breaks_where_a_reader_would() {
        assert_eq!(wrapped("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrapped("one two   three", 8), ["one two   ", "three"]);
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("报告终稿", 5), ["报告", "终稿"]);
        assert_eq!(wrapped("see 报告 now", 7), ["see 报", "告 now"]);
        assert_eq!(wrapped("a\n\nb\n", 9), ["a", "", "b", ""]);
        assert_eq!(wrapped("", 9), [""]);
        let family = "👩\u{200d}👩\u{200d}👧";
        assert_eq!(
            wrapped(&family.repeat(3), 4),
            [family.repeat(2), family.into()]
        );
    }

    #[test]
    fn a_cluster_is_what_the_unicode_standard_says() {
        for text in [
            "",
            "a",
            "ab",
            "e\u{301}e\u{301}",
            "a🇨🇳🇫🇷b\u{301}c",
            "x\u{301}\u{301}yz报",
        ] {
            let expected: Vec<&str> = text.graphemes(true).collect();
            assert_eq!(clusters(text).collect::<Vec<_>>(), expected);
        }
    }

    proptest! {
        #[test]
        fn clusters_are_the_standards(text in "[a-c \\PC]{0,40}") {
            let expected: Vec<&str> = text.graphemes(true).collect();
            prop_assert_eq!(clusters(&text).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn no_line_is_wider_and_nothing_is_lost(
            text in "([a-z]{1,9}|[ \n]|\\PC|报|👩\u{200d}👧|e\u{301}){0,60}",
            room in 0_usize..30,
        ) {
            let lines = wrapped(&text, room);
            for line in &lines {
                let line = line.trim_end_matches(' ');
                let is_one = clusters(line).count() == 1;
                prop_assert!(is_one || width(line) <= room.max(2), "{:?}", line);
            }
            // Together they are the text: each begins where the one before ended, or after its `\n`.
            let mut at = 0;
            for range in wrap(&text, room) {
                if range.start > at {
                    prop_assert_eq!(&text[at..range.start], "\n");
                } else {
                    prop_assert_eq!(range.start, at);
                }
                at = range.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
