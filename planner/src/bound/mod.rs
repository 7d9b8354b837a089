//! What any plan that ends within the limits has to move at least, and the numbers that prove it.
//!
//! What a broker has above a limit must leave it, what it lacks must come; each replica that arrives somewhere costs
//! its size. The first proof counts bytes of disk alone; the second weighs all resources against each other with
//! multipliers for each broker that is above a limit, and one set for all that comes. Anybody can check either from
//! the snapshot: [`crate::check`] does, with code of its own.

pub(crate) mod cover;
mod forced;
pub(crate) mod prices;

use serde::{Deserialize, Serialize};

use crate::dense::{BrokerIx, PerResource, Resource, Table};
use crate::model::Partition;
use crate::request::{Limits, Problem, Role};
use cover::{Amounts, Item, Need, climb, proven};
use forced::Forced;

/// Multipliers: bytes for a byte on disk, for a byte a second of what comes in, for a replica.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Multipliers {
    /// For a byte on disk.
    pub disk: f64,
    /// For a byte a second that comes in.
    pub bytes_in: f64,
    /// For a replica.
    pub count: f64,
}

impl Multipliers {
    fn of(amounts: Amounts) -> Self {
        let [disk, bytes_in, count] = amounts;
        Self { disk, bytes_in, count }
    }
}

/// The proof of a lower bound.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Certificate {
    /// By the ids of brokers that are above a limit.
    pub leaving: Vec<(i32, Multipliers)>,
    /// For what must come to brokers that are below one.
    pub arriving: Multipliers,
    /// By broker what one replica on it is worth, in bytes, if the proof is one by prices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<(i32, f64)>,
}

/// What any plan has to move at least.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bound {
    /// From bytes on disk alone.
    pub simple_bytes: u64,
    /// With all resources that replicas take; never less than the simple one.
    pub bytes: u64,
    /// The proof of `bytes`.
    pub certificate: Certificate,
}

/// Proves a lower bound on the bytes that any plan moves which ends within these limits.
pub fn lower_bound(problem: &Problem<'_>, limits: &Limits) -> Bound {
    let forced = Forced::new(problem);
    let scale = Scale::new(problem);
    let loads = crate::model::loads(problem.cluster);
    let mut leaving = forced.bytes as f64;
    let mut certificate = Certificate::default();
    let above = items_above(problem, limits, &loads, &forced, scale);
    let mut disk_above = forced.bytes;
    let mut disk_below = 0;
    for (broker, items) in above.iter() {
        let excess = Resource::REPLICA.map(|k| (loads[broker][k].saturating_sub(limits.upper[broker][k])).max(0));
        if problem.roles[broker].takes_part() && !items.is_empty() {
            let need = Need::at_least(scale.scaled(excess));
            let found = climb(items, &need);
            leaving += found.proven * scale.unit_bytes();
            certificate.leaving.push((
                problem.cluster.brokers()[broker].id,
                Multipliers::of(scale.raw(found.best)),
            ));
            // One byte for a byte, without what costs nothing.
            disk_above += (proven(items, &need, [1.0, 0.0, 0.0]).max(0.0) * scale.unit_bytes()) as i64;
        }
    }
    let mut deficit = [0i64; 3];
    for (broker, load) in loads.iter().filter(|(broker, _)| problem.roles[*broker] == Role::Takes) {
        for (sum, k) in deficit.iter_mut().zip(Resource::REPLICA) {
            *sum += (limits.lower[broker][k] - load[k]).max(0);
        }
        disk_below += (limits.lower[broker][Resource::Disk] - load[Resource::Disk]).max(0);
    }
    let mut arriving = 0.0;
    if deficit.iter().any(|lacking| *lacking > 0) {
        let found = climb(&items_arriving(problem, scale), &Need::at_least(scale.scaled(deficit)));
        arriving = found.proven * scale.unit_bytes();
        certificate.arriving = Multipliers::of(scale.raw(found.best));
    }
    let simple_bytes = rounded(disk_above.max(disk_below) as f64);
    Bound {
        simple_bytes,
        bytes: rounded(leaving.max(arriving)).max(simple_bytes),
        certificate,
    }
}

/// The same with what prices of a replica on each broker prove, if that is more.
pub(crate) fn with_prices(
    problem: &Problem<'_>,
    limits: &Limits,
    prices: &Table<BrokerIx, f64>,
    bound: Bound,
) -> Bound {
    let bytes = rounded(prices::proven(problem, limits, prices));
    if bytes <= bound.bytes {
        return bound;
    }
    let ids = problem.cluster.brokers().values().iter().map(|broker| broker.id);
    let prices = ids
        .zip(prices.values().iter().copied())
        .filter(|(_, price)| *price != 0.0)
        .collect();
    Bound {
        bytes,
        certificate: Certificate {
            prices,
            ..bound.certificate
        },
        ..bound
    }
}

/// Bytes are whole, so what is more than some of them is all of the next; a little off before, so that another order
/// of the same sum still proves it: further off than the checker allows itself.
fn rounded(bytes: f64) -> u64 {
    (bytes * (1.0 - 1e-9) - 1e-3).ceil().max(0.0) as u64
}

/// Units in which a broker's average load is one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    units: Amounts,
}

impl Scale {
    pub(crate) fn new(problem: &Problem<'_>) -> Self {
        let average = problem.average_load();
        Self {
            units: Resource::REPLICA.map(|k| average[k]),
        }
    }

    pub(crate) fn scaled(&self, amounts: [i64; 3]) -> Amounts {
        let ([a, b, c], [ua, ub, uc]) = (amounts, self.units);
        [a as f64 / ua, b as f64 / ub, c as f64 / uc]
    }

    pub(crate) fn unit_bytes(&self) -> f64 {
        let [disk, ..] = self.units;
        disk
    }

    /// Multipliers in bytes for a unit of each resource.
    fn raw(&self, y: Amounts) -> Amounts {
        let ([a, b, c], [ua, ub, uc]) = (y, self.units);
        [a, b * ua / ub, c * ua / uc]
    }

    pub(crate) fn item(&self, partition: &Partition, cost: i64, copies: f64) -> Item {
        let weights = self.scaled([partition.size_bytes, partition.bytes_in, 1]);
        Item {
            weights,
            cost: cost as f64 / self.unit_bytes(),
            copies,
        }
    }
}

/// What may leave each broker that is above a limit, and what that costs.
fn items_above(
    problem: &Problem<'_>,
    limits: &Limits,
    loads: &Table<BrokerIx, PerResource<i64>>,
    forced: &Forced,
    scale: Scale,
) -> Table<BrokerIx, Vec<Item>> {
    let is_above = |(broker, load): (BrokerIx, &PerResource<i64>)| {
        problem.roles[broker].takes_part() && Resource::REPLICA.iter().any(|k| load[*k] > limits.upper[broker][*k])
    };
    let above: Table<BrokerIx, bool> = loads.iter().map(is_above).collect();
    let mut items: Table<BrokerIx, Vec<Item>> = Table::filled(above.len(), Vec::new());
    for (at, partition) in problem.cluster.partitions().iter() {
        if !problem.may_change(at) {
            continue;
        }
        let cost = if forced.is_free(at) { 0 } else { partition.size_bytes };
        for broker in problem.cluster.replicas(at).iter().filter(|broker| above[**broker]) {
            items[*broker].push(scale.item(partition, cost, 1.0));
        }
    }
    items
}

/// Everything that may come to brokers that lack something.
fn items_arriving(problem: &Problem<'_>, scale: Scale) -> Vec<Item> {
    let movable = problem
        .cluster
        .partitions()
        .iter()
        .filter(|(at, _)| problem.may_change(*at));
    let item = |(at, partition): (_, &Partition)| {
        scale.item(partition, partition.size_bytes, f64::from(problem.target_rf[at]))
    };
    movable.map(item).collect()
}
