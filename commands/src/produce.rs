//! produce

use std::collections::BTreeMap;
use std::io::{self, BufRead as _};

use bytes::Bytes;
use clap::Args;
use client::{Client, ClientError, murmur2_partition};
use protocol::api::messages::ProduceRequest;
use protocol::api::messages::produce_request::{PartitionProduceData, TopicProduceData};
use protocol::api::{StrBytes, TopicName};
use protocol::records::{BatchBuilder, Compression, NewRecord};

use crate::context::{Context, block_on};
use crate::error::CommandError;

/// The newest version that names topics by name.
const VERSION: i16 = 12;
/// Bytes after which a batch is sent.
const BATCH_MAX_BYTES: usize = 512 * 1024;

/// Write records, one for each line of standard input.
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
}

/// A record that was read.
pub(crate) type KeyValue = (Option<Vec<u8>>, Vec<u8>);

pub(crate) fn run(args: &ProduceArgs, context: &Context) -> Result<(), CommandError> {
    let mut records = Vec::new();
    for line in io::stdin().lock().split(b'\n') {
        records.push(split(line?, args.key_delimiter.as_deref()));
    }
    let count = records.len();
    block_on(async {
        let client = context.connect().await?;
        produce(&client, &args.topic, args.partition, records).await
    })??;
    context.out.note(&format!("{count} records written and acknowledged"));
    Ok(())
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

/// Writes records and waits until all in-sync replicas have them. Records with a key go where Java's
/// producer puts them, those without go round.
pub(crate) async fn produce(
    client: &Client,
    topic: &str,
    partition: Option<i32>,
    records: Vec<KeyValue>,
) -> Result<(), CommandError> {
    let topics = [topic.to_owned()];
    let leaders = client.leaders(&topics).await?;
    let partitions: Vec<i32> = leaders.keys().map(|(_, partition)| *partition).collect();
    let count = partitions.len() as u32;
    if count == 0 {
        return Err(CommandError::rejected(format!("no partition of {topic} has a leader")));
    }
    let timestamp = jiff::Timestamp::now().as_millisecond();
    let mut batches: BTreeMap<i32, BatchBuilder> = BTreeMap::new();
    let mut turn = 0u32;
    for (key, value) in records {
        let target = partition.unwrap_or_else(|| match &key {
            Some(key) => murmur2_partition(key, count) as i32,
            None => {
                turn = (turn + 1) % count;
                partitions.get(turn as usize).copied().unwrap_or(0)
            }
        });
        let batch = batches
            .entry(target)
            .or_insert_with(|| BatchBuilder::new(0, Compression::None));
        batch.push(&NewRecord {
            timestamp,
            key: key.as_deref(),
            value: Some(&value),
            headers: &[],
        });
        if batch.size_bytes() >= BATCH_MAX_BYTES
            && let Some(full) = batches.remove(&target)
        {
            send(client, topic, target, &leaders, full).await?;
        }
    }
    for (target, batch) in batches {
        send(client, topic, target, &leaders, batch).await?;
    }
    Ok(())
}

async fn send(
    client: &Client,
    topic: &str,
    partition: i32,
    leaders: &BTreeMap<(String, i32), i32>,
    batch: BatchBuilder,
) -> Result<(), CommandError> {
    let leader = leaders.get(&(topic.to_owned(), partition));
    let leader =
        leader.ok_or_else(|| CommandError::not_found(format!("{topic} has no partition {partition} with a leader")))?;
    let bytes: Bytes = batch.build()?.into();
    let data = PartitionProduceData::default()
        .with_index(partition)
        .with_records(Some(bytes));
    let data = TopicProduceData::default()
        .with_name(TopicName(StrBytes::from_string(topic.to_owned())))
        .with_partition_data(vec![data]);
    let request = ProduceRequest::default()
        .with_acks(-1)
        .with_timeout_ms(30_000)
        .with_topic_data(vec![data]);
    let connection = client.broker(*leader).await?;
    let version = connection.version_of::<ProduceRequest>()?.min(VERSION);
    let response = connection.exchange(version, &request, client.deadline()).await?;
    for answer in response
        .responses
        .into_iter()
        .flat_map(|topic| topic.partition_responses)
    {
        if answer.error_code != 0 {
            let what = format!("{topic}-{partition}");
            return Err(ClientError::rejected(what, answer.error_code, answer.error_message.as_deref()).into());
        }
    }
    Ok(())
}
