//! What a node says of itself, and how long it waits for what.

use std::time::Duration;

use protocol::Uuid;
use protocol::config::NodeConfig;

use crate::features::SupportedFeature;
use crate::image::ListenerEndpoint;

/// How long a broker waits to be let go, as Apache Kafka's does.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(300);

/// How long a broker waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifecycleTimeouts {
    /// broker.heartbeat.interval.ms: between two heartbeats when nothing happens.
    pub heartbeat_interval: Duration,
    /// broker.session.timeout.ms: a broker that was not heard of for so long is fenced.
    pub session: Duration,
    /// initial.broker.registration.timeout.ms: a broker that has not registered by then gives up.
    pub registration: Duration,
    /// log.dir.failure.timeout.ms: a broker gives up if the controller does not hear of a failed directory in this time.
    pub directory_failure: Duration,
    /// After so long in its controlled shutdown a broker stops without the controller's permission.
    pub shutdown: Duration,
}

impl LifecycleTimeouts {
    /// As a node is configured.
    pub fn of(config: &NodeConfig) -> Self {
        let ms = |name: &str| Duration::from_millis(config.number(name).max(1).unsigned_abs());
        Self {
            heartbeat_interval: ms("broker.heartbeat.interval.ms"),
            session: ms("broker.session.timeout.ms"),
            registration: ms("initial.broker.registration.timeout.ms"),
            directory_failure: ms("log.dir.failure.timeout.ms"),
            shutdown: SHUTDOWN_TIMEOUT,
        }
    }
}

/// What a broker says of itself.
#[derive(Debug, Clone)]
pub struct BrokerLifecycleConfig {
    /// Its node id.
    pub node_id: i32,
    /// The cluster it was formatted for.
    pub cluster_id: String,
    /// Drawn anew at each start.
    pub incarnation_id: Uuid,
    /// Where clients and other brokers reach it.
    pub endpoints: Vec<ListenerEndpoint>,
    /// Its rack.
    pub rack: Option<String>,
    /// Ids of its log directories.
    pub log_dirs: Vec<Uuid>,
    /// The epoch that `.kafka_cleanshutdown` names, -1 without one: whether it still has all it acknowledged (KIP-966).
    pub previous_broker_epoch: i64,
    /// Features it supports.
    pub features: Vec<SupportedFeature>,
    /// How long it waits for what.
    pub timeouts: LifecycleTimeouts,
}

/// What a controller says of itself.
#[derive(Debug, Clone)]
pub struct ControllerLifecycleConfig {
    /// Its node id.
    pub node_id: i32,
    /// Drawn anew at each start.
    pub incarnation_id: Uuid,
    /// Where it is reached as a controller.
    pub endpoints: Vec<ListenerEndpoint>,
    /// Features it supports.
    pub features: Vec<SupportedFeature>,
}
