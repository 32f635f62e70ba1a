//! How many requests of one kind may be on the wire, and when the next may leave. Pure: whoever asks
//! says what time it is.
//!
//! ```text
//!  places  few at first, doubled for each roundful of answers until the first refusal, then one more
//!          for each; halved when refused. Never more than asked for.
//!  pace    evenly spaced. Known from the start where the service documents it; elsewhere learned from
//!          the first refusal: half of what the service took in the second before, and up again.
//!  quiet   a `Retry-After` is for everybody: none of the kind leaves before it is over.
//! ```
//!
//! Requests that left before a cut are refused for what the cut has mended already: they cut nothing
//! again.

use std::time::Duration;

use tokio::time::Instant;

/// Places at the start: the service has not said yet what it can bear.
const FIRST_PLACES: usize = 8;

/// How near to a known rate we go. The rest is for the way there, which can bring a request into a
/// second that is not its own: at 20 a second, 21 requests leave within 1.02 s.
const MARGIN: f64 = 0.98;

/// How late a request may leave and still count as on time, so that late timers do not add up. With
/// [`MARGIN`], no second holds more than the rate.
const LATENESS: Duration = Duration::from_millis(10);

/// Requests a second that a first refusal is not taken to be about: there is too little to learn from.
const FEW: f64 = 5.0;

/// Requests a second that no refusal alone goes below.
const SLOWEST: f64 = 0.5;

const SECOND: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Lane {
    places: Places,
    pace: Option<Pace>,
    quiet_until: Option<Instant>,
    in_flight: usize,
    /// Requests that left; each has its number.
    left: u64,
    /// Those up to this number left before the last cut.
    cut_at: u64,
    taken: Taken,
}

#[derive(Debug)]
struct Places {
    now: usize,
    most: usize,
    /// No refusal so far.
    is_doubling: bool,
    /// Answers since the last change, and the most that were on the wire.
    answers: usize,
    peak: usize,
}

#[derive(Debug)]
struct Pace {
    /// Requests a second.
    rate: f64,
    /// Not to be passed. `None`: the pace is a learned one.
    ceiling: Option<f64>,
    /// The rate that was too much.
    refused_at: Option<f64>,
    /// When the next request may leave.
    next: Instant,
    /// Until when growth is reckoned.
    grown: Instant,
}

/// What the service has taken lately.
#[derive(Debug)]
struct Taken {
    since: Instant,
    count: u32,
    /// A second, in the time before.
    rate: f64,
}

/// A request's number in its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(u64);

/// What stands before a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    Nothing,
    Until(Instant),
    /// Another has to end first.
    Place,
}

impl Lane {
    /// At most `places` on the wire and `rate` a second; what is no positive number is no rate.
    pub(super) fn new(places: usize, rate: Option<f64>, now: Instant) -> Self {
        let rate = rate.filter(|rate| rate.is_finite() && *rate > 0.0);
        let most = places.max(1);
        Self {
            places: Places {
                now: FIRST_PLACES.min(most),
                most,
                is_doubling: true,
                answers: 0,
                peak: 0,
            },
            pace: rate.map(|rate| Pace {
                rate: rate * MARGIN,
                ceiling: Some(rate * MARGIN),
                refused_at: None,
                next: now,
                grown: now,
            }),
            quiet_until: None,
            in_flight: 0,
            left: 0,
            cut_at: 0,
            taken: Taken {
                since: now,
                count: 0,
                rate: 0.0,
            },
        }
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    pub(super) fn places(&self) -> usize {
        self.places.now
    }

    pub(super) fn wait(&mut self, now: Instant) -> Wait {
        if let Some(until) = self.quiet_until.filter(|until| *until > now) {
            return Wait::Until(until);
        }
        if self.in_flight >= self.places.now {
            return Wait::Place;
        }
        self.grow(now);
        match &self.pace {
            Some(pace) if pace.next > now => Wait::Until(pace.next),
            _ => Wait::Nothing,
        }
    }

    /// One request leaves, if nothing stands before it.
    pub(super) fn leave(&mut self, now: Instant) -> Option<Number> {
        if self.wait(now) != Wait::Nothing {
            return None;
        }
        if let Some(pace) = &mut self.pace {
            let late = now.saturating_duration_since(pace.next);
            let turn = if late > LATENESS { now } else { pace.next };
            // No rate is below one in weeks: this cannot overflow a clock.
            pace.next = turn + Duration::from_secs_f64(pace.rate.recip().min(1e6));
        }
        self.in_flight += 1;
        self.places.peak = self.places.peak.max(self.in_flight);
        self.left += 1;
        Some(Number(self.left))
    }

    /// A request is off the wire, whatever came of it.
    pub(super) fn end(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// The service did not think that this was one too many.
    pub(super) fn taken(&mut self, now: Instant) {
        self.taken.note(now);
        let places = &mut self.places;
        places.answers += 1;
        // Places that stay empty say nothing about more of them.
        if places.answers >= places.now && places.peak >= places.now {
            let more = if places.is_doubling { places.now } else { 1 };
            places.set(places.now.saturating_add(more).min(places.most));
        }
    }

    /// The service thought that this was one too many. True if that was news.
    pub(super) fn refused(&mut self, number: Number, now: Instant) -> bool {
        let is_news = number.0 > self.cut_at;
        if is_news {
            self.cut_at = self.left;
            self.places.is_doubling = false;
            self.places.set((self.places.now / 2).max(1));
            self.slow_down(now);
        }
        is_news
    }

    /// None leaves before this.
    pub(super) fn hush(&mut self, until: Instant) {
        self.quiet_until = self.quiet_until.max(Some(until));
    }

    fn slow_down(&mut self, now: Instant) {
        self.grow(now);
        let lately = self.taken.lately().max(FEW);
        let pace = self.pace.get_or_insert(Pace {
            rate: lately,
            ceiling: None,
            refused_at: None,
            next: now,
            grown: now,
        });
        // A pace that was not used up is not what was too much.
        let refused_at = pace.rate.min(lately);
        pace.refused_at = Some(refused_at);
        let ceiling = pace.ceiling.unwrap_or(f64::MAX);
        pace.rate = (refused_at / 2.0).max(SLOWEST).min(ceiling);
    }

    /// In a few seconds back to nearly where it was refused, slowly past that point, and with speed on
    /// from there: then the service has more to give than it had.
    fn grow(&mut self, now: Instant) {
        let Some(pace) = &mut self.pace else {
            return;
        };
        let elapsed = now.saturating_duration_since(pace.grown).min(SECOND);
        pace.grown = pace.grown.max(now);
        let Some(refused_at) = pace.refused_at else {
            return;
        };
        let share = pace.rate / refused_at;
        let growth = if (0.9..1.1).contains(&share) {
            0.02
        } else {
            0.2
        };
        pace.rate += refused_at * growth * elapsed.as_secs_f64();
        match pace.ceiling {
            Some(ceiling) if pace.rate >= ceiling => {
                pace.rate = ceiling;
                pace.refused_at = None;
            }
            // It was a hiccup, and not a ceiling.
            None if share > 4.0 => self.pace = None,
            _ => {}
        }
    }
}

impl Places {
    fn set(&mut self, places: usize) {
        self.now = places;
        self.answers = 0;
        self.peak = 0;
    }
}

impl Taken {
    fn note(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.since);
        if elapsed >= SECOND {
            self.rate = f64::from(self.count) / elapsed.as_secs_f64();
            self.since = now;
            self.count = 0;
        }
        self.count += 1;
    }

    /// How many a second, at the most.
    fn lately(&self) -> f64 {
        self.rate.max(f64::from(self.count))
    }
}

#[cfg(test)]
mod tests;
