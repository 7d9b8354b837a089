//! Settings of several brokers.

use serde_json::{Value, json};

use crate::support::Cluster;

on_both_engines!(nodes:
    ["--brokers", "3", "--controllers", "1", "--separate"] => brokers_are_held_against_each_other;
);

fn brokers_are_held_against_each_other(cluster: &Cluster) {
    let diff = |args: &[&str]| cluster.kfleet(&[&["configs", "diff", "broker", "--exit-code"], args].concat());
    assert_eq!(diff(&["-o", "json"]).exits(0).data(), json!([]));
    let own = diff(&["--include-node-keys", "-o", "json"]).exits(1).data();
    let keys: Vec<&Value> = own.as_array().unwrap().iter().map(|row| &row["key"]).collect();
    assert!(
        keys.contains(&&json!("node.id")) && keys.contains(&&json!("listeners")),
        "{keys:?}"
    );
    let brokers = cluster.data(&["cluster", "describe"]);
    let ids: Vec<String> = brokers
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["id"].to_string())
        .collect();
    // Each is asked for its own, and changes of its own go to it.
    let set = [
        "configs",
        "set",
        "broker",
        &ids[1],
        "--set",
        "log.cleaner.threads=2",
        "--yes",
    ];
    cluster.kfleet(&set).exits(0);
    let rows = diff(&["-o", "json"]).exits(1).data();
    let value =
        |value: &str, source: &str, names: &[&String]| json!({"value": value, "source": source, "names": names});
    let values = [
        value("1", "default", &[&ids[0], &ids[2]]),
        value("2", "broker", &[&ids[1]]),
    ];
    assert_eq!(rows, json!([{"key": "log.cleaner.threads", "values": values}]));
    diff(&[&ids[0], &ids[2]]).exits(0);
    let all = [
        "configs",
        "describe",
        "broker",
        "*",
        "--key",
        "log.cleaner.threads",
        "--all",
    ];
    assert_eq!(cluster.data(&all).as_array().unwrap().len(), 3);
}
