//! Other people's test suites, by lists that only grow.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use crate::support::{Cluster, Engine, foreign, run_with_input};

/// Tests that run beside each other. They wait more than they work.
const AT_ONCE: usize = 4;
/// What follows the number of a test that measures its own threads' time and so runs when no other does.
const ALONE: &str = " alone";

fn listed(name: &str) -> Vec<String> {
    let path = format!("{}/tests/compat/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn librdkafka() {
    let runner = format!("{}/tests/compat/librdkafka-test", env!("CARGO_MANIFEST_DIR"));
    foreign("librdkafka/tests/test-runner");
    // The suite was measured on Apache Kafka with these.
    let cluster = Cluster::with(
        Engine::Kfleet,
        &["num.partitions=4", "group.initial.rebalance.delay.ms=3000"],
    );
    let work = tempfile::tempdir().unwrap();
    let (alone, together): (Vec<String>, Vec<String>) =
        listed("librdkafka.list").into_iter().partition(|line| line.ends_with(ALONE));
    let open = Mutex::new(together);
    let results = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(number) = { open.lock().unwrap().pop() } {
                    let ran = run_one(&runner, &cluster, &number, work.path());
                    results.lock().unwrap().insert(number, ran);
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    for number in alone.iter().filter_map(|line| line.strip_suffix(ALONE)) {
        results.insert(number.to_owned(), run_one(&runner, &cluster, number, work.path()));
    }
    // A listed test that is skipped or does not say how it ended has not passed.
    let failed: Vec<&str> = results
        .iter()
        .filter(|(number, line)| !line.starts_with(&format!("{number} PASSED ")))
        .map(|(_, line)| line.as_str())
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        results.len(),
        failed.concat()
    );
}

fn run_one(runner: &str, cluster: &Cluster, number: &str, work: &Path) -> String {
    let mut command = Command::new(runner);
    command
        .arg(number)
        .arg(work)
        .env("BOOTSTRAP_SERVERS", &cluster.bootstrap);
    let line = run_with_input(&mut command, "").stdout;
    if line.contains(" PASSED ") {
        return line;
    }
    let said = std::fs::read_to_string(work.join(number).join("out")).unwrap_or_default();
    let last: Vec<&str> = said.lines().rev().take(12).collect();
    format!("{line}{}\n", last.into_iter().rev().collect::<Vec<_>>().join("\n"))
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn franz_go() {
    let cluster = Cluster::with(Engine::Kfleet, &["num.partitions=4"]);
    let sources = foreign("franz-go/sources");
    let mut command = Command::new("timeout");
    command
        .arg("600")
        .arg(foreign("franz-go/kgo.test"))
        .args(["-test.v", "-test.timeout", "590s"])
        // One of its tests reads its own sources.
        .current_dir(sources)
        .env("KGO_SEEDS", &cluster.bootstrap)
        .envs([
            ("KGO_TEST_RF", "1"),
            ("KGO_TEST_RECORDS", "10000"),
            ("KGO_LOG_LEVEL", "none"),
        ]);
    let ran = run_with_input(&mut command, "");
    let of = |kind: &str| -> Vec<String> {
        let lines = ran
            .stdout
            .lines()
            .filter_map(|line| line.strip_prefix(kind)?.split_whitespace().next());
        lines.map(str::to_owned).collect()
    };
    let (passed, failed) = (of("--- PASS: "), of("--- FAIL: "));
    assert!(failed.is_empty(), "{failed:?}");
    let missing: Vec<String> = listed("franz-go.list")
        .into_iter()
        .filter(|name| !passed.contains(name))
        .collect();
    assert!(missing.is_empty(), "not passed any more: {missing:?}");
}
