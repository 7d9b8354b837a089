//! DescribeTopicPartitions (key 75), version 0: topics page by page, with eligible leader replicas (KIP-966).

use std::collections::BTreeSet;
use std::sync::Arc;

use protocol::api::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use protocol::api::messages::{DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse};
use protocol::api::{ApiKey, BrokerId, DecodeError, ErrorCode, StrBytes, TopicName};

use super::operations;
use crate::broker::Broker;
use crate::broker::topic_names::{is_internal, is_valid};
use crate::call::{Call, Outcome, Served};
use crate::image::{MetadataImage, PartitionImage, TopicImage};

pub(super) const SERVED: Served = Served::new(ApiKey::DescribeTopicPartitions, 0, 0);

/// Most partitions in one response, whatever the client asks (max.request.partition.size.limit).
const PARTITIONS_MAX: usize = 2000;

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: DescribeTopicPartitionsRequest = call.decode()?;
    let image = broker.image();
    let (from_topic, from_partition) = request.cursor.map_or_else(Default::default, |cursor| {
        (cursor.topic_name.to_string(), cursor.partition_index)
    });
    let names: BTreeSet<String> = if request.topics.is_empty() {
        image.topics().iter().map(|topic| topic.name.clone()).collect()
    } else {
        request.topics.iter().map(|topic| topic.name.to_string()).collect()
    };
    let mut room = usize::try_from(request.response_partition_limit)
        .unwrap_or(0)
        .clamp(1, PARTITIONS_MAX);
    let mut response = DescribeTopicPartitionsResponse::default();
    for name in names.range(from_topic.clone()..) {
        let first = if *name == from_topic { from_partition } else { 0 };
        let Some(topic) = image.topics().by_name(name) else {
            response.topics.push(failed(name));
            continue;
        };
        if room == 0 {
            response.next_cursor = Some(cursor(name, first));
            break;
        }
        let page: Vec<_> = topic
            .partitions()
            .filter(|(index, _)| *index >= first)
            .take(room + 1)
            .collect();
        let (shown, rest) = page.split_at(page.len().min(room));
        room -= shown.len();
        response.topics.push(describe(&image, topic, shown));
        if let Some((next, _)) = rest.first() {
            response.next_cursor = Some(cursor(name, *next));
            break;
        }
    }
    Ok(call.reply(&response)?.into())
}

fn cursor(topic: &str, partition: i32) -> Cursor {
    Cursor::default()
        .with_topic_name(TopicName(StrBytes::from_string(topic.to_owned())))
        .with_partition_index(partition)
}

fn failed(name: &str) -> DescribeTopicPartitionsResponseTopic {
    let code = if is_valid(name) {
        ErrorCode::UnknownTopicOrPartition
    } else {
        ErrorCode::InvalidTopicException
    };
    DescribeTopicPartitionsResponseTopic::default()
        .with_error_code(code.code())
        .with_name(Some(TopicName(StrBytes::from_string(name.to_owned()))))
        .with_is_internal(is_internal(name))
}

fn describe(
    image: &MetadataImage,
    topic: &TopicImage,
    partitions: &[(i32, &PartitionImage)],
) -> DescribeTopicPartitionsResponseTopic {
    DescribeTopicPartitionsResponseTopic::default()
        .with_name(Some(TopicName(StrBytes::from_string(topic.name.clone()))))
        .with_topic_id(topic.id.into())
        .with_is_internal(is_internal(&topic.name))
        .with_partitions(
            partitions
                .iter()
                .map(|(index, partition)| describe_partition(image, *index, partition))
                .collect(),
        )
        .with_topic_authorized_operations(operations::TOPIC)
}

fn describe_partition(
    image: &MetadataImage,
    index: i32,
    partition: &PartitionImage,
) -> DescribeTopicPartitionsResponsePartition {
    let led = image.brokers().is_alive(partition.leader);
    let offline = partition
        .replicas
        .iter()
        .copied()
        .filter(|id| !image.brokers().is_alive(*id));
    DescribeTopicPartitionsResponsePartition::default()
        .with_error_code(if led { 0 } else { ErrorCode::LeaderNotAvailable.code() })
        .with_partition_index(index)
        .with_leader_id(BrokerId(if led { partition.leader } else { -1 }))
        .with_leader_epoch(partition.leader_epoch)
        .with_replica_nodes(ids(&partition.replicas))
        .with_isr_nodes(ids(&partition.isr))
        .with_eligible_leader_replicas(Some(ids(&partition.elr)))
        .with_last_known_elr(Some(ids(&partition.last_known_elr)))
        .with_offline_replicas(offline.map(BrokerId).collect())
}

fn ids(nodes: &[i32]) -> Vec<BrokerId> {
    nodes.iter().copied().map(BrokerId).collect()
}
