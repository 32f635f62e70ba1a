//! What several tries at one deletion add up to. Pure.

use jiff::Timestamp;

use crate::api::{Attempt, Verdict};
use crate::domain::{Answer, Cause, Halt, Outcome};

/// Tries that end in silence, at most: with more, a dead server would take minutes for each item.
const TIMEOUTS: u32 = 2;

/// The tries so far.
#[derive(Debug, Default)]
pub(super) struct Tries {
    count: u32,
    timeouts: u32,
    /// Requests that may have left.
    sent: u32,
    /// When the first try was made that may have.
    left: Option<Timestamp>,
    trying: Option<Timestamp>,
    /// A try that may have left and was not answered: it may have deleted.
    doubt: Option<(Cause, Option<String>)>,
    last: Answer,
}

/// The last word on an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    pub(super) answer: Answer,
    /// No other item of the batch would fare better.
    pub(super) halt: Option<Halt>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Next {
    End(Ending),
    Again(Answer),
}

impl Tries {
    /// For an item whose earlier deletion was sent and never settled: a failure now says nothing
    /// about that one.
    pub(super) fn after_doubt() -> Self {
        Self {
            doubt: Some((Cause::Interrupted, None)),
            ..Self::default()
        }
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// A try is about to be made.
    pub(super) fn leave(&mut self, now: Timestamp) {
        self.trying = Some(now);
    }

    /// Takes in one more try; `limit` is how many there may be.
    pub(super) fn judge(&mut self, attempt: Attempt, limit: u32) -> Next {
        let Attempt { verdict, answer } = attempt;
        self.count += 1;
        self.sent += answer.attempts;
        if answer.attempts > 0 {
            self.left = self.left.or(self.trying);
        }
        self.last = answer;
        match verdict {
            Verdict::Settle(Outcome::Failed) => Next::End(self.failed(self.last.cause)),
            Verdict::Settle(outcome) => Next::End(self.end(outcome)),
            Verdict::Stop => Next::End(Ending {
                halt: Some(self.halt()),
                ..self.failed(self.last.cause)
            }),
            Verdict::Retry { .. } => {
                self.note_silence();
                if self.count < limit && self.timeouts < TIMEOUTS {
                    return Next::Again(self.total());
                }
                Next::End(self.exhausted())
            }
        }
    }

    /// The user does not want another try.
    pub(super) fn stopped(&self) -> Ending {
        if self.sent == 0 {
            return Ending {
                outcome: Outcome::Cancelled,
                answer: Answer::default(),
                halt: None,
            };
        }
        self.failed(Some(Cause::Stopped))
    }

    fn note_silence(&mut self) {
        let Some(cause @ (Cause::Timeout | Cause::Disconnected)) = self.last.cause else {
            return;
        };
        self.timeouts += u32::from(cause == Cause::Timeout);
        if self.last.attempts > 0 {
            self.doubt = Some((cause, self.last.detail.clone()));
        }
    }

    fn exhausted(&self) -> Ending {
        match self.last.cause {
            // Nobody is there: the rest of the batch is spared the same wait.
            Some(Cause::Unreachable) if self.sent == 0 => Ending {
                halt: Some(self.halt()),
                ..self.failed(self.last.cause)
            },
            Some(Cause::Service) | None => self.failed(Some(Cause::Exhausted)),
            cause => self.failed(cause),
        }
    }

    /// It did not work; or nobody knows, if a try went unanswered.
    fn failed(&self, cause: Option<Cause>) -> Ending {
        let mut answer = self.total();
        let outcome = if let Some((cause, detail)) = &self.doubt {
            answer.cause = Some(*cause);
            answer.detail.clone_from(detail);
            Outcome::Unsettled
        } else {
            answer.cause = cause;
            Outcome::Failed
        };
        Ending {
            outcome,
            answer,
            halt: None,
        }
    }

    fn end(&self, outcome: Outcome) -> Ending {
        Ending {
            outcome,
            answer: self.total(),
            halt: None,
        }
    }

    fn halt(&self) -> Halt {
        Halt {
            cause: self.last.cause.unwrap_or(Cause::Service),
            answer: Some(self.total()),
        }
    }

    fn total(&self) -> Answer {
        Answer {
            attempts: self.sent,
            sent_at: self.left,
            ..self.last.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Verdict = Verdict::Retry {
        after: None,
        throttled: false,
    };

    fn attempt(verdict: Verdict, sent: u32, cause: Cause) -> Attempt {
        Attempt {
            verdict,
            answer: Answer {
                attempts: sent,
                cause: Some(cause),
                ..Answer::default()
            },
        }
    }

    /// What these tries, with a limit of three, end in; `None` if they do not.
    fn end(
        attempts: impl IntoIterator<Item = Attempt>,
    ) -> Option<(Outcome, u32, Option<Cause>, bool)> {
        let mut tries = Tries::default();
        for attempt in attempts {
            if let Next::End(Ending {
                outcome,
                answer,
                halt,
            }) = tries.judge(attempt, 3)
            {
                return Some((outcome, answer.attempts, answer.cause, halt.is_some()));
            }
        }
        None
    }

    #[test]
    fn errors_of_the_service_fail_when_tries_are_used_up() {
        let busy = || attempt(RETRY, 1, Cause::Service);
        assert_eq!(end([busy(), busy()]), None);
        let failed = Some((Outcome::Failed, 3, Some(Cause::Exhausted), false));
        assert_eq!(end([busy(), busy(), busy()]), failed);
    }

    #[test]
    fn silence_is_tried_twice_and_leaves_doubt() {
        let silent = || attempt(RETRY, 1, Cause::Timeout);
        assert_eq!(end([silent()]), None);
        let doubt = Some((Outcome::Unsettled, 2, Some(Cause::Timeout), false));
        assert_eq!(end([silent(), silent()]), doubt);
    }

    #[test]
    fn where_nobody_is_nothing_was_sent_and_nothing_more_is() {
        let nobody = || attempt(RETRY, 0, Cause::Unreachable);
        let failed = Some((Outcome::Failed, 0, Some(Cause::Unreachable), true));
        assert_eq!(end([nobody(), nobody(), nobody()]), failed);
        let busy = attempt(RETRY, 1, Cause::Service);
        let failed = Some((Outcome::Failed, 1, Some(Cause::Unreachable), false));
        assert_eq!(end([busy, nobody(), nobody()]), failed);
    }

    #[test]
    fn only_a_yes_a_no_or_a_not_found_ends_doubt() {
        let broken = || attempt(RETRY, 1, Cause::Disconnected);
        let then = |verdict| end([broken(), attempt(verdict, 1, Cause::Service)]).unwrap();
        for outcome in [Outcome::Deleted, Outcome::Gone, Outcome::Refused] {
            assert_eq!(then(Verdict::Settle(outcome)).0, outcome);
        }
        let doubt = (Outcome::Unsettled, 2, Some(Cause::Disconnected), false);
        assert_eq!(then(Verdict::Settle(Outcome::Failed)), doubt);
        assert_eq!(
            then(Verdict::Settle(Outcome::Unsettled)).0,
            Outcome::Unsettled
        );
        let (outcome, .., halts) = then(Verdict::Stop);
        assert_eq!((outcome, halts), (Outcome::Unsettled, true));
        let busy = || attempt(RETRY, 1, Cause::Service);
        assert_eq!(
            end([broken(), busy(), busy()]).unwrap().0,
            Outcome::Unsettled
        );
    }

    #[test]
    fn a_stop_between_tries_is_told_by_what_was_sent() {
        let after = |attempts: Vec<Attempt>| {
            let mut tries = Tries::default();
            for attempt in attempts {
                tries.judge(attempt, 9);
            }
            let Ending {
                outcome, answer, ..
            } = tries.stopped();
            (outcome, answer.cause)
        };
        assert_eq!(after(vec![]), (Outcome::Cancelled, None));
        let nobody = attempt(RETRY, 0, Cause::Unreachable);
        assert_eq!(after(vec![nobody]), (Outcome::Cancelled, None));
        let busy = attempt(RETRY, 1, Cause::Service);
        assert_eq!(
            after(vec![busy.clone()]),
            (Outcome::Failed, Some(Cause::Stopped))
        );
        let broken = attempt(RETRY, 1, Cause::Disconnected);
        let doubt = (Outcome::Unsettled, Some(Cause::Disconnected));
        assert_eq!(after(vec![broken, busy]), doubt);
    }
}
