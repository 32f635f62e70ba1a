//! Responses as trees: each stands under the one it continues.

use std::collections::HashMap;

use super::RowId;

/// What a row continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    Row(RowId),
    /// Something that is not in the ledger. The text is the service's.
    Unknown(String),
}

/// The talk around a response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    /// What it continues.
    pub previous: Option<Link>,
    /// Those that continue the same, itself among them, oldest first.
    pub branches: Vec<RowId>,
    /// Those that continue it, oldest first.
    pub next: Vec<RowId>,
}

/// What some responses add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weight {
    /// Of those that are known to have used some.
    pub tokens: u64,
    /// How many do not tell.
    pub untold: u64,
    /// The one that was made last.
    pub latest: Option<RowId>,
}

/// A row in its tree, or what stands for one that is not in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Not one of the ledger's for what is unknown; see [`Forest::unknown`].
    pub row: RowId,
    /// Where in [`Forest::nodes`] the one is that it continues.
    pub parent: Option<usize>,
    /// How far it stands from the left. A talk without branches stays where its second turn is.
    pub depth: usize,
    /// How many nodes its subtree has, itself included; they follow it.
    pub size: usize,
    /// What a root continues that is in the ledger, but not among the rows.
    pub hidden: Option<RowId>,
}

/// Trees in the order in which their first members were listed, each from its root to its leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Forest {
    nodes: Vec<Node>,
    unknown: Vec<String>,
}

impl Forest {
    /// Makes trees of rows, each once. A row that continues something that is not among them is a root; a
    /// circle, which no honest service makes, is cut where it is entered.
    pub fn new(rows: &[RowId], links: Vec<(RowId, Link)>) -> Self {
        let places: HashMap<RowId, usize> = rows.iter().copied().zip(0..).collect();
        let mut sketch = Sketch {
            rows: rows.to_vec(),
            parents: vec![None; rows.len()],
            ..Sketch::default()
        };
        let mut unknown: HashMap<String, usize> = HashMap::new();
        let mut ids = Vec::new();
        for (row, link) in links {
            let Some(child) = places.get(&row) else {
                continue;
            };
            sketch.parents[*child] = match link {
                Link::Row(parent) => {
                    let place = places.get(&parent).copied();
                    if place.is_none() {
                        sketch.hidden.insert(*child, parent);
                    }
                    place
                }
                Link::Unknown(id) => Some(*unknown.entry(id).or_insert_with_key(|id| {
                    ids.push(id.clone());
                    sketch.rows.push(stand_in(ids.len()));
                    sketch.rows.len() - 1
                })),
            };
        }
        sketch.parents.resize(sketch.rows.len(), None);
        Self {
            nodes: sketch.plant(rows.len()),
            unknown: ids,
        }
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The id that a node stands for which is not in the ledger.
    pub fn unknown(&self, row: RowId) -> Option<&str> {
        let place = usize::try_from(row.0.checked_neg()?).ok()?.checked_sub(1)?;
        self.unknown.get(place).map(String::as_str)
    }

    /// It branches here.
    pub fn is_fork(&self, at: usize) -> bool {
        let Some(node) = self.nodes.get(at) else {
            return false;
        };
        let first = self.nodes.get(at + 1).map_or(0, |first| first.size);
        node.size > first + 1
    }

    /// The rows of a subtree that are in the ledger.
    pub fn rows(&self, at: usize) -> impl Iterator<Item = RowId> {
        let size = self.nodes.get(at).map_or(0, |node| node.size);
        let nodes = self.nodes.iter().skip(at).take(size);
        nodes.map(|node| node.row).filter(|row| row.is_tracked())
    }

    pub fn root(&self, mut at: usize) -> usize {
        while let Some(parent) = self.nodes.get(at).and_then(|node| node.parent) {
            at = parent;
        }
        at
    }
}

/// The ledger counts from 1.
fn stand_in(number: usize) -> RowId {
    RowId(-i64::try_from(number).unwrap_or(i64::MAX))
}

/// Everything that is to stand in trees, by its place in the listing.
#[derive(Default)]
struct Sketch {
    rows: Vec<RowId>,
    parents: Vec<Option<usize>>,
    /// What some continue that was not listed.
    hidden: HashMap<usize, RowId>,
    /// The first of those that continue each, and the next of those that continue the same.
    first: Vec<Option<usize>>,
    next: Vec<Option<usize>>,
}

impl Sketch {
    fn plant(mut self, listed: usize) -> Vec<Node> {
        self.first = vec![None; self.rows.len()];
        self.next = vec![None; self.rows.len()];
        for child in (0..listed).rev() {
            if let Some(parent) = self.parents[child] {
                self.next[child] = self.first[parent].replace(child);
            }
        }
        let mut nodes = Vec::with_capacity(self.rows.len());
        let mut done = vec![false; self.rows.len()];
        // By which listed row each was met on the way up.
        let mut met = vec![usize::MAX; self.rows.len()];
        for place in 0..listed {
            if done[place] {
                continue;
            }
            let mut root = place;
            while met[root] != place {
                met[root] = place;
                root = self.parents[root].unwrap_or(root);
            }
            self.grow(root, &mut nodes, &mut done);
        }
        nodes
    }

    fn grow(&self, root: usize, nodes: &mut Vec<Node>, done: &mut [bool]) {
        let enter = |place: usize, parent: Option<usize>, depth: usize, nodes: &mut Vec<Node>| {
            nodes.push(Node {
                row: self.rows[place],
                parent,
                depth,
                size: 1,
                hidden: self.hidden.get(&place).copied(),
            });
            (nodes.len() - 1, self.first[place], self.is_fork(place))
        };
        done[root] = true;
        // Those that were entered and not left: where they stand, who is next under them, whether there
        // are several.
        let mut path = vec![enter(root, None, 0, nodes)];
        while let Some((at, next, is_fork)) = path.last_mut() {
            let (at, is_fork) = (*at, *is_fork);
            let Some(child) = *next else {
                nodes[at].size = nodes.len() - at;
                path.pop();
                continue;
            };
            *next = self.next[child];
            if !done[child] {
                done[child] = true;
                let deeper = nodes[at].parent.is_none() || is_fork;
                let depth = nodes[at].depth + usize::from(deeper);
                path.push(enter(child, Some(at), depth, nodes));
            }
        }
    }

    fn is_fork(&self, place: usize) -> bool {
        self.first[place].is_some_and(|first| self.next[first].is_some())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn forest(parents: &[Option<usize>]) -> Forest {
        let row = |n: usize| RowId(i64::try_from(n).unwrap() + 1);
        let rows: Vec<RowId> = (0..parents.len()).map(row).collect();
        let link = |parent: usize| {
            if parent < parents.len() {
                Link::Row(row(parent))
            } else {
                Link::Unknown(format!("resp_{parent}"))
            }
        };
        let links = rows.iter().zip(parents);
        let links = links.filter_map(|(row, parent)| Some((*row, link((*parent)?))));
        Forest::new(&rows, links.collect())
    }

    /// Row and depth of each node, rows counted from 0.
    fn shape(parents: &[Option<usize>]) -> Vec<(i64, usize)> {
        let forest = forest(parents);
        let nodes = forest.nodes().iter();
        nodes.map(|node| (node.row.0 - 1, node.depth)).collect()
    }

    #[test]
    fn a_tree_stands_where_its_first_member_stood() {
        // 1 continues 3, which continues 0; newest first.
        let chain = [None, Some(3), None, Some(0)];
        assert_eq!(shape(&chain), [(0, 0), (3, 1), (1, 1), (2, 0)]);
        let sizes: Vec<usize> = forest(&chain).nodes().iter().map(|n| n.size).collect();
        assert_eq!(sizes, [3, 2, 1, 1]);
    }

    #[test]
    fn only_branches_stand_further_in() {
        let parents = [None, Some(0), Some(1), Some(2), Some(2), Some(4)];
        assert_eq!(
            shape(&parents),
            [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 2)]
        );
    }

    #[test]
    fn what_is_not_in_the_ledger_is_a_root_of_its_own() {
        let forest = forest(&[Some(9), None, Some(9), Some(0)]);
        let rows: Vec<i64> = forest.nodes().iter().map(|node| node.row.0).collect();
        assert_eq!(rows, [-1, 1, 4, 3, 2]);
        assert_eq!(forest.unknown(RowId(-1)), Some("resp_9"));
        assert_eq!(forest.unknown(RowId(1)), None);
        assert_eq!(forest.unknown(RowId(-2)), None);
        assert_eq!(forest.rows(0).count(), 3);
        assert_eq!(forest.root(2), 0);
    }

    #[test]
    fn what_was_not_listed_is_no_root_and_not_forgotten() {
        let rows = [RowId(2), RowId(3)];
        let links = [
            (RowId(2), Link::Row(RowId(1))),
            (RowId(3), Link::Row(RowId(2))),
        ];
        let forest = Forest::new(&rows, links.to_vec());
        let hidden: Vec<_> = forest.nodes().iter().map(|n| (n.row, n.hidden)).collect();
        assert_eq!(hidden, [(RowId(2), Some(RowId(1))), (RowId(3), None)]);
    }

    #[test]
    fn a_chain_as_long_as_a_ledger_is_no_trouble() {
        let parents: Vec<_> = (0..200_000_usize).map(|n| n.checked_sub(1)).collect();
        let forest = forest(&parents);
        assert_eq!(forest.nodes()[0].size, 200_000);
        assert_eq!(forest.root(199_999), 0);
    }

    proptest! {
        #[test]
        fn any_graph_gives_trees_with_each_row_once(
            parents in proptest::collection::vec(proptest::option::of(0_usize..50), 0..40),
        ) {
            let forest = forest(&parents);
            let nodes = forest.nodes();
            let mut rows: Vec<i64> = nodes.iter().map(|node| node.row.0).filter(|row| *row > 0).collect();
            rows.sort_unstable();
            prop_assert!(rows.iter().copied().eq(1..=i64::try_from(parents.len()).unwrap()));
            for (at, node) in nodes.iter().enumerate() {
                prop_assert!(node.size >= 1 && at + node.size <= nodes.len());
                match node.parent {
                    None => prop_assert_eq!(node.depth, 0),
                    Some(parent) => {
                        let above = nodes[parent];
                        prop_assert!(parent < at && at + node.size <= parent + above.size);
                        prop_assert!(node.depth == above.depth || node.depth == above.depth + 1);
                    }
                }
                // Under the one that it continues, but where a circle is cut.
                let row = usize::try_from(node.row.0 - 1).unwrap_or(usize::MAX);
                let continues = parents.get(row).copied().flatten();
                if let (Some(parent), Some(above)) = (continues, node.parent) {
                    let above = nodes[above].row;
                    let expected = format!("resp_{parent}");
                    let is_so = above.0 - 1 == i64::try_from(parent).unwrap()
                        || forest.unknown(above) == Some(&*expected);
                    prop_assert!(is_so, "{row} under {above:?}");
                }
            }
            // Siblings stand alike.
            for (at, node) in nodes.iter().enumerate() {
                let mut under = nodes.iter().filter(|child| child.parent == Some(at));
                if let Some(first) = under.next() {
                    prop_assert!(under.all(|child| child.depth == first.depth), "under {node:?}");
                }
            }
        }
    }
}
