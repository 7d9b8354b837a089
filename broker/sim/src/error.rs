//! Why a run cannot go on.

use broker_core::controller::ControllerError;
use broker_core::raft::RaftError;
use broker_log::LogError;

/// Why a run cannot go on, or a node cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimError {
    /// The simulation's own configuration of a node.
    #[error("node {node} is configured wrongly: {reason}")]
    Config {
        /// The node.
        node: i32,
        /// What is wrong.
        reason: String,
    },
    /// A log directory.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The quorum.
    #[error(transparent)]
    Raft(#[from] RaftError),
    /// The controller.
    #[error(transparent)]
    Controller(#[from] ControllerError),
}
