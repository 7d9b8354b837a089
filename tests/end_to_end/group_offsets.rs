//! Offsets of groups: set, reset, shifted, saved, restored, copied and deleted.

use serde_json::{Value, json};

use crate::support::Cluster;

on_both_engines!(
    offsets_go_where_they_are_wished,
    offsets_go_where_a_time_or_a_file_says,
    offsets_are_saved_restored_copied_and_deleted,
);

/// Ten records in one partition, six in another.
fn prepare(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "orders", "--partitions", "2", "--yes"])
        .exits(0);
    for (partition, count) in [("0", 10), ("1", 6)] {
        let input: String = (0..count).map(|at| format!("{at}\n")).collect();
        let produce = ["produce", "orders", "--partition", partition];
        cluster.kfleet_with_input(&produce, &input).exits(0);
    }
}

fn committed(cluster: &Cluster, group: &str) -> Value {
    let rows = cluster.data(&["groups", "describe", group]);
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["committed_offset"].clone()).collect()
}

/// Runs a change with a yes; its document.
#[track_caller]
fn change(cluster: &Cluster, command: &str) -> Value {
    let words: Vec<&str> = command.split(' ').chain(["--yes", "-o", "json"]).collect();
    cluster.kfleet(&words).exits(0).json()
}

fn offsets_go_where_they_are_wished(cluster: &Cluster) {
    prepare(cluster);
    let set = ["offsets", "set", "g", "orders:0=3", "orders:1=99"];
    cluster.kfleet(&[&set[..], &["--yes"]].concat()).exits(66);
    let planned = cluster
        .kfleet(&[&set[..], &["--create", "--dry-run", "-o", "json"]].concat())
        .exits(0);
    assert_eq!(
        (&planned.data()[1]["new_offset"], &planned.data()[1]["changed"]),
        (&json!(6), &json!(false))
    );
    assert_eq!(cluster.data(&["groups", "list"]), json!([]));
    let done = change(cluster, "offsets set g orders:0=3 orders:1=99 --create");
    assert!(
        done["warnings"][0].as_str().unwrap().contains("99 is past the end"),
        "{done}"
    );
    assert_eq!(
        (&done["data"][0]["current_offset"], &done["data"][0]["changed"]),
        (&Value::Null, &json!(true))
    );
    assert_eq!(committed(cluster, "g"), json!([3, 6]));
    let again = change(cluster, "offsets set g orders:0=3");
    assert_eq!(again["data"][0]["changed"], false);
    for (command, offsets) in [
        ("offsets reset g --to-earliest --topic orders", [0, 0]),
        ("offsets reset g --to-latest --topic orders:1", [0, 6]),
        ("offsets reset g --to-offset 5 --all-topics", [5, 5]),
        ("offsets reset g --shift-by -2 --topic orders:0", [3, 5]),
        ("offsets reset g --to-current --topic orders", [3, 5]),
        ("offsets shift g --by 4 --topic orders:0 --topic orders:1", [7, 6]),
        ("offsets shift g --by -100 --all-topics", [0, 0]),
        ("offsets reset g --to-latest --all-topics", [10, 6]),
    ] {
        change(cluster, command);
        assert_eq!(committed(cluster, "g"), json!(offsets), "{command}");
    }
    let shown = cluster
        .kfleet(&["offsets", "shift", "g", "--by", "-1", "--all-topics", "--yes"])
        .exits(0);
    assert!(
        shown.stderr.contains("DIFFERENCE") && shown.stderr.contains("-1"),
        "{}",
        shown.stderr
    );
    for wrong in [
        &["offsets", "reset", "g", "--to-earliest"][..],
        &["offsets", "reset", "g", "--all-topics"],
        &["offsets", "reset", "g", "--to-earliest", "--to-latest", "--all-topics"],
        &["offsets", "reset", "g", "--to-datetime", "noon", "--all-topics"],
        &["offsets", "set", "g", "orders=1"],
        &["offsets", "set", "g", "orders:0=1", "orders:0=2"],
        &["offsets", "shift", "g", "--all-topics"],
        &["offsets", "copy", "g", "g"],
    ] {
        cluster.kfleet(&[wrong, &["--yes"]].concat()).exits(64);
    }
    // A group stands somewhere before it can be shifted.
    change(cluster, "offsets set half orders:0=1 --create");
    let shift = ["offsets", "shift", "half", "--by", "1", "--topic", "orders", "--yes"];
    let ran = cluster.kfleet(&shift).exits(77);
    assert!(ran.stderr.contains("orders-1"), "{}", ran.stderr);
}

fn offsets_go_where_a_time_or_a_file_says(cluster: &Cluster) {
    prepare(cluster);
    for (command, offsets) in [
        ("--to-datetime 1970-01-01T00:00:00.000", [0, 0]),
        ("--to-datetime 2999-01-01T00:00:00.000", [10, 6]),
        ("--by-duration PT1H", [0, 0]),
        ("--by-duration -PT1H", [10, 6]),
    ] {
        let done = change(cluster, &format!("offsets reset g {command} --topic orders --create"));
        assert_eq!(committed(cluster, "g"), json!(offsets), "{command}");
        let late = offsets == [10, 6];
        assert_eq!(
            done["warnings"].as_array().unwrap().len(),
            if late { 2 } else { 0 },
            "{done}"
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("offsets");
    let path = file.to_str().unwrap();
    std::fs::write(&file, "orders,0,2\norders,1,500\n").unwrap();
    change(cluster, &format!("offsets reset g --from-file {path}"));
    assert_eq!(committed(cluster, "g"), json!([2, 6]));
    std::fs::write(&file, "other,orders,0,1\ng,orders,0,7\n").unwrap();
    change(cluster, &format!("offsets reset g --from-file {path}"));
    assert_eq!(committed(cluster, "g"), json!([7, 6]));
    std::fs::write(&file, "orders,0,2\norders,one,5\n").unwrap();
    let wrong = cluster
        .kfleet(&["offsets", "reset", "g", "--from-file", path, "--yes"])
        .exits(65);
    assert!(wrong.stderr.contains("line 2, column 8"), "{}", wrong.stderr);
    std::fs::write(&file, "orders,0,2\norders,9,5\n").unwrap();
    cluster
        .kfleet(&["offsets", "reset", "g", "--from-file", path, "--yes"])
        .exits(66);
    cluster.kfleet(&["offsets", "restore", "/nowhere", "--yes"]).exits(66);
    assert_eq!(committed(cluster, "g"), json!([7, 6]));
}

fn offsets_are_saved_restored_copied_and_deleted(cluster: &Cluster) {
    prepare(cluster);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("saved.json");
    let path = file.to_str().unwrap();
    let noted = json!({"data": [
        {"group": "g", "topic": "orders", "partition": 0, "offset": 4, "metadata": "noted"},
        {"group": "g", "topic": "orders", "partition": 1, "offset": 5},
    ]});
    std::fs::write(&file, noted.to_string()).unwrap();
    change(cluster, &format!("offsets restore {path}"));
    assert_eq!(committed(cluster, "g"), json!([4, 5]));
    let written = cluster.data(&["offsets", "save", "g", "--file", path]);
    assert_eq!((&written["groups"], &written["offsets"]), (&json!(1), &json!(2)));
    let saved: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(
        (&saved["schema"], &saved["data"][0]["metadata"]),
        (&json!("kfleet/offsets-save/1"), &json!("noted"))
    );
    assert_eq!(cluster.kfleet(&["offsets", "save", "g"]).exits(0).json(), saved);
    change(cluster, "offsets reset g --to-latest --all-topics");
    change(cluster, &format!("offsets restore {path} --group g"));
    assert_eq!(
        cluster.kfleet(&["offsets", "save", "g"]).exits(0).json()["data"],
        saved["data"]
    );
    // What others write.
    let csv = cluster
        .kfleet(&["offsets", "save", "g", "--format", "csv"])
        .exits(0)
        .stdout;
    assert_eq!(csv, "orders,0,4\norders,1,5\n");
    let from_stdin = ["offsets", "restore", "-", "--group", "h", "--yes"];
    cluster.kfleet_with_input(&from_stdin, &csv).exits(0);
    assert_eq!(committed(cluster, "h"), json!([4, 5]));
    let old = r#"{"groupid": "h", "offsets": {"orders": {"0": 1}}}"#;
    cluster
        .kfleet_with_input(&["offsets", "restore", "-", "--yes"], old)
        .exits(0);
    assert_eq!(committed(cluster, "h"), json!([1, 5]));
    let both = cluster
        .kfleet(&["offsets", "save", "--all-groups", "--format", "csv"])
        .exits(0)
        .stdout;
    assert_eq!(both, "g,orders,0,4\ng,orders,1,5\nh,orders,0,1\nh,orders,1,5\n");
    // Another name for a group, with all that it noted.
    change(cluster, "offsets copy g named --delete-source");
    let named = cluster.kfleet(&["offsets", "save", "named"]).exits(0).json();
    assert_eq!(named["data"][0]["metadata"], "noted");
    let groups = cluster.data(&["groups", "list"]);
    let groups: Vec<_> = groups.as_array().unwrap().iter().map(|group| &group["group"]).collect();
    assert_eq!(groups, ["h", "named"]);
    change(cluster, "offsets copy named h --topic orders:0");
    assert_eq!(committed(cluster, "h"), json!([4, 5]));
    change(cluster, "offsets delete h --topic orders:0");
    assert_eq!(committed(cluster, "h"), json!([5]));
    // A topic that is gone is left out of a copy.
    cluster.kfleet(&["topics", "delete", "orders", "--yes"]).exits(0);
    let planned = cluster.kfleet(&["offsets", "copy", "h", "i", "--dry-run", "-o", "json"]);
    let gone = planned.code == 66 || planned.stdout.contains("does not exist any more");
    assert!(gone, "{planned:?}");
}
