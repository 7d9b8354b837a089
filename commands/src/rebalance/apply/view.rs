//! What is seen of a cluster at a time.

use std::collections::{BTreeMap, BTreeSet};

use client::{PartitionKey, Reassignment, ReplicaKey};
use serde::{Deserialize, Serialize};

/// What a throttle is set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ThrottleEntity {
    /// A topic.
    Topic,
    /// A broker.
    Broker,
}

/// A key of a topic or of a broker that has to do with throttles.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct ThrottleKey {
    /// What it is set for.
    pub(crate) entity: ThrottleEntity,
    /// Its name.
    pub(crate) name: String,
    /// The key.
    pub(crate) key: String,
}

impl ThrottleKey {
    /// A topic's.
    pub(crate) fn of_topic(topic: &str, key: &str) -> Self {
        Self {
            entity: ThrottleEntity::Topic,
            name: topic.to_owned(),
            key: key.to_owned(),
        }
    }

    /// A broker's.
    pub(crate) fn of_broker(broker: i32, key: &str) -> Self {
        Self {
            entity: ThrottleEntity::Broker,
            name: broker.to_string(),
            key: key.to_owned(),
        }
    }

    /// The broker, if it is one's.
    pub(crate) fn broker(&self) -> Option<i32> {
        match self.entity {
            ThrottleEntity::Topic => None,
            ThrottleEntity::Broker => self.name.parse().ok(),
        }
    }
}

/// What is set; none where nothing is.
pub(crate) type Settings = BTreeMap<ThrottleKey, Option<String>>;

/// A partition of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Its leader.
    pub(crate) leader: Option<i32>,
    /// Brokers with a replica, the preferred leader first.
    pub(crate) replicas: Vec<i32>,
    /// Those in sync.
    pub(crate) isr: Vec<i32>,
}

/// A replica of the plan's partitions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct SeenReplica {
    /// The directory it is in; none if it is only on its way to one.
    pub(crate) dir: Option<String>,
    /// The directory it is on its way to.
    pub(crate) future: Option<String>,
    /// Its bytes.
    pub(crate) size_bytes: u64,
}

/// A broker's log directories together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Disk {
    /// Bytes of their volumes; none if the broker does not tell.
    pub(crate) total_bytes: Option<u64>,
    /// Bytes that are free.
    pub(crate) usable_bytes: Option<u64>,
}

/// What is seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct View {
    /// Brokers that are alive.
    pub(crate) alive: BTreeSet<i32>,
    /// Partitions of the plan.
    pub(crate) partitions: BTreeMap<PartitionKey, Seen>,
    /// Partitions outside of the plan that lack in-sync replicas, and whether they are below their minimum.
    pub(crate) degraded: BTreeMap<PartitionKey, bool>,
    /// Everything that is being reassigned.
    pub(crate) reassignments: BTreeMap<PartitionKey, Reassignment>,
    /// Disks by broker, of those that tell.
    pub(crate) disks: BTreeMap<i32, Disk>,
    /// Replicas of the plan's partitions.
    pub(crate) replicas: BTreeMap<ReplicaKey, SeenReplica>,
    /// What is set, of the keys that matter.
    pub(crate) settings: Settings,
}

impl View {
    /// A replica.
    pub(crate) fn replica(&self, broker: i32, key: &PartitionKey) -> Option<&SeenReplica> {
        let partition = key.clone();
        self.replicas.get(&ReplicaKey { broker, partition })
    }

    /// Bytes of a replica; nothing if there is none.
    pub(crate) fn size_bytes(&self, broker: i32, key: &PartitionKey) -> u64 {
        self.replica(broker, key).map_or(0, |replica| replica.size_bytes)
    }
}
