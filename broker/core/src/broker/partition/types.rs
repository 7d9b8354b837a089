//! What is asked of a partition, and what it answers.

use std::time::Duration;

use protocol::api::ErrorCode;
use protocol::api::fetch::FetchPartition;

use crate::reply::ReplyPart;

/// How far a reader may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// All of the log: followers.
    LogEndOffset,
    /// What all in-sync replicas have: consumers.
    HighWatermark,
    /// That, without open and aborted transactions: read_committed consumers.
    ReadCommitted,
}

/// What a reader wants.
#[derive(Debug, Clone, Copy)]
pub struct ReadRequest {
    /// From this offset on.
    pub offset: i64,
    /// At most so many bytes.
    pub max_bytes: usize,
    /// But one whole batch at least.
    pub at_least_one_batch: bool,
    /// How far it may see.
    pub isolation: Isolation,
    /// The leader epoch it believes in, -1 if it does not say.
    pub current_leader_epoch: i32,
    /// The epoch of the last batch it has, -1 for consumers.
    pub last_fetched_epoch: i32,
    /// Whether only the leader may answer: all but consumers that know followers (KIP-392).
    pub leader_only: bool,
}

/// Who fetches as a follower.
#[derive(Debug, Clone, Copy)]
pub struct ReplicaFetch {
    /// Its broker.
    pub broker_id: i32,
    /// The epoch of its broker, -1 if the request does not tell.
    pub broker_epoch: i64,
    /// Its log start offset.
    pub log_start_offset: i64,
    /// When it reads.
    pub at: Duration,
    /// Whether it tells where the follower is: a request that waits for more has told it already.
    pub is_news: bool,
}

/// What a reader gets.
#[derive(Debug)]
pub struct Read {
    /// Offsets and the like.
    pub head: FetchPartition,
    /// Records, with the size of each part.
    pub records: Vec<(ReplyPart, usize)>,
    /// All of it.
    pub size_bytes: usize,
    /// Whether it counts against the leader's throttle.
    pub throttled: bool,
}

impl Read {
    /// An answer without records.
    pub fn nothing(head: FetchPartition) -> Self {
        Self {
            head,
            records: Vec::new(),
            size_bytes: 0,
            throttled: false,
        }
    }
}

/// Whether a partition's replica here is on the lists of throttled ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Throttled {
    /// leader.replication.throttled.replicas.
    pub as_leader: bool,
    /// follower.replication.throttled.replicas.
    pub as_follower: bool,
}

/// What ListOffsets asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OffsetSpec {
    /// The log start offset.
    Earliest,
    /// The end of what the reader may see.
    Latest,
    /// The record with the greatest timestamp.
    MaxTimestamp,
    /// The end of what is in tiered storage: nothing.
    LatestTiered,
    /// The first record at or after a time.
    Timestamp(i64),
}

/// What ListOffsets answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundOffset {
    /// The offset, -1 for none.
    pub offset: i64,
    /// Its timestamp, -1 if it does not matter.
    pub timestamp: i64,
    /// Its leader epoch, -1 if unknown.
    pub leader_epoch: i32,
}

/// Whether in-sync replicas have a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replicated {
    /// They do.
    Yes,
    /// Not all of them yet.
    NotYet,
    /// They never will, as far as this leader is concerned.
    Failed(ErrorCode),
}
