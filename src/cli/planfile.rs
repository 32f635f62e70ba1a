//! The file of a plan: a deletion frozen for review, as JSON with an item a line.
//!
//! Each item carries a checksum over itself and the head of its plan. Items may be struck out by
//! whoever reviews the plan; one that was added, changed, or taken from another plan does not fit. It
//! guards against mistakes: somebody who forges checksums could as well call `delete`.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;

use crate::domain::{Kind, Resource, ResourceId};

use super::output::json;

/// What this program writes, and the only one that it reads.
const FORMAT: u32 = 1;

/// What the whole plan is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Head {
    pub(super) made_at: Timestamp,
    pub(super) profile: String,
    pub(super) base_url: String,
    /// The query that chose the items; `None`: they were named.
    pub(super) filter: Option<String>,
    /// How many items it was made with.
    pub(super) total: u64,
}

/// One deletion, with what the reviewer should know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Item {
    pub(super) id: ResourceId,
    pub(super) kind: Kind,
    pub(super) name: Option<String>,
    pub(super) bytes: Option<u64>,
    pub(super) created_at: Option<Timestamp>,
    /// `None`: it was new to the ledger.
    pub(super) state: Option<String>,
    #[serde(default)]
    check: String,
}

impl Item {
    pub(super) fn known(resource: &Resource, now: Timestamp) -> Self {
        let facts = &resource.facts;
        Self {
            id: resource.id.clone(),
            kind: resource.kind,
            name: facts.name.clone().or_else(|| facts.model.clone()),
            bytes: facts.bytes,
            created_at: facts.created_at,
            state: Some(resource.state_at(now).as_str().to_owned()),
            check: String::new(),
        }
    }

    pub(super) fn new(kind: Kind, id: &ResourceId) -> Self {
        Self {
            id: id.clone(),
            kind,
            name: None,
            bytes: None,
            created_at: id.birth(),
            state: None,
            check: String::new(),
        }
    }

    /// 128 bits of SHA-256 over the head and everything the item says.
    fn checksum(&self, head: &Head) -> String {
        let bare = Self {
            check: String::new(),
            ..self.clone()
        };
        let text = json(&(FORMAT, head, bare));
        let hash = Sha256::digest(text.as_bytes());
        let (half, _) = hash.split_at(16);
        half.iter().fold(String::new(), |mut text, byte| {
            // A `String` takes everything.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "arkdeck_plan")]
    _format: u32,
    made_at: Timestamp,
    profile: String,
    base_url: String,
    filter: Option<String>,
    total: u64,
    items: Vec<Item>,
}

/// What a later format looks like is not known, but that it says that it is one.
#[derive(Deserialize)]
struct Format {
    arkdeck_plan: u32,
}

/// Why a file is no plan to go by.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    #[error("it cannot be read")]
    Unreadable(#[source] io::Error),
    #[error("it is no plan")]
    Malformed(#[source] serde_json::Error),
    #[error("it has format {found}, and this program knows {FORMAT}")]
    Newer { found: u32 },
    #[error("{id} was added or changed since the plan was made")]
    Edited { id: ResourceId },
}

/// Reads a plan and checks it against itself.
pub(super) fn read(path: &Path) -> Result<(Head, Vec<Item>), PlanError> {
    let text = std::fs::read_to_string(path).map_err(PlanError::Unreadable)?;
    let Format {
        arkdeck_plan: found,
    } = serde_json::from_str(&text).map_err(PlanError::Malformed)?;
    if found != FORMAT {
        return Err(PlanError::Newer { found });
    }
    let file: File = serde_json::from_str(&text).map_err(PlanError::Malformed)?;
    let head = Head {
        made_at: file.made_at,
        profile: file.profile,
        base_url: file.base_url,
        filter: file.filter,
        total: file.total,
    };
    let wrong = file
        .items
        .iter()
        .find(|item| item.check != item.checksum(&head));
    match wrong {
        Some(item) => Err(PlanError::Edited {
            id: item.id.clone(),
        }),
        None => Ok((head, file.items)),
    }
}

/// A plan being written: in place only when it is whole, readable by its owner only, and never over
/// another file.
pub(super) struct Draft {
    head: Head,
    file: BufWriter<NamedTempFile>,
    written: u64,
}

impl Draft {
    pub(super) fn begin(path: &Path, head: Head) -> io::Result<Self> {
        if path.symlink_metadata().is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty());
        let file = NamedTempFile::new_in(dir.unwrap_or(Path::new(".")))?;
        let mut file = BufWriter::new(file);
        let Head {
            made_at,
            profile,
            base_url,
            filter,
            total,
        } = &head;
        writeln!(file, "{{")?;
        writeln!(file, "  \"arkdeck_plan\": {FORMAT},")?;
        writeln!(file, "  \"made_at\": {},", json(made_at))?;
        writeln!(file, "  \"profile\": {},", json(profile))?;
        writeln!(file, "  \"base_url\": {},", json(base_url))?;
        writeln!(file, "  \"filter\": {},", json(filter))?;
        writeln!(file, "  \"total\": {total},")?;
        write!(file, "  \"items\": [")?;
        Ok(Self {
            head,
            file,
            written: 0,
        })
    }

    pub(super) fn item(&mut self, mut item: Item) -> io::Result<()> {
        item.check = item.checksum(&self.head);
        let comma = if self.written > 0 { "," } else { "" };
        self.written += 1;
        write!(self.file, "{comma}\n    {}", json(&item))
    }

    pub(super) fn keep(mut self, path: &Path) -> io::Result<()> {
        let end = if self.written > 0 { "\n  " } else { "" };
        writeln!(self.file, "{end}]\n}}")?;
        let file = self
            .file
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        Ok(())
    }
}
