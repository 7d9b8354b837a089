//! Which partitions each broker holds.

use planner::dense::{BrokerIx, PartitionIx, Table};
use planner::model::Cluster;

/// A replica, as its broker sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seat {
    pub(crate) partition: PartitionIx,
    pub(crate) is_in_sync: bool,
}

/// The replicas of each broker.
pub(crate) type Held = Table<BrokerIx, Vec<Seat>>;

/// The replicas of each broker that is wanted.
pub(crate) fn held(cluster: &Cluster, is_wanted: impl Fn(BrokerIx) -> bool) -> Held {
    let mut held = Table::filled(cluster.brokers().len(), Vec::new());
    for partition in cluster.partitions().keys() {
        let in_sync: u64 = cluster.in_sync(partition).fold(0, |bits, broker| {
            let at = cluster
                .replicas(partition)
                .iter()
                .position(|replica| *replica == broker);
            bits | at.map_or(0, |at| 1 << at)
        });
        for (at, broker) in cluster.replicas(partition).iter().enumerate() {
            if is_wanted(*broker) {
                held[*broker].push(Seat {
                    partition,
                    is_in_sync: in_sync >> at & 1 == 1,
                });
            }
        }
    }
    held
}
