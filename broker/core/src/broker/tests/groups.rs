//! A group's life through every version of every API it uses.

use std::time::Duration;

use protocol::api::messages::join_group_request::JoinGroupRequestProtocol;
use protocol::api::messages::leave_group_request::MemberIdentity;
use protocol::api::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use protocol::api::messages::offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
use protocol::api::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use protocol::api::messages::sync_group_request::SyncGroupRequestAssignment;

use super::*;

fn group_id(text: &str) -> protocol::api::GroupId {
    protocol::api::GroupId(StrBytes::from_string(text.to_owned()))
}

impl Lone {
    /// Lets rebalances end that wait for their deadline.
    fn join(&self, version: i16, group: &str, member: &str) -> JoinGroupResponse {
        let protocol = JoinGroupRequestProtocol::default()
            .with_name("range".into())
            .with_metadata(Bytes::from_static(b"m"));
        let request = JoinGroupRequest::default()
            .with_group_id(group_id(group))
            .with_session_timeout_ms(10_000)
            .with_rebalance_timeout_ms(if version >= 1 { 20_000 } else { -1 })
            .with_member_id(StrBytes::from_string(member.to_owned()))
            .with_protocol_type("consumer".into())
            .with_protocols(vec![protocol]);
        match self.outcome(version, &request) {
            Outcome::Wait(mut pending) => {
                let now = Now {
                    mono: Duration::from_secs(4),
                    ..Now::default()
                };
                self.broker.tick_groups(now);
                let Poll::Ready(reply) = pending.poll(now, Waker::noop()) else {
                    panic!("v{version}: the first rebalance does not end")
                };
                decoded::<JoinGroupRequest>(version, reply)
            }
            Outcome::Reply(reply) => decoded::<JoinGroupRequest>(version, reply),
            Outcome::Forward(_) => panic!("a group is no matter of the controller"),
        }
    }

    /// A group with one member, stable.
    fn joined(&self, version: i16, group: &str) -> JoinGroupResponse {
        let first = self.join(version, group, "");
        if version < 4 {
            return first;
        }
        assert_eq!(first.error_code, ErrorCode::MemberIdRequired.code(), "v{version}");
        self.join(version, group, &first.member_id)
    }

    fn commit(&self, version: i16, group: &str, member: &JoinGroupResponse, offset: i64) -> i16 {
        let partition = OffsetCommitRequestPartition::default()
            .with_committed_offset(offset)
            .with_committed_metadata(Some("note".into()));
        let topic = OffsetCommitRequestTopic::default()
            .with_name(name("t"))
            .with_partitions(vec![partition]);
        let request = OffsetCommitRequest::default()
            .with_group_id(group_id(group))
            .with_member_id(member.member_id.clone())
            .with_generation_id_or_member_epoch(member.generation_id)
            .with_topics(vec![topic]);
        self.call(version, &request).topics[0].partitions[0].error_code
    }
}

#[test]
fn find_coordinator_answers_in_every_version() {
    let lone = Lone::start();
    for version in 0..=6 {
        let request = FindCoordinatorRequest::default();
        let request = if version >= 4 {
            request.with_coordinator_keys(vec!["g".into()])
        } else {
            request.with_key("g".into())
        };
        let response = lone.call(version, &request);
        let (code, id) = match response.coordinators.first() {
            Some(found) => (found.error_code, found.node_id.0),
            None => (response.error_code, response.node_id.0),
        };
        assert_eq!((code, id), (0, 1), "v{version}");
    }
}

#[test]
fn a_member_joins_syncs_beats_and_leaves_in_every_version() {
    let lone = Lone::start();
    for version in 0..=9 {
        let group = format!("g{version}");
        let member = lone.joined(version, &group);
        assert_eq!((member.error_code, member.generation_id), (0, 1), "v{version}");
        assert_eq!(member.members.len(), 1);
        assert_eq!(member.protocol_name.as_deref(), Some("range"));
        let assignment = SyncGroupRequestAssignment::default()
            .with_member_id(member.member_id.clone())
            .with_assignment(Bytes::from_static(b"a"));
        let sync = SyncGroupRequest::default()
            .with_group_id(group_id(&group))
            .with_generation_id(1)
            .with_member_id(member.member_id.clone())
            .with_assignments(vec![assignment]);
        let synced = lone.call(version.min(5), &sync);
        assert_eq!(
            (synced.error_code, &synced.assignment[..]),
            (0, &b"a"[..]),
            "v{version}"
        );
        let beat = HeartbeatRequest::default()
            .with_group_id(group_id(&group))
            .with_generation_id(1)
            .with_member_id(member.member_id.clone());
        assert_eq!(lone.call(version.min(4), &beat).error_code, 0);
        let stale = beat.with_generation_id(0);
        assert_eq!(
            lone.call(version.min(4), &stale).error_code,
            ErrorCode::IllegalGeneration.code()
        );
        let leave = LeaveGroupRequest::default().with_group_id(group_id(&group));
        let leave = if version >= 3 {
            leave.with_members(vec![MemberIdentity::default().with_member_id(member.member_id.clone())])
        } else {
            leave.with_member_id(member.member_id.clone())
        };
        assert_eq!(lone.call(version.min(5), &leave).error_code, 0);
        assert_eq!(
            lone.call(
                version.min(4),
                &HeartbeatRequest::default()
                    .with_group_id(group_id(&group))
                    .with_generation_id(1)
                    .with_member_id(member.member_id)
            )
            .error_code,
            ErrorCode::UnknownMemberId.code()
        );
    }
}

#[test]
fn offsets_are_committed_fetched_and_deleted_in_every_version() {
    let lone = Lone::start();
    for version in 2..=9 {
        let group = format!("g{version}");
        let anyone = JoinGroupResponse::default().with_generation_id(-1);
        assert_eq!(lone.commit(version, &group, &anyone, i64::from(version)), 0);
        let stranger = JoinGroupResponse::default()
            .with_member_id("x".into())
            .with_generation_id(3);
        assert_ne!(lone.commit(version, &group, &stranger, 1), 0);
    }
    for version in 1..=9 {
        let group = "g5";
        let request = OffsetFetchRequest::default();
        let (offset, metadata, code) = if version >= 8 {
            let topic = OffsetFetchRequestTopics::default()
                .with_name(name("t"))
                .with_partition_indexes(vec![0, 3]);
            let asked = OffsetFetchRequestGroup::default()
                .with_group_id(group_id(group))
                .with_topics(Some(vec![topic]));
            let asked = if version >= 9 {
                asked.with_member_epoch(-1)
            } else {
                asked
            };
            let response = lone.call(version, &request.with_groups(vec![asked]));
            let partitions = &response.groups[0].topics[0].partitions;
            assert_eq!(partitions[1].committed_offset, -1, "nothing was committed there");
            (
                partitions[0].committed_offset,
                partitions[0].metadata.clone(),
                response.groups[0].error_code,
            )
        } else {
            let topic = OffsetFetchRequestTopic::default()
                .with_name(name("t"))
                .with_partition_indexes(vec![0, 3]);
            let request = request.with_group_id(group_id(group)).with_topics(Some(vec![topic]));
            let response = lone.call(version, &request);
            let partitions = &response.topics[0].partitions;
            assert_eq!(partitions[1].committed_offset, -1, "nothing was committed there");
            (
                partitions[0].committed_offset,
                partitions[0].metadata.clone(),
                response.error_code,
            )
        };
        assert_eq!((offset, metadata.as_deref(), code), (5, Some("note"), 0), "v{version}");
    }
    let topic = OffsetDeleteRequestTopic::default()
        .with_name(name("t"))
        .with_partitions(vec![OffsetDeleteRequestPartition::default()]);
    let delete = OffsetDeleteRequest::default()
        .with_group_id(group_id("g5"))
        .with_topics(vec![topic]);
    let deleted = lone.call(0, &delete);
    assert_eq!((deleted.error_code, deleted.topics[0].partitions[0].error_code), (0, 0));
}

#[test]
fn groups_are_listed_described_and_deleted_in_every_version() {
    let lone = Lone::start();
    let member = lone.joined(5, "busy");
    assert_eq!(
        lone.commit(5, "idle", &JoinGroupResponse::default().with_generation_id(-1), 1),
        0
    );
    for version in 0..=5 {
        let request = ListGroupsRequest::default();
        let groups = lone.call(version, &request).groups;
        let ids: Vec<&str> = groups.iter().map(|group| &*group.group_id.0).collect();
        assert_eq!(ids, ["busy", "idle"], "v{version}");
    }
    for version in 0..=6 {
        let request = DescribeGroupsRequest::default().with_groups(vec![group_id("busy"), group_id("none")]);
        let groups = lone.call(version, &request).groups;
        assert_eq!(groups[0].members[0].member_id, member.member_id, "v{version}");
        assert_eq!(&*groups[1].group_state, "Dead", "v{version}");
    }
    for version in 0..=2 {
        assert_eq!(
            lone.commit(5, "idle", &JoinGroupResponse::default().with_generation_id(-1), 1),
            0
        );
        let request =
            DeleteGroupsRequest::default().with_groups_names(vec![group_id("idle"), group_id("busy"), group_id("no")]);
        let codes: Vec<i16> = lone
            .call(version, &request)
            .results
            .iter()
            .map(|r| r.error_code)
            .collect();
        let expected = [0, ErrorCode::NonEmptyGroup.code(), ErrorCode::GroupIdNotFound.code()];
        assert_eq!(codes, expected, "v{version}");
    }
}

#[test]
fn committed_offsets_are_read_in_from_the_log() {
    let lone = Lone::start();
    for offset in 0..50 {
        assert_eq!(
            lone.commit(8, "g", &JoinGroupResponse::default().with_generation_id(-1), offset),
            0
        );
    }
    // Another epoch of leadership begins.
    let mut image = MetadataImage::clone(&lone.broker.image());
    let again = PartitionRecord {
        leader_epoch: 5,
        partition_epoch: 1,
        ..led_by_1(OFFSETS_TOPIC)
    };
    image.apply(again.into()).unwrap();
    lone.broker.publish(image, Now::default());
    let hold = |shard: &crate::broker::coordinator::OpenShard| match shard.hold(Now::default()) {
        Ok(mut held) => Ok(held.shard().group("g").unwrap().offsets[&("t".to_owned(), 0)].offset),
        Err(error) => Err(error),
    };
    let shard = lone.broker.shard_of("g").unwrap();
    assert_eq!(hold(&shard), Err(ErrorCode::CoordinatorLoadInProgress));
    lone.broker.load_groups(Now::default());
    assert_eq!(hold(&shard), Ok(49));
}
