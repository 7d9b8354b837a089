//! kafka-reassign-partitions --verify

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, PartitionKey};
use protocol::api::ErrorCode;

use super::super::cluster::Where;
use super::super::io::Io;
use super::super::options::Parsed;
use super::file::Wanted;
use super::moves::State;
use super::{Wrong, joined, named, throttles};
use crate::reassign::places::find;

pub(super) async fn run(parsed: &Parsed, cluster: &Where, wanted: &Wanted, io: &mut Io) -> Result<(), Wrong> {
    let client = cluster.connect_for_long("listPartitionReassignments").await?;
    let running = client.reassignments().await?;
    let is_running = |key: &PartitionKey| running.contains_key(key);
    let ended = wanted
        .partitions
        .iter()
        .map(|(key, _)| key)
        .filter(|key| !is_running(key));
    let current = current(&client, ended).await?;
    io.line("Status of partition reassignment:");
    let by_partition: BTreeMap<&PartitionKey, &Vec<i32>> = wanted
        .partitions
        .iter()
        .map(|(key, replicas)| (key, replicas))
        .collect();
    for (key, target) in by_partition {
        let name = named(key);
        let replicas = current.get(key).map_or(&[][..], Vec::as_slice);
        if is_running(key) {
            io.line(format!("Reassignment of partition {name} is still in progress."));
        } else if replicas == target.as_slice() {
            io.line(format!("Reassignment of partition {name} is completed."));
        } else {
            io.line(format!(
                "There is no active reassignment of partition {name}, but replica set is {} rather than {}.",
                joined(replicas),
                joined(target)
            ));
        }
    }
    let found = find(&client, wanted.directories.keys()).await?;
    let states: Vec<State<'_>> = wanted
        .directories
        .iter()
        .map(|(replica, target)| State::new(replica, target, &found))
        .collect();
    let sentences: Vec<String> = states.iter().map(ToString::to_string).collect();
    // Also if there are none.
    io.line(sentences.join("\n"));
    let is_moving = states.iter().any(|state| state.moving_from().is_some());
    if running.is_empty() && !is_moving && !parsed.has("preserve-throttles") {
        throttles::clear(&client, wanted, io).await?;
    }
    Ok(())
}

/// Where partitions are; those that do not exist are missing.
async fn current(
    client: &Client,
    keys: impl Iterator<Item = &PartitionKey>,
) -> Result<BTreeMap<PartitionKey, Vec<i32>>, Wrong> {
    let topics: BTreeSet<&str> = keys.map(|(topic, _)| topic.as_str()).collect();
    let mut current = BTreeMap::new();
    for topic in topics {
        let described = match client.describe_topics(Some(&[topic.to_owned()])).await {
            Ok(described) => described,
            Err(error) if error.code() == Some(ErrorCode::UnknownTopicOrPartition) => continue,
            Err(error) => return Err(error.into()),
        };
        for (topic, description) in described {
            let partitions = description.partitions.into_iter();
            current.extend(partitions.map(|(index, partition)| ((topic.clone(), index), partition.replicas)));
        }
    }
    Ok(current)
}
