//! What a partition makes of what only an operator can put right, and of what he said to do about it.

use kfleet_mirror::decide::{Poison, Rules};
use kfleet_mirror::offset_map::Position;
use kfleet_mirror::partition::{Action, Event, Note, Parked, Refusal, Settings, Then};
use protocol::records::Compression;

use crate::random::Random;
use crate::simulation::{World, assert_mirrored};
use crate::source::Source;

const NONE: Compression = Compression::None;

fn settings() -> Settings {
    Settings {
        queue_max_bytes: 1000,
        ..Settings::default()
    }
}

fn going_on() -> Settings {
    Settings {
        on_gap: Then::GoOn,
        on_truncation: Then::GoOn,
        on_recreation: Then::GoOn,
        ..settings()
    }
}

/// A source of four batches of five records, all of it mirrored, and the state written.
fn mirrored(settings: Settings) -> World {
    let mut source = Source {
        topic_id: [1; 16],
        ..Source::default()
    };
    for _ in 0..4 {
        source.push(NONE, 5, &[]);
    }
    let mut world = World::new(1, source, settings);
    end(&mut world);
    assert_mirrored(&world.source, &world.target, world.partition.map());
    world.write_state();
    world
}

#[track_caller]
fn end(world: &mut World) {
    assert!(world.run(1000), "it comes to an end");
    assert_eq!(world.partition.parked(), None);
}

#[track_caller]
fn parked(world: &mut World) -> Parked {
    assert!(world.run(1000), "it comes to an end");
    world.partition.parked().expect("it is parked").clone()
}

#[test]
fn a_foreign_writer_is_found_at_once_and_after_a_crash() {
    let mut world = mirrored(settings());
    world.target.write_foreign();
    world.source.push(NONE, 5, &[]);
    assert_eq!(parked(&mut world), Parked::ForeignWriter { target_offset: 20 });
    let mut world = mirrored(settings());
    world.target.write_foreign();
    world.source.push(NONE, 5, &[]);
    world.crash();
    assert_eq!(parked(&mut world), Parked::ForeignWriter { target_offset: 20 });
    let mut world = mirrored(settings());
    world.target.write_foreign();
    world.crash();
    let at_end = "the source has nothing to compare it with";
    assert_eq!(
        parked(&mut world),
        Parked::ForeignWriter { target_offset: 20 },
        "{at_end}"
    );
}

#[test]
fn a_lost_state_is_found_again_by_comparing_everything() {
    let mut world = mirrored(settings());
    world.source.push(NONE, 5, &[]);
    world.state = None;
    world.crash();
    end(&mut world);
    assert_eq!(world.partition.take_notes(), [Note::Reconciled { records: 20 }]);
    assert_mirrored(&world.source, &world.target, world.partition.map());
}

#[test]
fn what_the_target_lost_is_mirrored_again() {
    let mut world = mirrored(settings());
    world.target.lose(2);
    world.crash();
    end(&mut world);
    assert_eq!(world.partition.take_notes(), [Note::TargetLost { from: 10, to: 20 }]);
    assert_mirrored(&world.source, &world.target, world.partition.map());
}

#[test]
fn a_target_that_loses_records_under_a_running_mirror_is_noticed() {
    let mut world = mirrored(settings());
    world.target.lose(1);
    world.source.push(NONE, 5, &[]);
    end(&mut world);
    assert_eq!(world.partition.take_notes(), [Note::TargetLost { from: 15, to: 20 }]);
    assert_mirrored(&world.source, &world.target, world.partition.map());
}

#[test]
fn retention_that_overtook_the_mirror_is_a_gap_with_a_policy() {
    let overtaken = |settings| {
        let mut world = mirrored(settings);
        world.source.push(NONE, 5, &[]);
        world.source.push(NONE, 5, &[]);
        world.source.remove_before(25);
        world.crash();
        world
    };
    let mut world = overtaken(settings());
    assert_eq!(parked(&mut world), Parked::Overtaken { from: 20, to: 25 });
    let mut world = overtaken(going_on());
    end(&mut world);
    assert_eq!(world.partition.take_notes(), [Note::Overtaken { from: 20, to: 25 }]);
    assert_eq!(world.target.end, 25);
    assert_eq!(world.partition.map().to_target(22), Position::At(20));
    assert_eq!(world.partition.map().to_target(26), Position::At(21));
    // The state was written before the first append behind the gap.
    world.crash();
    world.source.push(NONE, 1, &[]);
    end(&mut world);
    assert_eq!(world.target.end, 26);
}

#[test]
fn a_tail_that_the_source_lost_is_taken_by_its_offsets_only_if_nothing_was_ever_left_out() {
    let with_tail = |hole: bool| {
        let mut world = mirrored(settings());
        if hole {
            world.source.push(NONE, 3, &[1]);
            end(&mut world);
            world.write_state();
        }
        let begin = world.source.end;
        world.source.push(NONE, 5, &[]);
        world.source.push(NONE, 5, &[]);
        end(&mut world);
        world.source.remove_before(begin + 5);
        world.crash();
        world
    };
    let mut world = with_tail(false);
    end(&mut world);
    assert_eq!(world.target.end, 30, "nothing is there twice");
    let mut world = with_tail(true);
    assert_eq!(parked(&mut world), Parked::Unverifiable { target_offset: 22 });
}

#[test]
fn a_source_that_lost_what_was_mirrored_is_a_truncation_with_a_policy() {
    let truncated = |settings| {
        let mut world = mirrored(settings);
        world.source.truncate(15);
        world.source.push(NONE, 8, &[]);
        world.crash();
        world
    };
    let mut world = truncated(settings());
    assert_eq!(parked(&mut world), Parked::Truncated { from: 15, to: 20 });
    let mut world = truncated(going_on());
    end(&mut world);
    assert_eq!(world.partition.take_notes(), [Note::Truncated { from: 15, to: 20 }]);
    let map = world.partition.map();
    assert_eq!(map.to_target(14), Position::At(14));
    assert_eq!(
        map.to_target(15),
        Position::At(20),
        "what it has now lies behind what it lost"
    );
    assert_eq!(world.target.end, 28);
}

#[test]
fn a_topic_that_was_created_again_is_noticed_on_either_side() {
    let recreated = |settings| {
        let mut world = mirrored(settings);
        world.source = Source {
            topic_id: [9; 16],
            ..Source::default()
        };
        world.source.push(NONE, 3, &[]);
        world.crash();
        world
    };
    assert_eq!(parked(&mut recreated(settings())), Parked::SourceRecreated);
    let mut world = recreated(going_on());
    end(&mut world);
    assert_eq!(world.partition.take_notes(), [Note::Recreated]);
    assert_eq!(world.target.end, 23);
    world.crash();
    end(&mut world);
    assert_eq!(world.target.end, 23, "nothing is there twice after a crash");
    let mut world = mirrored(settings());
    world.target.topic_id = [8; 16];
    world.crash();
    assert_eq!(parked(&mut world), Parked::TargetRecreated);
}

#[test]
fn poison_parks_after_everything_before_it_is_at_the_target() {
    let mut world = mirrored(settings());
    world.source.push(NONE, 5, &[]);
    world.source.push(NONE, 5, &[]);
    world.source.damage();
    let why = parked(&mut world);
    assert!(matches!(why, Parked::Poison(Poison::Header(_))), "{why}");
    assert_eq!(world.target.end, 25);
}

#[test]
fn a_record_that_is_too_large_for_the_target_parks() {
    let mut world = mirrored(settings());
    world.target.batch_max_bytes = 80;
    world.source.push(NONE, 5, &[]);
    let why = parked(&mut world);
    assert!(
        matches!(why, Parked::Poison(Poison::RecordTooLarge { offset: 20, .. })),
        "{why}"
    );
    let small = Settings {
        rules: Rules {
            batch_max_bytes: 80,
            ..Rules::default()
        },
        ..settings()
    };
    let mut source = Source::default();
    source.push(NONE, 1, &[]);
    let why = parked(&mut World::new(1, source, small));
    assert!(
        matches!(why, Parked::Poison(Poison::RecordTooLarge { offset: 0, .. })),
        "{why}"
    );
}

#[test]
fn what_the_target_refuses_for_good_parks_with_its_words() {
    let mut world = mirrored(settings());
    world.source.push(NONE, 5, &[]);
    while let Some(action) = world.partition.act() {
        match action {
            Action::Append { id, .. } => world.partition.on(Event::Refused {
                id,
                refusal: Refusal::Poison("no key".to_owned()),
            }),
            other => world.carry_out(other),
        }
    }
    let why = world.partition.parked().expect("it is parked").to_string();
    assert_eq!(why, "the target refuses the batch at source offset 20: no key");
}

#[test]
fn a_new_look_waits_for_what_is_on_its_way() {
    let mut world = mirrored(settings());
    world.source.push(NONE, 5, &[]);
    let (id, batch) = loop {
        match world.partition.act().expect("there is something to do") {
            Action::Append { id, batch } => break (id, batch),
            other => world.carry_out(other),
        }
    };
    world.partition.on(Event::LookAgain);
    assert_eq!(world.partition.act(), None, "the answer is waited for");
    let refusal = Refusal::Again;
    world.partition.on(Event::Refused { id, refusal });
    let again = world.partition.act();
    assert_eq!(
        again,
        Some(Action::Append { id, batch }),
        "the same batch with the same sequence"
    );
    world.carry_out(again.expect("there is one"));
    end(&mut world);
    assert_mirrored(&world.source, &world.target, world.partition.map());
}

#[test]
fn answers_to_what_nobody_asks_any_more_change_nothing() {
    let mut world = mirrored(settings());
    let mut random = Random(1);
    let (records, aborted) = world.source.fetch(0, &mut random);
    world.partition.on(Event::Fetched {
        from: 0,
        records,
        aborted,
    });
    let records = world.target.read(0);
    world.partition.on(Event::TailRead { from: 0, records });
    world.partition.on(Event::Acknowledged { id: 0, base_offset: 0 });
    world.source.push(NONE, 5, &[]);
    end(&mut world);
    assert_mirrored(&world.source, &world.target, world.partition.map());
}
