//! A broker goes: it takes nothing new, it is emptied, stopped and forgotten.

use serde_json::json;

use super::tool::{Tool, replicas};
use crate::support::Cluster;

on_both_engines!(nodes:
    [
        "--brokers", "3", "--controllers", "1", "--separate",
        "--set", "broker.session.timeout.ms=3000", "--set", "broker.heartbeat.interval.ms=500"
    ] => a_broker_is_emptied_stopped_and_forgotten;
);

fn a_broker_is_emptied_stopped_and_forgotten(cluster: &Cluster) {
    let ids = cluster.broker_ids();
    super::topic(cluster, "leaves", [ids[2], ids[1]]);
    let dir = tempfile::tempdir().unwrap();
    let plan = dir.path().join("plan.json").to_str().unwrap().to_owned();
    let tool = Tool::new(cluster, &dir.path().join("state"));
    let going = ids[2].to_string();
    let finish = ["decommission", &going, "--finish", "--yes"];

    let said = tool.run(&finish).exits(77).stderr;
    assert!(said.contains("is not empty: leaves-0"), "{said}");
    let cordoned = || {
        let rows = cluster.data(&["configs", "describe", "broker", &going, "--key", "cordoned.log.dirs"]);
        rows[0]["value"].clone()
    };
    let drain = ["decommission", &going, "--window", "0s", "--out", &plan];
    let dry = tool.run(&[&drain[..], &["--cordon", "--dry-run"]].concat());
    assert!(dry.code == 0 && cordoned() != "*", "{dry:?}");
    tool.run(&[&drain[..], &["--cordon", "--yes"]].concat()).exits(0);
    assert_eq!(cordoned(), "*");
    tool.run(&["rebalance", "apply", &plan, "--disk-limit", "100", "--yes"])
        .exits(0);
    tool.is_over();
    assert!(
        replicas(cluster, "leaves")
            .iter()
            .all(|list| !list.as_array().unwrap().contains(&json!(ids[2])))
    );

    tool.run(&["decommission", &going, "--finish", "--dry-run"]).exits(0);
    let said = tool.run(&[&finish[..], &["--wait", "1s"]].concat()).exits(124).stderr;
    assert!(said.contains("stop it now"), "{said}");
    // It counts as alive for some seconds more.
    cluster.kill_node(ids[2] as i32);
    tool.run(&finish).exits(0);
    let known = cluster.data(&["cluster", "endpoints", "--include-fenced"]);
    let known: Vec<i64> = known
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["id"].as_i64().unwrap())
        .collect();
    assert_eq!(known, ids[..2]);
    let again = tool.run(&[&finish[..], &["-o", "json"]].concat()).exits(0).data();
    assert_eq!(again, json!([{"broker": ids[2], "changed": false}]));
}
