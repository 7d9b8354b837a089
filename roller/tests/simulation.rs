//! A million steps of nodes that stop, start, catch up and crash.

use planner::random::Random;

use super::world::World;

#[test]
fn no_promise_is_broken_in_a_million_steps() {
    let (mut steps, mut batches, mut crashes) = (0, 0, 0);
    let mut seed = 0;
    while steps < 1_000_000 {
        seed += 1;
        let mut random = Random::new(seed);
        let mut world = World::new(&mut random);
        for _ in 0..40 {
            if let Err(broken) = world.round(&mut random) {
                panic!("seed {seed}: {broken}");
            }
        }
        steps += world.steps;
        batches += world.batches;
        crashes += world.crashes;
    }
    assert!(
        batches > 50_000 && crashes > 5_000,
        "{batches} batches, {crashes} crashes"
    );
}
