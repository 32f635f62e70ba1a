//! What instances that ended in the middle left behind, put in order and told.

use jiff::Timestamp;

use crate::app::Message;
use crate::domain::{Kind, RowId, State};
use crate::store::{Ledger, StoreError};

pub(super) async fn recover(ledger: &Ledger, now: Timestamp) -> Result<Message, StoreError> {
    let recovered = ledger.recover(now).await?;
    Ok(Message::Recovered {
        unsettled: recovered.unsettled,
        returned: unsent(ledger, &recovered.returned).await?,
    })
}

/// Of what a recovery returned, that which can be deleted as if it had never been asked for. What is in
/// doubt from an earlier deletion is left to be settled.
async fn unsent(ledger: &Ledger, returned: &[RowId]) -> Result<Vec<(Kind, RowId)>, StoreError> {
    let mut unsent = Vec::with_capacity(returned.len());
    // A part at a time: whole rows are large.
    for part in returned.chunks(1_000) {
        let rows = ledger.rows(part.to_vec()).await?;
        let never_sent = rows.iter().filter(|row| row.state != State::Unsettled);
        unsent.extend(never_sent.map(|row| (row.kind, row.row)));
    }
    Ok(unsent)
}
