//! Plans of made-up and of published clusters, all of them through the checker.

mod counts;
mod goals;
mod impossible;
mod least;
mod random;
mod snapshots;
mod tampering;
mod vectors;

use kfleet_planner::check::{Accepted, check};
use kfleet_planner::model::{Capacity, Cluster, ClusterBuilder, NewBroker, NewPartition};
use kfleet_planner::plan::{Plan, Summary, plan};
use kfleet_planner::request::Request;

/// Brokers with ids and racks, and partitions of one topic with sizes.
fn cluster(brokers: &[(i32, Option<&str>)], partitions: &[(&[i32], u64)]) -> Cluster {
    let mut builder = ClusterBuilder::new(None);
    for (id, rack) in brokers {
        let capacity = Capacity {
            disk_bytes: Some(1000),
            ..Capacity::default()
        };
        let rack = rack.map(str::to_owned);
        builder
            .broker(NewBroker {
                id: *id,
                rack,
                capacity,
                ..NewBroker::default()
            })
            .unwrap();
    }
    for (number, (replicas, size_bytes)) in partitions.iter().enumerate() {
        builder
            .partition(&NewPartition {
                topic: "t",
                number: number as i32,
                replicas,
                in_sync: None,
                leader: Some(replicas[0]),
                size_bytes: *size_bytes,
                bytes_in: 0,
                bytes_out: 0,
                min_isr: 1,
            })
            .unwrap();
    }
    builder.build().unwrap()
}

/// Whether nothing moves that need not, as far as is proven: to a part in a hundred million.
fn is_proven_least(summary: &Summary) -> bool {
    summary.moved_bytes - summary.bound_bytes <= summary.moved_bytes / 100_000_000
}

/// A plan that the checker has accepted.
#[track_caller]
fn checked(cluster: &Cluster, request: &Request) -> (Plan, Accepted) {
    let plan = plan(cluster, request).unwrap();
    let accepted = check(cluster, request, &plan).unwrap_or_else(|error| panic!("{error}\n{:?}", plan.summary));
    (plan, accepted)
}
