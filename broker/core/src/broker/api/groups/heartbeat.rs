//! Heartbeat (key 12), versions 0 to 4.

use std::sync::Arc;

use protocol::api::messages::{HeartbeatRequest, HeartbeatResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode};

use crate::broker::Broker;
use crate::call::{Call, Outcome, Served};

pub(in super::super) const SERVED: Served = Served::new(ApiKey::Heartbeat, 0, 4);

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: HeartbeatRequest = call.decode()?;
    let taken = broker.shard_of(&request.group_id).and_then(|shard| {
        let mut held = shard.hold(call.now)?;
        let group = held
            .shard()
            .group_mut(&request.group_id)
            .ok_or(ErrorCode::UnknownMemberId)?;
        let instance_id = request.group_instance_id.as_deref();
        group.heartbeat(&request.member_id, instance_id, request.generation_id, call.now.mono)
    });
    let response = HeartbeatResponse::default().with_error_code(taken.err().map_or(0, |error| error.code()));
    Ok(call.reply(&response)?.into())
}
