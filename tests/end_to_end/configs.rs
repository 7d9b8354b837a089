//! Settings of all that has settings.

use serde_json::{Value, json};

use crate::support::{Cluster, Ran};

on_both_engines!(
    settings_are_told_with_their_levels_and_changed_as_planned,
    what_cannot_be_set_is_said_before_anything_is_sent,
    what_a_broker_would_refuse_changes_nothing,
    values_that_differ_are_told_with_who_has_them,
    loggers_subscriptions_and_lists_are_where_the_engine_has_them,
);

fn is_apache(cluster: &Cluster) -> bool {
    cluster.description()["nodes"][0]["engine"] == "apache"
}

fn create(cluster: &Cluster, topics: &[&str]) {
    cluster
        .kfleet(&[&["topics", "create", "--yes"], topics].concat())
        .exits(0);
}

fn set(cluster: &Cluster, args: &[&str]) -> Ran {
    cluster.kfleet(&[&["configs", "set"], args, &["--yes", "-o", "json"]].concat())
}

/// A key of something as it is told.
fn told(cluster: &Cluster, entity: &[&str], key: &str) -> Value {
    let rows = cluster.data(&[&["configs", "describe"], entity, &["--all", "--key", key]].concat());
    let rows = rows.as_array().unwrap();
    assert!(rows.len() < 2, "{rows:?}");
    rows.first().cloned().unwrap_or_default()
}

fn settings_are_told_with_their_levels_and_changed_as_planned(cluster: &Cluster) {
    create(cluster, &["orders", "payments"]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("topic.properties");
    std::fs::write(&file, "# as it should be\nretention.ms = 1000\n").unwrap();
    let file = file.to_str().unwrap();
    let both = ["topic", "orders", "payments"];
    let list = "cleanup.policy=[compact,delete],segment.ms=7000";
    let done = set(
        cluster,
        &[&both[..], &["--add-config", list, "--add-config-file", file]].concat(),
    );
    let rows = done.exits(0).data();
    let row = |entity: &str, key: &str, new: &str| {
        json!({
            "entity_type": "topic", "entity": entity, "key": key, "old_value": null, "new_value": new,
            "sensitive": false, "changed": true, "error": null,
        })
    };
    let of = |entity| {
        [
            row(entity, "cleanup.policy", "compact,delete"),
            row(entity, "retention.ms", "1000"),
            row(entity, "segment.ms", "7000"),
        ]
    };
    assert_eq!(rows, json!([of("orders"), of("payments")].concat()));
    let policy = told(cluster, &["topic", "orders"], "cleanup.policy");
    assert_eq!(
        (&policy["value"], &policy["source"]),
        (&json!("compact,delete"), &json!("topic"))
    );
    let levels: Vec<_> = policy["synonyms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| (level["source"].as_str().unwrap(), level["name"].as_str().unwrap()))
        .collect();
    assert_eq!(levels, [("topic", "cleanup.policy"), ("default", "log.cleanup.policy")]);
    // The same again changes nothing, and asks nobody.
    let again = [
        "configs",
        "set",
        "topic",
        "orders",
        "--set",
        "segment.ms=7000",
        "-o",
        "json",
    ];
    assert_eq!(cluster.kfleet(&again).exits(0).data()[0]["changed"], false);
    let less = ["topic", "orders", "--subtract", "cleanup.policy=compact"];
    assert_eq!(set(cluster, &less).exits(0).data()[0]["new_value"], "delete");
    let overridden = cluster.data(&["configs", "describe", "topic", "orders"]);
    let names: Vec<_> = overridden
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].clone())
        .collect();
    assert_eq!(names, ["cleanup.policy", "retention.ms", "segment.ms"].map(Value::from));
    // A plan changes nothing.
    let unset = ["configs", "unset", "topic", "orders", "--all", "-o", "json"];
    let planned = cluster.kfleet(&[&unset[..], &["--dry-run"]].concat()).exits(0).data();
    assert_eq!(planned.as_array().unwrap().len(), 3);
    assert_eq!(told(cluster, &["topic", "orders"], "segment.ms")["value"], "7000");
    cluster.kfleet(&[&unset[..], &["--yes"]].concat()).exits(0);
    assert_eq!(cluster.data(&["configs", "describe", "topic", "orders"]), json!([]));
    // All topics that have settings of their own.
    let all = cluster.data(&["configs", "describe", "topic"]);
    assert!(
        all.as_array().unwrap().iter().all(|row| row["entity"] == "payments"),
        "{all}"
    );

    set(cluster, &["broker-defaults", "--set", "log.cleaner.threads=2"]).exits(0);
    set(cluster, &["broker", "1", "--set", "log.cleaner.threads=1"]).exits(0);
    let rate = "leader.replication.throttled.rate";
    set(cluster, &["broker", "1", "--set", &format!("{rate}=5")]).exits(0);
    let threads = told(cluster, &["broker", "1"], "log.cleaner.threads");
    let sources: Vec<_> = threads["synonyms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["source"].clone())
        .collect();
    assert_eq!(sources, ["broker", "all-brokers", "default"].map(Value::from));
    assert_eq!(
        told(cluster, &["broker", "1"], rate)["value"],
        "5",
        "a throttle is told of"
    );
    assert_eq!(told(cluster, &["broker"], "log.cleaner.threads")["value"], "2");
    cluster
        .kfleet(&["configs", "unset", "broker", "1", "--all", "--yes"])
        .exits(0);
    assert_eq!(told(cluster, &["broker", "1"], rate), Value::Null);
    assert_eq!(told(cluster, &["broker", "1"], "log.cleaner.threads")["value"], "2");

    set(cluster, &["group", "g", "--set", "consumer.session.timeout.ms=46000"]).exits(0);
    let timeout = told(cluster, &["group", "g"], "consumer.session.timeout.ms");
    assert_eq!(
        (&timeout["value"], &timeout["source"]),
        (&json!("46000"), &json!("group"))
    );
}

fn what_cannot_be_set_is_said_before_anything_is_sent(cluster: &Cluster) {
    create(cluster, &["orders"]);
    for (args, code, said) in [
        (
            &["topic", "order", "--set", "retention.ms=1"][..],
            66,
            "did you mean orders?",
        ),
        (
            &["topic", "orders", "--set", "retension.ms=1"],
            64,
            "did you mean retention.ms?",
        ),
        (
            &["broker", "1", "--set", "num.io.thread=9"],
            64,
            "did you mean num.io.threads?",
        ),
        (&["broker", "1", "--set", "broker.rack=r"], 64, "in the broker's file"),
        (
            &["broker", "2", "--set", "num.io.threads=9"],
            66,
            "broker 2 does not exist",
        ),
        (
            &["group", "g", "--set", "consumer.session.timeout=1"],
            64,
            "did you mean consumer.session.timeout.ms?",
        ),
    ] {
        let ran = set(cluster, args).exits(code);
        assert!(ran.stdout.contains(said), "{args:?}: {}", ran.stdout);
    }
    // A plugin may have such a key.
    let custom = set(cluster, &["broker", "1", "--set", "some.plugin.key=7"])
        .exits(0)
        .json();
    assert!(
        custom["warnings"][0].as_str().unwrap().contains("sent all the same"),
        "{custom}"
    );
    let key = told(cluster, &["broker", "1"], "some.plugin.key");
    assert_eq!((&key["value"], &key["sensitive"]), (&Value::Null, &json!(true)));
    cluster
        .kfleet(&["configs", "unset", "broker", "1", "--key", "some.plugin.key", "--yes"])
        .exits(0);
    assert_eq!(told(cluster, &["broker", "1"], "some.plugin.key"), Value::Null);
    for (args, code) in [
        (&["describe", "topic", "order"][..], 66),
        (&["describe", "broker", "7"], 66),
        (&["describe", "broker", "one"], 64),
        (&["describe", "broker-defaults", "1"], 64),
        (&["describe", "broker-logger"], 64),
        (&["diff", "topic", "orders"], 64),
        (&["diff", "topic", "orders", "--file", "/nowhere"], 66),
        (&["set", "topic", "orders"], 64),
        (&["unset", "topic", "orders", "--yes"], 64),
    ] {
        cluster.kfleet(&[&["configs"], args].concat()).exits(code);
    }
}

fn what_a_broker_would_refuse_changes_nothing(cluster: &Cluster) {
    create(cluster, &["a", "b"]);
    let both = [
        "topic",
        "a",
        "b",
        "--set",
        "retention.ms=never",
        "--set",
        "segment.ms=7000",
    ];
    let refused = set(cluster, &both).exits(76);
    let message = refused.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("topic a") && message.contains("topic b"), "{message}");
    set(cluster, &["broker", "--set", "leader.replication.throttled.rate=-1"]).exits(76);
    assert_eq!(cluster.data(&["configs", "describe", "topic", "*"]), json!([]));
}

fn values_that_differ_are_told_with_who_has_them(cluster: &Cluster) {
    create(cluster, &["a", "b", "c"]);
    set(cluster, &["topic", "b", "--set", "segment.ms=7000"]).exits(0);
    // Written down, and the same all the same.
    set(cluster, &["topic", "c", "--set", "cleanup.policy=delete"]).exits(0);
    let rows = cluster.data(&["configs", "diff", "topic", "*"]);
    let value = |value: &str, source: &str, names: &[&str]| json!({"value": value, "source": source, "names": names});
    let segment = |names: &[&str]| {
        json!({
            "key": "segment.ms",
            "values": [value("604800000", "default", names), value("7000", "topic", &["b"])],
        })
    };
    assert_eq!(rows, json!([segment(&["a", "c"])]));
    let diff = |args: &[&str]| cluster.kfleet(&[&["configs", "diff", "topic"], args].concat());
    diff(&["a", "b", "--exit-code"]).exits(1);
    diff(&["a", "c", "--exit-code"]).exits(0);
    diff(&["a", "b"]).exits(0);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("topic.properties");
    std::fs::write(&file, "segment.ms=7000\nretention.ms=604800000\n").unwrap();
    let file = ["--file", file.to_str().unwrap(), "--exit-code"];
    diff(&[&["b"], &file[..]].concat()).exits(0);
    let ran = diff(&[&["a"], &file[..]].concat()).exits(1);
    assert_eq!(ran.lines().len(), 3, "{}", ran.stdout);
    let node = cluster.description();
    let properties = node["nodes"][0]["config"].as_str().unwrap().to_owned();
    let own = cluster.data(&["configs", "diff", "broker", "1", "--file", &properties]);
    let keys: Vec<_> = own
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["key"].as_str().unwrap())
        .collect();
    assert!(
        keys.iter()
            .all(|key| !key.contains("listeners") && !key.contains("node.id")),
        "{keys:?}"
    );
}

fn loggers_subscriptions_and_lists_are_where_the_engine_has_them(cluster: &Cluster) {
    let metrics = ["client-metrics", "latency"];
    let pairs = [
        "--set",
        "metrics=org.apache.kafka.producer.",
        "--set",
        "interval.ms=30000",
    ];
    let logger = "org.apache.kafka.test.Unheard";
    let run = |args: &[&str]| cluster.kfleet(&[&["configs"], args].concat());
    if !is_apache(cluster) {
        for refused in [
            &["describe", "broker-logger", "1"][..],
            &["list"],
            &["list", "client-metrics"],
            &["describe", "client-metrics", "latency"],
            &[
                "set",
                "client-metrics",
                "latency",
                "--set",
                "interval.ms=30000",
                "--yes",
            ],
            &["set", "broker-logger", "1", "--set", "root=DEBUG", "--yes"],
        ] {
            let ran = run(refused).exits(76);
            assert!(ran.stderr.starts_with("error: "), "{}", ran.stderr);
        }
        return;
    }
    set(cluster, &[&metrics[..], &pairs].concat()).exits(0);
    let interval = told(cluster, &metrics, "interval.ms");
    assert_eq!(
        (&interval["value"], &interval["source"]),
        (&json!("30000"), &json!("client-metrics"))
    );
    assert_eq!(
        cluster.data(&["configs", "list", "client-metrics"]),
        json!([{"entity_type": "client-metrics", "entity": "latency"}])
    );
    let missing = run(&["describe", "client-metrics", "latenci"]).exits(66);
    assert!(missing.stderr.contains("did you mean latency?"), "{}", missing.stderr);
    run(&["unset", "client-metrics", "latency", "--all", "--yes"]).exits(0);
    assert_eq!(cluster.data(&["configs", "list", "client-metrics"]), json!([]));
    let generated = set(
        cluster,
        &["client-metrics", "--generate-name", "--set", "interval.ms=30000"],
    );
    assert_eq!(generated.exits(0).data()[0]["entity"].as_str().unwrap().len(), 22);
    set(cluster, &["group", "g", "--set", "consumer.session.timeout.ms=46000"]).exits(0);
    let all = cluster.data(&["configs", "list", "group", "topic"]);
    assert_eq!(all, json!([{"entity_type": "group", "entity": "g"}]));
    let loggers = cluster.data(&["configs", "describe", "broker-logger", "1"]);
    let loggers = loggers.as_array().unwrap();
    assert!(!loggers.iter().any(|row| row["name"] == logger) && loggers.len() > 3);
    let level = loggers[0]["name"].as_str().unwrap();
    set(cluster, &["broker-logger", "1", "--set", &format!("{level}=DEBUG")]).exits(0);
    assert_eq!(told(cluster, &["broker-logger", "1"], level)["value"], "DEBUG");
}
