//! A target's partition as a mirror leaves it, made batch by batch without the machine that is tested elsewhere.

use bytes::Bytes;
use kfleet_mirror::decide::{Decision, Judge, Rules};
use kfleet_mirror::offset_map::OffsetMap;
use kfleet_mirror::re_encode::{Piece, Run, re_encode};
use kfleet_mirror::transform::pass;
use protocol::records::{BatchBuilder, BatchHeader, Compression, NewRecord, ProducerStamp, Records, records_of, stamp};

use crate::random::Random;
use crate::source::Source;

/// A record, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Plain {
    pub(crate) timestamp: i64,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    pub(crate) headers: Vec<(Vec<u8>, Option<Vec<u8>>)>,
}

#[derive(Debug)]
pub(crate) struct Mirrored {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) batches: Vec<Bytes>,
    pub(crate) map: OffsetMap,
    /// Offsets of the same records at source and target.
    pub(crate) pairs: Vec<(i64, i64)>,
}

impl Mirrored {
    /// All of a source, with what was aborted if `is_committed` is false, in a partition that begins at `start`.
    pub(crate) fn of(source: &Source, start: i64, is_committed: bool) -> Self {
        let rules = Rules::default();
        let aborted = source.aborted.iter().filter(|_| is_committed);
        let mut judge = Judge::new(
            &rules,
            aborted.map(|(producer, first, _)| (*first, *producer)).collect(),
        );
        let mut mirrored = Self {
            start,
            end: start,
            batches: Vec::new(),
            map: OffsetMap::new(0, start),
            pairs: Vec::new(),
        };
        for batch in &source.batches {
            let header = BatchHeader::parse(batch).unwrap();
            match judge.decide(batch, 0) {
                Decision::Pass => {
                    let run = Piece::whole(&header, batch.clone()).runs;
                    let producer = ProducerStamp {
                        id: 1000,
                        epoch: 0,
                        base_sequence: mirrored.end as i32,
                    };
                    mirrored.append(&pass(batch, producer).unwrap().to_bytes(), &run);
                }
                Decision::ReEncode(_) => {
                    for piece in re_encode(&rules, batch, 0).unwrap() {
                        mirrored.append(&piece.batch, &piece.runs);
                    }
                }
                Decision::Drop(_) => {}
                other => panic!("{other:?}"),
            }
            mirrored.map.skip_to(header.next_offset());
        }
        mirrored.map.skip_to(source.end);
        mirrored
    }

    fn append(&mut self, batch: &[u8], runs: &[Run]) {
        let mut batch = batch.to_vec();
        stamp(&mut batch, self.end, 0);
        self.batches.push(batch.into());
        for run in runs {
            self.map.append(*run, self.end);
            self.pairs
                .extend((0..run.count).map(|at| (run.source_offset + at, self.end + at)));
            self.end += run.count;
        }
    }

    /// Its records, in order.
    pub(crate) fn records(&self) -> Vec<Plain> {
        self.batches.iter().flat_map(plain).collect()
    }

    /// Other records in its place, in batches of any size.
    pub(crate) fn replace(&mut self, records: &[Plain], random: &mut Random) {
        (self.batches, self.end) = (Vec::new(), self.start);
        let mut rest = records;
        while !rest.is_empty() {
            let (batch, behind) = rest.split_at((1 + random.below(9)).min(rest.len()));
            self.batches.push(built(
                self.end,
                batch,
                [Compression::None, Compression::Lz4][random.below(2)],
            ));
            self.end += batch.len() as i64;
            rest = behind;
        }
    }

    /// What a broker answers: a few whole batches from the one with `from` on.
    pub(crate) fn fetch(&self, from: i64, random: &mut Random) -> Bytes {
        let wanted = self
            .batches
            .iter()
            .filter(|batch| BatchHeader::parse(batch).unwrap().next_offset() > from);
        wanted.take(1 + random.below(4)).flatten().copied().collect()
    }
}

fn plain(batch: &Bytes) -> Vec<Plain> {
    let header = BatchHeader::parse(batch).unwrap();
    let unpacked = records_of(&header, batch, 1 << 20).unwrap();
    let records = Records::new(header, &unpacked).map(|record| {
        let record = record.unwrap();
        let headers = record.headers.map(|h| (h.key.to_vec(), h.value.map(<[u8]>::to_vec)));
        Plain {
            timestamp: record.timestamp,
            key: record.key.map(<[u8]>::to_vec),
            value: record.value.map(<[u8]>::to_vec),
            headers: headers.collect(),
        }
    });
    records.collect()
}

pub(crate) fn built(base_offset: i64, records: &[Plain], codec: Compression) -> Bytes {
    let mut builder = BatchBuilder::new(base_offset, codec);
    for record in records {
        let headers: Vec<_> = record
            .headers
            .iter()
            .map(|(key, value)| (key.as_slice(), value.as_deref()))
            .collect();
        builder.push(&NewRecord {
            timestamp: record.timestamp,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: &headers,
        });
    }
    builder.build().unwrap().into()
}
