//! Groups while their coordinator moves.

use protocol::api::messages::join_group_request::JoinGroupRequestProtocol;
use protocol::api::messages::leave_group_request::MemberIdentity;
use protocol::api::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use protocol::api::messages::offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
use protocol::api::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use protocol::api::messages::sync_group_request::SyncGroupRequestAssignment;
use protocol::messages::metadata::{ConfigRecord, RemoveTopicRecord};

use super::trio::{Trio, Waiting, at};
use super::*;

fn group_id(text: &str) -> protocol::api::GroupId {
    protocol::api::GroupId(StrBytes::from_string(text.to_owned()))
}

fn commit(offset: i64) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition::default().with_committed_offset(offset);
    let topic = OffsetCommitRequestTopic::default()
        .with_name(name("t"))
        .with_partitions(vec![partition]);
    OffsetCommitRequest::default()
        .with_group_id(group_id("g"))
        .with_generation_id_or_member_epoch(-1)
        .with_topics(vec![topic])
}

fn code_of(response: &OffsetCommitResponse) -> i16 {
    response.topics[0].partitions[0].error_code
}

/// What a broker says that the group has committed.
fn committed(lone: &Lone) -> Result<i64, ErrorCode> {
    let topic = OffsetFetchRequestTopics::default()
        .with_name(name("t"))
        .with_partition_indexes(vec![0]);
    let asked = OffsetFetchRequestGroup::default()
        .with_group_id(group_id("g"))
        .with_topics(Some(vec![topic]));
    let response = lone.call(8, &OffsetFetchRequest::default().with_groups(vec![asked]));
    match ErrorCode::try_from_code(response.groups[0].error_code) {
        Some(error) => Err(error),
        None => Ok(response.groups[0].topics[0].partitions[0].committed_offset),
    }
}

fn join(member: &str) -> JoinGroupRequest {
    let protocol = JoinGroupRequestProtocol::default()
        .with_name("range".into())
        .with_metadata(Bytes::from_static(b"m"));
    JoinGroupRequest::default()
        .with_group_id(group_id("g"))
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(20_000)
        .with_member_id(StrBytes::from_string(member.to_owned()))
        .with_protocol_type("consumer".into())
        .with_protocols(vec![protocol])
}

fn sync(member: &str) -> SyncGroupRequest {
    let assignment = SyncGroupRequestAssignment::default()
        .with_member_id(StrBytes::from_string(member.to_owned()))
        .with_assignment(Bytes::from_static(b"a"));
    SyncGroupRequest::default()
        .with_group_id(group_id("g"))
        .with_generation_id(1)
        .with_member_id(StrBytes::from_string(member.to_owned()))
        .with_assignments(vec![assignment])
}

fn heartbeat(member: &str) -> HeartbeatRequest {
    HeartbeatRequest::default()
        .with_group_id(group_id("g"))
        .with_generation_id(1)
        .with_member_id(StrBytes::from_string(member.to_owned()))
}

/// The first member of the group's first generation, which waits for its assignment.
fn joined(lone: &Lone) -> String {
    let mut waiting = Waiting::new(lone.outcome(3, &join("")));
    lone.broker.tick_groups(at(4));
    let reply = waiting.poll(at(4)).expect("the first rebalance ends");
    decoded::<JoinGroupRequest>(3, reply).member_id.to_string()
}

#[test]
fn a_commit_is_answered_and_seen_once_all_in_sync_replicas_have_it() {
    let trio = Trio::start();
    let mut commit = Waiting::new(trio.broker(1).outcome(8, &commit(7)));
    trio.replicate(OFFSETS_TOPIC, 1, 2);
    assert!(commit.poll(at(0)).is_none());
    assert_eq!(committed(trio.broker(1)), Ok(-1));
    trio.replicate(OFFSETS_TOPIC, 1, 3);
    assert_eq!(code_of(&commit.answer::<OffsetCommitRequest>(8)), 0);
    assert_eq!(committed(trio.broker(1)), Ok(7));
}

#[test]
fn a_commit_that_is_not_committed_in_time_is_no_success_and_counts_if_it_gets_committed() {
    let trio = Trio::start();
    let mut waiting = Waiting::new(trio.broker(1).outcome(8, &commit(7)));
    assert_eq!(waiting.deadline(), at(5).mono, "offsets.commit.timeout.ms");
    let reply = waiting.poll(at(5)).expect("an answer at the deadline");
    let refused = ErrorCode::CoordinatorNotAvailable.code();
    assert_eq!(code_of(&decoded::<OffsetCommitRequest>(8, reply)), refused);
    trio.broker(1).broker.tick_groups(at(6));
    assert_eq!(committed(trio.broker(1)), Ok(-1));
    trio.replicate(OFFSETS_TOPIC, 1, 2);
    trio.replicate(OFFSETS_TOPIC, 1, 3);
    assert_eq!(committed(trio.broker(1)), Ok(7));
}

#[test]
fn what_is_deleted_stays_until_that_is_committed_and_takes_with_it_what_was_about_to_be() {
    for whole_group in [false, true] {
        let trio = Trio::start();
        let lone = trio.broker(1);
        let _first = Waiting::new(lone.outcome(8, &commit(7)));
        trio.replicate(OFFSETS_TOPIC, 1, 2);
        trio.replicate(OFFSETS_TOPIC, 1, 3);
        let _on_its_way = Waiting::new(lone.outcome(8, &commit(8)));
        let deletion = if whole_group {
            Waiting::new(lone.outcome(
                2,
                &DeleteGroupsRequest::default().with_groups_names(vec![group_id("g")]),
            ))
        } else {
            let topic = OffsetDeleteRequestTopic::default()
                .with_name(name("t"))
                .with_partitions(vec![OffsetDeleteRequestPartition::default()]);
            let request = OffsetDeleteRequest::default()
                .with_group_id(group_id("g"))
                .with_topics(vec![topic]);
            Waiting::new(lone.outcome(0, &request))
        };
        assert_eq!(committed(lone), Ok(7));
        trio.replicate(OFFSETS_TOPIC, 1, 2);
        trio.replicate(OFFSETS_TOPIC, 1, 3);
        if whole_group {
            assert_eq!(deletion.answer::<DeleteGroupsRequest>(2).results[0].error_code, 0);
            assert!(lone.call(5, &ListGroupsRequest::default()).groups.is_empty());
        } else {
            let answer = deletion.answer::<OffsetDeleteRequest>(0);
            assert_eq!((answer.error_code, answer.topics[0].partitions[0].error_code), (0, 0));
        }
        assert_eq!(committed(lone), Ok(-1));
    }
}

#[test]
fn an_assignment_counts_once_it_is_committed() {
    let trio = Trio::start();
    let lone = trio.broker(1);
    let member = joined(lone);
    let waiting = Waiting::new(lone.outcome(5, &sync(&member)));
    let end_offset = trio.partition(1, OFFSETS_TOPIC).offsets().2;
    // Its client lost patience, and tries again.
    let again = Waiting::new(lone.outcome(5, &sync(&member)));
    assert_eq!(
        trio.partition(1, OFFSETS_TOPIC).offsets().2,
        end_offset,
        "it is written once"
    );
    drop(waiting);
    trio.replicate(OFFSETS_TOPIC, 1, 2);
    trio.replicate(OFFSETS_TOPIC, 1, 3);
    let answer = again.answer::<SyncGroupRequest>(5);
    assert_eq!((answer.error_code, &answer.assignment[..]), (0, &b"a"[..]));
}

#[test]
fn an_assignment_that_is_not_committed_in_time_makes_everybody_join_again() {
    let trio = Trio::start();
    let lone = trio.broker(1);
    let member = joined(lone);
    let waiting = Waiting::new(lone.outcome(5, &sync(&member)));
    lone.broker.tick_groups(at(4));
    assert_eq!(waiting.woken(), 0);
    lone.broker.tick_groups(at(5));
    let code = waiting.answer::<SyncGroupRequest>(5).error_code;
    assert_eq!(code, ErrorCode::CoordinatorNotAvailable.code());
    let beat = lone.call(4, &heartbeat(&member)).error_code;
    assert_eq!(beat, ErrorCode::RebalanceInProgress.code());
    // That it gets committed afterwards does not bring the generation back.
    trio.replicate(OFFSETS_TOPIC, 1, 2);
    trio.replicate(OFFSETS_TOPIC, 1, 3);
    let beat = lone.call(4, &heartbeat(&member)).error_code;
    assert_eq!(beat, ErrorCode::RebalanceInProgress.code());
}

#[test]
fn a_new_coordinator_has_all_that_the_old_one_committed_and_does_not_serve_before() {
    let mut trio = Trio::start();
    let commit = Waiting::new(trio.broker(1).outcome(8, &commit(7)));
    trio.replicate(OFFSETS_TOPIC, 1, 2);
    trio.replicate(OFFSETS_TOPIC, 1, 3);
    assert_eq!(code_of(&commit.answer::<OffsetCommitRequest>(8)), 0);
    let (_, high_watermark, end_offset) = trio.partition(2, OFFSETS_TOPIC).offsets();
    assert!(
        high_watermark < end_offset,
        "the follower does not know that it is committed"
    );
    trio.elect(2, &[2, 3], 5);
    trio.publish();
    let (old, new) = (trio.broker(1), trio.broker(2));
    assert_eq!(committed(old), Err(ErrorCode::NotCoordinator));
    assert_eq!(committed(new), Err(ErrorCode::CoordinatorLoadInProgress), "not read in");
    trio.load();
    assert_eq!(
        committed(new),
        Err(ErrorCode::CoordinatorLoadInProgress),
        "not known as committed"
    );
    trio.replicate(OFFSETS_TOPIC, 2, 3);
    assert_eq!(committed(new), Ok(7));
    assert_eq!(committed(trio.broker(3)), Err(ErrorCode::NotCoordinator));
}

#[test]
fn members_of_a_generation_go_on_at_the_new_coordinator() {
    let mut trio = Trio::start();
    let member = joined(trio.broker(1));
    let _waiting = Waiting::new(trio.broker(1).outcome(5, &sync(&member)));
    trio.replicate(OFFSETS_TOPIC, 1, 2);
    trio.replicate(OFFSETS_TOPIC, 1, 3);
    trio.fail_over(2, &[2, 3], 5);
    trio.replicate(OFFSETS_TOPIC, 2, 3);
    let new = trio.broker(2);
    // However long it took: the time of its session counts from now on.
    new.broker.tick_groups(at(1000));
    new.broker.tick_groups(at(1009));
    assert_eq!(new.call(4, &heartbeat(&member)).error_code, 0);
    new.broker.tick_groups(at(1011));
    let beat = new.call(4, &heartbeat(&member)).error_code;
    assert_eq!(beat, ErrorCode::UnknownMemberId.code(), "it was silent for too long");
}

#[test]
fn members_that_wait_hear_at_once_that_the_coordinator_has_moved() {
    let moved = ErrorCode::NotCoordinator.code();
    let mut trio = Trio::start();
    let joining = Waiting::new(trio.broker(1).outcome(3, &join("")));
    trio.fail_over(2, &[1, 2, 3], 5);
    assert_eq!(joining.answer::<JoinGroupRequest>(3).error_code, moved);

    let mut trio = Trio::start();
    let member = joined(trio.broker(1));
    let syncing = Waiting::new(trio.broker(1).outcome(5, &sync(&member)));
    trio.fail_over(2, &[1, 2, 3], 5);
    assert_eq!(syncing.answer::<SyncGroupRequest>(5).error_code, moved);
}

#[test]
fn a_commit_that_waits_hears_at_once_that_the_coordinator_has_moved() {
    let mut trio = Trio::start();
    let commit = Waiting::new(trio.broker(1).outcome(8, &commit(7)));
    trio.fail_over(2, &[1, 2, 3], 5);
    assert_eq!(
        code_of(&commit.answer::<OffsetCommitRequest>(8)),
        ErrorCode::NotCoordinator.code()
    );
}

#[test]
fn nothing_of_an_earlier_epoch_survives_into_a_later_one() {
    let mut trio = Trio::start();
    let _seven = Waiting::new(trio.broker(1).outcome(8, &commit(7)));
    trio.replicate(OFFSETS_TOPIC, 1, 2);
    trio.replicate(OFFSETS_TOPIC, 1, 3);
    assert_eq!(committed(trio.broker(1)), Ok(7));
    let member = joined(trio.broker(1));
    let _lost = Waiting::new(trio.broker(1).outcome(5, &sync(&member)));
    // Broker 1 is cut off; broker 2 takes over and commits something else.
    trio.fail_over(2, &[2, 3], 5);
    trio.replicate(OFFSETS_TOPIC, 2, 3);
    let eight = Waiting::new(trio.broker(2).outcome(8, &commit(8)));
    trio.replicate(OFFSETS_TOPIC, 2, 3);
    assert_eq!(code_of(&eight.answer::<OffsetCommitRequest>(8)), 0);
    // It comes back as a follower, and leads again.
    trio.replicate(OFFSETS_TOPIC, 2, 1);
    trio.fail_over(1, &[1, 2, 3], 6);
    trio.replicate(OFFSETS_TOPIC, 1, 2);
    trio.replicate(OFFSETS_TOPIC, 1, 3);
    assert_eq!(committed(trio.broker(1)), Ok(8));
    let beat = trio.broker(1).call(4, &heartbeat(&member)).error_code;
    assert_eq!(beat, ErrorCode::UnknownMemberId.code());
}

#[test]
fn a_later_epoch_of_the_same_leader_begins_anew_even_if_it_did_not_hear_of_the_one_between() {
    let mut trio = Trio::start();
    let stale = trio.broker(1).broker.shard_of("g").unwrap();
    trio.elect(2, &[1, 2, 3], 5);
    trio.elect(1, &[1, 2, 3], 6);
    trio.publish();
    assert!(matches!(stale.hold(at(0)), Err(ErrorCode::NotCoordinator)));
    assert_eq!(committed(trio.broker(1)), Err(ErrorCode::CoordinatorLoadInProgress));
    trio.load();
    assert_eq!(committed(trio.broker(1)), Ok(-1));
}

#[test]
fn a_shard_of_an_epoch_that_is_over_is_not_read_in() {
    let mut trio = Trio::start();
    trio.elect(2, &[1, 2, 3], 5);
    trio.publish();
    let shard = trio.broker(2).broker.shard_of("g").unwrap();
    trio.elect(3, &[1, 2, 3], 6);
    trio.publish();
    trio.load();
    assert!(matches!(shard.hold(at(0)), Err(ErrorCode::NotCoordinator)));
    assert!(matches!(
        trio.broker(2).broker.shard_of("g"),
        Err(ErrorCode::NotCoordinator)
    ));
}

#[test]
fn the_loader_is_woken_when_the_broker_begins_to_lead() {
    let mut trio = Trio::start();
    let count = Arc::new(super::trio::Count::default());
    let waker = Waker::from(Arc::clone(&count));
    assert!(trio.broker(2).broker.poll_groups_to_load(&waker).is_pending());
    trio.elect(2, &[1, 2, 3], 5);
    trio.publish();
    assert_eq!(count.woken(), 1);
    assert!(trio.broker(2).broker.poll_groups_to_load(&waker).is_ready());
}

#[test]
fn too_few_replicas_in_sync_are_no_place_for_commits() {
    let mut trio = Trio::start();
    trio.apply(ConfigRecord {
        resource_type: 2,
        resource_name: "__consumer_offsets".into(),
        name: "min.insync.replicas".into(),
        value: Some("2".into()),
        ..Default::default()
    });
    trio.fail_over(1, &[1], 5);
    let response = trio.broker(1).call(8, &commit(7));
    assert_eq!(code_of(&response), ErrorCode::CoordinatorNotAvailable.code());
    assert_eq!(trio.partition(1, OFFSETS_TOPIC).offsets().2, 0, "nothing was written");
}

/// The code of every group API on a broker.
fn codes(lone: &Lone) -> Vec<(&'static str, i16)> {
    let leave = LeaveGroupRequest::default()
        .with_group_id(group_id("g"))
        .with_members(vec![MemberIdentity::default().with_member_id("m".into())]);
    let deletion = OffsetDeleteRequest::default().with_group_id(group_id("g"));
    let fetched = committed(lone).err().map_or(0, |error| error.code());
    let deleted = DeleteGroupsRequest::default().with_groups_names(vec![group_id("g")]);
    let described = DescribeGroupsRequest::default().with_groups(vec![group_id("g")]);
    vec![
        ("OffsetCommit", code_of(&lone.call(8, &commit(1)))),
        ("OffsetFetch", fetched),
        ("OffsetDelete", lone.call(0, &deletion).error_code),
        ("JoinGroup", lone.call(9, &join("m")).error_code),
        ("SyncGroup", lone.call(5, &sync("m")).error_code),
        ("Heartbeat", lone.call(4, &heartbeat("m")).error_code),
        ("LeaveGroup", lone.call(5, &leave).error_code),
        ("DeleteGroups", lone.call(2, &deleted).results[0].error_code),
        ("DescribeGroups", lone.call(6, &described).groups[0].error_code),
    ]
}

#[test]
fn every_group_api_says_who_is_not_the_coordinator_and_who_is_not_ready() {
    let mut trio = Trio::start();
    for id in [2, 3] {
        for (api, code) in codes(trio.broker(id)) {
            assert_eq!(code, ErrorCode::NotCoordinator.code(), "{api}");
        }
        let listed = trio.broker(id).call(5, &ListGroupsRequest::default());
        assert_eq!((listed.error_code, listed.groups.len()), (0, 0));
    }
    trio.elect(2, &[1, 2, 3], 5);
    trio.publish();
    for (api, code) in codes(trio.broker(2)) {
        assert_eq!(code, ErrorCode::CoordinatorLoadInProgress.code(), "{api}");
    }
    let listed = trio.broker(2).call(5, &ListGroupsRequest::default());
    assert_eq!(listed.error_code, ErrorCode::CoordinatorLoadInProgress.code());
}

/// Code, id, host and port.
fn found(lone: &Lone, listener: &str) -> (i16, i32, String, i32) {
    let request = FindCoordinatorRequest::default().with_coordinator_keys(vec!["g".into()]);
    let response = lone.call_on(listener, 6, &request);
    let found = &response.coordinators[0];
    (found.error_code, found.node_id.0, found.host.to_string(), found.port)
}

#[test]
fn the_coordinator_is_the_leader_of_the_groups_partition_at_the_listener_that_was_asked() {
    let mut trio = Trio::start();
    let unavailable = (ErrorCode::CoordinatorNotAvailable.code(), -1, String::new(), -1);
    for id in 1..=3 {
        assert_eq!(found(trio.broker(id), "PLAINTEXT"), (0, 1, "h1".into(), 9092));
        assert_eq!(found(trio.broker(id), "INTERNAL"), (0, 1, "internal1".into(), 9094));
        assert_eq!(found(trio.broker(id), "ELSEWHERE"), unavailable);
    }
    trio.elect(3, &[3], 5);
    trio.publish();
    assert_eq!(found(trio.broker(2), "PLAINTEXT"), (0, 3, "h3".into(), 9092));
    trio.elect(-1, &[3], 6);
    trio.publish();
    assert_eq!(found(trio.broker(2), "PLAINTEXT"), unavailable);
}

#[test]
fn the_offsets_topic_is_asked_for_with_as_many_replicas_as_are_configured() {
    let mut trio = Trio::start();
    trio.apply(RemoveTopicRecord {
        topic_id: OFFSETS_TOPIC,
        ..Default::default()
    });
    trio.publish();
    let unavailable = ErrorCode::CoordinatorNotAvailable.code();
    for _ in 0..2 {
        assert_eq!(found(trio.broker(2), "PLAINTEXT").0, unavailable);
    }
    let asked = trio.broker(2).link.0.lock().unwrap().clone();
    assert_eq!(asked.len(), 1, "it is asked for once: {asked:?}");
    assert!(asked[0].contains("partitions: 50, replication_factor: 3"), "{asked:?}");
    for (api, code) in codes(trio.broker(2)) {
        assert_eq!(code, ErrorCode::NotCoordinator.code(), "{api}");
    }
}
