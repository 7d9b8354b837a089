//! Sums: loads, bytes, moves, changes of leaders, and what is outside of windows.

use super::{Fault, Placement, after};
use crate::dense::{BrokerIx, PerResource, Resource, Table};
use crate::plan::Plan;
use crate::request::Problem;

pub(super) struct Sums {
    pub loads: Table<BrokerIx, PerResource<i64>>,
    before: Table<BrokerIx, PerResource<i64>>,
    pub moved_bytes: u64,
    moves: u64,
    leader_changes: u64,
}

impl Sums {
    pub(super) fn new(problem: &Problem<'_>, placement: &Placement) -> Self {
        let cluster = problem.cluster;
        let none = || Table::filled(problem.roles.len(), PerResource::new([0; 5]));
        let mut sums = Self {
            loads: none(),
            before: none(),
            moved_bytes: 0,
            moves: 0,
            leader_changes: 0,
        };
        for (at, partition) in cluster.partitions().iter() {
            let (from, to) = (cluster.replicas(at), after(cluster, placement, at));
            for (loads, replicas) in [(&mut sums.before, from), (&mut sums.loads, to)] {
                let each = partition.load(replicas.len());
                for (place, broker) in replicas.iter().enumerate() {
                    let borne = if place == 0 {
                        Resource::ALL.as_slice()
                    } else {
                        Resource::REPLICA.as_slice()
                    };
                    for resource in borne {
                        loads[*broker][*resource] += each[*resource];
                    }
                }
            }
            let arriving = to.iter().filter(|broker| !from.contains(broker)).count() as u64;
            sums.moves += arriving;
            sums.moved_bytes += arriving * partition.size_bytes as u64;
            sums.leader_changes += u64::from(from.first() != to.first());
        }
        sums
    }

    pub(super) fn check(&self, problem: &Problem<'_>, plan: &Plan, faults: &mut Vec<Fault>) {
        let claims = &plan.summary;
        let numbers = [
            ("bytes moved", claims.moved_bytes, self.moved_bytes),
            ("moves", claims.moves, self.moves),
            ("changes of leaders", claims.leader_changes, self.leader_changes),
        ];
        for (what, claimed, found) in numbers.into_iter().filter(|(_, claimed, found)| claimed != found) {
            faults.push(Fault::Claim { what, claimed, found });
        }
        let worst = first_outside(problem, &self.loads);
        if claims.windows_met == worst.is_some() {
            let broker = worst.map(|(broker, _)| problem.cluster.brokers()[broker].id);
            faults.push(Fault::Windows {
                claimed: claims.windows_met,
                broker,
                resource: worst.map(|(_, k)| k),
            });
        }
        let sides = [
            ("before", claims.outside_before, outside(problem, &self.before)),
            ("after", claims.outside_after, outside(problem, &self.loads)),
        ];
        for (when, claimed, found) in sides {
            // Sums of the same numbers in another order differ in their last bits.
            let close = (claimed - found).abs() <= 1e-6 * (1.0 + found);
            if !close {
                faults.push(Fault::Outside { when, claimed, found });
            }
        }
        let budget = problem.request.budget;
        let budgets = [
            ("bytes moved", self.moved_bytes, budget.bytes),
            ("moves", self.moves, budget.moves),
        ];
        for (what, used, budget) in budgets {
            if let Some(budget) = budget.filter(|budget| used > *budget) {
                faults.push(Fault::Budget { what, used, budget });
            }
        }
    }
}

fn first_outside(problem: &Problem<'_>, loads: &Table<BrokerIx, PerResource<i64>>) -> Option<(BrokerIx, Resource)> {
    let limits = &problem.limits;
    let is_outside = |broker: BrokerIx, k: Resource| {
        loads[broker][k] > limits.upper[broker][k] || loads[broker][k] < limits.lower[broker][k]
    };
    let all = loads.keys().flat_map(|broker| Resource::ALL.map(|k| (broker, k)));
    all.into_iter().find(|(broker, k)| is_outside(*broker, *k))
}

/// Everything above upper and below lower limits, each resource in units of the average broker's load.
fn outside(problem: &Problem<'_>, loads: &Table<BrokerIx, PerResource<i64>>) -> f64 {
    let brokers = problem
        .roles
        .values()
        .iter()
        .filter(|role| role.takes_part())
        .count()
        .max(1);
    let of = |k: Resource| {
        let all: f64 = problem.shares.values().iter().map(|share| share[k]).sum();
        let mut sum: i128 = 0;
        for (broker, load) in loads.iter() {
            let (lower, upper) = (problem.limits.lower[broker][k], problem.limits.upper[broker][k]);
            let load = i128::from(load[k]);
            sum += (load - i128::from(upper)).max(0) + (i128::from(lower) - load).max(0);
        }
        sum as f64 / (all / brokers as f64).max(1e-9)
    };
    Resource::ALL.into_iter().map(of).sum()
}
