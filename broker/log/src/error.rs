//! What can go wrong in a log.

use std::io;
use std::path::PathBuf;

use protocol::files::FileError;
use protocol::records::{CompressionError, HeaderError, RecordError};

/// A log could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// The disk refused. The log directory is offline from here on: a failed write or sync is never tried again.
    #[error("{action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An earlier failure took the log offline.
    #[error("{path} is offline: a write to its log directory failed earlier")]
    Offline {
        /// Its directory.
        path: PathBuf,
    },
    /// An offset outside the log.
    #[error("offset {offset} is outside the log, which goes from {start_offset} to {end_offset}")]
    OutOfRange {
        /// As asked.
        offset: i64,
        /// The log start offset.
        start_offset: i64,
        /// The log end offset.
        end_offset: i64,
    },
    /// A segment has bytes that are not a batch.
    #[error("{path} is corrupt at byte {position}: {source}")]
    Corrupt {
        /// The segment.
        path: PathBuf,
        /// Where.
        position: u64,
        /// Why.
        source: HeaderError,
    },
    /// A segment has a batch that does not belong where it is.
    #[error(
        "{path} is corrupt at byte {position}: a batch of offsets {first_offset} to {last_offset} where {expected} was due"
    )]
    Misplaced {
        /// The segment.
        path: PathBuf,
        /// Where.
        position: u64,
        /// Its first offset.
        first_offset: i64,
        /// Its last offset.
        last_offset: i64,
        /// The least first offset it could have.
        expected: i64,
    },
    /// A batch cannot be unpacked.
    #[error("{path}: {source}")]
    Records {
        /// The segment.
        path: PathBuf,
        /// Why.
        source: RecordError,
    },
    /// A small file has wrong content.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: FileError,
    },
}

/// A write was refused, or failed. Each kind has one Kafka error code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// CORRUPT_MESSAGE.
    #[error("the records are corrupt: {0}")]
    Corrupt(#[from] HeaderError),
    /// MESSAGE_TOO_LARGE.
    #[error("a batch of {size_bytes} bytes exceeds max.message.bytes, which is {max_bytes}")]
    TooLarge {
        /// The batch.
        size_bytes: usize,
        /// The bound.
        max_bytes: usize,
    },
    /// RECORD_LIST_TOO_LARGE.
    #[error("batches of {size_bytes} bytes exceed segment.bytes, which is {max_bytes}")]
    ListTooLarge {
        /// All batches.
        size_bytes: usize,
        /// The bound.
        max_bytes: u64,
    },
    /// INVALID_RECORD; with the positions of the records in the batch where it is about some of them.
    #[error("{reason}")]
    InvalidRecord {
        /// The records, from 0.
        indexes: Vec<i32>,
        /// What is wrong.
        reason: String,
    },
    /// INVALID_TIMESTAMP.
    #[error("timestamp {timestamp_ms} is out of range, which is from {min_ms} to {max_ms}")]
    InvalidTimestamp {
        /// As found.
        timestamp_ms: i64,
        /// Least allowed.
        min_ms: i64,
        /// Most allowed.
        max_ms: i64,
    },
    /// UNSUPPORTED_COMPRESSION_TYPE or CORRUPT_MESSAGE.
    #[error(transparent)]
    Compression(#[from] CompressionError),
    /// OUT_OF_ORDER_SEQUENCE_NUMBER.
    #[error("producer {producer_id} sent sequence {sequence} where {expected} was due")]
    OutOfOrderSequence {
        /// Producer id.
        producer_id: i64,
        /// First sequence of the batch.
        sequence: i32,
        /// What was due.
        expected: i32,
    },
    /// INVALID_PRODUCER_EPOCH.
    #[error("epoch {epoch} of producer {producer_id} is older than its current epoch {current}")]
    InvalidProducerEpoch {
        /// Producer id.
        producer_id: i64,
        /// Epoch of the batch.
        epoch: i16,
        /// Its current epoch.
        current: i16,
    },
    /// TRANSACTION_COORDINATOR_FENCED.
    #[error("a marker of producer {producer_id} comes from coordinator epoch {epoch}, which is older than {current}")]
    CoordinatorFenced {
        /// Producer id.
        producer_id: i64,
        /// Epoch of the marker.
        epoch: i32,
        /// The latest.
        current: i32,
    },
    /// KAFKA_STORAGE_ERROR.
    #[error(transparent)]
    Log(#[from] LogError),
}
