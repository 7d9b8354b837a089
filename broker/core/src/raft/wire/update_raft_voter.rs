//! UpdateRaftVoter (82), version 0. Its answer has no room for a message.

use protocol::api::messages::update_raft_voter_request::{KRaftVersionFeature, Listener};
use protocol::api::messages::update_raft_voter_response::CurrentLeader;
use protocol::api::messages::{UpdateRaftVoterRequest as Asked, UpdateRaftVoterResponse};
use protocol::api::{BrokerId, ErrorCode, StrBytes};

use super::super::message::{Body, Request, Response, VoterChange};
use super::super::voters::Voter;
use super::parts::{self, require};
use super::{Answer, AnswerError, Identity};

pub(super) fn request(epoch: i32, voter: &Voter, (min, max): (i16, i16), own: &Identity) -> Asked {
    let listeners = voter.endpoints.iter().map(|(name, host, port)| {
        Listener::default()
            .with_name(StrBytes::from_string(name.clone()))
            .with_host(StrBytes::from_string(host.clone()))
            .with_port(*port)
    });
    let feature = KRaftVersionFeature::default()
        .with_min_supported_version(min)
        .with_max_supported_version(max);
    Asked::default()
        .with_cluster_id(parts::cluster_id(own))
        .with_current_leader_epoch(epoch)
        .with_voter_id(voter.id)
        .with_voter_directory_id(voter.directory_id.into())
        .with_listeners(listeners.collect())
        .with_k_raft_version_feature(feature)
}

pub(super) fn read(asked: &Asked, own: &Identity) -> Result<Request, UpdateRaftVoterResponse> {
    let read = checked(asked, own);
    read.map_err(|error| UpdateRaftVoterResponse::default().with_error_code(error.code()))
}

fn checked(asked: &Asked, own: &Identity) -> Result<Request, ErrorCode> {
    parts::check_cluster(asked.cluster_id.as_ref(), own)?;
    require(asked.listeners.len() <= parts::LIST_MAX)?;
    let endpoints = asked.listeners.iter();
    let endpoints = endpoints.map(|listener| parts::endpoint(&listener.name, &listener.host, listener.port));
    let endpoints: Option<Vec<_>> = endpoints.collect();
    let feature = &asked.k_raft_version_feature;
    Ok(Request::Change(VoterChange::Update {
        epoch: asked.current_leader_epoch,
        voter: Voter {
            id: asked.voter_id,
            directory_id: asked.voter_directory_id.into(),
            endpoints: endpoints.ok_or(ErrorCode::InvalidRequest)?,
        },
        kraft_versions: (feature.min_supported_version, feature.max_supported_version),
    }))
}

pub(super) fn response(response: &Response, listener: &str) -> UpdateRaftVoterResponse {
    let mut leader = CurrentLeader::default()
        .with_leader_id(parts::leader_id(response))
        .with_leader_epoch(response.leader_epoch);
    if let Some((_, host, port)) = parts::leader_node(response, listener) {
        leader = leader.with_host(host).with_port(port.into());
    }
    UpdateRaftVoterResponse::default()
        .with_error_code(parts::code(response.error))
        .with_current_leader(leader)
}

impl Answer for UpdateRaftVoterResponse {
    fn read(&self, own: &Identity) -> Result<Response, AnswerError> {
        let leader = &self.current_leader;
        let head = parts::Head {
            error_code: self.error_code,
            leader_id: leader.leader_id,
            leader_epoch: leader.leader_epoch,
            nodes: (!leader.host.is_empty())
                .then(|| (BrokerId(leader.leader_id.0), &leader.host, i64::from(leader.port)))
                .into_iter(),
        };
        head.response(own, Body::Change { message: None })
    }
}
