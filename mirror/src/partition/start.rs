//! Where to begin, from what the state tells and both sides have.

use super::{Look, Note, Parked, Partition, Phase, Then};
use crate::offset_map::OffsetMap;
use crate::re_encode::Run;
use crate::tail::Tail;

impl Partition {
    pub(super) fn looked(&mut self, look: &Look) {
        self.queue.restart(look.producer);
        (self.is_fetching, self.is_reading_tail) = (false, false);
        let begun = self
            .check_topics(look)
            .and_then(|()| self.check_history(look))
            .and_then(|()| self.check_ends(look));
        match begun {
            Err(why) => self.park(why),
            Ok(()) if self.map.target_next() < look.target.end => {
                self.read_next = self.map.source_next();
                self.phase = Phase::Matching {
                    tail: Tail::new(self.settings.is_compacted),
                    target_at: self.map.target_next(),
                    target_end: look.target.end,
                    source_end: look.source.end,
                    matched: 0,
                };
            }
            Ok(()) => self.run(),
        }
    }

    /// Begins anew where both sides are now; this is to be remembered before anything is appended.
    fn begin(&mut self, source_next: i64, target_next: i64) {
        self.map = OffsetMap::new(source_next, target_next);
        self.source_leader_epoch = -1;
        self.left_out = 0;
        self.must_record = true;
    }

    /// Whether both topics are the ones of the last time.
    fn check_topics(&mut self, look: &Look) -> Result<(), Parked> {
        let ids = (look.source.topic_id, look.target.topic_id);
        let before = self.topic_ids;
        if let Some(before) = before.filter(|before| *before != ids) {
            if self.settings.on_recreation == Then::Stop {
                return Err(if before.0 == ids.0 {
                    Parked::TargetRecreated
                } else {
                    Parked::SourceRecreated
                });
            }
            self.notes.push(Note::Recreated);
            self.begin(look.source.start, look.target.end);
        }
        self.topic_ids = Some(ids);
        if before.is_none() {
            // Whatever the target has is laid against the source from its beginning.
            self.begin(look.source.start, look.target.start);
        }
        Ok(())
    }

    /// Whether the source still has what was mirrored, or other records in its place.
    fn check_history(&mut self, look: &Look) -> Result<(), Parked> {
        let (known, to) = (self.source_leader_epoch >= 0, self.map.source_next());
        // A source that ends before what was read lost it, whatever it says of epochs.
        let shortened = (look.source.end < to && known).then_some(look.source.end);
        let diverged = look.diverged_at.into_iter().chain(shortened).min();
        let Some(from) = diverged.filter(|from| *from < to) else {
            return Ok(());
        };
        if self.settings.on_truncation == Then::Stop {
            return Err(Parked::Truncated { from, to });
        }
        self.notes.push(Note::Truncated { from, to });
        self.map.cut_source(from);
        // What lies there beyond the map was lost at the source too.
        self.map.skip_target_to(look.target.end);
        self.source_leader_epoch = -1;
        self.must_record = true;
        Ok(())
    }

    /// Whether either side has lost records at one of its ends.
    fn check_ends(&mut self, look: &Look) -> Result<(), Parked> {
        let target_end = look.target.end;
        if target_end < self.map.target_next() {
            self.notes.push(Note::TargetLost {
                from: target_end,
                to: self.map.target_next(),
            });
            self.map.cut_target(target_end);
            self.has_changed = true;
        }
        let from = self.map.target_next();
        let has_tail = from < target_end;
        if has_tail && look.target.start > from {
            return Err(Parked::Unverifiable { target_offset: from });
        }
        let source_next = self.map.source_next();
        if look.source.start <= source_next {
            return Ok(());
        }
        if has_tail {
            // Nothing but the offsets tells what these records were, and that only where none was ever left out.
            if self.left_out > 0 || self.settings.is_compacted {
                return Err(Parked::Unverifiable { target_offset: from });
            }
            let run = Run {
                source_offset: source_next,
                count: (target_end - from).min(look.source.start - source_next),
            };
            self.map.append(run, from);
        }
        let (from, to) = (self.map.source_next(), look.source.start);
        if from == to {
            return Ok(());
        }
        if self.settings.on_gap == Then::Stop {
            return Err(Parked::Overtaken { from, to });
        }
        self.notes.push(Note::Overtaken { from, to });
        self.left_out += to - from;
        self.map.skip_to(to);
        self.must_record = true;
        Ok(())
    }
}
