//! The cluster's metadata at one offset of `__cluster_metadata`, made by applying records and in no other way.
//!
//! All maps are persistent: a copy is cheap, and readers keep theirs while the next one is made.

mod apply;
mod brokers;
mod snapshot;
mod topics;

use protocol::config::Values;
use protocol::messages::metadata::{Record, RegisterControllerRecord};
use rpds::RedBlackTreeMapSync;

pub use apply::ApplyError;
pub use brokers::{BrokerImage, Brokers, ListenerEndpoint};
pub use topics::{PartitionImage, TopicImage, Topics};

/// What configurations are about, with Kafka's codes in records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ResourceType {
    /// A topic.
    Topic = 2,
    /// A broker; the empty name is all brokers.
    Broker = 4,
    /// A client-metrics subscription.
    ClientMetrics = 16,
    /// A group.
    Group = 32,
}

impl ResourceType {
    /// The type with this code.
    pub const fn from_code(code: i8) -> Option<Self> {
        Some(match code {
            2 => Self::Topic,
            4 => Self::Broker,
            16 => Self::ClientMetrics,
            32 => Self::Group,
            _ => return None,
        })
    }
}

/// Feature levels by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    levels: RedBlackTreeMapSync<String, i16>,
}

impl Features {
    /// The level of a feature, 0 if it has none.
    pub fn level(&self, name: &str) -> i16 {
        self.levels.get(name).copied().unwrap_or(0)
    }

    /// All features with their levels.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i16)> {
        self.levels.iter().map(|(name, level)| (name.as_str(), *level))
    }
}

/// Records that are kept for those who will read them: credentials, quotas, ACLs, tokens, controllers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum StoredKey {
    Acl(protocol::Uuid),
    Controller(i32),
    Quota(Vec<(String, Option<String>)>, String),
    Scram(String, i8),
    Token(String),
}

/// The metadata at an offset.
#[derive(Debug, Clone, Default)]
pub struct MetadataImage {
    offset: i64,
    epoch: i32,
    timestamp_ms: i64,
    /// Offset of the last record that changed anything.
    changed_at: i64,
    brokers: Brokers,
    topics: Topics,
    features: Features,
    configs: RedBlackTreeMapSync<(ResourceType, String), Values>,
    next_producer_id: i64,
    stored: RedBlackTreeMapSync<StoredKey, Record>,
    /// Records of a metadata transaction that has not ended.
    transaction: Option<Vec<Record>>,
    /// Of the quorum, whose control records are none of the metadata's.
    kraft_version: i16,
}

impl MetadataImage {
    /// An image without anything.
    pub fn empty() -> Self {
        Self {
            offset: -1,
            epoch: -1,
            changed_at: -1,
            ..Self::default()
        }
    }

    /// Offset of the last record applied, -1 for none.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// Its epoch.
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// Its timestamp.
    pub fn timestamp_ms(&self) -> i64 {
        self.timestamp_ms
    }

    /// Whether this image, of the same log, has nothing but its offset that the other has not.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.changed_at == other.changed_at
    }

    /// Brokers.
    pub fn brokers(&self) -> &Brokers {
        &self.brokers
    }

    /// Topics.
    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    /// Finalized features.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// Keys set for a resource.
    pub fn config(&self, kind: ResourceType, name: &str) -> Option<&Values> {
        self.configs.get(&(kind, name.to_owned()))
    }

    /// All resources with keys set.
    pub fn configs(&self) -> impl Iterator<Item = (ResourceType, &str, &Values)> {
        self.configs
            .iter()
            .map(|((kind, name), values)| (*kind, name.as_str(), values))
    }

    /// The latest registrations of controllers.
    pub fn controllers(&self) -> impl Iterator<Item = &RegisterControllerRecord> {
        self.stored.values().filter_map(|record| match record {
            Record::RegisterController(record) => Some(record),
            _ => None,
        })
    }

    /// The first producer id that is not handed out.
    pub fn next_producer_id(&self) -> i64 {
        self.next_producer_id
    }

    /// kraft.version, which is finalized like a feature, though not by a record of the metadata.
    pub fn kraft_version(&self) -> i16 {
        self.kraft_version
    }

    /// Takes what the quorum has committed of it.
    pub fn set_kraft_version(&mut self, level: i16) {
        if self.kraft_version != level {
            (self.kraft_version, self.changed_at) = (level, self.offset);
        }
    }

    /// Notes how far the log was applied.
    pub fn advance(&mut self, offset: i64, epoch: i32, timestamp_ms: i64) {
        (self.offset, self.epoch, self.timestamp_ms) = (offset, epoch, timestamp_ms);
    }
}

#[cfg(test)]
mod tests;
