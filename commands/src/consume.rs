//! consume

use std::collections::BTreeMap;

use clap::Args;
use client::{Client, FetchSpec, OffsetSpec};
use protocol::records::{BatchHeader, Batches, Records, records_of};

use crate::context::{Context, block_on};
use crate::error::CommandError;

/// Most bytes of one answer, and of one partition in it.
const FETCH_MAX_BYTES: i32 = 8 << 20;
/// How long a broker waits for something to read.
const FETCH_MAX_WAIT_MS: i32 = 500;
/// Most bytes one batch may unpack to.
const UNPACK_MAX_BYTES: usize = 256 << 20;

/// Read the records there are, and end.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet consume orders --print-key -b localhost:9092")]
pub(crate) struct ConsumeArgs {
    /// The topic
    topic: String,
    /// Read this partition only
    #[arg(short, long)]
    partition: Option<i32>,
    /// From this offset on; from the first record if not given
    #[arg(long)]
    offset: Option<i64>,
    /// At most so many records
    #[arg(short = 'n', long)]
    count: Option<usize>,
    /// Print the key and a tab before each value
    #[arg(long)]
    print_key: bool,
}

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadRecord {
    /// Its partition.
    pub(crate) partition: i32,
    /// Its offset.
    pub(crate) offset: i64,
    /// Its key.
    pub(crate) key: Option<Vec<u8>>,
    /// Its value.
    pub(crate) value: Option<Vec<u8>>,
}

pub(crate) fn run(args: &ConsumeArgs, context: &Context) -> Result<(), CommandError> {
    block_on(async {
        let client = context.connect_for_long().await?;
        let mut left = args.count.unwrap_or(usize::MAX);
        let mut print = |records: Vec<ReadRecord>| {
            let mut out = Vec::new();
            for record in records.into_iter().take(left) {
                left -= 1;
                if args.print_key {
                    out.extend_from_slice(record.key.as_deref().unwrap_or_default());
                    out.push(b'\t');
                }
                out.extend_from_slice(record.value.as_deref().unwrap_or_default());
                out.push(b'\n');
            }
            context.out.write(&out)?;
            Ok(left > 0)
        };
        consume(&client, &args.topic, args.partition, args.offset, &mut print).await
    })?
}

/// Reads the records there are, partition by partition, until `each` wants no more.
pub(crate) async fn consume(
    client: &Client,
    topic: &str,
    partition: Option<i32>,
    from: Option<i64>,
    each: &mut dyn FnMut(Vec<ReadRecord>) -> Result<bool, CommandError>,
) -> Result<(), CommandError> {
    let mut leaders = client.leaders(&[topic.to_owned()]).await?;
    leaders.retain(|(_, index), _| partition.is_none_or(|only| only == *index));
    if leaders.is_empty() {
        return Err(CommandError::not_found(format!(
            "{topic} has no such partition with a leader"
        )));
    }
    let starts = offsets(client, &leaders, OffsetSpec::Earliest).await?;
    let ends = offsets(client, &leaders, OffsetSpec::Latest).await?;
    for (_, index) in leaders.keys() {
        let (start, end) = (
            starts.get(index).copied().unwrap_or(0),
            ends.get(index).copied().unwrap_or(0),
        );
        let mut offset = from.unwrap_or(start).max(start);
        while offset < end {
            let (records, next) = fetch(client, topic, *index, offset, end).await?;
            offset = next;
            if !each(records)? {
                return Ok(());
            }
        }
    }
    Ok(())
}

async fn offsets(
    client: &Client,
    leaders: &BTreeMap<(String, i32), i32>,
    spec: OffsetSpec,
) -> Result<BTreeMap<i32, i64>, CommandError> {
    let listed = client.list_offsets(leaders, spec).await.into_result()?;
    Ok(listed
        .into_iter()
        .map(|listed| (listed.partition, listed.offset))
        .collect())
}

/// Reads once; the records below `end`, and where to read on.
async fn fetch(
    client: &Client,
    topic: &str,
    index: i32,
    offset: i64,
    end: i64,
) -> Result<(Vec<ReadRecord>, i64), CommandError> {
    let what = format!("{topic}-{index}");
    let spec = FetchSpec {
        topic,
        partition: index,
        offset,
        max_bytes: FETCH_MAX_BYTES,
        max_wait_ms: FETCH_MAX_WAIT_MS,
        committed_only: false,
    };
    let bytes = client.fetch(&spec).await?.records;
    let mut records = Vec::new();
    let mut next = offset;
    for batch in Batches::new(&bytes) {
        let bad = |error: &dyn std::fmt::Display| CommandError::data(format!("{what}: {error}"));
        let (header, batch) = batch.map_err(|error| bad(&error))?;
        BatchHeader::parse_checked(batch).map_err(|error| bad(&error))?;
        next = next.max(header.next_offset());
        if header.is_control() {
            continue;
        }
        let unpacked = records_of(&header, batch, UNPACK_MAX_BYTES).map_err(|error| bad(&error))?;
        for record in Records::new(header, &unpacked) {
            let record = record.map_err(|error| bad(&error))?;
            if (offset..end).contains(&record.offset) {
                records.push(ReadRecord {
                    partition: index,
                    offset: record.offset,
                    key: record.key.map(<[u8]>::to_vec),
                    value: record.value.map(<[u8]>::to_vec),
                });
            }
        }
    }
    if next == offset {
        return Err(CommandError::data(format!(
            "{what}: nothing can be read at offset {offset}"
        )));
    }
    Ok((records, next))
}
