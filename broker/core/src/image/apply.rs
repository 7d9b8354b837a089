//! Applying a record. Nothing else changes an image.

use protocol::Uuid;
use protocol::config::Values;
use protocol::messages::metadata::{ClientQuotaRecord, ConfigRecord, FeatureLevelRecord, Record};

use super::{MetadataImage, ResourceType, StoredKey};

/// A record that does not fit the image, which only a fault on the way to the log can cause.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// A partition of a topic that is not there, or a change to a partition that is not there.
    #[error("a record is about partition {partition} of topic {topic_id}, which does not exist")]
    UnknownPartition {
        /// The topic.
        topic_id: Uuid,
        /// The partition.
        partition: i32,
    },
    /// The end of a metadata transaction that was not begun.
    #[error("a metadata transaction ends that was not begun")]
    NoTransaction,
}

impl MetadataImage {
    /// Applies a record. Those of a metadata transaction (KIP-868) wait for its end.
    pub fn apply(&mut self, record: Record) -> Result<(), ApplyError> {
        match (record, self.transaction.take()) {
            (Record::BeginTransaction(_), _) => self.transaction = Some(Vec::new()),
            (Record::AbortTransaction(_), Some(_)) => {}
            (Record::EndTransaction(_), Some(records)) => {
                return records.into_iter().try_for_each(|record| self.apply_one(record));
            }
            (Record::EndTransaction(_) | Record::AbortTransaction(_), None) => return Err(ApplyError::NoTransaction),
            (record, Some(mut records)) => {
                records.push(record);
                self.transaction = Some(records);
            }
            (record, None) => return self.apply_one(record),
        }
        Ok(())
    }

    fn apply_one(&mut self, record: Record) -> Result<(), ApplyError> {
        let unknown = |topic_id, partition| ApplyError::UnknownPartition { topic_id, partition };
        if !matches!(record, Record::NoOp(_)) {
            self.changed_at = self.offset;
        }
        match record {
            Record::RegisterBroker(record) => self.brokers.register(&record, self.offset),
            Record::UnregisterBroker(record) => self.brokers.unregister(record.broker_id),
            Record::FenceBroker(record) => self.brokers.set_fenced(record.id, true),
            Record::UnfenceBroker(record) => self.brokers.set_fenced(record.id, false),
            Record::BrokerRegistrationChange(record) => self.brokers.change(&record),
            Record::Topic(record) => self.topics.create(&record.name, record.topic_id),
            Record::RemoveTopic(record) => {
                if let Some(name) = self.topics.remove(record.topic_id) {
                    self.configs.remove_mut(&(ResourceType::Topic, name));
                }
            }
            Record::Partition(record) => {
                if !self.topics.add_partition(&record) {
                    return Err(unknown(record.topic_id, record.partition_id));
                }
            }
            Record::PartitionChange(record) => {
                if !self.topics.change_partition(&record) {
                    return Err(unknown(record.topic_id, record.partition_id));
                }
            }
            Record::ClearElr(record) => {
                let name = Some(record.topic_name.as_str()).filter(|name| !name.is_empty());
                self.topics.clear_elr(name);
            }
            Record::Config(record) => self.apply_config(record),
            Record::FeatureLevel(record) => self.apply_feature(record),
            Record::ProducerIds(record) => self.next_producer_id = record.next_producer_id,
            record => self.apply_stored(record),
        }
        Ok(())
    }

    fn apply_config(&mut self, record: ConfigRecord) {
        let Some(kind) = ResourceType::from_code(record.resource_type) else {
            return;
        };
        let key = (kind, record.resource_name);
        let mut values: Values = self.configs.get(&key).cloned().unwrap_or_default();
        match record.value {
            Some(value) => values.insert(record.name, value),
            None => values.remove(&record.name),
        };
        if values.is_empty() {
            self.configs.remove_mut(&key);
        } else {
            self.configs.insert_mut(key, values);
        }
    }

    fn apply_feature(&mut self, record: FeatureLevelRecord) {
        if record.feature_level == 0 {
            self.features.levels.remove_mut(&record.name);
        } else {
            self.features.levels.insert_mut(record.name, record.feature_level);
        }
    }

    fn apply_stored(&mut self, record: Record) {
        let key = match &record {
            Record::AccessControlEntry(record) => StoredKey::Acl(record.id),
            Record::RegisterController(record) => StoredKey::Controller(record.controller_id),
            Record::ClientQuota(record) => quota_key(record),
            Record::UserScramCredential(record) => StoredKey::Scram(record.name.clone(), record.mechanism),
            Record::DelegationToken(record) => StoredKey::Token(record.token_id.clone()),
            Record::RemoveAccessControlEntry(record) => return self.forget(&StoredKey::Acl(record.id)),
            Record::RemoveUserScramCredential(record) => {
                return self.forget(&StoredKey::Scram(record.name.clone(), record.mechanism));
            }
            Record::RemoveDelegationToken(record) => return self.forget(&StoredKey::Token(record.token_id.clone())),
            // NoOp, and what migrations from ZooKeeper left.
            _ => return,
        };
        if matches!(&record, Record::ClientQuota(record) if record.remove) {
            return self.forget(&key);
        }
        self.stored.insert_mut(key, record);
    }

    fn forget(&mut self, key: &StoredKey) {
        self.stored.remove_mut(key);
    }
}

fn quota_key(record: &ClientQuotaRecord) -> StoredKey {
    let entity = record
        .entity
        .iter()
        .map(|part| (part.entity_type.clone(), part.entity_name.clone()));
    StoredKey::Quota(entity.collect(), record.key.clone())
}
