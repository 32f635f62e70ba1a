//! `arkdeck forget`: rows out of the ledger. Nothing is deleted on the service.

use super::args::Ids;
use super::context::{Context, Exit, Failure};
use super::ids;

pub(super) async fn run(args: Ids, context: &mut Context) -> Result<Exit, Failure> {
    let (ledger, named) = ids::read(context, &args).await?;
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
    let pending = context.words.text("forget-pending").into_owned();
    Ok(ids::tell(
        context,
        &resources,
        &dropped,
        &pending,
        &named.unknown,
    ))
}
