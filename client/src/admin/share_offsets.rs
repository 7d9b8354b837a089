//! Where share groups start to read (KIP-932): described, altered and deleted.

use std::collections::{BTreeMap, BTreeSet};

use protocol::api::messages::alter_share_group_offsets_request::{
    AlterShareGroupOffsetsRequestPartition, AlterShareGroupOffsetsRequestTopic,
};
use protocol::api::messages::delete_share_group_offsets_request::DeleteShareGroupOffsetsRequestTopic;
use protocol::api::messages::describe_share_group_offsets_request::DescribeShareGroupOffsetsRequestGroup;
use protocol::api::messages::describe_share_group_offsets_response::DescribeShareGroupOffsetsResponseGroup;
use protocol::api::messages::{
    AlterShareGroupOffsetsRequest, DeleteShareGroupOffsetsRequest, DescribeShareGroupOffsetsRequest,
};

use crate::admin::coordinators::{Answers, group_id, named};
use crate::admin::group_offsets::{
    CommittedOffset, GroupOffsets, PartitionKey, PartitionResults, result_of, topic_name,
};
use crate::cluster::Client;
use crate::error::ClientError;
use crate::sharded::Sharded;

impl Client {
    /// Start offsets of share groups, in the order of their ids.
    pub async fn share_offsets(&self, groups: &[String]) -> Sharded<(String, GroupOffsets)> {
        self.ask_coordinators(groups, |at, groups| self.describe_share_offsets(at, groups))
            .await
    }

    async fn describe_share_offsets(&self, at: i32, groups: Vec<String>) -> Result<Answers<GroupOffsets>, ClientError> {
        let asked = groups.iter().map(|group| {
            DescribeShareGroupOffsetsRequestGroup::default()
                .with_group_id(group_id(group))
                .with_topics(None)
        });
        let request = DescribeShareGroupOffsetsRequest::default().with_groups(asked.collect());
        let response = self.send_to(at, &request).await?;
        let groups = response.groups.into_iter();
        Ok(groups
            .map(|group| (group.group_id.to_string(), of_group(group)))
            .collect())
    }

    /// Makes a share group without members start at other offsets; what became of each partition.
    pub async fn alter_share_offsets(
        &self,
        group: &str,
        offsets: &BTreeMap<PartitionKey, i64>,
    ) -> Result<PartitionResults, ClientError> {
        let mut topics: BTreeMap<&str, Vec<AlterShareGroupOffsetsRequestPartition>> = BTreeMap::new();
        for ((topic, partition), offset) in offsets {
            let partition = AlterShareGroupOffsetsRequestPartition::default()
                .with_partition_index(*partition)
                .with_start_offset(*offset);
            topics.entry(topic).or_default().push(partition);
        }
        let topics = topics.into_iter().map(|(topic, partitions)| {
            AlterShareGroupOffsetsRequestTopic::default()
                .with_topic_name(topic_name(topic))
                .with_partitions(partitions)
        });
        let request = AlterShareGroupOffsetsRequest::default()
            .with_group_id(group_id(group))
            .with_topics(topics.collect());
        let at = self.coordinator(group).await?;
        let response = self.send_to(at, &request).await?;
        if response.error_code != 0 {
            let message = response.error_message.as_deref();
            return Err(ClientError::rejected(named(group), response.error_code, message));
        }
        let mut results = PartitionResults::new();
        for topic in response.responses {
            for p in topic.partitions {
                let topic = topic.topic_name.to_string();
                let message = p.error_message.as_deref();
                results.extend([result_of(topic, p.partition_index, p.error_code, message)]);
            }
        }
        Ok(results)
    }

    /// Deletes what a share group without members knows of topics; what became of each topic.
    pub async fn delete_share_offsets(
        &self,
        group: &str,
        topics: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, Result<(), ClientError>>, ClientError> {
        let named_topics = topics
            .iter()
            .map(|topic| DeleteShareGroupOffsetsRequestTopic::default().with_topic_name(topic_name(topic)));
        let request = DeleteShareGroupOffsetsRequest::default()
            .with_group_id(group_id(group))
            .with_topics(named_topics.collect());
        let at = self.coordinator(group).await?;
        let response = self.send_to(at, &request).await?;
        if response.error_code != 0 {
            let message = response.error_message.as_deref();
            return Err(ClientError::rejected(named(group), response.error_code, message));
        }
        let results = response.responses.into_iter().map(|topic| {
            let name = topic.topic_name.to_string();
            let result = match topic.error_code {
                0 => Ok(()),
                code => Err(ClientError::rejected(
                    format!("topic {name}"),
                    code,
                    topic.error_message.as_deref(),
                )),
            };
            (name, result)
        });
        Ok(results.collect())
    }
}

fn of_group(group: DescribeShareGroupOffsetsResponseGroup) -> Result<GroupOffsets, ClientError> {
    if group.error_code != 0 {
        let message = group.error_message.as_deref();
        return Err(ClientError::rejected(named(&group.group_id), group.error_code, message));
    }
    let mut offsets = GroupOffsets::new();
    for topic in group.topics {
        for p in topic.partitions {
            let key = (topic.topic_name.to_string(), p.partition_index);
            let message = p.error_message.as_deref();
            let (key, result) = result_of(key.0, key.1, p.error_code, message);
            result?;
            // One that nobody has read yet has no start.
            if p.start_offset >= 0 {
                offsets.insert(
                    key,
                    CommittedOffset {
                        leader_epoch: p.leader_epoch,
                        ..CommittedOffset::at(p.start_offset)
                    },
                );
            }
        }
    }
    Ok(offsets)
}
