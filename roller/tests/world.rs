//! A cluster in which nodes stop, start, catch up and crash, in whatever order, and what a gate has promised of it.

use std::collections::{BTreeMap, BTreeSet};

use kfleet_roller as roller;
use planner::model::{Cluster, ClusterBuilder, NewBroker, NewPartition};
use planner::random::Random;
use roller::fleet::{Fleet, Quorum, Voter};
use roller::gate::Gate;
use roller::plan::{Request, plan};
use roller::rule::Rule;

struct Partition {
    replicas: Vec<i32>,
    in_sync: BTreeSet<i32>,
    leader: Option<i32>,
    min_isr: u16,
}

impl Partition {
    /// What the controller does when a broker shuts down or is fenced: the last in sync stays in the ISR.
    fn lose(&mut self, broker: i32) {
        if self.in_sync.len() > 1 {
            self.in_sync.remove(&broker);
        }
        if self.leader == Some(broker) {
            let others = self.replicas.iter().filter(|replica| **replica != broker);
            self.leader = others.copied().find(|replica| self.in_sync.contains(replica));
        }
    }

    fn live(&self, down: &BTreeSet<i32>) -> usize {
        self.in_sync.difference(down).count()
    }
}

/// What is promised of a partition while a batch is away.
#[derive(Debug, Clone, Copy)]
enum Promise {
    /// So many live replicas in sync, whatever else fails within the reserve.
    Writable { min_isr: usize },
    /// None of its replicas stops.
    Untouched,
    /// One at a time stops, while another is in sync if it has others.
    OneAtATime { kept: usize },
}

pub(crate) struct World {
    racks: BTreeMap<i32, usize>,
    partitions: Vec<Partition>,
    voters: BTreeMap<i32, bool>,
    leader: Option<i32>,
    down: BTreeSet<i32>,
    rule: Rule,
    /// Steps that were simulated.
    pub(crate) steps: u64,
    /// Batches that the gate let through.
    pub(crate) batches: u64,
    /// Nodes that crashed while a batch was away.
    pub(crate) crashes: u64,
}

impl World {
    pub(crate) fn new(random: &mut Random) -> Self {
        let (brokers, racks) = (3 + random.below(7) as i32, 1 + random.below(4));
        let ids: Vec<i32> = (1..=brokers).collect();
        let partitions = (0..3 + random.below(20)).map(|_| {
            let mut order = ids.clone();
            random.shuffle(&mut order);
            let factor = [1, 2, 3, 3, 3, 4][random.below(6)].min(order.len());
            order.truncate(factor);
            Partition {
                in_sync: order.iter().copied().collect(),
                leader: order.first().copied(),
                replicas: order,
                min_isr: [1, 1, 2, 2, 2, 3][random.below(6)],
            }
        });
        let partitions = partitions.collect();
        let first = if random.below(2) == 0 { 1 } else { 100 };
        let count = [1, 3, 3, 5][random.below(4)].min(if first == 1 { brokers } else { 9 });
        Self {
            racks: ids.iter().map(|id| (*id, random.below(racks))).collect(),
            partitions,
            voters: (first..first + count).map(|id| (id, true)).collect(),
            leader: Some(first + random.below(count as usize) as i32),
            down: BTreeSet::new(),
            rule: Rule {
                spare: random.below(2),
                ..Rule::default()
            },
            steps: 0,
            batches: 0,
            crashes: 0,
        }
    }

    fn view(&self) -> (Cluster, Quorum) {
        let mut builder = ClusterBuilder::new(None);
        for (id, rack) in &self.racks {
            let broker = NewBroker {
                id: *id,
                rack: Some(format!("r{rack}")),
                ..NewBroker::default()
            };
            builder.broker(broker).unwrap();
        }
        for (number, partition) in (0..).zip(&self.partitions) {
            // A broker that is down is in the ISR only as the last one, and counts for nothing.
            let in_sync: Vec<i32> = partition.in_sync.difference(&self.down).copied().collect();
            let partition = NewPartition {
                topic: "t",
                number,
                replicas: &partition.replicas,
                in_sync: Some(&in_sync),
                leader: partition.leader.filter(|leader| in_sync.contains(leader)),
                size_bytes: 1,
                bytes_in: 1,
                bytes_out: 1,
                min_isr: partition.min_isr,
            };
            builder.partition(&partition).unwrap();
        }
        let voters = self.voters.iter().map(|(id, is_caught_up)| Voter {
            id: *id,
            is_caught_up: *is_caught_up && !self.down.contains(id),
        });
        let quorum = Quorum {
            voters: voters.collect(),
            leader: self.leader,
        };
        (builder.build().unwrap(), quorum)
    }

    fn nodes(&self) -> Vec<i32> {
        let mut nodes: BTreeSet<i32> = self.racks.keys().copied().collect();
        nodes.extend(self.voters.keys());
        nodes.into_iter().collect()
    }

    fn stop(&mut self, node: i32) {
        self.down.insert(node);
        self.partitions.iter_mut().for_each(|partition| partition.lose(node));
        if let Some(is_caught_up) = self.voters.get_mut(&node) {
            *is_caught_up = false;
        }
    }

    fn start(&mut self, node: i32) {
        self.down.remove(&node);
        for partition in &mut self.partitions {
            if partition.leader.is_none() && partition.in_sync.contains(&node) {
                partition.leader = Some(node);
            }
        }
    }

    /// One of what a started node still has to do; whether there was anything.
    fn catch_up(&mut self, random: &mut Random) -> bool {
        let down = &self.down;
        let behind = self
            .voters
            .iter_mut()
            .filter(|(id, is_caught_up)| !**is_caught_up && !down.contains(id));
        let mut behind: Vec<&mut bool> = behind.map(|(_, is_caught_up)| is_caught_up).collect();
        let mut joins = Vec::new();
        for (at, partition) in self
            .partitions
            .iter()
            .enumerate()
            .filter(|(_, partition)| partition.leader.is_some())
        {
            let out = partition
                .replicas
                .iter()
                .filter(|id| !partition.in_sync.contains(id) && !down.contains(id));
            joins.extend(out.map(|id| (at, *id)));
        }
        let all = behind.len() + joins.len();
        let at = random.below(all);
        if let Some(is_caught_up) = behind.get_mut(at) {
            **is_caught_up = true;
        } else if let Some((partition, id)) = joins.get(at.saturating_sub(behind.len())) {
            self.partitions[*partition].in_sync.insert(*id);
        }
        all > 0
    }

    /// Whatever may happen while nobody restarts anything: crashes, returns, and a part of the catching up.
    fn drift(&mut self, random: &mut Random) {
        let nodes = self.nodes();
        for _ in 0..random.below(4) {
            let node = nodes[random.below(nodes.len())];
            if self.down.contains(&node) {
                self.start(node);
            } else if random.below(3) == 0 {
                self.stop(node);
            }
        }
        while random.below(12) > 0 {
            if let Some(node) = self.down.iter().copied().next().filter(|_| random.below(4) == 0) {
                self.start(node);
            }
            self.catch_up(random);
        }
    }

    fn promises(&self, cluster: &Cluster) -> Vec<Promise> {
        let partitions = self.partitions.iter().zip(cluster.partitions().keys());
        let promises = partitions.map(|(partition, at)| {
            let min_isr = usize::from(partition.min_isr).max(1);
            let floor = min_isr + self.rule.spare;
            if self.rule.accepted.contains(&at) && partition.replicas.len() <= floor {
                let kept = usize::from(partition.replicas.len() > 1);
                return Promise::OneAtATime { kept };
            }
            if partition.live(&self.down) < floor {
                Promise::Untouched
            } else {
                Promise::Writable { min_isr }
            }
        });
        promises.collect()
    }

    /// A batch that is asked for: now and then whatever nodes, otherwise the first step of a plan.
    fn batch(&self, fleet: Fleet<'_>, random: &mut Random) -> Vec<i32> {
        let mut nodes = self.nodes();
        if random.below(2) == 0 {
            random.shuffle(&mut nodes);
            nodes.truncate(1 + random.below(3));
            return nodes;
        }
        let request = Request {
            rule: self.rule.clone(),
            max_batch: Some(4),
            ramp: false,
            ..Request::new(nodes)
        };
        let plan = plan(fleet, &request).unwrap();
        let at = random.below(plan.steps.len());
        plan.steps.get(at).map(|step| step.nodes.clone()).unwrap_or_default()
    }

    /// One batch, if the gate lets it through; what broke a promise, if anything did.
    pub(crate) fn round(&mut self, random: &mut Random) -> Result<(), String> {
        self.drift(random);
        let (cluster, quorum) = self.view();
        self.rule.accepted.clear();
        if random.below(2) == 0 {
            self.rule.accept_unavoidable(&cluster);
        }
        let fleet = Fleet {
            cluster: &cluster,
            quorum: &quorum,
        };
        let batch = self.batch(fleet, random);
        // What a plan was made for may be gone by the time that its step comes.
        if random.below(4) == 0 {
            self.drift(random);
        }
        let (cluster, quorum) = self.view();
        let fleet = Fleet {
            cluster: &cluster,
            quorum: &quorum,
        };
        let is_there = batch.iter().all(|node| !self.down.contains(node));
        if batch.is_empty() || !is_there || !Gate::new(fleet, &self.rule).breaches(&batch).is_empty() {
            return Ok(());
        }
        self.batches += 1;
        let promises = self.promises(&cluster);
        self.restart(&batch, &promises, random)
    }

    fn restart(&mut self, batch: &[i32], promises: &[Promise], random: &mut Random) -> Result<(), String> {
        let (mut to_stop, mut to_start) = (batch.to_vec(), Vec::new());
        let mut crashed = BTreeSet::new();
        self.kept(batch, promises, &crashed)?;
        while !to_stop.is_empty() || !to_start.is_empty() {
            self.steps += 1;
            match random.below(8) {
                0..3 if !to_stop.is_empty() => {
                    let node = to_stop.swap_remove(random.below(to_stop.len()));
                    if !crashed.contains(&node) {
                        self.stop(node);
                    }
                    to_start.push(node);
                }
                3..5 if !to_start.is_empty() => {
                    let node = to_start.swap_remove(random.below(to_start.len()));
                    self.start(node);
                }
                5 if crashed.len() < self.rule.spare => {
                    let nodes = self.nodes();
                    let node = nodes[random.below(nodes.len())];
                    if !batch.contains(&node) && !self.down.contains(&node) {
                        self.stop(node);
                        self.crashes += 1;
                        crashed.insert(node);
                    }
                }
                _ => drop(self.catch_up(random)),
            }
            self.kept(batch, promises, &crashed)?;
        }
        Ok(())
    }

    fn kept(&self, batch: &[i32], promises: &[Promise], crashed: &BTreeSet<i32>) -> Result<(), String> {
        for (number, (partition, promise)) in self.partitions.iter().zip(promises).enumerate() {
            let of_batch: Vec<i32> = partition
                .replicas
                .iter()
                .copied()
                .filter(|id| batch.contains(id))
                .collect();
            let live = partition.live(&self.down);
            let is_kept = match promise {
                Promise::Writable { min_isr } => live >= *min_isr && partition.leader.is_some(),
                Promise::Untouched => of_batch.is_empty(),
                Promise::OneAtATime { kept } => live + crashed.len() >= *kept || of_batch.is_empty(),
            };
            if !is_kept {
                return Err(format!(
                    "t-{number}: {promise:?}, {live} live in sync of {:?} while {batch:?} restart, {crashed:?} crashed",
                    partition.replicas
                ));
            }
        }
        let asked = batch.iter().any(|node| self.voters.contains_key(node));
        let up = self
            .voters
            .iter()
            .filter(|(id, is_caught_up)| **is_caught_up || crashed.contains(id));
        if asked && up.count() < self.voters.len() / 2 + 1 {
            return Err(format!("{:?} are no majority while {batch:?} restart", self.voters));
        }
        Ok(())
    }
}
