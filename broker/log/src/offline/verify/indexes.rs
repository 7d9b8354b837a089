//! The three indexes of a segment, followed while its batches are read. An entry that is wrong does not hide those behind
//! it: where the second one fits the batch at hand, the first is the wrong one.

use std::path::{Path, PathBuf};

use protocol::records::BatchHeader;

use super::super::FaultKind;
use super::super::index::out_of_order;
use super::cursor::Cursor;
use super::finding::{Finding, Severity};
use crate::disk::Disk;
use crate::error::LogError;
use crate::index::{Entry as _, OffsetEntry, TimeEntry};
use crate::segment::{file, io_error};
use crate::txn_index::AbortedTxn;

/// A batch as indexes see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shown {
    pub(super) position: u64,
    pub(super) header: BatchHeader,
    /// Whether its checksum holds and its offsets are in order.
    pub(super) is_sound: bool,
    /// Whether it marks the end of an aborted transaction.
    pub(super) is_abort: bool,
}

/// Where a segment ends, and how it is looked upon.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    pub(super) next_offset: i64,
    /// No other segment follows.
    pub(super) is_last: bool,
    /// Entries that point beyond the end say nothing: the end is damaged, or being written.
    pub(super) is_open: bool,
    /// Zeros at the end are space to be filled.
    pub(super) is_active: bool,
    pub(super) severity: Severity,
}

/// The index of one kind: none if it is not there.
#[derive(Debug)]
struct Index<E> {
    path: PathBuf,
    cursor: Option<Cursor<E>>,
}

impl<E: Copy> Index<E> {
    fn open(disk: &dyn Disk, path: PathBuf, entry_bytes: usize, read: fn(&[u8]) -> E) -> Result<Self, LogError> {
        let is_there = disk.exists(&path).map_err(io_error("looking for", &path))?;
        let cursor = if is_there {
            Some(Cursor::open(disk, &path, entry_bytes, read)?)
        } else {
            None
        };
        Ok(Self { path, cursor })
    }

    /// What was wrong with it; `left` judges entries that no batch came for.
    fn end(self, ending: Ending, left: impl Fn(E) -> (i64, Option<FaultKind>)) -> Result<Option<Finding>, LogError> {
        let Some(mut cursor) = self.cursor else {
            return Ok(None);
        };
        while let Some((at, entry)) = cursor.take()? {
            let (offset, kind) = left(entry);
            if let Some(kind) = kind.filter(|_| !ending.is_open) {
                cursor.faults.push(at, Some(offset), kind);
            }
        }
        if let Some((position, left_bytes)) = cursor.unused.filter(|_| !ending.is_active) {
            let kind = FaultKind::UnusedSpace { left_bytes };
            cursor.faults.push(position, None, kind);
        }
        Ok(cursor.faults.finding(self.path, ending.severity))
    }

    fn missing(&self, base_offset: i64) -> Option<Finding> {
        self.cursor.is_none().then(|| Finding {
            path: self.path.clone(),
            position: None,
            offset: Some(base_offset),
            severity: Severity::Warning,
            kind: FaultKind::MissingIndex,
            more: 0,
        })
    }
}

/// The indexes of a segment.
#[derive(Debug)]
pub(super) struct Indexes {
    base_offset: i64,
    len: u64,
    offsets: Index<OffsetEntry>,
    times: Index<TimeEntry>,
    txns: Index<(i16, AbortedTxn)>,
    last_offset: Option<OffsetEntry>,
    last_time: Option<TimeEntry>,
    last_txn: Option<i64>,
    max_timestamp: i64,
    /// Not all batches up to here were sound, so their timestamps are not known.
    is_partial: bool,
    /// Bytes that are no batches.
    hidden: Option<(u64, u64)>,
}

fn txn(bytes: &[u8]) -> (i16, AbortedTxn) {
    let version = bytes.first_chunk().map_or(0, |bytes| i16::from_be_bytes(*bytes));
    (version, AbortedTxn::from_bytes(bytes))
}

impl Indexes {
    pub(super) fn open(disk: &dyn Disk, dir: &Path, base_offset: i64, len: u64) -> Result<Self, LogError> {
        let [offsets, times, txns] = ["index", "timeindex", "txnindex"].map(|suffix| file(dir, base_offset, suffix));
        Ok(Self {
            base_offset,
            len,
            offsets: Index::open(disk, offsets, OffsetEntry::BYTES, OffsetEntry::read)?,
            times: Index::open(disk, times, TimeEntry::BYTES, TimeEntry::read)?,
            txns: Index::open(disk, txns, AbortedTxn::BYTES, txn)?,
            last_offset: None,
            last_time: None,
            last_txn: None,
            max_timestamp: -1,
            is_partial: false,
            hidden: None,
        })
    }

    /// Bytes that are no batch lie from `from` to `to`.
    pub(super) fn hide(&mut self, from: u64, to: u64) {
        self.hidden = Some((from, to));
        self.is_partial = true;
    }

    /// Follows a batch.
    pub(super) fn see(&mut self, seen: &Shown) -> Result<(), LogError> {
        self.see_position(seen)?;
        if seen.is_sound {
            // Entries of a batch before that was not sound.
            self.see_times(seen.header.base_offset)?;
            self.max_timestamp = self.max_timestamp.max(seen.header.max_timestamp);
            self.see_times(seen.header.next_offset())?;
            self.see_txn(seen)?;
        } else {
            self.is_partial = true;
        }
        Ok(())
    }

    /// The entries up to this batch point to where batches start, and not to later ones than they say.
    fn see_position(&mut self, seen: &Shown) -> Result<(), LogError> {
        let (base_offset, hidden) = (self.base_offset, self.hidden);
        let target = |entry: OffsetEntry| u64::from(entry.position.cast_unsigned());
        let Some(cursor) = &mut self.offsets.cursor else {
            return Ok(());
        };
        while let Some((at, entry)) = cursor.peek() {
            let order = self.last_offset.and_then(|last| disorder(last, entry));
            let fits_second = cursor.second().is_some_and(|next| {
                target(next) == seen.position && self.last_offset.is_none_or(|last| disorder(last, next).is_none())
            });
            if target(entry) > seen.position && !fits_second {
                return Ok(());
            }
            cursor.take()?;
            let offset = base_offset.saturating_add(entry.key());
            let target = target(entry);
            let is_hidden = hidden.is_some_and(|(from, to)| (from..to).contains(&target));
            let kind = if target != seen.position {
                order.or_else(|| (!is_hidden).then_some(FaultKind::NotABatch { offset, target }))
            } else {
                let base_offset = seen.header.base_offset;
                order.or_else(|| {
                    (seen.is_sound && base_offset > offset).then_some(FaultKind::PastOffset {
                        offset,
                        target,
                        base_offset,
                    })
                })
            };
            match kind {
                Some(kind) => cursor.faults.push(at, Some(offset), kind),
                None => self.last_offset = Some(entry),
            }
        }
        Ok(())
    }

    /// The entries below an offset have the greatest timestamp so far.
    fn see_times(&mut self, next_offset: i64) -> Result<(), LogError> {
        let (base_offset, max_timestamp, is_partial) = (self.base_offset, self.max_timestamp, self.is_partial);
        let offset_of = |entry: TimeEntry| base_offset.saturating_add(i64::from(entry.relative_offset));
        let Some(cursor) = &mut self.times.cursor else {
            return Ok(());
        };
        while let Some((at, entry)) = cursor.peek() {
            let (offset, indexed) = (offset_of(entry), entry.timestamp);
            let is_reached = |entry| offset_of(entry) < next_offset;
            let fits_second = cursor.second().is_some_and(|next| {
                is_reached(next) && next.timestamp == max_timestamp && next.relative_offset < entry.relative_offset
            });
            if !is_reached(entry) && !fits_second {
                return Ok(());
            }
            cursor.take()?;
            let order = self.last_time.and_then(|last| {
                let times = out_of_order("timestamp", last.timestamp, indexed, false);
                times.or_else(|| out_of_order("offset", offset_of(last), offset, true))
            });
            let kind = order.or_else(|| {
                if !is_reached(entry) {
                    let (last, found) = (offset, cursor.peek().map_or(offset, |(_, next)| offset_of(next)));
                    out_of_order("offset", last, found, true)
                } else if max_timestamp > indexed {
                    let found = max_timestamp;
                    Some(FaultKind::LaterTimestamp { offset, indexed, found })
                } else {
                    (max_timestamp < indexed && !is_partial).then_some(FaultKind::NoSuchTimestamp { offset, indexed })
                }
            });
            match kind {
                Some(kind) => cursor.faults.push(at, Some(offset), kind),
                None => self.last_time = Some(entry),
            }
        }
        Ok(())
    }

    /// The aborted transactions that end up to this batch have their markers.
    fn see_txn(&mut self, seen: &Shown) -> Result<(), LogError> {
        let is_partial = self.is_partial;
        let Some(cursor) = &mut self.txns.cursor else {
            return Ok(());
        };
        while let Some((at, (version, txn))) = cursor.peek() {
            let is_marker = |txn: &AbortedTxn| {
                seen.is_abort
                    && seen.header.producer_id == txn.producer_id
                    && seen.header.base_offset == txn.last_offset
            };
            let fits_second = cursor.second().is_some_and(|(_, next)| is_marker(&next));
            if txn.last_offset > seen.header.last_offset() && !fits_second {
                return Ok(());
            }
            cursor.take()?;
            let (producer_id, offset) = (txn.producer_id, txn.last_offset);
            let order = self
                .last_txn
                .and_then(|last| out_of_order("last offset", last, offset, false));
            let kind = (version != 0)
                .then_some(FaultKind::Version { version })
                .or(order)
                .or_else(|| bounds(&txn))
                .or_else(|| {
                    let is_lost = !is_marker(&txn) && !is_partial;
                    is_lost.then_some(FaultKind::NoMarker { producer_id, offset })
                });
            match kind {
                Some(kind) => cursor.faults.push(at, Some(offset), kind),
                None => self.last_txn = Some(offset),
            }
        }
        Ok(())
    }

    /// What is left points to what the segment does not have.
    pub(super) fn end(self, ending: Ending) -> Result<Vec<Finding>, LogError> {
        let (base_offset, len, last) = (self.base_offset, self.len, ending.next_offset - 1);
        let first = base_offset;
        let beyond = |offset| FaultKind::BeyondSegment { offset, first, last };
        let missing = [self.offsets.missing(base_offset), self.times.missing(base_offset)];
        let offsets = self.offsets.end(ending, |entry| {
            let offset = base_offset.saturating_add(entry.key());
            let target = u64::from(entry.position.cast_unsigned());
            let inside = FaultKind::NotABatch { offset, target };
            (offset, Some(if target < len { inside } else { beyond(offset) }))
        })?;
        let times = self.times.end(ending, |entry| {
            let offset = base_offset.saturating_add(i64::from(entry.relative_offset));
            // Of a segment without a batch the time index may have its base offset.
            let is_of_empty = len == 0 && offset == base_offset;
            (offset, (!is_of_empty).then(|| beyond(offset)))
        })?;
        // Compaction leaves an aborted transaction with its records, which may be a segment ahead of its marker.
        let txns = self.txns.end(ending, |(_, txn)| {
            let offset = txn.last_offset;
            (offset, ending.is_last.then(|| beyond(offset)))
        })?;
        Ok(missing.into_iter().chain([offsets, times, txns]).flatten().collect())
    }
}

/// Of two entries for offsets.
fn disorder(last: OffsetEntry, entry: OffsetEntry) -> Option<FaultKind> {
    let offsets = out_of_order("offset", last.key(), entry.key(), false);
    let (last, found) = (i64::from(last.position), i64::from(entry.position));
    offsets.or_else(|| out_of_order("position", last, found, false))
}

fn bounds(txn: &AbortedTxn) -> Option<FaultKind> {
    let (producer_id, first, last) = (txn.producer_id, txn.first_offset, txn.last_offset);
    (first < 0 || last < first || producer_id < 0).then_some(FaultKind::TransactionBounds {
        producer_id,
        first,
        last,
    })
}
