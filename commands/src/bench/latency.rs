//! bench latency

use bytes::Bytes;
use clap::Args;
use client::{Acks, Client, FetchSpec, OffsetSpec};
use protocol::records::{BatchHeader, Batches, Compression};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::time::Instant;

use super::load::Load;
use super::stats::{Latencies, PercentilesUs};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::progress::Progress;

/// Most bytes of an answer; a record of the largest size fits.
const FETCH_MAX_BYTES: i32 = 32 << 20;
/// How long a broker waits for something to read.
const MAX_WAIT_MS: i32 = 500;

/// Measure how long a record takes from its writer to its reader.
///
/// One record is written at a time, by one connection, while another waits for it with a long poll.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  kfleet bench latency orders --records 10000 -b localhost:9092")]
pub(crate) struct LatencyArgs {
    /// The topic; it must be there
    topic: String,
    /// The partition
    #[arg(short, long, default_value = "0")]
    partition: i32,
    /// How many records
    #[arg(short = 'n', long, default_value = "10000")]
    records: u64,
    /// Records that are written first and not counted
    #[arg(long, default_value = "1000")]
    warm_up: u64,
    /// Bytes of each record's value
    #[arg(long, default_value = "100", value_parser = clap::value_parser!(u32).range(1..=16 << 20))]
    record_bytes: u32,
}

/// What was measured.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct LatencyBench {
    /// The topic.
    topic: String,
    /// The partition.
    partition: i32,
    /// Records that were counted.
    records: u64,
    /// From when a record was sent to when its reader had it.
    end_to_end_us: PercentilesUs,
    /// From when a record was sent to its acknowledgement by all in-sync replicas.
    acknowledged_us: PercentilesUs,
}

impl Shown for LatencyBench {
    const SCHEMA: &'static str = "bench-latency/1";

    fn table(&self, _: bool) -> Table {
        let row = |what: &str, times: PercentilesUs| [vec![what.to_owned()], times.cells()].concat();
        Table {
            headers: [&["UNTIL"][..], &PercentilesUs::HEADERS].concat(),
            rows: vec![
                row("acknowledged", self.acknowledged_us),
                row("read", self.end_to_end_us),
            ],
        }
    }
}

pub(crate) fn run(args: &LatencyArgs, context: &Context) -> Result<(), CommandError> {
    let (id, report) = block_on(async {
        let (writer, reader) = (context.connect_for_long().await?, context.connect_for_long().await?);
        let leader = writer.leader(&args.topic, args.partition).await?;
        let partition = [((args.topic.clone(), args.partition), leader)].into();
        let ends = writer
            .list_offsets(&partition, OffsetSpec::Latest)
            .await
            .into_result()?;
        let mut next_offset = ends.first().map_or(0, |end| end.offset);
        let mut load = Load::new(args.record_bytes as usize, 1, Compression::None);
        let (mut end_to_end, mut acknowledged) = (Latencies::new()?, Latencies::new()?);
        let progress = Progress::new(context, "records measured", args.records);
        for count in 0..args.warm_up + args.records {
            let batch = load.batch(1)?;
            let sent = Instant::now();
            let ((offset, acked), read) = tokio::try_join!(
                write(&writer, args, &batch, sent),
                read_until(&reader, args, next_offset, sent),
            )?;
            next_offset = offset + 1;
            if count >= args.warm_up {
                acknowledged.record(acked);
                end_to_end.record(read);
                progress.set(count - args.warm_up + 1);
            }
        }
        let report = LatencyBench {
            topic: args.topic.clone(),
            partition: args.partition,
            records: args.records,
            end_to_end_us: end_to_end.percentiles(),
            acknowledged_us: acknowledged.percentiles(),
        };
        Ok::<_, CommandError>((writer.cluster_id().to_owned(), report))
    })??;
    context.out.show(Some(&id), &report, &[])
}

/// Writes a record; its offset, and how long that took.
async fn write(
    client: &Client,
    args: &LatencyArgs,
    batch: &Bytes,
    sent: Instant,
) -> Result<(i64, std::time::Duration), CommandError> {
    let offset = client.produce(&args.topic, args.partition, batch, Acks::All).await?;
    Ok((offset, sent.elapsed()))
}

/// Reads until a record at or after `offset` is there; how long that took.
async fn read_until(
    client: &Client,
    args: &LatencyArgs,
    offset: i64,
    sent: Instant,
) -> Result<std::time::Duration, CommandError> {
    let spec = FetchSpec {
        topic: &args.topic,
        partition: args.partition,
        offset,
        max_bytes: FETCH_MAX_BYTES,
        max_wait_ms: MAX_WAIT_MS,
        committed_only: false,
    };
    loop {
        let records = client.fetch(&spec).await?.records;
        let bad = |error| CommandError::data(format!("{}-{} at offset {offset}: {error}", args.topic, args.partition));
        if let Some(batch) = Batches::new(&records).next() {
            let (_, bytes) = batch.map_err(bad)?;
            BatchHeader::parse_checked(bytes).map_err(bad)?;
            return Ok(sent.elapsed());
        }
    }
}
