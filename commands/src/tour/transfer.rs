//! Writing and reading one step after the other, each acknowledged before the next.

use std::collections::BTreeMap;

use client::{Client, FetchSpec, OffsetSpec, Producer, murmur2_partition};
use protocol::records::{BatchHeader, Batches, Compression, NewRecord, Records, records_of};

use crate::error::CommandError;

/// Bytes after which a batch is full.
const BATCH_MAX_BYTES: usize = 512 * 1024;
/// Most bytes of one answer, and of one partition in it.
const FETCH_MAX_BYTES: i32 = 8 << 20;
/// How long a broker waits for something to read.
const FETCH_MAX_WAIT_MS: i32 = 500;
/// Most bytes one batch may unpack to.
const UNPACK_MAX_BYTES: usize = 256 << 20;

/// A key and a value.
pub(super) type KeyValue = (Option<Vec<u8>>, Vec<u8>);

/// A record that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ReadRecord {
    /// Its partition.
    pub(super) partition: i32,
    /// Its offset.
    pub(super) offset: i64,
    /// Its key.
    pub(super) key: Option<Vec<u8>>,
    /// Its value.
    pub(super) value: Option<Vec<u8>>,
}

/// Writes records to a topic. Those with a key go where Java's producer puts them, those without go round.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    producer: Producer<'a>,
    topic: &'a str,
    partitions: u32,
    turn: u32,
}

impl<'a> Writer<'a> {
    pub(super) async fn new(
        client: &'a Client,
        topic: &'a str,
        compression: Compression,
    ) -> Result<Self, CommandError> {
        let partitions = client.partition_count(topic).await?;
        Ok(Self {
            producer: Producer::new(client, compression).await?,
            topic,
            partitions,
            turn: 0,
        })
    }

    /// Writes records and waits until all in-sync replicas have them.
    pub(super) async fn write(&mut self, records: &[KeyValue]) -> Result<(), CommandError> {
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
        match key {
            Some(key) => murmur2_partition(key, self.partitions) as i32,
            None => {
                self.turn = (self.turn + 1) % self.partitions;
                self.turn as i32
            }
        }
    }
}

/// Reads the records there are, partition by partition, until `each` wants no more.
pub(super) async fn consume(
    client: &Client,
    topic: &str,
    each: &mut dyn FnMut(Vec<ReadRecord>) -> Result<bool, CommandError>,
) -> Result<(), CommandError> {
    let leaders = client.leaders(&[topic.to_owned()]).await?;
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
        let mut offset = start;
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
