//! EndQuorumEpoch (54), versions 0 and 1. Version 1 names those who should follow by directory too (KIP-853); where the
//! one who resigns is reached is of no use to anybody, and Kafka does not tell it either.

use protocol::Uuid;
use protocol::api::messages::end_quorum_epoch_request::{PartitionData, ReplicaInfo, TopicData};
use protocol::api::messages::{EndQuorumEpochRequest as Asked, EndQuorumEpochResponse, end_quorum_epoch_response};
use protocol::api::{BrokerId, ErrorCode};

use super::super::message::{Body, ReplicaKey, Request, Response};
use super::parts::{self, is_epoch, require};
use super::{Answer, AnswerError, Identity};

pub(super) fn request(leader_id: i32, leader_epoch: i32, preferred: &[ReplicaKey], own: &Identity) -> Asked {
    let candidates = preferred.iter().map(|key| {
        ReplicaInfo::default()
            .with_candidate_id(BrokerId(key.id))
            .with_candidate_directory_id(key.directory_id.into())
    });
    let partition = PartitionData::default()
        .with_partition_index(parts::PARTITION)
        .with_leader_id(BrokerId(leader_id))
        .with_leader_epoch(leader_epoch)
        .with_preferred_successors(preferred.iter().map(|key| key.id).collect())
        .with_preferred_candidates(candidates.collect());
    let topic = TopicData::default()
        .with_topic_name(parts::topic())
        .with_partitions(vec![partition]);
    Asked::default()
        .with_cluster_id(parts::cluster_id(own))
        .with_topics(vec![topic])
}

pub(super) fn read(asked: &Asked, own: &Identity) -> Result<Request, EndQuorumEpochResponse> {
    let read = checked(asked, own);
    read.map_err(|error| EndQuorumEpochResponse::default().with_error_code(error.code()))
}

fn checked(asked: &Asked, own: &Identity) -> Result<Request, ErrorCode> {
    parts::check_cluster(asked.cluster_id.as_ref(), own)?;
    let partition = quorum_partition!(asked).ok_or(ErrorCode::InvalidRequest)?;
    require(partition.leader_id.0 >= 0 && is_epoch(partition.leader_epoch))?;
    // Each is empty in the versions of the other.
    let successors = partition.preferred_successors.iter().map(|id| ReplicaKey {
        id: *id,
        directory_id: Uuid::ZERO,
    });
    let candidates = partition.preferred_candidates.iter().map(|candidate| ReplicaKey {
        id: candidate.candidate_id.0,
        directory_id: candidate.candidate_directory_id.into(),
    });
    let preferred: Vec<ReplicaKey> = successors.chain(candidates).collect();
    require(preferred.len() <= parts::LIST_MAX && preferred.iter().all(|key| key.id >= 0))?;
    Ok(Request::EndQuorumEpoch {
        leader_id: partition.leader_id.0,
        leader_epoch: partition.leader_epoch,
        preferred,
    })
}

pub(super) fn response(response: &Response, listener: &str) -> EndQuorumEpochResponse {
    let partition = end_quorum_epoch_response::PartitionData::default()
        .with_partition_index(parts::PARTITION)
        .with_error_code(parts::code(response.error))
        .with_leader_id(parts::leader_id(response))
        .with_leader_epoch(response.leader_epoch);
    let topic = end_quorum_epoch_response::TopicData::default()
        .with_topic_name(parts::topic())
        .with_partitions(vec![partition]);
    let nodes = parts::leader_node(response, listener).map(|(id, host, port)| {
        end_quorum_epoch_response::NodeEndpoint::default()
            .with_node_id(id)
            .with_host(host)
            .with_port(port)
    });
    EndQuorumEpochResponse::default()
        .with_topics(vec![topic])
        .with_node_endpoints(nodes.into_iter().collect())
}

impl Answer for EndQuorumEpochResponse {
    fn read(&self, own: &Identity) -> Result<Response, AnswerError> {
        if let Some(error) = ErrorCode::try_from_code(self.error_code) {
            return Ok(parts::failed(error, Body::Nothing));
        }
        let partition = quorum_partition!(self).ok_or(AnswerError::OtherPartition)?;
        let head = head!(self, partition);
        head.response(own, Body::Nothing)
    }
}
