//! Topics on brokers of their own: a cluster that has these topics alone, whose other brokers they leave.

use planner::dense::Resource;
use planner::model::{Cluster, ModelError, loads};
use planner::request::Request;

use super::asked::Asked;
use crate::error::CommandError;
use crate::snapshot::rebuild::{Becomes, rebuilt};

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
        exclude_topics: Vec::new(),
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
    let is_in = |at| is_in(&cluster.topics()[cluster.partitions()[at].topic].name);
    let mut others = loads(cluster);
    for (at, partition) in cluster.partitions().iter().filter(|(at, _)| is_in(*at)) {
        for broker in cluster.replicas(at) {
            others[*broker][Resource::Disk] -= partition.size_bytes;
        }
    }
    rebuilt(
        cluster,
        |at, broker| {
            let taken = others[at][Resource::Disk] as u64;
            let disk = &mut broker.capacity.disk_bytes;
            *disk = disk.map(|bytes| bytes.saturating_sub(taken));
        },
        |at| if is_in(at) { Becomes::Same } else { Becomes::Gone },
    )
}
