//! The answer to a request that only the active controller could have answered, from a node that is not or was not
//! for long enough: NOT_CONTROLLER, wherever each API has room for it, so that whoever asked asks elsewhere.

use protocol::api::messages::add_raft_voter_response::AddRaftVoterResponse;
use protocol::api::messages::allocate_producer_ids_response::AllocateProducerIdsResponse;
use protocol::api::messages::alter_configs_request::AlterConfigsRequest;
use protocol::api::messages::alter_configs_response::{AlterConfigsResourceResponse, AlterConfigsResponse};
use protocol::api::messages::alter_partition_reassignments_response::AlterPartitionReassignmentsResponse;
use protocol::api::messages::alter_partition_response::AlterPartitionResponse;
use protocol::api::messages::assign_replicas_to_dirs_response::AssignReplicasToDirsResponse;
use protocol::api::messages::broker_heartbeat_response::BrokerHeartbeatResponse;
use protocol::api::messages::broker_registration_response::BrokerRegistrationResponse;
use protocol::api::messages::controller_registration_response::ControllerRegistrationResponse;
use protocol::api::messages::create_partitions_request::CreatePartitionsRequest;
use protocol::api::messages::create_partitions_response::{CreatePartitionsResponse, CreatePartitionsTopicResult};
use protocol::api::messages::create_topics_request::CreateTopicsRequest;
use protocol::api::messages::create_topics_response::{CreatableTopicResult, CreateTopicsResponse};
use protocol::api::messages::delete_topics_request::DeleteTopicsRequest;
use protocol::api::messages::delete_topics_response::{DeletableTopicResult, DeleteTopicsResponse};
use protocol::api::messages::describe_quorum_response::DescribeQuorumResponse;
use protocol::api::messages::elect_leaders_request::ElectLeadersRequest;
use protocol::api::messages::elect_leaders_response::{ElectLeadersResponse, PartitionResult, ReplicaElectionResult};
use protocol::api::messages::incremental_alter_configs_request::IncrementalAlterConfigsRequest;
use protocol::api::messages::incremental_alter_configs_response::{
    AlterConfigsResourceResponse as IncrementalResult, IncrementalAlterConfigsResponse,
};
use protocol::api::messages::list_partition_reassignments_response::ListPartitionReassignmentsResponse;
use protocol::api::messages::remove_raft_voter_response::RemoveRaftVoterResponse;
use protocol::api::messages::unregister_broker_response::UnregisterBrokerResponse;
use protocol::api::messages::update_features_response::UpdateFeaturesResponse;
use protocol::api::{ApiKey, DecodeError, ErrorCode, StrBytes, add_raft_voter, heartbeat};

use crate::call::Call;
use crate::reply::{Refused, Reply};

/// First version of ElectLeaders with an error of the whole request.
const TOP_ERROR_FROM: i16 = 1;

/// The answer of a node that is not the active controller.
pub fn refuse(call: &Call) -> Reply {
    let reply = match ApiKey::try_from(call.header.api_key) {
        Ok(ApiKey::CreateTopics) => create_topics(call),
        Ok(ApiKey::DeleteTopics) => delete_topics(call),
        Ok(ApiKey::AlterConfigs) => alter_configs(call),
        Ok(ApiKey::IncrementalAlterConfigs) => incremental_alter_configs(call),
        Ok(ApiKey::CreatePartitions) => create_partitions(call),
        Ok(ApiKey::ElectLeaders) => elect_leaders(call),
        _ => of_the_whole(call),
    };
    reply.unwrap_or_else(|error| {
        tracing::warn!(host = call.peer.host, %error, "refused a request");
        Reply::Refused(Refused::Malformed)
    })
}

fn code() -> i16 {
    ErrorCode::NotController.code()
}

fn message() -> Option<StrBytes> {
    Some(StrBytes::from_string(ErrorCode::NotController.to_string()))
}

/// Those whose answer has one error for all.
fn of_the_whole(call: &Call) -> Result<Reply, DecodeError> {
    match ApiKey::try_from(call.header.api_key) {
        Ok(ApiKey::AlterPartitionReassignments) => call.reply(
            &AlterPartitionReassignmentsResponse::default()
                .with_error_code(code())
                .with_error_message(message()),
        ),
        Ok(ApiKey::ListPartitionReassignments) => call.reply(
            &ListPartitionReassignmentsResponse::default()
                .with_error_code(code())
                .with_error_message(message()),
        ),
        Ok(ApiKey::UpdateFeatures) => call.reply(
            &UpdateFeaturesResponse::default()
                .with_error_code(code())
                .with_error_message(message()),
        ),
        Ok(ApiKey::UnregisterBroker) => call.reply(
            &UnregisterBrokerResponse::default()
                .with_error_code(code())
                .with_error_message(message()),
        ),
        Ok(ApiKey::ControllerRegistration) => call.reply(
            &ControllerRegistrationResponse::default()
                .with_error_code(code())
                .with_error_message(message()),
        ),
        // The quorum has a leader, the metadata a controller.
        Ok(ApiKey::DescribeQuorum) => {
            let code = ErrorCode::NotLeaderOrFollower.code();
            call.reply(&DescribeQuorumResponse::default().with_error_code(code))
        }
        Ok(ApiKey::AlterPartition) => call.reply(&AlterPartitionResponse::default().with_error_code(code())),
        Ok(ApiKey::BrokerRegistration) => {
            let response = BrokerRegistrationResponse::default().with_error_code(code());
            call.reply(&response.with_broker_epoch(-1))
        }
        Ok(ApiKey::BrokerHeartbeat) => {
            let response = BrokerHeartbeatResponse::default().with_error_code(code());
            let (version, correlation_id) = (call.header.api_version, call.header.correlation_id);
            heartbeat::encode(version, correlation_id, &response).map(Reply::from)
        }
        Ok(ApiKey::AddRaftVoter) => {
            let mut target = call.target();
            target.api_version = target.api_version.min(add_raft_voter::TYPED_MAX);
            target.encode(
                &AddRaftVoterResponse::default()
                    .with_error_code(code())
                    .with_error_message(message()),
            )
        }
        Ok(ApiKey::RemoveRaftVoter) => call.reply(
            &RemoveRaftVoterResponse::default()
                .with_error_code(code())
                .with_error_message(message()),
        ),
        Ok(ApiKey::AllocateProducerIds) => call.reply(&AllocateProducerIdsResponse::default().with_error_code(code())),
        Ok(ApiKey::AssignReplicasToDirs) => {
            call.reply(&AssignReplicasToDirsResponse::default().with_error_code(code()))
        }
        _ => Ok(Reply::Refused(Refused::NotServed)),
    }
}

fn create_topics(call: &Call) -> Result<Reply, DecodeError> {
    let request: CreateTopicsRequest = call.decode()?;
    let topics = request.topics.into_iter().map(|topic| {
        CreatableTopicResult::default()
            .with_name(topic.name)
            .with_error_code(code())
            .with_error_message(message())
            .with_num_partitions(-1)
            .with_replication_factor(-1)
            .with_configs(None)
    });
    call.reply(&CreateTopicsResponse::default().with_topics(topics.collect()))
}

fn delete_topics(call: &Call) -> Result<Reply, DecodeError> {
    let request: DeleteTopicsRequest = call.decode()?;
    let refused = || {
        DeletableTopicResult::default()
            .with_error_code(code())
            .with_error_message(message())
    };
    let by_name = request
        .topic_names
        .into_iter()
        .map(|name| refused().with_name(Some(name)));
    let by_either = request
        .topics
        .into_iter()
        .map(|topic| refused().with_name(topic.name).with_topic_id(topic.topic_id));
    call.reply(&DeleteTopicsResponse::default().with_responses(by_name.chain(by_either).collect()))
}

fn alter_configs(call: &Call) -> Result<Reply, DecodeError> {
    let request: AlterConfigsRequest = call.decode()?;
    let responses = request.resources.into_iter().map(|resource| {
        AlterConfigsResourceResponse::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name)
            .with_error_code(code())
            .with_error_message(message())
    });
    call.reply(&AlterConfigsResponse::default().with_responses(responses.collect()))
}

fn incremental_alter_configs(call: &Call) -> Result<Reply, DecodeError> {
    let request: IncrementalAlterConfigsRequest = call.decode()?;
    let responses = request.resources.into_iter().map(|resource| {
        IncrementalResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name)
            .with_error_code(code())
            .with_error_message(message())
    });
    call.reply(&IncrementalAlterConfigsResponse::default().with_responses(responses.collect()))
}

fn create_partitions(call: &Call) -> Result<Reply, DecodeError> {
    let request: CreatePartitionsRequest = call.decode()?;
    let results = request.topics.into_iter().map(|topic| {
        CreatePartitionsTopicResult::default()
            .with_name(topic.name)
            .with_error_code(code())
            .with_error_message(message())
    });
    call.reply(&CreatePartitionsResponse::default().with_results(results.collect()))
}

fn elect_leaders(call: &Call) -> Result<Reply, DecodeError> {
    let request: ElectLeadersRequest = call.decode()?;
    let topics = request.topic_partitions.unwrap_or_default().into_iter();
    let results = topics.map(|topic| {
        let refused = |index| {
            PartitionResult::default()
                .with_partition_id(index)
                .with_error_code(code())
                .with_error_message(message())
        };
        let partitions = topic.partitions.into_iter().map(refused);
        ReplicaElectionResult::default()
            .with_topic(topic.topic)
            .with_partition_result(partitions.collect())
    });
    let mut response = ElectLeadersResponse::default().with_replica_election_results(results.collect());
    if call.header.api_version >= TOP_ERROR_FROM {
        response.error_code = code();
    }
    call.reply(&response)
}
