//! Apache Kafka's tools move replicas between the log directories of a node.

use std::path::Path;
use std::time::{Duration, Instant};

use super::java_tools::{tool, with_input};
use crate::support::{Cluster, Engine};

const REASSIGN: &str = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand";
const LOG_DIRS: &str = "org.apache.kafka.tools.LogDirsCommand";
const CONSOLE_PRODUCER: &str = "org.apache.kafka.tools.ConsoleProducer";
const COMPLETED_MAX: Duration = Duration::from_secs(60);

/// The replicas of `a` in a directory, and of copies on their way there, as `kafka-log-dirs` tells them.
fn replicas(cluster: &Cluster, dir: &Path) -> Vec<(String, bool)> {
    let described = tool(cluster, LOG_DIRS, &["--describe", "--topic-list", "a"]).exits(0);
    let json = described
        .lines()
        .into_iter()
        .find(|line| line.starts_with('{'))
        .unwrap();
    let described: serde_json::Value = serde_json::from_str(json).unwrap();
    let dirs = described["brokers"][0]["logDirs"].as_array().unwrap();
    let dir = dirs
        .iter()
        .find(|found| found["logDir"] == dir.to_str().unwrap())
        .unwrap();
    assert!(dir["error"].is_null(), "{json}");
    let replicas = dir["partitions"].as_array().unwrap().iter();
    replicas
        .map(|replica| {
            (
                replica["partition"].as_str().unwrap().to_owned(),
                replica["isFuture"] == true,
            )
        })
        .collect()
}

fn moves_and_comes_back(engine: Engine) {
    let home = tempfile::Builder::new().prefix("kfleet-dirs-").tempdir().unwrap();
    let dirs = ["one", "two"].map(|name| home.path().join(name));
    let setting = format!("log.dirs={},{}", dirs[0].display(), dirs[1].display());
    let cluster = Cluster::in_dir(engine, &home.path().join("sandbox"), &[&setting]);
    cluster.kfleet(&["topics", "create", "a", "--yes"]).exits(0);
    let lines: String = (0..500).map(|n| format!("record {n}\n")).collect();
    with_input(&cluster, CONSOLE_PRODUCER, &["--topic", "a"], &lines).exits(0);
    let began_in = dirs.iter().position(|dir| dir.join("a-0").exists()).unwrap();
    for to in [1 - began_in, began_in] {
        let plan = serde_json::json!({"version": 1, "partitions": [
            {"topic": "a", "partition": 0, "replicas": [1], "log_dirs": [dirs[to].to_str().unwrap()]}
        ]});
        let file = home.path().join("plan.json");
        std::fs::write(&file, plan.to_string()).unwrap();
        let file = file.to_str().unwrap();
        let begun = tool(&cluster, REASSIGN, &["--execute", "--reassignment-json-file", file])
            .exits(0)
            .stdout;
        assert!(begun.contains("Successfully started moving log directory"), "{begun}");
        let deadline = Instant::now() + COMPLETED_MAX;
        loop {
            let seen = tool(&cluster, REASSIGN, &["--verify", "--reassignment-json-file", file])
                .exits(0)
                .stdout;
            if seen.contains("Reassignment of replica a-0-1 completed successfully") {
                break;
            }
            assert!(Instant::now() < deadline, "{seen}");
        }
        assert_eq!(replicas(&cluster, &dirs[to]), [("a-0".to_owned(), false)]);
        assert_eq!(replicas(&cluster, &dirs[1 - to]), []);
        assert!(dirs[to].join("a-0").join("00000000000000000000.log").exists());
        assert!(!dirs[1 - to].join("a-0").exists());
        with_input(&cluster, CONSOLE_PRODUCER, &["--topic", "a"], "one more\n").exits(0);
    }
    let read = cluster.kfleet(&["consume", "a"]).exits(0).stdout;
    let expected = format!("{lines}one more\none more\n");
    assert_eq!(read, expected);
    cluster.stop();
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn ours() {
    moves_and_comes_back(Engine::Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn apaches() {
    moves_and_comes_back(Engine::Apache);
}
