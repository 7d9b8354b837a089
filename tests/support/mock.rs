//! A broker that is made up: it answers what tools ask about groups and offsets, about access and transactions
//! (`mock_access`), and keeps a list of what it was asked.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use protocol::api::messages::api_versions_response::ApiVersion;
use protocol::api::messages::delete_groups_response::DeletableGroupResult;
use protocol::api::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use protocol::api::messages::find_coordinator_response::Coordinator;
use protocol::api::messages::leave_group_response::MemberResponse;
use protocol::api::messages::list_groups_response::ListedGroup;
use protocol::api::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use protocol::api::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use protocol::api::messages::offset_commit_response::{OffsetCommitResponsePartition, OffsetCommitResponseTopic};
use protocol::api::messages::offset_delete_response::{OffsetDeleteResponsePartition, OffsetDeleteResponseTopic};
use protocol::api::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
};
use protocol::api::messages::{
    ApiVersionsResponse, DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse,
    FindCoordinatorRequest, FindCoordinatorResponse, LeaveGroupRequest, LeaveGroupResponse, ListGroupsResponse,
    ListOffsetsRequest, ListOffsetsResponse, MetadataResponse, OffsetCommitRequest, OffsetCommitResponse,
    OffsetDeleteRequest, OffsetDeleteResponse, OffsetFetchRequest, OffsetFetchResponse,
};
use protocol::api::{
    ApiKey, BrokerId, DECODE_BUDGET_BYTES, Encodable, GroupId, HeaderVersion, Request, RequestHeader, StrBytes,
    TopicName, decode_request, encode_response, split_request,
};

use super::mock_access;

/// What it serves, besides what is about access.
const SERVED: [ApiKey; 11] = [
    ApiKey::ApiVersions,
    ApiKey::Metadata,
    ApiKey::FindCoordinator,
    ApiKey::ListGroups,
    ApiKey::DescribeGroups,
    ApiKey::OffsetFetch,
    ApiKey::ListOffsets,
    ApiKey::OffsetCommit,
    ApiKey::OffsetDelete,
    ApiKey::DeleteGroups,
    ApiKey::LeaveGroup,
];

/// What there is on it. Offsets of its only topic, `t`, are 10 to 100, and each group is at 50 in each partition.
#[derive(Debug, Clone, Default)]
pub(crate) struct Made {
    pub(crate) groups: Vec<String>,
    /// A group that has a member, which leaves when it is told to.
    pub(crate) with_member: Option<String>,
    /// Whether that member comes back whenever it has left.
    pub(crate) comes_back: bool,
    /// Codes that commits of partitions are refused with.
    pub(crate) refused: BTreeMap<i32, i16>,
    /// A streams group that is at work.
    pub(crate) streams: Option<String>,
    /// Partitions of the topic.
    pub(crate) partitions: i32,
    /// Address of another broker, which leads the last partition.
    pub(crate) other: Option<String>,
    /// Code that whatever is about this principal is refused with.
    pub(crate) refused_principal: Option<(String, i16)>,
}

/// The broker. Its threads end with the connections.
#[derive(Debug)]
pub(crate) struct Mock {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<ApiKey>>>,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Mock {
    pub(crate) fn start(made: Made) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::new(Mutex::new(Vec::new()));
        let broker = Broker {
            address: address.clone(),
            asked: Arc::clone(&asked),
            heard: Arc::clone(&heard),
            made: Arc::new(Mutex::new(made)),
        };
        serve(listener, move |api, asked| {
            broker.heard.lock().unwrap().extend(&asked.frame);
            broker.asked.lock().unwrap().push(api);
            broker.answer(api, asked)
        });
        Self { address, asked, heard }
    }

    /// All bytes that it was sent.
    pub(crate) fn heard(&self) -> Vec<u8> {
        self.heard.lock().unwrap().clone()
    }

    /// What it was asked since it was last looked at.
    pub(crate) fn asked(&self) -> Vec<ApiKey> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[derive(Clone)]
struct Broker {
    address: String,
    asked: Arc<Mutex<Vec<ApiKey>>>,
    heard: Arc<Mutex<Vec<u8>>>,
    made: Arc<Mutex<Made>>,
}

/// A request with what it takes to answer it.
pub(crate) struct Asked {
    pub(crate) header: RequestHeader,
    frame: Bytes,
    body: Bytes,
}

impl Asked {
    pub(crate) fn request<R: Request>(&self) -> R {
        decode_request(self.header.api_version, self.body.clone(), DECODE_BUDGET_BYTES).unwrap()
    }

    pub(crate) fn answer<T: Encodable + HeaderVersion>(&self, response: &T) -> Bytes {
        let header = &self.header;
        encode_response(header.api_key, header.api_version, header.correlation_id, response).unwrap()
    }
}

/// Answers everybody who connects. The threads end with the connections.
pub(crate) fn serve(listener: TcpListener, answer: impl Fn(ApiKey, &Asked) -> Bytes + Clone + Send + 'static) {
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.clone();
            std::thread::spawn(move || answer_all(stream, answer));
        }
    });
}

fn answer_all(mut stream: TcpStream, answer: impl Fn(ApiKey, &Asked) -> Bytes) {
    let mut length = [0; 4];
    while stream.read_exact(&mut length).is_ok() {
        let mut frame = vec![0; u32::from_be_bytes(length) as usize];
        stream.read_exact(&mut frame).unwrap();
        let frame = Bytes::from(frame);
        let (header, body) = split_request(frame.clone()).unwrap();
        let api = ApiKey::try_from(header.api_key).unwrap();
        if stream.write_all(&answer(api, &Asked { header, frame, body })).is_err() {
            return;
        }
    }
}

pub(crate) fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

pub(super) fn topic() -> TopicName {
    TopicName(StrBytes::from_static_str("t"))
}

/// A broker with this id, reached at host:port.
pub(crate) fn broker_at((id, address): (i32, &String)) -> MetadataResponseBroker {
    let (host, port) = address.rsplit_once(':').unwrap();
    MetadataResponseBroker::default()
        .with_node_id(BrokerId(id))
        .with_host(text(host))
        .with_port(port.parse().unwrap())
}

impl Broker {
    fn answer(&self, api: ApiKey, asked: &Asked) -> Bytes {
        match api {
            ApiKey::ApiVersions => asked.answer(&versions()),
            ApiKey::Metadata => asked.answer(&self.metadata()),
            ApiKey::FindCoordinator => {
                let keys = asked.request::<FindCoordinatorRequest>().coordinator_keys.into_iter();
                let found = keys.map(|key| Coordinator::default().with_key(key).with_node_id(BrokerId(1)));
                asked.answer(&FindCoordinatorResponse::default().with_coordinators(found.collect()))
            }
            ApiKey::ListGroups => asked.answer(&self.groups()),
            ApiKey::DescribeGroups => asked.answer(&self.described(&asked.request())),
            ApiKey::OffsetFetch => asked.answer(&self.committed(&asked.request())),
            ApiKey::ListOffsets => asked.answer(&offsets(asked.request())),
            _ => self.write(api, asked),
        }
    }

    fn metadata(&self) -> MetadataResponse {
        let made = self.made.lock().unwrap();
        let brokers = [Some(&self.address), made.other.as_ref()];
        let brokers = (1..).zip(brokers.into_iter().flatten()).map(broker_at);
        let last = made.partitions - 1;
        let partition = |index: i32| {
            let leader = if index == last && made.other.is_some() { 2 } else { 1 };
            MetadataResponsePartition::default()
                .with_partition_index(index)
                .with_leader_id(BrokerId(leader))
        };
        let partitions = (0..made.partitions).map(partition);
        let topic = MetadataResponseTopic::default()
            .with_name(Some(topic()))
            .with_partitions(partitions.collect());
        MetadataResponse::default()
            .with_cluster_id(Some(StrBytes::from_static_str("mock-cluster")))
            .with_brokers(brokers.collect())
            .with_topics(vec![topic])
    }

    fn groups(&self) -> ListGroupsResponse {
        let made = self.made.lock().unwrap();
        let group = |group: &String| {
            ListedGroup::default()
                .with_group_id(GroupId(text(group)))
                .with_group_state(text("Empty"))
                .with_group_type(text("classic"))
        };
        let mut groups: Vec<ListedGroup> = made.groups.iter().map(group).collect();
        groups.extend(made.streams.iter().map(|streams| {
            group(streams)
                .with_group_state(text("Stable"))
                .with_group_type(text("Streams"))
        }));
        ListGroupsResponse::default().with_groups(groups)
    }

    fn described(&self, request: &DescribeGroupsRequest) -> DescribeGroupsResponse {
        let made = self.made.lock().unwrap();
        let group = |id: &GroupId| {
            let member = made.with_member.as_deref() == Some(id.as_str());
            let member = member.then(|| DescribedGroupMember::default().with_member_id(text("m-1")));
            DescribedGroup::default()
                .with_group_id(id.clone())
                .with_group_state(text(if member.is_some() { "Stable" } else { "Empty" }))
                .with_members(member.into_iter().collect())
        };
        DescribeGroupsResponse::default().with_groups(request.groups.iter().map(group).collect())
    }

    fn committed(&self, request: &OffsetFetchRequest) -> OffsetFetchResponse {
        let partitions = self.made.lock().unwrap().partitions;
        let partition = |index: i32| {
            OffsetFetchResponsePartitions::default()
                .with_partition_index(index)
                .with_committed_offset(50)
        };
        let topic = OffsetFetchResponseTopics::default()
            .with_name(topic())
            .with_partitions((0..partitions).map(partition).collect());
        let groups = request.groups.iter().map(|group| {
            OffsetFetchResponseGroup::default()
                .with_group_id(group.group_id.clone())
                .with_topics(vec![topic.clone()])
        });
        OffsetFetchResponse::default().with_groups(groups.collect())
    }

    /// What changes something.
    fn write(&self, api: ApiKey, asked: &Asked) -> Bytes {
        match api {
            ApiKey::OffsetCommit => {
                let refused = self.made.lock().unwrap().refused.clone();
                let topics = asked.request::<OffsetCommitRequest>().topics.into_iter().map(|topic| {
                    let done = topic.partitions.iter();
                    let done = done.map(|p| {
                        OffsetCommitResponsePartition::default()
                            .with_partition_index(p.partition_index)
                            .with_error_code(refused.get(&p.partition_index).copied().unwrap_or(0))
                    });
                    OffsetCommitResponseTopic::default()
                        .with_name(topic.name.clone())
                        .with_partitions(done.collect())
                });
                asked.answer(&OffsetCommitResponse::default().with_topics(topics.collect()))
            }
            ApiKey::OffsetDelete => {
                let topics = asked.request::<OffsetDeleteRequest>().topics.into_iter().map(|topic| {
                    let done = topic.partitions.iter();
                    let done =
                        done.map(|p| OffsetDeleteResponsePartition::default().with_partition_index(p.partition_index));
                    OffsetDeleteResponseTopic::default()
                        .with_name(topic.name.clone())
                        .with_partitions(done.collect())
                });
                asked.answer(&OffsetDeleteResponse::default().with_topics(topics.collect()))
            }
            ApiKey::DeleteGroups => {
                let groups = asked.request::<DeleteGroupsRequest>().groups_names.into_iter();
                let results = groups.map(|group| DeletableGroupResult::default().with_group_id(group));
                asked.answer(&DeleteGroupsResponse::default().with_results(results.collect()))
            }
            ApiKey::LeaveGroup => {
                let mut made = self.made.lock().unwrap();
                if !made.comes_back {
                    made.with_member = None;
                }
                let members = asked.request::<LeaveGroupRequest>().members.into_iter();
                let left = members.map(|member| MemberResponse::default().with_member_id(member.member_id));
                asked.answer(&LeaveGroupResponse::default().with_members(left.collect()))
            }
            other => mock_access::answer(other, asked, &self.made.lock().unwrap()),
        }
    }
}

/// An API that is served in all its versions.
pub(crate) fn served(api: &ApiKey) -> ApiVersion {
    let versions = api.valid_versions();
    ApiVersion::default()
        .with_api_key(*api as i16)
        .with_min_version(versions.min)
        .with_max_version(versions.max)
}

fn versions() -> ApiVersionsResponse {
    ApiVersionsResponse::default().with_api_keys(SERVED.iter().chain(&mock_access::SERVED).map(served).collect())
}

fn offsets(request: ListOffsetsRequest) -> ListOffsetsResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|p| {
            let offset = match p.timestamp {
                -2 => 10,
                -1 => 100,
                _ => 70,
            };
            ListOffsetsPartitionResponse::default()
                .with_partition_index(p.partition_index)
                .with_offset(offset)
        });
        ListOffsetsTopicResponse::default()
            .with_name(topic.name.clone())
            .with_partitions(partitions.collect())
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}
