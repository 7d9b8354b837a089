//! Reading in a shard from the log.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use protocol::api::ErrorCode;
use protocol::messages::framing::ControlType;
use protocol::records::{BatchHeader, Batches, Records, records_of};

use crate::broker::partition::{Isolation, Partition, PartitionError, ReadRequest};
use crate::groups::{RecordAt, Shard};
use crate::reply::ReplyPart;

/// Bytes read at a time.
const READ_MAX_BYTES: usize = 1 << 20;
/// Most bytes a batch may unpack to.
const UNPACK_MAX_BYTES: usize = 64 << 20;

/// The groups as the log says up to `end_offset`, in an epoch of leadership. Ends early with what it has once it is not
/// wanted any more.
pub(super) fn load(
    partition: &Partition,
    (leader_epoch, end_offset): (i32, i64),
    now: Duration,
    is_wanted: impl Fn() -> bool,
) -> Result<Shard, PartitionError> {
    let mut shard = Shard::default();
    let (mut offset, ..) = partition.offsets();
    while offset < end_offset && is_wanted() {
        let request = ReadRequest {
            offset,
            max_bytes: READ_MAX_BYTES,
            at_least_one_batch: true,
            isolation: Isolation::LogEndOffset,
            current_leader_epoch: leader_epoch,
            last_fetched_epoch: -1,
            leader_only: true,
        };
        let bytes = gather(partition.read(&request, None)?.records)?;
        let before = offset;
        for batch in Batches::new(&bytes) {
            let (header, batch) = batch.map_err(|error| corrupt(&error))?;
            offset = offset.max(header.next_offset());
            replay(&mut shard, header, batch, now)?;
        }
        // Compaction may have left nothing up to the end.
        if offset == before {
            break;
        }
    }
    Ok(shard)
}

fn corrupt(reason: &impl ToString) -> PartitionError {
    PartitionError {
        message: Some(reason.to_string()),
        ..ErrorCode::CorruptMessage.into()
    }
}

fn replay(shard: &mut Shard, header: BatchHeader, batch: &[u8], now: Duration) -> Result<(), PartitionError> {
    let unpacked = records_of(&header, batch, UNPACK_MAX_BYTES).map_err(|error| corrupt(&error))?;
    for record in Records::new(header, &unpacked) {
        let record = record.map_err(|error| corrupt(&error))?;
        let key = record.key.unwrap_or_default();
        if header.is_control() {
            replay_control(shard, header.producer_id, key);
            continue;
        }
        let at = RecordAt {
            offset: record.offset,
            transaction_of: header.is_transactional().then_some(header.producer_id),
        };
        shard
            .replay(key, record.value, at, now)
            .map_err(|error| corrupt(&error))?;
    }
    Ok(())
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
