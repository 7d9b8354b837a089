//! DeleteGroups (key 42), versions 0 to 2.

use std::sync::Arc;

use protocol::api::messages::delete_groups_response::DeletableGroupResult;
use protocol::api::messages::{DeleteGroupsRequest, DeleteGroupsResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode};

use crate::broker::Broker;
use crate::broker::coordinator::{PendingWrites, Writes, Written};
use crate::call::{Call, Outcome, Served};
use crate::groups::{Change, GroupState, KeyValue, OffsetKey, group_tombstone, offset_record};
use crate::reply::Reply;

pub(in super::super) const SERVED: Served = Served::new(ApiKey::DeleteGroups, 0, 2);

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: DeleteGroupsRequest = call.decode()?;
    let mut writes = Writes::default();
    for id in &request.groups_names {
        writes.push(delete(broker, call, id).map(Some));
    }
    let target = call.target();
    Ok(PendingWrites::begin(broker, call, writes, move |results| {
        let results = request.groups_names.iter().zip(results).map(|(id, error)| {
            DeletableGroupResult::default()
                .with_group_id(id.clone())
                .with_error_code(error.map_or(0, |error| error.code()))
        });
        let response = DeleteGroupsResponse::default().with_results(results.collect());
        target.encode(&response).unwrap_or(Reply::Close)
    }))
}

fn delete(broker: &Broker, call: &Call, id: &str) -> Result<Written, ErrorCode> {
    let shard = broker.shard_of(id)?;
    let mut held = shard.hold(call.now)?;
    let group = held.shard().group(id).ok_or(ErrorCode::GroupIdNotFound)?;
    if group.state != GroupState::Empty {
        return Err(ErrorCode::NonEmptyGroup);
    }
    let keys: Vec<OffsetKey> = held.shard().offset_keys(id).into_iter().collect();
    let offsets = keys.iter().map(|key| offset_record(id, key, None));
    let records: Vec<KeyValue> = offsets
        .chain([group_tombstone(id)])
        .collect::<Result<_, _>>()
        .map_err(|_| ErrorCode::UnknownServerError)?;
    let written = shard.append(&records, call.now)?;
    let due = call.now.mono + broker.commit_timeout();
    held.shard()
        .await_commit(id, written.last_offset(), due, Change::GroupGone(keys));
    Ok(written)
}
