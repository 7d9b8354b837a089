//! A node that has lost everything loads the snapshot of a leader of the other engine.

use std::fs;
use std::time::Duration;

use super::mixed::{create, let_lead, partitions, wait_until_in_sync};
use crate::support::Engine;
use crate::support::Engine::{Apache, Kfleet};
use crate::support::mixed_nodes::Mixed;
use crate::support::nodes::wait_within;

/// Snapshots all the time, of which none is kept but the latest.
const MANY_SNAPSHOTS: &str = "metadata.log.max.record.bytes.between.snapshots=2000\n\
                                         metadata.max.retention.bytes=1000\nmetadata.max.retention.ms=100";

/// Apache's nodes look every minute what they need not keep.
const CLEANING_MAX: Duration = Duration::from_secs(120);

/// Offsets of the snapshots in a node's directory of metadata, the first at first.
pub(super) fn snapshots(mixed: &Mixed, id: i32) -> Vec<i64> {
    let dir = mixed.data_dir(id).join("__cluster_metadata-0");
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.filter_map(|name| Some(name.to_str()?.strip_suffix(".checkpoint")?.get(..20)?.to_owned()));
    let mut offsets: Vec<i64> = names.filter_map(|offset| offset.parse().ok()).collect();
    offsets.sort_unstable();
    offsets
}

/// What a node says once the metadata log starts at a snapshot.
fn dropped_its_log(mixed: &Mixed, id: i32) -> bool {
    mixed.said(id).lines().any(|line| match mixed.engine(id) {
        Kfleet => line.contains("dropped old snapshots"),
        Apache => line.contains("__cluster_metadata") && line.contains("ncremented log start offset"),
    })
}

/// The first node of this engine loses its data while the other engine leads. It would make no snapshot itself in hours.
fn loads(engines: [Engine; 3], engine: Engine) {
    let leading = if engine == Kfleet { Apache } else { Kfleet };
    let mut mixed = Mixed::start(engines, |of| if of == leading { MANY_SNAPSHOTS } else { "" });
    let lost = mixed.first(engine);
    let leader = let_lead(&mut mixed, leading);
    for at in 0..10 {
        create(&mixed, leader, &format!("t{at}"), "10");
    }
    mixed.kfleet(leader, &["produce", "t0"], "1\n2\n").exits(0);
    wait_until_in_sync(&mixed, &["t0", "t9"]);
    wait_within(CLEANING_MAX, "the leader's log begins at a snapshot", || {
        dropped_its_log(&mixed, leader)
    });
    mixed.kill(lost);
    mixed.wipe(lost);
    mixed.spawn(lost);
    mixed.wait_until_alive(&[1, 2, 3]);
    wait_until_in_sync(&mixed, &[]);
    assert_eq!(partitions(&mixed, lost, &[]).len(), 100);
    let loaded = snapshots(&mixed, lost);
    assert!(
        loaded.last().is_some_and(|offset| *offset > 0),
        "{loaded:?}: {}",
        mixed.said(lost)
    );
    assert_eq!(mixed.kfleet(lost, &["consume", "t0"], "").exits(0).lines().len(), 2);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn ours_loads_a_snapshot_of_apaches() {
    loads([Kfleet, Apache, Apache], Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn apaches_loads_a_snapshot_of_ours() {
    loads([Kfleet, Kfleet, Apache], Apache);
}
