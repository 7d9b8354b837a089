//! What no file tells and only the kernel or a walk answers: free space, log directories, open files, the clock. A
//! captured tree has the answers in one JSON file beside proc, sys and etc.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::fact::Fact;

/// The file in a captured tree.
pub(crate) const MEASURED_FILE: &str = "kfleet-capture.json";
/// Its format.
pub(crate) const MEASURED_SCHEMA: &str = "kfleet/host-capture/1";

/// Answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Measured {
    /// The format.
    pub(crate) schema: String,
    /// Space of the file systems of log directories, by directory.
    pub(crate) spaces: BTreeMap<String, Fact<Space>>,
    /// Log directories.
    pub(crate) dirs: BTreeMap<String, Fact<DirState>>,
    /// Brokers' processes.
    pub(crate) processes: BTreeMap<u32, ProcessState>,
    /// Whether the clock is in sync.
    pub(crate) clock: Fact<Clock>,
    /// Which of the programs that rules ask for are running.
    pub(crate) daemons: Fact<Vec<String>>,
    /// The configuration that was named when the tree was captured.
    pub(crate) broker_config: Option<String>,
    /// Files that were there and could not be read.
    pub(crate) unreadable: BTreeMap<String, String>,
}

impl Measured {
    /// Reads the file; none if it is not one.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let measured: Self = serde_json::from_slice(bytes).ok()?;
        (measured.schema == MEASURED_SCHEMA).then_some(measured)
    }
}

/// Space of a file system.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Space {
    /// All bytes.
    pub(crate) total_bytes: u64,
    /// Bytes that processes without privileges may still take.
    pub(crate) free_bytes: u64,
    /// All inodes; 0 where they are not counted.
    pub(crate) inodes: u64,
    /// Inodes that are free.
    pub(crate) free_inodes: u64,
}

/// A log directory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct DirState {
    /// Whether it is a directory.
    pub(crate) is_dir: bool,
    /// Its owner.
    pub(crate) uid: u32,
    /// Its group.
    pub(crate) gid: u32,
    /// Its permissions.
    pub(crate) mode: u32,
    /// What it has in it.
    pub(crate) counts: Fact<Counts>,
}

/// What a log directory has in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// Partitions.
    pub(crate) partitions: u64,
    /// Segments.
    pub(crate) segments: u64,
    /// Files that Apache Kafka maps: two indexes of each segment.
    pub(crate) indexes: u64,
}

/// A broker's process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct ProcessState {
    /// Files it has open.
    pub(crate) open_files: Fact<u64>,
    /// Areas it has mapped.
    pub(crate) maps: Fact<u64>,
    /// Where its relative paths begin.
    pub(crate) cwd: Fact<String>,
    /// Its program.
    pub(crate) exe: Fact<String>,
    /// The jar of Apache Kafka's clients in a folder of its class path, which tells the release.
    pub(crate) jar: Fact<String>,
}

/// Whether the clock is in sync.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Clock {
    /// Whether it is.
    pub(crate) in_sync: bool,
    /// Who says so.
    pub(crate) source: String,
}
