//! Random clusters, plans, crashes and turns: it ends in the same place.

use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;

/// Carries a plan out as the shell does, with what may happen to it.
struct Run {
    cluster: Cluster,
    journal: Vec<Entry>,
    memory: Memory,
    random: Random,
    now_ms: i64,
    /// Of a hundred steps, how many end in a crash.
    crashes: u64,
    /// Whether a broker was away. Who is not in sync cannot be elected.
    has_lost: bool,
    /// How often a partition's election came to nothing.
    lost_elections: BTreeMap<PartitionKey, u32>,
}

impl Run {
    fn state(&self) -> State {
        State::replay(&self.journal).unwrap()
    }

    fn crash(&mut self) {
        self.memory = Memory::default();
    }

    fn loses(&mut self, action: &Action) {
        if let Action::Elect(keys) = action {
            for key in keys {
                *self.lost_elections.entry(key.clone()).or_default() += 1;
            }
        }
    }

    /// Up to the end, or up to so many steps. With whom it ends.
    fn run(&mut self, steps: usize) -> Option<Next> {
        for _ in 0..steps {
            let state = self.state();
            let view = self.cluster.view(&limits::keys(&state));
            let told = next(&state, &view, &mut self.memory, self.now_ms);
            if self.random.chance(self.crashes) {
                // Before anything of it is done or written.
                self.crash();
                continue;
            }
            match told {
                Next::Record(entries) => {
                    // What does not fit the disk any more was not acted upon either.
                    let kept = self.random.below(entries.len() as u64 + 1) as usize;
                    let is_cut = self.random.chance(self.crashes);
                    let count = if is_cut { kept } else { entries.len() };
                    self.journal.extend(entries.into_iter().take(count));
                    if is_cut {
                        self.crash();
                    }
                }
                Next::Act(action) => {
                    let is_lost = self.random.chance(self.crashes);
                    if is_lost {
                        self.loses(&action);
                    } else {
                        self.cluster.act(&action, state.options.throttle_bytes_per_s);
                    }
                    if self.random.chance(self.crashes) {
                        self.crash();
                    }
                    self.now_ms += 10;
                }
                Next::Look => {}
                Next::Wait(_) => {
                    self.now_ms += 1000;
                    self.cluster.copy(&mut self.random);
                    if self.random.chance(5) {
                        let broker = 1 + self.random.below(self.cluster.brokers as u64) as i32;
                        if self.cluster.dead.is_empty() {
                            self.cluster.dead.insert(broker);
                            self.has_lost = true;
                        }
                    } else if self.random.chance(30) {
                        self.cluster.dead.clear();
                    }
                }
                ended => return Some(ended),
            }
        }
        None
    }
}

fn check(run: &Run, settings: &Settings, jobs: &[Job]) -> Result<(), TestCaseError> {
    let state = run.state();
    prop_assert_eq!(&run.cluster.settings, settings);
    prop_assert!(run.cluster.faults.is_empty(), "{:?}", run.cluster.faults);
    prop_assert_eq!(state.dropped().count(), 0, "{:?}", state.dropped().collect::<Vec<_>>());
    for job in jobs {
        let key = job.key();
        let (at_plan, at_home) = (run.cluster.is_at(&key, &job.to), run.cluster.is_at(&key, &job.from));
        let part = &state.parts[&key];
        let is_told = match (part.heading, &part.status) {
            (Heading::To, Status::Settled) => at_plan,
            _ => at_home,
        };
        prop_assert!(is_told, "{key:?} {part:?} {:?}", run.cluster.partitions[&key]);
        let held = &run.cluster.partitions[&key];
        // It is tried so often, and then left.
        let tries = run.lost_elections.get(&key).copied().unwrap_or(0);
        let may_be_led_by_others = run.has_lost || tries >= ELECTIONS_MAX;
        match state.mode {
            Mode::Forward => {
                prop_assert!(at_plan);
                prop_assert!(held.leader == job.to[0] || may_be_led_by_others);
                for (broker, dir) in &job.dirs {
                    prop_assert_eq!(&held.dirs[broker], dir);
                }
            }
            Mode::Rollback => {
                prop_assert!(at_home);
                prop_assert!(held.leader == job.from[0] || may_be_led_by_others);
            }
            Mode::Cancel => {}
        }
    }
    Ok(())
}

/// Carries a made-up plan out, with so many crashes, and cancels it, rolls it back or pauses it at this turn.
fn ends(seed: u64, crashes: u64, turn_at: usize, turns: u8) -> Result<(), TestCaseError> {
    let mut random = Random(seed);
    let (cluster, jobs, options) = made(&mut random);
    let (before, settings) = (cluster.partitions.clone(), cluster.settings.clone());
    let mut run = Run {
        cluster,
        journal: vec![began(&jobs, &options)],
        memory: Memory::default(),
        random,
        now_ms: 0,
        crashes,
        has_lost: false,
        lost_elections: BTreeMap::new(),
    };
    if turns > 0 {
        run.run(turn_at);
        run.journal.push(if turns == 1 {
            Entry::Cancelled
        } else {
            Entry::RolledBack
        });
        if turns == 3 {
            run.run(turn_at / 2);
            run.journal.push(Entry::Paused { paused: true });
            run.run(20);
            run.journal.push(Entry::Paused { paused: false });
        }
    }
    let ended = run.run(20_000);
    prop_assert_eq!(ended, Some(Next::Ended), "{:?}\n{:?}", run.state(), run.cluster);
    check(&run, &settings, &jobs)?;
    // What is not in the plan has not moved.
    for (key, held) in &before {
        if !jobs.iter().any(|job| job.key() == *key) {
            prop_assert!(run.cluster.is_at(key, &held.replicas));
        }
    }
    // Whoever comes later has nothing to do.
    run.crashes = 0;
    prop_assert_eq!(run.run(1), Some(Next::Ended));
    Ok(())
}

/// Every one of a partition's elections comes to nothing here.
#[test]
fn an_election_that_fails_again_and_again_is_given_up() {
    ends(13_009_257_073_296_834_015, 8, 1, 0).unwrap();
}

proptest! {
    #![proptest_config(Config { cases: 400, ..Config::default() })]

    #[test]
    fn it_ends_in_the_same_place_whatever_happens(seed: u64, crashes in 0u64..15, turn_at in 1usize..400, turns in 0u8..4) {
        ends(seed, crashes, turn_at, turns)?;
    }
}
