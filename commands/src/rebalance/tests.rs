//! Plans for what was asked, on clusters where the right answer is known, and on random ones.

use planner::generate::{Spec, generate};
use planner::model::{Cluster, ClusterBuilder, NewBroker, NewPartition, read_snapshot, write_snapshot};
use proptest::prelude::*;

use super::asked::{Asked, AskedWindows, GoalName};
use super::file::PlanFile;
use super::make::make;
use super::screen;

/// Brokers with racks, and partitions of topics: replicas and size.
fn cluster(brokers: &[(i32, &str)], partitions: &[(&str, &[i32], u64)]) -> Cluster {
    let mut builder = ClusterBuilder::new(Some("abc".to_owned()));
    for (id, rack) in brokers {
        let capacity = planner::model::Capacity {
            disk_bytes: Some(1000),
            ..Default::default()
        };
        builder
            .broker(NewBroker {
                id: *id,
                rack: Some((*rack).to_owned()),
                capacity,
                ..NewBroker::default()
            })
            .unwrap();
    }
    for (number, (topic, replicas, size_bytes)) in partitions.iter().enumerate() {
        builder
            .partition(&NewPartition {
                topic,
                number: number as i32,
                replicas,
                in_sync: None,
                leader: Some(replicas[0]),
                size_bytes: *size_bytes,
                bytes_in: 1,
                bytes_out: 0,
                min_isr: 1,
            })
            .unwrap();
    }
    builder.build().unwrap()
}

fn lists(file: &PlanFile) -> Vec<(String, Vec<i32>)> {
    file.moves
        .iter()
        .map(|one| (one.name(), one.replicas_to.clone()))
        .collect()
}

fn demands() -> Asked {
    Asked {
        goal: GoalName::Demands,
        ..Asked::default()
    }
}

#[test]
fn a_broker_that_takes_anothers_place_takes_its_place_in_every_list() {
    let cluster = cluster(
        &[(1, "a"), (2, "b"), (3, "b")],
        &[("t", &[1, 2], 10), ("t", &[2, 1], 10), ("t", &[1], 10)],
    );
    let asked = Asked {
        remove: vec![2],
        onto: vec![3],
        ..demands()
    };
    let file = make(&cluster, &asked).unwrap();
    assert_eq!(
        lists(&file),
        [("t-0".to_owned(), vec![1, 3]), ("t-1".to_owned(), vec![3, 1])]
    );
    assert_eq!((file.summary.moved_bytes, file.summary.bound_bytes), (20, 20));
}

#[test]
fn new_brokers_take_and_nothing_moves_between_others() {
    let partitions: Vec<(&str, &[i32], u64)> = vec![("t", &[1, 2], 10); 12];
    let cluster = cluster(&[(1, "a"), (2, "b"), (3, "c")], &partitions);
    let asked = Asked {
        onto: vec![3],
        windows: AskedWindows::all(0.09),
        ..Asked::default()
    };
    let file = make(&cluster, &asked).unwrap();
    assert!(file.summary.replica_moves >= 7, "{:?}", file.summary);
    assert!(file.moves.iter().all(|one| one.adding().all(|broker| broker == 3)));
}

#[test]
fn a_replication_factor_is_for_the_topics_that_are_named() {
    let cluster = cluster(
        &[(1, "a"), (2, "b"), (3, "c")],
        &[("t", &[1], 10), ("u", &[1], 10), ("t-2", &[2], 5)],
    );
    let asked = Asked {
        topics: vec!["t*".to_owned()],
        replication_factors: [("t*".to_owned(), 2)].into(),
        ..demands()
    };
    let file = make(&cluster, &asked).unwrap();
    assert_eq!(lists(&file).len(), 2);
    assert!(
        file.moves
            .iter()
            .all(|one| one.topic != "u" && one.replicas_to.len() == 2)
    );
    assert_eq!((file.summary.moved_bytes, file.summary.bound_bytes), (15, 15));
}

#[test]
fn topics_apart_are_on_their_brokers_and_nowhere_else() {
    let cluster = cluster(
        &[(1, "a"), (2, "b"), (3, "a"), (4, "b")],
        &[("t", &[1, 2], 10), ("t", &[1, 4], 10), ("u", &[1, 2], 10)],
    );
    let asked = Asked {
        goal: GoalName::Locality,
        topics: vec!["t".to_owned()],
        brokers: vec![3, 4],
        ..Asked::default()
    };
    let file = make(&cluster, &asked).unwrap();
    assert_eq!(file.moves.len(), 2);
    assert!(file.moves.iter().all(|one| {
        let mut to = one.replicas_to.clone();
        to.sort_unstable();
        one.topic == "t" && to == [3, 4]
    }));
    // What is told of disks is of all that is on them, and the digest is the whole snapshot's.
    assert_eq!(file.brokers[0].disk_before_bytes, 30);
    assert_eq!(file.snapshot, format!("{:016x}", cluster.fingerprint()));
    assert_eq!(
        make(
            &cluster,
            &Asked {
                brokers: Vec::new(),
                ..asked
            }
        )
        .unwrap_err()
        .code,
        64
    );
}

#[test]
fn what_cannot_be_is_refused_with_what_would_make_it_possible() {
    let cluster = cluster(
        &[(1, "a"), (2, "a"), (3, "b"), (4, "b")],
        &[("t", &[1, 3], 400), ("t", &[2, 4], 900)],
    );
    let with = |asked: Asked| make(&cluster, &asked).unwrap_err();
    let racks = Asked {
        remove: vec![3],
        onto: vec![2],
        disk_limit: Some(1.0),
        ..demands()
    };
    let refused = with(racks.clone());
    assert_eq!(refused.code, 77);
    assert!(refused.hints[0].contains("--ignore-racks"), "{refused:?}");
    // Nobody has said how full disks may be; they are not filled beyond what they can hold for that.
    let unlimited = Asked {
        ignore_racks: true,
        disk_limit: None,
        ..racks
    };
    let refused = with(unlimited);
    assert!(
        refused.code == 77 && refused.hints[0].contains("--disk-limit"),
        "{refused:?}"
    );
    let disk = with(Asked {
        replication_factors: [("t".to_owned(), 3)].into(),
        disk_limit: Some(0.9),
        ..demands()
    });
    assert!(disk.code == 77 && disk.hints[0].contains("--disk-limit"), "{disk:?}");
    let budget = with(Asked {
        remove: vec![3],
        max_bytes: Some(1),
        ..demands()
    });
    assert!(
        budget.code == 77 && budget.hints[0].contains("--max-bytes"),
        "{budget:?}"
    );
    for (asked, code) in [
        (
            Asked {
                remove: vec![9],
                ..demands()
            },
            66,
        ),
        (
            Asked {
                topics: vec!["x".to_owned()],
                ..demands()
            },
            66,
        ),
        (
            Asked {
                racks: vec!["z".to_owned()],
                ..demands()
            },
            66,
        ),
        (
            Asked {
                exclude_brokers: vec![9],
                ..demands()
            },
            66,
        ),
        (
            Asked {
                remove: vec![1],
                exclude_brokers: vec![1],
                ..demands()
            },
            64,
        ),
        (
            Asked {
                goal: GoalName::Relief,
                ..Asked::default()
            },
            64,
        ),
    ] {
        assert_eq!(with(asked.clone()).code, code, "{asked:?}");
    }
}

#[test]
fn only_named_brokers_racks_and_topics_take_part() {
    let partitions: Vec<(&str, &[i32], u64)> = vec![
        ("t", &[1, 2], 10),
        ("u", &[1, 2], 10),
        ("u", &[1, 2], 10),
        ("u", &[1, 4], 10),
    ];
    let cluster = cluster(&[(1, "a"), (2, "b"), (3, "a"), (4, "b")], &partitions);
    let asked = Asked {
        windows: AskedWindows::all(0.0),
        racks: vec!["a".to_owned()],
        exclude_topics: vec!["t".to_owned()],
        ..Asked::default()
    };
    let file = make(&cluster, &asked).unwrap();
    assert!(!file.moves.is_empty());
    for one in &file.moves {
        assert!(one.topic == "u" && one.adding().all(|broker| broker == 3), "{one:?}");
    }
}

#[test]
fn a_screen_says_what_is_wrong_what_moves_and_what_must() {
    let partitions: Vec<(&str, &[i32], u64)> = vec![("t", &[1, 2], 100); 6];
    let cluster = cluster(&[(1, "a"), (2, "b"), (3, "c")], &partitions);
    let asked = Asked {
        windows: AskedWindows::all(0.09),
        rate_bytes_per_s: Some(10),
        ..Asked::default()
    };
    let file = make(&cluster, &asked).unwrap();
    let text = screen::text(&file, 2);
    for part in [
        "3 brokers, 6 partitions, 12 replicas, 1.2 kB",
        "now: outside of the window: disk of 3 brokers",
        "moved bytes: 400 B; no plan moves less",
        "replica moves: 4",
        "time: not below 40 s at 10 B/s a broker",
        "fullest disk of those that change: broker",
        "after: all windows met",
        "more, smaller ones",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    let after = generate(&Spec {
        brokers: 3,
        racks: 0,
        topics: 1,
        replicas: 0,
        ..Spec::default()
    })
    .unwrap();
    let nothing = make(&after, &asked).unwrap();
    assert!(screen::text(&nothing, 2).contains("nothing to move"));
}

fn asked() -> impl Strategy<Value = Asked> {
    let goal = prop_oneof![4 => Just(GoalName::Balance), 1 => Just(GoalName::Racks), 1 => Just(GoalName::Leaders), 1 => Just(GoalName::Demands), 1 => Just(GoalName::Relief)];
    (
        goal,
        0.0..0.3f64,
        0u8..4,
        prop::option::of(1u64..500_000_000_000),
        any::<bool>(),
    )
        .prop_map(|(goal, tolerance, who, max_bytes, ignore_racks)| Asked {
            goal,
            windows: AskedWindows::all(tolerance),
            relief_above: (goal == GoalName::Relief).then_some(0.4),
            remove: if who == 1 { vec![1] } else { Vec::new() },
            exclude_brokers: if who == 2 { vec![0] } else { Vec::new() },
            exclude_topics: if who == 3 {
                vec!["topic-0000*".to_owned()]
            } else {
                Vec::new()
            },
            max_bytes,
            ignore_racks,
            ..Asked::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Plans are checked where they are made; here that a file has all of it, and says the same when it is read.
    #[test]
    fn whatever_is_planned_is_written_and_read_again(seed in any::<u64>(), brokers in 3usize..12, racks in 0usize..4, asked in asked()) {
        let spec = Spec { brokers, racks, topics: 8, replicas: 240, disk_room: 2.5, seed, replication_factor: 2, ..Spec::default() };
        let cluster = generate(&spec).unwrap();
        let again = read_snapshot(&write_snapshot(&cluster).unwrap()).unwrap();
        prop_assert_eq!(again.fingerprint(), cluster.fingerprint());
        match make(&cluster, &asked) {
            Ok(file) => {
                let dir = tempfile::tempdir().unwrap();
                let path = dir.path().join("plan.json");
                file.write(&path).unwrap();
                let read = PlanFile::read(&path).map_err(|error| TestCaseError::fail(error.message))?;
                prop_assert_eq!(&read.moves, &file.moves);
                prop_assert_eq!(&read.partitions, &file.partitions);
                prop_assert_eq!(&read.brokers, &file.brokers);
                prop_assert_eq!((&read.snapshot, read.summary.moved_bytes, read.summary.bound_bytes), (&file.snapshot, file.summary.moved_bytes, file.summary.bound_bytes));
                prop_assert_eq!((read.request.goal, &read.request.remove), (asked.goal, &asked.remove));
                prop_assert!(file.summary.moved_bytes <= asked.max_bytes.unwrap_or(u64::MAX));
                let text = screen::text(&file, 5);
                prop_assert!(text.lines().count() < 40, "{}", text);
            }
            Err(error) => prop_assert_eq!(error.code, 77, "{}", error.message),
        }
    }
}
