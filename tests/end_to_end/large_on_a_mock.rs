//! Answers about a large cluster: 50,000 partitions and 2,000 groups, on brokers that are made up, as fast and in as
//! little memory as people wait for.

use std::io::Read as _;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytes::{BufMut as _, Bytes, BytesMut};
use protocol::api::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use protocol::api::messages::find_coordinator_response::Coordinator;
use protocol::api::messages::list_groups_response::ListedGroup;
use protocol::api::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use protocol::api::messages::metadata_response::{MetadataResponsePartition, MetadataResponseTopic};
use protocol::api::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
};
use protocol::api::messages::{
    ApiVersionsResponse, DescribeGroupsRequest, DescribeGroupsResponse, FindCoordinatorRequest,
    FindCoordinatorResponse, ListGroupsResponse, ListOffsetsRequest, ListOffsetsResponse, MetadataRequest,
    MetadataResponse, OffsetFetchRequest, OffsetFetchResponse,
};
use protocol::api::{ApiKey, BrokerId, GroupId, TopicName};
use serde_json::Value;

use crate::support::mock::{Asked, broker_at, serve, served, text};
use crate::support::{KFLEET, isolated};

const BROKERS: i32 = 3;
const TOPICS: usize = 500;
const PARTITIONS: i32 = 100;
const GROUPS: usize = 2000;
/// What each group reads: 25 partitions of one topic, so that every partition is read by one group.
const READ: i32 = 25;

/// What a release build may take, with brokers that take as long as it does to write what is read. Nothing is
/// optimized in a debug build.
const TIME_MAX: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 1 });
const MEMORY_MAX_MB: u64 = 200;

const SERVED: [ApiKey; 7] = [
    ApiKey::ApiVersions,
    ApiKey::Metadata,
    ApiKey::FindCoordinator,
    ApiKey::ListGroups,
    ApiKey::DescribeGroups,
    ApiKey::OffsetFetch,
    ApiKey::ListOffsets,
];

fn topic_name(topic: usize) -> TopicName {
    TopicName(text(&format!("topic-{topic:03}")))
}

/// The topic of a group, and the first partition of it that the group reads.
fn read_by(group: &str) -> (usize, i32) {
    let number: usize = group["group-".len()..].parse().unwrap();
    let groups_each = (PARTITIONS / READ) as usize;
    (number / groups_each, (number % groups_each) as i32 * READ)
}

/// One of the brokers; it coordinates the groups whose numbers it divides with its id less 1 left over.
#[derive(Clone)]
struct Broker {
    id: i32,
    addresses: Arc<Vec<String>>,
}

impl Broker {
    fn answer(&self, api: ApiKey, asked: &Asked) -> Bytes {
        match api {
            ApiKey::ApiVersions => asked.answer(&versions()),
            ApiKey::Metadata => asked.answer(&self.metadata(&asked.request())),
            ApiKey::FindCoordinator => asked.answer(&coordinators(asked.request())),
            ApiKey::ListGroups => asked.answer(&self.groups()),
            ApiKey::DescribeGroups => asked.answer(&described(&asked.request())),
            ApiKey::OffsetFetch => asked.answer(&committed(&asked.request())),
            ApiKey::ListOffsets => asked.answer(&end_offsets(asked.request())),
            other => panic!("{other:?} is not served"),
        }
    }

    fn metadata(&self, request: &MetadataRequest) -> MetadataResponse {
        let brokers = (1..).zip(self.addresses.iter()).map(broker_at);
        let is_asked = |name: &TopicName| {
            let topics = request.topics.as_ref();
            topics.is_none_or(|topics| topics.iter().any(|topic| topic.name.as_ref() == Some(name)))
        };
        let names = (0..TOPICS).map(topic_name).filter(is_asked);
        let partition = |index: i32| {
            let replicas: Vec<BrokerId> = (0..BROKERS).map(|at| BrokerId((index + at) % BROKERS + 1)).collect();
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(replicas[0])
                .with_isr_nodes(replicas.clone())
                .with_replica_nodes(replicas)
        };
        let topics = names.map(|name| {
            MetadataResponseTopic::default()
                .with_name(Some(name))
                .with_partitions((0..PARTITIONS).map(partition).collect())
        });
        MetadataResponse::default()
            .with_cluster_id(Some(text("large")))
            .with_brokers(brokers.collect())
            .with_topics(topics.collect())
    }

    fn groups(&self) -> ListGroupsResponse {
        let own = (0..GROUPS).filter(|number| coordinator_of(*number) == self.id);
        let groups = own.map(|number| {
            ListedGroup::default()
                .with_group_id(GroupId(text(&format!("group-{number}"))))
                .with_protocol_type(text("consumer"))
                .with_group_state(text("Stable"))
                .with_group_type(text("classic"))
        });
        ListGroupsResponse::default().with_groups(groups.collect())
    }
}

fn coordinator_of(group: usize) -> i32 {
    group as i32 % BROKERS + 1
}

fn versions() -> ApiVersionsResponse {
    ApiVersionsResponse::default().with_api_keys(SERVED.iter().map(served).collect())
}

fn coordinators(request: FindCoordinatorRequest) -> FindCoordinatorResponse {
    let found = request.coordinator_keys.into_iter().map(|key| {
        let number: usize = key["group-".len()..].parse().unwrap();
        Coordinator::default()
            .with_key(key)
            .with_node_id(BrokerId(coordinator_of(number)))
    });
    FindCoordinatorResponse::default().with_coordinators(found.collect())
}

/// A member's partitions, as consumers write them: version, topics, no user data.
fn assignment(group: &str) -> Bytes {
    let (topic, first) = read_by(group);
    let name = topic_name(topic);
    let mut bytes = BytesMut::new();
    bytes.put_i16(0);
    bytes.put_i32(1);
    bytes.put_i16(name.len() as i16);
    bytes.put_slice(name.as_bytes());
    bytes.put_i32(READ);
    (first..first + READ).for_each(|index| bytes.put_i32(index));
    bytes.put_i32(-1);
    bytes.freeze()
}

fn described(request: &DescribeGroupsRequest) -> DescribeGroupsResponse {
    let groups = request.groups.iter().map(|id| {
        let member = DescribedGroupMember::default()
            .with_member_id(text(&format!("{}-member", id.as_str())))
            .with_client_id(text("service"))
            .with_client_host(text("/10.0.0.1"))
            .with_member_assignment(assignment(id));
        DescribedGroup::default()
            .with_group_id(id.clone())
            .with_group_state(text("Stable"))
            .with_protocol_type(text("consumer"))
            .with_protocol_data(text("range"))
            .with_members(vec![member])
    });
    DescribeGroupsResponse::default().with_groups(groups.collect())
}

fn committed(request: &OffsetFetchRequest) -> OffsetFetchResponse {
    let groups = request.groups.iter().map(|group| {
        let (topic, first) = read_by(&group.group_id);
        let partitions = (first..first + READ).map(|index| {
            OffsetFetchResponsePartitions::default()
                .with_partition_index(index)
                .with_committed_offset(50)
        });
        let topic = OffsetFetchResponseTopics::default()
            .with_name(topic_name(topic))
            .with_partitions(partitions.collect());
        OffsetFetchResponseGroup::default()
            .with_group_id(group.group_id.clone())
            .with_topics(vec![topic])
    });
    OffsetFetchResponse::default().with_groups(groups.collect())
}

fn end_offsets(request: ListOffsetsRequest) -> ListOffsetsResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            ListOffsetsPartitionResponse::default()
                .with_partition_index(asked.partition_index)
                .with_offset(100)
        });
        ListOffsetsTopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

/// Starts them; where the first is reached.
fn start() -> String {
    let listeners: Vec<TcpListener> = (0..BROKERS)
        .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
        .collect();
    let addresses = listeners
        .iter()
        .map(|listener| listener.local_addr().unwrap().to_string());
    let addresses: Arc<Vec<String>> = Arc::new(addresses.collect());
    for (id, listener) in (1..).zip(listeners) {
        let addresses = Arc::clone(&addresses);
        let broker = Broker { id, addresses };
        serve(listener, move |api, asked| broker.answer(api, asked));
    }
    addresses[0].clone()
}

/// The most memory that a process has had so far, if it is still there.
fn memory_peak_mb(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024)
}

/// Looks at a process until it ends; the most memory that it was seen to have had.
fn watch_memory_mb(pid: u32) -> JoinHandle<u64> {
    thread::spawn(move || {
        let mut peak_mb = 0;
        while let Some(now_mb) = memory_peak_mb(pid) {
            peak_mb = now_mb.max(peak_mb);
            thread::sleep(Duration::from_millis(1));
        }
        peak_mb
    })
}

/// What a command prints as JSON, after it was seen to keep within the bounds.
fn within_bounds(address: &str, command: &[&str]) -> Value {
    let start = Instant::now();
    let mut child = isolated(KFLEET)
        .args(command)
        .args(["-b", address, "-o", "json"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let memory = watch_memory_mb(child.id());
    let mut printed = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut printed).unwrap();
    let status = child.wait().unwrap();
    let took = start.elapsed();
    let peak_mb = memory.join().unwrap();
    say!(
        "{command:?}: {} ms, {peak_mb} MB, {} bytes",
        took.as_millis(),
        printed.len()
    );
    assert!(status.success(), "{command:?}: {status}");
    assert!(took < TIME_MAX, "{command:?} took {took:?}");
    assert!(peak_mb > 0 && peak_mb < MEMORY_MAX_MB, "{command:?} took {peak_mb} MB");
    let document: Value = serde_json::from_slice(&printed).unwrap();
    document["data"].clone()
}

fn rows(data: &Value) -> usize {
    data.as_array().map_or(0, Vec::len)
}

#[test]
fn fifty_thousand_partitions_and_two_thousand_groups_are_told_of_in_a_second() {
    let address = start();
    let partitions = TOPICS * PARTITIONS as usize;
    assert_eq!(rows(&within_bounds(&address, &["topics", "list"])), TOPICS);
    assert_eq!(rows(&within_bounds(&address, &["topics", "describe"])), partitions);
    assert_eq!(rows(&within_bounds(&address, &["offsets", "get"])), partitions);
    assert_eq!(rows(&within_bounds(&address, &["groups", "list"])), GROUPS);
    let described = within_bounds(&address, &["groups", "describe", "--all-groups"]);
    assert_eq!(rows(&described), partitions);
    assert!(described.as_array().unwrap().iter().all(|row| row["lag"] == 50));
    within_bounds(&address, &["check", "under-replicated"]);
    within_bounds(&address, &["check", "offline"]);
}
