//! What a leader answers to followers in every version, and to those who wait for or read from them.

use super::*;

#[test]
fn a_deletion_is_answered_when_the_followers_have_followed() {
    use protocol::api::messages::delete_records_request::{
        DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
    };
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["a", "b"]), seconds(1));
    follower.rounds(&leader, 3, seconds(1));
    let asked = DeleteRecordsPartition::default()
        .with_partition_index(0)
        .with_offset(-1);
    let named = DeleteRecordsTopic::default()
        .with_name(protocol::api::TopicName(protocol::api::StrBytes::from_static_str("t0")))
        .with_partitions(vec![asked]);
    let request = DeleteRecordsRequest::default()
        .with_timeout_ms(1000)
        .with_topics(vec![named]);
    let told = |reply| {
        let response = decoded::<DeleteRecordsRequest>(2, reply);
        let result = &response.topics[0].partitions[0];
        (result.error_code, result.low_watermark)
    };
    let Outcome::Wait(late) = outcome(&leader, 2, &request, seconds(1)) else {
        panic!("the follower has not followed")
    };
    assert_eq!(told(at_deadline(late)), (ErrorCode::RequestTimedOut.code(), 0));
    let Outcome::Wait(mut pending) = outcome(&leader, 2, &request, seconds(1)) else {
        panic!("the follower has not followed")
    };
    follower.rounds(&leader, 1, seconds(1));
    assert_eq!(offsets(&follower.broker, 0, 0), (2, 2, 2));
    assert!(pending.poll(seconds(1), Waker::noop()).is_pending());
    follower.rounds(&leader, 1, seconds(1));
    let Poll::Ready(reply) = pending.poll(seconds(1), Waker::noop()) else {
        panic!("it has told")
    };
    assert_eq!(told(reply), (0, 2));
}

#[test]
fn every_version_tells_the_leader_where_the_follower_is() {
    use protocol::api::BrokerId;
    use protocol::api::messages::fetch_request::{FetchPartition, FetchTopic, ReplicaState};
    for version in 4..=18 {
        let (leader, _) = started();
        let waiting = outcome(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
        let Outcome::Wait(mut pending) = waiting else {
            panic!("it has to wait")
        };
        let at = |offset| {
            let partition = FetchPartition::default()
                .with_fetch_offset(offset)
                .with_current_leader_epoch(5)
                .with_last_fetched_epoch(-1)
                .with_partition_max_bytes(1000);
            let name = protocol::api::StrBytes::from_static_str("t0");
            let named = FetchTopic::default().with_partitions(vec![partition]);
            let named = if version >= 13 {
                named.with_topic_id(topic(0).into())
            } else {
                named.with_topic(protocol::api::TopicName(name))
            };
            let request = FetchRequest::default()
                .with_session_epoch(-1)
                .with_max_bytes(1000)
                .with_topics(vec![named]);
            if version >= 15 {
                let state = ReplicaState::default()
                    .with_replica_id(BrokerId(2))
                    .with_replica_epoch(200);
                request.with_replica_state(state)
            } else {
                request.with_replica_id(BrokerId(2))
            }
        };
        let response = call(&leader, version, &at(0), seconds(1));
        let data = &response.responses[0].partitions[0];
        assert!(
            data.error_code == 0 && !data.records.clone().unwrap().is_empty(),
            "v{version}"
        );
        call(&leader, version, &at(1), seconds(1));
        assert!(pending.poll(seconds(1), Waker::noop()).is_ready(), "v{version}");
    }
}

#[test]
fn a_consumer_is_sent_to_its_rack_and_reads_there_what_is_committed() {
    use protocol::api::messages::fetch_request::{FetchPartition, FetchTopic};
    let (leader, mut follower) = started();
    call(&leader, 9, &produce("t0", 0, &["a"]), seconds(1));
    follower.rounds(&leader, 3, seconds(1));
    let read = |broker: &Arc<Broker>, version| {
        let partition = FetchPartition::default()
            .with_partition_max_bytes(1000)
            .with_current_leader_epoch(5)
            .with_last_fetched_epoch(-1);
        let topic = FetchTopic::default()
            .with_topic(protocol::api::TopicName(protocol::api::StrBytes::from_static_str("t0")))
            .with_partitions(vec![partition]);
        let request = FetchRequest::default()
            .with_replica_id(protocol::api::BrokerId(-1))
            .with_session_epoch(-1)
            .with_max_bytes(1000)
            .with_topics(vec![topic]);
        let request = if version >= 11 {
            request.with_rack_id(protocol::api::StrBytes::from_static_str("rack-2"))
        } else {
            request
        };
        let response: FetchResponse = call(broker, version, &request, seconds(1));
        let data = response.responses[0].partitions[0].clone();
        let size_bytes = data.records.unwrap_or_default().len();
        (data.error_code, data.preferred_read_replica.0, size_bytes > 0)
    };
    assert_eq!(read(&leader, 12), (0, 2, false));
    assert_eq!(read(&leader, 10), (0, -1, true), "an old client reads from the leader");
    assert_eq!(read(&follower.broker, 12), (0, -1, true));
    let not_leader = ErrorCode::NotLeaderOrFollower.code();
    assert_eq!(read(&follower.broker, 10), (not_leader, -1, false));
}
