//! What is compared, how, and what is read for it.

use bytes::Bytes;

use super::Side;
use crate::decide::Rules;
use crate::offset_map::OffsetMap;

/// How closely both sides are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// How many records there are.
    Counts,
    /// Checksums of whole batches; where batches are not the same, records.
    Batches,
    /// Each record: time, key, value, headers, order.
    Records,
}

/// Offsets that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub from: i64,
    /// Behind the last.
    pub until: i64,
}

/// What is compared, and how.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How closely.
    pub level: Level,
    /// By what the mirror judged batches.
    pub rules: Rules,
    /// Of the source.
    pub source: Range,
    /// Of the target.
    pub target: Range,
    /// The source may have lost records to compaction since.
    pub is_source_compacted: bool,
    /// The target may have.
    pub is_target_compacted: bool,
    /// Where each record should be, if that is known. Numbers alone are compared without it: ranges have to fit each other.
    pub map: Option<OffsetMap>,
    /// Records of each side among which it is searched where both go on together after a difference; at least 8,
    /// at most 500.
    pub window_records: usize,
    /// Differences that are told one by one; the others are counted.
    pub differences_max: usize,
}

/// Something was read.
#[derive(Debug, Clone)]
pub enum Event {
    /// A side answered; an answer without anything new changes nothing.
    Read {
        /// Which.
        side: Side,
        /// Whole batches and perhaps the beginning of one more.
        records: Bytes,
        /// First offset and producer id of transactions that were aborted; none if what was not committed was mirrored too.
        aborted: Vec<(i64, i64)>,
    },
    /// A side has nothing more.
    End(Side),
}
