//! `arkdeck forget`: rows out of the ledger. Nothing is deleted on the service.

use super::args::Forget;
use super::context::{Context, Exit, Failure};
use super::ids;
use super::output::print;

pub(super) async fn run(args: Forget, context: &mut Context) -> Result<Exit, Failure> {
    let typed: Result<Vec<_>, _> = args
        .ids
        .iter()
        .map(|text| ids::typed(&context.words, text, args.kind))
        .collect();
    let ledger = context.ledger().await?;
    let named = ids::look_up(context, &ledger, typed?).await?;
    // The ids, before they are forgotten.
    let resources = ledger
        .rows(named.rows)
        .await
        .map_err(|e| context.store_failure(&e))?;
    let rows = resources.iter().map(|resource| resource.row).collect();
    let dropped = ledger
        .forget(rows)
        .await
        .map_err(|e| context.store_failure(&e))?;
    let mut exit = Exit::Done;
    for resource in &resources {
        if dropped.contains(&resource.row) {
            print(&mut context.streams.results, resource.id.as_str());
        } else {
            exit = Exit::Partly;
            let reason = context.words.text("forget-pending").into_owned();
            context.note_about(resource.id.as_str(), &reason);
        }
    }
    // It is not in the ledger: what was asked is so.
    for (_, id) in &named.unknown {
        let reason = context.words.text("forget-unknown").into_owned();
        context.note_about(id.as_str(), &reason);
    }
    Ok(exit)
}
