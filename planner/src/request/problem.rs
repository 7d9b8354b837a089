//! A request worked out for one cluster: what each broker does, and its limits in numbers.

use std::collections::BTreeMap;

use super::shares::Shares;
use super::{Goal, Request};
use crate::dense::{BrokerIx, PartitionIx, PerResource, RackIx, Resource, Table, TopicIx};
use crate::model::{BrokerState, Cluster, REPLICAS_MAX};

/// Why a request makes no sense for a cluster.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RequestError {
    /// A broker that the cluster does not have.
    #[error("broker {0} is not in the snapshot")]
    UnknownBroker(i32),
    /// A topic that the cluster does not have.
    #[error("topic {0} is not in the snapshot")]
    UnknownTopic(String),
    /// Asked to do two things.
    #[error("broker {0} is both removed and excluded")]
    RemovedAndExcluded(i32),
    /// A number out of its range.
    #[error("{what} {value} is not between {least} and {most}")]
    OutOfRange {
        /// Of what.
        what: &'static str,
        /// What was given.
        value: f64,
        /// The least possible.
        least: f64,
        /// The most possible.
        most: f64,
    },
    /// Rack rules need racks.
    #[error("broker {0} has no rack, others have: replicas cannot be spread over racks")]
    NoRack(i32),
    /// Nowhere to put anything.
    #[error("no broker may take replicas")]
    NobodyTakes,
    /// Limits of disks need to know how large they are.
    #[error("the disk capacity of broker {0} is not known")]
    NoCapacity(i32),
}

/// What a broker does in a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Keeps and takes.
    Takes,
    /// Keeps or gives, takes nothing.
    Gives,
    /// Everything leaves.
    Drains,
    /// Nothing changes.
    Frozen,
}

impl Role {
    /// Whether its load has limits.
    pub fn takes_part(self) -> bool {
        matches!(self, Self::Takes | Self::Gives)
    }
}

/// Between what loads should be, for each broker.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// At least.
    pub lower: Table<BrokerIx, PerResource<i64>>,
    /// At most.
    pub upper: Table<BrokerIx, PerResource<i64>>,
}

impl Limits {
    /// The limits widened to these loads: what a plan that ends with them has met.
    pub fn widened(&self, loads: &Table<BrokerIx, PerResource<i64>>) -> Self {
        let mut wide = self.clone();
        for (broker, load) in loads.iter() {
            for resource in Resource::ALL {
                let (lower, upper) = (&mut wide.lower[broker][resource], &mut wide.upper[broker][resource]);
                *lower = (*lower).min(load[resource]);
                *upper = (*upper).max(load[resource]);
            }
        }
        wide
    }
}

/// How many replicas of a partition fit in a rack.
#[derive(Debug, Clone)]
pub(crate) struct RackRoom {
    /// Brokers that keep or take, by rack; none without the rule.
    brokers: Option<Table<RackIx, usize>>,
    racks: usize,
}

impl RackRoom {
    pub(crate) fn is_ruled(&self) -> bool {
        self.brokers.is_some()
    }

    /// Racks that have a broker to keep replicas.
    pub(crate) fn racks(&self) -> usize {
        self.racks
    }

    /// What the rule says, without regard to how many brokers there are.
    pub(crate) fn rule(&self, replicas: usize) -> usize {
        if self.brokers.is_some() {
            replicas.div_ceil(self.racks.max(1))
        } else {
            usize::MAX
        }
    }

    pub(crate) fn cap(&self, replicas: usize, rack: RackIx) -> usize {
        let brokers = self.brokers.as_ref().map_or(usize::MAX, |brokers| brokers[rack]);
        self.rule(replicas).min(brokers)
    }
}

/// A request worked out for one cluster.
#[derive(Debug, Clone)]
pub struct Problem<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The request.
    pub request: &'a Request,
    /// What each broker does.
    pub roles: Table<BrokerIx, Role>,
    /// How many replicas each partition is to have.
    pub target_rf: Table<PartitionIx, u8>,
    /// Topics that stay as they are.
    pub pinned: Table<TopicIx, bool>,
    /// Each broker's fair share.
    pub shares: Table<BrokerIx, PerResource<f64>>,
    /// Where loads should be.
    pub limits: Limits,
    /// What each disk may have on it, also while replicas move.
    pub disk_ceilings: Table<BrokerIx, i64>,
    /// Replicas of a topic that a broker may be given.
    pub topic_caps: Table<TopicIx, u32>,
    pub(crate) room: RackRoom,
}

impl<'a> Problem<'a> {
    /// The load of the average broker that takes part: the unit of sums over several resources.
    pub(crate) fn average_load(&self) -> PerResource<f64> {
        let brokers = self
            .roles
            .values()
            .iter()
            .filter(|role| role.takes_part())
            .count()
            .max(1);
        PerResource::from_fn(|k| {
            let all: f64 = self.shares.values().iter().map(|share| share[k]).sum();
            (all / brokers as f64).max(1e-9)
        })
    }

    /// Works out what the request means for the cluster.
    pub fn new(cluster: &'a Cluster, request: &'a Request) -> Result<Self, RequestError> {
        check_numbers(request)?;
        let roles = roles(cluster, request)?;
        let pinned = pinned(cluster, request)?;
        let target_rf = target_rf(cluster, request)?;
        let room = rack_room(cluster, request, &roles)?;
        let shares = Shares {
            cluster,
            roles: &roles,
            target_rf: &target_rf,
            room: &room,
        }
        .of_brokers();
        let limits = limits(cluster, request, &roles, &shares)?;
        let disk_ceilings = disk_ceilings(cluster, request, &roles)?;
        let topic_caps = topic_caps(cluster, request, &roles, &target_rf);
        Ok(Self {
            cluster,
            request,
            roles,
            target_rf,
            pinned,
            shares,
            limits,
            disk_ceilings,
            topic_caps,
            room,
        })
    }

    /// Whether the partition's replicas may change.
    pub fn may_change(&self, partition: PartitionIx) -> bool {
        !self.pinned[self.cluster.partitions()[partition].topic]
    }

    /// Replicas of a partition in one rack at most, by the rule on racks; no end of them without it.
    pub fn rack_cap(&self, partition: PartitionIx) -> usize {
        self.room.rule(usize::from(self.target_rf[partition]))
    }
}

fn check_numbers(request: &Request) -> Result<(), RequestError> {
    let range = |what, value: f64, least: f64, most: f64| {
        let inside = value >= least && value <= most;
        if inside {
            Ok(())
        } else {
            Err(RequestError::OutOfRange {
                what,
                value,
                least,
                most,
            })
        }
    };
    for resource in Resource::ALL {
        if let Some(tolerance) = request.windows.tolerances[resource] {
            range("tolerance", tolerance, 0.0, 100.0)?;
        }
    }
    if let Goal::Relief { above } = request.goal {
        range("relief above", above, 0.0, 1.0)?;
    }
    if let Some(limit) = request.rules.disk_limit {
        range("disk limit", limit, 0.0, 1.0)?;
    }
    if let Some(spread) = request.rules.topic_spread {
        range("topic spread", spread.factor, 1.0, 1e6)?;
    }
    for replicas in request.replication_factors.values() {
        range("replication factor", *replicas as f64, 1.0, REPLICAS_MAX as f64)?;
    }
    Ok(())
}

fn roles(cluster: &Cluster, request: &Request) -> Result<Table<BrokerIx, Role>, RequestError> {
    let find = |id: &i32| cluster.broker(*id).ok_or(RequestError::UnknownBroker(*id));
    let state = |broker: &crate::model::Broker| match broker.state {
        BrokerState::Alive => Role::Takes,
        BrokerState::Removed => Role::Drains,
        BrokerState::Excluded => Role::Frozen,
        BrokerState::Cordoned => Role::Gives,
    };
    let mut roles: Table<BrokerIx, Role> = cluster.brokers().values().iter().map(state).collect();
    if let Some(allowed) = &request.rules.allowed {
        let allowed = allowed.iter().map(find).collect::<Result<Vec<_>, _>>()?;
        for broker in cluster.brokers().keys() {
            if roles[broker] == Role::Takes && !allowed.contains(&broker) {
                roles[broker] = Role::Gives;
            }
        }
    }
    for id in &request.rules.excluded {
        roles[find(id)?] = Role::Frozen;
    }
    for id in &request.rules.removed {
        if request.rules.excluded.contains(id) {
            return Err(RequestError::RemovedAndExcluded(*id));
        }
        roles[find(id)?] = Role::Drains;
    }
    if !roles.values().contains(&Role::Takes) {
        return Err(RequestError::NobodyTakes);
    }
    Ok(roles)
}

fn pinned(cluster: &Cluster, request: &Request) -> Result<Table<TopicIx, bool>, RequestError> {
    let mut pinned = Table::filled(cluster.topics().len(), false);
    for name in &request.rules.excluded_topics {
        let topic = cluster
            .topic(name)
            .ok_or_else(|| RequestError::UnknownTopic(name.clone()))?;
        pinned[topic] = true;
    }
    Ok(pinned)
}

fn target_rf(cluster: &Cluster, request: &Request) -> Result<Table<PartitionIx, u8>, RequestError> {
    let now = |partition: &crate::model::Partition| partition.replication_factor() as u8;
    let mut target: Table<PartitionIx, u8> = cluster.partitions().values().iter().map(now).collect();
    for (name, replicas) in &request.replication_factors {
        let topic = cluster
            .topic(name)
            .ok_or_else(|| RequestError::UnknownTopic(name.clone()))?;
        if request.goal == Goal::Leaders || request.rules.excluded_topics.contains(name) {
            continue;
        }
        for partition in cluster.topics()[topic].partitions() {
            target[partition] = *replicas as u8;
        }
    }
    Ok(target)
}

fn rack_room(cluster: &Cluster, request: &Request, roles: &Table<BrokerIx, Role>) -> Result<RackRoom, RequestError> {
    let all = cluster.brokers().values();
    if !request.rules.racks || all.iter().all(|broker| broker.rack.is_none()) {
        return Ok(RackRoom {
            brokers: None,
            racks: 0,
        });
    }
    let mut brokers: Table<RackIx, usize> = Table::filled(cluster.racks().len(), 0);
    for (at, broker) in cluster.brokers().iter() {
        let rack = broker.rack.ok_or(RequestError::NoRack(broker.id))?;
        brokers[rack] += usize::from(roles[at] != Role::Drains);
    }
    let racks = brokers.values().iter().filter(|brokers| **brokers > 0).count();
    Ok(RackRoom {
        brokers: Some(brokers),
        racks,
    })
}

fn limits(
    cluster: &Cluster,
    request: &Request,
    roles: &Table<BrokerIx, Role>,
    shares: &Table<BrokerIx, PerResource<f64>>,
) -> Result<Limits, RequestError> {
    let mut lower = Table::filled(roles.len(), PerResource::new([0; 5]));
    let mut upper = Table::filled(roles.len(), PerResource::new([i64::MAX; 5]));
    for (broker, role) in roles.iter() {
        match role {
            Role::Drains => upper[broker] = PerResource::new([0; 5]),
            Role::Frozen => {}
            Role::Takes | Role::Gives => {
                for resource in Resource::ALL {
                    let Some(tolerance) = request.windows.tolerances[resource] else {
                        continue;
                    };
                    let (low, high) = window(resource, shares[broker][resource], tolerance);
                    upper[broker][resource] = high;
                    let filled = *role == Role::Takes && !matches!(request.goal, Goal::Relief { .. });
                    lower[broker][resource] = if filled { low } else { 0 };
                }
                if let Goal::Relief { above } = request.goal {
                    let disk = &mut upper[broker][Resource::Disk];
                    *disk = (*disk).min(part_of_disk(cluster, broker, above)?);
                }
            }
        }
    }
    Ok(Limits { lower, upper })
}

/// Counts are whole: a window of less than one is as wide as the share rounded down and up.
fn window(resource: Resource, share: f64, tolerance: f64) -> (i64, i64) {
    let (low, high) = (share * (1.0 - tolerance), share * (1.0 + tolerance));
    // So that a share that is whole but for the last bits of its division is.
    let slack = 1e-9 * share;
    match resource {
        Resource::Count | Resource::Leaders => ((low + slack).floor().max(0.0) as i64, (high - slack).ceil() as i64),
        _ => ((low - slack).ceil().max(0.0) as i64, (high + slack).floor() as i64),
    }
}

fn part_of_disk(cluster: &Cluster, broker: BrokerIx, part: f64) -> Result<i64, RequestError> {
    let broker = &cluster.brokers()[broker];
    let capacity = broker.capacity.disk_bytes.ok_or(RequestError::NoCapacity(broker.id))?;
    Ok((capacity as f64 * part) as i64)
}

fn disk_ceilings(
    cluster: &Cluster,
    request: &Request,
    roles: &Table<BrokerIx, Role>,
) -> Result<Table<BrokerIx, i64>, RequestError> {
    let ceiling = |(broker, role): (BrokerIx, &Role)| match request.rules.disk_limit {
        Some(limit) if *role == Role::Takes => part_of_disk(cluster, broker, limit),
        _ => Ok(i64::MAX),
    };
    roles.iter().map(ceiling).collect()
}

fn topic_caps(
    cluster: &Cluster,
    request: &Request,
    roles: &Table<BrokerIx, Role>,
    target_rf: &Table<PartitionIx, u8>,
) -> Table<TopicIx, u32> {
    let Some(spread) = request.rules.topic_spread else {
        return Table::filled(cluster.topics().len(), u32::MAX);
    };
    let brokers = roles.values().iter().filter(|role| role.takes_part()).count().max(1);
    let mut replicas: BTreeMap<TopicIx, usize> = BTreeMap::new();
    for (at, partition) in cluster.partitions().iter() {
        *replicas.entry(partition.topic).or_default() += usize::from(target_rf[at]);
    }
    let cap = |topic| {
        let all = replicas.get(&topic).copied().unwrap_or_default();
        u32::try_from(spread.cap(all as f64 / brokers as f64)).unwrap_or(u32::MAX)
    };
    cluster.topics().keys().map(cap).collect()
}
