//! The ids that we give our requests.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rand::distr::{Alphanumeric, SampleString};

/// 14 digits of local time and 20 letters and digits, as Ark's SDKs make them (`ark-api` section 2).
#[derive(Debug, Default)]
pub(super) struct RequestIds {
    /// A second since 1970 and its digits: thousands of requests may leave in one.
    latest: Mutex<(i64, String)>,
}

impl RequestIds {
    /// Has the system's time zones looked up while nobody waits for it.
    pub(super) fn prepare() {
        tokio::task::spawn_blocking(TimeZone::system);
    }

    /// One for the next try.
    pub(super) fn next(&self) -> String {
        let mut id = self.digits(Timestamp::now());
        Alphanumeric.append_string(&mut rand::rng(), &mut id, 20);
        id
    }

    fn digits(&self, now: Timestamp) -> String {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let (second, digits) = &mut *latest;
        if *second != now.as_second() {
            let local = now.to_zoned(TimeZone::system());
            *second = now.as_second();
            *digits = local.strftime("%Y%m%d%H%M%S").to_string();
        }
        let mut id = String::with_capacity(34);
        id.push_str(digits);
        id
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn have_the_shape_of_the_sdks_and_never_repeat() {
        let ids = RequestIds::default();
        let made: HashSet<String> = (0..1000).map(|_| ids.next()).collect();
        assert_eq!(made.len(), 1000);
        for id in made {
            let (time, rest) = id.split_at(14);
            assert!(time.bytes().all(|b| b.is_ascii_digit()), "{id}");
            assert_eq!(rest.len(), 20);
            assert!(rest.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
        }
    }

    #[test]
    fn tell_the_time_anew_in_each_second() {
        let ids = RequestIds::default();
        let second = |second| ids.digits(Timestamp::from_second(second).unwrap());
        let first = second(1_795_227_300);
        assert_eq!(first, second(1_795_227_300));
        assert!(first < second(1_795_227_301), "{first}");
    }
}
