//! How few batches could do, whoever looks for them.

use planner::dense::{PartitionIx, Table};
use planner::model::Cluster;

use super::graph::{Bits, Graph};
use super::{NodeIx, Task};

/// From how many nodes cliques are grown.
const STARTS: usize = 64;

/// The fewest batches that could do, and what proves it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bound {
    /// So many batches are needed at least.
    pub batches: usize,
    /// What proves it.
    pub proof: Proof,
}

/// What proves a bound.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// No two of these nodes can stop together.
    Apart(Vec<i32>),
    /// All replicas of this partition restart, and it has no more room.
    Partition(String),
    /// There is something to do.
    Something,
}

pub(super) fn bound(cluster: &Cluster, task: Task<'_>, graph: &Graph) -> Bound {
    let mut bound = Bound {
        batches: task.nodes.len().min(1),
        proof: Proof::Something,
    };
    if let Some((partition, batches)) = of_partitions(cluster, task).filter(|(_, batches)| *batches > bound.batches) {
        bound = Bound {
            batches,
            proof: Proof::Partition(cluster.name(partition)),
        };
    }
    let clique = clique(task, graph);
    if clique.len() > bound.batches {
        let brokers = clique.iter().map(|node| cluster.brokers()[task.nodes[*node].broker].id);
        bound = Bound {
            batches: clique.len(),
            proof: Proof::Apart(brokers.collect()),
        };
    }
    bound
}

/// The partition whose replicas need the most batches.
fn of_partitions(cluster: &Cluster, task: Task<'_>) -> Option<(PartitionIx, usize)> {
    let mut is_restarted = Table::filled(cluster.brokers().len(), false);
    for node in task.nodes.values() {
        is_restarted[node.broker] = true;
    }
    let needs = task.rooms.iter().filter(|(_, room)| **room > 0).map(|(at, room)| {
        let restarted = cluster.in_sync(at).filter(|broker| is_restarted[*broker]).count();
        (at, restarted.div_ceil(usize::from(room.unsigned_abs())))
    });
    needs.reduce(|most, other| if other.1 > most.1 { other } else { most })
}

/// Nodes of which no two can stop together, as many as are found.
fn clique(task: Task<'_>, graph: &Graph) -> Vec<NodeIx> {
    let mut best = Vec::new();
    for start in graph.by_degree().into_iter().take(STARTS) {
        let mut clique = vec![start];
        let mut candidates: Bits = graph.of(start).clone();
        let key = |node: &NodeIx, candidates: &Bits| (graph.of(*node).common(candidates), std::cmp::Reverse(*node));
        while let Some(next) = candidates.iter().max_by_key(|node| key(node, &candidates)) {
            clique.push(next);
            candidates.keep(graph.of(next));
        }
        if clique.len() > best.len() {
            best = clique;
        }
        if best.len() == task.nodes.len() {
            break;
        }
    }
    best.sort_unstable();
    best
}
