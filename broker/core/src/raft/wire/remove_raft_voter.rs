//! RemoveRaftVoter (81), version 0.

use protocol::api::messages::{RemoveRaftVoterRequest as Asked, RemoveRaftVoterResponse};
use protocol::api::{ErrorCode, StrBytes};

use super::super::message::{Body, ReplicaKey, Request, Response, VoterChange};
use super::parts;
use super::{Answer, AnswerError, Identity};

pub(super) fn request(voter: ReplicaKey, own: &Identity) -> Asked {
    Asked::default()
        .with_cluster_id(parts::cluster_id(own))
        .with_voter_id(voter.id)
        .with_voter_directory_id(voter.directory_id.into())
}

pub(super) fn read(asked: &Asked, own: &Identity) -> Result<Request, RemoveRaftVoterResponse> {
    let read = checked(asked, own);
    read.map_err(|error| RemoveRaftVoterResponse::default().with_error_code(error.code()))
}

fn checked(asked: &Asked, own: &Identity) -> Result<Request, ErrorCode> {
    parts::check_cluster(asked.cluster_id.as_ref(), own)?;
    Ok(Request::Change(VoterChange::Remove(ReplicaKey {
        id: asked.voter_id,
        directory_id: asked.voter_directory_id.into(),
    })))
}

pub(super) fn response(response: &Response, message: Option<&str>) -> RemoveRaftVoterResponse {
    RemoveRaftVoterResponse::default()
        .with_error_code(parts::code(response.error))
        .with_error_message(message.map(|message| StrBytes::from_string(message.to_owned())))
}

impl Answer for RemoveRaftVoterResponse {
    fn read(&self, _: &Identity) -> Result<Response, AnswerError> {
        let message = self.error_message.as_ref().map(ToString::to_string);
        Ok(parts::without_leader(self.error_code, Body::Change { message }))
    }
}
