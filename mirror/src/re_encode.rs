//! Batches written anew: without holes, from the middle of one, with other times, in smaller parts, or several as one.

use bytes::Bytes;
use protocol::records::{BatchBuilder, BatchHeader, Compression, NewRecord, Record, Records, records_of};

use crate::decide::{Poison, Rules, Timestamps};
use crate::transform::LOG_APPEND_TIME;

/// Records of the source that follow each other without a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Offset of the first, at the source.
    pub source_offset: i64,
    /// How many.
    pub count: i64,
}

/// A batch that a broker takes once its producer is stamped, and which records of the source are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The batch, with as many records as offsets.
    pub batch: Bytes,
    /// Where its records are from, in order; never empty.
    pub runs: Vec<Run>,
}

impl Piece {
    /// A batch of the source as it is.
    pub fn whole(header: &BatchHeader, batch: Bytes) -> Self {
        let run = Run {
            source_offset: header.base_offset,
            count: i64::from(header.record_count),
        };
        Self { batch, runs: vec![run] }
    }

    /// Records in it.
    pub fn count(&self) -> i64 {
        self.runs.iter().map(|run| run.count).sum()
    }

    /// Offset of its first record at the source.
    pub fn first_offset(&self) -> i64 {
        self.runs.first().map_or(0, |run| run.source_offset)
    }
}

/// Writes the records of a batch anew from offset `from` on, in as many batches as it takes to keep each within the target's
/// bound.
pub fn re_encode(rules: &Rules, batch: &[u8], from: i64) -> Result<Vec<Piece>, Poison> {
    let mut header = BatchHeader::parse(batch)?;
    let unpacked = records_of(&header, batch, rules.unpack_max_bytes)?;
    if rules.timestamps == Timestamps::Create {
        // The times in the records are the producer's.
        header.attributes &= !LOG_APPEND_TIME;
    }
    let mut records = Vec::new();
    for record in Records::new(header, &unpacked) {
        let record = record?;
        if record.offset >= from {
            records.push(record);
        }
    }
    let mut pieces = Vec::new();
    write_parts(&records, header.compression()?, rules.batch_max_bytes, &mut pieces)?;
    Ok(pieces)
}

/// Writes pieces, which follow each other, as one with this codec; none if that would be too large or if they cannot be read.
pub fn coalesce(rules: &Rules, pieces: &[Piece], codec: Compression) -> Option<Piece> {
    let mut builder = BatchBuilder::new(0, codec);
    let mut runs: Vec<Run> = Vec::new();
    for piece in pieces {
        let mut header = BatchHeader::parse(&piece.batch).ok()?;
        header.attributes &= !LOG_APPEND_TIME;
        let unpacked = records_of(&header, &piece.batch, rules.unpack_max_bytes).ok()?;
        for record in Records::new(header, &unpacked) {
            push(&mut builder, &record.ok()?);
        }
        for run in &piece.runs {
            extend(&mut runs, *run);
        }
    }
    let batch = builder.build().ok()?;
    (batch.len() <= rules.batch_max_bytes).then_some(Piece {
        batch: batch.into(),
        runs,
    })
}

/// One batch, or halves for as long as they are too large.
fn write_parts(
    records: &[Record<'_>],
    codec: Compression,
    max_bytes: usize,
    pieces: &mut Vec<Piece>,
) -> Result<(), Poison> {
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return Ok(());
    };
    let mut builder = BatchBuilder::new(0, codec);
    let mut runs = Vec::new();
    for record in records {
        push(&mut builder, record);
        let run = Run {
            source_offset: record.offset,
            count: 1,
        };
        extend(&mut runs, run);
    }
    let batch = builder.build().map_err(|error| Poison::Records(error.to_string()))?;
    if batch.len() <= max_bytes {
        pieces.push(Piece {
            batch: batch.into(),
            runs,
        });
        return Ok(());
    }
    if first.offset == last.offset {
        return Err(Poison::RecordTooLarge {
            offset: first.offset,
            size_bytes: batch.len(),
            max_bytes,
        });
    }
    let (front, back) = records.split_at(records.len() / 2);
    write_parts(front, codec, max_bytes, pieces)?;
    write_parts(back, codec, max_bytes, pieces)
}

fn push(builder: &mut BatchBuilder, record: &Record<'_>) {
    let headers: Vec<_> = record.headers.map(|header| (header.key, header.value)).collect();
    builder.push(&NewRecord {
        timestamp: record.timestamp,
        key: record.key,
        value: record.value,
        headers: &headers,
    });
}

/// Adds a run behind the others.
fn extend(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        Some(last) if last.source_offset + last.count == run.source_offset => last.count += run.count,
        _ => runs.push(run),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CODECS: [Compression; 5] = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];

    type Pair = (Vec<u8>, Option<Vec<u8>>);
    /// Time, key, value, headers.
    type Owned = (i64, Option<Vec<u8>>, Option<Vec<u8>>, Vec<Pair>);

    fn record() -> impl Strategy<Value = Owned> {
        let header = (prop::collection::vec(any::<u8>(), 0..3), any::<Option<Vec<u8>>>());
        let headers = prop::collection::vec(header, 0..3);
        (
            0i64..1 << 45,
            any::<Option<Vec<u8>>>(),
            any::<Option<Vec<u8>>>(),
            headers,
        )
    }

    fn build(base_offset: i64, codec: Compression, records: &[Owned]) -> Bytes {
        let mut builder = BatchBuilder::new(base_offset, codec);
        for (timestamp, key, value, headers) in records {
            let headers: Vec<_> = headers
                .iter()
                .map(|(key, value)| (key.as_slice(), value.as_deref()))
                .collect();
            builder.push(&NewRecord {
                timestamp: *timestamp,
                key: key.as_deref(),
                value: value.as_deref(),
                headers: &headers,
            });
        }
        builder.build().unwrap().into()
    }

    /// The records of pieces with the offsets that they had at the source.
    fn read(pieces: &[Piece]) -> Vec<(i64, Owned)> {
        let mut out = Vec::new();
        for piece in pieces {
            let header = BatchHeader::parse_checked(&piece.batch).unwrap();
            assert_eq!(i64::from(header.record_count), piece.count());
            assert_eq!(header.record_count, header.last_offset_delta + 1);
            let unpacked = records_of(&header, &piece.batch, 1 << 20).unwrap();
            let offsets = piece
                .runs
                .iter()
                .flat_map(|run| run.source_offset..run.source_offset + run.count);
            for ((at, record), offset) in Records::new(header, &unpacked).enumerate().zip(offsets) {
                let record = record.unwrap();
                assert_eq!(record.offset - header.base_offset, at as i64, "deltas go up by one");
                let headers = record
                    .headers
                    .map(|h| (h.key.to_vec(), h.value.map(<[u8]>::to_vec)))
                    .collect();
                let (key, value) = (record.key.map(<[u8]>::to_vec), record.value.map(<[u8]>::to_vec));
                out.push((offset, (record.timestamp, key, value, headers)));
            }
        }
        out
    }

    fn with_attributes(batch: &Bytes, attributes: u8) -> Bytes {
        let mut batch = batch.to_vec();
        batch[22] |= attributes;
        let crc = crc32c::crc32c(&batch[21..]);
        batch[17..21].copy_from_slice(&crc.to_be_bytes());
        batch.into()
    }

    proptest! {
        #[test]
        fn parts_hold_each_record_once_and_in_order(
            records in prop::collection::vec(record(), 1..30),
            codec in 0usize..5,
            skipped in 0usize..10,
            max_bytes in 300usize..2000,
        ) {
            let batch = build(100, CODECS[codec], &records);
            let from = 100 + skipped as i64;
            let rules = Rules { batch_max_bytes: max_bytes, ..Rules::default() };
            match re_encode(&rules, &batch, from) {
                Ok(pieces) => {
                    prop_assert!(pieces.iter().all(|piece| piece.batch.len() <= max_bytes));
                    let wanted: Vec<_> = (100i64..).zip(records).filter(|(offset, _)| *offset >= from).collect();
                    prop_assert_eq!(read(&pieces), wanted);
                }
                Err(Poison::RecordTooLarge { size_bytes, .. }) => prop_assert!(size_bytes > max_bytes),
                Err(other) => prop_assert!(false, "{}", other),
            }
        }

        #[test]
        fn small_batches_become_one(
            batches in prop::collection::vec(prop::collection::vec(record(), 1..5), 1..6),
            codec in 0usize..5,
            hole in 0i64..3,
        ) {
            let (mut offset, mut pieces) = (7, Vec::new());
            for records in &batches {
                let batch = build(offset, CODECS[codec], records);
                pieces.push(Piece::whole(&BatchHeader::parse(&batch).unwrap(), batch));
                offset += records.len() as i64 + hole;
            }
            let one = coalesce(&Rules::default(), &pieces, CODECS[codec]).unwrap();
            prop_assert_eq!(one.runs.len(), if hole == 0 { 1 } else { batches.len() });
            prop_assert_eq!(read(std::slice::from_ref(&one)), read(&pieces));
        }
    }

    /// A record with this offset delta and no fields, and a batch of three with the middle one taken out.
    #[test]
    fn holes_are_closed_and_remembered() {
        let records: Vec<Owned> = (0..3).map(|at| (at, Some(vec![at as u8]), None, Vec::new())).collect();
        let batch = build(10, Compression::None, &records);
        let size_bytes = (batch.len() - 61) / 3;
        let mut compacted = batch.to_vec();
        compacted.drain(61 + size_bytes..61 + 2 * size_bytes);
        let length = compacted.len() as i32 - 12;
        compacted[8..12].copy_from_slice(&length.to_be_bytes());
        compacted[57..61].copy_from_slice(&2i32.to_be_bytes());
        let pieces = re_encode(&Rules::default(), &compacted, 0).unwrap();
        let offsets: Vec<_> = read(&pieces)
            .into_iter()
            .map(|(offset, record)| (offset, record.1))
            .collect();
        assert_eq!(offsets, [(10, Some(vec![0])), (12, Some(vec![2]))]);
        assert_eq!(pieces[0].runs.len(), 2);
    }

    #[test]
    fn times_are_the_producers_or_the_brokers_as_the_rule_says() {
        let records: Vec<Owned> = [5, 9, 7].map(|at| (at, None, None, Vec::new())).into();
        let batch = with_attributes(&build(0, Compression::Zstd, &records), 0x08);
        let times = |timestamps| {
            let rules = Rules {
                timestamps,
                ..Rules::default()
            };
            let pieces = re_encode(&rules, &batch, 0).unwrap();
            read(&pieces)
                .into_iter()
                .map(|(_, record)| record.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(times(Timestamps::Create), [5, 9, 7]);
        assert_eq!(times(Timestamps::Append), [9, 9, 9]);
    }

    #[test]
    fn what_cannot_be_unpacked_is_poison() {
        let batch = build(0, Compression::Gzip, &[(0, None, Some(vec![0; 5000]), Vec::new())]);
        let rules = Rules {
            unpack_max_bytes: 1000,
            ..Rules::default()
        };
        let poison = re_encode(&rules, &batch, 0).unwrap_err();
        assert!(poison.to_string().contains("more than 1000 bytes"), "{poison}");
    }
}
