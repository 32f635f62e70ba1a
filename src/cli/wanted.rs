//! What is to be deleted or planned, as the command line names it: ids, a list of them, a filter, or
//! some room to be freed.

use std::io::BufRead;

use jiff::Timestamp;

use crate::domain::{FreeFirst, FreeQuery, Kind, Query, ResourceId};
use crate::store::Ledger;

use super::args::{Choice, Room};
use super::context::{Context, Failure};
use super::ids::{self, Line};
use super::list::parse_choice;
use super::selection::Selection;

/// Understood, and not yet looked up.
pub(super) enum Wanted {
    Matching(Query),
    Freeing(FreeQuery),
    Named(Vec<(Option<Kind>, ResourceId)>),
}

impl Wanted {
    /// `-` among the ids reads more of them from standard input.
    pub(super) fn read(
        context: &mut Context,
        choice: &Choice,
        room: Room,
    ) -> Result<Self, Failure> {
        let query = choice.filter.as_deref();
        let query = query.map(|text| parse_choice(&context.words, text));
        let query = query.transpose()?;
        if let Some(bytes) = room.free {
            return Ok(Self::Freeing(FreeQuery {
                query: query.unwrap_or_default(),
                bytes,
                first: if room.largest {
                    FreeFirst::Largest
                } else {
                    FreeFirst::Oldest
                },
                now: Timestamp::now(),
            }));
        }
        if let Some(query) = query {
            return Ok(Self::Matching(query));
        }
        if choice.ids.is_empty() {
            let text = context.words.text("delete-nothing").into_owned();
            return Err(Failure::Usage(text));
        }
        Ok(Self::Named(read_ids(context, &choice.ids, choice.kind)?))
    }

    pub(super) async fn select(
        self,
        context: &Context,
        ledger: &Ledger,
    ) -> Result<Selection, Failure> {
        match self {
            Self::Matching(query) => Selection::matching(context, ledger, query).await,
            Self::Freeing(asked) => Selection::freeing(context, ledger, asked).await,
            Self::Named(typed) => Selection::named(context, ledger, typed).await,
        }
    }
}

/// The ids of the arguments, and for `-` those on standard input: one a line, and nothing else on it,
/// because what is deleted from a list should be what stands in the list.
fn read_ids(
    context: &mut Context,
    ids: &[String],
    kind: Option<Kind>,
) -> Result<Vec<(Option<Kind>, ResourceId)>, Failure> {
    let mut typed = Vec::new();
    for text in ids {
        if text != "-" {
            typed.push(ids::typed(&context.words, text, kind)?);
            continue;
        }
        let input: &mut dyn BufRead = &mut *context.streams.input;
        loop {
            let line = ids::next_line(input).map_err(|error| {
                let name = context.words.text("add-stdin").into_owned();
                let error = context.words.unreadable(&error.into());
                let args = [("name", name.into()), ("error", error.into())];
                Failure::Usage(context.words.with("add-unreadable", &args))
            })?;
            match line {
                None => break,
                Some(Line::Text(line)) if line.trim().is_empty() => {}
                Some(Line::Text(line)) => {
                    typed.push(ids::typed(&context.words, &line, kind)?);
                }
                Some(Line::TooLong) => {
                    let text = context.words.text("add-line-too-long").into_owned();
                    return Err(Failure::Usage(text));
                }
            }
        }
    }
    Ok(typed)
}
