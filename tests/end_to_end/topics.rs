//! Topics and their settings.

use serde_json::json;

use crate::support::Cluster;

on_both_engines!(
    topics_are_created_listed_described_altered_and_deleted,
    what_is_wrong_with_a_topic_is_said_and_nothing_is_created,
    settings_are_set_described_and_unset,
    topics_are_meant_by_name_pattern_expression_and_id,
    what_is_there_already_is_left_alone,
    topics_are_told_in_a_line_each_with_what_was_set,
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

fn topics_are_meant_by_name_pattern_expression_and_id(cluster: &Cluster) {
    for topic in ["orders", "orders-eu", "payments"] {
        cluster.kfleet(&["topics", "create", topic, "--yes"]).exits(0);
    }
    let names = |args: &[&str]| -> Vec<String> {
        let lines = cluster.kfleet(&[&["topics", "list"], args].concat()).exits(0);
        lines.lines().into_iter().map(str::to_owned).collect()
    };
    assert_eq!(names(&["orders*"]), ["orders", "orders-eu"]);
    assert_eq!(
        names(&["(orders|pay).*", "--regex"]),
        ["orders", "orders-eu", "payments"]
    );
    assert_eq!(names(&["order", "--regex"]), [""; 0], "an expression means whole names");
    assert_eq!(names(&["x*"]), [""; 0]);
    let missing = cluster.kfleet(&["topics", "list", "order"]).exits(66);
    assert!(missing.stderr.contains("did you mean orders"), "{}", missing.stderr);
    let id = cluster.data(&["topics", "list", "payments"])[0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(names(&["--topic-id", &id]), ["payments"]);
    let described = cluster.data(&["topics", "describe", "--topic-id", &id]);
    assert_eq!(
        (&described[0]["topic"], &described[0]["topic_id"]),
        (&json!("payments"), &json!(id))
    );
    cluster
        .kfleet(&["topics", "describe", "--topic-id", "AAAAAAAAAAAAAAAAAAAAAg"])
        .exits(66);
    cluster.kfleet(&["topics", "describe", "--topic-id", "x"]).exits(64);
    cluster.kfleet(&["topics", "describe", "x*"]).exits(66);
    cluster.kfleet(&["topics", "list", "(", "--regex"]).exits(64);
    // A group brings one of the cluster's own topics into being, which no pattern reaches to change it.
    cluster.kfleet(&["produce", "orders"]).exits(0);
    cluster
        .kfleet(&["offsets", "set", "g", "orders:0=0", "--create", "--yes"])
        .exits(0);
    assert!(names(&[]).contains(&"__consumer_offsets".to_owned()));
    assert!(!names(&["--exclude-internal"]).contains(&"__consumer_offsets".to_owned()));
    let of_cluster = |rows: serde_json::Value| {
        rows.as_array()
            .unwrap()
            .iter()
            .any(|r| r["topic"] == "__consumer_offsets")
    };
    assert!(of_cluster(cluster.data(&[
        "topics",
        "describe",
        "*",
        "--page-partitions",
        "7"
    ])));
    assert!(!of_cluster(cluster.data(&["topics", "describe", "--exclude-internal"])));
    let planned = cluster.data(&["topics", "delete", "*", "--dry-run"]);
    let planned: Vec<_> = planned
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["topic"].clone())
        .collect();
    assert_eq!(
        planned,
        ["orders", "orders-eu", "payments"].map(serde_json::Value::from)
    );
    cluster
        .kfleet(&["topics", "alter", "orders*", "--partitions", "2", "--yes"])
        .exits(0);
    cluster.kfleet(&["topics", "delete", "orders*", "--yes"]).exits(0);
    assert_eq!(names(&["--exclude-internal"]), ["payments"]);
}

fn what_is_there_already_is_left_alone(cluster: &Cluster) {
    let create = |args: &[&str]| {
        let command = ["topics", "create", "t", "--if-not-exists", "--yes", "-o", "json"];
        cluster.kfleet(&[&command[..], args].concat()).exits(0).json()
    };
    let made = create(&["--partitions", "2"]);
    let row = &made["data"][0];
    assert_eq!(
        (&row["changed"], &row["partitions"], &row["replication_factor"]),
        (&json!(true), &json!(2), &json!(1))
    );
    assert_eq!(row["id"].as_str().unwrap().len(), 22);
    let again = create(&["--partitions", "3"]);
    assert_eq!(
        (&again["data"][0]["changed"], &again["data"][0]["partitions"]),
        (&json!(false), &json!(2))
    );
    assert!(
        again["warnings"][0].as_str().unwrap().contains("2 partitions, not 3"),
        "{again}"
    );
    // One of two is there: nothing is created unless that is said to be well.
    let two = ["topics", "create", "t", "u", "--yes"];
    let refused = cluster.kfleet(&two).exits(76);
    assert!(refused.stderr.contains("--if-not-exists"), "{}", refused.stderr);
    cluster.kfleet(&["topics", "describe", "u"]).exits(66);
    let added = create(&["u"]);
    let changed: Vec<_> = added["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["changed"].clone())
        .collect();
    assert_eq!(changed, [json!(false), json!(true)]);
    // What the cluster would give by default is told before anything is done.
    let planned = cluster
        .kfleet(&["topics", "create", "v", "--dry-run", "-o", "json"])
        .exits(0);
    assert_eq!(planned.data()[0]["partitions"], 1);
    cluster
        .kfleet(&["topics", "alter", "t", "v", "--partitions", "4", "--if-exists", "--yes"])
        .exits(0);
    cluster
        .kfleet(&["topics", "alter", "t", "v", "--partitions", "5", "--yes"])
        .exits(66);
    assert_eq!(cluster.data(&["topics", "describe", "t"]).as_array().unwrap().len(), 4);
    let gone = ["topics", "delete", "v", "w*", "t", "--if-exists", "--yes", "-o", "json"];
    let gone = cluster.kfleet(&gone).exits(0).data();
    let changed: Vec<_> = gone
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (&r["topic"], &r["changed"]))
        .collect();
    assert_eq!(changed, [(&json!("t"), &json!(true)), (&json!("v"), &json!(false))]);
}

fn topics_are_told_in_a_line_each_with_what_was_set(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "plain", "--partitions", "3", "--yes"])
        .exits(0);
    let set = [
        "topics",
        "create",
        "kept",
        "--config",
        "retention.ms=-1",
        "--config",
        "segment.ms=7000",
        "--yes",
    ];
    cluster.kfleet(&set).exits(0);
    let all = cluster.data(&["topics", "describe", "--summary"]);
    let told: Vec<_> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (&r["topic"], &r["partitions"], &r["configs"]))
        .collect();
    let set = json!({"retention.ms": "-1", "segment.ms": "7000"});
    assert_eq!(
        told,
        [
            (&json!("kept"), &json!(1), &set),
            (&json!("plain"), &json!(3), &json!({}))
        ]
    );
    let overridden = cluster
        .kfleet(&["topics", "describe", "--topics-with-overrides", "--no-headers"])
        .exits(0);
    let words: Vec<_> = overridden.stdout.split_whitespace().collect();
    assert_eq!(words, ["kept", "1", "1", "retention.ms=-1,segment.ms=7000"]);
    cluster
        .kfleet(&["topics", "describe", "--summary", "--at-min-isr"])
        .exits(64);
    cluster
        .kfleet(&["topics", "describe", "--under-min-isr", "--at-min-isr"])
        .exits(64);
    // One replica of one is what acks=all needs, and all there is.
    let at = cluster.data(&["topics", "describe", "--at-min-isr-partitions"]);
    assert_eq!(at.as_array().unwrap().len(), 4);
    assert_eq!(
        cluster.data(&["topics", "describe", "--under-replicated-partitions"]),
        json!([])
    );
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
