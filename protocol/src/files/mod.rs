//! The small files of a data directory, as bytes: parsing and writing, no I/O. Errors say what is wrong and on
//! which line; the caller knows the path.

mod checkpoint;
mod clean_shutdown;
mod leader_epochs;
mod meta_properties;
mod partition_metadata;
mod producer_snapshot;
mod quorum_state;
mod snapshot;

pub use checkpoint::{CheckpointEntry, format_checkpoint, parse_checkpoint};
pub use clean_shutdown::{format_clean_shutdown, parse_clean_shutdown};
pub use leader_epochs::{EpochStart, format_leader_epochs, parse_leader_epochs};
pub use meta_properties::{MetaProperties, MetaVersion};
pub use partition_metadata::{format_partition_metadata, parse_partition_metadata};
pub use producer_snapshot::{ProducerSnapshotEntry, format_producer_snapshot, parse_producer_snapshot};
pub use quorum_state::{QuorumState, VotedFor};
pub use snapshot::{SnapshotError, SnapshotId, SnapshotWriter, control_batch};

/// Names of files and directories.
pub mod names {
    /// In every formatted log directory.
    pub const META_PROPERTIES: &str = "meta.properties";
    /// What a new cluster's metadata starts from, up to 4.3.
    pub const BOOTSTRAP_CHECKPOINT: &str = "bootstrap.checkpoint";
    /// Held by a running broker as a POSIX lock.
    pub const LOCK: &str = ".lock";
    /// Written by a clean shutdown, removed at the next start.
    pub const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
    /// Offsets up to which logs are flushed.
    pub const RECOVERY_POINTS: &str = "recovery-point-offset-checkpoint";
    /// Log start offsets that differ from the first segment's.
    pub const LOG_START_OFFSETS: &str = "log-start-offset-checkpoint";
    /// High watermarks.
    pub const HIGH_WATERMARKS: &str = "replication-offset-checkpoint";
    /// Where the cleaner got to.
    pub const CLEANER_OFFSETS: &str = "cleaner-offset-checkpoint";
    /// In a partition directory: its topic id.
    pub const PARTITION_METADATA: &str = "partition.metadata";
    /// In a partition directory: where leader epochs start.
    pub const LEADER_EPOCHS: &str = "leader-epoch-checkpoint";
    /// In the metadata log's directory: epoch and vote.
    pub const QUORUM_STATE: &str = "quorum-state";
    /// The metadata log's directory.
    pub const METADATA_LOG: &str = "__cluster_metadata-0";
}

/// Why a file does not say what it should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A line is not as expected.
    #[error("line {line}: {what}")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A version that is not known here.
    #[error("unknown version {version}")]
    Version {
        /// As found.
        version: String,
    },
    /// The file as a whole.
    #[error("{what}")]
    Content {
        /// What is wrong.
        what: String,
    },
}

impl FileError {
    fn line(line: usize, what: impl Into<String>) -> Self {
        Self::Line {
            line,
            what: what.into(),
        }
    }

    fn content(what: impl Into<String>) -> Self {
        Self::Content { what: what.into() }
    }
}

/// The lines of a file in Kafka's checkpoint layout: a version 0, a count, and as many lines. Kafka creates these files
/// empty and fills them later, so one that ends before its count has no entries.
fn checkpoint_lines(text: &str) -> Result<impl Iterator<Item = (usize, &str)>, FileError> {
    let mut lines = text.lines();
    let version = lines.next().unwrap_or("0").trim();
    if version != "0" {
        return Err(FileError::Version {
            version: version.to_owned(),
        });
    }
    let count = lines.next().unwrap_or("0").trim();
    let count: usize = count
        .parse()
        .map_err(|_| FileError::line(2, format!("\"{count}\" is not a count")))?;
    let found = lines.clone().filter(|line| !line.trim().is_empty()).count();
    if found != count {
        return Err(FileError::line(
            2,
            format!("{count} entries are announced and {found} follow"),
        ));
    }
    Ok(lines
        .filter(|line| !line.trim().is_empty())
        .enumerate()
        .map(|(at, line)| (at + 3, line)))
}

fn number<T: std::str::FromStr>(line: usize, word: Option<&str>, what: &str) -> Result<T, FileError> {
    let word = word.ok_or_else(|| FileError::line(line, format!("{what} is missing")))?;
    word.parse()
        .map_err(|_| FileError::line(line, format!("\"{word}\" is not {what}")))
}
