//! `arkdeck protect` and `arkdeck unprotect`: what no batch takes, whoever asks.

use jiff::Timestamp;

use crate::domain::{Facts, Sighting, Source};

use super::args::Protect;
use super::context::{Context, Exit, Failure};
use super::ids;
use super::output::print;

/// Prints the ids that are so now. What is to be protected and unknown is tracked first: it is what
/// a script protects that matters, not what happens to be in the ledger.
pub(super) async fn run(
    args: Protect,
    protected: bool,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let typed: Result<Vec<_>, _> = args
        .ids
        .iter()
        .map(|text| ids::typed(&context.words, text, args.kind))
        .collect();
    let ledger = context.ledger().await?;
    let mut named = ids::look_up(context, &ledger, typed?).await?;
    if protected {
        if let Some(failure) = named.needs_kind(&context.words) {
            return Err(failure);
        }
        let sightings = std::mem::take(&mut named.unknown).into_iter();
        let sightings = sightings.filter_map(|(kind, id)| {
            Some(Sighting {
                kind: kind?,
                id,
                source: Source::Hand,
                tags: Vec::new(),
                facts: Facts::default(),
            })
        });
        let tracked = ledger
            .track(sightings.collect(), Timestamp::now())
            .await
            .map_err(|e| context.store_failure(&e))?;
        named.rows.extend(tracked.into_iter().map(|each| each.row));
    }
    let done = ledger
        .protect(named.rows.clone(), protected)
        .await
        .map_err(|e| context.store_failure(&e))?;
    let resources = ledger
        .rows(named.rows)
        .await
        .map_err(|e| context.store_failure(&e))?;
    let mut exit = Exit::Done;
    for resource in &resources {
        if done.contains(&resource.row) {
            print(&mut context.streams.results, resource.id.as_str());
        } else {
            exit = Exit::Partly;
            let reason = context.words.text("protect-pending").into_owned();
            context.note_about(resource.id.as_str(), &reason);
        }
    }
    // Nothing protects what is not in the ledger: what was asked is so.
    for (_, id) in &named.unknown {
        let reason = context.words.text("forget-unknown").into_owned();
        context.note_about(id.as_str(), &reason);
    }
    Ok(exit)
}
