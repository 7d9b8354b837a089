//! An async client for operators: it finds the cluster, sends each request where it belongs, and tells
//! precisely what failed where.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod conn;
pub mod history;

mod admin;
mod batch_writer;
mod chunk;
mod cluster;
mod controllers;
mod error;
mod fetcher;
mod member;
mod partitioner;
mod producer;
mod reader;
mod retry;
mod sharded;

pub use admin::elections::{Elected, ElectionType};
pub use admin::features::{FeatureUpdateKind, FinalizedFeatures};
pub use admin::groups::CommittedOffsets;
pub use admin::nodes::{ClusterNodes, NodeVersions};
pub use admin::offsets::{ListedOffset, OffsetSpec};
pub use admin::quorum::{ListenerAddress, Quorum, QuorumReplica, Voter};
pub use admin::topics::{PartitionDescription, TopicDescription};
pub use batch_writer::{BatchWriter, OutgoingBatch, WrittenBatch};
pub use chunk::{Aborted, Chunk};
pub use cluster::{Client, ClientConfig, NodeRole};
pub use error::ClientError;
pub use fetcher::{FetchSpec, Fetched};
pub use member::{Member, PartitionOffsets};
pub use partitioner::{crc32_partition, murmur2_partition};
pub use producer::{Acks, Producer};
pub use reader::{ReadFrom, Reader};
pub use retry::Limit;
pub use sharded::{ShardError, Sharded};
