//! Flows of least cost, by the primal-dual method: shortest distances by what each edge costs beyond the nodes'
//! potentials, then as much flow as fits along edges that cost nothing beyond them, until all has arrived.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::dense::{Key, Table};

macro_rules! key {
    ($name:ident, $doc:literal) => {
        #[doc = $doc]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $name(u32);

        impl Key for $name {
            fn from_index(index: usize) -> Self {
                Self(index as u32)
            }

            fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

key!(NodeIx, "A node of a network.");
key!(EdgeIx, "An edge of a network; each is followed by its reverse.");

#[derive(Debug, Clone)]
struct Edge {
    to: NodeIx,
    room: i64,
    cost: i128,
}

/// A network with capacities and costs. Costs may be negative where [`Network::set_potential`] makes up for them.
#[derive(Debug, Clone, Default)]
pub struct Network {
    edges: Table<EdgeIx, Edge>,
    out: Table<NodeIx, Vec<EdgeIx>>,
    potentials: Table<NodeIx, i128>,
}

impl Network {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a node.
    pub fn node(&mut self) -> NodeIx {
        self.potentials.push(0);
        self.out.push(Vec::new())
    }

    /// Adds an edge.
    pub fn edge(&mut self, from: NodeIx, to: NodeIx, capacity: i64, cost: i128) -> EdgeIx {
        let edge = self.edges.push(Edge {
            to,
            room: capacity,
            cost,
        });
        let back = self.edges.push(Edge {
            to: from,
            room: 0,
            cost: -cost,
        });
        self.out[from].push(edge);
        self.out[to].push(back);
        edge
    }

    /// Sets a node's potential, so that no edge costs less than nothing beyond the potentials of its ends.
    pub fn set_potential(&mut self, node: NodeIx, potential: i128) {
        self.potentials[node] = potential;
    }

    /// A node's potential: after [`Network::run`] the dual of the flow.
    pub fn potential(&self, node: NodeIx) -> i128 {
        self.potentials[node]
    }

    /// How much flows through an edge.
    pub fn flow(&self, edge: EdgeIx) -> i64 {
        self.edges[back(edge)].room
    }

    fn beyond(&self, from: NodeIx, edge: &Edge) -> i128 {
        edge.cost + self.potentials[from] - self.potentials[edge.to]
    }

    /// Sends up to `amount` at the least cost; returns what arrived.
    pub fn run(&mut self, source: NodeIx, sink: NodeIx, amount: i64) -> i64 {
        let mut arrived = 0;
        while arrived < amount && self.relabel(source, sink) {
            let mut next: Table<NodeIx, usize> = Table::filled(self.out.len(), 0);
            loop {
                let sent = self.send(source, sink, amount - arrived, &mut next);
                if sent == 0 {
                    break;
                }
                arrived += sent;
            }
        }
        arrived
    }

    /// Raises potentials by distances from the source; false if the sink is out of reach.
    fn relabel(&mut self, source: NodeIx, sink: NodeIx) -> bool {
        let mut distance: Table<NodeIx, Option<i128>> = Table::filled(self.out.len(), None);
        let mut queue = BinaryHeap::from([Reverse((0i128, source))]);
        distance[source] = Some(0);
        while let Some(Reverse((at, node))) = queue.pop() {
            if distance[node].is_some_and(|known| known < at) {
                continue;
            }
            for edge in &self.out[node] {
                let edge = &self.edges[*edge];
                if edge.room == 0 {
                    continue;
                }
                let there = at + self.beyond(node, edge);
                if distance[edge.to].is_none_or(|known| there < known) {
                    distance[edge.to] = Some(there);
                    queue.push(Reverse((there, edge.to)));
                }
            }
        }
        let Some(farthest) = distance[sink] else { return false };
        for (node, distance) in distance.iter() {
            self.potentials[node] += distance.map_or(farthest, |distance| distance.min(farthest));
        }
        true
    }

    /// Sends along one path of edges that cost nothing beyond potentials. `next` remembers which edges of a node have
    /// been tried in vain.
    fn send(&mut self, source: NodeIx, sink: NodeIx, most: i64, next: &mut Table<NodeIx, usize>) -> i64 {
        let mut path: Vec<EdgeIx> = Vec::new();
        let mut on_path: Table<NodeIx, bool> = Table::filled(self.out.len(), false);
        let mut node = source;
        on_path[source] = true;
        while node != sink {
            if let Some(edge) = self.out[node].get(next[node]).copied() {
                let of = &self.edges[edge];
                if of.room > 0 && !on_path[of.to] && self.beyond(node, of) == 0 {
                    node = of.to;
                    on_path[node] = true;
                    path.push(edge);
                } else {
                    next[node] += 1;
                }
            } else {
                let Some(edge) = path.pop() else { return 0 };
                on_path[node] = false;
                node = self.edges[back(edge)].to;
                next[node] += 1;
            }
        }
        let sent = path.iter().map(|edge| self.edges[*edge].room).fold(most, i64::min);
        for edge in path {
            self.edges[edge].room -= sent;
            self.edges[back(edge)].room += sent;
        }
        sent
    }
}

fn back(edge: EdgeIx) -> EdgeIx {
    EdgeIx::from_index(edge.index() ^ 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    /// Assigns each of n to another of n; the least cost over all permutations.
    fn by_permutations(cost: &[Vec<i128>], row: usize, used: u32) -> i128 {
        if row == cost.len() {
            return 0;
        }
        let free = (0..cost.len()).filter(|column| used >> column & 1 == 0);
        free.map(|column| cost[row][column] + by_permutations(cost, row + 1, used | 1 << column))
            .min()
            .unwrap()
    }

    #[test]
    fn assignments_cost_as_little_as_the_best_permutation() {
        let mut random = Random::new(7);
        for size in 1..=6 {
            for _ in 0..20 {
                let cost: Vec<Vec<i128>> = (0..size)
                    .map(|_| (0..size).map(|_| random.below(20) as i128).collect())
                    .collect();
                let mut network = Network::new();
                let (source, sink) = (network.node(), network.node());
                let rows: Vec<_> = (0..size).map(|_| network.node()).collect();
                let columns: Vec<_> = (0..size).map(|_| network.node()).collect();
                for at in 0..size {
                    network.edge(source, rows[at], 1, 0);
                    network.edge(columns[at], sink, 1, 0);
                }
                let mut edges = Vec::new();
                for (row, costs) in cost.iter().enumerate() {
                    for (column, cost) in costs.iter().enumerate() {
                        edges.push((network.edge(rows[row], columns[column], 1, *cost), *cost));
                    }
                }
                assert_eq!(network.run(source, sink, size as i64), size as i64);
                let found: i128 = edges
                    .iter()
                    .map(|(edge, cost)| i128::from(network.flow(*edge)) * cost)
                    .sum();
                assert_eq!(found, by_permutations(&cost, 0, 0), "{cost:?}");
            }
        }
    }

    #[test]
    fn what_does_not_fit_does_not_arrive() {
        let mut network = Network::new();
        let (source, middle, sink) = (network.node(), network.node(), network.node());
        network.edge(source, middle, 5, 1);
        network.edge(middle, sink, 3, 1);
        assert_eq!(network.run(source, sink, 5), 3);
    }
}
