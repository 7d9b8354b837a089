//! What a look at the cluster saw, and what is asked of it.

use std::collections::{BTreeMap, BTreeSet};

use planner::counted::{counted, either};
use planner::dense::PartitionIx;
use planner::model::Cluster;

use crate::fleet::{Fleet, Quorum};
use crate::gate::{Breach, Gate};
use crate::rule::Rule;

/// The cluster at one moment.
#[derive(Debug, Clone)]
pub struct View {
    /// Brokers and partitions; replica lists as they are to be.
    pub cluster: Cluster,
    /// The quorum.
    pub quorum: Quorum,
    /// Brokers that are registered and not fenced.
    pub alive: BTreeSet<i32>,
    /// Partitions that are being reassigned.
    pub reassigning: Vec<String>,
}

/// The only one, or one of several.
fn among(count: usize, first: &str) -> String {
    if count == 1 {
        format!(", {first}")
    } else {
        format!(", {first} among them")
    }
}

fn partitions(count: usize, first: &str, state: &str) -> String {
    let partitions = counted(count, "partition");
    let verb = either(count, "is", "are");
    format!("{partitions} {verb} {state}{}", among(count, first))
}

/// What is against a step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Against {
    /// Somebody moves replicas.
    #[error("{}", partitions(*count, first, "being reassigned"))]
    Reassigning {
        /// How many.
        count: usize,
        /// One of them.
        first: String,
    },
    /// Partitions are under-replicated, and no step did it.
    #[error("{}", partitions(*count, first, "under-replicated"))]
    UnderReplicated {
        /// How many.
        count: usize,
        /// One of them.
        first: String,
    },
    /// A node that is to be stopped is not there.
    #[error("broker {0} is fenced or not registered")]
    NotAlive(i32),
    /// The gate says no.
    #[error(transparent)]
    Breach(#[from] Breach),
}

/// What is not back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// A broker is not registered, or fenced.
    #[error("broker {0} is fenced or not registered")]
    Broker(i32),
    /// A voter lags.
    #[error("controller {0} has not caught up with the quorum")]
    Voter(i32),
    /// Replicas are out of sync.
    #[error("broker {node} is not in the ISR of {}{}", counted(*count, "partition"), among(*count, first))]
    InSync {
        /// Its id.
        node: i32,
        /// How many partitions.
        count: usize,
        /// One of them.
        first: String,
    },
}

impl Missing {
    /// Whose it is.
    pub fn node(&self) -> i32 {
        match self {
            Self::Broker(node) | Self::Voter(node) | Self::InSync { node, .. } => *node,
        }
    }
}

/// Several of them in a sentence.
pub(super) fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// How the nodes of a step were before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Before {
    brokers: Vec<i32>,
    voters: Vec<i32>,
    /// Partitions that a broker was in sync of, by broker.
    in_sync: BTreeMap<i32, Vec<(String, i32)>>,
}

impl Before {
    pub(super) fn has_voters(&self) -> bool {
        !self.voters.is_empty()
    }
}

impl View {
    fn fleet(&self) -> Fleet<'_> {
        Fleet {
            cluster: &self.cluster,
            quorum: &self.quorum,
        }
    }

    pub(super) fn partition(&self, name: &str) -> Option<PartitionIx> {
        let (topic, number) = name.rsplit_once('-')?;
        self.cluster.partition(topic, number.parse().ok()?)
    }

    /// All that is against stopping these nodes now.
    pub fn against(&self, nodes: &[i32], rule: &Rule, accept_quorum: bool) -> Vec<Against> {
        let mut against = Vec::new();
        if let Some(first) = self.reassigning.first() {
            against.push(Against::Reassigning {
                count: self.reassigning.len(),
                first: first.clone(),
            });
        }
        let partitions = self.cluster.partitions().iter();
        let mut under = partitions.filter(|(at, of)| self.cluster.in_sync(*at).count() < of.replication_factor());
        if let Some((first, _)) = under.next() {
            against.push(Against::UnderReplicated {
                count: 1 + under.count(),
                first: self.cluster.name(first),
            });
        }
        let brokers = nodes.iter().filter(|id| self.cluster.broker(**id).is_some());
        against.extend(
            brokers
                .filter(|id| !self.alive.contains(id))
                .map(|id| Against::NotAlive(*id)),
        );
        let gate = Gate::new(self.fleet(), rule).accepting_quorum(accept_quorum);
        against.extend(gate.breaches(nodes).into_iter().map(Against::Breach));
        against
    }

    /// How these nodes are.
    pub(super) fn before(&self, nodes: &[i32]) -> Before {
        let mut in_sync: BTreeMap<i32, Vec<(String, i32)>> = BTreeMap::new();
        let brokers: Vec<i32> = nodes
            .iter()
            .copied()
            .filter(|id| self.cluster.broker(*id).is_some())
            .collect();
        for (at, partition) in self.cluster.partitions().iter() {
            for broker in self.cluster.in_sync(at).map(|broker| self.cluster.brokers()[broker].id) {
                if brokers.contains(&broker) {
                    let topic = self.cluster.topics()[partition.topic].name.clone();
                    in_sync.entry(broker).or_default().push((topic, partition.number));
                }
            }
        }
        Before {
            brokers,
            voters: nodes.iter().copied().filter(|id| self.quorum.is_voter(*id)).collect(),
            in_sync,
        }
    }

    /// What of that is not back; partitions that are gone, or have left the broker, are not missed.
    pub(super) fn missing(&self, before: &Before) -> Vec<Missing> {
        let brokers = before.brokers.iter().filter(|id| !self.alive.contains(id));
        let mut missing: Vec<Missing> = brokers.map(|id| Missing::Broker(*id)).collect();
        let lags = |id: &&i32| {
            self.quorum
                .voters
                .iter()
                .any(|voter| voter.id == **id && !voter.is_caught_up)
        };
        missing.extend(before.voters.iter().filter(lags).map(|id| Missing::Voter(*id)));
        for (node, partitions) in &before.in_sync {
            let mut out = partitions.iter().filter_map(|(topic, number)| {
                let at = self.cluster.partition(topic, *number)?;
                self.is_out_of_sync(*node, at).then_some(at)
            });
            if let Some(first) = out.next() {
                missing.push(Missing::InSync {
                    node: *node,
                    count: 1 + out.count(),
                    first: self.cluster.name(first),
                });
            }
        }
        missing
    }

    fn is_out_of_sync(&self, node: i32, at: PartitionIx) -> bool {
        let Some(broker) = self.cluster.broker(node) else {
            return true;
        };
        self.cluster.replicas(at).contains(&broker) && !self.cluster.in_sync(at).any(|in_sync| in_sync == broker)
    }
}
