//! Batches of brokers, as few as can be found: the colouring of a hypergraph, with partitions as its edges.
//!
//! That is hard (NP), so several ways are gone and the best is kept: whole racks, first fit, DSATUR (Brélaz 1979) and
//! recursive largest first (Leighton 1979). What they are measured by is [`bound`].

mod bound;
mod graph;
mod open;
mod ways;

use planner::dense::{BrokerIx, Key, PartitionIx, RackIx, Table};
use planner::model::Cluster;

pub use bound::{Bound, Proof};

use crate::held::Held;
use graph::Graph;
use open::Open;

/// A broker's place among those that are restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeIx(u16);

impl Key for NodeIx {
    fn from_index(index: usize) -> Self {
        Self(index as u16)
    }

    fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A broker that is restarted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) broker: BrokerIx,
    pub(crate) rack: Option<RackIx>,
    /// It votes, too: no two of those stop together.
    pub(crate) is_voter: bool,
}

/// What is to be put into batches. Each of the nodes could stop alone.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Task<'a> {
    pub(crate) nodes: &'a Table<NodeIx, Node>,
    pub(crate) held: &'a Held,
    pub(crate) rooms: &'a Table<PartitionIx, i8>,
}

/// The fewest batches that were found, each in order of ids, and the fewest that could be.
pub(crate) fn batches(cluster: &Cluster, task: Task<'_>) -> (Vec<Vec<NodeIx>>, Bound) {
    let graph = Graph::new(cluster, task);
    let bound = bound::bound(cluster, task, &graph);
    let mut best: Option<Vec<Open<'_>>> = None;
    for way in ways::ALL {
        let found = way(task, &graph);
        if best.as_ref().is_none_or(|best| found.len() < best.len()) {
            best = Some(found);
        }
        if best.as_ref().is_some_and(|best| best.len() <= bound.batches) {
            break;
        }
    }
    let mut best = best.unwrap_or_default();
    if best.len() > bound.batches {
        open::dissolve(&mut best);
    }
    let mut batches: Vec<Vec<NodeIx>> = best.into_iter().map(Open::into_members).collect();
    for batch in &mut batches {
        batch.sort_unstable();
    }
    (batches, bound)
}
