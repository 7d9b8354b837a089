//! Limits on moves that the script sets and takes away.

use std::collections::{BTreeMap, BTreeSet};

use client::{
    Client, ConfigChanges, PartitionKey, PartitionMove, Reassignment, throttle_replication, throttle_topics,
    unthrottle_brokers, unthrottle_topics,
};

use super::super::io::Io;
use super::file::Wanted;
use super::{Wrong, joined, plural};
use crate::reassign::places::moves;
use crate::storage::java_order;

/// Changes settings, all of them or none that comes after the first that is refused.
pub(super) async fn alter(client: &Client, changes: &ConfigChanges) -> Result<(), Wrong> {
    client.alter_configs(changes, false).await.into_result()?;
    Ok(())
}

/// Limits moves between brokers.
pub(super) async fn limit_replication(
    client: &Client,
    running: &BTreeMap<PartitionKey, Reassignment>,
    wanted: &Wanted,
    current: &BTreeMap<PartitionKey, Vec<i32>>,
    bytes_per_second: u64,
    io: &mut Io,
) -> Result<(), Wrong> {
    let moves = moves(
        running,
        wanted.partitions.iter().map(|(key, replicas)| (key, replicas)),
        current,
    );
    alter(client, &throttle_topics(&moves)).await?;
    let brokers: BTreeSet<i32> = moves.values().flat_map(PartitionMove::brokers).collect();
    alter(client, &throttle_replication(brokers, bytes_per_second)).await?;
    io.line(format!(
        "The inter-broker throttle limit was set to {bytes_per_second} B/s"
    ));
    Ok(())
}

/// Takes limits away: of all brokers that are alive or in the file, and of the file's topics.
pub(super) async fn clear(client: &Client, wanted: &Wanted, io: &mut Io) -> Result<(), Wrong> {
    let of_file = wanted
        .partitions
        .iter()
        .flat_map(|(_, replicas)| replicas.iter().copied());
    let brokers: BTreeSet<i32> = client.broker_ids().chain(of_file).collect();
    let mut brokers: Vec<i32> = brokers.into_iter().collect();
    java_order::grown(&mut brokers, |id| *id);
    io.line(format!(
        "Clearing broker-level throttles on broker{} {}",
        plural(brokers.len()),
        joined(&brokers)
    ));
    alter(client, &unthrottle_brokers(brokers)).await?;
    let topics: BTreeSet<&str> = wanted.partitions.iter().map(|((topic, _), _)| topic.as_str()).collect();
    let mut topics: Vec<&str> = topics.into_iter().collect();
    java_order::grown(&mut topics, |topic| java_order::string_hash(topic));
    io.line(format!(
        "Clearing topic-level throttles on topic{} {}",
        plural(topics.len()),
        topics.join(",")
    ));
    alter(client, &unthrottle_topics(topics)).await
}
