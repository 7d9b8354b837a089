//! The independent checker: recomputes what a plan claims from the fleet and the request, by the shortest way.
//!
//! It shares the model and the request with the planner, and none of its arithmetic.

use std::collections::BTreeSet;

use planner::counted::counted;
use planner::dense::{BrokerIx, PartitionIx, Table};
use planner::model::Cluster;

use crate::batches::Proof;
use crate::fleet::{Fleet, Role};
use crate::plan::{Plan, Request, Step};

/// What is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It was made for another cluster, or for another moment.
    #[error("the plan was made for another state of the cluster")]
    OtherSnapshot,
    /// A node is in no step and not said to be blocked.
    #[error("node {0} is asked for and in no step")]
    Missing(i32),
    /// A node is in more than one step.
    #[error("node {0} stops more than once")]
    Twice(i32),
    /// A node that nobody asked for.
    #[error("node {0} stops, and nobody asked for it")]
    Unasked(i32),
    /// A step without nodes.
    #[error("step {0} stops nothing")]
    Empty(usize),
    /// Too many at once.
    #[error("step {step} stops {} where {max} may stop", counted(*nodes, "broker"))]
    TooLarge {
        /// Which, from 1.
        step: usize,
        /// How many.
        nodes: usize,
        /// How many may.
        max: usize,
    },
    /// A partition loses more than it may.
    #[error("step {step}: {partition} keeps {} in sync where {floor} must stay", counted(*left, "replica"))]
    Partition {
        /// Which, from 1.
        step: usize,
        /// topic-number.
        partition: String,
        /// What is left in sync.
        left: usize,
        /// What must be.
        floor: usize,
    },
    /// The quorum loses its majority.
    #[error("step {0} leaves no majority of voters that are caught up")]
    Quorum(usize),
    /// The active controller stops before others.
    #[error("step {0} stops the active controller before another controller")]
    ActiveController(usize),
    /// Those that stay have more to give out than they may.
    #[error("step {step}: node {node} would give out {bytes_out_per_s} bytes/s, more than its headroom")]
    Headroom {
        /// Which, from 1.
        step: usize,
        /// Who stays.
        node: i32,
        /// What it would give out.
        bytes_out_per_s: i64,
    },
    /// Something that a step says of itself is not so.
    #[error("step {step}: {what} is not as the plan says")]
    Claim {
        /// Which, from 1.
        step: usize,
        /// What.
        what: &'static str,
    },
    /// What is said to prove the bound does not.
    #[error("the bound of {} is not proved", counted(*.0, "batch"))]
    Bound(usize),
}

/// All that is wrong with a plan; nothing if it is right.
pub fn check(fleet: Fleet<'_>, request: &Request, plan: &Plan) -> Vec<Fault> {
    let mut faults = Vec::new();
    if plan.snapshot != fleet.cluster.fingerprint() {
        faults.push(Fault::OtherSnapshot);
    }
    nodes(request, plan, &mut faults);
    order(fleet, plan, &mut faults);
    let checker = Checker { fleet, request };
    for (at, step) in plan.steps.iter().enumerate() {
        checker.step(at + 1, step, &mut faults);
    }
    if !checker.proves(plan) {
        faults.push(Fault::Bound(plan.bound.batches));
    }
    faults
}

fn nodes(request: &Request, plan: &Plan, faults: &mut Vec<Fault>) {
    let mut left: BTreeSet<i32> = request.nodes.iter().copied().collect();
    let asked = left.clone();
    for (at, step) in plan.steps.iter().enumerate() {
        if step.nodes.is_empty() {
            faults.push(Fault::Empty(at + 1));
        }
        for node in &step.nodes {
            if !asked.contains(node) {
                faults.push(Fault::Unasked(*node));
            } else if !left.remove(node) {
                faults.push(Fault::Twice(*node));
            }
        }
    }
    let blocked: BTreeSet<i32> = plan.blocked.iter().map(|blocked| blocked.node).collect();
    faults.extend(left.difference(&blocked).map(|node| Fault::Missing(*node)));
}

/// The active controller is the last that stops, of those that only vote or of all.
fn order(fleet: Fleet<'_>, plan: &Plan, faults: &mut Vec<Fault>) {
    let Some(leader) = fleet.quorum.leader else { return };
    let stops = plan.steps.iter().position(|step| step.nodes.contains(&leader));
    let Some(at) = stops else { return };
    let is_broker = fleet.cluster.broker(leader).is_some();
    let mut later = plan.steps.iter().skip(at + 1);
    let other = |node: &i32| is_broker || fleet.cluster.broker(*node).is_none();
    let with_others = plan.steps.get(at).is_some_and(|step| step.nodes.len() > 1);
    if with_others || later.any(|step| step.nodes.iter().any(other)) {
        faults.push(Fault::ActiveController(at + 1));
    }
}

struct Checker<'a> {
    fleet: Fleet<'a>,
    request: &'a Request,
}

impl Checker<'_> {
    fn cluster(&self) -> &Cluster {
        self.fleet.cluster
    }

    fn step(&self, number: usize, step: &Step, faults: &mut Vec<Fault>) {
        let mut stops = Table::filled(self.cluster().brokers().len(), false);
        for broker in step.nodes.iter().filter_map(|id| self.cluster().broker(*id)) {
            stops[broker] = true;
        }
        let stopping = stops.values().iter().filter(|stops| **stops).count();
        let max = self.request.max_batch(self.cluster());
        if stopping > max {
            faults.push(Fault::TooLarge {
                step: number,
                nodes: stopping,
                max,
            });
        }
        let at_floor = self.partitions(number, &stops, faults);
        self.quorum(number, step, faults);
        let leaders = self.leaders(number, stopping, &stops, faults);
        for (what, is_so) in [
            (
                "how many partitions are at their floor",
                at_floor == step.partitions_at_floor,
            ),
            ("how many leaders move", leaders == step.leaders_moved),
            ("the role", self.is_role(step)),
        ] {
            if !is_so {
                faults.push(Fault::Claim { step: number, what });
            }
        }
    }

    fn is_role(&self, step: &Step) -> bool {
        let roles: BTreeSet<bool> = step
            .nodes
            .iter()
            .map(|id| self.cluster().broker(*id).is_some())
            .collect();
        let votes = step.nodes.iter().any(|id| self.fleet.quorum.is_voter(*id));
        let expected = match (roles.contains(&true), votes) {
            (true, true) => Role::Combined,
            (true, false) => Role::Broker,
            (false, _) => Role::Controller,
        };
        roles.len() == 1 && step.role == expected
    }

    /// What must stay of a partition, and whether its harm is accepted.
    fn floor(&self, at: PartitionIx) -> (usize, bool) {
        let of = &self.cluster().partitions()[at];
        let floor = usize::from(of.min_isr).max(1) + self.request.rule.spare;
        let accepted = of.replication_factor() <= floor && self.request.rule.accepted.contains(&at);
        let kept = if of.replication_factor() > 1 { 1 } else { 0 };
        (if accepted { kept } else { floor }, accepted)
    }

    /// How many partitions have no more to lose while these brokers are away.
    fn partitions(&self, number: usize, stops: &Table<BrokerIx, bool>, faults: &mut Vec<Fault>) -> usize {
        let mut at_floor = 0;
        for at in self.cluster().partitions().keys() {
            if !self.cluster().replicas(at).iter().any(|broker| stops[*broker]) {
                continue;
            }
            let (floor, accepted) = self.floor(at);
            let stopped = self.cluster().in_sync(at).filter(|broker| stops[*broker]).count();
            let left = self.cluster().in_sync(at).filter(|broker| !stops[*broker]).count();
            if left < floor || (accepted && stopped > 1) {
                faults.push(Fault::Partition {
                    step: number,
                    partition: self.cluster().name(at),
                    left,
                    floor,
                });
            }
            at_floor += usize::from(stopped > 0 && (left == floor || accepted));
        }
        at_floor
    }

    fn quorum(&self, number: usize, step: &Step, faults: &mut Vec<Fault>) {
        let voters = &self.fleet.quorum.voters;
        let stopped = voters.iter().filter(|voter| step.nodes.contains(&voter.id)).count();
        let left = voters
            .iter()
            .filter(|voter| voter.is_caught_up && !step.nodes.contains(&voter.id))
            .count();
        let is_accepted = self.request.accept_quorum && voters.len() < 3 && stopped == 1;
        if stopped > 0 && left <= voters.len() / 2 && !is_accepted {
            faults.push(Fault::Quorum(number));
        }
    }

    /// How many partitions get another leader; those that stay must bear what they lead then.
    fn leaders(&self, number: usize, stopping: usize, stops: &Table<BrokerIx, bool>, faults: &mut Vec<Fault>) -> usize {
        let cluster = self.cluster();
        let mut now = Table::filled(cluster.brokers().len(), 0);
        let (mut then, mut moved) = (now.clone(), 0);
        for (at, partition) in cluster.partitions().iter() {
            let Some(leader) = cluster.leader(at) else { continue };
            let out = partition.bytes_out + partition.bytes_in * (partition.replication_factor() as i64 - 1);
            now[leader] += out;
            let next = if stops[leader] {
                cluster.in_sync(at).find(|broker| !stops[*broker])
            } else {
                Some(leader)
            };
            if let Some(next) = next {
                moved += usize::from(next != leader);
                then[next] += out;
            }
        }
        let average = now.values().iter().sum::<i64>() as f64 / cluster.brokers().len().max(1) as f64;
        for (broker, out) in then.iter() {
            // One alone has to go at some time.
            if *out > now[broker] && stopping > 1 && !self.bears(broker, *out, average.max(now[broker] as f64)) {
                faults.push(Fault::Headroom {
                    step: number,
                    node: cluster.brokers()[broker].id,
                    bytes_out_per_s: *out,
                });
            }
        }
        moved
    }

    fn bears(&self, broker: BrokerIx, out: i64, now: f64) -> bool {
        let headroom = self.request.headroom;
        let capacity = self.cluster().brokers()[broker].capacity.bytes_out_per_s;
        let by_capacity = capacity.is_none_or(|capacity| out as f64 <= capacity as f64 * headroom.share_of_capacity);
        by_capacity && headroom.times_now.is_none_or(|times| out as f64 <= now * times)
    }

    /// Whether what is said to prove the bound does, and the plan keeps to it.
    fn proves(&self, plan: &Plan) -> bool {
        let cluster = self.cluster();
        let leader = self.fleet.quorum.leader.filter(|id| cluster.broker(*id).is_some());
        let stops = |id: i32| plan.steps.iter().any(|step| step.nodes.contains(&id));
        let last = usize::from(leader.is_some_and(stops));
        let proved = match &plan.bound.proof {
            Proof::Something => usize::from(plan.steps.iter().any(|step| {
                let others = step.nodes.iter().filter(|id| Some(**id) != leader);
                step.role != Role::Controller && others.count() > 0
            })),
            Proof::Partition(name) => self.needs(name, &stops, leader),
            Proof::Apart(ids) => {
                let may_count = ids.iter().all(|id| stops(*id) && Some(*id) != leader);
                let others = |at: usize| ids.iter().skip(at + 1);
                let mut pairs = ids
                    .iter()
                    .enumerate()
                    .flat_map(|(at, one)| others(at).map(move |other| (*one, *other)));
                let apart = may_count && pairs.all(|(one, other)| one != other && self.are_apart(one, other));
                if apart { ids.len() } else { 0 }
            }
        };
        plan.bound.batches <= proved + last && plan.classes >= plan.bound.batches
    }

    /// In how many batches the replicas of a partition stop at least.
    fn needs(&self, name: &str, stops: &impl Fn(i32) -> bool, leader: Option<i32>) -> usize {
        let cluster = self.cluster();
        let Some(at) = cluster.partitions().keys().find(|at| cluster.name(*at) == name) else {
            return 0;
        };
        let room = self.room(at);
        let stopping = cluster.in_sync(at).map(|broker| cluster.brokers()[broker].id);
        let stopping = stopping.filter(|id| Some(*id) != leader && stops(*id)).count();
        if room == 0 { 0 } else { stopping.div_ceil(room) }
    }

    fn room(&self, at: PartitionIx) -> usize {
        let (floor, accepted) = self.floor(at);
        let room = self.cluster().in_sync(at).count().saturating_sub(floor);
        if accepted { room.min(1) } else { room }
    }

    /// Whether two brokers can never stop together.
    fn are_apart(&self, one: i32, other: i32) -> bool {
        let (cluster, quorum) = (self.cluster(), self.fleet.quorum);
        if quorum.is_voter(one) && quorum.is_voter(other) {
            return true;
        }
        let (Some(one), Some(other)) = (cluster.broker(one), cluster.broker(other)) else {
            return false;
        };
        cluster.partitions().keys().any(|at| {
            let both = cluster
                .in_sync(at)
                .filter(|broker| [one, other].contains(broker))
                .count()
                == 2;
            both && self.room(at) == 1
        })
    }
}
