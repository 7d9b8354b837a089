//! A partition as a target has it: a broker that takes what brokers take and knows what each producer wrote last.

use std::collections::BTreeMap;

use bytes::Bytes;
use protocol::records::{BatchBuilder, BatchHeader, Compression, NewRecord, Records, records_of, stamp};

/// Batches of each producer that a broker knows again.
const KNOWN_BATCHES: usize = 5;

/// First sequence, last sequence, base offset.
pub(crate) type Known = Vec<(i32, i32, i64)>;

/// What an append comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Written(i64),
    OutOfOrder,
    TooLarge,
}

#[derive(Debug, Default)]
pub(crate) struct Target {
    pub(crate) topic_id: [u8; 16],
    pub(crate) end: i64,
    pub(crate) batch_max_bytes: usize,
    /// The topic's own compression.type, if it is not the producer's.
    pub(crate) codec: Option<Compression>,
    pub(crate) batches: Vec<Bytes>,
    pub(crate) known: BTreeMap<i64, Known>,
    /// The last producer id that was given out.
    pub(crate) producers: i64,
}

impl Target {
    pub(crate) fn append(&mut self, batch: &[u8]) -> Answer {
        let header = BatchHeader::parse_checked(batch).expect("what is sent is whole");
        assert_eq!(batch.len(), header.size_bytes(), "one batch and nothing else");
        assert_eq!(header.base_offset, 0);
        assert_eq!(header.record_count, header.last_offset_delta + 1, "no holes");
        assert!(header.record_count > 0 && header.producer_id > 0);
        assert!(!header.is_transactional() && !header.is_control());
        if batch.len() > self.batch_max_bytes {
            return Answer::TooLarge;
        }
        let known = self.known.entry(header.producer_id).or_default();
        let (first, last) = (header.base_sequence, header.last_sequence());
        if let Some((_, _, base)) = known.iter().find(|(f, l, _)| (*f, *l) == (first, last)) {
            return Answer::Written(*base);
        }
        if known.last().map_or(0, |(_, last, _)| last + 1) != first {
            return Answer::OutOfOrder;
        }
        let base = self.end;
        known.push((first, last, base));
        if known.len() > KNOWN_BATCHES {
            known.remove(0);
        }
        self.end += i64::from(header.record_count);
        let mut kept = match self.codec {
            None => batch.to_vec(),
            Some(codec) => packed_again(&header, batch, codec),
        };
        stamp(&mut kept, base, 7);
        self.batches.push(kept.into());
        Answer::Written(base)
    }

    /// Somebody else writes a record.
    pub(crate) fn write_foreign(&mut self) {
        let mut builder = BatchBuilder::new(self.end, Compression::None);
        builder.push(&NewRecord {
            value: Some(b"foreign"),
            ..NewRecord::default()
        });
        self.batches.push(builder.build().unwrap().into());
        self.end += 1;
    }

    pub(crate) fn read(&self, from: i64) -> Bytes {
        let wanted = self.batches.iter().filter(|batch| header(batch).next_offset() > from);
        wanted.take(3).flat_map(|batch| batch.to_vec()).collect()
    }

    /// Loses its last batches, and forgets who wrote.
    pub(crate) fn lose(&mut self, batches: usize) {
        for _ in 0..batches {
            if let Some(batch) = self.batches.pop() {
                self.end = header(&batch).base_offset;
            }
        }
        self.known.clear();
    }

    pub(crate) fn forget_producers(&mut self) {
        self.known.clear();
    }

    /// Offset and value of each record; times and headers are checked on the way.
    pub(crate) fn records(&self) -> Vec<(i64, Vec<u8>)> {
        let mut out = Vec::new();
        for batch in &self.batches {
            let header = BatchHeader::parse_checked(batch).unwrap();
            let unpacked = records_of(&header, batch, 1 << 20).unwrap();
            for record in Records::new(header, &unpacked) {
                let record = record.unwrap();
                let value = record.value.unwrap().to_vec();
                if value != b"foreign" {
                    let text = String::from_utf8(value.clone()).unwrap();
                    assert!(
                        text.ends_with(&format!("-{}", record.timestamp)),
                        "{text} at {}",
                        record.timestamp
                    );
                    assert_eq!(record.headers.len(), 2);
                }
                out.push((record.offset, value));
            }
        }
        out
    }
}

fn header(batch: &[u8]) -> BatchHeader {
    BatchHeader::parse(batch).unwrap()
}

/// What a broker makes of a batch whose codec is not the topic's.
fn packed_again(header: &BatchHeader, batch: &[u8], codec: Compression) -> Vec<u8> {
    let unpacked = records_of(header, batch, 1 << 20).unwrap();
    let mut builder = BatchBuilder::new(0, codec);
    for record in Records::new(*header, &unpacked) {
        let record = record.unwrap();
        let headers: Vec<_> = record.headers.map(|header| (header.key, header.value)).collect();
        builder.push(&NewRecord {
            timestamp: record.timestamp,
            key: record.key,
            value: record.value,
            headers: &headers,
        });
    }
    builder.build().unwrap()
}
