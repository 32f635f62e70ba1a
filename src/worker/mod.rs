//! The only deleter: takes orders, writes intents, sends within limits, writes settlements, reports.
//!
//! ```text
//!  Order ──► dispatch ──► intend (disk) ──► line ──► runner: wait for a place ─► Sending ─► one DELETE
//!              │    ▲                                  │    ▲                           │
//!              │    │                                  │    └── Waiting: back off ◄─ retry
//!              │    └─────── ended ◄───────────────────┴───────────────────────────── done
//!              └──► settle (disk), with those that ended meanwhile ──► Settled
//! ```
//!
//! What it keeps:
//!
//! - No request leaves before `Ledger::intend` has returned for its item, and no
//!   [`Report::Settled`] before `Ledger::settle_all` has, or has failed: then it is a doubt. If the journal
//!   cannot be written, nothing is sent.
//! - Intents run ahead of the wire by a bounded window, so memory does not grow with a batch.
//! - In a chain of responses nothing is sent for one before those of the same batch that build on it have
//!   ended.
//! - A refused key or a wrong address ends the batch; what has not left goes back to where it was.
//! - A service that is silent for many tries in a row ends the batch: each item would wait as long.
//! - What a refresh cannot learn of a response's files is no failure of the refresh.
//! - A file that may have been taken is not uploaded again.
//! - What is opened to be looked at is told and never kept; where nothing may be written, looking still
//!   works and keeps nothing at all.
//! - With `verify`, a success counts once a lookup has said not found.
//! - A try that may have left and was not answered puts its item in doubt, and only the service's
//!   yes, no or not-found takes it out again.
//!
//! It refuses to know the screen: whoever listens folds the reports. If nobody does any more, what is on
//! the wire is settled all the same.

mod ahead;
mod batch;
mod cite;
mod dispatch;
mod fetch;
mod item;
mod limit;
mod line;
mod mirror;
mod open;
mod refresh;
mod senders;
mod settle;
mod tries;
mod turns;
mod upload;
mod verify;
mod walk;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, watch};

use crate::api;
use crate::config::Settings;
use crate::domain::{Answer, Cause, Order, Refusal, Report};
use crate::store::{Ledger, StoreError};

use limit::Limiter;

/// Orders that may wait. People and command lines give one at a time.
const ORDERS: usize = 64;
/// Reports that may wait for the listener before the worker does: a few screens' worth.
const REPORTS: usize = 1024;

/// Files on the wire at a time: the service takes 100 Mbit a second (`ark-api` section 3).
const UPLOADS: usize = 2;

/// How hard to work.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Requests on the wire at one time, of all kinds and for whatever purpose.
    pub concurrency: usize,
    /// Requests a second for each kind and each call; `None` = as fast as answers come.
    pub rate: Option<f64>,
    /// Tries for one item at most, the first included. Timeouts are tried twice at most.
    pub attempts: u32,
    /// Take no order that changes anything, here or there.
    pub read_only: bool,
    /// Believe no success of a deletion before a lookup says not found.
    pub verify: bool,
    /// Report each try as it leaves ([`Report::Sending`]), for whoever shows that.
    pub tells_tries: bool,
}

impl Limits {
    /// As the profile has it. It knows the pace of the real hosts.
    pub fn of(settings: &Settings) -> Self {
        Self {
            concurrency: settings.profile.concurrency,
            rate: settings.profile.rate,
            read_only: settings.read_only,
            ..Self::default()
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            concurrency: 16,
            rate: None,
            attempts: 6,
            read_only: false,
            verify: false,
            tells_tries: true,
        }
    }
}

/// Tries in a row without an answer that say that nobody is there: some roundfuls at the start, when
/// few are on the wire.
const SILENT: u32 = 32;

/// Timeouts one after the other that say so, too: where each waits for the one before, as in a chain, so
/// many tries would take a quarter of an hour.
const SILENCES: u32 = 4;

/// The two ends of the worker. Dropping `orders` is an [`Order::Stop`]: what is on the wire is settled,
/// the rest goes back, and then `reports` ends.
#[derive(Debug)]
pub struct Handle {
    pub orders: mpsc::Sender<Order>,
    pub reports: mpsc::Receiver<Report>,
    /// Why every order that needs the service will be rejected, if so.
    pub refusal: Option<Refusal>,
}

/// Starts a worker on the current tokio runtime. Without a service every order that needs one is
/// rejected with the reason given here, and so it is when the ledger belongs to another one.
///
/// `Ledger::recover` is the caller's to call, before this.
pub async fn start(
    ledger: Ledger,
    service: Result<api::Client, Refusal>,
    limits: Limits,
) -> Handle {
    let (orders, order_queue) = mpsc::channel(ORDERS);
    let (report_queue, reports) = mpsc::channel(REPORTS);
    let is_read_only = limits.read_only || ledger.is_read_only();
    let service = match service {
        Ok(client) => admit(&ledger, &client).await.map(|()| client),
        Err(refusal) => Err(refusal),
    };
    // What changes something needs more than what only looks.
    let refusal = is_read_only.then_some(Refusal::ReadOnly);
    let refusal = refusal.or_else(|| service.as_ref().err().cloned());
    let tools = service.map(|client| {
        let deletions = Limiter::new(limits.concurrency, limits.rate);
        Arc::new(Tools {
            ledger,
            client,
            lookups: deletions.beside(limits.rate),
            input_items: deletions.beside(limits.rate),
            uploads: Limiter::new(UPLOADS, limits.rate),
            deletions,
            limits,
            silence: Mutex::default(),
            reports: report_queue.clone(),
        })
    });
    tokio::spawn(dispatch::run(
        tools,
        refusal.clone(),
        report_queue,
        order_queue,
    ));
    Handle {
        orders,
        reports,
        refusal,
    }
}

/// Whether what the client's service says may be written into the ledger.
///
/// A profile's rows belong to the first service that answered for them; one on loopback lays no claim,
/// for it stands in for another and its port means nothing.
pub async fn admit(ledger: &Ledger, client: &api::Client) -> Result<(), Refusal> {
    let journal = |error: StoreError| Refusal::Journal(error.whole());
    let asked = client.base_url().as_str();
    let theirs = if ledger.is_read_only() {
        ledger.service().await
    } else {
        ledger.serve(asked, !client.is_loopback()).await
    };
    match theirs.map_err(journal)? {
        Some(theirs) if theirs != asked => Err(Refusal::OtherService {
            theirs,
            asked: asked.to_owned(),
        }),
        _ => Ok(()),
    }
}

/// Tries in a row, of any item, that ended in silence.
#[derive(Debug)]
struct Silence {
    tries: u32,
    /// When the last of them ended.
    latest: Instant,
    /// How long they were waited for, one after the other; when nothing was asked does not count.
    lasted: Duration,
}

/// What every piece of work needs.
#[derive(Debug)]
struct Tools {
    ledger: Ledger,
    client: api::Client,
    limits: Limits,
    deletions: Limiter,
    /// Lookups have a limit of their own on the service (`ark-api` section 3).
    lookups: Limiter,
    /// So has reading what a response was made from.
    input_items: Limiter,
    /// Places of their own: an upload takes minutes, and no deletion is to wait for one.
    uploads: Limiter,
    /// Since the service was last heard.
    silence: Mutex<Option<Silence>>,
    reports: mpsc::Sender<Report>,
}

impl Tools {
    /// Takes in how a try ended, `None` being well. True: there has been no answer for so long that
    /// waiting for another is in vain. Whoever asks next gets a chance of their own.
    fn is_silent(&self, answer: Option<&Answer>) -> bool {
        let is_silence = |answer: &Answer| answer.cause == Some(Cause::Timeout);
        let mut silence = self.silence.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Some(answer) if answer.status.is_none() && is_silence(answer) => {
                let now = Instant::now();
                let timeout = self.client.timeout();
                let silence = &mut *silence;
                let so_far = silence.get_or_insert(Silence {
                    tries: 0,
                    latest: now,
                    lasted: Duration::ZERO,
                });
                so_far.tries += 1;
                so_far.lasted += now.duration_since(so_far.latest).min(timeout);
                so_far.latest = now;
                let is_enough = so_far.tries >= SILENT || so_far.lasted >= timeout * SILENCES;
                silence.take_if(|_| is_enough);
                is_enough
            }
            Some(answer) if answer.status.is_none() => false,
            _ => {
                *silence = None;
                false
            }
        }
    }

    /// Waits for the listener if it must; without one, work goes on in silence.
    async fn tell(&self, report: Report) {
        let _ = self.reports.send(report).await;
    }

    async fn tell_pace(&self) {
        if let Some(report) = self.deletions.news() {
            self.tell(report).await;
        }
    }
}

/// Whether work may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Go,
    Paused,
    Stopped,
}

/// When a wait that begins now is over.
fn after(wait: Duration) -> Timestamp {
    SignedDuration::try_from(wait)
        .ok()
        .and_then(|wait| Timestamp::now().checked_add(wait).ok())
        .unwrap_or(Timestamp::MAX)
}

/// Returns once the signal is to stop.
async fn stopped(signal: &mut watch::Receiver<Signal>) {
    // An error: nobody is left to say go.
    let _ = signal.wait_for(|signal| *signal == Signal::Stopped).await;
}
