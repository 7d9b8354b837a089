//! What a group's offsets are to become: from where it stands, where the logs are and what is wished for, to a plan.

use std::collections::{BTreeMap, BTreeSet};

use client::{CommittedOffset, GroupOffsets, PartitionKey};

/// Where a partition's log begins and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogRange {
    pub(super) start: i64,
    pub(super) end: i64,
}

/// Logs by topic and partition.
pub(super) type Logs = BTreeMap<PartitionKey, LogRange>;

/// What is wished for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// The first record there is.
    Earliest,
    /// Past the last record.
    Latest,
    /// Where the group stands; where it does not stand, past the last record.
    Current,
    /// This offset.
    To(i64),
    /// So many records further, or back.
    Shift(i64),
    /// For each partition what was committed elsewhere or before.
    Each(GroupOffsets),
    /// The first record at or after a time, where there is one; the end of the log otherwise.
    AtTime(BTreeMap<PartitionKey, i64>),
}

/// A partition in a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Planned {
    pub(super) key: PartitionKey,
    pub(super) current: Option<CommittedOffset>,
    /// Nothing, if it is to be deleted.
    pub(super) new: Option<CommittedOffset>,
}

impl Planned {
    /// Whether there is anything to do.
    pub(super) fn is_change(&self) -> bool {
        self.current != self.new
    }

    /// Records between the two.
    pub(super) fn difference(&self) -> Option<i64> {
        let current = self.current.as_ref()?.offset;
        Some(self.new.as_ref()?.offset.saturating_sub(current))
    }
}

/// A plan, and what is to be known about it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) partitions: Vec<Planned>,
    pub(super) warnings: Vec<String>,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoPlan {
    /// What is to be shifted stands nowhere.
    NothingCommitted(Vec<PartitionKey>),
    /// Nothing is known of a partition's log.
    NoLog(PartitionKey),
}

/// The plan for these partitions. Offsets outside a log are moved to its nearest end, as Kafka's script does.
pub(super) fn plan(
    wish: &Wish,
    partitions: &BTreeSet<PartitionKey>,
    current: &GroupOffsets,
    logs: &Logs,
) -> Result<Plan, NoPlan> {
    if matches!(wish, Wish::Shift(_)) {
        let none: Vec<PartitionKey> = partitions
            .iter()
            .filter(|key| !current.contains_key(*key))
            .cloned()
            .collect();
        if !none.is_empty() {
            return Err(NoPlan::NothingCommitted(none));
        }
    }
    let mut plan = Plan::default();
    for key in partitions {
        let log = *logs.get(key).ok_or_else(|| NoPlan::NoLog(key.clone()))?;
        let now = current.get(key);
        let wished = wished(wish, key, now, log, &mut plan.warnings);
        let Some(wished) = wished else { continue };
        let new = match wish {
            // Where a group stands is left alone, wherever that is.
            Wish::Current => wished,
            _ => within(wished, key, log, &mut plan.warnings),
        };
        let stays =
            now.filter(|now| now.offset == new.offset && (new.metadata.is_empty() || now.metadata == new.metadata));
        plan.partitions.push(Planned {
            key: key.clone(),
            current: now.cloned(),
            new: Some(stays.cloned().unwrap_or(new)),
        });
    }
    Ok(plan)
}

fn wished(
    wish: &Wish,
    key: &PartitionKey,
    now: Option<&CommittedOffset>,
    log: LogRange,
    warnings: &mut Vec<String>,
) -> Option<CommittedOffset> {
    let offset = match wish {
        Wish::Earliest => log.start,
        Wish::Latest => log.end,
        Wish::Current => return Some(now.cloned().unwrap_or(CommittedOffset::at(log.end))),
        Wish::To(offset) => *offset,
        Wish::Shift(by) => now?.offset.saturating_add(*by),
        Wish::Each(offsets) => return offsets.get(key).cloned(),
        Wish::AtTime(found) => found.get(key).copied().unwrap_or_else(|| {
            let (topic, partition) = key;
            warnings.push(format!(
                "{topic}-{partition} has no record at or after that time; the end of its log is taken, {}",
                log.end
            ));
            log.end
        }),
    };
    Some(CommittedOffset::at(offset))
}

/// Within the log. What was known of another offset is not kept.
fn within(wished: CommittedOffset, key: &PartitionKey, log: LogRange, warnings: &mut Vec<String>) -> CommittedOffset {
    let (topic, partition) = key;
    let offset = wished.offset;
    let (side, nearest) = if offset > log.end {
        ("past the end", log.end)
    } else if offset < log.start {
        ("before the beginning", log.start)
    } else {
        return wished;
    };
    warnings.push(format!(
        "{topic}-{partition}: {offset} is {side} of its log; {nearest} is taken"
    ));
    CommittedOffset {
        leader_epoch: -1,
        offset: nearest,
        ..wished
    }
}

/// The plan to delete offsets.
pub(super) fn deletion(partitions: &BTreeSet<PartitionKey>, current: &GroupOffsets) -> Plan {
    let planned = partitions.iter().map(|key| Planned {
        key: key.clone(),
        current: current.get(key).cloned(),
        new: None,
    });
    Plan {
        partitions: planned.collect(),
        warnings: Vec::new(),
    }
}

/// For tests: partition 0 goes from 5 to 9, 1 from nowhere to 3, 2 stays at 4.
#[cfg(test)]
pub(super) fn sample() -> Plan {
    let planned = |partition, current: Option<i64>, new| Planned {
        key: ("t".to_owned(), partition),
        current: current.map(CommittedOffset::at),
        new: Some(CommittedOffset::at(new)),
    };
    Plan {
        partitions: vec![planned(0, Some(5), 9), planned(1, None, 3), planned(2, Some(4), 4)],
        warnings: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(partition: i32) -> PartitionKey {
        ("t".to_owned(), partition)
    }

    /// Partition 0 is at 40 of 10..100, 1 at 5 of 10..20, which is before its log, 2 nowhere in an empty log at 7.
    fn plan_of(wish: &Wish) -> Result<Plan, NoPlan> {
        let current = GroupOffsets::from([
            (
                key(0),
                CommittedOffset {
                    metadata: "note".to_owned(),
                    leader_epoch: 3,
                    offset: 40,
                },
            ),
            (key(1), CommittedOffset::at(5)),
        ]);
        let range = |start, end| LogRange { start, end };
        let logs = Logs::from([(key(0), range(10, 100)), (key(1), range(10, 20)), (key(2), range(7, 7))]);
        let shifted = matches!(wish, Wish::Shift(_));
        let partitions = (0..if shifted { 2 } else { 3 }).map(key).collect();
        plan(wish, &partitions, &current, &logs)
    }

    fn offsets(wish: &Wish) -> Vec<i64> {
        let partitions = plan_of(wish).unwrap().partitions;
        partitions.iter().map(|p| p.new.as_ref().unwrap().offset).collect()
    }

    #[test]
    fn ends_of_logs_are_taken_from_the_logs() {
        assert_eq!(offsets(&Wish::Earliest), [10, 10, 7]);
        assert_eq!(offsets(&Wish::Latest), [100, 20, 7]);
    }

    #[test]
    fn where_a_group_stands_is_left_alone_even_outside_the_log() {
        let plan = plan_of(&Wish::Current).unwrap();
        let changes: Vec<bool> = plan.partitions.iter().map(Planned::is_change).collect();
        assert_eq!(changes, [false, false, true]);
        assert_eq!(offsets(&Wish::Current), [40, 5, 7]);
        assert!(plan.warnings.is_empty());
    }

    #[test]
    fn offsets_outside_the_log_are_moved_to_its_nearest_end_and_that_is_said() {
        assert_eq!(offsets(&Wish::To(15)), [15, 15, 7]);
        assert_eq!(offsets(&Wish::To(i64::MAX)), [100, 20, 7]);
        assert_eq!(offsets(&Wish::To(-1)), [10, 10, 7]);
        assert_eq!(
            plan_of(&Wish::To(15)).unwrap().warnings,
            ["t-2: 15 is past the end of its log; 7 is taken"]
        );
        assert_eq!(plan_of(&Wish::To(0)).unwrap().warnings.len(), 3);
    }

    #[test]
    fn shifts_start_where_the_group_stands_and_do_not_overflow() {
        assert_eq!(offsets(&Wish::Shift(-10)), [30, 10]);
        assert_eq!(offsets(&Wish::Shift(7)), [47, 12]);
        assert_eq!(offsets(&Wish::Shift(i64::MIN)), [10, 10]);
        assert_eq!(offsets(&Wish::Shift(i64::MAX)), [100, 20]);
        let log = LogRange { start: 0, end: 9 };
        let partitions = BTreeSet::from([key(4), key(5)]);
        let logs = Logs::from([(key(4), log), (key(5), log)]);
        let current = GroupOffsets::from([(key(4), CommittedOffset::at(1))]);
        assert_eq!(
            plan(&Wish::Shift(1), &partitions, &current, &logs),
            Err(NoPlan::NothingCommitted(vec![key(5)]))
        );
    }

    #[test]
    fn a_time_without_a_record_is_the_end() {
        let found = BTreeMap::from([(key(0), 33), (key(1), 10)]);
        let plan = plan_of(&Wish::AtTime(found.clone())).unwrap();
        assert_eq!(offsets(&Wish::AtTime(found)), [33, 10, 7]);
        assert!(plan.warnings.len() == 1 && plan.warnings[0].starts_with("t-2 has no record"));
    }

    #[test]
    fn what_was_noted_comes_along_and_the_same_offset_is_no_change() {
        let noted = |offset, metadata: &str| CommittedOffset {
            metadata: metadata.to_owned(),
            leader_epoch: 9,
            offset,
        };
        let plan = plan_of(&Wish::Each(GroupOffsets::from([
            (key(0), noted(40, "note")),
            (key(1), noted(15, "other")),
        ])));
        let plan = plan.unwrap().partitions;
        assert_eq!(plan.len(), 2, "only what is wished for is planned");
        assert!(!plan[0].is_change() && plan[0].difference() == Some(0));
        assert_eq!(plan[1].new, Some(noted(15, "other")));
        assert_eq!(plan[1].difference(), Some(10));
        let renoted = plan_of(&Wish::Each(GroupOffsets::from([(key(0), noted(40, "new"))])));
        assert!(renoted.unwrap().partitions[0].is_change());
        assert!(!plan_of(&Wish::To(40)).unwrap().partitions[0].is_change());
        let clamped = plan_of(&Wish::Each(GroupOffsets::from([(key(1), noted(99, "n"))]))).unwrap();
        let new = clamped.partitions[0].new.clone().unwrap();
        assert_eq!((new.offset, new.leader_epoch, &*new.metadata), (20, -1, "n"));
    }

    #[test]
    fn a_partition_without_a_log_is_not_planned_for() {
        let partitions = BTreeSet::from([key(0)]);
        let missing = plan(&Wish::Earliest, &partitions, &GroupOffsets::new(), &Logs::new());
        assert_eq!(missing, Err(NoPlan::NoLog(key(0))));
    }

    #[test]
    fn deletions_leave_nothing_and_what_is_not_there_is_no_change() {
        let current = GroupOffsets::from([(key(0), CommittedOffset::at(4))]);
        let plan = deletion(&BTreeSet::from([key(0), key(1)]), &current).partitions;
        assert!(plan[0].is_change() && plan[0].difference().is_none());
        assert!(!plan[1].is_change());
    }
}
