//! Which version of a record goes with a level of metadata.version (Kafka's `MetadataVersion`).

use protocol::messages::metadata::Record;

/// 3.4-IV0.
const MIGRATION: i16 = 8;
/// 3.7-IV2: several log directories (KIP-858).
const DIRECTORIES: i16 = 17;
/// 4.0-IV1: eligible leader replicas (KIP-966).
const ELR: i16 = 23;
/// 4.3-IV0: cordoned log directories (KIP-1066).
const CORDONED: i16 = 30;

/// The version in which a record is written at this level.
pub fn record_version(record: &Record, level: i16) -> i16 {
    match record {
        Record::RegisterBroker(_) => match level {
            CORDONED.. => 4,
            DIRECTORIES.. => 3,
            MIGRATION.. => 2,
            _ => 1,
        },
        // The lowest that has room for what changes: only what the level allows is changed at all.
        Record::BrokerRegistrationChange(change) => {
            if change.cordoned_log_dirs.is_some() {
                3
            } else if !change.log_dirs.is_empty() {
                2
            } else {
                i16::from(change.in_controlled_shutdown != 0)
            }
        }
        Record::Partition(_) | Record::PartitionChange(_) => match level {
            ELR.. => 2,
            DIRECTORIES.. => 1,
            _ => 0,
        },
        _ => 0,
    }
}
