//! The comparison of a history with the logs as they are at the end.

use std::collections::BTreeMap;

use super::finding::{Finding, Place, Strangeness, Witness};
use super::pages::Pages;
use super::report::Report;
use super::{History, Outcome, RecordId};

/// Takes the logs record by record, and then tells what is wrong.
#[derive(Debug)]
pub struct Check<'a> {
    history: &'a History,
    /// Where each record was found first, by writer and number.
    found: BTreeMap<u32, Vec<Option<Place>>>,
    logs: BTreeMap<i32, Log>,
    report: Report,
}

/// A log, so far.
#[derive(Debug, Default)]
struct Log {
    ids: Pages,
    /// The offset after the last one.
    end: i64,
    /// The latest that each writer had sent of what has been read, and its offset.
    latest: BTreeMap<u32, (RecordId, i64)>,
}

impl<'a> Check<'a> {
    pub(super) fn new(history: &'a History) -> Self {
        Self {
            history,
            found: BTreeMap::new(),
            logs: BTreeMap::new(),
            report: history.report.clone(),
        }
    }

    /// The next record of a partition's log, which has one at each offset from 0 on; `None` if it is none that anybody
    /// could have sent.
    pub fn reads(&mut self, partition: i32, offset: i64, id: Option<RecordId>) {
        let place = Place { partition, offset };
        let log = self.logs.entry(partition).or_default();
        if offset != log.end {
            self.report.add(Finding::Gap {
                partition,
                expected: log.end,
                found: offset,
            });
        }
        log.end = offset.saturating_add(1);
        let Some(id) = id else {
            self.strange(place, Strangeness::Unreadable);
            return;
        };
        log.ids.put(offset, id);
        if let Some(latest) = log.latest.get(&id.writer).filter(|(latest, _)| *latest > id) {
            self.report.add(Finding::Reordered {
                partition,
                first: *latest,
                then: (id, offset),
            });
        } else {
            log.latest.insert(id.writer, (id, offset));
        }
        self.compare(place, id);
    }

    /// What is wrong with a record by itself.
    fn compare(&mut self, place: Place, id: RecordId) {
        let Some(sent) = self.history.sent(id) else {
            self.strange(place, Strangeness::NeverSent(id));
            return;
        };
        if sent.outcome == Outcome::Refused {
            self.strange(place, Strangeness::Refused(id));
        }
        if sent.partition != place.partition {
            self.report.add(Finding::Astray {
                id,
                sent_to: sent.partition,
                found: place,
            });
        }
        let of_writer = self.history.sent.get(&id.writer).map_or(0, Vec::len);
        let found = self.found.entry(id.writer).or_insert_with(|| vec![None; of_writer]);
        let Some(found) = found.get_mut(id.number as usize) else {
            return;
        };
        match *found {
            None => *found = Some(place),
            Some(first) => self.report.add(Finding::Duplicated {
                id,
                first,
                again: place,
            }),
        }
    }

    fn strange(&mut self, place: Place, what: Strangeness) {
        self.report.add(Finding::Phantom {
            place,
            what,
            witness: Witness::FinalLog,
        });
    }

    /// All logs have been read to their ends.
    pub fn finish(mut self) -> Report {
        self.acknowledged_are_there();
        self.what_was_seen_is_there();
        self.nothing_was_skipped();
        self.report
    }

    fn acknowledged_are_there(&mut self) {
        for (writer, sent) in &self.history.sent {
            let places = self.found.get(writer);
            for (number, sent) in (0u32..).zip(sent) {
                let Outcome::Acknowledged { offset } = sent.outcome else {
                    continue;
                };
                let id = RecordId {
                    writer: *writer,
                    number,
                };
                let place = Place {
                    partition: sent.partition,
                    offset,
                };
                let found = places.and_then(|places| places.get(number as usize).copied().flatten());
                match found {
                    None => self.report.add(Finding::Lost { id, place }),
                    Some(found) if found != place => self.report.add(Finding::Misplaced {
                        id,
                        acknowledged: place,
                        found,
                    }),
                    Some(_) => {}
                }
            }
        }
    }

    fn what_was_seen_is_there(&mut self) {
        for (partition, seen) in &self.history.seen {
            let log = self.logs.get(partition);
            for (offset, before) in seen.iter() {
                let place = Place {
                    partition: *partition,
                    offset,
                };
                match log.and_then(|log| log.ids.get(offset)) {
                    None => self.report.add(Finding::Vanished { id: before, place }),
                    Some(now) if now != before => self.report.add(Finding::Inconsistent {
                        place,
                        before,
                        now,
                        witness: Witness::FinalLog,
                    }),
                    Some(_) => {}
                }
            }
        }
    }

    /// A reader may pass over offsets only where there is no record.
    fn nothing_was_skipped(&mut self) {
        for jump in &self.history.jumps {
            let log = self.logs.get(&jump.partition);
            let missed = log.and_then(|log| log.ids.first_in(jump.expected, jump.next));
            if let Some((offset, id)) = missed {
                self.report.add(Finding::Skipped {
                    reader: jump.reader,
                    next: jump.next,
                    id,
                    missed: Place {
                        partition: jump.partition,
                        offset,
                    },
                });
            }
        }
    }
}
