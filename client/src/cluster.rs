//! Finding a cluster and the right one of its nodes.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use protocol::Uuid;
use protocol::api::messages::metadata_request::MetadataRequestTopic;
use protocol::api::messages::metadata_response::MetadataResponseBroker;
use protocol::api::messages::{MetadataRequest, MetadataResponse};
use protocol::api::{BrokerId, Decodable, ErrorCode, HeaderVersion, Request, StrBytes, TopicName};
use tokio::sync::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::conn::Connection;
use crate::controllers;
use crate::error::ClientError;
use crate::retry::{Backoff, Limit};
use crate::security::Security;

/// Wait before the second bootstrap address is tried beside the first, and so on.
const STAGGER: Duration = Duration::from_millis(150);

/// How to reach a cluster.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// host:port of some of its nodes.
    pub bootstrap: Vec<String>,
    /// What to call ourselves.
    pub client_id: String,
    /// How connections are secured.
    pub security: Security,
    /// Until when to work.
    pub limit: Limit,
}

impl ClientConfig {
    /// A connection to one of the nodes.
    pub(crate) async fn open(&self, address: &str) -> Result<Connection, ClientError> {
        Connection::open_secured(address, &self.client_id, &self.security, self.limit.deadline()).await
    }
}

/// Which nodes a client talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeRole {
    /// Brokers, which hand on what is the active controller's.
    Broker,
    /// Controllers (KIP-919), for when brokers are down.
    Controller,
}

/// A cluster.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    role: NodeRole,
    /// The connection that answered first, since the last one broke, or that to the active controller.
    any: Mutex<Arc<Connection>>,
    brokers: Mutex<BTreeMap<i32, Arc<Connection>>>,
    addresses: std::sync::Mutex<BTreeMap<i32, String>>,
    /// Leaders that were found out, by topic and partition.
    leaders: Mutex<BTreeMap<(String, i32), i32>>,
    cluster_id: String,
}

impl Client {
    /// Connects to whichever node answers first, and learns of the others.
    pub async fn connect(config: ClientConfig) -> Result<Self, ClientError> {
        let any = Arc::new(first_to_answer(&config, config.bootstrap.clone()).await?);
        let request = MetadataRequest::default()
            .with_topics(Some(vec![]))
            .with_allow_auto_topic_creation(false);
        let metadata = any.send(&request, config.limit.deadline()).await?;
        Ok(Self {
            addresses: std::sync::Mutex::new(addresses_of(&metadata)),
            leaders: Mutex::default(),
            cluster_id: metadata.cluster_id.map_or(String::new(), |id| id.to_string()),
            brokers: Mutex::default(),
            config,
            role: NodeRole::Broker,
            any: Mutex::new(any),
        })
    }

    /// Connects to whichever controller answers first, and learns of the others. The active one is looked for when it
    /// is needed.
    pub async fn connect_to_controllers(config: ClientConfig) -> Result<Self, ClientError> {
        let any = first_to_answer(&config, config.bootstrap.clone()).await?;
        let (cluster_id, addresses) = controllers::known_to(&any, config.limit.deadline()).await?;
        Ok(Self {
            addresses: std::sync::Mutex::new(addresses),
            leaders: Mutex::default(),
            cluster_id,
            brokers: Mutex::default(),
            config,
            role: NodeRole::Controller,
            any: Mutex::new(Arc::new(any)),
        })
    }

    /// Which nodes it talks to.
    pub fn role(&self) -> NodeRole {
        self.role
    }

    /// How it was told to reach the cluster.
    pub(crate) fn config(&self) -> &ClientConfig {
        &self.config
    }

    /// The cluster's id.
    pub fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// When a request that is sent now has to be answered.
    pub fn deadline(&self) -> Instant {
        self.config.limit.deadline()
    }

    /// How long a node may take to answer a request, so that the answer is back in time.
    pub fn request_timeout_ms(&self) -> i32 {
        let left = self.deadline().saturating_duration_since(Instant::now());
        i32::try_from(left.as_millis() * 9 / 10).unwrap_or(i32::MAX)
    }

    /// Ids of the brokers that were alive when metadata was last asked for, or of the controllers.
    pub fn broker_ids(&self) -> impl Iterator<Item = i32> {
        self.addresses().keys().copied().collect::<Vec<_>>().into_iter()
    }

    /// host:port of the same nodes.
    pub fn node_addresses(&self) -> BTreeMap<i32, String> {
        self.addresses().clone()
    }

    fn addresses(&self) -> std::sync::MutexGuard<'_, BTreeMap<i32, String>> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection to some node; a new one if the last broke.
    pub async fn any(&self) -> Result<Arc<Connection>, ClientError> {
        let mut any = self.any.lock().await;
        if !any.is_usable().await {
            // A bootstrap server may be gone for good while the cluster lives on.
            let addresses = with_bootstrap(&self.config, &self.addresses());
            *any = Arc::new(first_to_answer(&self.config, addresses).await?);
        }
        Ok(Arc::clone(&any))
    }

    /// Sends a request to any node; the active controller gets it from there if it is his and the node a broker.
    pub async fn send_any<R: Request>(&self, request: &R) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        self.any().await?.send(request, self.deadline()).await
    }

    /// Whether the node that is asked serves an API, before anything else is done; an error if it does not.
    pub async fn check_served<R: Request>(&self) -> Result<(), ClientError> {
        self.any().await?.version_of::<R>().map(drop)
    }

    /// From here on the active controller is asked, and not one that may lag behind; brokers are as good as any.
    pub async fn prefer_active(&self) -> Result<(), ClientError> {
        if self.role == NodeRole::Controller {
            *self.any.lock().await = self.look_for_active().await?;
        }
        Ok(())
    }

    async fn look_for_active(&self) -> Result<Arc<Connection>, ClientError> {
        let addresses = with_bootstrap(&self.config, &self.addresses());
        Ok(Arc::new(controllers::find_active(&self.config, addresses).await?))
    }

    /// Sends a request of the active controller's: through a broker, or to whichever controller that is. `code_of`
    /// reads the error of an answer.
    pub async fn send_active<R: Request>(
        &self,
        request: &R,
        code_of: impl Fn(&R::Response) -> i16,
    ) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        let mut backoff = Backoff::new(self.deadline());
        loop {
            let any = self.any().await?;
            let response = any.send(request, self.deadline()).await?;
            let code = code_of(&response);
            // A broker has looked for the active controller by itself.
            if self.role == NodeRole::Broker || !controllers::is_not_active(code) {
                return Ok(response);
            }
            backoff.again(ClientError::rejected(any.address(), code, None)).await?;
            *self.any.lock().await = self.look_for_active().await?;
        }
    }

    /// The connection to a broker.
    pub async fn broker(&self, id: i32) -> Result<Arc<Connection>, ClientError> {
        let known = self.brokers.lock().await.get(&id).cloned();
        if let Some(connection) = known
            && connection.is_usable().await
        {
            return Ok(connection);
        }
        let address = self.addresses().get(&id).cloned();
        let address = address.ok_or_else(|| ClientError::Unreachable {
            address: format!("broker {id}"),
            reason: "it is not among the live brokers".to_owned(),
        })?;
        let connection = Arc::new(self.config.open(&address).await?);
        // Whoever waits for one broker holds up nobody who wants another.
        self.brokers.lock().await.insert(id, Arc::clone(&connection));
        Ok(connection)
    }

    /// Sends a request to a broker.
    pub async fn send_to<R: Request>(&self, id: i32, request: &R) -> Result<R::Response, ClientError>
    where
        R::Response: Decodable + HeaderVersion,
    {
        self.broker(id).await?.send(request, self.deadline()).await
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
        let request = MetadataRequest::default()
            .with_topics(named)
            .with_allow_auto_topic_creation(false);
        let metadata = self.send_any(&request).await?;
        *self.addresses() = addresses_of(&metadata);
        Ok(metadata)
    }

    /// The leader of a partition, asked for once and then remembered.
    pub async fn leader(&self, topic: &str, partition: i32) -> Result<i32, ClientError> {
        let mut known = self.leaders.lock().await;
        let key = (topic.to_owned(), partition);
        if let Some(leader) = known.get(&key) {
            return Ok(*leader);
        }
        known.extend(self.leaders(std::slice::from_ref(&key.0)).await?);
        let code = ErrorCode::LeaderNotAvailable.code();
        let missing = || ClientError::rejected(format!("{topic}-{partition}"), code, None);
        known.get(&key).copied().ok_or_else(missing)
    }

    /// How many partitions a topic has.
    pub async fn partition_count(&self, topic: &str) -> Result<u32, ClientError> {
        let topics = self.metadata(Some(&[topic.to_owned()])).await?.topics;
        let found = topics.into_iter().next().ok_or_else(|| ClientError::Malformed {
            address: "the cluster".to_owned(),
            reason: "Metadata without an answer".to_owned(),
        })?;
        match found.error_code {
            0 => Ok(found.partitions.len() as u32),
            code => Err(ClientError::rejected(format!("topic {topic}"), code, None)),
        }
    }

    /// Leaders are asked for anew from here on.
    pub(crate) async fn forget_leaders(&self) {
        self.leaders.lock().await.clear();
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

fn addresses_of(metadata: &MetadataResponse) -> BTreeMap<i32, String> {
    let address = |broker: &MetadataResponseBroker| (broker.node_id.0, address_of(&broker.host, broker.port));
    metadata.brokers.iter().map(address).collect()
}

/// The addresses to start from and those that are known by now.
fn with_bootstrap(config: &ClientConfig, known: &BTreeMap<i32, String>) -> Vec<String> {
    let mut addresses = config.bootstrap.clone();
    addresses.extend(known.values().cloned());
    addresses.sort_unstable();
    addresses.dedup();
    addresses
}

pub(crate) fn address_of(host: &str, port: i32) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

async fn first_to_answer(config: &ClientConfig, addresses: Vec<String>) -> Result<Connection, ClientError> {
    let mut attempts = JoinSet::new();
    for (at, address) in addresses.into_iter().enumerate() {
        let config = config.clone();
        attempts.spawn(async move {
            sleep(STAGGER * at as u32).await;
            config.open(&address).await
        });
    }
    let mut last = ClientError::Unreachable {
        address: "the cluster".to_owned(),
        reason: "no bootstrap address was given".to_owned(),
    };
    while let Some(attempt) = attempts.join_next().await {
        match attempt {
            Ok(Ok(connection)) => return Ok(connection),
            // Who answers and does not let us in tells more than who does not answer.
            Ok(Err(error)) if error.is_about_security() || !last.is_about_security() => last = error,
            Ok(Err(_)) => {}
            Err(_) => {}
        }
    }
    Err(last)
}
