//! log-dirs describe

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use client::{Client, LogDirContents, Sharded, TopicPartitionSets, in_words};
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::live_brokers::{absent, check_alive};
use crate::output::{Shown, Table};
use crate::topics::names::{Choice, Wanted, resolve};
use crate::watch::WatchArgs;

/// List directories with their space and their replicas.
///
/// With --topics sizes and counts are of these topics alone; the space is the volume's. A directory that has failed tells
/// of nothing else.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet log-dirs describe -b localhost:9092\n  kfleet log-dirs describe --brokers 1,2 --replicas -o json\n  kfleet log-dirs describe --topics 'orders-*' --replicas"
)]
pub(crate) struct DescribeArgs {
    /// Only of these brokers
    #[arg(long, alias = "broker-list", value_name = "ID", value_delimiter = ',')]
    brokers: Vec<i32>,
    /// Only replicas of these topics, or patterns as in 'orders-*'
    #[arg(long, alias = "topic-list", value_name = "TOPIC", value_delimiter = ',')]
    topics: Vec<String>,
    /// One line for each replica
    #[arg(long)]
    replicas: bool,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

/// A log directory.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LogDirRow {
    /// The broker that has it.
    broker: i32,
    /// Its path.
    log_dir: String,
    /// Why it is offline, if it is, in Kafka's words.
    error: Option<String>,
    /// Bytes of its volume; none where the broker does not say.
    total_bytes: Option<u64>,
    /// Bytes of its volume that are free for it; none where the broker does not say.
    usable_bytes: Option<u64>,
    /// Replicas in it, those to come included.
    replicas: usize,
    /// Replicas that are being moved into it from another directory.
    future_replicas: usize,
    /// Bytes of all of them.
    size_bytes: i64,
}

impl Shown for Vec<LogDirRow> {
    const SCHEMA: &'static str = "log-dirs-describe/1";

    fn table(&self, wide: bool) -> Table {
        let bytes = |bytes: Option<u64>| bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        let row = |row: &LogDirRow| {
            let state = row.error.clone().unwrap_or_else(|| "online".to_owned());
            let mut cells = vec![
                row.broker.to_string(),
                row.log_dir.clone(),
                row.replicas.to_string(),
                row.size_bytes.to_string(),
                bytes(row.usable_bytes),
                bytes(row.total_bytes),
                state,
            ];
            cells.extend(wide.then(|| row.future_replicas.to_string()));
            cells
        };
        let mut headers = vec!["BROKER", "DIR", "REPLICAS", "SIZE", "USABLE", "TOTAL", "STATE"];
        headers.extend(wide.then_some("FUTURE"));
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

/// A replica in a log directory.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LogDirReplicaRow {
    /// The broker that has it.
    broker: i32,
    /// The directory.
    log_dir: String,
    /// Its topic.
    topic: String,
    /// Its partition.
    partition: i32,
    /// Bytes of its segments.
    size_bytes: i64,
    /// Records it lacks: of the high watermark, or, if it is to take another's place, of that one's end.
    offset_lag: i64,
    /// Whether it is to take the place of the one in another directory.
    future: bool,
}

impl Shown for Vec<LogDirReplicaRow> {
    const SCHEMA: &'static str = "log-dirs-replicas/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &LogDirReplicaRow| {
            vec![
                row.broker.to_string(),
                row.log_dir.clone(),
                row.topic.clone(),
                row.partition.to_string(),
                row.size_bytes.to_string(),
                row.offset_lag.to_string(),
                row.future.to_string(),
            ]
        };
        Table {
            headers: vec!["BROKER", "DIR", "TOPIC", "PARTITION", "SIZE", "LAG", "FUTURE"],
            rows: self.iter().map(row).collect(),
        }
    }
}

type Told = Sharded<(i32, Vec<LogDirContents>)>;

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let wanted = Wanted::parse(&args.topics, false)?;
    let (id, told, failures) = block_on(async {
        let client = context.connect().await?;
        let (told, failures) = ask(args, &wanted, &client).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), told, failures))
    })??;
    let warnings = failed(&told);
    if args.replicas {
        let rows = replicas(&told);
        return context.out.show_part(Some(&id), &rows, &warnings, &failures);
    }
    let dirs = told.ok.iter();
    let rows: Vec<LogDirRow> = dirs
        .flat_map(|(broker, dirs)| dirs.iter().map(|contents| dir(*broker, contents)))
        .collect();
    context.out.show_part(Some(&id), &rows, &warnings, &failures)
}

/// What brokers tell, and who does not.
async fn ask(args: &DescribeArgs, wanted: &[Wanted], client: &Client) -> Result<(Told, Vec<Failure>), CommandError> {
    let topics = if wanted.is_empty() {
        None
    } else {
        let names: Vec<String> = resolve(client, wanted, Choice::LOOK).await?.names.into_iter().collect();
        let mut sets = TopicPartitionSets::new();
        for (name, topic) in client.describe_topics(Some(&names)).await? {
            sets.insert(name, topic.partitions.into_keys().collect());
        }
        Some(sets)
    };
    let alive: BTreeSet<i32> = client.broker_ids().collect();
    let asked: BTreeSet<i32> = args.brokers.iter().copied().collect();
    check_alive(client, &asked, &alive).await?;
    let brokers: Vec<i32> = if asked.is_empty() { &alive } else { &asked }.iter().copied().collect();
    let mut told = client.log_dir_contents(&brokers, topics.as_ref()).await;
    let errors = std::mem::take(&mut told.errors);
    let mut failures: Vec<Failure> = errors.into_iter().map(Failure::from).collect();
    if asked.is_empty() {
        failures.extend(absent(client, &alive).await);
    }
    told.ok.sort_by_key(|(broker, _)| *broker);
    Ok((told, failures))
}

/// Directories that have failed.
fn failed(told: &Told) -> Vec<String> {
    let dirs = told
        .ok
        .iter()
        .flat_map(|(broker, dirs)| dirs.iter().map(move |contents| (broker, &contents.dir)));
    let failed = dirs.filter_map(|(broker, dir)| {
        let code = dir.error?;
        Some(format!(
            "log directory {} of broker {broker} has failed: {} ({code:?})",
            dir.path,
            in_words(code)
        ))
    });
    failed.collect()
}

fn dir(broker: i32, contents: &LogDirContents) -> LogDirRow {
    let replicas: &BTreeMap<_, _> = &contents.replicas;
    LogDirRow {
        broker,
        log_dir: contents.dir.path.clone(),
        error: contents.dir.error.map(|code| format!("{code:?}")),
        total_bytes: contents.dir.total_bytes,
        usable_bytes: contents.dir.usable_bytes,
        replicas: replicas.len(),
        future_replicas: replicas.keys().filter(|(_, _, is_future)| *is_future).count(),
        size_bytes: replicas.values().map(|replica| replica.size_bytes).sum(),
    }
}

fn replicas(told: &Told) -> Vec<LogDirReplicaRow> {
    let mut rows = Vec::new();
    for (broker, dirs) in &told.ok {
        for contents in dirs {
            rows.extend(
                contents
                    .replicas
                    .iter()
                    .map(|((topic, partition, future), replica)| LogDirReplicaRow {
                        broker: *broker,
                        log_dir: contents.dir.path.clone(),
                        topic: topic.clone(),
                        partition: *partition,
                        size_bytes: replica.size_bytes,
                        offset_lag: replica.offset_lag,
                        future: *future,
                    }),
            );
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use client::{LogDir, LogDirReplica};
    use protocol::api::ErrorCode;

    use super::*;

    fn contents(path: &str, error: Option<ErrorCode>, replicas: &[(i32, bool, i64)]) -> LogDirContents {
        let replica = |(partition, is_future, size_bytes): &(i32, bool, i64)| {
            let replica = LogDirReplica {
                size_bytes: *size_bytes,
                offset_lag: 3,
            };
            (("t".to_owned(), *partition, *is_future), replica)
        };
        LogDirContents {
            dir: LogDir {
                path: path.to_owned(),
                error,
                total_bytes: Some(100),
                usable_bytes: None,
            },
            replicas: replicas.iter().map(replica).collect(),
        }
    }

    #[test]
    fn replicas_are_added_up_and_told_one_by_one_and_a_failed_directory_is_named() {
        let told = Told {
            ok: vec![(
                2,
                vec![
                    contents("/a", None, &[(0, false, 5), (1, true, 7)]),
                    contents("/b", Some(ErrorCode::KafkaStorageError), &[]),
                ],
            )],
            errors: Vec::new(),
        };
        let sum = dir(2, &told.ok[0].1[0]);
        assert_eq!((sum.replicas, sum.future_replicas, sum.size_bytes), (2, 1, 12));
        assert_eq!(
            failed(&told),
            ["log directory /b of broker 2 has failed: a disk of the broker failed (KafkaStorageError)"]
        );
        let rows: Vec<_> = replicas(&told).iter().map(|row| (row.partition, row.future)).collect();
        assert_eq!(rows, [(0, false), (1, true)]);
    }
}
