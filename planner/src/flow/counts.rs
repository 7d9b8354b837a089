//! The network of a request for counts: partition -> rack -> topic on a broker -> broker -> out.
//!
//! A replica where the partition has one costs nothing, another costs its size. What a broker has below its lower
//! limit earns, and above its upper limit costs, more than all bytes together: windows come before bytes.

use std::collections::BTreeMap;

use super::network::{EdgeIx, Network, NodeIx};
use crate::dense::{BrokerIx, PartitionIx, RackIx, Resource, Table, TopicIx};
use crate::request::{Goal, Problem, Role};

/// Largest number of edges that is worth an exact answer.
const EDGES_MAX: usize = 2_000_000;

/// Which brokers each changed or changeable partition is on in the best placement, and what brokers are worth.
pub(crate) struct Solved {
    /// Brokers of each partition that may change; those of others are as they are.
    pub brokers: Table<PartitionIx, Vec<BrokerIx>>,
    /// Bytes that one replica more on a broker is worth.
    pub prices: Table<BrokerIx, f64>,
}

/// The best placement, if the request is one for counts and small enough. `None` also if rules rule it out.
pub(crate) fn solve(problem: &Problem<'_>) -> Option<Solved> {
    let windows = &problem.request.windows.tolerances;
    let only_counts = Resource::REPLICA
        .iter()
        .all(|k| (*k == Resource::Count) == windows[*k].is_some());
    let bounded = problem.request.rules.disk_limit.is_none()
        && problem.request.budget.bytes.is_none()
        && problem.request.budget.moves.is_none();
    let edges = problem.cluster.partitions().len().saturating_mul(problem.roles.len());
    if !only_counts || !bounded || problem.request.goal != Goal::Balance || edges > EDGES_MAX {
        return None;
    }
    Build::new(problem).solve()
}

struct Build<'p> {
    problem: &'p Problem<'p>,
    network: Network,
    source: NodeIx,
    brokers: Table<BrokerIx, NodeIx>,
    topics: BTreeMap<(TopicIx, BrokerIx), NodeIx>,
    choices: Vec<(PartitionIx, BrokerIx, EdgeIx)>,
    placed: Table<PartitionIx, Vec<BrokerIx>>,
    wanted: i64,
}

impl<'p> Build<'p> {
    fn new(problem: &'p Problem<'p>) -> Self {
        let mut network = Network::new();
        let source = network.node();
        let brokers = problem.roles.keys().map(|_| network.node()).collect();
        let placed = Table::filled(problem.cluster.partitions().len(), Vec::new());
        let (topics, choices) = (BTreeMap::new(), Vec::new());
        Self {
            problem,
            network,
            source,
            brokers,
            topics,
            choices,
            placed,
            wanted: 0,
        }
    }

    fn solve(mut self) -> Option<Solved> {
        let problem = self.problem;
        let mut fixed: Table<BrokerIx, i64> = Table::filled(problem.roles.len(), 0);
        for at in problem.cluster.partitions().keys() {
            let stays = |broker: &BrokerIx| !problem.may_change(at) || problem.roles[*broker] == Role::Frozen;
            let staying = problem.cluster.replicas(at).iter().copied().filter(stays);
            self.placed[at] = staying.take(usize::from(problem.target_rf[at])).collect();
            for broker in &self.placed[at] {
                fixed[*broker] += 1;
            }
            if problem.may_change(at) {
                self.partition(at);
            }
        }
        let sink = self.limits(&fixed);
        if self.network.run(self.source, sink, self.wanted) < self.wanted {
            return None;
        }
        for (at, broker, edge) in &self.choices {
            if self.network.flow(*edge) > 0 {
                self.placed[*at].push(*broker);
            }
        }
        // A broker that may not have more has a lower potential than the sink's plus nothing.
        let base = self.network.potential(sink);
        let price = |node: &NodeIx| (base - self.network.potential(*node)) as f64;
        let prices = self.brokers.values().iter().map(price).collect();
        Some(Solved {
            brokers: self.placed,
            prices,
        })
    }

    fn partition(&mut self, at: PartitionIx) {
        let problem = self.problem;
        let cluster = problem.cluster;
        let replicas = usize::from(problem.target_rf[at]);
        let missing = replicas.saturating_sub(self.placed[at].len()) as i64;
        self.wanted += missing;
        let node = self.network.node();
        self.network.edge(self.source, node, missing, 0);
        let cap = problem.rack_cap(at);
        let mut racks: BTreeMap<Option<RackIx>, NodeIx> = BTreeMap::new();
        for (broker, role) in problem.roles.iter() {
            let was_there = cluster.replicas(at).contains(&broker);
            let usable = *role == Role::Takes || (*role == Role::Gives && was_there);
            if !usable || self.placed[at].contains(&broker) {
                continue;
            }
            let rack = if cap < usize::MAX {
                cluster.brokers()[broker].rack
            } else {
                None
            };
            let network = &mut self.network;
            let placed = &self.placed[at];
            let from = *racks.entry(rack).or_insert_with(|| {
                let rack_node = network.node();
                let there = placed
                    .iter()
                    .filter(|other| cluster.brokers()[**other].rack == rack)
                    .count();
                let room = if cap < usize::MAX {
                    cap.saturating_sub(there) as i64
                } else {
                    missing
                };
                network.edge(node, rack_node, room, 0);
                rack_node
            });
            let cost = if was_there {
                0
            } else {
                i128::from(cluster.partitions()[at].size_bytes)
            };
            let to = self.topic(cluster.partitions()[at].topic, broker);
            let edge = self.network.edge(from, to, 1, cost);
            self.choices.push((at, broker, edge));
        }
    }

    /// The node in front of a broker that counts a topic's replicas on it, if there is a cap.
    fn topic(&mut self, topic: TopicIx, broker: BrokerIx) -> NodeIx {
        let cap = self.problem.topic_caps[topic];
        if cap == u32::MAX {
            return self.brokers[broker];
        }
        let of = &self.problem.cluster.topics()[topic];
        let (network, to, cluster) = (&mut self.network, self.brokers[broker], self.problem.cluster);
        *self.topics.entry((topic, broker)).or_insert_with(|| {
            let node = network.node();
            let before = of
                .partitions()
                .filter(|at| cluster.replicas(*at).contains(&broker))
                .count();
            network.edge(node, to, i64::from(cap).max(before as i64), 0);
            node
        })
    }

    fn limits(&mut self, fixed: &Table<BrokerIx, i64>) -> NodeIx {
        let sink = self.network.node();
        let partitions = self.problem.cluster.partitions().iter();
        let all: i128 = partitions
            .map(|(at, of)| i128::from(of.size_bytes) * i128::from(self.problem.target_rf[at]))
            .sum();
        let far = all + 1;
        let limits = &self.problem.limits;
        for (broker, node) in self.brokers.iter() {
            let left = |limit: i64| limit.saturating_sub(fixed[broker]).max(0);
            let lower = left(limits.lower[broker][Resource::Count]);
            let upper = left(limits.upper[broker][Resource::Count]).max(lower);
            self.network.edge(*node, sink, lower, -far);
            self.network.edge(*node, sink, (upper - lower).min(self.wanted), 0);
            self.network.edge(*node, sink, self.wanted, far);
        }
        self.network.set_potential(sink, -far);
        sink
    }
}
