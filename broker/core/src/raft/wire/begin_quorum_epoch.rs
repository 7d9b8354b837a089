//! BeginQuorumEpoch (53), versions 0 and 1. Version 1 names the voter and tells where the leader is (KIP-853).

use protocol::api::messages::begin_quorum_epoch_request::{LeaderEndpoint, PartitionData, TopicData};
use protocol::api::messages::{
    BeginQuorumEpochRequest as Asked, BeginQuorumEpochResponse, begin_quorum_epoch_response,
};
use protocol::api::{BrokerId, ErrorCode, StrBytes};

use super::super::message::{Body, Endpoint, ReplicaKey, Request, Response};
use super::parts::{self, is_epoch, require};
use super::{Answer, AnswerError, Identity};

pub(super) fn request(
    voter: ReplicaKey,
    leader_id: i32,
    leader_epoch: i32,
    endpoints: &[Endpoint],
    own: &Identity,
) -> Asked {
    let partition = PartitionData::default()
        .with_partition_index(parts::PARTITION)
        .with_voter_directory_id(voter.directory_id.into())
        .with_leader_id(BrokerId(leader_id))
        .with_leader_epoch(leader_epoch);
    let topic = TopicData::default()
        .with_topic_name(parts::topic())
        .with_partitions(vec![partition]);
    let endpoints = endpoints.iter().map(|(name, host, port)| {
        LeaderEndpoint::default()
            .with_name(StrBytes::from_string(name.clone()))
            .with_host(StrBytes::from_string(host.clone()))
            .with_port(*port)
    });
    Asked::default()
        .with_cluster_id(parts::cluster_id(own))
        .with_voter_id(BrokerId(voter.id))
        .with_topics(vec![topic])
        .with_leader_endpoints(endpoints.collect())
}

pub(super) fn read(asked: &Asked, own: &Identity) -> Result<Request, BeginQuorumEpochResponse> {
    let read = checked(asked, own);
    read.map_err(|error| BeginQuorumEpochResponse::default().with_error_code(error.code()))
}

fn checked(asked: &Asked, own: &Identity) -> Result<Request, ErrorCode> {
    parts::check_cluster(asked.cluster_id.as_ref(), own)?;
    let partition = quorum_partition!(asked).ok_or(ErrorCode::InvalidRequest)?;
    require(partition.leader_id.0 >= 0 && is_epoch(partition.leader_epoch))?;
    require(asked.leader_endpoints.len() <= parts::LIST_MAX)?;
    let endpoints = asked.leader_endpoints.iter();
    let endpoints = endpoints.map(|endpoint| parts::endpoint(&endpoint.name, &endpoint.host, endpoint.port));
    let endpoints: Option<Vec<Endpoint>> = endpoints.collect();
    Ok(Request::BeginQuorumEpoch {
        voter: ReplicaKey {
            id: asked.voter_id.0,
            directory_id: partition.voter_directory_id.into(),
        },
        leader_id: partition.leader_id.0,
        leader_epoch: partition.leader_epoch,
        endpoints: endpoints.ok_or(ErrorCode::InvalidRequest)?,
    })
}

pub(super) fn response(response: &Response, listener: &str) -> BeginQuorumEpochResponse {
    let partition = begin_quorum_epoch_response::PartitionData::default()
        .with_partition_index(parts::PARTITION)
        .with_error_code(parts::code(response.error))
        .with_leader_id(parts::leader_id(response))
        .with_leader_epoch(response.leader_epoch);
    let topic = begin_quorum_epoch_response::TopicData::default()
        .with_topic_name(parts::topic())
        .with_partitions(vec![partition]);
    let nodes = parts::leader_node(response, listener).map(|(id, host, port)| {
        begin_quorum_epoch_response::NodeEndpoint::default()
            .with_node_id(id)
            .with_host(host)
            .with_port(port)
    });
    BeginQuorumEpochResponse::default()
        .with_topics(vec![topic])
        .with_node_endpoints(nodes.into_iter().collect())
}

impl Answer for BeginQuorumEpochResponse {
    fn read(&self, own: &Identity) -> Result<Response, AnswerError> {
        if let Some(error) = ErrorCode::try_from_code(self.error_code) {
            return Ok(parts::failed(error, Body::Nothing));
        }
        let partition = quorum_partition!(self).ok_or(AnswerError::OtherPartition)?;
        let head = head!(self, partition);
        head.response(own, Body::Nothing)
    }
}
