//! What is learned of resources, from the service and from records, comes to the same in any order.

use std::collections::BTreeSet;

use arkdeck::domain::{Answer, Expiry, Facts, Kind, ResourceId, RowId, Sighting, Source, Usage};
use arkdeck::store::{Ledger, SyncId};
use proptest::prelude::*;
use tempfile::TempDir;

use super::{at, id, open};

/// Resources of each kind.
const EACH: usize = 3;
/// Files on a page of the service's list.
const PAGE: usize = 2;
/// When a sync begins after the one before; it takes less than that.
const PACE: i64 = 20;
/// By then everything has happened.
const END: i64 = 100;

/// A resource as the service has it.
#[derive(Clone, Debug)]
struct Truth {
    kind: Kind,
    id: ResourceId,
    /// In the end.
    facts: Facts,
    /// It is being worked on before.
    ready_at: i64,
    gone_at: Option<i64>,
}

impl Truth {
    /// What the service says of it at this time; it may have gone.
    fn at(&self, second: i64) -> Option<Facts> {
        if self.gone_at.is_some_and(|gone| gone <= second) {
            return None;
        }
        if second >= self.ready_at {
            return Some(self.facts.clone());
        }
        let status = match self.kind {
            Kind::Response => "in_progress",
            Kind::File => "processing",
        };
        Some(Facts {
            status: Some(status.into()),
            usage: None,
            ..self.facts.clone()
        })
    }
}

/// Something that is learned of one resource, or the next step of some sync.
#[derive(Clone, Debug)]
enum Event {
    Typed {
        at: usize,
        tag: Option<&'static str>,
    },
    Recorded {
        at: usize,
        facts: Box<Facts>,
    },
    Fetched {
        at: usize,
        second: i64,
    },
    Sync(usize),
}

/// Pages in the order in which they come, each as of some seconds after the beginning.
#[derive(Clone, Debug)]
struct Sync {
    pages: Vec<(usize, i64)>,
    is_complete: bool,
}

/// The times in a truth: made, dropped by itself, ready, deleted by somebody.
type Times = (i64, Expiry, i64, Option<i64>);

fn truths() -> impl Strategy<Value = Vec<Truth>> {
    let expiry = prop_oneof![
        Just(Expiry::Never),
        (10..2 * END).prop_map(|second| Expiry::At(at(second))),
    ];
    let times = (-50..5_i64, expiry, 0..END, prop::option::of(1..END));
    let one = (any::<bool>(), times, 0..9_u64, any::<bool>());
    prop::collection::vec(one, 2 * EACH).prop_map(|all| {
        let all = all.into_iter().enumerate();
        all.map(|(n, (is_dated, times, count, is_counted))| {
            truth(n, is_dated, times, is_counted.then_some(count))
        })
        .collect()
    })
}

/// `is_dated`: its id says when it was made.
fn truth(n: usize, is_dated: bool, times: Times, count: Option<u64>) -> Truth {
    let (created, expires, ready_at, deleted_at) = times;
    let kind = if n < EACH { Kind::Response } else { Kind::File };
    let text = match (kind, is_dated) {
        (Kind::Response, true) => format!("resp_021799999900000{n:038x}"),
        (Kind::File, true) => format!("file-20270115150000-abcd{n}"),
        (Kind::Response, false) => format!("resp_{n}"),
        (Kind::File, false) => format!("file-{n}"),
    };
    let mut facts = Facts {
        created_at: Some(at(created)),
        expires_at: Some(expires),
        status: Some("completed".into()),
        ..Facts::default()
    };
    match kind {
        Kind::Response => {
            facts.model = Some("seed".into());
            facts.previous_response_id = Some("resp_before".into());
            facts.usage = count.map(usage);
        }
        Kind::File => {
            facts.name = Some(format!("{n}.mp4"));
            facts.bytes = count;
            facts.purpose = Some("user_data".into());
            facts.mime_type = Some("video/mp4".into());
        }
    }
    // What has expired is dropped some time later, if it is still there.
    let dropped = expires.at().map(|due| due.duration_since(at(-3)).as_secs());
    Truth {
        kind,
        id: id(&text),
        facts,
        ready_at,
        gone_at: [deleted_at, dropped].into_iter().flatten().min(),
    }
}

fn usage(total: u64) -> Usage {
    Usage {
        input: 0,
        cached: 0,
        output: total,
        total,
    }
}

/// Some of the facts.
fn part(facts: Facts, mask: u16) -> Facts {
    let has = |bit: u16| mask & (1 << bit) != 0;
    Facts {
        name: facts.name.filter(|_| has(0)),
        bytes: facts.bytes.filter(|_| has(1)),
        model: facts.model.filter(|_| has(2)),
        status: facts.status.filter(|_| has(3)),
        purpose: facts.purpose.filter(|_| has(4)),
        mime_type: facts.mime_type.filter(|_| has(5)),
        created_at: facts.created_at.filter(|_| has(6)),
        expires_at: facts.expires_at.filter(|_| has(7)),
        previous_response_id: facts.previous_response_id.filter(|_| has(8)),
        usage: facts.usage.filter(|_| has(9)),
    }
}

/// What nobody should believe once the service has spoken.
fn lie(kind: Kind) -> Facts {
    let text = || Some("lie".to_owned());
    let of_kind = match kind {
        Kind::Response => Facts {
            model: text(),
            previous_response_id: text(),
            usage: Some(usage(77)),
            ..Facts::default()
        },
        Kind::File => Facts {
            name: text(),
            bytes: Some(77),
            purpose: text(),
            mime_type: text(),
            ..Facts::default()
        },
    };
    Facts {
        status: Some("failed".into()),
        created_at: Some(at(-7)),
        expires_at: Some(Expiry::At(at(8))),
        ..of_kind
    }
}

fn syncs() -> impl Strategy<Value = Vec<Sync>> {
    let sync = (
        any::<bool>(),
        prop::collection::vec((0..2_usize, 0..PACE - 5), 0..3),
    )
        .prop_map(|(is_complete, mut pages)| {
            if is_complete {
                pages.extend([(0, 3), (1, 6)]);
            }
            Sync { pages, is_complete }
        });
    // See `begun`.
    prop::collection::vec(sync, 2)
}

/// What is learned; `lies`: not all of it is so.
fn events(
    truths: &[Truth],
    syncs: &[Sync],
    lies: bool,
) -> impl Strategy<Value = Vec<Event>> + use<> {
    let truths = truths.to_vec();
    let any_one = 0..2 * EACH;
    let tag = prop::option::of(prop::sample::select(vec!["a", "b"]));
    let event = prop_oneof![
        1 => (any_one.clone(), tag).prop_map(|(at, tag)| Event::Typed { at, tag }),
        3 => (any_one.clone(), 0..END, any::<u16>(), any::<bool>()).prop_map(
            move |(at, second, mask, is_lie)| {
                // Written down while it was there, or when it was deleted.
                let truth = &truths[at];
                let facts = truth.at(second).unwrap_or(truth.facts.clone());
                let facts = if lies && is_lie { lie(truth.kind) } else { facts };
                let facts = Box::new(part(facts, mask).recorded(&truth.id));
                Event::Recorded { at, facts }
            }
        ),
        3 => (any_one, 1..END).prop_map(|(at, second)| Event::Fetched { at, second }),
    ];
    let steps: Vec<Event> = (0..syncs.len())
        .flat_map(|n| vec![Event::Sync(n); syncs[n].pages.len() + 2])
        .collect();
    prop::collection::vec(event, 0..16).prop_map(move |mut events| {
        events.extend(steps.iter().cloned());
        events
    })
}

/// A ledger that learns.
struct Pupil {
    ledger: Ledger,
    truths: Vec<Truth>,
    /// The syncs that have begun, and the next page of each.
    begun: Vec<(SyncId, usize)>,
    _dir: TempDir,
}

impl Pupil {
    fn new(truths: &[Truth]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self {
            ledger: open(&dir),
            truths: truths.to_vec(),
            begun: Vec::new(),
            _dir: dir,
        }
    }

    fn sighting(&self, at: usize, source: Source) -> Sighting {
        let Truth { kind, id, .. } = &self.truths[at];
        Sighting {
            kind: *kind,
            id: id.clone(),
            source,
            tags: Vec::new(),
            facts: Facts::default(),
        }
    }

    async fn track(&self, sighting: Sighting) -> RowId {
        let tracked = self.ledger.track(vec![sighting], at(0)).await;
        tracked.unwrap()[0].row
    }

    async fn type_all(&self) {
        for at in 0..self.truths.len() {
            self.track(self.sighting(at, Source::Hand)).await;
        }
    }

    async fn fetch(&self, at: usize, second: i64) {
        let row = self.track(self.sighting(at, Source::Hand)).await;
        let looked = super::at(second);
        if let Some(facts) = self.truths[at].at(second) {
            self.ledger.merge(row, facts, looked).await.unwrap();
        } else {
            let gone = self.ledger.mark_gone(row, Answer::default(), looked);
            gone.await.unwrap();
        }
    }

    async fn page(&self, sync: SyncId, page: usize, second: i64) {
        let files = self.truths.iter().enumerate().skip(EACH);
        let files = files.skip(page * PAGE).take(PAGE);
        let listed = files.filter_map(|(at, truth)| {
            Some(Sighting {
                facts: truth.at(second)?,
                ..self.sighting(at, Source::Sync)
            })
        });
        let page = self.ledger.sync_page(sync, listed.collect(), at(second));
        page.await.unwrap();
    }

    async fn step(&mut self, n: usize, syncs: &[Sync]) {
        let begins = PACE * i64::try_from(n + 1).unwrap();
        let Some((sync, next)) = self.begun.get_mut(n) else {
            let sync = self.ledger.begin_sync(at(begins)).await.unwrap();
            self.begun.push((sync, 0));
            return;
        };
        let (sync, next) = (*sync, std::mem::replace(next, *next + 1));
        if let Some((page, after)) = syncs[n].pages.get(next) {
            self.page(sync, *page, begins + after).await;
        } else {
            let ended = at(begins + PACE - 1);
            let finish = self.ledger.finish_sync(sync, syncs[n].is_complete, ended);
            finish.await.unwrap();
        }
    }

    async fn learn(&mut self, events: &[Event], syncs: &[Sync]) {
        for event in events {
            match event {
                Event::Typed { at, tag } => {
                    let mut sighting = self.sighting(*at, Source::Hand);
                    sighting.tags.extend(tag.map(str::to_owned));
                    self.track(sighting).await;
                }
                Event::Recorded { at, facts } => {
                    let sighting = self.sighting(*at, Source::Import);
                    let facts = Facts::clone(facts);
                    self.track(Sighting { facts, ..sighting }).await;
                }
                Event::Fetched { at, second } => self.fetch(*at, *second).await,
                Event::Sync(n) => self.step(*n, syncs).await,
            }
        }
    }

    /// Asks for everything once more, in the end.
    async fn ask_all(&self, pages: &[usize]) {
        let sync = self.ledger.begin_sync(at(END)).await.unwrap();
        for page in pages {
            self.page(sync, *page, END + 1).await;
        }
        for response in 0..EACH {
            self.fetch(response, END + 1).await;
        }
        let finish = self.ledger.finish_sync(sync, true, at(END + 2));
        finish.await.unwrap();
    }

    /// What it knows in the end, but for who told it first, and when.
    async fn knows(&self) -> Vec<Known> {
        let asked = self
            .truths
            .iter()
            .map(|truth| (Some(truth.kind), truth.id.clone()));
        let found = self.ledger.find(asked.collect()).await.unwrap();
        let rows = self.ledger.rows(found.concat()).await.unwrap();
        let known = rows.into_iter().map(|resource| Known {
            is_there: !resource.state_at(at(END + 2)).is_tombstone(),
            id: resource.id,
            facts: resource.facts,
            created_approx: resource.created_approx,
            tags: resource.tags.into_iter().collect(),
        });
        known.collect()
    }
}

#[derive(Clone, Debug, PartialEq)]
struct Known {
    id: ResourceId,
    facts: Facts,
    created_approx: bool,
    tags: BTreeSet<String>,
    /// Whether it was dropped when its time came or deleted before, nobody can tell who comes later.
    is_there: bool,
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.unwrap().block_on(test)
}

/// All that can be learned, in two orders.
fn lessons(lies: bool) -> impl Strategy<Value = (Vec<Truth>, Vec<Sync>, Vec<Event>, Vec<Event>)> {
    (truths(), syncs())
        .prop_flat_map(move |(truths, syncs)| {
            let events = events(&truths, &syncs, lies);
            (Just(truths), Just(syncs), events)
        })
        .prop_flat_map(|(truths, syncs, events)| {
            let orders = (
                Just(events.clone()).prop_shuffle(),
                Just(events).prop_shuffle(),
            );
            (Just(truths), Just(syncs), orders)
        })
        .prop_map(|(truths, syncs, (one, other))| (truths, syncs, begun(one), begun(other)))
}

/// Syncs begin one after another, however their pages come between each other.
fn begun(mut events: Vec<Event>) -> Vec<Event> {
    let first = |n: usize| {
        let mut events = events.iter();
        events.position(|event| matches!(event, Event::Sync(each) if *each == n))
    };
    if let (Some(one), Some(other)) = (first(0), first(1))
        && other < one
    {
        events.swap(one, other);
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn pages_syncs_refreshes_and_records_come_to_the_same_in_any_order(
        (truths, syncs, one, other) in lessons(false)
    ) {
        run(async {
            let mut known = Vec::new();
            for order in [&one, &other] {
                let mut pupil = Pupil::new(&truths);
                // What a sync does not list tells nothing of what is tracked later.
                pupil.type_all().await;
                pupil.learn(order, &syncs).await;
                known.push(pupil.knows().await);
            }
            for (one, other) in known[0].iter().zip(&known[1]) {
                prop_assert_eq!(one, other);
            }
            Ok(())
        })?;
    }

    #[test]
    fn the_service_has_the_last_word_whatever_was_recorded_in_whatever_order(
        (truths, syncs, order, _) in lessons(true),
        pages in Just(vec![0, 1, 0, 1]).prop_shuffle(),
    ) {
        run(async {
            let mut pupil = Pupil::new(&truths);
            pupil.learn(&order, &syncs).await;
            pupil.ask_all(&pages).await;
            // Somebody imports the same once more.
            let is_record = |event: &&Event| matches!(event, Event::Recorded { .. });
            let records: Vec<_> = order.iter().filter(is_record).cloned().collect();
            pupil.learn(&records, &syncs).await;
            let known = pupil.knows().await;
            for truth in &truths {
                let now = truth.at(END + 1);
                let known = known.iter().find(|known| known.id == truth.id);
                let is_due = truth.facts.expires_at.and_then(Expiry::at).is_some_and(|due| due <= at(END + 2));
                match (now, known) {
                    (Some(facts), Some(known)) => {
                        prop_assert_eq!(known.is_there, !is_due);
                        // What the service says nothing of may be as it was recorded.
                        let usage = facts.usage.or(known.facts.usage);
                        let bytes = facts.bytes.or(known.facts.bytes);
                        prop_assert_eq!(&known.facts, &Facts { usage, bytes, ..facts });
                        prop_assert!(!known.created_approx);
                    }
                    (Some(_), None) => prop_assert!(false, "{} is there", truth.id),
                    (None, Some(known)) => prop_assert!(!known.is_there, "{:?}", known),
                    (None, None) => {}
                }
            }
            Ok(())
        })?;
    }
}
