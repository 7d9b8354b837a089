//! What was read of the source and is not known to be at the target: batches in order, one of them on its way.

use std::collections::VecDeque;

use protocol::records::{BatchHeader, ProducerStamp};

use super::{Action, Note, Parked, Partition, Refusal, Settings};
use crate::decide::Poison;
use crate::re_encode::{Piece, coalesce};
use crate::transform::pass;

/// A batch to be appended.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) piece: Piece,
    /// Its name and the sequence of its first record, once it has been handed out.
    sent: Option<(u64, i32)>,
    /// Whether an answer is waited for.
    is_underway: bool,
}

/// What comes next of the source.
#[derive(Debug)]
pub(super) enum Step {
    Append(Job),
    /// Nothing more before this offset.
    Skip {
        to: i64,
        leader_epoch: i32,
    },
    /// Nothing behind this can be read.
    Poison(Poison),
}

impl Step {
    pub(super) fn append(piece: Piece) -> Self {
        Self::Append(Job {
            piece,
            sent: None,
            is_underway: false,
        })
    }
}

/// Steps in order, and who writes them.
#[derive(Debug)]
pub(super) struct Queue {
    steps: VecDeque<Step>,
    size_bytes: usize,
    producer: (i64, i16),
    next_sequence: i32,
    next_id: u64,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            steps: VecDeque::new(),
            size_bytes: 0,
            producer: (-1, -1),
            next_sequence: 0,
            next_id: 0,
        }
    }
}

impl Queue {
    pub(super) fn size_bytes(&self) -> usize {
        self.size_bytes
    }

    pub(super) fn producer(&self) -> (i64, i16) {
        self.producer
    }

    /// Forgets what waits; a new producer begins at sequence 0. Names of appends are never used twice.
    pub(super) fn restart(&mut self, producer: (i64, i16)) {
        self.steps.clear();
        (self.size_bytes, self.producer, self.next_sequence) = (0, producer, 0);
    }

    pub(super) fn extend(&mut self, steps: Vec<Step>) {
        for step in steps {
            if let Step::Append(job) = &step {
                self.size_bytes += job.piece.batch.len();
            }
            self.steps.push_back(step);
        }
    }

    pub(super) fn ends_in_poison(&self) -> bool {
        matches!(self.steps.back(), Some(Step::Poison(_)))
    }

    fn first(&mut self) -> Option<&mut Job> {
        match self.steps.front_mut() {
            Some(Step::Append(job)) => Some(job),
            _ => None,
        }
    }

    /// Whether the target may yet write, or may have written, a batch of which nothing was heard.
    pub(super) fn is_underway(&mut self) -> bool {
        self.first().is_some_and(|job| job.sent.is_some())
    }

    /// Hands out the first batch, unless it is on its way.
    pub(super) fn append(&mut self, settings: &Settings) -> Option<Action> {
        if self.first()?.sent.is_none() {
            self.put_together(settings);
            let (id, sequence) = (self.next_id, self.next_sequence);
            let job = self.first()?;
            job.sent = Some((id, sequence));
            let count = job.piece.count();
            self.next_id += 1;
            // Sequence numbers go on at zero after the greatest.
            self.next_sequence = ((i64::from(sequence) + count) & i64::from(i32::MAX)) as i32;
        }
        self.again()
    }

    /// Hands out a batch that was handed out before and is not on its way.
    pub(super) fn again(&mut self) -> Option<Action> {
        let (id, epoch) = self.producer;
        let job = self.first()?;
        let (name, base_sequence) = job.sent?;
        if std::mem::replace(&mut job.is_underway, true) {
            return None;
        }
        let producer = ProducerStamp {
            id,
            epoch,
            base_sequence,
        };
        let batch = pass(&job.piece.batch, producer).ok()?;
        Some(Action::Append { id: name, batch })
    }

    /// Makes one batch of the first ones while they are small and of one codec.
    fn put_together(&mut self, settings: &Settings) {
        let mut pieces: Vec<Piece> = Vec::new();
        let (mut size_bytes, mut taken, mut codec) = (0, 0, None);
        for (at, step) in self.steps.iter().enumerate() {
            let piece = match step {
                Step::Append(job) if job.sent.is_none() => &job.piece,
                Step::Skip { .. } => continue,
                _ => break,
            };
            let this = BatchHeader::parse(&piece.batch)
                .and_then(|header| header.compression())
                .ok();
            let is_of_one_kind = codec.is_none() || codec == this;
            size_bytes += piece.batch.len();
            if !is_of_one_kind || size_bytes > settings.coalesce_below_bytes.min(settings.rules.batch_max_bytes) {
                break;
            }
            (codec, taken) = (this, at + 1);
            pieces.push(piece.clone());
        }
        let Some(codec) = codec.filter(|_| pieces.len() > 1) else {
            return;
        };
        let Some(one) = coalesce(&settings.rules, &pieces, codec) else {
            return;
        };
        let before: usize = pieces.iter().map(|piece| piece.batch.len()).sum();
        self.size_bytes = self.size_bytes + one.batch.len() - before;
        self.steps.drain(..taken);
        self.steps.push_front(Step::append(one));
    }

    /// The first batch, if it is this one; it is waited for no longer.
    fn answered(&mut self, id: u64) -> Option<&mut Job> {
        let job = self
            .first()
            .filter(|job| job.sent.is_some_and(|(sent, _)| sent == id))?;
        job.is_underway = false;
        Some(job)
    }

    fn pop(&mut self) -> Option<Step> {
        let step = self.steps.pop_front()?;
        if let Step::Append(job) = &step {
            self.size_bytes -= job.piece.batch.len();
        }
        Some(step)
    }
}

impl Partition {
    pub(super) fn acknowledged(&mut self, id: u64, base_offset: i64) {
        let Some(job) = self.queue.answered(id) else {
            return;
        };
        let runs = job.piece.runs.clone();
        let expected = self.map.target_next();
        self.queue.pop();
        if base_offset < 0 {
            // It was written before, and where is to be found out.
            return self.look_again();
        }
        if base_offset > expected {
            return self.park(Parked::ForeignWriter {
                target_offset: expected,
            });
        }
        if base_offset < expected {
            self.notes.push(Note::TargetLost {
                from: base_offset,
                to: expected,
            });
            return self.park(Parked::ForeignWriter {
                target_offset: base_offset,
            });
        }
        let mut at = base_offset;
        for run in runs {
            self.left_out += run.source_offset - self.map.source_next();
            self.map.append(run, at);
            at += run.count;
        }
        self.has_changed = true;
        self.settle();
    }

    pub(super) fn refused(&mut self, id: u64, refusal: Refusal) {
        let Some(job) = self.queue.answered(id) else {
            return;
        };
        let (size_bytes, count, offset) = (job.piece.batch.len(), job.piece.count(), job.piece.first_offset());
        match refusal {
            Refusal::Again => return,
            Refusal::Producer => {}
            Refusal::TooLarge if count > 1 => self.settings.rules.batch_max_bytes = size_bytes / 2,
            Refusal::TooLarge => {
                let max_bytes = self.settings.rules.batch_max_bytes;
                return self.park(Poison::RecordTooLarge {
                    offset,
                    size_bytes,
                    max_bytes,
                });
            }
            Refusal::Poison(reason) => {
                return self.park(Poison::Refused {
                    source_offset: offset,
                    reason,
                });
            }
        }
        self.queue.pop();
        self.look_again();
    }

    /// Takes note of what comes before the next batch and is none.
    pub(super) fn settle(&mut self) {
        while let Some(Step::Skip { .. } | Step::Poison(_)) = self.queue.steps.front() {
            match self.queue.pop() {
                Some(Step::Skip { to, leader_epoch }) => {
                    self.left_out += (to - self.map.source_next()).max(0);
                    self.has_changed |= to > self.map.source_next();
                    self.map.skip_to(to);
                    self.source_leader_epoch = leader_epoch;
                }
                Some(Step::Poison(poison)) => return self.park(poison),
                _ => return,
            }
        }
    }
}
