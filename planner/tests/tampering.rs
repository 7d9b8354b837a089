//! Twenty-odd ways to falsify a plan, its claims or its proof, each of them found by the checker.

use kfleet_planner::check::{Fault, Rejected, check};
use kfleet_planner::generate::{Spec, generate};
use kfleet_planner::model::Cluster;
use kfleet_planner::plan::{Change, Plan};
use kfleet_planner::request::{Budget, Goal, Request, Rules, TopicSpread, Windows};

use super::checked;

fn base() -> (Cluster, Request, Plan) {
    let spec = Spec {
        brokers: 12,
        racks: 4,
        topics: 60,
        replicas: 900,
        skew: 0.4,
        disk_room: 3.0,
        ..Spec::default()
    };
    let cluster = generate(&spec).unwrap();
    let rules = Rules {
        removed: vec![11],
        excluded: vec![10],
        excluded_topics: vec!["topic-00059".to_owned()],
        disk_limit: Some(0.95),
        topic_spread: Some(TopicSpread::default()),
        ..Rules::default()
    };
    // The excluded topic must not be on the broker that goes.
    let rules = Rules {
        removed: free_of(&cluster, "topic-00059", rules.removed),
        ..rules
    };
    let request = Request {
        rules,
        windows: Windows::all(0.2),
        ..Request::default()
    };
    let (plan, _) = checked(&cluster, &request);
    (cluster, request, plan)
}

fn free_of(cluster: &Cluster, topic: &str, or: Vec<i32>) -> Vec<i32> {
    let of = &cluster.topics()[cluster.topic(topic).unwrap()];
    let on = |id: i32| {
        of.partitions()
            .any(|at| cluster.ids(cluster.replicas(at)).contains(&id))
    };
    (0..10).find(|id| !on(*id)).map_or(or, |id| vec![id])
}

#[track_caller]
fn rejected(cluster: &Cluster, request: &Request, plan: &Plan, is_named: impl Fn(&Fault) -> bool) {
    match check(cluster, request, plan) {
        Ok(_) => panic!("accepted"),
        Err(Rejected::Request(error)) => panic!("{error}"),
        Err(Rejected::Faults { faults }) => assert!(faults.iter().any(is_named), "{faults:?}"),
    }
}

/// Tampers with the plan of the base and expects a fault of this kind.
macro_rules! tampered {
    ($name:ident, $fault:pat, $tamper:expr) => {
        #[test]
        fn $name() {
            let (cluster, request, mut plan) = base();
            let tamper: fn(&Cluster, &Request, &mut Plan) = $tamper;
            tamper(&cluster, &request, &mut plan);
            rejected(&cluster, &request, &plan, |fault| matches!(fault, $fault));
        }
    };
}

/// A change that moves data to one broker.
fn mover(plan: &mut Plan) -> (&mut Change, usize) {
    let moves = |change: &Change| change.to.iter().any(|broker| !change.from.contains(broker));
    let change = plan.changes.iter_mut().find(|change| moves(change)).unwrap();
    let at = change
        .to
        .iter()
        .position(|broker| !change.from.contains(broker))
        .unwrap();
    (change, at)
}

tampered!(another_schema, Fault::Schema(_), |_, _, plan| plan.schema =
    "kfleet/plan/9".to_owned());
tampered!(another_snapshot, Fault::OtherSnapshot, |_, _, plan| plan.snapshot ^= 1);
tampered!(
    a_topic_that_is_not_there,
    Fault::UnknownPartition { .. },
    |_, _, plan| {
        plan.changes[0].topic = "nowhere".to_owned();
    }
);
tampered!(
    a_partition_that_is_not_there,
    Fault::UnknownPartition { .. },
    |_, _, plan| plan.changes[0].partition = 9999
);
tampered!(a_partition_twice, Fault::ChangedTwice(_), |_, _, plan| plan
    .changes
    .push(plan.changes[0].clone()));
tampered!(another_start, Fault::OtherStart(_), |_, _, plan| plan.changes[0]
    .from
    .reverse());
tampered!(nothing_changes, Fault::NoChange(_), |_, _, plan| plan.changes[0].to =
    plan.changes[0].from.clone());
tampered!(a_broker_that_is_not_there, Fault::UnknownBroker { .. }, |_, _, plan| {
    plan.changes[0].to[0] = 4711;
});
tampered!(one_broker_twice, Fault::SameBroker(_), |_, _, plan| plan.changes[0]
    .to[1] =
    plan.changes[0].to[0]);
tampered!(a_replica_less, Fault::ReplicationFactor { .. }, |_, _, plan| {
    plan.changes[0].to.pop();
});
tampered!(a_replica_more, Fault::ReplicationFactor { .. }, |_, _, plan| {
    let to = &mut plan.changes[0].to;
    let other = (0..10).find(|id| !to.contains(id)).unwrap();
    to.push(other);
});
tampered!(a_change_of_an_excluded_topic, Fault::Excluded(_), |cluster, _, plan| {
    let topic = cluster.topic("topic-00059").unwrap();
    let at = cluster.topics()[topic].partitions().next().unwrap();
    let from = cluster.ids(cluster.replicas(at));
    let to = from.iter().rev().copied().collect();
    plan.changes.push(Change {
        topic: "topic-00059".to_owned(),
        partition: 0,
        from,
        to,
    });
});
tampered!(onto_an_excluded_broker, Fault::MayNotTake { .. }, |_, _, plan| {
    let (change, at) = mover(plan);
    change.to[at] = 10;
});
tampered!(onto_a_removed_broker, Fault::MayNotTake { .. }, |_, request, plan| {
    let removed = request.rules.removed[0];
    let change = plan
        .changes
        .iter_mut()
        .find(|change| !change.from.contains(&removed))
        .unwrap();
    let at = change
        .to
        .iter()
        .position(|broker| change.from.contains(broker))
        .unwrap();
    change.to[at] = removed;
});
tampered!(
    a_removed_broker_is_not_emptied,
    Fault::NotEmptied { .. },
    |_, request, plan| {
        let removed = request.rules.removed[0];
        plan.changes.retain(|change| !change.from.contains(&removed));
    }
);
tampered!(
    away_from_an_excluded_broker,
    Fault::Frozen { .. },
    |cluster, _, plan| {
        let holds = |at: &kfleet_planner::dense::PartitionIx| cluster.ids(cluster.replicas(*at)).contains(&10);
        let free = |at: &kfleet_planner::dense::PartitionIx| {
            !plan
                .changes
                .iter()
                .any(|change| cluster.partition(&change.topic, change.partition) == Some(*at))
        };
        let at = cluster.partitions().keys().find(|at| holds(at) && free(at)).unwrap();
        let of = &cluster.partitions()[at];
        let from = cluster.ids(cluster.replicas(at));
        let other = (0..10).find(|id| !from.contains(id)).unwrap();
        let to = from.iter().map(|id| if *id == 10 { other } else { *id }).collect();
        let topic = cluster.topics()[of.topic].name.clone();
        plan.changes.push(Change {
            topic,
            partition: of.number,
            from,
            to,
        });
    }
);
tampered!(two_in_a_rack, Fault::Rack { .. }, |cluster, _, plan| {
    let rack = |id: i32| cluster.brokers()[cluster.broker(id).unwrap()].rack;
    let (change, at) = mover(plan);
    let neighbour = change.to[(at + 1) % change.to.len()];
    change.to[at] = (0..12)
        .find(|id| *id != neighbour && rack(*id) == rack(neighbour))
        .unwrap();
});
tampered!(too_many_of_a_topic, Fault::TopicSpread { .. }, |cluster, _, plan| {
    // Everything of the largest topic goes to one broker.
    plan.changes.retain(|change| change.topic != "topic-00000");
    for at in cluster.topics()[cluster.topic("topic-00000").unwrap()].partitions() {
        let from = cluster.ids(cluster.replicas(at));
        let mut to = from.clone();
        if !from.contains(&3) {
            to[0] = 3;
            let partition = cluster.partitions()[at].number;
            plan.changes.push(Change {
                topic: "topic-00000".to_owned(),
                partition,
                from,
                to,
            });
        }
    }
});
tampered!(
    fewer_bytes_than_move,
    Fault::Claim {
        what: "bytes moved",
        ..
    },
    |_, _, plan| plan.summary.moved_bytes -= 1
);
tampered!(
    fewer_moves_than_there_are,
    Fault::Claim { what: "moves", .. },
    |_, _, plan| plan.summary.moves -= 1
);
tampered!(
    fewer_changes_of_leaders,
    Fault::Claim {
        what: "changes of leaders",
        ..
    },
    |_, _, plan| {
        plan.summary.leader_changes -= 1;
    }
);
tampered!(
    windows_that_are_not_what_is_claimed,
    Fault::Windows { .. },
    |_, _, plan| {
        plan.summary.windows_met = !plan.summary.windows_met;
    }
);
tampered!(
    less_outside_than_there_is,
    Fault::Outside { when: "before", .. },
    |_, _, plan| {
        plan.summary.outside_before *= 0.9;
    }
);
tampered!(
    more_outside_than_there_is,
    Fault::Outside { when: "after", .. },
    |_, _, plan| {
        plan.summary.outside_after += 0.1;
    }
);
tampered!(a_bound_that_is_not_proven, Fault::Bound { .. }, |_, _, plan| {
    plan.summary.bound_bytes += plan.summary.bound_bytes / 1000;
});
tampered!(a_simple_bound_that_is_not_proven, Fault::Bound { .. }, |_, _, plan| {
    plan.summary.simple_bound_bytes = plan.summary.bound_bytes * 2;
});
tampered!(a_proof_without_multipliers, Fault::Bound { .. }, |_, _, plan| {
    plan.certificate = kfleet_planner::bound::Certificate::default();
    plan.summary.bound_bytes = plan.summary.moved_bytes;
});
tampered!(a_negative_multiplier, Fault::Multiplier, |_, _, plan| plan
    .certificate
    .arriving
    .disk = -1.0);
tampered!(a_multiplier_that_is_no_number, Fault::Multiplier, |_, _, plan| plan
    .certificate
    .arriving
    .count =
    f64::NAN);
tampered!(multipliers_twice, Fault::MultiplierOf(_), |_, _, plan| {
    let first = plan.certificate.leaving[0];
    plan.certificate.leaving.push(first);
});
tampered!(multipliers_for_nobody, Fault::MultiplierOf(_), |_, _, plan| plan
    .certificate
    .leaving[0]
    .0 =
    4711);
tampered!(a_price_that_is_no_number, Fault::MultiplierOf(_), |_, _, plan| {
    plan.certificate.prices.push((1, f64::INFINITY));
});

#[test]
fn a_plan_beyond_a_budget() {
    let (cluster, mut request, plan) = base();
    request.budget = Budget {
        bytes: Some(plan.summary.moved_bytes - 1),
        moves: Some(plan.summary.moves - 1),
    };
    rejected(&cluster, &request, &plan, |fault| {
        matches!(
            fault,
            Fault::Budget {
                what: "bytes moved",
                ..
            }
        )
    });
    rejected(&cluster, &request, &plan, |fault| {
        matches!(fault, Fault::Budget { what: "moves", .. })
    });
}

#[test]
fn a_disk_that_is_too_full_while_replicas_move() {
    let (cluster, mut request, plan) = base();
    request.rules.disk_limit = Some(0.2);
    rejected(&cluster, &request, &plan, |fault| matches!(fault, Fault::Disk { .. }));
}

#[test]
fn data_that_moves_where_only_leaders_should() {
    let (cluster, mut request, plan) = base();
    request.goal = Goal::Leaders;
    rejected(&cluster, &request, &plan, |fault| {
        matches!(fault, Fault::OnlyLeaders(_))
    });
}
