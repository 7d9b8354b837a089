//! Record batches: headers, records in every codec, building them anew, stamping; and where it is safe, the same
//! reading by an independent decoder.

use bytes::Bytes;
use kafka_protocol::records::RecordBatchDecoder;
use protocol::records::{
    ATTRIBUTES_AT, BatchBuilder, BatchHeader, Batches, Compression, HEADER_BYTES, LENGTH_OVERHEAD_BYTES, NewRecord,
    ProducerStamp, Record, Records, TimestampType, records_of, restamp, stamp,
};

use crate::allocator::bounded;
use crate::codecs::codec_bytes;
use crate::input::{Input, mend_checksums};

/// What compressed records may unpack to.
const UNPACK_MAX_BYTES: usize = 64 << 10;
/// Held by buffers that grow by doubling.
const HELD_BYTES: usize = 4096 + 4 * UNPACK_MAX_BYTES;

/// A byte of flags, then bytes that are batches already, or the fields and the packed records of one.
pub(crate) fn run(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let flags = input.byte();
    let mut batches = if flags & 1 == 0 {
        framed(input.rest())
    } else {
        input.rest().to_vec()
    };
    if flags & 2 == 0 {
        mend_checksums(&mut batches);
    }
    let mut walk = Batches::new(&batches);
    let mut walked = 0;
    while let Some(Ok((header, batch))) = walk.next() {
        walked += batch.len();
        assert_eq!(header.size_bytes(), batch.len());
        check(&header, batch);
    }
    assert_eq!(walked + walk.rest().len(), batches.len());
}

/// A batch whose length and magic are right, whatever the rest says.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let mut batch = bytes.to_vec();
    batch.resize(batch.len().max(HEADER_BYTES), 0);
    let length = (batch.len() - LENGTH_OVERHEAD_BYTES) as i32;
    batch[8..12].copy_from_slice(&length.to_be_bytes());
    batch[16] = 2;
    batch
}

fn check(header: &BatchHeader, batch: &[u8]) {
    let checked = BatchHeader::parse_checked(batch);
    let _ = (
        header.last_offset(),
        header.next_offset(),
        header.last_sequence(),
        header.compression(),
    );
    stamped(batch, checked.is_ok());
    if checked.is_err() {
        return;
    }
    let codec_bytes = header.compression().map_or(0, codec_bytes);
    let read = bounded(HELD_BYTES + codec_bytes, || records_of(header, batch, UNPACK_MAX_BYTES));
    let Ok(unpacked) = read else { return };
    let mut whole = true;
    let mut count = 0;
    bounded(4096, || {
        for record in Records::new(*header, &unpacked) {
            whole &= record.is_ok();
            count += 1;
            if let Ok(record) = record {
                assert_eq!(record.headers.count(), record.headers.len(), "headers were validated");
            }
        }
    });
    assert!(count <= unpacked.len() + 1);
    if whole && count > 0 {
        let records: Vec<Record<'_>> = Records::new(*header, &unpacked).map(Result::unwrap).collect();
        rebuilt(header, &records);
        compare(header, batch, &records);
    }
}

/// Offset and epoch may be stamped in without harm; an append time with a new checksum.
fn stamped(batch: &[u8], sound: bool) {
    let mut copy = batch.to_vec();
    stamp(&mut copy, 77, 5);
    let header = BatchHeader::parse(&copy).expect("a header");
    assert_eq!((header.base_offset, header.leader_epoch), (77, 5));
    assert_eq!(BatchHeader::parse_checked(&copy).is_ok(), sound);
    assert_eq!(copy[ATTRIBUTES_AT..], batch[ATTRIBUTES_AT..]);
    restamp(&mut copy, 123);
    let header = BatchHeader::parse_checked(&copy).expect("a checksum that holds");
    assert_eq!(
        (header.max_timestamp, header.timestamp_type()),
        (123, TimestampType::LogAppendTime)
    );
}

/// The same records in a batch of our own, in the codec that the producer id names.
fn rebuilt(header: &BatchHeader, records: &[Record<'_>]) {
    let codecs = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];
    let codec = codecs[header.producer_id.unsigned_abs() as usize % codecs.len()];
    let mut builder = BatchBuilder::new(3, codec).leader_epoch(9).producer(ProducerStamp {
        id: header.producer_id,
        epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
    });
    for record in records {
        let headers: Vec<_> = record.headers.map(|header| (header.key, header.value)).collect();
        let record = NewRecord {
            timestamp: record.timestamp,
            key: record.key,
            value: record.value,
            headers: &headers,
        };
        let before = builder.size_bytes();
        builder.push(&record);
        assert!(builder.size_bytes() - before <= record.size_bytes_max());
    }
    let batch = builder.build().expect("a batch");
    let header = BatchHeader::parse_checked(&batch).expect("a sound batch");
    let unpacked = records_of(&header, &batch, 4 * UNPACK_MAX_BYTES + (64 << 10)).expect("records");
    let again: Vec<Record<'_>> = Records::new(header, &unpacked).map(Result::unwrap).collect();
    assert_eq!(again.len(), records.len());
    for (at, (again, record)) in again.iter().zip(records).enumerate() {
        assert_eq!(again.offset, 3 + at as i64);
        assert_eq!(again.timestamp, record.timestamp);
        assert_eq!((again.key, again.value), (record.key, record.value));
        assert!(again.headers.eq(record.headers), "order and duplicates are kept");
    }
}

/// What kafka-protocol makes of it. It has no codecs here, wants header keys to be text, keeps one value of
/// each, trusts counts, which were seen to be true, and adds without a look at the ends of the numbers.
fn compare(header: &BatchHeader, batch: &[u8], records: &[Record<'_>]) {
    if header.compression().ok() != Some(Compression::None) || header.is_control() {
        return;
    }
    let middling = |number: i64| number.unsigned_abs() < 1 << 61;
    let adds_up =
        |record: &Record<'_>| middling(record.timestamp) && record.offset.abs_diff(header.base_offset) < 1 << 30;
    let in_middle = middling(header.base_offset) && middling(header.base_timestamp) && middling(header.max_timestamp);
    if !in_middle || header.base_sequence.unsigned_abs() >= 1 << 30 || !records.iter().all(adds_up) {
        return;
    }
    if header.timestamp_type() == TimestampType::LogAppendTime {
        return;
    }
    let text = |record: &Record<'_>| {
        record
            .headers
            .into_iter()
            .all(|header| std::str::from_utf8(header.key).is_ok())
    };
    let Ok(set) = RecordBatchDecoder::decode(&mut Bytes::copy_from_slice(batch)) else {
        return;
    };
    if !records.iter().all(text) {
        return;
    }
    assert_eq!(set.records.len(), records.len());
    for (theirs, ours) in set.records.iter().zip(records) {
        assert_eq!(theirs.offset, ours.offset);
        assert_eq!(theirs.key.as_deref(), ours.key);
        assert_eq!(theirs.value.as_deref(), ours.value);
        assert_eq!(theirs.timestamp, ours.timestamp);
        for (key, value) in &theirs.headers {
            let last = ours
                .headers
                .filter(|header| header.key == key.as_bytes())
                .last()
                .expect("their header");
            assert_eq!(value.as_deref(), last.value);
        }
    }
}
