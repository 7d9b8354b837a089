//! The benches measure what they say they do.

use crate::support::Cluster;

fn what_is_written_is_there_and_what_is_read_is_counted(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "3", "--yes"])
        .exits(0);
    let written = cluster.data(&[
        "bench",
        "produce",
        "t",
        "-n",
        "1001",
        "--batch-bytes",
        "1000",
        "-z",
        "lz4",
    ]);
    assert_eq!(written["rate"]["records"], 1001);
    let offsets = cluster.data(&["offsets", "get", "t"]);
    let offsets = offsets.as_array().unwrap();
    let end: i64 = offsets.iter().map(|row| row["offset"].as_i64().unwrap()).sum();
    assert_eq!(end, 1001);
    assert!(offsets.iter().all(|row| row["offset"] != 0), "a partition got nothing");
    let read = cluster.data(&["bench", "consume", "t"]);
    assert_eq!(read["rate"]["records"], 1001);
    assert_eq!(read["rate"]["bytes"], written["rate"]["bytes"]);
    let part = cluster.data(&["bench", "consume", "t", "-n", "10", "--fetch-bytes", "1000"]);
    let part = part["rate"]["records"].as_u64().unwrap();
    assert!((10..1001).contains(&part), "{part}");
    cluster
        .kfleet(&["bench", "produce", "no-such-topic", "-n", "1"])
        .exits(66);
}

fn a_record_is_read_after_it_was_sent(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    let measured = cluster.data(&["bench", "latency", "t", "-n", "20", "--warm-up", "5"]);
    assert_eq!(measured["records"], 20);
    for times in [&measured["end_to_end_us"], &measured["acknowledged_us"]] {
        let [p50, p99, max] = ["p50", "p99", "max"].map(|name| times[name].as_u64().unwrap());
        assert!(0 < p50 && p50 <= p99 && p99 <= max, "{times}");
    }
    assert_eq!(cluster.data(&["offsets", "get", "t"])[0]["offset"], 25);
}

fn a_limited_throughput_is_kept(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    let measured = cluster.data(&[
        "bench",
        "produce",
        "t",
        "-n",
        "300",
        "--batch-bytes",
        "100",
        "--throughput",
        "1000",
    ]);
    assert!(measured["rate"]["seconds"].as_f64().unwrap() >= 0.29, "{measured}");
}

on_both_engines!(
    what_is_written_is_there_and_what_is_read_is_counted,
    a_record_is_read_after_it_was_sent,
    a_limited_throughput_is_kept,
);
