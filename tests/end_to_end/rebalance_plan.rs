//! Snapshots of running clusters, and plans made from them.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::nodes::wait_until;
use crate::support::{Cluster, Engine, KFLEET, Ran, isolated};

on_both_engines!(nodes:
    [
        "--brokers", "3", "--controllers", "1", "--separate", "--racks", "3",
        "--set", "broker.session.timeout.ms=6000", "--set", "broker.heartbeat.interval.ms=500",
        "--set", "offsets.topic.replication.factor=1"
    ] => a_plan_is_made_from_a_running_cluster_and_from_its_snapshot_alike, brokers_that_are_gone_are_named;
);

/// A topic all of whose partitions are on the first two of the brokers, with a record of 1000 bytes in each.
fn uneven(cluster: &Cluster, [a, b, _]: [i64; 3]) {
    let assignment = vec![format!("{a}:{b}"); 6].join(",");
    cluster
        .kfleet(&["topics", "create", "t", "--replica-assignment", &assignment, "--yes"])
        .exits(0);
    let record = format!("{}\n", "x".repeat(1000));
    for partition in 0..6 {
        let partition = partition.to_string();
        cluster
            .kfleet_with_input(&["produce", "t", "--partition", &partition], &record)
            .exits(0);
    }
}

fn document(path: &PathBuf) -> Value {
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Has a plan in Kafka's JSON carried out by what takes that.
fn execute(cluster: &Cluster, file: &Path) {
    let bootstrap = cluster.description()["bootstrap_server"].as_str().unwrap().to_owned();
    let file = file.to_str().unwrap();
    let flags = [
        "--bootstrap-server",
        &bootstrap,
        "--reassignment-json-file",
        file,
        "--execute",
    ];
    let mut shim = isolated(KFLEET);
    Ran::of(&shim.arg0("kafka-reassign-partitions.sh").args(flags).output().unwrap()).exits(0);
}

#[test]
fn log_dirs_are_filled_evenly() {
    fill_log_dirs(Engine::Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn log_dirs_are_filled_evenly_on_apache() {
    fill_log_dirs(Engine::Apache);
}

fn fill_log_dirs(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let [a, b, kafkas] = ["a", "b", "k.json"].map(|name| dir.path().join(name));
    let cluster = Cluster::with(engine, &[&format!("log.dirs={},{}", a.display(), b.display())]);
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "4", "--yes"])
        .exits(0);
    let partitions_in = |dir: &Path| {
        let rows = cluster.data(&["log-dirs", "describe", "--replicas", "--topics", "t"]);
        let rows = rows.as_array().unwrap().iter();
        let rows = rows.filter(|row| row["log_dir"] == dir.to_str().unwrap() && row["future"] == false);
        rows.map(|row| row["partition"].as_i64().unwrap()).collect::<Vec<i64>>()
    };
    wait_until("all partitions are in a directory", || {
        partitions_in(&a).len() + partitions_in(&b).len() == 4
    });
    // A broker deals partitions out as it likes; one of two directories has two of four.
    let (full, other) = if partitions_in(&a).len() >= 2 {
        (&a, &b)
    } else {
        (&b, &a)
    };
    let record = format!("{}\n", "x".repeat(1000));
    for partition in partitions_in(full).iter().take(2) {
        let partition = partition.to_string();
        cluster
            .kfleet_with_input(&["produce", "t", "-p", &partition], &record)
            .exits(0);
    }
    let before = partitions_in(other).len();
    let plan = ["rebalance", "plan", "--goal", "log-dirs", "--window", "0s"];
    let made = cluster.data(&[&plan[..], &["--reassignment-json", kafkas.to_str().unwrap()]].concat());
    let moves = made["moves"].as_array().unwrap();
    assert_eq!(
        (moves.len(), &moves[0]["log_dirs"]),
        (1, &json!([other.to_str().unwrap()])),
        "{made}"
    );
    assert_eq!(moves[0]["replicas_from"], moves[0]["replicas_to"]);
    let summary = &made["summary"];
    assert!(
        summary["moved_within_bytes"].as_i64() > Some(1000) && summary["moved_bytes"] == 0,
        "{summary}"
    );
    execute(&cluster, &kafkas);
    wait_until("the replica is in the other directory", || {
        partitions_in(other).len() == before + 1
    });
    cluster.kfleet(&[&plan[..], &["--exit-code"]].concat()).exits(0);
}

fn a_plan_is_made_from_a_running_cluster_and_from_its_snapshot_alike(cluster: &Cluster) {
    let brokers: [i64; 3] = cluster.broker_ids().try_into().unwrap();
    let [a, b, c] = brokers;
    uneven(cluster, brokers);
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    let (snapshot, plan, kafkas) = (path("s.json"), path("p.json"), path("k.json"));
    let [s, p, k] = [&snapshot, &plan, &kafkas].map(|path| path.to_str().unwrap());

    let saved = cluster.data(&["snapshot", "save", s, "--window", "200ms"]);
    assert_eq!(
        (&saved["brokers"], &saved["partitions"], &saved["replicas"]),
        (&json!(3), &json!(6), &json!(12))
    );
    assert!(saved["size_bytes"].as_i64().unwrap() > 12_000, "{saved}");
    let known = document(&snapshot);
    let racks = known["brokers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|broker| broker["rack"].to_string());
    assert_eq!(racks.collect::<std::collections::BTreeSet<_>>().len(), 3);
    let has_disk = |broker: &Value| broker["capacity"]["disk_bytes"].as_i64().is_some_and(|bytes| bytes > 0);
    assert!(known["brokers"].as_array().unwrap().iter().all(has_disk), "{known}");

    // What is printed is what is written, and the same from the file as from the cluster.
    let live = cluster
        .kfleet(&[
            "rebalance",
            "plan",
            "--window",
            "0s",
            "--out",
            p,
            "--reassignment-json",
            k,
            "-o",
            "json",
        ])
        .exits(0);
    assert_eq!(live.json(), document(&plan));
    let moves = live.data()["moves"].clone();
    assert_eq!(live.data()["summary"]["replica_moves"], json!(4), "{}", live.stdout);
    let cached = cluster.data(&["rebalance", "plan", "--snapshot", s]);
    assert_eq!(cached["moves"], moves);
    let onto_third = moves.as_array().unwrap().iter();
    let onto_third = onto_third.filter(|one| one["replicas_to"].as_array().unwrap().contains(&json!(c)));
    assert_eq!(onto_third.count(), 4);
    let partitions = document(&kafkas)["partitions"].as_array().unwrap().clone();
    let wanted = moves.as_array().unwrap().iter().map(|one| &one["replicas_to"]);
    assert_eq!(
        partitions
            .iter()
            .map(|partition| &partition["replicas"])
            .collect::<Vec<_>>(),
        wanted.collect::<Vec<_>>()
    );

    let stats = cluster.data(&["snapshot", "stats", s, "--plan", p]);
    let of_leaders = |figures: &Value| {
        let rows = figures["spreads"].as_array().unwrap();
        let row = rows
            .iter()
            .find(|row| row["kind"] == "broker" && row["resource"] == "leaders");
        (row.unwrap()["least"].clone(), row.unwrap()["most"].clone())
    };
    assert_eq!(of_leaders(&stats["before"]), (json!(0), json!(6)));
    let (least, most) = of_leaders(&stats["after"]);
    assert!(least.as_i64() >= Some(1) && most.as_i64() <= Some(3), "{least} {most}");

    let rows = cluster.data(&["rebalance", "plan", "--snapshot", s, "--tradeoff"]);
    assert_eq!(rows.as_array().unwrap().len(), 4);
    let plan_of = |args: &[&str]| cluster.kfleet(&[args, &["--snapshot", s]].concat());
    plan_of(&["rebalance", "plan", "--exit-code"]).exits(1);
    let nothing = plan_of(&["rebalance", "plan", "--goal", "racks", "--exit-code"]).exits(0);
    assert!(nothing.stdout.contains("nothing to move"), "{}", nothing.stdout);
    let [first, second, third] = [a, b, c].map(|id| id.to_string());
    let moved = plan_of(&["replace", &second, &third, "-o", "json"]).exits(0).data();
    let whole: Vec<&Value> = moved["moves"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["replicas_to"])
        .collect();
    assert_eq!(whole, vec![&json!([a, c]); 6]);
    plan_of(&["set-replication-factor", "3", "t"]).exits(0);
    plan_of(&["scale-out", &third]).exits(0);
    let impossible = plan_of(&["decommission", &first, &second]).exits(77);
    assert!(impossible.stderr.contains("replicas"), "{}", impossible.stderr);
    plan_of(&["decommission", "99"]).exits(66);
    execute(cluster, &kafkas);
    wait_until("all replicas are where the plan has them", || {
        let rows = cluster.data(&["topics", "describe", "t"]);
        moves.as_array().unwrap().iter().all(|one| {
            let mut rows = rows.as_array().unwrap().iter();
            let row = rows.find(|row| row["partition"] == one["partition"]).unwrap();
            let in_sync = row["isr"].as_array().unwrap().len();
            row["replicas"] == one["replicas_to"] && in_sync == row["replicas"].as_array().unwrap().len()
        })
    });
    cluster
        .kfleet(&["rebalance", "plan", "--window", "0s", "--exit-code"])
        .exits(0);
    std::fs::write(&plan, &std::fs::read_to_string(&plan).unwrap()[..300]).unwrap();
    let cut = cluster.kfleet(&["snapshot", "stats", s, "--plan", p]).exits(65);
    assert!(cut.stderr.contains("line "), "{}", cut.stderr);
}

fn brokers_that_are_gone_are_named(cluster: &Cluster) {
    let brokers: [i64; 3] = cluster.broker_ids().try_into().unwrap();
    let [_, b, c] = brokers;
    uneven(cluster, brokers);
    cluster.kill_node(b as i32);
    wait_until("the broker is fenced", || {
        let alive = cluster.data(&["cluster", "describe"]);
        let mut alive = alive.as_array().unwrap().iter().filter(|row| row["fenced"] == false);
        !alive.any(|row| row["id"] == b)
    });
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("s.json");
    let save = ["snapshot", "save", file.to_str().unwrap(), "--window", "0s"];
    let refused = cluster.kfleet(&save).exits(76);
    assert!(
        refused
            .stderr
            .contains(&format!("broker {b} has replicas and is not alive")),
        "{}",
        refused.stderr
    );
    assert!(!file.exists());
    cluster.kfleet(&[&save[..], &["--partial"]].concat()).exits(0);
    let dead = document(&file)["brokers"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] == b)
        .cloned();
    assert_eq!(dead.unwrap()["state"], "excluded");
    // Who is to go may be gone.
    let (old, new) = (b.to_string(), c.to_string());
    let plan = cluster.data(&["replace", &old, &new, "--window", "0s"]);
    assert_eq!(plan["summary"]["replica_moves"], json!(6));
}
