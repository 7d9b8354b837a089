//! Groups of several coordinators in one command.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::Cluster;
use crate::support::members::join;

on_both_engines!(nodes: ["--brokers", "3"] => groups_of_all_coordinators_are_found_changed_and_deleted;);

const GROUPS: usize = 12;

fn groups_of_all_coordinators_are_found_changed_and_deleted(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "orders", "--partitions", "6", "--yes"])
        .exits(0);
    let input: String = (0..60).map(|at| format!("{at}\n")).collect();
    for partition in 0..6 {
        let produce = ["produce", "orders", "--partition", &partition.to_string()];
        cluster.kfleet_with_input(&produce, &input).exits(0);
    }
    let names: Vec<String> = (0..GROUPS).map(|at| format!("group-{at:02}")).collect();
    let mut csv = String::new();
    for (at, name) in names.iter().enumerate() {
        (0..6).for_each(|partition| csv.push_str(&format!("{name},orders,{partition},{at}\n")));
    }
    // One plan for all of them.
    let restored = cluster.kfleet_with_input(&["offsets", "restore", "-", "--yes", "-o", "json"], &csv);
    let restored = restored.exits(0).data();
    assert_eq!(restored.as_array().unwrap().len(), GROUPS * 6);
    let listed = cluster.data(&["groups", "list"]);
    let listed = listed.as_array().unwrap();
    let found: Vec<&Value> = listed.iter().map(|group| &group["group"]).collect();
    assert_eq!(
        found,
        names
            .iter()
            .map(|name| json!(name))
            .collect::<Vec<_>>()
            .iter()
            .collect::<Vec<_>>()
    );
    let coordinators: BTreeSet<i64> = listed.iter().map(|g| g["coordinator"].as_i64().unwrap()).collect();
    assert!(coordinators.len() > 1, "all of them are on {coordinators:?}");
    let rows = cluster.data(&["groups", "describe", "--all-groups"]);
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), GROUPS * 6);
    assert!(
        rows.iter()
            .all(|row| row["log_end_offset"] == 60 && row["lag"].as_i64() > Some(40))
    );
    let saved = cluster
        .kfleet(&["offsets", "save", "--all-groups", "--format", "csv"])
        .exits(0);
    assert_eq!(saved.stdout, csv);
    // One with a member keeps all of them.
    let member = join(cluster, &names[7], "orders", &[0]);
    let delete: Vec<&str> = ["groups", "delete", "--yes"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let refused = cluster.kfleet(&delete).exits(77);
    assert!(refused.stderr.contains(&member), "{}", refused.stderr);
    assert_eq!(cluster.data(&["groups", "list"]).as_array().unwrap().len(), GROUPS);
    let removing = [&delete[..], &["--remove-members", "-o", "json"]].concat();
    let deleted = cluster.kfleet(&removing).exits(0).data();
    assert!(
        deleted.as_array().unwrap().iter().all(|row| row["changed"] == true),
        "{deleted}"
    );
    assert_eq!(cluster.data(&["groups", "list"]), json!([]));
}
