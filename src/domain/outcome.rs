//! What came of a deletion, and the evidence for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Kind, ResourceId, RowId};

/// What came of one deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// A 2xx with `deleted:true`, or with no body at all.
    Deleted,
    /// The service itself says that there is no such id.
    Gone,
    /// A 2xx that says `deleted:false`.
    Refused,
    Failed,
    /// Never sent.
    Cancelled,
    /// Sent, but no answer that can be believed.
    Unsettled,
}

impl Outcome {
    pub const ALL: [Self; 6] = [
        Self::Deleted,
        Self::Gone,
        Self::Refused,
        Self::Failed,
        Self::Cancelled,
        Self::Unsettled,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Gone => "gone",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unsettled => "unsettled",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == text)
    }

    /// The resource is not there any more: what was asked is so.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Deleted | Self::Gone)
    }
}

/// Why an answer is not a plain success, in our words; the service's own are in
/// [`Answer::code`] and [`Answer::message`]. The text is made at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The service's own error about this item.
    Service,
    /// 2xx, `deleted:false`.
    NotDeleted,
    /// 2xx, JSON, but no `deleted` in it.
    NoVerdict,
    /// 2xx with a body that is not one JSON object. Detail: what it looks like.
    NotJson,
    /// 2xx whose JSON ends too early, or whose body broke off.
    Truncated,
    /// 2xx about another id. Detail: that id.
    OtherId,
    /// 2xx that carries an error object.
    ErrorInSuccess,
    /// The body is longer than any honest answer. Detail: the limit in bytes.
    TooLarge,
    /// No complete answer within the time limit. Detail: the limit in seconds.
    Timeout,
    /// The connection broke after the request may have been sent. Detail: the transport's words.
    Disconnected,
    /// No connection could be made: nothing was sent. Detail: the transport's words.
    Unreachable,
    /// 401 or 403: the key is not accepted.
    KeyRefused,
    /// An answer that no Ark gives for an id: a wrong base URL, a proxy, a login page.
    WrongAddress,
    /// A redirect, which is never followed. Detail: where to.
    Redirected,
    /// A quota that waiting a little does not refill.
    Quota,
    /// Retries were used up on 408, 429 or 5xx.
    Exhausted,
    /// The user stopped the batch while this item was waiting for another try.
    Stopped,
    /// An earlier run sent this and did not live to see the answer.
    Interrupted,
    /// The service says that it is deleted, and when asked again shows it still.
    StillThere,
    /// What came of it could not be written down. On disk it is about to be sent.
    Unwritten,
}

impl Cause {
    pub const ALL: [Self; 20] = [
        Self::Service,
        Self::NotDeleted,
        Self::NoVerdict,
        Self::NotJson,
        Self::Truncated,
        Self::OtherId,
        Self::ErrorInSuccess,
        Self::TooLarge,
        Self::Timeout,
        Self::Disconnected,
        Self::Unreachable,
        Self::KeyRefused,
        Self::WrongAddress,
        Self::Redirected,
        Self::Quota,
        Self::Exhausted,
        Self::Stopped,
        Self::Interrupted,
        Self::StillThere,
        Self::Unwritten,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::NotDeleted => "not_deleted",
            Self::NoVerdict => "no_verdict",
            Self::NotJson => "not_json",
            Self::Truncated => "truncated",
            Self::OtherId => "other_id",
            Self::ErrorInSuccess => "error_in_success",
            Self::TooLarge => "too_large",
            Self::Timeout => "timeout",
            Self::Disconnected => "disconnected",
            Self::Unreachable => "unreachable",
            Self::KeyRefused => "key_refused",
            Self::WrongAddress => "wrong_address",
            Self::Redirected => "redirected",
            Self::Quota => "quota",
            Self::Exhausted => "exhausted",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::StillThere => "still_there",
            Self::Unwritten => "unwritten",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|c| c.as_str() == text)
    }
}

/// The evidence: what was heard over all tries of one deletion. Everything in it but
/// `attempts` and `sent_at` may come from the service and is hostile text until made visible.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Requests that may have left this machine.
    pub attempts: u32,
    /// When the first of them left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// The last HTTP status.
    pub status: Option<u16>,
    /// The service's error code.
    pub code: Option<String>,
    /// The service's error message.
    pub message: Option<String>,
    /// The service's request id (`X-Request-Id`).
    pub request_id: Option<String>,
    /// The id we sent with the last try (`X-Client-Request-Id`).
    pub client_request_id: Option<String>,
    pub cause: Option<Cause>,
    pub detail: Option<String>,
}

/// One deletion with what came of it. A report of this is only made once it is on disk, or cannot be:
/// then it is unsettled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    pub row: RowId,
    pub kind: Kind,
    pub id: ResourceId,
    pub outcome: Outcome,
    pub answer: Answer,
}
