//! Assignments, heartbeats, leaving, and members that fall silent.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use protocol::api::ErrorCode;

use super::group::{Group, GroupState, SyncAnswer};
use super::shard::GroupSettings;

/// What becomes of a SyncGroup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Synced {
    /// An answer at once.
    Now(SyncAnswer),
    /// An answer when the leader has assigned.
    Later,
    /// The leader has assigned: once that is in the log, everybody is answered.
    Assigned(BTreeMap<String, Bytes>),
}

impl Group {
    /// Takes a SyncGroup.
    pub fn sync(
        &mut self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
        assignments: Vec<(String, Bytes)>,
        now: Duration,
    ) -> Synced {
        let (state, current) = (self.state, self.generation);
        let leads = self.leader.as_deref() == Some(member_id);
        let member = match self.member(member_id, instance_id) {
            Ok(member) => member,
            Err(error) => return Synced::Now(Err(error)),
        };
        if generation != current {
            return Synced::Now(Err(ErrorCode::IllegalGeneration));
        }
        member.expires = now + member.session_timeout;
        match state {
            GroupState::Empty => Synced::Now(Err(ErrorCode::UnknownMemberId)),
            GroupState::PreparingRebalance => Synced::Now(Err(ErrorCode::RebalanceInProgress)),
            GroupState::Stable => Synced::Now(Ok(member.assignment.clone())),
            GroupState::CompletingRebalance => {
                member.syncing = true;
                if leads {
                    Synced::Assigned(assignments.into_iter().collect())
                } else {
                    Synced::Later
                }
            }
        }
    }

    /// The assignment is in the log: everybody who waits gets theirs.
    pub fn assigned(&mut self, assignments: &BTreeMap<String, Bytes>, now: Duration) {
        self.state = GroupState::Stable;
        for member in self.members.values_mut() {
            member.assignment = assignments.get(&member.id).cloned().unwrap_or_default();
            if std::mem::take(&mut member.syncing) {
                member.expires = now + member.session_timeout;
                member.sync_answer = Some(Ok(member.assignment.clone()));
            }
        }
        self.waiters.wake_all();
    }

    /// The assignment could not be written: everybody has to join again.
    pub fn assignment_failed(&mut self, error: ErrorCode, now: Duration, settings: &GroupSettings) {
        for member in self.members.values_mut() {
            member.assignment = Bytes::new();
            if std::mem::take(&mut member.syncing) {
                member.sync_answer = Some(Err(error));
            }
        }
        self.rebalance(now, settings);
    }

    /// Takes a Heartbeat.
    pub fn heartbeat(
        &mut self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
        now: Duration,
    ) -> Result<(), ErrorCode> {
        let (state, current) = (self.state, self.generation);
        let member = self.member(member_id, instance_id)?;
        if generation != current {
            return Err(ErrorCode::IllegalGeneration);
        }
        member.expires = now + member.session_timeout;
        if state == GroupState::PreparingRebalance {
            Err(ErrorCode::RebalanceInProgress)
        } else {
            Ok(())
        }
    }

    /// Takes a member's leave.
    pub fn leave(
        &mut self,
        member_id: &str,
        instance_id: Option<&str>,
        now: Duration,
        settings: &GroupSettings,
    ) -> Result<(), ErrorCode> {
        if self.pending.remove(member_id).is_some() {
            self.complete_if_due(now);
            return Ok(());
        }
        // An operator removes a static member without knowing its id (KIP-345).
        let id = match instance_id.filter(|_| member_id.is_empty()) {
            Some(instance_id) => self
                .by_instance(instance_id)
                .map(|m| m.id.clone())
                .ok_or(ErrorCode::UnknownMemberId)?,
            None => self.member(member_id, instance_id)?.id.clone(),
        };
        self.remove(&id, now, settings);
        Ok(())
    }

    fn remove(&mut self, member_id: &str, now: Duration, settings: &GroupSettings) {
        self.members.remove(member_id);
        if self.leader.as_deref() == Some(member_id) {
            self.leader = None;
        }
        self.waiters.wake_all();
        match self.state {
            GroupState::Empty => {}
            GroupState::PreparingRebalance => self.complete_if_due(now),
            GroupState::CompletingRebalance | GroupState::Stable => self.rebalance(now, settings),
        }
    }

    /// Gives up on members that have been silent too long; whether the group became empty by it.
    pub fn tick(&mut self, now: Duration, settings: &GroupSettings) -> bool {
        let had_members = self.state != GroupState::Empty;
        self.pending.retain(|_, expires| *expires > now);
        // Who waits for an answer is not silent.
        let silent = |m: &super::Member| m.expires <= now && !m.joining && !m.syncing;
        let gone: Vec<String> = self
            .members
            .values()
            .filter(|m| silent(m))
            .map(|m| m.id.clone())
            .collect();
        for id in gone {
            tracing::info!(
                group = self.id,
                member = id,
                "a member was silent too long and is removed"
            );
            self.remove(&id, now, settings);
        }
        self.complete_if_due(now);
        had_members && self.state == GroupState::Empty
    }
}
