//! What a log needs to know of its topic's configuration.

use protocol::records::{Compression, TimestampType};

/// A topic's effective configuration, as far as its logs are concerned. Names and defaults are Kafka's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// segment.bytes.
    pub segment_bytes: u64,
    /// segment.ms.
    pub segment_ms: i64,
    /// segment.index.bytes.
    pub segment_index_bytes: u64,
    /// index.interval.bytes.
    pub index_interval_bytes: u64,
    /// retention.bytes; none for no bound.
    pub retention_bytes: Option<u64>,
    /// retention.ms; none for no bound.
    pub retention_ms: Option<i64>,
    /// max.message.bytes.
    pub message_max_bytes: usize,
    /// message.timestamp.type.
    pub timestamp_type: TimestampType,
    /// message.timestamp.before.max.ms.
    pub timestamp_before_max_ms: i64,
    /// message.timestamp.after.max.ms.
    pub timestamp_after_max_ms: i64,
    /// compression.type; none keeps the producer's.
    pub compression: Option<Compression>,
    /// cleanup.policy has delete.
    pub delete: bool,
    /// cleanup.policy has compact.
    pub compact: bool,
    /// file.delete.delay.ms.
    pub file_delete_delay_ms: i64,
    /// flush.messages; none leaves flushing to the system.
    pub flush_messages: Option<i64>,
    /// producer.id.expiration.ms of the broker.
    pub producer_id_expiration_ms: i64,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 604_800_000,
            segment_index_bytes: 10 << 20,
            index_interval_bytes: 4096,
            retention_bytes: None,
            retention_ms: Some(604_800_000),
            message_max_bytes: 1_048_588,
            timestamp_type: TimestampType::CreateTime,
            timestamp_before_max_ms: i64::MAX,
            timestamp_after_max_ms: 3_600_000,
            compression: None,
            delete: true,
            compact: false,
            file_delete_delay_ms: 60_000,
            flush_messages: None,
            producer_id_expiration_ms: 86_400_000,
        }
    }
}
