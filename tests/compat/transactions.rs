//! Transactions that others wrote, read by ours.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::support::{Cluster, Engine, foreign};

#[test]
#[ignore = "needs tests/compat/setup"]
fn only_what_was_committed_is_read_unless_all_is_asked_for() {
    let cluster = Cluster::start(Engine::Apache);
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    let path = format!("{}/tests/compat/python/transactions.py", env!("CARGO_MANIFEST_DIR"));
    let mut writer = Command::new(foreign("venv/bin/python"))
        .args([&path, &cluster.bootstrap])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    BufReader::new(writer.stdout.take().unwrap())
        .read_line(&mut said)
        .unwrap();
    assert_eq!(said, "ok\n");
    let committed = cluster.kfleet(&["consume", "t"]).exits(0);
    assert_eq!(committed.lines(), ["committed 1", "committed 2"]);
    let group = cluster.kfleet(&["consume", "t", "-G", "g"]).exits(0);
    assert_eq!(group.lines(), ["committed 1", "committed 2"]);
    let all = cluster
        .kfleet(&["consume", "t", "--isolation", "read-uncommitted"])
        .exits(0);
    let written = ["aborted 1", "committed 1", "aborted 2", "committed 2", "open"];
    assert_eq!(all.lines(), written, "markers are never shown");
    drop(writer.stdin.take());
    writer.wait().unwrap();
}
