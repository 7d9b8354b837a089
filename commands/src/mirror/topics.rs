//! Which topics are mirrored, and that they are there at the target.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use client::{Client, ClientError, ConfigEntity, ConfigResource, DescribedConfig, NewTopic};
use mirror::naming::Naming;
use protocol::api::ErrorCode;
use tokio::time::{Instant, sleep};

use super::state_topic;
use crate::error::CommandError;
use crate::pattern::whole;

/// Settings that are each cluster's own business, as MirrorMaker has it.
const NOT_COPIED: [&str; 6] = [
    "follower.replication.throttled.replicas",
    "leader.replication.throttled.replicas",
    "message.timestamp.difference.max.ms",
    "message.timestamp.type",
    "unclean.leader.election.enable",
    "min.insync.replicas",
];
/// Kafka's code for a value that a topic itself has.
const OF_TOPIC: i8 = 1;

/// How long brokers may take to hear of topics that were created, and how often they are asked.
const KNOWN_MAX: Duration = Duration::from_secs(30);
const KNOWN_POLL: Duration = Duration::from_millis(20);

/// A topic that is to be mirrored.
#[derive(Debug)]
pub(super) struct Planned {
    /// Its name at the source.
    pub(super) source: String,
    /// Its name at the target.
    pub(super) target: String,
    /// How many partitions it has at the source.
    pub(super) partitions: i32,
    /// Whether the target has it.
    pub(super) is_there: bool,
    /// Whether the source compacts it.
    pub(super) is_compacted: bool,
    /// What it has of its own at the source.
    configs: BTreeMap<String, String>,
}

/// Finds the topics, and refuses what cannot go well.
pub(super) async fn plan(
    source: &Client,
    target: &Client,
    patterns: &[String],
    naming: &Naming,
) -> Result<Vec<Planned>, CommandError> {
    let patterns = patterns.iter().map(|text| whole(text)).collect::<Result<Vec<_>, _>>()?;
    let (here, there) = (partitions(source).await?, partitions(target).await?);
    let mut planned = Vec::new();
    for (name, count) in &here {
        if naming.is_internal(name) || !patterns.iter().any(|pattern| pattern.is_match(name.as_str())) {
            continue;
        }
        let renamed = naming.remote(source.cluster_id(), name);
        let known = there.get(&renamed).copied();
        if let Some(fewer) = known.filter(|known| known < count) {
            let message =
                format!("{renamed} has {fewer} partitions at the target, and {name} has {count} at the source");
            return Err(CommandError::refused(message).hint("kfleet topics alter adds partitions"));
        }
        planned.push(Planned {
            source: name.clone(),
            target: renamed,
            partitions: *count,
            is_there: known.is_some(),
            is_compacted: false,
            configs: BTreeMap::new(),
        });
    }
    if planned.is_empty() {
        return Err(CommandError::not_found(
            "no topic of the source has a name that --topics matches",
        ));
    }
    // The other direction keeps its state here.
    let back = state_topic::name_of(target.cluster_id());
    let comes_back = planned.iter().any(|topic| topic.source == topic.target);
    if comes_back && here.contains_key(&back) {
        let message = format!("the source has {back}, so it mirrors the target, and records would go round for ever");
        return Err(
            CommandError::refused(message).hint("--name '{source}.{topic}' tells topics of both clusters apart")
        );
    }
    take_configs(source, &mut planned).await?;
    Ok(planned)
}

/// Partitions of all topics.
async fn partitions(client: &Client) -> Result<BTreeMap<String, i32>, ClientError> {
    let topics = client.metadata(None).await?.topics;
    let named = topics.into_iter().filter_map(|topic| {
        let count = topic.partitions.len() as i32;
        topic.name.map(|name| (name.to_string(), count))
    });
    Ok(named.collect())
}

async fn configs(client: &Client, names: impl Iterator<Item = String>) -> Result<Vec<DescribedConfig>, ClientError> {
    let resources: BTreeSet<_> = names
        .map(|name| ConfigResource::new(ConfigEntity::Topic, name))
        .collect();
    client.describe_configs(&resources).await.into_result()
}

async fn take_configs(source: &Client, planned: &mut [Planned]) -> Result<(), ClientError> {
    let described = configs(source, planned.iter().map(|topic| topic.source.clone())).await?;
    for topic in planned {
        let entries = described.iter().find(|described| described.0.name == topic.source);
        for entry in entries.into_iter().flat_map(|described| &described.1) {
            let Some(value) = &entry.value else { continue };
            if entry.name == "cleanup.policy" {
                topic.is_compacted = value.contains("compact");
            }
            if entry.source == OF_TOPIC && !NOT_COPIED.contains(&entry.name.as_str()) {
                topic.configs.insert(entry.name.clone(), value.clone());
            }
        }
    }
    Ok(())
}

/// Creates what is missing.
pub(super) async fn create(target: &Client, planned: &[Planned]) -> Result<(), CommandError> {
    let missing = planned.iter().filter(|topic| !topic.is_there);
    let new: Vec<NewTopic> = missing
        .map(|topic| NewTopic {
            name: topic.target.clone(),
            partitions: topic.partitions,
            replication_factor: -1,
            assignment: Vec::new(),
            configs: topic.configs.clone(),
        })
        .collect();
    create_all(target, &new).await
}

/// Creates topics; one that somebody else has created in the meantime is as good.
pub(super) async fn create_all(target: &Client, new: &[NewTopic]) -> Result<(), CommandError> {
    if new.is_empty() {
        return Ok(());
    }
    let created = target.create_topics(new, false).await?;
    let failed = created
        .errors
        .into_iter()
        .find(|failed| failed.error.code() != Some(ErrorCode::TopicAlreadyExists));
    failed.map_or(Ok(()), |failed| Err(failed.error.into()))
}

/// Asks about topics that may have been created a moment ago: the broker that is asked may not have heard of it.
pub(super) async fn once_known<T>(ask: impl AsyncFn() -> Result<T, ClientError>) -> Result<T, ClientError> {
    let until = Instant::now() + KNOWN_MAX;
    let is_unknown = |error: &ClientError| {
        matches!(
            error.code(),
            Some(ErrorCode::UnknownTopicOrPartition | ErrorCode::LeaderNotAvailable)
        )
    };
    loop {
        match ask().await {
            Err(error) if is_unknown(&error) && Instant::now() < until => sleep(KNOWN_POLL).await,
            answer => return answer,
        }
    }
}

/// What each topic of the target takes, in bytes of a batch.
pub(super) async fn batch_max_bytes(
    target: &Client,
    planned: &[Planned],
) -> Result<BTreeMap<String, usize>, ClientError> {
    let names = || planned.iter().map(|topic| topic.target.clone());
    let described = once_known(async || configs(target, names()).await).await?;
    let limit = |(resource, entries): DescribedConfig| {
        let entry = entries.into_iter().find(|entry| entry.name == "max.message.bytes")?;
        Some((resource.name, entry.value?.parse().ok()?))
    };
    Ok(described.into_iter().filter_map(limit).collect())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::context::block_on;

    /// A broker that answers with this code a few times, and then with how often it was asked.
    fn asked(code: ErrorCode, times: u32) -> Result<u32, ClientError> {
        let count = Cell::new(0);
        let ask = async || {
            count.set(count.get() + 1);
            if count.get() <= times {
                return Err(ClientError::rejected("topic t", code.code(), None));
            }
            Ok(count.get())
        };
        block_on(once_known(ask)).unwrap()
    }

    #[test]
    fn a_topic_that_brokers_have_not_heard_of_is_asked_about_again() {
        for code in [ErrorCode::UnknownTopicOrPartition, ErrorCode::LeaderNotAvailable] {
            assert_eq!(asked(code, 3).unwrap(), 4);
        }
        let error = asked(ErrorCode::TopicAuthorizationFailed, 1).unwrap_err();
        assert_eq!(error.code(), Some(ErrorCode::TopicAuthorizationFailed));
    }
}
