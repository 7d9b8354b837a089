//! A broker that is made up: it answers what tools ask about the quorum, features and nodes, and keeps a list of what it was
//! told to change.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use protocol::Uuid;
use protocol::api::messages::api_versions_response::FinalizedFeatureKey;
use protocol::api::messages::describe_cluster_response::DescribeClusterBroker;
use protocol::api::messages::describe_quorum_response::{PartitionData, ReplicaState, TopicData};
use protocol::api::messages::metadata_response::MetadataResponseBroker;
use protocol::api::messages::{
    AddRaftVoterResponse, ApiVersionsResponse, DescribeClusterResponse, DescribeQuorumResponse, MetadataResponse,
    RemoveRaftVoterResponse, UnregisterBrokerResponse, UpdateFeaturesRequest, UpdateFeaturesResponse,
};
use protocol::api::{ApiKey, BrokerId, StrBytes, TopicName};

use super::mock::{Asked, serve, served, text};

/// What it serves.
const SERVED: [ApiKey; 8] = [
    ApiKey::ApiVersions,
    ApiKey::Metadata,
    ApiKey::DescribeCluster,
    ApiKey::DescribeQuorum,
    ApiKey::AddRaftVoter,
    ApiKey::RemoveRaftVoter,
    ApiKey::UpdateFeatures,
    ApiKey::UnregisterBroker,
];

/// Controller 1 leads, 2 votes, 3 follows; broker 4 is fenced; metadata.version is at 25.
#[derive(Debug, Default)]
struct State {
    writes: Vec<ApiKey>,
    level: i16,
}

/// The broker. Its threads end with the connections.
#[derive(Debug)]
pub(crate) struct QuorumMock {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

/// The directory of a controller.
pub(crate) fn directory(id: i32) -> Uuid {
    let first = ["A", "B", "C", "D"][id as usize];
    format!("{first}{}", "A".repeat(21)).parse().unwrap()
}

impl QuorumMock {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let state = Arc::new(Mutex::new(State {
            level: 25,
            ..State::default()
        }));
        let broker = Broker {
            port: listener.local_addr().unwrap().port(),
            state: Arc::clone(&state),
        };
        serve(listener, move |api, asked| broker.answer(api, asked));
        Self { address, state }
    }

    /// What it was told to change.
    pub(crate) fn writes(&self) -> Vec<ApiKey> {
        self.state.lock().unwrap().writes.clone()
    }
}

#[derive(Clone)]
struct Broker {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Broker {
    fn answer(&self, api: ApiKey, asked: &Asked) -> Bytes {
        match api {
            ApiKey::ApiVersions => asked.answer(&self.versions()),
            ApiKey::Metadata => asked.answer(&self.metadata()),
            ApiKey::DescribeCluster => asked.answer(&self.cluster()),
            ApiKey::DescribeQuorum => asked.answer(&self.quorum()),
            ApiKey::UpdateFeatures => {
                let request: UpdateFeaturesRequest = asked.request();
                if !request.validate_only {
                    self.note(api);
                    self.state.lock().unwrap().level = request.feature_updates[0].max_version_level;
                }
                asked.answer(&UpdateFeaturesResponse::default())
            }
            ApiKey::AddRaftVoter => {
                self.note(api);
                asked.answer(&AddRaftVoterResponse::default())
            }
            ApiKey::RemoveRaftVoter => {
                self.note(api);
                asked.answer(&RemoveRaftVoterResponse::default())
            }
            ApiKey::UnregisterBroker => {
                self.note(api);
                asked.answer(&UnregisterBrokerResponse::default())
            }
            other => panic!("it does not serve {other:?}"),
        }
    }

    fn note(&self, api: ApiKey) {
        self.state.lock().unwrap().writes.push(api);
    }

    fn was_told(&self, api: ApiKey) -> bool {
        self.state.lock().unwrap().writes.contains(&api)
    }

    fn versions(&self) -> ApiVersionsResponse {
        let level = self.state.lock().unwrap().level;
        let feature = FinalizedFeatureKey::default()
            .with_name(StrBytes::from_static_str("metadata.version"))
            .with_max_version_level(level)
            .with_min_version_level(level);
        ApiVersionsResponse::default()
            .with_api_keys(SERVED.iter().map(served).collect())
            .with_finalized_features_epoch(1)
            .with_finalized_features(vec![feature])
    }

    fn metadata(&self) -> MetadataResponse {
        let broker = MetadataResponseBroker::default()
            .with_node_id(BrokerId(1))
            .with_host(text("127.0.0.1"))
            .with_port(self.port.into());
        MetadataResponse::default()
            .with_cluster_id(Some(StrBytes::from_static_str("mock-cluster")))
            .with_brokers(vec![broker])
    }

    fn cluster(&self) -> DescribeClusterResponse {
        let broker = |id: i32| {
            DescribeClusterBroker::default()
                .with_broker_id(BrokerId(id))
                .with_host(text("127.0.0.1"))
                .with_port(self.port.into())
                .with_is_fenced(id == 4)
        };
        let mut brokers = vec![broker(1)];
        if !self.was_told(ApiKey::UnregisterBroker) {
            brokers.push(broker(4));
        }
        DescribeClusterResponse::default().with_brokers(brokers)
    }

    fn quorum(&self) -> DescribeQuorumResponse {
        let replica = |id: i32| {
            ReplicaState::default()
                .with_replica_id(BrokerId(id))
                .with_replica_directory_id(directory(id).into())
                .with_log_end_offset(9)
        };
        let mut voters = vec![replica(1)];
        if !self.was_told(ApiKey::RemoveRaftVoter) {
            voters.push(replica(2));
        }
        let mut observers = Vec::new();
        if self.was_told(ApiKey::AddRaftVoter) {
            voters.push(replica(3));
        } else {
            observers.push(replica(3));
        }
        let partition = PartitionData::default()
            .with_leader_id(BrokerId(1))
            .with_leader_epoch(1)
            .with_high_watermark(9)
            .with_current_voters(voters)
            .with_observers(observers);
        let topic = TopicData::default()
            .with_topic_name(TopicName(StrBytes::from_static_str("__cluster_metadata")))
            .with_partitions(vec![partition]);
        DescribeQuorumResponse::default().with_topics(vec![topic])
    }
}
