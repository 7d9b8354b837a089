//! The metadata quorum (KRaft: KIP-595, KIP-853, KIP-996, KIP-1166): a replicated log whose followers fetch.
//!
//! A member is a state machine: [`Raft::on`] takes an event and leaves in the outbox what is to be sent. Votes and epochs
//! are on disk before anything that depends on them leaves. Records count as had by this node once it was told that they
//! are synced, not before; the high watermark moves only past records of the leader's own epoch.

mod election;
mod error;
mod event;
mod follower;
mod leader;
mod leader_search;
mod message;
mod metadata_log;
mod open;
mod presence;
mod reconfigure;
mod records;
mod requests;
mod role;
mod snapshots;
mod state_files;
mod status;
mod timeouts;
mod upgrade;
mod voters;
pub mod wire;

use std::path::PathBuf;
use std::time::Duration;

use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::files::{QuorumState, VotedFor};

use crate::cx::{Now, Ticket};
pub use error::RaftError;
pub use event::{Due, Event, Notice, Outgoing, RaftCx};
use leader::Parked;
pub use leader::Progress;
pub use message::{
    Body, Endpoint, FetchRequest, FetchSnapshotRequest, Fetched, Peer, ReplicaKey, Request, Response, SnapshotPiece,
    VoteRequest, VoterChange,
};
use metadata_log::MetadataLog;
pub use presence::Presence;
pub use records::CommittedBatch;
use requests::Requests;
use role::Role;
pub use snapshots::Retention;
pub use timeouts::Timeouts;
use voters::{History, VoterHistory};
pub use voters::{Voter, VoterSet};

/// What a node brings to the quorum.
#[derive(Debug, Clone)]
pub struct RaftConfig {
    /// Its node id.
    pub node_id: i32,
    /// Id of its metadata directory.
    pub directory_id: Uuid,
    /// The metadata directory, which holds `__cluster_metadata-0`.
    pub metadata_dir: PathBuf,
    /// controller.quorum.voters; empty for a dynamic quorum.
    pub static_voters: Vec<Voter>,
    /// How many controller.quorum.bootstrap.servers there are.
    pub bootstrap_servers: usize,
    /// Whether the last shutdown was clean.
    pub clean: bool,
    /// How long it waits for what.
    pub timeouts: Timeouts,
}

/// A member of the quorum.
#[derive(Debug)]
pub struct Raft {
    config: RaftConfig,
    log: MetadataLog,
    voters: VoterHistory,
    kraft_versions: History<i16>,
    presence: Presence,
    epoch: i32,
    /// Whom it voted for in this epoch.
    voted: Option<ReplicaKey>,
    /// Who leads this epoch, if that is known.
    leader_id: Option<i32>,
    leader_endpoints: Vec<Endpoint>,
    role: Role,
    high_watermark: i64,
    /// The first that was established since the start: by this leader, or told by another.
    established: Option<i64>,
    requests: Requests,
    parked: Vec<Parked>,
    notices: Vec<Notice>,
    truncations: u64,
    snapshot_loads: u64,
}

impl Raft {
    /// Takes an event.
    pub fn on(&mut self, event: Event, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        match event {
            Event::Start => self.start(cx)?,
            Event::Request { ticket, request } => self.on_request(ticket, &request, cx)?,
            Event::Response { id, response } => self.on_response(id, response, cx)?,
            Event::Refused { id } => self.on_refused(id, cx)?,
            Event::Met { id } => self.show_itself_again(id),
            Event::Synced { end_offset } => self.on_synced(end_offset),
            Event::Tick => {}
            Event::Resign => self.resign(cx)?,
        }
        self.act(cx)?;
        match self.deadline(cx.now.mono) {
            Some(at) => cx.out.arm(Due, at),
            None => cx.out.disarm(Due),
        }
        Ok(())
    }

    /// Nobody is asked for long when a quorum starts as a whole: the first pre-vote comes at once.
    fn start(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        // What a crash of the process left in the page cache counts only once it is durable.
        self.log.flush()?;
        if self.voters().is_only(self.config.node_id) && self.is_voter() {
            return self.elect(cx.now);
        }
        let wait = election::random_below(self.config.timeouts.first_election_max, cx);
        self.role = Role::Unattached {
            election_at: cx.now.mono + wait,
        };
        Ok(())
    }

    /// Becomes the leader of the next epoch, which a lone voter may without asking anybody.
    pub fn elect(&mut self, now: Now) -> Result<(), RaftError> {
        let node_id = self.config.node_id;
        if self.voters().is_empty() {
            return Err(RaftError::NoVoters);
        }
        if !self.voters().is_only(node_id) {
            return Err(RaftError::NotAlone {
                node_id,
                voters: self.voters().ids().collect(),
            });
        }
        self.epoch += 1;
        self.voted = Some(self.key());
        self.leader_id = None;
        self.store_state()?;
        self.become_leader(&[node_id], now)?;
        self.sync()?;
        Ok(())
    }

    fn on_request(&mut self, ticket: Ticket, request: &Request, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let response = match request {
            Request::Fetch(fetch) => return self.on_fetch(ticket, *fetch, cx),
            Request::FetchSnapshot(fetch) => return self.on_fetch_snapshot(ticket, *fetch, cx),
            Request::Change(change) => return self.on_change(ticket, change, cx),
            // A listener answers it by itself.
            Request::KRaftVersions => self.refusal(request, ErrorCode::InvalidRequest),
            Request::Vote(vote) => self.on_vote(vote, cx)?,
            Request::BeginQuorumEpoch {
                voter,
                leader_id,
                leader_epoch,
                endpoints,
            } => {
                if self.is_meant(*voter) {
                    self.on_begin(request, *leader_id, *leader_epoch, endpoints, cx)?
                } else {
                    self.refusal(request, ErrorCode::InvalidVoterKey)
                }
            }
            Request::EndQuorumEpoch {
                leader_id,
                leader_epoch,
                preferred,
            } => self.on_end(request, *leader_id, *leader_epoch, preferred, cx)?,
        };
        cx.out.sends.push(Outgoing::Response { ticket, response });
        Ok(())
    }

    fn on_response(&mut self, id: u64, response: Option<Response>, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let Some(open) = self.requests.take(id) else {
            return Ok(());
        };
        self.requests.not_refused(open.to);
        self.leader_is_there(open.to);
        let Some(response) = response else {
            self.unanswered(&open, cx)?;
            return Ok(());
        };
        if matches!(open.request, Request::BeginQuorumEpoch { .. }) {
            self.has_shown_itself(open.to);
        }
        if self.learn(&response, cx)? {
            return Ok(());
        }
        if open.request == Request::KRaftVersions {
            return self.on_newcomers_versions(open.to, Some(&response), cx);
        }
        if let Request::Vote(asked) = &open.request {
            return self.on_vote_response(open.to, asked, &response, cx);
        }
        if response.error.is_some() {
            self.requests.rest(open.to, cx.now.mono + self.config.timeouts.retry);
            if matches!(open.request, Request::FetchSnapshot(_)) {
                self.give_up_download();
            }
            return Ok(());
        }
        match (&open.request, &response.body) {
            (Request::BeginQuorumEpoch { .. }, _) => self.on_begin_response(open.to, &response),
            (Request::EndQuorumEpoch { .. }, _) => self.on_end_response(open.to),
            (Request::Change(change), _) => self.on_change_response(open.to, change),
            (Request::Fetch(asked), Body::Fetch(fetched)) if self.is_from_leader(open.to, asked.epoch) => {
                self.on_fetched(fetched, cx)?;
            }
            (Request::FetchSnapshot(asked), Body::FetchSnapshot(piece))
                if self.is_from_leader(open.to, asked.epoch) =>
            {
                self.on_piece(piece, cx)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn on_refused(&mut self, id: u64, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        if let Some(open) = self.requests.take(id) {
            self.requests.refused(open.to, cx.now.mono);
            self.unanswered(&open, cx)?;
            self.leader_refuses(open.to, cx);
        }
        Ok(())
    }

    fn is_from_leader(&self, from: Peer, epoch: i32) -> bool {
        epoch == self.epoch && matches!(&self.role, Role::Follower(f) if from == Peer::Node(f.leader_id))
    }

    fn unanswered(&mut self, open: &requests::Open, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        self.requests.rest(open.to, cx.now.mono + self.config.timeouts.retry);
        if let (Request::Vote(_), Peer::Node(id)) = (&open.request, open.to)
            && let Role::Prospective { votes, .. } | Role::Candidate { votes, .. } = &mut self.role
        {
            votes.unask(id);
        }
        if matches!(open.request, Request::EndQuorumEpoch { .. }) {
            self.on_end_unanswered(open.to);
        }
        // Apache's leader answers for a snapshot it does not have by ending the connection: the log tells which it has.
        if matches!(open.request, Request::FetchSnapshot(_)) {
            self.give_up_download();
        }
        if open.request == Request::KRaftVersions {
            self.on_newcomers_versions(open.to, None, cx)?;
        }
        Ok(())
    }

    fn on_synced(&mut self, end_offset: i64) {
        let all = end_offset >= self.log.end_offset();
        match &mut self.role {
            Role::Leader(leadership) => leadership.synced = end_offset,
            Role::Follower(following) if all => following.unsynced = false,
            _ => {}
        }
        self.advance_high_watermark();
    }

    /// Does what is due.
    fn act(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        for open in self.requests.overdue(cx.now.mono) {
            self.unanswered(&open, cx)?;
        }
        let is_due = |at: &Duration| *at <= cx.now.mono;
        match &self.role {
            Role::Unattached { election_at } if is_due(election_at) && self.may_lead() => {
                self.become_prospective(cx)?;
            }
            Role::Prospective { election_at, .. } if is_due(election_at) => {
                self.become_prospective(cx)?;
                self.ask_where_it_began(cx);
            }
            Role::Candidate { election_at, .. } if is_due(election_at) => self.become_prospective(cx)?,
            _ => {}
        }
        match &self.role {
            Role::Unattached { .. } => self.look_for_leader(cx),
            Role::Prospective { .. } | Role::Candidate { .. } => self.ask_for_votes(cx),
            Role::Follower(_) => self.act_as_follower(cx)?,
            Role::Leader(_) => self.act_as_leader(cx)?,
            Role::Resigned { .. } => self.act_as_resigned(cx)?,
        }
        // A role that has just changed has its first steps to do too.
        match &self.role {
            Role::Unattached { .. } => self.look_for_leader(cx),
            Role::Prospective { .. } | Role::Candidate { .. } => self.ask_for_votes(cx),
            Role::Leader(_) => self.act_as_leader(cx)?,
            Role::Resigned { .. } => self.act_as_resigned(cx)?,
            Role::Follower(_) => {}
        }
        Ok(())
    }

    /// Sends unless the peer has something of ours, or has just failed; whether it did.
    fn send_if_free(&mut self, to: Peer, request: Request, cx: &mut RaftCx<'_>) -> bool {
        let is_free = self.requests.is_free(to, cx.now.mono);
        if is_free {
            self.requests.send(to, request, self.config.timeouts.request, cx);
        }
        is_free
    }

    /// When something is due.
    fn deadline(&self, now: Duration) -> Option<Duration> {
        let of_role = match &self.role {
            Role::Unattached { election_at } => self.may_lead().then_some(*election_at),
            Role::Prospective { election_at, .. }
            | Role::Candidate { election_at, .. }
            | Role::Resigned { election_at, .. } => Some(*election_at),
            Role::Follower(following) => Some(following.fetch_deadline),
            Role::Leader(_) => self.leader_deadline(),
        };
        of_role.into_iter().chain(self.requests.deadline(now)).min()
    }

    /// Ends what a leader had going.
    fn step_down(&mut self, cx: &mut RaftCx<'_>) {
        if matches!(self.role, Role::Leader(_)) {
            self.notices.push(Notice::Resigned { epoch: self.epoch });
            self.refuse_pending(cx);
            self.refuse_parked(cx);
        }
    }

    /// Why this node does not answer as a leader.
    fn not_leading(&self, epoch: i32) -> Option<ErrorCode> {
        if epoch < self.epoch {
            return Some(ErrorCode::FencedLeaderEpoch);
        }
        if epoch > self.epoch {
            return Some(ErrorCode::UnknownLeaderEpoch);
        }
        (!matches!(self.role, Role::Leader(_))).then_some(ErrorCode::NotLeaderOrFollower)
    }

    fn response(&self, error: Option<ErrorCode>, body: Body) -> Response {
        // Not every message that tells of a leader has room for where it is; then the voters say it.
        let of_voter = || self.voters().get(self.leader_id?).map(|voter| voter.endpoints.clone());
        let leader_endpoints = match &self.role {
            Role::Leader(_) => self.own_endpoints(),
            _ if self.leader_endpoints.is_empty() => of_voter().unwrap_or_default(),
            _ => self.leader_endpoints.clone(),
        };
        Response {
            error,
            leader_id: self.leader_id,
            leader_epoch: self.epoch,
            leader_endpoints,
            body,
        }
    }

    fn refusal(&self, request: &Request, error: ErrorCode) -> Response {
        self.response(Some(error), request.empty_body())
    }

    /// Whether a request for this voter is for this node with this directory.
    fn is_meant(&self, voter: ReplicaKey) -> bool {
        voter.id < 0 || election::is_same(voter, self.key())
    }

    fn is_voter(&self) -> bool {
        self.voters().is_voter(self.key())
    }

    /// Whether it stands for election: as a voter, and after a record that takes it out of the voters until that is known
    /// to be committed. It may be the only one that has the record, and then nobody else can be elected (Ongaro's
    /// dissertation, 4.2.2). The others' pre-votes keep one that is out for good from disturbing them.
    fn may_lead(&self) -> bool {
        self.is_voter() || self.voters.below(self.high_watermark).is_voter(self.key())
    }

    fn key(&self) -> ReplicaKey {
        ReplicaKey {
            id: self.config.node_id,
            directory_id: self.config.directory_id,
        }
    }

    fn store_state(&self) -> Result<(), RaftError> {
        let state = QuorumState {
            leader_id: self.leader_id,
            leader_epoch: self.epoch,
            voted: self.voted.filter(|_| self.leader_id.is_none()).map(|voted| VotedFor {
                id: voted.id,
                directory_id: voted.directory_id,
            }),
            current_voters: self.voters().ids().collect(),
        };
        state_files::write_quorum_state(self.log.disk(), self.log.dir(), &state, self.kraft_version())
    }
}

#[cfg(test)]
mod tests;
