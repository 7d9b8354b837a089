//! What came of a comparison.

use std::fmt;

use super::side::Seen;

/// One of both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What was mirrored.
    Source,
    /// What it became.
    Target,
}

/// What was read of a side.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that count.
    pub records: i64,
    /// Batches that they are in.
    pub batches: i64,
    /// Markers of transactions.
    pub markers: i64,
    /// Records of transactions that were aborted.
    pub aborted: i64,
    /// Records that came from the other side.
    pub looped: i64,
    /// Offsets without a record.
    pub holes: i64,
}

/// What is not the same in two records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fields {
    /// Their times.
    pub timestamp: bool,
    /// Their keys.
    pub key: bool,
    /// Their values.
    pub value: bool,
    /// Their headers.
    pub headers: bool,
}

impl Fields {
    pub(super) fn between(ours: &Seen, theirs: &Seen) -> Self {
        Self {
            timestamp: ours.timestamp != theirs.timestamp,
            key: ours.key != theirs.key,
            value: ours.value != theirs.value,
            headers: ours.headers != theirs.headers,
        }
    }
}

/// How the target differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The record of the source is not there; the target's offset is where it should be.
    Missing,
    /// The record of the target is none of the source's; the source's offset is the one before which it stands.
    Extra,
    /// The record of the target is there before; the source's offset is that of the one which it is.
    Doubled,
    /// The record is there, with something else in it.
    Altered(Fields),
    /// The record is there, in another order.
    Moved,
    /// From here on the two have nothing in common as far as was looked, and were not compared any further.
    Apart,
}

/// One difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub kind: Kind,
    /// Where, at the source.
    pub source_offset: i64,
    /// Where, at the target.
    pub target_offset: i64,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, target) = (self.source_offset, self.target_offset);
        match self.kind {
            Kind::Missing => write!(
                f,
                "the record at source offset {source} is missing at target offset {target}"
            ),
            Kind::Extra => write!(
                f,
                "the record at target offset {target}, before source offset {source}, is none of the source's"
            ),
            Kind::Doubled => write!(
                f,
                "the record at source offset {source} is there once more at target offset {target}"
            ),
            Kind::Altered(fields) => {
                let names = [
                    (fields.timestamp, "timestamp"),
                    (fields.key, "key"),
                    (fields.value, "value"),
                    (fields.headers, "headers"),
                ];
                let names: Vec<_> = names
                    .iter()
                    .filter(|(is_other, _)| *is_other)
                    .map(|(_, name)| *name)
                    .collect();
                let names = names.join(", ");
                write!(
                    f,
                    "the record at source offset {source} has another {names} at target offset {target}"
                )
            }
            Kind::Moved => write!(
                f,
                "the record at source offset {source} is in another order at target offset {target}"
            ),
            Kind::Apart => write!(
                f,
                "from source offset {source} and target offset {target} on the two have nothing in common, and were not \
                 compared any further"
            ),
        }
    }
}

/// What it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No difference.
    Same,
    /// At least one.
    Different,
    /// No difference as far as was read, which was not all.
    Unfinished,
}

/// Numbers, the first differences, and what they come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Of the source.
    pub source: Counts,
    /// Of the target.
    pub target: Counts,
    /// Records that are the same on both sides.
    pub matched: i64,
    /// Those of them whose batches were the same, so that nobody looked into them.
    pub matched_by_checksum: i64,
    /// Records of either side that the offset map does not reach.
    pub outside: i64,
    /// Records that a compacted target may have lost.
    pub only_at_source: i64,
    /// Records that a compacted source may have lost.
    pub only_at_target: i64,
    /// Records that the target lacks.
    pub missing: i64,
    /// Records that are none of the source's.
    pub extra: i64,
    /// Records that are there once more.
    pub doubled: i64,
    /// Records with something else in them.
    pub altered: i64,
    /// Records in another order.
    pub moved: i64,
    /// Whether the comparison was given up because both sides had nothing in common any more.
    pub is_apart: bool,
    /// The first ones.
    pub differences: Vec<Difference>,
    /// What could not be read, and why.
    pub unreadable: Option<(Side, String)>,
    /// Whether nothing is left to be read.
    pub is_finished: bool,
}

impl Report {
    /// What it comes to.
    pub fn verdict(&self) -> Verdict {
        let different = self.missing + self.extra + self.doubled + self.altered + self.moved;
        if different > 0 || self.is_apart {
            Verdict::Different
        } else if self.unreadable.is_some() || !self.is_finished {
            Verdict::Unfinished
        } else {
            Verdict::Same
        }
    }

    pub(super) fn tell(&mut self, difference: Difference, differences_max: usize) {
        match difference.kind {
            Kind::Missing => self.missing += 1,
            Kind::Extra => self.extra += 1,
            Kind::Doubled => self.doubled += 1,
            Kind::Altered(_) => self.altered += 1,
            Kind::Moved => self.moved += 1,
            Kind::Apart => self.is_apart = true,
        }
        if self.differences.len() < differences_max {
            self.differences.push(difference);
        }
    }
}
