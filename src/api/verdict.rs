//! What an answer means. Pure: an answer as it was heard goes in, a verdict comes out.
//!
//! The rules are those of the wire reference (`ark-api` facts 2 to 4, section 6), bent towards doubt:
//! a deletion is only ever believed on a 2xx that says so or says nothing at all, and an id is only
//! ever called gone on the service's own word about ids. A login page is no deletion, and a wrong
//! address must not empty the ledger.

use std::borrow::Cow;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, LOCATION, RETRY_AFTER};
use serde_json::{Map, Value};

use super::retry;
use super::wire::{self, Envelope, NotObject, ServiceError};
use crate::domain::{Answer, Cause, Facts, Kind, Outcome, ResourceId, capped, visible};
use crate::secret::ApiKey;

/// What one attempt at a deletion came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    pub verdict: Verdict,
    /// `attempts` is 1 if the request may have left this machine, else 0. With [`Verdict::Retry`] and
    /// [`Verdict::Stop`], `cause` says why.
    pub answer: Answer,
}

/// What to do after one attempt at a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// This item is done with.
    Settle(Outcome),
    /// Try again later. The answer's cause is [`Cause::Service`] after a 408, 429 or 5xx, else what the
    /// transport came to.
    Retry {
        /// What `Retry-After` asked for, at most a minute.
        after: Option<Duration>,
        /// It was a 429.
        throttled: bool,
    },
    /// No other item would fare better: the key is refused, the address is wrong, the quota is used up.
    /// This item failed.
    Stop,
}

/// What one attempt at fetching a resource came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    Found {
        facts: Facts,
        /// The whole object. Its text is the service's: hostile until made visible.
        raw: Value,
    },
    /// The service itself says that there is no such id.
    Gone(Answer),
    Retry {
        after: Option<Duration>,
        throttled: bool,
        answer: Answer,
    },
    Failed(Answer),
    Stop(Answer),
}

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    Retry {
        after: Option<Duration>,
        throttled: bool,
        answer: Box<Answer>,
    },
    Failed(Box<Answer>),
    Stop(Box<Answer>),
}

/// An answer whose head arrived.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) end: End,
}

/// How the body ended.
#[derive(Debug)]
pub(super) enum End {
    Complete,
    /// It is longer than this many bytes, and the rest was not read.
    Capped(usize),
    /// [`Cause::Disconnected`] or [`Cause::Timeout`], and its detail.
    Cut(Cause, String),
}

/// What the verdicts depend on beyond the answer itself.
#[derive(Clone, Debug)]
pub(super) struct Rules {
    /// Scrubbed from every text that leaves.
    pub(super) key: ApiKey,
    /// More patterns of error codes that mean "no such id": exact, `X.*`, or `*X`.
    pub(super) not_found_codes: Vec<String>,
}

/// What an answer that is no success means.
pub(super) enum Objection {
    Gone,
    Failed,
    Stop,
    Retry {
        after: Option<Duration>,
        throttled: bool,
    },
}

impl Rules {
    pub(super) fn delete(&self, id: &ResourceId, heard: &Heard, now: Timestamp) -> Attempt {
        if (200..300).contains(&heard.status) {
            let mut answer = self.answer(heard);
            let outcome = self.deletion(id, heard, &mut answer);
            return Attempt {
                verdict: Verdict::Settle(outcome),
                answer,
            };
        }
        let (objection, answer) = self.objection(Some(id), heard, now);
        let verdict = match objection {
            Objection::Gone => Verdict::Settle(Outcome::Gone),
            Objection::Failed => Verdict::Settle(Outcome::Failed),
            Objection::Stop => Verdict::Stop,
            Objection::Retry { after, throttled } => Verdict::Retry { after, throttled },
        };
        Attempt { verdict, answer }
    }

    pub(super) fn get(
        &self,
        kind: Kind,
        id: &ResourceId,
        heard: &Heard,
        now: Timestamp,
    ) -> Fetched {
        if !(200..300).contains(&heard.status) {
            return match self.objection(Some(id), heard, now) {
                (Objection::Gone, answer) => Fetched::Gone(answer),
                (Objection::Failed, answer) => Fetched::Failed(answer),
                (Objection::Stop, answer) => Fetched::Stop(answer),
                (Objection::Retry { after, throttled }, answer) => Fetched::Retry {
                    after,
                    throttled,
                    answer,
                },
            };
        }
        let mut answer = self.answer(heard);
        match self.object(heard, &mut answer, wire::object) {
            Ok(object) if is_this(id, &object) => {
                let mut raw = Value::Object(object);
                self.scrub_all(&mut raw);
                let facts = raw
                    .as_object()
                    .map(|object| Facts::of(kind, object))
                    .unwrap_or_default();
                Fetched::Found { facts, raw }
            }
            Ok(object) => {
                self.disown(&object, &mut answer);
                Fetched::Failed(answer)
            }
            Err(Unread::Cut) => Fetched::Retry {
                after: None,
                throttled: false,
                answer,
            },
            Err(Unread::NoObject) => Fetched::Failed(answer),
        }
    }

    /// A page of a list, about `id` if the list is, as `read` reads it.
    pub(super) fn page<T>(
        &self,
        id: Option<&ResourceId>,
        heard: &Heard,
        now: Timestamp,
        read: fn(&Map<String, Value>) -> Option<T>,
    ) -> Result<T, Trouble> {
        if !(200..300).contains(&heard.status) {
            let (objection, answer) = self.objection(id, heard, now);
            let answer = Box::new(answer);
            return Err(match objection {
                Objection::Stop => Trouble::Stop(answer),
                Objection::Failed | Objection::Gone => Trouble::Failed(answer),
                Objection::Retry { after, throttled } => Trouble::Retry {
                    after,
                    throttled,
                    answer,
                },
            });
        }
        let mut answer = Box::new(self.answer(heard));
        match self.object(heard, &mut answer, wire::object) {
            Ok(object) => {
                let mut raw = Value::Object(object);
                self.scrub_all(&mut raw);
                let page = raw.as_object().and_then(read);
                page.ok_or_else(|| {
                    if let Some(object) = raw.as_object() {
                        self.disown(object, &mut answer);
                    }
                    Trouble::Failed(answer)
                })
            }
            Err(Unread::Cut) => Err(Trouble::Retry {
                after: None,
                throttled: false,
                answer,
            }),
            Err(Unread::NoObject) => Err(Trouble::Failed(answer)),
        }
    }

    /// The outcome of a 2xx to a DELETE. Everything that is not plainly a yes or a no is in doubt.
    fn deletion(&self, id: &ResourceId, heard: &Heard, answer: &mut Answer) -> Outcome {
        if heard.body.is_empty() && matches!(heard.end, End::Complete) {
            return Outcome::Deleted;
        }
        let object = match self.object(heard, answer, wire::strict_object) {
            Ok(object) => object,
            Err(unread) => {
                // A deletion that was answered 2xx may well have happened: it is asked for by GET and
                // not repeated, so what the transport calls it matters less than what is missing.
                if unread == Unread::Cut && answer.cause == Some(Cause::Disconnected) {
                    answer.cause = Some(Cause::Truncated);
                }
                return Outcome::Unsettled;
            }
        };
        if object.get("error").is_some_and(|e| !e.is_null()) || is_other(id, &object) {
            self.disown(&object, answer);
            return Outcome::Unsettled;
        }
        match object.get("deleted") {
            Some(Value::Bool(true)) => Outcome::Deleted,
            Some(Value::Bool(false)) => {
                self.quote(&object, answer);
                answer.cause = Some(Cause::NotDeleted);
                Outcome::Refused
            }
            _ => {
                self.quote(&object, answer);
                answer.cause = Some(Cause::NoVerdict);
                Outcome::Unsettled
            }
        }
    }

    /// What a status outside 2xx means.
    pub(super) fn objection(
        &self,
        id: Option<&ResourceId>,
        heard: &Heard,
        now: Timestamp,
    ) -> (Objection, Answer) {
        let mut answer = self.answer(heard);
        let object = wire::strict_object(&heard.body).ok();
        let error = object.as_ref().and_then(wire::service_error);
        match &error {
            Some(error) => self.tell(error, &mut answer),
            None => answer.message = self.excerpt(&heard.body),
        }
        let status = heard.status;
        let code = error.as_ref().and_then(|e| e.code.as_deref());
        let mut stop = |cause| {
            answer.cause = Some(cause);
            Objection::Stop
        };
        let objection = match status {
            300..400 => {
                let to = heard.headers.get(LOCATION);
                let to = to.and_then(|to| self.excerpt(to.as_bytes()));
                let objection = stop(Cause::Redirected);
                answer.detail = to;
                objection
            }
            401 => stop(Cause::KeyRefused),
            429 if code.is_some_and(is_quota) => stop(Cause::Quota),
            _ if retry::is_transient(status) => {
                answer.cause = Some(Cause::Service);
                let after = heard.headers.get(RETRY_AFTER);
                Objection::Retry {
                    after: after
                        .and_then(|value| value.to_str().ok())
                        .and_then(|value| retry::retry_after(value, now)),
                    throttled: status == 429,
                }
            }
            // From here on the body decides, so it has to be whole.
            400..500 if let End::Cut(cause, detail) = &heard.end => {
                answer.cause = Some(*cause);
                answer.detail = Some(detail.clone());
                Objection::Retry {
                    after: None,
                    throttled: false,
                }
            }
            403 if !code.is_some_and(is_about_the_item) => stop(Cause::KeyRefused),
            400 | 404 if id.is_some() && code.is_some_and(|code| self.is_not_found(code)) => {
                Objection::Gone
            }
            404 if let (Some(id), Some(error)) = (id, &error)
                && is_codeless_not_found(error, id) =>
            {
                Objection::Gone
            }
            // 404: neither of the above. The rest are a proxy's, or about the method, the host or the
            // protocol: they say nothing about an id.
            404..=407 | 411 | 415 | 421 | 426 | 451 => stop(Cause::WrongAddress),
            // The request was too long, which is the id's doing.
            413 | 414 | 431 => {
                answer.cause = Some(Cause::Service);
                Objection::Failed
            }
            400..500 if error.is_some() => {
                answer.cause = Some(Cause::Service);
                Objection::Failed
            }
            _ => stop(Cause::WrongAddress),
        };
        (objection, answer)
    }

    /// The object in the body of a 2xx; else the answer says what is wrong with it.
    pub(super) fn object(
        &self,
        heard: &Heard,
        answer: &mut Answer,
        read: wire::Reader,
    ) -> Result<Map<String, Value>, Unread> {
        match &heard.end {
            End::Complete => {}
            End::Capped(limit) => {
                answer.cause = Some(Cause::TooLarge);
                answer.detail = Some(limit.to_string());
                return Err(Unread::NoObject);
            }
            End::Cut(cause, detail) => {
                answer.cause = Some(*cause);
                answer.detail = Some(detail.clone());
                return Err(Unread::Cut);
            }
        }
        read(&heard.body).map_err(|error| {
            match error {
                NotObject::CutShort => answer.cause = Some(Cause::Truncated),
                NotObject::Looks(what) => {
                    answer.cause = Some(Cause::NotJson);
                    answer.detail = Some(what.to_owned());
                }
            }
            answer.message = self.excerpt(&heard.body);
            Unread::NoObject
        })
    }

    /// Says why an object in a 2xx is not what was asked for.
    pub(super) fn disown(&self, object: &Map<String, Value>, answer: &mut Answer) {
        self.quote(object, answer);
        answer.cause = Some(if object.get("error").is_some_and(|e| !e.is_null()) {
            Cause::ErrorInSuccess
        } else {
            match object.get("id") {
                None | Some(Value::Null) => {
                    answer.detail = Some("other JSON".to_owned());
                    Cause::NotJson
                }
                Some(id) => {
                    let id = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
                    answer.detail = Some(self.kept(&id));
                    Cause::OtherId
                }
            }
        });
    }

    fn quote(&self, object: &Map<String, Value>, answer: &mut Answer) {
        if let Some(error) = wire::service_error(object) {
            self.tell(&error, answer);
        }
    }

    fn tell(&self, error: &ServiceError, answer: &mut Answer) {
        answer.code = error.code.as_deref().map(|code| self.kept(code));
        answer.message = error.message.as_deref().map(|text| self.kept(text));
        if answer.request_id.is_none() {
            let message = answer.message.as_deref();
            answer.request_id = message.and_then(wire::request_id_in).map(str::to_owned);
        }
    }

    pub(super) fn answer(&self, heard: &Heard) -> Answer {
        let request_id = heard.headers.get("x-request-id");
        Answer {
            attempts: 1,
            status: Some(heard.status),
            request_id: request_id.and_then(|id| self.excerpt(id.as_bytes())),
            ..Answer::default()
        }
    }

    /// Scrubbed before it is cut: half a key is a leak too.
    fn excerpt(&self, text: &[u8]) -> Option<String> {
        wire::excerpt(&self.key.scrub(&String::from_utf8_lossy(text)))
    }

    fn kept(&self, text: &str) -> String {
        capped(&self.key.scrub(text)).to_owned()
    }

    /// Takes the key out of every text of a value, however deep.
    pub(super) fn scrub_all(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.key.scrub(text) {
                    *text = clean;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.scrub_all(item)),
            Value::Object(object) => {
                for (_, value) in object.iter_mut() {
                    self.scrub_all(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The text of a transport error, as it may be shown.
    pub(super) fn transport(&self, text: &str) -> String {
        self.excerpt(visible(text).as_bytes()).unwrap_or_default()
    }

    /// Does this code mean that there is no such id? (`ark-api` fact 3)
    fn is_not_found(&self, code: &str) -> bool {
        const KNOWN: [&str; 5] = [
            "InvalidParameter.PreviousResponseNotFound",
            "NotFound.*",
            "InvalidFile.NotFound",
            "*ResponseNotFound",
            "*FileNotFound",
        ];
        // About a model and about the path (fact 4). No pattern of a profile, however wide, changes that.
        const NEVER: [&str; 2] = ["InvalidEndpointOrModel.NotFound", "InvalidAction"];
        let extra = self.not_found_codes.iter().map(String::as_str);
        !NEVER.contains(&code) && KNOWN.into_iter().chain(extra).any(|p| matches(p, code))
    }
}

/// Why a 2xx has no object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// The connection did not bring the whole body.
    Cut,
    /// What came is no object, or too much.
    NoObject,
}

/// `X.*` matches what begins with `X.` and goes on; `*X` what ends in `X`. A lone `*` matches nothing:
/// it would call every error "gone".
fn matches(pattern: &str, code: &str) -> bool {
    if let Some(prefix) = pattern.strip_suffix(".*") {
        !prefix.is_empty()
            && code
                .strip_prefix(prefix)
                .and_then(|rest| rest.strip_prefix('.'))
                .is_some_and(|rest| !rest.is_empty())
    } else if let Some(suffix) = pattern.strip_prefix('*') {
        !suffix.is_empty() && code.ends_with(suffix)
    } else {
        !pattern.is_empty() && code == pattern
    }
}

/// 429s that waiting a little does not help (`ark-api` section 6; the last is `OpenAI`'s).
fn is_quota(code: &str) -> bool {
    matches!(
        code,
        "QuotaExceeded" | "SetLimitExceeded" | "insufficient_quota"
    )
}

/// 403s that are not about the key (`ark-api` section 6).
fn is_about_the_item(code: &str) -> bool {
    matches!(
        code.strip_prefix("OperationDenied."),
        Some(
            "FileQuotaExceeded"
                | "InvalidState"
                | "TosAccessDenied"
                | "ArkAccessRoleNotFound"
                | "UnsupportedPhase"
        )
    )
}

/// Servers without codes (`OpenAI`, vLLM) tell a missing id by an error object about that very id.
///
/// The objects of web frameworks do not count, nor does an id inside a path: `OpenAI` itself answers an
/// unknown path with `Invalid URL (DELETE /v1/…/resp_…)` in its usual envelope.
fn is_codeless_not_found(error: &ServiceError, id: &ResourceId) -> bool {
    let names = |text: &Option<String>| text.as_deref().is_some_and(|t| names(t, id.as_str()));
    error.envelope == Envelope::Error
        && error.is_codeless
        && (names(&error.message) || names(&error.param))
}

/// Does `text` name `id` as a word of its own, and not as part of a path or of a longer id?
fn names(text: &str, id: &str) -> bool {
    // A short id may be an ordinary word (`file`, `a`): those have to stand in quotes.
    const QUOTES: [char; 3] = ['\'', '"', '`'];
    let must_quote = id.len() < 8;
    let joins = |c: char| c.is_alphanumeric() || "_-/%~@+&#?*\\".contains(c);
    text.match_indices(id).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut rest = text[at + id.len()..].chars();
        let after = rest.next();
        if must_quote {
            return before.is_some_and(|c| QUOTES.contains(&c)) && after == before;
        }
        // A full stop ends the sentence, or goes on as part of a longer id.
        let after_joins = match after {
            Some('.') => rest.next().is_some_and(|c| !c.is_whitespace()),
            Some(c) => joins(c),
            None => false,
        };
        !before.is_some_and(|c| joins(c) || c == '.') && !after_joins
    })
}

/// The object is about this id.
fn is_this(id: &ResourceId, object: &Map<String, Value>) -> bool {
    object.get("id").and_then(Value::as_str) == Some(id.as_str())
}

/// The object is about something else. Without an id it is taken to be about what was asked.
fn is_other(id: &ResourceId, object: &Map<String, Value>) -> bool {
    object.get("id").is_some_and(|found| !found.is_null()) && !is_this(id, object)
}

#[cfg(test)]
mod tests;
