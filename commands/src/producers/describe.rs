//! producers describe

use clap::Args;
use client::{PartitionKey, ProducerState};
use protocol::api::messages::DescribeProducersRequest;
use schemars::JsonSchema;
use serde::Serialize;

use super::scope::{ScopeArgs, partitions};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::offsets::time::text_of;
use crate::output::{Shown, Table};

/// Print who has written to partitions, with idempotence or in transactions, and where open transactions begin.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet producers describe orders -b localhost:9092\n  kfleet producers describe orders --partition 3 -o wide\n  kfleet producers describe orders payments -o json | jq '.data[] | select(.open_from_offset != null)'"
)]
pub(crate) struct DescribeArgs {
    /// Topics
    #[arg(required = true, value_name = "TOPIC")]
    topics: Vec<String>,
    #[command(flatten)]
    scope: ScopeArgs,
}

/// A producer of a partition.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProducerRow {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// The broker that told.
    broker: i32,
    /// The producer.
    producer_id: i64,
    /// Its epoch.
    producer_epoch: i32,
    /// The epoch of the coordinator that wrote its last marker; none if there was none.
    coordinator_epoch: Option<i32>,
    /// The sequence number of its last record; none if that was a marker.
    last_sequence: Option<i32>,
    /// The greatest timestamp of its last batch, in milliseconds since 1970; none if it is not known.
    last_timestamp_ms: Option<i64>,
    /// Where its open transaction begins; none if none is open.
    open_from_offset: Option<i64>,
}

impl ProducerRow {
    fn new((topic, partition): &PartitionKey, broker: i32, state: &ProducerState) -> Self {
        Self {
            topic: topic.clone(),
            partition: *partition,
            broker,
            producer_id: state.producer_id,
            producer_epoch: state.producer_epoch,
            coordinator_epoch: state.coordinator_epoch,
            last_sequence: state.last_sequence,
            last_timestamp_ms: state.last_timestamp_ms,
            open_from_offset: state.open_from,
        }
    }
}

impl Shown for Vec<ProducerRow> {
    const SCHEMA: &'static str = "producers-describe/1";

    fn table(&self, wide: bool) -> Table {
        fn number<T: ToString>(value: Option<T>) -> String {
            value.map_or_else(|| "-".to_owned(), |value| value.to_string())
        }
        let row = |row: &ProducerRow| {
            let mut cells = vec![
                row.topic.clone(),
                row.partition.to_string(),
                row.producer_id.to_string(),
                row.producer_epoch.to_string(),
                number(row.last_sequence),
                row.last_timestamp_ms.map_or_else(|| "-".to_owned(), text_of),
                number(row.open_from_offset),
            ];
            if wide {
                cells.extend([number(row.coordinator_epoch), row.broker.to_string()]);
            }
            cells
        };
        let mut headers = vec![
            "TOPIC",
            "PARTITION",
            "PRODUCER-ID",
            "EPOCH",
            "SEQUENCE",
            "LAST",
            "OPEN-FROM",
        ];
        if wide {
            headers.extend(["COORDINATOR-EPOCH", "BROKER"]);
        }
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    args.scope.check(&args.topics)?;
    let (id, told, rows, failures) = block_on(async {
        let client = context.connect().await?;
        client.check_served::<DescribeProducersRequest>().await?;
        let (asked, mut failures) = partitions(&client, Some(&args.topics), &args.scope).await?;
        let told = client.describe_producers(&asked, args.scope.is_of_leaders()).await;
        failures.extend(told.errors.into_iter().map(Failure::from));
        let rows = told.ok.iter().flat_map(|(key, producers)| {
            let broker = asked.get(key).copied().unwrap_or(-1);
            producers.iter().map(move |state| ProducerRow::new(key, broker, state))
        });
        let rows: Vec<ProducerRow> = rows.collect();
        Ok::<_, CommandError>((client.cluster_id().to_owned(), told.ok.len(), rows, failures))
    })??;
    if let (0, Some(error)) = (told, together(&failures)) {
        return Err(error);
    }
    context.out.show_part(Some(&id), &rows, &[], &failures)
}
