//! A sandbox from start to stop.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use client::conn::deadline_in;
use planner::counted::noun;
use rustix::process::Signal;
use tokio::task::JoinSet;

use super::Engine;
use super::control::{self, Asked, Wish};
use super::document::SandboxCluster;
use super::layout::Shape;
use super::node::Node;
use super::prepare::prepare;
use super::serving::{self, Awaited};
use super::signals::Woken;
use crate::context::block_on;
use crate::error::CommandError;

/// How often a stopping node is looked after.
const POLL: Duration = Duration::from_millis(5);
/// How long a node may take to stop.
const STOP_MAX: Duration = Duration::from_secs(20);
/// What is granted for each further one that stops at the same time, and shares the processors.
const STOP_MORE: Duration = Duration::from_secs(5);

/// What a sandbox is to be.
#[derive(Debug, Clone)]
pub(crate) struct SandboxSpec {
    /// Which nodes.
    pub(crate) shape: Shape,
    /// Whether the voters of the quorum are in its log, and not in properties.
    pub(crate) is_dynamic: bool,
    /// Who serves: an engine for each node, the last for all that follow.
    pub(crate) engines: Vec<Engine>,
    /// Apache Kafka's jars.
    pub(crate) kafka_libs: Option<PathBuf>,
    /// Where to keep the data; a temporary directory if not given.
    pub(crate) data_dir: Option<PathBuf>,
    /// KEY=VALUE for server.properties.
    pub(crate) settings: Vec<String>,
    /// How long it may take to serve.
    pub(crate) timeout: Duration,
}

/// A running sandbox. It is stopped when dropped.
#[derive(Debug)]
pub(crate) struct Sandbox {
    nodes: Vec<Node>,
    cluster_id: String,
    bootstrap: String,
    root: PathBuf,
    timeout: Duration,
    /// Removes the data at the end, unless it is to be kept.
    _temporary: Option<tempfile::TempDir>,
}

impl Sandbox {
    /// Formats, starts, and waits until all serve. `told` gets the number of brokers that do, again and again, and ends
    /// it all with an error.
    pub(crate) fn start(
        spec: &SandboxSpec,
        told: &mut dyn FnMut(u64) -> Result<(), CommandError>,
    ) -> Result<Self, CommandError> {
        let failed = |error: std::io::Error| CommandError::io("preparing the sandbox", &error);
        let (root, temporary) = match &spec.data_dir {
            Some(dir) => (dir.clone(), None),
            None => {
                let prefix = tempfile::Builder::new().prefix("kfleet-sandbox-").tempdir();
                let temporary = prefix.map_err(failed)?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        fs::create_dir_all(&root).map_err(failed)?;
        let root = fs::canonicalize(&root).map_err(failed)?;
        let (cluster_id, nodes) = prepare(spec, &root)?;
        SandboxCluster::remove(&root).map_err(failed)?;
        let addresses: Vec<String> = nodes.iter().filter_map(Node::address).collect();
        let mut sandbox = Self {
            nodes,
            cluster_id,
            bootstrap: addresses.join(","),
            root,
            timeout: spec.timeout,
            _temporary: temporary,
        };
        for node in &mut sandbox.nodes {
            node.spawn()?;
        }
        let all: BTreeSet<i32> = sandbox.nodes.iter().map(|node| node.plan.id).collect();
        sandbox.wait_until_serving(&all, told)?;
        sandbox.document().write(&sandbox.root).map_err(failed)?;
        Ok(sandbox)
    }

    /// Waits until these nodes serve, and all brokers among them know each other.
    fn wait_until_serving(
        &mut self,
        ids: &BTreeSet<i32>,
        told: &mut dyn FnMut(u64) -> Result<(), CommandError>,
    ) -> Result<(), CommandError> {
        let deadline = deadline_in(self.timeout);
        let mut waiting = ids.clone();
        block_on(async {
            let since = tokio::time::Instant::now();
            let mut asked = JoinSet::new();
            for (id, awaited) in self.awaited(ids) {
                asked.spawn(async move {
                    awaited.serves().await;
                    id
                });
            }
            while !asked.is_empty() {
                tokio::select! {
                    Some(served) = asked.join_next() => {
                        let id = served.map_err(|error| CommandError::bug(error.to_string()))?;
                        waiting.remove(&id);
                    }
                    () = serving::pause(since) => {}
                }
                let brokers = |node: &&Node| node.plan.is_broker && !waiting.contains(&node.plan.id);
                told(self.nodes.iter().filter(brokers).count() as u64)?;
                self.check_alive(ids)?;
                if tokio::time::Instant::now() >= deadline && !asked.is_empty() {
                    return Err(self.late(&waiting));
                }
            }
            Ok(())
        })?
    }

    fn awaited(&self, ids: &BTreeSet<i32>) -> Vec<(i32, Awaited)> {
        let nodes = || self.nodes.iter().filter(|node| ids.contains(&node.plan.id));
        let brokers = nodes().filter(|node| node.plan.is_broker);
        let alive: BTreeSet<i32> = brokers.map(|node| node.plan.id).collect();
        let awaited = |node: &Node| match node.address() {
            Some(address) => Some(Awaited::Broker {
                address,
                cluster_id: self.cluster_id.clone(),
                alive: alive.clone(),
            }),
            None => node.controller_address().map(|address| Awaited::Controller { address }),
        };
        nodes()
            .filter_map(|node| Some((node.plan.id, awaited(node)?)))
            .collect()
    }

    /// An error if one of these nodes has ended.
    fn check_alive(&mut self, ids: &BTreeSet<i32>) -> Result<(), CommandError> {
        for node in self.nodes.iter_mut().filter(|node| ids.contains(&node.plan.id)) {
            if !node.runs()? {
                return Err(CommandError::io(
                    &format!("node {} did not start", node.plan.id),
                    &node.last_lines(),
                ));
            }
        }
        Ok(())
    }

    fn late(&self, ids: &BTreeSet<i32>) -> CommandError {
        let late = self.nodes.iter().filter(|node| ids.contains(&node.plan.id));
        let lines = late.map(|node| format!("node {} said last:\n{}", node.plan.id, node.last_lines()));
        let said: Vec<String> = lines.collect();
        let (timeout, ids) = (self.timeout, listed(ids.iter().copied()));
        CommandError::timed_out(format!("{ids} did not serve within {timeout:?}"))
            .hint(said.join("\n"))
            .hint("--timeout gives it longer")
    }

    /// host:port of all brokers, with commas.
    pub(crate) fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// The cluster's id.
    pub(crate) fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// Where its files are.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.root
    }

    /// What there is to say of it.
    pub(crate) fn document(&self) -> SandboxCluster {
        SandboxCluster::new(&self.bootstrap, &self.cluster_id, &self.nodes)
    }

    /// The process of a node.
    pub(crate) fn pid(&self, id: i32) -> Option<u32> {
        self.nodes.iter().find(|node| node.plan.id == id)?.pid()
    }

    fn node(&mut self, id: i32) -> Result<&mut Node, CommandError> {
        let found = self.nodes.iter_mut().find(|node| node.plan.id == id);
        found.ok_or_else(|| CommandError::not_found(format!("the sandbox has no node {id}")))
    }

    /// Nodes whose processes ended by themselves since this was last asked.
    pub(crate) fn ended(&mut self) -> Result<Vec<(i32, ExitStatus)>, CommandError> {
        let mut all = Vec::new();
        for node in &mut self.nodes {
            all.extend(node.ended()?.map(|status| (node.plan.id, status)));
        }
        Ok(all)
    }

    /// Kills a node, as a crash would.
    pub(crate) fn kill_node(&mut self, id: i32) -> Result<(), CommandError> {
        self.signal_node(id, Signal::KILL)?;
        self.node(id)?.wait()
    }

    /// Sends a node a signal; STOP pauses it, CONT lets it go on.
    pub(crate) fn signal_node(&mut self, id: i32, signal: Signal) -> Result<(), CommandError> {
        self.node(id)?.signal(signal);
        Ok(())
    }

    /// Starts a node that was stopped or killed, on the same ports, and waits until it serves.
    pub(crate) fn start_node(&mut self, id: i32) -> Result<(), CommandError> {
        let node = self.node(id)?;
        if node.runs()? {
            return Err(CommandError::refused(format!("node {id} runs already")));
        }
        node.spawn()?;
        self.wait_until_serving(&BTreeSet::from([id]), &mut |_| Ok(()))?;
        let written = self.document().write(&self.root);
        written.map_err(|error| CommandError::io("writing cluster.json", &error))
    }

    /// Lets other programs ask for what `answer` answers.
    pub(super) fn listen(&self, woken: Sender<Woken>) -> Result<(), CommandError> {
        let opened = control::open(&self.root, woken);
        opened.map_err(|error| CommandError::io("listening to those who restart nodes", &error))
    }

    /// Does what another program asks for.
    pub(super) fn answer(&mut self, asked: Asked) {
        let answer = match asked.wish {
            Wish::Pid(id) => self.running(id),
            Wish::Start(id) => self.spawn_node(id),
        };
        asked.answer(answer.map_err(|error| error.message));
    }

    /// The process of a node that has not ended.
    fn running(&mut self, id: i32) -> Result<Option<u32>, CommandError> {
        let node = self.node(id)?;
        node.runs()?;
        Ok(node.pid())
    }

    /// Starts a node unless it runs; its process.
    fn spawn_node(&mut self, id: i32) -> Result<Option<u32>, CommandError> {
        let node = self.node(id)?;
        if !node.runs()? {
            node.spawn()?;
        }
        let pid = node.pid();
        let written = self.document().write(&self.root);
        written.map_err(|error| CommandError::io("writing cluster.json", &error))?;
        Ok(pid)
    }

    /// Stops a node cleanly.
    pub(crate) fn stop_node(&mut self, id: i32) -> Result<(), CommandError> {
        self.stop_all(|node| node.plan.id == id)
    }

    /// Stops all cleanly.
    pub(crate) fn stop(mut self) -> Result<(), CommandError> {
        self.stop_in_order()
    }

    /// Brokers hand over to the controllers before they end, so controllers that are nothing else stop last.
    fn stop_in_order(&mut self) -> Result<(), CommandError> {
        control::close(&self.root);
        let brokers = self.stop_all(|node| node.plan.is_broker);
        let controllers = self.stop_all(|node| !node.plan.is_broker);
        brokers.and(controllers)
    }

    /// Stops these at the same time.
    fn stop_all(&mut self, is_meant: impl Fn(&Node) -> bool) -> Result<(), CommandError> {
        let mut running: Vec<&mut Node> = self.nodes.iter_mut().filter(|node| is_meant(node)).collect();
        for node in &running {
            node.terminate();
        }
        let longest = STOP_MAX + STOP_MORE * running.len().saturating_sub(1) as u32;
        let deadline = Instant::now() + longest;
        loop {
            let mut left = Vec::new();
            for node in running {
                if node.runs()? {
                    left.push(node);
                }
            }
            running = left;
            if running.is_empty() {
                return Ok(());
            }
            if Instant::now() >= deadline {
                break;
            }
            std::thread::sleep(POLL);
        }
        for node in &mut running {
            node.signal(Signal::KILL);
            node.wait()?;
        }
        let ids = listed(running.iter().map(|node| node.plan.id));
        Err(CommandError::timed_out(format!(
            "{ids} did not stop within {longest:?}, and had to be killed"
        )))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _reported_by_stop = self.stop_in_order();
    }
}

/// `node 1`, `nodes 1, 2`.
fn listed(ids: impl Iterator<Item = i32>) -> String {
    let ids: Vec<String> = ids.map(|id| id.to_string()).collect();
    format!("{} {}", noun(ids.len(), "node"), ids.join(", "))
}
