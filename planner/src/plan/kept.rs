//! Which replicas stay when a topic gets fewer of them.

use crate::dense::{BrokerIx, PartitionIx, PerResource, Resource, Table};
use crate::request::{Problem, Role};

/// The replicas that stay, in their order: those that may not leave, on brokers that stay, in sync, in racks with room, the preferred
/// leader, those on brokers with the least on their disks. `None` if all do.
pub(crate) fn kept(
    problem: &Problem<'_>,
    loads: &Table<BrokerIx, PerResource<i64>>,
    partition: PartitionIx,
) -> Option<Vec<BrokerIx>> {
    let cluster = problem.cluster;
    let replicas = cluster.replicas(partition);
    let target = usize::from(problem.target_rf[partition]);
    if target >= replicas.len() {
        return None;
    }
    let in_sync: Vec<BrokerIx> = cluster.in_sync(partition).collect();
    let cap = problem.rack_cap(partition);
    let rack = |broker: BrokerIx| cluster.brokers()[broker].rack;
    let mut kept: Vec<BrokerIx> = Vec::new();
    while kept.len() < target {
        let rank = |(position, broker): (usize, BrokerIx)| {
            let in_rack = kept.iter().filter(|other| rack(**other) == rack(broker)).count();
            let goes = problem.roles[broker] == Role::Drains;
            let stays = problem.roles[broker] == Role::Frozen;
            (
                !stays,
                goes,
                in_rack >= cap,
                !in_sync.contains(&broker),
                position > 0,
                loads[broker][Resource::Disk],
            )
        };
        let left = replicas
            .iter()
            .copied()
            .enumerate()
            .filter(|(_, broker)| !kept.contains(broker));
        let (_, next) = left.min_by_key(|candidate| rank(*candidate))?;
        kept.push(next);
    }
    kept.sort_by_key(|broker| replicas.iter().position(|replica| replica == broker));
    Some(kept)
}
