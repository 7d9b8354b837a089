//! What plans look like, and how few batches they need.

use std::collections::BTreeSet;

use kfleet_roller as roller;
use planner::generate::{Spec, generate};
use planner::model::{Cluster, write_snapshot};
use proptest::prelude::*;
use roller::batches::Proof;
use roller::check::check;
use roller::fleet::{Fleet, Quorum, Role, Voter};
use roller::gate::Breach;
use roller::plan::{Headroom, Plan, PlanError, Request, plan};
use roller::rule::{Class, Rule};

use super::cluster;

fn quorum(ids: &[i32], leader: i32) -> Quorum {
    let voters = ids.iter().map(|id| Voter {
        id: *id,
        is_caught_up: true,
    });
    Quorum {
        voters: voters.collect(),
        leader: ids.contains(&leader).then_some(leader),
    }
}

fn planned(cluster: &Cluster, quorum: &Quorum, request: &Request) -> Plan {
    let fleet = Fleet { cluster, quorum };
    let plan = plan(fleet, request).unwrap();
    assert_eq!(check(fleet, request, &plan), []);
    plan
}

fn all(cluster: &Cluster, quorum: &Quorum) -> Request {
    Request::new(Fleet { cluster, quorum }.nodes())
}

fn nodes(plan: &Plan) -> Vec<Vec<i32>> {
    plan.steps.iter().map(|step| step.nodes.clone()).collect()
}

/// Six brokers in three racks, replicas of each partition in all racks.
fn three_racks() -> Cluster {
    let brokers = [(1, "a"), (2, "b"), (3, "c"), (4, "a"), (5, "b"), (6, "c")];
    let all: [&[i32]; 8] = [
        &[1, 2, 3],
        &[4, 5, 6],
        &[2, 3, 4],
        &[5, 6, 1],
        &[3, 1, 5],
        &[6, 4, 2],
        &[1, 5, 6],
        &[2, 6, 4],
    ];
    cluster(&brokers, &all.map(|replicas| (replicas, replicas, 2)))
}

#[test]
fn racks_restart_one_after_the_other_after_a_canary() {
    let cluster = three_racks();
    let quorum = quorum(&[101, 102, 103], 102);
    let request = Request {
        max_batch: Some(2),
        ..all(&cluster, &quorum)
    };
    let plan = planned(&cluster, &quorum, &request);
    assert_eq!((plan.classes, plan.bound.batches), (3, 3));
    let steps = nodes(&plan);
    assert_eq!(steps[..3], [vec![101], vec![103], vec![102]]);
    assert!(plan.steps[3].is_canary && plan.steps[3].nodes.len() == 1, "{steps:?}");
    assert_eq!(steps.len(), 3 + 4);
    let rackful = |step: &&roller::plan::Step| step.nodes.len() == 2;
    for step in plan.steps.iter().filter(rackful) {
        assert_eq!(step.racks.len(), 1, "{step:?}");
    }
    assert_eq!(plan.seconds, 7 * 85);
}

#[test]
fn a_combined_active_controller_is_last_and_voters_stop_one_by_one() {
    let cluster = three_racks();
    let quorum = quorum(&[1, 4, 5], 1);
    let request = Request {
        max_batch: Some(6),
        ramp: false,
        ..all(&cluster, &quorum)
    };
    let plan = planned(&cluster, &quorum, &request);
    assert_eq!(nodes(&plan).last(), Some(&vec![1]));
    assert!(
        plan.steps
            .iter()
            .all(|step| step.nodes.iter().filter(|id| [1, 4, 5].contains(id)).count() <= 1)
    );
    assert_eq!(plan.steps.last().map(|step| step.role), Some(Role::Combined));
}

#[test]
fn what_any_restart_hurts_is_refused_by_name_and_accepted_one_replica_at_a_time() {
    let brokers = [(1, "a"), (2, "b"), (3, "c")];
    let cluster = cluster(
        &brokers,
        &[(&[1, 2, 3], &[1, 2, 3], 2), (&[1, 2], &[1, 2], 2), (&[3], &[3], 1)],
    );
    let quorum = Quorum::default();
    let mut request = all(&cluster, &quorum);
    let refused = planned(&cluster, &quorum, &request);
    assert_eq!(refused.unavoidable, ["t-1", "t-2"]);
    let blocked: Vec<i32> = refused.blocked.iter().map(|blocked| blocked.node).collect();
    assert_eq!((blocked, refused.steps.len()), (vec![1, 2, 3], 0));
    assert_eq!(
        refused.blocked[2].breaches,
        [Breach::Partition {
            partition: "t-2".to_owned(),
            in_sync: 1,
            stopping: 1,
            floor: 1
        }]
    );
    request.rule.accept_unavoidable(&cluster);
    let accepted = planned(&cluster, &quorum, &request);
    assert!(accepted.is_complete() && accepted.classes == 3, "{accepted:?}");
}

#[test]
fn nothing_stops_of_a_partition_that_is_short_already() {
    let brokers = [(1, "a"), (2, "b"), (3, "c"), (4, "a")];
    let cluster = cluster(
        &brokers,
        &[
            (&[1, 2, 3], &[1], 2),
            (&[2, 3, 4], &[2, 3, 4], 2),
            (&[4, 1, 2], &[4, 2], 2),
        ],
    );
    let quorum = Quorum::default();
    let plan = planned(&cluster, &quorum, &all(&cluster, &quorum));
    let blocked: Vec<i32> = plan.blocked.iter().map(|blocked| blocked.node).collect();
    assert_eq!(blocked, [1, 2, 3, 4]);
    let rule = Rule::default();
    let at = |number| cluster.partition("t", number).unwrap();
    assert_eq!(rule.class(&cluster, at(0)), Class::Short);
    assert_eq!(rule.class(&cluster, at(1)), Class::Roomy(1));
    assert_eq!(rule.class(&cluster, at(2)), Class::Short);
    assert!(matches!(
        plan.blocked[1].breaches[..],
        [Breach::Short { node: 2, .. }, ..]
    ));
    // Node 1 is out of sync there: that it stops takes nothing from t-2.
    assert!(
        plan.blocked[0]
            .breaches
            .iter()
            .all(|breach| !breach.to_string().contains("t-2"))
    );
}

#[test]
fn a_quorum_of_one_stops_only_when_that_is_accepted() {
    let cluster = three_racks();
    let quorum = quorum(&[100], 100);
    let mut request = all(&cluster, &quorum);
    let refused = planned(&cluster, &quorum, &request);
    assert_eq!(
        refused.blocked[0].breaches,
        [Breach::Quorum {
            caught_up: 0,
            majority: 1
        }]
    );
    request.accept_quorum = true;
    assert!(planned(&cluster, &quorum, &request).is_complete());
}

#[test]
fn a_batch_is_cut_where_those_that_stay_could_not_bear_it() {
    let cluster = three_racks();
    let quorum = Quorum::default();
    let mut request = Request {
        max_batch: Some(6),
        ramp: false,
        ..all(&cluster, &quorum)
    };
    let free = planned(&cluster, &quorum, &request);
    request.headroom = Headroom {
        times_now: Some(1.5),
        ..Headroom::default()
    };
    let careful = planned(&cluster, &quorum, &request);
    assert_eq!(free.classes, careful.classes);
    assert!(
        careful.steps.len() > free.steps.len(),
        "{:?} {:?}",
        nodes(&free),
        nodes(&careful)
    );
}

#[test]
fn nodes_nobody_knows_and_nodes_named_twice_are_refused() {
    let cluster = three_racks();
    let quorum = Quorum::default();
    let fleet = Fleet {
        cluster: &cluster,
        quorum: &quorum,
    };
    assert_eq!(plan(fleet, &Request::new(vec![1, 9])), Err(PlanError::Unknown(9)));
    assert_eq!(plan(fleet, &Request::new(vec![1, 1])), Err(PlanError::Twice(1)));
    let none = planned(&cluster, &quorum, &Request::new(Vec::new()));
    assert_eq!((none.steps.len(), none.classes, none.bound.batches), (0, 0, 0));
}

fn generated(seed: u64, brokers: usize, racks: usize) -> Cluster {
    let spec = Spec {
        brokers,
        racks,
        topics: 40,
        replicas: brokers * 120,
        seed,
        ..Spec::default()
    };
    generate(&spec).unwrap()
}

#[test]
fn rack_aware_clusters_need_at_most_one_batch_more_than_the_bound() {
    for seed in 1..=20 {
        let racks = 3 + seed as usize % 4;
        let cluster = generated(seed, racks * (4 + seed as usize % 5), racks);
        let quorum = Quorum::default();
        let plan = planned(&cluster, &quorum, &all(&cluster, &quorum));
        assert!(
            plan.classes <= plan.bound.batches + 1,
            "seed {seed}: {} of {:?}",
            plan.classes,
            plan.bound
        );
        assert!(matches!(plan.bound.proof, Proof::Apart(_) | Proof::Partition(_)));
    }
}

/// A copy of a cluster in which every so many partitions have a second replica in the rack of the first.
fn with_violations(cluster: &Cluster, every: usize) -> Cluster {
    let mut snapshot: serde_json::Value = serde_json::from_str(&write_snapshot(cluster).unwrap()).unwrap();
    let brokers = snapshot["brokers"].as_array().unwrap().clone();
    let rack_of = |id: &serde_json::Value| brokers.iter().find(|broker| broker["id"] == *id).unwrap()["rack"].clone();
    for partition in snapshot["partitions"].as_array_mut().unwrap().iter_mut().step_by(every) {
        let replicas = partition["replicas"].as_array_mut().unwrap();
        let rack = rack_of(&replicas[0]);
        let beside = brokers
            .iter()
            .find(|broker| broker["rack"] == rack && !replicas.contains(&broker["id"]));
        replicas[1] = beside.unwrap()["id"].clone();
    }
    planner::model::read_snapshot(&snapshot.to_string()).unwrap()
}

#[test]
fn partitions_that_keep_racks_apart_are_named_with_what_mending_them_brings() {
    let cluster = with_violations(&generated(5, 30, 3), 100);
    let quorum = Quorum::default();
    let plan = planned(&cluster, &quorum, &all(&cluster, &quorum));
    let expected = cluster.partitions().len().div_ceil(100);
    assert_eq!(plan.crowded.partitions.len(), expected);
    assert_eq!(plan.crowded.classes_without, Some(3));
    assert!(
        plan.classes > 3 && plan.classes <= plan.bound.batches + 2,
        "{} of {:?}",
        plan.classes,
        plan.bound
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_checker_accepts_every_plan(
        seed: u64, brokers in 3usize..24, racks in 0usize..5, factor in 1usize..4, spare in 0usize..2,
        accept: bool, max_batch in proptest::option::of(1usize..8), times_now in proptest::option::of(1.0f64..3.0),
        voters in 0i32..6, chosen: u32,
    ) {
        let spec = Spec { brokers, racks, topics: 5, replicas: brokers * 30, replication_factor: factor.min(brokers), seed, ..Spec::default() };
        let cluster = generate(&spec).unwrap();
        let first = if seed % 2 == 0 { 0 } else { 1000 };
        let ids: Vec<i32> = (first..first + voters.min(brokers as i32)).collect();
        let quorum = quorum(&ids, first);
        let mut rule = Rule { spare, accepted: BTreeSet::new() };
        if accept {
            rule.accept_unavoidable(&cluster);
        }
        let nodes = Fleet { cluster: &cluster, quorum: &quorum }.nodes();
        let nodes = nodes.into_iter().filter(|id| chosen >> (id % 32) & 1 == 1).collect();
        let request = Request {
            rule, max_batch, headroom: Headroom { times_now, ..Headroom::default() }, ramp: seed % 3 == 0, ..Request::new(nodes)
        };
        planned(&cluster, &quorum, &request);
    }
}
