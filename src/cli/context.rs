//! What every command is given, and how it ends.

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;

use crate::api::{self, Client};
use crate::config::{ConfigError, Env, Overrides, Settings};
use crate::domain::visible;
use crate::keys::Keymap;
use crate::locale::Catalogue;
use crate::store::{Ledger, StoreError};
use crate::worker;

use super::errors;
use super::streams::Streams;

/// For one connection with TLS: slower than this is not there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// What a command works with.
#[derive(Debug)]
pub struct Context {
    pub overrides: Overrides,
    pub env: Env,
    pub settings: Result<Settings, ConfigError>,
    pub words: Catalogue,
    pub streams: Streams,
}

/// The exit codes of the command line's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything asked is so.
    Done,
    /// Some items failed, were refused or are unsettled.
    Partly,
    /// Wrong usage.
    Usage,
    /// Refused before anything was sent.
    Refused,
    /// Interrupted; what was sent is settled.
    Interrupted,
}

impl Exit {
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Partly => 1,
            Self::Usage => 2,
            Self::Refused => 3,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a command ended before it did anything. The text is for people, safe to print.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Usage(String),
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    NoKey(String),
    /// Something outside did not work; what the text says was or was not done.
    #[error("{0}")]
    Failed(String),
}

impl Failure {
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::Refused(_) | Self::NoKey(_) => Exit::Refused,
            Self::Failed(_) => Exit::Partly,
        }
    }
}

impl Context {
    pub fn settings(&self) -> Result<&Settings, Failure> {
        self.settings
            .as_ref()
            .map_err(|error| Failure::Usage(errors::config_error(&self.words, error)))
    }

    /// The key table with the config file's changes.
    pub fn keys(&self) -> Result<Keymap, Failure> {
        let settings = self.settings()?;
        Keymap::new(&settings.keys).map_err(|error| {
            let path = visible(&settings.config_path.to_string_lossy()).into_owned();
            let args = [("path", path.into()), ("error", error.to_string().into())];
            Failure::Usage(self.words.with("failure-keys", &args))
        })
    }

    /// The ledger of the profile in force. What an earlier run left behind is put in order first.
    pub async fn ledger(&mut self) -> Result<Ledger, Failure> {
        let settings = self.settings()?;
        let (dir, profile) = (&settings.data_dir, &settings.profile.name);
        if settings.read_only {
            return Ledger::open_read_only(dir, profile).map_err(|e| self.store_failure(&e));
        }
        let ledger = match Ledger::open(dir, profile) {
            // Looking still works; whatever writes is refused.
            Err(error @ StoreError::NotWritable { .. }) => {
                let ledger = Ledger::open_read_only(dir, profile);
                let ledger = ledger.map_err(|e| self.store_failure(&e))?;
                self.streams.notes.line(&errors::store_error(&error));
                return Ok(ledger);
            }
            opened => opened.map_err(|e| self.store_failure(&e))?,
        };
        let recovered = ledger.recover(Timestamp::now()).await;
        let recovered = recovered.map_err(|e| self.store_failure(&e))?;
        if recovered.unsettled > 0 {
            let count = recovered.unsettled.into();
            let text = self.words.with("note-recovered", &[("count", count)]);
            self.streams.notes.line(&text);
        }
        if let Some(batch) = recovered.batches.last() {
            let args = [
                ("count", recovered.returned.len().into()),
                ("batch", batch.0.unsigned_abs().into()),
            ];
            let text = self.words.with("note-returned", &args);
            self.streams.notes.line(&text);
        }
        Ok(ledger)
    }

    /// A client for the service, which needs a key.
    pub fn client(&self) -> Result<Client, Failure> {
        let settings = self.settings()?;
        let profile = &settings.profile;
        let key = profile
            .key
            .key()
            .map_err(|error| Failure::NoKey(errors::no_key(&self.words, &error)))?;
        tracing::info!(profile = profile.name, base_url = %profile.base_url, "client");
        Client::new(api::Options {
            base_url: profile.base_url.clone(),
            key,
            not_found_codes: profile.not_found_codes.clone(),
            allow_plain_http: profile.allow_plain_http,
            timeout: profile.timeout,
            connect_timeout: CONNECT_TIMEOUT.min(profile.timeout),
        })
        .map_err(|error| Failure::Refused(errors::client_error(&self.words, &error)))
    }

    /// The same for lookups that go into `ledger` without a worker.
    pub async fn client_for(&self, ledger: &Ledger) -> Result<Client, Failure> {
        let client = self.client()?;
        let admitted = worker::admit(ledger, &client).await;
        admitted.map_err(|refusal| Failure::Refused(self.words.refusal(&refusal)))?;
        Ok(client)
    }

    /// The same with TLS set up, so that trouble there shows before anything is asked for.
    pub async fn ready_client(&self) -> Result<Client, Failure> {
        let client = self.client()?;
        let ready = client.prepare().await;
        ready.map_err(|error| Failure::Refused(errors::client_error(&self.words, &error)))?;
        Ok(client)
    }

    pub fn store_failure(&self, error: &StoreError) -> Failure {
        let error = errors::store_error(error);
        let text = self
            .words
            .with("failure-ledger", &[("error", error.into())]);
        Failure::Refused(text)
    }

    /// Says why a command ended before it did anything.
    pub fn fail(&mut self, failure: &Failure) -> Exit {
        self.streams.notes.line(&format!("arkdeck: {failure}"));
        failure.exit()
    }

    /// A note that starts with what it is about, which may be any text.
    pub fn note_about(&mut self, what: &str, text: &str) {
        self.streams
            .notes
            .line(&format!("{}: {text}", visible(what)));
    }
}
