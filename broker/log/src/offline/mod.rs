//! A log's files as they lie there, without opening the log: nothing is written or repaired, memory is bounded
//! whatever a file's size, and what is wrong is told with its position.
//!
//! `next` of every walk gives one element after the other; a [`LogError`] is a disk that failed, never damage.

mod alongside;
mod index;
mod segment;
mod verify;
mod window;

use protocol::records::HeaderError;

pub use index::{IndexStep, OffsetIndexEntry, OffsetIndexWalk, TimeIndexEntry, TimeIndexWalk, TxnIndexWalk};
pub use segment::{SegmentStep, SegmentWalk, WalkedBatch};
pub use verify::{
    Finding, Left, PartitionFiles, SegmentReport, Severity, VerifyOptions, log_end_offset, verify_file, verify_segment,
};

#[cfg(doc)]
use crate::LogError;

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at position {position}: {kind}")]
pub struct Fault {
    /// Byte of the file at which the damaged element starts.
    pub position: u64,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// What can be wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultKind {
    /// No batch starts here, so nothing behind it can be found.
    #[error("{source}; the {left_bytes} bytes from here on cannot be read")]
    NoBatch {
        /// Why not.
        source: HeaderError,
        /// Bytes from here to the end.
        left_bytes: u64,
    },
    /// Nothing but zeros follows.
    #[error(
        "{left_bytes} zero bytes follow the last batch: set aside by log.preallocate, or a write a crash took back"
    )]
    ZeroTail {
        /// How many.
        left_bytes: u64,
    },
    /// A checksum does not match.
    #[error("the checksum is {computed:#010x}, and {stored:#010x} is stored")]
    Checksum {
        /// As stored.
        stored: u32,
        /// Of the bytes that are there.
        computed: u32,
    },
    /// Offsets go back.
    #[error("offset {found} comes where {least} or a later one must")]
    OffsetOrder {
        /// The least that may come.
        least: i64,
        /// What is there.
        found: i64,
    },
    /// A batch ends before it starts.
    #[error("its last offset is {delta} from its first")]
    OffsetDelta {
        /// The field.
        delta: i32,
    },
    /// The file ends inside an entry.
    #[error("{left_bytes} bytes at the end are no whole entry")]
    PartialEntry {
        /// How many.
        left_bytes: u64,
    },
    /// Entries of an index must increase.
    #[error("{what} {found} follows {last}")]
    EntryOrder {
        /// Offset, position or timestamp.
        what: &'static str,
        /// Of the entry before.
        last: i64,
        /// Of this entry.
        found: i64,
    },
    /// An entry's position is not where a batch starts.
    #[error("no batch of the segment starts at {target}, to which offset {offset} points")]
    NotABatch {
        /// The entry's offset.
        offset: i64,
        /// The entry's position.
        target: u64,
    },
    /// Readers that follow the entry would miss what they look for.
    #[error("offset {offset} points to {target}, where the batch of offset {base_offset} starts, which is later")]
    PastOffset {
        /// The entry's offset.
        offset: i64,
        /// The entry's position.
        target: u64,
        /// Base offset of the batch there.
        base_offset: i64,
    },
    /// A timestamp lookup that follows the entry would miss a batch.
    #[error("offset {offset} is indexed under timestamp {indexed}, and a batch up to it has {found}")]
    LaterTimestamp {
        /// The entry's offset.
        offset: i64,
        /// The entry's timestamp.
        indexed: i64,
        /// The greater one.
        found: i64,
    },
    /// An entry names an offset the segment does not have.
    #[error("offset {offset} is beyond the segment, which holds {first} to {last}")]
    BeyondSegment {
        /// The entry's offset.
        offset: i64,
        /// The segment's first.
        first: i64,
        /// The segment's last.
        last: i64,
    },
    /// The segment cannot be read as far as the index points.
    #[error("entries from here on cannot be checked: the segment is damaged at position {damaged_at}")]
    SegmentDamaged {
        /// Where.
        damaged_at: u64,
    },
    /// An aborted transaction that ends before it starts.
    #[error("the transaction of producer {producer_id} ends at {last} before it starts at {first}")]
    TransactionBounds {
        /// The producer.
        producer_id: i64,
        /// First offset.
        first: i64,
        /// Last offset.
        last: i64,
    },
    /// A version that is not known here.
    #[error("version {version} is not known")]
    Version {
        /// As found.
        version: i16,
    },
    /// The end of a log that was being written.
    #[error("the last {left_bytes} bytes are no whole batches: the log was being written when its broker stopped")]
    TornTail {
        /// How many.
        left_bytes: u64,
    },
    /// A batch claims an offset ahead of the batch that follows it.
    #[error("offset {found} stands before offset {next} of the batch that follows")]
    OffsetAhead {
        /// Of this batch.
        found: i64,
        /// Of the next.
        next: i64,
    },
    /// A batch has offsets that its segment cannot hold.
    #[error("offset {last} does not belong here: the segment ends before {end}")]
    BeyondEnd {
        /// The batch's last.
        last: i64,
        /// Where the next segment starts, or the greatest offset an index can tell.
        end: i64,
    },
    /// More records than offsets.
    #[error("{count} records are announced for {slots} offsets")]
    RecordCount {
        /// In the header.
        count: i32,
        /// Offsets of the batch.
        slots: i64,
    },
    /// The records cannot be read although the checksum holds.
    #[error("{what}")]
    Records {
        /// Why not.
        what: String,
    },
    /// The batch's leader epoch is not that of its offset.
    #[error("leader epoch {found} stands where {expected} must")]
    LeaderEpoch {
        /// In the batch.
        found: i32,
        /// By leader-epoch-checkpoint, or by the batch before.
        expected: i32,
    },
    /// The log lacks what was synced.
    #[error("the log ends at offset {end}, and all before {recovery_point} was on disk: records are missing")]
    EndsEarly {
        /// The log end offset.
        end: i64,
        /// From recovery-point-offset-checkpoint.
        recovery_point: i64,
    },
    /// The log has more than there was when it was closed.
    #[error("the log ends at offset {end}, and at {recovery_point} when it was closed")]
    EndsLate {
        /// The log end offset.
        end: i64,
        /// From recovery-point-offset-checkpoint.
        recovery_point: i64,
    },
    /// An index entry's timestamp is not in the log.
    #[error("timestamp {indexed} is indexed, and no batch up to offset {offset} has it")]
    NoSuchTimestamp {
        /// The entry's offset.
        offset: i64,
        /// The entry's timestamp.
        indexed: i64,
    },
    /// An aborted transaction without its marker.
    #[error("no marker of producer {producer_id} is at offset {offset}, where its transaction is said to end")]
    NoMarker {
        /// The producer.
        producer_id: i64,
        /// The offset.
        offset: i64,
    },
    /// A sealed index that was not cut to its entries.
    #[error("{left_bytes} zero bytes follow the last entry of an index that is not in use any more")]
    UnusedSpace {
        /// How many.
        left_bytes: u64,
    },
    /// A segment without one of its indexes.
    #[error("the index is missing")]
    MissingIndex,
    /// A file that cannot be read as what it should be.
    #[error("{what}")]
    Content {
        /// Why not.
        what: String,
    },
    /// A small file tells of offsets that the log does not have.
    #[error("{what} {offset} is beyond the log, which ends at {end}")]
    BeyondLog {
        /// Which offset.
        what: &'static str,
        /// The offset.
        offset: i64,
        /// The log end offset.
        end: i64,
    },
    /// A snapshot that was not written to its end.
    #[error("the snapshot ends without its footer")]
    NoFooter,
}

impl FaultKind {
    /// A word for scripts.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NoBatch { .. } => "no-batch",
            Self::ZeroTail { .. } => "zero-tail",
            Self::Checksum { .. } => "checksum",
            Self::OffsetOrder { .. } | Self::OffsetAhead { .. } => "offset-order",
            Self::OffsetDelta { .. } => "offset-delta",
            Self::PartialEntry { .. } => "partial-entry",
            Self::EntryOrder { .. } => "entry-order",
            Self::NotABatch { .. } => "not-a-batch",
            Self::PastOffset { .. } => "past-offset",
            Self::LaterTimestamp { .. } => "later-timestamp",
            Self::BeyondSegment { .. } => "beyond-segment",
            Self::SegmentDamaged { .. } => "segment-damaged",
            Self::TransactionBounds { .. } => "transaction-bounds",
            Self::Version { .. } => "version",
            Self::TornTail { .. } => "torn-tail",
            Self::BeyondEnd { .. } => "beyond-end",
            Self::RecordCount { .. } => "record-count",
            Self::Records { .. } => "records",
            Self::LeaderEpoch { .. } => "leader-epoch",
            Self::EndsEarly { .. } => "ends-early",
            Self::EndsLate { .. } => "ends-late",
            Self::NoSuchTimestamp { .. } => "no-such-timestamp",
            Self::NoMarker { .. } => "no-marker",
            Self::UnusedSpace { .. } => "unused-space",
            Self::MissingIndex => "missing-index",
            Self::Content { .. } => "content",
            Self::BeyondLog { .. } => "beyond-log",
            Self::NoFooter => "no-footer",
        }
    }

    fn at(self, position: u64) -> Fault {
        Fault { position, kind: self }
    }
}

#[cfg(test)]
mod tests;
