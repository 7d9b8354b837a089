//! What is known so far of a cluster, file by file.

use std::collections::BTreeMap;

use planner::counted::counted;
use planner::model::{Cluster, ClusterBuilder, ModelError, NewBroker, NewPartition};

/// A partition.
pub(super) type Key = (String, i32);

/// What is known of a partition.
#[derive(Debug, Clone, Default)]
pub(super) struct Known {
    /// The preferred leader first.
    pub(super) replicas: Vec<i32>,
    /// None: all.
    pub(super) in_sync: Option<Vec<i32>>,
    pub(super) leader: Option<i32>,
    pub(super) size_bytes: u64,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) min_isr: Option<u16>,
}

/// What is known of a cluster.
#[derive(Debug, Default)]
pub(super) struct Parts {
    cluster_id: Option<String>,
    pub(super) brokers: BTreeMap<i32, NewBroker>,
    pub(super) partitions: BTreeMap<Key, Known>,
    /// Bytes that are free on a broker: with those that its replicas take they are its capacity.
    pub(super) free: BTreeMap<i32, u64>,
    /// Partitions of which something is told, but not where they are.
    pub(super) unplaced: usize,
    /// Partitions whose replicas are known, but not their order.
    pub(super) unordered: usize,
}

impl Parts {
    /// What a snapshot knows.
    pub(super) fn of(cluster: &Cluster) -> Self {
        let mut parts = Self {
            cluster_id: cluster.cluster_id().map(str::to_owned),
            ..Self::default()
        };
        for broker in cluster.brokers().values() {
            let new = NewBroker {
                id: broker.id,
                rack: broker.rack.map(|rack| cluster.racks()[rack].clone()),
                state: broker.state,
                capacity: broker.capacity,
                log_dirs: broker.log_dirs.clone(),
            };
            parts.brokers.insert(broker.id, new);
        }
        for (at, partition) in cluster.partitions().iter() {
            let in_sync: Vec<_> = cluster.in_sync(at).collect();
            let known = Known {
                replicas: cluster.ids(cluster.replicas(at)),
                in_sync: Some(cluster.ids(&in_sync)),
                leader: cluster.leader(at).map(|leader| cluster.brokers()[leader].id),
                size_bytes: partition.size_bytes as u64,
                bytes_in: partition.bytes_in as u64,
                bytes_out: partition.bytes_out as u64,
                min_isr: Some(partition.min_isr),
            };
            let topic = cluster.topics()[partition.topic].name.clone();
            parts.partitions.insert((topic, partition.number), known);
        }
        parts
    }

    /// A broker, which is new if nobody has told of it.
    pub(super) fn broker(&mut self, id: i32) -> &mut NewBroker {
        self.brokers.entry(id).or_insert_with(|| NewBroker {
            id,
            ..NewBroker::default()
        })
    }

    /// A partition has these replicas now.
    pub(super) fn place(&mut self, key: Key, replicas: Vec<i32>) -> Result<&mut Known, String> {
        let name = || format!("{}-{}", key.0, key.1);
        if key.0.is_empty() || key.1 < 0 {
            return Err(format!("{:?} is no partition's name", name()));
        }
        if replicas.is_empty() {
            return Err(format!("{} has no replicas", name()));
        }
        for (at, broker) in replicas.iter().enumerate() {
            if *broker < 0 {
                return Err(format!("{}: {broker} is no broker's id", name()));
            }
            if replicas.iter().take(at).any(|before| before == broker) {
                return Err(format!("{}: broker {broker} is there twice", name()));
            }
            self.broker(*broker);
        }
        let known = self.partitions.entry(key).or_default();
        if known.replicas != replicas {
            known.in_sync = None;
            known.leader = replicas.first().copied();
            known.replicas = replicas;
        }
        Ok(known)
    }

    /// A partition whose place is known; one whose place is not counts as left out.
    pub(super) fn placed(&mut self, key: &Key) -> Option<&mut Known> {
        let known = self.partitions.get_mut(key);
        self.unplaced += usize::from(known.is_none());
        known
    }

    /// The cluster, and what has to be said about it.
    pub(super) fn into_cluster(mut self) -> Result<(Cluster, Vec<String>), ModelError> {
        let mut warnings = Vec::new();
        if self.unplaced > 0 {
            let partitions = counted(self.unplaced, "partition");
            warnings.push(format!(
                "{partitions} are left out, as nobody tells where they are: give --base"
            ));
        }
        if self.unordered > 0 {
            let partitions = counted(self.unordered, "partition");
            warnings.push(format!(
                "nobody tells who leads {partitions}: it is taken to be the lowest id; give --base"
            ));
        }
        let mut taken: BTreeMap<i32, u64> = BTreeMap::new();
        for known in self.partitions.values() {
            for broker in &known.replicas {
                let sum = taken.entry(*broker).or_default();
                *sum = sum.saturating_add(known.size_bytes);
            }
        }
        for (id, free) in std::mem::take(&mut self.free) {
            let taken = taken.get(&id).copied().unwrap_or_default();
            self.broker(id).capacity.disk_bytes = Some(free.saturating_add(taken));
        }
        let mut builder = ClusterBuilder::new(self.cluster_id);
        for broker in self.brokers.into_values() {
            builder.broker(broker)?;
        }
        for ((topic, number), known) in &self.partitions {
            builder.partition(&NewPartition {
                topic,
                number: *number,
                replicas: &known.replicas,
                in_sync: known.in_sync.as_deref(),
                leader: known.leader,
                size_bytes: known.size_bytes,
                bytes_in: known.bytes_in,
                bytes_out: known.bytes_out,
                min_isr: known.min_isr.unwrap_or(1),
            })?;
        }
        Ok((builder.build()?, warnings))
    }
}

/// A number of some unit as a whole number; what is no amount is told.
pub(super) fn amount(number: f64, unit: f64) -> Result<u64, String> {
    let scaled = number * unit;
    if scaled.is_finite() && (0.0..9e18).contains(&scaled) {
        Ok(scaled.round() as u64)
    } else {
        Err(format!("{number} is not an amount"))
    }
}
