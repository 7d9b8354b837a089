//! Records in and out, and their offsets.

use crate::support::Cluster;

on_both_engines!(records_come_back_as_they_went_in, offsets_are_told_by_end_and_by_time,);

fn records_come_back_as_they_went_in(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "4", "--yes"])
        .exits(0);
    let mut written: Vec<String> = (0..1000).map(|at| format!("value {at}")).collect();
    cluster
        .kfleet_with_input(&["produce", "t"], &format!("{}\n", written.join("\n")))
        .exits(0);
    let read = cluster.kfleet(&["consume", "t"]).exits(0);
    let mut read = read.lines();
    read.sort_unstable();
    written.sort();
    assert_eq!(read, written);
    cluster.kfleet(&["consume", "none"]).exits(66);
}

fn offsets_are_told_by_end_and_by_time(cluster: &Cluster) {
    cluster.kfleet(&["topics", "create", "t", "--yes"]).exits(0);
    cluster.kfleet_with_input(&["produce", "t"], "a\nb\nc\n").exits(0);
    let offset = |args: &[&str]| cluster.data(&[&["offsets", "get", "t"], args].concat())[0]["offset"].clone();
    assert_eq!(offset(&[]), 3);
    assert_eq!(offset(&["--at", "earliest"]), 0);
    assert_eq!(offset(&["--timestamp-ms", "0"]), 0);
    assert!(offset(&["--timestamp-ms", "99999999999999"]).is_null());
    cluster.kfleet(&["offsets", "get", "none"]).exits(66);
}
