use std::collections::VecDeque;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::*;

const MS: Duration = Duration::from_millis(1);

/// A service on a clock of its own, and one lane that sends to it as fast as it may.
struct Race {
    lane: Lane,
    start: Instant,
    now: Instant,
    wire: VecDeque<(Instant, Number)>,
    left: Vec<Duration>,
    refused: usize,
    rest: Duration,
}

impl Race {
    fn new(places: usize, rate: Option<f64>) -> Self {
        let start = Instant::now();
        Self {
            lane: Lane::new(places, rate, start),
            start,
            now: start,
            wire: VecDeque::new(),
            left: Vec::new(),
            refused: 0,
            rest: Duration::ZERO,
        }
    }

    /// Until `count` requests are taken, or for `limit`; `admit` is the service's word on each, by when it
    /// arrives there, and an answer takes `latency`.
    fn run(
        &mut self,
        count: usize,
        limit: Duration,
        latency: Duration,
        mut admit: impl FnMut(Duration) -> bool,
    ) {
        let end = self.now + limit;
        let mut taken = 0;
        while taken < count && self.now < end {
            while let Some(number) = self.lane.leave(self.now) {
                self.left.push(self.now - self.start);
                self.wire.push_back((self.now + latency, number));
            }
            let answer = self.wire.front().map(|(at, _)| *at);
            let turn = match self.lane.wait(self.now) {
                Wait::Until(until) => Some(until),
                _ => None,
            };
            // The tick of timers.
            self.now = answer.into_iter().chain(turn).min().unwrap() + MS / 4;
            while let Some((at, number)) = self.wire.front().copied()
                && at <= self.now
            {
                self.wire.pop_front();
                self.lane.end();
                if admit(at - self.start) {
                    self.lane.taken(number, self.now);
                    taken += 1;
                } else {
                    self.lane.refused(number, self.now);
                    self.lane.hush(self.now + self.rest);
                    self.refused += 1;
                }
            }
        }
    }

    /// Of 20 a second.
    #[expect(clippy::cast_precision_loss, reason = "a share")]
    fn share(&self, taken: usize) -> f64 {
        taken as f64 / self.seconds() / 20.0
    }

    fn seconds(&self) -> f64 {
        (self.now - self.start).as_secs_f64()
    }
}

/// Full at first, refilled evenly.
fn bucket(rate: f64) -> impl FnMut(Duration) -> bool {
    let (mut tokens, mut last) = (rate, Duration::ZERO);
    move |at| {
        tokens = (tokens + at.saturating_sub(last).as_secs_f64() * rate).min(rate);
        last = at;
        let granted = tokens >= 1.0;
        tokens -= f64::from(granted);
        granted
    }
}

/// So many in each second of the service's clock, which is `phase` ahead of ours.
fn windows(rate: u32, phase: Duration) -> impl FnMut(Duration) -> bool {
    let (mut second, mut count) = (0, 0);
    move |at| {
        let this = (at + phase).as_secs();
        count = if this == second { count + 1 } else { 1 };
        second = this;
        count <= rate
    }
}

#[test]
fn a_known_ceiling_is_used_up_and_never_hit() {
    for phase in [0, 1, 333, 500, 980, 999] {
        for latency in [MS, 50 * MS, 700 * MS] {
            let mut race = Race::new(64, Some(20.0));
            let hour = Duration::from_hours(1);
            race.run(2_000, hour, latency, windows(20, phase * MS));
            assert_eq!(race.refused, 0, "{phase} {latency:?}");
            let share = 2_000.0 / (race.seconds() - latency.as_secs_f64()) / 20.0;
            assert!((0.97..=1.0).contains(&share), "{share}");
        }
    }
    let mut race = Race::new(64, Some(20.0));
    race.run(2_000, Duration::from_hours(1), 5 * MS, bucket(20.0));
    assert_eq!(race.refused, 0);
}

#[test]
fn an_unknown_ceiling_is_learned() {
    let run = |count, latency, rest, admit: &mut dyn FnMut(Duration) -> bool| {
        let mut race = Race::new(64, None);
        race.rest = rest;
        race.run(count, Duration::from_hours(1), latency, admit);
        (race.share(count), race.refused)
    };
    // The last round before the first refusal is as long as the way there and back.
    for (latency, share, refusals) in [(MS, 0.97, 60), (50 * MS, 0.97, 60), (300 * MS, 0.95, 250)] {
        for rest in [Duration::ZERO, SECOND / 2, SECOND] {
            for (count, least, most) in [(600, 0.89, 42), (10_000, share, refusals)] {
                let check = |case: &str, (share, refused): (f64, usize)| {
                    let case = format!("{count} {latency:?} {rest:?} {case}");
                    assert!(
                        share > least && refused <= most,
                        "{case}: {share} {refused}"
                    );
                };
                check("bucket", run(count, latency, rest, &mut bucket(20.0)));
                for phase in [0, 333, 900] {
                    let admit = &mut windows(20, phase * MS);
                    check(&phase.to_string(), run(count, latency, rest, admit));
                }
            }
        }
    }
}

#[test]
fn refusals_that_no_pace_would_mend_do_not_stop_it() {
    for (one_in, rest, most) in [(100, MS, 120), (10, 100 * MS, 80), (3, 100 * MS, 250)] {
        for latency in [MS, 50 * MS] {
            let mut race = Race::new(64, None);
            race.rest = rest;
            let mut dice = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
            let hour = Duration::from_hours(1);
            race.run(2_000, hour, latency, |_| dice.random_range(0..one_in) > 0);
            assert!(
                race.seconds() < most.into(),
                "{one_in} {latency:?}: {}",
                race.seconds()
            );
        }
    }
}

#[test]
fn places_double_until_the_first_refusal_and_halve_once_for_all_that_were_out() {
    let mut race = Race::new(64, None);
    race.run(8 + 16 + 32 + 64, Duration::from_secs(9), 50 * MS, |_| true);
    assert_eq!(race.lane.places(), 64);
    assert!(race.seconds() < 0.26, "{}", race.seconds());
    race.run(64, 50 * MS, 50 * MS, |_| false);
    assert_eq!(race.lane.places(), 32, "64 refusals, one cut");
    race.run(10_000, Duration::from_mins(5), 50 * MS, |_| true);
    assert_eq!(race.lane.places(), 64, "and back");
    assert!(race.lane.pace.is_none(), "a hiccup is forgotten");
}

#[test]
fn a_known_ceiling_is_come_back_to() {
    let mut race = Race::new(64, Some(20.0));
    race.run(100, Duration::from_secs(9), 50 * MS, |_| true);
    let mut refuse = true;
    race.run(1, SECOND, 50 * MS, |_| !std::mem::take(&mut refuse));
    let slow = race.lane.pace.as_ref().unwrap();
    assert!(Some(slow.rate) < slow.ceiling);
    race.run(10_000, Duration::from_secs(30), 50 * MS, |_| true);
    let pace = race.lane.pace.as_ref().unwrap();
    assert_eq!(Some(pace.rate), pace.ceiling);
}

#[test]
fn what_was_not_used_is_not_saved_up() {
    let mut lane = Lane::new(64, Some(20.0), Instant::now());
    let later = Instant::now() + Duration::from_mins(1);
    assert!(lane.leave(later).is_some());
    assert!(lane.leave(later).is_none());
}

#[test]
fn no_rate_is_no_wait() {
    let now = Instant::now();
    for rate in [
        None,
        Some(0.0),
        Some(-1.0),
        Some(f64::NAN),
        Some(f64::INFINITY),
    ] {
        let mut lane = Lane::new(4, rate, now);
        assert_eq!(
            [(); 5].map(|()| lane.leave(now).is_some()),
            [true, true, true, true, false],
            "{rate:?}"
        );
    }
}

#[derive(Clone, Debug)]
enum Step {
    Leave,
    Taken,
    Refused,
    Lost,
    Hush(u16),
    Pass(u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Leave),
        4 => Just(Step::Taken),
        1 => Just(Step::Refused),
        1 => Just(Step::Lost),
        1 => (0..3_000_u16).prop_map(Step::Hush),
        6 => (0..400_u16).prop_map(Step::Pass),
    ]
}

proptest! {
    #[test]
    fn limits_hold_and_every_wait_ends(
        most in 1..40_usize,
        rate in proptest::option::of(1..60_u32),
        steps in proptest::collection::vec(step(), 0..400),
    ) {
        let start = Instant::now();
        let mut now = start;
        let mut lane = Lane::new(most, rate.map(f64::from), now);
        let mut wire = VecDeque::new();
        let mut quiet = now;
        let mut left: Vec<Instant> = Vec::new();
        for step in steps {
            match step {
                Step::Leave => if let Some(number) = lane.leave(now) {
                    prop_assert!(now >= quiet);
                    wire.push_back(number);
                    left.push(now);
                },
                Step::Taken => if let Some(number) = wire.pop_front() {
                    lane.end();
                    lane.taken(number, now);
                },
                Step::Refused => if let Some(number) = wire.pop_front() {
                    lane.end();
                    lane.refused(number, now);
                },
                Step::Lost => if wire.pop_front().is_some() {
                    lane.end();
                },
                Step::Hush(millis) => {
                    quiet = quiet.max(now + u32::from(millis) * MS);
                    lane.hush(quiet);
                }
                Step::Pass(millis) => now += u32::from(millis) * MS,
            }
            prop_assert!(wire.len() <= most && lane.places() <= most && lane.places() > 0);
            prop_assert_eq!(wire.len(), lane.in_flight());
            if let Some(rate) = rate {
                let recent = left.iter().rev().take_while(|at| now - **at < SECOND).count();
                prop_assert!(recent <= rate as usize, "{recent} in a second");
            }
        }
        // However it came to this: once the wire is empty, the next leaves when it was told it would.
        while wire.pop_front().is_some() {
            lane.end();
        }
        for _ in 0..3 {
            match lane.wait(now) {
                Wait::Nothing => break,
                Wait::Until(until) => {
                    prop_assert!(until > now && until - now < Duration::from_secs(200));
                    now = until;
                }
                Wait::Place => prop_assert!(false, "nobody is on the wire"),
            }
        }
        prop_assert!(lane.leave(now).is_some());
        lane.end();
        // And if the service is content from now on, all is as at first.
        for _ in 0..400 {
            now += SECOND / 2;
            while let Some(number) = lane.leave(now) {
                wire.push_back(number);
            }
            for number in wire.drain(..) {
                lane.end();
                lane.taken(number, now);
            }
        }
        if rate.is_none() {
            prop_assert_eq!(lane.places(), most);
            prop_assert!(lane.pace.is_none());
        }
    }
}
