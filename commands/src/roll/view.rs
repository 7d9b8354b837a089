//! Asks a running cluster for what the gate has to know.

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, PartitionDescription, Quorum as ClientQuorum, Reassignment, TopicDescription};
use planner::model::{Capacity, Cluster, ClusterBuilder, ModelError, NewBroker, NewPartition};
use roller::fleet::{Quorum, Voter};
use roller::run::{VOTER_MEMORY, View};

use crate::error::CommandError;

/// What acks=all needs.
const MIN_INSYNC: &str = "min.insync.replicas";

/// Looks at the cluster.
pub(super) async fn look(client: &Client) -> Result<View, CommandError> {
    let nodes = client.cluster_nodes(true).await?.nodes;
    let topics = client.describe_topics(None).await?;
    let running = client.reassignments().await?;
    let names: Vec<String> = topics.keys().cloned().collect();
    let settings = client.topic_settings(&names, &[MIN_INSYNC]).await?;
    if let Some(failure) = settings.errors.first() {
        return Err(CommandError::rejected(format!(
            "min.insync.replicas of {} is not known: {}",
            failure.what, failure.error
        )));
    }
    let min_isr = settings.ok.into_iter().filter_map(|(topic, settings)| {
        let value = settings.get(MIN_INSYNC)?.value.as_ref()?.parse().ok()?;
        Some((topic, value))
    });
    let min_isr: BTreeMap<String, u16> = min_isr.collect();
    let quorum = quorum(&client.describe_quorum().await?);
    let racks = nodes
        .iter()
        .map(|node| (node.broker_id.0, node.rack.as_ref().map(ToString::to_string)));
    let racks: BTreeMap<i32, Option<String>> = racks.collect();
    let alive = nodes.iter().filter(|node| !node.is_fenced).map(|node| node.broker_id.0);
    let parts = Parts {
        cluster_id: client.cluster_id().to_owned(),
        racks,
        topics,
        min_isr,
        running,
    };
    let reassigning = parts
        .running
        .keys()
        .map(|(topic, partition)| format!("{topic}-{partition}"));
    Ok(View {
        quorum,
        alive: alive.collect(),
        reassigning: reassigning.collect(),
        cluster: parts
            .cluster()
            .map_err(|error| CommandError::rejected(error.to_string()))?,
    })
}

/// Voters, and which of them have caught up.
fn quorum(quorum: &ClientQuorum) -> Quorum {
    let is_recent = |lag_ms: i64| u128::try_from(lag_ms).is_ok_and(|lag_ms| lag_ms <= VOTER_MEMORY.as_millis());
    let ids: BTreeSet<i32> = quorum.voters.iter().map(|voter| voter.id).collect();
    let voters = ids.into_iter().map(|id| Voter {
        id,
        is_caught_up: id == quorum.leader_id
            || quorum
                .voters_with_id(id)
                .any(|voter| quorum.lag_ms(voter).is_some_and(is_recent)),
    });
    Quorum {
        voters: voters.collect(),
        leader: Some(quorum.leader_id).filter(|leader| *leader >= 0),
    }
}

/// What brokers say of a cluster.
struct Parts {
    cluster_id: String,
    racks: BTreeMap<i32, Option<String>>,
    topics: BTreeMap<String, TopicDescription>,
    min_isr: BTreeMap<String, u16>,
    running: BTreeMap<(String, i32), Reassignment>,
}

impl Parts {
    fn cluster(&self) -> Result<Cluster, ModelError> {
        let mut builder = ClusterBuilder::new(Some(self.cluster_id.clone()));
        let partitions = self.topics.values().flat_map(|topic| topic.partitions.values());
        // Brokers that are gone and not listed, but have replicas.
        let with_replicas = partitions.flat_map(|partition| &partition.replicas);
        let ids: BTreeSet<i32> = self.racks.keys().chain(with_replicas).copied().collect();
        for id in ids {
            builder.broker(NewBroker {
                id,
                rack: self.racks.get(&id).cloned().flatten(),
                capacity: Capacity::default(),
                ..NewBroker::default()
            })?;
        }
        for (topic, description) in &self.topics {
            for (number, partition) in &description.partitions {
                self.partition(topic, *number, partition, &mut builder)?;
            }
        }
        builder.build()
    }

    /// Replicas that come or go are no reserve, and hold nothing up.
    fn partition(
        &self,
        topic: &str,
        number: i32,
        partition: &PartitionDescription,
        builder: &mut ClusterBuilder,
    ) -> Result<(), ModelError> {
        let moving = self.running.get(&(topic.to_owned(), number));
        let is_moving =
            |id: &i32| moving.is_some_and(|moving| moving.adding.contains(id) || moving.removing.contains(id));
        let stay: Vec<i32> = partition.replicas.iter().copied().filter(|id| !is_moving(id)).collect();
        let replicas = if stay.is_empty() {
            partition.replicas.clone()
        } else {
            stay
        };
        let in_sync: Vec<i32> = partition
            .isr
            .iter()
            .copied()
            .filter(|id| replicas.contains(id))
            .collect();
        builder.partition(&NewPartition {
            topic,
            number,
            in_sync: Some(&in_sync),
            leader: partition.leader.filter(|leader| replicas.contains(leader)),
            replicas: &replicas,
            size_bytes: 0,
            bytes_in: 0,
            bytes_out: 0,
            min_isr: self.min_isr.get(topic).copied().unwrap_or(1),
        })
    }
}
