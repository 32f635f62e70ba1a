//! How many requests of one kind may be on the wire, and when the next may leave. Pure: whoever asks
//! says what time it is.
//!
//! ```text
//!  places  few at first, doubled for each roundful of answers until the first refusal, then one more
//!          for each; halved when refused. Never more than asked for.
//!  pace    evenly spaced. Known from the start where the service documents it; elsewhere learned from
//!          the first refusal: what the service took in the second before, and of what left with it.
//!          Halved when that was too much, too. More is tried out the more seldom, the more often that
//!          was refused.
//!  quiet   a `Retry-After` is for everybody: none of the kind leaves before it is over.
//! ```
//!
//! Requests that left before a cut are refused for what the cut has mended already: they cut nothing
//! again. A service that took three times as much a moment ago, or that refuses again and again what it took
//! before, is not refusing for the pace: that is left alone for a while.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Places at the start: the service has not said yet what it can bear.
const FIRST_PLACES: usize = 8;

/// How near to a known rate we go. The rest is for the way there, which can bring a request into a
/// second that is not its own: at 20 a second, 21 requests leave within 1.02 s.
const MARGIN: f64 = 0.98;

/// How near to a learned rate.
const KEPT: f64 = 0.99;

/// How late a request may leave and still count as on time, so that late timers do not add up. With
/// [`MARGIN`], no second holds more than the rate.
const LATENESS: Duration = Duration::from_millis(10);

/// Requests a second that a first refusal is not taken to be about: there is too little to learn from.
const FEW: f64 = 5.0;

/// Requests a second that no refusal alone goes below.
const SLOWEST: f64 = 0.5;

/// How long a learned pace is kept before more is tried out: when it was refused once, when again, and
/// at most.
const PATIENCE: [Duration; 3] = [
    Duration::from_secs(5),
    Duration::from_secs(15),
    Duration::from_mins(2),
];

/// How long no more than a fifth above a confirmed rate is tried out. A second's worth that a service lets
/// its callers save up is used up in less, and then that is refused.
const DRAIN: Duration = Duration::from_secs(8);

/// How long what the service once took in a second tells of what it can take.
const MEMORY: Duration = Duration::from_secs(10);

/// Refusals in a row that disprove a pace.
const DOUBTS: u32 = 4;

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
    heard: Heard,
    /// Until then, refusals are known not to be about the pace.
    indifferent_until: Option<Instant>,
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
    learned: Option<Learned>,
    /// When the next request may leave.
    next: Instant,
    /// Until when growth is reckoned.
    grown: Instant,
}

/// What refusals taught.
#[derive(Clone, Copy, Debug)]
struct Learned {
    /// Requests a second that the service takes.
    rate: f64,
    at: Instant,
    /// How long no more is tried out.
    patience: Duration,
    /// Refusals in a row of no more than that.
    doubts: u32,
    /// From one refusal.
    is_first: bool,
    /// How many had been taken by then.
    taken: u32,
}

impl Learned {
    /// With the pace that follows from it.
    fn first(rate: f64, taken: u32, now: Instant) -> (Self, f64) {
        let learned = Self {
            rate,
            at: now,
            patience: PATIENCE[0],
            doubts: 0,
            is_first: true,
            taken,
        };
        (learned, rate * KEPT)
    }

    /// Refused again, at a pace of which `lately` a second were taken, and `taken` in all.
    fn again(self, pace: f64, lately: f64, taken: u32, now: Instant) -> (Self, f64) {
        // A pace that was not used up is not what was too much.
        let mut rate = pace.min(lately);
        let mut slowed = rate * KEPT;
        let mut doubts = 0;
        let since = now.saturating_duration_since(self.at);
        if since < SECOND + SECOND / 2 {
            rate = self.rate.min(lately);
            slowed = (pace / 2.0).max(rate / 4.0);
            doubts = self.doubts;
        } else if pace <= self.rate && rate > self.rate * 0.8 {
            // It was kept to, and was to be had before.
            doubts = self.doubts + 1;
            rate = self.rate.min(lately) * (1.0 - 0.03 * f64::from(doubts));
            slowed = rate * KEPT;
        }
        let mut patience = PATIENCE[0];
        if rate > self.rate * 0.9 && rate < self.rate * 1.3 {
            // What is above may have been saved up meanwhile, and is not to be had all the time. Of what was
            // left over neither then nor now, it is the mean that is.
            let mean = f64::from(taken.wrapping_sub(self.taken)) / since.as_secs_f64();
            rate = rate.min(self.rate.max(mean));
            // A little has to be left over again, or the next that is early by a moment is refused.
            slowed = slowed.min(rate / 2.0);
            patience = (self.patience * 2).clamp(PATIENCE[1], PATIENCE[2]);
        }
        let learned = Self {
            rate,
            at: now,
            patience,
            doubts,
            is_first: false,
            taken,
        };
        (learned, slowed)
    }
}

/// What the service answered lately.
#[derive(Debug)]
struct Heard {
    /// How many were taken, over and over from 0.
    count: u32,
    /// When, in the last second.
    taken: VecDeque<Instant>,
    refused: VecDeque<Instant>,
    /// The most that it has taken in a second, and when.
    most: f64,
    most_at: Instant,
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
                learned: None,
                next: now,
                grown: now,
            }),
            quiet_until: None,
            in_flight: 0,
            left: 0,
            cut_at: 0,
            heard: Heard {
                count: 0,
                taken: VecDeque::new(),
                refused: VecDeque::new(),
                most: 0.0,
                most_at: now,
            },
            indifferent_until: None,
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
    pub(super) fn taken(&mut self, number: Number, now: Instant) {
        self.heard.taken(now);
        if number.0 <= self.cut_at {
            self.learn_more(now);
        }
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
        self.heard.refused(now);
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
        if self.heard.has_taken_three_times_as_much(now) {
            self.indifferent_until = Some(now + MEMORY);
        }
        let lately = self.heard.taken_lately(now).max(FEW);
        let pace = self.pace.get_or_insert(Pace {
            rate: lately,
            ceiling: None,
            learned: None,
            next: now,
            grown: now,
        });
        let (learned, slowed) = match pace.learned {
            Some(learned) => learned.again(pace.rate, lately, self.heard.count, now),
            None => Learned::first(pace.rate.min(lately), self.heard.count, now),
        };
        if learned.doubts >= DOUBTS {
            self.indifferent_until = Some(now + MEMORY);
        }
        let is_indifferent = self.indifferent_until.is_some_and(|until| until > now);
        if is_indifferent && pace.ceiling.is_none() {
            self.pace = None;
            return;
        }
        pace.learned = Some(learned);
        pace.rate = slowed.max(SLOWEST).min(pace.ceiling.unwrap_or(f64::MAX));
    }

    /// When the first refusal was heard, others that left with it were still on the wire: what is taken of
    /// those counts, too.
    fn learn_more(&mut self, now: Instant) {
        let Some(Pace {
            rate,
            ceiling: None,
            learned: Some(learned),
            ..
        }) = &mut self.pace
        else {
            return;
        };
        let lately = self.heard.taken_lately(now);
        let is_fresh = now.saturating_duration_since(learned.at) < SECOND;
        if learned.is_first && is_fresh && lately > learned.rate {
            (*learned, *rate) = Learned::first(lately, learned.taken, learned.at);
        }
    }

    /// In a second or two back to what was learned; after a while past it, and with speed where nothing
    /// is confirmed: then the service may have more to give than it had.
    fn grow(&mut self, now: Instant) {
        let Some(pace) = &mut self.pace else {
            return;
        };
        let since = pace.grown;
        pace.grown = since.max(now);
        let Some(learned) = pace.learned else {
            return;
        };
        let elapsed = |since: Instant| {
            now.saturating_duration_since(since)
                .min(SECOND)
                .as_secs_f64()
        };
        let plateau = learned.rate * KEPT;
        if pace.rate < plateau {
            pace.rate = (pace.rate + learned.rate * 0.5 * elapsed(since)).min(plateau);
        } else {
            let is_confirmed = learned.patience > PATIENCE[0];
            let trying_since = learned.at + learned.patience;
            let tried = elapsed(since.max(trying_since));
            if is_confirmed && now < trying_since + DRAIN {
                pace.rate = (pace.rate + learned.rate * 0.1 * tried).min(learned.rate * 1.2);
            } else {
                pace.rate += learned.rate * 0.4 * tried;
            }
        }
        match pace.ceiling {
            Some(ceiling) if pace.rate >= ceiling => {
                pace.rate = ceiling;
                pace.learned = None;
            }
            // It was a hiccup, and not a ceiling.
            None if pace.rate > learned.rate * 4.0 => self.pace = None,
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

impl Heard {
    fn taken(&mut self, now: Instant) {
        self.count = self.count.wrapping_add(1);
        let lately = note(&mut self.taken, now);
        if lately >= self.most || now.saturating_duration_since(self.most_at) > MEMORY {
            (self.most, self.most_at) = (lately, now);
        }
    }

    fn refused(&mut self, now: Instant) {
        note(&mut self.refused, now);
    }

    /// How many in the last second.
    fn taken_lately(&self, now: Instant) -> f64 {
        lately(&self.taken, now)
    }

    /// Whether it took, not long ago, at least three times what it was sent in the last second.
    fn has_taken_three_times_as_much(&self, now: Instant) -> bool {
        let sent = self.taken_lately(now) + lately(&self.refused, now);
        let is_fresh = now.saturating_duration_since(self.most_at) <= MEMORY;
        is_fresh && sent.max(FEW / 2.0) * 3.0 <= self.most
    }
}

/// Keeps the last second's; says how many they are.
fn note(times: &mut VecDeque<Instant>, now: Instant) -> f64 {
    times.push_back(now);
    while times.front().is_some_and(|at| *at + SECOND <= now) {
        times.pop_front();
    }
    count(times.len())
}

/// How many in the last second.
fn lately(times: &VecDeque<Instant>, now: Instant) -> f64 {
    let old = times.partition_point(|at| *at + SECOND <= now);
    count(times.len() - old)
}

fn count(times: usize) -> f64 {
    u32::try_from(times).map_or(f64::MAX, f64::from)
}

#[cfg(test)]
mod tests;
