//! A log's files as they lie there, without opening the log: nothing is written or repaired, memory is bounded
//! whatever a file's size, and what is wrong is told with its position.
//!
//! `next` of every walk gives one element after the other; a [`LogError`] is a disk that failed, never damage.

mod alongside;
mod index;
mod segment;
mod window;

use protocol::records::HeaderError;

pub use index::{IndexStep, OffsetIndexEntry, OffsetIndexWalk, TimeIndexEntry, TimeIndexWalk, TxnIndexWalk};
pub use segment::{SegmentStep, SegmentWalk, WalkedBatch};

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
}

impl FaultKind {
    fn at(self, position: u64) -> Fault {
        Fault { position, kind: self }
    }
}

#[cfg(test)]
mod tests;
