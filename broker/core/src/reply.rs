//! Answers to requests, as parts that the shell writes out without copying.

use std::sync::Arc;

use broker_log::disk::DiskFile;
use bytes::Bytes;

/// A piece of a response frame.
#[derive(Debug, Clone)]
pub enum ReplyPart {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A range of a log segment, sent with sendfile where the socket allows it.
    File {
        /// The segment.
        file: Arc<dyn DiskFile>,
        /// Where the range starts.
        position: u64,
        /// How long it is.
        size_bytes: usize,
    },
}

impl ReplyPart {
    /// Bytes this part puts on the wire.
    pub fn size_bytes(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::File { size_bytes, .. } => *size_bytes,
        }
    }
}

/// What goes back to the client: a whole response frame, its length bytes included.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The frame in parts.
    Frame(Vec<ReplyPart>),
    /// Nothing (acks=0).
    Nothing,
    /// The connection is closed instead: the request has no answer.
    Refused(Refused),
    /// The connection is closed instead: an answer was not asked for (acks=0) or cannot be written.
    Close,
}

/// Why a request is refused by closing its connection, as Kafka does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Its bytes are not what its API and version say.
    Malformed,
    /// Its API or version is not served.
    NotServed,
}

impl From<Bytes> for Reply {
    fn from(frame: Bytes) -> Self {
        Self::Frame(vec![ReplyPart::Bytes(frame)])
    }
}
