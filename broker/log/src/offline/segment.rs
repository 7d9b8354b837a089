//! A segment, batch by batch.

use std::path::Path;

use protocol::records::{ATTRIBUTES_AT, BatchHeader, HEADER_BYTES, HeaderError};

use super::window::{WINDOW_BYTES, Window};
use super::{Fault, FaultKind};
use crate::disk::Disk;
use crate::error::LogError;

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
    least_offset: i64,
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
            least_offset: super::alongside::base_offset(path).unwrap_or(0),
            ended: false,
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
        if header.base_offset < self.least_offset {
            let (least, found) = (self.least_offset, header.base_offset);
            faults.push(FaultKind::OffsetOrder { least, found }.at(position));
        }
        let delta = header.last_offset_delta;
        if delta < 0 {
            faults.push(FaultKind::OffsetDelta { delta }.at(position));
        }
        if faults.is_empty() {
            self.least_offset = header.next_offset();
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

    /// The whole bytes of a batch that was walked.
    pub fn read(&self, batch: &WalkedBatch) -> Result<Vec<u8>, LogError> {
        self.window.read(batch.position, batch.header.size_bytes())
    }
}
