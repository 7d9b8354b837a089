//! The log of changes that `KFLEET_AUDIT_LOG` asks for.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::admin_mock::{AdminMock, Made};
use crate::support::{KFLEET, Ran, isolated, kfleet, run_with_input};

fn run(program: &Path, log: &Path, args: &[&str]) -> Ran {
    run_with_input(isolated(program).args(args).env("KFLEET_AUDIT_LOG", log), "")
}

fn lines(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_change_is_noted_before_it_is_made_and_how_it_ended() {
    let mock = AdminMock::start(Made::default());
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("audit.ndjson");
    let on = |args: &[&str]| run(Path::new(KFLEET), &log, &[args, &["-b", &mock.address]].concat());
    on(&["topics", "list"]).exits(0);
    on(&["configs", "set", "topic", "t", "--set", "retention.ms=1", "--dry-run"]).exits(0);
    on(&["configs", "set", "topic", "t", "--set", "retention.ms=1"]).exits(77);
    assert!(lines(&log).is_empty(), "nothing was changed");
    on(&["configs", "set", "topic", "t", "--set", "retention.ms=1", "--yes"]).exits(0);
    let told = lines(&log);
    let events: Vec<&Value> = told.iter().map(|line| &line["event"]).collect();
    assert_eq!(events, ["begin", "end"]);
    for line in &told {
        assert_eq!(line["schema"], "kfleet/audit/1");
        assert!(
            line["user"].is_string() && line["host"].is_string() && line["time"].is_string(),
            "{line}"
        );
        assert!(
            line["arguments"].as_array().unwrap().contains(&json!("retention.ms=1")),
            "{line}"
        );
        assert_eq!(line["pid"], told[0]["pid"]);
    }
    assert!(
        told[0]["plan"].as_str().unwrap().contains('t') && told[0]["cluster_id"].is_string(),
        "{told:?}"
    );
    assert_eq!(
        (&told[0]["exit_code"], &told[1]["exit_code"]),
        (&Value::Null, &json!(0))
    );
}

#[test]
fn scripts_under_apaches_names_are_noted_without_their_secrets() {
    let mock = AdminMock::start(Made::default());
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("audit.ndjson");
    kfleet(&["shims", "install", dir.path().to_str().unwrap(), "--yes"]).exits(0);
    let script = |name: &str, args: &[&str]| {
        let args = [&["--bootstrap-server", &mock.address], args].concat();
        run(&dir.path().join(name), &log, &args)
    };
    script("kafka-topics.sh", &["--list"]).exits(0);
    assert!(lines(&log).is_empty());
    let set = [
        "--alter",
        "--topic",
        "t",
        "--add-config",
        "retention.ms=1,sasl.jaas.config=hunter2",
    ];
    let ran = script("kafka-configs.sh", &set);
    let told = lines(&log);
    assert_eq!(told.len(), 2, "{ran:?}");
    assert_eq!(
        (&told[0]["event"], &told[1]["exit_code"]),
        (&json!("begin"), &json!(ran.code))
    );
    assert!(!format!("{told:?}").contains("hunter2"), "{told:?}");
}

#[test]
fn what_cannot_be_noted_is_not_done() {
    let mock = AdminMock::start(Made::default());
    let set = [
        "configs",
        "set",
        "topic",
        "t",
        "--set",
        "retention.ms=1",
        "--yes",
        "-b",
        &mock.address,
    ];
    let ran = run(Path::new(KFLEET), Path::new("/nonexistent/audit.ndjson"), &set).exits(74);
    assert!(ran.stderr.contains("nothing was changed"), "{}", ran.stderr);
    assert!(mock.writes().into_iter().all(|write| write.validate_only));
}
