//! Makes a plan, has it checked, and tells what it comes to.

use std::borrow::Cow;
use std::collections::BTreeSet;

use jiff::Timestamp;
use planner::check::check;
use planner::dense::{BrokerIx, PartitionIx, PerResource, Resource, Table};
use planner::feasible::Obstacle;
use planner::model::{Cluster, loads};
use planner::plan::{Change, Plan, PlanError, plan};
use planner::request::{Problem, Request, RequestError};

use super::asked::{Asked, GoalName};
use super::file::{Move, PlanFile, PlanSummary, PlannedBroker, PlannedPartition, Proof, WindowRow, Worth};
use super::locality::apart;
use super::request::no_broker;
use crate::error::CommandError;

/// The share of a disk that no plan fills beyond if nobody says.
const DISK_LIMIT: f64 = 0.9;

/// Makes a plan. Nothing is shown of one that the checker does not accept. If nobody says how full disks may be, there is a
/// limit only where a plan without one would fill a disk beyond it: not every snapshot knows how large disks are.
pub(crate) fn make(cluster: &Cluster, asked: &Asked) -> Result<PlanFile, CommandError> {
    let file = make_once(cluster, asked)?;
    let is_overfull = |broker: &PlannedBroker| {
        let limit = broker.disk_bytes.map(|bytes| bytes as f64 * DISK_LIMIT);
        broker.disk_after_bytes > broker.disk_before_bytes
            && limit.is_some_and(|limit| broker.disk_after_bytes as f64 > limit)
    };
    if asked.disk_limit.is_some() || !file.brokers.iter().any(is_overfull) {
        return Ok(file);
    }
    let limited = Asked {
        disk_limit: Some(DISK_LIMIT),
        ..asked.clone()
    };
    make_once(cluster, &limited)
}

fn make_once(cluster: &Cluster, asked: &Asked) -> Result<PlanFile, CommandError> {
    let (scope, request) = if asked.goal == GoalName::Locality {
        let (scope, request) = apart(cluster, asked)?;
        (Cow::Owned(scope), request)
    } else {
        (Cow::Borrowed(cluster), asked.request(cluster)?)
    };
    let made = plan(&scope, &request).map_err(|error| unplanned(&error, &scope))?;
    let accepted = check(&scope, &request, &made).map_err(|error| {
        CommandError::bug(format!(
            "the checker does not accept the plan, which is not shown: {error}"
        ))
    })?;
    let problem = Problem::new(&scope, &request).map_err(|error| unplanned(&error.into(), &scope))?;
    let mut summary = summary(cluster, &made);
    summary.windows = windows(&problem, &request, &loads(&scope), &accepted.loads);
    summary.rack_faults_before = rack_faults(&problem, |at| scope.replicas(at).to_vec());
    let after = changed(&scope, &made.changes);
    summary.rack_faults_after = rack_faults(&problem, |at| match after.get(&at) {
        Some(replicas) => replicas.clone(),
        None => scope.replicas(at).to_vec(),
    });
    let moves = made.changes.iter().map(|change| a_move(cluster, change)).collect();
    let parts = Parts {
        summary,
        certificate: proof(&made),
        changes: &made.changes,
        moves,
    };
    Ok(parts.file(cluster, asked))
}

/// What a plan comes to.
pub(super) struct Parts<'a> {
    pub(super) summary: PlanSummary,
    pub(super) certificate: Proof,
    pub(super) changes: &'a [Change],
    pub(super) moves: Vec<Move>,
}

impl Parts<'_> {
    /// The plan of a cluster, with what it touches there.
    pub(super) fn file(self, cluster: &Cluster, asked: &Asked) -> PlanFile {
        let partitions = self.changes.iter().filter_map(|change| partition(cluster, change));
        PlanFile {
            cluster_id: cluster.cluster_id().map(str::to_owned),
            made_at: made_at(),
            request: asked.clone(),
            snapshot: format!("{:016x}", cluster.fingerprint()),
            certificate: self.certificate,
            brokers: brokers(cluster, self.changes),
            partitions: partitions.collect(),
            summary: self.summary,
            moves: self.moves,
        }
    }
}

/// Why there is no plan, and what would help.
fn unplanned(error: &PlanError, cluster: &Cluster) -> CommandError {
    let told = error.to_string();
    match error {
        PlanError::Request(RequestError::UnknownBroker(id)) => no_broker(*id, cluster),
        PlanError::Request(RequestError::UnknownTopic(_)) => CommandError::not_found(told),
        PlanError::Request(RequestError::RemovedAndExcluded(_) | RequestError::OutOfRange { .. }) => {
            CommandError::usage(told)
        }
        PlanError::Request(RequestError::NoRack(_)) => {
            CommandError::refused(told).hint("set broker.rack there, or give --ignore-racks")
        }
        PlanError::Request(RequestError::NobodyTakes) => CommandError::refused(told),
        PlanError::Request(RequestError::NoCapacity(_)) => CommandError::refused(told)
            .hint("a snapshot can say how large a disk is: capacity.disk_bytes of the broker, or do without the limit"),
        PlanError::Impossible { obstacles } => {
            let hints: BTreeSet<&str> = obstacles.iter().filter_map(relaxation).collect();
            hints.into_iter().fold(CommandError::refused(told), CommandError::hint)
        }
    }
}

/// The option that would make it possible.
fn relaxation(obstacle: &Obstacle) -> Option<&'static str> {
    match obstacle {
        Obstacle::TooFewRacks { .. } => Some("--ignore-racks lets racks hold any number"),
        Obstacle::Disk { .. } => Some("--disk-limit can be higher"),
        Obstacle::Budget { .. } => Some("--max-bytes and --max-moves can be higher"),
        Obstacle::NoPlace { .. } => Some("--disk-limit and --topic-spread can be higher"),
        Obstacle::PinnedOnRemoved { .. } | Obstacle::TooFewBrokers { .. } => None,
    }
}

impl PlanSummary {
    /// Of a plan that moves nothing.
    pub(super) fn of_cluster(cluster: &Cluster) -> Self {
        let partitions = cluster.partitions().values().iter();
        let sizes = partitions.map(|partition| partition.size_bytes as u64 * partition.replication_factor() as u64);
        Self {
            brokers: cluster.brokers().len(),
            partitions: cluster.partitions().len(),
            replicas: cluster.replica_count(),
            size_bytes: sizes.sum(),
            ..Self::default()
        }
    }
}

/// Now, as plans have it.
fn made_at() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn summary(cluster: &Cluster, made: &Plan) -> PlanSummary {
    let of = &made.summary;
    PlanSummary {
        moved_bytes: of.moved_bytes,
        replica_moves: of.moves,
        leader_changes: of.leader_changes,
        bound_bytes: of.bound_bytes,
        gap: of.gap(),
        windows_met: of.windows_met,
        outside_before: of.outside_before,
        outside_after: of.outside_after,
        ..PlanSummary::of_cluster(cluster)
    }
}

/// How a resource is called.
pub(crate) const fn name_of(resource: Resource) -> &'static str {
    match resource {
        Resource::Disk => "disk",
        Resource::BytesIn => "bytes-in",
        Resource::Count => "replicas",
        Resource::BytesOut => "bytes-out",
        Resource::Leaders => "leaders",
    }
}

type Loads = Table<BrokerIx, PerResource<i64>>;

fn windows(problem: &Problem<'_>, request: &Request, before: &Loads, after: &Loads) -> Vec<WindowRow> {
    let taking_part = || {
        let roles = problem.roles.iter().filter(|(_, role)| role.takes_part());
        roles.map(|(broker, _)| broker)
    };
    let row = |resource: Resource| {
        let all = |loads: &Loads| {
            taking_part()
                .map(|broker| loads[broker][resource])
                .collect::<Vec<i64>>()
        };
        let outside = |loads: &Loads| {
            let is_outside = |broker: &BrokerIx| {
                let load = loads[*broker][resource];
                let limits = &problem.limits;
                load < limits.lower[*broker][resource] || load > limits.upper[*broker][resource]
            };
            taking_part().filter(is_outside).count() as u64
        };
        let (loads_before, loads_after) = (all(before), all(after));
        let sum: f64 = loads_after.iter().map(|load| *load as f64).sum();
        WindowRow {
            resource: name_of(resource).to_owned(),
            tolerance: request.windows.tolerances[resource],
            average: sum / loads_after.len().max(1) as f64,
            least_before: loads_before.iter().copied().min().unwrap_or(0),
            most_before: loads_before.iter().copied().max().unwrap_or(0),
            outside_before: outside(before),
            least_after: loads_after.iter().copied().min().unwrap_or(0),
            most_after: loads_after.iter().copied().max().unwrap_or(0),
            outside_after: outside(after),
        }
    };
    Resource::ALL.into_iter().map(row).collect()
}

/// Partitions with more replicas in a rack than the rule allows.
fn rack_faults(problem: &Problem<'_>, replicas: impl Fn(PartitionIx) -> Vec<BrokerIx>) -> u64 {
    let cluster = problem.cluster;
    let is_broken = |at: &PartitionIx| {
        let (cap, replicas) = (problem.rack_cap(*at), replicas(*at));
        let rack = |broker: &BrokerIx| cluster.brokers()[*broker].rack;
        let beside = |broker: &BrokerIx| replicas.iter().filter(|other| rack(other) == rack(broker)).count();
        replicas
            .iter()
            .any(|broker| rack(broker).is_some() && beside(broker) > cap)
    };
    cluster.partitions().keys().filter(is_broken).count() as u64
}

fn changed(cluster: &Cluster, changes: &[Change]) -> std::collections::BTreeMap<PartitionIx, Vec<BrokerIx>> {
    let known = changes.iter().filter_map(|change| {
        let at = cluster.partition(&change.topic, change.partition)?;
        Some((at, change.to.iter().filter_map(|id| cluster.broker(*id)).collect()))
    });
    known.collect()
}

fn proof(made: &Plan) -> Proof {
    let worth = |of: &planner::bound::Multipliers| Worth {
        disk: of.disk,
        bytes_in: of.bytes_in,
        count: of.count,
    };
    let certificate = &made.certificate;
    Proof {
        leaving: certificate
            .leaving
            .iter()
            .map(|(broker, of)| (*broker, worth(of)))
            .collect(),
        arriving: worth(&certificate.arriving),
        prices: certificate.prices.iter().copied().collect(),
    }
}

fn a_move(cluster: &Cluster, change: &Change) -> Move {
    let at = cluster.partition(&change.topic, change.partition);
    Move {
        topic: change.topic.clone(),
        partition: change.partition,
        replicas_from: change.from.clone(),
        replicas_to: change.to.clone(),
        log_dirs: None,
        size_bytes: at.map_or(0, |at| cluster.partitions()[at].size_bytes as u64),
    }
}

/// All brokers that a change names, with what is on their disks before and after.
fn brokers(cluster: &Cluster, changes: &[Change]) -> Vec<PlannedBroker> {
    let before = loads(cluster);
    let mut after: Table<BrokerIx, i64> = before.values().iter().map(|load| load[Resource::Disk]).collect();
    let mut named = BTreeSet::new();
    for change in changes {
        let size = cluster.partition(&change.topic, change.partition);
        let size = size.map_or(0, |at| cluster.partitions()[at].size_bytes);
        for (list, sign) in [(&change.from, -1), (&change.to, 1)] {
            for broker in list.iter().filter_map(|id| cluster.broker(*id)) {
                after[broker] += sign * size;
                named.insert(broker);
            }
        }
    }
    let row = |at: BrokerIx| {
        let broker = &cluster.brokers()[at];
        PlannedBroker {
            id: broker.id,
            rack: broker.rack.map(|rack| cluster.racks()[rack].clone()),
            disk_before_bytes: before[at][Resource::Disk] as u64,
            disk_after_bytes: after[at] as u64,
            disk_bytes: broker.capacity.disk_bytes,
            bytes_in_per_s: broker.capacity.bytes_in_per_s,
            bytes_out_per_s: broker.capacity.bytes_out_per_s,
        }
    };
    named.into_iter().map(row).collect()
}

fn partition(cluster: &Cluster, change: &Change) -> Option<PlannedPartition> {
    let at = cluster.partition(&change.topic, change.partition)?;
    let of = &cluster.partitions()[at];
    Some(PlannedPartition {
        topic: change.topic.clone(),
        partition: change.partition,
        leader: cluster.leader(at).map(|leader| cluster.brokers()[leader].id),
        isr: cluster.in_sync(at).map(|broker| cluster.brokers()[broker].id).collect(),
        min_isr: of.min_isr,
        bytes_in_per_s: of.bytes_in as u64,
        bytes_out_per_s: of.bytes_out as u64,
    })
}
