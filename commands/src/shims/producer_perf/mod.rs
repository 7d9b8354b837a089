//! kafka-producer-perf-test

mod payload;
mod stats;

use std::collections::BTreeMap;
use std::sync::Arc;

use client::ClientError;
use protocol::records::NewRecord;
use tokio::time::Instant;

use super::arguments::{Given, Grammar, switch, value, values};
use super::cluster::{self, Where};
use super::failed::{Failed, Throwable};
use super::io::Io;
use super::properties;
use super::sending::{Gone, Manner, Pace, Sender, send_all};
use crate::client_properties::ClientProperties;
use crate::offsets::time::now_ms;
use payload::Payload;
use stats::Stats;

/// Its flags.
pub(super) const GRAMMAR: Grammar = Grammar {
    script: "kafka-producer-perf-test",
    arguments: &[
        value("bootstrap-server", None),
        value("topic", None),
        value("num-records", None),
        value("record-size", None),
        value("payload-file", None),
        switch("payload-monotonic", None),
        value("payload-delimiter", None),
        value("throughput", None),
        values("producer-props"),
        values("command-property"),
        value("producer.config", None),
        value("command-config", None),
        switch("print-metrics", None),
        value("transactional-id", None),
        value("transaction-duration-ms", None),
        value("warmup-records", None),
        value("reporting-interval", None),
    ],
    commands: &[],
    help_exits: 1,
};

const PAYLOADS: [&str; 3] = ["record-size", "payload-file", "payload-monotonic"];
const INTERVAL_MS: i64 = 5_000;

/// What is remembered of a record on its way.
#[derive(Debug, Clone, Copy)]
struct Sent {
    at: Instant,
    size_bytes: usize,
    /// Whether the warm-up was over.
    is_steady: bool,
}

pub(super) async fn run(args: &[String], io: &mut Io) -> Result<(), Failed> {
    if args.is_empty() {
        return Err(GRAMMAR.help());
    }
    let given = GRAMMAR.parse(args)?;
    let test = Test::of(&given)?;
    check(&given, &test)?;
    cannot_yet(&given)?;
    let payload = Payload::of(&given, io)?;
    let (properties, cluster) = reach(&given, io)?;
    let manner = Manner::of(&properties).map_err(Failed::on_stderr)?;
    let client = cluster.connect_for_long("metadata").await.map_err(Failed::on_stderr)?;
    if test.warm_up > 0 {
        io.line(format!(
            "Warmup first {} records. Steady state results will print after the complete test summary.",
            test.warm_up
        ));
    }
    let mut stats = Stats::new(test.count, test.interval_ms, false);
    let mut steady: Option<Stats> = None;
    let each = |_: i32, _: i64, records: Vec<Sent>| {
        let now_ms = now_ms();
        for sent in records {
            let latency_ms = i32::try_from(sent.at.elapsed().as_millis()).unwrap_or(i32::MAX);
            if sent.is_steady && steady.is_none() {
                steady = Some(Stats::new(test.count - test.warm_up, test.interval_ms, true));
                stats.be_silent();
            }
            stats.record(latency_ms, sent.size_bytes, now_ms, io);
            if let Some(steady) = steady.as_mut().filter(|_| sent.is_steady) {
                steady.record(latency_ms, sent.size_bytes, now_ms, io);
            }
        }
    };
    let feed = async |sender: &mut Sender<Sent>| push_all(sender, &test, payload).await;
    let unwritten = send_all(Arc::new(client), &test.topic, manner, feed, each).await;
    let unwritten = unwritten.map_err(Failed::on_stderr)?;
    stats.print_total(io);
    if let Some(steady) = &mut steady {
        steady.print_total(io);
    }
    match unwritten {
        None => Ok(()),
        Some((error, records)) => Err(not_all(error, records.len())),
    }
}

/// Apache's script tells of each, and exits with 0.
fn not_all(error: ClientError, count: usize) -> Failed {
    Failed::on_stderr(format!("{count} records were not written: {}", Throwable::from(error))).apache_exits_with_0()
}

/// What is to be measured.
struct Test {
    topic: String,
    count: u64,
    warm_up: u64,
    throughput: f64,
    interval_ms: i64,
}

impl Test {
    fn of(given: &Given) -> Result<Self, Failed> {
        for required in ["topic", "num-records", "throughput"] {
            given.require(required)?;
        }
        let topic = given.require("topic")?.to_owned();
        let count: i64 = given.number("num-records")?.unwrap_or(0);
        let warm_up: i64 = given.number("warmup-records")?.unwrap_or(0);
        let at_least_0 = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(Self {
            topic,
            count: at_least_0(count),
            warm_up: at_least_0(warm_up),
            throughput: given.number("throughput")?.unwrap_or(-1.0),
            interval_ms: given.number("reporting-interval")?.unwrap_or(INTERVAL_MS),
        })
    }
}

fn check(given: &Given, test: &Test) -> Result<(), Failed> {
    if PAYLOADS.iter().filter(|flag| given.has(flag)).count() != 1 {
        return Err(given.wrong(
            "one of the arguments --record-size --payload-file --payload-monotonic is required, and no other of them",
        ));
    }
    let has = |flag: &str| given.has(flag);
    let is_below_1 = |flag: &str| Ok::<_, Failed>(given.number::<i64>(flag)?.is_some_and(|number| number <= 0));
    let where_flags = [
        "bootstrap-server",
        "command-property",
        "producer-props",
        "producer.config",
        "command-config",
    ];
    let wrong = [
        (test.count == 0, "--num-records should be greater than zero."),
        (
            test.warm_up >= test.count,
            "The value for --warmup-records must be strictly fewer than the number of records in the test, --num-records.",
        ),
        (is_below_1("record-size")?, "--record-size should be greater than zero."),
        (
            !where_flags.iter().any(|flag| has(flag)),
            "At least one of --bootstrap-server, --command-property, --producer-props, --producer.config or --command-config must be specified.",
        ),
        (
            has("command-property") && has("producer-props"),
            "--command-property and --producer-props cannot be specified together.",
        ),
        (
            has("command-config") && has("producer.config"),
            "--command-config and --producer.config cannot be specified together.",
        ),
        (
            is_below_1("transaction-duration-ms")?,
            "--transaction-duration-ms should be greater than zero.",
        ),
        (
            test.interval_ms <= 0,
            "--reporting-interval should be greater than zero.",
        ),
    ];
    match wrong.iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, wrong)) => Err(given.wrong(wrong)),
        None => Ok(()),
    }
}

/// What only Java's producer does.
fn cannot_yet(given: &Given) -> Result<(), Failed> {
    let properties = ["producer-props", "command-property"];
    let mut pairs = properties.into_iter().flat_map(|flag| given.values(flag));
    let names_id = pairs.any(|pair| pair.starts_with("transactional.id="));
    let cannot = if given.has("transactional-id") || given.has("transaction-duration-ms") || names_id {
        "does not write transactions yet"
    } else if given.has("print-metrics") {
        "does not have the metrics of Java's producer"
    } else {
        return Ok(());
    };
    Err(Failed::on_stderr(format!(
        "kfleet's kafka-producer-perf-test {cannot}; Apache's script does"
    )))
}

/// The producer's properties, and where the cluster is.
fn reach(given: &Given, io: &mut Io) -> Result<(BTreeMap<String, String>, Where), Failed> {
    for (old, new) in [
        ("producer-props", "command-property"),
        ("producer.config", "command-config"),
    ] {
        if given.has(old) {
            io.line(format!(
                "Option --{old} has been deprecated and will be removed in a future version. Use --{new} instead."
            ));
        }
    }
    let file = given.value("producer.config").or(given.value("command-config"));
    let mut all = match file {
        Some(path) => properties::read(path).map_err(Failed::on_stderr)?,
        None => BTreeMap::new(),
    };
    let mut known = match file {
        Some(path) => cluster::read(path).map_err(Failed::on_stderr)?,
        None => ClientProperties::default(),
    };
    for flag in ["producer-props", "command-property"] {
        for text in given.values(flag) {
            let wrong = || Failed::on_stderr(Throwable::illegal(format!("Invalid property: {text}")));
            let (key, value) = properties::pair(text).ok_or_else(wrong)?;
            all.insert(key, value);
        }
    }
    known.client_id = all
        .get("client.id")
        .cloned()
        .or_else(|| Some("perf-producer-client".to_owned()));
    let servers = given
        .value("bootstrap-server")
        .or(all.get("bootstrap.servers").map(String::as_str));
    let servers = servers.ok_or_else(|| {
        let class = "org.apache.kafka.common.config.ConfigException";
        Failed::on_stderr(Throwable::new(
            class,
            "Missing required configuration \"bootstrap.servers\"",
        ))
    })?;
    let cluster = Where::with_properties(servers, false, known).map_err(Failed::on_stderr)?;
    Ok((all, cluster))
}

async fn push_all(sender: &mut Sender<Sent>, test: &Test, mut payload: Payload) -> Result<(), Gone> {
    let pace = Pace::new(test.throughput);
    for number in 0..test.count {
        let value = payload.next(number);
        let record = NewRecord {
            timestamp: now_ms(),
            value: Some(value),
            ..NewRecord::default()
        };
        let sent = Sent {
            at: Instant::now(),
            size_bytes: value.len(),
            is_steady: test.warm_up > 0 && number >= test.warm_up,
        };
        sender.push(&record, sent).await?;
        pace.wait(number + 1, sender).await?;
    }
    Ok(())
}
