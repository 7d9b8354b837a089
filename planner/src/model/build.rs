//! A cluster from its parts, in any order; whatever contradicts itself is refused.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Broker, BrokerState, Capacity, Cluster, LogDir, Partition, REPLICAS_MAX, Topic};
use crate::dense::{BrokerIx, Key, RackIx, Table, TopicIx};

/// Why parts make no cluster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Two brokers with one id.
    #[error("broker {0} is listed twice")]
    BrokerTwice(i32),
    /// More than indices can tell apart.
    #[error("more than {max} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many are possible.
        max: usize,
    },
    /// Two partitions of one name.
    #[error("partition {0} is listed twice")]
    PartitionTwice(String),
    /// A topic without a name, or a partition with a negative number.
    #[error("{0:?} is no partition's name")]
    NoName(String),
    /// A partition has no replica.
    #[error("partition {0} has no replicas")]
    NoReplicas(String),
    /// A replica on a broker that is not listed.
    #[error("partition {partition}: broker {broker} is not among the brokers")]
    UnknownBroker {
        /// The partition.
        partition: String,
        /// Its replica's broker.
        broker: i32,
    },
    /// Two replicas on one broker.
    #[error("partition {partition}: broker {broker} is there twice")]
    ReplicaTwice {
        /// The partition.
        partition: String,
        /// The broker.
        broker: i32,
    },
    /// In sync, or leading, without being a replica.
    #[error("partition {partition}: broker {broker} {what}, but is none of its replicas")]
    NoReplica {
        /// The partition.
        partition: String,
        /// The broker.
        broker: i32,
        /// What it is said to be.
        what: &'static str,
    },
    /// The leader is not in sync.
    #[error("partition {partition}: leader {leader} is not in sync")]
    LeaderNotInSync {
        /// The partition.
        partition: String,
        /// The leader.
        leader: i32,
    },
    /// All loads together are more than 2^62.
    #[error("sizes or rates add up to more than can be counted")]
    Overflow,
}

/// A broker to be.
#[derive(Debug, Clone, Default)]
pub struct NewBroker {
    /// Its id.
    pub id: i32,
    /// Its rack's name.
    pub rack: Option<String>,
    /// How it takes part.
    pub state: BrokerState,
    /// What it can bear.
    pub capacity: Capacity,
    /// Its log directories.
    pub log_dirs: Vec<LogDir>,
}

/// A partition to be.
#[derive(Debug, Clone, Copy)]
pub struct NewPartition<'a> {
    /// Its topic's name.
    pub topic: &'a str,
    /// Its number.
    pub number: i32,
    /// Its replicas' brokers, the preferred leader first.
    pub replicas: &'a [i32],
    /// Those in sync; `None` for all.
    pub in_sync: Option<&'a [i32]>,
    /// Who leads.
    pub leader: Option<i32>,
    /// Bytes of one replica.
    pub size_bytes: u64,
    /// Bytes a second written.
    pub bytes_in: u64,
    /// Bytes a second consumed.
    pub bytes_out: u64,
    /// min.insync.replicas.
    pub min_isr: u16,
}

/// Collects the parts of a cluster.
#[derive(Debug, Default)]
pub struct ClusterBuilder {
    cluster_id: Option<String>,
    brokers: BTreeMap<i32, NewBroker>,
    topics: BTreeMap<String, u32>,
    partitions: Vec<Partition>,
    /// Ids, until the order of brokers is known.
    replicas: Vec<i32>,
    totals: [u64; 3],
}

impl ClusterBuilder {
    /// Nothing yet.
    pub fn new(cluster_id: Option<String>) -> Self {
        Self {
            cluster_id,
            ..Self::default()
        }
    }

    /// Adds a broker. All brokers come before the partitions.
    pub fn broker(&mut self, broker: NewBroker) -> Result<(), ModelError> {
        let max = usize::from(u16::MAX) - 1;
        if self.brokers.len() >= max {
            return Err(ModelError::TooMany { what: "brokers", max });
        }
        match self.brokers.entry(broker.id) {
            Entry::Occupied(_) => Err(ModelError::BrokerTwice(broker.id)),
            Entry::Vacant(place) => {
                place.insert(broker);
                Ok(())
            }
        }
    }

    /// Adds a partition.
    pub fn partition(&mut self, new: &NewPartition<'_>) -> Result<(), ModelError> {
        self.check(new)?;
        let position = |broker: i32| new.replicas.iter().position(|replica| *replica == broker);
        let mut in_sync = u64::MAX >> (REPLICAS_MAX - new.replicas.len());
        if let Some(listed) = new.in_sync {
            in_sync = listed
                .iter()
                .filter_map(|broker| position(*broker))
                .fold(0, |bits, at| bits | 1 << at);
        }
        // Wide enough for the sum over all replicas of the largest load a broker can have of it.
        let copies = new.replicas.len() as u64;
        for (total, load) in self
            .totals
            .iter_mut()
            .zip([new.size_bytes, new.bytes_in, new.bytes_out])
        {
            let sum = load.checked_mul(copies * copies).and_then(|all| total.checked_add(all));
            *total = sum.filter(|sum| *sum < 1 << 62).ok_or(ModelError::Overflow)?;
        }
        let max = u32::MAX as usize / 2;
        if self.replicas.len() + new.replicas.len() > max {
            return Err(ModelError::TooMany { what: "replicas", max });
        }
        let topic = match self.topics.get(new.topic) {
            Some(topic) => *topic,
            None => {
                let next = self.topics.len() as u32;
                self.topics.insert(new.topic.to_owned(), next);
                next
            }
        };
        self.partitions.push(Partition {
            topic: TopicIx::from_index(topic as usize),
            number: new.number,
            size_bytes: new.size_bytes as i64,
            bytes_in: new.bytes_in as i64,
            bytes_out: new.bytes_out as i64,
            min_isr: new.min_isr,
            first_replica: self.replicas.len() as u32,
            replicas: new.replicas.len() as u8,
            leader: new.leader.and_then(position).map(|at| at as u8),
            in_sync,
        });
        self.replicas.extend_from_slice(new.replicas);
        Ok(())
    }

    fn check(&self, new: &NewPartition<'_>) -> Result<(), ModelError> {
        let name = || format!("{}-{}", new.topic, new.number);
        if new.topic.is_empty() || new.number < 0 {
            return Err(ModelError::NoName(name()));
        }
        if new.replicas.is_empty() {
            return Err(ModelError::NoReplicas(name()));
        }
        if new.replicas.len() > REPLICAS_MAX {
            return Err(ModelError::TooMany {
                what: "replicas of a partition",
                max: REPLICAS_MAX,
            });
        }
        for (at, broker) in new.replicas.iter().enumerate() {
            if !self.brokers.contains_key(broker) {
                return Err(ModelError::UnknownBroker {
                    partition: name(),
                    broker: *broker,
                });
            }
            if new.replicas.iter().take(at).any(|before| before == broker) {
                return Err(ModelError::ReplicaTwice {
                    partition: name(),
                    broker: *broker,
                });
            }
        }
        let listed = new.in_sync.unwrap_or(new.replicas);
        if let Some(broker) = listed.iter().find(|broker| !new.replicas.contains(broker)) {
            return Err(ModelError::NoReplica {
                partition: name(),
                broker: *broker,
                what: "is in sync",
            });
        }
        if let Some(leader) = new.leader {
            if !new.replicas.contains(&leader) {
                return Err(ModelError::NoReplica {
                    partition: name(),
                    broker: leader,
                    what: "leads",
                });
            }
            if !listed.contains(&leader) {
                return Err(ModelError::LeaderNotInSync {
                    partition: name(),
                    leader,
                });
            }
        }
        Ok(())
    }

    /// The cluster.
    pub fn build(mut self) -> Result<Cluster, ModelError> {
        let names: std::collections::BTreeSet<_> = self.brokers.values().filter_map(|b| b.rack.clone()).collect();
        let racks: Table<RackIx, String> = names.into_iter().collect();
        let mut brokers = Table::new();
        let mut by_id = BTreeMap::new();
        for (id, new) in self.brokers {
            let rack = new.rack.and_then(|name| racks.values().binary_search(&name).ok());
            let broker = Broker {
                id,
                rack: rack.map(RackIx::from_index),
                state: new.state,
                capacity: new.capacity,
                log_dirs: new.log_dirs,
            };
            by_id.insert(id, brokers.push(broker));
        }
        let mut order: Table<TopicIx, TopicIx> = Table::filled(self.topics.len(), TopicIx::from_index(0));
        let mut topics = Table::new();
        let mut by_name = BTreeMap::new();
        for (name, given) in self.topics {
            let at = topics.push(Topic {
                name: name.clone(),
                first: 0,
                len: 0,
            });
            by_name.insert(name, at);
            order[TopicIx::from_index(given as usize)] = at;
        }
        for partition in &mut self.partitions {
            partition.topic = order[partition.topic];
        }
        self.partitions
            .sort_by_key(|partition| (partition.topic, partition.number));
        let given: Table<crate::dense::SlotIx, i32> = Table::from(self.replicas);
        let mut replicas: Table<_, BrokerIx> = Table::from(Vec::with_capacity(given.len()));
        let mut last = None;
        for (at, partition) in self.partitions.iter_mut().enumerate() {
            let topic: &mut Topic = &mut topics[partition.topic];
            if last.replace((partition.topic, partition.number)) == Some((partition.topic, partition.number)) {
                return Err(ModelError::PartitionTwice(format!(
                    "{}-{}",
                    topic.name, partition.number
                )));
            }
            if topic.len == 0 {
                topic.first = at as u32;
            }
            topic.len += 1;
            let ids = given.span(partition.first_replica as usize, partition.replication_factor());
            partition.first_replica = replicas.len() as u32;
            for id in ids {
                if let Some(broker) = by_id.get(id) {
                    replicas.push(*broker);
                }
            }
        }
        let partitions = Table::from(self.partitions);
        Ok(Cluster {
            cluster_id: self.cluster_id,
            brokers,
            by_id,
            racks,
            topics,
            by_name,
            partitions,
            replicas,
        })
    }
}
