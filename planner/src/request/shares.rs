//! Each broker's fair share of what there is. Racks may force more on some than the average: with three racks and
//! three replicas each rack holds everything once, however many brokers it has.

use std::collections::BTreeMap;

use super::problem::{RackRoom, Role};
use crate::dense::{BrokerIx, PartitionIx, PerResource, RackIx, Resource, Table};
use crate::model::Cluster;

/// What shares are computed from.
pub(super) struct Shares<'a> {
    pub cluster: &'a Cluster,
    pub roles: &'a Table<BrokerIx, Role>,
    pub target_rf: &'a Table<PartitionIx, u8>,
    pub room: &'a RackRoom,
}

impl Shares<'_> {
    /// The share of each broker that takes part; 0 for the others.
    pub(super) fn of_brokers(&self) -> Table<BrokerIx, PerResource<f64>> {
        let mut shares = Table::filled(self.roles.len(), PerResource::default());
        for resource in Resource::ALL {
            let weights = self.weights(resource);
            let groups = self.groups(resource, &weights);
            for group in groups {
                for broker in group.brokers {
                    shares[broker][resource] = group.share * weights[broker] / group.weight;
                }
            }
        }
        shares
    }

    /// How much of a resource a broker should have beside the others: its capacity if that of all is known.
    fn weights(&self, resource: Resource) -> Table<BrokerIx, f64> {
        let taking_part = |broker: BrokerIx| self.roles[broker].takes_part();
        let brokers = self.cluster.brokers();
        let known = |broker| brokers[broker].capacity.of(resource).filter(|capacity| *capacity > 0);
        let all_known = brokers
            .keys()
            .filter(|at| taking_part(*at))
            .all(|at| known(at).is_some());
        let weight = |at| match known(at) {
            _ if !taking_part(at) => 0.0,
            Some(capacity) if all_known => capacity as f64,
            _ => 1.0,
        };
        brokers.keys().map(weight).collect()
    }

    /// All loads that brokers which take part will have, by replication factor.
    fn totals(&self, resource: Resource) -> BTreeMap<usize, f64> {
        let mut totals = BTreeMap::new();
        let any_frozen = self.roles.values().contains(&Role::Frozen);
        for (at, partition) in self.cluster.partitions().iter() {
            let replicas = usize::from(self.target_rf[at]);
            let is_frozen = |broker: &&BrokerIx| any_frozen && self.roles[**broker] == Role::Frozen;
            let frozen = if any_frozen {
                self.cluster.replicas(at).iter().filter(is_frozen).count()
            } else {
                0
            };
            let one = partition.load(replicas)[resource] as f64;
            let copies = if Resource::LEADER.contains(&resource) {
                let first = self.cluster.replicas(at).first();
                usize::from(first.is_none_or(|broker| !is_frozen(&broker)))
            } else {
                replicas.saturating_sub(frozen)
            };
            *totals.entry(replicas).or_insert(0.0) += one * copies as f64 / replicas.max(1) as f64;
        }
        totals
    }

    fn groups(&self, resource: Resource, weights: &Table<BrokerIx, f64>) -> Vec<Group> {
        let totals = self.totals(resource);
        let all: Vec<BrokerIx> = weights
            .iter()
            .filter(|(_, weight)| **weight > 0.0)
            .map(|(at, _)| at)
            .collect();
        let total: f64 = totals.iter().map(|(replicas, each)| *replicas as f64 * each).sum();
        if !self.room.is_ruled() || Resource::LEADER.contains(&resource) {
            return vec![Group::new(all, weights, total)];
        }
        let mut racks: Vec<Group> = Vec::new();
        let mut ranges = Vec::new();
        for rack in self.cluster.racks().keys() {
            let inside = |broker: &BrokerIx| self.cluster.brokers()[*broker].rack == Some(rack);
            let group = Group::new(all.iter().copied().filter(inside).collect(), weights, 0.0);
            if group.weight > 0.0 {
                ranges.push(self.range(rack, &totals));
                racks.push(group);
            }
        }
        let level = level(&racks, &ranges, total);
        for (group, (least, most)) in racks.iter_mut().zip(ranges) {
            group.share = (level * group.weight).clamp(least, most.max(least));
        }
        racks
    }

    /// The least and the most of everything that can be in a rack.
    fn range(&self, rack: RackIx, totals: &BTreeMap<usize, f64>) -> (f64, f64) {
        let (mut least, mut most) = (0.0, 0.0);
        for (replicas, each) in totals {
            let of = |rack| self.room.cap(*replicas, rack).min(*replicas);
            let others: usize = self.cluster.racks().keys().filter(|other| *other != rack).map(of).sum();
            least += replicas.saturating_sub(others) as f64 * each;
            most += of(rack) as f64 * each;
        }
        (least, most)
    }
}

struct Group {
    brokers: Vec<BrokerIx>,
    weight: f64,
    share: f64,
}

impl Group {
    fn new(brokers: Vec<BrokerIx>, weights: &Table<BrokerIx, f64>, share: f64) -> Self {
        let weight = brokers.iter().map(|broker| weights[*broker]).sum();
        Self { brokers, weight, share }
    }
}

/// The load for each unit of weight at which all racks together, each within its range, have everything.
fn level(racks: &[Group], ranges: &[(f64, f64)], total: f64) -> f64 {
    let weight: f64 = racks.iter().map(|rack| rack.weight).sum();
    let sum = |level: f64| -> f64 {
        let clamped = racks.iter().zip(ranges);
        clamped
            .map(|(rack, (least, most))| (level * rack.weight).clamp(*least, most.max(*least)))
            .sum()
    };
    if weight <= 0.0 || sum(total / weight) == total {
        return total / weight.max(f64::MIN_POSITIVE);
    }
    let smallest = racks.iter().map(|rack| rack.weight).fold(f64::INFINITY, f64::min);
    let (mut low, mut high) = (0.0, total / smallest);
    for _ in 0..100 {
        let middle = (low + high) / 2.0;
        if sum(middle) < total {
            low = middle;
        } else {
            high = middle;
        }
    }
    (low + high) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dense::Key;

    fn group(weight: f64) -> Group {
        Group {
            brokers: vec![BrokerIx::from_index(0)],
            weight,
            share: 0.0,
        }
    }

    #[test]
    fn a_rack_that_must_hold_everything_once_has_a_larger_share_of_fewer_brokers() {
        let racks = [group(7.0), group(7.0), group(6.0)];
        let ranges = [(100.0, 100.0); 3];
        let found = level(&racks, &ranges, 300.0);
        for (rack, (least, most)) in racks.iter().zip(ranges) {
            assert_eq!((found * rack.weight).clamp(least, most), 100.0);
        }
    }

    #[test]
    fn racks_without_bounds_share_by_weight() {
        let racks = [group(1.0), group(3.0)];
        assert_eq!(level(&racks, &[(0.0, 80.0), (0.0, 80.0)], 80.0), 20.0);
    }
}
