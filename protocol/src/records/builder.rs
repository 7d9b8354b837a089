//! Building batches, laid out as Kafka's `MemoryRecordsBuilder` does.

use std::io;

use super::compression::compress;
use super::header::{ATTRIBUTES_AT, Compression, HEADER_BYTES, LENGTH_OVERHEAD_BYTES, TimestampType};
use super::varint::{put_signed, signed_size_bytes};

/// A record to be put into a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NewRecord<'a> {
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value; none is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Headers, in order, duplicates allowed.
    pub headers: &'a [(&'a [u8], Option<&'a [u8]>)],
}

impl NewRecord<'_> {
    /// An upper bound on what the record adds to a batch, in bytes.
    pub fn size_bytes_max(&self) -> usize {
        let field = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len) + 5;
        let headers: usize = self
            .headers
            .iter()
            .map(|(key, value)| field(Some(key)) + field(*value))
            .sum();
        21 + field(self.key) + field(self.value) + headers
    }
}

/// Who wrote a batch, for idempotence and transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProducerStamp {
    /// Producer id.
    pub id: i64,
    /// Producer epoch.
    pub epoch: i16,
    /// Sequence of the first record; -1 for markers.
    pub base_sequence: i32,
}

/// Collects records and writes them as one batch.
#[derive(Debug, Clone)]
pub struct BatchBuilder {
    base_offset: i64,
    leader_epoch: i32,
    compression: Compression,
    attributes: i16,
    producer: ProducerStamp,
    base_timestamp: Option<i64>,
    max_timestamp: i64,
    next_delta: i32,
    /// Room for the header, and the records behind it, so that they need not be moved for it.
    records: Vec<u8>,
}

impl BatchBuilder {
    /// An empty batch at `base_offset`.
    pub fn new(base_offset: i64, compression: Compression) -> Self {
        Self {
            base_offset,
            leader_epoch: -1,
            compression,
            attributes: 0,
            producer: ProducerStamp {
                id: -1,
                epoch: -1,
                base_sequence: -1,
            },
            base_timestamp: None,
            max_timestamp: -1,
            next_delta: 0,
            records: vec![0; HEADER_BYTES],
        }
    }

    /// The partition leader epoch to write; -1 if not called.
    #[must_use]
    pub fn leader_epoch(mut self, leader_epoch: i32) -> Self {
        self.leader_epoch = leader_epoch;
        self
    }

    /// The producer to write.
    #[must_use]
    pub fn producer(mut self, producer: ProducerStamp) -> Self {
        self.producer = producer;
        self
    }

    /// Marks the batch as part of a transaction.
    #[must_use]
    pub fn transactional(mut self) -> Self {
        self.attributes |= 0x10;
        self
    }

    /// Marks the batch as a control batch.
    #[must_use]
    pub fn control(mut self) -> Self {
        self.attributes |= 0x20;
        self
    }

    /// Marks whose clock the timestamps are from.
    #[must_use]
    pub fn timestamp_type(mut self, kind: TimestampType) -> Self {
        self.attributes = if kind == TimestampType::LogAppendTime {
            self.attributes | 0x08
        } else {
            self.attributes & !0x08
        };
        self
    }

    /// Adds a record behind the last.
    pub fn push(&mut self, record: &NewRecord<'_>) {
        let base = *self.base_timestamp.get_or_insert(record.timestamp);
        self.max_timestamp = self.max_timestamp.max(record.timestamp);
        let timestamp_delta = record.timestamp.wrapping_sub(base);
        let size_bytes = body_size_bytes(record, timestamp_delta, self.next_delta);
        let out = &mut self.records;
        put_signed(out, size_bytes as i64);
        out.push(0);
        put_signed(out, timestamp_delta);
        put_signed(out, i64::from(self.next_delta));
        put_nullable(out, record.key);
        put_nullable(out, record.value);
        put_signed(out, record.headers.len() as i64);
        for (key, value) in record.headers {
            put_nullable(out, Some(key));
            put_nullable(out, *value);
        }
        self.next_delta += 1;
    }

    /// Records added so far.
    pub fn len(&self) -> usize {
        self.next_delta as usize
    }

    /// Whether no record was added.
    pub fn is_empty(&self) -> bool {
        self.next_delta == 0
    }

    /// Size of the batch if it were written now without compression, in bytes.
    pub fn size_bytes(&self) -> usize {
        self.records.len()
    }

    /// Writes the batch.
    pub fn build(self) -> io::Result<Vec<u8>> {
        let codec: i16 = match self.compression {
            Compression::None => 0,
            Compression::Gzip => 1,
            Compression::Snappy => 2,
            Compression::Lz4 => 3,
            Compression::Zstd => 4,
        };
        let mut out = self.records;
        if codec != 0 {
            let packed = compress(self.compression, out.get(HEADER_BYTES..).unwrap_or_default())?;
            out.truncate(HEADER_BYTES);
            out.extend_from_slice(&packed);
        }
        let batch_length = i32::try_from(out.len() - LENGTH_OVERHEAD_BYTES).map_err(io::Error::other)?;
        let mut header = Vec::with_capacity(HEADER_BYTES);
        header.extend_from_slice(&self.base_offset.to_be_bytes());
        header.extend_from_slice(&batch_length.to_be_bytes());
        header.extend_from_slice(&self.leader_epoch.to_be_bytes());
        header.push(2);
        header.extend_from_slice(&[0; 4]);
        header.extend_from_slice(&(self.attributes | codec).to_be_bytes());
        header.extend_from_slice(&(self.next_delta - 1).to_be_bytes());
        header.extend_from_slice(&self.base_timestamp.unwrap_or(-1).to_be_bytes());
        header.extend_from_slice(&self.max_timestamp.to_be_bytes());
        header.extend_from_slice(&self.producer.id.to_be_bytes());
        header.extend_from_slice(&self.producer.epoch.to_be_bytes());
        header.extend_from_slice(&self.producer.base_sequence.to_be_bytes());
        header.extend_from_slice(&self.next_delta.to_be_bytes());
        if let Some(room) = out.get_mut(..HEADER_BYTES) {
            room.copy_from_slice(&header);
        }
        let crc = crc32c::crc32c(out.get(ATTRIBUTES_AT..).unwrap_or_default());
        if let Some(field) = out.get_mut(17..ATTRIBUTES_AT) {
            field.copy_from_slice(&crc.to_be_bytes());
        }
        Ok(out)
    }
}

fn body_size_bytes(record: &NewRecord<'_>, timestamp_delta: i64, offset_delta: i32) -> usize {
    let headers: usize = record
        .headers
        .iter()
        .map(|(key, value)| nullable_size_bytes(Some(key)) + nullable_size_bytes(*value))
        .sum();
    1 + signed_size_bytes(timestamp_delta)
        + signed_size_bytes(i64::from(offset_delta))
        + nullable_size_bytes(record.key)
        + nullable_size_bytes(record.value)
        + signed_size_bytes(record.headers.len() as i64)
        + headers
}

fn nullable_size_bytes(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(1, |bytes| signed_size_bytes(bytes.len() as i64) + bytes.len())
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => put_signed(out, -1),
        Some(bytes) => {
            put_signed(out, bytes.len() as i64);
            out.extend_from_slice(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::records::{BatchHeader, Batches, Records, records_of};

    type Pair = (Vec<u8>, Option<Vec<u8>>);
    type Written = (i64, Option<Vec<u8>>, Option<Vec<u8>>, Vec<Pair>);

    fn record_strategy() -> impl Strategy<Value = Written> {
        let header = (prop::collection::vec(any::<u8>(), 0..4), any::<Option<Vec<u8>>>());
        (
            0i64..1 << 45,
            any::<Option<Vec<u8>>>(),
            any::<Option<Vec<u8>>>(),
            prop::collection::vec(header, 0..4),
        )
    }

    proptest! {
        #[test]
        fn records_come_back_as_they_went_in(
            records in prop::collection::vec(record_strategy(), 1..20),
            codec in 0usize..5,
            base_offset in 0i64..1 << 40,
        ) {
            let codec = [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd][codec];
            let mut builder = BatchBuilder::new(base_offset, codec).leader_epoch(4);
            for (timestamp, key, value, headers) in &records {
                let headers: Vec<_> = headers.iter().map(|(k, v)| (k.as_slice(), v.as_deref())).collect();
                let record = NewRecord { timestamp: *timestamp, key: key.as_deref(), value: value.as_deref(), headers: &headers };
                let before = builder.size_bytes();
                builder.push(&record);
                prop_assert!(builder.size_bytes() - before <= record.size_bytes_max());
            }
            let batch = builder.build().unwrap();
            let header = BatchHeader::parse_checked(&batch).unwrap();
            prop_assert_eq!(header.max_timestamp, records.iter().map(|r| r.0).max().unwrap());
            prop_assert_eq!(Batches::new(&batch).count(), 1);
            let unpacked = records_of(&header, &batch, 1 << 20).unwrap();
            let read: Vec<_> = Records::new(header, &unpacked).map(Result::unwrap).collect();
            prop_assert_eq!(read.len(), records.len());
            for ((index, read), (timestamp, key, value, headers)) in read.iter().enumerate().zip(&records) {
                prop_assert_eq!(read.offset, base_offset + index as i64);
                prop_assert_eq!(read.timestamp, *timestamp);
                prop_assert_eq!(read.key, key.as_deref());
                prop_assert_eq!(read.value, value.as_deref());
                let back: Vec<Pair> = read.headers.map(|h| (h.key.to_vec(), h.value.map(<[u8]>::to_vec))).collect();
                prop_assert_eq!(&back, headers);
            }
        }

        #[test]
        fn any_bytes_are_records_or_an_error(bytes: Vec<u8>, count: i32) {
            let mut header = BatchHeader::parse(&BatchBuilder::new(0, Compression::None).build().unwrap()).unwrap();
            header.record_count = count;
            prop_assert!(Records::new(header, &bytes).count() <= bytes.len() + 1);
        }
    }
}
