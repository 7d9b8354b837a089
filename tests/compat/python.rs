//! The Python clients.

use std::process::Command;

use crate::support::{Cluster, foreign, run_with_input};

#[track_caller]
fn script(name: &str, cluster: &Cluster) {
    let path = format!("{}/tests/compat/python/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("timeout");
    command
        .arg("120")
        .arg(foreign("venv/bin/python"))
        .args([&path, &cluster.bootstrap]);
    let ran = run_with_input(&mut command, "").exits(0);
    assert_eq!(ran.lines().last(), Some(&"ok"), "{}{}", ran.stdout, ran.stderr);
}

fn confluent_kafka(cluster: &Cluster) {
    script("confluent.py", cluster);
}

fn kafka_python(cluster: &Cluster) {
    script("kafka_python.py", cluster);
}

mod one_node {
    use crate::support::{Cluster, Engine};

    #[test]
    #[ignore = "needs tests/compat/setup"]
    fn confluent_kafka() {
        super::confluent_kafka(&Cluster::start(Engine::Kfleet));
    }

    #[test]
    #[ignore = "needs tests/compat/setup"]
    fn kafka_python() {
        super::kafka_python(&Cluster::start(Engine::Kfleet));
    }
}

on_both_engines!(foreign_three: confluent_kafka, kafka_python);
