//! offsets get

use clap::{Args, ValueEnum};
use client::OffsetSpec;
use schemars::JsonSchema;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};

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
        let topics = if args.topics.is_empty() {
            let all = client.metadata(None).await?.topics.into_iter();
            all.filter_map(|topic| topic.name)
                .map(|name| name.to_string())
                .collect()
        } else {
            args.topics.clone()
        };
        let leaders = client.leaders(&topics).await?;
        Ok::<_, CommandError>((
            client.cluster_id().to_owned(),
            client.list_offsets(&leaders, spec).await,
        ))
    })??;
    let row = |found: client::ListedOffset| OffsetRow {
        topic: found.topic,
        partition: found.partition,
        offset: Some(found.offset).filter(|offset| *offset >= 0),
        timestamp_ms: Some(found.timestamp_ms).filter(|timestamp| *timestamp >= 0),
    };
    let rows: Vec<OffsetRow> = found.ok.into_iter().map(row).collect();
    let warnings: Vec<String> = found
        .errors
        .iter()
        .map(|error| format!("{}: {}", error.what, error.error))
        .collect();
    context.out.show(Some(&id), &rows, &warnings)?;
    match found.errors.into_iter().next() {
        None => Ok(()),
        Some(first) => Err(first.error.into()),
    }
}
