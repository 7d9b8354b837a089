//! A partition as a source has it: batches of all kinds, and which records of them are to be mirrored.

use bytes::Bytes;
use protocol::records::{BatchBuilder, BatchHeader, Compression, NewRecord, ProducerStamp};

use crate::random::Random;

const CODECS: [Compression; 5] = [
    Compression::None,
    Compression::Gzip,
    Compression::Snappy,
    Compression::Lz4,
    Compression::Zstd,
];

/// Offset at the source and value of a record.
pub(crate) type Kept = (i64, Vec<u8>);

#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) topic_id: [u8; 16],
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) leader_epoch: i32,
    /// Where the leader epoch began.
    pub(crate) epoch_start: i64,
    pub(crate) batches: Vec<Bytes>,
    /// Producer, first offset, and where the marker is.
    pub(crate) aborted: Vec<(i64, i64, i64)>,
    pub(crate) kept: Vec<Kept>,
}

impl Source {
    /// As many batches, of kinds by chance.
    pub(crate) fn random(random: &mut Random, batches: usize) -> Self {
        let mut source = Self::default();
        for _ in 0..batches {
            source.grow(random);
        }
        // The last batch is kept by every compaction.
        source.push(CODECS[random.below(5)], 1, &[]);
        source
    }

    fn grow(&mut self, random: &mut Random) {
        let codec = CODECS[random.below(5)];
        let records = 1 + random.below(6);
        match random.below(10) {
            0..5 => self.push(codec, records, &[]),
            5 => self.push(codec, records + 2, &[random.below(records), records]),
            6 => self.push(codec, records, &(0..records).collect::<Vec<_>>()),
            7 => self.end += 1 + random.below(3) as i64,
            kind => self.transaction(codec, records, 50 + random.below(2) as i64, kind == 8),
        }
    }

    /// A batch without the records at these places.
    pub(crate) fn push(&mut self, codec: Compression, records: usize, holes: &[usize]) {
        self.append(BatchBuilder::new(self.end, codec), records, holes, true);
    }

    fn transaction(&mut self, codec: Compression, records: usize, producer: i64, is_aborted: bool) {
        let stamp = ProducerStamp {
            id: producer,
            epoch: 0,
            base_sequence: 0,
        };
        let first = self.end;
        let batch = BatchBuilder::new(first, codec).producer(stamp).transactional();
        self.append(batch, records, &[], !is_aborted);
        // Something else comes between.
        self.push(codec, 1, &[]);
        let mut marker = BatchBuilder::new(self.end, Compression::None)
            .producer(stamp)
            .transactional()
            .control();
        marker.push(&NewRecord {
            key: Some(if is_aborted { &[0, 0, 0, 0] } else { &[0, 0, 0, 1] }),
            ..NewRecord::default()
        });
        self.batches.push(marker.build().unwrap().into());
        if is_aborted {
            self.aborted.push((producer, first, self.end));
        }
        self.end += 1;
    }

    /// Records whose value is their offset; holes are made as compaction makes them, deltas stay.
    fn append(&mut self, builder: BatchBuilder, records: usize, holes: &[usize], is_kept: bool) {
        let base = self.end;
        let mut builder = builder.leader_epoch(self.leader_epoch);
        for at in 0..records {
            let offset = base + at as i64;
            let value = format!("{}-{offset}", self.leader_epoch).into_bytes();
            builder.push(&NewRecord {
                timestamp: offset,
                key: Some(b"key"),
                value: Some(&value),
                headers: &[(b"same", Some(b"1")), (b"same", None)],
            });
            if is_kept && !holes.contains(&at) {
                self.kept.push((offset, value));
            }
        }
        let batch = builder.build().unwrap();
        let batch = if holes.is_empty() {
            batch
        } else {
            without(&batch, holes)
        };
        self.end += records as i64;
        self.batches.push(batch.into());
    }

    /// What a broker answers: whole batches from the one with `from` on, and now and then one that is cut short.
    pub(crate) fn fetch(&self, from: i64, random: &mut Random) -> (Bytes, Vec<(i64, i64)>) {
        let wanted = self.batches.iter().filter(|batch| header(batch).next_offset() > from);
        let mut out = Vec::new();
        let (mut until, mut first) = (from, None);
        for batch in wanted {
            if first.is_some() && random.one_in(3) {
                let cut = random.below(batch.len());
                out.extend_from_slice(&batch[..cut]);
                break;
            }
            out.extend_from_slice(batch);
            first.get_or_insert(header(batch).base_offset);
            until = header(batch).next_offset();
        }
        let first = first.unwrap_or(from);
        let aborted = self
            .aborted
            .iter()
            .filter(|(_, begun, marker)| *begun < until && *marker >= first);
        (
            out.into(),
            aborted.map(|(producer, begun, _)| (*begun, *producer)).collect(),
        )
    }

    /// Retention removes what is before an offset.
    pub(crate) fn remove_before(&mut self, offset: i64) {
        self.start = offset;
        self.batches.retain(|batch| header(batch).next_offset() > offset);
    }

    /// A leader is elected that has nothing from `end` on, where a batch has to begin.
    pub(crate) fn truncate(&mut self, end: i64) {
        self.batches.retain(|batch| header(batch).next_offset() <= end);
        self.kept.retain(|(offset, _)| *offset < end);
        self.end = end;
        self.leader_epoch += 1;
        self.epoch_start = end;
    }

    /// Damages the last batch.
    pub(crate) fn damage(&mut self) {
        let mut batch = self.batches.pop().unwrap().to_vec();
        *batch.last_mut().unwrap() ^= 1;
        self.batches.push(batch.into());
    }
}

fn header(batch: &[u8]) -> BatchHeader {
    BatchHeader::parse(batch).unwrap()
}

/// A batch without some of its records; the others keep their deltas.
fn without(batch: &[u8], holes: &[usize]) -> Vec<u8> {
    use protocol::records::{compress, decompress};
    let header = header(batch);
    let codec = header.compression().unwrap();
    let unpacked = decompress(codec, &batch[61..], 1 << 20).unwrap();
    let (mut rest, mut at, mut kept) = (&unpacked[..], 0, Vec::new());
    let mut left = 0i32;
    while !rest.is_empty() {
        // Lengths of the records made here fit one or two bytes of a zigzag varint.
        let (length, size_bytes) = match rest {
            [one, ..] if one & 0x80 == 0 => (usize::from(*one) / 2, 1),
            [one, two, ..] => ((usize::from(one & 0x7f) | usize::from(*two) << 7) / 2, 2),
            _ => unreachable!(),
        };
        let (record, behind) = rest.split_at(size_bytes + length);
        if !holes.contains(&at) {
            kept.extend_from_slice(record);
            left += 1;
        }
        (rest, at) = (behind, at + 1);
    }
    let mut out = batch[..61].to_vec();
    if left > 0 {
        out.extend_from_slice(&compress(codec, &kept).unwrap());
    }
    let length = out.len() as i32 - 12;
    out[8..12].copy_from_slice(&length.to_be_bytes());
    out[57..61].copy_from_slice(&left.to_be_bytes());
    let crc = crc32c(&out[21..]);
    out[17..21].copy_from_slice(&crc.to_be_bytes());
    out
}

/// Bit by bit.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
        }
    }
    !crc
}
