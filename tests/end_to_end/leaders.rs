//! Elections of leaders.

use serde_json::{Value, json};

use crate::support::Cluster;

on_both_engines!(
    what_needs_no_election_is_left_alone,
    another_cluster_is_left_alone,
    partitions_are_named_in_three_ways
);

fn what_needs_no_election_is_left_alone(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "2", "--yes"])
        .exits(0);
    for kind in ["preferred", "unclean", "UNCLEAN"] {
        // Nobody is asked about nothing, and nothing is lost.
        let rows = cluster.data(&["leaders", "elect", "--election-type", kind, "--all"]);
        let unchanged = |partition: i32| {
            json!({
                "topic": "t", "partition": partition, "leader_before": 1, "leader": 1, "changed": false, "error": null,
            })
        };
        assert_eq!(rows, json!([unchanged(0), unchanged(1)]), "{kind}");
    }
}

fn another_cluster_is_left_alone(cluster: &Cluster) {
    let said = cluster
        .kfleet(&["leaders", "elect", "--all", "--yes", "--expect-cluster-id", "x"])
        .exits(77)
        .stderr;
    assert!(said.contains("x was expected"), "{said}");
    let id = cluster.kfleet(&["cluster", "id"]).exits(0).stdout;
    cluster
        .kfleet(&["leaders", "elect", "--all", "--yes", "--expect-cluster-id", id.trim()])
        .exits(0);
}

fn partitions_are_named_in_three_ways(cluster: &Cluster) {
    for topic in ["a", "b"] {
        cluster
            .kfleet(&["topics", "create", topic, "--partitions", "3", "--yes"])
            .exits(0);
    }
    let elect = |args: &[&str]| cluster.kfleet(&[&["leaders", "elect", "-o", "json"], args].concat());
    let named = |args: &[&str]| -> Vec<(String, i64)> {
        let rows = elect(args).exits(0).data();
        let key = |row: &Value| {
            (
                row["topic"].as_str().unwrap().to_owned(),
                row["partition"].as_i64().unwrap(),
            )
        };
        rows.as_array().unwrap().iter().map(key).collect()
    };
    let of = |topic: &str, partitions: &[i64]| -> Vec<(String, i64)> {
        partitions
            .iter()
            .map(|partition| (topic.to_owned(), *partition))
            .collect()
    };
    assert_eq!(named(&["--topic", "a"]), of("a", &[0, 1, 2]));
    assert_eq!(
        named(&["--topic", "b", "--partition", "2", "--partition", "0"]),
        of("b", &[0, 2])
    );
    assert_eq!(named(&["--all"]).len(), 6);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("partitions.json");
    let with = |text: &str| {
        std::fs::write(&file, text).unwrap();
        ["--path-to-json-file", file.to_str().unwrap()]
    };
    let both = with(r#"{"partitions": [{"topic": "b", "partition": 1}, {"topic": "a", "partition": 2}]}"#);
    assert_eq!(named(&both), [of("a", &[2]), of("b", &[1])].concat());
    elect(&with(r#"{"partitions": [{"topic": "a"}]}"#)).exits(65);
    elect(&with(r#"{"partitions": [{"topic": "c", "partition": 0}]}"#)).exits(66);
    elect(&with(r#"{"partitions": [{"topic": "a", "partition": 3}]}"#)).exits(66);
    elect(&["--file", "/nowhere"]).exits(66);
    let missing = elect(&["--topic", "bb"]).exits(66).json();
    assert_eq!(missing["error"]["hints"], json!(["did you mean b?"]));
    elect(&["--topic", "c"]).exits(66);
    elect(&["--topic", "a", "--partition", "3"]).exits(66);
    for wrong in [
        &[][..],
        &["--partition", "1"],
        &["--all", "--topic", "a"],
        &["--election-type", "clean", "--all"],
    ] {
        elect(wrong).exits(64);
    }
}
