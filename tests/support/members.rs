//! Members of groups, made of the requests that clients send. They send no heartbeats after they have joined, and stay
//! as long as their sessions do.

use std::time::Duration;

use client::{Client, ClientConfig, Limit};
use protocol::api::messages::join_group_request::JoinGroupRequestProtocol;
use protocol::api::messages::leave_group_request::MemberIdentity;
use protocol::api::messages::sync_group_request::SyncGroupRequestAssignment;
use protocol::api::messages::{
    ConsumerGroupHeartbeatRequest, JoinGroupRequest, LeaveGroupRequest, ShareGroupHeartbeatRequest, SyncGroupRequest,
};
use protocol::api::{GroupId, StrBytes, TopicName};
use protocol::messages::embedded::{
    ConsumerProtocolAssignment, ConsumerProtocolAssignmentTopicPartition, ConsumerProtocolSubscription,
};

use super::Cluster;

/// Code of an answer that gives a new member its id.
const MEMBER_ID_REQUIRED: i16 = 79;
/// Longer than any test.
const SESSION_MS: i32 = 60_000;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn group_id(group: &str) -> GroupId {
    GroupId(text(group))
}

/// Runs something with a client.
fn with_client<T>(cluster: &Cluster, work: impl AsyncFnOnce(&Client) -> T) -> T {
    let config = ClientConfig {
        bootstrap: cluster.bootstrap.split(',').map(str::to_owned).collect(),
        client_id: "reader".to_owned(),
        limit: Limit::Until(client::conn::deadline_in(Duration::from_secs(30))),
        security: client::Security::default(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { work(&Client::connect(config).await.unwrap()).await })
}

/// Joins as the only member and reads these partitions of a topic; its id.
pub(crate) fn join(cluster: &Cluster, group: &str, topic: &str, partitions: &[i32]) -> String {
    let mut subscription = 0i16.to_be_bytes().to_vec();
    let subscribed = ConsumerProtocolSubscription {
        topics: vec![topic.to_owned()],
        ..ConsumerProtocolSubscription::default()
    };
    subscribed.encode(0, &mut subscription).unwrap();
    let mut assignment = 0i16.to_be_bytes().to_vec();
    let assigned = ConsumerProtocolAssignmentTopicPartition {
        topic: topic.to_owned(),
        partitions: partitions.to_vec(),
        ..ConsumerProtocolAssignmentTopicPartition::default()
    };
    let assigned = ConsumerProtocolAssignment {
        assigned_partitions: vec![assigned],
        ..ConsumerProtocolAssignment::default()
    };
    assigned.encode(0, &mut assignment).unwrap();
    let protocol = JoinGroupRequestProtocol::default()
        .with_name(text("range"))
        .with_metadata(subscription.into());
    let mut request = JoinGroupRequest::default()
        .with_group_id(group_id(group))
        .with_session_timeout_ms(SESSION_MS)
        .with_rebalance_timeout_ms(SESSION_MS)
        .with_protocol_type(text("consumer"))
        .with_protocols(vec![protocol]);
    with_client(cluster, async |client| {
        let at = client.coordinator(group).await.unwrap();
        let mut joined = client.send_to(at, &request).await.unwrap();
        if joined.error_code == MEMBER_ID_REQUIRED {
            request.member_id = joined.member_id;
            joined = client.send_to(at, &request).await.unwrap();
        }
        assert_eq!(joined.error_code, 0, "{joined:?}");
        let assignment = SyncGroupRequestAssignment::default()
            .with_member_id(joined.member_id.clone())
            .with_assignment(assignment.into());
        let sync = SyncGroupRequest::default()
            .with_group_id(group_id(group))
            .with_generation_id(joined.generation_id)
            .with_member_id(joined.member_id.clone())
            .with_protocol_type(Some(text("consumer")))
            .with_protocol_name(Some(text("range")))
            .with_assignments(vec![assignment]);
        assert_eq!(client.send_to(at, &sync).await.unwrap().error_code, 0);
        joined.member_id.to_string()
    })
}

/// Leaves.
pub(crate) fn leave(cluster: &Cluster, group: &str, member: &str) {
    let identity = MemberIdentity::default().with_member_id(text(member));
    let request = LeaveGroupRequest::default()
        .with_group_id(group_id(group))
        .with_members(vec![identity]);
    with_client(cluster, async |client| {
        let at = client.coordinator(group).await.unwrap();
        assert_eq!(client.send_to(at, &request).await.unwrap().error_code, 0);
    });
}

/// Joins a group of the protocol of KIP-848, and leaves it again if `epoch` says so.
pub(crate) fn consumer_heartbeat(cluster: &Cluster, group: &str, member: &str, topic: &str, epoch: i32) {
    let topics = Some(vec![TopicName(text(topic))]);
    let request = ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group_id(group))
        .with_member_id(text(member))
        .with_member_epoch(epoch)
        .with_rebalance_timeout_ms(SESSION_MS)
        .with_subscribed_topic_names(topics.filter(|_| epoch == 0))
        .with_topic_partitions(Some(vec![]).filter(|_| epoch == 0));
    with_client(cluster, async |client| {
        let at = client.coordinator(group).await.unwrap();
        let answer = client.send_to(at, &request).await.unwrap();
        assert_eq!(answer.error_code, 0, "{answer:?}");
    });
}

/// Joins a share group, or leaves it if `epoch` says so.
pub(crate) fn share_heartbeat(cluster: &Cluster, group: &str, member: &str, topic: &str, epoch: i32) {
    let topics = Some(vec![TopicName(text(topic))]);
    let request = ShareGroupHeartbeatRequest::default()
        .with_group_id(group_id(group))
        .with_member_id(text(member))
        .with_member_epoch(epoch)
        .with_subscribed_topic_names(topics.filter(|_| epoch == 0));
    with_client(cluster, async |client| {
        let at = client.coordinator(group).await.unwrap();
        let answer = client.send_to(at, &request).await.unwrap();
        assert_eq!(answer.error_code, 0, "{answer:?}");
    });
}

/// StreamsGroupHeartbeat, which kafka-protocol does not have.
const STREAMS_GROUP_HEARTBEAT: [u8; 4] = [0, 88, 0, 0];

/// Sends a heartbeat of a streams group that reads one topic (KIP-1071), or one that leaves it; the member's epoch then.
pub(crate) fn streams_heartbeat(cluster: &Cluster, group: &str, member: &str, topic: &str, epoch: i32) -> i32 {
    use std::io::{Read as _, Write as _};
    let text = |text: &str, out: &mut Vec<u8>| {
        out.push(text.len() as u8 + 1);
        out.extend(text.as_bytes());
    };
    let is_new = epoch == 0;
    let mut body = STREAMS_GROUP_HEARTBEAT.to_vec();
    // Correlation id, client id and tags of the header.
    body.extend([0, 0, 0, 1, 0, 1, b's', 0]);
    text(group, &mut body);
    text(member, &mut body);
    body.extend(epoch.to_be_bytes());
    body.extend(0i32.to_be_bytes());
    // Neither an instance id nor a rack.
    body.extend([0, 0]);
    body.extend(SESSION_MS.to_be_bytes());
    if is_new {
        // A topology of epoch 0 with one subtopology, 0, and nothing else in it than its source.
        body.extend([1, 0, 0, 0, 0, 2, 2, b'0', 2]);
        text(topic, &mut body);
        body.extend([1, 1, 1, 1, 1, 0, 0]);
        body.extend([1, 1, 1]);
        text("process", &mut body);
        body.extend([0xff, 1]);
    } else {
        body.extend([0xff, 0, 0, 0, 0, 0xff, 0]);
    }
    // No offsets of tasks, and it goes on.
    body.extend([0; 4]);
    let mut socket = std::net::TcpStream::connect(&cluster.bootstrap).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.write_all(&(body.len() as u32).to_be_bytes()).unwrap();
    socket.write_all(&body).unwrap();
    let mut length = [0; 4];
    socket.read_exact(&mut length).unwrap();
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    socket.read_exact(&mut answer).unwrap();
    // After the header and the throttle time: a code, a message, the member's id and its epoch.
    let (code, mut rest) = answer[9..].split_at(2);
    assert_eq!(code, [0, 0], "{}", String::from_utf8_lossy(rest));
    for _ in 0..2 {
        rest = &rest[usize::from(rest[0]).max(1)..];
    }
    i32::from_be_bytes(*rest.first_chunk().unwrap())
}
