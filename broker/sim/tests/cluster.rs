//! Runs of the whole cluster: a few seeds in which everything happens, replays, and seeds that once failed.
//! `KFLEET_SEED=N` begins at another seed, `KFLEET_SEEDS=N` plays so many.

use broker_sim::{Totals, run};

/// Plays a seed; what happened in it.
#[track_caller]
fn play(seed: u64) -> Totals {
    let outcome = run(seed, false).unwrap();
    let wrong = outcome.wrong.join("\n");
    assert!(wrong.is_empty(), "KFLEET_SEED={seed} KFLEET_SEEDS=1:\n{wrong}");
    outcome.totals
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Seeds in which, together, everything happens that can.
const SEEDS: [u64; 3] = [46, 183, 22];

#[test]
fn a_cluster_keeps_what_it_promises_whatever_goes_wrong() {
    let chosen = number("KFLEET_SEED").or(number("KFLEET_SEEDS").map(|_| 1));
    let seeds = chosen.map(|first| (first..first + number("KFLEET_SEEDS").unwrap_or(1)).collect());
    let seeds: Vec<u64> = seeds.unwrap_or_else(|| SEEDS.to_vec());
    let mut totals = Totals::default();
    for seed in seeds {
        totals.add(&play(seed));
    }
    println!("{totals}");
    if chosen.is_none() {
        for (what, times) in totals.each() {
            assert!(times > 0, "no {what} in {totals}");
        }
    }
}

#[test]
fn a_seed_plays_the_same_each_time() {
    let [first, second] = [(); 2].map(|()| run(7, true).unwrap());
    assert_eq!(first.story, second.story);
    assert_eq!(first.hash, second.hash);
    assert_ne!(first.hash, run(8, true).unwrap().hash);
}

/// Seeds that found something, and what, each in the weather of its time: what is drawn has changed since.
const FOUND: [(u64, &str); 15] = [
    (
        57,
        "a leader that was cut off acknowledged with a follower that went by metadata of its earlier life",
    ),
    (
        68,
        "a leader that went by metadata of its earlier life raised its high watermark without its ISR",
    ),
    (178, "the same with records that a full disk had let through in part"),
    (
        226,
        "a log torn by a power cut was taken for whole, after its broker had stopped before it had any metadata",
    ),
    (2264, "the same, of a replica that could not come back into the ISR"),
    (
        2069,
        "a voter that had been away while the leader became one knew it by name only, and asked nobody where it is",
    ),
    (
        7354,
        "a voter far behind was elected by a directory that was formatted anew, under the id that its configuration names",
    ),
    (
        73377,
        "a move was complete when nobody who was left could lead, and who led last was elected although it had no replica any longer",
    ),
    (
        2710,
        "a leader was refused for what a controller had not committed and then dropped, and never proposed again",
    ),
    (
        8829,
        "a leader had a record that takes it out of the voters, alone and not committed, and did not stand for election again",
    ),
    (
        9768,
        "a log was cut and went on while the checkpoint still had its former end for durable, and a power cut came",
    ),
    (
        21251,
        "of two proposals for a partition in one request the second was taken for refused like the first",
    ),
    (
        153_203,
        "a process led by the registration of the one before, and counted records that a follower let into the ISR did not have",
    ),
    (
        128_215,
        "a leader whose first records had been cut off wrote no kraft.version when it led again, and a spare never asked to vote",
    ),
    (
        157_231,
        "the same, and a voter that was formatted anew had voters and no kraft.version",
    ),
];

#[test]
fn what_was_found_stays_found() {
    for (seed, what) in FOUND {
        let outcome = run(seed, false).unwrap();
        assert!(outcome.wrong.is_empty(), "{what}: {:?}", outcome.wrong);
    }
}
