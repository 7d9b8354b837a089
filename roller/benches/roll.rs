//! How long plans of large clusters take, and how many batches they have. `cargo bench -p kfleet-roller --bench roll`.

#![expect(clippy::print_stdout, reason = "a program that prints what it measured")]

use std::time::Instant;

use kfleet_roller as roller;
use planner::generate::{Spec, generate};
use roller::check::check;
use roller::fleet::{Fleet, Quorum, Voter};
use roller::plan::{Request, plan};

fn main() {
    println!(
        "{:28} {:>9} {:>8} {:>6} {:>6} {:>8} {:>9}",
        "cluster", "replicas", "classes", "bound", "steps", "plan", "check"
    );
    for (brokers, racks, replicas) in [
        (60, 3, 50_000),
        (215, 3, 2_800_000),
        (1_000, 10, 1_000_000),
        (1_000, 0, 1_000_000),
    ] {
        measure(brokers, racks, replicas);
    }
}

fn measure(brokers: usize, racks: usize, replicas: usize) {
    let spec = Spec {
        brokers,
        racks,
        topics: 2_000,
        replicas,
        ..Spec::default()
    };
    let Ok(cluster) = generate(&spec) else { return };
    let voters = (10_000..10_003).map(|id| Voter { id, is_caught_up: true });
    let quorum = Quorum {
        voters: voters.collect(),
        leader: Some(10_001),
    };
    let fleet = Fleet {
        cluster: &cluster,
        quorum: &quorum,
    };
    let request = Request::new(fleet.nodes());
    let start = Instant::now();
    let Ok(made) = plan(fleet, &request) else { return };
    let planned = start.elapsed();
    let start = Instant::now();
    let faults = check(fleet, &request, &made);
    assert!(faults.is_empty(), "{faults:?}");
    println!(
        "{:28} {:>9} {:>8} {:>6} {:>6} {:>7.3}s {:>8.3}s",
        format!("{brokers} brokers, {racks} racks"),
        cluster.replica_count(),
        made.classes,
        made.bound.batches,
        made.steps.len(),
        planned.as_secs_f64(),
        start.elapsed().as_secs_f64(),
    );
}
