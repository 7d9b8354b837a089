//! The parts of the comparison. Runs of the engines alternate, after some of each that are not counted.

use std::path::Path;
use std::time::Instant;

use serde_json::Value;

use crate::Scale;
use crate::engine::{ENGINES, Engine, Node, children_cpu_s, timed};
use crate::report::{Pair, Report};
use crate::tools;

/// Topics and partitions of the part with many.
const TOPICS: usize = 50;
const PARTITIONS: usize = 100;
/// Runs of a load before those that count: a JVM's broker uses three times the CPU in its first gigabyte.
const WARM_UPS: usize = 3;

pub(crate) fn scratch() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("kfleet-compare-")
        .tempdir()
        .expect("a directory can be made")
}

impl Pair {
    pub(crate) fn push(&mut self, engine: Engine, figure: f64) {
        match engine {
            Engine::Kfleet => self.ours.push(figure),
            Engine::Apache => self.theirs.push(figure),
        }
    }
}

/// Both engines, each on a directory of its own.
pub(crate) fn both(dir: &Path) -> [(Engine, Node); 2] {
    ENGINES.map(|engine| (engine, Node::start(engine, &dir.join(format!("{engine:?}")))))
}

pub(crate) fn first_write(scale: Scale, report: &mut Report) {
    let mut took = Pair::default();
    for run in 0..=scale.runs {
        for engine in ENGINES {
            let dir = scratch();
            let start = Instant::now();
            let node = Node::start(engine, dir.path());
            node.kfleet(&["topics", "create", "t", "--yes"]);
            node.kfleet(&["bench", "produce", "t", "-n", "1"]);
            if run > 0 {
                took.push(engine, start.elapsed().as_secs_f64() * 1e3);
            }
            node.stop();
        }
    }
    report.row("format, start, first acknowledged write", "ms", &took, "<= 150");
}

pub(crate) fn memory(scale: Scale, report: &mut Report) {
    let (mut idle, mut after) = (Pair::default(), Pair::default());
    let records = (1_000_000 / scale.divisor).to_string();
    for engine in ENGINES {
        let dir = scratch();
        let node = Node::start(engine, dir.path());
        node.kfleet(&["topics", "create", "t", "--partitions", "4", "--yes"]);
        idle.push(engine, node.rss_mb());
        node.kfleet(&["bench", "produce", "t", "-n", &records, "--record-bytes", "1024"]);
        after.push(engine, node.rss_mb());
        node.stop();
    }
    report.row("resident memory, idle", "MiB", &idle, "<= 30");
    report.row("resident memory after 1 GB was written", "MiB", &after, "<= 150");
}

/// Rate and CPU of one kind of load.
#[derive(Default)]
struct Load {
    rate: Pair,
    broker_cpu: Pair,
    client_cpu: Pair,
}

impl Load {
    /// Runs it once on one engine; `run` gives the rate.
    fn measure(&mut self, engine: Engine, node: &Node, gigabytes: f64, counted: bool, run: impl FnOnce() -> f64) {
        let (broker, client) = (node.cpu_s(), children_cpu_s());
        let rate = run();
        if counted {
            self.rate.push(engine, rate);
            self.broker_cpu.push(engine, (node.cpu_s() - broker) / gigabytes);
            self.client_cpu.push(engine, (children_cpu_s() - client) / gigabytes);
        }
    }

    fn rows(&self, what: &str, report: &mut Report) {
        report.row(what, "MB/s", &self.rate, ">= 1.3 times");
        report.row("  broker CPU", "s/GB", &self.broker_cpu, "<= 1/3");
        report.row("  client CPU", "s/GB", &self.client_cpu, "");
    }
}

/// Runs `load` on both engines in turn, each time with the number of the run and whether it counts.
fn alternate(nodes: &[(Engine, Node); 2], scale: Scale, mut load: impl FnMut(Engine, &Node, usize, bool)) {
    let warm_ups = if scale.divisor > 1 { 1 } else { WARM_UPS };
    for run in 0..warm_ups + scale.runs {
        for (engine, node) in nodes {
            load(*engine, node, run, run >= warm_ups);
        }
    }
}

pub(crate) fn produce(scale: Scale, report: &mut Report) {
    for (record_bytes, records, producers) in [
        (100, 4_000_000, 1),
        (100, 4_000_000, 2),
        (1000, 1_000_000, 1),
        (1000, 1_000_000, 2),
    ] {
        let dir = scratch();
        let nodes = both(dir.path());
        let records = records / scale.divisor / producers as u64;
        let gigabytes = (records * producers as u64 * record_bytes) as f64 / 1e9;
        let mut load = Load::default();
        alternate(&nodes, scale, |engine, node, run, counted| {
            let topic = format!("t{run}");
            node.kfleet(&["topics", "create", &topic, "--partitions", "4", "--yes"]);
            load.measure(engine, node, gigabytes, counted, || {
                tools::produce(node, &topic, producers, records, record_bytes)
            });
            node.kfleet(&["topics", "delete", &topic, "--yes"]);
        });
        load.rows(
            &format!("ProducerPerformance {record_bytes} B, {producers} at once"),
            report,
        );
        nodes.into_iter().for_each(|(_, node)| node.stop());
    }
}

pub(crate) fn consume(scale: Scale, report: &mut Report) {
    for (record_bytes, records, consumers) in [(100, 4_000_000, 1), (1000, 2_000_000, 1), (1000, 2_000_000, 2)] {
        let dir = scratch();
        let nodes = both(dir.path());
        let records: u64 = records / scale.divisor;
        let (count, size) = (records.to_string(), record_bytes.to_string());
        for (_, node) in &nodes {
            node.kfleet(&["topics", "create", "t", "--partitions", "4", "--yes"]);
            node.kfleet(&["bench", "produce", "t", "-n", &count, "--record-bytes", &size]);
        }
        let gigabytes = (records * record_bytes * consumers as u64) as f64 / 1e9;
        let mut load = Load::default();
        alternate(&nodes, scale, |engine, node, run, counted| {
            load.measure(engine, node, gigabytes, counted, || {
                tools::consume(node, "t", consumers, records, run)
            });
        });
        load.rows(
            &format!("ConsumerPerformance {record_bytes} B, {consumers} at once"),
            report,
        );
        nodes.into_iter().for_each(|(_, node)| node.stop());
    }
}

/// Clients that take so little CPU that the broker is what limits them: two JVM clients leave a broker on two cores
/// less than half of one.
pub(crate) fn saturated(scale: Scale, report: &mut Report) {
    for (record_bytes, records) in [(100, 10_000_000), (1000, 2_000_000)] {
        let dir = scratch();
        let nodes = both(dir.path());
        let records: u64 = records / scale.divisor;
        let gigabytes = (records * record_bytes) as f64 / 1e9;
        let (count, size) = (records.to_string(), record_bytes.to_string());
        let [mut written, mut read] = [(); 2].map(|()| Load::default());
        alternate(&nodes, scale, |engine, node, run, counted| {
            let topic = format!("t{run}");
            node.kfleet(&["topics", "create", &topic, "--partitions", "4", "--yes"]);
            written.measure(engine, node, gigabytes, counted, || {
                let told = node.data(&["bench", "produce", &topic, "-n", &count, "--record-bytes", &size]);
                rate_of(&told["rate"], record_bytes)
            });
            read.measure(engine, node, gigabytes, counted, || {
                rate_of(
                    &node.data(&["bench", "consume", &topic, "-n", &count])["rate"],
                    record_bytes,
                )
            });
            node.kfleet(&["topics", "delete", &topic, "--yes"]);
        });
        written.rows(&format!("kfleet bench produce {record_bytes} B"), report);
        read.rows(&format!("kfleet bench consume {record_bytes} B"), report);
        nodes.into_iter().for_each(|(_, node)| node.stop());
    }
}

/// MB (10^6 bytes of values) in a second.
pub(crate) fn rate_of(rate: &Value, record_bytes: u64) -> f64 {
    let per_s = rate["records_per_s"].as_f64().expect("the bench tells its rate");
    per_s * record_bytes as f64 / 1e6
}

pub(crate) fn latency(scale: Scale, report: &mut Report) {
    let dir = scratch();
    let nodes = both(dir.path());
    let records = 10_000 / scale.divisor;
    let [mut average, mut p50, mut p99] = [(); 3].map(|()| Pair::default());
    let [mut bench_p50, mut bench_p99] = [(); 2].map(|()| Pair::default());
    alternate(&nodes, scale, |engine, node, run, counted| {
        let topic = format!("t{run}");
        node.kfleet(&["topics", "create", &topic, "--yes"]);
        let told = tools::latency(node, &topic, records);
        let count = records.to_string();
        let bench = node.data(&["bench", "latency", &topic, "-n", &count]);
        if counted {
            for (pair, figure) in [&mut average, &mut p50, &mut p99].into_iter().zip(told) {
                pair.push(engine, figure);
            }
            let told = |name: &str| bench["end_to_end_us"][name].as_f64().expect("the bench tells");
            bench_p50.push(engine, told("p50"));
            bench_p99.push(engine, told("p99"));
        }
    });
    report.row("EndToEndLatency average", "ms", &average, "below Apache's");
    report.row("EndToEndLatency p50", "ms", &p50, "");
    report.row("EndToEndLatency p99", "ms", &p99, "below Apache's");
    report.row("kfleet bench latency p50", "us", &bench_p50, "");
    report.row("kfleet bench latency p99", "us", &bench_p99, "");
    nodes.into_iter().for_each(|(_, node)| node.stop());
}

pub(crate) fn partitions(scale: Scale, report: &mut Report) {
    let dir = scratch();
    let topics = TOPICS / if scale.divisor > 1 { 5 } else { 1 };
    let [mut restart, mut list, mut describe, mut offsets] = [(); 4].map(|()| Pair::default());
    for engine in ENGINES {
        let dir = dir.path().join(format!("{engine:?}"));
        let mut node = Node::start(engine, &dir);
        for topic in 0..topics {
            let name = format!("topic-{topic}");
            node.kfleet(&[
                "topics",
                "create",
                &name,
                "--partitions",
                &PARTITIONS.to_string(),
                "--yes",
            ]);
        }
        for _ in 0..scale.runs {
            node.stop();
            node = Node::start(engine, &dir);
            restart.push(engine, node.started_in.as_secs_f64());
        }
        for _ in 0..=scale.runs {
            for (pair, command) in [
                (&mut list, ["topics", "list"]),
                (&mut describe, ["topics", "describe"]),
                (&mut offsets, ["offsets", "get"]),
            ] {
                pair.push(engine, ask(engine, &node, command));
            }
        }
        node.stop();
    }
    let partitions = topics * PARTITIONS;
    report.row(
        &format!("clean restart, {partitions} partitions"),
        "s",
        &restart,
        "<= 1.5",
    );
    report.row("topics list / kafka-topics --list", "ms", &list, "<= 20");
    report.row("topics describe / kafka-topics", "ms", &describe, "<= 150");
    report.row("offsets get / kafka-get-offsets", "ms", &offsets, "<= 300");
}

/// Asks each engine with its own tool; milliseconds of the whole process.
fn ask(engine: Engine, node: &Node, command: [&str; 2]) -> f64 {
    let took = match (engine, command) {
        (Engine::Kfleet, _) => node.kfleet(&command).1,
        (Engine::Apache, ["topics", action]) => {
            let action = format!("--{action}");
            timed(&mut tools::java(
                node,
                "org.apache.kafka.tools.TopicCommand",
                &[&action],
            ))
            .1
        }
        (Engine::Apache, _) => timed(&mut tools::java(node, "org.apache.kafka.tools.GetOffsetShell", &[])).1,
    };
    took.as_secs_f64() * 1e3
}
