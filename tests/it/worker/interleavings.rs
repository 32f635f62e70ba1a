//! Whatever orders come in whatever order between whatever answers: what the worker promises holds.
//!
//! Reports of two batches are not promised to come in the order of the ledger: a row that has just been
//! let go by one can be accepted by the next before the first has told.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

use arkdeck::domain::{BatchId, Order, Outcome, Report, RowId, State, Ticket};
use arkdeck::emulator::{Emulator, Fault, Faults, Rule, Scope, When};
use arkdeck::store::Ledger;
use arkdeck::worker::{self, Limits};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::{Bench, PATIENCE, faulty};

const ITEMS: usize = 24;
const CASES: u32 = 48;

#[derive(Clone, Debug)]
enum Step {
    /// These items, held for a moment or for longer than the test.
    Delete(HashSet<usize>, bool),
    /// The batch that was accepted last.
    TakeBack,
    Pause,
    Unpause,
    Stop,
    Settle,
    /// Lets so many reports come, if so many do.
    Hear(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let items = proptest::collection::hash_set(0..ITEMS, 1..ITEMS);
    prop_oneof![
        4 => (items, prop::bool::weighted(0.25)).prop_map(|(items, held)| Step::Delete(items, held)),
        2 => Just(Step::TakeBack),
        1 => Just(Step::Pause),
        2 => Just(Step::Unpause),
        1 => Just(Step::Stop),
        1 => Just(Step::Settle),
        6 => (1..20_usize).prop_map(Step::Hear),
    ]
}

/// What goes wrong with an item, by its number.
fn weather(ids: &[String], kinds: &[u8]) -> Faults {
    let rule = |(id, kind): (&String, &u8)| {
        let fault = match kind {
            0 => Fault::NotDeleted,
            1 => Fault::Truncated,
            2 => Fault::Error(500),
            3 => Fault::Drop(When::After),
            4 => Fault::OtherId,
            5 => Fault::Error(401),
            _ => return None,
        };
        // Not for ever, so that settling has something to find out.
        Some(Rule::times(2, Scope::DeletesOf(id.clone()), fault))
    };
    Faults {
        jitter: Duration::from_millis(3),
        rules: ids.iter().zip(kinds).filter_map(rule).collect(),
        ..Faults::default()
    }
}

#[derive(Default)]
struct Life {
    rows: HashSet<RowId>,
    started: bool,
    taken_back: bool,
    sent: HashSet<RowId>,
    settled: HashMap<RowId, Outcome>,
    finished: bool,
}

/// Follows the reports and objects to what must not be.
#[derive(Default)]
struct Watch {
    asked: u64,
    answered: HashSet<Ticket>,
    batches: HashMap<BatchId, Life>,
    last: Option<BatchId>,
}

impl Watch {
    fn life(&mut self, batch: BatchId) -> &mut Life {
        let life = self
            .batches
            .get_mut(&batch)
            .expect("accepted before all else");
        assert!(!life.finished, "{batch:?} is over");
        life
    }

    fn see(&mut self, report: Report) {
        match report {
            Report::Accepted {
                ticket,
                batch,
                rows,
                ..
            } => {
                assert!(
                    ticket == SETTLE || self.answered.insert(ticket),
                    "answered once"
                );
                let rows = rows.iter().collect();
                let life = Life {
                    rows,
                    ..Life::default()
                };
                assert!(self.batches.insert(batch, life).is_none());
                self.last = Some(batch);
            }
            Report::Rejected { ticket, .. } => {
                assert!(self.answered.insert(ticket), "answered once");
            }
            Report::TakenBack { batch, .. } => self.life(batch).taken_back = true,
            Report::Started { batch } => self.life(batch).started = true,
            Report::Sending { batch, row, .. } => {
                let life = self.life(batch);
                assert!(life.started && !life.taken_back, "{batch:?} is not to send");
                assert!(life.rows.contains(&row) && !life.settled.contains_key(&row));
                life.sent.insert(row);
            }
            Report::Settled {
                batch, settlement, ..
            } => {
                let row = settlement.row;
                let life = self.life(batch);
                let again = life.settled.insert(row, settlement.outcome);
                assert!(life.rows.contains(&row) && again.is_none(), "settled once");
            }
            Report::Finished {
                batch,
                tally,
                returned,
            } => {
                let life = self.life(batch);
                life.finished = true;
                let returned: HashSet<RowId> = returned.into_iter().map(|(row, _)| row).collect();
                assert_eq!(tally.cancelled, returned.len() as u64);
                assert_eq!(
                    tally.total(),
                    life.rows.len() as u64,
                    "each item counts once"
                );
                assert!(
                    life.sent.is_disjoint(&returned),
                    "what was sent does not return"
                );
                for outcome in Outcome::ALL
                    .into_iter()
                    .filter(|o| *o != Outcome::Cancelled)
                {
                    let told = life.settled.values().filter(|o| **o == outcome).count();
                    assert_eq!(tally.get(outcome), told as u64, "{outcome:?}");
                }
                let mut ended: HashSet<RowId> = life.settled.keys().copied().collect();
                ended.extend(&returned);
                assert_eq!(ended, life.rows, "settled or back, each of them");
                assert!(!life.taken_back || life.settled.is_empty());
            }
            Report::JournalFailed { error } => panic!("the journal is fine: {error}"),
            _ => {}
        }
    }
}

const SETTLE: Ticket = Ticket(u64::MAX);

/// What the worker runs on. Where all is asynchronous, it cannot just be dropped.
struct Victim(Option<Runtime>);

impl Drop for Victim {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// Plays the steps; then the worker may finish what it has begun or, if it is `killed`, not: all of it
/// stops where it waits, and the next start has to make sense of what it left.
async fn play(steps: Vec<Step>, kinds: Vec<u8>, killed: bool) {
    let service = faulty(ITEMS, 0, Faults::default()).await;
    let ids = service.response_ids();
    service.set_faults(weather(&ids, &kinds));
    let limits = Limits {
        concurrency: 3,
        attempts: 1,
        ..Limits::default()
    };
    let mut victim = Victim(Some(Runtime::new().unwrap()));
    let runtime = victim.0.as_ref().unwrap();
    let base_url = service.base_url();
    let bench = runtime.spawn(async move { Bench::new(&base_url, limits).await });
    let mut bench = bench.await.unwrap();
    let rows = bench.track(&ids).await;
    let mut watch = Watch::default();
    for step in steps {
        let order = match step {
            Step::Delete(items, held) => {
                watch.asked += 1;
                let hold = if held { PATIENCE } else { Duration::ZERO };
                Order::Delete {
                    ticket: Ticket(watch.asked),
                    rows: items.into_iter().map(|n| rows[n]).collect(),
                    hold,
                }
            }
            Step::TakeBack => match watch.last {
                Some(batch) => Order::TakeBack(batch),
                None => continue,
            },
            Step::Pause => Order::Pause,
            Step::Unpause => Order::Unpause,
            Step::Stop => Order::Stop,
            Step::Settle => Order::Settle { ticket: SETTLE },
            Step::Hear(count) => {
                for _ in 0..count {
                    // A paused or held worker has nothing to say.
                    let report = timeout(Duration::from_millis(5), bench.worker.reports.recv());
                    let Ok(report) = report.await else { break };
                    watch.see(report.unwrap());
                }
                continue;
            }
        };
        bench.order(order).await;
    }
    let Bench {
        mut ledger,
        worker,
        dir,
    } = bench;
    let mut reports = worker.reports;
    if killed {
        let runtime = victim.0.take().unwrap();
        let kill = move || runtime.shutdown_timeout(PATIENCE);
        tokio::task::spawn_blocking(kill).await.unwrap();
    }
    drop(worker.orders);
    while let Some(report) = timeout(PATIENCE, reports.recv()).await.expect("it ends") {
        watch.see(report);
    }
    if killed {
        // What was on its way to the disk still gets there, and the lock goes with the last of it.
        drop((ledger, reports));
        ledger = after_a_kill(dir.path(), &service, rows.clone()).await;
    } else {
        assert_eq!(
            watch.answered.len() as u64,
            watch.asked,
            "each order has its answer"
        );
        assert!(watch.batches.values().all(|life| life.finished));
    }
    let there: HashSet<String> = service.response_ids().into_iter().collect();
    for resource in ledger.rows(rows).await.unwrap() {
        let (state, is_there) = (resource.state, there.contains(resource.id.as_str()));
        match state {
            State::Deleted | State::Gone => assert!(!is_there, "{state:?} and there"),
            State::Unsettled => {}
            State::Queued | State::Sending => panic!("{state:?} in the end"),
            _ => assert!(is_there, "{state:?}, and gone"),
        }
    }
}

/// The next start: says what is in doubt and settles that on one order. Returns its ledger.
async fn after_a_kill(dir: &Path, service: &Emulator, rows: Vec<RowId>) -> Ledger {
    let ledger = Ledger::open(dir, "test").unwrap();
    let known = ledger.rows(rows).await.unwrap();
    let recovered = ledger.recover(Timestamp::now()).await.unwrap();
    let with = |state| known.iter().filter(move |resource| resource.state == state);
    assert_eq!(recovered.unsettled, with(State::Sending).count() as u64);
    assert_eq!(recovered.returned.len(), with(State::Queued).count());
    let unsettled = ledger.unsettled().await.unwrap();
    let in_doubt: HashSet<RowId> = unsettled.iter().map(|resource| resource.row).collect();
    let mut doubts = with(State::Sending).chain(with(State::Unsettled));
    assert!(doubts.all(|resource| in_doubt.contains(&resource.row)));
    // What was queued to be settled is in doubt again.
    let may_be = [State::Sending, State::Unsettled, State::Queued];
    let of_those = |row: &RowId| {
        known
            .iter()
            .any(|r| r.row == *row && may_be.contains(&r.state))
    };
    assert!(in_doubt.iter().all(of_those));

    let sent = service.requests().len();
    let service_url = service.base_url();
    let client = Ok(super::client(&service_url, "key"));
    let mut worker = worker::start(ledger.clone(), client, Limits::default()).await;
    let settle = Order::Settle { ticket: SETTLE };
    worker.orders.send(settle).await.unwrap();
    while timeout(PATIENCE, worker.reports.recv()).await.unwrap() != Some(Report::Idle) {}
    let asked_about = |path: &str| unsettled.iter().any(|r| path.ends_with(r.id.as_str()));
    for request in &service.requests()[sent..] {
        assert!(asked_about(&request.path), "{request:?} was in no doubt");
    }
    ledger
}

#[test]
fn any_interleaving_of_orders_answers_and_kills_keeps_the_promises() {
    let runtime = Runtime::new().unwrap();
    let steps = proptest::collection::vec(step(), 1..24);
    let kinds = proptest::collection::vec(0..16_u8, ITEMS);
    let mut runner = TestRunner::new(Config {
        // The regressions file would be written beside the test.
        failure_persistence: None,
        max_shrink_iters: 200,
        ..Config::with_cases(CASES)
    });
    runner
        .run(&(steps, kinds, any::<bool>()), |(steps, kinds, killed)| {
            runtime.block_on(play(steps, kinds, killed));
            Ok(())
        })
        .unwrap();
}
