//! `arkdeck plan`: what a deletion would delete, frozen in a file. Sends nothing.

use std::io;

use jiff::Timestamp;

use crate::domain::visible;

use super::args::Plan;
use super::context::{Context, Exit, Failure};
use super::planfile::{Draft, Head, Item};
use super::selection::Chosen;
use super::wanted::Wanted;

pub(super) async fn run(args: Plan, context: &mut Context) -> Result<Exit, Failure> {
    let wanted = Wanted::read(context, &args.choice, args.room)?;
    let ledger = context.ledger().await?;
    let selection = wanted.select(context, &ledger).await?;
    selection.note_freed(context);
    let profile = &context.settings()?.profile;
    let now = Timestamp::now();
    let head = Head {
        made_at: now,
        profile: profile.name.clone(),
        base_url: profile.base_url.to_string(),
        filter: args.choice.filter,
        total: selection.total(),
    };
    let file = visible(&args.out.to_string_lossy()).into_owned();
    let failed = |context: &Context, error: io::Error| {
        let text = if error.kind() == io::ErrorKind::AlreadyExists {
            let args = [("file", file.as_str().into())];
            context.words.with("plan-exists", &args)
        } else {
            let args = [
                ("file", file.as_str().into()),
                ("error", error.to_string().into()),
            ];
            context.words.with("plan-unwritable", &args)
        };
        Failure::Refused(text)
    };
    let mut draft = Draft::begin(&args.out, head).map_err(|error| failed(context, error))?;
    selection
        .each(context, &ledger, |context, chosen| {
            let item = match chosen {
                Chosen::Known(resource) => Item::known(resource, now),
                Chosen::New(kind, id) => Item::new(kind, id),
            };
            draft.item(item).map_err(|error| failed(context, error))
        })
        .await?;
    draft
        .keep(&args.out)
        .map_err(|error| failed(context, error))?;
    let totals = selection.totals(&context.words);
    context.streams.notes.line(&totals);
    selection.note_cited(context, &ledger).await?;
    selection.note_protected(context);
    if selection.skipped() > 0 {
        let args = [("count", selection.skipped().into())];
        let text = context.words.with("plan-skipped", &args);
        context.streams.notes.line(&text);
    }
    let args = [
        ("file", file.as_str().into()),
        ("count", selection.total().into()),
    ];
    let text = context.words.with("plan-made", &args);
    context.streams.notes.line(&text);
    Ok(if selection.is_enough() {
        Exit::Done
    } else {
        Exit::Partly
    })
}
