//! The three nodes and their processes, which come and go.

use std::collections::BTreeMap;
use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::nodes::{ended, wait_until};
use crate::support::{Cluster, Engine, KFLEET, signal};

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
    cluster: Option<Cluster>,
    /// Those that were started again here.
    started: BTreeMap<i32, Child>,
    dir: Option<tempfile::TempDir>,
}

impl Nodes {
    /// Three nodes, each broker and controller, in racks of their own.
    pub(super) fn start(engine: Engine) -> Self {
        let dir = tempfile::Builder::new().prefix("kfleet-faults-").tempdir().unwrap();
        let mut flags = vec!["--controllers", "3", "--brokers", "3", "--racks", "3"];
        flags.extend(SETTINGS.iter().flat_map(|setting| ["--set", setting]));
        Self {
            cluster: Some(Cluster::of_nodes_in(engine, dir.path(), &flags)),
            started: BTreeMap::new(),
            dir: Some(dir),
        }
    }

    fn cluster(&self) -> &Cluster {
        self.cluster.as_ref().unwrap()
    }

    pub(super) fn bootstrap(&self) -> String {
        self.cluster().bootstrap.clone()
    }

    /// Where each is found.
    pub(super) fn addresses(&self) -> BTreeMap<i32, String> {
        IDS.into_iter().map(|id| (id, self.cluster().address_of(id))).collect()
    }

    fn pid(&self, id: i32) -> i32 {
        let started = self.started.get(&id);
        started.map_or_else(|| self.cluster().pid_of(id), |child| child.id() as i32)
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
        if let Some(code) = self.wait_for_end(id) {
            // What Java ends with when it is told to, or 0.
            assert!([0, 143].contains(&code), "node {id} ended with {code}");
        }
    }

    /// No file of its may grow beyond this, as if its disk were full; the node ends by itself.
    pub(super) fn fill_disk(&mut self, id: i32, size_bytes: u64) {
        let limit = Rlimit {
            current: Some(size_bytes),
            maximum: Some(size_bytes),
        };
        prlimit(Pid::from_raw(self.pid(id)), Resource::Fsize, limit).unwrap();
        if let Some(code) = self.wait_for_end(id) {
            assert_ne!(code, 0, "node {id} ended as if all were well");
        }
    }

    /// Its exit code, if it was started here and ended by itself.
    fn wait_for_end(&mut self, id: i32) -> Option<i32> {
        let Some(mut child) = self.started.remove(&id) else {
            assert!(ended(&[self.pid(id)]), "node {id} does not end");
            return None;
        };
        let deadline = Instant::now() + STOP_MAX;
        while child.try_wait().unwrap().is_none() {
            if Instant::now() >= deadline {
                self.started.insert(id, child);
                panic!("node {id} does not end");
            }
            std::thread::sleep(POLL);
        }
        child.wait().unwrap().code()
    }

    /// Starts it again, as the sandbox did, and waits until it takes connections.
    pub(super) fn start_again(&mut self, id: i32) {
        let node = self.cluster().node(id);
        let words = node["command"].as_array().unwrap().iter();
        let words = words.map(|word| word.as_str().unwrap());
        let log = File::options()
            .append(true)
            .open(node["log"].as_str().unwrap())
            .unwrap();
        let mut command = Command::new(KFLEET);
        command
            .args(["launch", "--die-with", &std::process::id().to_string(), "--"])
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        self.started.insert(id, command.spawn().unwrap());
        let address = self.cluster().address_of(id);
        wait_until(&format!("node {id} serves"), || answers(&address));
    }

    /// Stops all of them; the sandbox misses those that it did not start.
    pub(super) fn stop(&mut self) {
        for id in IDS {
            if self.started.contains_key(&id) {
                self.terminate(id);
            }
        }
        if let Some(cluster) = self.cluster.take() {
            cluster.stop();
        }
    }
}

impl Drop for Nodes {
    fn drop(&mut self) {
        for child in self.started.values_mut() {
            // It may have ended by itself.
            let _ended = child.kill();
            let _status = child.wait();
        }
        drop(self.cluster.take());
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
