//! The three nodes and their processes, which come and go, and the network between them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::support::network::Network;
use crate::support::nodes::wait_until;
use crate::support::ports::{Port, free_ports};
use crate::support::{Cluster, Engine, KFLEET, isolated, signal};

/// The nodes.
pub(super) const IDS: [i32; 3] = [1, 2, 3];
/// Longest that a node may take to stop cleanly, or by itself when its disk is full.
const STOP_MAX: Duration = Duration::from_secs(60);
/// How often it is looked after.
const POLL: Duration = Duration::from_millis(5);
const SETTINGS: [&str; 4] = [
    // Apache's nodes, and those of ours that hang, are missed only then.
    "broker.session.timeout.ms=3000",
    "broker.heartbeat.interval.ms=500",
    // Replicas that hang leave their ISRs sooner than a minute.
    "replica.lag.time.max.ms=4000",
    "log.flush.offset.checkpoint.interval.ms=500",
];

#[derive(Debug)]
pub(super) struct Nodes {
    all: BTreeMap<i32, Node>,
    pub(super) network: Network,
    /// They are kept from others while a node does not run.
    _ports: [Port; 12],
    dir: Option<tempfile::TempDir>,
}

#[derive(Debug)]
struct Node {
    /// Where it listens for clients, without the network in between.
    address: String,
    /// What runs it.
    words: Vec<String>,
    log: PathBuf,
    process: Option<Child>,
}

impl Nodes {
    /// Three nodes, each broker and controller, in racks of their own. They advertise the network's ports.
    pub(super) fn start(engine: Engine, runtime: &Runtime) -> Self {
        let dir = tempfile::Builder::new().prefix("kfleet-faults-").tempdir().unwrap();
        let mut flags = vec!["--controllers", "3", "--brokers", "3", "--racks", "3"];
        flags.extend(SETTINGS.iter().flat_map(|setting| ["--set", setting]));
        let cluster = Cluster::of_nodes_in(engine, dir.path(), &flags);
        let described = cluster.nodes();
        // None of those that the sandbox has.
        let ports: [Port; 12] = free_ports();
        cluster.stop();
        let network = Network::new();
        let mut moves = Vec::new();
        for (at, (node, name)) in described
            .iter()
            .flat_map(|node| LISTENERS.map(|name| (node, name)))
            .enumerate()
        {
            let old = node["listeners"][name].as_str().unwrap().to_owned();
            let [listens, advertised] = [&ports[2 * at], &ports[2 * at + 1]].map(|port| port.number);
            let connected = network.clone().connect(id_of(node), advertised, listens);
            runtime.spawn(async move { connected.await.unwrap() });
            moves.push(Move {
                old,
                listens: format!("127.0.0.1:{listens}"),
                advertised: format!("127.0.0.1:{advertised}"),
            });
        }
        let mut nodes = Self {
            all: described
                .iter()
                .map(|node| (id_of(node), Node::moved(node, &moves)))
                .collect(),
            network,
            _ports: ports,
            dir: Some(dir),
        };
        for id in IDS {
            nodes.spawn(id);
        }
        for id in IDS {
            nodes.wait_until_serving(id);
        }
        nodes
    }

    fn node(&mut self, id: i32) -> &mut Node {
        self.all.get_mut(&id).unwrap()
    }

    /// Where each is found.
    pub(super) fn addresses(&self) -> BTreeMap<i32, String> {
        self.all.iter().map(|(id, node)| (*id, node.address.clone())).collect()
    }

    fn pid(&self, id: i32) -> i32 {
        self.all[&id].process.as_ref().unwrap().id() as i32
    }

    pub(super) fn pause(&self, id: i32) {
        signal(self.pid(id), "STOP");
    }

    pub(super) fn go_on(&self, id: i32) {
        signal(self.pid(id), "CONT");
    }

    pub(super) fn kill(&mut self, id: i32) {
        signal(self.pid(id), "KILL");
        self.wait_for_end(id);
    }

    /// Stops it as an operator does.
    pub(super) fn terminate(&mut self, id: i32) {
        signal(self.pid(id), "TERM");
        let status = self.wait_for_end(id);
        // What Java ends with when it is told to, or 0.
        assert!(matches!(status.code(), Some(0 | 143)), "node {id} ended with {status}");
    }

    /// No file of its may grow beyond this, as if its disk were full; the node ends by itself.
    pub(super) fn fill_disk(&mut self, id: i32, size_bytes: u64) {
        let limit = Rlimit {
            current: Some(size_bytes),
            maximum: Some(size_bytes),
        };
        prlimit(Pid::from_raw(self.pid(id)), Resource::Fsize, limit).unwrap();
        let status = self.wait_for_end(id);
        assert!(
            status.code().is_some_and(|code| code != 0) && status.signal().is_none(),
            "node {id} ended with {status} when its disk was full"
        );
    }

    fn wait_for_end(&mut self, id: i32) -> ExitStatus {
        let process = self.node(id).process.as_mut().unwrap();
        let deadline = Instant::now() + STOP_MAX;
        loop {
            if let Some(status) = process.try_wait().unwrap() {
                self.node(id).process = None;
                return status;
            }
            assert!(Instant::now() < deadline, "node {id} does not end");
            std::thread::sleep(POLL);
        }
    }

    fn spawn(&mut self, id: i32) {
        let node = self.node(id);
        let log = File::options().append(true).open(&node.log).unwrap();
        let mut command = isolated(KFLEET);
        command
            .args(["launch", "--die-with", &std::process::id().to_string(), "--"])
            .args(&node.words)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        node.process = Some(command.spawn().unwrap());
    }

    fn wait_until_serving(&mut self, id: i32) {
        let address = self.node(id).address.clone();
        wait_until(&format!("node {id} serves"), || {
            let ended = self.node(id).process.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "node {id} ended at its start: {ended:?}");
            answers(&address)
        });
    }

    /// Starts it again, and waits until it takes connections.
    pub(super) fn start_again(&mut self, id: i32) {
        self.spawn(id);
        self.wait_until_serving(id);
    }

    /// Stops all of them.
    pub(super) fn stop(&mut self) {
        for id in IDS {
            signal(self.pid(id), "TERM");
        }
        for id in IDS {
            self.wait_for_end(id);
        }
    }
}

const LISTENERS: [&str; 2] = ["PLAINTEXT", "CONTROLLER"];

/// A listener that listens elsewhere than the sandbox chose, and says that it is elsewhere again.
#[derive(Debug)]
struct Move {
    old: String,
    listens: String,
    advertised: String,
}

impl Node {
    /// A node as the sandbox describes it, with its listeners moved.
    fn moved(node: &Value, moves: &[Move]) -> Self {
        let path = node["config"].as_str().unwrap();
        let text = fs::read_to_string(path).unwrap();
        fs::write(path, with_moves(&text, moves)).unwrap();
        let old = node["listeners"]["PLAINTEXT"].as_str().unwrap();
        let words = node["command"].as_array().unwrap().iter();
        Self {
            address: moves.iter().find(|to| to.old == old).unwrap().listens.clone(),
            words: words.map(|word| word.as_str().unwrap().to_owned()).collect(),
            log: node["log"].as_str().unwrap().into(),
            process: None,
        }
    }
}

/// server.properties in which nobody is told where nodes really listen.
fn with_moves(text: &str, moves: &[Move]) -> String {
    let moved = |line: &str, to: fn(&Move) -> &String| {
        moves
            .iter()
            .fold(line.to_owned(), |line, one| line.replace(&one.old, to(one)))
    };
    let mut lines = Vec::new();
    for line in text.lines() {
        match line.strip_prefix("listeners=") {
            Some(all) => {
                lines.push(moved(line, |one| &one.listens));
                lines.push(format!("advertised.listeners={}", moved(all, |one| &one.advertised)));
            }
            None if line.starts_with("advertised.listeners=") => {}
            None => lines.push(moved(line, |one| &one.advertised)),
        }
    }
    lines.join("\n") + "\n"
}

fn id_of(node: &Value) -> i32 {
    node["id"].as_i64().unwrap() as i32
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for node in self.all.values_mut() {
            if let Some(process) = &mut node.process {
                // It may have ended by itself.
                let _ended = process.kill();
                let _status = process.wait();
            }
        }
        if std::thread::panicking()
            && let Some(dir) = self.dir.take()
        {
            say!("data and logs are in {}", dir.keep().display());
        }
    }
}

/// Whether a request is answered.
fn answers(address: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let deadline = client::conn::deadline_in(Duration::from_secs(5));
    let opened = client::conn::Connection::open(address, "kfleet-test", deadline);
    runtime.unwrap().block_on(opened).is_ok()
}
