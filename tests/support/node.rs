//! A node that a test kills and starts again, in the same directory and at the same address.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::ports::{Port, free_ports};
use super::{Cluster, Engine, KFLEET, isolated};

/// Longest a start may take.
const START_MAX: Duration = Duration::from_secs(30);
/// How often a starting node is asked whether it serves.
const POLL: Duration = Duration::from_millis(1);

/// A node of the broker in the binary.
#[derive(Debug)]
pub(crate) struct Node {
    child: Option<Child>,
    pub(crate) address: String,
    properties: PathBuf,
    log: PathBuf,
    /// They are kept from others while it does not run.
    _ports: [Port; 2],
    _dir: tempfile::TempDir,
}

impl Node {
    /// Prepares a directory with a sandbox of these settings, and fixed ports; nothing runs yet.
    pub(crate) fn prepare(settings: &[&str]) -> Self {
        let dir = tempfile::Builder::new().prefix("kfleet-node-").tempdir().unwrap();
        let cluster = Cluster::in_dir(Engine::Kfleet, dir.path(), settings);
        let listeners = &cluster.description()["nodes"][0]["listeners"];
        let ports = ["PLAINTEXT", "CONTROLLER"].map(|name| port_of(listeners[name].as_str().unwrap()).to_owned());
        cluster.stop();
        let properties = dir.path().join("server.properties");
        let mut text = fs::read_to_string(&properties).unwrap();
        let fixed: [Port; 2] = free_ports();
        for (old, new) in ports.iter().zip(&fixed) {
            text = text.replace(&format!(":{old}"), &format!(":{}", new.number));
        }
        fs::write(&properties, text).unwrap();
        Self {
            child: None,
            address: format!("127.0.0.1:{}", fixed[0].number),
            properties,
            log: dir.path().join("node.log"),
            _ports: fixed,
            _dir: dir,
        }
    }

    /// Starts it, without waiting until it serves.
    pub(crate) fn spawn(&mut self) {
        let log = File::options().create(true).append(true).open(&self.log).unwrap();
        let parent = std::process::id().to_string();
        let mut command = isolated(KFLEET);
        command
            .args(["broker", "run", "--die-with", &parent, "-c"])
            .arg(&self.properties);
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
    }

    /// Starts it and waits until it serves; how long that took.
    pub(crate) fn start(&mut self) -> Duration {
        let since = Instant::now();
        self.spawn();
        self.wait_until_serving();
        since.elapsed()
    }

    /// Waits until it takes connections, which it does once its broker is registered and its logs are open.
    pub(crate) fn wait_until_serving(&mut self) {
        let deadline = Instant::now() + START_MAX;
        while !answers(&self.address) {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none(), "the node ended: {}", self.said());
            assert!(Instant::now() < deadline, "the node does not serve: {}", self.said());
            std::thread::sleep(POLL);
        }
    }

    /// Kills it with SIGKILL.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// What its last lines were.
    pub(crate) fn said(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(20).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended by itself.
            let _ended = child.kill();
            let _status = child.wait();
        }
    }
}

fn port_of(address: &str) -> &str {
    address.rsplit(':').next().unwrap()
}

/// Whether a request is answered: a listener that is bound but not served takes connections, too.
fn answers(address: &str) -> bool {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let deadline = client::conn::deadline_in(Duration::from_secs(5));
    runtime
        .block_on(client::conn::Connection::open(address, "kfleet-test", deadline))
        .is_ok()
}
