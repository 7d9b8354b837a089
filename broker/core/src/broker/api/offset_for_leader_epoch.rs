//! OffsetForLeaderEpoch (key 23), versions 2 to 4: where an epoch ended in the leader's log (KIP-101, 320).

use std::sync::Arc;

use protocol::api::messages::offset_for_leader_epoch_request::{OffsetForLeaderEpochRequest, OffsetForLeaderPartition};
use protocol::api::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderEpochResponse, OffsetForLeaderTopicResult,
};
use protocol::api::{ApiKey, DecodeError, TopicName};

use crate::broker::Broker;
use crate::broker::partition::PartitionError;
use crate::call::{Call, Outcome, Served};

pub(super) const SERVED: Served = Served::new(ApiKey::OffsetForLeaderEpoch, 2, 4);

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: OffsetForLeaderEpochRequest = call.decode()?;
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic
            .partitions
            .iter()
            .map(|partition| answer(broker, &topic.topic, partition));
        OffsetForLeaderTopicResult::default()
            .with_partitions(partitions.collect())
            .with_topic(topic.topic.clone())
    });
    let response = OffsetForLeaderEpochResponse::default().with_topics(topics.collect());
    Ok(call.reply(&response)?.into())
}

fn answer(broker: &Broker, topic: &TopicName, asked: &OffsetForLeaderPartition) -> EpochEndOffset {
    let found: Result<(i32, i64), PartitionError> = broker
        .partition_by_name(topic, asked.partition)
        .and_then(|partition| partition.end_offset_for_epoch(asked.leader_epoch, asked.current_leader_epoch));
    let response = EpochEndOffset::default().with_partition(asked.partition);
    match found {
        Ok((leader_epoch, end_offset)) => response.with_leader_epoch(leader_epoch).with_end_offset(end_offset),
        Err(error) => response
            .with_error_code(error.code.code())
            .with_leader_epoch(-1)
            .with_end_offset(-1),
    }
}
