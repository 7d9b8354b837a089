//! What one answer brought of one partition, and the records in it that a reader is to see.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use bytes::Bytes;
use protocol::records::{BatchHeader, Batches, Record, RecordError, Records, is_abort, records_of};

/// A transaction that was aborted, by its producer and its first offset in the partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Aborted {
    /// Where it begins.
    pub first_offset: i64,
    /// Whose it was.
    pub producer_id: i64,
}

/// Batches of a partition, as they lie in its log.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The topic.
    pub topic: Arc<str>,
    /// The partition.
    pub partition: i32,
    /// The first offset that is wanted; the first batch may begin before it.
    pub from: i64,
    /// The first offset that is not wanted any more.
    pub until: i64,
    /// Where to read on.
    pub next: i64,
    /// Who read it there.
    pub broker: i32,
    /// Whole batches and perhaps the beginning of one more.
    pub records: Bytes,
    /// Transactions in it that were aborted; none unless only what was committed is read.
    pub aborted: Vec<Aborted>,
}

impl Chunk {
    /// Shows the records that are wanted, in order, until `each` wants no more: neither control records nor those of
    /// aborted transactions. No batch may unpack to more than `unpack_max_bytes`.
    pub fn visit<E: From<RecordError>>(
        &self,
        unpack_max_bytes: usize,
        mut each: impl FnMut(&BatchHeader, &Record<'_>) -> Result<ControlFlow<()>, E>,
    ) -> Result<ControlFlow<()>, E> {
        let mut aborted = self.aborted.clone();
        aborted.sort_unstable();
        let mut aborted = aborted.into_iter().peekable();
        let mut aborting = BTreeSet::new();
        for batch in Batches::new(&self.records) {
            let (header, batch) = batch.map_err(RecordError::from)?;
            BatchHeader::parse_checked(batch).map_err(RecordError::from)?;
            while let Some(begun) = aborted.next_if(|begun| begun.first_offset <= header.last_offset()) {
                aborting.insert(begun.producer_id);
            }
            if header.is_control() {
                if is_abort(&header, batch, unpack_max_bytes)? {
                    aborting.remove(&header.producer_id);
                }
                continue;
            }
            if header.next_offset() <= self.from || header.is_transactional() && aborting.contains(&header.producer_id)
            {
                continue;
            }
            let unpacked = records_of(&header, batch, unpack_max_bytes)?;
            for record in Records::new(header, &unpacked) {
                let record = record?;
                if (self.from..self.until).contains(&record.offset) && each(&header, &record)?.is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }
}

#[cfg(test)]
mod tests {
    use protocol::records::{BatchBuilder, Compression, NewRecord, ProducerStamp};

    use super::*;

    const ABORT: [u8; 4] = [0, 0, 0, 0];
    const COMMIT: [u8; 4] = [0, 0, 0, 1];

    fn stamp(id: i64) -> ProducerStamp {
        ProducerStamp {
            id,
            epoch: 0,
            base_sequence: 0,
        }
    }

    fn batch(base_offset: i64, producer: Option<i64>, values: &[&str]) -> Vec<u8> {
        let mut batch = BatchBuilder::new(base_offset, Compression::Lz4);
        if let Some(id) = producer {
            batch = batch.producer(stamp(id)).transactional();
        }
        for value in values {
            batch.push(&NewRecord {
                value: Some(value.as_bytes()),
                ..NewRecord::default()
            });
        }
        batch.build().unwrap()
    }

    fn marker(offset: i64, producer: i64, key: [u8; 4]) -> Vec<u8> {
        let batch = BatchBuilder::new(offset, Compression::None).producer(stamp(producer));
        let mut batch = batch.transactional().control();
        batch.push(&NewRecord {
            key: Some(&key),
            ..NewRecord::default()
        });
        batch.build().unwrap()
    }

    fn chunk(batches: &[Vec<u8>], aborted: &[(i64, i64)]) -> Chunk {
        let aborted = aborted.iter().map(|(producer_id, first_offset)| Aborted {
            first_offset: *first_offset,
            producer_id: *producer_id,
        });
        Chunk {
            topic: "t".into(),
            partition: 0,
            from: 0,
            until: i64::MAX,
            next: 0,
            broker: 1,
            records: batches.concat().into(),
            aborted: aborted.collect(),
        }
    }

    fn seen(chunk: &Chunk, most: usize) -> Vec<String> {
        let mut seen = Vec::new();
        let ended = chunk.visit::<RecordError>(1 << 20, |_, record| {
            seen.push(String::from_utf8(record.value.unwrap().to_vec()).unwrap());
            Ok(if seen.len() == most {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            })
        });
        assert_eq!(ended.unwrap().is_break(), seen.len() == most);
        seen
    }

    #[test]
    fn aborted_transactions_are_left_out_and_only_those() {
        let batches = [
            batch(0, Some(7), &["gone"]),
            batch(1, Some(8), &["kept"]),
            batch(2, None, &["plain"]),
            marker(3, 7, ABORT),
            batch(4, Some(7), &["kept again"]),
            marker(5, 8, COMMIT),
            marker(6, 7, COMMIT),
            batch(7, Some(8), &["gone too"]),
        ];
        let aborted = chunk(&batches, &[(8, 7), (7, 0)]);
        assert_eq!(seen(&aborted, 100), ["kept", "plain", "kept again"]);
        let all = chunk(&batches, &[]);
        assert_eq!(
            seen(&all, 100),
            ["gone", "kept", "plain", "kept again", "gone too"],
            "control records are never shown"
        );
    }

    #[test]
    fn only_what_was_asked_for_is_shown() {
        let mut part = chunk(&[batch(10, None, &["a", "b", "c", "d"])], &[]);
        (part.from, part.until) = (11, 13);
        assert_eq!(seen(&part, 100), ["b", "c"]);
        assert_eq!(seen(&part, 1), ["b"]);
        let mut bytes = part.records.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        part.records = bytes.into();
        let corrupt = part.visit::<RecordError>(1 << 20, |_, _| Ok(ControlFlow::Continue(())));
        assert!(corrupt.is_err(), "a changed byte is found");
    }
}
