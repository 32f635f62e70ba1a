//! What came of items, from the answer to the settlement on disk, many at a time: a commit costs a
//! flush of the disk, and those that end within a moment of each other share it.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time;

use crate::domain::{BatchId, Cause, Outcome, Report, RowId, Settlement, State};
use crate::store::StoreError;

use super::{Signal, Tools};

/// Waits between tries to write a settlement. A disk that is full may have room again in a moment; after
/// that the row stays as it is on disk, and the next start finds it unsettled.
const REWRITES: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];

/// What has become of an item.
pub(super) enum Fate {
    /// On disk, and reported.
    Settled(Outcome),
    /// Never sent; the row is back in this state.
    Returned(RowId, State),
    /// The settlement cannot be written, and was reported as a doubt. So it is on disk, by its intent.
    Lost(StoreError),
}

/// Writes them down and reports them. If one cannot be written, the batch is told to stop.
pub(super) async fn run(
    tools: Arc<Tools>,
    batch: BatchId,
    settlements: Vec<Settlement>,
    signal: Arc<watch::Sender<Signal>>,
) -> Vec<Fate> {
    let at = Timestamp::now();
    let settlements = Arc::new(settlements);
    let all = Arc::clone(&settlements);
    let written = match tools.ledger.settle_all(batch, all, at).await {
        Ok(states) => states.into_iter().map(|state| Ok((state, at))).collect(),
        // One that cannot be written is not to keep the others from it.
        Err(_) => join_all(settlements.iter().map(|one| write(&tools, batch, one))).await,
    };
    let mut fates = Vec::with_capacity(written.len());
    for (mut settlement, written) in Arc::unwrap_or_clone(settlements).into_iter().zip(written) {
        let outcome = settlement.outcome;
        let (state, at, fate) = match written {
            Ok((state, _)) if outcome == Outcome::Cancelled => {
                fates.push(Fate::Returned(settlement.row, state));
                continue;
            }
            Ok((state, at)) => (state, at, Fate::Settled(outcome)),
            Err(error) => {
                signal.send_replace(Signal::Stopped);
                settlement.outcome = Outcome::Unsettled;
                settlement.answer.cause = Some(Cause::Unwritten);
                (State::Unsettled, at, Fate::Lost(error))
            }
        };
        let report = Report::Settled {
            batch,
            settlement,
            state,
            at,
        };
        tools.tell(report).await;
        fates.push(fate);
    }
    tools.tell_pace().await;
    fates
}

async fn write(
    tools: &Tools,
    batch: BatchId,
    settlement: &Settlement,
) -> Result<(State, Timestamp), StoreError> {
    let mut waits = REWRITES.iter();
    loop {
        let at = Timestamp::now();
        match (
            tools.ledger.settle(batch, settlement.clone(), at).await,
            waits.next(),
        ) {
            (Ok(state), _) => return Ok((state, at)),
            (Err(error), None) => return Err(error),
            (Err(_), Some(wait)) => time::sleep(*wait).await,
        }
    }
}
