//! A stand-in for Volcengine Ark on a socket of this machine: stateful responses and files, in the shapes
//! of the wire reference, with faults to order. Serves `demo`, `emulate` and the tests.
//!
//! ```text
//!  socket -> gate: log · latency · key · rate limit · fault -> axum router -> responses | files -> shelf
//! ```
//!
//! The gate stands outside the router, as a hyper service, because only there can a connection be
//! dropped without an answer. What the service keeps is in `shelf`, behind one lock that is never held
//! across an await.
//!
//! Refuses to share code with the client in `api`, JSON shapes included: a common misreading of the wire
//! would pass every test. Where the reference says "unknown", the choice made here is an option or is
//! named in a comment; no client should depend on it.

mod create;
mod faults;
mod files;
mod gate;
mod ids;
mod log;
mod refusal;
mod responses;
mod seed;
mod shelf;
mod stream;
mod upload;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

pub use faults::{Call, Fault, Faults, RetryAfter, Rule, Scope, When};
pub use log::Seen;

use faults::Weather;
use ids::Dice;
use log::Log;
use refusal::Refusal;
use shelf::Shelf;

/// The path under which the service lives, as on the real hosts.
const BASE_PATH: &str = "/api/v3";

/// How the service says that there is no such id. Unknown for GET and DELETE (fact 3 of the wire
/// reference), so it can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub status: u16,
    pub code: String,
}

impl Missing {
    pub fn new(status: u16, code: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
        }
    }

    /// What create answers for an unknown `previous_response_id`; this much is documented.
    fn previous_response() -> Self {
        Self::new(400, "InvalidParameter.PreviousResponseNotFound")
    }

    fn refusal(&self, message: String) -> Refusal {
        Refusal::new(self.status, self.code.clone(), message)
    }
}

#[derive(Clone)]
pub struct Options {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// How many responses the service has when it starts.
    pub responses: usize,
    /// How many files the service has when it starts.
    pub files: usize,
    /// The only key that is accepted. `None`: no key is asked for.
    pub api_key: Option<String>,
    pub faults: Faults,
    /// What the seeded things, all ids and the sequence of faults are drawn from.
    pub seed: u64,
    /// What the service's clock says when it starts; it runs on from there. `None`: the machine's time.
    pub now: Option<Timestamp>,
    /// How long an uploaded file is `processing`.
    pub active_after: Duration,
    /// How long a new response cannot be read yet (fact 8).
    pub readable_after: Duration,
    /// How GET and DELETE answer for a response that does not exist.
    pub missing_response: Missing,
    /// How GET and DELETE answer for a file that does not exist.
    pub missing_file: Missing,
    /// `object` of the list of files: `file` or `list` (fact 5).
    pub list_object: String,
    /// How many requests [`Emulator::requests`] remembers.
    pub log_limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            responses: 0,
            files: 0,
            api_key: None,
            faults: Faults::default(),
            seed: 1,
            now: None,
            active_after: Duration::from_secs(1),
            readable_after: Duration::ZERO,
            missing_response: Missing::previous_response(),
            missing_file: Missing::new(404, "NotFound.file"),
            list_object: "file".to_owned(),
            log_limit: 10_000,
        }
    }
}

impl fmt::Debug for Options {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("listen", &self.listen)
            .field("responses", &self.responses)
            .field("files", &self.files)
            .field("faults", &self.faults)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// What all connections share.
struct Service {
    options: Options,
    /// Added to the machine's time, in milliseconds.
    clock_offset: i64,
    /// Numbers the requests; their ids are drawn from it without a lock.
    drawn: AtomicU64,
    shelf: Mutex<Shelf>,
    weather: Mutex<Weather>,
    log: Log,
}

impl Service {
    /// Epoch milliseconds by the service's clock.
    fn now_ms(&self) -> i64 {
        Timestamp::now().as_millisecond() + self.clock_offset
    }

    fn dice(&self) -> Dice {
        let number = self.drawn.fetch_add(1, Ordering::Relaxed);
        Dice::new(self.options.seed ^ ids::mix(number))
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        lock(&self.shelf)
    }

    /// Only `Authorization: Bearer <key>` is taken; the messages differ as they do on the real service.
    fn check_key(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let Some(key) = &self.options.api_key else {
            return Ok(());
        };
        let said = headers.get(AUTHORIZATION).map(HeaderValue::as_bytes);
        let message = match said.map(|said| said.strip_prefix(b"Bearer ")) {
            Some(Some(said)) if said == key.as_bytes() => return Ok(()),
            None => "The API key in the request is missing or invalid.",
            Some(None) => "The Authorization header of the request is malformed.",
            Some(Some(_)) => "The API key doesn't exist.",
        };
        Err(Refusal::new(401, "AuthenticationError", message))
    }
}

/// A panic elsewhere in a test must not hide what the test was about.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A running emulator. Dropping it stops it.
pub struct Emulator {
    address: SocketAddr,
    service: Arc<Service>,
    stop: Option<oneshot::Sender<()>>,
    accepting: JoinHandle<()>,
}

impl Emulator {
    /// Seeds the service and starts to listen, on the current tokio runtime. Fails if the address cannot
    /// be bound.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let address = listener.local_addr()?;
        let machine = Timestamp::now();
        let now = options.now.unwrap_or(machine);
        let service = Arc::new(Service {
            clock_offset: now.as_millisecond() - machine.as_millisecond(),
            drawn: AtomicU64::new(0),
            shelf: Mutex::new(seed::fill(
                options.seed,
                now,
                options.responses,
                options.files,
            )),
            weather: Mutex::new(Weather::new(options.faults.clone(), options.seed)),
            log: Log::new(options.log_limit),
            options,
        });
        let (stop, stopped) = oneshot::channel();
        let accepting = tokio::spawn(accept(listener, Arc::clone(&service), stopped));
        Ok(Self {
            address,
            service,
            stop: Some(stop),
            accepting,
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// For example `http://127.0.0.1:40123/api/v3`.
    pub fn base_url(&self) -> String {
        format!("http://{}{BASE_PATH}", self.address)
    }

    /// The ids of the stored responses, oldest first.
    pub fn response_ids(&self) -> Vec<String> {
        self.service.shelf().response_ids(self.service.now_ms())
    }

    /// The ids of the files, oldest first.
    pub fn file_ids(&self) -> Vec<String> {
        self.service.shelf().file_ids(self.service.now_ms())
    }

    /// Replaces all faults; rules count their uses anew.
    pub fn set_faults(&self, faults: Faults) {
        lock(&self.service.weather).change(faults);
    }

    /// The last [`Options::log_limit`] requests that came to an end, in the order in which they did.
    pub fn requests(&self) -> Vec<Seen> {
        self.service.log.requests()
    }

    /// How many DELETEs arrived for this id, also those that were refused or dropped.
    pub fn deletes(&self, id: &str) -> u32 {
        self.service.log.deletes(id)
    }

    /// The largest number of requests that were in hand at one time.
    pub fn peak_in_flight(&self) -> usize {
        self.service.log.peak()
    }

    /// How many requests arrived so far.
    pub fn arrived(&self) -> u64 {
        self.service.log.arrived()
    }

    /// Returns once `count` requests have arrived since the start.
    pub async fn wait_for_arrivals(&self, count: u64) {
        self.service.log.wait_for_arrivals(count).await;
    }

    /// Closes the port and all connections, and waits until they are closed.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        // An error would be a panic of the accept loop, which is as stopped as can be.
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Emulator")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

async fn accept(listener: TcpListener, service: Arc<Service>, mut stopped: oneshot::Receiver<()>) {
    let router = Router::new()
        .nest(BASE_PATH, responses::routes().merge(files::routes()))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_path)
        .with_state(Arc::clone(&service));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, Arc::clone(&service), router.clone()));
                }
                // Out of file descriptors, mostly: ending connections give some back.
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, service: Arc<Service>, router: Router) {
    // Answers are small and single; waiting to fill a segment would add 40 ms to each. If it cannot be
    // set, the connection is already broken, and reading says so.
    let _ = stream.set_nodelay(true);
    let answer = service_fn(|request| gate::pass(&service, router.clone(), request));
    // An error is a client that left or a connection that a fault dropped: both are in the log.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), answer)
        .await;
}

/// An unknown path, a known one with another method, and the calls that only `OpenAI` has.
async fn no_such_path() -> Refusal {
    Refusal::invalid_action()
}
