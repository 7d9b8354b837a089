//! What keeps more brokers from stopping together, and what mending it would bring.

use std::collections::BTreeMap;

use planner::dense::PartitionIx;

use super::{Crowded, Given};
use crate::batches::{self, Task};

/// Partitions with more replicas in sync in a rack than they can do without: those keep the rack from stopping as one.
pub(super) fn crowded(given: Given<'_>, task: Task<'_>, classes: usize) -> Crowded {
    let cluster = given.fleet.cluster;
    if cluster.racks().len() < 2 {
        return Crowded::default();
    }
    let mut partitions = Vec::new();
    let mut rooms = task.rooms.clone();
    for (at, room) in task.rooms.iter().filter(|(_, room)| **room > 0) {
        if largest_in_a_rack(given, at) > usize::from(room.unsigned_abs()) {
            partitions.push(cluster.name(at));
            rooms[at] = i8::MAX;
        }
    }
    if partitions.is_empty() {
        return Crowded::default();
    }
    let (without, _) = batches::batches(cluster, Task { rooms: &rooms, ..task });
    Crowded {
        partitions,
        classes_without: Some(without.len().min(classes)),
    }
}

fn largest_in_a_rack(given: Given<'_>, partition: PartitionIx) -> usize {
    let cluster = given.fleet.cluster;
    let mut of_racks = BTreeMap::new();
    for rack in cluster
        .in_sync(partition)
        .filter_map(|broker| cluster.brokers()[broker].rack)
    {
        *of_racks.entry(rack).or_insert(0) += 1;
    }
    of_racks.into_values().max().unwrap_or(0)
}
