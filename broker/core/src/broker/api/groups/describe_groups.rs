//! DescribeGroups (key 15), versions 0 to 6.

use std::sync::Arc;

use protocol::api::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use protocol::api::messages::{DescribeGroupsRequest, DescribeGroupsResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode, GroupId, StrBytes};

use super::super::operations;
use crate::broker::Broker;
use crate::call::{Call, Outcome, Served};
use crate::groups::{Group, GroupState, Member};

pub(in super::super) const SERVED: Served = Served::new(ApiKey::DescribeGroups, 0, 6);

/// First version that knows static members.
const INSTANCES_FROM: i16 = 4;
/// First version that says that a group does not exist, instead of calling it dead (KIP-1043).
const NOT_FOUND_FROM: i16 = 6;

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: DescribeGroupsRequest = call.decode()?;
    let version = call.header.api_version;
    let groups = request.groups.into_iter().map(|id| {
        let mut described = describe(broker, call, &id, version);
        if request.include_authorized_operations && described.error_code == 0 {
            described.authorized_operations = operations::GROUP;
        }
        described.with_group_id(id)
    });
    let response = DescribeGroupsResponse::default().with_groups(groups.collect());
    Ok(call.reply(&response)?.into())
}

fn describe(broker: &Broker, call: &Call, id: &GroupId, version: i16) -> DescribedGroup {
    let failed = |error: ErrorCode| DescribedGroup::default().with_error_code(error.code());
    let shard = match broker.shard_of(id) {
        Ok(shard) => shard,
        Err(error) => return failed(error),
    };
    let mut held = match shard.hold(call.now) {
        Ok(held) => held,
        Err(error) => return failed(error),
    };
    match held.shard().group(id) {
        Some(group) => told(group, version),
        None if version >= NOT_FOUND_FROM => failed(ErrorCode::GroupIdNotFound)
            .with_error_message(Some(StrBytes::from_string(format!("Group {} not found.", id.as_str()))))
            .with_group_state(StrBytes::from_static_str("Dead")),
        None => DescribedGroup::default().with_group_state(StrBytes::from_static_str("Dead")),
    }
}

fn told(group: &Group, version: i16) -> DescribedGroup {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let stable = group.state == GroupState::Stable;
    let protocol = group.protocol.clone().unwrap_or_default();
    let member = |m: &Member| {
        let described = DescribedGroupMember::default()
            .with_member_id(text(&m.id))
            .with_client_id(text(&m.client_id))
            .with_client_host(text(&m.client_host));
        let described = match &m.instance_id {
            Some(id) if version >= INSTANCES_FROM => described.with_group_instance_id(Some(text(id))),
            _ => described,
        };
        // Between two generations nothing of this counts.
        if stable {
            described
                .with_member_metadata(m.metadata(&protocol))
                .with_member_assignment(m.assignment.clone())
        } else {
            described
        }
    };
    DescribedGroup::default()
        .with_group_state(StrBytes::from_static_str(group.state.name()))
        .with_protocol_type(text(group.protocol_type.as_deref().unwrap_or_default()))
        .with_protocol_data(if stable { text(&protocol) } else { StrBytes::default() })
        .with_members(group.members.values().map(member).collect())
}
