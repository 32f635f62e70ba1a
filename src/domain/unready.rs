//! Whether the service is done with a file that it has.

use jiff::{SignedDuration, Timestamp};

use super::{Facts, is_passing};

/// The service gives up on a file after five minutes, by its documentation: one that it still works on after
/// this long was forgotten.
const STUCK_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Why a file cannot be used, though the service has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unready {
    Processing,
    /// It has been processing for more than an hour.
    Stuck,
    /// The service could not make anything of it.
    Failed,
}

impl Unready {
    pub const ALL: [Self; 3] = [Self::Processing, Self::Stuck, Self::Failed];

    /// By what the service said of a file. Only with the time at which it did is a file stuck: long ago,
    /// another may have been on time.
    pub fn of(facts: &Facts, told_at: Option<Timestamp>) -> Option<Self> {
        match facts.status.as_deref()? {
            "failed" | "error" => Some(Self::Failed),
            status if is_passing(status) => {
                let times = told_at.zip(facts.created_at);
                let worked = times.map(|(told, created)| told.duration_since(created));
                Some(match worked {
                    Some(worked) if worked > STUCK_AFTER => Self::Stuck,
                    _ => Self::Processing,
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_stuck_when_it_was_still_processing_long_after_it_was_made() {
        let made: Timestamp = "2026-11-21T10:00:00Z".parse().unwrap();
        let facts = |status: Option<&str>, created_at| Facts {
            status: status.map(str::to_owned),
            created_at,
            ..Facts::default()
        };
        let told = |minutes| Some(made + SignedDuration::from_mins(minutes));
        for (status, created, told, expected) in [
            (
                Some("processing"),
                Some(made),
                told(60),
                Some(Unready::Processing),
            ),
            (
                Some("processing"),
                Some(made),
                told(61),
                Some(Unready::Stuck),
            ),
            (
                Some("processing"),
                Some(made),
                None,
                Some(Unready::Processing),
            ),
            (
                Some("processing"),
                None,
                told(61),
                Some(Unready::Processing),
            ),
            (Some("failed"), Some(made), told(0), Some(Unready::Failed)),
            (Some("error"), None, None, Some(Unready::Failed)),
            (Some("active"), Some(made), told(61), None),
            (Some("made up"), Some(made), told(61), None),
            (None, Some(made), told(61), None),
        ] {
            assert_eq!(
                Unready::of(&facts(status, created), told),
                expected,
                "{status:?}"
            );
        }
    }
}
