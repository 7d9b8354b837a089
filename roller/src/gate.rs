//! The gate: whether these nodes may stop together, on what is known now. A plan is a hint; this is asked before each batch.

use std::collections::BTreeSet;

use planner::counted::{counted, either};
use planner::dense::{BrokerIx, PartitionIx};

use crate::fleet::Fleet;
use crate::mutation::{Mutation, mutated};
use crate::rule::Rule;

fn is(count: usize) -> &'static str {
    either(count, "is", "are")
}

/// Why nodes may not stop together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// Nobody knows the node.
    #[error("node {0} is neither a broker nor a voter of this cluster")]
    Unknown(i32),
    /// Too many replicas in sync would stop.
    #[error("{partition} has {} in sync, {stopping} of them would stop and {floor} must stay", counted(*in_sync, "replica"))]
    Partition {
        /// topic-number.
        partition: String,
        /// Replicas in sync now.
        in_sync: usize,
        /// Those of them that are in the batch.
        stopping: usize,
        /// Those that must stay.
        floor: usize,
    },
    /// It has fewer in sync than must stay already.
    #[error("{partition} has {} in sync where {floor} must stay, and node {node} has a replica of it", counted(*in_sync, "replica"))]
    Short {
        /// topic-number.
        partition: String,
        /// Replicas in sync now.
        in_sync: usize,
        /// Those that must stay.
        floor: usize,
        /// A node of the batch that has a replica.
        node: i32,
    },
    /// The quorum would lose its majority.
    #[error("{} that {} caught up would be left, and {majority} {} needed", counted(*caught_up, "voter"), is(*caught_up), is(*majority))]
    Quorum {
        /// Voters left that are caught up.
        caught_up: usize,
        /// How many must be.
        majority: usize,
    },
}

/// Proves batches on one view of the fleet.
#[derive(Debug, Clone, Copy)]
pub struct Gate<'a> {
    fleet: Fleet<'a>,
    rule: &'a Rule,
    accepts_quorum: bool,
}

impl<'a> Gate<'a> {
    /// A gate for this view of the fleet.
    pub fn new(fleet: Fleet<'a>, rule: &'a Rule) -> Self {
        Self {
            fleet,
            rule,
            accepts_quorum: false,
        }
    }

    /// The same, that lets a voter of a quorum of one or two stop: the quorum is gone until it is back.
    pub fn accepting_quorum(self, accepts: bool) -> Self {
        Self {
            accepts_quorum: accepts,
            ..self
        }
    }

    /// All that is against stopping these nodes together; nothing if it is safe.
    pub fn breaches(&self, batch: &[i32]) -> Vec<Breach> {
        if mutated(Mutation::GateSkipped) {
            return Vec::new();
        }
        let mut breaches: Vec<Breach> = Vec::new();
        let mut brokers = BTreeSet::new();
        for id in batch {
            match (self.fleet.cluster.broker(*id), self.fleet.quorum.is_voter(*id)) {
                (None, false) => breaches.push(Breach::Unknown(*id)),
                (broker, _) => brokers.extend(broker),
            }
        }
        if mutated(Mutation::EachAlone) {
            let alone = brokers.iter().map(|broker| BTreeSet::from([*broker]));
            breaches.extend(alone.flat_map(|broker| self.of_partitions(&broker)));
        } else {
            breaches.extend(self.of_partitions(&brokers));
        }
        breaches.extend(self.of_quorum(batch));
        breaches
    }

    fn of_partitions(&self, brokers: &BTreeSet<BrokerIx>) -> Vec<Breach> {
        let cluster = self.fleet.cluster;
        let mut is_stopping = planner::dense::Table::filled(cluster.brokers().len(), false);
        for broker in brokers {
            is_stopping[*broker] = true;
        }
        let touched = |at: &PartitionIx| cluster.replicas(*at).iter().any(|broker| is_stopping[*broker]);
        let partitions = cluster.partitions().keys().filter(touched);
        partitions
            .filter_map(|at| {
                let counts = |broker: &BrokerIx| {
                    is_stopping[*broker] && (!mutated(Mutation::LedOnly) || cluster.leader(at) == Some(*broker))
                };
                let stopping = cluster.in_sync(at).filter(counts).count();
                self.of_partition(at, stopping, &is_stopping)
            })
            .collect()
    }

    fn of_partition(
        &self,
        at: PartitionIx,
        stopping: usize,
        is_stopping: &planner::dense::Table<BrokerIx, bool>,
    ) -> Option<Breach> {
        let cluster = self.fleet.cluster;
        let room = self.rule.room(cluster, at);
        let in_sync = cluster.in_sync(at).count();
        let floor = in_sync.saturating_add_signed(-room);
        if room < 0 && !mutated(Mutation::ShortOnesTouched) {
            let with_replica = cluster.replicas(at).iter().find(|broker| is_stopping[**broker])?;
            return Some(Breach::Short {
                partition: cluster.name(at),
                in_sync,
                floor,
                node: cluster.brokers()[*with_replica].id,
            });
        }
        (stopping > room.max(0).unsigned_abs()).then(|| Breach::Partition {
            partition: cluster.name(at),
            in_sync,
            stopping,
            floor,
        })
    }

    /// Whether a majority of the voters is left, or its loss is accepted.
    pub(crate) fn keeps_quorum(&self, batch: &[i32]) -> bool {
        self.of_quorum(batch).is_none()
    }

    fn of_quorum(&self, batch: &[i32]) -> Option<Breach> {
        let quorum = self.fleet.quorum;
        let stopping = batch.iter().filter(|id| quorum.is_voter(**id)).count();
        if stopping == 0 || (self.accepts_quorum && quorum.is_unavoidable() && stopping == 1) {
            return None;
        }
        if quorum.survives(|id| batch.contains(&id)) {
            return None;
        }
        let left = quorum.voters.iter().filter(|voter| !batch.contains(&voter.id));
        Some(Breach::Quorum {
            caught_up: left.filter(|voter| voter.is_caught_up).count(),
            majority: quorum.majority(),
        })
    }
}
