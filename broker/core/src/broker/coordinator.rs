//! The groups this broker coordinates: one shard for each partition of `__consumer_offsets` it leads, read in
//! from the log when it is first asked for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::messages::framing::ControlType;
use protocol::records::{BatchBuilder, Batches, Compression, NewRecord, Records, records_of};

use super::partition::{Isolation, Partition, PartitionError, ReadRequest};
use super::topic_names::CONSUMER_OFFSETS;
use super::{Broker, NewTopic};
use crate::cx::Now;
use crate::groups::{GroupSettings, KeyValue, RecordAt, Shard, group_record, partition_of};
use crate::reply::ReplyPart;

/// Bytes read at a time while a shard is read in.
const READ_MAX_BYTES: usize = 1 << 20;
/// Most bytes a batch may unpack to.
const UNPACK_MAX_BYTES: usize = 64 << 20;

/// A shard and the partition its records are in.
#[derive(Debug)]
pub(super) struct OpenShard {
    pub(super) partition: Arc<Partition>,
    state: Mutex<Option<Shard>>,
}

/// Shards by topic id and partition.
#[derive(Debug, Default)]
pub(super) struct Shards {
    open: Mutex<BTreeMap<(Uuid, i32), Arc<OpenShard>>>,
}

/// A shard that is held.
pub(super) struct Held<'a> {
    guard: MutexGuard<'a, Option<Shard>>,
}

impl Held<'_> {
    /// Its state.
    pub(super) fn shard(&mut self) -> &mut Shard {
        self.guard.get_or_insert_with(Shard::default)
    }
}

impl OpenShard {
    /// Takes hold of the shard; reads it in first if that was not done.
    pub(super) fn hold(&self, now: Now) -> Result<Held<'_>, ErrorCode> {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() {
            *guard = Some(load(&self.partition, now.mono).map_err(|error| {
                tracing::error!(partition = self.partition.index(), %error, "cannot read in the groups of a partition");
                ErrorCode::CoordinatorNotAvailable
            })?);
        }
        Ok(Held { guard })
    }

    /// Lets the state go, so that it is read in again when it is next asked for.
    #[cfg(test)]
    pub(super) fn forget_state(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Writes records as one batch.
    pub(super) fn append(&self, records: &[KeyValue], now: Now) -> Result<(), ErrorCode> {
        let mut batch = BatchBuilder::new(0, Compression::None);
        for (key, value) in records {
            let (timestamp, key, value) = (now.wall_ms, Some(key.as_slice()), value.as_deref());
            batch.push(&NewRecord {
                timestamp,
                key,
                value,
                headers: &[],
            });
        }
        let batch = batch.build().map_err(|_| ErrorCode::UnknownServerError)?;
        match self.partition.append_as_coordinator(&batch.into(), now) {
            Ok(_) => Ok(()),
            Err(error) => Err(coordinator_error(error.code)),
        }
    }
}

/// How a failure of the log is told to a group's client.
fn coordinator_error(code: ErrorCode) -> ErrorCode {
    match code {
        ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
        ErrorCode::MessageTooLarge | ErrorCode::RecordListTooLarge => ErrorCode::InvalidCommitOffsetSize,
        _ => ErrorCode::CoordinatorNotAvailable,
    }
}

fn load(partition: &Partition, now: Duration) -> Result<Shard, PartitionError> {
    let mut shard = Shard::default();
    let (mut offset, end_offset, _) = partition.offsets();
    while offset < end_offset {
        let request = ReadRequest {
            offset,
            max_bytes: READ_MAX_BYTES,
            at_least_one_batch: true,
            isolation: Isolation::HighWatermark,
            current_leader_epoch: -1,
            last_fetched_epoch: -1,
            leader_only: true,
        };
        let bytes = gather(partition.read(&request, None)?.records)?;
        let before = offset;
        for batch in Batches::new(&bytes) {
            let corrupt = |reason: String| PartitionError {
                message: Some(reason),
                ..ErrorCode::CorruptMessage.into()
            };
            let (header, batch) = batch.map_err(|error| corrupt(error.to_string()))?;
            offset = offset.max(header.next_offset());
            let unpacked = records_of(&header, batch, UNPACK_MAX_BYTES).map_err(|error| corrupt(error.to_string()))?;
            for record in Records::new(header, &unpacked) {
                let record = record.map_err(|error| corrupt(error.to_string()))?;
                let key = record.key.unwrap_or_default();
                if header.is_control() {
                    replay_control(&mut shard, header.producer_id, key);
                    continue;
                }
                let at = RecordAt {
                    offset: record.offset,
                    transaction_of: header.is_transactional().then_some(header.producer_id),
                };
                shard
                    .replay(key, record.value, at, now)
                    .map_err(|error| corrupt(error.to_string()))?;
            }
        }
        if offset == before {
            break;
        }
    }
    Ok(shard)
}

/// Markers end transactions; other control records do not concern groups.
fn replay_control(shard: &mut Shard, producer_id: i64, key: &[u8]) {
    match ControlType::decode(key) {
        Ok(ControlType::Commit) => shard.end_transaction(producer_id, true),
        Ok(ControlType::Abort) => shard.end_transaction(producer_id, false),
        _ => {}
    }
}

fn gather(records: Vec<(ReplyPart, usize)>) -> Result<Bytes, PartitionError> {
    let mut out = BytesMut::new();
    for (part, _) in records {
        match part {
            ReplyPart::Bytes(bytes) => out.extend_from_slice(&bytes),
            ReplyPart::File {
                file,
                position,
                size_bytes,
            } => {
                let mut range = vec![0; size_bytes];
                let read = file.read_at(&mut range, position);
                let read = read.map_err(|_| PartitionError::from(ErrorCode::KafkaStorageError))?;
                out.extend_from_slice(range.get(..read).unwrap_or_default());
            }
        }
    }
    Ok(out.freeze())
}

impl Broker {
    /// The shard of a group, if this broker coordinates it.
    pub(super) fn shard_of(&self, group: &str) -> Result<Arc<OpenShard>, ErrorCode> {
        let image = self.image();
        let topic = image
            .topics()
            .by_name(CONSUMER_OFFSETS)
            .ok_or(ErrorCode::CoordinatorNotAvailable)?;
        let index = partition_of(group, topic.partition_count() as i32);
        let partition = self
            .partition_by_id(topic.id, index)
            .map_err(|_| ErrorCode::NotCoordinator)?;
        let mut open = self.shards.open.lock().unwrap_or_else(PoisonError::into_inner);
        let shard = open.entry((topic.id, index)).or_insert_with(|| {
            Arc::new(OpenShard {
                partition,
                state: Mutex::new(None),
            })
        });
        Ok(Arc::clone(shard))
    }

    /// All shards this broker has, read in if they were not.
    pub(super) fn all_shards(&self) -> Vec<Arc<OpenShard>> {
        let image = self.image();
        let Some(topic) = image.topics().by_name(CONSUMER_OFFSETS) else {
            return Vec::new();
        };
        let mut open = self.shards.open.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, _) in topic.partitions() {
            if let Ok(partition) = self.partition_by_id(topic.id, index) {
                open.entry((topic.id, index)).or_insert_with(|| {
                    Arc::new(OpenShard {
                        partition,
                        state: Mutex::new(None),
                    })
                });
            }
        }
        open.values().map(Arc::clone).collect()
    }

    /// Asks for `__consumer_offsets` to be created.
    pub(super) fn create_offsets_topic(&self) {
        let setting = |name: &str| self.config().number(name);
        self.request_topics(vec![NewTopic {
            name: CONSUMER_OFFSETS.to_owned(),
            partitions: setting("offsets.topic.num.partitions") as i32,
            replication_factor: setting("offsets.topic.replication.factor").clamp(1, 3) as i16,
            configs: vec![
                ("cleanup.policy".to_owned(), "compact".to_owned()),
                ("compression.type".to_owned(), "producer".to_owned()),
                (
                    "segment.bytes".to_owned(),
                    setting("offsets.topic.segment.bytes").to_string(),
                ),
            ],
        }]);
    }

    /// What groups go by.
    pub(super) fn group_settings(&self) -> GroupSettings {
        let setting = |name: &str| self.config().number(name);
        GroupSettings {
            session_min_ms: setting("group.min.session.timeout.ms"),
            session_max_ms: setting("group.max.session.timeout.ms"),
            size_max: usize::try_from(setting("group.max.size")).unwrap_or(usize::MAX),
            initial_delay: Duration::from_millis(setting("group.initial.rebalance.delay.ms").max(0) as u64),
            metadata_max_bytes: setting("offset.metadata.max.bytes").max(0) as usize,
        }
    }

    /// Gives up on silent members and ends overdue rebalances.
    pub fn tick_groups(&self, now: Now) {
        let settings = self.group_settings();
        let open: Vec<Arc<OpenShard>> = self
            .shards
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .map(Arc::clone)
            .collect();
        for shard in open {
            let Ok(mut held) = shard.hold(now) else { continue };
            for id in held.shard().tick(now.mono, &settings) {
                let Some(group) = held.shard().group(&id) else { continue };
                let record = group_record(group, &BTreeMap::new(), now.wall_ms);
                let written = record
                    .map_err(|_| ErrorCode::UnknownServerError)
                    .and_then(|r| shard.append(&[r], now));
                if let Err(error) = written {
                    tracing::error!(group = id, %error, "cannot write that a group is empty");
                }
            }
        }
    }
}
