//! Records that tell who wrote them and as which one, written to and read from partitions.

use std::time::{SystemTime, UNIX_EPOCH};

use client::history::{History, RecordId};
use client::{Client, ClientError, FetchSpec};
use protocol::api::messages::CreateTopicsRequest;
use protocol::api::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use protocol::api::{StrBytes, TopicName};
use protocol::records::{Batches, Compression, NewRecord, Records, records_of};

use super::random::Random;

/// Longest value.
const VALUE_MAX_BYTES: u64 = 1500;
/// Most a batch unpacks to.
const UNPACK_MAX_BYTES: usize = 1 << 20;

/// What batches can be packed with.
pub(crate) const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

/// A value that tells which record it is, and is of its own length and content.
pub(crate) fn value_of(id: RecordId) -> Vec<u8> {
    let mut random = Random::new(u64::from(id.writer) << 32 | u64::from(id.number));
    let mut value = format!("{} {} ", id.writer, id.number).into_bytes();
    let filler = random.below(VALUE_MAX_BYTES);
    // Half of it can be packed.
    value.extend((0..filler).map(|at| if at % 2 == 0 { b'.' } else { random.next() as u8 }));
    value
}

/// The record a value is, if it is as it was sent.
pub(crate) fn id_of(value: &[u8]) -> Option<RecordId> {
    let mut words = value.splitn(3, |byte| *byte == b' ');
    let mut number = || std::str::from_utf8(words.next()?).ok()?.parse().ok();
    let id = RecordId {
        writer: number()?,
        number: number()?,
    };
    (value_of(id) == value).then_some(id)
}

/// A record with this value, written now.
pub(crate) fn record(value: &[u8]) -> NewRecord<'_> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    NewRecord {
        timestamp: now.unwrap().as_millis() as i64,
        value: Some(value),
        ..NewRecord::default()
    }
}

/// Records from an offset on, those of some batches.
pub(crate) async fn fetch(
    client: &Client,
    topic: &str,
    partition: i32,
    offset: i64,
    max_wait_ms: i32,
) -> Result<Vec<(i64, Vec<u8>)>, ClientError> {
    let spec = FetchSpec {
        topic,
        partition,
        offset,
        max_bytes: 1 << 20,
        max_wait_ms,
        committed_only: false,
    };
    let fetched = client.fetch(&spec).await?;
    let mut records = Vec::new();
    // The last one may be cut off.
    for (header, batch) in Batches::new(&fetched.records).map_while(Result::ok) {
        let unpacked = records_of(&header, batch, UNPACK_MAX_BYTES).unwrap();
        for record in Records::new(header, &unpacked).map(Result::unwrap) {
            if record.offset >= offset {
                records.push((record.offset, record.value.unwrap_or_default().to_vec()));
            }
        }
    }
    Ok(records)
}

/// Reads all partitions of a topic and tells everything that is wrong with them; also how many records there are.
/// `id_of` tells which record a value is.
pub(crate) async fn check(
    client: &Client,
    topic: &str,
    partitions: i32,
    history: &History,
    id_of: fn(&[u8]) -> Option<RecordId>,
) -> (client::history::Report, u64) {
    let mut check = history.check();
    let mut count = 0;
    for partition in 0..partitions {
        let mut next = 0;
        loop {
            let records = fetch(client, topic, partition, next, 0).await;
            let records = records.unwrap_or_else(|error| panic!("reading {topic}-{partition} from {next}: {error}"));
            let Some((last, _)) = records.last() else { break };
            next = last + 1;
            for (offset, value) in &records {
                check.reads(partition, *offset, id_of(value));
                count += 1;
            }
        }
    }
    (check.finish(), count)
}

/// Creates a topic.
pub(crate) async fn create(
    client: &Client,
    name: &str,
    partitions: i32,
    replicas: i16,
    configs: &[(&'static str, &'static str)],
) -> Result<(), ClientError> {
    let config = |(key, value): &(&'static str, &'static str)| {
        CreatableTopicConfig::default()
            .with_name(StrBytes::from_static_str(key))
            .with_value(Some(StrBytes::from_static_str(value)))
    };
    let topic = CreatableTopic::default()
        .with_name(TopicName(StrBytes::from_string(name.to_owned())))
        .with_num_partitions(partitions)
        .with_replication_factor(replicas)
        .with_configs(configs.iter().map(config).collect());
    let request = CreateTopicsRequest::default()
        .with_topics(vec![topic])
        .with_timeout_ms(10_000);
    let response = client.send_any(&request).await?;
    match response.topics[0].error_code {
        0 => Ok(()),
        code => Err(ClientError::rejected(name, code, None)),
    }
}
