//! All of a run: nodes, clients, the network between them, and who looks whether all is well.

use std::collections::BTreeMap;
use std::time::Duration;

use broker_core::controller::Event;
use client::history::History;

use crate::check::Checker;
use crate::client::{Admin, Client, Group, Operator, Place, Producer, Reader};
use crate::directed::Plots;
use crate::error::SimError;
use crate::node::Node;
use crate::node::{Running, Stop};
use crate::weather::LENGTH;
use crate::world::{CLIENTS_FROM, ConnId, EndId, Packet, To, What, World};
use crate::{Outcome, Totals};

/// How long calm may take until all is well.
const RECOVERY_MAX: Duration = Duration::from_secs(60);
/// Batches that are sent at least.
const BATCHES_MIN: u64 = 200;
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The node at a host.
pub(crate) fn node_of(host: &str) -> EndId {
    host.trim_start_matches(['n', 'm']).parse().unwrap_or(0)
}

/// A run.
pub(crate) struct Cluster {
    pub(crate) world: World,
    pub(crate) nodes: BTreeMap<EndId, Node>,
    clients: BTreeMap<EndId, Client>,
    history: History,
    pub(crate) checker: Checker,
    pub(crate) places: Vec<Place>,
    pub(crate) plots: Plots,
    is_finishing: bool,
}

impl Cluster {
    pub(crate) fn new(seed: u64, tells: bool) -> Result<Self, SimError> {
        let mut world = World::new(seed, tells);
        let mut nodes = BTreeMap::new();
        for id in world.weather.nodes() {
            let node = Node::new(&world.weather, id)?;
            if node.config.is_controller {
                world.directories.insert(id, node.metadata_directory());
            }
            nodes.insert(id, node);
            let at = world.random.ms(0, 300);
            world.at(at, What::Start(id));
        }
        let weather = world.weather;
        world.tell(|| format!("seed {seed}: {weather:?}"));
        world.plan();
        world.after(LOOK_EVERY, What::Look);
        let mut cluster = Self {
            world,
            nodes,
            clients: BTreeMap::new(),
            history: History::default(),
            checker: Checker::default(),
            places: Vec::new(),
            plots: Plots::default(),
            is_finishing: false,
        };
        cluster.invite_clients();
        Ok(cluster)
    }

    fn invite_clients(&mut self) {
        let topics = [("t0".to_owned(), 2), ("t1".to_owned(), 1)];
        for (topic, partitions) in &topics {
            for partition in 0..*partitions {
                let number = self.places.len() as i32;
                self.places.push(Place {
                    topic: topic.clone(),
                    partition,
                    number,
                });
            }
        }
        let mut clients = vec![];
        let id = |at: usize| CLIENTS_FROM + at as EndId;
        for place in self.places.clone() {
            clients.push(Client::Producer(Producer::new(id(clients.len()), place.clone(), true)));
            clients.push(Client::Reader(Reader::new(id(clients.len()), place, &mut self.history)));
        }
        if let Some(place) = self.places.first().cloned() {
            clients.push(Client::Producer(Producer::new(id(clients.len()), place.clone(), false)));
            clients.push(Client::Group(Group::new(id(clients.len()), place)));
        }
        let admin = Admin::new(id(clients.len()), topics.to_vec(), self.places.clone());
        clients.push(Client::Admin(admin));
        if self.world.weather.membership.has_operator {
            clients.push(Client::Operator(Operator::new(id(clients.len()))));
        }
        for (at, client) in clients.into_iter().enumerate() {
            self.clients.insert(id(at), client);
            let when = self.world.random.ms(200, 800);
            self.world.at(when, What::Wake { end: id(at), life: 0 });
        }
    }

    pub(crate) fn run(mut self, seed: u64) -> Result<Outcome, SimError> {
        while let Some(what) = self.world.next() {
            let is_look = matches!(what, What::Look);
            self.step(what);
            if !self.world.wrong.is_empty() {
                break;
            }
            if is_look && self.is_finishing && self.is_well() {
                self.check_end();
                break;
            }
            if self.world.now > LENGTH + RECOVERY_MAX {
                let why = self.why_not_well();
                self.world
                    .wrong(format!("the cluster has not recovered in the calm: {why}"));
                break;
            }
        }
        self.world.totals.runs = 1;
        self.world.totals.simulated_seconds = self.world.now.as_secs();
        let (story, hash) = self.world.finish();
        Ok(Outcome {
            seed,
            totals: self.world.totals,
            wrong: self.world.wrong,
            story,
            hash,
        })
    }

    fn step(&mut self, what: What) {
        if let Some(until) = self.paused_until(&what) {
            return self.world.at(until, what);
        }
        match what {
            What::Packet { conn, to, packet } => self.packet(conn, to, packet),
            What::Wake { end, life } => {
                if let Some(node) = self.nodes.get_mut(&end) {
                    node.wake(&mut self.world, life);
                    self.after_node(end);
                } else if let Some(client) = self.clients.get_mut(&end) {
                    client.wake(&mut self.world, &mut self.history);
                }
            }
            What::Commit { node, life } => self.with_running(node, life, Running::commit),
            What::Snapshot { node, life, id, bytes } => self.with_running(node, life, |running, world| {
                running.tell_quorum(world, Event::SnapshotMade { id, bytes });
            }),
            What::Probed {
                node,
                life,
                id,
                all_refused,
            } => self.with_running(node, life, |running, world| {
                running.tell_quorum(world, Event::Probed { id, all_refused });
            }),
            What::Start(node) => self.start(node),
            What::Resume { node, life } => {
                if let Some(node) = self.nodes.get_mut(&node).filter(|node| node.life == life) {
                    node.paused_until = None;
                }
            }
            What::Fault(fault) => self.fault(fault),
            What::Look => {
                self.look();
                self.world.after(LOOK_EVERY, What::Look);
            }
        }
    }

    fn packet(&mut self, conn: ConnId, to: To, packet: Packet) {
        if !self.world.arrives(conn, to, &packet) {
            return;
        }
        let Some(known) = self.world.network.conns.get(&conn) else {
            return;
        };
        let (end, life) = match to {
            To::Server => (known.server, known.server_life),
            To::Client => (known.client, Some(known.client_life)),
        };
        if self.holds_back(conn, to, &packet) {
            return;
        }
        if let Some(node) = self.nodes.get_mut(&end) {
            if life.is_some_and(|life| life != node.life) {
                // Another process was at this end.
                let back = match to {
                    To::Server => To::Client,
                    To::Client => To::Server,
                };
                if !node.is_off && !matches!(packet, Packet::End) {
                    self.world.send(conn, back, Packet::End);
                }
                return;
            }
            node.packet(&mut self.world, conn, to, packet);
            self.after_node(end);
        } else if let Some(client) = self.clients.get_mut(&end) {
            client.packet(&mut self.world, &mut self.history, conn, packet);
        }
    }

    fn with_running(&mut self, id: EndId, life: u64, work: impl FnOnce(&mut Running, &mut World)) {
        if let Some(node) = self.nodes.get_mut(&id).filter(|node| node.life == life)
            && let Some(running) = &mut node.running
        {
            work(running, &mut self.world);
            self.after_node(id);
        }
    }

    /// Until when the node is paused that something is for.
    fn paused_until(&self, what: &What) -> Option<Duration> {
        let id = match what {
            What::Packet { conn, to, .. } => {
                let conn = self.world.network.conns.get(conn)?;
                match to {
                    To::Server => conn.server,
                    To::Client => conn.client,
                }
            }
            What::Wake { end, .. } => *end,
            What::Commit { node, .. } | What::Snapshot { node, .. } | What::Probed { node, .. } => *node,
            What::Start(_) | What::Resume { .. } | What::Fault(_) | What::Look => return None,
        };
        let until = self.nodes.get(&id)?.paused_until?;
        (until > self.world.now).then_some(until)
    }

    fn start(&mut self, id: EndId) {
        let Some(node) = self.nodes.get_mut(&id).filter(|node| node.running.is_none()) else {
            return;
        };
        self.world.totals.starts += 1;
        match node.start(&mut self.world) {
            Ok(()) => {
                self.world.refuses.remove(&id);
                self.world.tell(|| format!("node {id} starts"));
                let life = node.life;
                self.checker.began(id);
                self.world.at(self.world.now, What::Wake { end: id, life });
            }
            Err(error) => self.world.wrong(format!("node {id} cannot start: {error}")),
        }
    }

    /// The admin has the preferred leader of a partition elected, through a broker.
    pub(crate) fn elect(&mut self, place: &Place, through: EndId) {
        for client in self.clients.values_mut() {
            client.elect(&mut self.world, &mut self.history, place, through);
        }
    }

    /// Looks at a node to which something has happened.
    pub(crate) fn after_node(&mut self, id: EndId) {
        let Some(node) = self.nodes.get_mut(&id) else { return };
        let Some(running) = &mut node.running else { return };
        if let Some(reason) = &running.over {
            let reason = reason.clone();
            self.world.totals.nodes_given_up += 1;
            self.world.tell(|| format!("node {id} gives up: {reason}"));
            let wait = self.time_away();
            return self.end_process(id, true, wait);
        }
        if running.stop == Stop::Done {
            running.close();
            self.world.tell(|| format!("node {id} has stopped"));
            let wait = self.time_away();
            return self.end_process(id, true, wait);
        }
        let events = self.checker.node(&mut self.world, id, running);
        self.react(id, events);
    }

    fn look(&mut self) {
        self.go_on_holding_back();
        let images = self.nodes.values().filter_map(|node| node.running.as_ref());
        let running: Vec<&Running> = images.collect();
        self.checker.look(&mut self.world, &running);
        for node in self.nodes.values_mut().filter(|node| node.is_tainted) {
            let running = node.running.as_ref();
            if running.is_some_and(|running| self.checker.is_in_sync_everywhere(running)) {
                node.is_tainted = false;
                self.checker.tainted.remove(&node.id);
            }
        }
        let is_enough = self.world.totals.batches >= BATCHES_MIN && self.world.now > LENGTH + Duration::from_secs(1);
        if self.world.is_calm && !self.is_finishing && is_enough {
            self.is_finishing = true;
            for client in self.clients.values_mut() {
                client.work().finish();
            }
        }
    }

    fn is_well(&self) -> bool {
        self.unfinished().is_none()
    }

    fn why_not_well(&self) -> String {
        self.unfinished().unwrap_or_default()
    }

    fn unfinished(&self) -> Option<String> {
        for node in self.nodes.values() {
            let Some(running) = &node.running else {
                return Some(format!("node {} is down", node.id));
            };
            if let Some(why) = self.checker.unfinished(&self.world, running, &self.nodes.values()) {
                return Some(why);
            }
        }
        self.clients.values().find_map(Client::unfinished)
    }

    fn check_end(&mut self) {
        let running: Vec<&Running> = self.nodes.values().filter_map(|node| node.running.as_ref()).collect();
        self.checker.look(&mut self.world, &running);
        let logs = self.checker.final_logs(&mut self.world, &running, &self.places);
        let mut check = self.history.check();
        for (partition, offset, id) in logs {
            check.reads(partition, offset, id);
        }
        let report = check.finish();
        for finding in report.findings().iter().take(10) {
            self.world.wrong(finding.to_string());
        }
    }
}

/// For those who only count.
pub(crate) fn count_end(totals: &mut Totals, upheavals: (u64, u64)) {
    totals.metadata_truncations += upheavals.0;
    totals.snapshot_loads += upheavals.1;
}
