//! A leader that is alone takes records with acks=1 that nobody else has; the others go on without it, and when it
//! comes back it drops them.

use std::fs;
use std::process::Command;

use super::mixed::{await_active, create, numbers, partitions, read, wait_until_in_sync};
use crate::support::Engine::{Apache, Kfleet};
use crate::support::mixed_nodes::Mixed;
use crate::support::nodes::wait_until;
use crate::support::{Engine, run_with_input};

/// Records that a replica may have which fetched before it was paused.
const FETCHED: std::ops::Range<u32> = 900..903;

fn produce_with_acks_1(mixed: &Mixed, leader: i32, partition: &str, input: &str) {
    let mut kcat = Command::new("timeout");
    kcat.args([
        "20",
        "kcat",
        "-P",
        "-b",
        mixed.address(leader),
        "-t",
        "t",
        "-p",
        partition,
    ]);
    run_with_input(kcat.args(["-X", "acks=1"]), input).exits(0);
}

/// Where partition 0 of the topic is led.
fn leader_of(mixed: &Mixed, asked: i32, partition: usize) -> Option<i32> {
    let rows = partitions(mixed, asked, &["t"]);
    Some(rows.get(partition)?["leader"].as_i64()? as i32)
}

/// Bytes of a partition's only segment on a node.
fn segment(mixed: &Mixed, id: i32, partition: usize) -> Vec<u8> {
    fs::read(
        mixed
            .data_dir(id)
            .join(format!("t-{partition}/00000000000000000000.log")),
    )
    .unwrap()
}

/// Isolates a leader of this engine.
fn truncates(engines: [Engine; 3], engine: Engine) {
    let mut mixed = Mixed::start(engines, |_| "");
    create(&mixed, 1, "t", "3");
    wait_until_in_sync(&mixed, &["t"]);
    let leader = mixed.first(engine);
    let partition = (0..3)
        .find(|at| leader_of(&mixed, leader, *at) == Some(leader))
        .unwrap();
    let name = partition.to_string();
    mixed
        .kfleet(leader, &["produce", "t", "-p", &name], &numbers(0..100))
        .exits(0);
    let others = mixed.others(leader);
    for other in &others {
        mixed.signal(*other, "STOP");
    }
    // Whoever fetched before it was paused is answered with one of these, and may have it; nobody fetches after that.
    // Whether the first answers all is up to the threads of a broker, whose acknowledgement does not wait for it.
    for last_fetched in FETCHED {
        produce_with_acks_1(&mixed, leader, &name, &format!("{last_fetched}\n"));
    }
    produce_with_acks_1(&mixed, leader, &name, &numbers(1000..1500));
    let alone = segment(&mixed, leader, partition);
    mixed.kill(leader);
    for other in &others {
        mixed.signal(*other, "CONT");
    }
    let _active = await_active(&mixed, &others);
    wait_until("another replica leads", || {
        others
            .iter()
            .all(|asked| leader_of(&mixed, *asked, partition).is_some_and(|id| others.contains(&id)))
    });
    mixed
        .kfleet(others[0], &["produce", "t", "-p", &name], &numbers(100..200))
        .exits(0);
    mixed.spawn(leader);
    mixed.wait_until_alive(&[1, 2, 3]);
    wait_until_in_sync(&mixed, &["t"]);
    let mut kept = read(&mixed, leader, "t");
    kept.retain(|number| !FETCHED.contains(number));
    assert!(
        kept == (0..200).collect::<Vec<_>>(),
        "{} records, without {:?}, and besides {:?}",
        kept.len(),
        (0..200).filter(|number| !kept.contains(number)).collect::<Vec<_>>(),
        kept.iter().filter(|number| **number >= 200).collect::<Vec<_>>()
    );
    mixed.stop_all();
    let [first, second, third] = [1, 2, 3].map(|id| segment(&mixed, id, partition));
    assert!(first == second && second == third, "replicas differ");
    let common = alone.iter().zip(&first).take_while(|(a, b)| a == b).count();
    let truncated = alone.len() - common;
    assert!(truncated > 500, "only {truncated} bytes were truncated");
    // Either engine says to what it cut the log.
    let said = mixed.said(leader);
    assert!(
        said.to_lowercase().contains("truncat"),
        "node {leader} does not tell that it truncated: {said}"
    );
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn ours_truncates_to_what_apaches_have() {
    truncates([Kfleet, Apache, Apache], Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn apaches_truncates_to_what_ours_have() {
    truncates([Kfleet, Kfleet, Apache], Apache);
}
