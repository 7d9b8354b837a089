//! Why a node cannot go on in the quorum.

use std::path::PathBuf;

use broker_log::{AppendError, LogError};
use protocol::messages::WireError;
use protocol::records::RecordError;

/// Why the quorum cannot go on; the node has to stop.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RaftError {
    /// The metadata log cannot be read or written.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A record could not be appended.
    #[error(transparent)]
    Append(#[from] AppendError),
    /// A small file could not be read or written.
    #[error("{path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A record of the log makes no sense.
    #[error("the metadata log has an unreadable record: {0}")]
    Record(#[from] RecordError),
    /// A message of the log makes no sense.
    #[error("the metadata log has an unreadable record: {0}")]
    Wire(#[from] WireError),
    /// The voters are not this node alone.
    #[error(
        "node {node_id} cannot serve a quorum of the voters {voters:?}: only a quorum of this node alone is served"
    )]
    NotAlone {
        /// This node.
        node_id: i32,
        /// The voters there are.
        voters: Vec<i32>,
    },
    /// The directory has no voters at all.
    #[error("no voters are known: set controller.quorum.voters, or format the metadata directory with --standalone")]
    NoVoters,
    /// Records were proposed to a node that does not lead.
    #[error("node {node_id} does not lead the metadata quorum in epoch {epoch}")]
    NotLeader {
        /// This node.
        node_id: i32,
        /// The current epoch.
        epoch: i32,
    },
    /// The leader's log ends before what is committed here.
    #[error(
        "the leader of epoch {epoch} has the metadata log up to offset {offset} only, but {high_watermark} offsets are \
         committed here: a voter lost its disk and a majority with it, or a metadata directory was put back from a backup"
    )]
    CommittedLost {
        /// The current epoch.
        epoch: i32,
        /// Where the logs part.
        offset: i64,
        /// What is committed here.
        high_watermark: i64,
    },
}
