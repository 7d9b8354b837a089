//! The nodes of a cluster: where they are, what they serve, and forgetting them.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::support::{Cluster, Engine};

on_both_engines!(
    endpoints_are_those_of_brokers_and_controllers,
    each_api_is_listed_with_its_versions,
    a_broker_that_is_alive_is_not_forgotten,
);

fn endpoints_are_those_of_brokers_and_controllers(cluster: &Cluster) {
    let listeners = &cluster.description()["nodes"][0]["listeners"];
    let address = |row: &Value| format!("{}:{}", row["host"].as_str().unwrap(), row["port"]);
    let brokers = cluster.data(&["cluster", "endpoints", "--include-fenced"]);
    assert_eq!(brokers.as_array().unwrap().len(), 1);
    assert_eq!((&brokers[0]["id"], &brokers[0]["type"]), (&json!(1), &json!("broker")));
    assert_eq!(
        (&brokers[0]["fenced"], &brokers[0]["rack"]),
        (&json!(false), &Value::Null)
    );
    assert_eq!(address(&brokers[0]), listeners["PLAINTEXT"].as_str().unwrap());
    let all = cluster.data(&["cluster", "endpoints", "--controllers"]);
    assert_eq!((all.as_array().unwrap().len(), &all[0]["type"]), (2, &json!("broker")));
    assert_eq!(
        (&all[1]["type"], &all[1]["listener"]),
        (&json!("controller"), &json!("CONTROLLER"))
    );
    assert_eq!(address(&all[1]), listeners["CONTROLLER"].as_str().unwrap());
}

fn each_api_is_listed_with_its_versions(cluster: &Cluster) {
    let rows = cluster.data(&["cluster", "api-versions"]);
    let rows = rows.as_array().unwrap();
    let keys: Vec<i64> = rows.iter().map(|row| row["key"].as_i64().unwrap()).collect();
    assert!(keys.is_sorted() && keys.len() > 30, "{keys:?}");
    for row in rows {
        assert!(row["api"].is_string(), "{row}");
        assert!(row["min"].as_i64() <= row["max"].as_i64(), "{row}");
        assert_eq!((&row["node"], &row["address"]), (&json!(1), &json!(cluster.bootstrap)));
    }
    let produce = &rows[0];
    assert_eq!(produce["api"], "Produce");
    assert_eq!(
        (&produce["min"], &produce["max"], &produce["usable"]),
        (&json!(0), &json!(13), &json!(13))
    );
    let one = cluster
        .kfleet(&["cluster", "api-versions", "--node", "1", "--no-headers"])
        .exits(0);
    assert_eq!(one.lines().len(), rows.len());
    cluster.kfleet(&["cluster", "api-versions", "--node", "2"]).exits(66);
}

fn a_broker_that_is_alive_is_not_forgotten(cluster: &Cluster) {
    for how in ["--yes", "--dry-run"] {
        let said = cluster.kfleet(&["cluster", "unregister", "1", how]).exits(77).stderr;
        assert!(said.contains("broker 1 is alive"), "{said}");
        cluster.kfleet(&["cluster", "unregister", "7", how]).exits(66);
    }
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "3", "--yes"])
        .exits(0);
    let planned = cluster.data(&["cluster", "unregister", "1", "--force", "--dry-run"]);
    assert_eq!(planned, json!({"broker": 1, "changed": false, "replicas": 3}));
    let said = cluster
        .kfleet(&["cluster", "unregister", "1", "--force"])
        .exits(77)
        .stderr;
    assert!(said.contains("without being asked to"), "{said}");
    assert_eq!(cluster.data(&["cluster", "describe"])[0]["id"], 1);
}

/// It answers where it was asked and tells of another address, where nobody is.
#[test]
fn a_node_that_does_not_answer_is_named() {
    let nowhere = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let setting = format!("advertised.listeners=PLAINTEXT://{nowhere}");
    let cluster = Cluster::with(Engine::Kfleet, &[&setting]);
    for command in [&["cluster", "api-versions"][..], &["features", "describe"]] {
        let ran = cluster.kfleet(&[command, &["-o", "json"]].concat()).exits(69);
        let warning = ran.json()["warnings"][0].as_str().unwrap().to_owned();
        assert!(
            warning.starts_with("node 1: ") && warning.contains(&nowhere.to_string()),
            "{warning}"
        );
        for format in ["table", "ndjson"] {
            let ran = cluster.kfleet(&[command, &["-o", format]].concat()).exits(69);
            assert!(ran.stderr.contains(&nowhere.to_string()), "{}", ran.stderr);
        }
    }
    // What counts for all nodes is known from the one that was asked.
    let features = cluster.kfleet(&["features", "describe", "-o", "json"]).exits(69).data();
    assert!(
        features
            .as_array()
            .unwrap()
            .iter()
            .any(|row| row["finalized_level"] == 30)
    );
}
