//! What the metadata log of a node says of replicas: its latest snapshot, and the records after it.

use std::collections::BTreeMap;
use std::path::Path;

use broker_log::disk::Disk;
use broker_log::offline::{PartitionFiles, SegmentStep, SegmentWalk, WalkedBatch};
use protocol::Uuid;
use protocol::files::SnapshotId;
use protocol::messages::WireError;
use protocol::messages::framing::decode_metadata;
use protocol::messages::metadata::Record;
use protocol::records::{Records, records_of};

use super::report::Findings;
use crate::error::CommandError;

/// Most bytes of a batch, packed or unpacked.
const BATCH_MAX_BYTES: usize = 256 << 20;

/// Replicas of a partition, and the directories they are in.
#[derive(Debug, Default)]
pub(super) struct Assigned {
    pub(super) replicas: Vec<i32>,
    directories: Vec<Uuid>,
}

impl Assigned {
    /// The directory of a node's replica; none if the node has none. [`Uuid::ZERO`] where nothing is said.
    pub(super) fn directory_of(&self, node_id: i32) -> Option<Uuid> {
        let at = self.replicas.iter().position(|replica| *replica == node_id)?;
        Some(self.directories.get(at).copied().unwrap_or(Uuid::ZERO))
    }
}

/// A topic.
#[derive(Debug, Default)]
pub(super) struct Topic {
    pub(super) name: String,
    pub(super) partitions: BTreeMap<i32, Assigned>,
}

/// The part of the metadata that concerns replicas.
#[derive(Debug, Default)]
pub(super) struct Metadata {
    pub(super) topics: BTreeMap<Uuid, Topic>,
    /// Log directories that brokers registered.
    pub(super) log_dirs: BTreeMap<i32, Vec<Uuid>>,
    pub(super) end_offset: i64,
    /// Records of a transaction that has not ended.
    open: Option<Vec<Record>>,
}

impl Metadata {
    /// Reads a metadata log.
    pub(super) fn read(disk: &dyn Disk, dir: &Path, findings: &mut Findings) -> Result<Self, CommandError> {
        let failed = |error: &dyn std::fmt::Display| CommandError::io(&format!("reading {}", dir.display()), error);
        let files = PartitionFiles::read(disk, dir).map_err(|error| failed(&error))?;
        let mut metadata = Self::default();
        let snapshots = files
            .others
            .iter()
            .filter_map(|name| Some((SnapshotId::parse(name)?, name)));
        if let Some((id, name)) = snapshots.max() {
            metadata.file(disk, &dir.join(name), i64::MIN, findings)?;
            metadata.end_offset = id.end_offset;
        }
        let from = metadata.end_offset;
        for base in &files.segments {
            metadata.file(disk, &files.segment_path(*base), from, findings)?;
        }
        Ok(metadata)
    }

    fn file(&mut self, disk: &dyn Disk, path: &Path, from: i64, findings: &mut Findings) -> Result<(), CommandError> {
        let failed = |error: &dyn std::fmt::Display| CommandError::io(&format!("reading {}", path.display()), error);
        let mut walk = SegmentWalk::open(disk, path, true).map_err(|error| failed(&error))?;
        while let Some(step) = walk.next().map_err(|error| failed(&error))? {
            let damage = match step {
                SegmentStep::Batch(batch) if batch.faults.is_empty() => {
                    if batch.header.base_offset < from || batch.header.is_control() {
                        self.end_offset = self.end_offset.max(batch.header.next_offset());
                        continue;
                    }
                    let bytes = walk.read(&batch).map_err(|error| failed(&error))?;
                    self.batch(&batch, &bytes).err()
                }
                SegmentStep::Batch(batch) => batch.faults.first().map(ToString::to_string),
                SegmentStep::End(fault) => Some(fault.to_string()),
            };
            if let Some(damage) = damage {
                let remedy = "logs verify tells more. What comes after it is not known here, and was not compared.";
                findings.warning(path, damage, remedy);
                break;
            }
        }
        Ok(())
    }

    fn batch(&mut self, batch: &WalkedBatch, bytes: &[u8]) -> Result<(), String> {
        let header = &batch.header;
        if header.size_bytes() > BATCH_MAX_BYTES {
            return Err(format!("the batch at offset {} is too large", header.base_offset));
        }
        let unpacked = records_of(header, bytes, BATCH_MAX_BYTES).map_err(|error| error.to_string())?;
        for record in Records::new(*header, &unpacked) {
            let record = record.map_err(|error| error.to_string())?;
            match decode_metadata(record.value.unwrap_or_default()) {
                Ok((record, _)) => self.apply(record),
                // What a later release writes is of no concern here.
                Err(WireError::UnknownKey { .. } | WireError::UnsupportedVersion { .. }) => {}
                Err(error) => return Err(format!("the record at offset {}: {error}", record.offset)),
            }
        }
        self.end_offset = self.end_offset.max(header.next_offset());
        Ok(())
    }

    /// Records of a transaction count once it has ended (KIP-868).
    fn apply(&mut self, record: Record) {
        match (record, &mut self.open) {
            (Record::BeginTransaction(_), open) => *open = Some(Vec::new()),
            (Record::AbortTransaction(_), open) => *open = None,
            (Record::EndTransaction(_), open) => {
                for record in open.take().unwrap_or_default() {
                    self.apply_one(record);
                }
            }
            (record, Some(open)) => open.push(record),
            (record, None) => self.apply_one(record),
        }
    }

    fn apply_one(&mut self, record: Record) {
        match record {
            Record::Topic(topic) => {
                self.topics.entry(topic.topic_id).or_default().name = topic.name;
            }
            Record::RemoveTopic(topic) => {
                self.topics.remove(&topic.topic_id);
            }
            Record::Partition(partition) => {
                let topic = self.topics.entry(partition.topic_id).or_default();
                let assigned = Assigned {
                    replicas: partition.replicas,
                    directories: partition.directories,
                };
                topic.partitions.insert(partition.partition_id, assigned);
            }
            Record::PartitionChange(change) => {
                let topic = self.topics.entry(change.topic_id).or_default();
                let assigned = topic.partitions.entry(change.partition_id).or_default();
                if let Some(replicas) = change.replicas {
                    assigned.replicas = replicas;
                    assigned.directories = change.directories.unwrap_or_default();
                } else if let Some(directories) = change.directories {
                    assigned.directories = directories;
                }
            }
            Record::RegisterBroker(broker) => {
                self.log_dirs.insert(broker.broker_id, broker.log_dirs);
            }
            Record::BrokerRegistrationChange(change) if !change.log_dirs.is_empty() => {
                self.log_dirs.insert(change.broker_id, change.log_dirs);
            }
            Record::UnregisterBroker(broker) => {
                self.log_dirs.remove(&broker.broker_id);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::messages::metadata::{
        AbortTransactionRecord, BeginTransactionRecord, EndTransactionRecord, PartitionChangeRecord, PartitionRecord,
        RemoveTopicRecord, TopicRecord,
    };

    use super::*;

    fn topic(name: &str, id: u128) -> Record {
        Record::from(TopicRecord {
            name: name.into(),
            topic_id: Uuid::from_u128(id),
            ..Default::default()
        })
    }

    #[test]
    fn replicas_and_their_directories_are_followed() {
        let mut metadata = Metadata::default();
        let (id, dir) = (Uuid::from_u128(900), Uuid::from_u128(500));
        metadata.apply(topic("t", 900));
        metadata.apply(Record::from(PartitionRecord {
            topic_id: id,
            partition_id: 0,
            replicas: vec![1, 2],
            directories: vec![dir, Uuid::ZERO],
            ..Default::default()
        }));
        let of = |metadata: &Metadata, node| metadata.topics[&id].partitions[&0].directory_of(node);
        assert_eq!(
            [of(&metadata, 1), of(&metadata, 2), of(&metadata, 3)],
            [Some(dir), Some(Uuid::ZERO), None]
        );
        metadata.apply(Record::from(PartitionChangeRecord {
            topic_id: id,
            partition_id: 0,
            directories: Some(vec![Uuid::ZERO, dir]),
            ..Default::default()
        }));
        assert_eq!([of(&metadata, 1), of(&metadata, 2)], [Some(Uuid::ZERO), Some(dir)]);
        metadata.apply(Record::from(PartitionChangeRecord {
            topic_id: id,
            partition_id: 0,
            replicas: Some(vec![3]),
            ..Default::default()
        }));
        assert_eq!([of(&metadata, 1), of(&metadata, 3)], [None, Some(Uuid::ZERO)]);
        metadata.apply(Record::from(RemoveTopicRecord {
            topic_id: id,
            ..Default::default()
        }));
        assert!(metadata.topics.is_empty());
    }

    #[test]
    fn transactions_count_once_they_end() {
        let mut metadata = Metadata::default();
        metadata.apply(Record::from(BeginTransactionRecord::default()));
        metadata.apply(topic("a", 900));
        assert!(metadata.topics.is_empty());
        metadata.apply(Record::from(EndTransactionRecord::default()));
        metadata.apply(Record::from(BeginTransactionRecord::default()));
        metadata.apply(topic("b", 901));
        metadata.apply(Record::from(AbortTransactionRecord::default()));
        assert_eq!(metadata.topics.len(), 1);
    }
}
