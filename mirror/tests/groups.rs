//! Offsets of groups on both sides of partitions of all kinds.

use kfleet_mirror::groups::{
    Asked, Bounds, Committed, Decision, Direction, GroupState, Rules, Waits, decide, translate,
};
use kfleet_mirror::offset_map::Position;
use kfleet_mirror::re_encode::Run;

use crate::mirrored::Mirrored;
use crate::random::Random;
use crate::source::Source;

/// What is committed on the other side for an offset of this one; a span that has to be counted is.
fn committed(target: &Mirrored, direction: Direction, offset: i64, bounds: Bounds) -> Decision {
    let own = Committed {
        offset,
        metadata: String::new(),
    };
    let asked = Asked {
        own: Some(&own),
        state: GroupState::Empty,
        other: None,
        bounds,
    };
    let position = match translate(&target.map, direction, offset) {
        Position::Scan(scan) => {
            let uncounted = decide(Rules::default(), &target.map, direction, asked, Position::Scan(scan));
            assert_eq!(uncounted, Decision::Wait(Waits::NotCounted(offset)));
            let within = target
                .pairs
                .iter()
                .filter(|(source, _)| (scan.span.source..scan.span.source_end).contains(source));
            let runs = within.map(|(source, _)| Run {
                source_offset: *source,
                count: 1,
            });
            Position::At(scan.resolve(runs).unwrap())
        }
        position => position,
    };
    decide(Rules::default(), &target.map, direction, asked, position)
}

fn commit(offset: i64) -> Decision {
    Decision::Commit {
        offset,
        metadata: String::new(),
        is_ahead: false,
    }
}

/// The first record that a reader of committed records finds from an offset on decides, and at the end the other side's end.
fn assert_exact(source: &Source, target: &Mirrored, seed: u64) -> usize {
    let mut asked = 0;
    let bounds = Bounds {
        start: target.start,
        end: target.end,
    };
    for offset in source.start..=source.end {
        let found = source.kept.iter().map(|(kept, _)| *kept).find(|kept| *kept >= offset);
        let expected = match found {
            Some(found) => target.pairs.iter().find(|(source, _)| *source == found).unwrap().1,
            None => target.end,
        };
        let decision = committed(target, Direction::ToTarget, offset, bounds);
        assert_eq!(decision, commit(expected), "seed {seed}, source offset {offset}");
        asked += 1;
    }
    let bounds = Bounds {
        start: source.start,
        end: source.end,
    };
    for offset in target.start..=target.end {
        let found = target.pairs.iter().find(|(_, target)| *target >= offset);
        let expected = found.map_or(source.end, |(source, _)| *source);
        let decision = committed(target, Direction::ToSource, offset, bounds);
        assert_eq!(decision, commit(expected), "seed {seed}, target offset {offset}");
        asked += 1;
    }
    asked
}

#[test]
fn the_first_record_from_there_is_the_first_from_here() {
    let mut asked = 0;
    for seed in 0..60 {
        let mut random = Random(seed);
        let source = Source::random(&mut random, 50);
        let target = Mirrored::of(&source, [0, 23][random.below(2)], true);
        asked += assert_exact(&source, &target, seed);
    }
    assert!(asked > 10_000, "{asked} positions");
}

#[test]
fn so_it_is_where_records_have_to_be_counted() {
    let mut random = Random(1);
    let source = Source::random(&mut random, 2000);
    let target = Mirrored::of(&source, 7, true);
    assert!(target.map.spans().iter().any(|span| !span.is_exact), "thinned");
    assert!(assert_exact(&source, &target, 1) > 10_000);
}

/// Retention takes the beginning of either side.
#[test]
fn what_is_gone_is_not_read_and_nothing_else_is_passed_over() {
    for seed in 0..60 {
        let mut random = Random(seed);
        let source = Source::random(&mut random, 50);
        let target = Mirrored::of(&source, 0, true);
        let start = random.below(target.end as usize) as i64;
        let bounds = Bounds { start, end: target.end };
        for offset in 0..=source.end {
            let found = source.kept.iter().map(|(kept, _)| *kept).find(|kept| *kept >= offset);
            let exact = found.map_or(target.end, |found| {
                target.pairs.iter().find(|(source, _)| *source == found).unwrap().1
            });
            let decision = committed(&target, Direction::ToTarget, offset, bounds);
            assert_eq!(
                decision,
                commit(exact.max(start)),
                "seed {seed}, source offset {offset}"
            );
        }
    }
}

/// A mirror that is behind: a group is never further there than it is here.
#[test]
fn a_group_ahead_of_the_mirror_stands_at_its_end() {
    for seed in 0..30 {
        let mut random = Random(seed);
        let mut source = Source::random(&mut random, 20);
        let target = Mirrored::of(&source, 0, true);
        let mirrored = source.end;
        source.push(protocol::records::Compression::None, 5, &[]);
        let bounds = Bounds {
            start: 0,
            end: target.end,
        };
        assert_eq!(
            committed(&target, Direction::ToTarget, mirrored, bounds),
            commit(target.end)
        );
        for offset in mirrored + 1..=source.end {
            let ahead = Decision::Commit {
                offset: target.end,
                metadata: String::new(),
                is_ahead: true,
            };
            assert_eq!(
                committed(&target, Direction::ToTarget, offset, bounds),
                ahead,
                "seed {seed}"
            );
        }
    }
}
