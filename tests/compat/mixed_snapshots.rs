//! A node of ours that has lost everything loads an Apache leader's snapshot.

use std::fs;

use super::mixed::{create, let_lead, partitions, wait_until_in_sync};
use crate::support::Engine;
use crate::support::Engine::{Apache, Kfleet};
use crate::support::mixed_nodes::Mixed;
use crate::support::nodes::wait_until;

/// Apache's nodes make snapshots all the time, and keep none but the latest.
fn settings(engine: Engine) -> &'static str {
    match engine {
        Kfleet => "",
        Apache => {
            "metadata.log.max.record.bytes.between.snapshots=2000\nmetadata.max.retention.bytes=1000\n\
             metadata.max.retention.ms=100"
        }
    }
}

/// Offsets of the snapshots in a node's directory of metadata, by name.
fn snapshots(mixed: &Mixed, id: i32) -> Vec<String> {
    let dir = mixed.data_dir(id).join("__cluster_metadata-0");
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| name.ends_with(".checkpoint"));
    names.sort();
    names
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn ours_loads_a_snapshot_of_apaches() {
    let mut mixed = Mixed::start([Kfleet, Apache, Apache], settings);
    let ours = mixed.first(Kfleet);
    let leader = let_lead(&mut mixed, Apache);
    for at in 0..10 {
        create(&mixed, leader, &format!("t{at}"), "10");
    }
    mixed.kfleet(leader, &["produce", "t0"], "1\n2\n").exits(0);
    wait_until_in_sync(&mixed, &["t0", "t9"]);
    wait_until("the leader's log begins at a snapshot", || {
        mixed
            .said(leader)
            .lines()
            .any(|line| line.contains("__cluster_metadata") && line.contains("ncremented log start offset"))
    });
    mixed.kill(ours);
    mixed.wipe(ours);
    mixed.spawn(ours);
    mixed.wait_until_alive(&[1, 2, 3]);
    wait_until_in_sync(&mixed, &[]);
    assert_eq!(partitions(&mixed, ours, &[]).len(), 100);
    let loaded = snapshots(&mixed, ours);
    let offset: i64 = loaded
        .first()
        .unwrap_or_else(|| panic!("no snapshot: {}", mixed.said(ours)))[..20]
        .parse()
        .unwrap();
    assert!(offset > 0, "{loaded:?}");
    assert_eq!(mixed.kfleet(ours, &["consume", "t0"], "").exits(0).lines().len(), 2);
}
