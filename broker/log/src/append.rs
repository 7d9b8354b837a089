//! Appending batches, as a leader that gives offsets or as a follower that takes them.

use std::sync::Arc;

use bytes::Bytes;
use protocol::records::{
    BatchBuilder, BatchHeader, Batches, Compression, HEADER_BYTES, HeaderError, NewRecord, ProducerStamp, Records,
    TimestampType, records_of, restamp, stamp,
};

use crate::error::{AppendError, LogError};
use crate::log::Log;
use crate::producers::Duplicate;
use crate::segment::{Segment, io_error};
use crate::tail::TailBatch;
use crate::txn_index::AbortedTxn;

/// Who appends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A client's produce request: one batch, checked.
    Client,
    /// A coordinator's own records, or the raft leader's.
    Coordinator,
}

/// Where an append went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Offset of the first record.
    pub first_offset: i64,
    /// Offset of the last record.
    pub last_offset: i64,
    /// The broker's time if the topic uses it, -1 otherwise.
    pub log_append_time_ms: i64,
    /// Log start offset at the time.
    pub log_start_offset: i64,
    /// The leader's epoch.
    pub leader_epoch: i32,
    /// Whether it repeated a batch that was there already.
    pub duplicate: bool,
}

/// Most bytes one batch may unpack to when its records have to be looked at.
const UNPACK_MAX_BYTES: usize = 256 << 20;

/// Whether a batch that is written is kept in memory for its readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tailed {
    Yes,
    No,
}

/// A batch about to be written: its stamped header and what follows.
struct Ready {
    header: BatchHeader,
    head: [u8; HEADER_BYTES],
    rest: Bytes,
}

impl Log {
    /// Appends batches and gives them offsets from the log end offset on.
    pub fn append_as_leader(
        &mut self,
        records: &Bytes,
        leader_epoch: i32,
        origin: Origin,
        now_ms: i64,
    ) -> Result<Appended, AppendError> {
        self.check_online()?;
        let batches = self.validate(records, origin, now_ms)?;
        if let Some(duplicate) = self.check_producers(&batches, origin)? {
            return Ok(self.repeated(duplicate, leader_epoch));
        }
        let first_offset = self.log_end_offset;
        let mut next_offset = first_offset;
        let mut ready = Vec::with_capacity(batches.len());
        for (mut header, batch) in batches {
            let Some(head) = batch.first_chunk::<HEADER_BYTES>() else {
                continue;
            };
            let mut head = *head;
            stamp(&mut head, next_offset, leader_epoch);
            header.base_offset = next_offset;
            header.leader_epoch = leader_epoch;
            next_offset = header.next_offset();
            if next_offset == i64::MAX {
                return Err(invalid("The log has no offsets left for the batch"));
            }
            let rest = batch.slice(HEADER_BYTES..);
            ready.push(Ready { header, head, rest });
        }
        self.write_all(ready, now_ms, Tailed::Yes)?;
        let log_append_time_ms = if self.config.timestamp_type == TimestampType::LogAppendTime {
            now_ms
        } else {
            -1
        };
        let log_start_offset = self.log_start_offset;
        let last_offset = next_offset - 1;
        Ok(Appended {
            first_offset,
            last_offset,
            log_append_time_ms,
            log_start_offset,
            leader_epoch,
            duplicate: false,
        })
    }

    /// Appends batches as the leader has them; those below the log end offset must not be sent again.
    pub fn append_as_follower(&mut self, records: &Bytes, now_ms: i64) -> Result<(), AppendError> {
        self.check_online()?;
        let mut ready = Vec::new();
        let mut at = 0;
        let mut next_offset = self.log_end_offset;
        for batch in Batches::new(records) {
            let (header, _) = batch?;
            let bytes = records.slice(at..at + header.size_bytes());
            at += header.size_bytes();
            BatchHeader::parse_checked(&bytes)?;
            let Some(head) = bytes.first_chunk::<HEADER_BYTES>() else {
                continue;
            };
            if header.base_offset < next_offset || header.last_offset_delta < 0 || header.next_offset() == i64::MAX {
                return Err(invalid(&format!(
                    "The leader sent offsets {} to {} where {next_offset} was due",
                    header.base_offset,
                    header.last_offset()
                )));
            }
            next_offset = header.next_offset();
            ready.push(Ready {
                header,
                head: *head,
                rest: bytes.slice(HEADER_BYTES..),
            });
        }
        // The batches are slices of a whole response, which the tail would keep in memory for a few of its bytes.
        self.tail.clear();
        self.write_all(ready, now_ms, Tailed::No)
    }

    fn repeated(&self, duplicate: Duplicate, leader_epoch: i32) -> Appended {
        let stamped = self.config.timestamp_type == TimestampType::LogAppendTime;
        Appended {
            first_offset: duplicate.first_offset,
            last_offset: duplicate.last_offset,
            log_append_time_ms: if stamped { duplicate.timestamp } else { -1 },
            log_start_offset: self.log_start_offset,
            leader_epoch,
            duplicate: true,
        }
    }

    /// Splits and checks the batches; those that have to change come back changed.
    fn validate(&self, records: &Bytes, origin: Origin, now_ms: i64) -> Result<Vec<(BatchHeader, Bytes)>, AppendError> {
        let mut out = Vec::with_capacity(1);
        let mut at = 0;
        while at < records.len() {
            let header = BatchHeader::parse_checked(records.get(at..).unwrap_or_default())?;
            let batch = records.slice(at..at + header.size_bytes());
            at += header.size_bytes();
            self.validate_batch(&header, &batch, origin, now_ms)?;
            out.push(self.converted(header, batch, now_ms)?);
        }
        if origin == Origin::Client && out.len() != 1 {
            return Err(invalid(
                "Produce requests are only allowed to contain exactly one record batch per partition",
            ));
        }
        Ok(out)
    }

    fn validate_batch(
        &self,
        header: &BatchHeader,
        batch: &Bytes,
        origin: Origin,
        now_ms: i64,
    ) -> Result<(), AppendError> {
        header.compression()?;
        if header.record_count <= 0 || header.record_count - 1 != header.last_offset_delta {
            return Err(invalid("The batch's count of records does not fit its offsets"));
        }
        if origin == Origin::Coordinator {
            return Ok(());
        }
        if header.base_offset != 0 {
            return Err(invalid("A client's batch has to start at offset 0"));
        }
        let (size_bytes, max_bytes) = (batch.len(), self.config.message_max_bytes);
        if size_bytes > max_bytes {
            return Err(AppendError::TooLarge { size_bytes, max_bytes });
        }
        if batch.len() as u64 > self.config.segment_bytes {
            return Err(AppendError::ListTooLarge {
                size_bytes,
                max_bytes: self.config.segment_bytes,
            });
        }
        if header.is_control() {
            return Err(invalid("Clients are not allowed to write control records"));
        }
        if header.timestamp_type() == TimestampType::LogAppendTime {
            return Err(invalid(
                "Invalid timestamp type: only CreateTime is allowed in a produce request",
            ));
        }
        if header.producer_id >= 0 && (header.base_sequence < 0 || header.producer_epoch < 0) {
            return Err(invalid("The batch has a producer id, but no epoch or sequence"));
        }
        if self.config.timestamp_type == TimestampType::CreateTime {
            self.validate_timestamps(header, now_ms)?;
        }
        if self.config.compact {
            require_keys(header, batch)?;
        }
        Ok(())
    }

    fn validate_timestamps(&self, header: &BatchHeader, now_ms: i64) -> Result<(), AppendError> {
        let min_ms = now_ms.saturating_sub(self.config.timestamp_before_max_ms);
        let max_ms = now_ms.saturating_add(self.config.timestamp_after_max_ms);
        for timestamp_ms in [header.base_timestamp, header.max_timestamp] {
            if timestamp_ms != -1 && !(min_ms..=max_ms).contains(&timestamp_ms) {
                return Err(AppendError::InvalidTimestamp {
                    timestamp_ms,
                    min_ms,
                    max_ms,
                });
            }
        }
        Ok(())
    }

    /// Recompresses and restamps where the topic's configuration asks for it.
    fn converted(&self, header: BatchHeader, batch: Bytes, now_ms: i64) -> Result<(BatchHeader, Bytes), AppendError> {
        if header.is_control() {
            return Ok((header, batch));
        }
        let target = self.config.compression.unwrap_or(header.compression()?);
        let mut bytes = if target == header.compression()? {
            None
        } else {
            Some(recompress(&header, &batch, target)?)
        };
        if self.config.timestamp_type == TimestampType::LogAppendTime {
            let bytes = bytes.get_or_insert_with(|| batch.to_vec());
            restamp(bytes, now_ms);
        }
        Ok(match bytes {
            None => (header, batch),
            Some(bytes) => (BatchHeader::parse(&bytes)?, bytes.into()),
        })
    }

    fn check_producers(
        &self,
        batches: &[(BatchHeader, Bytes)],
        origin: Origin,
    ) -> Result<Option<Duplicate>, AppendError> {
        for (header, batch) in batches {
            if origin == Origin::Client {
                if let Some(duplicate) = self.producers.check(header)? {
                    return Ok(Some(duplicate));
                }
            } else if let Some((_, coordinator_epoch)) = marker(header, batch) {
                self.producers.check_marker(header, coordinator_epoch)?;
            }
        }
        Ok(None)
    }

    fn write_all(&mut self, ready: Vec<Ready>, now_ms: i64, tailed: Tailed) -> Result<(), AppendError> {
        for batch in ready {
            let result = self.write(batch, now_ms, tailed);
            self.guard(result)?;
        }
        if let Some(interval) = self.config.flush_messages
            && self.log_end_offset - self.recovery_point >= interval
        {
            self.flush()?;
        }
        Ok(())
    }

    fn write(&mut self, ready: Ready, now_ms: i64, tailed: Tailed) -> Result<(), LogError> {
        let Ready { header, head, rest } = ready;
        self.maybe_roll(&header, now_ms)?;
        self.epochs_unsaved |= self.epochs.assign(header.leader_epoch, header.base_offset);
        if self.epochs_unsaved {
            self.store_epochs()?;
        }
        let files = Arc::clone(&self.files);
        let interval_bytes = self.config.index_interval_bytes;
        let segment = self.active()?;
        let position = segment.size_bytes;
        let file = files.get(&segment.path).map_err(io_error("opening", &segment.path))?;
        file.write_at(&[&head, &rest], position)
            .map_err(io_error("writing", &segment.path))?;
        segment.size_bytes += header.size_bytes() as u64;
        segment.note(&header, position, interval_bytes);
        let base_offset = segment.base_offset;
        self.note_unsynced(base_offset);
        self.log_end_offset = header.next_offset();
        self.note_producer(&header, &rest)?;
        if tailed == Tailed::Yes {
            self.tail.push(TailBatch {
                base_offset: header.base_offset,
                next_offset: header.next_offset(),
                header: Bytes::copy_from_slice(&head),
                rest,
            });
        }
        Ok(())
    }

    /// Keeps producers and aborted transactions up to date with a batch that is in the log.
    pub(crate) fn note_producer(&mut self, header: &BatchHeader, rest: &[u8]) -> Result<(), LogError> {
        if !header.is_control() {
            self.producers.append(header);
            return Ok(());
        }
        let Some((aborted, coordinator_epoch)) = marker_in(header, rest) else {
            return Ok(());
        };
        let last_stable_offset = self.last_stable_offset();
        let done = self.producers.complete(header, coordinator_epoch, aborted);
        if let Some(txn) = done.filter(|txn| txn.aborted) {
            let files = Arc::clone(&self.files);
            let segment = self.active()?;
            let entry = AbortedTxn::new(txn, last_stable_offset);
            segment
                .txns
                .append(entry, &files)
                .map_err(io_error("writing", segment.txns.path()))?;
        }
        Ok(())
    }

    /// Starts a new segment if the batch does not belong into the active one.
    fn maybe_roll(&mut self, header: &BatchHeader, now_ms: i64) -> Result<(), LogError> {
        let (size_bytes, config) = (header.size_bytes() as u64, Arc::clone(&self.config));
        let active = self.active()?;
        if active.size_bytes == 0 {
            return Ok(());
        }
        let too_large = active.size_bytes + size_bytes > config.segment_bytes;
        let too_far = header.last_offset() - active.base_offset > i64::from(i32::MAX);
        let since = active.first_timestamp.map(|first| {
            if first >= 0 {
                header.max_timestamp.saturating_sub(first)
            } else {
                0
            }
        });
        let too_old = since.is_some_and(|age_ms| age_ms > config.segment_ms);
        if too_large || too_far || too_old || active.index_full(config.segment_index_bytes) {
            self.roll(header.base_offset.max(self.log_end_offset), now_ms)?;
        }
        Ok(())
    }

    /// Seals the active segment and starts one at `base_offset`.
    pub(crate) fn roll(&mut self, base_offset: i64, now_ms: i64) -> Result<(), LogError> {
        let files = Arc::clone(&self.files);
        self.producers.expire(now_ms, self.config.producer_id_expiration_ms);
        let active = self.active()?;
        active.store_indexes(&files)?;
        active.offsets.unload();
        active.times.unload();
        let sealed = active.base_offset;
        // Its indexes are in files from now on, also if all records in it were flushed before.
        self.note_unsynced(sealed);
        self.store_producers()?;
        let segment = Segment::create(&self.dir, base_offset, &files)?;
        self.segments.insert(base_offset, segment);
        Ok(())
    }
}

fn invalid(reason: &str) -> AppendError {
    AppendError::InvalidRecord {
        indexes: Vec::new(),
        reason: reason.to_owned(),
    }
}

fn unreadable(error: protocol::records::RecordError) -> AppendError {
    match error {
        protocol::records::RecordError::Header(error) => error.into(),
        protocol::records::RecordError::Compression(error) => error.into(),
        other => AppendError::InvalidRecord {
            indexes: Vec::new(),
            reason: other.to_string(),
        },
    }
}

/// A compacted topic keeps the last value of each key, so there has to be one.
fn require_keys(header: &BatchHeader, batch: &[u8]) -> Result<(), AppendError> {
    let unpacked = records_of(header, batch, UNPACK_MAX_BYTES).map_err(unreadable)?;
    let mut indexes = Vec::new();
    for (index, record) in Records::new(*header, &unpacked).enumerate() {
        if record.map_err(unreadable)?.key.is_none() {
            indexes.push(index as i32);
        }
    }
    if !indexes.is_empty() {
        let reason = "Compacted topic cannot accept message without key".to_owned();
        return Err(AppendError::InvalidRecord { indexes, reason });
    }
    Ok(())
}

fn recompress(header: &BatchHeader, batch: &[u8], codec: Compression) -> Result<Vec<u8>, AppendError> {
    let unpacked = records_of(header, batch, UNPACK_MAX_BYTES).map_err(unreadable)?;
    let producer = ProducerStamp {
        id: header.producer_id,
        epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
    };
    let mut builder = BatchBuilder::new(0, codec).producer(producer);
    if header.is_transactional() {
        builder = builder.transactional();
    }
    for record in Records::new(*header, &unpacked) {
        let record = record.map_err(unreadable)?;
        let headers: Vec<(&[u8], Option<&[u8]>)> = record.headers.map(|h| (h.key, h.value)).collect();
        let (timestamp, key, value) = (record.timestamp, record.key, record.value);
        builder.push(&NewRecord {
            timestamp,
            key,
            value,
            headers: &headers,
        });
    }
    builder.build().map_err(|error| invalid(&error.to_string()))
}

/// Whether a marker aborts, and its coordinator's epoch; none for other control batches.
fn marker(header: &BatchHeader, batch: &[u8]) -> Option<(bool, i32)> {
    marker_in(header, batch.get(HEADER_BYTES..)?)
}

fn marker_in(header: &BatchHeader, records: &[u8]) -> Option<(bool, i32)> {
    use protocol::messages::framing::ControlType;
    if !header.is_control() || header.producer_id < 0 {
        return None;
    }
    let record = Records::new(*header, records).next()?.ok()?;
    let aborted = match ControlType::decode(record.key?).ok()? {
        ControlType::Abort => true,
        ControlType::Commit => false,
        _ => return None,
    };
    // Version i16, then the epoch.
    let epoch = record
        .value?
        .get(2..)?
        .first_chunk()
        .map(|bytes| i32::from_be_bytes(*bytes))?;
    Some((aborted, epoch))
}

impl From<HeaderError> for LogError {
    fn from(source: HeaderError) -> Self {
        Self::Corrupt {
            path: std::path::PathBuf::new(),
            position: 0,
            source,
        }
    }
}

impl Log {
    /// Notes a batch found while a log is loaded; an aborted transaction goes into the index of the segment
    /// its marker is in, if it is not there.
    pub(crate) fn replay_producer(&mut self, base: i64, header: &BatchHeader, rest: &[u8]) -> Result<(), LogError> {
        if !header.is_control() {
            self.producers.append(header);
            return Ok(());
        }
        let Some((aborted, coordinator_epoch)) = marker_in(header, rest) else {
            return Ok(());
        };
        let unstable = self.producers.first_unstable_offset().unwrap_or(header.base_offset);
        let Some(txn) = self
            .producers
            .complete(header, coordinator_epoch, aborted)
            .filter(|txn| txn.aborted)
        else {
            return Ok(());
        };
        let files = Arc::clone(&self.files);
        let Some(segment) = self.segments.get_mut(&base) else {
            return Ok(());
        };
        let path = segment.txns.path().to_owned();
        let known = segment.txns.all(&files).map_err(io_error("reading", &path))?;
        if known.iter().any(|known| known.last_offset == txn.last_offset) {
            return Ok(());
        }
        segment
            .txns
            .append(AbortedTxn::new(txn, unstable), &files)
            .map_err(io_error("writing", &path))
    }
}
