//! DeleteGroups (key 42), versions 0 to 2.

use std::sync::Arc;

use protocol::api::messages::delete_groups_response::DeletableGroupResult;
use protocol::api::messages::{DeleteGroupsRequest, DeleteGroupsResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode};

use crate::broker::Broker;
use crate::call::{Call, Outcome, Served};
use crate::groups::{GroupState, KeyValue, group_tombstone, offset_record};

pub(in super::super) const SERVED: Served = Served::new(ApiKey::DeleteGroups, 0, 2);

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: DeleteGroupsRequest = call.decode()?;
    let results = request.groups_names.into_iter().map(|id| {
        let code = delete(broker, call, &id).err().map_or(0, |error| error.code());
        DeletableGroupResult::default().with_group_id(id).with_error_code(code)
    });
    let response = DeleteGroupsResponse::default().with_results(results.collect());
    Ok(call.reply(&response)?.into())
}

fn delete(broker: &Broker, call: &Call, id: &str) -> Result<(), ErrorCode> {
    let shard = broker.shard_of(id)?;
    let mut held = shard.hold(call.now)?;
    let group = held.shard().group(id).ok_or(ErrorCode::GroupIdNotFound)?;
    if group.state != GroupState::Empty {
        return Err(ErrorCode::NonEmptyGroup);
    }
    let offsets = group.offsets.keys().map(|key| offset_record(id, key, None));
    let records: Vec<KeyValue> = offsets
        .chain([group_tombstone(id)])
        .collect::<Result<_, _>>()
        .map_err(|_| ErrorCode::UnknownServerError)?;
    shard.append(&records, call.now)?;
    held.shard().remove(id);
    Ok(())
}
