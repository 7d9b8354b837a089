//! One partition: what to read, what to append, and what is known of both sides. Events in, actions out.
//!
//! It looks at both sides first, matches what the target has beyond what the state tells record by record, and only then
//! appends. Whatever goes wrong on the way, it looks again. As long as nobody else writes to the target's partition, each record
//! is there once and in order.

mod events;
mod queue;
mod start;

use bytes::Bytes;
use protocol::records::Batches;

use crate::decide::{Decision, Judge, Poison};
use crate::offset_map::OffsetMap;
use crate::re_encode::{Piece, re_encode};
use crate::state::State;
use crate::tail::{Pause, Tail};

pub use events::{Action, Event, Look, Note, Parked, Refusal, Settings, Side, Then};
use queue::{Queue, Step};

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
        let (map, topic_ids, source_leader_epoch, left_out) = match state {
            Some(state) => {
                let ids = (state.source_topic_id, state.target_topic_id);
                (state.map, Some(ids), state.source_leader_epoch, state.left_out)
            }
            None => (OffsetMap::new(0, 0), None, -1, 0),
        };
        Self {
            settings,
            phase: Phase::Looking,
            read_next: map.source_next(),
            map,
            topic_ids,
            source_leader_epoch,
            left_out,
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
        let mut at = 0;
        for next in Batches::new(records) {
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
        let mut at = 0;
        for next in Batches::new(records) {
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
