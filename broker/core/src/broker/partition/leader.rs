//! What a leader keeps: where its followers are, and the high watermark that follows from it.

use std::task::Waker;
use std::time::Duration;

use protocol::api::ErrorCode;

use super::isr::IsrChange;
use super::{Inner, Partition, PartitionError, ReplicaFetch};
use crate::mutation::{Mutation, mutated};
use crate::replication::Replica;
use crate::replication::replica::Fetched;

/// What a leader keeps in its epoch.
#[derive(Debug)]
pub(super) struct Leading {
    /// The log end offset when the epoch began.
    pub(super) epoch_start_offset: i64,
    /// All replicas but this one.
    pub(super) followers: Vec<Replica>,
    /// The change of the ISR that is on its way.
    pub(super) change: IsrChange,
}

impl Partition {
    /// What the leader knows of its followers; empty if it does not lead.
    pub fn followers(&self) -> Vec<Replica> {
        let inner = self.lock();
        inner
            .leading
            .as_ref()
            .map_or_else(Vec::new, |leading| leading.followers.clone())
    }

    /// The least log start offset of the replicas on live brokers; leaves a waker for when it moves.
    pub fn low_watermark(&self, id: u64, waker: &Waker) -> Result<i64, PartitionError> {
        let mut inner = self.lock();
        inner.check_leader(-1)?;
        inner.waiters.register(id, waker);
        let brokers = inner.context.brokers();
        let followers = inner.leading.as_ref().map_or(&[][..], |leading| &leading.followers);
        let alive = followers.iter().filter(|follower| brokers.is_alive(follower.id()));
        let least = alive.map(Replica::log_start_offset).min();
        Ok(least.unwrap_or(i64::MAX).min(inner.log.log_start_offset()))
    }

    /// The replica that a consumer in `rack` had better read from: the ISR's furthest in its rack that has `offset`, if
    /// the leader is elsewhere (KIP-392, Kafka's RackAwareReplicaSelector).
    pub fn preferred_read_replica(&self, rack: &str, offset: i64, listener: &str) -> Option<i32> {
        let inner = self.lock();
        let leading = inner.leading.as_ref()?;
        let brokers = inner.context.brokers();
        let in_rack = |id: i32| {
            let alive = brokers.get(id).filter(|broker| !broker.fenced);
            alive.is_some_and(|broker| broker.rack.as_deref() == Some(rack) && broker.endpoint(listener).is_some())
        };
        if rack.is_empty() || in_rack(inner.context.node_id()) {
            return None;
        }
        let has_offset =
            |replica: &&Replica| replica.log_end_offset() >= offset && replica.log_start_offset() <= offset;
        let candidates = leading.followers.iter().filter(has_offset);
        let candidates = candidates.filter(|replica| inner.state.isr.contains(&replica.id()) && in_rack(replica.id()));
        candidates
            .max_by_key(|replica| (replica.log_end_offset(), replica.last_caught_up()))
            .map(Replica::id)
    }
}

impl Inner {
    /// Begins what the state says: an epoch as its leader, or as a follower.
    pub(super) fn begin(&mut self, now: Duration) {
        self.context.note_change(self.topic_id, self.index);
        if self.state.leader != self.context.node_id() || self.retired {
            self.leading = None;
            return;
        }
        self.log.begin_epoch(self.state.leader_epoch);
        #[cfg(feature = "mutations")]
        if mutated(Mutation::SequencesForgottenAtFailover) {
            self.log.forget_producers();
        }
        let mut leading = Leading {
            epoch_start_offset: self.log.log_end_offset(),
            followers: Vec::new(),
            change: IsrChange::None,
        };
        self.assign(&mut leading, Some(now));
        self.leading = Some(leading);
        self.advance_high_watermark(now);
    }

    /// Goes on in the same epoch with what the state says now.
    pub(super) fn go_on(&mut self, news: bool, now: Duration) {
        let Some(mut leading) = self.leading.take() else {
            return;
        };
        self.assign(&mut leading, None);
        // A proposal for an earlier partition epoch is either refused or what the state says. One for this partition
        // epoch may still be taken, unless its replica is not one any more.
        if news || !leading.change.is_for_one_of(&self.state.replicas) {
            leading.change = IsrChange::None;
        }
        self.leading = Some(leading);
        self.advance_high_watermark(now);
    }

    /// Follows the assignment. In a new epoch members of the ISR have until `in_sync_at` plus the lag to show up.
    fn assign(&self, leading: &mut Leading, in_sync_at: Option<Duration>) {
        let replicas = &self.state.replicas;
        leading.followers.retain(|follower| replicas.contains(&follower.id()));
        for id in replicas.iter().filter(|id| **id != self.context.node_id()) {
            if leading.followers.iter().all(|follower| follower.id() != *id) {
                let in_sync_at = in_sync_at.filter(|_| self.state.isr.contains(id));
                leading.followers.push(Replica::new(*id, in_sync_at));
            }
        }
    }

    /// Moves the high watermark up to what all of the maximal ISR have; whether it moved. Below min.insync.replicas it
    /// stays (KIP-966). A replica that has caught up and may join is waited for, or it would never get in.
    pub(super) fn advance_high_watermark(&mut self, now: Duration) -> bool {
        let Some(leading) = &self.leading else {
            return false;
        };
        if self.is_under_min_isr() {
            return false;
        }
        let end_offset = self.log.log_end_offset();
        let mut target = end_offset;
        for follower in &leading.followers {
            let maximal = !mutated(Mutation::IsrInsteadOfMaximalIsr);
            let may_have_joined = || {
                leading.change.joins(follower.id())
                    || (follower.is_caught_up(end_offset, now, self.context.lag_time_max())
                        && self.context.may_join(follower))
            };
            let holds = follower.log_end_offset() < target
                && (self.state.isr.contains(&follower.id()) || (maximal && may_have_joined()));
            if holds {
                target = follower.log_end_offset();
            }
        }
        target > self.log.high_watermark() && self.log.set_high_watermark(target)
    }

    /// Checks that a follower is one of this partition.
    pub(super) fn check_replica(&self, fetch: &ReplicaFetch, current_leader_epoch: i32) -> Result<(), PartitionError> {
        let refused = |code: ErrorCode, message: String| {
            let current_leader = Some((self.state.leader, self.state.leader_epoch));
            Err(PartitionError {
                message: Some(message),
                current_leader,
                ..code.into()
            })
        };
        let followers = self.leading.as_ref().map_or(&[][..], |leading| &leading.followers);
        if followers.iter().all(|follower| follower.id() != fetch.broker_id) {
            // One that is being added may know of it before its leader does; it tries again.
            let code = if current_leader_epoch >= 0 {
                ErrorCode::UnknownLeaderEpoch
            } else {
                ErrorCode::NotLeaderOrFollower
            };
            let message = format!("broker {} is not a replica as far as the leader knows", fetch.broker_id);
            return refused(code, message);
        }
        if self.context.is_stale(fetch.broker_id, fetch.broker_epoch) {
            let message = format!(
                "broker {} has registered anew since epoch {}",
                fetch.broker_id, fetch.broker_epoch
            );
            return refused(ErrorCode::NotLeaderOrFollower, message);
        }
        Ok(())
    }

    /// Notes how far a follower is: it may join the ISR, and the high watermark may move.
    pub(super) fn note_fetch(&mut self, fetch: &ReplicaFetch, offset: i64, at: Duration) {
        let leader_end_offset = self.log.log_end_offset();
        let Some(leading) = &mut self.leading else {
            return;
        };
        let Some(follower) = leading.followers.iter_mut().find(|f| f.id() == fetch.broker_id) else {
            return;
        };
        let started_later = fetch.log_start_offset > follower.log_start_offset();
        follower.note(Fetched {
            offset,
            log_start_offset: fetch.log_start_offset,
            leader_end_offset,
            broker_epoch: fetch.broker_epoch,
            at,
        });
        self.maybe_expand_isr(fetch.broker_id);
        // Deletions wait for the log start offset.
        if self.advance_high_watermark(at) || started_later {
            self.waiters.wake_all();
        }
    }
}
