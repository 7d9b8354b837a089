//! consume as a member of a group.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::support::{Cluster, KFLEET, Ran, isolated, signal};

on_both_engines!(
    a_group_reads_on_where_it_left_off,
    members_share_partitions_and_leave_when_told_to,
);

fn produce(cluster: &Cluster, count: usize) {
    let input: String = (0..count).map(|at| format!("{at}:v{at}\n")).collect();
    cluster.kfleet_with_input(&["produce", "t", "-K", ":"], &input).exits(0);
}

fn committed(cluster: &Cluster) -> i64 {
    let rows = cluster.data(&["groups", "describe", "g"]);
    let offsets = rows.as_array().unwrap().iter();
    offsets.filter_map(|row| row["committed_offset"].as_i64()).sum()
}

fn a_group_reads_on_where_it_left_off(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "3", "--yes"])
        .exits(0);
    produce(cluster, 1000);
    let read = |args: &[&str]| {
        let all = [&["consume", "t", "-G", "g"], args].concat();
        cluster.kfleet(&all).exits(0).lines().len()
    };
    assert_eq!(read(&["-c", "300"]), 300);
    assert_eq!(committed(cluster), 300, "what was printed is committed, and no more");
    assert_eq!(read(&[]), 700);
    assert_eq!(read(&[]), 0);
    produce(cluster, 10);
    assert_eq!(read(&["--offset", "end"]), 10, "where it has left off, it goes on");
    assert_eq!(committed(cluster), 1010);
    cluster.kfleet(&["consume", "none", "-G", "g"]).exits(66);
}

fn follower(cluster: &Cluster) -> Child {
    isolated(KFLEET)
        .args([
            "consume",
            "t",
            "-G",
            "g",
            "--follow",
            "-f",
            "%p\\n",
            "-b",
            &cluster.bootstrap,
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn members_share_partitions_and_leave_when_told_to(cluster: &Cluster) {
    cluster
        .kfleet(&["topics", "create", "t", "--partitions", "4", "--yes"])
        .exits(0);
    produce(cluster, 100);
    let mut first = follower(cluster);
    let mut lines = BufReader::new(first.stdout.take().unwrap()).lines();
    for _ in 0..100 {
        lines.next().unwrap().unwrap();
    }
    let mut second = follower(cluster);
    let mut second_lines = BufReader::new(second.stdout.take().unwrap()).lines();
    // The second gets something only once the first has given partitions back.
    let mut written = 100;
    let (seen, sees) = std::sync::mpsc::channel();
    let reading = std::thread::spawn(move || {
        let mut count = 0;
        while let Some(Ok(_)) = second_lines.next() {
            count += 1;
            let _done = seen.send(());
        }
        count
    });
    let reading_first = std::thread::spawn(move || lines.map_while(Result::ok).count());
    for _ in 0..60 {
        produce(cluster, 20);
        written += 20;
        if sees.recv_timeout(std::time::Duration::from_millis(500)).is_ok() {
            break;
        }
    }
    signal(second.id() as i32, "TERM");
    Ran::of(&second.wait_with_output().unwrap()).exits(143);
    let second_count = reading.join().unwrap();
    assert!(second_count > 0, "the second member got no partition");
    signal(first.id() as i32, "INT");
    Ran::of(&first.wait_with_output().unwrap()).exits(130);
    let first_count = 100 + reading_first.join().unwrap();
    let rest = cluster.kfleet(&["consume", "t", "-G", "g"]).exits(0).lines().len();
    assert_eq!(first_count + second_count + rest, written, "each record once");
}
