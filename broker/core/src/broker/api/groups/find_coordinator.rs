//! FindCoordinator (key 10), versions 0 to 6: who has a group; several at once from version 4 (KIP-699).

use std::sync::Arc;

use protocol::api::messages::find_coordinator_response::Coordinator;
use protocol::api::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
use protocol::api::{ApiKey, BrokerId, DecodeError, ErrorCode, StrBytes};

use crate::broker::Broker;
use crate::broker::topic_names::CONSUMER_OFFSETS;
use crate::call::{Call, Outcome, Served};
use crate::groups::partition_of;

pub(in super::super) const SERVED: Served = Served::new(ApiKey::FindCoordinator, 0, 6);

/// First version that asks for several.
const BATCHED_FROM: i16 = 4;
/// `key_type` of groups.
const GROUP: i8 = 0;

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: FindCoordinatorRequest = call.decode()?;
    if call.header.api_version >= BATCHED_FROM {
        let found = request.coordinator_keys.into_iter().map(|key| {
            let found = find(broker, request.key_type, &key, &call.peer.listener);
            coordinator(found).with_key(key)
        });
        let response = FindCoordinatorResponse::default().with_coordinators(found.collect());
        return Ok(call.reply(&response)?.into());
    }
    let found = coordinator(find(broker, request.key_type, &request.key, &call.peer.listener));
    let response = FindCoordinatorResponse::default()
        .with_error_code(found.error_code)
        .with_error_message(found.error_message)
        .with_node_id(found.node_id)
        .with_host(found.host)
        .with_port(found.port);
    Ok(call.reply(&response)?.into())
}

fn find(broker: &Arc<Broker>, key_type: i8, key: &str, listener: &str) -> Result<(i32, String, u16), ErrorCode> {
    if key_type != GROUP {
        // Transactions and share groups have no coordinator here yet.
        return Err(ErrorCode::CoordinatorNotAvailable);
    }
    let image = broker.image();
    let Some(topic) = image.topics().by_name(CONSUMER_OFFSETS) else {
        broker.create_offsets_topic();
        return Err(ErrorCode::CoordinatorNotAvailable);
    };
    let partition = topic.partition(partition_of(key, topic.partition_count() as i32));
    let leader = partition.and_then(|partition| image.brokers().get(partition.leader));
    let leader = leader
        .filter(|leader| !leader.fenced)
        .ok_or(ErrorCode::CoordinatorNotAvailable)?;
    let endpoint = leader.endpoint(listener).ok_or(ErrorCode::CoordinatorNotAvailable)?;
    Ok((leader.id, endpoint.host.clone(), endpoint.port))
}

fn coordinator(found: Result<(i32, String, u16), ErrorCode>) -> Coordinator {
    match found {
        Ok((id, host, port)) => Coordinator::default()
            .with_node_id(BrokerId(id))
            .with_host(StrBytes::from_string(host))
            .with_port(i32::from(port)),
        Err(error) => Coordinator::default()
            .with_error_code(error.code())
            .with_error_message(Some(StrBytes::from_string(error.to_string())))
            .with_node_id(BrokerId(-1))
            .with_port(-1),
    }
}
