//! produce

use std::collections::BTreeMap;
use std::io::{self, BufRead as _};

use clap::{Args, ValueEnum};
use client::{Client, Producer, murmur2_partition};
use protocol::records::{Compression, NewRecord};
use tokio::sync::mpsc;

use crate::context::{Context, block_on};
use crate::error::CommandError;

/// Bytes after which a batch is full.
const BATCH_MAX_BYTES: usize = 512 * 1024;
/// Lines that are read ahead of those that are being written.
const READ_AHEAD: usize = 10_000;

/// Write records, one for each line of standard input.
///
/// Each line is written as it comes, together with those that came while the ones before were on their way. A record
/// is written once, also when a broker fails in between.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  printf 'k1:v1\\nk2:v2\\n' | kfleet produce orders --key-delimiter : -b localhost:9092"
)]
pub(crate) struct ProduceArgs {
    /// The topic
    topic: String,
    /// Write to this partition only
    #[arg(short, long)]
    partition: Option<i32>,
    /// What parts the key from the value
    #[arg(short = 'K', long, value_name = "TEXT")]
    key_delimiter: Option<String>,
    /// How batches are compressed
    #[arg(short = 'z', long, value_enum, default_value = "none")]
    compression: Codec,
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

/// A record that was read.
pub(crate) type KeyValue = (Option<Vec<u8>>, Vec<u8>);

pub(crate) fn run(args: &ProduceArgs, context: &Context) -> Result<(), CommandError> {
    block_on(async {
        let client = context.connect_for_long().await?;
        let mut writer = Writer::new(&client, &args.topic, args.partition, args.compression).await?;
        let mut lines = read_lines(args.key_delimiter.clone());
        let (mut some, mut count) = (Vec::new(), 0);
        while lines.recv_many(&mut some, READ_AHEAD).await > 0 {
            let records = some.drain(..).collect::<io::Result<Vec<KeyValue>>>()?;
            count += records.len();
            writer.write(&records).await?;
        }
        context.out.note(&format!("{count} records written and acknowledged"));
        Ok(())
    })?
}

/// Reads standard input on a thread of its own, as it cannot be waited for in any other way.
fn read_lines(delimiter: Option<String>) -> mpsc::Receiver<io::Result<KeyValue>> {
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    std::thread::spawn(move || {
        for line in io::stdin().lock().split(b'\n') {
            let record = line.map(|line| split(line, delimiter.as_deref()));
            if sender.blocking_send(record).is_err() {
                break;
            }
        }
    });
    receiver
}

fn split(line: Vec<u8>, delimiter: Option<&str>) -> KeyValue {
    let at = delimiter.filter(|d| !d.is_empty()).and_then(|d| {
        let found = line.windows(d.len()).position(|window| window == d.as_bytes())?;
        Some((found, found + d.len()))
    });
    match at {
        Some((key, value)) => (
            line.get(..key).map(<[u8]>::to_vec),
            line.get(value..).unwrap_or_default().to_vec(),
        ),
        None => (None, line),
    }
}

/// Writes records to a topic. Those with a key go where Java's producer puts them, those without go round.
#[derive(Debug)]
pub(crate) struct Writer<'a> {
    producer: Producer<'a>,
    topic: &'a str,
    partition: Option<i32>,
    partitions: u32,
    turn: u32,
}

impl<'a> Writer<'a> {
    pub(crate) async fn new(
        client: &'a Client,
        topic: &'a str,
        partition: Option<i32>,
        codec: Codec,
    ) -> Result<Self, CommandError> {
        let partitions = client.partition_count(topic).await?;
        if let Some(asked) = partition.filter(|asked| u32::try_from(*asked).is_ok_and(|asked| asked >= partitions)) {
            return Err(CommandError::not_found(format!("{topic} has no partition {asked}")));
        }
        Ok(Self {
            producer: Producer::new(client, codec.compression()).await?,
            topic,
            partition,
            partitions,
            turn: 0,
        })
    }

    /// Writes records and waits until all in-sync replicas have them.
    pub(crate) async fn write(&mut self, records: &[KeyValue]) -> Result<(), CommandError> {
        let timestamp = jiff::Timestamp::now().as_millisecond();
        let mut batches: BTreeMap<i32, (usize, Vec<NewRecord<'_>>)> = BTreeMap::new();
        for (key, value) in records {
            let target = self.target(key.as_deref());
            let (size_bytes, batch) = batches.entry(target).or_default();
            let record = NewRecord {
                timestamp,
                key: key.as_deref(),
                value: Some(value),
                headers: &[],
            };
            *size_bytes += record.size_bytes_max();
            batch.push(record);
            if *size_bytes >= BATCH_MAX_BYTES
                && let Some((_, full)) = batches.remove(&target)
            {
                self.producer.write(self.topic, target, &full).await?;
            }
        }
        for (target, (_, batch)) in batches {
            self.producer.write(self.topic, target, &batch).await?;
        }
        Ok(())
    }

    fn target(&mut self, key: Option<&[u8]>) -> i32 {
        if let Some(partition) = self.partition {
            return partition;
        }
        match key {
            Some(key) => murmur2_partition(key, self.partitions) as i32,
            None => {
                self.turn = (self.turn + 1) % self.partitions;
                self.turn as i32
            }
        }
    }
}
