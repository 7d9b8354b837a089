//! Reading: batches by offset, offsets by time, aborted transactions of a range.

use std::ops::Bound;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use protocol::records::{Records, records_of};

use crate::disk::DiskFile;
use crate::error::LogError;
use crate::log::Log;
use crate::segment::{Segment, io_error};
use crate::txn_index::AbortedTxn;

/// Most bytes a batch may unpack to while a timestamp is looked for in it.
const UNPACK_MAX_BYTES: usize = 256 << 20;

/// A piece of a log.
#[derive(Debug, Clone)]
pub enum Slice {
    /// Batches in memory.
    Bytes(Bytes),
    /// A range of a segment. It may end in the middle of a batch.
    File {
        /// The segment.
        file: Arc<dyn DiskFile>,
        /// Where the range starts.
        position: u64,
        /// How long it is.
        size_bytes: usize,
    },
}

impl Slice {
    /// Its length.
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::File { size_bytes, .. } => *size_bytes,
        }
    }
}

/// A record's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimestampOffset {
    /// Its timestamp, -1 if it does not matter.
    pub timestamp: i64,
    /// Its offset.
    pub offset: i64,
    /// The leader epoch it was written in.
    pub leader_epoch: Option<i32>,
}

/// The bytes of pieces, one after the other.
pub fn gather(slices: Vec<Slice>) -> std::io::Result<Bytes> {
    let mut out = BytesMut::new();
    for slice in slices {
        match slice {
            Slice::Bytes(bytes) => out.extend_from_slice(&bytes),
            Slice::File {
                file,
                position,
                size_bytes,
            } => {
                let mut range = vec![0; size_bytes];
                let read = file.read_at(&mut range, position)?;
                out.extend_from_slice(range.get(..read).unwrap_or_default());
            }
        }
    }
    Ok(out.freeze())
}

impl Log {
    /// Batches from the one with `offset` on: below `end_offset`, and at most `max_bytes` of them, but one
    /// whole batch at least if `one_batch`. Nothing if `offset` is at or after `end_offset`.
    pub fn read(
        &self,
        offset: i64,
        end_offset: i64,
        max_bytes: usize,
        one_batch: bool,
    ) -> Result<Vec<Slice>, LogError> {
        self.check_online()?;
        if offset < self.log_start_offset || offset > self.log_end_offset {
            return Err(LogError::OutOfRange {
                offset,
                start_offset: self.log_start_offset,
                end_offset: self.log_end_offset,
            });
        }
        if offset >= end_offset || (max_bytes == 0 && !one_batch) {
            return Ok(Vec::new());
        }
        match self.read_tail(offset, end_offset, max_bytes, one_batch) {
            Some(slices) => Ok(slices),
            None => self.read_segments(offset, end_offset, max_bytes, one_batch),
        }
    }

    fn read_tail(&self, offset: i64, end_offset: i64, max_bytes: usize, one_batch: bool) -> Option<Vec<Slice>> {
        let mut slices = Vec::new();
        let mut size_bytes = 0;
        for batch in self.tail.from(offset)? {
            let fits = size_bytes + batch.size_bytes() <= max_bytes || (one_batch && slices.is_empty());
            if !fits || batch.base_offset >= end_offset {
                break;
            }
            size_bytes += batch.size_bytes();
            slices.push(Slice::Bytes(batch.header.clone()));
            slices.push(Slice::Bytes(batch.rest.clone()));
        }
        Some(slices)
    }

    fn read_segments(
        &self,
        offset: i64,
        end_offset: i64,
        max_bytes: usize,
        one_batch: bool,
    ) -> Result<Vec<Slice>, LogError> {
        let from = self
            .segments
            .range(..=offset)
            .next_back()
            .map_or(offset, |(base, _)| *base);
        for segment in self.segments.range(from..).map(|(_, segment)| segment) {
            if segment.base_offset >= end_offset {
                break;
            }
            // Compaction can leave a segment without the offsets at its end.
            let Some((position, header)) = segment.find(offset, &self.files)? else {
                continue;
            };
            if header.base_offset >= end_offset {
                break;
            }
            let end = self.end_position(segment, end_offset)?;
            let available = end.saturating_sub(position) as usize;
            let wanted = if one_batch {
                max_bytes.max(header.size_bytes())
            } else {
                max_bytes
            };
            let size_bytes = available.min(wanted);
            if size_bytes == 0 {
                break;
            }
            let file = self
                .files
                .get(&segment.path)
                .map_err(io_error("opening", &segment.path))?;
            return Ok(vec![Slice::File {
                file,
                position,
                size_bytes,
            }]);
        }
        Ok(Vec::new())
    }

    /// Where the batch with `end_offset` starts, or the segment's end.
    fn end_position(&self, segment: &Segment, end_offset: i64) -> Result<u64, LogError> {
        let next_base = self
            .segments
            .range((Bound::Excluded(segment.base_offset), Bound::Unbounded))
            .next()
            .map(|(base, _)| *base);
        if end_offset >= next_base.unwrap_or(self.log_end_offset) {
            return Ok(segment.size_bytes);
        }
        Ok(segment
            .find(end_offset, &self.files)?
            .map_or(segment.size_bytes, |(position, _)| position))
    }

    /// The first record with a timestamp of at least `timestamp`, below `end_offset`.
    pub fn offset_for_timestamp(&self, timestamp: i64, end_offset: i64) -> Result<Option<TimestampOffset>, LogError> {
        self.check_online()?;
        for segment in self.segments.values() {
            if segment.max_timestamp.timestamp < timestamp {
                continue;
            }
            if let Some(found) = self.find_timestamp(segment, timestamp)? {
                return Ok(Some(found).filter(|found| found.offset < end_offset));
            }
        }
        Ok(None)
    }

    fn find_timestamp(&self, segment: &Segment, timestamp: i64) -> Result<Option<TimestampOffset>, LogError> {
        // Everything up to the entry's offset is older.
        let entry = segment
            .times
            .floor(timestamp.saturating_sub(1), &self.files)
            .map_err(io_error("reading", segment.times.path()))?;
        let from = entry.map_or(segment.base_offset, |entry| {
            segment.base_offset.saturating_add(i64::from(entry.relative_offset))
        });
        let Some((position, _)) = segment.find(from, &self.files)? else {
            return Ok(None);
        };
        let mut scan = segment.scan(position, &self.files)?;
        while let Some((position, header)) = scan.next()? {
            if header.max_timestamp < timestamp || header.last_offset() < self.log_start_offset {
                continue;
            }
            let batch = segment.read_batch(position, &header, &self.files)?;
            let failed = |source| LogError::Records {
                path: segment.path.clone(),
                source,
            };
            let unpacked = records_of(&header, &batch, UNPACK_MAX_BYTES).map_err(failed)?;
            for record in Records::new(header, &unpacked) {
                let record = record.map_err(failed)?;
                if record.timestamp >= timestamp && record.offset >= self.log_start_offset {
                    let leader_epoch = Some(header.leader_epoch).filter(|epoch| *epoch >= 0);
                    let (timestamp, offset) = (record.timestamp, record.offset);
                    return Ok(Some(TimestampOffset {
                        timestamp,
                        offset,
                        leader_epoch,
                    }));
                }
            }
        }
        Ok(None)
    }

    /// The record with the greatest timestamp (KIP-734).
    pub fn offset_of_max_timestamp(&self) -> Result<Option<TimestampOffset>, LogError> {
        match self.max_timestamp() {
            None => Ok(None),
            Some(max) => self.offset_for_timestamp(max.timestamp, self.log_end_offset),
        }
    }

    /// Aborted transactions that overlap the offsets from `from` to `to`.
    pub fn aborted_transactions(&self, from: i64, to: i64) -> Result<Vec<AbortedTxn>, LogError> {
        let mut found = Vec::new();
        let start = self.segments.range(..=from).next_back().map_or(from, |(base, _)| *base);
        for segment in self.segments.range(start..).map(|(_, segment)| segment) {
            if segment.txns.is_empty() {
                continue;
            }
            let all = segment
                .txns
                .all(&self.files)
                .map_err(io_error("reading", segment.txns.path()))?;
            found.extend(
                all.iter()
                    .filter(|txn| txn.last_offset >= from && txn.first_offset < to),
            );
            if all.iter().any(|txn| txn.last_stable_offset >= to) {
                break;
            }
        }
        Ok(found)
    }
}
