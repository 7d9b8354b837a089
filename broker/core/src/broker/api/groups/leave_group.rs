//! LeaveGroup (key 13), versions 0 to 5; several members at once from version 3 (KIP-345).

use std::collections::BTreeMap;
use std::sync::Arc;

use protocol::api::messages::leave_group_request::MemberIdentity;
use protocol::api::messages::leave_group_response::MemberResponse;
use protocol::api::messages::{LeaveGroupRequest, LeaveGroupResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode};

use crate::broker::Broker;
use crate::broker::coordinator::{PendingWrites, Written};
use crate::call::{Call, Outcome, Served};
use crate::groups::{GroupState, group_record};
use crate::reply::Reply;

pub(in super::super) const SERVED: Served = Served::new(ApiKey::LeaveGroup, 0, 5);

/// First version that names several members.
const BATCHED_FROM: i16 = 3;

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: LeaveGroupRequest = call.decode()?;
    let batched = call.header.api_version >= BATCHED_FROM;
    let members = if batched {
        request.members
    } else {
        vec![MemberIdentity::default().with_member_id(request.member_id)]
    };
    let (written, codes) = match leave(broker, call, &request.group_id, &members) {
        Ok((written, codes)) => (Ok(written), codes),
        Err(error) => (Err(error), Vec::new()),
    };
    let target = call.target();
    Ok(PendingWrites::begin(broker, call, written, move |results| {
        let response = match results.first().copied().flatten() {
            Some(error) => LeaveGroupResponse::default().with_error_code(error.code()),
            None if batched => answer(&members, &codes),
            None => LeaveGroupResponse::default().with_error_code(codes.first().copied().unwrap_or(0)),
        };
        target.encode(&response).unwrap_or(Reply::Close)
    }))
}

fn answer(members: &[MemberIdentity], codes: &[i16]) -> LeaveGroupResponse {
    let members = members.iter().zip(codes).map(|(member, code)| {
        MemberResponse::default()
            .with_member_id(member.member_id.clone())
            .with_group_instance_id(member.group_instance_id.clone())
            .with_error_code(*code)
    });
    LeaveGroupResponse::default().with_members(members.collect())
}

/// Removes members; what each is told, and the record of a group that has none left.
fn leave(
    broker: &Broker,
    call: &Call,
    group_id: &str,
    members: &[MemberIdentity],
) -> Result<(Option<Written>, Vec<i16>), ErrorCode> {
    let shard = broker.shard_of(group_id)?;
    let settings = broker.group_settings();
    let mut held = shard.hold(call.now)?;
    let Some(group) = held.shard().group_mut(group_id) else {
        return Ok((None, vec![ErrorCode::UnknownMemberId.code(); members.len()]));
    };
    let had_members = group.state != GroupState::Empty;
    let leave = |member: &MemberIdentity| {
        let left = group.leave(
            &member.member_id,
            member.group_instance_id.as_deref(),
            call.now.mono,
            &settings,
        );
        left.err().map_or(0, |error| error.code())
    };
    let codes = members.iter().map(leave).collect();
    let emptied = held
        .shard()
        .group(group_id)
        .filter(|group| had_members && group.state == GroupState::Empty);
    let Some(group) = emptied else {
        return Ok((None, codes));
    };
    let record = group_record(group, &BTreeMap::new(), call.now.wall_ms).map_err(|_| ErrorCode::UnknownServerError)?;
    Ok((Some(shard.append(&[record], call.now)?), codes))
}
