//! What the unit tests of the quorum's wire forms compare with is what Apache Kafka's own classes read and write.

use std::process::Command;

use crate::support::{kafka_libs, quick_java, run_with_input};

#[test]
#[ignore = "needs tests/compat/setup"]
fn the_expected_messages_of_the_quorum_are_apaches() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let expected = root.join("broker/core/src/raft/wire/tests/apache_4_3_1.txt");
    let expected = std::fs::read_to_string(expected).unwrap();
    let mut command = Command::new("timeout");
    command
        .args(["90", "java", "-Xmx512m"])
        .args(quick_java("4.3.1"))
        .arg("-cp")
        .arg(kafka_libs().join("*"))
        .arg(root.join("tests/compat/QuorumMessages.java"))
        .args(["1", "16"]);
    let ran = run_with_input(&mut command, "").exits(0);
    assert!(
        ran.stdout == expected,
        "regenerate apache_4_3_1.txt with QuorumMessages.java 1 16"
    );
}
