//! Lines of the responses' pane while they stand as trees.

use crate::app::{Stem, Walk};
use crate::domain::{Resource, RowId, visible};

use super::Screen;
use super::details::created;
use super::text::{cut_middle, width};
use super::theme::glyph;

/// Where the columns are that a tree changes, among those on the screen: no other is ever left of them.
pub(super) const ID: usize = 1;
pub(super) const ABOUT: usize = 2;

/// The rank of the latter, and the room for what a chain adds up to.
pub(super) const RANK: u8 = 2;
pub(super) const LEAST: usize = 24;

/// Levels that are told apart; further in, all stand alike.
const DEEPEST: usize = 8;

/// The id behind its place in the tree.
pub(super) fn id(stem: Stem<'_>, id: &str, room: usize) -> String {
    let mark = match (stem.folded, stem.is_open, stem.depth) {
        (Some(_), _, _) => "▸",
        (None, true, _) => "▾",
        (None, false, 0) => " ",
        (None, false, _) => "·",
    };
    // It goes on above, where the listing does not.
    let above = if stem.hidden.is_some() { "↑" } else { " " };
    // Where there is little room, the id matters more than its level.
    let depth = stem.depth.min(DEEPEST).min(room / 6);
    let place = "  ".repeat(depth) + mark + above;
    let room = room.saturating_sub(width(&place));
    place + &cut_middle(id, room)
}

/// What is folded away in a line.
pub(super) fn summary(screen: Screen<'_>, stem: Stem<'_>) -> String {
    let words = screen.words;
    let turns = stem.folded.unwrap_or(1);
    let turns = words.with("chain-turns", &[("count", turns.into())]);
    let Some(weight) = stem.weight else {
        return turns;
    };
    let key = match weight.untold {
        0 => "chain-tokens",
        _ => "chain-tokens-at-least",
    };
    let tokens = words.with(key, &[("count", weight.tokens.into())]);
    format!("{turns} · {tokens}")
}

/// What a line says beyond its row.
pub(super) fn fields(screen: Screen<'_>, stem: Stem<'_>) -> Vec<(String, String)> {
    let words = screen.words;
    let mut fields = Vec::new();
    if let Some(unknown) = stem.unknown {
        let (state, note) = state_of(screen, unknown);
        let name = |key| words.text(key).into_owned();
        fields.push((name("field-id"), visible(unknown).into_owned()));
        fields.push((
            name("field-state"),
            format!("{} ({})", name(state), name(note)),
        ));
    }
    if stem.folded.is_some() {
        let name = words.text("chain-folded").into_owned();
        fields.push((name, summary(screen, stem)));
    }
    if let Some(created) = latest(screen, stem).and_then(|it| created(screen, it)) {
        let name = words.text("chain-latest").into_owned();
        fields.push((name, created));
    }
    if let Some(hidden) = stem.hidden {
        let name = words.text("chain-before").into_owned();
        fields.push((name, why_hidden(screen, hidden)));
    }
    fields
}

/// The turn that was made last of those that a line stands for, if there are several.
pub(super) fn latest<'a>(screen: Screen<'a>, stem: Stem<'_>) -> Option<&'a Resource> {
    stem.folded?;
    screen.app.row(stem.weight?.latest?)
}

/// Why a turn that the ledger has is not in the listing.
fn why_hidden(screen: Screen<'_>, row: RowId) -> String {
    let Screen { app, words, .. } = screen;
    let state = app.row(row).map(|it| it.state_at(app.now));
    match state.filter(|state| state.is_tombstone()) {
        Some(state) if !app.responses.shows_tombstones() => {
            let state = format!("{} {}", glyph(state), words.state(state));
            words.with("chain-hidden-tombstone", &[("state", state.into())])
        }
        _ => words.text("chain-hidden").into_owned(),
    }
}

/// How it stands with a response that is not in the ledger, and what can be done about it.
fn state_of(screen: Screen<'_>, id: &str) -> (&'static str, &'static str) {
    match screen.app.walk(id) {
        None => ("chain-unknown", "chain-look"),
        Some(Walk::Asked(_)) => ("chain-unknown", "chain-asked"),
        Some(Walk::Gone) => ("chain-gone", "chain-gone-note"),
        Some(Walk::NoId) => ("chain-unknown", "chain-no-id"),
    }
}

/// The same where a key goes to the turn before.
pub(super) fn unknown_turn(screen: Screen<'_>, id: &str) -> &'static str {
    match state_of(screen, id) {
        (_, "chain-look") => "chain-look-back",
        (_, note) => note,
    }
}

/// A cell of a line that stands for what is not in the ledger.
pub(super) fn unknown(screen: Screen<'_>, stem: Stem<'_>, at: usize, room: usize) -> String {
    let words = screen.words;
    let name = stem.unknown.unwrap_or_default();
    let (state, note) = state_of(screen, name);
    match at {
        0 => words.text(state).into_owned(),
        ID => id(stem, &visible(name), room),
        ABOUT => {
            let note = words.text(note);
            let turns = stem.folded.map(|_| summary(screen, stem));
            turns.map_or_else(|| note.to_string(), |turns| format!("{note} · {turns}"))
        }
        _ => String::new(),
    }
}
