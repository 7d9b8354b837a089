//! How even loads are.

use std::collections::BTreeMap;

use planner::dense::{BrokerIx, PerResource, RackIx, Resource};
use planner::model::{Cluster, loads};
use schemars::JsonSchema;
use serde::Serialize;

use crate::rebalance::make::name_of;

/// All figures.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Figures {
    /// What brokers and racks bear.
    pub(super) loads: Vec<LoadRow>,
    /// How uneven that is.
    pub(super) spreads: Vec<SpreadRow>,
    /// Replicas that would have to be in another rack for each partition to be spread over racks.
    pub(super) extra_in_rack: u64,
    /// Replicas on brokers that have more than their part of the topic, rounded up.
    pub(super) extra_of_topic: u64,
}

/// What a broker or a rack bears.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LoadRow {
    /// broker or rack.
    pub(super) kind: &'static str,
    /// Its id or name.
    pub(super) name: String,
    /// Replicas.
    pub(super) replicas: i64,
    /// Partitions of which it is the preferred leader.
    pub(super) leaders: i64,
    /// Bytes of its replicas.
    pub(super) size_bytes: i64,
    /// Bytes that its disks can have; none if not known.
    pub(super) disk_bytes: Option<u64>,
    /// Bytes a second that come in.
    pub(super) bytes_in_per_s: i64,
    /// Bytes a second that go out, to consumers and followers.
    pub(super) bytes_out_per_s: i64,
}

/// How uneven a resource is among brokers, or racks.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct SpreadRow {
    /// broker or rack.
    pub(super) kind: &'static str,
    /// disk, bytes-in, replicas, bytes-out or leaders.
    pub(super) resource: &'static str,
    /// The mean.
    pub(super) mean: f64,
    /// The standard deviation.
    pub(super) deviation: f64,
    /// The coefficient of variation: the deviation as a part of the mean.
    pub(super) variation: f64,
    /// The least.
    pub(super) least: i64,
    /// The most.
    pub(super) most: i64,
    /// What is above the mean, rounded up, all together.
    pub(super) imbalance: f64,
}

type Load = PerResource<i64>;

impl Figures {
    /// Those of a cluster.
    pub(super) fn of(cluster: &Cluster) -> Self {
        let of_brokers = loads(cluster);
        let mut of_racks: BTreeMap<RackIx, (Load, Option<u64>)> = BTreeMap::new();
        let mut rows = Vec::new();
        for (at, broker) in cluster.brokers().iter() {
            let load = of_brokers[at];
            rows.push(row("broker", broker.id.to_string(), &load, broker.capacity.disk_bytes));
            if let Some(rack) = broker.rack {
                let (sum, disk) = of_racks.entry(rack).or_insert((Load::default(), Some(0)));
                Resource::ALL.into_iter().for_each(|k| sum[k] += load[k]);
                *disk = disk
                    .zip(broker.capacity.disk_bytes)
                    .map(|(sum, bytes)| sum.saturating_add(bytes));
            }
        }
        for (rack, (load, disk)) in &of_racks {
            rows.push(row("rack", cluster.racks()[*rack].clone(), load, *disk));
        }
        let brokers: Vec<Load> = of_brokers.values().to_vec();
        let racks: Vec<Load> = of_racks.into_values().map(|(load, _)| load).collect();
        let mut spreads: Vec<SpreadRow> = Resource::ALL.map(|k| spread("broker", k, &brokers)).into();
        if !racks.is_empty() {
            spreads.extend(Resource::ALL.map(|k| spread("rack", k, &racks)));
        }
        Self {
            loads: rows,
            spreads,
            extra_in_rack: extra_in_rack(cluster),
            extra_of_topic: extra_of_topic(cluster),
        }
    }
}

fn row(kind: &'static str, name: String, load: &Load, disk_bytes: Option<u64>) -> LoadRow {
    LoadRow {
        kind,
        name,
        replicas: load[Resource::Count],
        leaders: load[Resource::Leaders],
        size_bytes: load[Resource::Disk],
        disk_bytes,
        bytes_in_per_s: load[Resource::BytesIn],
        bytes_out_per_s: load[Resource::BytesOut],
    }
}

fn spread(kind: &'static str, resource: Resource, loads: &[Load]) -> SpreadRow {
    let amounts = || loads.iter().map(|load| load[resource]);
    let count = loads.len().max(1) as f64;
    let mean = amounts().map(|amount| amount as f64).sum::<f64>() / count;
    let variance = amounts().map(|amount| (amount as f64 - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    SpreadRow {
        kind,
        resource: name_of(resource),
        mean,
        deviation,
        variation: if mean > 0.0 { deviation / mean } else { 0.0 },
        least: amounts().min().unwrap_or(0),
        most: amounts().max().unwrap_or(0),
        imbalance: amounts().map(|amount| (amount as f64 - mean.ceil()).max(0.0)).sum(),
    }
}

fn extra_in_rack(cluster: &Cluster) -> u64 {
    let racks = cluster.racks().len();
    if racks == 0 {
        return 0;
    }
    let mut extra = 0;
    for at in cluster.partitions().keys() {
        let replicas = cluster.replicas(at);
        let mut in_rack: BTreeMap<RackIx, usize> = BTreeMap::new();
        for rack in replicas.iter().filter_map(|broker| cluster.brokers()[*broker].rack) {
            *in_rack.entry(rack).or_default() += 1;
        }
        let cap = replicas.len().div_ceil(racks);
        extra += in_rack
            .values()
            .map(|count| count.saturating_sub(cap) as u64)
            .sum::<u64>();
    }
    extra
}

fn extra_of_topic(cluster: &Cluster) -> u64 {
    let mut extra = 0;
    for topic in cluster.topics().values() {
        let mut on: BTreeMap<BrokerIx, usize> = BTreeMap::new();
        for at in topic.partitions() {
            for broker in cluster.replicas(at) {
                *on.entry(*broker).or_default() += 1;
            }
        }
        let part = on.values().sum::<usize>().div_ceil(cluster.brokers().len().max(1));
        extra += on.values().map(|count| count.saturating_sub(part) as u64).sum::<u64>();
    }
    extra
}
