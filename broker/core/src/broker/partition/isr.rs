//! How a leader changes the ISR: it proposes, the controller decides (KIP-497, KIP-841, KIP-903).

use std::time::Duration;

use super::{Inner, Partition};
use crate::cx::Now;
use crate::mutation::{Mutation, mutated};
use crate::replication::isr::Refusal;
use crate::replication::{IsrMember, IsrOutcome, ProposeIsr, Replica};

/// The change of an ISR that is on its way to the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IsrChange {
    /// None.
    None,
    /// A replica is to join. It counts as a member already, as it may be one before the leader hears of it.
    Expand { joiner: i32, proposal_id: u64 },
    /// Replicas are to leave. They count until the controller has said that they are out.
    Shrink { proposal_id: u64 },
}

impl IsrChange {
    pub(super) fn joins(self, id: i32) -> bool {
        matches!(self, Self::Expand { joiner, .. } if joiner == id)
    }

    /// Whether it is not about a broker beyond these.
    pub(super) fn is_for_one_of(self, replicas: &[i32]) -> bool {
        match self {
            Self::Expand { joiner, .. } => replicas.contains(&joiner),
            Self::None | Self::Shrink { .. } => true,
        }
    }

    fn proposal_id(self) -> Option<u64> {
        match self {
            Self::None => None,
            Self::Expand { proposal_id, .. } | Self::Shrink { proposal_id } => Some(proposal_id),
        }
    }
}

impl Partition {
    /// Proposes to shrink the ISR by followers that have not caught up for too long. To be called every now and then.
    pub fn check_isr(&self, now: Now) {
        let mut inner = self.lock();
        inner.maybe_shrink_isr(now.mono);
        // A replica that was waited for may have fallen behind.
        if inner.advance_high_watermark(now.mono) {
            inner.waiters.wake_all();
        }
    }

    /// Takes the controller's answer to a proposal.
    pub fn isr_outcome(&self, proposal: &ProposeIsr, outcome: IsrOutcome, now: Now) {
        let mut inner = self.lock();
        let awaited = inner.leading.as_ref().and_then(|l| l.change.proposal_id());
        if awaited != Some(proposal.id) || inner.state.leader_epoch != proposal.leader_epoch {
            return;
        }
        match outcome {
            IsrOutcome::Accepted {
                isr,
                leader_epoch,
                partition_epoch,
            } => {
                if leader_epoch != inner.state.leader_epoch || partition_epoch < inner.state.partition_epoch {
                    return;
                }
                inner.state.isr = isr;
                inner.state.partition_epoch = partition_epoch;
                inner.state.leader_recovery_state = proposal.leader_recovery_state;
                inner.end_change(now.mono);
            }
            IsrOutcome::Refused(code) => match Refusal::from(code) {
                Refusal::NotApplied => inner.end_change(now.mono),
                Refusal::AwaitMetadata => {}
                Refusal::Retry => inner.context.propose(ProposeIsr {
                    attempts: proposal.attempts.saturating_add(1),
                    ..proposal.clone()
                }),
            },
        }
    }

    /// The ISR as far as this replica knows: the committed one.
    pub fn isr(&self) -> Vec<i32> {
        self.lock().state.isr.clone()
    }
}

impl Inner {
    fn end_change(&mut self, now: Duration) {
        if let Some(leading) = &mut self.leading {
            leading.change = IsrChange::None;
        }
        self.advance_high_watermark(now);
        // Also those who wait for a write: the ISR may have fallen below the minimum.
        self.waiters.wake_all();
    }

    /// Proposes a follower that has what is committed and has reached this epoch: before that, what an earlier leader
    /// committed above this leader's high watermark may be missing in it.
    pub(super) fn maybe_expand_isr(&mut self, id: i32) {
        let Some(leading) = &self.leading else {
            return;
        };
        if leading.change != IsrChange::None || self.state.isr.contains(&id) {
            return;
        }
        let committed = self.log.high_watermark().max(leading.epoch_start_offset);
        let Some(follower) = leading.followers.iter().find(|follower| follower.id() == id) else {
            return;
        };
        if follower.log_end_offset() < committed && !mutated(Mutation::IsrJoinedWhileBehind) {
            return;
        }
        if !self.context.may_join(follower) {
            return;
        }
        let mut isr = self.state.isr.clone();
        isr.push(id);
        self.propose(&isr, |proposal_id| IsrChange::Expand {
            joiner: id,
            proposal_id,
        });
    }

    fn maybe_shrink_isr(&mut self, now: Duration) {
        let Some(leading) = &self.leading else {
            return;
        };
        if leading.change != IsrChange::None {
            return;
        }
        let (end_offset, lag_max) = (self.log.log_end_offset(), self.context.lag_time_max());
        let in_sync = |id: i32| {
            let caught_up = |follower: &Replica| follower.id() == id && follower.is_caught_up(end_offset, now, lag_max);
            id == self.context.node_id() || leading.followers.iter().any(caught_up)
        };
        let isr: Vec<i32> = self.state.isr.iter().copied().filter(|id| in_sync(*id)).collect();
        if isr.len() < self.state.isr.len() {
            self.propose(&isr, |proposal_id| IsrChange::Shrink { proposal_id });
        }
    }

    fn propose(&mut self, isr: &[i32], change: impl FnOnce(u64) -> IsrChange) {
        self.next_proposal_id += 1;
        let id = self.next_proposal_id;
        let Some(leading) = &mut self.leading else {
            return;
        };
        let member = |broker_id: i32| {
            if broker_id == self.context.node_id() {
                return self.context.this_member();
            }
            let follower = leading.followers.iter().find(|follower| follower.id() == broker_id);
            IsrMember {
                broker_id,
                broker_epoch: follower.and_then(Replica::broker_epoch).unwrap_or(-1),
            }
        };
        let proposal = ProposeIsr {
            topic_id: self.topic_id,
            partition: self.index,
            leader_epoch: self.state.leader_epoch,
            partition_epoch: self.state.partition_epoch,
            isr: isr.iter().copied().map(member).collect(),
            leader_recovery_state: 0,
            id,
            attempts: 0,
        };
        leading.change = change(id);
        self.context.propose(proposal);
    }
}
