//! Records that are deleted from the beginnings of partitions.

use serde_json::{Value, json};

use crate::support::Cluster;

on_both_engines!(
    records_before_an_offset_are_gone_and_the_rest_stays,
    what_makes_no_sense_deletes_nothing,
);

fn filled(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "2", "--yes"])
        .exits(0);
    for partition in ["0", "1"] {
        let produce = ["produce", "t", "-p", partition];
        cluster.kfleet_with_input(&produce, "a\nb\nc\nd\n").exits(0);
    }
}

fn starts(cluster: &Cluster) -> Vec<i64> {
    let rows = cluster.data(&["offsets", "get", "t", "--at", "earliest"]);
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["offset"].as_i64().unwrap()).collect()
}

fn records_before_an_offset_are_gone_and_the_rest_stays(cluster: &Cluster) {
    filled(cluster);
    let delete = |args: &[&str]| cluster.kfleet(&[&["topics", "records-delete", "-o", "json"], args].concat());
    let plan = delete(&["t:0=3", "--dry-run"]).exits(0).data();
    let row = |partition: i32, start: i64, before: i64, low: Value| {
        json!({
            "topic": "t", "partition": partition, "log_start_offset": start, "high_watermark": 4,
            "before_offset": before, "offsets": (before - start).max(0), "low_watermark": low,
            "changed": !low.is_null(), "error": null,
        })
    };
    assert_eq!(plan, json!([row(0, 0, 3, Value::Null)]));
    assert_eq!(starts(cluster), [0, 0]);
    let done = delete(&["t:0=3", "t:1=1", "--yes"]).exits(0).data();
    assert_eq!(done, json!([row(0, 0, 3, json!(3)), row(1, 0, 1, json!(1))]));
    assert_eq!(starts(cluster), [3, 1]);
    // Once more there is nothing to do, and nobody is asked.
    assert_eq!(delete(&["t:0=2"]).exits(0).data(), json!([row(0, 3, 2, Value::Null)]));
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("delete.json");
    std::fs::write(
        &file,
        r#"{"partitions":[{"topic":"t","partition":1,"offset":-1}],"version":1}"#,
    )
    .unwrap();
    let by_file = delete(&["--offset-json-file", file.to_str().unwrap(), "--yes"]);
    assert_eq!(by_file.exits(0).data(), json!([row(1, 1, 4, json!(4))]));
    assert_eq!(starts(cluster), [3, 4]);
    assert_eq!(cluster.kfleet(&["consume", "t"]).exits(0).lines(), ["d"]);
}

fn what_makes_no_sense_deletes_nothing(cluster: &Cluster) {
    filled(cluster);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("delete.json");
    let delete = |args: &[&str]| cluster.kfleet(&[&["topics", "records-delete", "--yes"], args].concat());
    for (args, code) in [
        (&["t:0=5"][..], 64),
        (&["t:0=-2"], 64),
        (&["t:0=1", "t:0=2"], 64),
        (&["t:2=1"], 66),
        (&["tt:0=1", "t:0=1"], 66),
        (&[], 64),
    ] {
        delete(args).exits(code);
    }
    for (text, said) in [
        ("{\n  \"partitions\": 5}", "line 2 column"),
        (
            r#"{"partitions":[{"topic":"t","partition":0,"offset":9}]}"#,
            "past its high watermark, 4",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let ran = delete(&["--offset-json-file", file.to_str().unwrap()]).exits(65);
        assert!(ran.stderr.contains(said), "{}", ran.stderr);
    }
    cluster
        .kfleet(&[
            "topics",
            "create",
            "compacted",
            "--config",
            "cleanup.policy=compact",
            "--yes",
        ])
        .exits(0);
    cluster
        .kfleet_with_input(&["produce", "compacted", "-K", ":"], "k:v\n")
        .exits(0);
    assert_eq!(starts(cluster), [0, 0]);
}
