//! Whether a log's files are whole and fit each other: each segment is read once, with its indexes beside it.
//!
//! What Kafka's format leaves without a checksum is compared with what else knows it. Of these a changed byte may go
//! unseen: a base offset that is raised where nothing follows it (unless a clean stop recorded where the log ends), or
//! by no more than the gap that compaction left; an index entry that merely makes readers read more; in a transaction index the first
//! offset, the last stable offset, and an end beyond the segment.

mod content;
mod cursor;
mod finding;
mod indexes;
mod segment;
mod small_files;

use std::path::{Path, PathBuf};

use protocol::files::{names, parse_leader_epochs};

use crate::disk::Disk;
use crate::epochs::EpochCache;
use crate::error::LogError;
use crate::segment::{file, io_error, offset_of};

pub use finding::{Finding, Severity};
pub use segment::{SegmentReport, verify_segment};
pub use small_files::{log_end_offset, verify_file};

/// Most bytes of a small file.
const SMALL_FILE_MAX_BYTES: u64 = 256 << 20;

/// How the log directory was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Its broker was shut down cleanly.
    Clean,
    /// Its broker was killed, or the machine failed: the next start recovers what was not synced.
    Unclean,
    /// A broker is at work on it.
    InUse,
    /// Nothing is known of a broker.
    Unknown,
}

/// What is known of a log, and what is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyOptions {
    /// How its directory was left.
    pub left: Left,
    /// From recovery-point-offset-checkpoint.
    pub recovery_point: Option<i64>,
    /// Unpack records, each batch to at most so many bytes.
    pub unpack_max_bytes: Option<usize>,
}

/// The files of a partition's directory.
#[derive(Debug, Clone)]
pub struct PartitionFiles {
    /// The directory.
    pub dir: PathBuf,
    /// Base offsets of its segments, in order.
    pub segments: Vec<i64>,
    /// Names of the other files that can be verified.
    pub others: Vec<String>,
    epochs: Option<EpochCache>,
}

impl PartitionFiles {
    /// Lists a directory. Files on their way in or out are left alone.
    pub fn read(disk: &dyn Disk, dir: &Path) -> Result<Self, LogError> {
        let entries = disk.list(dir).map_err(io_error("listing", dir))?;
        let names = || entries.iter().filter(|entry| !entry.is_dir).map(|entry| &entry.name);
        let mut segments: Vec<i64> = names().filter_map(|name| offset_of(name, "log")).collect();
        segments.sort_unstable();
        let others = names().filter(|name| small_files::is_known(name));
        Ok(Self {
            dir: dir.to_owned(),
            segments,
            others: others.cloned().collect(),
            epochs: epochs(disk, dir)?,
        })
    }

    /// A directory without segments, of which these files are to be verified.
    pub fn bare(dir: &Path, others: Vec<String>) -> Self {
        Self {
            dir: dir.to_owned(),
            segments: Vec::new(),
            others,
            epochs: None,
        }
    }

    /// The path of a segment.
    pub fn segment_path(&self, base_offset: i64) -> PathBuf {
        file(&self.dir, base_offset, "log")
    }

    /// The base offset of the segment after this one.
    fn next_base(&self, base_offset: i64) -> Option<i64> {
        self.segments.iter().copied().find(|base| *base > base_offset)
    }
}

/// Leader epochs, if their checkpoint is there and can be read.
fn epochs(disk: &dyn Disk, dir: &Path) -> Result<Option<EpochCache>, LogError> {
    let path = dir.join(names::LEADER_EPOCHS);
    if !disk.exists(&path).map_err(io_error("looking for", &path))? {
        return Ok(None);
    }
    let bytes = disk
        .read(&path, SMALL_FILE_MAX_BYTES)
        .map_err(io_error("reading", &path))?;
    let entries = parse_leader_epochs(&String::from_utf8_lossy(&bytes)).ok();
    let entries = entries.filter(|entries| small_files::epoch_disorder(entries).is_none());
    Ok(entries.map(|entries| EpochCache::from_entries(&entries)))
}

#[cfg(test)]
mod tests;
