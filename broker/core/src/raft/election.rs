//! Elections, with pre-votes (KIP-996).

use std::time::Duration;

use protocol::api::ErrorCode;

use super::event::RaftCx;
use super::message::{Body, Endpoint, Peer, ReplicaKey, Request, Response, VoteRequest};
use super::role::{Role, Votes};
use super::{Raft, RaftError, Voter};
use crate::mutation::{Mutation, mutated};

impl Raft {
    /// Some time after the election timeout, at random, so that not all try at once.
    pub(super) fn next_election(&self, cx: &mut RaftCx<'_>) -> Duration {
        let timeout = self.config.timeouts.election;
        cx.now.mono + timeout + random_below(timeout, cx)
    }

    /// Knows no leader in this epoch.
    pub(super) fn become_unattached(&mut self, epoch: i32, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        self.step_down(cx);
        if epoch > self.epoch {
            self.epoch = epoch;
            self.voted = None;
            self.leader_id = None;
            self.store_state()?;
        }
        self.requests.forget();
        let election_at = self.next_election(cx);
        self.role = Role::Unattached { election_at };
        Ok(())
    }

    /// Asks whether it would be elected; the epoch stays, so that one that is cut off disturbs nobody.
    pub(super) fn become_prospective(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        self.requests.forget();
        let election_at = self.next_election(cx);
        let votes = Votes::with_own(self.is_voter().then_some(self.config.node_id));
        self.role = Role::Prospective { votes, election_at };
        self.count_votes(cx)
    }

    /// Asks for votes in the next epoch.
    fn become_candidate(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        self.epoch += 1;
        self.voted = Some(self.key());
        self.leader_id = None;
        self.store_state()?;
        self.requests.forget();
        let election_at = self.next_election(cx);
        let votes = Votes::with_own(Some(self.config.node_id));
        self.role = Role::Candidate { votes, election_at };
        self.count_votes(cx)
    }

    fn count_votes(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let voters = self.voters.latest();
        match &self.role {
            Role::Prospective { votes, .. } => {
                if voters.is_majority(votes.granted()) {
                    return self.become_candidate(cx);
                }
                let refused = votes.refused().filter(|id| voters.contains(*id)).count();
                if refused > voters.len() - voters.majority() {
                    return self.lose_pre_vote(cx);
                }
            }
            Role::Candidate { votes, .. } => {
                if voters.is_majority(votes.granted()) {
                    let granting: Vec<i32> = votes.granted().collect();
                    self.become_leader(&granting, cx.now)?;
                    cx.out.sync = true;
                    return Ok(());
                }
                let refused = votes.refused().filter(|id| voters.contains(*id)).count();
                if refused > voters.len() - voters.majority() {
                    // Others want it too: the sooner one of them tries alone the better.
                    let again = cx.now.mono + random_below(self.config.timeouts.election, cx);
                    if let Role::Candidate { election_at, .. } = &mut self.role {
                        *election_at = again.min(*election_at);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Others hear the leader, or have more of the log.
    fn lose_pre_vote(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        match self.leader_id.filter(|id| *id != self.config.node_id) {
            Some(leader_id) => self.become_follower(self.epoch, leader_id, cx),
            None => self.become_unattached(self.epoch, cx),
        }
    }

    /// Gives a vote, or says whether it would.
    pub(super) fn on_vote(&mut self, vote: &VoteRequest, cx: &mut RaftCx<'_>) -> Result<Response, RaftError> {
        let request = Request::Vote(*vote);
        if vote.epoch < self.epoch {
            return Ok(self.refusal(&request, ErrorCode::FencedLeaderEpoch));
        }
        if !self.is_meant(vote.voter) || !self.may_be_asked(vote.voter) {
            return Ok(self.refusal(&request, ErrorCode::InvalidVoterKey));
        }
        if vote.epoch > self.epoch {
            self.become_unattached(vote.epoch, cx)?;
        }
        let own = (self.log.last_epoch(), self.log.end_offset());
        let is_up_to_date = (vote.last_epoch, vote.end_offset) >= own;
        let granted = self.would_grant(vote, is_up_to_date);
        if granted && !vote.pre_vote {
            self.voted = Some(vote.candidate);
            if !mutated(Mutation::VoteNotPersisted) {
                self.store_state()?;
            }
            let election_at = self.next_election(cx);
            self.requests.forget();
            self.role = Role::Unattached { election_at };
        }
        Ok(self.response(None, Body::Vote { granted }))
    }

    /// Whether a vote is this node's to give. One without controller.quorum.voters votes with its directory only: a candidate
    /// that names none is so far behind that it knows the voters from its configuration, and this node's id among them may
    /// be that of a directory that is gone, with all it had acknowledged.
    fn may_be_asked(&self, voter: ReplicaKey) -> bool {
        !self.config.static_voters.is_empty() || voter.directory_id != protocol::Uuid::ZERO
    }

    fn would_grant(&self, vote: &VoteRequest, is_up_to_date: bool) -> bool {
        match &self.role {
            Role::Leader(_) => false,
            Role::Follower(following) => vote.pre_vote && is_up_to_date && !following.has_fetched,
            Role::Candidate { .. } | Role::Resigned { .. } => vote.pre_vote && is_up_to_date,
            Role::Unattached { .. } | Role::Prospective { .. } => {
                if vote.pre_vote {
                    return is_up_to_date;
                }
                match self.voted {
                    Some(voted) => is_same(voted, vote.candidate),
                    None => self.leader_id.is_none() && is_up_to_date,
                }
            }
        }
    }

    pub(super) fn on_vote_response(
        &mut self,
        from: Peer,
        asked: &VoteRequest,
        response: &Response,
        cx: &mut RaftCx<'_>,
    ) -> Result<(), RaftError> {
        let Body::Vote { granted } = response.body else {
            return Ok(());
        };
        let Peer::Node(id) = from else { return Ok(()) };
        if asked.epoch != self.epoch {
            return Ok(());
        }
        let votes = match &mut self.role {
            Role::Prospective { votes, .. } if asked.pre_vote => votes,
            Role::Candidate { votes, .. } if !asked.pre_vote => votes,
            _ => return Ok(()),
        };
        match response.error {
            None => votes.answer(id, granted),
            // The other does not know pre-votes, so that there is nothing to wait for (KIP-996).
            Some(ErrorCode::UnsupportedVersion) if asked.pre_vote => return self.become_candidate(cx),
            // It has not decided; it is asked again.
            Some(_) => {
                votes.unask(id);
                self.requests.rest(from, cx.now.mono + self.config.timeouts.retry);
            }
        }
        self.count_votes(cx)
    }

    /// Asks those voters that were not asked yet.
    pub(super) fn ask_for_votes(&mut self, cx: &mut RaftCx<'_>) {
        let (votes, pre_vote) = match &self.role {
            Role::Prospective { votes, .. } => (votes, true),
            Role::Candidate { votes, .. } => (votes, false),
            _ => return,
        };
        let unasked: Vec<ReplicaKey> = self
            .voters()
            .iter()
            .filter(|voter| votes.is_unasked(voter.id))
            .map(Voter::key)
            .collect();
        for voter in unasked {
            let request = Request::Vote(VoteRequest {
                voter,
                candidate: self.key(),
                epoch: self.epoch,
                last_epoch: self.log.last_epoch(),
                end_offset: self.log.end_offset(),
                pre_vote,
            });
            if self.send_if_free(Peer::Node(voter.id), request, cx) {
                match &mut self.role {
                    Role::Prospective { votes, .. } | Role::Candidate { votes, .. } => votes.ask(voter.id),
                    _ => {}
                }
            }
        }
    }

    /// A leader shows itself.
    pub(super) fn on_begin(
        &mut self,
        request: &Request,
        leader_id: i32,
        leader_epoch: i32,
        endpoints: &[Endpoint],
        cx: &mut RaftCx<'_>,
    ) -> Result<Response, RaftError> {
        if leader_epoch < self.epoch {
            return Ok(self.refusal(request, ErrorCode::FencedLeaderEpoch));
        }
        let follows = matches!(&self.role, Role::Follower(following) if following.leader_id == leader_id);
        let is_later = leader_epoch > self.epoch;
        let led_itself = matches!(self.role, Role::Leader(_) | Role::Resigned { .. });
        // An epoch has one leader: whoever else claims this one is not of this quorum.
        if !is_later && (led_itself || self.leader_id.is_some_and(|known| known != leader_id)) {
            return Ok(self.refusal(request, ErrorCode::InvalidRequest));
        }
        if !endpoints.is_empty() || is_later {
            self.leader_endpoints = endpoints.to_vec();
        }
        if is_later || !follows {
            self.become_follower(leader_epoch, leader_id, cx)?;
        }
        Ok(self.response(None, Body::Nothing))
    }

    /// A leader resigns: the one it prefers tries at once, the others after it.
    pub(super) fn on_end(
        &mut self,
        request: &Request,
        leader_id: i32,
        leader_epoch: i32,
        preferred: &[ReplicaKey],
        cx: &mut RaftCx<'_>,
    ) -> Result<Response, RaftError> {
        if leader_epoch < self.epoch {
            return Ok(self.refusal(request, ErrorCode::FencedLeaderEpoch));
        }
        if leader_epoch > self.epoch {
            self.become_unattached(leader_epoch, cx)?;
        }
        let is_its_end = match &self.role {
            Role::Follower(following) => following.leader_id == leader_id,
            Role::Unattached { .. } => true,
            _ => false,
        };
        if is_its_end && self.may_lead() {
            let me = self.key();
            match preferred.iter().position(|key| is_same(*key, me)) {
                Some(0) => self.become_prospective(cx)?,
                place => {
                    self.become_unattached(self.epoch, cx)?;
                    let timeout = self.config.timeouts.election;
                    if let (Some(place), Role::Unattached { election_at }) = (place, &mut self.role) {
                        let wait = timeout / 4 * u32::try_from(place).unwrap_or(4).min(4);
                        *election_at = cx.now.mono + wait;
                    }
                }
            }
        }
        Ok(self.response(None, Body::Nothing))
    }

    /// Tells the others that it resigned.
    pub(super) fn act_as_resigned(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let Role::Resigned {
            election_at,
            untold,
            preferred,
        } = &self.role
        else {
            return Ok(());
        };
        if untold.is_empty() && !self.is_voter() {
            // It took itself out, and looks for the next leader.
            return self.become_unattached(self.epoch, cx);
        }
        if *election_at <= cx.now.mono {
            // It gave its own epoch's vote to itself, so it takes part in the next.
            return self.become_unattached(self.epoch + 1, cx);
        }
        let request = Request::EndQuorumEpoch {
            leader_id: self.config.node_id,
            leader_epoch: self.epoch,
            preferred: preferred.clone(),
        };
        for id in untold.clone().into_keys() {
            self.send_if_free(Peer::Node(id), request.clone(), cx);
        }
        Ok(())
    }

    pub(super) fn on_end_response(&mut self, from: Peer) {
        if let (Role::Resigned { untold, .. }, Peer::Node(id)) = (&mut self.role, from) {
            untold.remove(&id);
        }
    }

    pub(super) fn on_end_unanswered(&mut self, from: Peer) {
        if let (Role::Resigned { untold, .. }, Peer::Node(id)) = (&mut self.role, from)
            && let Some(failures) = untold.get_mut(&id)
        {
            *failures += 1;
        }
    }
}

/// Whether two keys may be the same replica.
pub(super) fn is_same(a: ReplicaKey, b: ReplicaKey) -> bool {
    let unknown = protocol::Uuid::ZERO;
    a.id == b.id && (a.directory_id == b.directory_id || a.directory_id == unknown || b.directory_id == unknown)
}

/// A time below `bound`, in whole microseconds.
pub(super) fn random_below(bound: Duration, cx: &mut RaftCx<'_>) -> Duration {
    let micros = u64::try_from(bound.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(cx.random.below(micros))
}
