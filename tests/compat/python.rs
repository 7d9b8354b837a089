//! The Python clients.

use std::process::Command;

use crate::support::{Cluster, Engine, foreign, run_with_input};

#[track_caller]
fn script(name: &str) {
    let cluster = Cluster::start(Engine::Kfleet);
    let path = format!("{}/tests/compat/python/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("timeout");
    command
        .arg("120")
        .arg(foreign("venv/bin/python"))
        .args([&path, &cluster.bootstrap]);
    let ran = run_with_input(&mut command, "").exits(0);
    assert_eq!(ran.lines().last(), Some(&"ok"), "{}{}", ran.stdout, ran.stderr);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn confluent_kafka() {
    script("confluent.py");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn kafka_python() {
    script("kafka_python.py");
}
