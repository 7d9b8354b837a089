//! Our broker and Apache Kafka 4.3.1 on this machine, one beside the other: `cargo bench --bench compare`.
//!
//! It needs what tests/compat/setup brings. `-- --short` measures less of everything, to see that it works; names of
//! parts (`first-write`, `memory`, `produce`, `consume`, `saturated`, `latency`, `partitions`, of the toolbox `commands`, `dump`,
//! `kcat-produce` and `kcat-consume`, and of three nodes `three-start`, `three-produce`, `three-kills`, `three-elections`,
//! `three-stops`, `three-partitions`) limit it to those; `--json FILE` keeps the figures; `--ours` leaves Apache Kafka out of the
//! parts of three nodes.

mod commands;
mod engine;
mod kcat;
mod parts;
mod report;
mod three;
mod tools;

use std::process::ExitCode;

use engine::{ENGINES, Engine};
use report::Report;

/// How much to measure.
#[derive(Debug, Clone, Copy)]
struct Scale {
    /// Counted runs of each engine.
    runs: usize,
    /// What records and rounds are divided by.
    divisor: u64,
    /// Of the parts of three nodes.
    engines: &'static [Engine],
}

const LONG: Scale = Scale {
    runs: 3,
    divisor: 1,
    engines: &ENGINES,
};
const SHORT: Scale = Scale {
    runs: 1,
    divisor: 20,
    ..LONG
};

type Part = (&'static str, fn(Scale, &mut Report));

const PARTS: [Part; 17] = [
    ("first-write", parts::first_write),
    ("memory", parts::memory),
    ("produce", parts::produce),
    ("consume", parts::consume),
    ("saturated", parts::saturated),
    ("latency", parts::latency),
    ("partitions", parts::partitions),
    ("commands", commands::commands),
    ("dump", commands::dump),
    ("kcat-produce", kcat::produce),
    ("kcat-consume", kcat::consume),
    ("three-start", three::start),
    ("three-produce", three::produce),
    ("three-kills", three::kills),
    ("three-elections", three::elections),
    ("three-stops", three::stops),
    ("three-partitions", three::partitions),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let json = arguments.iter().position(|argument| argument == "--json");
    let json = json.and_then(|at| arguments.get(at + 1));
    let mut scale = if arguments.iter().any(|argument| argument == "--short") {
        SHORT
    } else {
        LONG
    };
    if arguments.iter().any(|argument| argument == "--ours") {
        scale.engines = &ENGINES[..1];
    }
    let named: Vec<&Part> = PARTS
        .iter()
        .filter(|(name, _)| arguments.iter().any(|a| a == name))
        .collect();
    let parts = if named.is_empty() {
        PARTS.iter().collect()
    } else {
        named
    };
    let mut report = Report::default();
    for (name, part) in parts {
        report.start(name, if name.starts_with("kcat") { "kcat" } else { "Apache" });
        part(scale, &mut report);
    }
    if let Some(path) = json {
        std::fs::write(path, report.json()).expect("the figures can be written");
    }
    ExitCode::SUCCESS
}
