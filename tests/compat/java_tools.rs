//! Apache Kafka's own tools and clients, from its jars.

use std::process::Command;

use crate::support::{Cluster, Ran, kafka_libs, quick_java, run_with_input};

/// Runs a class of the jars with `--bootstrap-server`.
#[track_caller]
pub(super) fn tool(cluster: &Cluster, class: &str, args: &[&str]) -> Ran {
    with_input(cluster, class, args, "")
}

#[track_caller]
pub(super) fn with_input(cluster: &Cluster, class: &str, args: &[&str], input: &str) -> Ran {
    let mut command = Command::new("timeout");
    command
        .args(["90", "java", "-Xmx512m"])
        .args(quick_java("4.3.1"))
        .arg("-cp")
        .arg(kafka_libs().join("*"))
        .args([class, "--bootstrap-server", &cluster.bootstrap])
        .args(args);
    run_with_input(&mut command, input)
}

const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";
const CONFIGS: &str = "kafka.admin.ConfigCommand";
const GROUPS: &str = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
const OFFSETS: &str = "org.apache.kafka.tools.GetOffsetShell";
const CONSOLE_PRODUCER: &str = "org.apache.kafka.tools.ConsoleProducer";
const CONSOLE_CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";
const VERIFIABLE_PRODUCER: &str = "org.apache.kafka.tools.VerifiableProducer";
const VERIFIABLE_CONSUMER: &str = "org.apache.kafka.tools.VerifiableConsumer";
const PRODUCER_PERFORMANCE: &str = "org.apache.kafka.tools.ProducerPerformance";
const CONSUMER_PERFORMANCE: &str = "org.apache.kafka.tools.ConsumerPerformance";
const LATENCY: &str = "org.apache.kafka.tools.EndToEndLatency";

fn topics(cluster: &Cluster) {
    let nodes = cluster.nodes().len();
    let created = tool(cluster, TOPICS, &["--create", "--topic", "a", "--partitions", "3"]).exits(0);
    assert!(created.stdout.contains("Created topic a."));
    assert_eq!(tool(cluster, TOPICS, &["--list"]).exits(0).lines(), ["a"]);
    let described = tool(cluster, TOPICS, &["--describe", "--topic", "a"]).exits(0).stdout;
    assert!(
        described.contains("PartitionCount: 3") && described.contains(&format!("ReplicationFactor: {nodes}")),
        "{described}"
    );
    let leaders = (1..=nodes).map(|id| described.matches(&format!("Leader: {id}\t")).count());
    assert_eq!(leaders.sum::<usize>(), 3, "{described}");
    tool(cluster, TOPICS, &["--alter", "--topic", "a", "--partitions", "4"]).exits(0);
    let again = tool(cluster, TOPICS, &["--create", "--topic", "a"]).exits(1);
    assert!(again.stdout.contains("already exists"), "{}", again.stdout);
    tool(cluster, TOPICS, &["--delete", "--topic", "a"]).exits(0);
    assert_eq!(tool(cluster, TOPICS, &["--list"]).exits(0).stdout.trim(), "");
}

fn configs(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "a", "--yes"]).exits(0);
    let of_topic = ["--entity-type", "topics", "--entity-name", "a"];
    let alter = |change: &[&str]| tool(cluster, CONFIGS, &[&of_topic[..], &["--alter"], change].concat());
    alter(&["--add-config", "retention.ms=1000,cleanup.policy=compact"]).exits(0);
    let described = tool(cluster, CONFIGS, &[&of_topic[..], &["--describe"]].concat())
        .exits(0)
        .stdout;
    assert!(
        described.contains("retention.ms=1000") && described.contains("cleanup.policy=compact"),
        "{described}"
    );
    alter(&["--delete-config", "retention.ms"]).exits(0);
    let described = tool(cluster, CONFIGS, &[&of_topic[..], &["--describe"]].concat())
        .exits(0)
        .stdout;
    assert!(!described.contains("retention.ms=1000"), "{described}");
    alter(&["--add-config", "no.such.key=1"]).exits(1);
    let broker = ["--entity-type", "brokers", "--entity-name", "1", "--describe", "--all"];
    let all = tool(cluster, CONFIGS, &broker).exits(0).stdout;
    assert!(all.lines().count() > 300, "{} keys", all.lines().count());
    assert!(all.contains("log.retention.hours=168"));
}

fn console(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "a", "--yes"]).exits(0);
    let properties = [
        "--topic",
        "a",
        "--reader-property",
        "parse.key=true",
        "--reader-property",
        "key.separator=:",
    ];
    with_input(cluster, CONSOLE_PRODUCER, &properties, "k1:v1\nk2:v2\n").exits(0);
    let keys = [
        "--formatter-property",
        "print.key=true",
        "--formatter-property",
        "key.separator=:",
    ];
    let read = [
        "--topic",
        "a",
        "--from-beginning",
        "--max-messages",
        "2",
        "--timeout-ms",
        "20000",
    ];
    assert_eq!(
        tool(cluster, CONSOLE_CONSUMER, &[&read[..], &keys].concat())
            .exits(0)
            .lines(),
        ["k1:v1", "k2:v2"]
    );
    let offsets = tool(cluster, OFFSETS, &["--topic", "a"]).exits(0);
    assert_eq!(offsets.lines(), ["a:0:2"]);
    let earliest = tool(cluster, OFFSETS, &["--topic", "a", "--time", "earliest"]).exits(0);
    assert_eq!(earliest.lines(), ["a:0:0"]);
}

fn groups(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "a", "--partitions", "2", "--yes"])
        .exits(0);
    // Half for each partition: a consumer commits only where it has a position, and it may have read all of one before
    // it has one in the other.
    let input: String = (0..50).map(|at| format!("{at}\n")).collect();
    for partition in ["0", "1"] {
        cluster
            .kfleet_with_input(&["produce", "a", "--partition", partition], &input)
            .exits(0);
    }
    let read = [
        "--topic",
        "a",
        "--group",
        "g",
        "--from-beginning",
        "--max-messages",
        "100",
        "--timeout-ms",
        "20000",
    ];
    assert_eq!(tool(cluster, CONSOLE_CONSUMER, &read).exits(0).lines().len(), 100);
    assert_eq!(tool(cluster, GROUPS, &["--list"]).exits(0).lines(), ["g"]);
    let described = tool(cluster, GROUPS, &["--describe", "--group", "g"]).exits(0).stdout;
    let lags: Vec<&str> = described
        .lines()
        .filter(|line| line.starts_with("g "))
        .filter_map(|line| line.split_whitespace().nth(5))
        .collect();
    assert_eq!(lags, ["0", "0"], "{described}");
    let state = tool(cluster, GROUPS, &["--describe", "--group", "g", "--state"])
        .exits(0)
        .stdout;
    assert!(state.contains("Empty"), "{state}");
    let ours = cluster.data(&["groups", "describe", "g"]);
    assert_eq!(ours.as_array().unwrap().len(), 2);
    assert!(ours.as_array().unwrap().iter().all(|row| row["lag"] == 0), "{ours}");
    assert_eq!(cluster.data(&["groups", "list"])[0]["state"], "Empty");
    let reset = [
        "--group",
        "g",
        "--reset-offsets",
        "--to-earliest",
        "--topic",
        "a",
        "--execute",
    ];
    tool(cluster, GROUPS, &reset).exits(0);
    assert_eq!(cluster.data(&["groups", "describe", "g"])[0]["committed_offset"], 0);
    let delete = tool(cluster, GROUPS, &["--group", "g", "--delete-offsets", "--topic", "a"])
        .exits(0)
        .stdout;
    assert_eq!(delete.matches("Successful").count(), 2, "{delete}");
    let deleted = tool(cluster, GROUPS, &["--group", "g", "--delete"]).exits(0).stdout;
    assert!(deleted.contains("was successful"), "{deleted}");
    cluster.kfleet(&["groups", "describe", "g"]).exits(66);
}

/// Where Kafka's script would reset a group to, and where ours would.
fn resets(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "a", "--partitions", "2", "--yes"])
        .exits(0);
    let produce = |partition: &str, count: usize| {
        let input = "x\n".repeat(count);
        cluster
            .kfleet_with_input(&["produce", "a", "--partition", partition], &input)
            .exits(0);
    };
    produce("0", 7);
    let between = Command::new("date")
        .args(["-u", "+%Y-%m-%dT%H:%M:%S.%3N"])
        .output()
        .unwrap();
    let between = String::from_utf8(between.stdout).unwrap().trim().to_owned();
    produce("0", 4);
    produce("1", 5);
    cluster
        .kfleet(&["offsets", "set", "g", "a:0=6", "a:1=2", "--create", "--yes"])
        .exits(0);
    let csv = cluster.dir.join("offsets.csv");
    std::fs::write(&csv, "a,0,3\na,1,70\n").unwrap();
    for wish in [
        &["--to-datetime", &between][..],
        &["--to-datetime", "1999-01-01T00:00:00.000+02:00"],
        &["--to-datetime", "2999-01-01T00:00:00.000"],
        &["--by-duration", "P1DT2H"],
        &["--by-duration", "PT0S"],
        &["--to-offset", "9"],
        &["--shift-by", "-5"],
        &["--to-current"],
        &["--from-file", csv.to_str().unwrap()],
    ] {
        let of_file = wish[0] == "--from-file";
        let scope = if of_file { &[][..] } else { &["--topic", "a"] };
        let theirs = [&["--group", "g", "--reset-offsets", "--dry-run"], wish, scope].concat();
        let theirs = tool(cluster, GROUPS, &theirs).exits(0).stdout;
        let theirs: Vec<String> = theirs
            .lines()
            .filter(|line| line.starts_with("g "))
            .map(|line| line.split_whitespace().skip(2).collect::<Vec<_>>().join(" "))
            .collect();
        let ours = [&["offsets", "reset", "g", "--dry-run", "-o", "json"], wish, scope].concat();
        let ours = cluster.kfleet(&ours).exits(0).data();
        let ours = ours.as_array().unwrap().iter();
        let ours: Vec<String> = ours
            .map(|row| format!("{} {}", row["partition"], row["new_offset"]))
            .collect();
        let mut sorted = theirs.clone();
        sorted.sort();
        assert_eq!(ours, sorted, "{wish:?}");
        assert_eq!(ours.len(), 2, "{wish:?}");
    }
    // What either of them writes the other reads.
    let export = [
        "--group",
        "g",
        "--reset-offsets",
        "--to-current",
        "--all-topics",
        "--dry-run",
        "--export",
    ];
    let exported = tool(cluster, GROUPS, &export).exits(0).stdout;
    let saved = cluster
        .kfleet(&["offsets", "save", "g", "--format", "csv"])
        .exits(0)
        .stdout;
    let mut exported: Vec<&str> = exported.lines().filter(|line| !line.is_empty()).collect();
    exported.sort_unstable();
    assert_eq!(exported, saved.lines().collect::<Vec<_>>());
}

fn verifiable(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "a", "--partitions", "3", "--yes"])
        .exits(0);
    let produced = tool(
        cluster,
        VERIFIABLE_PRODUCER,
        &["--topic", "a", "--max-messages", "1000", "--throughput", "-1"],
    );
    let produced = produced.exits(0).stdout;
    assert!(produced.contains("\"sent\":1000,\"acked\":1000"), "{produced}");
    let consumed = tool(
        cluster,
        VERIFIABLE_CONSUMER,
        &["--topic", "a", "--group-id", "g", "--max-messages", "1000"],
    );
    let consumed = consumed.exits(0).stdout;
    let count: u64 = consumed
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|event| event["name"] == "records_consumed")
        .filter_map(|event| event["count"].as_u64())
        .sum();
    assert_eq!(count, 1000, "{consumed}");
    assert!(consumed.contains("\"success\":true"));
}

fn performance(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "a", "--partitions", "2", "--yes"])
        .exits(0);
    let load = [
        "--topic",
        "a",
        "--num-records",
        "50000",
        "--record-size",
        "100",
        "--throughput",
        "-1",
    ];
    let acks = [
        "--command-property",
        "acks=all",
        "--command-property",
        "compression.type=zstd",
    ];
    let sent = tool(cluster, PRODUCER_PERFORMANCE, &[&load[..], &acks].concat())
        .exits(0)
        .stdout;
    assert!(sent.contains("50000 records sent"), "{sent}");
    let read = tool(
        cluster,
        CONSUMER_PERFORMANCE,
        &["--topic", "a", "--num-records", "50000", "--group", "perf"],
    );
    let read = read.exits(0).stdout;
    assert!(
        read.lines().any(|line| line.split(", ").nth(4) == Some("50000")),
        "{read}"
    );
    let latency = [
        "--topic",
        "e",
        "--num-records",
        "500",
        "--producer-acks",
        "all",
        "--record-size",
        "100",
    ];
    let latency = tool(cluster, LATENCY, &latency).exits(0).stdout;
    assert!(latency.contains("Avg latency:"), "{latency}");
}

on_both_engines!(foreign: topics, configs, console, groups, resets, verifiable, performance);
on_both_engines!(foreign_three: topics, configs, console, groups, verifiable, performance);
