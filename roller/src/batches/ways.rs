//! Ways to put nodes into batches. Each gives batches that are safe; none is the best for every cluster.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use planner::dense::Table;

use super::graph::{Bits, Graph};
use super::open::{Open, first_fit};
use super::{NodeIx, Task};

type Way = for<'a> fn(Task<'a>, &Graph) -> Vec<Open<'a>>;

/// All of them, the one that finds the best in well-placed clusters first.
pub(super) const ALL: [Way; 4] = [racks, by_degree, dsatur, largest_first];

/// Whole racks, several together where partitions have the room; what does not fit its rack comes last.
fn racks<'a>(task: Task<'a>, graph: &Graph) -> Vec<Open<'a>> {
    let mut racks: BTreeMap<Option<_>, Vec<NodeIx>> = BTreeMap::new();
    for (at, node) in task.nodes.iter() {
        racks.entry(node.rack).or_default().push(at);
    }
    let mut left = racks.remove(&None).unwrap_or_default();
    let mut open: Vec<Open<'a>> = Vec::new();
    for members in racks.values() {
        if open.iter_mut().any(|batch| batch.put_all(members)) {
            continue;
        }
        let mut batch = Open::new(task);
        left.extend(members.iter().copied().filter(|node| !batch.put(*node)));
        open.push(batch);
    }
    left.sort_by_key(|node| (Reverse(graph.degree(*node)), *node));
    for node in left {
        first_fit(&mut open, task, node);
    }
    open
}

/// First fit, those with the most conflicts first.
fn by_degree<'a>(task: Task<'a>, graph: &Graph) -> Vec<Open<'a>> {
    let mut open = Vec::new();
    for node in graph.by_degree() {
        first_fit(&mut open, task, node);
    }
    open
}

/// First fit, always the one that the most batches refuse already.
fn dsatur<'a>(task: Task<'a>, graph: &Graph) -> Vec<Open<'a>> {
    let mut open: Vec<Open<'a>> = Vec::new();
    // Which batches have a conflict with a node, a bit each.
    let mut refusing: Table<NodeIx, u128> = Table::filled(task.nodes.len(), 0);
    let mut left = Bits::all(task.nodes.len());
    loop {
        let key = |node: &NodeIx| {
            (
                refusing[*node].count_ones(),
                graph.of(*node).common(&left),
                Reverse(*node),
            )
        };
        let Some(node) = left.iter().max_by_key(key) else {
            return open;
        };
        left.remove(node);
        let lens: Vec<usize> = open.iter().map(Open::len).collect();
        first_fit(&mut open, task, node);
        let into = open
            .iter()
            .enumerate()
            .position(|(at, batch)| lens.get(at) != Some(&batch.len()));
        let bit = 1u128.checked_shl(into.unwrap_or(0) as u32).unwrap_or(0);
        for neighbour in graph.of(node).iter() {
            refusing[neighbour] |= bit;
        }
    }
}

/// One batch after the other, each as full as can be: next is who has the most conflicts with those that are out already.
fn largest_first<'a>(task: Task<'a>, graph: &Graph) -> Vec<Open<'a>> {
    let mut left = Bits::all(task.nodes.len());
    let mut open = Vec::new();
    loop {
        let first = left
            .iter()
            .max_by_key(|node| (graph.of(*node).common(&left), Reverse(*node)));
        let Some(mut next) = first else { return open };
        let mut batch = Open::new(task);
        let (mut candidates, mut out) = (left.clone(), Bits::none(task.nodes.len()));
        loop {
            candidates.remove(next);
            if batch.put(next) {
                left.remove(next);
                let mut refused = graph.of(next).clone();
                refused.keep(&left);
                refused.iter().for_each(|node| candidates.remove(node));
                out.join(&refused);
            } else {
                out.add(next);
            }
            let key = |node: &NodeIx| {
                let conflicts = graph.of(*node);
                (
                    conflicts.common(&out),
                    Reverse(conflicts.common(&candidates)),
                    Reverse(*node),
                )
            };
            match candidates.iter().max_by_key(key) {
                Some(node) => next = node,
                None => break,
            }
        }
        open.push(batch);
    }
}

#[cfg(test)]
mod tests {
    use planner::dense::Key;

    use super::*;

    #[test]
    fn a_set_has_what_was_added_and_not_removed() {
        let mut bits = Bits::all(70);
        assert_eq!(bits.len(), 70);
        bits.remove(NodeIx::from_index(64));
        assert_eq!((bits.len(), bits.iter().last()), (69, Some(NodeIx::from_index(69))));
        let even: Vec<NodeIx> = bits.iter().filter(|node| node.index() % 2 == 0).collect();
        assert_eq!(even.len(), 34);
    }
}
