//! What produce reads, and what becomes of it.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Cluster, KFLEET, Ran, isolated, kfleet, signal};

on_both_engines!(
    lines_say_what_they_are_told_to_say,
    files_are_lines_or_records,
    json_comes_back_as_it_was,
    what_is_wrong_is_told_with_its_place_and_what_was_written,
    all_codecs_and_acks_arrive,
    a_large_input_goes_to_all_partitions_in_order_of_keys,
    a_signal_ends_the_input_and_not_what_was_read,
);

const ALL: &str = "%p|%k|%K|%s|%S|%h\\n";

fn topic(cluster: &Cluster, name: &str, partitions: &str) {
    cluster
        .kfleet(&["topics", "create", name, "--partitions", partitions, "--yes"])
        .exits(0);
}

#[track_caller]
fn holds(cluster: &Cluster, topic: &str, expected: &[&str]) {
    let read = cluster.kfleet(&["consume", topic, "-f", ALL]).exits(0);
    assert_eq!(read.lines(), expected);
}

fn lines_say_what_they_are_told_to_say(cluster: &Cluster) {
    topic(cluster, "t", "1");
    let produce = |args: &[&str], input: &str| {
        cluster
            .kfleet_with_input(&[&["produce", "t"], args].concat(), input)
            .exits(0)
            .stderr
    };
    let told = produce(&["-K", "::", "-H", "a=1", "-H", "a=2", "-H", "n"], "k::v\nalone\n");
    assert!(told.contains("2 records written and acknowledged"), "{told}");
    produce(&["-Z", "-K", ":"], "k:\n:v\n");
    produce(&["-D", ";", "-k", "fixed"], "a;b\n;c");
    produce(
        &["--headers-delimiter", "\\t", "--null-marker", "NIL", "-K", "="],
        "x:1,y:NIL\tk=NIL\n",
    );
    produce(&["-c", "1"], "first\nsecond\n");
    let expected = [
        "0|k|1|v|1|a=1,a=2,n=NULL",
        "0||-1|alone|5|a=1,a=2,n=NULL",
        "0|k|1||-1|",
        "0||-1|v|1|",
        "0|fixed|5|a|1|",
        "0|fixed|5|b",
        "|2|",
        "0|fixed|5|c|1|",
        "0|k|1||-1|x=1,y=NULL",
        "0||-1|first|5|",
    ];
    holds(cluster, "t", &expected);
    cluster
        .kfleet_with_input(&["produce", "t", "--timestamp-ms", "1234567890123"], "then\n")
        .exits(0);
    let last = cluster
        .kfleet(&["consume", "t", "--offset", "-1", "-f", "%T %s"])
        .exits(0);
    assert_eq!(last.stdout, "1234567890123 then");
    let told = produce(&["-v"], "x\ny\n");
    assert!(told.contains("t-0: 2 records at offsets 10 to 11"), "{told}");
}

fn files_are_lines_or_records(cluster: &Cluster) {
    topic(cluster, "t", "1");
    let (a, b) = (cluster.dir.join("a"), cluster.dir.join("b"));
    std::fs::write(&a, "1\n2").unwrap();
    std::fs::write(&b, "3\n").unwrap();
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    cluster.kfleet(&["produce", "t", a, b]).exits(0);
    cluster.kfleet(&["produce", "t", "--whole-file", a, b]).exits(0);
    let read = cluster.kfleet(&["consume", "t", "-f", "[%s]"]).exits(0);
    assert_eq!(read.stdout, "[1][2][3][1\n2][3\n]");
    let missing = cluster.kfleet(&["produce", "t", a, "/no/such/file"]).exits(66);
    assert!(missing.stderr.contains("2 records written"), "{}", missing.stderr);
    cluster.kfleet(&["produce", "t", "/"]).exits(74);
}

fn json_comes_back_as_it_was(cluster: &Cluster) {
    topic(cluster, "t", "3");
    topic(cluster, "copy", "3");
    topic(cluster, "other", "1");
    let records = [
        "{\"key\": \"ä\", \"value\": \"line\\nfeed\", \"headers\": [{\"key\": \"h\", \"value\": null}]}",
        "{\"key\": null, \"value_base64\": \"/wD+\", \"value\": null, \"timestamp_ms\": 1000, \"partition\": 2}",
        "{\"key_base64\": \"gA==\", \"value\": null, \"headers\": [{\"key_base64\": \"/w==\", \"value\": \"x\"}]}",
        "",
    ];
    cluster
        .kfleet_with_input(&["produce", "t", "--json"], &records.join("\n"))
        .exits(0);
    let read = cluster.kfleet(&["consume", "t", "-o", "ndjson"]).exits(0);
    cluster
        .kfleet_with_input(&["produce", "copy", "--json", "-z", "lz4"], &read.stdout)
        .exits(0);
    let sorted = |topic: &str| {
        let rows = cluster.data(&["consume", topic]);
        let mut rows: Vec<String> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                let mut row = row.clone();
                row.as_object_mut().unwrap().remove("topic");
                row.to_string()
            })
            .collect();
        rows.sort();
        rows
    };
    assert_eq!(sorted("t"), sorted("copy"));
    assert_eq!(sorted("t").len(), 3);
    cluster
        .kfleet_with_input(&["produce", "other", "--json"], &read.stdout)
        .exits(65);
    cluster
        .kfleet_with_input(
            &["produce", "other", "--json", "--partitioner", "murmur2"],
            &read.stdout,
        )
        .exits(0);
}

fn what_is_wrong_is_told_with_its_place_and_what_was_written(cluster: &Cluster) {
    topic(cluster, "t", "1");
    let bad = "{\"value\": \"good\"}\n{\"value\": bad}\n";
    let ran = cluster.kfleet_with_input(&["produce", "t", "--json"], bad).exits(65);
    assert!(ran.stderr.contains("standard input:2:11: "), "{}", ran.stderr);
    assert!(ran.stderr.contains("1 record written"), "{}", ran.stderr);
    holds(cluster, "t", &["0||-1|good|4|"]);
    cluster.kfleet_with_input(&["produce", "none"], "a\n").exits(66);
    cluster.kfleet_with_input(&["produce", "t", "-p", "1"], "a\n").exits(66);
    cluster.kfleet_with_input(&["produce", "t", "-D", ""], "a\n").exits(64);
    cluster
        .kfleet_with_input(&["produce", "t", "-K", "\\q"], "a\n")
        .exits(64);
    cluster
        .kfleet(&[
            "topics",
            "create",
            "small",
            "--config",
            "max.message.bytes=1000",
            "--yes",
        ])
        .exits(0);
    let long = "x".repeat(2000);
    cluster.kfleet_with_input(&["produce", "small"], &long).exits(76);
}

fn all_codecs_and_acks_arrive(cluster: &Cluster) {
    topic(cluster, "t", "2");
    let mut many = 0;
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        for acks in ["all", "leader", "none"] {
            let input: String = (0..200).map(|at| format!("{codec} {acks} {at}\n")).collect();
            cluster
                .kfleet_with_input(&["produce", "t", "-z", codec, "--acks", acks], &input)
                .exits(0);
            many += 200;
        }
    }
    let read = cluster.kfleet(&["consume", "t"]).exits(0);
    assert_eq!(read.lines().len(), many);
}

fn a_large_input_goes_to_all_partitions_in_order_of_keys(cluster: &Cluster) {
    topic(cluster, "t", "7");
    let input: String = (0..100_000).map(|at| format!("{}:{at}\n", at % 101)).collect();
    cluster
        .kfleet_with_input(&["produce", "t", "-K", ":", "-z", "lz4"], &input)
        .exits(0);
    let read = cluster.kfleet(&["consume", "t", "-K", ":"]).exits(0);
    let mut last = std::collections::BTreeMap::new();
    let mut many = 0;
    for line in read.lines() {
        let (key, value) = line.split_once(':').unwrap();
        let value: i64 = value.parse().unwrap();
        let before = last.insert(key.to_owned(), value).unwrap_or(-1);
        assert!(before < value, "{key}: {value} behind {before}");
        many += 1;
    }
    assert_eq!(many, 100_000);
    let part = cluster.kfleet(&["consume", "t", "-p", "3,5", "-f", "%p\\n"]).exits(0);
    let mut part = part.lines();
    part.dedup();
    part.sort_unstable();
    part.dedup();
    assert_eq!(part, ["3", "5"]);
}

fn a_signal_ends_the_input_and_not_what_was_read(cluster: &Cluster) {
    topic(cluster, "t", "1");
    let mut child = isolated(KFLEET)
        .args(["produce", "t", "-b", &cluster.bootstrap])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.as_mut().unwrap().write_all(b"a\nb\nunfinished").unwrap();
    let followed = cluster.kfleet(&["consume", "t", "--follow", "-c", "2"]).exits(0);
    assert_eq!(
        followed.lines(),
        ["a", "b"],
        "records go out without waiting for the end"
    );
    signal(child.id() as i32, "TERM");
    let input = child.stdin.take();
    let ran = Ran::of(&child.wait_with_output().unwrap()).exits(143);
    drop(input);
    assert!(
        ran.stderr.contains("2 records written and acknowledged"),
        "{}",
        ran.stderr
    );
}

#[test]
fn an_unreachable_cluster_is_told() {
    kfleet(&["produce", "t", "-b", "127.0.0.1:1", "--timeout", "2s"]).exits(69);
}
