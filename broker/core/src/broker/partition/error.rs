//! Errors of a partition, with Kafka's codes.

use std::fmt;

use broker_log::{AppendError, LogError};
use protocol::api::ErrorCode;

/// An answer that is an error.
#[derive(Debug, Clone)]
pub struct PartitionError {
    /// Kafka's error.
    pub code: ErrorCode,
    /// A sentence for the client, where the code does not say it all.
    pub message: Option<String>,
    /// Records that were refused, with their reasons.
    pub record_errors: Vec<(i32, String)>,
    /// Who leads instead, and the leader's epoch.
    pub current_leader: Option<(i32, i32)>,
}

impl From<ErrorCode> for PartitionError {
    fn from(code: ErrorCode) -> Self {
        Self {
            code,
            message: None,
            record_errors: Vec::new(),
            current_leader: None,
        }
    }
}

impl fmt::Display for PartitionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => f.write_str(message),
            None => write!(f, "{}", self.code),
        }
    }
}

impl From<AppendError> for PartitionError {
    fn from(error: AppendError) -> Self {
        let code = match &error {
            AppendError::Corrupt(protocol::records::HeaderError::UnsupportedMagic { .. }) => ErrorCode::InvalidRecord,
            AppendError::Corrupt(_) | AppendError::Compression(_) => ErrorCode::CorruptMessage,
            AppendError::TooLarge { .. } => ErrorCode::MessageTooLarge,
            AppendError::ListTooLarge { .. } => ErrorCode::RecordListTooLarge,
            AppendError::InvalidRecord { .. } => ErrorCode::InvalidRecord,
            AppendError::InvalidTimestamp { .. } => ErrorCode::InvalidTimestamp,
            AppendError::OutOfOrderSequence { .. } => ErrorCode::OutOfOrderSequenceNumber,
            AppendError::InvalidProducerEpoch { .. } => ErrorCode::InvalidProducerEpoch,
            AppendError::CoordinatorFenced { .. } => ErrorCode::TransactionCoordinatorFenced,
            _ => ErrorCode::KafkaStorageError,
        };
        let record_errors = match &error {
            AppendError::InvalidRecord { indexes, reason } => {
                indexes.iter().map(|index| (*index, reason.clone())).collect()
            }
            _ => Vec::new(),
        };
        Self {
            message: Some(error.to_string()),
            record_errors,
            ..code.into()
        }
    }
}

impl From<LogError> for PartitionError {
    fn from(error: LogError) -> Self {
        let code = match &error {
            LogError::OutOfRange { .. } => ErrorCode::OffsetOutOfRange,
            LogError::Corrupt { .. } | LogError::Misplaced { .. } | LogError::Records { .. } => {
                ErrorCode::CorruptMessage
            }
            _ => ErrorCode::KafkaStorageError,
        };
        Self {
            message: Some(error.to_string()),
            ..code.into()
        }
    }
}
