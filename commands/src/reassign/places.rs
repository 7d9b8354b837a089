//! Where replicas are: on which brokers, and in which of their log directories.

use std::collections::{BTreeMap, BTreeSet};

use client::{
    Client, ClientError, PartitionDescription, PartitionKey, PartitionMove, Reassignment, ReplicaKey,
    TopicPartitionSets,
};

use super::named;
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::topics::names::{Choice, Wanted, resolve};

/// Where a replica is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The directory it is in.
    pub(crate) current: Option<String>,
    /// The directory that it is on its way to.
    pub(crate) future: Option<String>,
}

/// Where these replicas are; those that their brokers do not have are missing.
pub(crate) async fn find(
    client: &Client,
    replicas: impl IntoIterator<Item = &ReplicaKey>,
) -> Result<BTreeMap<ReplicaKey, Found>, ClientError> {
    let (mut brokers, mut topics) = (BTreeSet::new(), TopicPartitionSets::new());
    for replica in replicas {
        brokers.insert(replica.broker);
        let (topic, partition) = &replica.partition;
        topics.entry(topic.clone()).or_default().insert(*partition);
    }
    let brokers: Vec<i32> = brokers.into_iter().collect();
    let told = client.log_dir_contents(&brokers, Some(&topics)).await.into_result()?;
    let mut found: BTreeMap<ReplicaKey, Found> = BTreeMap::new();
    for (broker, directories) in told {
        for directory in directories {
            for (topic, partition, is_future) in directory.replicas.into_keys() {
                let partition = (topic, partition);
                let replica = found.entry(ReplicaKey { broker, partition }).or_default();
                let place = if is_future {
                    &mut replica.future
                } else {
                    &mut replica.current
                };
                *place = Some(directory.dir.path.clone());
            }
        }
    }
    Ok(found)
}

/// All replicas of these partitions.
pub(crate) fn replicas_of(partitions: &BTreeMap<PartitionKey, Vec<i32>>) -> BTreeSet<ReplicaKey> {
    let replicas = partitions.iter().flat_map(|(partition, brokers)| {
        brokers.iter().map(|broker| ReplicaKey {
            broker: *broker,
            partition: partition.clone(),
        })
    });
    replicas.collect()
}

/// All moves: those that are running, and those that are to be.
pub(crate) fn moves<'a>(
    running: &BTreeMap<PartitionKey, Reassignment>,
    wanted: impl IntoIterator<Item = (&'a PartitionKey, &'a Vec<i32>)>,
    current: &BTreeMap<PartitionKey, Vec<i32>>,
) -> BTreeMap<PartitionKey, PartitionMove> {
    let of_running = running.iter();
    let mut moves: BTreeMap<PartitionKey, PartitionMove> = of_running
        .map(|(key, reassignment)| (key.clone(), PartitionMove::running(reassignment)))
        .collect();
    for (key, replicas) in wanted {
        let sources: Vec<i32> = match moves.get(key) {
            Some(moving) => moving.sources.iter().copied().collect(),
            None => current.get(key).cloned().unwrap_or_default(),
        };
        moves.insert(key.clone(), PartitionMove::new(&sources, replicas));
    }
    moves
}

/// These partitions as they are now, all of which have to be there.
pub(crate) async fn partitions(
    client: &Client,
    keys: impl IntoIterator<Item = &PartitionKey>,
) -> Result<BTreeMap<PartitionKey, PartitionDescription>, CommandError> {
    let keys: BTreeSet<&PartitionKey> = keys.into_iter().collect();
    let all = existing(client, keys.iter().map(|(topic, _)| topic.as_str())).await?;
    let missing = keys.iter().filter(|key| !all.contains_key(**key));
    let failures: Vec<Failure> = missing
        .map(|key| {
            let why = CommandError::not_found(format!("partition {} does not exist", named(key)));
            Failure::new(format!("partition {}", named(key)), why)
        })
        .collect();
    match together(&failures) {
        Some(error) => Err(error),
        None => Ok(all.into_iter().filter(|(key, _)| keys.contains(key)).collect()),
    }
}

/// All partitions of those of these topics that are there.
pub(crate) async fn existing(
    client: &Client,
    topics: impl IntoIterator<Item = &str>,
) -> Result<BTreeMap<PartitionKey, PartitionDescription>, CommandError> {
    let names: BTreeSet<String> = topics.into_iter().map(str::to_owned).collect();
    let wanted = Wanted::parse(&names.into_iter().collect::<Vec<_>>(), false)?;
    let choice = Choice {
        if_exists: true,
        ..Choice::LOOK
    };
    let there: Vec<String> = resolve(client, &wanted, choice).await?.names.into_iter().collect();
    let described = client.describe_topics(Some(&there)).await?;
    let partitions = described.into_iter().flat_map(|(topic, description)| {
        let partitions = description.partitions.into_iter();
        partitions.map(move |(index, partition)| ((topic.clone(), index), partition))
    });
    Ok(partitions.collect())
}
