//! Topics and their settings.

use serde_json::json;

use crate::support::Cluster;

on_both_engines!(
    topics_are_created_listed_described_altered_and_deleted,
    what_is_wrong_with_a_topic_is_said_and_nothing_is_created,
    settings_are_set_described_and_unset,
    the_cluster_tells_who_it_is,
);

fn topics_are_created_listed_described_altered_and_deleted(cluster: &Cluster) {
    let create = ["topics", "create", "orders", "--partitions", "3", "--yes", "-o", "json"];
    let created = cluster.kfleet(&create).exits(0).data();
    assert_eq!(created[0]["changed"], true);
    cluster.kfleet(&["topics", "create", "a.b_c-d", "--yes"]).exits(0);
    assert_eq!(
        cluster.kfleet(&["topics", "list"]).exits(0).lines(),
        ["a.b_c-d", "orders"]
    );
    let described = cluster.data(&["topics", "describe", "orders"]);
    assert_eq!(described.as_array().unwrap().len(), 3);
    for (index, partition) in described.as_array().unwrap().iter().enumerate() {
        assert_eq!(partition["partition"], index);
        assert_eq!(partition["leader"], 1);
        assert_eq!(partition["isr"], json!([1]));
        assert_eq!(partition["offline"], json!([]));
        assert_eq!(
            (&partition["elr"], &partition["last_known_elr"]),
            (&json!([]), &json!([]))
        );
    }
    cluster
        .kfleet(&["topics", "alter", "orders", "--partitions", "5", "--yes"])
        .exits(0);
    assert_eq!(
        cluster
            .data(&["topics", "describe", "orders"])
            .as_array()
            .unwrap()
            .len(),
        5
    );
    cluster
        .kfleet(&["topics", "alter", "orders", "--partitions", "2", "--yes"])
        .exits(76);
    cluster.kfleet(&["topics", "delete", "orders", "--yes"]).exits(0);
    assert_eq!(cluster.kfleet(&["topics", "list"]).exits(0).lines(), ["a.b_c-d"]);
    cluster.kfleet(&["topics", "describe", "orders"]).exits(66);
    cluster.kfleet(&["topics", "delete", "orders", "--yes"]).exits(66);
}

fn what_is_wrong_with_a_topic_is_said_and_nothing_is_created(cluster: &Cluster) {
    for bad in [
        &["no/slash"][..],
        &["t", "--partitions", "0"],
        &["t", "--replication-factor", "2"],
        &["t", "--config", "no.such.key=1"],
        &["t", "--config", "retention.ms=soon"],
    ] {
        let ran = cluster.kfleet(&[&["topics", "create", "--yes"], bad].concat());
        assert!(
            [64, 76].contains(&ran.code),
            "{bad:?} exits {}: {}",
            ran.code,
            ran.stderr
        );
        assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
    }
    assert!(cluster.kfleet(&["topics", "list"]).exits(0).lines().is_empty());
    // Without anybody to ask and without --yes, nothing is changed.
    cluster.kfleet(&["topics", "create", "t"]).exits(77);
    cluster.kfleet(&["topics", "create", "t", "--dry-run"]).exits(0);
    let wrong = [
        "topics",
        "create",
        "t",
        "--yes",
        "--expect-cluster-id",
        "AAAAAAAAAAAAAAAAAAAAAA",
    ];
    cluster.kfleet(&wrong).exits(77);
    assert!(cluster.kfleet(&["topics", "list"]).exits(0).lines().is_empty());
}

fn settings_are_set_described_and_unset(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    let value_of = |key: &str| {
        let all = cluster.data(&["configs", "describe", "topic", "t", "--all"]);
        let row = all.as_array().unwrap().iter().find(|row| row["name"] == key).cloned();
        row.unwrap_or_else(|| panic!("{key} is not described"))["value"].clone()
    };
    assert_eq!(value_of("retention.ms"), "604800000");
    let set = [
        "configs",
        "set",
        "topic",
        "t",
        "--set",
        "retention.ms=1000",
        "--set",
        "cleanup.policy=compact,delete",
        "--yes",
    ];
    cluster.kfleet(&set).exits(0);
    assert_eq!(value_of("retention.ms"), "1000");
    assert_eq!(value_of("cleanup.policy"), "compact,delete");
    cluster
        .kfleet(&["configs", "unset", "topic", "t", "--key", "retention.ms", "--yes"])
        .exits(0);
    assert_eq!(value_of("retention.ms"), "604800000");
    cluster
        .kfleet(&["configs", "set", "topic", "t", "--set", "retention.ms=never", "--yes"])
        .exits(76);
    cluster
        .kfleet(&["configs", "set", "topic", "none", "--set", "retention.ms=1", "--yes"])
        .exits(66);
}

fn the_cluster_tells_who_it_is(cluster: &Cluster) {
    let id = cluster.kfleet(&["cluster", "id"]).exits(0);
    assert_eq!(id.stdout.trim().len(), 22);
    let nodes = cluster.data(&["cluster", "describe"]);
    assert_eq!(nodes.as_array().unwrap().len(), 1);
    let quorum = cluster.data(&["quorum", "status"]);
    assert_eq!(quorum["leader_id"], 1);
}

/// More partitions than one answer has room for, some of which end a page in the middle of a topic.
fn described_page_by_page(cluster: &Cluster, topics: usize, partitions: usize) {
    let names: Vec<String> = (0..topics).map(|at| format!("t{at}")).collect();
    let count = partitions.to_string();
    let mut create = vec!["topics", "create", "--partitions", &count, "--yes"];
    create.extend(names.iter().map(String::as_str));
    cluster.kfleet(&create).exits(0);
    let listed = |args: &[&str]| {
        let rows = cluster.data(&[&["topics", "describe"], args].concat());
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| format!("{}-{}", row["topic"].as_str().unwrap(), row["partition"]))
            .collect::<Vec<_>>()
    };
    let of = |name: &String| (0..partitions).map(|at| format!("{name}-{at}")).collect::<Vec<_>>();
    let all: Vec<String> = names.iter().flat_map(of).collect();
    assert_eq!(listed(&[]), all);
    assert_eq!(listed(&["t1"]), of(&names[1]));
    assert_eq!(listed(&["t1", "t0"]), [of(&names[0]), of(&names[1])].concat());
}

#[test]
fn many_partitions_are_described_page_by_page() {
    described_page_by_page(&Cluster::start(crate::support::Engine::Kfleet), 3, 900);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn many_partitions_of_apache_are_described_page_by_page() {
    let small = ["max.request.partition.size.limit=4"];
    described_page_by_page(&Cluster::with(crate::support::Engine::Apache, &small), 3, 3);
}

#[test]
fn that_nothing_is_compacted_is_said_once() {
    let cluster = Cluster::start(crate::support::Engine::Kfleet);
    for topic in ["a", "b"] {
        let create = ["topics", "create", topic, "--config", "cleanup.policy=compact", "--yes"];
        cluster.kfleet(&create).exits(0);
        let keys = cluster.data(&["configs", "describe", "topic", topic]);
        let mut keys = keys.as_array().unwrap().iter();
        assert!(keys.any(|key| key["name"] == "cleanup.policy" && key["value"] == "compact"));
    }
    let said = std::fs::read_to_string(cluster.dir.join("node-1.log")).unwrap();
    assert_eq!(said.matches("does not compact").count(), 1, "{said}");
}
