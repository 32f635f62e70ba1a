//! `arkdeck apply`: deletes what a plan names and can still be deleted, and nothing else.
//!
//! The filter of the plan is not asked again: what would match it now was not reviewed.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::visible;

use super::args::Apply;
use super::context::{Context, Exit, Failure};
use super::delete::delete;
use super::planfile::{self, Head, PlanError};
use super::selection::Selection;
use super::work;

/// How far a plan may be ahead of this machine's clock.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

pub(super) async fn run(args: Apply, context: &mut Context) -> Result<Exit, Failure> {
    work::refuse_read_only(context)?;
    let (head, items) =
        planfile::read(&args.file).map_err(|error| refused(context, &args.file, &error))?;
    check(context, &head, args.max_age)?;
    let struck = head.total.saturating_sub(items.len() as u64);
    if struck > 0 {
        let args = [("count", struck.into())];
        let text = context.words.with("apply-struck", &args);
        context.streams.notes.line(&text);
    }
    let ledger = context.ledger().await?;
    let named = items.into_iter().map(|item| (Some(item.kind), item.id));
    let selection = Selection::named(context, &ledger, named.collect()).await?;
    delete(context, ledger, selection, args.manner).await
}

/// It is for this profile and service, and not too old.
fn check(context: &Context, head: &Head, max_age: Duration) -> Result<(), Failure> {
    let profile = &context.settings()?.profile;
    let base_url = profile.base_url.to_string();
    if (&head.profile, &head.base_url) != (&profile.name, &base_url) {
        let args = [
            ("profile", visible(&head.profile).into()),
            ("host", visible(&head.base_url).into()),
            ("current", visible(&profile.name).into()),
            ("here", visible(&base_url).into()),
        ];
        return Err(Failure::Refused(
            context.words.with("apply-elsewhere", &args),
        ));
    }
    let age = Timestamp::now().duration_since(head.made_at);
    if age < -AHEAD {
        let args = [("at", head.made_at.to_string().into())];
        return Err(Failure::Refused(context.words.with("apply-ahead", &args)));
    }
    if Duration::try_from(age).is_ok_and(|age| age > max_age) {
        let limit = i64::try_from(max_age.as_secs()).unwrap_or(i64::MAX);
        let args = [
            ("age", context.words.span(age.as_secs()).into()),
            ("limit", context.words.span(limit).into()),
        ];
        return Err(Failure::Refused(context.words.with("apply-stale", &args)));
    }
    Ok(())
}

fn refused(context: &Context, file: &Path, error: &PlanError) -> Failure {
    let file = visible(&file.to_string_lossy()).into_owned();
    let with = |key: &str, name: &str, what: String| {
        let args = [("file", file.as_str().into()), (name, what.into())];
        context.words.with(key, &args)
    };
    match error {
        PlanError::Unreadable(error) => {
            Failure::Usage(with("apply-unreadable", "error", error.to_string()))
        }
        PlanError::Malformed(error) => {
            let error = visible(&error.to_string()).into_owned();
            Failure::Refused(with("apply-malformed", "error", error))
        }
        PlanError::Newer { found } => {
            Failure::Refused(with("apply-newer", "found", found.to_string()))
        }
        PlanError::Edited { id } => Failure::Refused(with("apply-edited", "id", id.to_string())),
    }
}
