//! Sandboxes of many nodes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::nodes::ended;
use crate::support::{Cluster, Engine, kafka_libs, kfleet, signal};

on_both_engines!(nodes:
    ["--brokers", "3", "--racks", "2"] => nodes_know_each_other_and_their_racks, a_node_comes_back_after_a_kill_and_a_pause;
    ["--brokers", "2", "--controllers", "1", "--separate"] => controllers_can_be_nodes_of_their_own;
);

/// One column of rows.
fn column(rows: &Value, name: &str) -> Vec<Value> {
    rows.as_array().unwrap().iter().map(|row| row[name].clone()).collect()
}

/// As sorted numbers.
fn ids(rows: &Value) -> Vec<i64> {
    let mut ids: Vec<i64> = column(rows, "id").iter().map(|id| id.as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids
}

fn nodes_know_each_other_and_their_racks(cluster: &Cluster) {
    let told = cluster.description();
    let both = json!(["broker", "controller"]);
    assert_eq!(ids(&told["nodes"]), [1, 2, 3]);
    assert_eq!(column(&told["nodes"], "roles"), [both.clone(), both.clone(), both]);
    assert_eq!(column(&told["nodes"], "rack"), ["rack-1", "rack-2", "rack-1"]);
    let addresses = [1, 2, 3].map(|id| cluster.address_of(id));
    assert_eq!(cluster.bootstrap, addresses.join(","));
    let listeners = cluster.nodes().into_iter().flat_map(|node| {
        let listeners = node["listeners"].as_object().unwrap().clone();
        listeners.into_iter().map(|(_, address)| address.to_string())
    });
    assert_eq!(listeners.collect::<BTreeSet<_>>().len(), 6);
    for address in &addresses {
        let described = kfleet(&["cluster", "describe", "-o", "json", "-b", address])
            .exits(0)
            .data();
        assert_eq!(ids(&described), [1, 2, 3], "as {address} sees it");
        assert_eq!(column(&described, "rack"), ["rack-1", "rack-2", "rack-1"]);
    }
    let quorum = cluster.data(&["quorum", "status"]);
    assert_eq!(ids(&quorum["voters"]), [1, 2, 3]);
    assert_eq!(ids(&quorum["observers"]), [0i64; 0]);
    // Nobody said how many replicas a topic has.
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "2", "--yes"])
        .exits(0);
    for partition in cluster.data(&["topics", "describe", "t"]).as_array().unwrap() {
        assert_eq!(partition["isr"].as_array().unwrap().len(), 3, "{partition}");
    }
}

fn a_node_comes_back_after_a_kill_and_a_pause(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    cluster.kfleet_with_input(&["produce", "t"], "a\n").exits(0);
    cluster.kill_node(2);
    cluster.wait_until_alive(1, &[1, 3]);
    cluster.kfleet_with_input(&["produce", "t"], "b\n").exits(0);
    let _node = cluster.start_node(2);
    cluster.wait_until_alive(1, &[1, 2, 3]);
    signal(cluster.pid_of(3), "STOP");
    cluster.wait_until_alive(1, &[1, 2]);
    signal(cluster.pid_of(3), "CONT");
    cluster.wait_until_alive(3, &[1, 2, 3]);
    assert_eq!(cluster.kfleet(&["consume", "t"]).exits(0).lines(), ["a", "b"]);
    cluster.kill_sandbox();
    assert!(
        ended(&[cluster.pid_of(1), cluster.pid_of(3)]),
        "nodes outlive their sandbox"
    );
}

fn controllers_can_be_nodes_of_their_own(cluster: &Cluster) {
    let told = cluster.description();
    assert_eq!(ids(&told["nodes"]), [1, 2, 3001]);
    assert_eq!(
        column(&told["nodes"], "roles"),
        [json!(["broker"]), json!(["broker"]), json!(["controller"])]
    );
    let names: Vec<Value> = column(&told["nodes"], "listeners");
    assert!(names[0].get("CONTROLLER").is_none() && names[2].get("PLAINTEXT").is_none());
    assert_eq!(ids(&cluster.data(&["cluster", "describe"])), [1, 2]);
    let quorum = cluster.data(&["quorum", "status"]);
    assert_eq!(
        (ids(&quorum["voters"]), ids(&quorum["observers"])),
        (vec![3001], vec![1, 2])
    );
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn nodes_of_both_kinds_are_one_cluster() {
    let libs = kafka_libs();
    let flags = [
        "--brokers",
        "3",
        "--engine",
        "kfleet,apache",
        "--kafka-libs",
        libs.to_str().unwrap(),
    ];
    let cluster = Cluster::of_nodes(Engine::Kfleet, &flags);
    assert_eq!(
        column(&cluster.description()["nodes"], "engine"),
        ["kfleet", "apache", "apache"]
    );
    for id in [1, 2, 3] {
        cluster.wait_until_alive(id, &[1, 2, 3]);
    }
}

/// Stops a sandbox with a paused node, starts it again, with a broker more if it may have one; data, and with a dynamic
/// quorum the controllers' ports, are those from before.
fn a_directory_goes_on(engine: Engine, flags: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    let with = |brokers: &str| {
        let flags = [&["--brokers", brokers, "--controllers", "2"], flags].concat();
        Cluster::of_nodes_in(engine, dir.path(), &flags)
    };
    let cluster = with("2");
    let id = cluster.description()["cluster_id"].clone();
    let controllers = |cluster: &Cluster| {
        let nodes = cluster.nodes().into_iter();
        nodes
            .map(|node| node["listeners"]["CONTROLLER"].clone())
            .collect::<Vec<_>>()
    };
    let before = controllers(&cluster);
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    cluster.kfleet_with_input(&["produce", "t"], "a\n").exits(0);
    signal(cluster.pid_of(2), "STOP");
    cluster.stop();
    let cluster = with("3");
    assert_eq!(cluster.description()["cluster_id"], id);
    assert_eq!(ids(&cluster.data(&["cluster", "describe"])), [1, 2, 3]);
    assert_eq!(cluster.kfleet(&["consume", "t"]).exits(0).lines(), ["a"]);
    if flags.contains(&"--dynamic-quorum") {
        assert_eq!(controllers(&cluster)[..2], before[..]);
    }
    assert_eq!(ids(&cluster.data(&["quorum", "status"])["voters"]), [1, 2]);
    cluster.stop();
}

#[test]
fn a_directory_of_nodes_goes_on() {
    a_directory_goes_on(Engine::Kfleet, &[]);
}

#[test]
fn a_directory_of_a_dynamic_quorum_goes_on() {
    a_directory_goes_on(Engine::Kfleet, &["--dynamic-quorum"]);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn a_directory_of_foreign_nodes_goes_on() {
    a_directory_goes_on(Engine::Apache, &[]);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn a_directory_of_a_foreign_dynamic_quorum_goes_on() {
    a_directory_goes_on(Engine::Apache, &["--dynamic-quorum"]);
}
