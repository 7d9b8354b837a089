//! The gate with a rule broken on purpose: the simulation has to see each.

mod world;

use kfleet_roller::mutation::{Mutation, broken};
use planner::random::Random;
use world::World;

/// In so many seeds each must show.
const SEEDS_MAX: u64 = 5_000;

fn found_at(rule: Mutation) -> Option<u64> {
    (1..=SEEDS_MAX).find(|seed| {
        broken(rule, || {
            let mut random = Random::new(*seed);
            let mut world = World::new(&mut random);
            (0..40).any(|_| world.round(&mut random).is_err())
        })
    })
}

#[test]
fn each_broken_rule_is_seen() {
    let found = Mutation::ALL.map(|rule| (rule, found_at(rule)));
    println!("{found:?}");
    for (rule, seed) in found {
        assert!(seed.is_some(), "{rule:?} was not seen in {SEEDS_MAX} seeds");
    }
}
