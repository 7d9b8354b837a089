//! Made-up clusters, the same for the same seed: sizes lognormal, rates skewed by topic, brokers with a bias.

use crate::dense::{BrokerIx, Key, Table};
use crate::model::{Capacity, Cluster, ClusterBuilder, ModelError, NewBroker, NewPartition};
use crate::random::Random;

/// What kind of cluster.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spec {
    /// Brokers, the empty ones among them.
    pub brokers: usize,
    /// Racks, filled in turn; 0 for none.
    pub racks: usize,
    /// Topics; how many partitions each has falls off as a power of its rank.
    pub topics: usize,
    /// Replicas in all, rounded down to whole partitions.
    pub replicas: usize,
    /// Replicas of each partition.
    pub replication_factor: usize,
    /// Brokers at the end that have nothing yet.
    pub empty: usize,
    /// How unevenly replicas are placed: deviation of the logarithm of a broker's weight.
    pub skew: f64,
    /// Capacity of each disk as a multiple of the average load; 0 for unknown.
    pub disk_room: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            brokers: 12,
            racks: 3,
            topics: 20,
            replicas: 600,
            replication_factor: 3,
            empty: 0,
            skew: 0.3,
            disk_room: 0.0,
            seed: 1,
        }
    }
}

struct Load {
    topic: usize,
    number: usize,
    size_bytes: f64,
    bytes_in: f64,
    bytes_out: f64,
}

/// Makes a cluster. A spec that leaves no broker to place on is answered with a cluster without partitions.
pub fn generate(spec: &Spec) -> Result<Cluster, ModelError> {
    let mut random = Random::new(spec.seed);
    let loads = loads(spec, &mut random);
    let placer = Placer::new(spec, &mut random);
    let mut builder = ClusterBuilder::new(Some(format!("generated-{}", spec.seed)));
    let all: f64 = loads.iter().map(|load| load.size_bytes).sum::<f64>() * spec.replication_factor as f64;
    let disk = (all / spec.brokers.max(1) as f64 * spec.disk_room) as u64;
    for broker in 0..spec.brokers {
        builder.broker(NewBroker {
            id: broker as i32,
            rack: (spec.racks > 0).then(|| format!("r{:02}", broker % spec.racks)),
            capacity: Capacity {
                disk_bytes: (disk > 0).then_some(disk),
                ..Capacity::default()
            },
            ..NewBroker::default()
        })?;
    }
    let mut replicas = Vec::new();
    for load in loads {
        placer.place(spec, &mut random, &mut replicas);
        if replicas.is_empty() {
            break;
        }
        builder.partition(&NewPartition {
            topic: &format!("topic-{:05}", load.topic),
            number: load.number as i32,
            replicas: &replicas,
            in_sync: None,
            leader: replicas.first().copied(),
            size_bytes: load.size_bytes as u64,
            bytes_in: load.bytes_in as u64,
            bytes_out: load.bytes_out as u64,
            min_isr: replicas.len().clamp(1, 2) as u16,
        })?;
    }
    builder.build()
}

/// Partitions for each topic, and what each takes.
fn loads(spec: &Spec, random: &mut Random) -> Vec<Load> {
    let partitions = spec.replicas / spec.replication_factor.max(1);
    let topics = spec.topics.clamp(1, partitions.max(1));
    let weight = |rank: usize| 1.0 / ((rank + 1) as f64).powf(0.8);
    let all: f64 = (0..topics).map(weight).sum();
    let spare = (partitions - topics.min(partitions)) as f64;
    let mut counts: Vec<usize> = (0..topics)
        .map(|rank| 1 + (weight(rank) / all * spare) as usize)
        .collect();
    let mut missing = partitions.saturating_sub(counts.iter().sum());
    while missing > 0 {
        for count in counts.iter_mut().take(missing) {
            *count += 1;
            missing -= 1;
        }
    }
    let mut loads = Vec::with_capacity(partitions);
    for (topic, count) in counts.into_iter().enumerate() {
        let popularity = (1.2 * random.normal()).exp();
        let retention = (0.9 * random.normal()).exp();
        let consumers = 0.5 + 2.0 * random.exponential();
        for number in 0..count {
            let rate = popularity * (0.3 * random.normal()).exp();
            let size = rate * retention * (0.2 * random.normal()).exp();
            loads.push(Load {
                topic,
                number,
                size_bytes: size * 1e9,
                bytes_in: rate * 1e4,
                bytes_out: rate * consumers * 1e4,
            });
        }
    }
    loads
}

/// Brokers of each rack with the sums of their weights.
struct Placer {
    racks: Vec<Vec<(i32, f64)>>,
}

impl Placer {
    fn new(spec: &Spec, random: &mut Random) -> Self {
        let live = spec.brokers.saturating_sub(spec.empty);
        let racks = if spec.racks == 0 { live } else { spec.racks };
        let bias: Table<BrokerIx, f64> = (0..live)
            .map(|_| (spec.skew * random.normal()).exp().max(0.05))
            .collect();
        let brokers_of = |rack: usize| {
            let mut sum = 0.0;
            let members = bias.iter().filter(move |(broker, _)| broker.index() % racks == rack);
            members
                .map(|(broker, weight)| {
                    sum += weight;
                    (broker.index() as i32, sum)
                })
                .collect()
        };
        let racks: Vec<Vec<(i32, f64)>> = (0..racks).map(brokers_of).collect();
        Self {
            racks: racks.into_iter().filter(|rack| !rack.is_empty()).collect(),
        }
    }

    /// Each replica in a rack that has the fewest of them yet, on a broker by weight.
    fn place(&self, spec: &Spec, random: &mut Random, replicas: &mut Vec<i32>) {
        replicas.clear();
        let racks = self.racks.len();
        let mut order: Vec<usize> = (0..racks).collect();
        if spec.racks == 0 {
            self.place_by_weight(spec, random, replicas);
            return;
        }
        random.shuffle(&mut order);
        for at in 0..spec.replication_factor {
            let Some(rack) = order.get(at % racks.max(1)).and_then(|rack| self.racks.get(*rack)) else {
                return;
            };
            for _ in 0..100 {
                let broker = pick(rack, random);
                if let Some(broker) = broker.filter(|broker| !replicas.contains(broker)) {
                    replicas.push(broker);
                    break;
                }
            }
        }
    }

    fn place_by_weight(&self, spec: &Spec, random: &mut Random, replicas: &mut Vec<i32>) {
        let mut sum = 0.0;
        let brokers = self.racks.iter().flatten();
        let all: Vec<(i32, f64)> = brokers
            .map(|(broker, weight)| {
                sum += weight;
                (*broker, sum)
            })
            .collect();
        for _ in 0..spec.replication_factor * 100 {
            if replicas.len() == spec.replication_factor.min(all.len()) {
                return;
            }
            if let Some(broker) = pick(&all, random).filter(|broker| !replicas.contains(broker)) {
                replicas.push(broker);
            }
        }
    }
}

fn pick(brokers: &[(i32, f64)], random: &mut Random) -> Option<i32> {
    let all = brokers.last()?.1;
    let wanted = random.unit() * all;
    let at = brokers.partition_point(|(_, sum)| *sum < wanted);
    brokers.get(at).or(brokers.last()).map(|(broker, _)| *broker)
}
