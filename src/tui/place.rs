//! What the terminal UI works on: the user's own ledger and service, or a demo of both.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;
use url::Url;

use crate::api::{self, Client, ClientError};
use crate::app::Session;
use crate::config::{Profile, Settings};
use crate::domain::{Facts, Kind, Order, Refusal, ResourceId, RowId, Sighting, Source, Ticket};
use crate::emulator::{self, Emulator};
use crate::secret::{ApiKey, KeyError};
use crate::store::{Ledger, StoreError};
use crate::worker::{self, Limits};

/// A ledger, a worker on it, and what to say about them.
#[derive(Debug)]
pub struct Place {
    session: Session,
    ledger: Ledger,
    worker: worker::Handle,
    /// Where others may write too.
    folder: Option<PathBuf>,
    alive: Option<Demo>,
}

/// Ends with the program: the service on loopback and the folder of the throw-away ledger.
#[derive(Debug)]
pub(super) struct Demo {
    _service: Emulator,
    _folder: TempDir,
}

/// Why there is nothing to work on.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error(transparent)]
    Ledger(#[from] StoreError),
    #[error("the demo cannot be set up")]
    Demo(#[source] io::Error),
    #[error("the demo's service cannot be reached")]
    Client(#[from] ClientError),
    #[error("the demo's key is no key")]
    Key(#[from] KeyError),
}

/// Accepted by the demo's service alone.
const DEMO_KEY: &str = "ark-demo-key";

/// How many of the demo's responses are fetched at the start: a screenful and some more.
const DEMO_FETCHED: usize = 200;

impl Place {
    /// The user's ledger. `service`: the client, or why there is none.
    pub async fn own(
        settings: &Settings,
        service: Result<Client, Refusal>,
    ) -> Result<Self, PlaceError> {
        let profile = &settings.profile;
        let began = Timestamp::now();
        let (dir, name) = (&settings.data_dir, &profile.name);
        let mut unwritable = None;
        let ledger = if settings.read_only {
            Ledger::open_read_only(dir, name)?
        } else {
            match Ledger::open(dir, name) {
                // Looking still works; whatever writes is refused.
                Err(error @ StoreError::NotWritable { .. }) => {
                    unwritable = Some(Refusal::Journal(error.to_string()));
                    Ledger::open_read_only(dir, name)?
                }
                opened => opened?,
            }
        };
        let worker = worker::start(ledger.clone(), service, Limits::of(settings)).await;
        let refusal = unwritable.or_else(|| worker.refusal.clone());
        Ok(Self {
            session: session(profile, &profile.base_url, refusal, began),
            ledger,
            worker,
            folder: Some(settings.data_dir.clone()),
            alive: None,
        })
    }

    /// A service on loopback with made-up content, and an empty folder for the ledger.
    pub async fn demo(settings: &Settings, options: emulator::Options) -> Result<Self, PlaceError> {
        let began = Timestamp::now();
        let folder = TempDir::with_prefix("arkdeck-demo-").map_err(PlaceError::Demo)?;
        let service = Emulator::start(emulator::Options {
            api_key: Some(DEMO_KEY.to_owned()),
            ..options
        })
        .await
        .map_err(PlaceError::Demo)?;
        let profile = Profile {
            name: "demo".to_owned(),
            base_url: Url::parse(&service.base_url())
                .map_err(|error| PlaceError::Demo(io::Error::other(error)))?,
            protected: false,
            max_batch: None,
            rate: None,
            ..settings.profile.clone()
        };
        let client = Client::new(api::Options {
            base_url: profile.base_url.clone(),
            key: ApiKey::new(DEMO_KEY)?,
            not_found_codes: Vec::new(),
            allow_plain_http: false,
            timeout: profile.timeout,
            connect_timeout: Duration::from_secs(5),
        })?;
        let ledger = Ledger::open(folder.path(), &profile.name)?;
        let rows = track(&ledger, &service, began).await?;
        let limits = Limits::of(&Settings {
            read_only: false,
            profile: profile.clone(),
            ..settings.clone()
        });
        let worker = worker::start(ledger.clone(), Ok(client), limits).await;
        // What a user would ask for first, so that there is something to see.
        let fetched = rows.into_iter().take(DEMO_FETCHED).collect();
        for order in [
            Order::Sync {
                ticket: Ticket::default(),
            },
            Order::Refresh {
                ticket: Ticket::default(),
                rows: fetched,
            },
        ] {
            // The worker has just started and its channel is empty: there is room.
            let _ = worker.orders.try_send(order);
        }
        let session = Session {
            demo: true,
            ..session(&profile, &profile.base_url, None, began)
        };
        Ok(Self {
            session,
            ledger,
            worker,
            folder: None,
            alive: Some(Demo {
                _service: service,
                _folder: folder,
            }),
        })
    }

    pub(super) fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    pub(super) fn into_parts(self) -> (Session, Ledger, worker::Handle, Option<Demo>) {
        (self.session, self.ledger, self.worker, self.alive)
    }
}

/// Writes down the ids of the demo's responses, newest first, as the programs that made them would have.
async fn track(
    ledger: &Ledger,
    service: &Emulator,
    now: Timestamp,
) -> Result<Vec<RowId>, StoreError> {
    let sightings = service
        .response_ids()
        .iter()
        .filter_map(|id| ResourceId::new(id).ok())
        .map(|id| Sighting {
            kind: Kind::Response,
            id,
            source: Source::Demo,
            tags: Vec::new(),
            facts: Facts::default(),
        })
        .collect();
    let tracked = ledger.track(sightings, now).await?;
    Ok(tracked.into_iter().rev().map(|t| t.row).collect())
}

fn session(
    profile: &Profile,
    base_url: &Url,
    refusal: Option<Refusal>,
    began: Timestamp,
) -> Session {
    let host = base_url.host_str().unwrap_or_default();
    let host = match base_url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    Session {
        profile: profile.name.clone(),
        host,
        base_url: base_url.to_string(),
        demo: false,
        refusal,
        protected: profile.protected,
        max_batch: profile.max_batch,
        quota: profile.quota,
        undo: profile.undo,
        began,
    }
}
