//! Committed offsets.

use std::time::Duration;

use protocol::api::ErrorCode;

use super::group::{Group, GroupState};

/// Topic and partition.
pub type OffsetKey = (String, i32);

/// A committed offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next offset to be read.
    pub offset: i64,
    /// Epoch of the leader it was read from, -1 if unknown.
    pub leader_epoch: i32,
    /// What the client wants remembered with it.
    pub metadata: String,
    /// When it was committed, in milliseconds since 1970.
    pub commit_timestamp_ms: i64,
}

impl Group {
    /// Whether this member may commit.
    pub fn check_commit(
        &mut self,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
        now: Duration,
    ) -> Result<(), ErrorCode> {
        if generation < 0 && self.state == GroupState::Empty {
            // A client that assigns partitions by itself.
            return Ok(());
        }
        if generation < 0 && member_id.is_empty() {
            return Err(ErrorCode::UnknownMemberId);
        }
        let (state, current) = (self.state, self.generation);
        let member = self.member(member_id, instance_id)?;
        if generation != current {
            return Err(ErrorCode::IllegalGeneration);
        }
        if state == GroupState::CompletingRebalance {
            return Err(ErrorCode::RebalanceInProgress);
        }
        member.expires = now + member.session_timeout;
        Ok(())
    }

    /// Whether members may be reading this topic.
    pub fn may_read(&self, topic: &str) -> bool {
        if self.state == GroupState::Empty {
            return false;
        }
        if self.protocol_type.as_deref() != Some("consumer") {
            return true;
        }
        let subscribed = |metadata: &[u8]| {
            use protocol::messages::embedded::ConsumerProtocolSubscription;
            let Some((version, body)) = metadata.split_first_chunk::<2>() else {
                return true;
            };
            let version = i16::from_be_bytes(*version).min(ConsumerProtocolSubscription::MAX_VERSION);
            // What cannot be read may be anything.
            ConsumerProtocolSubscription::decode(body, version).map_or(true, |s| s.topics.iter().any(|t| t == topic))
        };
        let protocol = self.protocol.clone().unwrap_or_default();
        self.members
            .values()
            .any(|member| subscribed(&member.metadata(&protocol)))
    }
}
