//! produce

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use clap::{Args, ValueEnum};
use client::{Acks, BatchWriter, WrittenBatch};
use planner::counted::{counted, either};
use protocol::records::Compression;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, oneshot};

use crate::context::{Context, block_on};
use crate::error::CommandError;
use crate::records::escapes::unescape;

mod batches;
mod feed;
mod input;
mod line;

use batches::{Batches, Stopped};
use feed::{Feed, Fixed, RecordFormat};
use input::Splitter;
use line::LineFormat;

/// Batches that may be ahead of those that are being sent.
const BATCHES_AHEAD: usize = 8;

/// Write records: the lines of standard input or of files, each whole file, or JSON.
///
/// Each record is written as it comes, together with those that came while the ones before were on their way. A record
/// is written once, also when a broker fails in between, and in order in its partition. It ends with exit code 0 only if
/// all were acknowledged; otherwise it tells how many were. What -v adds tells where each batch has gone.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  printf 'k1:v1\\nk2:v2\\n' | kfleet produce orders -K : -b localhost:9092
  kfleet produce pictures --whole-file a.png b.png -k album
  kfleet consume orders -o ndjson | kfleet produce copy-of-orders --json -z zstd
  printf 'trace:1,source:web\\tk1=v1\\n' | kfleet produce orders --headers-delimiter '\\t' -K =

Delimiters take \\n \\r \\t \\0 \\\\ \\xNN.")]
pub(crate) struct ProduceArgs {
    /// The topic
    topic: String,
    /// Files to read in place of standard input
    files: Vec<PathBuf>,
    /// Write to this partition only
    #[arg(short, long)]
    partition: Option<i32>,
    /// What parts the key from the value
    #[arg(short = 'K', long, value_name = "TEXT")]
    key_delimiter: Option<String>,
    /// What parts one record from the next
    #[arg(
        short = 'D',
        long,
        value_name = "TEXT",
        default_value = "\\n",
        hide_default_value = true
    )]
    delimiter: String,
    /// Each file is one record, or all of standard input
    #[arg(long, conflicts_with_all = ["delimiter", "json"])]
    whole_file: bool,
    /// Records are JSON, one a line: what consume prints with --output ndjson, or only its data. Timestamps are kept, and
    /// partitions unless --partition or --partitioner is given
    #[arg(long, conflicts_with_all = ["key_delimiter", "delimiter", "headers_delimiter", "null", "null_marker"])]
    json: bool,
    /// The key of records that have none
    #[arg(short, long)]
    key: Option<String>,
    /// A header for every record; null without =
    #[arg(short = 'H', long = "header", value_name = "NAME[=VALUE]")]
    headers: Vec<String>,
    /// What parts headers, which come first, from all else; without it lines have none
    #[arg(long, value_name = "TEXT")]
    headers_delimiter: Option<String>,
    /// What parts one header from the next
    #[arg(long, value_name = "TEXT", default_value = ",", requires = "headers_delimiter")]
    headers_separator: String,
    /// What parts a header's name from its value
    #[arg(long, value_name = "TEXT", default_value = ":", requires = "headers_delimiter")]
    headers_key_separator: String,
    /// Write null for keys and values that are empty
    #[arg(short = 'Z', long = "null")]
    null: bool,
    /// Write null for keys and values that are this
    #[arg(long, value_name = "TEXT")]
    null_marker: Option<String>,
    /// Milliseconds since 1970; the time of writing if not given
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(i64).range(0..))]
    timestamp_ms: Option<i64>,
    /// At most so many records
    #[arg(short, long)]
    count: Option<u64>,
    /// How batches are compressed
    #[arg(short = 'z', long, value_enum, default_value = "none")]
    compression: Codec,
    /// Who must have a record before it counts as written; records are written once only with all
    #[arg(long, value_enum, default_value = "all")]
    acks: AcksArg,
    /// Where keys go: murmur2 as Java's clients have it, if nothing is given; records without a key go round by batches
    #[arg(long, value_enum)]
    partitioner: Option<Partitioner>,
}

/// Kafka's codecs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Codec {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Codec {
    pub(crate) const fn compression(self) -> Compression {
        match self {
            Self::None => Compression::None,
            Self::Gzip => Compression::Gzip,
            Self::Snappy => Compression::Snappy,
            Self::Lz4 => Compression::Lz4,
            Self::Zstd => Compression::Zstd,
        }
    }
}

/// Kafka's acks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum AcksArg {
    /// All in-sync replicas
    #[value(alias = "-1")]
    All,
    /// The leader
    #[value(alias = "1")]
    Leader,
    /// Nobody: it is not known what arrives
    #[value(alias = "0")]
    None,
}

impl AcksArg {
    const fn acks(self) -> Acks {
        match self {
            Self::All => Acks::All,
            Self::Leader => Acks::Leader,
            Self::None => Acks::None,
        }
    }
}

/// What decides where keys go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Partitioner {
    /// Java's clients
    Murmur2,
    /// Kcat and librdkafka
    Crc32,
}

impl ProduceArgs {
    fn format(&self) -> Result<RecordFormat, CommandError> {
        if self.json {
            return Ok(RecordFormat::Json {
                partitions_count: self.partition.is_none() && self.partitioner.is_none(),
            });
        }
        Ok(RecordFormat::Lines(LineFormat {
            key_delimiter: self.key_delimiter.as_deref().map(delimiter).transpose()?,
            headers_delimiter: self.headers_delimiter.as_deref().map(delimiter).transpose()?,
            header_separator: delimiter(&self.headers_separator)?,
            header_key_separator: delimiter(&self.headers_key_separator)?,
            null_marker: self.null_marker.as_ref().map(|marker| marker.as_bytes().to_vec()),
            empty_is_null: self.null,
        }))
    }

    fn fixed(&self) -> Fixed {
        let headers = self.headers.iter().map(|header| match header.split_once('=') {
            Some((name, value)) => (name.as_bytes().to_vec(), Some(value.as_bytes().to_vec())),
            None => (header.as_bytes().to_vec(), None),
        });
        Fixed {
            partition: self.partition,
            key: self.key.as_ref().map(|key| key.as_bytes().to_vec()),
            timestamp_ms: self.timestamp_ms,
            headers: headers.collect(),
        }
    }
}

/// A delimiter's bytes.
fn delimiter(text: &str) -> Result<Vec<u8>, CommandError> {
    match unescape(text) {
        Ok(bytes) if bytes.is_empty() => {
            Err(CommandError::usage("a delimiter cannot be empty").hint("--whole-file makes a record of each file"))
        }
        Ok(bytes) => Ok(bytes),
        Err(reason) => Err(CommandError::usage(reason)),
    }
}

pub(crate) fn run(args: &ProduceArgs, context: &Context) -> Result<(), CommandError> {
    let format = args.format()?;
    let delimiter = if args.whole_file {
        None
    } else {
        Some(delimiter(&args.delimiter)?)
    };
    block_on(async {
        let client = Arc::new(context.connect_for_long().await?);
        let partitions = client.partition_count(&args.topic).await?;
        let is_there = |asked: i32| u32::try_from(asked).is_ok_and(|asked| asked < partitions);
        if let Some(asked) = args.partition.filter(|asked| !is_there(*asked)) {
            return Err(CommandError::not_found(format!(
                "{} has no partition {asked}",
                args.topic
            )));
        }
        let acks = args.acks.acks();
        let producer = match acks {
            Acks::All => Some(client.producer_id().await?),
            Acks::Leader | Acks::None => None,
        };
        let (out, batches) = mpsc::channel(BATCHES_AHEAD);
        let stop = Arc::new(AtomicBool::new(false));
        let partitioner = args.partitioner.unwrap_or(Partitioner::Murmur2);
        let feed = Feed {
            batches: Batches::new(out, partitions, partitioner, args.compression.compression(), producer),
            splitter: Splitter::new(delimiter),
            format,
            fixed: args.fixed(),
            partitions: partitions as i32,
            left: args.count.unwrap_or(u64::MAX),
            stop: Arc::clone(&stop),
        };
        let pieces = input::read(args.files.clone())?;
        let (done, fed) = oneshot::channel();
        std::thread::Builder::new().name("records".to_owned()).spawn(move || {
            let _gone = done.send(feed.run(&pieces));
        })?;
        let ended_by = end_on_signals(stop)?;
        let mut acknowledged = 0;
        let each = |written: WrittenBatch| {
            acknowledged += written.records as u64;
            if context.global.verbose > 0 {
                context.out.note(&told(&args.topic, written));
            }
        };
        let written = BatchWriter::new(client, &args.topic, acks)
            .write_all(batches, each)
            .await;
        let (taken, fed) = fed.await.map_err(|_| CommandError::bug("what reads records ended"))?;
        let error = match (written, fed) {
            (Err(error), _) => Some(CommandError::from(error)),
            (Ok(()), Err(Stopped::Failed(error))) => return Err(error.behind(&sent(acknowledged, acks))),
            (Ok(()), _) => None,
        };
        match error {
            None => {
                context.out.note(&sent(acknowledged, acks));
                match ended_by.load(Ordering::Relaxed) {
                    0 => Ok(()),
                    code => Err(CommandError::exit(code)),
                }
            }
            Some(error) if acknowledged == 0 => Err(error),
            Some(error) => Err(error.midway(&format!(
                "{acknowledged} of {} {} acknowledged",
                counted(taken, "record"),
                either(acknowledged, "was", "were")
            ))),
        }
    })?
}

/// From now on SIGINT and SIGTERM end the input, so that what was read is written; the exit code that they mean, if one
/// came.
fn end_on_signals(stop: Arc<AtomicBool>) -> Result<Arc<AtomicU8>, CommandError> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let code = Arc::new(AtomicU8::new(0));
    let told = Arc::clone(&code);
    tokio::spawn(async move {
        let number = tokio::select! {
            _ = interrupt.recv() => 130,
            _ = terminate.recv() => 143,
        };
        told.store(number, Ordering::Relaxed);
        stop.store(true, Ordering::Relaxed);
    });
    Ok(code)
}

fn sent(records: u64, acks: Acks) -> String {
    let records = counted(records, "record");
    match acks {
        Acks::None => format!("{records} sent"),
        Acks::All | Acks::Leader => format!("{records} written and acknowledged"),
    }
}

fn told(topic: &str, written: WrittenBatch) -> String {
    let WrittenBatch {
        partition,
        base_offset,
        records,
    } = written;
    if base_offset < 0 {
        format!("{topic}-{partition}: {}", counted(records, "record"))
    } else {
        let last = base_offset + records as i64 - 1;
        format!(
            "{topic}-{partition}: {} at offsets {base_offset} to {last}",
            counted(records, "record")
        )
    }
}
