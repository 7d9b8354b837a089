//! The rules, one after the other.

use std::collections::BTreeMap;

use super::{Fault, Placement, after};
use crate::dense::{BrokerIx, PartitionIx, Resource, Table, TopicIx};
use crate::model::Cluster;
use crate::plan::Plan;
use crate::request::{Goal, Problem, Role};

/// The placement that the plan describes; changes that describe none are faults, and left out.
pub(super) fn placement(cluster: &Cluster, plan: &Plan, faults: &mut Vec<Fault>) -> Placement {
    let mut placement: Placement = Table::filled(cluster.partitions().len(), None);
    for change in &plan.changes {
        let Some(at) = cluster.partition(&change.topic, change.partition) else {
            let topic = change.topic.clone();
            faults.push(Fault::UnknownPartition {
                topic,
                partition: change.partition,
            });
            continue;
        };
        let name = || cluster.name(at);
        if placement[at].is_some() {
            faults.push(Fault::ChangedTwice(name()));
        }
        if cluster.ids(cluster.replicas(at)) != change.from {
            faults.push(Fault::OtherStart(name()));
        }
        if change.from == change.to {
            faults.push(Fault::NoChange(name()));
        }
        let mut brokers = Vec::new();
        for id in &change.to {
            match cluster.broker(*id) {
                Some(broker) => brokers.push(broker),
                None => faults.push(Fault::UnknownBroker {
                    partition: name(),
                    broker: *id,
                }),
            }
        }
        placement[at] = Some(brokers);
    }
    placement
}

pub(super) fn check(problem: &Problem<'_>, placement: &Placement, faults: &mut Vec<Fault>) {
    for at in problem.cluster.partitions().keys() {
        if let Some(to) = &placement[at] {
            changed(problem, at, to, faults);
        }
        if problem.may_change(at) && problem.request.goal != Goal::Leaders {
            final_state(problem, at, after(problem.cluster, placement, at), faults);
        }
    }
    topic_spread(problem, placement, faults);
    disks(problem, placement, faults);
}

/// What a single change may not do.
fn changed(problem: &Problem<'_>, at: PartitionIx, to: &[BrokerIx], faults: &mut Vec<Fault>) {
    let cluster = problem.cluster;
    let from = cluster.replicas(at);
    let name = || cluster.name(at);
    let id = |broker: BrokerIx| cluster.brokers()[broker].id;
    if !problem.may_change(at) {
        faults.push(Fault::Excluded(name()));
    }
    if to
        .iter()
        .enumerate()
        .any(|(place, broker)| to.iter().take(place).any(|before| before == broker))
    {
        faults.push(Fault::SameBroker(name()));
    }
    let wanted = usize::from(problem.target_rf[at]);
    if to.len() != wanted {
        faults.push(Fault::ReplicationFactor {
            partition: name(),
            replicas: to.len(),
            wanted,
        });
    }
    for broker in to.iter().filter(|broker| !from.contains(broker)) {
        if problem.roles[*broker] != Role::Takes {
            faults.push(Fault::MayNotTake {
                partition: name(),
                broker: id(*broker),
            });
        }
        if problem.request.goal == Goal::Leaders {
            faults.push(Fault::OnlyLeaders(name()));
        }
    }
    // Of more replicas on excluded brokers than there are to be, some have to go.
    let frozen: Vec<&BrokerIx> = from
        .iter()
        .filter(|broker| problem.roles[**broker] == Role::Frozen)
        .collect();
    let left = frozen.iter().filter(|broker| to.contains(broker)).count();
    if left < frozen.len().min(wanted)
        && let Some(broker) = frozen.iter().find(|broker| !to.contains(broker))
    {
        faults.push(Fault::Frozen {
            partition: name(),
            broker: id(**broker),
        });
    }
}

/// What must hold for every partition that may change, whether it does or not.
fn final_state(problem: &Problem<'_>, at: PartitionIx, replicas: &[BrokerIx], faults: &mut Vec<Fault>) {
    let cluster = problem.cluster;
    let name = || cluster.name(at);
    let wanted = usize::from(problem.target_rf[at]);
    if cluster.replicas(at) == replicas && replicas.len() != wanted {
        faults.push(Fault::ReplicationFactor {
            partition: name(),
            replicas: replicas.len(),
            wanted,
        });
    }
    for broker in replicas.iter().filter(|broker| problem.roles[**broker] == Role::Drains) {
        faults.push(Fault::NotEmptied {
            partition: name(),
            broker: cluster.brokers()[*broker].id,
        });
    }
    let allowed = problem.rack_cap(at);
    if allowed == usize::MAX {
        return;
    }
    for (place, broker) in replicas.iter().enumerate() {
        let rack = cluster.brokers()[*broker].rack;
        let same = |other: &&BrokerIx| cluster.brokers()[**other].rack == rack;
        let first = !replicas.iter().take(place).any(|other| same(&other));
        let in_rack = replicas.iter().filter(same).count();
        let movable = replicas
            .iter()
            .filter(same)
            .any(|other| problem.roles[*other] != Role::Frozen);
        if let Some(rack) = rack.filter(|_| first && in_rack > allowed && movable) {
            let rack = cluster.racks()[rack].clone();
            faults.push(Fault::Rack {
                partition: name(),
                rack,
                replicas: in_rack,
                allowed,
            });
        }
    }
}

/// Who has more of a topic than the cap has no more than before.
fn topic_spread(problem: &Problem<'_>, placement: &Placement, faults: &mut Vec<Fault>) {
    if problem.request.rules.topic_spread.is_none() {
        return;
    }
    let cluster = problem.cluster;
    let mut counts: BTreeMap<(TopicIx, BrokerIx), (usize, usize)> = BTreeMap::new();
    let touched = cluster
        .topics()
        .iter()
        .filter(|(_, topic)| topic.partitions().any(|at| placement[at].is_some()));
    for (topic, of) in touched {
        counts.clear();
        for at in of.partitions() {
            for broker in cluster.replicas(at) {
                counts.entry((topic, *broker)).or_default().0 += 1;
            }
            for broker in after(cluster, placement, at) {
                counts.entry((topic, *broker)).or_default().1 += 1;
            }
        }
        for ((_, broker), (before, replicas)) in &counts {
            let allowed = (*before).max(problem.topic_caps[topic] as usize);
            if *replicas > allowed {
                let (broker, topic) = (cluster.brokers()[*broker].id, of.name.clone());
                faults.push(Fault::TopicSpread {
                    broker,
                    topic,
                    replicas: *replicas,
                    allowed,
                });
            }
        }
    }
}

/// In the worst order everything arrives before anything leaves.
fn disks(problem: &Problem<'_>, placement: &Placement, faults: &mut Vec<Fault>) {
    let cluster = problem.cluster;
    let mut arriving: Table<BrokerIx, i64> = Table::filled(problem.roles.len(), 0);
    for (at, partition) in cluster.partitions().iter() {
        for broker in after(cluster, placement, at)
            .iter()
            .filter(|broker| !cluster.replicas(at).contains(broker))
        {
            arriving[*broker] += partition.size_bytes;
        }
    }
    let before = crate::model::loads(cluster);
    for (broker, arriving) in arriving.iter().filter(|(_, arriving)| **arriving > 0) {
        let (bytes, allowed) = (before[broker][Resource::Disk] + arriving, problem.disk_ceilings[broker]);
        if bytes > allowed {
            faults.push(Fault::Disk {
                broker: cluster.brokers()[broker].id,
                bytes,
                allowed,
            });
        }
    }
}
