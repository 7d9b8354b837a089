//! What plans are for: each use on a cluster where the right answer is known.

use kfleet_planner::dense::Resource;
use kfleet_planner::generate::{Spec, generate};
use kfleet_planner::model::{loads, read_snapshot};
use kfleet_planner::request::{Budget, Effort, Goal, Request, Rules, Windows};

use super::{checked, cluster, is_proven_least};

#[test]
fn a_balanced_cluster_stays_as_it_is() {
    let cluster = cluster(
        &[(1, None), (2, None), (3, None)],
        &[(&[1, 2], 10), (&[2, 3], 10), (&[3, 1], 10)],
    );
    let (plan, _) = checked(&cluster, &Request::default());
    assert!(plan.changes.is_empty(), "{plan:?}");
    assert_eq!(plan.summary.gap(), Some(0.0));
}

#[test]
fn a_drained_broker_is_empty_and_only_its_bytes_move() {
    let cluster = generate(&Spec {
        brokers: 9,
        racks: 3,
        replicas: 900,
        ..Spec::default()
    })
    .unwrap();
    let rules = Rules {
        removed: vec![4],
        ..Rules::default()
    };
    let request = Request {
        rules,
        windows: Windows::none(),
        ..Request::default()
    };
    let (plan, accepted) = checked(&cluster, &request);
    let broker = cluster.broker(4).unwrap();
    assert_eq!(accepted.loads[broker][Resource::Count], 0);
    assert_eq!(plan.summary.moved_bytes, loads(&cluster)[broker][Resource::Disk] as u64);
    assert!(is_proven_least(&plan.summary), "{:?}", plan.summary);
}

#[test]
fn a_cordoned_broker_gives_and_gets_nothing() {
    let text = |loaded: i32| {
        let broker = |id: i32| {
            let state = if id == 1 { "cordoned" } else { "alive" };
            format!("{{\"id\":{id},\"state\":\"{state}\"}}")
        };
        let partition = |number: i32| {
            format!("{{\"topic\":\"t\",\"partition\":{number},\"replicas\":[{loaded}],\"size_bytes\":10}}")
        };
        format!(
            "{{\"schema\":\"kfleet/snapshot/1\",\"brokers\":[{}],\"partitions\":[{}]}}",
            [1, 2, 3].map(broker).join(","),
            (0..6).map(partition).collect::<Vec<_>>().join(",")
        )
    };
    let (gives, _) = checked(&read_snapshot(&text(1)).unwrap(), &Request::default());
    assert_eq!(gives.summary.moves, 4, "{gives:?}");
    let (gets, _) = checked(&read_snapshot(&text(2)).unwrap(), &Request::default());
    assert!(
        !gets.changes.is_empty() && gets.changes.iter().all(|change| change.to == [3]),
        "{gets:?}"
    );
}

#[test]
fn racks_are_repaired_with_one_move_for_each_surplus() {
    let brokers = [(1, Some("a")), (2, Some("a")), (3, Some("b")), (4, Some("c"))];
    let cluster = cluster(&brokers, &[(&[1, 2, 3], 10), (&[1, 3, 4], 10)]);
    let request = Request {
        windows: Windows::none(),
        ..Request::default()
    };
    let (plan, _) = checked(&cluster, &request);
    assert_eq!((plan.summary.moves, plan.summary.bound_bytes), (1, 10));
    assert!(plan.changes[0].to.contains(&4), "{plan:?}");
}

#[test]
fn more_replicas_are_added_and_fewer_cost_nothing() {
    let brokers = [(1, Some("a")), (2, Some("b")), (3, Some("c"))];
    let with = |replicas: usize| Request {
        windows: Windows::none(),
        replication_factors: [("t".to_owned(), replicas)].into(),
        ..Request::default()
    };
    let two = cluster(&brokers, &[(&[1, 2], 10), (&[2, 3], 20)]);
    let (plan, _) = checked(&two, &with(3));
    assert_eq!((plan.summary.moved_bytes, plan.summary.bound_bytes), (30, 30));
    assert_eq!(plan.changes[0].to, [1, 2, 3]);
    let (plan, _) = checked(&two, &with(1));
    assert_eq!((plan.summary.moved_bytes, plan.summary.leader_changes), (0, 0));
}

#[test]
fn relief_takes_from_full_disks_and_from_nowhere_else() {
    // Disks of 1000 bytes; only the first is above 80 %.
    let cluster = cluster(
        &[(1, None), (2, None), (3, None)],
        &[(&[1], 500), (&[1], 300), (&[1], 100), (&[2], 600), (&[3], 100)],
    );
    let goal = Goal::Relief { above: 0.8 };
    let (plan, accepted) = checked(
        &cluster,
        &Request {
            goal,
            windows: Windows::none(),
            ..Request::default()
        },
    );
    assert_eq!((plan.summary.moves, plan.summary.moved_bytes), (1, 100));
    assert!(plan.changes.iter().all(|change| change.from == [1]));
    assert!(accepted.loads.values().iter().all(|load| load[Resource::Disk] <= 800));
}

#[test]
fn leaders_are_spread_without_a_byte() {
    let cluster = cluster(&[(1, None), (2, None), (3, None)], &[(&[1, 2, 3] as &[i32], 10); 9]);
    let windows = Windows::counts(0.0, Some(0.0));
    let (plan, accepted) = checked(
        &cluster,
        &Request {
            goal: Goal::Leaders,
            windows,
            ..Request::default()
        },
    );
    assert_eq!((plan.summary.moves, plan.summary.leader_changes), (0, 6));
    assert!(accepted.loads.values().iter().all(|load| load[Resource::Leaders] == 3));
    assert!(plan.summary.windows_met);
}

#[test]
fn leaders_reach_brokers_along_chains() {
    // Only 1 has too many, only 3 too few, and no partition is on both.
    let cluster = cluster(
        &[(1, None), (2, None), (3, None)],
        &[
            (&[1, 2], 1),
            (&[1, 2], 1),
            (&[1, 2], 1),
            (&[2, 3], 1),
            (&[2, 3], 1),
            (&[3, 2], 1),
        ],
    );
    let request = Request {
        goal: Goal::Leaders,
        windows: Windows::counts(9.0, Some(0.0)),
        ..Request::default()
    };
    let (plan, accepted) = checked(&cluster, &request);
    assert!(
        accepted.loads.values().iter().all(|load| load[Resource::Leaders] == 2),
        "{plan:?}"
    );
    assert_eq!(plan.summary.leader_changes, 2);
}

#[test]
fn only_new_brokers_take_when_only_they_are_allowed() {
    let spec = Spec {
        brokers: 12,
        racks: 3,
        replicas: 1200,
        empty: 3,
        skew: 0.05,
        ..Spec::default()
    };
    let cluster = generate(&spec).unwrap();
    let rules = Rules {
        allowed: Some(vec![9, 10, 11]),
        ..Rules::default()
    };
    let (plan, _) = checked(
        &cluster,
        &Request {
            rules,
            windows: Windows::all(0.15),
            ..Request::default()
        },
    );
    let taken = plan
        .changes
        .iter()
        .flat_map(|change| change.to.iter().filter(|id| !change.from.contains(id)));
    assert!(taken.clone().count() > 0);
    assert!(taken.copied().all(|id| id >= 9));
}

#[test]
fn a_budget_is_kept_and_spent_on_what_helps_most() {
    let cluster = generate(&Spec {
        brokers: 12,
        racks: 3,
        replicas: 1200,
        skew: 0.5,
        ..Spec::default()
    })
    .unwrap();
    let full = checked(&cluster, &Request::default()).0.summary;
    let half = Budget {
        bytes: Some(full.moved_bytes / 2),
        moves: None,
    };
    let part = checked(
        &cluster,
        &Request {
            budget: half,
            ..Request::default()
        },
    )
    .0
    .summary;
    assert!(part.moved_bytes <= full.moved_bytes / 2);
    // The first half of the bytes does at least a third of the work.
    let done = (part.outside_before - part.outside_after) / (full.outside_before - full.outside_after);
    assert!(done > 0.33, "{done}");
}

#[test]
fn little_effort_makes_a_plan_all_the_same() {
    let cluster = generate(&Spec {
        brokers: 12,
        racks: 3,
        replicas: 1200,
        skew: 0.5,
        ..Spec::default()
    })
    .unwrap();
    for steps in [1, 100, 10_000, 1_000_000] {
        let request = Request {
            effort: Effort { steps, seed: 0 },
            ..Request::default()
        };
        checked(&cluster, &request);
    }
}

#[test]
fn racks_with_different_numbers_of_brokers_have_windows_that_can_be_met() {
    // Seven brokers in two racks each and six in the third, three replicas: a third of everything is in each.
    let spec = Spec {
        brokers: 20,
        racks: 3,
        topics: 40,
        replicas: 6000,
        skew: 0.3,
        ..Spec::default()
    };
    let cluster = generate(&spec).unwrap();
    let (plan, _) = checked(&cluster, &Request::default());
    assert!(plan.summary.windows_met, "{:?}", plan.summary);
}
