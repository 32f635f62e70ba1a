//! When to try again. Pure: `now` and the random number are passed in, and whoever asks does the waiting.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

/// The longest wait a server may impose. Longer ones are mistakes or malice: one SDK was seen to
/// begin a sleep of 400 s because a header said so (`ark-api` section 8).
const LONGEST_AFTER: Duration = Duration::from_mins(1);

/// The ceiling of the first wait; it doubles with every attempt.
const FIRST: Duration = Duration::from_millis(500);

/// The ceiling of any wait of our own choosing.
const LONGEST: Duration = Duration::from_secs(30);

/// Statuses that say "later", and not "no" (`ark-api` section 6; 408 is a gateway's timeout).
pub(super) const fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// The wait that a `Retry-After` header asks for: seconds, or an HTTP date, which is measured against
/// `now`. Capped at a minute. What is neither is ignored.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    let wait = if !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit()) {
        // Too many digits for a u64 are still a number of seconds, and an absurd one.
        value.parse().map_or(LONGEST_AFTER, Duration::from_secs)
    } else {
        let at = httpdate::parse_http_date(value).ok()?;
        // A date that is past asks for no wait.
        at.duration_since(SystemTime::from(now)).unwrap_or_default()
    };
    Some(wait.min(LONGEST_AFTER))
}

/// How long to wait after the failure of `attempt` (counted from 1): exponential with full jitter, so
/// that many callers refused at once do not come back at once. `random` is from `0.0..1.0`.
///
/// A wait that the server asked for is a floor, capped at a minute; the jitter of a first attempt is
/// put on top of it, for the same reason.
pub fn backoff(attempt: u32, after: Option<Duration>, random: f64) -> Duration {
    let random = random.clamp(0.0, 1.0);
    if let Some(after) = after {
        return after.min(LONGEST_AFTER) + FIRST.mul_f64(random);
    }
    let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1));
    FIRST.saturating_mul(doubled).min(LONGEST).mul_f64(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T02:15:00Z".parse().unwrap()
    }

    #[test]
    fn takes_seconds_and_dates_and_caps_both() {
        let cases = [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("60", Some(60)),
            ("61", Some(60)),
            ("86400", Some(60)),
            ("99999999999999999999999999", Some(60)),
            ("Sat, 21 Nov 2026 02:15:09 GMT", Some(9)),
            ("Saturday, 21-Nov-26 02:15:09 GMT", Some(9)),
            ("Sat Nov 21 02:15:09 2026", Some(9)),
            ("Sat, 21 Nov 2026 02:14:00 GMT", Some(0)),
            ("Fri, 31 Dec 9999 23:59:59 GMT", Some(60)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("soon", None),
            ("Sat, 99 Nov 2026 02:15:09 GMT", None),
        ];
        for (value, seconds) in cases {
            assert_eq!(
                retry_after(value, now()),
                seconds.map(Duration::from_secs),
                "{value:?}"
            );
        }
    }

    #[test]
    fn waits_grow_and_stay_within_the_ceiling() {
        let ceiling = |attempt| backoff(attempt, None, 1.0).as_millis();
        assert_eq!(
            [1, 2, 3, 6, 7, 1000, u32::MAX].map(ceiling),
            [500, 1000, 2000, 16_000, 30_000, 30_000, 30_000]
        );
        assert_eq!(backoff(9, None, 0.0), Duration::ZERO);
        assert_eq!(backoff(0, None, 0.5), Duration::from_millis(250));
    }

    #[test]
    fn the_servers_wish_is_a_floor() {
        let after = Some(Duration::from_secs(3));
        assert_eq!(backoff(5, after, 0.0), Duration::from_secs(3));
        assert_eq!(backoff(5, after, 1.0), Duration::from_millis(3500));
        let absurd = Some(Duration::MAX);
        assert_eq!(backoff(1, absurd, 0.0), LONGEST_AFTER);
        // A caller's broken random number is not worth a panic.
        assert_eq!(backoff(1, None, f64::NAN.max(9.0)), FIRST);
    }

    proptest::proptest! {
        #[test]
        fn no_header_can_panic_or_pass_the_cap(value in "\\PC{0,40}") {
            if let Some(wait) = retry_after(&value, now()) {
                assert!(wait <= LONGEST_AFTER);
            }
        }
    }
}
