//! A partition whose leader coordinates by it: the records are the coordinator's own, and count once they are committed.

use std::task::Waker;

use broker_log::Origin;
use bytes::Bytes;
use protocol::api::ErrorCode;

use super::{Appended, Partition, PartitionError, Replicated};
use crate::cx::Now;

impl Partition {
    /// The epoch this broker leads it in; none if it does not lead it.
    pub fn leading_epoch(&self) -> Option<i32> {
        let inner = self.lock();
        inner.leading.as_ref().map(|_| inner.state.leader_epoch)
    }

    /// High watermark and log end offset, as long as this broker leads it in this epoch.
    pub fn led_in(&self, leader_epoch: i32) -> Option<(i64, i64)> {
        let inner = self.lock();
        inner.check_leader(leader_epoch).ok()?;
        Some((inner.log.high_watermark(), inner.log.log_end_offset()))
    }

    /// Appends a coordinator's own batch in the epoch it coordinates in, if enough replicas are in sync for it to be
    /// committed.
    pub fn append_as_coordinator(
        &self,
        records: &Bytes,
        leader_epoch: i32,
        now: Now,
    ) -> Result<Appended, PartitionError> {
        let mut inner = self.lock();
        inner.check_leader(leader_epoch)?;
        if inner.is_under_min_isr() {
            return Err(ErrorCode::NotEnoughReplicas.into());
        }
        inner.append(records, Origin::Coordinator, now)
    }

    /// Whether a coordinator's batch is committed; leaves a waker if it may become so.
    pub fn committed(&self, appended: &Appended, id: u64, waker: &Waker) -> Replicated {
        match self.replicated_to(appended, id, waker) {
            // The ISR has shrunk since.
            Replicated::Failed(ErrorCode::NotEnoughReplicasAfterAppend) => Replicated::Yes,
            other => other,
        }
    }

    /// Whether there is nothing to wait for: the offset is below the high watermark, or this broker does not lead any
    /// more. Leaves a waker otherwise.
    pub fn is_settled(&self, offset: i64, id: u64, waker: &Waker) -> bool {
        let mut inner = self.lock();
        if inner.leading.is_none() || inner.log.high_watermark() > offset {
            return true;
        }
        inner.waiters.register(id, waker);
        false
    }

    /// Who leads it as far as this replica knows, and the leader's epoch.
    pub fn current_leader(&self) -> (i32, i32) {
        let inner = self.lock();
        (inner.state.leader, inner.state.leader_epoch)
    }
}
