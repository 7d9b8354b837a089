//! The log of `__cluster_metadata-0` and its snapshots.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use broker_log::disk::Disk;
use broker_log::{Log, LogConfig, LogContext, OpenOptions, Origin, gather};
use bytes::Bytes;
use protocol::files::{SnapshotId, names};
use protocol::records::{BatchHeader, Batches, RecordError};

use super::RaftError;
use super::snapshots::{self, Kept, Retention};
use super::state_files::{self, read_snapshot};

/// Bytes of batches read at a time.
const READ_MAX_BYTES: usize = 1 << 20;

/// Where a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Position {
    /// Its log is the front of this one.
    Valid,
    /// Both have this epoch up to this offset at most.
    Diverging(i32, i64),
    /// This log starts later; the snapshot has what comes before.
    Snapshot(SnapshotId),
}

/// The log and its snapshots.
#[derive(Debug)]
pub(super) struct MetadataLog {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    log: Log,
    /// Oldest first.
    snapshots: Vec<Kept>,
}

impl MetadataLog {
    /// Opens it; a log that a snapshot has overtaken starts at the snapshot.
    pub(super) fn open(context: &LogContext, metadata_dir: &Path, clean: bool) -> Result<Self, RaftError> {
        let disk = Arc::clone(context.files.disk());
        let dir = metadata_dir.join(names::METADATA_LOG);
        let config = LogConfig {
            retention_ms: None,
            message_max_bytes: 8 << 20,
            ..LogConfig::default()
        };
        let options = OpenOptions {
            clean,
            ..OpenOptions::default()
        };
        let (log, report) = Log::open(context, &dir, Arc::new(config), options)?;
        if let Some(cut) = &report.truncated {
            tracing::warn!(
                path = %cut.path.display(), position = cut.position, cut_bytes = cut.cut_bytes, reason = cut.reason,
                "cut the end of the metadata log, which was not whole"
            );
        }
        if !report.rebuilt.is_empty() {
            let segments = report.rebuilt.len();
            tracing::info!(
                segments,
                "checked segments of the metadata log and rebuilt their indexes"
            );
        }
        state_files::ensure_partition_metadata(disk.as_ref(), &dir)?;
        let snapshots = snapshots::find(disk.as_ref(), &dir)?;
        let mut opened = Self {
            disk,
            dir,
            log,
            snapshots,
        };
        let end_offset = opened.log.log_end_offset();
        if let Some(id) = opened.latest_snapshot().filter(|id| id.end_offset > end_offset) {
            opened.log.truncate_fully_and_start_at(id.end_offset)?;
        }
        Ok(opened)
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        self.disk.as_ref()
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(super) fn start_offset(&self) -> i64 {
        self.log.log_start_offset()
    }

    pub(super) fn end_offset(&self) -> i64 {
        self.log.log_end_offset()
    }

    pub(super) fn synced_offset(&self) -> i64 {
        self.log.recovery_point()
    }

    pub(super) fn latest_snapshot(&self) -> Option<SnapshotId> {
        self.snapshots.last().map(|snapshot| snapshot.id)
    }

    /// Part of a snapshot, and how many bytes it has; none if there is no such snapshot.
    pub(super) fn piece_of(&self, id: SnapshotId, from: u64, max: usize) -> Result<Option<(Bytes, u64)>, RaftError> {
        let snapshot = self.snapshots.iter().find(|snapshot| snapshot.id == id);
        let piece = snapshot.map(|snapshot| snapshot.piece(self.disk.as_ref(), &self.dir, from, max));
        piece.transpose()
    }

    pub(super) fn read_snapshot(&self, id: SnapshotId) -> Result<Vec<u8>, RaftError> {
        read_snapshot(self.disk.as_ref(), &self.dir, id)
    }

    /// Epoch of the last record; 0 for none.
    pub(super) fn last_epoch(&self) -> i32 {
        let of_snapshot = self.latest_snapshot().map_or(0, |id| id.epoch);
        self.log.epochs().latest().unwrap_or(of_snapshot)
    }

    /// Epoch of the record before an offset, if it is known.
    pub(super) fn epoch_before(&self, offset: i64) -> Option<i32> {
        if let Some(snapshot) = self.snapshots.iter().find(|snapshot| snapshot.id.end_offset == offset) {
            return Some(snapshot.id.epoch);
        }
        self.log.epochs().epoch_of(offset - 1)
    }

    /// The greatest epoch up to `epoch`, and where it ends.
    pub(super) fn end_offset_for_epoch(&self, epoch: i32) -> (i32, i64) {
        let Some((found, end_offset)) = self.log.end_offset_for_epoch(epoch) else {
            return (self.last_epoch(), self.end_offset());
        };
        match self.snapshots.first().map(|snapshot| snapshot.id) {
            // The epoch is older than all in the log: what the snapshot ends with is the closest known.
            Some(earliest) if end_offset == earliest.end_offset && found == epoch => {
                (earliest.epoch, earliest.end_offset)
            }
            _ => (found, end_offset),
        }
    }

    /// How a log that ends at `offset`, its last record of `epoch`, stands to this one.
    pub(super) fn position_of(&self, offset: i64, epoch: i32) -> Position {
        let start = self.start_offset();
        if start == 0 && offset == 0 && epoch == 0 {
            return Position::Valid;
        }
        let earliest = self.snapshots.first().map(|snapshot| snapshot.id);
        if let (Some(earliest), Some(latest)) = (earliest, self.latest_snapshot()) {
            let at_its_end = offset == start && start == earliest.end_offset && epoch != earliest.epoch;
            if start > 0 && (offset < start || at_its_end || epoch < earliest.epoch) {
                return Position::Snapshot(latest);
            }
        }
        let (found, end_offset) = self.end_offset_for_epoch(epoch);
        if found != epoch || end_offset < offset {
            Position::Diverging(found, end_offset)
        } else {
            Position::Valid
        }
    }

    /// Batches from `offset` on, some at a time.
    pub(super) fn read(&self, offset: i64, end_offset: i64) -> Result<Bytes, RaftError> {
        let slices = self.log.read(offset, end_offset, READ_MAX_BYTES, true)?;
        gather(slices).map_err(|error| self.failed(&error))
    }

    /// Appends a batch of this node's own; the offset of its last record.
    pub(super) fn append_as_leader(&mut self, batch: &Bytes, epoch: i32, now_ms: i64) -> Result<i64, RaftError> {
        let appended = self.log.append_as_leader(batch, epoch, Origin::Coordinator, now_ms)?;
        Ok(appended.last_offset)
    }

    /// Appends a leader's batches as they are.
    pub(super) fn append_as_follower(&mut self, batches: &Bytes, now_ms: i64) -> Result<(), RaftError> {
        Ok(self.log.append_as_follower(batches, now_ms)?)
    }

    /// Makes all of it durable; the first offset that is not.
    pub(super) fn flush(&mut self) -> Result<i64, RaftError> {
        self.log.flush()?;
        Ok(self.log.recovery_point())
    }

    pub(super) fn set_high_watermark(&mut self, offset: i64) {
        self.log.set_high_watermark(offset);
    }

    pub(super) fn truncate_to(&mut self, offset: i64) -> Result<(), RaftError> {
        Ok(self.log.truncate_to(offset)?)
    }

    /// Keeps a snapshot. The log starts after it if it did not reach so far.
    pub(super) fn store_snapshot(&mut self, id: SnapshotId, bytes: &[u8]) -> Result<(), RaftError> {
        let path = self.dir.join(id.file_name());
        let stored = self.disk.write_atomic(&path, bytes);
        stored.map_err(|error| self.failed(&error))?;
        self.snapshots.retain(|snapshot| snapshot.id != id);
        self.snapshots.push(Kept::new(id, bytes));
        self.snapshots.sort_unstable_by_key(|snapshot| snapshot.id);
        if id.end_offset > self.log.log_end_offset() {
            self.log.truncate_fully_and_start_at(id.end_offset)?;
        }
        Ok(())
    }

    /// Puts a snapshot in the place of the log, whatever that holds.
    pub(super) fn replace_by_snapshot(&mut self, id: SnapshotId, bytes: &[u8]) -> Result<(), RaftError> {
        self.store_snapshot(id, bytes)?;
        if self.log.log_end_offset() != id.end_offset || self.log.log_start_offset() != id.end_offset {
            self.log.truncate_fully_and_start_at(id.end_offset)?;
        }
        self.start_at(id)
    }

    /// Drops snapshots, and the log below the first that stays, as the retention says; whether there were any.
    pub(super) fn clean(&mut self, retention: &Retention, now_ms: i64) -> Result<bool, RaftError> {
        let start = snapshots::new_start(&self.snapshots, self.log.size_bytes(), retention, now_ms);
        start.map_or(Ok(()), |id| self.start_at(id))?;
        Ok(start.is_some())
    }

    /// Drops the log below a snapshot, and the snapshots before it.
    fn start_at(&mut self, id: SnapshotId) -> Result<(), RaftError> {
        let removed = self.log.remove_before(id.end_offset)?;
        for path in removed.files {
            self.disk.remove_file(&path).map_err(|error| self.failed(&error))?;
        }
        let (old, kept) = self.snapshots.iter().partition(|snapshot| snapshot.id < id);
        self.snapshots = kept;
        let old: Vec<Kept> = old;
        for snapshot in old {
            let path = self.dir.join(snapshot.id.file_name());
            self.disk.remove_file(&path).map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.log.size_bytes()
    }

    pub(super) fn close(&mut self) -> Result<(), RaftError> {
        Ok(self.log.close()?)
    }

    pub(super) fn failed(&self, error: &dyn std::fmt::Display) -> RaftError {
        RaftError::File {
            path: self.dir.clone(),
            reason: error.to_string(),
        }
    }
}

type Found<'a> = Vec<(BatchHeader, &'a [u8])>;

/// The whole batches at the front of some bytes, each with its checksum verified.
pub(super) fn checked(bytes: &[u8]) -> Result<Found<'_>, RaftError> {
    let mut found = Vec::new();
    for batch in Batches::new(bytes) {
        let (_, batch) = batch.map_err(RecordError::from)?;
        let header = BatchHeader::parse_checked(batch).map_err(RecordError::from)?;
        found.push((header, batch));
    }
    Ok(found)
}
