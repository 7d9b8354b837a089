//! OffsetDelete (key 47), version 0 (KIP-496).

use std::sync::Arc;

use protocol::api::messages::offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic};
use protocol::api::messages::{OffsetDeleteRequest, OffsetDeleteResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode};

use crate::broker::Broker;
use crate::call::{Call, Outcome, Served};
use crate::groups::{KeyValue, OffsetKey, offset_record};

pub(in super::super) const SERVED: Served = Served::new(ApiKey::OffsetDelete, 0, 0);

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: OffsetDeleteRequest = call.decode()?;
    let response = match delete(broker, call, &request) {
        Err(error) => OffsetDeleteResponse::default().with_error_code(error.code()),
        Ok(kept) => {
            let topics = request.topics.iter().map(|topic| {
                let code = if kept.contains(&topic.name.to_string()) {
                    ErrorCode::GroupSubscribedToTopic.code()
                } else {
                    0
                };
                let partition = |p: &protocol::api::messages::offset_delete_request::OffsetDeleteRequestPartition| {
                    OffsetDeleteResponsePartition::default()
                        .with_partition_index(p.partition_index)
                        .with_error_code(code)
                };
                OffsetDeleteResponseTopic::default()
                    .with_name(topic.name.clone())
                    .with_partitions(topic.partitions.iter().map(partition).collect())
            });
            OffsetDeleteResponse::default().with_topics(topics.collect())
        }
    };
    Ok(call.reply(&response)?.into())
}

/// Deletes; topics whose offsets stay because members may be reading them.
fn delete(broker: &Broker, call: &Call, request: &OffsetDeleteRequest) -> Result<Vec<String>, ErrorCode> {
    let group_id = request.group_id.to_string();
    let shard = broker.shard_of(&group_id)?;
    let mut held = shard.hold(call.now)?;
    let group = held.shard().group_mut(&group_id).ok_or(ErrorCode::GroupIdNotFound)?;
    let mut keys: Vec<OffsetKey> = Vec::new();
    let mut kept = Vec::new();
    for topic in &request.topics {
        if group.may_read(&topic.name) {
            kept.push(topic.name.to_string());
            continue;
        }
        let key = |index: i32| (topic.name.to_string(), index);
        keys.extend(
            topic
                .partitions
                .iter()
                .map(|p| key(p.partition_index))
                .filter(|key| group.offsets.contains_key(key)),
        );
    }
    if !keys.is_empty() {
        let records: Vec<KeyValue> = keys
            .iter()
            .map(|key| offset_record(&group_id, key, None))
            .collect::<Result<_, _>>()
            .map_err(|_| ErrorCode::UnknownServerError)?;
        shard.append(&records, call.now)?;
        for key in &keys {
            group.offsets.remove(key);
        }
    }
    Ok(kept)
}
