//! Ids as the service gives them, and what can be read off them without a call.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

/// Everything but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The longest id we take, in bytes. Ark's are under 70; compatible servers promise nothing.
pub const MAX_ID_LEN: usize = 1000;

/// Which of the two things Ark keeps a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Response,
    File,
}

impl Kind {
    pub const ALL: [Self; 2] = [Self::Response, Self::File];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::File => "file",
        }
    }

    /// The collection's name in a URL path (`ark-api` section 3: `B/responses/{id}`, `B/files/{id}`).
    pub const fn collection(self) -> &'static str {
        match self {
            Self::Response => "responses",
            Self::File => "files",
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "response" | "responses" => Ok(Self::Response),
            "file" | "files" => Ok(Self::File),
            _ => Err(()),
        }
    }
}

/// Why a piece of text cannot be an id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("an id cannot be empty")]
    Empty,
    #[error("an id has at most {MAX_ID_LEN} characters, this has {0}")]
    TooLong(usize),
    #[error("character {at} of the id is not visible ASCII")]
    NotVisibleAscii {
        /// Counted in characters, from 1.
        at: usize,
    },
    /// URL parsers resolve `.` and `..` (also as `%2e`): the request would go to another path.
    #[error("`.` and `..` are path segments, not ids")]
    DotSegment,
    #[error("the id is masked with `*`; the full id is needed")]
    Masked,
}

/// An id that is safe to print and to carry: 1 to [`MAX_ID_LEN`] characters of visible ASCII.
///
/// It still has to be percent-encoded before it enters a path.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceId(Box<str>);

impl ResourceId {
    pub fn new(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if let Some(at) = text.chars().position(|c| !c.is_ascii_graphic()) {
            return Err(IdError::NotVisibleAscii { at: at + 1 });
        }
        if text.len() > MAX_ID_LEN {
            return Err(IdError::TooLong(text.len()));
        }
        if text == "." || text == ".." {
            return Err(IdError::DotSegment);
        }
        let id = Self(text.into());
        // Logs and tickets mask Ark's ids so; other servers' may end as they like.
        if id.kind().is_some() && text.ends_with("***") {
            return Err(IdError::Masked);
        }
        Ok(id)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as one segment of a URL path, whatever is in it; in parts.
    pub fn path_segment(&self) -> impl fmt::Display + Iterator<Item = &str> {
        utf8_percent_encode(&self.0, SEGMENT)
    }

    /// The kind that the id's prefix names, if any.
    ///
    /// `assistant-` is how Azure names the files of its assistants (`ark-api` section 9).
    pub fn kind(&self) -> Option<Kind> {
        let has = |prefixes: &[&str]| prefixes.iter().any(|p| self.0.starts_with(p));
        if has(&["resp_", "resp-"]) {
            Some(Kind::Response)
        } else if has(&["file-", "file_", "assistant-"]) {
            Some(Kind::File)
        } else {
            None
        }
    }

    /// When the service made the id, if the id says so (`ark-api` section 7): responses carry epoch
    /// milliseconds, files the wall clock of UTC+8. Approximate: the service may say better.
    pub fn birth(&self) -> Option<Timestamp> {
        let born = match self.kind()? {
            Kind::Response => self.response_birth(),
            Kind::File => self.file_birth(),
        }?;
        // Ark did not serve these calls before 2024; a year past 2100 is some other vendor's digits.
        let year = born.to_zoned(TimeZone::UTC).year();
        (2024..=2100).contains(&year).then_some(born)
    }

    fn response_birth(&self) -> Option<Timestamp> {
        let digits = self.0.strip_prefix("resp_02")?.get(..13)?;
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        Timestamp::from_millisecond(digits.parse().ok()?).ok()
    }

    fn file_birth(&self) -> Option<Timestamp> {
        let (digits, _suffix) = self.0.strip_prefix("file-")?.split_once('-')?;
        if digits.len() != 14 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i8>().ok();
        let wall = DateTime::new(
            digits.get(..4)?.parse().ok()?,
            part(4, 6)?,
            part(6, 8)?,
            part(8, 10)?,
            part(10, 12)?,
            part(12, 14)?,
            0,
        )
        .ok()?;
        let beijing = Offset::constant(8).to_time_zone();
        Some(wall.to_zoned(beijing).ok()?.timestamp())
    }
}

impl TryFrom<String> for ResourceId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        Self::new(&text)
    }
}

impl From<ResourceId> for String {
    fn from(id: ResourceId) -> Self {
        id.0.into()
    }
}

impl FromStr for ResourceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> ResourceId {
        ResourceId::new(text).unwrap()
    }

    #[test]
    fn takes_any_visible_ascii_up_to_the_limit() {
        for text in [
            "x",
            "!",
            "a/b?c#d%2F",
            "~",
            "{x}",
            "x***",
            &"i".repeat(MAX_ID_LEN),
        ] {
            assert_eq!(id(text).as_str(), text);
        }
    }

    #[test]
    fn names_what_is_wrong_with_an_id() {
        let cases = [
            ("", IdError::Empty),
            ("resp_ x", IdError::NotVisibleAscii { at: 6 }),
            ("ré", IdError::NotVisibleAscii { at: 2 }),
            ("a\u{1b}[2J", IdError::NotVisibleAscii { at: 2 }),
            ("..", IdError::DotSegment),
            (".", IdError::DotSegment),
            ("resp_0217****", IdError::Masked),
        ];
        for (text, error) in cases {
            assert_eq!(ResourceId::new(text), Err(error), "{text:?}");
        }
        let long = "i".repeat(MAX_ID_LEN + 1);
        assert_eq!(ResourceId::new(&long), Err(IdError::TooLong(1001)));
    }

    #[test]
    fn kind_comes_from_the_prefix_or_not_at_all() {
        assert_eq!(id("resp_1").kind(), Some(Kind::Response));
        assert_eq!(id("file-1").kind(), Some(Kind::File));
        assert_eq!(id("file_1").kind(), Some(Kind::File));
        assert_eq!(id("profile-1").kind(), None);
    }

    #[test]
    fn birth_is_read_off_the_samples_of_the_wire_reference() {
        let response = id("resp_021795227300456a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3");
        assert_eq!(
            response.birth(),
            Timestamp::from_millisecond(1_795_227_300_456).ok()
        );
        let file = id("file-20261121101500-k3v9q");
        assert_eq!(file.birth(), Timestamp::from_second(1_795_227_300).ok());
    }

    #[test]
    fn digits_that_are_no_time_give_no_birth() {
        for text in [
            "resp_020000000000000aa",
            "resp_02179522730045xa1",
            "file-20261321101500-k3v9q",
            "file-20260323231911855.jpg",
            "file-abc",
            "resp_",
        ] {
            assert_eq!(id(text).birth(), None, "{text}");
        }
    }
}
