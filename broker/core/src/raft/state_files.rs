//! quorum-state, partition.metadata and snapshots of the metadata log.

use std::path::Path;

use broker_log::disk::Disk;
use protocol::Uuid;
use protocol::files::{QuorumState, SnapshotId, format_partition_metadata, names};

use super::RaftError;

/// Most bytes of a small file.
const SMALL_FILE_MAX_BYTES: u64 = 1 << 20;
/// Most bytes of a snapshot.
pub(super) const SNAPSHOT_MAX_BYTES: u64 = 1 << 30;

pub(super) fn failed(path: &Path, reason: &dyn std::fmt::Display) -> RaftError {
    RaftError::File {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

pub(super) fn ensure_partition_metadata(disk: &dyn Disk, dir: &Path) -> Result<(), RaftError> {
    let path = dir.join(names::PARTITION_METADATA);
    if disk.exists(&path).map_err(|error| failed(&path, &error))? {
        return Ok(());
    }
    disk.write_atomic(&path, format_partition_metadata(Uuid::ONE).as_bytes())
        .map_err(|error| failed(&path, &error))
}

pub(super) fn read_quorum_state(disk: &dyn Disk, dir: &Path) -> Result<Option<QuorumState>, RaftError> {
    let path = dir.join(names::QUORUM_STATE);
    if !disk.exists(&path).map_err(|error| failed(&path, &error))? {
        return Ok(None);
    }
    let bytes = disk
        .read(&path, SMALL_FILE_MAX_BYTES)
        .map_err(|error| failed(&path, &error))?;
    QuorumState::parse(&String::from_utf8_lossy(&bytes))
        .map(Some)
        .map_err(|error| failed(&path, &error))
}

pub(super) fn write_quorum_state(
    disk: &dyn Disk,
    dir: &Path,
    state: &QuorumState,
    kraft_version: i16,
) -> Result<(), RaftError> {
    let path = dir.join(names::QUORUM_STATE);
    disk.write_atomic(&path, state.format(kraft_version).as_bytes())
        .map_err(|error| failed(&path, &error))
}

pub(super) fn read_snapshot(disk: &dyn Disk, dir: &Path, id: SnapshotId) -> Result<Vec<u8>, RaftError> {
    let path = dir.join(id.file_name());
    disk.read(&path, SNAPSHOT_MAX_BYTES)
        .map_err(|error| failed(&path, &error))
}
