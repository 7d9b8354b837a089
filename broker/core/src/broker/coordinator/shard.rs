//! A shard in one epoch of leadership, from loading to its end.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use protocol::api::ErrorCode;

use super::load;
use crate::broker::partition::Partition;
use crate::cx::Now;
use crate::groups::Shard;

/// How long a shard that could not be read in stays so before another try.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// A shard and the partition its records are in.
#[derive(Debug)]
pub(in crate::broker) struct OpenShard {
    pub(in crate::broker) partition: Arc<Partition>,
    pub(super) leader_epoch: i32,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    phase: Phase,
    shard: Shard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Its log is to be read, or is being read.
    Loading,
    /// It is read up to this offset, not all of which may be committed.
    Loaded { end_offset: i64 },
    /// It serves.
    Active,
    /// Its log could not be read.
    Failed { retry_at: Duration },
    /// The epoch is over.
    Ended,
}

/// A shard that is held.
pub(in crate::broker) struct Held<'a> {
    guard: MutexGuard<'a, State>,
}

impl Held<'_> {
    /// Its state.
    pub(in crate::broker) fn shard(&mut self) -> &mut Shard {
        &mut self.guard.shard
    }
}

impl OpenShard {
    /// A shard to be read in.
    pub(super) fn new(partition: Arc<Partition>, leader_epoch: i32) -> Self {
        Self {
            partition,
            leader_epoch,
            state: Mutex::new(State {
                phase: Phase::Loading,
                shard: Shard::default(),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the other is of the same partition in the same epoch.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.partition, &other.partition) && self.leader_epoch == other.leader_epoch
    }

    /// Takes hold of the shard, if it serves, with all that is committed by now.
    pub(in crate::broker) fn hold(&self, now: Now) -> Result<Held<'_>, ErrorCode> {
        let mut guard = self.lock();
        let led = self.partition.led_in(self.leader_epoch);
        let (high_watermark, _) = led.ok_or(ErrorCode::NotCoordinator)?;
        match guard.phase {
            Phase::Active => {}
            Phase::Loaded { end_offset } if high_watermark >= end_offset => {
                guard.phase = Phase::Active;
                guard.shard.begin(now.mono);
            }
            Phase::Loading | Phase::Loaded { .. } => return Err(ErrorCode::CoordinatorLoadInProgress),
            Phase::Failed { .. } => return Err(ErrorCode::CoordinatorNotAvailable),
            Phase::Ended => return Err(ErrorCode::NotCoordinator),
        }
        guard.shard.settle(high_watermark, now.mono);
        Ok(Held { guard })
    }

    /// Takes back a waker.
    pub(in crate::broker) fn forget(&self, group: &str, id: u64) {
        self.lock().shard.forget(group, id);
        self.partition.forget(id);
    }

    /// Ends it with its epoch.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.phase = Phase::Ended;
        let mut shard = std::mem::take(&mut state.shard);
        drop(state);
        shard.wake_all();
    }

    /// Reads it in.
    pub(super) fn load(&self, now: Duration) {
        let Some((_, end_offset)) = self.partition.led_in(self.leader_epoch) else {
            return;
        };
        let is_wanted = || self.lock().phase == Phase::Loading;
        let loaded = load::load(&self.partition, (self.leader_epoch, end_offset), now, is_wanted);
        let mut state = self.lock();
        if state.phase != Phase::Loading {
            return;
        }
        match loaded {
            Ok(shard) => (state.phase, state.shard) = (Phase::Loaded { end_offset }, shard),
            Err(error) => {
                let partition = self.partition.index();
                tracing::error!(partition, %error, "cannot read in the groups of a partition");
                state.phase = Phase::Failed {
                    retry_at: now + RETRY_AFTER,
                };
            }
        }
    }

    /// Whether it could not be read in and it is time for another try.
    pub(super) fn is_to_be_tried_again(&self, now: Duration) -> bool {
        let mut state = self.lock();
        let due = matches!(state.phase, Phase::Failed { retry_at } if retry_at <= now);
        if due {
            state.phase = Phase::Loading;
        }
        due
    }
}
