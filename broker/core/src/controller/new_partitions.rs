//! The records of new partitions, and the lists of replicas that they cannot have.

use protocol::Uuid;
use protocol::api::ErrorCode;
use protocol::messages::metadata::{PartitionRecord, Record};

use super::broker_registration::DIRECTORIES_FROM;
use super::draft::default_directory;
use super::{Controller, Refusal};
use crate::features::METADATA_VERSION;
use crate::image::MetadataImage;

impl Controller {
    /// The record of a new partition: all active replicas are in sync, the first of them leads; none if nobody could.
    pub(super) fn new_partition(&self, topic_id: Uuid, partition_id: i32, replicas: &[i32]) -> Option<Record> {
        let brokers = self.latest.brokers();
        let active = replicas.iter().filter(|id| brokers.is_active(**id));
        let isr: Vec<i32> = active.copied().collect();
        let leader = *isr.first()?;
        let level = self.latest.features().level(METADATA_VERSION);
        let directory = |id: &i32| default_directory(brokers.get(*id));
        let record = PartitionRecord {
            partition_id,
            topic_id,
            replicas: replicas.to_vec(),
            leader,
            isr,
            leader_epoch: 0,
            partition_epoch: 0,
            directories: if level >= DIRECTORIES_FROM {
                replicas.iter().map(directory).collect()
            } else {
                Vec::new()
            },
            ..Default::default()
        };
        Some(record.into())
    }
}

/// The refusal of a partition none of whose replicas could lead.
pub(super) fn nobody_active(placed: bool, index: i32, replication_factor: usize) -> Refusal {
    if placed {
        let message = format!(
            "Unable to replicate the partition {replication_factor} time(s): All brokers are currently fenced or in \
             controlled shutdown."
        );
        return (ErrorCode::InvalidReplicationFactor, message);
    }
    let message = format!(
        "All brokers specified in the manual partition assignment for partition {index} are fenced or in controlled \
         shutdown."
    );
    (ErrorCode::InvalidReplicaAssignment, message)
}

/// What is wrong with a list of replicas, if anything is.
pub(super) fn wrong_replicas(image: &MetadataImage, replicas: &[i32], expected: Option<usize>) -> Option<String> {
    if replicas.is_empty() {
        return Some("The manual partition assignment includes an empty replica list.".to_owned());
    }
    let mut sorted = replicas.to_vec();
    sorted.sort_unstable();
    let mut before = None;
    for id in sorted {
        let wrong = match image.brokers().get(id) {
            None => format!("broker {id}, but no such broker is registered."),
            Some(broker) if !broker.takes_replicas() => {
                format!("broker {id}, but all its log directories are cordoned.")
            }
            Some(_) if before == Some(id) => format!("the broker {id} more than once."),
            Some(_) => {
                before = Some(id);
                continue;
            }
        };
        return Some(format!("The manual partition assignment includes {wrong}"));
    }
    let uneven = expected.filter(|expected| *expected != replicas.len());
    uneven.map(|expected| {
        format!(
            "The manual partition assignment includes a partition with {} replica(s), but this is not consistent \
             with previous partitions, which have {expected} replica(s).",
            replicas.len()
        )
    })
}
