//! transactions abort

use std::collections::BTreeSet;

use clap::Args;
use client::{AbortMarker, Client, ClientError};
use planner::counted::counted;
use protocol::api::messages::{DescribeProducersRequest, DescribeTransactionsRequest, WriteTxnMarkersRequest};
use schemars::JsonSchema;
use serde::Serialize;

use super::describe::describe;
use super::hanging::{Coordinated, OpenTransaction};
use super::target::{Named, find, marker};
use crate::change::{result_cell, show_plan};
use crate::context::{Context, SafetyArgs, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::offsets::time::text_of;
use crate::output::{Shown, Table};
use crate::producers::scope::{ScopeArgs, partitions};

/// Abort a transaction: one that hangs in a partition, or whatever runs under a transactional id.
///
/// In a partition, an abort marker is written to its leader, whatever coordinators think of it; what a coordinator knows
/// of is not aborted in this way. By a transactional id, its coordinator is told to abort what is running, and its producer
/// cannot go on.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet transactions abort --topic orders --partition 3 --start-offset 1234 --dry-run\n  kfleet transactions abort --topic orders --partition 3 --producer-id 7001 --yes\n  kfleet transactions abort --transactional-id shop-1"
)]
pub(crate) struct AbortArgs {
    /// The topic
    #[arg(long, requires = "partition", required_unless_present = "transactional_id")]
    topic: Option<String>,
    /// The partition
    #[arg(long, requires = "topic")]
    partition: Option<i32>,
    /// Where the transaction begins, as find-hanging has it
    #[arg(long, value_name = "OFFSET", requires = "topic", conflicts_with = "producer_id")]
    start_offset: Option<i64>,
    /// Whose transaction it is
    #[arg(long, value_name = "ID", requires = "topic")]
    producer_id: Option<i64>,
    /// The epoch of the producer, if it is not to be that which the leader knows
    #[arg(long, value_name = "EPOCH", requires = "topic")]
    producer_epoch: Option<i16>,
    /// The epoch of the coordinator, if it is not to be that which the leader knows
    #[arg(long, value_name = "EPOCH", requires = "topic")]
    coordinator_epoch: Option<i32>,
    /// Also if a coordinator knows of the transaction, which then is committed in part
    #[arg(long, requires = "topic")]
    force: bool,
    /// Whatever runs under this transactional id
    #[arg(long, value_name = "ID", conflicts_with = "topic")]
    transactional_id: Option<String>,
    #[command(flatten)]
    safety: SafetyArgs,
}

/// What became of a transaction.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AbortRow {
    /// The topic; none if it is aborted everywhere.
    topic: Option<String>,
    /// The partition.
    partition: Option<i32>,
    /// The transactional id, as far as it is known.
    transactional_id: Option<String>,
    /// Its producer.
    producer_id: i64,
    /// The producer's epoch.
    producer_epoch: i16,
    /// The coordinator's epoch in the marker.
    coordinator_epoch: Option<i32>,
    /// Where it begins in the partition.
    start_offset: Option<i64>,
    /// When something was written to it last, or when it began, in milliseconds since 1970.
    timestamp_ms: Option<i64>,
    /// Whether it was aborted.
    changed: bool,
    /// Why not, if it was to be.
    error: Option<String>,
}

impl Shown for Vec<AbortRow> {
    const SCHEMA: &'static str = "transactions-abort/1";

    fn table(&self, _: bool) -> Table {
        table(self, true)
    }
}

fn table(rows: &[AbortRow], with_results: bool) -> Table {
    fn text<T: ToString>(value: Option<&T>) -> String {
        value.map_or_else(|| "-".to_owned(), ToString::to_string)
    }
    let row = |row: &AbortRow| {
        let mut cells = vec![
            text(row.topic.as_ref()),
            text(row.partition.as_ref()),
            text(row.transactional_id.as_ref()),
            row.producer_id.to_string(),
            row.producer_epoch.to_string(),
            text(row.start_offset.as_ref()),
            row.timestamp_ms.map_or_else(|| "-".to_owned(), text_of),
        ];
        if with_results {
            cells.push(result_cell(row.changed, row.error.as_ref()));
        }
        cells
    };
    let mut headers = vec![
        "TOPIC",
        "PARTITION",
        "TRANSACTIONAL-ID",
        "PRODUCER-ID",
        "EPOCH",
        "START",
        "SINCE",
    ];
    if with_results {
        headers.push("RESULT");
    }
    Table {
        headers,
        rows: rows.iter().map(row).collect(),
    }
}

impl AbortRow {
    fn of_partition(open: &OpenTransaction, marker: &AbortMarker, transactional_id: Option<&str>) -> Self {
        Self {
            topic: Some(open.partition.0.clone()),
            partition: Some(open.partition.1),
            transactional_id: transactional_id.map(str::to_owned),
            producer_id: marker.producer_id,
            producer_epoch: marker.producer_epoch,
            coordinator_epoch: Some(marker.coordinator_epoch),
            start_offset: Some(open.start_offset),
            timestamp_ms: open.producer.last_timestamp_ms,
            changed: false,
            error: None,
        }
    }
}

/// What is told at the end.
#[derive(Debug)]
struct Done {
    row: AbortRow,
    warnings: Vec<String>,
    failures: Vec<Failure>,
}

impl Done {
    fn nothing(row: AbortRow) -> Self {
        Self {
            row,
            warnings: Vec::new(),
            failures: Vec::new(),
        }
    }

    fn of(mut row: AbortRow, what: String, result: Result<(), ClientError>) -> Self {
        row.changed = result.is_ok();
        row.error = result.as_ref().err().map(ClientError::reason);
        let failure = result.err().map(|error| Failure::of(what, error));
        Self {
            failures: failure.into_iter().collect(),
            ..Self::nothing(row)
        }
    }
}

pub(crate) fn run(args: &AbortArgs, context: &Context) -> Result<(), CommandError> {
    let named = match (args.start_offset, args.producer_id) {
        (Some(offset), _) => Some(Named::StartOffset(offset)),
        (None, Some(id)) => Some(Named::Producer(id)),
        (None, None) => None,
    };
    if args.transactional_id.is_none() && named.is_none() {
        return Err(CommandError::usage("it is not said which transaction")
            .hint("give --start-offset or --producer-id, as find-hanging has them"));
    }
    let (id, done) = block_on(async {
        let client = context.connect().await?;
        context.expect_cluster(&args.safety, client.cluster_id())?;
        let done = match (&args.transactional_id, named) {
            (Some(id), _) => by_id(args, id, &client, context).await?,
            (None, named) => in_partition(args, named, &client, context).await?,
        };
        Ok::<_, CommandError>((client.cluster_id().to_owned(), done))
    })??;
    context
        .out
        .show_part(Some(&id), &vec![done.row], &done.warnings, &done.failures)
}

async fn in_partition(
    args: &AbortArgs,
    named: Option<Named>,
    client: &Client,
    context: &Context,
) -> Result<Done, CommandError> {
    let (Some(topic), Some(partition), Some(named)) = (args.topic.clone(), args.partition, named) else {
        return Err(CommandError::usage("give --topic and --partition"));
    };
    client.check_served::<DescribeProducersRequest>().await?;
    client.check_served::<WriteTxnMarkersRequest>().await?;
    let topics = [topic.clone()];
    let (asked, failures) = partitions(client, Some(&topics), &ScopeArgs::of_partition(partition)).await?;
    if let Some(error) = together(&failures) {
        return Err(error);
    }
    let told = client.describe_producers(&asked, true).await.into_result()?;
    let key = (topic, partition);
    let producers = told.into_iter().flat_map(|(_, producers)| producers).collect();
    let open = find(&key, producers, named)?;
    let marker = marker(&open, args.producer_epoch, args.coordinator_epoch)?;
    let coordinated = ask(client, &open, args.force).await?;
    if let (Some((id, known)), false) = (coordinated.find(&open), args.force) {
        let message = format!(
            "the coordinator knows of this transaction: it is {} under transactional id {id}",
            known.state
        );
        return Err(CommandError::refused(message)
            .hint(format!(
                "kfleet transactions abort --transactional-id {id} makes it end it everywhere"
            ))
            .hint("--force aborts it in this partition alone"));
    }
    let row = AbortRow::of_partition(&open, &marker, coordinated.id_of(marker.producer_id));
    let what = format!("{}-{}", key.0, key.1);
    let plan = format!("abort the transaction of {what} that begins at {}", open.start_offset);
    if !may(args, &row, client, &plan, context)? {
        return Ok(Done::nothing(row));
    }
    let leader = asked.get(&key).copied().unwrap_or(-1);
    let result = client.abort_transaction(leader, &marker).await;
    Ok(Done::of(row, what, result))
}

/// What coordinators know of it; who insists does not need to know.
async fn ask(client: &Client, open: &OpenTransaction, is_forced: bool) -> Result<Coordinated, CommandError> {
    let producers = BTreeSet::from([open.producer.producer_id]);
    match Coordinated::ask(client, producers).await {
        Ok(coordinated) => Ok(coordinated),
        Err(_) if is_forced => Ok(Coordinated::default()),
        Err(errors) => {
            let failures: Vec<Failure> = errors.into_iter().map(Failure::from).collect();
            let silent = || CommandError::rejected("coordinators do not tell what they know of it");
            Err(together(&failures)
                .unwrap_or_else(silent)
                .hint("--force aborts it whatever coordinators know"))
        }
    }
}

fn may(args: &AbortArgs, row: &AbortRow, client: &Client, plan: &str, context: &Context) -> Result<bool, CommandError> {
    if !args.safety.ask.dry_run {
        show_plan(context, table(std::slice::from_ref(row), false));
    }
    context.may_change(&args.safety, client.cluster_id(), plan)
}

async fn by_id(args: &AbortArgs, id: &str, client: &Client, context: &Context) -> Result<Done, CommandError> {
    client.check_served::<DescribeTransactionsRequest>().await?;
    let (described, failures) = describe(client, &[id.to_owned()]).await;
    let (Some((_, known)), None) = (described.first(), together(&failures)) else {
        let silent = || CommandError::rejected(format!("nothing is said of transactional id {id}"));
        return Err(together(&failures).unwrap_or_else(silent));
    };
    let row = AbortRow {
        topic: None,
        partition: None,
        transactional_id: Some(id.to_owned()),
        producer_id: known.producer_id,
        producer_epoch: known.producer_epoch,
        coordinator_epoch: None,
        start_offset: None,
        timestamp_ms: known.started_ms,
        changed: false,
        error: None,
    };
    if known.state != "Ongoing" {
        let warning = format!("no transaction is running under {id}: it is {}", known.state);
        return Ok(Done {
            warnings: vec![warning],
            ..Done::nothing(row)
        });
    }
    let partitions = counted(known.partitions.len(), "partition");
    let plan = format!("abort the transaction of {id} in {partitions}, and fence its producer");
    if !may(args, &row, client, &plan, context)? {
        return Ok(Done::nothing(row));
    }
    let result = client.fence_producer(id).await;
    Ok(Done::of(row, format!("transactional id {id}"), result))
}
