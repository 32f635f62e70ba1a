//! What we know of resources: tracking, merging, looking up, forgetting, mirroring the file list.
//!
//! Deletion is not here; see `journal`.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{CachedStatement, OptionalExtension as _, Row, ToSql, params, params_from_iter};

use crate::domain::{
    Answer, Counts, Facts, Kind, Labels, ListQuery, Listing, Resource, ResourceId, RowId, Sighting,
    Source, State, Tracked, Usage, is_passing,
};

use super::codes::{self, Code, stored};
use super::error::StoreError;
use super::select::{IN_HAND, Select, due};
use super::thread::Disk;
use super::{SyncId, journal};

/// How long the service may go on showing what it has deleted: reads need not see a deletion at once
/// (`ark-api` section 11, 7). Only what is still there after that is taken as there again.
const ECHO: SignedDuration = SignedDuration::from_secs(120);

const COLUMNS: &str = "row, kind, id, \
    coalesce((SELECT CASE WHEN intended_at IS NULL THEN 1 ELSE 2 END FROM queue \
        WHERE queue.row = resources.row), state), name, bytes, model, status, purpose, mime_type, \
    created_at, expires_at, previous, usage, created_approx, tags, source, tracked_at, settled_at, \
    answer, protected, note";

fn resource(row: &Row<'_>) -> rusqlite::Result<Resource> {
    let text = |at: usize| row.get::<_, Option<String>>(at);
    let unreadable = |at: usize, error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(at, rusqlite::types::Type::Text, error)
    };
    let id: String = row.get(2)?;
    let usage = text(13)?
        .map(|json| serde_json::from_str::<Usage>(&json))
        .transpose()
        .map_err(|error| unreadable(13, error.into()))?;
    let answer = text(19)?
        .map(|json| serde_json::from_str::<Answer>(&json))
        .transpose()
        .map_err(|error| unreadable(19, error.into()))?;
    let source: String = row.get(16)?;
    let time = |at: usize| -> rusqlite::Result<_> {
        let time: Option<Code<Timestamp>> = row.get(at)?;
        Ok(time.map(|code| code.0))
    };
    Ok(Resource {
        row: RowId(row.get(0)?),
        kind: row.get::<_, Code<Kind>>(1)?.0,
        id: ResourceId::new(&id).map_err(|error| unreadable(2, error.into()))?,
        state: row.get::<_, Code<State>>(3)?.0,
        facts: Facts {
            name: text(4)?,
            bytes: row.get::<_, Option<i64>>(5)?.map(i64::unsigned_abs),
            model: text(6)?,
            status: text(7)?,
            purpose: text(8)?,
            mime_type: text(9)?,
            created_at: time(10)?,
            expires_at: row.get::<_, Option<Code<_>>>(11)?.map(|code| code.0),
            previous_response_id: text(12)?,
            usage,
        },
        created_approx: row.get(14)?,
        tags: codes::split_tags(&row.get::<_, String>(15)?),
        source: Source::parse(&source)
            .ok_or_else(|| unreadable(16, format!("source {source:?}").into()))?,
        protected: row.get(20)?,
        note: text(21)?,
        tracked_at: row.get::<_, Code<Timestamp>>(17)?.0,
        settled_at: time(18)?,
        answer,
    })
}

/// Puts a resource in for the first time.
const INSERT: &str = "INSERT INTO resources (profile, kind, id, state, name, bytes, model, status,
        purpose, mime_type, created_at, expires_at, previous, usage, created_approx, tags,
        settled_at, answer, source, tracked_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";

/// Puts a resource back as it now is. Touches nothing of what the journal keeps of the row, nor its
/// protection, nor its note: a state that says a batch has it in hand is the queue's to tell.
const UPDATE: &str =
    "UPDATE resources SET state = CASE WHEN ?4 IN (1, 2) THEN state ELSE ?4 END, name = ?5, bytes = ?6, model = ?7, status = ?8,
        purpose = ?9, mime_type = ?10, created_at = ?11, expires_at = ?12, previous = ?13,
        usage = ?14, created_approx = ?15, tags = ?16, settled_at = ?17, answer = ?18
    WHERE row = ?19 AND profile = ?1 AND kind = ?2 AND id = ?3";

/// Runs one of the two; its last parameters are `rest`.
fn put(
    disk: &Disk,
    statement: &mut CachedStatement<'_>,
    resource: &Resource,
    rest: &[&dyn ToSql],
) -> Result<(), StoreError> {
    let facts = &resource.facts;
    let row: &[&dyn ToSql] = params![
        disk.profile,
        Code(resource.kind),
        resource.id.as_str(),
        Code(resource.state),
        facts.name,
        facts.bytes.map(|n| i64::try_from(n).unwrap_or(i64::MAX)),
        facts.model,
        facts.status,
        facts.purpose,
        facts.mime_type,
        facts.created_at.map(Code),
        facts.expires_at.map(Code),
        facts.previous_response_id,
        facts.usage.map(|usage| json(&usage)),
        resource.created_approx,
        codes::join_tags(&resource.tags),
        resource.settled_at.map(Code),
        resource.answer.as_ref().map(json),
    ];
    statement.execute(params_from_iter(row.iter().chain(rest)))?;
    Ok(())
}

fn update(disk: &Disk, row: RowId, resource: &Resource) -> Result<(), StoreError> {
    let mut statement = disk.db.prepare_cached(UPDATE)?;
    put(disk, &mut statement, resource, params![row.0])
}

/// Our own plain structs always have a JSON form.
pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn load(disk: &Disk, row: RowId) -> Result<Option<Resource>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM resources WHERE row = ?1 AND profile = ?2");
    let mut statement = disk.db.prepare_cached(&sql)?;
    let found = statement.query_row(params![row.0, disk.profile], resource);
    Ok(found.optional()?)
}

/// Takes over what was said; what was not said stays.
fn merge_facts(resource: &mut Resource, said: &Facts) {
    let known = &mut resource.facts;
    let text = |known: &mut Option<String>, said: &Option<String>| {
        if let Some(said) = said {
            *known = Some(stored(said).into_owned());
        }
    };
    text(&mut known.name, &said.name);
    text(&mut known.model, &said.model);
    // Answers may come in another order than they were given, and what has ended does not begin again.
    let has_ended = known.status.as_deref().is_some_and(|s| !is_passing(s));
    if !(has_ended && said.status.as_deref().is_some_and(is_passing)) {
        text(&mut known.status, &said.status);
    }
    text(&mut known.purpose, &said.purpose);
    text(&mut known.mime_type, &said.mime_type);
    text(&mut known.previous_response_id, &said.previous_response_id);
    known.bytes = said.bytes.or(known.bytes);
    known.expires_at = said.expires_at.or(known.expires_at);
    known.usage = said.usage.or(known.usage);
    if said.created_at.is_some() {
        known.created_at = said.created_at;
        resource.created_approx = false;
    }
}

fn merge_tags(resource: &mut Resource, tags: &[String]) {
    for tag in tags
        .iter()
        .map(|tag| stored(tag))
        .filter(|tag| !tag.is_empty())
    {
        if !resource
            .tags
            .iter()
            .any(|known| known.eq_ignore_ascii_case(&tag))
        {
            resource.tags.push(tag.into_owned());
        }
    }
}

/// The service has shown the resource, in a look that began at `looked`, and `said` this of it: a
/// tombstone that is contradicted by that is one no longer.
fn revive(resource: &mut Resource, said: &Facts, looked: Timestamp) {
    // A record told when it expires, and the service knows nothing of that.
    if said.expires_at.is_none() {
        let expiry = &mut resource.facts.expires_at;
        expiry.take_if(|expiry| expiry.at().is_some_and(|at| at <= looked));
    }
    let settled = resource.settled_at.unwrap_or(looked);
    let contradicted = match resource.state {
        State::Gone => settled <= looked,
        State::Deleted => looked.duration_since(settled) > ECHO,
        _ => false,
    };
    if contradicted {
        resource.state = State::Tracked;
        resource.settled_at = None;
        resource.answer = None;
    }
}

/// Tracks sightings. There may be a million of them, so its statements are looked up once.
struct Watch<'d> {
    disk: &'d Disk,
    now: Timestamp,
    load: CachedStatement<'d>,
    insert: CachedStatement<'d>,
}

impl<'d> Watch<'d> {
    fn new(disk: &'d Disk, now: Timestamp) -> Result<Self, StoreError> {
        let load =
            format!("SELECT {COLUMNS} FROM resources WHERE profile = ?1 AND kind = ?2 AND id = ?3");
        Ok(Self {
            disk,
            now,
            load: disk.db.prepare_cached(&load)?,
            insert: disk.db.prepare_cached(INSERT)?,
        })
    }

    /// Tracks one. `listed` is when the sync began that saw it, if one did.
    fn see(
        &mut self,
        sighting: &Sighting,
        listed: Option<Timestamp>,
    ) -> Result<Tracked, StoreError> {
        let key = params![self.disk.profile, Code(sighting.kind), sighting.id.as_str()];
        let Some(known) = self.load.query_row(key, resource).optional()? else {
            return self.add(sighting);
        };
        let mut resource = known.clone();
        merge_sighting(&mut resource, sighting);
        if let Some(listed) = listed {
            revive(&mut resource, &sighting.facts, listed);
        }
        if resource != known {
            update(self.disk, known.row, &resource)?;
        }
        Ok(Tracked {
            row: known.row,
            is_new: false,
        })
    }

    fn add(&mut self, sighting: &Sighting) -> Result<Tracked, StoreError> {
        let born = sighting.id.birth();
        let mut resource = Resource {
            row: RowId(0),
            kind: sighting.kind,
            id: sighting.id.clone(),
            state: State::Tracked,
            facts: Facts {
                created_at: born,
                ..Facts::default()
            },
            created_approx: born.is_some(),
            tags: Vec::new(),
            note: None,
            source: sighting.source,
            protected: false,
            tracked_at: self.now,
            settled_at: None,
            answer: None,
        };
        merge_sighting(&mut resource, sighting);
        let rest = params![sighting.source.as_str(), Code(self.now)];
        put(self.disk, &mut self.insert, &resource, rest)?;
        Ok(Tracked {
            row: RowId(self.disk.db.last_insert_rowid()),
            is_new: true,
        })
    }
}

fn merge_sighting(resource: &mut Resource, sighting: &Sighting) {
    if sighting.source == Source::Import {
        // Recorded at some time: a newer look may have told more, and an approximate birth is a gap.
        let mut known = resource.facts.clone();
        known.created_at.take_if(|_| resource.created_approx);
        let filled = known.filled_from(&sighting.facts);
        merge_facts(resource, &filled);
    } else {
        merge_facts(resource, &sighting.facts);
    }
    merge_tags(resource, &sighting.tags);
}

pub(super) fn track(
    disk: &Disk,
    sightings: &[Sighting],
    now: Timestamp,
) -> Result<Vec<Tracked>, StoreError> {
    let mut watch = Watch::new(disk, now)?;
    let each = sightings.iter();
    each.map(|sighting| watch.see(sighting, None)).collect()
}

pub(super) fn find(
    disk: &Disk,
    ids: &[(Option<Kind>, ResourceId)],
) -> Result<Vec<Vec<RowId>>, StoreError> {
    let mut statement = disk
        .db
        .prepare_cached("SELECT row FROM resources WHERE profile = ?1 AND kind = ?2 AND id = ?3")?;
    let mut found = Vec::with_capacity(ids.len());
    for (kind, id) in ids {
        let mut rows = Vec::new();
        for kind in Kind::ALL
            .into_iter()
            .filter(|each| kind.is_none_or(|kind| kind == *each))
        {
            let row = statement.query_row(params![disk.profile, Code(kind), id.as_str()], |row| {
                row.get(0).map(RowId)
            });
            rows.extend(row.optional()?);
        }
        found.push(rows);
    }
    Ok(found)
}

pub(super) fn listing(disk: &Disk, list: &ListQuery) -> Result<Listing, StoreError> {
    let Select { sql, values } = Select::new(disk.profile, list);
    // Not cached: the time is in its text.
    let mut statement = disk.db.prepare(&sql)?;
    let rows = statement.query_map(rusqlite::params_from_iter(values), |row| {
        row.get(0).map(RowId)
    })?;
    Ok(Listing {
        rows: rows.collect::<Result<_, _>>()?,
        forest: None,
    })
}

pub(super) fn rows(disk: &Disk, rows: &[RowId]) -> Result<Vec<Resource>, StoreError> {
    rows.iter()
        .filter_map(|row| load(disk, *row).transpose())
        .collect()
}

pub(super) fn unsettled(disk: &Disk) -> Result<Vec<Resource>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM resources
         WHERE profile = ?1 AND state = 7 AND NOT {IN_HAND} ORDER BY row"
    );
    let mut statement = disk.db.prepare_cached(&sql)?;
    let found = statement.query_map([disk.profile], resource)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The living of one kind.
pub(super) struct Living {
    count: u64,
    /// Known sizes, added up.
    pub(super) bytes: u64,
    /// Whose size is unknown.
    sizeless: u64,
}

// `total`, as `sum` fails when sizes that somebody made up add up to too much.
fn living(disk: &Disk, kind: Kind, now: Timestamp) -> Result<Living, StoreError> {
    let living = format!(
        "SELECT count(*), CAST(total(bytes) AS INTEGER), count(*) - count(bytes) FROM resources
         WHERE profile = ?1 AND kind = ?2 AND state NOT IN (3, 4) AND NOT {}",
        due(now.as_millisecond())
    );
    let mut statement = disk.db.prepare(&living)?;
    let living = statement.query_row(params![disk.profile, Code(kind)], |row| {
        let number = |at: usize| Ok::<_, rusqlite::Error>(row.get::<_, i64>(at)?.unsigned_abs());
        Ok(Living {
            count: number(0)?,
            bytes: number(1)?,
            sizeless: number(2)?,
        })
    })?;
    Ok(living)
}

/// What files take.
pub(super) fn room_in_use(disk: &Disk, now: Timestamp) -> Result<Living, StoreError> {
    living(disk, Kind::File, now)
}

pub(super) fn counts(disk: &Disk, now: Timestamp) -> Result<Counts, StoreError> {
    let responses = living(disk, Kind::Response, now)?;
    let files = room_in_use(disk, now)?;
    let mut doubt = disk.db.prepare_cached(&format!(
        "SELECT count(*) FROM resources WHERE profile = ?1 AND state = 7 AND NOT {IN_HAND}"
    ))?;
    let unsettled: i64 = doubt.query_row([disk.profile], |row| row.get(0))?;
    let mut mirrored = disk.db.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM syncs WHERE profile = ?1 AND complete = 1)",
    )?;
    Ok(Counts {
        responses: responses.count,
        files: files.count,
        file_bytes: files.bytes,
        unsized_files: files.sizeless,
        is_mirrored: mirrored.query_row([disk.profile], |row| row.get(0))?,
        unsettled: unsettled.unsigned_abs(),
    })
}

/// Drops the rows that no batch has in hand. The journal keeps what it has on them.
pub(super) fn forget(disk: &Disk, rows: &[RowId]) -> Result<Vec<RowId>, StoreError> {
    let mut statement = disk.db.prepare_cached(&format!(
        "DELETE FROM resources WHERE row = ?1 AND profile = ?2 AND NOT {IN_HAND}"
    ))?;
    let mut uncite = disk.db.prepare_cached("DELETE FROM cites WHERE row = ?1")?;
    let mut dropped = Vec::new();
    for row in rows {
        if statement.execute(params![row.0, disk.profile])? > 0 {
            uncite.execute([row.0])?;
            dropped.push(*row);
        }
    }
    Ok(dropped)
}

/// Sets or lifts the protection of rows; returns those that are so now. What a batch has in hand
/// stays as it is: its protection would come too late.
pub(super) fn protect(
    disk: &Disk,
    rows: &[RowId],
    protected: bool,
) -> Result<Vec<RowId>, StoreError> {
    let mut statement = disk.db.prepare_cached(&format!(
        "UPDATE resources SET protected = ?1 WHERE row = ?2 AND profile = ?3 AND NOT {IN_HAND}"
    ))?;
    let mut done = Vec::new();
    for row in rows {
        if statement.execute(params![protected, row.0, disk.profile])? > 0 {
            done.push(*row);
        }
    }
    Ok(done)
}

/// Changes what the user wrote on rows; returns those that are in the ledger. What is so already is
/// not written.
pub(super) fn label(
    disk: &Disk,
    rows: &[RowId],
    labels: &Labels,
) -> Result<Vec<RowId>, StoreError> {
    let mut statement = disk
        .db
        .prepare_cached("UPDATE resources SET tags = ?1, note = ?2 WHERE row = ?3")?;
    let mut done = Vec::new();
    for row in rows {
        let Some(known) = load(disk, *row)? else {
            continue;
        };
        let mut resource = known.clone();
        let goes = |tag: &String| {
            labels
                .remove
                .iter()
                .any(|off| off.eq_ignore_ascii_case(tag))
        };
        resource.tags.retain(|tag| !goes(tag));
        merge_tags(&mut resource, &labels.add);
        if let Some(note) = &labels.note {
            resource.note = (!note.is_empty()).then(|| stored(note).into_owned());
        }
        if resource != known {
            let tags = codes::join_tags(&resource.tags);
            statement.execute(params![tags, resource.note, row.0])?;
        }
        done.push(*row);
    }
    Ok(done)
}

/// Notes which files a response was made with; `is_all`: and forgets those not among them.
pub(super) fn cite(
    disk: &Disk,
    row: RowId,
    files: &[ResourceId],
    is_all: bool,
) -> Result<(), StoreError> {
    if is_all {
        let named: HashSet<&str> = files.iter().map(ResourceId::as_str).collect();
        let mut known = disk.db.prepare_cached(
            "SELECT file FROM cites JOIN resources USING (row) WHERE row = ?1 AND profile = ?2",
        )?;
        let known = known.query_map(params![row.0, disk.profile], |row| row.get(0))?;
        let known: Vec<String> = known.collect::<Result<_, _>>()?;
        let mut uncite = disk
            .db
            .prepare_cached("DELETE FROM cites WHERE row = ?1 AND file = ?2")?;
        // One by one: mostly nothing has changed, and then nothing is written.
        for file in known.iter().filter(|file| !named.contains(file.as_str())) {
            uncite.execute(params![row.0, file])?;
        }
    }
    let mut statement = disk.db.prepare_cached(
        "INSERT OR IGNORE INTO cites (row, file)
         SELECT row, ?1 FROM resources WHERE row = ?2 AND profile = ?3 AND kind = 0",
    )?;
    for file in files {
        statement.execute(params![file.as_str(), row.0, disk.profile])?;
    }
    Ok(())
}

/// The service is about to be asked for something: not if the rows are another's by now.
pub(super) fn admit(disk: &Disk) -> Result<(), StoreError> {
    let service = disk.service.borrow();
    let (Some(service), false) = (&*service, disk.is_theirs.get()) else {
        return Ok(());
    };
    match profile_service(disk)? {
        Some(theirs) if theirs != service.base_url => Err(StoreError::OtherService { theirs }),
        theirs => {
            disk.is_theirs.set(theirs.is_some());
            Ok(())
        }
    }
}

/// The service's word is about to be written down: the rows are that service's from now on.
pub(super) fn claim(disk: &Disk) -> Result<(), StoreError> {
    admit(disk)?;
    if let Some(service) = &*disk.service.borrow()
        && service.claims
        && !disk.is_theirs.replace(true)
    {
        disk.db.execute(
            "UPDATE profiles SET service = ?2 WHERE profile = ?1",
            (disk.profile, &service.base_url),
        )?;
    }
    Ok(())
}

pub(super) fn profile_service(disk: &Disk) -> Result<Option<String>, StoreError> {
    let mut service = disk
        .db
        .prepare_cached("SELECT service FROM profiles WHERE profile = ?1")?;
    let service = service.query_row([disk.profile], |row| row.get(0));
    // A profile that has nothing yet has no row for a reader.
    Ok(service.optional()?.flatten())
}

pub(super) fn merge(
    disk: &Disk,
    row: RowId,
    facts: &Facts,
    now: Timestamp,
) -> Result<Resource, StoreError> {
    claim(disk)?;
    let known = load(disk, row)?.ok_or(StoreError::NoSuchRow(row))?;
    let mut resource = known.clone();
    merge_facts(&mut resource, facts);
    revive(&mut resource, facts, now);
    if resource != known {
        update(disk, row, &resource)?;
    }
    Ok(resource)
}

/// Believes a not-found that was the answer to a GET. A row that a batch has in hand is left to
/// it, and one that was in doubt gets its settlement.
pub(super) fn mark_gone(
    disk: &Disk,
    row: RowId,
    answer: &Answer,
    now: Timestamp,
) -> Result<State, StoreError> {
    claim(disk)?;
    let mut resource = load(disk, row)?.ok_or(StoreError::NoSuchRow(row))?;
    if resource.state.is_pending() || matches!(resource.state, State::Deleted | State::Gone) {
        return Ok(resource.state);
    }
    if resource.state == State::Unsettled {
        journal::settle_doubt(disk, &resource, answer, now)?;
    }
    resource.state = State::Gone;
    resource.settled_at = Some(now);
    resource.answer = None;
    update(disk, row, &resource)?;
    Ok(State::Gone)
}

pub(super) fn begin_sync(disk: &Disk, now: Timestamp) -> Result<SyncId, StoreError> {
    // The newest row tells what was known before better than a time could: clocks jump.
    let mut statement = disk.db.prepare_cached(
        "INSERT INTO syncs (profile, started_at, newest)
         SELECT ?1, ?2, coalesce(max(row), 0) FROM resources",
    )?;
    Ok(SyncId(statement.insert(params![disk.profile, Code(now)])?))
}

fn sync_start(disk: &Disk, sync: SyncId) -> Result<Timestamp, StoreError> {
    let mut statement = disk
        .db
        .prepare_cached("SELECT started_at FROM syncs WHERE sync = ?1")?;
    Ok(statement
        .query_row([sync.0], |row| row.get::<_, Code<_>>(0))?
        .0)
}

pub(super) fn sync_page(
    disk: &Disk,
    sync: SyncId,
    sightings: &[Sighting],
    now: Timestamp,
) -> Result<u64, StoreError> {
    claim(disk)?;
    let started = sync_start(disk, sync)?;
    // Two instances may sync at once; having been seen by the later one is good for both.
    let mut stamp = disk
        .db
        .prepare_cached("UPDATE resources SET sync = max(coalesce(sync, 0), ?1) WHERE row = ?2")?;
    let mut watch = Watch::new(disk, now)?;
    let mut new = 0;
    for sighting in sightings {
        let tracked = watch.see(sighting, Some(started))?;
        stamp.execute(params![sync.0, tracked.row.0])?;
        new += u64::from(tracked.is_new);
    }
    Ok(new)
}

/// Ends a sync. Only a complete listing says anything about what is not in it, and then only of files
/// that were known before it began. What is in doubt stays so: a GET settles it.
pub(super) fn finish_sync(
    disk: &Disk,
    sync: SyncId,
    complete: bool,
    now: Timestamp,
) -> Result<u64, StoreError> {
    disk.db
        .prepare_cached("UPDATE syncs SET finished_at = ?1, complete = ?2 WHERE sync = ?3")?
        .execute(params![Code(now), complete, sync.0])?;
    if !complete {
        return Ok(0);
    }
    let gone = format!(
        "UPDATE resources SET state = 4, settled_at = ?1, answer = NULL
         WHERE profile = ?2 AND kind = 1 AND state IN (0, 5, 6) AND NOT {} AND NOT {IN_HAND}
             AND row <= (SELECT newest FROM syncs WHERE sync = ?3) AND coalesce(sync, 0) < ?3",
        due(now.as_millisecond())
    );
    let gone = disk
        .db
        .execute(&gone, params![Code(now), disk.profile, sync.0])?;
    Ok(gone as u64)
}
