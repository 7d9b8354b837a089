//! UpdateRaftVoter (82), version 0: a voter tells where it is reached, and which versions it knows (KIP-853).

use protocol::api::ErrorCode;
use protocol::api::messages::update_raft_voter_request::UpdateRaftVoterRequest;
use protocol::api::messages::update_raft_voter_response::UpdateRaftVoterResponse;

use super::{Controller, Handled, Plan};
use crate::call::Call;

impl Controller {
    /// The voters of a static quorum are where controller.quorum.voters says, so that there is nothing to write down;
    /// Apache's voters wait for an answer all the same.
    pub(super) fn update_raft_voter(&self, call: &Call) -> Handled {
        let request: UpdateRaftVoterRequest = call.decode()?;
        let is_other = |id: &&str| **id != self.cluster_id;
        let error = if request.cluster_id.as_deref().filter(is_other).is_some() {
            Some(ErrorCode::InconsistentClusterId)
        } else if request.current_leader_epoch > self.raft.epoch() {
            Some(ErrorCode::UnknownLeaderEpoch)
        } else if request.current_leader_epoch < self.raft.epoch() {
            Some(ErrorCode::FencedLeaderEpoch)
        } else if !self.raft.voters().contains(request.voter_id) {
            Some(ErrorCode::VoterNotFound)
        } else if self.raft.kraft_version() > 0 {
            Some(ErrorCode::UnsupportedVersion)
        } else {
            None
        };
        let code = error.map_or(0, |error| error.code());
        let response = UpdateRaftVoterResponse::default().with_error_code(code);
        Ok(Plan::answer(call.reply(&response)?))
    }
}
