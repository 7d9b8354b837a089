//! Which order replicas get when brokers are to lead nothing. No API elects another leader than the preferred one (KIP-460), so
//! that another replica is put first.

use std::collections::{BTreeMap, BTreeSet};

use client::PartitionDescription;

use super::selection::Selected;
use crate::rebalance::apply::state::{Part, State, Status};
use crate::rebalance::apply::work::{Heading, Job};

/// What is to be done.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Evacuation {
    /// Partitions that get another order now.
    pub(super) reordered: BTreeSet<(String, i32)>,
    /// These, and those that have got another order before, each with the order that it had at first.
    pub(super) jobs: Vec<Job>,
    /// Partitions that nobody else can lead.
    pub(super) kept: BTreeSet<(String, i32)>,
}

/// Puts others first, those who lead least. What has been done before, and has not been restored, is kept.
pub(super) fn evacuation(partitions: &Selected, brokers: &BTreeSet<i32>, before: Option<&State>) -> Evacuation {
    let mut led: BTreeMap<i32, usize> = BTreeMap::new();
    for leader in partitions.values().filter_map(|partition| partition.leader) {
        *led.entry(leader).or_default() += 1;
    }
    let mut evacuation = Evacuation::default();
    for (key, partition) in partitions {
        let done = before.and_then(|state| state.parts.get(key));
        let done = done.filter(|part| is_done(part, partition));
        let first = partition.replicas.first();
        if !first
            .iter()
            .chain(&partition.leader.as_ref())
            .any(|id| brokers.contains(id))
        {
            evacuation.jobs.extend(done.map(|part| part.job.clone()));
            continue;
        }
        let Some(to) = order(partition, brokers, &led) else {
            evacuation.kept.insert(key.clone());
            evacuation.jobs.extend(done.map(|part| part.job.clone()));
            continue;
        };
        if let Some(leader) = to.first() {
            *led.entry(*leader).or_default() += 1;
        }
        evacuation.reordered.insert(key.clone());
        let from = done.map_or(&partition.replicas, |part| &part.job.from);
        evacuation.jobs.push(job(key, from.clone(), to));
    }
    evacuation
}

/// Whether a partition still has the order that it got.
fn is_done(part: &Part, now: &PartitionDescription) -> bool {
    part.status == Status::Settled && part.heading == Heading::To && part.job.to == now.replicas
}

fn job(key: &(String, i32), from: Vec<i32>, to: Vec<i32>) -> Job {
    Job {
        topic: key.0.clone(),
        partition: key.1,
        from,
        to,
        dirs: BTreeMap::new(),
        size_bytes: 0,
        write_bytes_per_s: 0,
    }
}

/// Who can lead first, then the others as they are, and those that are to lead nothing last; none if nobody else can.
fn order(partition: &PartitionDescription, brokers: &BTreeSet<i32>, led: &BTreeMap<i32, usize>) -> Option<Vec<i32>> {
    let can_lead = |id: &&i32| !brokers.contains(id) && partition.isr.contains(id) && !partition.offline.contains(id);
    let candidates = partition.replicas.iter().filter(can_lead);
    // Of several that lead as little, the first in the list.
    let leader = *candidates.min_by_key(|id| led.get(id).copied().unwrap_or(0))?;
    let others = partition.replicas.iter().copied().filter(|id| *id != leader);
    let (last, middle): (Vec<i32>, Vec<i32>) = others.partition(|id| brokers.contains(id));
    Some(std::iter::once(leader).chain(middle).chain(last).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rebalance::apply::state::{Entry, SCHEMA};
    use crate::rebalance::apply::work::Options;

    fn partition(replicas: &[i32], leader: i32, isr: &[i32]) -> PartitionDescription {
        PartitionDescription {
            leader: Some(leader),
            leader_epoch: 0,
            replicas: replicas.to_vec(),
            isr: isr.to_vec(),
            offline: Vec::new(),
            elr: None,
            last_known_elr: None,
        }
    }

    fn selected(partitions: &[PartitionDescription]) -> Selected {
        let keys = (0..).map(|at| ("t".to_owned(), at));
        keys.zip(partitions.iter().cloned()).collect()
    }

    fn orders(evacuation: &Evacuation) -> Vec<(i32, Vec<i32>, Vec<i32>)> {
        let order = |job: &Job| (job.partition, job.from.clone(), job.to.clone());
        evacuation.jobs.iter().map(order).collect()
    }

    #[test]
    fn another_is_put_first_who_is_in_sync_and_leads_least() {
        let partitions = selected(&[
            partition(&[1, 2, 3], 1, &[1, 2, 3]),
            partition(&[1, 2, 3], 1, &[1, 2, 3]),
            // Led by it although it is not preferred, and preferred although it does not lead.
            partition(&[2, 1], 1, &[1, 2]),
            partition(&[1, 3], 3, &[1, 3]),
            // Nobody else is in sync.
            partition(&[1, 3], 1, &[1]),
            partition(&[2, 1, 3], 2, &[1, 2, 3]),
        ]);
        let made = evacuation(&partitions, &[1].into(), None);
        assert_eq!(
            orders(&made),
            [
                (0, vec![1, 2, 3], vec![2, 3, 1]),
                (1, vec![1, 2, 3], vec![3, 2, 1]),
                (2, vec![2, 1], vec![2, 1]),
                (3, vec![1, 3], vec![3, 1]),
            ]
        );
        assert_eq!(made.kept, [("t".to_owned(), 4)].into());
        assert_eq!(made.reordered.len(), 4);
    }

    #[test]
    fn of_what_was_reordered_before_the_first_order_is_kept() {
        let jobs = vec![job(&("t".to_owned(), 0), vec![1, 2, 3], vec![2, 3, 1])];
        let began = Entry::Began {
            schema: SCHEMA.to_owned(),
            cluster_id: "c".to_owned(),
            digest: "1".to_owned(),
            at_ms: 0,
            options: Options::default(),
            jobs,
        };
        let settled = Entry::Settled {
            topic: "t".to_owned(),
            partition: 0,
            at_ms: 0,
            bytes: 0,
        };
        let state = State::replay(&[began, settled]).unwrap();
        let now = |replicas: &[i32]| selected(&[partition(replicas, replicas[0], replicas)]);
        let more = evacuation(&now(&[2, 3, 1]), &[1, 2].into(), Some(&state));
        assert_eq!(orders(&more), [(0, vec![1, 2, 3], vec![3, 2, 1])]);
        let same = evacuation(&now(&[2, 3, 1]), &[1].into(), Some(&state));
        assert_eq!(orders(&same), [(0, vec![1, 2, 3], vec![2, 3, 1])]);
        assert!(same.reordered.is_empty());
        // Others have given it another order since: that is the one to restore.
        let other = evacuation(&now(&[1, 3, 2]), &[1].into(), Some(&state));
        assert_eq!(orders(&other), [(0, vec![1, 3, 2], vec![3, 2, 1])]);
    }
}
