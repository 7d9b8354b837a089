//! A bound by prices: a replica on a broker pays the broker's price, and all prices are paid back at the limits.
//!
//! For any prices v, `sum over partitions of the cheapest places (bytes to copy + v)`, less for each broker
//! `v` times its upper limit where v is positive and its lower limit where it is negative, is no more than what any
//! plan within the limits copies. For counts the right prices prove the optimum.

use crate::dense::{BrokerIx, PartitionIx, RackIx, Resource, Table};
use crate::request::{Limits, Problem, Role};

/// What these prices of one replica prove.
pub(crate) fn proven(problem: &Problem<'_>, limits: &Limits, prices: &Table<BrokerIx, f64>) -> f64 {
    let mut sum = 0.0;
    for (broker, price) in prices.iter().filter(|(_, price)| **price != 0.0) {
        let limit = if *price > 0.0 {
            limits.upper[broker]
        } else {
            limits.lower[broker]
        }[Resource::Count];
        if limit == i64::MAX {
            return 0.0;
        }
        sum -= price * limit as f64;
    }
    for at in problem.cluster.partitions().keys() {
        sum += cheapest(problem, prices, at);
    }
    sum
}

/// The cheapest places for a partition's replicas; those that may not leave are where they are.
fn cheapest(problem: &Problem<'_>, prices: &Table<BrokerIx, f64>, at: PartitionIx) -> f64 {
    let cluster = problem.cluster;
    let replicas = cluster.replicas(at);
    if !problem.may_change(at) {
        return replicas.iter().map(|broker| prices[*broker]).sum();
    }
    let wanted = usize::from(problem.target_rf[at]);
    let cap = problem.rack_cap(at);
    let size = cluster.partitions()[at].size_bytes as f64;
    let mut places: Vec<(bool, f64, BrokerIx)> = Vec::new();
    for (broker, role) in problem.roles.iter() {
        let there = replicas.contains(&broker);
        let stays = there && *role == Role::Frozen;
        if stays || *role == Role::Takes || (there && *role == Role::Gives) {
            let price = prices[broker] + if there { 0.0 } else { size };
            places.push((!stays, price, broker));
        }
    }
    places.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
    let mut in_rack: Table<RackIx, usize> = Table::filled(cluster.racks().len(), 0);
    let (mut sum, mut chosen) = (0.0, 0);
    for (movable, price, broker) in places {
        if chosen == wanted {
            break;
        }
        if let Some(rack) = cluster.brokers()[broker].rack.filter(|_| cap < usize::MAX) {
            if movable && in_rack[rack] >= cap {
                continue;
            }
            in_rack[rack] += 1;
        }
        sum += price;
        chosen += 1;
    }
    sum
}
