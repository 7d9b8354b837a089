//! A partition this broker has a replica of: its log, and who waits for it.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use broker_log::{AppendError, Appended as LogAppended, Log, LogConfig, LogError, Origin, Removed, Slice};
use bytes::Bytes;
use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::api::fetch::FetchPartition;

use crate::call::Waiters;
use crate::cx::Now;
use crate::image::PartitionImage;
use crate::reply::ReplyPart;

pub use broker_log::ActiveProducer;

/// An answer that is an error.
#[derive(Debug, Clone)]
pub struct PartitionError {
    /// Kafka's error.
    pub code: ErrorCode,
    /// A sentence for the client, where the code does not say it all.
    pub message: Option<String>,
    /// Records that were refused, with their reasons.
    pub record_errors: Vec<(i32, String)>,
    /// Who leads instead, and the leader's epoch.
    pub current_leader: Option<(i32, i32)>,
}

impl From<ErrorCode> for PartitionError {
    fn from(code: ErrorCode) -> Self {
        Self {
            code,
            message: None,
            record_errors: Vec::new(),
            current_leader: None,
        }
    }
}

impl fmt::Display for PartitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => f.write_str(message),
            None => write!(f, "{}", self.code),
        }
    }
}

impl From<AppendError> for PartitionError {
    fn from(error: AppendError) -> Self {
        let code = match &error {
            AppendError::Corrupt(protocol::records::HeaderError::UnsupportedMagic { .. }) => ErrorCode::InvalidRecord,
            AppendError::Corrupt(_) | AppendError::Compression(_) => ErrorCode::CorruptMessage,
            AppendError::TooLarge { .. } => ErrorCode::MessageTooLarge,
            AppendError::ListTooLarge { .. } => ErrorCode::RecordListTooLarge,
            AppendError::InvalidRecord { .. } => ErrorCode::InvalidRecord,
            AppendError::InvalidTimestamp { .. } => ErrorCode::InvalidTimestamp,
            AppendError::OutOfOrderSequence { .. } => ErrorCode::OutOfOrderSequenceNumber,
            AppendError::InvalidProducerEpoch { .. } => ErrorCode::InvalidProducerEpoch,
            AppendError::CoordinatorFenced { .. } => ErrorCode::TransactionCoordinatorFenced,
            _ => ErrorCode::KafkaStorageError,
        };
        let record_errors = match &error {
            AppendError::InvalidRecord { indexes, reason } => {
                indexes.iter().map(|index| (*index, reason.clone())).collect()
            }
            _ => Vec::new(),
        };
        Self {
            message: Some(error.to_string()),
            record_errors,
            ..code.into()
        }
    }
}

impl From<LogError> for PartitionError {
    fn from(error: LogError) -> Self {
        let code = match &error {
            LogError::OutOfRange { .. } => ErrorCode::OffsetOutOfRange,
            LogError::Corrupt { .. } | LogError::Misplaced { .. } | LogError::Records { .. } => {
                ErrorCode::CorruptMessage
            }
            _ => ErrorCode::KafkaStorageError,
        };
        Self {
            message: Some(error.to_string()),
            ..code.into()
        }
    }
}

/// Where a write went.
pub type Appended = LogAppended;

/// How far a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// All of the log: followers.
    LogEndOffset,
    /// What all in-sync replicas have: consumers.
    HighWatermark,
    /// That, without open and aborted transactions: read_committed consumers.
    ReadCommitted,
}

/// What a reader wants.
#[derive(Debug, Clone, Copy)]
pub struct ReadRequest {
    /// From this offset on.
    pub offset: i64,
    /// At most so many bytes.
    pub max_bytes: usize,
    /// But one whole batch at least.
    pub at_least_one_batch: bool,
    /// How far it may see.
    pub isolation: Isolation,
    /// The leader epoch it believes in, -1 if it does not say.
    pub current_leader_epoch: i32,
    /// The epoch of the last batch it has, -1 for consumers.
    pub last_fetched_epoch: i32,
}

/// What a reader gets.
#[derive(Debug)]
pub struct Read {
    /// Offsets and the like.
    pub head: FetchPartition,
    /// Records, with the size of each part.
    pub records: Vec<(ReplyPart, usize)>,
    /// All of it.
    pub size_bytes: usize,
}

/// What ListOffsets asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The log start offset.
    Earliest,
    /// The end of what the reader may see.
    Latest,
    /// The record with the greatest timestamp.
    MaxTimestamp,
    /// The end of what is in tiered storage: nothing.
    LatestTiered,
    /// The first record at or after a time.
    Timestamp(i64),
}

/// What ListOffsets answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundOffset {
    /// The offset, -1 for none.
    pub offset: i64,
    /// Its timestamp, -1 if it does not matter.
    pub timestamp: i64,
    /// Its leader epoch, -1 if unknown.
    pub leader_epoch: i32,
}

/// Whether in-sync replicas have a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replicated {
    /// They do.
    Yes,
    /// Not all of them yet.
    NotYet,
    /// They never will, as far as this leader is concerned.
    Failed(ErrorCode),
}

/// A partition.
#[derive(Debug)]
pub struct Partition {
    topic: String,
    topic_id: Uuid,
    index: i32,
    log_dir_id: Uuid,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    log: Log,
    node_id: i32,
    /// What the metadata says of it.
    state: PartitionImage,
    min_insync_replicas: usize,
    waiters: Waiters,
}

impl Partition {
    /// A partition with an opened log.
    pub fn new(
        (topic, topic_id, index): (String, Uuid, i32),
        log_dir_id: Uuid,
        node_id: i32,
        log: Log,
        state: PartitionImage,
        min_insync_replicas: usize,
    ) -> Self {
        let mut inner = Inner {
            log,
            node_id,
            state,
            min_insync_replicas,
            waiters: Waiters::default(),
        };
        inner.begin_leading();
        inner.advance_high_watermark();
        Self {
            topic,
            topic_id,
            index,
            log_dir_id,
            inner: Mutex::new(inner),
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
        self.log_dir_id
    }

    /// Takes what the metadata says now.
    pub fn update(&self, state: PartitionImage, config: Arc<LogConfig>, min_insync_replicas: usize) {
        let mut inner = self.lock();
        inner.state = state;
        inner.log.set_config(config);
        inner.min_insync_replicas = min_insync_replicas;
        inner.begin_leading();
        inner.advance_high_watermark();
        inner.waiters.wake_all();
    }

    /// Appends a client's batch.
    pub fn append_as_leader(&self, records: &Bytes, acks: i16, now: Now) -> Result<Appended, PartitionError> {
        let mut inner = self.lock();
        inner.check_leader(-1)?;
        if acks == -1 && inner.state.isr.len() < inner.min_insync_replicas {
            let message = format!(
                "The size of the current ISR {:?} is insufficient to satisfy the min.isr requirement of {} for partition {}-{}",
                inner.state.isr, inner.min_insync_replicas, self.topic, self.index
            );
            return Err(PartitionError {
                message: Some(message),
                ..ErrorCode::NotEnoughReplicas.into()
            });
        }
        inner.append(records, Origin::Client, now)
    }

    /// Appends a coordinator's own batch.
    pub fn append_as_coordinator(&self, records: &Bytes, now: Now) -> Result<Appended, PartitionError> {
        let mut inner = self.lock();
        inner.check_leader(-1)?;
        inner.append(records, Origin::Coordinator, now)
    }

    /// Reads; leaves a waker for the next change if there is one.
    pub fn read(&self, request: &ReadRequest, waiter: Option<(u64, &Waker)>) -> Result<Read, PartitionError> {
        let mut inner = self.lock();
        inner.check_leader(request.current_leader_epoch)?;
        if let Some((id, waker)) = waiter {
            inner.waiters.register(id, waker);
        }
        inner.read(self.index, request)
    }

    /// Takes back a waker.
    pub fn forget(&self, id: u64) {
        self.lock().waiters.forget(id);
    }

    /// Whether all in-sync replicas have everything below `end_offset`; leaves a waker if not.
    pub fn replicated_to(&self, end_offset: i64, id: u64, waker: &Waker) -> Replicated {
        let mut inner = self.lock();
        if inner.check_leader(-1).is_err() {
            return Replicated::Failed(ErrorCode::NotLeaderOrFollower);
        }
        if inner.log.high_watermark() >= end_offset {
            return Replicated::Yes;
        }
        inner.waiters.register(id, waker);
        Replicated::NotYet
    }

    /// Answers ListOffsets.
    pub fn find_offset(
        &self,
        spec: OffsetSpec,
        isolation: Isolation,
        current_leader_epoch: i32,
    ) -> Result<FoundOffset, PartitionError> {
        let inner = self.lock();
        inner.check_leader(current_leader_epoch)?;
        inner.find_offset(spec, isolation)
    }

    /// The greatest epoch up to `epoch` and where it ended; (-1, -1) if it is not known.
    pub fn end_offset_for_epoch(&self, epoch: i32, current_leader_epoch: i32) -> Result<(i32, i64), PartitionError> {
        let inner = self.lock();
        inner.check_leader(current_leader_epoch)?;
        Ok(inner.log.end_offset_for_epoch(epoch).unwrap_or((-1, -1)))
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
        inner.waiters.wake_all();
    }
}

impl Inner {
    fn begin_leading(&mut self) {
        if self.state.leader == self.node_id {
            self.log.begin_epoch(self.state.leader_epoch);
        }
    }

    fn check_leader(&self, current_leader_epoch: i32) -> Result<(), PartitionError> {
        let current_leader = Some((self.state.leader, self.state.leader_epoch));
        let refused = |code: ErrorCode| {
            Err(PartitionError {
                current_leader,
                ..code.into()
            })
        };
        if self.state.leader != self.node_id {
            return refused(ErrorCode::NotLeaderOrFollower);
        }
        match current_leader_epoch {
            epoch if epoch < 0 || epoch == self.state.leader_epoch => Ok(()),
            epoch if epoch < self.state.leader_epoch => refused(ErrorCode::FencedLeaderEpoch),
            _ => refused(ErrorCode::UnknownLeaderEpoch),
        }
    }

    fn append(&mut self, records: &Bytes, origin: Origin, now: Now) -> Result<Appended, PartitionError> {
        let appended = self
            .log
            .append_as_leader(records, self.state.leader_epoch, origin, now.wall_ms)?;
        self.advance_high_watermark();
        Ok(appended)
    }

    /// The high watermark is what every in-sync replica has; alone, that is all of the log.
    fn advance_high_watermark(&mut self) {
        let others: BTreeSet<i32> = self
            .state
            .isr
            .iter()
            .copied()
            .filter(|id| *id != self.node_id)
            .collect();
        let end_offset = self.log.log_end_offset();
        if others.is_empty() && self.log.set_high_watermark(end_offset) {
            self.waiters.wake_all();
        }
    }

    fn end_of(&self, isolation: Isolation) -> i64 {
        match isolation {
            Isolation::LogEndOffset => self.log.log_end_offset(),
            Isolation::HighWatermark => self.log.high_watermark(),
            Isolation::ReadCommitted => self.log.last_stable_offset(),
        }
    }

    fn read(&self, index: i32, request: &ReadRequest) -> Result<Read, PartitionError> {
        let end_offset = self.end_of(request.isolation);
        let mut head = FetchPartition {
            partition: index,
            high_watermark: self.log.high_watermark(),
            last_stable_offset: self.log.last_stable_offset(),
            log_start_offset: self.log.log_start_offset(),
            preferred_read_replica: -1,
            ..FetchPartition::default()
        };
        if let Some(diverged) = self.divergence(request) {
            head.diverging_epoch = Some(diverged);
            return Ok(Read {
                head,
                records: Vec::new(),
                size_bytes: 0,
            });
        }
        let slices = self.log.read(
            request.offset,
            end_offset,
            request.max_bytes,
            request.at_least_one_batch,
        )?;
        if request.isolation == Isolation::ReadCommitted {
            let aborted = self.log.aborted_transactions(request.offset, end_offset)?;
            head.aborted_transactions = Some(aborted.iter().map(|txn| (txn.producer_id, txn.first_offset)).collect());
        }
        let records: Vec<(ReplyPart, usize)> = slices.into_iter().map(part).collect();
        let size_bytes = records.iter().map(|(_, size_bytes)| size_bytes).sum();
        Ok(Read {
            head,
            records,
            size_bytes,
        })
    }

    /// Where the reader's log parts from this one, if it does (KIP-595).
    fn divergence(&self, request: &ReadRequest) -> Option<(i32, i64)> {
        if request.last_fetched_epoch < 0 {
            return None;
        }
        let (epoch, end_offset) = self.log.end_offset_for_epoch(request.last_fetched_epoch)?;
        (epoch < request.last_fetched_epoch || end_offset < request.offset).then_some((epoch, end_offset))
    }

    fn find_offset(&self, spec: OffsetSpec, isolation: Isolation) -> Result<FoundOffset, PartitionError> {
        let end_offset = self.end_of(isolation);
        let epoch_of = |offset: i64| self.log.epochs().epoch_of(offset).unwrap_or(-1);
        let at = |offset: i64| FoundOffset {
            offset,
            timestamp: -1,
            leader_epoch: epoch_of(offset),
        };
        let none = FoundOffset {
            offset: -1,
            timestamp: -1,
            leader_epoch: -1,
        };
        let found = match spec {
            OffsetSpec::Earliest => return Ok(at(self.log.log_start_offset())),
            OffsetSpec::Latest => {
                return Ok(FoundOffset {
                    leader_epoch: self.state.leader_epoch,
                    ..at(end_offset)
                });
            }
            OffsetSpec::LatestTiered => return Ok(none),
            OffsetSpec::MaxTimestamp => self
                .log
                .offset_of_max_timestamp()?
                .filter(|found| found.offset < end_offset),
            OffsetSpec::Timestamp(timestamp) => self.log.offset_for_timestamp(timestamp, end_offset)?,
        };
        Ok(found.map_or(none, |found| FoundOffset {
            offset: found.offset,
            timestamp: found.timestamp,
            leader_epoch: found.leader_epoch.unwrap_or(-1),
        }))
    }
}

fn part(slice: Slice) -> (ReplyPart, usize) {
    let size_bytes = slice.size_bytes();
    let part = match slice {
        Slice::Bytes(bytes) => ReplyPart::Bytes(bytes),
        Slice::File {
            file,
            position,
            size_bytes,
        } => ReplyPart::File {
            file,
            position,
            size_bytes,
        },
    };
    (part, size_bytes)
}
