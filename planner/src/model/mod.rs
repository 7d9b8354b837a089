//! What is known of a cluster: brokers, topics, partitions, where replicas are and what they take.
//!
//! Inside, everything has a dense index; outside, brokers have ids and topics have names. Loads are whole numbers
//! (bytes, bytes a second, replicas), so that sums are exact and the same in whatever order they are made.

mod build;
mod snapshot;

use std::collections::BTreeMap;
use std::ops::Range;

pub use build::{ClusterBuilder, ModelError, NewBroker, NewPartition};
pub use snapshot::{SCHEMA, SnapshotError, read_snapshot, write_snapshot};

use crate::dense::{BrokerIx, Key, PartitionIx, PerResource, RackIx, Resource, Table, TopicIx};

/// Replicas of a partition at most; what is in sync is kept as bits.
pub const REPLICAS_MAX: usize = 64;

/// How a broker takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BrokerState {
    /// It keeps and takes replicas.
    #[default]
    Alive,
    /// It is gone, or is to go: what it holds has to leave.
    Removed,
    /// It is left as it is: nothing leaves, nothing comes.
    Excluded,
    /// What it holds may leave, and nothing comes.
    Cordoned,
}

/// What a broker can bear, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Capacity {
    /// Bytes of all its log directories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
    /// Bytes a second it can take in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_in_per_s: Option<u64>,
    /// Bytes a second it can give out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes_out_per_s: Option<u64>,
}

impl Capacity {
    /// What is known for this resource; counts have no capacity.
    pub fn of(&self, resource: Resource) -> Option<u64> {
        match resource {
            Resource::Disk => self.disk_bytes,
            Resource::BytesIn => self.bytes_in_per_s,
            Resource::BytesOut => self.bytes_out_per_s,
            Resource::Count | Resource::Leaders => None,
        }
    }
}

/// A log directory, as DescribeLogDirs shows it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LogDir {
    /// Where it is.
    pub path: String,
    /// The volume's size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_bytes: Option<u64>,
    /// What of it is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usable_bytes: Option<u64>,
}

/// One broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// Its id.
    pub id: i32,
    /// Its rack, if it has one.
    pub rack: Option<RackIx>,
    /// How it takes part.
    pub state: BrokerState,
    /// What it can bear.
    pub capacity: Capacity,
    /// Its log directories, if known.
    pub log_dirs: Vec<LogDir>,
}

/// One topic: its partitions stand side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    first: u32,
    len: u32,
}

impl Topic {
    /// Its partitions.
    pub fn partitions(&self) -> impl DoubleEndedIterator<Item = PartitionIx> + ExactSizeIterator + use<> {
        let range: Range<usize> = self.first as usize..(self.first + self.len) as usize;
        range.map(PartitionIx::from_index)
    }
}

/// One partition, without its replicas: those are in [`Cluster::replicas`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// Its topic.
    pub topic: TopicIx,
    /// Its number in the topic.
    pub number: i32,
    /// Bytes of one replica.
    pub size_bytes: i64,
    /// Bytes a second that producers write.
    pub bytes_in: i64,
    /// Bytes a second that consumers read.
    pub bytes_out: i64,
    /// The topic's min.insync.replicas.
    pub min_isr: u16,
    first_replica: u32,
    replicas: u8,
    leader: Option<u8>,
    in_sync: u64,
}

impl Partition {
    /// How many replicas it has.
    pub fn replication_factor(&self) -> usize {
        usize::from(self.replicas)
    }

    /// What one replica takes, and what the leader takes besides if there are `replicas` of them: it sends what comes
    /// in to each follower.
    pub fn load(&self, replicas: usize) -> PerResource<i64> {
        let to_followers = self.bytes_in * replicas.saturating_sub(1) as i64;
        PerResource::new([self.size_bytes, self.bytes_in, 1, self.bytes_out + to_followers, 1])
    }
}

/// A cluster at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    cluster_id: Option<String>,
    brokers: Table<BrokerIx, Broker>,
    by_id: BTreeMap<i32, BrokerIx>,
    racks: Table<RackIx, String>,
    topics: Table<TopicIx, Topic>,
    by_name: BTreeMap<String, TopicIx>,
    partitions: Table<PartitionIx, Partition>,
    replicas: Table<crate::dense::SlotIx, BrokerIx>,
}

impl Cluster {
    /// The cluster's id, if the snapshot has it.
    pub fn cluster_id(&self) -> Option<&str> {
        self.cluster_id.as_deref()
    }

    /// The brokers, in order of ids.
    pub fn brokers(&self) -> &Table<BrokerIx, Broker> {
        &self.brokers
    }

    /// The racks, in order of names.
    pub fn racks(&self) -> &Table<RackIx, String> {
        &self.racks
    }

    /// The topics, in order of names.
    pub fn topics(&self) -> &Table<TopicIx, Topic> {
        &self.topics
    }

    /// The partitions, in order of topics and numbers.
    pub fn partitions(&self) -> &Table<PartitionIx, Partition> {
        &self.partitions
    }

    /// Where a partition's replicas are; the first is the preferred leader.
    pub fn replicas(&self, partition: PartitionIx) -> &[BrokerIx] {
        let of = &self.partitions[partition];
        self.replicas.span(of.first_replica as usize, of.replication_factor())
    }

    /// How many replicas there are.
    pub fn replica_count(&self) -> usize {
        self.replicas.len()
    }

    /// The replicas that are in sync.
    pub fn in_sync(&self, partition: PartitionIx) -> impl Iterator<Item = BrokerIx> {
        let bits = self.partitions[partition].in_sync;
        let replicas = self.replicas(partition).iter().enumerate();
        replicas
            .filter(move |(at, _)| bits >> at & 1 == 1)
            .map(|(_, broker)| *broker)
    }

    /// Who leads, if anybody does.
    pub fn leader(&self, partition: PartitionIx) -> Option<BrokerIx> {
        let at = self.partitions[partition].leader?;
        self.replicas(partition).get(usize::from(at)).copied()
    }

    /// The broker with this id.
    pub fn broker(&self, id: i32) -> Option<BrokerIx> {
        self.by_id.get(&id).copied()
    }

    /// The topic with this name.
    pub fn topic(&self, name: &str) -> Option<TopicIx> {
        self.by_name.get(name).copied()
    }

    /// The partition of a topic with this number.
    pub fn partition(&self, topic: &str, number: i32) -> Option<PartitionIx> {
        let of = &self.topics[self.topic(topic)?];
        let partitions = self.partitions.span(of.first as usize, of.len as usize);
        let at = partitions
            .binary_search_by_key(&number, |partition| partition.number)
            .ok()?;
        Some(PartitionIx::from_index(of.first as usize + at))
    }

    /// `topic-number`, as logs and tools show it.
    pub fn name(&self, partition: PartitionIx) -> String {
        let of = &self.partitions[partition];
        format!("{}-{}", self.topics[of.topic].name, of.number)
    }

    /// The ids of these brokers.
    pub fn ids(&self, brokers: &[BrokerIx]) -> Vec<i32> {
        brokers.iter().map(|broker| self.brokers[*broker].id).collect()
    }

    /// A number that differs when brokers, racks, capacities, placements, sizes or rates do (FNV-1a). A plan carries
    /// that of the snapshot it was made for.
    pub fn fingerprint(&self) -> u64 {
        let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
        for broker in self.brokers.values() {
            hash.number(broker.id as u64);
            hash.bytes(broker.rack.map_or("", |rack| &self.racks[rack]).as_bytes());
            hash.number(broker.state as u64);
            for resource in Resource::ALL {
                hash.number(broker.capacity.of(resource).map_or(u64::MAX, |known| known));
            }
        }
        for topic in self.topics.values() {
            hash.bytes(topic.name.as_bytes());
        }
        for (at, partition) in self.partitions.iter() {
            hash.number(partition.topic.index() as u64);
            hash.number(partition.number as u64);
            hash.number(partition.size_bytes as u64);
            hash.number(partition.bytes_in as u64);
            hash.number(partition.bytes_out as u64);
            hash.number(partition.in_sync);
            for broker in self.replicas(at) {
                hash.number(broker.index() as u64);
            }
        }
        hash.0
    }
}

/// What each broker bears now; the preferred leader counts as the leader.
pub fn loads(cluster: &Cluster) -> Table<BrokerIx, PerResource<i64>> {
    let mut loads = Table::filled(cluster.brokers.len(), PerResource::new([0; 5]));
    for (at, partition) in cluster.partitions.iter() {
        let replicas = cluster.replicas(at);
        let load = partition.load(replicas.len());
        for broker in replicas {
            for resource in Resource::REPLICA {
                loads[*broker][resource] += load[resource];
            }
        }
        if let Some(first) = replicas.first() {
            for resource in Resource::LEADER {
                loads[*first][resource] += load[resource];
            }
        }
    }
    loads
}

struct Fnv(u64);

impl Fnv {
    fn number(&mut self, number: u64) {
        // A word at a time: a million partitions are hashed in milliseconds.
        self.0 = (self.0 ^ number).wrapping_mul(0x0000_0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }

    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.number(u64::from(*byte));
        }
        self.number(u64::MAX);
    }
}
