//! What becomes of each batch of the source: passed through, encoded anew, left out, or too bad to go on.

use std::collections::BTreeSet;
use std::iter::Peekable;
use std::vec::IntoIter;

use protocol::records::{BatchHeader, HeaderError, RecordError, TimestampType, is_abort};

/// Bytes that a control record may unpack to; control batches are not compressed.
const CONTROL_MAX_BYTES: usize = 1 << 16;

/// Which time the target's records bear where the source's broker stamped its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Timestamps {
    /// The producer's, which the source still has in its records.
    #[default]
    Create,
    /// The source broker's, as a consumer of the source sees it.
    Append,
}

/// By what batches are judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// The target's max.message.bytes.
    pub batch_max_bytes: usize,
    /// What one compressed batch may unpack to.
    pub unpack_max_bytes: usize,
    /// Which time records bear.
    pub timestamps: Timestamps,
    /// Producers whose batches came from where they would go: those of the mirror in the other direction.
    pub mirrored_by: BTreeSet<i64>,
}

impl Default for Rules {
    /// Kafka's own max.message.bytes, and no more than a request may hold once it is unpacked.
    fn default() -> Self {
        Self {
            batch_max_bytes: 1_048_588,
            unpack_max_bytes: 100 << 20,
            timestamps: Timestamps::Create,
            mirrored_by: BTreeSet::new(),
        }
    }
}

/// What becomes of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Its header is patched.
    Pass,
    /// Its records are written anew.
    ReEncode(Why),
    /// Left out; a gap in the source's offsets without records at the target.
    Drop(Gap),
    /// All of it has been mirrored before.
    Behind,
    /// Neither the batch nor what follows it can be mirrored.
    Park(Poison),
}

/// Why a batch cannot go as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// What is wanted begins within it.
    BeginsBefore,
    /// Compaction took records out of it, and brokers take none with holes.
    Holes,
    /// Its records are to bear the time at which the source's broker appended them.
    AppendTime,
    /// It is larger than the target takes.
    TooLarge,
}

/// Why records of the source are not at the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// A marker, which is no record.
    Control,
    /// Compaction left nothing in it.
    Empty,
    /// Its transaction was aborted.
    Aborted,
    /// It came from the target in the first place.
    Loop,
}

/// Why a batch cannot be mirrored at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Poison {
    /// The batch is not what it says it is.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// Its records cannot be read.
    #[error("{0}")]
    Records(String),
    /// The header contradicts itself.
    #[error("the batch at offset {base_offset} announces {records} records in {slots} offsets")]
    Counts {
        /// Where it begins.
        base_offset: i64,
        /// Records, as announced.
        records: i32,
        /// Offsets from its first to its last.
        slots: i64,
    },
    /// One record alone is larger than the target takes.
    #[error("the record at offset {offset} makes a batch of {size_bytes} bytes, and the target takes {max_bytes}")]
    RecordTooLarge {
        /// Where it is.
        offset: i64,
        /// Bytes of a batch with nothing else in it.
        size_bytes: usize,
        /// The target's max.message.bytes.
        max_bytes: usize,
    },
    /// The target said no for a reason that another attempt does not mend.
    #[error("the target refuses the batch at source offset {source_offset}: {reason}")]
    Refused {
        /// The first record of it.
        source_offset: i64,
        /// What it said.
        reason: String,
    },
}

impl From<RecordError> for Poison {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Header(error) => Self::Header(error),
            other => Self::Records(other.to_string()),
        }
    }
}

/// Judges the batches of one Fetch answer, in their order.
#[derive(Debug)]
pub struct Judge<'a> {
    rules: &'a Rules,
    /// First offset and producer of transactions that were aborted, by offset.
    aborted: Peekable<IntoIter<(i64, i64)>>,
    aborting: BTreeSet<i64>,
}

impl<'a> Judge<'a> {
    /// For an answer that names these aborted transactions, by first offset and producer id; none if what was not
    /// committed is wanted too.
    pub fn new(rules: &'a Rules, mut aborted: Vec<(i64, i64)>) -> Self {
        aborted.sort_unstable();
        Self {
            rules,
            aborted: aborted.into_iter().peekable(),
            aborting: BTreeSet::new(),
        }
    }

    /// What becomes of the next batch, of which records from `from` on are wanted.
    pub fn decide(&mut self, batch: &[u8], from: i64) -> Decision {
        let header = match BatchHeader::parse_checked(batch) {
            Ok(header) => header,
            Err(error) => return Decision::Park(error.into()),
        };
        while let Some((_, producer)) = self.aborted.next_if(|(first, _)| *first <= header.last_offset()) {
            self.aborting.insert(producer);
        }
        if header.is_control() {
            if ends_aborted(&header, batch) {
                self.aborting.remove(&header.producer_id);
            }
            return if header.next_offset() <= from {
                Decision::Behind
            } else {
                Decision::Drop(Gap::Control)
            };
        }
        self.of_data(&header, from)
    }

    fn of_data(&self, header: &BatchHeader, from: i64) -> Decision {
        let slots = i64::from(header.last_offset_delta) + 1;
        let records = header.record_count;
        if records < 0 || i64::from(records) > slots || header.base_offset < 0 {
            return Decision::Park(Poison::Counts {
                base_offset: header.base_offset,
                records,
                slots,
            });
        }
        if header.next_offset() <= from {
            return Decision::Behind;
        }
        if records == 0 {
            return Decision::Drop(Gap::Empty);
        }
        if header.is_transactional() && self.aborting.contains(&header.producer_id) {
            return Decision::Drop(Gap::Aborted);
        }
        if header.producer_id >= 0 && self.rules.mirrored_by.contains(&header.producer_id) {
            return Decision::Drop(Gap::Loop);
        }
        if let Err(error) = header.compression() {
            return Decision::Park(error.into());
        }
        let is_stamped = header.timestamp_type() == TimestampType::LogAppendTime;
        let why = if header.base_offset < from {
            Why::BeginsBefore
        } else if i64::from(records) != slots {
            Why::Holes
        } else if is_stamped && self.rules.timestamps == Timestamps::Append {
            Why::AppendTime
        } else if header.size_bytes() > self.rules.batch_max_bytes {
            Why::TooLarge
        } else {
            return Decision::Pass;
        };
        Decision::ReEncode(why)
    }
}

/// Whether a control batch ends an aborted transaction. One that cannot be read ends none.
fn ends_aborted(header: &BatchHeader, batch: &[u8]) -> bool {
    is_abort(header, batch, CONTROL_MAX_BYTES).unwrap_or(false)
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

    fn built(mut builder: BatchBuilder, records: usize) -> Vec<u8> {
        for at in 0..records {
            builder.push(&NewRecord {
                timestamp: at as i64,
                value: Some(b"value"),
                ..NewRecord::default()
            });
        }
        builder.build().unwrap()
    }

    fn plain(base_offset: i64, records: usize) -> Vec<u8> {
        built(BatchBuilder::new(base_offset, Compression::None), records)
    }

    fn of_transaction(base_offset: i64, producer: i64) -> Vec<u8> {
        let builder = BatchBuilder::new(base_offset, Compression::Lz4).producer(stamp(producer));
        built(builder.transactional(), 2)
    }

    fn marker(offset: i64, producer: i64, key: [u8; 4]) -> Vec<u8> {
        let builder = BatchBuilder::new(offset, Compression::None).producer(stamp(producer));
        let mut builder = builder.transactional().control();
        builder.push(&NewRecord {
            key: Some(&key),
            ..NewRecord::default()
        });
        builder.build().unwrap()
    }

    /// The batch with another header field, and a checksum that holds.
    fn with(mut batch: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
        batch[at..at + bytes.len()].copy_from_slice(bytes);
        let crc = crc32c::crc32c(&batch[21..]);
        batch[17..21].copy_from_slice(&crc.to_be_bytes());
        batch
    }

    fn decide(rules: &Rules, batch: &[u8], from: i64) -> Decision {
        Judge::new(rules, Vec::new()).decide(batch, from)
    }

    #[test]
    fn what_brokers_take_passes() {
        let rules = Rules::default();
        assert_eq!(decide(&rules, &plain(5, 3), 5), Decision::Pass);
        let horizon = with(plain(5, 3), 21, &0x40i16.to_be_bytes());
        assert_eq!(decide(&rules, &horizon, 5), Decision::Pass, "a delete horizon");
        let stamped = with(plain(5, 3), 21, &0x08i16.to_be_bytes());
        assert_eq!(decide(&rules, &stamped, 5), Decision::Pass, "the broker's time");
        assert_eq!(decide(&rules, &of_transaction(5, 7), 5), Decision::Pass, "committed");
        assert_eq!(decide(&rules, &plain(5, 3), 8), Decision::Behind);
    }

    #[test]
    fn what_brokers_do_not_take_is_encoded_anew() {
        let rules = Rules::default();
        assert_eq!(decide(&rules, &plain(5, 3), 6), Decision::ReEncode(Why::BeginsBefore));
        let holes = with(plain(5, 3), 23, &4i32.to_be_bytes());
        assert_eq!(decide(&rules, &holes, 5), Decision::ReEncode(Why::Holes));
        let small = Rules {
            batch_max_bytes: 70,
            ..Rules::default()
        };
        assert_eq!(decide(&small, &plain(5, 3), 5), Decision::ReEncode(Why::TooLarge));
        let append = Rules {
            timestamps: Timestamps::Append,
            ..Rules::default()
        };
        let stamped = with(plain(5, 3), 21, &0x08i16.to_be_bytes());
        assert_eq!(decide(&append, &stamped, 5), Decision::ReEncode(Why::AppendTime));
        assert_eq!(decide(&append, &plain(5, 3), 5), Decision::Pass, "the producer's time");
    }

    #[test]
    fn what_is_no_record_leaves_a_gap() {
        let rules = Rules {
            mirrored_by: [9].into(),
            ..Rules::default()
        };
        assert_eq!(decide(&rules, &marker(5, 7, COMMIT), 5), Decision::Drop(Gap::Control));
        let empty = with(plain(5, 0), 23, &3i32.to_be_bytes());
        assert_eq!(decide(&rules, &empty, 5), Decision::Drop(Gap::Empty));
        let looping = built(BatchBuilder::new(5, Compression::None).producer(stamp(9)), 1);
        assert_eq!(decide(&rules, &looping, 5), Decision::Drop(Gap::Loop));
    }

    #[test]
    fn aborted_transactions_end_at_their_marker() {
        let rules = Rules::default();
        let mut judge = Judge::new(&rules, vec![(20, 8), (0, 7)]);
        let drop = Decision::Drop(Gap::Aborted);
        assert_eq!(judge.decide(&of_transaction(0, 7), 0), drop);
        assert_eq!(
            judge.decide(&of_transaction(2, 8), 2),
            Decision::Pass,
            "another producer's"
        );
        assert_eq!(judge.decide(&marker(4, 8, COMMIT), 4), Decision::Drop(Gap::Control));
        assert_eq!(judge.decide(&of_transaction(5, 7), 5), drop);
        assert_eq!(judge.decide(&marker(7, 7, ABORT), 7), Decision::Drop(Gap::Control));
        assert_eq!(judge.decide(&of_transaction(8, 7), 8), Decision::Pass, "its next one");
        assert_eq!(judge.decide(&of_transaction(20, 8), 20), drop);
        assert_eq!(judge.decide(&plain(22, 1), 22), Decision::Pass, "no transaction");
    }

    #[test]
    fn a_marker_that_was_passed_before_still_ends_its_transaction() {
        let rules = Rules::default();
        let mut judge = Judge::new(&rules, vec![(0, 7)]);
        assert_eq!(judge.decide(&of_transaction(0, 7), 3), Decision::Behind);
        assert_eq!(judge.decide(&marker(2, 7, ABORT), 3), Decision::Behind);
        assert_eq!(judge.decide(&of_transaction(3, 7), 3), Decision::Pass);
    }

    #[test]
    fn poison_is_named() {
        let rules = Rules::default();
        let mut damaged = plain(5, 3);
        *damaged.last_mut().unwrap() ^= 1;
        let park = |batch: &[u8]| match decide(&rules, batch, 5) {
            Decision::Park(poison) => poison.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(park(&damaged).contains("checksum"), "{}", park(&damaged));
        assert!(park(&with(plain(5, 3), 16, &[1])).contains("magic 1"));
        assert!(park(&with(plain(5, 3), 21, &7i16.to_be_bytes())).contains("compression type 7"));
        assert!(park(&with(plain(5, 3), 57, &4i32.to_be_bytes())).contains("4 records in 3 offsets"));
        assert!(park(&with(plain(5, 3), 57, &(-1i32).to_be_bytes())).contains("-1 records"));
        assert!(park(&with(plain(5, 3), 23, &(-2i32).to_be_bytes())).contains("in -1 offsets"));
    }
}
