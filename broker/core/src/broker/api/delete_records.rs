//! DeleteRecords (key 21), versions 0 to 2: moves a partition's log start offset up (KIP-107).

use std::sync::Arc;

use protocol::api::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsRequest};
use protocol::api::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsResponse, DeleteRecordsTopicResult,
};
use protocol::api::{ApiKey, DecodeError, TopicName};

use crate::broker::Broker;
use crate::call::{Call, Outcome, Served};

pub(super) const SERVED: Served = Served::new(ApiKey::DeleteRecords, 0, 2);

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: DeleteRecordsRequest = call.decode()?;
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic
            .partitions
            .iter()
            .map(|partition| delete(broker, &topic.name, partition));
        DeleteRecordsTopicResult::default()
            .with_partitions(partitions.collect())
            .with_name(topic.name.clone())
    });
    let response = DeleteRecordsResponse::default().with_topics(topics.collect());
    Ok(call.reply(&response)?.into())
}

fn delete(broker: &Broker, topic: &TopicName, asked: &DeleteRecordsPartition) -> DeleteRecordsPartitionResult {
    let deleted = broker
        .partition_by_name(topic, asked.partition_index)
        .and_then(|partition| partition.delete_records(asked.offset));
    let response = DeleteRecordsPartitionResult::default().with_partition_index(asked.partition_index);
    match deleted {
        Ok(low_watermark) => response.with_low_watermark(low_watermark),
        Err(error) => response.with_error_code(error.code.code()).with_low_watermark(-1),
    }
}
