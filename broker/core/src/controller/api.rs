//! The APIs a controller answers, on its own listener and for brokers that forward.

use protocol::api::{ApiKey, add_raft_voter, heartbeat};

use super::{Controller, ControllerCx, Handled, Plan};
use crate::call::{Call, Served};
use crate::reply::{Refused, Reply};

/// What clients ask for: brokers hand it on.
const SERVED: &[Served] = &[
    Served::new(ApiKey::CreateTopics, 2, 7),
    Served::new(ApiKey::DeleteTopics, 1, 6),
    Served::new(ApiKey::AlterConfigs, 0, 2),
    Served::new(ApiKey::CreatePartitions, 0, 3),
    Served::new(ApiKey::ElectLeaders, 0, 2),
    Served::new(ApiKey::IncrementalAlterConfigs, 0, 1),
    Served::new(ApiKey::AlterPartitionReassignments, 0, 1),
    Served::new(ApiKey::ListPartitionReassignments, 0, 0),
    Served::new(ApiKey::DescribeQuorum, 0, 2),
    Served::new(ApiKey::UpdateFeatures, 0, 2),
    Served::new(ApiKey::UnregisterBroker, 0, 0),
    Served::new(ApiKey::AddRaftVoter, 0, add_raft_voter::VERSION_MAX),
    Served::new(ApiKey::RemoveRaftVoter, 0, 0),
];

/// What other nodes ask for, on the controller's own listener only.
const SERVED_TO_NODES: &[Served] = &[
    Served::new(ApiKey::AlterPartition, 2, 3),
    Served::new(ApiKey::BrokerRegistration, 0, 4),
    Served::new(ApiKey::BrokerHeartbeat, 0, heartbeat::VERSION_MAX),
    Served::new(ApiKey::AllocateProducerIds, 0, 0),
    Served::new(ApiKey::ControllerRegistration, 0, 0),
    Served::new(ApiKey::AssignReplicasToDirs, 0, 0),
];

/// The APIs of a controller that brokers serve too, by forwarding.
pub fn served() -> &'static [Served] {
    SERVED
}

/// The APIs of a controller that only its own listener serves.
pub(super) fn served_to_nodes() -> &'static [Served] {
    SERVED_TO_NODES
}

/// Whether a client asks, itself or by a broker that hands it on, which takes what was answered for done everywhere here.
/// Nodes know that metadata is published later than it is committed.
pub fn is_for_clients(call: &Call) -> bool {
    let key = call.header.api_key;
    key == ApiKey::Envelope as i16 || (served().iter().any(|served| served.key as i16 == key) && !is_about_quorum(call))
}

/// Whether the answer is about the quorum itself, and not about the metadata.
pub(super) fn is_about_quorum(call: &Call) -> bool {
    call.header.api_key == ApiKey::DescribeQuorum as i16
}

pub(super) fn handle(controller: &mut Controller, call: &Call, cx: &mut ControllerCx<'_>) -> Handled {
    match ApiKey::try_from(call.header.api_key) {
        Ok(ApiKey::CreateTopics) => controller.create_topics(call, cx),
        Ok(ApiKey::DeleteTopics) => controller.delete_topics(call),
        Ok(ApiKey::AlterConfigs) => controller.alter_configs(call),
        Ok(ApiKey::CreatePartitions) => controller.create_partitions(call, cx),
        Ok(ApiKey::ElectLeaders) => controller.elect_leaders(call),
        Ok(ApiKey::IncrementalAlterConfigs) => controller.incremental_alter_configs(call),
        Ok(ApiKey::AlterPartitionReassignments) => controller.alter_partition_reassignments(call),
        Ok(ApiKey::ListPartitionReassignments) => controller.list_partition_reassignments(call),
        Ok(ApiKey::DescribeQuorum) => controller.describe_quorum(call, cx),
        Ok(ApiKey::UpdateFeatures) => controller.update_features(call),
        Ok(ApiKey::UnregisterBroker) => controller.unregister_broker(call),
        Ok(ApiKey::AlterPartition) => controller.alter_partition(call),
        Ok(ApiKey::BrokerRegistration) => controller.register_broker(call, cx),
        Ok(ApiKey::BrokerHeartbeat) => controller.broker_heartbeat(call, cx),
        Ok(ApiKey::AllocateProducerIds) => controller.allocate_producer_ids(call),
        Ok(ApiKey::ControllerRegistration) => controller.register_controller(call),
        Ok(ApiKey::AssignReplicasToDirs) => controller.assign_replicas_to_dirs(call),
        _ => Ok(Plan::answer(Reply::Refused(Refused::NotServed))),
    }
}
