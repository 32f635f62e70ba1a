//! In which order a batch deletes: in a chain of responses later turns go before the ones they build
//! on; for the rest the order is the asker's.

use std::collections::HashSet;
use std::collections::hash_map::{Entry, HashMap};

use rusqlite::{OptionalExtension as _, params};

use crate::domain::{BatchId, Kind, RowId};

use super::Claim;
use super::error::StoreError;
use super::thread::Disk;

/// For each row the one it continues, if that is tracked.
pub(super) fn parents(disk: &Disk, rows: &[RowId]) -> Result<Vec<Option<RowId>>, StoreError> {
    let mut parent = disk.db.prepare_cached(
        "SELECT earlier.row FROM resources AS later
         JOIN resources AS earlier ON earlier.profile = later.profile AND earlier.kind = 0
             AND earlier.id = later.previous
         WHERE later.row = ?1 AND later.profile = ?2 AND later.kind = 0",
    )?;
    let mut parents = Vec::with_capacity(rows.len());
    for row in rows {
        let found = parent.query_row(params![row.0, disk.profile], |row| row.get(0).map(RowId));
        parents.push(found.optional()?);
    }
    Ok(parents)
}

/// Says of each claim which later turns the batch has in hand.
pub(super) fn put_later(
    disk: &Disk,
    batch: BatchId,
    claims: &mut [Claim],
) -> Result<(), StoreError> {
    let mut responses = claims
        .iter_mut()
        .filter(|claim| claim.kind == Kind::Response)
        .peekable();
    if responses.peek().is_none() || !has_chains(disk)? {
        return Ok(());
    }
    let mut later = disk.db.prepare_cached(
        "SELECT row FROM resources INDEXED BY chain CROSS JOIN queue USING (row)
         WHERE profile = ?1 AND previous = ?2 AND queue.batch = ?3",
    )?;
    for claim in responses {
        let values = params![disk.profile, claim.id.as_str(), batch.0];
        let rows = later.query_map(values, |row| row.get(0).map(RowId))?;
        claim.later = rows.collect::<Result<_, _>>()?;
    }
    Ok(())
}

pub(super) fn has_chains(disk: &Disk) -> Result<bool, StoreError> {
    let mut any = disk.db.prepare_cached(
        "SELECT 1 FROM resources INDEXED BY chain
         WHERE profile = ?1 AND previous IS NOT NULL LIMIT 1",
    )?;
    Ok(any.exists([disk.profile])?)
}

/// The rows, each once: first those that no other of them continues, then those that only such ones
/// continue, and so on, each time in the asker's order. So chains go side by side, and few items wait for
/// others. A circle, which no honest service makes, is cut where it is met.
pub(super) fn children_first(rows: &[RowId], parents: &[Option<RowId>]) -> Vec<RowId> {
    if parents.iter().all(Option::is_none) {
        return unique(rows.to_vec());
    }
    let mut place = HashMap::with_capacity(rows.len());
    let mut items = Vec::with_capacity(rows.len());
    for (row, parent) in rows.iter().zip(parents) {
        if let Entry::Vacant(new) = place.entry(*row) {
            new.insert(items.len());
            items.push((*row, *parent));
        }
    }
    let parent = |at: usize| place.get(&items[at].1?).copied();
    // How many of those that continue it are not ordered yet.
    let mut later = vec![0_u32; items.len()];
    for at in 0..items.len() {
        if let Some(parent) = parent(at) {
            later[parent] += 1;
        }
    }
    let mut ordered = Vec::with_capacity(items.len());
    let mut is_ordered = vec![false; items.len()];
    let mut ready: Vec<_> = (0..items.len()).filter(|at| later[*at] == 0).collect();
    let mut rest = 0..items.len();
    loop {
        while !ready.is_empty() {
            let mut next = Vec::new();
            for at in ready {
                if std::mem::replace(&mut is_ordered[at], true) {
                    continue;
                }
                ordered.push(items[at].0);
                if let Some(parent) = parent(at) {
                    later[parent] -= 1;
                    if later[parent] == 0 {
                        next.push(parent);
                    }
                }
            }
            next.sort_unstable();
            ready = next;
        }
        // What is left is in a circle, or continued by one.
        match rest.find(|at| !is_ordered[*at]) {
            Some(cut) => ready.push(cut),
            None => return ordered,
        }
    }
}

/// The rows, each once, where it comes first.
pub(super) fn unique(mut rows: Vec<RowId>) -> Vec<RowId> {
    // Mostly they are, which is seen in a fifth of the time.
    let mut sorted = rows.clone();
    sorted.sort_unstable();
    if sorted.is_sorted_by(|a, b| a < b) {
        return rows;
    }
    let mut seen = HashSet::with_capacity(rows.len());
    rows.retain(|row| seen.insert(*row));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ordered(parents: &[Option<usize>]) -> Vec<usize> {
        let row = |n: usize| RowId(i64::try_from(n).unwrap());
        let rows: Vec<_> = (0..parents.len()).map(row).collect();
        let parents: Vec<_> = parents.iter().map(|parent| parent.map(row)).collect();
        let ordered = children_first(&rows, &parents);
        ordered
            .iter()
            .map(|row| usize::try_from(row.0).unwrap())
            .collect()
    }

    #[test]
    fn what_nothing_builds_on_goes_first_and_for_the_rest_the_order_stays() {
        assert_eq!(ordered(&[None, None, None]), [0, 1, 2]);
        // 1 builds on 3, which builds on 0; 9 is not among them.
        assert_eq!(
            ordered(&[None, Some(3), None, Some(0), Some(9)]),
            [1, 2, 4, 3, 0]
        );
        // Already so.
        assert_eq!(ordered(&[Some(2), None, None]), [0, 1, 2]);
    }

    #[test]
    fn chains_go_side_by_side() {
        // 0 <- 1 <- 2 and 3 <- 4 <- 5, and 6 alone.
        let chains = [None, Some(0), Some(1), None, Some(3), Some(4), None];
        assert_eq!(ordered(&chains), [2, 5, 6, 1, 4, 0, 3]);
    }

    #[test]
    fn a_row_asked_for_twice_is_one() {
        let rows = [RowId(7), RowId(8), RowId(7)];
        assert_eq!(children_first(&rows, &[None; 3]), rows[..2]);
        let parents = [Some(RowId(8)), None, Some(RowId(8))];
        assert_eq!(children_first(&rows, &parents), rows[..2]);
    }

    #[test]
    fn a_chain_as_long_as_a_batch_is_no_trouble() {
        let parents: Vec<_> = (0..200_000_usize).map(|n| n.checked_sub(1)).collect();
        assert!(ordered(&parents).into_iter().eq((0..200_000).rev()));
    }

    proptest! {
        #[test]
        fn every_child_goes_before_its_parent(
            (links, number) in (1_usize..80).prop_flat_map(|count| {
                let links = proptest::collection::vec(any::<proptest::sample::Index>(), count);
                (links, Just((0..count).collect::<Vec<_>>()).prop_shuffle())
            }),
        ) {
            // A forest: each parent was made before its children, or a row is a root. Then shuffled.
            let count = links.len();
            let mut parents = vec![None; count];
            for (n, link) in links.iter().enumerate() {
                let parent = link.index(n + 1);
                parents[number[n]] = (parent < n).then(|| number[parent]);
            }
            let ordered = ordered(&parents);
            let mut sorted = ordered.clone();
            sorted.sort_unstable();
            prop_assert!(sorted.into_iter().eq(0..count), "each once");
            let mut turn = vec![0; count];
            for (place, row) in ordered.iter().enumerate() {
                turn[*row] = place;
            }
            for (row, parent) in parents.iter().enumerate() {
                if let Some(parent) = parent {
                    prop_assert!(turn[row] < turn[*parent], "{row} before {parent}: {ordered:?}");
                }
            }
        }

        #[test]
        fn circles_end_and_lose_nothing(
            parents in proptest::collection::vec(proptest::option::of(0_usize..40), 1..40),
        ) {
            let mut ordered = ordered(&parents);
            ordered.sort_unstable();
            prop_assert!(ordered.into_iter().eq(0..parents.len()));
        }
    }
}
