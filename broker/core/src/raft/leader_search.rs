//! Who leads, and where: taken from every answer, and asked for by those who do not know it.

use super::event::RaftCx;
use super::message::{Peer, Request, Response};
use super::role::Role;
use super::{Raft, RaftError};

impl Raft {
    /// Takes from an answer who leads; whether that changed what this node is.
    pub(super) fn learn(&mut self, response: &Response, cx: &mut RaftCx<'_>) -> Result<bool, RaftError> {
        let leader_id = response.leader_id.filter(|id| *id != self.config.node_id);
        if response.leader_epoch < self.epoch {
            return Ok(false);
        }
        let is_later = response.leader_epoch > self.epoch;
        // Nobody shows itself to an observer: one that lost its leader follows it again when it is told where it is.
        let is_lost = matches!(self.role, Role::Unattached { .. }) && !self.is_voter();
        let is_news = is_later || is_lost || self.leader_id.is_none() && !matches!(self.role, Role::Resigned { .. });
        match leader_id {
            Some(id) if is_news || self.is_found(id, response) => {
                self.leader_endpoints.clone_from(&response.leader_endpoints);
                self.become_follower(response.leader_epoch, id, cx)?;
            }
            None if is_later => self.become_unattached(response.leader_epoch, cx)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Whether an answer tells where the leader is that this node knows by name only. It remembers who led when it ended,
    /// and not where: a leader that became a voter since then is not among the voters it has.
    fn is_found(&self, leader_id: i32, response: &Response) -> bool {
        let looks = matches!(
            self.role,
            Role::Unattached { .. } | Role::Prospective { .. } | Role::Follower(_)
        );
        let is_known = !self.leader_endpoints.is_empty() || response.leader_endpoints.is_empty();
        looks && !is_known && self.leader_id == Some(leader_id)
    }

    /// Whoever answers a fetch says who leads.
    pub(super) fn look_for_leader(&mut self, cx: &mut RaftCx<'_>) {
        let me = self.config.node_id;
        let mut peers: Vec<Peer> = self.voters().ids().filter(|id| *id != me).map(Peer::Node).collect();
        peers.extend((0..self.config.bootstrap_servers).map(Peer::Bootstrap));
        if self.requests.is_empty() {
            self.fetch_from_one_of(peers, cx);
        }
    }

    /// The voters this node knows do not answer: all of them may have been replaced while it was away.
    pub(super) fn ask_where_it_began(&mut self, cx: &mut RaftCx<'_>) {
        if self.kraft_version() > 0 && matches!(self.role, Role::Prospective { .. }) {
            self.fetch_from_one_of((0..self.config.bootstrap_servers).map(Peer::Bootstrap).collect(), cx);
        }
    }

    fn fetch_from_one_of(&mut self, mut peers: Vec<Peer>, cx: &mut RaftCx<'_>) {
        peers.retain(|peer| self.requests.is_free(*peer, cx.now.mono));
        if peers.is_empty() {
            return;
        }
        let at = cx.random.below(peers.len() as u64) as usize;
        if let Some(to) = peers.get(at) {
            let request = Request::Fetch(self.next_fetch());
            self.requests.send(*to, request, self.config.timeouts.request, cx);
        }
    }
}
