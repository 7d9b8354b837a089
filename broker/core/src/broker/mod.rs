//! The broker side of a node: partitions it leads, the image it serves, and the requests it answers.
//!
//! A [`Broker`] is shared by all connections. Each partition has a lock of its own; the image is read
//! without one.

pub mod api;
mod coordinator;
pub mod fetch_session;
mod just_fenced;
mod lost_leaders;
mod moves;
mod own_registration;
pub mod partition;
mod producer_ids;
mod publish;
mod requested_topics;
pub mod topic_names;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::task::{Poll, Waker};
use std::time::Duration;

use arc_swap::ArcSwap;
use broker_log::{DirHealth, LogContext, LogDir, Offsets};
use protocol::Uuid;
use protocol::api::fetch::NodeEndpoint;
use protocol::api::{ErrorCode, StrBytes};
use protocol::config::{Layers, NodeConfig, Values};

use crate::cx::{Now, Random};
use crate::image::{MetadataImage, ResourceType};
use crate::replication::ReplicaContext;
use fetch_session::FetchSessions;
pub use moves::MoveStep;
use partition::{Partition, PartitionError};
use producer_ids::ProducerIds;
pub use publish::RemovedDirs;

/// What a broker asks of the active controller in its own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ControllerRequest {
    /// Topics that clients asked for and that do not exist.
    CreateTopics(Vec<NewTopic>),
    /// It has no producer ids left; they come with [`Broker::add_producer_ids`].
    AllocateProducerIds,
}

/// A topic to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// Partitions; -1 for the default.
    pub partitions: i32,
    /// Replicas of each; -1 for the default.
    pub replication_factor: i16,
    /// Keys to set.
    pub configs: Vec<(String, String)>,
}

/// How a broker reaches the active controller, wherever that is.
pub trait ControllerLink: Send + Sync + fmt::Debug {
    /// Hands over a request; what comes of it comes with a later image, or as the request says.
    fn send(&self, request: ControllerRequest);
}

/// A log directory and what was found in it at the start.
#[derive(Debug)]
pub struct OpenLogDir {
    /// The directory.
    pub dir: LogDir,
    /// Its id.
    pub id: Uuid,
    /// Whether the last shutdown was clean.
    pub clean: bool,
    /// Whether it still takes writes.
    pub health: Arc<DirHealth>,
    /// From recovery-point-offset-checkpoint.
    pub recovery_points: Offsets,
    /// From log-start-offset-checkpoint.
    pub log_start_offsets: Offsets,
    /// From replication-offset-checkpoint.
    pub high_watermarks: Offsets,
}

/// A log directory that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineDir {
    /// What failed and what that means.
    pub message: String,
    /// Whether the node cannot go on without it.
    pub stops_node: bool,
}

/// What a broker is made of.
#[derive(Debug)]
pub struct BrokerParts {
    /// Its configuration.
    pub config: Arc<NodeConfig>,
    /// The cluster's id.
    pub cluster_id: String,
    /// What this process registers as.
    pub incarnation_id: Uuid,
    /// Disk, open files, memory.
    pub logs: LogContext,
    /// Its log directories.
    pub dirs: Vec<OpenLogDir>,
    /// The controller.
    pub controller: Box<dyn ControllerLink>,
    /// Randomness.
    pub random: Box<dyn Random>,
}

impl fmt::Debug for dyn Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

type Partitions = BTreeMap<(Uuid, i32), Arc<Partition>>;

/// The broker side of a node.
#[derive(Debug)]
pub struct Broker {
    config: Arc<NodeConfig>,
    cluster_id: String,
    registration: own_registration::OwnRegistration,
    logs: LogContext,
    dirs: Vec<OpenLogDir>,
    controller: Box<dyn ControllerLink>,
    random: Mutex<Box<dyn Random>>,
    image: ArcSwap<MetadataImage>,
    partitions: RwLock<Partitions>,
    replicas: Arc<ReplicaContext>,
    next_waiter_id: AtomicU64,
    sessions: FetchSessions,
    producer_ids: ProducerIds,
    shards: coordinator::Shards,
    moves: moves::Moves,
    just_fenced: just_fenced::JustFenced,
    lost_leaders: lost_leaders::LostLeaders,
    /// Held while checkpoints are written, from whichever thread.
    checkpoints: Mutex<()>,
    /// Held from the look whether logs were cut until the checkpoints say so.
    truncations: Mutex<()>,
    /// Whether the log has said that nothing is compacted.
    warned_of_compaction: AtomicBool,
    /// Topics asked of the controller and not there yet.
    creating: Mutex<std::collections::BTreeSet<String>>,
}

impl Broker {
    /// A broker without partitions; they come with the first image that has its registration.
    pub fn new(parts: BrokerParts) -> Self {
        let lag_ms = u64::try_from(parts.config.number("replica.lag.time.max.ms")).unwrap_or(0);
        let replicas = ReplicaContext::new(parts.config.node_id, Duration::from_millis(lag_ms));
        let slots = parts.config.number("max.incremental.fetch.session.cache.slots").max(0) as usize;
        Self {
            config: parts.config,
            cluster_id: parts.cluster_id,
            registration: own_registration::OwnRegistration::new(parts.incarnation_id),
            logs: parts.logs,
            moves: moves::Moves::found_in(&parts.dirs),
            just_fenced: just_fenced::JustFenced::default(),
            lost_leaders: lost_leaders::LostLeaders::default(),
            dirs: parts.dirs,
            controller: parts.controller,
            random: Mutex::new(parts.random),
            image: ArcSwap::from_pointee(MetadataImage::empty()),
            partitions: RwLock::default(),
            replicas: Arc::new(replicas),
            next_waiter_id: AtomicU64::new(1),
            sessions: FetchSessions::new(slots),
            producer_ids: ProducerIds::default(),
            shards: coordinator::Shards::default(),
            truncations: Mutex::default(),
            checkpoints: Mutex::default(),
            warned_of_compaction: AtomicBool::new(false),
            creating: Mutex::default(),
        }
    }

    /// This node's id.
    pub fn node_id(&self) -> i32 {
        self.config.node_id
    }

    /// What this process registers as.
    pub fn incarnation_id(&self) -> Uuid {
        self.registration.incarnation_id()
    }

    /// The cluster's id.
    pub fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// The configuration it was started with.
    pub fn config(&self) -> &NodeConfig {
        &self.config
    }

    /// The metadata it serves.
    pub fn image(&self) -> Arc<MetadataImage> {
        self.image.load_full()
    }

    /// A number under which an operation may wait.
    pub fn next_waiter_id(&self) -> u64 {
        self.next_waiter_id.fetch_add(1, Ordering::Relaxed)
    }

    /// 64 random bits.
    pub fn random(&self) -> u64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).next_u64()
    }

    /// Most bytes of records in a Fetch response.
    pub fn fetch_max_bytes(&self) -> usize {
        usize::try_from(self.config.number("fetch.max.bytes")).unwrap_or(0)
    }

    /// Whether consumers are sent to a replica in their rack: replica.selector.class names Kafka's selector that does.
    pub fn selects_replicas_by_rack(&self) -> bool {
        self.config.get("replica.selector.class") == Some("org.apache.kafka.common.replica.RackAwareReplicaSelector")
    }

    /// auto.create.topics.enable.
    pub fn auto_creates_topics(&self) -> bool {
        self.config.flag("auto.create.topics.enable")
    }

    /// Keys of this broker at all levels, for `read`.
    pub fn with_layers<T>(&self, image: &MetadataImage, read: impl FnOnce(Layers<'_>) -> T) -> T {
        let none = Values::new();
        let set = |name: &str| image.config(ResourceType::Broker, name).unwrap_or(&none);
        let (dynamic, dynamic_default) = (set(&self.config.node_id.to_string()), set(""));
        read(Layers {
            dynamic,
            dynamic_default,
            file: &self.config.values,
        })
    }

    /// The partition, if this broker has a replica of it.
    pub fn partition_by_id(&self, id: Uuid, index: i32) -> Result<Arc<Partition>, PartitionError> {
        let partitions = self.partitions.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(partition) = partitions.get(&(id, index)) {
            return Ok(Arc::clone(partition));
        }
        drop(partitions);
        let image = self.image.load();
        match image.topics().by_id(id) {
            None => Err(ErrorCode::UnknownTopicId.into()),
            Some(topic) => Err(self.why_not_here(topic.partition(index))),
        }
    }

    /// The partition, if this broker has a replica of it.
    pub fn partition_by_name(&self, topic: &str, index: i32) -> Result<Arc<Partition>, PartitionError> {
        let image = self.image.load();
        let Some(topic) = image.topics().by_name(topic) else {
            return Err(ErrorCode::UnknownTopicOrPartition.into());
        };
        self.partition_by_id(topic.id, index)
    }

    fn why_not_here(&self, partition: Option<&crate::image::PartitionImage>) -> PartitionError {
        match partition {
            None => ErrorCode::UnknownTopicOrPartition.into(),
            Some(partition) => PartitionError {
                current_leader: Some((partition.leader, partition.leader_epoch)),
                ..ErrorCode::NotLeaderOrFollower.into()
            },
        }
    }

    /// What its partitions share for replication: the outbox of ISR proposals is in it.
    pub fn replicas(&self) -> &Arc<ReplicaContext> {
        &self.replicas
    }

    /// Partitions this broker has, in order.
    pub fn partitions(&self) -> Vec<Arc<Partition>> {
        self.partitions
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .map(Arc::clone)
            .collect()
    }

    /// A broker that this one fetched from ended the connection and refuses another.
    pub fn note_lost_leader(&self, id: i32, now: Now) {
        self.lost_leaders.note(id, now.mono);
    }

    /// Where clients of this listener reach a live broker.
    pub fn endpoint_of(&self, id: i32, listener: &str) -> Option<NodeEndpoint> {
        let image = self.image.load();
        let broker = image.brokers().get(id).filter(|broker| !broker.fenced)?;
        let endpoint = broker.endpoint(listener)?;
        let host = StrBytes::from_string(endpoint.host.clone());
        Some((
            id,
            host,
            i32::from(endpoint.port),
            broker.rack.clone().map(StrBytes::from_string),
        ))
    }

    /// Log directories with their ids.
    pub fn log_dirs(&self) -> &[OpenLogDir] {
        &self.dirs
    }

    /// Ends when the log directory goes offline: what that means, in a sentence, and whether the node can go on.
    pub fn poll_offline(&self, home: &OpenLogDir, waker: &Waker) -> Poll<OfflineDir> {
        home.health.poll_failed(waker).map(|reason| {
            let path = home.dir.path();
            let is_metadata = path == self.config.metadata_log_dir;
            let is_last = self.dirs.iter().all(|dir| dir.health.is_failed());
            let meaning = match (is_metadata, is_last) {
                (true, _) => "it holds the metadata log, so the node stops",
                (false, true) => "no log directory is left, so the node stops",
                (false, false) => "its partitions answer KAFKA_STORAGE_ERROR until the node is started again",
            };
            OfflineDir {
                message: format!("log directory {} is offline after {reason}: {meaning}", path.display()),
                stops_node: is_metadata || is_last,
            }
        })
    }

    /// Total and usable bytes of the file system a log directory is on, if the disk can tell.
    pub fn disk_space(&self, home: &OpenLogDir) -> Option<(u64, u64)> {
        self.logs.files.disk().space(home.dir.path()).ok()
    }

    /// Asks the controller for topics that clients want and that are not there, as this broker's configuration has them.
    pub fn create_missing_topics(&self, names: &[String]) {
        let setting = |name: &str| self.config.number(name);
        let topics = names.iter().map(|name| NewTopic {
            name: name.clone(),
            partitions: i32::try_from(setting("num.partitions")).unwrap_or(-1),
            replication_factor: i16::try_from(setting("default.replication.factor")).unwrap_or(-1),
            configs: Vec::new(),
        });
        self.request_topics(topics.collect());
    }

    /// Asks the controller for topics, each once until it is there or forgotten, and for no more than a bound at a time.
    pub fn request_topics(&self, mut topics: Vec<NewTopic>) {
        let mut creating = self.creating.lock().unwrap_or_else(PoisonError::into_inner);
        topics.retain(|topic| creating.len() < requested_topics::REQUESTED_MAX && creating.insert(topic.name.clone()));
        drop(creating);
        if !topics.is_empty() {
            self.controller.send(ControllerRequest::CreateTopics(topics));
        }
    }
}

#[cfg(test)]
mod tests;
