//! Joining, and the rebalance it leads to.

use std::time::Duration;

use bytes::Bytes;
use protocol::api::ErrorCode;

use super::group::{Group, GroupState, JoinAnswer, Member};
use super::shard::{GroupSettings, Shard};

/// A JoinGroup request.
#[derive(Debug, Clone)]
pub struct JoinRequest {
    /// The group.
    pub group_id: String,
    /// Its id, empty for a new member.
    pub member_id: String,
    /// Its static id.
    pub instance_id: Option<String>,
    /// What its client calls itself.
    pub client_id: String,
    /// Where it is.
    pub client_host: String,
    /// How long it may be silent.
    pub session_timeout_ms: i32,
    /// How long it may take to rejoin.
    pub rebalance_timeout_ms: i32,
    /// `consumer`, `connect`, ...
    pub protocol_type: String,
    /// The protocols it can, best first.
    pub protocols: Vec<(String, Bytes)>,
    /// New members have to come back with the id they are given (KIP-394).
    pub requires_known_member_id: bool,
    /// It understands that its assignment may stand (KIP-814).
    pub supports_skip: bool,
}

/// What becomes of a JoinGroup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// An answer at once.
    Now(JoinAnswer),
    /// An answer when the rebalance is through, for the member with this id.
    Later(String),
}

fn millis(ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

impl Shard {
    /// Takes a JoinGroup. `unique` makes the id of a new member.
    pub fn join(&mut self, request: JoinRequest, unique: &str, now: Duration, settings: &GroupSettings) -> Joined {
        let refused = |error| Joined::Now(JoinAnswer::refused(&request.member_id, error));
        if request.group_id.is_empty() {
            return refused(ErrorCode::InvalidGroupId);
        }
        let session = i64::from(request.session_timeout_ms);
        if !(settings.session_min_ms..=settings.session_max_ms).contains(&session) {
            return refused(ErrorCode::InvalidSessionTimeout);
        }
        let group_id = request.group_id.clone();
        if !self.groups.contains_key(&group_id) && !request.member_id.is_empty() {
            return refused(ErrorCode::UnknownMemberId);
        }
        let group = self
            .groups
            .entry(group_id.clone())
            .or_insert_with(|| Group::new(&group_id));
        if group.members.len() >= settings.size_max && !group.members.contains_key(&request.member_id) {
            return refused(ErrorCode::GroupMaxSizeReached);
        }
        if !group.accepts(&request.protocol_type, &request.protocols, &request.member_id) {
            return refused(ErrorCode::InconsistentGroupProtocol);
        }
        if request.member_id.is_empty() {
            return group.join_new(request, unique, now, settings);
        }
        group.join_known(request, now, settings)
    }
}

impl Group {
    fn join_new(&mut self, request: JoinRequest, unique: &str, now: Duration, settings: &GroupSettings) -> Joined {
        let prefix = request.instance_id.as_deref().unwrap_or(&request.client_id);
        let member_id = format!("{prefix}-{unique}");
        if let Some(instance_id) = &request.instance_id {
            if let Some(old) = self.by_instance(instance_id).map(|member| member.id.clone()) {
                return self.replace_static(&old, member_id, request, now, settings);
            }
        } else if request.requires_known_member_id {
            self.pending
                .insert(member_id.clone(), now + millis(request.session_timeout_ms));
            return Joined::Now(JoinAnswer::refused(&member_id, ErrorCode::MemberIdRequired));
        }
        self.add(member_id.clone(), request, now);
        self.rebalance(now, settings);
        Joined::Later(member_id)
    }

    fn join_known(&mut self, request: JoinRequest, now: Duration, settings: &GroupSettings) -> Joined {
        let member_id = request.member_id.clone();
        if self.pending.remove(&member_id).is_some() {
            self.add(member_id.clone(), request, now);
            self.rebalance(now, settings);
            return Joined::Later(member_id);
        }
        let (leads, state, skip) = (
            self.leader.as_ref() == Some(&member_id),
            self.state,
            request.supports_skip,
        );
        let member = match self.member(&member_id, request.instance_id.as_deref()) {
            Ok(member) => member,
            Err(error) => return Joined::Now(JoinAnswer::refused(&member_id, error)),
        };
        let same = member.protocols == request.protocols;
        member.protocols = request.protocols;
        member.session_timeout = millis(request.session_timeout_ms);
        member.rebalance_timeout = millis(request.rebalance_timeout_ms);
        member.expires = now + member.session_timeout;
        match state {
            // It may have missed the answer.
            GroupState::CompletingRebalance if same => return Joined::Now(self.current(&member_id, skip)),
            GroupState::Stable if same && !leads => return Joined::Now(self.current(&member_id, false)),
            _ => {}
        }
        member.joining = true;
        self.rebalance(now, settings);
        Joined::Later(member_id)
    }

    /// A static member came back under a new id and takes the place of the old one (KIP-345).
    fn replace_static(
        &mut self,
        old: &str,
        member_id: String,
        request: JoinRequest,
        now: Duration,
        settings: &GroupSettings,
    ) -> Joined {
        let Some(mut member) = self.members.remove(old) else {
            return Joined::Now(JoinAnswer::refused(old, ErrorCode::UnknownMemberId));
        };
        let same = member.protocols == request.protocols;
        let skip = request.supports_skip;
        member.id.clone_from(&member_id);
        member.protocols = request.protocols;
        member.session_timeout = millis(request.session_timeout_ms);
        member.rebalance_timeout = millis(request.rebalance_timeout_ms);
        member.expires = now + member.session_timeout;
        (member.joining, member.syncing) = (false, false);
        let stable = self.state == GroupState::Stable && same;
        member.joining = !stable;
        self.members.insert(member_id.clone(), member);
        if self.leader.as_deref() == Some(old) {
            self.leader = Some(member_id.clone());
        }
        // Whoever still waits under the old id is told that it is fenced.
        self.waiters.wake_all();
        if stable {
            return Joined::Now(self.current(&member_id, skip));
        }
        self.rebalance(now, settings);
        Joined::Later(member_id)
    }

    fn add(&mut self, id: String, request: JoinRequest, now: Duration) {
        self.protocol_type.get_or_insert(request.protocol_type);
        let session_timeout = millis(request.session_timeout_ms);
        let member = Member {
            id: id.clone(),
            instance_id: request.instance_id,
            client_id: request.client_id,
            client_host: request.client_host,
            session_timeout,
            rebalance_timeout: millis(request.rebalance_timeout_ms),
            protocols: request.protocols,
            assignment: Bytes::new(),
            expires: now + session_timeout,
            joining: true,
            syncing: false,
            join_answer: None,
            sync_answer: None,
        };
        self.members.insert(id, member);
    }

    /// Starts a rebalance, or goes on with the one under way; ends it if everybody is there.
    pub(super) fn rebalance(&mut self, now: Duration, settings: &GroupSettings) {
        if self.state != GroupState::PreparingRebalance {
            self.initial_delay = self.state == GroupState::Empty && !settings.initial_delay.is_zero();
            self.rebalance_deadline = now
                + if self.initial_delay {
                    settings.initial_delay
                } else {
                    self.longest()
                };
            for member in self.members.values_mut().filter(|member| member.syncing) {
                member.syncing = false;
                member.sync_answer = Some(Err(ErrorCode::RebalanceInProgress));
            }
            self.state = GroupState::PreparingRebalance;
            self.waiters.wake_all();
        }
        self.complete_if_due(now);
    }

    fn longest(&self) -> Duration {
        self.members
            .values()
            .map(|member| member.rebalance_timeout)
            .max()
            .unwrap_or_default()
    }

    /// Ends the rebalance if everybody is there, or its time is over.
    pub(super) fn complete_if_due(&mut self, now: Duration) {
        if self.state != GroupState::PreparingRebalance {
            return;
        }
        let all = self.members.values().all(|member| member.joining) && self.pending.is_empty();
        let over = now >= self.rebalance_deadline;
        if over || (all && !self.initial_delay) {
            self.complete(now);
        }
    }

    fn complete(&mut self, now: Duration) {
        // Static members keep their place until their session ends.
        self.members
            .retain(|_, member| member.joining || member.instance_id.is_some());
        self.initial_delay = false;
        self.generation += 1;
        if self.members.is_empty() {
            self.state = GroupState::Empty;
            (self.protocol, self.leader, self.protocol_type) = (None, None, None);
            self.waiters.wake_all();
            return;
        }
        self.protocol = self.select_protocol();
        let leads = self
            .leader
            .as_ref()
            .is_some_and(|leader| self.members.get(leader).is_some_and(|m| m.joining));
        if !leads {
            let joined = self.members.values().find(|member| member.joining);
            self.leader = joined
                .or_else(|| self.members.values().next())
                .map(|member| member.id.clone());
        }
        self.state = GroupState::CompletingRebalance;
        let ids: Vec<String> = self.members.keys().cloned().collect();
        for id in ids {
            let answer = self.current(&id, false);
            if let Some(member) = self.members.get_mut(&id)
                && std::mem::take(&mut member.joining)
            {
                // While it waited it had no reason to be heard of.
                member.expires = now + member.session_timeout;
                member.join_answer = Some(answer);
            }
        }
        self.waiters.wake_all();
    }
}
