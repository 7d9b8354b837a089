//! How a roll ends, and what it saw if that was not as it should be.

use super::view::{Against, Missing, list};

/// How a roll ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Every node restarted, and all is well.
    Done,
    /// It was asked to do no further step; what was begun is finished.
    Aborted,
    /// It stopped at a doubt, and left all as it is.
    Halted(Vec<Doubt>),
}

/// Why nothing more is stopped.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The cluster could not be looked at.
    #[error("the cluster could not be looked at: {0}")]
    Unseen(String),
    /// The gate did not let the step through in time.
    #[error("the next step is not safe: {}", list(.0))]
    Gate(Vec<Against>),
    /// What restarted did not come back in time.
    #[error("not all is back in time: {}", list(.0))]
    Recovery(Vec<Missing>),
    /// The executor could not say what a node is.
    #[error("node {node} could not be asked which process it is: {reason}")]
    Probe {
        /// Its id.
        node: i32,
        /// Why.
        reason: String,
    },
    /// A step was interrupted, and nobody can tell whether the node restarted.
    #[error("whether node {0} restarted before the interruption cannot be told: its executor has no probe")]
    NoProbe(i32),
    /// A node was down before it was touched.
    #[error("node {0} is not running, and was not stopped by this roll")]
    NotRunning(i32),
    /// A node did not stop.
    #[error("node {node} did not stop: {reason}")]
    Stop {
        /// Its id.
        node: i32,
        /// Why.
        reason: String,
    },
    /// A node did not start.
    #[error("node {node} did not start: {reason}")]
    Start {
        /// Its id.
        node: i32,
        /// Why.
        reason: String,
    },
    /// A node started, and its process is the former one.
    #[error("node {0} was stopped and started, and is the same process as before")]
    SameProcess(i32),
    /// A node started, and ended again.
    #[error("node {0} was started, and is not running")]
    Died(i32),
    /// Preferred leaders could not be elected.
    #[error("preferred leaders could not be elected: {0}")]
    Election(String),
}
