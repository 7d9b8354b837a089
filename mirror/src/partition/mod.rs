//! One partition: what to read, what to append, and what is known of both sides. Events in, actions out.
//!
//! It looks at both sides first, matches what the target has beyond what the state tells ([`crate::tail`]), and only then
//! appends. Whatever goes wrong on the way, it looks again. As long as nobody else writes to the target's partition, each record
//! is there once and in order.

mod queue;
mod start;

use bytes::Bytes;
use protocol::records::{Batches, HeaderError};

use crate::decide::{Decision, Judge, Poison, Rules};
use crate::offset_map::OffsetMap;
use crate::re_encode::{Piece, re_encode};
use crate::state::State;
use crate::tail::{Pause, Tail};
use crate::transform::Patched;

use queue::{Queue, Step};

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

#[derive(Debug)]
enum Phase {
    Looking,
    /// The target's end is laid against the source.
    Matching {
        tail: Tail,
        target_at: i64,
        target_end: i64,
        source_end: i64,
        matched: i64,
    },
    Running,
    Parked(Parked),
}

/// One partition on its way.
#[derive(Debug)]
pub struct Partition {
    settings: Settings,
    phase: Phase,
    /// What is known to be at the target.
    map: OffsetMap,
    /// Ids of the topic at source and target.
    topic_ids: Option<([u8; 16], [u8; 16])>,
    source_leader_epoch: i32,
    left_out: i64,
    queue: Queue,
    /// Where the source is read next.
    read_next: i64,
    is_fetching: bool,
    is_reading_tail: bool,
    is_looking: bool,
    /// Appends wait until the state is written: what was decided cannot be found out again.
    must_record: bool,
    is_recording: bool,
    has_changed: bool,
    notes: Vec<Note>,
}

impl Partition {
    /// With the state of an earlier run, if there is one.
    pub fn new(settings: Settings, state: Option<State>) -> Self {
        let map = state
            .as_ref()
            .map_or_else(|| OffsetMap::new(0, 0), |state| state.map.clone());
        Self {
            settings,
            phase: Phase::Looking,
            read_next: map.source_next(),
            map,
            topic_ids: state
                .as_ref()
                .map(|state| (state.source_topic_id, state.target_topic_id)),
            source_leader_epoch: state.as_ref().map_or(-1, |state| state.source_leader_epoch),
            left_out: state.as_ref().map_or(0, |state| state.left_out),
            queue: Queue::default(),
            is_fetching: false,
            is_reading_tail: false,
            is_looking: false,
            must_record: false,
            is_recording: false,
            has_changed: false,
            notes: Vec::new(),
        }
    }

    /// Why it is not mirrored any further, if it is not.
    pub fn parked(&self) -> Option<&Parked> {
        match &self.phase {
            Phase::Parked(why) => Some(why),
            _ => None,
        }
    }

    /// Where everything is.
    pub fn map(&self) -> &OffsetMap {
        &self.map
    }

    /// Whether all that the source has before `source_end` is at the target or left out.
    pub fn has_reached(&self, source_end: i64) -> bool {
        matches!(self.phase, Phase::Running) && self.map.source_next() >= source_end
    }

    /// Bytes of batches that wait or are on their way.
    pub fn queued_bytes(&self) -> usize {
        self.queue.size_bytes()
    }

    /// What happened since this was last asked.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// The state, if it is another than when this was last asked.
    pub fn take_state(&mut self) -> Option<State> {
        if !std::mem::take(&mut self.has_changed) || matches!(self.phase, Phase::Looking) {
            return None;
        }
        self.state()
    }

    fn state(&self) -> Option<State> {
        let (source_topic_id, target_topic_id) = self.topic_ids?;
        let (producer_id, producer_epoch) = self.queue.producer();
        Some(State {
            source_topic_id,
            target_topic_id,
            source_leader_epoch: self.source_leader_epoch,
            producer_id,
            producer_epoch,
            left_out: self.left_out,
            map: self.map.clone(),
        })
    }

    /// The next thing to be done, if there is anything.
    pub fn act(&mut self) -> Option<Action> {
        match &self.phase {
            Phase::Parked(_) => None,
            Phase::Looking => self.look(),
            Phase::Matching {
                tail,
                target_at,
                target_end,
                ..
            } => {
                if tail.wants_target() && target_at < target_end && !self.is_reading_tail {
                    self.is_reading_tail = true;
                    return Some(Action::ReadTail { from: *target_at });
                }
                if tail.wants_source() { self.fetch() } else { None }
            }
            Phase::Running => {
                if self.must_record {
                    if let (false, Some(state)) = (self.is_recording, self.state()) {
                        self.is_recording = true;
                        return Some(Action::WriteState(state));
                    }
                    return self.fetch();
                }
                self.queue.append(&self.settings).or_else(|| self.fetch())
            }
        }
    }

    /// What is on its way is waited for, since it may be written after the look.
    fn look(&mut self) -> Option<Action> {
        if self.queue.is_underway() {
            return self.queue.again();
        }
        if self.is_looking {
            return None;
        }
        self.is_looking = true;
        Some(Action::Look {
            source_leader_epoch: self.source_leader_epoch,
        })
    }

    fn fetch(&mut self) -> Option<Action> {
        let is_full = self.queue.size_bytes() > 0 && self.queue.size_bytes() >= self.settings.queue_max_bytes;
        if self.is_fetching || is_full || self.queue.ends_in_poison() {
            return None;
        }
        self.is_fetching = true;
        Some(Action::Fetch { from: self.read_next })
    }

    /// Takes note of an event.
    pub fn on(&mut self, event: Event) {
        match event {
            Event::Looked(look) => {
                if matches!(self.phase, Phase::Looking) && self.is_looking {
                    self.is_looking = false;
                    self.looked(&look);
                }
            }
            Event::LookFailed => self.is_looking = false,
            Event::Fetched { from, records, aborted } => {
                self.is_fetching = false;
                if from == self.read_next {
                    self.fetched(&records, aborted);
                }
            }
            Event::TailRead { from, records } => self.tail_read(from, &records),
            Event::Acknowledged { id, base_offset } => self.acknowledged(id, base_offset),
            Event::Refused { id, refusal } => self.refused(id, refusal),
            Event::StateWritten => {
                if std::mem::take(&mut self.is_recording) {
                    self.must_record = false;
                }
            }
            Event::LookAgain => self.look_again(),
        }
    }

    fn park(&mut self, why: impl Into<Parked>) {
        self.phase = Phase::Parked(why.into());
        self.has_changed = true;
    }

    fn look_again(&mut self) {
        if !matches!(self.phase, Phase::Parked(_) | Phase::Looking) {
            self.phase = Phase::Looking;
            self.is_fetching = false;
            self.is_looking = false;
        }
    }

    fn fetched(&mut self, records: &Bytes, aborted: Vec<(i64, i64)>) {
        if !matches!(self.phase, Phase::Matching { .. } | Phase::Running) {
            return;
        }
        let before = self.read_next;
        let mut judge = Judge::new(&self.settings.rules, aborted);
        let mut steps = Vec::new();
        let mut batches = Batches::new(records);
        let mut at = 0;
        while let Some(next) = batches.next() {
            let header = match next {
                Ok((header, _)) => header,
                Err(error) => {
                    steps.push(Step::Poison(error.into()));
                    break;
                }
            };
            let batch = records.slice(at..at + header.size_bytes());
            at += header.size_bytes();
            let judged = judge.decide(&batch, self.read_next);
            let pieces = match judged {
                Decision::Behind => continue,
                Decision::Park(poison) => Err(poison),
                Decision::Drop(_) => Ok(Vec::new()),
                Decision::Pass => Ok(vec![Piece::whole(&header, batch)]),
                Decision::ReEncode(_) => re_encode(&self.settings.rules, &batch, self.read_next),
            };
            match pieces {
                Ok(pieces) => steps.extend(pieces.into_iter().map(Step::append)),
                Err(poison) => {
                    steps.push(Step::Poison(poison));
                    break;
                }
            }
            self.read_next = header.next_offset();
            steps.push(Step::Skip {
                to: self.read_next,
                leader_epoch: header.leader_epoch,
            });
        }
        self.take_steps(steps, before);
    }

    fn take_steps(&mut self, steps: Vec<Step>, before: i64) {
        let Phase::Matching { tail, source_end, .. } = &mut self.phase else {
            self.queue.extend(steps);
            return self.settle();
        };
        let is_at_end = self.read_next == before && before >= *source_end;
        for step in steps {
            match step {
                Step::Append(job) => tail.push_source(job.piece),
                Step::Poison(poison) => return self.park(poison),
                Step::Skip { .. } => {}
            }
        }
        self.go_on_matching(is_at_end);
    }

    fn tail_read(&mut self, from: i64, records: &Bytes) {
        self.is_reading_tail = false;
        let unpack_max_bytes = self.settings.rules.unpack_max_bytes;
        let Phase::Matching {
            tail,
            target_at,
            target_end,
            ..
        } = &mut self.phase
        else {
            return;
        };
        if from != *target_at {
            return;
        }
        let mut batches = Batches::new(records);
        let mut at = 0;
        while let Some(next) = batches.next() {
            let header = match next {
                Ok((header, _)) => header,
                Err(error) => return self.park(Poison::from(error)),
            };
            let batch = records.slice(at..at + header.size_bytes());
            at += header.size_bytes();
            if header.next_offset() <= *target_at || header.base_offset >= *target_end {
                continue;
            }
            if header.is_control() {
                let target_offset = header.base_offset;
                return self.park(Parked::ForeignWriter { target_offset });
            }
            if let Err(error) = tail.push_target(&header, batch, *target_at, unpack_max_bytes) {
                return self.park(Poison::from(error));
            }
            *target_at = header.next_offset();
        }
        self.go_on_matching(false);
    }

    fn go_on_matching(&mut self, is_source_at_end: bool) {
        let unpack_max_bytes = self.settings.rules.unpack_max_bytes;
        let Phase::Matching {
            tail,
            target_at,
            target_end,
            matched,
            ..
        } = &mut self.phase
        else {
            return;
        };
        let (map, left_out) = (&mut self.map, &mut self.left_out);
        let pause = tail.advance(unpack_max_bytes, |run, target| {
            *left_out += run.source_offset - map.source_next();
            *matched += run.count;
            map.append(run, target);
        });
        let (target_at, target_end, records) = (*target_at, *target_end, *matched);
        match pause {
            Err(error) => self.park(Poison::from(error)),
            Ok(Pause::Mismatch { target_offset }) => self.park(Parked::ForeignWriter { target_offset }),
            Ok(Pause::Target) if target_at >= target_end => {
                self.map.skip_target_to(target_end);
                self.notes.push(Note::Reconciled { records });
                self.run();
            }
            Ok(Pause::Source) if is_source_at_end => {
                let target_offset = self.map.target_next();
                self.park(Parked::ForeignWriter { target_offset });
            }
            Ok(Pause::Target | Pause::Source) => {}
        }
    }

    /// Goes on from what is known.
    fn run(&mut self) {
        self.phase = Phase::Running;
        self.read_next = self.map.source_next();
        self.is_fetching = false;
        self.has_changed = true;
    }
}

impl From<HeaderError> for Parked {
    fn from(error: HeaderError) -> Self {
        Self::Poison(error.into())
    }
}
