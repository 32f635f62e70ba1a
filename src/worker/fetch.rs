//! One question to the service with its tries: for settling, refreshing and mirroring.

use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;
use tokio::time;

use crate::api::{self, Client, Fetched, Trouble};
use crate::domain::{Answer, Cause, Facts, Kind, ResourceId};

use super::limit::Limiter;
use super::{Signal, Tools, stopped};

/// Tries that end in silence, at most.
const TIMEOUTS: u32 = 2;

/// What a lookup came to in the end.
pub(super) enum Looked {
    /// With the whole object, whose text is hostile until made visible.
    Found(Facts, Value),
    /// The service's own not-found.
    Gone(Answer),
    /// No believable answer about this id.
    Unknown(Answer),
    /// No other lookup would fare better.
    Halt(Answer),
    /// The user does not want to know any more.
    Stopped,
}

/// What a question came to in the end.
pub(super) enum Asked<T> {
    /// After so many tries that left in vain.
    Answered(T, u32),
    /// No believable answer to this question.
    Unknown(Answer),
    /// No other question would fare better.
    Halt(Answer),
    /// The user does not want to know any more.
    Stopped,
}

/// Asks for a resource until there is an answer or the tries are used up; `client` is the one of the
/// runtime that this runs on.
pub(super) async fn look(
    tools: &Tools,
    client: &Client,
    kind: Kind,
    id: &ResourceId,
    signal: &mut watch::Receiver<Signal>,
) -> Looked {
    let get = || async {
        match client.get(kind, id).await {
            Fetched::Found { facts, raw } => Ok(Looked::Found(facts, raw)),
            Fetched::Gone(answer) => Ok(Looked::Gone(answer)),
            Fetched::Failed(answer) => Err(Trouble::Failed(Box::new(answer))),
            Fetched::Stop(answer) => Err(Trouble::Stop(Box::new(answer))),
            Fetched::Retry {
                after,
                throttled,
                answer,
            } => Err(Trouble::Retry {
                after,
                throttled,
                answer: Box::new(answer),
            }),
        }
    };
    match ask(tools, &tools.lookups, kind, signal, get).await {
        Asked::Answered(Looked::Gone(mut answer), vain) => {
            answer.attempts += vain;
            Looked::Gone(answer)
        }
        Asked::Answered(looked, _) => looked,
        Asked::Unknown(answer) => Looked::Unknown(answer),
        Asked::Halt(answer) => Looked::Halt(answer),
        Asked::Stopped => Looked::Stopped,
    }
}

/// Asks, within the limits of the call, until there is an answer or the tries are used up.
pub(super) async fn ask<T, F: Future<Output = Result<T, Trouble>>>(
    tools: &Tools,
    limiter: &Limiter,
    kind: Kind,
    signal: &mut watch::Receiver<Signal>,
    question: impl Fn() -> F,
) -> Asked<T> {
    let (mut sent, mut timeouts) = (0, 0);
    for count in 1_u32.. {
        let place = tokio::select! {
            biased;
            () = stopped(signal) => return Asked::Stopped,
            place = limiter.enter(kind) => place,
        };
        let answered = question().await;
        let mut wait = Duration::ZERO;
        if let Err(Trouble::Retry {
            after,
            throttled,
            answer,
        }) = &answered
        {
            wait = api::backoff(count, *after, rand::random());
            place.put_off(*throttled, after.is_some(), wait, answer);
        } else {
            place.taken();
        }
        let mut total = |answer: Box<Answer>| {
            sent += answer.attempts;
            Answer {
                attempts: sent,
                ..*answer
            }
        };
        let answer = match answered {
            Ok(answer) => {
                tools.is_silent(None);
                return Asked::Answered(answer, sent);
            }
            Err(Trouble::Failed(answer)) => return Asked::Unknown(total(answer)),
            Err(Trouble::Stop(answer)) => return Asked::Halt(total(answer)),
            Err(Trouble::Retry { answer, .. }) => total(answer),
        };
        if tools.is_silent(Some(&answer)) {
            return Asked::Halt(answer);
        }
        timeouts += u32::from(answer.cause == Some(Cause::Timeout));
        if count >= tools.limits.attempts || timeouts >= TIMEOUTS {
            return match answer.cause {
                // Nobody is there, for this id or another.
                Some(Cause::Unreachable) if sent == 0 => Asked::Halt(answer),
                Some(Cause::Service) => Asked::Unknown(Answer {
                    cause: Some(Cause::Exhausted),
                    ..answer
                }),
                _ => Asked::Unknown(answer),
            };
        }
        tokio::select! {
            () = stopped(signal) => return Asked::Stopped,
            () = time::sleep(wait) => {}
        }
    }
    Asked::Stopped
}
