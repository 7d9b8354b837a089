//! Three nodes under load that are killed, paused, restarted, run out of disk and lose touch with each other, again and
//! again, the active controller more often than the others: nothing that was acknowledged is lost, twice there, or in
//! another order.
//!
//! `KFLEET_FAULTS` says how many faults there are at least, `KFLEET_FAULT_MINUTES` how long they go on at least,
//! `KFLEET_SEED` repeats their kinds and moments, and their nodes as far as the same one is the active controller. Data
//! and logs of a run that fails stay where it says.

mod effect;
mod fault;
mod load;
mod nodes;
mod view;

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

use self::effect::{Effect, Sampler};
use self::fault::{Fault, KINDS, Kind};
use self::load::Load;
use self::nodes::Nodes;
use self::view::Watch;
use crate::support::random::Random;
use crate::support::{Engine, clock_seed, number, records};

const PARTITIONS: i32 = 6;
/// Longest that a cluster whose nodes all run may take until every replica is in sync.
const HEAL_MAX: Duration = Duration::from_secs(90);
/// One fault in so many comes before the cluster has healed from the last.
const HASTY: u64 = 3;

#[test]
#[ignore = "needs minutes; .ci/soak runs it"]
fn three_nodes_under_faults_lose_repeat_and_reorder_nothing() {
    run(Engine::Kfleet);
}

#[test]
#[ignore = "needs tests/compat/setup and minutes; .ci/soak runs it"]
fn three_foreign_nodes_under_faults_lose_repeat_and_reorder_nothing() {
    run(Engine::Apache);
}

fn run(engine: Engine) {
    let count = number("KFLEET_FAULTS", KINDS.len() as u64);
    let minutes = number("KFLEET_FAULT_MINUTES", 0);
    let seed = number("KFLEET_SEED", clock_seed());
    say!("KFLEET_FAULTS={count} KFLEET_FAULT_MINUTES={minutes} KFLEET_SEED={seed}");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let mut nodes = Nodes::start(engine, &runtime);
    let load = Load::new(nodes.addresses().into_values().collect(), seed);
    let tasks = runtime.block_on(load::start(&load, engine));
    let since = Instant::now();
    let mut tallies: BTreeMap<Kind, Tally> = BTreeMap::new();
    let mut at = 0;
    while at < count || since.elapsed() < Duration::from_secs(60 * minutes) {
        let random = Random::new(seed.wrapping_add(at));
        let (kind, tally) = one(&runtime, &mut nodes, &load, random, at, since);
        tallies.entry(kind).or_default().add(&tally);
        at += 1;
    }
    Watch::new(&runtime, &nodes).wait_until_healed(HEAL_MAX);
    load.stop();
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    for (kind, tally) in &tallies {
        say!("{kind}: {tally}");
    }
    check(&runtime, &load);
    let missed = tallies.iter().filter(|(_, tally)| tally.faults > tally.shown);
    let missed: Vec<String> = missed.map(|(kind, _)| kind.to_string()).collect();
    assert!(
        missed.is_empty(),
        "not every one of these faults had effect: {missed:?}"
    );
    nodes.stop();
}

/// One fault, and what came of it.
fn one(
    runtime: &Runtime,
    nodes: &mut Nodes,
    load: &Load,
    mut random: Random,
    at: u64,
    since: Instant,
) -> (Kind, Tally) {
    std::thread::sleep(Duration::from_millis(random.below(1000)));
    let is_hasty = random.below(HASTY) == 0;
    let watch = Watch::new(runtime, nodes);
    let mut fault = Fault::draw(random, at, &watch);
    let before = fault.before(&watch);
    load.forget_met();
    let held_up = nodes.network.held_up();
    let began = Instant::now();
    let sampler = Sampler::start(runtime, &watch, &before);
    let ended = fault.inflict(nodes, &watch, &sampler);
    let done = (ended, nodes.network.held_up() - held_up);
    if !is_hasty {
        watch.wait_until_healed(HEAL_MAX);
    }
    let effect = Effect::wait(done, &before, &sampler, &watch, || load.met());
    say!(
        "{:6.1} s: fault {at}: {fault}: {effect:?}, {:.1} s{}{}",
        (began - since).as_secs_f64(),
        began.elapsed().as_secs_f64(),
        if is_hasty { "" } else { ", healed" },
        if effect.is_shown() { "" } else { ": NO EFFECT" }
    );
    (fault.kind, Tally::of(fault.on_active, &effect))
}

/// Everything that was acknowledged is there, and nothing else that could not be.
fn check(runtime: &Runtime, load: &Load) {
    let history = load.take_history();
    let (report, there) = runtime.block_on(async {
        let client = load.connect().await;
        records::check(&client, load::TOPIC, PARTITIONS, &history, records::id_of).await
    });
    let (counts, complaints) = (history.counts(), load.complaints());
    say!("{counts:?}, {there} there at the end");
    assert!(report.is_clean(), "{report}{complaints:#?}");
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(counts.acknowledged > 0 && counts.polled > 0, "there was no load");
}

/// What faults of a kind did.
#[derive(Debug, Default)]
struct Tally {
    faults: u64,
    /// Those that had effect.
    shown: u64,
    on_active: u64,
    sum: Effect,
}

impl Tally {
    fn of(on_active: bool, effect: &Effect) -> Self {
        Self {
            faults: 1,
            shown: u64::from(effect.is_shown()),
            on_active: u64::from(on_active),
            sum: *effect,
        }
    }

    fn add(&mut self, other: &Self) {
        self.faults += other.faults;
        self.shown += other.shown;
        self.on_active += other.on_active;
        self.sum.add(&other.sum);
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} faults, {} shown to have had effect, {} of the active controller: {:?}",
            self.faults, self.shown, self.on_active, self.sum
        )
    }
}
