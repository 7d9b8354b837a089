//! Three nodes under load that are killed, paused, restarted and run out of disk, again and again, the active controller
//! more often than the others: nothing that was acknowledged is lost, twice there, or in another order.
//!
//! `KFLEET_FAULTS` says how many faults, `KFLEET_SEED` repeats their kinds, nodes and moments. Data and logs of a run
//! that fails stay where it says.

mod fault;
mod load;
mod nodes;
mod view;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use self::fault::{Fault, Kind};
use self::load::Load;
use self::nodes::Nodes;
use self::view::Watch;
use crate::support::random::Random;
use crate::support::{Engine, clock_seed, number, records};

const FAULTS_DEFAULT: u64 = 6;
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
    let count = number("KFLEET_FAULTS", FAULTS_DEFAULT);
    let seed = number("KFLEET_SEED", clock_seed());
    say!("KFLEET_FAULTS={count} KFLEET_SEED={seed}");
    let mut nodes = Nodes::start(engine);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let load = Load::new(&nodes.bootstrap(), seed);
    let tasks = runtime.block_on(load::start(&load));
    let since = Instant::now();
    let mut random = Random::new(seed);
    let mut seen: BTreeMap<Kind, Tally> = BTreeMap::new();
    for at in 0..count {
        let watch = Watch::new(&runtime, &nodes);
        let fault = Fault::draw(&mut random, at, &watch);
        let began = Instant::now();
        let effect = fault.inflict(&mut nodes, &watch, &mut random);
        let healed = random.below(HASTY) != 0;
        if healed {
            watch.wait_until_healed(HEAL_MAX);
        }
        say!(
            "{:6.1} s: fault {at}: {fault}: {effect:?}, {:.1} s{}",
            (began - since).as_secs_f64(),
            began.elapsed().as_secs_f64(),
            if healed { ", healed" } else { "" }
        );
        seen.entry(fault.kind)
            .or_default()
            .add(fault.on_active, effect.leaders_moved, effect.left_isrs);
        std::thread::sleep(Duration::from_millis(random.below(1000)));
    }
    Watch::new(&runtime, &nodes).wait_until_healed(HEAL_MAX);
    load.stop();
    runtime.block_on(async {
        for task in tasks {
            task.await.unwrap();
        }
    });
    let history = load.take_history();
    let (report, there) = runtime.block_on(async {
        let client = load.connect().await;
        records::check(&client, load::TOPIC, PARTITIONS, &history, records::id_of).await
    });
    for (kind, tally) in &seen {
        say!("{kind}: {tally:?}");
    }
    let counts = history.counts();
    let complaints = load.complaints();
    say!(
        "{counts:?}, {there} there at the end; the longest write took {:?}",
        load.longest_write()
    );
    assert!(report.is_clean(), "{report}{complaints:#?}");
    assert!(complaints.is_empty(), "{complaints:#?}");
    assert!(counts.acknowledged > 0 && counts.polled > 0, "there was no load");
    nodes.stop();
}

/// What faults of a kind did.
#[derive(Debug, Default)]
struct Tally {
    faults: u64,
    on_the_active_controller: u64,
    leaders_moved: u64,
    left_isrs: u64,
}

impl Tally {
    fn add(&mut self, on_active: bool, leaders_moved: u64, left_isrs: u64) {
        self.faults += 1;
        self.on_the_active_controller += u64::from(on_active);
        self.leaders_moved += leaders_moved;
        self.left_isrs += left_isrs;
    }
}
