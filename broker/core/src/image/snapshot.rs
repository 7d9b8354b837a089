//! An image as the records that make it, for snapshots.

use protocol::messages::metadata::{
    ConfigRecord, FeatureLevelRecord, PartitionRecord, ProducerIdsRecord, Record, RegisterBrokerBrokerEndpoint,
    RegisterBrokerBrokerFeature, RegisterBrokerRecord, TopicRecord,
};

use super::{BrokerImage, MetadataImage, PartitionImage, StoredKey, TopicImage};
use crate::controller::record_version;
use crate::features::METADATA_VERSION;

/// 3.5-IV2: SCRAM credentials are metadata (KIP-900).
const SCRAM_FROM: i16 = 11;
/// 3.6-IV2: and so are delegation tokens.
const TOKENS_FROM: i16 = 14;
/// 3.7-IV0: controllers register (KIP-919).
const CONTROLLERS_FROM: i16 = 15;

impl MetadataImage {
    /// Whether a metadata transaction has begun and not ended. Its records are in no snapshot before it does.
    pub fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// The records that make this image, in Kafka's order, each with the version in which its metadata.version has it.
    /// What that level has no room for, as after a downgrade, is left out.
    pub fn records(&self) -> impl Iterator<Item = (Record, i16)> {
        let level = self.features.level(METADATA_VERSION);
        let topics = self.topics.iter();
        let is_controller = |key: &StoredKey| matches!(key, StoredKey::Controller(_));
        self.feature_records()
            .chain(self.brokers.iter().map(broker_record))
            .chain(self.stored_records(is_controller))
            .chain(topics.flat_map(topic_records))
            .chain(self.config_records())
            .chain(self.stored_records(|key| matches!(key, StoredKey::Quota(..))))
            .chain(self.producer_ids())
            .chain(self.stored_records(|key| matches!(key, StoredKey::Acl(_))))
            .chain(self.stored_records(|key| matches!(key, StoredKey::Scram(..))))
            .chain(self.stored_records(|key| matches!(key, StoredKey::Token(_))))
            .filter(move |record| level >= first_level(record))
            .map(move |record| {
                let version = record_version(&record, level);
                (fitted(record, version), version)
            })
    }

    /// metadata.version is the first record of all: it says how to read the others.
    fn feature_records(&self) -> impl Iterator<Item = Record> {
        let (first, others): (Vec<_>, Vec<_>) = self.features.iter().partition(|(name, _)| *name == METADATA_VERSION);
        first.into_iter().chain(others).map(|(name, feature_level)| {
            let record = FeatureLevelRecord {
                name: name.to_owned(),
                feature_level,
                ..Default::default()
            };
            record.into()
        })
    }

    fn config_records(&self) -> impl Iterator<Item = Record> {
        self.configs().flat_map(|(kind, resource, values)| {
            values.iter().map(move |(name, value)| {
                let record = ConfigRecord {
                    resource_type: kind as i8,
                    resource_name: resource.to_owned(),
                    name: name.clone(),
                    value: Some(value.clone()),
                    ..Default::default()
                };
                record.into()
            })
        })
    }

    fn producer_ids(&self) -> impl Iterator<Item = Record> {
        let record = ProducerIdsRecord {
            broker_id: -1,
            broker_epoch: -1,
            next_producer_id: self.next_producer_id,
            ..Default::default()
        };
        (self.next_producer_id > 0).then(|| record.into()).into_iter()
    }

    fn stored_records(&self, of: impl Fn(&StoredKey) -> bool) -> impl Iterator<Item = Record> {
        let chosen = self.stored.iter().filter(move |(key, _)| of(key));
        chosen.map(|(_, record)| record.clone())
    }
}

fn broker_record(broker: &BrokerImage) -> Record {
    let endpoint = |endpoint: &super::ListenerEndpoint| RegisterBrokerBrokerEndpoint {
        name: endpoint.name.clone(),
        host: endpoint.host.clone(),
        port: endpoint.port,
        security_protocol: endpoint.security_protocol,
        ..Default::default()
    };
    let feature = |(name, min, max): &(String, i16, i16)| RegisterBrokerBrokerFeature {
        name: name.clone(),
        min_supported_version: *min,
        max_supported_version: *max,
        ..Default::default()
    };
    let record = RegisterBrokerRecord {
        broker_id: broker.id,
        incarnation_id: broker.incarnation_id,
        broker_epoch: broker.epoch,
        end_points: broker.endpoints.iter().map(endpoint).collect(),
        features: broker.features.iter().map(feature).collect(),
        rack: broker.rack.clone(),
        fenced: broker.fenced,
        in_controlled_shutdown: broker.in_controlled_shutdown,
        log_dirs: broker.log_dirs.clone(),
        cordoned_log_dirs: broker.cordoned_log_dirs.clone(),
        ..Default::default()
    };
    record.into()
}

fn topic_records(topic: &TopicImage) -> impl Iterator<Item = Record> {
    let record = TopicRecord {
        name: topic.name.clone(),
        topic_id: topic.id,
        ..Default::default()
    };
    let partitions = topic.partitions();
    std::iter::once(record.into()).chain(partitions.map(|(index, partition)| partition_record(topic, index, partition)))
}

fn partition_record(topic: &TopicImage, index: i32, partition: &PartitionImage) -> Record {
    let record = PartitionRecord {
        partition_id: index,
        topic_id: topic.id,
        replicas: partition.replicas.clone(),
        isr: partition.isr.clone(),
        removing_replicas: partition.removing_replicas.clone(),
        adding_replicas: partition.adding_replicas.clone(),
        leader: partition.leader,
        leader_recovery_state: partition.leader_recovery_state,
        leader_epoch: partition.leader_epoch,
        partition_epoch: partition.partition_epoch,
        directories: partition.directories.clone(),
        eligible_leader_replicas: some_unless_empty(&partition.elr),
        last_known_elr: some_unless_empty(&partition.last_known_elr),
        ..Default::default()
    };
    record.into()
}

fn some_unless_empty<T: Clone>(list: &[T]) -> Option<Vec<T>> {
    (!list.is_empty()).then(|| list.to_vec())
}

/// The level of metadata.version that first has such a record.
fn first_level(record: &Record) -> i16 {
    match record {
        Record::UserScramCredential(_) => SCRAM_FROM,
        Record::DelegationToken(_) => TOKENS_FROM,
        Record::RegisterController(_) => CONTROLLERS_FROM,
        _ => 0,
    }
}

/// A record without what its version has no room for.
fn fitted(mut record: Record, version: i16) -> Record {
    match &mut record {
        Record::RegisterBroker(broker) => {
            if version < 3 {
                broker.log_dirs.clear();
            }
            if version < 4 {
                broker.cordoned_log_dirs = None;
            }
        }
        Record::Partition(partition) => {
            if version < 1 {
                partition.directories.clear();
            }
            if version < 2 {
                partition.eligible_leader_replicas = None;
                partition.last_known_elr = None;
            }
        }
        _ => {}
    }
    record
}
