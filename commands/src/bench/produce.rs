//! bench produce

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use client::{Acks, Client};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::load::Load;
use super::stats::{Latencies, PercentilesUs, Rate};
use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::output::{Shown, Table};
use crate::produce::Codec;
use crate::progress::Progress;

/// Measure how fast records can be written.
///
/// Each writer has a connection of its own and one batch on its way at a time, made when it is sent. A latency is that of a
/// batch, from when it was due to its acknowledgement.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  kfleet bench produce orders --records 1000000 --record-bytes 100 -b localhost:9092"
)]
pub(crate) struct ProduceArgs {
    /// The topic; it must be there
    topic: String,
    /// How many records
    #[arg(short = 'n', long, default_value = "1000000")]
    records: u64,
    /// Bytes of each record's value
    #[arg(long, default_value = "100", value_parser = clap::value_parser!(u32).range(1..=16 << 20))]
    record_bytes: u32,
    /// About so many bytes of values in a batch
    #[arg(long, default_value = "16384", value_parser = clap::value_parser!(u32).range(1..=64 << 20))]
    batch_bytes: u32,
    /// How many connections write at the same time
    #[arg(long, default_value = "4", value_parser = clap::value_parser!(u16).range(1..=1000))]
    writers: u16,
    /// Who must have a batch before it is acknowledged
    #[arg(long, value_enum, default_value = "all")]
    acks: AckedBy,
    /// How batches are compressed
    #[arg(short = 'z', long, value_enum, default_value = "none")]
    compression: Codec,
    /// At most so many records in a second, by all writers together
    #[arg(long, value_name = "RECORDS")]
    throughput: Option<u64>,
}

/// Who must have a batch before it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum AckedBy {
    /// All in-sync replicas.
    All,
    /// The leader.
    #[value(name = "1")]
    Leader,
}

/// What was measured.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ProduceBench {
    /// The topic.
    topic: String,
    /// What was written.
    rate: Rate,
    /// Batches, from when they were due to their acknowledgement.
    latency_us: PercentilesUs,
}

impl Shown for ProduceBench {
    const SCHEMA: &'static str = "bench-produce/1";

    fn table(&self, _: bool) -> Table {
        Table {
            headers: [&Rate::HEADERS[..], &PercentilesUs::HEADERS].concat(),
            rows: vec![[self.rate.cells(), self.latency_us.cells()].concat()],
        }
    }
}

/// What all writers share.
#[derive(Debug)]
struct Work {
    topic: String,
    partitions: u32,
    acks: Acks,
    records: u64,
    claimed: AtomicU64,
    written_bytes: AtomicU64,
    throughput: Option<u64>,
    start: Instant,
}

pub(crate) fn run(args: &ProduceArgs, context: &Context) -> Result<(), CommandError> {
    let (id, report) = block_on(async {
        let client = context.connect_for_long().await?;
        let work = Arc::new(Work {
            topic: args.topic.clone(),
            partitions: client.partition_count(&args.topic).await?.max(1),
            acks: match args.acks {
                AckedBy::All => Acks::All,
                AckedBy::Leader => Acks::Leader,
            },
            records: args.records,
            claimed: AtomicU64::new(0),
            written_bytes: AtomicU64::new(0),
            throughput: args.throughput.filter(|records| *records > 0),
            start: Instant::now(),
        });
        let latencies = write_all(args, context, &work).await?;
        let took = work.start.elapsed();
        let report = ProduceBench {
            topic: args.topic.clone(),
            rate: Rate::of(args.records, work.written_bytes.load(Ordering::Relaxed), took),
            latency_us: latencies.percentiles(),
        };
        Ok::<_, CommandError>((client.cluster_id().to_owned(), report))
    })??;
    context.out.show(Some(&id), &report, &[])
}

async fn write_all(args: &ProduceArgs, context: &Context, work: &Arc<Work>) -> Result<Latencies, CommandError> {
    let load = Load::new(
        args.record_bytes as usize,
        args.batch_bytes as usize,
        args.compression.compression(),
    );
    let mut writers = JoinSet::new();
    for writer in 0..args.writers {
        let client = context.connect_for_long().await?;
        writers.spawn(write(client, Arc::clone(work), load.clone(), u32::from(writer)));
    }
    let progress = Progress::new(context, "records written", args.records);
    let mut all = Latencies::new()?;
    loop {
        tokio::select! {
            joined = writers.join_next() => match joined {
                None => return Ok(all),
                Some(latencies) => {
                    let latencies = latencies.map_err(|error| CommandError::bug(error.to_string()))??;
                    all.merge(&latencies)?;
                }
            },
            () = progress.tick() => progress.set(work.claimed.load(Ordering::Relaxed).min(args.records)),
        }
    }
}

async fn write(client: Client, work: Arc<Work>, mut load: Load, writer: u32) -> Result<Latencies, CommandError> {
    let mut latencies = Latencies::new()?;
    let mut turn = writer;
    loop {
        let first = work.claimed.fetch_add(load.batch_records(), Ordering::Relaxed);
        let records = work.records.saturating_sub(first).min(load.batch_records());
        if records == 0 {
            return Ok(latencies);
        }
        let mut due = Instant::now();
        if let Some(per_s) = work.throughput {
            due = work.start + Duration::from_secs_f64(first as f64 / per_s as f64);
            sleep_until(due).await;
        }
        let batch = load.batch(records)?;
        let partition = (turn % work.partitions) as i32;
        turn = turn.wrapping_add(1);
        client.produce(&work.topic, partition, &batch, work.acks).await?;
        latencies.record(due.elapsed());
        work.written_bytes.fetch_add(batch.len() as u64, Ordering::Relaxed);
    }
}
