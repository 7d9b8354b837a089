//! Finding out what a mirror that died had written: the end of the target is laid against the source, batch by batch where
//! their records are the same bytes, and otherwise record by record.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::Bytes;
use protocol::records::{BatchHeader, RecordError, Records, records_of};

use crate::re_encode::{Piece, Run};
use crate::transform::{LOG_APPEND_TIME, payload_crc};

/// What is the same in two batches whose records are the same bytes.
pub(crate) type Fingerprint = (u8, i32, i64, usize, u32);

/// A batch of either side, and where its records are there.
#[derive(Debug)]
struct Unit {
    fingerprint: Option<Fingerprint>,
    batch: Bytes,
    runs: Vec<Run>,
    /// Offset and hash of each record, once it has been read.
    records: Option<VecDeque<(i64, u64)>>,
}

/// Why matching stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pause {
    /// More of the source is needed.
    Source,
    /// More of the target is needed.
    Target,
    /// The record at this offset of the target is not the source's next.
    Mismatch {
        /// The target's.
        target_offset: i64,
    },
}

/// Both sides, from the first records that have not been matched.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    source: VecDeque<Unit>,
    target: VecDeque<Unit>,
    /// The source may have lost records to compaction since they were mirrored.
    is_compacted: bool,
}

impl Tail {
    pub(crate) fn new(is_compacted: bool) -> Self {
        Self {
            is_compacted,
            ..Self::default()
        }
    }

    /// Whether all of the source that was pushed is matched.
    pub(crate) fn wants_source(&self) -> bool {
        self.source.is_empty()
    }

    /// Whether all of the target that was pushed is matched.
    pub(crate) fn wants_target(&self) -> bool {
        self.target.is_empty()
    }

    /// What the source has next.
    pub(crate) fn push_source(&mut self, piece: Piece) {
        let fingerprint = fingerprint(&piece.batch);
        self.source.push_back(Unit {
            fingerprint,
            batch: piece.batch,
            runs: piece.runs,
            records: None,
        });
    }

    /// The target's next batch, of which records from `from` on count.
    pub(crate) fn push_target(
        &mut self,
        header: &BatchHeader,
        batch: Bytes,
        from: i64,
        unpack_max_bytes: usize,
    ) -> Result<(), RecordError> {
        let is_whole = header.base_offset >= from && header.record_count == header.last_offset_delta.saturating_add(1);
        let mut unit = Unit {
            fingerprint: is_whole.then(|| fingerprint(&batch)).flatten(),
            batch,
            runs: vec![Run {
                source_offset: header.base_offset,
                count: i64::from(header.record_count),
            }],
            records: None,
        };
        if !is_whole {
            let mut records = hashes(&unit.batch, unpack_max_bytes)?;
            records.retain(|(offset, _)| *offset >= from);
            unit.records = Some(records);
        }
        self.target.push_back(unit);
        Ok(())
    }

    /// Matches as far as both sides reach, and tells `each` of records of the source and where they lie at the target.
    pub(crate) fn advance(
        &mut self,
        unpack_max_bytes: usize,
        mut each: impl FnMut(Run, i64),
    ) -> Result<Pause, RecordError> {
        loop {
            let Some(target) = self.target.front_mut() else {
                return Ok(Pause::Target);
            };
            let Some(source) = self.source.front_mut() else {
                return Ok(Pause::Source);
            };
            if source.is_same(target) {
                let mut at = target.first();
                for run in &source.runs {
                    each(*run, at);
                    at += run.count;
                }
                self.source.pop_front();
                self.target.pop_front();
                continue;
            }
            let (ours, theirs) = (
                source.read(unpack_max_bytes, true)?,
                target.read(unpack_max_bytes, false)?,
            );
            while let (Some((offset, hash)), Some((at, other))) = (ours.front().copied(), theirs.front().copied()) {
                theirs.pop_front();
                if hash == other {
                    ours.pop_front();
                    let run = Run {
                        source_offset: offset,
                        count: 1,
                    };
                    each(run, at);
                } else if !self.is_compacted {
                    return Ok(Pause::Mismatch { target_offset: at });
                }
            }
            let (is_ours_read, is_theirs_read) = (ours.is_empty(), theirs.is_empty());
            if is_ours_read {
                self.source.pop_front();
            }
            if is_theirs_read {
                self.target.pop_front();
            }
        }
    }
}

impl Unit {
    fn first(&self) -> i64 {
        self.runs.first().map_or(0, |run| run.source_offset)
    }

    fn is_same(&self, other: &Self) -> bool {
        let is_untouched = self.records.is_none() && other.records.is_none();
        is_untouched && self.fingerprint.is_some() && self.fingerprint == other.fingerprint
    }

    /// Its records that have not been matched, with the offsets that they have on its side.
    fn read(&mut self, unpack_max_bytes: usize, by_runs: bool) -> Result<&mut VecDeque<(i64, u64)>, RecordError> {
        if self.records.is_none() {
            let mut records = hashes(&self.batch, unpack_max_bytes)?;
            if by_runs {
                let offsets = self
                    .runs
                    .iter()
                    .flat_map(|run| run.source_offset..run.source_offset + run.count);
                for (record, offset) in records.iter_mut().zip(offsets) {
                    record.0 = offset;
                }
            }
            self.records = Some(records);
        }
        Ok(self.records.get_or_insert_default())
    }
}

pub(crate) fn fingerprint(batch: &[u8]) -> Option<Fingerprint> {
    let header = BatchHeader::parse(batch).ok()?;
    let codec = (header.attributes & 0x07) as u8;
    let crc = payload_crc(&header, batch)?;
    Some((codec, header.record_count, header.base_timestamp, batch.len(), crc))
}

/// Offset and hash of each record; the time is the producer's whoever stamped the batch.
fn hashes(batch: &[u8], unpack_max_bytes: usize) -> Result<VecDeque<(i64, u64)>, RecordError> {
    let mut header = BatchHeader::parse(batch)?;
    let unpacked = records_of(&header, batch, unpack_max_bytes)?;
    header.attributes &= !LOG_APPEND_TIME;
    let hashed = Records::new(header, &unpacked).map(|record| {
        let record = record?;
        let mut hasher = DefaultHasher::new();
        (record.timestamp, record.key, record.value, record.headers.len()).hash(&mut hasher);
        for header in record.headers {
            (header.key, header.value).hash(&mut hasher);
        }
        Ok((record.offset, hasher.finish()))
    });
    hashed.collect()
}

#[cfg(test)]
mod tests {
    use protocol::records::{BatchBuilder, Compression, NewRecord};

    use super::*;

    fn batch(base_offset: i64, codec: Compression, values: &[&str]) -> Bytes {
        let mut builder = BatchBuilder::new(base_offset, codec);
        for value in values {
            builder.push(&NewRecord {
                timestamp: 5,
                value: Some(value.as_bytes()),
                ..NewRecord::default()
            });
        }
        builder.build().unwrap().into()
    }

    fn matched(source: &[Bytes], target: &[Bytes], from: i64, is_compacted: bool) -> (Vec<(i64, i64)>, Pause) {
        let mut tail = Tail::new(is_compacted);
        for batch in source {
            tail.push_source(Piece::whole(&BatchHeader::parse(batch).unwrap(), batch.clone()));
        }
        for batch in target {
            let header = BatchHeader::parse(batch).unwrap();
            tail.push_target(&header, batch.clone(), from, 1 << 20).unwrap();
        }
        let mut pairs = Vec::new();
        let pause = tail.advance(1 << 20, |run, target| {
            pairs.extend((0..run.count).map(|at| (run.source_offset + at, target + at)));
        });
        (pairs, pause.unwrap())
    }

    const LZ4: Compression = Compression::Lz4;
    const NONE: Compression = Compression::None;

    #[test]
    fn whole_batches_match_without_being_read() {
        let source = [batch(10, LZ4, &["a", "b"]), batch(12, LZ4, &["c"])];
        let mut unreadable = batch(3, LZ4, &["a", "b"]).to_vec();
        unreadable[61..].fill(0xff);
        let target = [Bytes::from(unreadable), batch(5, LZ4, &["c"])];
        let (pairs, pause) = matched(&source, &target, 3, false);
        assert_eq!(pairs, [(10, 3), (11, 4), (12, 5)]);
        assert_eq!(pause, Pause::Target);
    }

    #[test]
    fn other_batches_match_by_their_records() {
        let source = [batch(10, LZ4, &["a", "b", "c"]), batch(13, LZ4, &["d"])];
        let target = [
            batch(2, NONE, &["x", "a"]),
            batch(4, NONE, &["b"]),
            batch(5, NONE, &["c", "d"]),
        ];
        let (pairs, pause) = matched(&source, &target, 3, false);
        assert_eq!(pairs, [(10, 3), (11, 4), (12, 5), (13, 6)]);
        assert_eq!(pause, Pause::Target);
        let (pairs, pause) = matched(&source[..1], &target, 3, false);
        assert_eq!((pairs.len(), pause), (3, Pause::Source));
    }

    #[test]
    fn a_foreign_record_is_found() {
        let source = [batch(0, LZ4, &["a", "b"])];
        let target = [batch(0, LZ4, &["a"]), batch(1, LZ4, &["foreign"])];
        let (pairs, pause) = matched(&source, &target, 0, false);
        assert_eq!((pairs.len(), pause), (1, Pause::Mismatch { target_offset: 1 }));
    }

    #[test]
    fn what_compaction_took_from_the_source_is_passed_over() {
        let source = [batch(1, LZ4, &["b"]), batch(3, LZ4, &["d", "e"])];
        let target = [batch(0, LZ4, &["a", "b", "c", "d"])];
        let (pairs, pause) = matched(&source, &target, 0, true);
        assert_eq!((pairs, pause), (vec![(1, 1), (3, 3)], Pause::Target));
    }
}
