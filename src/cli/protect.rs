//! `arkdeck protect` and `arkdeck unprotect`: what no batch takes, whoever asks.

use super::args::Ids;
use super::context::{Context, Exit, Failure};
use super::ids;

/// Prints the ids that are so now. What is to be protected and unknown is tracked first: it is what
/// a script protects that matters, not what happens to be in the ledger.
pub(super) async fn run(
    args: Ids,
    protected: bool,
    context: &mut Context,
) -> Result<Exit, Failure> {
    let (ledger, mut named) = ids::read(context, &args).await?;
    if protected {
        named.track(context, &ledger).await?;
    }
    let done = ledger
        .protect(named.rows.clone(), protected)
        .await
        .map_err(|e| context.store_failure(&e))?;
    let resources = ledger
        .rows(named.rows)
        .await
        .map_err(|e| context.store_failure(&e))?;
    let pending = context.words.text("protect-pending").into_owned();
    Ok(ids::tell(
        context,
        &resources,
        &done,
        &pending,
        &named.unknown,
    ))
}
