//! OffsetDelete (key 47), version 0 (KIP-496).

use std::sync::Arc;

use protocol::api::messages::offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic};
use protocol::api::messages::{OffsetDeleteRequest, OffsetDeleteResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode};

use crate::broker::Broker;
use crate::broker::coordinator::{PendingWrites, Written};
use crate::call::{Call, Outcome, Served};
use crate::groups::{Change, KeyValue, OffsetKey, offset_record};
use crate::reply::Reply;

pub(in super::super) const SERVED: Served = Served::new(ApiKey::OffsetDelete, 0, 0);

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: OffsetDeleteRequest = call.decode()?;
    let (written, kept) = match delete(broker, call, &request) {
        Ok((written, kept)) => (Ok(written), kept),
        Err(error) => (Err(error), Vec::new()),
    };
    let target = call.target();
    Ok(PendingWrites::begin(broker, call, written, move |results| {
        let response = match results.first().copied().flatten() {
            Some(error) => OffsetDeleteResponse::default().with_error_code(error.code()),
            None => answer(&request, &kept),
        };
        target.encode(&response).unwrap_or(Reply::Close)
    }))
}

fn answer(request: &OffsetDeleteRequest, kept: &[String]) -> OffsetDeleteResponse {
    let topics = request.topics.iter().map(|topic| {
        let code = if kept.contains(&topic.name.to_string()) {
            ErrorCode::GroupSubscribedToTopic.code()
        } else {
            0
        };
        let partitions = topic.partitions.iter().map(|p| {
            OffsetDeleteResponsePartition::default()
                .with_partition_index(p.partition_index)
                .with_error_code(code)
        });
        OffsetDeleteResponseTopic::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    OffsetDeleteResponse::default().with_topics(topics.collect())
}

/// Deletes; topics whose offsets stay because members may be reading them.
fn delete(
    broker: &Broker,
    call: &Call,
    request: &OffsetDeleteRequest,
) -> Result<(Option<Written>, Vec<String>), ErrorCode> {
    let group_id = request.group_id.to_string();
    let shard = broker.shard_of(&group_id)?;
    let mut held = shard.hold(call.now)?;
    let known = held.shard().offset_keys(&group_id);
    let group = held.shard().group(&group_id).ok_or(ErrorCode::GroupIdNotFound)?;
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
                .filter(|key| known.contains(key)),
        );
    }
    if keys.is_empty() {
        return Ok((None, kept));
    }
    let records: Vec<KeyValue> = keys
        .iter()
        .map(|key| offset_record(&group_id, key, None))
        .collect::<Result<_, _>>()
        .map_err(|_| ErrorCode::UnknownServerError)?;
    let written = shard.append(&records, call.now)?;
    let due = call.now.mono + broker.commit_timeout();
    held.shard()
        .await_commit(&group_id, written.last_offset(), due, Change::OffsetsGone(keys));
    Ok((Some(written), kept))
}
