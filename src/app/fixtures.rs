//! A screen full of resources at a fixed time, for tests of the logic and of the views.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::domain::{
    Answer, Cause, Expiry, Facts, Forest, Kind, Link, Listing, Resource, ResourceId, RowId, Source,
    State, Turns, Usage, Weight,
};

use super::{Action, App, Effect, Message, Session, update};

pub(crate) fn now() -> Timestamp {
    "2026-11-21T10:15:00Z".parse().unwrap()
}

pub(crate) fn session() -> Session {
    Session {
        profile: "default".into(),
        host: "ark.cn-beijing.volces.com".into(),
        base_url: "https://ark.cn-beijing.volces.com/api/v3".into(),
        demo: false,
        refusal: None,
        protected: false,
        max_batch: None,
        quota: Some(crate::domain::QUOTA),
        undo: Duration::from_secs(5),
        began: now(),
    }
}

pub(crate) fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

pub(crate) fn response(row: i64, state: State) -> Resource {
    let age = row * 4_000;
    let id = format!(
        "resp_02{}{:038x}",
        ago(age).as_millisecond(),
        row * 0x00ab_cdef
    );
    Resource {
        row: RowId(row),
        kind: Kind::Response,
        id: ResourceId::new(&id).unwrap(),
        state,
        facts: Facts {
            model: Some("doubao-seed-2-0-lite-260215".into()),
            status: Some("completed".into()),
            created_at: Some(ago(age)),
            expires_at: Some(Expiry::At(ago(age - 259_200))),
            usage: Some(Usage {
                input: 50,
                output: 19,
                total: 69,
                cached: 0,
            }),
            ..Facts::default()
        },
        created_approx: row % 2 == 0,
        tags: vec!["test".into()],
        note: None,
        source: Source::Hand,
        protected: false,
        tracked_at: ago(60),
        settled_at: None,
        answer: None,
    }
}

pub(crate) fn file(row: i64, name: &str, bytes: u64, state: State) -> Resource {
    let id = format!("file-20261121{:06}-k3v{:02}", 101_500 + row % 59, row % 100);
    Resource {
        row: RowId(row),
        kind: Kind::File,
        id: ResourceId::new(&id).unwrap(),
        state,
        facts: Facts {
            name: Some(name.into()),
            bytes: Some(bytes),
            status: Some("active".into()),
            purpose: Some("user_data".into()),
            mime_type: Some("video/mp4".into()),
            created_at: Some(ago(row * 900)),
            expires_at: Some(if row % 3 == 0 {
                Expiry::Never
            } else {
                Expiry::At(ago(-row * 40_000))
            }),
            ..Facts::default()
        },
        created_approx: false,
        tags: Vec::new(),
        note: None,
        source: Source::Sync,
        protected: false,
        tracked_at: ago(60),
        settled_at: None,
        answer: None,
    }
}

pub(crate) fn failed(mut resource: Resource) -> Resource {
    resource.state = State::Failed;
    resource.answer = Some(Answer {
        attempts: 4,
        status: Some(503),
        code: Some("InternalServiceError".into()),
        message: Some("The service is overloaded. Request id: 0217".into()),
        request_id: Some("0217".into()),
        cause: Some(Cause::Exhausted),
        ..Answer::default()
    });
    resource
}

/// Rows of both kinds in a few states; files with names that are hard to show.
pub(crate) fn resources() -> Vec<Resource> {
    let mut rows: Vec<Resource> = (1..=12).map(|n| response(n, State::Tracked)).collect();
    rows[2].state = State::Deleted;
    rows[3] = failed(rows[3].clone());
    rows[4].state = State::Unsettled;
    rows[1].note = Some("ask \u{202e}Li before".into());
    rows.push(file(101, "demo.mp4", 695_110, State::Tracked));
    rows.push(file(
        102,
        "季度报告 终稿（最终版）.pdf",
        12_500_000,
        State::Tracked,
    ));
    rows.push(file(
        103,
        "evil\u{1b}[2J\u{202e}gpj.exe",
        1_000,
        State::Tracked,
    ));
    rows.push(file(
        104,
        "👩\u{200d}👩\u{200d}👧 family.mov",
        2_000_000_000,
        State::Gone,
    ));
    rows
}

/// A program that has just come up with `rows`, with every question to the ledger answered.
pub(crate) fn app_with(session: Session, rows: &[Resource], width: u16, height: u16) -> App {
    let mut app = App::new(session, width, height);
    let effects = app.start();
    answer(&mut app, effects, rows);
    app
}

/// Responses that continue one another, newest first: a talk of four turns (1 to 4), one that branches
/// (5 and 6 continue 7), two whose beginning is not in the ledger (8 and 9), circles (10 itself, 11 and 12).
pub(crate) fn chained() -> Vec<Resource> {
    let mut rows: Vec<Resource> = (1..=12).map(|n| response(n, State::Tracked)).collect();
    let ids: Vec<String> = rows.iter().map(|row| row.id.to_string()).collect();
    let continues = [
        (1, 2),
        (2, 3),
        (3, 4),
        (5, 7),
        (6, 7),
        (10, 10),
        (11, 12),
        (12, 11),
    ];
    for (row, previous) in continues {
        rows[row - 1].facts.previous_response_id = Some(ids[previous - 1].clone());
    }
    for row in [8, 9] {
        rows[row - 1].facts.previous_response_id = Some("resp_lost".into());
    }
    rows[5].facts.usage = None;
    rows
}

/// What each response continues.
fn links(rows: &[Resource]) -> Vec<(RowId, Link)> {
    let link = |row: &Resource| {
        let previous = row.facts.previous_response_id.clone()?;
        let known = rows.iter().find(|other| other.id.as_str() == previous);
        let link = known.map_or(Link::Unknown(previous), |known| Link::Row(known.row));
        Some((row.row, link))
    };
    rows.iter().filter_map(link).collect()
}

fn turns(rows: &[Resource], row: RowId, previous: Option<String>) -> Turns {
    let resource = rows.iter().find(|it| it.row == row);
    let continuing = |id: &str| {
        let previous = |it: &&Resource| it.facts.previous_response_id.as_deref() == Some(id);
        // Oldest first.
        let rows = rows.iter().rev().filter(previous).map(|it| it.row);
        rows.collect::<Vec<_>>()
    };
    let known = || resource?.facts.previous_response_id.clone();
    let previous = previous.or_else(known);
    let link = |id: &String| {
        let earlier = rows.iter().find(|it| it.id.as_str() == id);
        earlier.map_or(Link::Unknown(id.clone()), |it| Link::Row(it.row))
    };
    Turns {
        branches: previous.as_deref().map(continuing).unwrap_or_default(),
        next: resource
            .map(|it| continuing(it.id.as_str()))
            .unwrap_or_default(),
        previous: previous.as_ref().map(link),
    }
}

fn weights(rows: &[Resource], chains: Vec<super::Folded>) -> Vec<(RowId, Weight)> {
    chains
        .into_iter()
        .map(|(row, members)| {
            let members = rows.iter().filter(|r| members.contains(&r.row));
            let made = members.clone().map(|r| (r.facts.created_at, r.row));
            let latest = made.max().map(|(_, row)| row);
            let usage: Vec<_> = members.map(|r| r.facts.usage).collect();
            let weight = Weight {
                tokens: usage.iter().flatten().map(|usage| usage.total).sum(),
                untold: usage.iter().filter(|usage| usage.is_none()).count() as u64,
                latest,
            };
            (row, weight)
        })
        .collect()
}

/// Answers what the ledger would be asked, until nothing more is asked; returns the rest.
pub(crate) fn answer(app: &mut App, effects: Vec<Effect>, rows: &[Resource]) -> Vec<Effect> {
    let mut rest = Vec::new();
    let mut open: std::collections::VecDeque<Effect> = effects.into();
    while let Some(effect) = open.pop_front() {
        let message = match effect {
            Effect::List {
                kind,
                generation,
                query,
                chained,
            } => {
                let listed = rows.iter().filter(|r| r.kind == kind);
                let listed = listed.filter(|r| query.query.matches(r, query.now));
                let listed: Vec<RowId> = listed.map(|r| r.row).collect();
                Message::Listed {
                    kind,
                    generation,
                    listing: Listing {
                        forest: chained.then(|| Forest::new(&listed, links(rows))),
                        rows: listed,
                    },
                }
            }
            Effect::Weigh { generation, chains } => Message::Weighed {
                generation,
                weights: weights(rows, chains),
            },
            Effect::Fetch(asked) => Message::Fetched {
                rows: rows
                    .iter()
                    .filter(|r| asked.contains(&r.row))
                    .cloned()
                    .collect(),
                asked,
            },
            Effect::Review {
                generation,
                rows: asked,
            } => {
                let can = |row: &RowId| {
                    let found = rows.iter().find(|r| r.row == *row);
                    found.is_some_and(|r| {
                        !r.state.is_tombstone() && !r.state.is_pending() && !r.protected
                    })
                };
                let is_protected =
                    |row: &&RowId| rows.iter().any(|r| r.row == **row && r.protected);
                let protected = asked.iter().filter(is_protected).count() as u64;
                let kept: Vec<RowId> = asked.into_iter().filter(can).collect();
                let count = |kind| {
                    let of = rows
                        .iter()
                        .filter(|r| kept.contains(&r.row) && r.kind == kind);
                    of.count() as u64
                };
                Message::Reviewed {
                    generation,
                    review: crate::domain::Review {
                        responses: count(Kind::Response),
                        files: count(Kind::File),
                        bytes: 0,
                        rows: kept,
                        protected,
                        ..crate::domain::Review::default()
                    },
                }
            }
            Effect::Turns { row, previous } => {
                let turns = turns(rows, row, previous);
                Message::Turns { row, turns }
            }
            Effect::Filters => Message::Filters(Vec::new()),
            Effect::Count => Message::Counted(crate::domain::Counts {
                responses: rows.iter().filter(|r| r.kind == Kind::Response).count() as u64,
                files: rows.iter().filter(|r| r.kind == Kind::File).count() as u64,
                file_bytes: rows.iter().filter_map(|r| r.facts.bytes).sum(),
                unsized_files: 0,
                is_mirrored: true,
                unsettled: 0,
            }),
            other => {
                rest.push(other);
                continue;
            }
        };
        open.extend(update(app, message));
    }
    rest
}

/// Presses keys' actions one after another, answering for the ledger; returns what is left to do.
pub(crate) fn act(app: &mut App, rows: &[Resource], actions: &[Action]) -> Vec<Effect> {
    let mut rest = Vec::new();
    for action in actions {
        let effects = update(app, Message::Act(*action));
        rest.extend(answer(app, effects, rows));
    }
    rest
}

/// Lets time pass.
pub(crate) fn wait(app: &mut App, milliseconds: i64) -> Vec<Effect> {
    let later = app.now + SignedDuration::from_millis(milliseconds);
    update(app, Message::Time(later))
}
