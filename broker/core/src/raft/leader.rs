//! A leader: what the others have, what of it is committed, and whether a majority is still there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use protocol::api::ErrorCode;
use protocol::messages::control::{LeaderChangeMessage, LeaderChangeVoter};
use protocol::messages::framing::ControlType;

use super::event::{Notice, Outgoing, RaftCx};
use super::message::{Body, FetchRequest, Fetched, Peer, ReplicaKey, Request, Response};
use super::metadata_log::Position;
use super::reconfigure::Pending;
use super::records::voter_records;
use super::role::Role;
use super::upgrade::ToldVoters;
use super::{Raft, RaftError, Voter, VoterSet};
use crate::cx::{Now, Ticket};
use crate::mutation::{Mutation, mutated};

/// Kafka 4.3 reads LeaderChange records in no other version, whatever kraft.version is.
const LEADER_CHANGE_VERSION: i16 = 0;
/// Observers that have not fetched for so long are forgotten, as Kafka does.
const OBSERVER_GONE_AFTER: Duration = Duration::from_secs(300);

/// Most replicas that are remembered, but for voters. Anybody may say that it is an observer.
const REPLICAS_MAX: usize = 4096;

/// What a leader knows.
#[derive(Debug)]
pub(super) struct Leadership {
    /// Where its epoch begins.
    pub(super) epoch_start: i64,
    /// What of its own log is durable.
    pub(super) synced: i64,
    /// The others.
    pub(super) replicas: BTreeMap<ReplicaKey, Progress>,
    /// Voters that know of it.
    known_to: BTreeSet<i32>,
    /// Voters that came over a new connection, and have none from here yet. That they fetch does not make up for it.
    met: BTreeSet<i32>,
    /// When those that do not, or are silent, are told.
    begin_at: Duration,
    since: Duration,
    /// Whether all of former epochs is committed, which was said.
    pub(super) is_announced: bool,
    /// A change of the voters that somebody waits for.
    pub(super) pending: Option<Pending>,
    /// What static voters tell of themselves.
    pub(super) told_voters: ToldVoters,
}

impl Leadership {
    /// Whether what a replica has is remembered: not what a client reads, nor what an observer has beyond the bound.
    fn has_room_for(&self, replica: ReplicaKey, own_id: i32, voters: &VoterSet) -> bool {
        let is_known = voters.is_voter(replica) || self.replicas.contains_key(&replica);
        replica.id >= 0 && replica.id != own_id && (is_known || self.replicas.len() < REPLICAS_MAX)
    }

    /// Whether a voter has to be told who leads.
    fn has_to_be_shown(&self, id: i32) -> bool {
        !self.known_to.contains(&id) || self.met.contains(&id)
    }

    /// When a node last fetched, with whichever directory.
    fn last_fetch(&self, id: i32) -> Option<Duration> {
        let of_node = self.replicas.iter().filter(|(key, _)| key.id == id);
        of_node.map(|(_, progress)| progress.fetched_at).max()
    }
}

/// What another replica has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Its log end offset.
    pub end_offset: i64,
    /// When it last fetched.
    pub fetched_at: Duration,
    /// When it last had all there was.
    pub caught_up_at: Option<Duration>,
}

/// A fetch that waits for records.
#[derive(Debug)]
pub(super) struct Parked {
    ticket: Ticket,
    request: FetchRequest,
    deadline: Duration,
}

impl Raft {
    /// Begins the epoch it was elected for.
    pub(super) fn become_leader(&mut self, granting: &[i32], now: Now) -> Result<(), RaftError> {
        let epoch_start = self.log.end_offset();
        self.leader_id = Some(self.config.node_id);
        self.store_state()?;
        let records = self.first_records(granting)?;
        self.append_control(&records, now)?;
        self.requests.forget();
        self.role = Role::Leader(Leadership {
            epoch_start,
            synced: self.log.synced_offset(),
            replicas: BTreeMap::new(),
            known_to: BTreeSet::new(),
            met: BTreeSet::new(),
            begin_at: now.mono,
            since: now.mono,
            is_announced: false,
            pending: None,
            told_voters: ToldVoters::default(),
        });
        Ok(())
    }

    /// Appends control records as a batch, which count from then on; the offset of the first.
    pub(super) fn append_control(&mut self, records: &[(ControlType, Vec<u8>)], now: Now) -> Result<i64, RaftError> {
        let offset = self.log.end_offset();
        let batch = protocol::files::control_batch(offset, self.epoch, now.wall_ms, records);
        let batch = batch.map_err(|error| self.log.failed(&error))?.into();
        self.log.append_as_leader(&batch, self.epoch, now.wall_ms)?;
        self.read_control(offset)?;
        Ok(offset)
    }

    /// LeaderChange, and the voters if only the bootstrap snapshot has them, or not where this leader is reached now.
    fn first_records(&self, granting: &[i32]) -> Result<Vec<(ControlType, Vec<u8>)>, RaftError> {
        let voter = |voter_id: i32| LeaderChangeVoter {
            voter_id,
            ..Default::default()
        };
        let message = LeaderChangeMessage {
            version: LEADER_CHANGE_VERSION,
            leader_id: self.config.node_id,
            voters: self.voters().ids().map(voter).collect(),
            granting_voters: granting.iter().copied().map(voter).collect(),
            ..Default::default()
        };
        let mut value = Vec::new();
        message.encode(LEADER_CHANGE_VERSION, &mut value)?;
        let mut records = vec![(ControlType::LeaderChange, value)];
        let voters = self.voters_with_own_endpoints();
        if self.kraft_version() > 0 && (self.voters_are_outside_log() || voters != *self.voters()) {
            records.extend(voter_records(self.kraft_version(), &voters)?);
        }
        Ok(records)
    }

    /// Whether kraft.version, or who votes, stands in no part of the log that others are sent: only in the snapshot this
    /// node was formatted with. It does so again after a record that said it was cut off.
    fn voters_are_outside_log(&self) -> bool {
        let is_outside = |last_offset: Option<i64>| last_offset.is_some_and(|offset| offset < 0);
        is_outside(self.kraft_versions.last_offset()) || is_outside(self.voters.last_offset())
    }

    /// The high watermark is what a majority has durably, once that includes a record of the leader's own epoch: records
    /// of former epochs count only with it.
    pub(super) fn advance_high_watermark(&mut self) {
        let Role::Leader(leadership) = &mut self.role else {
            return;
        };
        let voters = self.voters.latest();
        let mut ends: Vec<i64> = voters
            .iter()
            .map(|voter| {
                if voter.id == self.config.node_id {
                    let early = mutated(Mutation::SelfCountedBeforeFsync);
                    return if early {
                        self.log.end_offset()
                    } else {
                        leadership.synced
                    };
                }
                let of_voter = leadership
                    .replicas
                    .iter()
                    .filter(|(key, _)| key.id == voter.id && voters.is_voter(**key))
                    .map(|(_, progress)| progress.end_offset);
                of_voter.max().unwrap_or(0)
            })
            .collect();
        ends.sort_unstable_by(|a, b| b.cmp(a));
        let Some(committed) = ends.get(voters.majority() - 1).copied() else {
            return;
        };
        if committed <= leadership.epoch_start && !mutated(Mutation::HighWatermarkOnOldEpoch) {
            return;
        }
        if !leadership.is_announced {
            leadership.is_announced = true;
            self.notices.push(Notice::Leading { epoch: self.epoch });
        }
        if committed > self.high_watermark {
            self.established.get_or_insert(committed);
            self.high_watermark = committed;
            self.log.set_high_watermark(committed);
        }
    }

    /// Answers a fetch, now or when there is something.
    pub(super) fn on_fetch(
        &mut self,
        ticket: Ticket,
        request: FetchRequest,
        cx: &mut RaftCx<'_>,
    ) -> Result<(), RaftError> {
        let any_epoch = mutated(Mutation::FetchEpochUnchecked);
        if let Some(error) = self.not_leading(if any_epoch { self.epoch } else { request.epoch }) {
            let response = self.refusal(&Request::Fetch(request), error);
            cx.out.sends.push(Outgoing::Response { ticket, response });
            return Ok(());
        }
        let mut fetched = self.empty_fetch();
        match self.log.position_of(request.fetch_offset, request.last_fetched_epoch) {
            Position::Diverging(epoch, end_offset) => fetched.diverging = Some((epoch, end_offset)),
            Position::Snapshot(id) => fetched.snapshot = Some(id),
            Position::Valid => {
                self.note_progress(&request, cx.now);
                self.advance_high_watermark();
                self.parked.push(Parked {
                    ticket,
                    request,
                    deadline: cx.now.mono + Duration::from_millis(request.max_wait_ms.max(0) as u64),
                });
                return Ok(());
            }
        }
        let response = self.response(None, Body::Fetch(fetched));
        cx.out.sends.push(Outgoing::Response { ticket, response });
        Ok(())
    }

    pub(super) fn empty_fetch(&self) -> Fetched {
        let is_announced = matches!(&self.role, Role::Leader(leadership) if leadership.is_announced);
        Fetched {
            high_watermark: if is_announced { self.high_watermark } else { -1 },
            log_start_offset: self.log.start_offset(),
            ..Fetched::default()
        }
    }

    fn note_progress(&mut self, request: &FetchRequest, now: Now) {
        let end_offset = self.log.end_offset();
        let Role::Leader(leadership) = &mut self.role else {
            return;
        };
        if !leadership.has_room_for(request.replica, self.config.node_id, self.voters.latest()) {
            return;
        }
        let before = leadership.replicas.get(&request.replica);
        let is_caught_up = request.fetch_offset >= end_offset;
        let caught_up_at = before.and_then(|progress| progress.caught_up_at);
        let progress = Progress {
            end_offset: request.fetch_offset,
            fetched_at: now.mono,
            caught_up_at: if is_caught_up { Some(now.mono) } else { caught_up_at },
        };
        leadership.replicas.insert(request.replica, progress);
        leadership.known_to.insert(request.replica.id);
    }

    /// One that loads a snapshot is there, though it has nothing of the log yet.
    pub(super) fn note_alive(&mut self, replica: ReplicaKey, at: Duration) {
        if let Role::Leader(leadership) = &mut self.role
            && leadership.has_room_for(replica, self.config.node_id, self.voters.latest())
        {
            let progress = leadership.replicas.entry(replica).or_insert(Progress {
                end_offset: 0,
                fetched_at: at,
                caught_up_at: None,
            });
            progress.fetched_at = at;
        }
    }

    /// Answers fetches for which there are records, a newer high watermark, or no more time.
    pub(super) fn answer_parked(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        let end_offset = self.log.end_offset();
        let head = self.empty_fetch();
        for parked in std::mem::take(&mut self.parked) {
            let request = &parked.request;
            let has_news = request.fetch_offset < end_offset || request.high_watermark < head.high_watermark;
            if !has_news && parked.deadline > cx.now.mono {
                self.parked.push(parked);
                continue;
            }
            // The log may have moved on, to a snapshot even, since it came.
            let mut fetched = head.clone();
            match self.log.position_of(request.fetch_offset, request.last_fetched_epoch) {
                Position::Diverging(epoch, end_offset) => fetched.diverging = Some((epoch, end_offset)),
                Position::Snapshot(id) => fetched.snapshot = Some(id),
                Position::Valid if request.fetch_offset < end_offset => {
                    fetched.records = self.log.read(request.fetch_offset, end_offset)?;
                }
                Position::Valid => {}
            }
            let response = self.response(None, Body::Fetch(fetched));
            cx.out.sends.push(Outgoing::Response {
                ticket: parked.ticket,
                response,
            });
        }
        Ok(())
    }

    /// Turns away who waits for a leader that leads no more.
    pub(super) fn refuse_parked(&mut self, cx: &mut RaftCx<'_>) {
        for parked in std::mem::take(&mut self.parked) {
            let response = self.refusal(&Request::Fetch(parked.request), ErrorCode::NotLeaderOrFollower);
            cx.out.sends.push(Outgoing::Response {
                ticket: parked.ticket,
                response,
            });
        }
    }

    /// What a leader does when it is time.
    pub(super) fn act_as_leader(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        if self.lost_majority_at().is_some_and(|at| at <= cx.now.mono) {
            tracing::warn!(
                epoch = self.epoch,
                "a majority of the voters has not fetched in time: resigning"
            );
            return self.resign(cx);
        }
        self.answer_parked(cx)?;
        self.carry_on_change(cx)?;
        let every = self.config.timeouts.fetch / 2;
        let Role::Leader(leadership) = &mut self.role else {
            return Ok(());
        };
        let now = cx.now.mono;
        leadership
            .replicas
            .retain(|_, progress| now.saturating_sub(progress.fetched_at) < OBSERVER_GONE_AFTER);
        if leadership.begin_at <= now {
            leadership.begin_at = now + every;
            let is_quiet = |id: i32| {
                let fetched_at = leadership.last_fetch(id);
                fetched_at.is_none_or(|at| now.saturating_sub(at) >= every)
            };
            let quiet: Vec<i32> = self.voters.latest().ids().filter(|id| is_quiet(*id)).collect();
            leadership.known_to.retain(|id| !quiet.contains(id));
        }
        self.show_itself(cx);
        Ok(())
    }

    /// Tells voters that do not know it that it leads.
    fn show_itself(&mut self, cx: &mut RaftCx<'_>) {
        let Role::Leader(leadership) = &self.role else { return };
        let me = self.config.node_id;
        let unknown: Vec<ReplicaKey> = self
            .voters()
            .iter()
            .filter(|voter| voter.id != me && leadership.has_to_be_shown(voter.id))
            .map(Voter::key)
            .collect();
        let endpoints = self.own_endpoints();
        for voter in unknown {
            let request = Request::BeginQuorumEpoch {
                voter,
                leader_id: me,
                leader_epoch: self.epoch,
                endpoints: endpoints.clone(),
            };
            self.send_if_free(Peer::Node(voter.id), request, cx);
        }
    }

    /// A voter is told again who leads, and so has a connection from the leader, whose end shows when that is gone.
    pub(super) fn show_itself_again(&mut self, id: i32) {
        if let Role::Leader(leadership) = &mut self.role {
            leadership.met.insert(id);
        }
    }

    /// A voter has answered, whatever it said: it has a connection from the leader.
    pub(super) fn has_shown_itself(&mut self, to: Peer) {
        if let (Role::Leader(leadership), Peer::Node(id)) = (&mut self.role, to) {
            leadership.met.remove(&id);
        }
    }

    pub(super) fn on_begin_response(&mut self, from: Peer, response: &Response) {
        if let (Role::Leader(leadership), Peer::Node(id), None) = (&mut self.role, from, response.error) {
            leadership.known_to.insert(id);
        }
    }

    /// When a majority of the voters, the leader with them, will have been silent for too long.
    fn lost_majority_at(&self) -> Option<Duration> {
        let Role::Leader(leadership) = &self.role else {
            return None;
        };
        let voters = self.voters();
        let me = self.config.node_id;
        let needed = voters.majority() - usize::from(voters.contains(me));
        let mut heard: Vec<Duration> = voters
            .ids()
            .filter(|id| *id != me)
            .map(|id| leadership.last_fetch(id).unwrap_or_default().max(leadership.since))
            .collect();
        heard.sort_unstable_by(|a, b| b.cmp(a));
        let timeout = self.config.timeouts.fetch * 3 / 2;
        Some(*heard.get(needed.checked_sub(1)?)? + timeout)
    }

    /// When a leader has something to do.
    pub(super) fn leader_deadline(&self) -> Option<Duration> {
        let Role::Leader(leadership) = &self.role else {
            return None;
        };
        let parked = self.parked.iter().map(|parked| parked.deadline);
        let pending = leadership.pending.as_ref().map(|pending| pending.deadline);
        let own = [leadership.begin_at].into_iter().chain(pending);
        parked.chain(self.lost_majority_at()).chain(own).min()
    }

    /// Leads no more, and asks those who have the most of the log to take over.
    pub(super) fn resign(&mut self, cx: &mut RaftCx<'_>) -> Result<(), RaftError> {
        self.refuse_pending(cx);
        let Role::Leader(leadership) = &self.role else {
            return Ok(());
        };
        let me = self.config.node_id;
        let end_of = |id: i32| {
            let of_id = leadership.replicas.iter().filter(|(key, _)| key.id == id);
            of_id.map(|(_, progress)| progress.end_offset).max().unwrap_or(-1)
        };
        let mut preferred: Vec<ReplicaKey> = self
            .voters()
            .iter()
            .filter(|voter| voter.id != me)
            .map(Voter::key)
            .collect();
        preferred.sort_by_key(|key| (-end_of(key.id), key.id));
        self.notices.push(Notice::Resigned { epoch: self.epoch });
        self.leader_id = None;
        self.requests.forget();
        let election_at = self.next_election(cx);
        self.role = Role::Resigned {
            election_at,
            untold: preferred.iter().map(|key| (key.id, 0)).collect(),
            preferred,
        };
        self.refuse_parked(cx);
        Ok(())
    }
}
