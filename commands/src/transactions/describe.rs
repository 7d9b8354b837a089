//! transactions describe

use std::collections::BTreeMap;

use clap::Args;
use client::{Client, ShardError, TransactionDescription, TransactionFilter};
use protocol::api::ErrorCode;
use protocol::api::messages::DescribeTransactionsRequest;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::{Failure, together};
use crate::nearest::did_you_mean;
use crate::offsets::time::{now_ms, text_of};
use crate::output::{Shown, Table};

/// Print what coordinators know of transactional ids.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  kfleet transactions describe shop-1 -b localhost:9092\n  kfleet transactions describe shop-1 shop-2 -o json"
)]
pub(crate) struct DescribeArgs {
    /// Transactional ids
    #[arg(required = true, value_name = "TRANSACTIONAL-ID")]
    ids: Vec<String>,
}

/// A transactional id with all that its coordinator knows.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct TransactionDescriptionRow {
    /// The transactional id.
    transactional_id: String,
    /// The broker that coordinates it.
    coordinator: i32,
    /// Its producer.
    producer_id: i64,
    /// The producer's epoch.
    producer_epoch: i16,
    /// Where it is, in Kafka's words.
    state: String,
    /// How long a transaction may take.
    timeout_ms: i32,
    /// When the last one began, in milliseconds since 1970; none if there was none.
    started_ms: Option<i64>,
    /// How long it is running; none if it has ended.
    running_ms: Option<i64>,
    /// What it writes to: partitions by topic.
    partitions: BTreeMap<String, Vec<i32>>,
}

impl TransactionDescriptionRow {
    fn new(id: String, described: &TransactionDescription, now_ms: i64) -> Self {
        let mut partitions: BTreeMap<String, Vec<i32>> = BTreeMap::new();
        for (topic, partition) in &described.partitions {
            partitions.entry(topic.clone()).or_default().push(*partition);
        }
        let started_ms = described.started_ms.filter(|_| described.is_running());
        Self {
            transactional_id: id,
            coordinator: described.coordinator,
            producer_id: described.producer_id,
            producer_epoch: described.producer_epoch,
            state: described.state.clone(),
            timeout_ms: described.timeout_ms,
            started_ms: described.started_ms,
            running_ms: started_ms.map(|started| (now_ms - started).max(0)),
            partitions,
        }
    }

    fn partitions_text(&self) -> String {
        let of_topic = |(topic, partitions): (&String, &Vec<i32>)| {
            let partitions: Vec<String> = partitions.iter().map(ToString::to_string).collect();
            format!("{topic}:{}", partitions.join(","))
        };
        let topics: Vec<String> = self.partitions.iter().map(of_topic).collect();
        if topics.is_empty() {
            "-".to_owned()
        } else {
            topics.join(" ")
        }
    }
}

impl Shown for Vec<TransactionDescriptionRow> {
    const SCHEMA: &'static str = "transactions-describe/1";

    fn table(&self, wide: bool) -> Table {
        let row = |row: &TransactionDescriptionRow| {
            let mut cells = vec![
                row.transactional_id.clone(),
                row.coordinator.to_string(),
                row.producer_id.to_string(),
                row.producer_epoch.to_string(),
                row.state.clone(),
                row.started_ms.map_or_else(|| "-".to_owned(), text_of),
            ];
            if wide {
                cells.push(format!("{} ms", row.timeout_ms));
            }
            cells.push(row.partitions_text());
            cells
        };
        let mut headers = vec![
            "TRANSACTIONAL-ID",
            "COORDINATOR",
            "PRODUCER-ID",
            "EPOCH",
            "STATE",
            "STARTED",
        ];
        if wide {
            headers.push("TIMEOUT");
        }
        headers.push("PARTITIONS");
        Table {
            headers,
            rows: self.iter().map(row).collect(),
        }
    }
}

/// A failure of a transactional id, with those that may be meant if there is none like that.
async fn failure(client: &Client, failed: ShardError) -> Failure {
    if failed.error.code() != Some(ErrorCode::TransactionalIdNotFound) {
        return failed.into();
    }
    let id = failed.what.trim_start_matches("transactional id ").to_owned();
    let error = CommandError::not_found(format!("{} does not exist", failed.what));
    let all = client.list_transactions(&TransactionFilter::default()).await.ok;
    let error = match did_you_mean(&id, all.iter().map(|listed| listed.id.as_str())) {
        Some(hint) => error.hint(hint),
        None => error,
    };
    Failure::new(failed.what, error)
}

/// Describes transactional ids; what failed is told with what may be meant.
pub(super) async fn describe(client: &Client, ids: &[String]) -> (Vec<(String, TransactionDescription)>, Vec<Failure>) {
    let described = client.describe_transactions(ids).await;
    let mut failures = Vec::new();
    for failed in described.errors {
        failures.push(failure(client, failed).await);
    }
    (described.ok, failures)
}

pub(crate) fn run(args: &DescribeArgs, context: &Context) -> Result<(), CommandError> {
    let (cluster_id, described, failures) = block_on(async {
        let client = context.connect().await?;
        client.check_served::<DescribeTransactionsRequest>().await?;
        let (described, failures) = describe(&client, &args.ids).await;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), described, failures))
    })??;
    if let (true, Some(error)) = (described.is_empty(), together(&failures)) {
        return Err(error);
    }
    let now_ms = now_ms();
    let rows: Vec<TransactionDescriptionRow> = described
        .into_iter()
        .map(|(id, described)| TransactionDescriptionRow::new(id, &described, now_ms))
        .collect();
    context.out.show_part(Some(&cluster_id), &rows, &[], &failures)
}
