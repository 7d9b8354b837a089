//! The proof of the lower bound, recomputed: every replica and every partition is looked at once.
//!
//! Multipliers y for a broker with excess E: whoever takes replicas with weights w from it so that the excess is gone
//! copies at least `y.E - sum max(0, y.w - size)` bytes. Copies are counted where they arrive, so brokers add up, and
//! so does what the rules alone make move. The same for what arrives at brokers that lack something.

use super::Fault;
use crate::bound::Multipliers;
use crate::dense::{BrokerIx, PartitionIx, PerResource, RackIx, Resource, Table};
use crate::plan::Plan;
use crate::request::{Limits, Problem, Role};

/// What the certificate proves of all plans that end in the windows this one ends in.
pub(super) fn check(
    problem: &Problem<'_>,
    loads_after: &Table<BrokerIx, PerResource<i64>>,
    plan: &Plan,
    faults: &mut Vec<Fault>,
) -> u64 {
    let given = by_broker(problem, plan, faults);
    let arriving = plan.certificate.arriving;
    if !is_sound(&arriving)
        || given
            .values()
            .iter()
            .flatten()
            .any(|multipliers| !is_sound(multipliers))
    {
        faults.push(Fault::Multiplier);
        return 0;
    }
    let limits = achieved(problem, loads_after);
    let only_disk = Multipliers {
        disk: 1.0,
        bytes_in: 0.0,
        count: 0.0,
    };
    let for_disk = given.values().iter().map(|_| Some(only_disk)).collect();
    let simple = proven(problem, &limits, &for_disk, &only_disk);
    let priced = by_prices(problem, &limits, plan, faults);
    let whole = proven(problem, &limits, &given, &arriving).max(simple).max(priced);
    let claims = [
        (plan.summary.simple_bound_bytes, simple),
        (plan.summary.bound_bytes, whole),
    ];
    for (claimed, proven) in claims {
        // Bytes are whole; sums in another order differ in their last bits.
        if claimed as f64 > (proven * (1.0 + 1e-9) - 1e-6).ceil() {
            faults.push(Fault::Bound {
                claimed,
                proven: proven as u64,
            });
        }
    }
    whole as u64
}

fn by_broker(problem: &Problem<'_>, plan: &Plan, faults: &mut Vec<Fault>) -> Table<BrokerIx, Option<Multipliers>> {
    let mut given = Table::filled(problem.roles.len(), None);
    for (id, multipliers) in &plan.certificate.leaving {
        let broker = problem
            .cluster
            .broker(*id)
            .filter(|broker| problem.roles[*broker].takes_part());
        match broker {
            Some(broker) if given[broker].is_none() => given[broker] = Some(*multipliers),
            _ => faults.push(Fault::MultiplierOf(*id)),
        }
    }
    given
}

fn is_sound(multipliers: &Multipliers) -> bool {
    let Multipliers { disk, bytes_in, count } = *multipliers;
    [disk, bytes_in, count].iter().all(|y| y.is_finite() && *y >= 0.0)
}

/// The windows, as wide as where the plan ends: it is compared with plans that do no better.
fn achieved(problem: &Problem<'_>, loads: &Table<BrokerIx, PerResource<i64>>) -> Limits {
    let mut limits = problem.limits.clone();
    for (broker, load) in loads.iter() {
        for k in Resource::REPLICA {
            limits.upper[broker][k] = limits.upper[broker][k].max(load[k]);
            limits.lower[broker][k] = limits.lower[broker][k].min(load[k]);
        }
    }
    limits
}

/// What prices prove: see the planner's module of that name for the formula, computed here rack by rack.
fn by_prices(problem: &Problem<'_>, limits: &Limits, plan: &Plan, faults: &mut Vec<Fault>) -> f64 {
    let mut prices: Table<BrokerIx, f64> = Table::filled(problem.roles.len(), 0.0);
    for (id, price) in &plan.certificate.prices {
        let broker = problem.cluster.broker(*id);
        match broker {
            Some(broker) if price.is_finite() && prices[broker] == 0.0 => prices[broker] = *price,
            Some(_) | None => faults.push(Fault::MultiplierOf(*id)),
        }
    }
    if plan.certificate.prices.is_empty() {
        return 0.0;
    }
    let mut proven = 0.0;
    for (broker, price) in prices.iter() {
        let count = Resource::Count;
        let at = if *price > 0.0 {
            limits.upper[broker][count]
        } else {
            limits.lower[broker][count]
        };
        if *price > 0.0 && at == i64::MAX {
            return 0.0;
        }
        proven -= price * at as f64;
    }
    let all = problem.cluster.partitions().keys();
    proven + all.map(|at| least_price(problem, &prices, at)).sum::<f64>()
}

/// The least that a partition's replicas pay: in each rack the cheapest up to its room, of these the cheapest.
fn least_price(problem: &Problem<'_>, prices: &Table<BrokerIx, f64>, at: PartitionIx) -> f64 {
    let cluster = problem.cluster;
    let now = cluster.replicas(at);
    if !problem.may_change(at) {
        return now.iter().map(|broker| prices[*broker]).sum();
    }
    let is_fixed = |broker: &BrokerIx| now.contains(broker) && problem.roles[*broker] == Role::Frozen;
    let fixed: Vec<BrokerIx> = problem.roles.keys().filter(|broker| is_fixed(broker)).collect();
    let mut racks: std::collections::BTreeMap<Option<RackIx>, Vec<f64>> = std::collections::BTreeMap::new();
    for (broker, role) in problem.roles.iter() {
        let there = now.contains(&broker);
        let copied = if there {
            0.0
        } else {
            cluster.partitions()[at].size_bytes as f64
        };
        if *role == Role::Takes || (*role == Role::Gives && there) {
            racks
                .entry(cluster.brokers()[broker].rack)
                .or_default()
                .push(prices[broker] + copied);
        }
    }
    let mut usable = Vec::new();
    for (rack, mut offers) in racks {
        offers.sort_unstable_by(f64::total_cmp);
        let there = fixed
            .iter()
            .filter(|broker| cluster.brokers()[**broker].rack == rack)
            .count();
        usable.extend(offers.into_iter().take(problem.rack_cap(at).saturating_sub(there)));
    }
    usable.sort_unstable_by(f64::total_cmp);
    let missing = usize::from(problem.target_rf[at]).saturating_sub(fixed.len());
    fixed.iter().map(|broker| prices[*broker]).sum::<f64>() + usable.into_iter().take(missing).sum::<f64>()
}

/// What amounts of disk, bytes in and replicas are worth.
fn worth(multipliers: &Multipliers, amounts: [f64; 3]) -> f64 {
    let [disk, bytes_in, count] = amounts;
    multipliers.disk * disk + multipliers.bytes_in * bytes_in + multipliers.count * count
}

fn proven(
    problem: &Problem<'_>,
    limits: &Limits,
    given: &Table<BrokerIx, Option<Multipliers>>,
    arriving: &Multipliers,
) -> f64 {
    let before = crate::model::loads(problem.cluster);
    let mut by_broker: Table<BrokerIx, f64> = Table::filled(given.len(), 0.0);
    let mut lacking = [0.0; 3];
    for (broker, load) in before.iter() {
        let over = Resource::REPLICA.map(|k| (load[k] as f64 - limits.upper[broker][k] as f64).max(0.0));
        if let Some(multipliers) = given[broker].as_ref().filter(|_| problem.roles[broker].takes_part()) {
            by_broker[broker] = worth(multipliers, over);
        }
        if problem.roles[broker] == Role::Takes {
            let under = Resource::REPLICA.map(|k| (limits.lower[broker][k] - load[k]).max(0) as f64);
            for (sum, under) in lacking.iter_mut().zip(under) {
                *sum += under;
            }
        }
    }
    let mut forced = 0.0;
    let mut comes = worth(arriving, lacking);
    for (at, partition) in problem
        .cluster
        .partitions()
        .iter()
        .filter(|(at, _)| problem.may_change(*at))
    {
        let size = partition.size_bytes as f64;
        let weights = [size, partition.bytes_in as f64, 1.0];
        let (copies, free) = forced_copies(problem, at);
        forced += size * copies as f64;
        for broker in problem.cluster.replicas(at) {
            if let Some(multipliers) = &given[*broker] {
                let cost = if free { 0.0 } else { size };
                by_broker[*broker] -= (worth(multipliers, weights) - cost).max(0.0);
            }
        }
        comes -= f64::from(problem.target_rf[at]) * (worth(arriving, weights) - size).max(0.0);
    }
    // Less than nothing is proven by other multipliers for that broker: none.
    let leaves: f64 = by_broker.values().iter().map(|proven| proven.max(0.0)).sum();
    (forced + leaves).max(comes)
}

/// How many copies of a partition the rules alone make; and whether one may leave its place without another copy.
fn forced_copies(problem: &Problem<'_>, at: PartitionIx) -> (usize, bool) {
    let replicas = problem.cluster.replicas(at);
    let wanted = usize::from(problem.target_rf[at]);
    let staying: Vec<BrokerIx> = replicas
        .iter()
        .copied()
        .filter(|broker| problem.roles[*broker] != Role::Drains)
        .collect();
    let cap = problem.rack_cap(at);
    let mut kept = staying.len();
    if cap < usize::MAX {
        let mut racks: Vec<Option<RackIx>> = staying.iter().map(|b| problem.cluster.brokers()[*b].rack).collect();
        racks.sort_unstable();
        kept = racks.chunk_by(|a, b| a == b).map(|same| same.len().min(cap)).sum();
    }
    (
        wanted.saturating_sub(kept),
        wanted < replicas.len() || kept < staying.len(),
    )
}
