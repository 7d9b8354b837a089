//! transactions find-hanging

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use protocol::api::messages::{DescribeProducersRequest, ListTransactionsRequest};
use schemars::JsonSchema;
use serde::Serialize;

use super::hanging::{Coordinated, OpenTransaction, late_ones, open_ones};
use crate::context::{Context, block_on, parse_duration};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::offsets::time::{now_ms, text_of};
use crate::output::{Shown, Table};
use crate::producers::scope::{ScopeArgs, partitions};

/// Find transactions that nobody will end.
///
/// They are open in a partition, nothing was written to them for longer than any transaction may take, and no coordinator
/// knows of them: Kafka's own rule. They keep readers of what is committed from going on.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet transactions find-hanging -b localhost:9092\n  kfleet transactions find-hanging --topic orders --partition 3\n  kfleet transactions find-hanging --broker 2 --max-transaction-timeout 30m -o json"
)]
pub(crate) struct FindHangingArgs {
    /// Only in this topic; may be repeated; in all of them if not given
    #[arg(long)]
    topic: Vec<String>,
    #[command(flatten)]
    scope: ScopeArgs,
    /// Longest time that a transaction may take, as transaction.max.timeout.ms of brokers has it
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "15m")]
    max_transaction_timeout: Duration,
}

/// A transaction that hangs.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct HangingRow {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// Its producer.
    producer_id: i64,
    /// The producer's epoch.
    producer_epoch: i32,
    /// The epoch of the coordinator that wrote the producer's last marker; none if there was none.
    coordinator_epoch: Option<i32>,
    /// Where the transaction begins.
    start_offset: i64,
    /// When something was written to it last, in milliseconds since 1970; none if it is not known.
    last_timestamp_ms: Option<i64>,
    /// How long ago that is.
    idle_ms: Option<i64>,
    /// The transactional id that the producer has by now; none if nobody knows the producer.
    transactional_id: Option<String>,
}

impl Shown for Vec<HangingRow> {
    const SCHEMA: &'static str = "transactions-find-hanging/1";

    fn table(&self, wide: bool) -> Table {
        let row = |row: &HangingRow| {
            let mut cells = vec![
                row.topic.clone(),
                row.partition.to_string(),
                row.producer_id.to_string(),
                row.producer_epoch.to_string(),
                row.start_offset.to_string(),
                row.last_timestamp_ms.map_or_else(|| "-".to_owned(), text_of),
                row.idle_ms
                    .map_or_else(|| "-".to_owned(), |ms| format!("{} min", ms / 60_000)),
            ];
            if wide {
                cells.extend([
                    row.coordinator_epoch
                        .map_or_else(|| "-".to_owned(), |epoch| epoch.to_string()),
                    row.transactional_id.clone().unwrap_or_else(|| "-".to_owned()),
                ]);
            }
            cells
        };
        let mut headers = vec!["TOPIC", "PARTITION", "PRODUCER-ID", "EPOCH", "START", "LAST", "IDLE"];
        if wide {
            headers.extend(["COORDINATOR-EPOCH", "TRANSACTIONAL-ID"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

fn row(open: OpenTransaction, coordinated: &Coordinated, now_ms: i64) -> HangingRow {
    let OpenTransaction {
        partition: (topic, partition),
        producer,
        start_offset,
    } = open;
    HangingRow {
        topic,
        partition,
        producer_id: producer.producer_id,
        producer_epoch: producer.producer_epoch,
        coordinator_epoch: producer.coordinator_epoch,
        start_offset,
        last_timestamp_ms: producer.last_timestamp_ms,
        idle_ms: producer.last_timestamp_ms.map(|last_ms| now_ms - last_ms),
        transactional_id: coordinated.id_of(producer.producer_id).map(str::to_owned),
    }
}

pub(crate) fn run(args: &FindHangingArgs, context: &Context) -> Result<(), CommandError> {
    args.scope.check(&args.topic)?;
    let timeout_max_ms = args.max_transaction_timeout.as_millis() as i64;
    let (id, rows, failures) = block_on(async {
        let client = context.connect().await?;
        client.check_served::<DescribeProducersRequest>().await?;
        client.check_served::<ListTransactionsRequest>().await?;
        let topics = (!args.topic.is_empty()).then_some(args.topic.as_slice());
        let (asked, mut failures) = partitions(&client, topics, &args.scope).await?;
        let told = client.describe_producers(&asked, args.scope.is_of_leaders()).await;
        failures.extend(told.errors.into_iter().map(Failure::from));
        let now_ms = now_ms();
        let late = late_ones(open_ones(told.ok), now_ms, timeout_max_ms);
        let producers: BTreeSet<i64> = late.iter().map(|open| open.producer.producer_id).collect();
        let coordinated = match Coordinated::ask(&client, producers).await {
            Ok(coordinated) => coordinated,
            Err(errors) => {
                // What one coordinator did not tell may be of any of them.
                failures.extend(errors.into_iter().map(Failure::from));
                let id = client.cluster_id().to_owned();
                return Ok((id, Vec::new(), failures));
            }
        };
        let hanging = late.into_iter().filter(|open| coordinated.find(open).is_none());
        let rows: Vec<HangingRow> = hanging.map(|open| row(open, &coordinated, now_ms)).collect();
        Ok::<_, CommandError>((client.cluster_id().to_owned(), rows, failures))
    })??;
    if let (true, Some(error)) = (rows.is_empty(), together(&failures)) {
        return Err(error);
    }
    context.out.show_part(Some(&id), &rows, &[], &failures)
}
