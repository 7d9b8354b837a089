//! Clusters from other tools' tests and documents, with the least number of moves each needs.

use kfleet_planner::model::Cluster;
use kfleet_planner::plan::Summary;
use kfleet_planner::request::{Request, Rules, Windows};

use super::{checked, cluster};

fn counts(racks: bool, removed: &[i32]) -> Request {
    let rules = Rules {
        racks,
        removed: removed.to_vec(),
        ..Rules::default()
    };
    Request {
        rules,
        windows: Windows::counts(0.0, None),
        ..Request::default()
    }
}

/// Every replica is one byte, so that bytes are moves.
fn unit(brokers: &[(i32, Option<&str>)], partitions: &[&[i32]]) -> Cluster {
    let partitions: Vec<(&[i32], u64)> = partitions.iter().map(|replicas| (*replicas, 1)).collect();
    cluster(brokers, &partitions)
}

fn summary(cluster: &Cluster, request: &Request) -> Summary {
    let summary = checked(cluster, request).0.summary;
    assert!(summary.windows_met);
    // Exact: the certificate proves that no plan has fewer.
    assert_eq!(summary.bound_bytes, summary.moved_bytes);
    summary
}

/// segmentio/topicctl, rebalancers/frequency_test.go: twelve brokers, nine partitions on nine of them.
fn topicctl_big() -> Cluster {
    let brokers: Vec<(i32, Option<&str>)> = (1..=12).map(|id| (id, None)).collect();
    let rows: [&[i32]; 3] = [&[1, 2, 3], &[4, 5, 6], &[7, 8, 9]];
    unit(&brokers, &[rows, rows, rows].concat())
}

#[test]
fn topicctl_big_takes_six_moves() {
    assert_eq!(summary(&topicctl_big(), &counts(false, &[])).moves, 6);
}

#[test]
fn topicctl_big_with_a_removal_takes_six_moves() {
    assert_eq!(summary(&topicctl_big(), &counts(false, &[1])).moves, 6);
}

/// killerwhile/kafka-assignment-optimizer, README: twenty brokers in two racks, the last one goes.
#[test]
fn killerwhile_takes_one_move() {
    let brokers: Vec<(i32, Option<&str>)> = (0..20)
        .map(|id| (id, Some(if id % 2 == 0 { "a" } else { "b" })))
        .collect();
    let partitions: [&[i32]; 10] = [
        &[7, 18],
        &[8, 19],
        &[9, 10],
        &[0, 11],
        &[1, 12],
        &[2, 13],
        &[3, 14],
        &[4, 15],
        &[5, 16],
        &[6, 17],
    ];
    let mut request = counts(true, &[19]);
    // Ten in each rack and nine brokers in one of them: one of these has two.
    request.windows = Windows::counts(0.1, None);
    assert_eq!(summary(&unit(&brokers, &partitions), &request).moves, 1);
}

/// everpeace/kafka-reassign-optimizer, README: from three brokers to five.
#[test]
fn everpeace_expanding_takes_two_moves() {
    let brokers = [(1, None), (2, None), (3, None), (4, None), (5, None)];
    assert_eq!(
        summary(&unit(&brokers, &[&[3, 1, 2], &[1, 3, 2]]), &counts(false, &[])).moves,
        2
    );
}

/// The same, and from five to three.
#[test]
fn everpeace_shrinking_takes_three_moves() {
    let brokers = [(1, None), (2, None), (3, None), (4, None), (5, None)];
    let request = counts(false, &[2, 3]);
    assert_eq!(summary(&unit(&brokers, &[&[3, 5, 4], &[1, 3, 2]]), &request).moves, 3);
}
