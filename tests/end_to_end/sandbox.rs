//! What a sandbox does with flags, signals and directories that are there already.

use std::fs;
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, fcntl_lock};
use serde_json::{Value, json};

use crate::support::nodes::wait_until;
use crate::support::{Cluster, Engine, KFLEET, Ran, kfleet, sandbox, signal};

#[test]
fn one_node_is_alone_in_its_directory() {
    let cluster = Cluster::start(Engine::Kfleet);
    for file in [
        "server.properties",
        "node-1.log",
        "data/meta.properties",
        "cluster.json",
    ] {
        assert!(cluster.dir.join(file).exists(), "{file} is missing");
    }
    let told = cluster.description();
    let [node] = &cluster.nodes()[..] else {
        panic!("{told}");
    };
    assert_eq!((&node["id"], &node["rack"]), (&json!(1), &Value::Null));
    assert_eq!(node["roles"], json!(["broker", "controller"]));
    assert_eq!(node["listeners"]["PLAINTEXT"], told["bootstrap_server"]);
    assert_eq!(told["bootstrap_server"], cluster.bootstrap);
    assert_eq!(
        told["cluster_id"],
        cluster.kfleet(&["cluster", "id"]).exits(0).lines()[0]
    );
}

#[test]
fn a_node_that_is_started_again_has_its_ports_and_its_data() {
    let cluster = Cluster::start(Engine::Kfleet);
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    cluster.kfleet_with_input(&["produce", "t"], "a\n").exits(0);
    cluster.kill_node(1);
    let _node = cluster.start_node(1);
    assert_eq!(cluster.kfleet(&["consume", "t"]).exits(0).lines(), ["a"]);
}

#[test]
fn json_is_a_document_of_the_cluster() {
    let mut command = sandbox(Engine::Kfleet);
    let mut process = command.args(["-o", "ndjson"]).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = std::io::BufReader::new(process.stdout.take().unwrap());
    let line = std::io::BufRead::lines(stdout).next().unwrap().unwrap();
    signal(process.id() as i32, "TERM");
    assert!(process.wait().unwrap().success());
    let document: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(document["schema"], "kfleet/sandbox/1");
    assert_eq!(document["data"]["nodes"][0]["engine"], "kfleet");
    assert_eq!(document["data"]["cluster_id"], document["cluster_id"]);
}

#[test]
fn another_sandbox_than_before_is_refused_and_what_is_there_stays() {
    let dir = tempfile::tempdir().unwrap();
    Cluster::in_dir(Engine::Kfleet, dir.path(), &[]).stop();
    let before = fs::read(dir.path().join("server.properties")).unwrap();
    let data_dir = ["--data-dir", dir.path().to_str().unwrap()];
    for flags in [&["--brokers", "3"][..], &["--dynamic-quorum"], &["--separate"]] {
        let ran = kfleet(&[&["sandbox"][..], &data_dir, flags].concat()).exits(77);
        assert!(ran.stderr.contains("another sandbox"), "{}", ran.stderr);
    }
    assert_eq!(fs::read(dir.path().join("server.properties")).unwrap(), before);
    assert!(!dir.path().join("node-1").exists());
}

#[test]
fn a_command_has_the_addresses_and_its_exit_code_is_passed_on() {
    let script = "echo $KFLEET_BOOTSTRAP_SERVER $BOOTSTRAP_SERVERS; $0 cluster id >&2 && exit 5";
    let ran = kfleet(&["sandbox", "--", "sh", "-c", script, KFLEET]).exits(5);
    let words: Vec<&str> = ran.stdout.split_whitespace().collect();
    assert!(words.len() == 2 && words[0] == words[1] && words[0].starts_with("127.0.0.1:"));
    kfleet(&["sandbox", "--", "sh", "-c", "kill -INT $$"]).exits(130);
    let ran = kfleet(&["sandbox", "--", "/no/such/program"]).exits(74);
    assert!(ran.stderr.contains("/no/such/program"), "{}", ran.stderr);
}

/// What a sandbox that is given this `TMPDIR` does on SIGTERM, once `is_time`; it must leave nothing there.
fn terminated(mut command: Command, is_time: impl Fn(&std::path::Path) -> bool) -> Ran {
    let dir = tempfile::tempdir().unwrap();
    let command = command.env("TMPDIR", dir.path()).stdin(Stdio::null());
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = process.id() as i32;
    wait_until("it is time", || is_time(dir.path()));
    signal(pid, "TERM");
    let ran = Ran::of(&process.wait_with_output().unwrap());
    let left: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(left.iter().all(|path| path.ends_with("begun")), "left behind: {left:?}");
    ran
}

#[test]
fn a_signal_is_the_commands_and_everything_is_removed_after_it() {
    let mut command = sandbox(Engine::Kfleet);
    // It still has its cluster when it is told to end.
    let script = "trap '$0 cluster id && exit 9' TERM; touch $TMPDIR/begun; while :; do sleep 0.05; done";
    command.args(["--", "sh", "-c", script, KFLEET]);
    let ran = terminated(command, |dir| dir.join("begun").exists()).exits(9);
    assert_eq!(ran.lines().len(), 1, "{ran:?}");
}

#[test]
fn what_a_node_that_does_not_start_said_is_told() {
    let map = "listener.security.protocol.map=PLAINTEXT:SSL,CONTROLLER:PLAINTEXT";
    let ran = kfleet(&["sandbox", "--set", map]).exits(74);
    assert!(ran.stderr.contains("node 1 did not start"), "{}", ran.stderr);
    assert!(ran.stderr.contains("is not PLAINTEXT"), "{}", ran.stderr);
}

/// Whether a folder of a sandbox has a node whose process was started.
fn has_begun(dir: &std::path::Path) -> bool {
    let folders = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    folders
        .into_iter()
        .any(|folder| folder.join("node-1/data/.lock").exists())
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn a_start_that_is_interrupted_leaves_nothing() {
    let mut command = sandbox(Engine::Apache);
    command.args(["--brokers", "3"]);
    let ran = terminated(command, has_begun).exits(143);
    assert_eq!(ran.stdout, "");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn a_foreign_node_that_does_not_start_ends_the_others_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = sandbox(Engine::Apache);
    command.args(["--brokers", "2", "--set", "authorizer.class.name=no.such.Authorizer"]);
    let output = command.arg("--data-dir").arg(dir.path()).output().unwrap();
    let ran = Ran::of(&output).exits(74);
    assert!(ran.stderr.contains("did not start"), "{}", ran.stderr);
    assert!(ran.stderr.contains("no.such.Authorizer"), "{}", ran.stderr);
    assert!(!dir.path().join("cluster.json").exists());
    // Whoever still ran would hold the lock on its directory.
    for node in ["node-1", "node-2"] {
        let Ok(lock) = fs::File::options()
            .write(true)
            .open(dir.path().join(node).join("data/.lock"))
        else {
            continue;
        };
        let locked = fcntl_lock(&lock, FlockOperation::NonBlockingLockExclusive);
        assert!(locked.is_ok(), "{node} still runs");
    }
}
