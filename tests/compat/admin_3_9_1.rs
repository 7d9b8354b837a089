//! Topics, settings, leaders and log directories of Apache Kafka 3.9.1, as of 4.3.1 (tests/end_to_end).

use serde_json::{Value, json};

use crate::support::Ran;
use crate::support::secure_node::SecureNode;

fn run(node: &SecureNode, args: &[&str]) -> Ran {
    node.kfleet("OPEN", "", args, "")
}

fn data(node: &SecureNode, args: &[&str]) -> Value {
    run(node, &[args, &["-o", "json"]].concat()).exits(0).data()
}

/// The values of a field of all rows.
fn all(rows: &Value, field: &str) -> Vec<Value> {
    rows.as_array().unwrap().iter().map(|row| row[field].clone()).collect()
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn topics_settings_and_log_directories_of_3_9_1() {
    let node = SecureNode::start("3.9.1");
    topics(&node);
    records(&node);
    configs(&node);
    client_metrics(&node);
    let dirs = data(&node, &["log-dirs", "describe"]);
    assert!(
        dirs[0]["total_bytes"].as_u64().unwrap() > 0 && dirs[0]["replicas"].as_u64().unwrap() >= 5,
        "{dirs}"
    );
    let replicas = data(&node, &["log-dirs", "describe", "--topics", "t", "--replicas"]);
    assert_eq!(all(&replicas, "partition"), [0, 1, 2, 3].map(Value::from));
    assert_eq!(
        all(&data(&node, &["leaders", "elect", "--all"]), "changed"),
        vec![json!(false); 5]
    );
    run(&node, &["topics", "delete", "*", "--yes"]).exits(0);
    assert_eq!(data(&node, &["topics", "list", "--exclude-internal"]), json!([]));
}

fn topics(node: &SecureNode) {
    let create = [
        "topics",
        "create",
        "t",
        "--partitions",
        "2",
        "--config",
        "segment.ms=7000",
        "--yes",
    ];
    let made = data(node, &create);
    assert_eq!((&made[0]["changed"], &made[0]["partitions"]), (&json!(true), &json!(2)));
    run(node, &["topics", "create", "u", "--replica-assignment", "1", "--yes"]).exits(0);
    run(node, &["topics", "create", "v", "--replica-assignment", "2", "--yes"]).exits(76);
    let kept = data(node, &["topics", "create", "t", "--if-not-exists"]);
    assert_eq!(kept[0]["changed"], false);
    let grown = data(node, &["topics", "alter", "t", "--partitions", "4", "--yes"]);
    assert_eq!(
        (&grown[0]["partitions_before"], &grown[0]["partitions"]),
        (&json!(2), &json!(4))
    );
    let described = data(node, &["topics", "describe", "t", "--at-min-isr-partitions"]);
    assert_eq!(all(&described, "min_insync_replicas"), vec![json!(1); 4]);
    let id = described[0]["topic_id"].as_str().unwrap().to_owned();
    assert_eq!(
        all(&data(node, &["topics", "list", "--topic-id", &id]), "name"),
        [json!("t")]
    );
    let overridden = data(node, &["topics", "describe", "--topics-with-overrides"]);
    assert_eq!(all(&overridden, "configs"), [json!({"segment.ms": "7000"})]);
}

fn records(node: &SecureNode) {
    node.kfleet("OPEN", "", &["produce", "t", "-p", "1"], "a\nb\nc\n")
        .exits(0);
    let deleted = data(node, &["topics", "records-delete", "t:1=2", "--yes"]);
    assert_eq!(
        (&deleted[0]["low_watermark"], &deleted[0]["changed"]),
        (&json!(2), &json!(true))
    );
    run(node, &["topics", "records-delete", "t:1=9", "--yes"]).exits(64);
}

fn configs(node: &SecureNode) {
    let set = [
        "configs",
        "set",
        "topic",
        "t",
        "--add-config",
        "cleanup.policy=[compact,delete]",
        "--yes",
    ];
    assert_eq!(data(node, &set)[0]["new_value"], "compact,delete");
    assert_eq!(
        all(&data(node, &["configs", "describe", "topic", "t"]), "name"),
        ["cleanup.policy", "segment.ms"]
    );
    run(
        node,
        &["configs", "unset", "topic", "t", "--key", "cleanup.policy", "--yes"],
    )
    .exits(0);
    run(
        node,
        &["configs", "set", "topic", "t", "--set", "retension.ms=1", "--yes"],
    )
    .exits(64);
    let differ = data(node, &["configs", "diff", "topic", "t", "u"]);
    assert_eq!(all(&differ, "key"), ["segment.ms"]);
    let rate = "leader.replication.throttled.rate=5";
    run(node, &["configs", "set", "broker", "1", "--set", rate, "--yes"]).exits(0);
    run(
        node,
        &["configs", "set", "broker", "1", "--set", "broker.rack=r", "--yes"],
    )
    .exits(64);
    let loggers = data(node, &["configs", "describe", "broker-logger", "1"]);
    assert!(all(&loggers, "name").contains(&json!("root")), "{loggers}");
    // Secrets are in the node's file; assert_hidden looks for them in all that is said.
    let own = run(node, &["configs", "describe", "broker", "1", "--all", "-o", "wide"]).exits(0);
    assert!(own.stdout.contains("(secret)"), "{}", own.stdout);
}

fn client_metrics(node: &SecureNode) {
    let set = [
        "configs",
        "set",
        "client-metrics",
        "m",
        "--set",
        "interval.ms=30000",
        "--yes",
    ];
    run(node, &set).exits(0);
    let known = json!([{"entity_type": "client-metrics", "entity": "m"}]);
    assert_eq!(data(node, &["configs", "list", "client-metrics"]), known);
    let refused = run(node, &["configs", "list"]).exits(76);
    assert!(refused.stderr.contains("before Kafka 4.1"), "{}", refused.stderr);
    assert_eq!(
        data(node, &["configs", "describe", "client-metrics", "m"])[0]["value"],
        "30000"
    );
    run(node, &["configs", "unset", "client-metrics", "m", "--all", "--yes"]).exits(0);
    assert_eq!(data(node, &["configs", "list", "client-metrics"]), json!([]));
}
