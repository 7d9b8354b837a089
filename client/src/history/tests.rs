//! Every anomaly is found when it is there, and nothing where there is none.

use proptest::prelude::*;

use super::*;

/// A log: what is at its offsets from 0 on.
type Log = Vec<Option<RecordId>>;

const A0: RecordId = RecordId { writer: 1, number: 0 };
const A1: RecordId = RecordId { writer: 1, number: 1 };
const B0: RecordId = RecordId { writer: 2, number: 0 };

fn place_at(partition: i32, offset: i64) -> Place {
    Place { partition, offset }
}

/// Writer 1 had both of its records acknowledged, writer 2 does not know.
fn history() -> History {
    let mut history = History::default();
    assert_eq!([1, 1, 2].map(|writer| history.sends(writer, 0)), [A0, A1, B0]);
    history.acknowledges(A0, 0);
    history.acknowledges(A1, 1);
    history
}

fn report(history: &History, logs: &[&[RecordId]]) -> Report {
    let mut check = history.check();
    for (partition, log) in (0..).zip(logs) {
        for (offset, id) in (0..).zip(*log) {
            check.reads(partition, offset, Some(*id));
        }
    }
    check.finish()
}

fn findings(history: &History, log: &[RecordId]) -> Vec<Finding> {
    report(history, &[log]).findings().to_vec()
}

#[test]
fn a_good_log_passes_with_and_without_what_is_not_known() {
    let mut history = history();
    assert_eq!(findings(&history, &[A0, A1]), []);
    assert_eq!(findings(&history, &[A0, A1, B0]), []);
    history.refuses(B0);
    let report = report(&history, &[&[A0, A1]]);
    assert!(report.is_clean());
    assert_eq!(report.to_string(), "nothing is wrong");
    let counts = Counts {
        sent: 3,
        acknowledged: 2,
        refused: 1,
        polled: 0,
    };
    assert_eq!(history.counts(), counts);
}

#[test]
fn a_lost_record_is_found() {
    let (id, place) = (A1, place_at(0, 1));
    let found = findings(&history(), &[A0]);
    assert_eq!(found, [Finding::Lost { id, place }, Finding::Vanished { id, place }]);
}

#[test]
fn a_record_at_another_offset_than_acknowledged_is_found() {
    let misplaced = Finding::Misplaced {
        id: A1,
        acknowledged: place_at(0, 1),
        found: place_at(0, 2),
    };
    let inconsistent = Finding::Inconsistent {
        place: place_at(0, 1),
        before: A1,
        now: B0,
        witness: Witness::FinalLog,
    };
    assert_eq!(findings(&history(), &[A0, B0, A1]), [misplaced, inconsistent]);
}

#[test]
fn a_record_that_is_there_twice_is_found_acknowledged_or_not() {
    let duplicated = |id, first, again| Finding::Duplicated {
        id,
        first: place_at(0, first),
        again: place_at(0, again),
    };
    assert_eq!(
        findings(&history(), &[A0, A1, B0, B0, A1]),
        [duplicated(B0, 2, 3), duplicated(A1, 1, 4)]
    );
}

#[test]
fn records_out_of_their_writers_order_are_found() {
    let mut history = History::default();
    for writer in [1, 1, 2] {
        history.sends(writer, 0);
    }
    let reordered = Finding::Reordered {
        partition: 0,
        first: (A1, 0),
        then: (A0, 2),
    };
    assert_eq!(findings(&history, &[A1, B0, A0]), [reordered]);
}

#[test]
fn records_that_nobody_can_have_written_are_found() {
    let mut history = history();
    history.refuses(B0);
    let never = RecordId { writer: 1, number: 2 };
    let phantom = |offset, what, witness| Finding::Phantom {
        place: place_at(0, offset),
        what,
        witness,
    };
    let mut check = history.check();
    for (offset, id) in (0..).zip([Some(A0), Some(A1), Some(B0), Some(never), None]) {
        check.reads(0, offset, id);
    }
    let expected = [
        phantom(2, Strangeness::Refused(B0), Witness::FinalLog),
        phantom(3, Strangeness::NeverSent(never), Witness::FinalLog),
        phantom(4, Strangeness::Unreadable, Witness::FinalLog),
    ];
    assert_eq!(check.finish().findings(), expected);
    history.polls(7, 0, 4, None);
    let polled = phantom(4, Strangeness::Unreadable, Witness::Reader(7));
    assert_eq!(findings(&history, &[A0, A1]), [polled]);
}

#[test]
fn a_record_in_another_partition_is_found() {
    let astray = Finding::Astray {
        id: B0,
        sent_to: 0,
        found: place_at(1, 0),
    };
    assert_eq!(report(&history(), &[&[A0, A1], &[B0]]).findings(), [astray]);
}

#[test]
fn an_offset_that_a_reader_saw_must_keep_its_record() {
    let mut history = history();
    history.polls(7, 0, 2, Some(B0));
    let gone = Finding::Vanished {
        id: B0,
        place: place_at(0, 2),
    };
    assert_eq!(findings(&history, &[A0, A1]), [gone]);
    history.polls(8, 0, 2, Some(A1));
    let changed = Finding::Inconsistent {
        place: place_at(0, 2),
        before: B0,
        now: A1,
        witness: Witness::Reader(8),
    };
    assert_eq!(
        findings(&history, &[A0, A1, B0]),
        [changed],
        "also if it is back at the end"
    );
}

#[test]
fn readers_that_go_back_or_pass_over_records_are_found() {
    let mut history = history();
    history.seeks(7, 0, 0);
    history.polls(7, 0, 1, Some(A1));
    history.polls(7, 0, 0, Some(A0));
    let back = Finding::NonMonotonic {
        reader: 7,
        partition: 0,
        expected: 2,
        offset: 0,
    };
    let skipped = Finding::Skipped {
        reader: 7,
        next: 1,
        id: A0,
        missed: place_at(0, 0),
    };
    assert_eq!(findings(&history, &[A0, A1]), [back, skipped]);
    let mut history = self::history();
    history.polls(7, 0, 1, Some(A1));
    history.seeks(7, 0, 0);
    history.polls(7, 0, 0, Some(A0));
    assert_eq!(findings(&history, &[A0, A1]), [], "it was told to go back");
}

#[test]
fn offsets_without_a_record_are_found() {
    let history = history();
    let mut check = history.check();
    for (offset, id) in [(0, A0), (1, A1), (3, B0)] {
        check.reads(0, offset, Some(id));
    }
    let gap = Finding::Gap {
        partition: 0,
        expected: 2,
        found: 3,
    };
    assert_eq!(check.finish().findings(), [gap]);
}

#[test]
fn a_log_that_is_wrong_from_end_to_end_is_counted_and_partly_kept() {
    let mut history = History::default();
    for offset in 0..5000 {
        let id = history.sends(0, 0);
        history.acknowledges(id, offset);
    }
    let report = history.check().finish();
    assert_eq!(report.counts()[&Kind::Lost], 5000);
    assert_eq!(report.findings().len(), 2000, "with those that vanished");
    assert!(
        report
            .to_string()
            .contains("5000 lost:\n  record 0 of writer 0, acknowledged at partition 0 offset 0")
    );
}

#[test]
fn wild_offsets_and_ids_cost_little_and_break_nothing() {
    let mut history = history();
    history.acknowledges(RecordId { writer: 9, number: 9 }, 0);
    for offset in [i64::MIN, -1, i64::MAX] {
        history.polls(7, i32::MIN, offset, Some(B0));
        history.acknowledges(B0, offset);
    }
    let mut check = history.check();
    for offset in [i64::MAX, i64::MIN] {
        let id = RecordId {
            writer: u32::MAX,
            number: u32::MAX,
        };
        check.reads(0, offset, Some(id));
    }
    assert!(!check.finish().is_clean());
}

/// What happens to a clean history.
#[derive(Debug, Clone, Copy)]
enum Plant {
    Nothing,
    Loss,
    Duplicate,
    Swap,
    Phantom,
    Replacement,
    Return,
    Skip,
}

/// A random history of a cluster that does nothing wrong, with its logs.
#[derive(Debug)]
struct Run {
    history: History,
    logs: Vec<Log>,
    /// Offsets in partition 0 of acknowledged records.
    acknowledged: Vec<i64>,
}

/// Each step: writer, partition, and whether it is acknowledged, unknown there, unknown not there, or refused.
fn run(steps: &[(u32, usize, u8)]) -> Run {
    let mut history = History::default();
    let mut logs: Vec<Log> = vec![Vec::new(); 3];
    let mut acknowledged = Vec::new();
    for (writer, partition, outcome) in steps {
        let id = history.sends(*writer, *partition as i32);
        let offset = logs[*partition].len() as i64;
        if *outcome < 6 {
            logs[*partition].push(Some(id));
        }
        match outcome {
            0..5 => {
                history.acknowledges(id, offset);
                if *partition == 0 {
                    acknowledged.push(offset);
                }
            }
            7 => history.refuses(id),
            _ => {}
        }
    }
    Run {
        history,
        logs,
        acknowledged,
    }
}

/// A reader reads partition 0 from end to end.
fn read(history: &mut History, log: &[Option<RecordId>]) {
    history.seeks(9, 0, 0);
    for (offset, id) in (0..).zip(log) {
        history.polls(9, 0, offset, *id);
    }
}

fn check(run: &Run) -> Report {
    let mut check = run.history.check();
    for (partition, log) in (0..).zip(&run.logs) {
        for (offset, id) in (0..).zip(log) {
            check.reads(partition, offset, *id);
        }
    }
    check.finish()
}

proptest! {
    #[test]
    fn what_is_planted_is_found_and_nothing_else(
        steps in prop::collection::vec((0u32..4, 0usize..3, 0u8..8), 30..300),
        plant in prop::sample::select(vec![
            Plant::Nothing, Plant::Loss, Plant::Duplicate, Plant::Swap, Plant::Phantom, Plant::Replacement,
            Plant::Return, Plant::Skip,
        ]),
        at in any::<prop::sample::Index>(),
    ) {
        let mut run = run(&steps);
        prop_assume!(run.acknowledged.len() > 2);
        read(&mut run.history, &run.logs[0]);
        prop_assert_eq!(check(&run), Report::default());
        let offset = run.acknowledged[at.index(run.acknowledged.len())];
        let (partition, id) = (0, run.logs[0][offset as usize].unwrap());
        let place = place_at(0, offset);
        let log = &mut run.logs[0];
        let end = log.len() as i64;
        let expected = match plant {
            Plant::Nothing => None,
            Plant::Loss => {
                log.remove(offset as usize);
                Some(Finding::Lost { id, place })
            }
            Plant::Duplicate => {
                log.push(Some(id));
                Some(Finding::Duplicated { id, first: place, again: place_at(0, end) })
            }
            Plant::Swap => {
                let later = (offset as usize + 1..log.len()).find(|at| log[*at].unwrap().writer == id.writer);
                prop_assume!(later.is_some());
                let later = later.unwrap();
                log.swap(offset as usize, later);
                Some(Finding::Reordered {
                    partition, first: (log[offset as usize].unwrap(), offset), then: (id, later as i64),
                })
            }
            Plant::Phantom => {
                log.push(None);
                let what = Strangeness::Unreadable;
                Some(Finding::Phantom { place: place_at(0, end), what, witness: Witness::FinalLog })
            }
            Plant::Replacement => {
                let now = run.history.sends(id.writer, 0);
                log[offset as usize] = Some(now);
                Some(Finding::Inconsistent { place, before: id, now, witness: Witness::FinalLog })
            }
            Plant::Return => {
                run.history.polls(9, 0, offset, Some(id));
                Some(Finding::NonMonotonic { reader: 9, partition, expected: end, offset })
            }
            Plant::Skip => {
                run.history.seeks(9, 0, offset);
                prop_assume!(offset + 1 < end);
                run.history.polls(9, 0, offset + 1, log[offset as usize + 1]);
                Some(Finding::Skipped { reader: 9, next: offset + 1, id, missed: place })
            }
        };
        let report = check(&run);
        match expected {
            None => prop_assert!(report.is_clean()),
            Some(finding) => prop_assert!(report.findings().contains(&finding), "{:?} is not in {}", finding, report),
        }
        prop_assert_eq!(check(&run), report, "the same again");
    }
}
