//! Apache Kafka's own tools read what nodes of ours wrote: the quorum's state, its log, and its snapshots.

use std::fs;
use std::path::{Path, PathBuf};

use protocol::records::Batches;

use super::logs_dump::{compare_segments, files, java, same_metadata};
use super::mixed::{create, let_lead, numbers, wait_until_in_sync};
use super::mixed_snapshots::snapshots;
use crate::support::Engine::{Apache, Kfleet};
use crate::support::mixed_nodes::Mixed;
use crate::support::nodes::wait_until;

const QUORUM: &str = "org.apache.kafka.tools.MetadataQuorumCommand";
const SHELL: &str = "org.apache.kafka.shell.MetadataShell";
const SNAPSHOTS: &str = "metadata.log.max.record.bytes.between.snapshots=2000";
/// What kafka-metadata-quorum tells that goes on while it is asked.
const GOES_ON: [&str; 3] = ["HighWatermark:", "MaxFollowerLag:", "MaxFollowerLagTimeMs:"];

/// What the quorum's state is as brokers and controllers tell it, without what goes on: it is one.
fn status(mixed: &Mixed) -> Vec<String> {
    let mut told = Vec::new();
    for id in [mixed.first(Kfleet), mixed.first(Apache)] {
        let broker = ["--bootstrap-server", mixed.address(id)];
        let controller = ["--bootstrap-controller", mixed.controller_address(id)];
        for way in [broker, controller] {
            let status = java(QUORUM, &[&way[..], &["describe", "--status"]].concat());
            let stays = |line: &&str| !GOES_ON.iter().any(|name| line.starts_with(name));
            told.push(status.lines().filter(stays).map(str::to_owned).collect::<Vec<_>>());
        }
        all_replicate(&java(
            QUORUM,
            &[&controller[..], &["describe", "--replication"]].concat(),
        ));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    told.remove(0)
}

/// A table of one leader and two followers, all of whom are heard from.
fn all_replicate(table: &str) {
    let column = |at: usize| table.lines().filter_map(move |line| line.split_whitespace().nth(at));
    let mut ids: Vec<&str> = column(0).collect();
    ids.sort_unstable();
    assert_eq!(ids, ["1", "2", "3", "NodeId"], "{table}");
    let states: Vec<&str> = column(6).collect();
    assert_eq!(states, ["Status", "Leader", "Follower", "Follower"], "{table}");
    assert!(column(4).chain(column(5)).all(|time| time != "-1"), "{table}");
}

/// Without who leads since when.
fn but_for_the_leader(status: &[String]) -> Vec<&String> {
    status.iter().filter(|line| !line.starts_with("Leader")).collect()
}

/// The tree of metadata that Apache's shell makes of a file, without where the file's last record is.
///
/// The shell goes by its loader's offset, which moves just before the shell is told: asked in between it shows an empty
/// tree.
fn image(file: &Path) -> Vec<String> {
    let shell = || java(SHELL, &["--snapshot", file.to_str().unwrap(), "tree", "image"]);
    let is_told = |tree: &String| tree.contains("BrokerRegistration(");
    let tree = std::iter::repeat_with(shell)
        .take(10)
        .find(is_told)
        .expect("a tree with brokers");
    let mut lines: Vec<String> = tree.lines().map(str::to_owned).collect();
    lines.retain(|line| !line.trim_start().starts_with("offset "));
    // What its reader says of control records ends in an offset, and without an end of line.
    lines[0] = lines[0]
        .rsplit(|before: char| before.is_ascii_digit())
        .next()
        .unwrap()
        .to_owned();
    lines
}

/// The metadata log's only segment on a node.
fn segment(mixed: &Mixed, id: i32) -> PathBuf {
    mixed.data_dir(id).join("__cluster_metadata-0/00000000000000000000.log")
}

/// The log below an offset, in a file of its own; nothing if the log is not that long.
fn log_below(log: &[u8], offset: i64, dir: &Path) -> Option<PathBuf> {
    let (mut size_bytes, mut end) = (0, 0);
    for (header, batch) in Batches::new(log).map(Result::unwrap) {
        if header.base_offset >= offset {
            break;
        }
        (size_bytes, end) = (size_bytes + batch.len(), header.next_offset());
    }
    let path = dir.join("00000000000000000000.log");
    fs::write(&path, &log[..size_bytes]).unwrap();
    (end == offset).then_some(path)
}

/// A snapshot says the same to Apache's shell as the log that it stands for, as the other engine has it. A node that
/// stopped before has less of the log.
fn is_what_the_log_says(mixed: &Mixed, id: i32, other: i32) {
    let dir = tempfile::tempdir().unwrap();
    let log = fs::read(segment(mixed, other)).unwrap();
    let files = files(&mixed.data_dir(id), "__cluster_metadata-", ".checkpoint");
    let mut pairs = snapshots(mixed, id).into_iter().zip(files).rev();
    let found = pairs.find_map(|(offset, snapshot)| Some((snapshot, log_below(&log, offset, dir.path())?)));
    let (snapshot, log) = found.expect("a snapshot of what both have");
    let (told, meant) = (image(Path::new(&snapshot)), image(&log));
    let has_partitions = meant.iter().any(|line| line.contains("PartitionRegistration("));
    assert!(has_partitions, "{meant:#?}");
    assert_eq!(told, meant, "the image of {snapshot}");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn apaches_tools_read_what_ours_wrote() {
    let mut mixed = Mixed::start([Kfleet, Kfleet, Apache], |_| SNAPSHOTS);
    let leader = let_lead(&mut mixed, Kfleet);
    for topic in ["a", "b", "gone"] {
        create(&mixed, leader, topic, "6");
    }
    wait_until_in_sync(&mixed, &["a", "b", "gone"]);
    for args in [
        &["configs", "set", "topic", "a", "--set", "retention.ms=100000", "-y"][..],
        &["topics", "delete", "gone", "-y"],
    ] {
        mixed.kfleet(leader, args, "").exits(0);
    }
    mixed.kfleet(leader, &["produce", "a"], &numbers(0..10)).exits(0);
    let of_ours = status(&mixed);
    let_lead(&mut mixed, Apache);
    wait_until_in_sync(&mixed, &[]);
    let of_apaches = status(&mixed);
    assert_eq!(but_for_the_leader(&of_ours), but_for_the_leader(&of_apaches));
    let before = [1, 2, 3].map(|id| snapshots(&mixed, id).last().copied());
    create(&mixed, 1, "c", "20");
    for (id, before) in (1..).zip(before) {
        wait_until(&format!("node {id} makes a snapshot"), || {
            snapshots(&mixed, id).last().copied() > before
        });
    }
    mixed.stop_all();

    let logs = [1, 2, 3].map(|id| fs::read(segment(&mixed, id)).unwrap());
    let shortest = logs.iter().map(Vec::len).min().unwrap();
    assert!(
        logs.iter().all(|log| log[..shortest] == logs[0][..shortest]),
        "logs differ"
    );
    for id in 1..=3 {
        let data = mixed.data_dir(id);
        let segments = files(&data, "__cluster_metadata-", ".log");
        assert!(compare_segments(&segments, "--cluster-metadata-decoder", same_metadata) > 50);
        let snapshots = files(&data, "__cluster_metadata-", ".checkpoint");
        assert!(compare_segments(&snapshots, "--cluster-metadata-decoder", same_metadata) > 50);
    }
    let (ours, theirs) = (mixed.first(Kfleet), mixed.first(Apache));
    is_what_the_log_says(&mixed, ours, theirs);
    is_what_the_log_says(&mixed, theirs, ours);
}
