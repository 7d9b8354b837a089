//! What writers and readers of a topic were told, and what must then be true of its logs, whatever happened to the
//! cluster meanwhile: nothing that was acknowledged is lost, nothing is there twice, in another order, or unsent.
//!
//! A [`History`] takes down what happens. At the end [`History::check`] takes the logs as they are then, and tells
//! every contradiction as a [`Finding`] with its evidence. Nothing here talks to a cluster, and the same history always
//! gives the same report. A record costs some 16 bytes when it is sent, 8 when its offset is seen, 16 when it is checked.

mod check;
mod finding;
mod pages;
mod report;

use std::collections::BTreeMap;

pub use check::Check;
pub use finding::{Finding, Kind, Place, Strangeness, Witness};
pub use report::Report;

use self::pages::Pages;

/// A record, by who wrote it and as which one, from 0 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    /// Who wrote it.
    pub writer: u32,
    /// Its place among all that this writer sent.
    pub number: u32,
}

/// What a writer was told of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing that is certain: it may be there or not.
    Unknown,
    /// It is there.
    Acknowledged {
        /// Where.
        offset: i64,
    },
    /// It is not there, and never will be.
    Refused,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    partition: i32,
    outcome: Outcome,
}

/// How many records a history knows of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// All that were sent.
    pub sent: u64,
    /// Those that were acknowledged.
    pub acknowledged: u64,
    /// Those that failed for sure.
    pub refused: u64,
    /// Those that readers saw, each as often as it was seen.
    pub polled: u64,
}

/// Everything that writers and readers of a topic saw.
#[derive(Debug, Default)]
pub struct History {
    /// By writer and number.
    sent: BTreeMap<u32, Vec<Sent>>,
    /// What is at each offset of each partition, as the first one saw it who told.
    seen: BTreeMap<i32, Pages>,
    /// The offset that each reader of each partition reads next.
    positions: BTreeMap<(u32, i32), i64>,
    /// Offsets that readers passed over without a record.
    jumps: Vec<Jump>,
    counts: Counts,
    report: Report,
}

/// A reader that got `next` where it had asked from `expected` on.
#[derive(Debug, Clone, Copy)]
struct Jump {
    reader: u32,
    partition: i32,
    expected: i64,
    next: i64,
}

impl History {
    /// A writer is about to send its next record. Records that may be written in any order need writers of their own.
    pub fn sends(&mut self, writer: u32, partition: i32) -> RecordId {
        let sent = self.sent.entry(writer).or_default();
        let number = sent.len() as u32;
        sent.push(Sent {
            partition,
            outcome: Outcome::Unknown,
        });
        self.counts.sent += 1;
        RecordId { writer, number }
    }

    /// A writer was told where a record is. An id that was never sent is passed over.
    pub fn acknowledges(&mut self, id: RecordId, offset: i64) {
        let Some(sent) = self.sent_mut(id) else { return };
        sent.outcome = Outcome::Acknowledged { offset };
        let partition = sent.partition;
        self.counts.acknowledged += 1;
        self.sees(partition, offset, id, Witness::Writer(id.writer));
    }

    /// A writer was told that a record is not there, and knows that no earlier attempt can have written it. An id that
    /// was never sent is passed over.
    pub fn refuses(&mut self, id: RecordId) {
        let Some(sent) = self.sent_mut(id) else { return };
        sent.outcome = Outcome::Refused;
        self.counts.refused += 1;
    }

    /// From here on a reader reads from `offset`, forwards or backwards.
    pub fn seeks(&mut self, reader: u32, partition: i32, offset: i64) {
        self.positions.insert((reader, partition), offset);
    }

    /// A reader got a record, one after the other; `None` if it is none that anybody could have sent.
    pub fn polls(&mut self, reader: u32, partition: i32, offset: i64, id: Option<RecordId>) {
        self.counts.polled += 1;
        let position = self.positions.insert((reader, partition), offset.saturating_add(1));
        match position {
            Some(expected) if offset < expected => self.report.add(Finding::NonMonotonic {
                reader,
                partition,
                expected,
                offset,
            }),
            Some(expected) if offset > expected => self.jumps.push(Jump {
                reader,
                partition,
                expected,
                next: offset,
            }),
            _ => {}
        }
        match id {
            Some(id) => self.sees(partition, offset, id, Witness::Reader(reader)),
            None => self.report.add(Finding::Phantom {
                place: Place { partition, offset },
                what: Strangeness::Unreadable,
                witness: Witness::Reader(reader),
            }),
        }
    }

    /// How many records there were.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Starts to compare it with the logs as they are at the end.
    pub fn check(&self) -> Check<'_> {
        Check::new(self)
    }

    /// Takes down what is at an offset, once; whoever says otherwise later contradicts it.
    fn sees(&mut self, partition: i32, offset: i64, id: RecordId, witness: Witness) {
        let before = self.seen.entry(partition).or_default().put(offset, id);
        if let Some(before) = before.filter(|before| *before != id) {
            self.report.add(Finding::Inconsistent {
                place: Place { partition, offset },
                before,
                now: id,
                witness,
            });
        }
    }

    fn sent_mut(&mut self, id: RecordId) -> Option<&mut Sent> {
        self.sent.get_mut(&id.writer)?.get_mut(id.number as usize)
    }

    fn sent(&self, id: RecordId) -> Option<Sent> {
        self.sent.get(&id.writer)?.get(id.number as usize).copied()
    }
}

#[cfg(test)]
mod tests;
