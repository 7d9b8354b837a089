//! `logs dump` against Apache Kafka's DumpLogSegments, on the files of both engines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Cluster, Engine, kafka_libs, kfleet, quick_java, run_with_input};

const PRODUCER_PERFORMANCE: &str = "org.apache.kafka.tools.ProducerPerformance";
const CONSOLE_CONSUMER: &str = "org.apache.kafka.tools.consumer.ConsoleConsumer";

#[track_caller]
pub(super) fn java(class: &str, args: &[&str]) -> String {
    let mut command = Command::new("timeout");
    command
        .args(["90", "java", "-Xmx512m"])
        .args(quick_java("4.3.1"))
        .arg("-cp")
        .arg(kafka_libs().join("*"))
        .arg(class)
        .args(args);
    run_with_input(&mut command, "").exits(0).stdout
}

/// The data directory of a stopped broker that took records in all codecs, commits of a group, and transactions where
/// the engine has them.
fn written(engine: Engine, dir: &Path) -> PathBuf {
    let cluster = Cluster::in_dir(engine, dir, &["log.index.interval.bytes=512"]);
    cluster
        .kfleet(&["topics", "create", "a", "--partitions", "2", "--yes"])
        .exits(0);
    let load = |extra: &[&str]| {
        let base = [
            "--topic",
            "a",
            "--num-records",
            "2000",
            "--record-size",
            "60",
            "--throughput",
            "-1",
        ];
        let server = ["--bootstrap-server", &cluster.bootstrap];
        java(PRODUCER_PERFORMANCE, &[&base[..], &server, extra].concat());
    };
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let compression = format!("compression.type={codec}");
        load(&[
            "--command-property",
            &compression,
            "--command-property",
            "batch.size=2000",
        ]);
    }
    if engine == Engine::Apache {
        load(&["--transactional-id", "x", "--transaction-duration-ms", "50"]);
    }
    let read = [
        "--topic",
        "a",
        "--group",
        "g",
        "--from-beginning",
        "--max-messages",
        "100",
    ];
    let server = ["--bootstrap-server", &cluster.bootstrap];
    java(CONSOLE_CONSUMER, &[&read[..], &server].concat());
    cluster.stop();
    dir.join("data")
}

/// Files of a log directory with one of these suffixes that hold anything.
pub(super) fn files(data: &Path, directories: &str, suffix: &str) -> Vec<String> {
    let mut found = Vec::new();
    for directory in std::fs::read_dir(data).unwrap().map(Result::unwrap) {
        let name = directory.file_name().into_string().unwrap();
        if !name.starts_with(directories) || !directory.path().is_dir() {
            continue;
        }
        for file in std::fs::read_dir(directory.path()).unwrap().map(Result::unwrap) {
            let path = file.path().to_str().unwrap().to_owned();
            if path.ends_with(suffix) && file.metadata().unwrap().len() > 0 {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// What Kafka's tool prints, by file.
fn theirs(files: &[String], flags: &[&str]) -> BTreeMap<String, Vec<String>> {
    let joined = files.join(",");
    let printed = java(
        "org.apache.kafka.tools.DumpLogSegments",
        &[&["--files", &joined], flags].concat(),
    );
    let mut by_file: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut file = String::new();
    for line in printed.lines() {
        if let Some(path) = line.strip_prefix("Dumping ") {
            file = path.to_owned();
        } else {
            by_file.entry(file.clone()).or_default().push(line.to_owned());
        }
    }
    by_file
}

/// What ours prints, by file.
fn ours(files: &[String], flags: &[&str]) -> BTreeMap<String, Vec<Value>> {
    let mut args = vec!["logs", "dump", "-o", "json"];
    args.extend(flags);
    args.extend(files.iter().map(String::as_str));
    let mut by_file: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for element in kfleet(&args).exits(0).data().as_array().unwrap() {
        let file = element["file"].as_str().unwrap().to_owned();
        by_file.entry(file).or_default().push(element.clone());
    }
    by_file
}

/// `name: value name: value` as far as it goes.
fn pairs(line: &str) -> BTreeMap<&str, &str> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let pair = |pair: &[&'_ str]| pair[0].len() > 1 && pair[0].ends_with(':') && pair.len() == 2;
    let found = words.chunks(2).filter(|words| pair(words));
    found.map(|words| (words[0].trim_end_matches(':'), words[1])).collect()
}

/// Our facts of a batch in Kafka's notation.
fn batch_facts(batch: &Value) -> BTreeMap<String, String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut facts = BTreeMap::new();
    for (theirs, ours) in [
        ("baseOffset", "base_offset"),
        ("lastOffset", "last_offset"),
        ("count", "count"),
        ("baseSequence", "base_sequence"),
        ("lastSequence", "last_sequence"),
        ("producerId", "producer_id"),
        ("producerEpoch", "producer_epoch"),
        ("partitionLeaderEpoch", "partition_leader_epoch"),
        ("isTransactional", "is_transactional"),
        ("isControl", "is_control"),
        ("position", "position"),
        ("size", "size_bytes"),
        ("compresscodec", "codec"),
        ("crc", "crc"),
        ("isvalid", "is_valid"),
    ] {
        facts.insert(theirs.to_owned(), text(&batch[ours]));
    }
    facts.insert(text(&batch["timestamp_type"]), text(&batch["max_timestamp"]));
    facts.insert("magic".to_owned(), "2".to_owned());
    let horizon = batch["delete_horizon_ms"]
        .as_i64()
        .map_or("OptionalLong.empty".to_owned(), |ms| format!("OptionalLong[{ms}]"));
    facts.insert("deleteHorizonMs".to_owned(), horizon);
    facts
}

/// The JSON behind a word of a line.
fn json_after(line: &str, word: &str) -> Value {
    let Some((_, rest)) = line.split_once(word) else {
        return Value::Null;
    };
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    values.next().and_then(Result::ok).unwrap_or(Value::Null)
}

/// Every batch and record of the files is the same to both tools; how many records were compared.
pub(super) fn compare_segments(files: &[String], flag: &str, same_record: impl Fn(&str, &Value)) -> usize {
    assert!(!files.is_empty());
    let (theirs, ours) = (theirs(files, &[flag]), ours(files, &[flag]));
    let mut count = 0;
    for file in files {
        let lines = theirs[file].iter().filter(|line| line.contains("ffset: "));
        let of_file = |line: &str| line.starts_with("Log starting") || line.starts_with("Snapshot end");
        let lines: Vec<&String> = lines.filter(|line| !of_file(line)).collect();
        let ours = &ours[file];
        for (line, element) in lines.iter().zip(ours) {
            if let Some(record) = line.strip_prefix("| ") {
                assert_eq!(element["kind"], "record", "{file}: {line}");
                let facts = pairs(record);
                for (theirs, ours) in [
                    ("offset", "offset"),
                    ("keySize", "key_size_bytes"),
                    ("valueSize", "value_size_bytes"),
                    ("sequence", "sequence"),
                ] {
                    // Only markers have no key size in Kafka's output.
                    if let Some(value) = facts.get(theirs) {
                        assert_eq!(*value, element[ours].to_string(), "{theirs} of {file}: {line}");
                    }
                }
                let time = facts.get("CreateTime").or(facts.get("LogAppendTime")).unwrap();
                assert_eq!(*time, element["timestamp"].to_string(), "{file}: {line}");
                same_record(record, element);
                count += 1;
            } else {
                assert_eq!(element["kind"], "batch", "{file}: {line}");
                let facts: BTreeMap<String, String> = pairs(line)
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .collect();
                assert_eq!(facts, batch_facts(element), "{file}");
            }
        }
        assert_eq!(lines.len(), ours.len(), "{file}");
    }
    count
}

/// Metadata and control records.
pub(super) fn same_metadata(line: &str, record: &Value) {
    let value = &record["value"]["decoded"];
    for (name, kind) in [
        ("LeaderChange: ", "LEADER_CHANGE"),
        ("SnapshotHeader ", "SNAPSHOT_HEADER"),
        ("SnapshotFooter ", "SNAPSHOT_FOOTER"),
        ("KRaftVersion ", "KRAFT_VERSION"),
        ("KRaftVoters ", "KRAFT_VOTERS"),
    ] {
        if line.contains(name) {
            assert_eq!(
                (&value["type"], &value["data"]),
                (&json!(kind), &json_after(line, name)),
                "{line}"
            );
            return;
        }
    }
    let theirs = json_after(line, "payload: ");
    let ours = json!({ "type": value["type"], "version": value["version"], "data": value["data"] });
    assert_eq!(ours, theirs, "{line}");
}

/// Records of coordinators: the number of the type in the key, the version in the value, both as text.
fn same_coordinator(line: &str, record: &Value) {
    let text = |value: &Value| json!(value.to_string());
    let (key, value) = (&record["key"]["decoded"], &record["value"]["decoded"]);
    assert_eq!(
        json!({ "type": text(&key["number"]), "data": key["data"] }),
        json_after(line, " key: "),
        "{line}"
    );
    if record["value"].is_null() {
        assert!(line.contains("payload: <DELETE>"), "{line}");
        return;
    }
    let theirs = json_after(line, "payload: ");
    let ours = json!({ "version": text(&value["version"]), "data": value["data"] });
    assert_eq!(ours, theirs, "{line}");
}

/// Entries of an index.
fn compare_entries(files: &[String], names: &[(&str, &str)]) -> usize {
    let (theirs, ours) = (theirs(files, &[]), ours(files, &[]));
    let mut count = 0;
    for file in files {
        let lines = theirs.get(file).map_or(&[][..], Vec::as_slice);
        let lines: Vec<&String> = lines
            .iter()
            .filter(|line| pairs(line).contains_key(names[0].0))
            .collect();
        let ours: Vec<&Value> = ours[file]
            .iter()
            .filter(|element| element["kind"] != "unused")
            .collect();
        assert_eq!(lines.len(), ours.len(), "{file}: {lines:?}");
        for (line, entry) in lines.into_iter().zip(ours) {
            for (theirs, ours) in names {
                let Some(value) = pairs(line).get(theirs).copied() else {
                    // Of a producer whose last batch was a marker Kafka's tool shows no batch.
                    assert_eq!(entry["last_sequence"], -1, "{theirs} of {file}: {line}");
                    continue;
                };
                assert_eq!(value, entry[ours].to_string(), "{theirs} of {file}: {line}");
            }
            count += 1;
        }
    }
    count
}

fn both_tools_agree(engine: Engine) {
    let dir = tempfile::tempdir().unwrap();
    let data = written(engine, dir.path());
    let records = compare_segments(&files(&data, "a-", ".log"), "--print-data-log", |line, record| {
        if record["value"]["text"].is_string() {
            assert!(line.contains(record["value"]["text"].as_str().unwrap()), "{line}");
        }
    });
    assert!(records >= 10_000, "{records} records");
    let metadata = files(&data, "__cluster_metadata-", ".log");
    assert!(compare_segments(&metadata, "--cluster-metadata-decoder", same_metadata) > 50);
    let bootstrap = [data.join("bootstrap.checkpoint").to_str().unwrap().to_owned()];
    assert!(compare_segments(&bootstrap, "--cluster-metadata-decoder", same_metadata) > 5);
    let groups = files(&data, "__consumer_offsets-", ".log");
    assert!(compare_segments(&groups, "--offsets-decoder", same_coordinator) >= 3);
    assert!(
        compare_entries(
            &files(&data, "a-", ".index"),
            &[("offset", "offset"), ("position", "batch_position")]
        ) > 100
    );
    assert!(
        compare_entries(
            &files(&data, "a-", ".timeindex"),
            &[("timestamp", "timestamp"), ("offset", "offset")]
        ) > 10
    );
    let producers = [
        ("producerId", "producer_id"),
        ("producerEpoch", "producer_epoch"),
        ("lastSequence", "last_sequence"),
        ("lastOffset", "last_offset"),
        ("offsetDelta", "offset_delta"),
        ("coordinatorEpoch", "coordinator_epoch"),
    ];
    assert!(compare_entries(&files(&data, "a-", ".snapshot"), &producers) > 2);
    if engine == Engine::Apache {
        let transactions = files(&data, "__transaction_state-", ".log");
        assert!(compare_segments(&transactions, "--transaction-log-decoder", same_coordinator) > 3);
    }
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn on_our_files() {
    both_tools_agree(Engine::Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn on_apaches_files() {
    both_tools_agree(Engine::Apache);
}
