//! A segment, batch by batch.

use std::borrow::Cow;
use std::path::Path;

use protocol::records::{ATTRIBUTES_AT, BatchHeader, HEADER_BYTES, HeaderError};

use super::window::{WINDOW_BYTES, Window};
use super::{Fault, FaultKind};
use crate::disk::Disk;
use crate::error::LogError;

/// How many times a file's size may be checked in the search for a batch behind damage.
const CHECKED_TIMES: u64 = 4;

/// One batch of a segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WalkedBatch {
    /// Where it starts.
    pub position: u64,
    /// Its header.
    pub header: BatchHeader,
    /// Whether its checksum holds; not known if it was not asked for.
    pub is_valid: Option<bool>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// What a walk comes upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SegmentStep {
    /// A batch, whole as to its length.
    Batch(WalkedBatch),
    /// No batch; the walk is over.
    End(Fault),
}

/// Walks the batches of a `.log` file or a snapshot.
#[derive(Debug)]
pub struct SegmentWalk {
    window: Window,
    checksums: bool,
    position: u64,
    /// None if the order of offsets is somebody else's business.
    least_offset: Option<i64>,
    ended: bool,
}

impl SegmentWalk {
    /// Walks the file at `path`; with `checksums` all of it is read, otherwise headers only. A name that is an offset
    /// says where the offsets start.
    pub fn open(disk: &dyn Disk, path: &Path, checksums: bool) -> Result<Self, LogError> {
        Ok(Self {
            window: Window::open(disk, path)?,
            checksums,
            position: 0,
            least_offset: Some(super::alongside::base_offset(path).unwrap_or(0)),
            ended: false,
        })
    }

    /// The same with checksums, and for whoever looks after the order of offsets.
    pub(super) fn open_unordered(disk: &dyn Disk, path: &Path) -> Result<Self, LogError> {
        let walk = Self::open(disk, path, true)?;
        Ok(Self {
            least_offset: None,
            ..walk
        })
    }

    /// Headers from this position on.
    pub(super) fn open_at(disk: &dyn Disk, path: &Path, position: u64) -> Result<Self, LogError> {
        let walk = Self::open(disk, path, false)?;
        Ok(Self {
            position,
            least_offset: None,
            ..walk
        })
    }

    /// Length of the file in bytes.
    pub fn size_bytes(&self) -> u64 {
        self.window.len()
    }

    /// The next batch, or the fault that ends the walk; none at the end.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator could not tell a failed disk from the end"
    )]
    pub fn next(&mut self) -> Result<Option<SegmentStep>, LogError> {
        let (position, len) = (self.position, self.window.len());
        if self.ended || position >= len {
            return Ok(None);
        }
        let left_bytes = len - position;
        let parsed = BatchHeader::parse(self.window.slice(position, HEADER_BYTES)?).and_then(|header| {
            if header.size_bytes() as u64 <= left_bytes {
                return Ok(header);
            }
            Err(HeaderError::Truncated {
                have: usize::try_from(left_bytes).unwrap_or(usize::MAX),
                need: header.size_bytes(),
            })
        });
        let header = match parsed {
            Ok(header) => header,
            Err(source) => {
                self.ended = true;
                let kind = if self.window.nonzero_from(position)?.is_none() {
                    FaultKind::ZeroTail { left_bytes }
                } else {
                    FaultKind::NoBatch { source, left_bytes }
                };
                return Ok(Some(SegmentStep::End(kind.at(position))));
            }
        };
        self.position += header.size_bytes() as u64;
        let mut faults = self.check_offsets(&header, position);
        let computed = if self.checksums {
            Some(self.checksum(position, header.size_bytes() as u64)?)
        } else {
            None
        };
        let stored = header.crc;
        faults.extend(
            computed
                .filter(|computed| *computed != stored)
                .map(|computed| FaultKind::Checksum { stored, computed }.at(position)),
        );
        Ok(Some(SegmentStep::Batch(WalkedBatch {
            position,
            header,
            is_valid: computed.map(|computed| computed == stored),
            faults,
        })))
    }

    /// Offsets only grow; compaction leaves gaps.
    fn check_offsets(&mut self, header: &BatchHeader, position: u64) -> Vec<Fault> {
        let mut faults = Vec::new();
        if let Some(least) = self.least_offset.filter(|least| header.base_offset < *least) {
            let found = header.base_offset;
            faults.push(FaultKind::OffsetOrder { least, found }.at(position));
        }
        let delta = header.last_offset_delta;
        if delta < 0 {
            faults.push(FaultKind::OffsetDelta { delta }.at(position));
        }
        if faults.is_empty() && self.least_offset.is_some() {
            self.least_offset = Some(header.next_offset());
        }
        faults
    }

    fn checksum(&mut self, position: u64, size_bytes: u64) -> Result<u32, LogError> {
        let end = position + size_bytes;
        let (mut at, mut crc) = (position + ATTRIBUTES_AT as u64, 0);
        while at < end {
            let wanted = (end - at).min(WINDOW_BYTES as u64) as usize;
            let bytes = self.window.slice(at, wanted)?;
            if bytes.is_empty() {
                // The file was cut while it was read; what is missing cannot match.
                break;
            }
            crc = crc32c::crc32c_append(crc, bytes);
            at += bytes.len() as u64;
        }
        Ok(crc)
    }

    /// Whether the next batch could start where the last one ended, or the file ends there.
    pub(super) fn goes_on(&mut self) -> Result<bool, LogError> {
        let (position, len) = (self.position, self.window.len());
        if position >= len {
            return Ok(true);
        }
        let header = BatchHeader::parse(self.window.slice(position, HEADER_BYTES)?);
        Ok(header.is_ok_and(|header| header.size_bytes() as u64 <= len - position))
    }

    /// Goes on at the first batch from `from` on that `fits` and whose checksum holds; where that is. What is checked
    /// on the way is bounded by the file's size, whatever its bytes say.
    pub(super) fn resume(
        &mut self,
        mut from: u64,
        fits: impl Fn(&BatchHeader) -> bool,
    ) -> Result<Option<u64>, LogError> {
        let len = self.window.len();
        let mut budget_bytes = len.saturating_mul(CHECKED_TIMES);
        while from + HEADER_BYTES as u64 <= len {
            let Some(at) = self.candidate(from)? else {
                from += (WINDOW_BYTES - HEADER_BYTES + 1) as u64;
                continue;
            };
            let header = BatchHeader::parse(self.window.slice(at, HEADER_BYTES)?);
            if let Ok(header) = header
                && header.size_bytes() as u64 <= len - at
                && fits(&header)
            {
                let size_bytes = header.size_bytes() as u64;
                if size_bytes > budget_bytes {
                    return Ok(None);
                }
                budget_bytes -= size_bytes;
                if self.checksum(at, size_bytes)? == header.crc {
                    (self.position, self.ended) = (at, false);
                    return Ok(Some(at));
                }
            }
            from = at + 1;
        }
        Ok(None)
    }

    /// The next position in the window from `from` on at which a header could start.
    fn candidate(&mut self, from: u64) -> Result<Option<u64>, LogError> {
        let bytes = self.window.slice(from, WINDOW_BYTES)?;
        let found = bytes
            .windows(HEADER_BYTES)
            .position(|bytes| BatchHeader::parse(bytes).is_ok());
        Ok(found.map(|at| from + at as u64))
    }

    /// The bytes of a batch that was walked, where possible without another copy.
    pub fn bytes(&mut self, batch: &WalkedBatch) -> Result<Cow<'_, [u8]>, LogError> {
        if batch.header.size_bytes() > WINDOW_BYTES {
            return self.read(batch).map(Cow::Owned);
        }
        let held = self.window.slice(batch.position, batch.header.size_bytes())?;
        Ok(Cow::Borrowed(held))
    }

    /// The whole bytes of a batch that was walked.
    pub fn read(&self, batch: &WalkedBatch) -> Result<Vec<u8>, LogError> {
        self.window.read(batch.position, batch.header.size_bytes())
    }
}
