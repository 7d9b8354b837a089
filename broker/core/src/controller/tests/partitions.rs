use protocol::api::BrokerId;
use protocol::api::messages::alter_partition_reassignments_request::{
    AlterPartitionReassignmentsRequest, ReassignablePartition, ReassignableTopic,
};
use protocol::api::messages::elect_leaders_request::{ElectLeadersRequest, TopicPartitions};
use protocol::api::messages::{AllocateProducerIdsRequest, AlterPartitionRequest, ListPartitionReassignmentsRequest};

use super::cluster::{Proposal, SESSION, directory, on};
use super::*;

fn name(name: &str) -> TopicName {
    TopicName(StrBytes::from_string(name.to_owned()))
}

impl Node {
    /// Moves partition 0, or cancels its move; the error.
    fn reassign(&mut self, topic: &str, replicas: Option<&[i32]>) -> i16 {
        let replicas = replicas.map(|ids| ids.iter().copied().map(BrokerId).collect());
        let partition = ReassignablePartition::default()
            .with_partition_index(0)
            .with_replicas(replicas);
        let topic = ReassignableTopic::default()
            .with_name(name(topic))
            .with_partitions(vec![partition]);
        let request = AlterPartitionReassignmentsRequest::default().with_topics(vec![topic]);
        let response = self.call(1, &request);
        assert_eq!(response.error_code, 0);
        response.responses[0].partitions[0].error_code
    }

    /// Elects a leader of a partition; the error.
    fn elect(&mut self, kind: i8, topic: &str, index: i32) -> i16 {
        let topic = TopicPartitions::default()
            .with_topic(name(topic))
            .with_partitions(vec![index]);
        let request = ElectLeadersRequest::default()
            .with_election_type(kind)
            .with_topic_partitions(Some(vec![topic]));
        self.call(2, &request).replica_election_results[0].partition_result[0].error_code
    }

    fn moving(&mut self) -> Vec<(Vec<i32>, Vec<i32>)> {
        let request = ListPartitionReassignmentsRequest::default().with_topics(None);
        let response = self.call(0, &request);
        let all = response.topics.iter().flat_map(|topic| &topic.partitions);
        let ids = |ids: &[BrokerId]| ids.iter().map(|id| id.0).collect();
        all.map(|moving| (ids(&moving.adding_replicas), ids(&moving.removing_replicas)))
            .collect()
    }
}

#[test]
fn a_leader_says_who_is_in_sync() {
    let mut node = Node::with_brokers(&[1, 2, 3]);
    node.create(on("t", &[1, 2, 3]));
    let told = node.propose("t", &[1, 3], |_| {});
    assert_eq!((told.error_code, told.leader_id.0, told.leader_epoch), (0, 1, 0));
    assert_eq!((told.isr, told.partition_epoch), (vec![BrokerId(1), BrokerId(3)], 1));
    let same = node.propose("t", &[1, 3], |_| {});
    assert_eq!((same.error_code, same.partition_epoch), (0, 1), "nothing changes");
    assert_eq!(node.propose("t", &[1, 3, 2], |_| {}).error_code, 0);
    assert_eq!(node.partition("t", 0).isr, [1, 3, 2]);
    let before = node.partition("t", 0);
    let partition = before.partition_epoch;
    let request = |epochs: Vec<i32>| {
        let partition = protocol::api::messages::alter_partition_request::PartitionData::default()
            .with_partition_index(0)
            .with_leader_epoch(0)
            .with_partition_epoch(partition)
            .with_new_isr(epochs.into_iter().map(BrokerId).collect());
        let topic = protocol::api::messages::alter_partition_request::TopicData::default()
            .with_topic_id(node.topic_id("t").into())
            .with_partitions(vec![partition]);
        AlterPartitionRequest::default()
            .with_broker_id(BrokerId(1))
            .with_broker_epoch(node.broker(1).epoch)
            .with_topics(vec![topic])
    };
    let without_epochs = request(vec![1, 2]);
    let stale = without_epochs.clone().with_broker_epoch(0);
    assert_eq!(node.call(2, &without_epochs).topics[0].partitions[0].error_code, 0);
    assert_eq!(node.partition("t", 0).isr, [1, 2]);
    assert_eq!(node.call(2, &stale).error_code, ErrorCode::StaleBrokerEpoch.code());
}

#[test]
fn proposals_are_refused_in_kafkas_order() {
    let mut node = Node::with_brokers(&[1, 2, 3, 4]);
    node.create(on("t", &[1, 2, 3]));
    node.propose("t", &[1, 2], |_| {});
    node.heartbeat(3, |beat| beat.with_want_fence(true));
    type Change = Box<dyn Fn(&mut Proposal)>;
    let wrong = |change: fn(&mut Proposal)| -> Change { Box::new(change) };
    let cases: Vec<(&[i32], Change, ErrorCode)> = vec![
        (
            &[1],
            wrong(|p| p.topic_id = Uuid::from_u128(77)),
            ErrorCode::UnknownTopicId,
        ),
        (
            &[1],
            wrong(|p| p.partition.partition_index = 5),
            ErrorCode::UnknownTopicOrPartition,
        ),
        (&[1], wrong(|p| p.partition.leader_epoch += 1), ErrorCode::NotController),
        (
            &[1],
            wrong(|p| p.partition.partition_epoch += 1),
            ErrorCode::NotController,
        ),
        (
            &[1],
            wrong(|p| p.partition.leader_epoch -= 1),
            ErrorCode::FencedLeaderEpoch,
        ),
        (&[2], wrong(|p| p.leader = 2), ErrorCode::InvalidRequest),
        (
            &[1],
            wrong(|p| p.partition.partition_epoch -= 1),
            ErrorCode::InvalidUpdateVersion,
        ),
        (&[1, 4], wrong(|_| {}), ErrorCode::InvalidRequest),
        (&[1, 2, 2], wrong(|_| {}), ErrorCode::InvalidRequest),
        (&[2], wrong(|_| {}), ErrorCode::InvalidRequest),
        (
            &[1],
            wrong(|p| p.partition.leader_recovery_state = 1),
            ErrorCode::InvalidRequest,
        ),
        (&[1, 2, 3], wrong(|_| {}), ErrorCode::IneligibleReplica),
        (
            &[1, 2],
            wrong(|p| p.partition.new_isr_with_epochs[1].broker_epoch += 1),
            ErrorCode::IneligibleReplica,
        ),
    ];
    let before = node.partition("t", 0);
    for (index, (isr, change, code)) in cases.into_iter().enumerate() {
        let refused = node.propose("t", isr, change);
        assert_eq!(refused.error_code, code.code(), "case {index}");
    }
    assert_eq!(node.partition("t", 0), before);
    node.beat(3);
    node.heartbeat(1, |beat| beat);
    assert_eq!(node.propose("t", &[1, 2, 3], |_| {}).error_code, 0);
}

#[test]
fn a_move_is_complete_once_the_new_replicas_are_in_sync() {
    let mut node = Node::with_brokers(&[1, 2, 3, 4]);
    node.create(on("t", &[1, 2]));
    assert_eq!(node.reassign("t", Some(&[2, 3])), 0);
    let moving = node.partition("t", 0);
    assert_eq!((moving.replicas, moving.leader), (vec![2, 3, 1], 1));
    assert_eq!(moving.directories, [directory(2), directory(3), directory(1)]);
    assert_eq!(node.moving(), [(vec![3], vec![1])]);
    let told = node.propose("t", &[1, 2, 3], |_| {});
    assert_eq!(
        told.error_code,
        ErrorCode::NewLeaderElected.code(),
        "the leader's replica goes"
    );
    let moved = node.partition("t", 0);
    assert_eq!((moved.replicas, moved.leader), (vec![2, 3], 2));
    assert_eq!((moved.isr, moved.leader_epoch), (vec![2, 3], 1));
    assert_eq!(moved.directories, [directory(2), directory(3)]);
    assert!(node.moving().is_empty());
}

#[test]
fn a_move_that_is_taken_back_or_redirected_leaves_nothing_behind() {
    let mut node = Node::with_brokers(&[1, 2, 3, 4]);
    node.create(on("t", &[1, 2]));
    let code = ErrorCode::NoReassignmentInProgress.code();
    assert_eq!(node.reassign("t", None), code);
    assert_eq!(node.reassign("t", Some(&[1, 3])), 0);
    assert_eq!(node.reassign("t", None), 0);
    let back = node.partition("t", 0);
    assert_eq!((back.replicas, back.isr, back.leader), (vec![1, 2], vec![1, 2], 1));
    assert_eq!(node.reassign("t", Some(&[1, 3])), 0);
    assert_eq!(node.reassign("t", Some(&[1, 3])), 0);
    assert_eq!(node.moving(), [(vec![3], vec![2])], "once more is the same move");
    assert_eq!(node.reassign("t", Some(&[1, 4])), 0);
    assert_eq!(node.moving(), [(vec![4], vec![2, 3])]);
    assert_eq!(node.reassign("t", Some(&[1, 2])), 0);
    assert!(node.moving().is_empty());
    assert_eq!(node.partition("t", 0).replicas, [1, 2]);
    assert_eq!(node.reassign("t", Some(&[2, 1])), 0, "another preferred leader");
    let turned = node.partition("t", 0);
    assert_eq!((turned.replicas, turned.leader), (vec![2, 1], 1));
}

#[test]
fn moves_are_refused_with_kafkas_codes() {
    let mut node = Node::with_brokers(&[1, 2, 3]);
    node.create(on("t", &[1, 2]));
    assert_eq!(
        node.reassign("none", Some(&[1])),
        ErrorCode::UnknownTopicOrPartition.code()
    );
    for wrong in [&[][..], &[1, 1], &[1, 9]] {
        let code = ErrorCode::InvalidReplicaAssignment.code();
        assert_eq!(node.reassign("t", Some(wrong)), code, "{wrong:?}");
    }
    let partition = ReassignablePartition::default()
        .with_partition_index(0)
        .with_replicas(Some(vec![BrokerId(1)]));
    let topic = ReassignableTopic::default()
        .with_name(name("t"))
        .with_partitions(vec![partition]);
    let request = AlterPartitionReassignmentsRequest::default()
        .with_allow_replication_factor_change(false)
        .with_topics(vec![topic]);
    let response = node.call(1, &request);
    assert!(!response.allow_replication_factor_change);
    let result = &response.responses[0].partitions[0];
    assert_eq!(result.error_code, ErrorCode::InvalidReplicationFactor.code());
    assert_eq!(
        result.error_message.as_deref(),
        Some("The replication factor is changed from 2 to 1")
    );
}

#[test]
fn leaders_go_home_when_asked_and_with_time() {
    const PREFERRED: i8 = 0;
    let mut node = Node::with_brokers(&[1, 2]);
    node.create(on("t", &[2, 1]));
    assert_eq!(node.elect(PREFERRED, "t", 0), ErrorCode::ElectionNotNeeded.code());
    assert_eq!(node.elect(PREFERRED, "t", 1), ErrorCode::UnknownTopicOrPartition.code());
    node.heartbeat(2, |beat| beat.with_want_fence(true));
    assert_eq!(node.partition("t", 0).leader, 1);
    assert_eq!(
        node.elect(PREFERRED, "t", 0),
        ErrorCode::PreferredLeaderNotAvailable.code()
    );
    node.beat(2);
    assert_eq!(node.propose("t", &[1, 2], |_| {}).error_code, 0);
    assert_eq!(node.elect(PREFERRED, "t", 0), 0);
    let home = node.partition("t", 0);
    assert_eq!((home.leader, home.leader_epoch), (2, 2));
    node.heartbeat(2, |beat| beat.with_want_fence(true));
    node.beat(2);
    node.propose("t", &[1, 2], |_| {});
    node.wait_beating(Duration::from_secs(298), &[1, 2]);
    assert_eq!(node.partition("t", 0).leader, 1);
    node.wait_beating(Duration::from_secs(4), &[1, 2]);
    assert_eq!(node.partition("t", 0).leader, 2);
}

#[test]
fn an_unclean_leader_is_elected_only_on_request_or_where_the_topic_allows_it() {
    const UNCLEAN: i8 = 1;
    let mut node = Node::with_brokers(&[1, 2]);
    let allows = CreatableTopicConfig::default()
        .with_name("unclean.leader.election.enable".into())
        .with_value(Some("true".into()));
    node.wait_beating(SESSION, &[1, 2]);
    node.create(on("t", &[1, 2]));
    node.create(on("loose", &[1, 2]).with_configs(vec![allows]));
    assert_eq!(node.elect(UNCLEAN, "t", 0), ErrorCode::ElectionNotNeeded.code());
    for topic in ["t", "loose"] {
        assert_eq!(node.propose(topic, &[1], |_| {}).error_code, 0);
    }
    node.heartbeat(1, |beat| beat.with_want_fence(true));
    let loose = node.partition("loose", 0);
    assert_eq!((loose.leader, loose.isr.as_slice()), (2, &[2][..]));
    assert_eq!(loose.leader_recovery_state, 1);
    assert_eq!(node.partition("t", 0).leader, -1);
    assert_eq!(node.elect(UNCLEAN, "t", 0), 0);
    let elected = node.partition("t", 0);
    assert_eq!((elected.leader, elected.isr.as_slice()), (2, &[2][..]));
    let recovering = node.propose("t", &[2], |p| p.partition.leader_recovery_state = 1);
    assert_eq!((recovering.error_code, recovering.leader_recovery_state), (0, 1));
    let recovered = node.propose("t", &[2], |_| {});
    assert_eq!((recovered.error_code, recovered.leader_recovery_state), (0, 0));
    assert_eq!(node.partition("t", 0).leader_recovery_state, 0);
}

#[test]
fn replicas_in_a_directory_that_is_not_online_are_led_by_others() {
    let mut node = Node::with_brokers(&[1, 2]);
    node.create(on("t", &[1, 2]));
    assert_eq!(node.assign(1, "t", directory(1)), 0);
    assert_eq!(node.partition("t", 0).partition_epoch, 0, "it was known");
    let elsewhere = Uuid::from_u128(6_000_000);
    assert_eq!(node.assign(1, "t", elsewhere), 0);
    let partition = node.partition("t", 0);
    assert_eq!(partition.directories, [elsewhere, directory(2)]);
    assert_eq!((partition.leader, partition.isr.as_slice()), (2, &[2][..]));
    node.create(on("u", &[2]));
    assert_eq!(node.assign(1, "u", directory(1)), ErrorCode::NotLeaderOrFollower.code());
}

#[test]
fn producer_ids_come_in_blocks_to_the_broker_of_this_epoch() {
    let mut node = Node::with_brokers(&[1, 2]);
    for first in [0, 1000] {
        let request = AllocateProducerIdsRequest::default()
            .with_broker_id(BrokerId(2))
            .with_broker_epoch(node.broker(2).epoch);
        let block = node.call(0, &request);
        assert_eq!(
            (block.error_code, block.producer_id_start.0, block.producer_id_len),
            (0, first, 1000)
        );
    }
    let stale = AllocateProducerIdsRequest::default().with_broker_id(BrokerId(2));
    assert_eq!(node.call(0, &stale).error_code, ErrorCode::StaleBrokerEpoch.code());
}
