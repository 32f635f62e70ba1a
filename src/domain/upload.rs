//! A file to be uploaded, and what may come of it. Limits as `ark-api` section 5.2 has them.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Answer, Unreadable};

/// The largest file, in bytes: 512 MiB, which is the documented 512 MB read generously. The service has the last word.
pub const MAX_UPLOAD: u64 = 512 << 20;

/// The purpose that every account has.
pub const PURPOSE: &str = "user_data";

/// How long a file may live, in seconds.
pub const LIFE: RangeInclusive<i64> = 86_400..=2_592_000;

/// The service measures the shortest life from when it has the file: this much slower than that it may be.
const SLOWEST: u64 = 50_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub path: PathBuf,
    pub purpose: String,
    pub life: Life,
    pub tags: Vec<String>,
}

/// When the service drops the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// As the service has it: a week.
    #[default]
    Default,
    For(Duration),
    Until(Timestamp),
}

impl Life {
    /// What the service takes; measured against `now`.
    pub fn is_allowed(self, now: Timestamp) -> bool {
        match self {
            Self::Default => true,
            Self::For(life) => i64::try_from(life.as_secs()).is_ok_and(|s| LIFE.contains(&s)),
            Self::Until(at) => LIFE.contains(&(at.as_second() - now.as_second())),
        }
    }

    /// The time to ask for, in Unix seconds, if a file of this size is begun to be sent at `now`: the
    /// shortest life is asked for with the time that sending takes on top, or it would be too short.
    pub fn expire_at(self, bytes: u64, now: Timestamp) -> Option<i64> {
        match self {
            Self::Default => None,
            Self::Until(at) => Some(at.as_second()),
            Self::For(life) => {
                let life = SignedDuration::try_from(life).ok()?.as_secs();
                let sending = i64::try_from(60 + bytes / SLOWEST).unwrap_or(i64::MAX);
                Some(now.as_second() + life.max(LIFE.start().saturating_add(sending)))
            }
        }
    }
}

/// A purpose is a word; which ones there are is for the service to say.
pub fn is_purpose(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    (1..=64).contains(&text.len()) && text.chars().all(plain)
}

/// Why a file is not on the service, or not known to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotUploaded {
    /// It cannot be read, or was cut while it was.
    Unreadable(Unreadable),
    /// It is no file: a folder, a pipe.
    NoFile,
    /// More bytes than [`MAX_UPLOAD`].
    TooLarge(u64),
    /// The service did not take it.
    Failed(Box<Answer>),
    /// All of it was sent and what came back says neither yes nor no: it may be there. Not sent again,
    /// or there could be two of it.
    InDoubt(Box<Answer>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_life_outlasts_the_sending() {
        let now: Timestamp = "2026-11-21T10:15:00Z".parse().unwrap();
        let day = Life::For(Duration::from_hours(24));
        let at = day.expire_at(512_000_000, now).unwrap() - now.as_second();
        assert!((86_400 + 10_000..90_000 + 10_000).contains(&at), "{at}");
        let week = Life::For(Duration::from_hours(7 * 24));
        assert_eq!(week.expire_at(9, now), Some(now.as_second() + 604_800));
        assert_eq!(Life::Default.expire_at(9, now), None);
        let hour = Life::For(Duration::from_hours(1));
        assert!(day.is_allowed(now) && !hour.is_allowed(now));
        let past = Life::Until(now - SignedDuration::from_hours(48));
        let soon = Life::Until(now + SignedDuration::from_hours(48));
        assert!(soon.is_allowed(now) && !past.is_allowed(now));
    }

    #[test]
    fn purposes_are_words() {
        assert!(
            ["user_data", "fine-tune", "voice"]
                .into_iter()
                .all(is_purpose)
        );
        assert!(!["", "a b", "x\r\ny", "文"].into_iter().any(is_purpose));
    }
}
