//! A proposal for topics on given brokers: what may stay stays, the rest goes where the fewest are, racks apart.

use std::collections::{BTreeMap, BTreeSet};

use client::PartitionKey;

/// Brokers that may have replicas, with their racks.
pub(super) type Brokers = BTreeMap<i32, Option<String>>;

/// Where these partitions should be. Each keeps as many replicas as it has; there have to be as many brokers.
pub(super) fn spread(
    current: &BTreeMap<PartitionKey, Vec<i32>>,
    brokers: &Brokers,
) -> BTreeMap<PartitionKey, Vec<i32>> {
    let mut spread = Spread {
        brokers,
        replicas: brokers.keys().map(|id| (*id, 0)).collect(),
        leaders: brokers.keys().map(|id| (*id, 0)).collect(),
    };
    // What stays is known before anything is placed, so that it counts.
    let kept: BTreeMap<&PartitionKey, Vec<i32>> = current.iter().map(|(key, now)| (key, spread.keep(now))).collect();
    let mut wanted = BTreeMap::new();
    for (key, mut replicas) in kept {
        let count = current.get(key).map_or(0, Vec::len);
        while replicas.len() < count {
            let Some(next) = spread.next(&replicas) else { break };
            spread.count(next);
            replicas.push(next);
        }
        wanted.insert(key.clone(), spread.led(replicas));
    }
    wanted
}

struct Spread<'a> {
    brokers: &'a Brokers,
    replicas: BTreeMap<i32, usize>,
    leaders: BTreeMap<i32, usize>,
}

impl Spread<'_> {
    fn count(&mut self, broker: i32) {
        *self.replicas.entry(broker).or_default() += 1;
    }

    fn rack(&self, broker: i32) -> Option<&String> {
        self.brokers.get(&broker)?.as_ref()
    }

    /// Racks of which replicas may not have a second one while there is another rack.
    fn racks<'b>(&'b self, replicas: &[i32]) -> BTreeSet<&'b String> {
        replicas.iter().filter_map(|id| self.rack(*id)).collect()
    }

    /// The replicas that stay: on these brokers, and one in each rack while there are racks enough.
    fn keep(&mut self, now: &[i32]) -> Vec<i32> {
        let all: BTreeSet<&String> = self.brokers.values().flatten().collect();
        let most_in_rack = now.len().div_ceil(all.len().max(1));
        let mut kept: Vec<i32> = Vec::new();
        for broker in now.iter().filter(|id| self.brokers.contains_key(id)) {
            let rack = self.rack(*broker);
            let beside = kept.iter().filter(|id| rack.is_some() && self.rack(**id) == rack);
            if beside.count() < most_in_rack {
                kept.push(*broker);
            }
        }
        kept.iter().for_each(|broker| self.count(*broker));
        kept
    }

    /// The broker that is to have the next replica.
    fn next(&self, replicas: &[i32]) -> Option<i32> {
        let taken = self.racks(replicas);
        let free = self.brokers.keys().copied().filter(|id| !replicas.contains(id));
        free.min_by_key(|id| {
            let is_beside = self.rack(*id).is_some_and(|rack| taken.contains(rack));
            (is_beside, self.replicas.get(id).copied(), *id)
        })
    }

    /// The same replicas with the one first that leads the fewest.
    fn led(&mut self, mut replicas: Vec<i32>) -> Vec<i32> {
        let first = replicas.iter().enumerate();
        let first = first.min_by_key(|(at, id)| (self.leaders.get(id).copied(), *at));
        if let Some((at, id)) = first.map(|(at, id)| (at, *id)) {
            *self.leaders.entry(id).or_default() += 1;
            if let Some(part) = replicas.get_mut(..=at) {
                part.rotate_right(1);
            }
        }
        replicas
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(partition: i32) -> PartitionKey {
        ("t".to_owned(), partition)
    }

    #[test]
    fn what_may_stay_stays_and_loads_are_even() {
        let brokers: Brokers = (1..=4).map(|id| (id, None)).collect();
        let current: BTreeMap<_, _> = (0..8).map(|p| (key(p), vec![1, 9])).collect();
        let wanted = spread(&current, &brokers);
        assert!(
            wanted
                .values()
                .all(|replicas| replicas.contains(&1) && replicas.len() == 2)
        );
        for id in 2..=4 {
            let count = wanted.values().filter(|replicas| replicas.contains(&id)).count();
            assert!((2..=3).contains(&count), "{id}: {count}");
        }
        assert_eq!(spread(&wanted, &brokers), wanted);
    }

    #[test]
    fn racks_are_kept_apart() {
        let brokers: Brokers = (1..=6).map(|id| (id, Some(format!("r{}", id % 3)))).collect();
        let current: BTreeMap<_, _> = (0..6).map(|p| (key(p), vec![1, 4, 2])).collect();
        for replicas in spread(&current, &brokers).values() {
            let racks: BTreeSet<i32> = replicas.iter().map(|id| id % 3).collect();
            assert_eq!(racks.len(), 3, "{replicas:?}");
        }
    }

    #[test]
    fn leaders_are_spread() {
        let brokers: Brokers = (1..=3).map(|id| (id, None)).collect();
        let current: BTreeMap<_, _> = (0..9).map(|p| (key(p), vec![1, 2, 3])).collect();
        let wanted = spread(&current, &brokers);
        for id in 1..=3 {
            assert_eq!(wanted.values().filter(|replicas| replicas[0] == id).count(), 3);
        }
    }
}
