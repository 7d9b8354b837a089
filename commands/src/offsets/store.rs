//! Where offsets of groups are read and written, and where logs begin and end.

use std::collections::{BTreeMap, BTreeSet};

use client::{
    Client, ClientError, GroupOffsets, GroupType, ListedGroup, OffsetSpec, PartitionKey, PartitionResults, Sharded,
};
use protocol::api::ErrorCode;

use super::plan::{LogRange, Logs};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::topics::names::unknown_topic;

/// Partitions with their leaders.
pub(super) type Partitions = BTreeMap<PartitionKey, i32>;

/// What a group committed; of a share group, where it starts.
pub(super) async fn read(client: &Client, group: &ListedGroup) -> Result<GroupOffsets, CommandError> {
    let names = [group.id.clone()];
    let found = match group.kind() {
        GroupType::Share => client.share_offsets(&names).await,
        _ => client.group_offsets(&names).await,
    };
    Ok(found
        .into_result()?
        .into_iter()
        .next()
        .map(|(_, offsets)| offsets)
        .unwrap_or_default())
}

/// Writes offsets of a group; what became of each.
pub(super) async fn write(
    client: &Client,
    group: &ListedGroup,
    offsets: &GroupOffsets,
) -> Result<PartitionResults, ClientError> {
    if group.kind() != GroupType::Share {
        return client.commit_offsets(&group.id, offsets).await;
    }
    let starts = offsets.iter().map(|(key, committed)| (key.clone(), committed.offset));
    client.alter_share_offsets(&group.id, &starts.collect()).await
}

/// Deletes offsets of a group; what became of each.
pub(super) async fn delete(
    client: &Client,
    group: &ListedGroup,
    partitions: &BTreeSet<PartitionKey>,
) -> Result<PartitionResults, ClientError> {
    if group.kind() != GroupType::Share {
        return client.delete_offsets(&group.id, partitions).await;
    }
    let topics = partitions.iter().map(|(topic, _)| topic.clone()).collect();
    let results = client.delete_share_offsets(&group.id, &topics).await?;
    let of_topic = |key: &PartitionKey| Some((key.clone(), results.get(&key.0)?.clone()));
    Ok(partitions.iter().filter_map(of_topic).collect())
}

/// Those partitions of topics that are meant; the topics have to be there, and the meant partitions to have leaders.
pub(super) async fn of_topics(
    client: &Client,
    topics: &BTreeSet<String>,
    is_meant: impl Fn(&PartitionKey) -> bool,
) -> Result<Partitions, CommandError> {
    let names: Vec<String> = topics.iter().cloned().collect();
    let found = client.partition_leaders(&names).await?;
    if let Some(missing) = missing_topic(client, &found).await {
        return Err(missing);
    }
    let mut failures = Vec::new();
    for failed in found.errors {
        if key_of(&failed.what).is_none_or(|key| is_meant(&key)) {
            failures.push(Failure::from(failed));
        }
    }
    match together(&failures) {
        Some(error) => Err(error),
        None => Ok(found.ok.into_iter().filter(|(key, _)| is_meant(key)).collect()),
    }
}

/// The partition that is called so.
fn key_of(what: &str) -> Option<PartitionKey> {
    let (topic, partition) = what.rsplit_once('-')?;
    Some((topic.to_owned(), partition.parse().ok()?))
}

/// Those of these partitions that are there; the others are named in warnings.
pub(super) async fn existing(
    client: &Client,
    keys: &BTreeSet<PartitionKey>,
    warnings: &mut Vec<String>,
) -> Result<Partitions, CommandError> {
    let topics: BTreeSet<String> = keys.iter().map(|(topic, _)| topic.clone()).collect();
    let names: Vec<String> = topics.into_iter().collect();
    let found = client.partition_leaders(&names).await?;
    let mut failures = Vec::new();
    for failed in found.errors {
        if is_gone(&failed.error) {
            warnings.push(format!("{} does not exist any more and is left out", failed.what));
        } else if key_of(&failed.what).is_none_or(|key| keys.contains(&key)) {
            failures.push(Failure::from(failed));
        }
    }
    if let Some(error) = together(&failures) {
        return Err(error);
    }
    let mut partitions: Partitions = found.ok.into_iter().collect();
    let known: BTreeSet<String> = partitions.keys().map(|(topic, _)| topic.clone()).collect();
    partitions.retain(|key, _| keys.contains(key));
    for key in keys {
        if known.contains(&key.0) && !partitions.contains_key(key) {
            warnings.push(format!("{}-{} does not exist any more and is left out", key.0, key.1));
        }
    }
    Ok(partitions)
}

/// These partitions, all of which have to be there.
pub(super) async fn all_of(client: &Client, keys: &BTreeSet<PartitionKey>) -> Result<Partitions, CommandError> {
    let topics = keys.iter().map(|(topic, _)| topic.clone()).collect();
    let found = of_topics(client, &topics, |key| keys.contains(key)).await?;
    match keys.iter().find(|key| !found.contains_key(*key)) {
        Some(missing) => Err(no_partition(missing)),
        None => Ok(found),
    }
}

pub(super) fn no_partition((topic, partition): &PartitionKey) -> CommandError {
    CommandError::not_found(format!("topic {topic} has no partition {partition}"))
}

/// That a topic does not exist, if that was found out.
pub(super) async fn missing_topic<T>(client: &Client, found: &Sharded<T>) -> Option<CommandError> {
    let missing = found.errors.iter().find(|failed| is_gone(&failed.error))?;
    Some(unknown_topic(client, missing.what.trim_start_matches("topic ")).await)
}

fn is_gone(error: &ClientError) -> bool {
    error.code() == Some(ErrorCode::UnknownTopicOrPartition)
}

/// Where logs begin and end. A plan needs all of them.
pub(super) async fn logs(client: &Client, partitions: &Partitions) -> Result<Logs, CommandError> {
    let starts = offsets(client, partitions, OffsetSpec::Earliest).await?;
    let ends = offsets(client, partitions, OffsetSpec::Latest).await?;
    let range = |(key, start): (PartitionKey, i64)| {
        let end = *ends.get(&key)?;
        Some((key, LogRange { start, end }))
    };
    Ok(starts.into_iter().filter_map(range).collect())
}

/// An offset of each partition, -1 where there is no such record.
pub(super) async fn offsets(
    client: &Client,
    partitions: &Partitions,
    spec: OffsetSpec,
) -> Result<BTreeMap<PartitionKey, i64>, CommandError> {
    let listed = client.list_offsets(partitions, spec).await;
    let failures: Vec<Failure> = listed.errors.into_iter().map(Failure::from).collect();
    match together(&failures) {
        Some(error) => Err(error),
        None => {
            let offset = |found: client::ListedOffset| ((found.topic, found.partition), found.offset);
            Ok(listed.ok.into_iter().map(offset).collect())
        }
    }
}
