//! A partition this broker has a replica of: its log, its part in replication, and who waits for it.
//!
//! Every call takes the partition's lock and returns without waiting. A partition leads, follows, or does neither; which
//! of these the metadata says ([`Partition::update`]).

mod coordinated;
mod error;
mod follower;
mod isr;
mod leader;
mod moving;
mod read;
mod types;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use broker_log::{Appended as LogAppended, Log, LogConfig, Origin, Removed};
use bytes::Bytes;
use protocol::Uuid;
use protocol::api::ErrorCode;

use crate::call::Waiters;
use crate::cx::Now;
use crate::image::PartitionImage;
use crate::mutation::{Mutation, mutated};
use crate::replication::ReplicaContext;
use leader::Leading;
use moving::Moving;

pub use broker_log::ActiveProducer;
pub use error::PartitionError;
pub use follower::{FollowError, FollowerPosition, FromLeader};
pub use moving::{Copied, MoveError, Moved};
pub use types::{FoundOffset, Isolation, OffsetSpec, Read, ReadRequest, ReplicaFetch, Replicated, Throttled};

/// Where a write went.
pub type Appended = LogAppended;

/// A partition.
#[derive(Debug)]
pub struct Partition {
    topic: String,
    topic_id: Uuid,
    index: i32,
    inner: Mutex<Inner>,
    /// Taken before `inner` where both are.
    moving: Mutex<Option<Moving>>,
}

#[derive(Debug)]
struct Inner {
    topic_id: Uuid,
    index: i32,
    log: Log,
    log_dir_id: Uuid,
    context: Arc<ReplicaContext>,
    /// What the metadata says of it; the ISR may be ahead, as the controller answered a proposal.
    state: PartitionImage,
    min_insync_replicas: usize,
    /// What it keeps as a leader.
    leading: Option<Leading>,
    /// The partition has gone from this broker.
    retired: bool,
    next_proposal_id: u64,
    throttled: Throttled,
    /// Wait for the high watermark or a change of the partition.
    waiters: Waiters,
    /// Followers, which wait for the log end offset.
    end_waiters: Waiters,
}

impl Partition {
    /// A partition with an opened log.
    pub fn new(
        (topic, topic_id, index): (String, Uuid, i32),
        log_dir_id: Uuid,
        context: Arc<ReplicaContext>,
        log: Log,
        state: PartitionImage,
        min_insync_replicas: usize,
        now: Now,
    ) -> Self {
        let mut inner = Inner {
            topic_id,
            index,
            log,
            log_dir_id,
            context,
            state,
            min_insync_replicas,
            leading: None,
            retired: false,
            next_proposal_id: 0,
            throttled: Throttled::default(),
            waiters: Waiters::default(),
            end_waiters: Waiters::default(),
        };
        inner.begin(now.mono);
        Self {
            topic,
            topic_id,
            index,
            inner: Mutex::new(inner),
            moving: Mutex::default(),
        }
    }

    /// A panic elsewhere leaves a log between two appends or with one that readers do not see yet.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The topic's name.
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The topic's id.
    pub fn topic_id(&self) -> Uuid {
        self.topic_id
    }

    /// Its number.
    pub fn index(&self) -> i32 {
        self.index
    }

    /// Id of the log directory it is in.
    pub fn log_dir_id(&self) -> Uuid {
        self.lock().log_dir_id
    }

    /// Takes what the metadata says now.
    pub fn update(&self, state: PartitionImage, config: Arc<LogConfig>, min_insync_replicas: usize, now: Now) {
        let mut inner = self.lock();
        inner.log.set_config(config);
        let news = inner.min_insync_replicas != min_insync_replicas || inner.state != state;
        // Followers wait for records: of a change of the ISR alone, which they brought about, they have no use.
        let concerns_followers = (inner.state.leader, inner.state.leader_epoch) != (state.leader, state.leader_epoch)
            || inner.state.replicas != state.replicas;
        inner.min_insync_replicas = min_insync_replicas;
        inner.take_state(state, now.mono);
        if inner.advance_high_watermark(now.mono) || news {
            inner.waiters.wake_all();
        }
        if concerns_followers {
            inner.end_waiters.wake_all();
        }
    }

    /// Takes what the lists of throttled replicas say of it.
    pub fn set_throttled(&self, throttled: Throttled) {
        let mut inner = self.lock();
        if std::mem::replace(&mut inner.throttled, throttled) != throttled {
            inner.end_waiters.wake_all();
        }
    }

    /// What the lists of throttled replicas say of it.
    pub fn throttled(&self) -> Throttled {
        self.lock().throttled
    }

    /// Appends a client's batch.
    pub fn append_as_leader(&self, records: &Bytes, acks: i16, now: Now) -> Result<Appended, PartitionError> {
        let mut inner = self.lock();
        inner.check_leader(-1)?;
        if acks == -1 && inner.is_under_min_isr() {
            let message = format!(
                "The size of the current ISR {:?} is insufficient to satisfy the min.isr requirement of {} for partition {}-{}",
                inner.state.isr,
                inner.effective_min_isr(),
                self.topic,
                self.index
            );
            return Err(PartitionError {
                message: Some(message),
                ..ErrorCode::NotEnoughReplicas.into()
            });
        }
        inner.append(records, Origin::Client, now)
    }

    /// Takes back a waker.
    pub fn forget(&self, id: u64) {
        let mut inner = self.lock();
        inner.waiters.forget(id);
        inner.end_waiters.forget(id);
    }

    /// Whether all in-sync replicas have a write; leaves a waker if not. A write of an earlier epoch may have been
    /// truncated since.
    pub fn replicated_to(&self, appended: &Appended, id: u64, waker: &Waker) -> Replicated {
        let mut inner = self.lock();
        if inner.check_leader(-1).is_err() || inner.state.leader_epoch != appended.leader_epoch {
            return Replicated::Failed(ErrorCode::NotLeaderOrFollower);
        }
        if inner.log.high_watermark() > appended.last_offset {
            return if inner.is_under_min_isr() {
                Replicated::Failed(ErrorCode::NotEnoughReplicasAfterAppend)
            } else {
                Replicated::Yes
            };
        }
        inner.waiters.register(id, waker);
        Replicated::NotYet
    }

    /// Moves the log start offset up, to the high watermark for -1; the new one.
    pub fn delete_records(&self, offset: i64) -> Result<i64, PartitionError> {
        let mut inner = self.lock();
        inner.check_leader(-1)?;
        let target = if offset == -1 {
            inner.log.high_watermark()
        } else {
            offset
        };
        Ok(inner.log.delete_records(target)?)
    }

    /// Producers the log remembers.
    pub fn active_producers(&self) -> Result<Vec<ActiveProducer>, PartitionError> {
        let inner = self.lock();
        inner.check_leader(-1)?;
        Ok(inner.log.active_producers())
    }

    /// Size in bytes and log end offset.
    pub fn size(&self) -> (u64, i64) {
        let inner = self.lock();
        (inner.log.size_bytes(), inner.log.log_end_offset())
    }

    /// Log start offset, high watermark and log end offset.
    pub fn offsets(&self) -> (i64, i64, i64) {
        let inner = self.lock();
        (
            inner.log.log_start_offset(),
            inner.log.high_watermark(),
            inner.log.log_end_offset(),
        )
    }

    /// For the checkpoints: recovery point, log start offset, high watermark.
    pub fn checkpoint(&self) -> (i64, i64, i64) {
        let inner = self.lock();
        (
            inner.log.recovery_point(),
            inner.log.log_start_offset(),
            inner.log.high_watermark(),
        )
    }

    /// The directory of its log.
    pub fn dir(&self) -> std::path::PathBuf {
        self.lock().log.dir().to_owned()
    }

    /// Rolls what is due and removes what retention no longer wants.
    pub fn maintain(&self, now: Now) -> Result<Removed, PartitionError> {
        let mut inner = self.lock();
        inner.log.roll_if_old(now.wall_ms)?;
        Ok(inner.log.apply_retention(now.wall_ms)?)
    }

    /// Makes everything durable.
    pub fn flush(&self) -> Result<(), PartitionError> {
        Ok(self.lock().log.flush()?)
    }

    /// Makes sealed segments durable. Writers and readers go on meanwhile.
    pub fn flush_sealed(&self) -> Result<(), PartitionError> {
        let Some(sealed) = self.lock().log.unsynced_sealed() else {
            return Ok(());
        };
        let result = sealed.sync();
        Ok(self.lock().log.note_synced(&sealed, result)?)
    }

    /// Writes down what a clean start reads.
    pub fn close(&self) -> Result<(), PartitionError> {
        Ok(self.lock().log.close()?)
    }

    /// Wakes those who wait, because the partition goes away.
    pub fn retire(&self) {
        let mut inner = self.lock();
        inner.state.leader = -1;
        inner.leading = None;
        inner.retired = true;
        inner.context.note_change(self.topic_id, self.index);
        inner.wake_all();
    }
}

impl Inner {
    fn wake_all(&mut self) {
        self.waiters.wake_all();
        self.end_waiters.wake_all();
    }

    fn refused<T>(&self, code: ErrorCode) -> Result<T, PartitionError> {
        Err(PartitionError {
            current_leader: Some((self.state.leader, self.state.leader_epoch)),
            ..code.into()
        })
    }

    fn check_epoch(&self, current_leader_epoch: i32) -> Result<(), PartitionError> {
        match current_leader_epoch {
            epoch if epoch < 0 || epoch == self.state.leader_epoch => Ok(()),
            epoch if epoch < self.state.leader_epoch => self.refused(ErrorCode::FencedLeaderEpoch),
            _ => self.refused(ErrorCode::UnknownLeaderEpoch),
        }
    }

    fn check_leader(&self, current_leader_epoch: i32) -> Result<(), PartitionError> {
        if self.leading.is_none() {
            return self.refused(ErrorCode::NotLeaderOrFollower);
        }
        self.check_epoch(current_leader_epoch)
    }

    fn append(&mut self, records: &Bytes, origin: Origin, now: Now) -> Result<Appended, PartitionError> {
        let appended = self
            .log
            .append_as_leader(records, self.state.leader_epoch, origin, now.wall_ms)?;
        self.end_waiters.wake_all();
        if self.advance_high_watermark(now.mono) {
            self.waiters.wake_all();
        }
        Ok(appended)
    }

    /// Kafka's effective min.insync.replicas: never more than there are replicas.
    fn effective_min_isr(&self) -> usize {
        self.min_insync_replicas.min(self.state.replicas.len().max(1))
    }

    fn is_under_min_isr(&self) -> bool {
        self.state.isr.len() < self.effective_min_isr() && !mutated(Mutation::AcknowledgedBelowMinIsr)
    }

    fn take_state(&mut self, state: PartitionImage, now: Duration) {
        // The controller's answer to a proposal may come before the image that says the same.
        if state.partition_epoch < self.state.partition_epoch {
            return;
        }
        let same_epoch = state.leader_epoch == self.state.leader_epoch && state.leader == self.state.leader;
        let news = state.partition_epoch > self.state.partition_epoch;
        self.state = state;
        if same_epoch {
            self.go_on(news, now);
        } else {
            self.begin(now);
        }
    }
}
