//! How long plans take and how far they are above what is proven to be needed, on clusters made by seed.
//!
//! `cargo bench -p kfleet-planner -- [NAME...]` runs the cases whose names contain one of these.

#![expect(clippy::print_stdout, reason = "a program that prints what it measured")]

use std::time::Instant;

use kfleet_planner::check::check;
use kfleet_planner::generate::{Spec, generate};
use kfleet_planner::plan::plan;
use kfleet_planner::request::{Request, Rules, TopicSpread, Windows};

struct Case {
    name: &'static str,
    spec: Spec,
    tolerance: f64,
    seconds_max: f64,
    gap_max: f64,
}

fn spec(brokers: usize, racks: usize, topics: usize, replicas: usize, empty: usize, skew: f64, seed: u64) -> Spec {
    Spec {
        brokers,
        racks,
        topics,
        replicas,
        empty,
        skew,
        seed,
        ..Spec::default()
    }
}

fn cases() -> Vec<Case> {
    let case = |name, spec, tolerance, seconds_max, gap_max| Case {
        name,
        spec,
        tolerance,
        seconds_max,
        gap_max,
    };
    vec![
        case("50k skewed", spec(40, 10, 3000, 50_001, 0, 0.3, 1), 0.09, 0.2, 0.03),
        case("50k four empty", spec(40, 10, 3000, 50_001, 4, 0.1, 2), 0.09, 0.2, 0.03),
        case(
            "270 brokers 1.3M",
            spec(270, 3, 10_500, 1_300_002, 0, 0.3, 3),
            0.09,
            6.0,
            0.015,
        ),
        case(
            "215 brokers 2.8M",
            spec(215, 5, 3500, 2_800_002, 0, 0.3, 4),
            0.09,
            12.0,
            0.01,
        ),
        case(
            "1000 brokers 1M skewed",
            spec(1000, 10, 10_000, 999_999, 0, 0.3, 5),
            0.09,
            8.0,
            0.03,
        ),
        case(
            "1000 brokers 1M fifty empty",
            spec(1000, 10, 10_000, 999_999, 50, 0.05, 6),
            0.09,
            8.0,
            0.03,
        ),
        case(
            "1000 brokers 1M tight",
            spec(1000, 10, 10_000, 999_999, 0, 0.3, 7),
            0.05,
            f64::INFINITY,
            f64::INFINITY,
        ),
    ]
}

fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    for case in cases() {
        if wanted.is_empty() || wanted.iter().any(|name| case.name.contains(name.as_str())) {
            run(&case);
        }
    }
}

fn run(case: &Case) {
    let cluster = generate(&case.spec).unwrap();
    let rules = Rules {
        topic_spread: Some(TopicSpread::default()),
        ..Rules::default()
    };
    let request = Request {
        rules,
        windows: Windows::all(case.tolerance),
        ..Request::default()
    };
    let cpu_before = cpu_seconds();
    let start = Instant::now();
    let plan = plan(&cluster, &request).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let cpu = cpu_seconds() - cpu_before;
    let start = Instant::now();
    let checked = check(&cluster, &request, &plan);
    let check_seconds = start.elapsed().as_secs_f64();
    let of = &plan.summary;
    let gap = of.gap().unwrap_or(f64::INFINITY);
    let met = seconds <= case.seconds_max && gap <= case.gap_max && of.windows_met && checked.is_ok();
    println!(
        "{}: {seconds:.2} s (most {}), {cpu:.2} s of CPU, gap {:.2} % (most {:.1}), outside {:.3} -> {:.6}, {} moves, {} leader changes, \
         moved {:.2} TB, bound {:.2} TB (disk alone {:.2}), check {check_seconds:.2} s {}, peak {} MB: {}",
        case.name,
        case.seconds_max,
        gap * 100.0,
        case.gap_max * 100.0,
        of.outside_before,
        of.outside_after,
        of.moves,
        of.leader_changes,
        of.moved_bytes as f64 / 1e12,
        of.bound_bytes as f64 / 1e12,
        of.simple_bound_bytes as f64 / 1e12,
        checked.map_or_else(|error| error.to_string(), |_| "accepted".to_owned()),
        peak_memory_mb(),
        if met { "met" } else { "MISSED" }
    );
}

/// What this process has had of processors, which others that run beside it do not change much.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanoseconds = text
        .split_whitespace()
        .next()
        .and_then(|number| number.parse::<f64>().ok());
    nanoseconds.unwrap_or_default() / 1e9
}

fn peak_memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or_default()
        / 1024
}
