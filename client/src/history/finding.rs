//! What must not happen, with the evidence.

use std::fmt;

use super::RecordId;

/// An offset of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// Who saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Witness {
    /// A writer, from an acknowledgement.
    Writer(u32),
    /// A reader, while all was under way.
    Reader(u32),
    /// Whoever read the log at the end.
    FinalLog,
}

/// What is strange about a record that nobody can have written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strangeness {
    /// It is not as anybody sends them.
    Unreadable,
    /// It was never sent.
    NeverSent(RecordId),
    /// Its writer was told that it failed for sure.
    Refused(RecordId),
}

/// A contradiction between what writers and readers were told and the logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// An acknowledged record is nowhere.
    Lost {
        /// The record.
        id: RecordId,
        /// Where it was acknowledged.
        place: Place,
    },
    /// An acknowledged record is there, but at another offset.
    Misplaced {
        /// The record.
        id: RecordId,
        /// Where it was acknowledged.
        acknowledged: Place,
        /// Where it is.
        found: Place,
    },
    /// A record is there once more.
    Duplicated {
        /// The record.
        id: RecordId,
        /// Where it is first.
        first: Place,
        /// Where it is again.
        again: Place,
    },
    /// Records of one writer are in another order than they were sent in.
    Reordered {
        /// The partition.
        partition: i32,
        /// What comes first in the log, and its offset.
        first: (RecordId, i64),
        /// What comes after it and was sent before it.
        then: (RecordId, i64),
    },
    /// A record that nobody can have written.
    Phantom {
        /// Where it is.
        place: Place,
        /// What is strange about it.
        what: Strangeness,
        /// Who saw it.
        witness: Witness,
    },
    /// A record is in another partition than it was sent to.
    Astray {
        /// The record.
        id: RecordId,
        /// Where it was sent.
        sent_to: i32,
        /// Where it is.
        found: Place,
    },
    /// An offset had one record, then another.
    Inconsistent {
        /// The offset.
        place: Place,
        /// What was there.
        before: RecordId,
        /// What is there.
        now: RecordId,
        /// Who saw that.
        witness: Witness,
    },
    /// Something that was seen at an offset where the log has nothing in the end.
    Vanished {
        /// What was seen.
        id: RecordId,
        /// Where.
        place: Place,
    },
    /// A reader went back by itself.
    NonMonotonic {
        /// The reader.
        reader: u32,
        /// The partition.
        partition: i32,
        /// The offset it had come to.
        expected: i64,
        /// The offset it got.
        offset: i64,
    },
    /// A reader passed over a record.
    Skipped {
        /// The reader.
        reader: u32,
        /// The offset it got instead.
        next: i64,
        /// The first record that it did not get.
        id: RecordId,
        /// Where that is.
        missed: Place,
    },
    /// The log has no record at an offset, and has some after it.
    Gap {
        /// The partition.
        partition: i32,
        /// The offset.
        expected: i64,
        /// The next that has one.
        found: i64,
    },
}

/// Findings that are of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// [`Finding::Lost`].
    Lost,
    /// [`Finding::Misplaced`].
    Misplaced,
    /// [`Finding::Duplicated`].
    Duplicated,
    /// [`Finding::Reordered`].
    Reordered,
    /// [`Finding::Phantom`].
    Phantom,
    /// [`Finding::Astray`].
    Astray,
    /// [`Finding::Inconsistent`].
    Inconsistent,
    /// [`Finding::Vanished`].
    Vanished,
    /// [`Finding::NonMonotonic`].
    NonMonotonic,
    /// [`Finding::Skipped`].
    Skipped,
    /// [`Finding::Gap`].
    Gap,
}

impl Finding {
    /// Its kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Lost { .. } => Kind::Lost,
            Self::Misplaced { .. } => Kind::Misplaced,
            Self::Duplicated { .. } => Kind::Duplicated,
            Self::Reordered { .. } => Kind::Reordered,
            Self::Phantom { .. } => Kind::Phantom,
            Self::Astray { .. } => Kind::Astray,
            Self::Inconsistent { .. } => Kind::Inconsistent,
            Self::Vanished { .. } => Kind::Vanished,
            Self::NonMonotonic { .. } => Kind::NonMonotonic,
            Self::Skipped { .. } => Kind::Skipped,
            Self::Gap { .. } => Kind::Gap,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lost => "lost",
            Self::Misplaced => "misplaced",
            Self::Duplicated => "duplicated",
            Self::Reordered => "reordered",
            Self::Phantom => "phantom",
            Self::Astray => "astray",
            Self::Inconsistent => "inconsistent",
            Self::Vanished => "vanished",
            Self::NonMonotonic => "non-monotonic",
            Self::Skipped => "skipped",
            Self::Gap => "gap",
        })
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} of writer {}", self.number, self.writer)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "partition {} offset {}", self.partition, self.offset)
    }
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Writer(writer) => write!(f, "writer {writer}"),
            Self::Reader(reader) => write!(f, "reader {reader}"),
            Self::FinalLog => f.write_str("the final log"),
        }
    }
}

impl fmt::Display for Strangeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable => f.write_str("something that nobody sends"),
            Self::NeverSent(id) => write!(f, "{id}, which was never sent"),
            Self::Refused(id) => write!(f, "{id}, which had failed for sure"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lost { id, place } => write!(f, "{id}, acknowledged at {place}, is nowhere"),
            Self::Misplaced {
                id,
                acknowledged,
                found,
            } => write!(f, "{id}, acknowledged at {acknowledged}, is at {found}"),
            Self::Duplicated { id, first, again } => write!(f, "{id} is at {first} and again at {again}"),
            Self::Reordered { partition, first, then } => write!(
                f,
                "partition {partition} has {} at offset {} before {} at offset {}",
                first.0, first.1, then.0, then.1
            ),
            Self::Phantom { place, what, witness } => write!(f, "{witness} has {what} at {place}"),
            Self::Astray { id, sent_to, found } => write!(f, "{id}, sent to partition {sent_to}, is at {found}"),
            Self::Inconsistent {
                place,
                before,
                now,
                witness,
            } => write!(f, "{place} had {before}, then, for {witness}, {now}"),
            Self::Vanished { id, place } => write!(f, "{id} was seen at {place}, which has no record"),
            Self::NonMonotonic {
                reader,
                partition,
                expected,
                offset,
            } => write!(
                f,
                "reader {reader} of partition {partition} got offset {offset}, having asked from {expected} on"
            ),
            Self::Skipped {
                reader,
                next,
                id,
                missed,
            } => write!(f, "reader {reader} got offset {next} and missed {id} at {missed}"),
            Self::Gap {
                partition,
                expected,
                found,
            } => write!(
                f,
                "partition {partition} has nothing at offset {expected}, then offset {found}"
            ),
        }
    }
}
