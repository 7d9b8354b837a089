//! DescribeProducers (key 61), version 0: the producers a partition's leader remembers (KIP-664).

use std::sync::Arc;

use protocol::api::messages::describe_producers_request::DescribeProducersRequest;
use protocol::api::messages::describe_producers_response::{
    DescribeProducersResponse, PartitionResponse, ProducerState, TopicResponse,
};
use protocol::api::{ApiKey, DecodeError, ProducerId, StrBytes, TopicName};

use crate::broker::Broker;
use crate::broker::partition::ActiveProducer;
use crate::call::{Call, Outcome, Served};

pub(super) const SERVED: Served = Served::new(ApiKey::DescribeProducers, 0, 0);

pub(super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: DescribeProducersRequest = call.decode()?;
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic
            .partition_indexes
            .iter()
            .map(|index| describe(broker, &topic.name, *index));
        TopicResponse::default()
            .with_partitions(partitions.collect())
            .with_name(topic.name.clone())
    });
    let response = DescribeProducersResponse::default().with_topics(topics.collect());
    Ok(call.reply(&response)?.into())
}

fn describe(broker: &Broker, topic: &TopicName, index: i32) -> PartitionResponse {
    let response = PartitionResponse::default().with_partition_index(index);
    match broker
        .partition_by_name(topic, index)
        .and_then(|partition| partition.active_producers())
    {
        Ok(producers) => response.with_active_producers(producers.into_iter().map(state).collect()),
        Err(error) => response
            .with_error_code(error.code.code())
            .with_error_message(Some(StrBytes::from_string(error.to_string()))),
    }
}

fn state(producer: ActiveProducer) -> ProducerState {
    ProducerState::default()
        .with_producer_id(ProducerId(producer.producer_id))
        .with_producer_epoch(i32::from(producer.producer_epoch))
        .with_last_sequence(producer.last_sequence)
        .with_last_timestamp(producer.last_timestamp_ms)
        .with_coordinator_epoch(producer.coordinator_epoch)
        .with_current_txn_start_offset(producer.current_txn_start_offset.unwrap_or(-1))
}
