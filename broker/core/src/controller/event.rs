//! What a controller is told, and what it sends.

use bytes::Bytes;
use protocol::files::SnapshotId;
use protocol::messages::metadata::Record;

use super::ControllerTimer;
use crate::call::Call;
use crate::cx::Ticket;
use crate::raft;

/// What a controller is told.
#[derive(Debug)]
pub enum Event {
    /// The node starts.
    Start,
    /// A timer of the controller went off.
    Timer(ControllerTimer),
    /// The answer to a [`QuorumRequest`]; none when the other could not be reached or did not answer in time.
    QuorumResponse {
        /// The request's number.
        id: u64,
        /// The answer.
        response: Option<raft::Response>,
    },
    /// There is no answer to a [`QuorumRequest`], because every address of the other refuses connections.
    QuorumRefused {
        /// The request's number.
        id: u64,
    },
    /// A connection of the controller's listener ended, whoever ended it. Only those count whose other end
    /// [`is_of_ours`](super::is_of_ours).
    ConnectionEnded {
        /// The number in its [`Peer`](crate::call::Peer).
        connection: u64,
    },
    /// The outcome of a [`Probe`](super::Probe).
    Probed {
        /// Its number.
        id: u64,
        /// Whether every endpoint refused the connection. No answer in time is no refusal.
        all_refused: bool,
    },
    /// A request.
    Call {
        /// Under which it is answered.
        ticket: Ticket,
        /// The request.
        call: Call,
    },
    /// A snapshot is made; or was not, and it is tried again later.
    SnapshotMade {
        /// Which.
        id: SnapshotId,
        /// The file.
        bytes: Option<Bytes>,
    },
    /// The node shuts down: who leads the quorum hands over.
    Resign,
}

/// A request to another member of the quorum; its answer comes back under the number.
#[derive(Debug)]
pub struct QuorumRequest {
    /// Its number.
    pub id: u64,
    /// Whom to.
    pub to: raft::Peer,
    /// The request.
    pub request: raft::Request,
}

/// The records of a bootstrap.checkpoint.
pub fn bootstrap_records(bytes: &Bytes) -> Result<Vec<Record>, crate::raft::RaftError> {
    use protocol::records::{Batches, RecordError, Records, records_of};
    let mut out = Vec::new();
    for batch in Batches::new(bytes) {
        let (header, batch) = batch.map_err(RecordError::from)?;
        if header.is_control() {
            continue;
        }
        let unpacked = records_of(&header, batch, bytes.len().saturating_mul(64))?;
        for record in Records::new(header, &unpacked) {
            let value = record?.value.unwrap_or_default();
            out.push(protocol::messages::framing::decode_metadata(value)?.0);
        }
    }
    Ok(out)
}
