//! Controllers that are made up: each answers what a controller answers, and one of them leads.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use protocol::Uuid;
use protocol::api::messages::api_versions_response::ApiVersion;
use protocol::api::messages::describe_cluster_response::DescribeClusterBroker;
use protocol::api::messages::describe_quorum_response::{PartitionData, ReplicaState, TopicData};
use protocol::api::messages::{
    AddRaftVoterResponse, ApiVersionsResponse, DescribeClusterResponse, DescribeQuorumResponse,
    UnregisterBrokerResponse,
};
use protocol::api::{ApiKey, BrokerId, ErrorCode, RequestHeader, StrBytes, encode_response, split_request};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::admin::quorum::Voter;
use crate::cluster::{Client, ClientConfig};
use crate::conn::deadline_in;
use crate::error::ClientError;
use crate::retry::Limit;
use crate::security::Security;

const NOT_CONTROLLER: i16 = 41;
const SERVED: [ApiKey; 5] = [
    ApiKey::ApiVersions,
    ApiKey::DescribeQuorum,
    ApiKey::DescribeCluster,
    ApiKey::UnregisterBroker,
    ApiKey::AddRaftVoter,
];

/// Controllers 0 to n-1, of which one leads, or nobody.
struct Controllers {
    addresses: Vec<String>,
    leader: Arc<AtomicI32>,
    /// So often it is to be asked who leads until controller 0 is elected; negative for never.
    elected_in: Arc<AtomicI32>,
}

impl Controllers {
    async fn start(count: i32, leader: i32) -> Self {
        let (leader, elected_in) = (Arc::new(AtomicI32::new(leader)), Arc::new(AtomicI32::new(-1)));
        let mut listeners = Vec::new();
        for _ in 0..count {
            listeners.push(TcpListener::bind("127.0.0.1:0").await.unwrap());
        }
        let ports: Vec<u16> = listeners.iter().map(|l| l.local_addr().unwrap().port()).collect();
        for (id, listener) in (0..).zip(listeners) {
            let controller = Controller {
                id,
                ports: ports.clone(),
                leader: Arc::clone(&leader),
                elected_in: Arc::clone(&elected_in),
            };
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(controller.clone().serve(stream));
                }
            });
        }
        Self {
            addresses: ports.iter().map(|port| format!("127.0.0.1:{port}")).collect(),
            leader,
            elected_in,
        }
    }

    async fn connect(&self, bootstrap: Vec<String>, timeout_ms: u64) -> Result<Client, ClientError> {
        let config = ClientConfig {
            bootstrap,
            client_id: "test".to_owned(),
            security: Security::default(),
            limit: Limit::Until(deadline_in(Duration::from_millis(timeout_ms))),
        };
        Client::connect_to_controllers(config).await
    }
}

#[derive(Clone)]
struct Controller {
    id: i32,
    ports: Vec<u16>,
    leader: Arc<AtomicI32>,
    elected_in: Arc<AtomicI32>,
}

impl Controller {
    async fn serve(self, mut stream: TcpStream) -> Option<()> {
        loop {
            let length = stream.read_i32().await.ok()?;
            let mut frame = vec![0; length as usize];
            stream.read_exact(&mut frame).await.ok()?;
            let (header, _) = split_request(Bytes::from(frame)).unwrap();
            stream.write_all(&self.answer(&header)).await.ok()?;
        }
    }

    fn answer(&self, header: &RequestHeader) -> Bytes {
        let (key, version, id) = (header.api_key, header.api_version, header.correlation_id);
        let leader = self.leader.load(Ordering::SeqCst);
        let code = if leader == self.id { 0 } else { NOT_CONTROLLER };
        let encoded = match ApiKey::try_from(key).unwrap() {
            ApiKey::ApiVersions => {
                let served = |api: &ApiKey| {
                    let versions = api.valid_versions();
                    ApiVersion::default()
                        .with_api_key(*api as i16)
                        .with_min_version(versions.min)
                        .with_max_version(versions.max)
                };
                let response = ApiVersionsResponse::default().with_api_keys(SERVED.iter().map(served).collect());
                encode_response(key, version, id, &response)
            }
            ApiKey::DescribeCluster => {
                let node = |(id, port): (i32, &u16)| {
                    DescribeClusterBroker::default()
                        .with_broker_id(BrokerId(id))
                        .with_host(StrBytes::from_static_str("127.0.0.1"))
                        .with_port(i32::from(*port))
                };
                let response = DescribeClusterResponse::default()
                    .with_cluster_id(StrBytes::from_static_str("cluster"))
                    .with_brokers((0..).zip(&self.ports).map(node).collect());
                encode_response(key, version, id, &response)
            }
            ApiKey::DescribeQuorum => {
                if self.elected_in.fetch_sub(1, Ordering::SeqCst) == 0 {
                    self.leader.store(0, Ordering::SeqCst);
                }
                let voter = ReplicaState::default().with_replica_id(BrokerId(self.id));
                // As Kafka does: the error stands at the partition.
                let partition = PartitionData::default()
                    .with_error_code(if code == 0 {
                        0
                    } else {
                        ErrorCode::NotLeaderOrFollower.code()
                    })
                    .with_leader_id(BrokerId(leader))
                    .with_current_voters(vec![voter]);
                let topic = TopicData::default().with_partitions(vec![partition]);
                encode_response(
                    key,
                    version,
                    id,
                    &DescribeQuorumResponse::default().with_topics(vec![topic]),
                )
            }
            ApiKey::AddRaftVoter => {
                encode_response(key, version, id, &AddRaftVoterResponse::default().with_error_code(code))
            }
            _ => encode_response(
                key,
                version,
                id,
                &UnregisterBrokerResponse::default().with_error_code(code),
            ),
        };
        encoded.unwrap()
    }
}

#[tokio::test]
async fn whoever_is_named_the_active_one_is_asked_and_followed_when_it_changes() {
    let controllers = Controllers::start(3, 1).await;
    let client = controllers
        .connect(vec![controllers.addresses[2].clone()], 5000)
        .await
        .unwrap();
    assert_eq!((client.cluster_id(), client.broker_ids().count()), ("cluster", 3));
    assert_eq!(client.describe_quorum().await.unwrap().leader_id, 1);
    for next in [0, 2, 2, 1] {
        controllers.leader.store(next, Ordering::SeqCst);
        assert!(client.unregister_broker(7).await.unwrap(), "controller {next} leads");
        assert_eq!(
            client.any().await.unwrap().address(),
            controllers.addresses[next as usize]
        );
    }
    controllers.leader.store(0, Ordering::SeqCst);
    client.prefer_active().await.unwrap();
    assert_eq!(client.any().await.unwrap().address(), controllers.addresses[0]);
    let voter = Voter {
        id: 9,
        directory_id: Uuid::from_u128(1000),
        endpoints: vec![],
    };
    controllers.leader.store(1, Ordering::SeqCst);
    client.add_voter(&voter).await.unwrap();
}

#[tokio::test]
async fn a_dead_address_among_others_does_no_harm() {
    let controllers = Controllers::start(2, 1).await;
    let dead = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let bootstrap = vec![dead.clone(), controllers.addresses[0].clone()];
    let client = controllers.connect(bootstrap, 5000).await.unwrap();
    assert_eq!(client.describe_quorum().await.unwrap().leader_id, 1);
    let error = controllers.connect(vec![dead], 5000).await.unwrap_err();
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
}

#[tokio::test]
async fn an_election_is_waited_for_as_long_as_there_is_time() {
    let controllers = Controllers::start(2, -1).await;
    let client = controllers
        .connect(controllers.addresses.clone(), 10_000)
        .await
        .unwrap();
    controllers.elected_in.store(5, Ordering::SeqCst);
    let quorum = client.describe_quorum().await;
    assert_eq!(quorum.unwrap().leader_id, 0);
    controllers.leader.store(-1, Ordering::SeqCst);
    let client = controllers.connect(controllers.addresses.clone(), 300).await.unwrap();
    let error = client.describe_quorum().await.unwrap_err();
    assert!(
        error.to_string().contains("none of them is the active controller"),
        "{error}"
    );
    // What needs no leader is answered all the same.
    assert_eq!(client.node_addresses().len(), 2);
}
