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

fn reads_what_we_wrote_and_writes_what_we_read(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    let produce = [
        "produce", "t", "-K", ":", "-Z", "-H", "a=1", "-H", "a=2", "-H", "n", "-z", "lz4",
    ];
    cluster.kfleet_with_input(&produce, "k:v\nk:\n:v\n").exits(0);
    let kcats = ["-P", "-t", "t", "-K", ":", "-Z", "-H", "b=3"];
    kcat(cluster, &kcats, "k:v\nk:\n").exits(0);
    let format = "%t %p %o|%k|%K|%s|%S|%h|%T\n";
    let theirs = kcat(cluster, &["-C", "-t", "t", "-e", "-q", "-f", format], "").exits(0);
    assert_eq!(theirs.lines().len(), 5, "{}", theirs.stdout);
    let ours = cluster.kfleet(&["consume", "t", "-f", format]).exits(0);
    assert_eq!(ours.lines(), theirs.lines(), "one format prints one thing");
    for position in ["beginning", "end", "2", "-2"] {
        let theirs = kcat(cluster, &["-C", "-t", "t", "-p", "0", "-e", "-q", "-o", position], "").exits(0);
        let ours = cluster.kfleet(&["consume", "t", "--offset", position]).exits(0);
        assert_eq!(ours.stdout, theirs.stdout, "{position}");
    }
}

fn keys_go_to_the_same_partitions(cluster: &Cluster) {
    let keys: String = (0..300).map(|at| format!("key {at}:{at}\n")).collect();
    let create = |topic: &str| {
        let create = ["topics", "create", topic, "--partitions", "7", "--yes"];
        cluster.kfleet(&create).exits(0);
    };
    let places = |topic: &str| {
        let read = cluster.kfleet(&["consume", topic, "-f", "%k %p\n"]).exits(0);
        let mut read: Vec<String> = read.lines().into_iter().map(str::to_owned).collect();
        read.sort();
        assert_eq!(read.len(), 300);
        read
    };
    for (ours, theirs) in [("murmur2", "murmur2_random"), ("crc32", "consistent_random")] {
        let (topic, other) = (format!("{ours}-ours"), format!("{ours}-theirs"));
        create(&topic);
        create(&other);
        let produce = ["produce", &topic, "-K", ":", "--partitioner", ours];
        cluster.kfleet_with_input(&produce, &keys).exits(0);
        let partitioner = format!("topic.partitioner={theirs}");
        kcat(cluster, &["-P", "-t", &other, "-K", ":", "-X", &partitioner], &keys).exits(0);
        assert_eq!(places(&topic), places(&other), "{ours}");
    }
}

fn shares_a_group_with_ours(cluster: &Cluster) {
    let create = ["topics", "create", "t", "--partitions", "4", "--yes"];
    cluster.kfleet(&create).exits(0);
    let input: String = (0..200).map(|at| format!("{at}:{at}\n")).collect();
    cluster.kfleet_with_input(&["produce", "t", "-K", ":"], &input).exits(0);
    let some = [
        "-X",
        "auto.offset.reset=earliest",
        "-X",
        "enable.auto.offset.store=true",
    ];
    let theirs = [&some[..], &["-q", "-c", "50", "-G", "g", "t"]].concat();
    assert_eq!(kcat(cluster, &theirs, "").exits(0).lines().len(), 50);
    let ours = cluster.kfleet(&["consume", "t", "-G", "g"]).exits(0).lines().len();
    assert!((100..=150).contains(&ours), "{ours} of what kcat left over");
    let again = [&some[..], &["-q", "-e", "-G", "g", "t"]].concat();
    assert_eq!(
        kcat(cluster, &again, "").exits(0).lines().len(),
        0,
        "ours has committed all of it"
    );
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
    reads_what_we_wrote_and_writes_what_we_read,
    keys_go_to_the_same_partitions,
    shares_a_group_with_ours,
    groups_share_partitions,
    metadata_and_offsets_are_told
);

on_both_engines!(foreign_three:
    reads_what_it_wrote,
    headers_keys_and_tombstones_come_back,
    reads_what_we_wrote_and_writes_what_we_read,
    keys_go_to_the_same_partitions,
    shares_a_group_with_ours,
    groups_share_partitions,
    metadata_and_offsets_are_told
);
