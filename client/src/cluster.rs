//! Finding a cluster and the right one of its nodes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use protocol::Uuid;
use protocol::api::messages::metadata_request::MetadataRequestTopic;
use protocol::api::messages::{MetadataRequest, MetadataResponse};
use protocol::api::{BrokerId, Decodable, HeaderVersion, Request, StrBytes, TopicName};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::conn::Connection;
use crate::error::ClientError;

/// Wait before the second bootstrap address is tried beside the first, and so on.
const STAGGER: Duration = Duration::from_millis(150);

/// How to reach a cluster.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// host:port of some of its nodes.
    pub bootstrap: Vec<String>,
    /// What to call ourselves.
    pub client_id: String,
    /// When everything has to be done.
    pub deadline: Instant,
}

/// A cluster.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    /// The connection that answered first.
    any: Arc<Connection>,
    brokers: Mutex<BTreeMap<i32, Arc<Connection>>>,
    addresses: BTreeMap<i32, String>,
    cluster_id: String,
}

impl Client {
    /// Connects to whichever node answers first, and learns of the others.
    pub async fn connect(config: ClientConfig) -> Result<Self, ClientError> {
        let any = Arc::new(first_to_answer(&config).await?);
        let request = MetadataRequest::default()
            .with_topics(Some(vec![]))
            .with_allow_auto_topic_creation(false);
        let metadata = any.send(&request, config.deadline).await?;
        let addresses = metadata
            .brokers
            .iter()
            .map(|broker| (broker.node_id.0, address_of(&broker.host, broker.port)));
        Ok(Self {
            addresses: addresses.collect(),
            cluster_id: metadata.cluster_id.map_or(String::new(), |id| id.to_string()),
            brokers: Mutex::default(),
            config,
            any,
        })
    }

    /// The cluster's id.
    pub fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// When everything has to be done.
    pub fn deadline(&self) -> Instant {
        self.config.deadline
    }

    /// Ids of the live brokers.
    pub fn broker_ids(&self) -> impl Iterator<Item = i32> {
        self.addresses.keys().copied()
    }

    /// The connection to some node.
    pub fn any(&self) -> &Connection {
        &self.any
    }

    /// Sends a request to any node; the active controller gets it from there if it is his.
    pub async fn send_any<R: Request>(&self, request: &R) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        self.any.send(request, self.config.deadline).await
    }

    /// The connection to a broker.
    pub async fn broker(&self, id: i32) -> Result<Arc<Connection>, ClientError> {
        let mut brokers = self.brokers.lock().await;
        if let Some(connection) = brokers.get(&id)
            && connection.is_usable().await
        {
            return Ok(Arc::clone(connection));
        }
        let address = self.addresses.get(&id).ok_or_else(|| ClientError::Unreachable {
            address: format!("broker {id}"),
            reason: "it is not among the live brokers".to_owned(),
        })?;
        let connection = Connection::open(address, &self.config.client_id, self.config.deadline).await?;
        let connection = Arc::new(connection);
        brokers.insert(id, Arc::clone(&connection));
        Ok(connection)
    }

    /// Sends a request to a broker.
    pub async fn send_to<R: Request>(&self, id: i32, request: &R) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        self.broker(id).await?.send(request, self.config.deadline).await
    }

    /// Metadata of these topics, or of all; none is created on the way.
    pub async fn metadata(&self, topics: Option<&[String]>) -> Result<MetadataResponse, ClientError> {
        let named = topics.map(|topics| {
            let topic = |name: &String| {
                MetadataRequestTopic::default()
                    .with_topic_id(Uuid::ZERO.into())
                    .with_name(Some(TopicName(StrBytes::from_string(name.clone()))))
            };
            topics.iter().map(topic).collect()
        });
        self.send_any(
            &MetadataRequest::default()
                .with_topics(named)
                .with_allow_auto_topic_creation(false),
        )
        .await
    }

    /// Leaders of partitions by topic name; those without a leader are missing.
    pub async fn leaders(&self, topics: &[String]) -> Result<BTreeMap<(String, i32), i32>, ClientError> {
        let metadata = self.metadata(Some(topics)).await?;
        let mut leaders = BTreeMap::new();
        for topic in metadata.topics {
            let Some(name) = topic.name else { continue };
            if topic.error_code != 0 {
                return Err(ClientError::rejected(
                    format!("topic {}", name.as_str()),
                    topic.error_code,
                    None,
                ));
            }
            for partition in topic.partitions {
                if partition.leader_id != BrokerId(-1) {
                    leaders.insert((name.to_string(), partition.partition_index), partition.leader_id.0);
                }
            }
        }
        Ok(leaders)
    }
}

fn address_of(host: &str, port: i32) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

async fn first_to_answer(config: &ClientConfig) -> Result<Connection, ClientError> {
    let mut attempts = JoinSet::new();
    for (at, address) in config.bootstrap.iter().cloned().enumerate() {
        let config = config.clone();
        attempts.spawn(async move {
            sleep(STAGGER * at as u32).await;
            Connection::open(&address, &config.client_id, config.deadline).await
        });
    }
    let mut last = ClientError::Unreachable {
        address: "the cluster".to_owned(),
        reason: "no bootstrap address was given".to_owned(),
    };
    while let Some(attempt) = attempts.join_next().await {
        match attempt {
            Ok(Ok(connection)) => return Ok(connection),
            Ok(Err(error)) => last = error,
            Err(_) => {}
        }
    }
    Err(last)
}
