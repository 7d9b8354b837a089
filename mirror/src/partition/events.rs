//! What happens to a partition, what it wants done, and what it tells.

use bytes::Bytes;

use crate::decide::{Poison, Rules};
use crate::state::State;
use crate::transform::Patched;

/// What to do about something that leaves the target without records that the source had, or with some that it has not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Then {
    /// Somebody has to say what to do.
    #[default]
    Stop,
    /// Note it and go on.
    GoOn,
}

/// How a partition is mirrored.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// By what batches are judged.
    pub rules: Rules,
    /// The source's retention removed records before they were mirrored.
    pub on_gap: Then,
    /// The source lost records that had been mirrored, in an election of a leader that did not have them.
    pub on_truncation: Then,
    /// The topic was deleted and created again, on either side.
    pub on_recreation: Then,
    /// The source is compacted, so what was mirrored may not be there any more.
    pub is_compacted: bool,
    /// Bytes of batches that wait, beyond which nothing is read.
    pub queue_max_bytes: usize,
    /// Several batches that wait become one while they are smaller than this; 0 for never.
    pub coalesce_below_bytes: usize,
}

/// What one side says of the partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// The topic.
    pub topic_id: [u8; 16],
    /// Its first offset.
    pub start: i64,
    /// Behind its last record: at the source the last that may be read, at the target the last that is written.
    pub end: i64,
}

/// What was found on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// The source.
    pub source: Side,
    /// The target.
    pub target: Side,
    /// A producer id that has not written to the partition yet, and its epoch.
    pub producer: (i64, i16),
    /// Where the source's history parts from the one that was mirrored, if it does.
    pub diverged_at: Option<i64>,
}

/// Why an append was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// It may have been written or not; another attempt tells.
    Again,
    /// The target does not know what the producer wrote before.
    Producer,
    /// The batch is larger than the target takes.
    TooLarge,
    /// Another attempt makes no difference.
    Poison(String),
}

/// Something happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// Both sides were looked at.
    Looked(Look),
    /// Not everything could be found out.
    LookFailed,
    /// The source answered.
    Fetched {
        /// From where it was asked.
        from: i64,
        /// Whole batches and perhaps the beginning of one more.
        records: Bytes,
        /// First offset and producer id of transactions that were aborted.
        aborted: Vec<(i64, i64)>,
    },
    /// The target answered.
    TailRead {
        /// From where it was asked.
        from: i64,
        /// Whole batches and perhaps the beginning of one more.
        records: Bytes,
    },
    /// A batch is on all replicas that have to have it.
    Acknowledged {
        /// Which append.
        id: u64,
        /// The offset of its first record; -1 if it was written before and nobody knows where.
        base_offset: i64,
    },
    /// A batch is not, or it is not known.
    Refused {
        /// Which append.
        id: u64,
        /// Why.
        refusal: Refusal,
    },
    /// The state that was to be written is on all replicas.
    StateWritten,
    /// The source says that what is asked for is not there, or that it is another topic's.
    LookAgain,
}

/// Something to be done. Reads may be repeated until they are answered; so may appends that were refused with
/// [`Refusal::Again`], which come up again by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Look at both sides.
    Look {
        /// Leader epoch of the last batch that was read, by which the source tells whether its history is another;
        /// -1 for none.
        source_leader_epoch: i32,
    },
    /// Read the source.
    Fetch {
        /// From here on.
        from: i64,
    },
    /// Read the target.
    ReadTail {
        /// From here on.
        from: i64,
    },
    /// Write the state; nothing is appended before it is there.
    WriteState(State),
    /// Append a batch. The next one of the partition comes when this one is answered.
    Append {
        /// To be named in the answer.
        id: u64,
        /// The batch.
        batch: Patched,
    },
}

/// Something an operator wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Note {
    /// The target had records beyond what the state tells, and they are the source's.
    Reconciled {
        /// How many.
        records: i64,
    },
    /// The target had fewer records than the state tells; they are mirrored again.
    TargetLost {
        /// The first.
        from: i64,
        /// Behind the last.
        to: i64,
    },
    /// Offsets of the source whose records are not at the target, as they were gone when they were to be read.
    Overtaken {
        /// The first.
        from: i64,
        /// Behind the last.
        to: i64,
    },
    /// Offsets of the source whose records are at the target and not at the source any more.
    Truncated {
        /// The first.
        from: i64,
        /// Behind the last.
        to: i64,
    },
    /// The topic was created again.
    Recreated,
}

/// Why a partition is not mirrored any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Parked {
    /// A batch.
    #[error(transparent)]
    Poison(#[from] Poison),
    /// Somebody else writes to the target.
    #[error(
        "the record at offset {target_offset} of the target is not the source's; somebody else writes to this partition, \
         or it held records before"
    )]
    ForeignWriter {
        /// The first such record.
        target_offset: i64,
    },
    /// The source's retention was faster.
    #[error("the source removed offsets {from} to {to} before they were mirrored")]
    Overtaken {
        /// The first.
        from: i64,
        /// Behind the last.
        to: i64,
    },
    /// An unclean election at the source.
    #[error("the source lost offsets {from} to {to}, which had been mirrored, and goes on with other records")]
    Truncated {
        /// The first.
        from: i64,
        /// Behind the last.
        to: i64,
    },
    /// Another topic of the same name.
    #[error("the topic was deleted at the source and created again")]
    SourceRecreated,
    /// Another topic of the same name.
    #[error("the topic was deleted at the target and created again")]
    TargetRecreated,
    /// What the target has beyond the state cannot be compared with anything.
    #[error(
        "the target has records from offset {target_offset} on that the source has not any more, so they cannot be told"
    )]
    Unverifiable {
        /// The first such record.
        target_offset: i64,
    },
}
