//! The APIs a controller answers, on its own listener and for brokers that forward.

use protocol::api::ApiKey;

use super::{Controller, ControllerCx, Handled, Plan};
use crate::call::{Call, Served};
use crate::reply::{Refused, Reply};

/// What is served.
const SERVED: &[Served] = &[
    Served::new(ApiKey::CreateTopics, 2, 7),
    Served::new(ApiKey::DeleteTopics, 1, 6),
    Served::new(ApiKey::AlterConfigs, 0, 2),
    Served::new(ApiKey::CreatePartitions, 0, 3),
    Served::new(ApiKey::ElectLeaders, 0, 2),
    Served::new(ApiKey::IncrementalAlterConfigs, 0, 1),
    Served::new(ApiKey::ListPartitionReassignments, 0, 0),
    Served::new(ApiKey::DescribeQuorum, 0, 2),
];

/// The APIs a controller answers.
pub fn served() -> &'static [Served] {
    SERVED
}

pub(super) fn handle(controller: &Controller, call: &Call, cx: &mut ControllerCx<'_>) -> Handled {
    match ApiKey::try_from(call.header.api_key) {
        Ok(ApiKey::CreateTopics) => controller.create_topics(call, cx),
        Ok(ApiKey::DeleteTopics) => controller.delete_topics(call),
        Ok(ApiKey::AlterConfigs) => controller.alter_configs(call),
        Ok(ApiKey::CreatePartitions) => controller.create_partitions(call, cx),
        Ok(ApiKey::ElectLeaders) => controller.elect_leaders(call),
        Ok(ApiKey::IncrementalAlterConfigs) => controller.incremental_alter_configs(call),
        Ok(ApiKey::ListPartitionReassignments) => controller.list_reassignments(call),
        Ok(ApiKey::DescribeQuorum) => controller.describe_quorum(call, cx),
        _ => Ok(Plan::answer(Reply::Refused(Refused::NotServed))),
    }
}
