//! Comparisons of what a mirror made, and of what somebody did to it afterwards.

use kfleet_mirror::decide::Rules;
use kfleet_mirror::verify::{
    Comparison, Difference, Event, Fields, Kind, Level, Range, Report, Settings, Side, Verdict,
};
use protocol::records::Compression;

use crate::mirrored::{Mirrored, Plain, built};
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
    let mut comparison = Comparison::new(settings);
    let mut turns = 0;
    while let Some((side, from)) = comparison.wants() {
        turns += 1;
        assert!(turns < 100_000, "it wants something for ever");
        let (records, aborted) = match side {
            Side::Source => source.fetch(from, random),
            Side::Target => (target.fetch(from, random), Vec::new()),
        };
        let aborted = if is_committed { aborted } else { Vec::new() };
        comparison.on(if records.is_empty() {
            Event::End(side)
        } else {
            Event::Read { side, records, aborted }
        });
    }
    comparison.report()
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

#[test]
fn what_was_aborted_counts_if_it_was_mirrored() {
    for seed in 0..50 {
        let mut random = Random(seed);
        let source = Source::random(&mut random, 60);
        let target = Mirrored::of(&source, 0, false);
        let records = target.pairs.len();
        let report = run(
            settings(Level::Records, &source, &target),
            &source,
            &target,
            &mut random,
            false,
        );
        assert_same(&report, records);
        let extra = records - source.kept.len();
        let report = compared(
            settings(Level::Records, &source, &target),
            &source,
            &target,
            &mut random,
        );
        assert_eq!(
            (report.extra + report.doubled, report.missing),
            (extra as i64, 0),
            "seed {seed}: {report:?}"
        );
    }
}

/// What somebody did to a record of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tampering {
    Dropped,
    Doubled,
    Swapped,
    Altered,
    Foreign,
}

const ALL: [Tampering; 5] = [
    Tampering::Dropped,
    Tampering::Doubled,
    Tampering::Swapped,
    Tampering::Altered,
    Tampering::Foreign,
];

/// Does it to some records that are far apart, and says which differences a reader has to find.
fn tamper(source: &Source, target: &mut Mirrored, random: &mut Random) -> Vec<(Tampering, Difference)> {
    let records = target.records();
    let (mut out, mut told) = (Vec::new(), Vec::new());
    let mut next = random.below(20);
    let mut at = 0;
    while let Some(record) = records.get(at) {
        if at != next || at + 1 >= records.len() {
            out.push(record.clone());
            at += 1;
            continue;
        }
        next = at + 10 + random.below(30);
        let tampering = ALL[random.below(5)];
        let here = target.start + out.len() as i64;
        let source_offset = |at: usize| source.kept[at].0;
        let other = |text: &str| Plain {
            value: Some(format!("{text} {at}").into_bytes()),
            ..record.clone()
        };
        let (kind, target_offset) = match tampering {
            Tampering::Dropped => (Kind::Missing, here),
            Tampering::Doubled => {
                out.extend([record.clone(), record.clone()]);
                (Kind::Doubled, here + 1)
            }
            Tampering::Swapped => {
                out.extend([records[at + 1].clone(), record.clone()]);
                at += 1;
                (Kind::Moved, here)
            }
            Tampering::Altered => {
                out.push(other("altered"));
                let fields = Fields {
                    value: true,
                    ..Fields::default()
                };
                (Kind::Altered(fields), here)
            }
            Tampering::Foreign => {
                out.extend([other("foreign"), record.clone()]);
                (Kind::Extra, here)
            }
        };
        let difference = Difference {
            kind,
            source_offset: source_offset(at),
            target_offset,
        };
        told.push((tampering, difference));
        at += 1;
    }
    target.replace(&out, random);
    told
}

#[test]
fn each_tampering_is_found_where_it_is() {
    let mut found = Vec::new();
    for seed in 0..150 {
        let mut random = Random(seed);
        let source = Source::random(&mut random, 60);
        let mut target = Mirrored::of(&source, 5, true);
        let told = tamper(&source, &mut target, &mut random);
        for level in CLOSE {
            let report = compared(settings(level, &source, &target), &source, &target, &mut random);
            assert_eq!(report.differences.len(), told.len(), "seed {seed}: {told:?} {report:?}");
            for (difference, (tampering, expected)) in report.differences.iter().zip(&told) {
                if *tampering == Tampering::Swapped {
                    // Either of the two moved.
                    assert_eq!(difference.kind, Kind::Moved, "seed {seed}");
                    assert!(
                        (0..=1).contains(&(expected.target_offset + 1 - difference.target_offset)),
                        "seed {seed}"
                    );
                } else {
                    assert_eq!(difference, expected, "seed {seed}");
                }
                found.push(*tampering);
            }
        }
    }
    for tampering in ALL {
        let times = found.iter().filter(|found| **found == tampering).count();
        assert!(times > 50, "{tampering:?} was tried {times} times");
    }
}

#[test]
fn a_map_finds_each_tampering_too() {
    for seed in 0..100 {
        let mut random = Random(seed);
        let source = Source::random(&mut random, 60);
        let mut target = Mirrored::of(&source, 5, true);
        let map = target.map.clone();
        let told = tamper(&source, &mut target, &mut random);
        let settings = Settings {
            map: Some(map),
            ..settings(CLOSE[random.below(2)], &source, &target)
        };
        let report = compared(settings, &source, &target, &mut random);
        let Some((_, first)) = told.first() else {
            assert_eq!(report.verdict(), Verdict::Same, "seed {seed}");
            continue;
        };
        assert_eq!(report.verdict(), Verdict::Different, "seed {seed}: {told:?}");
        // From the first record that is not where it should be on, all others are not either.
        let found = report.differences.first().unwrap();
        let near = first.target_offset..=first.target_offset + 1;
        assert!(near.contains(&found.target_offset), "seed {seed}: {told:?} {found:?}");
    }
}

/// Records of which a compaction kept some, at the offsets that they had.
#[test]
fn a_compacted_target_lacks_what_the_map_knows_it_lacks() {
    let mut random = Random(1);
    let source = Source::random(&mut random, 80);
    let mut target = Mirrored::of(&source, 5, true);
    let records = target.records();
    let (from, mut left) = (target.start, 0);
    target.batches.clear();
    for (at, record) in records.iter().enumerate() {
        if random.below(3) > 0 {
            let record = std::slice::from_ref(record);
            target.batches.push(built(from + at as i64, record, Compression::None));
            left += 1;
        }
    }
    let compacted = |is_target_compacted| Settings {
        is_target_compacted,
        ..with_map(Level::Records, &source, &target)
    };
    let report = compared(compacted(true), &source, &target, &mut random);
    assert_eq!(report.verdict(), Verdict::Same, "{report:?}");
    assert_eq!(
        (report.matched, report.only_at_source),
        (left, records.len() as i64 - left)
    );
    let report = compared(compacted(false), &source, &target, &mut random);
    assert_eq!(
        (report.missing, report.extra, report.altered),
        (records.len() as i64 - left, 0, 0)
    );
}

#[test]
fn a_compacted_source_may_lack_what_the_target_has() {
    for seed in 0..40 {
        let mut random = Random(seed);
        let source = Source::random(&mut random, 40);
        let mut target = Mirrored::of(&source, 0, true);
        let (mut out, mut added) = (Vec::new(), 0);
        for record in target.records() {
            if random.one_in(6) {
                out.push(Plain {
                    value: Some(format!("compacted {added}").into_bytes()),
                    ..record.clone()
                });
                added += 1;
            }
            out.push(record);
        }
        target.replace(&out, &mut random);
        for level in LEVELS {
            let compacted = |is_source_compacted| Settings {
                is_source_compacted,
                ..settings(level, &source, &target)
            };
            let report = compared(compacted(true), &source, &target, &mut random);
            assert_eq!(report.verdict(), Verdict::Same, "seed {seed}: {report:?}");
            let report = compared(compacted(false), &source, &target, &mut random);
            assert_eq!(report.extra, added, "seed {seed} {level:?}");
        }
        out.remove(out.len() / 2);
        out.retain(|record| record.value.as_deref() != source.kept.last().map(|(_, value)| value.as_slice()));
        target.replace(&out, &mut random);
        let lossy = Settings {
            is_source_compacted: true,
            ..settings(Level::Records, &source, &target)
        };
        let report = compared(lossy, &source, &target, &mut random);
        assert!((1..=2).contains(&report.missing), "seed {seed}: {report:?}");
    }
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
