//! Uploading files, one after another, each as a stream.
//!
//! A file that the service may have taken is never sent again: there could be two of it. So only what
//! certainly was not taken is tried again, and where nobody knows, that is what is said. The id is
//! in the ledger before it is told.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{Stream, stream};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task;
use tokio::time::{self, Instant, MissedTickBehavior};

use crate::api::{self, UploadForm, Uploaded};
use crate::domain::{
    Answer, Cause, Facts, Halt, Kind, MAX_UPLOAD, NotUploaded, Report, ResourceId, Sighting,
    Source, Ticket, Unreadable, Upload,
};

use super::{Signal, Tools, after, refresh, stopped};

/// Read and handed on at a time.
const CHUNK: usize = 128 * 1024;
/// How often it is told how far an upload is.
const TOLD_EVERY: Duration = Duration::from_millis(200);
/// An upload that makes no headway for so many times the limit for an answer is given up: what the
/// system has buffered must be able to leave in that time as well.
const PATIENCE: u32 = 4;

pub(super) async fn run(
    tools: Arc<Tools>,
    ticket: Ticket,
    uploads: Vec<Upload>,
    mut signal: watch::Receiver<Signal>,
) {
    let mut halt = None;
    for (at, upload) in uploads.iter().enumerate() {
        let one = One {
            tools: &tools,
            ticket,
            at,
            upload,
        };
        halt = one.carry_out(&mut signal).await;
        if halt.is_some() {
            break;
        }
    }
    tools.tell(Report::Done { ticket, halt }).await;
}

/// One file on its way.
struct One<'a> {
    tools: &'a Tools,
    ticket: Ticket,
    at: usize,
    upload: &'a Upload,
}

/// How far the reading of a file is.
#[derive(Debug, Default)]
struct Headway {
    /// Bytes handed to the connection.
    sent: AtomicU64,
    /// Why it cannot be read any further.
    error: Mutex<Option<Unreadable>>,
}

impl One<'_> {
    async fn carry_out(&self, signal: &mut watch::Receiver<Signal>) -> Option<Halt> {
        let mut attempts = 0;
        for count in 1_u32.. {
            let (uploaded, wait) = match self.attempt(count, signal).await {
                Ok(tried) => tried,
                Err(Trouble::File(why)) => return self.end(why, None).await,
                Err(Trouble::Stopped { is_whole, sent }) => {
                    let answer = Answer {
                        attempts: attempts + u32::from(sent),
                        cause: Some(Cause::Stopped),
                        ..Answer::default()
                    };
                    let why = if is_whole {
                        NotUploaded::InDoubt(Box::new(answer))
                    } else {
                        NotUploaded::Failed(Box::new(answer))
                    };
                    return self.end(why, Some(by_user())).await;
                }
            };
            let mut total = |answer: Answer| {
                attempts += answer.attempts;
                Answer { attempts, ..answer }
            };
            let answer = match uploaded {
                Uploaded::Kept { id, facts, answer } => {
                    return self.keep(id, *facts, total(answer)).await;
                }
                Uploaded::Failed(answer) => {
                    return self
                        .end(NotUploaded::Failed(Box::new(total(answer))), None)
                        .await;
                }
                Uploaded::Unclear(answer) => {
                    return self
                        .end(NotUploaded::InDoubt(Box::new(total(answer))), None)
                        .await;
                }
                Uploaded::Stop(answer) => {
                    let answer = total(answer);
                    let halt = halt(answer.clone());
                    return self
                        .end(NotUploaded::Failed(Box::new(answer)), Some(halt))
                        .await;
                }
                Uploaded::Retry { answer, .. } => total(answer),
            };
            if count >= self.tools.limits.attempts {
                let halt = (answer.cause == Some(Cause::Unreachable)).then(|| halt(answer.clone()));
                let cause = match answer.cause {
                    Some(Cause::Service) => Some(Cause::Exhausted),
                    cause => cause,
                };
                let answer = Answer { cause, ..answer };
                return self.end(NotUploaded::Failed(Box::new(answer)), halt).await;
            }
            self.tell(0, 0, Some((after(wait), answer))).await;
            tokio::select! {
                () = stopped(signal) => {}
                () = time::sleep(wait) => {}
            }
        }
        None
    }

    /// Sends the file once. Says how long to wait before another try, if one makes sense.
    async fn attempt(
        &self,
        count: u32,
        signal: &mut watch::Receiver<Signal>,
    ) -> Result<(Uploaded, Duration), Trouble> {
        let place = tokio::select! {
            biased;
            () = stopped(signal) => return Err(Trouble::NOT_BEGUN),
            place = self.tools.uploads.enter(Kind::File) => place,
        };
        let (file, bytes) = open(&self.upload.path).await.map_err(Trouble::File)?;
        let name = self.upload.path.file_name().unwrap_or_default();
        let form = UploadForm {
            name: name.to_string_lossy().into_owned(),
            bytes,
            purpose: self.upload.purpose.clone(),
            expire_at: self.upload.life.expire_at(bytes, Timestamp::now()),
        };
        let headway = Arc::new(Headway::default());
        let content = content(file, bytes, Arc::clone(&headway));
        let sending = self.tools.client.upload(form, content);
        let uploaded = tokio::select! {
            biased;
            () = stopped(signal) => None,
            uploaded = sending => Some(uploaded),
            () = self.watch(&headway, bytes) => Some(Uploaded::Unclear(Answer {
                attempts: 1,
                cause: Some(Cause::Timeout),
                detail: Some(self.patience().as_secs_f64().to_string()),
                ..Answer::default()
            })),
        };
        let sent = headway.sent.load(Ordering::Relaxed);
        let is_whole = sent == bytes;
        let Some(uploaded) = uploaded else {
            return Err(Trouble::Stopped {
                is_whole,
                sent: sent > 0,
            });
        };
        if let Some(error) = headway.error() {
            return Err(Trouble::File(NotUploaded::Unreadable(error)));
        }
        if let Uploaded::Retry {
            after,
            throttled,
            answer,
        } = &uploaded
        {
            let wait = api::backoff(count, *after, rand::random());
            place.put_off(*throttled, after.is_some(), wait, answer);
            return Ok((uploaded, wait));
        }
        place.taken();
        let uploaded = match uploaded {
            // Half a form is no file.
            Uploaded::Unclear(answer) if !is_whole => Uploaded::Failed(answer),
            uploaded => uploaded,
        };
        Ok((uploaded, Duration::ZERO))
    }

    /// Tells how far it is; returns when there has been no headway for too long.
    async fn watch(&self, headway: &Headway, bytes: u64) {
        let patience = self.patience();
        let mut ticks = time::interval(TOLD_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        let mut since = Instant::now();
        while since.elapsed() < patience {
            ticks.tick().await;
            let sent = headway.sent.load(Ordering::Relaxed);
            if told != Some(sent) {
                told = Some(sent);
                since = Instant::now();
                self.tell(sent, bytes, None).await;
            }
        }
    }

    fn patience(&self) -> Duration {
        self.tools.client.timeout().saturating_mul(PATIENCE)
    }

    async fn tell(&self, sent: u64, bytes: u64, waiting: Option<(Timestamp, Answer)>) {
        let report = Report::Uploading {
            ticket: self.ticket,
            at: self.at,
            sent,
            bytes,
            waiting,
        };
        self.tools.tell(report).await;
    }

    async fn keep(&self, id: ResourceId, facts: Facts, answer: Answer) -> Option<Halt> {
        let sighting = Sighting {
            kind: Kind::File,
            id: id.clone(),
            source: Source::Upload,
            tags: self.upload.tags.clone(),
            facts: facts.clone(),
        };
        let tracked = self
            .tools
            .ledger
            .track(vec![sighting], Timestamp::now())
            .await;
        let (row, halt) = match tracked {
            Ok(tracked) => (tracked.first().map(|tracked| tracked.row), None),
            // It is told all the same: the id would be lost otherwise.
            Err(error) => (None, Some(refresh::unwritable(self.tools, &error).await)),
        };
        let report = Report::Uploaded {
            ticket: self.ticket,
            at: self.at,
            id,
            row,
            facts: Box::new(facts),
            answer,
        };
        self.tools.tell(report).await;
        halt
    }

    async fn end(&self, why: NotUploaded, halt: Option<Halt>) -> Option<Halt> {
        let report = Report::NotUploaded {
            ticket: self.ticket,
            at: self.at,
            why,
        };
        self.tools.tell(report).await;
        halt
    }
}

/// Why a try came to no answer.
enum Trouble {
    File(NotUploaded),
    Stopped {
        /// All of the content was handed to the connection.
        is_whole: bool,
        sent: bool,
    },
}

impl Trouble {
    const NOT_BEGUN: Self = Self::Stopped {
        is_whole: false,
        sent: false,
    };
}

impl Headway {
    fn error(&self) -> Option<Unreadable> {
        let error = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        error.clone()
    }

    fn fail(&self, error: Unreadable) {
        let mut kept = self.error.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(error);
    }
}

fn halt(answer: Answer) -> Halt {
    Halt {
        cause: answer.cause.unwrap_or(Cause::Service),
        answer: Some(answer),
    }
}

fn by_user() -> Halt {
    Halt {
        cause: Cause::Stopped,
        answer: None,
    }
}

async fn open(path: &Path) -> Result<(File, u64), NotUploaded> {
    let path = path.to_owned();
    let opened = task::spawn_blocking(move || {
        // Before it is opened: a pipe would wait for whoever writes to it.
        let unreadable = |error: io::Error| NotUploaded::Unreadable(error.into());
        if !path.metadata().map_err(unreadable)?.is_file() {
            return Err(NotUploaded::NoFile);
        }
        let file = File::open(&path).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        if bytes > MAX_UPLOAD {
            return Err(NotUploaded::TooLarge(bytes));
        }
        Ok((file, bytes))
    });
    match opened.await {
        Ok(opened) => opened,
        Err(error) => Err(NotUploaded::Unreadable(io::Error::other(error).into())),
    }
}

/// The first `bytes` of a file, a part at a time. What it grows by meanwhile stays out; that it shrinks is
/// an error, since its length has been told.
fn content(
    file: File,
    bytes: u64,
    headway: Arc<Headway>,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    stream::unfold(Some((file, bytes)), move |state| {
        let headway = Arc::clone(&headway);
        async move {
            let (mut file, left) = state.filter(|(_, left)| *left > 0)?;
            let read = task::spawn_blocking(move || {
                let size = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
                let mut part = vec![0; size];
                let read = match file.read(&mut part) {
                    Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                    read => read?,
                };
                part.truncate(read);
                Ok((file, Bytes::from(part)))
            });
            match read
                .await
                .unwrap_or_else(|error| Err(io::Error::other(error)))
            {
                Ok((file, part)) => {
                    let read = part.len() as u64;
                    headway.sent.fetch_add(read, Ordering::Relaxed);
                    Some((Ok(part), Some((file, left - read))))
                }
                Err(error) => {
                    let told = io::Error::from(error.kind());
                    headway.fail(error.into());
                    Some((Err(told), None))
                }
            }
        }
    })
}
