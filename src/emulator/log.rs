//! What the service saw, for tests to look at.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Method};
use hyper::Request;
use percent_encoding::percent_decode_str;
use tokio::sync::watch;

use super::lock;

/// One request, as it came to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Its place among all arrivals, from 1. The log is in the order of the ends.
    pub number: u64,
    pub method: Method,
    /// Path and query as they stood on the wire, percent signs and all.
    pub path: String,
    /// The status answered; `None` if the connection was dropped, by a fault or by the client.
    pub status: Option<u16>,
    /// There was an `Authorization` header.
    pub authorized: bool,
    pub client_request_id: Option<String>,
}

pub(super) struct Log {
    limit: usize,
    requests: Mutex<VecDeque<Seen>>,
    deletes: Mutex<HashMap<String, u32>>,
    in_flight: AtomicUsize,
    peak: AtomicUsize,
    arrived: watch::Sender<u64>,
}

impl Log {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit,
            requests: Mutex::default(),
            deletes: Mutex::default(),
            in_flight: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            arrived: watch::Sender::new(0),
        }
    }

    /// Notes an arrival. The visit is written down when it ends, however it ends.
    pub(super) fn enter<B>(&self, request: &Request<B>) -> Visit<'_> {
        let path = request.uri().path();
        let id = percent_decode_str(path.rsplit('/').next().unwrap_or(""))
            .decode_utf8_lossy()
            .into_owned();
        if request.method() == Method::DELETE {
            *lock(&self.deletes).entry(id.clone()).or_default() += 1;
        }
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.peak.fetch_max(now, Ordering::Relaxed);
        let mut number = 0;
        self.arrived.send_modify(|count| {
            *count += 1;
            number = *count;
        });
        Visit {
            log: self,
            id,
            seen: Seen {
                number,
                method: request.method().clone(),
                path: request
                    .uri()
                    .path_and_query()
                    .map_or_else(String::new, ToString::to_string),
                status: None,
                authorized: request.headers().contains_key(AUTHORIZATION),
                client_request_id: client_request_id(request.headers()),
            },
        }
    }

    pub(super) fn requests(&self) -> Vec<Seen> {
        lock(&self.requests).iter().cloned().collect()
    }

    pub(super) fn deletes(&self, id: &str) -> u32 {
        lock(&self.deletes).get(id).copied().unwrap_or(0)
    }

    pub(super) fn peak(&self) -> usize {
        self.peak.load(Ordering::Relaxed)
    }

    pub(super) fn arrived(&self) -> u64 {
        *self.arrived.borrow()
    }

    pub(super) async fn wait_for_arrivals(&self, count: u64) {
        // The sender lives in self, so it cannot have gone.
        let _ = self
            .arrived
            .subscribe()
            .wait_for(|arrived| *arrived >= count)
            .await;
    }
}

fn client_request_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("x-client-request-id")?;
    value.to_str().ok().map(str::to_owned)
}

/// A request in hand.
pub(super) struct Visit<'a> {
    log: &'a Log,
    /// The last segment of the path, decoded.
    pub(super) id: String,
    seen: Seen,
}

impl Visit<'_> {
    pub(super) fn answered(&mut self, status: u16) {
        self.seen.status = Some(status);
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.log.in_flight.fetch_sub(1, Ordering::Relaxed);
        let mut requests = lock(&self.log.requests);
        if requests.len() >= self.log.limit {
            requests.pop_front();
        }
        if self.log.limit > 0 {
            requests.push_back(mem::take(&mut self.seen));
        }
    }
}
