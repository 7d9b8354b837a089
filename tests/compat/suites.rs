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
/// Ends the line of a test that talks to librdkafka's own mock cluster only, and so tells nothing of our broker.
const MOCK: &str = " mock";

fn lines_of(name: &str) -> Vec<String> {
    let path = format!("{}/tests/compat/{name}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// How often those that run alone may try: they measure their own clock against librdkafka's mock cluster, not us.
const ALONE_TRIES: usize = 3;

/// Tests that have to pass.
fn listed(name: &str) -> Vec<String> {
    let mut lines = lines_of(name);
    lines.retain(|line| !line.starts_with("- "));
    lines
}

/// The suite was measured on Apache Kafka with these.
const LIBRDKAFKA_SETTINGS: [&str; 2] = ["num.partitions=4", "group.initial.rebalance.delay.ms=3000"];
/// What is run on one node, too: writing, reading, groups, admin calls, in a minute.
const ON_ONE_NODE: [&str; 10] = [
    "0001", "0005", "0008", "0012", "0018", "0019", "0026", "0034", "0044", "0061",
];

#[test]
#[ignore = "needs tests/compat/setup"]
fn librdkafka() {
    librdkafka_passes(
        &Cluster::three(Engine::Kfleet, &LIBRDKAFKA_SETTINGS),
        listed("librdkafka.list"),
    );
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn librdkafka_on_one_node() {
    let mut some = listed("librdkafka.list");
    some.retain(|line| ON_ONE_NODE.contains(&line.as_str()));
    assert_eq!(some.len(), ON_ONE_NODE.len(), "all of these are listed");
    librdkafka_passes(&Cluster::with(Engine::Kfleet, &LIBRDKAFKA_SETTINGS), some);
}

fn librdkafka_passes(cluster: &Cluster, tests: Vec<String>) {
    let runner = format!("{}/tests/compat/librdkafka-test", env!("CARGO_MANIFEST_DIR"));
    foreign("librdkafka/tests/test-runner");
    let work = tempfile::tempdir().unwrap();
    let (mut alone, together): (Vec<String>, Vec<String>) = tests.into_iter().partition(|line| line.ends_with(ALONE));
    let open = Mutex::new(together);
    let results = Mutex::new(BTreeMap::new());
    let again = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(line) = { open.lock().unwrap().pop() } {
                    let number = line.trim_end_matches(MOCK).to_owned();
                    let ran = run_one(&runner, cluster, &number, work.path());
                    if line.ends_with(MOCK) && !has_passed(&number, &ran) {
                        again.lock().unwrap().push(number);
                    } else {
                        results.lock().unwrap().insert(number, ran);
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap();
    alone.extend(again.into_inner().unwrap());
    for number in alone.iter().map(|line| line.trim_end_matches(ALONE)) {
        let mut tries = (0..ALONE_TRIES).map(|_| run_one(&runner, cluster, number, work.path()));
        let ran = tries.find(|ran| has_passed(number, ran));
        let failed = || format!("{number}: failed {ALONE_TRIES} times\n");
        results.insert(number.to_owned(), ran.unwrap_or_else(failed));
    }
    // A listed test that is skipped or does not say how it ended has not passed.
    let failed: Vec<&str> = results
        .iter()
        .filter(|(number, line)| !has_passed(number, line))
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

fn has_passed(number: &str, line: &str) -> bool {
    line.starts_with(&format!("{number} PASSED "))
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

/// Names on lines "- NAME: reason" of a list: tests that are left out.
fn left_out(name: &str) -> Vec<String> {
    let lines = lines_of(name);
    let reasoned = lines.iter().filter_map(|line| line.strip_prefix("- "));
    reasoned
        .map(|line| {
            let (name, reason) = line.split_once(": ").unwrap_or_else(|| panic!("no reason: {line}"));
            assert!(!reason.is_empty(), "no reason: {line}");
            name.to_owned()
        })
        .collect()
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn franz_go() {
    let suite = foreign("franz-go/kgo.test");
    let (listed, left_out) = (listed("franz-go.list"), left_out("franz-go.list"));
    let all = run_with_input(Command::new(&suite).args(["-test.list", "^Test"]), "").exits(0);
    let unknown: Vec<&str> = all
        .lines()
        .into_iter()
        .filter(|name| !listed.iter().chain(&left_out).any(|known| known == name))
        .collect();
    assert!(unknown.is_empty(), "neither listed nor left out: {unknown:?}");
    franz_go_passes(
        &Cluster::three(Engine::Kfleet, &["num.partitions=4"]),
        "3",
        &listed.iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn franz_go_on_one_node() {
    let cluster = Cluster::with(Engine::Kfleet, &["num.partitions=4"]);
    let some = ["TestPing", "TestGroupSimple", "TestClient_Produce", "TestConsumeRegex"];
    franz_go_passes(&cluster, "1", &some);
}

fn franz_go_passes(cluster: &Cluster, replication_factor: &str, tests: &[&str]) {
    let mut command = Command::new("timeout");
    command
        .arg("300")
        .arg(foreign("franz-go/kgo.test"))
        .args(["-test.v", "-test.timeout", "290s", "-test.run"])
        .arg(format!("^({})$", tests.join("|")))
        // One of its tests reads its own sources.
        .current_dir(foreign("franz-go/sources"))
        .env("KGO_SEEDS", &cluster.bootstrap)
        .envs([
            ("KGO_TEST_RF", replication_factor),
            ("KGO_TEST_RECORDS", "10000"),
            ("KGO_LOG_LEVEL", "none"),
        ]);
    let ran = run_with_input(&mut command, "");
    let passed: Vec<&str> = ran
        .lines()
        .into_iter()
        .filter_map(|line| line.strip_prefix("--- PASS: ")?.split_whitespace().next())
        .collect();
    let missing: Vec<&&str> = tests.iter().filter(|name| !passed.contains(*name)).collect();
    assert!(
        missing.is_empty(),
        "failed, skipped or not run: {missing:?}\n{}",
        failures(&ran.stdout)
    );
    assert_eq!(ran.code, 0, "{}", failures(&ran.stdout));
}

/// What a Go test said before it failed.
fn failures(stdout: &str) -> String {
    let lines: Vec<&str> = stdout.lines().collect();
    let failed = (0..lines.len()).filter(|at| lines[*at].trim_start().starts_with("--- FAIL"));
    failed
        .flat_map(|at| &lines[at.saturating_sub(5)..(at + 6).min(lines.len())])
        .map(|line| format!("{line}\n"))
        .collect()
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn franz_go_client() {
    for engine in [Engine::Kfleet, Engine::Apache] {
        let cluster = Cluster::start(engine);
        let mut command = Command::new(foreign("franz-go-client/client"));
        let ran = run_with_input(command.arg(&cluster.bootstrap), "").exits(0);
        let expected = [
            "again true",
            "retention.ms 86400000",
            "partitions t <nil>",
            "sent 5000",
            "read 5000",
            "committed 5000",
            "by time 0 5000",
            "group Empty 0",
            "deleted g <nil>",
            "left []",
        ];
        assert_eq!(ran.lines(), expected, "{engine:?}");
    }
}
