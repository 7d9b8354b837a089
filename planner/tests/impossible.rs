//! What cannot be done: the rule that cannot hold, and the least that would make it possible.

use kfleet_planner::feasible::Obstacle;
use kfleet_planner::plan::{PlanError, plan};
use kfleet_planner::request::{Budget, Request, RequestError, Rules, Windows};

use super::{checked, cluster};

#[track_caller]
fn obstacle(error: PlanError) -> Obstacle {
    match error {
        PlanError::Impossible { obstacles } => obstacles.into_iter().next().unwrap(),
        PlanError::Request(error) => panic!("{error}"),
    }
}

fn with(replicas: usize) -> Request {
    let replication_factors = [("t".to_owned(), replicas)].into();
    Request {
        windows: Windows::none(),
        replication_factors,
        ..Request::default()
    }
}

#[test]
fn more_replicas_than_brokers() {
    let cluster = cluster(&[(1, None), (2, None)], &[(&[1], 5)]);
    let found = obstacle(plan(&cluster, &with(3)).unwrap_err());
    assert_eq!(
        found,
        Obstacle::TooFewBrokers {
            partition: "t-0".to_owned(),
            replicas: 3,
            brokers: 2
        }
    );
    assert_eq!(
        found.to_string(),
        "partition t-0 is to have 3 replicas, only 2 brokers may have one: add 1 broker, or ask for 2"
    );
    checked(&cluster, &with(2));
}

#[test]
fn racks_with_too_few_brokers_say_how_many_in_one_would_do() {
    let brokers = [(1, Some("a")), (2, Some("b")), (3, Some("b")), (4, Some("b"))];
    let cluster = cluster(&brokers, &[(&[1, 2], 5)]);
    let found = obstacle(plan(&cluster, &with(4)).unwrap_err());
    let Obstacle::TooFewRacks {
        room,
        per_rack,
        per_rack_enough,
        ..
    } = found
    else {
        panic!("{found}")
    };
    assert_eq!((room, per_rack, per_rack_enough), (3, 2, Some(3)));
    let mut relaxed = with(4);
    relaxed.rules.racks = false;
    checked(&cluster, &relaxed);
}

#[test]
fn an_excluded_topic_on_a_broker_that_goes() {
    let cluster = cluster(&[(1, None), (2, None)], &[(&[1], 5)]);
    let rules = Rules {
        removed: vec![1],
        excluded_topics: vec!["t".to_owned()],
        ..Rules::default()
    };
    let found = obstacle(
        plan(
            &cluster,
            &Request {
                rules,
                ..Request::default()
            },
        )
        .unwrap_err(),
    );
    assert_eq!(
        found,
        Obstacle::PinnedOnRemoved {
            topic: "t".to_owned(),
            broker: 1
        }
    );
}

#[test]
fn disks_without_room_say_how_much_is_missing() {
    // Disks of 1000 bytes: two stay, half of each may be used.
    let cluster = cluster(
        &[(1, None), (2, None), (3, None)],
        &[(&[1], 500), (&[2], 400), (&[3], 300)],
    );
    let rules = Rules {
        removed: vec![3],
        disk_limit: Some(0.5),
        ..Rules::default()
    };
    let request = Request {
        rules,
        windows: Windows::none(),
        ..Request::default()
    };
    let found = obstacle(plan(&cluster, &request).unwrap_err());
    assert_eq!(
        found,
        Obstacle::Disk {
            needed_bytes: 1200,
            room_bytes: 1000
        }
    );
}

#[test]
fn a_disk_that_has_no_room_until_something_has_left_is_not_given_anything() {
    // Together there is room, but no disk has it while the first replica is still there.
    let cluster = cluster(&[(1, None), (2, None)], &[(&[1], 600), (&[2], 600)]);
    let rules = Rules {
        disk_limit: Some(0.7),
        ..Rules::default()
    };
    let request = Request {
        rules,
        ..Request::default()
    };
    assert_eq!(checked(&cluster, &request).0.summary.moves, 0);
}

#[test]
fn a_budget_below_what_rules_demand() {
    let cluster = cluster(&[(1, None), (2, None)], &[(&[1], 5), (&[1], 7)]);
    let rules = Rules {
        removed: vec![1],
        ..Rules::default()
    };
    let budget = Budget {
        bytes: Some(11),
        moves: None,
    };
    let request = Request {
        rules,
        budget,
        windows: Windows::none(),
        ..Request::default()
    };
    let found = obstacle(plan(&cluster, &request).unwrap_err());
    assert_eq!(found, Obstacle::Budget { bytes: 12, moves: 2 });
}

#[test]
fn requests_that_do_not_fit_the_cluster() {
    let cluster = cluster(&[(1, Some("a")), (2, None)], &[(&[1], 5)]);
    let refused = |rules: Rules| match plan(
        &cluster,
        &Request {
            rules,
            ..Request::default()
        },
    )
    .unwrap_err()
    {
        PlanError::Request(error) => error,
        PlanError::Impossible { .. } => panic!("refused as impossible"),
    };
    assert_eq!(refused(Rules::default()), RequestError::NoRack(2));
    let without_racks = || Rules {
        racks: false,
        ..Rules::default()
    };
    assert_eq!(
        refused(Rules {
            removed: vec![7],
            ..without_racks()
        }),
        RequestError::UnknownBroker(7)
    );
    assert_eq!(
        refused(Rules {
            removed: vec![1],
            excluded: vec![1],
            ..without_racks()
        }),
        RequestError::RemovedAndExcluded(1)
    );
    let topics = vec!["no".to_owned()];
    assert_eq!(
        refused(Rules {
            excluded_topics: topics,
            ..without_racks()
        }),
        RequestError::UnknownTopic("no".to_owned())
    );
    assert_eq!(
        refused(Rules {
            removed: vec![1, 2],
            ..without_racks()
        }),
        RequestError::NobodyTakes
    );
    let limit = refused(Rules {
        disk_limit: Some(1.5),
        ..without_racks()
    });
    assert_eq!(limit.to_string(), "disk limit 1.5 is not between 0 and 1");
}
