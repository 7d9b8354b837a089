//! Topics of several brokers: who has replicas, and who misses some.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::Cluster;
use crate::support::nodes::wait_until;

on_both_engines!(nodes:
    [
        "--brokers", "3", "--controllers", "1", "--separate",
        "--set", "broker.session.timeout.ms=6000", "--set", "broker.heartbeat.interval.ms=500",
        "--set", "offsets.topic.replication.factor=1"
    ] => replicas_go_where_they_are_told_to_and_those_that_are_missed_are_found;
);

fn partitions(cluster: &Cluster, args: &[&str]) -> Vec<(String, i64)> {
    let rows = cluster.data(&[&["topics", "describe"], args].concat());
    let name = |row: &Value| {
        (
            row["topic"].as_str().unwrap().to_owned(),
            row["partition"].as_i64().unwrap(),
        )
    };
    rows.as_array().unwrap().iter().map(name).collect()
}

fn replicas_go_where_they_are_told_to_and_those_that_are_missed_are_found(cluster: &Cluster) {
    let [a, b, c] = cluster.broker_ids().try_into().unwrap();
    let assignment = format!("{a}:{b}:{c},{b}:{c}:{a}");
    let min = "min.insync.replicas=2";
    let create = [
        "topics",
        "create",
        "t",
        "--replica-assignment",
        &assignment,
        "--config",
        min,
        "--yes",
        "-o",
        "json",
    ];
    let created = cluster.kfleet(&create).exits(0).data();
    assert_eq!(
        (&created[0]["partitions"], &created[0]["replication_factor"]),
        (&json!(2), &json!(3))
    );
    let alone = format!("{c}");
    cluster
        .kfleet(&["topics", "create", "alone", "--replica-assignment", &alone, "--yes"])
        .exits(0);
    let replicas = |topic: &str| {
        let rows = cluster.data(&["topics", "describe", topic]);
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| row["replicas"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(replicas("t"), [json!([a, b, c]), json!([b, c, a])]);
    // Those that are there are named, too, and stay where they are.
    let grown = format!("{a}:{b}:{c},{c}:{b}:{a},{c}:{a}:{b}");
    let alter = [
        "topics",
        "alter",
        "t",
        "--replica-assignment",
        &grown,
        "--yes",
        "-o",
        "json",
    ];
    let altered = cluster.kfleet(&alter).exits(0).json();
    assert_eq!(
        (
            &altered["data"][0]["partitions_before"],
            &altered["data"][0]["partitions"]
        ),
        (&json!(2), &json!(3))
    );
    assert!(
        altered["warnings"][0].as_str().unwrap().contains("t-1 stays"),
        "{altered}"
    );
    assert_eq!(replicas("t"), [json!([a, b, c]), json!([b, c, a]), json!([c, a, b])]);
    let refused = format!("{a}:{b}:99");
    let create = ["topics", "create", "u", "--replica-assignment", &refused, "--yes"];
    cluster.kfleet(&create).exits(76);

    let all: Vec<(String, i64)> = (0..3).map(|at| ("t".to_owned(), at)).collect();
    let found = |flag: &str| partitions(cluster, &["alone", "t", flag]);
    wait_until("all replicas are in sync", || found("--under-replicated").is_empty());
    for flag in ["--unavailable-partitions", "--under-min-isr", "--at-min-isr"] {
        let of_t: Vec<_> = found(flag).into_iter().filter(|(topic, _)| topic == "t").collect();
        assert_eq!(of_t, [], "{flag}");
    }
    cluster.kill_node(c as i32);
    wait_until("t has lost a replica of each partition", || {
        found("--under-replicated-partitions")
            .into_iter()
            .filter(|(topic, _)| topic == "t")
            .collect::<Vec<_>>()
            == all
    });
    assert_eq!(partitions(cluster, &["t", "--at-min-isr-partitions"]), all);
    assert_eq!(found("--unavailable"), [("alone".to_owned(), 0)]);
    assert_eq!(found("--under-min-isr-partitions"), [("alone".to_owned(), 0)]);
    let row = &cluster.data(&["topics", "describe", "t", "--at-min-isr"])[0];
    assert_eq!((&row["min_insync_replicas"], &row["adding"]), (&json!(2), &json!([])));
    // What only the lost one could tell is not known, and what others tell is told.
    let dirs = cluster.kfleet(&["log-dirs", "describe", "-o", "json"]).exits(69).json();
    assert_eq!(dirs["data"].as_array().unwrap().len(), 2, "{dirs}");
    assert_eq!(dirs["errors"][0]["what"], format!("broker {c}"));
    let lost = c.to_string();
    wait_until("the lost broker is listed no more", || {
        let ran = cluster.kfleet(&["log-dirs", "describe", "--brokers", &lost]);
        ran.stderr.contains("is not alive")
    });
    for command in [
        &["configs", "describe", "broker", &lost][..],
        &["log-dirs", "describe", "--brokers", &lost],
    ] {
        let ran = cluster.kfleet(command).exits(69);
        assert!(ran.stderr.contains("is not alive"), "{}", ran.stderr);
    }
    let compared = cluster
        .kfleet(&["configs", "diff", "broker", "-o", "json"])
        .exits(69)
        .json();
    assert_eq!(
        (&compared["data"], &compared["errors"][0]["what"]),
        (&json!([]), &json!(format!("broker {c}")))
    );
    // Without a controller all is told but what only it knows.
    let controller = cluster
        .nodes()
        .into_iter()
        .find(|node| node["roles"] == json!(["controller"]));
    cluster.kill_node(controller.unwrap()["id"].as_i64().unwrap() as i32);
    let since = Instant::now();
    let described = cluster
        .kfleet(&["topics", "describe", "t", "-o", "json"])
        .exits(0)
        .json();
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    assert_eq!(
        (
            described["data"].as_array().unwrap().len(),
            &described["data"][0]["adding"]
        ),
        (3, &Value::Null)
    );
    assert!(
        described["warnings"][0]
            .as_str()
            .unwrap()
            .contains("being moved is not known"),
        "{described}"
    );
}
