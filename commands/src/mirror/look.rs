//! Looking at both sides of partitions: ids, first and last offsets, and whether the source still has the history that was
//! mirrored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use client::{Client, ClientError, OffsetSpec};
use mirror::partition::{Look, Side};
use protocol::Uuid;
use protocol::api::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use protocol::api::messages::offset_for_leader_epoch_request::{OffsetForLeaderPartition, OffsetForLeaderTopic};
use protocol::api::messages::{ListOffsetsRequest, OffsetForLeaderEpochRequest};
use protocol::api::{BrokerId, ErrorCode, StrBytes, TopicName};

use super::flow::Key;

/// The replica id that asks for the end of the log and not for the high watermark (Kafka's debugging consumer): what a dead
/// mirror wrote may not be on all replicas yet.
const DEBUGGING_CONSUMER: i32 = -2;
/// The last offset.
const LATEST: i64 = -1;

/// A partition to be looked at.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) key: Key,
    pub(super) target_topic: Arc<str>,
    /// Of the last batch that was read; -1 for none.
    pub(super) source_leader_epoch: i32,
}

/// Offsets by topic and partition.
type Offsets = BTreeMap<(String, i32), i64>;
/// What was found, and why something is missing.
pub(super) type Found = (Vec<(Key, Look)>, Option<ClientError>);
type Leaders = BTreeMap<(String, i32), i32>;

/// Looks at all of them; those of which not everything could be found out are missing, and one error says why.
pub(super) async fn look(source: &Client, target: &Client, asked: &[Asked]) -> Result<Found, ClientError> {
    let mut trouble = None;
    let here = asked
        .iter()
        .map(|asked| (asked.key.0.to_string(), asked.key.1))
        .collect();
    let there = asked
        .iter()
        .map(|asked| (asked.target_topic.to_string(), asked.key.1))
        .collect();
    let (source_ids, source_leaders) = topics(source, &here, &mut trouble).await?;
    let (target_ids, target_leaders) = topics(target, &there, &mut trouble).await?;
    let starts = list(source, &source_leaders, OffsetSpec::Earliest, &mut trouble).await;
    let ends = list(source, &source_leaders, OffsetSpec::Latest, &mut trouble).await;
    let target_starts = list(target, &target_leaders, OffsetSpec::Earliest, &mut trouble).await;
    let target_ends = log_ends(target, &target_leaders, &mut trouble).await;
    let diverged = diverged(source, &source_leaders, asked, &mut trouble).await;
    let producer = target.producer_id().await?;
    let mut looks = Vec::new();
    for asked in asked {
        let (here, there) = (
            (asked.key.0.to_string(), asked.key.1),
            (asked.target_topic.to_string(), asked.key.1),
        );
        let side = |ids: &BTreeMap<String, Uuid>, key: &(String, i32), starts: &Offsets, ends: &Offsets| {
            Some(Side {
                topic_id: *ids.get(&key.0)?.as_bytes(),
                start: *starts.get(key)?,
                end: *ends.get(key)?,
            })
        };
        let source = side(&source_ids, &here, &starts, &ends);
        let target = side(&target_ids, &there, &target_starts, &target_ends);
        let (Some(source), Some(target), Some(diverged_at)) = (source, target, diverged.get(&here)) else {
            continue;
        };
        let look = Look {
            source,
            target,
            producer,
            diverged_at: *diverged_at,
        };
        looks.push((asked.key.clone(), look));
    }
    Ok((looks, trouble))
}

/// Ids of topics and leaders of these partitions.
async fn topics(
    client: &Client,
    partitions: &BTreeSet<(String, i32)>,
    trouble: &mut Option<ClientError>,
) -> Result<(BTreeMap<String, Uuid>, Leaders), ClientError> {
    let mut names: Vec<String> = partitions.iter().map(|(topic, _)| topic.clone()).collect();
    names.dedup();
    let (mut ids, mut leaders) = (BTreeMap::new(), Leaders::new());
    for topic in client.metadata(Some(&names)).await?.topics {
        let name = topic.name.map_or(String::new(), |name| name.to_string());
        if topic.error_code != 0 {
            *trouble = Some(ClientError::rejected(format!("topic {name}"), topic.error_code, None));
            continue;
        }
        ids.insert(name.clone(), Uuid::from(topic.topic_id));
        for partition in topic.partitions {
            let key = (name.clone(), partition.partition_index);
            if !partitions.contains(&key) {
                continue;
            }
            if partition.leader_id.0 < 0 {
                let what = format!("{}-{}", key.0, key.1);
                *trouble = Some(ClientError::rejected(what, ErrorCode::LeaderNotAvailable.code(), None));
            } else {
                leaders.insert(key, partition.leader_id.0);
            }
        }
    }
    Ok((ids, leaders))
}

async fn list(client: &Client, leaders: &Leaders, spec: OffsetSpec, trouble: &mut Option<ClientError>) -> Offsets {
    let listed = client.list_offsets(leaders, spec).await;
    if let Some(failed) = listed.errors.into_iter().next() {
        *trouble = Some(failed.error);
    }
    let found = listed.ok.into_iter();
    found
        .map(|found| ((found.topic, found.partition), found.offset))
        .collect()
}

fn by_leader(leaders: &Leaders) -> BTreeMap<i32, BTreeMap<&str, Vec<i32>>> {
    let mut sorted: BTreeMap<i32, BTreeMap<&str, Vec<i32>>> = BTreeMap::new();
    for ((topic, partition), leader) in leaders {
        sorted
            .entry(*leader)
            .or_default()
            .entry(topic)
            .or_default()
            .push(*partition);
    }
    sorted
}

/// Keeps what a broker answered about a partition, or why it did not.
fn keep<T>(
    known: &mut BTreeMap<(String, i32), T>,
    key: (String, i32),
    answer: T,
    error_code: i16,
    trouble: &mut Option<ClientError>,
) {
    if error_code == 0 {
        known.insert(key, answer);
    } else {
        let what = format!("{}-{}", key.0, key.1);
        *trouble = Some(ClientError::rejected(what, error_code, None));
    }
}

/// The ends of logs, also of what is not on all replicas.
async fn log_ends(client: &Client, leaders: &Leaders, trouble: &mut Option<ClientError>) -> Offsets {
    let mut ends = Offsets::new();
    for (leader, topics) in by_leader(leaders) {
        let partition = |index: &i32| {
            ListOffsetsPartition::default()
                .with_partition_index(*index)
                .with_current_leader_epoch(-1)
                .with_timestamp(LATEST)
        };
        let topic = |(name, partitions): (&str, Vec<i32>)| {
            ListOffsetsTopic::default()
                .with_name(TopicName(StrBytes::from_string(name.to_owned())))
                .with_partitions(partitions.iter().map(partition).collect())
        };
        let request = ListOffsetsRequest::default()
            .with_replica_id(BrokerId(DEBUGGING_CONSUMER))
            .with_topics(topics.into_iter().map(topic).collect());
        match client.send_to(leader, &request).await {
            Err(error) => *trouble = Some(error),
            Ok(response) => {
                for topic in response.topics {
                    for partition in topic.partitions {
                        let key = (topic.name.to_string(), partition.partition_index);
                        keep(&mut ends, key, partition.offset, partition.error_code, trouble);
                    }
                }
            }
        }
    }
    ends
}

/// Where the source's history of the epoch that was read last ends, for those of which it says so.
async fn diverged(
    client: &Client,
    leaders: &Leaders,
    asked: &[Asked],
    trouble: &mut Option<ClientError>,
) -> BTreeMap<(String, i32), Option<i64>> {
    let epochs: BTreeMap<(String, i32), i32> = asked
        .iter()
        .map(|asked| ((asked.key.0.to_string(), asked.key.1), asked.source_leader_epoch))
        .collect();
    let mut known: BTreeMap<(String, i32), Option<i64>> = BTreeMap::new();
    let nothing_read = epochs.iter().filter(|(_, epoch)| **epoch < 0);
    known.extend(nothing_read.map(|(key, _)| (key.clone(), None)));
    let mut leaders = leaders.clone();
    leaders.retain(|key, _| !known.contains_key(key));
    for (leader, topics) in by_leader(&leaders) {
        let topic = |(name, partitions): (&str, Vec<i32>)| {
            let partition = |index: i32| {
                let epoch = epochs.get(&(name.to_owned(), index)).copied().unwrap_or(-1);
                OffsetForLeaderPartition::default()
                    .with_partition(index)
                    .with_current_leader_epoch(-1)
                    .with_leader_epoch(epoch)
            };
            OffsetForLeaderTopic::default()
                .with_topic(TopicName(StrBytes::from_string(name.to_owned())))
                .with_partitions(partitions.into_iter().map(partition).collect())
        };
        let request = OffsetForLeaderEpochRequest::default()
            .with_replica_id(BrokerId(-1))
            .with_topics(topics.into_iter().map(topic).collect());
        match client.send_to(leader, &request).await {
            Err(error) => *trouble = Some(error),
            Ok(response) => {
                for topic in response.topics {
                    for partition in topic.partitions {
                        let key = (topic.topic.to_string(), partition.partition);
                        let end = Some(partition.end_offset).filter(|end| *end >= 0);
                        keep(&mut known, key, end, partition.error_code, trouble);
                    }
                }
            }
        }
    }
    known
}
