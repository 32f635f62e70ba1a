//! How far intents run ahead of the wire: far enough that sending never waits for the disk, and no
//! further, for each is a doubt after a crash. Pure: whoever asks says what time it is.

use std::time::Duration;

use tokio::time::Instant;

/// How long what is claimed is to last, as fast as things go: some commits.
const LASTING: Duration = Duration::from_millis(32);

/// Items for each place on the wire, at least: the one that is there, and two to follow, of which there
/// is still half when more are claimed.
const LEAST: usize = 3;

/// And at most.
const MOST: usize = 16;

#[derive(Debug)]
pub(super) struct Ahead {
    places: usize,
    now: usize,
    /// Items that have ended since the last claim, and when that was.
    ended: u32,
    since: Option<Instant>,
}

impl Ahead {
    pub(super) fn new(places: usize) -> Self {
        let places = places.max(1);
        Self {
            places,
            now: places * LEAST,
            ended: 0,
            since: None,
        }
    }

    /// Items that may be on the wire or about to be.
    pub(super) fn items(&self) -> usize {
        self.now
    }

    /// Items with an intent on disk and no settlement, at most: with those that wait for another try, and
    /// those of which it is being written down what came of them.
    pub(super) fn most(&self) -> usize {
        2 * MOST * self.places
    }

    pub(super) fn end(&mut self) {
        self.ended = self.ended.saturating_add(1);
    }

    /// More are about to be claimed.
    pub(super) fn claim(&mut self, now: Instant) {
        let (ended, since) = (std::mem::take(&mut self.ended), self.since.replace(now));
        let Some(since) = since else {
            return;
        };
        let elapsed = now.saturating_duration_since(since).as_micros().max(1);
        let lasting = u128::from(ended) * LASTING.as_micros() / elapsed;
        let lasting = usize::try_from(lasting).unwrap_or(usize::MAX);
        self.now = lasting.clamp(self.places * LEAST, self.places * MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is let ahead at this speed, with ten places.
    fn at(per_second: u64) -> usize {
        let mut ahead = Ahead::new(10);
        let mut now = Instant::now();
        ahead.claim(now);
        for _ in 0..20 {
            for _ in 0..ahead.items() / 2 {
                now += Duration::from_micros(1_000_000 / per_second);
                ahead.end();
            }
            ahead.claim(now);
        }
        ahead.items()
    }

    #[test]
    fn lets_as_many_ahead_as_go_in_a_moment_but_not_too_many() {
        assert_eq!(Ahead::new(10).items(), 30);
        assert_eq!([at(1), at(20), at(900)], [30; 3]);
        assert_eq!(at(2_000), 64);
        assert_eq!([at(5_000), at(100_000)], [160; 2]);
    }

    #[test]
    fn a_rest_is_not_taken_for_speed() {
        let mut ahead = Ahead::new(10);
        let now = Instant::now();
        ahead.claim(now);
        for _ in 0..1_000 {
            ahead.end();
        }
        ahead.claim(now + Duration::from_millis(100));
        assert_eq!(ahead.items(), 160);
        ahead.claim(now + Duration::from_hours(1));
        assert_eq!(ahead.items(), 30);
    }
}
