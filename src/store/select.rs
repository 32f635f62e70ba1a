//! A query as SQL. `Query::matches` is what its answers are held to, by a property test.
//!
//! Values are bound, never spliced; only keywords and numbers of ours are in the text.

use rusqlite::types::Value;

use crate::domain::{Cmp, FreeFirst, ListQuery, Sort, SortKey, State, Term, Test, Tombstones};

use super::codes::{self, AFTER_PART, BY_TAG};

/// A statement for the keys of the matching rows, and its values.
#[derive(Debug)]
pub(super) struct Select {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Select {
    pub(super) fn new(profile: i64, list: &ListQuery) -> Self {
        let mut select = Self::matching("row", profile, list);
        select.order(list);
        select
    }

    /// What can be deleted of those, with what a review adds up, in the same order.
    pub(super) fn to_review(profile: i64, list: &ListQuery) -> Self {
        let mut select = Self::matching("row, kind, bytes, protected", profile, list);
        // As in `enqueue`, an expired row counts: that it is gone is for the service to say.
        select.and(&format!("state NOT IN (3, 4) AND NOT {IN_HAND}"));
        select.order(list);
        select
    }

    /// The living of those, with what decides whether they may go, in the order in which they would.
    pub(super) fn to_free(profile: i64, list: &ListQuery, first: FreeFirst) -> Self {
        let busy = format!("state = 7 OR {IN_HAND}");
        let columns = format!("row, bytes, protected, {busy}");
        let mut select = Self::matching(&columns, profile, list);
        let due = due(list.now.as_millisecond());
        // A `state:` term asks for tombstones as well.
        select.and(&format!("state NOT IN (3, 4) AND NOT {due}"));
        select.sql.push_str(match first {
            // Of unknown age is not old.
            FreeFirst::Oldest => " ORDER BY created_at IS NULL, created_at, row",
            FreeFirst::Largest => " ORDER BY bytes DESC, created_at, row",
        });
        select
    }

    fn matching(columns: &str, profile: i64, list: &ListQuery) -> Self {
        let mut select = Self {
            sql: String::new(),
            values: Vec::new(),
        };
        let profile = select.bind(profile);
        select.sql = format!("SELECT {columns} FROM resources WHERE profile = {profile}");
        if let Some(kind) = list.kind {
            let kind = select.bind(codes::kind(kind));
            select.and(&format!("kind = {kind}"));
        }
        let now = list.now.as_millisecond();
        let due = due(now);
        if !list.query.asks_for_state() {
            match list.tombstones {
                Tombstones::Show => {}
                Tombstones::Hide => select.and(&format!("state NOT IN (3, 4) AND NOT {due}")),
                Tombstones::Since(since) => {
                    let since = select.bind(since.as_millisecond());
                    select.and(&format!(
                        "(state NOT IN (3, 4) OR coalesce(settled_at >= {since}, 0)) \
                         AND (NOT {due} OR expires_at >= {since})"
                    ));
                }
            }
        }
        for Term { negated, test } in &list.query.terms {
            if let (false, Test::Kind(kind)) = (negated, test) {
                // As it stands, so that the index serves it, and with it the order.
                select.and(&format!("kind = {}", codes::kind(*kind)));
                continue;
            }
            let test = select.test(test, now, list.now.as_second());
            // Unknown is no match, and no match negated is one.
            let not = if *negated { "NOT " } else { "" };
            select.and(&format!("{not}coalesce({test}, 0)"));
        }
        select
    }

    fn order(&mut self, list: &ListQuery) {
        let order = order(list.sort, &due(list.now.as_millisecond()));
        self.sql.push_str(" ORDER BY ");
        self.sql.push_str(&order);
    }

    fn and(&mut self, condition: &str) {
        self.sql.push_str(" AND ");
        self.sql.push_str(condition);
    }

    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    fn test(&mut self, test: &Test, now: i64, now_second: i64) -> String {
        match test {
            // No stored text has these; `hay` has, between its parts.
            Test::Word(part)
            | Test::Id(part)
            | Test::Name(part)
            | Test::Model(part)
            | Test::Tag(part)
            | Test::Note(part)
                if part.contains(codes::is_special) =>
            {
                "0".to_owned()
            }
            Test::Word(part) => self.in_hay(part).0,
            // The id comes first: if it has the part, the first place of the part is in it.
            Test::Id(part) => {
                let (at, _) = self.in_hay(part);
                let end = u32::from(AFTER_PART);
                format!("{at} AND {at} < instr(hay, char({end}))")
            }
            Test::Name(part) => self.within("name", part),
            Test::Model(part) => self.within("model", part),
            Test::Note(part) => self.within("note", part),
            Test::Kind(kind) => format!("kind = {}", codes::kind(*kind)),
            Test::State(State::Expired) => due(now),
            Test::State(State::Tracked) => {
                format!("state = 0 AND NOT {} AND NOT {IN_HAND}", due(now))
            }
            Test::State(State::Queued) => in_hand("IS NULL"),
            Test::State(State::Sending) => in_hand("IS NOT NULL"),
            Test::State(state) => {
                format!("state = {} AND NOT {IN_HAND}", codes::state(*state))
            }
            Test::Status(value) => self.is("status", value),
            Test::Purpose(value) => self.is("purpose", value),
            Test::Source(value) => self.is("source", value),
            Test::Tag(tag) if tag.is_empty() => "0".to_owned(),
            Test::Tag(tag) => self.in_hay(&format!("{BY_TAG}{tag}{BY_TAG}")).0,
            // Whole seconds on both sides, as `Query::matches` counts.
            Test::Age(cmp, seconds) => {
                let seconds = self.bind(*seconds);
                format!(
                    "{now_second} - created_at / 1000 {} {seconds}",
                    cmp.as_str()
                )
            }
            Test::Expires(cmp, seconds) => {
                let never = matches!(cmp, Cmp::Greater | Cmp::GreaterOrEqual);
                let seconds = self.bind(*seconds);
                format!(
                    "CASE expires_at WHEN -1 THEN {never} \
                     ELSE expires_at / 1000 - {now_second} {} {seconds} END",
                    cmp.as_str()
                )
            }
            Test::Size(cmp, bytes) => {
                let bytes = self.bind(i64::try_from(*bytes).unwrap_or(i64::MAX));
                format!("bytes {} {bytes}", cmp.as_str())
            }
        }
    }

    /// Where in `hay` the part is, 0 for nowhere; and the part.
    fn in_hay(&mut self, part: &str) -> (String, String) {
        let part = self.bind(part.to_ascii_lowercase());
        (format!("instr(hay, {part})"), part)
    }

    /// The index has `hay` but not the column; most rows are ruled out without a look at the table.
    fn within(&mut self, column: &str, part: &str) -> String {
        let (at, part) = self.in_hay(part);
        format!("{at} AND instr(lower({column}), {part})")
    }

    fn is(&mut self, column: &str, value: &str) -> String {
        let value = self.bind(value.to_owned());
        format!("{column} = {value} COLLATE NOCASE")
    }
}

/// A batch has the row in hand; its `state` is the one it had before.
pub(super) const IN_HAND: &str = "(row IN (SELECT row FROM queue))";

/// The service has dropped the resource by itself: `Resource::state_at` gives `expired`. Never NULL.
pub(super) fn due(now: i64) -> String {
    format!(
        "(state = 0 AND expires_at IS NOT NULL AND expires_at <> -1 AND expires_at <= {now} \
         AND NOT {IN_HAND})"
    )
}

fn in_hand(intended: &str) -> String {
    format!("row IN (SELECT row FROM queue WHERE intended_at {intended})")
}

fn order(sort: Sort, due: &str) -> String {
    let down = !sort.reversed;
    let direction = |down: bool| if down { "DESC" } else { "ASC" };
    let by = |key: &str, down: bool| {
        let direction = direction(down);
        format!("{key} {direction}, row {direction}")
    };
    match sort.key {
        SortKey::Created => by("created_at", down),
        SortKey::Expires => by(
            &format!(
                "CASE expires_at WHEN -1 THEN {} ELSE expires_at END",
                i64::MAX
            ),
            down,
        ),
        SortKey::Size => by("bytes", down),
        SortKey::State => by(
            &format!(
                "CASE WHEN {} THEN 1 WHEN {IN_HAND} THEN 2 WHEN {due} THEN 8 ELSE state END",
                in_hand("IS NULL")
            ),
            !down,
        ),
        // Without regard to case, like every comparison here; `hay` starts with the id.
        SortKey::Id => by("hay", !down),
        // What has no name comes last, as it does in the other orders.
        SortKey::Name => {
            let name = "(CASE kind WHEN 0 THEN model ELSE name END)";
            let last = direction(!down);
            by(
                &format!("{name} IS NULL {last}, {name} COLLATE NOCASE"),
                !down,
            )
        }
    }
}
