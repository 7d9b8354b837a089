//! Controllers that are asked themselves.

use crate::support::nodes::wait_until;
use crate::support::{Cluster, kfleet};

on_both_engines!(nodes:
    ["--brokers", "1", "--controllers", "2", "--separate"] => controllers_answer_while_there_is_no_broker;
);

fn controllers_answer_while_there_is_no_broker(cluster: &Cluster) {
    let addresses = [3001, 3002].map(|id| {
        let node = cluster.node(id);
        node["listeners"]["CONTROLLER"].as_str().unwrap().to_owned()
    });
    let id = cluster.kfleet(&["cluster", "id"]).exits(0).stdout;
    assert_eq!(cluster.data(&["quorum", "status"])["observers"][0]["id"], 1);
    cluster.kill_node(1);
    for address in &addresses {
        let ask = |args: &[&str]| kfleet(&[args, &["--bootstrap-controller", address]].concat());
        let json = |args: &[&str]| ask(&[args, &["-o", "json"]].concat()).exits(0).data();
        assert_eq!(ask(&["cluster", "id"]).exits(0).stdout, id);
        let status = json(&["quorum", "status"]);
        assert_eq!(status["voters"].as_array().unwrap().len(), 2);
        assert!(status["max_follower_lag"].is_i64(), "{status}");
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
        let setting = ["--set", "log.cleaner.threads=2", "--yes"];
        ask(&[&["configs", "set", "broker"], &setting[..]].concat()).exits(0);
        let configs = ask(&["configs", "describe", "broker"]);
        if cluster.node(3001)["engine"] == "apache" {
            assert!(configs.exits(0).stdout.contains("log.cleaner.threads"));
        } else {
            // Our controllers take settings, and leave it to brokers to tell of them.
            assert!(configs.exits(76).stderr.contains("does not serve DescribeConfigs"));
        }
        for unnamed in [
            &["describe", "topic"][..],
            &["describe", "topic", "*"],
            &["describe", "broker", "*"],
        ] {
            let said = ask(&[&["configs"], unnamed].concat()).exits(64).stderr;
            assert!(said.contains("controllers do not tell which"), "{said}");
        }
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
