//! `arkdeck tag`: what the user writes on rows. It stays in the ledger; nothing is sent.

use crate::domain::{Labels, RowId};
use crate::store::Ledger;

use super::args::Tag;
use super::context::{Context, Exit, Failure};
use super::ids::{self, CHUNK, Typed};
use super::list::parse_choice;

/// Prints the ids that are so now. What is to get a tag or a note and is unknown is tracked first, as
/// with `protect`.
pub(super) async fn run(args: Tag, context: &mut Context) -> Result<Exit, Failure> {
    let labels = Labels {
        add: args.add,
        remove: args.remove,
        note: args.note,
    };
    let missing = match () {
        () if labels.is_empty() => Some("tag-no-change"),
        () if args.ids.is_empty() && args.filter.is_none() => Some("tag-nothing"),
        () => None,
    };
    if let Some(key) = missing {
        return Err(Failure::Usage(context.words.text(key).into_owned()));
    }
    let query = match &args.filter {
        Some(filter) => Some(parse_choice(&context.words, filter)?),
        None => None,
    };
    let ids = args.ids.iter();
    let ids = ids.map(|text| ids::typed(&context.words, text, args.kind));
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    let ledger = context.ledger().await?;
    let (rows, unknown) = match query {
        Some(query) => (
            ids::matching(context, &ledger, query, args.kind).await?,
            Vec::new(),
        ),
        None => named(context, &ledger, ids, &labels).await?,
    };
    for rows in rows.chunks(CHUNK) {
        let done = ledger
            .label(rows.to_vec(), labels.clone())
            .await
            .map_err(|e| context.store_failure(&e))?;
        let resources = ledger
            .rows(rows.to_vec())
            .await
            .map_err(|e| context.store_failure(&e))?;
        // What is not done was forgotten meanwhile, and is not among these.
        ids::tell(context, &resources, &done, "", &[]);
    }
    Ok(ids::tell(context, &[], &[], "", &unknown))
}

/// The rows of ids, and the ids that have none and need none.
async fn named(
    context: &Context,
    ledger: &Ledger,
    ids: Vec<Typed>,
    labels: &Labels,
) -> Result<(Vec<RowId>, Vec<Typed>), Failure> {
    let mut named = ids::look_up(context, ledger, ids).await?;
    let takes_something =
        !labels.add.is_empty() || labels.note.as_ref().is_some_and(|n| !n.is_empty());
    if takes_something {
        named.track(context, ledger).await?;
    }
    Ok((named.rows, named.unknown))
}
