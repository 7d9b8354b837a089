//! Which two brokers can never stop together: those that share a partition with room for one, and those that vote.
//! Partitions with more room are edges of more than two, which only [`super::open::Open`] counts.

use planner::dense::{Key, Table};
use planner::model::Cluster;

use super::{NodeIx, Task};

/// A set of nodes, a bit each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn none(nodes: usize) -> Self {
        Self(vec![0; nodes.div_ceil(64)])
    }

    pub(super) fn all(nodes: usize) -> Self {
        let mut bits = Self::none(nodes);
        (0..nodes).for_each(|node| bits.add(NodeIx::from_index(node)));
        bits
    }

    pub(super) fn add(&mut self, node: NodeIx) {
        if let Some(word) = self.0.get_mut(node.index() / 64) {
            *word |= 1 << (node.index() % 64);
        }
    }

    pub(super) fn remove(&mut self, node: NodeIx) {
        if let Some(word) = self.0.get_mut(node.index() / 64) {
            *word &= !(1 << (node.index() % 64));
        }
    }

    pub(super) fn keep(&mut self, others: &Self) {
        self.0
            .iter_mut()
            .zip(&others.0)
            .for_each(|(word, other)| *word &= other);
    }

    pub(super) fn join(&mut self, others: &Self) {
        self.0
            .iter_mut()
            .zip(&others.0)
            .for_each(|(word, other)| *word |= other);
    }

    /// How many are in both.
    pub(super) fn common(&self, others: &Self) -> usize {
        let words = self.0.iter().zip(&others.0);
        words.map(|(word, other)| (word & other).count_ones() as usize).sum()
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = NodeIx> {
        self.0.iter().enumerate().flat_map(|(at, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                Some(NodeIx::from_index(at * 64 + bit))
            })
        })
    }
}

/// Conflicts of two.
#[derive(Debug)]
pub(super) struct Graph {
    rows: Table<NodeIx, Bits>,
}

impl Graph {
    pub(super) fn new(cluster: &Cluster, task: Task<'_>) -> Self {
        let mut place = Table::filled(cluster.brokers().len(), None);
        for (at, node) in task.nodes.iter() {
            place[node.broker] = Some(at);
        }
        let mut rows = Table::filled(task.nodes.len(), Bits::none(task.nodes.len()));
        let mut members: Vec<NodeIx> = Vec::new();
        for (partition, room) in task.rooms.iter() {
            if *room != 1 {
                continue;
            }
            members.clear();
            members.extend(cluster.in_sync(partition).filter_map(|broker| place[broker]));
            connect(&mut rows, &members);
        }
        let voters: Vec<NodeIx> = task
            .nodes
            .iter()
            .filter(|(_, node)| node.is_voter)
            .map(|(at, _)| at)
            .collect();
        connect(&mut rows, &voters);
        Self { rows }
    }

    pub(super) fn of(&self, node: NodeIx) -> &Bits {
        &self.rows[node]
    }

    pub(super) fn degree(&self, node: NodeIx) -> usize {
        self.rows[node].len()
    }

    /// The nodes, those with the most conflicts first.
    pub(super) fn by_degree(&self) -> Vec<NodeIx> {
        let mut nodes: Vec<NodeIx> = self.rows.keys().collect();
        nodes.sort_by_key(|node| (std::cmp::Reverse(self.degree(*node)), *node));
        nodes
    }
}

fn connect(rows: &mut Table<NodeIx, Bits>, members: &[NodeIx]) {
    for one in members {
        for other in members {
            if one != other {
                rows[*one].add(*other);
            }
        }
    }
}
