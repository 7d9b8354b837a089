//! What the unit tests of the controller compare its changes of partitions with is what Apache Kafka's own
//! `PartitionChangeBuilder` gives.

use std::process::Command;

use crate::support::{kafka_libs, quick_java, run_with_input};

#[test]
#[ignore = "needs tests/compat/setup"]
fn the_expected_changes_of_partitions_are_apaches() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected = root.join("broker/core/src/controller/partition_change/apache_4_3_1.txt");
    let expected = std::fs::read_to_string(expected).unwrap();
    let mut command = Command::new("timeout");
    command
        .args(["90", "java", "-Xmx512m"])
        .args(quick_java("4.3.1"))
        .arg("-cp")
        .arg(kafka_libs().join("*"))
        .arg(root.join("tests/compat/PartitionChanges.java"))
        .args(["1", &expected.lines().count().to_string()]);
    let ran = run_with_input(&mut command, "").exits(0);
    assert!(
        ran.stdout == expected,
        "regenerate apache_4_3_1.txt with PartitionChanges.java 1 600"
    );
}
