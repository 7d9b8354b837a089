//! What the rules make move, whatever the windows: replicas on removed brokers, too many in a rack, added ones.

use crate::dense::{Key, PartitionIx, RackIx, Table};
use crate::request::{Problem, Role};

/// What has to move in any case.
pub(crate) struct Forced {
    /// All of it.
    pub bytes: i64,
    /// Partitions of which some replica can leave its broker without costing more than is in `bytes`.
    free: Table<PartitionIx, bool>,
}

impl Forced {
    pub(crate) fn new(problem: &Problem<'_>) -> Self {
        let cluster = problem.cluster;
        let mut free = Table::filled(cluster.partitions().len(), false);
        let mut bytes = 0;
        let mut in_rack: Table<RackIx, usize> = Table::filled(cluster.racks().len(), 0);
        for (at, partition) in cluster.partitions().iter().filter(|(at, _)| problem.may_change(*at)) {
            let replicas = cluster.replicas(at);
            let (now, target) = (replicas.len(), usize::from(problem.target_rf[at]));
            let stays = |broker: &&_| problem.roles[**broker] != Role::Drains;
            let drained = replicas.iter().filter(|broker| !stays(broker)).count();
            let mut surplus = 0;
            let cap = problem.rack_cap(at);
            if cap < usize::MAX {
                in_rack.values_mut().fill(0);
                for broker in replicas.iter().filter(stays) {
                    let rack = cluster.brokers()[*broker].rack.unwrap_or(RackIx::from_index(0));
                    in_rack[rack] += 1;
                    surplus += usize::from(in_rack[rack] > cap);
                }
            }
            // Who leaves is replaced, but for those the partition has too many of.
            let arrivals = (drained + surplus + target).saturating_sub(now);
            bytes += partition.size_bytes * arrivals as i64;
            free[at] = target < now || surplus > 0;
        }
        Self { bytes, free }
    }

    pub(crate) fn is_free(&self, partition: PartitionIx) -> bool {
        self.free[partition]
    }
}
