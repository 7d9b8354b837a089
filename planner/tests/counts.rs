//! Requests for counts get the least possible, which their certificates prove; the heuristic comes close.

use kfleet_planner::generate::{Spec, generate};
use kfleet_planner::random::Random;
use kfleet_planner::request::{Budget, Request, Rules, Windows};

use super::{checked, is_proven_least};

/// A small cluster with anything from one to four replicas, with or without racks, and perhaps brokers to empty.
fn random(seed: u64) -> (Spec, Request) {
    let mut random = Random::new(seed);
    let racks = [0, 0, 2, 3][random.below(4)];
    let brokers = 4 + random.below(8);
    let spec = Spec {
        brokers,
        racks,
        topics: 1 + random.below(5),
        replicas: 20 + random.below(150),
        replication_factor: 1 + random.below(3),
        empty: random.below(2),
        skew: 0.5,
        seed,
        ..Spec::default()
    };
    let removed = if random.below(3) == 0 { vec![0] } else { Vec::new() };
    let rules = Rules {
        removed,
        ..Rules::default()
    };
    let tolerance = [0.0, 0.05, 0.1, 0.3][random.below(4)];
    (
        spec,
        Request {
            rules,
            windows: Windows::counts(tolerance, None),
            ..Request::default()
        },
    )
}

/// The proof is by prices, which the checker recomputes: so the plan is the optimum, whoever found it.
#[test]
fn a_thousand_random_counts_are_proven_optimal() {
    for seed in 0..1000 {
        let (spec, request) = random(seed);
        let cluster = generate(&spec).unwrap();
        let (plan, accepted) = checked(&cluster, &request);
        assert!(
            is_proven_least(&plan.summary),
            "seed {seed}: {:?} {spec:?} {request:?}",
            plan.summary
        );
        assert_eq!(accepted.moved_bytes, plan.summary.moved_bytes, "seed {seed}");
    }
}

/// A budget that binds nothing keeps the exact method away.
#[test]
fn the_heuristic_is_no_better_and_not_much_worse() {
    let (mut exact_bytes, mut heuristic_bytes, mut unmet) = (0, 0, 0);
    for seed in 0..300 {
        let (spec, mut request) = random(seed);
        let cluster = generate(&spec).unwrap();
        let exact = checked(&cluster, &request).0.summary;
        request.budget = Budget {
            bytes: Some(u64::MAX),
            moves: None,
        };
        let heuristic = checked(&cluster, &request).0.summary;
        if heuristic.outside_after > exact.outside_after + 1e-9 {
            unmet += 1;
            continue;
        }
        assert!(
            heuristic.moved_bytes >= exact.moved_bytes,
            "seed {seed}: {exact:?} {heuristic:?}"
        );
        exact_bytes += exact.moved_bytes;
        heuristic_bytes += heuristic.moved_bytes;
    }
    assert!(
        heuristic_bytes as f64 <= exact_bytes as f64 * 1.10,
        "{heuristic_bytes} for {exact_bytes}"
    );
    assert!(unmet <= 15, "{unmet} of 300 are further outside than they need be");
}
