//! The groups of one partition of `__consumer_offsets`.

use std::collections::BTreeMap;
use std::task::Waker;
use std::time::Duration;

use protocol::api::ErrorCode;

use super::group::{Group, GroupState, JoinAnswer, SyncAnswer};
use super::transactions::Transactions;
use super::uncommitted::Uncommitted;

/// What groups go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSettings {
    /// group.min.session.timeout.ms.
    pub session_min_ms: i64,
    /// group.max.session.timeout.ms.
    pub session_max_ms: i64,
    /// group.max.size.
    pub size_max: usize,
    /// group.initial.rebalance.delay.ms.
    pub initial_delay: Duration,
    /// offset.metadata.max.bytes.
    pub metadata_max_bytes: usize,
}

/// Groups by id.
#[derive(Debug, Default)]
pub struct Shard {
    pub(super) groups: BTreeMap<String, Group>,
    pub(super) transactions: Transactions,
    pub(super) uncommitted: Uncommitted,
}

impl Shard {
    /// A group, if there is one with this id.
    pub fn group(&self, id: &str) -> Option<&Group> {
        self.groups.get(id)
    }

    /// A group to be changed.
    pub fn group_mut(&mut self, id: &str) -> Option<&mut Group> {
        self.groups.get_mut(id)
    }

    /// A group to be changed, made if there is none.
    pub fn group_or_new(&mut self, id: &str) -> &mut Group {
        self.groups.entry(id.to_owned()).or_insert_with(|| Group::new(id))
    }

    /// All groups, in the order of their ids.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// Gives all members the time of their sessions from now on: nobody could be heard before.
    pub fn begin(&mut self, now: Duration) {
        for member in self.groups.values_mut().flat_map(|group| group.members.values_mut()) {
            member.expires = now + member.session_timeout;
        }
    }

    /// Wakes everybody who waits for an answer.
    pub fn wake_all(&mut self) {
        for group in self.groups.values_mut() {
            group.waiters.wake_all();
        }
    }

    /// The answer a member waits for, if it is there; leaves a waker if not.
    pub fn poll_join(&mut self, group: &str, member: &str, id: u64, waker: &Waker) -> Option<JoinAnswer> {
        let Some(group) = self.groups.get_mut(group) else {
            return Some(JoinAnswer::refused(member, ErrorCode::UnknownMemberId));
        };
        let Some(found) = group.members.get_mut(member) else {
            return Some(JoinAnswer::refused(member, ErrorCode::UnknownMemberId));
        };
        let answer = found.join_answer.take();
        if answer.is_none() {
            group.waiters.register(id, waker);
        }
        answer
    }

    /// The assignment a member waits for, if it is there; leaves a waker if not.
    pub fn poll_sync(&mut self, group: &str, member: &str, id: u64, waker: &Waker) -> Option<SyncAnswer> {
        let Some(group) = self.groups.get_mut(group) else {
            return Some(Err(ErrorCode::UnknownMemberId));
        };
        let Some(found) = group.members.get_mut(member) else {
            return Some(Err(ErrorCode::UnknownMemberId));
        };
        let answer = found.sync_answer.take();
        if answer.is_none() {
            group.waiters.register(id, waker);
        }
        answer
    }

    /// Takes back a waker.
    pub fn forget(&mut self, group: &str, id: u64) {
        if let Some(group) = self.groups.get_mut(group) {
            group.waiters.forget(id);
        }
    }

    /// Gives up on silent members and ends overdue rebalances; ids of groups that became empty by it.
    pub fn tick(&mut self, now: Duration, settings: &GroupSettings) -> Vec<String> {
        let mut emptied = Vec::new();
        for group in self.groups.values_mut() {
            if group.tick(now, settings) {
                emptied.push(group.id.clone());
            }
        }
        // Nothing is left to remember of a group that never committed anything.
        self.groups.retain(|_, group| {
            group.state != GroupState::Empty
                || !group.offsets.is_empty()
                || !group.pending.is_empty()
                || group.generation > 0
        });
        emptied
    }
}
