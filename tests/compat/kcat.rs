//! kcat, and with it an old librdkafka (2.0).

use std::process::Command;

use crate::support::{Cluster, Ran, run_with_input};

#[track_caller]
fn kcat(cluster: &Cluster, args: &[&str], input: &str) -> Ran {
    let mut command = Command::new("timeout");
    command.args(["60", "kcat", "-b", &cluster.bootstrap]).args(args);
    run_with_input(&mut command, input)
}

fn reads_what_it_wrote(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "2", "--yes"])
        .exits(0);
    let mut sent = Vec::new();
    // zstd is not built into Debian's librdkafka on every release, so it is left to the other clients.
    for codec in ["none", "gzip", "snappy", "lz4"] {
        let lines: Vec<String> = (0..500).map(|at| format!("{codec} {at}")).collect();
        kcat(
            cluster,
            &["-P", "-t", "t", "-z", codec],
            &format!("{}\n", lines.join("\n")),
        )
        .exits(0);
        sent.extend(lines);
    }
    let read = kcat(cluster, &["-C", "-t", "t", "-e", "-q"], "").exits(0);
    let mut read: Vec<String> = read.lines().into_iter().map(str::to_owned).collect();
    read.sort();
    sent.sort();
    assert_eq!(read, sent);
    let ours = cluster.kfleet(&["consume", "t"]).exits(0);
    let mut ours = ours.lines();
    ours.sort_unstable();
    assert_eq!(ours, sent, "what kfleet reads is what kcat wrote");
}

fn headers_keys_and_tombstones_come_back(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    let produce = ["-P", "-t", "t", "-K", ":", "-Z", "-H", "a=1", "-H", "a=2", "-H", "b=3"];
    kcat(cluster, &produce, "k:v\nk:\n").exits(0);
    let format = "%k|%s|%S|%h\n";
    let read = kcat(cluster, &["-C", "-t", "t", "-e", "-q", "-f", format], "").exits(0);
    assert_eq!(read.lines(), ["k|v|1|a=1,a=2,b=3", "k||-1|a=1,a=2,b=3"]);
}

fn groups_share_partitions(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "3", "--yes"])
        .exits(0);
    kcat(
        cluster,
        &["-P", "-t", "t"],
        &(0..300).map(|at| format!("{at}\n")).collect::<String>(),
    )
    .exits(0);
    let group = ["-X", "auto.offset.reset=earliest", "-q", "-e", "-G", "g", "t"];
    assert_eq!(kcat(cluster, &group, "").exits(0).lines().len(), 300);
    let rows = cluster.data(&["groups", "describe", "g"]);
    let committed: i64 = rows
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|row| row["committed_offset"].as_i64())
        .sum();
    assert_eq!(committed, 300, "{rows}");
}

fn metadata_and_offsets_are_told(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "2", "--yes"])
        .exits(0);
    kcat(cluster, &["-P", "-t", "t", "-p", "1"], "a\nb\n").exits(0);
    let listed = kcat(cluster, &["-L", "-J"], "").exits(0).json();
    assert_eq!(listed["brokers"].as_array().unwrap().len(), cluster.nodes().len());
    let topic = listed["topics"]
        .as_array()
        .unwrap()
        .iter()
        .find(|topic| topic["topic"] == "t")
        .unwrap();
    assert_eq!(topic["partitions"].as_array().unwrap().len(), 2);
    assert_eq!(
        kcat(cluster, &["-Q", "-t", "t:1:-1"], "").exits(0).stdout.trim(),
        "t [1] offset 2"
    );
}

on_both_engines!(foreign:
    reads_what_it_wrote,
    headers_keys_and_tombstones_come_back,
    groups_share_partitions,
    metadata_and_offsets_are_told
);

on_both_engines!(foreign_three:
    reads_what_it_wrote,
    headers_keys_and_tombstones_come_back,
    groups_share_partitions,
    metadata_and_offsets_are_told
);
