//! Requests that no plan can meet: which rule cannot hold, and the least that would make it possible.

use std::collections::BTreeMap;
use std::fmt;

use crate::counted::counted;
use crate::dense::{BrokerIx, PartitionIx, RackIx, Resource, Table};
use crate::request::{Goal, Problem, Role};

/// Why no plan can meet a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// More replicas than brokers that could have one each.
    TooFewBrokers {
        /// A partition that wants them.
        partition: String,
        /// How many it wants.
        replicas: usize,
        /// How many brokers there are for it.
        brokers: usize,
    },
    /// Racks cannot hold them.
    TooFewRacks {
        /// A partition that wants them.
        partition: String,
        /// How many replicas it wants.
        replicas: usize,
        /// How many the racks have room for.
        room: usize,
        /// What the rule allows in one rack.
        per_rack: usize,
        /// The smallest number in one rack that would do, if any would.
        per_rack_enough: Option<usize>,
    },
    /// A topic that is to stay as it is has replicas on a broker that everything is to leave.
    PinnedOnRemoved {
        /// The topic.
        topic: String,
        /// The broker.
        broker: i32,
    },
    /// The disks have no room for everything below the limit.
    Disk {
        /// What has to be on them.
        needed_bytes: u64,
        /// What may be.
        room_bytes: u64,
    },
    /// Rules demand more than the budget allows.
    Budget {
        /// Bytes that rules demand.
        bytes: u64,
        /// Moves that rules demand.
        moves: u64,
    },
    /// Found while placing: every broker is ruled out.
    NoPlace {
        /// The partition.
        partition: String,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewBrokers {
                partition,
                replicas,
                brokers,
            } => write!(
                to,
                "partition {partition} is to have {}, only {} may have one: add {}, or ask for {brokers}",
                counted(*replicas, "replica"),
                counted(*brokers, "broker"),
                counted(replicas - brokers, "broker")
            ),
            Self::TooFewRacks {
                partition,
                replicas,
                room,
                per_rack,
                per_rack_enough,
            } => {
                write!(
                    to,
                    "partition {partition} is to have {}, with {per_rack} in a rack there is room for {room}: ",
                    counted(*replicas, "replica")
                )?;
                match per_rack_enough {
                    Some(enough) => write!(to, "allow {enough} in a rack, or ask for {room}"),
                    None => write!(to, "ask for {room}"),
                }
            }
            Self::PinnedOnRemoved { topic, broker } => write!(
                to,
                "topic {topic} is excluded and has replicas on broker {broker}, which is to be emptied: include the \
                 topic, or keep the broker"
            ),
            Self::Disk {
                needed_bytes,
                room_bytes,
            } => write!(
                to,
                "{needed_bytes} bytes have to be on disks that may have {room_bytes} on them: {} more are needed",
                needed_bytes - room_bytes
            ),
            Self::Budget { bytes, moves } => write!(
                to,
                "the rules alone demand {} of {}: allow as many, or demand less",
                counted(*moves, "move"),
                counted(*bytes, "byte")
            ),
            Self::NoPlace { partition } => write!(
                to,
                "partition {partition} has a replica that no broker may take: allow more brokers, or raise the disk \
                 limit or the topic's spread"
            ),
        }
    }
}

/// What keeps every plan from meeting the request; nothing, if nothing is known to.
pub fn obstacles(problem: &Problem<'_>) -> Vec<Obstacle> {
    if problem.request.goal == Goal::Leaders {
        return Vec::new();
    }
    let mut found = pinned_on_removed(problem);
    found.extend(too_few(problem));
    found.extend(disk(problem));
    found
}

fn pinned_on_removed(problem: &Problem<'_>) -> Vec<Obstacle> {
    let cluster = problem.cluster;
    let mut found = Vec::new();
    for (at, partition) in cluster.partitions().iter().filter(|(at, _)| !problem.may_change(*at)) {
        for broker in cluster
            .replicas(at)
            .iter()
            .filter(|broker| problem.roles[**broker] == Role::Drains)
        {
            let topic = cluster.topics()[partition.topic].name.clone();
            let obstacle = Obstacle::PinnedOnRemoved {
                topic,
                broker: cluster.brokers()[*broker].id,
            };
            if !found.contains(&obstacle) {
                found.push(obstacle);
            }
        }
    }
    found
}

/// The first partition for which brokers or racks do not suffice.
fn too_few(problem: &Problem<'_>) -> Option<Obstacle> {
    let cluster = problem.cluster;
    // Most clusters have brokers to spare for anybody; only where they are short is each partition looked at.
    let everybody = |broker: BrokerIx| problem.roles[broker] == Role::Takes;
    let mut short: BTreeMap<usize, bool> = BTreeMap::new();
    for at in cluster.partitions().keys().filter(|at| problem.may_change(*at)) {
        let replicas = usize::from(problem.target_rf[at]);
        let is_short = *short
            .entry(replicas)
            .or_insert_with(|| too_few_for(problem, at, &everybody).is_some());
        if !is_short {
            continue;
        }
        let has = cluster.replicas(at);
        let usable = |broker: BrokerIx| match problem.roles[broker] {
            Role::Takes => true,
            Role::Gives | Role::Frozen => has.contains(&broker),
            Role::Drains => false,
        };
        if let Some(obstacle) = too_few_for(problem, at, &usable) {
            return Some(obstacle);
        }
    }
    None
}

fn too_few_for(problem: &Problem<'_>, at: PartitionIx, usable: &dyn Fn(BrokerIx) -> bool) -> Option<Obstacle> {
    let cluster = problem.cluster;
    let replicas = usize::from(problem.target_rf[at]);
    let brokers = problem.roles.keys().filter(|broker| usable(*broker)).count();
    if brokers < replicas {
        return Some(Obstacle::TooFewBrokers {
            partition: cluster.name(at),
            replicas,
            brokers,
        });
    }
    let per_rack = problem.rack_cap(at);
    if per_rack == usize::MAX {
        return None;
    }
    let mut in_rack: Table<RackIx, usize> = Table::filled(cluster.racks().len(), 0);
    for (_, of) in cluster.brokers().iter().filter(|(broker, _)| usable(*broker)) {
        if let Some(rack) = of.rack {
            in_rack[rack] += 1;
        }
    }
    let room = |cap: usize| in_rack.values().iter().map(|brokers| cap.min(*brokers)).sum::<usize>();
    if room(per_rack) >= replicas {
        return None;
    }
    let per_rack_enough = (per_rack + 1..=replicas).find(|cap| room(*cap) >= replicas);
    Some(Obstacle::TooFewRacks {
        partition: cluster.name(at),
        replicas,
        room: room(per_rack),
        per_rack,
        per_rack_enough,
    })
}

/// Everything together against all disks together.
fn disk(problem: &Problem<'_>) -> Option<Obstacle> {
    problem.request.rules.disk_limit?;
    let takers = || {
        problem
            .roles
            .iter()
            .filter(|(_, role)| **role == Role::Takes)
            .map(|(broker, _)| broker)
    };
    if problem
        .roles
        .values()
        .iter()
        .any(|role| matches!(role, Role::Gives | Role::Frozen))
    {
        return None;
    }
    let sizes = problem.cluster.partitions().iter();
    let needed: i64 = sizes
        .map(|(at, of)| of.size_bytes * i64::from(problem.target_rf[at]))
        .sum();
    let loads = crate::model::loads(problem.cluster);
    // A disk above its limit keeps what it has until it is moved.
    let room: i64 = takers()
        .map(|broker| problem.disk_ceilings[broker].max(loads[broker][Resource::Disk]))
        .sum();
    (needed > room).then_some(Obstacle::Disk {
        needed_bytes: needed as u64,
        room_bytes: room.max(0) as u64,
    })
}
