//! snapshot import

mod cruise_control;
mod kafka_log_dirs;
mod kafka_reassign;
mod parts;
mod prometheus;
#[cfg(test)]
mod tests;
mod topicmappr;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::save::store;
use super::source::read_file;
use crate::context::Context;
use crate::error::CommandError;
use crate::json_file::read_text;
use crate::json_lines::Fault;
use parts::Parts;
use prometheus::Metric;

/// Where files come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// kafka-reassign-partitions: replicas of partitions
    KafkaReassign,
    /// kafka-log-dirs --describe: sizes of replicas
    KafkaLogDirs,
    /// topicmappr: a map of partitions, sizes (partitionmeta), free bytes of brokers (brokermetrics)
    Topicmappr,
    /// Cruise Control: kafka_cluster_state with verbose=true, partition_load and load, each with json=true
    CruiseControl,
    /// Prometheus: answers of its query API, of sizes or rates with labels topic and partition
    Prometheus,
}

/// Make a snapshot from files of other tools, or add what they know to one.
///
/// What the files do not tell is taken from --base: racks, capacities, sizes, rates. Several files are read one after the
/// other, and what a later one says counts. Without --base, brokers are those that have replicas.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet snapshot import --from kafka-reassign current.json --out cluster.json\n  kfleet snapshot import --from kafka-log-dirs dirs.txt --base cluster.json --out sized.json\n  kfleet snapshot import --from cruise-control state.json partition_load.json load.json --out cluster.json\n  kfleet snapshot import --from prometheus in.json --metric bytes-in --base sized.json --out cluster.json"
)]
pub(crate) struct ImportArgs {
    /// What the files are
    #[arg(long, value_enum)]
    from: From,
    /// The files; - is stdin
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// A snapshot that has what they do not tell
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,
    /// Where the snapshot goes; - is stdout
    #[arg(long, default_value = "-", value_name = "FILE")]
    out: PathBuf,
    /// What a query of Prometheus is about, where the name of its metric does not say
    #[arg(long, value_enum)]
    metric: Option<Metric>,
}

pub(crate) fn run(args: &ImportArgs, context: &Context) -> Result<(), CommandError> {
    if args.metric.is_some() && args.from != From::Prometheus {
        return Err(CommandError::usage("--metric is for --from prometheus"));
    }
    let mut parts = match &args.base {
        Some(base) => Parts::of(&read_file(base)?),
        None => Parts::default(),
    };
    for file in &args.files {
        let text = read_text(file)?;
        take(args, &text, &mut parts).map_err(|fault| told(file, &fault))?;
    }
    let (cluster, warnings) = parts
        .into_cluster()
        .map_err(|error| CommandError::data(error.to_string()))?;
    store(&cluster, &args.out, &warnings, context)
}

fn take(args: &ImportArgs, text: &str, parts: &mut Parts) -> Result<(), Fault> {
    match args.from {
        From::KafkaReassign => kafka_reassign::take(text, parts),
        From::KafkaLogDirs => kafka_log_dirs::take(text, parts),
        From::Topicmappr => topicmappr::take(text, parts),
        From::CruiseControl => cruise_control::take(text, parts),
        From::Prometheus => prometheus::take(text, args.metric, parts),
    }
}

fn told(file: &Path, (line, why): &Fault) -> CommandError {
    CommandError::data(format!("{}: line {line}: {why}", file.display()))
}
