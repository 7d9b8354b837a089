//! An async client for operators: it finds the cluster, sends each request where it belongs, and tells
//! precisely what failed where.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::indexing_slicing))]

pub mod conn;
pub mod history;
pub mod security;

mod admin;
mod batch_writer;
mod changes;
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
mod together;
mod transport;
mod words;

pub use admin::acl_types::{AclOperation, AclPattern, AclPermission, AclResource};
pub use admin::acls::{AclBinding, AclFilter, AclResults};
pub use admin::configs::{ConfigChange, ConfigChanges, ConfigEntity, ConfigEntry, ConfigResource, DescribedConfig};
pub use admin::elections::{Elected, ElectionType};
pub use admin::features::{FeatureUpdateKind, FinalizedFeatures};
pub use admin::group_members::{GroupDescription, GroupMember, StreamsTasks, TopicPartitions};
pub use admin::group_offsets::{CommittedOffset, CommittedOffsets, GroupOffsets, PartitionKey, PartitionResults};
pub use admin::groups::{GroupFilter, GroupType, ListedGroup};
pub use admin::log_dirs::{LogDir, LogDirContents, LogDirReplica, TopicPartitionSets};
pub use admin::nodes::{ClusterNodes, NodeVersions};
pub use admin::offsets::{ListedOffset, OffsetSpec};
pub use admin::producers::{AbortMarker, ProducerState};
pub use admin::quorum::{ListenerAddress, Quorum, QuorumReplica, Voter};
pub use admin::quotas::{QuotaEntity, QuotaValues};
pub use admin::reassign::{ReplicaTarget, ReplicaTargets};
pub use admin::reassignments::Reassignment;
pub use admin::replica_dirs::{ReplicaKey, ReplicaResults};
pub use admin::scram::{ScramChange, ScramCredential, ScramResults, ScramUser};
pub use admin::settings::{SettingValue, SettingValues};
pub use admin::throttles::{
    FOLLOWER_REPLICAS_KEY, LEADER_REPLICAS_KEY, LOG_DIR_RATE_KEY, PartitionMove, REPLICATION_RATE_KEYS,
    throttle_log_dirs, throttle_replication, throttle_topics, unthrottle_brokers, unthrottle_topics,
};
pub use admin::tokens::{DelegationToken, Principal};
pub use admin::topic_changes::{CreatedTopic, NewTopic};
pub use admin::topics::{PartitionDescription, TopicDescription};
pub use admin::transactions::{ListedTransaction, TRANSACTION_STATES, TransactionDescription, TransactionFilter};
pub use batch_writer::{BatchWriter, OutgoingBatch, WrittenBatch};
pub use changes::{Witness, tell_of_changes_to};
pub use chunk::{Aborted, Chunk};
pub use cluster::{Client, ClientConfig, NodeRole};
pub use error::ClientError;
pub use fetcher::{FetchSpec, Fetched};
pub use member::{Member, PartitionOffsets};
pub use partitioner::{crc32_partition, murmur2_partition};
pub use producer::{Acks, Producer};
pub use reader::{ReadFrom, Reader};
pub use retry::Limit;
pub use security::Security;
pub use sharded::{ShardError, Sharded};
pub use words::in_words;
