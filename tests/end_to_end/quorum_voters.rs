//! Voters that come and go, on quorums whose voters are written in their log.

use serde_json::{Value, json};

use crate::support::Cluster;
use crate::support::nodes::wait_until;

on_both_engines!(nodes:
    ["--brokers", "3", "--dynamic-quorum"] => voters_leave_and_join_and_nothing_is_changed_by_mistake;
    ["--brokers", "1"] => static_voters_become_dynamic_for_good;
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
