//! ListOffsets (key 2), versions 1 to 10: earliest (-2), latest (-1), max timestamp (-3, KIP-734), earliest
//! local (-4, KIP-405), latest tiered (-5, KIP-1005), or the first offset at or after a time.

use std::sync::Arc;

use protocol::api::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use protocol::api::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsResponse, ListOffsetsTopicResponse,
};
use protocol::api::{ApiKey, DecodeError, ErrorCode};

use crate::broker::Broker;
use crate::broker::partition::{FoundOffset, Isolation, OffsetSpec, PartitionError};
use crate::call::{Call, Outcome, Served};

pub(super) const SERVED: Served = Served::new(ApiKey::ListOffsets, 1, 10);

/// First version that tells leader epochs.
const LEADER_EPOCHS_FROM: i16 = 4;
/// First version whose clients know OFFSET_NOT_AVAILABLE (KIP-207).
const OFFSET_NOT_AVAILABLE_FROM: i16 = 5;
/// The replica id of a consumer.
const CONSUMER: i32 = -1;
/// The replica id of a tool that may read past the high watermark (Kafka's `DEBUGGING_CONSUMER_ID`).
const DEBUGGING_CONSUMER: i32 = -2;

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: ListOffsetsRequest = call.decode()?;
    let isolation = match (request.replica_id.0, request.isolation_level) {
        (CONSUMER, 1) => Some(Isolation::ReadCommitted),
        (CONSUMER, _) => Some(Isolation::HighWatermark),
        (DEBUGGING_CONSUMER, _) => None,
        _ => Some(Isolation::LogEndOffset),
    };
    let version = call.header.api_version;
    let topics = request
        .topics
        .into_iter()
        .map(|topic| answer_topic(broker, &topic, version, isolation));
    let response = ListOffsetsResponse::default().with_topics(topics.collect());
    Ok(call.reply(&response)?.into())
}

fn answer_topic(
    broker: &Arc<Broker>,
    topic: &ListOffsetsTopic,
    version: i16,
    isolation: Option<Isolation>,
) -> ListOffsetsTopicResponse {
    let twice = |index| topic.partitions.iter().filter(|p| p.partition_index == index).count() > 1;
    let partitions = topic.partitions.iter().map(|partition| {
        let found = if twice(partition.partition_index) {
            Err(ErrorCode::InvalidRequest.into())
        } else {
            find(broker, topic, partition, version, isolation)
        };
        answer(partition.partition_index, version, found)
    });
    ListOffsetsTopicResponse::default()
        .with_name(topic.name.clone())
        .with_partitions(partitions.collect())
}

fn find(
    broker: &Arc<Broker>,
    topic: &ListOffsetsTopic,
    partition: &ListOffsetsPartition,
    version: i16,
    isolation: Option<Isolation>,
) -> Result<FoundOffset, PartitionError> {
    let spec = match partition.timestamp {
        -1 => OffsetSpec::Latest,
        -2 => OffsetSpec::Earliest,
        -3 if version >= 7 => OffsetSpec::MaxTimestamp,
        -4 if version >= 8 => OffsetSpec::Earliest,
        -5 if version >= 9 => OffsetSpec::LatestTiered,
        timestamp if timestamp >= 0 => OffsetSpec::Timestamp(timestamp),
        _ => return Err(ErrorCode::UnsupportedVersion.into()),
    };
    broker
        .partition_by_name(&topic.name, partition.partition_index)?
        .find_offset(
            spec,
            isolation.unwrap_or(Isolation::LogEndOffset),
            partition.current_leader_epoch,
        )
}

fn answer(index: i32, version: i16, found: Result<FoundOffset, PartitionError>) -> ListOffsetsPartitionResponse {
    let response = ListOffsetsPartitionResponse::default()
        .with_partition_index(index)
        .with_leader_epoch(-1);
    match found {
        Ok(found) => response
            .with_offset(found.offset)
            .with_timestamp(found.timestamp)
            .with_leader_epoch(if version >= LEADER_EPOCHS_FROM {
                found.leader_epoch
            } else {
                -1
            }),
        // Older clients do not know that an offset may not be available.
        Err(error) if error.code == ErrorCode::OffsetNotAvailable && version < OFFSET_NOT_AVAILABLE_FROM => response
            .with_error_code(ErrorCode::LeaderNotAvailable.code())
            .with_offset(-1)
            .with_timestamp(-1),
        Err(error) => response
            .with_error_code(error.code.code())
            .with_offset(-1)
            .with_timestamp(-1),
    }
}
