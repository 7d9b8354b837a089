//! Changes of an ISR as a leader asks the controller for them (KIP-497).

use protocol::Uuid;
use protocol::api::ErrorCode;

/// A member of a proposed ISR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IsrMember {
    /// The broker.
    pub broker_id: i32,
    /// Its epoch as it told with its last fetch, -1 if the leader does not know it.
    pub broker_epoch: i64,
}

/// An ISR that a leader wants, to be sent as AlterPartition. A partition has one on its way at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposeIsr {
    /// The topic.
    pub topic_id: Uuid,
    /// The partition.
    pub partition: i32,
    /// The leader's epoch.
    pub leader_epoch: i32,
    /// The partition epoch that the proposal would follow.
    pub partition_epoch: i32,
    /// The whole ISR.
    pub isr: Vec<IsrMember>,
    /// 0: a leader has recovered when it begins to lead.
    pub leader_recovery_state: i8,
    /// Tells an answer to it from answers to earlier ones.
    pub id: u64,
    /// How often it was sent and failed in a way that asks for a retry; the sender waits a little before it sends it
    /// again.
    pub attempts: u32,
}

/// What the controller made of a proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IsrOutcome {
    /// It is committed, or was so already.
    Accepted {
        /// The ISR in force.
        isr: Vec<i32>,
        /// The leader's epoch.
        leader_epoch: i32,
        /// The partition epoch.
        partition_epoch: i32,
    },
    /// An error for the partition or for the whole request. A request without an answer is a
    /// NETWORK_EXCEPTION.
    Refused(ErrorCode),
}

/// What is to be done about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The controller knows the partition as it is here and did not apply the proposal: it is off the table.
    NotApplied,
    /// It may have been applied, or the partition has changed meanwhile; the metadata will tell.
    AwaitMetadata,
    /// Nothing is known; the same proposal goes out again.
    Retry,
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::OperationNotAttempted | ErrorCode::IneligibleReplica => Self::NotApplied,
            ErrorCode::UnknownTopicOrPartition
            | ErrorCode::UnknownTopicId
            | ErrorCode::FencedLeaderEpoch
            | ErrorCode::InvalidUpdateVersion
            | ErrorCode::InvalidRequest
            | ErrorCode::NewLeaderElected => Self::AwaitMetadata,
            _ => Self::Retry,
        }
    }
}
