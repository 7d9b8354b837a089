//! What writers and readers saw of a topic, and what must then be true of its logs after any number of kills.
//! Nothing here talks to a cluster.

use std::collections::{BTreeMap, BTreeSet};

/// A record, by who wrote it and as which one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Id {
    pub(crate) writer: u32,
    pub(crate) number: u32,
}

/// A log as it was read at the end: offsets, and the records there if they are any that were sent.
pub(crate) type Read = Vec<(i64, Option<Id>)>;

/// What must not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// An acknowledged record is not where it was acknowledged.
    Lost { id: Id, partition: i32, offset: i64 },
    /// A record is there more than once.
    Duplicated { id: Id, partition: i32, offsets: Vec<i64> },
    /// A writer's records are not in the order it sent them in.
    Reordered { partition: i32, earlier: Id, later: Id },
    /// An offset that was read or acknowledged has another record now.
    Reused {
        partition: i32,
        offset: i64,
        before: Id,
        now: Option<Id>,
    },
    /// An offset has no record.
    Gap { partition: i32, expected: i64, found: i64 },
    /// Something that nobody sent, or that is not what was sent.
    Foreign { partition: i32, offset: i64 },
    /// A record is in a partition it was not sent to.
    Astray { id: Id, partition: i32 },
}

/// Everything that was seen.
#[derive(Debug, Default)]
pub(crate) struct History {
    sent: BTreeMap<Id, i32>,
    acknowledged: BTreeMap<Id, i64>,
    seen: BTreeMap<(i32, i64), Id>,
    faults: Vec<Fault>,
}

impl History {
    /// A writer is about to send a record.
    pub(crate) fn sends(&mut self, id: Id, partition: i32) {
        self.sent.insert(id, partition);
    }

    /// A writer was told where a record is.
    pub(crate) fn acknowledges(&mut self, id: Id, offset: i64) {
        self.acknowledged.insert(id, offset);
        let partition = self.sent[&id];
        self.sees(partition, offset, Some(id));
    }

    /// A reader, or a writer's acknowledgement, tells what is at an offset.
    pub(crate) fn sees(&mut self, partition: i32, offset: i64, id: Option<Id>) {
        let Some(id) = id else {
            self.faults.push(Fault::Foreign { partition, offset });
            return;
        };
        let before = *self.seen.entry((partition, offset)).or_insert(id);
        if before != id {
            let now = Some(id);
            self.faults.push(Fault::Reused {
                partition,
                offset,
                before,
                now,
            });
        }
    }

    /// How many records were sent and acknowledged.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.sent.len(), self.acknowledged.len())
    }

    /// Everything that is wrong with the logs of the partitions.
    pub(crate) fn check(&self, logs: &BTreeMap<i32, Read>) -> Vec<Fault> {
        let mut faults = self.faults.clone();
        let mut places: BTreeMap<Id, (i32, Vec<i64>)> = BTreeMap::new();
        for (partition, log) in logs {
            self.check_log(*partition, log, &mut faults);
            for (offset, id) in log {
                let Some(id) = id else { continue };
                places.entry(*id).or_insert((*partition, Vec::new())).1.push(*offset);
            }
        }
        for (id, offset) in &self.acknowledged {
            let partition = self.sent[id];
            let there = places
                .get(id)
                .is_some_and(|(at, offsets)| *at == partition && offsets.contains(offset));
            if !there {
                let (id, offset) = (*id, *offset);
                faults.push(Fault::Lost { id, partition, offset });
            }
        }
        for (id, (partition, offsets)) in places {
            if offsets.len() > 1 {
                faults.push(Fault::Duplicated { id, partition, offsets });
            }
        }
        faults
    }

    fn check_log(&self, partition: i32, log: &Read, faults: &mut Vec<Fault>) {
        let mut expected = 0;
        let mut latest: BTreeMap<u32, Id> = BTreeMap::new();
        for (offset, id) in log {
            if *offset != expected {
                let found = *offset;
                faults.push(Fault::Gap {
                    partition,
                    expected,
                    found,
                });
            }
            expected = offset + 1;
            let Some(id) = id.filter(|id| self.sent.contains_key(id)) else {
                let offset = *offset;
                faults.push(Fault::Foreign { partition, offset });
                continue;
            };
            if self.sent[&id] != partition {
                faults.push(Fault::Astray { id, partition });
            }
            if let Some(earlier) = latest.insert(id.writer, id).filter(|earlier| *earlier > id) {
                let later = id;
                faults.push(Fault::Reordered {
                    partition,
                    earlier,
                    later,
                });
            }
        }
        let found: BTreeMap<i64, Option<Id>> = log.iter().copied().collect();
        for ((_, offset), before) in self.seen.range((partition, 0)..=(partition, i64::MAX)) {
            let now = found.get(offset).copied().flatten();
            if now != Some(*before) {
                let (offset, before) = (*offset, *before);
                faults.push(Fault::Reused {
                    partition,
                    offset,
                    before,
                    now,
                });
            }
        }
    }
}

/// What is known of topics that come and go.
#[derive(Debug, Default)]
pub(crate) struct Topics {
    /// Whether each is there; not in it while nobody can know.
    there: BTreeMap<String, bool>,
    faults: BTreeSet<String>,
}

impl Topics {
    /// A creation or deletion is about to be asked for.
    pub(crate) fn changes(&mut self, name: &str) {
        self.there.remove(name);
    }

    /// A creation (`true`) or deletion was acknowledged.
    pub(crate) fn acknowledges(&mut self, name: &str, there: bool) {
        self.there.insert(name.to_owned(), there);
    }

    /// Somebody looked.
    pub(crate) fn sees(&mut self, name: &str, there: bool) {
        if self.there.insert(name.to_owned(), there) == Some(!there) {
            let wrong = if there { "is there again" } else { "is gone" };
            self.faults.insert(format!("topic {name} {wrong}"));
        }
    }

    /// Somebody read the records of a topic that has been created `generation` times.
    pub(crate) fn reads(&mut self, name: &str, generation: u32, records: &[(i64, String)]) {
        let expected = vec![(0, generation.to_string())];
        if records != expected {
            self.faults
                .insert(format!("topic {name} has {records:?} instead of {expected:?}"));
        }
    }

    /// Topics in the order of their names, and whether they are there.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&String, bool)> {
        self.there.iter().map(|(name, there)| (name, *there))
    }

    /// What went wrong.
    pub(crate) fn faults(&self) -> Vec<String> {
        self.faults.iter().cloned().collect()
    }
}

/// What a group committed for one partition: ever greater offsets.
#[derive(Debug, Default)]
pub(crate) struct Commits {
    tried: i64,
    acknowledged: i64,
    faults: Vec<String>,
}

impl Commits {
    /// The offset to commit next.
    pub(crate) fn next(&mut self) -> i64 {
        self.tried += 1;
        self.tried
    }

    /// A commit was acknowledged.
    pub(crate) fn acknowledges(&mut self, offset: i64) {
        self.acknowledged = self.acknowledged.max(offset);
    }

    /// Somebody asked what was committed; what was seen once counts as if it had been acknowledged.
    pub(crate) fn sees(&mut self, offset: i64) {
        if offset < self.acknowledged || offset > self.tried {
            let (acknowledged, tried) = (self.acknowledged, self.tried);
            self.faults.push(format!(
                "committed offset {offset} is not between {acknowledged} and {tried}"
            ));
        }
        self.acknowledges(offset);
    }

    /// How many commits were acknowledged, and what went wrong.
    pub(crate) fn outcome(&self) -> (i64, &[String]) {
        (self.acknowledged, &self.faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A1: Id = Id { writer: 1, number: 1 };
    const A2: Id = Id { writer: 1, number: 2 };
    const B1: Id = Id { writer: 2, number: 1 };

    /// Writer 1 had both of its records acknowledged, writer 2 does not know.
    fn history() -> History {
        let mut history = History::default();
        for id in [A1, A2, B1] {
            history.sends(id, 0);
        }
        history.acknowledges(A1, 0);
        history.acknowledges(A2, 1);
        history
    }

    fn faults(history: &History, log: &[(i64, Option<Id>)]) -> Vec<Fault> {
        history.check(&BTreeMap::from([(0, log.to_vec())]))
    }

    #[test]
    fn a_good_log_passes_with_and_without_what_was_not_acknowledged() {
        let history = history();
        assert_eq!(faults(&history, &[(0, Some(A1)), (1, Some(A2))]), []);
        assert_eq!(faults(&history, &[(0, Some(A1)), (1, Some(A2)), (2, Some(B1))]), []);
    }

    #[test]
    fn a_lost_record_is_found() {
        let found = faults(&history(), &[(0, Some(A1))]);
        assert!(
            found.contains(&Fault::Lost {
                id: A2,
                partition: 0,
                offset: 1
            }),
            "{found:?}"
        );
    }

    #[test]
    fn a_record_at_another_offset_than_acknowledged_is_lost_and_its_offset_reused() {
        let found = faults(&history(), &[(0, Some(A1)), (1, Some(B1)), (2, Some(A2))]);
        assert!(
            found.contains(&Fault::Lost {
                id: A2,
                partition: 0,
                offset: 1
            }),
            "{found:?}"
        );
        let (before, now) = (A2, Some(B1));
        assert!(
            found.contains(&Fault::Reused {
                partition: 0,
                offset: 1,
                before,
                now
            }),
            "{found:?}"
        );
    }

    #[test]
    fn a_record_that_is_there_twice_is_found_acknowledged_or_not() {
        let log = [
            (0, Some(A1)),
            (1, Some(A2)),
            (2, Some(B1)),
            (3, Some(A2)),
            (4, Some(B1)),
        ];
        let found = faults(&history(), &log);
        for (id, offsets) in [(A2, vec![1, 3]), (B1, vec![2, 4])] {
            let expected = Fault::Duplicated {
                id,
                partition: 0,
                offsets,
            };
            assert!(found.contains(&expected), "{found:?}");
        }
    }

    #[test]
    fn records_out_of_their_writers_order_are_found() {
        let mut history = History::default();
        for id in [A1, A2, B1] {
            history.sends(id, 0);
        }
        let found = faults(&history, &[(0, Some(A2)), (1, Some(B1)), (2, Some(A1))]);
        assert_eq!(
            found,
            [Fault::Reordered {
                partition: 0,
                earlier: A2,
                later: A1
            }]
        );
    }

    #[test]
    fn an_offset_that_a_reader_saw_must_keep_its_record() {
        let mut history = history();
        history.sees(0, 2, Some(B1));
        let (partition, offset, before) = (0, 2, B1);
        let gone = Fault::Reused {
            partition,
            offset,
            before,
            now: None,
        };
        assert_eq!(faults(&history, &[(0, Some(A1)), (1, Some(A2))]), [gone]);
        history.sees(0, 2, Some(A2));
        let log = [(0, Some(A1)), (1, Some(A2)), (2, Some(B1))];
        let changed = Fault::Reused {
            partition,
            offset,
            before,
            now: Some(A2),
        };
        assert_eq!(faults(&history, &log), [changed], "also if it is back at the end");
    }

    #[test]
    fn gaps_and_strange_records_are_found() {
        let log = [
            (0, Some(A1)),
            (1, Some(A2)),
            (3, Some(Id { writer: 9, number: 9 })),
            (4, None),
        ];
        let gap = Fault::Gap {
            partition: 0,
            expected: 2,
            found: 3,
        };
        let foreign = [3, 4].map(|offset| Fault::Foreign { partition: 0, offset });
        assert_eq!(faults(&history(), &log), [&[gap][..], &foreign].concat());
        let logs = BTreeMap::from([(0, vec![(0, Some(A1)), (1, Some(A2))]), (1, vec![(0, Some(B1))])]);
        assert_eq!(history().check(&logs), [Fault::Astray { id: B1, partition: 1 }]);
    }

    #[test]
    fn topics_that_vanish_or_come_back_are_found() {
        let mut topics = Topics::default();
        topics.changes("a");
        topics.sees("a", false);
        topics.changes("a");
        topics.acknowledges("a", true);
        topics.sees("a", true);
        topics.reads("a", 3, &[(0, "3".into())]);
        assert_eq!(topics.faults(), Vec::<String>::new());
        topics.sees("a", false);
        topics.changes("a");
        topics.acknowledges("a", false);
        topics.sees("a", true);
        topics.reads("a", 3, &[(0, "2".into()), (1, "3".into())]);
        topics.reads("a", 3, &[]);
        assert_eq!(topics.faults().len(), 4, "{:?}", topics.faults());
    }

    #[test]
    fn a_commit_that_goes_back_is_found() {
        let mut commits = Commits::default();
        let first = commits.next();
        commits.acknowledges(first);
        commits.next();
        commits.sees(2);
        commits.sees(2);
        assert_eq!(commits.outcome(), (2, &[][..]));
        commits.sees(1);
        commits.sees(3);
        assert_eq!(commits.outcome().1.len(), 2);
    }
}
