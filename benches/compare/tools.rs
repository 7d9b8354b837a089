//! Apache Kafka's own measuring tools, which load both engines alike.

use std::process::Command;

use crate::engine::{Node, kafka_libs};

const PRODUCER: &str = "org.apache.kafka.tools.ProducerPerformance";
const CONSUMER: &str = "org.apache.kafka.tools.ConsumerPerformance";
const LATENCY: &str = "org.apache.kafka.tools.EndToEndLatency";

/// A tool of the jars on this node.
pub(crate) fn java(node: &Node, class: &str, args: &[&str]) -> Command {
    let mut command = Command::new("timeout");
    command
        .args(["300", "java", "-Xmx512m", "-cp"])
        .arg(kafka_libs().join("*"))
        .args([class, "--bootstrap-server", &node.bootstrap])
        .args(args);
    command
}

/// A tool of the jars by itself, with the heap that Apache's scripts give it; BOOT stands for the node.
pub(crate) fn script(node: &Node, line: &str) -> Command {
    let mut command = Command::new("java");
    command.args(["-Xmx256m", "-cp"]).arg(kafka_libs().join("*"));
    command.args(line.split(' ').map(|word| word.replace("BOOT", &node.bootstrap)));
    command
}

/// Runs some of the same at the same time; what each printed.
fn at_once(count: usize, make: impl Fn(usize) -> Command) -> Vec<String> {
    let children: Vec<_> = (0..count)
        .map(|at| {
            let mut command = make(at);
            command
                .stdin(std::process::Stdio::null())
                .stdout(std::process::Stdio::piped());
            command
                .stderr(std::process::Stdio::null())
                .spawn()
                .expect("java starts")
        })
        .collect();
    let outputs = children
        .into_iter()
        .map(|child| child.wait_with_output().expect("java ends"));
    outputs
        .map(|output| {
            let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "a tool failed: {stdout}");
            stdout
        })
        .collect()
}

/// Writes with acks=all; MB (10^6 bytes of values) in a second, by all producers together.
pub(crate) fn produce(node: &Node, topic: &str, producers: usize, records: u64, record_bytes: u64) -> f64 {
    let (count, size) = (records.to_string(), record_bytes.to_string());
    let printed = at_once(producers, |_| {
        java(
            node,
            PRODUCER,
            &[
                "--topic",
                topic,
                "--num-records",
                &count,
                "--record-size",
                &size,
                "--throughput",
                "-1",
                "--command-property",
                "acks=all",
            ],
        )
    });
    // "N records sent, R records/sec (M MB/sec), ..." ends each.
    let rates = printed.iter().map(|printed| {
        let last = printed
            .lines()
            .rev()
            .find(|line| line.contains("records sent"))
            .expect("it sums up");
        let rate = last.split(", ").nth(1).and_then(|rate| rate.split_whitespace().next());
        rate.and_then(|rate| rate.parse::<f64>().ok()).expect("a rate")
    });
    rates.sum::<f64>() * record_bytes as f64 / 1e6
}

/// Reads from the start; MB (10^6) in a second without the time it took to join a group, by all consumers together.
pub(crate) fn consume(node: &Node, topic: &str, consumers: usize, records: u64, run: usize) -> f64 {
    let count = records.to_string();
    let printed = at_once(consumers, |at| {
        let group = format!("perf-{run}-{at}");
        java(
            node,
            CONSUMER,
            &[
                "--topic",
                topic,
                "--num-records",
                &count,
                "--group",
                &group,
                "--timeout",
                "60000",
            ],
        )
    });
    let rates = printed.iter().map(|printed| {
        let fields: Vec<&str> = printed.lines().last().unwrap_or_default().split(", ").collect();
        let number = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
        assert!(
            number(4).is_some_and(|read| read >= records as f64),
            "not all were read: {printed}"
        );
        number(8).expect("a rate")
    });
    rates.sum::<f64>() * f64::from(1 << 20) / 1e6
}

/// Average, median and 99th percentile from producer to consumer, in milliseconds; all but the first are whole numbers.
pub(crate) fn latency(node: &Node, topic: &str, records: u64) -> [f64; 3] {
    let count = records.to_string();
    let args = [
        "--topic",
        topic,
        "--num-records",
        &count,
        "--producer-acks",
        "all",
        "--record-size",
        "100",
    ];
    let printed = at_once(1, |_| java(node, LATENCY, &args)).concat();
    let after = |label: &str| {
        let (_, rest) = printed.split_once(label)?;
        let number: String = rest
            .trim_start()
            .chars()
            .take_while(|c| c.is_ascii_digit() || *c == '.')
            .collect();
        number.parse::<f64>().ok()
    };
    ["Avg latency:", "50th =", "99th ="].map(|label| after(label).unwrap_or_else(|| panic!("no {label} in {printed}")))
}
