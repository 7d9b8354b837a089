//! Topics on brokers of their own: a cluster that has these topics alone, whose other brokers they leave.

use planner::dense::Resource;
use planner::model::{Cluster, ClusterBuilder, ModelError, NewBroker, NewPartition, loads};
use planner::request::Request;

use super::asked::Asked;
use crate::error::CommandError;

/// The cluster as these topics see it, and what is asked of it.
pub(super) fn apart(cluster: &Cluster, asked: &Asked) -> Result<(Cluster, Request), CommandError> {
    let (Some(topics), Some(named)) = (asked.named_topics(cluster)?, asked.named_brokers(cluster)?) else {
        return Err(CommandError::usage("which topics go where is not said")
            .hint("--topics names the topics, --brokers or --racks where they are to be"));
    };
    let scope = only(cluster, |name| topics.contains(name))
        .map_err(|error| CommandError::bug(format!("a part of a cluster is none: {error}")))?;
    let others = cluster.brokers().values().iter().map(|broker| broker.id);
    let alone = Asked {
        topics: Vec::new(),
        brokers: Vec::new(),
        racks: Vec::new(),
        remove: others.filter(|id| !named.contains(id)).collect(),
        ..asked.clone()
    };
    let request = alone.request(&scope)?;
    Ok((scope, request))
}

/// The cluster with some topics alone; what others take of the disks is not there for them.
fn only(cluster: &Cluster, is_in: impl Fn(&str) -> bool) -> Result<Cluster, ModelError> {
    let mut builder = ClusterBuilder::new(cluster.cluster_id().map(str::to_owned));
    let mut others = loads(cluster);
    let partitions = || {
        let all = cluster.partitions().iter();
        all.filter(|(_, partition)| is_in(&cluster.topics()[partition.topic].name))
    };
    for (at, partition) in partitions() {
        for broker in cluster.replicas(at) {
            others[*broker][Resource::Disk] -= partition.size_bytes;
        }
    }
    for (at, broker) in cluster.brokers().iter() {
        let mut capacity = broker.capacity;
        let taken = others[at][Resource::Disk] as u64;
        capacity.disk_bytes = capacity.disk_bytes.map(|bytes| bytes.saturating_sub(taken));
        builder.broker(NewBroker {
            id: broker.id,
            rack: broker.rack.map(|rack| cluster.racks()[rack].clone()),
            state: broker.state,
            capacity,
            log_dirs: broker.log_dirs.clone(),
        })?;
    }
    for (at, partition) in partitions() {
        let in_sync: Vec<_> = cluster.in_sync(at).collect();
        builder.partition(&NewPartition {
            topic: &cluster.topics()[partition.topic].name,
            number: partition.number,
            replicas: &cluster.ids(cluster.replicas(at)),
            in_sync: Some(&cluster.ids(&in_sync)),
            leader: cluster.leader(at).map(|leader| cluster.brokers()[leader].id),
            size_bytes: partition.size_bytes as u64,
            bytes_in: partition.bytes_in as u64,
            bytes_out: partition.bytes_out as u64,
            min_isr: partition.min_isr,
        })?;
    }
    builder.build()
}
