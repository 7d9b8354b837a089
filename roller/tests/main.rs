//! Plans of made-up clusters, all of them through the checker, and batches against everything that can happen.

mod plans;
mod rolling;
mod simulation;
mod tampering;
mod upgrade;
mod world;

use planner::model::{Cluster, ClusterBuilder, NewBroker, NewPartition};

/// Brokers with ids and racks, and partitions of one topic: replicas, those in sync, min.insync.replicas.
fn cluster(brokers: &[(i32, &str)], partitions: &[(&[i32], &[i32], u16)]) -> Cluster {
    let mut builder = ClusterBuilder::new(None);
    for (id, rack) in brokers {
        let broker = NewBroker {
            id: *id,
            rack: Some((*rack).to_owned()),
            ..NewBroker::default()
        };
        builder.broker(broker).unwrap();
    }
    for (number, (replicas, in_sync, min_isr)) in (0..).zip(partitions) {
        let partition = NewPartition {
            topic: "t",
            number,
            replicas,
            in_sync: Some(in_sync),
            leader: in_sync.first().copied(),
            size_bytes: 1000,
            bytes_in: 10,
            bytes_out: 10,
            min_isr: *min_isr,
        };
        builder.partition(&partition).unwrap();
    }
    builder.build().unwrap()
}
