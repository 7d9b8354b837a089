//! size

mod arithmetic;
mod limits;
mod measured;
pub(crate) mod units;

#[cfg(test)]
mod tests;

use std::time::Duration;

use clap::Args;
use planner::counted::counted;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use arithmetic::{Needs, Step};
use measured::Measured;

/// Work out how big a cluster has to be: each number with its formula, its numbers and its source.
#[derive(Debug, Args)]
#[command(after_help = "\
What no flag says is measured if a cluster is given with --bootstrap-server: partitions, replicas, disks, and what is
written while it is watched. What cannot be measured has its default. Amounts are as in 100MB, 4TB or 1GiB.

Examples:
  kfleet size --write-rate 100MB/s --retention 7d --groups 3
  kfleet size --write-rate 2Gbit/s --disk 8TB --network 25Gbit/s --spare-brokers 2
  kfleet size -b localhost:9092 --watch 1m
  kfleet size --write-rate 100MB/s -o json | jq '.data.steps[] | select(.id == \"brokers\").value'")]
pub(crate) struct SizeArgs {
    /// What producers write, as it goes over the network
    #[arg(long, value_name = "RATE", value_parser = units::parse_rate)]
    write_rate: Option<u64>,
    /// Consumer groups that read all of it [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=10_000))]
    groups: Option<u64>,
    /// What producers get through one partition [default: 10MB/s; measure it with kfleet bench produce]
    #[arg(long, value_name = "RATE", value_parser = units::parse_rate)]
    producer_rate: Option<u64>,
    /// What a consumer gets through one partition [default: 10MB/s; measure it with your consumer]
    #[arg(long, value_name = "RATE", value_parser = units::parse_rate)]
    consumer_rate: Option<u64>,
    /// Partitions, if they are not to be worked out
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    partitions: Option<u64>,
    /// Replicas of a partition [default: 3]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=32))]
    replication_factor: Option<u64>,
    /// How long records are kept [default: 7d]
    #[arg(long, value_name = "TIME", value_parser = units::parse_period)]
    retention: Option<Duration>,
    /// Size of a segment [default: 1GiB]
    #[arg(long, value_name = "BYTES", value_parser = units::parse_room)]
    segment: Option<u64>,
    /// Room of a broker for log directories [default: 4TB]
    #[arg(long, value_name = "BYTES", value_parser = units::parse_room)]
    disk: Option<u64>,
    /// How full it may be, in percent [default: 80]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u64).range(1..=100))]
    disk_fill: Option<u64>,
    /// What a broker's disks write; no bound if not given
    #[arg(long, value_name = "RATE", value_parser = units::parse_rate)]
    disk_rate: Option<u64>,
    /// What a broker's network carries each way [default: 10Gbit/s]
    #[arg(long, value_name = "RATE", value_parser = units::parse_rate)]
    network: Option<u64>,
    /// How busy it may be, in percent [default: 80]
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u64).range(1..=100))]
    network_fill: Option<u64>,
    /// Brokers that may be away while the others carry the load [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=1_000))]
    spare_brokers: Option<u64>,
    /// Connections of clients to a broker [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=10_000_000))]
    connections: Option<u64>,
    /// The JVM's heap; 0B for kfleet's broker [default: 6GiB]
    #[arg(long, value_name = "BYTES", value_parser = units::parse_bytes)]
    heap: Option<u64>,
    /// How long to watch what is written to the cluster
    #[arg(long, value_name = "TIME", value_parser = units::parse_period, default_value = "10s")]
    watch: Duration,
    /// Ask no cluster, although one is given
    #[arg(long)]
    no_cluster: bool,
}

/// A number that went in.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct InputRow {
    /// A word for scripts: the flag without its dashes.
    id: &'static str,
    /// What it is; none if there is no bound.
    value: Option<u64>,
    /// bytes, bytes/s, seconds, percent, or nothing for a count.
    unit: &'static str,
    /// given, measured or default.
    from: &'static str,
}

/// A number that came out.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct StepRow {
    /// A word for scripts.
    id: &'static str,
    /// What it is.
    title: &'static str,
    /// The number.
    value: u64,
    /// bytes, bytes/s, or nothing for a count.
    unit: &'static str,
    /// How it came about.
    formula: &'static str,
    /// The same with its numbers.
    numbers: String,
    /// Who says so.
    source: &'static str,
}

/// What a cluster needs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Sizing {
    /// What went in.
    inputs: Vec<InputRow>,
    /// What came out, each from what is above it.
    steps: Vec<StepRow>,
    /// Brokers and bytes of the cluster that was measured.
    cluster: Option<ClusterSize>,
}

/// How big the cluster is that was measured.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ClusterSize {
    /// Its brokers.
    brokers: u64,
    /// Its partitions.
    partitions: u64,
    /// Bytes of all replicas.
    stored_bytes: u64,
}

impl Shown for Sizing {
    const SCHEMA: &'static str = "size/1";

    fn table(&self, _: bool) -> Table {
        let cell = |value: u64, unit: &str| match unit {
            "bytes" => units::bytes(value),
            "bytes/s" => arithmetic::rate(value),
            "seconds" => units::period(value),
            "percent" => format!("{value} %"),
            _ => units::count(value),
        };
        let input = |row: &InputRow| {
            let value = row.value.map_or_else(|| "-".to_owned(), |value| cell(value, row.unit));
            vec![format!("--{}", row.id), value, row.from.to_owned(), String::new()]
        };
        let step = |row: &StepRow| {
            let how = format!("{} = {}", row.formula, row.numbers);
            vec![
                row.title.to_owned(),
                cell(row.value, row.unit),
                how,
                row.source.to_owned(),
            ]
        };
        let mut rows: Vec<Vec<String>> = self.inputs.iter().map(input).collect();
        rows.extend(self.steps.iter().map(step));
        Table {
            headers: vec!["WHAT", "VALUE", "HOW", "SOURCE"],
            rows,
        }
    }
}

pub(crate) fn run(args: &SizeArgs, context: &Context) -> Result<(), CommandError> {
    let cluster = if args.no_cluster || context.global.bootstrap_server.is_none() {
        None
    } else {
        let watch = if args.write_rate.is_some() {
            Duration::ZERO
        } else {
            args.watch
        };
        Some(block_on(async {
            let client = context.connect_for_long().await?;
            let measured = measured::measure(&client, watch).await?;
            Ok::<_, CommandError>((client.cluster_id().to_owned(), measured))
        })??)
    };
    let measured = cluster.as_ref().map(|(_, measured)| *measured);
    let mut inputs = Vec::new();
    let needs = needs(args, measured, &mut inputs)?;
    let steps = arithmetic::size(&needs);
    let mut warnings = limits::warnings(&needs, &steps);
    if let Some(measured) = measured {
        let needed = arithmetic::value(&steps, "brokers");
        if measured.brokers < needed {
            warnings.push(format!(
                "the cluster has {}, and {needed} are needed",
                counted(measured.brokers, "broker")
            ));
        }
    }
    let sizing = Sizing {
        inputs,
        steps: steps.into_iter().map(StepRow::from).collect(),
        cluster: measured.map(|measured| ClusterSize {
            brokers: measured.brokers,
            partitions: measured.partitions,
            stored_bytes: measured.stored,
        }),
    };
    context
        .out
        .show(cluster.as_ref().map(|(id, _)| id.as_str()), &sizing, &warnings)
}

impl From<Step> for StepRow {
    fn from(step: Step) -> Self {
        Self {
            id: step.id,
            title: step.title,
            value: step.value,
            unit: step.unit,
            formula: step.formula,
            numbers: step.numbers,
            source: step.source,
        }
    }
}

/// What the flags say, then the cluster, then the defaults; each is noted with where it is from.
fn needs(args: &SizeArgs, cluster: Option<Measured>, inputs: &mut Vec<InputRow>) -> Result<Needs, CommandError> {
    let written = args.write_rate.or(cluster.and_then(|found| found.write_rate));
    if written.is_none_or(|rate| rate == 0) {
        let message = match cluster {
            Some(_) => "nothing was written to the cluster meanwhile",
            None => "how much is written is not known",
        };
        let hint = "give --write-rate, as in 100MB/s, or a busy cluster with --bootstrap-server and --watch 1m";
        return Err(CommandError::usage(message).hint(hint));
    }
    let mut choose = |id, unit, flag: Option<u64>, measured: Option<u64>, default: Option<u64>| {
        let (value, from) = match (flag, measured) {
            (Some(value), _) => (Some(value), "given"),
            (None, Some(value)) => (Some(value), "measured"),
            (None, None) => (default, "default"),
        };
        inputs.push(InputRow { id, value, unit, from });
        value
    };
    let measured = |of: fn(Measured) -> u64| cluster.map(of).filter(|value| *value > 0);
    let mut number =
        |id, unit, flag, measured, default| choose(id, unit, flag, measured, Some(default)).unwrap_or(default);
    let (percent, rate) = ("percent", "bytes/s");
    Ok(Needs {
        write_rate: number(
            "write-rate",
            rate,
            args.write_rate,
            cluster.and_then(|found| found.write_rate),
            0,
        ),
        readers: number("groups", "", args.groups, None, 1),
        producer_rate: number("producer-rate", rate, args.producer_rate, None, 10_000_000),
        consumer_rate: number("consumer-rate", rate, args.consumer_rate, None, 10_000_000),
        replication_factor: number(
            "replication-factor",
            "",
            args.replication_factor,
            measured(|found| found.replication_factor),
            3,
        ),
        retention_s: number(
            "retention",
            "seconds",
            args.retention.map(|kept| kept.as_secs()),
            None,
            604_800,
        ),
        segment_bytes: number("segment", "bytes", args.segment, None, 1 << 30),
        disk_bytes: number(
            "disk",
            "bytes",
            args.disk,
            cluster.and_then(|found| found.disk_bytes),
            4_000_000_000_000,
        ),
        disk_fill_percent: number("disk-fill", percent, args.disk_fill, None, 80),
        network_rate: number("network", rate, args.network, None, 1_250_000_000),
        network_fill_percent: number("network-fill", percent, args.network_fill, None, 80),
        spare_brokers: number("spare-brokers", "", args.spare_brokers, None, 1),
        connections: number("connections", "", args.connections, None, 1_000),
        heap_bytes: number("heap", "bytes", args.heap, None, 6 << 30),
        partitions: choose(
            "partitions",
            "",
            args.partitions,
            measured(|found| found.partitions),
            None,
        ),
        disk_rate: choose("disk-rate", rate, args.disk_rate, None, None),
    })
}
