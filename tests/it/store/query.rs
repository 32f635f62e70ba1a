//! The SQL of a query is held to `Query::matches`.

use arkdeck::domain::{
    Cmp, Expiry, Facts, Kind, Labels, ListQuery, Outcome, Query, Sighting, Sort, Source, State,
    Term, Test, Tombstones,
};
use proptest::prelude::*;

use super::{at, delete, id, open};

/// Few letters, so that parts are found; with what means something to `LIKE`, to SQL and to our own
/// separators, and with letters whose case is not ASCII's business.
fn text() -> impl Strategy<Value = String> {
    let letters = prop::sample::select(vec![
        'a', 'A', 'b', '%', '_', '\'', 'É', 'é', ' ', '\u{1c}', '\u{1f}',
    ]);
    prop::collection::vec(letters, 0..4).prop_map(|chars| chars.into_iter().collect())
}

fn facts() -> impl Strategy<Value = Facts> {
    let maybe = || prop::option::of(text());
    let expiry = prop_oneof![
        Just(Expiry::Never),
        (-50..50_i64).prop_map(|second| Expiry::At(at(second))),
        Just(Expiry::At(at(-3_000_000_000))),
    ];
    (
        (maybe(), maybe(), maybe(), maybe()),
        prop::option::of(0..4_u64),
        prop::option::of(-50..50_i64),
        prop::option::of(expiry),
    )
        .prop_map(
            |((name, model, status, purpose), bytes, created, expires_at)| Facts {
                name,
                model,
                status,
                purpose,
                bytes,
                created_at: created.map(at),
                expires_at,
                ..Facts::default()
            },
        )
}

/// Each with what came of its deletion, if it was deleted, and with a note.
fn sightings() -> impl Strategy<Value = Vec<(Sighting, (Option<Outcome>, String))>> {
    let outcome = prop::option::of(prop::sample::select(Outcome::ALL.to_vec()));
    let each = (
        prop::sample::select(Kind::ALL.to_vec()),
        prop::sample::select(Source::ALL.to_vec()),
        prop::collection::vec(text(), 0..3),
        facts(),
        (outcome, text()),
    );
    prop::collection::vec(each, 0..12).prop_map(|each| {
        each.into_iter()
            .enumerate()
            .map(|(n, (kind, source, tags, facts, more))| {
                let id = id(&format!("aB_%{n}"));
                let sighting = Sighting {
                    kind,
                    id,
                    source,
                    tags,
                    facts,
                };
                (sighting, more)
            })
            .collect()
    })
}

fn test() -> impl Strategy<Value = Test> {
    let cmp = || {
        prop::sample::select(vec![
            Cmp::Less,
            Cmp::LessOrEqual,
            Cmp::Greater,
            Cmp::GreaterOrEqual,
        ])
    };
    prop_oneof![
        3 => text().prop_map(Test::Word),
        1 => text().prop_map(Test::Id),
        1 => text().prop_map(Test::Name),
        1 => text().prop_map(Test::Model),
        1 => prop::sample::select(Kind::ALL.to_vec()).prop_map(Test::Kind),
        2 => prop::sample::select(State::ALL.to_vec()).prop_map(Test::State),
        1 => text().prop_map(Test::Status),
        1 => text().prop_map(Test::Purpose),
        1 => text().prop_map(Test::Tag),
        1 => text().prop_map(Test::Note),
        1 => prop::sample::select(vec!["hand", "SYNC", "x"]).prop_map(|s| Test::Source(s.into())),
        1 => (cmp(), -60..60_i64).prop_map(|(cmp, s)| Test::Age(cmp, s)),
        1 => (cmp(), -60..60_i64).prop_map(|(cmp, s)| Test::Expires(cmp, s)),
        1 => (cmp(), 0..5_u64).prop_map(|(cmp, b)| Test::Size(cmp, b)),
    ]
}

fn query() -> impl Strategy<Value = Query> {
    let term = (any::<bool>(), test()).prop_map(|(negated, test)| Term { negated, test });
    prop::collection::vec(term, 0..3).prop_map(|terms| Query { terms })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_ledger_answers_as_the_domain_says(
        sightings in sightings(),
        queries in prop::collection::vec(query(), 40),
        kind in prop::option::of(prop::sample::select(Kind::ALL.to_vec())),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let dir = tempfile::tempdir().unwrap();
            let ledger = open(&dir);
            let each = sightings.iter().map(|(sighting, _)| sighting.clone()).collect();
            let tracked = ledger.track(each, at(-100)).await.unwrap();
            for (tracked, (_, (outcome, note))) in tracked.iter().zip(&sightings) {
                let labels = Labels { note: Some(note.clone()), ..Labels::default() };
                ledger.label(vec![tracked.row], labels).await.unwrap();
                if let Some(outcome) = outcome {
                    delete(&ledger, &[tracked.row], *outcome, 0).await;
                }
            }
            let rows = tracked.iter().map(|tracked| tracked.row).collect();
            let all = ledger.rows(rows).await.unwrap();
            for query in queries {
                let asked = ListQuery {
                    kind,
                    query: query.clone(),
                    sort: Sort::default(),
                    tombstones: Tombstones::Show,
                    now: at(0),
                };
                let mut listed = ledger.listing(asked).await.unwrap().rows;
                listed.sort();
                let expected: Vec<_> = all
                    .iter()
                    .filter(|resource| kind.is_none_or(|kind| resource.kind == kind))
                    .filter(|resource| query.matches(resource, at(0)))
                    .map(|resource| resource.row)
                    .collect();
                prop_assert_eq!(listed, expected, "{:?} in {:#?}", query, all);
            }
            Ok(())
        })?;
    }
}
