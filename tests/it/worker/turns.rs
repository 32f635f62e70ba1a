//! Chains of responses: a later turn has ended before the one it builds on is sent.

use arkdeck::domain::{Cause, Order, Outcome, RowId, State, Tally};
use arkdeck::emulator::{Emulator, Fault, Rule, Scope, When};
use arkdeck::worker::Limits;
use jiff::Timestamp;

use super::{Bench, faulty, finished, halt, limits, ruled, settled, sighting};

/// Tracks the service's responses as one chain, the first first.
async fn chain(bench: &Bench, ids: &[String]) -> Vec<RowId> {
    let turns = ids.iter().enumerate().map(|(turn, id)| {
        let mut sighting = sighting(id);
        sighting.facts.previous_response_id = turn.checked_sub(1).map(|turn| ids[turn].clone());
        sighting
    });
    let tracked = bench.ledger.track(turns.collect(), Timestamp::now()).await;
    tracked.unwrap().into_iter().map(|each| each.row).collect()
}

/// The deletions that the service saw, by their place among `ids`, in the order of arrival.
fn deleted(service: &Emulator, ids: &[String]) -> Vec<usize> {
    let mut seen = service.requests();
    seen.sort_unstable_by_key(|seen| seen.number);
    let seen = seen.into_iter().filter(|seen| seen.method == "DELETE");
    let turn = |path: String| ids.iter().position(|id| path.ends_with(id.as_str()));
    seen.filter_map(|seen| turn(seen.path)).collect()
}

#[tokio::test]
async fn a_later_turn_is_tried_again_before_the_one_it_builds_on_is_sent() {
    for fault in [
        Fault::Error(503),
        Fault::Error(429),
        Fault::Drop(When::Before),
        Fault::Drop(When::After),
    ] {
        let service = faulty(5, 0, ruled(Vec::new())).await;
        let ids = service.response_ids();
        let rules = [4, 2, 1]
            .map(|turn: usize| Rule::times(1, Scope::DeletesOf(ids[turn].clone()), fault.clone()));
        service.set_faults(ruled(rules.to_vec()));
        let mut bench = Bench::new(&service.base_url(), limits()).await;
        let rows = chain(&bench, &ids).await;
        bench.delete(&rows).await;
        let reports = bench.until_idle().await;
        let (_, tally, _) = finished(&reports);
        let turns = deleted(&service, &ids);
        assert!(turns.is_sorted_by(|a, b| a >= b), "{fault:?}: {turns:?}");
        assert_eq!(tally.deleted + tally.gone, 5, "{fault:?}");
        assert_eq!(turns.len(), 8, "{fault:?}: three were tried again");
    }
}

#[tokio::test]
async fn what_comes_of_a_later_turn_keeps_no_other_from_being_sent() {
    let service = faulty(4, 0, ruled(Vec::new())).await;
    let ids = service.response_ids();
    let scope = Scope::DeletesOf(ids[3].clone());
    service.set_faults(ruled(vec![Rule::always(scope, Fault::Error(500))]));
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = chain(&bench, &ids).await;
    bench.delete(&rows).await;
    let (_, tally, _) = finished(&bench.until_idle().await);
    let expected = Tally {
        deleted: 3,
        failed: 1,
        ..Tally::default()
    };
    assert_eq!(tally, expected);
}

#[tokio::test]
async fn those_that_wait_for_a_later_turn_go_back_at_a_stop() {
    let service = faulty(40, 0, ruled(Vec::new())).await;
    let ids = service.response_ids();
    let scope = Scope::DeletesOf(ids[39].clone());
    service.set_faults(ruled(vec![Rule::times(
        1,
        scope,
        Fault::Silence(When::After),
    )]));
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = chain(&bench, &ids).await;
    bench.delete(&rows).await;
    service.wait_for_arrivals(1).await;
    bench.order(Order::Stop).await;
    let reports = bench.until_idle().await;
    let (_, tally, returned) = finished(&reports);
    assert_eq!((returned.len(), tally.cancelled), (39, 39));
    assert_eq!(settled(&reports)[0].outcome, Outcome::Unsettled);
    assert_eq!(deleted(&service, &ids), [39]);
    let states = bench.states(&rows[..39]).await;
    assert!(states.iter().all(|state| *state == State::Tracked));
}

#[tokio::test]
async fn a_chain_longer_than_the_window_and_a_circle_come_to_their_end_and_keep_nobody_waiting() {
    const LONG: usize = 150;
    let service = faulty(LONG + 3, 0, ruled(Vec::new())).await;
    let ids = service.response_ids();
    // In any claim, and between claims.
    let again = (0..LONG).step_by(37).map(|turn| {
        let scope = Scope::DeletesOf(ids[turn].clone());
        Rule::times(1, scope, Fault::Error(503))
    });
    service.set_faults(ruled(again.collect()));
    let limits = Limits {
        concurrency: 2,
        ..limits()
    };
    let mut bench = Bench::new(&service.base_url(), limits).await;
    let mut rows = chain(&bench, &ids[..LONG]).await;
    let [one, other, alone] = &ids[LONG..] else {
        panic!("three more");
    };
    for (id, previous) in [(one, Some(other)), (other, Some(one)), (alone, None)] {
        let mut sighting = sighting(id);
        sighting.facts.previous_response_id = previous.cloned();
        let tracked = bench.ledger.track(vec![sighting], Timestamp::now()).await;
        rows.push(tracked.unwrap()[0].row);
    }
    bench.delete(&rows).await;
    let (_, tally, _) = finished(&bench.until_idle().await);
    assert_eq!(tally.deleted, LONG as u64 + 3);
    let mut turns = deleted(&service, &ids);
    assert!(turns[..2].contains(&(LONG + 2)), "{turns:?}");
    turns.retain(|turn| *turn < LONG);
    assert!(turns.is_sorted_by(|a, b| a >= b), "{turns:?}");
}

#[tokio::test]
async fn a_service_that_never_answers_is_given_up_though_only_one_is_on_the_wire() {
    let service = faulty(20, 0, ruled(Vec::new())).await;
    let ids = service.response_ids();
    service.set_faults(ruled(vec![Rule::always(
        Scope::Deletes,
        Fault::Silence(When::Before),
    )]));
    let mut bench = Bench::new(&service.base_url(), limits()).await;
    let rows = chain(&bench, &ids).await;
    bench.delete(&rows).await;
    let reports = bench.until_idle().await;
    let halted = halt(&reports).map(|halt| halt.cause);
    assert_eq!(halted, Some(Cause::Timeout));
    // The time of four timeouts after the first; there are some between tries as well.
    let tries = deleted(&service, &ids).len();
    assert!((3..=5).contains(&tries), "{tries}");
}
