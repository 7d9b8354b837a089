//! Whether a partition was mirrored: both sides are read in order and compared, by numbers, by checksums or record by record.
//!
//! What counts as a record of the source is what a mirror makes one of: markers, aborted transactions (where the answers name
//! them), empty batches and what came from the other side do not. With an offset map each record is looked for where the map
//! says that it is; without one, or where the map knows only how many there are, in the order of the source. After a difference it
//! is found out where both sides go on together. No more than one answer of each side and a window of records is kept.
//!
//! A side that is compacted may lack records. Nothing tells then which, so what it lacks is only counted; without a map one
//! that lost more than a window of records in a row looks as if it had others.

mod align;
mod order;
mod place;
mod report;
mod settings;
mod side;

use std::collections::VecDeque;

use protocol::records::RecordError;

use crate::decide::{Poison, Rules};
use place::{Place, of_source, of_target};
pub use report::{Counts, Difference, Fields, Kind, Report, Side, Verdict};
pub use settings::{Event, Level, Range, Settings};
use side::{Reader, Seen};

/// Records that were found on both sides are remembered so long, to tell what was written twice.
const REMEMBERED: usize = 1024;

/// Two sides of a partition on their way through a comparison.
#[derive(Debug)]
pub struct Comparison {
    settings: Settings,
    source: Reader,
    target: Reader,
    recent: VecDeque<Seen>,
    /// Which side has to be read before anything more can be said.
    wanted: Option<Side>,
    report: Report,
}

impl Comparison {
    /// Nothing read yet.
    pub fn new(settings: Settings) -> Self {
        let is_counted_only = settings.level == Level::Counts;
        // What a mirror in the other direction wrote is left out of what it reads, not of what it wrote to.
        let rules_of_target = Rules {
            mirrored_by: std::collections::BTreeSet::new(),
            timestamps: crate::decide::Timestamps::Create,
            ..settings.rules.clone()
        };
        let mut comparison = Self {
            source: Reader::new(settings.source, settings.rules.clone(), is_counted_only),
            target: Reader::new(settings.target, rules_of_target, is_counted_only),
            settings,
            recent: VecDeque::new(),
            wanted: None,
            report: Report::default(),
        };
        comparison.go_on();
        comparison
    }

    /// Which side is read next, and from which offset; none when all is compared.
    pub fn wants(&self) -> Option<(Side, i64)> {
        let side = self.wanted?;
        Some((side, self.reader(side).from()))
    }

    /// What came of it so far, or in the end.
    pub fn report(&self) -> Report {
        let mut report = self.report.clone();
        report.source = self.source.counts;
        report.target = self.target.counts;
        report.is_finished = self.wanted.is_none() && report.unreadable.is_none();
        if self.settings.level == Level::Counts && report.is_finished {
            let (ours, theirs) = (report.source.records, report.target.records);
            report.missing = if self.settings.is_target_compacted {
                0
            } else {
                (ours - theirs).max(0)
            };
            report.extra = if self.settings.is_source_compacted {
                0
            } else {
                (theirs - ours).max(0)
            };
        }
        report
    }

    /// Takes note of an event.
    pub fn on(&mut self, event: Event) {
        let Some(wanted) = self.wanted else {
            return;
        };
        let side = match event {
            Event::End(side) => {
                self.reader_mut(side).end();
                side
            }
            Event::Read { side, records, aborted } => {
                if let Err(poison) = self.reader_mut(side).push(&records, aborted) {
                    return self.stop(side, &poison);
                }
                side
            }
        };
        if side == wanted {
            self.go_on();
        }
    }

    fn reader(&self, side: Side) -> &Reader {
        match side {
            Side::Source => &self.source,
            Side::Target => &self.target,
        }
    }

    fn reader_mut(&mut self, side: Side) -> &mut Reader {
        match side {
            Side::Source => &mut self.source,
            Side::Target => &mut self.target,
        }
    }

    /// What cannot be read cannot be compared, and nobody knows how to go on behind it.
    fn stop(&mut self, side: Side, poison: &Poison) {
        self.report.unreadable = Some((side, poison.to_string()));
        self.wanted = None;
    }

    /// Compares as far as both sides reach.
    fn go_on(&mut self) {
        if self.settings.level == Level::Counts {
            let both = [Side::Source, Side::Target];
            self.wanted = both.into_iter().find(|side| !self.reader(*side).is_ended());
            return;
        }
        loop {
            match self.step() {
                Ok(true) => {}
                Ok(false) => return,
                Err((side, error)) => return self.stop(side, &Poison::from(error)),
            }
        }
    }

    /// The next batch or record of one side or both; false if something has to be read first or nothing is left.
    fn step(&mut self) -> Result<bool, (Side, RecordError)> {
        if self.settings.level == Level::Batches && self.match_batches() {
            return Ok(true);
        }
        for side in [Side::Source, Side::Target] {
            self.look_into(side, 1)?;
        }
        let (ours, theirs) = (self.source.seen().front().copied(), self.target.seen().front().copied());
        match (ours, theirs) {
            (None, _) if !self.source.is_ended() => Ok(self.wait_for(Side::Source)),
            (_, None) if !self.target.is_ended() => Ok(self.wait_for(Side::Target)),
            (None, None) => {
                self.wanted = None;
                Ok(false)
            }
            (Some(ours), None) => Ok(self.only_source(&ours, self.target.from())),
            (None, Some(theirs)) => Ok(self.only_target(&theirs, self.source.from())),
            (Some(ours), Some(theirs)) => self.compare(&ours, &theirs),
        }
    }

    fn look_into(&mut self, side: Side, records: usize) -> Result<(), (Side, RecordError)> {
        self.reader_mut(side).look_into(records).map_err(|error| (side, error))
    }

    fn wait_for(&mut self, side: Side) -> bool {
        self.wanted = Some(side);
        false
    }

    /// Both sides' next batches, if their records are the same bytes and where they should be.
    fn match_batches(&mut self) -> bool {
        let (Some(ours), Some(theirs)) = (self.source.whole(), self.target.whole()) else {
            return false;
        };
        let is_placed = |delta: i64| match self.place(ours.first + delta) {
            Place::At(offset) => offset == theirs.first + delta,
            Place::Unknown => true,
            Place::Nowhere | Place::Outside => false,
        };
        if ours.fingerprint != theirs.fingerprint || !is_placed(0) || !is_placed(ours.count - 1) {
            return false;
        }
        self.source.pop_whole();
        self.target.pop_whole();
        self.report.matched += ours.count;
        self.report.matched_by_checksum += ours.count;
        true
    }

    /// Where a record of the source should be at the target.
    fn place(&self, offset: i64) -> Place {
        self.settings
            .map
            .as_ref()
            .map_or(Place::Unknown, |map| of_source(map, offset))
    }

    /// Which offset of the source a record of the target should be from.
    fn origin(&self, offset: i64) -> Place {
        self.settings
            .map
            .as_ref()
            .map_or(Place::Unknown, |map| of_target(map, offset))
    }

    fn compare(&mut self, ours: &Seen, theirs: &Seen) -> Result<bool, (Side, RecordError)> {
        let (place, origin) = (self.place(ours.offset), self.origin(theirs.offset));
        let is_missing = match (place, origin) {
            (Place::Outside | Place::Nowhere, _) => true,
            (_, Place::Outside | Place::Nowhere) => false,
            (Place::At(at), _) if at == theirs.offset => {
                self.pair(ours, theirs);
                return Ok(true);
            }
            (Place::At(at), _) => at < theirs.offset,
            (Place::Unknown, Place::At(at)) => at > ours.offset,
            (Place::Unknown, Place::Unknown) => return self.compare_in_order(ours, theirs),
        };
        Ok(if is_missing {
            self.only_source(ours, theirs.offset)
        } else {
            self.only_target(theirs, ours.offset)
        })
    }

    /// Two records that should be the same.
    fn pair(&mut self, ours: &Seen, theirs: &Seen) {
        self.source.seen().pop_front();
        self.target.seen().pop_front();
        if ours.is_same(theirs) {
            self.remember(*ours);
        } else {
            let kind = Kind::Altered(Fields::between(ours, theirs));
            self.tell(kind, ours.offset, theirs.offset);
        }
    }

    fn remember(&mut self, ours: Seen) {
        self.report.matched += 1;
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(ours);
    }

    /// The source's next record has none at the target, which goes on at an offset.
    fn only_source(&mut self, ours: &Seen, target: i64) -> bool {
        self.source.seen().pop_front();
        match self.place(ours.offset) {
            Place::Outside => self.report.outside += 1,
            Place::At(at) => self.missing(ours.offset, at),
            Place::Nowhere | Place::Unknown => self.missing(ours.offset, target),
        }
        true
    }

    fn missing(&mut self, source: i64, target: i64) {
        if self.settings.is_target_compacted {
            self.report.only_at_source += 1;
        } else {
            self.tell(Kind::Missing, source, target);
        }
    }

    /// The target's next record has none at the source, which goes on at an offset.
    fn only_target(&mut self, theirs: &Seen, source: i64) -> bool {
        self.target.seen().pop_front();
        match self.origin(theirs.offset) {
            Place::Outside => self.report.outside += 1,
            Place::At(at) => self.extra(theirs, at),
            Place::Nowhere | Place::Unknown => self.extra(theirs, source),
        }
        true
    }

    fn extra(&mut self, theirs: &Seen, source: i64) {
        let first = self
            .recent
            .iter()
            .rev()
            .find(|known| known.is_same(theirs))
            .map(|known| known.offset);
        if self.settings.is_source_compacted {
            self.report.only_at_target += 1;
        } else if let Some(first) = first {
            self.tell(Kind::Doubled, first, theirs.offset);
        } else {
            self.tell(Kind::Extra, source, theirs.offset);
        }
    }

    fn tell(&mut self, kind: Kind, source_offset: i64, target_offset: i64) {
        let difference = Difference {
            kind,
            source_offset,
            target_offset,
        };
        self.report.tell(difference, self.settings.differences_max);
    }
}
