//! Features and their levels.

use serde_json::{Value, json};

use crate::support::Cluster;

on_both_engines!(
    features_are_described_lowered_and_raised,
    what_would_lose_metadata_is_refused,
    the_same_levels_are_no_change,
);

fn row<'a>(rows: &'a Value, feature: &str) -> &'a Value {
    let mut rows = rows.as_array().unwrap().iter();
    rows.find(|row| row["feature"] == feature)
        .unwrap_or_else(|| panic!("no {feature}"))
}

fn level(cluster: &Cluster, feature: &str) -> i64 {
    let rows = cluster.data(&["features", "describe"]);
    row(&rows, feature)["finalized_level"].as_i64().unwrap()
}

fn features_are_described_lowered_and_raised(cluster: &Cluster) {
    let rows = cluster.data(&["features", "describe"]);
    let names: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["feature"]).collect();
    let all = [
        "eligible.leader.replicas.version",
        "group.version",
        "kraft.version",
        "metadata.version",
        "share.version",
        "streams.version",
        "transaction.version",
    ];
    assert_eq!(names, all);
    let metadata = row(&rows, "metadata.version");
    assert_eq!(
        (&metadata["finalized_level"], &metadata["finalized_release"]),
        (&json!(30), &json!("4.3-IV0"))
    );
    assert_eq!(
        (&metadata["supported_min"], &metadata["supported_max"]),
        (&json!(7), &json!(30))
    );
    assert_eq!(metadata["nodes"], json!([{"node": 1, "min": 7, "max": 30}]));
    assert!(metadata["epoch"].as_i64().unwrap() > 0);
    assert_eq!(
        row(&rows, "kraft.version")["finalized_level"],
        0,
        "its voters are static"
    );
    assert_eq!(
        cluster
            .data(&["features", "describe", "--node", "1"])
            .as_array()
            .unwrap()
            .len(),
        7
    );
    cluster.kfleet(&["features", "describe", "--node", "2"]).exits(66);

    let down = ["features", "downgrade", "--feature", "group.version=0"];
    let planned = cluster
        .kfleet(&[&down[..], &["--dry-run", "-o", "json"]].concat())
        .exits(0);
    assert_eq!(planned.data()[0]["changed"], false);
    assert!(planned.stderr.contains("group.version: 1 -> 0"), "{}", planned.stderr);
    cluster.kfleet(&down).exits(77);
    assert_eq!(level(cluster, "group.version"), 1);
    let lowered = cluster.data(&[&down[..], &["--yes"]].concat());
    assert_eq!(
        lowered,
        json!([{"feature": "group.version", "from": 1, "to": 0, "changed": true}])
    );
    assert_eq!(level(cluster, "group.version"), 0);
    // A release raises what lies below it, and leaves the voters as they are.
    let up = ["features", "upgrade", "--release-version", "4.3", "--yes", "-o", "json"];
    let ran = cluster.kfleet(&up).exits(0);
    assert_eq!(row(&ran.data(), "group.version")["changed"], true);
    assert_eq!(row(&ran.data(), "metadata.version")["changed"], false);
    assert!(
        ran.json()["warnings"][0]
            .as_str()
            .unwrap()
            .starts_with("kraft.version stays at 0")
    );
    assert_eq!(
        (level(cluster, "group.version"), level(cluster, "kraft.version")),
        (1, 0)
    );
}

fn what_would_lose_metadata_is_refused(cluster: &Cluster) {
    let down = ["features", "downgrade", "--metadata", "4.2", "--yes"];
    let said = cluster.kfleet(&down).exits(77).stderr;
    assert!(said.contains("might delete metadata information"), "{said}");
    assert!(said.contains("--unsafe"), "{said}");
    // Neither engine goes through with it.
    let said = cluster.kfleet(&[&down[..], &["--unsafe"]].concat()).exits(76).stderr;
    assert!(said.contains("Unsafe metadata downgrade is not supported"), "{said}");
    // What lies the other way is for the other command.
    let said = cluster
        .kfleet(&["features", "upgrade", "--metadata", "4.2", "--yes"])
        .exits(77)
        .stderr;
    assert!(said.contains("is a downgrade"), "{said}");
    let up = [
        "features",
        "upgrade",
        "--feature",
        "share.version=9",
        "--feature",
        "group.version=1",
        "--yes",
    ];
    let said = cluster.kfleet(&up).exits(76).stderr;
    assert!(said.contains("only supports versions 0-1"), "{said}");
    assert_eq!(
        (level(cluster, "metadata.version"), level(cluster, "share.version")),
        (30, 1)
    );
    for wrong in [
        &["features", "upgrade", "--yes"][..],
        &["features", "upgrade", "--feature", "group.version", "--yes"],
        &["features", "upgrade", "--metadata", "9.9", "--yes"],
        &[
            "features",
            "upgrade",
            "--release-version",
            "4.3",
            "--metadata",
            "4.3",
            "--yes",
        ],
    ] {
        cluster.kfleet(wrong).exits(64);
    }
}

fn the_same_levels_are_no_change(cluster: &Cluster) {
    for verb in ["upgrade", "downgrade"] {
        // Nobody has to be asked for what is no change.
        let ran = cluster.data(&[
            "features",
            verb,
            "--metadata",
            "4.3",
            "--feature",
            "transaction.version=2",
        ]);
        for feature in ["metadata.version", "transaction.version"] {
            let row = row(&ran, feature);
            assert_eq!((&row["changed"], &row["from"]), (&json!(false), &row["to"]));
        }
    }
    let other = ["features", "upgrade", "--metadata", "4.3", "--expect-cluster-id", "x"];
    cluster.kfleet(&other).exits(77);
    let other = [
        "features",
        "downgrade",
        "--feature",
        "group.version=0",
        "--expect-cluster-id",
        "x",
        "--yes",
    ];
    let said = cluster.kfleet(&other).exits(77).stderr;
    assert!(said.contains("x was expected"), "{said}");
    assert_eq!(level(cluster, "group.version"), 1);
}
