//! Random clusters and requests: whatever the planner makes of them the checker accepts, and twice the same.

use std::collections::BTreeMap;

use kfleet_planner::check::check;
use kfleet_planner::generate::{Spec, generate};
use kfleet_planner::plan::{PlanError, plan};
use kfleet_planner::request::{Budget, Effort, Goal, Request, Rules, TopicSpread, Windows};
use proptest::prelude::*;

fn spec() -> impl Strategy<Value = Spec> {
    (
        2usize..20,
        0usize..5,
        1usize..12,
        1usize..500,
        1usize..4,
        0usize..3,
        0.0..0.8f64,
        any::<u64>(),
    )
        .prop_map(
            |(brokers, racks, topics, replicas, replication_factor, empty, skew, seed)| Spec {
                brokers: brokers + 2,
                racks,
                topics,
                replicas,
                replication_factor: replication_factor.min(brokers),
                empty: empty.min(brokers - 1),
                skew,
                disk_room: 2.5,
                seed,
            },
        )
}

fn rules() -> impl Strategy<Value = Rules> {
    (any::<bool>(), 0u8..8, prop::option::of(0.5..1.0f64), any::<bool>()).prop_map(
        |(racks, who, disk_limit, spread)| Rules {
            racks,
            allowed: (who == 1).then(|| vec![0, 1, 2]),
            removed: if who & 2 > 0 { vec![1] } else { Vec::new() },
            excluded: if who & 4 > 0 { vec![0] } else { Vec::new() },
            excluded_topics: if who == 7 {
                vec!["topic-00000".to_owned()]
            } else {
                Vec::new()
            },
            disk_limit,
            topic_spread: spread.then(TopicSpread::default),
        },
    )
}

fn request() -> impl Strategy<Value = Request> {
    let windows = prop_oneof![
        (0.02..0.5f64).prop_map(Windows::all),
        (0.0..0.5f64).prop_map(|tolerance| Windows::counts(tolerance, Some(tolerance))),
        Just(Windows::none()),
    ];
    let goal = prop_oneof![6 => Just(Goal::Balance), 1 => Just(Goal::Leaders), 1 => Just(Goal::Relief { above: 0.3 })];
    let budget = (prop::option::of(0u64..2_000_000_000_000), prop::option::of(0u64..200));
    (goal, rules(), windows, budget, prop::option::of(1usize..5)).prop_map(
        |(goal, rules, windows, budget, replicas)| {
            let replication_factors = replicas.map(|replicas| ("topic-00000".to_owned(), replicas));
            Request {
                goal,
                rules,
                windows,
                budget: Budget {
                    bytes: budget.0,
                    moves: budget.1,
                },
                replication_factors: BTreeMap::from_iter(replication_factors),
                effort: Effort {
                    steps: 3_000_000,
                    seed: 1,
                },
            }
        },
    )
}

/// A bound of a millionth of a byte was one byte to the planner, and none to the checker.
#[test]
fn a_bound_that_hardly_is_one_is_none() {
    let spec = Spec {
        brokers: 5,
        racks: 0,
        topics: 1,
        replicas: 51,
        replication_factor: 3,
        empty: 2,
        skew: 0.0,
        disk_room: 2.5,
        seed: 993_437_858_571_035_718,
    };
    let request = Request {
        rules: Rules {
            racks: false,
            excluded: vec![0],
            topic_spread: None,
            ..Rules::default()
        },
        windows: Windows::all(0.02),
        replication_factors: BTreeMap::from([("topic-00000".to_owned(), 1)]),
        effort: Effort {
            steps: 3_000_000,
            seed: 1,
        },
        ..Request::default()
    };
    let cluster = generate(&spec).unwrap();
    let made = plan(&cluster, &request).unwrap();
    check(&cluster, &request, &made).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_planned_is_accepted_and_the_same_again(spec in spec(), request in request()) {
        let cluster = generate(&spec).unwrap();
        match plan(&cluster, &request) {
            Ok(made) => {
                if let Err(error) = check(&cluster, &request, &made) {
                    return Err(TestCaseError::fail(format!("{error}")));
                }
                prop_assert!(made.summary.outside_after <= made.summary.outside_before + 1e-9 || made.summary.moves > 0);
                prop_assert_eq!(plan(&cluster, &request).unwrap(), made);
            }
            Err(PlanError::Impossible { obstacles }) => prop_assert!(!obstacles.is_empty()),
            Err(PlanError::Request(_)) => {}
        }
    }
}
