//! Snapshots on disk: which there are, and which of them, with the log below, go as the retention of the metadata says.

use std::path::Path;

use broker_log::disk::{Disk, OpenMode};
use bytes::Bytes;
use protocol::files::SnapshotId;
use protocol::messages::control::SnapshotHeaderRecord;
use protocol::messages::framing::ControlType;
use protocol::records::{BatchHeader, Batches, Records, records_of};

use super::RaftError;
use super::records::UNPACK_MAX_BYTES;
use super::state_files::failed;

/// Bytes at the front of a snapshot that hold its header, and the voters with it.
const HEAD_MAX_BYTES: usize = 1 << 16;
/// What this node or Kafka was writing, or about to delete, when it ended.
const UNFINISHED: [&str; 3] = [".checkpoint.tmp", ".checkpoint.part", ".checkpoint.deleted"];

/// How much of the metadata's log and snapshots is kept: never less than the latest snapshot, and what follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// metadata.max.retention.bytes; none for no bound.
    pub size_bytes: Option<u64>,
    /// metadata.max.retention.ms; none for no bound.
    pub age_ms: Option<i64>,
}

/// A snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) id: SnapshotId,
    size_bytes: u64,
    /// Of the last record in it; none if its header is not readable.
    last_timestamp_ms: Option<i64>,
}

impl Kept {
    pub(super) fn new(id: SnapshotId, bytes: &[u8]) -> Self {
        Self {
            id,
            size_bytes: bytes.len() as u64,
            last_timestamp_ms: last_timestamp(bytes),
        }
    }

    pub(super) fn open(disk: &dyn Disk, dir: &Path, id: SnapshotId) -> Result<Self, RaftError> {
        let path = dir.join(id.file_name());
        let read = || {
            let file = disk.open(&path, OpenMode::Read)?;
            let mut head = vec![0; HEAD_MAX_BYTES];
            let read = file.read_at(&mut head, 0)?;
            head.truncate(read);
            Ok::<_, std::io::Error>((file.len()?, head))
        };
        let (size_bytes, head) = read().map_err(|error| failed(&path, &error))?;
        Ok(Self {
            id,
            size_bytes,
            last_timestamp_ms: last_timestamp(&head),
        })
    }

    /// Part of its bytes, and how many there are in all.
    pub(super) fn piece(&self, disk: &dyn Disk, dir: &Path, from: u64, max: usize) -> Result<(Bytes, u64), RaftError> {
        let path = dir.join(self.id.file_name());
        let read = || {
            let file = disk.open(&path, OpenMode::Read)?;
            let left = usize::try_from(self.size_bytes.saturating_sub(from)).unwrap_or(usize::MAX);
            let mut piece = vec![0; left.min(max)];
            let read = file.read_at(&mut piece, from)?;
            piece.truncate(read);
            Ok::<_, std::io::Error>(piece)
        };
        let piece = read().map_err(|error| failed(&path, &error))?;
        Ok((piece.into(), self.size_bytes))
    }
}

/// The snapshot at which the log is to start: one goes when the next has what it has, and all together are too large or
/// it is too old.
pub(super) fn new_start(kept: &[Kept], log_bytes: u64, retention: &Retention, now_ms: i64) -> Option<SnapshotId> {
    let mut total: u64 = log_bytes.saturating_add(kept.iter().map(|snapshot| snapshot.size_bytes).sum());
    let mut start = None;
    for pair in kept.windows(2) {
        let [oldest, next] = pair else { break };
        let is_large = retention.size_bytes.is_some_and(|max| total > max);
        let age_ms = oldest.last_timestamp_ms.map(|at| now_ms.saturating_sub(at));
        let is_old = matches!((retention.age_ms, age_ms), (Some(max), Some(age)) if age > max);
        if !is_large && !is_old {
            break;
        }
        total = total.saturating_sub(oldest.size_bytes);
        start = Some(next.id);
    }
    start
}

/// What the header of a snapshot says of the time of its last record.
pub(super) fn last_timestamp(bytes: &[u8]) -> Option<i64> {
    let (header, batch) = Batches::new(bytes).next()?.ok()?;
    header_timestamp(&header, batch).ok().flatten()
}

fn header_timestamp(header: &BatchHeader, batch: &[u8]) -> Result<Option<i64>, RaftError> {
    if !header.is_control() {
        return Ok(None);
    }
    let unpacked = records_of(header, batch, UNPACK_MAX_BYTES)?;
    for record in Records::new(*header, &unpacked) {
        let record = record?;
        if let (Some(key), Some(value)) = (record.key, record.value)
            && ControlType::decode(key)? == ControlType::SnapshotHeader
        {
            return Ok(Some(
                SnapshotHeaderRecord::decode(value, 0)?.last_contained_log_timestamp,
            ));
        }
    }
    Ok(None)
}

/// Snapshots, oldest first; those that are not whole go.
pub(super) fn find(disk: &dyn Disk, dir: &Path) -> Result<Vec<Kept>, RaftError> {
    let entries = disk.list(dir).map_err(|error| failed(dir, &error))?;
    let mut found: Vec<Kept> = Vec::new();
    for entry in entries {
        if UNFINISHED.iter().any(|suffix| entry.name.ends_with(suffix)) {
            let path = dir.join(&entry.name);
            disk.remove_file(&path).map_err(|error| failed(&path, &error))?;
        } else if let Some(id) = SnapshotId::parse(&entry.name) {
            found.push(Kept::open(disk, dir, id)?);
        }
    }
    found.sort_unstable_by_key(|snapshot| snapshot.id);
    Ok(found)
}
