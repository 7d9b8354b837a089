//! Rolling restarts of running clusters under load: whole, killed at every line of the journal, aborted, and refused.

mod executors;
mod load;
mod sshd;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::load::Load;
use crate::support::nodes::wait_until;
use crate::support::{Cluster, Engine, KFLEET, Ran, isolated, run_with_input, signal};

/// A cluster, and where its journal is.
struct Fleet {
    cluster: Cluster,
    engine: Engine,
    state: tempfile::TempDir,
}

/// Enough for nine restarts on a machine that has other things to do.
const ROLL_MAX: Duration = Duration::from_secs(300);
/// What a test has no time for.
const HASTY: [&str; 6] = ["--poll", "100ms", "--election-delay", "0ms", "--stable-checks", "2"];

impl Fleet {
    /// Six brokers in three racks and three controllers.
    fn nine() -> Self {
        let nodes = ["--brokers", "6", "--controllers", "3", "--separate", "--racks", "3"];
        Self::start(Engine::Kfleet, &nodes)
    }

    /// Three nodes that are both.
    fn three(engine: Engine) -> Self {
        Self::start(engine, &["--brokers", "3", "--controllers", "3", "--racks", "3"])
    }

    fn start(engine: Engine, nodes: &[&str]) -> Self {
        let flags = [nodes, &["--set", "min.insync.replicas=2"]].concat();
        let cluster = Cluster::of_nodes(engine, &flags);
        let create = ["topics", "create", load::TOPIC, "--partitions", "12", "--yes"];
        cluster.kfleet(&create).exits(0);
        Self {
            cluster,
            engine,
            state: tempfile::tempdir().unwrap(),
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = isolated(KFLEET);
        command
            .args(args)
            .env("KFLEET_BOOTSTRAP_SERVER", &self.cluster.bootstrap)
            .env("XDG_STATE_HOME", self.state.path());
        command
    }

    #[track_caller]
    fn kfleet(&self, args: &[&str]) -> Ran {
        run_with_input(&mut self.command(args), "")
    }

    fn run_args<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let dir = self.cluster.dir.to_str().unwrap();
        let run = ["roll", "run", "--executor", "sandbox", "--sandbox", dir];
        [&run[..], &HASTY, more].concat()
    }

    fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        let quiet = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        quiet.spawn().unwrap()
    }

    fn journal(&self) -> PathBuf {
        let id = self.cluster.description()["cluster_id"].as_str().unwrap().to_owned();
        self.state.path().join("kfleet").join(id).join("roll.journal")
    }

    /// What the journal says was done. After an interruption it may be intended again, which is nothing new.
    fn done(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(self.journal()).unwrap_or_default();
        let whole = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
        let records = whole.map(|line| serde_json::from_str::<Value>(line).unwrap()["record"].clone());
        let what = |record: &Value| format!("{} {} {}", record["record"], record["node"], record["step"]);
        let done = records.filter(|record| !record.is_null());
        done.map(|record| what(&record)).collect()
    }

    /// How often each node has begun to serve: as ours say themselves; of Apache's, which say nothing, the journal knows.
    fn starts(&self) -> BTreeMap<i64, usize> {
        let journal = std::fs::read_to_string(self.journal()).unwrap_or_default();
        let records = journal
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap()["record"].clone());
        let restarted: Vec<i64> = records
            .filter(|record| record["record"] == "restarted")
            .map(|record| record["node"].as_i64().unwrap())
            .collect();
        let starts = self.cluster.nodes().into_iter().map(|node| {
            let id = node["id"].as_i64().unwrap();
            let said = std::fs::read_to_string(node["log"].as_str().unwrap()).unwrap();
            let count = match self.engine {
                Engine::Kfleet => said.lines().filter(|line| line.contains(" serving node_id=")).count(),
                Engine::Apache => 1 + restarted.iter().filter(|restarted| **restarted == id).count(),
            };
            (id, count)
        });
        starts.collect()
    }

    /// Every node has restarted exactly once, and is the process that the report says.
    fn assert_each_restarted_once(&self, report: &Value) {
        assert_eq!(report["state"], "done", "{report}");
        let nodes = report["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), self.cluster.nodes().len());
        for row in nodes {
            assert_eq!(row["state"], "restarted", "{row}");
            assert_ne!(row["was"], row["is"], "{row}");
            let pid = self.cluster.pid_of(row["node"].as_i64().unwrap() as i32);
            assert!(
                row["is"].as_str().unwrap().contains(&format!("process {pid},")),
                "{row}"
            );
        }
        let starts = self.starts();
        assert!(starts.values().all(|count| *count == 2), "{starts:?}");
    }
}

fn data(ran: &Ran) -> Value {
    ran.data()
}

/// Restarts all under load.
fn restarts_all(fleet: &Fleet) {
    let load = Load::start(&fleet.cluster.bootstrap, 3);
    let ran = fleet
        .kfleet(&fleet.run_args(&["--max-batch", "2", "--yes", "-o", "json"]))
        .exits(0);
    let written = load.stop();
    say!("{written}");
    let report = data(&ran);
    fleet.assert_each_restarted_once(&report);
    assert_eq!(report["changed"], true);
    written.assert_nothing_lost();
    let status = data(&fleet.kfleet(&["roll", "status", "-o", "json"]).exits(0));
    assert_eq!((&status["state"], &status["nodes"]), (&json!("done"), &report["nodes"]));
    // The preferred leaders lead again.
    for partition in fleet
        .cluster
        .data(&["topics", "describe", load::TOPIC])
        .as_array()
        .unwrap()
    {
        assert_eq!(partition["leader"], partition["replicas"][0], "{partition}");
    }
}

/// Kills the tool at every line of the journal, and goes on each time.
fn is_killed_at_every_line(fleet: &Fleet) {
    let load = Load::start(&fleet.cluster.bootstrap, 3);
    let run = fleet.run_args(&["--max-batch", "2", "--yes"]);
    let mut args: Vec<&str> = run;
    let (mut seen, mut kills) = (0, 0);
    loop {
        let mut child = fleet.spawn(&args);
        let deadline = Instant::now() + ROLL_MAX;
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            assert!(Instant::now() < deadline, "it goes on for ever");
            if fleet.done().len() > seen {
                break None;
            }
            std::thread::yield_now();
        };
        if let Some(status) = ended {
            let said = Ran::of(&child.wait_with_output().unwrap()).stderr;
            assert!(status.success(), "{status}: {said}");
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        seen = fleet.done().len();
        kills += 1;
        args = vec!["roll", "resume", "--yes"];
    }
    let written = load.stop();
    say!("{kills} kills; {written}");
    let nodes = fleet.cluster.nodes().len();
    assert!(kills > 2 * nodes, "{kills} kills");
    let status = data(&fleet.kfleet(&["roll", "status", "-o", "json"]).exits(0));
    fleet.assert_each_restarted_once(&status);
    written.assert_nothing_lost();
}

#[test]
fn nine_nodes_restart_once_each_under_load() {
    restarts_all(&Fleet::nine());
}

#[test]
fn nine_nodes_restart_once_each_however_often_the_tool_is_killed() {
    is_killed_at_every_line(&Fleet::nine());
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn three_nodes_of_apaches_restart_once_each_under_load() {
    restarts_all(&Fleet::three(Engine::Apache));
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn three_nodes_of_apaches_restart_once_each_however_often_the_tool_is_killed() {
    is_killed_at_every_line(&Fleet::three(Engine::Apache));
}

#[test]
fn one_roll_at_a_time_is_told_of_and_ended_from_elsewhere() {
    let fleet = Fleet::three(Engine::Kfleet);
    fleet.kfleet(&["roll", "status"]).exits(66);
    let dry = data(&fleet.kfleet(&fleet.run_args(&["--dry-run", "-o", "json"])).exits(0));
    assert_eq!((&dry["state"], &dry["changed"]), (&json!("planned"), &json!(false)));
    fleet.kfleet(&["roll", "status"]).exits(66);
    fleet.kfleet(&fleet.run_args(&[])).exits(77);

    // Long enough between steps for everything below.
    let mut child = fleet.spawn(&fleet.run_args(&["--election-delay", "20s", "--yes"]));
    wait_until("a node has restarted", || fleet.done().len() >= 3);
    let status = data(&fleet.kfleet(&["roll", "status", "-o", "json"]).exits(0));
    assert_eq!(status["state"], "running");
    let other = fleet.kfleet(&fleet.run_args(&["--yes"])).exits(77);
    assert!(other.stderr.contains("is not over"), "{}", other.stderr);
    fleet.kfleet(&["roll", "resume", "--yes"]).exits(77);
    fleet.kfleet(&["roll", "abort", "--dry-run"]).exits(0);
    let asked = data(&fleet.kfleet(&["roll", "abort", "--yes", "-o", "json"]).exits(0));
    assert_eq!((&asked["state"], &asked["changed"]), (&json!("running"), &json!(true)));
    // A second signal ends it at once; what it leaves can be gone on with.
    signal(child.id() as i32, "TERM");
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("a signal came")));
    signal(child.id() as i32, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(143));
    assert_eq!(
        data(&fleet.kfleet(&["roll", "status", "-o", "json"]).exits(0))["state"],
        "stopped"
    );
    let rest = data(&fleet.kfleet(&["roll", "resume", "--yes", "-o", "json"]).exits(1));
    assert_eq!(rest["state"], "aborted", "{rest}");
    let starts = fleet.starts();
    assert_eq!(starts.values().sum::<usize>(), 4, "{starts:?}");
    // What is over is no reason to refuse the next.
    fleet.kfleet(&fleet.run_args(&["--dry-run"])).exits(0);
}

#[test]
fn what_is_not_safe_is_refused_and_a_node_that_ends_again_is_named() {
    let fleet = Fleet::three(Engine::Kfleet);
    let alone = ["topics", "create", "alone", "--replica-assignment", "1", "--yes"];
    fleet.cluster.kfleet(&alone).exits(0);
    let refused = fleet.kfleet(&fleet.run_args(&["--yes"])).exits(77);
    assert!(refused.stderr.contains("alone-0"), "{}", refused.stderr);
    fleet.kfleet(&fleet.run_args(&["--nodes", "9", "--yes"])).exits(66);
    // Another node's directory is not touched.
    let meta = PathBuf::from(fleet.cluster.node(2)["log_dirs"][0].as_str().unwrap()).join("meta.properties");
    let text = std::fs::read_to_string(&meta).unwrap();
    std::fs::write(&meta, text.replace("node.id=2", "node.id=7")).unwrap();
    let other = fleet.kfleet(&fleet.run_args(&["--nodes", "2", "--yes"])).exits(77);
    assert!(other.stderr.contains("node.id is 7, not 2"), "{}", other.stderr);
    std::fs::write(&meta, &text).unwrap();
    assert_eq!(fleet.starts().values().sum::<usize>(), 3);

    // A node that cannot start any more ends right after its start.
    let config = PathBuf::from(fleet.cluster.node(2)["config"].as_str().unwrap());
    let good = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, good.replace("node.id=2", "node.id=two")).unwrap();
    let broken = fleet.kfleet(&fleet.run_args(&["--nodes", "2", "--yes"])).exits(75);
    assert!(
        broken.stderr.contains("node 2 was started, and is not running"),
        "{}",
        broken.stderr
    );
    assert!(broken.stderr.contains("kfleet roll resume"), "{}", broken.stderr);
    fleet.kfleet(&fleet.run_args(&["--nodes", "3", "--yes"])).exits(77);
    std::fs::write(&config, &good).unwrap();
    let done = data(&fleet.kfleet(&["roll", "resume", "--yes", "-o", "json"]).exits(0));
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(fleet.starts().values().sum::<usize>(), 4);
}
