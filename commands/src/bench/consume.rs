//! bench consume

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use client::{Client, FetchSpec, OffsetSpec};
use protocol::records::{BatchHeader, Batches};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::stats::{Latencies, PercentilesUs, Rate};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::progress::Progress;

/// How long a broker waits for something to read.
const MAX_WAIT_MS: i32 = 500;

/// Measure how fast records can be read.
///
/// Each partition is read from its start by a connection of its own, until so many records were read or its end is
/// reached. Every batch's checksum is checked; records are counted by their batches.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet bench consume orders --records 1000000 -b localhost:9092")]
pub(crate) struct ConsumeArgs {
    /// The topic
    topic: String,
    /// Stop after so many records; at the end of the topic if not given
    #[arg(short = 'n', long)]
    records: Option<u64>,
    /// Most bytes of an answer
    #[arg(long, default_value = "1048576", value_parser = clap::value_parser!(u32).range(1..=128 << 20))]
    fetch_bytes: u32,
}

/// What was measured.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ConsumeBench {
    /// The topic.
    topic: String,
    /// What was read.
    rate: Rate,
    /// Fetches, from the request to the last byte of the answer.
    fetch_us: PercentilesUs,
}

impl Shown for ConsumeBench {
    const SCHEMA: &'static str = "bench-consume/1";

    fn table(&self, _: bool) -> Table {
        Table {
            headers: [&Rate::HEADERS[..], &PercentilesUs::HEADERS].concat(),
            rows: vec![[self.rate.cells(), self.fetch_us.cells()].concat()],
        }
    }
}

/// What all readers share.
#[derive(Debug)]
struct Work {
    topic: String,
    fetch_bytes: i32,
    wanted: u64,
    records: AtomicU64,
    bytes: AtomicU64,
}

impl Work {
    fn is_done(&self) -> bool {
        self.records.load(Ordering::Relaxed) >= self.wanted
    }
}

pub(crate) fn run(args: &ConsumeArgs, context: &Context) -> Result<(), CommandError> {
    let (id, report) = block_on(async {
        let client = context.connect_for_long().await?;
        let leaders = client.leaders(std::slice::from_ref(&args.topic)).await?;
        let starts = client
            .list_offsets(&leaders, OffsetSpec::Earliest)
            .await
            .into_result()?;
        let ends = client.list_offsets(&leaders, OffsetSpec::Latest).await.into_result()?;
        let there: i64 = ends.iter().map(|end| end.offset).sum::<i64>() - starts.iter().map(|s| s.offset).sum::<i64>();
        let there = u64::try_from(there).unwrap_or(0);
        let work = Arc::new(Work {
            topic: args.topic.clone(),
            fetch_bytes: i32::try_from(args.fetch_bytes).unwrap_or(i32::MAX),
            wanted: args.records.unwrap_or(there),
            records: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
        });
        let mut readers = JoinSet::new();
        let start = Instant::now();
        for from in &starts {
            let end = ends.iter().find(|end| end.partition == from.partition);
            let range = from.offset..end.map_or(from.offset, |end| end.offset);
            let reader = context.connect_for_long().await?;
            readers.spawn(read(reader, Arc::clone(&work), from.partition, range));
        }
        let progress = Progress::new(context, "records read", work.wanted.min(there));
        let mut all = Latencies::new()?;
        loop {
            tokio::select! {
                joined = readers.join_next() => match joined {
                    None => break,
                    Some(latencies) => {
                        all.merge(&latencies.map_err(|error| CommandError::bug(error.to_string()))??)?;
                    }
                },
                () = progress.tick() => progress.set(work.records.load(Ordering::Relaxed)),
            }
        }
        let (records, bytes) = (&work.records, &work.bytes);
        let report = ConsumeBench {
            topic: args.topic.clone(),
            rate: Rate::of(
                records.load(Ordering::Relaxed),
                bytes.load(Ordering::Relaxed),
                start.elapsed(),
            ),
            fetch_us: all.percentiles(),
        };
        Ok::<_, CommandError>((client.cluster_id().to_owned(), report))
    })??;
    context.out.show(Some(&id), &report, &[])
}

async fn read(
    client: Client,
    work: Arc<Work>,
    partition: i32,
    offsets: std::ops::Range<i64>,
) -> Result<Latencies, CommandError> {
    let mut latencies = Latencies::new()?;
    let mut offset = offsets.start;
    while offset < offsets.end && !work.is_done() {
        let spec = FetchSpec {
            topic: &work.topic,
            partition,
            offset,
            max_bytes: work.fetch_bytes,
            max_wait_ms: MAX_WAIT_MS,
            committed_only: false,
        };
        let sent = Instant::now();
        let fetched = client.fetch(&spec).await?.records;
        latencies.record(sent.elapsed());
        let before = offset;
        let bad = |error| CommandError::data(format!("{}-{partition} from offset {before}: {error}", work.topic));
        for batch in Batches::new(&fetched) {
            let (_, bytes) = batch.map_err(bad)?;
            let header = BatchHeader::parse_checked(bytes).map_err(bad)?;
            offset = header.next_offset();
            let records = u64::try_from(header.record_count).unwrap_or(0);
            work.records.fetch_add(records, Ordering::Relaxed);
            work.bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        }
        if offset == before {
            let message = format!("{}-{partition}: nothing can be read at offset {offset}", work.topic);
            return Err(CommandError::data(message));
        }
    }
    Ok(latencies)
}
