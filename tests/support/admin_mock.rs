//! A broker that is made up: it answers what tools ask about topics, settings and log directories, and keeps a list of
//! what it was told to change.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use protocol::api::messages::create_partitions_response::CreatePartitionsTopicResult;
use protocol::api::messages::create_topics_response::CreatableTopicResult;
use protocol::api::messages::delete_records_response::{DeleteRecordsPartitionResult, DeleteRecordsTopicResult};
use protocol::api::messages::delete_topics_response::DeletableTopicResult;
use protocol::api::messages::describe_cluster_response::DescribeClusterBroker;
use protocol::api::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use protocol::api::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use protocol::api::messages::elect_leaders_response::{PartitionResult, ReplicaElectionResult};
use protocol::api::messages::incremental_alter_configs_response::AlterConfigsResourceResponse;
use protocol::api::messages::list_config_resources_response::ConfigResource;
use protocol::api::messages::list_offsets_response::{ListOffsetsPartitionResponse, ListOffsetsTopicResponse};
use protocol::api::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use protocol::api::messages::{
    ApiVersionsResponse, CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse,
    DeleteRecordsRequest, DeleteRecordsResponse, DeleteTopicsRequest, DeleteTopicsResponse, DescribeClusterResponse,
    DescribeConfigsRequest, DescribeConfigsResponse, DescribeLogDirsResponse, ElectLeadersRequest,
    ElectLeadersResponse, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse, ListConfigResourcesResponse,
    ListOffsetsRequest, ListOffsetsResponse, ListPartitionReassignmentsResponse, MetadataRequest, MetadataResponse,
};
use protocol::api::{ApiKey, BrokerId, StrBytes, TopicName};

use super::mock::{Asked, serve, served, text};

/// What it serves.
const SERVED: [ApiKey; 14] = [
    ApiKey::ApiVersions,
    ApiKey::Metadata,
    ApiKey::DescribeCluster,
    ApiKey::DescribeConfigs,
    ApiKey::IncrementalAlterConfigs,
    ApiKey::ListConfigResources,
    ApiKey::CreateTopics,
    ApiKey::CreatePartitions,
    ApiKey::DeleteTopics,
    ApiKey::DeleteRecords,
    ApiKey::ListOffsets,
    ApiKey::ElectLeaders,
    ApiKey::ListPartitionReassignments,
    ApiKey::DescribeLogDirs,
];

const UNKNOWN_TOPIC: i16 = 3;
const TOPIC_EXISTS: i16 = 36;
const STORAGE_ERROR: i16 = 56;
const POLICY: i16 = 44;
const TOPIC_DENIED: i16 = 29;

/// A request that changes something, or that would if it were not to be looked at only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) api: ApiKey,
    pub(crate) validate_only: bool,
    /// How long the broker may take; 0 where the API does not say.
    pub(crate) timeout_ms: i32,
}

/// What there is on it: topics `t` and `u`, whose offsets are 10 to 100 and which have a key set, and broker 1. Partition
/// 0 of `t` is led by another replica than its first.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    /// Topics with their partitions.
    pub(crate) topics: BTreeMap<String, i32>,
    /// Whether its first replica leads it by now.
    pub(crate) elected: bool,
    /// What became of keys, by type and name; none if they were unset.
    pub(crate) configs: BTreeMap<(i8, String), BTreeMap<String, Option<String>>>,
    /// Whose changes of settings are refused, though they looked well.
    pub(crate) refused: BTreeSet<String>,
    /// Topics that who asks has no right to change.
    pub(crate) denied: BTreeSet<String>,
    /// Address of broker 2.
    pub(crate) other: Option<String>,
    /// Newest version of ListConfigResources.
    pub(crate) list_version: i16,
    /// Whether the second log directory has failed.
    pub(crate) has_failed_dir: bool,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            topics: [("t".to_owned(), 2), ("u".to_owned(), 1)].into(),
            elected: false,
            configs: BTreeMap::new(),
            refused: BTreeSet::new(),
            denied: BTreeSet::new(),
            other: None,
            list_version: 1,
            has_failed_dir: false,
        }
    }
}

/// The broker. Its threads end with the connections.
#[derive(Debug)]
pub(crate) struct AdminMock {
    pub(crate) address: String,
    writes: Arc<Mutex<Vec<Write>>>,
}

impl AdminMock {
    pub(crate) fn start(made: Made) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let writes = Arc::new(Mutex::new(Vec::new()));
        let broker = Broker {
            address: address.clone(),
            writes: Arc::clone(&writes),
            made: Arc::new(Mutex::new(made)),
        };
        serve(listener, move |api, asked| broker.answer(api, asked));
        Self { address, writes }
    }

    /// What it was told to change since it was last looked at.
    pub(crate) fn writes(&self) -> Vec<Write> {
        std::mem::take(&mut self.writes.lock().unwrap())
    }
}

#[derive(Clone)]
struct Broker {
    address: String,
    writes: Arc<Mutex<Vec<Write>>>,
    made: Arc<Mutex<Made>>,
}

fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

impl Broker {
    fn answer(&self, api: ApiKey, asked: &Asked) -> Bytes {
        match api {
            ApiKey::ApiVersions => asked.answer(&self.versions()),
            ApiKey::Metadata => asked.answer(&self.metadata(&asked.request())),
            ApiKey::DescribeCluster => asked.answer(&self.cluster()),
            ApiKey::DescribeConfigs => asked.answer(&self.configs(&asked.request())),
            ApiKey::ListConfigResources => asked.answer(&resources()),
            ApiKey::ListOffsets => asked.answer(&offsets(asked.request())),
            ApiKey::ListPartitionReassignments => asked.answer(&ListPartitionReassignmentsResponse::default()),
            ApiKey::DescribeLogDirs => asked.answer(&self.log_dirs()),
            _ => self.write(api, asked),
        }
    }

    fn versions(&self) -> ApiVersionsResponse {
        let list_version = self.made.lock().unwrap().list_version;
        let served = |api: &ApiKey| match api {
            ApiKey::ListConfigResources => served(api).with_max_version(list_version),
            _ => served(api),
        };
        ApiVersionsResponse::default().with_api_keys(SERVED.iter().map(served).collect())
    }

    /// Ids, hosts and ports.
    fn brokers(&self) -> Vec<(i32, String, i32)> {
        let made = self.made.lock().unwrap();
        let addresses = [Some(&self.address), made.other.as_ref()];
        let broker = |(id, address): (i32, &String)| {
            let (host, port) = address.rsplit_once(':').unwrap();
            (id, host.to_owned(), port.parse().unwrap())
        };
        (1..).zip(addresses.into_iter().flatten()).map(broker).collect()
    }

    fn metadata(&self, request: &MetadataRequest) -> MetadataResponse {
        let brokers = self.brokers().into_iter().map(|(id, host, port)| {
            MetadataResponseBroker::default()
                .with_node_id(BrokerId(id))
                .with_host(text(&host))
                .with_port(port)
        });
        let made = self.made.lock().unwrap();
        let names: Vec<String> = match &request.topics {
            None => made.topics.keys().cloned().collect(),
            Some(topics) => topics
                .iter()
                .map(|topic| topic.name.as_ref().unwrap().to_string())
                .collect(),
        };
        let topics = names.iter().map(|name| {
            let topic = MetadataResponseTopic::default().with_name(Some(topic_name(name)));
            let Some(count) = made.topics.get(name) else {
                return topic.with_error_code(UNKNOWN_TOPIC);
            };
            let partition = |index: i32| {
                let is_other = name == "t" && index == 0 && !made.elected;
                MetadataResponsePartition::default()
                    .with_partition_index(index)
                    .with_leader_id(BrokerId(if is_other { 2 } else { 1 }))
                    .with_replica_nodes(vec![BrokerId(1), BrokerId(2)])
                    .with_isr_nodes(vec![BrokerId(1), BrokerId(2)])
            };
            topic.with_partitions((0..*count).map(partition).collect())
        });
        MetadataResponse::default()
            .with_cluster_id(Some(StrBytes::from_static_str("mock-cluster")))
            .with_brokers(brokers.collect())
            .with_topics(topics.collect())
    }

    fn cluster(&self) -> DescribeClusterResponse {
        let brokers = self.brokers().into_iter().map(|(id, host, port)| {
            DescribeClusterBroker::default()
                .with_broker_id(BrokerId(id))
                .with_host(text(&host))
                .with_port(port)
        });
        DescribeClusterResponse::default().with_brokers(brokers.collect())
    }

    fn log_dirs(&self) -> DescribeLogDirsResponse {
        let partition = DescribeLogDirsPartition::default()
            .with_partition_index(0)
            .with_partition_size(7)
            .with_offset_lag(3);
        let topic = DescribeLogDirsTopic::default()
            .with_name(topic_name("t"))
            .with_partitions(vec![partition]);
        let dir = DescribeLogDirsResult::default()
            .with_log_dir(text("/a"))
            .with_topics(vec![topic])
            .with_total_bytes(100)
            .with_usable_bytes(60);
        let mut dirs = vec![dir];
        if self.made.lock().unwrap().has_failed_dir {
            dirs.push(
                DescribeLogDirsResult::default()
                    .with_log_dir(text("/b"))
                    .with_error_code(STORAGE_ERROR),
            );
        }
        DescribeLogDirsResponse::default().with_results(dirs)
    }

    fn note(&self, api: ApiKey, validate_only: bool, timeout_ms: i32) {
        self.writes.lock().unwrap().push(Write {
            api,
            validate_only,
            timeout_ms,
        });
    }

    /// What changes something.
    fn write(&self, api: ApiKey, asked: &Asked) -> Bytes {
        match api {
            ApiKey::CreateTopics => self.create_topics(asked),
            ApiKey::CreatePartitions => self.create_partitions(asked),
            ApiKey::DeleteTopics => {
                let request: DeleteTopicsRequest = asked.request();
                self.note(api, false, request.timeout_ms);
                let mut made = self.made.lock().unwrap();
                let results = request.topics.into_iter().map(|topic| {
                    let name = topic.name.as_ref().unwrap().as_str();
                    if made.denied.contains(name) {
                        return DeletableTopicResult::default()
                            .with_name(topic.name)
                            .with_error_code(TOPIC_DENIED);
                    }
                    made.topics.remove(name);
                    DeletableTopicResult::default().with_name(topic.name)
                });
                let results = results.collect();
                asked.answer(&DeleteTopicsResponse::default().with_responses(results))
            }
            ApiKey::DeleteRecords => {
                let request: DeleteRecordsRequest = asked.request();
                self.note(api, false, request.timeout_ms);
                let topics = request.topics.into_iter().map(|topic| {
                    let partitions = topic.partitions.iter().map(|partition| {
                        DeleteRecordsPartitionResult::default()
                            .with_partition_index(partition.partition_index)
                            .with_low_watermark(partition.offset)
                    });
                    let partitions = partitions.collect();
                    DeleteRecordsTopicResult::default()
                        .with_name(topic.name)
                        .with_partitions(partitions)
                });
                asked.answer(&DeleteRecordsResponse::default().with_topics(topics.collect()))
            }
            ApiKey::ElectLeaders => self.elect(asked),
            ApiKey::IncrementalAlterConfigs => self.alter_configs(asked),
            other => panic!("{other:?} is not served"),
        }
    }

    fn create_topics(&self, asked: &Asked) -> Bytes {
        let request: CreateTopicsRequest = asked.request();
        self.note(ApiKey::CreateTopics, request.validate_only, request.timeout_ms);
        let mut made = self.made.lock().unwrap();
        let topics = request.topics.into_iter().map(|topic| {
            let name = topic.name.to_string();
            let result = CreatableTopicResult::default().with_name(topic.name);
            if made.denied.contains(&name) {
                return result.with_error_code(TOPIC_DENIED);
            }
            if made.topics.contains_key(&name) {
                return result.with_error_code(TOPIC_EXISTS);
            }
            if !request.validate_only {
                made.topics.insert(name, 1);
            }
            result.with_num_partitions(1).with_replication_factor(2)
        });
        let topics = topics.collect();
        asked.answer(&CreateTopicsResponse::default().with_topics(topics))
    }

    fn create_partitions(&self, asked: &Asked) -> Bytes {
        let request: CreatePartitionsRequest = asked.request();
        self.note(ApiKey::CreatePartitions, request.validate_only, request.timeout_ms);
        let mut made = self.made.lock().unwrap();
        let results = request.topics.into_iter().map(|topic| {
            let is_denied = made.denied.contains(topic.name.as_str());
            if !request.validate_only && !is_denied {
                made.topics.insert(topic.name.to_string(), topic.count);
            }
            CreatePartitionsTopicResult::default()
                .with_name(topic.name)
                .with_error_code(if is_denied { TOPIC_DENIED } else { 0 })
        });
        let results = results.collect();
        asked.answer(&CreatePartitionsResponse::default().with_results(results))
    }

    fn elect(&self, asked: &Asked) -> Bytes {
        let request: ElectLeadersRequest = asked.request();
        self.note(ApiKey::ElectLeaders, false, request.timeout_ms);
        self.made.lock().unwrap().elected = true;
        let topics = request.topic_partitions.unwrap().into_iter().map(|topic| {
            let partitions = topic.partitions.iter();
            let partitions = partitions.map(|id| PartitionResult::default().with_partition_id(*id));
            let partitions = partitions.collect();
            ReplicaElectionResult::default()
                .with_topic(topic.topic)
                .with_partition_result(partitions)
        });
        asked.answer(&ElectLeadersResponse::default().with_replica_election_results(topics.collect()))
    }

    fn alter_configs(&self, asked: &Asked) -> Bytes {
        let request: IncrementalAlterConfigsRequest = asked.request();
        self.note(ApiKey::IncrementalAlterConfigs, request.validate_only, 0);
        let mut made = self.made.lock().unwrap();
        let responses = request.resources.into_iter().map(|resource| {
            let name = resource.resource_name.to_string();
            let is_refused = !request.validate_only && made.refused.contains(&name);
            if !request.validate_only && !is_refused {
                let keys = made.configs.entry((resource.resource_type, name)).or_default();
                let value = |value: &Option<StrBytes>| value.as_ref().map(ToString::to_string);
                keys.extend(
                    resource
                        .configs
                        .iter()
                        .map(|key| (key.name.to_string(), value(&key.value))),
                );
            }
            AlterConfigsResourceResponse::default()
                .with_resource_type(resource.resource_type)
                .with_resource_name(resource.resource_name)
                .with_error_code(if is_refused { POLICY } else { 0 })
        });
        let responses = responses.collect();
        asked.answer(&IncrementalAlterConfigsResponse::default().with_responses(responses))
    }

    /// What was set before, and what has been since.
    fn configs(&self, request: &DescribeConfigsRequest) -> DescribeConfigsResponse {
        let made = self.made.lock().unwrap();
        let mut response = configs(request);
        for result in &mut response.results {
            let source = result.configs[0].config_source;
            let key = (result.resource_type, result.resource_name.to_string());
            for (name, value) in made.configs.get(&key).into_iter().flatten() {
                result.configs.retain(|config| config.name.as_str() != name);
                let set = value.as_ref().map(|value| {
                    DescribeConfigsResourceResult::default()
                        .with_name(text(name))
                        .with_value(Some(text(value)))
                        .with_config_source(source)
                });
                result.configs.extend(set);
            }
        }
        response
    }
}

/// Each resource has one key that was set for it, and a secret that nobody is to see.
fn configs(request: &DescribeConfigsRequest) -> DescribeConfigsResponse {
    let results = request.resources.iter().map(|resource| {
        let (key, source) = match resource.resource_type {
            2 => ("segment.ms", 1),
            4 if resource.resource_name.is_empty() => ("num.io.threads", 3),
            4 => ("num.io.threads", 2),
            8 => ("root", 6),
            16 => ("interval.ms", 7),
            _ => ("consumer.session.timeout.ms", 8),
        };
        let set = DescribeConfigsResourceResult::default()
            .with_name(StrBytes::from_static_str(key))
            .with_value(Some(StrBytes::from_static_str("50000")))
            .with_config_source(source);
        let secret = DescribeConfigsResourceResult::default()
            .with_name(StrBytes::from_static_str("a.secret"))
            .with_value(Some(StrBytes::from_static_str("hunter2")))
            .with_is_sensitive(true)
            .with_config_source(4);
        DescribeConfigsResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone())
            .with_configs(vec![set, secret])
    });
    DescribeConfigsResponse::default().with_results(results.collect())
}

fn resources() -> ListConfigResourcesResponse {
    let known = ConfigResource::default()
        .with_resource_name(text("known"))
        .with_resource_type(16);
    ListConfigResourcesResponse::default().with_config_resources(vec![known])
}

fn offsets(request: ListOffsetsRequest) -> ListOffsetsResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|p| {
            ListOffsetsPartitionResponse::default()
                .with_partition_index(p.partition_index)
                .with_offset(if p.timestamp == -2 { 10 } else { 100 })
        });
        let partitions = partitions.collect();
        ListOffsetsTopicResponse::default()
            .with_name(topic.name)
            .with_partitions(partitions)
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}
