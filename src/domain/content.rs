//! What the service shows of one resource, made ready to be read. It lives in memory while somebody
//! looks at it; only [`super::Facts`] are ever kept.

use std::fmt;
use std::iter;
use std::ops::Range;

use super::cells::{clusters, width};
use super::visible::is_obeyed;

/// The longest document, in bytes.
pub const LONGEST_DOCUMENT: usize = 4 * 1024 * 1024;

/// Characters that stand in one place at most: marks upon marks, and families of families, are told apart
/// from then on.
const CLUSTER: usize = 16;

/// What the service shows of one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// What is worth a line of its own and no fact of the ledger.
    pub particulars: Vec<(Particular, String)>,
    /// What was said, to be read.
    pub text: Document,
    /// All of it, as JSON.
    pub json: Document,
}

/// A property that the ledger does not keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Particular {
    Error,
    Incomplete,
    Caching,
    Thinking,
    ReasoningTokens,
    ToolUsage,
    Tools,
    Tier,
    Stored,
    Sampling,
    Preprocessing,
    Storage,
    Description,
}

/// How a stretch of a document is to be told from its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    Plain,
    /// Ours, and not the service's words.
    Faint,
    /// The text of the line, if any, says more.
    Heading(Heading),
    JsonKey,
    JsonText,
    JsonNumber,
    /// `true`, `false` and `null`.
    JsonWord,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heading {
    Input,
    Output,
    Instructions,
    User,
    System,
    Developer,
    Assistant,
    Reasoning,
    ToolCall,
    ToolResult,
    Item,
    /// The document ends here because it would be too long, and not because that was all.
    Cut,
}

impl Heading {
    /// It stands above others.
    pub const fn is_chapter(self) -> bool {
        matches!(self, Self::Input | Self::Output | Self::Instructions)
    }
}

/// Text in lines of any length, safe to be shown: what a terminal would obey stands in it as `\u{…}`.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Document {
    text: String,
    /// Where each tint begins; it goes on to the next.
    tints: Vec<(usize, Tint)>,
    is_cut: bool,
}

/// Its text is nobody's business but the reader's: not that of a log.
impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({} bytes)", self.text.len())
    }
}

impl Document {
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.tints.is_empty()
    }

    /// There was more than a document may hold.
    pub fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// Adds a line that says what follows.
    pub fn head(&mut self, heading: Heading, text: &str) {
        if !self.text.is_empty() {
            let is_under = matches!(self.tints.last(), Some((_, Tint::Heading(_))));
            let blank = if is_under { "" } else { "\n" };
            let end = if self.text.ends_with('\n') { "" } else { "\n" };
            self.push(Tint::Plain, &[end, blank].concat());
        }
        let line = text.lines().next().unwrap_or_default();
        self.push(Tint::Heading(heading), line);
        self.push(Tint::Heading(heading), "\n");
    }

    /// Adds text, line breaks and all, as far as there is room.
    pub fn push(&mut self, tint: Tint, text: &str) {
        if self.is_cut || text.is_empty() {
            return;
        }
        if self.tints.last().is_none_or(|(_, last)| *last != tint) {
            self.tints.push((self.text.len(), tint));
        }
        let mut returned = false;
        for cluster in clusters(text) {
            if self.text.len() + cluster.len().max(CLUSTER) > LONGEST_DOCUMENT {
                self.cut();
                return;
            }
            if std::mem::take(&mut returned) && cluster != "\n" {
                self.escape('\r');
            }
            match cluster {
                "\n" => self.text.push('\n'),
                "\t" => self.text.push_str("    "),
                "\r" => returned = true,
                _ if cluster.len() == 1 && !cluster.contains(is_obeyed) => {
                    self.text.push_str(cluster);
                }
                _ => self.push_cluster(cluster),
            }
        }
        if returned {
            self.escape('\r');
        }
    }

    fn push_cluster(&mut self, cluster: &str) {
        let mut buffer = [0; 4];
        for (count, c) in cluster.chars().enumerate() {
            let is_too_much = count >= CLUSTER && width(c.encode_utf8(&mut buffer)) == 0;
            if is_obeyed(c) || is_too_much {
                self.escape(c);
            } else {
                self.text.push(c);
            }
            if self.text.len() + CLUSTER > LONGEST_DOCUMENT {
                return;
            }
        }
    }

    fn escape(&mut self, c: char) {
        self.text.extend(c.escape_unicode());
    }

    fn cut(&mut self) {
        self.is_cut = true;
        self.text.push('\n');
        self.tints
            .push((self.text.len(), Tint::Heading(Heading::Cut)));
    }

    /// Puts another behind this one. Together they may be longer than one alone.
    pub fn append(&mut self, other: &Self) {
        if !self.text.is_empty() && (self.is_cut || !self.text.ends_with('\n')) {
            self.text.push('\n');
        }
        if !self.text.is_empty() && matches!(other.tints.first(), Some((_, Tint::Heading(_)))) {
            self.text.push('\n');
        }
        let from = self.text.len();
        self.text.push_str(&other.text);
        let tints = other.tints.iter().map(|(at, tint)| (at + from, *tint));
        self.tints.extend(tints);
        self.is_cut |= other.is_cut;
    }

    /// The tint that holds where a line begins, also of one without text.
    pub fn tint_at(&self, at: usize) -> Tint {
        let before = self.tints.partition_point(|(from, _)| *from <= at);
        let tint = before.checked_sub(1).and_then(|last| self.tints.get(last));
        tint.map_or(Tint::Plain, |(_, tint)| *tint)
    }

    /// The stretches of a part of the text, each with its tint.
    pub fn spans(&self, part: Range<usize>) -> impl Iterator<Item = (Tint, Range<usize>)> {
        let mut next = self.tints.partition_point(|(from, _)| *from <= part.start);
        let mut tint = self.tint_at(part.start);
        let mut at = part.start;
        iter::from_fn(move || {
            if at >= part.end {
                return None;
            }
            let following = self.tints.get(next).copied();
            let end = following.map_or(part.end, |(from, _)| from.min(part.end));
            let span = (tint, at..end);
            at = end;
            if let Some((_, following)) = following {
                tint = following;
                next += 1;
            }
            Some(span)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        let mut document = Document::default();
        document.push(Tint::Plain, text);
        document
    }

    #[test]
    fn what_a_terminal_would_obey_is_shown() {
        assert_eq!(
            document("a\r\nb\rc\t\u{1b}[2J").text(),
            "a\nb\\u{d}c    \\u{1b}[2J"
        );
        assert_eq!(document("x\u{202e}y\r").text(), "x\\u{202e}y\\u{d}");
        let family = "报告 👩\u{200d}👩\u{200d}👧 e\u{301}";
        assert_eq!(document(family).text(), family);
    }

    #[test]
    fn piles_of_marks_and_endless_families_come_apart() {
        for pile in ["\u{301}", "👩\u{200d}"] {
            let text = document(&format!("a{}", pile.repeat(10_000)))
                .text()
                .to_owned();
            let longest = clusters(&text).map(|c| c.chars().count()).max().unwrap();
            assert!(longest <= CLUSTER + 1, "{longest}");
        }
    }

    #[test]
    fn a_document_ends_where_it_would_be_too_long_and_says_so() {
        for part in ["x", "报", "\u{202e}", "a\u{301}"] {
            let long = document(&part.repeat(LONGEST_DOCUMENT));
            assert!(long.is_cut());
            assert!(long.text().len() <= LONGEST_DOCUMENT + 64);
            assert_eq!(long.tint_at(long.text().len()), Tint::Heading(Heading::Cut));
        }
        assert!(!document("short").is_cut());
    }

    #[test]
    fn tints_follow_the_text() {
        let mut document = Document::default();
        document.head(Heading::User, "");
        document.push(Tint::Plain, "hello ");
        document.push(Tint::JsonKey, "key");
        let mut twice = document.clone();
        twice.append(&document);
        assert_eq!(twice.text(), "\nhello key\n\n\nhello key");
        assert_eq!(twice.tint_at(0), Tint::Heading(Heading::User));
        assert_eq!(twice.tint_at(12), Tint::Heading(Heading::User));
        document.head(Heading::Output, "once");
        document.head(Heading::Assistant, "");
        assert_eq!(document.text(), "\nhello key\n\nonce\n\n");
        let spans: Vec<_> = twice.spans(3..20).collect();
        let text: String = spans
            .iter()
            .map(|(_, at)| &twice.text()[at.clone()])
            .collect();
        assert_eq!(text, &twice.text()[3..20]);
        assert_eq!(spans[0], (Tint::Plain, 3..7));
        assert_eq!(spans[1], (Tint::JsonKey, 7..12));
    }
}
