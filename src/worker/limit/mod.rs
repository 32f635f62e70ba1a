//! How fast requests may leave: a [`Lane`] for each kind, because the service counts them apart, and
//! the places that all kinds share.
//!
//! First come, first served within a kind: only the head of the queue looks at its lane. A kind that
//! has to wait keeps no other from its places.

mod lane;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{self, Instant};

use crate::domain::{Answer, Kind, Pace, Report, Throttle};

use lane::{Lane, Number, Wait};

/// How long all wait for a refusal that does not say how long.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// The least time between two reports of the pace: a few a second are as many as can be read.
const TOLD_EVERY: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub(super) struct Limiter {
    /// For all kinds together.
    places: Arc<Semaphore>,
    concurrency: usize,
    responses: Queue,
    files: Queue,
    /// What was told last, and when.
    told: Mutex<Option<(Instant, Pace)>>,
}

#[derive(Debug)]
struct Queue {
    head: tokio::sync::Mutex<()>,
    /// Something may have changed for the head.
    changed: Notify,
    lane: Mutex<Counted>,
}

/// A lane, and what is told of it.
#[derive(Debug)]
struct Counted {
    lane: Lane,
    /// Who is on the wire or waits to be.
    busy: usize,
    /// Until when and why all are kept waiting.
    throttle: Option<(Instant, Throttle)>,
}

/// Somebody at work in a queue, until dropped.
#[derive(Debug)]
struct Busy<'a>(&'a Queue);

/// A place on the wire, given back when dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    limiter: &'a Limiter,
    busy: Busy<'a>,
    number: Number,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Limiter {
    /// At most `concurrency` on the wire, and `rate` requests a second of each kind; what is no positive
    /// number is no rate.
    pub(super) fn new(concurrency: usize, rate: Option<f64>) -> Self {
        let concurrency = concurrency.clamp(1, Semaphore::MAX_PERMITS);
        Self::sharing(Arc::new(Semaphore::new(concurrency)), concurrency, rate)
    }

    /// Another for other calls, which the service counts apart; the places are the same.
    pub(super) fn beside(&self, rate: Option<f64>) -> Self {
        Self::sharing(Arc::clone(&self.places), self.concurrency, rate)
    }

    fn sharing(places: Arc<Semaphore>, concurrency: usize, rate: Option<f64>) -> Self {
        let now = Instant::now();
        let queue = || Queue {
            head: tokio::sync::Mutex::new(()),
            changed: Notify::new(),
            lane: Mutex::new(Counted {
                lane: Lane::new(concurrency, rate, now),
                busy: 0,
                throttle: None,
            }),
        };
        Self {
            places,
            concurrency,
            responses: queue(),
            files: queue(),
            told: Mutex::new(None),
        }
    }

    /// Waits for a place and for the kind's turn.
    pub(super) async fn enter(&self, kind: Kind) -> Place<'_> {
        let queue = self.queue(kind);
        let busy = Busy::new(queue);
        let _head = queue.head.lock().await;
        loop {
            let wait = queue.counted().lane.wait(Instant::now());
            match wait {
                Wait::Nothing => {
                    // The semaphore is never closed.
                    let permit = self.places.acquire().await.ok();
                    // The wait for it may have been long enough for a refusal.
                    if let Some(number) = queue.counted().lane.leave(Instant::now()) {
                        return Place {
                            limiter: self,
                            busy,
                            number,
                            _permit: permit,
                        };
                    }
                }
                Wait::Until(until) => time::sleep_until(until).await,
                Wait::Place => queue.changed.notified().await,
            }
        }
    }

    /// What the screen should know, unless it knows it already or was told a moment ago.
    pub(super) fn news(&self) -> Option<Report> {
        let now = Instant::now();
        let told = &mut *self.told();
        let is_due = told
            .as_ref()
            .is_none_or(|(at, _)| now.saturating_duration_since(*at) >= TOLD_EVERY);
        let mut pace = self.pace(now);
        if let Some((_, told)) = told.as_ref().filter(|_| pace.limit == 0) {
            // Nobody asks for a place just now: there are as many as there were.
            pace.limit = told.limit;
        }
        // The last word must not be one of minutes ago.
        let is_news = told.as_ref().is_none_or(|(_, told)| *told != pace);
        (is_news && (is_due || pace.in_flight == 0))
            .then(|| Report::Pace(told.insert((now, pace)).1.clone()))
    }

    fn pace(&self, now: Instant) -> Pace {
        let (mut in_flight, mut limit) = (0, 0);
        let mut longest: Option<(Instant, Throttle)> = None;
        for kind in Kind::ALL {
            let counted = self.queue(kind).counted();
            in_flight += counted.lane.in_flight();
            if counted.busy > 0 {
                limit += counted.lane.places();
            }
            let until = longest.as_ref().map_or(now, |(until, _)| *until);
            let throttle = counted.throttle.as_ref();
            if let Some(longer) = throttle.filter(|(at, _)| *at > until) {
                longest = Some(longer.clone());
            }
        }
        Pace {
            in_flight,
            limit: limit.min(self.concurrency),
            throttle: longest.map(|(_, throttle)| Box::new(throttle)),
        }
    }

    fn told(&self) -> MutexGuard<'_, Option<(Instant, Pace)>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn queue(&self, kind: Kind) -> &Queue {
        match kind {
            Kind::Response => &self.responses,
            Kind::File => &self.files,
        }
    }
}

impl Queue {
    fn counted(&self) -> MutexGuard<'_, Counted> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'a> Busy<'a> {
    fn new(queue: &'a Queue) -> Self {
        queue.counted().busy += 1;
        Self(queue)
    }
}

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.counted().busy -= 1;
    }
}

impl Place<'_> {
    /// An answer came that is no refusal for being too many.
    pub(super) fn taken(self) {
        let mut counted = self.queue().counted();
        counted.lane.taken(self.number, Instant::now());
    }

    fn queue(&self) -> &Queue {
        self.busy.0
    }

    /// No such answer came. What the service asked for (`is_asked`) is for all of the kind; without
    /// that, being one too many (`throttled`) is a short rest for all, and else nobody's affair.
    pub(super) fn put_off(self, throttled: bool, is_asked: bool, wait: Duration, answer: &Answer) {
        let now = Instant::now();
        let mut counted = self.queue().counted();
        let is_news = throttled && counted.lane.refused(self.number, now);
        let wait = match (is_asked, is_news) {
            (true, _) => wait,
            (false, true) => wait.min(LONGEST_REST),
            (false, false) => return,
        };
        let until = now + wait;
        counted.lane.hush(until);
        if counted.throttle.as_ref().is_none_or(|(at, _)| *at < until) {
            let throttle = Throttle {
                until: super::after(wait),
                answer: answer.clone(),
            };
            counted.throttle = Some((until, throttle));
            drop(counted);
            // This is told at once.
            *self.limiter.told() = None;
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue().counted().lane.end();
        self.queue().changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_are_shared_by_the_kinds_and_given_back() {
        let limiter = Limiter::new(1, None);
        limiter.enter(Kind::File).await.taken();
        let _place = limiter.enter(Kind::Response).await;
        assert_eq!(limiter.places.available_permits(), 0);
    }

    #[tokio::test]
    async fn a_kind_that_waits_keeps_no_place_from_the_other() {
        let limiter = Limiter::new(1, None);
        let busy = Answer::default();
        let place = limiter.enter(Kind::File).await;
        place.put_off(true, true, Duration::from_mins(1), &busy);
        tokio::select! {
            biased;
            _ = limiter.enter(Kind::File) => panic!("a minute is over soon"),
            place = limiter.enter(Kind::Response) => place.taken(),
        }
    }

    #[tokio::test]
    async fn says_how_many_may_be_on_the_wire_and_never_more_than_were_allowed() {
        let limiter = Limiter::new(6, None);
        let limit = || {
            *limiter.told() = None;
            match limiter.news() {
                Some(Report::Pace(pace)) => pace.limit,
                other => panic!("{other:?}"),
            }
        };
        let file = limiter.enter(Kind::File).await;
        file.put_off(true, false, Duration::ZERO, &Answer::default());
        let file = limiter.enter(Kind::File).await;
        assert_eq!(limit(), 3, "halved, and no responses are about");
        let response = limiter.enter(Kind::Response).await;
        assert_eq!(limit(), 6, "three and six, of which six are allowed");
        drop(response);
        assert_eq!(limit(), 3);
        drop(file);
    }

    #[tokio::test]
    async fn other_calls_share_the_places() {
        let deletions = Limiter::new(1, None);
        let lookups = deletions.beside(None);
        let place = deletions.enter(Kind::File).await;
        tokio::select! {
            biased;
            _ = lookups.enter(Kind::File) => panic!("one at a time"),
            () = tokio::task::yield_now() => {}
        }
        drop(place);
        lookups.enter(Kind::File).await.taken();
    }

    #[tokio::test]
    async fn tells_what_is_new_and_not_too_often() {
        let limiter = Limiter::new(4, None);
        let told = |limiter: &Limiter| match limiter.news() {
            Some(Report::Pace(pace)) => Some((pace.in_flight, pace.throttle.is_some())),
            _ => None,
        };
        let first = limiter.enter(Kind::File).await;
        assert_eq!(told(&limiter), Some((1, false)));
        let second = limiter.enter(Kind::File).await;
        assert_eq!(told(&limiter), None, "a moment ago");
        let answer = Answer::default();
        second.put_off(true, false, Duration::from_secs(9), &answer);
        assert_eq!(told(&limiter), Some((1, true)), "this is news at once");
        drop(first);
        assert_eq!(told(&limiter), Some((0, true)), "the last word");
        assert_eq!(told(&limiter), None);
    }
}
