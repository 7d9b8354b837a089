//! What consume reads, from where to where, and how it prints it.

use std::fs::OpenOptions;
use std::process::Stdio;

use crate::support::{Cluster, KFLEET, Ran, isolated, kfleet};

on_both_engines!(
    ranges_are_what_was_asked_for,
    topics_are_named_or_described,
    following_ends_when_there_is_enough,
    output_that_ends_or_is_full_is_told_apart,
);

fn produce(cluster: &Cluster, topic: &str, args: &[&str], input: &str) {
    cluster
        .kfleet_with_input(&[&["produce", topic], args].concat(), input)
        .exits(0);
}

fn ranges_are_what_was_asked_for(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    for at in 0..10 {
        let timestamp = (1000 + 10 * at).to_string();
        produce(cluster, "t", &["--timestamp-ms", &timestamp], &format!("{at}\n"));
    }
    let read = |args: &[&str]| {
        let all = [&["consume", "t", "-D", " "], args].concat();
        cluster.kfleet(&all).exits(0).stdout
    };
    assert_eq!(read(&[]), "0 1 2 3 4 5 6 7 8 9 ");
    assert_eq!(read(&["--offset", "7"]), "7 8 9 ");
    assert_eq!(read(&["--offset", "-2"]), "8 9 ");
    assert_eq!(read(&["--offset", "end"]), "");
    assert_eq!(read(&["--offset", "99"]), "");
    assert_eq!(read(&["--offset", "beginning", "-c", "3"]), "0 1 2 ");
    assert_eq!(read(&["--offset", "s@1075"]), "8 9 ");
    assert_eq!(read(&["--offset", "s@1030", "--offset", "e@1050"]), "3 4 ");
    assert_eq!(read(&["--offset", "e@1970-01-01T00:00:01.010Z"]), "0 ");
    assert_eq!(read(&["--offset", "s@99999999"]), "");
    assert_eq!(read(&["--follow", "-e", "--offset", "9"]), "9 ");
    assert_eq!(read(&["-c", "0"]), "");
    assert_eq!(read(&["--isolation", "read-uncommitted", "--offset", "8"]), "8 9 ");
    for bad in [["--offset", "x"], ["--offset", "stored"], ["-f", "%q"]] {
        cluster.kfleet(&["consume", "t", bad[0], bad[1]]).exits(64);
    }
    cluster.kfleet(&["consume", "t", "-p", "0,1"]).exits(66);
    cluster.kfleet(&["consume", "t", "-o", "json", "--print-key"]).exits(64);
    let document = cluster
        .kfleet(&["consume", "t", "-o", "json", "-c", "2"])
        .exits(0)
        .json();
    assert_eq!(document["schema"], "kfleet/consume/1");
    assert_eq!(document["data"][1]["offset"], 1);
    assert_eq!(document["data"][1]["timestamp_ms"], 1010);
    let empty = cluster
        .kfleet(&["consume", "t", "-o", "json", "--offset", "end"])
        .exits(0);
    assert_eq!(empty.data(), serde_json::json!([]));
    cluster.kfleet(&["schema", "consume"]).exits(0);
}

fn topics_are_named_or_described(cluster: &Cluster) {
    for topic in ["orders-a", "orders-b", "payments"] {
        cluster
            .kfleet(&["topics", "create", topic, "--partitions", "2", "--yes"])
            .exits(0);
        produce(cluster, topic, &[], &format!("{topic}\n"));
    }
    let read = |args: &[&str]| {
        let ran = cluster.kfleet(&[&["consume"], args].concat()).exits(0);
        let mut lines: Vec<String> = ran.lines().into_iter().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(read(&["payments", "orders-a", "payments"]), ["orders-a", "payments"]);
    assert_eq!(read(&["--regex", "orders-.*"]), ["orders-a", "orders-b"]);
    cluster.kfleet(&["consume", "--regex", "rders"]).exits(66);
    cluster.kfleet(&["consume", "--regex", "("]).exits(64);
    cluster.kfleet(&["consume", "payments", "none"]).exits(66);
}

fn following_ends_when_there_is_enough(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    let follower = isolated(KFLEET)
        .args(["consume", "t", "--follow", "-c", "3", "-b", &cluster.bootstrap])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    produce(cluster, "t", &[], "a\n");
    produce(cluster, "t", &[], "b\nc\nd\n");
    let ran = Ran::of(&follower.wait_with_output().unwrap()).exits(0);
    assert_eq!(ran.lines(), ["a", "b", "c"]);
}

fn output_that_ends_or_is_full_is_told_apart(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    produce(cluster, "t", &[], &"a line of some length\n".repeat(100_000));
    let consume = || {
        let mut command = isolated(KFLEET);
        command.args(["consume", "t", "-b", &cluster.bootstrap]);
        command
    };
    let mut closed = consume().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(closed.stdout.take());
    let ran = Ran::of(&closed.wait_with_output().unwrap()).exits(0);
    assert_eq!(ran.stderr, "", "who has read enough hears nothing more");
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = Ran::of(&consume().stdout(full).output().unwrap()).exits(74);
    assert!(ran.stderr.contains("No space left"), "{}", ran.stderr);
}

#[test]
fn an_unreachable_cluster_is_told() {
    kfleet(&["consume", "t", "-b", "127.0.0.1:1", "--timeout", "2s"]).exits(69);
}
