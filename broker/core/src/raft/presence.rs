//! Where a node is reached as a controller, and what it does so that the voters' records say it: a voter tells its leader,
//! and one that is to join by itself (controller.quorum.auto.join.enable, KIP-1186) asks to be a voter.

use super::event::RaftCx;
use super::message::{Endpoint, Peer, Request, VoterChange};
use super::role::Role;
use super::{Raft, Voter, VoterSet};

/// Levels of kraft.version that this node knows.
pub(super) const KRAFT_VERSIONS: (i16, i16) = (0, 1);

/// What a controller tells of itself. A node that is none, or does not know where others reach it, tells nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presence {
    /// Endpoints of its controller listeners, the quorum's own first.
    pub endpoints: Vec<Endpoint>,
    /// Whether it makes itself a voter.
    pub joins: bool,
}

impl Raft {
    /// Says where this node is reached.
    pub fn present(&mut self, presence: Presence) {
        self.presence = presence;
    }

    /// Where this node is reached: as controller.quorum.voters has it, if that counts, or else as it says itself.
    pub(super) fn own_endpoints(&self) -> Vec<Endpoint> {
        let own = self.voters().get(self.config.node_id);
        match own.filter(|_| self.kraft_version() == 0 || self.presence.endpoints.is_empty()) {
            Some(own) => own.endpoints.clone(),
            None => self.presence.endpoints.clone(),
        }
    }

    /// The listener by which the quorum's members reach each other.
    pub(super) fn own_listener(&self) -> Option<String> {
        self.own_endpoints().into_iter().next().map(|(name, ..)| name)
    }

    /// The voters, this node among them where it says it is.
    pub(super) fn voters_with_own_endpoints(&self) -> VoterSet {
        match self.needed_update() {
            Some(own) => self.voters().with(own),
            None => self.voters().clone(),
        }
    }

    /// This node as a voter, if the voters' records do not say so.
    fn needed_update(&self) -> Option<Voter> {
        let endpoints = &self.presence.endpoints;
        let known = self.voters().get(self.config.node_id)?;
        let is_needed = self.is_voter() && !endpoints.is_empty() && known.endpoints != *endpoints;
        is_needed.then(|| self.as_voter())
    }

    /// This node as a voter that says where it is.
    pub(super) fn as_voter(&self) -> Voter {
        let endpoints = if self.presence.endpoints.is_empty() {
            self.own_endpoints()
        } else {
            self.presence.endpoints.clone()
        };
        Voter {
            id: self.config.node_id,
            directory_id: self.config.directory_id,
            endpoints,
        }
    }

    /// What a follower has to ask its leader for.
    fn wanted_change(&self) -> Option<VoterChange> {
        let Role::Follower(following) = &self.role else {
            return None;
        };
        if self.presence.endpoints.is_empty() {
            return None;
        }
        let is_dynamic = self.kraft_version() > 0;
        if self.is_voter() {
            // A leader of static voters knows nothing of them but what they tell it.
            let is_wanted = if is_dynamic {
                self.needed_update().is_some()
            } else {
                !following.told
            };
            return is_wanted.then(|| VoterChange::Update {
                epoch: self.epoch,
                voter: self.as_voter(),
                kraft_versions: KRAFT_VERSIONS,
            });
        }
        if !is_dynamic || !self.presence.joins {
            return None;
        }
        Some(match self.voters().get(self.config.node_id) {
            // This node with a directory that it has no more.
            Some(former) => VoterChange::Remove(former.key()),
            None => VoterChange::Add {
                voter: self.as_voter(),
                waits_for_commit: true,
            },
        })
    }

    /// Asks the leader for what is to be changed, now and then.
    pub(super) fn tell_leader(&mut self, cx: &mut RaftCx<'_>) {
        let every = self.config.timeouts.fetch;
        let leader_id = match &self.role {
            Role::Follower(following) if following.has_fetched && following.tell_at <= cx.now.mono => {
                following.leader_id
            }
            _ => return,
        };
        let Some(change) = self.wanted_change() else { return };
        let is_sent = self.send_if_free(Peer::Leader(leader_id), Request::Change(change), cx);
        if let Role::Follower(following) = &mut self.role
            && is_sent
        {
            following.tell_at = cx.now.mono + every;
        }
    }

    /// The leader has made a change.
    pub(super) fn on_change_response(&mut self, from: Peer, change: &VoterChange) {
        if let (Role::Follower(following), VoterChange::Update { epoch, .. }) = (&mut self.role, change)
            && from == Peer::Leader(following.leader_id)
            && *epoch == self.epoch
        {
            following.told = true;
        }
    }
}
