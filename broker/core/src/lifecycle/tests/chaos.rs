//! Three brokers and their controller, with lost, late and repeated messages, controllers that crash and forget what they
//! had not synced, brokers that are killed, stopped, replaced, unregistered: no process gets a second epoch unless its
//! registration is gone, nobody thinks it may lead without the log saying so, and once nothing fails any more every broker
//! leads again soon, in one process, and stops with permission.
//!
//! A failure prints its seed; `KFLEET_SEED` runs that seed alone, `KFLEET_SEEDS` that many.

use super::world::{IDS, Life, Tally, World};
use super::*;

const STEP: Duration = Duration::from_millis(50);
/// A controller's start, messages that were late before, a session, and a broker's start.
const BACK_WITHIN: Duration = Duration::from_secs(16);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// How long it took until all brokers led again. One that stops without permission leaves a session to be waited for.
fn wait_for_all(world: &mut World) -> Duration {
    let mut since = world.now;
    let mut unclean_stops = world.tally.unclean_stops;
    while IDS.iter().any(|id| world.holder(*id).is_none()) {
        if std::mem::replace(&mut unclean_stops, world.tally.unclean_stops) != world.tally.unclean_stops {
            since = world.now;
        }
        let waited = world.now - since;
        assert!(waited <= BACK_WITHIN, "a broker does not come back");
        world.run_until(world.now + STEP);
    }
    world.now - since
}

/// Nothing happens, and nothing is sent but heartbeats.
fn watch_calm(world: &mut World) {
    let before: Vec<(Life, usize)> = IDS
        .iter()
        .map(|id| {
            let life = world.holder(*id).unwrap();
            (life, world.processes[&life].requests)
        })
        .collect();
    let until = world.now + Duration::from_secs(10);
    while world.now < until {
        world.run_until(world.now + STEP);
        for (id, (life, _)) in IDS.iter().zip(&before) {
            assert_eq!(world.holder(*id), Some(*life), "broker {id} loses what it has");
        }
    }
    for (life, requests) in before {
        let sent = world.processes[&life].requests - requests;
        assert!((4..=7).contains(&sent), "{sent} heartbeats in 10 s");
    }
}

fn stop_all(world: &mut World, slowest: &mut Duration) {
    let mut ids = IDS.to_vec();
    while !ids.is_empty() {
        let id = ids.swap_remove(world.chance.below(ids.len() as u64) as usize);
        let life = world.holder(id).unwrap();
        let since = world.now;
        world.stop(life);
        while world.processes[&life].over.is_none() {
            world.run_until(world.now + Duration::from_millis(1));
            assert!(world.now < since + Duration::from_millis(500), "it may not stop");
        }
        let over = world.processes[&life].over.clone();
        assert_eq!(over, Some(LifecycleNotice::MayStop { clean: true }));
        assert!(!world.leads_anything(id), "somebody has to lead in its place");
        *slowest = (*slowest).max(world.now - since);
    }
}

fn run(seed: u64, slowest: &mut (Duration, Duration)) -> Tally {
    let mut world = World::new(seed);
    let end = Duration::from_secs(40) + world.chance.up_to_ms(20_000);
    let mut twice = Duration::ZERO;
    while world.now < end {
        world.run_until(world.now + STEP);
        let is_double = IDS.iter().any(|id| world.leaders(*id).len() > 1);
        twice = if is_double { twice + STEP } else { Duration::ZERO };
        assert!(twice < Duration::from_secs(9), "two processes of one id lead for long");
    }
    world.heal();
    slowest.0 = slowest.0.max(wait_for_all(&mut world));
    // Late messages of before.
    world.run_until(world.now + Duration::from_secs(4));
    slowest.0 = slowest.0.max(wait_for_all(&mut world));
    watch_calm(&mut world);
    stop_all(&mut world, &mut slowest.1);
    std::mem::take(&mut world.tally)
}

#[test]
fn a_broker_has_one_epoch_and_always_comes_back() {
    let seeds = match number("KFLEET_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("KFLEET_SEEDS").unwrap_or(60),
    };
    let count = seeds.end - seeds.start;
    let mut sum = Tally::default();
    let mut slowest = (Duration::ZERO, Duration::ZERO);
    for seed in seeds {
        sum.add(&run(seed, &mut slowest));
    }
    println!(
        "{count} seeds: {sum:?}; slowest return {:?}, slowest stop {:?}",
        slowest.0, slowest.1
    );
    if count >= 60 {
        let least = sum.each().into_iter().min();
        assert!(least >= Some(4), "it tests too little: {sum:?}");
    }
}

/// Kills a broker, starts it again in an instant, and lets something else happen; how long until it leads again.
fn start_again(world: &mut World, otherwise: impl FnOnce(&mut World)) -> Duration {
    let id = IDS[world.chance.below(IDS.len() as u64) as usize];
    let life = world.holder(id).unwrap();
    world.kill(life);
    world.launch_if_alone(id, -1, 150);
    otherwise(world);
    let since = world.now;
    while world.holder(id).is_none() {
        world.run_until(world.now + Duration::from_millis(1));
        assert!(world.now < since + BACK_WITHIN, "broker {id} does not come back");
    }
    let took = world.now - since;
    world.run_until(world.now + Duration::from_secs(4));
    took
}

#[test]
fn a_broker_that_is_killed_and_started_again_at_once_waits_for_no_session() {
    for seed in 0..20 {
        let mut world = World::new(seed);
        world.heal();
        world.run_until(Duration::from_secs(3));
        for _ in 0..5 {
            let alone = start_again(&mut world, |_| {});
            assert!(alone < Duration::from_secs(1), "{alone:?}, seed {seed}");
            // The next controller is there after three seconds at most, and knows of no connection.
            let with_controller = start_again(&mut world, World::crash_controller);
            assert!(
                with_controller < Duration::from_secs(6),
                "{with_controller:?}, seed {seed}"
            );
        }
    }
}
