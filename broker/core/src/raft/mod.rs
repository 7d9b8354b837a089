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
mod message;
mod metadata_log;
mod requests;
mod role;
mod state_files;
mod timeouts;
mod voters;

use std::path::PathBuf;
use std::time::Duration;

use broker_log::LogContext;
use bytes::Bytes;
use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::files::{QuorumState, SnapshotId, VotedFor};
use protocol::messages::control::KRaftVersionRecord;
use protocol::messages::framing::ControlType;
use protocol::records::{BatchBuilder, BatchHeader, Compression, NewRecord, Records, records_of};

use crate::cx::{Now, Ticket};
pub use error::RaftError;
pub use event::{Due, Event, Notice, Outgoing, RaftCx};
use leader::Parked;
pub use leader::Progress;
pub use message::{
    Body, Endpoint, FetchRequest, FetchSnapshotRequest, Fetched, Peer, ReplicaKey, Request, Response, SnapshotPiece,
    VoteRequest,
};
use metadata_log::{MetadataLog, checked};
use requests::Requests;
use role::Role;
pub use timeouts::Timeouts;
use voters::VoterHistory;
pub use voters::{Voter, VoterSet};

/// Most bytes a batch of the metadata log may unpack to.
const UNPACK_MAX_BYTES: usize = 64 << 20;

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

/// Metadata records that are committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedBatch {
    /// Offset of its first record.
    pub base_offset: i64,
    /// Offset of its last record.
    pub last_offset: i64,
    /// Epoch it was written in.
    pub epoch: i32,
    /// When.
    pub timestamp_ms: i64,
    /// The framed records; none in a control batch.
    pub values: Vec<Bytes>,
}

/// A member of the quorum.
#[derive(Debug)]
pub struct Raft {
    config: RaftConfig,
    log: MetadataLog,
    voters: VoterHistory,
    /// Voters that only the bootstrap snapshot knows; the first leader writes them into the log.
    voters_from_bootstrap: bool,
    kraft_version: i16,
    epoch: i32,
    /// Whom it voted for in this epoch.
    voted: Option<ReplicaKey>,
    /// Who leads this epoch, if that is known.
    leader_id: Option<i32>,
    leader_endpoints: Vec<Endpoint>,
    role: Role,
    high_watermark: i64,
    requests: Requests,
    parked: Vec<Parked>,
    notices: Vec<Notice>,
    truncations: u64,
    snapshot_loads: u64,
}

impl Raft {
    /// Opens the metadata log, and its latest snapshot if there is one.
    pub fn open(context: &LogContext, config: RaftConfig) -> Result<(Self, Option<Vec<CommittedBatch>>), RaftError> {
        let log = MetadataLog::open(context, &config.metadata_dir, config.clean)?;
        let state = state_files::read_quorum_state(log.disk(), log.dir())?.unwrap_or_default();
        let (node_id, own) = (
            config.node_id,
            ReplicaKey {
                id: config.node_id,
                directory_id: config.directory_id,
            },
        );
        let voted = state.voted.map(|voted| ReplicaKey {
            id: voted.id,
            directory_id: voted.directory_id,
        });
        let mut raft = Self {
            voters: VoterHistory::new(VoterSet::new(config.static_voters.clone())),
            voters_from_bootstrap: false,
            kraft_version: i16::from(config.static_voters.is_empty()),
            epoch: state.leader_epoch,
            // Who led an epoch voted for itself in it.
            voted: voted.or((state.leader_id == Some(node_id)).then_some(own)),
            leader_id: state.leader_id.filter(|id| *id != node_id),
            leader_endpoints: Vec::new(),
            role: Role::Unattached {
                election_at: Duration::ZERO,
            },
            high_watermark: 0,
            requests: Requests::default(),
            parked: Vec::new(),
            notices: Vec::new(),
            truncations: 0,
            snapshot_loads: 0,
            config,
            log,
        };
        if raft.log.last_epoch() > raft.epoch {
            raft.epoch = raft.log.last_epoch();
            raft.voted = None;
            raft.leader_id = None;
        }
        let loaded = raft.load_snapshot()?;
        let from = raft
            .log
            .start_offset()
            .max(raft.snapshot().map_or(0, |id| id.end_offset));
        raft.read_control(from)?;
        Ok((raft, loaded))
    }

    fn load_snapshot(&mut self) -> Result<Option<Vec<CommittedBatch>>, RaftError> {
        let Some(id) = self.snapshot() else { return Ok(None) };
        let bytes = self.log.read_snapshot(id)?;
        let mut batches = Vec::new();
        for (header, batch) in checked(&bytes)? {
            if header.is_control() {
                self.apply_control(&header, batch, id.end_offset - 1)?;
                continue;
            }
            batches.push(committed(&header, batch)?);
        }
        self.voters_from_bootstrap = id.end_offset == 0;
        self.high_watermark = self.high_watermark.max(id.end_offset);
        Ok(Some(batches))
    }

    /// Control records count as soon as they are in the log, committed or not (KIP-853).
    fn read_control(&mut self, from: i64) -> Result<(), RaftError> {
        let mut offset = from;
        while offset < self.log.end_offset() {
            let bytes = self.log.read(offset, self.log.end_offset())?;
            for (header, batch) in checked(&bytes)? {
                if header.is_control() {
                    self.apply_control(&header, batch, header.base_offset)?;
                }
                offset = offset.max(header.next_offset());
            }
        }
        Ok(())
    }

    fn apply_control(&mut self, header: &BatchHeader, batch: &[u8], offset: i64) -> Result<(), RaftError> {
        let unpacked = records_of(header, batch, UNPACK_MAX_BYTES)?;
        for record in Records::new(*header, &unpacked) {
            let record = record?;
            let (Some(key), Some(value)) = (record.key, record.value) else {
                continue;
            };
            match ControlType::decode(key)? {
                ControlType::KRaftVersion => self.kraft_version = KRaftVersionRecord::decode(value, 0)?.kraft_version,
                ControlType::KRaftVoters => {
                    self.voters.push(offset, VoterSet::decode(value)?);
                    self.voters_from_bootstrap = false;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Takes an event.
    pub fn on(&mut self, event: Event, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        match event {
            Event::Start => self.start(cx)?,
            Event::Request { ticket, request } => self.on_request(ticket, request, cx)?,
            Event::Response { id, response } => self.on_response(id, response, cx)?,
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
        if self.voters().is_only(self.config.node_id) {
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

    fn on_request(&mut self, ticket: Ticket, request: Request, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let response = match &request {
            Request::Fetch(fetch) => return self.on_fetch(ticket, *fetch, cx),
            Request::FetchSnapshot(fetch) => return self.on_fetch_snapshot(ticket, *fetch, cx),
            Request::Vote(vote) => self.on_vote(vote, cx)?,
            Request::BeginQuorumEpoch {
                voter,
                leader_id,
                leader_epoch,
                endpoints,
            } => {
                if self.is_meant(*voter) {
                    self.on_begin(&request, *leader_id, *leader_epoch, endpoints, cx)?
                } else {
                    self.refusal(&request, ErrorCode::InvalidVoterKey)
                }
            }
            Request::EndQuorumEpoch {
                leader_id,
                leader_epoch,
                preferred,
            } => self.on_end(&request, *leader_id, *leader_epoch, preferred, cx)?,
        };
        cx.out.sends.push(Outgoing::Response { ticket, response });
        Ok(())
    }

    fn on_response(&mut self, id: u64, response: Option<Response>, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let Some(open) = self.requests.take(id) else {
            return Ok(());
        };
        let Some(response) = response else {
            self.unanswered(&open, cx);
            return Ok(());
        };
        if self.learn(&response, cx)? {
            return Ok(());
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

    fn is_from_leader(&self, from: Peer, epoch: i32) -> bool {
        epoch == self.epoch && matches!(&self.role, Role::Follower(f) if from == Peer::Node(f.leader_id))
    }

    fn unanswered(&mut self, open: &requests::Open, cx: &RaftCx<'_>) {
        self.requests.rest(open.to, cx.now.mono + self.config.timeouts.retry);
        if let (Request::Vote(_), Peer::Node(id)) = (&open.request, open.to) {
            if let Role::Prospective { votes, .. } | Role::Candidate { votes, .. } = &mut self.role {
                votes.unask(id);
            }
        }
    }

    /// Takes from an answer who leads; whether that changed what this node is.
    fn learn(&mut self, response: &Response, cx: &mut RaftCx<'_>) -> Result<bool, RaftError> {
        let leader_id = response.leader_id.filter(|id| *id != self.config.node_id);
        if response.leader_epoch < self.epoch {
            return Ok(false);
        }
        let is_later = response.leader_epoch > self.epoch;
        match leader_id {
            Some(id) if is_later || self.leader_id.is_none() && !matches!(self.role, Role::Resigned { .. }) => {
                self.leader_endpoints.clone_from(&response.leader_endpoints);
                self.become_follower(response.leader_epoch, id, cx)?;
            }
            None if is_later => self.become_unattached(response.leader_epoch, cx)?,
            _ => return Ok(false),
        }
        Ok(true)
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
            self.unanswered(&open, cx);
        }
        let is_due = |at: &Duration| *at <= cx.now.mono;
        match &self.role {
            Role::Unattached { election_at } if is_due(election_at) && self.is_voter() => {
                self.become_prospective(cx)?;
            }
            Role::Prospective { election_at, .. } if is_due(election_at) => self.become_prospective(cx)?,
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
            Role::Prospective { .. } | Role::Candidate { .. } => self.ask_for_votes(cx),
            Role::Leader(_) => self.act_as_leader(cx)?,
            _ => {}
        }
        Ok(())
    }

    /// Whoever answers a fetch says who leads.
    fn look_for_leader(&mut self, cx: &mut RaftCx<'_>) {
        let me = self.config.node_id;
        let mut peers: Vec<Peer> = self.voters().ids().filter(|id| *id != me).map(Peer::Node).collect();
        peers.extend((0..self.config.bootstrap_servers).map(Peer::Bootstrap));
        peers.retain(|peer| self.requests.is_free(*peer, cx.now.mono));
        if self.requests.is_empty() && !peers.is_empty() {
            let at = cx.random.below(peers.len() as u64) as usize;
            if let Some(to) = peers.get(at) {
                let request = Request::Fetch(self.next_fetch());
                self.requests.send(*to, request, self.config.timeouts.request, cx);
            }
        }
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
            Role::Unattached { election_at } => self.is_voter().then_some(*election_at),
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
        let leader_endpoints = match (&self.role, self.voters().get(self.config.node_id)) {
            (Role::Leader(_), Some(own)) => own.endpoints.clone(),
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
        state_files::write_quorum_state(self.log.disk(), self.log.dir(), &state, self.kraft_version)
    }

    /// Appends records as one batch; the offset of the last. They count once [`Raft::sync`] is through.
    pub fn propose(&mut self, values: &[Vec<u8>], now: Now) -> Result<i64, RaftError> {
        if !matches!(self.role, Role::Leader(_)) {
            return Err(RaftError::NotLeader {
                node_id: self.config.node_id,
                epoch: self.epoch,
            });
        }
        let mut batch = BatchBuilder::new(self.log.end_offset(), Compression::None).leader_epoch(self.epoch);
        for value in values {
            batch.push(&NewRecord {
                timestamp: now.wall_ms,
                value: Some(value),
                ..NewRecord::default()
            });
        }
        let batch = batch.build().map_err(|error| self.log.failed(&error))?;
        self.log.append_as_leader(&batch.into(), self.epoch, now.wall_ms)
    }

    /// Syncs the log; the new high watermark.
    pub fn sync(&mut self) -> Result<i64, RaftError> {
        let synced = self.log.flush()?;
        self.on_synced(synced);
        Ok(self.high_watermark)
    }

    /// Makes the log durable; what [`Event::Synced`] is to say.
    pub fn flush(&mut self) -> Result<i64, RaftError> {
        self.log.flush()
    }

    /// Keeps a snapshot of everything below its end, which must be committed; the log before it goes.
    pub fn snapshot_taken(&mut self, id: SnapshotId, bytes: &[u8]) -> Result<(), RaftError> {
        if id.end_offset > self.high_watermark || self.log.has_snapshot(id) {
            return Ok(());
        }
        self.log.store_snapshot(id, bytes)?;
        self.log.start_at_snapshot()
    }

    /// Id of a snapshot of everything below an offset, which must be where a batch ends.
    pub fn snapshot_id(&self, end_offset: i64) -> Option<SnapshotId> {
        let epoch = self.log.epoch_before(end_offset)?;
        Some(SnapshotId { end_offset, epoch })
    }

    /// Committed batches from `offset` on, some at a time; nothing at the high watermark.
    pub fn read_committed(&self, offset: i64) -> Result<Vec<CommittedBatch>, RaftError> {
        let from = offset.max(self.log.start_offset());
        if from >= self.high_watermark {
            return Ok(Vec::new());
        }
        let bytes = self.log.read(from, self.high_watermark)?;
        checked(&bytes)?
            .into_iter()
            .map(|(header, batch)| committed(&header, batch))
            .collect()
    }

    /// What became of the quorum since the last time.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// This node's id.
    pub fn node_id(&self) -> i32 {
        self.config.node_id
    }

    /// The current epoch.
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// Who leads it, if that is known.
    pub fn leader_id(&self) -> Option<i32> {
        self.leader_id
    }

    /// Whether that is this node.
    pub fn is_leader(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }

    /// Whether it has told all others that it resigned.
    pub fn has_handed_over(&self) -> bool {
        match &self.role {
            Role::Leader(_) => false,
            Role::Resigned { untold, .. } => untold.is_empty(),
            _ => true,
        }
    }

    /// Everything below it is committed.
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// The first offset of the log.
    pub fn log_start_offset(&self) -> i64 {
        self.log.start_offset()
    }

    /// The offset the next record gets.
    pub fn log_end_offset(&self) -> i64 {
        self.log.end_offset()
    }

    /// Bytes of the log, without snapshots.
    pub fn log_size_bytes(&self) -> u64 {
        self.log.size_bytes()
    }

    /// The voters.
    pub fn voters(&self) -> &VoterSet {
        self.voters.latest()
    }

    /// kraft.version.
    pub fn kraft_version(&self) -> i16 {
        self.kraft_version
    }

    /// Id of the metadata directory.
    pub fn directory_id(&self) -> Uuid {
        self.config.directory_id
    }

    /// Where the metadata log's snapshot ends.
    pub fn snapshot(&self) -> Option<SnapshotId> {
        self.log.latest_snapshot()
    }

    /// What the others have, as a leader knows it.
    pub fn replicas(&self) -> impl Iterator<Item = (ReplicaKey, Progress)> {
        let replicas = match &self.role {
            Role::Leader(leadership) => Some(&leadership.replicas),
            _ => None,
        };
        replicas.into_iter().flatten().map(|(key, progress)| (*key, *progress))
    }

    /// How often it cut off records, and loaded a snapshot in place of its log.
    pub fn upheavals(&self) -> (u64, u64) {
        (self.truncations, self.snapshot_loads)
    }

    /// Writes down what a clean start reads.
    pub fn close(&mut self) -> Result<(), RaftError> {
        self.log.close()
    }
}

fn committed(header: &BatchHeader, batch: &[u8]) -> Result<CommittedBatch, RaftError> {
    let mut values = Vec::new();
    if !header.is_control() {
        let unpacked = records_of(header, batch, UNPACK_MAX_BYTES)?;
        for record in Records::new(*header, &unpacked) {
            values.push(Bytes::copy_from_slice(record?.value.unwrap_or_default()));
        }
    }
    Ok(CommittedBatch {
        base_offset: header.base_offset,
        last_offset: header.last_offset(),
        epoch: header.leader_epoch,
        timestamp_ms: header.max_timestamp,
        values,
    })
}

#[cfg(test)]
mod tests;
