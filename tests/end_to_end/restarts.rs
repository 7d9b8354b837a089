//! A node that is stopped, killed, or started where it must not be.

use std::process::{Command, Stdio};

use crate::support::{Cluster, Engine, KFLEET, isolated, kfleet, signal};

#[test]
fn what_was_written_is_there_after_a_clean_stop_and_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let mut expected = 0;
    for round in 0..4 {
        let cluster = Cluster::in_dir(Engine::Kfleet, dir.path(), &[]);
        if round == 0 {
            cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
        }
        let read = cluster.kfleet(&["consume", "t"]).exits(0);
        assert_eq!(read.lines().len(), expected, "round {round}");
        cluster.kfleet_with_input(&["produce", "t"], "a\nb\n").exits(0);
        expected += 2;
        if round % 2 == 0 {
            signal(cluster.pid(), "KILL");
        } else {
            cluster.stop();
        }
    }
}

#[test]
fn a_second_node_on_the_same_directory_is_refused_and_the_first_serves_on() {
    let cluster = Cluster::start(Engine::Kfleet);
    let properties = cluster.dir.join("server.properties");
    let second = kfleet(&["broker", "run", "-c", properties.to_str().unwrap()]).exits(77);
    assert!(second.stderr.contains("lock"), "{}", second.stderr);
    cluster.kfleet(&["cluster", "id"]).exits(0);
}

#[test]
fn a_node_whose_sandbox_is_killed_ends_too() {
    let cluster = Cluster::start(Engine::Kfleet);
    let node = cluster.pid();
    let sandbox = Command::new("ps")
        .args(["-o", "ppid=", "-p", &node.to_string()])
        .output()
        .unwrap();
    let sandbox: i32 = String::from_utf8_lossy(&sandbox.stdout).trim().parse().unwrap();
    signal(sandbox, "KILL");
    // `tail --pid` ends when the process does.
    let waited = Command::new("timeout")
        .args(["10", "tail", "-f", "/dev/null", "--pid", &node.to_string()])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(waited.success(), "process {node} outlives its sandbox");
}

#[test]
fn a_wrong_start_says_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("server.properties");
    let start = |text: &str| {
        std::fs::write(&file, text).unwrap();
        isolated(KFLEET)
            .args(["broker", "run", "-c"])
            .arg(&file)
            .output()
            .unwrap()
    };
    let data = dir.path().join("data").display().to_string();
    let good = format!(
        "process.roles=broker,controller\nnode.id=1\nlisteners=PLAINTEXT://127.0.0.1:0,CONTROLLER://127.0.0.1:0\n\
         controller.listener.names=CONTROLLER\ncontroller.quorum.voters=1@127.0.0.1:9\nlog.dirs={data}\n"
    );
    for (text, code, said) in [
        (good.clone(), 65, "not formatted"),
        (format!("{good}num.partitions=many\n"), 65, "num.partitions"),
        (format!("{good}log.retention.ms=x\n"), 65, "log.retention.ms"),
        (good.replace("node.id=1", "node.id=-4"), 65, "node.id"),
    ] {
        let output = start(&text);
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(said), "{said} is not in {stderr}");
    }
    assert!(
        !dir.path().join("data").exists(),
        "a refused start must leave nothing behind"
    );
    assert_eq!(kfleet(&["broker", "run", "-c", "/no/such/file"]).exits(66).stdout, "");
}
