//! Rolling restarts of running clusters and of snapshots, planned.

use serde_json::{Value, json};

use crate::support::Cluster;

on_both_engines!(nodes:
    [
        "--brokers", "3", "--controllers", "3", "--separate", "--racks", "3",
        "--set", "offsets.topic.replication.factor=3", "--set", "min.insync.replicas=2"
    ] => a_rolling_restart_is_planned_from_what_the_cluster_says;
);

fn ids(rows: &Value, key: &str) -> Vec<i64> {
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| row[key].as_i64().unwrap())
        .collect()
}

fn nodes(plan: &Value) -> Vec<Vec<i64>> {
    let steps = plan["steps"].as_array().unwrap().iter();
    steps
        .map(|step| {
            step["nodes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|id| id.as_i64().unwrap())
                .collect()
        })
        .collect()
}

fn a_rolling_restart_is_planned_from_what_the_cluster_says(cluster: &Cluster) {
    let brokers = cluster.broker_ids();
    let quorum = cluster.data(&["quorum", "status"]);
    let leader = quorum["leader_id"].as_i64().unwrap();
    let create = [
        "topics",
        "create",
        "safe",
        "--partitions",
        "6",
        "--replication-factor",
        "3",
        "--yes",
    ];
    cluster.kfleet(&create).exits(0);

    let plan = cluster.data(&["roll", "plan"]);
    let steps = nodes(&plan);
    assert_eq!(steps.len(), 6, "{plan}");
    assert!(
        steps[..3]
            .iter()
            .all(|step| step.len() == 1 && !brokers.contains(&step[0])),
        "{plan}"
    );
    assert_eq!(steps[2], [leader]);
    assert_eq!((&plan["classes"], &plan["classes_least"]), (&json!(3), &json!(3)));
    assert_eq!(plan["steps"][3]["canary"], json!(true));
    assert_eq!((&plan["blocked"], &plan["unavoidable"]), (&json!([]), &json!([])));
    let screen = cluster.kfleet(&["roll", "plan"]).exits(0).stdout;
    assert!(
        screen.contains("checked: 6 partitions, none below min.insync.replicas in any step"),
        "{screen}"
    );

    // With two of three that must stay, a reserve of one leaves no room at all.
    let spare = cluster
        .kfleet(&["roll", "plan", "--nodes", "brokers", "--spare", "1", "-o", "json"])
        .exits(77);
    let spare: Value = serde_json::from_str(&spare.stdout).unwrap();
    assert_eq!(ids(&spare["data"]["blocked"], "node"), brokers);
    assert_eq!(spare["data"]["unavoidable"].as_array().unwrap().len(), 6);

    let alone = brokers[0].to_string();
    let create = [
        "topics",
        "create",
        "alone",
        "--replica-assignment",
        &alone,
        "--config",
        "min.insync.replicas=1",
        "--yes",
    ];
    cluster.kfleet(&create).exits(0);
    let refused = cluster.kfleet(&["roll", "plan"]).exits(77).stdout;
    assert!(
        refused.contains(&format!("not in the plan: node {alone}: alone-0 has 1 replica")),
        "{refused}"
    );
    let accepted = cluster.data(&["roll", "plan", "--accept-unavoidable", "--no-ramp"]);
    assert_eq!(
        (nodes(&accepted).len(), &accepted["unavoidable"]),
        (6, &json!(["alone-0"]))
    );

    let unknown = cluster.kfleet(&["roll", "plan", "--nodes", "77"]).exits(66).stderr;
    assert!(unknown.contains("node 77"), "{unknown}");
    of_a_snapshot(cluster, &brokers);
}

fn of_a_snapshot(cluster: &Cluster, brokers: &[i64]) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("s.json");
    let file = path.to_str().unwrap();
    cluster.kfleet(&["snapshot", "save", file, "--window", "0s"]).exits(0);
    let without = cluster
        .kfleet(&["roll", "plan", "--snapshot", file, "--accept-unavoidable", "-o", "json"])
        .exits(0);
    let without: Value = serde_json::from_str(&without.stdout).unwrap();
    assert!(
        without["warnings"][0].as_str().unwrap().contains("who votes"),
        "{without}"
    );
    assert_eq!(nodes(&without["data"]).len(), brokers.len());

    let mut snapshot: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let voter = |id: i64, is_caught_up: bool| json!({"id": id, "is_caught_up": is_caught_up});
    snapshot["quorum"] = json!({"voters": [voter(100, true), voter(101, true), voter(102, false)], "leader": 101});
    std::fs::write(&path, snapshot.to_string()).unwrap();
    let lagging = cluster
        .kfleet(&[
            "roll",
            "plan",
            "--snapshot",
            file,
            "--nodes",
            "controllers",
            "-o",
            "json",
        ])
        .exits(77);
    let lagging: Value = serde_json::from_str(&lagging.stdout).unwrap();
    assert_eq!(nodes(&lagging["data"]), [[102]]);
    assert_eq!(ids(&lagging["data"]["blocked"], "node"), [100, 101]);
}
