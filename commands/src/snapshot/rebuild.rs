//! A cluster again, with some of it changed.

use planner::dense::{BrokerIx, PartitionIx};
use planner::model::{Cluster, ClusterBuilder, ModelError, NewBroker, NewPartition};

/// What becomes of a partition.
pub(crate) enum Becomes {
    /// It stays as it is.
    Same,
    /// It has these replicas, all of them in sync.
    On(Vec<i32>),
    /// It is left out.
    Gone,
}

/// A cluster with changed brokers and partitions.
pub(crate) fn rebuilt(
    cluster: &Cluster,
    change: impl Fn(BrokerIx, &mut NewBroker),
    becomes: impl Fn(PartitionIx) -> Becomes,
) -> Result<Cluster, ModelError> {
    let mut builder = ClusterBuilder::new(cluster.cluster_id().map(str::to_owned));
    for (at, broker) in cluster.brokers().iter() {
        let mut new = NewBroker {
            id: broker.id,
            rack: broker.rack.map(|rack| cluster.racks()[rack].clone()),
            state: broker.state,
            capacity: broker.capacity,
            log_dirs: broker.log_dirs.clone(),
        };
        change(at, &mut new);
        builder.broker(new)?;
    }
    for (at, partition) in cluster.partitions().iter() {
        let (replicas, in_sync, leader) = match becomes(at) {
            Becomes::Gone => continue,
            Becomes::On(replicas) => {
                let leader = replicas.first().copied();
                (replicas, None, leader)
            }
            Becomes::Same => {
                let in_sync: Vec<BrokerIx> = cluster.in_sync(at).collect();
                let leader = cluster.leader(at).map(|leader| cluster.brokers()[leader].id);
                (cluster.ids(cluster.replicas(at)), Some(cluster.ids(&in_sync)), leader)
            }
        };
        builder.partition(&NewPartition {
            topic: &cluster.topics()[partition.topic].name,
            number: partition.number,
            replicas: &replicas,
            in_sync: in_sync.as_deref(),
            leader,
            size_bytes: partition.size_bytes as u64,
            bytes_in: partition.bytes_in as u64,
            bytes_out: partition.bytes_out as u64,
            min_isr: partition.min_isr,
        })?;
    }
    builder.build()
}
