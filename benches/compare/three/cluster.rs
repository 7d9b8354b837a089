//! Three combined nodes of an engine, from the sandbox: killed, stopped and started again one by one.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::engine::{Engine, KFLEET, cpu_s_of, kafka_libs, rss_mb_of, timed};

pub(crate) const IDS: [i32; 3] = [1, 2, 3];
/// Longest that a node may take to end.
const END_MAX: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(5);

/// Three nodes.
#[derive(Debug)]
pub(crate) struct Cluster {
    sandbox: Child,
    nodes: Vec<Value>,
    /// Nodes that were started again: they are ours, and no longer the sandbox's.
    again: BTreeMap<i32, Child>,
    pub(crate) bootstrap: String,
    /// From the start of the sandbox to when it served.
    pub(crate) started_in: Duration,
}

impl Cluster {
    /// Starts them on this directory, which is formatted if it is new.
    pub(crate) fn start(engine: Engine, dir: &Path) -> Self {
        let mut command = Command::new(KFLEET);
        command.args(["sandbox", "--controllers", "3", "--brokers", "3", "--racks", "3"]);
        command.args(["--timeout", "600s", "--data-dir"]).arg(dir);
        if engine == Engine::Apache {
            command.args(["--engine", "apache", "--kafka-libs"]).arg(kafka_libs());
        }
        let start = Instant::now();
        let quiet = command.stdin(Stdio::null()).stderr(Stdio::null());
        let mut sandbox = quiet.stdout(Stdio::piped()).spawn().expect("the sandbox starts");
        let mut bootstrap = String::new();
        let stdout = sandbox.stdout.as_mut().expect("it was piped");
        BufReader::new(stdout)
            .read_line(&mut bootstrap)
            .expect("the sandbox says its addresses");
        let started_in = start.elapsed();
        let described = std::fs::read(dir.join("cluster.json")).expect("the sandbox serves");
        let described: Value = serde_json::from_slice(&described).expect("the sandbox writes JSON");
        Self {
            sandbox,
            nodes: described["nodes"].as_array().expect("nodes").clone(),
            again: BTreeMap::new(),
            bootstrap: bootstrap.trim().to_owned(),
            started_in,
        }
    }

    fn node(&self, id: i32) -> &Value {
        let found = self.nodes.iter().find(|node| node["id"] == id);
        found.expect("the sandbox has this node")
    }

    /// Where clients find a broker.
    pub(crate) fn address(&self, id: i32) -> String {
        let address = self.node(id)["listeners"]["PLAINTEXT"].as_str();
        address.expect("a broker listens").to_owned()
    }

    fn pid(&self, id: i32) -> u32 {
        let first = || self.node(id)["pid"].as_u64().expect("a node has a process") as u32;
        self.again.get(&id).map_or_else(first, Child::id)
    }

    /// CPU seconds that all have used.
    pub(crate) fn cpu_s(&self) -> f64 {
        IDS.iter().map(|id| cpu_s_of(self.pid(*id))).sum()
    }

    /// Resident memory of the largest.
    pub(crate) fn rss_mb(&self) -> f64 {
        IDS.iter().map(|id| rss_mb_of(self.pid(*id))).fold(0.0, f64::max)
    }

    /// Sends a signal to a node; it does not wait for what comes of it.
    pub(crate) fn signal(&self, id: i32, name: &str) {
        timed(Command::new("kill").args(["-s", name, &self.pid(id).to_string()]));
    }

    /// Waits until a node that was told to is gone.
    pub(crate) fn wait_for_end(&mut self, id: i32) {
        if let Some(mut child) = self.again.remove(&id) {
            child.wait().expect("it can be waited for");
            return;
        }
        let stat = format!("/proc/{}/stat", self.pid(id));
        let deadline = Instant::now() + END_MAX;
        // A process that has ended and that nobody asked after is a zombie.
        while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
            assert!(Instant::now() < deadline, "node {id} does not end");
            std::thread::sleep(POLL);
        }
    }

    /// Starts a node again as the sandbox did.
    pub(crate) fn start_again(&mut self, id: i32) {
        let words = self.node(id)["command"].as_array().expect("a command");
        let mut command = Command::new(KFLEET);
        command.args(["launch", "--die-with", &std::process::id().to_string(), "--"]);
        command.args(words.iter().filter_map(Value::as_str));
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.again.insert(id, quiet.spawn().expect("the node starts"));
    }

    /// Runs kfleet on it; what it printed.
    pub(crate) fn kfleet(&self, args: &[&str]) -> String {
        let mut command = Command::new(KFLEET);
        command.args(args).args(["--timeout", "120s"]);
        timed(command.env("KFLEET_BOOTSTRAP_SERVER", &self.bootstrap)).0
    }

    /// The JSON data of a command on it.
    pub(crate) fn data(&self, args: &[&str]) -> Value {
        let text = self.kfleet(&[args, &["-o", "json"]].concat());
        let document: Value = serde_json::from_str(&text).expect("kfleet prints JSON");
        document["data"].clone()
    }

    /// Stops all of them; the data stays. What started again is killed, in case it does not stop with the others.
    pub(crate) fn stop(mut self) {
        for id in self.again.keys() {
            self.signal(*id, "TERM");
        }
        timed(Command::new("kill").arg(self.sandbox.id().to_string()));
        // Whether each stopped well, the sandbox says; a node that we killed did not.
        self.sandbox.wait().expect("it can be waited for");
        for child in self.again.values_mut() {
            child.wait().expect("it can be waited for");
        }
    }
}
