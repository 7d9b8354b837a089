//! A segment walked beside its index.

use std::path::{Path, PathBuf};

use super::FaultKind;
use super::segment::{SegmentStep, SegmentWalk};
use crate::disk::Disk;
use crate::error::LogError;
use crate::segment::io_error;

/// The offset a file's name starts with.
pub(super) fn base_offset(path: &Path) -> Option<i64> {
    let name = path.file_name()?.to_str()?;
    let digits = name
        .get(..20)
        .filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()))?;
    // Of snapshots the name tells where they end.
    (name.as_bytes().get(20) == Some(&b'.')).then(|| digits.parse().ok())?
}

/// The segment an index belongs to, if it is there.
pub(super) fn segment_of(disk: &dyn Disk, path: &Path, suffix: &str) -> Result<Option<SegmentWalk>, LogError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let segment: PathBuf = path.with_file_name(name.replacen(suffix, ".log", 1));
    if disk.exists(&segment).map_err(io_error("looking for", &segment))? {
        SegmentWalk::open(disk, &segment, false).map(Some)
    } else {
        Ok(None)
    }
}

/// How far the segment was walked.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// Start and base offset of the last batch.
    pub(super) batch: Option<(u64, i64)>,
    /// The offset behind it.
    pub(super) next_offset: i64,
    /// The greatest timestamp up to it.
    pub(super) max_timestamp: i64,
    /// Where the segment cannot be read on.
    damaged_at: Option<u64>,
    ended: bool,
}

/// An entry that was checked against its segment.
#[derive(Debug)]
pub(super) struct Alongside {
    pub(super) segment: Option<SegmentWalk>,
    pub(super) reached: Reached,
}

impl Alongside {
    pub(super) fn new(segment: Option<SegmentWalk>) -> Self {
        Self {
            segment,
            reached: Reached {
                max_timestamp: -1,
                ..Reached::default()
            },
        }
    }

    /// Walks on while `more` holds of what was reached; whether there is a segment at all, and whole so far.
    pub(super) fn walk_while(&mut self, more: impl Fn(&Reached) -> bool) -> Result<bool, LogError> {
        let Some(segment) = &mut self.segment else {
            return Ok(false);
        };
        while !self.reached.ended && more(&self.reached) {
            match segment.next()? {
                Some(SegmentStep::Batch(batch)) => {
                    self.reached.batch = Some((batch.position, batch.header.base_offset));
                    self.reached.next_offset = batch.header.next_offset();
                    self.reached.max_timestamp = self.reached.max_timestamp.max(batch.header.max_timestamp);
                }
                Some(SegmentStep::End(fault)) => {
                    self.reached.ended = true;
                    self.reached.damaged_at = Some(fault.position);
                }
                None => self.reached.ended = true,
            }
        }
        Ok(self.reached.damaged_at.is_none())
    }

    /// The fault of a segment that ended too soon, once.
    pub(super) fn damage(&mut self) -> Option<FaultKind> {
        let damaged_at = self.reached.damaged_at.take()?;
        self.segment = None;
        Some(FaultKind::SegmentDamaged { damaged_at })
    }
}
