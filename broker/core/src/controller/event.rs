//! What a controller is told, and what it tells its own node.

use bytes::Bytes;
use protocol::Uuid;
use protocol::messages::metadata::Record;

use super::ControllerTimer;
use crate::call::Call;
use crate::cx::Ticket;
use crate::image::ListenerEndpoint;

/// What a controller is told.
#[derive(Debug)]
pub enum Event {
    /// The node starts; the records of bootstrap.checkpoint, if there is one.
    Start {
        /// What an empty log starts from.
        bootstrap: Option<Vec<Record>>,
    },
    /// The quorum elected this node, and all that earlier leaders wrote is committed and applied here: it becomes
    /// the active controller.
    Elected {
        /// What an empty log starts from.
        bootstrap: Option<Vec<Record>>,
    },
    /// The node does not lead the quorum any longer. What it appended may or may not become committed.
    Resigned,
    /// A timer of the controller went off.
    Timer(ControllerTimer),
    /// The last connection of a broker of ours ended, none came back, and its endpoints refuse connections: its
    /// process is gone.
    Unreachable {
        /// The broker.
        broker_id: i32,
        /// The epoch under which it sent its last heartbeat.
        broker_epoch: i64,
    },
    /// A request.
    Call {
        /// Under which it is answered.
        ticket: Ticket,
        /// The request.
        call: Call,
    },
    /// The node's own broker starts.
    StartBroker(BrokerStart),
    /// The node's own broker shuts down.
    StopBroker,
    /// Clients asked for topics that do not exist.
    CreateMissingTopics(Vec<NewTopic>),
    /// The node's own broker has no producer ids left.
    AllocateProducerIds,
}

/// A broker that wants to register.
#[derive(Debug, Clone)]
pub struct BrokerStart {
    /// Drawn anew at each start.
    pub incarnation_id: Uuid,
    /// Where clients reach it.
    pub endpoints: Vec<ListenerEndpoint>,
    /// Its rack.
    pub rack: Option<String>,
    /// Ids of its log directories.
    pub log_dirs: Vec<Uuid>,
}

/// A topic to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// Partitions; -1 for the default.
    pub partitions: i32,
    /// Replicas of each; -1 for the default.
    pub replication_factor: i16,
    /// Keys to set.
    pub configs: Vec<(String, String)>,
}

/// What a controller tells its own node once it is committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The broker is registered and unfenced.
    BrokerStarted {
        /// Its epoch.
        epoch: i64,
    },
    /// The broker may stop.
    BrokerStopped,
    /// Producer ids the broker may hand out.
    ProducerIds {
        /// The first.
        first: i64,
        /// How many.
        count: i64,
    },
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
