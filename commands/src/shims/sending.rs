//! Records to a topic, as Java's producer sends them, for scripts that tell what became of each.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use client::{Acks, BatchWriter, Client, ClientError, OutgoingBatch, WrittenBatch, murmur2_partition};
use protocol::records::{BatchBuilder, Compression, NewRecord, ProducerStamp};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::failed::Throwable;
use super::{FAR, cluster};

/// Batches that wait for their turn.
const BATCHES_AHEAD: usize = 16;
/// Bytes of a batch, if nothing is said: with one batch on its way at a time more than Java's producer has.
const BATCH_BYTES: usize = 64 << 10;

/// A producer's properties that count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) acks: Acks,
    pub(super) compression: Compression,
    pub(super) batch_bytes: usize,
}

impl Manner {
    /// Of acks, compression.type and batch.size.
    pub(super) fn of(properties: &BTreeMap<String, String>) -> Result<Self, Throwable> {
        let config = |message| Throwable::new("org.apache.kafka.common.config.ConfigException", message);
        let value = |key: &str| properties.get(key).map(String::as_str);
        let acks = acks(value("acks").unwrap_or("all")).map_err(config)?;
        let compression = compression(value("compression.type").unwrap_or("none")).map_err(config)?;
        let batch_bytes = match value("batch.size") {
            None => BATCH_BYTES,
            Some(text) => text.parse().map_err(|_| {
                config(format!(
                    "Invalid value {text} for configuration batch.size: Not a number of type INT"
                ))
            })?,
        };
        Ok(Self {
            acks,
            compression,
            batch_bytes,
        })
    }
}

/// The property acks, or what is wrong with it.
pub(super) fn acks(text: &str) -> Result<Acks, String> {
    match text {
        "all" | "-1" => Ok(Acks::All),
        "1" => Ok(Acks::Leader),
        "0" => Ok(Acks::None),
        other => Err(format!(
            "Invalid value {other} for configuration acks: String must be one of: all, -1, 0, 1"
        )),
    }
}

/// The property compression.type, or what is wrong with it.
pub(super) fn compression(name: &str) -> Result<Compression, String> {
    match name {
        "none" => Ok(Compression::None),
        "gzip" => Ok(Compression::Gzip),
        "snappy" => Ok(Compression::Snappy),
        "lz4" => Ok(Compression::Lz4),
        "zstd" => Ok(Compression::Zstd),
        other => Err(format!("Unknown compression name: {other}")),
    }
}

/// What is remembered of records that were sent, batch by batch, by partition.
type Sent<T> = Arc<Mutex<BTreeMap<i32, VecDeque<Vec<T>>>>>;

/// Nobody takes records any more; whoever should have knows why.
#[derive(Debug)]
pub(super) struct Gone;

/// Puts records into batches, each with what is to be remembered of it.
pub(super) struct Sender<T> {
    out: mpsc::Sender<OutgoingBatch>,
    partitions: u32,
    manner: Manner,
    /// Id and epoch of an idempotent producer.
    producer: Option<(i64, i16)>,
    /// The next sequence number of each partition.
    sequences: BTreeMap<i32, i32>,
    open: BTreeMap<i32, (BatchBuilder, Vec<T>)>,
    sent: Sent<T>,
    /// Where records without a key go until a batch of theirs is full.
    sticky: u32,
}

impl<T> Sender<T> {
    /// Puts in a record.
    pub(super) async fn push(&mut self, record: &NewRecord<'_>, note: T) -> Result<(), Gone> {
        let mut partition = self.target(record);
        let is_full = |(batch, _): &(BatchBuilder, Vec<T>)| {
            batch.size_bytes() + record.size_bytes_max() > self.manner.batch_bytes
        };
        if self.open.get(&partition).is_some_and(is_full) {
            self.close(partition).await?;
            partition = self.target(record);
        }
        let (compression, stamp) = (self.manner.compression, self.stamp(partition));
        let (batch, notes) = self.open.entry(partition).or_insert_with(|| {
            let batch = BatchBuilder::new(0, compression);
            let batch = match stamp {
                Some(stamp) => batch.producer(stamp),
                None => batch,
            };
            (batch, Vec::new())
        });
        batch.push(record);
        notes.push(note);
        Ok(())
    }

    fn target(&self, record: &NewRecord<'_>) -> i32 {
        let partition = record
            .key
            .map_or(self.sticky, |key| murmur2_partition(key, self.partitions));
        partition as i32
    }

    fn stamp(&self, partition: i32) -> Option<ProducerStamp> {
        let (id, epoch) = self.producer?;
        let base_sequence = self.sequences.get(&partition).copied().unwrap_or(0);
        Some(ProducerStamp {
            id,
            epoch,
            base_sequence,
        })
    }

    async fn close(&mut self, partition: i32) -> Result<(), Gone> {
        let Some((batch, notes)) = self.open.remove(&partition) else {
            return Ok(());
        };
        if partition == self.sticky as i32 {
            self.sticky = (self.sticky + 1) % self.partitions.max(1);
        }
        let records = notes.len();
        let sequence = self.sequences.entry(partition).or_insert(0);
        // Sequence numbers go on at zero after the greatest.
        *sequence = ((i64::from(*sequence) + records as i64) & i64::from(i32::MAX)) as i32;
        let bytes = batch.build().map_err(|_| Gone)?;
        self.remember(partition, notes);
        let batch = OutgoingBatch {
            partition,
            bytes: bytes.into(),
            records,
        };
        self.out.send(batch).await.map_err(|_| Gone)
    }

    fn remember(&self, partition: i32, notes: Vec<T>) {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        sent.entry(partition).or_default().push_back(notes);
    }

    /// Sends all on their way that wait for their batch to be full.
    pub(super) async fn flush(&mut self) -> Result<(), Gone> {
        while let Some(partition) = self.open.keys().next().copied() {
            self.close(partition).await?;
        }
        Ok(())
    }
}

/// What was not written, if something was not: why, and what was remembered of it.
pub(super) type Unwritten<T> = Option<(ClientError, Vec<T>)>;

/// Sends what `feed` puts in, and tells `each` of those that were written: partition, first offset, and what was remembered.
pub(super) async fn send_all<T>(
    client: Arc<Client>,
    topic: &str,
    manner: Manner,
    feed: impl AsyncFnOnce(&mut Sender<T>) -> Result<(), Gone>,
    mut each: impl FnMut(i32, i64, Vec<T>),
) -> Result<Unwritten<T>, Throwable> {
    let partitions = cluster::make_topic(&client, topic).await?;
    let producer = match manner.acks {
        Acks::All => Some(client.producer_id().await?),
        Acks::Leader | Acks::None => None,
    };
    let sent: Sent<T> = Arc::default();
    let (out, batches) = mpsc::channel(BATCHES_AHEAD);
    let sticky = producer.map_or(0, |(id, _)| (id.unsigned_abs() % u64::from(partitions.max(1))) as u32);
    let mut sender = Sender {
        out,
        partitions,
        manner,
        producer,
        sequences: BTreeMap::new(),
        open: BTreeMap::new(),
        sent: Arc::clone(&sent),
        sticky,
    };
    let feeding = async move {
        if feed(&mut sender).await.is_ok() {
            // Who does not take them any more says why.
            let _gone = sender.flush().await;
        }
        let open = std::mem::take(&mut sender.open).into_values();
        open.flat_map(|(_, notes)| notes).collect::<Vec<T>>()
    };
    let told = |written: WrittenBatch| {
        let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
        let notes = sent.get_mut(&written.partition).and_then(VecDeque::pop_front);
        drop(sent);
        each(written.partition, written.base_offset, notes.unwrap_or_default());
    };
    let writing = BatchWriter::new(client, topic, manner.acks).write_all(batches, told);
    let (written, unsent) = tokio::join!(writing, feeding);
    let Err(error) = written else { return Ok(None) };
    let mut sent = sent.lock().unwrap_or_else(PoisonError::into_inner);
    let left = std::mem::take(&mut *sent).into_values().flatten().flatten();
    Ok(Some((error, left.chain(unsent).collect())))
}

/// Spreads records over time.
pub(super) struct Pace {
    start: Instant,
    per_second: Option<f64>,
}

impl Pace {
    /// So many in a second; below zero as many as possible.
    pub(super) fn new(per_second: f64) -> Self {
        Self {
            start: Instant::now(),
            per_second: (per_second >= 0.0).then_some(per_second),
        }
    }

    /// Waits until the record of this number may follow, and lets nothing wait for it.
    pub(super) async fn wait<T>(&self, count: u64, sender: &mut Sender<T>) -> Result<(), Gone> {
        let Some(per_second) = self.per_second else {
            return Ok(());
        };
        let after = Duration::try_from_secs_f64(count as f64 / per_second)
            .unwrap_or(FAR)
            .min(FAR);
        let due = self.start + after;
        if Instant::now() < due {
            sender.flush().await?;
            sleep_until(due).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_those_of_a_producer() {
        let of = |pairs: &[(&str, &str)]| {
            let properties = pairs
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            Manner::of(&properties.collect())
        };
        let manner = of(&[("acks", "1"), ("compression.type", "lz4"), ("batch.size", "100")]).unwrap();
        assert_eq!((manner.acks, manner.batch_bytes), (Acks::Leader, 100));
        assert_eq!(of(&[]).unwrap().acks, Acks::All);
        for wrong in [("acks", "2"), ("compression.type", "x"), ("batch.size", "x")] {
            assert!(of(&[wrong]).is_err(), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn batches_are_full_at_a_bound_and_remember_their_records() {
        let (out, mut batches) = mpsc::channel(100);
        let manner = Manner::of(&BTreeMap::new()).unwrap();
        let mut sender = Sender {
            out,
            partitions: 2,
            manner: Manner {
                batch_bytes: 200,
                ..manner
            },
            producer: Some((7, 0)),
            sequences: BTreeMap::new(),
            open: BTreeMap::new(),
            sent: Arc::default(),
            sticky: 0,
        };
        for number in 0..10 {
            let record = NewRecord {
                value: Some(&[b'x'; 50]),
                ..NewRecord::default()
            };
            sender.push(&record, number).await.unwrap();
        }
        sender.flush().await.unwrap();
        let sent = std::mem::take(&mut *sender.sent.lock().unwrap());
        drop(sender);
        let mut records = 0;
        while let Some(batch) = batches.recv().await {
            assert!(batch.bytes.len() <= 200);
            records += batch.records;
        }
        assert_eq!(records, 10);
        assert_eq!(sent.len(), 2, "a full batch makes room for another partition");
        let mut notes: Vec<i32> = sent.into_values().flatten().flatten().collect();
        notes.sort_unstable();
        assert_eq!(notes, (0..10).collect::<Vec<_>>());
    }
}
