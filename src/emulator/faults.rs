//! Bad weather to order: what goes wrong, when, and how it looks on the wire.

use std::io;
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use tokio::time::Instant;

use super::BASE_PATH;
use super::ids::Dice;
use super::refusal::Refusal;

/// The calls of the service, each with a rate limit of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Call {
    CreateResponse,
    GetResponse,
    InputItems,
    DeleteResponse,
    UploadFile,
    ListFiles,
    GetFile,
    DeleteFile,
    /// No call of the service.
    Unknown,
}

impl Call {
    const COUNT: usize = Self::Unknown as usize + 1;

    pub(super) fn of(method: &Method, path: &str) -> Self {
        let rest = path.strip_prefix(BASE_PATH).unwrap_or("");
        let mut segments = rest.strip_prefix('/').unwrap_or("").split('/');
        let (collection, id, tail) = (segments.next(), segments.next(), segments.next());
        match (method.as_str(), collection, id, tail) {
            ("POST", Some("responses"), None, _) => Self::CreateResponse,
            ("GET", Some("responses"), Some(_), None) => Self::GetResponse,
            ("GET", Some("responses"), Some(_), Some("input_items")) => Self::InputItems,
            ("DELETE", Some("responses"), Some(_), None) => Self::DeleteResponse,
            ("POST", Some("files"), None, _) => Self::UploadFile,
            ("GET", Some("files"), None, _) => Self::ListFiles,
            ("GET", Some("files"), Some(_), None) => Self::GetFile,
            ("DELETE", Some("files"), Some(_), None) => Self::DeleteFile,
            _ => Self::Unknown,
        }
    }

    const fn is_delete(self) -> bool {
        matches!(self, Self::DeleteResponse | Self::DeleteFile)
    }
}

/// `Retry-After` of a 429. Whether the real service sends one is unknown; assumed not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RetryAfter {
    #[default]
    Absent,
    Seconds(u64),
    /// As an HTTP date, this long from now.
    Date(Duration),
    /// Word for word, for what no client should believe.
    Text(String),
}

const A_CENTURY: Duration = Duration::from_hours(100 * 365 * 24);

impl RetryAfter {
    fn header(&self) -> Option<HeaderValue> {
        match self {
            Self::Absent => None,
            Self::Seconds(seconds) => Some(HeaderValue::from(*seconds)),
            Self::Date(ahead) => {
                // An HTTP date ends with the year 9999.
                let at = SystemTime::now() + (*ahead).min(A_CENTURY);
                HeaderValue::from_str(&httpdate::fmt_http_date(at)).ok()
            }
            Self::Text(text) => HeaderValue::from_str(text).ok(),
        }
    }
}

/// Before or after the service has done what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Before,
    After,
}

/// One way to go wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The service's error of this status; 502, 503 and 504 are a gateway's HTML. Nothing is applied.
    Error(u16),
    /// 429. Nothing is applied.
    Limited(RetryAfter),
    /// The connection is closed without an answer.
    Drop(When),
    /// The connection is held open without an answer.
    Silence(When),
    /// Applied; the body breaks off in the middle.
    Truncated,
    /// Applied; the body is complete as HTTP and broken as JSON.
    MalformedJson,
    /// Applied; the right body as `text/plain`.
    WrongContentType,
    /// A login page with status 200, as a hotel's network gives. Nothing is applied.
    Html,
    /// 200 `deleted:false`. Nothing is applied.
    NotDeleted,
    /// 200 `deleted:true` about another id. Nothing is applied.
    OtherId,
    /// Applied; the right body behind this many bytes of white space.
    Huge(u64),
    /// Applied; the body comes a byte at a time, each after this pause.
    Drip(Duration),
    /// 307 to this address. Nothing is applied.
    Redirect(String),
    /// Any other answer; `{id}` in the body stands for the id asked for. No content type: none is sent.
    Answer {
        when: When,
        status: u16,
        content_type: Option<String>,
        body: String,
    },
}

/// Which requests a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    Everything,
    Deletes,
    Call(Call),
    /// Every request about this id.
    Id(String),
    /// The DELETEs of this id.
    DeletesOf(String),
}

impl Scope {
    fn covers(&self, call: Call, id: &str) -> bool {
        match self {
            Self::Everything => true,
            Self::Deletes => call.is_delete(),
            Self::Call(this) => *this == call,
            Self::Id(this) => this == id,
            Self::DeletesOf(this) => call.is_delete() && this == id,
        }
    }
}

/// "For these requests, this goes wrong, so many times."
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub scope: Scope,
    pub fault: Fault,
    /// `None`: every time.
    pub times: Option<u32>,
}

impl Rule {
    pub fn always(scope: Scope, fault: Fault) -> Self {
        let times = None;
        Self {
            scope,
            fault,
            times,
        }
    }

    pub fn times(count: u32, scope: Scope, fault: Fault) -> Self {
        let times = Some(count);
        Self {
            scope,
            fault,
            times,
        }
    }
}

/// Everything that can be wrong at one time. The default: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Before each answer.
    pub latency: Duration,
    /// Up to this much more, at random.
    pub jitter: Duration,
    /// Requests a second for each call; a second's worth may come at once. Beyond: 429.
    pub rate_limit: Option<u32>,
    pub retry_after: RetryAfter,
    /// How many of a hundred requests meet a random fault: 500, 502, 503, a dropped connection before or
    /// after the request was carried out, a body that breaks off.
    pub fail_percent: u8,
    /// The first that covers a request and is not used up is applied.
    pub rules: Vec<Rule>,
    /// Between two events of a stream.
    pub event_pause: Duration,
}

/// The faults in force and how far they have come.
pub(super) struct Weather {
    faults: Faults,
    used: Vec<u32>,
    dice: Dice,
    buckets: [Option<Bucket>; Call::COUNT],
}

/// A token bucket: full at first, refilled evenly, so that an evenly paced client at exactly the limit is
/// never refused.
#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

impl Weather {
    pub(super) fn new(faults: Faults, seed: u64) -> Self {
        Self {
            used: vec![0; faults.rules.len()],
            faults,
            dice: Dice::new(seed),
            buckets: [None; Call::COUNT],
        }
    }

    pub(super) fn change(&mut self, faults: Faults) {
        self.used = vec![0; faults.rules.len()];
        self.buckets = [None; Call::COUNT];
        self.faults = faults;
    }

    pub(super) fn event_pause(&self) -> Duration {
        self.faults.event_pause
    }

    pub(super) fn latency(&mut self) -> Duration {
        let mut latency = self.faults.latency;
        if !self.faults.jitter.is_zero() {
            let permille = u32::try_from(self.dice.below(1001)).unwrap_or(0);
            latency += self.faults.jitter * permille / 1000;
        }
        latency
    }

    /// What goes wrong with a request that brought the right key.
    pub(super) fn fault(&mut self, call: Call, id: &str) -> Option<Fault> {
        if !self.take_token(call, Instant::now()) {
            return Some(Fault::Limited(self.faults.retry_after.clone()));
        }
        self.rule(call, id).or_else(|| self.mishap())
    }

    fn take_token(&mut self, call: Call, now: Instant) -> bool {
        let (Some(limit), false) = (self.faults.rate_limit, call == Call::Unknown) else {
            return true;
        };
        let limit = f64::from(limit);
        let full = Bucket {
            tokens: limit,
            at: now,
        };
        let bucket = self.buckets[call as usize].get_or_insert(full);
        let refill = now.duration_since(bucket.at).as_secs_f64() * limit;
        bucket.tokens = (bucket.tokens + refill).min(limit);
        bucket.at = now;
        let granted = bucket.tokens >= 1.0;
        if granted {
            bucket.tokens -= 1.0;
        }
        granted
    }

    fn rule(&mut self, call: Call, id: &str) -> Option<Fault> {
        let rules = self.faults.rules.iter().zip(&mut self.used);
        for (rule, used) in rules {
            let is_left = rule.times.is_none_or(|times| *used < times);
            if is_left && rule.scope.covers(call, id) {
                *used += 1;
                return Some(rule.fault.clone());
            }
        }
        None
    }

    fn mishap(&mut self) -> Option<Fault> {
        if self.faults.fail_percent == 0 || !self.dice.percent(self.faults.fail_percent) {
            return None;
        }
        Some(match self.dice.below(6) {
            0 => Fault::Error(500),
            1 => Fault::Error(502),
            2 => Fault::Error(503),
            3 => Fault::Drop(When::Before),
            4 => Fault::Drop(When::After),
            _ => Fault::Truncated,
        })
    }
}

/// No answer: the connection is to be closed.
#[derive(Debug, thiserror::Error)]
#[error("the connection is dropped, as ordered")]
pub(super) struct Dropped;

impl Fault {
    /// The service carries the request out, although the client will not hear it properly.
    pub(super) fn applies(&self) -> bool {
        match self {
            Self::Drop(when) | Self::Silence(when) | Self::Answer { when, .. } => {
                *when == When::After
            }
            Self::Truncated
            | Self::MalformedJson
            | Self::WrongContentType
            | Self::Huge(_)
            | Self::Drip(_) => true,
            Self::Error(_)
            | Self::Limited(_)
            | Self::Html
            | Self::NotDeleted
            | Self::OtherId
            | Self::Redirect(_) => false,
        }
    }

    /// What the client gets. `honest` is what the service answered, empty if it was not asked.
    pub(super) async fn distort(
        self,
        call: Call,
        id: &str,
        honest: Response,
    ) -> Result<Response, Dropped> {
        let json = |body: String| answer(200, Some("application/json"), body);
        Ok(match self {
            Self::Error(status @ 502..=504) => answer(status, Some("text/html"), gateway(status)),
            Self::Error(status) => Refusal::of_status(status).into_response(),
            Self::Limited(retry_after) => too_many(&retry_after),
            Self::Drop(_) => return Err(Dropped),
            Self::Silence(_) => std::future::pending().await,
            Self::Truncated => {
                let (status, body) = take_apart(honest).await;
                broken_off(status, &body)
            }
            Self::MalformedJson => {
                let (status, body) = take_apart(honest).await;
                let body = String::from_utf8_lossy(&body).replace(':', "");
                answer(status, Some("application/json"), body)
            }
            Self::WrongContentType => {
                let (status, body) = take_apart(honest).await;
                answer(status, Some("text/plain"), body)
            }
            Self::Html => answer(200, Some("text/html; charset=utf-8"), LOGIN_PAGE),
            Self::NotDeleted => json(deleted(call, id, false)),
            Self::OtherId => json(deleted(call, &format!("{id}0"), true)),
            Self::Huge(bytes) => {
                let (status, body) = take_apart(honest).await;
                padded(status, bytes, body)
            }
            Self::Drip(pause) => {
                let (status, body) = take_apart(honest).await;
                dripping(status, pause, body)
            }
            Self::Redirect(to) => {
                let to = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/"));
                (StatusCode::TEMPORARY_REDIRECT, [(LOCATION, to)]).into_response()
            }
            Self::Answer {
                status,
                content_type,
                body,
                ..
            } => answer(status, content_type.as_deref(), body.replace("{id}", id)),
        })
    }
}

const LOGIN_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Guest network</title></head>\
    <body><form action=\"/login\"><input name=\"room\"></form></body></html>\n";

fn gateway(status: u16) -> String {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    format!("<html><head><title>{code}</title></head><body><h1>{code}</h1></body></html>\n")
}

fn deleted(call: Call, id: &str, deleted: bool) -> String {
    let object = match call {
        Call::DeleteFile => "file",
        _ => "response",
    };
    serde_json::json!({"id": id, "object": object, "deleted": deleted}).to_string()
}

fn answer(status: u16, content_type: Option<&str>, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    if let Some(content_type) = content_type.and_then(|text| HeaderValue::from_str(text).ok()) {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

async fn take_apart(honest: Response) -> (u16, Bytes) {
    let status = honest.status().as_u16();
    // The service's own bodies do not fail.
    let body = axum::body::to_bytes(honest.into_body(), usize::MAX).await;
    (status, body.unwrap_or_default())
}

/// Promises the whole body and sends half of it.
fn broken_off(status: u16, body: &Bytes) -> Response {
    let half = body.slice(..body.len() / 2);
    let parts = stream::unfold(Some(half), |half| async {
        match half {
            Some(half) if !half.is_empty() => Some((Ok(half), Some(Bytes::new()))),
            _ => {
                // hyper flushes what it has only when the body makes it wait.
                tokio::task::yield_now().await;
                Some((Err(io::Error::other(Dropped)), None))
            }
        }
    });
    let mut response = answer(status, Some("application/json"), Body::from_stream(parts));
    let promised = HeaderValue::from(body.len().max(1));
    response.headers_mut().insert(CONTENT_LENGTH, promised);
    response
}

fn padded(status: u16, bytes: u64, body: Bytes) -> Response {
    const BLOCK: &[u8] = &[b' '; 64 * 1024];
    let parts = stream::unfold((bytes, Some(body)), |(left, body)| async move {
        let block = usize::try_from(left)
            .unwrap_or(BLOCK.len())
            .min(BLOCK.len());
        if block > 0 {
            let padding = Bytes::from_static(&BLOCK[..block]);
            return Some((Ok::<_, io::Error>(padding), (left - block as u64, body)));
        }
        body.map(|body| (Ok(body), (0, None)))
    });
    answer(status, Some("application/json"), Body::from_stream(parts))
}

fn dripping(status: u16, pause: Duration, body: Bytes) -> Response {
    let parts = stream::unfold((0, body), move |(at, body)| async move {
        let drop = (at < body.len()).then(|| body.slice(at..=at))?;
        tokio::time::sleep(pause).await;
        Some((Ok::<_, io::Error>(drop), (at + 1, body)))
    });
    answer(status, Some("application/json"), Body::from_stream(parts))
}

fn too_many(retry_after: &RetryAfter) -> Response {
    let mut response = Refusal::of_status(429).into_response();
    if let Some(value) = retry_after.header() {
        response.headers_mut().insert(RETRY_AFTER, value);
    }
    response
}

#[cfg(test)]
mod tests;
