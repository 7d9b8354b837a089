//! The tool that moves replicas is killed at any line of its journal, and whoever goes on ends in the same place: where the plan
//! has the replicas, or where they were, and without a throttle.
//!
//! The product has nothing to be stopped by, so the test watches the journal. A line is there before what it tells of is done, so
//! that some are killed at once, and some a moment later, when it may have been done. `KFLEET_EVERY_STEP=1` takes every line.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::tool::{Tool, replicas};
use crate::support::nodes::wait_until;
use crate::support::{Cluster, number};

on_both_engines!(nodes:
    ["--brokers", "3", "--controllers", "1", "--separate"] => a_tool_that_is_killed_is_gone_on_with_to_the_same_end,
        what_is_cancelled_by_a_tool_that_is_killed_ends_where_it_was;
);

const TOPIC: &str = "killed";
const RECORDS: &str = "16000";
/// How much longer one lives than its line, in turn.
const LONGER: [Duration; 4] = [
    Duration::ZERO,
    Duration::from_millis(3),
    Duration::from_millis(30),
    Duration::from_millis(300),
];
/// Lines that are taken where not all are.
const SOME: usize = 5;

/// Four partitions with four megabytes each on two brokers, and a plan that takes all from the first of them.
fn prepare(cluster: &Cluster, folder: &Path) -> (String, Vec<Value>) {
    let ids = cluster.broker_ids();
    let assignment = vec![format!("{}:{}", ids[0], ids[1]); 4].join(",");
    let create = ["topics", "create", TOPIC, "--replica-assignment", &assignment, "--yes"];
    cluster.kfleet(&create).exits(0);
    let filled = ["bench", "produce", TOPIC, "-n", RECORDS, "--record-bytes", "1000"];
    cluster.kfleet(&filled).exits(0);
    let plan = folder.join("plan.json").to_str().unwrap().to_owned();
    let leaving = ids[0].to_string();
    let drain = ["decommission", &leaving, "--window", "0s", "--out", &plan];
    cluster.kfleet(&drain).exits(0);
    (plan, replicas(cluster, TOPIC))
}

fn apply<'a>(plan: &'a str, throttle: &'a str) -> Vec<&'a str> {
    let how = ["--throttle", throttle, "--disk-limit", "100", "--yes"];
    [&["rebalance", "apply", plan], &how[..]].concat()
}

/// All lines, or some of them.
fn steps(lines: usize) -> Vec<usize> {
    if number("KFLEET_EVERY_STEP", 0) > 0 {
        return (1..=lines).collect();
    }
    (0..SOME).map(|at| 1 + at * (lines - 1) / (SOME - 1)).collect()
}

fn count(hits: &mut BTreeMap<String, usize>, events: &[String]) {
    let last = events.last().cloned().unwrap_or_else(|| "nothing".to_owned());
    *hits.entry(last).or_default() += 1;
}

fn a_tool_that_is_killed_is_gone_on_with_to_the_same_end(cluster: &Cluster) {
    let dir = tempfile::tempdir().unwrap();
    let (plan, before) = prepare(cluster, dir.path());
    let apply = apply(&plan, "20MB/s");
    let (rollback, resume) = (["rebalance", "rollback", "--yes"], ["rebalance", "resume", "--yes"]);

    let whole = Tool::new(cluster, &dir.path().join("whole"));
    whole.run(&apply).exits(0);
    whole.is_over();
    let (after, forward) = (replicas(cluster, TOPIC), whole.events().len());
    assert_ne!(after, before);
    whole.run(&rollback).exits(0);
    whole.is_over();
    assert_eq!(replicas(cluster, TOPIC), before);
    let back = whole.events().len() - forward;

    let (mut hits, mut hits_back) = (BTreeMap::new(), BTreeMap::new());
    for (round, step) in steps(forward).into_iter().enumerate() {
        let tool = Tool::new(cluster, &dir.path().join(round.to_string()));
        let longer = LONGER[round % LONGER.len()];
        count(&mut hits, &tool.kill_at(&apply, step, longer));
        // Nothing is left to go on with by `resume` when it had come to its end.
        let again: &[&str] = if round % 2 == 0 { &resume } else { &apply };
        tool.run(again).exits(0);
        tool.is_over();
        assert_eq!(replicas(cluster, TOPIC), after, "killed at line {step} of {forward}");

        let lines = tool.events().len() + 1 + round * (back - 1) / (steps(forward).len() - 1);
        count(&mut hits_back, &tool.kill_at(&rollback, lines, longer));
        let again: &[&str] = if round % 2 == 0 { &rollback } else { &resume };
        tool.run(again).exits(0);
        tool.is_over();
        assert_eq!(replicas(cluster, TOPIC), before, "killed at line {lines}");
    }
    say!("killed when the last line was {hits:?}; on the way back {hits_back:?}");
    assert!(hits.len() >= 4 && hits_back.len() >= 4, "{hits:?} {hits_back:?}");
}

fn what_is_cancelled_by_a_tool_that_is_killed_ends_where_it_was(cluster: &Cluster) {
    let dir = tempfile::tempdir().unwrap();
    let (plan, before) = prepare(cluster, dir.path());
    let apply = apply(&plan, "1MB/s");
    let cancel = ["rebalance", "cancel", "--yes"];
    let mut hits = BTreeMap::new();
    for (round, step) in (1..=if number("KFLEET_EVERY_STEP", 0) > 0 { 6 } else { 3 }).enumerate() {
        let tool = Tool::new(cluster, &dir.path().join(round.to_string()));
        let mut child = tool.start(&apply);
        wait_until(&format!("a partition moves in round {round}"), || {
            cluster.data(&["reassign", "list"]) != json!([])
        });
        child.kill().unwrap();
        child.wait().unwrap();
        let lines = tool.events().len() + step;
        count(&mut hits, &tool.kill_at(&cancel, lines, LONGER[round % LONGER.len()]));
        tool.run(&cancel).exits(0);
        tool.is_over();
        // What had arrived before it could be cancelled stays, and is told.
        let now = replicas(cluster, TOPIC);
        let arrived = now.iter().zip(&before).filter(|(now, before)| now != before).count();
        let told = tool.run(&["rebalance", "status", "-o", "json"]).exits(0).data();
        assert_eq!(told["done"], arrived, "killed at line {lines}: {told}");
        assert!(arrived < now.len(), "{now:?}");
        tool.run(&["rebalance", "rollback", "--yes"]).exits(0);
        tool.is_over();
        assert_eq!(replicas(cluster, TOPIC), before, "killed at line {lines}");
    }
    say!("killed when the last line was {hits:?}");
    assert!(hits.contains_key("cancelled"), "{hits:?}");
}
