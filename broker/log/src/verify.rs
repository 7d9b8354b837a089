//! Whether the indexes of a segment that was not closed cleanly can be what they were.

use protocol::records::BatchHeader;

use crate::error::LogError;
use crate::index::{OffsetEntry, TimeEntry};
use crate::log::Log;
use crate::segment::{Segment, io_error};

impl Log {
    /// A segment below the recovery point; none if an index is missing or cannot be what was written. Its batches
    /// were synced and are not read, but for those behind the last index entry.
    pub(crate) fn open_verified(&self, base_offset: i64) -> Result<Option<Segment>, LogError> {
        let Some(segment) = Segment::open(&self.dir, base_offset, &self.files)? else {
            return Ok(None);
        };
        let offsets = segment.offsets.all(&self.files);
        let offsets = offsets.map_err(io_error("reading", segment.offsets.path()))?;
        let times = segment.times.all(&self.files);
        let times = times.map_err(io_error("reading", segment.times.path()))?;
        if !offsets_increase(&offsets) || !times_increase(&times) || !self.txns_make_sense(&segment)? {
            return Ok(None);
        }
        let fits = self.fits_the_end(&segment, offsets.last().copied(), times.last().copied());
        match fits {
            Ok(true) => Ok(Some(segment)),
            Ok(false) => Ok(None),
            Err(error @ LogError::Io { .. }) => Err(error),
            Err(_) => Ok(None),
        }
    }

    /// Whether the last entries fit the batches from there on, and none is missing after them.
    fn fits_the_end(
        &self,
        segment: &Segment,
        offset: Option<OffsetEntry>,
        time: Option<TimeEntry>,
    ) -> Result<bool, LogError> {
        let newest = time.map_or(-1, |entry| entry.timestamp);
        if let Some(entry) = time {
            let at = segment.base_offset + i64::from(entry.relative_offset);
            let found = segment.find(at, &self.files)?;
            let matches = |header: &BatchHeader| header.base_offset <= at && header.max_timestamp == entry.timestamp;
            if !found.is_some_and(|(_, header)| matches(&header)) {
                return Ok(false);
            }
        }
        let position = offset.map_or(0, |entry| entry.position as u64);
        let mut scan = segment.scan(position, &self.files)?;
        let mut since = 0;
        while let Some((at, header)) = scan.next()? {
            let indexed = offset.filter(|_| at == position);
            let misplaced = indexed.is_some_and(|entry| {
                let last = segment.base_offset + i64::from(entry.relative_offset);
                header.base_offset > last
            });
            let missing = since > self.config.index_interval_bytes || header.max_timestamp > newest;
            if misplaced || missing {
                return Ok(false);
            }
            since += header.size_bytes() as u64;
        }
        Ok(true)
    }

    /// Whether the list of aborted transactions can be what was written.
    pub(crate) fn txns_make_sense(&self, segment: &Segment) -> Result<bool, LogError> {
        let path = segment.txns.path();
        if !segment.txns.is_whole(&self.files).map_err(io_error("reading", path))? {
            return Ok(false);
        }
        let txns = segment.txns.all(&self.files).map_err(io_error("reading", path))?;
        let mut before = segment.base_offset - 1;
        Ok(txns.iter().all(|txn| {
            let later = std::mem::replace(&mut before, txn.last_offset) < txn.last_offset;
            later && txn.producer_id >= 0 && (0..=txn.last_offset).contains(&txn.first_offset)
        }))
    }
}

fn offsets_increase(entries: &[OffsetEntry]) -> bool {
    let rises = |pair: &[OffsetEntry]| match pair {
        [a, b] => a.relative_offset < b.relative_offset && a.position < b.position,
        _ => true,
    };
    entries
        .first()
        .is_none_or(|first| first.relative_offset >= 0 && first.position >= 0)
        && entries.windows(2).all(rises)
}

fn times_increase(entries: &[TimeEntry]) -> bool {
    let rises = |pair: &[TimeEntry]| match pair {
        [a, b] => a.timestamp < b.timestamp && a.relative_offset <= b.relative_offset,
        _ => true,
    };
    entries
        .first()
        .is_none_or(|first| first.relative_offset >= 0 && first.timestamp >= 0)
        && entries.windows(2).all(rises)
}
