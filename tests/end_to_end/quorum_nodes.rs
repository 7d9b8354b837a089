//! Quorums of several controllers, and controllers without brokers.

use serde_json::{Value, json};

use crate::support::nodes::wait_until;
use crate::support::{Cluster, kfleet};

on_both_engines!(apache
    ["--brokers", "3", "--dynamic-quorum"] => voters_leave_and_join_and_nothing_is_changed_by_mistake;
    ["--brokers", "1"] => static_voters_become_dynamic_for_good;
    ["--brokers", "1", "--controllers", "2", "--separate"] => controllers_answer_while_there_is_no_broker;
);

/// A directory that is nowhere.
const STRANGER: &str = "MvDxzVmcRsaTz33bUuRU6A";

/// Ids of the voters, and the leader's.
fn voters(cluster: &Cluster) -> (Vec<i64>, i64) {
    let status = cluster.data(&["quorum", "status"]);
    let voters = status["voters"].as_array().unwrap().iter();
    let mut ids: Vec<i64> = voters.map(|voter| voter["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    (ids, status["leader_id"].as_i64().unwrap())
}

fn voters_leave_and_join_and_nothing_is_changed_by_mistake(cluster: &Cluster) {
    let (all, leader) = voters(cluster);
    assert_eq!(all, [1, 2, 3]);
    let leader_text = leader.to_string();
    let config = cluster.node(leader as i32)["config"].as_str().unwrap().to_owned();
    let remove = ["quorum", "remove-controller", "-i", leader_text.as_str()];
    let add = ["quorum", "add-controller", "-c", config.as_str()];

    // Whatever is not meant in all earnest changes nothing.
    let planned = cluster.kfleet(&[&remove[..], &["--dry-run"]].concat()).exits(0);
    assert!(
        planned.stderr.contains("it is the active controller"),
        "{}",
        planned.stderr
    );
    cluster.kfleet(&remove).exits(77);
    cluster
        .kfleet(&[&remove[..], &["--yes", "-d", STRANGER]].concat())
        .exits(66);
    cluster
        .kfleet(&["quorum", "remove-controller", "-i", "9", "--yes"])
        .exits(66);
    cluster
        .kfleet(&[&remove[..], &["--yes", "--expect-cluster-id", STRANGER]].concat())
        .exits(77);
    let taken = [
        "-i",
        "1",
        "-d",
        STRANGER,
        "--endpoint",
        "CONTROLLER://127.0.0.1:9",
        "--yes",
    ];
    let said = cluster
        .kfleet(&[&["quorum", "add-controller"], &taken[..]].concat())
        .exits(76)
        .stderr;
    assert!(said.contains("a voter already"), "{said}");
    assert_eq!(voters(cluster), (vec![1, 2, 3], leader));
    assert_eq!(cluster.data(&[&add[..], &["--yes"]].concat())["changed"], false);

    // The leader leaves, another one leads, and it comes back from its own files.
    let removed = cluster.data(&[&remove[..], &["--yes"]].concat());
    assert_eq!(
        (&removed["changed"], &removed["controller_id"]),
        (&json!(true), &json!(leader))
    );
    let (left, next) = voters(cluster);
    assert_eq!(removed["voters"], json!(left));
    assert!(left.len() == 2 && !left.contains(&leader) && next != leader);
    cluster.kfleet(&[&remove[..], &["--yes"]].concat()).exits(66);
    let added = cluster.data(&[&add[..], &["--yes"]].concat());
    assert_eq!((&added["changed"], &added["voters"]), (&json!(true), &json!([1, 2, 3])));
    assert_eq!(added["directory_id"], removed["directory_id"]);
    assert_eq!(added["endpoints"], removed["endpoints"]);

    // A stranger whom nobody reaches does not get in, and the time that was given is kept to.
    let stranger = [
        "-i",
        "9",
        "-d",
        STRANGER,
        "--endpoint",
        "CONTROLLER://127.0.0.1:9",
        "--yes",
        "--timeout",
        "3s",
    ];
    let said = cluster
        .kfleet(&[&["quorum", "add-controller"], &stranger[..]].concat())
        .exits(124)
        .stderr;
    assert!(said.contains("it does not follow yet"), "{said}");
    assert_eq!(voters(cluster).0, [1, 2, 3]);

    // With one voter dead, the other two have to stay.
    let (_, leader) = voters(cluster);
    let dead = [1, 2, 3].into_iter().find(|id| *id != leader).unwrap();
    let other = [1, 2, 3].into_iter().find(|id| *id != leader && *id != dead).unwrap();
    cluster.kill_node(dead as i32);
    let remove = |id: i64, how: &str| cluster.kfleet(&["quorum", "remove-controller", "-i", &id.to_string(), how]);
    wait_until("the dead voter is missed", || remove(other, "--dry-run").code == 77);
    let said = remove(other, "--yes").exits(77).stderr;
    assert!(said.contains(&format!("and {dead} did not fetch")), "{said}");
    assert_eq!(voters(cluster).0, [1, 2, 3]);
    remove(dead, "--yes").exits(0);
    assert_eq!(voters(cluster).0.len(), 2);
    let replication = cluster.data(&["quorum", "replication"]);
    let roles: Vec<&Value> = replication
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["status"])
        .collect();
    // The one that went may be remembered as an observer for a while.
    assert_eq!(roles[..2], ["leader", "follower"]);
    assert!(roles[2..].iter().all(|role| *role == "observer"), "{replication}");
}

fn static_voters_become_dynamic_for_good(cluster: &Cluster) {
    let voter = || cluster.data(&["quorum", "status"])["voters"][0].clone();
    assert_eq!(voter()["directory_id"], Value::Null);
    let remove = ["quorum", "remove-controller", "-i", "1", "--yes"];
    let said = cluster.kfleet(&remove).exits(76).stderr;
    assert!(said.contains("features upgrade --feature kraft.version=1"), "{said}");
    let up = ["features", "upgrade", "--feature", "kraft.version=1"];
    assert_eq!(cluster.data(&[&up[..], &["--dry-run"]].concat())[0]["changed"], false);
    assert_eq!(cluster.data(&[&up[..], &["--yes"]].concat())[0]["changed"], true);
    wait_until("the voter has a directory", || voter()["directory_id"].is_string());
    let down = [
        "features",
        "downgrade",
        "--feature",
        "kraft.version=0",
        "--unsafe",
        "--yes",
    ];
    let said = cluster.kfleet(&down).exits(77).stderr;
    assert!(said.contains("never goes down"), "{said}");
    let said = cluster.kfleet(&remove).exits(77).stderr;
    assert!(said.contains("the only voter"), "{said}");
}

fn controllers_answer_while_there_is_no_broker(cluster: &Cluster) {
    let addresses = [3001, 3002].map(|id| {
        let node = cluster.node(id);
        node["listeners"]["CONTROLLER"].as_str().unwrap().to_owned()
    });
    let id = cluster.kfleet(&["cluster", "id"]).exits(0).stdout;
    cluster.kill_node(1);
    for address in &addresses {
        let ask = |args: &[&str]| kfleet(&[args, &["--bootstrap-controller", address]].concat());
        let json = |args: &[&str]| ask(&[args, &["-o", "json"]].concat()).exits(0).data();
        assert_eq!(ask(&["cluster", "id"]).exits(0).stdout, id);
        let status = json(&["quorum", "status"]);
        assert_eq!(status["voters"].as_array().unwrap().len(), 2);
        assert_eq!(status["max_follower_lag"], 0);
        assert_eq!(status["observers"][0]["id"], 1);
        let endpoints = json(&["cluster", "endpoints"]);
        assert_eq!(endpoints.as_array().unwrap().len(), 2);
        for (endpoint, expected) in endpoints.as_array().unwrap().iter().zip(&addresses) {
            assert_eq!(endpoint["type"], "controller");
            assert_eq!(
                format!("{}:{}", endpoint["host"].as_str().unwrap(), endpoint["port"]),
                *expected
            );
        }
        let versions = json(&["cluster", "api-versions", "--node", "3002"]);
        assert!(versions.as_array().unwrap().iter().all(|row| row["node"] == 3002));
        assert!(versions.as_array().unwrap().iter().any(|row| row["api"] == "Vote"));
        // Each change is made by the active one, whoever was named.
        let group_version = ["--feature", "group.version=0", "--yes"];
        let changed = json(&[&["features", "downgrade"], &group_version[..]].concat());
        assert_eq!(changed[0]["changed"], true);
        let group_version = ["--feature", "group.version=1", "--yes"];
        let changed = json(&[&["features", "upgrade"], &group_version[..]].concat());
        assert_eq!(changed[0]["changed"], true);
        let value = format!("num.io.threads={}", address.len());
        ask(&["configs", "set", "broker", "1", "--set", &value, "--yes"]).exits(0);
        let configs = json(&["configs", "describe", "broker"]);
        assert!(configs.is_array());
        // Nobody here can tell whether a broker is alive.
        let said = ask(&["cluster", "unregister", "1", "--yes"]).exits(77).stderr;
        assert!(said.contains("cannot be found out"), "{said}");
        ask(&["cluster", "endpoints", "--include-fenced"]).exits(64);
        ask(&["cluster", "describe"]).exits(64);
    }
    let both = addresses.join(",");
    kfleet(&[
        "cluster",
        "unregister",
        "1",
        "--yes",
        "--force",
        "--bootstrap-controller",
        &both,
    ])
    .exits(0);
    kfleet(&[
        "cluster",
        "unregister",
        "1",
        "--yes",
        "--force",
        "--bootstrap-controller",
        &both,
    ])
    .exits(66);
    // With one of two gone nobody leads for long; whatever needs no leader is still told.
    cluster.kill_node(3001);
    let left = ["--bootstrap-controller", addresses[1].as_str()];
    let endpoints = kfleet(&[&["cluster", "endpoints"], &left[..]].concat()).exits(0);
    assert_eq!(endpoints.lines().len(), 3);
    let ask = || kfleet(&[&["quorum", "status", "--timeout", "2s"], &left[..]].concat());
    wait_until("nobody leads", || ask().code == 69);
    let said = ask().exits(69).stderr;
    assert!(said.contains("none of them is the active controller"), "{said}");
}
