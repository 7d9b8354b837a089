//! Vote (52), versions 0 to 2. Version 1 names voters by directory (KIP-853), version 2 has pre-votes (KIP-996).

use protocol::api::messages::vote_request::{PartitionData, TopicData};
use protocol::api::messages::{VoteRequest as Asked, VoteResponse, vote_response};
use protocol::api::{BrokerId, ErrorCode};

use super::super::message::{Body, ReplicaKey, Request, Response, VoteRequest};
use super::parts::{self, is_epoch, require};
use super::{Answer, AnswerError, Identity};

const PRE_VOTES_FROM: i16 = 2;

pub(super) fn request(vote: &VoteRequest, own: &Identity) -> Asked {
    let partition = PartitionData::default()
        .with_partition_index(parts::PARTITION)
        .with_replica_epoch(vote.epoch)
        .with_replica_id(BrokerId(vote.candidate.id))
        .with_replica_directory_id(vote.candidate.directory_id.into())
        .with_voter_directory_id(vote.voter.directory_id.into())
        .with_last_offset_epoch(vote.last_epoch)
        .with_last_offset(vote.end_offset)
        .with_pre_vote(vote.pre_vote);
    let topic = TopicData::default()
        .with_topic_name(parts::topic())
        .with_partitions(vec![partition]);
    Asked::default()
        .with_cluster_id(parts::cluster_id(own))
        .with_voter_id(BrokerId(vote.voter.id))
        .with_topics(vec![topic])
}

pub(super) fn version_min(asked: &Asked) -> i16 {
    let mut partitions = asked.topics.iter().flat_map(|topic| &topic.partitions);
    if partitions.any(|partition| partition.pre_vote) {
        PRE_VOTES_FROM
    } else {
        0
    }
}

pub(super) fn read(asked: &Asked, own: &Identity) -> Result<Request, VoteResponse> {
    let read = checked(asked, own);
    read.map_err(|error| VoteResponse::default().with_error_code(error.code()))
}

fn checked(asked: &Asked, own: &Identity) -> Result<Request, ErrorCode> {
    parts::check_cluster(asked.cluster_id.as_ref(), own)?;
    let partition = quorum_partition!(asked).ok_or(ErrorCode::InvalidRequest)?;
    let vote = VoteRequest {
        voter: ReplicaKey {
            id: asked.voter_id.0,
            directory_id: partition.voter_directory_id.into(),
        },
        candidate: ReplicaKey {
            id: partition.replica_id.0,
            directory_id: partition.replica_directory_id.into(),
        },
        epoch: partition.replica_epoch,
        last_epoch: partition.last_offset_epoch,
        end_offset: partition.last_offset,
        pre_vote: partition.pre_vote,
    };
    require(is_epoch(vote.epoch) && vote.candidate.id >= 0 && vote.last_epoch >= 0 && vote.end_offset >= 0)?;
    // A candidate has just made its epoch, so it has no record of it; one that only asks may have.
    require(vote.last_epoch < vote.epoch || vote.pre_vote && vote.last_epoch == vote.epoch)?;
    Ok(Request::Vote(vote))
}

pub(super) fn response(response: &Response, granted: bool, listener: &str) -> VoteResponse {
    let partition = vote_response::PartitionData::default()
        .with_partition_index(parts::PARTITION)
        .with_error_code(parts::code(response.error))
        .with_leader_id(parts::leader_id(response))
        .with_leader_epoch(response.leader_epoch)
        .with_vote_granted(granted);
    let topic = vote_response::TopicData::default()
        .with_topic_name(parts::topic())
        .with_partitions(vec![partition]);
    let nodes = parts::leader_node(response, listener).map(|(id, host, port)| {
        vote_response::NodeEndpoint::default()
            .with_node_id(id)
            .with_host(host)
            .with_port(port)
    });
    VoteResponse::default()
        .with_topics(vec![topic])
        .with_node_endpoints(nodes.into_iter().collect())
}

impl Answer for VoteResponse {
    fn read(&self, own: &Identity) -> Result<Response, AnswerError> {
        if let Some(error) = ErrorCode::try_from_code(self.error_code) {
            return Ok(parts::failed(error, Body::Vote { granted: false }));
        }
        let partition = quorum_partition!(self).ok_or(AnswerError::OtherPartition)?;
        let head = head!(self, partition);
        let granted = partition.vote_granted;
        head.response(own, Body::Vote { granted })
    }
}
