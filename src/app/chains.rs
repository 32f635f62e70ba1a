//! The rows of a pane as trees: what is folded away, and what is left as lines.

use std::collections::{HashMap, HashSet};
use std::iter;
use std::ops::Range;

use crate::domain::{Forest, RowId, Weight};

/// The row of a line, and those that it stands for.
pub type Folded = (RowId, Vec<RowId>);

/// Trees begin folded; what is unfolded of them is, until somebody folds it.
#[derive(Debug, Default)]
pub(super) struct Chains {
    pub(super) wanted: bool,
    forest: Option<Forest>,
    /// The node that each line shows, and whether what continues it is folded away.
    lines: Vec<(usize, bool)>,
    /// Rows whose trees are unfolded. One is enough for a tree, and stays so when the tree is found to have
    /// begun before it.
    unfolded: HashSet<RowId>,
    /// Rows within trees whose subtrees are folded.
    folded: HashSet<RowId>,
    /// Of folded chains near the screen; `None` while it is asked for.
    weights: HashMap<RowId, Option<Weight>>,
}

/// What a line is in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stem<'a> {
    pub depth: usize,
    /// How many responses the line stands for, if others are folded away in it.
    pub folded: Option<usize>,
    /// Others stand under it.
    pub is_open: bool,
    /// The id, if the line stands for what is not in the ledger.
    pub unknown: Option<&'a str>,
    /// What it continues, if that is in the ledger but not in the listing.
    pub hidden: Option<RowId>,
    pub weight: Option<Weight>,
}

impl Chains {
    /// Takes a new listing; the lines it has, if it came as trees.
    pub(super) fn take(&mut self, forest: Option<Forest>) -> Option<Vec<RowId>> {
        self.weights.clear();
        self.forest = forest;
        self.lines.clear();
        self.forest.is_some().then(|| self.lay_out())
    }

    /// Which row each line shows, by what is folded.
    pub(super) fn lay_out(&mut self) -> Vec<RowId> {
        let Some(forest) = &self.forest else {
            return Vec::new();
        };
        let nodes = forest.nodes();
        let open = nodes.iter().enumerate();
        let open = open.filter(|(_, node)| self.unfolded.contains(&node.row));
        let open: HashSet<usize> = open.map(|(at, _)| forest.root(at)).collect();
        self.lines.clear();
        let mut at = 0;
        while let Some(node) = nodes.get(at) {
            let is_folded = node.size > 1
                && match node.parent {
                    None => !open.contains(&at),
                    Some(_) => self.folded.contains(&node.row),
                };
            self.lines.push((at, is_folded));
            at += if is_folded { node.size } else { 1 };
        }
        let rows = self.lines.iter().map(|(at, _)| nodes[*at].row);
        rows.collect()
    }

    pub(super) fn unfold(&mut self, line: usize) -> bool {
        let (Some(forest), Some((at, true))) = (&self.forest, self.lines.get(line).copied()) else {
            return false;
        };
        match forest.nodes()[at].parent {
            // What is not in the ledger has no row to be known by.
            None => self.unfolded.extend(forest.rows(at).next()),
            Some(_) => {
                self.folded.remove(&forest.nodes()[at].row);
            }
        }
        true
    }

    pub(super) fn fold(&mut self, line: usize) -> bool {
        let (Some(forest), Some((at, false))) = (&self.forest, self.lines.get(line).copied())
        else {
            return false;
        };
        let node = forest.nodes()[at];
        if node.size == 1 {
            return false;
        }
        if node.parent.is_some() {
            self.folded.insert(node.row);
        } else {
            for row in forest.rows(at) {
                self.unfolded.remove(&row);
            }
        }
        true
    }

    /// The line of what a line continues.
    pub(super) fn before(&self, line: usize) -> Option<usize> {
        let (at, _) = *self.lines.get(line)?;
        self.line_of(self.forest.as_ref()?.nodes()[at].parent?)
    }

    fn line_of(&self, node: usize) -> Option<usize> {
        self.lines.binary_search_by_key(&node, |(at, _)| *at).ok()
    }

    /// The line in which a row is folded away.
    pub(super) fn line_over(&self, row: RowId) -> Option<usize> {
        let nodes = self.forest.as_ref()?.nodes();
        let at = nodes.iter().position(|node| node.row == row)?;
        let above = iter::successors(Some(at), |at| nodes[*at].parent);
        above.into_iter().find_map(|at| self.line_of(at))
    }

    /// The rows of the ledger that a line stands for.
    pub(super) fn members<'a>(
        &'a self,
        line: usize,
        rows: &'a [RowId],
    ) -> Box<dyn Iterator<Item = RowId> + 'a> {
        match (&self.forest, self.lines.get(line)) {
            (Some(forest), Some((at, true))) => Box::new(forest.rows(*at)),
            (Some(forest), Some((at, false))) => {
                let row = forest.nodes()[*at].row;
                Box::new(iter::once(row).filter(|row| row.is_tracked()))
            }
            _ => Box::new(rows.get(line).copied().into_iter()),
        }
    }

    /// The rows of the subtree that begins in a line.
    pub(super) fn subtree(&self, line: usize) -> Vec<RowId> {
        match (&self.forest, self.lines.get(line)) {
            (Some(forest), Some((at, _))) => forest.rows(*at).collect(),
            _ => Vec::new(),
        }
    }

    /// Every row of the listing.
    pub(super) fn all<'a>(&'a self, rows: &'a [RowId]) -> Box<dyn Iterator<Item = RowId> + 'a> {
        match &self.forest {
            Some(forest) => {
                let nodes = forest.nodes().iter().map(|node| node.row);
                Box::new(nodes.filter(|row| row.is_tracked()))
            }
            None => Box::new(rows.iter().copied()),
        }
    }

    pub(super) fn stem(&self, line: usize) -> Option<Stem<'_>> {
        let forest = self.forest.as_ref()?;
        let (at, is_folded) = *self.lines.get(line)?;
        let node = forest.nodes()[at];
        let unknown = forest.unknown(node.row);
        // One that is not in the ledger is no turn that could be counted.
        let turns = node.size - usize::from(unknown.is_some());
        Some(Stem {
            depth: node.depth,
            folded: is_folded.then_some(turns),
            is_open: !is_folded && node.size > 1 && (node.parent.is_none() || forest.is_fork(at)),
            unknown,
            hidden: node.hidden,
            weight: self.weights.get(&node.row).copied().flatten(),
        })
    }

    /// The latest turns of folded chains among some lines, as far as they are known.
    pub(super) fn latest(&self, lines: Range<usize>) -> impl Iterator<Item = RowId> {
        let nodes = self.forest.as_ref().map_or(&[][..], Forest::nodes);
        let lines = self.lines.get(lines).unwrap_or_default().iter();
        let folded = lines.filter(|(_, is_folded)| *is_folded);
        let weights = folded.filter_map(|(at, _)| *self.weights.get(&nodes[*at].row)?);
        weights.filter_map(|weight| weight.latest)
    }

    /// Folded chains among some lines whose weight was never asked for, which it now is.
    pub(super) fn unweighed(&mut self, lines: Range<usize>) -> Vec<Folded> {
        let Some(forest) = &self.forest else {
            return Vec::new();
        };
        let mut chains = Vec::new();
        for (at, is_folded) in self.lines.get(lines).unwrap_or_default() {
            let row = forest.nodes()[*at].row;
            if *is_folded && !self.weights.contains_key(&row) {
                self.weights.insert(row, None);
                chains.push((row, forest.rows(*at).collect()));
            }
        }
        chains
    }

    pub(super) fn weighed(&mut self, weights: Vec<(RowId, Weight)>) {
        let weights = weights.into_iter().map(|(row, weight)| (row, Some(weight)));
        self.weights.extend(weights);
    }

    /// What was asked for will not come.
    pub(super) fn weigh_again(&mut self) {
        self.weights.retain(|_, weight| weight.is_some());
    }
}
