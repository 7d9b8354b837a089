//! Comparing by order, where nothing else tells which records belong together.

use protocol::records::RecordError;

use super::side::{Reader, Seen};
use super::{Comparison, Kind, Side, align};

/// What the window is kept to: as many records as tell something, and as many as can be compared with each other.
const WINDOW_RECORDS: std::ops::RangeInclusive<usize> = 8..=500;

impl Comparison {
    /// Two next records; of different ones it is found out what happened before both sides go on together.
    pub(super) fn compare_in_order(&mut self, ours: &Seen, theirs: &Seen) -> Result<bool, (Side, RecordError)> {
        if ours.is_same(theirs) {
            self.pair(ours, theirs);
            return Ok(true);
        }
        let window = self
            .settings
            .window_records
            .clamp(*WINDOW_RECORDS.start(), *WINDOW_RECORDS.end());
        for side in [Side::Source, Side::Target] {
            self.look_into(side, window)?;
            let reader = self.reader_mut(side);
            if reader.seen().len() < window && !reader.is_ended() {
                return Ok(self.wait_for(side));
            }
        }
        let is_end = [Side::Source, Side::Target].into_iter().all(|side| {
            let reader = self.reader_mut(side);
            reader.is_all_seen() && reader.seen().len() <= window
        });
        let first = |reader: &mut Reader| reader.seen().iter().take(window).copied().collect::<Vec<_>>();
        let (ours, theirs) = (first(&mut self.source), first(&mut self.target));
        if self.settings.is_source_compacted != self.settings.is_target_compacted {
            self.pass_over(&ours, &theirs);
            return Ok(true);
        }
        match align::meeting(&ours, &theirs, is_end) {
            Some((i, j)) => {
                self.settle(ours.get(..i).unwrap_or_default(), theirs.get(..j).unwrap_or_default());
                Ok(true)
            }
            None => {
                let offset = |seen: &[Seen]| seen.first().map_or(0, |record| record.offset);
                self.tell(Kind::Apart, offset(&ours), offset(&theirs));
                self.wanted = None;
                Ok(false)
            }
        }
    }

    /// One side is compacted: what the other has before the compacted one's next record is what it lost; if the other has not got
    /// that record, the record itself is the difference.
    fn pass_over(&mut self, ours: &[Seen], theirs: &[Seen]) {
        let (Some(our_first), Some(their_first)) = (ours.first(), theirs.first()) else {
            return;
        };
        if self.settings.is_source_compacted {
            match theirs.iter().position(|record| record.is_same(our_first)) {
                Some(lost) => theirs.iter().take(lost).for_each(|record| {
                    self.only_target(record, our_first.offset);
                }),
                None => {
                    self.only_source(our_first, their_first.offset);
                }
            }
        } else {
            match ours.iter().position(|record| record.is_same(their_first)) {
                Some(lost) => ours.iter().take(lost).for_each(|record| {
                    self.only_source(record, their_first.offset);
                }),
                None => {
                    self.only_target(their_first, our_first.offset);
                }
            }
        }
    }

    /// Tells what happened to records before both sides go on together.
    fn settle(&mut self, ours: &[Seen], theirs: &[Seen]) {
        self.source.seen().drain(..ours.len());
        self.target.seen().drain(..theirs.len());
        let (source_next, target_next) = (next_offset(&mut self.source), next_offset(&mut self.target));
        let (findings, alike) = align::findings(ours, theirs);
        for (i, _) in &alike {
            if let Some(ours) = ours.get(*i) {
                self.remember(*ours);
            }
        }
        for finding in findings {
            let source = ours.get(finding.source).map_or(source_next, |record| record.offset);
            let target = theirs.get(finding.target).map_or(target_next, |record| record.offset);
            match (finding.kind, theirs.get(finding.target)) {
                (Kind::Missing, _) => self.missing(source, target),
                (Kind::Extra, Some(theirs)) => self.extra(theirs, source),
                (kind, _) => self.tell(kind, source, target),
            }
        }
    }
}

fn next_offset(reader: &mut Reader) -> i64 {
    let from = reader.from();
    reader.seen().front().map_or(from, |record| record.offset)
}
