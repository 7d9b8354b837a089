//! The indexes of a segment, entry by entry, checked against the segment where it is there.

use std::path::Path;

use super::alongside::{Alongside, base_offset, segment_of};
use super::window::{WINDOW_BYTES, Window};
use super::{Fault, FaultKind};
use crate::disk::Disk;
use crate::error::LogError;
use crate::index::{Entry, OffsetEntry, TimeEntry};
use crate::txn_index::AbortedTxn;

/// What a walk comes upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IndexStep<E> {
    /// An entry.
    Entry {
        /// Where it starts.
        position: u64,
        /// What it says.
        entry: E,
        /// What is wrong with it.
        faults: Vec<Fault>,
    },
    /// Zeros up to the end: Kafka sets an active segment's indexes up at their full size, and cuts them when it closes
    /// them.
    Unused {
        /// Where they start.
        position: u64,
        /// How many.
        left_bytes: u64,
    },
    /// Bytes that are no entry; the walk is over.
    End(Fault),
}

/// Where to start reading for an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OffsetIndexEntry {
    /// The offset.
    pub offset: i64,
    /// The position of its batch in the segment.
    pub position: u64,
}

/// No batch up to the offset has a greater timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeIndexEntry {
    /// The timestamp.
    pub timestamp: i64,
    /// The offset.
    pub offset: i64,
}

/// Entries of a fixed size.
#[derive(Debug)]
pub(super) struct Entries {
    window: Window,
    entry_bytes: usize,
    position: u64,
    /// A byte that is not zero, so that zeros are looked through once.
    nonzero_at: u64,
    /// How many zeros count as zeros to the end.
    zeros_max: u64,
}

/// Bytes of one entry, or what comes instead.
pub(super) enum Raw<'a> {
    Entry(u64, &'a [u8]),
    Unused(u64, u64),
    Partial(Fault),
}

impl Entries {
    pub(super) fn open(disk: &dyn Disk, path: &Path, entry_bytes: usize) -> Result<Self, LogError> {
        Ok(Self {
            window: Window::open(disk, path)?,
            entry_bytes,
            position: 0,
            nonzero_at: 0,
            zeros_max: u64::MAX,
        })
    }

    /// The same for whoever does not want to read ten megabytes of zeros for each index that is in use: so many are
    /// enough to tell.
    pub(super) fn open_hasty(disk: &dyn Disk, path: &Path, entry_bytes: usize) -> Result<Self, LogError> {
        let entries = Self::open(disk, path, entry_bytes)?;
        Ok(Self {
            zeros_max: WINDOW_BYTES as u64,
            ..entries
        })
    }

    pub(super) fn next(&mut self) -> Result<Option<Raw<'_>>, LogError> {
        let position = self.position;
        let left_bytes = self.window.len().saturating_sub(position);
        if left_bytes == 0 {
            return Ok(None);
        }
        if self.nonzero_at <= position {
            match self.window.nonzero_within(position, self.zeros_max)? {
                Some(nonzero_at) => self.nonzero_at = nonzero_at,
                None => {
                    self.position = self.window.len();
                    return Ok(Some(Raw::Unused(position, left_bytes)));
                }
            }
        }
        self.position += self.entry_bytes as u64;
        let bytes = self.window.slice(position, self.entry_bytes)?;
        if bytes.len() < self.entry_bytes {
            self.position = u64::MAX;
            return Ok(Some(Raw::Partial(FaultKind::PartialEntry { left_bytes }.at(position))));
        }
        Ok(Some(Raw::Entry(position, bytes)))
    }
}

/// The order of two neighbours.
pub(super) fn out_of_order(what: &'static str, last: i64, found: i64, may_repeat: bool) -> Option<FaultKind> {
    (found < last || (found == last && !may_repeat)).then_some(FaultKind::EntryOrder { what, last, found })
}

/// Walks an `.index`.
#[derive(Debug)]
pub struct OffsetIndexWalk {
    entries: Entries,
    base_offset: i64,
    last: Option<OffsetIndexEntry>,
    alongside: Alongside,
}

impl OffsetIndexWalk {
    /// Walks the file at `path`; entries are checked against the segment beside it.
    pub fn open(disk: &dyn Disk, path: &Path) -> Result<Self, LogError> {
        Ok(Self {
            entries: Entries::open(disk, path, OffsetEntry::BYTES)?,
            base_offset: base_offset(path).unwrap_or(0),
            last: None,
            alongside: Alongside::new(segment_of(disk, path, ".index")?),
        })
    }

    /// Walks the file alone: its entries are only compared with each other.
    pub fn open_alone(disk: &dyn Disk, path: &Path) -> Result<Self, LogError> {
        Ok(Self {
            entries: Entries::open(disk, path, OffsetEntry::BYTES)?,
            base_offset: base_offset(path).unwrap_or(0),
            last: None,
            alongside: Alongside::new(None),
        })
    }

    /// Whether there is a segment to check against.
    pub fn has_segment(&self) -> bool {
        self.alongside.segment.is_some()
    }

    /// The next entry.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not tell a failed disk from the end"
    )]
    pub fn next(&mut self) -> Result<Option<IndexStep<OffsetIndexEntry>>, LogError> {
        let (position, entry) = match self.entries.next()? {
            None => return Ok(None),
            Some(Raw::Unused(position, left_bytes)) => return Ok(Some(IndexStep::Unused { position, left_bytes })),
            Some(Raw::Partial(fault)) => return Ok(Some(IndexStep::End(fault))),
            Some(Raw::Entry(position, bytes)) => (position, OffsetEntry::read(bytes)),
        };
        let entry = OffsetIndexEntry {
            offset: self.base_offset.saturating_add(i64::from(entry.relative_offset)),
            // A position is written as the signed number that Java has.
            position: u64::from(entry.position.cast_unsigned()),
        };
        let faults = self.check(entry)?;
        self.last = Some(entry);
        Ok(Some(IndexStep::Entry {
            position,
            entry,
            faults: faults.into_iter().map(|kind| kind.at(position)).collect(),
        }))
    }

    /// What readers rely on: they find the entry at or below an offset and read on from its batch. Brokers before 4.0
    /// wrote the last offset of all batches they appended at once, so it may lie behind the batch it points to.
    fn check(&mut self, entry: OffsetIndexEntry) -> Result<Vec<FaultKind>, LogError> {
        let mut faults = Vec::new();
        if let Some(last) = self.last {
            faults.extend(out_of_order("offset", last.offset, entry.offset, false));
            faults.extend(out_of_order(
                "position",
                last.position.cast_signed(),
                entry.position.cast_signed(),
                false,
            ));
        }
        let target = entry.position;
        let whole = self
            .alongside
            .walk_while(|reached| reached.batch.is_none_or(|(at, _)| at < target))?;
        if whole {
            match self.alongside.reached.batch {
                Some((at, base_offset)) if at == target => {
                    let past = FaultKind::PastOffset {
                        offset: entry.offset,
                        target,
                        base_offset,
                    };
                    faults.extend((base_offset > entry.offset).then_some(past));
                }
                // An entry out of order is behind what was walked already.
                _ if faults.is_empty() => faults.push(FaultKind::NotABatch {
                    offset: entry.offset,
                    target,
                }),
                _ => {}
            }
        } else {
            faults.extend(self.alongside.damage());
        }
        Ok(faults)
    }
}

/// Walks a `.timeindex`.
#[derive(Debug)]
pub struct TimeIndexWalk {
    entries: Entries,
    base_offset: i64,
    last: Option<TimeIndexEntry>,
    alongside: Alongside,
}

impl TimeIndexWalk {
    /// Walks the file at `path`; entries are checked against the segment beside it.
    pub fn open(disk: &dyn Disk, path: &Path) -> Result<Self, LogError> {
        Ok(Self {
            entries: Entries::open(disk, path, TimeEntry::BYTES)?,
            base_offset: base_offset(path).unwrap_or(0),
            last: None,
            alongside: Alongside::new(segment_of(disk, path, ".timeindex")?),
        })
    }

    /// Walks the file alone: its entries are only compared with each other.
    pub fn open_alone(disk: &dyn Disk, path: &Path) -> Result<Self, LogError> {
        Ok(Self {
            entries: Entries::open(disk, path, TimeEntry::BYTES)?,
            base_offset: base_offset(path).unwrap_or(0),
            last: None,
            alongside: Alongside::new(None),
        })
    }

    /// Whether there is a segment to check against.
    pub fn has_segment(&self) -> bool {
        self.alongside.segment.is_some()
    }

    /// The next entry.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not tell a failed disk from the end"
    )]
    pub fn next(&mut self) -> Result<Option<IndexStep<TimeIndexEntry>>, LogError> {
        let (position, entry) = match self.entries.next()? {
            None => return Ok(None),
            Some(Raw::Unused(position, left_bytes)) => return Ok(Some(IndexStep::Unused { position, left_bytes })),
            Some(Raw::Partial(fault)) => return Ok(Some(IndexStep::End(fault))),
            Some(Raw::Entry(position, bytes)) => (position, TimeEntry::read(bytes)),
        };
        let entry = TimeIndexEntry {
            timestamp: entry.timestamp,
            offset: self.base_offset.saturating_add(i64::from(entry.relative_offset)),
        };
        let faults = self.check(entry)?;
        self.last = Some(entry);
        Ok(Some(IndexStep::Entry {
            position,
            entry,
            faults: faults.into_iter().map(|kind| kind.at(position)).collect(),
        }))
    }

    /// What lookups by time rely on: they skip everything up to the entry whose timestamp is smaller than asked for.
    fn check(&mut self, entry: TimeIndexEntry) -> Result<Vec<FaultKind>, LogError> {
        let TimeIndexEntry { timestamp, offset } = entry;
        let mut faults = Vec::new();
        if let Some(last) = self.last {
            faults.extend(out_of_order("timestamp", last.timestamp, timestamp, false));
            faults.extend(out_of_order("offset", last.offset, offset, true));
        }
        let ordered = faults.is_empty();
        let whole = self.alongside.walk_while(|reached| reached.next_offset <= offset)?;
        let reached = &self.alongside.reached;
        if !whole {
            faults.extend(self.alongside.damage());
        } else if offset < self.base_offset || (reached.next_offset <= offset && reached.batch.is_some()) {
            let (first, last) = (self.base_offset, reached.next_offset - 1);
            faults.push(FaultKind::BeyondSegment { offset, first, last });
        } else if ordered && reached.max_timestamp > timestamp {
            let (indexed, found) = (timestamp, reached.max_timestamp);
            faults.push(FaultKind::LaterTimestamp { offset, indexed, found });
        }
        Ok(faults)
    }
}

/// Walks a `.txnindex`.
#[derive(Debug)]
pub struct TxnIndexWalk {
    entries: Entries,
    last: Option<AbortedTxn>,
}

impl TxnIndexWalk {
    /// Walks the file at `path`.
    pub fn open(disk: &dyn Disk, path: &Path) -> Result<Self, LogError> {
        Ok(Self {
            entries: Entries::open(disk, path, AbortedTxn::BYTES)?,
            last: None,
        })
    }

    /// The next entry.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not tell a failed disk from the end"
    )]
    pub fn next(&mut self) -> Result<Option<IndexStep<AbortedTxn>>, LogError> {
        let (position, version, entry) = match self.entries.next()? {
            None => return Ok(None),
            Some(Raw::Unused(position, left_bytes)) => return Ok(Some(IndexStep::Unused { position, left_bytes })),
            Some(Raw::Partial(fault)) => return Ok(Some(IndexStep::End(fault))),
            Some(Raw::Entry(position, bytes)) => {
                let version = bytes.first_chunk().map_or(0, |bytes| i16::from_be_bytes(*bytes));
                (position, version, AbortedTxn::from_bytes(bytes))
            }
        };
        let mut faults = Vec::new();
        if version != 0 {
            faults.push(FaultKind::Version { version }.at(position));
        }
        let (producer_id, first, last) = (entry.producer_id, entry.first_offset, entry.last_offset);
        if last < first {
            faults.push(
                FaultKind::TransactionBounds {
                    producer_id,
                    first,
                    last,
                }
                .at(position),
            );
        }
        let disorder = self
            .last
            .and_then(|before| out_of_order("last offset", before.last_offset, last, false));
        faults.extend(disorder.map(|kind| kind.at(position)));
        self.last = Some(entry);
        Ok(Some(IndexStep::Entry {
            position,
            entry,
            faults,
        }))
    }
}
