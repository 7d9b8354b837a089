//! Beside kafka-utils' balancers: of counts, and of weights.
//!
//! `KFLEET_GENETIC_SECONDS` gives its genetic balancer as many with its own settings; without, it explores a fifth of what it would.

use std::time::Duration;

use planner::generate::Spec;
use serde_json::Value;

use super::{Case, faults, script};
use crate::support::number;

/// A balancer of theirs on a cluster, beside a plan of ours.
struct Beside {
    told: Value,
    ours: Duration,
}

impl Beside {
    /// Both plan: ours with these windows, which are these tolerances.
    fn plan(spec: &Spec, windows: &[&str], tolerances: &str, balancer: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let case = Case::new(dir.path(), "cluster", spec);
        let ours = case.plan(windows);
        let [snapshot, plan] = [&case.snapshot, &case.plan].map(|path| path.to_str().unwrap());
        let mut told = script(
            "kafka_utils_plan.py",
            &[&[snapshot, plan, tolerances], balancer].concat(),
        );
        let told = told.remove(0);
        assert!(faults(&told, "plan_faults").is_empty(), "{told}");
        let beside = Self { told, ours };
        beside.say(spec);
        beside
    }

    fn say(&self, spec: &Spec) {
        let theirs = if self.is_finished() {
            let outside = faults(&self.told, "their_faults").len();
            format!(
                "{:.3} GB, {outside} outside of windows",
                self.bytes("their_bytes") / 1e9
            )
        } else {
            "not finished".to_owned()
        };
        say!(
            "{} brokers, {} replicas, seed {}: kafka-utils {theirs}, {:.2} s; kfleet {:.3} GB, {:.2} s",
            spec.brokers,
            spec.replicas,
            spec.seed,
            self.their_seconds(),
            self.bytes("plan_bytes") / 1e9,
            self.ours.as_secs_f64()
        );
    }

    fn bytes(&self, name: &str) -> f64 {
        self.told[name].as_f64().unwrap()
    }

    fn their_seconds(&self) -> f64 {
        self.told["seconds"].as_f64().unwrap()
    }

    fn is_finished(&self) -> bool {
        self.told["finished"] == true
    }

    /// Whether theirs can be laid beside ours, which is always in its windows.
    fn both_meet_the_windows(&self) -> bool {
        self.is_finished() && faults(&self.told, "their_faults").is_empty()
    }
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn even_counts_cost_no_more_bytes_than_its_count_balancer_moves() {
    let of = |brokers, replicas, empty, seed| Spec {
        brokers,
        topics: brokers + 2,
        replicas,
        empty,
        seed,
        ..Spec::default()
    };
    let mut specs: Vec<Spec> = (1..=8).map(|seed| of(6, 240, 0, seed)).collect();
    specs.extend([of(12, 600, 0, 1), of(12, 900, 3, 2), of(30, 6000, 0, 1)]);
    let (mut ours, mut theirs, mut compared) = (0.0, 0.0, 0);
    for spec in &specs {
        let tolerances = "{\"replicas\": 0, \"leaders\": 0}";
        let beside = Beside::plan(spec, &["--counts"], tolerances, &["count", "120"]);
        if !beside.both_meet_the_windows() {
            continue;
        }
        let (our, their) = (beside.bytes("plan_bytes"), beside.bytes("their_bytes"));
        assert!(our <= their, "{}", beside.told);
        ours += our;
        theirs += their;
        compared += 1;
    }
    say!(
        "{compared} of {} compared: kafka-utils moves {:.3} GB, kfleet {:.3} GB",
        specs.len(),
        theirs / 1e9,
        ours / 1e9
    );
    assert!(compared * 2 > specs.len(), "its counts are even in {compared} only");
}

#[test]
#[ignore = "needs tests/compat/setup"]
fn even_loads_cost_fewer_bytes_and_less_time_than_its_genetic_balancer() {
    let seconds = number("KFLEET_GENETIC_SECONDS", 0);
    let (cap, settings): (_, &[&str]) = if seconds > 0 {
        (seconds.to_string(), &[])
    } else {
        ("60".to_owned(), &["--max-exploration 2000"])
    };
    let of = |brokers, racks, replicas, replication_factor, seed| Spec {
        brokers,
        racks,
        topics: 5,
        replicas,
        replication_factor,
        seed,
        ..Spec::default()
    };
    let specs = [
        of(4, 2, 80, 2, 1),
        of(4, 2, 80, 2, 2),
        of(4, 2, 80, 2, 3),
        of(6, 3, 180, 3, 1),
    ];
    let windows = ["--tolerance", "9%,bytes-in=off,bytes-out=off"];
    let tolerances = "{\"disk\": 0.09, \"replicas\": 0.09, \"leaders\": 0.09}";
    let mut compared = 0;
    for spec in &specs {
        let beside = Beside::plan(spec, &windows, tolerances, &[&["genetic", &cap], settings].concat());
        assert!(beside.ours.as_secs_f64() < beside.their_seconds(), "{}", beside.told);
        if beside.both_meet_the_windows() {
            assert!(
                beside.bytes("plan_bytes") < beside.bytes("their_bytes"),
                "{}",
                beside.told
            );
            compared += 1;
        }
    }
    say!("{compared} of {} compared", specs.len());
    assert!(compared > 0 || seconds > 0, "it meets the windows nowhere");
}
