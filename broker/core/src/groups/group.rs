//! One group and its members.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use protocol::api::ErrorCode;

use super::offsets::{CommittedOffset, OffsetKey};
use crate::call::Waiters;

/// Where a group is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupState {
    /// No members; perhaps offsets.
    Empty,
    /// Members are joining the next generation until the deadline.
    PreparingRebalance,
    /// The leader is to assign.
    CompletingRebalance,
    /// Everybody has an assignment.
    Stable,
}

impl GroupState {
    /// Kafka's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::PreparingRebalance => "PreparingRebalance",
            Self::CompletingRebalance => "CompletingRebalance",
            Self::Stable => "Stable",
        }
    }
}

/// The answer to a JoinGroup.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JoinAnswer {
    /// Kafka's error, if there is one.
    pub error: Option<ErrorCode>,
    /// The generation joined.
    pub generation: i32,
    /// The protocol all members have.
    pub protocol: Option<String>,
    /// Who assigns.
    pub leader: String,
    /// Who was answered.
    pub member_id: String,
    /// For the leader: id, instance id and metadata of all members.
    pub members: Vec<(String, Option<String>, Bytes)>,
    /// The leader need not assign: its assignment stands (KIP-814).
    pub skip_assignment: bool,
}

impl JoinAnswer {
    /// A refusal.
    pub fn refused(member_id: &str, error: ErrorCode) -> Self {
        Self {
            error: Some(error),
            generation: -1,
            member_id: member_id.to_owned(),
            ..Self::default()
        }
    }
}

/// The answer to a SyncGroup.
pub type SyncAnswer = Result<Bytes, ErrorCode>;

/// A member.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its id.
    pub id: String,
    /// Its static id (KIP-345).
    pub instance_id: Option<String>,
    /// What its client calls itself.
    pub client_id: String,
    /// Where it is.
    pub client_host: String,
    /// How long it may be silent.
    pub session_timeout: Duration,
    /// How long it may take to rejoin.
    pub rebalance_timeout: Duration,
    /// The protocols it can, best first, with its metadata for each.
    pub protocols: Vec<(String, Bytes)>,
    /// What it was assigned.
    pub assignment: Bytes,
    /// When it is given up if it stays silent.
    pub(super) expires: Duration,
    /// Whether it waits for the next generation.
    pub(super) joining: bool,
    /// Whether it waits for its assignment.
    pub(super) syncing: bool,
    pub(super) join_answer: Option<JoinAnswer>,
    pub(super) sync_answer: Option<SyncAnswer>,
}

impl Member {
    /// Its metadata for a protocol.
    pub fn metadata(&self, protocol: &str) -> Bytes {
        self.protocols
            .iter()
            .find(|(name, _)| name == protocol)
            .map_or_else(Bytes::new, |(_, bytes)| bytes.clone())
    }
}

/// A group.
#[derive(Debug)]
pub struct Group {
    /// Its id.
    pub id: String,
    /// Where it is in its life.
    pub state: GroupState,
    /// Grows with every rebalance.
    pub generation: i32,
    /// `consumer`, `connect`, ...; none before the first member.
    pub protocol_type: Option<String>,
    /// The protocol in use.
    pub protocol: Option<String>,
    /// Who assigns.
    pub leader: Option<String>,
    /// Members by id.
    pub members: BTreeMap<String, Member>,
    /// Committed offsets.
    pub offsets: BTreeMap<OffsetKey, CommittedOffset>,
    /// Member ids that were handed out and not used yet, and when they expire (KIP-394).
    pub(super) pending: BTreeMap<String, Duration>,
    /// When the rebalance under way ends, whoever has come.
    pub(super) rebalance_deadline: Duration,
    /// The rebalance waits for first members until its deadline, not only for those it knows.
    pub(super) initial_delay: bool,
    /// When the state last changed, in milliseconds since 1970.
    pub(super) state_since_ms: i64,
    pub(super) waiters: Waiters,
}

impl Group {
    /// A group without members.
    pub fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            state: GroupState::Empty,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            offsets: BTreeMap::new(),
            pending: BTreeMap::new(),
            rebalance_deadline: Duration::ZERO,
            initial_delay: false,
            state_since_ms: -1,
            waiters: Waiters::default(),
        }
    }

    /// The member with this static id.
    pub(super) fn by_instance(&self, instance_id: &str) -> Option<&Member> {
        self.members
            .values()
            .find(|member| member.instance_id.as_deref() == Some(instance_id))
    }

    /// Finds a member and checks that its static id is its own.
    pub(super) fn member(&mut self, member_id: &str, instance_id: Option<&str>) -> Result<&mut Member, ErrorCode> {
        if let Some(instance_id) = instance_id {
            match self.by_instance(instance_id) {
                None => return Err(ErrorCode::UnknownMemberId),
                Some(owner) if owner.id != member_id => return Err(ErrorCode::FencedInstanceId),
                Some(_) => {}
            }
        }
        self.members.get_mut(member_id).ok_or(ErrorCode::UnknownMemberId)
    }

    /// Whether a member with these protocols fits the others.
    pub(super) fn accepts(&self, protocol_type: &str, protocols: &[(String, Bytes)], except: &str) -> bool {
        if protocols.is_empty() || protocol_type.is_empty() {
            return false;
        }
        let mut others = self.members.values().filter(|member| member.id != except).peekable();
        if others.peek().is_none() {
            return true;
        }
        let others: Vec<&Member> = others.collect();
        let all_have = |name: &str| {
            others
                .iter()
                .all(|m| m.protocols.iter().any(|(known, _)| known == name))
        };
        self.protocol_type.as_deref() == Some(protocol_type) && protocols.iter().any(|(name, _)| all_have(name))
    }

    /// The protocol that most members like best among those that all have.
    pub(super) fn select_protocol(&self) -> Option<String> {
        let first = self.members.values().next()?;
        let all_have = |name: &str| {
            self.members
                .values()
                .all(|m| m.protocols.iter().any(|(known, _)| known == name))
        };
        let candidates: Vec<&str> = first
            .protocols
            .iter()
            .map(|(name, _)| name.as_str())
            .filter(|n| all_have(n))
            .collect();
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for member in self.members.values() {
            if let Some((choice, _)) = member
                .protocols
                .iter()
                .find(|(name, _)| candidates.contains(&name.as_str()))
            {
                *votes.entry(choice.as_str()).or_default() += 1;
            }
        }
        votes
            .into_iter()
            .max_by_key(|(_, count)| *count)
            .map(|(name, _)| name.to_owned())
    }

    /// What a member that need not wait is told of the current generation.
    pub(super) fn current(&self, member_id: &str, skip_assignment: bool) -> JoinAnswer {
        let leads = self.leader.as_deref() == Some(member_id);
        JoinAnswer {
            error: None,
            generation: self.generation,
            protocol: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            member_id: member_id.to_owned(),
            members: if leads { self.roster() } else { Vec::new() },
            skip_assignment: leads && skip_assignment,
        }
    }

    /// All members as the leader is told of them.
    pub(super) fn roster(&self) -> Vec<(String, Option<String>, Bytes)> {
        let protocol = self.protocol.clone().unwrap_or_default();
        let entry = |m: &Member| (m.id.clone(), m.instance_id.clone(), m.metadata(&protocol));
        self.members.values().map(entry).collect()
    }
}
