//! Records into batches, each for its partition.

use std::collections::BTreeMap;

use client::{OutgoingBatch, crc32_partition, murmur2_partition};
use protocol::records::{BatchBuilder, Compression, NewRecord, ProducerStamp};
use tokio::sync::mpsc::Sender;

use super::Partitioner;
use crate::error::CommandError;

/// Bytes after which a batch is full.
const BATCH_MAX_BYTES: usize = 512 << 10;
/// Bytes of batches that are not full, beyond which all of them go out.
const OPEN_MAX_BYTES: usize = 32 << 20;

/// Why no more can be put in.
#[derive(Debug)]
pub(super) enum Stopped {
    /// Nobody takes them any more; whoever should have says why.
    Gone,
    /// This is wrong.
    Failed(CommandError),
}

impl From<CommandError> for Stopped {
    fn from(error: CommandError) -> Self {
        Self::Failed(error)
    }
}

/// Puts records into batches.
#[derive(Debug)]
pub(super) struct Batches {
    out: Sender<OutgoingBatch>,
    partitions: u32,
    partitioner: Partitioner,
    compression: Compression,
    /// Id and epoch of an idempotent producer.
    producer: Option<(i64, i16)>,
    /// The next sequence number of each partition.
    sequences: BTreeMap<i32, i32>,
    open: BTreeMap<i32, BatchBuilder>,
    open_bytes: usize,
    /// Where records without a key go until a batch of theirs is full.
    sticky: u32,
}

impl Batches {
    pub(super) fn new(
        out: Sender<OutgoingBatch>,
        partitions: u32,
        partitioner: Partitioner,
        compression: Compression,
        producer: Option<(i64, i16)>,
    ) -> Self {
        // Two that write at the same time begin at different partitions.
        let sticky = producer.map_or(0, |(id, _)| (id.unsigned_abs() % u64::from(partitions.max(1))) as u32);
        Self {
            out,
            partitions,
            partitioner,
            compression,
            producer,
            sequences: BTreeMap::new(),
            open: BTreeMap::new(),
            open_bytes: 0,
            sticky,
        }
    }

    /// Where a record with this key goes.
    pub(super) fn target(&self, key: Option<&[u8]>) -> i32 {
        let partition = match (self.partitioner, key) {
            (Partitioner::Murmur2, Some(key)) => murmur2_partition(key, self.partitions),
            // librdkafka takes an empty key for none.
            (Partitioner::Crc32, Some(key)) if !key.is_empty() => crc32_partition(key, self.partitions),
            _ => self.sticky,
        };
        partition as i32
    }

    /// Whether all that was put in has gone out.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Puts in a record.
    pub(super) fn push(&mut self, partition: i32, record: &NewRecord<'_>) -> Result<(), Stopped> {
        let size_bytes = record.size_bytes_max();
        let is_full = |batch: &BatchBuilder| batch.size_bytes() + size_bytes > BATCH_MAX_BYTES;
        if self.open.get(&partition).is_some_and(is_full) {
            self.close(partition)?;
        }
        if self.open_bytes > OPEN_MAX_BYTES {
            self.close_all()?;
        }
        let (compression, stamp) = (self.compression, self.stamp(partition));
        let batch = self.open.entry(partition).or_insert_with(|| {
            let batch = BatchBuilder::new(0, compression);
            match stamp {
                Some(stamp) => batch.producer(stamp),
                None => batch,
            }
        });
        let before = batch.size_bytes();
        batch.push(record);
        self.open_bytes += batch.size_bytes() - before;
        Ok(())
    }

    fn stamp(&self, partition: i32) -> Option<ProducerStamp> {
        let (id, epoch) = self.producer?;
        Some(ProducerStamp {
            id,
            epoch,
            base_sequence: self.sequences.get(&partition).copied().unwrap_or(0),
        })
    }

    /// Sends the batch of a partition on its way.
    fn close(&mut self, partition: i32) -> Result<(), Stopped> {
        let Some(batch) = self.open.remove(&partition) else {
            return Ok(());
        };
        if partition == self.sticky as i32 {
            self.sticky = (self.sticky + 1) % self.partitions.max(1);
        }
        let records = batch.len();
        let sequence = self.sequences.entry(partition).or_insert(0);
        // Sequence numbers go on at zero after the greatest.
        *sequence = ((i64::from(*sequence) + records as i64) & i64::from(i32::MAX)) as i32;
        self.open_bytes = self
            .open_bytes
            .saturating_sub(batch.size_bytes() - protocol::records::HEADER_BYTES);
        let bytes = batch.build().map_err(|error| CommandError::bug(error.to_string()))?;
        let batch = OutgoingBatch {
            partition,
            bytes: bytes.into(),
            records,
        };
        self.out.blocking_send(batch).map_err(|_| Stopped::Gone)
    }

    /// Sends all batches on their way.
    pub(super) fn close_all(&mut self) -> Result<(), Stopped> {
        while let Some(partition) = self.open.keys().next().copied() {
            self.close(partition)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use protocol::records::BatchHeader;
    use tokio::sync::mpsc::{Receiver, channel};

    use super::*;

    fn batches(partitioner: Partitioner) -> (Batches, Receiver<OutgoingBatch>) {
        let (out, sent) = channel(100);
        let batches = Batches::new(out, 3, partitioner, Compression::None, Some((7, 0)));
        (batches, sent)
    }

    fn record(value: &[u8]) -> NewRecord<'_> {
        NewRecord {
            value: Some(value),
            ..NewRecord::default()
        }
    }

    #[test]
    fn batches_are_full_at_a_bound_and_follow_in_sequence() {
        let (mut batches, mut sent) = batches(Partitioner::Murmur2);
        let value = vec![b'x'; 100 << 10];
        for _ in 0..12 {
            batches.push(1, &record(&value)).unwrap();
        }
        batches.push(0, &record(b"small")).unwrap();
        batches.close_all().unwrap();
        assert!(batches.is_empty());
        assert_eq!(batches.open_bytes, 0);
        drop(batches);
        let mut next = 0;
        let mut records = 0;
        while let Some(batch) = sent.blocking_recv() {
            let header = BatchHeader::parse_checked(&batch.bytes).unwrap();
            assert!(batch.bytes.len() <= BATCH_MAX_BYTES);
            assert_eq!(header.producer_id, 7);
            records += batch.records;
            if batch.partition == 1 {
                assert_eq!(header.base_sequence, next);
                next += batch.records as i32;
            }
        }
        assert_eq!((next, records), (12, 13));
    }

    #[test]
    fn one_record_that_is_too_large_goes_out_alone() {
        let (mut batches, mut sent) = batches(Partitioner::Murmur2);
        batches.push(0, &record(b"small")).unwrap();
        batches.push(0, &record(&vec![b'x'; 2 * BATCH_MAX_BYTES])).unwrap();
        batches.push(0, &record(b"small")).unwrap();
        batches.close_all().unwrap();
        drop(batches);
        let counts: Vec<usize> = std::iter::from_fn(|| sent.blocking_recv())
            .map(|batch| batch.records)
            .collect();
        assert_eq!(counts, [1, 1, 1]);
    }

    #[test]
    fn who_has_no_key_stays_until_the_batch_is_closed() {
        let (mut batches, _sent) = batches(Partitioner::Crc32);
        let first = batches.target(None);
        assert_eq!(batches.target(Some(b"")), first, "an empty key is none for crc32");
        batches.push(first, &record(b"x")).unwrap();
        assert_eq!(batches.target(None), first);
        batches.close_all().unwrap();
        assert_ne!(batches.target(None), first);
        assert_eq!(batches.target(Some(b"k")), crc32_partition(b"k", 3) as i32);
    }

    #[test]
    fn nobody_there_is_told() {
        let (mut batches, sent) = batches(Partitioner::Murmur2);
        drop(sent);
        batches.push(0, &record(b"x")).unwrap();
        assert!(matches!(batches.close_all(), Err(Stopped::Gone)));
    }
}
