//! How fast requests may leave: so many at a time, so many a second.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{self, Instant};

use crate::domain::Kind;

/// Places on the wire, and a pace for each kind: the service counts them apart.
#[derive(Debug)]
pub(super) struct Limiter {
    places: Semaphore,
    /// The least time between two requests of a kind. Evenly spaced, because a burst of a second's
    /// worth at the start of a window that the service counts differently is refused.
    spacing: Option<Duration>,
    responses: Mutex<Pace>,
    files: Mutex<Pace>,
}

#[derive(Debug)]
struct Pace {
    /// When the next request may leave.
    next: Instant,
    /// Until when the service does not want to hear from us.
    quiet_until: Instant,
}

/// A place on the wire, given back when dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    _permit: Option<SemaphorePermit<'a>>,
}

impl Limiter {
    /// `rate`: requests a second and kind; what is no positive number is no limit.
    pub(super) fn new(concurrency: usize, rate: Option<f64>) -> Self {
        let pace = || {
            let now = Instant::now();
            Mutex::new(Pace {
                next: now,
                quiet_until: now,
            })
        };
        Self {
            places: Semaphore::new(concurrency.clamp(1, Semaphore::MAX_PERMITS)),
            spacing: rate
                .filter(|rate| *rate > 0.0)
                .and_then(|rate| Duration::try_from_secs_f64(rate.recip()).ok()),
            responses: pace(),
            files: pace(),
        }
    }

    /// Waits for a place and for the kind's turn. First come, first served.
    pub(super) async fn enter(&self, kind: Kind) -> Place<'_> {
        // The semaphore is never closed.
        let permit = self.places.acquire().await.ok();
        let mut turn = None;
        loop {
            match self.wait(kind, Instant::now(), &mut turn) {
                Some(until) => time::sleep_until(until).await,
                None => return Place { _permit: permit },
            }
        }
    }

    /// The service has refused a request of this kind for being too many: none leaves for `wait`.
    pub(super) fn hold_off(&self, kind: Kind, wait: Duration) {
        let mut pace = self.pace(kind);
        pace.quiet_until = pace.quiet_until.max(Instant::now() + wait);
    }

    /// Until when to wait, if at all; `turn` is the turn that was taken on the way.
    fn wait(&self, kind: Kind, now: Instant, turn: &mut Option<Instant>) -> Option<Instant> {
        let mut pace = self.pace(kind);
        if pace.quiet_until > now {
            return Some(pace.quiet_until);
        }
        let spacing = self.spacing?;
        let turn = *turn.get_or_insert_with(|| {
            let turn = pace.next.max(now);
            pace.next = turn + spacing;
            turn
        });
        (turn > now).then_some(turn)
    }

    fn pace(&self, kind: Kind) -> std::sync::MutexGuard<'_, Pace> {
        let pace = match kind {
            Kind::Response => &self.responses,
            Kind::File => &self.files,
        };
        pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of `count` requests that are wanted at `now` may leave.
    fn turns(limiter: &Limiter, kind: Kind, now: Instant, count: usize) -> Vec<Duration> {
        let leaves = |_| {
            let (mut turn, mut at) = (None, now);
            while let Some(until) = limiter.wait(kind, at, &mut turn) {
                at = until;
            }
            at - now
        };
        (0..count).map(leaves).collect()
    }

    #[test]
    fn requests_of_a_kind_are_evenly_spaced() {
        let limiter = Limiter::new(4, Some(20.0));
        let now = Instant::now();
        let spaced = [0, 50, 100, 150].map(Duration::from_millis);
        assert_eq!(turns(&limiter, Kind::Response, now, 4), spaced);
        assert_eq!(turns(&limiter, Kind::File, now, 4), spaced);
        // What was not used is not saved up.
        let later = now + Duration::from_secs(9);
        assert_eq!(turns(&limiter, Kind::Response, later, 4), spaced);
    }

    #[test]
    fn no_rate_is_no_wait() {
        for rate in [None, Some(0.0), Some(-1.0), Some(f64::NAN)] {
            let limiter = Limiter::new(4, rate);
            let now = Instant::now();
            assert_eq!(
                turns(&limiter, Kind::File, now, 9),
                [Duration::ZERO; 9],
                "{rate:?}"
            );
        }
    }

    #[test]
    fn a_refusal_quiets_its_kind_only() {
        let limiter = Limiter::new(4, None);
        let now = Instant::now();
        limiter.hold_off(Kind::File, Duration::from_secs(5));
        limiter.hold_off(Kind::File, Duration::from_secs(1));
        assert_eq!(turns(&limiter, Kind::Response, now, 1), [Duration::ZERO]);
        assert!(turns(&limiter, Kind::File, now, 1)[0] >= Duration::from_secs(5));
    }

    #[test]
    fn a_turn_taken_before_a_refusal_waits_as_well() {
        let limiter = Limiter::new(4, Some(1.0));
        let now = Instant::now();
        let mut turn = None;
        assert_eq!(limiter.wait(Kind::File, now, &mut turn), None);
        let mut next = None;
        let until = limiter.wait(Kind::File, now, &mut next).unwrap();
        limiter.hold_off(Kind::File, Duration::from_mins(1));
        assert!(
            limiter.wait(Kind::File, until, &mut next).unwrap() >= now + Duration::from_mins(1)
        );
    }

    #[tokio::test]
    async fn places_are_given_back() {
        let limiter = Limiter::new(1, None);
        drop(limiter.enter(Kind::File).await);
        let _place = limiter.enter(Kind::Response).await;
        assert_eq!(limiter.places.available_permits(), 0);
    }
}
