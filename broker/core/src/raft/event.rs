//! What a member of the quorum is told, and what it wants done.

use crate::cx::{Cx, Ticket};

use super::message::{Peer, Request, Response};

/// What it is told.
#[derive(Debug)]
pub enum Event {
    /// The node starts.
    Start,
    /// A request of another node.
    Request {
        /// Under which it is answered.
        ticket: Ticket,
        /// The request.
        request: Request,
    },
    /// The answer to a request of its own.
    Response {
        /// The request's number.
        id: u64,
        /// The answer; none when the other could not be reached or did not answer in time.
        response: Option<Response>,
    },
    /// A member came over a new connection: it may be another process than the one that knew who leads.
    Met {
        /// Its node id.
        id: i32,
    },
    /// Every address of the one that a request is for refuses connections.
    Refused {
        /// The request's number.
        id: u64,
    },
    /// The log is durable up to here.
    Synced {
        /// The first offset that is not.
        end_offset: i64,
    },
    /// A timer is due.
    Tick,
    /// The node shuts down: a leader hands over.
    Resign,
}

/// What it sends.
#[derive(Debug)]
pub enum Outgoing {
    /// A request; its answer comes back under the number.
    Request {
        /// Its number.
        id: u64,
        /// Whom to.
        to: Peer,
        /// The request.
        request: Request,
    },
    /// An answer.
    Response {
        /// Which request it answers.
        ticket: Ticket,
        /// The answer.
        response: Response,
    },
}

/// Its only timer: whatever is due next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due;

/// What it is handed with an event.
pub type RaftCx<'a> = Cx<'a, Outgoing, Due>;

/// What became of the quorum, for the one who applies its records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// This node leads, and has all records of former epochs committed.
    Leading {
        /// The epoch.
        epoch: i32,
    },
    /// This node leads no more.
    Resigned {
        /// The epoch it led.
        epoch: i32,
    },
    /// A snapshot took the place of the log; what was applied has to be built anew from it.
    Snapshot(protocol::files::SnapshotId),
}
