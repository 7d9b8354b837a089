//! What somebody did to the records of a target is found where it was done.

use kfleet_mirror::verify::{Difference, Fields, Kind, Level, Range, Settings, Side, Verdict};

use super::{CLOSE, compared, empty, fed, settings};
use crate::mirrored::{Mirrored, Plain};
use crate::random::Random;
use crate::source::Source;

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

/// Two topics of records of which many are alike, with anything done to one of them.
#[test]
fn two_are_the_same_only_if_their_records_are() {
    let mut apart = 0;
    for seed in 0..400 {
        let mut random = Random(seed);
        let kinds = 2 + random.below(30);
        let some = |random: &mut Random| Plain {
            timestamp: 5,
            key: None,
            value: Some(vec![random.below(kinds) as u8]),
            headers: Vec::new(),
        };
        let records: Vec<Plain> = (0..random.below(120)).map(|_| some(&mut random)).collect();
        let mut others = records.clone();
        for _ in 0..random.below(6) {
            let at = random.below(others.len() + 1);
            match random.below(3) {
                0 => others.insert(at, some(&mut random)),
                1 if at < others.len() => drop(others.remove(at)),
                2 if at < others.len() => others[at] = some(&mut random),
                _ => {}
            }
        }
        let (mut source, mut target) = (empty(0), empty(9));
        source.replace(&records, &mut random);
        target.replace(&others, &mut random);
        let settings = Settings {
            level: CLOSE[random.below(2)],
            window_records: 8 + random.below(100),
            source: Range {
                from: 0,
                until: source.end,
            },
            ..settings(Level::Records, &Source::default(), &target)
        };
        let report = fed(settings, &mut |side, from| match side {
            Side::Source => (source.fetch(from, &mut random), Vec::new()),
            Side::Target => (target.fetch(from, &mut random), Vec::new()),
        });
        let expected = if records == others {
            Verdict::Same
        } else {
            Verdict::Different
        };
        assert_eq!(report.verdict(), expected, "seed {seed}: {report:?}");
        apart += usize::from(report.is_apart);
    }
    assert!(apart < 40, "{apart} were given up");
}
