//! How fast something goes just now.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// What is older says nothing about now.
const WINDOW: SignedDuration = SignedDuration::from_secs(5);

/// How finely time is counted: memory is bounded by it, and not by what is counted.
const STEP: SignedDuration = SignedDuration::from_millis(250);

/// Counts events of the last seconds. Whoever asks says what time it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    /// When the first of all events was expected, or happened.
    began: Option<Timestamp>,
    steps: VecDeque<(Timestamp, u64)>,
}

impl Meter {
    /// Events are expected from now on.
    pub fn begin(&mut self, now: Timestamp) {
        *self = Self {
            began: Some(now),
            steps: VecDeque::new(),
        };
    }

    /// One event happened.
    pub fn count(&mut self, at: Timestamp) {
        self.began.get_or_insert(at);
        while let Some((start, _)) = self.steps.front()
            && at.duration_since(*start) > WINDOW
        {
            self.steps.pop_front();
        }
        match self.steps.back_mut() {
            Some((start, count)) if at.duration_since(*start) < STEP => *count += 1,
            _ => self.steps.push_back((at, 1)),
        }
    }

    /// Events a second.
    pub fn rate(&self, now: Timestamp) -> f64 {
        let Some(began) = self.began else {
            return 0.0;
        };
        let recent = self
            .steps
            .iter()
            .filter(|(start, _)| now.duration_since(*start) <= WINDOW);
        let count: u64 = recent.map(|(_, count)| count).sum();
        // The first moments would show wild figures.
        let span = now.duration_since(began).clamp(STEP * 2, WINDOW);
        #[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52 in seconds")]
        let count = count as f64;
        count / span.as_secs_f64()
    }

    /// How long `left` more will take at this rate; `None` while nothing happens.
    pub fn eta(&self, left: u64, now: Timestamp) -> Option<SignedDuration> {
        let rate = self.rate(now);
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let seconds = left as f64 / rate;
        (rate > 0.0)
            .then(|| SignedDuration::try_from_secs_f64(seconds).ok())
            .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_795_227_300_000 + millis).unwrap()
    }

    #[test]
    fn says_how_fast_it_goes_now_and_not_since_the_start() {
        let mut meter = Meter::default();
        meter.begin(at(0));
        assert_eq!((meter.rate(at(0)), meter.eta(9, at(0))), (0.0, None));
        for millis in (0..20_000).step_by(10) {
            meter.count(at(millis));
        }
        let fast = meter.rate(at(20_000));
        assert!((95.0..106.0).contains(&fast), "{fast}");
        for millis in (20_000..30_000).step_by(500) {
            meter.count(at(millis));
        }
        let slow = meter.rate(at(30_000));
        assert!((1.8..2.3).contains(&slow), "{slow}");
        let eta = meter.eta(20, at(30_000)).unwrap().as_secs();
        assert!((8..12).contains(&eta), "{eta}");
        assert_eq!(meter.eta(1, at(60_000)), None);
        assert!(meter.steps.len() < 32);
    }
}
