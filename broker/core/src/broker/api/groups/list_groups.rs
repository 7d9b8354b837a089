//! ListGroups (key 16), versions 0 to 5, with filters by state (KIP-518) and type (KIP-848).

use std::sync::Arc;

use protocol::api::messages::list_groups_response::ListedGroup;
use protocol::api::messages::{ListGroupsRequest, ListGroupsResponse};
use protocol::api::{ApiKey, DecodeError, ErrorCode, GroupId, StrBytes};

use crate::broker::Broker;
use crate::call::{Call, Outcome, Served};
use crate::groups::Group;

pub(in super::super) const SERVED: Served = Served::new(ApiKey::ListGroups, 0, 5);

/// First version that tells states.
const STATES_FROM: i16 = 4;
/// First version that tells types.
const TYPES_FROM: i16 = 5;
/// The only type there is here.
const CLASSIC: &str = "classic";

pub(in super::super) fn handle(broker: &Arc<Broker>, call: &Call) -> Result<Outcome, DecodeError> {
    let request: ListGroupsRequest = call.decode()?;
    let version = call.header.api_version;
    let among =
        |filter: &[StrBytes], value: &str| filter.is_empty() || filter.iter().any(|f| f.eq_ignore_ascii_case(value));
    let mut code = 0;
    let mut groups = Vec::new();
    for shard in broker.all_shards() {
        match shard.hold(call.now) {
            Err(_) => code = ErrorCode::CoordinatorLoadInProgress.code(),
            Ok(mut held) => {
                let wanted = |group: &&Group| {
                    among(&request.states_filter, group.state.name()) && among(&request.types_filter, CLASSIC)
                };
                groups.extend(held.shard().groups().filter(wanted).map(|group| listed(group, version)));
            }
        }
    }
    let response = ListGroupsResponse::default().with_error_code(code).with_groups(groups);
    Ok(call.reply(&response)?.into())
}

fn listed(group: &Group, version: i16) -> ListedGroup {
    let kind = group.protocol_type.clone().unwrap_or_default();
    let mut listed = ListedGroup::default()
        .with_group_id(GroupId(StrBytes::from_string(group.id.clone())))
        .with_protocol_type(StrBytes::from_string(kind));
    if version >= STATES_FROM {
        listed.group_state = StrBytes::from_static_str(group.state.name());
    }
    if version >= TYPES_FROM {
        listed.group_type = StrBytes::from_static_str(CLASSIC);
    }
    listed
}
