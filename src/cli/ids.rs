//! Ids from the command line, from files and from standard input, and the ledger rows they name.

use std::collections::HashSet;
use std::io::{self, BufRead, Read};

use jiff::Timestamp;

use crate::domain::{
    Facts, Kind, ListQuery, Query, Resource, ResourceId, RowId, Sighting, Sort, Source, Tombstones,
    visible,
};
use crate::locale::Catalogue;
use crate::store::Ledger;

use super::args::Ids;
use super::context::{Context, Exit, Failure};
use super::output::print;

/// How many ids go to the ledger at a time: a long list costs no more memory than this many.
pub(super) const CHUNK: usize = 1_000;

/// The longest line that is looked at. Log lines are long; one without end is no list.
const MAX_LINE: u64 = 1 << 20;

/// A line of a list.
pub(super) enum Line {
    Text(String),
    TooLong,
}

/// The next line, without its end; `None` when there are no more. What is not UTF-8 in it becomes
/// U+FFFD, which no id contains.
pub(super) fn next_line(input: &mut dyn BufRead) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let read = input.take(MAX_LINE).read_until(b'\n', &mut line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 == MAX_LINE {
        input.skip_until(b'\n')?;
        return Ok(Some(Line::TooLong));
    }
    Ok(Some(Line::Text(
        String::from_utf8_lossy(&line).into_owned(),
    )))
}

/// An id as typed, and the kind that `--kind` gives.
pub(super) type Typed = (Option<Kind>, ResourceId);

/// A single id as typed.
pub(super) fn typed(words: &Catalogue, text: &str, kind: Option<Kind>) -> Result<Typed, Failure> {
    match ResourceId::new(text.trim()) {
        Ok(id) => Ok((kind, id)),
        Err(error) => {
            let reason = words.id_error(&error);
            Err(Failure::Usage(format!("{}: {reason}", visible(text))))
        }
    }
}

/// Ids and the rows they have.
#[derive(Debug, Default)]
pub(super) struct Named {
    pub rows: Vec<RowId>,
    /// Not in the ledger; the kind is `None` if nothing tells it.
    pub unknown: Vec<(Option<Kind>, ResourceId)>,
}

impl Named {
    /// The first id whose kind nobody knows, as a failure.
    pub(super) fn needs_kind(&self, words: &Catalogue) -> Option<Failure> {
        let (_, id) = self.unknown.iter().find(|(kind, _)| kind.is_none())?;
        Some(needs_kind(words, id))
    }

    /// Puts what is unknown into the ledger.
    pub(super) async fn track(
        &mut self,
        context: &Context,
        ledger: &Ledger,
    ) -> Result<(), Failure> {
        if let Some(failure) = self.needs_kind(&context.words) {
            return Err(failure);
        }
        let unknown = std::mem::take(&mut self.unknown).into_iter();
        let unknown = unknown.filter_map(|(kind, id)| Some((kind?, id)));
        self.rows.extend(track(context, ledger, unknown).await?);
        Ok(())
    }
}

/// Puts ids that were typed into the ledger.
pub(super) async fn track(
    context: &Context,
    ledger: &Ledger,
    ids: impl Iterator<Item = (Kind, ResourceId)>,
) -> Result<Vec<RowId>, Failure> {
    let sightings = ids.map(|(kind, id)| Sighting {
        kind,
        id,
        source: Source::Hand,
        tags: Vec::new(),
        facts: Facts::default(),
    });
    let tracked = ledger
        .track(sightings.collect(), Timestamp::now())
        .await
        .map_err(|e| context.store_failure(&e))?;
    Ok(tracked.into_iter().map(|tracked| tracked.row).collect())
}

/// What there still is that matches.
pub(super) async fn matching(
    context: &Context,
    ledger: &Ledger,
    query: Query,
    kind: Option<Kind>,
) -> Result<Vec<RowId>, Failure> {
    let listing = ledger
        .listing(matching_list(query, kind))
        .await
        .map_err(|e| context.store_failure(&e))?;
    Ok(listing.rows)
}

/// What [`matching`] asks for.
pub(super) fn matching_list(query: Query, kind: Option<Kind>) -> ListQuery {
    ListQuery {
        kind,
        query,
        sort: Sort::default(),
        tombstones: Tombstones::Hide,
        now: Timestamp::now(),
    }
}

pub(super) fn needs_kind(words: &Catalogue, id: &ResourceId) -> Failure {
    let text = words.with("ids-need-kind", &[("id", id.as_str().into())]);
    Failure::Usage(text)
}

/// Looks up what was typed.
pub(super) async fn read(context: &mut Context, args: &Ids) -> Result<(Ledger, Named), Failure> {
    let ids = args.ids.iter();
    let ids = ids.map(|text| typed(&context.words, text, args.kind));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let ledger = context.ledger().await?;
    let named = look_up(context, &ledger, ids).await?;
    Ok((ledger, named))
}

/// Prints the ids of what is `done`, and says why the rest of `resources` is not. What is not in the
/// ledger needs nothing done there: what was asked is so.
pub(super) fn tell(
    context: &mut Context,
    resources: &[Resource],
    done: &[RowId],
    why_not: &str,
    unknown: &[Typed],
) -> Exit {
    let mut exit = Exit::Done;
    for resource in resources {
        if done.contains(&resource.row) {
            print(&mut context.streams.results, resource.id.as_str());
        } else {
            exit = Exit::Partly;
            context.note_about(resource.id.as_str(), why_not);
        }
    }
    let reason = context.words.text("forget-unknown").into_owned();
    for (_, id) in unknown {
        context.note_about(id.as_str(), &reason);
    }
    exit
}

/// Looks ids up, each once. What the ledger has is of the kind it has it as, whatever its prefix, which
/// other vendors' servers may use otherwise; the prefix tells the kind of what the ledger does not
/// have, and `--kind` where the prefix does not. An id that is both a response's and a file's is a
/// question of `--kind`, or else of the prefix.
pub(super) async fn look_up(
    context: &Context,
    ledger: &Ledger,
    ids: Vec<Typed>,
) -> Result<Named, Failure> {
    let mut named = Named::default();
    let mut seen_rows = HashSet::new();
    let mut seen_ids = HashSet::new();
    for chunk in ids.chunks(CHUNK) {
        let any = chunk.iter().map(|(kind, id)| {
            // Without a prefix, `--kind` is all there is to go by.
            let kind = kind.filter(|_| id.kind().is_none());
            (kind, id.clone())
        });
        let found = find(context, ledger, any.collect()).await?;
        for ((kind, id), mut rows) in chunk.iter().zip(found) {
            if rows.len() > 1 {
                let Some(kind) = kind.or(id.kind()) else {
                    return Err(needs_kind(&context.words, id));
                };
                rows = find(context, ledger, vec![(Some(kind), id.clone())])
                    .await?
                    .concat();
            }
            let kind = id.kind().or(*kind);
            if rows.is_empty() && seen_ids.insert((kind, id.clone())) {
                named.unknown.push((kind, id.clone()));
            }
            named
                .rows
                .extend(rows.into_iter().filter(|row| seen_rows.insert(*row)));
        }
    }
    Ok(named)
}

async fn find(
    context: &Context,
    ledger: &Ledger,
    ids: Vec<Typed>,
) -> Result<Vec<Vec<RowId>>, Failure> {
    let found = ledger.find(ids).await;
    found.map_err(|e| context.store_failure(&e))
}
