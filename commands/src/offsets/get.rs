//! offsets get

use clap::{Args, ValueEnum};
use client::{Client, ListedOffset, OffsetSpec, Sharded};
use schemars::JsonSchema;
use serde::Serialize;

use super::store;
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::failure::Failure;
use crate::output::{Shown, Table};
use crate::watch::WatchArgs;

/// Print offsets of partitions.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet offsets get orders --at latest -b localhost:9092")]
pub(crate) struct GetArgs {
    /// Topics; all of them if none is named
    topics: Vec<String>,
    /// Which offset
    #[arg(long, value_enum, default_value = "latest", conflicts_with = "timestamp_ms")]
    at: At,
    /// The first record at or after this time, in milliseconds since 1970
    #[arg(long)]
    timestamp_ms: Option<i64>,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum At {
    Earliest,
    Latest,
    MaxTimestamp,
}

/// An offset of a partition.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct OffsetRow {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// The offset; none if no record is meant.
    offset: Option<i64>,
    /// The record's timestamp in milliseconds since 1970, where it matters.
    timestamp_ms: Option<i64>,
}

impl Shown for Vec<OffsetRow> {
    const SCHEMA: &'static str = "offsets-get/1";

    fn table(&self, _: bool) -> Table {
        let row = |row: &OffsetRow| {
            let offset = row.offset.map_or_else(|| "-".to_owned(), |offset| offset.to_string());
            vec![row.topic.clone(), row.partition.to_string(), offset]
        };
        Table {
            headers: vec!["TOPIC", "PARTITION", "OFFSET"],
            rows: self.iter().map(row).collect(),
        }
    }
}

pub(crate) fn run(args: &GetArgs, context: &Context) -> Result<(), CommandError> {
    let spec = match (args.timestamp_ms, args.at) {
        (Some(timestamp_ms), _) => OffsetSpec::Timestamp(timestamp_ms),
        (None, At::Earliest) => OffsetSpec::Earliest,
        (None, At::Latest) => OffsetSpec::Latest,
        (None, At::MaxTimestamp) => OffsetSpec::MaxTimestamp,
    };
    let (id, found) = block_on(async {
        let client = context.connect().await?;
        let found = get(args, &client, spec).await?;
        Ok::<_, CommandError>((client.cluster_id().to_owned(), found))
    })??;
    let row = |found: client::ListedOffset| OffsetRow {
        topic: found.topic,
        partition: found.partition,
        offset: Some(found.offset).filter(|offset| *offset >= 0),
        timestamp_ms: Some(found.timestamp_ms).filter(|timestamp| *timestamp >= 0),
    };
    let rows: Vec<OffsetRow> = found.ok.into_iter().map(row).collect();
    let failures: Vec<Failure> = found.errors.into_iter().map(Failure::from).collect();
    context.out.show_part(Some(&id), &rows, &[], &failures)
}

/// Offsets of all partitions of the topics; those without a leader are among what failed.
async fn get(args: &GetArgs, client: &Client, spec: OffsetSpec) -> Result<Sharded<ListedOffset>, CommandError> {
    let partitions = if args.topics.is_empty() {
        let all = client.metadata(None).await?.topics.into_iter();
        let names: Vec<String> = all
            .filter_map(|topic| topic.name.map(|name| name.to_string()))
            .collect();
        client.partition_leaders(&names).await?
    } else {
        let named = client.partition_leaders(&args.topics).await?;
        if let Some(missing) = store::missing_topic(client, &named).await {
            return Err(missing);
        }
        named
    };
    let mut found = client.list_offsets(&partitions.ok.into_iter().collect(), spec).await;
    found.errors.extend(partitions.errors);
    Ok(found)
}
