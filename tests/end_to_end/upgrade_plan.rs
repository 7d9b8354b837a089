//! Upgrades of running clusters, planned.

use std::fs;

use serde_json::{Value, json};

use crate::support::Cluster;

on_both_engines!(nodes:
    ["--brokers", "2", "--controllers", "3", "--separate"] => an_upgrade_is_planned_from_what_the_cluster_says;
    ["--brokers", "1"] => what_eligible_leader_replicas_remove_is_told;
);

fn column(rows: &Value, key: &str) -> Vec<Value> {
    rows.as_array().unwrap().iter().map(|row| row[key].clone()).collect()
}

/// The same for Apache's nodes of 4.3 and for ours, which support the same.
fn an_upgrade_is_planned_from_what_the_cluster_says(cluster: &Cluster) {
    let dir = tempfile::tempdir().unwrap();
    let leader = cluster.data(&["quorum", "status"])["leader_id"].clone();
    let plan = cluster.data(&["upgrade", "plan", "--to", "4.3"]);
    assert_eq!(
        column(&plan["nodes"], "software"),
        vec![json!("4.3 or kfleet"); 5],
        "{plan}"
    );
    assert_eq!(column(&plan["nodes"], "step"), vec![json!("unclear"); 5]);
    let stages = ["controllers", "active controller", "brokers"].map(Value::from);
    assert_eq!(column(&plan["order"], "stage"), stages);
    assert_eq!(plan["order"][1]["nodes"], json!([leader]));
    assert_eq!(plan["finalize"]["updates"], json!([]), "{plan}");

    // Its levels are finalized, and 4.2 does not know them.
    let back = cluster
        .kfleet(&["upgrade", "plan", "--to", "4.2", "-o", "json"])
        .exits(77)
        .data();
    assert_eq!(back["may_go"], json!(false));
    let refusal = back["refusals"][0].as_str().unwrap();
    assert!(
        refusal.starts_with("metadata.version is finalized at 30 (4.3-IV0)"),
        "{refusal}"
    );

    // Told, all of them stay, or go to the other one.
    let inventory = dir.path().join("nodes.toml");
    let inventory = inventory.to_str().unwrap();
    fs::write(inventory, "[defaults]\nrelease = \"4.3.1\"\n").unwrap();
    let told = |to: &str| cluster.data(&["upgrade", "plan", "--to", to, "--inventory", inventory]);
    assert_eq!(column(&told("4.3")["nodes"], "step"), vec![json!("stay"); 5]);
    assert_eq!(column(&told("kfleet")["nodes"], "step"), vec![json!("across"); 5]);
    fs::write(inventory, "[defaults]\nrelease = \"4.1\"\n").unwrap();
    let lied = ["upgrade", "plan", "--to", "4.3", "--inventory", inventory, "-o", "json"];
    let lied = cluster.kfleet(&lied).exits(77).data();
    assert!(
        lied["nodes"][0]["refusal"]
            .as_str()
            .unwrap()
            .contains("said to be of 4.1")
    );

    // Nodes would not start with this file.
    let config = dir.path().join("server.properties");
    let config = config.to_str().unwrap();
    fs::write(config, "node.id=1\nzookeeper.connect=z\nnum.replica.fetchers=0\n").unwrap();
    let files = ["upgrade", "plan", "--to", "4.3", "--config", config];
    let ran = cluster.kfleet(&files).exits(77);
    for line in [
        "missing (4.0) process.roles",
        "refused (4.2) num.replica.fetchers",
        "\n-zookeeper.connect=z\n",
    ] {
        assert!(ran.stdout.contains(line), "{}", ran.stdout);
    }
    cluster.kfleet(&["upgrade", "plan", "--to", "4.4"]).exits(64);
}

/// A broker's own min.insync.replicas is told before what removes it is switched on.
fn what_eligible_leader_replicas_remove_is_told(cluster: &Cluster) {
    let elr = "eligible.leader.replicas.version";
    let off = format!("{elr}=0");
    cluster
        .kfleet(&["features", "downgrade", "--feature", &off, "--yes"])
        .exits(0);
    let set = [
        "configs",
        "set",
        "broker",
        "1",
        "--set",
        "min.insync.replicas=1",
        "--yes",
    ];
    cluster.kfleet(&set).exits(0);
    let plan = cluster.data(&["upgrade", "plan", "--to", "4.3"]);
    assert_eq!(column(&plan["finalize"]["updates"], "feature"), [json!(elr)], "{plan}");
    let lasting = plan["finalize"]["lasting"][0].as_str().unwrap();
    assert!(
        lasting.starts_with("min.insync.replicas = 1 of broker 1 is removed"),
        "{lasting}"
    );
    assert_eq!(plan["finalize"]["blockers"], json!([]));
}
