//! Plans that were falsified: the checker sees each.

use kfleet_roller as roller;
use roller::batches::Proof;
use roller::check::{Fault, check};
use roller::fleet::{Fleet, Quorum, Role, Voter};
use roller::plan::{Headroom, Plan, Request, plan};

use super::cluster;

type Tampering = Box<dyn Fn(&mut Plan)>;

#[test]
fn each_falsification_is_seen() {
    let brokers = [(1, "a"), (2, "b"), (3, "c"), (4, "a"), (5, "b"), (6, "c")];
    let all: [&[i32]; 6] = [&[1, 2, 3], &[4, 5, 6], &[2, 3, 4], &[5, 6, 1], &[3, 1, 5], &[6, 4, 2]];
    let cluster = cluster(&brokers, &all.map(|replicas| (replicas, replicas, 2)));
    let voter = |id| Voter { id, is_caught_up: true };
    let quorum = Quorum {
        voters: vec![voter(6), voter(101), voter(102)],
        leader: Some(102),
    };
    let fleet = Fleet {
        cluster: &cluster,
        quorum: &quorum,
    };
    let request = Request {
        max_batch: Some(2),
        ramp: false,
        ..Request::new(vec![1, 2, 3, 4, 5, 6, 101, 102])
    };
    let honest = plan(fleet, &request).unwrap();
    assert_eq!(check(fleet, &request, &honest), []);
    let with = |nodes: [i32; 2]| honest.steps.iter().position(|step| step.nodes == nodes).unwrap();
    let (first, second) = (with([1, 4]), with([2, 5]));
    let tampered: Vec<(&str, Tampering)> = vec![
        ("another snapshot", Box::new(|plan| plan.snapshot += 1)),
        ("a step left out", Box::new(move |plan| drop(plan.steps.remove(first)))),
        (
            "a step twice",
            Box::new(move |plan| plan.steps.push(plan.steps[first].clone())),
        ),
        (
            "a node nobody asked for",
            Box::new(move |plan| plan.steps[first].nodes[0] = 77),
        ),
        (
            "a step of nothing",
            Box::new(|plan| plan.steps.last_mut().unwrap().nodes.clear()),
        ),
        (
            "two that share partitions",
            Box::new(move |plan| {
                let (one, other) = (plan.steps[first].nodes[0], plan.steps[second].nodes[0]);
                (plan.steps[first].nodes[0], plan.steps[second].nodes[0]) = (other, one);
            }),
        ),
        (
            "a step that is too large",
            Box::new(move |plan| {
                let more = plan.steps[second].nodes.clone();
                plan.steps[first].nodes.extend(more);
                plan.steps[second].nodes.clear();
            }),
        ),
        (
            "two voters together",
            Box::new(|plan| {
                let other = plan.steps.remove(1).nodes;
                plan.steps[0].nodes.extend(other);
            }),
        ),
        ("the active controller first", Box::new(|plan| plan.steps.swap(0, 1))),
        (
            "fewer at their floor",
            Box::new(move |plan| plan.steps[first].partitions_at_floor -= 1),
        ),
        (
            "fewer leaders moved",
            Box::new(move |plan| plan.steps[first].leaders_moved -= 1),
        ),
        (
            "another role",
            Box::new(move |plan| plan.steps[first].role = Role::Combined),
        ),
        ("a higher bound", Box::new(|plan| plan.bound.batches += 1)),
        (
            "a bound by two that are not apart",
            Box::new(|plan| plan.bound.proof = Proof::Apart(vec![1, 2, 4])),
        ),
        (
            "a bound by one node thrice",
            Box::new(|plan| plan.bound.proof = Proof::Apart(vec![1, 1, 1])),
        ),
        (
            "a bound by a partition that is not there",
            Box::new(|plan| plan.bound.proof = Proof::Partition("u-0".into())),
        ),
        (
            "fewer classes than the bound",
            Box::new(|plan| plan.classes = plan.bound.batches - 1),
        ),
    ];
    for (what, tamper) in tampered {
        let mut plan = honest.clone();
        tamper(&mut plan);
        assert_ne!(check(fleet, &request, &plan), [], "{what}");
    }
    let careful = Request {
        headroom: Headroom {
            times_now: Some(1.01),
            ..Headroom::default()
        },
        ..request
    };
    let faults = check(fleet, &careful, &honest);
    assert!(
        faults.iter().any(|fault| matches!(fault, Fault::Headroom { .. })),
        "{faults:?}"
    );
}
