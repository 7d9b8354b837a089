//! In which of its log directories a broker's replicas are, for the controller (AssignReplicasToDirs, KIP-858).
//!
//! Where a broker has several directories it chooses itself. What the metadata says otherwise is told until the metadata
//! says it too.

use std::collections::BTreeMap;
use std::time::Duration;

use protocol::Uuid;
use protocol::api::messages::assign_replicas_to_dirs_request as request;
use protocol::api::messages::assign_replicas_to_dirs_response::AssignReplicasToDirsResponse;
use protocol::api::{BrokerId, ErrorCode};

use super::AnnouncementStep;
use super::DIRECTORIES_FROM;
use super::backoff::Backoff;
use crate::cx::{Now, Random};
use crate::features::METADATA_VERSION;
use crate::image::MetadataImage;

const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(10);
/// What the controller has accepted is in the metadata by then, or is told again.
const SETTLE: Duration = Duration::from_secs(10);
/// Most replicas in a request, as in Apache Kafka.
const BATCH_MAX: usize = 2250;

/// A partition by its topic's id and its number.
type PartitionKey = (Uuid, i32);

/// A replica that the metadata has in another directory.
#[derive(Debug, Clone, Copy)]
struct Difference {
    directory: Uuid,
    /// It was told, and is not told again before.
    told_until: Duration,
}

/// The directories of a broker's replicas.
#[derive(Debug)]
pub struct DirectoryAssignments {
    node_id: i32,
    random: Box<dyn Random>,
    backoff: Backoff,
    broker_epoch: i64,
    differences: BTreeMap<PartitionKey, Difference>,
    in_flight: BTreeMap<PartitionKey, Uuid>,
    not_before: Duration,
}

impl DirectoryAssignments {
    /// Nothing to tell yet.
    pub fn new(node_id: i32, random: Box<dyn Random>) -> Self {
        Self {
            node_id,
            random,
            backoff: Backoff::new(BACKOFF_FIRST, BACKOFF_MAX),
            broker_epoch: -1,
            differences: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            not_before: Duration::ZERO,
        }
    }

    /// The broker serves this metadata, and has these replicas in these directories.
    pub fn published(&mut self, image: &MetadataImage, replicas: impl IntoIterator<Item = (PartitionKey, Uuid)>) {
        let own = image.brokers().get(self.node_id);
        self.broker_epoch = own.map_or(-1, |own| own.epoch);
        let before = std::mem::take(&mut self.differences);
        if image.features().level(METADATA_VERSION) < DIRECTORIES_FROM {
            return;
        }
        for (key, directory) in replicas {
            let topic = image.topics().by_id(key.0);
            let known = topic.and_then(|topic| topic.partition(key.1));
            let known = known.filter(|partition| partition.replicas.contains(&self.node_id));
            if known.is_none_or(|partition| partition.directory(self.node_id) == directory) {
                continue;
            }
            let same = before.get(&key).filter(|before| before.directory == directory);
            let new = Difference {
                directory,
                told_until: Duration::ZERO,
            };
            self.differences.insert(key, same.copied().unwrap_or(new));
        }
    }

    /// How many replicas the metadata has in other directories, for a metric.
    pub fn len(&self) -> usize {
        self.differences.len()
    }

    /// Whether the metadata has all replicas where they are.
    pub fn is_empty(&self) -> bool {
        self.differences.is_empty()
    }

    /// What is to be told next.
    pub fn next(&mut self, now: Now) -> AnnouncementStep<request::AssignReplicasToDirsRequest> {
        if !self.in_flight.is_empty() || self.broker_epoch < 0 {
            return AnnouncementStep::Wait(None);
        }
        let Some(due) = self.differences.values().map(|difference| difference.told_until).min() else {
            return AnnouncementStep::Wait(None);
        };
        let due = due.max(self.not_before);
        if due > now.mono {
            return AnnouncementStep::Wait(Some(due));
        }
        let due = self.differences.iter().filter(|(_, d)| d.told_until <= now.mono);
        self.in_flight = due.take(BATCH_MAX).map(|(key, d)| (*key, d.directory)).collect();
        AnnouncementStep::Send(self.request())
    }

    fn request(&self) -> request::AssignReplicasToDirsRequest {
        let mut directories: BTreeMap<Uuid, Vec<request::TopicData>> = BTreeMap::new();
        for ((topic_id, index), directory) in &self.in_flight {
            let topics = directories.entry(*directory).or_default();
            let partition = request::PartitionData::default().with_partition_index(*index);
            match topics
                .last_mut()
                .filter(|topic| Uuid::from(topic.topic_id) == *topic_id)
            {
                Some(topic) => topic.partitions.push(partition),
                None => topics.push(
                    request::TopicData::default()
                        .with_topic_id((*topic_id).into())
                        .with_partitions(vec![partition]),
                ),
            }
        }
        let directories = directories
            .into_iter()
            .map(|(id, topics)| request::DirectoryData::default().with_id(id.into()).with_topics(topics));
        request::AssignReplicasToDirsRequest::default()
            .with_broker_id(BrokerId(self.node_id))
            .with_broker_epoch(self.broker_epoch)
            .with_directories(directories.collect())
    }

    /// The controller's answer.
    pub fn on_response(&mut self, response: &AssignReplicasToDirsResponse, now: Now) {
        let mut sent = std::mem::take(&mut self.in_flight);
        if let Some(code) = ErrorCode::try_from_code(response.error_code) {
            return self.failed(&code.to_string(), now);
        }
        for directory in &response.directories {
            for topic in &directory.topics {
                for partition in &topic.partitions {
                    let key = (Uuid::from(topic.topic_id), partition.partition_index);
                    // One that is refused is tried again, unless the metadata takes it from this broker.
                    if partition.error_code == 0 && sent.get(&key) == Some(&Uuid::from(directory.id)) {
                        sent.remove(&key);
                        self.told(key, directory.id.into(), now.mono + SETTLE);
                    }
                }
            }
        }
        match sent.len() {
            0 => self.backoff.reset(),
            refused => self.failed(&format!("{refused} of them refused"), now),
        }
    }

    fn told(&mut self, key: PartitionKey, directory: Uuid, until: Duration) {
        if let Some(difference) = self.differences.get_mut(&key).filter(|d| d.directory == directory) {
            difference.told_until = until;
        }
    }

    /// The request on its way gets no answer.
    pub fn on_failure(&mut self, now: Now) {
        if !std::mem::take(&mut self.in_flight).is_empty() {
            self.failed("no answer", now);
        }
    }

    /// Another controller is active.
    pub fn controller_changed(&mut self, now: Now) {
        self.backoff.reset();
        self.not_before = self.not_before.min(now.mono + BACKOFF_FIRST);
    }

    fn failed(&mut self, reason: &str, now: Now) {
        self.not_before = now.mono + self.backoff.next(self.random.as_mut());
        tracing::debug!(broker = self.node_id, reason, "directories of replicas are told again");
    }
}
