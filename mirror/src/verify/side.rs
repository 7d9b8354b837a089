//! One side of a comparison: batches as they are read, those of their records that count, and what was left out.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use bytes::Bytes;
use protocol::records::{BatchHeader, Batches, RecordError, Records, TimestampType, records_of};

use super::{Counts, Range};
use crate::decide::{Decision, Gap, Judge, Poison, Rules, Timestamps};
use crate::tail::{Fingerprint, fingerprint};
use crate::transform::LOG_APPEND_TIME;

/// A record: where it is, and hashes of what is in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) offset: i64,
    pub(super) timestamp: i64,
    pub(super) key: u64,
    pub(super) value: u64,
    pub(super) headers: u64,
}

impl Seen {
    /// Whether it is the same record, wherever it is.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.timestamp, self.key, self.value, self.headers) == (other.timestamp, other.key, other.value, other.headers)
    }
}

#[derive(Debug)]
struct Unit {
    /// None where it has to be compared record by record.
    fingerprint: Option<Fingerprint>,
    header: BatchHeader,
    batch: Bytes,
}

/// A batch that nobody has looked into yet, with as many records as offsets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whole {
    pub(super) fingerprint: Fingerprint,
    pub(super) first: i64,
    pub(super) count: i64,
}

#[derive(Debug)]
pub(super) struct Reader {
    range: Range,
    rules: Rules,
    /// Only numbers are wanted.
    is_counted_only: bool,
    is_ended: bool,
    seen: VecDeque<Seen>,
    units: VecDeque<Unit>,
    pub(super) counts: Counts,
}

impl Reader {
    pub(super) fn new(range: Range, rules: Rules, is_counted_only: bool) -> Self {
        Self {
            is_ended: range.from >= range.until,
            range,
            rules,
            is_counted_only,
            seen: VecDeque::new(),
            units: VecDeque::new(),
            counts: Counts::default(),
        }
    }

    /// Where it is read next.
    pub(super) fn from(&self) -> i64 {
        self.range.from
    }

    pub(super) fn is_ended(&self) -> bool {
        self.is_ended
    }

    pub(super) fn end(&mut self) {
        self.is_ended = true;
    }

    /// What was read, perhaps with batches before what is wanted and one that is cut short.
    pub(super) fn push(&mut self, records: &Bytes, aborted: Vec<(i64, i64)>) -> Result<(), Poison> {
        let rules = self.rules.clone();
        let mut judge = Judge::new(&rules, aborted);
        let mut at = 0;
        for next in Batches::new(records) {
            let (header, _) = next?;
            let batch = records.slice(at..at + header.size_bytes());
            at += header.size_bytes();
            if self.is_ended || header.base_offset >= self.range.until {
                self.is_ended = true;
                break;
            }
            match judge.decide(&batch, self.range.from) {
                Decision::Behind => continue,
                Decision::Park(poison) => return Err(poison),
                Decision::Drop(gap) => self.leave_out(&header, gap),
                Decision::Pass | Decision::ReEncode(_) => self.keep(header, batch)?,
            }
            self.range.from = header.next_offset();
            self.is_ended = self.range.from >= self.range.until;
        }
        Ok(())
    }

    fn leave_out(&mut self, header: &BatchHeader, gap: Gap) {
        let records = i64::from(header.record_count);
        let counts = &mut self.counts;
        counts.holes += header.base_offset.saturating_sub(self.range.from).max(0);
        counts.holes += (i64::from(header.last_offset_delta) + 1 - records).max(0);
        match gap {
            Gap::Control => counts.markers += records,
            Gap::Aborted => counts.aborted += records,
            Gap::Loop => counts.looped += records,
            Gap::Empty => {}
        }
    }

    fn keep(&mut self, header: BatchHeader, batch: Bytes) -> Result<(), RecordError> {
        self.counts.batches += 1;
        let is_inside = header.base_offset >= self.range.from && header.next_offset() <= self.range.until;
        self.counts.holes += header.base_offset.saturating_sub(self.range.from).max(0);
        let records = i64::from(header.record_count);
        if is_inside {
            self.counts.records += records;
            self.counts.holes += header.next_offset() - header.base_offset - records;
            if self.is_counted_only {
                return Ok(());
            }
            let has_holes = records != i64::from(header.last_offset_delta) + 1;
            let is_stamped = header.timestamp_type() == TimestampType::LogAppendTime;
            let is_changed = is_stamped && self.rules.timestamps == Timestamps::Append;
            let unit = Unit {
                fingerprint: fingerprint(&batch).filter(|_| !has_holes && !is_changed),
                header,
                batch,
            };
            self.units.push_back(unit);
            return Ok(());
        }
        // What is wanted begins or ends within it; whatever waits has to be read before it.
        self.look_into(usize::MAX)?;
        let mut seen = read(&self.rules, &header, &batch)?;
        seen.retain(|record| (self.range.from..self.range.until).contains(&record.offset));
        let wanted = header.next_offset().min(self.range.until) - header.base_offset.max(self.range.from);
        self.counts.records += seen.len() as i64;
        self.counts.holes += wanted - seen.len() as i64;
        if !self.is_counted_only {
            self.seen.extend(seen);
        }
        Ok(())
    }

    /// The next batch, if nobody has looked into it.
    pub(super) fn whole(&self) -> Option<Whole> {
        let unit = self.units.front().filter(|_| self.seen.is_empty())?;
        Some(Whole {
            fingerprint: unit.fingerprint?,
            first: unit.header.base_offset,
            count: i64::from(unit.header.record_count),
        })
    }

    pub(super) fn pop_whole(&mut self) {
        self.units.pop_front();
    }

    /// Reads batches until there are so many records or no more batches.
    pub(super) fn look_into(&mut self, records: usize) -> Result<(), RecordError> {
        while self.seen.len() < records
            && let Some(unit) = self.units.pop_front()
        {
            self.seen.extend(read(&self.rules, &unit.header, &unit.batch)?);
        }
        Ok(())
    }

    /// Records that have been read and not been compared.
    pub(super) fn seen(&mut self) -> &mut VecDeque<Seen> {
        &mut self.seen
    }

    /// Whether there is nothing more to be read into what waits.
    pub(super) fn is_all_seen(&self) -> bool {
        self.is_ended && self.units.is_empty()
    }
}

fn read(rules: &Rules, header: &BatchHeader, batch: &[u8]) -> Result<Vec<Seen>, RecordError> {
    let unpacked = records_of(header, batch, rules.unpack_max_bytes)?;
    let mut header = *header;
    if rules.timestamps == Timestamps::Create {
        header.attributes &= !LOG_APPEND_TIME;
    }
    let seen = Records::new(header, &unpacked).map(|record| {
        let record = record?;
        let mut hasher = DefaultHasher::new();
        for header in record.headers {
            (header.key, header.value).hash(&mut hasher);
        }
        Ok(Seen {
            offset: record.offset,
            timestamp: record.timestamp,
            key: hash(&record.key),
            value: hash(&record.value),
            headers: hasher.finish(),
        })
    });
    seen.collect()
}

fn hash(bytes: &Option<&[u8]>) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
