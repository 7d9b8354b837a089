//! AddRaftVoter (80), versions 0 and 1. Version 1 says whether the answer waits for the commit; of ours each does.

use protocol::api::messages::add_raft_voter_request::Listener;
use protocol::api::messages::{AddRaftVoterRequest as Asked, AddRaftVoterResponse};
use protocol::api::{ErrorCode, StrBytes};

use super::super::message::{Body, Request, Response, VoterChange};
use super::super::voters::Voter;
use super::parts::{self, require};
use super::{Answer, AnswerError, Identity};

pub(super) fn request(voter: &Voter, own: &Identity) -> Asked {
    let listeners = voter.endpoints.iter().map(|(name, host, port)| {
        Listener::default()
            .with_name(StrBytes::from_string(name.clone()))
            .with_host(StrBytes::from_string(host.clone()))
            .with_port(*port)
    });
    Asked::default()
        .with_cluster_id(parts::cluster_id(own))
        .with_timeout_ms(parts::CHANGE_TIMEOUT_MS)
        .with_voter_id(voter.id)
        .with_voter_directory_id(voter.directory_id.into())
        .with_listeners(listeners.collect())
}

pub(super) fn read(asked: &Asked, waits_for_commit: bool, own: &Identity) -> Result<Request, AddRaftVoterResponse> {
    let read = checked(asked, waits_for_commit, own);
    read.map_err(|error| AddRaftVoterResponse::default().with_error_code(error.code()))
}

fn checked(asked: &Asked, waits_for_commit: bool, own: &Identity) -> Result<Request, ErrorCode> {
    parts::check_cluster(asked.cluster_id.as_ref(), own)?;
    require(asked.listeners.len() <= parts::LIST_MAX)?;
    let endpoints = asked.listeners.iter();
    let endpoints = endpoints.map(|listener| parts::endpoint(&listener.name, &listener.host, listener.port));
    let endpoints: Option<Vec<_>> = endpoints.collect();
    Ok(Request::Change(VoterChange::Add {
        voter: Voter {
            id: asked.voter_id,
            directory_id: asked.voter_directory_id.into(),
            endpoints: endpoints.ok_or(ErrorCode::InvalidRequest)?,
        },
        waits_for_commit,
    }))
}

pub(super) fn response(response: &Response, message: Option<&str>) -> AddRaftVoterResponse {
    AddRaftVoterResponse::default()
        .with_error_code(parts::code(response.error))
        .with_error_message(message.map(|message| StrBytes::from_string(message.to_owned())))
}

impl Answer for AddRaftVoterResponse {
    fn read(&self, _: &Identity) -> Result<Response, AnswerError> {
        let message = self.error_message.as_ref().map(ToString::to_string);
        Ok(parts::without_leader(self.error_code, Body::Change { message }))
    }
}
