//! Files that are read whole, and snapshots of the metadata.

use std::path::Path;

use protocol::files::{
    EpochStart, FileError, ProducerSnapshotEntry, QuorumState, SnapshotId, names, parse_checkpoint,
    parse_leader_epochs, parse_partition_metadata, parse_producer_snapshot,
};
use protocol::messages::framing::ControlType;
use protocol::records::{Records, records_of};

use super::super::FaultKind;
use super::super::segment::{SegmentStep, SegmentWalk, WalkedBatch};
use super::finding::{Finding, Severity};
use super::{Left, PartitionFiles, SMALL_FILE_MAX_BYTES, VerifyOptions};
use crate::disk::Disk;
use crate::error::LogError;
use crate::index::{Entry as _, OffsetEntry};
use crate::segment::{file, io_error, offset_of};

/// Whether a file can be verified; segments and their indexes are another matter.
pub(super) fn is_known(name: &str) -> bool {
    let by_name = [names::LEADER_EPOCHS, names::PARTITION_METADATA, names::QUORUM_STATE];
    by_name.contains(&name) || offset_of(name, "snapshot").is_some() || SnapshotId::parse(name).is_some()
}

/// The first two epochs that are not in order.
pub(super) fn epoch_disorder(entries: &[EpochStart]) -> Option<FaultKind> {
    entries.windows(2).find_map(|pair| {
        let [before, after] = pair else { return None };
        let epochs = super::super::index::out_of_order("epoch", before.epoch.into(), after.epoch.into(), false);
        let (last, found) = (before.start_offset, after.start_offset);
        epochs.or_else(|| super::super::index::out_of_order("start offset", last, found, false))
    })
}

/// The offset behind a log's last batch, found from its last index entry on; none if the log's end is damaged.
pub fn log_end_offset(disk: &dyn Disk, files: &PartitionFiles) -> Result<Option<i64>, LogError> {
    let Some(base_offset) = files.segments.last().copied() else {
        return Ok(None);
    };
    let path = files.segment_path(base_offset);
    let from = last_indexed(disk, files, base_offset)?;
    match end_from(disk, &path, from, base_offset)? {
        // The index is wrong.
        End::NoBatch if from > 0 => Ok(end_from(disk, &path, 0, base_offset)?.offset()),
        end => Ok(end.offset()),
    }
}

/// What comes of a walk to the end of a segment.
enum End {
    Whole(i64),
    Damaged,
    /// It does not even start with one.
    NoBatch,
}

impl End {
    fn offset(&self) -> Option<i64> {
        match self {
            Self::Whole(offset) => Some(*offset),
            Self::Damaged | Self::NoBatch => None,
        }
    }
}

fn end_from(disk: &dyn Disk, path: &Path, from: u64, base_offset: i64) -> Result<End, LogError> {
    let mut walk = SegmentWalk::open_at(disk, path, from)?;
    let mut end = None;
    while let Some(step) = walk.next()? {
        match step {
            SegmentStep::Batch(batch) => end = Some(batch.header.next_offset()),
            SegmentStep::End(_) => return Ok(end.map_or(End::NoBatch, |_| End::Damaged)),
        }
    }
    Ok(End::Whole(end.unwrap_or(base_offset)))
}

/// Where the last entry of a segment's index points, 0 if it has none.
fn last_indexed(disk: &dyn Disk, files: &PartitionFiles, base_offset: i64) -> Result<u64, LogError> {
    let path = file(&files.dir, base_offset, "index");
    if !disk.exists(&path).map_err(io_error("looking for", &path))? {
        return Ok(0);
    }
    let opened = disk.open(&path, crate::disk::OpenMode::Read);
    let opened = opened.map_err(io_error("opening", &path))?;
    let len = disk.size(&files.segment_path(base_offset)).unwrap_or(0);
    let count = opened.len().map_err(io_error("reading", &path))? / OffsetEntry::BYTES as u64;
    // Entries that are in use come first; those that are not yet are zeros.
    let (mut low, mut high, mut found) = (0, count, 0);
    while low < high {
        let middle = low + (high - low) / 2;
        let mut bytes = [0; OffsetEntry::BYTES];
        let read = opened.read_at(&mut bytes, middle * OffsetEntry::BYTES as u64);
        read.map_err(io_error("reading", &path))?;
        let entry = OffsetEntry::read(&bytes);
        if entry.position > 0 && (entry.position as u64) < len {
            found = found.max(entry.position as u64);
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(found)
}

/// Verifies a file that is neither a segment nor an index.
pub fn verify_file(
    disk: &dyn Disk,
    files: &PartitionFiles,
    name: &str,
    options: &VerifyOptions,
) -> Result<Vec<Finding>, LogError> {
    let path = files.dir.join(name);
    let wrong = if SnapshotId::parse(name).is_some() || name == names::BOOTSTRAP_CHECKPOINT {
        snapshot(disk, &path)?
    } else {
        let bytes = disk
            .read(&path, SMALL_FILE_MAX_BYTES)
            .map_err(io_error("reading", &path))?;
        let end = if options.left == Left::InUse {
            None
        } else {
            log_end_offset(disk, files)?
        };
        let base_offset = files.segments.last().copied().unwrap_or(0);
        let kind = content(name, &bytes, end, base_offset).unwrap_or_else(|error| Some(unreadable(&error)));
        kind.map(|kind| (None, kind))
    };
    let is_ahead = matches!(wrong, Some((_, FaultKind::BeyondLog { .. })));
    let severity = match options.left {
        // The next start reads these from the log again.
        Left::Unclean if is_ahead => Severity::Warning,
        _ => Severity::Error,
    };
    let finding = wrong.map(|(position, kind)| Finding {
        path,
        position,
        offset: None,
        severity,
        kind,
        more: 0,
    });
    Ok(finding.into_iter().collect())
}

fn unreadable(error: &FileError) -> FaultKind {
    FaultKind::Content {
        what: error.to_string(),
    }
}

/// What is wrong with a small file of a log that ends there, in a segment that starts at `base_offset`.
fn content(name: &str, bytes: &[u8], end: Option<i64>, base_offset: i64) -> Result<Option<FaultKind>, FileError> {
    let text = String::from_utf8_lossy(bytes);
    let beyond = |what, offset: i64, end: i64| (offset > end).then_some(FaultKind::BeyondLog { what, offset, end });
    if let Some(taken_at) = offset_of(name, "snapshot") {
        let producers = parse_producer_snapshot(bytes)?;
        let late = producers.iter().find_map(|producer| ahead(producer, taken_at));
        return Ok(late.or_else(|| beyond("the snapshot's offset", taken_at, end?)));
    }
    match name {
        names::LEADER_EPOCHS => {
            let entries = parse_leader_epochs(&text)?;
            let Some(last) = entries.last() else {
                let is_short = end.is_some_and(|end| end > base_offset);
                let what = "it has no epoch, and the log has batches".to_owned();
                return Ok(is_short.then_some(FaultKind::Content { what }));
            };
            Ok(epoch_disorder(&entries).or_else(|| beyond("the start of the last epoch", last.start_offset, end?)))
        }
        names::PARTITION_METADATA => parse_partition_metadata(&text).map(|_| None),
        names::QUORUM_STATE => QuorumState::parse(&text).map(|_| None),
        names::RECOVERY_POINTS | names::LOG_START_OFFSETS | names::HIGH_WATERMARKS | names::CLEANER_OFFSETS => {
            parse_checkpoint(&text).map(|_| None)
        }
        _ => Ok(None),
    }
}

/// A snapshot tells of what was before it.
fn ahead(producer: &ProducerSnapshotEntry, taken_at: i64) -> Option<FaultKind> {
    let (offset, id) = (producer.last_offset, producer.producer_id);
    (offset >= taken_at).then(|| FaultKind::Content {
        what: format!("producer {id} is said to have written offset {offset}, and the snapshot is of {taken_at}"),
    })
}

/// A snapshot of the metadata is whole if its checksums hold and its footer is there.
fn snapshot(disk: &dyn Disk, path: &Path) -> Result<Option<(Option<u64>, FaultKind)>, LogError> {
    let mut walk = SegmentWalk::open(disk, path, true)?;
    let mut last: Option<WalkedBatch> = None;
    while let Some(step) = walk.next()? {
        match step {
            SegmentStep::Batch(batch) => {
                if let Some(fault) = batch.faults.first() {
                    return Ok(Some((Some(fault.position), fault.kind.clone())));
                }
                last = Some(batch);
            }
            SegmentStep::End(fault) => return Ok(Some((Some(fault.position), fault.kind))),
        }
    }
    let has_footer = match &last {
        Some(batch) if batch.header.is_control() => {
            let bytes = walk.read(batch)?;
            let unpacked = records_of(&batch.header, &bytes, SMALL_FILE_MAX_BYTES as usize).unwrap_or_default();
            let keys = Records::new(batch.header, &unpacked).filter_map(Result::ok);
            let last = keys.last().and_then(|record| record.key);
            ControlType::decode(last.unwrap_or_default()) == Ok(ControlType::SnapshotFooter)
        }
        _ => false,
    };
    Ok((!has_footer).then_some((Some(walk.size_bytes()), FaultKind::NoFooter)))
}
