//! Records in the making, and what the cluster is like once they are applied: each change sees those before it.

use protocol::Uuid;
use protocol::config::{self, Layers, NodeConfig, Scope, Values};
use protocol::messages::metadata::{BrokerRegistrationChangeRecord, Record, UnregisterBrokerRecord};

use super::Controller;
use super::partition_change::{Election, NO_LEADER, PartitionChange, Rules};
use crate::features::{ELR_VERSION, METADATA_VERSION};
use crate::image::{BrokerImage, MetadataImage, PartitionImage, ResourceType, TopicImage};

/// `fenced` in a change record: the broker is fenced.
pub(super) const FENCE: i8 = 1;
/// `fenced` in a change record: the broker is no longer fenced.
pub(super) const UNFENCE: i8 = -1;
/// `in_controlled_shutdown` in a change record: the broker is shutting down.
pub(super) const SHUTTING_DOWN: i8 = 1;

/// A partition by its topic's id and its index.
pub(super) type PartitionId = (Uuid, i32);

/// Records that are to be appended together.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    config: &'a NodeConfig,
    image: MetadataImage,
    records: Vec<Record>,
    /// Brokers that are fenced although they may be alive; none if it is not known yet who is.
    suspected: Option<Vec<i32>>,
}

impl<'a> Draft<'a> {
    /// Nothing yet, on top of the latest image.
    pub(super) fn new(controller: &'a Controller) -> Self {
        let knows = controller.sessions.is_settled() || !controller.fences_fast();
        Self {
            config: &controller.config,
            image: controller.latest.clone(),
            records: Vec::new(),
            suspected: knows.then(|| controller.sessions.suspected()),
        }
    }

    /// The cluster with the records so far.
    pub(super) fn image(&self) -> &MetadataImage {
        &self.image
    }

    /// How many records there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    /// The records.
    pub(super) fn into_records(self) -> Vec<Record> {
        self.records
    }

    /// Adds a record. One that does not apply is found out when all are appended.
    pub(super) fn push(&mut self, record: impl Into<Record>) {
        let record = record.into();
        if let Err(error) = self.image.apply(record.clone()) {
            tracing::error!(%error, "planned a metadata record that does not apply");
        }
        self.records.push(record);
    }

    fn level(&self) -> i16 {
        self.image.features().level(METADATA_VERSION)
    }

    fn topic_value(&self, topic: &str, name: &str) -> Option<String> {
        let empty = Values::new();
        let set = |kind, name: &str| self.image.config(kind, name).unwrap_or(&empty);
        let layers = Layers {
            dynamic: set(ResourceType::Broker, &self.config.node_id.to_string()),
            dynamic_default: set(ResourceType::Broker, ""),
            file: &self.config.values,
        };
        let key = config::lookup(Scope::Topic, name)?;
        config::topic_value(key, set(ResourceType::Topic, topic), layers).0
    }

    /// min.insync.replicas of a topic, at most its replication factor.
    pub(super) fn min_isr(&self, topic: &TopicImage) -> usize {
        let set = self.topic_value(&topic.name, "min.insync.replicas");
        let set = set.and_then(|text| text.parse().ok()).unwrap_or(1);
        topic
            .partition(0)
            .map_or(set, |partition| set.min(partition.replicas.len()))
    }

    /// Whether a replica of a topic may lead that is not in sync.
    pub(super) fn is_unclean(&self, topic: &str) -> bool {
        let set = self.topic_value(topic, "unclean.leader.election.enable");
        set.is_some_and(|text| text.eq_ignore_ascii_case("true"))
    }

    /// Whether an unclean election is due without anybody asking for it: not as long as a broker that has everything
    /// may still be alive.
    pub(super) fn is_unclean_due(&self, topic: &str, partition: &PartitionImage) -> bool {
        let members = || {
            partition
                .isr
                .iter()
                .chain(&partition.elr)
                .chain(&partition.last_known_elr)
        };
        let suspected = self.suspected.as_ref();
        suspected.is_some_and(|suspected| !members().any(|id| suspected.contains(id))) && self.is_unclean(topic)
    }

    /// A partition to be changed; a broker that may not lead although it looks as if it might is left out.
    pub(super) fn change<'b>(
        &'b self,
        topic: &TopicImage,
        partition: &'b PartitionImage,
        except: Option<i32>,
    ) -> PartitionChange<'b> {
        let brokers = self.image.brokers();
        let can_lead = move |id: i32| {
            let alive = brokers
                .get(id)
                .filter(|broker| broker.is_active() && except != Some(id));
            alive.is_some_and(|broker| broker.has_online_dir(partition.directory(id)))
        };
        let rules = Rules {
            level: self.level(),
            min_isr: self.min_isr(topic),
            elr: self.image.features().level(ELR_VERSION) > 0,
            can_lead: Box::new(can_lead),
            directory: Box::new(move |id| default_directory(brokers.get(id))),
        };
        PartitionChange::new(partition, rules)
    }

    /// Changes a partition if `how` says so.
    pub(super) fn change_partition(
        &mut self,
        (topic_id, index): PartitionId,
        except: Option<i32>,
        how: impl FnOnce(&Self, &TopicImage, &mut PartitionChange<'_>),
    ) -> bool {
        let Some(topic) = self.image.topics().by_id(topic_id) else {
            return false;
        };
        let Some(partition) = topic.partition(index) else {
            return false;
        };
        let mut change = self.change(topic, partition, except);
        how(self, topic, &mut change);
        let Some(record) = change.record(topic_id, index) else {
            return false;
        };
        self.push(record);
        true
    }

    /// Partitions that a predicate picks.
    pub(super) fn partitions(&self, picks: impl Fn(&PartitionImage) -> bool) -> Vec<PartitionId> {
        let all = self.image.topics().iter();
        all.flat_map(|topic| {
            topic
                .partitions()
                .map(|(index, partition)| (topic.id, index, partition))
        })
        .filter(|(_, _, partition)| picks(partition))
        .map(|(id, index, _)| (id, index))
        .collect()
    }

    /// Whether a broker leads anything.
    pub(super) fn leads(&self, id: i32) -> bool {
        let mut all = self.image.topics().iter();
        all.any(|topic| topic.partitions().any(|(_, partition)| partition.leader == id))
    }

    /// Elects leaders, without a broker that goes or that lost what it had not written to disk.
    pub(super) fn update(&mut self, partitions: Vec<PartitionId>, remove: Option<i32>, unclean: Option<i32>) {
        let gone = remove.or(unclean);
        for partition in partitions {
            self.change_partition(partition, gone, |draft, topic, change| {
                if draft.is_unclean_due(&topic.name, change.partition()) {
                    change.election = Election::Unclean;
                }
                change.unclean_shutdown = unclean;
                change.isr.retain(|id| gone != Some(*id));
            });
        }
    }

    /// Fences a broker: first others lead in its place.
    pub(super) fn fence(&mut self, id: i32) {
        let Some(epoch) = self.image.brokers().get(id).map(|broker| broker.epoch) else {
            return;
        };
        self.update(self.partitions(|partition| partition.isr.contains(&id)), Some(id), None);
        self.push(BrokerRegistrationChangeRecord {
            broker_id: id,
            broker_epoch: epoch,
            fenced: FENCE,
            ..Default::default()
        });
    }

    /// Lets a broker lead, and at once what has no leader.
    pub(super) fn unfence(&mut self, id: i32, epoch: i64) {
        self.push(BrokerRegistrationChangeRecord {
            broker_id: id,
            broker_epoch: epoch,
            fenced: UNFENCE,
            ..Default::default()
        });
        self.update(self.partitions(|partition| partition.leader == NO_LEADER), None, None);
    }

    /// Moves what a broker leads to others, and it out of every ISR.
    pub(super) fn shut_down(&mut self, id: i32, epoch: i64) {
        let known = self
            .image
            .brokers()
            .get(id)
            .is_some_and(|broker| broker.in_controlled_shutdown);
        if !known {
            self.push(BrokerRegistrationChangeRecord {
                broker_id: id,
                broker_epoch: epoch,
                in_controlled_shutdown: SHUTTING_DOWN,
                ..Default::default()
            });
        }
        self.update(self.partitions(|partition| partition.isr.contains(&id)), Some(id), None);
    }

    /// A broker comes back: its former self is out of every ISR, and not eligible either if it did not stop cleanly.
    pub(super) fn forget_incarnation(&mut self, id: i32, clean: bool) {
        let in_sync = self.partitions(|partition| partition.isr.contains(&id));
        if clean || self.image.features().level(ELR_VERSION) == 0 {
            return self.update(in_sync, Some(id), None);
        }
        self.update(in_sync, None, Some(id));
        self.update(self.partitions(|partition| partition.elr.contains(&id)), None, Some(id));
    }

    /// Unregisters a broker.
    pub(super) fn unregister(&mut self, id: i32, epoch: i64) {
        let known = |partition: &PartitionImage| partition.isr.contains(&id) || partition.elr.contains(&id);
        self.update(self.partitions(known), Some(id), None);
        self.push(UnregisterBrokerRecord {
            broker_id: id,
            broker_epoch: epoch,
            ..Default::default()
        });
    }

    /// Directories of a broker went offline: whatever is in them is led by others.
    pub(super) fn directories_offline(&mut self, id: i32, epoch: i64, offline: &[Uuid]) {
        let Some(broker) = self.image.brokers().get(id) else {
            return;
        };
        let (lost, left): (Vec<Uuid>, Vec<Uuid>) =
            broker.log_dirs.iter().copied().partition(|dir| offline.contains(dir));
        if lost.is_empty() {
            return;
        }
        tracing::warn!(broker = id, ?lost, ?left, "log directories went offline");
        let there = |partition: &PartitionImage| lost.contains(&partition.directory(id));
        self.update(self.partitions(there), Some(id), None);
        self.push(BrokerRegistrationChangeRecord {
            broker_id: id,
            broker_epoch: epoch,
            log_dirs: left,
            ..Default::default()
        });
    }

    /// A broker says which of its log directories get no new replicas. That none is cordoned is news, too, the first time.
    pub(super) fn directories_cordoned(&mut self, id: i32, epoch: i64, cordoned: Vec<Uuid>) {
        let known = self.image.brokers().get(id);
        if known.is_none_or(|broker| broker.cordoned_log_dirs.as_ref() == Some(&cordoned)) {
            return;
        }
        tracing::info!(broker = id, ?cordoned, "cordoned log directories");
        self.push(BrokerRegistrationChangeRecord {
            broker_id: id,
            broker_epoch: epoch,
            cordoned_log_dirs: Some(cordoned),
            ..Default::default()
        });
    }
}

/// The directory of a new replica: with one there is no choice, with several the broker decides and tells.
pub(super) fn default_directory(broker: Option<&BrokerImage>) -> Uuid {
    match broker.map(|broker| broker.log_dirs.as_slice()) {
        Some([]) => Uuid::ZERO,
        Some([only]) => *only,
        _ => Uuid::ONE,
    }
}
