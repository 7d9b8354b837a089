//! A node of either engine, from the sandbox, and what its process uses.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) const KFLEET: &str = env!("CARGO_BIN_EXE_kfleet");
/// The kernel counts CPU time of processes in hundredths of a second, on all machines Rust runs on.
const TICKS_PER_S: f64 = 100.0;

/// Who serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Kfleet,
    Apache,
}

pub(crate) const ENGINES: [Engine; 2] = [Engine::Kfleet, Engine::Apache];

/// Apache Kafka's jars.
pub(crate) fn kafka_libs() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/compat/kafka-4.3.1/libs");
    assert!(path.exists(), "{} is missing; run tests/compat/setup", path.display());
    path
}

/// A running node.
#[derive(Debug)]
pub(crate) struct Node {
    sandbox: Child,
    pub(crate) bootstrap: String,
    pub(crate) pid: u32,
    /// From the start of the sandbox to when it served.
    pub(crate) started_in: Duration,
}

impl Node {
    /// Starts a node on this directory, which is formatted if it is new.
    pub(crate) fn start(engine: Engine, dir: &Path) -> Self {
        let mut command = Command::new(KFLEET);
        command.args(["sandbox", "--timeout", "600s", "--data-dir"]).arg(dir);
        if engine == Engine::Apache {
            command.args(["--engine", "apache", "--kafka-libs"]).arg(kafka_libs());
        }
        let start = Instant::now();
        let mut sandbox = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the sandbox starts");
        let mut bootstrap = String::new();
        let stdout = sandbox.stdout.as_mut().expect("it was piped");
        BufReader::new(stdout)
            .read_line(&mut bootstrap)
            .expect("the sandbox says its address");
        let started_in = start.elapsed();
        let cluster = std::fs::read(dir.join("cluster.json")).expect("the sandbox serves");
        let cluster: Value = serde_json::from_slice(&cluster).expect("the sandbox writes JSON");
        let pid = cluster["nodes"][0]["pid"].as_u64().expect("a node has a process");
        Self {
            sandbox,
            bootstrap: bootstrap.trim().to_owned(),
            pid: pid as u32,
            started_in,
        }
    }

    /// Runs kfleet on it; what it printed and how long it took.
    pub(crate) fn kfleet(&self, args: &[&str]) -> (String, Duration) {
        timed(&mut self.command(args))
    }

    /// The command for that.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(KFLEET);
        command.args(args).env("KFLEET_BOOTSTRAP_SERVER", &self.bootstrap);
        command
    }

    /// The JSON data of a command on it.
    pub(crate) fn data(&self, args: &[&str]) -> Value {
        let (text, _) = self.kfleet(&[args, &["-o", "json"]].concat());
        let document: Value = serde_json::from_str(&text).expect("kfleet prints JSON");
        document["data"].clone()
    }

    /// CPU seconds its process has used.
    pub(crate) fn cpu_s(&self) -> f64 {
        cpu_s_of(self.pid)
    }

    /// Resident memory of its process.
    pub(crate) fn rss_mb(&self) -> f64 {
        rss_mb_of(self.pid)
    }

    /// Stops it cleanly; the data stays.
    pub(crate) fn stop(mut self) {
        let told = Command::new("kill").arg(self.sandbox.id().to_string()).status();
        assert!(told.is_ok_and(|told| told.success()), "the sandbox is gone");
        let ended = self.sandbox.wait().expect("it can be waited for");
        assert!(ended.success(), "the node did not stop well");
    }
}

/// CPU seconds a process has used.
pub(crate) fn cpu_s_of(pid: u32) -> f64 {
    cpu_of(&format!("/proc/{pid}/stat"), 13)
}

/// Resident memory of a process.
pub(crate) fn rss_mb_of(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the node runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.expect("the kernel tells") / 1024.0
}

/// The most memory that a process is seen to have had, a look each millisecond until it ends.
pub(crate) fn peak_mb(mut command: Command) -> f64 {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = quiet.spawn().expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak_kib = 0.0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
        peak_kib = kib.unwrap_or_default().max(peak_kib);
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            assert!(status.success(), "{command:?} failed");
            return peak_kib / 1024.0;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// CPU seconds that ended children of this process have used.
pub(crate) fn children_cpu_s() -> f64 {
    cpu_of("/proc/self/stat", 15)
}

/// The sum of two neighbouring fields of a stat file, counted from 0.
fn cpu_of(stat: &str, field: usize) -> f64 {
    let text = std::fs::read_to_string(stat).expect("the process runs");
    // The name, in parentheses, may hold spaces; two fields end with it.
    let (_, rest) = text.rsplit_once(')').expect("the kernel writes a name");
    let fields = rest.split_whitespace().skip(field - 2).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_S
}

/// Runs a program to a good end; what it printed and how long it took.
pub(crate) fn timed(command: &mut Command) -> (String, Duration) {
    let start = Instant::now();
    let output = command.stdin(Stdio::null()).output().expect("the program starts");
    let took = start.elapsed();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {stderr}");
    (String::from_utf8_lossy(&output.stdout).into_owned(), took)
}
