//! Crashes at every action, answers that get lost, targets that forget: each record is at the target once and in order.

use kfleet_mirror::decide::Rules;
use kfleet_mirror::offset_map::{OffsetMap, Position};
use kfleet_mirror::partition::{Action, Event, Look, Partition, Refusal, Settings, Side};
use kfleet_mirror::re_encode::Run;
use kfleet_mirror::state::State;
use protocol::records::Compression;

use crate::random::Random;
use crate::source::Source;
use crate::target::{Answer, Target};

/// Both sides, the state topic, and the mirror's process, which may die.
pub(crate) struct World {
    pub(crate) random: Random,
    pub(crate) source: Source,
    pub(crate) target: Target,
    pub(crate) settings: Settings,
    pub(crate) partition: Partition,
    /// The value of the last record in the state topic.
    pub(crate) state: Option<Vec<u8>>,
    last_append: Option<u64>,
    /// How often something goes wrong: once in so many times; 0 for never.
    trouble: usize,
    crashes: usize,
}

impl World {
    pub(crate) fn new(seed: u64, source: Source, settings: Settings) -> Self {
        let target = Target {
            topic_id: [2; 16],
            batch_max_bytes: 1 << 20,
            ..Target::default()
        };
        Self {
            random: Random(seed),
            source,
            target,
            partition: Partition::new(settings.clone(), None),
            settings,
            state: None,
            last_append: None,
            trouble: 0,
            crashes: 0,
        }
    }

    /// The process dies and another one begins, with what is in the state topic.
    pub(crate) fn crash(&mut self) {
        let state = self.state.as_ref().map(|bytes| State::decode(bytes).unwrap());
        self.partition = Partition::new(self.settings.clone(), state);
        self.last_append = None;
        self.crashes += 1;
    }

    fn has_trouble(&mut self) -> bool {
        self.trouble > 0 && self.random.one_in(self.trouble)
    }

    pub(crate) fn write_state(&mut self) {
        if let Some(state) = self.partition.take_state() {
            self.state = Some(state.encode());
        }
    }

    /// Does what is to be done until there is nothing more to do; false if that takes too long.
    pub(crate) fn run(&mut self, steps: usize) -> bool {
        for _ in 0..steps {
            if self.partition.has_reached(self.source.end) || self.partition.parked().is_some() {
                return true;
            }
            if self.trouble > 0 && self.random.one_in(6) {
                self.write_state();
            }
            let Some(action) = self.partition.act() else {
                assert_eq!(self.trouble, 0, "nothing to do and not at the end");
                return false;
            };
            if self.has_trouble() {
                self.crash();
                continue;
            }
            self.carry_out(action);
            if self.has_trouble() {
                if self.random.one_in(4) {
                    let lost = self.random.below(3);
                    self.target.lose(lost);
                }
                self.crash();
            }
        }
        false
    }

    pub(crate) fn carry_out(&mut self, action: Action) {
        let event = match action {
            Action::Look { source_leader_epoch } => Event::Looked(self.look(source_leader_epoch)),
            Action::Fetch { from } => {
                let (records, aborted) = self.source.fetch(from, &mut self.random);
                Event::Fetched { from, records, aborted }
            }
            Action::ReadTail { from } => Event::TailRead {
                from,
                records: self.target.read(from),
            },
            Action::WriteState(state) => {
                self.state = Some(state.encode());
                Event::StateWritten
            }
            Action::Append { id, batch } => self.append(id, &batch.to_bytes()),
        };
        self.partition.on(event);
    }

    fn append(&mut self, id: u64, batch: &[u8]) -> Event {
        let again = Event::Refused {
            id,
            refusal: Refusal::Again,
        };
        let is_lost = self.has_trouble();
        // Brokers forget who has not written for a day, not who has just written.
        let is_first_attempt = self.last_append.replace(id) != Some(id);
        if is_first_attempt && self.trouble > 0 && self.random.one_in(40) {
            self.target.forget_producers();
        }
        if is_lost {
            return again;
        }
        let refusal = match self.target.append(batch) {
            Answer::Written(_) if self.has_trouble() => return again,
            Answer::Written(base_offset) => return Event::Acknowledged { id, base_offset },
            Answer::OutOfOrder => Refusal::Producer,
            Answer::TooLarge => Refusal::TooLarge,
        };
        Event::Refused { id, refusal }
    }

    fn look(&mut self, source_leader_epoch: i32) -> Look {
        self.target.producers += 1;
        let side = |topic_id, start, end| Side { topic_id, start, end };
        let is_other = source_leader_epoch >= 0 && source_leader_epoch < self.source.leader_epoch;
        Look {
            source: side(self.source.topic_id, self.source.start, self.source.end),
            target: side(self.target.topic_id, 0, self.target.end),
            producer: (self.target.producers, 0),
            diverged_at: is_other.then_some(self.source.epoch_start),
        }
    }
}

/// Which records of the source are kept, for scans.
fn runs(source: &Source, from: i64) -> Vec<Run> {
    let behind = source.kept.iter().filter(|(offset, _)| *offset >= from);
    let run = |offset: i64| Run {
        source_offset: offset,
        count: 1,
    };
    behind.map(|(offset, _)| run(*offset)).collect()
}

pub(crate) fn assert_mirrored(source: &Source, target: &Target, map: &OffsetMap) {
    let there = target.records();
    let values = |records: &[(i64, Vec<u8>)]| -> Vec<String> {
        records
            .iter()
            .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            .collect()
    };
    assert_eq!(values(&there), values(&source.kept), "what is at the target");
    for ((at_source, _), (at_target, _)) in source.kept.iter().zip(&there) {
        let answer = |position| match position {
            Position::Scan(scan) => scan.resolve(runs(source, scan.span.source)),
            Position::At(offset) => Some(offset),
            _ => None,
        };
        assert_eq!(answer(map.to_target(*at_source)), Some(*at_target));
        assert_eq!(answer(map.to_source(*at_target)), Some(*at_source));
    }
}

fn one_seed(seed: u64) -> usize {
    let mut random = Random(seed ^ 0x6d69_7272_6f72);
    let batches = 5 + random.below(40);
    let source = Source::random(&mut random, batches);
    let settings = Settings {
        rules: Rules {
            // Now and then the mirror has to find out what the target takes.
            batch_max_bytes: if random.one_in(2) { 1 << 20 } else { 400 },
            ..Rules::default()
        },
        queue_max_bytes: 200 + random.below(2000),
        coalesce_below_bytes: [0, 600][random.below(2)],
        ..Settings::default()
    };
    let mut world = World::new(seed, source, settings);
    world.trouble = 4 + random.below(20);
    world.target.codec = [None, Some(Compression::Lz4), Some(Compression::None)][random.below(3)];
    world.target.batch_max_bytes = if random.one_in(3) { 250 } else { 1 << 20 };
    world.run(400);
    assert_eq!(world.partition.parked(), None);
    world.trouble = 0;
    world.crash();
    assert!(world.run(2000), "it does not come to an end");
    assert_eq!(world.partition.parked(), None);
    assert_mirrored(&world.source, &world.target, world.partition.map());
    world.crashes
}

/// How many seeds are tried; whoever runs it may ask for more, by the environment.
const SEEDS: u64 = 500;

#[test]
fn each_record_is_there_once_and_in_order_whatever_happens() {
    let asked = std::env::var("MIRROR_SEEDS").ok().and_then(|text| text.parse().ok());
    let seeds: u64 = asked.unwrap_or(SEEDS);
    let mut crashes = 0;
    for seed in 0..seeds {
        let outcome = std::panic::catch_unwind(|| one_seed(seed));
        crashes += outcome.unwrap_or_else(|_| panic!("seed {seed} failed"));
    }
    println!("{crashes} crashes in {seeds} seeds");
    assert!(
        crashes as u64 > 4 * seeds,
        "{crashes} crashes are too few to show anything"
    );
}
