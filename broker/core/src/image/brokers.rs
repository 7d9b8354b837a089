//! Registered brokers.

use protocol::Uuid;
use protocol::messages::metadata::{BrokerRegistrationChangeRecord, RegisterBrokerRecord};
use rpds::RedBlackTreeMapSync;

/// Where a listener is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListenerEndpoint {
    /// The listener's name.
    pub name: String,
    /// Host.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Kafka's number of its security protocol.
    pub security_protocol: i16,
}

/// A registered broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerImage {
    /// Its id.
    pub id: i32,
    /// Offset of its registration.
    pub epoch: i64,
    /// Drawn anew at each start.
    pub incarnation_id: Uuid,
    /// Where it is reached.
    pub endpoints: Vec<ListenerEndpoint>,
    /// Name, lowest and highest level of the features it supports.
    pub features: Vec<(String, i16, i16)>,
    /// Its rack.
    pub rack: Option<String>,
    /// Whether it may not lead.
    pub fenced: bool,
    /// Whether it is shutting down.
    pub in_controlled_shutdown: bool,
    /// Its log directories.
    pub log_dirs: Vec<Uuid>,
    /// Those that get no new replicas.
    pub cordoned_log_dirs: Vec<Uuid>,
}

impl BrokerImage {
    /// Where this listener is reached.
    pub fn endpoint(&self, listener: &str) -> Option<&ListenerEndpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name == listener)
    }
}

impl From<&RegisterBrokerRecord> for BrokerImage {
    fn from(record: &RegisterBrokerRecord) -> Self {
        let endpoints = record.end_points.iter().map(|endpoint| ListenerEndpoint {
            name: endpoint.name.clone(),
            host: endpoint.host.clone(),
            port: endpoint.port,
            security_protocol: endpoint.security_protocol,
        });
        let features = record.features.iter();
        Self {
            id: record.broker_id,
            epoch: record.broker_epoch,
            incarnation_id: record.incarnation_id,
            endpoints: endpoints.collect(),
            features: features
                .map(|f| (f.name.clone(), f.min_supported_version, f.max_supported_version))
                .collect(),
            rack: record.rack.clone(),
            fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            log_dirs: record.log_dirs.clone(),
            cordoned_log_dirs: record.cordoned_log_dirs.clone().unwrap_or_default(),
        }
    }
}

/// All registered brokers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brokers {
    by_id: RedBlackTreeMapSync<i32, BrokerImage>,
}

impl Brokers {
    /// By id.
    pub fn get(&self, id: i32) -> Option<&BrokerImage> {
        self.by_id.get(&id)
    }

    /// In the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &BrokerImage> {
        self.by_id.values()
    }

    /// Whether it is registered and not fenced.
    pub fn is_alive(&self, id: i32) -> bool {
        self.get(id).is_some_and(|broker| !broker.fenced)
    }

    pub(super) fn register(&mut self, record: &RegisterBrokerRecord) {
        self.by_id.insert_mut(record.broker_id, record.into());
    }

    pub(super) fn unregister(&mut self, id: i32) {
        self.by_id.remove_mut(&id);
    }

    pub(super) fn set_fenced(&mut self, id: i32, fenced: bool) {
        if let Some(broker) = self.by_id.get_mut(&id) {
            broker.fenced = fenced;
        }
    }

    pub(super) fn change(&mut self, record: &BrokerRegistrationChangeRecord) {
        let Some(broker) = self.by_id.get_mut(&record.broker_id) else {
            return;
        };
        match record.fenced {
            1 => broker.fenced = true,
            -1 => broker.fenced = false,
            _ => {}
        }
        if record.in_controlled_shutdown == 1 {
            broker.in_controlled_shutdown = true;
        }
        if !record.log_dirs.is_empty() {
            broker.log_dirs.clone_from(&record.log_dirs);
        }
        if let Some(cordoned) = &record.cordoned_log_dirs {
            broker.cordoned_log_dirs.clone_from(cordoned);
        }
    }
}
