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
    /// Offset of the latest record of its registration, which a broker has to know before it may serve.
    pub registered_at: i64,
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
    /// Those that get no new replicas; none at all before the broker has told (KIP-1066).
    pub cordoned_log_dirs: Option<Vec<Uuid>>,
}

impl BrokerImage {
    /// Where this listener is reached.
    pub fn endpoint(&self, listener: &str) -> Option<&ListenerEndpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name == listener)
    }

    /// Whether it may lead: neither fenced nor shutting down.
    pub fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }

    /// Whether a directory is in use there. One that is not known yet counts as such, and so does any if the
    /// broker registered when registrations did not name them.
    pub fn has_online_dir(&self, directory: Uuid) -> bool {
        if directory == Uuid::ZERO || directory == Uuid::ONE {
            return true;
        }
        directory != Uuid::TWO && (self.log_dirs.is_empty() || self.log_dirs.contains(&directory))
    }

    /// Whether new replicas find a directory there.
    pub fn takes_replicas(&self) -> bool {
        let Some(cordoned) = &self.cordoned_log_dirs else {
            return true;
        };
        self.log_dirs.is_empty() || self.log_dirs.iter().any(|dir| !cordoned.contains(dir))
    }
}

impl BrokerImage {
    fn registered(record: &RegisterBrokerRecord, offset: i64) -> Self {
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
            // In a snapshot offsets are positions; the epoch is a lower bound there.
            registered_at: record.broker_epoch.max(offset),
            endpoints: endpoints.collect(),
            features: features
                .map(|f| (f.name.clone(), f.min_supported_version, f.max_supported_version))
                .collect(),
            rack: record.rack.clone(),
            fenced: record.fenced,
            in_controlled_shutdown: record.in_controlled_shutdown,
            log_dirs: record.log_dirs.clone(),
            cordoned_log_dirs: record.cordoned_log_dirs.clone(),
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

    /// Whether it is registered, not fenced and not shutting down.
    pub fn is_active(&self, id: i32) -> bool {
        self.get(id).is_some_and(BrokerImage::is_active)
    }

    pub(super) fn register(&mut self, record: &RegisterBrokerRecord, offset: i64) {
        self.by_id
            .insert_mut(record.broker_id, BrokerImage::registered(record, offset));
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
        if record.cordoned_log_dirs.is_some() {
            broker.cordoned_log_dirs.clone_from(&record.cordoned_log_dirs);
        }
    }
}
