//! Producers of a log: sequence checks, duplicates, open transactions (KIP-98, KIP-360).

use std::collections::{BTreeMap, VecDeque};

use protocol::files::ProducerSnapshotEntry;
use protocol::records::BatchHeader;

use crate::error::AppendError;

/// Batches remembered of each producer; a client has at most so many in flight.
const BATCHES_MAX: usize = 5;
const NO_EPOCH: i16 = -1;
const NO_SEQUENCE: i32 = -1;

/// A batch that was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BatchMeta {
    last_sequence: i32,
    last_offset: i64,
    offset_delta: i32,
    timestamp: i64,
}

impl BatchMeta {
    fn first_sequence(&self) -> i32 {
        // Sequences wrap from the greatest number to 0.
        ((i64::from(self.last_sequence) - i64::from(self.offset_delta)) & i64::from(i32::MAX)) as i32
    }

    fn first_offset(&self) -> i64 {
        self.last_offset.saturating_sub(i64::from(self.offset_delta))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Producer {
    epoch: i16,
    batches: VecDeque<BatchMeta>,
    last_timestamp: i64,
    coordinator_epoch: i32,
    current_txn_first_offset: Option<i64>,
}

impl Default for Producer {
    fn default() -> Self {
        Self {
            epoch: NO_EPOCH,
            batches: VecDeque::new(),
            last_timestamp: -1,
            coordinator_epoch: -1,
            current_txn_first_offset: None,
        }
    }
}

impl Producer {
    fn last_sequence(&self) -> i32 {
        self.batches.back().map_or(NO_SEQUENCE, |batch| batch.last_sequence)
    }
}

/// A transaction that a marker ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompletedTxn {
    /// Its producer.
    pub producer_id: i64,
    /// Its first offset.
    pub first_offset: i64,
    /// The marker's offset.
    pub last_offset: i64,
    /// Whether it was aborted.
    pub aborted: bool,
}

/// Offsets of an earlier batch that a duplicate repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Duplicate {
    /// Its first offset.
    pub first_offset: i64,
    /// Its last offset.
    pub last_offset: i64,
    /// Its timestamp.
    pub timestamp: i64,
}

/// What is known of one producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActiveProducer {
    /// Producer id.
    pub producer_id: i64,
    /// Its epoch.
    pub producer_epoch: i16,
    /// Sequence of its last record, -1 for none.
    pub last_sequence: i32,
    /// Timestamp of its last batch.
    pub last_timestamp_ms: i64,
    /// Epoch of the coordinator that wrote its last marker, -1 for none.
    pub coordinator_epoch: i32,
    /// Where its open transaction started.
    pub current_txn_start_offset: Option<i64>,
}

/// All producers of a log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Producers {
    by_id: BTreeMap<i64, Producer>,
    /// First offsets of open transactions.
    open: BTreeMap<i64, i64>,
}

impl Producers {
    /// From a snapshot.
    pub fn from_snapshot(entries: &[ProducerSnapshotEntry]) -> Self {
        let mut producers = Self::default();
        for entry in entries {
            let mut producer = Producer {
                epoch: entry.producer_epoch,
                last_timestamp: entry.timestamp,
                coordinator_epoch: entry.coordinator_epoch,
                current_txn_first_offset: entry.current_txn_first_offset,
                ..Producer::default()
            };
            if entry.last_offset >= 0 {
                producer.batches.push_back(BatchMeta {
                    last_sequence: entry.last_sequence,
                    last_offset: entry.last_offset,
                    offset_delta: entry.offset_delta,
                    timestamp: entry.timestamp,
                });
            }
            if let Some(first_offset) = entry.current_txn_first_offset {
                producers.open.insert(first_offset, entry.producer_id);
            }
            producers.by_id.insert(entry.producer_id, producer);
        }
        producers
    }

    /// For a snapshot.
    pub fn to_snapshot(&self) -> Vec<ProducerSnapshotEntry> {
        let entry = |(id, producer): (&i64, &Producer)| {
            let last = producer.batches.back();
            ProducerSnapshotEntry {
                producer_id: *id,
                producer_epoch: producer.epoch,
                last_sequence: producer.last_sequence(),
                last_offset: last.map_or(-1, |batch| batch.last_offset),
                offset_delta: last.map_or(0, |batch| batch.offset_delta),
                timestamp: producer.last_timestamp,
                coordinator_epoch: producer.coordinator_epoch,
                current_txn_first_offset: producer.current_txn_first_offset,
            }
        };
        self.by_id.iter().map(entry).collect()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// The first offset of the oldest open transaction.
    pub fn first_unstable_offset(&self) -> Option<i64> {
        self.open.first_key_value().map(|(first_offset, _)| *first_offset)
    }

    /// Checks a client's batch; the batch it repeats, if it is a duplicate.
    pub fn check(&self, batch: &BatchHeader) -> Result<Option<Duplicate>, AppendError> {
        if batch.producer_id < 0 {
            return Ok(None);
        }
        let known = self.by_id.get(&batch.producer_id);
        let epoch = known.map_or(NO_EPOCH, |producer| producer.epoch);
        if let Some(producer) = known.filter(|producer| producer.epoch == batch.producer_epoch) {
            let same = |meta: &&BatchMeta| {
                meta.first_sequence() == batch.base_sequence && meta.last_sequence == batch.last_sequence()
            };
            if let Some(meta) = producer.batches.iter().find(same) {
                let (first_offset, last_offset) = (meta.first_offset(), meta.last_offset);
                return Ok(Some(Duplicate {
                    first_offset,
                    last_offset,
                    timestamp: meta.timestamp,
                }));
            }
        }
        if batch.producer_epoch < epoch {
            return Err(AppendError::InvalidProducerEpoch {
                producer_id: batch.producer_id,
                epoch: batch.producer_epoch,
                current: epoch,
            });
        }
        // A producer that is not known here, perhaps because its records are gone, may start anywhere.
        let due = match known {
            None => batch.base_sequence,
            Some(_) if epoch == NO_EPOCH => batch.base_sequence,
            Some(_) if batch.producer_epoch != epoch => 0,
            Some(producer) => next_sequence(producer.last_sequence()),
        };
        if batch.base_sequence == due {
            return Ok(None);
        }
        Err(AppendError::OutOfOrderSequence {
            producer_id: batch.producer_id,
            sequence: batch.base_sequence,
            expected: due,
        })
    }

    /// Notes a batch that is in the log at the offsets of its header.
    pub fn append(&mut self, batch: &BatchHeader) {
        if batch.producer_id < 0 || batch.is_control() {
            return;
        }
        let producer = self.by_id.entry(batch.producer_id).or_default();
        if producer.epoch != batch.producer_epoch {
            producer.epoch = batch.producer_epoch;
            producer.batches.clear();
        }
        producer.last_timestamp = batch.max_timestamp;
        producer.batches.push_back(BatchMeta {
            last_sequence: batch.last_sequence(),
            last_offset: batch.last_offset(),
            offset_delta: batch.last_offset_delta,
            timestamp: batch.max_timestamp,
        });
        if producer.batches.len() > BATCHES_MAX {
            producer.batches.pop_front();
        }
        if batch.is_transactional() && producer.current_txn_first_offset.is_none() {
            producer.current_txn_first_offset = Some(batch.base_offset);
            self.open.insert(batch.base_offset, batch.producer_id);
        }
    }

    /// Checks the coordinator epoch of a marker.
    pub fn check_marker(&self, batch: &BatchHeader, coordinator_epoch: i32) -> Result<(), AppendError> {
        let Some(producer) = self.by_id.get(&batch.producer_id) else {
            return Ok(());
        };
        if batch.producer_epoch < producer.epoch {
            return Err(AppendError::InvalidProducerEpoch {
                producer_id: batch.producer_id,
                epoch: batch.producer_epoch,
                current: producer.epoch,
            });
        }
        if coordinator_epoch < producer.coordinator_epoch {
            return Err(AppendError::CoordinatorFenced {
                producer_id: batch.producer_id,
                epoch: coordinator_epoch,
                current: producer.coordinator_epoch,
            });
        }
        Ok(())
    }

    /// Notes a transaction marker that is in the log; the transaction it ended, if one was open.
    pub fn complete(&mut self, batch: &BatchHeader, coordinator_epoch: i32, aborted: bool) -> Option<CompletedTxn> {
        let producer = self.by_id.entry(batch.producer_id).or_default();
        if producer.epoch != batch.producer_epoch {
            producer.epoch = batch.producer_epoch;
            producer.batches.clear();
        }
        producer.coordinator_epoch = coordinator_epoch;
        producer.last_timestamp = batch.max_timestamp;
        let first_offset = producer.current_txn_first_offset.take()?;
        self.open.remove(&first_offset);
        let producer_id = batch.producer_id;
        Some(CompletedTxn {
            producer_id,
            first_offset,
            last_offset: batch.last_offset(),
            aborted,
        })
    }

    /// Forgets producers without an open transaction that wrote nothing for a while.
    pub fn expire(&mut self, now_ms: i64, expiration_ms: i64) {
        let expired = |producer: &Producer| now_ms.saturating_sub(producer.last_timestamp) >= expiration_ms;
        self.by_id
            .retain(|_, producer| producer.current_txn_first_offset.is_some() || !expired(producer));
    }

    /// For DescribeProducers.
    pub fn active(&self) -> Vec<ActiveProducer> {
        let describe = |(id, producer): (&i64, &Producer)| ActiveProducer {
            producer_id: *id,
            producer_epoch: producer.epoch,
            last_sequence: producer.last_sequence(),
            last_timestamp_ms: producer.last_timestamp,
            coordinator_epoch: producer.coordinator_epoch,
            current_txn_start_offset: producer.current_txn_first_offset,
        };
        self.by_id.iter().map(describe).collect()
    }
}

fn next_sequence(last: i32) -> i32 {
    if last == i32::MAX { 0 } else { last + 1 }
}

#[cfg(test)]
mod tests {
    use protocol::records::{BatchBuilder, Compression, NewRecord, ProducerStamp};

    use super::*;

    fn batch(base_offset: i64, epoch: i16, base_sequence: i32, records: usize) -> BatchHeader {
        let stamp = ProducerStamp {
            id: 7,
            epoch,
            base_sequence,
        };
        let mut builder = BatchBuilder::new(base_offset, Compression::None).producer(stamp);
        for _ in 0..records {
            builder.push(&NewRecord::default());
        }
        BatchHeader::parse(&builder.build().unwrap()).unwrap()
    }

    fn after(batches: &[BatchHeader]) -> Producers {
        let mut producers = Producers::default();
        for batch in batches {
            producers.check(batch).unwrap();
            producers.append(batch);
        }
        producers
    }

    #[test]
    fn the_last_five_batches_are_known_as_duplicates() {
        let batches: Vec<_> = (0..6).map(|i| batch(i64::from(i) * 10, 0, i * 2, 2)).collect();
        let producers = after(&batches);
        let duplicate = producers.check(&batches[1]).unwrap().unwrap();
        assert_eq!((duplicate.first_offset, duplicate.last_offset), (10, 11));
        assert!(matches!(
            producers.check(&batches[0]),
            Err(AppendError::OutOfOrderSequence { expected: 12, .. })
        ));
    }

    #[test]
    fn sequences_continue_wrap_and_start_anew_with_an_epoch() {
        let producers = after(&[batch(0, 0, i32::MAX - 1, 2)]);
        assert!(matches!(producers.check(&batch(2, 0, 0, 1)), Ok(None)), "wraps to 0");
        assert!(matches!(producers.check(&batch(2, 1, 0, 1)), Ok(None)));
        assert!(matches!(
            producers.check(&batch(2, 1, 5, 1)),
            Err(AppendError::OutOfOrderSequence { expected: 0, .. })
        ));
        let newer = after(&[batch(0, 3, 0, 1)]);
        assert!(matches!(
            newer.check(&batch(1, 2, 1, 1)),
            Err(AppendError::InvalidProducerEpoch { current: 3, .. })
        ));
        let wrapped = after(&[batch(0, 0, i32::MAX, 3)]);
        assert!(
            wrapped.check(&batch(0, 0, i32::MAX, 3)).unwrap().is_some(),
            "a duplicate across the wrap"
        );
    }

    #[test]
    fn snapshots_keep_what_counts() {
        let producers = after(&[batch(0, 2, 0, 3)]);
        let back = Producers::from_snapshot(&producers.to_snapshot());
        assert_eq!(back, producers);
        assert!(back.check(&batch(0, 2, 0, 3)).unwrap().is_some());
    }

    #[test]
    fn an_open_transaction_holds_the_first_unstable_offset_until_its_marker() {
        let mut producers = Producers::default();
        let mut open = batch(5, 0, 0, 2);
        open.attributes |= 0x10;
        producers.append(&open);
        assert_eq!(producers.first_unstable_offset(), Some(5));
        producers.expire(i64::MAX, 1);
        assert!(!producers.is_empty(), "an open transaction is not forgotten");
        let mut marker = batch(7, 0, -1, 1);
        marker.attributes |= 0x30;
        let done = producers.complete(&marker, 1, true).unwrap();
        assert_eq!(
            done,
            CompletedTxn {
                producer_id: 7,
                first_offset: 5,
                last_offset: 7,
                aborted: true
            }
        );
        assert_eq!(producers.first_unstable_offset(), None);
        assert!(matches!(
            producers.check_marker(&marker, 0),
            Err(AppendError::CoordinatorFenced { .. })
        ));
    }
}
