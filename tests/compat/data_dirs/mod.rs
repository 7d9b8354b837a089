//! Data directories move between our broker and Apache Kafka, both ways, and nothing in them changes by it.
//!
//! What is in a directory is listed by librdkafka, which knows neither engine's code, before one engine stops and after the
//! other has started.

mod node;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::support::Engine;
use crate::support::Engine::{Apache, Kfleet};
use node::{Home, Node, Quorum};

/// How a node ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// By SIGTERM.
    Clean,
    /// By SIGKILL.
    Unclean,
}
use End::{Clean, Unclean};

/// Starts the engines one after the other on one directory; each finds what the one before left, and writes a round further.
fn relay(mut home: Home, engines: &[(Engine, End)]) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let base_ms = ((now - Duration::from_secs(10 * 86400)).as_millis() as u64).to_string();
    let mut before: Option<(Value, End)> = None;
    for (round, (engine, end)) in engines.iter().enumerate() {
        let data = home.data();
        let node = home.start(*engine);
        if let Some((left, how)) = before {
            let found = listing(&node, &base_ms);
            let when = format!("round {round}, {engine:?} after {how:?}");
            assert_same(&left, &found, &when, &node);
            check_start(*engine, how, &node.said());
        }
        let data = data.to_str().unwrap();
        node.script("write", &[data, &round.to_string(), &base_ms]);
        let left = listing(&node, &base_ms);
        before = Some((left.clone(), *end));
        match end {
            Clean => node.stop(),
            Unclean => {
                // Where logs start is written down from time to time only, by either engine.
                wait_for_checkpoint(Path::new(data), &left);
                node.kill();
            }
        }
    }
}

/// All there is, over the wire.
fn listing(node: &Node<'_>, base_ms: &str) -> Value {
    node.script("list", &[base_ms]).json()
}

/// What was left is what is found; internal topics may have more by now.
#[track_caller]
fn assert_same(left: &Value, found: &Value, when: &str, node: &Node<'_>) {
    let mut differences = Vec::new();
    compare("", left, found, &mut differences);
    assert!(
        differences.is_empty(),
        "{when}: {} differences\n{}\nthe node said: {}",
        differences.len(),
        differences.iter().take(40).cloned().collect::<Vec<_>>().join("\n"),
        node.said()
    );
}

fn compare(at: &str, left: &Value, found: &Value, differences: &mut Vec<String>) {
    match (left, found) {
        (Value::Object(left), Value::Object(found)) => {
            let keys: std::collections::BTreeSet<&String> = left.keys().chain(found.keys()).collect();
            for key in keys {
                let of = |values: &serde_json::Map<String, Value>| values.get(key).cloned().unwrap_or_default();
                compare(&format!("{at}/{key}"), &of(left), &of(found), differences);
            }
        }
        (Value::Array(left), Value::Array(found)) if at.starts_with("/internal/") => {
            if !found.starts_with(left) {
                let same = left.iter().zip(found).take_while(|(left, found)| left == found).count();
                differences.push(format!(
                    "{at}[{same}]: {:?}, then {:?}",
                    left.get(same),
                    found.get(same)
                ));
            }
        }
        (Value::Array(left), Value::Array(found)) if left.len() > 3 && left != found => {
            let same = left.iter().zip(found).take_while(|(left, found)| left == found).count();
            let (before, after) = (left.get(same), found.get(same));
            differences.push(format!(
                "{at}: of {} and {}, number {same}: {before:?}, then {after:?}",
                left.len(),
                found.len()
            ));
        }
        // Only Apache tells.
        _ if at == "/users" && (left.is_null() || found.is_null()) => {}
        _ if left == found => {}
        _ => differences.push(format!("{at}: {left}, then {found}")),
    }
}

/// Waits until log-start-offset-checkpoint says what the listing does.
fn wait_for_checkpoint(data: &Path, listing: &Value) {
    let mut expected = Vec::new();
    for (topic, listed) in listing["topics"].as_object().unwrap() {
        for (partition, earliest) in listed["earliest"].as_object().unwrap() {
            if *earliest != 0 {
                expected.push(format!("{topic} {partition} {earliest}"));
            }
        }
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let written = std::fs::read_to_string(data.join("log-start-offset-checkpoint")).unwrap_or_default();
        let missing = expected
            .iter()
            .find(|line| !written.lines().any(|found| found == **line));
        let Some(missing) = missing else { return };
        assert!(Instant::now() < deadline, "{missing} is not checkpointed: {written}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A node that finds a clean stop of the other engine trusts it; one that finds a crash looks, and finds nothing bad.
#[track_caller]
fn check_start(engine: Engine, how: End, said: &str) {
    let looks = match engine {
        Apache => "Recovering unflushed segment",
        Kfleet => "rebuilt their indexes",
    };
    let looked = said
        .lines()
        .any(|line| line.contains(looks) && !line.contains("metadata"));
    assert_eq!(looked, how == Unclean, "{engine:?} after {how:?} said: {said}");
    let complains = |line: &&str| {
        let loud = ["WARN", "ERROR"]
            .iter()
            .any(|level| line.split_whitespace().take(2).any(|word| word == *level));
        // Apache says the one at every start, and we the other where a topic is to be compacted.
        let expected = ["Performing controller activation", "this broker does not compact"];
        loud && !expected.iter().any(|words| line.contains(words))
    };
    let complaints: Vec<&str> = said.lines().filter(complains).collect();
    assert!(complaints.is_empty(), "{engine:?} after {how:?} said: {complaints:#?}");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn apache_formats_a_static_quorum() {
    let engines = [
        (Apache, Clean),
        (Kfleet, Unclean),
        (Apache, Unclean),
        (Kfleet, Clean),
        (Apache, Clean),
        (Kfleet, Clean),
    ];
    relay(Home::formatted_by(Apache, Quorum::Static), &engines);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn kfleet_formats_a_dynamic_quorum() {
    let engines = [
        (Kfleet, Clean),
        (Apache, Clean),
        (Kfleet, Unclean),
        (Apache, Clean),
        (Kfleet, Clean),
    ];
    relay(Home::formatted_by(Kfleet, Quorum::Dynamic), &engines);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn apache_formats_a_dynamic_quorum() {
    relay(
        Home::formatted_by(Apache, Quorum::Dynamic),
        &[(Apache, Clean), (Kfleet, Clean)],
    );
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn kfleet_formats_a_static_quorum() {
    relay(
        Home::formatted_by(Kfleet, Quorum::Static),
        &[(Kfleet, Unclean), (Apache, Clean)],
    );
}
