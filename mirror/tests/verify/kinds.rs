//! Topics of each kind: compacted, transactional, stamped by the broker, mirrored both ways, damaged.

use bytes::Bytes;
use kfleet_mirror::decide::Timestamps;
use kfleet_mirror::verify::{Comparison, Event, Level, Range, Settings, Side, Verdict};
use protocol::records::{BatchHeader, Compression};

use super::{Answer, CLOSE, LEVELS, assert_same, compared, empty, fed, run, settings, with_map};
use crate::mirrored::{Mirrored, Plain, built};
use crate::random::Random;
use crate::source::Source;

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

/// Somebody who mirrors transactions as transactions has markers and aborted records of their own.
#[test]
fn markers_and_aborted_records_of_the_target_are_none_of_its_records() {
    for seed in 0..40 {
        let mut random = Random(seed);
        let source = Source::random(&mut random, 60);
        let target = Mirrored::of(&source, 0, true);
        for level in LEVELS {
            let settings = Settings {
                target: Range {
                    from: 0,
                    until: source.end,
                },
                window_records: 500,
                ..settings(level, &source, &target)
            };
            let mut fetch = |_: Side, from: i64| {
                let header = |batch: &Bytes| BatchHeader::parse(batch).unwrap();
                let next = source.batches.iter().find(|batch| header(batch).next_offset() > from);
                let Some(next) = next else {
                    return Answer::default();
                };
                // Those that the batch may be part of.
                let (base, last) = (header(next).base_offset, header(next).last_offset());
                let aborted = source
                    .aborted
                    .iter()
                    .filter(|(_, first, marker)| *first <= last && *marker >= base);
                let aborted = aborted.map(|(producer, first, _)| (*first, *producer));
                (next.clone(), aborted.collect())
            };
            let report = fed(settings, &mut fetch);
            assert_same(&report, source.kept.len());
            assert_eq!(report.source, report.target, "seed {seed}");
        }
    }
}

#[test]
fn what_came_from_the_target_is_none_of_the_sources_records() {
    let plain = |text: &str| Plain {
        timestamp: 1,
        key: None,
        value: Some(text.as_bytes().to_vec()),
        headers: Vec::new(),
    };
    let (ours, back, theirs) = (plain("ours"), plain("theirs"), plain("ours"));
    let stamped = |batch: &Bytes| {
        let mut batch = batch.to_vec();
        batch[43..51].copy_from_slice(&77i64.to_be_bytes());
        summed(batch)
    };
    let source = [
        built(0, &[ours], Compression::None),
        stamped(&built(1, &[back], Compression::None)),
    ];
    let target = built(0, &[theirs], Compression::Zstd);
    let mut settings = Settings {
        source: Range { from: 0, until: 2 },
        target: Range { from: 0, until: 1 },
        ..settings(Level::Records, &Source::default(), &empty(0))
    };
    let mut fetch = |side: Side, _: i64| match side {
        Side::Source => (Bytes::from(source.concat()), Vec::new()),
        Side::Target => (target.clone(), Vec::new()),
    };
    assert_eq!(fed(settings.clone(), &mut fetch).missing, 1, "as long as nobody knows");
    settings.rules.mirrored_by.insert(77);
    let report = fed(settings, &mut fetch);
    assert_same(&report, 1);
    assert_eq!(report.source.looped, 1);
}

/// With a checksum that holds.
fn summed(mut batch: Vec<u8>) -> Bytes {
    let crc = crc32c::crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
    batch.into()
}

#[test]
fn times_are_those_that_the_mirror_was_to_bring_over() {
    let records = [5, 9].map(|timestamp| Plain {
        timestamp,
        key: None,
        value: None,
        headers: Vec::new(),
    });
    let stamped = |batch: &Bytes| {
        let mut batch = batch.to_vec();
        batch[22] |= 0x08;
        batch[35..43].copy_from_slice(&70i64.to_be_bytes());
        summed(batch)
    };
    let batch = built(0, &records, Compression::None);
    let appended = built(
        0,
        &records.clone().map(|record| Plain {
            timestamp: 70,
            ..record
        }),
        Compression::None,
    );
    for level in CLOSE {
        for (timestamps, source, target, verdict) in [
            (Timestamps::Create, stamped(&batch), batch.clone(), Verdict::Same),
            (Timestamps::Create, batch.clone(), stamped(&batch), Verdict::Same),
            (
                Timestamps::Create,
                stamped(&batch),
                appended.clone(),
                Verdict::Different,
            ),
            (Timestamps::Append, stamped(&batch), appended.clone(), Verdict::Same),
            (Timestamps::Append, stamped(&batch), batch.clone(), Verdict::Different),
            (Timestamps::Append, batch.clone(), batch.clone(), Verdict::Same),
        ] {
            let both = Range { from: 0, until: 2 };
            let mut settings = Settings {
                source: both,
                target: both,
                ..settings(level, &Source::default(), &empty(0))
            };
            settings.rules.timestamps = timestamps;
            let report = fed(settings, &mut |side, _| match side {
                Side::Source => (source.clone(), Vec::new()),
                Side::Target => (target.clone(), Vec::new()),
            });
            assert_eq!(report.verdict(), verdict, "{level:?} {timestamps:?} {report:?}");
        }
    }
}

/// Whatever stands in them, with checksums that hold.
#[test]
fn nothing_in_batches_makes_it_panic_or_go_on_for_ever() {
    for seed in 0..600 {
        let mut random = Random(seed);
        let source = Source::random(&mut random, 3);
        let target = Mirrored::of(&source, 0, true);
        let mut batches: Vec<Bytes> = source.batches.clone();
        let at = random.below(batches.len());
        let mut bad = batches[at].to_vec();
        for _ in 0..=random.below(3) {
            // Not the length, the magic byte or the checksum.
            let byte = [random.below(8), 21 + random.below(bad.len() - 21)][random.below(2)];
            bad[byte] = [random.next() as u8, 0, 0x7f, 0x80, 0xff][random.below(5)];
        }
        batches[at] = summed(bad);
        let settings = settings(LEVELS[random.below(3)], &source, &target);
        let mut turns = 0;
        let mut comparison = Comparison::new(settings);
        while let Some((side, from)) = comparison.wants() {
            turns += 1;
            let records = match side {
                _ if turns > 20 => Bytes::new(),
                Side::Source => batches.concat().into(),
                Side::Target => target.fetch(from, &mut random),
            };
            comparison.on(if records.is_empty() {
                Event::End(side)
            } else {
                let aborted = Vec::new();
                Event::Read { side, records, aborted }
            });
            assert!(turns < 50, "seed {seed}");
        }
        comparison.report().verdict();
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
