//! What groups committed: read, written and deleted.

use std::collections::{BTreeMap, BTreeSet};

use protocol::api::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use protocol::api::messages::offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
use protocol::api::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopic};
use protocol::api::messages::{
    DeleteGroupsRequest, OffsetCommitRequest, OffsetDeleteRequest, OffsetFetchRequest, OffsetFetchResponse,
};
use protocol::api::{ErrorCode, StrBytes, TopicName};

use crate::admin::coordinators::{Answers, group_id, named};
use crate::cluster::Client;
use crate::error::ClientError;
use crate::retry::Backoff;
use crate::sharded::Sharded;

/// First version of OffsetFetch that asks for several groups (KIP-709).
const GROUPS_FROM: i16 = 8;
/// Most bytes of offsets in a commit. A coordinator writes those of one request as one batch, within max.message.bytes.
const COMMIT_MAX_BYTES: usize = 256 << 10;
/// What a commit of a partition takes in the coordinator's log besides its texts.
const COMMIT_BYTES: usize = 80;

/// Topic and partition.
pub type PartitionKey = (String, i32);

/// Committed offsets by topic and partition.
pub type CommittedOffsets = BTreeMap<PartitionKey, i64>;

/// The same with all that was committed.
pub type GroupOffsets = BTreeMap<PartitionKey, CommittedOffset>;

/// What became of each partition.
pub type PartitionResults = BTreeMap<PartitionKey, Result<(), ClientError>>;

/// What a group committed for a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next record to be read.
    pub offset: i64,
    /// Epoch of the leader that the record before it was read from, -1 for none.
    pub leader_epoch: i32,
    /// What the group's members made a note of.
    pub metadata: String,
}

impl CommittedOffset {
    /// An offset and nothing else.
    pub const fn at(offset: i64) -> Self {
        Self {
            offset,
            leader_epoch: -1,
            metadata: String::new(),
        }
    }
}

impl Client {
    /// All offsets a group committed.
    pub async fn committed_offsets(&self, coordinator: i32, group: &str) -> Result<CommittedOffsets, ClientError> {
        let mut offsets = CommittedOffsets::new();
        for (_, answer) in self.fetch_offsets(coordinator, vec![group.to_owned()]).await? {
            let committed = answer?.into_iter();
            offsets.extend(committed.map(|(key, committed)| (key, committed.offset)));
        }
        Ok(offsets)
    }

    /// All that groups committed, in the order of their ids.
    pub async fn group_offsets(&self, groups: &[String]) -> Sharded<(String, GroupOffsets)> {
        self.ask_coordinators(groups, |at, groups| self.fetch_offsets(at, groups))
            .await
    }

    async fn fetch_offsets(&self, at: i32, groups: Vec<String>) -> Result<Answers<GroupOffsets>, ClientError> {
        let broker = self.broker(at).await?;
        if broker.version_of::<OffsetFetchRequest>()? >= GROUPS_FROM {
            let asked = groups.iter().map(|group| {
                OffsetFetchRequestGroup::default()
                    .with_group_id(group_id(group))
                    .with_member_epoch(-1)
                    .with_topics(None)
            });
            let request = OffsetFetchRequest::default().with_groups(asked.collect());
            let response = broker.send(&request, self.deadline()).await?;
            return Ok(of_groups(response));
        }
        let mut answers = Answers::new();
        for group in groups {
            let all: Option<Vec<OffsetFetchRequestTopic>> = None;
            let request = OffsetFetchRequest::default()
                .with_group_id(group_id(&group))
                .with_topics(all);
            let response = broker.send(&request, self.deadline()).await?;
            let answer = of_group(&group, response);
            answers.push((group, answer));
        }
        Ok(answers)
    }

    /// Commits offsets of a group that has no members, in several requests if they are many; what became of each
    /// partition. An error means that nothing was committed.
    pub async fn commit_offsets(&self, group: &str, offsets: &GroupOffsets) -> Result<PartitionResults, ClientError> {
        let mut results = PartitionResults::new();
        for part in in_parts(offsets) {
            match self.commit_part(group, &part).await {
                Ok(committed) => results.extend(committed),
                Err(error) if results.is_empty() => return Err(error),
                Err(error) => results.extend(part.into_iter().map(|(key, _)| (key.clone(), Err(error.clone())))),
            }
        }
        Ok(results)
    }

    async fn commit_part(
        &self,
        group: &str,
        part: &[(&PartitionKey, &CommittedOffset)],
    ) -> Result<PartitionResults, ClientError> {
        let request = OffsetCommitRequest::default()
            .with_group_id(group_id(group))
            .with_generation_id_or_member_epoch(-1)
            .with_retention_time_ms(-1)
            .with_topics(topics_to_commit(part.iter().copied()));
        let mut backoff = Backoff::new(self.deadline());
        loop {
            let at = self.coordinator(group).await?;
            let response = self.send_to(at, &request).await?;
            let topics = response.topics.into_iter().flat_map(|topic| {
                let partitions = topic.partitions.into_iter();
                partitions.map(move |p| (topic.name.to_string(), p.partition_index, p.error_code))
            });
            let results: PartitionResults = topics.map(|(t, p, code)| result_of(t, p, code, None)).collect();
            // A coordinator that is another's or not ready says so for all of them.
            let again = results.values().find_map(|result| result.as_ref().err());
            match again.filter(|_| results.values().all(Result::is_err)) {
                Some(error) if error.is_retriable() && backoff.again(error.clone()).await.is_ok() => {}
                _ => return Ok(results),
            }
        }
    }

    /// Deletes offsets of a group; what became of each partition.
    pub async fn delete_offsets(
        &self,
        group: &str,
        partitions: &BTreeSet<PartitionKey>,
    ) -> Result<PartitionResults, ClientError> {
        let mut topics: BTreeMap<&str, Vec<OffsetDeleteRequestPartition>> = BTreeMap::new();
        for (topic, partition) in partitions {
            let partition = OffsetDeleteRequestPartition::default().with_partition_index(*partition);
            topics.entry(topic).or_default().push(partition);
        }
        let topics = topics.into_iter().map(|(topic, partitions)| {
            OffsetDeleteRequestTopic::default()
                .with_name(topic_name(topic))
                .with_partitions(partitions)
        });
        let request = OffsetDeleteRequest::default()
            .with_group_id(group_id(group))
            .with_topics(topics.collect());
        let mut backoff = Backoff::new(self.deadline());
        loop {
            let at = self.coordinator(group).await?;
            let response = self.send_to(at, &request).await?;
            if response.error_code != 0 {
                backoff
                    .again(ClientError::rejected(named(group), response.error_code, None))
                    .await?;
                continue;
            }
            let topics = response.topics.into_iter().flat_map(|topic| {
                let partitions = topic.partitions.into_iter();
                partitions.map(move |p| (topic.name.to_string(), p.partition_index, p.error_code))
            });
            return Ok(topics.map(|(t, p, code)| result_of(t, p, code, None)).collect());
        }
    }

    /// Deletes groups with all they committed; those that are gone, in the order of their ids. One that was gone already
    /// is no failure: it may have been this very request, asked again.
    pub async fn delete_groups(&self, groups: &[String]) -> Sharded<(String, ())> {
        let delete = async |at: i32, groups: Vec<String>| {
            let ids = groups.iter().map(|group| group_id(group)).collect();
            let request = DeleteGroupsRequest::default().with_groups_names(ids);
            let response = self.send_to(at, &request).await?;
            let answers = response.results.into_iter().map(|result| {
                let group = result.group_id.to_string();
                let answer = match result.error_code {
                    0 => Ok(()),
                    code if code == ErrorCode::GroupIdNotFound.code() => Ok(()),
                    code => Err(ClientError::rejected(named(&group), code, None)),
                };
                (group, answer)
            });
            Ok(answers.collect())
        };
        self.ask_coordinators(groups, delete).await
    }
}

/// Offsets as a commit has them.
pub(crate) fn topics_to_commit<'a>(
    offsets: impl IntoIterator<Item = (&'a PartitionKey, &'a CommittedOffset)>,
) -> Vec<OffsetCommitRequestTopic> {
    let mut topics: BTreeMap<&str, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
    for ((topic, partition), committed) in offsets {
        let partition = OffsetCommitRequestPartition::default()
            .with_partition_index(*partition)
            .with_committed_offset(committed.offset)
            .with_committed_leader_epoch(committed.leader_epoch)
            .with_committed_metadata(Some(StrBytes::from_string(committed.metadata.clone())));
        topics.entry(topic).or_default().push(partition);
    }
    let topics = topics.into_iter().map(|(topic, partitions)| {
        OffsetCommitRequestTopic::default()
            .with_name(topic_name(topic))
            .with_partitions(partitions)
    });
    topics.collect()
}

pub(crate) fn topic_name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

/// What an answer says of a partition.
pub(crate) fn result_of(
    topic: String,
    partition: i32,
    code: i16,
    message: Option<&str>,
) -> (PartitionKey, Result<(), ClientError>) {
    let result = match code {
        0 => Ok(()),
        code => Err(ClientError::rejected(format!("{topic}-{partition}"), code, message)),
    };
    ((topic, partition), result)
}

/// Offsets in the order they have, in parts that a coordinator can write.
fn in_parts(offsets: &GroupOffsets) -> Vec<Vec<(&PartitionKey, &CommittedOffset)>> {
    let mut parts = Vec::new();
    let (mut part, mut part_bytes) = (Vec::new(), 0);
    for (key, committed) in offsets {
        let bytes = COMMIT_BYTES + key.0.len() + committed.metadata.len();
        if part_bytes + bytes > COMMIT_MAX_BYTES && !part.is_empty() {
            parts.push(std::mem::take(&mut part));
            part_bytes = 0;
        }
        part.push((key, committed));
        part_bytes += bytes;
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

fn of_groups(response: OffsetFetchResponse) -> Answers<GroupOffsets> {
    let of_group = |group: protocol::api::messages::offset_fetch_response::OffsetFetchResponseGroup| {
        let id = group.group_id.to_string();
        let mut offsets = Offsets::of(&id, group.error_code);
        for topic in group.topics {
            for p in topic.partitions {
                let committed = CommittedOffset {
                    offset: p.committed_offset,
                    leader_epoch: p.committed_leader_epoch,
                    metadata: p.metadata.as_deref().unwrap_or_default().to_owned(),
                };
                offsets.take((topic.name.to_string(), p.partition_index), p.error_code, committed);
            }
        }
        (id, offsets.0)
    };
    response.groups.into_iter().map(of_group).collect()
}

fn of_group(group: &str, response: OffsetFetchResponse) -> Result<GroupOffsets, ClientError> {
    let mut offsets = Offsets::of(group, response.error_code);
    for topic in response.topics {
        for p in topic.partitions {
            let committed = CommittedOffset {
                offset: p.committed_offset,
                leader_epoch: p.committed_leader_epoch,
                metadata: p.metadata.as_deref().unwrap_or_default().to_owned(),
            };
            offsets.take((topic.name.to_string(), p.partition_index), p.error_code, committed);
        }
    }
    offsets.0
}

/// A group's offsets while an answer is read; the first error is that of the group.
struct Offsets(Result<GroupOffsets, ClientError>);

impl Offsets {
    fn of(group: &str, code: i16) -> Self {
        Self(match code {
            0 => Ok(GroupOffsets::new()),
            code => Err(ClientError::rejected(named(group), code, None)),
        })
    }

    /// Partitions without an offset are left out.
    fn take(&mut self, key: PartitionKey, code: i16, committed: CommittedOffset) {
        let Ok(offsets) = &mut self.0 else { return };
        if code != 0 {
            self.0 = Err(ClientError::rejected(format!("{}-{}", key.0, key.1), code, None));
        } else if committed.offset >= 0 {
            offsets.insert(key, committed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_come_in_parts_that_fit_in_a_batch() {
        let offset = |metadata: usize| CommittedOffset {
            metadata: "m".repeat(metadata),
            ..CommittedOffset::at(1)
        };
        let many: GroupOffsets = (0..5000).map(|p| (("t".to_owned(), p), offset(0))).collect();
        let parts = in_parts(&many);
        assert!(parts.len() > 1 && parts.iter().all(|part| !part.is_empty()));
        let keys: Vec<&PartitionKey> = parts.iter().flatten().map(|(key, _)| *key).collect();
        assert_eq!(keys, many.keys().collect::<Vec<_>>());
        let large: GroupOffsets = (0..3)
            .map(|p| (("t".to_owned(), p), offset(COMMIT_MAX_BYTES)))
            .collect();
        assert_eq!(in_parts(&large).len(), 3);
        assert!(in_parts(&GroupOffsets::new()).is_empty());
    }

    #[test]
    fn what_cannot_be_told_of_a_partition_is_an_error_and_not_a_gap() {
        let mut offsets = Offsets::of("g", 0);
        offsets.take(("t".to_owned(), 0), 0, CommittedOffset::at(5));
        offsets.take(("t".to_owned(), 1), 0, CommittedOffset::at(-1));
        assert_eq!(
            offsets.0.as_ref().unwrap().keys().collect::<Vec<_>>(),
            [&("t".to_owned(), 0)]
        );
        offsets.take(("t".to_owned(), 2), 88, CommittedOffset::at(-1));
        assert!(offsets.0.is_err());
        assert!(Offsets::of("g", 30).0.is_err());
    }
}
