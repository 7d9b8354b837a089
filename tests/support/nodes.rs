//! The nodes of a cluster, one by one: paused, killed, started again.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Cluster, KFLEET, Ran, isolated, signal};

/// Longest that a node may take to do what it is to do.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// How often it is looked whether it did.
const POLL: Duration = Duration::from_millis(20);

/// A node that a test started again. It ends with the test.
#[derive(Debug)]
pub(crate) struct Restarted(Child);

impl Drop for Restarted {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

impl Cluster {
    /// What the sandbox says of its nodes.
    pub(crate) fn nodes(&self) -> Vec<Value> {
        self.description()["nodes"].as_array().unwrap().clone()
    }

    /// What it says of one of them.
    pub(crate) fn node(&self, id: i32) -> Value {
        let found = self.nodes().into_iter().find(|node| node["id"] == id);
        found.unwrap_or_else(|| panic!("there is no node {id}"))
    }

    /// Ids of the brokers, as they say themselves.
    pub(crate) fn broker_ids(&self) -> Vec<i64> {
        let brokers = self.data(&["cluster", "describe"]);
        let ids = brokers
            .as_array()
            .unwrap()
            .iter()
            .map(|broker| broker["id"].as_i64().unwrap());
        ids.collect()
    }

    /// The process of a node, as the sandbox started it.
    pub(crate) fn pid_of(&self, id: i32) -> i32 {
        self.node(id)["pid"].as_i64().unwrap() as i32
    }

    /// Where clients find a broker.
    pub(crate) fn address_of(&self, id: i32) -> String {
        self.node(id)["listeners"]["PLAINTEXT"].as_str().unwrap().to_owned()
    }

    /// Kills a node with SIGKILL, and waits until it is gone.
    pub(crate) fn kill_node(&self, id: i32) {
        let pid = self.pid_of(id);
        signal(pid, "KILL");
        assert!(ended(&[pid]), "node {id} outlives SIGKILL");
    }

    /// Starts a node again that was killed, as the sandbox did, and waits until it serves.
    pub(crate) fn start_node(&self, id: i32) -> Restarted {
        let node = self.node(id);
        let words = node["command"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap());
        let mut command = isolated(KFLEET);
        command
            .args(["launch", "--die-with", &std::process::id().to_string(), "--"])
            .args(words);
        let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Restarted(quiet.spawn().unwrap());
        let address = self.address_of(id);
        wait_until(&format!("node {id} serves"), || alive(&address).contains(&id));
        started
    }

    /// Waits until a broker counts exactly these among the live ones.
    pub(crate) fn wait_until_alive(&self, asked: i32, ids: &[i32]) {
        let address = self.address_of(asked);
        let ids: BTreeSet<i32> = ids.iter().copied().collect();
        wait_until(&format!("{ids:?} are alive"), || alive(&address) == ids);
    }
}

/// Ids of the live brokers, as this one sees it; none if it does not answer.
fn alive(address: &str) -> BTreeSet<i32> {
    let mut command = isolated(KFLEET);
    command.args(["cluster", "describe", "-o", "json", "--timeout", "2s", "-b", address]);
    let ran = Ran::of(&command.stdin(Stdio::null()).output().unwrap());
    if ran.code != 0 {
        return BTreeSet::new();
    }
    let brokers = ran.data().as_array().unwrap().clone();
    brokers
        .iter()
        .map(|broker| broker["id"].as_i64().unwrap() as i32)
        .collect()
}

/// Waits for something that is bound to happen.
#[track_caller]
pub(crate) fn wait_until(what: &str, happened: impl FnMut() -> bool) {
    wait_within(WAIT_MAX, what, happened);
}

/// The same, for what takes longer than anything else.
#[track_caller]
pub(crate) fn wait_within(max: Duration, what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + max;
    while !happened() {
        assert!(Instant::now() < deadline, "it did not come to this: {what}");
        std::thread::sleep(POLL);
    }
}

/// Whether these processes end, sooner or later.
pub(crate) fn ended(pids: &[i32]) -> bool {
    // `tail --pid` ends when the process does.
    let one_has = |pid: &i32| {
        let mut command = Command::new("timeout");
        command.args([&WAIT_MAX.as_secs().to_string(), "tail", "-f", "/dev/null", "--pid"]);
        command
            .arg(pid.to_string())
            .stdout(Stdio::null())
            .status()
            .unwrap()
            .success()
    };
    pids.iter().all(one_has)
}
