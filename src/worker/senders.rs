//! The threads that requests leave from.
//!
//! One is enough for the limits that services have. Where many requests at once are asked for, the
//! limit is what one thread can send, so others take a share: each with a runtime and connections of
//! its own, because handing a request and its answer from thread to thread takes longer than all that
//! is done with them. What comes of items is handed over many at a time, for the same reason.

use std::io;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{mpsc, oneshot};

use crate::api::Client;

use super::line::{NEWS, News};

/// Requests at once that a thread is worth.
const EACH: usize = 32;

#[derive(Debug)]
pub(super) struct Senders {
    wanted: usize,
    /// The first is this runtime.
    all: Vec<Arc<Sender>>,
}

/// Where runners run.
#[derive(Debug)]
pub(super) struct Sender {
    pub(super) client: Client,
    pub(super) news: mpsc::Sender<News>,
    thread: Option<Thread>,
}

#[derive(Debug)]
struct Thread {
    runtime: Handle,
    /// Dropped, it ends the thread.
    _end: oneshot::Sender<()>,
}

impl Senders {
    pub(super) fn new(concurrency: usize) -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Self {
            wanted: (concurrency / EACH).clamp(1, threads),
            all: Vec::new(),
        }
    }

    /// Has the threads ready before there is something to send.
    pub(super) fn start(&mut self, client: &Client, news: &mpsc::Sender<News>) {
        while self.all.len() < self.wanted {
            let sender = if self.all.is_empty() {
                Sender::here(client, news)
            } else {
                Sender::start(client, news).unwrap_or_else(|error| {
                    tracing::warn!(%error, "no thread for requests");
                    Sender::here(client, news)
                })
            };
            self.all.push(Arc::new(sender));
        }
    }

    /// The one with the fewest runners; each of them holds it.
    pub(super) fn next(&mut self, client: &Client, news: &mpsc::Sender<News>) -> Arc<Sender> {
        self.start(client, news);
        let fewest = self
            .all
            .iter()
            .min_by_key(|sender| Arc::strong_count(sender));
        fewest.map_or_else(|| Arc::new(Sender::here(client, news)), Arc::clone)
    }
}

impl Sender {
    fn here(client: &Client, news: &mpsc::Sender<News>) -> Self {
        Self {
            client: client.clone(),
            news: news.clone(),
            thread: None,
        }
    }

    fn start(client: &Client, news: &mpsc::Sender<News>) -> io::Result<Self> {
        let (end, ended) = oneshot::channel::<()>();
        let (sender, receiver) = mpsc::channel(NEWS);
        let news = news.clone();
        let client = client.apart();
        let prepared = client.clone();
        // The thread first: a runtime may not be dropped here, on another.
        let (give, take) = std::sync::mpsc::sync_channel::<Runtime>(1);
        thread::Builder::new()
            .name("requests".to_owned())
            .spawn(move || {
                let Ok(runtime) = take.recv() else {
                    return;
                };
                runtime.spawn(hand_over(receiver, news));
                // An error is one of the first request, too.
                runtime.spawn(async move { prepared.prepare().await });
                // An error: that is the end.
                let _ = runtime.block_on(ended);
            })?;
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        // It waits for nothing else, so it takes it.
        let _ = give.send(runtime);
        Ok(Self {
            client,
            news: sender,
            thread: Some(Thread {
                runtime: handle,
                _end: end,
            }),
        })
    }

    /// `None`: the runtime that this is called on.
    pub(super) fn runtime(&self) -> Option<&Handle> {
        self.thread.as_ref().map(|thread| &thread.runtime)
    }
}

/// Those that come while this waits to be polled go together.
async fn hand_over(mut from: mpsc::Receiver<News>, to: mpsc::Sender<News>) {
    let mut together = Vec::new();
    while from.recv_many(&mut together, NEWS).await > 0 {
        let Ok(permits) = to.reserve_many(together.len()).await else {
            return;
        };
        for (permit, news) in permits.zip(together.drain(..)) {
            permit.send(news);
        }
    }
}
