//! What a dump is made of.

use schemars::JsonSchema;
use serde::Serialize;

use super::content::Content;

/// Something in a file.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct DumpElement<'a> {
    /// The file, as it was named.
    pub(super) file: &'a str,
    /// What it is.
    #[serde(flatten)]
    pub(super) element: Element<'a>,
}

/// What can be in files.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Element<'a> {
    /// A batch of a segment or snapshot.
    Batch(Batch),
    /// A record of the batch before it.
    Record(Record<'a>),
    /// An entry of an .index.
    OffsetIndexEntry {
        /// Where the entry is.
        position: u64,
        /// The offset.
        offset: i64,
        /// Where in the segment its batch starts.
        batch_position: u64,
    },
    /// An entry of a .timeindex.
    TimeIndexEntry {
        /// Where the entry is.
        position: u64,
        /// The timestamp.
        timestamp: i64,
        /// No batch up to this offset has a greater one.
        offset: i64,
    },
    /// An entry of a .txnindex.
    AbortedTransaction {
        /// Where the entry is.
        position: u64,
        /// Its producer.
        producer_id: i64,
        /// Its first offset.
        first_offset: i64,
        /// Its marker's offset.
        last_offset: i64,
        /// The last stable offset when it was aborted.
        last_stable_offset: i64,
    },
    /// Space of an index that is set aside.
    Unused {
        /// Where it starts.
        position: u64,
        /// How much it is.
        size_bytes: u64,
    },
    /// A producer of a .snapshot.
    Producer {
        /// Producer id.
        producer_id: i64,
        /// Producer epoch.
        producer_epoch: i16,
        /// Sequence of its last record.
        last_sequence: i32,
        /// Offset of its last record.
        last_offset: i64,
        /// Slots of its last batch less one.
        offset_delta: i32,
        /// Timestamp of its last batch.
        timestamp: i64,
        /// Epoch of the coordinator that wrote its last marker, -1 if none did.
        coordinator_epoch: i32,
        /// First offset of its open transaction.
        current_txn_first_offset: Option<i64>,
    },
    /// A line of an offset checkpoint.
    PartitionOffset {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
    },
    /// A line of leader-epoch-checkpoint.
    LeaderEpoch {
        /// The epoch.
        epoch: i32,
        /// Its first offset.
        start_offset: i64,
    },
    /// quorum-state.
    QuorumState {
        /// The leader, if one is known.
        leader_id: Option<i32>,
        /// The epoch.
        leader_epoch: i32,
        /// Whom this node voted for.
        voted_id: Option<i32>,
        /// The directory of that candidate.
        voted_directory_id: Option<String>,
        /// The voters; only where the quorum is static.
        current_voters: Vec<i32>,
    },
    /// partition.metadata.
    PartitionMetadata {
        /// The topic's id.
        topic_id: String,
    },
    /// meta.properties.
    MetaProperties {
        /// The cluster.
        cluster_id: Option<String>,
        /// The node.
        node_id: Option<i32>,
        /// The directory.
        directory_id: Option<String>,
    },
    /// .kafka_cleanshutdown.
    CleanShutdown {
        /// The broker's epoch at its shutdown.
        broker_epoch: Option<i64>,
    },
    /// Something that is wrong.
    Fault {
        /// Where; none where a whole file is.
        position: Option<u64>,
        /// What.
        message: String,
        /// Bytes at the end of a segment, where it is those.
        #[serde(skip)]
        cut_off_bytes: Option<u64>,
    },
}

/// The header of a batch, and where it is.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Batch {
    /// Where it starts.
    pub(super) position: u64,
    /// Its size.
    pub(super) size_bytes: usize,
    /// First offset.
    pub(super) base_offset: i64,
    /// Last offset.
    pub(super) last_offset: i64,
    /// Records in it.
    pub(super) count: i32,
    /// Epoch of the leader that appended it.
    pub(super) partition_leader_epoch: i32,
    /// -1 if the producer is not idempotent.
    pub(super) producer_id: i64,
    /// Epoch of the producer.
    pub(super) producer_epoch: i16,
    /// Sequence of the first record.
    pub(super) base_sequence: i32,
    /// Sequence of the last record.
    pub(super) last_sequence: i32,
    /// How its records are packed.
    pub(super) codec: &'static str,
    /// Whose clock the timestamps are from.
    pub(super) timestamp_type: &'static str,
    /// What the records' timestamps count from.
    pub(super) base_timestamp: i64,
    /// The greatest timestamp.
    pub(super) max_timestamp: i64,
    /// When compaction may drop it, if it is a tombstone's or a marker's.
    pub(super) delete_horizon_ms: Option<i64>,
    /// Part of a transaction.
    pub(super) is_transactional: bool,
    /// Markers, or records of the quorum.
    pub(super) is_control: bool,
    /// The stored checksum.
    pub(super) crc: u32,
    /// Whether the checksum holds.
    pub(super) is_valid: bool,
    /// Why its records are not shown, where they were asked for.
    pub(super) records_left_out: Option<String>,
}

/// A record.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Record<'a> {
    /// Whether people are to see more than its content.
    #[serde(skip)]
    pub(super) skips_metadata: bool,
    /// Its offset.
    pub(super) offset: i64,
    /// Its timestamp.
    pub(super) timestamp: i64,
    /// Its sequence; -1 if the producer is not idempotent.
    pub(super) sequence: i32,
    /// Bytes of the key; -1 without one.
    pub(super) key_size_bytes: i64,
    /// Bytes of the value; -1 without one.
    pub(super) value_size_bytes: i64,
    /// The key.
    pub(super) key: Option<Content<'a>>,
    /// The value; none is a tombstone.
    pub(super) value: Option<Content<'a>>,
    /// The headers.
    pub(super) headers: Vec<RecordHeader<'a>>,
    /// Why key or value could not be read as what they should be.
    pub(super) undecoded: Option<String>,
    /// The number of its type, if that is the reason.
    #[serde(skip)]
    pub(super) unknown_type: Option<i16>,
}

/// A record's header.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct RecordHeader<'a> {
    /// Its key.
    pub(super) key: Content<'a>,
    /// Its value.
    pub(super) value: Option<Content<'a>>,
}
