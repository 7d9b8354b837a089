//! Comparisons of what a mirror made, and of what somebody did to it afterwards.

mod kinds;
mod tampering;

use bytes::Bytes;
use kfleet_mirror::decide::Rules;
use kfleet_mirror::verify::{Comparison, Event, Level, Range, Report, Settings, Side, Verdict};
use protocol::records::Compression;

use crate::mirrored::Mirrored;
use crate::random::Random;
use crate::source::Source;

const LEVELS: [Level; 3] = [Level::Counts, Level::Batches, Level::Records];

const CLOSE: [Level; 2] = [Level::Batches, Level::Records];

fn settings(level: Level, source: &Source, target: &Mirrored) -> Settings {
    Settings {
        level,
        rules: Rules::default(),
        source: Range {
            from: source.start,
            until: source.end,
        },
        target: Range {
            from: target.start,
            until: target.end,
        },
        is_source_compacted: false,
        is_target_compacted: false,
        map: None,
        window_records: 64,
        differences_max: 100,
    }
}

fn with_map(level: Level, source: &Source, target: &Mirrored) -> Settings {
    Settings {
        map: Some(target.map.clone()),
        ..settings(level, source, target)
    }
}

/// Reads what the comparison wants, in answers of any size, until it wants nothing more.
fn compared(settings: Settings, source: &Source, target: &Mirrored, random: &mut Random) -> Report {
    run(settings, source, target, random, true)
}

fn run(settings: Settings, source: &Source, target: &Mirrored, random: &mut Random, is_committed: bool) -> Report {
    let mut fetch = |side: Side, from: i64| match side {
        Side::Source => {
            let (records, aborted) = source.fetch(from, random);
            (records, if is_committed { aborted } else { Vec::new() })
        }
        Side::Target => (target.fetch(from, random), Vec::new()),
    };
    fed(settings, &mut fetch)
}

/// What a side answers from an offset on: records, and transactions that were aborted.
type Answer = (Bytes, Vec<(i64, i64)>);

fn fed(settings: Settings, fetch: &mut dyn FnMut(Side, i64) -> Answer) -> Report {
    let (level, window) = (settings.level, settings.window_records as i64);
    let mut comparison = Comparison::new(settings);
    let mut turns = 0;
    while let Some((side, from)) = comparison.wants() {
        turns += 1;
        assert!(turns < 100_000, "it wants something for ever");
        let (records, aborted) = fetch(side, from);
        let event = if records.is_empty() {
            Event::End(side)
        } else {
            Event::Read { side, records, aborted }
        };
        comparison.on(event);
        let report = comparison.report();
        // An answer of the target here has four batches of nine records at most.
        let waiting = report.target.records - of_target(&report);
        assert!(
            level == Level::Counts || waiting <= window + 36,
            "{waiting} records wait"
        );
    }
    let report = comparison.report();
    if level != Level::Counts && report.is_finished && !report.is_apart && report.outside == 0 {
        let of_source = report.matched + report.missing + report.altered + report.moved + report.only_at_source;
        assert_eq!(
            of_source, report.source.records,
            "each record of the source is told of once: {report:?}"
        );
        assert_eq!(
            of_target(&report),
            report.target.records,
            "each of the target's: {report:?}"
        );
    }
    report
}

/// Records of the target that something has been said of.
fn of_target(report: &Report) -> i64 {
    report.matched + report.extra + report.doubled + report.altered + report.moved + report.only_at_target
}

fn assert_same(report: &Report, records: usize) {
    assert_eq!(report.verdict(), Verdict::Same, "{report:?}");
    assert_eq!(
        (report.source.records, report.target.records),
        (records as i64, records as i64)
    );
}

#[test]
fn what_a_mirror_makes_is_the_same_at_each_level() {
    for seed in 0..150 {
        let mut random = Random(seed);
        let source = Source::random(&mut random, 40);
        let target = Mirrored::of(&source, [0, 17][random.below(2)], true);
        for level in LEVELS {
            for settings in [settings(level, &source, &target), with_map(level, &source, &target)] {
                let report = compared(settings, &source, &target, &mut random);
                assert_same(&report, source.kept.len());
                let matched = if level == Level::Counts {
                    0
                } else {
                    source.kept.len() as i64
                };
                assert_eq!(report.matched, matched, "seed {seed}");
                assert_eq!(report.matched_by_checksum > 0, level == Level::Batches, "seed {seed}");
                let counts = report.source;
                let offsets = counts.records + counts.markers + counts.aborted + counts.holes;
                assert_eq!(offsets, source.end, "seed {seed}: each offset is something");
            }
        }
    }
}

fn empty(start: i64) -> Mirrored {
    let mut mirrored = Mirrored::of(&Source::default(), start, true);
    assert!(mirrored.batches.is_empty());
    mirrored.start = start;
    mirrored
}

/// So many spans that the oldest only tell how many records there are.
#[test]
fn a_map_that_was_thinned_is_gone_by_in_order() {
    let mut random = Random(3);
    let source = Source::random(&mut random, 3000);
    let mut target = Mirrored::of(&source, 5, true);
    assert!(target.map.spans().iter().any(|span| !span.is_exact), "thinned");
    for level in CLOSE {
        let report = compared(with_map(level, &source, &target), &source, &target, &mut random);
        assert_same(&report, source.kept.len());
    }
    let mut records = target.records();
    records[20].value = None;
    target.replace(&records, &mut random);
    let report = compared(
        with_map(Level::Batches, &source, &target),
        &source,
        &target,
        &mut random,
    );
    assert_eq!((report.altered, report.missing, report.extra), (1, 0, 0));
    assert_eq!(report.differences[0].source_offset, source.kept[20].0);
}

#[test]
fn what_a_map_does_not_reach_is_outside() {
    let mut random = Random(4);
    let mut source = Source::random(&mut random, 30);
    let target = Mirrored::of(&source, 5, true);
    let until = source.end;
    source.push(Compression::None, 7, &[]);
    let report = compared(
        with_map(Level::Records, &source, &target),
        &source,
        &target,
        &mut random,
    );
    assert_eq!((report.verdict(), report.outside), (Verdict::Same, 7));
    let mut bounded = settings(Level::Records, &source, &target);
    let report = compared(bounded.clone(), &source, &target, &mut random);
    assert_eq!((report.verdict(), report.missing), (Verdict::Different, 7));
    bounded.source.until = until;
    assert_same(&compared(bounded, &source, &target, &mut random), source.kept.len() - 7);
}

/// Ranges begin and end within batches.
#[test]
fn any_range_is_compared_by_itself() {
    for seed in 0..100 {
        let mut random = Random(seed);
        let source = Source::random(&mut random, 40);
        let target = Mirrored::of(&source, 3, true);
        let first = random.below(target.pairs.len() - 1);
        let last = first + random.below(target.pairs.len() - first);
        let (from, until) = (target.pairs[first], target.pairs[last]);
        for level in LEVELS {
            let settings = Settings {
                source: Range {
                    from: from.0,
                    until: until.0,
                },
                target: Range {
                    from: from.1,
                    until: until.1,
                },
                ..settings(level, &source, &target)
            };
            assert_same(&compared(settings, &source, &target, &mut random), last - first);
        }
    }
}

#[test]
fn two_that_have_nothing_in_common_are_given_up() {
    let mut random = Random(5);
    let source = Source::random(&mut random, 200);
    let mut target = Mirrored::of(&source, 0, true);
    let mut records = target.records();
    for (at, record) in records.iter_mut().enumerate().skip(10) {
        record.key = Some(at.to_string().into_bytes());
    }
    target.replace(&records, &mut random);
    let report = compared(
        settings(Level::Records, &source, &target),
        &source,
        &target,
        &mut random,
    );
    assert!(report.is_apart && report.verdict() == Verdict::Different);
    assert_eq!((report.matched, report.differences.len()), (10, 1));
    assert!(
        report.source.records < source.kept.len() as i64,
        "the rest was not read"
    );
    let told = report.differences[0].to_string();
    assert!(
        told.contains("target offset 10") && told.contains("not compared any further"),
        "{told}"
    );
}

#[test]
fn a_batch_that_cannot_be_read_ends_it() {
    let mut random = Random(6);
    let mut source = Source::random(&mut random, 20);
    let target = Mirrored::of(&source, 0, true);
    source.damage();
    for level in LEVELS {
        let report = compared(settings(level, &source, &target), &source, &target, &mut random);
        let (side, why) = report.unreadable.clone().unwrap();
        assert_eq!((report.verdict(), side), (Verdict::Unfinished, Side::Source), "{why}");
    }
    let nothing = Comparison::new(settings(Level::Records, &source, &target));
    assert_eq!(nothing.report().verdict(), Verdict::Unfinished, "nothing read yet");
}

#[test]
fn only_the_first_differences_are_told_and_all_are_counted() {
    let mut random = Random(7);
    let source = Source::random(&mut random, 100);
    let mut target = Mirrored::of(&source, 0, true);
    let mut records = target.records();
    for record in records.iter_mut().step_by(20) {
        record.timestamp += 1;
        record.headers.clear();
    }
    let altered = records.len().div_ceil(20) as i64;
    target.replace(&records, &mut random);
    let few = Settings {
        differences_max: 2,
        ..settings(Level::Records, &source, &target)
    };
    let report = compared(few, &source, &target, &mut random);
    assert_eq!((report.altered, report.differences.len()), (altered, 2));
    let first = report.differences[0].to_string();
    assert!(
        first.contains("another timestamp, headers at target offset 0"),
        "{first}"
    );
}
