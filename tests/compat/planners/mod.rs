//! Our planner beside an exact solver and beside kafka-utils' own, on made-up clusters. What each plan comes to is computed by code
//! that is neither's: tests/compat/python/placements.py.

mod exact;
mod kafka_utils;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use planner::generate::{Spec, generate};
use planner::model::write_snapshot;
use serde_json::Value;

use crate::support::{foreign, kfleet, run_with_input};

/// A made-up cluster in a directory, and the plan of it.
struct Case {
    snapshot: PathBuf,
    plan: PathBuf,
}

impl Case {
    /// Writes the snapshot.
    fn new(dir: &Path, name: &str, spec: &Spec) -> Self {
        let [snapshot, plan] = ["snapshot", "plan"].map(|kind| dir.join(format!("{name}.{kind}.json")));
        std::fs::write(&snapshot, write_snapshot(&generate(spec).unwrap()).unwrap()).unwrap();
        Self { snapshot, plan }
    }

    /// Has kfleet make the plan with these windows. How long that took, the start of the process and its reading of the
    /// snapshot among it.
    fn plan(&self, windows: &[&str]) -> Duration {
        let [snapshot, plan] = [&self.snapshot, &self.plan].map(|path| path.to_str().unwrap());
        // The others know nothing of how many replicas of a topic are on a broker.
        let args = [
            "rebalance",
            "plan",
            "--snapshot",
            snapshot,
            "--out",
            plan,
            "--topic-spread",
            "1000",
        ];
        let began = Instant::now();
        kfleet(&[&args[..], windows].concat()).exits(0);
        began.elapsed()
    }
}

/// What a script of the other planners prints, line by line.
#[track_caller]
fn script(name: &str, args: &[&str]) -> Vec<Value> {
    let path = format!("{}/tests/compat/python/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(foreign("planners/bin/python"));
    let ran = run_with_input(command.arg(path).args(args), "").exits(0);
    ran.lines()
        .into_iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The faults of a kind that a script found in a placement.
fn faults<'a>(told: &'a Value, kind: &str) -> &'a Vec<Value> {
    told[kind].as_array().unwrap_or_else(|| panic!("no {kind} in {told}"))
}
